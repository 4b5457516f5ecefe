"""Slots: the edges of one direction, sorted by (node, time, edge id), and how a walk looks at them.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one; after one of this, its
neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

NEVER = np.iinfo(np.int64).max
BEGINNING = np.iinfo(np.int64).min + 1
LAST_SLOT = np.iinfo(np.int32).max


class Side(NamedTuple):
    """The edges that leave each node, or those that enter it.

    Attributes
    ----------
    start : (n_nodes + 1,) int64
        Slots ``start[v] <= s < start[v + 1]`` are node v's.
    edge, other : (n_slots,) int32
        The edge's id, and the node at its other end.
    time : (n_slots,) int64
        Microseconds; ascending within a node, ties in the order of ids.
    amount : (n_slots,) float64
    known : (n_slots,) int64, or empty
        When an edge became known; empty: with its time.
    earlier, later : (n_slots,) int32
        The node's last slot before, and the first after, with the same other end; -1 and ``LAST_SLOT``: none.
    """

    start: NDArray[np.int64]
    edge: NDArray[np.int32]
    other: NDArray[np.int32]
    time: NDArray[np.int64]
    amount: NDArray[np.float64]
    known: NDArray[np.int64]
    earlier: NDArray[np.int32]
    later: NDArray[np.int32]


@njit(**JIT)
def bound(time: NDArray[np.int64], first: int, past: int, at: int) -> int:
    """First slot of ``first .. past`` whose time is not before ``at``."""
    while first < past:
        middle = (first + past) >> 1
        if time[middle] < at:
            first = middle + 1
        else:
            past = middle
    return first


@njit(**JIT)
def bound_of_edge(side: Side, first: int, past: int, at: int, edge: int) -> int:
    """First slot of ``first .. past`` that does not come before an edge, in the order of (time, id)."""
    while first < past:
        middle = (first + past) >> 1
        if side.time[middle] < at or (side.time[middle] == at and side.edge[middle] < edge):
            first = middle + 1
        else:
            past = middle
    return first


@njit(inline="always", **JIT)
def since(cutoff: int, window: int) -> int:
    """Where a window before the cutoff begins; negative: at the beginning of time."""
    return BEGINNING if window < 0 or cutoff < BEGINNING + window else cutoff - window


@njit(inline="always", **JIT)
def seen(side: Side, s: int, cutoff: int) -> bool:
    """Whether the slot's edge was known before the cutoff (its time is looked at elsewhere)."""
    return side.known.size == 0 or side.known[s] < cutoff


@njit(**JIT)
def latest(side: Side, first: int, past: int, cutoff: int, cap: int) -> tuple[int, int]:
    """Where the latest ``cap`` slots known before the cutoff begin, and 1 if there are more of them before.

    What is not known yet must not be counted, or it would decide which of the known ones are looked at.
    """
    if past - first <= cap:
        return first, 0
    if side.known.size == 0:
        return past - cap, 1
    n, begin = 0, past
    for s in range(past - 1, first - 1, -1):
        if side.known[s] < cutoff:
            if n == cap:
                return begin, 1
            n += 1
            begin = s
    return first, 0


@njit(inline="always", **JIT)
def is_newest(side: Side, s: int, past: int, cutoff: int) -> bool:
    """Whether no later slot before ``past`` that was known leads to the same node."""
    later = side.later[s]
    while later < past and not seen(side, later, cutoff):
        later = side.later[later]
    return later >= past


@njit(inline="always", **JIT)
def is_oldest(side: Side, s: int, first: int, cutoff: int) -> bool:
    """Whether no earlier slot from ``first`` on that was known leads to the same node."""
    earlier = side.earlier[s]
    while earlier >= first and not seen(side, earlier, cutoff):
        earlier = side.earlier[earlier]
    return earlier < first


@njit(inline="always", **JIT)
def precedes(time: int, edge: int, other_time: int, other_edge: int) -> bool:
    """The order of edges: by time, then by id."""
    return time < other_time or (time == other_time and edge < other_edge)


@njit(**JIT)
def link(side_start: NDArray[np.int64], other: NDArray[np.int32], n_nodes: int, earlier: NDArray[np.int32],
         later: NDArray[np.int32]) -> None:  # fmt: skip
    """Fill ``earlier`` and ``later``."""
    last = np.full(n_nodes, -1, np.int64)
    for v in range(n_nodes):
        first = side_start[v]
        for s in range(first, side_start[v + 1]):
            before = last[other[s]]
            later[s] = LAST_SLOT
            if before >= first:
                earlier[s] = before
                later[before] = s
            else:
                earlier[s] = -1
            last[other[s]] = s


@njit(inline="always", **JIT)
def put(buffer: NDArray[np.int32], n: int, edge: int) -> int:
    """Write down an edge that matched, if there is still room; how many there were comes back."""
    if n < buffer.size:
        buffer[n] = edge
    return n + 1


@njit(inline="always", **JIT)
def room(n: int) -> int:
    """Mask of a hash table that n entries leave at least half empty."""
    size = 8
    while size < 2 * n:
        size *= 2
    return size - 1


@njit(inline="always", **JIT)
def find(keys: NDArray[np.int32], stamps: NDArray[np.int64], mask: int, stamp: int, key: int) -> int:
    """Where a key lies in a table of open addressing, or where it would; entries of other stamps are empty."""
    at = (key * 0x9E3779B1 >> 7) & mask
    while stamps[at] == stamp and keys[at] != key:
        at = (at + 1) & mask
    return at
