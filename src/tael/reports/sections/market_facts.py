"""Which market, who belonged to it, and how time was parted."""

from __future__ import annotations

from tael.reports.context import Page, Section, table
from tael.reports.html import Safe, el, join


def _facts(page: Page) -> Safe:
    fmt, market = page.fmt, page.at("market")
    rows = [
        (page.t("market.kind"), page.name("instrument", market.get("kind"))),
        (page.t("market.exchange"), el("code", str(market.get("exchange")))),
        (page.t("market.bar"), str(market.get("bar"))),
        (page.t("market.period"), f"{market.get('first')} – {market.get('last')}"),
        (page.t("market.bars"), fmt.integer(market.get("bars"))),
        (page.t("market.entities"), fmt.integer(market.get("entities"))),
        (page.t("market.members"), fmt.integer(market.get("members_mean"))),
    ]
    return table(page.t("market.facts"), [page.t("market.what"), page.t("market.is")], rows, text=(0, 1), kind="narrow")


def _parts(page: Page) -> Safe:
    fmt, cells = page.fmt, []
    for split in page.splits("split", "parts"):
        part = page.at("split", "parts", split)
        cells.append(
            [
                page.name("split", split),
                str(part.get("first")),
                str(part.get("last")),
                fmt.integer(part.get("bars")),
                fmt.integer(part.get("n")),
            ]
        )
    heads = [page.t(f"market.{key}") for key in ("part", "first", "last", "bars", "rows")]
    return table(page.t("market.parts"), heads, cells)


def _over_time(page: Page) -> bool:
    return page.at("market", "across") == "time"


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.at("market"):
        return page.missing("missing.market")
    notes = [page.say(text) for text in page.at("market", "notes") or []]
    purged = page.at("split", "purged")
    return join(
        el("p", page.t("market.label"), ": ", page.say(page.at("scenario", "label_words"))),
        el("pre", str(page.at("scenario", "label_formula") or "")),
        # Moments are twice as wide as days: then the two tables stand below each other.
        el("div", el("div", _facts(page)), el("div", _parts(page)), class_=None if _over_time(page) else "grid"),
        el("p", page.t("market.purged", n=page.fmt.integer(purged)), class_="note") if purged is not None else None,
        join(el("h3", page.t("market.notes")), el("ul", *(el("li", text) for text in notes))) if notes else None,
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("market", "section.market", render, applies)
