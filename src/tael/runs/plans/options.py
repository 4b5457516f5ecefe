"""A decision among options: who gets which offer, limit, channel or treatment, under budgets and capacities."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tael.formulas.printer import number_text
from tael.runs.plans._strict import Strict
from tael.tables.schema import Title

_NAME = re.compile(r"[^\W\d]\w*")


class OptionPlan(Strict):
    """One option.

    Parameters
    ----------
    value : float or str
        What it is worth for one observation, in currency, before its cost: a number, or a formula over the model's
        outputs, the terms and the tables.
    cost : float or str
        Taken off the value; also counts as the resource ``cost``.
    uses : dict of str to float or str
        Resource -> how much of it the option takes.
    where : str, optional
        A flag formula: to whom it may be given.
    title : dict
        ``{ en = ..., zh = ... }``.
    """

    value: float | str = 0.0
    cost: float | str = 0.0
    uses: dict[str, float | str] = Field(default_factory=dict)
    where: str | None = None
    title: Title = Title()


class TemplatePlan(OptionPlan):
    """Several options of one form: in its texts ``{option}`` stands for the option, other gaps for its own values.

    Parameters
    ----------
    over : list of numbers or names, or dict of name to dict
        ``[5000, 10000, 20000]``, or ``{ fund = { margin = 120, min_age = 18 } }`` with ``{margin}`` and ``{min_age}``
        in the texts.
    name : str
        Name of each option; ``"{option}"`` unless stated.
    """

    over: tuple[float | str, ...] | dict[str, dict[str, float | str]]
    name: str = "{option}"

    def options(self) -> dict[str, OptionPlan]:
        """The options that it stands for.

        >>> TemplatePlan(over=(5000.0, 9000.0), value="0.1 * {option}").options()["9000"].value
        '0.1 * 9000'
        """
        table = self.over if isinstance(self.over, dict) else {_text(one): {} for one in self.over}
        found = {}
        for option, values in table.items():
            gaps = {"option": option, **{name: _text(value) for name, value in values.items()}}
            stated = self.model_dump(exclude={"over", "name", "title"}, exclude_defaults=True)
            title = {lang: _fill(text, gaps) for lang, text in self.title.model_dump().items() if text is not None}
            found[_fill(self.name, gaps)] = OptionPlan(**_filled(stated, gaps), title=Title(**title))
        return found


class GroupPlan(Strict):
    """What a group of observations must get of some options: fairness, or a minimum volume.

    Parameters
    ----------
    member : str
        A flag formula.
    options : tuple of str
        Options that count.
    at_least, at_most : float, optional
    measure : {"share", "volume", "part", "ratio"}
        See :class:`tael.decisions.GroupRule`.
    """

    member: str
    options: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None
    measure: Literal["volume", "share", "part", "ratio"] = "share"


class OptionsPlan(Strict):
    """The options, what they are worth, and what limits them.

    Formulas may name the model's outputs (such as ``p``), the terms, and whatever a feature may name.

    Parameters
    ----------
    kind : {"options"}
    options : dict of str to OptionPlan
        The first is what everybody may get at no cost: nothing done.
    template : TemplatePlan, optional
        Further options of one form.
    terms : dict of str to float or str
        Name -> number, or formula over the observation (and earlier terms).
    rules : dict of str to str
        Name -> flag formula: whom it hits gets the first option (contact frequency, conduct).
    budgets : dict of str to float or {at_least, at_most}
        Resource -> bound on its total.
    capacities : dict of str to float or {at_least, at_most}
        Option -> bound on how many get it.
    groups : dict of str to GroupPlan
    batch : float, optional
        Budgets and capacities are for so many observations, and count in proportion for other batches. Left out: they
        are for each batch, whatever its size.
    holdout : float
        This share, drawn by a hash of the key, gets the first option, so that the effect can be measured.
    today : str, optional
        Today's rule, to compare with: an option, or a formula of categories that name options.
    currency : str
    units : dict of str to str
        Unit of each resource.
    """

    kind: Literal["options"]
    options: dict[str, OptionPlan] = Field(min_length=1)
    template: TemplatePlan | None = None
    terms: dict[str, float | str] = Field(default_factory=dict)
    rules: dict[str, str] = Field(default_factory=dict)
    budgets: dict[str, float | dict[Literal["at_least", "at_most"], float]] = Field(default_factory=dict)
    capacities: dict[str, float | dict[Literal["at_least", "at_most"], float]] = Field(default_factory=dict)
    groups: dict[str, GroupPlan] = Field(default_factory=dict)
    batch: float | None = Field(default=None, gt=0)
    holdout: float = Field(default=0.0, ge=0, lt=1)
    today: str | None = None
    currency: str = ""
    units: dict[str, str] = Field(default_factory=dict)

    @field_validator("terms")
    @classmethod
    def _names(cls, terms: dict[str, Any]) -> dict[str, Any]:
        for name in terms:
            if not _NAME.fullmatch(name):
                raise ValueError(f"a term's name of letters, digits and _, not {name!r}")
        return terms

    @model_validator(mode="after")
    def _several(self) -> OptionsPlan:
        everything = self.every
        if len(everything) < 2:
            raise ValueError("two options or more; the first is nothing done")
        first = next(iter(self.options))
        if self.options[first].where is not None:
            raise ValueError(f"no `where` on {first}: the first option is open to everybody")
        known = list(everything)
        for place, names in (
            ("capacities", self.capacities),
            *((f"groups.{name}", group.options) for name, group in self.groups.items()),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(f"an option in {place}: one of {', '.join(known)}, not {name!r}")
        resources = {"cost", *(use for option in everything.values() for use in option.uses)}
        for name in self.budgets:
            if name not in resources:
                raise ValueError(f"a resource in budgets: one of {', '.join(sorted(resources))}, not {name!r}")
        return self

    @property
    def every(self) -> dict[str, OptionPlan]:
        """All options, those of the template last."""
        made = {} if self.template is None else self.template.options()
        return {**self.options, **made}


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else number_text(value)


def _fill(text: str, gaps: dict[str, str]) -> str:
    for name, value in gaps.items():
        text = text.replace("{" + name + "}", value)
    return text


def _filled(stated: Any, gaps: dict[str, str]) -> Any:
    if isinstance(stated, str):
        return _fill(stated, gaps)
    return {name: _filled(value, gaps) for name, value in stated.items()} if isinstance(stated, dict) else stated
