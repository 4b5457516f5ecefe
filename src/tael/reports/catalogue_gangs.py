"""The fixed texts of a report on gangs, English and Chinese side by side."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "section.gangs": ("The queue of gangs", "团伙队列"),
    "decision.gang": ("in a reported gang", "属于上报团伙"),
    "role.source": ("source", "资金来源"),
    "role.mule": ("mule", "过渡账户"),
    "role.collector": ("collector", "归集账户"),
    "role.hub": ("hub", "枢纽账户"),
    "role.member": ("member", "成员"),
    "gangs.read": (
        "Each search looks at the transfers of its window as they were known at its cutoff, scores them, and joins the "
        "suspicious ones that meet at an account close in time. At most {capacity} gangs a search are reported, those "
        "of largest score x money first. All figures are out of time.",
        "每次搜索只使用截止时点已知的窗口内转账，先评分，再把在同一账户相遇且时间相近的可疑转账连成群组。"
        "每次至多上报 {capacity} 个团伙，按评分×金额从大到小。以下数字均为跨期结果。",
    ),
    "gangs.quiet": (
        "A gang half of which was reported is not reported again for {days} days.",
        "半数成员已上报的团伙在 {days} 天内不再上报。",
    ),
    "gangs.right_is": (
        "A report is right if half of its members or more belong to one gang that came out later; a gang is found if "
        "half of its members, as far as the search could see them, stand in one report.",
        "上报成员中半数以上属于同一个后来查明的团伙，即为属实；团伙在搜索可见的成员中有半数出现在同一份上报中，即为查获。",
    ),
    "gangs.ways": ("What each way to look finds with the same places", "相同名额下各种方法的发现"),
    "gangs.way": ("Way to look", "方法"),
    "gangs.right": ("Right of reports", "属实 / 上报"),
    "gangs.of": ("{n} of {all}", "{all} 中的 {n}"),
    "gangs.precision": ("Share right", "属实率"),
    "gangs.found": ("Gangs found", "查获团伙"),
    "gangs.recall": ("Share found", "查获率"),
    "gangs.close": ("Found closely", "精确查获"),
    "gangs.money": ("Money of gangs found", "查获团伙的资金"),
    "gangs.worth": ("Worth after reviews", "扣除核查成本后的价值"),
    "gangs.behind": ("Queue is ahead by", "队列领先"),
    "gangs.ways_read": (
        "Found closely: members in both over members in either (Jaccard index) of one half or more. By lot: the scores "
        "dealt out anew among each search's transfers, mean of five.",
        "精确查获：Jaccard 系数（交集成员数/并集成员数）不低于 0.5。随机：评分在每次搜索的转账间重新打乱，五次平均。",
    ),
    "gangs.ranks": ("Share right among the first k of each search", "每次搜索前 k 名的属实率"),
    "gangs.first_k": ("first {k}", "前 {k}"),
    "gangs.ranks_read": (
        "Beneath: right of reports, and the share of all gangs that these hold.",
        "下行：属实数/上报数，以及占全部查明团伙的比例。",
    ),
    "gangs.typologies": ("By typology of the gangs that came out: found of all", "按查明团伙的类型：查获数"),
    "gangs.typology": ("Typology", "类型"),
    "gangs.known": ("Gangs", "团伙数"),
    "gangs.unnamed": ("not named", "未注明"),
    "gangs.shapes": ("By shape that the reports were given: share right", "按上报团伙的形态：属实率"),
    "gangs.shape": ("Shape", "形态"),
    "gangs.meaning": ("What it means", "含义"),
    "gangs.searches": ("Search by search", "逐次搜索"),
    "gangs.search": ("Search", "搜索"),
    "gangs.transfers": ("Transfers", "转账数"),
    "gangs.kept": ("Suspicious", "可疑转账"),
    "gangs.groups": ("Groups", "群组数"),
    "gangs.reported": ("Reported", "上报"),
    "gangs.queue": ("The reported gangs, first places first", "上报团伙（排位靠前者在前）"),
    "gangs.gang": ("Gang", "团伙"),
    "gangs.place": ("Place", "排位"),
    "gangs.members": ("Accounts", "账户数"),
    "gangs.roles": ("Roles", "角色"),
    "gangs.score": ("Score", "评分"),
    "gangs.moved": ("Money moved", "涉及金额"),
    "gangs.came": ("Came out", "后来查明"),
    "gangs.yes": ("right", "属实"),
    "gangs.hits": ("Right", "属实"),
    "gangs.no": ("not", "未属实"),
    "gangs.drawn": ("The first gangs, laid out in time", "首批团伙时序图"),
    "gangs.drawn_read": (
        "Each dot is an account (numbered, not named) where it first appears in time; arrows point to whoever "
        "receives, the wider the larger the amount. What the shape explains stands out.",
        "每个点为一个账户（仅编号、不具名），按首次出现时间排列；箭头指向收款方，线越粗金额越大；"
        "符合该形态的转账突出显示。",
    ),
    "gangs.settings": (
        "How gangs were looked for: transfers of a score from {threshold}, at most {within} apart at an account; "
        "groups of more than {split_over} accounts are cut; suspicion is carried on {rounds} times. Chosen on: "
        "{where}.",
        "搜索参数：评分不低于 {threshold}，在同一账户相隔不超过 {within}；超过 {split_over} 个账户的群组再切分；"
        "可疑度沿资金流传递 {rounds} 次。选定依据：{where}。",
    ),
    "gangs.on_validation": ("the searches of the validation part", "验证样本中的各次搜索"),
    "gangs.on_stated": ("the scenario, as stated", "场景设定"),
    "gangs.trials": ("The best settings tried on validation", "验证样本上试过的最佳参数"),
    "gangs.threshold": ("Score from", "评分门槛"),
    "gangs.within": ("Apart at most", "最长间隔"),
    "gangs.days": ("{n} days", "{n} 天"),
    "gangs.split_over": ("Cut above", "切分规模"),
    "gangs.rounds": ("Carried on", "传递次数"),
    "gangs.value": ("Mean of recall, close recall, precision", "查获率、精确查获率与属实率均值"),
    "missing.gangs": ("The gangs are not described in this run.", "本次运行没有记录团伙。"),
    "missing.reports": ("No gang was reported.", "没有上报团伙。"),
}
"""Texts of the section."""

GANGS: dict[str, tuple[str, str]] = {
    "decision.none": ("in no reported gang", "不属于上报团伙"),
    "reasons.read": (
        "Each bar pushes the odds that a transfer belongs to a gang up (to the right, orange) or down (to the left, "
        "blue), against those typical of transfers in no reported gang. Only the strongest reasons are shown.",
        "每条横柱表示与未上报转账的典型值相比，该笔转账属于团伙的几率升高（向右，橙色）或降低（向左，蓝色）多少。"
        "仅列出最主要的理由。",
    ),
    "figure.worth": ("Worth of the reports, if scores were probabilities", "上报价值（以评分作概率估计）"),
    "figure.treated": ("Transfers in reported gangs", "属于上报团伙的转账占比"),
    "reasons.typical": ("Typical in no reported gang", "未上报者典型值"),
    "reasons.alike": (
        "No single feature sets this transfer apart from those in no reported gang.",
        "没有哪个特征使该笔转账明显不同于未上报者。",
    ),
}
"""What a report on gangs says in other words."""
