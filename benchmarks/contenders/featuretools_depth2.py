"""featuretools at depth 2 with its default primitives, in the Python that has it: once for all rows, without labels."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from _bench import Folder, numbers, once

KINDS = {"number": "Double", "flag": "Double", "category": "Categorical", "time": "Datetime"}


def entity_set(folder: Folder, X: pd.DataFrame, history: pd.DataFrame) -> object:
    """Owners, their history, and the table that its rows point to."""
    import featuretools as ft

    told = folder.told
    link = told.get("parent")
    types = {name: KINDS[kind] for name, kind in told["columns"].items()} | {told["time"]: "Datetime"}
    entities = ft.EntitySet("task")
    owners = pd.DataFrame({"owner": X["owner"].unique()})
    entities.add_dataframe(dataframe_name="owners", dataframe=owners, index="owner")
    entities.add_dataframe(
        dataframe_name="history", dataframe=history, index="row", time_index=told["time"], logical_types=types
    )
    entities.add_relationship("owners", "owner", "history", "owner")
    if link:
        parent = folder.frame("parent")[[link["key"], *link["columns"]]]
        parent = parent[parent[link["key"]].isin(history[link["column"]])]
        types = {name: KINDS[kind] for name, kind in link["columns"].items()}
        entities.add_dataframe(dataframe_name="parent", dataframe=parent, index=link["key"], logical_types=types)
        entities.add_relationship("parent", link["key"], "history", link["column"])
    return entities


def read(folder: Folder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and their owners' history; keys of digits would be taken for numbers, so they get a letter."""
    told = folder.told
    X, history = folder.frame("rows"), folder.frame("history")
    X["owner"], history["owner"] = "k" + X["owner"], "k" + history["owner"]
    history = history[history["owner"].isin(X["owner"])].reset_index(drop=True)
    link = told.get("parent")
    columns = ["owner", told["time"], *told["columns"], *([link["column"]] if link else [])]
    return X, history[columns].assign(row=np.arange(len(history)))


def main() -> int:
    """Compute and write."""
    warnings.filterwarnings("ignore")
    import featuretools as ft

    folder = Folder(sys.argv[1])
    X, history = read(folder)
    time = folder.told["time"]

    def build() -> np.ndarray:
        entities = entity_set(folder, X, history)
        # a pass costs seconds for each distinct cutoff; rounding up to midnight must let no row slip in
        cutoff = X["cutoff"].dt.ceil("D")
        late = history.merge(X.assign(up=cutoff), on="owner")
        if ((late[time] >= late["cutoff"]) & (late[time] < late["up"])).any():
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
        return numbers(made.set_index("place").sort_index())

    once(folder, build)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
