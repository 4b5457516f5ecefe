"""Money that passes through, chains of hands, and what a node's edges look like one by one.

Numba's cache looks at this file alone: after an edit of ``_slots.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels.network._slots import BEGINNING, Side, bound, bound_of_edge, latest, precedes, put, seen, since

SMALL, SMALL_SUM, ROUND, NIGHT, SILENCE, BURST, REPEATS, N_ALL = range(8)  # as named in flows.py
TRAITS = 8
DAY, HOUR = 86_400_000_000, 3_600_000_000


@njit(inline="always", **JIT)
def _window(side: Side, v: int, begin: int, cutoff: int, cap: int) -> tuple[int, int, int]:
    past = bound(side.time, side.start[v], side.start[v + 1], cutoff)
    first = bound(side.time, side.start[v], past, begin)
    first, was_cut = latest(side, first, past, cutoff, cap)
    return first, past, was_cut


@njit(**JIT)
def passed(
    out: Side, into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, within: int, cap: int,
    first: int, past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32],
) -> int:  # fmt: skip
    """First in, first out: amounts that leave take from the oldest money come within ``within``; result (3, n).

    The three: money that came in, the part of it that left in time, and that part's time of stay added up.
    """
    n_put = 0
    left = np.empty(cap)
    for i in range(first, past):
        result[:, i] = 0.0
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        begin = since(cutoff, last)
        b_first, b_past, cut_in = _window(into, v, begin, cutoff, cap)
        a, a_past, cut_out = _window(out, v, begin, cutoff, cap)
        cuts[i] = cut_in + cut_out
        if b_past - b_first > left.size:
            left = np.empty(b_past - b_first)
        b, b_old = b_first, b_first
        while a < a_past or b < b_past:
            if a >= a_past or (b < b_past and precedes(into.time[b], into.edge[b], out.time[a], out.edge[a])):
                amount = into.amount[b]
                good = into.other[b] != v and amount > 0.0 and seen(into, b, cutoff)
                left[b - b_first] = amount if good else 0.0
                if good:
                    result[0, i] += amount
                b += 1
                continue
            need = out.amount[a]
            if out.other[a] == v or not need > 0.0 or not seen(out, a, cutoff):
                a += 1
                continue
            took = False
            while b_old < b and (left[b_old - b_first] <= 0.0 or out.time[a] - into.time[b_old] > within):
                b_old += 1
            q = b_old
            while q < b and need > 0.0:
                part = min(need, left[q - b_first])
                if part > 0.0:
                    left[q - b_first] -= part
                    need -= part
                    result[1, i] += part
                    result[2, i] += part * (out.time[a] - into.time[q])
                    took = True
                    n_put = put(buffer, n_put, into.edge[q])
                q += 1
            if took:
                n_put = put(buffer, n_put, out.edge[a])
            a += 1
    return n_put


@njit(**JIT)
def chains(
    into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, within: int, low: float, high: float,
    longest: int, cap: int, steps: int, first: int, past: int, result: NDArray[np.float64],
    cuts: NDArray[np.int32], buffer: NDArray[np.int32],
) -> int:  # fmt: skip
    """The longest chain of hands that ends at each node, and how many of that length there are; result (2, n)."""
    n_put = 0
    slots = np.empty(longest, np.int64)
    firsts = np.empty(longest, np.int64)
    path = np.empty(longest + 1, np.int64)
    for i in range(first, past):
        result[:, i] = 0.0
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        path[0] = v
        for turn in range(2 if buffer.size else 1):
            goal, budget, depth = result[0, i], steps, 0
            firsts[0], slots[0], was_cut = _window(into, v, since(cutoff, last), cutoff, cap)
            cuts[i] += was_cut if turn == 0 else 0
            while depth >= 0:
                slots[depth] -= 1
                s = slots[depth]
                if s < firsts[depth]:
                    depth -= 1
                    continue
                if not seen(into, s, cutoff):
                    continue
                budget -= 1
                if budget < 0:
                    cuts[i] += 1 if turn == 0 else 0
                    break
                w = into.other[s]
                if not _fits(into, s, w, low, high, depth, slots, path):
                    continue
                hands = depth + 1
                if turn == 0:
                    if hands > result[0, i]:
                        result[0, i], result[1, i] = hands, 0.0
                    if hands == result[0, i]:
                        result[1, i] += 1.0
                elif hands == goal:
                    for d in range(hands):
                        n_put = put(buffer, n_put, into.edge[slots[d]])
                if hands == longest:
                    continue
                path[hands] = w
                w_past = bound_of_edge(into, into.start[w], into.start[w + 1], into.time[s], into.edge[s])
                w_first = bound(into.time, into.start[w], w_past, since(into.time[slots[0]], within))
                firsts[hands], was_cut = latest(into, w_first, w_past, cutoff, cap)
                cuts[i] += was_cut if turn == 0 else 0
                slots[hands] = w_past
                depth = hands
    return n_put


@njit(inline="always", **JIT)
def _fits(
    into: Side, s: int, w: int, low: float, high: float, depth: int, slots: NDArray[np.int64],
    path: NDArray[np.int64],
) -> bool:  # fmt: skip
    """Whether a slot makes a chain longer: of about the amount that was handed on, from nobody met before."""
    if depth > 0:
        amount, handed = into.amount[s], into.amount[slots[depth - 1]]
        if not (amount > 0.0 and handed >= low * amount and handed <= high * amount):
            return False
    fresh = True
    for d in range(depth + 1):
        fresh &= path[d] != w
    return fresh


@njit(**JIT)
def traits(
    out: Side, into: Side, nodes: NDArray[np.int32], cutoffs: NDArray[np.int64], last: int, cap: int,
    which: tuple[bool, bool], low: float, below: float, unit: float, night: tuple[int, int], within: int,
    first: int, past: int, result: NDArray[np.float64], cuts: NDArray[np.int32], buffer: NDArray[np.int32],
    wanted: int,
) -> int:  # fmt: skip
    """What a window's edges look like, in and out together; result (TRAITS, n)."""
    n_put = 0
    times = np.empty(2 * cap, np.int64)
    edges = np.empty(2 * cap, np.int32)
    amounts = np.empty(2 * cap)
    for i in range(first, past):
        result[:, i] = 0.0
        result[SILENCE, i] = np.nan
        cuts[i] = 0
        v = nodes[i]
        if v < 0:
            continue
        cutoff = cutoffs[i]
        begin = since(cutoff, last)
        a, a_past, cut_out = _window(out, v, begin, cutoff, cap)
        b, b_past, cut_in = _window(into, v, begin, cutoff, cap)
        a_first, b_first = a, b
        if not which[0]:
            a, cut_out = a_past, 0
        if not which[1]:
            b, cut_in = b_past, 0
        cuts[i] = cut_out + cut_in
        n = 0
        while a < a_past or b < b_past:
            if b >= b_past or (a < a_past and precedes(out.time[a], out.edge[a], into.time[b], into.edge[b])):
                if seen(out, a, cutoff):
                    times[n], edges[n], amounts[n] = out.time[a], out.edge[a], out.amount[a]
                    n += 1
                a += 1
            else:
                # an edge from a node to itself would come twice
                if seen(into, b, cutoff) and not (which[0] and into.other[b] == v):
                    times[n], edges[n], amounts[n] = into.time[b], into.edge[b], into.amount[b]
                    n += 1
                b += 1
        result[N_ALL, i] = n
        if n == 0:
            continue
        before = max(
            _before(out, v, a_first, cutoff) if which[0] else BEGINNING,
            _before(into, v, b_first, cutoff) if which[1] else BEGINNING,
        )
        lo = most = at_most = ended = 0
        gap = -1
        for k in range(n):
            amount, t = amounts[k], times[k]
            small = amount >= low and amount < below
            is_round = amount > 0.0 and amount % unit == 0.0
            hour = (t % DAY) // HOUR
            dark = (hour >= night[0] or hour < night[1]) if night[0] > night[1] else night[0] <= hour < night[1]
            result[SMALL, i] += small
            result[SMALL_SUM, i] += amount if small else 0.0
            result[ROUND, i] += is_round
            result[NIGHT, i] += dark
            while t - times[lo] >= within:
                lo += 1
            if k - lo + 1 > most:
                most, at_most = k - lo + 1, k
            if before != BEGINNING and t - before > gap:
                gap, ended = t - before, k
            before = t
            if (wanted == SMALL and small) or (wanted == ROUND and is_round) or (wanted == NIGHT and dark):
                n_put = put(buffer, n_put, edges[k])
            amounts[k] = amount if is_round else np.nan
        result[BURST, i] = most
        if gap >= 0:
            result[SILENCE, i] = gap
            if wanted == SILENCE:
                n_put = put(buffer, n_put, edges[ended])
        if wanted == BURST:
            for k in range(at_most - most + 1, at_most + 1):
                n_put = put(buffer, n_put, edges[k])
        result[REPEATS, i], favourite = _most_frequent(amounts[:n])
        if wanted == REPEATS and result[REPEATS, i] > 0.0:
            for k in range(n):
                if amounts[k] == favourite:
                    n_put = put(buffer, n_put, edges[k])
    return n_put


@njit(inline="always", **JIT)
def _before(side: Side, v: int, s: int, cutoff: int) -> int:
    """When the node's last edge before a slot was; the beginning of time: there is none."""
    s -= 1
    while s >= side.start[v] and not seen(side, s, cutoff):
        s -= 1
    return side.time[s] if s >= side.start[v] else BEGINNING


@njit(**JIT)
def _most_frequent(amounts: NDArray[np.float64]) -> tuple[float, float]:
    """How often the most frequent amount occurs, and the least such amount; NaN is none."""
    ordered = np.sort(amounts)
    most, favourite, run = 0.0, np.nan, 0.0
    for k in range(ordered.size):
        if np.isnan(ordered[k]):
            break
        run = run + 1.0 if k and ordered[k] == ordered[k - 1] else 1.0
        if run > most:
            most, favourite = run, ordered[k]
    return most, favourite
