"""What both backtest kernels share: codes of reasons and causes, records of arrays, trailing statistics, charges.

Numba's cache looks at a kernel's own file alone: after an edit here, touch ``backtest.py`` and ``backtest_futures.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

REASONS = (
    "filled", "suspended", "limit_up", "limit_down", "t_plus_1", "lot", "cash", "participation", "delisted", "margin",
    "locked", "expiry",
)  # fmt: skip
"""Why (a part of) an order was not filled; the codes below are places in this list."""
(
    FILLED, SUSPENDED, LIMIT_UP, LIMIT_DOWN, T_PLUS_1, LOT, CASH, PARTICIPATION, DELISTED, MARGIN, LOCKED, EXPIRY,
) = range(12)  # fmt: skip

CAUSES = ("rebalance", "roll", "margin", "expiry", "delisting", "ruin")
"""What an order was sent for."""
BY_TARGET, BY_ROLL, BY_MARGIN, BY_EXPIRY, BY_DELISTING, BY_RUIN = range(6)

DAILY = (
    "equity", "cash", "gross", "commission", "tax", "transfer", "spread", "impact", "interest", "borrow", "delisting",
    "bought", "sold", "margin",
)  # fmt: skip
"""Columns of a bar's account: stocks at the end of the bar first, then what flowed during it, in currency."""
(
    D_EQUITY, D_CASH, D_GROSS, D_COMMISSION, D_TAX, D_TRANSFER, D_SPREAD, D_IMPACT, D_INTEREST, D_BORROW, D_DELISTING,
    D_BOUGHT, D_SOLD, D_MARGIN,
) = range(14)  # fmt: skip

TRADE_FLOATS = ("price", "decision", "commission", "tax", "transfer", "spread", "impact")
"""Columns of a trade's numbers; its integers are bar, entity, signed quantity, cause."""

SLACK = 1e-9
"""Shares are counted down to whole lots; a hair below a whole number is a rounding error of floats, not a lot less."""
CENT = 1e-6
"""Currency below this is a rounding error of floats, not a debt."""


class Log(NamedTuple):
    """Trades and misses as they happen; ``used`` (2,) holds how many rows of each are in use."""

    trade_ints: Ints
    trade_floats: Floats
    misses: Ints
    used: Ints


class Charges(NamedTuple):
    """What trading costs: rates of the value, ``tax`` (2, T) on buys, sells, ``transfer`` (T,), impact per volatility.

    ``unknown_volatility`` stands in where fewer than two returns are known.
    """

    commission: float
    minimum: float
    tax: Floats
    transfer: Floats
    half_spread: float
    impact: float
    unknown_volatility: float


@njit(**JIT)
def whole_lots(quantity: float, lot: int, least: int) -> int:
    """The largest order not above ``quantity``: ``least``, or steps of a lot above it; else 0.

    >>> whole_lots(250.0, 100, 100), whole_lots(250.7, 1, 200), whole_lots(199.0, 1, 200)
    (200, 250, 0)
    """
    more = quantity * (1.0 + 1e-12) - least
    if not more > -SLACK:
        return 0
    return least + int(np.floor(more / lot + SLACK)) * lot


class Trailing(NamedTuple):
    """Volumes and returns of the last bars: a ring of returns (window, N), NaN where missing, and running sums.

    ``sums`` (5, N): volume, bars with one, returns, their squares, how many. ``last`` (N,): last adjusted close.
    Volumes need no ring: what leaves the window is still in the bars.
    """

    returns: Floats
    sums: Floats
    last: Floats


def new_trailing(n: int, window: int) -> Trailing:
    """Before the first bar."""
    return Trailing(np.full((window, n), np.nan), np.zeros((5, n)), np.full(n, np.nan))


@njit(**JIT)
def _volume(t: int, window: int, volume: Floats, suspended: Flags, total: Floats, count: Floats) -> None:
    """Add bar t's volumes to the sums over the window and take those away that leave it; summed afresh once a round."""
    n, old = total.size, t - window
    for e in range(n):
        x = 0.0 if suspended[t, e] else volume[t, e]
        total[e] += x if x == x else 0.0
    for e in range(n):
        count[e] += 1.0 if (volume[t, e] == volume[t, e]) & (not suspended[t, e]) else 0.0
    if old >= 0:
        for e in range(n):
            count[e] -= 1.0 if (volume[old, e] == volume[old, e]) & (not suspended[old, e]) else 0.0
    if t % window < window - 1:
        if old >= 0:
            for e in range(n):
                x = 0.0 if suspended[old, e] else volume[old, e]
                total[e] -= x if x == x else 0.0
        return
    total[:] = 0.0  # what was added and taken away again leaves rounding behind
    for s in range(old + 1, t + 1):
        for e in range(n):
            x = 0.0 if suspended[s, e] else volume[s, e]
            total[e] += x if x == x else 0.0


@njit(**JIT)
def _slide(ring: Floats, place: int, sums: Floats, new: Floats) -> None:
    """Put a row into its place of a ring, and keep sum, squares and count over the ring; afresh once a round."""
    row, total, squares, count = ring[place], sums[0], sums[1], sums[2]
    for e in range(new.size):
        x, old = new[e], row[e]
        here, was = x == x, old == old
        x, old = x if here else 0.0, old if was else 0.0
        total[e] += x - old
        squares[e] += x * x - old * old
        count[e] += (1.0 if here else 0.0) - (1.0 if was else 0.0)
    for e in range(new.size):
        row[e] = new[e]
    if place == ring.shape[0] - 1:
        total[:] = 0.0
        squares[:] = 0.0
        for s in range(ring.shape[0]):
            past = ring[s]
            for e in range(new.size):
                x = past[e] if past[e] == past[e] else 0.0
                total[e] += x
                squares[e] += x * x


@njit(**JIT)
def remember(
    t: int, close: Floats, adjust: Floats, volume: Floats, suspended: Flags, past: Trailing, scratch: Floats
) -> None:
    """Take bar t into the trailing statistics, after everything of bar t was dealt.

    Parameters
    ----------
    close, adjust, volume, suspended : (T, N)
        A volume counts where trading was not suspended; a return is that from the last known close, ex-rights adjusted.
    scratch : (2, N)
    """
    window, sums, last, new = past.returns.shape[0], past.sums, past.last, scratch[0]
    _volume(t, window, volume, suspended, sums[0], sums[1])
    for e in range(new.size):
        price = close[t, e] * adjust[t, e]
        new[e] = price / last[e] - 1.0
        last[e] = price if price == price else last[e]
    _slide(past.returns, t % window, sums[2:], new)


@njit(**JIT)
def trailing_volume(e: int, sums: Floats) -> float:
    """Mean volume of those of the last bars that could trade, from `Trailing.sums`; 0 where there is none.

    The bar that is being dealt is not among them: its volume is not known when it fills.
    """
    return sums[0, e] / sums[1, e] if sums[1, e] > 0.0 else 0.0


@njit(**JIT)
def trailing_volatility(e: int, sums: Floats, unknown: float) -> float:
    """Standard deviation (n - 1) of the last bars' returns; ``unknown`` where fewer than two are."""
    n, total = sums[4, e], sums[2, e]
    return np.sqrt(max(0.0, (sums[3, e] - total * total / n) / (n - 1.0))) if n > 1.0 else unknown


class Desk(NamedTuple):
    """The bar being dealt: ``rows`` (5, N) are price, gates, limits; (N,) codes why not to buy or sell at all.

    The entities with orders are far apart in memory, and to look them up one by one waits for it each time; copies of
    whole rows stream.
    """

    rows: Floats
    no_buy: Ints
    no_sell: Ints


def new_desk(n: int) -> Desk:
    """A desk before the first bar."""
    codes = np.zeros((2, n), dtype=np.int64)
    return Desk(np.full((5, n), np.nan), codes[0], codes[1])


@njit(**JIT)
def show(
    t: int, todo: Ints, one_price: bool, fill: Floats, gate_buy: Floats, gate_sell: Floats, limit_up: Floats,
    limit_down: Floats, tick: Floats, listed: Flags, suspended: Flags, desk: Desk,
) -> None:  # fmt: skip
    """Bring bar t to the desk, and why nothing can be bought or sold at all in it, as the time of the fill knows.

    Limits count as reached from half a tick before them (prices are floats).

    Parameters
    ----------
    todo : (k,) int64
        Entities with an order; the codes of the others are left as they were.
    one_price : bool
        Both gates are the price dealt at.
    fill, gate_buy, gate_sell, limit_up, limit_down : (T, N)
    tick : (N,)
    """
    rows, no_buy, no_sell = desk.rows, desk.no_buy, desk.no_sell
    buy, sell = (0, 0) if one_price else (1, 2)
    for e in range(tick.size):
        rows[0, e] = fill[t, e]
    if not one_price:
        for e in range(tick.size):
            rows[1, e] = gate_buy[t, e]
        for e in range(tick.size):
            rows[2, e] = gate_sell[t, e]
    for e in range(tick.size):
        rows[3, e] = limit_up[t, e]
    for e in range(tick.size):
        rows[4, e] = limit_down[t, e]
    for e in todo:
        up, down, half = rows[3, e], rows[4, e], 0.5 * tick[e]
        if not listed[t, e]:
            no_buy[e] = no_sell[e] = DELISTED
        elif suspended[t, e] or not rows[0, e] > 0.0:
            no_buy[e] = no_sell[e] = SUSPENDED
        else:
            no_buy[e] = LIMIT_UP if rows[buy, e] >= up - max(half, 1e-6 * up) else FILLED
            no_sell[e] = LIMIT_DOWN if rows[sell, e] <= down + max(half, 1e-6 * down) else FILLED


@njit(**JIT)
def impact_cost(value: float, quantity: float, volume: float, volatility: float, coefficient: float) -> float:
    """Square-root impact: coefficient x volatility x sqrt(quantity / trailing volume) x value.

    Where no volume is known the order counts as a whole day's volume. (Almgren, Thum, Hauptmann and Li 2005; Toth et
    al. 2011, "Anomalous price impact and the critical nature of liquidity in financial markets".)
    """
    share = quantity / volume if volume > 0.0 else 1.0
    return coefficient * volatility * np.sqrt(share) * value


def new_log(rows: int) -> Log:
    """An empty log with room for so many trades and misses."""
    ints, misses = np.empty((rows, 4), dtype=np.int64), np.empty((rows, 5), dtype=np.int64)
    return Log(ints, np.empty((rows, len(TRADE_FLOATS))), misses, np.zeros(2, dtype=np.int64))


def with_room(log: Log, rows: int) -> Log:
    """The log with room for at least so many more rows of both kinds: twice as long where it is too short."""

    def longer(old: Any, used: int) -> Any:
        if used + rows <= len(old):
            return old
        new = np.empty((max(used + rows, 2 * len(old)), old.shape[1]), dtype=old.dtype)
        new[:used] = old[:used]
        return new

    trades, misses = int(log.used[0]), int(log.used[1])
    return Log(longer(log.trade_ints, trades), longer(log.trade_floats, trades), longer(log.misses, misses), log.used)


@njit(**JIT)
def has_room(log: Log, rows: int) -> bool:
    """Whether the log has room for so many more rows of both kinds."""
    return log.used[0] + rows <= log.trade_ints.shape[0] and log.used[1] + rows <= log.misses.shape[0]


@njit(**JIT)
def with_orders(is_open: Flags, todo: Ints) -> int:
    """Entities with an open order; how many."""
    k = 0
    for e in range(is_open.size):
        todo[k] = e
        k += is_open[e]
    return k


@njit(**JIT)
def miss(log: Log, t: int, e: int, wanted: int, filled: int, reason: int) -> None:
    """Write down what an order wanted, what it got, and why not more."""
    row = log.misses[log.used[1]]
    row[0], row[1], row[2], row[3], row[4] = t, e, wanted, filled, reason
    log.used[1] += 1


@njit(**JIT)
def note_settled(log: Log, t: int, e: int, change: int, cause: int, price: float, mark: float) -> None:
    """Write down a position that went without a deal: delisted, or settled at the end of a contract."""
    ints, floats = log.trade_ints[log.used[0]], log.trade_floats[log.used[0]]
    ints[0], ints[1], ints[2], ints[3] = t, e, change, cause
    floats[:] = 0.0
    floats[0], floats[1] = price, mark
    log.used[0] += 1
