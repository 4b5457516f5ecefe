"""Stated directions: higher income never raises risk. What the data say against it is not learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tael.errors import FeaturesError
from tael.features.labels import Label
from tael.features.select import ranks
from tael.formulas.parser import parse
from tael.formulas.syntax import Call, Literal, Name, Node

SIGNS = {"+": 1, "-": -1}
CLEAR = 2.0  # standard deviations of a rank correlation
# these rise when the values of the rows rise
RISING = {"mean", "sum", "min", "max", "last", "first", "median", "quantile"}
OF_CONDITION = {"count", "share"}
ABOVE = {"gt", "ge"}
BELOW = {"lt", "le"}


@dataclass(frozen=True)
class Directions:
    """What is stated of columns and formulas, held against the observations.

    Parameters
    ----------
    stated : mapping of str to {"+", "-"}
        Column (``income``, ``payments.late``) or formula to how the label moves as it rises.
    label : Label
        Its observations stand in the order of time.
    half : ndarray of uint8, shape (n,), optional
        0 for the earlier half, 1 for the later; left out: by their order.

    Raises
    ------
    FeaturesError
        If a direction is neither "+" nor "-".
    """

    stated: Mapping[str, str]
    label: Label
    half: NDArray[np.uint8] | None = None
    signs: dict[Node, int] = field(init=False)

    def __post_init__(self) -> None:
        for text, sign in self.stated.items():
            if sign not in SIGNS:
                raise FeaturesError(
                    "A direction is neither up nor down.",
                    expected='"+" (the label rises with it) or "-"',
                    got=repr(sign),
                    where=f"AutoFeatures(directions={{{text!r}: ...}})",
                    fix='Write "+" or "-".',
                )
        object.__setattr__(self, "signs", {parse(text): SIGNS[sign] for text, sign in self.stated.items()})

    @cached_property
    def _halves(self) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        n = len(self.label)
        half = np.arange(n) >= n // 2 if self.half is None else self.half
        parts = np.flatnonzero(half == 0), np.flatnonzero(half != 0)
        return [(rows, ranks(self.label.y[rows].astype(np.float32))) for rows in parts]

    def observed(self, column: NDArray[np.float32]) -> int:
        """1 if the label rises with a column in both halves of time, -1 if it falls, 0 if neither is clear."""
        if not self.label.ordered:
            return 0
        z = [
            float(ranks(column[rows].astype(np.float32)) @ told) * np.sqrt(max(len(rows) - 1, 0))
            for rows, told in self._halves
        ]
        whole = sum(z) / np.sqrt(2.0)
        if abs(whole) < CLEAR or min(z) < 0.0 < max(z):
            return 0
        return 1 if whole > 0 else -1

    def contradicts(self, node: Node, column: NDArray[np.float32]) -> bool:
        """Whether a formula that rises, or falls, with something stated moves the other way, in both halves of time."""
        stated = self.of(node)
        return stated != 0 and self.observed(column) == -stated

    def of(self, node: Node) -> int:
        """How the label is stated to move as a formula rises: 1, -1, or 0 for nothing."""
        said = self._said(node)
        return 0 if said is None else said

    def _said(self, node: Node) -> int | None:
        """As :meth:`of`; None if what is stated pulls both ways."""
        if node in self.signs:
            return self.signs[node]
        if not isinstance(node, Call):
            return 0
        if node.op in RISING or node.op in OF_CONDITION:
            where = node.option("where")
            condition = 0 if where is None else self._inside(node, where)
            if node.op in OF_CONDITION:
                return condition
            return None if condition != 0 else self._inside(node, node.args[0])
        first = self._said(node.args[0]) if node.args else 0
        if node.op in BELOW or node.op in ("neg", "not"):
            first = None if first is None else -first
        if node.op in (*ABOVE, *BELOW, "neg", "not"):
            return first
        if node.op in ("add", "sub", "mul", "div") and len(node.args) == 2:
            second = self._said(node.args[1])
            if node.op in ("sub", "div") and second is not None:
                second = -second
            if node.op in ("mul", "div") and not isinstance(node.args[1], Literal) and (first or second):
                return None  # the sign of the other factor decides
            return _both(first, second)
        return 0

    def _inside(self, call: Call, node: Node) -> int | None:
        """An argument or condition, whose names are those of the aggregate's table."""
        head = call.args[0]
        while isinstance(head, Call) and head.args:
            head = head.args[0]
        table = head.parts[0] if isinstance(head, Name) else ""
        return self._said(_full(node, table))


def _full(node: Node, table: str) -> Node:
    if isinstance(node, Name) and len(node.parts) == 1 and node.parts[0] != table:
        return Name((table, *node.parts))
    if isinstance(node, Call):
        return Call(node.op, tuple(_full(arg, table) for arg in node.args), node.options)
    return node


def _both(a: int | None, b: int | None) -> int | None:
    if a is None or b is None or a * b < 0:
        return None
    return a or b
