"""`NamedClassifier`: any classifier of scikit-learn's convention, by its name, where tael's own models stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context

from tael.errors import ModelError
from tael.models._input import check_training
from tael.models.additive import AdditiveClassifier
from tael.models.estimator_state import decode, encode
from tael.models.estimators import build, told
from tael.models.logistic import Floats
from tael.models.named_reasons import Explained, explained
from tael.models.preparation import Preparation, prepare

State = dict[str, Any]
_EDGE = 1e-9
"""A tree may say 0 or 1 outright; log-odds end here."""
_DIGITS = 9
"""Log-odds are told to so many decimals: libraries add in another order for one row than for many, and a score must
not depend on what is scored beside it."""


class NamedClassifier(AdditiveClassifier):
    r"""A classifier by its name, with what tael asks of a model: log-odds, reasons, a form on disk without code.

    Missing values become medians and columns are scaled where the estimator needs it. What each column adds to the
    log-odds: the terms of a linear model, Shapley values of trees (exact), Shapley values by permutation against a
    row of medians for any other. A forest averages probabilities; there the values of the probability are stretched,
    row by row, so that they add up to the log-odds.

    Parameters
    ----------
    estimator : str
        ``"package.module.Class"`` of scikit-learn, LightGBM, or a package that registers itself
        (`tael.models.estimators.packages`).
    parameters : mapping, optional
        Its parameters; one that is an estimator is a table of the same two keys.
    random_state : int or None, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    estimator_ : fitted estimator
    preparation_ : Preparation
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3))
    >>> y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
    >>> model = NamedClassifier("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 20}).fit(X, y)
    >>> bool(np.allclose(model.contributions(X).sum(axis=1), model.decision_function(X)))
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [str],
        "parameters": [dict, Mapping, None],
        "random_state": ["random_state"],
    }

    estimator_: Any
    preparation_: Preparation

    def __init__(
        self,
        estimator: str = "sklearn.linear_model.LogisticRegression",
        parameters: Mapping[str, Any] | None = None,
        *,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.parameters = parameters
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Numbers and flags; NaN or null is missing.
        y : array of shape (n,)
            Two classes.
        sample_weight : array of shape (n,), optional
            0 leaves a row out.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            No such estimator, one that is no classifier or tells no probabilities, weights that it does not take.
        """
        made = classifier(self.estimator, self.parameters, seed=_seed(self.random_state))
        X, label, self.classes_, weight = check_training(self, X, y, sample_weight, None)
        rows = np.flatnonzero(weight > 0)
        X, label, weight = X[rows], label[rows], weight[rows]
        self.preparation_ = prepare(X, made, weight)
        self.estimator_ = fitted(made, self.preparation_.apply(X), label.astype(np.int64), weight, self.estimator)
        if not hasattr(self.estimator_, "predict_proba"):
            raise _silent(self.estimator)
        self._explained: Explained | None = None
        return self

    def _log_odds(self, X: Floats) -> Floats:
        return self._own_log_odds(self.preparation_.apply(X))

    def _own_log_odds(self, Z: Floats) -> Floats:
        p = np.clip(np.asarray(self.estimator_.predict_proba(Z), dtype=np.float64)[:, 1], _EDGE, 1 - _EDGE)
        return np.round(np.log(p) - np.log1p(-p), _DIGITS)

    def _contributions(self, X: Floats) -> Floats:
        if self._explained is None:
            self._explained = explained(self.estimator_, self.preparation_, self._own_log_odds)
        return self._explained(self.preparation_.apply(X), self._log_odds(X))

    def __getstate__(self) -> dict[str, Any]:
        """What explains is worked out anew where it is asked for."""
        state = super().__getstate__()
        return {**state, "_explained": None} if "_explained" in state else state


def classifier(name: str, parameters: Mapping[str, Any] | None, *, seed: int | None = 0, where: str = "") -> Any:
    """An unfitted classifier that tells probabilities.

    Raises
    ------
    ModelError
        As `tael.models.estimators.build`; or it is no classifier, or tells none.

    Examples
    --------
    >>> classifier("sklearn.linear_model.RidgeClassifier", None)
    Traceback (most recent call last):
    tael.errors.ModelError: This estimator tells no probabilities.
      expected: an estimator with predict_proba
      got:      sklearn.linear_model.RidgeClassifier
      to do:    Name sklearn.calibration.CalibratedClassifierCV, and this one as its parameter "estimator".
    """
    from sklearn.base import is_classifier

    made = build(name, parameters, seed=seed, where=where)
    if not is_classifier(made):
        near = name.replace("Regressor", "Classifier")
        raise ModelError(
            "A yes or no needs a classifier.", expected="a classifier", got=name, where=where or None,
            fix=f"Its sibling may be called {near}." if near != name else None,
        )  # fmt: skip
    if not hasattr(made, "predict_proba") and not hasattr(made, "final_estimator"):
        raise _silent(name, where)
    return made


def _silent(name: str, where: str = "") -> ModelError:
    return ModelError(
        "This estimator tells no probabilities.", expected="an estimator with predict_proba", got=name,
        where=where or None,
        fix='Name sklearn.calibration.CalibratedClassifierCV, and this one as its parameter "estimator".',
    )  # fmt: skip


def fitted(made: Any, X: Floats, y: Any, weight: Floats, name: str) -> Any:
    """The estimator, fitted; weights are handed on where they differ.

    Raises
    ------
    ModelError
        Weights that it does not take, a value of a parameter that it refuses, rows that it cannot be fitted to.
    """
    from sklearn.utils.validation import has_fit_parameter

    even = np.all(weight == weight[0])
    if not even and not has_fit_parameter(made, "sample_weight"):
        raise ModelError(
            "This estimator takes no weights.", expected="an estimator whose fit has sample_weight", got=name,
            fix="Leave the weights out of the plan, or name another estimator.",
        )  # fmt: skip
    with told(name):
        return made.fit(X, y) if even else made.fit(X, y, sample_weight=weight)


def _seed(random_state: Any) -> int | None:
    from sklearn.utils import check_random_state

    if random_state is None or isinstance(random_state, int | np.integer):
        return None if random_state is None else int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def same_answers(original: Any, copy: Any, preparation: Preparation, asked: str) -> None:
    """Refuse a copy that answers any of 64 drawn rows differently.

    Raises
    ------
    ModelError
    """
    rng = np.random.default_rng(0)
    X = preparation.typical + rng.normal(0, 1, (64, len(preparation.typical))) * preparation.spread
    Z = preparation.apply(X)
    here = getattr(original, asked)(Z)
    try:
        there = getattr(copy, asked)(Z)
    except (AttributeError, TypeError, ValueError) as error:
        raise _unsaved(original, str(error)) from error
    if not np.array_equal(here, there, equal_nan=True):
        raise _unsaved(original, f"answers that differ by up to {np.abs(here - there).max():.3g}")


def _unsaved(original: Any, got: str) -> ModelError:
    return ModelError(
        f"A {type(original).__name__} cannot be saved as data.", expected="a copy that answers alike", got=got,
        fix="Take another estimator; tael writes no pickles, since loading one runs code.",
    )  # fmt: skip


def common_state(model: Any, asked: str) -> State:
    """What is written of a model by name: its parameters, its preparation, and what its estimator learned."""
    written = encode(model.estimator_)
    same_answers(model.estimator_, decode(written), model.preparation_, asked)
    return {
        "estimator": model.estimator,
        "parameters": encode(dict(model.parameters or {})),
        "random_state": model.random_state if isinstance(model.random_state, int) else None,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "preparation": dict(vars(model.preparation_)),
        "learned": written,
    }


def restore_common(model: Any, state: State) -> Any:
    """The way back from `common_state`, into an unfitted model."""
    model.estimator, model.random_state = state["estimator"], state["random_state"]
    model.parameters = decode(state["parameters"]) or None
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    model.preparation_ = Preparation(**state["preparation"])
    model.estimator_ = decode(state["learned"])
    model._explained = None
    return model


def classifier_state(model: NamedClassifier) -> State:
    """For `tael.models.persist`."""
    return {**common_state(model, "predict_proba"), "classes": model.classes_}


def classifier_from_state(state: State) -> NamedClassifier:
    """For `tael.models.persist`."""
    model: NamedClassifier = restore_common(NamedClassifier(), state)
    model.classes_ = state["classes"]
    return model
