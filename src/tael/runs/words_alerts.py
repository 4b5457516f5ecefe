"""The same for alerts: whether the queue pays, beats chance and today's rule, and what it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.typologies import typology_name

Said = dict[str, str]


def is_queue(content: Mapping[str, Any]) -> bool:
    """Whether the decision of a run is a queue of alerts."""
    return bool(content["decision"].get("kind") == "alerts")


def worries(content: Mapping[str, Any]) -> list[Said]:
    """A queue that may lose money, is not surely ahead of other rankings, or finds nothing of a typology."""
    decision, out = content["decision"], []
    values = decision["values"]
    worth = values[0]["profit_realised"]
    if values[0]["found"]["alerts"] and worth["low"] <= 0:
        told = f"{worth['value']:,.0f} [{worth['low']:,.0f}, {worth['high']:,.0f}]"
        out.append(
            _say(
                f"The queue may not pay for its reviews: it is worth {told}.", f"预警未必能覆盖核查成本：价值 {told}。"
            )
        )
    for row in values[1:]:
        ahead = row["behind"]
        if ahead["low"] <= 0 and (ahead["low"], ahead["high"]) != (0.0, 0.0):
            told = f"{ahead['value']:,.0f} [{ahead['low']:,.0f}, {ahead['high']:,.0f}]"
            en, zh = ("surely worth less", "明确更低") if ahead["high"] < 0 else ("not surely worth more", "未必更高")
            out.append(
                _say(
                    f'The queue is {en} than as many alerts "{row["policy"]["en"]}": the difference is {told}.',
                    f"与同等数量的“{row['policy']['zh']}”预警相比，价值{zh}：差值为 {told}。",
                )
            )
    blind = [row for row in decision["queue"]["typologies"] if row["typology"] and not row["units_found"]["chosen"]]
    if blind:
        named = [[typology_name(str(row["typology"]), lang) for row in blind] for lang in ("en", "zh")]
        out.append(
            _say(
                f"Of these typologies nothing is found: {', '.join(named[0])}.",
                f"以下类型全部漏报：{'、'.join(named[1])}。",
            )
        )
    return out


def limits_words(content: Mapping[str, Any]) -> list[Said]:
    """What the figures of a queue rest on."""
    return [
        _say(
            "Labels are what was found out. What nobody ever found counts as clean, so that true alerts may count as "
            "false.",
            "标签是已查明的结果。从未被发现者按清白计，真实可疑的预警可能被记为误报。",
        ),
        _say(
            "Worth rests on the stated value of a true alert and the cost of a review, which were taken as they are.",
            "价值取决于所给的属实价值与核查成本，未作校验。",
        ),
        _say(
            "An alert is a reason to look, not a finding: a person decides.",
            "预警只是核查的理由，不是结论：由人作出认定。",
        ),
    ]


def next_steps(content: Mapping[str, Any]) -> list[Said]:
    """What to do next with a queue."""
    queue = content["decision"]["queue"]
    out = [
        _say(
            "Have the first alerts looked into, and bring back what was decided as a table, so that it trains the next "
            "model.",
            "安排核查排位靠前的预警，并将处置结果作为数据表带回，用于训练下一版模型。",
        )
    ]
    curve = queue["curve"]
    now = next((k for k, row in enumerate(curve) if row["capacity"] == queue["capacity"]), None)
    if now is not None and now + 1 < len(curve):
        more = curve[now + 1]
        gain, alerts = more["worth"]["value"] - curve[now]["worth"]["value"], more["alerts"] - curve[now]["alerts"]
        if gain > 0 and alerts:
            out.append(
                _say(
                    f"Ask what more reviews would cost: {alerts:,} more alerts would have brought {gain:,.0f}.",
                    f"了解增加核查人手的成本：多核查 {alerts:,} 件可带来 {gain:,.0f}。",
                )
            )
    out.append(
        _say(
            "Review a small random sample below the line as well, so that what the model cannot see becomes known.",
            "另在线下随机抽取少量样本核查，以发现模型看不到的情况。",
        )
    )
    return out


def _say(en: str, zh: str) -> Said:
    return {"en": en, "zh": zh}
