"""Child rows as an observation sees them along a path: sorted by (entity, time, known), each with when it was known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.engine.store import NEVER, Store
from tael.formulas.bound import Path
from tael.kernels.grouping import entity_offsets, sort_rows

BEGINNING = np.iinfo(np.int64).min + 1


@dataclass(frozen=True)
class Shape:
    """The rows of a path's base table, ready for the kernels.

    Attributes
    ----------
    order : ndarray of int64, shape (n_rows,)
        Row numbers of the base table, sorted; rows that belong to no entity or happened never are left out.
    offsets : ndarray of int64, shape (n_entities + 1,)
        Where each entity's rows begin.
    time : ndarray of int64, shape (n_rows,)
        Microseconds; the beginning of time for a timeless table.
    known : ndarray of int64, shape (n_rows,), or None
        When a row became known; None: with its time, which the window already sees to.
    timeless : bool
        Whether the base table has no time; only windows without a bound make sense then.
    straight : bool
        Whether the base table is in this order as it stands.
    """

    order: NDArray[np.int64]
    offsets: NDArray[np.int64]
    time: NDArray[np.int64]
    known: NDArray[np.int64] | None
    timeless: bool

    straight: bool

    def gather(self, data: NDArray) -> NDArray:
        """Bring a column of the base table into the shape's order (no copy where it is in order already)."""
        return data if self.straight else data[self.order]


def build(store: Store, path: Path, n_entities: int) -> Shape:
    """Sort the rows of a path's base table by the entity that they belong to.

    Parameters
    ----------
    store : Store
    path : Path
    n_entities : int
        How many ids the path's target has.
    """
    base, foreign = path.down[-1]
    # rows are found by number on the way, and related by the value that they share at its end
    steps = [store.owners] + [store.parents] * (len(path.down) - 1)
    owner = steps[len(path.down) - 1](base, foreign)
    late = latest(store.row_known(base), store.column_known(base, foreign))
    for depth, (table, column) in reversed(list(enumerate(path.down[:-1]))):
        late = latest(late, _through(store.row_used(table), owner))
        late = latest(late, _through(store.column_known(table, column), owner))
        above = steps[depth](table, column)
        owner = np.where(owner >= 0, above[owner], -1) if len(above) else np.full_like(owner, -1)
    return sort_out(store, base, owner, late, n_entities)


def sort_out(
    store: Store, base: str, owner: NDArray[np.int64], late: NDArray[np.int64] | None, n_entities: int
) -> Shape:
    """Sort a table's rows by whom they belong to.

    Parameters
    ----------
    store : Store
    base : str
    owner : ndarray of int64, shape (n_rows,)
        -1: nobody.
    late : ndarray of int64, shape (n_rows,), or None
        When a row and all that makes it belong there became known.
    n_entities : int
    """
    own_known = store.row_known(base) if store.tables.schema.tables[base].known_at else None
    time = store.row_time(base)
    timeless = time is None
    moments = np.full(len(owner), BEGINNING, dtype=np.int64) if time is None else time
    alive = (owner >= 0) & (moments != NEVER)
    needs_known = late is not None and bool(np.any(late[alive] > moments[alive]))
    known = late if needs_known else None
    # ties go by the row's own known-at (T7): whether any row is late at all must not change the order of the others
    if alive.all():
        rows = sort_rows(owner, moments, own_known)
    else:
        kept = np.flatnonzero(alive)
        rows = kept[sort_rows(owner[kept], moments[kept], None if own_known is None else own_known[kept])]
    return Shape(
        order=rows,
        offsets=entity_offsets(owner[rows], n_entities),
        time=moments[rows],
        known=None if known is None else known[rows],
        timeless=timeless,
        straight=len(rows) == len(owner) and bool(np.all(np.diff(rows) == 1)),
    )


def latest(a: NDArray[np.int64] | None, b: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """The later of two times of knowledge, row by row; None: known all along."""
    if a is None or b is None:
        return b if a is None else a
    return np.maximum(a, b)


def _through(known: NDArray[np.int64] | None, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    if known is None:
        return None
    if len(known) == 0:
        return np.full(len(rows), NEVER, dtype=np.int64)
    return np.where(rows >= 0, known[rows], NEVER)
