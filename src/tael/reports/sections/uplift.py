"""What each treatment changes: whether the ranking finds those changed, and whether foretold effects came true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, Section, curve, details, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import option_title

RANKINGS = (("model", "s1"), ("response", "s2"))
SHARES = ("uplift_at_10", "uplift_at_30", "effect")
"""Measures that are differences of probabilities; the others are written as they are."""


def _arms(page: Page) -> Safe:
    """What was done and how many had the outcome: means of those treated, with no claim as to why."""
    arms, fmt = page.at("uplift", "arms") or [], page.fmt
    cells = []
    for k, arm in enumerate(arms):
        name = option_title(page, arm)
        cells.append(
            [
                join(name, el("small", page.t("uplift.control"), class_="interval") if k == 0 else None),
                fmt.integer(page.at("uplift", "rows", str(arm))),
                fmt.percent(page.at("uplift", "rates", str(arm))),
            ]
        )
    heads = [page.t(f"uplift.{k}") for k in ("arm", "rows", "rate")]
    return table(page.t("uplift.arms"), heads, cells, kind="narrow")


def _qini(page: Page, effect: Mapping[str, Any], arm: str) -> Safe | None:
    curves = effect.get("curve") if isinstance(effect.get("curve"), Mapping) else {}
    columns = {who: curve((curves or {}).get(who), "share", "qini") for who, _ in RANKINGS}
    drawn = {who: found for who, found in columns.items() if found is not None}
    if not drawn:
        return None
    fmt = page.fmt
    chart = Chart(
        (0, 1),
        extent(*(ys for _, ys in drawn.values()), zero=True),
        x_format=lambda v: fmt.percent(v, 0),
        y_format=fmt.short,
        x_label=page.t("uplift.share"),
        y_label=page.t("uplift.extra"),
    )
    legend = []
    for who, kind in RANKINGS:
        if who in drawn:
            shares, qini = drawn[who]
            chart.line(shares, qini, kind)
            legend.append((kind, page.t(f"uplift.{who}")))
    xs, ys = next(iter(drawn.values()))
    chart.line([0, 1], [0, ys[-1]], "rule")
    legend.append(("rule", page.t("uplift.random")))
    texts = [
        f"{page.t('uplift.share')} {fmt.percent(x, 0)}\n"
        + "\n".join(
            f"{page.t(f'uplift.{who}')} {fmt.short(found[1][k])}"
            for who, found in drawn.items()
            if len(found[1]) == len(xs)
        )
        for k, x in enumerate(xs)
    ]
    chart.hover(xs, texts)
    title = page.t("uplift.qini", arm=arm)
    return figure(title, chart.svg(title), legend, page.t("uplift.qini_read"))


def _tenths(page: Page, effect: Mapping[str, Any], arm: str) -> Safe | None:
    rows = [row for row in effect.get("table") or [] if isinstance(row, Mapping)]
    if not rows:
        return None
    fmt = page.fmt
    columns = {key: [row.get(key) for row in rows] for key in ("predicted", "observed", "low", "high")}
    places = [float(k) for k in range(1, len(rows) + 1)]
    chart = Chart(
        (0.5, len(rows) + 0.5),
        extent(*columns.values(), zero=True),
        x_ticks=[(place, str(row.get("part", k))) for k, (place, row) in enumerate(zip(places, rows, strict=True), 1)],
        y_format=lambda v: fmt.percent(v, 0 if abs(v) >= 0.1 or v == 0 else 1),
        x_label=page.t("uplift.tenth"),
        y_label=page.t("uplift.change"),
    )
    chart.level(0.0)
    chart.line(places, columns["predicted"], "s2")
    chart.dots(places, columns["observed"], "s1", columns["low"], columns["high"])
    chart.hover(
        places,
        [
            f"{page.t('uplift.tenth')} {row.get('part')} · {page.t('uplift.rows')} {fmt.integer(row.get('rows'))}\n"
            f"{page.t('uplift.predicted')} {fmt.percent(row.get('predicted'))}\n"
            f"{page.t('uplift.observed')} {fmt.percent(row.get('observed'))} "
            f"({fmt.interval(row.get('low'), row.get('high'), fmt.percent)})"
            for row in rows
        ],
    )
    title = page.t("uplift.tenths", arm=arm)
    legend = [("s2", page.t("uplift.predicted")), ("s1", page.t("uplift.observed"))]
    return figure(title, chart.svg(title), legend, page.t("uplift.tenths_read"))


def _measures(page: Page, effect: Mapping[str, Any], arm: str) -> Safe | None:
    metrics = effect.get("metrics")
    if not isinstance(metrics, Mapping):
        return None
    there = [who for who, _ in RANKINGS if isinstance(metrics.get(who), Mapping)]
    names = list(dict.fromkeys(name for who in there for name in metrics[who]))
    cells = []
    for name in names:
        titles = page.at("uplift", "titles", name)
        titles = titles if isinstance(titles, Mapping) else {}
        meaning = str(titles.get(f"meaning_{page.lang}") or "")
        said = page.say({k: v for k, v in titles.items() if k in ("en", "zh")}) or name
        write = page.fmt.percent if name in SHARES else _figure(page)
        cells.append(
            [
                join(said, el("small", meaning, class_="meaning") if meaning else None),
                *(page.with_interval(metrics[who].get(name), write) for who in there),
            ]
        )
    heads = [page.t("uplift.metric"), *(page.t(f"uplift.{who}") for who in there)]
    title = page.t("uplift.metrics", arm=arm)
    return details(title, table(title, heads, cells, kind="metrics quiet"))


def _figure(page: Page) -> Callable[[Any], str]:
    """Areas of curves are small numbers: three figures tell enough."""
    return lambda value: page.fmt.value(value, 3)


def _side_by_side(page: Page, effects: list[Mapping[str, Any]]) -> Safe:
    """A row a treatment: what it changes in the mean, and how well those whom it changes most are found."""
    columns: list[tuple[str, tuple[str, ...], Callable[[Any], str]]] = [
        ("mean", ("metrics", "model", "effect"), page.fmt.percent),
        ("top", ("metrics", "model", "uplift_at_10"), page.fmt.percent),
        ("qini_model", ("metrics", "model", "qini"), _figure(page)),
        ("qini_response", ("metrics", "response", "qini"), _figure(page)),
        ("slope", ("calibration", "slope"), lambda value: page.fmt.number(value, 2)),
    ]

    def found(effect: Any, path: tuple[str, ...]) -> Any:
        for step in path:
            effect = effect.get(step) if isinstance(effect, Mapping) else None
        return effect

    cells = [
        [
            option_title(page, effect.get("arm")),
            *(page.with_interval(found(effect, path), write) for _, path, write in columns),
        ]
        for effect in effects
    ]
    heads = [page.t("uplift.arm"), *(page.t(f"uplift.{name}") for name, _, _ in columns)]
    return table(page.t("uplift.side_by_side"), heads, cells)


def _calibration(page: Page, effect: Mapping[str, Any]) -> Safe | None:
    found, fmt = effect.get("calibration"), page.fmt
    mean = found.get("mean") if isinstance(found, Mapping) else None
    if not isinstance(mean, Mapping) or finite(mean.get("value")) is None:
        return None

    def points(value: Any) -> str:
        number = finite(value)
        return fmt.number(None if number is None else 100 * number, 2)

    between = fmt.interval(mean.get("low"), mean.get("high"), points)
    said = f"{points(mean.get('value'))}{f' ({between})' if between else ''}"
    return el("p", page.t("uplift.calibration", mean=said), class_="note")


def _overlap(page: Page) -> list[Safe]:
    found, fmt = page.at("uplift", "overlap"), page.fmt
    if not isinstance(found, Mapping):
        return [page.missing("missing.uplift")]
    ends = {key: fmt.percent(found.get(key)) for key in ("lowest", "highest")}
    lines = [el("p", page.t("uplift.estimated" if found.get("estimated") else "uplift.known", **ends))]
    if finite(found.get("auc")) is not None:
        lines.append(el("p", page.t("uplift.apart", auc=fmt.number(found.get("auc")))))
    if finite(found.get("trimmed")):
        lines.append(el("p", page.t("uplift.trimmed", n=fmt.integer(found.get("trimmed")))))
    return lines


def render(page: Page) -> Safe:
    """Draw the section."""
    effects = page.rows("uplift", "effects")
    parts: list[Any] = [el("p", page.t("uplift.read")), _arms(page)]
    parts += [_side_by_side(page, effects)] if effects else []
    for effect in effects:
        arm = option_title(page, effect.get("arm"))
        drawn = [one for one in (_qini(page, effect, arm), _tenths(page, effect, arm)) if one is not None]
        parts += [el("div", drawn, class_="grid") if drawn else None, _calibration(page, effect)]
        parts.append(_measures(page, effect, arm))
    if not effects:
        parts.append(page.missing("missing.uplift"))
    return join(parts, el("h3", page.t("uplift.overlap")), _overlap(page))


def applies(page: Page) -> bool:
    """Where the model foretells effects."""
    return page.at("model", "kind") == "uplift" or bool(page.at("uplift"))


SECTION = Section("uplift", "section.uplift", render, applies)
