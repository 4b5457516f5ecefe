"""Network operators on tables: edges with what was known when, and the kernels that look at them.

An edge counts once it has happened and all that is read of it is known: both ends, the amount, the columns of the
condition. So a column that becomes known late delays the whole edge; nothing that comes later changes what was seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.engine.observed import Seen
from tael.engine.rows import CACHE_BYTES, ChildRows
from tael.engine.shapes import BEGINNING, Shape, latest
from tael.engine.store import NEVER, Store
from tael.formulas.bound import Bound, BoundAggregate
from tael.formulas.durations import Duration
from tael.formulas.values import NAT, Values
from tael.kernels.network import (
    Activity,
    Found,
    Matches,
    TemporalGraph,
    gather_scatter,
    pass_through,
    snapshot,
    traits,
    ways,
)
from tael.kernels.network import chains as chains_of
from tael.kernels.network import cycles as cycles_of
from tael.tables.schema import Type

_DAY = 86_400_000_000.0
_COUNTS = {
    "fan_in": "fan_in",
    "fan_out": "fan_out",
    "in_degree": "n_in",
    "out_degree": "n_out",
    "new_counterparties": "new",
    "reciprocity": "back",
}
_TRAITS = {
    "structuring": "small",
    "round_share": "round",
    "repeated_amounts": "repeats",
    "night_share": "night",
    "dormancy": "silence",
    "surge": "burst",
}
_STRUCTURE = {"component": "component", "pagerank": "pagerank", "coreness": "core"}
Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class _Edges:
    """What graph an operator looks at."""

    table: str
    ends: tuple[str, str]
    amount: Bound | None
    where: Bound | None

    @classmethod
    def of(cls, one: BoundAggregate) -> _Edges:
        assert one.network is not None
        return cls(one.table, one.network.ends, None if one.op == "shared" else one.value, one.where)


class Networks:
    """The graphs of some tables, built when they are asked for; the latest are kept.

    Parameters
    ----------
    store : Store
    n_threads : int
    """

    def __init__(self, store: Store, n_threads: int) -> None:
        self.store, self.n_threads = store, n_threads
        self._graphs: OrderedDict[_Edges, TemporalGraph] = OrderedDict()
        self._rows: dict[str, ChildRows] = {}

    def compute(
        self, members: Sequence[BoundAggregate], seen: Seen, *, dtype: type = np.float64
    ) -> dict[BoundAggregate, Values]:
        """Network operators for observations; what needs the same walk is computed in one.

        Parameters
        ----------
        members : sequence of BoundAggregate
            Each with a network.
        seen : Seen
        dtype : float64 or float32
        """
        out: dict[BoundAggregate, Values] = {}
        groups: dict[_Edges, list[BoundAggregate]] = {}
        for one in members:
            groups.setdefault(_Edges.of(one), []).append(one)
        for edges, some in groups.items():
            asked = _Asked(self.graph(edges), seen, self.n_threads, some)
            for one in some:
                out[one] = Values(Type.NUMBER, asked.values(one).astype(dtype, copy=False))
        return out

    def evidence(self, one: BoundAggregate, seen: Seen) -> Matches:
        """The rows of the table of edges that an operator's value comes from, for each observation.

        Parameters
        ----------
        one : BoundAggregate
            With a network; ``component``, ``pagerank`` and ``coreness`` look at everybody and show no edges.
        seen : Seen
            A few observations: each is looked at by itself.

        Returns
        -------
        Matches
            Row numbers of the table, ascending.
        """
        graph = self.graph(_Edges.of(one))
        asked = _Asked(graph, seen, self.n_threads, [one])
        matches = asked.found(one, evidence=True).evidence if one.op not in (*_COUNTS, *_STRUCTURE) else None
        if matches is None:
            return _of_counts(graph, one, asked, seen.cutoff)
        return matches

    def graph(self, edges: _Edges) -> TemporalGraph:
        """The graph of some edges."""
        found = self._graphs.pop(edges, None)
        if found is None:
            found = self._build(edges)
            held = found.nbytes + sum(graph.nbytes for graph in self._graphs.values())
            while held > CACHE_BYTES and self._graphs:
                held -= self._graphs.popitem(last=False)[1].nbytes
        self._graphs[edges] = found
        return found

    def forget(self) -> None:
        """Free the graphs."""
        self._graphs.clear()
        self._rows.clear()

    def _build(self, edges: _Edges) -> TemporalGraph:
        store, table = self.store, edges.table
        source = store.owners(table, edges.ends[0]).astype(np.int32)
        known = latest(store.row_known(table), store.column_known(table, edges.ends[0]))
        known = latest(known, store.column_known(table, edges.ends[1]))
        n_nodes = store.link(store.target(table, edges.ends[0])).size
        shared = store.tables.schema.tables[table].column(edges.ends[1]).to is None or store.target(
            table, edges.ends[1]
        ) != store.target(table, edges.ends[0])
        if shared:
            things = self._things(table, edges.ends[1])
            target = np.where(things >= 0, things + n_nodes, -1).astype(np.int32)
            n_nodes += int(things.max(initial=-1)) + 1
        else:
            target = store.owners(table, edges.ends[1]).astype(np.int32)
        rows = self._children(table)
        amount = None
        if edges.amount is not None:
            dated = rows.dated(edges.amount)
            amount, known = dated.values.data.astype(np.float64), latest(known, dated.known)
        if edges.where is not None:
            dated = rows.dated(edges.where)
            kept = dated.values.data == 1.0
            source, known = np.where(kept, source, -1).astype(np.int32), latest(known, dated.known)
        time = store.row_time(table)
        assert time is not None
        never = (time == NEVER) if known is None else (time == NEVER) | (known == NEVER)
        return TemporalGraph.build(
            source, target, np.where(never, NAT, time), amount, known=known, n_nodes=n_nodes, n_threads=self.n_threads
        )

    def _things(self, table: str, column: str) -> NDArray[np.int64]:
        if self.store.tables.schema.tables[table].column(column).to is not None:
            return self.store.owners(table, column)
        values = self.store.values(table, column)
        if values.type is Type.CATEGORY:
            return values.data.astype(np.int64)
        _, codes = np.unique(values.data[~values.missing], return_inverse=True)
        found = np.full(len(values.data), -1, np.int64)
        found[~values.missing] = codes
        return found

    def _children(self, table: str) -> ChildRows:
        if table not in self._rows:
            n = len(self.store.tables[table])
            straight = Shape(np.arange(n), np.array([0, n]), np.full(n, BEGINNING), None, True, True)
            self._rows[table] = ChildRows(self.store, table, straight)
        return self._rows[table]


class _Asked:
    """Operators on one graph for some observations; each walk is done once."""

    def __init__(self, graph: TemporalGraph, seen: Seen, n_threads: int, members: Sequence[BoundAggregate]) -> None:
        self.graph, self.seen, self.n_threads = graph, seen, n_threads
        self._windows = list(dict.fromkeys(one.window for one in members if one.op in _COUNTS))
        self._counts: dict[tuple[str, ...], Mapping[str, NDArray[np.float64]]] = {}
        self._found: dict[tuple[object, ...], Found] = {}

    def nodes(self, one: BoundAggregate) -> NDArray[np.int64]:
        """Who is asked about."""
        return self.seen.entities(one.path)

    def values(self, one: BoundAggregate) -> NDArray[np.float64]:
        """An operator's column."""
        last = _micro(one.window)
        if one.op in _STRUCTURE:
            return snapshot(self.graph, self.nodes(one), self.seen.cutoff, _STRUCTURE[one.op], last=last)  # type: ignore[arg-type]
        if one.op in _COUNTS:
            told, place = self._counted(one), self._windows.index(one.window)
            values = told[_COUNTS[one.op]][:, place]
            if one.op != "reciprocity":
                return values
            return _share(values, told["n_in"][:, place] + told["n_out"][:, place])
        found = self.found(one)
        if one.op == "residence":
            return found["stay"] / _DAY
        if one.op == "pass_through":
            return found["share"]
        if one.op == "cycles":
            assert one.network is not None
            return found[f"cycles_{one.network.length}"]
        if one.op in ("scatter_gather", "bipartite"):
            return np.maximum(found["most"], self.found(one, second=True)["most"])
        if one.op in ("round_share", "night_share"):
            return _share(found[_TRAITS[one.op]], found["n"])
        if one.op == "dormancy":
            return found["silence"] / _DAY
        column = {"chain": "hands", "gather_scatter": "width", "stack": "wide", "shared": "far"}.get(one.op)
        return found[column or _TRAITS[one.op]]

    def found(self, one: BoundAggregate, *, second: bool = False, evidence: bool = False) -> Found:
        """What a kernel says."""
        at = (self._walk(one), one.path, one.window, one.within, one.network, second, evidence and one.op)
        if at not in self._found:
            self._found[at] = self._run(one, second, evidence)
        return self._found[at]

    def _walk(self, one: BoundAggregate) -> str:
        if one.op in ("residence", "pass_through"):
            return "flow"
        if one.op in _TRAITS:
            return "traits"
        return {"stack": "scatter_gather"}.get(one.op, one.op)

    def _counted(self, one: BoundAggregate) -> Mapping[str, NDArray[np.float64]]:
        if one.path.up not in self._counts:
            counter = Activity(self.graph, n_threads=self.n_threads)
            windows = [_micro(window) for window in self._windows]
            self._counts[one.path.up] = counter.columns(self.nodes(one), self.seen.cutoff, windows)
        return self._counts[one.path.up]

    def _run(self, one: BoundAggregate, second: bool, evidence: bool) -> Found:
        assert one.network is not None
        last, within = _micro(one.window), _micro(one.within) or 1
        where = (self.graph, self.nodes(one), self.seen.cutoff)
        threads = self.n_threads
        if one.op in ("residence", "pass_through"):
            return pass_through(*where, within=within, last=last, n_threads=threads, evidence=evidence)
        if one.op == "cycles":
            length = one.network.length
            return cycles_of(
                *where, within=within, last=last, longest=length, length=length, n_threads=threads, evidence=evidence
            )
        if one.op == "chain":
            return chains_of(
                *where, within=within, last=last, longest=one.network.length, n_threads=threads, evidence=evidence
            )
        if one.op == "gather_scatter":
            return gather_scatter(*where, last=last, n_threads=threads, evidence=evidence)
        if one.op in ("scatter_gather", "bipartite", "stack", "shared"):
            way = {"scatter_gather": ("gathers", "scatters"), "bipartite": ("payees", "payers"),
                   "stack": ("gathers", ""), "shared": ("payers", "")}[one.op][second]  # fmt: skip
            shown = {"stack": "wide", "shared": "far"}.get(one.op, "most")
            return ways(*where, way, last=last, n_threads=threads, evidence=evidence, shown=shown)  # type: ignore[arg-type]
        return traits(
            *where, last=last, below=one.network.below or np.inf, within=within, n_threads=threads,
            evidence=_TRAITS[one.op] if evidence else None,  # type: ignore[arg-type]
        )  # fmt: skip


def _of_counts(graph: TemporalGraph, one: BoundAggregate, asked: _Asked, cutoffs: NDArray[np.int64]) -> Matches:
    """The edges that were counted; of everybody's structure, none."""
    into = one.op in ("fan_in", "in_degree")
    sides = {True: (graph.incoming,), False: (graph.outgoing,)}[into]
    if one.op in ("new_counterparties", "reciprocity"):
        sides = (graph.outgoing, graph.incoming)
    last, found = _micro(one.window), []
    for node, cutoff in zip(asked.nodes(one), cutoffs, strict=True):
        rows = [np.empty(0, np.int32)]
        for side in sides if node >= 0 and one.op not in _STRUCTURE else ():
            here = slice(side.start[node], side.start[node + 1])
            counts = side.time[here] < cutoff
            if last is not None:
                counts &= side.time[here] >= cutoff - last
            if side.known.size:
                counts &= side.known[here] < cutoff
            rows.append(side.edge[here][counts])
        found.append(np.unique(np.concatenate(rows)))
    offsets = np.cumsum([0, *(len(rows) for rows in found)], dtype=np.int64)
    return Matches(offsets, np.concatenate([np.empty(0, np.int32), *found]))


def _micro(span: Duration | None) -> int | None:
    return None if span is None else int(span.microseconds)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0.0)
