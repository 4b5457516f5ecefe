"""What scores foretell over time: pooled correlations, hits, decay, moves by fifths, and the controls."""

from __future__ import annotations

from typing import Any

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, Section, figure, table
from tael.reports.html import Safe, el, join
from tael.reports.sections import market_scores
from tael.reports.sections.intraday_summary import applies

MEASURES = ("rank_ic", "ic", "hit_rate", "t", "bars")


def _table(page: Page) -> Safe:
    splits, fmt = page.splits("ic"), page.fmt

    def cell(split: str, name: str) -> Any:
        found = page.at("ic", split, name)
        if isinstance(found, dict):
            return page.with_interval(found, fmt.percent if name == "hit_rate" else lambda v: fmt.number(v, 4))
        return fmt.integer(found) if name == "bars" else fmt.number(found, 2)

    rows = [[page.t(f"scores.{name}"), *(cell(split, name) for split in splits)] for name in MEASURES]
    heads = [page.t("scores.measure"), *(page.name("split", split) for split in splits)]
    return table(page.t("scores.table"), heads, rows, kind="metrics")


def _fifths(page: Page) -> Safe | None:
    rows = page.rows("fifths")
    if not rows:
        return None

    def points(value: Any) -> float | None:
        return None if value is None else value * 1e4

    values = [[points(row.get(key)) for row in rows] for key in ("value", "low", "high")]
    places = [float(k + 1) for k in range(len(rows))]
    chart = Chart(
        (0.5, len(rows) + 0.5), extent(*values, zero=True), x_ticks=[(at, str(int(at))) for at in places],
        y_format=page.fmt.short, x_label=page.t("scores.quantile"), y_label=page.t("intraday.move"),
    )  # fmt: skip
    chart.level(0.0)
    chart.dots(places, values[0], "s1", values[1], values[2])
    chart.hover(places, [page.t("intraday.bp", n=page.fmt.number(v, 2)) for v in values[0]])
    title = page.t("intraday.fifths")
    return figure(title, chart.svg(title), note=page.t("intraday.fifths_read"))


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.splits("ic"):
        return page.missing("missing.ic")
    pictures = (market_scores.added_up(page), market_scores.decay(page), _fifths(page))
    drawn = [el("div", picture) for picture in pictures if picture is not None]
    return join(
        el("p", page.t("scores.read")),
        _table(page),
        el("div", drawn, class_="grid") if drawn else None,
        market_scores.controls(page),
    )


SECTION = Section("scores", "section.scores", render, applies)
