"""The summary of a run within the day: what is foretold, what is left after the spread, what to worry about."""

from __future__ import annotations

from tael.reports.context import Page, Section, tile
from tael.reports.html import Safe, el
from tael.reports.sections.market_summary import told


def _tiles(page: Page) -> Safe:
    fmt, figures = page.fmt, page.at("execution", "figures") or {}
    made = []
    for key, title in (("rank_ic", "intraday.tile_ic"), ("hit_rate", "intraday.tile_hits")):
        cell = page.at("ic", "out_of_time", key)
        if isinstance(cell, dict):
            write = fmt.percent if key == "hit_rate" else lambda v: fmt.number(v, 3)
            between = fmt.interval(cell.get("low"), cell.get("high"), write)
            made.append(tile(page.t(title), write(cell.get("value")), between))
    for key in ("paper_bp", "cost_bp", "net_bp"):
        made.append(tile(page.t(f"tile.{key}"), page.t("intraday.bp", n=fmt.number(figures.get(key), 2))))
    return el("dl", made, class_="tiles")


def render(page: Page) -> Safe:
    """Draw the section."""
    return told(page, _tiles(page))


def applies(page: Page) -> bool:
    """Where the run dealt on books."""
    return bool(page.at("execution"))


SECTION = Section("summary", "section.market_summary", render, applies)
