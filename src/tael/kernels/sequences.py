"""Window aggregates that need a window's rows side by side: quantiles, frequencies, streaks, bursts, matched amounts.

Arrays in, arrays out, as in :mod:`tael.kernels.events`, but values and conditions are what they are at the cutoff
already: no known-at is consulted. A window's values are gathered and put in order once for all that need it; the memory
taken is 24 bytes for each row of the longest window and each thread, 48 with ``matched``.

=================  =================================================================================================
``median``         the middle value, or the mean of the two middle ones
``quantile``       by linear interpolation between the sorted values (type 7 of Hyndman and Fan, *Sample Quantiles in
                   Statistical Packages*, The American Statistician 50(4), 1996)
``entropy``        Shannon's, in nats, of the shares of the values; 0 for one value
``top_share``      the share of the most frequent value
``longest_streak`` most rows in a row that meet the condition
``burst``          most rows in any span: times t <= s with s - t < span
``periodicity``    share of the gaps between successive rows that differ from their median by at most a tenth of it;
                   needs three rows
``balance_after``  the lowest running total after any row, from 0 before the first
``slope``          least-squares slope of the value on the second one, over rows where both are there; needs two
                   different ones (further apart than a 1e-12th of their size)
``share_of``       the part of the value's total that lies in rows that meet the condition; missing where the total is
                   0 (less than a 1e-12th of what is added up)
``next_event``     mean days from each row that meets ``after`` to the next later row that meets the condition; rows
                   without one are left out
``matched``        of the total value of the rows that meet ``after``, the share that is passed on: each such row, in
                   order, takes the first later row not taken yet that meets the condition, less than the span after
                   it, whose value differs by at most ratio times its own; values not above 0 are neither counted nor
                   passed on
=================  =================================================================================================

Over no rows (or no values) ``longest_streak`` and ``burst`` are 0, all else is NaN. NaN and infinite values are
missing; a missing value is left out, its row is not. "Later" is later in order: rows of one time follow each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels import _sequences
from tael.kernels._memory import address, column
from tael.kernels._threads import cut, n_threads_or_default, share_out

_CODES: dict[str, int] = {
    "median": _sequences.QUANTILE,
    "quantile": _sequences.QUANTILE,
    "entropy": _sequences.ENTROPY,
    "top_share": _sequences.TOP_SHARE,
    "longest_streak": _sequences.LONGEST_STREAK,
    "burst": _sequences.BURST,
    "periodicity": _sequences.PERIODICITY,
    "balance_after": _sequences.BALANCE_AFTER,
    "slope": _sequences.SLOPE,
    "share_of": _sequences.SHARE_OF,
    "next_event": _sequences.NEXT_EVENT,
    "matched": _sequences.MATCHED,
}
STATS: tuple[str, ...] = tuple(_CODES)
"""The statistics."""

_OF_ROWS = {"longest_streak", "burst", "periodicity", "next_event"}
_OF_CODES = {"entropy", "top_share"}
_OF_TIMES = {"burst", "periodicity", "next_event", "matched"}
_NEEDS = {
    "where": {"longest_streak", "share_of", "next_event", "matched"},
    "after": {"next_event", "matched"},
    "second": {"slope"},
    "span": {"burst", "matched"},
}
_PARAMETER = {"quantile": "the share of values below it", "matched": "the ratio"}


@dataclass(frozen=True)
class Ask:
    """One output row.

    Parameters
    ----------
    stat : str
        One of :data:`STATS`.
    value, second : int
        Indices into ``values``; -1: rows are meant (``value``), there is none (``second``, which ``slope`` needs).
    where, after : int
        Indices into ``masks``; -1: no condition. ``longest_streak``, ``share_of``, ``next_event`` and ``matched`` need
        ``where``: it is what they look for; in all others it says which rows count. The last two need ``after``.
    window : int
        Index of the window.
    parameter : float
        Of ``quantile`` the share, of ``matched`` the ratio; both from 0 to 1.
    span : int
        Microseconds, of ``burst`` and ``matched``; positive.
    """

    stat: str
    value: int = -1
    second: int = -1
    where: int = -1
    after: int = -1
    window: int = 0
    parameter: float = float("nan")
    span: int = 0


def sequences(
    *,
    begins: NDArray[np.int64],
    stop: NDArray[np.int64],
    time: NDArray[Any] | None = None,
    values: Sequence[NDArray[Any]] = (),
    masks: Sequence[NDArray[np.bool_]] = (),
    asks: Sequence[Ask],
    out: NDArray[Any] | None = None,
    dtype: DTypeLike = np.float64,
    n_threads: int | None = None,
) -> NDArray[Any]:
    """Compute every ask for every observation.

    Parameters
    ----------
    begins, stop : (n_windows, n_obs) int64
        Window w of observation i holds the rows ``begins[w, i] <= j < stop[w, i]``, in order of time.
    time : (n_rows,) int64 or datetime64, optional
        Microseconds, in order within every window. None where no ask looks at times.
    values : sequence of (n_rows,) float64 or int32
        Numbers, NaN for missing; or codes, -1 for missing (``entropy`` and ``top_share`` alone).
    masks : sequence of (n_rows,) bool
        Conditions.
    asks : sequence of Ask
        The output rows.
    out : (n_asks, n_obs) float64 or float32, optional
        Where to write; its strides may be any, C order is fastest.
    dtype : float64 or float32
        Type of the result if ``out`` is not given. Accumulators are float64 in both cases.
    n_threads : int, optional
        As in :func:`tael.kernels.events.aggregate`. The numbers do not depend on it, nor on the other asks.

    Returns
    -------
    (n_asks, n_obs)
        Row r is that of ``asks[r]``.

    Raises
    ------
    FeaturesError
        If an ask refers to what is not there, or arrays do not fit together.

    Examples
    --------
    Four payments on days 1, 2, 3 and 9, and one observation that sees all of them:

    >>> day = 86_400_000_000
    >>> sequences(
    ...     begins=np.array([[0]]), stop=np.array([[4]]), time=np.array([1, 2, 3, 9]) * day,
    ...     values=[np.array([5.0, -7.0, 1.0, 2.0])],
    ...     asks=[Ask("median", 0), Ask("balance_after", 0), Ask("burst", span=2 * day), Ask("periodicity")],
    ... )
    array([[ 1.5       ],
           [-2.        ],
           [ 2.        ],
           [ 0.66666667]])
    """
    time = None if time is None else column(time, (np.int64,))
    columns = [column(value, (np.int32, np.float64)) for value in values]
    conditions = [np.ascontiguousarray(mask, dtype=np.bool_) for mask in masks]
    arrays = [*([] if time is None else [time]), *columns, *conditions]
    begins, stop, spans = _bounds(begins, stop, arrays[0].size if arrays else None)
    n_windows, n_obs = begins.shape
    for array in arrays:
        if array.shape != (arrays[0].size,):
            raise FeaturesError(
                "Values, conditions and times differ in length.",
                expected=f"({arrays[0].size},)",
                got=", ".join(str(one.shape) for one in arrays),
            )
    for i, ask in enumerate(asks):
        _check(f"asks[{i}]: {ask}", ask, columns, len(masks), n_windows, time is not None)
    if out is None:
        out = np.empty((len(asks), n_obs), dtype)
    if out.shape != (len(asks), n_obs) or out.dtype not in (np.float64, np.float32) or not out.flags.writeable:
        raise FeaturesError(
            "The output array does not fit.",
            expected=f"({len(asks)}, {n_obs}) float64 or float32, writeable",
            got=f"{out.shape} {out.dtype}",
        )
    if not asks or not n_obs:
        return out
    table, parameters = _plan(asks, columns, conditions)
    pairs = any(ask.stat == "matched" for ask in asks)
    target = address(out), out.itemsize, out.strides[0], out.strides[1]
    longest_of, rows_of = spans.max(axis=0), spans.sum(axis=0)

    def task(first: int, past: int) -> None:
        longest = int(longest_of[first:past].max())
        _sequences.walk(
            first, past, n_obs, address(begins), address(stop), address(time), table, parameters, longest,
            longest if pairs else 0, *target,
        )  # fmt: skip

    n_threads = n_threads_or_default(n_threads)
    # Handing work to threads costs some 100 us: not worth it below a few milliseconds of work.
    work = (int(rows_of.sum()) // n_windows + n_obs) * len(asks)
    share_out(task, cut(rows_of + 16, 1 if work < 500_000 else 16 * n_threads), n_threads)
    return out


def _bounds(
    begins: Any, stop: Any, n_rows: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where windows begin and end, and how long they are, all (n_windows, n_obs)."""
    begins, stop = (np.ascontiguousarray(np.atleast_2d(bound), np.int64) for bound in (begins, stop))
    if begins.shape != stop.shape or begins.ndim != 2 or begins.shape[0] < 1:
        raise FeaturesError(
            "Windows do not fit the observations.",
            expected="begins and stop, both (n_windows, n_obs)",
            got=f"{begins.shape} and {stop.shape}",
        )
    spans = np.maximum(stop - begins, 0)
    inside = spans > 0
    low, high = (int(begins[inside].min()), int(stop[inside].max())) if inside.any() else (0, 0)
    if low < 0 or high > (0 if n_rows is None else n_rows):
        raise FeaturesError("A window reaches beyond the rows.", expected=f"0 to {n_rows or 0}", got=f"{low} to {high}")
    return begins, stop, spans


def _check(at: str, ask: Ask, columns: list[NDArray[Any]], n_masks: int, n_windows: int, timed: bool) -> None:
    if ask.stat not in STATS:
        raise FeaturesError(f'No statistic "{ask.stat}".', where=at, fix=did_you_mean(ask.stat, STATS))
    for name, index, low, past in (
        ("value", ask.value, -1, len(columns)),
        ("second", ask.second, -1, len(columns)),
        ("where", ask.where, -1, n_masks),
        ("after", ask.after, -1, n_masks),
        ("window", ask.window, 0, n_windows),
    ):
        if not low <= index < past:
            raise FeaturesError(f"There is no {name} {index}.", expected=f"{low} to {past - 1}", where=at)
    if (ask.value < 0) != (ask.stat in _OF_ROWS):
        takes = "rows, not a value" if ask.stat in _OF_ROWS else "a value"
        raise FeaturesError(f'"{ask.stat}" takes {takes}.', where=at)
    given = {"where": ask.where >= 0, "after": ask.after >= 0, "second": ask.second >= 0, "span": ask.span > 0}
    for name, stats in _NEEDS.items():
        if ask.stat in stats and not given[name]:
            raise FeaturesError(f'"{ask.stat}" needs {name}.', where=at)
    if ask.stat in _PARAMETER and not 0.0 <= ask.parameter <= 1.0:
        raise FeaturesError(
            f'"{ask.stat}" needs a parameter, {_PARAMETER[ask.stat]}.',
            expected="0 to 1",
            got=str(ask.parameter),
            where=at,
        )
    for index in (ask.value, ask.second):
        if index >= 0 and columns[index].dtype == np.int32 and ask.stat not in _OF_CODES:
            raise FeaturesError(f'"{ask.stat}" takes numbers, not codes.', expected="float64", where=at)
    if ask.stat in _OF_TIMES and not timed:
        raise FeaturesError(f'"{ask.stat}" looks at times.', expected="time", where=at)


def _plan(
    asks: Sequence[Ask], columns: list[NDArray[Any]], conditions: list[NDArray[np.bool_]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The table of asks (see ``_sequences``) in the order in which they are answered, and their parameters."""

    def shared(ask: Ask) -> tuple[int, int, int, int]:
        """Asks that share this share what is gathered: values, gaps between rows, or (2) nothing."""
        code = _CODES[ask.stat]
        gathered = 0 if code < _sequences.PERIODICITY else 1 if code == _sequences.PERIODICITY else 2
        return ask.window, ask.where, gathered, ask.value

    places = sorted(range(len(asks)), key=lambda i: (*shared(asks[i]), _CODES[asks[i].stat]))
    table = np.zeros((len(asks), _sequences.DO + 1), np.int64)
    parameters = np.empty(len(asks))
    before: tuple[int, int, int, int] | None = None
    is_sorted = False
    for row, i in enumerate(places):
        ask, code, now = asks[i], _CODES[asks[i].stat], shared(asks[i])
        do = 0
        if before is None or before[:2] != now[:2]:
            do |= _sequences.SELECT
        if code <= _sequences.PERIODICITY:
            if before != now:
                do |= _sequences.COLLECT
                is_sorted = False
            if code != _sequences.BALANCE_AFTER and not is_sorted:
                do |= _sequences.SORT
                is_sorted = True
        before = now
        value = columns[ask.value] if ask.value >= 0 else None
        second = columns[ask.second] if ask.second >= 0 else None
        where, after = (conditions[index] if index >= 0 else None for index in (ask.where, ask.after))
        table[row] = (
            code, address(value), 0 if value is None else value.itemsize, address(second), address(where),
            address(after), ask.window, ask.span, i, do,
        )  # fmt: skip
        parameters[row] = 0.5 if ask.stat == "median" else ask.parameter
    return table, parameters


def warm() -> None:
    """Compile every kernel of this module, or load it from the cache on disk.

    Examples
    --------
    >>> warm()
    """
    zero = np.zeros((1, 1), np.int64)
    sequences(begins=zero, stop=zero, values=[np.zeros(1)], asks=[Ask("median", 0)], n_threads=1)
