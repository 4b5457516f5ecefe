"""The same model fitted as each method of reject inference would have it: cross-fitted over the accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tael.errors import ModelError
from tael.models.folds import make_folds
from tael.models.logistic import Floats
from tael.models.reject_views import Book, View, parcel_rates

FLOOR = 0.02
"""No weight is larger than that of a chance of acceptance of 2 %: one such person stands for at most 49 rejected."""


def cross_fitted_views(
    estimator: Any, acceptance: Any, X: Any, X_rejected: Any, book: Book, *,
    factors: Sequence[float], parcels: int, folds: int, seed: int,
) -> tuple[list[View], Floats]:  # fmt: skip
    """The views of all methods, and the chance of acceptance of each rejected person.

    Notes
    -----
    In each fold everything is fitted without the held-out accepted people, whose scores are thus out of fold; a
    rejected person's score is the mean of the folds' models. Only the bad rates of the parcels, a number a band, are of
    all accepted people.
    """
    y, w, v = book.y, book.w, book.w_rejected
    n, m = len(y), len(v)
    parts = make_folds(folds, np.empty((n, 0)), y, None, seed)
    known_good, chance = np.zeros(n), np.zeros(n)
    known_good_rejected: list[Floats] = []
    chance_rejected = np.zeros(m)
    for train, test in parts:
        model = _fit(estimator, _rows(X, train), y[train], w[train])
        known_good[test] = _probability(model, _rows(X, test))
        known_good_rejected.append(_probability(model, X_rejected))
        gate = _fit(
            acceptance, _stack([_rows(X, train), X_rejected]), np.repeat([1.0, 0.0], [len(train), m]),
            np.concatenate([w[train], v]),
        )  # fmt: skip
        # the held-out part is missing among the accepted here: odds are corrected for it
        lift = w.sum() / w[train].sum()
        chance[test] = _odds_times(_probability(gate, _rows(X, test)), lift)
        chance_rejected += _odds_times(_probability(gate, X_rejected), lift) / len(parts)
    kgb_rejected = np.mean(known_good_rejected, axis=0)
    odds = (1.0 - np.maximum(chance, FLOOR)) / np.maximum(chance, FLOOR)
    views = [
        View("accept_only", None, known_good, kgb_rejected, lent=w),
        View("extrapolation", None, known_good, kgb_rejected, rate_rejected=kgb_rejected),
    ]
    weighted = _refitted(estimator, X, X_rejected, book, parts, lambda k, train: (w[train] * (1.0 + odds[train]), None))
    views.insert(1, View("reweighting", None, *weighted, lent=w * odds))
    fuzzy = _refitted(estimator, X, X_rejected, book, parts, lambda k, train: (w[train], known_good_rejected[k]))
    views.append(View("fuzzy", None, *fuzzy, rate_rejected=kgb_rejected))
    plain = parcel_rates(book, known_good, kgb_rejected, parcels)
    for factor in factors:
        rate = np.minimum(factor * plain, 1.0)
        own = _refitted(estimator, X, X_rejected, book, parts, lambda k, train, rate=rate: (w[train], rate))
        views.append(View("parcelling", float(factor), *own, rate_rejected=rate))
    for method, rate in (("all_good", np.zeros(m)), ("all_bad", np.ones(m))):
        views.append(View(method, None, known_good, kgb_rejected, rate_rejected=rate))
    return views, chance_rejected


def _refitted(
    estimator: Any, X: Any, X_rejected: Any, book: Book, parts: list[Any], how: Callable[..., Any]
) -> tuple[Floats, Floats]:
    """Scores of a model fitted with the weights and the bad rates of the rejected that a method gives in each fold."""
    score, score_rejected = np.zeros(len(book.y)), np.zeros(len(book.w_rejected))
    for k, (train, test) in enumerate(parts):
        weight, rate = how(k, train)
        rows, label = _rows(X, train), book.y[train]
        if rate is not None:  # everybody rejected enters twice: bad with the rate as weight, good with what is left
            rows = _stack([rows, X_rejected, X_rejected])
            label = np.concatenate([label, np.ones(len(rate)), np.zeros(len(rate))])
            weight = np.concatenate([weight, book.w_rejected * rate, book.w_rejected * (1.0 - rate)])
        model = _fit(estimator, rows, label, weight)
        score[test] = _probability(model, _rows(X, test))
        score_rejected += _probability(model, X_rejected) / len(parts)
    return score, score_rejected


def _fit(estimator: Any, X: Any, y: Floats, weight: Floats) -> Any:
    from sklearn.base import clone
    from sklearn.utils.validation import has_fit_parameter

    model = clone(estimator) if hasattr(estimator, "fit") and not isinstance(estimator, type) else estimator()
    if not (has_fit_parameter(model, "sample_weight") and hasattr(model, "predict_proba")):
        raise ModelError(
            "Reject inference needs a classifier with weights and probabilities.",
            expected="fit(X, y, sample_weight=...) and predict_proba(X)",
            got=type(model).__name__,
            fix="Pass a classifier such as tael.models.LogisticReference().",
        )
    return model.fit(X, y, sample_weight=weight)


def _probability(model: Any, X: Any) -> Floats:
    return np.asarray(model.predict_proba(X)[:, 1], dtype=np.float64)


def _odds_times(p: Floats, lift: float) -> Floats:
    return p * lift / (1.0 - p + p * lift)


def _rows(X: Any, rows: Any) -> Any:
    from sklearn.utils import _safe_indexing

    return _safe_indexing(X, rows)


def _stack(parts: list[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import narwhals.stable.v2 as nw

    return nw.to_native(nw.concat([nw.from_native(part, eager_only=True) for part in parts], how="vertical"))
