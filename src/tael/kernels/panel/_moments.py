"""Compiled: skewness and excess kurtosis.

Sums of the first four powers of ``x - r``; ``_series.py`` and ``_sums.py`` say how windows are added up and why a
reference is taken. After an edit of ``_lanes.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, load, root, store, where
from tael.kernels.panel._series import Floats, n_strips, strip

SKEW, KURT = range(2)


@njit(**JIT)
def shape_of(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, stat: int,
) -> None:  # fmt: skip
    """Adjusted Fisher-Pearson skewness, or unbiased excess kurtosis: missing where nothing varies."""
    size = 5 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    r_tail, r_head = np.empty(wide), np.empty(wide)
    for k in range(first, past):
        a = k * block
        end = min(a + block, n_rows)
        for s in range(n_strips(n_cols, wide)):
            c, m = strip(s, n_cols, wide)
            tail[:] = 0.0
            r_tail[:] = 0.0
            if k > 0:
                for i in range(block - 1, max(0, start - a), -1):
                    q, row = i * size, (a - block + i) * n_cols + c
                    for j in range(0, m, LANES):
                        v = load(x, row + j)
                        ok = v - v == 0.0
                        n = load(tail, q + size + j)
                        r = where(ok & (n == 0.0), v, load(r_tail, j))
                        d = where(ok, v - r, 0.0)
                        dd = d * d
                        o = q + size + j
                        store(r_tail, j, r)
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, o + wide) + d)
                        store(tail, q + 2 * wide + j, load(tail, o + 2 * wide) + dd)
                        store(tail, q + 3 * wide + j, load(tail, o + 3 * wide) + dd * d)
                        store(tail, q + 4 * wide + j, load(tail, o + 4 * wide) + dd * dd)
            head[:] = 0.0
            r_head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j)
                    r = where(ok & (n == 0.0), v, load(r_head, j))
                    d = where(ok, v - r, 0.0)
                    dd = d * d
                    n = n + where(ok, 1.0, 0.0)
                    s1, s2 = load(head, wide + j) + d, load(head, 2 * wide + j) + dd
                    s3, s4 = load(head, 3 * wide + j) + dd * d, load(head, 4 * wide + j) + dd * dd
                    store(r_head, j, r)
                    store(head, j, n)
                    store(head, wide + j, s1)
                    store(head, 2 * wide + j, s2)
                    store(head, 3 * wide + j, s3)
                    store(head, 4 * wide + j, s4)
                    if t >= start:
                        o = q + j
                        t0, t1, t2 = load(tail, o), load(tail, o + wide), load(tail, o + 2 * wide)
                        t3, t4 = load(tail, o + 3 * wide), load(tail, o + 4 * wide)
                        e = load(r_tail, j) - r
                        # Powers of (d + e), term by term.
                        s4 = s4 + (t4 + e * (4.0 * t3 + e * (6.0 * t2 + e * (4.0 * t1 + e * t0))))
                        s3 = s3 + (t3 + e * (3.0 * t2 + e * (3.0 * t1 + e * t0)))
                        s2 = s2 + (t2 + e * (2.0 * t1 + e * t0))
                        s1 = s1 + (t1 + e * t0)
                        n = n + t0
                        mean = s1 / n
                        # Central moments, then the usual corrections for a sample.
                        m2 = s2 / n - mean * mean
                        if stat == SKEW:
                            m3 = s3 / n - mean * (3.0 * (s2 / n) - 2.0 * mean * mean)
                            z = root(n * (n - 1.0)) / (n - 2.0) * m3 / (m2 * root(m2))
                        else:
                            m4 = s4 / n - mean * (4.0 * (s3 / n) - mean * (6.0 * (s2 / n) - 3.0 * mean * mean))
                            z = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (m4 / (m2 * m2)) - 3.0 * (n - 1.0))
                        # What is left of a constant after rounding is no spread.
                        z = where(m2 > 1e-14 * (s2 / n), z, np.nan)
                        store(out, row + j, where(ok & (n >= least), z, np.nan))
