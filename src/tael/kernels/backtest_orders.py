"""What a cash account in shares is made of, and its morning: records, ex-rights, delistings, orders from weights.

Numba's cache looks at a kernel's own file alone: after an edit here, touch ``backtest.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_rules import Flags, Floats, Ints, Log, miss, note_settled, whole_lots


class Market(NamedTuple):
    """The bars, (T, N) unless said otherwise.

    ``fill`` is the price dealt at, ``gate_buy`` the price held against ``limit_up``, ``gate_sell`` against
    ``limit_down``. ``day`` (T,) is the trading day of each bar, ``years`` (T,) the time since the last bar.
    """

    fill: Floats
    gate_buy: Floats
    gate_sell: Floats
    close: Floats
    volume: Floats
    listed: Flags
    suspended: Flags
    limit_up: Floats
    limit_down: Floats
    adjust: Floats
    lot: Ints
    least: Ints
    tick: Floats
    day: Ints
    years: Floats


class Terms(NamedTuple):
    """The account's rules. Rates are a year; ``participation`` 0: no cap; ``floor``: debt allowed, times equity."""

    delay: int
    carry: bool
    t_plus_1: bool
    participation: float
    window: int
    recovery: float
    floor: float
    credit_rate: float
    debit_rate: float
    short_rate: float


class Book(NamedTuple):
    """State by entity (N,): shares, those bought today, shares ordered, whether an order is open, last price, factor.

    ``cause`` is what the open order is for, ``profit`` what the entity has earned before costs.
    """

    shares: Ints
    locked: Ints
    goal: Ints
    open: Flags
    cause: Ints
    mark: Floats
    factor: Floats
    profit: Floats


@njit(**JIT)
def impossible(targets: Floats, low: float) -> int:
    """How many weights are below ``low`` or infinite; a missing one is neither.

    >>> impossible(np.array([[0.5, -0.1], [np.nan, np.inf]]), 0.0)
    2
    """
    found = 0
    for t in range(targets.shape[0]):
        for e in range(targets.shape[1]):
            found += (targets[t, e] < low) | (targets[t, e] == np.inf) | (targets[t, e] == -np.inf)
    return found


def new_book(n: int) -> Book:
    """A book before the first bar."""
    ints = np.zeros((4, n), dtype=np.int64)
    marks = np.full((2, n), np.nan)
    return Book(ints[0], ints[1], ints[2], np.zeros(n, dtype=np.bool_), ints[3], marks[0], marks[1], np.zeros(n))


@njit(**JIT)
def ex_rights(t: int, adjust: Floats, book: Book) -> float:
    """Restate what is held and ordered where the factor has changed; the cash paid for fractions."""
    shares, goal, locked, mark, factor = book.shares, book.goal, book.locked, book.mark, book.factor
    paid, changed = 0.0, 0
    for e in range(factor.size):
        changed += adjust[t, e] != factor[e]
    if changed == 0:
        return paid
    for e in range(factor.size):
        now, then = adjust[t, e], factor[e]
        if now != then and now == now:
            factor[e] = now
            if then == then:
                ratio = now / then
                mark[e] /= ratio
                exact = shares[e] * ratio
                whole = int(np.sign(exact) * np.floor(abs(exact) + rule.CENT))
                if shares[e] != 0:
                    paid += (exact - whole) * mark[e]
                shares[e] = whole
                goal[e] = int(goal[e] * ratio)
                locked[e] = min(int(np.ceil(locked[e] * ratio - rule.CENT)), max(whole, 0))
    return paid


@njit(**JIT)
def write_off(t: int, listed: Flags, recovery: float, book: Book, log: Log, row: Floats) -> float:
    """Close what is no longer listed; the cash that comes back."""
    shares, locked, mark, profit = book.shares, book.locked, book.mark, book.profit
    back, gone = 0.0, 0
    for e in range(shares.size):
        gone += (shares[e] != 0) & (not listed[t, e])
    if gone == 0:
        return back
    for e in range(shares.size):
        held = shares[e]
        if held != 0 and not listed[t, e]:
            price = mark[e] * (recovery if held > 0 else 1.0)
            back += held * price
            row[rule.D_DELISTING] += held * (mark[e] - price)
            note_settled(log, t, e, -held, rule.BY_DELISTING, price, mark[e])
            profit[e] += held * (price - mark[e])
            shares[e] = 0
            locked[e] = 0
    return back


@njit(**JIT)
def order(t: int, weights: Floats, equity: float, market: Market, book: Book, log: Log) -> None:
    """Turn a row of weights into orders."""
    shares, goal, is_open, cause, mark = book.shares, book.goal, book.open, book.cause, book.mark
    lot, least = market.lot, market.least
    for e in range(weights.size):
        weight, held = weights[e], shares[e]
        if weight != weight or (weight == 0.0 and held == 0 and not is_open[e]):
            continue
        is_open[e] = False
        if weight == 0.0:
            is_open[e] = held != 0
            goal[e], cause[e] = 0, rule.BY_TARGET
            continue
        if not mark[e] > 0.0:
            miss(log, t, e, 0, 0, rule.SUSPENDED if market.listed[t, e] else rule.DELISTED)
            continue
        change = weight * equity / mark[e] - held
        lots = whole_lots(abs(change), lot[e], least[e])
        if lots > 0:
            is_open[e] = True
            goal[e] = held + lots if change > 0.0 else held - lots
            cause[e] = rule.BY_TARGET
        elif held == 0:
            wanted = int(np.ceil(abs(change)))
            miss(log, t, e, wanted if change > 0.0 else -wanted, 0, rule.LOT)
