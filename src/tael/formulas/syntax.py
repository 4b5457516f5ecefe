"""The tree of a formula: three kinds of node, frozen and hashable, so that equal formulas are one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_DEPTH = 100
"""The deepest formula that is read, resolved or put into words."""


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A number, a flag or a text written in the formula.

    ``True`` and ``1`` are different literals, although Python holds them to be equal.

    >>> Literal(True) == Literal(1), Literal(90) == Literal(90.0)
    (False, True)
    """

    value: float | bool | str

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Literal):
            return NotImplemented
        return isinstance(self.value, bool) == isinstance(other.value, bool) and self.value == other.value

    def __hash__(self) -> int:
        return hash((isinstance(self.value, bool), self.value))


@dataclass(frozen=True, slots=True)
class Name:
    """A column or a table: ``amount``, ``transactions``, ``customers.age``, ``claims.patient_id.age``.

    Parameters
    ----------
    parts : tuple of str
        One part: a column of the grain the name stands in (or a table, as an aggregate's first argument).
        Two parts: table (or the column that points to it), then column.
        More: every step upwards by its name; inside an aggregate the first may be the base table, over whose rows the
        aggregate then goes: ``mean(claims.patient_id.age)`` counts a patient once for each claim.
    """

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator with its arguments. Infix operators are calls too: ``a + b`` is ``Call("add", (a, b))``.

    Parameters
    ----------
    op : str
        The operator's name in the registry.
    args : tuple of Node
    options : tuple of (str, Node)
        Keyword arguments in the operator's canonical order (``where``, ``last``, ``next``, ``via``, ``by``).
    """

    op: str
    args: tuple[Node, ...]
    options: tuple[tuple[str, Node], ...] = ()

    def option(self, name: str) -> Node | None:
        """The keyword argument of that name, or None."""
        for key, value in self.options:
            if key == name:
                return value
        return None


Node = Literal | Name | Call


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents before children.

    >>> [type(n).__name__ for n in walk(Call("neg", (Name(("amount",)),)))]
    ['Call', 'Name']
    """
    yield node
    if isinstance(node, Call):
        for child in node.args:
            yield from walk(child)
        for _, child in node.options:
            yield from walk(child)


def depth(node: Node) -> int:
    """How many nodes lie above one another at most; without recursion, so that any tree can be asked.

    >>> depth(Call("neg", (Name(("amount",)),)))
    2
    """
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for above in level if isinstance(above, Call) for child in children(above)]
    return deepest


def children(call: Call) -> list[Node]:
    """The arguments and options of a call."""
    return [*call.args, *(value for _, value in call.options)]
