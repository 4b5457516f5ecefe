"""Binning and scorecard beside optbinning: information value, speed, and AUC on four public data sets.

    python benchmarks/bench_binning.py [--data DIR] [--optbinning-python PATH] [--rows 150000] [--columns 100]

optbinning lives in an environment of its own (``python -m venv ob && ob/bin/pip install optbinning``), named by
--optbinning-python or TAEL_OPTBINNING_PYTHON; without it tael is measured alone. Bins: simulated columns of five
shapes whose bad rate rises, the same limits on both sides (rising bad rate, 10 bins at most, 5 % of the rows in each at
least); information values are worked out here from both sides' splits. Scorecards: stratified folds (seed 0), raw
columns with their text; optbinning's defaults, with scikit-learn's logistic regression on its weights of evidence.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from bench_models import SETS

MAX_BINS, MIN_SIZE, COLUMNS_64 = 10, 0.05, 20


def simulate(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of five shapes, 3 % missing, and a label that rises with each."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(2.0 - base))).astype(int)
    X = np.empty((n, p))
    for j in range(p):
        x = base * rng.uniform(0.1, 1.0) + rng.normal(size=n)
        X[:, j] = (x, np.exp(x), np.round(x * 3), np.floor(np.exp(x)), np.maximum(x, 0))[j % 5]
        X[rng.random(n) < 0.03, j] = np.nan
    return X, y


def information_value(x: np.ndarray, y: np.ndarray, splits: list[float]) -> float:
    """Plainly, without smoothing; missing values are a bin."""
    bins = np.where(np.isnan(x), len(splits) + 1, np.searchsorted(splits, x, side="right"))
    bad, good = (np.bincount(bins[y == k], minlength=len(splits) + 2) for k in (1, 0))
    used = (bad > 0) & (good > 0)
    b, g = bad[used] / bad.sum(), good[used] / good.sum()
    return float(((g - b) * np.log(g / b)).sum())


def peer(python: str | None, what: str, folder: Path) -> dict[str, Any]:
    """What optbinning makes of a folder; nothing where it is not installed."""
    if python is None:
        return {}
    script = Path(__file__).with_name("optbinning_peer.py")
    done = subprocess.run([python, str(script), what, str(folder)], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("JSON ")]
    if done.returncode or not lines:
        print(f"optbinning failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return {}
    return dict(json.loads(lines[-1][5:]))


def compare_bins(n: int, p: int, python: str | None) -> None:
    """Information value and CPU seconds of both sides on the same columns."""
    from tael.models import OptimalBinning

    X, y = simulate(n, p)
    OptimalBinning().fit(X[:1000], y[:1000])  # compiled kernels
    start = time.process_time()
    OptimalBinning().fit(X, y)
    default = time.process_time() - start
    binning = OptimalBinning("ascending", max_bins=MAX_BINS, min_bin_size=MIN_SIZE, smoothing=0.0)
    start = time.process_time()
    binning.fit(X, y)
    cpu = time.process_time() - start
    ours = [information_value(X[:, j], y, rule.splits.tolist()) for j, rule in enumerate(binning.columns_)]
    print(f"{n:,} rows x {p} columns: tael {default:.2f} CPU s with defaults (auto trend), {cpu:.2f} rising")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "X.npy", X)
        np.save(folder / "y.npy", y)
        settings = {"max_bins": MAX_BINS, "min_bin_size": MIN_SIZE, "columns_64": min(COLUMNS_64, p)}
        (folder / "settings.json").write_text(json.dumps(settings))
        for title, got in peer(python, "bins", folder).items():
            k = len(got["splits"])
            theirs = [information_value(X[:, j], y, splits) for j, splits in enumerate(got["splits"])]
            ratio = np.array(ours[:k]) / np.array(theirs)
            times = got["cpu"] / k / (cpu / p)
            print(
                f"  optbinning, {title}: {got['cpu']:.1f} CPU s for {k} columns, {times:.0f} times tael's; "
                f"tael's IV / its: least {ratio.min():.4f}, mean {ratio.mean():.4f}, most {ratio.max():.4f}"
            )


def cards() -> dict[str, Callable[[], Any]]:
    """The scorecard as it comes, and without what optbinning's chain does not do."""
    from tael.models import Scorecard

    return {"Scorecard": Scorecard, "Scorecard, no sign check": lambda: Scorecard(sign_check=False)}


def compare_cards(data: Path, python: str | None) -> None:
    """AUC and log loss over five folds."""
    print(f"{'set':<15}{'model':<40}{'AUC':>8}{'log loss':>10}{'CPU s':>8}")
    for name, read in SETS.items():
        X, y = read(data)
        rows: dict[str, dict[str, float]] = {}
        for title, make in cards().items():
            auc, loss, start = [], [], time.process_time()
            for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(len(y)), y):
                p = make().fit(X[train], y[train]).predict_proba(X[test])[:, 1]
                auc.append(roc_auc_score(y[test], p))
                loss.append(log_loss(y[test], p))
            cpu = (time.process_time() - start) / 5
            rows[title] = {"auc": float(np.mean(auc)), "log_loss": float(np.mean(loss)), "cpu_s": cpu}
        with tempfile.TemporaryDirectory() as folder:
            X.write_csv(Path(folder) / "X.csv")
            np.save(Path(folder) / "y.npy", y)
            numbers = [s.name for s in X.get_columns() if s.dtype != pl.String]
            (Path(folder) / "numbers.json").write_text(json.dumps(numbers))
            rows |= {f"optbinning, {title}": row for title, row in peer(python, "card", Path(folder)).items()}
        for title, row in rows.items():
            print(f"{name:<15}{title:<40}{row['auc']:>8.4f}{row['log_loss']:>10.4f}{row['cpu_s']:>8.2f}", flush=True)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--optbinning-python", default=os.environ.get("TAEL_OPTBINNING_PYTHON"))
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--columns", type=int, default=100)
    args = parser.parse_args()
    if args.optbinning_python is None:
        print("optbinning is not here (--optbinning-python): tael is measured alone.")
    compare_bins(args.rows, args.columns, args.optbinning_python)
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    compare_cards(args.data, args.optbinning_python)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
