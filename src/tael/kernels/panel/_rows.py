"""Compiled: what needs a row's sums but not its order: scores, groups, regressions, correlations.

Each row's values that count are gathered first; sums over them run in eight lanes, always in the same order. After an
edit of ``_lanes.py``, touch this file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT
from tael.kernels.panel._lanes import LANES, absolute, load, spread, store

Floats = NDArray[Any]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]

DEMEAN, ZSCORE, SCALE, MEAN = range(4)
PLAIN, SIZE, SQUARE = range(3)


@njit(**JIT)
def _total(values: Floats, n: int, how: int, minus: float, lanes: Floats) -> float:
    """Sum of the first n values less ``minus``, of their sizes or their squares; the array is longer by eight."""
    total = spread(0.0)
    whole = n // LANES * LANES
    for i in range(0, whole, LANES):
        v = load(values, i) - minus
        if how == SQUARE:
            v = v * v
        elif how == SIZE:
            v = absolute(v)
        total = total + v
    store(lanes, 0, total)
    for i in range(whole, n):
        v = values[i] - minus
        lanes[i - whole] += v * v if how == SQUARE else abs(v) if how == SIZE else v
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))


@njit(**JIT)
def _mean(values: Floats, n: int, lanes: Floats) -> float:
    """The mean, taken from the first value on: that of a constant is the constant."""
    return values[0] + _total(values, n, PLAIN, values[0], lanes) / n


@njit(**JIT)
def standardised(x: Floats, members: Flags, out: Floats, n_cols: int, stat: int, first: int, past: int) -> None:
    """Each row less its mean; over its standard deviation (n); or over the sum of its sizes."""
    values, ids, lanes = np.empty(n_cols + LANES), np.empty(n_cols, np.uint32), np.empty(LANES)
    masked = members.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        count = np.uint64(0)
        for c in range(np.uint64(n_cols)):
            v = np.float64(x[row + c])
            ok = v - v == 0.0
            if masked:
                ok &= members[row + c]
            values[count] = v
            ids[count] = np.uint32(c)
            out[row + c] = np.nan
            count += np.uint64(ok)
        n = np.int64(count)
        if n == 0:
            continue
        centre, unit = 0.0, 1.0
        if stat == SCALE:
            unit = _total(values, n, SIZE, 0.0, lanes)
        else:
            centre = _mean(values, n, lanes)
            if stat == ZSCORE:
                unit = np.sqrt(_total(values, n, SQUARE, centre, lanes) / n)
        if not unit > 0.0:
            continue
        for i in range(count):
            out[row + ids[i]] = (values[i] - centre) / unit


@njit(**JIT)
def by_group(
    x: Floats, members: Flags, codes: Codes, out: Floats, n_cols: int, n_groups: int, stat: int, first: int, past: int
) -> None:
    """The same within each group of a row, or the group's mean."""
    number, origin = np.empty(n_groups), np.empty(n_groups)
    centre, unit = np.empty(n_groups), np.empty(n_groups)
    masked = members.size > 0
    for t in range(first, past):
        row = np.uint64(t * n_cols)
        number[:] = 0.0
        centre[:] = 0.0
        unit[:] = 0.0
        for c in range(np.uint64(n_cols)):
            v = np.float64(x[row + c])
            ok = (v - v == 0.0) & (codes[row + c] >= 0)
            if masked:
                ok &= members[row + c]
            out[row + c] = np.nan
            if ok:
                g = np.uint32(codes[row + c])
                if number[g] == 0.0:
                    origin[g] = v
                number[g] += 1.0
                centre[g] += v - origin[g]
                out[row + c] = v
        for k in range(n_groups):
            if number[k] > 0.0:
                centre[k] = origin[k] + centre[k] / number[k]
        if stat == ZSCORE:
            for c in range(np.uint64(n_cols)):
                if out[row + c] == out[row + c]:
                    g = np.uint32(codes[row + c])
                    d = np.float64(x[row + c]) - centre[g]
                    unit[g] += d * d
            for k in range(n_groups):
                unit[k] = np.sqrt(unit[k] / number[k]) if unit[k] > 0.0 else np.nan
        for c in range(np.uint64(n_cols)):
            if out[row + c] == out[row + c]:
                g = np.uint32(codes[row + c])
                y = centre[g]
                if stat != MEAN:
                    y = np.float64(x[row + c]) - y
                    if stat == ZSCORE:
                        y /= unit[g]
                out[row + c] = y


@njit(**JIT)
def _demean(values: Floats, groups: Codes, n: int, number: Floats, centre: Floats, lanes: Floats) -> None:
    """Take the mean of its group (of all, where there are none) from each of the first n values."""
    if groups.size == 0:
        mean = _mean(values, n, lanes)
        for i in range(n):
            values[i] -= mean
        return
    centre[:] = 0.0
    for i in range(n):
        centre[np.uint32(groups[i])] += values[i]
    for i in range(n):
        g = np.uint32(groups[i])
        values[i] -= centre[g] / number[g]


@njit(**JIT)
def residuals(
    x: Floats, exposures: Floats, members: Flags, codes: Codes, out: Floats, n_cols: int, n_groups: int, n_cells: int,
    first: int, past: int,
) -> None:  # fmt: skip
    """Each row less its least-squares fit on groups (or a constant) and exposures, by Gram and Schmidt."""
    k = exposures.size // max(n_cells, 1)
    grouped, masked = codes.size > 0, members.size > 0
    values, ids, lanes = np.empty(n_cols + LANES), np.empty(n_cols, np.uint32), np.empty(LANES)
    groups = np.empty(n_cols if grouped else 0, np.int32)
    number, centre = np.empty(n_groups), np.empty(n_groups)
    basis = np.empty((k, n_cols + LANES))
    for t in range(first, past):
        row = t * n_cols
        n = 0
        for c in range(n_cols):
            v = np.float64(x[row + c])
            ok = v - v == 0.0
            if masked:
                ok &= members[row + c]
            if grouped:
                ok &= codes[row + c] >= 0
            for e in range(k):
                w = np.float64(exposures[e * n_cells + row + c])
                ok &= w - w == 0.0
                basis[e, n] = w
            out[row + c] = np.nan
            values[n] = v
            ids[n] = np.uint32(c)
            if grouped and ok:
                groups[n] = codes[row + c]
            n += 1 if ok else 0
        if n == 0:
            continue
        number[:] = 0.0
        for i in range(n if grouped else 0):
            number[np.uint32(groups[i])] += 1.0
        _demean(values, groups, n, number, centre, lanes)
        for e in range(k):
            one = basis[e]
            size = _total(one, n, SQUARE, 0.0, lanes)
            _demean(one, groups, n, number, centre, lanes)
            # Twice: what rounding leaves of the earlier exposures after the first time is gone after the second.
            for _ in range(2):
                for f in range(e):
                    dot = 0.0
                    for i in range(n):
                        dot += one[i] * basis[f, i]
                    for i in range(n):
                        one[i] -= dot * basis[f, i]
            length = _total(one, n, SQUARE, 0.0, lanes)
            # An exposure that the others span adds nothing.
            unit = 1.0 / np.sqrt(length) if length > 1e-20 * size and length > 0.0 else 0.0
            for i in range(n):
                one[i] *= unit
            dot = 0.0
            for i in range(n):
                dot += values[i] * one[i]
            for i in range(n):
                values[i] -= dot * one[i]
        for i in range(n):
            out[row + ids[i]] = values[i]


@njit(**JIT)
def correlations(
    x: Floats, y: Floats, members: Flags, n_cols: int, least: int, lag: int, moves: bool, first: int, past: int,
    out: Floats,
) -> None:  # fmt: skip
    """Pearson correlation of each row of x with the row of y ``lag`` earlier, or the mean distance between them."""
    a, b, lanes = np.empty(n_cols + LANES), np.empty(n_cols + LANES), np.empty(LANES)
    masked = members.size > 0
    for t in range(first, past):
        out[t] = np.nan
        if t < lag:
            continue
        row, other = np.uint64(t * n_cols), np.uint64((t - lag) * n_cols)
        count = np.uint64(0)
        for c in range(np.uint64(n_cols)):
            v, w = np.float64(x[row + c]), np.float64(y[other + c])
            ok = (v - v == 0.0) & (w - w == 0.0)
            if masked:
                ok &= members[row + c]
            a[count] = v
            b[count] = w
            count += np.uint64(ok)
        n = np.int64(count)
        if n < least:
            continue
        if moves:
            for i in range(n):
                a[i] -= b[i]
            out[t] = _total(a, n, SIZE, 0.0, lanes) / n
            continue
        ma, mb = _mean(a, n, lanes), _mean(b, n, lanes)
        va, vb = _total(a, n, SQUARE, ma, lanes), _total(b, n, SQUARE, mb, lanes)
        total = spread(0.0)
        whole = n // LANES * LANES
        for i in range(0, whole, LANES):
            total = total + (load(a, i) - ma) * (load(b, i) - mb)
        store(lanes, 0, total)
        product = 0.0
        for i in range(LANES):
            product += lanes[i]
        for i in range(whole, n):
            product += (a[i] - ma) * (b[i] - mb)
        if va > 0.0 and vb > 0.0:
            out[t] = product / (np.sqrt(va) * np.sqrt(vb))
