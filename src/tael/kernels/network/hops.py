"""Two steps from a node: scatter-gather, layers, shared counterparties, shared devices; and gather-scatter."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels.network import _hops
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import CAP, Found, Queries, run, span, whole

Way = Literal["gathers", "scatters", "payees", "payers"]
Shown = Literal["most", "wide", "far"]

_WAYS: dict[str, tuple[bool, bool, int]] = {
    # the first step goes along outgoing edges, the second one does, when the second happened
    "gathers": (False, False, _hops.BEFORE),
    "scatters": (True, True, _hops.AFTER),
    "payees": (False, True, _hops.ANY),
    "payers": (True, False, _hops.ANY),
}
_SHOWN = ("most", "wide", "far")


def ways(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    way: Way,
    *,
    last: int | np.timedelta64 | None,
    cap: int = CAP,
    n_threads: int | None = None,
    evidence: bool = False,
    shown: Shown = "most",
) -> Found:
    """How many nodes lie between a node and others two steps away, as known at a cutoff.

    ==============  ================================================================================================
    ``"gathers"``   source -> middles -> node: money scattered by one and gathered here, each middle paid first
    ``"scatters"``  node -> middles -> target: scattered here, gathered there
    ``"payees"``    other nodes paid by the same senders, in any order (a bipartite layer seen from below)
    ``"payers"``    other nodes that pay the same receivers (seen from above); with edges owner -> device: owners of
                    the same devices
    ==============  ================================================================================================

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
    way : {"gathers", "scatters", "payees", "payers"}
    last : int or timedelta64, or None
        Microseconds back from the cutoff in which both steps must lie.
    cap : int
        Of the node's edges, and of each middle's, the latest so many are followed.
    n_threads : int, optional
    evidence : bool
    shown : {"most", "wide", "far"}
        Of which column the evidence is.

    Returns
    -------
    Found
        ``most``: the most distinct middles between the node and one other; ``wide``: how many others have two or more
        (a stack's upper layer); ``far``: how many others there are.

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 0, 1, 2], [1, 2, 3, 3], [1, 2, 3, 4])
    >>> found = ways(graph, [3], [9], "gathers", last=None, evidence=True)
    >>> found["most"], found.evidence.edges
    (array([2.]), array([0, 1, 2, 3], dtype=int32))
    """
    for name, value, known in (("way", way, tuple(_WAYS)), ("shown", shown, _SHOWN)):
        if value not in known:
            raise FeaturesError(f"`{name}` is unknown.", got=str(value), fix=did_you_mean(str(value), known))
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 10_000)
    window = span(last, "last")
    leaves, leaves_again, order = _WAYS[way]
    near = graph.outgoing if leaves else graph.incoming
    far = graph.outgoing if leaves_again else graph.incoming
    result, cuts = np.empty((3, len(asked))), np.empty(len(asked), np.int32)
    size = 4 * min(cap * cap, graph.n_edges) + 16  # middles are distinct, so no edge is entered twice
    wanted = _SHOWN.index(shown)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _hops.ways(
                near,
                far,
                order,
                asked.nodes,
                asked.cutoffs,
                window,
                cap,
                np.empty(size, np.int32),
                np.full(size, -1, np.int64),
                np.empty(size, np.int32),
                np.empty(size, np.int32),
                first,
                past,
                result,
                cuts,
                buffer,
                wanted,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({name: result[k] for k, name in enumerate(_SHOWN)}, cuts, matches)


def gather_scatter(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    last: int | np.timedelta64 | None,
    cap: int = CAP,
    n_threads: int | None = None,
    evidence: bool = False,
) -> Found:
    """Money gathered from many and then scattered to many, as known at a cutoff.

    Column ``width``: over all moments of the window, the greatest lesser of two numbers, distinct senders up to the
    moment and distinct receivers paid after it.

    Parameters
    ----------
    graph, nodes, cutoffs, last, cap, n_threads, evidence
        As in :func:`ways`.

    Returns
    -------
    Found

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1, 2, 2], [2, 2, 3, 4], [1, 2, 3, 4])
    >>> gather_scatter(graph, [2], [9], last=None)["width"]
    array([2.])
    """
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 1 << 30)
    window = span(last, "last")
    result, cuts = np.empty(len(asked)), np.empty(len(asked), np.int32)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _hops.through(
                graph.outgoing,
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                window,
                cap,
                first,
                past,
                result,
                cuts,
                buffer,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({"width": result}, cuts, matches)
