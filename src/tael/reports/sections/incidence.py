"""Which of several events comes, and when: told beside observed, each with its band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, curve, figure, policy_part, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

COLUMNS = ("time", "predicted", "observed", "low", "high")


def _name(page: Page, event: Mapping[str, Any]) -> str:
    """An event as a person writes it."""
    return str(event.get("event") or "–").replace("_", " ")


def _chart(page: Page, event: Mapping[str, Any]) -> Safe | None:
    columns = curve(event, *COLUMNS)
    if columns is None:
        return None
    fmt, keep = page.fmt, thin(len(columns[0]), 60)
    xs, predicted, observed, low, high = ([column[k] for k in keep] for column in columns)
    top, end = extent(predicted, observed, high, zero=True), max((finite(x) or 0.0 for x in xs), default=1.0) or 1.0
    step = next(months for months in (1, 3, 6, 12, 24, 120) if end / months <= 6 or months == 120)
    chart = Chart(
        (0, end),
        top,
        x_ticks=[(float(month), str(month)) for month in range(0, int(end + 0.05) + 1, step) if month <= end],
        y_format=lambda v: fmt.percent(v, 0 if top[1] > 0.1 else 1),
        x_label=page.t("incidence.months"),
        y_label=page.t("incidence.share"),
    )
    chart.band(xs, low, high, "s1")
    chart.line(xs, observed, "s1")
    chart.line(xs, predicted, "s2")
    chart.hover(
        xs,
        [
            f"{page.t('incidence.months')} {fmt.number(x, 1)}\n{page.t('incidence.predicted')} {fmt.percent(p)}\n"
            f"{page.t('incidence.observed')} {fmt.percent(o)} ({fmt.interval(a, b, fmt.percent)})"
            for x, p, o, a, b in zip(xs, predicted, observed, low, high, strict=True)
        ],
    )
    title = page.t("incidence.title", event=_name(page, event))
    legend = [("s2", page.t("incidence.predicted")), ("s1", page.t("incidence.observed"))]
    return figure(title, chart.svg(title), legend)


def _ends(page: Page, events: list[Mapping[str, Any]]) -> Safe:
    fmt, cells = page.fmt, []
    for event in events:
        columns = curve(event, *COLUMNS)
        last = [column[-1] for column in columns] if columns else [None] * len(COLUMNS)
        months, predicted, observed, low, high = map(finite, last)
        fits = "–"
        if low is not None and high is not None and predicted is not None:
            fits = page.t("calibration.inside" if low <= predicted <= high else "calibration.outside")
        cells.append(
            [
                _name(page, event),
                fmt.integer(event.get("n")),
                fmt.number(months, 1),
                fmt.percent(predicted),
                page.with_interval({"value": observed, "low": low, "high": high}, fmt.percent),
                fits,
            ]
        )
    heads = [page.t(f"incidence.{k}") for k in ("event", "n", "months", "predicted", "observed", "inside")]
    return table(page.t("incidence.table"), heads, cells, text=(0, 5))


def render(page: Page) -> Safe:
    """Draw the section."""
    events: list[Any] = page.rows("incidence", "events")
    if not events:
        return page.missing("missing.incidence")
    drawn = [one for event in events if (one := _chart(page, event)) is not None]
    part = page.at("incidence", "split")
    counted = page.t("summary.counted_on", part=page.name("split", part)) if part else policy_part(page)
    return join(
        el("p", page.t("incidence.read")),
        el("p", counted, class_="note") if counted else None,
        el("div", drawn, class_="grid") if drawn else None,
        _ends(page, events),
    )


def applies(page: Page) -> bool:
    """Where the model foretells which event comes, and when."""
    return page.at("model", "kind") == "risks" or bool(page.at("incidence"))


SECTION = Section("incidence", "section.incidence", render, applies)
