"""How much moved, and with how many others: windows that slide along each node's edges.

Numba's cache looks at this file alone: after an edit of ``_slots.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels.network._slots import Side, bound, is_oldest, precedes, seen, since

N_OUT, N_IN, AMOUNT_OUT, AMOUNT_IN, FAN_OUT, FAN_IN, NEW, BACK = range(8)
WIDTH = 8
NEW_OUT, BACK_OUT = 1, 2


@njit(**JIT)
def mark(out: Side, into: Side, first: int, past: int, of_out: NDArray[np.uint8], of_in: NDArray[np.uint8]) -> None:
    """Which edges are the first contact of two nodes (bit 1), and which answer one the other way (bit 2), by slot."""
    n_nodes = out.start.size - 1
    last_out = np.full(n_nodes, -1, np.int64)
    last_in = np.full(n_nodes, -1, np.int64)
    for v in range(first, past):
        a, a_past, b, b_past = out.start[v], out.start[v + 1], into.start[v], into.start[v + 1]
        a_first, b_first = a, b
        while a < a_past or b < b_past:
            if b >= b_past or (a < a_past and not precedes(into.time[b], into.edge[b], out.time[a], out.edge[a])):
                w = out.other[a]
                answers = last_in[w] >= b_first
                of_out[a] = (0 if answers or last_out[w] >= a_first else 1) | (2 if answers else 0)
                last_out[w] = a
                a += 1
            else:
                w = into.other[b]
                answers = last_out[w] >= a_first
                of_in[b] = (0 if answers or last_in[w] >= b_first else 1) | (2 if answers else 0)
                last_in[w] = b
                b += 1


@njit(inline="always", **JIT)
def _plus(total: float, amount: float) -> float:
    return total if np.isnan(amount) else total + amount


@njit(inline="always", **JIT)
def _slide(
    side: Side, flags: NDArray[np.uint8], begin: int, cutoff: int, first: int, end: int, ints: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """Move a window on to [begin, cutoff). ints: lo, hi, fan, new, back; sums: up to lo, up to hi."""
    lo, hi, fan, new, back = ints[0], ints[1], ints[2], ints[3], ints[4]
    below, above = sums[0], sums[1]
    while hi < end and side.time[hi] < cutoff:
        if side.earlier[hi] < lo:
            fan += 1
        new += flags[hi] & 1
        back += flags[hi] >> 1
        above = _plus(above, side.amount[hi])
        hi += 1
    while lo < hi and side.time[lo] < begin:
        if side.later[lo] >= hi:
            fan -= 1
        new -= flags[lo] & 1
        back -= flags[lo] >> 1
        below = _plus(below, side.amount[lo])
        lo += 1
    ints[0], ints[1], ints[2], ints[3], ints[4] = lo, hi, fan, new, back
    sums[0], sums[1] = below, above


@njit(**JIT)
def slide(
    out: Side, into: Side, of_out: NDArray[np.uint8], of_in: NDArray[np.uint8], nodes: NDArray[np.int32],
    cutoffs: NDArray[np.int64], order: NDArray[np.int64], windows: NDArray[np.int64], first: int, past: int,
    result: NDArray[np.float64],
) -> None:  # fmt: skip
    """Queries in the order of (node, cutoff), each edge entered and left once a window; result (n, windows, WIDTH).

    Sums are differences of running totals from the node's first edge, so that they depend on no other query.
    """
    n_windows = windows.size
    ints = np.zeros((n_windows, 2, 5), np.int64)
    sums = np.zeros((n_windows, 2, 2))
    node = np.int64(-1)
    for p in range(first, past):
        i = order[p]
        v = nodes[i]
        if v < 0:
            result[i] = 0.0
            continue
        if v != node:
            node = v
            ints[:] = 0
            sums[:] = 0.0
            ints[:, 0, 0], ints[:, 0, 1] = out.start[v], out.start[v]
            ints[:, 1, 0], ints[:, 1, 1] = into.start[v], into.start[v]
        for w in range(n_windows):
            begin = since(cutoffs[i], windows[w])
            _slide(out, of_out, begin, cutoffs[i], out.start[v], out.start[v + 1], ints[w, 0], sums[w, 0])
            _slide(into, of_in, begin, cutoffs[i], into.start[v], into.start[v + 1], ints[w, 1], sums[w, 1])
            one = result[i, w]
            one[N_OUT] = ints[w, 0, 1] - ints[w, 0, 0]
            one[N_IN] = ints[w, 1, 1] - ints[w, 1, 0]
            one[AMOUNT_OUT] = sums[w, 0, 1] - sums[w, 0, 0]
            one[AMOUNT_IN] = sums[w, 1, 1] - sums[w, 1, 0]
            one[FAN_OUT], one[FAN_IN] = ints[w, 0, 2], ints[w, 1, 2]
            one[NEW] = ints[w, 0, 3] + ints[w, 1, 3]
            one[BACK] = ints[w, 0, 4] + ints[w, 1, 4]


@njit(**JIT)
def look(
    out: Side, into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], windows: NDArray[np.int64],
    first: int, past: int, result: NDArray[np.float64],
) -> None:  # fmt: skip
    """The same where edges become known late: each query goes through all that its node had seen by then."""
    n_nodes = out.start.size - 1
    met_out = np.full(n_nodes, -1, np.int64)
    met_in = np.full(n_nodes, -1, np.int64)
    begins = np.empty(windows.size, np.int64)
    for i in range(first, past):
        result[i] = 0.0
        v = nodes[i]
        if v < 0:
            continue
        for w in range(windows.size):
            begins[w] = since(cutoffs[i], windows[w])
        a, b = out.start[v], into.start[v]
        a_past = bound(out.time, a, out.start[v + 1], cutoffs[i])
        b_past = bound(into.time, b, into.start[v + 1], cutoffs[i])
        while a < a_past or b < b_past:
            leaves = b >= b_past or (a < a_past and not precedes(into.time[b], into.edge[b], out.time[a], out.edge[a]))
            side, s = (out, a) if leaves else (into, b)
            if leaves:
                a += 1
            else:
                b += 1
            if not seen(side, s, cutoffs[i]):
                continue
            far = side.other[s]
            answers = (met_in if leaves else met_out)[far] == i
            new = not answers and (met_out if leaves else met_in)[far] != i
            (met_out if leaves else met_in)[far] = i
            for w in range(windows.size):
                if side.time[s] < begins[w]:
                    continue
                one = result[i, w]
                one[N_OUT if leaves else N_IN] += 1.0
                if not np.isnan(side.amount[s]):
                    one[AMOUNT_OUT if leaves else AMOUNT_IN] += side.amount[s]
                start = bound(side.time, side.start[v], s, begins[w])
                if is_oldest(side, s, start, cutoffs[i]):
                    one[FAN_OUT if leaves else FAN_IN] += 1.0
                one[NEW] += new
                one[BACK] += answers
