"""Scores to target weights, walking through time with what was known on each bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.portfolio._base import Method
from tael.markets.portfolio._base import method as by_name
from tael.markets.portfolio.history import MarketHistory
from tael.markets.portfolio.risk import RiskModel
from tael.markets.portfolio.state import Weights
from tael.validation.purged_walk import periods

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Walk:
    """Target weights through time, and what each rebalance said.

    Parameters
    ----------
    targets : ndarray of float, shape (T, N)
        Weights of equity decided after bar t has closed; NaN rows: no decision, hold.
    bars : tuple of int
        The bars of the rebalances.
    answers : tuple of Weights
        What the method answered on each of them.
    turnover : ndarray of float, shape (number of rebalances,)
        Bought plus sold at each rebalance, as a share of equity, from what was then held (drifted).
    """

    targets: Floats
    bars: tuple[int, ...]
    answers: tuple[Weights, ...]
    turnover: Floats

    @property
    def statuses(self) -> dict[str, int]:
        """How many rebalances ended in each status."""
        found: dict[str, int] = {}
        for answer in self.answers:
            found[answer.status] = found.get(answer.status, 0) + 1
        return found

    @property
    def conflicts(self) -> dict[tuple[str, ...], int]:
        """How often each set of limits contradicted itself."""
        found: dict[tuple[str, ...], int] = {}
        for answer in self.answers:
            if answer.conflict:
                found[answer.conflict] = found.get(answer.conflict, 0) + 1
        return found


def targets(
    scores: Any,
    method: Method | str,
    market: Any,
    *,
    risk: RiskModel | None = None,
    every: int | str = 1,
    start: Any = None,
) -> Floats:
    """Target weights (T, N) for scores (T, N); NaN rows between rebalances. See `walk`.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]")
    >>> history = MarketHistory(days, np.zeros((4, 2)))
    >>> targets(np.array([[1.0, 2.0]] * 4), "equal_weight", history, every=2)
    array([[0.5, 0.5],
           [nan, nan],
           [0.5, 0.5],
           [nan, nan]])
    """
    return walk(scores, method, market, risk=risk, every=every, start=start).targets


def walk(
    scores: Any,
    method: Method | str,
    market: Any,
    *,
    risk: RiskModel | None = None,
    every: int | str = 1,
    start: Any = None,
) -> Walk:
    """Decide on each rebalance with what was known after its bar.

    Between rebalances the weights drift with the returns, so that the next decision starts from what is then held: a
    target of bar t is taken as held from its close on. A backtest fills it in the next bar; use the positions of the
    account, not this walk, where they matter.

    Parameters
    ----------
    scores : array-like of float, shape (T, N)
        Row t is known after bar t; NaN where a name is outside the universe. On a bar without any score there is no
        decision.
    method : Method or str
        How to weigh; a name of `METHODS` stands for its defaults.
    market : MarketHistory or Bars
        The market through time.
    risk : RiskModel, optional
        Estimates the risk on each rebalance.
    every : int or str
        So many bars, from `start` on, or a calendar period such as ``"1w"``, ``"1mo"``: the first bar of each new
        period (and the first bar of all).
    start : int, date or str, optional
        First bar of all; default: the first bar with a score. A risk model needs a past: start after it.

    Returns
    -------
    Walk

    Raises
    ------
    MarketError
        If shapes differ, or the schedule makes no sense.
    """
    history = market if isinstance(market, MarketHistory) else MarketHistory.from_bars(market)
    alpha = np.asarray(scores, dtype=np.float64)
    if alpha.shape != history.returns.shape:
        raise MarketError(
            "The scores do not match the market.", expected=str(history.returns.shape), got=str(alpha.shape)
        )
    weigh: Any = by_name(method) if isinstance(method, str) else method
    due = schedule(history.times, every, _first(history, alpha, start))
    t_end, n = alpha.shape
    out = np.full((t_end, n), np.nan)
    held = np.zeros(n)
    bars: list[int] = []
    answers: list[Weights] = []
    turnover: list[float] = []
    growth = np.nan_to_num(history.returns, nan=0.0)
    for t in range(due[0] if due else t_end, t_end):
        if bars:
            held = _drifted(held, growth[t])
        if t not in due or not np.isfinite(alpha[t]).any():
            continue
        state = history.at(t)
        estimated = None if risk is None else risk.at(t, history.returns[: t + 1])
        answer = weigh.weights(alpha[t], estimated, held, state)
        out[t] = answer.weights
        bars.append(t)
        answers.append(answer)
        turnover.append(float(np.abs(answer.weights - held).sum()))
        held = answer.weights
    return Walk(out, tuple(bars), tuple(answers), np.array(turnover))


def schedule(times: NDArray[np.datetime64], every: int | str, first: int) -> list[int]:
    """Bars on which to decide.

    Parameters
    ----------
    times : ndarray of datetime64, shape (T,)
        When each bar closes.
    every : int or str
        So many bars, or a calendar period.
    first : int
        The first of them.

    Raises
    ------
    MarketError
        If `every` is neither.

    Examples
    --------
    >>> days = np.arange("2024-01-05", "2024-01-17", dtype="datetime64[D]")
    >>> schedule(days, "1w", 0), schedule(days, 5, 1)
    ([0, 3, 10], [1, 6, 11])
    """
    if isinstance(every, str):
        number = periods(times, every)
        begins = np.concatenate([[True], number[1:] != number[:-1]])
        begins[:first] = False
        if first < len(begins):
            begins[first] = True
        return [int(t) for t in np.flatnonzero(begins)]
    if isinstance(every, int | np.integer) and not isinstance(every, bool) and every > 0:
        return list(range(first, len(times), int(every)))
    raise MarketError(
        "The schedule of rebalances makes no sense.",
        expected='a number of bars, or a period such as "1w"',
        got=repr(every),
    )


def _first(history: MarketHistory, alpha: Floats, start: Any) -> int:
    if start is None:
        scored = np.isfinite(alpha).any(axis=1)
        if not scored.any():
            raise MarketError("There is no score at all.", expected="a finite number in some row", got="NaN everywhere")
        return int(np.argmax(scored))
    if isinstance(start, int | np.integer) and not isinstance(start, bool):
        if not 0 <= start < len(alpha):
            raise MarketError("The start is outside the market.", expected=f"0 to {len(alpha) - 1}", got=str(start))
        return int(start)
    try:
        day = np.datetime64(start)
    except (TypeError, ValueError) as error:
        raise MarketError("The start cannot be read.", expected="a bar's number or a day", got=repr(start)) from error
    return int(np.searchsorted(history.times, day))


def _drifted(held: Floats, growth: Floats) -> Floats:
    """Weights after a bar: positions grow, cash does not, and all are shares of the new equity."""
    grown = held * (1.0 + growth)
    equity = 1.0 + float(held @ growth)
    return np.asarray(grown / equity) if equity > 0 else grown
