"""The draft of a suspicious-transaction report on a gang: what the tables say, and blanks for what nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tael.decisions.gangs_words import ROLE_WORDS, TYPOLOGY_WORDS
from tael.engine import Engine
from tael.reports.cases import Answer, Reason, Text
from tael.runs.cases.draft import places_of
from tael.runs.cases.shown import Shower, said
from tael.runs.cases.told import LANGUAGES, both

if TYPE_CHECKING:
    from tael.runs.cases.gangs import Found

NAMED = 12
"""Accounts of a role that are named; of more their number."""


def gang_draft(
    engine: Engine, table: str, found: Found, names: Mapping[Any, Text], graph: Mapping[str, Any],
    reasons: Sequence[Reason], show: Shower, currency: str,
) -> tuple[Answer, ...]:  # fmt: skip
    """Fill in a draft.

    Parameters
    ----------
    engine : Engine
    table : str
        Of the transfers.
    found : Found
    names : mapping
        Account -> as it may be named.
    graph : mapping
        Of the gang, as :func:`tael.networks.case_graph` makes it.
    reasons : sequence of Reason
    show : Shower
    currency : str
    """
    gang, unit = found.gang, f" {currency}" if currency else ""
    first, last = (str(np.datetime64(at, "us").astype("datetime64[s]")).replace("T", " ")
                   for at in (gang.start, gang.end))  # fmt: skip
    n, k = len(gang), len(gang.edges)
    who: list[Text] = [both(f"{n} accounts that act together:", f"共同行动的 {n} 个账户："), *_roles(found, names)]
    largest = int(np.argmax(found.search.gangs.edges.amount[gang.edges]))
    row = int(gang.edges[largest])
    edges = found.search.gangs.edges
    a, b = (names[edges.nodes[side[row]]] for side in (edges.source, edges.target))
    much = f"{float(edges.amount[row]):,.2f}{unit}"
    what = [
        both(f"{k} transfers among them with {gang.money:,.2f}{unit} in all.",
             f"相互之间转账 {k} 笔，合计 {gang.money:,.2f}{unit}。"),
        both(f"The largest: {much} from {said(a, 'en')} to {said(b, 'en')}.",
             f"最大一笔：{much}，{said(a, 'zh')} 转给 {said(b, 'zh')}。"),
    ]  # fmt: skip
    name, meaning = TYPOLOGY_WORDS[gang.typology]
    why: list[Text] = [
        both(f"The search gives the group a score of {gang.score:.2f} (0 to 1; no probability).",
             f"搜索给该群组的评分为 {gang.score:.2f}（0 至 1，非概率）。"),
        *(reason.sentence for reason in reasons[2:5]),
    ]  # fmt: skip
    how: list[Text] = [both(f"Shape: {name.en}; {meaning.en}.", f"形态：{name.zh}；{meaning.zh}。")]
    how += [reason.sentence for reason in reasons[1:2]]
    left = sum(step["held"] for step in {step["target"]: step for step in graph["trail"]}.values())
    how.append(
        both(f"Of the money that moved, {left:,.2f}{unit} was last seen at its receivers.",
             f"所涉资金中，最后留存于各收款账户的为 {left:,.2f}{unit}。")
    )  # fmt: skip
    return (
        Answer("who", tuple(who), (
            both("Holders, identity documents, addresses, occupations as checked:",
                 "账户持有人、证件、住址、职业的核实情况："),
            both("Who controls the accounts, and on whose behalf:", "实际控制人及受益人："),
        )),
        Answer("what", tuple(what), (
            both("Where the money came from, and where it went after:", "资金来源与最终去向："),
        )),
        Answer("when", (both(f"From {first} to {last}.", f"{first} 至 {last}。"),), ()),
        Answer("where", tuple(places_of(engine, table, found.rows, show)), (
            both("Other institutions and places involved:", "涉及的其他机构与地点："),
        )),
        Answer("why", tuple(why), (both("Explanations that were ruled out, and how:", "已排除的合理解释及依据："),)),
        Answer("how", tuple(how), (
            both("Conclusion, measures taken, officer and date:", "结论、已采取措施、经办人及日期："),
        )),
    )  # fmt: skip


def _roles(found: Found, names: Mapping[Any, Text]) -> list[Text]:
    """Who does what."""
    out: list[Text] = []
    gang = found.gang
    for role, words in ROLE_WORDS.items():
        mine = [names[node] for node, does in zip(gang.members, gang.roles, strict=True) if does == role]
        if not mine:
            continue
        n, rest = len(mine), len(mine) - NAMED
        en, zh = (
            between.join(said(name, lang) for name in mine[:NAMED])
            for lang, between in zip(LANGUAGES, (", ", "、"), strict=True)
        )
        more = (f" and {rest} more", f" 等 {n} 个") if rest > 0 else ("", "")
        out.append(both(f"{words.en} ({n}): {en}{more[0]}.", f"{words.zh}（{n}）：{zh}{more[1]}。"))
    return out
