"""Shapley values of a boosted tree's score, exact, in time linear in leaves and depth (path-dependent TreeSHAP).

A leaf of value v, reached if every feature on its path says yes, is a product game: with o_i = 1 where feature i of the
row says yes and z_i the share of the training rows that went the leaf's way at the splits on i, its Shapley values are

    phi_i = v (o_i - z_i) * integral over t in (0, 1) of the product over j != i of (t o_j + (1 - t) z_j)

(Owen's multilinear extension, 1972). The integrand is a polynomial of degree D - 1, D features being on the path, so
Gauss-Legendre with D / 2 points, rounded up, is exact. At each point the products travel down the tree and their sums
up again, as in Linear TreeSHAP (Yu et al., NeurIPS 2022, arXiv 2209.08192): no work is done twice for leaves that share
a path. All terms are positive, so nothing cancels, however deep the tree.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels._threads import cut, share_out

BLOCK = 64
"""Rows that travel together: enough to fill the processor's lanes, few enough to stay in its nearest memory."""

_TINY = 1.0000000180025095e-35  # LightGBM's kZeroThreshold: what is nearer to zero is zero
_CHUNK = 512  # rows: with their contributions they stay in a core's own memory while all trees pass over them
_MISSING_NONE, _MISSING_ZERO = 0, 1


class Trees(NamedTuple):
    """Boosted trees as arrays, made by `grow`; splits are counted from their tree's first.

    Parameters
    ----------
    start : (n_trees + 1,) int64
        First split of each tree.
    feature : (n_splits,) int32
    threshold : (n_splits,) float64
        At most this goes left.
    decision : (n_splits,) uint8
        LightGBM's: bit 1 missing goes left; bits 2 and 3 what is missing (0 nothing, 1 zero and NaN, 2 NaN).
    child : (n_splits, 2) int32
        Left and right: a split after its parent, or -1 - leaf.
    leaf_start : (n_trees + 1,) int64
        First leaf of each tree.
    leaf_value : (n_leaves,) float64
    prior : (n_splits,) int32
        The last earlier way decided by the same feature, as 2 * split + side; -1 if the feature is new on the path.
    share : (n_splits, 2) float64
        Share of the rows that went this way at all splits on this feature, from the root to here.
    n_points : (n_trees,) int64
        Half of the most distinct features on any path, rounded up; 0 for a tree of one leaf.
    points, weights : (most + 1, most) float64
        Gauss-Legendre on (0, 1); row k begins with its k points.
    """

    start: NDArray[np.int64]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    decision: NDArray[np.uint8]
    child: NDArray[np.int32]
    leaf_start: NDArray[np.int64]
    leaf_value: NDArray[np.float64]
    prior: NDArray[np.int32]
    share: NDArray[np.float64]
    n_points: NDArray[np.int64]
    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def grow(
    start: NDArray[Any], feature: NDArray[Any], threshold: NDArray[Any], decision: NDArray[Any], child: NDArray[Any],
    cover: NDArray[np.float64], leaf_start: NDArray[Any], leaf_value: NDArray[Any],
) -> Trees:  # fmt: skip
    """Work out what does not depend on the rows.

    Parameters
    ----------
    cover : (n_splits, 2) float64
        Share of a split's training rows that went left, right; positive.
    start, feature, threshold, decision, child, leaf_start, leaf_value
        As in `Trees`.
    """
    start, feature = np.ascontiguousarray(start, np.int64), np.ascontiguousarray(feature, np.int32)
    child, cover = np.ascontiguousarray(child, np.int32), np.ascontiguousarray(cover, np.float64)
    prior, share = np.empty(feature.size, np.int32), np.empty_like(cover)
    n_points = np.empty(start.size - 1, np.int64)
    _trace(start, feature, child, cover, prior, share, n_points)
    most = int(n_points.max(initial=0))
    points, weights = np.zeros((2, most + 1, most))
    for k in np.unique(n_points[n_points > 0]).tolist():
        t, w = np.polynomial.legendre.leggauss(k)
        points[k, :k], weights[k, :k] = (t + 1.0) / 2.0, w / 2.0
    return Trees(
        start,
        feature,
        np.ascontiguousarray(threshold, np.float64),
        np.ascontiguousarray(decision, np.uint8),
        child,
        np.ascontiguousarray(leaf_start, np.int64),
        np.ascontiguousarray(leaf_value, np.float64),
        prior,
        share,
        n_points,
        points,
        weights,
    )


def explain(X: NDArray[np.float64], trees: Trees, out: NDArray[np.float64], n_threads: int = 1) -> None:
    """Add each row's Shapley values to ``out``.

    Parameters
    ----------
    X : (n, p) float64, C order
    trees : Trees
    out : (n, >= p) float64, C order
        Receives; columns after p stay as they are.
    n_threads : int
        No bit of the result depends on it, nor on which rows are asked for together.
    """
    bounds = cut(np.ones(X.shape[0], np.int64), max(n_threads, -(-X.shape[0] // _CHUNK)))
    share_out(partial(_explain_chunk, X, trees, out), bounds, n_threads)


def _explain_chunk(
    X: NDArray[np.float64], trees: Trees, out: NDArray[np.float64], first_row: int, past_row: int
) -> None:
    _explain(X, first_row, past_row, *trees, out)


@njit(**JIT)
def _trace(
    start: NDArray[np.int64], feature: NDArray[np.int32], child: NDArray[np.int32], cover: NDArray[np.float64],
    prior: NDArray[np.int32], share: NDArray[np.float64], n_points: NDArray[np.int64],
) -> None:  # fmt: skip
    """Fill in `prior`, `share` and `n_points` of `Trees`."""
    for tree in range(start.size - 1):
        first, n = start[tree], start[tree + 1] - start[tree]
        parent = np.full(n, -1, np.int32)  # as 2 * split + side
        distinct = np.zeros(n, np.int64)
        most = 0
        for k in range(n):
            at = first + k
            way = parent[k]
            while way >= 0 and feature[first + (way >> 1)] != feature[at]:
                way = parent[way >> 1]
            prior[at] = way
            above = 1.0 if way < 0 else share[first + (way >> 1), way & 1]
            seen = (0 if parent[k] < 0 else distinct[parent[k] >> 1]) + (way < 0)
            distinct[k] = seen
            most = max(most, seen)
            for side in range(2):
                share[at, side] = above * cover[at, side]
                if child[at, side] >= 0:
                    parent[child[at, side]] = 2 * k + side
        n_points[tree] = (most + 1) // 2


@njit(**JIT)
def _factors(
    points: NDArray[np.float64], weights: NDArray[np.float64], before: float, share: float, is_left: bool,
    value: float, go: NDArray[np.float64], pay: NDArray[np.float64],
) -> None:  # fmt: skip
    """Of one way out, by state (0: row goes right, 1: left, 2: an earlier split on the feature has said no).

    `go` is what the product is multiplied with (and with the leaf's value, if a leaf comes next), `pay` what the
    feature gains for each unit that comes back, less what the earlier way on the same feature has been paid for it.
    """
    yes = 1 if is_left else 0
    for q in range(points.size):
        t, w = points[q], weights[q]
        old = t + (1.0 - t) * before
        new = t + (1.0 - t) * share
        go[yes, q] = value * (new / old)
        go[1 - yes, q] = value * ((1.0 - t) * share / old)
        go[2, q] = value * (share / before)
        pay[yes, q] = w * (before - share) / (new * old)
        pay[1 - yes, q] = -w / ((1.0 - t) * old)
        pay[2, q] = 0.0


@njit(**JIT)
def _decide(x: NDArray[np.float64], threshold: float, decision: int, state: NDArray[np.int64]) -> None:
    """1 where the row goes left, as LightGBM's NumericalDecision has it."""
    missing, default_left = (decision >> 2) & 3, (decision & 2) != 0
    nan_left = default_left if missing != _MISSING_NONE else threshold >= 0.0
    if missing == _MISSING_ZERO:
        for r in range(BLOCK):
            v = x[r]
            state[r] = default_left if (v == 0.0 or v != v) else v <= threshold
    elif nan_left:
        for r in range(BLOCK):
            state[r] = not (x[r] > threshold)
    else:
        for r in range(BLOCK):
            state[r] = x[r] <= threshold


@njit(**JIT)
def _pass_on(
    source: NDArray[np.float64], state: NDArray[np.int64], go: NDArray[np.float64], again: bool, n_points: int,
    target: NDArray[np.float64],
) -> None:  # fmt: skip
    """The products one way further down, whether or not a row goes that way."""
    for q in range(n_points):
        right, left, off = go[0, q], go[1, q], go[2, q]
        if again:
            for r in range(BLOCK):
                s = state[r]
                target[q, r] = source[q, r] * (off if s == 2 else (left if s == 1 else right))
        else:
            for r in range(BLOCK):
                target[q, r] = source[q, r] * (left if state[r] == 1 else right)


@njit(**JIT)
def _take(
    left: NDArray[np.float64], right: NDArray[np.float64], state: NDArray[np.int64], pay: NDArray[np.float64],
    again: bool, n_points: int, total: NDArray[np.float64], paid: NDArray[np.float64],
) -> None:  # fmt: skip
    """What came back by both ways: added up, and paid for."""
    for q in range(n_points):
        l0, l1, r0, r1 = pay[0, 0, q], pay[0, 1, q], pay[1, 0, q], pay[1, 1, q]
        if again:
            for r in range(BLOCK):
                s, x, y = state[r], left[q, r], right[q, r]
                gain = x * (l1 if s == 1 else l0) + y * (r1 if s == 1 else r0)
                paid[r] += 0.0 if s == 2 else gain
                total[q, r] = x + y
        else:
            for r in range(BLOCK):
                s, x, y = state[r], left[q, r], right[q, r]
                paid[r] += x * (l1 if s == 1 else l0) + y * (r1 if s == 1 else r0)
                total[q, r] = x + y


@njit(**JIT)
def _take_leaves(
    product: NDArray[np.float64], state: NDArray[np.int64], go: NDArray[np.float64], pay: NDArray[np.float64],
    again: bool, n_points: int, paid: NDArray[np.float64],
) -> None:  # fmt: skip
    """`_pass_on` to two leaves and `_take` from them, in one step: half of all splits have two leaves."""
    for q in range(n_points):
        t0, t1, t2 = go[0, 0, q] + go[1, 0, q], go[0, 1, q] + go[1, 1, q], go[0, 2, q] + go[1, 2, q]
        p0 = go[0, 0, q] * pay[0, 0, q] + go[1, 0, q] * pay[1, 0, q]
        p1 = go[0, 1, q] * pay[0, 1, q] + go[1, 1, q] * pay[1, 1, q]
        if again:
            for r in range(BLOCK):
                s, x = state[r], product[q, r]
                paid[r] += x * (0.0 if s == 2 else (p1 if s == 1 else p0))
                product[q, r] = x * (t2 if s == 2 else (t1 if s == 1 else t0))
        else:
            for r in range(BLOCK):
                s, x = state[r], product[q, r]
                paid[r] += x * (p1 if s == 1 else p0)
                product[q, r] = x * (t1 if s == 1 else t0)


@njit(**JIT)
def _explain(
    X: NDArray[np.float64], first_row: int, past_row: int,
    start: NDArray[np.int64], feature: NDArray[np.int32], threshold: NDArray[np.float64], decision: NDArray[np.uint8],
    child: NDArray[np.int32], leaf_start: NDArray[np.int64], leaf_value: NDArray[np.float64], prior: NDArray[np.int32],
    share: NDArray[np.float64], n_points: NDArray[np.int64], points: NDArray[np.float64],
    weights: NDArray[np.float64], out: NDArray[np.float64],
) -> None:  # fmt: skip
    """`explain` for the rows from ``first_row`` to before ``past_row``."""
    n_rows, p = past_row - first_row, X.shape[1]
    n_blocks = (n_rows + BLOCK - 1) // BLOCK
    # Columns of a block side by side, rows that fill up the last block are zero and go nowhere.
    columns = np.zeros((n_blocks, p, BLOCK))
    gained = np.zeros((n_blocks, p, BLOCK))
    for i in range(n_rows):
        for j in range(p):
            v = X[first_row + i, j]
            columns[i // BLOCK, j, i % BLOCK] = 0.0 if abs(v) <= _TINY else v
    deepest, widest = 1, 1
    for tree in range(start.size - 1):
        widest = max(widest, start[tree + 1] - start[tree])
        deepest = max(deepest, n_points[tree])
    go = np.empty((widest, 2, 3, deepest))
    pay = np.empty((widest, 2, 3, deepest))
    state = np.empty((widest, BLOCK), np.int64)
    product = np.empty((widest, deepest, BLOCK))
    paid, leaf = np.empty(BLOCK), np.empty((deepest, BLOCK))
    for tree in range(start.size - 1):
        first, n, n_q = start[tree], start[tree + 1] - start[tree], n_points[tree]
        if n == 0:
            continue
        t, w = points[n_q, :n_q], weights[n_q, :n_q]
        for k in range(n):
            way = prior[first + k]
            before = 1.0 if way < 0 else share[first + (way >> 1), way & 1]
            for side in range(2):
                c = child[first + k, side]
                value = 1.0 if c >= 0 else leaf_value[leaf_start[tree] - 1 - c]
                _factors(t, w, before, share[first + k, side], side == 0, value, go[k, side], pay[k, side])
        for b in range(n_blocks):
            product[0, :n_q] = 1.0
            for k in range(n):
                at = first + k
                here = state[k]
                _decide(columns[b, feature[at]], threshold[at], decision[at], here)
                again = prior[at] >= 0
                if again:
                    above = state[prior[at] >> 1]
                    yes = 1 - (prior[at] & 1)
                    for r in range(BLOCK):
                        here[r] = here[r] if above[r] == yes else 2
                for side in range(2):
                    c = child[at, side]
                    if c >= 0:
                        _pass_on(product[k], here, go[k, side], again, n_q, product[c])
            for k in range(n - 1, -1, -1):
                at = first + k
                here, again = state[k], prior[at] >= 0
                left, right = child[at, 0], child[at, 1]
                paid[:] = 0.0
                if left < 0 and right < 0:
                    _take_leaves(product[k], here, go[k], pay[k], again, n_q, paid)
                else:
                    if left < 0:
                        _pass_on(product[k], here, go[k, 0], again, n_q, leaf)
                    elif right < 0:
                        _pass_on(product[k], here, go[k, 1], again, n_q, leaf)
                    from_left = leaf if left < 0 else product[left]
                    from_right = leaf if right < 0 else product[right]
                    _take(from_left, from_right, here, pay[k], again, n_q, product[k], paid)
                mine = gained[b, feature[at]]
                for r in range(BLOCK):
                    mine[r] += paid[r]
    for i in range(n_rows):
        for j in range(p):
            out[first_row + i, j] += gained[i // BLOCK, j, i % BLOCK]
