"""What to worry about, what the run does not say, and what to do next: sentences made from ``run.json``."""

from __future__ import annotations

from typing import Any

from tael.runs import words_alerts, words_gangs, words_options
from tael.runs.words_options import Said, one_among_options

WORRYING = ("TAEL-V02", "TAEL-V05", "TAEL-V07")
"""Verdicts that worry even as notes: over-fitted, not surely better than the plain model, predictions that are off."""


def worries(content: dict[str, Any]) -> list[Said]:
    """Faults of the data, leaks and verdicts that are not good news; the gravest first."""
    out: list[Said] = []
    leaks = [leak for leak in content["data"]["leaks"] if leak.get("level") != "ask"]
    asked = [leak for leak in content["data"]["leaks"] if leak.get("level") == "ask"]
    if leaks:
        names = ", ".join(dict.fromkeys(str(leak["column"]) for leak in leaks))
        if content["despite_leaks"]:
            out.append(
                _say(
                    f"The run was made despite leaks: {names}. Its figures are too good and must not be used.",
                    f"本次运行不顾数据泄漏（{names}）而继续：数字过于乐观，不得使用。",
                )
            )
        else:
            out.append(_say(f"The leak scan names {names}.", f"泄漏扫描指出：{names}。"))
    if asked:
        names = ", ".join(dict.fromkeys(str(leak["column"]) for leak in asked))
        out.append(
            _say(
                f"The leak scan asks whether these were known at the cutoff: {names}.",
                f"泄漏扫描询问以下各列在截止时是否已知：{names}。",
            )
        )
    out += [verdict["text"] for verdict in content["verdict"] if verdict["severity"] == "error"]
    out += [verdict["text"] for verdict in content["verdict"] if verdict["severity"] == "warning"]
    out += [v["text"] for v in content["verdict"] if v["severity"] == "note" and v["code"] in WORRYING]
    if words_alerts.is_queue(content):
        out += words_alerts.worries(content)
    elif words_gangs.is_gangs(content):
        out += words_gangs.worries(content)
    elif one_among_options(content):
        out += words_options.worries(content)
    else:
        out += [*_limit_broken(content["decision"]), *_not_as_expected(content["decision"])]
    out += _bands(content)
    moved = content["stability"]["score"]
    if moved["psi"] > max(moved["threshold"], moved["adjusted_threshold"]):
        out.append(
            _say(
                f"Scores moved between training and the last period (PSI {moved['psi']:.2f}).",
                f"训练期与最近时期的分数分布发生偏移（PSI {moved['psi']:.2f}）。",
            )
        )
    violations = content["data"]["violations"]
    if violations:
        out.append(
            _say(
                f"The tables show {len(violations)} irregularities that do not stop a run; see the data section.",
                f"数据表有 {len(violations)} 处不影响运行的异常，详见数据部分。",
            )
        )
    if content["decision"]["status"] != "chosen":
        out.append(content["decision"]["message"])
    return out


def held_out(said: Said) -> Said:
    """A sentence about the test where that was drawn by lot: it is held out, but no later than the rest.

    Examples
    --------
    >>> held_out({"en": "Out of time, 20 are right.", "zh": "跨期测试集：20 件属实。"})
    {'en': 'Held out, 20 are right.', 'zh': '留出样本：20 件属实。'}
    """
    en = said["en"].replace("Out of time", "Held out").replace("out of time", "on the part held out")
    return {"en": en.replace("out-of-time", "held-out"), "zh": said["zh"].replace("跨期测试集", "留出样本")}


def _limit_broken(decision: dict[str, Any]) -> list[Said]:
    """The bad-rate limit, where those approved on the part that was counted went bad more often."""
    limit, seen = decision["limits"]["max_bad_rate"], decision["observed"]
    if limit is None or seen is None or seen["rate"] <= limit:
        return []
    told = f"{seen['rate']:.1%} [{seen['low']:.1%}, {seen['high']:.1%}]"
    chance = seen["low"] <= limit
    return [
        _say(
            f"The limit is broken out of time: {told} of the {seen['n']:,} approved went bad, above the limit of "
            f"{limit:.1%} ({'within what chance can do' if chance else 'more than chance can explain'}).",
            f"跨期测试集突破上限：获批的 {seen['n']:,} 件中坏样本率为 {told}，高于上限 {limit:.1%}"
            f"（{'在随机波动范围内' if chance else '超出随机波动'}）。",
        )
    ]


def _bands(content: dict[str, Any]) -> list[Said]:
    """Score bands of the test in which the forecast is not what came, where they are more than half."""
    bins = ((content.get("curves") or {}).get("calibration") or {}).get("out_of_time") or []
    outside = sum(not one["low"] <= one["predicted"] <= one["high"] for one in bins)
    if 2 * outside <= len(bins):
        return []
    return [
        _say(
            f"In {outside} of {len(bins)} score bands the forecast lies outside the interval of what was observed.",
            f"{len(bins)} 个分数段中有 {outside} 个的预测值落在实际观测区间之外。",
        )
    ]


def _not_as_expected(decision: dict[str, Any]) -> list[Said]:
    """The profit of those approved, where what came is not what the probabilities foretold."""
    chosen: dict[str, Any] = next(iter(decision.get("values") or []), {})
    came, expected = chosen.get("profit_realised"), chosen.get("profit_expected")
    if not came or not expected or came["low"] <= expected["value"] <= came["high"]:
        return []
    told = f"{came['value']:,.0f} [{came['low']:,.0f}, {came['high']:,.0f}]"
    return [
        _say(
            f"The model expected a profit of {expected['value']:,.0f} of those approved; by what came it is {told}.",
            f"模型预期获批者的利润为 {expected['value']:,.0f}，按实际结果为 {told}。",
        )
    ]


def limits_words(content: dict[str, Any]) -> list[Said]:
    """What the run does not say."""
    seen = content["observations"]
    queue = words_alerts.is_queue(content)
    gangs = words_gangs.is_gangs(content)
    options = queue or gangs or one_among_options(content)
    out = []
    if content["simulated"]:
        whom = ("customers", "客户") if options else ("applicants", "申请人")
        out.append(
            _say(
                f"The data is simulated: no figure here says anything about real {whom[0]}.",
                f"数据为模拟生成：此处任何数字均不代表真实{whom[1]}。",
            )
        )
    if seen["excluded"]:
        out.append(_left_out(sum(item["n"] for item in seen["excluded"]), options))
    if queue:
        out += words_alerts.limits_words(content)
    elif gangs:
        out += words_gangs.limits_words(content)
    elif options:
        out += words_options.limits_words(content)
    else:
        out.append(
            _say(
                "Profit rests on the stated terms (loss given default, margin, costs), which were taken as they are.",
                "利润取决于所给参数（违约损失率、毛利、成本），未作校验。",
            )
        )
    if seen["label_settles_days"] == 0:
        out.append(
            _say(
                "The label looks at no window and no label.maturity is stated: outcomes are taken as known at once, so "
                "nothing was kept apart between training and test. State label.maturity if they take time.",
                "标签公式没有时间窗口，也未声明 label.maturity：视结果为即时可知，因此训练与测试之间未作隔离。"
                "若结果需要时间才能确定，请声明 label.maturity。",
            )
        )
    if content["split"]["kind"] != "out_of_time":
        out.append(
            _say(
                "There is no true out-of-time test: the last split is random.",
                "没有真正的跨期测试：最后一份样本为随机抽取。",
            )
        )
    return out


def _left_out(left: int, options: bool) -> Said:
    """What it means that observations were left out of the sample."""
    if options:
        return _say(
            f"{left:,} observations were left out of the sample: nothing here is known of them.",
            f"{left:,} 个观测未进入样本：对其没有任何结论。",
        )
    return _say(
        f"{left:,} observations were left out of the sample. Where they are applicants declined in the past, "
        "their outcome was never seen, and the probabilities lean towards those accepted (no reject "
        "inference was made).",
        f"{left:,} 个观测未进入样本。若其为历史被拒申请人，其结果从未被观察到，概率将偏向已批准人群（未做拒绝推断）。",
    )


def next_steps(content: dict[str, Any]) -> list[Said]:
    """What to do next."""
    out = [verdict["todo"] for verdict in content["verdict"] if verdict["severity"] in ("error", "warning")]
    out.append(
        _say(
            "Have someone who knows the business read the formulas, and forbid those that must not be used.",
            "请业务专家审阅特征公式，并禁用不应使用的公式。",
        )
    )
    if words_alerts.is_queue(content):
        return out + words_alerts.next_steps(content)
    if words_gangs.is_gangs(content):
        return out + words_gangs.next_steps(content)
    if one_among_options(content):
        return out + words_options.next_steps(content)
    counts = content["decision"]["counts"]
    if counts.get("refer"):
        out.append(
            _say(
                f"Plan people for the referred: {counts['refer']:,} of {sum(counts.values()):,} in the last period.",
                f"为转人工件安排人手：最近时期 {sum(counts.values()):,} 件中有 {counts['refer']:,} 件。",
            )
        )
    return out


def _say(en: str, zh: str) -> Said:
    return {"en": en, "zh": zh}
