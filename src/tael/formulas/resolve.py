"""Names to columns, options to windows, types to types: what a formula means on a schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tael.errors import FormulaError, did_you_mean
from tael.formulas import operators
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundCutoff, BoundLiteral
from tael.formulas.durations import Duration
from tael.formulas.lookup import Lookup
from tael.formulas.operators import Operator
from tael.formulas.parser import OPTIONS, parse
from tael.formulas.printer import to_text
from tael.formulas.relations import column_names, known_entity
from tael.formulas.syntax import MAX_DEPTH, Call, Literal, Name, Node, depth, walk
from tael.tables.schema import Schema, Type

_EPOCH = datetime(1970, 1, 1)
_REMEMBERED = 20_000
# A text compared with a time is read as a time; `where` and texts proper keep theirs.
_READS_TIMES = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "in", "sub", "minimum", "maximum", "coalesce"})


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


class _Resolver(Lookup):
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
                return self.call(node, operator, grain)

    def call(self, node: Call, operator: Operator, grain: str | None) -> Bound:
        if node.options:
            raise FormulaError(f"`{node.op}` takes no named arguments.", got=f"{node.options[0][0]}=")
        _check_arity(operator, len(node.args))
        if operator.takes_cutoff and grain is not None:
            raise FormulaError(
                f"`{node.op}` looks from the observation, so it stands outside aggregates.",
                expected=f"columns of {grain} and its parents",
                got=to_text(node),
                fix="Write `days_since_last(loans.approved)`, or take the difference of two times of the row.",
            )
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

    def aggregate(self, node: Call, operator: Operator, grain: str | None) -> BoundAggregate:
        if grain is not None:
            raise FormulaError(
                "Aggregates inside aggregates are not in the language yet.",
                expected=f"row operators on columns of {grain} and its parents",
                got=to_text(node),
                fix="Combine aggregates outside, as in `count(a) / count(b)`.",
            )
        if operator.name in ("min", "max") and len(node.args) > 1:
            raise FormulaError(
                f"`{operator.name}` aggregates the rows of a table.",
                expected="one argument",
                got=to_text(node),
                fix=f"Of two values of one row take `{operator.name}imum(a, b)`.",
            )
        _check_arity(operator, len(node.args))
        unknown = [key for key, _ in node.options if key not in OPTIONS]
        if unknown:
            raise FormulaError(f'There is no option "{unknown[0]}".', fix=did_you_mean(unknown[0], OPTIONS))
        base, value = self.aggregated(node, operator)
        window, forward, gap = self.window(node)
        if self.schema.tables[base].time is None and (window or forward or operator.timed):
            raise FormulaError(
                f'"{base}" has no time.',
                expected="a table with a time, for windows and for all that follows the order of time",
                got=to_text(node),
                fix=f'Set it in tables.toml: [{base}] time = "...".',
            )
        types = () if value is None else (value.type,)
        where_node = node.option("where")
        where = None if where_node is None else self.bind(where_node, base)
        if where is not None and where.type is not Type.FLAG:
            raise FormulaError(
                "`where=` takes a condition.",
                expected="flag",
                got=f"{where.type} in `{to_text(where_node)}`" if where_node else None,
                fix='Write a comparison, such as `amount > 0` or `purpose == "car"`.',
            )
        if where is None and operator.needs_where:
            raise FormulaError(
                f"`{operator.name}` needs a condition.",
                got=to_text(node),
                fix=f"Write `{operator.name}({base}, where=...)`.",
            )
        path = self.relations.path(self.entity, base, _text(node.option("via")))
        try:
            result = operator.result_type(types)
        except FormulaError as error:
            raise FormulaError(
                error.problem, expected=error.expected, got=f"{error.got} in `{to_text(node)}`", fix=error.fix
            ) from None
        return BoundAggregate(operator.name, path, base, value, where, window, forward, gap, result)

    def window(self, node: Call) -> tuple[Duration | None, bool, Duration | None]:
        last, ahead, gap = (_text(node.option(key)) for key in ("last", "next", "gap"))
        if ahead is not None and not self.label:
            raise FormulaError(
                "A feature must not look forward.",
                expected="`last=` in features; `next=` in labels alone",
                got=f'next="{ahead}"',
                fix=f'Write `last="{ahead}"`.',
            )
        if ahead is not None and last is not None:
            raise FormulaError(
                "An aggregate looks back or forward, not both.",
                expected="`last=` or `next=`",
                got=f'last="{last}", next="{ahead}"',
            )
        if gap is not None and ahead is None:
            raise FormulaError(
                "`gap=` says how long after the cutoff a label's window begins.",
                expected="`next=` beside it",
                got=f'gap="{gap}"',
            )
        text = last if ahead is None else ahead
        window = None if text is None else Duration.parse(text)
        return window, ahead is not None, None if gap is None else Duration.parse(gap)

    def aggregated(self, node: Call, operator: Operator) -> tuple[str, Bound | None]:
        """The base table, and what is aggregated on its rows (None: the rows themselves)."""
        argument = node.args[0]
        if isinstance(argument, Name) and len(argument.parts) == 1 and argument.parts[0] in self.schema.tables:
            base = argument.parts[0]
            if not operator.rows:
                raise FormulaError(
                    f"`{operator.name}` needs a column.",
                    got=to_text(node),
                    fix=f"Write `{operator.name}({base}.column)`; {did_you_mean('', column_names(self.schema, base))}",
                )
            time = self.schema.tables[base].time
            if operator.of_times and time is not None:
                return base, BoundColumn(base, (), base, time, Type.TIME)
            return base, None
        base = self.base(argument, node)
        if operator.needs_where:
            raise FormulaError(
                f"`{operator.name}` is the share of rows.",
                expected="a table",
                got=to_text(argument),
                fix=f"Write `{operator.name}({base}, where=...)`, or a sum over a sum.",
            )
        return base, self.bind(argument, base)

    def base(self, argument: Node, node: Call) -> str:
        """The one table named from which all others named are reached upwards."""
        names = [one.parts for one in walk(argument) if isinstance(one, Name)]
        named = list(dict.fromkeys(parts[0] for parts in names if parts[0] in self.schema.tables))
        if not named:
            raise self.no_table(names, node)
        above = [base for base in named if all(self.relations.hops(base, other) for other in named)]
        if len(above) == 1:
            return above[0]
        raise FormulaError(
            "It is not clear over which table is aggregated.",
            expected="one table named from which all others named are reached by foreign keys",
            got=", ".join(named),
            fix="Aggregate each table in an aggregate of its own."
            if not above
            else "Name the columns that point upwards instead of tables.",
        )

    def no_table(self, names: list[tuple[str, ...]], node: Call) -> FormulaError:
        columns = [parts[0] for parts in names if len(parts) == 1]
        homes = [
            table
            for table in self.schema.tables
            if columns and columns[0] in column_names(self.schema, table) and self.relations.paths(self.entity, table)
        ]
        first = names[0][0] if names else None
        if homes:
            fix = f"Write {' or '.join(f'`{node.op}({home}.{columns[0]})`' for home in homes[:4])}."
        elif first is not None:
            fix = did_you_mean(first, self.schema.tables)
        else:
            fix = f"Write `{node.op}(table.column)`."
        return FormulaError(
            f"`{node.op}` does not say over which table.",
            expected="a table's name before the column",
            got=to_text(node),
            fix=fix,
        )


def _text(node: Node | None) -> str | None:
    if node is None:
        return None
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise FormulaError("This option takes a text in quotes.", got=to_text(node), fix='Write it like "90d".')
    return node.value


def _check_arity(operator: Operator, got: int) -> None:
    least, most = operator.arity
    if got < least or (most is not None and got > most):
        expected = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        raise FormulaError(
            f"`{operator.name}` has the wrong number of arguments.",
            expected=expected,
            got=str(got),
            fix=f"Write it like `{operator.example}`.",
        )


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
