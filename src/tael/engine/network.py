"""Network operators on tables: edges with what was known when, and the kernels that look at them.

An edge counts once it has happened and all that is read of it is known: both ends, the amount, the columns of the
condition. So a column that becomes known late delays the whole edge; nothing that comes later changes what was seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.engine.network_walks import Asked
from tael.engine.observed import Seen
from tael.engine.rows import CACHE_BYTES, ChildRows
from tael.engine.shapes import BEGINNING, Shape, latest
from tael.engine.store import NEVER, Store
from tael.formulas.bound import Bound, BoundAggregate
from tael.formulas.networks import OF_THINGS
from tael.formulas.values import NAT, Values
from tael.kernels.network import Matches, TemporalGraph
from tael.tables.schema import Type


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
        return cls(one.table, one.network.ends, None if one.op in OF_THINGS else one.value, one.where)


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
            asked = Asked(self.graph(edges), seen, self.n_threads, some)
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
        return Asked(self.graph(_Edges.of(one)), seen, self.n_threads, [one]).evidence(one)

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
