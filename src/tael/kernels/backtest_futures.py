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

Numba's cache looks at a kernel's own file alone: after an edit of ``backtest_rules.py`` or
``backtest_contracts.py``, touch this one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tael.kernels import backtest_rules as rule
from tael.kernels._memory import JIT
from tael.kernels.backtest_contracts import (
    Contracts,
    Fees,
    MarginTerms,
    Positions,
    expire,
    must,
    new_positions,
    order,
    towards_zero,
)
from tael.kernels.backtest_rules import (
    Desk,
    Floats,
    Ints,
    Log,
    Trailing,
    has_room,
    impact_cost,
    miss,
    new_desk,
    new_log,
    new_trailing,
    remember,
    show,
    trailing_volatility,
    trailing_volume,
    with_orders,
    with_room,
)

# In what follows arrays are taken out of their records before the loops: to reach into a record counts a reference up
# and down each time, which would take longer than the work.


@njit(**JIT)
def _deal(
    t: int, todo: Ints, change: Ints, market: Contracts, desk: Desk, past: Trailing, fees: Fees, book: Positions,
    log: Log, row: Floats,
) -> float:  # fmt: skip
    """Deal in ``change`` (k,) contracts: settle what was held to the price, pay the costs; what the balance gains."""
    held, goal, is_open, cause, mark, profit = book.held, book.goal, book.open, book.cause, book.mark, book.profit
    dealt, unit, tick, price_of, sums = book.dealt, market.multiplier, market.tick, desk.rows[0], past.sums
    per_lot, rate, half_ticks, half_spread = fees.per_lot, fees.rate, fees.half_ticks, fees.half_spread
    ints, floats, count = log.trade_ints, log.trade_floats, log.used
    coefficient, unknown = fees.impact, fees.unknown_volatility
    balance, gross, commissions, spreads, impacts, bought, sold = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    k = count[0]
    for i in range(todo.size):
        if change[i] == 0:
            continue
        e, size = todo[i], abs(change[i])
        price = price_of[e]
        value = size * price * unit[e]
        commission = size * per_lot[e] + value * rate[e]
        spread = size * half_ticks * tick[e] * unit[e] + half_spread * value
        impact = 0.0
        if coefficient > 0.0:
            volume, volatility = trailing_volume(e, sums), trailing_volatility(e, sums, unknown)
            impact = impact_cost(value, np.float64(size), volume, volatility, coefficient)
        ints[k, 0], ints[k, 1], ints[k, 2], ints[k, 3] = t, e, change[i], cause[e]
        floats[k, 0], floats[k, 1], floats[k, 2], floats[k, 3] = price, mark[e], commission, 0.0
        floats[k, 4], floats[k, 5], floats[k, 6] = 0.0, spread, impact
        k += 1
        commissions += commission
        spreads += spread
        impacts += impact
        bought += value if change[i] > 0 else 0.0
        sold += value if change[i] < 0 else 0.0
        moved = held[e] * (price - mark[e]) * unit[e]
        gross += moved
        profit[e] += moved
        mark[e] = price
        held[e] += change[i]
        dealt[e] += size
        if held[e] == goal[e]:
            is_open[e] = False
        balance += moved - commission - spread - impact
    count[0] = k
    row[rule.D_COMMISSION] += commissions
    row[rule.D_SPREAD] += spreads
    row[rule.D_IMPACT] += impacts
    row[rule.D_GROSS] += gross
    row[rule.D_BOUGHT] += bought
    row[rule.D_SOLD] += sold
    return balance


@njit(**JIT)
def _room(wanted: int, volume: float, participation: float, dealt: int) -> Any:
    """How many of ``wanted`` contracts may be dealt, and what binds."""
    if participation > 0.0:
        left = max(0, int(participation * volume * (1.0 + 1e-12)) - dealt)
        if left < wanted:
            return left, rule.PARTICIPATION
    return wanted, rule.FILLED


@njit(**JIT)
def _sizes_to_close(
    t: int, todo: Ints, desk: Desk, past: Trailing, participation: float, book: Positions, log: Log, change: Ints
) -> None:
    """What brings positions nearer to 0: ``change`` (k,)."""
    held_of, goal_of, dealt = book.held, book.goal, book.dealt
    no_buy, no_sell, sums = desk.no_buy, desk.no_sell, past.sums
    for i in range(todo.size):
        e = todo[i]
        held, goal = held_of[e], goal_of[e]
        change[i] = 0
        kept = min(max(goal, 0), held) if held > 0 else max(min(goal, 0), held)
        wanted = kept - held
        if wanted == 0:
            continue
        most, reason = np.int64(0), no_buy[e] if wanted > 0 else no_sell[e]
        if reason == rule.FILLED:
            most, reason = _room(abs(wanted), trailing_volume(e, sums), participation, dealt[e])
        elif reason in (rule.LIMIT_UP, rule.LIMIT_DOWN):
            reason = rule.LOCKED
        change[i] = most if wanted > 0 else -most
        if most < abs(wanted):
            miss(log, t, e, goal - held, change[i], reason)


@njit(**JIT)
def _sizes_to_open(
    t: int, todo: Ints, free: float, market: Contracts, desk: Desk, past: Trailing, terms: MarginTerms,
    book: Positions, log: Log, change: Ints, scratch: Floats,
) -> None:  # fmt: skip
    """What takes positions away from 0, within the ``free`` margin: ``change`` (k,)."""
    held, goal, is_open, dealt = book.held, book.goal, book.open, book.dealt
    no_buy, no_sell, sums, price, unit = desk.no_buy, desk.no_sell, past.sums, desk.rows[0], market.multiplier
    margin = market.margin[min(t, market.margin.shape[0] - 1)]
    participation, initial, needed = terms.participation, terms.initial, 0.0
    for i in range(todo.size):
        e = todo[i]
        change[i] = 0
        scratch[0, i] = rule.FILLED
        wanted = goal[e] - held[e]
        if not is_open[e] or wanted == 0 or held[e] * wanted < 0:
            continue
        reason = no_buy[e] if wanted > 0 else no_sell[e]
        if reason == rule.FILLED:
            change[i], reason = _room(abs(wanted), trailing_volume(e, sums), participation, dealt[e])
            needed += change[i] * price[e] * unit[e] * margin[e] * initial if change[i] > 0 else 0.0
        scratch[0, i] = reason
    share = max(0.0, free / needed) if needed > free + rule.CENT else 1.0
    for i in range(todo.size):
        e = todo[i]
        wanted, reason = goal[e] - held[e], int(scratch[0, i])
        size = towards_zero(change[i] * share)
        if size < change[i]:
            reason = rule.MARGIN
        change[i] = size if wanted > 0 else -size
        if reason != rule.FILLED:
            miss(log, t, e, wanted, change[i], reason)


@njit(**JIT)
def _free(t: int, balance: float, market: Contracts, initial: float, book: Positions) -> float:
    """Balance marked to the prices of the fill, less the initial margin of what is held at them."""
    held, mark, unit, fill = book.held, book.mark, market.multiplier, market.fill
    margin = market.margin[min(t, market.margin.shape[0] - 1)]
    free = balance
    for e in range(margin.size):
        if held[e] != 0:
            price = fill[t, e] if fill[t, e] > 0.0 else mark[e]
            free += held[e] * (price - mark[e]) * unit[e]
            free -= abs(held[e]) * price * unit[e] * margin[e] * initial
    return free


@njit(**JIT)
def _settle(t: int, market: Contracts, book: Positions, positions: Ints, row: Floats) -> Any:
    """Pay gains and losses at the settlement price; what is paid, and the margin that is bound."""
    held, mark, profit, unit = book.held, book.mark, book.profit, market.multiplier
    settle, close, margin = market.settle, market.close, market.margin[min(t, market.margin.shape[0] - 1)]
    paid, bound = 0.0, 0.0
    for e in range(held.size):
        positions[t, e] = held[e]
        price = settle[t, e] if settle[t, e] == settle[t, e] else close[t, e]
        price = price if price == price else mark[e]
        if held[e] != 0:
            moved = held[e] * (price - mark[e]) * unit[e]
            paid += moved
            profit[e] += moved
            bound += abs(held[e]) * price * unit[e] * margin[e]
        mark[e] = price
    row[rule.D_GROSS] += paid
    return paid, bound


@njit(**JIT)
def _run(
    first: int, market: Contracts, terms: MarginTerms, fees: Fees, targets: Floats, daily: Floats, positions: Ints,
    book: Positions, desk: Desk, past: Trailing, log: Log, state: Floats, room: Ints, change: Ints, scratch: Floats,
) -> int:  # fmt: skip
    """Run from bar ``first`` to the end, or until the log is full; the next bar. ``state``: balance, ruined, share."""
    n_bars, n = targets.shape
    balance, ruined, share = state[0], int(state[1]), state[2]
    for t in range(first, n_bars):
        if not has_room(log, 4 * n):
            state[0], state[1], state[2] = balance, ruined, share
            return t
        row, equity = daily[t], balance
        row[rule.D_INTEREST] = balance * market.years[t] * (terms.credit_rate if balance > 0.0 else terms.debit_rate)
        balance += row[rule.D_INTEREST]
        expire(t, market.listed, market.dead, book, log)
        if t >= terms.delay and ruined < 0:
            order(t, targets[t - terms.delay], equity, market, book, log)
        must(t, market.leave, share, ruined >= 0, book)
        k = with_orders(book.open, room)
        if k > 0:
            todo = room[:k]
            show(
                t, todo, False, market.fill, market.gate_buy, market.gate_sell, market.limit_up, market.limit_down,
                market.tick, market.listed, market.suspended, desk,
            )  # fmt: skip
            book.dealt[:] = 0
            _sizes_to_close(t, todo, desk, past, terms.participation, book, log, change)
            balance += _deal(t, todo, change, market, desk, past, fees, book, log, row)
            free = _free(t, balance, market, terms.initial, book)
            _sizes_to_open(t, todo, free, market, desk, past, terms, book, log, change, scratch)
            balance += _deal(t, todo, change, market, desk, past, fees, book, log, row)
            if not terms.carry:
                book.open[:] = False
        if terms.participation > 0.0 or fees.impact > 0.0:
            remember(t, market.close, market.adjust, market.volume, market.suspended, past, scratch)
        paid, bound = _settle(t, market, book, positions, row)
        balance += paid
        row[rule.D_EQUITY], row[rule.D_CASH], row[rule.D_MARGIN] = balance, balance, bound
        share = 1.0
        if bound * terms.maintenance > balance:
            share = max(0.0, balance / (bound * terms.initial))
        if balance <= 0.0 and ruined < 0:
            ruined = t
    state[0], state[1], state[2] = balance, ruined, share
    return n_bars


def run_futures(
    market: Contracts, terms: MarginTerms, fees: Fees, targets: Floats, balance: float, daily: Floats, positions: Ints
) -> tuple[Log, Floats, int]:
    """Run the account through all bars; parameters and results as ``backtest.run_stocks``.

    ``daily`` holds the balance as both equity and cash, and the margin that the positions bind after each bar.
    """
    n_bars, n = targets.shape
    book, desk, past = new_positions(n), new_desk(n), new_trailing(n, terms.window)
    log, state = new_log(16 * n_bars + 4 * n), np.array([balance, -1.0, 1.0])
    room, change, scratch = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros((2, n))
    t = 0
    while t < n_bars:
        log = with_room(log, 4 * n)
        t = _run(t, market, terms, fees, targets, daily, positions, book, desk, past, log, state, room, change, scratch)
    return log, book.profit, int(state[1])
