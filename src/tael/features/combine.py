"""A first second layer: a history's recent part against the whole, the observation's own numbers against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tael.features.vocabulary import Expression
from tael.formulas.syntax import Call, Name, Node
from tael.tables.schema import Type

Aggregate = Callable[[str, Node, str | None], Node]
"""Operator, argument and window to an aggregate along one path."""


def over_time(
    call: Aggregate, table: Name, expressions: Sequence[Expression], windows: Sequence[str]
) -> Iterator[Node]:
    """Whether a history gains or loses pace, and how its last value and its recent mean stand to its mean.

    Parameters
    ----------
    call : callable
    table : Name
    expressions : sequence of Expression
        Numbers of a row; of derived ones (which may be negative) differences are taken instead of quotients.
    windows : sequence of str
        Trailing windows, without ``"all"``.
    """
    # the time since the last row, in usual gaps: who is overdue by his own measure
    yield Call("div", (call("days_since_last", table, None), call("gap_mean", table, None)))
    for window in windows:
        yield Call("div", (call("count", table, window), call("count", table, None)))
    for expression in expressions:
        op = "sub" if expression.derived else "div"
        mean = call("mean", expression.node, None)
        yield Call(op, (call("last", expression.node, None), mean))
        for window in windows:
            yield Call(op, (call("mean", expression.node, window), mean))
            if not expression.derived:
                yield Call("div", (call("sum", expression.node, window), call("sum", expression.node, None)))


def against_own(call: Aggregate, own: Sequence[Expression], expressions: Sequence[Expression]) -> Iterator[Node]:
    """The observation's own number beside its history's: the same column, or one of the same unit.

    Parameters
    ----------
    call : callable
    own, expressions : sequence of Expression
        Plain numbers of the observation's row, and of the rows of its history.
    """
    for mine in own:
        for theirs in expressions:
            if mine.type == theirs.type == Type.NUMBER and _comparable(mine, theirs):
                for op in ("last", "mean", "max"):
                    yield Call("div", (mine.node, call(op, theirs.node, None)))


def _comparable(mine: Expression, theirs: Expression) -> bool:
    assert isinstance(mine.node, Name)
    assert isinstance(theirs.node, Name)
    same_name = mine.node.parts[-1] == theirs.node.parts[-1]
    return same_name or (mine.unit is not None and mine.unit == theirs.unit)
