"""IBM's Graph Feature Preprocessor (snapml) on the edges in a file, one thread: python gfp_peer.py FILE [BATCH]

Blanuša et al., *Graph Feature Preprocessor: Real-time Subgraph-based Feature Extraction for Financial Crime Detection*
(2024). Prints one JSON line: CPU seconds, edges per CPU second, columns.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
from snapml import GraphFeaturePreprocessor

DAY = 86_400
BINS = [2, 3, 4, 6, 8, 12, 16, 24, 32]
SETTINGS = {
    "num_threads": 1,
    "time_window": 30 * DAY,
    "vertex_stats": True,
    "vertex_stats_tw": 30 * DAY,
    "vertex_stats_cols": [4],
    "vertex_stats_feats": [0, 1, 2],  # fan, degree, ratio
    "fan": True,
    "fan_tw": 7 * DAY,
    "fan_bins": BINS,
    "degree": True,
    "degree_tw": 7 * DAY,
    "degree_bins": BINS,
    "scatter-gather": True,
    "scatter-gather_tw": 3 * DAY,
    "scatter-gather_bins": BINS,
    "temp-cycle": True,
    "temp-cycle_tw": 7 * DAY,
    "temp-cycle_bins": BINS,
    "lc-cycle": False,
}


def main() -> None:
    """Measure."""
    edges = np.load(sys.argv[1])
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 4_096
    dropped = [name for name in sys.argv[3].split(",") if name] if len(sys.argv) > 3 else []
    settings = {**SETTINGS, **{name: False for name in dropped}}
    n = len(edges["source"])
    rows = np.column_stack(
        [np.arange(n), edges["source"], edges["target"], edges["time"] // 1_000_000, edges["amount"]]
    ).astype(np.float64)
    graph = GraphFeaturePreprocessor()
    graph.set_params(settings)
    start, wall = time.process_time(), time.perf_counter()
    columns = 0
    limit = float(sys.argv[4]) if len(sys.argv) > 4 else float("inf")
    done = 0
    for first in range(0, n, batch):
        columns = graph.transform(np.ascontiguousarray(rows[first : first + batch])).shape[1] - rows.shape[1]
        done = min(first + batch, n)
        if time.process_time() - start > limit:
            break
    cpu = time.process_time() - start
    print(
        json.dumps(
            {
                "contender": "snapml GFP",
                "edges": done,
                "all_edges": n,
                "features": columns,
                "cpu_s": round(cpu, 2),
                "wall_s": round(time.perf_counter() - wall, 2),
                "edges_per_cpu_s": round(done / cpu),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )


if __name__ == "__main__":
    main()
