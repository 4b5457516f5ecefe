"""Compiled: what depends on the order of a window's values, and deviations from its mean.

Ranks are counted: each value against all others of its window, eight columns at a time, which is cheaper than keeping a
sorted window up to some hundred rows. Quantiles keep each column's window sorted: the value that leaves is found by
bisection and the values between it and the new one move up or down by one.

Results do not depend on where a chunk of rows begins, so chunks are long. After an edit of ``_lanes.py`` or
``_series.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, absolute, add_count, load, no_count, number_of, spread, store, where
from tael.kernels.panel._series import Floats, n_strips, strip


@njit(**JIT)
def rank_newest(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """The newest value's rank among the window's, ties in the middle, over how many there are."""
    held = np.empty((window + block) * LANES)
    for k in range(first, past):
        a = max(k * block, start)
        end = min((k + 1) * block, n_rows)
        begin = max(0, a - window + 1)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            n = spread(0.0)
            for t in range(begin, end):
                v = load(x, t * n_cols + c)
                ok = v - v == 0.0
                v = where(ok, v, np.nan)
                i = t - begin
                store(held, i * LANES, v)
                n = n + where(ok, 1.0, 0.0)
                if t - window >= begin:
                    gone = load(held, (i - window) * LANES)
                    n = n - where(gone == gone, 1.0, 0.0)
                if t < a:
                    continue
                below, within = no_count(), no_count()
                for o in range(max(0, i - window + 1) * LANES, (i + 1) * LANES, LANES):
                    z = load(held, o)
                    below = add_count(below, z < v)
                    within = add_count(within, z <= v)
                rank = (number_of(below) + number_of(within) + 1.0) / (2.0 * n)
                store(out, t * n_cols + c, where(ok & (n >= least), rank, np.nan))


@njit(**JIT)
def mean_deviation(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Mean absolute deviation of the window's values from their mean."""
    held = np.empty((window + block) * LANES)
    for k in range(first, past):
        a = max(k * block, start)
        end = min((k + 1) * block, n_rows)
        begin = max(0, a - window + 1)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            for t in range(begin, end):
                v = load(x, t * n_cols + c)
                ok = v - v == 0.0
                i = t - begin
                store(held, i * LANES, where(ok, v, np.nan))
                if t < a:
                    continue
                oldest = max(0, i - window + 1) * LANES
                n, total = spread(0.0), spread(0.0)
                # From the newest value, which is there or nothing is asked: constants deviate by exactly 0.
                for o in range(oldest, (i + 1) * LANES, LANES):
                    d = load(held, o) - v
                    there = d == d
                    n = n + where(there, 1.0, 0.0)
                    total = total + where(there, d, 0.0)
                mean = total / n
                total = spread(0.0)
                for o in range(oldest, (i + 1) * LANES, LANES):
                    d = absolute(load(held, o) - v - mean)
                    total = total + where(d == d, d, 0.0)
                store(out, t * n_cols + c, where(ok & (n >= least), total / n, np.nan))


@njit(**JIT)
def _lower(values: Floats, n: int, v: float) -> int:
    """How many of the first n sorted values are below v."""
    low = 0
    while n > 0:
        half = n >> 1
        if values[low + half] < v:
            low += half + 1
            n -= half + 1
        else:
            n = half
    return low


@njit(**JIT)
def quantile(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, q: float,
) -> None:  # fmt: skip
    """The q-quantile, linear between neighbours."""
    held = np.empty((LANES, window + block))
    answer = np.empty((LANES, block))
    ordered = np.empty(window + 1)
    for k in range(first, past):
        a = max(k * block, start)
        end = min((k + 1) * block, n_rows)
        begin = max(0, a - window + 1)
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            for t in range(begin, end):
                for j in range(LANES):
                    held[j, t - begin] = x[t * n_cols + c + j]
            for j in range(LANES):
                n = 0
                for t in range(begin, end):
                    i = t - begin
                    v = held[j, i]
                    ok = v - v == 0.0
                    gone = held[j, i - window] if i >= window else np.nan
                    if gone - gone == 0.0:
                        at = _lower(ordered, n, gone)
                        n -= 1
                        if ok:
                            n += 1
                            while at + 1 < n and ordered[at + 1] < v:
                                ordered[at] = ordered[at + 1]
                                at += 1
                            while at > 0 and ordered[at - 1] > v:
                                ordered[at] = ordered[at - 1]
                                at -= 1
                            ordered[at] = v
                        else:
                            for o in range(at, n):
                                ordered[o] = ordered[o + 1]
                    elif ok:
                        at = n
                        while at > 0 and ordered[at - 1] > v:
                            ordered[at] = ordered[at - 1]
                            at -= 1
                        ordered[at] = v
                        n += 1
                    if t < a:
                        continue
                    y = np.nan
                    if ok and n >= least:
                        where_to = q * (n - 1)
                        low = int(where_to)
                        y = ordered[low]
                        if where_to > low:
                            y += (where_to - low) * (ordered[low + 1] - y)
                    answer[j, t - a] = y
            for t in range(a, end):
                for j in range(LANES):
                    out[t * n_cols + c + j] = answer[j, t - a]
