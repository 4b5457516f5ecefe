"""A temporal multigraph in compressed sparse rows: who sent what to whom, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError
from tael.kernels._memory import NAT, column
from tael.kernels.grouping import entity_offsets, sort_rows
from tael.kernels.network._slots import Side, link

_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class TemporalGraph:
    """Edges with times, sorted by (node, time, id) in both directions.

    Edges that lack an end (-1) or a time (NaT) keep their id but are in no row. Edges from a node to itself count like
    others. Of two edges of one time the one with the lower id comes first.

    Attributes
    ----------
    n_nodes : int
    source, target : (n_edges,) int32
    time : (n_edges,) int64
        Microseconds.
    amount : (n_edges,) float64
        NaN: unknown; counts as an edge, adds nothing to sums.
    outgoing, incoming : Side
        Compressed sparse rows: ``outgoing.edge[outgoing.start[v] : outgoing.start[v + 1]]`` are the ids of the edges
        that leave node v, oldest first.
    """

    n_nodes: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    time: NDArray[np.int64]
    amount: NDArray[np.float64]
    outgoing: Side
    incoming: Side

    @classmethod
    def build(
        cls,
        source: ArrayLike,
        target: ArrayLike,
        time: ArrayLike,
        amount: ArrayLike | None = None,
        *,
        known: ArrayLike | None = None,
        n_nodes: int | None = None,
        n_threads: int | None = None,
    ) -> TemporalGraph:
        """Sort edges into a graph.

        Parameters
        ----------
        source, target : (n_edges,) integers
            Node numbers from 0; -1: unknown.
        time : (n_edges,) int64 or datetime64
            Microseconds.
        amount : (n_edges,) float, optional
            Left out: 1 each.
        known : (n_edges,) int64 or datetime64, optional
            When an edge became known: it counts at cutoffs after both its time and this. NaT: never.
        n_nodes : int, optional
            Left out: one more than the greatest node number.
        n_threads : int, optional

        Raises
        ------
        FeaturesError
            Columns of different lengths; node numbers below -1 or not below ``n_nodes``; 2^31 edges or more.

        Examples
        --------
        >>> graph = TemporalGraph.build([0, 1, 0], [1, 2, 2], [3, 4, 1], [100.0, 90.0, 5.0])
        >>> graph.n_nodes, graph.outgoing.edge, graph.incoming.other
        (3, array([2, 0, 1], dtype=int32), array([0, 0, 1], dtype=int32))
        """
        a, b = np.asarray(source), np.asarray(target)
        when = column(time, (np.int64,))
        money = np.ones(len(when)) if amount is None else np.ascontiguousarray(amount, np.float64)
        late = None if known is None else column(known, (np.int64,))
        # kernels compile anew for arrays that may not be written to
        when, money = np.require(when, requirements="W"), np.require(money, requirements="W")
        shapes = {"source": a.shape, "target": b.shape, "time": when.shape, "amount": money.shape}
        if late is not None:
            shapes["known"] = late.shape
        if len(set(shapes.values())) > 1 or a.ndim != 1:
            raise FeaturesError("The edges' columns differ in length.", got=_shown(shapes))
        if len(a) >= np.iinfo(np.int32).max:
            raise FeaturesError("Too many edges.", expected="fewer than 2^31", got=f"{len(a):,}")
        highest = max(int(a.max(initial=-1)), int(b.max(initial=-1)))
        n = highest + 1 if n_nodes is None else n_nodes
        lowest = min(int(a.min(initial=0)), int(b.min(initial=0)))
        if highest >= n or lowest < -1:
            raise FeaturesError(
                "A node number is out of range.",
                expected=f"from 0 to {n - 1}, or -1",
                got=str(highest if highest >= n else lowest),
            )
        a, b = np.require(a, np.int32, ["C", "W"]), np.require(b, np.int32, ["C", "W"])
        if late is not None:
            late = np.where(late == NAT, np.iinfo(np.int64).max, late)
            if not bool(np.any(late > when)):
                late = None
        whole = (a >= 0) & (b >= 0) & (when != NAT)
        kept = None if bool(whole.all()) else np.flatnonzero(whole)
        sides = [_side(x, y, when, money, late, kept, n, n_threads) for x, y in ((a, b), (b, a))]
        return cls(n, a, b, when, money, *sides)

    @property
    def n_edges(self) -> int:
        """How many edges there are, those that lack something included."""
        return len(self.source)

    @property
    def late(self) -> bool:
        """Whether any edge became known after its time."""
        return bool(self.outgoing.known.size)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        own = (self.source, self.target, self.time, self.amount)
        return sum(array.nbytes for array in (*own, *self.outgoing, *self.incoming))


def _side(
    node: NDArray[np.int32], other: NDArray[np.int32], time: NDArray[np.int64], amount: NDArray[np.float64],
    known: NDArray[np.int64] | None, kept: NDArray[np.int64] | None, n_nodes: int, n_threads: int | None,
) -> Side:  # fmt: skip
    if kept is None:
        order = sort_rows(node, time, n_threads=n_threads)
    else:
        order = kept[sort_rows(node[kept], time[kept], n_threads=n_threads)]
    start = entity_offsets(node[order], n_nodes)
    far = other[order]
    earlier, later = np.empty(len(order), np.int32), np.empty(len(order), np.int32)
    link(start, far, n_nodes, earlier, later)
    return Side(
        start, order.astype(np.int32), far, time[order], amount[order],
        _NOTHING if known is None else known[order], earlier, later,
    )  # fmt: skip


def _shown(shapes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
