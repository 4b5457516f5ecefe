"""What a cash account in shares is made of, and its morning: records, ex-rights, delistings, orders from weights.

Numba's cache looks at a kernel's own file alone: after an edit here, touch ``backtest.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_rules import Flags, Floats, Ints, Log, miss, whole_lots


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


class Desk(NamedTuple):
    """What the bar being dealt shows, (N,): its price, why not to buy or sell. Filled for entities with an order."""

    price: Floats
    no_buy: Ints
    no_sell: Ints


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
def new_book(n: int) -> Book:
    """A book before the first bar."""
    ints = np.zeros((4, n), dtype=np.int64)
    marks = np.full((2, n), np.nan)
    return Book(ints[0], ints[1], ints[2], np.zeros(n, dtype=np.bool_), ints[3], marks[0], marks[1], np.zeros(n))


@njit(**JIT)
def new_desk(n: int) -> Desk:
    """A desk before the first bar."""
    codes = np.zeros((2, n), dtype=np.int64)
    return Desk(np.full(n, np.nan), codes[0], codes[1])


@njit(**JIT)
def ex_rights(t: int, adjust: Floats, book: Book) -> float:
    """Restate what is held and ordered where the factor has changed; the cash paid for fractions."""
    paid, changed = 0.0, 0
    for e in range(adjust.shape[1]):
        changed += adjust[t, e] != book.factor[e]
    if changed == 0:
        return paid
    for e in range(adjust.shape[1]):
        now, then = adjust[t, e], book.factor[e]
        if now != then and now == now:
            book.factor[e] = now
            if then == then:
                ratio = now / then
                book.mark[e] /= ratio
                exact = book.shares[e] * ratio
                whole = np.int64(np.sign(exact) * np.floor(abs(exact) + rule.CENT))
                if book.shares[e] != 0:
                    paid += (exact - whole) * book.mark[e]
                book.shares[e] = whole
                book.goal[e] = np.int64(book.goal[e] * ratio)
                book.locked[e] = min(np.int64(np.ceil(book.locked[e] * ratio - rule.CENT)), max(whole, 0))
    return paid


@njit(**JIT)
def write_off(t: int, listed: Flags, recovery: float, book: Book, log: Log, row: Floats) -> float:
    """Close what is no longer listed; the cash that comes back."""
    back, gone = 0.0, 0
    for e in range(listed.shape[1]):
        gone += (book.shares[e] != 0) & (not listed[t, e])
    if gone == 0:
        return back
    for e in range(listed.shape[1]):
        held = book.shares[e]
        if held != 0 and not listed[t, e]:
            price = book.mark[e] * (recovery if held > 0 else 1.0)
            back += held * price
            row[rule.D_DELISTING] += held * (book.mark[e] - price)
            k = log.count[0]
            ints, floats = log.trade_ints[k], log.trade_floats[k]
            ints[0], ints[1], ints[2], ints[3] = t, e, -held, rule.BY_DELISTING
            floats[:] = 0.0
            floats[0], floats[1] = price, book.mark[e]
            log.count[0] += 1
            book.profit[e] += held * (price - book.mark[e])
            book.shares[e] = 0
            book.locked[e] = 0
    return back


@njit(**JIT)
def order(t: int, weights: Floats, equity: float, market: Market, book: Book, log: Log) -> None:
    """Turn a row of weights into orders."""
    for e in range(weights.size):
        weight = weights[e]
        if weight != weight:
            continue
        held = book.shares[e]
        book.open[e] = False
        if weight == 0.0:
            if held != 0:
                book.open[e] = True
                book.goal[e] = 0
                book.cause[e] = rule.BY_TARGET
            continue
        if not book.mark[e] > 0.0:
            miss(log, t, e, 0, 0, rule.SUSPENDED if market.listed[t, e] else rule.DELISTED)
            continue
        change = weight * equity / book.mark[e] - held
        lots = whole_lots(abs(change), market.lot[e], market.least[e])
        if lots > 0:
            book.open[e] = True
            book.goal[e] = held + lots if change > 0.0 else held - lots
            book.cause[e] = rule.BY_TARGET
        elif held == 0:
            wanted = np.int64(np.ceil(abs(change)))
            miss(log, t, e, wanted if change > 0.0 else -wanted, 0, rule.LOT)
