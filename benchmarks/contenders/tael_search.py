"""tael's AutoFeatures with its defaults through the public API, refitted in each fold."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _bench import Folder, in_folds  # noqa: E402


def main() -> int:
    """Fit and transform fold by fold; the kept formulas go to formulas.json."""
    from tael.features import AutoFeatures
    from tasks import load

    folder = Folder(sys.argv[1])
    task = load(folder.told["task"], Path(folder.told["data"]))
    kept: list[list[str]] = []
    tried: list[int] = []

    def build(train: np.ndarray) -> np.ndarray:
        auto = AutoFeatures(task.tables, entity=task.entity, random_state=0).fit(task.X[train], task.y[train])
        kept.append(list(auto.formulas_))
        tried.append(len(auto.ledger_))
        return np.asarray(auto.transform(task.X).to_numpy(), dtype=float)

    in_folds(folder, build)
    (folder.path / "formulas.json").write_text(json.dumps({"kept": kept, "tried": tried}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
