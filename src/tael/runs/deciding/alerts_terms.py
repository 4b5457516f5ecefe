"""What a plan states of its alerts, evaluated for each observation: value, cost, group, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import DecisionError, FormulaError
from tael.observations.observe import CUTOFF
from tael.runs.plans import AlertsPlan
from tael.tables.schema import Type

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AlertTerms:
    """What each of n observations is worth, and what today's rules say of it.

    Attributes
    ----------
    cutoff : ndarray of datetime64, shape (n,)
    value, cost : ndarray, shape (n,)
        Saved where the label is true, and spent in any case, in currency.
    group : ndarray of str or None, shape (n,), or None
        One alert a period for each; None: for each key.
    amount : ndarray, shape (n,), or None
    today : ndarray, shape (n,), or None
        A number to rank by; of a flag 0 or 1.
    typology : ndarray of str or None, shape (n,), or None
    rules : dict of str to ndarray of bool, shape (n,)
    lines : dict of str to ndarray, shape (n,)
        What each line compares; NaN where its other conditions do not hold.
    """

    cutoff: NDArray[Any]
    value: Floats
    cost: Floats
    group: NDArray[Any] | None
    amount: Floats | None = None
    today: Floats | None = None
    typology: NDArray[Any] | None = None
    rules: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    lines: dict[str, Floats] = field(default_factory=dict)

    def take(self, rows: NDArray[np.int64]) -> AlertTerms:
        """The terms of some observations, by index."""

        def some(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[rows]

        return AlertTerms(
            self.cutoff[rows], self.value[rows], self.cost[rows], some(self.group), some(self.amount),
            some(self.today), some(self.typology), {name: flags[rows] for name, flags in self.rules.items()},
            {name: values[rows] for name, values in self.lines.items()},
        )  # fmt: skip


def scored_formulas(plan: AlertsPlan) -> list[str]:
    """The formulas that are needed to decide: value, cost and, where it is none of the entity's columns, the group.

    >>> scored_formulas(AlertsPlan(kind="alerts", capacity=5, value="amount", review_cost=30))
    ['amount']
    """
    return [text for text in (plan.value, plan.review_cost) if isinstance(text, str)]


def stated_formulas(plan: AlertsPlan) -> Iterator[tuple[str, str, tuple[Type, ...]]]:
    """Place, text and types of every formula but the group's and the typology's."""
    number, flag = (Type.NUMBER, Type.FLAG), (Type.FLAG,)
    for place in ("value", "review_cost", "amount", "today"):
        text = getattr(plan, place)
        if isinstance(text, str):
            yield place, text, number
    for name, text in plan.rules.items():
        yield f"rules.{name}", text, flag
    for name, line in plan.lines.items():
        yield f"lines.{name}.value", line.value, (Type.NUMBER,)
        if line.where is not None:
            yield f"lines.{name}.where", line.where, flag


def bind_alerts(engine: Engine, plan: AlertsPlan) -> None:
    """Hold every formula against the tables, without computing any.

    Raises
    ------
    FormulaError, DecisionError
        Name their place in the plan.
    """
    for place, text, kinds in stated_formulas(plan):
        found = _bound(engine, text, place, label=False)
        if found not in kinds:
            raise _wrong(place, text, " or ".join(str(kind) for kind in kinds), found)
    if plan.group is not None and plan.group not in engine.tables.schema.tables[engine.entity].columns:
        _bound(engine, plan.group, "group", label=False)
    if plan.typology is not None:
        found = _bound(engine, plan.typology, "typology", label=True)
        if found not in (Type.CATEGORY, Type.TEXT):
            raise _wrong("typology", plan.typology, "category", found)


def _bound(engine: Engine, text: str, place: str, *, label: bool) -> Type:
    try:
        return engine.bind(text, label=label).type
    except FormulaError as error:
        raise FormulaError(
            error.problem, expected=error.expected, got=error.got,
            where=f"scenario.toml, [decision]: {place} = {text}", fix=error.fix,
        ) from None  # fmt: skip


def _wrong(place: str, text: str, expected: str, got: Type) -> DecisionError:
    return DecisionError(
        "A formula of the alerts is of the wrong type.", expected=f"a {expected}", got=f"a {got}",
        where=f"scenario.toml, [decision]: {place} = {text}", fix="Mend the formula.",
    )  # fmt: skip


def alert_terms(engine: Engine, plan: AlertsPlan, X: pl.DataFrame, *, compare: bool) -> AlertTerms:
    """Evaluate what a plan states for observations.

    Parameters
    ----------
    X : polars.DataFrame
        Key and cutoff.
    compare : bool
        Evaluate what stands beside the queue too: today's rules, typologies, lines.

    Raises
    ------
    DecisionError
        A value, cost or amount is missing for an observation, or a cost is below nothing.
    """
    n = X.height
    cutoff = X[CUTOFF].cast(pl.Datetime("us")).to_numpy()

    def number(stated: float | str, place: str) -> Floats:
        if not isinstance(stated, str):
            return np.full(n, float(stated))
        values = _full(engine.evaluate([stated], X)[0].data, n)
        _complete(values, X, engine.key, place, stated)
        return values

    value, cost = number(plan.value, "value"), number(plan.review_cost, "review_cost")
    if (cost < 0).any():
        raise DecisionError("A review costs less than nothing.", expected="0 or more", got=f"{cost.min():g}",
                            where="decision.review_cost")  # fmt: skip
    group = None if plan.group is None else _groups(engine, plan.group, X)
    if not compare:
        return AlertTerms(cutoff, value, cost, group)
    typology = None
    if plan.typology is not None:
        typology = engine.evaluate([plan.typology], X, label=True)[0].strings()
    return AlertTerms(
        cutoff, value, cost, group,
        None if plan.amount is None else number(plan.amount, "amount"),
        None if plan.today is None else np.nan_to_num(_full(engine.evaluate([plan.today], X)[0].data, n)),
        typology,
        {name: _full(engine.evaluate([text], X)[0].data, n) == 1.0 for name, text in plan.rules.items()},
        {name: _line(engine, line.value, line.where, X) for name, line in plan.lines.items()},
    )  # fmt: skip


def _line(engine: Engine, value: str, where: str | None, X: pl.DataFrame) -> Floats:
    values = _full(engine.evaluate([value], X)[0].data, X.height)
    if where is None:
        return values
    holds = _full(engine.evaluate([where], X)[0].data, X.height) == 1.0
    return np.where(holds, values, np.nan)


def _full(values: NDArray[Any], n: int) -> Floats:
    """As floats, one for each row: a constant formula gives one."""
    return np.array(np.broadcast_to(values.astype(np.float64), (n,)))


def _groups(engine: Engine, group: str, X: pl.DataFrame) -> NDArray[Any]:
    """The group of each observation: a column of the entity (a key among them), or a formula."""
    if group not in engine.tables.schema.tables[engine.entity].columns:
        return np.asarray(engine.evaluate([group], X)[0].strings(), dtype=object)
    rows = engine.tables[engine.entity].select(engine.key, pl.col(group).alias("_group"))
    if group == engine.key:
        return np.asarray(X[engine.key].cast(pl.String).to_list(), dtype=object)
    joined = X.select(engine.key).join(
        rows.unique(engine.key, keep="first"), on=engine.key, how="left", maintain_order="left"
    )
    return np.asarray(joined["_group"].cast(pl.String).to_list(), dtype=object)


def _complete(values: Floats, X: pl.DataFrame, key: str, place: str, stated: str) -> None:
    absent = np.flatnonzero(~np.isfinite(values))
    if len(absent):
        raise DecisionError(
            "A term of the alerts is missing for some observations.",
            expected="a number for each",
            got=f"{len(absent):,} of {X.height:,} missing, such as for {key} {X[key][int(absent[0])]}",
            where=f"scenario.toml, [decision]: {place} = {stated}",
            fix=f"Say what holds then, such as coalesce({stated}, 0), or leave them out by where.",
        )
