"""Temporal cycles: money that comes back to where it started, each hop later than the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.kernels.network import _cycles
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import CAP, Found, Queries, run, span, whole

MOST = 1_000
"""A search ends once it has found so many cycles."""


def cycles(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    within: int | np.timedelta64,
    last: int | np.timedelta64 | None = None,
    longest: int = 4,
    length: int | None = None,
    cap: int = CAP,
    most: int = MOST,
    n_threads: int | None = None,
    evidence: bool = False,
) -> Found:
    """Cycles that begin and end at a node, as known at a cutoff.

    A cycle of k edges visits k different nodes; each edge comes after the one before it (by time, then by id), and the
    first is at most ``within`` before the last, which closes it. Edges side by side count as cycles of their own.

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
        As in :meth:`Activity.compute`.
    within : int or timedelta64
        Microseconds from a cycle's first edge to its last.
    last : int or timedelta64, optional
        Microseconds back from the cutoff in which it must have closed; None: any time before.
    longest : int
        2 to 5: cycles of 2 to so many edges are counted.
    length : int, optional
        The evidence is that of cycles of so many edges; None: of all.
    cap : int
        Of a node's edges, the latest so many are followed.
    most : int
        A search that has found so many cycles ends; the cut is counted.
    n_threads : int, optional
    evidence : bool

    Returns
    -------
    Found
        Columns ``cycles_2`` to ``cycles_<longest>``.

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1, 2], [1, 2, 0], [10, 20, 30], [100.0, 95.0, 90.0])
    >>> found = cycles(graph, [0, 1], [40, 40], within=25, evidence=True)
    >>> found["cycles_3"], found.evidence.of(0)
    (array([1., 0.]), array([0, 1, 2], dtype=int32))
    """
    asked = Queries.of(graph, nodes, cutoffs)
    longest, cap, most = _settings(longest, cap, most)
    reach, back = span(within, "within"), span(last, "last")
    result, cuts = np.empty((longest - 1, len(asked))), np.empty(len(asked), np.int32)
    wanted = -1 if length is None else whole(length, "length", 2, longest)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _cycles.at_nodes(
                graph.outgoing,
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                back,
                reach,
                longest,
                cap,
                most,
                wanted,
                _cycles.tables(cap, longest, graph.n_edges),
                first,
                past,
                result,
                cuts,
                buffer,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({f"cycles_{k + 2}": result[k] for k in range(longest - 1)}, cuts, matches)


def closing_cycles(
    graph: TemporalGraph,
    edges: ArrayLike | None = None,
    *,
    within: int | np.timedelta64,
    longest: int = 4,
    cap: int = CAP,
    most: int = MOST,
    n_threads: int | None = None,
    evidence: bool = False,
) -> Found:
    """Cycles that an edge closes, as of that edge: its other edges were known, and happened, strictly before it.

    Parameters
    ----------
    graph : TemporalGraph
    edges : (n,) integers, optional
        Edge ids; None: all.
    within, longest, cap, most, n_threads, evidence
        As in :func:`cycles`; the evidence leaves out the closing edge itself.

    Returns
    -------
    Found

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1, 2], [1, 2, 0], [10, 20, 30], [100.0, 95.0, 90.0])
    >>> closing_cycles(graph, within=25)["cycles_3"]
    array([0., 0., 1.])
    """
    asked = np.arange(graph.n_edges) if edges is None else np.ascontiguousarray(edges, np.int64)
    longest, cap, most = _settings(longest, cap, most)
    reach = span(within, "within")
    result, cuts = np.empty((longest - 1, len(asked))), np.empty(len(asked), np.int32)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _cycles.at_edges(
                graph.outgoing,
                graph.incoming,
                graph.source,
                graph.target,
                graph.time,
                asked,
                reach,
                longest,
                cap,
                most,
                _cycles.tables(cap, longest, graph.n_edges),
                first,
                past,
                result,
                cuts,
                buffer,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({f"cycles_{k + 2}": result[k] for k in range(longest - 1)}, cuts, matches)


def _settings(longest: int, cap: int, most: int) -> tuple[int, int, int]:
    return whole(longest, "longest", 2, 5), whole(cap, "cap", 1, 10_000), whole(most, "most", 1, 1 << 30)
