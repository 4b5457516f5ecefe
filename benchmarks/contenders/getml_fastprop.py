"""getML FastProp (community edition): all its aggregations, at most 400 features by relevance, refitted in each fold.

Its work is done by an engine of its own, a process that this one starts: CPU and memory are those of both.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd
import psutil
from _bench import Folder, numbers, peak_mb, report

FEATURES = 400
ENGINE = ("getml", "engine", "getml-monitor")


def engines(before: set[int]) -> list[psutil.Process]:
    """The engine's processes, which need not be children of this one."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.pid not in before and (process.info["name"] or "").lower() in ENGINE:
            found.append(process)
    return found


def spent(processes: list[psutil.Process]) -> float:
    """CPU seconds of this process and of the engine."""
    return time.process_time() + sum(sum(process.cpu_times()[:2]) for process in processes)


def highest_mb(process: psutil.Process) -> float:
    """Peak resident memory of another process, in MB (Linux)."""
    with open(f"/proc/{process.pid}/status") as lines:
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def flat_history(folder: Folder, owners: pd.Series) -> tuple[pd.DataFrame, dict[str, str]]:
    """History with its parent's columns joined on, and the kind of each column."""
    told = folder.told
    history = folder.frame("history")
    history = history[history["owner"].isin(owners)]
    kinds = dict(told["columns"])
    link = told.get("parent")
    if link:
        parent = folder.frame("parent")[[link["key"], *link["columns"]]].rename(columns={link["key"]: link["column"]})
        kinds |= link["columns"]
        history = history.merge(parent, on=link["column"], how="left")
    flat = pd.DataFrame({"owner": history["owner"].astype(str), told["time"]: history[told["time"]]})
    for name, kind in kinds.items():
        column = history[name]
        if kind == "category":
            flat[name] = column.astype("string").fillna("missing").astype(str)
        else:
            flat[name] = column if kind == "time" else column.astype(float)
    return flat.reset_index(drop=True), kinds


def main() -> int:
    """Start the engine, build a matrix for each fold, stop the engine."""
    warnings.filterwarnings("ignore")
    before = {process.pid for process in psutil.process_iter()}
    import getml

    folder = Folder(sys.argv[1])
    getml.engine.launch(launch_browser=False, in_memory=True)
    for _ in range(100):
        if getml.engine.is_alive():
            break
        time.sleep(0.2)
    getml.set_project("tael_bench")
    running = engines(before)
    if not running:
        raise SystemExit("getML's engine is up, but no process of its name was found: its cost cannot be measured")
    X = folder.frame("rows")
    role = getml.data.roles
    count = iter(range(10**6))

    def population(rows: np.ndarray) -> object:
        frame = pd.DataFrame({"owner": X["owner"].astype(str).to_numpy()[rows], "cutoff": X["cutoff"].to_numpy()[rows]})
        frame["y"] = folder.y[rows].astype(float)
        made = getml.DataFrame.from_pandas(frame, f"population_{next(count)}")
        made.set_role("owner", role.join_key)
        made.set_role("cutoff", role.time_stamp)
        made.set_role("y", role.target)
        return made

    def build(train: np.ndarray) -> np.ndarray:
        flat, kinds = flat_history(folder, X["owner"])
        history = getml.DataFrame.from_pandas(flat, f"history_{next(count)}")
        history.set_role("owner", role.join_key)
        history.set_role([folder.told["time"], *(n for n, k in kinds.items() if k == "time")], role.time_stamp)
        for kind, what in (("category", role.categorical), ("number", role.numerical), ("flag", role.numerical)):
            named = [name for name, found in kinds.items() if found == kind]
            if named:
                history.set_role(named, what)
        model = getml.data.DataModel("population")
        model.add(getml.data.Placeholder("history"))
        # half a second of horizon: a row at the very cutoff is not known yet
        model.population.join(
            model.history, on="owner", time_stamps=("cutoff", folder.told["time"]), horizon=getml.data.time.seconds(0.5)
        )
        prop = getml.feature_learning.FastProp
        learner = prop(
            aggregation=prop.agg_sets.all,
            num_features=FEATURES,
            n_most_frequent=8,
            num_threads=1,
            loss_function=getml.feature_learning.loss_functions.CrossEntropyLoss,
        )
        pipe = getml.Pipeline(data_model=model, feature_learners=[learner])
        pipe.fit(population(train), {"history": history}, check=False)
        everyone = population(np.arange(len(X)))
        made = pipe.transform(everyone, {"history": history}, df_name=f"made_{next(count)}").to_pandas()
        return numbers(made[[name for name in made.columns if name.startswith("feature")]])

    cpus, walls = [], []
    for number, train in enumerate(folder.folds):
        start, clock = spent(running), time.perf_counter()
        matrix = build(train)
        cpus.append(spent(running) - start)
        walls.append(time.perf_counter() - clock)
        folder.write_fold(number, matrix)
    peak = peak_mb() + sum(highest_mb(process) for process in running)
    report(folder, cpu_s=float(np.mean(cpus)), wall_s=float(np.mean(walls)), cpu_s_first=cpus[0], peak_mb=peak)
    getml.engine.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
