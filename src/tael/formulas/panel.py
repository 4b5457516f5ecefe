"""What a formula means on a market panel: names to fields and groups, types to types, how far back it looks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tael.errors import FormulaError, did_you_mean
from tael.formulas import operators
from tael.formulas.aggregating import check_arity
from tael.formulas.operators import Operator
from tael.formulas.parser import TOGETHER, parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.tables.schema import Language, Type

_OF_GROUPS = frozenset({"eq", "ne", "in", "is_missing"})
MASKS = ("listed", "suspended", "members")
"""Flags that every panel has; a field of the same name wins."""


@dataclass(frozen=True)
class PanelSchema:
    """What a panel holds, without its data.

    Parameters
    ----------
    fields : dict of str to Type
        Numbers and flags.
    groups : dict of str to sequence of str
        The levels of each group.
    bar : str
        What one row spans; ``"1d"`` is said as days.
    titles : dict of str to dict of "en" and "zh"
    units : dict of str to str

    Examples
    --------
    >>> PanelSchema.of("close", "volume").fields["close"]
    <Type.NUMBER: 'number'>
    """

    fields: Mapping[str, Type]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bar: str = "1d"
    titles: Mapping[str, Mapping[Language, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(*fields: str, groups: tuple[str, ...] = ()) -> PanelSchema:
        """A schema of numbers and of groups without levels, for formulas that wait for their data."""
        return PanelSchema(dict.fromkeys(fields, Type.NUMBER), dict.fromkeys(groups, ()))

    def title_of(self, name: str, lang: Language = "en") -> str:
        """How a field or group is called in words."""
        title = self.titles.get(name, {}).get(lang)
        return title or (name.replace("_", " ") if lang == "en" else name)


@dataclass(frozen=True, slots=True)
class PanelField:
    """A field, a group or a mask of the panel."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class PanelConstant:
    """A constant."""

    value: float | bool | str
    type: Type


@dataclass(frozen=True, slots=True)
class PanelCall:
    """An operator on panels.

    Parameters
    ----------
    op : str
    args : tuple of PanelNode
        What varies over the panel (or a constant, in row operators).
    type : Type
    constants : tuple of float
        Of series and cross-sections: bars and parameters, in the order of ``Operator.constants``.
    by : tuple of str
        Groups within which a cross-section is taken.
    min_periods : int or None
    """

    op: str
    args: tuple[PanelNode, ...]
    type: Type
    constants: tuple[float, ...] = ()
    by: tuple[str, ...] = ()
    min_periods: int | None = None


PanelNode = PanelField | PanelConstant | PanelCall


def resolve_panel(formula: Node | str, schema: PanelSchema, *, label: bool = False) -> PanelNode:
    """Look up every name of a formula on a panel and check its types and its law of time.

    Parameters
    ----------
    formula : Node or str
    schema : PanelSchema
    label : bool
        Whether the formula is a label: only then may it look forward (``close[+5]``).

    Returns
    -------
    PanelNode

    Raises
    ------
    FormulaError
        Unknown names, operators of tables, types or constants that do not fit, a look ahead that is no label.

    Examples
    --------
    >>> resolve_panel("ts_mean(close, 20)", PanelSchema.of("close")).constants
    (20.0,)
    """
    node = parse(formula) if isinstance(formula, str) else formula
    try:
        bound = _bind(node, schema, label)
    except FormulaError as error:
        if error.where is not None:
            raise
        text = to_text(node)
        raise FormulaError(
            error.problem, expected=error.expected, got=error.got, fix=error.fix,
            where=text if len(text) <= 200 else text[:197] + "...",
        ) from None  # fmt: skip
    if bound.type not in (Type.NUMBER, Type.FLAG):
        raise FormulaError(
            "The formula gives no numbers.", expected="number or flag", got=str(bound.type), where=to_text(node),
            fix='Compare the group with one of its levels: `sector == "banks"`.',
        )  # fmt: skip
    return bound


def _bind(node: Node, schema: PanelSchema, label: bool) -> PanelNode:
    match node:
        case Literal(bool(value)):
            return PanelConstant(value, Type.FLAG)
        case Literal(str(value)):
            return PanelConstant(value, Type.CATEGORY)
        case Literal(value):
            return PanelConstant(float(value), Type.NUMBER)
        case Name(parts):
            return _name(parts, schema)
        case Call():
            return _call(node, schema, label)


def _name(parts: tuple[str, ...], schema: PanelSchema) -> PanelField:
    name = ".".join(parts)
    if name in schema.fields:
        return PanelField(name, schema.fields[name])
    if name in schema.groups:
        return PanelField(name, Type.CATEGORY)
    if name in MASKS:
        return PanelField(name, Type.FLAG)
    known = [*schema.fields, *schema.groups, *MASKS]
    fix = did_you_mean(name, known)
    if len(parts) > 1:
        fix = "A panel has fields, no tables; bring columns of tables in with tael.panels.event_field. " + fix
    raise FormulaError("The panel has no such field or group.", got=name, fix=fix)


def _call(node: Call, schema: PanelSchema, label: bool) -> PanelCall:
    operator = operators.get(node.op)
    if node.op not in operators.ON_PANELS:
        raise _of_tables(operator, node)
    if node.op == "ahead" and not label:
        raise FormulaError(
            "Only a label may look forward.",
            got=to_text(node),
            fix="Use `delay(x, 5)`, or state the formula as a label.",
        )
    check_arity(operator, len(node.args))
    if operator.kind == "row":
        args = tuple(_bind(arg, schema, label) for arg in node.args)
        if node.op == "in" and not all(isinstance(arg, PanelConstant) for arg in args[1:]):
            raise FormulaError("`in` takes constants alone.", fix="Write several comparisons joined by `or`.")
        if node.op not in _OF_GROUPS and any(arg.type is Type.CATEGORY for arg in args):
            raise FormulaError(
                f"`{node.op}` takes numbers and flags.", expected="number or flag", got=to_text(node),
                fix='Compare the group with one of its levels: `sector == "banks"`.',
            )  # fmt: skip
        _levels_known(args, schema)
        return PanelCall(node.op, args, _type(operator, args, node))
    constants = _constants(operator, node)
    places = [place for place in range(len(node.args)) if place not in operator.constants]
    args = tuple(_bind(node.args[place], schema, label) for place in places)
    for arg, place in zip(args, places, strict=True):
        if isinstance(arg, PanelConstant):
            raise FormulaError(
                f"Argument {place + 1} of `{operator.name}` does not vary.",
                expected="a field, or what is computed of one",
                got=to_text(node),
                fix=f"Write it like `{operator.example}`.",
            )
    result = _type(operator, (*args, *(PanelConstant(one, Type.NUMBER) for one in constants)), node)
    periods = node.option("min_periods")
    assert periods is None or isinstance(periods, Literal)
    least = None if periods is None else int(periods.value)
    if least is not None and least > constants[0]:
        raise FormulaError(
            "`min_periods` is more than the window holds.", expected=f"at most {constants[0]:g}", got=str(least)
        )
    by = _groups(node, schema)
    if operator.name == "neutralize" and not by and len(args) == 1:
        raise FormulaError(
            "`neutralize` against what?", expected="groups (`by=sector`), or further values", got=to_text(node),
            fix="Write `neutralize(x, by=sector)` or `neutralize(x, log(size))`; against the mean it is `demean(x)`.",
        )  # fmt: skip
    return PanelCall(node.op, args, result, constants, by, least)


def _of_tables(operator: Operator, node: Call) -> FormulaError:
    near = {"sum", "mean", "min", "max", "std", "median", "count", "quantile"}
    fix = "Bring it in as a field: tael.panels.event_field(tables, formula, panel)."
    if operator.name in near:
        fix = f"Along time it is `ts_{operator.name}(x, 20)`, across entities `cs_mean(x)`. " + fix
    what = "aggregates the rows of a table" if operator.kind == "aggregate" else "works on times and texts of tables"
    return FormulaError(
        f"`{operator.name}` {what}, and this is a market panel.",
        expected="operators of panels, such as `ts_mean(close, 20)`", got=to_text(node), fix=fix,
    )  # fmt: skip


def _type(operator: Operator, args: tuple[PanelNode, ...], node: Call) -> Type:
    try:
        return operator.result_type(tuple(arg.type for arg in args))
    except FormulaError as error:
        got = f"{error.got} in `{to_text(node)}`" if error.got is not None else None
        raise FormulaError(error.problem, expected=error.expected, got=got, fix=error.fix) from None


def _constants(operator: Operator, node: Call) -> tuple[float, ...]:
    values = []
    for place in operator.constants:
        given = node.args[place]
        if not isinstance(given, Literal) or isinstance(given.value, bool | str):
            raise FormulaError(
                f"Argument {place + 1} of `{operator.name}` is a constant.", expected="a number", got=to_text(node),
                fix=f"Write it like `{operator.example}`.",
            )  # fmt: skip
        values.append(float(given.value))
    operator.check_constants(values)
    return tuple(values)


def _groups(node: Call, schema: PanelSchema) -> tuple[str, ...]:
    written = node.option("by")
    if written is None:
        return ()
    parts = written.args if isinstance(written, Call) and written.op == TOGETHER else (written,)
    names = []
    for part in parts:
        name = ".".join(part.parts) if isinstance(part, Name) else None
        if name is None or name not in schema.groups:
            raise FormulaError(
                "`by=` takes groups of the panel.",
                expected=", ".join(schema.groups) or "a group, and the panel has none",
                got=to_text(part),
                fix="Name the column in `groups` when the panel is made.",
            )
        names.append(name)
    return tuple(sorted(set(names)))


def _levels_known(args: tuple[PanelNode, ...], schema: PanelSchema) -> None:
    """Refuse to compare a group with a level that it does not have: that is a slip of the pen, and never true."""
    for one in args:
        levels = schema.groups.get(one.name, ()) if isinstance(one, PanelField) and one.type is Type.CATEGORY else ()
        for other in args:
            if (
                levels
                and isinstance(other, PanelConstant)
                and isinstance(other.value, str)
                and other.value not in levels
            ):
                raise FormulaError(
                    "The group has no such level.", got=repr(other.value), fix=did_you_mean(other.value, levels)
                )


def parts_of(node: PanelNode) -> Iterator[PanelNode]:
    """Every node of a tree, parents before children."""
    yield node
    if isinstance(node, PanelCall):
        for arg in node.args:
            yield from parts_of(arg)


def own_lookback(node: PanelNode) -> float:
    """How many bars one operator looks back beyond its own: 0 of rows and cross-sections, below 0 looks ahead."""
    operator = operators.get(node.op) if isinstance(node, PanelCall) else None
    if operator is None or operator.kind != "series":
        return 0.0
    assert isinstance(node, PanelCall)
    return {
        "none": lambda: 0.0,
        "shift": lambda: node.constants[0],
        "window": lambda: node.constants[0] - 1,
        "ever": lambda: math.inf,
        "ahead": lambda: -node.constants[0],
    }[operator.back]()


def lookback(formula: Node | str | PanelNode, schema: PanelSchema | None = None) -> float:
    """How many bars before the newest a formula needs.

    Parameters
    ----------
    formula : Node, str or PanelNode
    schema : PanelSchema, optional
        Left out, any name is taken for a field, and for a group after ``by=``.

    Returns
    -------
    float
        0 if the bar itself suffices, infinity where all bars count (``ewm``).

    Examples
    --------
    >>> lookback("ts_mean(delta(close, 1), 20)"), lookback("rank(close)")
    (20.0, 0.0)
    """
    if isinstance(formula, PanelField | PanelConstant | PanelCall):
        node: PanelNode = formula
    else:
        tree = parse(formula) if isinstance(formula, str) else formula
        node = resolve_panel(tree, schema or any_schema(tree), label=True)
    return _reach(node)


def _reach(node: PanelNode) -> float:
    if not isinstance(node, PanelCall):
        return 0.0
    inner = max((_reach(arg) for arg in node.args), default=0.0)
    return max(0.0, own_lookback(node) + inner)


def any_schema(node: Node) -> PanelSchema:
    """The least schema that a formula fits: its names as fields, those after ``by=`` as groups."""
    groups: dict[str, tuple[str, ...]] = {}
    fields: dict[str, Type] = {}

    def gather(one: Node) -> None:
        if isinstance(one, Name):
            fields[".".join(one.parts)] = Type.NUMBER
        elif isinstance(one, Call):
            for arg in one.args:
                gather(arg)
            written = one.option("by")
            parts = () if written is None else written.args if isinstance(written, Call) else (written,)
            groups.update({".".join(part.parts): () for part in parts if isinstance(part, Name)})

    gather(node)
    return PanelSchema({name: kind for name, kind in fields.items() if name not in groups}, groups)
