"""Cyclic boosting of shape functions: one table of log-odds for each binned column.

Arrays in, arrays out. A *sweep* visits every column once. Within a sweep the loss is taken as its second-order
expansion at the sweep's start: after a step ``d`` the gradient of a row moves by its curvature times ``d``, so the
exponentials are worked out once a sweep and not once a step.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]


@njit(**JIT)
def gradients(z: Floats, label: Floats, weight: Floats, gradient: Floats, curvature: Floats) -> None:
    """First and second derivative of each row's log loss in its log-odds.

    Parameters
    ----------
    z, label, weight : (n,) float64
        Log-odds, 0 or 1, and what a row counts.
    gradient, curvature : (n,) float64
        Receive ``w (p - y)`` and ``w p (1 - p)``.
    """
    for i in range(z.size):
        p = 1.0 / (1.0 + np.exp(-z[i]))
        gradient[i] = weight[i] * (p - label[i])
        curvature[i] = weight[i] * p * (1.0 - p)


@njit(inline="always", **JIT)
def _gain(g: float, h: float, l2: float) -> float:
    return g * g / (h + l2)


@njit(**JIT)
def _best_cut(
    g: Floats, h: Floats, n: Floats, first: int, past: int, rule: Floats, sign: int, low: float, high: float
) -> tuple[float, int]:
    """The cut of bins first to past - 1 that lowers the loss most, and by how much; -1 where none is allowed."""
    least, curve, l2 = rule[0], rule[1], rule[2]
    G, H, N = 0.0, 0.0, 0.0
    for b in range(first, past):
        G += g[b]
        H += h[b]
        N += n[b]
    whole = _gain(G, H, l2)
    best, at = 1e-12, -1
    left_g, left_h, left_n = 0.0, 0.0, 0.0
    for b in range(first, past - 1):
        left_g += g[b]
        left_h += h[b]
        left_n += n[b]
        if n[b] <= 0.0 or left_n < least or left_h < curve:
            continue
        if N - left_n < least or H - left_h < curve:
            break
        if sign != 0:
            below, above = -left_g / (left_h + l2), -(G - left_g) / (H - left_h + l2)
            if sign * (above - below) < 0.0 or min(below, above) < low or max(below, above) > high:
                continue
        one = _gain(left_g, left_h, l2) + _gain(G - left_g, H - left_h, l2) - whole
        if one > best:
            best, at = one, b + 1
    return best, at


@njit(**JIT)
def step_of(
    g: Floats, h: Floats, n: Floats, n_ordinary: int, rule: Floats, leaves: int, sign: int, step: Floats
) -> None:
    """Newton step of one column's table, constant over a few runs of ordinary bins.

    Parameters
    ----------
    g, h, n : (k,) float64
        Gradient, curvature and rows by bin.
    n_ordinary : int
        Ordered bins that come first; each of the others (special codes, missing) has a step of its own.
    rule : (3,) float64
        Least rows and least curvature of a run, and the ridge.
    leaves : int
        Runs at most.
    sign : int
        +1: the step may only rise over the ordinary bins, -1: only fall, 0: free.
    step : (k,) float64
        Receives the step.
    """
    l2 = rule[2]
    starts = np.zeros(leaves + 1, np.int64)
    starts[1] = n_ordinary
    gains, cuts = np.zeros(leaves), np.zeros(leaves, np.int64)
    n_runs = 1
    gains[0], cuts[0] = _best_cut(g, h, n, 0, n_ordinary, rule, sign, -np.inf, np.inf)
    while n_runs < leaves:
        best = 0
        for r in range(1, n_runs):
            if cuts[r] >= 0 and (cuts[best] < 0 or gains[r] > gains[best]):
                best = r
        if cuts[best] < 0:
            break
        for r in range(n_runs, best, -1):
            starts[r + 1] = starts[r]
            gains[r], cuts[r] = gains[r - 1], cuts[r - 1]
        starts[best + 1] = cuts[best]
        n_runs += 1
        for r in range(n_runs):
            low, high = -np.inf, np.inf
            if sign != 0:
                # A run that is cut again must stay between its neighbours' values, which have just moved.
                before = _value(g, h, starts[r - 1], starts[r], l2) if r > 0 else -sign * np.inf
                after = _value(g, h, starts[r + 1], starts[r + 2], l2) if r + 1 < n_runs else sign * np.inf
                low, high = min(before, after), max(before, after)
            elif r != best and r != best + 1:
                continue
            gains[r], cuts[r] = _best_cut(g, h, n, starts[r], starts[r + 1], rule, sign, low, high)
    for r in range(n_runs):
        value = _value(g, h, starts[r], starts[r + 1], l2)
        for b in range(starts[r], starts[r + 1]):
            step[b] = value
    for b in range(n_ordinary, g.size):
        step[b] = -g[b] / (h[b] + l2)


@njit(**JIT)
def _value(g: Floats, h: Floats, first: int, past: int, l2: float) -> float:
    G, H = 0.0, 0.0
    for b in range(first, past):
        G += g[b]
        H += h[b]
    return -G / (H + l2)


@njit(**JIT)
def sweep_columns(
    codes: Codes, sizes: NDArray[np.int64], n_ordinary: NDArray[np.int64], counts: Floats, order: NDArray[np.int64],
    sign: NDArray[np.int64], rule: Floats, leaves: int, rate: float, gradient: Floats, curvature: Floats, z: Floats,
    tables: Floats,
) -> None:  # fmt: skip
    """One sweep over the columns' tables.

    Parameters
    ----------
    codes : (p, n) uint8
        Bin of each row by column.
    sizes, n_ordinary : (p,) int64
        Bins of each column, and how many of them are ordered.
    counts : (p, k) float64
        Rows in each bin.
    order : (q,) int64
        Columns in the order of the visit.
    sign : (p,) int64
    rule, leaves
        As in `step_of`.
    rate : float
        Share of the Newton step that is taken.
    gradient, curvature : (n,) float64
        At the sweep's start; the gradient is moved along.
    z : (n,) float64
        Log-odds; moved along.
    tables : (p, k) float64
        Log-odds by bin; moved along.
    """
    n, width = codes.shape[1], tables.shape[1]
    g, h, step = np.empty(width), np.empty(width), np.zeros(width)
    for j in order:
        k = sizes[j]
        if k < 2:
            continue
        g[:k] = 0.0
        h[:k] = 0.0
        column = codes[j]
        for i in range(n):
            c = column[i]
            g[c] += gradient[i]
            h[c] += curvature[i]
        step_of(g[:k], h[:k], counts[j, :k], n_ordinary[j], rule, leaves, sign[j], step[:k])
        for c in range(k):
            step[c] *= rate
            tables[j, c] += step[c]
        for i in range(n):
            d = step[column[i]]
            z[i] += d
            gradient[i] += curvature[i] * d


@njit(**JIT)
def add_columns(codes: Codes, tables: Floats, z: Floats) -> None:
    """Add each row's table values to its log-odds, column by column in their order.

    Parameters
    ----------
    codes : (p, n) uint8
    tables : (p, k) float64
    z : (n,) float64
    """
    for j in range(codes.shape[0]):
        for i in range(codes.shape[1]):
            z[i] += tables[j, codes[j, i]]
