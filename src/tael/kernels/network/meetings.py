"""Co-visits from one node: who came to the same places at about the same times, and who did so again."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels.network import _meetings
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import CAP, Found, Queries, run, span, whole

Met = Literal["others", "again", "most"]
_MET = ("others", "again", "most")


def meetings(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    within: int | np.timedelta64,
    last: int | np.timedelta64 | None,
    cap: int = CAP,
    n_threads: int | None = None,
    evidence: bool = False,
    shown: Met = "others",
) -> Found:
    """Others who were at the same place as a node at about the same time, as known at a cutoff.

    Parameters
    ----------
    graph : TemporalGraph
        Edges from people to places.
    nodes, cutoffs : (n,)
        People.
    within : int or timedelta64
        Microseconds that two edges to one place may lie apart, in either order, to be a meeting.
    last : int or timedelta64, or None
        Microseconds back from the cutoff in which the node's own edges must lie.
    cap : int
        Of the node's edges, and of a place's around each of them, the latest so many are looked at.
    n_threads : int, optional
    evidence : bool
    shown : {"others", "again", "most"}
        Of which column the evidence is.

    Returns
    -------
    Found
        ``others``: how many different others; ``again``: how many of them more than once; ``most``: how often the one
        met most. Meetings with one other that follow each other by at most ``within`` count as one.

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1, 0, 1, 2], [3, 3, 3, 3, 3], [10, 11, 50, 52, 53])
    >>> found = meetings(graph, [0], [99], within=2, last=None, evidence=True, shown="again")
    >>> found["others"], found["again"], found.evidence.edges
    (array([1.]), array([1.]), array([0, 1, 2, 3], dtype=int32))
    """
    if shown not in _MET:
        raise FeaturesError("`shown` is unknown.", got=str(shown), fix=did_you_mean(str(shown), _MET))
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 10_000)
    near, window = span(within, "within"), span(last, "last")
    result, cuts = np.empty((_meetings.COLUMNS, len(asked))), np.empty(len(asked), np.int32)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _meetings.meetings(
                graph.outgoing,
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                window,
                near,
                cap,
                first,
                past,
                result,
                cuts,
                buffer,
                _MET.index(shown),
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({name: result[k] for k, name in enumerate(_MET)}, cuts, matches)
