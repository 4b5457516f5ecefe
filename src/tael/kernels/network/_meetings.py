"""Who was at the same place at about the same time.

Numba's cache looks at this file alone: after an edit of ``_slots.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels.network._slots import Side, bound, find, latest, put, room, seen, since

OTHERS, AGAIN, MOST = 0, 1, 2
COLUMNS = 3


@njit(inline="always", **JIT)
def _around(there: Side, m: int, t: int, within: int, cutoff: int, cap: int) -> tuple[int, int, int]:
    """The place's slots from ``within`` before a time to ``within`` after, the latest ``cap``; whether it was cut."""
    past = bound(there.time, there.start[m], there.start[m + 1], min(cutoff, t + within + 1))
    first = bound(there.time, there.start[m], past, t - within)
    first, was_cut = latest(there, first, past, cutoff, cap)
    return first, past, was_cut


@njit(**JIT)
def meetings(
    out: Side, there: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, within: int, cap: int,
    first: int, past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32], wanted: int,
) -> int:  # fmt: skip
    """Others met by each node; result (3, n): how many, how many twice or more, how often the one met most.

    A meeting is one of the node's own edges, with anybody whose edge to the same place lies at most ``within`` away.
    Edges of one moment and place are one occasion: of several only the first is looked at.
    """
    n_put = 0
    size = 1024
    keys, stamps = np.empty(size, np.int32), np.full(size, -1, np.int64)
    counts, occasions = np.empty(size, np.int32), np.empty(size, np.int64)
    for i in range(first, past):
        result[:, i] = 0.0
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        a_past = bound(out.time, out.start[v], out.start[v + 1], cutoff)
        a_first = bound(out.time, out.start[v], a_past, since(cutoff, last))
        a_first, cuts[i] = latest(out, a_first, a_past, cutoff, cap)
        total = 0
        for a in range(a_first, a_past):
            b_first, b_past, _ = _around(there, out.other[a], out.time[a], within, cutoff, cap)
            total += b_past - b_first
        mask = room(total)
        if mask >= size:
            size = mask + 1
            keys, stamps = np.empty(size, np.int32), np.full(size, -1, np.int64)
            counts, occasions = np.empty(size, np.int32), np.empty(size, np.int64)
        for turn in range(2 if buffer.size else 1):
            if turn == 1:
                # the second time round, those who made the number show their edges
                least = result[MOST, i] if wanted == MOST else 2.0 if wanted == AGAIN else 1.0
                if least < 1.0:
                    break
            for a in range(a_first, a_past):
                if not seen(out, a, cutoff):
                    continue
                m, t = out.other[a], out.time[a]
                b_first, b_past, was_cut = _around(there, m, t, within, cutoff, cap)
                if turn == 0:
                    cuts[i] += was_cut
                matched = False
                for b in range(b_first, b_past):
                    w = there.other[b]
                    if w == v or not seen(there, b, cutoff):
                        continue
                    at = find(keys, stamps, mask, i, w)
                    if turn == 1:
                        if counts[at] >= least:
                            n_put = put(buffer, n_put, there.edge[b])
                            matched = True
                        continue
                    if stamps[at] != i:
                        keys[at], stamps[at], counts[at], occasions[at] = w, i, 0, -1
                        result[OTHERS, i] += 1
                    # neither two of the other's edges around one of mine, nor two of mine around one of the other's
                    if occasions[at] < 0 or t - occasions[at] > within:
                        occasions[at] = t
                        counts[at] += 1
                        result[AGAIN, i] += counts[at] == 2
                        result[MOST, i] = max(result[MOST, i], counts[at])
                if matched:
                    n_put = put(buffer, n_put, out.edge[a])
    return n_put
