"""`UpliftChooser`: every learner out of fold with its interval, and the mean of those that cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from tael.errors import ModelError, did_you_mean
from tael.models.logistic import Floats
from tael.models.uplift import Trial, UpliftEstimator
from tael.models.uplift_base import OutcomeModel
from tael.models.uplift_learners import DRLearner, ResponseModel, SLearner, TLearner, XLearner, nuisances_of
from tael.models.uplift_nuisance import Overlap, make_folds
from tael.validation import Metric
from tael.validation.uplift_metrics import uplift_draws
from tael.validation.uplift_observed import uplift_calibration

LEARNERS: dict[str, tuple[type[UpliftEstimator], str]] = {
    "t_linear": (TLearner, "linear"),
    "s_linear": (SLearner, "linear"),
    "x_linear": (XLearner, "linear"),
    "dr_linear": (DRLearner, "linear"),
    "t_boosted": (TLearner, "boosted"),
    "s_boosted": (SLearner, "boosted"),
    "x_boosted": (XLearner, "boosted"),
    "dr_boosted": (DRLearner, "boosted"),
}
FALLBACK = "t_linear"
BASELINE = "response"
# Surer than the plain Qini coefficient, because what the columns say of the outcome anyway is taken out.
CRITERION = "qini_robust"


@dataclass(frozen=True)
class LearnerReport:
    """One learner, out of fold.

    Parameters
    ----------
    name : str
    metrics : dict of str to Metric
        `tael.validation.UPLIFT_METRICS`, with bootstrap intervals.
    slope : Metric
        Of the actual on the predicted effects; 1 is calibrated. NaN for the response model.
    behind : Metric
        Doubly robust Qini area of the best learner less this one's, on the same resamples.
    error : float
        Standard error of that difference.
    chosen : bool
        Whether the prediction averages it.
    """

    name: str
    metrics: dict[str, Metric]
    slope: Metric
    behind: Metric
    error: float
    chosen: bool


class UpliftChooser(UpliftEstimator):
    """All learners on the same folds; the prediction is the mean of those within one standard error of the best.

    Learners differ by less than one campaign can show, so one Qini coefficient never decides: a learner is left out
    only where the best is ahead of it by more than the standard error of the *difference* on the same customers, in
    doubly robust Qini area, out of fold. Each is shrunk by the slope of the actual on its predicted effects. Where not
    even the best ranks better than chance (its interval holds 0), the linear T-learner alone is taken. The
    response-only baseline is always measured beside them and never chosen.

    Parameters
    ----------
    learners : "auto" or list of str, default="auto"
        Of `tael.models.uplift_choice.LEARNERS`; "auto" takes all.
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
        Every learner and the response model.
    chosen_ : list of str
    decided_ : bool
        False where no learner ranks better than chance.
    oof_uplift_ : ndarray of shape (n,)
        Out-of-fold mean of those chosen: what a rule must be valued on.
    overlap_ : Overlap
        Of the rows learned from.
    members_ : list of UpliftEstimator
        Those chosen, fitted on all rows.
    centres_, slopes_ : ndarray of shape (n_chosen,)
        Mean prediction of each, and what its differences from that are multiplied by: the slope of the actual on the
        predicted effects out of fold, between 0 and 1 (1 where nothing was decided).

    Notes
    -----
    One treatment and a control.
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

    members_: list[UpliftEstimator]
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
        names = list(LEARNERS) if self.learners == "auto" else list(self.learners)
        for name in names:
            if name not in LEARNERS:
                raise ModelError("No such uplift learner.", got=repr(name), fix=did_you_mean(str(name), LEARNERS))
        return names if FALLBACK in names else [FALLBACK, *names]

    def _make(self, name: str, trial: Trial) -> UpliftEstimator:
        kind, base = (ResponseModel, "linear") if name == BASELINE else LEARNERS[name]
        extra = {"cv": self.cv, "trim": self.trim} if kind is DRLearner else {}
        member = kind(base, l2=self.l2, random_state=trial.base.seed, **extra)
        # The rows are encoded already: the members read their matrix.
        member.encoding_, member.arms_, member.n_features_in_ = self.encoding_, self.arms_, self.n_features_in_
        member.binary_ = trial.binary
        if hasattr(self, "feature_names_in_"):
            member.feature_names_in_ = self.feature_names_in_
        return member

    def _fit(self, trial: Trial) -> dict[str, list[OutcomeModel]]:
        if len(trial.arms) > 2:
            raise ModelError(
                "The chooser compares learners of one treatment.",
                expected="one treatment and a control",
                got=f"{len(trial.arms) - 1} treatments",
                fix="Fit one chooser for each treatment against the control.",
            )
        names = [*self._names(), BASELINE]
        found = nuisances_of(trial, cv=self.cv, trim=self.trim)
        self.overlap_ = found.overlap
        fold = make_folds(trial.arm, trial.y, self.cv, trial.base.seed)
        held = {name: self._out_of_fold(name, trial, fold) for name in names}
        propensity = None if trial.propensity is None else trial.propensity[:, 1]
        if trial.propensity is None and found.overlap.auc > 0.55:
            propensity = found.propensity[:, 1]
        self._choose(trial, held, names, found.kept, propensity, found.effects())
        self.centres_ = np.array([held[name].mean() for name in self.chosen_])
        self.oof_uplift_ = self._average([held[name] for name in self.chosen_])
        self.members_ = [self._fitted(name, trial) for name in self.chosen_]
        return {}

    def _choose(
        self,
        trial: Trial,
        held: dict[str, Floats],
        names: list[str],
        kept: np.ndarray,
        propensity: Floats | None,
        effects: Floats,
    ) -> None:
        y, t, w = trial.y[kept], trial.arm[kept], trial.weight[kept]
        draws = uplift_draws(
            y,
            {name: held[name][kept] for name in names},
            t,
            weight=w,
            propensity=None if propensity is None else propensity[kept],
            effects=effects[kept],
            n_boot=self.n_boot,
            seed=trial.base.seed,
        )
        metrics = {name: draw.told() for name, draw in draws.items()}
        rivals = [name for name in names if name != BASELINE]
        best = max(rivals, key=lambda name: draws[name].values[CRITERION])
        self.decided_ = bool(metrics[best][CRITERION].low > 0)
        reports = []
        for name in names:
            behind = draws[best].less(draws[name])
            error = float(np.std(behind.draws[CRITERION]))
            near = name in rivals and behind.values[CRITERION] <= error
            chosen = near if self.decided_ else name == FALLBACK
            slope = Metric(float("nan"))
            if name != BASELINE:
                slope = uplift_calibration(held[name][kept], effects[kept], weight=w)["slope"]
            reports.append(LearnerReport(name, metrics[name], slope, behind.told()[CRITERION], error, chosen))
        self.report_ = sorted(reports, key=lambda r: (r.name == BASELINE, -r.metrics[CRITERION].value))
        taken = [report for report in self.report_ if report.chosen]
        self.chosen_ = [report.name for report in taken]
        # Shrunk, never stretched: a learner whose differences are noise must not shout the others down.
        slopes = [float(np.clip(report.slope.value, 0.0, 1.0)) for report in taken]
        self.slopes_ = np.array(slopes) if self.decided_ else np.ones(len(taken))

    def _average(self, predictions: list[Floats]) -> Floats:
        total = np.zeros(len(predictions[0]))
        for prediction, centre, slope in zip(predictions, self.centres_, self.slopes_, strict=True):
            total += centre + slope * (prediction - centre)
        return total / len(predictions)

    def _fitted(self, name: str, trial: Trial) -> UpliftEstimator:
        member = self._make(name, trial)
        member.parts_ = member._fit(replace(trial, base=replace(trial.base, kind=member.base)))
        return member

    def _out_of_fold(self, name: str, trial: Trial, fold: np.ndarray) -> Floats:
        out = np.empty(len(trial.y))
        for f in range(int(fold.max()) + 1):
            member = self._fitted(name, _rows(trial, fold != f))
            out[fold == f] = member._uplift(trial.X[fold == f])[:, 0]
        return out

    def _uplift(self, X: Floats) -> Floats:
        return self._average([member._uplift(X)[:, 0] for member in self.members_])[:, None]

    def _outcomes(self, X: Floats) -> Floats:
        control = np.zeros(len(X))
        for member in self.members_:
            control += member._outcomes(X)[:, 0]
        control /= len(self.members_)
        found = np.column_stack([control, control + self._uplift(X)[:, 0]])
        return np.clip(found, 0.0, 1.0) if self.binary_ else found

    def _effect_parts(self, X: Floats, k: int) -> Floats:
        out = np.zeros((len(X), X.shape[1] + 1))
        for member, centre, slope in zip(self.members_, self.centres_, self.slopes_, strict=True):
            parts = slope * member._effect_parts(X, k)
            parts[:, -1] += centre - slope * centre
            out += parts
        return out / len(self.members_)


def _rows(trial: Trial, rows: np.ndarray) -> Trial:
    known = None if trial.propensity is None else trial.propensity[rows]
    return Trial(
        trial.X[rows], trial.y[rows], trial.arm[rows], trial.arms, known, trial.weight[rows], trial.binary, trial.base
    )
