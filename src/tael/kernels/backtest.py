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

from typing import Any

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_orders import Book, Desk, Market, Terms, ex_rights, new_book, new_desk, order, write_off
from tael.kernels.backtest_rules import (
    Charges,
    Floats,
    Ints,
    Log,
    Trailing,
    impact_cost,
    limit_codes,
    miss,
    new_log,
    new_trailing,
    remember,
    trailing_volatility,
    trailing_volume,
    whole_lots,
    with_room,
)


@njit(inline="always", **JIT)
def _charge(t: int, value: float, lots: int, volume: float, volatility: float, sells: bool, charges: Charges) -> Any:
    """Commission, tax, transfer fee, half spread and impact of one trade."""
    commission = max(charges.commission * value, charges.minimum)
    tax = charges.tax[1 if sells else 0, t] * value
    impact = 0.0
    if charges.impact > 0.0:
        impact = impact_cost(value, np.float64(lots), volume, volatility, charges.impact)
    return commission, tax, charges.transfer[t] * value, charges.half_spread * value, impact


@njit(inline="always", **JIT)
def _cost(t: int, value: float, lots: int, volume: float, volatility: float, sells: bool, charges: Charges) -> float:
    a, b, c, d, f = _charge(t, value, lots, volume, volatility, sells, charges)
    return a + b + c + d + f


@njit(inline="always", **JIT)
def _deal(
    t: int, e: int, change: int, price: float, volume: float, volatility: float, charges: Charges, book: Book,
    log: Log, row: Floats,
) -> float:  # fmt: skip
    """Deal in ``change`` shares (below 0: sell); the change of cash."""
    value = abs(change) * price
    parts = _charge(t, value, abs(change), volume, volatility, change < 0, charges)
    k = log.count[0]
    log.trade_ints[k, 0], log.trade_ints[k, 1] = t, e
    log.trade_ints[k, 2], log.trade_ints[k, 3] = change, book.cause[e]
    log.trade_floats[k, 0], log.trade_floats[k, 1] = price, book.mark[e]
    log.trade_floats[k, 2], log.trade_floats[k, 3], log.trade_floats[k, 4] = parts[0], parts[1], parts[2]
    log.trade_floats[k, 5], log.trade_floats[k, 6] = parts[3], parts[4]
    log.count[0] += 1
    row[rule.D_COMMISSION] += parts[0]
    row[rule.D_TAX] += parts[1]
    row[rule.D_TRANSFER] += parts[2]
    row[rule.D_SPREAD] += parts[3]
    row[rule.D_IMPACT] += parts[4]
    row[rule.D_BOUGHT if change > 0 else rule.D_SOLD] += value
    # What was held until now earned the way from the last price to this one.
    moved = book.shares[e] * (price - book.mark[e])
    row[rule.D_GROSS] += moved
    book.profit[e] += moved
    book.mark[e] = price
    book.shares[e] += change
    if change > 0:
        book.locked[e] = min(book.locked[e] + change, max(book.shares[e], 0))
    if book.shares[e] == book.goal[e]:
        book.open[e] = False
    return -change * price - (parts[0] + parts[1] + parts[2] + parts[3] + parts[4])


@njit(inline="always", **JIT)
def _sizes(e: int, past: Trailing, charges: Charges) -> Any:
    """Trailing volume and volatility."""
    return trailing_volume(e, past), trailing_volatility(e, past, charges.unknown_volatility)


@njit(inline="always", **JIT)
def _allowed(e: int, wanted: int, whole: bool, free: float, volume: float, market: Market, terms: Terms) -> Any:
    """How much of an order may be dealt, and what binds; ``free``: what T+1 lets go, ``whole``: odd lots may go too."""
    most, reason = wanted, rule.FILLED
    if free < most:
        most, reason = np.int64(free), rule.T_PLUS_1
    if terms.participation > 0.0 and terms.participation * volume < most:
        most, reason = np.int64(terms.participation * volume * (1.0 + 1e-12)), rule.PARTICIPATION
    if most < wanted or not whole:
        lots = whole_lots(np.float64(most), market.lot[e], market.least[e])
        if lots == 0 and most > 0 and most == wanted:
            reason = rule.LOT
        most = lots
    return most, reason


@njit(**JIT)
def _sell(
    t: int, todo: Ints, market: Market, desk: Desk, past: Trailing, terms: Terms, charges: Charges, book: Book,
    log: Log, row: Floats,
) -> float:  # fmt: skip
    """Sell; the cash it brings."""
    got = 0.0
    for e in todo:
        wanted = book.shares[e] - book.goal[e]
        if wanted <= 0:
            continue
        reason = desk.no_sell[e]
        if reason != rule.FILLED:
            miss(log, t, e, -wanted, 0, reason)
            book.open[e] = reason != rule.DELISTED
            continue
        volume, volatility = _sizes(e, past, charges)
        free = np.float64(wanted)
        if terms.t_plus_1 and book.locked[e] > 0:
            free = np.float64(book.shares[e] - book.locked[e] + max(-book.goal[e], 0))
        whole = book.goal[e] == 0
        most, reason = _allowed(e, wanted, whole, free, volume, market, terms)
        if most < wanted and reason != rule.FILLED:
            miss(log, t, e, -wanted, -most, reason)
        if most > 0:
            got += _deal(t, e, -most, desk.price[e], volume, volatility, charges, book, log, row)
        if reason == rule.LOT or (reason == rule.FILLED and most < wanted):
            book.open[e] = False  # what is left is less than may be ordered, today and tomorrow
    return got


@njit(**JIT)
def _most_for(
    t: int, cash: float, most: int, price: float, lot: int, least: int, volume: float, volatility: float,
    charges: Charges,
) -> int:  # fmt: skip
    """The largest tradable quantity up to ``most`` that the cash pays for, costs included."""
    if most == 0 or most * price + _cost(t, most * price, most, volume, volatility, False, charges) <= cash + rule.CENT:
        return most
    low, high = np.int64(-1), np.int64((most - least) // lot)
    while low < high:
        middle = (low + high + 1) // 2
        size = least + middle * lot
        cost = _cost(t, size * price, size, volume, volatility, False, charges)
        if size * price + cost <= cash + rule.CENT:
            low = middle
        else:
            high = middle - 1
    return least + low * lot if low >= 0 else 0


@njit(**JIT)
def _buy(
    t: int, todo: Ints, cash: float, market: Market, desk: Desk, past: Trailing, terms: Terms, charges: Charges,
    book: Book, log: Log, row: Floats, scratch: Floats,
) -> float:  # fmt: skip
    """Buy with ``cash`` (it may include credit); the change of cash. ``scratch`` (4, N)."""
    needed, spent = 0.0, 0.0
    for i in range(todo.size):
        e = todo[i]
        scratch[0, i] = 0.0
        wanted = book.goal[e] - book.shares[e]
        if wanted <= 0 or not book.open[e]:
            continue
        reason = desk.no_buy[e]
        if reason != rule.FILLED:
            miss(log, t, e, wanted, 0, reason)
            book.open[e] = reason != rule.DELISTED
            continue
        volume, volatility = _sizes(e, past, charges)
        whole = book.goal[e] == 0
        most, reason = _allowed(e, wanted, whole, np.inf, volume, market, terms)
        if most < wanted and reason != rule.FILLED and most == 0:
            miss(log, t, e, wanted, 0, reason)
        if most == 0:
            if reason in (rule.LOT, rule.FILLED):
                book.open[e] = False
            continue
        price = desk.price[e]
        needed += most * price + _cost(t, most * price, most, volume, volatility, False, charges)
        scratch[0, i], scratch[1, i], scratch[2, i], scratch[3, i] = most, reason, volume, volatility
    short = needed > cash + rule.CENT
    share = max(0.0, cash / needed) if short else 1.0
    for i in range(todo.size):
        most = np.int64(scratch[0, i])
        if most == 0:
            continue
        e = todo[i]
        wanted = book.goal[e] - book.shares[e]
        reason, volume, volatility = np.int64(scratch[1, i]), scratch[2, i], scratch[3, i]
        size = most
        if short:
            size = whole_lots(most * share, market.lot[e], market.least[e])
            size = _most_for(
                t, cash + spent, size, desk.price[e], market.lot[e], market.least[e], volume, volatility, charges
            )
            if size < most:
                reason = rule.CASH
        if size < wanted and reason != rule.FILLED:
            miss(log, t, e, wanted, size, reason)
        if size > 0:
            spent += _deal(t, e, size, desk.price[e], volume, volatility, charges, book, log, row)
        if size < wanted and reason == rule.FILLED:
            book.open[e] = False
    return spent


@njit(**JIT)
def run_stocks(
    market: Market, terms: Terms, charges: Charges, targets: Floats, cash: float, daily: Floats, positions: Ints
) -> Any:
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
    positions : (T, N) int64, zero
        Receives the shares held after each bar.

    Returns
    -------
    log : Log
        Trades and misses; ``count`` says how many rows are in use.
    profit : (N,)
        What each entity earned before costs.
    ruined : int
        The bar after which equity was no longer positive; -1: never.
    """
    n_bars, n = targets.shape
    book, log = new_book(n), new_log(64 * n_bars + 2 * n)
    desk, past = new_desk(n), new_trailing(n, terms.window)
    todo, scratch = np.empty(n, dtype=np.int64), np.zeros((4, n))
    equity, ruined = cash, -1
    for t in range(n_bars):
        log = with_room(log, 2 * n, 2 * n)
        row = daily[t]
        if t > 0 and market.day[t] != market.day[t - 1]:
            book.locked[:] = 0
        cash += ex_rights(t, market.adjust, book)
        cash += write_off(t, market.listed, terms.recovery, book, log, row)
        row[rule.D_INTEREST] = cash * market.years[t] * (terms.credit_rate if cash > 0.0 else terms.debit_rate)
        if terms.short_rate > 0.0:
            for e in range(n):
                if book.shares[e] < 0:
                    row[rule.D_BORROW] -= book.shares[e] * book.mark[e] * market.years[t] * terms.short_rate
        cash += row[rule.D_INTEREST] - row[rule.D_BORROW]
        if ruined >= 0:
            for e in range(n):
                book.open[e] = book.shares[e] != 0
                book.goal[e], book.cause[e] = 0, rule.BY_RUIN
        elif t >= terms.delay:
            order(t, targets[t - terms.delay], equity, market, book, log)
        k = 0
        for e in range(n):
            todo[k] = e
            k += book.open[e]
        if k > 0:
            limit_codes(
                t, todo[:k], market.fill, market.gate_buy, market.gate_sell, market.limit_up, market.limit_down,
                market.tick, market.listed, market.suspended, desk.price, desk.no_buy, desk.no_sell,
            )  # fmt: skip
            cash += _sell(t, todo[:k], market, desk, past, terms, charges, book, log, row)
            credit = max(0.0, terms.floor * equity)
            cash += _buy(t, todo[:k], cash + credit, market, desk, past, terms, charges, book, log, row, scratch)
            if not terms.carry:
                for i in range(k):
                    book.open[todo[i]] = False
        if terms.participation > 0.0 or charges.impact > 0.0:
            remember(t, market.close, market.adjust, market.volume, market.suspended, past, scratch)
        k = 0
        for e in range(n):
            todo[k] = e
            k += book.shares[e] != 0
        worth = 0.0
        for e in todo[:k]:
            price = market.close[t, e]
            price = price if price == price else book.mark[e]
            held = book.shares[e]
            moved = held * (price - book.mark[e])
            row[rule.D_GROSS] += moved
            book.profit[e] += moved
            worth += held * price
            positions[t, e] = held
        for e in range(n):
            book.mark[e] = market.close[t, e] if market.close[t, e] == market.close[t, e] else book.mark[e]
        equity = cash + worth
        row[rule.D_EQUITY], row[rule.D_CASH] = equity, cash
        if equity <= 0.0 and ruined < 0:
            ruined = t
    return log, book.profit, ruined
