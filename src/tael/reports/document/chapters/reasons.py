"""Chapter 7: how a decision is explained to whom it concerns, and how a person looks at a case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tael.reports.context import total
from tael.reports.cutoff import refers
from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Paragraph, Subhead, Table
from tael.reports.formats import NONE, finite

ID = "reasons"
TITLE = ("Explanations and review by a person", "解释与人工复核")


def _effect(told: Told, contribution: Any) -> str:
    value = finite(contribution)
    if value is None:
        return NONE
    factor = told.fmt.number(math.exp(min(abs(value), 700.0)), 2)
    if abs(value) < 0.005:
        return told.t("reasons.none")
    return told.t("reasons.up" if value > 0 else "reasons.down", factor=factor)


def _sample(told: Told, sample: Mapping[str, Any]) -> Table:
    found = sample.get("reasons")
    reasons = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    cells = tuple(
        (
            told.say(row.get("words")) or str(row.get("feature") or ""),
            told.plain(row.get("value")),
            told.plain(row.get("typical")),
            _effect(told, row.get("contribution")),
        )
        for row in reasons
    )
    decision = told.decided(sample.get("decision") or NONE)
    caption = told(
        "{decision}: case {id}, probability {p}",
        "{decision}：案例 {id}，概率 {p}",
        decision=decision,
        id=str(sample.get("id") or NONE),
        p=told.fmt.percent(sample.get("probability")),
    )
    heads = tuple(told.t(f"reasons.{k}") for k in ("reason", "value", "typical", "push"))
    return Table(caption, heads, cells or ((told.t("reasons.alike"), "", "", ""),), widths=(3.0, 1.0, 1.1, 1.2))


def _review(told: Told) -> list[Block]:
    band, refer = refers(told), told.at("decision", "counts", "refer")
    everyone = total(told.pairs("decision", "counts").values())
    if band is None:
        return [Paragraph(told.t("missing.refer"), "absent")]
    said = told.t("strategy.refer", low=told.fmt.percent(band[0]), high=told.fmt.percent(band[1]))
    share = finite(refer)
    if share is not None and everyone:
        said += told(
            " That is {n} of {all} cases in the part on which decisions are counted.",
            "在统计决策的样本中为 {all} 件中的 {n} 件。",
            n=told.count(refer),
            all=told.count(everyone),
        )
    return [Paragraph(said)]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    samples = told.rows("samples")
    return known(
        Paragraph(
            told(
                "The score is a sum of contributions, one for each feature, so reasons add up to the score that was "
                "used. A reason compares the person with those whom the policy favoured on the validation part: it "
                "says what would have to be different.",
                "评分是各特征贡献之和，因此理由与实际使用的评分完全一致。"
                "每条理由将当事人与验证集上策略所选中者比较，说明需要有哪些不同。",
            )
        )
        if samples
        else told.absent("Explanations of single decisions", "单个决策的解释"),
        Subhead(told("Examples", "示例")) if samples else None,
        *(_sample(told, sample) for sample in samples),
        told.gap(
            "compliance",
            "The reasons as they are told to an applicant: the approved wording of each feature, and which may not be "
            "told.",
            "告知申请人的理由：各特征经批准的表述，以及不宜告知的特征。",
        ),
        Subhead(told("Review by a person", "人工复核")),
        *_review(told),
        told.gap(
            "operations",
            "Who reviews the cases that are referred, with which information and authority, within which time, and how "
            "overrides are recorded with their reasons.",
            "转人工案件由谁复核、可查看哪些信息、有何权限、时限多长，以及如何记录推翻模型结论的原因。",
        ),
        told.gap(
            "operations",
            "How a person asks for an explanation, or for a decision that is not made by the program alone, and who "
            "answers.",
            "当事人如何要求说明或要求不仅由程序作出决定，由谁答复。",
        ),
    )
