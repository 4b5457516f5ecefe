"""Candidates that look at a history as a whole: its order, its rhythm, its siblings, and histories within it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tael.features.vocabulary import Expression
from tael.formulas.parser import OPTIONS
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import DAY_US, Values
from tael.tables.schema import Type

Aggregate = Callable[..., Call]
"""Operator, argument, window and condition to an aggregate along one path."""

NEW_FOR = (7.0, 30.0)  # days for which somebody met for the first time counts as new
MONEY = 4  # numbers of a row whose shares and distribution are asked about
KINDS = 4  # categories of a row whose mix is asked about
MANY = 20  # different values from which on one may be met for the first time
STREAKS = 12  # conditions of which the longest run is asked
INNER = 5  # expressions of a grandchild that are aggregated for each child
AT_PLACES = 12  # conditions whose share at a place is asked
OF_INNER = ("mean", "max", "sum", "std")
OUTER = ("mean", "max", "std")


def order(
    call: Aggregate,
    expressions: Sequence[Expression],
    kinds: Sequence[Node],
    conditions: Sequence[Node],
    windows: Sequence[str | None],
) -> Iterator[Node]:
    """What needs the rows of a window side by side: medians, mixes, runs, bursts, rhythm.

    Parameters
    ----------
    call : callable
    expressions : sequence of Expression
        Numbers of a row.
    kinds : sequence of Node
        Categories and foreign keys of a row.
    conditions : sequence of Node
    windows : sequence of str or None
    """
    longest = windows[-1]
    numbers = [e for e in expressions if e.type == Type.NUMBER and not e.derived][:MONEY]
    for window in windows:
        for expression in numbers:
            yield call("median", expression.node, window)
        for kind in kinds[:KINDS]:
            yield call("entropy", kind, window)
            yield call("top_share", kind, window)
    for expression in numbers:
        yield _quantile(call("quantile", expression.node, longest), 0.9)
        for condition in conditions:
            if expression.node not in getattr(condition, "args", ()):
                yield call("share_of", expression.node, longest, condition)
    same_unit = [(a, b) for i, a in enumerate(numbers) for b in numbers[:i] if a.unit is not None and a.unit == b.unit]
    for a, b in same_unit:
        slope = call("slope", a.node, longest)
        yield Call(slope.op, (*slope.args, b.node), slope.options)


def rhythm(call: Aggregate, table: Name, numbers: Sequence[Expression], conditions: Sequence[Node]) -> Iterator[Node]:
    """The order in time of all rows known so far: runs of a condition, bursts, regular gaps, what is left of a flow."""
    yield call("periodicity", table, None)
    for span in ("1d", "7d"):
        yield _with(call("burst", table, None), "within", Literal(span))
    for condition in conditions[:STREAKS]:
        yield call("longest_streak", table, None, condition)
    for expression in numbers[:MONEY]:
        yield call("balance_after", expression.node, None)


def first_meetings(time: Name, kinds: Sequence[Node]) -> list[Node]:
    """Conditions that a row goes to somebody new: first seen, in this history, less than so many days before."""
    out: list[Node] = []
    for kind in kinds:
        met = Call("min", (time,), (("by", _bare(kind)),))
        out += [Call("lt", (Call("sub", (_bare(time), met)), Literal(days))) for days in NEW_FOR]
    return out


def times_of_day(time: Name, values: Values) -> list[Node]:
    """Conditions on when in the day and week a row happened, where that is known and varies."""
    present = values.data[~values.missing]
    if len(present) == 0 or bool((present % DAY_US == 0).all()):
        return []
    return [Call("is_night", (_bare(time),)), Call("is_weekend", (_bare(time),))]


def is_special(node: Node) -> bool:
    """Whether a condition is one of this module's, which further conditions may narrow."""
    return isinstance(node, Call) and (
        node.op in ("is_night", "is_weekend") or any(isinstance(arg, Call) and _by(arg) for arg in node.args)
    )


def _by(node: Call) -> bool:
    return any(isinstance(arg, Call) and arg.option("by") is not None for arg in node.args)


def of_histories(
    call: Aggregate, inner: Aggregate, below: Name, expressions: Sequence[Expression], middle: str
) -> Iterator[Node]:
    """Aggregates over children of what each child's own children come to: the worst loan's average delay.

    Parameters
    ----------
    call : callable
        Along the path to the middle table.
    inner : callable
        From a row of the middle table to the rows below it.
    below : Name
    expressions : sequence of Expression
        Numbers of a row of the table below.
    middle : str
    """

    def over(op: str, node: Node) -> Call:
        return _with(call(op, node, None), "over", Name((middle,)))

    for op in OUTER:
        yield over(op, inner("count", below, None))
    for expression in expressions[:INNER]:
        for op in OF_INNER[:2] if expression.derived else OF_INNER:
            for outer in OUTER:
                yield over(outer, inner(op, expression.node, None))


def of_places(
    call: Aggregate, inner: Aggregate, table: Name, numbers: Sequence[Expression], conditions: Sequence[Node]
) -> Iterator[Node]:
    """What everybody's rows at the places of a history's rows look like: the share of weekend visits at its providers.

    Parameters
    ----------
    call : callable
        Along the path to the table.
    inner : callable
        From a row of the table to all rows of its place.
    table : Name
    numbers : sequence of Expression
    conditions : sequence of Node
        Those of which the share is asked; the special ones first.
    """
    told = [*(c for c in conditions if is_special(c)), *(c for c in conditions if not is_special(c))]
    asked = [inner("count", table)]
    asked += [inner("mean", expression.node) for expression in numbers[:INNER]]
    asked += [inner("share", table, condition) for condition in told[:AT_PLACES]]
    for node in asked:
        for op in ("max", "mean"):
            yield _with(call(op, node), "over", table)


def _with(node: Call, option: str, value: Node) -> Call:
    options = dict(node.options) | {option: value}
    return Call(node.op, node.args, tuple((key, options[key]) for key in OPTIONS if key in options))


def _quantile(node: Call, share: float) -> Call:
    return Call(node.op, (*node.args, Literal(share)), node.options)


def _bare(node: Node) -> Node:
    """Inside an aggregate a column of the base table needs no table."""
    return Name(node.parts[-1:]) if isinstance(node, Name) else node
