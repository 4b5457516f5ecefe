"""A simulated limit order book: snapshots, trades and orders of a stock that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from tael.datasets.market_calendar import Days, Floats, trading_days
from tael.datasets.market_schema import Described, describe
from tael.datasets.order_book_events import KINDS, Day, live
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.errors import TablesError

TICK, LOT = 0.01, 100
CODE = "sh.600000"
HORIZON = 20
"""Snapshots over which the truth measures what foretells the middle price."""

_RELAXATION = 30.0
"""Seconds after which a third of the hidden pressure is left."""

_LONGEST = 14_400
_MORNING = 7_200

_MEASURED = {"signal": pl.String, "correlation": pl.Float64, "standard_error": pl.Float64, "snapshots": pl.Int64}

WORDS = {
    "queue_imbalance": {
        "en": "more waits at the best bid than at the best ask",
        "zh": "买一量大于卖一量",
        "formula": "(bid_volume1 - ask_volume1) / (bid_volume1 + ask_volume1)",
    },
    "order_flow_imbalance": {
        "en": "over the last ten snapshots more came to the best bid, or left the best ask, than the other way round",
        "zh": "近十个快照的最优档订单流失衡",
        "formula": "ts_sum(order_flow, 10)",
    },
    "trade_imbalance": {
        "en": "over the last ten snapshots more was bought than sold by those who came to the other side",
        "zh": "近十个快照主动买入多于主动卖出",
        "formula": "ts_sum(buy_volume - sell_volume, 10) / ts_sum(buy_volume + sell_volume, 10)",
    },
}


@dataclass(frozen=True)
class OrderBookTruth(PlantedTruth):
    """What foretells the middle price of a simulated order book.

    Attributes
    ----------
    frame : polars.DataFrame
        One row for each signal and the hidden pressure itself: ``signal``; ``correlation`` with the change of the
        middle price over the next 20 snapshots; ``standard_error`` (of as many independent stretches as there are);
        ``snapshots``.
    words : dict
        Signal to ``{"en", "zh", "formula"}``.
    pressure : float64 array, shape (snapshots,)
        The hidden pressure, of standard deviation 1.
    strength : float
    """

    pressure: Floats
    strength: float


@dataclass(frozen=True)
class SimulatedOrderBook(SimulatedBank):
    """Tables of an order book that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`.
    truth : OrderBookTruth
        What was planted. Never part of `frames`, never written by ``write``.
    """

    truth: OrderBookTruth

    def __repr__(self) -> str:
        return "SimulatedOrderBook" + super().__repr__().removeprefix("SimulatedBank")


def simulate_order_book(
    n_seconds: int = _LONGEST,
    n_days: int = 2,
    levels: int = 10,
    seed: int = 0,
    *,
    strength: float = 0.25,
    every: float = 3.0,
    price: float = 20.0,
    orders: bool = False,
    start: str = "2023-02-01",
) -> SimulatedOrderBook:
    """Simulate snapshots and trades of one stock.

    Orders arrive at random (Cont, Stoikov and Talreja 2010), tilted by a hidden pressure that comes and goes within
    half a minute: under it more is bought than sold, and the middle price follows. So the imbalance of the order flow
    (Cont, Kukanov and Stoikov 2014) foretells the middle price a little, by as much as ``truth.frame`` says. That of
    the queues foretells it whatever the `strength`, since a short queue is the first to be used up.

    Parameters
    ----------
    n_seconds : int
        Of continuous trading a day, 60 to 14,400 (9:30 to 11:30, 13:00 to 15:00).
    n_days : int
        1 to 250 trading days.
    levels : int
        1 to 10 levels of each side.
    seed : int
        The same seed (and arguments) gives equal frames.
    strength : float
        Of the pressure, 0 to 1.
    every : float
        Seconds between snapshots, 0.1 to 60.
    price : float
        CNY, at the beginning.
    orders : bool
        Whether to keep every order as a table of its own.
    start : str
        The first day, as ``YYYY-MM-DD``, from 2005 on.

    Returns
    -------
    SimulatedOrderBook

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> book = simulate_order_book(300, 1, seed=1)
    >>> len(book.frames["snapshots"]), book.frames["snapshots"].columns[2:5]
    (100, ['bid_price1', 'bid_volume1', 'ask_price1'])
    """
    first = _check(n_seconds, n_days, levels, seed, strength, every, price, start)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)]
    days = trading_days(first, n_days)
    opening, lived, pressures = round(price / TICK), [], []
    for _ in range(n_days):
        pressure = _pressure(streams[0], n_seconds)
        day = live(streams[1], opening, pressure.tolist(), strength, every, levels, orders)
        lived.append(day)
        pressures.append(pressure[np.minimum([int(shot.time) - 1 for shot in day.snapshots], n_seconds - 1)])
        opening = max(round(day.snapshots[-1].last * np.exp(0.01 * streams[2].standard_normal())), 200)
    frames = {
        "snapshots": pl.concat([_snapshots(day, at, levels) for day, at in zip(lived, days, strict=True)]),
        "trades": pl.concat([_trades(day, at) for day, at in zip(lived, days, strict=True)]),
    }
    if orders:
        frames["orders"] = pl.concat([_orders(day, at) for day, at in zip(lived, days, strict=True)])
    hidden = np.concatenate(pressures)
    told = {"pressure": hidden, **_signals(frames["snapshots"], frames["trades"], days)}
    truth = OrderBookTruth(
        frame=_measured(told, frames["snapshots"]),
        words={name: dict(words) for name, words in WORDS.items()},
        pressure=hidden,
        strength=strength,
    )
    title = ("Simulated order book (no real stock)", "模拟订单簿 (并非真实股票)")
    return SimulatedOrderBook(frames, describe(_described(levels), frames, *title), truth)


def _pressure(rng: np.random.Generator, seconds: int) -> Floats:
    stay = np.exp(-1 / _RELAXATION)
    noise, out, now = rng.standard_normal(seconds), np.empty(seconds), rng.standard_normal()
    for k in range(seconds):
        out[k] = now
        now = stay * now + np.sqrt(1 - stay**2) * noise[k]
    return out


def _clock(day: np.datetime64, seconds: Floats) -> Days:
    """Turn seconds of trading into times of the day, with a pause at noon."""
    paused = seconds + np.where(seconds > _MORNING, 5_400, 0) + 9.5 * 3_600
    return day.astype("datetime64[us]") + np.rint(paused * 1e6).astype("timedelta64[us]")


def _snapshots(day: Day, at: np.datetime64, levels: int) -> pl.DataFrame:
    time = np.array([shot.time for shot in day.snapshots])
    columns: dict[str, Any] = {"code": pl.repeat(CODE, len(time), eager=True), "time": _clock(at, time)}
    for k in range(levels):
        for name, unit in (("bid_price", TICK), ("bid_volume", LOT), ("ask_price", TICK), ("ask_volume", LOT)):
            found = [getattr(shot, name)[k : k + 1] for shot in day.snapshots]
            level = pl.Series([one[0] if one else None for one in found], dtype=pl.Float64)
            columns[f"{name}{k + 1}"] = (level * unit).round(2)
    columns["last"] = np.round(np.array([shot.last for shot in day.snapshots]) * TICK, 2)
    columns["volume"] = np.array([shot.volume for shot in day.snapshots]) * float(LOT)
    columns["amount"] = np.round(np.array([shot.turnover for shot in day.snapshots]) * TICK * LOT, 2)
    return pl.DataFrame(columns)


def _trades(day: Day, at: np.datetime64) -> pl.DataFrame:
    time, price, volume, side = (np.array(column) for column in zip(*day.trades, strict=True))
    return pl.DataFrame(
        {
            "code": pl.repeat(CODE, len(time), eager=True),
            "time": _clock(at, time),
            "price": np.round(price * TICK, 2),
            "volume": volume * float(LOT),
            "side": pl.Series(["buy" if s == 1 else "sell" for s in side]),
        }
    )


def _orders(day: Day, at: np.datetime64) -> pl.DataFrame:
    time, kind, price, volume = (np.array(column) for column in zip(*day.orders, strict=True))
    return pl.DataFrame(
        {
            "code": pl.repeat(CODE, len(time), eager=True),
            "time": _clock(at, time),
            "kind": pl.Series(KINDS, dtype=pl.String).gather(kind),
            "price": np.round(price * TICK, 2),
            "volume": volume * float(LOT),
        }
    )


def _signals(snapshots: pl.DataFrame, trades: pl.DataFrame, days: Days) -> dict[str, Floats]:
    bid, ask, bids, asks = (
        snapshots[name].to_numpy() for name in ("bid_price1", "ask_price1", "bid_volume1", "ask_volume1")
    )
    queue = (bids - asks) / (bids + asks)
    # Cont, Kukanov and Stoikov (2014), equation 2.
    flow: Floats = np.zeros(len(bid))
    flow[1:] = (
        np.where(bid[1:] >= bid[:-1], bids[1:], 0)
        - np.where(bid[1:] <= bid[:-1], bids[:-1], 0)
        - np.where(ask[1:] <= ask[:-1], asks[1:], 0)
        + np.where(ask[1:] >= ask[:-1], asks[:-1], 0)
    )
    signed = trades["volume"].to_numpy() * np.where(trades["side"].to_numpy() == "buy", 1.0, -1.0)
    bar = np.searchsorted(snapshots["time"].to_numpy(), trades["time"].to_numpy(), side="left")
    size = len(bid) + 1
    net, gross = (np.bincount(bar, lots, size)[:-1].astype(np.float64) for lots in (signed, np.abs(signed)))
    of_day = snapshots["time"].dt.date().to_numpy()
    flow[1:][of_day[1:] != of_day[:-1]] = 0
    return {
        "queue_imbalance": queue,
        "order_flow_imbalance": _trailing(flow),
        "trade_imbalance": _trailing(net) / np.maximum(_trailing(gross), LOT),
    }


def _trailing(values: Floats, rows: int = 10) -> Floats:
    total = np.cumsum(values)
    total[rows:] -= total[:-rows].copy()
    return total


def _measured(signals: dict[str, Floats], snapshots: pl.DataFrame) -> pl.DataFrame:
    middle = ((snapshots["bid_price1"] + snapshots["ask_price1"]) / 2).to_numpy()
    day = snapshots["time"].dt.date().to_numpy()
    if len(middle) <= HORIZON + 2:
        return pl.DataFrame(schema=_MEASURED)
    same = day[HORIZON:] == day[:-HORIZON]
    change = (middle[HORIZON:] - middle[:-HORIZON])[same]
    rows = [
        {
            "signal": name,
            "correlation": _correlation(values[:-HORIZON][same], change),
            "standard_error": float(1 / np.sqrt(max(len(change) / HORIZON, 1))),
            "snapshots": len(change),
        }
        for name, values in signals.items()
    ]
    return pl.DataFrame(rows, schema=_MEASURED)


def _correlation(x: Floats, y: Floats) -> float | None:
    """Correlate; None where either does not vary (a price that never moved)."""
    if min(np.ptp(x), np.ptp(y)) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _described(levels: int) -> Described:
    price, volume = {"type": "number", "unit": "CNY", "min": 0}, {"type": "number", "unit": "shares", "min": 0}
    code = ("code", "stock", "股票", {"type": "category"})
    time = ("time", "time", "时间", {"type": "time"})
    depth = [
        (f"{side}_{what}{k}", f"{side} {what} {k}", f"{zh}{k}{of}", unit)
        for k in range(1, levels + 1)
        for side, zh in (("bid", "买"), ("ask", "卖"))
        for what, of, unit in (("price", "价", price), ("volume", "量", volume))
    ]
    dealt = [
        ("last", "last price", "最新价", price),
        ("volume", "volume of the day so far", "当日累计成交量", volume),
        ("amount", "amount of the day so far", "当日累计成交额", price),
    ]
    paid = [("price", "price", "价格", price), ("volume", "volume", "数量", volume)]
    side = ("side", "who came to the other side", "主动方向", {"type": "category", "values": ["buy", "sell"]})
    kind = ("kind", "kind of order", "委托类型", {"type": "category", "values": list(KINDS)})
    return {
        "snapshots": ({"time": "time"}, "snapshots of the order book", "订单簿快照", [code, time, *depth, *dealt]),
        "trades": ({"time": "time"}, "trades", "逐笔成交", [code, time, *paid, side]),
        "orders": ({"time": "time"}, "orders", "逐笔委托", [code, time, kind, *paid]),
    }


def _check(
    n_seconds: int, n_days: int, levels: int, seed: int, strength: float, every: float, price: float, start: str
) -> date:
    def refuse(name: str, expected: str, got: object) -> TablesError:
        return TablesError(
            "The order book cannot be simulated with this argument.",
            expected=expected,
            got=repr(got),
            where=f"simulate_order_book({name}=)",
        )

    if not 60 <= n_seconds <= _LONGEST:
        raise refuse("n_seconds", f"60 to {_LONGEST:,} seconds a day", n_seconds)
    if not 1 <= n_days <= 250:
        raise refuse("n_days", "1 to 250", n_days)
    if not 1 <= levels <= 10:
        raise refuse("levels", "1 to 10", levels)
    if seed < 0:
        raise refuse("seed", "0 or more", seed)
    if not 0 <= strength <= 1:
        raise refuse("strength", "0 to 1", strength)
    if not 0.1 <= every <= 60:
        raise refuse("every", "0.1 to 60 seconds", every)
    if not 2 <= price <= 10_000:
        raise refuse("price", "2 to 10,000 CNY", price)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse("start", "a day as YYYY-MM-DD", start) from error
    if first.year < 2005:
        raise refuse("start", "2005 or later", start)
    return first
