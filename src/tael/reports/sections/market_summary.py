"""A market's summary: what it would have earned after costs, how far the scores foretell, what to worry about."""

from __future__ import annotations

from typing import Any

from tael.reports.context import Page, Section, badge, tile
from tael.reports.html import Safe, el, join


def _tiles(page: Page) -> Safe | None:
    fmt, metrics, made = page.fmt, page.at("backtest", "metrics"), []

    def shown(cell: Any, write: Any) -> tuple[str, str]:
        cell = cell if isinstance(cell, dict) else {}
        return write(cell.get("value")), fmt.interval(cell.get("low"), cell.get("high"), write)

    rank_ic = page.at("ic", "out_of_time", "rank_ic")
    if rank_ic:
        made.append(tile(page.t("market.tile_ic"), *shown(rank_ic, lambda v: fmt.number(v, 4))))
    if isinstance(metrics, dict):
        against = page.t("market.against", benchmark=page.say(page.at("backtest", "benchmark")))
        for key, title, write, below in (
            ("excess", "market.tile_excess", fmt.percent, against),
            ("sharpe", "market.tile_sharpe", lambda v: fmt.number(v, 2), ""),
            ("max_drawdown", "market.tile_drawdown", fmt.percent, ""),
            ("turnover", "market.tile_turnover", lambda v: fmt.number(v, 1), ""),
        ):
            if metrics.get(key):
                value, between = shown(metrics[key], write)
                made.append(tile(page.t(title), value, between or below))
    deflated = page.at("trust", "deflated_sharpe", "value")
    if deflated is not None:
        made.append(tile(page.t("market.tile_deflated"), fmt.percent(deflated)))
    return el("dl", made, class_="tiles") if made else None


def told(page: Page, tiles: Safe) -> Safe:
    """The run's message, its tiles, and what to worry about: of any market."""
    verdict = [
        el(
            "li",
            badge(page, str(row.get("severity") or "note"), page.name("severity", row.get("severity"))),
            el("div", el("p", page.say(row.get("message"))), el("p", page.say(row.get("advice")), class_="todo")),
            el("code", str(row.get("code") or "")),
        )
        for row in page.rows("verdict", "findings")
    ]
    return join(
        el("p", page.say(page.at("message")), class_="lead") if page.at("message") else None,
        tiles,
        el("ul", verdict, class_="verdicts") if verdict else None,
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    return told(page, _tiles(page) or page.missing("missing.backtest"))


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("summary", "section.market_summary", render, applies)
