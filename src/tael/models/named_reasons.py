"""What each column adds to the log-odds of an estimator by name: terms, trees, or columns put in one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tael.kernels.forest import Forest, explain, read_forest
from tael.models.logistic import Floats
from tael.models.preparation import Preparation
from tael.models.tree_arrays import forest_of

Scored = Callable[[Floats], Floats]
Explained = Callable[[Floats, Floats], Floats]
"""Prepared rows and their log-odds in, (n, p + 1) contributions out, the base last."""
_PAIRS = 2
_CELLS = 2_000_000
_LEVEL = 1e-9


def explained(estimator: Any, preparation: Preparation, score: Scored) -> Explained:
    """How a fitted classifier of two classes explains itself.

    Parameters
    ----------
    estimator : fitted estimator
    preparation : Preparation
    score : callable
        Log-odds of prepared rows.

    Returns
    -------
    callable
    """
    if type(estimator).__module__.startswith("sklearn.linear_model") and hasattr(estimator, "coef_"):
        coef = np.ravel(estimator.coef_)
        centre = preparation.apply(preparation.mean[None, :])[0]
        if coef.size == centre.size and _is_logit(estimator, coef, centre, score):
            return _terms(coef, centre, float(np.ravel(estimator.intercept_)[0]))
    found = forest_of(estimator)
    if found is not None:
        return _trees(*found)
    if type(estimator).__module__.startswith("lightgbm"):
        forest = read_forest(estimator.booster_.model_to_string())
        if forest is not None:
            return _trees(forest, "log_odds", 8)
    return _put_in(preparation.apply(preparation.typical[None, :])[0], score)


def _is_logit(estimator: Any, coef: Floats, centre: Floats, score: Scored) -> bool:
    """Whether the line is that of the log-odds, and not of a margin or of some other link."""
    rows = centre + np.random.default_rng(0).normal(size=(8, centre.size))
    line = rows @ coef + float(np.ravel(estimator.intercept_)[0])
    return bool(np.allclose(np.clip(line, -15, 15), np.clip(score(rows), -15, 15), atol=1e-5))


def _terms(coef: Floats, centre: Floats, intercept: float) -> Explained:
    def told(Z: Floats, z: Floats) -> Floats:
        out = np.empty((len(Z), coef.size + 1))
        out[:, :-1] = (Z - centre) * coef
        out[:, -1] = intercept + float(centre @ coef)
        return _exactly(out, z)

    return told


def _trees(forest: Forest, scale: str, precision: int) -> Explained:
    def told(Z: Floats, z: Floats) -> Floats:
        read = Z.astype(np.float32).astype(np.float64) if precision == 4 else Z
        out = explain(forest, read)
        if scale == "probability":
            mean = min(max(forest.expected, _LEVEL), 1 - _LEVEL)
            base = float(np.log(mean) - np.log1p(-mean))
            moved = out[:, :-1].sum(axis=1)
            p = np.clip(mean + moved, _LEVEL, 1 - _LEVEL)
            flat = np.abs(moved) < _LEVEL
            stretch = np.where(flat, 1.0 / (p * (1.0 - p)), (z - base) / np.where(flat, 1.0, moved))
            out[:, :-1] *= stretch[:, None]
            out[:, -1] = base
        return _exactly(out, z)

    return told


def _exactly(out: Floats, z: Floats) -> Floats:
    """Rounding, or a probability drawn in at its edge, goes to the columns in proportion to what they move."""
    rest = z - out.sum(axis=1)
    size = np.abs(out[:, :-1])
    total = size.sum(axis=1)
    some = total > 0
    out[some, :-1] += size[some] * (rest[some] / total[some])[:, None]
    return out


def _put_in(typical: Floats, score: Scored) -> Explained:
    """Shapley values by permutation: columns take the row's values one by one, in drawn orders and their reverses."""
    rng = np.random.default_rng(0)
    orders = [order for _ in range(_PAIRS) for one in [rng.permutation(typical.size)] for order in (one, one[::-1])]
    base = float(score(typical[None, :])[0])

    def told(Z: Floats, z: Floats) -> Floats:
        out = np.zeros((len(Z), typical.size + 1))
        step = max(1, _CELLS // max(1, typical.size * (typical.size + 1)))
        for first in range(0, len(Z), step):
            rows = Z[first : first + step]
            for order in orders:
                stacked = np.empty((typical.size + 1, *rows.shape))
                current = np.tile(typical, (len(rows), 1))
                stacked[0] = current
                for k, column in enumerate(order):
                    current[:, column] = rows[:, column]
                    stacked[k + 1] = current
                scores = score(stacked.reshape(-1, typical.size)).reshape(typical.size + 1, len(rows))
                out[first : first + step, order] += np.diff(scores, axis=0).T / len(orders)
        out[:, -1] = base
        return _exactly(out, z)

    return told
