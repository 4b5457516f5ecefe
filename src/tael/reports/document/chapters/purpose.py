"""Chapter 1: what the model is for, who uses it, and how much depends on it."""

from __future__ import annotations

from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Paragraph, Subhead, Table
from tael.reports.formats import finite

ID = "purpose"
TITLE = ("Purpose, use and users", "目的、用途与使用者")

MANY, SOME = 100_000, 10_000
"""Decisions a year from which the proposal calls their number high, and medium."""
LEVELS = (("low", "低"), ("medium", "中"), ("high", "高"))
MONTHS, WEEKS = 12, 365.25 / 7


def decisions_a_year(told: Told) -> float | None:
    """How many observations a year of the run's own data holds, those left out included; None where it is not known."""
    periods = told.rows("observations", "by_period")
    n = finite(told.at("observations", "n"))
    if not periods or n is None:
        return None
    excluded = sum(finite(row.get("n")) or 0.0 for row in told.rows("observations", "excluded"))
    each = WEEKS if told.at("observations", "period") == "week" else MONTHS
    return (n + excluded) / (len(periods) / each)


def levels(told: Told) -> list[tuple[str, str, int | None, str]]:
    """The inputs of the tier: name, what the run says, level (0 to 2, None: not known), and the rule."""
    a_year = decisions_a_year(told)
    kind = str(told.at("decision", "kind") or "")
    credit = kind == "approval"
    purpose = {
        "approval": told("grants or declines credit to persons or firms", "决定是否向个人或企业授信"),
        "options": told("chooses an offer, a limit, a channel or a treatment", "选择产品、额度、渠道或处置方式"),
    }.get(kind, "")
    return [
        (
            told("Purpose: what the decision does to whom it meets", "用途：决策对当事人的影响"),
            purpose or told("not stated in the run", "本次运行未说明"),
            2 if credit else 1 if kind else None,
            told("granting credit: high; any other decision: medium", "授信决策为高；其他决策为中"),
        ),
        (
            told("Number of decisions a year, as in the data of this run", "年决策笔数（按本次运行的数据估算）"),
            told("about {n}", "约 {n}", n=told.count(a_year)) if a_year is not None else told("not known", "未知"),
            None if a_year is None else 2 if a_year >= MANY else 1 if a_year >= SOME else 0,
            told(
                "from {many}: high; from {some}: medium; fewer: low",
                "{many} 及以上为高；{some} 及以上为中；其余为低",
                many=told.count(MANY),
                some=told.count(SOME),
            ),
        ),
        (
            told("Exposure: amounts decided on a year", "敞口：年决策金额"),
            told("not in the run: to be written below", "本次运行无此数据，见下方待填写项"),
            None,
            told("the bank's own limits", "以本行标准为准"),
        ),
    ]


def _tier(told: Told) -> list[Block]:
    found = levels(told)
    reached = max((level for _, _, level, _ in found if level is not None), default=None)
    names = [told(*pair) for pair in LEVELS]
    rows = tuple(
        (name, said, rule, names[level] if level is not None else told("not known", "未知"))
        for name, said, level, rule in found
    )
    if reached is None:
        proposal = told("No tier can be proposed: the run does not hold its inputs.", "无法建议分级：缺少所需信息。")
    else:
        proposal = told(
            "Proposal: tier {tier} ({level} materiality). The highest input that is known decides; one that is not "
            "known "
            "can only raise the tier.",
            "建议：第 {tier} 级（重要性：{level}）。以已知各项中的最高者为准；未知项只可能使分级提高。",
            tier=3 - reached,
            level=names[reached],
        )
    return [
        Subhead(told("Tier by materiality", "按重要性分级")),
        Paragraph(
            told(
                "The tier sets how deep validation goes and how close monitoring is. The limits below are a proposal "
                "of "
                "the program that wrote this document, not of any supervisor: the bank's policy takes their place.",
                "分级决定验证的深度与监测的密度。下列界限由生成本文档的程序提出，并非任何监管机构的规定，"
                "应以本行制度为准。",
            )
        ),
        Table(
            told("Inputs of the tier, and the proposal's rule", "分级依据与建议规则"),
            (told("Input", "依据"), told("In this run", "本次运行"), told("Rule", "规则"), told("Level", "等级")),
            rows,
            widths=(2.0, 1.6, 1.8, 0.7),
        ),
        Paragraph(proposal, "lead"),
        told.gap(
            "risk",
            "The exposure a year (amounts granted, outstanding balance), the tier by the bank's own policy, and who "
            "confirmed it on which day.",
            "年敞口（放款金额、余额）、按本行制度确定的分级，以及确认人和确认日期。",
        ),
    ]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    question, label = told.say(told.at("scenario", "question")), told.say(told.at("scenario", "label_words"))
    formula = str(told.at("scenario", "label_formula") or "")
    entity = told.say(told.at("observations", "entity_title")) or str(told.at("observations", "entity") or "")
    first, last = _span(told)
    facts = told.facts(
        told("What the run says of the model", "本次运行对模型的记录"),
        [
            (told("Scenario", "场景"), told.at("scenario", "name")),
            (told("Decided for each of", "决策对象"), entity),
            (told("Moment of the decision", "决策时点"), told.at("observations", "cutoff")),
            (told("What is foretold", "预测目标"), label),
            (told("The same as a formula", "对应公式"), formula if formula != label else ""),
            (told("Kind of decision", "决策类型"), told.at("decision", "kind")),
            (told("Observations from, to", "样本时间范围"), " – ".join(filter(None, (first, last)))),
        ],
    )
    return known(
        Paragraph(question, "lead") if question and question != formula else None,
        facts or told.absent("A description of the model", "模型说明"),
        told.gap(
            "owner",
            "The business purpose, the decisions that the model supports, the products, channels and regions that it "
            "is "
            "for, and the uses that are not allowed.",
            "业务目的、模型所支持的决策、适用的产品、渠道与地区，以及不允许的用途。",
        ),
        told.gap(
            "owner",
            "The users and what each does with the result; the systems that feed the model and those that read it.",
            "使用者及其如何使用模型结果；为模型提供数据的系统和读取模型结果的系统。",
        ),
        *_tier(told),
    )


def _span(told: Told) -> tuple[str, str]:
    """First and last day of the parts of the sample."""
    parts = [part for part in told.pairs("split", "parts").values() if isinstance(part, dict)]
    first = min((str(part["first"]) for part in parts if part.get("first")), default="")
    last = max((str(part["last"]) for part in parts if part.get("last")), default="")
    return first, last
