"""Uplift learners on a real campaign, and the honesty of policy values on campaigns whose truth is known.

    python benchmarks/bench_uplift.py [--data DIR] [--parts hillstrom coverage] [--seeds 500] [--folds 5] [--splits 1]

*Hillstrom* (64,000 customers, e-mail at random): women's e-mail against none. Mean Qini coefficient of the folds, with
a 95 % interval from the bootstrap within folds, and the difference from the linear T-learner on the same rows and
resamples. The Qini coefficient is the area between the Qini curve and the random line over that of a perfect ranking
which may find negative effects, as in scikit-uplift. Then the doubly robust value in dollars of rules made out of fold.
With more than one split (seeds 0, 1, ... of the folds) the same table for each, and the means over the splits, which
see the same customers: their intervals are those of one split.

*Coverage*: campaigns drawn from known probabilities, once randomised, once with a treatment that leans on what also
drives the outcome. A rule is learned on one half and valued on the other; told is how often the 95 % interval holds
the rule's true value in the population.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
VALUE, COST = 100.0, 8.0  # money for one purchase, and for one offer, in the simulated campaigns
EMAIL = 0.10  # dollars for one e-mail on Hillstrom
NAMES = [f"{kind}_{base}" for base in ("linear", "boosted") for kind in ("t", "s", "x", "dr")] + ["risk_linear"]


@dataclass(frozen=True)
class Campaign:
    """A simulated campaign with its truth.

    Parameters
    ----------
    X : ndarray of shape (n, 4)
    y, t : ndarray of shape (n,)
    mu : ndarray of shape (n, 2)
        True probability of a purchase, untreated and treated.
    e : ndarray of shape (n,)
        True probability of treatment.
    """

    X: Floats
    y: Floats
    t: NDArray[np.int64]
    mu: Floats
    e: Floats


def campaign(n: int, rng: np.random.Generator, *, confounded: bool) -> Campaign:
    """Customers whose base rate, effect and (if confounded) treatment depend on the same columns."""
    X = rng.normal(size=(n, 4))
    untreated = 1.0 / (1.0 + np.exp(1.2 - 0.7 * X[:, 0] - 0.4 * X[:, 1]))
    treated = np.clip(untreated + 0.08 + 0.10 * X[:, 2] - 0.04 * X[:, 0], 0.01, 0.99)
    e = np.full(n, 0.5)
    if confounded:
        e = 1.0 / (1.0 + np.exp(-0.8 * X[:, 0] + 0.5 * X[:, 2]))
    t = (rng.random(n) < e).astype(np.int64)
    mu = np.column_stack([untreated, treated])
    y = (rng.random(n) < mu[np.arange(n), t]).astype(np.float64)
    return Campaign(X, y, t, mu, e)


def covered(seed: int, *, confounded: bool, rows: int = 1200, people: Campaign | None = None) -> dict[str, bool]:
    """Whether the interval of each rule's value, and of its gain over treating all, holds the truth."""
    from tael.models import ResponseModel, TLearner, fit_nuisances
    from tael.validation import policy_values, top_share, treat_where

    rng = np.random.default_rng(seed)
    people = people or campaign(20_000, np.random.default_rng(10**6), confounded=confounded)
    learn, value = (campaign(rows, rng, confounded=confounded) for _ in range(2))
    known = None if confounded else 0.5
    model = TLearner().fit(learn.X, learn.y, treatment=learn.t)
    response = ResponseModel().fit(learn.X, learn.y, treatment=learn.t)

    def rules(X: Floats) -> dict[str, Any]:
        uplift = model.predict(X)
        return {
            "uplift x value > cost": treat_where(uplift, value=VALUE, cost=COST),
            "response, top 30 %": top_share(response.predict(X), 0.3),
        }

    found = fit_nuisances(value.X, value.y, value.t, propensity=known, random_state=seed)
    kept = found.kept
    given = {name: np.asarray(rule)[kept] for name, rule in rules(value.X).items()}
    told = policy_values(found.scores[kept], given, value=VALUE, cost=COST)
    net = people.mu * VALUE - np.array([0.0, COST])
    every = float(net[:, 1].mean())
    out = {}
    for name, rule in rules(people.X).items():
        truth = float(net[np.arange(len(net)), np.asarray(rule, dtype=np.int64)].mean())
        got, gap = told[name].value, told[name].over["treat all"]
        out[name] = got.low <= truth <= got.high
        out[f"{name}, less treat all"] = gap.low <= truth - every <= gap.high
    out["treat all"] = told["treat all"].value.low <= every <= told["treat all"].value.high
    return out


def coverage(seeds: int) -> None:
    """Print how many intervals of `seeds` hold the truth."""
    for confounded in (False, True):
        start = time.process_time()
        people = campaign(20_000, np.random.default_rng(10**6), confounded=confounded)
        held = [covered(seed, confounded=confounded, people=people) for seed in range(seeds)]
        print(f"{'confounded, propensity estimated' if confounded else 'randomised, propensity known'}:")
        for name in held[0]:
            print(f"  {name:<40}{sum(h[name] for h in held):>5} of {seeds}")
        print(f"  CPU s a campaign: {(time.process_time() - start) / seeds:.2f}", flush=True)


def load(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, NDArray[np.int64]]:
    """Columns, outcomes and treatment of the women's e-mail and the control."""
    frame = pl.read_csv(folder / "sales/hillstrom/hillstrom.csv", infer_schema_length=None)
    frame = frame.filter(pl.col("segment") != "Mens E-Mail")
    outcomes = ["visit", "conversion", "spend"]
    treated = (frame["segment"] == "Womens E-Mail").to_numpy().astype(np.int64)
    return frame.drop("segment", *outcomes), frame.select(outcomes).cast(pl.Float64), treated


def hillstrom(folder: Path, folds: int, splits: int, learners: list[str]) -> None:
    """Print the Qini table of each outcome, and the value of rules."""
    X, outcomes, t = load(folder)
    chosen: dict[str, Floats] = {}
    for target in ("visit", "conversion"):
        told = [learned(X, outcomes[target].to_numpy(), t, target, folds, split, learners) for split in range(splits)]
        chosen[target], chosen[f"{target}, response"] = told[0][0]["chooser"], told[0][0]["response model"]
        if splits > 1:
            print(f"\n{target}: mean Qini of {splits} splits, less linear T's, splits where it is not below that")
            linear = np.array([qini["t_linear"] for _, qini in told])
            for name in told[0][1]:
                each = np.array([qini[name] for _, qini in told])
                print(f"  {name:<32}{each.mean():>7.4f}{(each - linear).mean():>9.4f}{(each >= linear).sum():>4}")
    values(X, outcomes["spend"].to_numpy(), t, chosen)


def learned(
    X: pl.DataFrame, y: Floats, t: NDArray[np.int64], target: str, folds: int, split: int, learners: list[str]
) -> tuple[dict[str, Floats], dict[str, float]]:
    """Predictions out of fold and mean Qini of the folds by learner, printed as they come."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    from tael.models import ResponseModel, UpliftChooser
    from tael.models.uplift import UpliftEstimator
    from tael.models.uplift_choice import LEARNERS

    share = float(t.mean())
    makers: dict[str, UpliftEstimator] = {
        name: kind(base) for name, (kind, base) in LEARNERS.items() if name in learners
    }
    makers["response model"] = ResponseModel()
    makers |= {"chooser": UpliftChooser(n_boot=50)}
    cuts = list(StratifiedKFold(folds, shuffle=True, random_state=split).split(X, (y > 0) * 2 + t))
    title = f"{target}, split {split}: Qini"
    print(f"\n{title:<41}{'95 % interval':>20}{'less linear T':>16}{'95 % interval':>20}{'CPU s':>8}")
    held: dict[str, Floats] = {}
    qini: dict[str, float] = {}
    for name, make in makers.items():
        start, out, said = time.process_time(), np.empty(len(y)), []
        for train, test in cuts:
            model = clone(make).fit(X[train], y[train], treatment=t[train], propensity=share)
            out[test] = model.predict(X[test])
            said.append("+".join(getattr(model, "chosen_", [])))
        cpu = (time.process_time() - start) / folds
        held[name] = out
        qini[name], text = row(y, out, held.get("t_linear", out), t, cuts)
        print(f"  {name:<32}{text}{cpu:>8.2f}", flush=True)
    print(*(f"    fold {k}: {text}" for k, text in enumerate(said)), sep="\n")
    return held, qini


def row(y: Floats, ours: Floats, linear: Floats, t: NDArray[np.int64], cuts: list[Any]) -> tuple[float, str]:
    """Mean Qini of the folds and its difference from the linear T-learner's, each with its interval."""
    from tael.validation import evaluate_uplift, uplift_difference

    alone, gap = [], []
    for _, test in cuts:
        alone.append(evaluate_uplift(y[test], ours[test], t[test], metrics=["qini"])["qini"])
        gap.append(uplift_difference(y[test], ours[test], linear[test], t[test])["qini"])
    text, means = "", []
    for width, found in ((7, alone), (16, gap)):
        mean = float(np.mean([m.value for m in found]))
        reach = float(np.sqrt(np.sum([((m.high - m.low) / 2.0) ** 2 for m in found]))) / len(found)
        text += f"{mean:>{width}.4f}{f'{mean - reach:.4f} to {mean + reach:.4f}':>20}"
        means.append(mean)
    return means[0], text


def values(X: pl.DataFrame, spend: Floats, t: NDArray[np.int64], chosen: dict[str, Floats]) -> None:
    """Print the doubly robust value of rules, in dollars per customer."""
    from tael.models import fit_nuisances
    from tael.validation import policy_values, top_share

    found = fit_nuisances(X, spend, t, propensity=float(t.mean()))
    rules = {f"top half by {name}": top_share(score, 0.5) for name, score in chosen.items()}
    print(f"\ndollars per customer (spend less {EMAIL} an e-mail); {found.overlap}")
    for name, told in policy_values(found.scores, rules, cost=EMAIL).items():
        v, gain = told.value, told.over_none
        print(
            f"  {name:<38}{v.value:>7.3f} [{v.low:.3f}, {v.high:.3f}], over none {gain.value:.3f} "
            f"[{gain.low:.3f}, {gain.high:.3f}]"
        )


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--parts", nargs="+", choices=["hillstrom", "coverage"], default=["hillstrom", "coverage"])
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--learners", nargs="+", default=NAMES, choices=NAMES, help="beside the chooser")
    args = parser.parse_args()
    if "coverage" in args.parts:
        coverage(args.seeds)
    if "hillstrom" in args.parts:
        if not args.data.is_dir():
            print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
            return 1
        hillstrom(args.data, args.folds, args.splits, ["t_linear", *args.learners])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
