"""What a plan states of its options, evaluated for each observation: terms, value, cost, uses, who is eligible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import DecisionError, FormulaError, ScenarioError
from tael.formulas.values import Values
from tael.formulas.words import words
from tael.runs.plans import OptionsPlan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import ColumnSchema, Language, Schema, Title, Type
from tael.validation.words import Words

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OptionTerms:
    """The observations with their terms as columns, ready for the options' formulas.

    Attributes
    ----------
    engine : Engine
    frame : polars.DataFrame
        Key, cutoff, and a column a term.
    own : dict of str to Type
        The terms' types.
    rules, members : dict of str to ndarray of bool, shape (n,)
    today : ndarray of str or None, shape (n,)
        The option that today's rule gives each.
    """

    engine: Engine
    frame: pl.DataFrame
    own: dict[str, Type]
    rules: dict[str, NDArray[np.bool_]]
    members: dict[str, NDArray[np.bool_]]
    today: NDArray[Any] | None

    def take(self, rows: NDArray[np.int64]) -> OptionTerms:
        """The terms of some observations, by index."""
        return OptionTerms(
            self.engine, self.frame[rows], self.own,
            {name: flag[rows] for name, flag in self.rules.items()},
            {name: flag[rows] for name, flag in self.members.items()},
            None if self.today is None else self.today[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Valued:
    """The options of each observation.

    Attributes
    ----------
    value : ndarray, shape (n, k)
        Worth, costs taken off.
    uses : dict of str to ndarray, shape (n, k)
        Of each resource; ``cost`` among them.
    mask : ndarray of bool, shape (n, k)
        Where an option may be given.
    """

    value: Floats
    uses: dict[str, Floats]
    mask: NDArray[np.bool_]


def bind_options(engine: Engine, plan: OptionsPlan, outputs: Mapping[str, Words]) -> None:
    """Hold every formula of the options against the tables and the model's outputs, without computing any.

    Raises
    ------
    ScenarioError
        A term has the name of an output or of a column.
    FormulaError
        Names its place in the plan.
    """
    columns = engine.tables.schema.tables[engine.entity].columns
    for name in plan.terms:
        taken = "an output of the model" if name in outputs else "a column of the entity" if name in columns else ""
        if taken:
            raise ScenarioError(
                "A term has a name that is taken.",
                expected="a name of its own",
                got=f"{name}, {taken}",
                where=f"decision.terms.{name}",
                fix="Rename the term.",
            )
    own = _term_types(engine, plan)
    for name, text in plan.rules.items():
        _flag_type(_bound(engine, text, f"rules.{name}", own, {}), f"rules.{name}", text)
    for name, group in plan.groups.items():
        _flag_type(_bound(engine, group.member, f"groups.{name}", own, {}), f"groups.{name}", group.member)
    both = own | dict.fromkeys(outputs, Type.NUMBER)
    for place, text in option_formulas(plan):
        kind = _bound(engine, text, place, both, outputs)
        if place.endswith(".where"):
            _flag_type(kind, place, text)
        elif kind not in (Type.NUMBER, Type.FLAG):
            raise _no_number(place, text, kind)
    if plan.today is not None and plan.today not in plan.every:
        kind = engine.bind(plan.today, own, label=True).type  # it may name what was done: nothing is learned from it
        if kind != Type.CATEGORY:
            raise ScenarioError(
                "Today's rule names no option.",
                expected=f"one of {', '.join(plan.every)}, or a formula of such names",
                got=f"a {kind}",
                where=f"decision.today = {plan.today}",
                fix="Name the option that everybody gets today, or a category column that names it.",
            )


def own_types(engine: Engine, plan: OptionsPlan, outputs: Iterable[str]) -> dict[str, Type]:
    """Types of the terms and outputs, which the options' formulas may name."""
    return _term_types(engine, plan) | dict.fromkeys(outputs, Type.NUMBER)


def _term_types(engine: Engine, plan: OptionsPlan) -> dict[str, Type]:
    own: dict[str, Type] = {}
    for name, stated in plan.terms.items():
        own[name] = Type.NUMBER if not isinstance(stated, str) else _bound(engine, stated, f"terms.{name}", own, {})
    return own


def option_formulas(plan: OptionsPlan) -> Iterator[tuple[str, str]]:
    """Place and text of every formula over outputs."""
    for option, stated in plan.every.items():
        for part, formula in (("value", stated.value), ("cost", stated.cost), ("where", stated.where)):
            if isinstance(formula, str):
                yield f"options.{option}.{part}", formula
        for resource, formula in stated.uses.items():
            if isinstance(formula, str):
                yield f"options.{option}.uses.{resource}", formula


def _bound(engine: Engine, text: str, place: str, own: Mapping[str, Type], outputs: Mapping[str, Words]) -> Type:
    try:
        return engine.bind(text, own).type
    except FormulaError as error:
        names = ", ".join([*own, *outputs])
        raise FormulaError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where=f"scenario.toml, [decision]: {place} = {text}",
            fix=f"{error.fix or ''} Besides the tables' columns it may name: {names}.".strip() if names else error.fix,
        ) from None


def _flag_type(kind: Type, place: str, text: str) -> None:
    if kind != Type.FLAG:
        raise DecisionError(
            "A condition must be a flag.",
            expected="such as age < 18",
            got=f"a {kind}",
            where=f"scenario.toml, [decision]: {place} = {text}",
            fix="Compare it with a value.",
        )


def _no_number(place: str, text: str, kind: Type) -> DecisionError:
    return DecisionError(
        "A value, cost or use must be a number.",
        expected="a number, or a formula of numbers",
        got=f"a {kind}",
        where=f"scenario.toml, [decision]: {place} = {text}",
        fix="Mend the formula.",
    )


def option_terms(engine: Engine, plan: OptionsPlan, X: pl.DataFrame) -> OptionTerms:
    """Evaluate terms, rules, groups and today's rule for observations.

    Raises
    ------
    DecisionError
        If a term is missing for an observation, or today's rule names no option.
    """
    frame, own = X, dict[str, Type]()
    for name, stated in plan.terms.items():
        if isinstance(stated, str):
            values = engine.evaluate([stated], frame, own)[0]
            _complete(values, frame, engine.key, f"terms.{name} = {stated}", stated)
            column, kind = _column(name, values), values.type
        else:
            column, kind = pl.Series(name, np.full(frame.height, float(stated))), Type.NUMBER
        frame = frame.with_columns(column)
        own[name] = kind
    rules = {name: _flags(engine, text, frame, own) for name, text in plan.rules.items()}
    members = {name: _flags(engine, group.member, frame, own) for name, group in plan.groups.items()}
    return OptionTerms(engine, frame, own, rules, members, _today(engine, plan, frame, own))


def _today(engine: Engine, plan: OptionsPlan, frame: pl.DataFrame, own: dict[str, Type]) -> NDArray[Any] | None:
    if plan.today is None:
        return None
    if plan.today in plan.every:
        return np.full(frame.height, plan.today, dtype=object)
    names = engine.evaluate([plan.today], frame, own, label=True)[0].strings()
    unknown = sorted({str(name) for name in names.tolist()} - set(plan.every))
    if unknown:
        raise DecisionError(
            "Today's rule names no option for some observations.",
            expected=", ".join(plan.every),
            got=", ".join(unknown[:5]),
            where=f"scenario.toml, [decision]: today = {plan.today}",
            fix="Name the options as the column does, or fill what is missing with coalesce.",
        )
    return names


def _column(name: str, values: Values) -> pl.Series:
    if values.type in (Type.CATEGORY, Type.TEXT):
        return pl.Series(name, values.strings().tolist(), dtype=pl.String)
    if values.type == Type.FLAG:
        return pl.Series(name, values.data == 1.0)
    return pl.Series(name, values.data)


def _complete(values: Values, frame: pl.DataFrame, key: str, where: str, stated: str) -> None:
    if values.type not in (Type.NUMBER, Type.FLAG):
        return
    absent = np.flatnonzero(np.isnan(values.data))
    if len(absent):
        raise DecisionError(
            "A term is missing for some observations.",
            expected="a number for each",
            got=f"{len(absent):,} of {frame.height:,} missing, such as for {key} {frame[key][int(absent[0])]}",
            where=f"scenario.toml, [decision]: {where}",
            fix=f"Say what holds then, such as coalesce({stated}, 0), or leave them out by where or exclude.",
        )


def _flags(engine: Engine, text: str, frame: pl.DataFrame, own: Mapping[str, Type]) -> NDArray[np.bool_]:
    return np.asarray(engine.evaluate([text], frame, own)[0].data == 1.0)


def valued(plan: OptionsPlan, terms: OptionTerms, outputs: Outputs, *, masks: Outputs | None = None) -> Valued:
    """Evaluate the options for observations.

    Parameters
    ----------
    terms : OptionTerms
        Of n observations.
    outputs : dict of str to ndarray, shape (n,)
        The model's, or what came of the rows.
    masks : dict, optional
        Outputs by which eligibility is told; left out: the same.

    Raises
    ------
    DecisionError
        If an option that may be given has no value, or uses less than nothing.
    """
    options, n = plan.every, terms.frame.height
    own = terms.own | dict.fromkeys(outputs, Type.NUMBER)
    frame = terms.frame.with_columns(pl.Series(name, values) for name, values in outputs.items())
    open_to = frame if masks is None else terms.frame.with_columns(pl.Series(k, v) for k, v in masks.items())
    resources = list(dict.fromkeys(["cost", *(use for option in options.values() for use in option.uses)]))
    asked: dict[str, None] = dict.fromkeys(
        text for place, text in option_formulas(plan) if not place.endswith(".where")
    )
    known = _evaluated(terms.engine, asked, frame, own)
    conditions = dict.fromkeys(o.where for o in options.values() if o.where is not None)
    flags = _evaluated(terms.engine, conditions, open_to, own if masks is None else _own(terms, masks))

    def told(stated: float | str) -> Floats:
        return known[stated] if isinstance(stated, str) else np.full(n, float(stated))

    mask = np.ones((n, len(options)), dtype=bool)
    value, uses = np.zeros((n, len(options))), {name: np.zeros((n, len(options))) for name in resources}
    for j, (name, option) in enumerate(options.items()):
        if option.where is not None:
            mask[:, j] = flags[option.where] == 1.0
        cost = told(option.cost)
        value[:, j] = told(option.value) - cost
        uses["cost"][:, j] = cost
        for resource, stated in option.uses.items():
            uses[resource][:, j] = told(stated)
        _refuse(value[:, j], uses, mask[:, j], j, name, terms)
    return Valued(np.where(mask, value, 0.0), {k: np.where(mask, v, 0.0) for k, v in uses.items()}, mask)


def _own(terms: OptionTerms, outputs: Outputs) -> dict[str, Type]:
    return terms.own | dict.fromkeys(outputs, Type.NUMBER)


def _evaluated(
    engine: Engine, formulas: Mapping[str, None], frame: pl.DataFrame, own: Mapping[str, Type]
) -> dict[str, Floats]:
    values = engine.evaluate(list(formulas), frame, own) if formulas else []
    return {text: v.data.astype(np.float64) for text, v in zip(formulas, values, strict=True)}


def _refuse(
    value: Floats, uses: Mapping[str, Floats], open_to: NDArray[np.bool_], j: int, name: str, terms: OptionTerms
) -> None:
    for part, numbers in (("value", value), *((f"uses.{k}", v[:, j]) for k, v in uses.items())):
        absent = open_to & ~np.isfinite(numbers)
        if absent.any():
            row = int(np.flatnonzero(absent)[0])
            raise DecisionError(
                "An option has no value for some observations.",
                expected="a number for each to whom it may be given",
                got=f"{int(absent.sum()):,} of {len(value):,} missing, such as for {terms.engine.key} "
                f"{terms.frame[terms.engine.key][row]}",
                where=f"scenario.toml, [decision]: options.{name}.{part}",
                fix="Say what holds then with coalesce(..., 0), or leave them out by the option's where.",
            )


def own_schema(schema: Schema, entity: str, plan: OptionsPlan, outputs: Mapping[str, Words]) -> Schema:
    """The schema with outputs and terms as columns of the entity, so that formulas over them have words."""
    table = schema.tables[entity]
    more = {
        name: ColumnSchema(type=Type.NUMBER, title=Title(en=said.en, zh=said.zh)) for name, said in outputs.items()
    } | {name: ColumnSchema() for name in plan.terms}
    tables = {**schema.tables, entity: table.model_copy(update={"columns": {**more, **table.columns}})}
    return schema.model_copy(update={"tables": tables})


def said(formula: float | str, schema: Schema, entity: str, own: Mapping[str, Type], lang: Language) -> str:
    """A stated value in words."""
    return words(formula, schema, entity, lang, own=own) if isinstance(formula, str) else f"{formula:g}"
