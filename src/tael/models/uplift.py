"""What the uplift learners share: rows with a treatment in, the change that the treatment makes out."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.uplift_base import Base, Design, OutcomeModel, fit_design
from tael.models.uplift_input import (
    Codes,
    learn_encoding,
    read_arms,
    read_columns,
    read_outcome,
    read_propensity,
)
from tael.models.uplift_reasons import EffectReasons


@dataclass(frozen=True)
class Trial:
    """Checked and encoded rows of a campaign.

    Parameters
    ----------
    X : ndarray of shape (n, q)
    y, weight : ndarray of shape (n,)
    arm : ndarray of shape (n,)
        0 is the control.
    arms : ndarray
        What each code stands for.
    propensity : ndarray of shape (n, arms) or None
        None where it is to be estimated.
    binary : bool
        Whether the outcome is 0 or 1.
    base : Base
    """

    X: Floats
    y: Floats
    arm: Codes
    arms: NDArray[Any]
    propensity: Floats | None
    weight: Floats
    binary: bool
    base: Base

    def design(self) -> Design:
        """The standardised design of all rows."""
        return fit_design(self.X, self.weight)

    def outcomes(self, design: Design) -> list[OutcomeModel]:
        """A model of the outcome in each arm."""
        found = []
        for k in range(len(self.arms)):
            own = self.arm == k
            found.append(self.base.outcome(self.X[own], self.y[own], self.weight[own], design, binary=self.binary))
        return found


class UpliftEstimator(EffectReasons, BaseEstimator):
    """What the uplift learners share; see `TLearner` for the parameters.

    The treatment travels beside X and y: ``fit(X, y, treatment=...)``, ``score(X, y, treatment=...)``. scikit-learn's
    cross-validation hands it on once it is asked for::

        sklearn.set_config(enable_metadata_routing=True)
        model = TLearner().set_fit_request(treatment=True).set_score_request(treatment=True)
        cross_validate(model, X, y, params={"treatment": treatment})
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "base": [StrOptions({"linear", "boosted"})],
        "l2": [Interval(Real, 0, None, closed="left")],
        "control": "no_validation",
        "random_state": ["random_state"],
    }

    parts_: dict[str, list[OutcomeModel]]

    def __init__(self, base: str = "linear", *, l2: float = 1.0, control: Any = None, random_state: Any = 0) -> None:
        self.base = base
        self.l2 = l2
        self.control = control
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome; an outcome is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        treatment: ArrayLike | None = None,
        propensity: Any = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from a campaign.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Numbers, flags, text; NaN or null is missing.
        y : array of shape (n,)
            Outcome: 0 and 1, or an amount. Known before the treatment it must not be.
        treatment : array of shape (n,)
            Arm of each row: 0 and 1, true and false, or names (then `control` says which is not treated).
        propensity : None, float, mapping or array, optional
            Probability of treatment, where the campaign was randomised or it is known; None estimates it where the
            learner needs it. With several arms: a mapping from arm to probability, or one column an arm.
        sample_weight : array of shape (n,), optional
            0 leaves a row out.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            No treatment, one arm, a constant outcome, propensities of 0 or 1, a treatment that the columns determine.
        """
        from threadpoolctl import threadpool_limits

        trial = self._check(X, y, treatment, propensity, sample_weight)
        self.binary_ = trial.binary
        # One thread of BLAS: threads would change the order of sums.
        with threadpool_limits(limits=1, user_api="blas"):
            self.parts_ = self._fit(trial)
        return self

    def _check(self, X: Any, y: Any, treatment: Any, propensity: Any, sample_weight: Any) -> Trial:
        if y is None:
            raise ModelError(
                "This estimator requires y to be passed, but the target y is None.", expected="outcomes", got="None"
            )
        columns = read_columns(self, X, reset=True)
        self.encoding_ = learn_encoding(columns)
        E = self.encoding_.apply(columns)
        outcome = read_outcome(column_or_1d(y, warn=True) if isinstance(y, np.ndarray | list) else y, len(E))
        arm, self.arms_ = read_arms(treatment, len(E), self.control)
        known = read_propensity(propensity, arm, self.arms_)
        weight = _check_sample_weight(sample_weight, E, dtype=np.float64)
        if np.any(weight < 0):
            raise ModelError("A sample weight is negative.", expected="0 or more", got=str(weight.min()))
        used = weight > 0
        if len(np.unique(arm[used])) < len(self.arms_):
            raise ModelError("An arm has weight 0 throughout.", expected="rows with a weight in each arm")
        if not used.all():
            E, outcome, arm, weight = E[used], read_outcome(outcome[used], int(used.sum())), arm[used], weight[used]
            known = None if known is None else known[used]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        base = Base(self.base, float(self.l2), seed)
        binary = bool(np.isin(outcome, (0.0, 1.0)).all())
        return Trial(np.ascontiguousarray(E), outcome, arm, self.arms_, known, weight, binary, base)

    @abstractmethod
    def _fit(self, trial: Trial) -> dict[str, list[OutcomeModel]]:
        """The fitted models, by what they are for."""

    def predict(self, X: Any) -> Floats:
        """What the treatment is expected to change in the outcome.

        Parameters
        ----------
        X : array or frame of shape (n, p)
            The columns of fit, without the treatment.

        Returns
        -------
        ndarray of shape (n,), or (n, arms - 1) where there are several
            In units of the outcome: a probability, or money.
        """
        check_is_fitted(self)
        found = self._uplift(self.encoding_.apply(read_columns(self, X, reset=False)))
        return found[:, 0] if found.shape[1] == 1 else found

    def score(self, X: Any, y: ArrayLike, treatment: ArrayLike | None = None) -> float:
        """Qini coefficient of the ranking (`tael.validation.qini_coefficient`).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        y : array of shape (n,)
        treatment : array of shape (n,)
            Of the same kind as in fit; one treatment and a control.

        Returns
        -------
        float
            0 is random. It is noisy: compare learners with intervals (`UpliftChooser`).
        """
        from tael.validation.uplift_metrics import qini_coefficient

        uplift = self.predict(X)
        if uplift.ndim > 1:
            raise ModelError(
                "The Qini coefficient is of one treatment.",
                expected="one treatment and a control",
                got=f"{len(self.arms_) - 1} treatments",
                fix="Score one arm at a time, or value the rule: tael.validation.policy_values.",
            )
        arm, _ = read_arms(treatment, len(uplift), self.control, self.arms_)
        return qini_coefficient(y, uplift, arm)
