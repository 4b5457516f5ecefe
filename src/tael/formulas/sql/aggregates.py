"""Aggregates that share a path: one scan of its rows, and one row for each related value and cutoff."""

from __future__ import annotations

from dataclasses import fields

from tael.errors import FormulaError
from tael.formulas.bound import BoundAggregate, BoundColumn
from tael.formulas.operators import REGISTRY
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import COLUMN_SIZE, WRITTEN, Sql, Writer
from tael.formulas.sql.rows import ChildRows
from tael.formulas.sql.sources import Cte, Sources, listed, unlike
from tael.tables.schema import Type

_READ = frozenset({"op", "path", "table", "value", "where", "window", "forward", "gap", "type"})
_NUMBERS = frozenset({"sum", "mean", "std", "trend"})
_PLAIN = {"sum": "SUM", "mean": "AVG", "min": "MIN", "max": "MAX"}


def operators_in_sql() -> frozenset[str]:
    """The operators of the language that can be written as SQL.

    >>> operators_in_sql() >= {"sum", "mode", "log"}
    True
    """
    return frozenset(
        name
        for name, operator in REGISTRY.items()
        if name in _PLAIN or name in WRITTEN or hasattr(Batch if operator.kind == "aggregate" else Writer, f"_{name}")
    )


class Batch:
    """Aggregates over the rows of one path.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    rows : ChildRows
    alias : str
        Short name of the aggregates in the last SELECT.
    """

    def __init__(self, sources: Sources, dialect: Dialect, rows: ChildRows, alias: str) -> None:
        self.sources, self.dialect, self.rows, self.alias = sources, dialect, rows, alias
        self.name = sources.fresh(f"{rows.base}_by_{rows.entity}")
        self._items: dict[str, str] = {}
        self._taken = {rows.entity.lower(), rows.cutoff.lower()}
        self._further: dict[str, tuple[str, Cte]] = {}

    def add(self, one: BoundAggregate) -> Sql:
        """Compute an aggregate; gives how the last SELECT names it."""
        if one.forward:
            raise FormulaError("A label that looks forward is no feature.", got="next=")
        unread = [one_field.name for one_field in fields(one) if one_field.name not in _READ]
        if any(getattr(one, name) for name in unread):
            raise FormulaError(f"An option of `{one.op}` is not in SQL yet.", got=", ".join(unread))
        method = self._plain if one.op in _PLAIN else getattr(self, f"_{one.op}", None)
        if method is None or one.op not in operators_in_sql():
            raise FormulaError(
                f"`{one.op}` is not in SQL yet.",
                got=one.op,
                fix="Leave the formula out, or compute it in Python.",
            )
        written: Sql = method(one)
        return written

    def joins(self) -> list[str]:
        """The joins of the last SELECT."""
        quote = self.dialect.quote
        names = [(self.alias, self.name)] if self._items else []
        names += [(alias, cte.name) for alias, cte in self._further.values()]
        entity, cutoff = quote(self.rows.entity), quote(self.rows.cutoff)
        return [
            f"LEFT JOIN {name} AS {alias} ON {alias}.{entity} = o.{entity} AND {alias}.{cutoff} = o.{cutoff}"
            for alias, name in names
        ]

    def ctes(self) -> list[Cte]:
        """The rows, their aggregates, and what needs a scan of its own."""
        found = [self.rows.cte()]
        if self._items:
            items = [f"{self.dialect.tidy(sql)} AS {name}" for sql, name in self._items.items()]
            lines = ["SELECT", *listed([*self._keys, *items]), f"FROM {self.rows.name}", self._group]
            found.append(Cte(self.name, f"Aggregates of the rows of {self.rows.base}", lines))
        return found + [cte for _, cte in self._further.values()]

    # -- parts
    @property
    def _keys(self) -> list[str]:
        return [self.dialect.quote(self.rows.entity), self.dialect.quote(self.rows.cutoff)]

    @property
    def _group(self) -> str:
        return f"GROUP BY {', '.join(self._keys)}"

    def _value(self, one: BoundAggregate, *, number: bool | None = None) -> str:
        if one.value is None:
            raise FormulaError(f"`{one.op}` of rows is not in SQL yet.", got=one.op)
        as_number = one.op in _NUMBERS if number is None else number
        return self.dialect.quote(self.rows.value(one.value, number=as_number))

    def _counted(self, one: BoundAggregate, *, where: bool = True) -> list[str]:
        """The conditions under which a row counts."""
        parts = [self.rows.window(one.window)]
        if where and one.where is not None:
            parts.append(self.rows.condition(one.where))
        return [self.dialect.quote(part) for part in parts if part is not None]

    def _filter(self, conditions: list[str]) -> str:
        return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""

    def _item(self, sql: str, one: BoundAggregate, **more: bool) -> Sql:
        if sql not in self._items:
            of = f"_{one.value.column}" if isinstance(one.value, BoundColumn) else ""
            wish = f"{one.op}{of}" + (f"_{one.window}" if one.window else "")
            self._items[sql] = self.dialect.quote(unlike(wish, self._taken))
        return self._sql(f"{self.alias}.{self._items[sql]}", one, **more)

    def _sql(self, name: str, one: BoundAggregate, *, whole: bool = False, zero: bool = False) -> Sql:
        return Sql(f"COALESCE({name}, 0)" if zero else name, one.type, whole=whole, high=COLUMN_SIZE + 10)

    # -- how many and how much
    def _count(self, one: BoundAggregate) -> Sql:
        what = "*" if one.value is None else self._value(one)
        return self._item(f"COUNT({what}){self._filter(self._counted(one))}", one, whole=True, zero=True)

    def _n_unique(self, one: BoundAggregate) -> Sql:
        text = f"COUNT(DISTINCT {self._value(one)}){self._filter(self._counted(one))}"
        return self._item(text, one, whole=True, zero=True)

    def _plain(self, one: BoundAggregate) -> Sql:
        value = self._value(one, number=one.type is Type.NUMBER)
        return self._item(f"{_PLAIN[one.op]}({value}){self._filter(self._counted(one))}", one, zero=one.op == "sum")

    def _std(self, one: BoundAggregate) -> Sql:
        value, only = self._value(one), self._filter(self._counted(one))
        # of equal values some databases make a little more than 0
        text = (
            f"CASE WHEN MIN({value}){only} < MAX({value}){only} THEN STDDEV_SAMP({value}){only} "
            f"WHEN COUNT({value}){only} > 1 THEN 0 END"
        )
        return self._item(text, one)

    def _share(self, one: BoundAggregate) -> Sql:
        counted, every = self._filter(self._counted(one)), self._filter(self._counted(one, where=False))
        text = f"{self.dialect.number(f'COUNT(*){counted}')} / NULLIF(COUNT(*){every}, 0)"
        return self._item(text, one)

    # -- the order of time
    def _ranked(self, one: BoundAggregate) -> Sql:
        value, rank = self._value(one, number=False), self.dialect.quote(self.rows.rank())
        counted = " AND ".join([f"{value} IS NOT NULL", *self._counted(one)])
        return self._item(self.dialect.ranked(value, rank, counted, last=one.op == "last"), one)

    _first = _last = _ranked

    def _days(self, one: BoundAggregate) -> Sql:
        value, cutoff = self._value(one), self.dialect.quote(self.rows.cutoff)
        function = "MIN" if one.op == "days_since_first" else "MAX"
        return self._item(self.dialect.days(cutoff, f"{function}({value}){self._filter(self._counted(one))}"), one)

    _days_since_first = _days_since_last = _days

    def _gaps(self, one: BoundAggregate) -> None:
        """Gaps follow the order of the rows, which is that of the table's own time."""
        of = one.value
        own = getattr(of, "column", None) == self.rows.promise.time and not getattr(of, "hops", ())
        if of is not None and not own:
            raise FormulaError(
                f"`{one.op}` of a time other than the table's own is not in the language yet.",
                expected=f"{one.op}({one.table})",
                fix=f"Write `{one.op}({one.table})`.",
            )

    def _gap_mean(self, one: BoundAggregate) -> Sql:
        self._gaps(one)
        time, only = self.dialect.quote(self.rows.moment()), self._filter(self._counted(one))
        days = self.dialect.days(f"MAX({time}){only}", f"MIN({time}){only}")
        return self._item(f"{days} / NULLIF(COUNT(*){only} - 1, 0)", one)

    def _gap_std(self, one: BoundAggregate) -> Sql:
        self._gaps(one)
        time, keys = self.dialect.quote(self.rows.moment()), ", ".join(self._keys)
        previous = f"LAG({time}) OVER (PARTITION BY {keys} ORDER BY {time})"
        inner = ["SELECT", *listed([*self._keys, f"{self.dialect.tidy(self.dialect.days(time, previous))} AS gap"])]
        inner += [f"FROM {self.rows.name}", *self._only(self._counted(one))]
        spread = "CASE WHEN MIN(gap) < MAX(gap) THEN STDDEV_SAMP(gap) WHEN COUNT(gap) > 1 THEN 0 END"
        lines = ["SELECT", *listed([*self._keys, f"{spread} AS gap_std"]), "FROM ("]
        lines += [f"  {line}" for line in inner] + [") AS gaps", self._group]
        return self._own_scan(one, lines, "gap_std", "Days between one row and the next")

    def _trend(self, one: BoundAggregate) -> Sql:
        value, counted = self._value(one), self._counted(one)
        time = self.dialect.quote(self.rows.moment())
        days = self.dialect.days(time, self.dialect.quote(self.rows.cutoff))
        there = self._filter([f"{value} IS NOT NULL", *counted])
        text = (
            f"CASE WHEN MIN({time}){there} < MAX({time}){there} "
            f"THEN REGR_SLOPE({value}, {days}){self._filter(counted)} END"
        )
        return self._item(text, one)

    # -- the most frequent
    def _mode(self, one: BoundAggregate) -> Sql:
        value, rank = self._value(one, number=False), self.dialect.quote(self.rows.rank())
        keys = ", ".join(self._keys)
        best = f"ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY COUNT(*) DESC, MAX({rank}) DESC)"
        inner = ["SELECT", *listed([*self._keys, f"{value} AS value", f"{best} AS best"]), f"FROM {self.rows.name}"]
        inner += [*self._only([f"{value} IS NOT NULL", *self._counted(one)]), f"{self._group}, {value}"]
        lines = ["SELECT", *listed([*self._keys, "value AS mode"]), "FROM ("]
        lines += [f"  {line}" for line in inner] + [") AS values_seen", "WHERE best = 1"]
        return self._own_scan(one, lines, "mode", "The most frequent value; of equally frequent ones the last seen")

    def _only(self, conditions: list[str]) -> list[str]:
        return [f"WHERE {' AND '.join(conditions)}"] if conditions else []

    def _own_scan(self, one: BoundAggregate, lines: list[str], column: str, comment: str) -> Sql:
        text = "\n".join(lines)
        if text not in self._further:
            name = self.sources.fresh(f"{one.op}_of_{self.rows.base}")
            self._further[text] = (f"{self.alias}_{len(self._further) + 1}", Cte(name, comment, lines))
        return self._sql(f"{self._further[text][0]}.{column}", one)
