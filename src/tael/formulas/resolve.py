"""Names to columns, options to windows, types to types: what a formula means on a schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tael.errors import FormulaError
from tael.formulas import operators
from tael.formulas.aggregating import Aggregating, check_arity
from tael.formulas.bound import (
    Bound,
    BoundCall,
    BoundCutoff,
    BoundLiteral,
)
from tael.formulas.networks import bind_network
from tael.formulas.operators import Operator
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.relations import known_entity
from tael.formulas.syntax import MAX_DEPTH, Call, Literal, Name, Node, depth
from tael.tables.schema import Schema, Type

_EPOCH = datetime(1970, 1, 1)
_REMEMBERED = 20_000
# A text compared with a time is read as a time; `where` and texts proper keep theirs.
_READS_TIMES = frozenset(
    {"eq", "ne", "lt", "le", "gt", "ge", "in", "sub", "minimum", "maximum", "coalesce", "months_between",
     "years_between"}
)  # fmt: skip


def resolve(
    node: Node | str, schema: Schema, entity: str, *, own: Mapping[str, Type] | None = None, label: bool = False
) -> Bound:
    """Look up every name of a formula and check its types and its law of time.

    Parameters
    ----------
    node : Node or str
        The formula, or its text.
    schema : Schema
    entity : str
        The table whose rows are observed.
    own : dict of Type, optional
        Further columns that the frame of observations carries; they win over the entity table's.
    label : bool
        Whether the formula is a label: only then may it look forward (``next=``) and name columns of role ``label``.

    Returns
    -------
    Bound

    Raises
    ------
    FormulaError
        Unknown or forbidden names, ambiguous ways, types that do not fit, options that do not apply.

    Examples
    --------
    >>> schema = Schema.from_dict({"loans": {"key": "loan_id", "columns": {"amount": {"type": "number"}}}})
    >>> resolve("log(amount)", schema, "loans").type
    <Type.NUMBER: 'number'>
    """
    node = parse(node) if isinstance(node, str) else node
    if depth(node) > MAX_DEPTH:
        raise FormulaError(
            "The formula is nested too deeply.",
            expected=f"at most {MAX_DEPTH} operators inside one another",
            fix="Split it into several.",
        )
    known_entity(schema, entity)
    try:
        return _Resolver(schema, entity, own or {}, label).bind(node, None)
    except FormulaError as error:
        if error.where is not None:
            raise
        text = to_text(node)
        raise FormulaError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where=text if len(text) <= 200 else text[:197] + "...",
            fix=error.fix,
        ) from None


class _Resolver(Aggregating):
    """Binds one formula. ``grain`` is the base table inside an aggregate, None outside."""

    def bind(self, node: Node, grain: str | None) -> Bound:
        if grain is None or not isinstance(node, Call):
            return self.fresh(node, grain)
        # many formulas share conditions and arguments; on child rows these mean the same whatever is observed
        met, at = self.relations.bound, (grain, self.label, node)
        found = met.get(at)
        if found is None:
            found = self.fresh(node, grain)
            if len(met) >= _REMEMBERED:
                met.clear()
            met[at] = found
        return found

    def fresh(self, node: Node, grain: str | None) -> Bound:
        match node:
            case Literal(bool(value)):
                return BoundLiteral(value, Type.FLAG)
            case Literal(str(value)):
                return BoundLiteral(value, Type.CATEGORY)
            case Literal(value):
                return BoundLiteral(float(value), Type.NUMBER)
            case Name(parts):
                return self.name(parts, grain)
            case Call():
                operator = operators.get(node.op)
                if operator.kind == "aggregate":
                    return self.aggregate(node, operator, grain)
                if operator.kind == "network":
                    return bind_network(self, self.bind, node, operator, grain)
                if operators.is_panel(node.op):
                    raise FormulaError(
                        f"`{node.op}` looks along a market panel, and these are linked tables.",
                        expected="aggregates and row operators",
                        got=to_text(node),
                        fix='Windows over child tables are written `mean(bars.close, last="20d")`, '
                        'and in labels `next="5d"`.',
                    )
                return self.call(node, operator, grain)

    def call(self, node: Call, operator: Operator, grain: str | None) -> Bound:
        if node.options:
            raise FormulaError(f"`{node.op}` takes no named arguments.", got=f"{node.options[0][0]}=")
        check_arity(operator, len(node.args))
        args = tuple(self.bind(arg, grain) for arg in node.args)
        if operator.name in _READS_TIMES and any(arg.type is Type.TIME for arg in args):
            args = tuple(_as_time(arg) for arg in args)
        if operator.name == "in" and not all(isinstance(arg, BoundLiteral) for arg in args[1:]):
            raise FormulaError("`in` takes constants alone.", fix="Write several comparisons joined by `or`.")
        try:
            result = operator.result_type(tuple(arg.type for arg in args))
        except FormulaError as error:
            if len(node.args) > 0 and error.got is not None:
                error = FormulaError(
                    error.problem, expected=error.expected, got=f"{error.got} in `{to_text(node)}`", fix=error.fix
                )
            raise error from None
        return BoundCall(operator.name, (*args, BoundCutoff()) if operator.takes_cutoff else args, result)


def _as_time(bound: Bound) -> Bound:
    """A text beside a time is a time."""
    if not isinstance(bound, BoundLiteral) or not isinstance(bound.value, str):
        return bound
    try:
        moment = datetime.fromisoformat(bound.value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise FormulaError(
            "This is no time.",
            expected='a text such as "2024-01-31" or "2024-01-31 12:00", without a zone',
            got=repr(bound.value),
        )
    return BoundLiteral((moment - _EPOCH) // timedelta(microseconds=1), Type.TIME)
