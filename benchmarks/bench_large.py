"""A simulated bank with 20 million events: AutoFeatures end to end, and the same window features by every contender.

    python benchmarks/bench_large.py                        # 20 million events, all parts
    python benchmarks/bench_large.py --parts auto           # tael's search alone, measured again
    python benchmarks/bench_large.py --parts search         # 20 thousand candidates, 50 thousand rows, 5 million events
    python benchmarks/bench_large.py --customers 1000 --parts windows

auto: AutoFeatures with its defaults, two threads, searching on 50 thousand applications, then computing the kept
formulas for all 200 thousand; AUC on the latest fifth of the applications whose outcome is known. windows: 96 features
of the transactions (count, sum, mean, min, max, std; four windows; four conditions) by tael and by hand in Polars for
all applications, and by featuretools for one application in a thousand: it makes a pass for each cutoff and window, so
its cost for all is what it took times a thousand, marked as estimated (a pass over the whole table would cost more than
one over the sample's rows, so this is on the low side). search: the size that the project holds itself to (10 minutes,
4 GB).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bench_speed import race  # noqa: E402
from contest import Unfinished, work  # noqa: E402
from large import TRANSACTIONS, n_events, observations  # noqa: E402
from results import FILE, write  # noqa: E402

PARTS = ("auto", "windows", "search")
LIMIT_S = 3600.0
SAMPLE = 1000  # featuretools gets one application in so many


def run_part(what: str, folder: Path, first: int, second: int) -> dict[str, Any]:
    """Run a part of large.py in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(HERE / "large.py"), what, str(folder), str(first), str(second)]
        return work(command, Path(scratch), LIMIT_S, threads=2)


def write_windows(bank: Path, folder: Path, seen: pl.DataFrame, whole: bool) -> None:
    """The folder that the contenders of the window features read; the history in it is the sample's alone."""
    seen.select("application_id", "cutoff").write_parquet(folder / "X.parquet")
    seen.select(pl.col("customer_id").alias("owner"), "cutoff").write_parquet(folder / "rows.parquet")
    told = {"grid": TRANSACTIONS.to_dict(), "entity": "applications", "simulated": str(bank)}
    if whole:
        told["history_file"] = str(bank / "transactions.parquet")
    else:
        history = pl.scan_parquet(bank / "transactions.parquet").rename({TRANSACTIONS.owner: "owner"})
        history.filter(pl.col("owner").is_in(seen["customer_id"].unique().implode())).collect().write_parquet(
            folder / "history.parquet"
        )
    (folder / "told.json").write_text(json.dumps(told))
    np.save(folder / "y.npy", np.zeros(len(seen)))


def windows(bank: Path, environments: Path, line: dict[str, Any]) -> list[dict[str, Any]]:
    """tael and Polars on all applications; featuretools on a sample, its cost for all estimated."""
    seen = observations(bank)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_windows(bank, folder, seen, whole=True)
        lines = race(folder, TRANSACTIONS, ["hand", "tael"], environments, line | {"rows": len(seen)})
    few = seen.gather_every(max(1, min(SAMPLE, len(seen) // 20)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_windows(bank, folder, few, whole=False)
        found = race(folder, TRANSACTIONS, ["featuretools"], environments, line | {"rows": len(seen)})[0]
    if "cpu_s" in found:
        scale = len(seen) / len(few)
        found |= {
            "measured_rows": len(few),
            "measured_cpu_s": found["cpu_s"],
            "estimated": ["cpu_s", "wall_s", "values_per_cpu_s"],
        }
        found |= {"cpu_s": found["cpu_s"] * scale, "wall_s": found["wall_s"] * scale}
        found["of"] = f"featuretools (on {len(few):,} rows)"
    return [found, *lines]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    environments = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench"))
    parser.add_argument("--customers", type=int, default=100_000, help="two applications and 200 events each")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--environments", type=Path, default=environments)
    parser.add_argument("--folder", type=Path, help="keep the simulated tables here (about 400 MB), or find them here")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = args.folder or Path(scratch)
        if {"auto", "windows"} & set(args.parts):
            bank = made_bank(home / f"bank-{args.customers}-200", args.customers, 200)
            name = f"simulated bank, {n_events(bank) / 1e6:.3g} million events"
            if "auto" in args.parts:
                tell(measured("large", name, "tael, search and all", bank), args.out)
            if "windows" in args.parts:
                for line in windows(bank, args.environments.resolve(), {"table": "speed", "set": name}):
                    tell(line, args.out)
        if "search" in args.parts:
            # of 110 thousand applications, 50 thousand lie in the earlier part and have a known outcome
            fewer = args.customers * 55 // 100
            bank = made_bank(home / f"bank-{fewer}-91", fewer, 91)
            tell(measured("search", f"{n_events(bank) / 1e6:.3g} million events", "tael, two threads", bank), args.out)
    return 0


def made_bank(folder: Path, customers: int, each: int) -> Path:
    """The simulated tables, made if they are not there yet."""
    if not (folder / "observations.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        cost = run_part("simulate", folder, customers, each)
        print(f"simulated {customers:,} customers: {cost['cpu_s']:.0f} CPU s, {cost['peak_mb']:,.0f} MB", flush=True)
    return folder


def measured(table: str, name: str, of: str, bank: Path) -> dict[str, Any]:
    """AutoFeatures on a bank, as a line."""
    line: dict[str, Any] = {"table": table, "set": name, "of": of}
    try:
        return line | run_part("auto", bank, 2, 50_000)
    except Unfinished as reason:
        return line | {"status": str(reason)}


def tell(line: dict[str, Any], out: Path) -> None:
    """Keep a line and show it."""
    write(line, out)
    shown = {name: value for name, value in line.items() if name not in ("formulas", "fold_auc")}
    print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
