"""Compiled: the straight line through a window, and the mean that weighs the newest row most.

A row's place is its number within the block (negative for rows of the block before), so that places are small whole
numbers whose sums are exact. ``_series.py`` and ``_sums.py`` say how windows are added up; after an edit of
``_lanes.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, load, store, where
from tael.kernels.panel._series import Floats, n_strips, strip

SLOPE, RSQUARE, RESID = range(3)


@njit(**JIT)
def line(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int, stat: int,
) -> None:  # fmt: skip
    """Least squares on the places of the rows that are there: slope, R squared, residual of the newest."""
    size = 6 * wide
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
                    u = np.float64(i - block)
                    for j in range(0, m, LANES):
                        v = load(x, row + j)
                        ok = v - v == 0.0
                        n = load(tail, q + size + j)
                        r = where(ok & (n == 0.0), v, load(r_tail, j))
                        d = where(ok, v - r, 0.0)
                        store(r_tail, j, r)
                        o = q + size + j
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, o + wide) + where(ok, u, 0.0))
                        store(tail, q + 2 * wide + j, load(tail, o + 2 * wide) + where(ok, u * u, 0.0))
                        store(tail, q + 3 * wide + j, load(tail, o + 3 * wide) + d)
                        store(tail, q + 4 * wide + j, load(tail, o + 4 * wide) + u * d)
                        store(tail, q + 5 * wide + j, load(tail, o + 5 * wide) + d * d)
            head[:] = 0.0
            r_head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                u = np.float64(t - a)
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j)
                    r = where(ok & (n == 0.0), v, load(r_head, j))
                    d = where(ok, v - r, 0.0)
                    n = n + where(ok, 1.0, 0.0)
                    su = load(head, wide + j) + where(ok, u, 0.0)
                    uu = load(head, 2 * wide + j) + where(ok, u * u, 0.0)
                    sy = load(head, 3 * wide + j) + d
                    uy = load(head, 4 * wide + j) + u * d
                    yy = load(head, 5 * wide + j) + d * d
                    store(r_head, j, r)
                    store(head, j, n)
                    store(head, wide + j, su)
                    store(head, 2 * wide + j, uu)
                    store(head, 3 * wide + j, sy)
                    store(head, 4 * wide + j, uy)
                    store(head, 5 * wide + j, yy)
                    if t >= start:
                        o = q + j
                        n_tail, u_tail, y_tail = load(tail, o), load(tail, o + wide), load(tail, o + 3 * wide)
                        move = load(r_tail, j) - r
                        moved = y_tail + n_tail * move
                        yy = yy + (load(tail, o + 5 * wide) + move * (y_tail + moved))
                        uy = uy + (load(tail, o + 4 * wide) + move * u_tail)
                        n, su, sy = n + n_tail, su + u_tail, sy + moved
                        uu = uu + load(tail, o + 2 * wide)
                        vu, vy, uv = n * uu - su * su, n * yy - sy * sy, n * uy - su * sy
                        if stat == SLOPE:
                            z = uv / vu
                        elif stat == RSQUARE:
                            z = where(vy > 0.0, (uv / vu) * (uv / vy), np.nan)
                            z = where(z > 1.0, 1.0, z)
                        else:
                            z = ((n * d - sy) - (uv / vu) * (n * u - su)) / n
                        store(out, row + j, where(ok & (n >= least), z, np.nan))


@njit(**JIT)
def decay(
    x: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int, wide: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Weights window, window - 1, ... backwards from the newest, over the weights of the rows that are there."""
    size = 4 * wide
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
                    u = np.float64(i - block)
                    for j in range(0, m, LANES):
                        v = load(x, row + j)
                        ok = v - v == 0.0
                        n = load(tail, q + size + j)
                        r = where(ok & (n == 0.0), v, load(r_tail, j))
                        d = where(ok, v - r, 0.0)
                        store(r_tail, j, r)
                        o = q + size + j
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        store(tail, q + wide + j, load(tail, o + wide) + where(ok, u, 0.0))
                        store(tail, q + 2 * wide + j, load(tail, o + 2 * wide) + d)
                        store(tail, q + 3 * wide + j, load(tail, o + 3 * wide) + u * d)
            head[:] = 0.0
            r_head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                u = np.float64(t - a)
                # A row at place p has the weight window - (u - p).
                shift = np.float64(window) - u
                for j in range(0, m, LANES):
                    v = load(x, row + j)
                    ok = v - v == 0.0
                    n = load(head, j)
                    r = where(ok & (n == 0.0), v, load(r_head, j))
                    d = where(ok, v - r, 0.0)
                    n = n + where(ok, 1.0, 0.0)
                    su = load(head, wide + j) + where(ok, u, 0.0)
                    sy = load(head, 2 * wide + j) + d
                    uy = load(head, 3 * wide + j) + u * d
                    store(r_head, j, r)
                    store(head, j, n)
                    store(head, wide + j, su)
                    store(head, 2 * wide + j, sy)
                    store(head, 3 * wide + j, uy)
                    if t >= start:
                        o = q + j
                        n_tail, u_tail, y_tail = load(tail, o), load(tail, o + wide), load(tail, o + 2 * wide)
                        move = load(r_tail, j) - r
                        n, su = n + n_tail, su + u_tail
                        sy = sy + (y_tail + n_tail * move)
                        uy = uy + (load(tail, o + 3 * wide) + move * u_tail)
                        z = r + (shift * sy + uy) / (shift * n + su)
                        store(out, row + j, where(ok & (n >= least), z, np.nan))
