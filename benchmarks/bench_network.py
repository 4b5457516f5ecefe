"""Network features as of every edge beside IBM's Graph Feature Preprocessor: edges per CPU second on one thread.

    python benchmarks/bench_network.py                       # 1 million and 5 million edges
    python benchmarks/bench_network.py --edges 200000 --limit 60

Edges are simulated: 90 days, a tenth as many nodes as edges, both ends drawn with probabilities that fall as a power of
the rank, so that hubs pay and are paid by thousands. Both contenders compute the same kinds of feature on each edge
from edges before it: fans, degrees and sums (7 and 30 days), scatter-gather (3 days), temporal cycles (7 days); GFP in
batches of 4,096 edges, tael strictly before each edge's own time. Two settings: with and without cycles. GFP stops
after ``--limit`` CPU seconds, and its pace until then is what counts (it slows down as windows fill).

What differs: GFP puts counts into bins and finds cycles of any length; tael gives counts, finds cycles of 2 to 4 edges,
follows at most the latest 100 edges of a node in each step (how many edges met such a cut is printed), and can name the
edges that matched. GFP needs an environment of its own: ``python -m venv .venv-bench/snapml`` with ``snapml``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from results import FILE, write  # noqa: E402

DAYS = 90
SETTINGS = {
    "without cycles": ("counts,scatter-gather", "temp-cycle"),
    "with cycles": ("counts,scatter-gather,cycles", ""),
}


def simulate(path: Path, n: int, seed: int = 0) -> None:
    """Write edges: source, target, time (microseconds, ascending), amount."""
    rng = np.random.default_rng(seed)
    weights = np.arange(1, n // 10 + 1) ** -0.6
    below = np.cumsum(weights / weights.sum())
    source, target = (np.searchsorted(below, rng.random(n)).astype(np.int32) for _ in range(2))
    time = np.sort(rng.integers(0, DAYS * 86_400, n)) * 1_000_000
    np.savez(path, source=source, target=target, time=time, amount=rng.lognormal(6, 1, n))


def measure(command: list[str]) -> dict[str, Any]:
    """Run a contender on one thread."""
    single = {name: "1" for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **single}, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2_000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure all, print a table, write the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds after which GFP is stopped")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".venv-bench")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    peer = args.environments / "snapml" / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        for n in args.edges:
            path = Path(folder) / f"{n}.npz"
            simulate(path, n)
            for setting, (mine, dropped) in SETTINGS.items():
                lines = [measure([sys.executable, str(HERE / "network_peers" / "tael_peer.py"), str(path), mine])]
                if peer.exists():
                    script = str(HERE / "network_peers" / "gfp_peer.py")
                    lines.append(measure([str(peer), script, str(path), "4096", dropped, str(args.limit)]))
                else:
                    print(f"snapml is not installed at {peer}: GFP was not run")
                for line in lines:
                    line |= {"table": "network", "set": f"{n:,} edges, {setting}", "of": line["contender"]}
                    print(json.dumps(line))
                    write(line, args.out)
                if len(lines) == 2:
                    print(
                        f"{setting}: {lines[0]['edges_per_cpu_s'] / lines[1]['edges_per_cpu_s']:.0f} times GFP's pace"
                    )


if __name__ == "__main__":
    main()
