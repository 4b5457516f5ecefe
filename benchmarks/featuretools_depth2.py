"""Runs featuretools for bench_relational.py, with whatever Python has it: a folder in, out.npy and a line of JSON out.

The folder holds X.parquet (owner, cutoff), history.parquet (owner and its rows), perhaps parent.parquet, and told.json.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

KINDS = {"number": "Double", "flag": "Double", "category": "Categorical", "time": "Datetime"}


def main() -> int:
    """Compute and write."""
    warnings.filterwarnings("ignore")
    import featuretools as ft

    folder = Path(sys.argv[1])
    told = json.loads((folder / "told.json").read_text())
    X = pd.read_parquet(folder / "X.parquet")
    history = pd.read_parquet(folder / "history.parquet")
    # keys of digits would be taken for numbers
    X["owner"], history["owner"] = "k" + X["owner"], "k" + history["owner"]
    start = sum(os.times()[:4])
    owners = pd.DataFrame({"owner": X["owner"].unique()})
    history = history[history["owner"].isin(owners["owner"])].reset_index(drop=True)
    link = told.get("parent")
    columns = ["owner", told["time"], *told["columns"], *([link["column"]] if link else [])]
    history = history[columns].assign(row=np.arange(len(history)))
    types = {name: KINDS[kind] for name, kind in told["columns"].items()} | {told["time"]: "Datetime"}
    entities = ft.EntitySet("task")
    entities.add_dataframe(dataframe_name="owners", dataframe=owners, index="owner")
    entities.add_dataframe(
        dataframe_name="history", dataframe=history, index="row", time_index=told["time"], logical_types=types
    )
    entities.add_relationship("owners", "owner", "history", "owner")
    if link:
        parent = pd.read_parquet(folder / "parent.parquet")[[link["key"], *link["columns"]]]
        parent = parent[parent[link["key"]].isin(history[link["column"]])]
        types = {name: KINDS[kind] for name, kind in link["columns"].items()}
        entities.add_dataframe(dataframe_name="parent", dataframe=parent, index=link["key"], logical_types=types)
        entities.add_relationship("parent", link["key"], "history", link["column"])
    # a featuretools pass costs seconds for each distinct cutoff; rounding up to midnight must let no row slip in
    cutoff = X["cutoff"].dt.ceil("D")
    late = history.merge(X.assign(up=cutoff), on="owner")
    if ((late[told["time"]] >= late["cutoff"]) & (late[told["time"]] < late["up"])).any():
        cutoff = X["cutoff"]
    times = pd.DataFrame({"owner": X["owner"], "time": cutoff, "place": np.arange(len(X))})
    made, _ = ft.dfs(
        entityset=entities,
        target_dataframe_name="owners",
        cutoff_time=times,
        max_depth=2,
        include_cutoff_time=False,
        n_jobs=1,
    )
    made = made.set_index("place").sort_index()
    out = np.column_stack([_numbers(made[name]) for name in made.columns])
    out = out[:, [len(pd.unique(out[:, i])) > 1 for i in range(out.shape[1])]]
    np.save(folder / "out.npy", out)
    spent = sum(os.times()[:4]) - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": spent, "peak_mb": peak}))
    return 0


def _numbers(column: pd.Series) -> np.ndarray:
    if column.dtype == object or str(column.dtype) in ("string", "str", "category"):
        codes = pd.factorize(column.astype("string"), sort=True)[0].astype(float)
        return np.where(codes < 0, np.nan, codes)
    return pd.to_numeric(column).astype(float).replace([np.inf, -np.inf], np.nan).to_numpy()


if __name__ == "__main__":
    raise SystemExit(main())
