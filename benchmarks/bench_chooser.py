"""How to make one prediction of several uplift learners: ways to choose and to average, on campaigns of known truth.

    python benchmarks/bench_chooser.py [--seeds 5] [--first 1000]

Five kinds of campaign (effects that are a line, a step, or turn; common and rare outcomes), `seeds` of each. All ways
see the same out-of-fold predictions of the training customers; told is the mean over campaigns of the *true* Qini
coefficient on 8,000 new customers (1: they are ranked by their true effects), and the difference from `UpliftChooser`'s
way with its standard error. What a way reaches on the campaign it was thought up on is no evidence: use other seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
KINDS = {"line": 4_000, "step": 4_000, "turn": 8_000, "rare line": 12_000, "rare step": 12_000}


def campaign(kind: str, n: int, rng: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """X, purchase, treatment by lot, and the true effect on the chance of a purchase."""
    from scipy.special import expit

    X = rng.normal(size=(n, 6))
    base = (-4.5 if kind.startswith("rare") else -1.5) + 0.6 * X[:, 0] + 0.4 * X[:, 1]
    if kind.endswith("line"):
        lift = 0.35 + 0.4 * X[:, 2] - 0.2 * X[:, 0]
    elif kind.endswith("step"):
        lift = 0.9 * ((X[:, 2] > 0) & (X[:, 3] > -0.3))
    else:
        lift = 0.1 + 0.5 * np.abs(X[:, 4])
    mu = expit(np.column_stack([base, base + lift]))
    t = rng.integers(0, 2, n)
    return X, (rng.random(n) < mu[np.arange(n), t]).astype(np.float64), t, mu[:, 1] - mu[:, 0]


@dataclass(frozen=True)
class Seen:
    """What a way may look at, by learner: standing out of fold, and predictions for new customers about their mean."""

    names: tuple[str, ...]
    behind: dict[str, float]
    error: dict[str, float]
    slope: dict[str, float]
    spread: dict[str, float]
    decided: bool
    held: Floats
    effects: Floats
    new: dict[str, Floats]

    def allowed(self) -> list[str]:
        """The learners in question: the linear ones where nothing was decided."""
        return [name for name in self.names if self.decided or name.endswith("linear")]

    def near(self) -> list[str]:
        """Those within one standard error of the best."""
        return [name for name in self.allowed() if self.behind[name] <= self.error[name]] or self.allowed()

    def mean(self, weight: dict[str, float]) -> Floats:
        """Weighted mean of the learners' differences, each shrunk by its slope."""
        total = sum(weight.values())
        shrunk = {name: self.slope[name] if self.decided else 1.0 for name in weight}
        return np.asarray(sum(w / total * shrunk[name] * self.new[name] for name, w in weight.items()))


def learned(X: Floats, y: Floats, t: NDArray[np.int64], new: Floats) -> Seen:
    """All learners out of fold and on new customers, by the chooser's own means."""
    from tael.models.uplift_arm import CRITERION, _stands_out
    from tael.models.uplift_choice import UpliftChooser
    from tael.models.uplift_input import read_columns
    from tael.models.uplift_learners import nuisances_of
    from tael.models.uplift_nuisance import make_folds
    from tael.validation.uplift_metrics import uplift_draws

    chooser = UpliftChooser()
    trial = chooser._check(X, y, t, 0.5, None)
    chooser.binary_ = trial.binary
    found = nuisances_of(trial, cv=chooser.cv, trim=chooser.trim)
    fold = make_folds(trial.arm, trial.y, chooser.cv, trial.base.seed)
    rows = chooser.encoding_.apply(read_columns(chooser, new, reset=False))
    names = tuple(chooser._names())
    held = {name: chooser._out_of_fold(name, trial, fold)[:, 0] for name in names}
    told = {name: chooser._fitted(name, trial)._uplift(rows)[:, 0] for name in names}
    effects = found.effects(1)
    drawn = uplift_draws(y, held, t, effects=effects, metrics=[CRITERION], n_boot=50, seed=0)
    best = max(names, key=lambda name: drawn[name].values[CRITERION])
    gaps = {name: drawn[best].less(drawn[name]) for name in names}
    apart = {name: values - values.mean() for name, values in held.items()}
    slope = {name: float(d @ (effects - effects.mean()) / max(d @ d, 1e-30)) for name, d in apart.items()}
    return Seen(
        names,
        {name: gap.values[CRITERION] for name, gap in gaps.items()},
        {name: float(np.std(gap.draws[CRITERION])) for name, gap in gaps.items()},
        {name: float(np.clip(value, 0.0, 1.0)) for name, value in slope.items()},
        {name: float(d.std()) + 1e-12 for name, d in apart.items()},
        _stands_out(list(drawn.values())),
        np.column_stack(list(apart.values())),
        effects - effects.mean(),
        {name: values - values.mean() for name, values in told.items()},
    )


def _stacked(seen: Seen) -> Floats:
    """Weights of 0 or more that fit the doubly robust effects out of fold, under a ridge."""
    from scipy.optimize import nnls

    spread = np.array(list(seen.spread.values()))
    H = seen.held / spread
    root = np.linalg.cholesky(H.T @ H + 0.2 * len(H) * np.eye(H.shape[1]))
    weight, _ = nnls(root.T, np.linalg.solve(root, H.T @ seen.effects))
    weight = weight if weight.any() else np.ones(len(weight))
    return np.asarray(np.column_stack(list(seen.new.values())) / spread @ weight)


def _likeness(seen: Seen, width: float) -> dict[str, float]:
    z = {name: seen.behind[name] / max(seen.error[name], 1e-12) for name in seen.allowed()}
    return {name: float(np.exp(-0.5 * (max(value, 0.0) / width) ** 2)) for name, value in z.items()}


def _linear_first(seen: Seen) -> Floats:
    near = seen.near()
    plain = [name for name in near if name.endswith("linear")]
    return seen.mean(dict.fromkeys(plain or near, 1.0))


WAYS: dict[str, Callable[[Seen], Floats]] = {
    "mean of those within one standard error": lambda seen: seen.mean(dict.fromkeys(seen.near(), 1.0)),
    "the best one": lambda seen: seen.new[min(seen.names, key=seen.behind.__getitem__)],
    "linear ones first": _linear_first,
    "mean of all": lambda seen: seen.mean(dict.fromkeys(seen.names, 1.0)),
    "non-negative stack": _stacked,
    "weights by standard errors behind": lambda seen: seen.mean(_likeness(seen, 1.0)),
    "the same, narrower": lambda seen: seen.mean(_likeness(seen, 0.7)),
    "of one spread before the mean": lambda seen: seen.mean({n: 1.0 / seen.spread[n] for n in seen.near()}),
}


def true_qini(effect: Floats, ranking: Floats) -> float:
    """Area between the curve of true effects in the order of a ranking and chance, over that of the true order."""
    line = np.arange(1, len(effect) + 1) / len(effect) * effect.sum()
    mine = np.cumsum(effect[np.argsort(-ranking, kind="stable")]) - line
    return float(mine.sum() / (np.cumsum(np.sort(effect)[::-1]) - line).sum())


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1000)
    args = parser.parse_args()
    told: dict[str, list[float]] = {way: [] for way in WAYS}
    for kind, n in KINDS.items():
        for seed in range(args.first, args.first + args.seeds):
            rng = np.random.default_rng(seed)
            X, y, t, _ = campaign(kind, n, rng)
            new, _, _, effect = campaign(kind, 8_000, rng)
            seen = learned(X, y, t, new)
            for way, rule in WAYS.items():
                told[way].append(true_qini(effect, rule(seen)))
        ways = ", ".join(f"{np.mean(values[-args.seeds :]):.3f}" for values in told.values())
        print(f"{kind:<12}{ways}", flush=True)
    first = np.array(next(iter(told.values())))
    print(f"\n{'':<42}{'true Qini':>10}{'difference':>12}{'its error':>11}   of {len(first)} campaigns")
    for way, values in told.items():
        gap = np.array(values) - first
        print(f"{way:<42}{np.mean(values):>10.3f}{gap.mean():>12.4f}{gap.std(ddof=1) / np.sqrt(len(gap)):>11.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
