"""What a treatment changes: probabilities of the label under each arm, valued doubly robust on what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import RunError, ScenarioError, did_you_mean
from tael.runs.plan import Plan
from tael.runs.plans import TreatmentPlan
from tael.runs.sample import Sample
from tael.runs.tasks.base import Fitted, Floats, Judged, Outputs, Task, Trained, identifier, train_rows
from tael.runs.tasks.by_name import check_estimator, title_of
from tael.tables.schema import Type
from tael.validation.words import Words

FEWEST = 20
"""Training rows of an arm below which nothing is learned about it."""


def learner_of(plan: Plan) -> Any:
    """The unfitted learner that a plan states: by itself the chooser, which weighs all of them for each arm."""
    from tael.models import UpliftChooser
    from tael.models.uplift_choice import LEARNERS

    control = treatment_of(plan).control
    if plan.model.estimator is not None:
        from tael.models.named_scorer import NamedTLearner

        return NamedTLearner(
            plan.model.estimator, plan.model.parameters or None, control=control, random_state=plan.seed
        )
    stated = plan.model.learner
    if stated == "auto":
        return UpliftChooser(control=control, random_state=plan.seed)
    if stated not in LEARNERS:
        raise ScenarioError("No such uplift learner.", got=stated, where="model.learner", fix=_near(stated, LEARNERS))
    kind, base = LEARNERS[stated]
    return kind(base, control=control, random_state=plan.seed)


def _near(stated: str, known: Mapping[str, Any]) -> str:
    return did_you_mean(stated, ["auto", *known])


def treatment_of(plan: Plan) -> TreatmentPlan:
    """The section ``[treatment]``, which the plan of an uplift model has."""
    assert plan.treatment is not None
    return plan.treatment


class FittedUplift(Fitted):
    """Outcomes under each arm: ``p`` and ``p_<arm>``, and ``uplift_<arm>`` against the control."""

    def __init__(self, plan: Plan, model: Any) -> None:
        self.plan, self.model = plan, model

    @property
    def arms(self) -> list[str]:
        """The arms, the control first."""
        return [str(arm) for arm in self.model.arms_]

    def outputs(self, features: pl.DataFrame) -> Outputs:
        """``p`` is the outcome of the control."""
        return named(self.arms, np.asarray(self.model.predict_outcomes(features), dtype=np.float64))

    @property
    def scores(self) -> tuple[str, ...]:
        """The effect of each treatment."""
        return tuple(self.arms[1:])

    def contributions(self, features: pl.DataFrame, score: str = "") -> Floats:
        """Of the effect of one treatment, in probability: on log-odds a column would matter for the base rate alone."""
        arm = self.model.arms_[self.arms.index(score or self.scores[0])]
        told = self.model.contributions(features, arm=arm, scale="outcome")
        return np.asarray(told[:, :-1], dtype=np.float64)


def named(arms: list[str], outcomes: Floats) -> Outputs:
    """A column an arm, by the names that formulas use."""
    out = {"p": outcomes[:, 0]}
    for k, arm in enumerate(arms):
        out[f"p_{identifier(arm)}"] = outcomes[:, k]
        if k:
            out[f"uplift_{identifier(arm)}"] = outcomes[:, k] - outcomes[:, 0]
    return out


class TrainedUplift(FittedUplift, Trained):
    """The same, valued on what was done."""

    def __init__(self, plan: Plan, model: Any, reference: Any) -> None:
        super().__init__(plan, model)
        self.reference = reference
        self._scores: dict[bytes, Any] = {}

    def judged(self, sample: Sample, features: pl.DataFrame) -> Judged:
        """The outcome that the model told of the arm which each row got."""
        outcomes = np.asarray(self.model.predict_outcomes(features), dtype=np.float64)
        told = outcomes[np.arange(len(outcomes)), self._codes(sample)]
        plain = np.asarray(self.reference.predict_proba(features)[:, 1], dtype=np.float64)
        return Judged(
            sample.y, np.clip(told, 0.0, 1.0), plain, sample.split.parts(), sample.weight, sample.groups,
            sample.X["cutoff"],
        )  # fmt: skip

    def _codes(self, sample: Sample) -> NDArray[np.int64]:
        place = {arm: k for k, arm in enumerate(self.arms)}
        return np.array([place[arm] for arm in sample.extra["arm"]], dtype=np.int64)

    def nuisances(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Any:
        """Doubly robust scores of some labelled rows, cross-fitted among themselves."""
        from tael.models import fit_nuisances

        at = rows.tobytes()
        if at not in self._scores:
            self._scores[at] = fit_nuisances(
                features[rows], sample.y[rows], sample.extra["arm"][rows], control=treatment_of(self.plan).control,
                propensity=propensities(sample, self.arms, rows), random_state=self.plan.seed,
                sample_weight=None if sample.weight is None else sample.weight[rows],
            )  # fmt: skip
        return self._scores[at]

    def truths(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Outputs:
        """Doubly robust scores: of each row noisy, right in the mean; the estimate where an arm was impossible."""
        found = self.nuisances(sample, features, rows)
        scores = np.where(found.kept[:, None], found.scores, found.outcome)
        return named([str(arm) for arm in found.arms], scores)

    def section(self, sample: Sample, features: pl.DataFrame) -> dict[str, Any]:
        """Effects, Qini curves and tables of each arm, out of time."""
        from tael.runs.tasks.uplift_told import uplift_section

        return uplift_section(self, sample, features)


class Uplift(Task):
    r"""Foretell what a treatment changes in a yes or no.

    The search for formulas looks at the outcome and not at the arms. Formulas chosen for telling an effect on these
    rows would make every learner seem to tell it on them, out of fold too. Nor is it needed: whom an arm changes comes
    more often among all rows, and at shares of a third that shows in the outcome with four fifths of the clarity
    (share :math:`e_k` against :math:`1 / \sqrt{1 / e_k + 1 / e_0}`) that it has in the contrast of the arms.
    """

    kinds = ("uplift",)

    def check(self, engine: Engine) -> None:
        """The treatment's columns must be there and of the right type."""
        stated, schema = treatment_of(self.plan), engine.tables.schema.tables[self.plan.entity]
        for place, name in (("column", stated.column), ("propensity", stated.propensity)):
            if not isinstance(name, str):
                continue
            if name not in schema.columns:
                raise ScenarioError(
                    "A column of the treatment is not there.",
                    expected=f"a column of {self.plan.entity}",
                    got=name,
                    where=f"treatment.{place}",
                    fix=did_you_mean(name, schema.columns),
                )
        kind = engine.bind(stated.column, label=True).type
        if kind not in (Type.CATEGORY, Type.FLAG, Type.TEXT):
            raise ScenarioError(
                "The treatment is no category.",
                expected="a column of names such as none, sms, call",
                got=f"a {kind}",
                where=f"treatment.column = {stated.column}",
                fix='State its type in tables.toml: { type = "category" }.',
            )
        learner_of(self.plan)
        check_estimator(self.plan)

    def outputs(self, engine: Engine) -> dict[str, Words]:
        """Outcomes under each arm that the tables hold."""
        stated = treatment_of(self.plan)
        held = engine.tables[self.plan.entity][stated.column].drop_nulls().cast(pl.String).unique().sort().to_list()
        arms = [stated.control, *(arm for arm in held if arm != stated.control)]
        out = {"p": Words("probability without treatment", "不施策时的概率")}
        for k, arm in enumerate(arms):
            name = identifier(arm)
            out[f"p_{name}"] = Words(f"probability under {arm}", f"{arm} 下的概率")
            if k:
                out[f"uplift_{name}"] = Words(f"what {arm} adds to the probability", f"{arm} 带来的概率增量")
        return out

    def observe(self, engine: Engine, sample: Sample) -> Sample:
        """Add each row's arm and its probability."""
        stated = treatment_of(self.plan)
        values = engine.evaluate([stated.column], sample.X, label=True)[0]
        if values.type in (Type.CATEGORY, Type.TEXT):
            arm = values.strings()
        else:
            arm = np.array([None if v != v else str(int(v)) for v in values.data.tolist()], dtype=object)
        absent = np.array([a is None for a in arm])
        if absent.any():
            raise RunError(
                "What was done is missing for some observations.",
                expected="an arm for each labelled observation",
                got=f"{int(absent.sum()):,} of {len(arm):,} missing",
                where=f"treatment.column = {stated.column}",
                fix="Leave them out by `where`, or fill the column.",
            )
        found = sorted(set(arm.tolist()))
        if stated.control not in found:
            raise RunError(
                "Nobody is in the control.",
                expected=f"rows with {stated.column} == {stated.control!r}",
                got=", ".join(found[:10]),
                where="treatment.control",
                fix=did_you_mean(stated.control, found) + " Without a control nothing can be said of an effect.",
            )
        arms = [stated.control, *(a for a in found if a != stated.control)]
        train = train_rows(sample)
        few = [f"{a}: {n}" for a in arms if (n := int((arm[train] == a).sum())) < FEWEST]
        if len(arms) < 2 or few:
            raise RunError(
                "There are too few rows of an arm to learn its effect.",
                expected=f"a control and a treatment, {FEWEST} training rows of each",
                got="; ".join(few) or f"only {arms[0]}",
                where=f"treatment.column = {stated.column}",
                fix="Take a longer period, or leave the arm out by `where`.",
            )
        extra = {**sample.extra, "arm": np.array(arm.tolist(), dtype=object)}
        if isinstance(stated.propensity, str):
            given = engine.evaluate([stated.propensity], sample.X, label=True)[0].data
            if not ((given > 0) & (given <= 1)).all():
                raise RunError(
                    "A probability of the arm is missing or no probability.",
                    expected="above 0, at most 1",
                    got=f"{int((~((given > 0) & (given <= 1))).sum()):,} of {len(given):,} others",
                    where=f"treatment.propensity = {stated.propensity}",
                    fix="Leave those rows out by `where`, or leave the propensity to be estimated.",
                )
            extra["propensity"] = given.astype(np.float64)
        elif stated.propensity is not None:
            rest = 1.0 - float(stated.propensity) * (len(arms) - 1)
            if not 0 < float(stated.propensity) < 1 or rest <= 0:
                raise RunError(
                    "The probability of a treatment leaves none for the control.",
                    expected=f"above 0, below {1 / (len(arms) - 1):.3g}, for each of {len(arms) - 1} treatments",
                    got=f"{stated.propensity:g}",
                    where="treatment.propensity",
                    fix="State each row's as a column, or leave it to be estimated.",
                )
            extra["propensity"] = np.where(arm == stated.control, rest, float(stated.propensity))
        return replace(sample, extra=extra)

    def hidden(self) -> tuple[str, ...]:
        """What was done decides nothing beforehand."""
        stated = treatment_of(self.plan)
        names = [stated.column, *([stated.propensity] if isinstance(stated.propensity, str) else [])]
        return tuple(f"{self.plan.entity}.{name}" for name in names)

    def estimator(self, *, n_jobs: int = 1) -> Any:
        """The learner; it needs the treatment at fit: ``pipeline.fit(X, y, model__treatment=...)``."""
        return learner_of(self.plan)

    def fit(
        self, features: pl.DataFrame, sample: Sample, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None
    ) -> Trained:
        """Train the learner, and the plain model of the response beside it."""
        from tael.models import LogisticReference

        rows = train_rows(sample)
        weight = None if sample.weight is None else sample.weight[rows]
        arms = sorted(set(sample.extra["arm"].tolist()))
        control = treatment_of(self.plan).control
        arms = [control, *(arm for arm in arms if arm != control)]
        model = learner_of(self.plan).fit(
            features[rows], sample.y[rows], treatment=sample.extra["arm"][rows],
            propensity=propensities(sample, arms, rows), sample_weight=weight,
        )  # fmt: skip
        reference = LogisticReference().fit(features[rows], sample.y[rows].astype(np.int64), sample_weight=weight)
        return TrainedUplift(self.plan, model, reference)

    def restore(self, model: Any) -> Fitted:
        """Around a model of the bundle."""
        return FittedUplift(self.plan, model)

    def told(self, auto: Any, fitted: Trained) -> dict[str, Any]:
        """Which learner it is, and, where learners were compared, how they did."""
        from tael.runs.tasks.uplift_told import learners_told

        told = learners_told(fitted.model)
        return told | {"title": title_of(self.plan, told["title"])}


def propensities(sample: Sample, arms: list[str], rows: NDArray[np.int64]) -> Floats | None:
    """Probabilities of each arm, shape (n, arms), the control first; None where they are to be estimated.

    Of each row the probability of its own arm is known, and doubly robust scores use no other: what is left is shared
    out among the other arms.
    """
    if "propensity" not in sample.extra:
        return None
    own, given = sample.extra["arm"][rows], sample.extra["propensity"][rows]
    out = np.repeat(((1 - given) / max(len(arms) - 1, 1))[:, None], len(arms), axis=1)
    for k, arm in enumerate(arms):
        out[own == arm, k] = given[own == arm]
    return out
