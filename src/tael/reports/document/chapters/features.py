"""Chapter 3: each feature in words and as a formula, what it is worth, and what no feature may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Cell, Paragraph, Subhead, Table
from tael.reports.formats import NONE, finite

ID = "features"
TITLE = ("Features", "特征")


def direction(told: Told, value: Any) -> str:
    """Which way the forecast goes as the feature rises."""
    number = finite(value)
    if number is None or number == 0:
        return NONE
    return told("rises", "上升") if number > 0 else told("falls", "下降")


def _row(told: Told, rank: int, row: Mapping[str, Any]) -> tuple[str | Cell, ...]:
    fmt, name = told.fmt, str(row.get("name") or "")
    words = told.say(row.get("words")) or name
    if row.get("forced"):
        words += told(" (stated, not found)", "（指定，非搜索所得）")
    return (
        str(rank),
        Cell(words, str(row.get("formula") or name), code=True),
        fmt.percent(row.get("share")),
        fmt.number(row.get("stability"), 2),
        fmt.percent(row.get("coverage"), 0),
        direction(told, row.get("direction")),
    )


def _table(told: Told) -> list[Block]:
    rows = told.rows("features")
    if not rows:
        return [told.absent("A list of features", "特征清单")]
    heads = (
        "#",
        told.t("features.feature"),
        told.t("features.gain"),
        told.t("features.stability"),
        told.t("features.coverage"),
        told("As it rises, the risk", "特征升高时风险"),
    )
    return [
        Paragraph(
            told(
                "Agreement over time compares the halves of the training period: 1 means that both say the same. The "
                "last column is what the training sample shows on the whole, not a constraint.",
                "跨期一致性比较训练期前后两半：1 表示两者一致。末列为训练样本的总体表现，并非约束。",
            ),
            "note",
        ),
        Table(
            told("All {n} features", "全部 {n} 个特征", n=len(rows)),
            heads,
            tuple(_row(told, k, row) for k, row in enumerate(rows, 1)),
            numbers=(0, 2, 3, 4),
            widths=(0.45, 3.9, 0.8, 1.15, 0.8, 0.95),
        ),
    ]


def _search(told: Told) -> list[Block]:
    search = told.pairs("search")
    if not search:
        return [told.absent("A record of the search", "特征搜索记录")]
    chance = told.pairs("search", "chance")
    number = told.fmt.number
    facts = told.facts(
        told("The search for features", "特征搜索"),
        [
            (told.t("search.candidates"), search.get("candidates")),
            (told.t("search.kept"), search.get("kept")),
            (told("Best score", "最高得分"), number(chance.get("best"), 2)),
            (
                told("Best score by chance, labels shuffled", "打乱标签后的最高得分"),
                number(chance.get("best_by_chance"), 2),
            ),
            (told("Score that chance seldom reaches", "偶然难以达到的得分"), number(chance.get("needed"), 2)),
        ],
    )
    dropped = sorted(told.pairs("search", "dropped").items(), key=lambda item: -(finite(item[1]) or 0.0))
    cells = tuple((told.name("dropped", why), told.count(n)) for why, n in dropped)
    return known(
        Paragraph(told.t("features.search_text")),
        facts,
        Table(
            told.t("search.dropped"), (told.t("search.why"), told.t("search.n")), cells, numbers=(1,), widths=(3.0, 1.0)
        )
        if cells
        else None,
    )


def _rules(told: Told) -> list[Block]:
    forbidden = told.at("scenario", "config", "features", "forbid")
    directions = told.pairs("scenario", "config", "model", "monotone")
    named = told.plain(forbidden) if isinstance(forbidden, (list, tuple)) and forbidden else ""
    if named:
        said = told("No formula may name: {names}.", "公式中不得使用：{names}。", names=named)
    else:
        said = told("The plan forbids no column by name.", "方案未按名称禁用任何列。")
    cells = tuple((name, direction(told, sign)) for name, sign in directions.items())
    heads = (told.t("features.feature"), told("As it rises, the risk", "特征升高时风险"))
    return known(
        Paragraph(said),
        Table(told("Directions that the plan states", "方案设定的方向"), heads, cells, widths=(4.0, 1.0))
        if cells
        else Paragraph(told("The plan states no direction for a feature.", "方案未设定特征方向。")),
        told.gap(
            "developer",
            "For the strongest features: the business reason for what they show, and which direction is expected.",
            "对最强特征：其业务含义与预期方向。",
        ),
        told.gap(
            "compliance",
            "That no feature is, or stands in for, a characteristic that must not be used; how this was tested.",
            "确认没有特征属于或替代不得使用的属性，并说明检验方法。",
        ),
    )


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    return [
        Paragraph(
            told(
                "Each feature is a formula that looks back from the moment of the decision. A row counts only if it "
                "happened and was known strictly before that moment; a column that becomes known later reads as "
                "missing "
                "until then. The program enforces this for every formula; nothing that was fitted saw a row outside "
                "training.",
                "每个特征都是从决策时点向前回看的公式。只有在该时点之前发生且已知的行才计入；"
                "较晚才知的列在此之前视为缺失。"
                "程序对每个公式强制执行此规则；拟合所用的量均未见过训练集以外的行。",
            )
        ),
        Subhead(told("The features", "特征清单")),
        *_table(told),
        Subhead(told("What no feature may use", "特征的限制")),
        *_rules(told),
        Subhead(told("How they were found", "特征的搜索过程")),
        *_search(told),
    ]
