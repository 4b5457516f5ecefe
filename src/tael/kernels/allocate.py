"""One of k options for each of n customers: the passes over rows that the allocator repeats.

Every customer has, for each option, a number in each *source*: dense matrices of shape (n, k), read by address and
never copied, of float32 or float64; the last source is the number 1. Customers of the same *cell* (the same groups)
share coefficients. A constraint r uses ``tables[r, cell, option] * source``, and a pass needs only the weight of each
source, cell and option: it does not know the constraints, and its sums have that shape as well.

Each run of rows is summed in the order of its rows by one thread: results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tael.kernels._memory import JIT, _loader, load_f64, load_i8
from tael.kernels._memory import address as address
from tael.kernels._threads import n_threads_or_default as n_threads_or_default
from tael.kernels._threads import share_out as share_out

load_f32 = _loader(types.float32)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Choice = NDArray[np.int16]


@njit(inline="always", **JIT)
def _read(address: int, width: int, index: int) -> Any:
    if width == 4:
        return np.float64(load_f32(address, index))
    return load_f64(address, index)


@njit(inline="always", **JIT)
def _use(r: int, i: int, j: int, k: int, cell: int, addresses: Ints, widths: Ints, source: Ints, tables: Floats) -> Any:
    """How much of constraint r customer i uses with option j."""
    s = source[r]
    coefficient = tables[r, cell, j]
    if s == addresses.size or coefficient == 0.0:
        return coefficient
    return coefficient * _read(addresses[s], widths[s], i * k + j)


@njit(inline="always", **JIT)
def _legal(mask: int, index: int) -> Any:
    return mask == 0 or load_i8(mask, index) != 0


@njit(**JIT)
def best_options(
    first: int, past: int, k: int, addresses: Ints, widths: Ints, mask: int, cells: NDArray[np.int32],
    weights: Floats, sums: Floats, choice: Choice,
) -> None:  # fmt: skip
    """Best option of each customer under weights, and what the best options add up to.

    Parameters
    ----------
    first, past : int
        Rows.
    k : int
        Options.
    addresses, widths : (S,) int64
        Of the sources: C-contiguous (n, k), 4 or 8 bytes a number.
    mask : int
        Address of (n, k) bytes, 0 for an option that is not legal; 0: all are.
    cells : (n,) or (0,) int32
        Cell of each customer; empty: one cell.
    weights : (S + 1, C, k)
        The score of an option is the sum over sources of weight x number. The first option wins a tie.
    sums : (S + 1, C, k)
        Receives the sum of each source over the customers of a cell who get an option; the last counts them.
    choice : (n,) or (0,) int16
        Receives the options; empty: they are not kept.
    """
    n_sources = addresses.size
    n_cells = weights.shape[1]
    scores = np.empty(k)
    live = np.zeros(n_sources, dtype=np.bool_)
    for s in range(n_sources):
        for cell in range(n_cells):
            for j in range(k):
                live[s] |= weights[s, cell, j] != 0.0
    sums[:] = 0.0
    for i in range(first, past):
        cell = cells[i] if cells.size else 0
        base = i * k
        for j in range(k):
            scores[j] = weights[n_sources, cell, j]
        for s in range(n_sources):
            if live[s]:
                here = addresses[s]
                if widths[s] == 4:
                    for j in range(k):
                        scores[j] += weights[s, cell, j] * np.float64(load_f32(here, base + j))
                else:
                    for j in range(k):
                        scores[j] += weights[s, cell, j] * load_f64(here, base + j)
        best = -1
        top = 0.0
        for j in range(k):
            if _legal(mask, base + j) and (best < 0 or scores[j] > top):
                best = j
                top = scores[j]
        for s in range(n_sources):
            sums[s, cell, best] += _read(addresses[s], widths[s], base + best)
        sums[n_sources, cell, best] += 1.0
        if choice.size:
            choice[i] = best


@njit(**JIT)
def total_of(
    first: int, past: int, k: int, addresses: Ints, widths: Ints, cells: NDArray[np.int32], choice: Choice, sums: Floats
) -> None:
    """What given options add up to; ``sums`` as in `best_options`."""
    n_sources = addresses.size
    sums[:] = 0.0
    for i in range(first, past):
        cell = cells[i] if cells.size else 0
        c = choice[i]
        for s in range(n_sources):
            sums[s, cell, c] += _read(addresses[s], widths[s], i * k + c)
        sums[n_sources, cell, c] += 1.0


@njit(**JIT)
def extremes(
    first: int, past: int, k: int, addresses: Ints, widths: Ints, mask: int, cells: NDArray[np.int32],
    source: Ints, tables: Floats, found: Floats,
) -> None:  # fmt: skip
    """Least and most that each constraint can be used, each customer on her own.

    Parameters
    ----------
    source : (R,) int64
        Source of each constraint.
    tables : (R, C, k)
        Coefficient of each constraint.
    found : (R, 4)
        Receives the sums over customers of the least and the most use, how many customers these differ for, and
        how many can use it at all (the most is above 0).
    """
    found[:] = 0.0
    for i in range(first, past):
        cell = cells[i] if cells.size else 0
        for r in range(source.size):
            low, high = np.inf, -np.inf
            for j in range(k):
                if _legal(mask, i * k + j):
                    use = _use(r, i, j, k, cell, addresses, widths, source, tables)
                    low = min(low, use)
                    high = max(high, use)
            found[r, 0] += low
            found[r, 1] += high
            found[r, 2] += high > low
            found[r, 3] += high > 0.0


@njit(**JIT)
def first_fault(
    first: int, past: int, k: int, address: int, width: int, mask: int, negative: bool, found: Ints
) -> None:
    """First legal number that is missing or infinite (``negative``: or below zero), and how many there are.

    ``found`` (3,) receives their number, and the row and option of the first.
    """
    found[:] = 0
    for i in range(first, past):
        for j in range(k):
            if _legal(mask, i * k + j):
                x = _read(address, width, i * k + j)
                if not np.isfinite(x) or (negative and x < 0.0):
                    if found[0] == 0:
                        found[1], found[2] = i, j
                    found[0] += 1


@njit(**JIT)
def first_without(first: int, past: int, k: int, mask: int, found: Ints) -> None:
    """Customers without any legal option: ``found`` (3,) receives their number and the first row."""
    found[:] = 0
    for i in range(first, past):
        some = False
        for j in range(k):
            some |= load_i8(mask, i * k + j) != 0
        if not some:
            if found[0] == 0:
                found[1] = i
            found[0] += 1


@njit(**JIT)
def diffuse(
    rows: Ints, candidates: Choice, shares: Floats, k: int, addresses: Ints, widths: Ints, cells: NDArray[np.int32],
    source: Ints, tables: Floats, inverse: Floats, choice: Choice,
) -> None:  # fmt: skip
    """Make whole choices of fractional ones, keeping every constraint's running error small (error diffusion).

    Each row takes, of its candidates with a share above 0, the one after which the squared error of all constraints
    and of the value, each in its own scale, is the least: the total error stays about one customer's use, however many
    rows there are.

    Parameters
    ----------
    rows : (m,) int64
        Rows to decide, in this order.
    candidates : (m, a) int16
        Options of each row.
    shares : (m, a)
        Share of each candidate; a row adds up to 1.
    inverse : (R + 1,)
        One over the scale of each constraint, last that of the value (source 0); 0: not watched.
    choice : (n,) int16
        Receives the options.
    """
    n_rules = source.size
    n_candidates = candidates.shape[1]
    debt = np.zeros(n_rules + 1)
    moves = np.empty((n_candidates, n_rules + 1))
    for place in range(rows.size):
        i = rows[place]
        cell = cells[i] if cells.size else 0
        mean = np.zeros(n_rules + 1)
        for a in range(n_candidates):
            share = shares[place, a]
            if share > 0.0:
                j = candidates[place, a]
                for r in range(n_rules):
                    moves[a, r] = _use(r, i, j, k, cell, addresses, widths, source, tables) * inverse[r]
                moves[a, n_rules] = _read(addresses[0], widths[0], i * k + j) * inverse[n_rules]
                for r in range(n_rules + 1):
                    mean[r] += share * moves[a, r]
        best = -1
        least = 0.0
        for a in range(n_candidates):
            if shares[place, a] > 0.0:
                error = 0.0
                for r in range(n_rules + 1):
                    error += (debt[r] + moves[a, r] - mean[r]) ** 2
                if best < 0 or error < least:
                    best = a
                    least = error
        choice[i] = candidates[place, best]
        for r in range(n_rules + 1):
            debt[r] += moves[best, r] - mean[r]


@njit(inline="always", **JIT)
def _excess(use: float, low: float, high: float, inverse: float) -> Any:
    return max(use - high, low - use, 0.0) * inverse


@njit(**JIT)
def repairs(
    first: int, past: int, k: int, addresses: Ints, widths: Ints, mask: int, cells: NDArray[np.int32],
    weights: Floats, source: Ints, tables: Floats, use: Floats, lower: Floats, upper: Floats, inverse: Floats,
    choice: Choice, cost: Floats, to: Choice,
) -> None:  # fmt: skip
    """For each customer the option that mends violated constraints at the least loss of score.

    Parameters
    ----------
    weights : (S + 1, C, k)
        Of the score, as in `best_options`.
    use, lower, upper, inverse : (R,)
        Present use, its bounds, and one over each constraint's scale.
    choice : (n,) int16
        Present options.
    cost, to : (n,)
        Receive the loss of score per unit of violation mended, infinity where nothing is, and the option.
    """
    n_rules = source.size
    n_sources = addresses.size
    for i in range(first, past):
        cell = cells[i] if cells.size else 0
        c = choice[i]
        cost[i] = np.inf
        to[i] = c
        now = weights[n_sources, cell, c]
        for s in range(n_sources):
            if weights[s, cell, c] != 0.0:
                now += weights[s, cell, c] * _read(addresses[s], widths[s], i * k + c)
        for j in range(k):
            if j == c or not _legal(mask, i * k + j):
                continue
            mended = 0.0
            for r in range(n_rules):
                step = _use(r, i, j, k, cell, addresses, widths, source, tables) - _use(
                    r, i, c, k, cell, addresses, widths, source, tables
                )
                if step != 0.0:
                    mended += _excess(use[r], lower[r], upper[r], inverse[r])
                    mended -= _excess(use[r] + step, lower[r], upper[r], inverse[r])
            if mended > 1e-12:
                then = weights[n_sources, cell, j]
                for s in range(n_sources):
                    if weights[s, cell, j] != 0.0:
                        then += weights[s, cell, j] * _read(addresses[s], widths[s], i * k + j)
                if (now - then) / mended < cost[i]:
                    cost[i] = (now - then) / mended
                    to[i] = j


@njit(**JIT)
def gains(
    first: int, past: int, k: int, addresses: Ints, widths: Ints, mask: int, cells: NDArray[np.int32],
    source: Ints, tables: Floats, use: Floats, lower: Floats, upper: Floats, choice: Choice, gain: Floats, to: Choice,
) -> None:  # fmt: skip
    """For each customer the option of most additional value (source 0) that every constraint still has room for.

    ``gain`` (n,) receives the value gained, 0 where there is none, ``to`` the option.
    """
    for i in range(first, past):
        cell = cells[i] if cells.size else 0
        c = choice[i]
        gain[i] = 0.0
        to[i] = c
        now = _read(addresses[0], widths[0], i * k + c)
        for j in range(k):
            if j == c or not _legal(mask, i * k + j):
                continue
            more = _read(addresses[0], widths[0], i * k + j) - now
            if more > gain[i] and _fits(i, c, j, k, cell, addresses, widths, source, tables, use, lower, upper):
                gain[i] = more
                to[i] = j


@njit(inline="always", **JIT)
def _fits(
    i: int, c: int, j: int, k: int, cell: int, addresses: Ints, widths: Ints, source: Ints, tables: Floats,
    use: Floats, lower: Floats, upper: Floats,
) -> Any:  # fmt: skip
    for r in range(source.size):
        after = (
            use[r]
            + _use(r, i, j, k, cell, addresses, widths, source, tables)
            - _use(r, i, c, k, cell, addresses, widths, source, tables)
        )
        if after > upper[r] or after < lower[r]:
            return False
    return True


@njit(**JIT)
def move(
    rows: Ints, to: Choice, mend: bool, k: int, addresses: Ints, widths: Ints, cells: NDArray[np.int32],
    source: Ints, tables: Floats, use: Floats, lower: Floats, upper: Floats, inverse: Floats, choice: Choice,
) -> int:  # fmt: skip
    """Make moves one after the other, each only where it still helps; returns how many were made.

    ``mend``: a move must lessen the violation, and the moves end when there is none. Otherwise it must fit.
    ``use`` and ``choice`` are brought up to date.
    """
    made = 0
    for place in range(rows.size):
        i = rows[place]
        cell = cells[i] if cells.size else 0
        c, j = choice[i], to[i]
        if mend:
            left = 0.0
            mended = 0.0
            for r in range(source.size):
                before = _excess(use[r], lower[r], upper[r], inverse[r])
                step = _use(r, i, j, k, cell, addresses, widths, source, tables) - _use(
                    r, i, c, k, cell, addresses, widths, source, tables
                )
                left += before
                mended += before - _excess(use[r] + step, lower[r], upper[r], inverse[r])
            if left <= 0.0:
                break
            if mended <= 1e-12:
                continue
        elif not _fits(i, c, j, k, cell, addresses, widths, source, tables, use, lower, upper):
            continue
        for r in range(source.size):
            use[r] += _use(r, i, j, k, cell, addresses, widths, source, tables) - _use(
                r, i, c, k, cell, addresses, widths, source, tables
            )
        choice[i] = j
        made += 1
    return made
