"""Pictures of a single table's report: how the model foretells, how it learns, what is inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tael.reports.charts import Chart, extent, share_bar
from tael.reports.context import Page, barred, figure, table
from tael.reports.html import Safe, el, join
from tael.reports.sections import learning_inside

INSIDE = ("coefficients", "importances", "tree", "oob", "boosting", "columns")


def has_inside(page: Page) -> bool:
    """Whether the model has a picture of its own."""
    return any(page.at("fit", "pictures", name) for name in INSIDE)


def _line(page: Page, name: str, xy: Sequence[Sequence[float]], x_label: str, y_label: str, *, fair: bool) -> Safe:
    fmt = page.fmt
    chart = Chart(
        (0, 1), (0, 1), x_format=fmt.short, y_format=fmt.short, x_label=page.t(x_label), y_label=page.t(y_label)
    )
    if fair:
        chart.line([0, 1], [0, 1], "s3")
    chart.line(xy[0], xy[1], "s1")
    return figure(page.t(name), chart.svg(page.t(name)))


def _confusion(page: Page) -> Safe:
    matrix, classes = page.at("fit", "pictures", "confusion"), page.at("fit", "classes")
    heads = ["", *(page.t("fit.called", value=c) for c in classes)]
    rows = [
        [page.t("fit.is", value=c), *(page.fmt.integer(n) for n in row)] for c, row in zip(classes, matrix, strict=True)
    ]
    return table(page.t("fit.confusion"), heads, rows)


def _lift(page: Page, lifts: list[float]) -> Safe:
    chart = Chart(
        (0.5, len(lifts) + 0.5), extent(lifts, zero=True), x_ticks=[(k + 1.0, str(k + 1)) for k in range(len(lifts))],
        y_format=page.fmt.short, x_label=page.t("fit.tenth"), y_label=page.t("fit.times"),
    )  # fmt: skip
    chart.bars([(k + 0.6, k + 1.4) for k in range(len(lifts))], lifts, "s1")
    chart.level(1.0)
    return figure(page.t("fit.lift"), chart.svg(page.t("fit.lift")))


def _against(page: Page, xy: Sequence[Sequence[float]]) -> Safe:
    reach = extent(xy[0], xy[1])
    fmt = page.fmt
    chart = Chart(
        reach, reach, x_format=fmt.short, y_format=fmt.short, x_label=page.t("fit.true"), y_label=page.t("fit.foretold")
    )
    chart.line(reach, reach, "s3")
    chart.dots(xy[0], xy[1], "s1")
    return figure(page.t("fit.against"), chart.svg(page.t("fit.against")))


def _residuals(page: Page, edges: list[float], heights: list[int]) -> Safe:
    fmt = page.fmt
    chart = Chart(
        (edges[0], edges[-1]), extent(heights, zero=True), x_format=fmt.short, y_format=fmt.short,
        x_label=page.t("fit.residuals"), y_label=page.t("fit.count"),
    )  # fmt: skip
    chart.bars(list(pairwise(edges)), heights, "s1")
    return figure(page.t("fit.residuals"), chart.svg(page.t("fit.residuals")))


def pictures(page: Page) -> Safe:
    """How the model foretells the test rows."""
    drawn: Mapping[str, Any] = page.at("fit", "pictures")
    found: list[Safe] = []
    if drawn.get("roc"):
        found.append(_line(page, "fit.roc", drawn["roc"], "fit.fpr", "fit.tpr", fair=True))
        found.append(_line(page, "fit.pr", drawn["pr"], "fit.tpr", "fit.precision", fair=False))
        found.append(_lift(page, drawn["lift"]))
    if drawn.get("against"):
        found += [_against(page, drawn["against"]), _residuals(page, *drawn["residuals"])]
    cut = None
    if drawn.get("threshold") is not None:
        value, name = page.fmt.number(drawn["threshold"]), page.at("fit", "classes")[1]
        cut = el("p", page.t("fit.threshold", value=value, name=name))
    return join(
        cut, _confusion(page) if drawn.get("confusion") else None, el("div", found, class_="grid") if found else None
    )


def _curve(page: Page, title: str, points: Sequence[Mapping[str, Any]], x: str, label: str) -> Safe:
    places = [float(k) for k in range(len(points))]
    columns = [[point[part] for point in points] for part in ("train", "validation") if part in points[0]]
    columns = columns or [[point["score"] for point in points]]
    chart = Chart(
        (-0.3, len(points) - 0.7), extent(*columns, most=1.0),
        y_format=page.fmt.short, x_label=label, y_label=page.t("fit.score"),
        x_ticks=[(at, page.fmt.value(point[x])) for at, point in zip(places, points, strict=True)],
    )  # fmt: skip
    kinds = ("s2", "s1") if len(columns) > 1 else ("s1",)
    for kind, column in zip(kinds, columns, strict=True):
        chart.line(places, column, kind)
        chart.dots(places, column, kind)
    legend = [("s2", page.t("fit.train")), ("s1", page.t("fit.validation"))] if len(columns) > 1 else []
    return figure(title, chart.svg(title), legend)


def curves(page: Page) -> Safe:
    """Scores by the number of rows learned from, and by the main setting."""
    found = []
    if page.rows("fit", "pictures", "learning"):
        rows = page.rows("fit", "pictures", "learning")
        found.append(_curve(page, page.t("fit.curve_rows"), rows, "n", page.t("fit.trained_on")))
    if page.rows("fit", "pictures", "setting", "points"):
        rows, name = page.rows("fit", "pictures", "setting", "points"), page.at("fit", "pictures", "setting", "setting")
        found.append(_curve(page, page.t("fit.curve_setting"), rows, "value", str(name)))
    return el("div", found, class_="grid")


def explained(page: Page) -> Safe:
    """Coefficients and odds, importances, the label along columns, the tree, out-of-bag error, boosting by rounds."""
    parts: list[Any] = []
    for kind, title in (("coefficients", "fit.coefficient"), ("importances", "fit.importance")):
        rows = page.rows("fit", "pictures", kind)
        if not rows:
            continue
        most = max(abs(row["value"]) for row in rows) or 1.0
        odds = kind == "coefficients" and rows[0].get("odds") is not None
        cells = [
            [
                row["name"],
                barred(page.fmt.value(row["value"]), share_bar(row["value"], most, signed=kind == "coefficients")),
                *([page.fmt.number(row["odds"])] if odds else []),
            ]
            for row in rows
        ]
        if kind == "importances" and page.at("fit", "pictures", "importance") == "moved":
            title = "fit.moved"
        heads = [page.t("fit.column"), page.t(title), *([page.t("fit.odds")] if odds else [])]
        parts.append(table(page.t(title), heads, cells, kind="named"))
    if page.rows("fit", "pictures", "columns"):
        parts += [
            el("h3", page.t("fit.along")),
            el("p", page.t("fit.along_note")),
            learning_inside.along(page, page.rows("fit", "pictures", "columns")),
        ]
    drawn: Mapping[str, Any] = page.at("fit", "pictures")
    if drawn.get("tree"):
        parts.append(learning_inside.tree(page, drawn["tree"]))
    curves = [learning_inside.out_of_bag(page, drawn["oob"])] if drawn.get("oob") else []
    if drawn.get("boosting"):
        curves.append(learning_inside.boosting(page, drawn["boosting"]))
    return join(*parts, el("div", curves, class_="grid") if curves else None)
