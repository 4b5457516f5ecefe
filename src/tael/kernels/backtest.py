"""One pass over the bars of a cash account in shares: orders, fills, costs, positions, equity.

Within bar t, in this order:

1. **The morning.** Locks of an earlier day fall away. Where ``adjust`` changes, positions, open orders and last prices
   are restated; a fraction of a share is paid in cash at the restated price. What is no longer listed is written off
   at the last price times ``recovery`` (a short is bought back at the last price in full). Interest on cash and the fee
   for borrowed shares accrue for the time since the last bar.
2. **The orders.** If the row of weights decided ``delay`` bars ago holds a number, each entity with a number gets an
   order for weight x equity / last price, both as of the close of bar t - 1, counted down to whole lots. A weight of 0
   sells everything, odd lots too. An entity whose weight is missing keeps what it has, and an order still open.
3. **The fill**, at one price: sells first, in the order of the entities, then buys. If the buys ask for more than the
   cash there is, all are scaled by the same factor and counted down to lots. Whether an order may fill is decided by
   ``gate_buy`` and ``gate_sell``, prices known at the time of the fill; how much, by T+1 and by a share of the mean
   volume of earlier bars.
4. **The close.** Positions are marked to the close; one without a bar keeps its last price. If equity is no longer
   positive, everything is sold from the next bar on and no more orders are sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_orders import Book, Market, Terms, ex_rights, new_book, order, write_off
from tael.kernels.backtest_rules import (
    Charges,
    Desk,
    Floats,
    Ints,
    Log,
    Trailing,
    has_room,
    impact_cost,
    new_desk,
    new_log,
    new_trailing,
    remember,
    show,
    trailing_volatility,
    trailing_volume,
    whole_lots,
    with_orders,
    with_room,
)


class _Rates(NamedTuple):
    """`Charges` of one bar and side, numbers alone."""

    commission: float
    minimum: float
    tax: float
    transfer: float
    half_spread: float
    impact: float


@njit(**JIT)
def _rates(t: int, sells: int, charges: Charges) -> _Rates:
    return _Rates(
        charges.commission, charges.minimum, charges.tax[sells, t], charges.transfer[t], charges.half_spread,
        charges.impact,
    )  # fmt: skip


@njit(**JIT)
def _charge(value: float, size: int, volume: float, volatility: float, rates: _Rates) -> Any:
    """Commission, tax, transfer fee, half spread and impact of one trade."""
    impact = 0.0
    if rates.impact > 0.0:
        impact = impact_cost(value, np.float64(size), volume, volatility, rates.impact)
    commission = max(rates.commission * value, rates.minimum)
    return commission, rates.tax * value, rates.transfer * value, rates.half_spread * value, impact


@njit(**JIT)
def _cost(price: float, size: int, volume: float, volatility: float, rates: _Rates) -> float:
    """What a purchase takes: value and charges."""
    value = size * price
    a, b, c, d, f = _charge(value, size, volume, volatility, rates)
    return value + (a + b + c + d + f)


@njit(**JIT)
def _allowed(wanted: int, whole: bool, free: float, volume: float, participation: float, lot: int, least: int) -> Any:
    """How much of an order may be dealt, and what binds; ``free``: what T+1 lets go, ``whole``: odd lots may go too."""
    most, reason = wanted, rule.FILLED
    if free < most:
        most, reason = int(free), rule.T_PLUS_1
    if participation > 0.0 and participation * volume < most:
        most, reason = int(participation * volume * (1.0 + 1e-12)), rule.PARTICIPATION
    if most < wanted or not whole:
        lots = whole_lots(np.float64(most), lot, least)
        if lots == 0 and most > 0 and most == wanted:
            reason = rule.LOT
        most = lots
    return most, reason


@njit(**JIT)
def _most_for(
    cash: float, most: int, price: float, lot: int, least: int, volume: float, volatility: float, rates: _Rates
) -> int:
    """The largest tradable quantity up to ``most`` that the cash pays for, costs included."""
    if most == 0 or _cost(price, most, volume, volatility, rates) <= cash + rule.CENT:
        return most
    low, high = (-1), int((most - least) // lot)
    while low < high:
        middle = (low + high + 1) // 2
        if _cost(price, least + middle * lot, volume, volatility, rates) <= cash + rule.CENT:
            low = middle
        else:
            high = middle - 1
    return least + low * lot if low >= 0 else 0


# In what follows arrays are taken out of their records before the loops: to reach into a record counts a reference up
# and down each time, which would take longer than the work.


@njit(**JIT)
def _sizes_to_sell(
    t: int, todo: Ints, market: Market, desk: Desk, past: Trailing, terms: Terms, book: Book, log: Log, change: Ints
) -> None:
    """How many shares each order sells: ``change`` (k,), at most 0."""
    shares, goal, locked, is_open = book.shares, book.goal, book.locked, book.open
    lot, least, no_sell = market.lot, market.least, desk.no_sell
    misses, count, sums = log.misses, log.used, past.sums
    participation, t_plus_1 = terms.participation, terms.t_plus_1
    for i in range(todo.size):
        e = todo[i]
        change[i] = 0
        wanted = shares[e] - goal[e]
        if wanted <= 0:
            continue
        most, reason = np.int64(0), no_sell[e]
        if reason == rule.FILLED:
            free = np.float64(wanted)
            if t_plus_1 and locked[e] > 0:
                free = np.float64(shares[e] - locked[e] + max(-goal[e], 0))
            whole = goal[e] == 0
            volume = trailing_volume(e, sums)
            most, reason = _allowed(wanted, whole, free, volume, participation, lot[e], least[e])
            if reason == rule.LOT or (reason == rule.FILLED and most < wanted):
                is_open[e] = False  # what is left is less than may be ordered, today and tomorrow
        elif reason == rule.DELISTED:
            is_open[e] = False
        change[i] = -most
        if most < wanted and reason != rule.FILLED:
            k = count[1]
            misses[k, 0], misses[k, 1], misses[k, 2], misses[k, 3], misses[k, 4] = t, e, -wanted, -most, reason
            count[1] += 1


@njit(**JIT)
def _sizes_to_buy(
    t: int, todo: Ints, cash: float, market: Market, desk: Desk, past: Trailing, terms: Terms, charges: Charges,
    book: Book, log: Log, change: Ints, scratch: Floats,
) -> None:  # fmt: skip
    """How many shares each order buys with ``cash`` (it may include credit): ``change`` (k,), at least 0."""
    shares, goal, is_open = book.shares, book.goal, book.open
    lot, least, no_buy, price = market.lot, market.least, desk.no_buy, desk.rows[0]
    misses, count, sums = log.misses, log.used, past.sums
    participation, unknown, rates = terms.participation, charges.unknown_volatility, _rates(t, 0, charges)
    needed = 0.0
    for i in range(todo.size):
        e = todo[i]
        change[i] = 0
        wanted = goal[e] - shares[e]
        scratch[0, i] = rule.FILLED
        if wanted <= 0 or not is_open[e]:
            continue
        reason = no_buy[e]
        if reason == rule.FILLED:
            volume = trailing_volume(e, sums)
            change[i], reason = _allowed(wanted, goal[e] == 0, np.inf, volume, participation, lot[e], least[e])
            needed += _cost(price[e], change[i], volume, trailing_volatility(e, sums, unknown), rates) * (change[i] > 0)
            if change[i] == 0 and reason in (rule.LOT, rule.FILLED):
                is_open[e] = False
        elif reason == rule.DELISTED:
            is_open[e] = False
        scratch[0, i] = reason
    short = needed > cash + rule.CENT
    share = max(0.0, cash / needed) if short else 1.0
    for i in range(todo.size):
        e = todo[i]
        wanted, most, reason = goal[e] - shares[e], change[i], int(scratch[0, i])
        if most > 0:
            size = most
            if short:
                volume, volatility = trailing_volume(e, sums), trailing_volatility(e, sums, unknown)
                size = whole_lots(most * share, lot[e], least[e])
                size = _most_for(cash, size, price[e], lot[e], least[e], volume, volatility, rates)
                if size > 0:
                    cash -= _cost(price[e], size, volume, volatility, rates)
                if size < most:
                    reason = rule.CASH
            change[i] = size
            if size < wanted and reason == rule.FILLED:
                is_open[e] = False
        if change[i] < wanted and reason != rule.FILLED:
            k = count[1]
            misses[k, 0], misses[k, 1], misses[k, 2], misses[k, 3], misses[k, 4] = t, e, wanted, change[i], reason
            count[1] += 1


@njit(**JIT)
def _deal(
    t: int, todo: Ints, change: Ints, sells: int, desk: Desk, past: Trailing, charges: Charges, book: Book, log: Log,
    row: Floats,
) -> float:  # fmt: skip
    """Deal in ``change`` (k,) shares; the change of cash."""
    shares, goal, locked, is_open = book.shares, book.goal, book.locked, book.open
    cause, mark, profit, price_of, sums = book.cause, book.mark, book.profit, desk.rows[0], past.sums
    ints, floats, count = log.trade_ints, log.trade_floats, log.used
    rates, unknown = _rates(t, sells, charges), charges.unknown_volatility
    cash, dealt, gross = 0.0, 0.0, 0.0
    fees, taxes, transfers, spreads, impacts = 0.0, 0.0, 0.0, 0.0, 0.0
    k = count[0]
    for i in range(todo.size):
        size = change[i]
        if size == 0:
            continue
        e = todo[i]
        price = price_of[e]
        value = abs(size) * price
        volume, volatility = trailing_volume(e, sums), trailing_volatility(e, sums, unknown)
        fee, tax, transfer, spread, impact = _charge(value, abs(size), volume, volatility, rates)
        ints[k, 0], ints[k, 1], ints[k, 2], ints[k, 3] = t, e, size, cause[e]
        floats[k, 0], floats[k, 1], floats[k, 2], floats[k, 3] = price, mark[e], fee, tax
        floats[k, 4], floats[k, 5], floats[k, 6] = transfer, spread, impact
        k += 1
        fees += fee
        taxes += tax
        transfers += transfer
        spreads += spread
        impacts += impact
        dealt += value
        # What was held until now earned the way from the last price to this one.
        moved = shares[e] * (price - mark[e])
        gross += moved
        profit[e] += moved
        mark[e] = price
        shares[e] += size
        if size > 0:
            locked[e] = min(locked[e] + size, max(shares[e], 0))
        if shares[e] == goal[e]:
            is_open[e] = False
        cash -= size * price + (fee + tax + transfer + spread + impact)
    count[0] = k
    row[rule.D_COMMISSION] += fees
    row[rule.D_TAX] += taxes
    row[rule.D_TRANSFER] += transfers
    row[rule.D_SPREAD] += spreads
    row[rule.D_IMPACT] += impacts
    row[rule.D_GROSS] += gross
    row[rule.D_SOLD if sells else rule.D_BOUGHT] += dealt
    return cash


@njit(**JIT)
def _borrowed(book: Book) -> float:
    """Value of what is sold short."""
    shares, mark, worth = book.shares, book.mark, 0.0
    for e in range(shares.size):
        if shares[e] < 0:
            worth -= shares[e] * mark[e]
    return worth


@njit(**JIT)
def _close_out(book: Book) -> None:
    """Orders to get rid of everything."""
    shares, goal, is_open, cause = book.shares, book.goal, book.open, book.cause
    for e in range(shares.size):
        is_open[e] = shares[e] != 0
        goal[e], cause[e] = 0, rule.BY_RUIN


@njit(**JIT)
def _mark(t: int, close: Floats, book: Book, positions: Ints, todo: Ints, row: Floats) -> float:
    """Mark what is held to the close; its worth."""
    shares, mark, profit, now, held = book.shares, book.mark, book.profit, close[t], positions[t]
    k = 0
    for e in range(shares.size):
        todo[k] = e
        k += shares[e] != 0
    for e in range(shares.size):
        held[e] = shares[e]
    worth, gross = 0.0, 0.0
    for e in todo[:k]:
        price = now[e] if now[e] == now[e] else mark[e]
        moved = shares[e] * (price - mark[e])
        gross += moved
        profit[e] += moved
        worth += shares[e] * price
    for e in range(shares.size):
        mark[e] = now[e] if now[e] == now[e] else mark[e]
    row[rule.D_GROSS] += gross
    return worth


@njit(**JIT)
def _run(
    first: int, one_price: bool, market: Market, terms: Terms, charges: Charges, targets: Floats, daily: Floats,
    positions: Ints, book: Book, desk: Desk, past: Trailing, log: Log, state: Floats, room: Ints, change: Ints,
    scratch: Floats,
) -> int:  # fmt: skip
    """Run from bar ``first`` to the end, or until the log is full; the next bar. ``state``: cash, equity, ruined."""
    n_bars, n = targets.shape
    cash, equity, ruined = state[0], state[1], int(state[2])
    for t in range(first, n_bars):
        if not has_room(log, 2 * n):
            state[0], state[1], state[2] = cash, equity, ruined
            return t
        row = daily[t]
        if t > 0 and market.day[t] != market.day[t - 1]:
            book.locked[:] = 0
        cash += ex_rights(t, market.adjust, book)
        cash += write_off(t, market.listed, terms.recovery, book, log, row)
        row[rule.D_INTEREST] = cash * market.years[t] * (terms.credit_rate if cash > 0.0 else terms.debit_rate)
        if terms.short_rate > 0.0:
            row[rule.D_BORROW] = _borrowed(book) * market.years[t] * terms.short_rate
        cash += row[rule.D_INTEREST] - row[rule.D_BORROW]
        if ruined >= 0:
            _close_out(book)
        elif t >= terms.delay:
            order(t, targets[t - terms.delay], equity, market, book, log)
        k = with_orders(book.open, room)
        if k > 0:
            todo = room[:k]
            show(
                t, todo, one_price, market.fill, market.gate_buy, market.gate_sell, market.limit_up,
                market.limit_down, market.tick, market.listed, market.suspended, desk,
            )  # fmt: skip
            _sizes_to_sell(t, todo, market, desk, past, terms, book, log, change)
            cash += _deal(t, todo, change, 1, desk, past, charges, book, log, row)
            credit = max(0.0, terms.floor * equity)
            _sizes_to_buy(t, todo, cash + credit, market, desk, past, terms, charges, book, log, change, scratch)
            cash += _deal(t, todo, change, 0, desk, past, charges, book, log, row)
            if not terms.carry:
                book.open[:] = False
        if terms.participation > 0.0 or charges.impact > 0.0:
            remember(t, market.close, market.adjust, market.volume, market.suspended, past, scratch)
        equity = cash + _mark(t, market.close, book, positions, room, row)
        row[rule.D_EQUITY], row[rule.D_CASH] = equity, cash
        if equity <= 0.0 and ruined < 0:
            ruined = t
    state[0], state[1], state[2] = cash, equity, ruined
    return n_bars


def run_stocks(
    market: Market, terms: Terms, charges: Charges, targets: Floats, cash: float, daily: Floats, positions: Ints
) -> tuple[Log, Floats, int]:
    """Run the account through all bars.

    Parameters
    ----------
    market, terms, charges
        As their classes say.
    targets : (T, N)
        Weights of equity decided after bar t has closed; NaN: no decision.
    cash : float
        At the start.
    daily : (T, 14), zero
        Receives the account of each bar, columns as in ``backtest_rules.DAILY``.
    positions : (T, N) int64
        Receives the shares held after each bar.

    Returns
    -------
    log : Log
        Trades and misses; ``used`` says how many rows are in use.
    profit : (N,)
        What each entity earned before costs.
    ruined : int
        The bar after which equity was no longer positive; -1: never.
    """
    n_bars, n = targets.shape
    book, desk, past = new_book(n), new_desk(n), new_trailing(n, terms.window)
    log, state = new_log(64 * n_bars + 2 * n), np.array([cash, cash, -1.0])
    room, change, scratch = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros((2, n))
    t, one_price = 0, market.gate_buy is market.fill and market.gate_sell is market.fill
    while t < n_bars:
        log = with_room(log, 2 * n)
        t = _run(
            t, one_price, market, terms, charges, targets, daily, positions, book, desk, past, log, state, room, change,
            scratch,
        )  # fmt: skip
    return log, book.profit, int(state[2])
