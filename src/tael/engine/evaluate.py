"""The engine: formulas in, columns out, for any observations, under the law of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tael.engine.batch import Batch
from tael.engine.network import Networks
from tael.engine.observed import Observed, Seen, to_polars
from tael.engine.pairs import Pairs, chunks, joined, needs_pairs
from tael.engine.peers import Peers, Population, fit_population, not_fitted
from tael.engine.rows import CACHE_BYTES, ChildRows
from tael.engine.shapes import Shape, build
from tael.engine.sources import PathRows
from tael.engine.store import Store
from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundGroup, Path, in_row, parts_of
from tael.formulas.durations import Duration
from tael.formulas.parser import parse
from tael.formulas.resolve import resolve
from tael.formulas.rows import evaluate_row
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import Values
from tael.tables.frames import Tables
from tael.tables.schema import Type

FORMULAS_AN_EXPRESSION = 6
"""Formulas of a search that share an expression of their rows, on average."""


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
        self.networks = Networks(self.store, n_threads)
        self._shapes: dict[tuple[str, Path], Shape] = {}
        self._children: dict[tuple[str, Path], ChildRows] = {}
        self._peers: dict[Path, Peers] = {}
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

    def batch_bytes(self, formulas: int, candidates: int) -> int:
        """About how many bytes expressions take on the largest table, in a batch and kept from earlier ones.

        Parameters
        ----------
        formulas : int
            Of a batch.
        candidates : int
            Of all batches.
        """
        largest = max((self.tables[name].height for name, p in self.tables.schema.tables.items() if p.time), default=0)
        each = largest * 8 / FORMULAS_AN_EXPRESSION
        return int(each * min(formulas, candidates) + min(CACHE_BYTES, each * candidates))

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
        fitted: Mapping[str, Population] | None = None,
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
        fitted : mapping of str to Population, optional
            Statistics of training observations that formulas compare with, from :meth:`fit`.

        Returns
        -------
        list of Values, one for each formula, each of length ``len(X)``
        """
        seen = X if isinstance(X, Observed) else self.observe(X, own, label=label)
        bound = [
            self.bind(f, seen.own, label=label) if isinstance(f, str | Literal | Name | Call) else f for f in formulas
        ]
        return self._computed(bound, seen, fitted or {}, dtype=dtype)

    def fit(
        self,
        formulas: Sequence[str | Node | Bound],
        X: Any,
        own: Mapping[str, Type] | None = None,
        *,
        fitted: Mapping[str, Population] | None = None,
    ) -> dict[str, Population]:
        """Compute the statistics of training observations that formulas compare with (``by=``).

        Parameters
        ----------
        formulas : sequence of str, Node or Bound
        X : frame or Observed
            The training observations: nothing else enters.
        own : mapping of str to Type, optional
        fitted : mapping of str to Population, optional
            What was fitted before on the same observations.

        Returns
        -------
        dict of str to Population
            By the text of each statistic, for ``evaluate(..., fitted=...)``.
        """
        seen = X if isinstance(X, Observed) else self.observe(X, own)
        bound = [self.bind(f, seen.own) if isinstance(f, str | Literal | Name | Call) else f for f in formulas]
        out: dict[str, Population] = {}
        known = dict(fitted or {})
        # what stands inside a statistic comes first
        for one in dict.fromkeys(node for b in bound for node in _groups_inside(b)):
            if one.text not in known:
                parts = list(dict.fromkeys(parts_of(one)))
                told = dict(zip(parts, self._computed(parts, seen, known, dtype=np.float64), strict=True))
                known[one.text] = fit_population(one, told.__getitem__, seen.size, self.n_threads)
            out[one.text] = known[one.text]
        return out

    def _computed(
        self, bound: Sequence[Bound], seen: Seen, fitted: Mapping[str, Population], *, dtype: type
    ) -> list[Values]:
        aggregates: dict[Bound, Values] = {}
        for found, values in self.aggregate(list(_aggregates(bound)), seen, dtype=dtype).items():
            aggregates[found] = values
        groups = dict.fromkeys(node for b in bound for node in in_row(b) if isinstance(node, BoundGroup))
        for one in groups:
            if one.text not in fitted:
                raise not_fitted(one)
            columns = self._computed(one.by, seen, fitted, dtype=np.float64)
            aggregates[one] = fitted[one.text].at(columns, seen.size)
        return [
            evaluate_row(b, seen.column, seen.cutoff, aggregate=aggregates.__getitem__).spread(seen.size) for b in bound
        ]

    def aggregate(
        self, aggregates: Sequence[BoundAggregate], seen: Seen, *, dtype: type = np.float64
    ) -> dict[BoundAggregate, Values]:
        """Compute aggregates in as few passes over the rows as their paths allow."""
        groups: dict[tuple[Path, bool, Duration | None, bool], list[BoundAggregate]] = {}
        networks = [one for one in aggregates if one.network is not None]
        for one in aggregates:
            if one.network is not None:
                continue
            groups.setdefault((one.path, one.forward, one.gap, needs_pairs(one)), []).append(one)
        out = self.networks.compute(networks, seen, dtype=dtype)
        for (path, forward, gap, paired), members in groups.items():
            shape = self.shape(path, seen.entity)
            if shape.timeless and any(m.window is not None or m.forward for m in members):
                raise FormulaError(
                    "A window needs rows that have a time.",
                    expected=f'[{members[0].table}] with time = "..."',
                    got="a table without a time column",
                    where=members[0].table,
                    fix="Name its time column in tables.toml, or leave the window out.",
                )
            _only_own_gaps(members, self.tables)
            if path.peers:
                seen.group(path, self._peers[path].ids(path.by, self._told(path.by, seen), seen.size))
            source = PathRows(self.children(path, seen.entity), seen, path, forward=forward, gap=gap)
            if paired:
                out.update(self._paired(source, members, dtype))
            else:
                out.update(Batch(source, members, n_threads=self.n_threads, dtype=dtype).run())
            self.tidy((seen.entity, path))
        return out

    def tidy(self, but: tuple[str, Path] | None = None) -> None:
        """Free what is cached of other paths than that asked about last, where all of it takes too much."""
        if sum(children.held for children in self._children.values()) > CACHE_BYTES:
            for at, children in self._children.items():
                if at != but:
                    children.forget()

    def _told(self, parts: Sequence[Bound], seen: Seen) -> Callable[[Bound], Values]:
        return dict(zip(parts, self._computed(parts, seen, {}, dtype=np.float64), strict=True)).__getitem__

    def _paired(self, source: PathRows, members: Sequence[BoundAggregate], dtype: type) -> dict[BoundAggregate, Values]:
        """Aggregates over rows that are laid out for each observation, some observations at a time."""
        siblings = any(isinstance(node, BoundGroup) for m in members for part in parts_of(m) for node in in_row(part))
        # siblings are all rows that the observation sees, whatever the window of what is asked
        windows = list(dict.fromkeys([*(m.window for m in members), *([None] if siblings else [])]))
        bounds = source.bounds(windows)
        begin, stop = (np.atleast_2d(bound) for bound in bounds)
        length = np.maximum(stop.max(axis=0) - begin.min(axis=0), 0)
        parts: list[dict[BoundAggregate, Values]] = []
        for first, past in chunks(length) if source.seen.size else [(0, 0)]:
            pairs = Pairs(source, windows, bounds, first, past, self.aggregate, self.n_threads)
            pairs.prepare(members)
            parts.append(Batch(pairs, members, n_threads=self.n_threads, dtype=dtype).run())
        return {m: joined([part[m] for part in parts]) for m in members}

    def shape(self, path: Path, entity: str | None = None) -> Shape:
        """The sorted rows of a path's base table, seen from an entity (left out: the engine's own)."""
        at = (entity or self.entity, path)
        if at not in self._shapes:
            if path.peers:
                self._peers[path] = Peers(self.store, path.base, path.by)
                self._shapes[at] = self._peers[path].shape
            else:
                self._shapes[at] = build(self.store, path, self.store.link(self._target(path, at[0])).size)
        return self._shapes[at]

    def children(self, path: Path, entity: str | None = None) -> ChildRows:
        """Expressions on the rows of a path's base table, in the shape's order."""
        at = (entity or self.entity, path)
        if at not in self._children:
            self._children[at] = ChildRows(self.store, path.base, self.shape(path, entity))
        return self._children[at]

    def forget(self) -> None:
        """Free all cached arrays."""
        self.store.forget()
        self.networks.forget()
        self._shapes.clear()
        self._children.clear()
        self._peers.clear()

    def _target(self, path: Path, table: str) -> str:
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


def _groups_inside(bound: Bound) -> Iterator[BoundGroup]:
    """Every statistic of training observations in a formula, those inside others first."""
    for node in in_row(bound):
        if isinstance(node, BoundGroup):
            for part in parts_of(node):
                yield from _groups_inside(part)
            yield node
