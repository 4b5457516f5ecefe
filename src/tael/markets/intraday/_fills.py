"""The walk through one entity's book: orders arrive late, walk the levels, or wait in the queue.

All arrays are of one entity over T rows; levels are (T, L), best first, a missing one with volume 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OUTPUTS = ("position", "passive", "passive_price", "active", "active_price")


@njit(cache=True)
def walk_levels(prices: Any, volumes: Any, wanted: float, share: float) -> tuple[float, float]:  # pragma: no cover
    """Quantity and mean price of an order that takes at most `share` of each displayed volume."""
    left, paid = wanted, 0.0
    for level in range(len(prices)):
        if left <= 0 or not volumes[level] > 0:
            break
        taken = min(left, np.floor(volumes[level] * share))
        paid += taken * prices[level]
        left -= taken
    dealt = wanted - left
    return dealt, paid / dealt if dealt > 0 else 0.0


@njit(cache=True)
def fills(
    target: Any, bids: Any, bid_volumes: Any, asks: Any, ask_volumes: Any, volume: Any, vwap: Any, session: Any,
    day: Any, flat: Any, limit: bool, latency: int, patience: int, take: bool, share: float, base: float,
    t_plus_1: bool, out: Any,
) -> None:  # fmt: skip  # pragma: no cover
    """Fill rows of `out` (5, T): position, passive quantity and price, active quantity and price (signed: + bought)."""
    q, want, opening, sold = 0.0, 0.0, 0.0, 0.0
    side, left, price, queue, age = 0.0, 0.0, 0.0, 0.0, 0
    seen = -1  # the last row with an open book, of this session
    for t in range(len(target)):
        if t == 0 or day[t] != day[t - 1]:
            opening, sold = q, 0.0
        if t == 0 or session[t] != session[t - 1]:
            want, side, seen = q, 0.0, -1
        sent = t - latency
        if sent >= 0 and session[sent] == session[t] and not np.isnan(target[sent]):
            want = target[sent]
        if flat[t]:
            want = 0.0
        if asks[t, 0] > bids[t, 0]:
            if side != 0.0:
                done = waited(
                    side, left, price, queue, bids, bid_volumes, asks, ask_volumes, volume[t], vwap[t], seen, t
                )
                queue = done[1]
                if done[0] > 0:
                    q += side * done[0]
                    left -= done[0]
                    sold += done[0] if side < 0 else 0.0
                    out[1, t], out[2, t] = side * done[0], price
                if left <= 0:
                    side = 0.0
            need = want - q
            if need < 0 and t_plus_1:
                need = -min(-need, max(base + opening - sold, 0.0))
            urgent = not limit or flat[t]
            if side != 0.0:
                age += 1
                if need * side <= 0 or urgent:
                    side = 0.0
                elif age > patience:
                    side = 0.0
                    urgent = take
                else:
                    left = min(left, abs(need))
            if need != 0.0 and urgent:
                if need > 0:
                    dealt, at = walk_levels(asks[t], ask_volumes[t], need, share)
                else:
                    dealt, at = walk_levels(bids[t], bid_volumes[t], -need, share)
                if dealt > 0:
                    out[3, t], out[4, t] = (dealt if need > 0 else -dealt), at
                    sold += dealt if need < 0 else 0.0
                    q += dealt if need > 0 else -dealt
            elif need != 0.0 and side == 0.0:
                side, left, age = (1.0 if need > 0 else -1.0), abs(need), 0
                price = bids[t, 0] if need > 0 else asks[t, 0]
                queue = bid_volumes[t, 0] if need > 0 else ask_volumes[t, 0]
            seen = t
        out[0, t] = q


@njit(cache=True)
def waited(
    side: float, left: float, price: float, queue: float, bids: Any, bid_volumes: Any, asks: Any, ask_volumes: Any,
    volume: float, vwap: float, before: int, t: int,
) -> tuple[float, float]:  # fmt: skip  # pragma: no cover
    """What is dealt of a waiting order between two rows, and how much waits before the rest.

    Where the other side now stands at the order's price or beyond, all is dealt. Else, of the volume since the row
    before, the part whose mean price says it was dealt at that row's best price of this side goes to the queue first.
    Of those who leave the queue unseen, none is taken to have stood before the order, but no more can stand before it
    than is displayed there.
    """
    if (side > 0 and asks[t, 0] <= price) or (side < 0 and bids[t, 0] >= price):
        return left, 0.0
    own, own_volume = (bids[t, 0], bid_volumes[t, 0]) if side > 0 else (asks[t, 0], ask_volumes[t, 0])
    best = bids[before, 0] if side > 0 else asks[before, 0]
    there = 0.0
    if best == price and volume > 0 and not np.isnan(vwap):
        apart = asks[before, 0] - bids[before, 0]
        part = (asks[before, 0] - vwap) / apart if side > 0 else (vwap - bids[before, 0]) / apart
        there = volume * min(max(part, 0.0), 1.0)
    dealt = min(left, np.floor(max(there - queue, 0.0)))
    queue = max(queue - there, 0.0)
    if own == price:
        queue = min(queue, own_volume)
    elif side * (price - own) > 0:  # the displayed level is gone: the order stands alone before it
        queue = 0.0
    return dealt, queue
