"""Typologies and roles of a gang in words, English and Chinese."""

from __future__ import annotations

from tael.validation.words import Words

TYPOLOGY_WORDS: dict[str, tuple[Words, Words]] = {
    "cycle": (
        Words("cycle", "资金回流"),
        Words("money goes round and comes back to where it began", "资金经多手流转后回到起点"),
    ),
    "scatter_gather": (
        Words("scatter-gather", "先分散后集中"),
        Words("one account pays several, which pay on to one account", "由一户分散转给多户，再汇集到一户"),
    ),
    "gather_scatter": (
        Words("gather-scatter", "先集中后分散"),
        Words("several pay one account, which pays several others", "多户汇入一户，再由该户分散转出"),
    ),
    "fan_in": (Words("fan-in", "集中转入"), Words("several accounts pay one", "多户集中转入一户")),
    "fan_out": (Words("fan-out", "分散转出"), Words("one account pays several", "由一户分散转给多户")),
    "bipartite": (
        Words("bipartite layers", "两层交叉转账"),
        Words("several accounts pay several, each more than one", "多个付款方交叉转给多个收款方"),
    ),
    "stack": (
        Words("stacked layers", "多层转移"),
        Words("money passes through layers of accounts, each several wide", "资金逐层经过多组账户"),
    ),
    "chain": (
        Words("chain", "链式转账"),
        Words("money passes through the accounts one after another", "资金依次经过多个账户"),
    ),
    "mixed": (Words("mixed", "混合"), Words("no one shape explains the transfers", "没有单一形态能够解释这些转账")),
    "group": (Words("group", "群体"), Words("accounts that belong together, without direction", "无方向的关联群体")),
}
"""Shape -> its name, and what it means."""

ROLE_WORDS: dict[str, Words] = {
    "source": Words("source", "资金来源"),
    "mule": Words("mule", "过渡账户"),
    "collector": Words("collector", "归集账户"),
    "hub": Words("hub", "枢纽账户"),
    "member": Words("member", "成员"),
}
"""Role -> its name."""
