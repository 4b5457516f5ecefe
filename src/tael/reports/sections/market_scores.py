"""What the scores foretell: correlations bar by bar, their decay, returns by place, and the controls."""

from __future__ import annotations

from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, curve, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

FEW_DAYS = 24
MEASURES = ("rank_ic", "ic", "rank_icir", "icir", "t", "bars")


def _table(page: Page) -> Safe:
    splits = page.splits("ic")

    def cell(split: str, name: str) -> Any:
        found = page.at("ic", split, name)
        if isinstance(found, dict):
            return page.with_interval(found, lambda v: page.fmt.number(v, 4))
        return page.fmt.integer(found) if name == "bars" else page.fmt.number(found, 2)

    rows = [[page.t(f"scores.{name}"), *(cell(split, name) for split in splits)] for name in MEASURES]
    heads = [page.t("scores.measure"), *(page.name("split", split) for split in splits)]
    return table(page.t("scores.table"), heads, rows, kind="metrics")


def years(dates: list[Any]) -> list[tuple[float, str]]:
    """The first bar of each year (of each month, or day, where there are few), for the axis."""
    if len(days := dict.fromkeys(str(day)[:10] for day in dates)) <= FEW_DAYS < len(dates):
        first = {day: float(k) for k, day in reversed(list(enumerate(str(one)[:10] for one in dates)))}
        at = [(first[day], day[5:]) for day in days]
        return at[:: -(-len(at) // 6)]
    width = 4 if len({str(day)[:4] for day in dates}) > 2 else 7
    ticks, last = [], ""
    for k, day in enumerate(dates):
        if (part := str(day)[:width]) != last:
            ticks.append((float(k), part))
            last = part
    step = -(-len(ticks) // 6)
    return ticks[::step]


def added_up(page: Page) -> Safe | None:
    """Rank IC added up bar by bar."""
    columns = curve(page.at("ic_curve"), "dates", "rank_ic")
    if columns is None:
        return None
    dates, values = columns
    total, line = 0.0, []
    for value in values:
        total += finite(value) or 0.0
        line.append(total)
    keep = thin(len(dates))
    chart = Chart(
        (0, max(len(dates) - 1, 1)),
        extent(line, zero=True),
        x_ticks=years(dates),
        y_format=page.fmt.short,
        y_label=page.t("scores.curve"),
    )
    if (start := page.at("ic_curve", "out_of_time_from")) is not None:
        chart.mark(float(start), page.name("split", "out_of_time"))
    chart.line([float(k) for k in keep], [line[k] for k in keep], "s1")
    chart.hover([float(k) for k in keep], [f"{dates[k]}\n{page.fmt.number(line[k], 2)}" for k in keep])
    return figure(page.t("scores.curve"), chart.svg(page.t("scores.curve")), note=page.t("scores.curve_read"))


def decay(page: Page) -> Safe | None:
    """Rank IC by horizon."""
    rows = page.rows("decay")
    if not rows:
        return None
    cells = [row.get("rank_ic") or {} for row in rows]
    values = [[cell.get(key) for cell in cells] for key in ("value", "low", "high")]
    places = [float(k) for k in range(len(rows))]
    chart = Chart(
        (-0.5, len(rows) - 0.5),
        extent(*values, zero=True),
        x_ticks=[(at, page.fmt.integer(row.get("horizon"))) for at, row in zip(places, rows, strict=True)],
        y_format=lambda v: page.fmt.short(v),
        x_label=page.t("scores.horizon"),
        y_label=page.t("scores.rank_ic"),
    )
    chart.level(0.0)
    chart.dots(places, values[0], "s1", values[1], values[2])
    chart.hover(places, [page.fmt.number(v, 4) for v in values[0]])
    return figure(page.t("scores.decay"), chart.svg(page.t("scores.decay")), note=page.t("scores.decay_read"))


def _quantiles(page: Page) -> Safe | None:
    rows = page.rows("quantiles")
    if not rows:
        return None
    values = [[row.get(key) for row in rows] for key in ("value", "low", "high")]
    places = [float(k + 1) for k in range(len(rows))]
    chart = Chart(
        (0.5, len(rows) + 0.5),
        extent(*values, zero=True),
        x_ticks=[(at, str(int(at))) for at in places],
        y_format=lambda v: page.fmt.percent(v, 0),
        x_label=page.t("scores.quantile"),
        y_label=page.t("scores.excess"),
    )
    chart.level(0.0)
    chart.dots(places, values[0], "s1", values[1], values[2])
    chart.hover(places, [page.fmt.percent(v) for v in values[0]])
    title = page.t("scores.quantiles")
    return figure(title, chart.svg(title), note=page.t("scores.quantiles_read"))


def controls(page: Page) -> Safe | None:
    """What had to come to nothing, and what came."""
    rows = [
        [
            page.say(row.get("title")),
            page.say(row.get("expected")),
            page.say(row["came"])
            if row.get("came")
            else page.with_interval(row.get("rank_ic"), lambda v: page.fmt.number(v, 4)),
        ]
        for row in page.rows("controls")
    ]
    if not rows:
        return None
    heads = [page.t(f"scores.{key}") for key in ("control", "expected", "came")]
    return join(
        el("h3", page.t("scores.controls")),
        el("p", page.t("scores.controls_read")),
        table(page.t("scores.controls"), heads, rows, text=(0, 1), kind="quiet"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.splits("ic"):
        return page.missing("missing.ic")
    drawn = [el("div", picture) for picture in (added_up(page), decay(page), _quantiles(page)) if picture is not None]
    return join(
        el("p", page.t("scores.read")),
        _table(page),
        el("div", drawn, class_="grid") if drawn else None,
        controls(page),
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("scores", "section.scores", render, applies)
