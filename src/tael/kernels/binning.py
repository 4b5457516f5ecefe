"""Binning of one column against a binary label: fine pre-bins, their counts, and the best way to join them.

Arrays in, arrays out. A bin's **weight of evidence** is ``ln((g + s G/N) / G) - ln((b + s B/N) / B)`` with its goods g
and bads b, all goods G and bads B, N = G + B, and ``s`` rows at the average rate added to it (``smoothing``); its part
of the **information value** is ``(g / G - b / B) * woe``.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

FREE, ASCENDING, DESCENDING, PEAK, VALLEY = 0, 1, 2, 3, 4
"""Trends of the bad rate from the first bin to the last."""

Floats = NDArray[np.float64]


@njit(**JIT)
def short_between(a: float, b: float) -> float:
    """A number c with ``a < c <= b`` that has few decimal digits: 25 rather than 24.318.

    Parameters
    ----------
    a, b : float
        Finite, a < b.
    """
    top = int(np.ceil(np.log10(max(abs(a), abs(b))))) + 1
    for q in range(-top, 18 - top):
        if q <= 0:
            power = 10.0**-q
            c = (np.floor(a / power) + 1.0) * power
        else:
            power = 10.0**q
            c = (np.floor(a * power) + 1.0) / power
        if a < c <= b:
            return c
    return b


@njit(**JIT)
def pre_bin(values: Floats, weight: Floats, edges: Floats) -> int:
    """Edges of fine bins of about equal weight; a frequent value has a bin of its own.

    Parameters
    ----------
    values : (n,) float64
        Sorted, finite.
    weight : (n,) float64 or empty
        Positive; empty: 1 each.
    edges : (k,) float64
        Receives at most k edges, increasing: bin i holds ``edges[i - 1] <= x < edges[i]``.

    Returns
    -------
    int
        How many edges. With at most k + 1 distinct values each has its own bin.
    """
    n, most = values.size, edges.size + 1
    if n == 0:
        return 0
    n_distinct = 1
    for i in range(1, n):
        if values[i] != values[i - 1]:
            n_distinct += 1
    plain = weight.size == 0
    total = float(n) if plain else weight.sum()
    goal = total / most
    few = n_distinct <= most
    # Frequent values first: what is left is shared evenly among the other bins.
    rest, n_rest = total, most
    i = 0
    while i < n and not few:
        j = i
        w = 0.0
        while j < n and values[j] == values[i]:
            w += 1.0 if plain else weight[j]
            j += 1
        if w >= goal:
            rest -= w
            n_rest -= 1
        i = j
    mean = rest / max(n_rest, 1)
    count, current, current_big = 0, 0.0, False
    i = 0
    while i < n:
        j = i
        w = 0.0
        while j < n and values[j] == values[i]:
            w += 1.0 if plain else weight[j]
            j += 1
        big = w >= goal
        if i > 0 and count < edges.size and (few or big or current_big or current >= mean):
            edges[count] = short_between(values[i - 1], values[i])
            count += 1
            if not current_big:
                n_rest -= 1
                mean = rest / max(n_rest, 1)
            current = 0.0
        if not big:
            rest -= w
        current += w
        current_big = big
        i = j
    return count


@njit(inline="always", **JIT)
def _slot(x: float, edges: Floats, special: Floats) -> int:
    """Bin of a value: 0 to k by the edges, then one for each special code, then missing (NaN and infinite)."""
    for s in range(special.size):
        if x == special[s]:
            return edges.size + 1 + s
    if not np.isfinite(x):
        return edges.size + 1 + special.size
    # Halving without a branch: which way a value goes cannot be foretold, and a wrong guess costs more than a step.
    low, n = 0, edges.size
    while n > 1:
        half = n >> 1
        low += half * (edges[low + half - 1] <= x)
        n -= half
    return low + (edges[low] <= x) if n == 1 else low


@njit(**JIT)
def assign(values: Floats, edges: Floats, special: Floats, out: NDArray[np.int32]) -> None:
    """Bin of each value.

    Parameters
    ----------
    values : (n,) float64
    edges : (k,) float64, increasing
    special : (s,) float64
    out : (n,) int32
        Receives 0 to k for ordinary bins, k + 1 to k + s for special codes, k + s + 1 for missing.
    """
    for i in range(values.size):
        out[i] = _slot(values[i], edges, special)


@njit(**JIT)
def count_values(
    values: Floats, edges: Floats, special: Floats, label: NDArray[np.uint8], weight: Floats,
    period: NDArray[np.int32], counts: Floats,
) -> None:  # fmt: skip
    """Goods and bads of each bin, in one pass over the values.

    Parameters
    ----------
    values, edges, special
        As in `assign`.
    label : (n,) uint8
        1 for bad.
    weight : (n,) float64 or empty
    period : (n,) int32 or empty
        Period of each row.
    counts : (periods, 2, k + s + 2) float64
        Goods and bads are added to it.
    """
    if weight.size == 0 and period.size == 0 and special.size == 0 and edges.size < 64:
        # The plain case: six steps without a branch, in whole numbers.
        e = np.full(64, np.inf)
        e[: edges.size] = edges
        rows = np.zeros(2 * 128, np.int64)
        for i in range(values.size):
            x = values[i]
            low = np.uint64(32) * (e[31] <= x)
            low += np.uint64(16) * (e[low + np.uint64(15)] <= x)
            low += np.uint64(8) * (e[low + np.uint64(7)] <= x)
            low += np.uint64(4) * (e[low + np.uint64(3)] <= x)
            low += np.uint64(2) * (e[low + np.uint64(1)] <= x)
            low += np.uint64(1) * (e[low] <= x)
            low += np.uint64(64) * (not np.isfinite(x))
            rows[np.uint64(128) * label[i] + low] += 1
        for c in range(2):
            for k in range(edges.size + 1):
                counts[0, c, k] += rows[128 * c + k]
            for k in range(64, 128):  # wherever NaN and the infinities fell
                counts[0, c, edges.size + 1] += rows[128 * c + k]
        return
    for i in range(values.size):
        p = period[i] if period.size > 0 else 0
        w = weight[i] if weight.size > 0 else 1.0
        counts[p, label[i], _slot(values[i], edges, special)] += w


@njit(**JIT)
def count_codes(
    codes: NDArray[np.int32], label: NDArray[np.uint8], weight: Floats, period: NDArray[np.int32], counts: Floats
) -> None:
    """As `count_values`, for values that are bins already."""
    for i in range(codes.size):
        p = period[i] if period.size > 0 else 0
        w = weight[i] if weight.size > 0 else 1.0
        counts[p, label[i], codes[i]] += w


@njit(**JIT)
def weight_of_evidence(good: float, bad: float, goods: float, bads: float, smoothing: float) -> float:
    """ln of the share of goods over the share of bads; 0 for an empty bin.

    Without smoothing a bin with no good or no bad would be infinite: it is then counted with half a row more of each.
    """
    if good + bad <= 0.0:
        return 0.0
    if smoothing <= 0.0 and (good <= 0.0 or bad <= 0.0):
        good += 0.5
        bad += 0.5
    n = goods + bads
    return np.log((good + smoothing * goods / n) / goods) - np.log((bad + smoothing * bads / n) / bads)


@njit(**JIT)
def _value(good: float, bad: float, goods: float, bads: float, smoothing: float) -> float:
    return (good / goods - bad / bads) * weight_of_evidence(good, bad, goods, bads, smoothing)


@njit(**JIT)
def _moved(goods: Floats, bads: Floats, sizes: Floats, first: int, past: int) -> float:
    """How much a bin's share moves: its part of the stability index against all periods, averaged over them."""
    n_periods = goods.shape[0]
    inside, everything = 0.0, 0.0
    for p in range(n_periods):
        inside += goods[p, past] - goods[p, first] + bads[p, past] - bads[p, first]
        everything += sizes[p]
    share = (inside + 0.5) / (everything + 0.5)
    total = 0.0
    for p in range(n_periods):
        n = goods[p, past] - goods[p, first] + bads[p, past] - bads[p, first]
        here = (n + 0.5) / (sizes[p] + 0.5)
        total += (here - share) * np.log(here / share)
    return total / n_periods


@njit(**JIT)
def _flips(goods: Floats, bads: Floats, first: int, middle: int, past: int, sign: float) -> float:
    """Share of the periods in which two neighbouring bins' bad rates stand the other way round."""
    flips, seen = 0, 0
    for p in range(goods.shape[0]):
        g, b = goods[p, middle] - goods[p, first], bads[p, middle] - bads[p, first]
        h, c = goods[p, past] - goods[p, middle], bads[p, past] - bads[p, middle]
        if g + b <= 0.0 or h + c <= 0.0:
            continue
        seen += 1
        if (c / (h + c) - b / (g + b)) * sign < 0.0:
            flips += 1
    return flips / seen if seen > 0 else 0.0


@njit(**JIT)
def best_bins(
    counts: Floats, sizes: Floats, goods: float, bads: float, smoothing: float, limits: Floats,
    max_bins: int, trend: int, wall: NDArray[np.bool_], stability: float, bin_cost: float, cut: NDArray[np.bool_],
) -> float:  # fmt: skip
    r"""Join neighbouring pre-bins into the bins of the greatest information value: exact dynamic programming.

    Let S(i, j) be the value of the bin that joins pre-bins i to j (minus infinity where it breaks a limit), r(i, j)
    its bad rate, and V(k, i, j) the best value of a way to cut pre-bins 0 to j into k bins of which (i, j) is the last.
    For a bad rate that may only rise::

        V(1, 0, j) = S(0, j)
        V(k, i, j) = S(i, j) + max over h < i with r(h, i-1) <= r(i, j) of  V(k-1, h, i-1) - P(h, i, j)

    and the answer is max over k <= K and i of V(k, i, m-1). A falling rate turns the inequality, a free one drops it. A
    peak is two phases: U is V of a rising rate, and D(k, i, j) takes the better of U and D with r(h, i-1) >= r(i, j). A
    valley is its mirror. That the last bin is part of the state is what makes the order of rates exact. Time is
    O(m^3), and O(K m^3) only where the best cut without a limit on K has more than K bins.

    S is the information value less `bin_cost` (1/G + 1/B) less `stability` times the part of the stability index
    (how far the bin's share moves between periods). P is `stability` times the share of periods in which the two bins'
    bad rates stand the other way round, times what the cut between them gains, S'(h, i-1) + S'(i, j) - S'(h, j), with
    S' the information value alone.

    Parameters
    ----------
    counts : (periods, 2, m) float64
        Goods and bads of each pre-bin by period.
    sizes : (periods,) float64
        Rows of each period, those outside the pre-bins too.
    goods, bads : float
        G and B, of all rows.
    smoothing : float
        Rows.
    limits : (3,) float64
        Least rows, goods and bads of a bin.
    max_bins : int
        K.
    trend : int
        FREE, ASCENDING, DESCENDING, PEAK or VALLEY (the last two may be one-sided).
    wall : (m,) bool
        ``wall[i]``: a cut before pre-bin i is required.
    stability : float
        Weight of the two penalties; 0: periods play no part.
    bin_cost : float
        What a bin must bring, in units of what chance alone brings (the expected information value of a pure-noise
        bin is 1/G + 1/B).
    cut : (m,) bool
        Receives where bins begin: ``cut[i]`` with i > 0, a cut before pre-bin i.

    Returns
    -------
    float
        The best value; minus infinity if no cut keeps the limits (then no cut is set).

    References
    ----------
    Navas-Palencia, G. (2020). Optimal binning: mathematical programming formulation. arXiv:2001.08025. The problem is
    his; he solves it by integer programming.
    """
    n_periods, m = counts.shape[0], counts.shape[2]
    cut[:] = False
    g, b = np.zeros((n_periods, m + 1)), np.zeros((n_periods, m + 1))
    G, B = np.zeros(m + 1), np.zeros(m + 1)
    for p in range(n_periods):
        for j in range(m):
            g[p, j + 1] = g[p, j] + counts[p, 0, j]
            b[p, j + 1] = b[p, j] + counts[p, 1, j]
    for p in range(n_periods):
        G += g[p]
        B += b[p]
    # Indexed [last, first], so that the inner loop over h walks along memory.
    rate, iv, own = np.zeros((m, m)), np.zeros((m, m)), np.full((m, m), -np.inf)
    slack = 1e-9 * (goods + bads)  # weights add up with rounding; counts do not
    for i in range(m):
        for j in range(i, m):
            good, bad = G[j + 1] - G[i], B[j + 1] - B[i]
            iv[j, i] = _value(good, bad, goods, bads, smoothing)
            rate[j, i] = bad / (good + bad)
            if j > i and wall[j]:
                for end in range(j, m):  # no bin from i reaches over the wall, but flips need their value
                    good, bad = G[end + 1] - G[i], B[end + 1] - B[i]
                    iv[end, i] = _value(good, bad, goods, bads, smoothing)
                break
            if good + bad < limits[0] - slack or good < limits[1] - slack or bad < limits[2] - slack:
                continue
            own[j, i] = iv[j, i] - bin_cost * (1.0 / goods + 1.0 / bads)
            if stability > 0.0:
                own[j, i] -= stability * _moved(g, b, sizes, i, j + 1)
    up, phases = 0.0, 1
    if trend in (ASCENDING, PEAK):
        up = 1.0
    elif trend in (DESCENDING, VALLEY):
        up = -1.0
    if trend in (PEAK, VALLEY):
        phases = 2
    for layers in (1, max_bins):
        layered = layers > 1
        value = np.full((layers, phases, m, m), -np.inf)
        from_first = np.full((layers, phases, m, m), -1, np.int16)
        from_phase = np.zeros((layers, phases, m, m), np.int8)
        for layer in range(layers):
            source = layer - 1 if layered else 0
            for i in range(m):
                if layered and (layer == 0) != (i == 0):
                    continue
                for j in range(i, m):
                    if own[j, i] == -np.inf:
                        continue
                    if i == 0:
                        value[layer, 0, j, 0] = own[j, 0]
                        continue
                    for phase in range(phases):
                        sign = up if phase == 0 else -up
                        best, best_h, best_phase = -np.inf, -1, 0
                        for h in range(i):
                            if sign * (rate[j, i] - rate[i - 1, h]) < 0.0:
                                continue
                            for before in range(phase + 1):
                                one = value[source, before, i - 1, h]
                                if one <= best:
                                    continue
                                if stability > 0.0:
                                    gain = iv[i - 1, h] + iv[j, i] - iv[j, h]
                                    if gain > 0.0:
                                        turn = rate[j, i] - rate[i - 1, h]
                                        one -= stability * gain * _flips(g, b, h, i, j + 1, turn)
                                if one > best:
                                    best, best_h, best_phase = one, h, before
                        if best_h >= 0:
                            value[layer, phase, j, i] = best + own[j, i]
                            from_first[layer, phase, j, i] = best_h
                            from_phase[layer, phase, j, i] = best_phase
        best, at_layer, at_phase, at_first = -np.inf, 0, 0, 0
        for layer in range(layers):
            for phase in range(phases):
                for i in range(m):
                    if value[layer, phase, m - 1, i] > best:
                        best, at_layer, at_phase, at_first = value[layer, phase, m - 1, i], layer, phase, i
        cut[:] = False
        if best == -np.inf:
            return best
        n_bins, last, first, phase, layer = 1, m - 1, at_first, at_phase, at_layer
        while first > 0:
            cut[first] = True
            h, before = from_first[layer, phase, last, first], from_phase[layer, phase, last, first]
            last, first, phase = first - 1, int(h), int(before)
            layer = layer - 1 if layered else 0
            n_bins += 1
        if n_bins <= max_bins:
            return best
        if max_bins == 1:
            break
    # One bin alone was asked for, and the best cut has more.
    cut[:] = False
    return own[m - 1, 0]
