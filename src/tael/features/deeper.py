"""Layer three: combinations of what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tael.formulas.operators import ON_NETWORKS, REGISTRY
from tael.formulas.syntax import Call, Literal, Name, Node, walk
from tael.tables.schema import Schema, Type

KEEPING = {"mean", "min", "max", "std", "last", "first", "median", "quantile", "sum"}  # the unit of what they go over
DAYS = {"days_since", "days_since_last", "days_since_first", "gap_mean", "gap_std", "dormancy", "residence"}
OF_ROWS = {"count", "share", "mean", "sum"}
FLAGS = {"eq", "ne", "gt", "ge", "lt", "le", "is_missing", "not", "and", "or"}
ROWS = {"count", "n_unique", "in_degree", "out_degree"}
OTHERS = {"fan_in", "fan_out", "new_counterparties"}
SHARES = {"share", "reciprocity", "pass_through", "round_share", "night_share"}
_OVER_ROWS = ("aggregate", "network")
LEVELS = 6  # frequent categories that a survivor is conditioned on
DEEPEST = 4  # operators above one another, counted along the formula, that a combination may be built on


@dataclass(frozen=True)
class Deeper:
    """Builds formulas on those that survived.

    Parameters
    ----------
    schema : Schema
        With the observations' own columns.
    entity : str
    conditions : mapping of (str, str or None) to list of Node
        Base table and way of a path, to the categories that its rows may be asked about.
    peers : sequence of Node
        The observation's own categories: whom it is compared with.
    """

    schema: Schema
    entity: str
    conditions: Mapping[tuple[str, str | None], Sequence[Node]]
    peers: Sequence[Node] = ()

    def __call__(self, survivors: Sequence[Node]) -> Iterator[Node]:
        """Each combination once, the survivors' order first.

        Parameters
        ----------
        survivors : sequence of Node
            The most useful first.
        """
        for node in dict.fromkeys(self._all([s for s in survivors if _levels(s) <= DEEPEST])):
            if node not in survivors:
                yield node

    def _all(self, survivors: list[Node]) -> Iterator[Node]:
        yield from self.beside_peers(survivors)
        yield from self.narrowed(survivors)
        yield from self.part_of_network(survivors)
        yield from self.together(survivors)
        yield from self.flags(survivors)

    def beside_peers(self, survivors: Sequence[Node]) -> Iterator[Node]:
        """A survivor beside its mean among the training observations of one category."""
        for node in survivors:
            if isinstance(node, Call) and (node.op in FLAGS or node.op in ("hour", "weekday", "day", "month")):
                continue
            if any(isinstance(part, Call) and part.option("by") is not None for part in _outside(node)):
                continue  # it stands beside its peers already
            for group in self.peers:
                mean = Call("mean", (node,), (("by", group),))
                yield Call("sub", (node, mean))
                if self.unit(node) != "share" or isinstance(node, Call):
                    yield Call("div", (node, mean))

    def together(self, survivors: Sequence[Node]) -> Iterator[Node]:
        """Quotients and differences of two survivors of one unit."""
        units = [None if isinstance(node, Call) and node.op in FLAGS else self.unit(node) for node in survivors]
        for i, a in enumerate(survivors):
            for j, b in enumerate(survivors[:i]):
                if units[i] is None or units[i] != units[j]:
                    continue
                yield Call("sub", (b, a))
                if units[i] != "share":
                    yield Call("div", (b, a))

    @staticmethod
    def flags(survivors: Sequence[Node]) -> Iterator[Node]:
        """Two flags that hold together."""
        flags = [node for node in survivors if isinstance(node, Call) and node.op in FLAGS]
        for i, a in enumerate(flags):
            for b in flags[:i]:
                yield Call("and", (b, a))

    def narrowed(self, survivors: Sequence[Node]) -> Iterator[Node]:
        """An aggregate over the rows of one category alone, beside its other conditions."""
        for node in survivors:
            if not isinstance(node, Call) or node.op not in OF_ROWS:
                continue
            via = node.option("via")
            over = node.option("over")
            base = over.parts[0] if isinstance(over, Name) else _base(node.args[0])
            way = (base, str(via.value) if isinstance(via, Literal) else None)
            where = node.option("where")
            for level in self.conditions.get(way, ())[:LEVELS]:
                if where is not None and level in walk(where):
                    continue
                both = level if where is None else Call("and", (where, level))
                rest = tuple((name, value) for name, value in node.options if name != "where")
                always = tuple((name, value) for name, value in rest if name != "last")
                for further in dict.fromkeys((rest, always)):
                    yield Call(node.op, node.args, (("where", both), *further))
                    if node.op == "count":  # how many there are may hide which part of all they are
                        yield Call("share", node.args, (("where", both), *further))

    def part_of_network(self, survivors: Sequence[Node]) -> Iterator[Node]:
        """A network's edges of one category alone."""
        for node in survivors:
            if not isinstance(node, Call) or node.op not in ON_NETWORKS or node.option("where") is not None:
                continue
            base = _base(node.args[0])
            told = [one for (table, _), some in self.conditions.items() if table == base for one in some]
            for level in [one for one in dict.fromkeys(told) if _plain(one)][:LEVELS]:
                yield Call(node.op, node.args, (("where", level), *node.options))

    def unit(self, node: Node) -> str | None:
        """What a formula is measured in: a column's unit, ``"days"``, ``"rows"`` or ``"share"``; None if unknown."""
        if isinstance(node, Name):
            return self._column_unit(node)
        if not isinstance(node, Call):
            return None
        if node.op in DAYS:
            return "days"
        if node.op in ROWS:
            return "rows"
        if node.op in OTHERS:
            return "counterparties"
        if node.op in SHARES or node.op in FLAGS:
            return "share"
        if node.op in KEEPING:
            inner = self.unit(node.args[0])
            if inner == "share":
                return "share" if node.op == "mean" else None
            return inner
        if node.op in ("add", "sub"):
            units = {self.unit(arg) for arg in node.args}
            times = all(self._is_time(arg) for arg in node.args)
            return "days" if times else units.pop() if len(units) == 1 else None
        return None

    def _column_unit(self, name: Name) -> str | None:
        table, column = self._column(name)
        if table not in self.schema.tables:
            return None
        detail = self.schema.tables[table].column(column)
        return "share" if detail.type == Type.FLAG else detail.unit

    def _column(self, name: Name) -> tuple[str, str]:
        """A name's table and column; a way upwards is followed by the columns it names."""
        *way, column = name.parts
        table = self.entity
        for step in way:
            if step in self.schema.tables:
                table = step
            elif table in self.schema.tables:
                table = self.schema.tables[table].column(step).to or ""
        return table, column

    def _is_time(self, node: Node) -> bool:
        if not isinstance(node, Name):
            return False
        table, column = self._column(node)
        return table in self.schema.tables and self.schema.tables[table].column(column).type == Type.TIME


def _base(node: Node) -> str:
    """The table that an aggregate goes over."""
    for inner in walk(node):
        if isinstance(inner, Name):
            return inner.parts[0]
    return ""


def _plain(condition: Node) -> bool:
    """Whether a condition is of the row's own columns."""
    return (
        isinstance(condition, Call)
        and condition.op == "eq"
        and all(isinstance(arg, Name | Literal) for arg in condition.args)
    )


def _levels(node: Node) -> int:
    return sum(isinstance(inner, Call) and bool(inner.options) for inner in walk(node)) + isinstance(node, Call)


def _outside(node: Node) -> Iterator[Node]:
    """The nodes outside aggregates over rows, whose own siblings are another matter."""
    yield node
    if isinstance(node, Call) and (node.op not in REGISTRY or REGISTRY[node.op].kind not in _OVER_ROWS):
        for arg in node.args:
            yield from _outside(arg)
