"""Compiled: a row beside an earlier one, and what remembers all rows before it.

After an edit of ``_lanes.py`` or ``_series.py``, touch this file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, absolute, load, spread, store, where
from tael.kernels.panel._series import Floats, n_strips, strip


@njit(**JIT)
def lag(x: Floats, out: Floats, n_rows: int, n_cols: int, rows: int, first: int, past: int, minus: bool) -> None:
    """``x[t - rows]``, or with ``minus`` what ``x[t]`` is above it; a negative lag looks ahead."""
    for t in range(first, past):
        there = 0 <= t - rows < n_rows
        for s in range(n_strips(n_cols, LANES)):
            c, _ = strip(s, n_cols, LANES)
            v = spread(np.nan)
            if there:
                v = load(x, (t - rows) * n_cols + c)
            if minus:
                v = load(x, t * n_cols + c) - v
            store(out, t * n_cols + c, where(v - v == 0.0, v, np.nan))


@njit(**JIT)
def decaying(
    x: Floats, out: Floats, n_rows: int, n_cols: int, alpha: float, least: int, start: int, first: int, past: int
) -> None:
    """Exponentially weighted means of columns ``first`` to ``past - 1``: a row weighs ``1 - alpha`` of the next."""
    n, weight, mean = np.zeros(n_cols), np.zeros(n_cols), np.zeros(n_cols)
    for t in range(n_rows):
        row = t * n_cols
        for c in range(first, past, LANES):
            v = load(x, row + c)
            ok = v - v == 0.0
            count = load(n, c) + where(ok, 1.0, 0.0)
            w = load(weight, c) * (1.0 - alpha) + where(ok, 1.0, 0.0)
            y = load(mean, c)
            # A step towards the new value: the mean of a constant stays that constant.
            y = where(count == 1.0, where(ok, v, y), y + where(ok, (v - y) / w, 0.0))
            store(n, c, count)
            store(weight, c, w)
            store(mean, c, y)
            if t >= start:
                store(out, row + c, where(ok & (count >= least), y, np.nan))


@njit(**JIT)
def run_length(x: Floats, out: Floats, n_rows: int, n_cols: int, start: int, first: int, past: int) -> None:
    """How many rows in a row, up to this one, are there and not 0."""
    length = np.zeros(n_cols)
    for t in range(n_rows):
        row = t * n_cols
        for c in range(first, past, LANES):
            v = load(x, row + c)
            ok = v - v == 0.0
            y = where(ok & (absolute(v) > 0.0), load(length, c) + 1.0, 0.0)
            store(length, c, y)
            if t >= start:
                store(out, row + c, where(ok, y, np.nan))
