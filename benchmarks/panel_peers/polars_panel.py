"""Polars on the panel in a folder, as long columns: python polars_panel.py FOLDER TASK..."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from timing import asked, fields_of, measure


def expression(task: str) -> Any:
    """The same statistic over each entity's rows, or within each time; None where Polars has none."""
    name, *window = task.split()
    x, w = pl.col("close"), int(window[0]) if window else 0
    how = {"window_size": w, "min_samples": (w + 1) // 2}
    found = {
        "ts_sum": lambda: x.rolling_sum(**how),
        "ts_mean": lambda: x.rolling_mean(**how),
        "ts_std": lambda: x.rolling_std(**how),
        "ts_max": lambda: x.rolling_max(**how),
        "ts_rank": lambda: x.rolling_rank(**how),
        "ts_quantile": lambda: x.rolling_quantile(0.8, interpolation="linear", **how),
        "ts_corr": lambda: pl.rolling_corr(x, pl.col("volume"), **how),
        "delta": lambda: x.diff(w),
    }.get(name)
    if found is not None:
        return found().over("entity")
    return (x.rank() / x.count()).over("time") if name == "rank" else None


def main() -> None:
    """Measure what Polars has a word for."""
    folder, tasks = asked()
    fields = fields_of(folder)
    rows, columns = fields["close"].shape
    frame = pl.DataFrame(
        {"entity": np.repeat(np.arange(columns, dtype=np.int32), rows), "time": np.tile(np.arange(rows), columns)}
        | {name: values.T.ravel() for name, values in fields.items() if name in ("close", "volume")}
    ).with_columns(pl.col("close", "volume").fill_nan(None))
    for task in tasks:
        wanted = expression(task)
        if wanted is None:
            continue

        def call(wanted: Any = wanted) -> Any:
            return frame.select(wanted.alias("y"))["y"]

        values = call().to_numpy().reshape(columns, rows).T
        if task.startswith("ts_rank"):
            there = pl.col("close").is_not_null().cast(pl.Float64)
            counts = frame.select(there.rolling_sum(int(task.split()[1]), min_samples=1).over("entity"))["close"]
            values = values / counts.to_numpy().reshape(columns, rows).T
        np.save(folder / "out" / f"polars-{task}.npy", np.where(np.isnan(fields["close"]), np.nan, values)[-100:])
        measure(task, lambda call=call: (call(), None)[1], folder, "polars")


if __name__ == "__main__":
    main()
