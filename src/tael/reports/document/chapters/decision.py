"""Chapter 6: what is decided on the forecast, under which limits and assumptions, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import extent, thin
from tael.reports.context import policy_part
from tael.reports.cutoff import refers, strategy_of
from tael.reports.document.chapters.options import options_blocks
from tael.reports.document.told import Told, known
from tael.reports.document.tree import Axis, Block, Cell, Code, Paragraph, Picture, Series, Subhead, Table
from tael.reports.formats import finite

ID = "decision"
TITLE = ("Decision and its value", "决策及其价值")
POINTS = 60
CORNERS = ("both_approve", "swap_in", "swap_out", "both_decline")


def _rule(told: Told) -> list[Block]:
    fmt = told.fmt
    message, binding = told.say(told.at("decision", "message")), told.say(told.at("decision", "binding"))
    cutoff, band = finite(told.at("decision", "cutoff")), refers(told)
    approval = str(told.at("decision", "kind") or "approval") == "approval"
    blocks: list[Any] = [Paragraph(message, "lead") if message else None, Paragraph(binding) if binding else None]
    if approval:
        key = "strategy.rule_band" if band else "strategy.rule"
        rule = told.t(key, cutoff=fmt.percent(cutoff)) if cutoff is not None else told.t("missing.nobody")
        refer = told.t("strategy.refer", low=fmt.percent(band[0]), high=fmt.percent(band[1])) if band else ""
        blocks += [Paragraph(rule), Paragraph(refer or told.t("missing.refer"))]
    return known(*blocks, _counts(told), _limits(told) if approval else None)


def _counts(told: Told) -> Table | None:
    counts = {name: n for name, n in told.pairs("decision", "counts").items() if finite(n) is not None}
    everyone = sum(counts.values())
    if not everyone:
        return None
    cells = tuple((told.decided(name), told.count(n), told.fmt.percent(n / everyone)) for name, n in counts.items())
    part = policy_part(told)
    caption = told("Decisions", "决策结果") + (f" · {part}" if part else "")
    heads = (told("Decision", "决策"), told("Number", "数量"), told("Share", "占比"))
    return Table(caption, heads, cells, numbers=(1, 2), widths=(2.0, 1.0, 1.0))


def _limits(told: Told) -> Block:
    rows = []
    for name, value in told.pairs("decision", "limits").items():
        if isinstance(value, Mapping):
            rows += [(f"{told.name('limit', name)} · {group}", _bound(told, name, cap)) for group, cap in value.items()]
        elif value is not None:
            rows.append((told.name("limit", name), _bound(told, name, value)))
    if not rows:
        return Paragraph(told("The plan sets no limit.", "方案未设定约束。"))
    heads = (told("Limit", "约束"), told("Value", "取值"))
    return Table(told("Limits that had to hold", "必须满足的约束"), heads, tuple(rows), numbers=(1,), widths=(3.0, 1.0))


def _bound(told: Told, name: str, value: Any) -> str:
    number = finite(value)
    share = number is not None and number <= 1 and any(word in name for word in ("rate", "approval", "caps"))
    return told.fmt.percent(value) if share else told.plain(value)


def _economics(told: Told) -> list[Block]:
    if not told.at("decision", "economics"):
        return [told.absent("The economics of the decision", "决策的经济假设")]
    text, formula = told.say(told.at("decision", "economics", "text")), told.at("decision", "economics", "formula")
    cells, assumed = [], 0
    for row in told.rows("decision", "economics", "parameters"):
        mark = bool(row.get("assumed"))
        assumed += mark
        title, name = told.say(row.get("title")) or str(row.get("name") or ""), str(row.get("name") or "")
        source = told("assumed", "默认假设") if mark else told("the plan", "方案")
        cells.append((Cell(title, name, code=True), told.plain(row.get("value")), told.unit(row.get("unit")), source))
    heads = (*(told.t(f"economics.{k}") for k in ("parameter", "value", "unit")), told("Stated by", "出处"))
    said = told(
        "{n} of {all} assumptions are assumed: the plan does not state them.",
        "{all} 项假设中有 {n} 项为程序默认值，方案未给出。",
        n=assumed,
        all=len(cells),
    )
    return known(
        Paragraph(text) if text else None,
        Code(str(formula)) if formula else None,
        Table(told.t("economics.parameters"), heads, tuple(cells), widths=(2.4, 1.9, 0.9, 0.9)) if cells else None,
        Paragraph(said, "alert" if assumed else "plain") if cells else None,
        told.gap(
            "risk",
            "The source of each assumption (loss given default, exposure, margin, costs), who approved it, and how the "
            "decision changes when it is a fifth worse.",
            "各项假设（违约损失率、敞口、毛利、成本）的来源与批准人，以及其恶化五分之一时决策如何变化。",
        ),
    )


def _pictures(told: Told) -> list[Block]:
    found = strategy_of(told)
    if found is None:
        return [told.absent("A strategy curve", "策略曲线")]
    keep = sorted({*thin(len(found.columns["approval"]), POINTS), found.start})
    data = {name: tuple(finite(values[k]) for k in keep) for name, values in found.columns.items()}
    x = Axis(told("Share approved", "批准率"), 0.0, 1.0)
    divisor, unit = told.fmt.scale((*data["profit"], *data["realised"]))
    money = [
        Series(
            told.t(f"strategy.{label}"),
            data["approval"],
            tuple(v if v is None else v / divisor for v in data[name]),
            colour=colour,
        )
        for name, label, colour in (("profit", "profit", "s1"), ("realised", "realised", "s2"))
        if any(v is not None for v in data[name])
    ]
    low, high = extent(*(one.ys for one in money), zero=True)
    if found.chosen:
        at = finite(found.columns["approval"][found.start])
        money.append(Series(told.t("strategy.chosen"), (at, at), (low, high), "dashed", "grey"))
    label = told("Profit", "利润") + (f" ({unit})" if unit else "")
    profit = Picture(told.t("strategy.profit_curve"), x, Axis(label, low, high, "number"), tuple(money))
    rates = [
        Series(told.t(f"strategy.{name}"), data["approval"], data[name], colour=colour)
        for name, colour in (("bad_rate", "s1"), ("observed_bad_rate", "s2"), ("marginal_bad_rate", "grey"))
        if any(v is not None for v in data[name])
    ]
    if not rates:
        return [profit]
    _, top = extent(*(one.ys for one in rates), zero=True)
    rate = Picture(told.t("strategy.rate_curve"), x, Axis(told.t("strategy.rate"), 0.0, top), tuple(rates))
    return [profit, rate]


def _values(told: Told) -> list[Block]:
    rows = told.rows("decision", "values")
    if not rows:
        return [told.absent("The value of the decision against today's rule", "与现行规则相比的决策价值")]
    approval = any("approval" in row for row in rows)
    realised = any(row.get("profit_realised") for row in rows)
    behind = any(row.get("behind") for row in rows)
    cells = []
    for row in rows:
        expected = row.get("profit_expected") or (None if realised else row.get("profit") or row.get("value"))
        line: list[str | Cell] = [told.say(row.get("policy") or row.get("title") or row.get("name"))]
        line += [told.fmt.percent(row.get("approval" if approval else "treated"))]
        line += [told.fmt.percent(row.get("bad_rate"))] if approval else []
        line += [told.money(expected)]
        line += [told.money(row.get("profit_realised"))] if realised else []
        line += [told.money(row.get("behind"))] if behind else []
        cells.append(tuple(line))
    heads = [
        told.t("strategy.policy"),
        *(
            [told.t("strategy.approval"), told.t("strategy.policy_bad_rate")]
            if approval
            else [told("Share that gets anything", "施策占比")]
        ),
        told.t("strategy.profit") if approval else told("Expected worth", "预期价值"),
        *(
            [told.t("strategy.realised") if approval else told("Worth by what came", "按实际结果的价值")]
            if realised
            else []
        ),
        *([told("The chosen rule is ahead by", "所选策略领先")] if behind else []),
    ]
    part, note = policy_part(told), told.say(told.at("decision", "values_note"))
    caption = told.t("strategy.policies") + (f" · {part}" if part else "")
    wide = (2.0, 1.0, *((1.0,) if approval else ()), *(1.5 for _ in heads[3 if approval else 2 :]))
    numbers = tuple(range(1, len(heads)))
    alone = told(
        "Each interval is of one policy by itself. The policies share the same rows, so overlapping intervals do not "
        "mean "
        "that they cannot be told apart.",
        "各区间仅针对单个策略。各策略基于同一批样本，区间重叠并不意味着无法区分。",
    )
    return known(
        Table(caption, tuple(heads), tuple(cells), numbers=numbers, widths=wide),
        Paragraph(_ahead(told, rows)) if not behind and _ahead(told, rows) else None,
        Paragraph(alone, "note") if not behind else None,
        Paragraph(note, "note") if note else None,
    )


def _ahead(told: Told, rows: list[Mapping[str, Any]]) -> str:
    """How far the first policy, the chosen one, is ahead of today's rule; empty where the run compares no such."""
    today = next((row for row in rows[1:] if _english(row.get("policy")) == "today's rule"), None)
    mine, other = (finite(_value(row.get("profit"))) if row else None for row in (rows[0], today))
    if mine is None or other is None:
        return ""
    return told(
        "The chosen policy is worth {more} more than today's rule on these rows; the interval of this difference is "
        "not "
        "part of the run.",
        "在这批样本上，所选策略比现行规则多 {more}；该差额的区间不在本次运行范围内。",
        more=told.fmt.money(mine - other),
    )


def _english(text: Any) -> str:
    return str(text.get("en") or "") if isinstance(text, Mapping) else str(text or "")


def _value(cell: Any) -> Any:
    return cell.get("value") if isinstance(cell, Mapping) else cell


def _swap(told: Told) -> list[Block]:
    cells = []
    for corner in CORNERS:
        one = told.pairs("decision", "swap_set", corner)
        if one:
            cells.append(
                (
                    told.t(f"swap.{corner}"),
                    told.count(one.get("n")),
                    told.fmt.percent(one.get("bad_rate")),
                    told.fmt.money(one.get("profit")),
                )
            )
    if not cells:
        return [told.absent("A swap set against today's rule", "与现行规则的换入换出分析")]
    heads = (told("Cell", "分组"), told("Number", "数量"), told.t("observations.rate"), told("Profit", "利润"))
    return [
        Paragraph(told.t("swap.read")),
        Table(told.t("swap.title"), heads, tuple(cells), numbers=(1, 2, 3), widths=(2.0, 1.0, 1.2, 1.4)),
    ]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    if not told.pairs("decision"):
        return [
            told.absent("A decision", "决策"),
            told.gap(
                "owner",
                "What is decided on the forecast, by whom, and under which limits.",
                "依据预测作何决策、由谁作出、受何约束。",
            ),
        ]
    approval = str(told.at("decision", "kind") or "approval") == "approval"
    shown = [
        Subhead(told.t("section.strategy") if approval else told("Options and shadow prices", "选项与影子价格")),
        *(_pictures(told) if approval else options_blocks(told)),
    ]
    return [
        Subhead(told("The rule", "决策规则")),
        *_rule(told),
        Subhead(told.t("section.economics")),
        *_economics(told),
        *shown,
        Subhead(told.t("strategy.policies")),
        *_values(told),
        *([Subhead(told.t("swap.title")), *_swap(told)] if approval else []),
        told.gap(
            "committee",
            "The strategy that was adopted (it may differ from what the run proposes), and why.",
            "实际采用的策略（可与本次运行的建议不同）及理由。",
        ),
    ]
