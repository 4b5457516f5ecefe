"""The panel kernels beside KunQuant and Polars: nanoseconds of CPU for each cell, on one thread; and all of Alpha158.

    python benchmarks/bench_panel.py                          # 2,500 rows of 1,000 entities, 3 % missing
    python benchmarks/bench_panel.py --contenders tael --tasks "rank" "ts_mean 20"
    python benchmarks/bench_panel.py --rows 500 --entities 400

Every contender runs in a process of its own on the same simulated prices and volumes. Polars holds them as long columns
sorted by entity, its best layout for rolling windows. CPU is user and system time, the best of three after one call
that compiles. Values are compared on the last hundred rows, where both have one. KunQuant has none where a window holds
a missing value, and its running sums none ever after: ``--missing 0`` compares on what all can compute. tael's kernels
write to an array that is there; KunQuant and Polars make one for each result, and so does tael in ``alpha158``.
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

SERIES = ("ts_sum", "ts_mean", "ts_std", "ts_max", "ts_argmax", "ts_rank", "ts_quantile", "ts_corr", "ts_slope")
TASKS = (
    *(f"{name} {window}" for name in SERIES for window in (5, 20, 60)),
    "decay_linear 20", "delta 5", "rank", "rank_ic", "zscore", "alpha158",
)  # fmt: skip
CONTENDERS = ("tael", "kunquant", "polars")


def simulate(folder: Path, rows: int, entities: int, missing: float) -> None:
    """Write the fields of a panel of daily bars, one .npy each."""
    rng = np.random.default_rng(11)
    shape = (rows, entities)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    first = close * np.exp(rng.normal(0, 0.01, shape))
    high = np.maximum(first, close) * np.exp(np.abs(rng.normal(0, 0.005, shape)))
    low = np.minimum(first, close) * np.exp(-np.abs(rng.normal(0, 0.005, shape)))
    fields = {"open": first, "high": high, "low": low, "close": close, "vwap": (high + low + close) / 3}
    fields["volume"] = rng.lognormal(14, 1, shape).round()
    gone = rng.random(shape) < missing
    (folder / "out").mkdir()
    for name, values in fields.items():
        values[gone] = np.nan
        np.save(folder / f"{name}.npy", values)


def command_of(name: str, environments: Path) -> list[str] | None:
    """How to run a contender; None where its environment is absent."""
    python = environments / "kunquant" / "bin" / "python" if name == "kunquant" else Path(sys.executable)
    return [str(python), str(HERE / "panel_peers" / f"{name}_panel.py")] if python.exists() else None


def race(name: str, folder: Path, tasks: list[str], environments: Path) -> list[dict[str, Any]]:
    """What one contender measured, as it was printed."""
    command = command_of(name, environments)
    if command is None:
        print(f"{name}: not installed", file=sys.stderr)
        return []
    one = {k: "1" for k in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS")}
    run = subprocess.run(
        [*command, str(folder), *tasks], env=os.environ | one, stdout=subprocess.PIPE, text=True, check=False
    )
    if run.returncode:
        print(f"{name}: exit {run.returncode}", file=sys.stderr)
    return [json.loads(line[5:]) for line in run.stdout.splitlines() if line.startswith("JSON ")]


def agreement(folder: Path, task: str, name: str) -> float | None:
    """The share of cells, where both have a value, that are the same to six digits; None where nothing is compared."""
    mine, other = folder / "out" / f"tael-{task}.npy", folder / "out" / f"{name}-{task}.npy"
    if not (mine.exists() and other.exists()):
        return None
    a, b = np.load(mine), np.load(other)
    both = np.isfinite(a) & np.isfinite(b)
    return float(np.isclose(a[both], b[both], rtol=1e-6, atol=1e-9).mean()) if both.any() else None


def main() -> int:
    """Run, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--entities", type=int, default=1000)
    parser.add_argument("--missing", type=float, default=0.03)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    environments = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench"))
    parser.add_argument("--environments", type=Path, default=environments)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    cells = args.rows * args.entities
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        simulate(folder, args.rows, args.entities, args.missing)
        mine: dict[str, float] = {}
        for name in args.contenders:
            for found in race(name, folder, args.tasks, args.environments.resolve()):
                task, cpu = found["task"], found["cpu_s"]
                factors = 158 if task == "alpha158" else 1
                line = {"table": "panel", "set": task, "of": name, "rows": args.rows, "entities": args.entities}
                line |= {"cpu_s": cpu, "ns_per_cell": cpu / cells / factors * 1e9, "peak_mb": found["peak_mb"]}
                shown = f"{task:<16}{name:<10}{line['ns_per_cell']:9.2f} ns per cell {cpu:9.3f} CPU s"
                if name == "tael":
                    mine[task] = cpu
                elif task in mine:
                    line["same_as_tael"] = agreement(folder, task, name)
                    same = line["same_as_tael"]
                    shown += f"  {cpu / mine[task]:6.1f} x tael" + ("" if same is None else f", {same:.2%} the same")
                if task == "alpha158":
                    shown += f", {found['peak_mb']:,.0f} MB at most"
                write(line, args.out)
                print(shown, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
