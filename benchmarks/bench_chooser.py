"""How to make one prediction of several uplift learners: ways to choose and to average, on campaigns of known truth.

    python benchmarks/bench_chooser.py [--seeds 5] [--first 1000] [--kinds line step "rare line"]

Nine kinds of campaign (effects that are a line, a step, both, or turn; common and rare outcomes; effects too weak for
one campaign to show), `seeds` of each. All ways see the same out-of-fold predictions of the training customers; told is
the mean over campaigns of the *true* Qini coefficient on 8,000 new customers (1: they are ranked by their true
effects), and the difference from `UpliftChooser`'s way with its standard error. Then the same of orders for campaigns
in which no learner stands out from chance. What a way reaches on the campaign it was thought up on is no evidence: use
other seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tael.validation.uplift_metrics import UpliftDraws

Floats = NDArray[np.float64]
KINDS = {
    **{"line": 4_000, "step": 4_000, "turn": 8_000, "mixed": 6_000, "rare line": 12_000, "rare step": 12_000},
    **{"weak line": 8_000, "weak rare line": 20_000, "weak risk": 20_000},
}
CRITERION = "qini_robust"  # what `UpliftChooser` compares
RARE = {"rare line", "rare step", "weak rare line", "weak risk"}


def campaign(kind: str, n: int, rng: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """X, purchase, treatment by lot, and the true effect on the chance of a purchase."""
    from scipy.special import expit

    X = rng.normal(size=(n, 6))
    base = (-4.5 if kind in RARE else -1.5) + 0.6 * X[:, 0] + 0.4 * X[:, 1]
    if kind == "weak line":
        lift = 0.1 + 0.12 * X[:, 2] - 0.06 * X[:, 0]
    elif kind == "weak rare line":
        lift = 0.3 + 0.15 * X[:, 2] - 0.08 * X[:, 0]
    elif kind == "weak risk":
        lift = np.full(n, 0.3)  # the same odds ratio for all: most is changed where most is to come
    elif kind == "mixed":
        lift = 0.1 + 0.25 * X[:, 2] - 0.15 * X[:, 0] + 0.5 * ((X[:, 3] > 0) & (X[:, 4] > -0.3))
    elif kind.endswith("line"):
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

    drawn: dict[str, UpliftDraws]
    apart: dict[str, Floats]
    effects: Floats
    new: dict[str, Floats]
    """Of each learner, the mean of its folds' models."""
    whole: dict[str, Floats]
    """The same of one model fitted on all rows."""

    @property
    def names(self) -> list[str]:
        """The learners."""
        return list(self.drawn)

    @cached_property
    def decided(self) -> bool:
        """Whether the best learner stands out from chance."""
        from tael.models.uplift_arm import _stands_out

        return _stands_out(list(self.drawn.values()))

    @cached_property
    def _gaps(self) -> dict[str, UpliftDraws]:
        best = max(self.names, key=lambda name: self.drawn[name].values[CRITERION])
        return {name: self.drawn[best].less(self.drawn[name]) for name in self.names}

    @property
    def behind(self) -> dict[str, float]:
        """Doubly robust Qini area that the best learner is ahead."""
        return {name: gap.values[CRITERION] for name, gap in self._gaps.items()}

    @property
    def error(self) -> dict[str, float]:
        """Its standard error."""
        return {name: float(np.std(gap.draws[CRITERION])) for name, gap in self._gaps.items()}

    @property
    def slope(self) -> dict[str, float]:
        """Of the actual on the predicted effects out of fold, between 0 and 1."""
        slope = {name: float(d @ self.effects / max(float(d @ d), 1e-30)) for name, d in self.apart.items()}
        return {name: float(np.clip(value, 0.0, 1.0)) for name, value in slope.items()}

    @property
    def spread(self) -> dict[str, float]:
        """Standard deviation of the predicted effects out of fold."""
        return {name: float(d.std()) + 1e-12 for name, d in self.apart.items()}

    @property
    def held(self) -> Floats:
        """Predicted effects out of fold, a column a learner."""
        return np.column_stack(list(self.apart.values()))

    def without(self, *names: str) -> Seen:
        """The same campaign to a chooser that has fewer learners."""

        def left(every: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in every.items() if name not in names}

        return Seen(left(self.drawn), left(self.apart), self.effects, left(self.new), left(self.whole))

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
    from tael.models.uplift_choice import LEARNERS, UpliftChooser, _mean_uplift, _out_of_fold
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
    held, told, whole = {}, {}, {}
    for name in LEARNERS:
        models = chooser._each_fold(name, trial, fold)
        held[name] = _out_of_fold(models, trial, fold)[:, 0]
        told[name] = _mean_uplift(models, rows)[:, 0]
        whole[name] = chooser._fitted(name, trial)._uplift(rows)[:, 0]
    effects = found.effects(1)
    drawn = uplift_draws(y, held, t, effects=effects, metrics=[CRITERION], n_boot=100, seed=0)
    return Seen(
        drawn,
        {name: values - values.mean() for name, values in held.items()},
        effects - effects.mean(),
        {name: values - values.mean() for name, values in told.items()},
        {name: values - values.mean() for name, values in whole.items()},
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


def _near_of(seen: Seen) -> Floats:
    return seen.mean(dict.fromkeys(seen.near(), 1.0))


def _sum(seen: Seen, names: list[str]) -> Floats:
    return np.asarray(sum(seen.new[name] for name in names))


WAYS: dict[str, Callable[[Seen], Floats]] = {
    "mean of those within one standard error": _near_of,
    "the best one": lambda seen: seen.new[min(seen.names, key=seen.behind.__getitem__)],
    "linear ones first": _linear_first,
    "mean of all": lambda seen: seen.mean(dict.fromkeys(seen.names, 1.0)),
    "non-negative stack": _stacked,
    "weights by standard errors behind": lambda seen: seen.mean(_likeness(seen, 1.0)),
    "the same, narrower": lambda seen: seen.mean(_likeness(seen, 0.7)),
    "of one spread before the mean": lambda seen: seen.mean({n: 1.0 / seen.spread[n] for n in seen.near()}),
    "the first way, each model of all rows": lambda seen: _near_of(replace(seen, new=seen.whole)),
}
WIDER = "the first way with boosted T and DR"
LINES = ["t_linear", "s_linear", "x_linear", "dr_linear"]
ORDERS: dict[str, Callable[[Seen], Floats]] = {
    "linear ones within one standard error": _near_of,
    "linear T alone": lambda seen: _sum(seen, ["t_linear"]),
    "linear S alone": lambda seen: _sum(seen, ["s_linear"]),
    "linear T, S, X and DR": lambda seen: _sum(seen, LINES),
    "all linear": lambda seen: _sum(seen, [*LINES, "risk_linear"]),
    "expected outcome alone": lambda seen: _sum(seen, ["risk_linear"]),
    "linear S and expected outcome": lambda seen: _sum(seen, ["s_linear", "risk_linear"]),
}


def true_qini(effect: Floats, ranking: Floats) -> float:
    """Area between the curve of true effects in the order of a ranking and chance, over that of the true order."""
    line = np.arange(1, len(effect) + 1) / len(effect) * effect.sum()
    mine = np.cumsum(effect[np.argsort(-ranking, kind="stable")]) - line
    return float(mine.sum() / (np.cumsum(np.sort(effect)[::-1]) - line).sum())


def table(told: dict[str, list[float]]) -> None:
    """Print the mean of each way, and its difference from the first with the standard error."""
    first = np.array(next(iter(told.values())))
    print(f"\n{'':<42}{'true Qini':>10}{'difference':>12}{'its error':>11}   of {len(first)} campaigns")
    for way, values in told.items():
        gap = np.array(values) - first
        print(f"{way:<42}{np.mean(values):>10.3f}{gap.mean():>12.4f}{gap.std(ddof=1) / np.sqrt(len(gap)):>11.4f}")


def main() -> int:
    """Run and print."""
    from tael.models.uplift_choice import AUTO

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    args = parser.parse_args()
    told: dict[str, list[float]] = {way: [] for way in [*WAYS, WIDER]}
    undecided: dict[str, list[float]] = {way: [] for way in ORDERS}
    for kind in args.kinds:
        for seed in range(args.first, args.first + args.seeds):
            rng = np.random.default_rng(seed)
            X, y, t, _ = campaign(kind, KINDS[kind], rng)
            new, _, _, effect = campaign(kind, 8_000, rng)
            every = learned(X, y, t, new)
            seen = every.without(*(name for name in every.names if name not in AUTO))
            told[WIDER].append(true_qini(effect, _near_of(every)))
            for way, rule in WAYS.items():
                told[way].append(true_qini(effect, rule(seen)))
            for way, rule in ORDERS.items() if not seen.decided else ():
                undecided[way].append(true_qini(effect, rule(seen)))
        ways = ", ".join(f"{np.mean(values[-args.seeds :]):.3f}" for values in told.values())
        print(f"{kind:<16}{ways}", flush=True)
    table(told)
    if len(undecided["linear T alone"]) > 1:
        print("\nOf these, no learner stands out from chance:", end="")
        table(undecided)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
