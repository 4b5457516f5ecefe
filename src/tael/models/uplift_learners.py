"""The meta-learners: one model, one an arm, crossed, doubly robust, and the response model that knows no treatment."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from tael.models.logistic import Floats
from tael.models.uplift import Trial, UpliftEstimator
from tael.models.uplift_base import OutcomeModel, constant, each_arm
from tael.models.uplift_nuisance import Nuisances, Overlap, cross_fit, fit_propensity, predict_propensity
from tael.models.uplift_reasons import outcome_parts, product_parts

Parts = dict[str, list[OutcomeModel]]


LEFT = 0.1
"""Of the way from the control's chance to 0 or 1, what an effect leaves."""


class OutcomeLearner(UpliftEstimator):
    """A learner whose effect is the difference of two arms' expected outcomes."""

    def _uplift(self, X: Floats) -> Floats:
        outcome = self._outcomes(X)
        return outcome[:, 1:] - outcome[:, :1]

    def _outcomes(self, X: Floats) -> Floats:
        return np.column_stack([model.predict(X) for model in each_arm(self.parts_["outcome"], len(self.arms_))])

    def _pair(self, k: int) -> tuple[OutcomeModel, OutcomeModel | None]:
        models = each_arm(self.parts_["outcome"], len(self.arms_))
        return models[k], models[0]

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        models = each_arm(self.parts_["outcome"], len(self.arms_))
        return outcome_parts(models[k], X) - outcome_parts(models[0], X)


def each_outcome(control: Floats, effects: Floats, *, chance: bool) -> Floats:
    """Outcomes under every arm, from the control's and the effects.

    A chance is moved by nine tenths of what is left at most, to either end: of .8 and an effect of .3 the sum is none,
    and nobody is ever sure to pay.

    Parameters
    ----------
    control : ndarray of shape (n,)
    effects : ndarray of shape (n, arms - 1)
    chance : bool
        Whether the outcomes are chances.

    Returns
    -------
    ndarray of shape (n, arms)

    Examples
    --------
    >>> each_outcome(np.array([0.5, 0.8]), np.array([[0.1], [0.3]]), chance=True).round(2).tolist()
    [[0.5, 0.6], [0.8, 0.98]]
    """
    control = control[:, None]
    if not chance:
        return np.hstack([control, control + effects])
    return np.hstack([control, np.clip(control + effects, LEFT * control, 1.0 - LEFT * (1.0 - control))])


class EffectLearner(UpliftEstimator):
    """A learner with models of the effect, and one of the control's outcome beside them."""

    def _outcomes(self, X: Floats) -> Floats:
        return each_outcome(self.parts_["outcome"][0].predict(X), self._uplift(X), chance=self.binary_)


class TLearner(OutcomeLearner):
    r"""Two models: :math:`\hat\tau(x) = \hat\mu_1(x) - \hat\mu_0(x)`, each fitted on its own arm.

    With straight lines it is the plainest of all, and hard to beat on marketing data.

    Parameters
    ----------
    base : {"linear", "boosted"}, default="linear"
        Logistic (for outcomes of 0 and 1) or least-squares lines on standardised columns, or small LightGBM trees.
    l2 : float, default=1.0
        Ridge of the outcome lines, in rows.
    control : object, default=None
        Which value of the treatment means "not treated"; None where the values are 0 and 1, or true and false.
    random_state : int, RandomState or None, default=0

    Attributes
    ----------
    arms_ : ndarray
        The arms, the control first.
    encoding_ : Encoding
        How text became flags.
    parts_ : dict of str to list
        The fitted models.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    References
    ----------
    Künzel, Sekhon, Bickel, Yu (2019). Metalearners for estimating heterogeneous treatment effects using machine
    learning. PNAS 116(10).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, t = rng.normal(size=(2000, 1)), rng.integers(0, 2, 2000)
    >>> y = X[:, 0] * t + rng.normal(size=2000)
    >>> TLearner().fit(X, y, treatment=t).predict([[-1.0], [1.0]]).round(0).tolist()
    [-1.0, 1.0]
    """

    def _fit(self, trial: Trial) -> Parts:
        return {"outcome": trial.outcomes(trial.design())}


class SLearner(OutcomeLearner):
    r"""One model that reads the treatment as a column: :math:`\hat\tau(x) = \hat\mu(x, 1) - \hat\mu(x, 0)`.

    The line holds the treatment's products with all columns, under ten times the ridge: without products a straight
    line would rank nobody. Parameters and attributes as in `TLearner`.

    References
    ----------
    Künzel, Sekhon, Bickel, Yu (2019), as for `TLearner`.
    """

    def _fit(self, trial: Trial) -> Parts:
        models = trial.base.together(
            trial.X, trial.y, trial.arm, len(trial.arms), trial.weight, trial.design(), binary=trial.binary
        )
        return {"outcome": models}


class XLearner(EffectLearner):
    r"""Effects imputed in each arm from the other arm's model, modelled, and averaged by the propensity.

    .. math:: \hat\tau(x) = e(x)\,\hat\tau_0(x) + (1 - e(x))\,\hat\tau_1(x)

    Strong where one arm is small. Parameters and attributes as in `TLearner`; a propensity given as an array is
    modelled for new rows, and one given as a number is taken as it is.

    References
    ----------
    Künzel, Sekhon, Bickel, Yu (2019), as for `TLearner`.
    """

    def _fit(self, trial: Trial) -> Parts:
        design = trial.design()
        outcome = trial.outcomes(design)
        X, y, w, base = trial.X, trial.y, trial.weight, trial.base
        control = trial.arm == 0
        parts: Parts = {"outcome": outcome[:1], "treated": [], "control": [], "propensity": []}
        for k in range(1, len(trial.arms)):
            own = trial.arm == k
            treated = y[own] - outcome[0].predict(X[own])
            other = outcome[k].predict(X[control]) - y[control]
            parts["treated"].append(base.effect(X[own], treated, w[own], design))
            parts["control"].append(base.effect(X[control], other, w[control], design))
            pair = own | control
            known = trial.propensity
            if known is not None and np.all(known == known[0]):
                share = float(known[0, k] / (known[0, k] + known[0, 0]))
                parts["propensity"].append(constant(design, share))
            else:
                parts["propensity"] += fit_propensity(X[pair], own[pair].astype(np.int64), 2, w[pair], design, base)
        return parts

    def _uplift(self, X: Floats) -> Floats:
        found = []
        for treated, other, propensity in zip(*(self.parts_[name] for name in _CROSSED), strict=True):
            e = predict_propensity([propensity], X)[:, 1]
            found.append(e * other.predict(X) + (1.0 - e) * treated.predict(X))
        return np.column_stack(found)

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        treated, other, propensity = (outcome_parts(self.parts_[name][k - 1], X) for name in _CROSSED)
        return treated + product_parts(propensity, other - treated)


_CROSSED = ("treated", "control", "propensity")


class DRLearner(EffectLearner):
    r"""A model of the doubly robust effects of each row, whose nuisances are cross-fitted.

    .. math:: \hat\varphi = \hat\mu_1 - \hat\mu_0 + \frac{t (y - \hat\mu_1)}{e} - \frac{(1 - t)(y - \hat\mu_0)}{1 - e}

    Right if either the outcomes or the propensities are; the ridge of its line is chosen by generalised
    cross-validation, so where nothing tells people apart it says the mean effect of all.

    Parameters
    ----------
    base, l2, control, random_state
        As in `TLearner`.
    cv : int, default=5
        Folds of the nuisances.
    trim : float, default=0.01
        Rows with a propensity below in some arm are left out, and counted in `overlap_`.

    Attributes
    ----------
    overlap_ : Overlap
        Range of the propensities, and the rows trimmed.
    arms_, encoding_, parts_, n_features_in_, feature_names_in_
        As in `TLearner`.

    References
    ----------
    Kennedy, E. (2020). Towards optimal doubly robust estimation of heterogeneous causal effects. arXiv:2004.14497.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **UpliftEstimator._parameter_constraints,
        "cv": [Interval(Integral, 2, None, closed="left")],
        "trim": [Interval(Real, 0, 0.5, closed="left")],
    }

    overlap_: Overlap

    def __init__(
        self,
        base: str = "linear",
        *,
        l2: float = 1.0,
        cv: int = 5,
        trim: float = 0.01,
        control: Any = None,
        random_state: Any = 0,
    ) -> None:
        super().__init__(base, l2=l2, control=control, random_state=random_state)
        self.cv = cv
        self.trim = trim

    def _fit(self, trial: Trial) -> Parts:
        found = nuisances_of(trial, cv=self.cv, trim=self.trim)
        self.overlap_ = found.overlap
        kept, design = found.kept, trial.design()
        X, w = trial.X[kept], trial.weight[kept]
        own = kept & (trial.arm == 0)
        control = trial.base.outcome(trial.X[own], trial.y[own], trial.weight[own], design, binary=trial.binary)
        effects = [trial.base.effect(X, found.effects(k)[kept], w, design) for k in range(1, len(trial.arms))]
        return {"outcome": [control], "effect": effects}

    def _uplift(self, X: Floats) -> Floats:
        return np.column_stack([model.predict(X) for model in self.parts_["effect"]])

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        return self.parts_["effect"][k - 1].contributions(X)


def nuisances_of(trial: Trial, *, cv: int, trim: float) -> Nuisances:
    """Cross-fitted nuisances of checked rows."""
    return cross_fit(
        trial.X,
        trial.y,
        trial.arm,
        trial.arms,
        trial.propensity,
        trial.weight,
        trial.base,
        cv=cv,
        trim=trim,
        binary=trial.binary,
    )


class ResponseModel(UpliftEstimator):
    """The baseline of every campaign: the expected outcome, with the treatment not looked at.

    Its `predict` is *not* an effect: it ranks those likeliest to buy, who may buy anyway. Every report shows it beside
    the learners, because it is what most campaigns do. Parameters and attributes as in `TLearner`.
    """

    def _fit(self, trial: Trial) -> Parts:
        design = trial.design()
        return {"outcome": [trial.base.outcome(trial.X, trial.y, trial.weight, design, binary=trial.binary)]}

    def _uplift(self, X: Floats) -> Floats:
        return self.parts_["outcome"][0].predict(X)[:, None]

    def _outcomes(self, X: Floats) -> Floats:
        return np.tile(self._uplift(X), (1, len(self.arms_)))

    def _pair(self, k: int) -> tuple[OutcomeModel, OutcomeModel | None]:
        return self.parts_["outcome"][0], None

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        return outcome_parts(self.parts_["outcome"][0], X)
