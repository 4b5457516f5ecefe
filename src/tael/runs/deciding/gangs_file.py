"""``gangs.json``: the reported gangs of a run as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tael.decisions.gangs import GangPolicy, Search
from tael.decisions.gangs_moves import Moves
from tael.decisions.gangs_words import ROLE_WORDS, TYPOLOGY_WORDS
from tael.networks.gang import Gang

FORMAT = "tael.gangs/1"


def gangs_file(policy: GangPolicy, moves: Moves, score: ArrayLike) -> dict[str, Any]:
    """The reported gangs of a batch, in the order of searches and ranks.

    Parameters
    ----------
    policy : GangPolicy
    moves : Moves
    score : array-like of shape (n,)

    Returns
    -------
    dict
        ``format``, ``settings``, ``capacity``, ``currency``, ``searches`` (what each looked at), ``gangs``: gang,
        search, rank, score, money, typology (code, en, zh, fit), start, end, members (account, role, role_en, role_zh,
        received, sent), transfers (id, sender, receiver, at, amount, score, and evidence: the typology explains it).
    """
    searches = policy.decide(moves, score)
    return {
        "format": FORMAT,
        "capacity": policy.capacity,
        "currency": policy.currency,
        "settings": asdict(policy.settings),
        "searches": [
            {"search": one.name, "transfers": len(one.rows), "gangs": len(one.gangs),
             "reported": int((one.rank > 0).sum()), "told": dict(one.gangs.told)}
            for one in searches
        ],
        "gangs": [gang_plain(one, place, gang) for one in searches for place, gang in one.reported()],
    }  # fmt: skip


def gang_plain(search: Search, place: int, gang: Gang) -> dict[str, Any]:
    """One gang as plain data."""
    edges = search.gangs.edges
    name, meaning = TYPOLOGY_WORDS[gang.typology]
    a, b, amount = (part[gang.edges] for part in (edges.source, edges.target, edges.amount))
    at = {node: k for k, node in enumerate(edges.nodes)}
    return {
        "gang": search.gang_name(place),
        "search": search.name,
        "rank": int(search.rank[place]),
        "score": gang.score,
        "money": gang.money,
        "typology": {"code": gang.typology, "en": name.en, "zh": name.zh, "fit": gang.fit, "means_en": meaning.en,
                     "means_zh": meaning.zh},
        "start": iso(gang.start),
        "end": iso(gang.end),
        "members": [
            {"account": node, "role": role, "role_en": ROLE_WORDS[role].en, "role_zh": ROLE_WORDS[role].zh,
             "received": float(amount[b == at[node]].sum()), "sent": float(amount[a == at[node]].sum())}
            for node, role in zip(gang.members, gang.roles, strict=True)
        ],
        "transfers": [
            {"id": _plain(edges.ids[row]), "sender": edges.nodes[edges.source[row]],
             "receiver": edges.nodes[edges.target[row]], "at": iso(int(edges.time[row])),
             "amount": float(edges.amount[row]), "score": float(gang.edge_score[k]), "evidence": bool(gang.evidence[k])}
            for k, row in enumerate(gang.edges.tolist())
        ],
    }  # fmt: skip


def iso(at: int) -> str:
    """A time as ISO text, to the second."""
    return str(np.datetime64(at, "us").astype("datetime64[s]"))


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float) else str(value)
