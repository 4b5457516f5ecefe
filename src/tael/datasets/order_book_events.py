"""A limit order book whose orders know nothing, but for a hidden pressure that tilts them.

Limit orders, market orders and cancellations arrive as Poisson processes (Cont, Stoikov and Talreja 2010, "A stochastic
model for order book dynamics"): limit orders at i ticks from the other side's best price at the rate k / i^a, market
orders at the rate mu, cancellations at the rate theta for each lot that rests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

REACH = 15
"""Ticks from the other side's best price within which limit orders are placed."""

_LIMIT, _FALLING_OFF, _MARKET, _CANCEL = 0.40, 0.52, 0.30, 0.012
_LOTS_LIMIT, _LOTS_MARKET, _LOTS_CANCEL = 3.0, 3.5, 2.0
"""Mean sizes, in lots of 100 shares."""

_GRID = 8_000
KINDS = ("buy", "sell", "bid", "ask", "cancel bid", "cancel ask")


class Snapshot(NamedTuple):
    """The best levels at a moment, best first; prices in ticks, volumes in lots.

    Attributes
    ----------
    time : float
        Seconds of trading.
    bid_price, bid_volume, ask_price, ask_volume : list of int
    last : int
        Price of the last trade.
    volume, turnover : int
        Lots, and ticks x lots, of the day so far.
    """

    time: float
    bid_price: list[int]
    bid_volume: list[int]
    ask_price: list[int]
    ask_volume: list[int]
    last: int
    volume: int
    turnover: int


@dataclass
class Day:
    """What one day brought; prices in ticks, volumes in lots, times in seconds of trading.

    Attributes
    ----------
    snapshots : list of Snapshot
    trades : list of (time, price, volume, side)
        Side is 1 where the buyer came to the seller, else -1.
    orders : list of (time, kind, price, volume)
        Kinds are `KINDS`; empty where they were not asked for.
    """

    snapshots: list[Snapshot] = field(default_factory=list)
    trades: list[tuple[float, int, int, int]] = field(default_factory=list)
    orders: list[tuple[float, int, int, int]] = field(default_factory=list)


class Book:
    """Volumes on a grid of prices, one side each.

    Parameters
    ----------
    rng : numpy.random.Generator
    price : int
        Where the day opens, in ticks.
    levels : int
        How deep snapshots look.
    """

    def __init__(self, rng: np.random.Generator, price: int, levels: int) -> None:
        self._base = price - _GRID // 2
        self._levels = levels
        self.bids, self.asks = [0] * _GRID, [0] * _GRID
        middle = _GRID // 2
        for i in range(1, REACH + 1):
            usual = _LIMIT / i**_FALLING_OFF * _LOTS_LIMIT / _CANCEL
            self.bids[middle - i] = 1 + int(rng.poisson(usual))
            self.asks[middle + i] = 1 + int(rng.poisson(usual))
        self.bid, self.ask = middle - 1, middle + 1
        self.on_bid, self.on_ask = sum(self.bids), sum(self.asks)
        self.last, self.volume, self.turnover = price, 0, 0

    def take(self, side: int, lots: int) -> list[tuple[int, int]]:
        """Execute a market order (side 1 buys) against what rests; return prices in ticks with volumes."""
        done = []
        resting, step = (self.asks, 1) if side == 1 else (self.bids, -1)
        at = self.ask if side == 1 else self.bid
        # The last lot on a side stays, so that there is always a price.
        lots = min(lots, (self.on_ask if side == 1 else self.on_bid) - 1)
        while lots > 0:
            part = min(lots, resting[at])
            if part:
                resting[at] -= part
                lots -= part
                done.append((at + self._base, part))
            if resting[at] == 0:
                at += step
        taken = sum(part for _, part in done)
        if side == 1:
            self.on_ask -= taken
            self.ask = self._next(self.asks, self.ask, 1)
        else:
            self.on_bid -= taken
            self.bid = self._next(self.bids, self.bid, -1)
        for price, part in done:
            self.last = price
            self.volume += part
            self.turnover += price * part
        return done

    def rest(self, side: int, ticks: int, lots: int) -> int:
        """Add a limit order (side 1 bids), `ticks` from the other side's best; return its price."""
        if side == 1:
            at = self.ask - ticks
            self.bids[at] += lots
            self.on_bid += lots
            self.bid = max(self.bid, at)
        else:
            at = self.bid + ticks
            self.asks[at] += lots
            self.on_ask += lots
            self.ask = min(self.ask, at)
        return at + self._base

    def cancel(self, side: int, share: float, lots: int) -> tuple[int, int]:
        """Take away part of what rests, at the `share` of a side's volume counted from its best price."""
        resting, at, step = (self.bids, self.bid, -1) if side == 1 else (self.asks, self.ask, 1)
        total = self.on_bid if side == 1 else self.on_ask
        left = share * total
        while left >= resting[at]:
            left -= resting[at]
            at += step
        lots = min(lots, resting[at], total - 1)
        resting[at] -= lots
        if side == 1:
            self.on_bid -= lots
            self.bid = self._next(self.bids, self.bid, -1)
        else:
            self.on_ask -= lots
            self.ask = self._next(self.asks, self.ask, 1)
        return at + self._base, lots

    def snapshot(self, time: float) -> Snapshot:
        """Look at the best levels of both sides; levels that are empty are skipped, as exchanges do."""
        sides: list[list[int]] = []
        for resting, at, step in ((self.bids, self.bid, -1), (self.asks, self.ask, 1)):
            prices: list[int] = []
            volumes: list[int] = []
            for _ in range(4 * REACH):
                if resting[at]:
                    prices.append(at + self._base)
                    volumes.append(resting[at])
                    if len(prices) == self._levels:
                        break
                at += step
            sides += [prices, volumes]
        return Snapshot(time, sides[0], sides[1], sides[2], sides[3], self.last, self.volume, self.turnover)

    @staticmethod
    def _next(resting: list[int], at: int, step: int) -> int:
        while resting[at] == 0:
            at += step
        return at


def live(
    rng: np.random.Generator,
    price: int,
    pressure: list[float],
    strength: float,
    every: float,
    levels: int,
    keep_orders: bool,
) -> Day:
    """Live through one day of trading.

    Parameters
    ----------
    rng : numpy.random.Generator
    price : int
        Where the day opens, in ticks.
    pressure : list of float
        The hidden pressure in each second; its length is that of the day.
    strength : float
        Market buys come exp(strength x pressure) times as often, sells as much less; limit orders by half of that.
    every : float
        Seconds between snapshots.
    levels : int
    keep_orders : bool

    Returns
    -------
    Day
    """
    book, day, draws = Book(rng, price, levels), Day(), _Draws(rng)
    uniform, wait = draws.uniform, draws.exponential
    placed = np.cumsum(1 / np.arange(1, REACH + 1) ** _FALLING_OFF)
    limit = _LIMIT * float(placed[-1])
    steps = (placed / placed[-1]).tolist()
    time, second, shot, end = 0.0, -1, every, float(len(pressure))
    buys = sells = bids = asks = 0.0
    while True:
        leaving = _CANCEL / _LOTS_CANCEL
        rate = buys + sells + bids + asks + leaving * (book.on_bid + book.on_ask)
        time += wait() / rate if rate > 0 else 0.0
        while shot <= time and shot <= end:
            day.snapshots.append(book.snapshot(shot))
            shot += every
        if time >= end:
            return day
        if int(time) != second:
            second = int(time)
            tilt = math.exp(strength * pressure[second])
            half = math.sqrt(tilt)
            buys, sells, bids, asks = _MARKET * tilt, _MARKET / tilt, limit * half, limit / half
            rate = buys + sells + bids + asks + leaving * (book.on_bid + book.on_ask)
        u = uniform() * rate
        if u < buys + sells:
            side = 1 if u < buys else -1
            for at, lots in book.take(side, draws.lots(_LOTS_MARKET)):
                day.trades.append((time, at, lots, side))
                if keep_orders:
                    day.orders.append((time, 0 if side == 1 else 1, at, lots))
            continue
        u -= buys + sells
        if u < bids + asks:
            side = 1 if u < bids else -1
            ticks = 1 + _place(steps, uniform())
            lots = draws.lots(_LOTS_LIMIT)
            at, kind = book.rest(side, ticks, lots), 2 if side == 1 else 3
        else:
            side = 1 if u - bids - asks < leaving * book.on_bid else -1
            at, lots = book.cancel(side, uniform(), draws.lots(_LOTS_CANCEL))
            kind = 4 if side == 1 else 5
        if keep_orders and lots:
            day.orders.append((time, kind, at, lots))


def _place(steps: list[float], u: float) -> int:
    for i, bound in enumerate(steps):
        if u < bound:
            return i
    return len(steps) - 1


class _Draws:
    """Random numbers one by one, drawn by the thousand."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._uniforms: list[float] = []
        self._waits: list[float] = []

    def uniform(self) -> float:
        if not self._uniforms:
            self._uniforms = self._rng.random(50_000).tolist()
        return self._uniforms.pop()

    def exponential(self) -> float:
        if not self._waits:
            self._waits = self._rng.exponential(size=50_000).tolist()
        return self._waits.pop()

    def lots(self, mean: float) -> int:
        """Draw a geometric size of at least one lot."""
        return 1 + int(math.log(1 - self.uniform()) / math.log(1 - 1 / mean))
