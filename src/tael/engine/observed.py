"""Observations as arrays: keys, cutoffs and the columns that the observation frame itself carries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine.store import NEVER, Link, Store, mask, missing, take, to_values
from tael.errors import ObservationsError, did_you_mean
from tael.formulas.bound import BoundColumn, Path
from tael.formulas.values import NAT, Values
from tael.tables.frames import Tables
from tael.tables.places import Place
from tael.tables.schema import ColumnSchema, Schema, TableSchema, Type
from tael.tables.times import to_time


class Seen(ABC):
    """Rows of a table, each looked at from a cutoff: what was known of them, of their parents, and who they are.

    Parameters
    ----------
    store : Store
    entity : str
        The table of the rows.
    cutoff : ndarray of int64, shape (n,)
        Microseconds.
    law : bool
        Whether the law of time holds. Labels look forward: for them nothing is hidden.
    """

    def __init__(self, store: Store, entity: str, cutoff: NDArray[np.int64], *, law: bool) -> None:
        self.store, self.entity, self.cutoff, self.law = store, entity, cutoff, law
        self.size = len(cutoff)
        self._entities: dict[Path, NDArray[np.int64]] = {}

    @property
    @abstractmethod
    def rows(self) -> NDArray[np.int64]:
        """The row of the entity table behind each; -1 for one that the table does not know."""

    @property
    @abstractmethod
    def ids(self) -> NDArray[np.int64]:
        """The id of each key, also of one that only other tables' columns know; -1: nobody does."""

    def column(self, bound: BoundColumn) -> Values:
        """A column of the row or of its parents, as known at each cutoff."""
        if not bound.hops:
            return self._own(bound.column)
        rows, hidden = self._climb(bound.hops)
        values = take(self.store.values(bound.table, bound.column), rows)
        return self._as_known(values, hidden, self.store.column_known(bound.table, bound.column), rows)

    def entities(self, path: Path) -> NDArray[np.int64]:
        """The id of the entity that each row reaches by going up a path; -1: none, or not known yet."""
        if path not in self._entities:
            if not path.up:
                self._entities[path] = self.ids
            else:
                ids, hidden = self._climb(path.up, to_id=True)
                self._entities[path] = np.where(hidden, -1, ids)
        return self._entities[path]

    def group(self, path: Path, ids: NDArray[np.int64]) -> None:
        """Say to which group of peers each row belongs; -1: none."""
        self._entities[path] = ids

    def _own(self, name: str) -> Values:
        values = take(self.store.values(self.entity, name), self.rows)
        return self._as_known(values, self._unborn(), self.store.column_known(self.entity, name), self.rows)

    def _first_step(self, hop: str, *, to_id: bool) -> NDArray[np.int64] | None:
        """What the rows themselves carry of a foreign key; None: the table's own column counts."""
        return None

    def _unborn(self) -> NDArray[np.bool_]:
        """Where the row itself is not known yet: it may be used from its own time on (T6)."""
        row_known = self.store.row_known(self.entity)
        if not self.law or row_known is None or len(row_known) == 0:
            return np.zeros(self.size, dtype=bool)
        return (self.rows >= 0) & (_at(row_known, self.rows) > self.cutoff)

    def _as_known(
        self, values: Values, hidden: NDArray[np.bool_], known: NDArray[np.int64] | None, rows: NDArray[np.int64]
    ) -> Values:
        if not self.law:
            return values
        if known is not None and len(known):
            hidden = hidden | (_at(known, rows) >= self.cutoff)
        return mask(values, hidden)

    def _climb(self, hops: tuple[str, ...], *, to_id: bool = False) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Follow foreign keys upward: rows at the top, and where something on the way was not known at the cutoff.

        With ``to_id`` the last step ends at an id: rows are related by the value that they share, so the row that the
        value names need not be known, nor be there at all.
        """
        store = self.store
        hidden = np.zeros(self.size, dtype=bool)
        table = self.entity
        rows = np.full(self.size, -1, dtype=np.int64)
        for step, hop in enumerate(hops):
            target = store.target(table, hop)
            last = to_id and step == len(hops) - 1
            carried = self._first_step(hop, to_id=last) if step == 0 else None
            if carried is not None:
                rows = carried
            else:
                below = self.rows if step == 0 else rows
                if step == 0:
                    hidden |= self._unborn()
                link_known = store.column_known(table, hop)
                if link_known is not None and len(link_known):
                    hidden |= _at(link_known, below) >= self.cutoff
                above = store.owners(table, hop) if last else store.parents(table, hop)
                rows = np.where(below >= 0, above[below], -1) if len(above) else np.full(self.size, -1, dtype=np.int64)
            table = target
            if last:
                break
            used = store.row_used(table) if table in store.tables else None
            if used is not None and len(used):
                hidden |= _at(used, rows) >= self.cutoff
        if not self.law:
            hidden[:] = False
        return rows, hidden


class RowsSeen(Seen):
    """Rows of a table that an observation sees, each from that observation's cutoff.

    Parameters
    ----------
    store : Store
    entity : str
    rows : ndarray of int64, shape (n,)
    cutoff : ndarray of int64, shape (n,)
    law : bool
    """

    def __init__(
        self, store: Store, entity: str, rows: NDArray[np.int64], cutoff: NDArray[np.int64], *, law: bool
    ) -> None:
        super().__init__(store, entity, cutoff, law=law)
        self._of = rows

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows themselves."""
        return self._of

    @property
    def ids(self) -> NDArray[np.int64]:
        """The id of each row's key."""
        return self.store.row_ids(self.entity)[self._of]


class Observed(Seen):
    """A frame of observations, read by the engine.

    Parameters
    ----------
    store : Store
    frame : polars.DataFrame
        The key, the cutoff and any columns of the observations' own.
    entity : str
        The entity table (or the name that other tables' columns point to, where it has no table).
    key, cutoff : str
        Names of the frame's columns.
    own : mapping of str to Type
        The frame's further columns that formulas may name; they win over the entity table's.
    law : bool
    """

    def __init__(
        self,
        store: Store,
        frame: pl.DataFrame,
        entity: str,
        key: str,
        cutoff: str,
        own: Mapping[str, Type],
        *,
        law: bool,
    ) -> None:
        moments = to_time(frame[cutoff], Place("observations", cutoff)).values
        super().__init__(store, entity, to_values(moments, Type.TIME).data, law=law)
        self.key = key
        if np.any(self.cutoff == NAT):
            rows = np.flatnonzero(self.cutoff == NAT)
            raise ObservationsError(
                "An observation has no cutoff time.",
                expected="a time in every row",
                got=f"{len(rows)} missing",
                where=f"column {cutoff}, row {rows[0] + 1}",
                fix="Drop these rows or give them a cutoff.",
            )
        names = list(dict.fromkeys([key, *own]))
        absent = [name for name in names if name not in frame.columns]
        if absent:
            raise ObservationsError(
                "The observations lack columns that formulas may name.",
                expected=", ".join(names),
                got=f"no {', '.join(absent)}",
                fix=did_you_mean(absent[0], frame.columns),
            )
        promise: dict[str, dict[str, Any]] = {name: {"type": str(kind)} for name, kind in own.items()}
        schema = store.tables.schema.tables.get(entity)
        for name in own:
            if schema and name in schema.columns:
                promise[name] = schema.columns[name].model_dump(mode="json", exclude_none=True, include=_READING)
                promise[name]["type"] = str(own[name])
        promise[key] = {"to": entity}  # a key is read as keys are: 7, 7.0 and "7" are one, "007" is another
        normal = Tables({"observations": frame.select(names)}, {"observations": {"columns": promise}})["observations"]
        self.frame = normal
        self.own = dict(own)
        self._ids: NDArray[np.int64] | None = None
        self._rows: NDArray[np.int64] | None = None

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of the entity table behind each observation; -1 for one that the table does not know."""
        if self._rows is None:
            self._rows = np.where(self.ids < self.store.link(self.entity).n_rows, self.ids, -1)
        return self._rows

    @property
    def ids(self) -> NDArray[np.int64]:
        """The id of each observation's key, also of one that only other tables' columns know; -1: nobody does."""
        if self._ids is None:
            self._ids = self.store.link(self.entity).ids(self.frame[self.key])
        return self._ids

    def _own(self, name: str) -> Values:
        schema = self.store.tables.schema.tables.get(self.entity)
        if name in self.own:
            special = schema.column(name).special if schema else ()
            values = to_values(self.frame[name], self.own[name], special)
            known_at = schema.column(name).known_at if schema else None
            if known_at is None or not self.law:
                return values
            if known_at in self.own:
                known = to_values(self.frame[known_at], Type.TIME).data
            else:
                known = take(self.store.values(self.entity, known_at), self.rows).data
            return mask(values, (known == NAT) | (known >= self.cutoff))
        return super()._own(name)

    def _first_step(self, hop: str, *, to_id: bool) -> NDArray[np.int64] | None:
        if hop not in self.own:
            return None
        link = self.store.link(self.store.target(self.entity, hop))
        ids = link.ids(self.frame[hop])
        return ids if to_id else np.where(ids < link.n_rows, ids, -1)


_READING = {"special", "format", "true", "to"}


def _at(known: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(rows >= 0, known[rows], NEVER)


def own_types(X: Any, tables: Tables, entity: str, key: str, cutoff: str) -> dict[str, Type]:
    """The types of the columns that an observation frame carries besides its key and cutoff.

    A column that the entity table promises keeps the promised type; others are typed as a table's columns are.
    Label and ignored columns are left out.
    """
    frame = to_polars(X, key, cutoff)
    promised = tables.schema.tables.get(entity)
    out: dict[str, Type] = {}
    unknown = []
    for name in frame.columns:
        if name in (key, cutoff):
            continue
        if promised and name in promised.columns:
            kind = promised.columns[name].type
            if promised.columns[name].role == "feature" and kind is not None:
                out[name] = kind
        else:
            unknown.append(name)
    if unknown:
        guessed = Tables({"observations": frame.select(unknown)}).schema.tables["observations"]
        for name in unknown:
            kind = guessed.column(name).type
            if kind is not None:
                out[name] = kind
    return {name: out[name] for name in frame.columns if name in out}


def with_own(schema: Schema, entity: str, own: Mapping[str, Type]) -> Schema:
    """A schema that promises the observations' own columns too, so that words can be found for them."""
    table = schema.tables.get(entity, TableSchema())
    further = {name: ColumnSchema(type=kind) for name, kind in own.items() if name not in table.columns}
    if not further:
        return schema
    wider = table.model_copy(update={"columns": {**table.columns, **further}})
    return schema.model_copy(update={"tables": {**schema.tables, entity: wider}})


def to_polars(X: Any, key: str, cutoff: str) -> pl.DataFrame:
    """Take a frame of observations in any of the forms that narwhals knows.

    Raises
    ------
    ObservationsError
        If it is no frame, or the key or the cutoff column is missing.
    """
    try:
        frame = nw.from_native(X, eager_only=True)
    except TypeError:
        raise ObservationsError(
            "Observations must be a frame.",
            expected=f"a pandas, polars or pyarrow frame with the columns {key} and {cutoff}",
            got=type(X).__name__,
            fix="Pass X as a frame, with one row for each observation.",
        ) from None
    for name, what in ((key, "key"), (cutoff, "cutoff")):
        if name not in frame.columns:
            raise ObservationsError(
                f"The observations have no {what} column.",
                expected=name,
                got=", ".join(map(str, frame.columns[:20])),
                fix=did_you_mean(name, map(str, frame.columns)),
            )
    return pl.DataFrame(frame.to_polars()) if not isinstance(X, pl.DataFrame) else X


__all__ = ["Link", "Observed", "RowsSeen", "Seen", "missing", "own_types", "to_polars", "with_own"]
