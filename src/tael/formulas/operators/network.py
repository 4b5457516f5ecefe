"""A table of edges as a network: who pays whom, in which order, and what comes back. Kernels: `tael.kernels.network`.

The first argument is a table with two columns that point to the observed entity, or a number of such a table (the
amount that moves). Only rows that happened and were known before the cutoff count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tael.formulas.operators.base import ANY, NUMERIC, Operator, Wording
from tael.tables.schema import Language, Type

Slots = Mapping[str, str]
_ALL = ("where", "last", "source", "target", "via")


def _network(
    name: str,
    en: Wording,
    zh: Wording,
    doc: tuple[str, str],
    example: str,
    *,
    options: Sequence[str] = (),
    needs: Sequence[str] = (),
    money: bool = False,
    empty: float = 0.0,
) -> Operator:
    docs: dict[Language, str] = {"en": doc[0], "zh": doc[1]}
    return Operator(
        name, "network", (NUMERIC,) if money else (ANY,), Type.NUMBER, {"en": en, "zh": zh}, docs, example, rows=True,
        timed=True, empty=empty, named=(*_ALL, *options), options=tuple(needs), of_amounts=money,
    )  # fmt: skip


def _within(name: str, en: str, zh: str, doc: tuple[str, str], example: str, **settings: object) -> Operator:
    return _network(name, en, zh, doc, example, options=("within",), needs=("within",), **settings)  # type: ignore[arg-type]


def _met(name: str, en: str, zh: str, doc: tuple[str, str]) -> Operator:
    def say(slots: Slots, types: Sequence[Type]) -> str:
        return en.format(**slots)

    return _within(name, say, zh, doc, f'{name}(logins.device, within="1h", last="90d")')  # type: ignore[arg-type]


def _shared(slots: Slots, types: Sequence[Type]) -> str:
    return f"others with the same {slots['value']} in {slots['rows']}"


OPERATORS = (
    _network(
        "fan_in",
        "distinct senders of {rows}",
        "{rows}的不同付款方数量",
        ("How many different others sent to it.", "向其付款的不同对手数量。"),
        'fan_in(transfers, last="30d")',
    ),
    _network(
        "fan_out",
        "distinct receivers of {rows}",
        "{rows}的不同收款方数量",
        ("How many different others it sent to.", "其付款给的不同对手数量。"),
        'fan_out(transfers, last="30d")',
    ),
    _network(
        "in_degree",
        "number of incoming {rows}",
        "{rows}的转入笔数",
        ("How many edges came in.", "转入的笔数。"),
        'in_degree(transfers, last="30d")',
    ),
    _network(
        "out_degree",
        "number of outgoing {rows}",
        "{rows}的转出笔数",
        ("How many edges went out.", "转出的笔数。"),
        'out_degree(transfers, last="30d")',
    ),
    _network(
        "new_counterparties",
        "counterparties met for the first time in {rows}",
        "{rows}中首次往来的对手数量",
        (
            "How many others it met for the first time, in either direction, within the window.",
            "窗口内首次往来（不论方向）的对手数量。",
        ),
        'new_counterparties(transfers, last="7d")',
    ),
    _network(
        "reciprocity",
        "share of {rows} that answer one the other way",
        "{rows}中与此前反向往来对手之间的占比",
        (
            "The share of its edges, in and out, with somebody with whom an edge went the other way before.",
            "往来（转入与转出）中，与此前有过反向往来的对手之间的占比。",
        ),
        'reciprocity(transfers, last="90d")',
        empty=float("nan"),
    ),
    _within(
        "pass_through",
        "share of the money received by {rows} that leaves within {within}",
        "{rows}的转入资金在{within}内转出的占比",
        (
            "Of the money that comes in, the share that leaves again at most `within` later: first in, first out.",
            "转入资金中在 `within` 之内又转出的占比，按先进先出配对。",
        ),
        'pass_through(transfers.amount, within="1d", last="30d")',
        money=True,
        empty=float("nan"),
    ),
    _within(
        "residence",
        "days that money received by {rows} stays before it leaves within {within}",
        "{rows}的转入资金在{within}内转出前的平均停留天数",
        (
            "The mean days that the money which leaves at most `within` after it came had stayed.",
            "在 `within` 之内转出的资金的平均停留天数。",
        ),
        'residence(transfers.amount, within="7d", last="30d")',
        money=True,
        empty=float("nan"),
    ),
    _network(
        "cycles",
        "cycles of {length} {rows} that return here within {within}",
        "{rows}中{within}内经{length}笔回到自身的环路数量",
        (
            "How many chains of `length` edges (2 to 5) leave it and come back, each edge later than the one before, "
            "the last at most `within` after the first; the window says when the last one happened.",
            "从其出发、经 `length` 笔（2 至 5）依次发生的往来又回到自身的环路数量，首尾相距不超过 `within`；"
            "窗口指最后一笔的时间。",
        ),
        'cycles(transfers, length=3, within="30d")',
        options=("length", "within"),
        needs=("length", "within"),
    ),
    _network(
        "chain",
        "hands, up to {length}, through which money came by {rows} within {within}",
        "{rows}的资金在{within}内经过的手数（最多{length}）",
        (
            "The longest chain of edges, up to `length` (1 to 8), that ends here: each later than the one before, "
            "handing on 80 to 100 % of its amount, the last at most `within` after the first.",
            "终止于此的最长资金链（至多 `length` 笔，1 至 8）：依次发生，每笔转出上一笔金额的 80% 至 100%，"
            "首尾相距不超过 `within`。",
        ),
        'chain(transfers.amount, length=5, within="3d", last="30d")',
        options=("length", "within"),
        needs=("length", "within"),
        money=True,
    ),
    _network(
        "scatter_gather",
        "most accounts between this one and one other, one after the other, in {rows}",
        "{rows}中与某一对方之间先散后聚的中间方最大数量",
        (
            "The most different middles through which money went from one other to this one, or from this one to one "
            "other, both steps within the window and in their order.",
            "资金由某一方经不同中间方汇集到此方（或由此方分散后汇集到某一方）的中间方最大数量，两步均在窗口内且先后有序。",
        ),
        'scatter_gather(transfers, last="7d")',
    ),
    _network(
        "gather_scatter",
        "senders gathered from, then as many receivers scattered to, in {rows}",
        "{rows}中先聚后散的对手数量",
        (
            "Over all moments of the window, the greatest lesser of two numbers: different senders so far, different "
            "receivers from then on.",
            "窗口内各时刻之前的不同付款方数量与之后的不同收款方数量，取二者较小值的最大值。",
        ),
        'gather_scatter(transfers, last="7d")',
    ),
    _network(
        "stack",
        "sources whose money came here through two or more middles in {rows}",
        "{rows}中经两个以上中间方汇入此方的来源数量",
        (
            "How many others, two steps up, whose money reached it through two or more different middles.",
            "上游两步处、资金经两个以上不同中间方到达此方的来源数量。",
        ),
        'stack(transfers, last="30d")',
    ),
    _network(
        "bipartite",
        "most counterparties shared with one other in {rows}",
        "{rows}中与另一方共有对手的最大数量",
        (
            "The most senders that it shares with one other receiver, or receivers with one other sender.",
            "与另一收款方共有的付款方（或与另一付款方共有的收款方）的最大数量。",
        ),
        'bipartite(transfers, last="30d")',
    ),
    _network(
        "structuring",
        "number of {rows} just below {below}",
        "{rows}中略低于{below}的笔数",
        (
            "How many amounts, in and out, lie from 0.8 times `below` up to, but not at it.",
            "转入与转出中，金额不低于 `below` 的 0.8 倍且低于 `below` 的笔数。",
        ),
        'structuring(transfers.amount, below=50000, last="30d")',
        options=("below",),
        needs=("below",),
        money=True,
    ),
    _network(
        "round_share",
        "share of round amounts (multiples of 1,000) in {rows}",
        "{rows}中整千金额的占比",
        ("The share of its edges whose amount is a multiple of 1,000.", "金额为 1000 整数倍的笔数占比。"),
        'round_share(transfers.amount, last="30d")',
        money=True,
        empty=float("nan"),
    ),
    _network(
        "repeated_amounts",
        "how often the most frequent round amount occurs in {rows}",
        "{rows}中最常见整千金额的出现次数",
        (
            "How often the most frequent multiple of 1,000 occurs among its amounts.",
            "其金额中出现最多的 1000 整数倍的次数。",
        ),
        'repeated_amounts(transfers.amount, last="30d")',
        money=True,
    ),
    _network(
        "night_share",
        "share of {rows} at night (22 to 6)",
        "{rows}发生在夜间（22 点至 6 点）的占比",
        ("The share of its edges from 22 to 6 o'clock.", "22 点至 6 点发生的笔数占比。"),
        'night_share(transfers, last="30d")',
        empty=float("nan"),
    ),
    _network(
        "dormancy",
        "longest silence, in days, that {rows} ended",
        "{rows}结束的最长静默天数",
        (
            "The longest time in days, in and out together, between an edge of the window and the one before it.",
            "窗口内某笔往来与其前一笔（不论方向）之间的最长天数。",
        ),
        'dormancy(transfers, last="7d")',
        empty=float("nan"),
    ),
    _within(
        "surge",
        "most {rows}, in or out, within any {within}",
        "{rows}在任意{within}内的最多笔数",
        (
            "Most edges, in and out together, in any span of that length.",
            "任意一段该时长内（转入与转出合计）的最多笔数。",
        ),
        'surge(transfers, within="1h", last="30d")',
    ),
    _network(
        "component",
        "size of the group connected by {rows}, on the first of the month",
        "月初时由{rows}连成的群体规模",
        (
            "How many hang together with it, whatever the direction, on the first of the cutoff's month; the window "
            "ends there.",
            "观测当月一日时（窗口止于该日），不论方向与其相连的整体规模。",
        ),
        'component(transfers, last="90d")',
    ),
    _network(
        "pagerank",
        "PageRank among {rows}, on the first of the month",
        "月初时在{rows}中的 PageRank",
        (
            "Its PageRank on the first of the cutoff's month, 1 being the average of all that have edges.",
            "观测当月一日时的 PageRank，1 为全体有往来者的平均值。",
        ),
        'pagerank(transfers, last="90d")',
    ),
    _network(
        "coreness",
        "core number among {rows}, on the first of the month",
        "月初时在{rows}中的核数",
        (
            "The greatest k such that it lies in a part where everybody has k neighbours, on the first of the "
            "cutoff's month.",
            "观测当月一日时，其所在、每个成员都有 k 个邻居的部分中最大的 k。",
        ),
        'coreness(transfers, last="90d")',
    ),
    _network(
        "shared",
        _shared,
        "{rows}中使用同一{value}的其他方数量",
        (
            "How many others used one of the devices (phones, addresses, ...) that it used; the first argument is that "
            "column, of a table that points to the entity.",
            "与其使用过同一设备（电话、地址等）的其他方数量；第一个参数为该列，所在的表须指向观测对象。",
        ),
        'shared(logins.device, last="90d")',
    ),
    _met(
        "met",
        "others with the same {value} within {within} of it in {rows}",
        "{rows}中前后{within}内出现在同一{value}的其他人数",
        (
            "How many others came to the same place (provider, device, ...) at most `within` before or after it did; "
            "the first argument is that column, of a table that points to the entity.",
            "在其前后 `within` 之内到过同一处（机构、设备等）的其他人数；第一个参数为该列，所在的表须指向观测对象。",
        ),
    ),
    _met(
        "met_again",
        "others with the same {value} within {within} of it, more than once, in {rows}",
        "{rows}中前后{within}内两次以上出现在同一{value}的其他人数",
        ("How many of those others it met more than once.", "其中与其相遇两次以上的人数。"),
    ),
    _met(
        "most_met",
        "times that one other had the same {value} within {within} of it in {rows}, at most",
        "{rows}中与同一人前后{within}内出现在同一{value}的最多次数",
        ("How often it met the one whom it met most.", "与相遇最多的那一人相遇的次数。"),
    ),
)
