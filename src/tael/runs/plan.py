"""The plan of a run: what a scenario's TOML says, checked before anything is computed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tael.errors import ScenarioError, did_you_mean
from tael.features.formula_file import read_formulas
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.observations import LabelSpec, ObservationSpec
from tael.tables.schema import Title

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitPlan(_Strict):
    """How observations are parted.

    Parameters
    ----------
    out_of_time : float or str
        Share of the latest rows, or the day on which the out-of-time period starts.
    validation : float
        Share of the earlier rows.
    groups : str, optional
        A column of the entity table: its rows stay together (one person).
    folds : int
        Of the cross-validation inside training and of ``scenario.cv``.
    """

    out_of_time: float | str = 0.25
    validation: float = 0.25
    groups: str | None = None
    folds: int = Field(default=5, ge=2)


class FeaturePlan(_Strict):
    """How features are searched; see :class:`tael.features.AutoFeatures`.

    Parameters
    ----------
    force : tuple of str, or dict of name to formula
        Formulas that are kept in any case.
    file : str, optional
        A formula file beside the scenario: its formulas are forced in. :meth:`Plan.from_dict` reads it into ``force``,
        so that a plan holds all that it rests on.
    search : bool
        False: nothing is kept but what is forced in.
    """

    layers: int = Field(default=2, ge=1, le=3)
    windows: tuple[str, ...] = ("30d", "90d", "180d", "all")
    keep: int = Field(default=80, ge=1)
    max_up: int = Field(default=2, ge=0)
    max_down: int = Field(default=2, ge=1)
    force: tuple[str, ...] | dict[str, str] = ()
    file: str | None = None
    search: bool = True
    forbid: tuple[str, ...] = ()
    budget: dict[Literal["time", "memory", "candidates"], str | int] = Field(default_factory=dict)
    search_rows: int = Field(default=50_000, ge=100)

    @model_validator(mode="after")
    def _states_something(self) -> FeaturePlan:
        if self.file is not None:
            raise ValueError("no file: Plan.from_dict(content, folder=...) reads it into force")
        if not self.search and not self.force:
            raise ValueError("with search = false, formulas of your own: file = ... or force = [...]")
        return self

    @property
    def forced(self) -> tuple[str, ...]:
        """The formulas that are kept in any case."""
        return tuple(self.force.values()) if isinstance(self.force, dict) else self.force


class ModelPlan(_Strict):
    """The model.

    Parameters
    ----------
    members : "auto" or tuple of str
        Settings of the portfolio.
    monotone : dict of str to {-1, 1}
        Formula or feature name -> direction: 1, the probability rises with it.
    """

    members: Literal["auto"] | tuple[str, ...] = "auto"
    monotone: dict[str, Literal[-1, 1]] = Field(default_factory=dict)


class Limit(_Strict):
    """Limits of an approval.

    Parameters
    ----------
    bad_rate : float, optional
        Highest bad rate among those approved.
    approval : float, optional
        Least share approved; the bad-rate limit goes first.
    """

    bad_rate: float | None = Field(default=None, ge=0, le=1)
    approval: float | None = Field(default=None, ge=0, le=1)


class DecisionPlan(_Strict):
    """The decision, its limits, and the terms of the loan.

    Terms are numbers, or formulas over the applicant (text); units as in ``ApprovalEconomics``.

    Parameters
    ----------
    kind : {"approval"}
    limit : Limit
    refer_band : float or (float, float), optional
        This share of applicants around the cut-off, or this much probability below and above it, goes to a person.
    segment : str, optional
        A column or formula of categories, for ``segment_caps``.
    segment_caps : dict
        Segment -> share (0.3) or number (100) approved at most.
    rules : dict of str to str
        Name -> flag formula: whom it hits is declined, whatever the probability.
    today : str, optional
        A flag formula of today's rule (true: approved), to compare with.
    currency : str
        Code of the currency; left out: plain numbers.
    margin, margin_rate : float or str, optional
        One of them must be stated, or the run stops before anything is searched.
    amount, lgd, ... : float or str
    """

    kind: Literal["approval"] = "approval"
    limit: Limit = Limit()
    refer_band: float | tuple[float, float] | None = None
    segment: str | None = None
    segment_caps: dict[str, float | int] = Field(default_factory=dict)
    rules: dict[str, str] = Field(default_factory=dict)
    today: str | None = None
    currency: str = ""
    amount: float | str = "amount"
    margin: float | str | None = None
    margin_rate: float | str | None = None
    lgd: float | str = 0.6
    exposure_at_default: float | str = 1.0
    income_before_default: float | str = 0.0
    funding_rate: float | str = 0.0
    capital_ratio: float | str = 0.0
    capital_cost: float | str = 0.0
    term_years: float | str = 1.0
    average_balance: float | str = 1.0
    acquisition_cost: float | str = 0.0
    servicing_cost: float | str = 0.0


class ExamplePlan(_Strict):
    """The example data of a scenario: a simulator and its size."""

    simulator: Literal["bank"] = "bank"
    n_customers: int = 10_000
    events_per_customer: int = 200
    months: int = 24
    seed: int = 0


class Plan(ObservationSpec):
    """All that a run does: the sample design (entity, cutoff, ...) and what follows from it.

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
    decision: DecisionPlan = DecisionPlan()
    example: ExamplePlan | None = None
    seed: int = 0

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
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else None
        if fields is not None:
            parts.append(part)
            section = fields[part].annotation if part in fields else None
        elif section in (dict, None) or "dict" in str(section):
            parts.append(part)
            section = ()
    return ".".join(parts)


def _section(place: tuple[str, ...]) -> type[BaseModel]:
    section: type[BaseModel] = Plan
    for part in place:
        inner = section.model_fields[part].annotation if part in section.model_fields else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            section = inner
    return section


def _said(message: str) -> str:
    """What pydantic says, without its own preface."""
    return message.removeprefix("Value error, ").removeprefix("Input should be ").split("\n")[0]
