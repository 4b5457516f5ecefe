"""Metrics side by side with their intervals, the plain reference beside them, and the curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import SPLITS, Page, Section, curve, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.makeup import challengers, makeup

KINDS = {"train": "grey", "validation": "s3", "out_of_time": "s1"}


def _metrics(page: Page) -> Safe:
    splits, judged = page.splits("metrics"), page.judged()
    if not splits or judged is None:
        return page.missing("missing.metrics")
    names = list(dict.fromkeys(m for s in splits for m in page.at("metrics", s)))
    plain = page.at("reference_metrics", judged)
    heads = [page.t("performance.metric"), *(page.name("split", s) for s in splits)]
    if plain:
        heads.append(page.t("performance.reference", part=page.name("split", judged)))
    cells = []
    for name in names:
        titles = page.at("metric_titles", name)
        meaning = str(titles.get(f"meaning_{page.lang}") or "") if isinstance(titles, Mapping) else ""
        named = {k: v for k, v in titles.items() if k in ("en", "zh")} if isinstance(titles, Mapping) else None
        row: list[Any] = [join(page.say(named) or name, el("small", meaning, class_="meaning") if meaning else None)]
        row += [page.with_interval(page.at("metrics", s, name), page.fmt.number) for s in splits]
        if plain:
            row.append(page.with_interval(page.at("reference_metrics", judged, name), page.fmt.number))
        cells.append(row)
    lacking = [page.missing("missing.out_of_time")] if "out_of_time" not in splits else []
    if not plain:
        lacking.append(page.missing("missing.reference"))
    return join(table(page.t("performance.metrics"), heads, cells, kind="metrics"), lacking)


def _share(page: Page) -> Callable[[float], str]:
    return lambda v: page.fmt.percent(v, 0)


def _lines(page: Page, name: str, x_key: str, y_key: str, diagonal: bool) -> Safe | None:
    share = _share(page)
    chart = Chart((0, 1), (0, 1), x_format=share, y_format=share, x_label=page.t(x_key), y_label=page.t(y_key))
    if diagonal:
        chart.line([0, 1], [0, 1], "rule")
    legend, texts = [], []
    for split in SPLITS[1:]:
        columns = curve(page.at("curves", name, split), "x", "y")
        if columns is None:
            continue
        keep = thin(len(columns[0]))
        xs, ys = ([c[k] for k in keep] for c in columns)
        chart.line(xs, ys, KINDS[split])
        legend.append((KINDS[split], page.name("split", split)))
        texts = [
            f"{page.name('split', split)}\n{page.t(x_key)} {share(x or 0)}\n{page.t(y_key)} {share(y or 0)}"
            for x, y in zip(xs, ys, strict=True)
        ]
    if not legend:
        return None
    chart.hover(xs, texts)
    return figure(
        page.t(f"performance.{name}"),
        chart.svg(page.t(f"performance.{name}")),
        legend,
        page.t(f"performance.{name}_read"),
    )


def _latest(page: Page, name: str) -> tuple[str, Any]:
    found = page.splits("curves", name)
    return (found[-1], page.at("curves", name, found[-1])) if found else ("", None)


def _ks(page: Page) -> Safe | None:
    split, data = _latest(page, "ks")
    columns = curve(data, "x", "good", "bad")
    if columns is None:
        return None
    share, keep = _share(page), thin(len(columns[0]))
    xs, good, bad = ([c[k] for k in keep] for c in columns)
    gaps = [abs((finite(b) or 0.0) - (finite(g) or 0.0)) for g, b in zip(good, bad, strict=True)]
    widest = max(range(len(gaps)), key=gaps.__getitem__)
    chart = Chart(
        (0, 1),
        (0, 1),
        x_format=share,
        y_format=share,
        x_label=page.t("performance.quantile"),
        y_label=page.t("performance.cumulative"),
    )
    chart.line(xs, good, "s1")
    chart.line(xs, bad, "s2")
    low, high = sorted((good[widest], bad[widest]))
    # The metric knows every row; the drawn curve may be thinned.
    exact = finite(page.at("metrics", split, "ks", "value"))
    chart.mark(xs[widest], f"KS {page.fmt.number(gaps[widest] if exact is None else exact)}", low, high)
    chart.hover(
        xs,
        [
            f"{page.t('performance.quantile')} {share(x)}\n{page.t('performance.good')} {share(g)}\n"
            f"{page.t('performance.bad')} {share(b)}"
            for x, g, b in zip(xs, good, bad, strict=True)
        ],
    )
    legend = [("s1", page.t("performance.good")), ("s2", page.t("performance.bad"))]
    return figure(
        f"{page.t('performance.ks')} · {page.name('split', split)}",
        chart.svg(page.t("performance.ks")),
        legend,
        page.t("performance.ks_read"),
    )


def _histogram(page: Page) -> Safe | None:
    data = page.at("curves", "score_histogram")
    columns = curve(data, "good", "bad")
    edges = data.get("edges") if isinstance(data, Mapping) else None
    if columns is None or not isinstance(edges, list) or len(edges) != len(columns[0]) + 1:
        return None
    shares = [[(finite(v) or 0.0) / (sum(finite(w) or 0.0 for w in c) or 1.0) for v in c] for c in columns]
    share = _share(page)
    # The last bins are nearly empty: the axis ends where all but a thousandth of both groups lies.
    last = max(
        k
        for k in range(len(shares[0]))
        if k == 0 or min(sum(s[k:]) for s in shares) > 0 or max(sum(s[k:]) for s in shares) > 0.001
    )
    chart = Chart(
        (edges[0], edges[last + 1]),
        extent(*shares, zero=True),
        x_format=share,
        y_format=share,
        x_label=page.t("performance.probability"),
        y_label=page.t("performance.share"),
    )
    bins = list(pairwise(edges))[: last + 1]
    chart.bars(bins, shares[0][: last + 1], "s1 clear")
    stairs = [(x, v) for (start, end), v in zip(bins, shares[1], strict=False) for x, v in ((start, v), (end, v))]
    chart.line([x for x, _ in stairs], [v for _, v in stairs], "s2")
    chart.hover(
        [(a + b) / 2 for a, b in bins],
        [
            f"{page.fmt.percent(a)} – {page.fmt.percent(b)}\n"
            f"{page.t('performance.good')} {page.fmt.integer(columns[0][k])}\n"
            f"{page.t('performance.bad')} {page.fmt.integer(columns[1][k])}"
            for k, (a, b) in enumerate(bins)
        ],
    )
    legend = [("bar s1 clear", page.t("performance.good")), ("s2", page.t("performance.bad"))]
    return figure(
        page.t("performance.histogram"),
        chart.svg(page.t("performance.histogram")),
        legend,
        page.t("performance.histogram_read"),
    )


def _gains(page: Page) -> list[Safe]:
    split, _ = _latest(page, "gains")
    rows = page.rows("curves", "gains", split) if split else []
    if not rows:
        return []
    share = _share(page)
    xs, ys = [0.0, *(r.get("depth") for r in rows)], [0.0, *(r.get("captured") for r in rows)]
    chart = Chart(
        (0, 1),
        (0, 1),
        x_format=share,
        y_format=share,
        x_label=page.t("performance.depth"),
        y_label=page.t("performance.captured"),
    )
    chart.line([0, 1], [0, 1], "rule")
    chart.line(xs, ys, "s1")
    chart.dots(xs, ys, "s1")
    chart.hover(
        xs[1:],
        [
            f"{page.t('performance.depth')} {share(r.get('depth') or 0)}\n{page.t('performance.captured')} "
            f"{page.fmt.percent(r.get('captured'))}\n{page.t('performance.lift')} {page.fmt.number(r.get('lift'), 2)}"
            for r in rows
        ],
    )
    heads = [page.t(f"performance.{k}") for k in ("depth", "captured", "lift")]
    cells = [
        [page.fmt.percent(r.get("depth"), 0), page.fmt.percent(r.get("captured")), page.fmt.number(r.get("lift"), 2)]
        for r in rows
    ]
    title = f"{page.t('performance.gains')} · {page.name('split', split)}"
    return [
        figure(title, chart.svg(page.t("performance.gains")), note=page.t("performance.gains_read")),
        table(title, heads, cells, kind="narrow"),
    ]


def render(page: Page) -> Safe:
    """Draw the section."""
    pictures = [
        _lines(page, "roc", "performance.fpr", "performance.tpr", True),
        _lines(page, "pr", "performance.recall", "performance.precision", False),
        _ks(page),
        _histogram(page),
        *_gains(page),
    ]
    drawn = [el("div", p) for p in pictures if p is not None]
    grid = el("div", drawn, class_="grid") if drawn else page.missing("missing.curves")
    judged = page.judged()
    return join(
        el("p", page.t("performance.read")),
        _metrics(page),
        challengers(page, judged) if judged else None,
        grid,
        makeup(page) or page.missing("missing.model"),
    )


SECTION = Section("performance", "section.performance", render)
