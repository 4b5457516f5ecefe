"""The same for gangs: whether the reports pay, beat today's rule, which typologies are missed, and what is not said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.typologies import typology_name

Said = dict[str, str]
FEW = 20
"""True gangs below which shares say little."""


def is_gangs(content: Mapping[str, Any]) -> bool:
    """Whether the decision of a run is a queue of gangs."""
    return bool(content["decision"].get("kind") == "gangs")


def worries(content: Mapping[str, Any]) -> list[Said]:
    """Reports that may lose money, are not surely ahead of other ways to look, or miss a typology; few gangs."""
    decision, out = content["decision"], []
    values, gangs = decision["values"], decision["gangs"]
    found, worth = values[0]["found"], values[0]["profit_realised"]
    if gangs["chosen_on"] == "stated":
        out.append(
            _say(
                "The settings of the search are those of the scenario: they leave no choice, or validation holds no "
                "known gang to choose by.",
                "搜索参数沿用场景设定：没有可选项，或验证样本中没有已知团伙可供选择。",
            )
        )
    if not found["gangs"]:
        out.append(
            _say(
                "No gang came out in the out-of-time period: nothing can be said of how many are found.",
                "跨期测试集中没有查明的团伙：无法评价查获情况。",
            )
        )
    elif found["gangs"] < FEW:
        out.append(
            _say(
                f"Only {found['gangs']} gangs came out in the out-of-time period: shares of them are rough.",
                f"跨期测试集中仅有 {found['gangs']} 个查明的团伙：相关比例较粗略。",
            )
        )
    if found["reports"] and worth["low"] <= 0:
        told = f"{worth['value']:,.0f} [{worth['low']:,.0f}, {worth['high']:,.0f}]"
        out.append(
            _say(f"The reports may not pay for their reviews: worth {told}.", f"上报未必能覆盖核查成本：价值 {told}。")
        )
    for row in values[1:]:
        ahead = row["behind"]
        if ahead["low"] <= 0:
            told = f"{ahead['value']:,.0f} [{ahead['low']:,.0f}, {ahead['high']:,.0f}]"
            out.append(
                _say(
                    f'The queue is not surely worth more than "{row["policy"]["en"]}": the difference is {told}.',
                    f"与“{row['policy']['zh']}”相比，价值未必更高：差值为 {told}。",
                )
            )
    missed = [row["typology"] for row in gangs["typologies"] if row["typology"] and not row["found"]]
    if missed:
        en, zh = ([typology_name(str(name), lang) for name in missed] for lang in ("en", "zh"))
        out.append(
            _say(
                f"Of these typologies no gang is found: {', '.join(en)}.", f"以下类型的团伙全部漏报：{'、'.join(zh)}。"
            )
        )
    return out


def limits_words(content: Mapping[str, Any]) -> list[Said]:
    """What the figures of a search rest on."""
    return [
        _say(
            "Gangs are known as far as they were found out. What nobody ever found counts as no gang, so that a true "
            "report may count as false.",
            "团伙以已查明者为准。从未被发现者不算团伙，真实的上报可能被记为误报。",
        ),
        _say(
            "A gang is counted as far as a search can see it: transfers of its window, above the scenario's threshold.",
            "团伙只按每次搜索可见的部分计算：窗口内、高于场景门槛的转账。",
        ),
        _say(
            "Searches overlap, and a gang works for weeks: gangs of the validation part were also seen in training, so "
            "that figures on validation look better than those out of time.",
            "相邻搜索有重叠，团伙活动持续数周：验证样本中的团伙在训练中也出现过，因此验证集数字会优于跨期数字。",
        ),
        _say(
            "Roles and shape are named from the transfers of the window alone; half-finished schemes look simpler.",
            "角色与类型仅依据窗口内的转账判定；未完成的手法看起来会更简单。",
        ),
        _say(
            "A report is a reason to look, not a finding: a person decides.",
            "上报只是核查的理由，不是结论：由人作出认定。",
        ),
    ]


def next_steps(content: Mapping[str, Any]) -> list[Said]:
    """What to do next with a queue of gangs."""
    reasons = content["decision"]["reasons"]
    out = [
        _say(
            "Make the case files (tael cases RUN --tables FOLDER --out DIR), have the first gangs looked into, and "
            "bring back what was decided.",
            "生成案件档案（tael cases RUN --tables FOLDER --out DIR），安排核查排位靠前的团伙，并带回处置结果。",
        )
    ]
    if reasons.get("capacity"):
        out.append(
            _say(
                f"Ask what more reviews would cost: {reasons['capacity']:,} further groups found no place.",
                f"了解增加核查人手的成本：另有 {reasons['capacity']:,} 个群组未入列。",
            )
        )
    out.append(
        _say(
            "Look at a few groups below the line as well, so that what the model cannot see becomes known.",
            "另抽查少量门槛以下的群组，以发现模型看不到的情况。",
        )
    )
    return out


def _say(en: str, zh: str) -> Said:
    return {"en": en, "zh": zh}
