"""What stands between outcomes and effects: expected outcomes and propensities, cross-fitted, and the overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.uplift_base import Base, Design, OutcomeModel, fit_design
from tael.models.uplift_input import Codes, learn_encoding, read_arms, read_columns, read_outcome, read_propensity

# Out-of-fold AUC of the propensity from which the treatment counts as fixed by the columns.
_DETERMINED = 0.98


@dataclass(frozen=True)
class Overlap:
    """How far each row could have got each arm.

    Parameters
    ----------
    lowest, highest : float
        Smallest and largest propensity of any arm.
    trimmed, rows : int
        Rows left out because some arm had a propensity under `bound`, of how many.
    bound : float
    estimated : bool
        False where the propensities were given.
    auc : float
        How well the columns tell the arms apart, out of fold (0.5: randomised); NaN where they were given.
    """

    lowest: float
    highest: float
    trimmed: int
    rows: int
    bound: float
    estimated: bool
    auc: float

    def __str__(self) -> str:
        how = f"estimated (AUC {self.auc:.3f})" if self.estimated else "known"
        return (
            f"propensities {how}, {self.lowest:.3f} to {self.highest:.3f}; "
            f"{self.trimmed} of {self.rows} rows trimmed at {self.bound:g}"
        )


@dataclass(frozen=True)
class Nuisances:
    """Cross-fitted outcomes and propensities of each row, and the doubly robust scores made of them.

    Parameters
    ----------
    outcome, propensity, scores : ndarray of shape (n, arms)
        The mean of ``scores[:, k]`` estimates the mean outcome if all got arm k.
    arm : ndarray of shape (n,)
        0 is the control.
    arms : ndarray
        What each code stands for.
    kept : ndarray of shape (n,)
        False for rows trimmed for want of overlap; use ``scores[kept]``.
    overlap : Overlap
    """

    outcome: Floats
    propensity: Floats
    scores: Floats
    arm: Codes
    arms: NDArray[Any]
    kept: NDArray[np.bool_]
    overlap: Overlap

    def effects(self, k: int = 1) -> Floats:
        """Doubly robust effect of arm k on each row: very noisy, unbiased in the mean over *all* rows."""
        return self.scores[:, k] - self.scores[:, 0]

    def share(self, k: int) -> Floats:
        """Probability of "arm k, not the control" whose inverse weights make the rows of the two like all rows.

        Of a row in arm k it is the arm's, of a row in the control what the control's leaves: only what each row got
        need be known. With one treatment it is the propensity.
        """
        return np.where(self.arm == k, self.propensity[:, k], 1.0 - self.propensity[:, 0])


def make_folds(arm: Codes, y: Floats, cv: int, seed: int) -> Codes:
    """Fold of each row: rows of one arm and one outcome (above the arm's median or not) are dealt out evenly.

    >>> import numpy as np
    >>> np.bincount(make_folds(np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 0.0, 1.0]), 2, 0)).tolist()
    [2, 2]
    """
    least = int(np.bincount(arm).min())
    if least < 2:
        raise ModelError(
            "An arm has too few rows to hold any out.", expected="at least 2 rows in each arm", got=f"{least} samples"
        )
    folds = min(cv, least)
    rng = np.random.default_rng(seed)
    fold = np.empty(len(arm), dtype=np.int64)
    for k in range(int(arm.max()) + 1):
        rows = rng.permutation(np.flatnonzero(arm == k))
        rows = rows[np.argsort(y[rows] > np.median(y[rows]), kind="stable")]
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def fit_propensity(X: Floats, arm: Codes, arms: int, weight: Floats, design: Design, base: Base) -> list[OutcomeModel]:
    """One logistic model an arm (of the control where there are two arms, none: it is what is left)."""
    if arms == 2:
        return [base.outcome(X, (arm == 1).astype(np.float64), weight, design, binary=True)]
    return [base.outcome(X, (arm == k).astype(np.float64), weight, design, binary=True) for k in range(arms)]


def predict_propensity(models: list[OutcomeModel], X: Floats) -> Floats:
    """Probability of each arm, shape (n, arms), each row summing to one."""
    if len(models) == 1:
        p = models[0].predict(X)
        return np.column_stack([1.0 - p, p])
    each = np.column_stack([model.predict(X) for model in models])
    return each / each.sum(axis=1, keepdims=True)


def cross_fit(
    X: Floats,
    y: Floats,
    arm: Codes,
    arms: NDArray[Any],
    known: Floats | None,
    weight: Floats,
    base: Base,
    *,
    cv: int,
    trim: float,
    binary: bool,
) -> Nuisances:
    """Outcomes and propensities of each row from models that did not see it, and the doubly robust scores

    .. math:: \\Gamma_k = \\mu_k(x) + \\frac{1[t = k]}{e_k(x)} (y - \\mu_k(x)).

    References
    ----------
    Robins, Rotnitzky, Zhao (1994); Chernozhukov et al. (2018), Double/debiased machine learning.
    """
    n, size = len(y), len(arms)
    fold = make_folds(arm, y, cv, base.seed)
    outcome, propensity = np.empty((n, size)), np.empty((n, size)) if known is None else known
    for f in range(int(fold.max()) + 1):
        train, test = fold != f, fold == f
        design = fit_design(X[train], weight[train])
        for k in range(size):
            own = train & (arm == k)
            model = base.outcome(X[own], y[own], weight[own], design, binary=binary)
            outcome[test, k] = model.predict(X[test])
        if known is None:
            models = fit_propensity(X[train], arm[train], size, weight[train], design, base)
            propensity[test] = predict_propensity(models, X[test])
    kept, overlap = check_overlap(propensity, arm, trim, estimated=known is None)
    received = np.eye(size, dtype=bool)[arm]
    safe = np.maximum(propensity, np.finfo(float).tiny if known is not None else trim / 10.0)
    scores = outcome + np.where(received, (y[:, None] - outcome) / safe, 0.0)
    return Nuisances(outcome, propensity, scores, arm, arms, kept, overlap)


def check_overlap(propensity: Floats, arm: Codes, trim: float, *, estimated: bool) -> tuple[NDArray[np.bool_], Overlap]:
    """Rows that could have got every arm, and what is to be said of it.

    Raises
    ------
    ModelError
        The columns tell the treatment, or more than half of the rows would have to go.

    References
    ----------
    Crump, Hotz, Imbens, Mitnik (2009). Dealing with limited overlap in estimation of average treatment effects.
    """
    from tael.models.crossfit import roc_auc

    auc = float("nan")
    if estimated:
        each = [
            roc_auc((arm == k).astype(np.float64), propensity[:, k], np.ones(len(arm)))
            for k in range(1, propensity.shape[1])
        ]
        auc = max(each)
    kept = propensity.min(axis=1) >= trim
    overlap = Overlap(
        float(propensity.min()), float(propensity.max()), int((~kept).sum()), len(arm), trim, estimated, auc
    )
    if (estimated and auc >= _DETERMINED) or kept.mean() < 0.5:
        raise ModelError(
            "The columns all but determine the treatment, so treated and untreated rows cannot be compared.",
            expected="rows of every arm among like rows",
            got=str(overlap),
            fix="Drop the columns that decided the treatment only if they do not drive the outcome; "
            "else keep a randomised hold-out in the next campaign.",
        )
    if len(np.unique(arm[kept])) < propensity.shape[1]:
        raise ModelError("After trimming an arm has no rows.", expected="rows of every arm", got=str(overlap))
    return kept, overlap


def fit_nuisances(
    X: Any,
    y: ArrayLike,
    treatment: ArrayLike,
    *,
    propensity: Any = None,
    control: Any = None,
    base: str = "linear",
    l2: float = 1.0,
    cv: int = 5,
    trim: float = 0.01,
    sample_weight: ArrayLike | None = None,
    random_state: int = 0,
) -> Nuisances:
    """Cross-fit what the doubly robust evaluation of a rule needs (`tael.validation.policy_values`).

    Parameters
    ----------
    X : array or frame of shape (n, p)
        Numbers, flags, text; missing values welcome.
    y : array of shape (n,)
        0 and 1, or an amount in money.
    treatment : array of shape (n,)
    propensity : None, float, mapping or array
        Known probability of treatment; None estimates it.
    control : object, optional
        Which value of `treatment` means "not treated".
    base : {"linear", "boosted"}
    l2 : float
        Ridge in rows.
    cv : int
        Folds.
    trim : float
        Rows with a propensity below in some arm are left out, and counted.
    sample_weight : array of shape (n,), optional
    random_state : int

    Returns
    -------
    Nuisances

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> t = rng.integers(0, 2, 400)
    >>> found = fit_nuisances(X, X[:, 0] + t * 2.0, t, propensity=0.5)
    >>> round(float(found.effects().mean()), 1)
    2.0
    """
    from sklearn.base import BaseEstimator
    from threadpoolctl import threadpool_limits

    from tael.validation.arrays import weights

    columns = read_columns(BaseEstimator(), X, reset=True)
    E = learn_encoding(columns).apply(columns)
    outcome = read_outcome(y, len(E))
    arm, arms = read_arms(treatment, len(E), control)
    known = read_propensity(propensity, arm, arms)
    binary = bool(np.isin(outcome, (0.0, 1.0)).all())
    with threadpool_limits(limits=1, user_api="blas"):
        return cross_fit(
            E,
            outcome,
            arm,
            arms,
            known,
            weights(sample_weight, len(E)),
            Base(base, l2, random_state),
            cv=cv,
            trim=trim,
            binary=binary,
        )
