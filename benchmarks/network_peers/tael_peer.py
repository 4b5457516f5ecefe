"""tael's network kernels on the edges in a file, one thread: python tael_peer.py FILE [GROUP,...]

As of every edge: what its source and its target had done strictly before it, and the cycles that it closes. Prints one
JSON line: CPU seconds, edges per CPU second, columns, and how often a hub was cut.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tael.kernels.network import Activity, TemporalGraph, chains, closing_cycles, gather_scatter, pass_through, ways

DAY = 86_400_000_000
CHUNK = 1 << 18


def groups(graph: TemporalGraph) -> dict[str, Callable[[slice], tuple[int, int]]]:
    """Features by kind: for a slice of edges, how many columns there are and how many edges met a cut."""
    activity = Activity(graph, n_threads=1)
    ends = (graph.source, graph.target)

    def told(found: list) -> tuple[int, int]:
        return sum(len(one.columns) for one in found), int(np.any([one.cuts > 0 for one in found], axis=0).sum())

    def counts(part: slice) -> tuple[int, int]:
        shapes = [activity.compute(v[part], graph.time[part], [7 * DAY, 30 * DAY]).shape for v in ends]
        return sum(shape[1] * shape[2] for shape in shapes), 0

    def scatter_gather(part: slice) -> tuple[int, int]:
        at = graph.time[part]
        return told(
            [
                ways(graph, ends[1][part], at, "gathers", last=3 * DAY, n_threads=1),
                ways(graph, ends[0][part], at, "scatters", last=3 * DAY, n_threads=1),
            ]
        )

    def cycles(part: slice) -> tuple[int, int]:
        edges: NDArray[np.int64] = np.arange(part.start, min(part.stop, graph.n_edges))
        return told([closing_cycles(graph, edges, within=7 * DAY, longest=4, n_threads=1)])

    def flows(part: slice) -> tuple[int, int]:
        at, v = graph.time[part], ends[0][part]
        return told(
            [
                pass_through(graph, v, at, within=DAY, last=7 * DAY, n_threads=1),
                chains(graph, v, at, within=7 * DAY, last=DAY, n_threads=1),
                gather_scatter(graph, v, at, last=7 * DAY, n_threads=1),
            ]
        )

    return {"counts": counts, "scatter-gather": scatter_gather, "cycles": cycles, "flows": flows}


def main() -> None:
    """Measure."""
    edges = np.load(sys.argv[1])
    asked = sys.argv[2].split(",") if len(sys.argv) > 2 else ["counts", "scatter-gather", "cycles"]
    few = {name: column[:500] for name, column in edges.items()}
    columns = dict(edges)
    for name, chosen in groups(TemporalGraph.build(**few)).items():
        if name in asked:
            chosen(slice(0, 500))  # compile
    start, wall = time.process_time(), time.perf_counter()
    graph = TemporalGraph.build(**columns, n_threads=1)
    chosen = {name: one for name, one in groups(graph).items() if name in asked}
    built = time.process_time() - start
    seconds, n_columns, cut = {"build": round(built, 2)}, 0, 0
    for name, one in chosen.items():
        began = time.process_time()
        for first in range(0, graph.n_edges, CHUNK):
            width, cuts = one(slice(first, first + CHUNK))
            cut += cuts
        n_columns += width
        seconds[name] = round(time.process_time() - began, 2)
    cpu = time.process_time() - start
    print(
        json.dumps(
            {
                "contender": "tael",
                "edges": graph.n_edges,
                "all_edges": graph.n_edges,
                "features": n_columns,
                "cpu_s": round(cpu, 2),
                "wall_s": round(time.perf_counter() - wall, 2),
                "edges_per_cpu_s": round(graph.n_edges / cpu),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "seconds": seconds,
                "share_cut": round(cut / (graph.n_edges * max(len(chosen), 1)), 4),
            }
        )
    )


if __name__ == "__main__":
    main()
