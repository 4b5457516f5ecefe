"""What a margin account in contracts is made of, and its morning: records, expiries, orders from weights, calls.

Numba's cache looks at a kernel's own file alone: after an edit here, touch ``backtest_futures.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_rules import Flags, Floats, Ints, Log, miss, note_settled


class Contracts(NamedTuple):
    """The bars, (T, N), as in ``backtest_orders.Market``, and what is fixed for a contract, (N,).

    ``margin`` is (T, N), or (1, N) where it does not change; ``leave`` (N,) the bar from which on the contract is
    closed and not opened, ``dead`` (N,) the first bar after its last trading day (T: not in these bars).
    """

    fill: Floats
    gate_buy: Floats
    gate_sell: Floats
    close: Floats
    settle: Floats
    volume: Floats
    listed: Flags
    suspended: Flags
    limit_up: Floats
    limit_down: Floats
    adjust: Floats
    tick: Floats
    multiplier: Floats
    margin: Floats
    leave: Ints
    dead: Ints
    years: Floats


class MarginTerms(NamedTuple):
    """The account's rules: initial and maintenance margin as multiples of the exchange's rate; rates are a year."""

    delay: int
    carry: bool
    participation: float
    window: int
    initial: float
    maintenance: float
    credit_rate: float
    debit_rate: float


class Fees(NamedTuple):
    """What trading costs, (N,): per contract, share of notional; half spread in ticks and as a share; impact."""

    per_lot: Floats
    rate: Floats
    half_ticks: float
    half_spread: float
    impact: float
    unknown_volatility: float


class Positions(NamedTuple):
    """State by contract (N,): held, ordered, whether an order is open and for what, last price, profit, dealt today."""

    held: Ints
    goal: Ints
    open: Flags
    cause: Ints
    mark: Floats
    profit: Floats
    dealt: Ints


def new_positions(n: int) -> Positions:
    """Before the first bar."""
    ints = np.zeros((4, n), dtype=np.int64)
    return Positions(ints[0], ints[1], np.zeros(n, dtype=np.bool_), ints[2], np.full(n, np.nan), np.zeros(n), ints[3])


@njit(**JIT)
def towards_zero(x: float) -> int:
    """Whole contracts, never more than asked for.

    >>> towards_zero(2.9), towards_zero(-2.9)
    (2, -2)
    """
    size = int(np.floor(abs(x) * (1.0 + 1e-12) + rule.SLACK))
    return size if x > 0.0 else -size


@njit(**JIT)
def expire(t: int, listed: Flags, dead: Ints, book: Positions, log: Log) -> None:
    """Settle what has expired: the last settlement has been paid already, so only the position goes."""
    held, mark, is_open = book.held, book.mark, book.open
    for e in range(dead.size):
        if held[e] != 0 and (t >= dead[e] or not listed[t, e]):
            cause = rule.BY_EXPIRY if t >= dead[e] else rule.BY_DELISTING
            note_settled(log, t, e, -held[e], cause, mark[e], mark[e])
            held[e] = 0
            is_open[e] = False


@njit(**JIT)
def order(t: int, weights: Floats, equity: float, market: Contracts, book: Positions, log: Log) -> None:
    """Turn a row of weights into orders for contracts."""
    held, goal, is_open, cause, mark = book.held, book.goal, book.open, book.cause, book.mark
    leave, unit = market.leave, market.multiplier
    for e in range(weights.size):
        weight = weights[e]
        if weight != weight or (weight == 0.0 and held[e] == 0 and not is_open[e]):
            continue
        is_open[e] = False
        aim = 0
        if weight != 0.0:
            if t >= leave[e]:
                miss(log, t, e, 0, 0, rule.EXPIRY)
            elif not mark[e] > 0.0:
                miss(log, t, e, 0, 0, rule.SUSPENDED if market.listed[t, e] else rule.DELISTED)
                continue
            else:
                exact = weight * equity / (mark[e] * unit[e])
                aim = towards_zero(exact)
                if aim == 0 and held[e] == 0:
                    miss(log, t, e, 1 if exact > 0.0 else -1, 0, rule.LOT)
        if aim != held[e]:
            is_open[e], goal[e], cause[e] = True, aim, rule.BY_TARGET


@njit(**JIT)
def must(t: int, leave: Ints, share: float, ruined: bool, book: Positions) -> None:
    """Orders that nobody asked for: the last day, a margin call (``share`` of each position is kept), ruin."""
    held, goal, is_open, cause = book.held, book.goal, book.open, book.cause
    for e in range(leave.size):
        if held[e] == 0:
            if is_open[e] and (ruined or t >= leave[e]):
                is_open[e] = False
            continue
        if share < 1.0:
            aim = goal[e] if is_open[e] else held[e]
            most = abs(towards_zero(held[e] * share))
            capped = min(max(aim, -most), most)
            if capped != aim:
                is_open[e], goal[e], cause[e] = True, capped, rule.BY_MARGIN
        if t >= leave[e]:
            is_open[e], goal[e], cause[e] = True, 0, rule.BY_EXPIRY
        if ruined:
            is_open[e], goal[e], cause[e] = True, 0, rule.BY_RUIN
