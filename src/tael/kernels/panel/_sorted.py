"""Compiled: what needs a row in order: ranks, ranks within groups, quantiles, rank correlation, means by quantile.

**How a row is sorted.** The values that count are gathered; a sample of fifteen gives a centre ``c`` and a scale ``s``;
``1 - s / (s + |v - c|)``, with the sign of ``v - c``, brings any distribution near enough to a uniform one (it is the
shape of a distribution function with heavy tails, and as a chain of rounded monotone steps it never turns two values
round). Two passes of a radix sort on that share, about as wide as the row is long, leave few neighbours that share a
key; those are sorted by their values. The order is exact, whatever the values are; only the time depends on them.

Helpers stand in this file because Numba's cache does not see edits elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

Floats = NDArray[Any]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]
Entries = NDArray[np.uint64]
Whole = NDArray[np.uint32]

SAMPLE = 15
SHORT = 24
U0, U1, HALF = np.uint64(0), np.uint64(1), np.uint64(32)


@njit(**JIT)
def _median_of(sample: Floats, n: int) -> float:
    """The median of a few values, which are sorted in place."""
    for i in range(1, n):
        v, j = sample[i], i
        while j > 0 and sample[j - 1] > v:
            sample[j] = sample[j - 1]
            j -= 1
        sample[j] = v
    return sample[n >> 1]


@njit(**JIT)
def _scale_of(values: Floats, n: int, sample: Floats) -> tuple[float, float]:
    """A centre and a positive scale, from a sample unless the sample has no spread."""
    k = min(n, SAMPLE)
    for i in range(k):
        sample[i] = values[(i * n) // k]
    centre = _median_of(sample, k)
    for i in range(k):
        sample[i] = abs(sample[i] - centre)
    scale = _median_of(sample, k)
    if scale == 0.0:
        scale = sample[k - 1]
    if scale == 0.0:
        for i in range(n):
            scale += abs(values[i] - centre)
        scale /= n
    return centre, scale if 0.0 < scale < np.inf else 1.0


@njit(**JIT)
def _fill_keys(values: Floats, n: int, centre: float, scale: float, half: float, keys: Codes) -> None:
    for i in range(n):
        d = values[i] - centre
        share = scale / (scale + abs(d))
        keys[i] = np.int32((2.0 - share if d >= 0.0 else share) * half)


@njit(**JIT)
def _sift(entries: Entries, values: Floats, begin: int, root: int, n: int) -> None:
    """Let an entry sink in a heap of n entries that starts at ``begin``."""
    held = entries[begin + root]
    v = values[np.uint32(held)]
    child = 2 * root + 1
    while child < n:
        if child + 1 < n and values[np.uint32(entries[begin + child])] < values[np.uint32(entries[begin + child + 1])]:
            child += 1
        if values[np.uint32(entries[begin + child])] <= v:
            break
        entries[begin + root] = entries[begin + child]
        root = child
        child = 2 * root + 1
    entries[begin + root] = held


@njit(**JIT)
def _sort_run(entries: Entries, values: Floats, begin: int, past: int) -> None:
    """Sort entries with one key by their values."""
    n = past - begin
    if n > SHORT:
        same = True
        for i in range(begin + 1, past):
            same &= values[np.uint32(entries[i])] == values[np.uint32(entries[begin])]
        if same:
            return
        for root in range(n // 2 - 1, -1, -1):
            _sift(entries, values, begin, root, n)
        for last in range(n - 1, 0, -1):
            top = entries[begin]
            entries[begin] = entries[begin + last]
            entries[begin + last] = top
            _sift(entries, values, begin, 0, last)
        return
    for i in range(begin + 1, past):
        held = entries[i]
        v, j = values[np.uint32(held)], i
        while j > begin and values[np.uint32(entries[j - 1])] > v:
            entries[j] = entries[j - 1]
            j -= 1
        entries[j] = held


@njit(**JIT)
def _sort(
    values: Floats, n: int, bits: int, keys: Codes, entries: Entries, other: Entries, counts: Whole, sample: Floats
) -> None:
    """Order the first n values: ``entries`` receives (key, number of the value), the smallest first."""
    size = 1 << bits
    low, high = np.uint64(size - 1), np.uint64(bits)
    centre, scale = _scale_of(values, n, sample)
    _fill_keys(values, n, centre, scale, ((1 << (2 * bits)) - 1) / 2.0, keys)
    counts[:] = 0
    above = np.uint64(size)
    count = np.uint64(n)
    for i in range(count):
        key = np.uint64(keys[i])
        counts[key & low] += np.uint32(1)
        counts[above + (key >> high)] += np.uint32(1)
    first, second = np.uint32(0), np.uint32(0)
    for d in range(above):
        here, there = counts[d], counts[above + d]
        counts[d], counts[above + d] = first, second
        first += here
        second += there
    for i in range(count):
        key = np.uint64(keys[i])
        at = counts[key & low]
        counts[key & low] = at + np.uint32(1)
        other[at] = (key << HALF) | i
    for i in range(count):
        entry = other[i]
        d = above + ((entry >> HALF) >> high)
        at = counts[d]
        counts[d] = at + np.uint32(1)
        entries[at] = entry
    begin: Any = U0
    while begin < count:
        key = entries[begin] >> HALF
        past: Any = begin + U1
        while past < count and entries[past] >> HALF == key:
            past += U1
        if past > begin + U1:
            _sort_run(entries, values, np.int64(begin), np.int64(past))
        begin = past


@njit(**JIT)
def _end_of_ties(entries: Entries, values: Floats, i: Any, count: Any) -> Any:
    """Past the last entry whose value is that of entry i."""
    past = i + U1
    if past == count or entries[past] >> HALF != entries[i] >> HALF:
        return past
    v = values[np.uint32(entries[i])]
    while past < count and values[np.uint32(entries[past])] == v:
        past += U1
    return past


@njit(**JIT)
def ranks(
    x: Floats, members: Flags, codes: Codes, out: Floats, n_cols: int, n_groups: int, bits: int, first: int, past: int
) -> None:
    """Ranks of each row, ties in the middle, over how many there are; with codes, within each group."""
    values, ids = np.empty(n_cols), np.empty(n_cols, np.uint32)
    keys = np.empty(n_cols, np.int32)
    entries, other = np.empty(n_cols, np.uint64), np.empty(n_cols, np.uint64)
    counts, sample = np.empty(2 << bits, np.uint32), np.empty(SAMPLE)
    size, before, tied = np.zeros(n_groups), np.zeros(n_groups), np.zeros(n_groups)
    masked, grouped = members.size > 0, codes.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        count = U0
        for c in range(np.uint64(n_cols)):
            v = np.float64(x[row + c])
            ok = v - v == 0.0
            if masked:
                ok &= members[row + c]
            if grouped:
                ok &= codes[row + c] >= 0
            values[count] = v
            ids[count] = np.uint32(c)
            out[row + c] = np.nan
            count += np.uint64(ok)
        if count == U0:
            continue
        _sort(values, np.int64(count), bits, keys, entries, other, counts, sample)
        i: Any = U0
        if not grouped:
            number = np.float64(count)
            while i < count:
                end = _end_of_ties(entries, values, i, count)
                if end == i + U1:
                    out[row + ids[np.uint32(entries[i])]] = np.float64(end) / number
                else:
                    rank = (np.float64(i) + np.float64(end) + 1.0) / (2.0 * number)
                    for j in range(i, end):
                        out[row + ids[np.uint32(entries[j])]] = rank
                i = end
            continue
        size[:] = 0.0
        before[:] = 0.0
        for k in range(count):
            size[np.uint32(codes[row + ids[k]])] += 1.0
        i = U0
        while i < count:
            end = _end_of_ties(entries, values, i, count)
            for j in range(i, end):
                tied[np.uint32(codes[row + ids[np.uint32(entries[j])]])] += 1.0
            for j in range(i, end):
                cell = row + ids[np.uint32(entries[j])]
                g = np.uint32(codes[cell])
                out[cell] = (before[g] + 0.5 * (tied[g] + 1.0)) / size[g]
            for j in range(i, end):
                g = np.uint32(codes[row + ids[np.uint32(entries[j])]])
                before[g] += tied[g]
                tied[g] = 0.0
            i = end


@njit(**JIT)
def _quantile(entries: Entries, values: Floats, count: int, q: float) -> float:
    at = q * (count - 1)
    low = np.int64(at)
    y = values[np.uint32(entries[low])]
    if at > low:
        y += (at - low) * (values[np.uint32(entries[low + 1])] - y)
    return y


@njit(**JIT)
def clipped(x: Floats, members: Flags, out: Floats, n_cols: int, p: float, bits: int, first: int, past: int) -> None:
    """Each row's values, none below its p-quantile or above its (1 - p)-quantile."""
    values, ids = np.empty(n_cols), np.empty(n_cols, np.uint32)
    keys = np.empty(n_cols, np.int32)
    entries, other = np.empty(n_cols, np.uint64), np.empty(n_cols, np.uint64)
    counts, sample = np.empty(2 << bits, np.uint32), np.empty(SAMPLE)
    masked = members.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        count = U0
        for c in range(np.uint64(n_cols)):
            v = np.float64(x[row + c])
            ok = v - v == 0.0
            if masked:
                ok &= members[row + c]
            values[count] = v
            ids[count] = np.uint32(c)
            out[row + c] = np.nan
            count += np.uint64(ok)
        if count == U0:
            continue
        _sort(values, np.int64(count), bits, keys, entries, other, counts, sample)
        low = _quantile(entries, values, np.int64(count), p)
        high = _quantile(entries, values, np.int64(count), 1.0 - p)
        for i in range(count):
            out[row + ids[i]] = min(max(values[i], low), high)


@njit(**JIT)
def against(
    x: Floats, y: Floats, members: Flags, n_cols: int, bits: int, least: int, first: int, past: int, out: Floats
) -> None:
    """Correlation of each row's ranks of x with y as it is, over the cells where both are there."""
    values, beside = np.empty(n_cols), np.empty(n_cols)
    keys = np.empty(n_cols, np.int32)
    entries, other = np.empty(n_cols, np.uint64), np.empty(n_cols, np.uint64)
    counts, sample = np.empty(2 << bits, np.uint32), np.empty(SAMPLE)
    masked = members.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        count = U0
        for c in range(np.uint64(n_cols)):
            v, w = np.float64(x[row + c]), np.float64(y[row + c])
            ok = (v - v == 0.0) & (w - w == 0.0)
            if masked:
                ok &= members[row + c]
            values[count] = v
            beside[count] = w
            count += np.uint64(ok)
        out[t] = np.nan
        if count < least:
            continue
        _sort(values, np.int64(count), bits, keys, entries, other, counts, sample)
        centre = 0.5 * (np.float64(count) + 1.0)
        origin = beside[U0]
        sy, yy, rr, ry = 0.0, 0.0, 0.0, 0.0
        i: Any = U0
        while i < count:
            end = _end_of_ties(entries, values, i, count)
            r = 0.5 * (np.float64(i) + np.float64(end) + 1.0) - centre
            for j in range(i, end):
                w = beside[np.uint32(entries[j])] - origin
                sy += w
                yy += w * w
                rr += r * r
                ry += r * w
            i = end
        # Ranks less their mean add up to 0, so that y need not be centred for the product.
        spread = yy - sy * sy / np.float64(count)
        if rr > 0.0 and spread > 1e-14 * yy:
            out[t] = ry / np.sqrt(rr * spread)


@njit(**JIT)
def means_by_quantile(
    x: Floats, y: Floats, members: Flags, n_cols: int, bits: int, n_quantiles: int, first: int, past: int, out: Floats
) -> None:
    """Means of y over the cells of each quantile of x; a group of ties goes where its middle is."""
    values, beside = np.empty(n_cols), np.empty(n_cols)
    keys = np.empty(n_cols, np.int32)
    entries, other = np.empty(n_cols, np.uint64), np.empty(n_cols, np.uint64)
    counts, sample = np.empty(2 << bits, np.uint32), np.empty(SAMPLE)
    number, total = np.empty(n_quantiles), np.empty(n_quantiles)
    masked = members.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        count = U0
        for c in range(np.uint64(n_cols)):
            v, w = np.float64(x[row + c]), np.float64(y[row + c])
            ok = (v - v == 0.0) & (w - w == 0.0)
            if masked:
                ok &= members[row + c]
            values[count] = v
            beside[count] = w
            count += np.uint64(ok)
        number[:] = 0.0
        total[:] = 0.0
        if count > U0:
            _sort(values, np.int64(count), bits, keys, entries, other, counts, sample)
        i: Any = U0
        while i < count:
            end = _end_of_ties(entries, values, i, count)
            # Half a rank below: the middle of n cells in one quantile is never on a border.
            middle = 0.5 * (np.float64(i) + np.float64(end))
            g = min(int(middle * n_quantiles / np.float64(count)), n_quantiles - 1)
            for j in range(i, end):
                number[g] += 1.0
                total[g] += beside[np.uint32(entries[j])]
            i = end
        for g in range(n_quantiles):
            out[t * n_quantiles + g] = total[g] / number[g] if number[g] > 0.0 else np.nan
