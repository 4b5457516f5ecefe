"""Features from linked tables: tael beside parents-only columns and featuretools, all followed by the same model.

    python benchmarks/bench_relational.py                              # superlender; all tasks with --tasks all
    python benchmarks/bench_relational.py --tasks superlender berka --repeats 3
    python benchmarks/bench_relational.py --featuretools-python ../ft/bin/python

Five stratified folds, shuffled with seed 0 (--repeats 3: seeds 0, 1, 2). ``tael`` is AutoFeatures through the public
API, fitted on the training fold alone; ``tael+own`` has the parents-only columns beside it, as featuretools has here.
featuretools runs at depth 2 with its default primitives in a process of its own, once for all rows (it sees no label).
CPU is user and system time with children, for making features (of tael: search and computing, mean of a fold); peak
is the process's resident memory with Python and the tables in it.

The data is not part of the project: --data names its folder (default: $TAEL_DATA, else ../shared/data beside the
repository). Results are also written to benchmarks/results/relational.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from tasks import TASKS, Task, load  # noqa: E402

# Measured elsewhere on the same folds, three times five: featuretools at depth 2, and an analyst by hand.
KNOWN = {
    "superlender": (0.625, 0.708),
    "provider-fraud": (0.864, 0.913),
    "cdnow": (0.769, 0.773),
    "berka": (0.883, 0.942),
}
MODEL: dict[str, Any] = {
    "n_estimators": 300,
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_child_samples": 20,
    "colsample_bytree": 0.5,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 5,
    "random_state": 0,
    "n_jobs": 1,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
}
Matrix = NDArray[np.float64]


def cpu() -> float:
    """CPU seconds so far, children's included."""
    return sum(os.times()[:4])


def foretold(table: Matrix, y: NDArray[np.int64], train: NDArray[np.int64], test: NDArray[np.int64]) -> Matrix:
    """The final model's probabilities for the test fold; the base rate where there is no column."""
    from lightgbm import LGBMClassifier

    if table.shape[1] == 0:
        return np.full(len(test), y[train].mean())
    model = LGBMClassifier(**MODEL).fit(table[train], y[train])
    return np.clip(model.booster_.predict(table[test]), 1e-6, 1 - 1e-6)


def measure(task: Task, tables: list[tuple[str, Matrix]], repeats: int, folds: int | None) -> list[dict[str, Any]]:
    """Cross-validate all contenders on the same folds."""
    from sklearn.metrics import log_loss, roc_auc_score

    from tael.features import AutoFeatures

    own = dict(tables)["parents"]
    found: dict[str, list[tuple[float, float, int, float]]] = {}
    kept: list[list[str]] = []
    for number, (train, test) in enumerate(task.folds(repeats)):
        if folds is not None and number >= folds:
            break
        start = cpu()
        auto = AutoFeatures(task.tables, entity=task.entity).fit(task.X[train], task.y[train])
        made = auto.transform(task.X).to_numpy()
        spent = cpu() - start
        kept.append(list(auto.formulas_))
        contenders = [(name, table, 0.0) for name, table in tables]
        contenders += [("tael", made, spent), ("tael+own", np.hstack([own, made]), spent)]
        for name, table, seconds in contenders:
            p = foretold(table, task.y, train, test)
            scores = (roc_auc_score(task.y[test], p), log_loss(task.y[test], p))
            found.setdefault(name, []).append((*scores, table.shape[1], seconds))
    rows = []
    for name, values in found.items():
        auc, loss, count, spent_s = np.array(values).T
        rows.append(
            {
                "task": task.name,
                "features_of": name,
                "auc": float(auc.mean()),
                "auc_sd": float(auc.std(ddof=1)) if len(auc) > 1 else 0.0,
                "log_loss": float(loss.mean()),
                "n_features": float(count.mean()),
                "cpu_s": float(spent_s.mean()),
                "fold_auc": [float(x) for x in auc],
            }
        )
        if name == "tael":
            rows[-1]["formulas"] = kept
    return rows


# ------------------------------------------------------------------ featuretools, in a process of its own
def featuretools_of(task: Task, python: Path) -> tuple[Matrix, dict[str, float]]:
    """Depth-2 features of the history, by the Python that has featuretools."""
    schema = task.tables.schema
    entity = schema.tables[task.entity]
    observed = task.X.join(task.tables[task.entity], on=entity.key, how="left", maintain_order="left")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        observed.select(pl.col(task.through).cast(pl.String).alias("owner"), "cutoff").write_parquet(
            folder / "X.parquet"
        )
        history = task.tables[task.history].rename({task.through: "owner"})
        history.with_columns(pl.col("owner").cast(pl.String)).write_parquet(folder / "history.parquet")
        promise = schema.tables[task.history]
        told: dict[str, Any] = {"time": promise.time, "columns": _kinds(task, task.history, skip=task.through)}
        for column, detail in promise.columns.items():
            if column != task.through and detail.to in schema.tables:
                task.tables[detail.to].write_parquet(folder / "parent.parquet")
                key = schema.tables[detail.to].key
                told["parent"] = {"column": column, "key": key, "columns": _kinds(task, detail.to)}
        (folder / "told.json").write_text(json.dumps(told))
        done = subprocess.run(
            [str(python), str(HERE / "featuretools_depth2.py"), str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"featuretools failed on {task.name}:\n{done.stderr[-2000:]}")
        return np.load(folder / "out.npy"), json.loads(done.stdout.strip().splitlines()[-1])


def _kinds(task: Task, table: str, skip: str | None = None) -> dict[str, str]:
    promise = task.tables.schema.tables[table]
    kinds = {}
    for name, detail in promise.columns.items():
        if name not in (skip, promise.key, promise.time) and detail.role == "feature" and detail.to is None:
            kinds[name] = str(detail.type)
    return kinds


def python_with_featuretools(asked: Path | None) -> Path | None:
    """The Python asked for, that of TAEL_FEATURETOOLS_PYTHON (``make bench`` makes one), or None."""
    stated = os.environ.get("TAEL_FEATURETOOLS_PYTHON")
    return asked or (Path(stated) if stated else None)


def run_task(name: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """All contenders on one task."""
    task = load(name, args.data)
    parents = task.parents()
    own = parents.to_numpy().astype(float) if parents.width else np.empty((len(task.y), 0))
    tables: list[tuple[str, Matrix]] = [("parents", own)]
    python = python_with_featuretools(args.featuretools_python)
    cost: dict[str, float] = {}
    if python is not None:
        made, cost = featuretools_of(task, python)
        tables.append(("featuretools", np.hstack([own, made])))
    rows = measure(task, tables, args.repeats, args.folds)
    for row in rows:
        if row["features_of"] == "featuretools":
            row |= cost
        if row["features_of"].startswith("tael"):
            row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return rows


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("TAEL_DATA", HERE.parents[1] / "shared" / "data"))
    )
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "all"], default=["all"])
    parser.add_argument("--repeats", type=int, default=1, help="times five folds")
    parser.add_argument("--folds", type=int, help="only the first folds, to try things out")
    parser.add_argument("--featuretools-python", type=Path, help="a Python that has featuretools")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "relational.json")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    if python_with_featuretools(args.featuretools_python) is None:
        print("featuretools is absent: name a Python that has it with --featuretools-python.\n")
    print(f"{'task':<15}{'features of':<14}{'AUC':>7}{'sd':>6}{'log loss':>10}{'count':>7}{'CPU s':>7}{'peak MB':>9}")
    results = []
    for name in TASKS if "all" in args.tasks else args.tasks:
        for row in run_task(name, args):
            results.append(row)
            peak = f"{row['peak_mb']:>9.0f}" if "peak_mb" in row else f"{'':>9}"
            print(
                f"{name:<15}{row['features_of']:<14}{row['auc']:>7.4f}{row['auc_sd']:>6.3f}{row['log_loss']:>10.4f}"
                f"{row['n_features']:>7.0f}{row['cpu_s']:>7.1f}{peak}",
                flush=True,
            )
        print(f"{'':<15}known elsewhere: featuretools {KNOWN[name][0]}, an analyst {KNOWN[name][1]}", flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "rows": results}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
