"""What an aggregate means: over which table, which way, which window; nested in another, or among peers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from tael.errors import FormulaError, did_you_mean
from tael.formulas import operators
from tael.formulas.bound import (
    Bound,
    BoundAggregate,
    BoundColumn,
    BoundCutoff,
    BoundGroup,
    BoundLiteral,
    Path,
    in_row,
)
from tael.formulas.durations import Duration
from tael.formulas.lookup import Lookup
from tael.formulas.networks import is_network
from tael.formulas.operators import Operator
from tael.formulas.parser import OPTIONS, TOGETHER
from tael.formulas.printer import to_text
from tael.formulas.relations import column_names
from tael.formulas.syntax import Call, Literal, Name, Node, children, walk
from tael.tables.schema import Type


class Aggregating(Lookup):
    """Binds aggregates. ``grain`` is the base table inside another aggregate, None outside."""

    @abstractmethod
    def bind(self, node: Node, grain: str | None) -> Bound:
        """Look up any part of a formula."""

    def aggregate(self, node: Call, operator: Operator, grain: str | None) -> Bound:
        """An aggregate with all its parts."""
        if operator.name in ("min", "max") and len(node.args) > 1:
            raise FormulaError(
                f"`{operator.name}` aggregates the rows of a table.",
                expected="one argument",
                got=to_text(node),
                fix=f"Of two values of one row take `{operator.name}imum(a, b)`.",
            )
        check_arity(operator, len(node.args))
        _check_options(operator, node)
        if node.option("by") is not None:
            return self.grouped(node, operator, grain)
        base, value = self.aggregated(node, operator, grain)
        window, forward, gap = self.window(node)
        if self.schema.tables[base].time is None and (window or forward or operator.timed):
            raise _no_time(base, node)
        where, after = self.condition(node, "where", base), self.condition(node, "after", base)
        further = self.further(node, operator, base)
        start = self.entity if grain is None else grain
        path = self.relations.path(start, base, _text(node.option("via")))
        within = _span(node)
        types = () if value is None else (value.type, *(one.type for one in further))
        result = _result(node, operator, types)
        return BoundAggregate(
            operator.name, path, base, value, where, window, forward, gap, result, further, after, within, grain
        )

    def condition(self, node: Call, option: str, base: str | None) -> Bound | None:
        """The condition of an option, on the base table's rows."""
        written = node.option(option)
        if written is None:
            return None
        found = self.bind(written, base)
        if found.type is not Type.FLAG:
            raise FormulaError(
                f"`{option}=` takes a condition.",
                expected="flag",
                got=f"{found.type} in `{to_text(written)}`",
                fix='Write a comparison, such as `amount > 0` or `purpose == "car"`.',
            )
        return found

    def further(self, node: Call, operator: Operator, base: str | None) -> tuple[Bound, ...]:
        """The arguments after the first; constants are checked."""
        out = tuple(self.bind(arg, base) for arg in node.args[1:])
        constants = []
        for place in operator.constants:
            if place > len(out):
                continue
            given = out[place - 1]
            if not isinstance(given, BoundLiteral) or isinstance(given.value, str):
                raise FormulaError(
                    f"Argument {place + 1} of `{operator.name}` is a constant.",
                    got=to_text(node),
                    fix=f"Write it like `{operator.example}`.",
                )
            constants.append(float(given.value))
        operator.check_constants(constants)
        return out

    def grouped(self, node: Call, operator: Operator, grain: str | None) -> Bound:
        """A statistic over what shares the values of ``by=``: siblings inside an aggregate, peers outside."""
        barred = [key for key in ("after", "over", "within", "next", "gap", "via") if node.option(key) is not None]
        if barred or operator.options:
            name = barred[0] if barred else operator.options[0]
            raise FormulaError(f"`by=` and `{name}=` do not go together.", got=to_text(node))
        as_of, last = node.option("among") is not None, _text(node.option("last"))
        if as_of and grain is not None:
            raise FormulaError(
                "`among=` belongs to an observation's peers, outside aggregates.",
                got=to_text(node),
                fix="Inside an aggregate `by=` means the rows that the observation sees there.",
            )
        if grain is None and not as_of and (last is not None or operator.timed):
            raise FormulaError(
                "The training observations have no order of time among them.",
                expected='`among="as_of"` for peers in time, or an operator without time',
                got=to_text(node),
                fix='Add `among="as_of"`.',
            )
        table, home = (self.entity, self.entity if as_of else None) if grain is None else (grain, grain)
        where = self.condition(node, "where", home)
        value = self.grouped_value(node, operator, home, table)
        further = self.further(node, operator, home)
        by = self.by(node, home)
        if as_of and any(
            isinstance(one, BoundAggregate | BoundGroup | BoundCutoff) for part in by for one in in_row(part)
        ):
            raise FormulaError(
                "Peers in time are those with the same columns.",
                expected=f"`by=` columns of {table} and its parents",
                got=to_text(node),
                fix="Leave `among=` out to group the training observations by an aggregate.",
            )
        types = () if value is None else (value.type, *(one.type for one in further))
        result = _result(node, operator, types)
        window = None if last is None else Duration.parse(last)
        if as_of or grain is not None:
            promise = self.schema.tables.get(table)
            if promise is None or (promise.time is None and (window is not None or operator.timed)):
                raise _no_time(table, node)
        if as_of:
            path = Path((), ((table, ""),), by)
            return BoundAggregate(operator.name, path, table, value, where, window, False, None, result, further)
        text = to_text(node)
        return BoundGroup(operator.name, table, value, where, by, window, further, grain, text, result)

    def by(self, node: Call, home: str | None) -> tuple[Bound, ...]:
        """The expressions whose values are shared; none for ``by="all"``."""
        written = node.option("by")
        if written == Literal("all"):
            return ()
        parts = written.args if isinstance(written, Call) and written.op == TOGETHER else (written,)
        found = []
        for part in parts:
            assert part is not None
            one = self.bind(part, home)
            if isinstance(one, BoundLiteral) or one.type is Type.TEXT:
                raise FormulaError(
                    "`by=` takes what rows can share: a category, flag, number or time.",
                    got=f"`{to_text(part)}`, a {'constant' if isinstance(one, BoundLiteral) else one.type}",
                    fix='Name a column, several in brackets, or write `by="all"`.',
                )
            found.append(one)
        return tuple(found)

    def grouped_value(self, node: Call, operator: Operator, home: str | None, table: str) -> Bound | None:
        """What is aggregated among peers or siblings (None: the rows themselves)."""
        argument = node.args[0]
        if argument != Name((table,)):
            return self.bind(argument, home)
        if not operator.rows:
            raise FormulaError(
                f"`{operator.name}` needs a value.", got=to_text(node), fix=f"Write `{operator.name}(column, by=...)`."
            )
        promise = self.schema.tables.get(table)
        if operator.of_times and promise is not None and promise.time is not None:
            return BoundColumn(table, (), table, promise.time, Type.TIME)
        return None

    def window(self, node: Call) -> tuple[Duration | None, bool, Duration | None]:
        """How far an aggregate looks, whether forward, and after which gap."""
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

    def aggregated(self, node: Call, operator: Operator, grain: str | None) -> tuple[str, Bound | None]:
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
        over = node.option("over")
        if isinstance(over, Name):
            base = over.parts[0]
            if base not in self.schema.tables:
                raise FormulaError("`over=` takes a table.", got=base, fix=did_you_mean(base, self.schema.tables))
        else:
            base = self.base(argument, node, grain)
        if operator.name == "share":
            raise FormulaError(
                f"`{operator.name}` is the share of rows.",
                expected="a table",
                got=to_text(argument),
                fix=f"Write `{operator.name}({base}, where=...)`, or `share_of({base}.column, where=...)`.",
            )
        return base, self.bind(argument, base)

    def base(self, argument: Node, node: Call, grain: str | None) -> str:
        """The one table named from which all others named are reached upwards."""
        # what stands inside a further aggregate names that aggregate's own table
        names = [one.parts for one in _outside_aggregates(argument) if isinstance(one, Name)]
        named = list(dict.fromkeys(parts[0] for parts in names if parts[0] in self.schema.tables))
        if not named:
            raise self.no_table(names, node, grain)
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

    def no_table(self, names: list[tuple[str, ...]], node: Call, grain: str | None) -> FormulaError:
        """The error for an aggregate that does not say over which table."""
        if any(operators.is_aggregate(one.op) for one in walk(node.args[0]) if isinstance(one, Call)):
            return FormulaError(
                f"`{node.op}` does not say over which table.",
                expected="the table whose rows the inner aggregates belong to",
                got=to_text(node),
                fix=f"Write `{node.op}(..., over=loans)`.",
            )
        start = self.entity if grain is None else grain
        columns = [parts[0] for parts in names if len(parts) == 1]
        homes = [
            table
            for table in self.schema.tables
            if columns and columns[0] in column_names(self.schema, table) and self.relations.paths(start, table)
        ]
        first = names[0][0] if names else None
        if homes:
            fix = f"Write {' or '.join(f'`{node.op}({home}.{columns[0]})`' for home in homes[:4])}"
            fix += f"; among the observations `{node.op}({columns[0]}, by=...)`." if grain is None else "."
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


def check_arity(operator: Operator, got: int) -> None:
    """Refuse too few or too many arguments."""
    least, most = operator.arity
    if got < least or (most is not None and got > most):
        expected = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        raise FormulaError(
            f"`{operator.name}` has the wrong number of arguments.",
            expected=expected,
            got=str(got),
            fix=f"Write it like `{operator.example}`.",
        )


def _text(node: Node | None) -> str | None:
    if node is None:
        return None
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise FormulaError("This option takes a text in quotes.", got=to_text(node), fix='Write it like "90d".')
    return node.value


def _span(node: Call) -> Duration | None:
    text = _text(node.option("within"))
    span = None if text is None else Duration.parse(text)
    if span is not None and span.unit in ("mo", "y"):
        raise FormulaError(
            "`within=` takes a span of one length.",
            expected="s, min, h, d or w",
            got=f'within="{span}"',
            fix='Months differ in length: write `within="30d"`.',
        )
    return span


def _result(node: Call, operator: Operator, types: tuple[Type, ...]) -> Type:
    try:
        return operator.result_type(types)
    except FormulaError as error:
        raise FormulaError(
            error.problem, expected=error.expected, got=f"{error.got} in `{to_text(node)}`", fix=error.fix
        ) from None


def _no_time(table: str, node: Call) -> FormulaError:
    return FormulaError(
        f'"{table}" has no time.',
        expected="a table with a time, for windows and for all that follows the order of time",
        got=to_text(node),
        fix=f'Set it in tables.toml: [{table}] time = "...".',
    )


def _check_options(operator: Operator, node: Call) -> None:
    given = [key for key, _ in node.options]
    unknown = [key for key in given if key not in OPTIONS]
    if unknown:
        raise FormulaError(f'There is no option "{unknown[0]}".', fix=did_you_mean(unknown[0], OPTIONS))
    for key in ("within", "after"):
        if (key in given) != (key in operator.options):
            needs = "needs" if key in operator.options else "takes no"
            raise FormulaError(
                f"`{operator.name}` {needs} `{key}=`.", got=to_text(node), fix=f"Write it like `{operator.example}`."
            )
    if "among" in given and "by" not in given:
        raise FormulaError(
            "`among=` says which peers `by=` compares with.",
            got=to_text(node),
            fix='Add `by=district`, or `by="all"`.',
        )
    if operator.needs_where and "where" not in given:
        example = operator.example
        raise FormulaError(f"`{operator.name}` needs a condition.", got=to_text(node), fix=f"Write `{example}`.")


def _outside_aggregates(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Call) and not (operators.is_aggregate(node.op) or is_network(node.op)):
        for child in children(node):
            yield from _outside_aggregates(child)
