"""optbinning, and interpret's EBM, on a folder of arrays: run by an environment of its own, prints one line of JSON.

python optbinning_peer.py bins FOLDER      X.npy, y.npy -> splits by column and CPU seconds (bench_binning.py)
python optbinning_peer.py card FOLDER      X.csv, y.npy -> AUC, log loss, CPU seconds a fold (also bench_models.py)
python optbinning_peer.py ebm FOLDER       the same by interpret's ExplainableBoostingClassifier (bench_models.py)
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def bins(folder: Path) -> dict[str, Any]:
    """Bins of every column, with optbinning's own pre-binning and with 64 quantiles as tael has them."""
    from optbinning import OptimalBinning

    X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    settings = json.loads((folder / "settings.json").read_text())
    out: dict[str, Any] = {}
    for name, extra in (
        ("its own 20 pre-bins", {}),
        ("64 quantile pre-bins", {"prebinning_method": "quantile", "max_n_prebins": 64, "min_prebin_size": 0.001}),
    ):
        splits, start = [], time.process_time()
        for j in range(X.shape[1] if not extra else settings["columns_64"]):
            one = OptimalBinning(
                dtype="numerical",
                monotonic_trend="ascending",
                max_n_bins=settings["max_bins"],
                min_bin_size=settings["min_bin_size"],
                **extra,
            ).fit(X[:, j], y)
            splits.append(np.asarray(one.splits).tolist())
        out[name] = {"splits": splits, "cpu": time.process_time() - start}
    return out


def card(folder: Path) -> dict[str, Any]:
    """Its binning with defaults and scikit-learn's logistic regression, with missing values as 0 and as they are."""
    from optbinning import BinningProcess
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    frame, y, text = _read(folder)
    out: dict[str, Any] = {}
    for missing in (0, "empirical"):
        auc, loss, start = [], [], time.process_time()
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        for train, test in folds.split(frame, y):
            binning = BinningProcess(frame.columns.tolist(), categorical_variables=text or None)
            W = binning.fit_transform(frame.iloc[train], y[train], metric="woe", metric_missing=missing)
            model = LogisticRegression(C=1.0, max_iter=1000).fit(W, y[train])
            p = model.predict_proba(binning.transform(frame.iloc[test], metric="woe", metric_missing=missing))[:, 1]
            auc.append(roc_auc_score(y[test], p))
            loss.append(log_loss(y[test], p))
        cpu = (time.process_time() - start) / 5
        out[f"metric_missing={missing}"] = {
            "auc": np.mean(auc), "auc_sd": np.std(auc), "log_loss": np.mean(loss), "cpu_s": cpu,
        }  # fmt: skip
    return out


def ebm(folder: Path) -> dict[str, Any]:
    """The explainable boosting machine as it comes, one process."""
    from interpret.glassbox import ExplainableBoostingClassifier
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    frame, y, _ = _read(folder)
    auc, loss, start = [], [], time.process_time()
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(frame, y):
        model = ExplainableBoostingClassifier(n_jobs=1, random_state=0).fit(frame.iloc[train], y[train])
        p = model.predict_proba(frame.iloc[test])[:, 1]
        auc.append(roc_auc_score(y[test], p))
        loss.append(log_loss(y[test], p))
    cpu = (time.process_time() - start) / 5
    return {"ebm": {"auc": np.mean(auc), "auc_sd": np.std(auc), "log_loss": np.mean(loss), "cpu_s": cpu}}


def _read(folder: Path) -> tuple[Any, Any, list[str]]:
    """X, y, and the columns of text."""
    import pandas as pd

    frame, y = pd.read_csv(folder / "X.csv"), np.load(folder / "y.npy")
    numbers = json.loads((folder / "numbers.json").read_text())
    text = [name for name in frame.columns if name not in numbers]
    for name in text:
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame, y, text


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    result = {"bins": bins, "card": card, "ebm": ebm}[sys.argv[1]](Path(sys.argv[2]))
    print("JSON " + json.dumps(result, default=float))
