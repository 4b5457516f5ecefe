"""Sorting rows by (entity, time, known-at, order in the table): a counting sort, then a merge sort where needed.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT, NAT, load_i64, load_int


@njit(**JIT)
def _after(time: int, known: int, a: int, b: int) -> bool:
    """Row a comes after row b."""
    x, y = load_i64(time, a), load_i64(time, b)
    if x != y or known == 0:
        return x > y
    return load_i64(known, a) > load_i64(known, b)


@njit(**JIT)
def is_sorted(codes: int, width: int, n_rows: int, time: int, known: int) -> bool:
    """Whether rows are in the order of (code, time, known-at) already."""
    for j in range(1, n_rows):
        a, b = load_int(codes, width, j - 1), load_int(codes, width, j)
        if a > b or (a == b and _after(time, known, j - 1, j)):
            return False
    return True


@njit(**JIT)
def scatter(
    codes: int, width: int, n_rows: int, low: int, time: int, known: int, ends: NDArray[np.int64],
    unsorted: NDArray[np.bool_], order: NDArray[np.int64], rank: NDArray[np.int32],
) -> None:  # fmt: skip
    """Counting sort by code, into ``order``, ``rank`` (its inverse) or both; an empty array is not wanted.

    ``ends[c]`` becomes one past the last row of code ``low + c``, ``unsorted[c]`` whether its rows are out of order.
    """
    ends[:] = 0
    unsorted[:] = False
    for j in range(n_rows):
        ends[load_int(codes, width, j) - low] += 1
    begin = np.int64(0)
    for c in range(ends.size):
        count = ends[c]
        ends[c] = begin
        begin += count
    # Times seen last are kept by code, so that rows are read in their own order: that is what memory is fast at.
    last_time = np.full(ends.size, NAT, np.int64)
    last_known = np.full(ends.size, NAT, np.int64)
    for j in range(n_rows):
        c = load_int(codes, width, j) - low
        t = load_i64(time, j)
        k = load_i64(known, j) if known != 0 else NAT
        if t < last_time[c] or (t == last_time[c] and k < last_known[c]):
            unsorted[c] = True
        last_time[c] = t
        last_known[c] = k
        if order.size > 0:
            order[ends[c]] = j
        if rank.size > 0:
            rank[j] = ends[c]
        ends[c] += 1


@njit(**JIT)
def sort_slices(
    first: int, past: int, time: int, known: int, ends: NDArray[np.int64], unsorted: NDArray[np.bool_],
    order: NDArray[np.int64],
) -> None:  # fmt: skip
    """Stable merge sort of the rows of each entity that needs it."""
    spare = np.empty(0, np.int64)
    for c in range(first, past):
        begin = ends[c - 1] if c > 0 else np.int64(0)
        end = ends[c]
        if not unsorted[c]:
            continue
        if spare.size < end - begin:
            spare = np.empty(end - begin, np.int64)
        # Runs of 16 by insertion, then merges of doubling length.
        for low in range(begin, end, 16):
            for q in range(low + 1, min(low + 16, end)):
                row = order[q]
                r = q
                while r > low and _after(time, known, order[r - 1], row):
                    order[r] = order[r - 1]
                    r -= 1
                order[r] = row
        length = 16
        while length < end - begin:
            for low in range(begin, end - length, 2 * length):
                middle, high = low + length, min(low + 2 * length, end)
                if not _after(time, known, order[middle - 1], order[middle]):
                    continue
                for q in range(low, middle):
                    spare[q - low] = order[q]
                a, b, q = np.int64(0), middle, low
                while a < length and b < high:
                    if _after(time, known, spare[a], order[b]):
                        order[q] = order[b]
                        b += 1
                    else:
                        order[q] = spare[a]
                        a += 1
                    q += 1
                while a < length:
                    order[q] = spare[a]
                    a += 1
                    q += 1
            length *= 2
