"""The money behind the cut-off: the formula, each assumption and its unit."""

from __future__ import annotations

from tael.reports.context import Page, Section, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.at("decision", "economics"):
        return page.missing("missing.economics")
    text, formula = page.say(page.at("decision", "economics", "text")), page.at("decision", "economics", "formula")
    rows = page.rows("decision", "economics", "parameters")
    heads = [page.t(f"economics.{k}") for k in ("parameter", "name", "value", "unit")]
    cells = [
        [
            join(
                page.say(r.get("title")) or str(r.get("name") or "–"),
                el("small", page.t("economics.assumed"), class_="interval") if r.get("assumed") else None,
            ),
            el("code", r.get("name") or ""),
            page.fmt.value(r.get("value")) if finite(r.get("value")) is not None else str(r.get("value") or "–"),
            page.unit(r.get("unit")),
        ]
        for r in rows
    ]
    return join(
        el("p", text) if text else None,
        el("pre", formula) if formula else None,
        table(page.t("economics.parameters"), heads, cells, text=(0, 1, 3), kind="assumed")
        if rows
        else page.missing("missing.parameters"),
    )


SECTION = Section("economics", "section.economics", render)
