"""Competing risks: known hazards, and Lending Club's loans of December 2015 (settled early, charged off).

    python benchmarks/bench_hazard.py [--data DIR] [--rows 20000]

Known hazards: mean absolute error of the curves against the truth. Lending Club: five folds; columns known when the
loan was granted; month of the last payment; a 36-month loan that runs to its end is still going at month 34, where all
are cut off. AUC is cumulative/dynamic, Brier is weighted for censoring; Aalen and Johansen's curve, the same for all,
is what a model must beat.
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
from sklearn.model_selection import StratifiedKFold

END = 34  # months
AT_GRANT = [
    *("loan_amnt", "term", "int_rate", "installment", "emp_length", "home_ownership", "annual_inc", "purpose", "dti"),
    *("delinq_2yrs", "fico_range_low", "inq_last_6mths", "open_acc", "pub_rec", "revol_bal", "revol_util", "total_acc"),
    *("mort_acc", "acc_open_past_24mths", "avg_cur_bal", "bc_open_to_buy", "bc_util", "mo_sin_old_rev_tl_op"),
    *("num_actv_rev_tl", "total_bc_limit", "percent_bc_gt_75", "tot_cur_bal", "mths_since_recent_inq"),
    *("mo_sin_rcnt_tl", "application_type", "initial_list_status"),
]
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(NAMES, start=1)}


def simulate(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns, time, event and true curves, shape (n, 2, 36); the second cause's hazard has a hump over time."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 8))
    time_, event = np.full(n, 36), np.zeros(n, dtype=int)
    there, left = np.ones(n, dtype=bool), np.ones(n)
    truth, total = np.empty((n, 2, 36)), np.zeros((n, 2))
    for k in range(1, 37):
        hump = 0.8 * np.exp(-((k - 15) ** 2) / 60)
        hump = 0.8 * np.exp(-((k - 15) ** 2) / 60)
        eta = np.stack([-4.5 + 0.8 * X[:, 0] + 0.4 * np.abs(X[:, 2]), -3.6 - 0.6 * X[:, 1] + hump], axis=1)
        h = np.exp(eta) / (1.0 + np.exp(eta).sum(axis=1, keepdims=True))
        total = total + left[:, None] * h
        left = left * (1.0 - h.sum(axis=1))
        truth[:, :, k - 1] = total
        u = rng.random(n)
        now = np.where(u < h[:, 0], 1, np.where(u < h.sum(axis=1), 2, 0))
        new = there & (now > 0)
        time_[new], event[new] = k, now[new]
        there &= ~new
    seen = rng.integers(6, 60, n)
    return X, np.minimum(time_, seen), np.where(time_ <= seen, event, 0), truth


def lending_club(data: Path) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Columns known at the grant, month, and what happened."""
    loans = pl.read_parquet(data / "credit" / "lending_club_2015" / "loans.parquet")
    last = [None if v is None or not v[:2].isdigit() else (2000 + int(v[:2])) * 12 + MONTHS[v[3:]] for v in
            loans["last_pymnt_d"].to_list()]  # fmt: skip
    start = 2015 * 12 + 12
    months = np.array([1 if v is None else max(v - start, 1) for v in last])
    status = loans["loan_status"].to_numpy()
    event = np.where(status == "Charged Off", "charged off", np.where(status == "Fully Paid", "settled early", "going"))
    late = months > END
    return loans.select(AT_GRANT), np.where(late, END, months), np.where(late, "going", event)


def models() -> dict[str, Callable[[str | int], Any]]:
    """Each from the code of a life that goes on."""
    from tael.models import CompetingRisks

    return {
        "logistic, steps": lambda going: CompetingRisks(censored=going),
        "logistic, spline": lambda going: CompetingRisks(baseline="spline", censored=going),
        "boosted": lambda going: CompetingRisks("boosted", censored=going),
    }


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--rows", type=int, default=20_000)
    args = parser.parse_args()
    from tael.models import aalen_johansen
    from tael.models.hazard_metrics import brier_score, dynamic_auc, integrated_brier
    from tael.models.outcomes import read_outcome

    X, month, event, truth = simulate(args.rows)
    flat = aalen_johansen(month, event).at(np.arange(1, 37))
    print(f"{args.rows:,} lives, known hazards: mean absolute error of the curves")
    print(f"  {'Aalen-Johansen':<20}{np.abs(flat - truth).mean():.4f}")
    for name, make in models().items():
        start = time.process_time()
        model = make(0).fit(X, month, event)
        cpu = time.process_time() - start
        error = np.abs(model.predict_cumulative_incidence(X[:5000], np.arange(1, 37)) - truth[:5000]).mean()
        print(f"  {name:<20}{error:.4f}   fit {cpu:.1f} CPU s", flush=True)
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    frame, month, event = lending_club(args.data)
    times = [12.0, 24.0, 33.0]
    grid = np.arange(1.0, END)
    outcome = read_outcome(month, event, censored="going")
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(month, event))
    print(f"\nLending Club: {dict(zip(*np.unique(event, return_counts=True), strict=True))}")
    print(f"{'model':<20}{'cause':<16}{'AUC 12, 24, 33':>24}{'Brier 12, 24, 33':>26}{'integrated':>12}{'CPU s':>7}")
    for name in ("Aalen-Johansen", *models()):
        at, over, cpu = np.empty((len(month), 2, 3)), np.empty((len(month), 2, len(grid))), 0.0
        for train, test in folds:
            start = time.process_time()
            if name == "Aalen-Johansen":
                curve = aalen_johansen(month[train], event[train], censored="going")
                at[test], over[test] = curve.at(times), curve.at(grid)
            else:
                model = models()[name]("going").fit(frame[train], month[train], event[train])
                over[test] = model.predict_cumulative_incidence(frame[test], grid)
                at[test] = over[test][:, :, [11, 23, 32]]
            cpu += (time.process_time() - start) / 5
        for c, cause in enumerate(outcome.causes):
            # Fold by fold: scores of different fits are not on one scale.
            auc = np.mean([dynamic_auc(outcome.take(te), at[te, c], times, c) for _, te in folds], axis=0)
            brier = brier_score(outcome, at[:, c], times, c)
            whole = integrated_brier(outcome, over[:, c], grid, c)
            print(
                f"{name:<20}{cause:<16}{' '.join(f'{v:.3f}' for v in auc):>24}"
                f"{' '.join(f'{v:.4f}' for v in brier):>26}{whole:>12.4f}{cpu:>7.1f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
