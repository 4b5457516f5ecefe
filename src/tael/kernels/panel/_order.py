"""Compiled: what depends on the order of a window's values, and deviations from its mean.

A window is read over again for every row, eight columns at a time: branch-free comparisons of a few hundred values are
cheaper than keeping them sorted. Windows are copied next to each other first, some rows at a time, so that all columns
of a few rows are done before the next rows are touched.

*Ranks* are counted. *Quantiles* are followed: from one row to the next at most one value leaves and one comes, so the
order statistic moves by one place at most, to the largest value below the last one or the smallest above it; one pass
over the window finds both, and how many values are below.

After an edit of ``_lanes.py`` or ``_series.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import (
    LANES,
    absolute,
    add_count,
    floor,
    load,
    no_count,
    number_of,
    spread,
    store,
    where,
)
from tael.kernels.panel._series import Floats, n_strips, strip

TOGETHER = 64
"""Rows whose windows are copied at a time."""


@njit(**JIT)
def _hold(x: Floats, n_cols: int, c: int, oldest: int, past: int, held: Floats) -> None:
    """Copy eight columns of rows ``oldest`` to ``past - 1`` next to each other; infinities become NaN."""
    for t in range(oldest, past):
        v = load(x, t * n_cols + c)
        store(held, (t - oldest) * LANES, where(v - v == 0.0, v, np.nan))


@njit(**JIT)
def rank_newest(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """The newest value's rank among the window's, ties in the middle, over how many there are."""
    held = np.empty((window + TOGETHER) * LANES)
    for a in range(max(first * block, start), min(past * block, n_rows), TOGETHER):
        end = min(a + TOGETHER, past * block, n_rows)
        oldest = max(0, a - window + 1)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            _hold(x, n_cols, c, oldest, end, held)
            n = spread(0.0)
            for o in range(0, (a - oldest) * LANES, LANES):
                z = load(held, o)
                n = n + where(z == z, 1.0, 0.0)
            for t in range(a, end):
                i = (t - oldest) * LANES
                v = load(held, i)
                n = n + where(v == v, 1.0, 0.0)
                begin = max(0, t - window + 1 - oldest) * LANES
                below, within = no_count(), no_count()
                for o in range(begin, i + LANES, LANES):
                    z = load(held, o)
                    below = add_count(below, z < v)
                    within = add_count(within, z <= v)
                rank = (number_of(below) + number_of(within) + 1.0) / (2.0 * n)
                store(out, t * n_cols + c, where((v == v) & (n >= least), rank, np.nan))
                if t - window + 1 >= oldest:
                    z = load(held, begin)
                    n = n - where(z == z, 1.0, 0.0)


@njit(**JIT)
def mean_deviation(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Mean absolute deviation of the window's values from their mean."""
    held = np.empty((window + TOGETHER) * LANES)
    for a in range(max(first * block, start), min(past * block, n_rows), TOGETHER):
        end = min(a + TOGETHER, past * block, n_rows)
        oldest = max(0, a - window + 1)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            _hold(x, n_cols, c, oldest, end, held)
            for t in range(a, end):
                i = (t - oldest) * LANES
                v = load(held, i)
                begin = max(0, t - window + 1 - oldest) * LANES
                n, total = spread(0.0), spread(0.0)
                # From the newest value, which is there or nothing is asked: constants deviate by exactly 0.
                for o in range(begin, i + LANES, LANES):
                    d = load(held, o) - v
                    there = d == d
                    n = n + where(there, 1.0, 0.0)
                    total = total + where(there, d, 0.0)
                mean = total / n
                total = spread(0.0)
                for o in range(begin, i + LANES, LANES):
                    d = absolute(load(held, o) - v - mean)
                    total = total + where(d == d, d, 0.0)
                store(out, t * n_cols + c, where((v == v) & (n >= least), total / n, np.nan))


@njit(**JIT)
def quantile(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, q: float,
) -> None:  # fmt: skip
    """The q-quantile, linear between neighbours."""
    held = np.empty((window + TOGETHER) * LANES)
    # A strip's state is kept by its number: the last strip goes over some columns a second time.
    number, followed = np.zeros(n_cols + LANES), np.zeros(n_cols + LANES)
    asked = max(first * block, start)
    earliest = max(0, asked - window + 1)
    for a in range(earliest, min(past * block, n_rows), TOGETHER):
        end = min(a + TOGETHER, past * block, n_rows)
        oldest = max(earliest, a - window)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            _hold(x, n_cols, c, oldest, end, held)
            n, p = load(number, s * LANES), load(followed, s * LANES)
            for t in range(a, end):
                i = (t - oldest) * LANES
                v = load(held, i)
                n = n + where(v == v, 1.0, 0.0)
                if t - window >= oldest:
                    z = load(held, i - window * LANES)
                    n = n - where(z == z, 1.0, 0.0)
                p = where((v == v) & (n == 1.0), v, p)
                below, above = no_count(), no_count()
                previous, following, second = spread(-np.inf), spread(np.inf), spread(np.inf)
                for o in range(max(0, t - window + 1 - oldest) * LANES, i + LANES, LANES):
                    z = load(held, o)
                    is_below, is_above = z < p, z > p
                    below, above = add_count(below, is_below), add_count(above, is_above)
                    low, high = where(is_below, z, -np.inf), where(is_above, z, np.inf)
                    previous = where(low > previous, low, previous)
                    later = where(high > following, high, following)
                    second = where(later < second, later, second)
                    following = where(high < following, high, following)
                # The value at place k of the sorted window, and the one after it.
                place = q * (n - 1.0)
                k = floor(place)
                less, within = number_of(below), n - number_of(above)
                y = where(k < less, previous, where(k < within, p, following))
                after = where(within > less, p, following)
                after = where(k < less, after, where(k < within, where(k + 1.0 < within, p, following), second))
                p = y
                y = where(place > k, y + (place - k) * (after - y), y)
                if t >= asked:
                    store(out, t * n_cols + c, where((v == v) & (n >= least), y, np.nan))
            store(number, s * LANES, n)
            store(followed, s * LANES, p)
