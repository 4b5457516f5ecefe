"""Indices of a simulated market: who belongs to them, from when to when, and what they stood at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Days, Flags, Floats, Ints
from tael.datasets.market_prices import Prices

INDICES = ("SIM300", "SIM500", "SIMALL")
_SHARE = 0.3
"""The largest 30 % of the stocks make up the first index, the next 30 % the second; the third holds all."""

_ANNOUNCED_BEFORE = 10
_SEASONED = 60
_LOOK_BACK = 120


@dataclass(frozen=True)
class Indices:
    """Membership and levels.

    Attributes
    ----------
    index, stock : int64 arrays, shape (M,)
    announced, start, stop : int64 arrays, shape (M,)
        Rows: when it was said (at the close), the first bar in, the first bar out again (T where still in).
    inside : bool array, shape (3, T, N)
    levels : dict of float64 arrays, shape (3, T)
        ``open``, ``high``, ``low``, ``close``, ``preclose`` in points; ``volume`` in shares, ``amount`` in CNY.
    """

    index: Ints
    stock: Ints
    announced: Ints
    start: Ints
    stop: Ints
    inside: Flags
    levels: dict[str, Floats]


def make_indices(prices: Prices, days: Days) -> Indices:
    """Choose the members in June and December by mean market value of the half year before, and compute the levels.

    The levels are weighted by the market value before the day, so that a dividend does not move them.

    Parameters
    ----------
    prices : Prices
    days : datetime64[D] array, shape (T,)

    Returns
    -------
    Indices
    """
    t_all, n = prices.close.shape
    inside = np.zeros((len(INDICES), t_all, n), dtype=bool)
    inside[2] = prices.listed
    effective = _reviews(days)
    decided = [max(row - _ANNOUNCED_BEFORE, 0) for row in effective]
    for row, known, end in zip(effective, decided, [*effective[1:], t_all], strict=True):
        large, middle = _largest(prices, known)
        inside[0, row:end, large] = True
        inside[1, row:end, middle] = True
    inside &= prices.listed
    spells = [_spells(inside[k], effective, decided) for k in range(2)]
    stock, announced, start, stop = (np.concatenate(parts) for parts in zip(*spells, strict=True))
    levels = [_levels(prices, inside[k]) for k in range(len(INDICES))]
    return Indices(
        index=np.concatenate([np.full(len(spell[0]), k) for k, spell in enumerate(spells)]),
        stock=stock,
        announced=announced,
        start=start,
        stop=stop,
        inside=inside,
        levels={name: np.stack([level[name] for level in levels]) for name in levels[0]},
    )


def _reviews(days: Days) -> list[int]:
    """Rows of the first bar, and of the bars after the second Friday of June and December."""
    months = days.astype("datetime64[M]")
    rows = [0]
    for month in np.unique(months):
        if int(str(month)[5:]) in (6, 12):
            first = month.astype("datetime64[D]")
            friday = first + ((4 - (int(first.astype(np.int64)) + 3)) % 7) + 7
            row = int(np.searchsorted(days, friday, side="right"))
            if _ANNOUNCED_BEFORE < row < len(days):
                rows.append(row)
    return rows


def _largest(prices: Prices, known: int) -> tuple[Ints, Ints]:
    window = slice(max(known - _LOOK_BACK, 0), known + 1)
    there = prices.listed[window]
    count = there.sum(axis=0)
    cap = np.where(there, prices.close[window] * prices.shares[window], 0.0).sum(axis=0) / np.maximum(count, 1)
    seasoned = prices.listed[known] & (count >= min(_SEASONED, known + 1))
    order = np.argsort(np.where(seasoned, -cap, 1.0), kind="stable")[: int(seasoned.sum())]
    size = max(round(_SHARE * len(order)), 1)
    return order[:size], order[size : 2 * size]


def _spells(inside: Flags, effective: list[int], decided: list[int]) -> tuple[Ints, Ints, Ints, Ints]:
    """Turn membership day by day into spells."""
    edge = np.zeros((1, inside.shape[1]), dtype=np.int8)
    change = np.diff(np.vstack([edge, inside.astype(np.int8), edge]), axis=0)
    start_stock = np.argwhere(change.T == 1)
    stop_stock = np.argwhere(change.T == -1)
    stock, start, stop = start_stock[:, 0], start_stock[:, 1], stop_stock[:, 1]
    said = dict(zip(effective, decided, strict=True))
    announced = np.array([said.get(int(row), int(row)) for row in start], dtype=np.int64)
    return stock, announced, start, stop


def _levels(prices: Prices, inside: Flags) -> dict[str, Floats]:
    weight = np.where(inside, prices.preclose * prices.shares, 0.0)
    total = weight.sum(axis=1)
    weight /= np.where(total > 0, total, 1.0)[:, None]
    relative = {
        name: np.where(inside, weight * getattr(prices, name) / prices.preclose, 0.0).sum(axis=1)
        for name in ("open", "high", "low", "close")
    }
    relative = {name: np.where(total > 0, values, 1.0) for name, values in relative.items()}
    close = 1000 * np.cumprod(relative["close"])
    preclose = np.concatenate([[1000.0], close[:-1]])
    points = {name: np.round(preclose * values, 2) for name, values in relative.items()}
    return {
        **points,
        "preclose": np.round(preclose, 2),
        "volume": np.where(inside, prices.volume, 0.0).sum(axis=1),
        "amount": np.where(inside, prices.amount, 0.0).sum(axis=1),
    }
