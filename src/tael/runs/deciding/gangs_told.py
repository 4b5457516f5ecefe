"""What ``run.json`` says of gangs: what the searches found, beside other ways to look, by typology, with pictures."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions.gangs import GangPolicy, Search, gang_told
from tael.decisions.gangs_measure import (
    Held,
    by_rank,
    by_shape,
    by_typology,
    drawn_worth,
    gang_figures,
    held_against,
)
from tael.decisions.gangs_words import ROLE_WORDS, TYPOLOGY_WORDS
from tael.networks.cases import case_graph, relabelled
from tael.networks.gang import GangSettings
from tael.runs.deciding.base import LANGUAGES
from tael.runs.deciding.gangs_terms import GangTerms
from tael.runs.plans import GangsPlan
from tael.runs.tasks.base import Outputs
from tael.validation.words import Words

if TYPE_CHECKING:
    from tael.runs.deciding.gangs import Gangs

Floats = NDArray[np.float64]
TITLES = {
    "chosen": Words("scored transfers, gangs by score x money (chosen)", "转账评分，按评分×金额排序团伙（所选）"),
    "today": Words("today's rule, connected", "现行规则命中的关联转账"),
    "amount": Words("the largest transfers, connected", "最大金额的关联转账"),
    "lot": Words("scores dealt out by lot", "评分随机打乱"),
}
OPTIONS = {"none": Words("in no gang that is reported", "未上报"), "gang": Words("in a reported gang", "属于上报团伙")}
DRAWN, LISTED, TIMES = 3, 60, 5
"""Gangs that are drawn and listed in the report; draws by lot."""


def gangs_section(
    deciding: Gangs, policy: GangPolicy, outputs: Outputs, terms: GangTerms, *, split: str, seed: int
) -> dict[str, Any]:
    """The part of ``run.json`` on gangs; see `Deciding.section`.

    ``values`` holds a row a way to look for gangs, all with the same places, as for a decision among options; what only
    gangs have stands under ``gangs``.
    """
    plan, moves, p = deciding.stated, terms.moves, outputs["p"]
    assert terms.case is not None
    searches = policy.decide(moves, p)
    held = {"chosen": held_against(moves, searches, terms.case, terms.typology)}
    for name, (how, score) in _others(policy, terms, p, searches).items():
        held[name] = held_against(moves, how.decide(moves, score), terms.case, terms.typology)
    lots = _lots(policy, terms, p, seed)
    money: dict[str, Any] = {"value": plan.value, "fine": plan.fine, "cost": plan.review_cost, "seed": seed}
    reported = np.zeros(len(moves), dtype=bool)
    for search in searches:
        for _, gang in search.reported():
            reported[search.rows[gang.edges]] = True
    values = [_value(name, one, held["chosen"], money) for name, one in held.items()]
    found = values[0]["found"]
    lot = _mean([gang_figures(one, **money) for one in lots])
    reasons = [reason for search in searches for reason in search.reason]
    return {
        "kind": "gangs",
        "currency": plan.currency,
        "message": _message(policy, found, lot, plan.currency, len(searches)).to_dict(),
        "binding": _binding(reasons).to_dict(),
        "status": "chosen",
        "batch": None,
        "holdout": 0.0,
        "counts": {"none": int((~reported).sum()), "gang": int(reported.sum())},
        "counts_split": split,
        "reasons": {code: reasons.count(code) for code in dict.fromkeys(reasons)},
        "options": [_option(name, reported == (name == "gang"), p) for name in OPTIONS],
        "limits": [],
        "gap": None,
        "curves": [],
        "values_basis": "realised",
        "values_note": None,
        "values": values,
        "economics": _economics(plan),
        "gangs": {
            "capacity": policy.capacity,
            "quiet_days": policy.quiet,
            "least": policy.settings.least,
            "cap": policy.settings.cap,
            "searches": [_search_told(one, held["chosen"]) for one in searches],
            "settings": asdict(policy.settings),
            "chosen_on": "stated" if policy.trials_ is None else "validation",
            "trials": (policy.trials_ or [])[:8],
            "lot": lot,
            "by_rank": {name: by_rank(one, policy.capacity) for name, one in held.items()},
            "typologies": [{**row, "others": _found_by(held, row["typology"])} for row in by_typology(held["chosen"])],
            "shapes": [{**row, **_shape_named(row["shape"])} for row in by_shape(held["chosen"])],
            "titles": {name: TITLES[name].to_dict() for name in [*held, "lot"]},
            "first": _first(searches, held["chosen"], plan.currency),
        },
    }  # fmt: skip


def _others(
    policy: GangPolicy, terms: GangTerms, p: Floats, searches: list[Search]
) -> dict[str, tuple[GangPolicy, Floats]]:
    """Other ways to look, with the same places: today's rule, and as many transfers by their amounts alone."""
    out: dict[str, tuple[GangPolicy, Floats]] = {}
    plain = replace(policy.settings, rounds=0, decay=0.0)
    if terms.today is not None:
        score = terms.today / max(float(terms.today.max(initial=0.0)), 1.0)
        any_ = replace(plain, share=None, threshold=1e-9)
        out["today"] = (replace(policy, settings=any_, trials_=None), score)
    kept = sum(one.gangs.told["kept"] for one in searches) / max(len(terms.moves), 1)
    ranks = np.argsort(np.argsort(terms.moves.amount, kind="stable"), kind="stable") / max(len(p), 1)
    largest = GangSettings(**{**asdict(plain), "share": min(max(kept, 1e-6), 1.0), "threshold": None})
    out["amount"] = (replace(policy, settings=largest, trials_=None), ranks)
    return out


def _lots(policy: GangPolicy, terms: GangTerms, p: Floats, seed: int) -> list[Held]:
    """The same search on scores that were dealt out anew among the transfers of each search."""
    assert terms.case is not None
    rng, out = np.random.default_rng(seed), []
    for _ in range(TIMES):
        dealt = p.copy()
        for _, rows in terms.moves.searches():
            dealt[rows] = p[rng.permutation(rows)]
        out.append(held_against(terms.moves, policy.decide(terms.moves, dealt), terms.case, terms.typology))
    return out


def _mean(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean figures of several draws."""

    def mean(values: list[Any]) -> float | None:
        there = [float(v) for v in values if v is not None]
        return sum(there) / len(there) if there else None

    return {
        **{name: mean([one[name] for one in found]) for name in ("reports", "right", "found", "money", "money_share")},
        **{name: mean([one[name]["value"] for one in found]) for name in ("precision", "recall", "worth")},
    }


def _value(name: str, held: Held, chosen: Held, money: dict[str, Any]) -> dict[str, Any]:
    """What a way to look finds, in the form of a rule among options."""
    found = gang_figures(held, **money)
    apart = drawn_worth(chosen, **money) - drawn_worth(held, **{**money, "seed": money["seed"] + 1})
    ahead = gang_figures(chosen, **money)["worth"]["value"] - found["worth"]["value"]
    low, high = (0.0, 0.0) if held is chosen else (float(q) for q in np.quantile(apart, (0.025, 0.975)))
    return {
        "policy": TITLES[name].to_dict(),
        "code": name,
        "profit": found["worth"],
        "profit_expected": {"value": found["expected"], "low": None, "high": None},
        "profit_realised": found["worth"],
        "behind": {"value": ahead, "low": low, "high": high},
        "treated": int(held.reports["transfers"].sum()) / max(held.looked_at, 1),
        "uses": {},
        "uses_realised": None,
        "found": found,
    }


def _option(name: str, mine: NDArray[np.bool_], p: Floats) -> dict[str, Any]:
    return {
        "option": name, "title": OPTIONS[name].to_dict(), "eligible": len(mine), "n": int(mine.sum()),
        "share": float(mine.mean()) if len(mine) else 0.0,
        "probability": float(p[mine].mean()) if mine.any() else None, "value": 0.0, "value_each": None, "uses": {},
    }  # fmt: skip


def _search_told(search: Search, held: Held) -> dict[str, Any]:
    """What one search looked at and found."""
    reports = held.reports.filter(held.reports["search"] == search.name)
    known = held.truth.filter(held.truth["search"] == search.name)
    return {
        "search": search.name, "transfers": len(search.rows), "kept": search.gangs.told["kept"],
        "groups": len(search.gangs), "reported": reports.height, "right": int(reports["right"].sum()),
        "gangs": known.height, "found": int(known["found"].sum()),
    }  # fmt: skip


def _found_by(held: dict[str, Held], typology: str) -> dict[str, int]:
    return {name: next((int(row["found"]) for row in by_typology(one) if row["typology"] == typology), 0)
            for name, one in held.items()}  # fmt: skip


def _shape_named(shape: str) -> dict[str, Any]:
    name, meaning = TYPOLOGY_WORDS[shape]
    return {"title": name.to_dict(), "meaning": meaning.to_dict()}


def _first(searches: list[Search], held: Held, currency: str) -> list[dict[str, Any]]:
    """The reported gangs, those of largest score x money first; the first few with their pictures."""
    right = dict(held.reports.select("gang", "right").iter_rows())
    found = [(one, place, gang) for one in searches for place, gang in one.reported()]
    found.sort(key=lambda item: (int(item[0].rank[item[1]]), -item[2].rank_value))
    rows = []
    for k, (search, place, gang) in enumerate(found[:LISTED]):
        name = search.gang_name(place)
        row: dict[str, Any] = {
            "gang": name, "search": search.name, "rank": int(search.rank[place]), "shape": gang.typology,
            **_shape_named(gang.typology), "told": gang_told(gang, currency).to_dict(), "members": len(gang),
            "transfers": len(gang.edges), "score": gang.score, "money": gang.money, "right": bool(right[name]),
            "roles": {role: gang.roles.count(role) for role in ROLE_WORDS if role in gang.roles},
        }  # fmt: skip
        if k < DRAWN:
            row["graph"] = _nameless(case_graph(gang, search.gangs.edges))
        rows.append(row)
    return rows


def _nameless(graph: dict[str, Any]) -> dict[str, Any]:
    """A graph whose accounts are numbered in the order in which they appear: a report names nobody."""
    return relabelled(
        graph,
        {
            node["id"]: {lang: f"{k} {ROLE_WORDS[node['role']].text(lang)}" for lang in LANGUAGES}
            for k, node in enumerate(graph["nodes"], start=1)
        },
    )


def _economics(plan: GangsPlan) -> dict[str, Any]:
    titles = {
        "value": Words("share of a gang's money that is saved", "团伙资金中可追回的比例"),
        "fine": Words("saved besides for each gang", "每个团伙另外避免的损失"),
        "review_cost": Words("looking into one gang", "核查一个团伙的成本"),
    }
    return {
        "text": Words(
            "Worth of the reports: each true gang pays once, every report costs its review. The queue itself ranks by "
            "score x money, which is no probability.",
            "上报价值：每个真实团伙只计一次，每份报告均需核查成本。队列按评分×金额排序，评分并非概率。",
        ).to_dict(),
        "formula": f"right * ({plan.fine:g} + {plan.value:g} * money) - {plan.review_cost:g}",
        "parameters": [
            {"name": name, "value": getattr(plan, name), "unit": "" if name == "value" else plan.currency,
             "title": title.to_dict(), "assumed": False}
            for name, title in titles.items()
        ],
    }  # fmt: skip


def _message(policy: GangPolicy, found: dict[str, Any], lot: dict[str, Any], currency: str, searches: int) -> Words:
    """How many gangs were reported, how many are right, how many of the known ones were found."""
    n, unit = found["reports"], f" {currency}" if currency else ""
    if not n:
        return Words(
            f"No gang in {searches} out-of-time searches: no group of transfers is suspicious enough.",
            f"{searches} 次跨期搜索均未发现团伙：没有足够可疑的转账群组。",
        )
    share = found["precision"]
    told = f"{share['value']:.0%} [{share['low']:.0%}, {share['high']:.0%}]"
    chance = "" if lot["precision"] is None else f" (by lot {lot['precision']:.0%})"
    zh_chance = "" if lot["precision"] is None else f"（随机为 {lot['precision']:.0%}）"
    worth = found["worth"]
    money = f"{worth['value']:,.0f}{unit} [{worth['low']:,.0f}, {worth['high']:,.0f}]"
    return Words(
        f"Out of time, {n:,} gangs in {searches} searches of at most {policy.capacity}: {found['right']:,} are right, "
        f"{told}{chance}; {found['found']:,} of {found['gangs']:,} gangs that came out later are found. Worth {money} "
        "after reviews.",
        f"跨期 {searches} 次搜索（每次至多 {policy.capacity} 个）上报团伙 {n:,} 个：属实 {found['right']:,} 个，"
        f"{told}{zh_chance}；后来查明的 {found['gangs']:,} 个团伙中发现 {found['found']:,} 个。"
        f"扣除核查成本后价值 {money}。",
    )


def _binding(reasons: list[str]) -> Words:
    """What keeps the queue short."""
    full, again = reasons.count("capacity"), reasons.count("again")
    if full:
        return Words(
            f"The capacity binds: {full:,} further groups found no place.",
            f"名额起约束作用：另有 {full:,} 个群组未入列。",
        )
    more = f" {again:,} were reported before." if again else ""
    zh = f"另有 {again:,} 个此前已上报。" if again else ""
    return Words(
        f"The line binds: every group above it is reported.{more}", f"门槛起约束作用：高于门槛者均已上报。{zh}"
    )
