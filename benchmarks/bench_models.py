"""tael's models beside their opponents on four public single-table data sets.

    python benchmarks/bench_models.py [--data DIR] [--sets german hmeq taiwan bank_churners] [--models NAME ...]
    python benchmarks/bench_models.py --page docs/benchmarks-models.md        # put the latest lines on the page

Stratified folds (seed 0); mean ROC AUC, mean log loss and CPU seconds of one fold's fit and scoring. *gap* is the share
of the way from the scorecard to the portfolio. Each line is kept in ``benchmarks/results``, and the latest line of a
model stands in the table. The data is not part of the project: --data names the folder that holds ``credit/`` and
``sales/`` (default: $TAEL_DATA, else ../shared/data).

Scorecards, the additive booster and the peers (optbinning, interpret's EBM) read the raw columns. The others take
numbers: an encoder that belongs to this benchmark alone, and looks at no label, turns text columns with at most 12
values into 0/1 flags (missing has no flag of its own: all zero), and those with more into the rank of the value in the
alphabet. Numbers stay as they are, missing values stay missing; logistic regression has them imputed and flagged.

The peers live in environments of their own, ``.venv-bench/optbinning`` and ``.venv-bench/interpret``
(``pip install optbinning``, ``pip install interpret-core``); one that is not there is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

import results

HERE = Path(__file__).resolve().parent
# The best AUC of a quick model that was known when the project began.
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


def contenders(n_jobs: int) -> dict[str, tuple[Callable[[], BaseEstimator], bool]]:
    """What stands beside what: how each is made, and whether it reads the raw columns."""
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier

    from tael.models import AdditiveBooster, LogisticReference, PortfolioClassifier, Scorecard

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
        "logistic reference": (LogisticReference, False),
        "LightGBM default": (lambda: LGBMClassifier(n_jobs=n_jobs, **lgb), False),
        "LightGBM slow": (lambda: LGBMClassifier(n_jobs=n_jobs, **lgb, **slow), False),
        "HistGradientBoosting": (lambda: HistGradientBoostingClassifier(random_state=0), False),
        SCORECARD: (Scorecard, True),
        "scorecard, no sign check": (lambda: Scorecard(sign_check=False), True),
        "additive booster": (lambda: AdditiveBooster(n_jobs=n_jobs), True),
        PORTFOLIO: (lambda: PortfolioClassifier(n_jobs=n_jobs), False),
        "portfolio, folds": (lambda: PortfolioClassifier(refit="folds", n_jobs=n_jobs), False),
    }


SCORECARD, PORTFOLIO = "scorecard", "portfolio"
LEVEL = 0.005  # AUC; a share of a smaller gap says nothing
PEERS = {"optbinning scorecard": ("optbinning", "card"), "EBM (interpret)": ("interpret", "ebm")}
ORDER = (
    "logistic reference", "optbinning scorecard, missing as 0", "optbinning scorecard, missing as it is", SCORECARD,
    "scorecard, no sign check", "EBM (interpret)", "additive booster", "LightGBM default", "LightGBM slow",
    "HistGradientBoosting", PORTFOLIO, "portfolio, folds",
)  # fmt: skip


def measure(make: Callable[[], BaseEstimator], X: Any, y: np.ndarray, folds: int, n_jobs: int) -> results.Line:
    """Cross-validate one contender: mean AUC and log loss, CPU seconds a fold, and the members chosen."""
    from threadpoolctl import threadpool_limits

    auc, loss, chosen = [], [], []
    start = time.process_time()
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(np.zeros(len(y)), y):
        model = make()
        with threadpool_limits(n_jobs):  # HistGradientBoosting has no n_jobs: it takes what OpenMP gives
            model.fit(X[train], y[train])
            p = model.predict_proba(X[test])[:, 1]
        auc.append(roc_auc_score(y[test], p))
        loss.append(log_loss(y[test], p))
        chosen.append(", ".join(f"{m.name} {m.weight:.2f}" for m in getattr(model, "members_", [])))
    cpu = (time.process_time() - start) / folds
    return figures(auc, loss, cpu) | {"chosen": chosen, "folds": folds}


def figures(auc: list[float], loss: list[float], cpu: float) -> results.Line:
    """Means, and the folds' standard deviation."""
    return {"auc": float(np.mean(auc)), "auc_sd": float(np.std(auc)), "log_loss": float(np.mean(loss)), "cpu_s": cpu}


def warm(n_jobs: int) -> None:
    """Compile tael's kernels, which happens once on a machine and is no part of a fit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=400) > 0).astype(int)
    for title in (SCORECARD, "additive booster"):
        contenders(n_jobs)[title][0]().fit(X, y)


def peer(environment: str, what: str, frame: pl.DataFrame, y: np.ndarray) -> dict[str, results.Line]:
    """What a peer in an environment of its own makes of the raw columns; nothing where it is not installed."""
    home = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench")) / environment
    if not (home / "bin/python").is_file():
        print(f"{environment} is not in {home}: left out", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        frame.write_csv(Path(folder) / "X.csv")
        np.save(Path(folder) / "y.npy", y)
        numbers = [s.name for s in frame.get_columns() if s.dtype != pl.String]
        (Path(folder) / "numbers.json").write_text(json.dumps(numbers))
        command = [str(home / "bin/python"), str(HERE / "optbinning_peer.py"), what, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("JSON ")]
    if done.returncode or not lines:
        print(f"{environment} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return {}
    return dict(json.loads(lines[-1][5:]))


PEER_NAMES = {
    "metric_missing=0": "optbinning scorecard, missing as 0",
    "metric_missing=empirical": "optbinning scorecard, missing as it is",
    "ebm": "EBM (interpret)",
}


def gap(line: results.Line, lines: list[results.Line]) -> float | None:
    """Share of the way from the scorecard's AUC to the portfolio's; none where the two are level."""
    ends = {one["of"]: one["auc"] for one in lines if one["set"] == line["set"]}
    if SCORECARD not in ends or PORTFOLIO not in ends or ends[PORTFOLIO] - ends[SCORECARD] < LEVEL:
        return None
    return (line["auc"] - ends[SCORECARD]) / (ends[PORTFOLIO] - ends[SCORECARD])


def table(lines: list[results.Line]) -> str:
    """The latest line of each contender on each set, as Markdown."""
    out = [
        "| set | model | AUC | fold sd | log loss | CPU s a fold | gap closed |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name in SETS:
        for line in sorted((one for one in lines if one["set"] == name), key=lambda one: ORDER.index(one["of"])):
            share = gap(line, lines)
            cells = [f"{line['auc']:.4f}", f"{line['auc_sd']:.3f}", f"{line['log_loss']:.4f}", f"{line['cpu_s']:.2f}"]
            out.append(f"| {name} | {line['of']} | {' | '.join(cells)} | {'' if share is None else f'{share:.0%}'} |")
    return "\n".join(out)


def placed(page: str, lines: list[results.Line]) -> str:
    """The page with the table between its marks."""
    whole = f"<!-- table: models -->\n{table(lines)}\n<!-- end -->"
    return re.sub(r"<!-- table: models -->.*?<!-- end -->", lambda _: whole, page, flags=re.DOTALL)


def run(name: str, args: argparse.Namespace) -> None:
    """Measure the contenders that were asked for on one set."""

    def keep(title: str, row: results.Line) -> None:
        results.write({"table": "models", "set": name, "of": title, **row})
        shown = f"{row['auc']:>9.4f}{row['log_loss']:>10.4f}{row['cpu_s']:>8.2f}{TARGETS[name]:>12.3f}"
        print(f"{name:<15}{title:<40}{shown}", flush=True)
        for line in filter(None, row.get("chosen", []) if args.verbose else []):
            print(f"    {line}")

    frame, y = SETS[name](args.data)
    encoded = encode(frame).to_numpy()
    for title, (make, raw) in contenders(args.n_jobs).items():
        if not args.models or title in args.models:
            keep(title, measure(make, frame if raw else encoded, y, args.folds, args.n_jobs))
    for title, (environment, what) in PEERS.items():
        if not args.models or title in args.models:
            for key, row in peer(environment, what, frame, y).items():
                keep(PEER_NAMES[key], row)


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", choices=[*contenders(1), *PEERS], metavar="NAME", help="all by default")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print the members that each fold chose")
    parser.add_argument("--page", type=Path, help="measure nothing; put the table on this page")
    args = parser.parse_args()
    if args.page is None:
        if not args.data.is_dir():
            print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
            return 1
        warm(args.n_jobs)
        print(f"{'set':<15}{'model':<40}{'AUC':>9}{'log loss':>10}{'CPU s':>8}{'best known':>12}")
        for name in args.sets:
            run(name, args)
    lines = [line for line in results.read() if line["table"] == "models"]
    if args.page is not None:
        args.page.write_text(placed(args.page.read_text("utf-8"), lines), "utf-8")
    else:
        print(f"\n{table(lines)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
