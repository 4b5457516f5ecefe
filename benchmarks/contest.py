"""A contest on one task: every contender makes features in a process of its own, one final model scores them all.

The final model and the folds are those that the opponents were measured with elsewhere (5 stratified folds, repetition
r shuffled with seed r, LightGBM with 300 small trees), so figures can be laid side by side.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from tasks import Task  # noqa: E402

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
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Contender:
    """Who makes features, with which script, and in whose Python (None: this one)."""

    script: str
    environment: str | None = None
    own: Literal["beside", "included", "both"] = (
        "beside"  # where the parents' columns are; both: scored without and with
    )


CONTENDERS = {
    "parents": Contender(""),
    "featuretools": Contender("featuretools_depth2.py", "featuretools"),
    "getml": Contender("getml_fastprop.py", "getml"),
    "openfe": Contender("openfe_single.py", "openfe"),
    "autofeat": Contender("autofeat_single.py", "autofeat"),
    "hand": Contender("hand_polars.py", own="included"),
    "tael": Contender("tael_search.py", own="both"),
}
"""tael's figure is its own columns alone; a second line, ``tael + parents``, has the parents' columns beside them."""


class Unfinished(Exception):  # noqa: N818
    """A contender that gave no result, and why."""


# ------------------------------------------------------------------ the final model
def foretold(table: Matrix, y: NDArray[np.int64], train: NDArray[np.int64], test: NDArray[np.int64]) -> Matrix:
    """The final model's probabilities for the test fold; the base rate where no column varies."""
    from lightgbm import LGBMClassifier

    if table.shape[1] == 0:
        return np.full(len(test), y[train].mean())
    model = LGBMClassifier(**MODEL).fit(table[train], y[train])
    return np.clip(np.asarray(model.booster_.predict(table[test])), 1e-6, 1 - 1e-6)


def varied(table: Matrix) -> Matrix:
    """The table without infinities and without columns that hold one value."""
    table = np.where(np.isinf(table), np.nan, np.asarray(table, dtype=float))
    low, high, missing = np.fmin.reduce(table), np.fmax.reduce(table), np.isnan(table)
    constant = np.where(missing.any(axis=0), missing.all(axis=0), low == high)
    return table[:, ~constant]


def scored(y: NDArray[np.int64], folds: list[Fold], tables: Iterator[Matrix]) -> dict[str, Any]:
    """Mean AUC and log loss over the folds; one table for each fold."""
    from sklearn.metrics import log_loss, roc_auc_score

    auc, loss, width = [], [], []
    for (train, test), raw in zip(folds, tables, strict=True):
        table = varied(raw) if raw.shape[1] else raw
        p = foretold(table, y, train, test)
        auc.append(float(roc_auc_score(y[test], p)))
        loss.append(float(log_loss(y[test], p)))
        width.append(table.shape[1])
    return {
        "auc": float(np.mean(auc)),
        "auc_sd": float(np.std(auc, ddof=1)) if len(auc) > 1 else 0.0,
        "log_loss": float(np.mean(loss)),
        "features": float(np.mean(width)),
        "fold_auc": auc,
    }


def fold_hash(y: NDArray[np.int64], folds: list[Fold]) -> str:
    """Twelve letters that pin labels and test rows; the same letters are the same contest."""
    digest = hashlib.sha256(np.ascontiguousarray(y, dtype=np.int64).tobytes())
    for _, test in folds:
        digest.update(np.ascontiguousarray(test, dtype=np.int64).tobytes())
    return digest.hexdigest()[:12]


# ------------------------------------------------------------------ a task, written for other Pythons
def _kinds(task: Task, table: str, skip: str | None = None) -> dict[str, str]:
    promise = task.tables.schema.tables[table]
    return {
        name: str(detail.type)
        for name, detail in promise.columns.items()
        if name not in (skip, promise.key, promise.time) and detail.role == "feature" and detail.to is None
    }


def own_columns(task: Task) -> Matrix:
    """Parents' columns as numbers, shape (n, 0) where there is none."""
    parents = task.parents()
    return parents.to_numpy().astype(float) if parents.width else np.empty((len(task.y), 0))


def plain_aggregates(task: Task, rows: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """What single-table opponents are given of the history: counts, means and the like of all earlier rows."""
    time_column = task.tables.schema.tables[task.history].time
    assert time_column is not None
    kinds = _kinds(task, task.history, skip=task.through)
    joined = rows.with_row_index("place").join(history, on="owner").filter(pl.col(time_column) < pl.col("cutoff"))
    days = (pl.col("cutoff") - pl.col(time_column)).dt.total_seconds() / 86_400
    asked = [pl.len().cast(pl.Float64).alias("n"), days.min().alias("since_last"), days.max().alias("since_first")]
    for name, kind in kinds.items():
        if kind in ("number", "flag"):
            value = pl.col(name).cast(pl.Float64)
            asked += [getattr(value, stat)().alias(f"{name}_{stat}") for stat in ("mean", "sum", "min", "max", "std")]
        elif kind == "category":
            asked.append(pl.col(name).n_unique().cast(pl.Float64).alias(f"{name}_distinct"))
    made = joined.group_by("place").agg(asked)
    everyone = pl.DataFrame({"place": pl.arange(0, len(rows), eager=True).cast(pl.UInt32)})
    return everyone.join(made, on="place", how="left", maintain_order="left").drop("place")


def write_task(task: Task, folds: list[Fold], folder: Path, data: Path) -> None:
    """Everything a contender may see: rows, history, the labels, and which rows each training fold has."""
    schema = task.tables.schema
    entity = schema.tables[task.entity]
    observed = task.X.join(task.tables[task.entity], on=entity.key, how="left", maintain_order="left")
    rows = observed.select(pl.col(task.through).cast(pl.String).alias("owner"), "cutoff")
    history = task.tables[task.history].rename({task.through: "owner"}).with_columns(pl.col("owner").cast(pl.String))
    rows.write_parquet(folder / "rows.parquet")
    history.write_parquet(folder / "history.parquet")
    task.parents().write_parquet(folder / "own.parquet")
    plain_aggregates(task, rows, history).write_parquet(folder / "plain.parquet")
    promise = schema.tables[task.history]
    told: dict[str, Any] = {"task": task.name, "data": str(data), "time": promise.time}
    told["columns"] = _kinds(task, task.history, skip=task.through)
    for column, detail in promise.columns.items():
        if column != task.through and detail.to in schema.tables:
            task.tables[detail.to].write_parquet(folder / "parent.parquet")
            told["parent"] = {"column": column, "key": schema.tables[detail.to].key, "columns": _kinds(task, detail.to)}
    (folder / "told.json").write_text(json.dumps(told))
    np.save(folder / "y.npy", task.y)
    for number, (train, _) in enumerate(folds):
        np.save(folder / f"train_{number:02d}.npy", train)


# ------------------------------------------------------------------ a contender's process
def family_cpu(pid: int) -> float:
    """CPU seconds of a process and its children so far; 0 when it has just ended."""
    import psutil

    total = 0.0
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return total
    for member in family:
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if member is first:  # children that have ended
            total += times.children_user + times.children_system
    return total


def work(command: list[str], folder: Path, limit_s: float, threads: int = 1) -> dict[str, Any]:
    """Run a contender; stop it when it hands nothing back for ``limit_s`` CPU seconds.

    Returns what it reported, with the CPU seconds of its whole process.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # libraries that take all processors unless told otherwise; each contender's own setting is in its script
    environment = os.environ | {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    with (folder / "errors.txt").open("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, cwd=folder, env=environment, start_new_session=True
        )
        last, done, spent = 0.0, 0, 0.0
        try:
            while process.poll() is None:
                found = len(list(folder.glob("fold_*.npy")))
                spent = max(spent, family_cpu(process.pid))
                if found > done:
                    last, done = spent, found
                if spent - last > limit_s:
                    raise Unfinished(f"did not finish a fold in {limit_s:.0f} CPU s ({done} done)")
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode:
            errors.seek(0)
            lines = errors.read().strip().splitlines() or [f"exit status {process.returncode}"]
            raise Unfinished("failed: " + lines[-1][:160])
        figures = json.loads((folder / "report.json").read_text())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    process_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**figures, "process_cpu_s": process_cpu}


def python_of(contender: Contender, environments: Path) -> Path | None:
    """The Python that has the contender's libraries; None where its environment was not made."""
    if contender.environment is None:
        return Path(sys.executable)
    found = environments / contender.environment / "bin" / "python"
    return found if found.exists() else None


@contextmanager
def prepared(task: Task, folds: list[Fold], data: Path) -> Iterator[Path]:
    """A folder with the task in it, gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        write_task(task, folds, Path(name), data)
        yield Path(name)


def compete(
    task: Task, name: str, folds: list[Fold], data: Path, environments: Path, limit_s: float
) -> Iterator[dict[str, Any]]:
    """Lines of one contender on one task; a result that is missing has a ``status`` that says why."""
    line: dict[str, Any] = {"table": "relational", "set": task.name, "of": name, "rows": len(task.y)}
    line |= {"folds": len(folds), "fold_hash": fold_hash(task.y, folds)}
    contender = CONTENDERS[name]
    own = own_columns(task)
    if not contender.script:
        yield line | scored(task.y, folds, iter([own] * len(folds)))
        return
    python = python_of(contender, environments)
    if python is None:
        yield line | {"status": "not installed"}
        return
    with prepared(task, folds, data) as folder:
        try:
            line |= work([str(python), str(HERE / "contenders" / contender.script), str(folder)], folder, limit_s)
        except Unfinished as reason:
            yield line | {"status": str(reason)}
            return
        one = folder / "all.npy"
        if one.exists():
            whole = np.load(one)
            made = [whole] * len(folds)
        else:
            made = [np.load(folder / f"fold_{number:02d}.npy") for number in range(len(folds))]
        told = folder / "formulas.json"
        if told.exists():
            line["formulas"] = json.loads(told.read_text())
    if contender.own != "beside":
        yield line | scored(task.y, folds, iter(made))
    if contender.own != "included":
        of = name if contender.own == "beside" else f"{name} + parents"
        line.pop("formulas", None)
        yield line | {"of": of} | scored(task.y, folds, (np.hstack([own, table]) for table in made))
