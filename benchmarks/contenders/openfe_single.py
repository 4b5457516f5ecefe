"""OpenFE on one table (parents' columns and plain aggregates of the history), refitted in each fold, one process."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
from _bench import Folder, in_folds, numbers

NEW = 50  # of the candidates that OpenFE ranks, so many are used, as its guide does


def main() -> int:
    """Fit and transform fold by fold; the task's limit stops what does not end."""
    warnings.filterwarnings("ignore")
    from openfe import OpenFE, transform

    folder = Folder(sys.argv[1])
    table = pd.concat([folder.frame("own"), folder.frame("plain")], axis=1)
    table.columns = [f"c{i}" for i in range(table.shape[1])]

    def build(train: np.ndarray) -> np.ndarray:
        left = table.iloc[train].reset_index(drop=True)
        label = pd.DataFrame({"y": folder.y[train]})
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)  # it leaves a file where it runs
            features = OpenFE().fit(data=left, label=label, task="classification", n_jobs=1, seed=0, verbose=False)
            _, made = transform(left, table.reset_index(drop=True), features[:NEW], n_jobs=1)
            os.chdir(folder.path)
        return numbers(made)

    in_folds(folder, build)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
