"""The plan of a run: what a scenario's TOML says, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from tael.errors import ScenarioError
from tael.features.formula_file import read_formulas
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.observations import LabelSpec, ObservationSpec
from tael.runs.plans import (
    ApprovalPlan,
    DecisionPlan,
    ExamplePlan,
    FeaturePlan,
    GovernancePlan,
    ModelPlan,
    PatternsPlan,
    RecommendPlan,
    RisksPlan,
    SplitPlan,
    TreatmentPlan,
)
from tael.runs.plans.faults import read_toml, unreadable
from tael.tables.schema import Title

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


YES_OR_NO = ("portfolio", "scorecard", "additive", "estimator")
NEEDS = {"uplift": "treatment", "risks": "risks", "recommender": "recommend"}
"""Kind of model -> the section that it alone may have."""


class Plan(ObservationSpec):
    """All that a run does: the sample design (entity, cutoff, ...) and what follows from it.

    Parameters
    ----------
    name : str
    title, question : dict
        ``{ en = ..., zh = ... }``.
    label : LabelSpec
    split : SplitPlan
    features : FeaturePlan
    model : ModelPlan
    treatment : TreatmentPlan, optional
        For a model of the kind "uplift".
    risks : RisksPlan, optional
        For "risks".
    recommend : RecommendPlan, optional
        For "recommender".
    decision : ApprovalPlan, OptionsPlan, AlertsPlan or GangsPlan
    patterns : PatternsPlan, optional
        Rules in words over the kept formulas.
    governance : GovernancePlan
    example : ExamplePlan, optional
    seed : int

    Examples
    --------
    >>> plan = Plan.from_dict({"name": "x", "entity": "loans", "cutoff": "approved",
    ...                        "label": {"formula": 'max(instalments.days_late, next="12mo") >= 90'}})
    >>> plan.split.folds
    5
    """

    name: str
    title: Title = Title()
    question: Title = Title()
    label: LabelSpec
    split: SplitPlan = SplitPlan()
    features: FeaturePlan = FeaturePlan()
    model: ModelPlan = ModelPlan()
    treatment: TreatmentPlan | None = None
    risks: RisksPlan | None = None
    recommend: RecommendPlan | None = None
    decision: Annotated[DecisionPlan, Field(discriminator="kind")] = ApprovalPlan()
    patterns: PatternsPlan | None = None
    governance: GovernancePlan = GovernancePlan()
    example: ExamplePlan | None = None
    seed: int = 0

    @field_validator("decision", mode="before")
    @classmethod
    def _an_approval_unless_stated(cls, value: Any) -> Any:
        return {"kind": "approval", **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _what_the_model_needs(self) -> Plan:
        for kind, section in NEEDS.items():
            stated = getattr(self, section) is not None
            if stated and self.model.kind != kind:
                raise ValueError(f"no [{section}] unless [model] says kind = {kind!r}")
            if self.model.kind == kind and not stated:
                raise ValueError(f"a section [{section}] for a model of the kind {kind!r}")
        if self.decision.kind in ("alerts", "gangs") and self.model.kind not in YES_OR_NO:
            raise ValueError(f"a model of a yes or no for {self.decision.kind}, not {self.model.kind!r}")
        if self.decision.kind == "gangs" and self.split.groups != "cutoff":
            raise ValueError("groups = 'cutoff' under [split]: gangs are looked for in whole searches")
        if self.decision.kind == "approval" and self.model.kind not in (*YES_OR_NO, "risks"):
            raise ValueError(f"[decision] kind = 'options' for a model of the kind {self.model.kind!r}")
        return self

    @field_validator("start", "end", "data_end", "at", mode="before")
    @classmethod
    def _days_stay_days(cls, value: Any) -> Any:
        """A day in quotes, as JSON holds it, is a day, not its midnight: as an end it holds the whole day."""
        if isinstance(value, list | tuple):
            return tuple(cls._days_stay_days(one) for one in value)
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else value

    @classmethod
    def from_dict(
        cls, content: Mapping[str, Any], *, where: str = "scenario", folder: str | Path | None = None
    ) -> Plan:
        """Read a plan; every fault names its place in the TOML.

        Parameters
        ----------
        content : mapping
        where : str
            What errors call it.
        folder : path, optional
            Where ``features.file`` is looked for; left out: the working folder.
        """
        try:
            return cls(**_with_file(content, Path() if folder is None else Path(folder), where))
        except ValidationError as error:
            raise unreadable(error, where, cls) from None

    @classmethod
    def from_toml(cls, path: str | Path) -> Plan:
        """Read ``scenario.toml``."""
        path = Path(path)
        return cls.from_dict(read_toml(path), where=str(path), folder=path.parent)

    @property
    def observations(self) -> ObservationSpec:
        """The sample design alone."""
        return ObservationSpec(**{name: getattr(self, name) for name in ObservationSpec.model_fields})

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data, without what was left at its default."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)


def _with_file(content: Mapping[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """The content with the formulas of ``features.file`` in ``features.force``, by name."""
    features = content.get("features")
    if not isinstance(features, dict) or not isinstance(features.get("file"), str):
        return dict(content)
    named = dict(read_formulas(folder / features["file"]))
    known = {parse(formula) for formula in named.values()}
    force = features.get("force", ())
    if not isinstance(force, dict | list | tuple) or not all(isinstance(one, str) for one in force):
        return dict(content)  # the check of its form says so
    stated = force.items() if isinstance(force, dict) else [(short_name(text), text) for text in force]
    for name, formula in stated:
        if parse(formula) in known:
            continue
        if name in named:
            raise ScenarioError(
                "Two forced formulas have the same name.",
                expected=f"{name} = {named[name]}, as {features['file']} says",
                got=f"{name} = {formula}",
                where=f"features.force of {where}",
                fix="Rename one of them.",
            )
        named[name] = formula
    rest = {name: value for name, value in features.items() if name != "file"}
    return {**content, "features": {**rest, "force": named}}
