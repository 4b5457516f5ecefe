"""The same for a decision among options: what it rests on, whether it pays, and how its effect can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Said = dict[str, str]
OVER = 1e-6
"""Share by which a use may be above its limit before it is said: sums are rounded."""


def one_among_options(content: Mapping[str, Any]) -> bool:
    """Whether the decision of a run is one among options (otherwise: approve or decline)."""
    return bool(content["decision"].get("kind") == "options")


def worries(content: Mapping[str, Any]) -> list[Said]:
    """Limits that outcomes broke, a worth that is not surely more, effects and rankings that are not surely there."""
    decision = content["decision"]
    if decision["status"] != "chosen":
        return []
    return [*_over(decision), *_worth(decision), *_effects(content), *_events(content), *_ranking(content)]


def _title(content: Mapping[str, Any], name: str) -> Said:
    """An option as it is called."""
    for row in content["decision"].get("options", []):
        if row["option"] == name:
            return dict(row["title"])
    return _say(name, name)


def _over(decision: Mapping[str, Any]) -> list[Said]:
    """Budgets that hold as expected, and were broken by what came."""
    values = decision["values"]
    came = (values[0].get("uses_realised") if values else None) or {}
    out = []
    for row in decision["limits"]:
        if row["kind"] != "budget" or row["upper"] is None:
            continue
        used = came.get(row["constraint"])
        if used is not None and used > row["upper"] * (1 + OVER):
            name, upper = row["constraint"], row["upper"]
            out.append(
                _say(
                    f'By what came, the decision used {used:,.0f} of "{name}", above its limit of {upper:,.0f}.',
                    f"按实际结果，“{name}”用量为 {used:,.0f}，超过上限 {upper:,.0f}。",
                )
            )
    return out


def _worth(decision: Mapping[str, Any]) -> list[Said]:
    """Whether the chosen rule is surely worth more than the first other one (today's, if stated) and than nothing."""
    values = decision["values"]
    out = []
    nothing = next((row for row in values[2:] if row["treated"] == 0), None)
    for row in [*values[1:2], *([nothing] if nothing is not None and values[1]["treated"] else [])]:
        ahead, rule = row["behind"], row["policy"]
        if ahead["value"] == ahead["low"] == ahead["high"] == 0:
            out.append(
                _say(f'The decision is worth the same as "{rule["en"]}".', f"该决策的价值与“{rule['zh']}”相同。")
            )
        elif ahead["low"] <= 0:
            told = f"{ahead['value']:,.0f} [{ahead['low']:,.0f}, {ahead['high']:,.0f}]"
            surely = "surely worth less than" if ahead["high"] < 0 else "not surely worth more than"
            zh = "明确低于" if ahead["high"] < 0 else "未必高于"
            out.append(
                _say(
                    f'The decision is {surely} "{rule["en"]}": the difference is {told}.',
                    f"该决策的价值{zh}“{rule['zh']}”：差值为 {told}。",
                )
            )
    for row in values[:1]:
        came, expected = row.get("profit_realised"), row["profit_expected"]
        if came is not None and came["low"] < came["high"] and not came["low"] <= expected["value"] <= came["high"]:
            told = f"{came['value']:,.0f} [{came['low']:,.0f}, {came['high']:,.0f}]"
            out.append(
                _say(
                    f"The model expected a worth of {expected['value']:,.0f}; by what came it is {told}.",
                    f"模型预期价值为 {expected['value']:,.0f}，按实际结果为 {told}。",
                )
            )
    return out


def _effects(content: Mapping[str, Any]) -> list[Said]:
    """Of an uplift model: effects by which nobody can be told apart, and treatment that was not at random."""
    told = content.get("uplift")
    if not told:
        return []
    out = []
    for effect in told["effects"]:
        qini, title = effect["metrics"]["model"]["qini"], _title(content, effect["arm"])
        if qini["value"] is None or qini["low"] is None or qini["low"] > 0:
            continue
        seen = f"{qini['value']:.2f} [{qini['low']:.2f}, {qini['high']:.2f}]"
        out.append(
            _say(
                f'Ranking by the effect of "{title["en"]}" is not surely better than drawing by lot (Qini {seen}).',
                f"按“{title['zh']}”的增量排序未必优于随机（Qini {seen}）。",
            )
        )
    overlap = told["overlap"]
    rows = sum(told["rows"].values())
    if overlap["trimmed"] and rows:
        out.append(
            _say(
                f"For {overlap['trimmed']:,} of {rows:,} rows some treatment was all but impossible: nothing is known "
                "of its effect on them.",
                f"{rows:,} 行中有 {overlap['trimmed']:,} 行几乎不可能得到某种施策：对其增量一无所知。",
            )
        )
    return out


def _events(content: Mapping[str, Any]) -> list[Said]:
    """Of competing risks: events that came more or less often than foretold."""
    out = []
    for row in (content.get("incidence") or {}).get("events", []):
        if not row["predicted"]:
            continue
        predicted, observed, low, high = (row[key][-1] for key in ("predicted", "observed", "low", "high"))
        if not low <= predicted <= high:
            seen = f"{observed:.1%} [{low:.1%}, {high:.1%}]"
            out.append(
                _say(
                    f'The event "{row["event"]}" was foretold for {predicted:.1%} and came to {seen}.',
                    f"事件“{row['event']}”的预测发生率为 {predicted:.1%}，实际为 {seen}。",
                )
            )
    return out


def _ranking(content: Mapping[str, Any]) -> list[Said]:
    """Of a recommender: where products weigh the same, popularity may do as well."""
    models = (content.get("ranking") or {}).get("models")
    if not models:
        return []
    model, popularity = (
        next((r for r in models[who] if r["product"] == "mean of products" and r["metric"] == "mrr"), None)
        for who in ("model", "popularity")
    )
    if model is None or popularity is None or model["low"] is None or model["low"] > popularity["value"]:
        return []
    told = f"{model['value']:.3f} [{model['low']:.3f}, {model['high']:.3f}]"
    return [
        _say(
            f"In the mean of products the model's reciprocal rank, {told}, is not surely above that of popularity, "
            f"{popularity['value']:.3f}.",
            f"按各产品平均，模型的倒数排名为 {told}，未必高于热门排序的 {popularity['value']:.3f}。",
        )
    ]


def limits_words(content: Mapping[str, Any]) -> list[Said]:
    """What the decision rests on: stated values, effects that were measured or are assumed, who is held out."""
    decision, kind = content["decision"], content["model"]["kind"]
    out = [
        _say(
            "Worth rests on the stated values, costs and terms, which were taken as they are.",
            "价值取决于所给的方案价值、成本与参数，未作校验。",
        )
    ]
    if kind == "uplift":
        out.append(_measured(content["uplift"]["overlap"]))
    else:
        out.append(
            _say(
                "The model foretells the outcome, not what an option changes in it. What the options' values say of "
                "that is an assumption until a group that was left alone has measured it.",
                "模型预测的是结果本身，而不是方案带来的改变。方案价值中关于改变的部分是假设，直到由对照组测得。",
            )
        )
    if kind == "recommender":
        out.append(
            _say(
                "Products were taken without this offer: how many take an offered one may differ.",
                "历史购买并非由本次推荐引起：推荐后的接受率可能不同。",
            )
        )
    if decision["values_basis"] == "realised":
        out.append(
            _say(
                "Nobody got every option, so the worth of a rule by what came is an estimate, right in the mean "
                "(doubly robust), not a sum of what was earned."
                if kind == "uplift"
                else "Worth by what came puts outcomes in the place of probabilities: they came under what was done "
                "then, not under this decision.",
                "没有人得到过全部方案，因此按实际结果的价值是均值意义上无偏的估计（双重稳健），而非实际所得之和。"
                if kind == "uplift"
                else "按实际结果的价值以结果代替概率：这些结果产生于当时的做法，而非本决策。",
            )
        )
    elif decision["values_note"]:
        out.append(decision["values_note"])
    if held := decision.get("held_out"):
        out.append(
            _say(
                f"The {held:,} held out get nothing under every rule that is compared, so that rules are compared on "
                "the same customers; what holding them out costs is in the worth of each.",
                f"预留的 {held:,} 个在所有比较的规则下均不施策，各规则因此可比；预留的代价计入每条规则的价值。",
            )
        )
    if not decision["holdout"]:
        out.append(
            _say(
                "Nobody is held out: what this decision changes cannot be measured afterwards.",
                "没有预留对照组：事后无法衡量本决策的效果。",
            )
        )
    return out


def _measured(overlap: Mapping[str, Any]) -> Said:
    """Whether effects are measured or assumed."""
    if not overlap["estimated"]:
        return _say(
            "Effects were measured where the chance of each treatment was known. They hold for people and offers like "
            "those of then.",
            "增量是在各施策概率已知的条件下测得的，适用于与当时相似的人群与方案。",
        )
    return _say(
        "Treatment was not drawn with known chances. Effects rest on the assumption that nothing outside the features "
        "decided both the treatment and the outcome.",
        "施策并非按已知概率分配。增量依赖一项假设：特征之外没有因素同时影响施策与结果。",
    )


def next_steps(content: Mapping[str, Any]) -> list[Said]:
    """What to do next: mend limits, make room where it pays, hold out a share, measure it."""
    decision = content["decision"]
    out = []
    if decision["status"] != "chosen":
        out.append(
            _say(
                "Loosen one of the limits that contradict each other, and run again.",
                "放宽相互矛盾的限制之一，然后重新运行。",
            )
        )
    unit = f" {decision['currency']}" if decision["currency"] else ""
    binding = [r for r in decision["limits"] if r["shadow_price"] and r["shadow_price"] > 0 and r["kind"] != "group"]
    if binding:
        row = max(binding, key=lambda r: r["shadow_price"])
        name = _title(content, row["constraint"]) if row["kind"] == "capacity" else _say(*[row["constraint"]] * 2)
        price = f"{row['shadow_price']:,.3g}{unit}"
        out.append(
            _say(
                f'Ask what more of "{name["en"]}" would cost: one more is worth {price}.',
                f"了解增加“{name['zh']}”的成本：每增加 1 单位价值 {price}。",
            )
        )
    if decision["holdout"]:
        out.append(
            _say(
                f"Keep to the {decision['holdout']:.0%} held out, and measure the decision on them.",
                f"保留 {decision['holdout']:.0%} 的对照组，并据此衡量决策效果。",
            )
        )
    else:
        out.append(
            _say(
                "Hold a share out at random, such as holdout = 0.05 under [decision], so that the effect can be "
                "measured.",
                "随机预留对照组，例如在 [decision] 下设 holdout = 0.05，以便衡量效果。",
            )
        )
    return out


def _say(en: str, zh: str) -> Said:
    return {"en": en, "zh": zh}
