"""Two steps from a node, and how many ways lead to each node there.

Numba's cache looks at this file alone: after an edit of ``_slots.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels.network._slots import (
    LAST_SLOT,
    Side,
    bound,
    bound_of_edge,
    find,
    is_newest,
    is_oldest,
    latest,
    precedes,
    put,
    room,
    seen,
    since,
)

ANY, BEFORE, AFTER = 0, 1, 2  # when the second step happened, from the first
MOST, WIDE, FAR = 0, 1, 2


@njit(inline="always", **JIT)
def _second(far: Side, m: int, begin: int, cutoff: int, t: int, e: int, order: int, cap: int) -> tuple[int, int, int]:
    """The middle's slots of the second step, the latest ``cap``; and whether it was cut."""
    first, past = far.start[m], far.start[m + 1]
    past = bound(far.time, first, past, cutoff)
    if order == BEFORE:
        past = bound_of_edge(far, first, past, t, e)
    if order == AFTER:
        first = bound_of_edge(far, first, past, t, e + 1)
    first = bound(far.time, first, past, begin)
    first, was_cut = latest(far, first, past, cutoff, cap)
    return first, past, was_cut


@njit(**JIT)
def ways(
    near: Side, far: Side, order: int, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, cap: int,
    keys: NDArray[np.int32], stamps: NDArray[np.int64], counts: NDArray[np.int32], middles: NDArray[np.int32],
    first: int, past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32],
    wanted: int,
) -> int:  # fmt: skip
    """Distinct middles between a node and each node two steps on; result (3, n): most, with two or more, with any."""
    n_put = 0
    for i in range(first, past):
        result[:, i] = 0.0
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        begin = since(cutoff, last)
        a_past = bound(near.time, near.start[v], near.start[v + 1], cutoff)
        a_first = bound(near.time, near.start[v], a_past, begin)
        a_first, cuts[i] = latest(near, a_first, a_past, cutoff, cap)
        total = 0
        for a in range(a_first, a_past):
            if near.earlier[a] < a_first:
                total += min(cap, far.start[near.other[a] + 1] - far.start[near.other[a]])
        mask = room(total)
        for turn in range(2 if buffer.size else 1):
            most = wide = n_far = 0
            if turn == 1:
                # the second time round, the nodes that made the number show their edges
                least = result[MOST, i] if wanted == MOST else 2.0 if wanted == WIDE else 1.0
                if least < 1.0:
                    break
            for a in range(a_first, a_past):
                m = near.other[a]
                if m == v or not seen(near, a, cutoff):
                    continue
                if order == AFTER:
                    if not is_oldest(near, a, a_first, cutoff):
                        continue
                elif not is_newest(near, a, a_past, cutoff):
                    continue
                b_first, b_past, was_cut = _second(far, m, begin, cutoff, near.time[a], near.edge[a], order, cap)
                if turn == 0:
                    cuts[i] += was_cut
                matched = False
                for b in range(b_first, b_past):
                    w = far.other[b]
                    if w in (v, m) or not seen(far, b, cutoff):
                        continue
                    at = find(keys, stamps, mask, i, w)
                    if turn == 1:
                        if counts[at] >= least:
                            n_put = put(buffer, n_put, far.edge[b])
                            matched = True
                        continue
                    if stamps[at] != i:
                        keys[at], stamps[at], counts[at], middles[at] = w, i, 0, -1
                        n_far += 1
                    if middles[at] != m:
                        middles[at] = m
                        counts[at] += 1
                        wide += counts[at] == 2
                        most = max(most, counts[at])
                if matched:
                    n_put = put(buffer, n_put, near.edge[a])
            if turn == 0:
                result[MOST, i], result[WIDE, i], result[FAR, i] = most, wide, n_far
    return n_put


@njit(**JIT)
def through(
    out: Side, into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, cap: int, first: int,
    past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32],
) -> int:  # fmt: skip
    """Gather, then scatter: at the best moment, the lesser of senders so far and receivers from then on."""
    n_put = 0
    for i in range(first, past):
        result[i] = 0.0
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        begin = since(cutoff, last)
        b_past = bound(into.time, into.start[v], into.start[v + 1], cutoff)
        b_first = bound(into.time, into.start[v], b_past, begin)
        a_past = bound(out.time, out.start[v], out.start[v + 1], cutoff)
        a_first = bound(out.time, out.start[v], a_past, begin)
        b_first, cut_in = latest(into, b_first, b_past, cutoff, cap)
        a_first, cut_out = latest(out, a_first, a_past, cutoff, cap)
        cuts[i] = cut_in + cut_out
        receivers = 0
        for a in range(a_first, a_past):
            receivers += out.other[a] != v and seen(out, a, cutoff) and is_newest(out, a, a_past, cutoff)
        best = senders = 0
        split, a = LAST_SLOT, a_first
        a_split = a_first
        for b in range(b_first, b_past):
            if into.other[b] == v or not seen(into, b, cutoff) or not is_oldest(into, b, b_first, cutoff):
                continue
            while a < a_past and precedes(out.time[a], out.edge[a], into.time[b], into.edge[b]):
                receivers -= out.other[a] != v and seen(out, a, cutoff) and is_newest(out, a, a_past, cutoff)
                a += 1
            senders += 1
            if min(senders, receivers) > best:
                best, split, a_split = min(senders, receivers), b, a
        result[i] = best
        if buffer.size and best:
            for b in range(b_first, split + 1):
                if into.other[b] != v and seen(into, b, cutoff):
                    n_put = put(buffer, n_put, into.edge[b])
            for a in range(a_split, a_past):
                if out.other[a] != v and seen(out, a, cutoff):
                    n_put = put(buffer, n_put, out.edge[a])
    return n_put
