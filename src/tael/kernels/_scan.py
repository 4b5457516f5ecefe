"""The compiled scan behind :func:`tael.kernels.events.aggregate`.

One observation is one walk over its rows, from the cutoff outwards. For each partition of conditions the walk first
lists the rows that count (``_select``), then feeds them to one accumulator per slot, value and family of statistics.
Where the walk leaves a window, that window's results are read off the accumulators: nested windows share one walk. An
accumulator's content depends on its own rows and their order alone, so a formula's number does not change, to the last
bit, with the formulas, windows, observations or threads computed beside it.

Numba's cache looks at this file alone: after an edit of ``_memory.py``, touch this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT, load_f64, load_i32, load_i64, load_int, rank_of_time, store_f32, store_f64

COUNT, SUM, MEAN, MIN, MAX, STD, FIRST, LAST, N_UNIQUE, MODE = range(10)
SHARE, DAYS_SINCE_FIRST, DAYS_SINCE_LAST, GAP_MEAN, GAP_STD, TREND = range(10, 16)

# Families of accumulators. TOTALS is the part of MOMENTS that counts and sums need.
ROWS, TOTALS, MOMENTS, CATEGORIES, SLOPES = range(5)

DAY = 86_400_000_000.0
U1, U2, U3, U4, U5, U6, U7 = (np.uint64(i) for i in range(1, 8))
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(**JIT)
def _select(
    anchor: int, step: int, lengths: NDArray[np.int64], slots: int, width: int, slots_known: int,
    slots_before: int, rows_known: int, limit: int, rows: NDArray[np.int32], cells: NDArray[np.int32],
    marks: NDArray[np.int64], totals: NDArray[np.int64],
) -> None:  # fmt: skip
    """List the rows that are in some slot (how far from the anchor, which slot), with a mark at each window's end."""
    found = np.uint64(0)
    total = np.int64(0)
    done = np.int64(0)
    for s in range(lengths.size):
        for k in range(done, lengths[s]):
            j = anchor + step * k
            slot = load_int(slots, width, j)
            counts = np.int64(1)
            if rows_known != 0:
                counts = np.int64(rank_of_time(load_i64(rows_known, j)) < limit)
            total += counts
            if slots_known != 0 and rank_of_time(load_i64(slots_known, j)) >= limit:
                slot = load_int(slots_before, width, j) if slots_before != 0 else np.int64(-1)
            # Written always and kept only if it counts: no branch to mispredict.
            rows[found] = k
            cells[found] = slot
            found += np.uint64(counts & np.int64(slot >= 0))
        done = max(done, lengths[s])
        marks[s] = found
        totals[s] = total


@njit(**JIT)
def _add_totals(
    anchor: int, step: int, begin: int, end: int, rows: NDArray[np.int32], cells: NDArray[np.int32], data: int,
    known: int, before: int, limit: int, acc: NDArray[np.float64],
) -> None:  # fmt: skip
    for q in range(begin, end):
        j = anchor + step * rows[q]
        x = load_f64(data, j)
        if known != 0 and rank_of_time(load_i64(known, j)) >= limit:
            if before == 0:
                continue
            x = load_f64(before, j)
        if x - x != 0.0:
            continue
        a = np.uint64(cells[q]) << U3
        acc[a] += 1.0
        acc[a + U1] += x


@njit(**JIT)
def _add_moments(
    anchor: int, step: int, begin: int, end: int, rows: NDArray[np.int32], cells: NDArray[np.int32], data: int,
    known: int, before: int, limit: int, acc: NDArray[np.float64],
) -> None:  # fmt: skip
    """One cache line: n, sum, nearest value, sum and squares less that value, min, max, farthest value."""
    for q in range(begin, end):
        j = anchor + step * rows[q]
        x = load_f64(data, j)
        if known != 0 and rank_of_time(load_i64(known, j)) >= limit:
            if before == 0:
                continue
            x = load_f64(before, j)
        if x - x != 0.0:
            continue
        a = np.uint64(cells[q]) << U3
        n = acc[a]
        if n == 0.0:
            acc[a + U2] = x
            acc[a + U5] = x
            acc[a + U6] = x
        # Squares are taken about a value of the sample itself: however far from zero it lies, and even if that value is
        # an outlier, little is cancelled. It costs no division, as Welford's update would.
        d = x - acc[a + U2]
        acc[a] = n + 1.0
        acc[a + U1] += x
        acc[a + U3] += d
        acc[a + U4] += d * d
        acc[a + U5] = min(acc[a + U5], x)
        acc[a + U6] = max(acc[a + U6], x)
        acc[a + U7] = x


@njit(**JIT)
def _add_slopes(
    anchor: int, step: int, begin: int, end: int, rows: NDArray[np.int32], cells: NDArray[np.int32], data: int,
    known: int, before: int, limit: int, acc: NDArray[np.float64], time: int, starts: NDArray[np.int64],
) -> None:  # fmt: skip
    """n, nearest value, then sums of u, d, uu, ud: days and value, both less those of the nearest row."""
    for q in range(begin, end):
        j = anchor + step * rows[q]
        x = load_f64(data, j)
        if known != 0 and rank_of_time(load_i64(known, j)) >= limit:
            if before == 0:
                continue
            x = load_f64(before, j)
        if x - x != 0.0:
            continue
        c = np.uint64(cells[q])
        a = c << U3
        if acc[a] == 0.0:
            acc[a + U1] = x
            starts[c] = load_i64(time, j)
        u = (load_i64(time, j) - starts[c]) / DAY
        d = x - acc[a + U1]
        acc[a] += 1.0
        acc[a + U2] += u
        acc[a + U3] += d
        acc[a + U4] += u * u
        acc[a + U5] += u * d


@njit(**JIT)
def _add_rows(
    anchor: int, step: int, begin: int, end: int, rows: NDArray[np.int32], cells: NDArray[np.int32],
    acc: NDArray[np.float64], time: int, starts: NDArray[np.int64], ends: NDArray[np.int64],
) -> None:  # fmt: skip
    """n, first gap seen, sum and squares of gaps less that gap; the times of the nearest and the farthest row."""
    for q in range(begin, end):
        t = load_i64(time, anchor + step * rows[q])
        c = np.uint64(cells[q])
        a = c << U3
        n = acc[a]
        if n == 0.0:
            starts[c] = t
        else:
            gap = abs(t - ends[c]) / DAY
            if n == 1.0:
                acc[a + U1] = gap
            d = gap - acc[a + U1]
            acc[a + U2] += d
            acc[a + U3] += d * d
        acc[a] = n + 1.0
        ends[c] = t


@njit(**JIT)
def _add_categories(
    anchor: int, step: int, begin: int, end: int, rows: NDArray[np.int32], cells: NDArray[np.int32], data: int,
    known: int, before: int, limit: int, tally: NDArray[np.int64], n_codes: int, shift: int, keys: NDArray[np.int64],
    counts: NDArray[np.int64], nearest: NDArray[np.int64],
) -> None:  # fmt: skip
    """n, distinct, nearest code, farthest code, mode, its count, its nearest row; a hash table counts (slot, code)."""
    mask = (U1 << np.uint64((64 - shift) & 63)) - U1
    for q in range(begin, end):
        k = np.int64(rows[q])
        j = anchor + step * k
        code = np.int64(load_i32(data, j))
        if known != 0 and rank_of_time(load_i64(known, j)) >= limit:
            if before == 0:
                continue
            code = np.int64(load_i32(before, j))
        if code < 0:
            continue
        a = np.uint64(cells[q]) << U3
        if tally[a] == 0:
            tally[a + U2] = code
        tally[a] += 1
        tally[a + U3] = code
        if shift == 0:
            continue
        key = np.int64(cells[q]) * n_codes + code
        h = (np.uint64(key) * GOLDEN) >> np.uint64(shift)
        while keys[h] != key and keys[h] >= 0:
            h = (h + U1) & mask
        if keys[h] < 0:
            keys[h] = key
            counts[h] = 0
            nearest[h] = k
            tally[a + U1] += 1
        counts[h] += 1
        if step > 0:
            nearest[h] = -k  # walking forward in time, the latest sight of a code is the most recent
        n = counts[h]
        if n > tally[a + U5] or (n == tally[a + U5] and nearest[h] <= tally[a + U6]):
            tally[a + U4] = code
            tally[a + U5] = n
            tally[a + U6] = nearest[h]


@njit(**JIT)
def _variance(n: float, total: float, squares: float) -> float:
    return max(squares - total * total / n, 0.0) / (n - 1.0)


@njit(**JIT)
def _read_moments(stat: int, step: int, a: int, acc: NDArray[np.float64]) -> float:
    n = acc[a]
    if stat == COUNT:
        return n
    if stat == SUM:
        return acc[a + U1]
    if n == 0.0:
        return np.nan
    if stat == MEAN:
        return acc[a + U1] / n
    if stat == MIN:
        return acc[a + U5]
    if stat == MAX:
        return acc[a + U6]
    if stat == STD:
        return np.sqrt(_variance(n, acc[a + U3], acc[a + U4])) if n >= 2.0 else np.nan
    if (stat == LAST) == (step < 0):
        return acc[a + U2]
    return acc[a + U7]


@njit(**JIT)
def _read_rows(
    stat: int, step: int, c: int, acc: NDArray[np.float64], starts: NDArray[np.int64], ends: NDArray[np.int64],
    cutoff: int, total: int,
) -> float:  # fmt: skip
    a = c << U3
    n = acc[a]
    if stat == COUNT:
        return n
    if stat == SHARE:
        return n / total if total > 0 else np.nan
    if n == 0.0:
        return np.nan
    if stat in (DAYS_SINCE_FIRST, DAYS_SINCE_LAST):
        t = starts[c] if (stat == DAYS_SINCE_LAST) == (step < 0) else ends[c]
        return step * (t - cutoff) / DAY
    if stat == GAP_MEAN:
        return abs(starts[c] - ends[c]) / DAY / (n - 1.0) if n >= 2.0 else np.nan
    return np.sqrt(_variance(n - 1.0, acc[a + U2], acc[a + U3])) if n >= 3.0 else np.nan


@njit(**JIT)
def _read_slopes(a: int, acc: NDArray[np.float64]) -> float:
    # The nearest row is the origin, so all times are equal exactly where every u is 0.
    n = acc[a]
    if acc[a + U4] == 0.0 or n < 2.0:
        return np.nan
    spread = acc[a + U4] - acc[a + U2] * acc[a + U2] / n
    return (acc[a + U5] - acc[a + U2] * acc[a + U3] / n) / spread if spread > 0.0 else np.nan


@njit(**JIT)
def _read_categories(stat: int, step: int, a: int, tally: NDArray[np.int64]) -> float:
    if stat == COUNT:
        return float(tally[a])
    if stat == N_UNIQUE:
        return float(tally[a + U1])
    if tally[a] == 0:
        return np.nan
    if stat == MODE:
        return float(tally[a + U4])
    return float(tally[a + U2] if (stat == LAST) == (step < 0) else tally[a + U3])


@njit(**JIT)
def scan(
    first: int,
    past: int,
    step: int,
    n_obs: int,
    anchors: int,
    bounds: int,
    cutoffs: int,
    time: int,
    rows_known: int,
    groups: NDArray[np.int64],
    units: NDArray[np.int64],
    asks: NDArray[np.int64],
    offsets: NDArray[np.int64],
    longest: int,
    table_bits: int,
    out: int,
    item: int,
    row_stride: int,
    obs_stride: int,
) -> None:
    """Fill ``out[:, first:past]``.

    Parameters
    ----------
    first, past : int
        The observations to compute.
    step : int
        -1: windows end at the anchor and reach back; 1: they begin at it and reach forward.
    n_obs : int
        Observations in all, the row length of ``bounds``.
    anchors, bounds, cutoffs : int
        Addresses of int64 arrays: (n_obs,) where the walk starts, (n_windows, n_obs) where windows end, (n_obs,).
    time, rows_known : int
        Addresses of int64 columns in microseconds; 0: no column.
    groups : (n_groups, 7)
        One row per partition: address of slots, their width, address of known-at, slots, first unit, past unit,
        address of the slots that hold until they are known.
    units : (n_units, 6)
        Family, address of data, address of known-at, number of codes, 1 if codes must be counted, address of the data
        that holds until it is known.
    asks : (n_requests, 3)
        Statistic, slot, output row; sorted by unit and window.
    offsets : (n_units * n_windows + 1,)
        Where in ``asks`` each unit's and window's requests begin.
    longest, table_bits : int
        Rows of the longest window here; log2 of the hash table's size.
    out, item, row_stride, obs_stride : int
        Address of the (n_requests, n_obs) output, bytes of a number (8 or 4), bytes from row to row and from one
        observation to the next.
    """
    n_windows = (offsets.size - 1) // units.shape[0]
    width = asks.shape[0]
    n_slots = np.int64(1)
    for g in range(groups.shape[0]):
        n_slots = max(n_slots, groups[g, 3])
    rows = np.empty(longest + 1, np.int32)
    cells = np.empty(longest + 1, np.int32)
    acc = np.empty(n_slots * 8, np.float64)
    tally = np.empty(n_slots * 8, np.int64)
    starts = np.empty(n_slots, np.int64)
    ends = np.empty(n_slots, np.int64)
    keys = np.empty(1 << table_bits, np.int64)
    counts = np.empty(1 << table_bits, np.int64)
    nearest = np.empty(1 << table_bits, np.int64)
    lengths = np.empty(n_windows, np.int64)
    order = np.empty(n_windows, np.int64)
    marks = np.empty(n_windows, np.int64)
    totals = np.empty(n_windows, np.int64)
    # Results wait in a block that fits the cache until whole cache lines of each output row can be written.
    block = max(np.int64(8), min(np.int64(64), np.int64(16384) // max(width, 1)) // 8 * 8)
    waiting = np.empty((block, width), np.float64)

    for i in range(first, past):
        held = (i - first) % block
        anchor = load_i64(anchors, i)
        if step < 0:
            anchor -= 1
        cutoff = load_i64(cutoffs, i)
        limit = rank_of_time(cutoff)
        for w in range(n_windows):
            # Which window is the longer may differ between observations (30 days and a calendar month).
            length = max(np.int64(0), step * (load_i64(bounds, w * n_obs + i) - anchor) + np.int64(step < 0))
            s = w
            while s > 0 and lengths[s - 1] > length:
                lengths[s] = lengths[s - 1]
                order[s] = order[s - 1]
                s -= 1
            lengths[s] = length
            order[s] = w

        for g in range(groups.shape[0]):
            _select(
                anchor, step, lengths, groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 6], rows_known, limit,
                rows, cells, marks, totals,
            )  # fmt: skip
            n_slots = groups[g, 3]
            for u in range(groups[g, 4], groups[g, 5]):
                family, data, known, n_codes = units[u, 0], units[u, 1], units[u, 2], units[u, 3]
                before = units[u, 5]
                shift = np.int64(0)
                if family == CATEGORIES:
                    tally[: n_slots * 8] = 0
                    if units[u, 4] != 0:
                        entries = min(marks[n_windows - 1], n_slots * n_codes)
                        bits = np.int64(1)
                        while (np.int64(1) << bits) < 2 * entries:
                            bits += 1
                        shift = 64 - bits
                        keys[: np.int64(1) << bits] = -1
                else:
                    acc[: n_slots * 8] = 0.0
                begin = np.int64(0)
                for s in range(n_windows):
                    end = marks[s]
                    if family == MOMENTS:
                        _add_moments(anchor, step, begin, end, rows, cells, data, known, before, limit, acc)
                    elif family == TOTALS:
                        _add_totals(anchor, step, begin, end, rows, cells, data, known, before, limit, acc)
                    elif family == ROWS:
                        _add_rows(anchor, step, begin, end, rows, cells, acc, time, starts, ends)
                    elif family == CATEGORIES:
                        _add_categories(
                            anchor, step, begin, end, rows, cells, data, known, before, limit, tally, n_codes, shift,
                            keys, counts, nearest,
                        )  # fmt: skip
                    else:
                        _add_slopes(
                            anchor, step, begin, end, rows, cells, data, known, before, limit, acc, time, starts
                        )
                    begin = end
                    o = u * n_windows + order[s]
                    for r in range(offsets[o], offsets[o + 1]):
                        stat = asks[r, 0]
                        c = np.uint64(asks[r, 1])
                        if family in (MOMENTS, TOTALS):
                            result = _read_moments(stat, step, c << U3, acc)
                        elif family == ROWS:
                            result = _read_rows(stat, step, c, acc, starts, ends, cutoff, totals[s])
                        elif family == CATEGORIES:
                            result = _read_categories(stat, step, c << U3, tally)
                        else:
                            result = _read_slopes(c << U3, acc)
                        waiting[held, asks[r, 2]] = result

        if held == block - 1 or i == past - 1:
            start = i - held
            if item == 8:
                for r in range(width):
                    for b in range(held + 1):
                        store_f64(out + r * row_stride + (start + b) * obs_stride, waiting[b, r])
            else:
                for r in range(width):
                    for b in range(held + 1):
                        store_f32(out + r * row_stride + (start + b) * obs_stride, waiting[b, r])
