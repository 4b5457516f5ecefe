"""Parts of chapters 2 and 5: vintages, the definition of bad, rejected applicants, segments, fairness.

A run holds them where its plan asks for them; where it does not, each part says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tael.reports.document.told import Told, mapping
from tael.reports.document.tree import Block, Bullets, Cell, Subhead, Table
from tael.reports.formats import NONE, finite

Write = Callable[[Any], str]


def _sentences(told: Told, *path: str) -> list[Block]:
    said = told.texts(*path, "sentences")
    return [Bullets(said)] if said else []


def _limited(told: Told, row: Mapping[str, Any], key: str, write: Write, stem: str | None = None) -> Cell:
    """A value with its interval beneath: columns ``key``, ``key_low`` and ``key_high`` (the stem may be another)."""
    stem = f"{key}_" if stem is None else stem
    return told.interval({"value": row.get(key), "low": row.get(f"{stem}low"), "high": row.get(f"{stem}high")}, write)


def _group(told: Told, name: Any) -> str:
    words = {"(missing)": told("no value", "缺失"), "(other)": told("all others", "其余")}
    return words.get(str(name), str(name)) if name is not None else NONE


def _two(told: Told) -> Write:
    return lambda value: told.fmt.number(value, 2)


def label_backing(told: Told) -> list[Block]:
    """What backs the definition of bad: vintages, and what becomes of those who meet each definition."""
    vintages, rows = _sentences(told, "vintages"), told.rows("bad_definitions", "table")
    if not vintages and not rows:
        return [told.absent("Vintages and roll rates behind the definition of bad", "支持坏样本定义的账龄与滚动率分析")]
    cells: list[tuple[str | Cell, ...]] = []
    for row in rows:
        days, months = told.count(row.get("days_past_due")), told.count(row.get("within"))
        name = told("{d} days late within {m} months", "{m} 个月内逾期 {d} 天", d=days, m=months)
        keys = ("rate", "rolled", "cured", "written_off")
        cells.append((name, *(_limited(told, row, key, told.fmt.percent) for key in keys)))
    heads = (
        told("Definition", "定义"),
        told("Meet it", "符合者"),
        told("Rolled on to {days} days", "滚动至 {days} 天", days=told.plain(told.at("bad_definitions", "worst"))),
        told("Cured", "恢复正常"),
        told("Written off", "核销"),
    )
    table = Table(told("Candidate definitions of bad", "坏样本定义的比较"), heads, tuple(cells), numbers=(1, 2, 3, 4))
    return [
        Subhead(told("Backing of the definition of bad", "坏样本定义的依据")),
        *vintages,
        *_sentences(told, "roll_rates"),
        *_sentences(told, "bad_definitions"),
        *([table] if cells else []),
    ]


def rejects(told: Told) -> list[Block]:
    """The bad rate of all who asked, under each assumption about those declined."""
    rows = told.rows("reject_inference", "methods")
    if not rows:
        return [told.absent("Reject inference", "拒绝推断")]
    percent = told.fmt.percent
    cells = tuple(
        (
            Cell(told.say(row.get("title")) or str(row.get("method") or ""), told.say(row.get("assumes"))),
            _limited(told, row, "bad_rate", percent, ""),
            percent(row.get("rejected_bad_rate")),
            _limited(told, row, "approved_bad_rate", percent, "approved_"),
        )
        for row in rows
    )
    heads = (
        told("Method, and what it assumes", "方法及其假设"),
        told("Bad rate of all who asked", "全部申请人坏样本率"),
        told("Of the rejected", "其中被拒者"),
        told("Of the approved at the cut-off", "分数线下获批者"),
    )
    caption = told("What each assumption about the rejected gives", "关于被拒者的各种假设及其结果")
    return [
        Subhead(told("Reject inference", "拒绝推断")),
        *_sentences(told, "reject_inference"),
        Table(caption, heads, cells, numbers=(1, 2, 3), widths=(3.0, 1.2, 1.0, 1.3)),
    ]


def _weak(told: Told, row: Mapping[str, Any]) -> str:
    words = {
        "ranking": told("ranks worse", "排序较弱"),
        "calibration": told("calibration off", "校准偏离"),
        "both": told("ranks worse, calibration off", "排序较弱且校准偏离"),
    }
    if str(row.get("weak")) in words:
        return words[str(row["weak"])]
    return told("too few to say", "样本过少") if row.get("small") else told("as elsewhere", "与整体一致")


def segments(told: Told) -> list[Block]:
    """Performance by segment with the weak ones named, and what noise in the inputs costs."""
    blocks: list[Block] = []
    for part in told.rows("segments"):
        found = part.get("groups")
        rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
        said = told.sentences(part.get("sentences"))
        cells = tuple(
            (
                _group(told, row.get("group")),
                told.count(row.get("n")),
                _limited(told, row, "rate", told.fmt.percent, ""),
                told.fmt.percent(row.get("mean_p")),
                _limited(told, row, "roc_auc", told.fmt.number),
                _weak(told, row),
            )
            for row in rows
        )
        heads = (
            told("Group", "分组"),
            told("Number", "数量"),
            told("Observed", "实际"),
            told("Forecast", "预测"),
            "ROC AUC",
            told("Reading", "判读"),
        )
        name = told.say(part.get("title")) or str(part.get("name") or NONE)
        caption = told("Performance by {name}", "分群表现：{name}", name=name)
        blocks += [Bullets(said)] if said else []
        blocks += [Table(caption, heads, cells, numbers=(1, 2, 3, 4))] if cells else []
    return [*(blocks or [told.absent("Performance by segment", "分群表现")]), *_noise(told)]


def _not_minus_nothing(value: Any) -> float | None:
    """A number of which less than half of the third digit is nothing, and never "minus nothing"."""
    number = finite(value)
    return 0.0 if number is not None and abs(number) < 0.0005 else number


def _noise(told: Told) -> list[Block]:
    rows = told.rows("robustness", "table")
    if not rows:
        return []
    cells = tuple(
        (
            told("numbers shaken by {size}", "数值扰动 {size}", size=told.fmt.percent(row.get("size"), 0))
            if row.get("noise") == "jitter"
            else told("{size} of the cells missing", "{size} 的单元格缺失", size=told.fmt.percent(row.get("size"), 0)),
            told.fmt.number(row.get("roc_auc")),
            told.fmt.number(_not_minus_nothing(row.get("loss"))),
        )
        for row in rows
    )
    heads = (told("Noise", "噪声"), "ROC AUC", told("Loss", "损失"))
    return [Table(told("What noise in the inputs costs", "输入噪声的影响"), heads, cells, numbers=(1, 2))]


def fairness(told: Told) -> list[Block]:
    """Decisions by group of a protected attribute, and the features that speak of it. Figures, no verdict."""
    blocks: list[Block] = []
    for part in told.rows("fairness"):
        name = told.say(part.get("title")) or str(part.get("attribute") or NONE)
        said = told.sentences(part.get("sentences"))
        blocks += [Bullets(said)] if said else []
        found, reference = part.get("groups"), str(part.get("reference") or NONE)
        rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
        heads = (
            told("Group", "分组"),
            told("Number", "数量"),
            told("Share selected", "入选比例"),
            told("Ratio to {reference}", "与 {reference} 之比", reference=_group(told, reference)),
        )
        cells = tuple(
            (
                Cell(_group(told, row.get("group")), told("few rows", "样本过少") if row.get("small") else ""),
                told.count(row.get("n")),
                _limited(told, row, "selection_rate", told.fmt.percent),
                _limited(told, row, "impact_ratio", _two(told)),
            )
            for row in rows
        )
        caption = told("Decisions by {name}", "按 {name} 的决策", name=name)
        blocks += [Table(caption, heads, cells, numbers=(1, 2, 3))] if cells else []
        blocks += _proxies(told, mapping(part.get("proxies")), name)
    if not blocks:
        return [told.absent("Decisions by protected group, and proxies", "按受保护属性的决策与代理变量分析")]
    return [Subhead(told("Fairness and proxies", "公平性与代理变量")), *blocks]


def _feature(told: Told, row: Mapping[str, Any]) -> Cell:
    words, name = told.say(row.get("words")), str(row.get("feature") or NONE)
    return Cell(words, name, code=True) if words else Cell(name)


def _proxies(told: Told, found: Mapping[str, Any], name: str) -> list[Block]:
    rows = found.get("features")
    listed = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    listed = sorted(listed, key=lambda row: -(finite(row.get("attribute_auc")) or 0.0))[:10]
    cells = tuple(
        (
            Cell(
                told.say(row.get("words")) or str(row.get("feature") or NONE), str(row.get("feature") or ""), code=True
            ),
            _limited(told, row, "attribute_auc", told.fmt.number),
            told.fmt.percent(row.get("score_share")),
        )
        for row in listed
    )
    heads = (
        told("Feature", "特征"),
        told("AUC for the attribute", "对该属性的 AUC"),
        told("Share of the score", "评分占比"),
    )
    caption = told("Features that speak of {name}", "与 {name} 相关的特征", name=name)
    return [Table(caption, heads, cells, numbers=(1, 2), widths=(3.4, 1.2, 1.0))] if cells else []
