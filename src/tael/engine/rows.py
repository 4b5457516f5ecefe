"""Expressions on child rows: what is aggregated, and the conditions under which a row counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.engine.shapes import Shape, latest
from tael.engine.store import NEVER, Store, mask, take
from tael.formulas.bound import Bound, BoundColumn, in_row
from tael.formulas.rows import evaluate_row
from tael.formulas.values import Values

ALWAYS = int(np.iinfo(np.int64).min)
CACHE_BYTES = 400_000_000
"""What cached expressions may take together; the oldest are computed anew when asked for again."""


@dataclass(frozen=True)
class Dated:
    """An expression's values in a shape's order, and what was known of them when.

    Attributes
    ----------
    values : Values
        Once every column in it is known.
    before : Values or None
        Until then: with all columns that come later than the row missing. None: missing altogether, or nothing is late.
    known : ndarray of int64, or None
        When the last of its late columns became known; None: with the row.
    """

    values: Values
    before: Values | None
    known: NDArray[np.int64] | None

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        parts = (self.values.data, None if self.before is None else self.before.data, self.known)
        return sum(part.nbytes for part in parts if part is not None)


class ChildRows:
    """Evaluates expressions on the rows of one path's base table; each distinct expression once.

    Parameters
    ----------
    store : Store
    table : str
        The base table.
    shape : Shape

    Attributes
    ----------
    held : int
        Bytes that the cached expressions take.
    """

    def __init__(self, store: Store, table: str, shape: Shape) -> None:
        self.store, self.table, self.shape = store, table, shape
        self._dated: dict[Bound, Dated] = {}
        self.held = 0
        used = store.row_used(table)
        self.row_used = np.full(len(store.tables[table]), ALWAYS) if used is None else used

    def dated(self, bound: Bound) -> Dated:
        """An expression with its times of knowledge."""
        found = self._dated.pop(bound, None)
        if found is None:
            found = self._evaluate(bound)
            self.held += found.nbytes
            while self.held > CACHE_BYTES and self._dated:
                oldest = next(iter(self._dated))
                self.held -= self._dated.pop(oldest).nbytes
        self._dated[bound] = found  # the last to go
        return found

    def forget(self) -> None:
        """Free the cached expressions."""
        self._dated.clear()
        self.held = 0

    def _evaluate(self, bound: Bound) -> Dated:
        late: dict[BoundColumn, NDArray[np.int64]] = {}
        for column in columns_of(bound):
            known = self.late(column)
            if known is not None:
                late[column] = known
        values = self._gather(evaluate_row(bound, self.column, None))
        if not late:
            return Dated(values, None, None)
        # Row by row: which columns are late in a row must not depend on other rows, some of which nobody has seen yet.
        hide = {column: known > self.row_used for column, known in late.items()}
        hidden = evaluate_row(bound, lambda c: mask(self.column(c), hide[c]) if c in hide else self.column(c), None)
        before = self._gather(hidden)
        known = self.shape.gather(np.maximum.reduce(list(late.values())))
        return Dated(values, None if _all_missing(before) else before, known)

    def _gather(self, values: Values) -> Values:
        n = self.shape.order
        if values.data.ndim == 0 or len(values.data) != len(self.store.tables[self.table]):
            return Values(values.type, np.broadcast_to(values.data, n.shape).copy(), values.levels)
        return Values(values.type, self.shape.gather(values.data), values.levels)

    def column(self, bound: BoundColumn) -> Values:
        """A column of the rows or of their parents, in the table's order, once all is known."""
        if not bound.hops:
            return self.store.values(bound.table, bound.column)
        return take(self.store.values(bound.table, bound.column), self._climb(bound.hops)[0])

    def late(self, bound: BoundColumn) -> NDArray[np.int64] | None:
        """When a column's values became known, in the table's order; None if never later than the row itself."""
        known = self.store.column_known(bound.table, bound.column)
        if bound.hops:
            rows, on_the_way = self._climb(bound.hops)
            known = latest(on_the_way, None if known is None else _at(known, rows))
        return known if known is not None and bool(np.any(known > self.row_used)) else None

    def _climb(self, hops: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        table = self.table
        rows: NDArray[np.int64] | None = None
        known: NDArray[np.int64] | None = None
        for hop in hops:
            link_known = self.store.column_known(table, hop)
            above = self.store.parents(table, hop)
            if rows is None:
                known, rows = link_known, above
            else:
                known = latest(known, None if link_known is None else _at(link_known, rows))
                rows = np.where(rows >= 0, above[rows], -1) if len(above) else np.full_like(rows, -1)
            table = self.store.target(table, hop)
            used = self.store.row_used(table)
            # Whether a parent never was or is only to come, nobody can tell before it comes: it counts as to come.
            known = latest(known, None if used is None else _at(used, rows, NEVER))
        assert rows is not None
        return rows, known


def columns_of(bound: Bound) -> Iterator[BoundColumn]:
    """The columns of the row's own formula; what stands inside further aggregates has its own times."""
    return (one for one in in_row(bound) if isinstance(one, BoundColumn))


def _at(known: NDArray[np.int64], rows: NDArray[np.int64], absent: int = ALWAYS) -> NDArray[np.int64]:
    if len(known) == 0:
        return np.full(len(rows), absent, dtype=np.int64)
    return np.where(rows >= 0, known[rows], absent)


def _all_missing(values: Values) -> bool:
    data = values.data
    if data.dtype.kind == "f":
        return bool(np.isnan(data).all())
    if data.dtype.kind == "i":
        return bool((data == (-1 if data.dtype.itemsize == 4 else np.iinfo(np.int64).min)).all())
    return all(item is None for item in data)
