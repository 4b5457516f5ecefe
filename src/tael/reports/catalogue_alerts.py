"""The fixed texts of a report on alerts and on patterns in words, English and Chinese side by side."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "section.queue": ("The queue of alerts", "预警队列"),
    "section.patterns": ("The pattern in words", "可读规则"),
    "stage.patterns": ("Mining rules", "挖掘规则"),
    "decision.alert": ("alert", "预警"),
    "decision.none": ("no alert", "不预警"),
    "queue.read": (
        "All rankings below have the same places in each period, out of time. The queue ranks by expected value: the "
        "probability times what is saved where it is true, less one review.",
        "以下各种排序在跨期测试集的每个时段使用相同名额。队列按预期价值排序：概率乘以属实时挽回的金额，减去一次核查的成本。",
    ),
    "queue.size": (
        "{rows} observations of {units} units in {periods} periods; {positives} are true ({rate}), of {units_positive} "
        "units.",
        "共 {periods} 个时段、{units} 个对象、{rows} 个观测；其中属实 {positives} 个（{rate}），"
        "涉及 {units_positive} 个对象。",
    ),
    "queue.quiet": (
        "After an alert the same unit gets none for {days} days.",
        "同一对象预警后 {days} 天内不再预警。",
    ),
    "queue.rankings": ("What each ranking finds with the same places", "相同名额下各种排序的发现"),
    "queue.ranking": ("Ranking", "排序方式"),
    "queue.alerts": ("Alerts", "预警数"),
    "queue.hits": ("True", "属实"),
    "queue.precision": ("Share true", "属实率"),
    "queue.recall": ("Of all true ones", "占全部属实"),
    "queue.units": ("Units found", "查获对象"),
    "queue.lift": ("Times the base rate", "相对基准倍数"),
    "queue.money": ("Value found", "查获价值"),
    "queue.worth": ("Worth after reviews", "扣除核查成本后的价值"),
    "queue.behind": ("Queue is ahead by", "队列领先"),
    "queue.pr_auc": ("PR AUC (by lot {base})", "PR AUC（随机为 {base}）"),
    "queue.right": ("True of alerts", "属实 / 预警"),
    "queue.of": ("{n} of {all}", "{all} 中的 {n}"),
    "queue.depths": ("Share true among the first k of each period", "各时段前 k 名的属实率"),
    "queue.depths_read": (
        "Beneath: share of all true observations that these hold, and times the base rate. The floor is left aside, so "
        "that all rankings have as many alerts.",
        "下行为占全部属实观测的比例与相对基准的倍数。此处不设下限，使各种排序的预警数相同。",
    ),
    "queue.first": ("first {k}", "前 {k}"),
    "queue.curve": ("What other capacities would find", "不同名额下的发现"),
    "queue.curve_worth": ("What other capacities would be worth", "不同名额下的价值"),
    "queue.curve_read": (
        "The queue's own rule, floor and quiet time; band: 95 % interval.",
        "沿用队列自身规则、下限与静默期；阴影为 95% 区间。",
    ),
    "queue.capacity": ("Places a period", "每时段名额"),
    "per.day": ("Places a day", "每天名额"),
    "per.week": ("Places a week", "每周名额"),
    "per.month": ("Places a month", "每月名额"),
    "per.batch": ("Places a batch", "每批名额"),
    "queue.share": ("Share", "比例"),
    "queue.taught": ("Known in training", "训练时已知"),
    "queue.untaught": (
        "None of these was known when the model learned: {names}. A scheme that nobody had found yet is found only by "
        "what it shares with others.",
        "模型训练时尚无已知案例：{names}。尚未查获过的手法，只能凭其与其他手法的共同之处发现。",
    ),
    "queue.in_unit": ("{what}, {unit}", "{what}（单位：{unit}）"),
    "queue.worth_in": ("Worth after reviews, {unit}", "扣除核查成本后的价值（{unit}）"),
    "queue.typologies": ("By typology: units found of all that were true", "按类型：属实对象中的查获数"),
    "queue.typology": ("Typology", "类型"),
    "queue.unnamed": ("not named", "未注明"),
    "queue.true_units": ("True units", "属实对象"),
    "queue.rules": ("Score and today's rules side by side", "评分与现行规则对照"),
    "queue.rules_read": (
        "A rule flags what it flags, without places. Both: what the queue alerts as well. Hits of the rule alone are "
        "what the score misses at its capacity.",
        "规则不受名额限制。“两者”为队列同样预警的观测；“仅规则属实”是评分在其名额内的遗漏。",
    ),
    "queue.rule": ("Rule", "规则"),
    "queue.every_rule": ("any of them", "任一规则"),
    "queue.flagged": ("Flags", "命中"),
    "queue.both": ("Both", "两者"),
    "queue.both_hits": ("True of both", "两者且属实"),
    "queue.rule_only": ("True, rule alone", "仅规则属实"),
    "queue.score_only": ("True, queue alone", "仅队列属实"),
    "queue.overlap": (
        "With the same places, queue and today's rule share {both} alerts ({both_hits} true); the queue alone has "
        "{first} ({first_hits} true), today's rule alone {second} ({second_hits} true).",
        "相同名额下，队列与现行规则共有 {both} 件预警（属实 {both_hits}）；仅队列 {first} 件（属实 {first_hits}），"
        "仅现行规则 {second} 件（属实 {second_hits}）。",
    ),
    "queue.lines": ("Thresholds above and below the line", "警戒线上下抽查"),
    "queue.lines_read": (
        "On the validation part, {n} cases above and below the line were drawn and looked at; no other label was used. "
        "Hits of a step are estimated from its sample.",
        "在验证样本中于警戒线上下抽取 {n} 件核查，未使用其他标签；每一档的属实数由抽样估计。",
    ),
    "queue.threshold": ("Above", "高于"),
    "queue.today": ("today", "现行"),
    "queue.recommended": ("recommended", "建议"),
    "queue.cases": ("Cases in the step", "本档案例"),
    "queue.reviewed": ("Looked at", "已核查"),
    "queue.found": ("True", "属实"),
    "queue.step_hits": ("True in the step, estimated", "本档属实（估计）"),
    "queue.cumulated": ("Alerts from here on", "由此以上的预警"),
    "queue.estimated": ("Share true, estimated", "属实率（估计）"),
    "queue.later": (
        "Out of time, above {threshold}: {n} cases, {hits} true ({precision}).",
        "跨期测试集高于 {threshold}：{n} 件，属实 {hits} 件（{precision}）。",
    ),
    "patterns.read": (
        "Rules over the kept formulas, mined on earlier rows. Every figure here is of the {n} out-of-time observations "
        "({positives} true, {rate}), which played no part in the choice.",
        "规则由保留的公式在较早样本上挖掘得到。此处数字均来自未参与选择的 {n} 个跨期观测"
        "（属实 {positives} 个，{rate}）。",
    ),
    "patterns.table": ("Rules and what they find", "规则及其发现"),
    "patterns.rule": ("Rule", "规则"),
    "patterns.all_of": ("All of these hold:", "同时满足："),
    "patterns.support": ("Flags", "命中"),
    "patterns.precision": ("Share true", "属实率"),
    "patterns.lift": ("Times the base rate", "相对基准倍数"),
    "patterns.recall": ("Of all true ones", "占全部属实"),
    "patterns.money": ("Value found", "查获价值"),
    "patterns.overlap": ("In common with another rule", "与其他规则的重合"),
    "patterns.together": ("True ones found with the rules before it", "与其前规则合计查获"),
    "patterns.periods": ("Share true by period", "各时段属实率"),
    "patterns.when": ("{first} to {last}", "{first} 至 {last}"),
    "missing.patterns": ("No rule was kept.", "没有保留任何规则。"),
    "missing.queue": ("The queue is not described in this run.", "本次运行没有记录预警队列。"),
}
"""Texts of the two sections."""

ALERTS: dict[str, tuple[str, str]] = {
    "reasons.read": (
        "Each bar pushes the odds of the outcome up (to the right, orange) or down (to the left, blue), against those "
        "typical of observations without an alert. Only the strongest reasons are shown.",
        "每条横柱表示与未预警观测的典型值相比，结果发生的几率升高（向右，橙色）或降低（向左，蓝色）多少。仅列出最主要的理由。",
    ),
    "figure.treated": ("Alerts, of all observations", "预警占全部观测"),
    "reasons.typical": ("Typical without an alert", "未预警者典型值"),
    "reasons.alike": (
        "No single feature sets this one apart from those without an alert.",
        "没有哪个特征使本例明显不同于未预警者。",
    ),
}
"""What a report on alerts says in other words."""
