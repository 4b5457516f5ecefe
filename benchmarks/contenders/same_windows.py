"""tael or Polars on a grid of window features: ``same_windows.py FOLDER tael|hand``; the tables come from told.json.

Python, the libraries and tael's compiled kernels are loaded before the clock starts; ordering the history is not.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _bench import Folder, cpu, report  # noqa: E402

REPEATS_BELOW_S = 0.5  # a build this short is repeated, for the clock's steps are coarse


def main() -> int:
    """Compute and write."""
    from windows import Grid, by_polars, by_tael

    folder, who = Folder(sys.argv[1]), sys.argv[2]
    told = folder.told
    plain = dict(told["grid"])
    plain["conditions"] = tuple((name, value) for name, value in plain["conditions"])
    grid = Grid(**{name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()})

    def build() -> np.ndarray:
        return by_tael(grid, tables, told["entity"], X) if who == "tael" else by_polars(grid, rows, history)

    if who == "tael":
        tables = read_tables(told)
        X = pl.read_parquet(folder.path / "X.parquet")
        by_tael(grid, tables, told["entity"], X.head(50))  # loads the kernels
    else:
        rows = pl.read_parquet(folder.path / "rows.parquet")
        history = pl.read_parquet(told.get("history_file", folder.path / "history.parquet"))
        if "history_file" in told:
            history = history.rename({grid.owner: "owner"})
        by_polars(grid, rows.head(50), history.head(1000))
    spent: list[float] = []
    start, clock = cpu(), time.perf_counter()
    while not spent or (cpu() - start < REPEATS_BELOW_S and len(spent) < 100):
        matrix = build()
        spent.append(cpu())
    runs = len(spent)
    folder.write_all(matrix)
    report(folder, cpu_s=(spent[-1] - start) / runs, wall_s=(time.perf_counter() - clock) / runs)
    return 0


def read_tables(told: dict[str, Any]) -> Any:
    """tael's tables: of a real set, or of a folder of simulated ones."""
    if "simulated" in told:
        from large import bank_tables

        return bank_tables(Path(told["simulated"]))
    from tasks import load

    return load(told["task"], Path(told["data"])).tables


if __name__ == "__main__":
    raise SystemExit(main())
