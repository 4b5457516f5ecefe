"""Which gangs are looked into: searches in scored transfers as a run uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions.gangs import GangPolicy, Search, gang_told
from tael.engine import Engine
from tael.networks.gang import GangSettings
from tael.runs.deciding.base import LANGUAGES, Batch, Deciding
from tael.runs.deciding.gangs_terms import GangTerms, bind_gangs, gang_terms
from tael.runs.plans import GangsPlan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Language
from tael.validation.words import Words

CLEAR = Words(
    "In no gang: its score and what is around it lie below the line, or there are too few accounts.",
    "不属于任何团伙：评分及关联可疑度低于门槛，或账户过少。",
)


class Gangs(Deciding):
    """The first gangs by score x money, as many as can be looked into after each search."""

    kinds = ("gangs",)
    against = Words("typical of transfers in no gang", "非团伙转账典型值")

    @property
    def stated(self) -> GangsPlan:
        """The section ``[decision]``."""
        assert isinstance(self.plan.decision, GangsPlan)
        return self.plan.decision

    def policy(self) -> GangPolicy:
        """The policy that the plan states, before its settings are chosen."""
        plan = self.stated
        middle = {"threshold": plan.thresholds, "within": plan.withins, "split_over": plan.split_overs,
                  "rounds": plan.rounds}  # fmt: skip
        start: dict[str, Any] = {name: tried[len(tried) // 2] for name, tried in middle.items()}
        settings = GangSettings(share=None, least=plan.least, cap=plan.cap, money=plan.money, **start)
        return GangPolicy(plan.capacity, settings, plan.quiet_days, plan.currency)

    def check(self, engine: Engine, outputs: Mapping[str, Words]) -> None:
        """Every formula must fit the tables, every setting make sense."""
        plan, policy = self.stated, self.policy()
        for within in plan.withins:
            GangSettings(share=None, threshold=0.5, within=within)
        assert policy.settings.cap == plan.cap
        bind_gangs(engine, plan)

    def formulas(self) -> list[str]:
        """The network: who, to whom, when, how much."""
        plan = self.stated
        return list(dict.fromkeys([plan.sender, plan.receiver, plan.time, plan.amount]))

    def terms(self, engine: Engine, X: pl.DataFrame, *, compare: bool = True) -> GangTerms:
        """The network, what was found out, today's rule."""
        return gang_terms(engine, self.stated, X, compare=compare)

    def fit(self, outputs: Outputs, terms: GangTerms, y: NDArray[np.float64], ids: NDArray[Any]) -> GangPolicy:
        """Choose the settings on the searches of the validation part."""
        plan, policy = self.stated, self.policy()
        assert terms.case is not None
        grid = {"thresholds": plan.thresholds, "withins": plan.withins, "split_overs": plan.split_overs,
                "rounds": plan.rounds}  # fmt: skip
        if all(len(tried) == 1 for tried in grid.values()):
            return policy
        return policy.fit(terms.moves, outputs["p"], terms.case, grid)

    def decide(self, policy: GangPolicy, outputs: Outputs, terms: GangTerms, ids: NDArray[Any]) -> Batch:
        """Search a batch."""
        moves = terms.moves
        n = len(moves)
        code = np.full(n, "clear", dtype=object)
        texts: dict[str, list[str]] = {lang: [CLEAR.text(lang)] * n for lang in LANGUAGES}
        own = ("gang", "rank", "sender_role", "receiver_role", "evidence")
        named: dict[str, NDArray[Any]] = {name: np.full(n, None, dtype=object) for name in own}
        period = np.full(n, None, dtype=object)
        score, money = np.full(n, np.nan), np.full(n, np.nan)
        for search in policy.decide(moves, outputs["p"]):
            period[search.rows] = search.name
            for place, gang in enumerate(search.gangs):
                rows = search.rows[gang.edges]
                said = gang_words(search, place, policy)
                roles = dict(zip(gang.members, gang.roles, strict=True))
                code[rows] = search.reason[place]
                score[rows], money[rows] = gang.score, gang.money
                for row, fits in zip(rows.tolist(), gang.evidence.tolist(), strict=True):
                    named["gang"][row] = search.gang_name(place)
                    named["rank"][row] = int(search.rank[place]) or None
                    named["sender_role"][row] = roles[str(moves.sender[row])]
                    named["receiver_role"][row] = roles[str(moves.receiver[row])]
                    named["evidence"][row] = bool(fits)
                    for lang in LANGUAGES:
                        texts[lang][row] = said.text(lang)
        decision = np.where(code == "gang", "gang", "none").astype(object)
        columns = {"period": period, "gang": named["gang"], "rank": named["rank"], "gang_score": score,
                   "gang_money": money, "sender_role": named["sender_role"], "receiver_role": named["receiver_role"],
                   "evidence": named["evidence"]}  # fmt: skip
        return Batch(decision, code, texts, decision == "gang", columns)

    def favoured(self, batch: Batch) -> NDArray[np.bool_]:
        """Those in no gang."""
        return np.asarray(batch.decision == "none")

    def granted(self, batch: Batch) -> NDArray[np.bool_]:
        """Those in no gang."""
        return np.asarray(batch.decision == "none")

    def stake(self, terms: GangTerms) -> NDArray[np.float64]:
        """The money that moves."""
        return terms.moves.amount

    def section(
        self, policy: GangPolicy, outputs: Outputs, terms: GangTerms, truths: Outputs | None, ids: NDArray[Any], *,
        split: str, seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        """What the searches found beside other ways to look for gangs."""
        from tael.runs.deciding.gangs_told import gangs_section

        return gangs_section(self, policy, outputs, terms, split=split, seed=seed)

    def files(self, policy: GangPolicy, outputs: Outputs, terms: GangTerms) -> dict[str, Any]:
        """``gangs.json``: every gang that was reported, with members, roles, transfers and evidence."""
        from tael.runs.deciding.gangs_file import gangs_file

        return {"gangs.json": gangs_file(policy, terms.moves, outputs["p"])}

    def lines(self, lang: Language = "en") -> list[str]:
        """Capacity, network, what is tried."""
        zh, plan = lang == "zh", self.stated
        unit = f" {plan.currency}" if plan.currency else ""
        room = f"每次搜索 {plan.capacity} 个团伙" if zh else f"{plan.capacity} gangs a search"
        told = [
            ("名额" if zh else "capacity", room),
            ("网络" if zh else "network", f"{plan.sender} -> {plan.receiver}, {plan.amount}, {plan.time}"),
            ("成员" if zh else "members", f"{plan.least} - {plan.cap}"),
            ("追回比例" if zh else "saved", f"{plan.fine:g}{unit} + {plan.value:.0%}"),
            ("核查成本" if zh else "review", f"{plan.review_cost:g}{unit}"),
        ]
        head = "团伙（scenario.toml 的 [decision]）" if zh else "Gangs (scenario.toml, [decision])"
        return [head, *(f"  {name:<22} {value}" for name, value in told)]


def gang_words(search: Search, place: int, policy: GangPolicy) -> Words:
    """Why a gang is looked into or not, in a sentence."""
    gang, name, why = search.gangs[place], search.gang_name(place), search.reason[place]
    what = gang_told(gang, policy.currency)
    if why == "gang":
        return Words(
            f"Gang {name}, number {search.rank[place]} of at most {policy.capacity}: {what.en}.",
            f"团伙 {name}，第 {search.rank[place]} 位，至多 {policy.capacity} 个：{what.zh}。",
        )
    if why == "again":
        return Words(
            f"Gang {name} is not reported again: half of it was within {policy.quiet:g} days. {what.en}.",
            f"团伙 {name} 不再上报：其半数成员在 {policy.quiet:g} 天内已上报。{what.zh}。",
        )
    return Words(
        f"Gang {name} found no room: the {policy.capacity} places went to larger ones. {what.en}.",
        f"团伙 {name} 未入列：{policy.capacity} 个名额已由更大者占用。{what.zh}。",
    )
