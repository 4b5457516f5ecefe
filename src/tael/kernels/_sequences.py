"""The compiled walk behind :func:`tael.kernels.sequences.sequences`.

For each observation the asks are answered one after another, sorted so that what they share is done once: the rows of
a window that meet a condition are listed (``SELECT``), the values there are gathered (``COLLECT``) and put in order
(``SORT``) only where an ask differs from the one before it. No number depends on what else is asked.

Everything that is sorted is sorted as float64 (numbers, codes, microseconds between rows: exact to 285 years), so that
one sort serves all and the first run compiles little.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT, load_f64, load_i8, load_i32, load_i64, store_f32, store_f64

# In the order in which asks of the same rows are answered: on the values of one column in the order of rows, on these
# sorted, on the gaps between rows sorted, on the rows.
BALANCE_AFTER, QUANTILE, ENTROPY, TOP_SHARE, MATCHED, PERIODICITY = range(6)
SHARE_OF, SLOPE, LONGEST_STREAK, BURST, NEXT_EVENT = range(6, 11)

# Columns of the table of asks: addresses (0: none), the width of a value in bytes, microseconds, row of the result.
STAT, VALUE, WIDTH, SECOND, WHERE, AFTER, WINDOW, SPAN, TARGET, DO = range(10)
SELECT, COLLECT, SORT = 1, 2, 4

DAY = 86_400_000_000.0
ROUNDING = 1e-12
"""Sums that cancel to less than this part of their terms, and numbers closer together, are 0 and equal."""
SLACK = 1e-9
"""How much further than its ratio an amount may lie from another, as a part of it: rounding, not a difference."""
NONE = 2**62


@njit(**JIT)
def _sort(work: NDArray[np.float64], spare: NDArray[np.float64], n: int) -> None:
    """Ascending: runs of 16 by insertion, then merges of doubling length; what is in order already costs one look."""
    for low in range(0, n, 16):
        for q in range(low + 1, min(low + 16, n)):
            x = work[q]
            r = q
            while r > low and work[r - 1] > x:
                work[r] = work[r - 1]
                r -= 1
            work[r] = x
    length = 16
    while length < n:
        for low in range(0, n - length, 2 * length):
            middle, high = low + length, min(low + 2 * length, n)
            if work[middle - 1] <= work[middle]:
                continue
            for q in range(length):
                spare[q] = work[low + q]
            a, b, q = 0, middle, low
            while a < length and b < high:
                if spare[a] > work[b]:
                    work[q] = work[b]
                    b += 1
                else:
                    work[q] = spare[a]
                    a += 1
                q += 1
            while a < length:
                work[q] = spare[a]
                a += 1
                q += 1
        length *= 2


@njit(**JIT)
def _rank(work: NDArray[np.float64], n: int, x: float, after_equals: bool) -> int:
    """How many of the sorted numbers lie below x, or not above it."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if work[middle] < x or (after_equals and work[middle] == x):
            low = middle + 1
        else:
            high = middle
    return low


@njit(**JIT)
def _select(where: int, begin: int, end: int, rows: NDArray[np.int64]) -> np.int64:
    n = np.int64(0)
    for j in range(begin, end):
        # written always and kept only if it counts: no branch to mispredict
        rows[n] = j
        n += np.int64(1) if where == 0 else np.int64(load_i8(where, j))
    return n


@njit(**JIT)
def _collect(value: int, width: int, rows: NDArray[np.int64], n: int, work: NDArray[np.float64]) -> np.int64:
    """The values that are there, in the order of rows."""
    m = np.int64(0)
    for k in range(n):
        x = float(load_i32(value, rows[k])) if width == 4 else load_f64(value, rows[k])
        work[m] = x
        m += np.int64(x >= 0.0 if width == 4 else x - x == 0.0)
    return m


@njit(**JIT)
def _gaps(time: int, rows: NDArray[np.int64], n: int, work: NDArray[np.float64]) -> int:
    for k in range(1, n):
        work[k - 1] = float(load_i64(time, rows[k]) - load_i64(time, rows[k - 1]))
    return max(n - 1, 0)


@njit(**JIT)
def _periodicity(work: NDArray[np.float64], m: int) -> float:
    if m < 2:
        return np.nan
    # in whole microseconds: a gap that differs by a tenth to the microsecond counts
    twice = np.int64(work[(m - 1) >> 1]) + np.int64(work[m >> 1])
    near = 0
    for k in range(m):
        near += 1 if abs(2 * np.int64(work[k]) - twice) <= twice // 10 else 0
    return near / m


@njit(**JIT)
def _of_counts(entropy: bool, work: NDArray[np.float64], m: int, spare: NDArray[np.float64]) -> float:
    # how many values are how frequent: which code a value has must not touch the last bit
    for c in range(m + 1):
        spare[c] = 0.0
    start = most = 0
    for k in range(1, m + 1):
        if k == m or work[k] != work[start]:
            spare[k - start] += 1.0
            most = max(most, k - start)
            start = k
    if not entropy:
        return most / m
    total = 0.0
    for c in range(1, most + 1):
        if spare[c] > 0.0 and c < m:
            total -= spare[c] * (c / m) * np.log(c / m)
    return total


@njit(**JIT)
def _slope(y: int, x: int, rows: NDArray[np.int64], n: int) -> float:
    m = 0
    x0 = y0 = sx = sy = low = high = 0.0
    for k in range(n):
        a, b = load_f64(x, rows[k]), load_f64(y, rows[k])
        if a - a != 0.0 or b - b != 0.0:
            continue
        if m == 0:
            x0 = low = high = a
            y0 = b
        m += 1
        sx += a - x0
        sy += b - y0
        low, high = min(low, a), max(high, a)
    if m < 2 or high - low <= ROUNDING * max(abs(low), abs(high)):
        return np.nan
    mx, my = sx / m, sy / m
    sxx = sxy = 0.0
    for k in range(n):
        a, b = load_f64(x, rows[k]), load_f64(y, rows[k])
        if a - a != 0.0 or b - b != 0.0:
            continue
        d = a - x0 - mx
        sxx += d * d
        sxy += d * (b - y0 - my)
    return sxy / sxx if sxx > 0.0 else np.nan


@njit(**JIT)
def _share_of(value: int, begin: int, end: int, rows: NDArray[np.int64], n: int) -> float:
    total = size = part = 0.0
    for j in range(begin, end):
        x = load_f64(value, j)
        if x - x == 0.0:
            total += x
            size += abs(x)
    for k in range(n):
        x = load_f64(value, rows[k])
        if x - x == 0.0:
            part += x
    return part / total if abs(total) > ROUNDING * size else np.nan


@njit(**JIT)
def _longest_streak(rows: NDArray[np.int64], n: int) -> int:
    most = run = 0
    for k in range(n):
        run = run + 1 if k > 0 and rows[k] == rows[k - 1] + 1 else 1
        most = max(most, run)
    return most


@njit(**JIT)
def _burst(time: int, span: int, rows: NDArray[np.int64], n: int) -> int:
    most = first = 0
    for k in range(n):
        while load_i64(time, rows[k]) - load_i64(time, rows[first]) >= span:
            first += 1
        most = max(most, k - first + 1)
    return most


@njit(**JIT)
def _next_event(time: int, after: int, begin: int, end: int, rows: NDArray[np.int64], n: int) -> float:
    total, found = 0.0, 0
    k = n
    for j in range(end - 1, begin - 1, -1):
        if k < n and load_i8(after, j) != 0:
            total += float(load_i64(time, rows[k]) - load_i64(time, j))
            found += 1
        if k > 0 and rows[k - 1] == j:
            k -= 1
    return total / DAY / found if found > 0 else np.nan


@njit(**JIT)
def _drop(tree: NDArray[np.int64], m: int, leaf: int) -> None:
    p = m + leaf
    tree[p] = NONE
    p >>= 1
    while p > 0:
        tree[p] = min(tree[2 * p], tree[2 * p + 1])
        p >>= 1


@njit(**JIT)
def _matched(
    value: int, time: int, after: int, begin: int, end: int, rows: NDArray[np.int64], n: int, ratio: float, span: int,
    work: NDArray[np.float64], m: int, spare: NDArray[np.float64], tree: NDArray[np.int64],
    leaves: NDArray[np.int64],
) -> float:  # fmt: skip
    """Leaves of the tree are the rows that may be taken, by value; a node holds the earliest row below it."""
    for p in range(m):
        spare[p] = 0.0
    for k in range(n):
        leaves[k] = -1
        x = load_f64(value, rows[k])
        if x - x == 0.0:
            # rows of equal values take leaves side by side
            leaf = _rank(work, m, x, False)
            leaves[k] = leaf + np.int64(spare[leaf])
            spare[leaf] += 1.0
            tree[m + leaves[k]] = k
    for p in range(m - 1, 0, -1):
        tree[p] = min(tree[2 * p], tree[2 * p + 1])
    total = passed = 0.0
    k = 0
    for j in range(begin, end):
        if k < n and rows[k] == j:
            if leaves[k] >= 0:
                _drop(tree, m, leaves[k])
            k += 1
        if load_i8(after, j) == 0:
            continue
        x = load_f64(value, j)
        if x - x != 0.0 or x <= 0.0:
            continue
        total += x
        low = m + _rank(work, m, x * (1.0 - ratio - SLACK), False)
        high = m + _rank(work, m, x * (1.0 + ratio + SLACK), True)
        best = NONE
        while low < high:
            if low & 1:
                best = min(best, tree[low])
                low += 1
            if high & 1:
                high -= 1
                best = min(best, tree[high])
            low >>= 1
            high >>= 1
        if best != NONE and load_i64(time, rows[best]) - load_i64(time, j) < span:
            passed += x
            _drop(tree, m, leaves[best])
    return passed / total if total > 0.0 else np.nan


@njit(**JIT)
def walk(
    first: int, past: int, n_obs: int, begins: int, stop: int, time: int, asks: NDArray[np.int64],
    parameters: NDArray[np.float64], longest: int, n_leaves: int, out: int, width: int, row_stride: int,
    obs_stride: int,
) -> None:  # fmt: skip
    """Answer every ask for the observations ``first`` to ``past``; ``longest`` is the greatest number of rows."""
    rows = np.empty(longest + 1, np.int64)
    work = np.empty(longest + 1, np.float64)
    spare = np.empty(longest + 1, np.float64)
    leaves = np.empty(n_leaves, np.int64)
    tree = np.empty(2 * n_leaves, np.int64)
    for i in range(first, past):
        n = m = np.int64(0)
        for a in range(asks.shape[0]):
            stat, value, where, do = asks[a, STAT], asks[a, VALUE], asks[a, WHERE], asks[a, DO]
            at = asks[a, WINDOW] * n_obs + i
            begin, end = load_i64(begins, at), load_i64(stop, at)
            if do & SELECT:
                n = _select(where, begin, end, rows)
            if do & COLLECT:
                if stat == PERIODICITY:
                    m = _gaps(time, rows, n, work)
                else:
                    m = _collect(value, asks[a, WIDTH], rows, n, work)
            if do & SORT:
                _sort(work, spare, m)
            result = np.nan
            if stat == BALANCE_AFTER:
                total = 0.0
                for k in range(m):
                    total += work[k]
                    if k == 0 or total < result:
                        result = total
            elif stat == QUANTILE:
                if m > 0:
                    h = (m - 1) * parameters[a]
                    low = np.int64(h)
                    result = work[low]
                    if low + 1 < m:
                        result += (h - low) * (work[low + 1] - result)
            elif stat <= TOP_SHARE:
                if m > 0:
                    result = _of_counts(stat == ENTROPY, work, m, spare)
            elif stat == MATCHED:
                result = _matched(
                    value, time, asks[a, AFTER], begin, end, rows, n, parameters[a], asks[a, SPAN],
                    work, m, spare, tree, leaves,
                )  # fmt: skip
            elif stat == PERIODICITY:
                result = _periodicity(work, m)
            elif stat == SHARE_OF:
                result = _share_of(value, begin, end, rows, n)
            elif stat == SLOPE:
                result = _slope(value, asks[a, SECOND], rows, n)
            elif stat == LONGEST_STREAK:
                result = float(_longest_streak(rows, n))
            elif stat == BURST:
                result = float(_burst(time, asks[a, SPAN], rows, n))
            else:
                result = _next_event(time, asks[a, AFTER], begin, end, rows, n)
            target = out + asks[a, TARGET] * row_stride + i * obs_stride
            if width == 8:
                store_f64(target, result)
            else:
                store_f32(target, result)
