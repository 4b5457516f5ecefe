"""Pictures of what is inside a single table's model: a tree, out-of-bag error, boosting, the label along columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, figure
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

_WIDE, _HIGH, _GAP = 132, 58, 8
_STEP = 104
_SCALE = 1.4
"""Pixels of a screen for one of the drawing, where there is room."""
_LONG = 18
"""Letters of a column's name in a box; the whole name stands in its tooltip."""

_MANY, _CLOSE = 5, 9
"""Of more bins with longer names, every second name has room."""


def tree(page: Page, drawn: Mapping[str, Any]) -> Safe:
    """The first splits: the condition in each box, its rows, and the mean of the label among them."""
    nodes: list[Mapping[str, Any]] = list(drawn["nodes"])
    places: dict[int, float] = {}
    leaves = 0

    def put(at: int) -> float:
        nonlocal leaves
        node = nodes[at]
        if "left" in node:
            places[at] = (put(node["left"]) + put(node["right"])) / 2
        else:
            places[at] = leaves + 0.5
            leaves += 1
        return places[at]

    put(0)
    deepest = max(int(node["depth"]) for node in nodes)
    width = max(leaves * (_WIDE + _GAP), 2 * (_WIDE + _GAP))
    height = deepest * _STEP + _HIGH + 26
    parts: list[Any] = []
    for at, node in enumerate(nodes):
        x, y = places[at] * width / leaves, node["depth"] * _STEP + 2.0
        for side, word in (("left", "yes"), ("right", "no")):
            if side in node:
                to, below = places[node[side]] * width / leaves, (node["depth"] + 1) * _STEP + 2.0
                parts.append(el("line", x1=x, y1=y + _HIGH, x2=to, y2=below, class_="axis"))
                said = page.t(f"fit.{word}_missing" if node.get("missing") == side else f"fit.{word}")
                anchor = "end" if side == "left" else "start"
                middle = (x + to) / 2 + (-7 if side == "left" else 7)
                at_y = (y + _HIGH + below) / 2
                parts.append(
                    el(
                        "text",
                        said,
                        x=middle,
                        y=at_y,
                        text_anchor=anchor,
                        class_="tick",
                    )
                )
    for at, node in enumerate(nodes):
        parts.append(_box(page, node, places[at] * width / leaves, node["depth"] * _STEP + 2.0))
    title = page.t("fit.tree")
    picture = el(
        "svg", *parts, viewBox=f"0 0 {width:g} {height:g}", width=f"{_SCALE * width:g}", role="img", aria_label=title,
        class_="tree",
    )  # fmt: skip
    whole = page.t("fit.tree_size", leaves=page.fmt.integer(drawn["leaves"]), depth=page.fmt.integer(drawn["depth"]))
    return figure(title, picture, note=whole)


def _box(page: Page, node: Mapping[str, Any], x: float, y: float) -> Safe:
    lines = [_condition(page, node), page.t("fit.node_rows", n=page.fmt.integer(node["n"])), _told(page, node)]
    kind = "s1" if "left" in node else "s2"
    box = el("rect", x=x - _WIDE / 2, y=y, width=_WIDE, height=_HIGH, rx=5, class_=f"node {kind}")
    texts = [
        el("text", line, x=x, y=y + 17 + 17 * k, text_anchor="middle", class_="label" if k == 0 else "tick")
        for k, line in enumerate(lines)
    ]
    more = []
    if node.get("more"):
        below = page.t("fit.node_more", n=page.fmt.integer(node["more"]))
        more.append(el("text", below, x=x, y=y + _HIGH + 16, text_anchor="middle", class_="tick"))
    tip = el("title", str(node["name"])) if "name" in node else None
    return el("g", tip, box, *texts, *more)


def _condition(page: Page, node: Mapping[str, Any]) -> str:
    if "name" not in node:
        return page.t("fit.node_leaf") if not node.get("more") else "…"
    name, flag = str(node["name"]), " = " in str(node["name"])
    if flag:
        return _short(name.replace(" = ", " ≠ ", 1))
    if node["threshold"] is None:  # every value goes left: only what is missing is parted from it
        return page.t("fit.node_there", name=_short(name, _LONG - 4))
    said = page.fmt.value(node["threshold"])
    return f"{_short(name, max(_LONG - 3 - len(said), 5))} ≤ {said}"


def _short(text: str, most: int = _LONG + 3) -> str:
    wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
    if wide <= most:
        return text
    kept, room = "", most - 1
    for letter in text:
        room -= 2 if ord(letter) > 0x2E80 else 1
        if room < 0:
            break
        kept += letter
    return kept + "…"


def _told(page: Page, node: Mapping[str, Any]) -> str:
    classes, value = page.at("fit", "classes") or [], finite(node.get("value"))
    if value is None:
        return "–"
    if not classes:
        return page.t("fit.node_mean", value=page.fmt.value(value))
    name = classes[node["class"]] if "class" in node else classes[1]
    return f"{_short(str(name), 10)}: {page.fmt.percent(value)}"


def _places(counts: Sequence[float]) -> list[float]:
    """Counts that double stand at even distances."""
    from math import log2

    return [log2(max(float(one), 1.0)) for one in counts]


def _by_count(
    page: Page, title: str, counts: Sequence[Any], lines: Sequence[tuple[str, Sequence[Any], str]], x: str, y: str,
    note: str = "",
) -> Safe:  # fmt: skip
    """Lines over a number that grows by factors."""
    at = _places(counts)
    ticks = [(place, page.fmt.integer(one)) for place, one in zip(at, counts, strict=True)]
    apart = (at[-1] - at[0]) / 9 if at else 1.0
    kept: list[tuple[float, str]] = []
    for place, text in reversed(ticks):
        if not kept or kept[-1][0] - place >= apart:
            kept.append((place, text))
    chart = Chart(
        (at[0] - 0.1, max(at[-1], at[0] + 1) + 0.1), extent(*(values for _, values, _ in lines)),
        y_format=page.fmt.short, x_label=x, y_label=y, x_ticks=kept[::-1],
    )  # fmt: skip
    for kind, values, _ in lines:
        chart.line(at[: len(values)], values, kind)
    return figure(title, chart.svg(title), [(kind, text) for kind, _, text in lines], note)


def out_of_bag(page: Page, told: Mapping[str, Any]) -> Safe:
    """Error on the rows that the trees did not draw, beside that on validation, against the number of trees."""
    points = told["points"]
    lines = [
        ("s2", [one["oob"] for one in points], page.t("fit.oob_line")),
        ("s1", [one["validation"] for one in points], page.t("fit.validation")),
    ]
    note = page.t("fit.oob_note", share=page.fmt.percent(told["drawn"]))
    counts = [one["trees"] for one in points]
    measure = page.name("fit", told["measure"])
    return _by_count(page, page.t("fit.oob"), counts, lines, page.t("fit.trees"), measure, note)


def boosting(page: Page, told: Mapping[str, Any]) -> Safe:
    """Loss by rounds on training and validation, and on validation with other learning rates."""
    rounds, measure = told["rounds"], page.name("fit", told["measure"])
    lines = [("s2", told["train"], page.t("fit.train")), ("s1", told["validation"], page.t("fit.validation"))]
    note = page.t("fit.rate_own", rate=page.fmt.value(told["rate"]))
    first = _by_count(page, page.t("fit.boosting"), rounds, lines, page.t("fit.rounds"), measure, note)
    if not told["others"]:
        return first
    rates = [("s1", told["validation"], page.t("fit.rate", rate=page.fmt.value(told["rate"])))]
    for kind, other in zip(("s2", "s3"), told["others"], strict=False):
        rates.append((kind, other["validation"], page.t("fit.rate", rate=page.fmt.value(other["rate"]))))
    note = page.t("fit.rates_note", n=page.fmt.integer(told["rows"]))
    second = _by_count(page, page.t("fit.rates"), rounds, rates, page.t("fit.rounds"), measure, note)
    return join(first, second)


def along(page: Page, columns: Sequence[Mapping[str, Any]]) -> Safe:
    """The mean of the label by bins of each column."""
    classes = page.at("fit", "classes") or []
    label = page.t("fit.share_of", name=classes[1]) if classes else page.t("fit.mean_of", name=page.at("fit", "label"))
    written = page.fmt.percent if classes else page.fmt.short
    found = []
    for column in columns:
        bins = column["bins"]
        names = [page.t("fit.is_missing") if one["text"] is None else _short(str(one["text"]), 11) for one in bins]
        each = 2 if len(bins) > _MANY and max(map(len, names)) > _CLOSE else 1
        chart = Chart(
            (0.5, len(bins) + 0.5), extent([one["mean"] for one in bins], zero=True), y_format=written, y_label=label,
            x_ticks=[(k + 1.0, name) for k, name in enumerate(names) if k % each == 0],
        )  # fmt: skip
        chart.bars([(k + 0.62, k + 1.38) for k in range(len(bins))], [one["mean"] for one in bins], "s1")
        found.append(figure(str(column["name"]), chart.svg(str(column["name"]))))
    return el("div", found, class_="grid")
