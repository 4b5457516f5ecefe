"""`UpliftChooser`: every learner out of fold with its interval, and the mean of those that cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from tael.errors import ModelError, did_you_mean
from tael.models.logistic import Floats
from tael.models.uplift import Trial, UpliftEstimator
from tael.models.uplift_arm import BASELINE, ArmChoice, choose_learners
from tael.models.uplift_base import OutcomeModel
from tael.models.uplift_learners import (
    DRLearner,
    ResponseModel,
    SLearner,
    TLearner,
    XLearner,
    each_outcome,
    nuisances_of,
)
from tael.models.uplift_nuisance import Nuisances, Overlap, make_folds
from tael.models.uplift_risk import RiskLearner

LEARNERS: dict[str, tuple[type[UpliftEstimator], str]] = {
    "t_linear": (TLearner, "linear"),
    "s_linear": (SLearner, "linear"),
    "x_linear": (XLearner, "linear"),
    "dr_linear": (DRLearner, "linear"),
    "risk_linear": (RiskLearner, "linear"),
    "t_boosted": (TLearner, "boosted"),
    "s_boosted": (SLearner, "boosted"),
    "x_boosted": (XLearner, "boosted"),
    "dr_boosted": (DRLearner, "boosted"),
}
AUTO = [name for name in LEARNERS if name not in ("t_boosted", "dr_boosted")]
"""What "auto" takes. With trees, T and DR are the weakest of all on campaigns of known truth: as good a mean without
them costs half the time (docs/benchmarks-decisions.md)."""


class UpliftChooser(UpliftEstimator):
    r"""All learners on the same folds; each arm's effect is the mean of those within one standard error of the best.

    Learners differ by less than one campaign can show, so one Qini coefficient never decides: for each arm, a learner
    is left out only where the best is ahead of it by more than the standard error of the *difference* on the same
    customers, in doubly robust Qini area, out of fold. What is said of arm k is

    .. math:: \hat\tau_k(x) = \bar\tau_k + \frac1{|L_k| F} \sum_{l \in L_k} b_{kl} \sum_{f=1}^F
              \left( \hat\tau_{klf}(x) - \bar\tau_{klf} \right),

    the mean effect (doubly robust) and each chosen learner's differences from its own mean, shrunk by the slope b of
    the actual on its predicted effects out of fold, between 0 and 1. Each learner is the mean of its F models, each
    fitted without one of the folds: what was measured is what predicts, and a mean of models varies less than one of
    all rows.

    Where not even the best ranks better than the best of so many learners would by chance (Romano and Wolf's greatest
    statistic over the resamples, 97.5 %), everybody's predicted effect of the arm is its mean, but for a thousandth of
    what the linear learners say: a decision on it is then the best arm for all who may get it, and where limits leave
    some out, the linear learners say who comes first. No learner is taken unshrunk there, not even the plainest:
    differences that cannot be told from noise would send the dear arm to whom the noise favours, which is worth less
    than one arm for all. The response-only baseline is always measured beside the learners and never chosen.

    Parameters
    ----------
    learners : "auto" or list of str, default="auto"
        Of `tael.models.uplift_choice.LEARNERS`; "auto" takes those of `tael.models.uplift_choice.AUTO`.
    l2, control, random_state
        As in `TLearner`.
    cv : int, default=5
        Folds, also those of the nuisances.
    trim : float, default=0.01
        As in `DRLearner`.
    n_boot : int, default=100
        Resamples behind each interval.

    Attributes
    ----------
    report_ : list of LearnerReport
        Every learner and the response model, arm by arm.
    decided_by_arm_ : list of bool
        For each treatment, False where no learner ranks better than chance.
    decided_ : bool
        Whether any treatment was decided.
    oof_uplift_ : ndarray of shape (n,), or (n, arms - 1) where there are several
        Out of fold: what a rule must be valued on.
    overlap_ : Overlap
        Of the rows learned from.
    chosen_ : list of str
        The m learners that some arm averages.
    members_ : list of list of UpliftEstimator
        Of each, its models: one a fold, fitted on the rows of the others.
    means_ : ndarray of shape (arms - 1,)
        Mean effect of each treatment.
    centres_, slopes_, shares_ : ndarray of shape (m, arms - 1)
        Mean prediction of each; what its differences from that are multiplied by; its part in the mean, 0 where the
        arm does without it.

    Notes
    -----
    `predict_outcomes` says the control's outcome by a linear S-learner over the rows of all arms (a small control
    borrows from the others), and adds the effects.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, t = rng.normal(size=(2000, 1)), rng.choice(["none", "call", "sms"], 2000)
    >>> y = X[:, 0] * (t == "call") + rng.normal(size=2000)
    >>> model = UpliftChooser(["t_linear"], control="none", n_boot=20).fit(X, y, treatment=t)
    >>> model.decided_by_arm_
    [True, False]
    >>> abs(model.predict([[-1.0], [1.0]])).round(0).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "learners": [list, tuple, str],
        "l2": [Interval(Real, 0, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "trim": [Interval(Real, 0, 0.5, closed="left")],
        "n_boot": [Interval(Integral, 10, None, closed="left")],
        "control": "no_validation",
        "random_state": ["random_state"],
    }

    members_: list[list[UpliftEstimator]]
    overlap_: Overlap

    def __init__(
        self,
        learners: str | list[str] = "auto",
        *,
        l2: float = 1.0,
        cv: int = 5,
        trim: float = 0.01,
        n_boot: int = 100,
        control: Any = None,
        random_state: Any = 0,
    ) -> None:
        super().__init__(l2=l2, control=control, random_state=random_state)
        self.learners = learners
        self.cv = cv
        self.trim = trim
        self.n_boot = n_boot

    @classmethod
    def _get_param_names(cls) -> list[str]:
        # `base` belongs to the learners, one by one.
        return sorted(name for name in super()._get_param_names() if name != "base")

    def _names(self) -> list[str]:
        names = AUTO if self.learners == "auto" else list(self.learners)
        for name in names:
            if name not in LEARNERS:
                raise ModelError("No such uplift learner.", got=repr(name), fix=did_you_mean(str(name), LEARNERS))
        if not names:
            raise ModelError("There is no learner to choose.", expected="at least one", fix=", ".join(LEARNERS))
        return list(dict.fromkeys(names))

    def _make(self, name: str, trial: Trial) -> UpliftEstimator:
        kind, base = (ResponseModel, "linear") if name == BASELINE else LEARNERS[name]
        extra = {"cv": self.cv, "trim": self.trim} if issubclass(kind, DRLearner) else {}
        member = kind(base, l2=self.l2, random_state=trial.base.seed, **extra)
        # The rows are encoded already: the members read their matrix.
        member.encoding_, member.arms_, member.n_features_in_ = self.encoding_, self.arms_, self.n_features_in_
        member.binary_ = trial.binary
        if hasattr(self, "feature_names_in_"):
            member.feature_names_in_ = self.feature_names_in_
        return member

    def _fit(self, trial: Trial) -> dict[str, list[OutcomeModel]]:
        names = [*self._names(), BASELINE]
        found = nuisances_of(trial, cv=self.cv, trim=self.trim)
        self.overlap_ = found.overlap
        fold = make_folds(trial.arm, trial.y, self.cv, trial.base.seed)
        fitted = {name: self._each_fold(name, trial, fold) for name in names}
        held = {name: _out_of_fold(models, trial, fold) for name, models in fitted.items()}
        choices = [
            choose_learners(
                k, trial.y, {name: values[:, k - 1] for name, values in held.items()}, found, trial.weight,
                known=trial.propensity is not None, n_boot=self.n_boot, seed=trial.base.seed,
            )
            for k in range(1, len(trial.arms))
        ]  # fmt: skip
        self._keep(choices)
        self.members_ = [fitted[name] for name in self.chosen_]
        rows, weight = trial.X[found.kept], trial.weight[found.kept]
        self.means_ = _mean_effects(found, trial.weight, found.kept)
        told = [np.average(_mean_uplift(models, rows), axis=0, weights=weight) for models in self.members_]
        self.centres_ = np.array(told).reshape(self.slopes_.shape)
        self.oof_uplift_ = self._held_out(held, found, trial, fold)
        plain = SLearner("linear", l2=self.l2, random_state=trial.base.seed)._fit(trial)
        return {"control": plain["outcome"][:1]}

    def _keep(self, choices: list[ArmChoice]) -> None:
        self.report_ = [report for choice in choices for report in choice.report]
        self.decided_by_arm_ = [choice.decided for choice in choices]
        taken = {name for choice in choices for name in choice.slopes}
        self.chosen_ = [name for name in self._names() if name in taken]
        self.slopes_ = np.zeros((len(self.chosen_), len(choices)))
        self.shares_ = np.zeros_like(self.slopes_)
        for k, choice in enumerate(choices):
            for name, slope in choice.slopes.items():
                self.slopes_[self.chosen_.index(name), k] = slope
                self.shares_[self.chosen_.index(name), k] = 1.0 / len(choice.slopes)

    @property
    def decided_(self) -> bool:
        """Whether any treatment was decided."""
        return any(self.decided_by_arm_)

    def _each_fold(self, name: str, trial: Trial, fold: np.ndarray) -> list[UpliftEstimator]:
        """One learner's models, each fitted without one fold."""
        return [self._fitted(name, _rows(trial, fold != f)) for f in range(int(fold.max()) + 1)]

    def _fitted(self, name: str, trial: Trial) -> UpliftEstimator:
        member = self._make(name, trial)
        member.parts_ = member._fit(replace(trial, base=replace(trial.base, kind=member.base)))
        return member

    def _held_out(self, held: dict[str, Floats], found: Nuisances, trial: Trial, fold: np.ndarray) -> Floats:
        out = np.zeros((len(fold), len(trial.arms) - 1))
        for f in range(int(fold.max()) + 1):
            out[fold == f] = _mean_effects(found, trial.weight, found.kept & (fold != f))
        for name, slope, share in zip(self.chosen_, self.slopes_, self.shares_, strict=True):
            out += share * slope * held[name]
        return out[:, 0] if out.shape[1] == 1 else out

    def _uplift(self, X: Floats) -> Floats:
        out = np.tile(self.means_, (len(X), 1))
        for models, centre, slope, share in zip(self.members_, self.centres_, self.slopes_, self.shares_, strict=True):
            out += share * slope * (_mean_uplift(models, X) - centre)
        return out

    def _outcomes(self, X: Floats) -> Floats:
        return each_outcome(self.parts_["control"][0].predict(X), self._uplift(X), chance=self.binary_)

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        out = np.zeros((len(X), X.shape[1] + 1))
        out[:, -1] = self.means_[k - 1]
        for models, centre, slope, share in zip(
            self.members_, self.centres_[:, k - 1], self.slopes_[:, k - 1], self.shares_[:, k - 1], strict=True
        ):
            if share > 0:
                parts = share * slope * np.mean([model._effect_parts(X, k) for model in models], axis=0)
                parts[:, -1] -= share * slope * centre
                out += parts
        return out


def _out_of_fold(models: Sequence[UpliftEstimator], trial: Trial, fold: np.ndarray) -> Floats:
    """Differences from each fold's own mean: that mean is high where the outcomes left out are low."""
    out = np.empty((len(trial.y), len(trial.arms) - 1))
    for f, member in enumerate(models):
        told = member._uplift(trial.X[fold == f])
        out[fold == f] = told - np.average(told, axis=0, weights=trial.weight[fold == f])
    return out


def _mean_uplift(models: Sequence[UpliftEstimator], X: Floats) -> Floats:
    return np.asarray(np.mean([model._uplift(X) for model in models], axis=0))


def _mean_effects(found: Nuisances, weight: Floats, rows: np.ndarray) -> Floats:
    """Doubly robust mean effect of each treatment, shape (arms - 1,)."""
    effects = found.scores[rows, 1:] - found.scores[rows, :1]
    return np.asarray(np.average(effects, axis=0, weights=weight[rows]))


def _rows(trial: Trial, rows: np.ndarray) -> Trial:
    known = None if trial.propensity is None else trial.propensity[rows]
    return Trial(
        trial.X[rows], trial.y[rows], trial.arm[rows], trial.arms, known, trial.weight[rows], trial.binary, trial.base
    )
