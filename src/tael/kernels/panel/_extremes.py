"""Compiled: largest and smallest values of a window, and where in it they stand.

The smallest is the largest of the values with their signs turned. ``_series.py`` says how windows are put together;
after an edit of ``_lanes.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, load, store, where
from tael.kernels.panel._series import Floats, n_strips, strip


@njit(**JIT)
def extreme(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, sign: float,
) -> None:  # fmt: skip
    """The largest value of ``sign * x``, with the sign turned back."""
    size = 2 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    for k in range(first, past):
        a = k * block
        end = min(a + block, n_rows)
        for s in range(n_strips(n_cols, wide)):
            c, m = strip(s, n_cols, wide)
            if k > 0:
                tail[block * size : block * size + wide] = 0.0
                tail[block * size + wide :] = -np.inf
                for i in range(block - 1, max(0, start - a), -1):
                    q, row = i * size, (a - block + i) * n_cols + c
                    for j in range(0, m, LANES):
                        v = sign * load(x, row + j)
                        ok = v - v == 0.0
                        best = load(tail, q + size + wide + j)
                        store(tail, q + j, load(tail, q + size + j) + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, where(ok & (v > best), v, best))
            else:
                for i in range(block + 1):
                    tail[i * size : i * size + wide] = 0.0
                    tail[i * size + wide : (i + 1) * size] = -np.inf
            head[:wide] = 0.0
            head[wide:] = -np.inf
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v = sign * load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j) + where(ok, 1.0, 0.0)
                    best = load(head, wide + j)
                    best = where(ok & (v > best), v, best)
                    store(head, j, n)
                    store(head, wide + j, best)
                    if t >= start:
                        n = n + load(tail, q + j)
                        other = load(tail, q + wide + j)
                        best = sign * where(best > other, best, other)
                        store(out, row + j, where(ok & (n >= least), best, np.nan))


@njit(**JIT)
def place(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, sign: float,
) -> None:  # fmt: skip
    """Where the first of the largest values of ``sign * x`` stands: 1 is the window's oldest row."""
    size = 3 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    for k in range(first, past):
        a = k * block
        end = min(a + block, n_rows)
        for s in range(n_strips(n_cols, wide)):
            c, m = strip(s, n_cols, wide)
            for i in range(0 if k == 0 else block, block + 1):
                tail[i * size : (i + 1) * size] = 0.0
                tail[i * size + wide : i * size + 2 * wide] = -np.inf
            if k > 0:
                for i in range(block - 1, max(0, start - a), -1):
                    q, row = i * size, (a - block + i) * n_cols + c
                    u = np.float64(i - block)
                    for j in range(0, m, LANES):
                        v = sign * load(x, row + j)
                        ok = v - v == 0.0
                        o = q + size + j
                        best = load(tail, o + wide)
                        # Going backwards, an equal value is an earlier one.
                        new = ok & (v >= best)
                        store(tail, q + j, load(tail, o) + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, where(new, v, best))
                        store(tail, q + 2 * wide + j, where(new, u, load(tail, o + 2 * wide)))
            head[:] = 0.0
            head[wide : 2 * wide] = -np.inf
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                u = np.float64(t - a)
                oldest = np.float64(max(0, t - window + 1) - a)
                for j in range(0, m, LANES):
                    v = sign * load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j) + where(ok, 1.0, 0.0)
                    best = load(head, wide + j)
                    new = ok & (v > best)
                    best = where(new, v, best)
                    at = where(new, u, load(head, 2 * wide + j))
                    store(head, j, n)
                    store(head, wide + j, best)
                    store(head, 2 * wide + j, at)
                    if t >= start:
                        n = n + load(tail, q + j)
                        at = where(best > load(tail, q + wide + j), at, load(tail, q + 2 * wide + j))
                        store(out, row + j, where(ok & (n >= least), at - oldest + 1.0, np.nan))
