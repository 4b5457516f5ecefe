"""Walk forward: refit on a schedule, serve until the next refit, never look ahead.

The nearest thing to how a model would have been used: at each refit it is trained on what was then known (labels
closed), and then foretells every bar until the next.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from tael.errors import ValidationError
from tael.formulas.durations import Duration
from tael.validation.purged import Folds, Intervals, PurgedSplitter, embargo_of
from tael.validation.splitters import instant


class WalkForward(PurgedSplitter):
    """Refit every so often on the past, test until the next refit.

    Parameters
    ----------
    every : int or str
        The schedule of refits: so many bars (distinct times of X), or a calendar period such as ``"1mo"``, ``"3mo"``,
        ``"1y"``, ``"1w"``, ``"5d"``: a refit then falls on the first bar of each new period.
    start : int, date, datetime or str
        The first refit: after so many bars, or on the first bar from that day on (in a calendar schedule, the first
        bar of the first period that begins then or later).
    window : int, timedelta or str, optional
        How far back training looks from the refit: bars, a time, or a duration such as ``"3y"``. None: everything
        (expanding).
    times, ends : see `PurgedSplitter`
    embargo : int or timedelta, optional
        Bars or time to leave out between the end of the last training label and the refit.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
    >>> for train, test in WalkForward(3, start=4, times=days, ends=1).split(days):
    ...     print(train, test)
    [0 1 2 3] [4 5 6]
    [0 1 2 3 4 5 6] [7 8 9]
    >>> for train, test in WalkForward(3, start=4, window=3, times=days, ends=2).split(days):
    ...     print(train, test)
    [1 2] [4 5 6]
    [4 5] [7 8 9]
    """

    def __init__(
        self, every: int | str = 63, *, start: Any = 252, window: Any = None, times: Any, ends: Any, embargo: Any = None
    ) -> None:
        super().__init__(times, ends, embargo)
        self.every, self.start, self.window = every, start, window

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Folds:
        """Yield the indices of the training and test rows of each refit, earliest first.

        Raises
        ------
        ValidationError
            If the schedule makes no sense, or a refit would find nothing to train on.
        """
        at = self.intervals(X)
        refits = self._refits(at)
        for k, (refit, stop) in enumerate(zip(refits, [*refits[1:], len(at.bars)], strict=True)):
            test = np.flatnonzero((at.bar >= refit) & (at.bar < stop))
            train = self._past(at, refit)
            if not len(train):
                raise ValidationError(
                    f"Nothing is left to train refit {k + 1} on.",
                    expected=f"rows whose label has closed by {at.bars[refit]}",
                    got=f"first bar {at.bars[0]}, longest label {(at.end - at.known).max()}, "
                    f"window {self.window}, embargo {self.embargo}",
                    fix="Start later, widen the window, or shorten the label or the embargo.",
                )
            yield train, test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of refits (X is needed where `times` is a column's name)."""
        return len(self._refits(self.intervals(X)))

    def _past(self, at: Intervals, refit: int) -> Any:
        """Rows whose label has closed by the refit less the embargo, within the window."""
        now = at.bars[refit]
        embargo = embargo_of(self.embargo)
        if isinstance(embargo, int):
            if refit - embargo < 0:
                return np.empty(0, dtype=np.int64)
            closed = at.end <= at.bars[refit - embargo]
        else:
            closed = at.end <= now - embargo
        back = (at.bar < refit) & closed
        window = self.window
        if window is None:
            return np.flatnonzero(back)
        if isinstance(window, int) and not isinstance(window, bool) and window > 0:
            return np.flatnonzero(back & (at.bar >= refit - window))
        if isinstance(window, timedelta | np.timedelta64) and np.timedelta64(window, "us") > np.timedelta64(0, "us"):
            return np.flatnonzero(back & (at.known >= now - np.timedelta64(window, "us")))
        if isinstance(window, str):
            since = Duration.parse(window).before(np.array([now], dtype="datetime64[us]").astype(np.int64))
            return np.flatnonzero(back & (at.known >= since.astype("datetime64[us]")[0]))
        raise ValidationError(
            "The training window makes no sense.",
            expected='None, a number of bars, a timedelta, or a duration such as "3y"',
            got=repr(window),
        )

    def _refits(self, at: Intervals) -> list[int]:
        """The bars on which the model is refitted."""
        m = len(at.bars)
        first = self._first(at)
        if isinstance(self.every, str):
            # a bar begins a period where the period's number changes
            number = periods(at.bars, self.every)
            begins = np.flatnonzero(np.concatenate([[False], number[1:] != number[:-1]]))
            refits = begins[begins >= first].tolist()
        elif isinstance(self.every, int | np.integer) and not isinstance(self.every, bool) and self.every > 0:
            refits = list(range(first, m, int(self.every)))
        else:
            raise ValidationError(
                "The schedule of refits makes no sense.",
                expected='a number of bars, or a period such as "1mo"',
                got=repr(self.every),
            )
        if not refits:
            raise ValidationError(
                "The first refit comes after the last bar.",
                expected=f"a start before {at.bars[-1]} ({m} bars)",
                got=f"start={self.start!r}, every={self.every!r}",
                fix="Start earlier, or bring more bars.",
            )
        return refits

    def _first(self, at: Intervals) -> int:
        start = self.start
        if isinstance(start, int | np.integer) and not isinstance(start, bool):
            if start < 1:
                raise ValidationError("The first refit needs a past.", expected="1 bar or more", got=str(start))
            return int(start)
        if isinstance(start, str | date | np.datetime64) or hasattr(start, "to_datetime64"):
            return int(np.searchsorted(at.bars, instant(start, "first refit")))
        raise ValidationError("The first refit makes no sense.", expected="a number of bars, or a day", got=repr(start))


def periods(times: Any, every: str) -> Any:
    """Number of the calendar period that each time lies in.

    Weeks begin on Monday; several months count from January 1970, so that ``"3mo"`` are the calendar quarters.

    Parameters
    ----------
    times : ndarray of datetime64, shape (n,)
        The times.
    every : str
        ``"1d"``, ``"2w"``, ``"1mo"``, ``"1y"``, ...

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> days = np.array(["2024-01-31", "2024-02-01", "2024-04-01"], dtype="datetime64[D]")
    >>> np.diff(periods(days, "1mo")).tolist(), np.diff(periods(days, "3mo")).tolist()
    ([1, 2], [0, 1])
    """
    span = Duration.parse(every)
    stamp = np.asarray(times).astype("datetime64[us]")
    if span.unit in ("mo", "y"):
        months = stamp.astype("datetime64[M]").astype(np.int64)
        return months // (span.count * (12 if span.unit == "y" else 1))
    # 1970-01-01 was a Thursday: weeks are counted from the Monday before
    shift = 3 * 86_400_000_000 if span.unit == "w" else 0
    return (stamp.astype(np.int64) + shift) // span.microseconds
