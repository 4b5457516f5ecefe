"""Splits that respect time, label windows and people.

A random split lets a model learn from the future of the people it is tested on. Here the test period comes after the
training period, and a training row whose label looks into the test period is purged: on the day the test begins its
outcome would not have been known.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.model_selection import StratifiedGroupKFold as GroupedStratifiedKFold

from tael.errors import ValidationError, did_you_mean
from tael.validation.arrays import as_array, same_length

__all__ = ["GroupedStratifiedKFold", "OutOfTimeSplit", "TimeOrderedKFold", "instants", "span_of"]

Instants = NDArray[np.datetime64]
Span = Any
"""A duration: `datetime.timedelta`, `numpy.timedelta64`, or an array of the latter (one for each row)."""


def instants(values: Any, what: str = "cutoffs") -> Instants:
    """Times as ``datetime64[us]`` in UTC.

    Parameters
    ----------
    values : array-like of shape (n,)
        Dates or times: an array, a list, or a Series of pandas, polars or pyarrow.
    what : str
        What they are, for the message.

    Raises
    ------
    ValidationError
        If they are text, numbers, or missing.
    """
    if not isinstance(values, np.ndarray | list | tuple):
        series = nw.from_native(values, series_only=True)
        if series.dtype == nw.Datetime and getattr(series.dtype, "time_zone", None) is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        elif series.dtype == nw.Date:
            series = series.cast(nw.Datetime("us"))
        values = series.to_numpy()
    array = as_array(values)
    if not len(array):
        raise ValidationError(f"There are no {what}.", expected="at least one row", got="0 rows")
    if array.dtype.kind not in "MO" or (array.dtype.kind == "O" and isinstance(array[0], str)):
        raise ValidationError(
            f"The {what} are not times.",
            expected="dates or times",
            got=f"{array[0]!r} ({array.dtype})",
            fix="Read the column as a date (see its role in tables.toml).",
        )
    try:
        times = array.astype("datetime64[us]")
    except (TypeError, ValueError) as error:
        raise ValidationError(f"The {what} are not all times.", expected="dates or times", got=str(error)) from error
    gone = np.isnat(times)
    if gone.any():
        raise ValidationError(
            f"{int(gone.sum())} of {len(times)} {what} are missing.",
            got=f"nothing at row {int(np.flatnonzero(gone)[0])}",
            fix="An observation without a cutoff has no place in time: leave it out.",
        )
    return np.asarray(times)


def instant(value: Any, what: str = "date") -> np.datetime64:
    """One time: a date, a datetime, a ``datetime64`` or ISO text."""
    try:
        # pandas' Timestamp knows its own way to numpy
        when: np.datetime64 = value.to_datetime64() if hasattr(value, "to_datetime64") else np.datetime64(value)
    except (TypeError, ValueError) as error:
        raise ValidationError(f"The {what} cannot be read.", expected="such as 2024-06-30", got=repr(value)) from error
    if np.isnat(when):
        raise ValidationError(f"The {what} is missing.", expected="such as 2024-06-30", got=repr(value))
    return when.astype("datetime64[us]")


def span_of(value: Span, n: int | None = None) -> NDArray[np.timedelta64] | np.timedelta64:
    """A duration, or one for each row, as ``timedelta64[us]``; None is none."""
    if value is None:
        return np.timedelta64(0, "us")
    if isinstance(value, timedelta | np.timedelta64):
        span: Any = np.timedelta64(value, "us")
    elif isinstance(value, np.ndarray) and value.dtype.kind == "m":
        span = value.astype("timedelta64[us]")
        if n is not None:
            same_length(n, len(span), "label spans")
    else:
        raise ValidationError(
            "This is not a duration.", expected="a timedelta, or an array of timedelta64", got=repr(value)
        )
    if np.isnat(span).any() or (span < np.timedelta64(0, "us")).any():
        raise ValidationError("A duration is missing or negative.", expected="0 or more", got=str(np.min(span)))
    return span


def latest_share(times: Instants, share: float) -> np.datetime64:
    """The instant from which on about `share` of the rows lie; rows of one instant stay together.

    The nearest share that is neither nothing nor everything is taken.
    """
    distinct, counts = np.unique(times, return_counts=True)
    from_here = np.cumsum(counts[::-1])[::-1] / len(times)
    return np.datetime64(distinct[1:][np.argmin(np.abs(from_here[1:] - share))], "us")


class _Timed(BaseCrossValidator):
    """What the splitters share: where the cutoffs come from, and the purge."""

    def __init__(self, cutoffs: Any, gap: Span, label_span: Span) -> None:
        self.cutoffs, self.gap, self.label_span = cutoffs, gap, label_span

    def _times(self, X: Any) -> Instants:
        if not isinstance(self.cutoffs, str):
            times = instants(self.cutoffs)
            if X is not None:
                n = len(X) if not hasattr(X, "shape") else X.shape[0]
                same_length(n, len(times), "cutoffs")
            return times
        if X is None or isinstance(X, np.ndarray | list):
            raise ValidationError(
                "The cutoff column is named, but X has no column names.",
                expected=f'a frame with the column "{self.cutoffs}"',
                got=type(X).__name__,
                fix="Pass a frame, or the cutoffs themselves as an array.",
            )
        table = nw.from_native(X, eager_only=True)
        if self.cutoffs not in table.columns:
            fix = did_you_mean(self.cutoffs, table.columns)
            raise ValidationError("The cutoff column is absent.", expected=self.cutoffs, where="X", fix=fix)
        return instants(table[self.cutoffs].to_native(), f'cutoffs in column "{self.cutoffs}"')

    def _before(self, times: Instants, start: np.datetime64) -> NDArray[np.int64]:
        """Rows whose label is complete by `start` less the gap."""
        known = times + span_of(self.label_span, len(times)) + span_of(self.gap, len(times))
        # a label window is half-open: one that ends exactly when the test starts has seen nothing of it
        return np.flatnonzero((times < start) & (known <= start))


class OutOfTimeSplit(_Timed):
    """Train on the earlier cutoffs, test on the latest.

    Parameters
    ----------
    cutoffs : str or array-like of shape (n,)
        Name of the cutoff column in X, or the cutoffs themselves.
    test_size : float
        Share of the rows to test on; rows of one instant stay together.
    date : date, datetime or str, optional
        Test on cutoffs from here on, whatever their share.
    gap : timedelta, optional
        Time to leave out before the test period.
    label_span : timedelta or array of timedelta64, optional
        How far the label looks forward; training rows whose window reaches past the start of the test are purged.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
    >>> split = OutOfTimeSplit(days, test_size=0.3, label_span=timedelta(days=2))
    >>> [(train.tolist(), test.tolist()) for train, test in split.split(days)]
    [([0, 1, 2, 3, 4, 5], [7, 8, 9])]
    """

    def __init__(
        self, cutoffs: Any, *, test_size: float = 0.2, date: Any = None, gap: Span = None, label_span: Span = None
    ) -> None:
        super().__init__(cutoffs, gap, label_span)
        self.test_size, self.date = test_size, date

    def split(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the indices of the training and test rows, once.

        Raises
        ------
        ValidationError
            If one of the two would be empty.
        """
        times = self._times(X)
        if self.date is not None:
            start = instant(self.date)
        else:
            if not 0 < self.test_size < 1:
                raise ValidationError(
                    "The test share makes no sense.", expected="between 0 and 1", got=str(self.test_size)
                )
            if np.all(times == times[0]):
                raise ValidationError(
                    "All cutoffs are one instant, so there is no later period.",
                    expected="cutoffs at several times",
                    got=str(times[0]),
                    fix="Use GroupedStratifiedKFold, or three_way, which falls back to it and says so.",
                )
            start = latest_share(times, self.test_size)
        test, train = np.flatnonzero(times >= start), self._before(times, start)
        for rows, which in ((train, "training"), (test, "test")):
            if not len(rows):
                raise ValidationError(
                    f"The {which} period is empty.",
                    expected=f"cutoffs on both sides of {start}, with complete labels before it",
                    got=f"cutoffs from {times.min()} to {times.max()}, label span {self.label_span}, gap {self.gap}",
                    fix="Choose another date, or shorten the label window.",
                )
        yield train, test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of splits: 1."""
        return 1


class TimeOrderedKFold(_Timed):
    """Walk forward: each fold is tested after everything it was trained on.

    The cutoffs are cut into ``n_splits + 1`` periods of about as many rows; fold k trains on periods 1..k and tests
    on k + 1.

    Parameters
    ----------
    n_splits : int
        Number of folds.
    cutoffs : str or array-like of shape (n,)
        Name of the cutoff column in X, or the cutoffs themselves.
    gap : timedelta, optional
        Time to leave out before each test period.
    label_span : timedelta or array of timedelta64, optional
        How far the label looks forward; training rows whose window reaches past the start of the test are purged.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-07", dtype="datetime64[D]")
    >>> [(a.tolist(), b.tolist()) for a, b in TimeOrderedKFold(2, cutoffs=days).split(days)]
    [([0, 1], [2, 3]), ([0, 1, 2, 3], [4, 5])]
    """

    def __init__(self, n_splits: int = 5, *, cutoffs: Any, gap: Span = None, label_span: Span = None) -> None:
        super().__init__(cutoffs, gap, label_span)
        self.n_splits = n_splits

    def split(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the indices of the training and test rows of each fold, earliest first.

        Raises
        ------
        ValidationError
            If there are too few distinct cutoffs, or purging leaves nothing to train on.
        """
        times = self._times(X)
        if self.n_splits < 1:
            raise ValidationError("There must be at least one fold.", got=f"n_splits={self.n_splits}")
        distinct, counts = np.unique(times, return_counts=True)
        if len(distinct) <= self.n_splits:
            raise ValidationError(
                "There are too few distinct cutoffs for so many folds.",
                expected=f"at least {self.n_splits + 1} instants",
                got=str(len(distinct)),
                fix="Ask for fewer folds.",
            )
        starts = distinct[_cuts(counts, self.n_splits + 1)]
        for k, start in enumerate(starts):
            stop = starts[k + 1] if k + 1 < len(starts) else None
            test = np.flatnonzero((times >= start) if stop is None else (times >= start) & (times < stop))
            train = self._before(times, np.datetime64(start, "us"))
            if not len(train):
                raise ValidationError(
                    f"Nothing is left to train fold {k + 1} on.",
                    expected=f"cutoffs whose label is complete by {start}",
                    got=f"first cutoff {times.min()}, label span {self.label_span}, gap {self.gap}",
                    fix="Ask for fewer folds, or shorten the label window or the gap.",
                )
            yield train, test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds."""
        return int(self.n_splits)


def _cuts(counts: NDArray[np.int64], parts: int) -> list[int]:
    """Where to cut runs of `counts` rows into `parts` non-empty parts of about the same number of rows."""
    total = np.cumsum(counts)
    cuts: list[int] = []
    for k in range(1, parts):
        wanted = int(np.searchsorted(total, total[-1] * k / parts - 1e-9)) + 1
        first = cuts[-1] + 1 if cuts else 1
        cuts.append(min(max(wanted, first), len(counts) - (parts - k)))
    return cuts
