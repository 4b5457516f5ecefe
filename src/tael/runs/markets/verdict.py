"""What to make of a market's run: findings with stable codes, its message, limits and next steps."""

from __future__ import annotations

from typing import Any

Text = dict[str, str]
TOO_GOOD = 0.07
"""A daily rank IC above this is a leak until proven otherwise."""
SURE = 0.95
FEW_BARS = 250


def both(en: str, zh: str) -> Text:
    """A text in both languages."""
    return {"en": en, "zh": zh}


def finding(code: str, severity: str, message: Text, advice: Text) -> dict[str, Any]:
    """A finding as the report shows it."""
    return {"code": f"TAEL-{code}", "severity": severity, "message": message, "advice": advice}


def findings(content: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings, the gravest first.

    Parameters
    ----------
    content : dict
        ``run.json`` as far as it is made.
    """
    made = [
        *_controls(content), *_too_good(content), *_nothing(content), *_overfitted(content), *_costs(content),
        *_luck(content), *_data(content),
    ]  # fmt: skip
    order = ("error", "warning", "note", "ok")
    made.sort(key=lambda one: order.index(one["severity"]))
    return made or [
        finding(
            "M00", "ok", both("No check found a fault.", "各项检查均未发现问题。"),
            both("Trade it on paper before money.", "先做模拟交易，再投入资金。"),
        )
    ]  # fmt: skip


def _cell(content: dict[str, Any], *path: str) -> dict[str, Any]:
    found: Any = content
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _controls(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        finding(
            "M01", "error",
            both(f"A control failed: {row['title']['en']}.", f"对照检验未通过：{row['title']['zh']}。"),
            both("Something looks ahead. Use no figure of this run.", "存在前视信息，本次结果不得使用。"),
        )
        for row in content.get("controls", [])
        if row.get("passed") is False
    ]  # fmt: skip


def _too_good(content: dict[str, Any]) -> list[dict[str, Any]]:
    value = _cell(content, "ic", "out_of_time", "rank_ic").get("value")
    if value is None or value <= TOO_GOOD or content["market"]["bar"] != "1d":
        return []
    simulated = content.get("simulated")
    return [
        finding(
            "M02", "note" if simulated else "warning",
            both(
                f"A rank IC of {value:.3f} is more than daily prices and volumes have been seen to give (.03 to .05).",
                f"秩 IC 达 {value:.3f}，高于日频量价模型的常见水平（0.03 至 0.05）。",
            ),
            both("The example has planted alphas." if simulated else "Hunt the leak before you believe it.",
                  "示例数据植入了因子。" if simulated else "先查泄漏，再采信。"),
        )
    ]  # fmt: skip


def _nothing(content: dict[str, Any]) -> list[dict[str, Any]]:
    cell = _cell(content, "ic", "out_of_time", "rank_ic")
    if cell.get("low") is None or cell["low"] > 0:
        return []
    return [
        finding(
            "M03", "warning",
            both(
                "Out of time the scores cannot be told from chance: the interval of the rank IC holds 0.",
                "跨期区间内评分与随机无异：秩 IC 的区间包含 0。",
            ),
            both("Do not trade it. Bring other factors, a longer test, or another horizon.",
                  "不宜交易；请更换因子、延长测试区间或调整预测期。"),
        )
    ]  # fmt: skip


def _overfitted(content: dict[str, Any]) -> list[dict[str, Any]]:
    train = _cell(content, "ic", "train", "rank_ic").get("value")
    test = _cell(content, "ic", "out_of_time", "rank_ic").get("value")
    if train is None or test is None or train < 0.05 or test > 0.5 * train:
        return []
    return [
        finding(
            "M04", "note",
            both(f"Rank IC falls from {train:.3f} in training to {test:.3f} out of time.",
                  f"秩 IC 由训练区间的 {train:.3f} 降至跨期的 {test:.3f}。"),
            both("Usual for trees on returns; fewer leaves or more rows narrow the gap.",
                  "树模型拟合收益时常见；可减少叶子数或增加样本。"),
        )
    ]  # fmt: skip


def _costs(content: dict[str, Any]) -> list[dict[str, Any]]:
    made = []
    net = _cell(content, "backtest", "metrics", "excess").get("value")
    luck = _cell(content, "backtest", "random", "excess").get("high")
    if net is not None and luck is not None and net <= luck:
        made.append(
            finding(
                "M05", "warning",
                both("After costs the portfolio does no better than the best of some random scores by the same rules.",
                      "扣费后，组合不优于相同规则下随机评分中的最好者。"),
                both("Trade less often, or foretell more.", "降低换手，或提升预测能力。"),
            )
        )  # fmt: skip
    stress = content.get("trust", {}).get("stress", [])
    if len(stress) > 1 and (stress[0]["annual_return"] or 0) > 0 >= (stress[1]["annual_return"] or 0):
        made.append(
            finding(
                "M06", "warning",
                both("With twice the costs nothing is left.", "费用翻倍后收益归零。"),
                both("The result hangs on the costs that were assumed.", "结果取决于所设费用，请核实。"),
            )
        )  # fmt: skip
    return made


def _luck(content: dict[str, Any]) -> list[dict[str, Any]]:
    made = []
    deflated = _cell(content, "trust", "deflated_sharpe")
    value = deflated.get("value")
    if value is not None and value < SURE:
        made.append(
            finding(
                "M07", "note",
                both(
                    f"After {_trials(deflated['trials'])} the Sharpe ratio may be luck ({value:.0%} that it is not).",
                    f"考虑 {deflated['trials']} 次尝试，夏普比率可能来自运气（非运气概率 {value:.0%}）。",
                ),
                both("A longer test, or paper trading, will tell.", "需更长测试区间或模拟交易验证。"),
            )
        )  # fmt: skip
    bars = _cell(content, "split", "parts", "out_of_time").get("bars")
    if bars is not None and bars < FEW_BARS and content["market"]["bar"] == "1d":
        made.append(
            finding(
                "M08", "note",
                both(f"The test has {bars} bars: less than a year.", f"跨期区间仅 {bars} 期，不足一年。"),
                both("Its figures have wide intervals.", "各项数字区间较宽。"),
            )
        )  # fmt: skip
    return made


def _trials(count: int) -> str:
    return "one trial" if count == 1 else f"{count:,} trials"


def _data(content: dict[str, Any]) -> list[dict[str, Any]]:
    if not content["market"].get("survivors"):
        return []
    return [
        finding(
            "M09", "warning",
            both("The universe is that of the end of the data (survivorship): absolute returns flatter.",
                  "股票池取自样本末期（幸存者偏差）：绝对收益偏高。"),
            both("Read the excess over random scores, not over zero.", "请与随机评分比较，而非与零比较。"),
        )
    ]  # fmt: skip


def message(content: dict[str, Any]) -> Text:
    """One sentence: what came of it, out of time and after costs."""
    ic = _cell(content, "ic", "out_of_time", "rank_ic").get("value")
    figures = _cell(content, "backtest", "metrics")
    annual, sharpe = _cell(figures, "annual_return").get("value"), _cell(figures, "sharpe").get("value")
    excess, luck = _cell(figures, "excess").get("value"), _cell(content, "backtest", "random", "excess").get("value")
    en = [] if ic is None else [f"Out of time the scores have a rank IC of {ic:.3f}"]
    zh = [] if ic is None else [f"跨期秩 IC 为 {ic:.3f}"]
    if annual is not None:
        en.append(f"after all costs the portfolio returned {annual:.1%} a year (Sharpe ratio {sharpe:.2f})")
        zh.append(f"扣除全部费用后组合年化收益 {annual:.1%}（夏普比率 {sharpe:.2f}）")
    if excess is not None:
        en.append(f"{excess:+.1%} against its universe, where random scores make {luck:+.1%}")
        zh.append(f"相对股票池 {excess:+.1%}（随机评分为 {luck:+.1%}）")
    return both("; ".join(en) + ".", "；".join(zh) + "。")


def limits(content: dict[str, Any]) -> list[Text]:
    """What this run does not know."""
    made = [
        both("A backtest fills orders at prices that its own orders would have moved; impact is a formula.",
              "回测以历史价格成交，自身冲击仅由公式估计。"),
        both("Whether the pattern holds in other regimes than those of the data is not known.",
              "规律在样本之外的市场环境下是否成立，未知。"),
    ]  # fmt: skip
    if content.get("simulated"):
        made.insert(0, both("The data are simulated.", "数据为模拟生成。"))
    return made


def next_steps(content: dict[str, Any]) -> list[Text]:
    """What to do next."""
    grave = [one for one in content["verdict"]["findings"] if one["severity"] in ("error", "warning")]
    made = [one["advice"] for one in grave[:3]]
    made.append(both("Trade it on paper: tael trade PROJECT --paper --date D.",
                      "模拟交易：tael trade PROJECT --paper --date D。"))  # fmt: skip
    return made
