"""Compiled: correlation and covariance of two panels over the rows where both are there.

How windows are added up is told in ``_series.py`` and ``_sums.py``; after an edit of ``_lanes.py``, touch this file.
One comparison tests what two would: LLVM packs a mask that two comparisons make, and unpacks it at each use.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, load, root, store, where
from tael.kernels.panel._series import Floats, n_strips, strip

COV, CORR = range(2)


@njit(**JIT)
def together(
    x: Floats, y: Floats, out: Floats, n_rows: int, n_cols: int, window: int, block: int, least: int, start: int,
    wide: int, first: int, past: int, stat: int,
) -> None:  # fmt: skip
    """Sample covariances, or Pearson correlations: missing where either does not vary."""
    size = 6 * wide
    tail = np.empty((block + 1) * size)
    head = np.empty(size)
    r_tail, r_head = np.empty(2 * wide), np.empty(2 * wide)
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
                        v, w = load(x, row + j), load(y, row + j)
                        ok = (v - v) + (w - w) == 0.0
                        n = load(tail, q + size + j)
                        new = ok & (n == 0.0)
                        r, p = where(new, v, load(r_tail, j)), where(new, w, load(r_tail, wide + j))
                        v, w = where(ok, v - r, 0.0), where(ok, w - p, 0.0)
                        store(r_tail, j, r)
                        store(r_tail, wide + j, p)
                        store(tail, q + j, n + where(ok, 1.0, 0.0))
                        o = q + size + j
                        store(tail, q + wide + j, load(tail, o + wide) + v)
                        store(tail, q + 2 * wide + j, load(tail, o + 2 * wide) + w)
                        store(tail, q + 3 * wide + j, load(tail, o + 3 * wide) + v * v)
                        store(tail, q + 4 * wide + j, load(tail, o + 4 * wide) + w * w)
                        store(tail, q + 5 * wide + j, load(tail, o + 5 * wide) + v * w)
            head[:] = 0.0
            r_head[:] = 0.0
            for t in range(a, end):
                q, row = (t - a + 1) * size, t * n_cols + c
                for j in range(0, m, LANES):
                    v, w = load(x, row + j), load(y, row + j)
                    ok = (v - v) + (w - w) == 0.0
                    n = load(head, j)
                    new = ok & (n == 0.0)
                    r, p = where(new, v, load(r_head, j)), where(new, w, load(r_head, wide + j))
                    v, w = where(ok, v - r, 0.0), where(ok, w - p, 0.0)
                    n = n + where(ok, 1.0, 0.0)
                    sx, sy = load(head, wide + j) + v, load(head, 2 * wide + j) + w
                    xx, yy = load(head, 3 * wide + j) + v * v, load(head, 4 * wide + j) + w * w
                    xy = load(head, 5 * wide + j) + v * w
                    store(r_head, j, r)
                    store(r_head, wide + j, p)
                    store(head, j, n)
                    store(head, wide + j, sx)
                    store(head, 2 * wide + j, sy)
                    store(head, 3 * wide + j, xx)
                    store(head, 4 * wide + j, yy)
                    store(head, 5 * wide + j, xy)
                    if t >= start:
                        o = q + j
                        n_tail, x_tail, y_tail = load(tail, o), load(tail, o + wide), load(tail, o + 2 * wide)
                        dx, dy = load(r_tail, j) - r, load(r_tail, wide + j) - p
                        mx, my = x_tail + n_tail * dx, y_tail + n_tail * dy
                        xx = xx + (load(tail, o + 3 * wide) + dx * (x_tail + mx))
                        yy = yy + (load(tail, o + 4 * wide) + dy * (y_tail + my))
                        xy = xy + (load(tail, o + 5 * wide) + (dy * x_tail + dx * my))
                        sx, sy, n = sx + mx, sy + my, n + n_tail
                        z = n * xy - sx * sy
                        if stat == COV:
                            z = z / (n * (n - 1.0))
                        else:
                            vx, vy = n * xx - sx * sx, n * yy - sy * sy
                            # Roots one by one: the product of two tiny variances may be 0.
                            z = where(where(vx < vy, vx, vy) > 0.0, z / (root(vx) * root(vy)), np.nan)
                            z = where(z > 1.0, 1.0, where(z < -1.0, -1.0, z))
                        store(out, row + j, where(ok & (n >= least), z, np.nan))
