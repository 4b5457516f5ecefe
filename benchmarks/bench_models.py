"""The model portfolio beside its opponents on four public single-table data sets.

    python benchmarks/bench_models.py [--data DIR] [--sets german hmeq taiwan bank_churners] [--folds 5] [--n-jobs 1]

Stratified folds (seed 0); mean ROC AUC, mean log loss and CPU seconds of one fold's fit and scoring. The data is not
part of the project: --data names the folder that holds ``credit/`` and ``sales/`` (default: $TAEL_DATA, else
../shared/data).

The encoder belongs to this benchmark alone. It looks at no label: text columns with at most 12 values become 0/1
flags, one per value (missing has no flag of its own: all zero); text columns with more become the rank of the value
in the alphabet. Numbers stay as they are, missing values stay missing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

# What field.md, section 2, calls the best known AUC of a quick model on the same data.
TARGETS = {"german": 0.797, "hmeq": 0.978, "taiwan": 0.785, "bank_churners": 0.994}


def _german(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    lines = (folder / "credit/german/german.data").read_text().splitlines()
    rows = [line.split() for line in lines[1:] if line.strip()]
    frame = pl.DataFrame(rows, schema=lines[0].split(), orient="row")
    numbers = [
        "Duration",
        "Credit-amount",
        "Installment-rate",
        "Present-residence",
        "Age",
        "Existing-credits",
        "liable",
    ]
    frame = frame.with_columns(pl.col(numbers).cast(pl.Float64))
    return frame.drop("target"), (frame["target"] == "2").to_numpy().astype(int)


def _hmeq(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    frame = pl.read_csv(folder / "credit/hmeq/hmeq.csv", infer_schema_length=None)
    return frame.drop("Default"), frame["Default"].to_numpy().astype(int)


def _taiwan(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    frame = pl.read_csv(folder / "credit/taiwan/default_of_credit_card_clients.csv", skip_rows=1)
    label = frame.columns[-1]
    return frame.drop("ID", label).cast(pl.Float64), frame[label].to_numpy().astype(int)


def _bank_churners(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    frame = pl.read_csv(folder / "sales/bank_churners/BankChurners.csv")
    # The two Naive_Bayes columns are predictions of the label.
    frame = frame.select(pl.exclude("CLIENTNUM", "^Naive_Bayes.*$"))
    label = (frame["Attrition_Flag"] == "Attrited Customer").to_numpy().astype(int)
    return frame.drop("Attrition_Flag"), label


SETS: dict[str, Callable[[Path], tuple[pl.DataFrame, np.ndarray]]] = {
    "german": _german,
    "hmeq": _hmeq,
    "taiwan": _taiwan,
    "bank_churners": _bank_churners,
}


def encode(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn text columns into flags (at most 12 values) or alphabetical ranks; leave numbers alone."""
    columns: list[pl.Series] = []
    for series in frame.get_columns():
        if series.dtype != pl.String:
            columns.append(series.cast(pl.Float64))
            continue
        values = sorted(v for v in series.unique().to_list() if v is not None)
        if len(values) <= 12:
            columns += [(series == v).fill_null(False).cast(pl.Float64).alias(f"{series.name}={v}") for v in values]
        else:
            rank = {v: float(i) for i, v in enumerate(values)}
            columns.append(pl.Series(series.name, [rank.get(v) for v in series], dtype=pl.Float64))
    return pl.DataFrame(columns)


def load(name: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one set and encode it: a float matrix and 0/1 labels."""
    frame, y = SETS[name](folder)
    return encode(frame).to_numpy(), y


def opponents(n_jobs: int) -> dict[str, Callable[[], BaseEstimator]]:
    """What stands beside what: the reference, LightGBM as it comes, and the portfolio with both ways to refit."""
    from lightgbm import LGBMClassifier

    from tael.models import LogisticReference, PortfolioClassifier

    lgb: dict[str, Any] = {"verbosity": -1, "deterministic": True, "force_col_wise": True, "random_state": 0}
    slow: dict[str, Any] = {
        "learning_rate": 0.03,
        "n_estimators": 300,
        "num_leaves": 15,
        "colsample_bytree": 0.5,
        "min_child_samples": 40,
        "reg_lambda": 5,
    }
    return {
        "logistic reference": LogisticReference,
        "LightGBM default": lambda: LGBMClassifier(n_jobs=n_jobs, **lgb),
        "LightGBM slow": lambda: LGBMClassifier(n_jobs=n_jobs, **lgb, **slow),
        "portfolio": lambda: PortfolioClassifier(n_jobs=n_jobs),
        "portfolio, folds": lambda: PortfolioClassifier(refit="folds", n_jobs=n_jobs),
    }


def measure(make: Callable[[], BaseEstimator], X: np.ndarray, y: np.ndarray, folds: int) -> dict[str, Any]:
    """Cross-validate one opponent: mean AUC and log loss, CPU seconds a fold, and the members chosen."""
    auc, loss, chosen = [], [], []
    start = time.process_time()
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(X, y):
        model = make()
        model.fit(X[train], y[train])
        p = model.predict_proba(X[test])[:, 1]
        auc.append(roc_auc_score(y[test], p))
        loss.append(log_loss(y[test], p))
        chosen.append(", ".join(f"{m.name} {m.weight:.2f}" for m in getattr(model, "members_", [])))
    cpu = (time.process_time() - start) / folds
    return {"auc": float(np.mean(auc)), "log_loss": float(np.mean(loss)), "cpu": cpu, "chosen": chosen}


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", default=None, help="names of opponents; all by default")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print the members that each fold chose")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    print(f"{'set':<15}{'model':<20}{'AUC':>8}{'log loss':>10}{'CPU s':>8}{'best known':>12}")
    for name in args.sets:
        X, y = load(name, args.data)
        for title, make in opponents(args.n_jobs).items():
            if args.models and title not in args.models:
                continue
            row = measure(make, X, y, args.folds)
            print(
                f"{name:<15}{title:<20}{row['auc']:>8.4f}{row['log_loss']:>10.4f}{row['cpu']:>8.2f}{TARGETS[name]:>12.3f}",
                flush=True,
            )
            if args.verbose:
                for line in filter(None, row["chosen"]):
                    print(f"    {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
