"""What this run does not know, and what to do next."""

from __future__ import annotations

from tael.reports.context import Page, Section
from tael.reports.html import Safe, el, join


def _list(page: Page, name: str, kind: str) -> Safe:
    texts = [page.say(text) for text in page.at(name) or []]
    return el(kind, *(el("li", text) for text in texts)) if texts else page.missing(f"missing.{name}")


def render(page: Page) -> Safe:
    """Draw the section."""
    cards = [("limits.limits", _list(page, "limits", "ul")), ("limits.next_steps", _list(page, "next_steps", "ol"))]
    return join(
        el("div", *(el("div", el("h3", page.t(key)), body, class_="card") for key, body in cards), class_="grid")
    )


SECTION = Section("limits", "section.limits", render)
