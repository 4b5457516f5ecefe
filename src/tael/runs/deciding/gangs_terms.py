"""What a plan states of its gangs, evaluated for each transfer: the network, what was found out, today's rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions.gangs_moves import Moves
from tael.engine import Engine
from tael.errors import DecisionError, FormulaError
from tael.formulas.values import NAT
from tael.observations.observe import CUTOFF
from tael.runs.plans import GangsPlan
from tael.tables.schema import Type

Named = NDArray[Any]


@dataclass(frozen=True)
class GangTerms:
    """The network of n observations, and what stands beside it.

    Attributes
    ----------
    moves : Moves
    case, typology : ndarray of str or None, shape (n,), or None
        The gang that a transfer turned out to belong to, and of which kind; None where nobody asks.
    today : ndarray, shape (n,), or None
    """

    moves: Moves
    case: Named | None = None
    typology: Named | None = None
    today: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.int64]) -> GangTerms:
        """The terms of some observations, by index."""

        def some(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[rows]

        return GangTerms(self.moves.take(rows), some(self.case), some(self.typology), some(self.today))


def stated_formulas(plan: GangsPlan) -> list[tuple[str, str, tuple[Type, ...], bool]]:
    """Place, text, types and whether it looks forward, of every formula that the plan states."""
    named = (Type.CATEGORY, Type.TEXT)
    found: list[tuple[str, str, tuple[Type, ...], bool]] = [
        ("sender", plan.sender, named, False), ("receiver", plan.receiver, named, False),
        ("time", plan.time, (Type.TIME,), False), ("amount", plan.amount, (Type.NUMBER,), False),
        *((f"case.{k}", text, named, True) for k, text in enumerate(plan.case)),
    ]  # fmt: skip
    if plan.typology is not None:
        found.append(("typology", plan.typology, named, True))
    if plan.today is not None:
        found.append(("today", plan.today, (Type.NUMBER, Type.FLAG), False))
    return found


def bind_gangs(engine: Engine, plan: GangsPlan) -> None:
    """Hold every formula against the tables, without computing any.

    Raises
    ------
    FormulaError, DecisionError
        Name their place in the plan.
    """
    for place, text, kinds, label in stated_formulas(plan):
        where = f"scenario.toml, [decision]: {place} = {text}"
        try:
            found = engine.bind(text, label=label).type
        except FormulaError as error:
            raise FormulaError(
                error.problem, expected=error.expected, got=error.got, where=where, fix=error.fix
            ) from None
        if found not in kinds:
            raise DecisionError(
                "A formula of the gangs is of the wrong type.", expected=f"a {' or '.join(str(k) for k in kinds)}",
                got=f"a {found}", where=where, fix="Mend the formula.",
            )  # fmt: skip


def gang_terms(engine: Engine, plan: GangsPlan, X: pl.DataFrame, *, compare: bool) -> GangTerms:
    """Evaluate what a plan states for transfers.

    Parameters
    ----------
    X : polars.DataFrame
        Key and cutoff.
    compare : bool
        Evaluate what is held beside the gangs too: what was found out, today's rule.

    Raises
    ------
    DecisionError
        An end, a time or an amount that is missing; a transfer that is not before its cutoff.
    """
    cutoff = X[CUTOFF].cast(pl.Datetime("us")).to_physical().to_numpy()
    sender, receiver, at, amount = engine.evaluate([plan.sender, plan.receiver, plan.time, plan.amount], X)
    time = np.where(at.missing | (at.data == NAT), cutoff, at.data)  # a missing time is not before its cutoff
    moves = Moves.of(sender.strings(), receiver.strings(), time, amount.data, cutoff, X[engine.key].to_numpy())
    if not compare:
        return GangTerms(moves)
    ends = [value.strings() for value in engine.evaluate(list(plan.case), X, label=True)]
    same = np.array([a if a is not None and a == b else None for a, b in zip(ends[0], ends[-1], strict=True)], object)
    typology = None if plan.typology is None else engine.evaluate([plan.typology], X, label=True)[0].strings()
    today = None
    if plan.today is not None:
        values = engine.evaluate([plan.today], X)[0].data.astype(np.float64)
        today = np.clip(np.nan_to_num(np.array(np.broadcast_to(values, (X.height,)))), 0.0, None)
    return GangTerms(moves, same, typology, today)
