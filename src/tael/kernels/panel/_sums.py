"""Compiled: sums, means, products, and the mean and spread that belong together.

How windows are added up is told in ``_series.py``; after an edit there or in ``_lanes.py``, touch this file.

Second moments are sums of ``x - r`` and ``(x - r)^2``. The reference ``r`` of a prefix is its first value, that of a
suffix its newest: both are in the window themselves whenever the part is, so what is squared is never larger than the
window's own spread, a constant series has a variance of exactly 0, and a row knows nothing of later rows. The suffix's
sums are moved to the prefix's reference where the two are put together.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, load, root, store, where
from tael.kernels.panel._series import Floats, n_strips, strip

SUM, MEAN, VAR, STD, ZSCORE = range(5)


@njit(**JIT)
def total(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Sums."""
    size = 2 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    for k in range(first, past):
        a = k * block
        end = min(a + block, n_rows)
        for s in range(n_strips(n_cols, wide)):
            c, m = strip(s, n_cols, wide)
            tail[:] = 0.0
            if k > 0:
                for i in range(block - 1, max(0, start - a), -1):
                    q, row = i * size, (a - block + i) * n_cols + c
                    for j in range(0, m, LANES):
                        v = load(x, row + j)
                        ok = v - v == 0.0
                        store(tail, q + j, load(tail, q + size + j) + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, q + size + wide + j) + where(ok, v, 0.0))
            head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j) + where(ok, 1.0, 0.0)
                    total = load(head, wide + j) + where(ok, v, 0.0)
                    store(head, j, n)
                    store(head, wide + j, total)
                    if t >= start:
                        n = n + load(tail, q + j)
                        total = total + load(tail, q + wide + j)
                        store(out, row + j, where(ok & (n >= least), total, np.nan))


@njit(**JIT)
def product(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Products."""
    size = 2 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    for k in range(first, past):
        a = k * block
        end = min(a + block, n_rows)
        for s in range(n_strips(n_cols, wide)):
            c, m = strip(s, n_cols, wide)
            for i in range(block + 1):
                tail[i * size : i * size + wide] = 0.0
                tail[i * size + wide : (i + 1) * size] = 1.0
            if k > 0:
                for i in range(block - 1, max(0, start - a), -1):
                    q, row = i * size, (a - block + i) * n_cols + c
                    for j in range(0, m, LANES):
                        v = load(x, row + j)
                        ok = v - v == 0.0
                        store(tail, q + j, load(tail, q + size + j) + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, q + size + wide + j) * where(ok, v, 1.0))
            head[:wide] = 0.0
            head[wide:] = 1.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j) + where(ok, 1.0, 0.0)
                    total = load(head, wide + j) * where(ok, v, 1.0)
                    store(head, j, n)
                    store(head, wide + j, total)
                    if t >= start:
                        n = n + load(tail, q + j)
                        total = total * load(tail, q + wide + j)
                        store(out, row + j, where(ok & (n >= least), total, np.nan))


@njit(**JIT)
def mean(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Means: the mean of a constant is that constant."""
    size = 2 * wide
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
                        store(r_tail, j, r)
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, q + size + wide + j) + where(ok, v - r, 0.0))
            head[:] = 0.0
            r_head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j)
                    r = where(ok & (n == 0.0), v, load(r_head, j))
                    n = n + where(ok, 1.0, 0.0)
                    s1 = load(head, wide + j) + where(ok, v - r, 0.0)
                    store(r_head, j, r)
                    store(head, j, n)
                    store(head, wide + j, s1)
                    if t >= start:
                        n_tail = load(tail, q + j)
                        n = n + n_tail
                        s1 = s1 + (load(tail, q + wide + j) + n_tail * (load(r_tail, j) - r))
                        store(out, row + j, where(ok & (n >= least), r + s1 / n, np.nan))


@njit(**JIT)
def spread_of(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, stat: int,
) -> None:  # fmt: skip
    """Sample variances, standard deviations, and how many of them the newest value is from the mean."""
    size = 3 * wide
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
                        store(r_tail, j, r)
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, q + size + wide + j) + d)
                        store(tail, q + 2 * wide + j, load(tail, q + size + 2 * wide + j) + d * d)
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
                    n = n + where(ok, 1.0, 0.0)
                    s1 = load(head, wide + j) + d
                    s2 = load(head, 2 * wide + j) + d * d
                    store(r_head, j, r)
                    store(head, j, n)
                    store(head, wide + j, s1)
                    store(head, 2 * wide + j, s2)
                    if t >= start:
                        n_tail, s1_tail = load(tail, q + j), load(tail, q + wide + j)
                        move = load(r_tail, j) - r
                        moved = s1_tail + n_tail * move
                        s2 = s2 + (load(tail, q + 2 * wide + j) + move * (s1_tail + moved))
                        s1 = s1 + moved
                        n = n + n_tail
                        y = (n * s2 - s1 * s1) / (n * (n - 1.0))
                        y = where(y > 0.0, y, 0.0)
                        if stat == STD:
                            y = root(y)
                        elif stat == ZSCORE:
                            y = where(y > 0.0, (d - s1 / n) / root(y), np.nan)
                        store(out, row + j, where(ok & (n >= least), y, np.nan))
