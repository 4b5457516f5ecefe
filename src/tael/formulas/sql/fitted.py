"""Statistics of the training observations, as tables of values that stand in the statement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tael.errors import FormulaError
from tael.formulas.bound import BoundGroup
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import Sql
from tael.formulas.sql.sources import Cte, Sources, listed
from tael.tables.schema import Type


class Statistic(Protocol):
    """A statistic by group, such as :class:`tael.engine.peers.Population`."""

    @property
    def by(self) -> Sequence[Sequence[Any]]:
        """The values that make a group, a sequence for each expression of ``by=``; empty: one group of all."""

    @property
    def types(self) -> Sequence[Type]:
        """The types of these expressions."""

    @property
    def values(self) -> Sequence[Any]:
        """The statistic of each group; None is missing."""

    @property
    def type(self) -> Type:
        """The type of the statistic."""


class FittedValues:
    """Collects the CTEs of fitted values.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    fitted : mapping of str to Statistic
        By the text of the statistic.
    """

    def __init__(self, sources: Sources, dialect: Dialect, fitted: Mapping[str, Statistic]) -> None:
        self.sources, self.dialect, self.fitted = sources, dialect, fitted
        self._names: dict[str, str] = {}
        self._joins: list[str] = []

    def look_up(self, one: BoundGroup, by: Sequence[Sql]) -> Sql:
        """The statistic of an observation's group; a group that training has not seen, or none, has no value."""
        if one.text not in self.fitted:
            raise FormulaError(
                f"`{one.text}` is a statistic of the training observations, and none were given.",
                expected="`fitted=`, as AutoFeatures(...).fit(X, y) or Engine.fit(formulas, X) gives it",
                got="no fitted value",
                fix='Give `fitted=`; or add `among="as_of"` for the rows known before each cutoff.',
            )
        if one.text not in self._names:
            name = self._names[one.text] = self.sources.fresh(f"fitted_{len(self._names) + 1}")
            alias = f"g{len(self._names)}"
            on = " AND ".join(f"{alias}.by_{place} = {part.held}" for place, part in enumerate(by, 1)) or "TRUE"
            self._joins.append(f"LEFT JOIN {name} AS {alias} ON {self.dialect.tidy(on)}")
        alias = f"g{list(self._names).index(one.text) + 1}"
        return replace(_size(self.fitted[one.text]), text=f"{alias}.value")

    def joins(self) -> list[str]:
        """The joins of the last SELECT, in the order in which they need one another."""
        return self._joins

    def ctes(self) -> list[Cte]:
        """A CTE for each statistic."""
        return [self._cte(text, name) for text, name in self._names.items()]

    def _cte(self, text: str, name: str) -> Cte:
        one = self.fitted[text]
        columns = [*(f"by_{place}" for place in range(1, len(one.types) + 1)), "value"]
        kinds = [*one.types, one.type]
        rows = [
            ", ".join(self._written(value, kind) for value, kind in zip(row, kinds, strict=True))
            for row in zip(*one.by, one.values, strict=True)
        ]
        comment = f"Of the training observations, as they were when the features were fitted: {text}"
        if not rows:
            nothing = [f"{self._read('NULL', kind)} AS {column}" for column, kind in zip(columns, kinds, strict=True)]
            return Cte(name, comment, ["SELECT", *listed(nothing), "WHERE FALSE"])
        # numbers are read from their text, to the last bit; as literals some would be read as decimals first
        items = [f"{self._read(f't.{column}', kind)} AS {column}" for column, kind in zip(columns, kinds, strict=True)]
        values = ["FROM (VALUES", *listed([f"({row})" for row in rows])]
        return Cte(name, comment, ["SELECT", *listed(items), *values, f") AS t({', '.join(columns)})"])

    def _written(self, value: Any, kind: Type) -> str:
        if value is None:
            return "NULL"
        match kind:
            case Type.NUMBER:
                return f"'{float(value)!r}'"
            case Type.FLAG:
                return "'true'" if value else "'false'"
            case Type.TIME:
                return f"'{self.dialect.moment(int(value))}'"
        return self.dialect.literal(str(value))

    def _read(self, sql: str, kind: Type) -> str:
        names = {Type.NUMBER: self.dialect.double, Type.FLAG: "BOOLEAN", Type.TIME: "TIMESTAMP"}
        return f"CAST({sql} AS {names.get(kind, self.dialect.text)})"


def _size(one: Statistic) -> Sql:
    """A number between the powers of ten that the values have, so that little need be guarded against."""
    if one.type is not Type.NUMBER:
        return Sql("", one.type)
    powers = [math.log10(abs(value)) for value in one.values if value]
    return Sql("", one.type, low=math.floor(min(powers, default=0.0)), high=math.ceil(max(powers, default=0.0)))
