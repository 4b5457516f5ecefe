"""The plan of a run: what a scenario's TOML says, checked before anything is computed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from tael.errors import ScenarioError, did_you_mean
from tael.features.formula_file import read_formulas
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.observations import LabelSpec, ObservationSpec
from tael.runs.plans import (
    ApprovalPlan,
    ExamplePlan,
    FeaturePlan,
    GovernancePlan,
    ModelPlan,
    OptionsPlan,
    RecommendPlan,
    RisksPlan,
    SplitPlan,
    TreatmentPlan,
)
from tael.tables.schema import Title

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    decision : ApprovalPlan or OptionsPlan
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
    decision: Annotated[ApprovalPlan | OptionsPlan, Field(discriminator="kind")] = ApprovalPlan()
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
        if self.decision.kind == "approval" and self.model.kind not in ("portfolio", "scorecard", "additive", "risks"):
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
            raise _unreadable(error, where) from None

    @classmethod
    def from_toml(cls, path: str | Path) -> Plan:
        """Read ``scenario.toml``."""
        path = Path(path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise ScenarioError(
                "There is no scenario here.",
                expected=f"a file {path.name}",
                where=str(path.parent),
                fix="Write a project folder with `tael new credit-approval FOLDER`.",
            ) from None
        except UnicodeDecodeError as error:
            raise ScenarioError(
                "The scenario is not written in UTF-8.",
                expected="UTF-8",
                got=str(error),
                where=str(path),
                fix="Save it as UTF-8 in your editor.",
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(
                "The scenario is no valid TOML.",
                expected="TOML",
                got=str(error),
                where=str(path),
                fix="Mend the line named above.",
            ) from None
        except OSError as error:
            raise ScenarioError(
                "The scenario cannot be read.",
                expected="a file that may be read",
                got=error.strerror or str(error),
                where=str(path),
                fix="Look at its permissions.",
            ) from None
        return cls.from_dict(content, where=str(path), folder=path.parent)

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


def _unreadable(error: ValidationError, where: str) -> ScenarioError:
    """All faults of a plan as one error: the first in four parts, the others in a line each."""
    faults = error.errors()
    others = [f"{_place(one)}: {_said(one['msg'])}" for one in faults[1:6]]
    more = "".join(f"\n            also {line}" for line in others)
    if len(faults) > 6:
        more += f"\n            and {len(faults) - 6} more"
    first = faults[0]
    place = _place(first)
    if first["type"] == "extra_forbidden":
        known = _section(tuple(map(str, first["loc"][:-1]))).model_fields
        return ScenarioError(
            "The scenario has a field that tael does not know.",
            expected="one of " + ", ".join(known),
            got=place,
            where=where + more,
            fix=did_you_mean(str(first["loc"][-1]), known),
        )
    if first["type"] == "missing":
        return ScenarioError(
            "The scenario lacks a field.", expected=place, where=where + more, fix="State it in the TOML."
        )
    if first["type"] == "union_tag_invalid":
        kinds = str(first["ctx"]["expected_tags"])
        return ScenarioError(
            "The scenario has a value of the wrong form.",
            expected=kinds,
            got=f"{place}.kind = {first['input']['kind']!r}",
            where=where + more,
            fix=did_you_mean(str(first["input"]["kind"]), [kind.strip(" '") for kind in kinds.split(",")]),
        )
    return ScenarioError(
        "The scenario has a value of the wrong form.",
        expected=_said(first["msg"]),
        got=(f"{place} = " if place else "") + f"{first['input']!r}"[:160],
        where=where + more,
        fix="Mend this value in the TOML.",
    )


def _place(fault: Any) -> str:
    """Section and field; the branches of a union that pydantic tried are left out."""
    section: Any = Plan
    parts: list[str] = []
    for part in map(str, fault["loc"]):
        if (chosen := _of_kind(section, part)) is not None:
            section = chosen
            continue
        if _is_plan(section):
            parts.append(part)
            field = section.model_fields.get(part)
            section = None if field is None else _only_plan(field.annotation)
        elif section in (dict, None) or "dict" in str(section):
            parts.append(part)
            section = next((one for one in get_args(section) if _is_plan(one)), ())
    return ".".join(parts)


def _only_plan(annotation: Any) -> Any:
    """The plan that a field may hold, where it is one plan or nothing."""
    plans = [one for one in get_args(annotation) if _is_plan(one)]
    return plans[0] if len(plans) == 1 and type(None) in get_args(annotation) else annotation


def _is_plan(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)


def _of_kind(section: Any, part: str) -> type[BaseModel] | None:
    """The plan of a kind, where a union of plans stands: the kind is no field of the TOML."""
    for one in get_args(section):
        if _is_plan(one) and "kind" in one.model_fields and part in get_args(one.model_fields["kind"].annotation):
            return one
    return None


def _section(place: tuple[str, ...]) -> type[BaseModel]:
    """The plan of a section, for the names of its fields."""
    section: Any = Plan
    found: type[BaseModel] = Plan
    for part in place:
        if (chosen := _of_kind(section, part)) is not None:
            section = chosen
        elif _is_plan(section):
            field = section.model_fields.get(part)
            section = None if field is None else _only_plan(field.annotation)
        else:
            section = next((one for one in get_args(section) if _is_plan(one)), None)
        found = section if _is_plan(section) else found
    return found


def _said(message: str) -> str:
    """What pydantic says, without its own preface."""
    return message.removeprefix("Value error, ").removeprefix("Input should be ").split("\n")[0]
