"""Sorting event rows, finding each entity's slice of them, and each observation's windows in that slice.

Times are microseconds (int64 or datetime64); NaT in the time column sorts first and is in no window.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.errors import FeaturesError
from tael.kernels import _sort
from tael.kernels._memory import JIT, NAT, address, column, load_i64, load_int
from tael.kernels._threads import cut, n_threads_or_default, share_out

_CODES = (np.int8, np.int16, np.int32, np.int64)
_RANK = np.int32
_PART = 1 << 20


@njit(**JIT)
def _find_offsets(codes: int, width: int, n_rows: int, offsets: NDArray[np.int64]) -> None:
    n_entities = offsets.size - 1
    c = np.int64(0)
    for j in range(n_rows):
        code = min(load_int(codes, width, j), n_entities)
        while c <= code:
            offsets[c] = j
            c += 1
    while c <= n_entities:
        offsets[c] = n_rows
        c += 1


@njit(**JIT)
def _lower_bound(time: int, begin: int, end: int, at: int) -> int:
    """First row of ``begin .. end`` whose time is not before ``at``."""
    while begin < end:
        middle = (begin + end) >> 1
        if load_i64(time, middle) < at:
            begin = middle + 1
        else:
            end = middle
    return begin


@njit(**JIT)
def _find_windows(
    time: int, offsets: int, n_entities: int, entities: int, width: int, cutoffs: int, limits: int, forward: bool,
    anchors: NDArray[np.int64], bounds: NDArray[np.int64],
) -> None:  # fmt: skip
    n_windows, n_obs = bounds.shape
    for i in range(n_obs):
        e = load_int(entities, width, i)
        cutoff = load_i64(cutoffs, i)
        if e < 0 or e >= n_entities or cutoff == NAT:
            anchors[i] = 0
            for w in range(n_windows):
                bounds[w, i] = 0
            continue
        end = load_i64(offsets, e + 1)
        begin = _lower_bound(time, load_i64(offsets, e), end, NAT + 1)
        anchor = _lower_bound(time, begin, end, cutoff)
        anchors[i] = anchor
        for w in range(n_windows):
            limit = load_i64(limits, w * n_obs + i)
            if forward:
                bounds[w, i] = _lower_bound(time, anchor, end, limit) if limit != NAT else anchor
            else:
                bounds[w, i] = _lower_bound(time, begin, anchor, limit)


def _times(times: Any) -> NDArray[np.int64]:
    return column(times, (np.int64,))


def is_sorted(entity_codes: NDArray[Any], time: NDArray[Any], known: NDArray[Any] | None = None) -> bool:
    """Whether rows are in the order that :func:`sort_rows` would give them.

    Parameters
    ----------
    entity_codes : (n_rows,) integers
    time, known : (n_rows,) int64 or datetime64
        Microseconds; ``known`` may be None.

    Examples
    --------
    >>> is_sorted(np.array([0, 0, 1]), np.array([3, 5, 1]))
    True
    """
    codes, time = column(entity_codes, _CODES), _times(time)
    known = None if known is None else _times(known)
    _same_length(codes, time, known)
    return bool(_sort.is_sorted(address(codes), codes.itemsize, codes.size, address(time), address(known)))


def _same_length(codes: NDArray[Any], time: NDArray[Any], known: NDArray[Any] | None) -> None:
    shapes = [codes.shape, time.shape] + ([] if known is None else [known.shape])
    if len(set(shapes)) > 1 or codes.ndim != 1:
        raise FeaturesError("Entities, times and known-at times differ in length.", got=str(shapes))


def sort_rows(
    entity_codes: NDArray[Any], time: NDArray[Any], known: NDArray[Any] | None = None, n_threads: int | None = None
) -> NDArray[np.int64]:
    """Order of rows by (entity, time, known-at, order in the table).

    Parameters
    ----------
    entity_codes : (n_rows,) integers
        Dense codes; -1 for rows of no entity, which come first.
    time : (n_rows,) int64 or datetime64
        Microseconds; NaT comes first.
    known : (n_rows,) int64 or datetime64, optional
        Microseconds.
    n_threads : int, optional
        As in :func:`tael.kernels.events.aggregate`.

    Returns
    -------
    (n_rows,) int64
        ``0, 1, 2, ...`` where rows are sorted already (:func:`is_sorted` tells, and saves the copy).

    Raises
    ------
    FeaturesError
        If lengths differ.

    Examples
    --------
    >>> sort_rows(np.array([1, 0, 1, 0]), np.array([5, 9, 4, 9]))
    array([1, 3, 2, 0])
    """
    codes, time, known, low, n_codes = _sortable(entity_codes, time, known)
    if _sort.is_sorted(address(codes), codes.itemsize, codes.size, address(time), address(known)):
        return np.arange(codes.size, dtype=np.int64)
    order, none = np.empty(codes.size, np.int64), np.empty(0, _RANK)
    ends, unsorted = np.empty(n_codes, np.int64), np.empty(n_codes, np.bool_)
    _sort.scatter(
        address(codes), codes.itemsize, codes.size, low, address(time), address(known), ends, unsorted, order, none
    )  # fmt: skip
    _mend(time, known, ends, unsorted, order, n_threads)
    return order


def row_ranks(
    entity_codes: NDArray[Any], time: NDArray[Any], known: NDArray[Any] | None = None, n_threads: int | None = None
) -> NDArray[np.int32]:
    """Where each row goes in the order of :func:`sort_rows`, whose inverse this is.

    A long log in order of time is sorted several times faster by :func:`place` with ranks than by taking with an order:
    reading a column from end to end and writing to many places suits the cache, reading from all over does not.

    Parameters
    ----------
    entity_codes, time, known, n_threads
        As in :func:`sort_rows`.

    Returns
    -------
    (n_rows,) int32

    Raises
    ------
    FeaturesError
        If lengths differ, or there are over two thousand million rows.

    Examples
    --------
    >>> row_ranks(np.array([1, 0, 1, 0]), np.array([5, 9, 4, 9])).tolist()
    [3, 0, 2, 1]
    """
    codes, time, known, low, n_codes = _sortable(entity_codes, time, known)
    if _sort.is_sorted(address(codes), codes.itemsize, codes.size, address(time), address(known)):
        return np.arange(codes.size, dtype=_RANK)
    if codes.size > np.iinfo(_RANK).max:
        raise FeaturesError(
            "There are more rows than ranks can number.",
            expected=f"at most {np.iinfo(_RANK).max:,} rows",
            got=f"{codes.size:,}",
            fix="Use sort_rows, or cut the table by entity.",
        )
    rank, none = np.empty(codes.size, _RANK), np.empty(0, np.int64)
    ends, unsorted = np.empty(n_codes, np.int64), np.empty(n_codes, np.bool_)
    _sort.scatter(
        address(codes), codes.itemsize, codes.size, low, address(time), address(known), ends, unsorted, none, rank
    )  # fmt: skip
    if unsorted.any():
        order = np.empty(codes.size, np.int64)
        order[rank] = np.arange(codes.size)
        _mend(time, known, ends, unsorted, order, n_threads)
        rank[order] = np.arange(codes.size)
    return rank


def place(array: NDArray[Any], ranks: NDArray[np.int32]) -> NDArray[Any]:
    """The column in sorted order.

    Parameters
    ----------
    array : (n_rows,)
    ranks : (n_rows,) int32
        As :func:`row_ranks` returns them.

    Examples
    --------
    >>> place(np.array([50, 90, 40, 91]), row_ranks(np.array([1, 0, 1, 0]), np.array([5, 9, 4, 9])))
    array([90, 91, 40, 50])
    """
    result = np.empty_like(array)
    # NumPy widens the ranks it is given: by parts, that copy stays small.
    for start in range(0, array.size, _PART):
        part = slice(start, start + _PART)
        result[ranks[part]] = array[part]
    return result


def _sortable(
    entity_codes: Any, time: Any, known: Any
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64] | None, int, int]:
    """Columns that kernels can read, the lowest code, and how many codes there are."""
    codes, time = column(entity_codes, _CODES), _times(time)
    known = None if known is None else _times(known)
    _same_length(codes, time, known)
    if not codes.size:
        return codes, time, known, 0, 0
    low, high = int(codes.min()), int(codes.max())
    if high - low > 4 * codes.size + 1024:
        # Codes that are far from dense would need more counters than there are rows.
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
        low, high = 0, int(codes.max())
    return codes, time, known, low, high - low + 1


def _mend(
    time: NDArray[np.int64], known: NDArray[np.int64] | None, ends: NDArray[np.int64], unsorted: NDArray[np.bool_],
    order: NDArray[np.int64], n_threads: int | None,
) -> None:  # fmt: skip
    if not unsorted.any():
        return
    n_threads = n_threads_or_default(n_threads)
    chunks = cut(np.diff(ends, prepend=0) + 1, 1 if order.size < 200_000 else 8 * n_threads)
    share_out(
        lambda a, b: _sort.sort_slices(a, b, address(time), address(known), ends, unsorted, order), chunks, n_threads
    )


def entity_offsets(sorted_codes: NDArray[Any], n_entities: int) -> NDArray[np.int64]:
    """Where each entity's rows begin: entity e has the rows ``offsets[e] <= j < offsets[e + 1]``.

    Parameters
    ----------
    sorted_codes : (n_rows,) integers
        Ascending; rows with a negative code belong to nobody.
    n_entities : int

    Returns
    -------
    (n_entities + 1,) int64

    Examples
    --------
    >>> entity_offsets(np.array([-1, 0, 0, 2]), 4)
    array([1, 3, 3, 4, 4])
    """
    codes = column(sorted_codes, _CODES)
    offsets = np.empty(n_entities + 1, np.int64)
    _find_offsets(address(codes), codes.itemsize, codes.size, offsets)
    return offsets


def _windows(
    offsets: Any, time: Any, obs_entity: Any, cutoff: Any, limits: Any, forward: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    offsets, time, cutoff, limits = _times(offsets), _times(time), _times(cutoff), _times(np.atleast_2d(limits))
    entities = column(obs_entity, _CODES)
    if entities.shape != cutoff.shape or limits.ndim != 2 or limits.shape[1:] != cutoff.shape:
        raise FeaturesError(
            "Entities, cutoffs and window limits do not fit together.",
            expected="(n_obs,), (n_obs,) and (n_windows, n_obs)",
            got=f"{entities.shape}, {cutoff.shape} and {limits.shape}",
        )
    if offsets.size and int(offsets[-1]) > time.size:
        raise FeaturesError("Offsets reach beyond the rows.", expected=str(time.size), got=str(int(offsets[-1])))
    anchors = np.empty(cutoff.size, np.int64)
    bounds = np.empty(limits.shape, np.int64)
    _find_windows(
        address(time), address(offsets), offsets.size - 1, address(entities), entities.itemsize, address(cutoff),
        address(limits), forward, anchors, bounds,
    )  # fmt: skip
    return anchors, bounds


def window_bounds(
    offsets: NDArray[np.int64],
    time: NDArray[Any],
    obs_entity: NDArray[Any],
    cutoff: NDArray[Any],
    lower_bounds: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of each observation's backward windows: ``lower_bounds[w, i] <= time < cutoff[i]`` (rules T1, T2).

    Parameters
    ----------
    offsets : (n_entities + 1,) int64
        As :func:`entity_offsets` returns them.
    time : (n_rows,) int64 or datetime64
        Microseconds, ascending within an entity.
    obs_entity : (n_obs,) integers
        -1 for an unknown entity: its windows are empty.
    cutoff : (n_obs,) int64 or datetime64
        Microseconds; NaT: empty windows.
    lower_bounds : (n_windows, n_obs) int64 or datetime64
        Microseconds, inclusive; NaT: no limit.

    Returns
    -------
    begins : (n_windows, n_obs) int64
    stop : (n_obs,) int64
        For :func:`tael.kernels.events.aggregate`.

    Raises
    ------
    FeaturesError
        If shapes do not fit.

    Examples
    --------
    >>> window_bounds(np.array([0, 3]), np.array([1, 5, 9]), np.array([0]), np.array([9]), np.array([[5]]))
    (array([[1]]), array([2]))
    """
    stop, begins = _windows(offsets, time, obs_entity, cutoff, lower_bounds, False)
    return begins, stop


def forward_bounds(
    offsets: NDArray[np.int64],
    time: NDArray[Any],
    obs_entity: NDArray[Any],
    cutoff: NDArray[Any],
    upper_bounds: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of each observation's forward windows: ``cutoff[i] <= time < upper_bounds[w, i]`` (rule T3, labels only).

    Parameters
    ----------
    offsets, time, obs_entity, cutoff
        As in :func:`window_bounds`.
    upper_bounds : (n_windows, n_obs) int64 or datetime64
        Microseconds, exclusive; NaT: an empty window.

    Returns
    -------
    begins : (n_obs,) int64
    stop : (n_windows, n_obs) int64
        For :func:`tael.kernels.events.aggregate` with ``forward=True``.

    Raises
    ------
    FeaturesError
        If shapes do not fit.

    Examples
    --------
    >>> forward_bounds(np.array([0, 3]), np.array([1, 5, 9]), np.array([0]), np.array([5]), np.array([[9]]))
    (array([1]), array([[2]]))
    """
    return _windows(offsets, time, obs_entity, cutoff, upper_bounds, True)


def warm() -> None:
    """Compile every kernel of this module, or load it from the cache on disk.

    Examples
    --------
    >>> warm()
    """
    codes, time = np.array([1, 0]), np.zeros(2, np.int64)
    sort_rows(codes, np.array([0, -1]), n_threads=1)
    sort_rows(np.zeros(2, np.int64), np.array([0, -1]), n_threads=1)
    window_bounds(entity_offsets(np.array([0, 1]), 2), time, codes, time, time)
