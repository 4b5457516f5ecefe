"""Who is judged, what counts as bad, how the rate moves over time, and how the parts were split."""

from __future__ import annotations

import math
from typing import Any

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, Section, figure, table, tile
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def wilson(bad: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate (E. B. Wilson, JASA 22, 1927).

    >>> tuple(round(v, 3) for v in wilson(10, 100))
    (0.055, 0.174)
    """
    if n <= 0:
        return (math.nan, math.nan)
    z, rate = 1.959964, bad / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return (centre - half, centre + half)


FEW_PERIODS = 3


def _as_table(page: Page, rows: list[Any]) -> Safe:
    """A line through one or two periods is no line."""
    heads = [page.t(f"observations.{k}") for k in ("period", "n", "labelled", "bad", "rate")]
    cells = [
        [
            str(r.get("period", "")),
            *(page.fmt.integer(r.get(key)) for key in ("n", "labelled", "bad")),
            page.fmt.percent(r.get("rate")),
        ]
        for r in rows
    ]
    return table(page.t("observations.rate_by_period"), heads, cells)


def _periods(page: Page) -> Safe:
    fmt, rows = page.fmt, page.rows("observations", "by_period")
    if not rows:
        return page.missing("missing.periods")
    if len(rows) < FEW_PERIODS:
        return _as_table(page, rows)
    count = len(rows)
    names = [str(r.get("period", "")) for r in rows]
    places = [k + 0.5 for k in range(count)]
    every = max(1, math.ceil(count / 6))
    ticks = [(k + 0.5, names[k]) for k in range(0, count, every)]
    labelled: list[Any] = [finite(r.get("labelled")) or 0.0 for r in rows]
    everyone: list[Any] = [max(finite(r.get("n")) or 0.0, m) for r, m in zip(rows, labelled, strict=True)]
    rates = [r.get("rate") if m else None for r, m in zip(rows, labelled, strict=True)]
    ranges = [wilson(finite(r.get("bad")) or 0.0, m) for r, m in zip(rows, labelled, strict=True)]
    texts = [
        f"{name}\n{page.t('observations.rate')} {fmt.percent(rate)} ({fmt.interval(low, high, fmt.percent)})\n"
        f"{page.t('observations.n')} {fmt.integer(n)} · {page.t('observations.labelled')} {fmt.integer(m)}"
        for name, rate, (low, high), n, m in zip(names, rates, ranges, everyone, labelled, strict=True)
    ]
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    rate = Chart(
        (0, count),
        extent(rates, lows, highs, zero=True, most=1.0),
        x_ticks=ticks,
        y_format=lambda v: fmt.percent(v, 0),
        y_label=page.t("observations.rate"),
    )
    rate.band(places, lows, highs, "s1")
    rate.line(places, rates, "s1")
    rate.dots(places, rates, "s1")
    base = finite(page.at("observations", "base_rate"))
    mean = []
    if base is not None:
        rate.level(base)
        mean.append(("rule", page.t("observations.overall", rate=fmt.percent(base))))
    rate.hover(places, texts)
    size = Chart(
        (0, count), extent(everyone, zero=True), x_ticks=ticks, y_format=fmt.short, y_label=page.t("observations.n")
    )
    edges = [(k + 0.1, k + 0.9) for k in range(count)]
    size.bars(edges, labelled, "s1")
    size.bars(edges, everyone, "grey", labelled)
    size.hover(places, texts)
    legend = [("bar s1", page.t("observations.labelled")), ("bar grey", page.t("observations.pending"))]
    return el(
        "div",
        figure(
            page.t("observations.rate_by_period"),
            rate.svg(page.t("observations.rate_by_period")),
            mean,
            page.t("observations.wilson"),
        ),
        figure(page.t("observations.n_by_period"), size.svg(page.t("observations.n_by_period")), legend),
        class_="grid",
    )


def _split(page: Page) -> Safe:
    fmt, parts = page.fmt, page.splits("split", "parts")
    if not parts:
        return page.missing("missing.split")
    heads = [page.t(f"observations.{k}") for k in ("part", "n", "bad", "rate", "first", "last")]
    cells = []
    for name in parts:
        part = page.at("split", "parts", name)
        n, bad = finite(part.get("n")), finite(part.get("bad"))
        rate = bad / n if n and bad is not None else None
        cells.append(
            [
                page.name("split", name),
                fmt.integer(n),
                fmt.integer(bad),
                fmt.percent(rate),
                part.get("first") or "–",
                part.get("last") or "–",
            ]
        )
    text = page.say(page.at("split", "text"))
    absent = page.missing("missing.out_of_time") if "out_of_time" not in parts else None
    return join(
        el("p", text) if text else None,
        table(page.t("observations.split"), heads, cells, text=(0, 4, 5), kind="quiet"),
        absent,
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    fmt, seen = page.fmt, page.at("observations") or {}
    words, formula = page.say(page.at("scenario", "label_words")), page.at("scenario", "label_formula")
    label = el(
        "p", page.t("observations.label"), " ", el("strong", words), " ", el("code", formula) if formula else None
    )
    figures = None
    if seen:
        pending = fmt.integer(seen.get("n_pending")) if seen.get("n_pending") else page.t("missing.pending")
        figures = el(
            "dl",
            tile(page.t("observations.n"), fmt.integer(seen.get("n")), page.say(seen.get("entity_title"))),
            tile(page.t("observations.labelled"), fmt.integer(seen.get("n_labelled"))),
            tile(page.t("observations.pending"), pending, kind="" if seen.get("n_pending") else "quiet"),
            tile(page.t("observations.rate"), fmt.percent(seen.get("base_rate"))),
            class_="tiles",
        )
    excluded = [r for r in page.rows("observations", "excluded") if r.get("n")]
    left_out = (
        el("ul", *(el("li", page.say(r.get("reason")), f": {fmt.integer(r.get('n'))}") for r in excluded))
        if excluded
        else None
    )
    return join(
        label if words or formula else page.missing("missing.label"),
        figures or page.missing("missing.observations"),
        _periods(page),
        el("h3", page.t("observations.excluded")),
        left_out or el("p", page.t("observations.nothing_excluded")),
        el("h3", page.t("observations.split")),
        _split(page),
    )


SECTION = Section("observations", "section.observations", render)
