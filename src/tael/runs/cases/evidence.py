"""The rows behind a formula's value: those that the observation saw, in the window, under the condition, known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.engine.rows import Dated
from tael.engine.sources import PathRows
from tael.formulas.bound import Bound, BoundAggregate, in_row, layered

Ints = NDArray[np.int64]
STRUCTURE = ("component", "pagerank", "coreness")
"""Operators that look at everybody: no rows of one's own stand behind them."""


@dataclass(frozen=True)
class Matched:
    """The rows behind one aggregate.

    Attributes
    ----------
    aggregate : BoundAggregate
    table : str
    rows : ndarray of int64
        Row numbers of the table, in the order of time.
    exact : bool
        Whether they are just those that count; False: all rows of the window, where the condition looks at more than
        the row.
    """

    aggregate: BoundAggregate
    table: str
    rows: Ints
    exact: bool = True


def matched(engine: Engine, bound: Bound, seen: Observed) -> list[Matched]:
    """The rows behind each aggregate of a formula.

    Parameters
    ----------
    engine : Engine
    bound : Bound
        A formula of the observation.
    seen : Observed
        One observation.

    Returns
    -------
    list of Matched
        Of aggregates over peers, over everybody's structure, and forward in time: none.
    """
    found = []
    for one in dict.fromkeys(node for node in in_row(bound) if isinstance(node, BoundAggregate)):
        if one.forward or (one.network is None and one.path.peers) or one.op in STRUCTURE:
            continue
        if one.network is not None:
            rows = engine.networks.evidence(one, seen).of(0).astype(np.int64)
            found.append(Matched(one, one.table, in_time(engine, one.table, rows)))
        else:
            found.append(walked(engine, one, seen))
    return found


def walked(engine: Engine, one: BoundAggregate, seen: Observed) -> Matched:
    """The rows that an aggregate of one path walks over, in its window and under its condition."""
    source = PathRows(engine.children(one.path, seen.entity), seen, one.path, forward=False, gap=None)
    shape, cutoff = source.children.shape, int(seen.cutoff[0])
    begin, end = source.bounds([one.window])
    place = np.arange(int(np.atleast_2d(begin)[0, 0]), int(np.atleast_1d(end)[0]))
    if shape.known is not None:
        place = place[shape.known[place] < cutoff]
    exact = not layered(one)
    if one.where is not None and exact:
        place = place[_true(source.dated(one.where), place, cutoff)]
    return Matched(one, one.table, in_time(engine, one.table, shape.order[place]), exact)


def _true(dated: Dated, place: Ints, cutoff: int) -> NDArray[np.bool_]:
    """Where a condition holds, as known at the cutoff."""
    now = dated.values.data[place] == 1.0
    if dated.known is None:
        return np.asarray(now)
    before = np.zeros(len(place), dtype=bool) if dated.before is None else dated.before.data[place] == 1.0
    return np.where(dated.known[place] < cutoff, now, before)


def in_time(engine: Engine, table: str, rows: Ints) -> Ints:
    """Rows in the order of time, ties as they stand in the table."""
    time = engine.store.row_time(table)
    rows = np.sort(rows)
    return rows if time is None else rows[np.argsort(time[rows], kind="stable")]


def known_rows(engine: Engine, table: str, mask: NDArray[np.bool_], cutoff: int, columns: Sequence[str] = ()) -> Ints:
    """Rows of a table under a mask that had happened and were known before a cutoff, with some columns of theirs."""
    store = engine.store
    for moments in (store.row_time(table), store.row_known(table), *(store.column_known(table, c) for c in columns)):
        if moments is not None:
            mask = mask & (moments < cutoff)
    return in_time(engine, table, np.flatnonzero(mask))


def union(engine: Engine, table: str, parts: Sequence[Ints]) -> Ints:
    """All rows of several lists, each once, in the order of time."""
    rows = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))
    return in_time(engine, table, rows)
