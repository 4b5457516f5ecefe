"""The outcome models under every uplift learner: ridge and logistic lines on one standardised design, small trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tael.kernels.forest import explain
from tael.models.boosted import BoostedScorer, fit_boosted
from tael.models.held_trees import hold
from tael.models.logistic import Floats, minimise_logistic

_CLIP = 0.001  # share of values drawn in at each end, so that one extreme amount cannot turn the line
_RIDGES = 10.0 ** np.arange(-4.0, 2.1, 0.5)  # of an effect model, in multiples of the rows
# Small trees for outcomes; smaller and slower ones for effects, whose noise is that of two outcomes.
_TREES = {"lambda_l2": 5.0, "max_bin": 63, "feature_fraction": 0.8}
_OUTCOME = {"learning_rate": 0.05, "num_leaves": 7}
_EFFECT = {"learning_rate": 0.03, "num_leaves": 4}
_ROUNDS = 100


@dataclass(frozen=True)
class Design:
    """Columns clipped, missing read as the mean with a flag beside it, all standardised.

    All arrays have shape (q,); a scale of 0 leaves the term out.

    Parameters
    ----------
    low, high : ndarray
        Values beyond are read as these.
    mean, scale : ndarray
        Of the clipped values, and of zero in place of missing ones.
    flag_mean, flag_scale : ndarray
        Of the flag of a missing value.
    """

    low: Floats
    high: Floats
    mean: Floats
    scale: Floats
    flag_mean: Floats
    flag_scale: Floats

    def terms(self, X: Floats) -> list[Floats]:
        """The standardised terms, in order: each column, and its flag where it has one."""
        out: list[Floats] = []
        for j in range(len(self.mean)):
            x = X[:, j]
            missing = np.isnan(x)
            if self.scale[j] > 0:
                inside = np.clip(x, self.low[j], self.high[j]) - self.mean[j]
                out.append(np.where(missing, 0.0, inside) / self.scale[j])
            if self.flag_scale[j] > 0:
                out.append((missing - self.flag_mean[j]) / self.flag_scale[j])
        return out

    @property
    def columns(self) -> list[int]:
        """The column of each term."""
        each = zip(self.scale > 0, self.flag_scale > 0, strict=True)
        return [j for j, has in enumerate(each) for one in has if one]

    def matrix(self, X: Floats) -> Floats:
        """The terms as a matrix of shape (n, m)."""
        terms = self.terms(X)
        return np.column_stack(terms) if terms else np.zeros((len(X), 0))


def fit_design(X: Floats, weight: Floats) -> Design:
    """Learn a `Design` from rows without their outcomes.

    >>> import numpy as np
    >>> fit_design(np.array([[1.0], [3.0], [np.nan]]), np.ones(3)).mean.tolist()
    [2.0]
    """
    q = X.shape[1]
    low, high = np.full(q, -np.inf), np.full(q, np.inf)
    mean, scale, flag_mean, flag_scale = np.zeros(q), np.zeros(q), np.zeros(q), np.zeros(q)
    for j in range(q):
        x = X[:, j]
        here = ~np.isnan(x)
        if not here.any():
            continue
        bounds = np.quantile(x[here], [_CLIP, 1.0 - _CLIP], method="inverted_cdf", weights=weight[here])
        if bounds[0] < bounds[1]:
            low[j], high[j] = bounds
        z = np.clip(x, low[j], high[j])
        mean[j] = np.average(z[here], weights=weight[here])
        z = np.where(here, z - mean[j], 0.0)
        spread = float(np.sqrt(np.average(z * z, weights=weight)))
        # Rounding alone gives a constant column a tiny spread.
        scale[j] = spread if spread > 1e-12 * max(1.0, abs(mean[j])) else 0.0
        flag_mean[j] = float(np.average(~here, weights=weight))
        flag_scale[j] = float(np.sqrt(flag_mean[j] * (1.0 - flag_mean[j])))
    return Design(low, high, mean, scale, flag_mean, flag_scale)


@dataclass(frozen=True)
class LineModel:
    """A line on a design, seen through the logistic function where the outcome is 0 or 1.

    Parameters
    ----------
    design : Design
    theta : ndarray of shape (m,)
    base : float
    logistic : bool
    """

    design: Design
    theta: Floats
    base: float
    logistic: bool

    def score(self, X: Floats) -> Floats:
        """Log-odds or expected amount, shape (n,): summed term by term, so that a row alone gives the same bits."""
        out = np.full(len(X), self.base)
        for term, theta in zip(self.design.terms(X), self.theta, strict=True):
            out += theta * term
        return out

    def contributions(self, X: Floats) -> Floats:
        """What each column adds to the score beside its mean, the base last, shape (n, q + 1)."""
        out = np.zeros((len(X), X.shape[1] + 1))
        for j, term, theta in zip(self.design.columns, self.design.terms(X), self.theta, strict=True):
            out[:, j] += theta * term
        out[:, -1] = self.base
        return out

    def predict(self, X: Floats) -> Floats:
        """Expected outcome, shape (n,)."""
        from scipy.special import expit

        return expit(self.score(X)) if self.logistic else self.score(X)


@dataclass(frozen=True)
class TreesModel:
    """Small boosted trees; the score is log-odds where the outcome is 0 or 1.

    Parameters
    ----------
    scorer : BoostedScorer
    logistic : bool
    """

    scorer: BoostedScorer
    logistic: bool

    def score(self, X: Floats) -> Floats:
        """Log-odds or expected amount, shape (n,)."""
        return self.scorer.score(X)

    def contributions(self, X: Floats) -> Floats:
        """Exact Shapley values of the score, the base last, shape (n, q + 1)."""
        return self.scorer.contributions(X)

    def predict(self, X: Floats) -> Floats:
        """Expected outcome, shape (n,)."""
        from scipy.special import expit

        return expit(self.score(X)) if self.logistic else self.score(X)


@dataclass(frozen=True)
class ArmTrees(TreesModel):
    """Trees that read the arms' flags as their last columns, for those who get one arm.

    Parameters
    ----------
    scorer : BoostedScorer
    logistic : bool
    flags : ndarray of shape (arms - 1,)
        As the arm sets them.
    """

    flags: Floats

    def score(self, X: Floats) -> Floats:
        """Log-odds or expected amount, shape (n,)."""
        return self.scorer.score(np.column_stack([X, np.tile(self.flags, (len(X), 1))]))

    def contributions(self, X: Floats) -> Floats:
        """Exact Shapley values of the score of those who get the arm, the base last, shape (n, q + 1)."""
        q = X.shape[1]
        return explain(hold(self.scorer.text, range(q, q + len(self.flags)), self.flags[None, :]), X)


class OutcomeModel(Protocol):
    """What models an outcome, or an effect."""

    @property
    def logistic(self) -> bool:
        """Whether the score is log-odds."""

    def score(self, X: Floats) -> Floats:
        """Log-odds or expected amount, shape (n,)."""

    def contributions(self, X: Floats) -> Floats:
        """What each column adds to it, the base last, shape (n, q + 1)."""

    def predict(self, X: Floats) -> Floats:
        """Expected outcome, shape (n,)."""


def constant(design: Design, value: float) -> LineModel:
    """A model that says the same of every row."""
    width = int((design.scale > 0).sum() + (design.flag_scale > 0).sum())
    return LineModel(design, np.zeros(width), float(value), False)


@dataclass(frozen=True)
class Base:
    """How outcomes and effects are modelled.

    Parameters
    ----------
    kind : {"linear", "boosted"}
    l2 : float
        Ridge of outcome lines on standardised terms, in rows.
    seed : int
    """

    kind: str
    l2: float
    seed: int

    def outcome(self, X: Floats, y: Floats, weight: Floats, design: Design, *, binary: bool) -> OutcomeModel:
        """Expected outcome given the columns; the mean where all outcomes are equal."""
        if np.all(y == y[0]):
            return constant(design, y[0])
        if self.kind == "boosted":
            return self._trees(X, y, weight, _OUTCOME, binary=binary)
        D = design.matrix(X)
        if binary:
            return LineModel(design, *logistic(D, y, weight, self.l2), True)
        return LineModel(design, *ridge(D, y, weight, self.l2), False)

    def effect(self, X: Floats, phi: Floats, weight: Floats, design: Design) -> OutcomeModel:
        """Mean of a noisy effect; the line's ridge is chosen by generalised cross-validation."""
        if np.all(phi == phi[0]):
            return constant(design, phi[0])
        if self.kind == "boosted":
            return self._trees(X, phi, weight, _EFFECT, binary=False)
        return LineModel(design, *ridge(design.matrix(X), phi, weight, None), False)

    def _trees(self, X: Floats, y: Floats, weight: Floats, size: dict[str, float], *, binary: bool) -> TreesModel:
        least = int(np.clip(len(y) // 200, 5, 200))
        params = {**_TREES, **size, "min_data_in_leaf": least, "objective": "binary" if binary else "regression"}
        sign = np.zeros(X.shape[1], dtype=np.int64)
        scaled = weight / weight.mean()
        return TreesModel(fit_boosted(X, y, scaled, sign, rounds=_ROUNDS, params=params, seed=self.seed), binary)

    def together(
        self, X: Floats, y: Floats, arm: NDArray[np.int64], arms: int, weight: Floats, design: Design, *, binary: bool
    ) -> list[OutcomeModel]:
        """One model for all arms, with the arm as a column: for lines one a arm, for trees one that reads the flags.

        The line is ``theta'd + gamma_k + delta_k'd``; the ridge on delta is ten times that on theta, so that a
        difference between arms must be seen to be believed.
        """
        flags = np.column_stack([arm == k for k in range(1, arms)]).astype(np.float64)
        if np.all(y == y[0]):
            return [constant(design, y[0])] * arms
        if self.kind == "boosted":
            return [self._trees(np.column_stack([X, flags]), y, weight, _OUTCOME, binary=binary)]
        D = design.matrix(X)
        m, shrink = D.shape[1], np.sqrt(0.1)
        Z = np.column_stack([D, flags, *[D * flags[:, [k]] * shrink for k in range(arms - 1)]])
        theta, base = logistic(Z, y, weight, self.l2) if binary else ridge(Z, y, weight, self.l2)
        own = theta[m + arms - 1 :].reshape(arms - 1, m) * shrink
        models: list[OutcomeModel] = [LineModel(design, theta[:m], base, binary)]
        for k in range(arms - 1):
            models.append(LineModel(design, theta[:m] + own[k], base + float(theta[m + k]), binary))
        return models


def logistic(D: Floats, y: Floats, weight: Floats, l2: float) -> tuple[Floats, float]:
    """Ridge logistic regression on a standardised design."""
    transposed = np.ascontiguousarray(D.T)
    return minimise_logistic(lambda t: D @ t, lambda r: transposed @ r, D.shape[1], y, weight, l2, tolerance=1e-11)


def ridge(D: Floats, y: Floats, weight: Floats, l2: float | None) -> tuple[Floats, float]:
    r"""Ridge regression; with ``l2=None`` its strength minimises the generalised cross-validation

    .. math:: n \, \|y - \hat y\|^2 / (n - 1 - \mathrm{df})^2 .

    Parameters
    ----------
    D : ndarray of shape (n, m)
    y, weight : ndarray of shape (n,)
    l2 : float or None
        In rows.

    References
    ----------
    Golub, Heath, Wahba (1979). Generalized cross-validation as a method for choosing a good ridge parameter.

    Examples
    --------
    >>> import numpy as np
    >>> theta, base = ridge(np.array([[-1.0], [1.0]]), np.array([1.0, 3.0]), np.ones(2), 0.0)
    >>> round(float(theta[0]), 6), round(base, 6)
    (1.0, 2.0)
    """
    centre = np.average(D, axis=0, weights=weight) if D.shape[1] else np.zeros(0)
    mean = float(np.average(y, weights=weight))
    C, r = D - centre, y - mean
    n = float(weight.sum())
    values, vectors = np.linalg.eigh((C * weight[:, None]).T @ C)
    values = np.clip(values, 0.0, None)
    seen = values > 1e-9 * max(n, 1.0)
    target = vectors.T @ (C.T @ (weight * r))
    penalties = np.array([l2]) if l2 is not None else _RIDGES * n
    total = float((weight * r * r).sum())
    best, theta = np.inf, np.zeros(D.shape[1])
    for penalty in penalties:
        shrunk = np.where(seen, target / np.where(seen, values + penalty, 1.0), 0.0)
        freedom = float((values[seen] / (values[seen] + penalty)).sum())
        rest = total - 2.0 * float(shrunk @ target) + float((shrunk * shrunk) @ values)
        left = n - 1.0 - freedom
        score = n * rest / left**2 if left > 0 else np.inf
        if score < best or len(penalties) == 1:
            best, theta = score, vectors @ shrunk
    return theta, mean - float(centre @ theta)


def each_arm(models: Sequence[OutcomeModel], arms: int) -> list[OutcomeModel]:
    """A model of the outcome under each arm: of one model an arm, or of one that reads the arm's flags."""
    if len(models) == arms:
        return list(models)
    both = models[0]
    assert isinstance(both, TreesModel)
    return [ArmTrees(both.scorer, both.logistic, np.eye(arms)[k, 1:]) for k in range(arms)]
