"""The engine: formulas in, columns out, for any observations, under the law of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.engine.batch import Batch
from tael.engine.observed import Observed, to_polars
from tael.engine.rows import ChildRows
from tael.engine.shapes import Shape, build
from tael.engine.store import Store
from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, Path
from tael.formulas.parser import parse
from tael.formulas.resolve import resolve
from tael.formulas.rows import evaluate_row
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import Values
from tael.tables.frames import Tables
from tael.tables.schema import Type


class Engine:
    """Evaluates formulas on tables.

    Parameters
    ----------
    tables : Tables
    entity : str
        The table whose rows the observations are (or, where it has no table, the name that others point to).
    key : str, optional
        The observation frame's key column; left out: the entity table's key.
    cutoff : str
        The observation frame's cutoff column.
    n_threads : int
        Threads of the kernels.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> tables = Tables(
    ...     {"people": pl.DataFrame({"id": [1, 2]}),
    ...      "visits": pl.DataFrame({"who": [1, 1, 2], "fee": [10.0, 30.0, 5.0],
    ...                              "day": [datetime(2024, 1, d) for d in (1, 5, 9)]})},
    ...     {"people": {"key": "id"}, "visits": {"time": "day", "columns": {"who": {"to": "people"}}}})
    >>> engine = Engine(tables, "people")
    >>> X = pl.DataFrame({"id": [1, 2, 1], "cutoff": [datetime(2024, 1, d) for d in (5, 31, 31)]})
    >>> engine.evaluate(["sum(visits.fee)"], X)[0].data
    array([10.,  5., 40.])
    """

    def __init__(
        self, tables: Tables, entity: str, *, key: str | None = None, cutoff: str = "cutoff", n_threads: int = 1
    ) -> None:
        self.tables, self.entity, self.cutoff, self.n_threads = tables, entity, cutoff, n_threads
        promised = tables.schema.tables.get(entity)
        self.key = key or (promised.key if promised and promised.key else None) or entity
        self.store = Store(tables)
        self._shapes: dict[Path, Shape] = {}
        self._children: dict[Path, ChildRows] = {}
        self._bound: dict[tuple[str, tuple[tuple[str, Type], ...], bool], Bound] = {}

    @classmethod
    def shared(
        cls, tables: Tables, entity: str, *, key: str | None = None, cutoff: str = "cutoff", n_threads: int = 1
    ) -> Engine:
        """The engine that all users of the same tables share, with its sorted rows (folds of a cross-validation)."""
        engines: _Shared = tables.__dict__.setdefault("_engines", _Shared())
        at = (entity, key, cutoff, n_threads)
        if at not in engines:
            engines[at] = cls(tables, entity, key=key, cutoff=cutoff, n_threads=n_threads)
        return engines[at]

    def __reduce__(self) -> tuple[Any, ...]:
        # another process sorts its rows anew: the arrays are larger than the tables that they come from
        return _again, (self.tables, self.entity, self.key, self.cutoff, self.n_threads)

    def row_bytes(self) -> int:
        """About how many bytes the sorted rows of all tables with a time take, with the columns that formulas read."""
        total = 0
        for name, promise in self.tables.schema.tables.items():
            read = sum(column.role == "feature" for column in promise.columns.values())
            total += self.tables[name].height * 8 * (3 + 2 * read) if promise.time else 0
        return total

    def bind(self, formula: str | Node, own: Mapping[str, Type] | None = None, *, label: bool = False) -> Bound:
        """Resolve a formula's names and types against the tables."""
        if not isinstance(formula, str):
            return resolve(formula, self.tables.schema, self.entity, own=own, label=label)
        at = (formula, tuple((own or {}).items()), label)
        if at not in self._bound:
            self._bound[at] = resolve(parse(formula), self.tables.schema, self.entity, own=own, label=label)
        return self._bound[at]

    def observe(self, X: Any, own: Mapping[str, Type] | None = None, *, label: bool = False) -> Observed:
        """Read a frame of observations."""
        frame = to_polars(X, self.key, self.cutoff)
        return Observed(self.store, frame, self.entity, self.key, self.cutoff, own or {}, law=not label)

    def evaluate(
        self,
        formulas: Sequence[str | Node | Bound],
        X: Any,
        own: Mapping[str, Type] | None = None,
        *,
        label: bool = False,
        dtype: type = np.float64,
    ) -> list[Values]:
        """Compute formulas for observations.

        Parameters
        ----------
        formulas : sequence of str, Node or Bound
        X : frame or Observed
            Key, cutoff and columns of the observations' own; any order, several cutoffs for a key.
        own : mapping of str to Type, optional
            Which further columns of X formulas may name.
        label : bool
            Evaluate as labels: forward windows are legal and nothing is hidden.
        dtype : float64 or float32
            Of numeric aggregates (times and categories are exact in any case).

        Returns
        -------
        list of Values, one for each formula, each of length ``len(X)``
        """
        seen = X if isinstance(X, Observed) else self.observe(X, own, label=label)
        bound = [
            self.bind(f, seen.own, label=label) if isinstance(f, str | Literal | Name | Call) else f for f in formulas
        ]
        aggregates = self.aggregate(list(_aggregates(bound)), seen, dtype=dtype)
        return [
            _full(evaluate_row(b, seen.column, seen.cutoff, aggregate=aggregates.__getitem__), seen.size) for b in bound
        ]

    def aggregate(
        self, aggregates: Sequence[BoundAggregate], seen: Observed, *, dtype: type = np.float64
    ) -> dict[BoundAggregate, Values]:
        """Compute aggregates in as few passes over the rows as their paths allow."""
        groups: dict[tuple[Path, bool, object], list[BoundAggregate]] = {}
        for one in aggregates:
            groups.setdefault((one.path, one.forward, one.gap), []).append(one)
        out: dict[BoundAggregate, Values] = {}
        for (path, _, _), members in groups.items():
            shape = self.shape(path)
            if shape.timeless and any(m.window is not None or m.forward for m in members):
                raise FormulaError(
                    "A window needs rows that have a time.",
                    expected=f'[{members[0].table}] with time = "..."',
                    got="a table without a time column",
                    where=members[0].table,
                    fix="Name its time column in tables.toml, or leave the window out.",
                )
            _only_own_gaps(members, self.tables)
            batch = Batch(self.children(path), seen, members, n_threads=self.n_threads, dtype=dtype)
            out.update(batch.run())
        return out

    def shape(self, path: Path) -> Shape:
        """The sorted rows of a path's base table."""
        if path not in self._shapes:
            self._shapes[path] = build(self.store, path, self.store.link(self._target(path)).size)
        return self._shapes[path]

    def children(self, path: Path) -> ChildRows:
        """Expressions on the rows of a path's base table, in the shape's order."""
        if path not in self._children:
            self._children[path] = ChildRows(self.store, path.down[-1][0], self.shape(path))
        return self._children[path]

    def forget(self) -> None:
        """Free all cached arrays."""
        self.store.forget()
        self._shapes.clear()
        self._children.clear()

    def _target(self, path: Path) -> str:
        table = self.entity
        for hop in path.up:
            table = self.store.target(table, hop)
        return table


class _Shared(dict[tuple[str, str | None, str, int], Engine]):
    """The engines that tables carry along; they stay behind when the tables travel to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _Shared, ()


def _again(tables: Tables, entity: str, key: str, cutoff: str, n_threads: int) -> Engine:
    return Engine(tables, entity, key=key, cutoff=cutoff, n_threads=n_threads)


def _only_own_gaps(members: Iterable[BoundAggregate], tables: Tables) -> None:
    """Gaps follow the order of the rows, which is that of the table's own time."""
    for one in members:
        own = tables.schema.tables[one.table].time
        of = one.value
        if one.op in ("gap_mean", "gap_std") and of is not None:
            if isinstance(of, BoundColumn) and not of.hops and of.column == own:
                continue
            raise FormulaError(
                f"`{one.op}` of a time other than the table's own is not in the language yet.",
                expected=f"{one.op}({one.table}): the days between rows in the order of {own}",
                where=f"{one.op} over {one.table}",
                fix=f"Write `{one.op}({one.table})`.",
            )


def _aggregates(bound: Iterable[Bound]) -> dict[BoundAggregate, None]:
    """Every distinct aggregate in some formulas, in order."""
    found: dict[BoundAggregate, None] = {}
    stack = list(bound)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, BoundAggregate):
            found[node] = None
        elif isinstance(node, BoundCall):
            stack.extend(node.args[::-1])
    return found


def _full(values: Values, size: int) -> Values:
    """A formula without any column is one value for all observations."""
    if values.data.ndim == 0 or len(values.data) != size:
        data: NDArray = np.broadcast_to(values.data, (size,)).copy()
        return Values(values.type, data, values.levels)
    return values
