"""An uplift learner of two numbers an arm: the effect as a straight line on the expected outcome."""

from __future__ import annotations

import numpy as np

from tael.models.logistic import Floats
from tael.models.uplift import Trial
from tael.models.uplift_base import OutcomeModel, constant
from tael.models.uplift_learners import DRLearner, nuisances_of
from tael.models.uplift_nuisance import make_folds
from tael.models.uplift_reasons import outcome_parts


class RiskLearner(DRLearner):
    r"""Effects in step with the expected outcome: :math:`\hat\tau_k(x) = a_k + b_k \hat m(x)`.

    m is the expected outcome whatever was done, learned from the rows of all arms; a and b are the least-squares line
    of the doubly robust effects on its cross-fitted values. Most of what columns can tell of a rare outcome is who is
    likely to have it, and a treatment that takes away (or adds) a share of it changes most where most is to come: two
    numbers can be told from a campaign that is too small for an effect in many columns. Parameters and attributes as in
    `DRLearner`.

    References
    ----------
    Kent, Paulus, van Klaveren et al. (2020). The Predictive Approaches to Treatment effect Heterogeneity (PATH)
    statement. Annals of Internal Medicine 172(1): risk modelling.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, t = rng.normal(size=(4000, 1)), rng.integers(0, 2, 4000)
    >>> y = (rng.random(4000) < (0.1 + 0.2 * (X[:, 0] > 0)) * (1 - 0.5 * t)).astype(int)
    >>> low, high = RiskLearner().fit(X, y, treatment=t, propensity=0.5).predict([[-1.0], [1.0]]).round(2)
    >>> bool(high < low - 0.05)
    True
    """

    def _fit(self, trial: Trial) -> dict[str, list[OutcomeModel]]:
        found = nuisances_of(trial, cv=self.cv, trim=self.trim)
        self.overlap_ = found.overlap
        kept, design, base = found.kept, trial.design(), trial.base
        fold = make_folds(trial.arm, trial.y, self.cv, base.seed)
        expected = np.empty(len(fold))
        for f in range(int(fold.max()) + 1):
            own, out = fold != f, fold == f
            model = base.outcome(trial.X[own], trial.y[own], trial.weight[own], design, binary=trial.binary)
            expected[out] = model.predict(trial.X[out])
        own = kept & (trial.arm == 0)
        control = base.outcome(trial.X[own], trial.y[own], trial.weight[own], design, binary=trial.binary)
        lines = [_line(expected[kept], found.effects(k)[kept], trial.weight[kept]) for k in range(1, len(trial.arms))]
        return {
            "outcome": [control],
            "expected": [base.outcome(trial.X, trial.y, trial.weight, design, binary=trial.binary)],
            "at_zero": [constant(design, a) for a, _ in lines],
            "slope": [constant(design, b) for _, b in lines],
        }

    def _uplift(self, X: Floats) -> Floats:
        expected = self.parts_["expected"][0].predict(X)
        lines = zip(self.parts_["at_zero"], self.parts_["slope"], strict=True)
        return np.column_stack([a.predict(X) + b.predict(X) * expected for a, b in lines])

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        parts = outcome_parts(self.parts_["expected"][0], X) * self.parts_["slope"][k - 1].predict(X)[:, None]
        parts[:, -1] += self.parts_["at_zero"][k - 1].predict(X)
        return parts


def _line(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Intercept and slope by weighted least squares; a level line where x does not vary.

    >>> _line(np.array([0.0, 1.0]), np.array([1.0, 3.0]), np.ones(2))
    (1.0, 2.0)
    """
    centre, mean = np.average(x, weights=weight), np.average(y, weights=weight)
    spread = float((weight * (x - centre) ** 2).sum())
    flat = spread <= 1e-18 * float(weight.sum())
    slope = 0.0 if flat else float((weight * (x - centre) * (y - mean)).sum()) / spread
    return float(mean - slope * centre), slope
