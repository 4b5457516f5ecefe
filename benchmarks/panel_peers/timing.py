"""What the peers share: CPU seconds of a call, the panel in a folder, and the line that tells what was measured."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REPEATS = 3
CHECKED = 100
"""Rows at the end of the panel whose values are compared."""


def cpu_seconds() -> float:
    """User and system time of all threads of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def fields_of(folder: Path) -> dict[str, Any]:
    """The panel's fields, (T, N) float64."""
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def measure(task: str, call: Callable[[], Any], folder: Path, peer: str) -> None:
    """Call once to compile and warm up, then keep the best of three; the last rows go to a file for the comparison."""
    result = call()
    if result is not None:
        np.save(folder / "out" / f"{peer}-{task}.npy", np.asarray(result)[-CHECKED:])
    del result
    best = float("inf")
    for _ in range(REPEATS):
        before = cpu_seconds()
        call()
        best = min(best, cpu_seconds() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("JSON " + json.dumps({"task": task, "cpu_s": best, "peak_mb": peak}), flush=True)


def asked() -> tuple[Path, list[str]]:
    """The folder and the tasks that the command line names."""
    return Path(sys.argv[1]), sys.argv[2:]
