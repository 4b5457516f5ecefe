"""Fixed texts on options, effects, events and products; and other words where a run is not about applicants."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "section.allocation": ("Who gets what", "方案分配"),
    "section.uplift": ("What the treatment changes", "施策带来的增量"),
    "section.incidence": ("Which event comes, and when", "事件及其发生时间"),
    "section.ranking": ("How high the right product stands", "产品排序效果"),
    "figure.worth": ("Worth of the decision, expected", "决策的预期价值"),
    "figure.ahead": ('Ahead of "{rule}"', "领先于“{rule}”"),
    "figure.treated": ("Get more than nothing", "获得方案的占比"),
    "figure.of_limit": ("of {limit}", "上限 {limit}"),
    "figure.came": ("by what came, on the stated terms: {worth}", "按实际结果（依所设参数）：{worth}"),
    "figure.by_what_came": ("by what came", "按实际结果"),
    "summary.qini": (
        'Ranked by the foretold effect of "{arm}", the Qini coefficient is {model}; ranked by the probability alone, '
        "{response}.",
        "按“{arm}”的预测增量排序，Qini 系数为 {model}；仅按概率排序为 {response}。",
    ),
    "summary.mrr": (
        "The product that was taken stands at a mean reciprocal rank of {model}; by popularity, {popularity}.",
        "实际购买产品的平均倒数排名为 {model}；按热门程度排序为 {popularity}。",
    ),
    "allocation.read": (
        "Each gets the option that is worth most, its cost taken off, as far as rules and limits allow.",
        "在规则与限额允许的范围内，每个对象得到扣除成本后价值最高的方案。",
    ),
    "allocation.options": ("Options: who gets what, and what it brings", "方案：分配与价值"),
    "allocation.option": ("Option", "方案"),
    "allocation.eligible": ("May get it", "符合条件"),
    "allocation.n": ("Get it", "分配数量"),
    "allocation.probability": ("Mean probability", "平均概率"),
    "allocation.value": ("Worth, expected", "预期价值"),
    "allocation.each": ("Worth each", "平均价值"),
    "allocation.use": ('Use of "{name}"', "“{name}”用量"),
    "allocation.stated": ("How each option is valued", "各方案的价值如何计算"),
    "allocation.formula": ("What it brings, before cost", "价值（未扣成本）"),
    "allocation.cost": ("Cost", "成本"),
    "allocation.where": ("Open to", "适用条件"),
    "allocation.everybody": ("everybody", "全体"),
    "allocation.why": ("How the choices came about", "选择的原因"),
    "allocation.reason": ("Why", "原因"),
    "allocation.count": ("Number", "数量"),
    "allocation.share": ("Share", "占比"),
    "why.best": ("no option is worth more", "没有价值更高的方案"),
    "why.limit": ("another is worth more, but limits give it to others", "另有更高价值的方案，但受限额约束"),
    "why.nothing": ("no option is worth its cost", "没有方案的价值超过成本"),
    "why.rule": ("a rule forbids all else", "规则不允许其他方案"),
    "why.not_eligible": ("no other option is open", "不符合其他方案的条件"),
    "why.holdout": ("held out at random, to measure the effect", "随机留作对照，用于衡量效果"),
    "why.infeasible": ("the limits contradict each other", "各项限制相互矛盾"),
    "allocation.limits": ("Limits, and what one more unit is worth", "限额及其影子价格"),
    "allocation.limit": ("Limit", "限额"),
    "allocation.used": ("Used", "已用"),
    "allocation.lower": ("At least", "下限"),
    "allocation.upper": ("At most", "上限"),
    "allocation.slack": ("Room left", "余量"),
    "allocation.price": ("What one more is worth", "影子价格"),
    "allocation.budget": ('budget "{name}"', "预算“{name}”"),
    "allocation.capacity": ('places for "{name}"', "“{name}”的名额"),
    "allocation.group": ('rule "{name}"', "规则“{name}”"),
    "allocation.resource_cost": ("spending", "支出"),
    "allocation.price_more": ("one more {unit} is worth {price}", "每增加 1 {unit}，价值增加 {price}"),
    "allocation.price_less": ("one {unit} less would bring {price}", "每降低 1 {unit}，价值增加 {price}"),
    "allocation.price_none": ("does not bind", "未起约束作用"),
    "allocation.binds": ("What binds: {limits}.", "起约束作用的限额：{limits}。"),
    "allocation.free": ("No limit binds.", "没有限额起约束作用。"),
    "allocation.no_limits": ("No budget, capacity or group rule was set.", "没有设定预算、名额或分组规则。"),
    "allocation.gap": (
        "No other choice within the limits could be worth more than {gap} beyond this one.",
        "在限额之内，任何其他分配方案的价值最多只能再高 {gap}。",
    ),
    "allocation.batch": (
        "The limits are stated for {batch} at a time; this part has its share of them by its size.",
        "限额按每 {batch} 个对象设定；本部分样本按数量折算。",
    ),
    "allocation.holdout": (
        "{share} are drawn by lot and get nothing, so that what the decision changes can be measured afterwards.",
        "随机抽取 {share} 不施加任何方案，以便事后衡量决策效果。",
    ),
    "allocation.curves": ("Worth by limit", "价值随限额的变化"),
    "allocation.curve": ("Worth by {limit}", "价值变化：{limit}"),
    "allocation.curve_read": (
        "Everything else as it is. Dot: the limit as stated; where the line is flat, more would bring nothing.",
        "其他条件不变。圆点为当前限额；曲线平坦处，放宽限额不再增加价值。",
    ),
    "allocation.curve_worth": ("Worth, expected", "预期价值"),
    "allocation.curve_in": ("Worth, expected, {unit}", "预期价值（{unit}）"),
    "allocation.curve_places": ("Places", "名额"),
    "allocation.curve_limit": ("Limit, {unit}", "限额（{unit}）"),
    "allocation.curve_price": ("one more is worth {price}", "每增加 1 单位价值 {price}"),
    "allocation.rules": ("What it is worth beside other rules", "与其他规则相比的价值"),
    "allocation.worth_realised": ("Worth by what came", "按实际结果的价值"),
    "allocation.worth_expected": ("Worth as expected by the model", "按模型预期的价值"),
    "allocation.worth_read": (
        "Dot: worth on this part; line: its 95 % interval. Today's rule, and rules that give an option to all who may "
        "get it, take no account of the limits.",
        "圆点为本部分样本上的价值，横线为 95% 区间。现行规则与“符合条件者全部”类规则不受限额约束。",
    ),
    "allocation.ahead": ("How far the chosen one is ahead", "所选策略的领先幅度"),
    "allocation.ahead_read": (
        "The same observations under both rules, so the interval is of the difference. One that crosses zero does not "
        "tell the two apart.",
        "两种规则作用于同一批样本，区间为差值的区间；跨过零点则无法区分两者。",
    ),
    "allocation.rule": ("Rule", "规则"),
    "allocation.rule_expected": ("Worth, expected", "预期价值"),
    "allocation.rule_realised": ("Worth, by what came", "实际价值"),
    "allocation.rule_behind": ("Chosen is ahead by", "所选策略领先"),
    "allocation.rule_treated": ("Treated", "施策占比"),
    "allocation.rule_over": ("above the limit of {limit}", "超出上限 {limit}"),
    "allocation.in_money": ("Amount, {unit}", "金额（{unit}）"),
    "allocation.money": ("Amount", "金额"),
    "missing.options": ("The options are not described in this run.", "本次运行没有记录方案。"),
    "missing.curves_of_limits": (
        "What more or less of a limit would be worth is not available: there is none with a bound.",
        "没有可放宽或收紧的限额，因此没有价值曲线。",
    ),
    "uplift.read": (
        "The model foretells what a treatment changes, not who has the outcome anyway. What it says is held against "
        "doubly robust effects on rows that it never saw.",
        "模型预测的是施策带来的改变，而不是谁本来就会发生。预测值与未参与训练样本上的双重稳健效应对照。",
    ),
    "uplift.arms": ("What was done, and what came", "历史施策与结果"),
    "uplift.arm": ("Treatment", "施策方式"),
    "uplift.rows": ("Number", "数量"),
    "uplift.rate": ("Had the outcome", "结果发生率"),
    "uplift.control": ("control", "对照"),
    "uplift.qini": ("Qini curve · {arm}", "Qini 曲线 · {arm}"),
    "uplift.qini_read": (
        "Treat the share with the largest foretold effect first. Above the dashed line is better than by lot; a "
        "ranking by the probability alone may lie below it.",
        "从预测增量最大者开始施策。高于虚线优于随机；仅按概率排序可能低于虚线。",
    ),
    "uplift.share": ("Share treated", "施策占比"),
    "uplift.extra": ("Extra outcomes", "增量结果数"),
    "uplift.model": ("Ranked by effect", "按增量排序"),
    "uplift.response": ("Ranked by probability", "按概率排序"),
    "uplift.random": ("By lot", "随机"),
    "uplift.tenths": ("Foretold and observed effect by tenth · {arm}", "按十分位的预测与实际增量 · {arm}"),
    "uplift.tenths_read": (
        "Tenths by foretold effect, the largest first. Line: foretold; dots: observed, with their 95 % interval.",
        "按预测增量从高到低分为十组。折线为预测值，圆点为实际值及其 95% 区间。",
    ),
    "uplift.tenth": ("Tenth", "分位组"),
    "uplift.change": ("Change of the probability", "概率的变化"),
    "uplift.predicted": ("Foretold", "预测"),
    "uplift.observed": ("Observed", "实际"),
    "uplift.side_by_side": ("Effects side by side", "各施策方式对照"),
    "uplift.mean": ("Mean effect", "平均增量"),
    "uplift.top": ("Effect on the first tenth", "前 10% 的增量"),
    "uplift.qini_model": ("Qini, ranked by effect", "Qini（按增量排序）"),
    "uplift.qini_response": ("Qini, ranked by probability", "Qini（按概率排序）"),
    "uplift.slope": ("Observed for each foretold point", "每个预测百分点对应的实际变化"),
    "uplift.metrics": ("Measures of the ranking · {arm}", "排序效果指标 · {arm}"),
    "uplift.metric": ("Measure", "指标"),
    "uplift.calibration": (
        "In the mean, observed effects are above foretold ones by {mean} points.",
        "平均而言，实际增量比预测高 {mean} 个百分点。",
    ),
    "uplift.overlap": ("Whether the treated and the others can be compared", "施策组与对照组是否可比"),
    "uplift.known": (
        "The probability of each treatment was known: for a row and treatment it lay between {lowest} and {highest}. "
        "Effects are measured, not assumed.",
        "每种施策的分配概率已知，介于 {lowest} 与 {highest} 之间。增量是测得的，而非假设。",
    ),
    "uplift.estimated": (
        "The probability of each treatment was estimated from the features ({lowest} to {highest}). Effects are right "
        "only if nothing outside the features decided both the treatment and the outcome: an assumption.",
        "每种施策的概率由特征估计（介于 {lowest} 与 {highest} 之间）。只有在特征之外没有因素同时影响施策与结果时，"
        "增量才成立：这是一项假设。",
    ),
    "uplift.apart": (
        "The features tell the treated from the others with an AUC of {auc} (0.5: as if by lot).",
        "特征区分施策组与对照组的 AUC 为 {auc}（0.5 相当于随机分配）。",
    ),
    "uplift.trimmed": (
        "{n} rows were left out: for them some treatment was all but impossible.",
        "剔除 {n} 行：其中某种施策几乎不可能发生。",
    ),
    "missing.uplift": ("No effects were measured.", "没有测得增量。"),
    "incidence.read": (
        "Share to whom each event has happened by a time, where whichever comes first ends the watch. The band is the "
        "95 % interval of what was observed (Aalen-Johansen).",
        "截至各时点发生每种事件的比例，最先发生的事件终止观察。阴影为实际发生率的 95% 区间（Aalen-Johansen 估计）。",
    ),
    "incidence.title": ("Share by months · {event}", "累计发生率 · {event}"),
    "incidence.months": ("Months since the cutoff", "距观测时点的月数"),
    "incidence.share": ("Share with the event", "累计发生率"),
    "incidence.predicted": ("Foretold", "预测"),
    "incidence.observed": ("Observed", "实际"),
    "incidence.table": ("At the end of the watch", "观察期末"),
    "incidence.event": ("Event", "事件"),
    "incidence.n": ("Observed cases", "发生数"),
    "incidence.inside": ("Foretold inside?", "预测是否在区间内"),
    "missing.incidence": ("No event was observed.", "没有观测到任何事件。"),
    "ranking.read": (
        "Of those who took a product, how high it stood among those they could have been offered. Where most take the "
        "same few, the first line flatters: read the mean of products.",
        "对实际购买者，统计所购产品在可推荐产品中的名次。若多数人购买少数几种产品，首行会偏乐观，应看各产品平均。",
    ),
    "ranking.takers": (
        "{n} of {rows} took a product in the time that counts.",
        "{rows} 个对象中有 {n} 个在期内购买了产品。",
    ),
    "ranking.mrr": ("Mean reciprocal rank", "平均倒数排名（MRR）"),
    "ranking.hit": ("Among the first {k}", "前 {k} 名命中率"),
    "ranking.ndcg": ("NDCG at {k}", "前 {k} 名 NDCG"),
    "ranking.product": ("Product", "产品"),
    "ranking.rows": ("Taken by", "购买数"),
    "ranking.all": ("all who took one", "全部购买者"),
    "ranking.mean": ("mean of products", "各产品平均"),
    "ranking.model": ("Model", "模型"),
    "ranking.popularity": ("Popularity", "热门排序"),
    "ranking.item_to_item": ("Item to item", "关联推荐"),
    "ranking.picture": ("Mean reciprocal rank by product", "各产品的平均倒数排名"),
    "missing.ranking": ("Nobody took a product, so no ranking was measured.", "无人购买产品，未测量排序效果。"),
    "performance.challengers": ("Challengers on the same rows · {part}", "挑战者模型对照 · {part}"),
    "performance.challengers_read": (
        "Fitted on the same rows and measured like the model; they decide nothing.",
        "在相同样本上训练并以相同方式评估，不参与决策。",
    ),
    "performance.which": ("Model", "模型"),
    "performance.deciding": ("{model} (decides)", "{model}（用于决策）"),
    "performance.plain": ("logistic reference", "逻辑回归对照"),
    "performance.makeup": ("What the model is: {title}, over {n} features.", "模型：{title}，共使用 {n} 个特征。"),
    "performance.learners": ("Learners that were tried, out of fold", "候选学习器（折外结果）"),
    "performance.learner": ("Learner", "学习器"),
    "performance.averaged": ("In the average", "是否入选"),
    "performance.yes": ("yes", "是"),
    "performance.no": ("no", "否"),
    "performance.undecided": (
        "None of them ranks better than by lot: everybody is told the mean effect; the linear ones only say who comes "
        "first where limits leave some out.",
        "没有学习器优于随机排序：对所有人采用平均效应；仅在名额受限时由线性学习器决定先后。",
    ),
    "performance.events": ("Events that end the watch: {events}.", "终止观察的事件：{events}。"),
    "performance.products": ("Products and who took them in training", "训练期内各产品的购买数"),
    "performance.product": ("Product", "产品"),
    "performance.takers": ("Taken by", "购买数"),
    "kind.portfolio": ("portfolio", "模型组合"),
    "kind.estimator": ("estimator by name", "指定估计器"),
    "kind.scorecard": ("scorecard", "评分卡"),
    "kind.additive": ("additive model", "可加模型"),
    "kind.t_linear": ("two linear models (T)", "双模型，线性（T）"),
    "kind.s_linear": ("one linear model (S)", "单模型，线性（S）"),
    "kind.x_linear": ("crossed linear models (X)", "交叉模型，线性（X）"),
    "kind.dr_linear": ("doubly robust, linear (DR)", "双重稳健，线性（DR）"),
    "kind.t_boosted": ("two boosted models (T)", "双模型，提升树（T）"),
    "kind.s_boosted": ("one boosted model (S)", "单模型，提升树（S）"),
    "kind.x_boosted": ("crossed boosted models (X)", "交叉模型，提升树（X）"),
    "kind.dr_boosted": ("doubly robust, boosted (DR)", "双重稳健，提升树（DR）"),
    "kind.response": ("the probability alone", "仅按概率"),
    "units.customer": ("customer", "个对象"),
    "units.point": ("point", "个百分点"),
    "units.unit": ("unit", "单位"),
    "units.minutes": ("minutes", "分钟"),
    "units.hours": ("hours", "小时"),
}
"""Texts that only such runs need."""

OPTIONS: dict[str, tuple[str, str]] = {
    "section.reasons": ("Examples and why", "决策示例及其理由"),
    "summary.separates": (
        "It tells those with the outcome from those without by a ROC AUC of {auc} (part: {part}).",
        "区分结果发生与否的 ROC AUC 为 {auc}（{part}）。",
    ),
    "summary.measured": (
        "Measured on {n} observations, {bad} of them with the outcome, from {first} to {last}, that the model never "
        "saw.",
        "在模型从未见过的 {n} 个样本（其中结果发生 {bad} 个，{first} 至 {last}）上测得。",
    ),
    "summary.measured_before": (
        "Measured on {n} observations, {bad} of them with the outcome, from {first} to {last}; not on later months.",
        "在 {n} 个样本（其中结果发生 {bad} 个，{first} 至 {last}）上测得，尚未在之后的月份上检验。",
    ),
    "observations.label": ("Outcome:", "结果定义："),
    "observations.rate": ("Rate of the outcome", "结果发生率"),
    "observations.bad": ("With the outcome", "结果发生"),
    "observations.rate_by_period": ("Rate of the outcome over time", "结果发生率随时间的变化"),
    "features.read": (
        "Each feature is a formula that a person can read. The small bars show the rate of the outcome from the lowest "
        "to the highest bin, against the overall rate (dashed): orange above it, blue below it, grey for missing "
        "values.",
        "每个特征都是可读的公式。小柱图依次显示从低到高各分箱的结果发生率，虚线为总体水平：橙色高于总体，蓝色低于总体，灰色为缺失。",
    ),
    "features.few_read": (
        "Hollow bars rest on fewer than {rows} rows, or on fewer than {share} of them: their rate is mostly chance. "
        "{n} of the {all} features have such a bin.",
        "空心柱的样本少于 {rows} 行或不足 {share}，其结果发生率多属偶然。{all} 个特征中有 {n} 个含此类分箱。",
    ),
    "features.shape": ("Rate of the outcome by bin", "分箱结果发生率"),
    "features.rate": ("Rate of the outcome", "结果发生率"),
    "features.contribution": ("Mean contribution to the score", "对评分的平均贡献"),
    "performance.pr_read": (
        "Of those flagged, how many had the outcome; of all with the outcome, how many were flagged.",
        "被识别者中结果发生的比例，以及全部结果发生者中被识别的比例。",
    ),
    "performance.ks": ("KS: distance of the two groups", "KS：两组的分离度"),
    "performance.gains": ("Gains: outcomes caught by depth", "增益：按深度捕获的结果"),
    "performance.gains_read": (
        "Outcomes caught when that share with the highest probability is taken.",
        "取概率最高的一定比例时，捕获到的结果比例。",
    ),
    "performance.fpr": ("Flagged among those without the outcome", "结果未发生者中被识别的比例"),
    "performance.tpr": ("Flagged among those with the outcome", "结果发生者中被识别的比例"),
    "performance.quantile": ("Lowest probability first", "从概率最低者起"),
    "performance.good": ("Without the outcome", "结果未发生"),
    "performance.bad": ("With the outcome", "结果发生"),
    "performance.probability": ("Forecast probability of the outcome", "预测的结果概率"),
    "performance.depth": ("Share taken, highest first", "选取比例（从高到低）"),
    "performance.captured": ("Outcomes caught", "捕获的结果"),
    "calibration.n": ("Number", "数量"),
    "reasons.read": (
        "Each bar pushes the odds of the outcome up (to the right, orange) or down (to the left, blue), against those "
        "typical of all. Only the strongest reasons are shown.",
        "每条横柱表示与全体典型值相比，结果发生的几率升高（向右，橙色）或降低（向左，蓝色）多少。仅列出最主要的理由。",
    ),
    "reasons.applicant": ("Example {id}", "示例 {id}"),
    "reasons.facts": (
        "Probability of the outcome {probability}, judged as of {cutoff}.",
        "结果发生概率 {probability}，评估时点 {cutoff}。",
    ),
    "reasons.table": ("Reasons for example {id}", "示例 {id} 的理由"),
    "reasons.value": ("This one", "本例"),
    "reasons.typical": ("Typical of all", "全体典型值"),
    "reasons.push": ("Effect on the odds", "对几率的影响"),
    "reasons.up": ("odds × {factor}", "几率 × {factor}"),
    "reasons.down": ("odds ÷ {factor}", "几率 ÷ {factor}"),
    "reasons.alike": (
        "No single feature sets this one apart from what is typical of all.",
        "没有哪个特征使本例明显不同于全体典型值。",
    ),
    "missing.samples": ("No examples were recorded.", "没有记录示例。"),
    "missing.reasons": ("No reasons were recorded for this one.", "没有记录本例的理由。"),
}
"""Other words for texts of `tael.reports.catalogue`, where the decision is one among options: nobody is bad there."""

KINDS: dict[str, dict[str, tuple[str, str]]] = {
    "uplift": {
        "performance.reference": ("Logistic, without the treatment · {part}", "逻辑回归（不含施策）· {part}"),
        "summary.reference": (
            "Plain logistic regression, which knows no treatment, reaches {auc} on the same part.",
            "同一样本上，不含施策信息的普通逻辑回归为 {auc}。",
        ),
        "reasons.read": (
            "Each bar pushes the foretold effect of the treatment up (to the right, orange) or down (to the left, "
            "blue), against those typical of all. Only the strongest reasons are shown.",
            "每条横柱表示与全体典型值相比，预测的施策增量升高（向右，橙色）或降低（向左，蓝色）多少。仅列出最主要的理由。",
        ),
        "reasons.facts": (
            "Probability of the outcome without treatment {probability}, judged as of {cutoff}.",
            "不施策时的结果概率 {probability}，评估时点 {cutoff}。",
        ),
        "reasons.push": ("Effect of the treatment", "对施策增量的影响"),
        "reasons.up": ("+{factor} points", "+{factor} 个百分点"),
        "reasons.down": ("−{factor} points", "−{factor} 个百分点"),
        "features.contribution": ("Mean contribution to the effect", "对增量的平均贡献"),
    },
    "recommender": {
        "performance.read": (
            "Each row here is one observation with one product that it could take; the section on ranking says how "
            "high the right product stood. Beneath each value stands its bootstrap interval.",
            "此处每一行为一个对象与一个可购买产品的组合；产品名次见排序部分。每个数值下方是其自助法（bootstrap）区间。",
        ),
        "performance.reference": ("Popularity · {part}", "热门排序 · {part}"),
        "performance.plain": ("popularity", "热门排序"),
        "summary.reference": (
            "A ranking by popularity on the same part reaches {auc}.",
            "同一样本上，按热门程度排序为 {auc}。",
        ),
        "summary.no_reference": (
            "No ranking by popularity was made beside it.",
            "本次没有用于对照的热门排序。",
        ),
        "reasons.facts": (
            "Probability of taking any product {probability}, judged as of {cutoff}.",
            "购买任一产品的概率 {probability}，评估时点 {cutoff}。",
        ),
        "reasons.read": (
            "Each bar pushes the odds of taking the product up (to the right, orange) or down (to the left, blue), "
            "against those typical of all. Only the strongest reasons are shown.",
            "每条横柱表示与全体典型值相比，购买该产品的几率升高（向右，橙色）或降低（向左，蓝色）多少。仅列出最主要的理由。",
        ),
    },
}
"""Further words by the kind of model; they go before those above."""
