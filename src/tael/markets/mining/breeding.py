"""New formulas from those that did well: other windows, fields and operators, what is put around them, what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tael.errors import FormulaError
from tael.formulas import operators
from tael.formulas.panel import PanelSchema, resolve_panel
from tael.formulas.parser import parse
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.markets.mining.canonical import canonical, size
from tael.markets.mining.units import FLAG, FREE, Unit, field_units, unit_of
from tael.panels import Panel

LADDER = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 90, 120)
MOST = 14
"""Operators and fields of a formula: beyond, nobody reads it."""
_ALIKE = (
    ("ts_mean", "decay_linear", "ts_median", "ts_max", "ts_min"),
    ("ts_std", "ts_mad"),
    ("ts_rank", "ts_zscore"),
    ("ts_argmax", "ts_argmin"),
    ("ts_skew", "ts_kurt"),
)
_AROUND = ("ts_mean({}, 3)", "decay_linear({}, 5)", "ts_zscore({}, 20)", "ts_rank({}, 20)", "delta({}, 5)")
_CONDITIONS = ("close > delay(close, 5)", "volume > ts_mean(volume, 20)", "close > open")
_X = "x"


@dataclass(frozen=True)
class Breeder:
    """Knows what fits: the units of the fields, and the groups.

    Parameters
    ----------
    fields : mapping of str to Unit
    groups : tuple of str

    Examples
    --------
    >>> from tael.formulas.printer import to_text
    >>> from tael.markets.mining.units import PRICE, VOLUME
    >>> breeder = Breeder({"close": PRICE, "open": PRICE, "volume": VOLUME}, ("sector",))
    >>> found = [to_text(node) for node in breeder.mutations(parse("ts_corr(close, volume, 10)"))]
    >>> found[:5]  # doctest: +NORMALIZE_WHITESPACE
    ['ts_corr(close, volume, 5)', 'ts_corr(close, volume, 7)', 'ts_corr(close, volume, 15)',
    'ts_corr(close, volume, 20)', 'ts_corr(open, volume, 10)']
    >>> "rank(ts_corr(close, volume, 10), by=sector)" in found
    True
    """

    fields: Mapping[str, Unit]
    groups: tuple[str, ...] = ()

    @staticmethod
    def of(panel: Panel) -> Breeder:
        """For a panel."""
        return Breeder(field_units(panel), tuple(panel.groups))

    @cached_property
    def _schema(self) -> PanelSchema:
        return PanelSchema.of(*self.fields, groups=self.groups)

    # ------------------------------------------------------------ from one
    def mutations(self, node: Node) -> list[Node]:
        """Neighbours of a formula as they fit, each once, those of its windows and fields first."""
        found = dict.fromkeys(one for made in self.neighbours(node) if (one := self.fit(made)) is not None)
        found.pop(node, None)
        return list(found)

    def fit(self, node: Node) -> Node | None:
        """The canonical form of a formula that may be tried; None where it breaks a rule of language or units."""
        made = canonical(node)
        if not isinstance(made, Call) or size(made) > MOST:
            return None
        unit = unit_of(made, self.fields, self.groups)
        if unit is None or unit == FLAG or self._mixes(made):
            return None
        try:
            resolve_panel(made, self._schema)
        except FormulaError:  # a window too short for its new operator, say
            return None
        return made

    def _mixes(self, node: Node) -> bool:
        """Whether it adds up two factors, openly or as a product of what is not centred: that is the model's work."""
        for _, call in calls_of(node):
            if call.op not in ("add", "sub", "mul"):
                continue
            sides = [arg for arg in call.args if not isinstance(arg, Literal)]
            free = len(sides) == 2 and all(unit_of(side, self.fields, self.groups) == FREE for side in sides)
            centred = call.op == "mul" and all(isinstance(side, Call) and side.op == "zscore" for side in sides)
            if free and not centred:
                return True
        return False

    def neighbours(self, node: Node) -> Iterator[Node]:
        """Neighbours of a formula, whether they fit or not, which :meth:`fit` says."""
        for window in sorted({one for _, call in calls_of(node) if (one := window_of(call)) is not None}):
            yield from (_with_window(node, window, other) for other in _near(window))
        for name in sorted({".".join(one.parts) for _, one in parts_of(node) if isinstance(one, Name)}):
            unit = self.fields.get(name)
            for other, its in self.fields.items():
                if its == unit and other != name:
                    yield _renamed(node, name, other)
        for path, call in calls_of(node):
            for alike in _ALIKE:
                if call.op in alike:
                    yield from (
                        replaced(node, path, Call(op, call.args, call.options)) for op in alike if op != call.op
                    )
        for group in self.groups:
            by = (("by", Name((group,))),)
            yield from (Call(op, (node,), by) for op in ("rank", "neutralize"))
        for shape in _AROUND:
            yield replaced_name(parse(shape.format(_X)), _X, node)
        yield from self._simpler(node)
        yield from self._where(node)

    def _simpler(self, node: Node) -> Iterator[Node]:
        for path, part in parts_of(node):
            if isinstance(part, Call) and path:
                yield part
                for inner in part.args:
                    if isinstance(inner, Call):
                        yield replaced(node, path, inner)

    def _where(self, node: Node) -> Iterator[Node]:
        if unit_of(node, self.fields, self.groups) != FREE:
            return
        for text in _CONDITIONS:
            condition = parse(text)
            if unit_of(condition, self.fields, self.groups) == FLAG:
                yield Call("where", (condition, Call("zscore", (node,)), Literal(0.0)))

    # ------------------------------------------------------------ from two
    def crossed(self, one: Node, other: Node, rng: np.random.Generator) -> list[Node]:
        """One formula with a part of another in it, their pure interaction, and one without what the other says.

        The interaction is a product of z-scores, which says nothing that one of them says alone: to add factors up is
        the model's work. Whether they fit, :meth:`fit` says.
        """
        mine = [(path, part) for path, part in parts_of(one) if path and not isinstance(part, Literal)]
        theirs = [part for _, part in parts_of(other) if not isinstance(part, Literal)]
        made: list[Node] = [
            Call("mul", (Call("zscore", (one,)), Call("zscore", (other,)))),
            Call("neutralize", (Call("rank", (one,)), Call("rank", (other,)))),
        ]
        for _ in range(6 if mine else 0):
            path, part = mine[int(rng.integers(len(mine)))]
            new = theirs[int(rng.integers(len(theirs)))]
            if new != part and unit_of(new, self.fields) == unit_of(part, self.fields):
                made.append(replaced(one, path, new))
        return made


def parts_of(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    """Every part of a formula with the way to it, parents first."""
    yield path, node
    if isinstance(node, Call):
        for number, arg in enumerate(node.args):
            yield from parts_of(arg, (*path, number))


def calls_of(node: Node) -> list[tuple[tuple[int, ...], Call]]:
    """The operators of a formula with the way to each."""
    return [(path, part) for path, part in parts_of(node) if isinstance(part, Call)]


def window_of(call: Call) -> int | None:
    """How many bars a series operator looks at; None of others."""
    operator = operators.get(call.op)
    if operator.kind != "series" or operator.window is None or operator.window >= len(call.args):
        return None
    given = call.args[operator.window]
    return int(given.value) if isinstance(given, Literal) and not isinstance(given.value, bool | str) else None


def replaced(node: Node, path: tuple[int, ...], new: Node) -> Node:
    """The formula with another part at a place.

    >>> from tael.formulas.printer import to_text
    >>> to_text(replaced(parse("close / open"), (1,), parse("delay(close, 1)")))
    'close / delay(close, 1)'
    """
    if not path:
        return new
    assert isinstance(node, Call)
    args = list(node.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return Call(node.op, tuple(args), node.options)


def replaced_name(node: Node, name: str, new: Node) -> Node:
    """The formula with another in the place of a name."""
    if isinstance(node, Name) and ".".join(node.parts) == name:
        return new
    if isinstance(node, Call):
        return Call(node.op, tuple(replaced_name(arg, name, new) for arg in node.args), node.options)
    return node


def _renamed(node: Node, name: str, other: str) -> Node:
    return replaced_name(node, name, Name((other,)))


def _with_window(node: Node, window: int, other: int) -> Node:
    """All windows of one length exchanged for another: what belongs together stays together."""
    if not isinstance(node, Call):
        return node
    args = [_with_window(arg, window, other) for arg in node.args]
    if window_of(node) == window:
        place = operators.get(node.op).window
        assert place is not None
        least = operators.get(node.op).limits[0][0] if operators.get(node.op).limits else 1.0
        args[place] = Literal(float(max(other, least)))
    return Call(node.op, tuple(args), node.options)


def _near(window: int) -> list[int]:
    """The two next shorter and longer windows."""
    shorter = [one for one in LADDER if one < window][-2:]
    return [*shorter, *[one for one in LADDER if one > window][:2]]
