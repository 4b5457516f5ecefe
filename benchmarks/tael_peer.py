"""tael as an opponent in another bench: a class that is given a task and fits on the rows of a training fold.

    python run.py --data DIR --task T1 --opponent tael_peer:build --out results.jsonl     # this folder on PYTHONPATH

The other bench has its own reader of the same four sets; ``build`` takes tael's own reading of the set (tasks/, raw
columns with types and known-at times) and refuses to go on unless rows and labels are the same, one by one.
``build_with_own`` puts the parents' columns beside tael's, as the opponents there have them. TAEL_DATA names the data.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
NAMES = {"T1": "superlender", "T2": "provider-fraud", "T3": "cdnow", "T4": "berka"}


def read_here(name: str, folder: Path) -> Any:
    """The set as this repository reads it; the other bench has a module ``tasks`` too, which is put back afterwards."""
    theirs = {key: sys.modules.pop(key) for key in [*sys.modules] if key == "tasks" or key.startswith("tasks.")}
    sys.path.insert(0, str(HERE))
    try:
        from tasks import load

        return load(name, folder)
    finally:
        sys.path.remove(str(HERE))
        for key in [key for key in sys.modules if key == "tasks" or key.startswith("tasks.")]:
            del sys.modules[key]
        sys.modules.update(theirs)


class build:  # noqa: N801 - the other bench names its opponents in small letters
    """AutoFeatures with its defaults, fitted on the rows given."""

    own = False

    def __init__(self, task: Any, **_: Any) -> None:
        folder = Path(os.environ.get("TAEL_DATA", HERE.parents[1] / "shared" / "data"))
        self.here = read_here(NAMES.get(task.name, task.name), folder)
        self.theirs = task
        if not np.array_equal(self.here.y, task.y):
            raise SystemExit(f"{task.name}: rows or labels differ from those of {self.here.name}")

    def fit(self, rows: NDArray[np.int64]) -> build:
        """Search on these rows' labels alone."""
        from tael.features import AutoFeatures

        here = self.here
        self.auto = AutoFeatures(here.tables, entity=here.entity).fit(here.X[rows], here.y[rows])
        return self

    def transform(self, rows: NDArray[np.int64]) -> Any:
        """The kept formulas as a pandas frame, indexed by the other bench's row_id."""
        import pandas as pd

        values = np.asarray(self.auto.transform(self.here.X[rows]).to_numpy(), dtype=float)
        made = pd.DataFrame(
            values, columns=self.auto.get_feature_names_out(), index=self.theirs.obs.row_id.to_numpy()[rows]
        )
        return pd.concat([self.theirs.base().iloc[rows], made.add_prefix("tael ")], axis=1) if self.own else made


class build_with_own(build):  # noqa: N801
    """The same with the parents' columns beside it."""

    own = True
