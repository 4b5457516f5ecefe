"""Cyclic boosting of pairs of binned columns: each pair's table takes a step that is a tree of depth two.

Arrays in, arrays out; `tael.kernels.shapes` boosts single columns and says what a sweep is. Sums over blocks of cells
come from cumulative sums, so a pair's best tree over k by k cells costs O(k^2).

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]


@njit(inline="always", **JIT)
def _gain(g: float, h: float, l2: float) -> float:
    return g * g / (h + l2)


@njit(**JIT)
def _sums(a: Codes, b: Codes, ka: int, kb: int, gradient: Floats, curvature: Floats, cum: Floats) -> None:
    """Sums of gradient and curvature over the cells below and left of each corner: cum (2, ka + 1, kb + 1)."""
    for s in range(ka + 1):
        for t in range(kb + 1):
            cum[0, s, t] = 0.0
            cum[1, s, t] = 0.0
    for i in range(a.size):
        s, t = a[i] + 1, b[i] + 1
        cum[0, s, t] += gradient[i]
        cum[1, s, t] += curvature[i]
    accumulate(cum, ka, kb)


@njit(**JIT)
def accumulate(cum: Floats, ka: int, kb: int) -> None:
    """Turn cells, shifted by one in both directions, into sums over all cells below and left."""
    for q in range(cum.shape[0]):
        for s in range(1, ka + 1):
            row = 0.0
            for t in range(1, kb + 1):
                row += cum[q, s, t]
                cum[q, s, t] = row + cum[q, s - 1, t]


@njit(inline="always", **JIT)
def _block(cum: Floats, q: int, s0: int, s1: int, t0: int, t1: int, turned: bool) -> float:
    """Sum over a block; turned: s runs over the second column."""
    if turned:
        s0, s1, t0, t1 = t0, t1, s0, s1
    return cum[q, s1, t1] - cum[q, s0, t1] - cum[q, s1, t0] + cum[q, s0, t0]


@njit(**JIT)
def _best_inner(cum: Floats, s0: int, s1: int, kt: int, rule: Floats, sign: int, turned: bool) -> tuple[float, int]:
    """The best cut of one side along the other column: gain of both parts together, and where (0: no cut)."""
    least, curve, l2 = rule[0], rule[1], rule[2]
    G, H = _block(cum, 0, s0, s1, 0, kt, turned), _block(cum, 1, s0, s1, 0, kt, turned)
    N = _block(cum, 2, s0, s1, 0, kt, turned)
    best, at = _gain(G, H, l2), 0
    for t in range(1, kt):
        n = _block(cum, 2, s0, s1, 0, t, turned)
        if n < least or N - n < least:
            continue
        g, h = _block(cum, 0, s0, s1, 0, t, turned), _block(cum, 1, s0, s1, 0, t, turned)
        if h < curve or H - h < curve:
            continue
        if sign != 0 and sign * (g / (h + l2) - (G - g) / (H - h + l2)) < 0.0:
            continue
        one = _gain(g, h, l2) + _gain(G - g, H - h, l2)
        if one > best:
            best, at = one, t
    return best, at


@njit(**JIT)
def _fit_pair(cum: Floats, ka: int, kb: int, rule: Floats, sign_a: int, sign_b: int, cuts: NDArray[np.int64]) -> float:
    """The best tree of depth two that cuts one column and, on either side, the other; its gain over no cut.

    cuts receives: which column is cut first (0 or 1), where, and where the other is cut below and above (0: not).
    """
    least, curve, l2 = rule[0], rule[1], rule[2]
    whole = _gain(cum[0, ka, kb], cum[1, ka, kb], l2)
    best = 1e-12
    cuts[:] = 0
    for side in range(2):
        turned = side == 1
        ks, kt = (kb, ka) if turned else (ka, kb)
        sign_s, sign_t = (sign_b, sign_a) if turned else (sign_a, sign_b)
        for s in range(1, ks):
            n = _block(cum, 2, 0, s, 0, kt, turned)
            if n < least or cum[2, ka, kb] - n < least or n == _block(cum, 2, 0, s - 1, 0, kt, turned):
                continue
            h = _block(cum, 1, 0, s, 0, kt, turned)
            if h < curve or cum[1, ka, kb] - h < curve:
                continue
            below, t_below = _best_inner(cum, 0, s, kt, rule, sign_t, turned)
            above, t_above = _best_inner(cum, s, ks, kt, rule, sign_t, turned)
            one = below + above - whole
            if one <= best:
                continue
            if sign_s != 0 and not _ordered(cum, s, ks, kt, t_below, t_above, l2, sign_s, turned):
                continue
            best = one
            cuts[0], cuts[1], cuts[2], cuts[3] = side, s, t_below, t_above
    return best if cuts[1] > 0 else 0.0


@njit(inline="always", **JIT)
def _leaf(cum: Floats, s0: int, s1: int, t0: int, t1: int, l2: float, turned: bool) -> float:
    return -_block(cum, 0, s0, s1, t0, t1, turned) / (_block(cum, 1, s0, s1, t0, t1, turned) + l2)


@njit(**JIT)
def _ordered(
    cum: Floats, s: int, ks: int, kt: int, t_below: int, t_above: int, l2: float, sign: int, turned: bool
) -> bool:
    """Whether the step keeps the direction along the column that is cut first, wherever the other stands."""
    for t in (0, kt - 1):
        a0, a1 = (0, kt) if t_below == 0 else ((0, t_below) if t < t_below else (t_below, kt))
        b0, b1 = (0, kt) if t_above == 0 else ((0, t_above) if t < t_above else (t_above, kt))
        if sign * (_leaf(cum, s, ks, b0, b1, l2, turned) - _leaf(cum, 0, s, a0, a1, l2, turned)) < 0.0:
            return False
    if t_below > 0 and t_above > 0 and t_below != t_above:
        # Between the two cuts one side is already past its cut and the other is not.
        first_below = t_below < t_above
        a0, a1 = (t_below, kt) if first_below else (0, t_below)
        b0, b1 = (0, t_above) if first_below else (t_above, kt)
        if sign * (_leaf(cum, s, ks, b0, b1, l2, turned) - _leaf(cum, 0, s, a0, a1, l2, turned)) < 0.0:
            return False
    return True


@njit(**JIT)
def sweep_pairs(
    codes: Codes, sizes: NDArray[np.int64], pairs: NDArray[np.int64], counts: Floats, sign: NDArray[np.int64],
    rule: Floats, rate: float, gradient: Floats, curvature: Floats, z: Floats, tables: Floats,
) -> None:  # fmt: skip
    """One sweep over the pairs' tables.

    Parameters
    ----------
    codes : (p, n) uint8
        Coarse bin of each row by column.
    sizes : (p,) int64
    pairs : (q, 2) int64
    counts : (q, k + 1, k + 1) float64
        Rows below and left of each corner, from `pair_counts`.
    sign, rule, rate, gradient, curvature, z
        As in `sweep_columns`.
    tables : (q, k, k) float64
        Log-odds by cell; moved along.
    """
    n, width = codes.shape[1], tables.shape[1]
    cum = np.zeros((3, width + 1, width + 1))
    cuts = np.zeros(4, np.int64)
    step = np.zeros((width, width))
    for q in range(len(pairs)):
        ja, jb = pairs[q, 0], pairs[q, 1]
        ka, kb = sizes[ja], sizes[jb]
        a, b = codes[ja], codes[jb]
        _sums(a, b, ka, kb, gradient, curvature, cum[:2])
        cum[2] = counts[q]
        if _fit_pair(cum, ka, kb, rule, sign[ja], sign[jb], cuts) <= 0.0:
            continue
        turned = cuts[0] == 1
        ks, kt = (kb, ka) if turned else (ka, kb)
        for s in range(ks):
            s0, s1 = (0, cuts[1]) if s < cuts[1] else (cuts[1], ks)
            inner = cuts[2] if s < cuts[1] else cuts[3]
            for t in range(kt):
                t0, t1 = (0, kt) if inner == 0 else ((0, inner) if t < inner else (inner, kt))
                if turned:
                    step[t, s] = rate * _leaf(cum, s0, s1, t0, t1, rule[2], turned)
                else:
                    step[s, t] = rate * _leaf(cum, s0, s1, t0, t1, rule[2], turned)
        for s in range(ka):
            for t in range(kb):
                tables[q, s, t] += step[s, t]
        for i in range(n):
            d = step[a[i], b[i]]
            z[i] += d
            gradient[i] += curvature[i] * d


@njit(**JIT)
def pair_counts(codes: Codes, sizes: NDArray[np.int64], pairs: NDArray[np.int64], counts: Floats) -> None:
    """Rows below and left of each corner of each pair's table, as `sweep_pairs` wants them."""
    for q in range(len(pairs)):
        ja, jb = pairs[q, 0], pairs[q, 1]
        counts[q] = 0.0
        a, b = codes[ja], codes[jb]
        for i in range(codes.shape[1]):
            counts[q, a[i] + 1, b[i] + 1] += 1.0
        accumulate(counts[q : q + 1], sizes[ja], sizes[jb])


@njit(**JIT)
def pair_gains(
    codes: Codes, sizes: NDArray[np.int64], pairs: NDArray[np.int64], rule: Floats, gradient: Floats,
    curvature: Floats, gains: Floats,
) -> None:  # fmt: skip
    """What the first step of each pair would gain beyond the best single cut: how much the two say only together.

    Parameters
    ----------
    codes, sizes, pairs, rule, gradient, curvature
        As in `sweep_pairs`; the gradient should be of rows that the columns' tables have not seen.
    gains : (q,) float64
        Receives the gains, in units of twice the log loss.

    References
    ----------
    Lou, Caruana, Gehrke, Hooker (2013). Accurate intelligible models with pairwise interactions. KDD. Their FAST ranks
    pairs by the best cut of both columns; here either side may cut the second column elsewhere.
    """
    width = 0
    for j in range(sizes.size):
        width = max(width, sizes[j])
    cum = np.zeros((3, width + 1, width + 1))
    counts = np.zeros((1, width + 1, width + 1))
    cuts = np.zeros(4, np.int64)
    for q in range(len(pairs)):
        ja, jb = pairs[q, 0], pairs[q, 1]
        ka, kb = sizes[ja], sizes[jb]
        _sums(codes[ja], codes[jb], ka, kb, gradient, curvature, cum[:2])
        pair_counts(codes, sizes, pairs[q : q + 1], counts)
        cum[2] = counts[0]
        both = _fit_pair(cum, ka, kb, rule, 0, 0, cuts)
        whole = _gain(cum[0, ka, kb], cum[1, ka, kb], rule[2])
        single = max(_best_inner(cum, 0, ka, kb, rule, 0, False)[0], _best_inner(cum, 0, kb, ka, rule, 0, True)[0])
        gains[q] = both - max(single - whole, 0.0)


@njit(**JIT)
def add_pairs(codes: Codes, pairs: NDArray[np.int64], tables: Floats, z: Floats) -> None:
    """Add each row's pair values to its log-odds, pair by pair in their order.

    Parameters
    ----------
    codes : (p, n) uint8
        Coarse bins.
    pairs : (q, 2) int64
    tables : (q, k, k) float64
    z : (n,) float64
    """
    for q in range(len(pairs)):
        a, b = codes[pairs[q, 0]], codes[pairs[q, 1]]
        for i in range(codes.shape[1]):
            z[i] += tables[q, a[i], b[i]]
