"""Rows as observations see them, one observation after another: for what a single walk over sorted rows cannot give.

An aggregate of aggregates, a comparison with siblings, a condition that names the cutoff: their values on a child row
depend on who looks, and when. So the rows that an observation sees are laid out for it (a *pair* is an observation and
a row), every expression is evaluated on the pairs as known at the observation's cutoff, and the kernels aggregate the
pairs. Observations are taken in chunks, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tael.engine.batch import Batch
from tael.engine.observed import RowsSeen
from tael.engine.rows import Dated, columns_of
from tael.engine.sources import Bounds, PathRows
from tael.engine.store import mask, take
from tael.formulas import operators
from tael.formulas.bound import (
    Bound,
    BoundAggregate,
    BoundColumn,
    BoundGroup,
    Path,
    in_row,
    layered,
    parts_of,
)
from tael.formulas.durations import Duration
from tael.formulas.rows import evaluate_row
from tael.formulas.values import NAT, Values
from tael.tables.schema import Type

CHUNK = 500_000
"""Pairs that are laid out at a time."""

Aggregate = Callable[[Sequence[BoundAggregate], RowsSeen], dict[BoundAggregate, Values]]


def needs_pairs(one: BoundAggregate) -> bool:
    """Whether an aggregate cannot be had in one walk over the sorted rows."""
    return operators.get(one.op).at_once or layered(one)


class Pairs:
    """The rows that some observations see along a path.

    Parameters
    ----------
    source : PathRows
    windows : sequence of Duration or None
        None must be among them where siblings are asked for: they are all rows that the observation sees.
    first, past : int
        Which observations.
    aggregate : callable
        Computes aggregates for rows; the engine's own, for what is nested.
    n_threads : int
    """

    def __init__(
        self,
        source: PathRows,
        windows: Sequence[Duration | None],
        bounds: Bounds,
        first: int,
        past: int,
        aggregate: Aggregate,
        n_threads: int,
    ) -> None:
        self.children, self.forward, self.n_threads = source.children, source.forward, n_threads
        self.law = source.seen.law
        self.known: NDArray[np.int64] | None = None
        self._windows, self._aggregate = list(windows), aggregate
        self.cutoff = source.seen.cutoff[first:past]
        begin, stop = (np.atleast_2d(bound)[:, first:past] for bound in bounds)
        low, high = begin.min(axis=0), stop.max(axis=0)
        length = np.maximum(high - low, 0)
        start = np.cumsum(length) - length
        self.of = np.repeat(np.arange(past - first), length)
        at = np.arange(int(length.sum())) - np.repeat(start - low, length)
        keep = np.ones(len(at), dtype=bool)
        if source.known is not None and not source.forward:
            keep = source.known[at] < self.cutoff[self.of]
        # how many pairs are kept before each place, so that windows find their rows among those
        before = np.concatenate([[0], np.cumsum(keep)])
        self._begin = before[np.clip(begin, low, low + length) - low + start]
        self._stop = before[np.clip(stop, low, low + length) - low + start]
        self.at, self.of = at[keep], self.of[keep]
        self.rows = self.children.shape.order[self.at]
        self.time = self.children.shape.time[self.at]
        self._values: dict[Bound, Values] = {}
        self._inner: dict[BoundAggregate | BoundGroup, Values] = {}
        self._seen: RowsSeen | None = None

    def bounds(self, windows: Sequence[Duration | None]) -> Bounds:
        """Where windows begin and end among the pairs."""
        which = [self._windows.index(window) for window in windows]
        begin = self._begin[which] if len(self._begin) > 1 else self._begin
        stop = self._stop[which] if len(self._stop) > 1 else self._stop
        return (begin[0], stop) if self.forward else (begin, stop[0])

    def dated(self, bound: Bound) -> Dated:
        """An expression on the pairs, as known at each cutoff."""
        return Dated(self.values(bound), None, None)

    def values(self, bound: Bound) -> Values:
        """An expression on the pairs: while any of its late columns is not known, all of them read as missing (T4)."""
        if bound not in self._values:
            late: dict[BoundColumn, NDArray[np.int64]] = {}
            for column in () if self.forward else columns_of(bound):
                known = self.children.late(column)
                if known is not None:
                    late[column] = known[self.rows]
            hidden = np.zeros(len(self.rows), dtype=bool)
            if late:
                hidden = np.maximum.reduce(list(late.values())) >= self.cutoff[self.of]
            used = self.children.row_used[self.rows] if late else hidden

            def column_at(one: BoundColumn) -> Values:
                values = take(self.children.column(one), self.rows)
                return mask(values, hidden & (late[one] > used)) if one in late else values

            got = evaluate_row(bound, column_at, self.cutoff[self.of], aggregate=self._inside)
            self._values[bound] = got.spread(len(self.rows))
        return self._values[bound]

    def prepare(self, members: Iterable[BoundAggregate]) -> None:
        """Compute what is nested in some aggregates, path by path."""
        nested = dict.fromkeys(
            node
            for member in members
            for part in parts_of(member)
            for node in in_row_and_groups(part)
            if isinstance(node, BoundAggregate)
        )
        by_path: dict[Path, list[BoundAggregate]] = {}
        for one in nested:
            by_path.setdefault(one.path, []).append(one)
        for path, group in by_path.items():
            for one, values in self._nested(path, group).items():
                self._inner[one] = values

    def _inside(self, one: BoundAggregate | BoundGroup) -> Values:
        if one not in self._inner:
            self._inner[one] = (
                self._siblings(one) if isinstance(one, BoundGroup) else self._nested(one.path, [one])[one]
            )
        return self._inner[one]

    def _nested(self, path: Path, group: list[BoundAggregate]) -> dict[BoundAggregate, Values]:
        """Aggregates from each row; rows that lead to one target at one cutoff are asked once."""
        if self._seen is None:
            store, table = self.children.store, self.children.table
            law = self.law and not self.forward
            self._seen = RowsSeen(store, table, self.rows, self.cutoff[self.of], law=law)
        seen = self._seen
        target = seen.entities(path)
        cutoffs, when = np.unique(seen.cutoff, return_inverse=True)
        _, once, back = np.unique(target * max(len(cutoffs), 1) + when, return_index=True, return_inverse=True)
        fewer = RowsSeen(seen.store, seen.entity, seen.rows[once], seen.cutoff[once], law=seen.law)
        told = self._aggregate(group, fewer)
        return {one: Values(v.type, v.data[back], v.levels) for one, v in told.items()}

    def _siblings(self, one: BoundGroup) -> Values:
        """A statistic over the rows of one observation that share some values."""
        counts = np.ones(len(self.rows), dtype=bool)
        codes = [self.of]
        for part in one.by:
            code = codes_of(self.values(part))
            counts &= code >= 0
            codes.append(code)
        inside = counts
        if one.window is not None:
            inside = counts & (self.time >= one.window.before(self.cutoff)[self.of])
        group = numbered(codes)
        laid = Groups(self, group, inside, self.cutoff[self.of])
        told = laid.compute(one, self.n_threads)
        return take(told, np.where(counts, laid.place, -1))


class Groups:
    """Rows of any kind, regrouped by a number, in their order within each group.

    Parameters
    ----------
    rows : Pairs or another object with ``values(bound)`` and ``time``
    group : ndarray of int64, shape (n_rows,)
        A number for each row.
    inside : ndarray of bool, shape (n_rows,)
        Which rows count.
    cutoff : ndarray of int64, shape (n_rows,)
        Of each row's observation; the same within a group.

    Attributes
    ----------
    place : ndarray of int64, shape (n_rows,)
        Which result belongs to each row.
    """

    def __init__(
        self, rows: Pairs | Rows, group: NDArray[np.int64], inside: NDArray[np.bool_], cutoff: NDArray[np.int64]
    ) -> None:
        self.forward = False
        self.known: NDArray[np.int64] | None = None
        self._rows = rows
        _, first, self.place = np.unique(group, return_index=True, return_inverse=True)
        kept = np.flatnonzero(inside)
        self._order = kept[np.argsort(self.place[kept], kind="stable")]
        self.time = rows.time[self._order]
        self.cutoff = cutoff[first]
        sizes = np.bincount(self.place[kept], minlength=len(first))
        self._stop = np.cumsum(sizes)
        self._begin = self._stop - sizes

    def bounds(self, windows: Sequence[Duration | None]) -> Bounds:
        """Each group is one window."""
        return np.repeat(self._begin[None], len(windows), axis=0), self._stop

    def dated(self, bound: Bound) -> Dated:
        """An expression on the regrouped rows."""
        values = self._rows.values(bound)
        return Dated(Values(values.type, values.data[self._order], values.levels), None, None)

    def compute(self, one: BoundGroup, n_threads: int) -> Values:
        """The statistic of each group."""
        path = Path((), ((one.table, ""),))
        member = BoundAggregate(one.op, path, one.table, one.value, one.where, None, False, None, one.type, one.further)
        return Batch(self, [member], n_threads=n_threads, dtype=np.float64).run()[member]


class Rows:
    """Rows whose expressions somebody else computes.

    Parameters
    ----------
    values : callable of Bound
    n : int
    """

    def __init__(self, values: Callable[[Bound], Values], n: int) -> None:
        self.values = values
        self.time = np.zeros(n, dtype=np.int64)


def in_row_and_groups(bound: Bound) -> Iterator[Bound]:
    """The nodes of a row's own formula and of the comparisons with siblings in it."""
    for node in in_row(bound):
        yield node
        if isinstance(node, BoundGroup):
            for part in parts_of(node):
                yield from in_row_and_groups(part)


def codes_of(values: Values) -> NDArray[np.int64]:
    """A number for each distinct value; -1 for missing."""
    if values.type is Type.CATEGORY:
        return values.data.astype(np.int64)
    if values.type is Type.TIME:
        codes = np.unique(values.data, return_inverse=True)[1]
        return np.where(values.data == NAT, -1, codes)
    present = ~np.isnan(values.data)
    codes = np.full(len(values.data), -1, dtype=np.int64)
    codes[present] = np.unique(values.data[present], return_inverse=True)[1]
    return codes


def numbered(codes: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One number for each combination of codes."""
    out = codes[0]
    for code in codes[1:]:
        wide = int(code.max(initial=-1)) + 2
        out = np.unique(out * wide + code + 1, return_inverse=True)[1]
    return out


def chunks(length: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut observations into runs that see about ``CHUNK`` rows each."""
    ends = np.cumsum(np.maximum(length, 1))
    first = 0
    while first < len(length):
        start = ends[first - 1] if first else 0
        past = max(int(np.searchsorted(ends, start + CHUNK, side="right")), first + 1)
        yield first, past
        first = past


def joined(parts: Sequence[Values]) -> Values:
    """Values of chunks, one after another."""
    if len(parts) == 1:
        return parts[0]
    if len({part.levels for part in parts}) > 1:
        return Values.category(np.concatenate([part.strings() for part in parts]))
    return Values(parts[0].type, np.concatenate([part.data for part in parts]), parts[0].levels)
