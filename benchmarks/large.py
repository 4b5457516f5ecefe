"""The simulated bank of the large benchmark: written once, read by every contender's process.

``python benchmarks/large.py simulate FOLDER CUSTOMERS EVENTS_EACH`` and ``... auto FOLDER THREADS ROWS`` are the
parts of bench_large.py that run in processes of their own.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "contenders")]

from _bench import cpu, peak_mb  # noqa: E402

from windows import Grid  # noqa: E402

TRANSACTIONS = Grid(
    "transactions",
    "customer_id",
    "booked",
    ("amount",),
    conditions=(("night", True), ("direction", "in"), ("direction", "out")),
    known="posted_at",
)
"""4 windows x 4 conditions x (count and five statistics): 96 features."""


def simulate(folder: Path, customers: int, each: int) -> None:
    """Write the bank's tables and, apart from them, what became of each application."""
    from tael.datasets import simulate_bank

    bank = simulate_bank(customers, seed=5, events_per_customer=each)
    for name, frame in bank.frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    (folder / "schema.json").write_text(json.dumps(bank.schema))
    outcome = bank.truth.frame.select("application_id", "defaulted")
    made = bank.frames["applications"].join(outcome, on="application_id", how="left", maintain_order="left")
    made.select("application_id", "customer_id", pl.col("applied").alias("cutoff"), "defaulted").write_parquet(
        folder / "observations.parquet"
    )


def bank_tables(folder: Path) -> Any:
    """The bank as tael's tables."""
    from tael.tables import Tables

    schema = json.loads((folder / "schema.json").read_text())
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in schema if name != "tael"}
    return Tables(frames, schema)


def observations(folder: Path) -> pl.DataFrame:
    """Every application, in order of time: key, customer, cutoff, outcome."""
    return pl.read_parquet(folder / "observations.parquet").sort("cutoff", maintain_order=True)


def n_events(folder: Path) -> int:
    """Transactions, app events and bureau enquiries."""
    names = ("transactions", "app_events", "bureau_enquiries")
    return sum(pl.scan_parquet(folder / f"{name}.parquet").select(pl.len()).collect().item() for name in names)


def auto(folder: Path, threads: int, rows: int) -> dict[str, Any]:
    """AutoFeatures end to end: read, search on the earlier 80 %, compute for all, score the later 20 %."""
    from sklearn.metrics import log_loss, roc_auc_score

    from contest import foretold
    from tael.features import AutoFeatures

    tables = bank_tables(folder)
    seen = observations(folder)
    X = seen.select("application_id", "cutoff")
    known = np.flatnonzero(seen["defaulted"].is_not_null().to_numpy())
    y = seen["defaulted"].cast(pl.Int64).fill_null(0).to_numpy()
    train, later = np.split(known, [int(0.8 * len(known))])
    loaded, clock = cpu(), time.perf_counter()
    made = AutoFeatures(
        tables,
        entity="applications",
        n_jobs=threads,
        search_rows=rows,
        budget={"time": "10min", "memory": "4GB"},
    ).fit(X[train], y[train])
    fitted, fit_wall = cpu(), time.perf_counter()
    table = made.transform(X).to_numpy()
    figures = {
        "cpu_s": cpu() - loaded,
        "wall_s": time.perf_counter() - clock,
        "fit_cpu_s": fitted - loaded,
        "fit_wall_s": fit_wall - clock,
        "transform_cpu_s": cpu() - fitted,
        "peak_mb": peak_mb(),
        "candidates": len(made.ledger_),
        "features": table.shape[1],
        "rows": len(X),
        "searched": min(rows, len(train)),
        "ledger": made.ledger_.summary(),
        "formulas": list(made.formulas_),
    }
    p = foretold(table, y, train, later)
    return figures | {
        "auc": float(roc_auc_score(y[later], p)),
        "log_loss": float(log_loss(y[later], p)),
    }


def main() -> int:
    """One of the two parts."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    first, second = int(sys.argv[3]), int(sys.argv[4])
    if what == "simulate":
        simulate(folder, first, second)
        figures = {"peak_mb": peak_mb(), "cpu_s": cpu()}
    else:
        figures = auto(folder, first, second)
    (Path.cwd() / "report.json").write_text(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
