"""One pass over the bars of a margin account in dated contracts: orders, fills, settlement, margin calls, expiry.

Within bar t, in this order:

1. **The morning.** Interest accrues on the balance. A contract that is past its last trading day or no longer listed is
   settled at its last settlement price.
2. **The orders.** Signed weights of notional decided ``delay`` bars ago become whole contracts: weight x balance /
   (last settlement x multiplier), counted down towards 0. From bar ``leave`` of a contract on it is closed and not
   opened. After a margin call every position is scaled down to what the balance carries.
3. **The fill**, at one price: what closes first, then what opens. What opens is scaled down by one factor if the
   balance, marked to the price of the fill, does not carry its initial margin. A limit that is reached lets nobody buy
   (up) or sell (down); a close that it stops is *locked*.
4. **The settlement.** Gains and losses are paid in cash at the settlement price. If the balance is below the
   maintenance margin, the next bar brings the call; if it is no longer positive, everything is closed and nothing more
   is ordered.

Numba's cache looks at a kernel's own file alone: after an edit of ``backtest_rules.py``, touch this one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_orders import Desk, new_desk
from tael.kernels.backtest_rules import (
    Flags,
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
    with_room,
)


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


@njit(**JIT)
def _new_positions(n: int) -> Positions:
    ints = np.zeros((4, n), dtype=np.int64)
    return Positions(ints[0], ints[1], np.zeros(n, dtype=np.bool_), ints[2], np.full(n, np.nan), np.zeros(n), ints[3])


@njit(**JIT)
def _towards_zero(x: float) -> int:
    size = np.int64(np.floor(abs(x) * (1.0 + 1e-12) + rule.SLACK))
    return size if x > 0.0 else -size


@njit(**JIT)
def _expire(t: int, listed: Flags, dead: Ints, book: Positions, log: Log) -> None:
    """Settle what has expired: the last settlement has been paid already, so only the position goes."""
    for e in range(dead.size):
        if book.held[e] != 0 and (t >= dead[e] or not listed[t, e]):
            k = log.count[0]
            ints, floats = log.trade_ints[k], log.trade_floats[k]
            ints[0], ints[1], ints[2] = t, e, -book.held[e]
            ints[3] = rule.BY_EXPIRY if t >= dead[e] else rule.BY_DELISTING
            floats[:] = 0.0
            floats[0], floats[1] = book.mark[e], book.mark[e]
            log.count[0] += 1
            book.held[e] = 0
            book.open[e] = False


@njit(**JIT)
def _order(t: int, weights: Floats, equity: float, market: Contracts, book: Positions, log: Log) -> None:
    """Turn a row of weights into orders for contracts."""
    for e in range(weights.size):
        weight = weights[e]
        if weight != weight:
            continue
        book.open[e] = False
        goal = 0
        if weight != 0.0:
            if t >= market.leave[e]:
                miss(log, t, e, 0, 0, rule.EXPIRY)
            elif not book.mark[e] > 0.0:
                miss(log, t, e, 0, 0, rule.SUSPENDED if market.listed[t, e] else rule.DELISTED)
                continue
            else:
                exact = weight * equity / (book.mark[e] * market.multiplier[e])
                goal = _towards_zero(exact)
                if goal == 0 and book.held[e] == 0:
                    miss(log, t, e, 1 if exact > 0.0 else -1, 0, rule.LOT)
        if goal != book.held[e]:
            book.open[e] = True
            book.goal[e] = goal
            book.cause[e] = rule.BY_TARGET


@njit(**JIT)
def _must(t: int, leave: Ints, share: float, ruined: bool, book: Positions) -> None:
    """Orders that nobody asked for: the last day, a margin call (``share`` of each position is kept), ruin."""
    for e in range(leave.size):
        held = book.held[e]
        if held == 0:
            if book.open[e] and (ruined or t >= leave[e]):
                book.open[e] = False
            continue
        goal = book.goal[e] if book.open[e] else held
        if share < 1.0:
            most = abs(_towards_zero(held * share))
            capped = min(max(goal, -most), most)
            if capped != goal:
                book.open[e], book.goal[e], book.cause[e] = True, capped, rule.BY_MARGIN
        if t >= leave[e]:
            book.open[e], book.goal[e], book.cause[e] = True, 0, rule.BY_EXPIRY
        if ruined:
            book.open[e], book.goal[e], book.cause[e] = True, 0, rule.BY_RUIN


@njit(**JIT)
def _deal(
    t: int, e: int, change: int, volume: float, volatility: float, market: Contracts, desk: Desk, fees: Fees,
    book: Positions, log: Log, row: Floats,
) -> float:  # fmt: skip
    """Deal in ``change`` contracts: settle what was held to this price, pay the costs; the change of the balance."""
    price, size, unit = desk.price[e], abs(change), market.multiplier[e]
    value = size * price * unit
    commission = size * fees.per_lot[e] + value * fees.rate[e]
    spread = size * fees.half_ticks * market.tick[e] * unit + fees.half_spread * value
    impact = 0.0
    if fees.impact > 0.0:
        impact = impact_cost(value, np.float64(size), volume, volatility, fees.impact)
    k = log.count[0]
    log.trade_ints[k, 0], log.trade_ints[k, 1] = t, e
    log.trade_ints[k, 2], log.trade_ints[k, 3] = change, book.cause[e]
    log.trade_floats[k, 0], log.trade_floats[k, 1], log.trade_floats[k, 2] = price, book.mark[e], commission
    log.trade_floats[k, 3], log.trade_floats[k, 4] = 0.0, 0.0
    log.trade_floats[k, 5], log.trade_floats[k, 6] = spread, impact
    log.count[0] += 1
    row[rule.D_COMMISSION] += commission
    row[rule.D_SPREAD] += spread
    row[rule.D_IMPACT] += impact
    row[rule.D_BOUGHT if change > 0 else rule.D_SOLD] += value
    moved = book.held[e] * (price - book.mark[e]) * unit
    row[rule.D_GROSS] += moved
    book.profit[e] += moved
    book.mark[e] = price
    book.held[e] += change
    book.dealt[e] += size
    if book.held[e] == book.goal[e]:
        book.open[e] = False
    return moved - commission - spread - impact


@njit(**JIT)
def _room(e: int, wanted: int, past: Trailing, terms: MarginTerms, fees: Fees, book: Positions) -> Any:
    """How many of ``wanted`` contracts may be dealt, what binds, trailing volume and volatility."""
    volume, volatility = trailing_volume(e, past), trailing_volatility(e, past, fees.unknown_volatility)
    most, reason = wanted, rule.FILLED
    if terms.participation > 0.0:
        left = max(0, np.int64(terms.participation * volume * (1.0 + 1e-12)) - book.dealt[e])
        if left < most:
            most, reason = left, rule.PARTICIPATION
    return most, reason, volume, volatility


@njit(**JIT)
def _close(
    t: int, todo: Ints, market: Contracts, desk: Desk, past: Trailing, terms: MarginTerms, fees: Fees, book: Positions,
    log: Log, row: Floats,
) -> float:  # fmt: skip
    """Deal in what brings positions nearer to 0; the change of the balance."""
    change = 0.0
    for e in todo:
        held, goal = book.held[e], book.goal[e]
        kept = min(max(goal, 0), held) if held > 0 else max(min(goal, 0), held)
        wanted = kept - held
        if wanted == 0:
            continue
        sign = 1 if wanted > 0 else -1
        reason = desk.no_buy[e] if wanted > 0 else desk.no_sell[e]
        if reason != rule.FILLED:
            locked = reason in (rule.LIMIT_UP, rule.LIMIT_DOWN)
            miss(log, t, e, goal - held, 0, rule.LOCKED if locked else reason)
            continue
        most, reason, volume, volatility = _room(e, abs(wanted), past, terms, fees, book)
        if most < abs(wanted):
            miss(log, t, e, goal - held, sign * most, reason)
        if most > 0:
            change += _deal(t, e, sign * most, volume, volatility, market, desk, fees, book, log, row)
    return change


@njit(**JIT)
def _open(
    t: int, todo: Ints, free: float, market: Contracts, desk: Desk, past: Trailing, terms: MarginTerms, fees: Fees,
    book: Positions, log: Log, row: Floats, scratch: Floats,
) -> float:  # fmt: skip
    """Deal in what takes positions away from 0, within the ``free`` margin; the change of the balance."""
    needed, change = 0.0, 0.0
    margin = market.margin[min(t, market.margin.shape[0] - 1)]
    for i in range(todo.size):
        e = todo[i]
        scratch[0, i] = 0.0
        held, goal = book.held[e], book.goal[e]
        wanted = goal - held
        if not book.open[e] or wanted == 0 or held * wanted < 0:
            continue
        reason = desk.no_buy[e] if wanted > 0 else desk.no_sell[e]
        if reason != rule.FILLED:
            miss(log, t, e, wanted, 0, reason)
            continue
        most, reason, volume, volatility = _room(e, abs(wanted), past, terms, fees, book)
        if most == 0:
            miss(log, t, e, wanted, 0, reason)
            continue
        needed += most * desk.price[e] * market.multiplier[e] * margin[e] * terms.initial
        scratch[0, i], scratch[1, i], scratch[2, i], scratch[3, i] = most, reason, volume, volatility
    short = needed > free + rule.CENT
    share = max(0.0, free / needed) if short else 1.0
    for i in range(todo.size):
        most = np.int64(scratch[0, i])
        if most == 0:
            continue
        e = todo[i]
        wanted = book.goal[e] - book.held[e]
        size = _towards_zero(most * share)
        reason = rule.MARGIN if size < most else np.int64(scratch[1, i])
        sign = 1 if wanted > 0 else -1
        if size < abs(wanted):
            miss(log, t, e, wanted, sign * size, reason)
        if size > 0:
            change += _deal(t, e, sign * size, scratch[2, i], scratch[3, i], market, desk, fees, book, log, row)
    return change


@njit(**JIT)
def _free(t: int, balance: float, market: Contracts, terms: MarginTerms, book: Positions) -> float:
    """Balance marked to the prices of the fill, less the initial margin of what is held at them."""
    margin = market.margin[min(t, market.margin.shape[0] - 1)]
    free = balance
    for e in range(margin.size):
        held = book.held[e]
        if held != 0:
            price = market.fill[t, e] if market.fill[t, e] > 0.0 else book.mark[e]
            free += held * (price - book.mark[e]) * market.multiplier[e]
            free -= abs(held) * price * market.multiplier[e] * margin[e] * terms.initial
    return free


@njit(**JIT)
def run_futures(
    market: Contracts, terms: MarginTerms, fees: Fees, targets: Floats, balance: float, daily: Floats, positions: Ints
) -> Any:
    """Run the account through all bars; parameters and results as ``backtest.run_stocks``.

    ``daily`` holds the balance as both equity and cash, and the margin that the positions bind after each bar.
    """
    n_bars, n = targets.shape
    book, log = _new_positions(n), new_log(16 * n_bars + 4 * n)
    desk, past = new_desk(n), new_trailing(n, terms.window)
    todo, scratch = np.empty(n, dtype=np.int64), np.zeros((4, n))
    equity, ruined, share = balance, -1, 1.0
    for t in range(n_bars):
        log = with_room(log, 4 * n, 4 * n)
        row = daily[t]
        row[rule.D_INTEREST] = balance * market.years[t] * (terms.credit_rate if balance > 0.0 else terms.debit_rate)
        balance += row[rule.D_INTEREST]
        _expire(t, market.listed, market.dead, book, log)
        if t >= terms.delay and ruined < 0:
            _order(t, targets[t - terms.delay], equity, market, book, log)
        _must(t, market.leave, share, ruined >= 0, book)
        k = 0
        for e in range(n):
            todo[k] = e
            k += book.open[e]
        if k > 0:
            limit_codes(
                t, todo[:k], market.fill, market.gate_buy, market.gate_sell, market.limit_up, market.limit_down,
                market.tick, market.listed, market.suspended, desk.price, desk.no_buy, desk.no_sell,
            )  # fmt: skip
            book.dealt[:] = 0
            balance += _close(t, todo[:k], market, desk, past, terms, fees, book, log, row)
            free = _free(t, balance, market, terms, book)
            balance += _open(t, todo[:k], free, market, desk, past, terms, fees, book, log, row, scratch)
            if not terms.carry:
                for i in range(k):
                    book.open[todo[i]] = False
        if terms.participation > 0.0 or fees.impact > 0.0:
            remember(t, market.close, market.adjust, market.volume, market.suspended, past, scratch)
        margin = market.margin[min(t, market.margin.shape[0] - 1)]
        bound = 0.0
        for e in range(n):
            price = market.settle[t, e] if market.settle[t, e] == market.settle[t, e] else market.close[t, e]
            held = book.held[e]
            if price == price:
                if held != 0:
                    moved = held * (price - book.mark[e]) * market.multiplier[e]
                    row[rule.D_GROSS] += moved
                    book.profit[e] += moved
                    balance += moved
                book.mark[e] = price
            if held != 0:
                positions[t, e] = held
                bound += abs(held) * book.mark[e] * market.multiplier[e] * margin[e]
        equity = balance
        row[rule.D_EQUITY], row[rule.D_CASH], row[rule.D_MARGIN] = equity, balance, bound
        share = 1.0
        if bound * terms.maintenance > equity:
            share = max(0.0, equity / (bound * terms.initial))
        if equity <= 0.0 and ruined < 0:
            ruined = t
    return log, book.profit, ruined
