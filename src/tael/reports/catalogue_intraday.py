"""The fixed texts of a report on trading within the day, English and Chinese side by side."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "section.execution": ("From scores to orders on the book", "从评分到盘口委托"),
    "instrument.book": ("order book", "订单簿"),
    "instrument.minutes": ("bars of a minute", "分钟行情"),
    "scores.hit_rate": ("Sign right, of rows with a move", "方向正确率（有变动的行）"),
    "intraday.tile_ic": ("Rank IC over time, out of time", "跨期时序秩 IC"),
    "intraday.tile_hits": ("Sign right, out of time", "跨期方向正确率"),
    "tile.paper_bp": ("Gained on paper for each unit dealt", "每单位成交的纸面收益"),
    "tile.cost_bp": ("Spread and fees", "价差与费用"),
    "tile.net_bp": ("Left after all costs", "全部成本之后"),
    "intraday.bp": ("{n} bp", "{n} 基点"),
    "intraday.seconds": ("{n} s", "{n} 秒"),
    "intraday.move": ("Mean later move, bp", "后续平均变动（基点）"),
    "intraday.fifths": ("Move by fifth of the score", "按评分五分位的后续变动"),
    "intraday.fifths_read": (
        "Mean move of the price after scores of each fifth of the validation's range, out of time, before costs.",
        "按验证区间评分五分位分组，跨期区间内价格的后续平均变动（未扣费用）。",
    ),
    "intraday.figures": ("Figures", "主要数字"),
    "intraday.scores": ("By the scores", "按评分"),
    "intraday.random": ("Same scores at other times", "同一评分平移到其他时刻"),
    "intraday.paper_bp": ("Gain on paper, of the amount dealt", "纸面收益（占成交额）"),
    "intraday.cost_bp": ("Spread, adverse selection and fees, of the amount dealt", "价差、逆向选择与费用（占成交额）"),
    "intraday.net_bp": ("Net gain, of the amount dealt", "净收益（占成交额）"),
    "intraday.net_day": ("Net gain a day, of one full position of each", "日净收益（占满仓市值）"),
    "intraday.turnover_day": ("Turnover a day, of one full position of each", "日换手（满仓倍数）"),
    "intraday.trades": ("Deals", "成交笔数"),
    "intraday.waited": ("Dealt while waiting", "挂单成交占比"),
    "intraday.holding_seconds": ("Held, in the mean", "平均持有"),
    "intraday.of_dealt": ("Of the amount dealt", "占成交额"),
    "item.paper": ("Gain of the targets, held at once at the middle price", "目标仓位按中间价即时持有的收益"),
    "item.missed": ("Held later, or not at all", "延迟或未能持有"),
    "item.spread": ("Spread (earned where orders waited)", "价差（挂单则为收入）"),
    "item.adverse": ("Price moved against waiting orders", "挂单遭遇的逆向选择"),
    "item.fees": ("Fees and stamp duty", "费用与印花税"),
    "item.net": ("Net", "净额"),
    "intraday.curve": ("On paper and after all costs", "纸面与扣费后累计收益"),
    "intraday.curve_read": (
        "Added up, as a share of one full position of each entity; between the lines lies what dealing costs.",
        "累计值，占各标的满仓市值的比例；两线之间的距离即交易成本。",
    ),
    "intraday.variants": ("The same scores dealt otherwise", "同一评分的其他执行方式"),
    "intraday.variant": ("Execution", "执行方式"),
    "intraday.variants_read": (
        "A signal that is gone when the order arrives a few rows later is no signal that can be dealt.",
        "若委托晚到数行信号即失效，则该信号无法交易。",
    ),
    "intraday.latency_n": ("{n} rows until the order arrives", "委托延迟 {n} 行到达"),
    "variant.as_stated": ("as stated", "按设定"),
    "variant.limit": ("waiting in the queue", "挂单排队"),
    "variant.market": ("at the touch", "对手价成交"),
    "variant.fees_doubled": ("fees doubled", "费用加倍"),
    "order.market": (
        "An order arrives {latency} row(s) after the decision, takes the other side's best price, and further levels "
        "where that is thin. A full position is worth {size}; fees are {buy} of what is bought and {sell} of what is "
        "sold. Nothing is held over a pause. All figures are out of time, {days} day(s).",
        "决策后 {latency} 行委托到达，以对手最优价成交，量不足则吃入后续档位。满仓市值 {size}；"
        "买入费率 {buy}，卖出费率 {sell}。休市间歇不持仓。以下均为跨期区间，共 {days} 天。",
    ),
    "order.limit": (
        "An order arrives {latency} row(s) after the decision and waits at its side's best price, behind all that is "
        "displayed there; after {patience} rows it is withdrawn. A full position is worth {size}; fees are {buy} of "
        "what is bought and {sell} of what is sold. Nothing is held over a pause. All figures are out of time, "
        "{days} day(s).",
        "决策后 {latency} 行委托到达，在本方最优价排队，位于已显示挂单之后；{patience} 行后撤单。满仓市值 {size}；"
        "买入费率 {buy}，卖出费率 {sell}。休市间歇不持仓。以下均为跨期区间，共 {days} 天。",
    ),
    "intraday.t_plus_1": (
        "What is bought today can be sold tomorrow at the earliest: all of this is dealt around a position held "
        "anyway, each share of which can be sold once a day. Its own gains and risks are not counted here.",
        "当日买入次日方可卖出：以上交易均围绕既有底仓进行，每股底仓每日至多卖出一次；底仓自身的盈亏与风险未计入。",
    ),
}
"""Key -> (English, Chinese)."""

OVER_TIME: dict[str, tuple[str, str]] = {
    "scores.read": (
        "IC is here the correlation over time of each entity's scores with its own later moves, all entities pooled; "
        "rank IC that of ranks. Intervals allow for labels that overlap (Newey and West, 1987).",
        "此处 IC 为各标的评分与其自身后续变动的时序相关，全部标的合并计算；秩 IC 为秩相关。"
        "区间估计考虑了标签重叠（Newey-West, 1987）。",
    ),
    "scores.curve_read": ("A straight rise is a steady signal; each point is the mean of a stretch.",
                          "直线上升表示信号稳定；每点为一段的均值。"),
    "scores.decay_read": (
        "Move from the next row on over so many rows, within the session.", "自下一行起若干行内的价格变动（不跨休市）。"
    ),
    "scores.controls_read": (
        "A model without a leak has nothing left where the label is shuffled within each session.",
        "无泄漏的模型在标签打乱后应无任何预测力。",
    ),
    "factors.read": (
        "{n} factors went into the model. The correlation over time of each with the label (rank IC, entities pooled) "
        "is shown for each stretch with an interval that allows for overlap (Newey and West, 1987).",
        "模型使用 {n} 个因子。下表按区间给出各因子与标签的时序秩相关（标的合并），区间估计考虑了标签重叠。",
    ),
    "page.simulated_text": (
        "No figure on this page describes a real market.", "本页的任何数字都不代表真实市场。"
    ),
}  # fmt: skip
"""What stands in place of the words for cross-sections."""
