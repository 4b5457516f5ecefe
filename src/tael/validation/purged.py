"""Folds for labels that overlap in time: purged by the label's own interval, then embargoed.

A label that looks h bars ahead shares its returns with the labels of its neighbours. In a plain K-fold split such
neighbours stand on both sides, and a model is tested on what it was trained on. Here a training row is left out where
the interval of its label meets the interval of any test label (*purge*), and for a while after the test period
(*embargo*), since features of those bars still remember it.

An interval is half-open, ``(known, end]``: the row's features are known at `known`, its label is made of what happens
later, up to and with `end`. A label that ends on the very bar on which another begins shares nothing with it.

Source: Lopez de Prado (2018), Advances in Financial Machine Learning, sections 7.4.1 (purging) and 7.4.2 (embargo).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

from tael.errors import ValidationError, did_you_mean
from tael.validation.arrays import as_array, same_length
from tael.validation.splitters import Instants, instants

Rows = NDArray[np.int64]
Folds = Iterator[tuple[Rows, Rows]]
LAST = np.datetime64(2**63 - 1, "us")


@dataclass(frozen=True)
class Intervals:
    """When each row's features are known and when its label closes.

    Parameters
    ----------
    known, end : ndarray of datetime64[us], shape (n,)
        Row i's label is made of what happens in ``(known[i], end[i]]``.
    bars : ndarray of datetime64[us], shape (m,)
        The distinct times, ascending.
    bar : ndarray of int64, shape (n,)
        Which of them each row is.
    """

    known: Instants
    end: Instants
    bars: Instants
    bar: Rows

    @classmethod
    def of(cls, known: Instants, ends: Any) -> Intervals:
        """Intervals from times and either ends, a length of time, or a number of bars.

        Raises
        ------
        ValidationError
            If a label ends before its features are known.
        """
        bars, bar = np.unique(known, return_inverse=True)
        bar = bar.astype(np.int64)
        if isinstance(ends, bool):
            raise ValidationError("These are no ends of labels.", expected=_ENDS, got=repr(ends))
        if isinstance(ends, int | np.integer):
            if ends < 0:
                raise ValidationError("A label cannot end before it begins.", expected="0 bars or more", got=str(ends))
            # what closes beyond the last bar closes after everything that is here
            later = np.concatenate([bars, np.full(int(ends), LAST)])
            end = later[bar + int(ends)]
        elif isinstance(ends, timedelta | np.timedelta64):
            end = known + np.timedelta64(ends, "us")
        else:
            end = instants(ends, "ends of labels")
            same_length(len(known), len(end), "ends of labels")
        early = end < known
        if early.any():
            row = int(np.flatnonzero(early)[0])
            raise ValidationError(
                f"{int(early.sum())} of {len(known)} labels end before their features are known.",
                expected="an end at or after the row's own time",
                got=f"known {known[row]}, end {end[row]}",
                where=f"row {row}",
                fix="Pass the time at which the label's last price is known.",
            )
        return cls(known, end, bars, bar)

    def meeting(self, first: int, last: int) -> NDArray[np.bool_]:
        """Rows outside the bars ``first..last`` whose label interval meets that of a row within.

        All rows within those bars are taken as the test's, so two comparisons do: a row before must close its label by
        the first bar, and a row after must begin when the latest label within has closed.
        """
        inside = (self.bar >= first) & (self.bar <= last)
        before = (self.bar < first) & (self.end > self.bars[first])
        after = (self.bar > last) & (self.known < self.end[inside].max())
        return before | after

    def embargoed(self, first: int, last: int, embargo: Any) -> NDArray[np.bool_]:
        """Rows that follow the labels of the bars ``first..last`` too closely."""
        inside = (self.bar >= first) & (self.bar <= last)
        closed = self.end[inside].max()
        if isinstance(embargo, int):
            resume = int(np.searchsorted(self.bars, closed)) + embargo
            return (self.bar > last) & (self.bar < resume)
        # the end of the range of 64 bits stays where it is
        resume_at = closed + min(embargo, LAST - closed)
        return (self.bar > last) & (self.known < resume_at)


_ENDS = "a column's name, times, a timedelta, or a number of bars"


def embargo_of(embargo: Any) -> Any:
    """An embargo as a number of bars (int) or a ``timedelta64[us]``; None is none.

    Raises
    ------
    ValidationError
        If it is neither, or negative.
    """
    if embargo is None:
        return 0
    if isinstance(embargo, int | np.integer) and not isinstance(embargo, bool) and embargo >= 0:
        return int(embargo)
    if isinstance(embargo, timedelta | np.timedelta64) and np.timedelta64(embargo, "us") >= np.timedelta64(0, "us"):
        return np.timedelta64(embargo, "us")
    raise ValidationError(
        "This is no embargo.", expected="a number of bars or a timedelta, 0 or more", got=repr(embargo)
    )


class PurgedSplitter(BaseCrossValidator):
    """What the purged splitters share: where times and ends come from, the purge and the embargo.

    Parameters
    ----------
    times : str or array-like of shape (n,)
        When each row's features are known: the name of a column of X, or the times themselves.
    ends : str, array-like of shape (n,), timedelta or int
        When each row's label closes: the name of a column of X, the times themselves, how long after `times`, or how
        many bars (distinct times of X) after.
    embargo : int or timedelta, optional
        How long after a test period's last label training may not resume: bars (distinct times of X), or time.

    Notes
    -----
    In nested searches (``cross_validate(GridSearchCV(...))``) the inner X is a part of the outer one, so there `times`
    and `ends` have to be columns' names; drop those columns in the pipeline before the model.
    """

    def __init__(self, times: Any, ends: Any, embargo: Any) -> None:
        self.times, self.ends, self.embargo = times, ends, embargo

    def intervals(self, X: Any) -> Intervals:
        """The label intervals of X's rows.

        Raises
        ------
        ValidationError
            If a column is absent, times are missing or do not match the rows.
        """
        known = instants(self._named(X, self.times, "times"), _what("times", self.times))
        if X is not None:
            n = X.shape[0] if hasattr(X, "shape") else len(X)
            same_length(n, len(known), "times")
        return Intervals.of(known, self._ends(X))

    def _ends(self, X: Any) -> Any:
        if isinstance(self.ends, int | np.integer | timedelta | np.timedelta64):
            return self.ends
        given = self._named(X, self.ends, "ends")
        plain = given.to_numpy() if hasattr(given, "to_numpy") else as_array(given)
        if plain.dtype.kind == "M" and np.isnat(plain).any():
            raise ValidationError(
                f"{int(np.isnat(plain).sum())} of {len(plain)} labels have no end.",
                expected="the time at which each label closes",
                got=f"nothing at row {int(np.flatnonzero(np.isnat(plain))[0])}",
                fix="A row whose label is not known yet is a row to predict: leave it out of the validation.",
            )
        return given

    def _named(self, X: Any, given: Any, what: str) -> Any:
        if not isinstance(given, str):
            return given
        if X is None or isinstance(X, np.ndarray | list):
            raise ValidationError(
                f"The column of {what} is named, but X has no column names.",
                expected=f'a frame with the column "{given}"',
                got=type(X).__name__,
                fix=f"Pass a frame, or the {what} themselves as an array.",
            )
        table = nw.from_native(X, eager_only=True)
        if given not in table.columns:
            fix = did_you_mean(given, table.columns)
            raise ValidationError(f"The column of {what} is absent.", expected=given, where="X", fix=fix)
        return table[given].to_native()

    def _training(self, at: Intervals, blocks: Sequence[tuple[int, int]], where: str) -> Rows:
        """Rows to train on where the bars of all `blocks` are tested."""
        embargo = embargo_of(self.embargo)
        out = np.zeros(len(at.known), dtype=bool)
        for first, last in blocks:
            out |= (at.bar >= first) & (at.bar <= last)
            out |= at.meeting(first, last) | at.embargoed(first, last, embargo)
        train = np.flatnonzero(~out)
        if not len(train):
            raise ValidationError(
                f"Nothing is left to train {where} on.",
                expected="rows whose labels do not meet the test's",
                got=f"{len(at.known)} rows on {len(at.bars)} bars, longest label {(at.end - at.known).max()}, "
                f"embargo {self.embargo}",
                fix="Bring more bars, ask for fewer folds, or shorten the label or the embargo.",
            )
        return train


def _what(what: str, given: Any) -> str:
    return f'{what} in column "{given}"' if isinstance(given, str) else what


def blocks_of(at: Intervals, parts: int) -> list[tuple[int, int]]:
    """First and last bar of `parts` runs of bars with about as many rows each.

    Raises
    ------
    ValidationError
        If there are fewer bars than parts.
    """
    if len(at.bars) < parts:
        raise ValidationError(
            "There are too few distinct times for so many folds.",
            expected=f"at least {parts}",
            got=str(len(at.bars)),
            fix="Ask for fewer folds.",
        )
    total = np.cumsum(np.bincount(at.bar))
    starts = [0]
    for k in range(1, parts):
        wanted = int(np.searchsorted(total, total[-1] * k / parts - 1e-9)) + 1
        starts.append(min(max(wanted, starts[-1] + 1), len(at.bars) - (parts - k)))
    return [(a, b - 1) for a, b in zip(starts, [*starts[1:], len(at.bars)], strict=True)]


class PurgedKFold(PurgedSplitter):
    """K consecutive test periods; trained on everything before and after that shares nothing with them.

    Training on both sides of the test uses the data well, but lets a model see later regimes than it is tested on:
    `WalkForward` is the way a model would have been used.

    Parameters
    ----------
    n_splits : int
        Number of folds, at least 2; each is tested once.
    times, ends, embargo
        See `PurgedSplitter`.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-10", dtype="datetime64[D]")
    >>> split = PurgedKFold(3, times=days, ends=1, embargo=1)
    >>> for train, test in split.split(days):
    ...     print(train, test)
    [4 5 6 7 8] [0 1 2]
    [0 1 2 7 8] [3 4 5]
    [0 1 2 3 4 5] [6 7 8]
    """

    def __init__(self, n_splits: int = 5, *, times: Any, ends: Any, embargo: Any = None) -> None:
        super().__init__(times, ends, embargo)
        self.n_splits = n_splits

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Folds:
        """Yield the indices of the training and test rows of each fold, earliest test first.

        Raises
        ------
        ValidationError
            If there are too few distinct times, or purging leaves nothing to train on.
        """
        if self.n_splits < 2:
            raise ValidationError("There must be at least two folds.", got=f"n_splits={self.n_splits}")
        at = self.intervals(X)
        for k, block in enumerate(blocks_of(at, self.n_splits)):
            test = np.flatnonzero((at.bar >= block[0]) & (at.bar <= block[1]))
            yield self._training(at, [block], f"fold {k + 1}"), test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds."""
        return int(self.n_splits)
