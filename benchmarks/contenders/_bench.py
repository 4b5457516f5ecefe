"""What every contender's process shares: the task's folder, the clock, and how a matrix is handed back.

The processes of the opponents have their own libraries: this file needs numpy and pandas alone, and no tael.

A task's folder holds rows.parquet (owner, cutoff), own.parquet (parents' columns as numbers), plain.parquet (plain
aggregates of the history, for single-table opponents), history.parquet, perhaps parent.parquet, y.npy, train_NN.npy
(rows of each training fold) and told.json. A contender writes all.npy (one matrix for all folds: it saw no label) or
fold_NN.npy for each, and report.json with what it cost.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MIB = 1024


def cpu() -> float:
    """CPU seconds so far, user and system, with those of children that have ended."""
    return sum(os.times()[:4])


def peak_mb() -> float:
    """Peak resident memory of this process in MB.

    Linux says it of the program that runs now; getrusage also counts the process that started it, which may be larger.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        if found:
            return int(found[0].split()[1]) / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


class Folder:
    """A task's folder, as a contender reads and fills it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.told: dict[str, Any] = json.loads((self.path / "told.json").read_text())
        self.y = np.load(self.path / "y.npy")

    def frame(self, name: str) -> Any:
        """One of the Parquet files as a pandas frame; times in nanoseconds, as older libraries want them."""
        import pandas as pd

        frame = pd.read_parquet(self.path / f"{name}.parquet")
        for column in frame.columns:
            if str(frame[column].dtype).startswith("datetime64"):
                frame[column] = frame[column].astype("datetime64[ns]")
        return frame

    def has(self, name: str) -> bool:
        """Whether there is such a Parquet file."""
        return (self.path / f"{name}.parquet").exists()

    @property
    def folds(self) -> list[np.ndarray]:
        """Rows of each training fold, in order."""
        return [np.load(path) for path in sorted(self.path.glob("train_*.npy"))]

    def write_all(self, matrix: np.ndarray) -> None:
        """Hand back one matrix for all folds."""
        np.save(self.path / "all.npy", matrix)

    def write_fold(self, number: int, matrix: np.ndarray) -> None:
        """Hand back a fold's matrix; the name appears only when all of it is written."""
        part = self.path / f"part_{number:02d}.npy"
        np.save(part, matrix)
        part.rename(self.path / f"fold_{number:02d}.npy")


def numbers(frame: Any) -> np.ndarray:
    """A pandas frame as numbers: text as the rank of its value, infinities as missing, constant columns left out."""
    import pandas as pd

    columns = []
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object or str(column.dtype) in ("string", "str", "category"):
            codes = pd.factorize(column.astype("string"), sort=True)[0].astype(float)
            columns.append(np.where(codes < 0, np.nan, codes))
        else:
            columns.append(pd.to_numeric(column).astype(float).replace([np.inf, -np.inf], np.nan).to_numpy())
    varied = [column for column in columns if len(pd.unique(column)) > 1]
    return np.column_stack(varied) if varied else np.empty((len(frame), 0))


def in_folds(folder: Folder, build: Callable[[np.ndarray], np.ndarray], **more: Any) -> None:
    """Build features for each training fold, for all rows, and tell what a fold cost."""
    spent, passed = [], []
    for number, train in enumerate(folder.folds):
        start, clock = cpu(), time.perf_counter()
        matrix = build(train)
        spent.append(cpu() - start)
        passed.append(time.perf_counter() - clock)
        folder.write_fold(number, matrix)
    report(folder, cpu_s=float(np.mean(spent)), wall_s=float(np.mean(passed)), cpu_s_first=spent[0], **more)


def once(folder: Folder, build: Callable[[], np.ndarray]) -> None:
    """Build features that need no label, once for all folds."""
    start, clock = cpu(), time.perf_counter()
    matrix = build()
    spent, passed = cpu() - start, time.perf_counter() - clock
    folder.write_all(matrix)
    report(folder, cpu_s=spent, wall_s=passed)


def report(folder: Folder, **figures: Any) -> None:
    """What the features cost; in a file, for libraries print what they like."""
    figures.setdefault("peak_mb", peak_mb())
    (folder.path / "report.json").write_text(json.dumps(figures))
