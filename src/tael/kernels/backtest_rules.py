"""What both backtest kernels share: codes of reasons and causes, records of arrays, trailing statistics, charges.

Numba's cache looks at a kernel's own file alone: after an edit here, touch ``backtest.py`` and ``backtest_futures.py``.
"""

from __future__ import annotations

from typing import NamedTuple

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
    """Trades and misses as they happen; ``count`` (2,) holds how many rows of each are in use."""

    trade_ints: Ints
    trade_floats: Floats
    misses: Ints
    count: Ints


class Charges(NamedTuple):
    """What trading costs: rates of the value, ``tax`` (2, T) on buys and sells, ``transfer`` (T,), impact per volatility.

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
    return least + np.int64(np.floor(more / lot + SLACK)) * lot


@njit(**JIT)
def remember_volume(t: int, volume: Floats, suspended: Flags, recent: Floats) -> None:
    """Keep the volume of bar t in its place of the ring ``recent`` (window, N): missing where nothing could trade."""
    keep = recent[t % recent.shape[0]]
    for e in range(keep.size):
        keep[e] = np.nan if suspended[t, e] else volume[t, e]


@njit(**JIT)
def trailing_volume(e: int, recent: Floats) -> float:
    """Mean volume of those of the last bars that traded; 0 where there is none.

    Parameters
    ----------
    e : int
        Entity.
    recent : (window, N)
        Volumes of the bars before the one that fills: its own is not known then.
    """
    total, n = 0.0, 0
    for s in range(recent.shape[0]):
        v = recent[s, e]
        if v == v:
            total += v
            n += 1
    return total / n if n else 0.0


@njit(**JIT)
def limit_codes(
    t: int, fill: Floats, gate_buy: Floats, gate_sell: Floats, limit_up: Floats, limit_down: Floats, tick: Floats,
    listed: Flags, suspended: Flags, price: Floats, no_buy: Ints, no_sell: Ints,
) -> None:  # fmt: skip
    """Why nothing can be bought or sold at all at bar t, as the time of the fill knows it, for all entities in one run.

    Rows are read from one end to the other, so that the memory streams: looking at a few dozen entities one by one
    would wait for it each time. Limits count as reached from half a tick before them (prices are floats).

    Parameters
    ----------
    fill, gate_buy, gate_sell, limit_up, limit_down : (T, N)
    tick : (N,)
    price : (N,)
        Receives the price of the fill.
    no_buy, no_sell : (N,) int64
        Receive the reasons; 0: it can be.
    """
    for e in range(price.size):
        price[e] = fill[t, e]
        up, down = limit_up[t, e], limit_down[t, e]
        half = 0.5 * tick[e]
        buy = LIMIT_UP if gate_buy[t, e] >= up - max(half, 1e-6 * up) else FILLED
        sell = LIMIT_DOWN if gate_sell[t, e] <= down + max(half, 1e-6 * down) else FILLED
        shut = suspended[t, e] or not price[e] > 0.0
        buy, sell = SUSPENDED if shut else buy, SUSPENDED if shut else sell
        gone = not listed[t, e]
        no_buy[e], no_sell[e] = DELISTED if gone else buy, DELISTED if gone else sell


@njit(**JIT)
def trailing_volatility(t: int, e: int, window: int, close: Floats, adjust: Floats, unknown: float) -> float:
    """Standard deviation (n - 1) of the last ``window`` returns before bar t, from close to close, ex-rights adjusted.

    Parameters
    ----------
    close : (T, N)
    adjust : (T, N) or (0, 0)
        Cumulative factor; empty: none.
    unknown : float
        Where fewer than two returns are known.
    """
    adjusted = adjust.shape[0] > 0
    before, total, squares, n = np.nan, 0.0, 0.0, 0
    for s in range(max(0, t - window - 1), t):
        price = close[s, e]
        if adjusted:
            price *= adjust[s, e]
        if price == price:
            if before == before:
                r = price / before - 1.0
                total += r
                squares += r * r
                n += 1
            before = price
    if n < 2:
        return unknown
    return np.sqrt(max(0.0, (squares - total * total / n) / (n - 1)))


@njit(**JIT)
def impact_cost(value: float, quantity: float, volume: float, volatility: float, coefficient: float) -> float:
    """Square-root impact: coefficient x volatility x sqrt(quantity / trailing volume) x value.

    Where no volume is known the order counts as a whole day's volume. (Almgren, Thum, Hauptmann and Li 2005; Toth et
    al. 2011, "Anomalous price impact and the critical nature of liquidity in financial markets".)
    """
    share = quantity / volume if volume > 0.0 else 1.0
    return coefficient * volatility * np.sqrt(share) * value


@njit(**JIT)
def with_room(log: Log, trades: int, misses: int) -> Log:
    """The log with room for so many more rows: doubled where it is too short."""
    need = log.count[0] + trades
    if need > log.trade_ints.shape[0]:
        size = max(need, 2 * log.trade_ints.shape[0])
        ints = np.empty((size, log.trade_ints.shape[1]), dtype=np.int64)
        floats = np.empty((size, log.trade_floats.shape[1]))
        ints[: log.count[0]] = log.trade_ints[: log.count[0]]
        floats[: log.count[0]] = log.trade_floats[: log.count[0]]
        log = Log(ints, floats, log.misses, log.count)
    need = log.count[1] + misses
    if need > log.misses.shape[0]:
        size = max(need, 2 * log.misses.shape[0])
        rows = np.empty((size, log.misses.shape[1]), dtype=np.int64)
        rows[: log.count[1]] = log.misses[: log.count[1]]
        log = Log(log.trade_ints, log.trade_floats, rows, log.count)
    return log


@njit(**JIT)
def new_log(rows: int) -> Log:
    """An empty log."""
    trades, floats = np.empty((rows, 4), dtype=np.int64), np.empty((rows, 7))
    return Log(trades, floats, np.empty((rows, 5), dtype=np.int64), np.zeros(2, dtype=np.int64))


@njit(**JIT)
def miss(log: Log, t: int, e: int, wanted: int, filled: int, reason: int) -> None:
    """Write down what an order wanted, what it got, and why not more."""
    row = log.misses[log.count[1]]
    row[0], row[1], row[2], row[3], row[4] = t, e, wanted, filled, reason
    log.count[1] += 1
