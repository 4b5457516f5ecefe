"""Structure that changes slowly, taken on the first of each month: components, PageRank, cores."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels._memory import JIT
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import Queries, span

Structure = Literal["component", "pagerank", "core"]
_STRUCTURES = ("component", "pagerank", "core")
_DAMPING, _TURNS, _CLOSE = 0.85, 100, 1e-10


def snapshot(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    what: Structure,
    *,
    last: int | np.timedelta64 | None = None,
) -> NDArray[np.float64]:
    """A node's place in the whole graph, as known on the first of the cutoff's month.

    =============  =================================================================================================
    ``component``  how many nodes hang together with it, itself included, whatever the direction
    ``pagerank``   its rank times the number of nodes that have edges, so that 1 is the average (Brin and Page, 1998:
                   damping 0.85; parallel edges count as often as there are)
    ``core``       the greatest k such that it lies in a part where everybody has k neighbours (Seidman, 1983)
    =============  =================================================================================================

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
        Edges count that happened and were known before the month of the cutoff began.
    what : {"component", "pagerank", "core"}
    last : int or timedelta64, optional
        Microseconds back from that first of the month; None: everything.

    Returns
    -------
    (n,) float64
        0 for nodes without edges.

    Examples
    --------
    >>> times = np.array(["2024-01-05", "2024-01-09", "2024-02-02"], "datetime64[us]")
    >>> graph = TemporalGraph.build([0, 1, 2], [1, 2, 3], times)
    >>> snapshot(graph, [0, 0], np.array(["2024-02-20", "2024-03-05"], "datetime64[us]"), "component")
    array([3., 4.])
    """
    if what not in _STRUCTURES:
        raise FeaturesError("There is no such structure.", got=str(what), fix=did_you_mean(str(what), _STRUCTURES))
    asked, window = Queries.of(graph, nodes, cutoffs), span(last, "last")
    result = np.zeros(len(asked))
    months = asked.cutoffs.view("datetime64[us]").astype("datetime64[M]")
    known = graph.outgoing.known
    for month in np.unique(months[asked.nodes >= 0]):
        moment = int(month.astype("datetime64[us]").astype(np.int64))
        alive = graph.outgoing.time < moment
        if window > 0:
            alive &= graph.outgoing.time >= moment - window
        if known.size:
            alive &= known < moment
        edges = graph.outgoing.edge[alive]
        places = _of_nodes(graph, edges, what)
        here = (months == month) & (asked.nodes >= 0)
        result[here] = places[asked.nodes[here]]
    return result


def _of_nodes(graph: TemporalGraph, edges: NDArray[np.int32], what: Structure) -> NDArray[np.float64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = graph.n_nodes
    a, b = graph.source[edges], graph.target[edges]
    has_edges = np.zeros(n, bool)
    has_edges[a] = has_edges[b] = True
    matrix = coo_array((np.ones(len(a)), (a, b)), shape=(n, n)).tocsr()
    if what == "component":
        _, label = connected_components(matrix, directed=False)
        return np.where(has_edges, np.bincount(label, minlength=1)[label], 0).astype(np.float64)
    if what == "pagerank":
        return _pagerank(matrix, has_edges)
    both = (matrix + matrix.T).tocsr()
    both.setdiag(0.0)
    both.eliminate_zeros()
    return cores(both.indptr.astype(np.int64), both.indices.astype(np.int64)).astype(np.float64)


def _pagerank(matrix, has_edges: NDArray[np.bool_]) -> NDArray[np.float64]:  # type: ignore[no-untyped-def]
    n = int(has_edges.sum())
    if n == 0:
        return np.zeros(len(has_edges))
    leaving = np.asarray(matrix.sum(axis=1)).ravel()
    share = np.divide(1.0, leaving, out=np.zeros_like(leaving), where=leaving > 0.0)
    back = matrix.T.tocsr()
    rank = has_edges / n
    for _ in range(_TURNS):
        lost = rank[leaving == 0.0].sum()
        turned = np.where(has_edges, _DAMPING * (back @ (rank * share) + lost / n) + (1.0 - _DAMPING) / n, 0.0)
        if np.abs(turned - rank).sum() < _CLOSE:
            rank = turned
            break
        rank = turned
    return rank * n


@njit(**JIT)
def cores(start: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Core numbers of a simple undirected graph in rows (Batagelj and Zaversnik, 2003: linear in the edges).

    Parameters
    ----------
    start : (n_nodes + 1,) int64
    other : (2 n_edges,) int64
    """
    n = start.size - 1
    degree = np.empty(n, np.int64)
    for v in range(n):
        degree[v] = start[v + 1] - start[v]
    widest = degree.max() if n else 0
    begin = np.zeros(widest + 2, np.int64)
    for v in range(n):
        begin[degree[v] + 1] += 1
    for d in range(1, widest + 2):
        begin[d] += begin[d - 1]
    place, order, fill = np.empty(n, np.int64), np.empty(n, np.int64), begin.copy()
    for v in range(n):
        place[v] = fill[degree[v]]
        order[place[v]] = v
        fill[degree[v]] += 1
    for k in range(n):
        v = order[k]
        for s in range(start[v], start[v + 1]):
            u = other[s]
            if degree[u] > degree[v]:
                # u trades places with the first of its degree, which is then one lower
                first = order[begin[degree[u]]]
                place[first], place[u] = place[u], place[first]
                order[place[first]], order[place[u]] = first, u
                begin[degree[u]] += 1
                degree[u] -= 1
    return degree
