"""Who is looked into: a queue of alerts as a run uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions.alerts import AlertPolicy
from tael.engine import Engine
from tael.runs.deciding.alerts_terms import AlertTerms, alert_terms, bind_alerts, scored_formulas
from tael.runs.deciding.base import LANGUAGES, Batch, Deciding
from tael.runs.plans import AlertsPlan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Language
from tael.validation.words import Words

PER = {"day": ("a day", "每天"), "week": ("a week", "每周"), "month": ("a month", "每月"), "batch": ("a batch", "每批")}


class Alerts(Deciding):
    """The largest expected values first, as many as can be looked into."""

    kinds = ("alerts",)
    against = Words("typical of those without an alert", "未预警者典型值")
    earlier: tuple[AlertTerms, NDArray[np.float64]] | None = None
    """Terms and labels of the validation rows, on which lines are tuned; set by `fit`."""

    @property
    def stated(self) -> AlertsPlan:
        """The section ``[decision]``."""
        assert isinstance(self.plan.decision, AlertsPlan)
        return self.plan.decision

    def policy(self) -> AlertPolicy:
        """The policy that the plan states, before its line is known."""
        plan = self.stated
        return AlertPolicy(plan.capacity, per=plan.per, floor=plan.floor, quiet=plan.quiet_days, currency=plan.currency)

    def check(self, engine: Engine, outputs: Mapping[str, Words]) -> None:
        """Every formula must fit the tables."""
        self.policy()
        bind_alerts(engine, self.stated)

    def formulas(self) -> list[str]:
        """Value, cost, and the group where it is a formula."""
        group = self.stated.group
        return [*scored_formulas(self.stated), *([group] if group is not None and not group.isidentifier() else [])]

    def terms(self, engine: Engine, X: pl.DataFrame, *, compare: bool = True) -> AlertTerms:
        """Value, cost, group; and what stands beside the queue."""
        return alert_terms(engine, self.stated, X, compare=compare)

    def fit(self, outputs: Outputs, terms: AlertTerms, y: NDArray[np.float64], ids: NDArray[Any]) -> AlertPolicy:
        """Learn what the last alert of a full queue is worth."""
        self.earlier = (terms, y)
        return self.policy().fit(worth_of(outputs, terms), terms.cutoff, grouped(terms, ids))

    def decide(self, policy: AlertPolicy, outputs: Outputs, terms: AlertTerms, ids: NDArray[Any]) -> Batch:
        """Queue a batch."""
        made = policy.decide(worth_of(outputs, terms), terms.cutoff, grouped(terms, ids))
        columns = {
            "expected_value": made.worth,
            "period": made.period,
            "rank": np.array([int(r) if r else None for r in made.rank.tolist()], dtype=object),
        }
        decision = np.where(made.alert, "alert", "none").astype(object)
        return Batch(decision, made.reason, {lang: made.texts(lang) for lang in LANGUAGES}, made.alert, columns)

    def favoured(self, batch: Batch) -> NDArray[np.bool_]:
        """Those without an alert."""
        return np.asarray(batch.decision == "none")

    def granted(self, batch: Batch) -> NDArray[np.bool_]:
        """Those without an alert."""
        return np.asarray(batch.decision == "none")

    def stake(self, terms: AlertTerms) -> NDArray[np.float64]:
        """What is saved where the label is true."""
        return terms.value

    def section(
        self, policy: AlertPolicy, outputs: Outputs, terms: AlertTerms, truths: Outputs | None, ids: NDArray[Any],
        *, split: str, seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        """What the queue found beside other rankings, at this and other capacities."""
        from tael.runs.deciding.alerts_told import alerts_section

        return alerts_section(self, policy, outputs, terms, truths, ids, split=split, seed=seed)

    def taught(self, decision: dict[str, Any], terms: Any, y: NDArray[Any], ids: NDArray[Any]) -> dict[str, Any]:
        """How many true units of each typology were known when the model learned."""
        from tael.runs.deciding.alerts_beside import taught

        known = taught(terms.typology, y == 1, grouped(terms, ids))
        rows = [row | {"taught": known.get(row["typology"], 0)} for row in decision["queue"]["typologies"]]
        return decision | {"queue": decision["queue"] | {"typologies": rows}}

    def lines(self, lang: Language = "en") -> list[str]:
        """Capacity, value and cost."""
        zh, plan = lang == "zh", self.stated
        unit = f" {plan.currency}" if plan.currency else ""
        room = f"{plan.capacity:,.0f}" if plan.capacity >= 1 else f"{plan.capacity:.2%}"
        told = [
            ("名额" if zh else "capacity", f"{room} {PER[plan.per][zh]}"),
            ("价值" if zh else "value", f"{plan.value}{unit}"),
            ("核查成本" if zh else "review", f"{plan.review_cost}{unit}"),
            ("下限" if zh else "floor", f"{plan.floor:g}{unit}"),
        ]
        head = "预警（scenario.toml 的 [decision]）" if zh else "Alerts (scenario.toml, [decision])"
        return [head, *(f"  {name:<22} {value}" for name, value in told)]


def worth_of(outputs: Outputs, terms: AlertTerms) -> NDArray[np.float64]:
    """Expected value of an investigation: what the probability says will be saved, less its cost."""
    return np.asarray(outputs["p"] * terms.value - terms.cost, dtype=np.float64)


def grouped(terms: AlertTerms, ids: NDArray[Any]) -> NDArray[Any]:
    """The groups of the observations: those stated, or their keys."""
    return np.asarray(ids if terms.group is None else terms.group)
