"""Candidates on the observation's own row and its parents, and how far an enumeration goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.errors import FeaturesError, did_you_mean
from tael.features import vocabulary as words
from tael.features.vocabulary import Expression
from tael.formulas.relations import relations_of
from tael.formulas.syntax import Call, Name, Node
from tael.tables.schema import Role, Schema, Type


@dataclass(frozen=True)
class Limits:
    """How far the enumeration goes.

    Parameters
    ----------
    windows : tuple of str
        ``"all"`` for everything known so far.
    max_up, max_down : int
        Steps of a path.
    levels : int
        Frequent categories of a column that become conditions.
    differences, ratios, rates : int
        Derived row expressions of each kind for a table.
    combined : int
        Expressions of a path that are compared over time and with the observation's own numbers; 0: no layer two.
    above : int
        Numbers and flags of the rows' parents that are aggregated over the rows.
    """

    windows: tuple[str, ...] = ("30d", "90d", "180d", "all")
    max_up: int = 2
    max_down: int = 2
    levels: int = 8
    differences: int = 15
    ratios: int = 24
    rates: int = 8
    combined: int = 12
    above: int = 24


class OwnColumns:
    """Formulas on the observation's own columns and its parents'.

    Parameters
    ----------
    engine : Engine
    seen : Observed
        The training observations.
    limits : Limits
    forbid : tuple of str
        Columns (``amount``, ``customers.postcode``) and tables that no formula may name.
    dated : bool
        Whether the observations have cutoffs; without, a formula is a row's own columns alone.
    """

    def __init__(
        self, engine: Engine, seen: Observed, limits: Limits, forbid: tuple[str, ...] = (), *, dated: bool = True
    ) -> None:
        self.engine, self.seen, self.limits, self.forbid = engine, seen, limits, set(forbid)
        self.dated = dated
        self.schema: Schema = engine.tables.schema
        self.groups: list[Node] = []
        """The observation's own categories that several observations share."""
        self._check_forbidden()

    def own(self) -> Iterator[Node]:
        """Formulas on the observation's own columns and its parents'."""
        names = self._own_names()
        numbers = self.own_numbers
        times: list[Node] = []
        for name, kind in names:
            if kind == Type.TIME:
                times.append(name)
            elif kind in (Type.NUMBER, Type.FLAG):
                yield name
            elif kind == Type.CATEGORY:
                values = self.engine.evaluate([name], self.seen)[0]
                if 0.01 <= float(values.missing.mean()) <= 0.99:
                    yield Call("is_missing", (name,))
                levels = words.frequent_levels(values, 2 * self.limits.levels, 0.01)
                if len(levels) > 1:
                    self.groups.append(name)
                    for level in levels:
                        yield words.equals(name, level)
        if self.dated:
            for time in times:
                yield Call("days_since", (time,))
            for part in ("hour", "weekday", "day"):
                yield Call(part, (Name(("cutoff",)),))
        differences: list[Expression] = []
        for i, a in enumerate(times):
            for b in times[:i]:
                node = Call("sub", (a, b))
                differences.append(Expression(node, Type.NUMBER, derived=True, unit="days"))
                yield node
        if self.limits.combined:
            for ratio in words.row_ratios([*numbers, *differences], 4 * self.limits.ratios):
                yield ratio.node

    @cached_property
    def own_numbers(self) -> list[Expression]:
        """The plain numbers of the observation's own row."""
        promise = self.schema.tables.get(self.engine.entity)
        return [
            Expression(name, kind, unit=None if promise is None else promise.column(name.parts[0]).unit)
            for name, kind in self._own_names()
            if kind == Type.NUMBER and len(name.parts) == 1
        ]

    def _own_names(self) -> list[tuple[Name, Type]]:
        entity, schema = self.engine.entity, self.schema
        out: list[tuple[Name, Type]] = []
        promise = schema.tables.get(entity)
        for column, kind in self.seen.own.items():
            if not self._links(column) and not self.is_forbidden(entity, column):
                out.append((Name((column,)), kind))
        if promise is None:
            return out
        for column, detail in promise.columns.items():
            skip = column in self.seen.own or column == promise.key or detail.to or detail.role != Role.FEATURE
            if not skip and not self.is_forbidden(entity, column):
                out.append((Name((column,)), detail.type or Type.TEXT))
        above = words.table_entries(schema, entity)
        for entry in above:
            hidden = entry.table in self.forbid or self.is_forbidden(entry.table, entry.column)
            if entry.table != entity and not hidden:
                out.append((entry.name, entry.type))
        for parent in dict.fromkeys(entry.table for entry in above if entry.table != entity):
            for entry in words.table_entries(schema, parent):
                # a grandparent is named by its table; where several ways lead there, the language wants a longer name
                lonely = (
                    sum(other.table == entry.table for other in above) == 0
                    and len(relations_of(schema).hops(entity, entry.table)) == 1
                )
                hidden = (
                    entry.table in self.forbid or parent in self.forbid or self.is_forbidden(entry.table, entry.column)
                )
                if entry.table != parent and lonely and not hidden and self.limits.max_up > 1:
                    out.append((Name((entry.table, entry.column)), entry.type))
        return out

    def _links(self, column: str) -> bool:
        promise = self.schema.tables.get(self.engine.entity)
        return bool(promise and promise.column(column).to)

    def is_forbidden(self, table: str, column: str) -> bool:
        """Whether no formula may name a column."""
        return f"{table}.{column}" in self.forbid or (table == self.engine.entity and column in self.forbid)

    def _check_forbidden(self) -> None:
        """A name that forbids nothing is a slip, and slips here let through what was to be kept out."""
        known = {*self.schema.tables, *self.seen.own}
        for table, promise in self.schema.tables.items():
            known |= {f"{table}.{column}" for column in promise.columns}
            known |= set(promise.columns) if table == self.engine.entity else set()
        for name in sorted(self.forbid - known):
            raise FeaturesError(
                "What is to be forbidden is not there.",
                expected="a table, table.column, or a column of the observations",
                got=name,
                where="AutoFeatures(forbid=...)",
                fix=did_you_mean(name, known),
            )
