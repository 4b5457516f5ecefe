"""Who gets which option: the options policy as a run uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import OptionsPolicy
from tael.decisions.campaigns import decide_each
from tael.decisions.options import SMALL, Bounds, Chosen
from tael.engine import Engine
from tael.formulas.parser import parse
from tael.formulas.syntax import Name, walk
from tael.observations.observe import CUTOFF
from tael.runs.deciding.base import LANGUAGES, Batch, Deciding
from tael.runs.deciding.options_terms import (
    OptionTerms,
    Valued,
    bind_options,
    option_formulas,
    option_terms,
    own_types,
    valued,
)
from tael.runs.plans import OptionsPlan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Language, Type
from tael.validation.words import Words


def policy_of(plan: OptionsPlan) -> OptionsPolicy:
    """The policy that a plan states, before its prices are known."""
    titles = [Words(o.title.en or name, o.title.zh or o.title.en or name) for name, o in plan.every.items()]
    return OptionsPolicy(
        options=list(plan.every), titles=titles,
        budgets={name: _bounds(stated) for name, stated in plan.budgets.items()},
        capacities={name: _bounds(stated) for name, stated in plan.capacities.items()},
        groups=[
            {"name": name, **g.model_dump(include={"at_least", "at_most", "measure"}), "options": list(g.options)}
            for name, g in plan.groups.items()
        ],
        batch=plan.batch, holdout=plan.holdout, currency=plan.currency, units=dict(plan.units),
    )  # fmt: skip


def _bounds(stated: float | Mapping[Any, float]) -> Bounds:
    if isinstance(stated, Mapping):
        return stated.get("at_least"), stated.get("at_most")
    return None, float(stated)


class Options(Deciding):
    """The best worth in money under budgets, capacities and rules."""

    kinds = ("options",)
    against = Words("typical of all", "全体典型值")

    @property
    def stated(self) -> OptionsPlan:
        """The section ``[decision]``."""
        assert isinstance(self.plan.decision, OptionsPlan)
        return self.plan.decision

    def check(self, engine: Engine, outputs: Mapping[str, Words]) -> None:
        """Every formula must fit the tables and the outputs."""
        policy_of(self.stated)
        bind_options(engine, self.stated, outputs)

    def formulas(self) -> list[str]:
        """Terms, rules, groups, and the options' values, costs, uses and conditions."""
        plan = self.stated
        stated = [t for t in plan.terms.values() if isinstance(t, str)]
        stated += [*plan.rules.values(), *(g.member for g in plan.groups.values())]
        return list(dict.fromkeys([*stated, *(text for _, text in option_formulas(plan))]))

    def own(self, engine: Engine, outputs: Iterable[str]) -> dict[str, Type]:
        """Terms and outputs."""
        return own_types(engine, self.stated, outputs)

    def terms(self, engine: Engine, X: pl.DataFrame, *, compare: bool = True) -> OptionTerms:
        """Terms, rules and groups of each observation."""
        stated = self.stated if compare else self.stated.model_copy(update={"today": None})
        return option_terms(engine, stated, X)

    def fit(self, outputs: Outputs, terms: OptionTerms, y: NDArray[np.float64], ids: NDArray[Any]) -> OptionsPolicy:
        """Solve the validation batch for its shadow prices."""
        policy, told = policy_of(self.stated), valued(self.stated, terms, outputs)
        mask = told.mask.copy()
        for flags in terms.rules.values():
            mask[flags, 1:] = False
        return policy.fit(told.value, told.uses, mask, terms.members)

    def decide(self, policy: OptionsPolicy, outputs: Outputs, terms: OptionTerms, ids: NDArray[Any]) -> Batch:
        """Solve a batch; where cutoffs are dates of a calendar, each date by itself."""
        told = valued(self.stated, terms, outputs)
        # among many rows a date of few is solved like the others, so that its limits hold
        made = self.chosen(policy, told, terms, ids, solve=True if len(ids) >= SMALL else None)
        at = np.arange(len(made))
        columns = {
            "expected_value": made.worth,
            "ahead_of_nothing": made.ahead,
            "cost": told.uses["cost"][at, made.choice],
            **{f"used_{name}": told.uses[name][at, made.choice] for name in self.stated.budgets if name != "cost"},
            **{name: values for name, values in outputs.items() if name != "p"},
        }
        return Batch(made.names, made.reason, {lang: made.texts(lang) for lang in LANGUAGES}, None, columns)

    def chosen(
        self, policy: OptionsPolicy, told: Valued, terms: OptionTerms, ids: NDArray[Any], *, solve: bool | None = None
    ) -> Chosen:
        """Who gets which option: the limits hold for each of `campaigns`."""
        return decide_each(
            policy, self.campaigns(terms), told.value, told.uses, told.mask, ids=ids, rules=terms.rules,
            members=terms.members, solve=solve,
        )  # fmt: skip

    def campaigns(self, terms: OptionTerms) -> NDArray[Any] | None:
        """The batch of each row: its date where the plan looks at all rows on the same dates (``every``, ``at``).

        None where each row has a cutoff of its own: a batch of one row would have all of a budget to itself.
        """
        if self.plan.observations.cutoff is not None:
            return None
        dates = terms.frame[CUTOFF].cast(pl.Datetime("us"))
        whole = bool((dates == dates.dt.truncate("1d")).all())
        return dates.dt.to_string("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S%.6f").to_numpy()

    def together(self, part: NDArray[Any]) -> NDArray[Any]:
        """A date is decided whole, as at scoring, but for the rows that the decision is measured on."""
        if self.plan.observations.cutoff is not None:
            return part
        return np.where(part == "out_of_time", part, "others")

    def favoured(self, batch: Batch) -> NDArray[np.bool_]:
        """Everybody."""
        return np.ones(len(batch.decision), dtype=bool)

    def granted(self, batch: Batch) -> NDArray[np.bool_]:
        """Those who got another option than the first."""
        return np.asarray(batch.decision != next(iter(self.stated.every)))

    def section(
        self, policy: OptionsPolicy, outputs: Outputs, terms: OptionTerms, truths: Outputs | None, ids: NDArray[Any],
        *, split: str, seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        """Options, limits with shadow prices, worth beside other rules."""
        from tael.runs.deciding.options_told import options_section

        return options_section(self, policy, outputs, terms, truths, ids, split=split, seed=seed)

    def now(self, policy: OptionsPolicy, decisions: pl.DataFrame) -> Words | None:
        """The open decision: who of those whose outcome is to come gets one, and what it costs."""
        from tael.runs.deciding.now import decided_now

        return decided_now(decisions, policy.to_dict(), calendar=self.plan.observations.cutoff is None)

    def lines(self, lang: Language = "en") -> list[str]:
        """Options with their values and costs, and the limits."""
        zh = lang == "zh"
        plan = self.stated
        lines = ["方案（scenario.toml 的 [decision]）" if zh else "Options (scenario.toml, [decision])"]
        for name, option in plan.every.items():
            title = getattr(option.title, lang) or option.title.en or ""
            value, cost = (f"{v:g}" if isinstance(v, float) else v for v in (option.value, option.cost))
            less = "" if cost == "0" else f"  {'成本' if zh else 'cost'} {cost}"
            lines.append(f"  {name:<22} {value}{less}  {title}".rstrip())
        each = "" if plan.batch is None else f"（每 {plan.batch:,.0f} 个）" if zh else f" for {plan.batch:,.0f}"
        for name, stated in {**plan.budgets, **plan.capacities}.items():
            low, high = _bounds(stated)
            told = ", ".join(f"{sign} {bound:g}" for sign, bound in (("≥", low), ("≤", high)) if bound is not None)
            unit = plan.units.get(name) or (plan.currency if name == "cost" else "")
            lines.append(f"  {'限额' if zh else 'limit'} {name}: {told}{f' {unit}' if unit else ''}{each}")
        return lines


def names_of(formula: str) -> set[str]:
    """First parts of all names in a formula."""
    return {node.parts[0] for node in walk(parse(formula)) if isinstance(node, Name)}
