"""Estimators by name where tael's own scorers stand: of a product, of an arm's outcome, of an event's hazard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.models.hazard_fit import LogisticHazard, fit_logistic_hazard
from tael.models.hazard_time import TimeGrid
from tael.models.logistic import Floats
from tael.models.named import NamedClassifier, classifier_from_state, classifier_state
from tael.models.outcomes import Outcome
from tael.models.uplift import Trial
from tael.models.uplift_base import OutcomeModel, constant
from tael.models.uplift_learners import Parts, TLearner

State = dict[str, Any]
FOLDS = 3


@dataclass(frozen=True)
class NamedScorer:
    """A fitted classifier by name, as tael's own scorers are asked.

    Parameters
    ----------
    model : NamedClassifier
    """

    model: NamedClassifier

    logistic: ClassVar[bool] = True
    """The score is log-odds."""

    def score(self, X: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        return self.model._log_odds(X)

    def contributions(self, X: Floats) -> Floats:
        """What each column adds to them, the base last, shape (n, p + 1)."""
        return self.model._contributions(X)

    def predict(self, X: Floats) -> Floats:
        """The probability, shape (n,)."""
        from scipy.special import expit

        return np.asarray(expit(self.score(X)))

    def state(self) -> State:
        """As plain data."""
        return {"kind": "named", "state": classifier_state(self.model)}


def scorer_from_state(state: Mapping[str, Any]) -> NamedScorer:
    """The way back from `NamedScorer.state`."""
    return NamedScorer(classifier_from_state(state["state"]))


def fit_named(
    X: Floats, y: Floats, weight: Floats, estimator: str, parameters: Mapping[str, Any] | None, seed: int
) -> NamedScorer:
    """Fit a classifier by its name to rows of 0 and 1.

    Raises
    ------
    ModelError
        As `NamedClassifier.fit`.
    """
    model = NamedClassifier(estimator, dict(parameters or {}) or None, random_state=seed)
    return NamedScorer(model.fit(X, y.astype(np.int64), sample_weight=weight))


class NamedTLearner(TLearner):
    """A `TLearner` whose outcome in each arm is modelled by an estimator that is named.

    Parameters
    ----------
    estimator : str
        A classifier, as of `NamedClassifier`.
    parameters : mapping, optional
    control : object, default=None
    random_state : int, default=0

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, t = rng.normal(size=(2000, 1)), rng.integers(0, 2, 2000)
    >>> y = (rng.random(2000) < 0.3 + 0.4 * t * (X[:, 0] > 0)).astype(int)
    >>> model = NamedTLearner("sklearn.tree.DecisionTreeClassifier", {"max_depth": 1}).fit(X, y, treatment=t)
    >>> bool(model.predict([[1.0]])[0] > model.predict([[-1.0]])[0] + 0.2)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [str], "parameters": [dict, Mapping, None], "control": "no_validation",
        "random_state": ["random_state"],
    }  # fmt: skip

    base = "linear"  # of the parts that are no outcome; there are none
    l2 = 1.0

    def __init__(
        self,
        estimator: str = "sklearn.linear_model.LogisticRegression",
        parameters: Mapping[str, Any] | None = None,
        *,
        control: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.parameters = parameters
        self.control = control
        self.random_state = random_state

    def _fit(self, trial: Trial) -> Parts:
        if not trial.binary:
            raise ModelError("An estimator by name models an outcome of yes or no.", expected="0 and 1", got="amounts")
        design, found = trial.design(), list[OutcomeModel]()
        for k in range(len(trial.arms)):
            own = trial.arm == k
            X, y, weight = trial.X[own], trial.y[own], trial.weight[own]
            if np.all(y == y[0]):
                found.append(constant(design, y[0]))
            else:
                found.append(fit_named(X, y, weight, self.estimator, self.parameters, trial.base.seed))
        return {"outcome": found}


@dataclass(frozen=True)
class NamedHazard:
    """A named classifier for each cause, and over time a line on what they say.

    Each tells by its log-odds whom the cause comes to, time aside; how much that counts, and the hazard's curve, are
    those of `LogisticHazard` with one column for each cause, learned from log-odds out of fold.

    Parameters
    ----------
    scorers : list of NamedScorer
    line : LogisticHazard
    """

    scorers: list[NamedScorer]
    line: LogisticHazard

    def _told(self, X: Floats) -> Floats:
        return np.column_stack([one.score(X) for one in self.scorers])

    def score(self, X: Floats, c: int, k: int | None) -> Floats:
        """Log-odds of cause c against nothing in bin k, or the mean over all bins, shape (n,)."""
        return self.line.score(self._told(X), c, k)

    def contributions(self, X: Floats, c: int, k: int | None) -> Floats:
        """What each column adds to `score`, and the base last, shape (n, p + 1)."""
        out = np.zeros((len(X), X.shape[1] + 1))
        for d, one in enumerate(self.scorers):
            out += self.line.slope[c, d] * one.contributions(X)
        out[:, -1] += self.line._base(c, k) - float(self.line.slope[c] @ self.line.mean)
        return out

    def hazards(self, X: Floats) -> Floats:
        """Shape (n, C, K)."""
        return self.line.hazards(self._told(X))


def fit_named_hazard(
    X: Floats, outcome: Outcome, grid: TimeGrid, weight: Floats, *, estimator: str,
    parameters: Mapping[str, Any] | None, seed: int,
) -> NamedHazard:  # fmt: skip
    """Fit a `NamedHazard`.

    A row teaches each cause twice: as many times "not" as it was exposed to, and once "yes" where it ended so. With a
    hazard that is constant in time that is the likelihood of the rows.

    Raises
    ------
    ModelError
        As `NamedClassifier.fit`.
    """
    exposed = weight * np.sum([grid.exposure(outcome, k) for k in range(grid.size)], axis=0)
    fold = np.random.default_rng(seed).permutation(len(X)) % FOLDS

    def one(c: int, rows: NDArray[np.bool_]) -> NamedScorer:
        came = rows & (outcome.cause == c + 1)
        stacked, y = np.vstack([X[rows], X[came]]), np.r_[np.zeros(int(rows.sum())), np.ones(int(came.sum()))]
        return fit_named(stacked, y, np.r_[exposed[rows], weight[came]], estimator, parameters, seed)

    C = len(outcome.causes)
    told, counted = np.zeros((len(X), C)), weight > 0
    for c in range(C):
        for f in range(FOLDS):
            others = counted & (fold != f)
            if (others & (outcome.cause == c + 1)).any():
                told[fold == f, c] = one(c, others).score(X[fold == f])
    line = fit_logistic_hazard(told, outcome, grid, weight, baseline="step", l2=5.0, smooth=1.0)
    return NamedHazard([one(c, counted) for c in range(C)], line)


def hazard_named_state(model: NamedHazard) -> State:
    """As plain data."""
    return {"scorers": [one.state() for one in model.scorers], "line": dict(vars(model.line))}


def hazard_named_from_state(state: Mapping[str, Any]) -> NamedHazard:
    """The way back."""
    return NamedHazard([scorer_from_state(one) for one in state["scorers"]], LogisticHazard(**state["line"]))
