"""Yes or no: the portfolio, a scorecard or an additive model, with challengers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.models.members import SETTINGS, choose
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.runs.tasks.base import Fitted, Floats, Judged, Outputs, Task, Trained, train_rows
from tael.runs.tasks.by_name import check_estimator, title_of
from tael.validation.words import Words

TITLES = {
    "portfolio": Words("portfolio", "模型组合"),
    "scorecard": Words("scorecard", "评分卡"),
    "additive": Words("additive model", "可加模型"),
    "estimator": Words("estimator by name", "指定估计器"),
}


def classifier(kind: str, plan: Plan, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None) -> Any:
    """The unfitted estimator of a kind, as a plan states it; one that is named has its own defaults."""
    if kind == "scorecard":
        from tael.models import Scorecard

        return Scorecard()
    if kind == "additive":
        from tael.models import AdditiveBooster

        return AdditiveBooster(monotone=dict(monotone) if monotone else None, random_state=plan.seed, n_jobs=n_jobs)
    if kind == "estimator":
        from tael.models import NamedClassifier

        return NamedClassifier(str(plan.model.estimator), plan.model.parameters or None, random_state=plan.seed)
    if "." in kind:
        from tael.models import NamedClassifier

        return NamedClassifier(kind, random_state=plan.seed)
    from tael.models import PortfolioClassifier

    members: Any = plan.model.members if plan.model.members == "auto" else list(plan.model.members)
    return PortfolioClassifier(
        members=members, cv=plan.split.folds, random_state=plan.seed, n_jobs=n_jobs,
        monotone=dict(monotone) if monotone else None,
    )  # fmt: skip


def probability(model: Any, features: pl.DataFrame) -> Floats:
    """The probability of yes."""
    return np.asarray(model.predict_proba(features)[:, 1], dtype=np.float64)


class FittedClassifier(Fitted):
    """A model of a yes or no: its output is ``p``."""

    def __init__(self, plan: Plan, model: Any) -> None:
        self.plan, self.model = plan, model

    def outputs(self, features: pl.DataFrame) -> Outputs:
        """``p``, the probability of the label."""
        return {"p": probability(self.model, features)}

    def contributions(self, features: pl.DataFrame, score: str = "") -> Floats:
        """Log-odds by feature."""
        return np.asarray(self.model.contributions(features)[:, :-1], dtype=np.float64)


class TrainedClassifier(FittedClassifier, Trained):
    """The same, with the reference and the challengers that are measured beside it."""

    def __init__(self, plan: Plan, model: Any, reference: Any, others: dict[str, Any]) -> None:
        super().__init__(plan, model)
        self.reference, self.others = reference, others

    def judged(self, sample: Sample, features: pl.DataFrame) -> Judged:
        """A row an observation."""
        return Judged(
            sample.y, probability(self.model, features), probability(self.reference, features), sample.split.parts(),
            sample.weight, sample.groups, sample.X["cutoff"],
            {kind: probability(model, features) for kind, model in self.others.items()},
        )  # fmt: skip

    def truths(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Outputs:
        """The outcome itself."""
        return {"p": sample.y[rows]}


class Classification(Task):
    """Foretell a yes or no."""

    kinds = ("portfolio", "scorecard", "additive", "estimator")

    def check(self, engine: Engine) -> None:
        """Members of the portfolio must be known, and an estimator that is named be a classifier with probabilities."""
        choose(self.plan.model.members)
        check_estimator(self.plan)

    def outputs(self, engine: Engine) -> dict[str, Words]:
        """``p``."""
        return {"p": Words("probability of the label", "标签为真的概率")}

    def estimator(self, *, n_jobs: int = 1) -> Any:
        """The classifier."""
        return classifier(self.plan.model.kind, self.plan, n_jobs=n_jobs)

    def fit(
        self, features: pl.DataFrame, sample: Sample, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None
    ) -> Trained:
        """Train the model, the plain reference and the challengers."""
        from tael.models import LogisticReference

        rows = train_rows(sample)
        seen, y = features[rows], sample.y[rows].astype(np.int64)
        weight = None if sample.weight is None else sample.weight[rows]
        groups = None if sample.groups is None else sample.groups[rows]

        def fitted(kind: str) -> Any:
            model = classifier(kind, self.plan, n_jobs=n_jobs, monotone=monotone)
            grouped = {"groups": groups} if kind == "portfolio" else {}
            return model.fit(seen, y, sample_weight=weight, **grouped)

        kind = self.plan.model.kind
        others: dict[str, Any] = {str(name): fitted(name) for name in self.plan.model.challengers if name != kind}
        reference = LogisticReference().fit(seen, y, sample_weight=weight)
        return TrainedClassifier(self.plan, fitted(kind), reference, others)

    def restore(self, model: Any) -> Fitted:
        """Around a model of the bundle."""
        return FittedClassifier(self.plan, model)

    def told(self, auto: Any, fitted: Trained) -> dict[str, Any]:
        """Members and calibration, where there are any."""
        told: dict[str, Any] = {"title": title_of(self.plan, TITLES[self.plan.model.kind].to_dict())}
        if self.plan.model.kind == "portfolio":
            told |= {"members": members_told(fitted.model), "calibration": calibration_told(fitted.model)}
        return told


def members_told(model: Any) -> list[dict[str, Any]]:
    """The portfolio's members as plain data."""
    return [
        {
            "name": m.name,
            "title": dict(SETTINGS[m.name].words),
            "weight": float(m.weight),
            "auc": float(m.auc),
            "log_loss": float(m.log_loss),
        }
        for m in model.members_
    ]


def calibration_told(model: Any) -> dict[str, float]:
    """The portfolio's calibration as plain data."""
    return {"intercept": float(model.calibration_.intercept), "slope": float(model.calibration_.slope)}
