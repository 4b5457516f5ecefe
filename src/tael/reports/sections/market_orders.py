"""What the model would hold next."""

from __future__ import annotations

from tael.reports.context import Page, Section, table
from tael.reports.html import Safe, el, join

SHOWN = 20


def render(page: Page) -> Safe:
    """Draw the section."""
    fmt, rows = page.fmt, page.rows("next", "orders")
    if not rows:
        return page.missing("missing.orders")
    cells = [
        [
            str(row.get("entity")),
            fmt.number(row.get("score"), 3),
            fmt.percent(row.get("weight"), 2),
            fmt.integer(row.get("quantity")),
            fmt.money(row.get("value")),
        ]
        for row in rows[:SHOWN]
    ]
    heads = [page.t(f"orders.{key}") for key in ("entity", "score", "weight", "quantity", "value")]
    more = len(rows) - SHOWN
    said = page.t("orders.read", date=page.at("next", "date"), cash=fmt.money(page.at("backtest", "cash")))
    return join(
        el("p", said),
        table(page.t("orders.table"), heads, cells),
        el("p", page.t("orders.more", n=fmt.integer(more)), class_="note") if more > 0 else None,
        el("p", page.t("orders.trade")),
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("orders", "section.orders", render, applies)
