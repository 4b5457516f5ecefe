"""GFP's columns of each edge in a file: python gfp_columns.py IN.npz OUT.npy [whole]

IN holds ``source, target, day, amount``, in time's order, and ``first``, the row from which columns are wanted. Edges
come in a batch a day, so that an edge sees its whole day and all before; with ``whole`` all come in one batch. Days are
seconds to GFP as they are to tael: patterns within 15 days, statistics of vertices within 30.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from gfp_peer import DAY, SETTINGS
from snapml import GraphFeaturePreprocessor


def main() -> None:
    """Compute."""
    edges = np.load(sys.argv[1])
    day, n = edges["day"], len(edges["day"])
    columns = [np.arange(n), edges["source"], edges["target"], day * DAY, edges["amount"]]
    rows = np.column_stack(columns).astype(np.float64)
    graph = GraphFeaturePreprocessor()
    windows = {f"{kind}_tw": 15 * DAY for kind in ("fan", "degree", "scatter-gather", "temp-cycle")}
    graph.set_params({**SETTINGS, **windows})
    starts = [0] if len(sys.argv) > 3 else np.flatnonzero(np.diff(day, prepend=day[0] - 1)).tolist()
    begun, found = time.process_time(), []
    for begin, end in zip(starts, [*starts[1:], n], strict=True):
        found.append(graph.transform(np.ascontiguousarray(rows[begin:end]))[:, rows.shape[1] :].astype(np.float32))
    np.save(sys.argv[2], np.concatenate(found)[int(edges["first"]) :])
    print(f"GFP: {time.process_time() - begun:.1f} CPU s for {n:,} edges")


if __name__ == "__main__":
    main()
