"""What a portfolio method may know at the moment it decides, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.validation.words import Words

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MarketState:
    """The market on the bar of the decision, after it has closed. All arrays have one entry a name.

    Parameters
    ----------
    can_buy, can_sell : ndarray of bool, shape (N,), optional
        Whether the position may be raised or lowered as far as is known now (default: everything may). A name that is
        suspended may neither.
    groups : ndarray of int, shape (N,), optional
        Code of each name's group, an industry say; -1 where it has none.
    group_names : tuple of str
        Names of the codes.
    styles : dict of str to ndarray of float, shape (N,)
        Exposures, such as size.
    benchmark : ndarray of float, shape (N,), optional
        Weights of the benchmark.
    volume : ndarray of float, shape (N,), optional
        What is traded in a bar, as a multiple of the portfolio's equity (trailing).
    volatility : ndarray of float, shape (N,), optional
        Standard deviation of each name's return, per bar (trailing).
    cost : ndarray of float, shape (N,), optional
        Cost of trading each name, as a fraction of the value traded; takes the place of a method's single figure.
    margin_rate : ndarray of float, shape (N,), optional
        Margin as a fraction of the notional.
    returns : ndarray of float, shape (L, N), optional
        Returns of the bars up to and with this one, oldest first.
    time : datetime64, optional
        When.
    """

    can_buy: Bools | None = None
    can_sell: Bools | None = None
    groups: NDArray[np.int32] | None = None
    group_names: tuple[str, ...] = ()
    styles: Mapping[str, Floats] = field(default_factory=dict)
    benchmark: Floats | None = None
    volume: Floats | None = None
    volatility: Floats | None = None
    cost: Floats | None = None
    margin_rate: Floats | None = None
    returns: Floats | None = None
    time: Any = None

    def name_of(self, group: int) -> str:
        """Name of a group's code."""
        return self.group_names[group] if group < len(self.group_names) else str(group)


@dataclass(frozen=True, eq=False)
class Weights:
    """What a method wants to hold.

    Parameters
    ----------
    status : str
        "solved"; "infeasible": the limits contradict each other, `conflict` names those that do; "failed": the solver
        gave up. In the last two cases the weights are those of the fallback that the user chose.
    weights : ndarray of float, shape (N,)
        Share of equity in each name (of notional, for futures); what is missing to 1 is cash.
    multipliers : dict of str to float
        What one unit more of each bound would add to the objective; 0 where it does not bind.
    message : Words
        What happened, in a sentence.
    conflict : tuple of str
        The limits that cannot hold together, none of which can be left out of the contradiction.
    fallback : str
        "" where the weights are the method's own, else "hold", "relax_turnover" or "cash".
    """

    status: str
    weights: Floats
    multipliers: dict[str, float] = field(default_factory=dict)
    message: Words = field(default_factory=lambda: Words("", ""))
    conflict: tuple[str, ...] = ()
    fallback: str = ""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked inputs of a method: scores, what is held, and which way each name may be traded."""

    alpha: Floats
    previous: Floats
    can_buy: Bools
    can_sell: Bools
    state: MarketState

    @property
    def scored(self) -> Bools:
        """Names that have a score: the universe of the decision."""
        return np.isfinite(self.alpha)

    @classmethod
    def of(cls, alpha: Any, previous: Any, state: MarketState | None) -> Inputs:
        """Check shapes and fill what is not given.

        Raises
        ------
        MarketError
            If shapes differ, or positions are missing.
        """
        scores = np.asarray(alpha, dtype=np.float64)
        if scores.ndim != 1 or not len(scores):
            raise MarketError("The scores are not one row.", expected="shape (N,)", got=str(scores.shape))
        n = len(scores)
        state = state or MarketState()
        held = np.zeros(n) if previous is None else np.asarray(previous, dtype=np.float64)
        named: dict[str, Any] = {"previous": held, **{f"style {name}": s for name, s in state.styles.items()}}
        for name in _ARRAYS:
            if getattr(state, name) is not None:
                named[name] = getattr(state, name)
        for name, array in named.items():
            if np.shape(array) != (n,):
                raise MarketError(
                    f"The {name} does not match the scores.", expected=f"shape ({n},)", got=str(np.shape(array))
                )
        if not np.isfinite(held).all():
            raise MarketError(
                "What is held is not known.",
                expected="a weight for each name, 0 where nothing is held",
                got=f"{held[~np.isfinite(held)][0]} at name {int(np.flatnonzero(~np.isfinite(held))[0])}",
            )
        if np.isinf(scores).any():
            raise MarketError(
                "A score is infinite.",
                expected="a number, or NaN for a name outside the universe",
                got=f"{scores[np.isinf(scores)][0]} at name {int(np.flatnonzero(np.isinf(scores))[0])}",
            )
        buy = np.ones(n, dtype=bool) if state.can_buy is None else np.asarray(state.can_buy, dtype=bool)
        sell = np.ones(n, dtype=bool) if state.can_sell is None else np.asarray(state.can_sell, dtype=bool)
        return cls(scores, held, buy, sell, state)


_ARRAYS = ("can_buy", "can_sell", "groups", "benchmark", "volume", "volatility", "cost", "margin_rate")


def required(value: Any, what: str, method: str, fix: str) -> Floats:
    """An input that this method cannot do without.

    Raises
    ------
    MarketError
        If it is not given.
    """
    if value is None:
        raise MarketError(f"{method} needs {what}.", expected=what, got="nothing", fix=fix)
    return np.asarray(value, dtype=np.float64)


def spread_over(inputs: Inputs, chosen: Any, shares: Floats, budget: float) -> Floats:
    """Weights in proportion to `shares` for the chosen names, of what the names that are stuck leave of the budget.

    Parameters
    ----------
    inputs : Inputs
        What is held, and what may be traded.
    chosen : ndarray of int
        Names to hold; all of them can be traded.
    shares : ndarray of float
        Not negative.
    budget : float
        Sum of all weights.
    """
    stays = np.where(inputs.previous > 0, ~inputs.can_sell, ~inputs.can_buy)
    found = np.where(stays, inputs.previous, 0.0)
    found[chosen] = 0.0
    left = max(0.0, budget - float(found.sum()))
    total = float(shares.sum())
    if len(shares) and total > 0:
        found[chosen] = left * shares / total
    return found
