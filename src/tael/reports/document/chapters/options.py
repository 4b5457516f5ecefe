"""Part of chapter 6: a decision among options, who gets which, and what each limit costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.document.told import Told, known, open_table
from tael.reports.document.tree import Axis, Block, Cell, Paragraph, Picture, Series, Table
from tael.reports.formats import finite

SHOWN = 12
"""Options of which each has a row; a grid of limits has dozens."""
OPEN = {
    "resources": ("Resources and their budgets", "资源与预算"),
    "budgets": ("Budgets", "预算"),
    "shadow_prices": ("Shadow prices: what one more unit of each limit is worth", "影子价格：各约束再放宽一单位的价值"),
    "groups": ("Groups", "分组"),
}
"""Lists that a run may hold in a form that is not known here."""


def _options(told: Told) -> Block | None:
    rows = told.rows("decision", "options")
    if not rows:
        return None
    fmt, cells = told.fmt, []
    ranked = sorted(rows, key=lambda row: -(finite(row.get("n")) or 0.0))[:SHOWN]
    for row in (row for row in rows if row in ranked):
        title = told.say(row.get("title")) or str(row.get("option") or row.get("name") or "")
        words = told.say(row.get("where_words")) or str(row.get("where") or "")
        cells.append(
            (
                Cell(title, told("only where: {words}", "仅限：{words}", words=words) if words else ""),
                told.say(row.get("words")) or told.plain(row.get("formula")),
                fmt.integer(row.get("eligible")),
                Cell(fmt.integer(row.get("n")), fmt.percent(row.get("share"))),
                Cell(fmt.money(row.get("value")), fmt.money(row.get("value_each"))),
            )
        )
    heads = (
        told("Option", "选项"),
        told("What it is worth", "价值"),
        told("May get it", "符合条件"),
        told("Get it", "获得人数"),
        told("Expected worth, each below", "预期价值（下行为户均）"),
    )
    caption = told("Options, and who got them", "各选项及其分配")
    if len(rows) > len(cells):
        caption += told(
            " (the {n} most given of {all})", "（{all} 个中分配最多的 {n} 个）", n=len(cells), all=len(rows)
        )
    return Table(caption, heads, tuple(cells), numbers=(2, 3, 4), widths=(1.7, 2.2, 0.8, 0.8, 1.3))


def limits_table(told: Told) -> Block | None:
    """What each limit allows, how much of it is used, and its shadow price; None where the run lists no such."""
    rows = told.rows("decision", "limits")
    if not rows:
        return None
    fmt = told.fmt
    cells = tuple(
        (
            Cell(str(row.get("constraint") or row.get("name") or ""), told.plain(row.get("kind"))),
            fmt.value(row.get("use")),
            " / ".join(fmt.value(row[end]) for end in ("lower", "upper") if finite(row.get(end)) is not None),
            fmt.value(row.get("slack")),
            Cell(fmt.value(row.get("shadow_price")), told.say(row.get("unit"))),
        )
        for row in rows
    )
    heads = (
        told("Limit", "约束"),
        told("Used", "已用"),
        told("Bounds", "上下限"),
        told("Room left", "余量"),
        told("One more unit is worth", "再放宽一单位的价值"),
    )
    caption = told("Limits and their shadow prices", "约束与影子价格")
    return Table(caption, heads, cells, numbers=(1, 2, 3, 4), widths=(2.0, 1.0, 1.2, 1.0, 1.3))


def _curves(told: Told) -> list[Block]:
    """What more or less of each limit would be worth."""
    series, colours = [], ("s1", "s2", "s3", "grey")
    for row, colour in zip(told.rows("decision", "curves"), colours, strict=False):
        xs, ys = row.get("factor"), row.get("value")
        if isinstance(xs, list) and isinstance(ys, list) and len(xs) == len(ys) > 1:
            name = str(row.get("constraint") or "")
            series.append(Series(name, tuple(map(finite, xs)), tuple(map(finite, ys)), colour=colour))
    numbers = [v for one in series for v in one.ys if v is not None]
    places = [v for one in series for v in one.xs if v is not None]
    if not numbers or not places:
        return []
    divisor, unit = told.fmt.scale(numbers)
    scaled = tuple(
        Series(one.name, one.xs, tuple(None if v is None else v / divisor for v in one.ys), colour=one.colour)
        for one in series
    )
    low, high = min(*numbers, 0.0) / divisor, max(numbers) / divisor
    x = Axis(told("Limit, as a share of what was stated", "约束与设定值之比"), 0.0, max(places))
    y = Axis(told("Worth", "价值") + (f" ({unit})" if unit else ""), low, high if high > low else low + 1.0, "number")
    return [Picture(told("What a tighter or looser limit is worth", "约束收紧或放宽的价值"), x, y, scaled)]


def _open(told: Told) -> list[Block]:
    made: list[Block] = []
    for key, (en, zh) in OPEN.items():
        value: Any = told.at("decision", key)
        if isinstance(value, Mapping):
            value = [{"name": name, "value": one} for name, one in value.items()]
        rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        if rows:
            made.append(open_table(told, told(en, zh), rows))
    return made


def options_blocks(told: Told) -> list[Block]:
    """What a decision among options says of itself, whichever of its lists are there."""
    gap, holdout = finite(told.at("decision", "gap")), finite(told.at("decision", "holdout"))
    sure = (
        told(
            "At most {share} of the worth is lost to the best that there can be.",
            "与可能的最优相比，价值损失至多 {share}。",
            share=told.fmt.percent(gap, 3),
        )
        if gap is not None
        else ""
    )
    kept = (
        told(
            "{share} of the customers, drawn by a hash of the key, get nothing, so that the effect can be measured.",
            "按主键哈希抽取的 {share} 客户不施策，以便度量效果。",
            share=told.fmt.percent(holdout),
        )
        if holdout
        else ""
    )
    return known(
        _options(told),
        limits_table(told) or told.absent("Limits with shadow prices", "带影子价格的约束"),
        Paragraph(sure) if sure else None,
        *_curves(told),
        *_open(told),
        Paragraph(kept) if kept else None,
    )
