"""Aggregates that share their rows: one scan of these, and one row for each who asked (siblings: for each group)."""

from __future__ import annotations

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundColumn
from tael.formulas.operators import ON_TABLES
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import COLUMN_SIZE, WRITTEN, Sql, Writer
from tael.formulas.sql.rows import ROW, ChildRows
from tael.formulas.sql.sequences import Found, Sequences
from tael.formulas.sql.sources import Cte, Join, Sources, listed, unlike
from tael.tables.schema import Type

NOT_IN_SQL: dict[str, dict[str, str]] = {
    "duckdb": {},
    "postgres": {},
    "spark": {
        "matched": "its rows are taken one after another, for which Spark has no recursive query before version 4"
    },
}
"""What a dialect cannot say exactly, each with the reason."""

_NUMBERS = frozenset(
    {"matched", "sum", "mean", "std", "trend", "median", "quantile", "balance_after", "slope", "share_of"}
)
_PLAIN = {"sum": "SUM", "mean": "AVG", "min": "MIN", "max": "MAX"}


def operators_in_sql(dialect: str = "duckdb") -> frozenset[str]:
    """The operators of the language that can be written as SQL.

    >>> operators_in_sql() >= {"sum", "mode", "log"}
    True
    """
    return frozenset(
        name
        for name, operator in ON_TABLES.items()
        if name not in NOT_IN_SQL[dialect]
        and (
            name in _PLAIN or name in WRITTEN or hasattr(Batch if operator.kind == "aggregate" else Writer, f"_{name}")
        )
    )


class Batch(Sequences):
    """Aggregates over rows.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    rows : ChildRows
    level : int
        Of the rows, at which all that is aggregated stands.
    by : tuple of str
        Columns of the rows: siblings are aggregated by group. Empty: for each who asked.
    alias : str
        Short name of the aggregates where they are joined.
    """

    def __init__(
        self,
        sources: Sources,
        dialect: Dialect,
        rows: ChildRows,
        level: int,
        by: tuple[str, ...],
        alias: str,
    ) -> None:
        self.sources, self.dialect, self.rows, self.level, self.alias = sources, dialect, rows, level, alias
        self.by, self.keys = by, (*rows.keys, *by)
        self.source = rows.name_of(level)
        self.name = sources.fresh(f"{rows.base}_by_{'_'.join(by) or rows.label}")
        self._items: dict[str, str] = {}
        self._taken = {key.lower() for key in self.keys}
        self._further: dict[str, tuple[str, Cte]] = {}

    @property
    def names(self) -> list[str]:
        """The CTEs of aggregates."""
        return [*([self.name] if self._items else []), *(cte.name for _, cte in self._further.values())]

    def add(self, one: BoundAggregate) -> Found:
        """Compute an aggregate."""
        if one.forward:
            raise FormulaError("A label that looks forward is no feature.", got="next=")
        method = self._plain if one.op in _PLAIN else getattr(self, f"_{one.op}", None)
        if method is None or one.op not in operators_in_sql(self.dialect.name):
            reason = NOT_IN_SQL[self.dialect.name].get(one.op)
            raise FormulaError(
                f"`{one.op}` is not in SQL yet{'' if reason is None else f': {reason}'}.",
                got=f"{one.op}, in the dialect of {self.dialect.name}",
                fix="Leave the formula out, or compute it in Python.",
            )
        written: Found = method(one)
        return written

    def ctes(self) -> list[Cte]:
        """The aggregates, and what needs a scan of its own."""
        found = []
        if self._items:
            items = [f"{self.dialect.tidy(sql)} AS {name}" for sql, name in self._items.items()]
            lines = ["SELECT", *listed([*self._keys, *items]), f"FROM {self.source}", self._group]
            of = f"the rows of {self.rows.base}"
            if self.by:
                of += f" that one observation sees and that share {', '.join(self.by)}"
            found.append(Cte(self.name, f"Aggregates of {of}", lines))
        return found + [cte for _, cte in self._further.values()]

    # -- parts
    @property
    def _keys(self) -> list[str]:
        return [self.dialect.quote(key) for key in self.keys]

    @property
    def _group(self) -> str:
        return f"GROUP BY {', '.join(self._keys)}"

    def _value(self, one: BoundAggregate, *, number: bool | None = None) -> str:
        return self._part(one.value, number=one.op in _NUMBERS if number is None else number)

    def _part(self, bound: Bound | None, *, number: bool) -> str:
        if bound is None:
            raise FormulaError("This aggregate needs a value.", got="rows")
        return self.dialect.quote(self.rows.value(bound, number=number))

    def _counted(self, one: BoundAggregate, *, where: bool = True) -> list[str]:
        """The conditions under which a row counts."""
        parts = [self.rows.window(one.window)]
        if where and one.where is not None:
            parts.append(self.rows.condition(one.where))
        return [self.dialect.quote(part) for part in parts if part is not None]

    def _filter(self, conditions: list[str]) -> str:
        return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""

    def _item(self, sql: str, one: BoundAggregate, **more: bool) -> Found:
        if sql not in self._items:
            of = f"_{one.value.column}" if isinstance(one.value, BoundColumn) else ""
            wish = f"{one.op}{of}" + (f"_{one.window}" if one.window else "")
            self._items[sql] = self.dialect.quote(unlike(wish, self._taken))
        found = self._sql(f"{self.alias}.{self._items[sql]}", one, **more)
        return found, Join(self.alias, self.name, self.keys)

    def _sql(self, name: str, one: BoundAggregate, *, whole: bool = False, zero: bool = False) -> Sql:
        if zero:
            name = f"COALESCE({name}, 0)"
            if self.by:  # a row in no group has no siblings to count
                there = " AND ".join(f"{ROW}.{self.dialect.quote(key)} IS NOT NULL" for key in self.by)
                name = f"CASE WHEN {there} THEN {name} END"
        return Sql(name, one.type, whole=whole, high=COLUMN_SIZE + 10)

    # -- how many and how much
    def _count(self, one: BoundAggregate) -> Found:
        what = "*" if one.value is None else self._value(one)
        return self._item(f"COUNT({what}){self._filter(self._counted(one))}", one, whole=True, zero=True)

    def _n_unique(self, one: BoundAggregate) -> Found:
        text = f"COUNT(DISTINCT {self._value(one)}){self._filter(self._counted(one))}"
        return self._item(text, one, whole=True, zero=True)

    def _plain(self, one: BoundAggregate) -> Found:
        value = self._value(one, number=one.type is Type.NUMBER)
        return self._item(f"{_PLAIN[one.op]}({value}){self._filter(self._counted(one))}", one, zero=one.op == "sum")

    def _std(self, one: BoundAggregate) -> Found:
        value, only = self._value(one), self._filter(self._counted(one))
        # of equal values some databases make a little more than 0
        text = (
            f"CASE WHEN MIN({value}){only} < MAX({value}){only} THEN STDDEV_SAMP({value}){only} "
            f"WHEN COUNT({value}){only} > 1 THEN 0 END"
        )
        return self._item(text, one)

    def _share(self, one: BoundAggregate) -> Found:
        counted, every = self._filter(self._counted(one)), self._filter(self._counted(one, where=False))
        text = f"{self.dialect.number(f'COUNT(*){counted}')} / NULLIF(COUNT(*){every}, 0)"
        return self._item(text, one)

    # -- the order of time
    def _ranked(self, one: BoundAggregate) -> Found:
        value, rank = self._value(one, number=False), self.dialect.quote(self.rows.rank())
        counted = " AND ".join([f"{value} IS NOT NULL", *self._counted(one)])
        return self._item(self.dialect.ranked(value, rank, counted, last=one.op == "last"), one)

    _first = _last = _ranked

    def _days(self, one: BoundAggregate) -> Found:
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

    def _gap_mean(self, one: BoundAggregate) -> Found:
        self._gaps(one)
        time, only = self.dialect.quote(self.rows.moment()), self._filter(self._counted(one))
        days = self.dialect.days(f"MAX({time}){only}", f"MIN({time}){only}")
        return self._item(f"{days} / NULLIF(COUNT(*){only} - 1, 0)", one)

    def _gap_std(self, one: BoundAggregate) -> Found:
        self._gaps(one)
        time, keys = self.dialect.quote(self.rows.moment()), ", ".join(self._keys)
        gap, gap_std = self._named("gap", "gap_std")
        days = self.dialect.days(time, f"LAG({time}) OVER (PARTITION BY {keys} ORDER BY {time})")
        inner = self._selected([f"{self.dialect.tidy(days)} AS {gap}"], self._counted(one))
        spread = f"CASE WHEN MIN({gap}) < MAX({gap}) THEN STDDEV_SAMP({gap}) WHEN COUNT({gap}) > 1 THEN 0 END"
        lines = self._grouped([f"{spread} AS {gap_std}"], inner, "gaps")
        return self._own_scan(one, lines, gap_std, "Days between one row and the next")

    def _trend(self, one: BoundAggregate) -> Found:
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
    def _mode(self, one: BoundAggregate) -> Found:
        value, rank = self._value(one, number=False), self.dialect.quote(self.rows.rank())
        seen, best, mode = self._named("value", "best", "mode")
        order = f"PARTITION BY {', '.join(self._keys)} ORDER BY COUNT(*) DESC, MAX({rank}) DESC"
        inner = self._selected(
            [f"{value} AS {seen}", f"ROW_NUMBER() OVER ({order}) AS {best}"],
            [f"{value} IS NOT NULL", *self._counted(one)],
        )
        inner.append(f"GROUP BY {', '.join(dict.fromkeys([*self._keys, value]))}")
        lines = ["SELECT", *listed([*self._keys, f"{seen} AS {mode}"]), "FROM ("]
        lines += [f"  {line}" for line in inner] + [") AS values_seen", f"WHERE {best} = 1"]
        return self._own_scan(one, lines, mode, "The most frequent value; of equally frequent ones the last seen")

    def _own_scan(
        self, one: BoundAggregate, lines: list[str], column: str, comment: str, *, zero: bool = False
    ) -> Found:
        text = "\n".join(lines)
        if text not in self._further:
            name = self.sources.fresh(f"{one.op}_of_{self.rows.base}")
            self._further[text] = (f"{self.alias}_{len(self._further) + 1}", Cte(name, comment, lines))
        alias, cte = self._further[text]
        return self._sql(f"{alias}.{column}", one, zero=zero), Join(alias, cte.name, self.keys)
