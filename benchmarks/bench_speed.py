"""The same window features by tael, by hand in Polars and by featuretools: feature values per CPU second, same numbers.

    python benchmarks/bench_speed.py
    python benchmarks/bench_speed.py --sets berka --contenders tael hand

Count, and sum, mean, min, max and std of the number columns, in four trailing windows, for the sets' own observations
and cutoffs (superlender's are rounded up to midnight, or featuretools would need a day: a pass for each cutoff). Each
contender runs in a process of its own on one thread; reading the files is not counted, ordering the history is.
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

from contest import Unfinished, work  # noqa: E402
from results import FILE, write  # noqa: E402
from tasks import Task, load  # noqa: E402
from windows import Grid, agreement  # noqa: E402

GRIDS = {
    "berka": Grid("transactions", "account_id", "date", ("amount", "balance")),
    "superlender": Grid("previous", "customerid", "creationdate", ("loannumber", "loanamount", "totaldue", "termdays")),
    "cdnow": Grid("purchases", "customer_id", "date", ("number_of_cds", "dollar_value")),
}
CONTENDERS = ("featuretools", "hand", "tael")


def write_grid(task: Task, grid: Grid, folder: Path, data: Path) -> None:
    """The folder that the contenders read."""
    X = task.X
    if task.name == "superlender":
        X = X.with_columns(pl.col("cutoff").dt.offset_by("1d").dt.truncate("1d"))
    key = task.tables.schema.tables[task.entity].key
    observed = X.join(task.tables[task.entity], on=key, how="left", maintain_order="left")
    X.write_parquet(folder / "X.parquet")
    observed.select(pl.col(task.through).cast(pl.String).alias("owner"), "cutoff").write_parquet(
        folder / "rows.parquet"
    )
    history = task.tables[task.history].rename({task.through: "owner"}).with_columns(pl.col("owner").cast(pl.String))
    history.write_parquet(folder / "history.parquet")
    told = {"task": task.name, "data": str(data), "grid": grid.to_dict(), "entity": task.entity}
    (folder / "told.json").write_text(json.dumps(told))
    np.save(folder / "y.npy", task.y)


def command_of(name: str, folder: Path, environments: Path) -> list[str] | None:
    """How to run a contender; None where its environment is absent."""
    if name == "featuretools":
        python = environments / "featuretools" / "bin" / "python"
        return (
            [str(python), str(HERE / "contenders" / "featuretools_windows.py"), str(folder)]
            if python.exists()
            else None
        )
    return [sys.executable, str(HERE / "contenders" / "same_windows.py"), str(folder), name]


def race(
    folder: Path, grid: Grid, names: list[str], environments: Path, line: dict[str, Any], limit_s: float = 1200.0
) -> list[dict[str, Any]]:
    """All contenders on one folder; each line says how many of its numbers are the first contender's."""
    lines, matrices = [], {}
    for name in names:
        found = line | {"of": name, "features": len(grid.cells())}
        command = command_of(name, folder, environments)
        if command is None:
            lines.append(found | {"status": "not installed"})
            continue
        try:
            found |= work(command, folder, limit_s)
        except Unfinished as reason:
            lines.append(found | {"status": str(reason)})
            continue
        matrices[name] = np.load(folder / "all.npy")
        found["values_per_cpu_s"] = matrices[name].size / found["cpu_s"]
        found["same_as"] = {
            other: agreement(matrices[name], matrix) for other, matrix in matrices.items() if other != name
        }
        lines.append(found)
    return lines


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("TAEL_DATA", HERE.parents[1] / "shared" / "data"))
    environments = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench"))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--sets", nargs="+", choices=list(GRIDS), default=list(GRIDS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--environments", type=Path, default=environments)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    for name in args.sets:
        task = load(name, args.data)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_grid(task, GRIDS[name], folder, args.data.resolve())
            line = {"table": "speed", "set": name, "rows": len(task.y)}
            for found in race(folder, GRIDS[name], args.contenders, args.environments.resolve(), line):
                write(found, args.out)
                print(shown(found), flush=True)
    return 0


def shown(line: dict[str, Any]) -> str:
    """A measurement as a line on the screen."""
    head = f"{line['set']:<15}{line['of']:<14}{line['features']:>5} x {line['rows']:,}"
    if "cpu_s" not in line:
        return f"{head}  {line['status']}"
    same = ", ".join(f"{share:.2%} the same as {other}" for other, share in line["same_as"].items())
    return f"{head}  {line['cpu_s']:8.3f} CPU s  {line['values_per_cpu_s']:>14,.0f} values per CPU s  {same}"


if __name__ == "__main__":
    raise SystemExit(main())
