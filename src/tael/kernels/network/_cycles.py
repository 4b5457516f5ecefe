"""Money that comes back: simple cycles in the order of time, found from the edge that closes them.

Numba's cache looks at this file alone: after an edit of ``_slots.py``, touch this one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT, NAT
from tael.kernels.network._slots import Side, bound, bound_of_edge, find, latest, precedes, put, room, seen, since


class Tables(NamedTuple):
    """Scratch of one thread: nodes one and two edges after the closing edge's end; entries of other stamps are empty.

    ``slots``: the newest slot that leads there. ``times``: when money can have arrived there by two edges, earliest.
    """

    keys: NDArray[np.int32]
    stamps: NDArray[np.int64]
    slots: NDArray[np.int64]
    far_keys: NDArray[np.int32]
    far_stamps: NDArray[np.int64]
    times: NDArray[np.int64]
    tally: NDArray[np.int64]


def tables(cap: int, longest: int, n_edges: int) -> Tables:
    """Scratch for hubs of ``cap`` edges."""
    near, far = 4 * cap + 16, 4 * min(cap * cap, n_edges) + 16 if longest >= 5 else 16
    return Tables(
        np.empty(near, np.int32), np.full(near, -1, np.int64), np.empty(near, np.int64),
        np.empty(far, np.int32), np.full(far, -1, np.int64), np.empty(far, np.int64),
        np.zeros(8, np.int64),
    )  # fmt: skip


STAMP, CUTS, PUT = 4, 5, 6  # places in the tally, after the counts of 2 to 5 edges


@njit(inline="always", **JIT)
def _range(
    side: Side, v: int, begin: int, time: int, edge: int, cutoff: int, cap: int, tally: NDArray[np.int64]
) -> tuple[int, int]:
    """A node's slots from ``begin`` on that come before an edge, the latest ``cap`` that were known."""
    past = bound_of_edge(side, side.start[v], side.start[v + 1], time, edge)
    first, was_cut = latest(side, bound(side.time, side.start[v], past, begin), past, cutoff, cap)
    tally[CUTS] += was_cut
    return first, past


@njit(**JIT)
def _first_edges(
    out: Side, x: int, first: int, t: int, e: int, cutoff: int, mask: int, tb: Tables, buffer: NDArray[np.int32],
    k: int, e1: int, e2: int, e3: int, wanted: int,
) -> int:  # fmt: skip
    """How many edges lead from the closing edge's end to x before an edge; they and the rest of the cycle are put."""
    at = find(tb.keys, tb.stamps, mask, tb.tally[STAMP], x)
    if tb.stamps[at] != tb.tally[STAMP]:
        return 0
    n, s = 0, tb.slots[at]
    while s >= first:
        if precedes(out.time[s], out.edge[s], t, e) and seen(out, s, cutoff):
            n += 1
            if buffer.size and (wanted < 0 or wanted == k):
                tb.tally[PUT] = put(buffer, tb.tally[PUT], out.edge[s])
        s = out.earlier[s]
    if n and buffer.size and (wanted < 0 or wanted == k):
        tb.tally[PUT] = put(buffer, tb.tally[PUT], e1)
        if k > 3:
            tb.tally[PUT] = put(buffer, tb.tally[PUT], e2)
        if k > 4:
            tb.tally[PUT] = put(buffer, tb.tally[PUT], e3)
    tb.tally[k - 2] += n
    return n


@njit(**JIT)
def _reach(
    out: Side, first: int, past: int, begin: int, time: int, edge: int, cutoff: int, cap: int, tb: Tables
) -> int:
    """Note where money can be two edges after the closing edge's end, and when at the earliest; the table's mask."""
    stamp, total = tb.tally[STAMP], 0
    for s in range(first, past):
        x = out.other[s]
        if out.earlier[s] < first:
            total += min(cap, out.start[x + 1] - out.start[x])
    mask = room(total)
    for s in range(first, past):
        if out.earlier[s] >= first:
            continue
        x = out.other[s]
        x_first, x_past = _range(out, x, max(begin, out.time[s]), time, edge, cutoff, cap, tb.tally)
        for q in range(x_first, x_past):
            if not seen(out, q, cutoff):
                continue
            at = find(tb.far_keys, tb.far_stamps, mask, stamp, out.other[q])
            if tb.far_stamps[at] != stamp:
                tb.far_keys[at], tb.far_stamps[at], tb.times[at] = out.other[q], stamp, out.time[q]
            elif out.time[q] < tb.times[at]:
                tb.times[at] = out.time[q]
    return mask


@njit(**JIT)
def closed(
    out: Side, into: Side, u: int, v: int, time: int, edge: int, begin: int, cutoff: int, longest: int, cap: int,
    most: int, tb: Tables, buffer: NDArray[np.int32], wanted: int,
) -> None:  # fmt: skip
    """Cycles of an edge u -> v with edges before it, from ``begin`` on and known before the cutoff, added to the tally.

    Those of ``wanted`` edges (-1: of any number) put theirs into the buffer. Past ``most`` cycles the search ends.
    """
    tally = tb.tally
    tally[STAMP] += 1
    stamp = tally[STAMP]
    if u == v:
        return
    u_first, u_past = _range(into, u, begin, time, edge, cutoff, cap, tally)
    if u_first == u_past:
        return
    v_first, v_past = _range(out, v, begin, time, edge, cutoff, cap, tally)
    if v_first == v_past:
        return
    mask = room(min(v_past - v_first, cap))
    for s in range(v_first, v_past):
        if not seen(out, s, cutoff):
            continue
        at = find(tb.keys, tb.stamps, mask, stamp, out.other[s])
        tb.keys[at], tb.stamps[at], tb.slots[at] = out.other[s], stamp, s
    far_mask = _reach(out, v_first, v_past, begin, time, edge, cutoff, cap, tb) if longest >= 5 else 0
    start = tally[0] + tally[1] + tally[2] + tally[3]
    for s1 in range(u_first, u_past):
        z = into.other[s1]
        if z == u or not seen(into, s1, cutoff):
            continue
        t1, e1 = into.time[s1], into.edge[s1]
        if z == v:
            tally[0] += 1
            if buffer.size and (wanted < 0 or wanted == 2):
                tally[PUT] = put(buffer, tally[PUT], e1)
            continue
        if longest < 3:
            continue
        _first_edges(out, z, v_first, t1, e1, cutoff, mask, tb, buffer, 3, e1, e1, e1, wanted)
        if longest < 4:
            continue
        z_first, z_past = _range(into, z, begin, t1, e1, cutoff, cap, tally)
        for s2 in range(z_first, z_past):
            y = into.other[s2]
            if y in (u, v, z) or not seen(into, s2, cutoff):
                continue
            t2, e2 = into.time[s2], into.edge[s2]
            _first_edges(out, y, v_first, t2, e2, cutoff, mask, tb, buffer, 4, e1, e2, e2, wanted)
            if longest < 5:
                continue
            at = find(tb.far_keys, tb.far_stamps, far_mask, stamp, y)
            if tb.far_stamps[at] != stamp or tb.times[at] > t2:
                continue
            y_first, y_past = _range(into, y, begin, t2, e2, cutoff, cap, tally)
            for s3 in range(y_first, y_past):
                x = into.other[s3]
                if x in (u, v, z, y) or not seen(into, s3, cutoff):
                    continue
                t3, e3 = into.time[s3], into.edge[s3]
                _first_edges(out, x, v_first, t3, e3, cutoff, mask, tb, buffer, 5, e1, e2, e3, wanted)
        if tally[0] + tally[1] + tally[2] + tally[3] - start >= most:
            tally[CUTS] += 1
            return


@njit(**JIT)
def at_edges(
    out: Side, into: Side, source: NDArray[np.int32], target: NDArray[np.int32], time: NDArray[np.int64],
    asked: NDArray[np.int64], within: int, longest: int, cap: int, most: int, tb: Tables,
    first: int, past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32],
) -> int:  # fmt: skip
    """Cycles that each edge closes, of edges strictly before it in time; result (4, n)."""
    tb.tally[PUT] = 0
    for i in range(first, past):
        tb.tally[:4] = 0
        tb.tally[CUTS] = 0
        e = asked[i]
        if source[e] >= 0 and target[e] >= 0 and time[e] != NAT:
            begin = since(time[e], within)
            closed(
                out, into, source[e], target[e], time[e], -1, begin, time[e], longest, cap, most, tb, buffer, -1
            )  # fmt: skip
        for k in range(result.shape[0]):
            result[k, i] = tb.tally[k]
        cuts[i] = tb.tally[CUTS]
    return tb.tally[PUT]


@njit(**JIT)
def at_nodes(
    out: Side, into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, within: int, longest: int,
    cap: int, most: int, wanted: int, tb: Tables, first: int, past: int, result: NDArray[np.float64],
    cuts: NDArray[np.int32], buffer: NDArray[np.int32],
) -> int:  # fmt: skip
    """Cycles that begin and end at each node and were closed within ``last`` of the cutoff; result (4, n)."""
    tb.tally[PUT] = 0
    for i in range(first, past):
        tb.tally[:4] = 0
        tb.tally[CUTS] = 0
        v = nodes[i]
        if v >= 0:
            s_past = bound(into.time, into.start[v], into.start[v + 1], cutoffs[i])
            s_first = bound(into.time, into.start[v], s_past, since(cutoffs[i], last))
            s_first, was_cut = latest(into, s_first, s_past, cutoffs[i], cap)
            tb.tally[CUTS] += was_cut
            for s in range(s_first, s_past):
                if not seen(into, s, cutoffs[i]):
                    continue
                before = tb.tally[PUT]
                total = tb.tally[0] + tb.tally[1] + tb.tally[2] + tb.tally[3]
                begin = since(into.time[s], within)
                closed(
                    out, into, into.other[s], v, into.time[s], into.edge[s], begin, cutoffs[i], longest, cap, most, tb,
                    buffer, wanted,
                )  # fmt: skip
                if tb.tally[PUT] > before:
                    tb.tally[PUT] = put(buffer, tb.tally[PUT], into.edge[s])
                if tb.tally[0] + tb.tally[1] + tb.tally[2] + tb.tally[3] - total >= most:
                    break
        for k in range(result.shape[0]):
            result[k, i] = tb.tally[k]
        cuts[i] = tb.tally[CUTS]
    return tb.tally[PUT]
