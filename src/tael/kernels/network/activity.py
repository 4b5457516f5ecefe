"""How much moved at a node, with how many others, how many of them new, and what went back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.kernels._threads import cut, n_threads_or_default, share_out
from tael.kernels.grouping import sort_rows
from tael.kernels.network import _activity
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import Queries, span

STATS = ("n_out", "n_in", "amount_out", "amount_in", "fan_out", "fan_in", "new", "back")
"""What :func:`activity` gives of each window."""


class Activity:
    """Counts and sums at nodes as of cutoffs, each edge looked at once a window however many queries there are.

    =======================  ===========================================================================================
    ``n_out``, ``n_in``      edges that left the node, and that entered it
    ``amount_out``, ``_in``  their amounts added up; unknown ones add nothing
    ``fan_out``, ``fan_in``  distinct nodes at their other ends
    ``new``                  distinct nodes met for the first time, in either direction, within the window
    ``back``                 edges with somebody with whom an edge went the other way before (reciprocity is this over
                             ``n_out + n_in``)
    =======================  ===========================================================================================

    Parameters
    ----------
    graph : TemporalGraph
    n_threads : int, optional

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 0, 1], [1, 2, 0], [10, 20, 30], [5.0, 7.0, 4.0])
    >>> Activity(graph).columns([0, 0], [20, 40], [None])["fan_out"][:, 0]
    array([1., 2.])
    """

    def __init__(self, graph: TemporalGraph, *, n_threads: int | None = None) -> None:
        self.graph, self.n_threads = graph, n_threads
        out, into = graph.outgoing, graph.incoming
        self._marks = np.zeros(len(out.edge), np.uint8), np.zeros(len(into.edge), np.uint8)
        if not graph.late:
            threads = n_threads_or_default(n_threads)
            bounds = cut(np.diff(out.start) + np.diff(into.start) + 1, threads)
            share_out(lambda a, b: _activity.mark(out, into, a, b, *self._marks), bounds, threads)

    def compute(
        self, nodes: ArrayLike, cutoffs: ArrayLike, windows: Sequence[int | np.timedelta64 | None]
    ) -> NDArray[np.float64]:
        """All of :data:`STATS`.

        Parameters
        ----------
        nodes : (n,) integers
            -1, or a node that the graph lacks: nothing moved.
        cutoffs : (n,) int64 or datetime64
            Microseconds; edges before them count, those at them do not.
        windows : sequence of int, timedelta64 or None
            Microseconds back from the cutoff; None: everything.

        Returns
        -------
        (n, n_windows, 8) float64
        """
        asked = Queries.of(self.graph, nodes, cutoffs)
        spans = np.array([span(window, "windows") for window in windows], np.int64)
        result = np.empty((len(asked), len(spans), _activity.WIDTH))
        threads = n_threads_or_default(self.n_threads)
        bounds = cut(np.ones(len(asked), np.int64), 8 * threads if len(asked) > 2_000 else 1)
        out, into = self.graph.outgoing, self.graph.incoming
        if self.graph.late:
            share_out(
                lambda a, b: _activity.look(out, into, asked.nodes, asked.cutoffs, spans, a, b, result), bounds, threads
            )
            return result
        order = sort_rows(asked.nodes, asked.cutoffs, n_threads=self.n_threads)
        share_out(
            lambda a, b: _activity.slide(
                out, into, *self._marks, asked.nodes, asked.cutoffs, order, spans, a, b, result
            ),
            bounds,
            threads,
        )
        return result

    def columns(
        self, nodes: ArrayLike, cutoffs: ArrayLike, windows: Sequence[int | np.timedelta64 | None]
    ) -> dict[str, NDArray[np.float64]]:
        """The same by name: (n, n_windows) each."""
        result = self.compute(nodes, cutoffs, windows)
        return {name: result[:, :, k] for k, name in enumerate(STATS)}


def activity(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    windows: Sequence[int | np.timedelta64 | None],
    *,
    n_threads: int | None = None,
) -> dict[str, NDArray[np.float64]]:
    """:class:`Activity` of one batch of queries: name -> (n, n_windows)."""
    return Activity(graph, n_threads=n_threads).columns(nodes, cutoffs, windows)
