"""What a network operator means: which table holds the edges, which columns their ends, whose node is asked about."""

from __future__ import annotations

from collections.abc import Callable

from tael.errors import FormulaError, did_you_mean
from tael.formulas import operators
from tael.formulas.bound import Bound, BoundAggregate, BoundColumn, BoundCutoff, BoundGroup, Network, Path, in_row
from tael.formulas.durations import Duration
from tael.formulas.lookup import Lookup
from tael.formulas.operators import Operator
from tael.formulas.printer import to_text
from tael.formulas.relations import column_names, is_hidden
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.tables.schema import Schema, Type

AMOUNTS = ("amount", "sum", "value", "money", "金额")
"""Names by which the amount is known among several numbers of a table of edges."""

OF_THINGS = ("shared", "met", "met_again", "most_met")
"""Operators whose edges lead from the entity to what it used or where it was; their argument is that column."""

_OF_MORE = (BoundAggregate, BoundGroup, BoundCutoff)
Bind = Callable[[Node, str | None], Bound]


def bind_network(at: Lookup, bind: Bind, node: Call, operator: Operator, grain: str | None) -> BoundAggregate:
    """Look up a network operator.

    Parameters
    ----------
    at : Lookup
    bind : callable
        Binds any part on the rows of a table.
    node : Call
    operator : Operator
    grain : str or None
        The table whose rows ask; None: the observations.

    Raises
    ------
    FormulaError
        A table that is no network of the entity, options that are missing or out of range.
    """
    if len(node.args) != 1:
        raise _wrong(node, operator, f"`{operator.name}` takes one argument.", "a table of edges, or its amount")
    for option in operator.options:
        if node.option(option) is None:
            raise _wrong(node, operator, f"`{operator.name}` needs `{option}=`.", f"{option}=...")
    table, column = _argument(at, node, operator)
    if at.schema.tables[table].time is None:
        raise FormulaError(
            f'"{table}" has no time.',
            expected="edges with a time",
            fix=f'Set it in tables.toml: [{table}] time = "..."',
        )
    start = at.entity if grain is None else grain
    if operator.name in OF_THINGS:
        path, ends = _owner(at, node, start, table, column)
        value: Bound | None = bind(node.args[0], table)
    else:
        path, ends = _ends(at, node, start, table)
        value = bind(node.args[0], table) if column is not None else _amount(at, node, operator, table)
    if operator.of_amounts and value is not None:
        operator.result_type((value.type,))
    where = node.option("where")
    condition = None if where is None else bind(where, table)
    if condition is not None and condition.type is not Type.FLAG:
        raise _wrong(node, operator, "`where=` takes a condition.", "a comparison")
    for part in (value, condition):
        if part is not None and any(isinstance(one, _OF_MORE) for one in in_row(part)):
            raise _wrong(node, operator, f"`{operator.name}` takes the edges' own columns.", "no aggregate inside")
    network = Network(ends, _whole(node, operator), _positive(node, operator))
    return BoundAggregate(
        operator.name, path, table, value, condition, _span(node, "last"), False, None, operator.result_type(())
        if not operator.of_amounts else Type.NUMBER, within=_span(node, "within"), grain=grain, network=network,
    )  # fmt: skip


def edge_tables(schema: Schema, target: str) -> dict[str, tuple[str, str]]:
    """The tables that are networks of a table's rows: those with a time and just two columns that point to it.

    Returns
    -------
    dict of table -> (source column, target column)
        In the order of the schema.

    Examples
    --------
    >>> schema = Schema.from_dict({"accounts": {"key": "id"}, "transfers": {"time": "at", "columns": {
    ...     "sender": {"to": "accounts"}, "receiver": {"to": "accounts"}}}})
    >>> edge_tables(schema, "accounts")
    {'transfers': ('sender', 'receiver')}
    """
    found = {}
    for name, promise in schema.tables.items():
        ends = [column for column, detail in promise.columns.items() if detail.to == target]
        if promise.time is not None and len(ends) == 2:
            found[name] = (ends[0], ends[1])
    return found


def amount_of(schema: Schema, table: str) -> str | None:
    """The column that says how much moves: the table's only number, or the one that is called so."""
    numbers = [
        name
        for name, detail in schema.tables[table].columns.items()
        if detail.type is Type.NUMBER and not is_hidden(schema, table, name, label=False)
    ]
    if len(numbers) == 1:
        return numbers[0]
    return next((name for known in AMOUNTS for name in numbers if name.lower() == known), None)


def _argument(at: Lookup, node: Call, operator: Operator) -> tuple[str, str | None]:
    """The table of the edges, and the column named."""
    argument = node.args[0]
    tables = at.schema.tables
    if isinstance(argument, Name) and argument.parts[0] in tables and len(argument.parts) <= 2:
        table, *column = argument.parts
        if operator.name in OF_THINGS and not column:
            raise _wrong(node, operator, f"`{operator.name}` needs the column that is shared.", "table.column")
        if column and not operator.of_amounts and operator.name not in OF_THINGS:
            raise _wrong(node, operator, f"`{operator.name}` takes a table of edges.", f"`{table}`")
        return table, column[0] if column else None
    fix = did_you_mean(argument.parts[0], tables) if isinstance(argument, Name) else None
    raise FormulaError(
        f"`{operator.name}` takes a table of edges{', or its amount' if operator.of_amounts else ''}.",
        got=to_text(argument),
        fix=fix or f"Write it like `{operator.example}`.",
    )


def _ends(at: Lookup, node: Call, start: str, table: str) -> tuple[Path, tuple[str, str]]:
    """The way up to those who are joined, and the two columns that join them."""
    via = _text(node, "via")
    keys = at.relations.foreign_keys[table]
    named = [_text(node, option) for option in ("source", "target")]
    for name in named:
        if name is not None and name not in keys:
            raise FormulaError(
                f'"{table}.{name}" points to no table.', got=name, fix=did_you_mean(name, keys) if keys else None
            )
    ways = []
    for way in at.relations.ways_up(start):
        up = tuple(column for _, column in way.steps)
        ends = [column for column, target in keys.items() if target == way.end]
        given = [name for name in named if name is not None]
        joined = all(name in ends for name in given) and len(given) != 1 and len(given or ends) == 2
        if joined and (via is None or up == tuple(via.split("."))):
            ways.append((up, (ends[0], ends[1]) if not given else (given[0], given[1])))
    best = [way for way in ways if len(way[0]) == len(ways[0][0])] if ways else []
    if len(best) == 1:
        up, ends_found = best[0]
        return Path(up, ((table, ends_found[0]),)), ends_found
    if best:
        raise FormulaError(
            f'There are {len(best)} ways from "{start}" to those whom "{table}" joins.',
            expected=" or ".join(f'via="{".".join(up)}"' for up, _ in best),
            got=to_text(node),
            fix="Say which one with `via=`.",
        )
    told = ", ".join(f"{column} -> {target}" for column, target in keys.items()) or "nothing"
    raise FormulaError(
        f'"{table}" is no network of "{start}".',
        expected=f'two columns of "{table}" that point to "{start}", or to one table above it',
        got=told if via is None else f'{told}; via="{via}"',
        fix='Declare them in tables.toml (`to = "..."`); where there are more than two, name both: '
        '`source="sender", target="receiver"`.',
    )


def _owner(at: Lookup, node: Call, start: str, table: str, column: str | None) -> tuple[Path, tuple[str, str]]:
    """The way to the rows that say who used what, and their two columns."""
    assert column is not None
    if column not in column_names(at.schema, table):
        raise FormulaError(
            f'There is no column "{column}" in "{table}".',
            got=column,
            fix=did_you_mean(column, column_names(at.schema, table)),
        )
    path = at.relations.path(start, table, _text(node, "via"))
    if len(path.down) != 1:
        raise FormulaError(
            f'"{table}" does not point to "{start}", nor to a table above it.',
            expected="a table whose rows say who used what",
            got=to_text(node),
        )
    return path, (path.down[0][1], column)


def _amount(at: Lookup, node: Call, operator: Operator, table: str) -> Bound | None:
    if not operator.of_amounts:
        return None
    name = amount_of(at.schema, table)
    if name is None:
        raise _wrong(node, operator, f'It is not clear which number of "{table}" is the amount.', f"`{table}.column`")
    return BoundColumn(table, (), table, name, Type.NUMBER)


def _text(node: Call, option: str) -> str | None:
    given = node.option(option)
    return given.value if isinstance(given, Literal) and isinstance(given.value, str) else None


def _span(node: Call, option: str) -> Duration | None:
    text = _text(node, option)
    span = None if text is None else Duration.parse(text)
    if span is not None and span.unit in ("mo", "y"):
        raise FormulaError(
            f"`{option}=` of a network takes a span of one length.",
            expected="s, min, h, d or w",
            got=f'{option}="{span}"',
            fix=f'Months differ in length: write `{option}="{round(span.days)}d"`.',
        )
    return span


def _number(node: Call, option: str) -> float | None:
    given = node.option(option)
    return given.value if isinstance(given, Literal) and isinstance(given.value, float) else None


def _whole(node: Call, operator: Operator) -> int:
    if "length" not in operator.options:
        return 0
    low, high = (2, 5) if operator.name == "cycles" else (1, 8)
    length = _number(node, "length")
    if length is None or length != int(length) or not low <= length <= high:
        raise _wrong(node, operator, "`length=` counts edges.", f"a whole number from {low} to {high}")
    return int(length)


def _positive(node: Call, operator: Operator) -> float:
    if "below" not in operator.options:
        return 0.0
    below = _number(node, "below")
    if below is None or below <= 0.0:
        raise _wrong(node, operator, "`below=` is a threshold of amounts.", "a number above 0")
    return below


def _wrong(node: Call, operator: Operator, problem: str, expected: str) -> FormulaError:
    return FormulaError(problem, expected=expected, got=to_text(node), fix=f"Write it like `{operator.example}`.")


def is_network(name: str) -> bool:
    """Whether an operator of that name looks at a table as a network.

    >>> is_network("fan_in"), is_network("sum")
    (True, False)
    """
    return name in operators.REGISTRY and operators.REGISTRY[name].kind == "network"
