"""featuretools on a grid of window features (windows.py): the same numbers, in the same order, as its opponents."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
from _bench import Folder, once


def feature_name(stat: str, column: str | None, condition: list[Any] | None) -> str:
    """featuretools' name of a cell of the grid."""
    where = "" if condition is None else f" WHERE {condition[0]} = {condition[1]}"
    return f"COUNT(history{where})" if column is None else f"{stat.upper()}(history.{column}{where})"


def main() -> int:
    """Compute window by window and write."""
    warnings.filterwarnings("ignore")
    import featuretools as ft

    folder = Folder(sys.argv[1])
    grid = folder.told["grid"]
    X, history = folder.frame("rows"), folder.frame("history")
    X["owner"], history["owner"] = "k" + X["owner"].astype(str), "k" + history["owner"].astype(str)
    history = history[history["owner"].isin(X["owner"])].reset_index(drop=True)
    names = list(dict.fromkeys(name for name, _ in grid["conditions"]))
    history = history[["owner", grid["time"], *grid["numbers"], *names]].assign(row=np.arange(len(history)))
    types = {name: "Double" for name in grid["numbers"]} | {name: "Categorical" for name in names}
    types[grid["time"]] = "Datetime"
    stats = ["count", *grid["stats"]]

    def build() -> np.ndarray:
        entities = ft.EntitySet("task")
        owners = pd.DataFrame({"owner": X["owner"].unique()})
        entities.add_dataframe(dataframe_name="owners", dataframe=owners, index="owner")
        entities.add_dataframe(
            dataframe_name="history", dataframe=history, index="row", time_index=grid["time"], logical_types=types
        )
        entities.add_relationship("owners", "owner", "history", "owner")
        if names:
            values: dict[str, list[Any]] = {name: [] for name in names}
            for name, value in grid["conditions"]:
                values[name].append(value)
            entities.add_interesting_values(dataframe_name="history", values=values)
        times = pd.DataFrame({"owner": X["owner"], "time": X["cutoff"], "place": np.arange(len(X))})
        columns = []
        for window in grid["windows"]:
            made, _ = ft.dfs(
                entityset=entities,
                target_dataframe_name="owners",
                cutoff_time=times,
                training_window=None if window is None else f"{window} days",
                agg_primitives=stats,
                where_primitives=stats if names else [],
                trans_primitives=[],
                max_depth=1,
                include_cutoff_time=False,
                n_jobs=1,
            )
            made = made.set_index("place").sort_index()
            for condition in [None, *grid["conditions"]]:
                for stat, column in [("count", None), *((s, c) for c in grid["numbers"] for s in grid["stats"])]:
                    column_made = made[feature_name(stat, column, condition)].astype(float)
                    # where no row lies in the window it leaves the sum of a condition missing
                    columns.append(column_made.fillna(0.0) if stat in ("count", "sum") else column_made)
        return np.column_stack(columns)

    once(folder, build)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
