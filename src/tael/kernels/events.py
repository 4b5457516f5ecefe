"""Window aggregates over event rows: many statistics, columns, conditions and windows in one walk per observation.

Arrays in, arrays out. Rows are sorted by (entity, time, known-at, order in the table), see
:mod:`tael.kernels.grouping`. Empty windows: ``count``, ``sum`` and ``n_unique`` are 0, all else is NaN; ``std`` and
``trend`` need two values, ``gap_mean`` two rows and ``gap_std`` three. NaN and infinite values are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels import _scan
from tael.kernels._memory import address, column
from tael.kernels._threads import cut, n_threads_or_default, share_out

STATS: dict[str, int] = {
    "count": _scan.COUNT,
    "sum": _scan.SUM,
    "mean": _scan.MEAN,
    "min": _scan.MIN,
    "max": _scan.MAX,
    "std": _scan.STD,
    "first": _scan.FIRST,
    "last": _scan.LAST,
    "n_unique": _scan.N_UNIQUE,
    "mode": _scan.MODE,
    "share": _scan.SHARE,
    "days_since_first": _scan.DAYS_SINCE_FIRST,
    "days_since_last": _scan.DAYS_SINCE_LAST,
    "gap_mean": _scan.GAP_MEAN,
    "gap_std": _scan.GAP_STD,
    "trend": _scan.TREND,
}
"""Statistics and their codes in the compiled scan."""

_OF_TIMES = {"share", "days_since_first", "days_since_last", "gap_mean", "gap_std", "trend"}
_OF_ROWS = {"count", "share", "days_since_first", "days_since_last", "gap_mean", "gap_std"}
_OF_NUMBERS = {"count", "sum", "mean", "min", "max", "std", "first", "last", "trend"}
_OF_CATEGORIES = {"count", "first", "last", "n_unique", "mode"}


@dataclass(frozen=True)
class Request:
    """One output column.

    Parameters
    ----------
    stat : str
        A key of :data:`STATS`.
    value : int
        Index into ``values``; -1 where the statistic takes the rows themselves (``count`` of rows, ``share``,
        ``days_since_first``, ``days_since_last``, ``gap_mean``, ``gap_std``).
    partition : int
        Index into ``partitions``; -1: no condition.
    slot : int
        The slot of the partition a row must be in; 0 without a partition.
    window : int
        Index of the window.
    """

    stat: str
    value: int = -1
    partition: int = -1
    slot: int = 0
    window: int = 0


@dataclass(frozen=True)
class Value:
    """A column to aggregate.

    Parameters
    ----------
    data : (n_rows,) float64 or int32
        Numbers, NaN for missing; or category codes, -1 for missing.
    known : (n_rows,) int64, optional
        Microseconds: the value reads as missing unless ``known < cutoff`` (NaT: never). None: known with its row.
    n_codes : int
        How many categories; 0 for numbers.
    before : (n_rows,) as ``data``, optional
        What the value reads as until it is known; None: missing.
    """

    data: NDArray[Any]
    known: NDArray[Any] | None = None
    n_codes: int = 0
    before: NDArray[Any] | None = None


@dataclass(frozen=True)
class Partition:
    """Disjoint conditions that are evaluated at once.

    A plain condition is slot 0 where it holds; ``category == v`` for many v is one partition with a slot for each.

    Parameters
    ----------
    slots : (n_rows,) int8, int16, int32 or int64
        Slot of each row, -1 for none.
    n_slots : int
        How many slots.
    known : (n_rows,) int64, optional
        Microseconds: the row is in no slot unless ``known < cutoff``. None: known with its row.
    before : (n_rows,) as ``slots``, optional
        The slot a row is in until it is known; None: none.
    """

    slots: NDArray[Any]
    n_slots: int = 1
    known: NDArray[Any] | None = None
    before: NDArray[Any] | None = None


def _family(request: Request, value: Value | None) -> int:
    if value is None:
        return _scan.ROWS
    if value.n_codes:
        return _scan.CATEGORIES
    if request.stat == "trend":
        return _scan.SLOPES
    return _scan.TOTALS if request.stat in ("count", "sum", "mean") else _scan.MOMENTS


def _n_rows(time: NDArray[Any] | None, values: Sequence[Value], partitions: Sequence[Partition]) -> int:
    for array in (time, *(v.data for v in values), *(p.slots for p in partitions)):
        if array is not None:
            return int(np.size(array))
    return 0


def _check_request(
    i: int, request: Request, values: Sequence[Value], partitions: Sequence[Partition], n_w: int
) -> None:
    where = f"requests[{i}]: {request}"
    if request.stat not in STATS:
        raise FeaturesError(f'No statistic "{request.stat}".', where=where, fix=did_you_mean(request.stat, STATS))
    for name, index, low, past in (
        ("value", request.value, -1, len(values)),
        ("partition", request.partition, -1, len(partitions)),
        ("window", request.window, 0, n_w),
        ("slot", request.slot, 0, 1 if request.partition < 0 else partitions[request.partition].n_slots),
    ):
        if not low <= index < past:
            raise FeaturesError(f"There is no {name} {index}.", expected=f"{low} to {past - 1}", where=where)
    if request.value < 0:
        kind, allowed = "rows", _OF_ROWS
    else:
        kind, allowed = ("categories", _OF_CATEGORIES) if values[request.value].n_codes else ("numbers", _OF_NUMBERS)
    if request.stat not in allowed:
        raise FeaturesError(f'"{request.stat}" does not take {kind}.', expected=", ".join(sorted(allowed)), where=where)


def _known(known: Any, n_rows: int, forward: bool) -> NDArray[Any] | None:
    if known is None or forward:
        return None
    return _sized(column(known, (np.int64,)), n_rows, "a known-at column")


def _sized(array: NDArray[Any], n_rows: int, what: str, n_codes: int | None = None) -> NDArray[Any]:
    if array.shape != (n_rows,):
        raise FeaturesError(
            f"The length of {what} is not that of the rows.", expected=f"({n_rows},)", got=f"{array.shape}"
        )
    if n_codes is not None and n_rows and int(array.max()) >= n_codes:
        raise FeaturesError(f"A code in {what} is too high.", expected=f"below {n_codes}", got=str(int(array.max())))
    return array


def _bounds(
    begins: Any, stop: Any, n_obs: int, n_rows: int, forward: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where each walk starts (n_obs,), where windows end (n_windows, n_obs), and how long each walk is (n_obs,)."""
    fixed, moving = (begins, stop) if forward else (stop, begins)
    fixed = np.ascontiguousarray(fixed, np.int64)
    moving = np.ascontiguousarray(np.atleast_2d(moving), np.int64)
    if fixed.ndim == 2 and fixed.shape[0] and (fixed == fixed[0]).all():
        fixed = fixed[0]
    if fixed.shape != (n_obs,) or moving.ndim != 2 or moving.shape[0] < 1 or moving.shape[1] != n_obs:
        raise FeaturesError(
            "Windows do not fit the observations.",
            expected=f"begins ({n_obs},) and stop (n_windows, {n_obs})" if forward else
            f"begins (n_windows, {n_obs}) and stop ({n_obs},)",
            got=f"{np.shape(begins)} and {np.shape(stop)}",
        )  # fmt: skip
    for array in (fixed, moving):
        if array.size and (int(array.min()) < 0 or int(array.max()) > n_rows):
            raise FeaturesError(
                "A window reaches beyond the rows.", expected=f"0 to {n_rows}", got=f"{array.min()} to {array.max()}"
            )
    spans = moving.max(axis=0) - fixed if forward else fixed - moving.min(axis=0)
    return fixed, moving, np.maximum(spans, 0)


def aggregate(
    *,
    begins: NDArray[np.int64],
    stop: NDArray[np.int64],
    cutoff: NDArray[Any],
    requests: Sequence[Request],
    time: NDArray[Any] | None = None,
    known: NDArray[Any] | None = None,
    values: Sequence[Value] = (),
    partitions: Sequence[Partition] = (),
    forward: bool = False,
    out: NDArray[Any] | None = None,
    dtype: DTypeLike = np.float64,
    n_threads: int | None = None,
) -> NDArray[Any]:
    """Compute every request for every observation.

    Parameters
    ----------
    begins : (n_windows, n_obs) int64
        Window w of observation i holds the rows ``begins[w, i] <= j < stop[i]``, all with ``time < cutoff``.
        With ``forward``: (n_obs,), the first row at or after the cutoff.
    stop : (n_obs,) int64
        First row at or after the cutoff. With ``forward``: (n_windows, n_obs), where each window ends.
    cutoff : (n_obs,) int64 or datetime64
        Microseconds. Observations come in any order, an entity as often as one likes.
    time : (n_rows,) int64 or datetime64, optional
        Microseconds, sorted within an entity. None where no request looks at times (days, gaps, trends do).
    requests : sequence of Request
        The output columns.
    known : (n_rows,) int64 or datetime64, optional
        Row j counts only if ``known[j] < cutoff[i]`` (NaT: never). None: known at its time.
    values, partitions : sequences of Value, of Partition
        What the requests refer to. Columns are read in place, without copies, if contiguous and of the stated types.
    forward : bool
        Windows reach forward from the cutoff (labels): no known-at is consulted, and ``days_since_first`` and
        ``days_since_last`` are days *until* that row.
    out : (n_requests, n_obs) float64 or float32, optional
        Where to write; its strides may be any, C order is fastest.
    dtype : float64 or float32
        Type of the result if ``out`` is not given. Accumulators are float64 in both cases.
    n_threads : int, optional
        Default: the CPUs this process may use; one inside a worker thread. The numbers do not depend on it.

    Returns
    -------
    (n_requests, n_obs)
        Row r is the column of ``requests[r]``.

    Raises
    ------
    FeaturesError
        If a request refers to what is not there, or arrays do not fit together.

    Examples
    --------
    Three payments of one customer, seen from day 10 with all of the past and with the last three days:

    >>> day = 86_400_000_000
    >>> aggregate(
    ...     begins=np.array([[0], [1]]), stop=np.array([3]), cutoff=np.array([10 * day]),
    ...     time=np.array([1, 7, 9]) * day, values=[Value(np.array([5.0, 2.0, np.nan]))],
    ...     requests=[Request("sum", 0), Request("count", window=1), Request("days_since_last")],
    ... )
    array([[7.],
           [2.],
           [1.]])
    """
    time = None if time is None else column(time, (np.int64,))
    cutoff = column(cutoff, (np.int64,))
    n_rows, n_obs = _n_rows(time, values, partitions), cutoff.size
    anchors, bounds, spans = _bounds(begins, stop, n_obs, n_rows, forward)
    n_windows = bounds.shape[0]
    for i, request in enumerate(requests):
        _check_request(i, request, values, partitions, n_windows)
        if time is None and (request.stat in _OF_TIMES or (request.stat == "count" and request.value < 0)):
            raise FeaturesError(f'"{request.stat}" looks at times.', expected="time", where=f"requests[{i}]: {request}")
    if out is None:
        out = np.empty((len(requests), n_obs), dtype)
    if out.shape != (len(requests), n_obs) or out.dtype not in (np.float64, np.float32) or not out.flags.writeable:
        raise FeaturesError(
            "The output array does not fit.",
            expected=f"({len(requests)}, {n_obs}) float64 or float32, writeable",
            got=f"{out.shape} {out.dtype}",
        )
    if not requests or not n_obs:
        return out

    # Lists that keep alive what the kernel reads by address.
    rows_known = _known(known, n_rows, forward)
    held: list[NDArray[Any] | None] = [time, cutoff, anchors, bounds, rows_known]
    plan = _plan(requests, values, partitions, n_rows, n_windows, forward, held)
    groups, units, asks, offsets, most_entries = plan

    target = address(out), out.itemsize, out.strides[0], out.strides[1]

    def task(first: int, past: int) -> None:
        longest = int(spans[first:past].max())
        entries = min(longest, most_entries)
        table_bits = (2 * entries - 1).bit_length() + 1 if entries else 0
        _scan.scan(
            first, past, 1 if forward else -1, n_obs, address(anchors), address(bounds), address(cutoff), address(time),
            address(rows_known), groups, units, asks, offsets, longest, table_bits, *target,
        )  # fmt: skip

    n_threads = n_threads_or_default(n_threads)
    # Handing work to threads costs some 100 us: not worth it below a few milliseconds of work.
    work = int(spans.sum()) * len(units) + n_obs * len(requests)
    n_chunks = 1 if work < 500_000 else 16 * n_threads
    share_out(task, cut(spans + 16, n_chunks), n_threads)
    return out


def _plan(
    requests: Sequence[Request], values: Sequence[Value], partitions: Sequence[Partition], n_rows: int,
    n_windows: int, forward: bool, held: list[NDArray[Any] | None],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:  # fmt: skip
    """Group requests by partition, then by value and family of statistics; see ``_scan.scan`` for the tables."""
    by_unit: dict[tuple[int, int, int], list[int]] = {}
    for i, request in enumerate(requests):
        family = _family(request, values[request.value] if request.value >= 0 else None)
        by_unit.setdefault((request.partition, request.value, family), []).append(i)
    for p, v, family in [key for key in by_unit if key[2] == _scan.MOMENTS]:
        # Moments hold the totals too.
        by_unit[p, v, family] += by_unit.pop((p, v, _scan.TOTALS), [])

    data: dict[int, tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]] = {}
    groups: list[list[int]] = []
    units: list[list[int]] = []
    asks: list[tuple[int, int, int]] = []
    offsets = [0]
    most_entries = 0
    seen: int | None = None
    for p, v, family in sorted(by_unit):
        if p != seen:
            seen = p
            slots = known = before = None
            n_slots = 1
            if p >= 0:
                part = partitions[p]
                n_slots = part.n_slots
                slots = column(part.slots, (np.int8, np.int16, np.int32, np.int64))
                slots = _sized(slots, n_rows, f"partitions[{p}]", n_slots)
                known = _known(part.known, n_rows, forward)
                if known is not None and part.before is not None:
                    before = column(part.before, (slots.dtype.type,))
                    before = _sized(before, n_rows, f"partitions[{p}].before", n_slots)
            held += [slots, known, before]
            width = 0 if slots is None else slots.dtype.itemsize
            groups.append([address(slots), width, address(known), n_slots, len(units), len(units), address(before)])
        n_codes = counted = 0
        if v >= 0 and v not in data:
            value = values[v]
            what = f"values[{v}]"
            array = column(value.data, (np.int32,) if value.n_codes else (np.float64,))
            array = _sized(array, n_rows, what, value.n_codes or None)
            late = _known(value.known, n_rows, forward)
            before = None
            if late is not None and value.before is not None:
                before = column(value.before, (array.dtype.type,))
                before = _sized(before, n_rows, f"{what}.before", value.n_codes or None)
            data[v] = array, late, before
            held += data[v]
        source, since, before = data[v] if v >= 0 else (None, None, None)
        members = by_unit[p, v, family]
        if family == _scan.CATEGORIES:
            n_codes = values[v].n_codes
            counted = int(any(requests[i].stat in ("n_unique", "mode") for i in members))
            most_entries = max(most_entries, counted * groups[-1][3] * n_codes)
        units.append([family, address(source), address(since), n_codes, counted, address(before)])
        groups[-1][5] = len(units)
        for w in range(n_windows):
            mine = [(STATS[requests[i].stat], requests[i].slot, i) for i in members if requests[i].window == w]
            asks += sorted(mine)
            offsets.append(len(asks))
    table = [np.array(rows, np.int64) for rows in (groups, units, asks, offsets)]
    return table[0], table[1], table[2], table[3], most_entries


def warm() -> None:
    """Compile every kernel of this module, or load it from the cache on disk.

    Examples
    --------
    >>> warm()
    """
    zero = np.zeros(1, np.int64)
    aggregate(begins=zero[None], stop=zero + 1, cutoff=zero + 1, time=zero, requests=[Request("count")], n_threads=1)
