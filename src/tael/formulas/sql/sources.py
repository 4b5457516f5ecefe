"""The users' tables as the statement reads them: one CTE for each, with the columns that formulas need."""

from __future__ import annotations

from dataclasses import dataclass, field

from tael.errors import FormulaError
from tael.formulas.relations import column_type
from tael.formulas.sql.dialects import Dialect
from tael.tables.schema import Schema, TableSchema, Type

LONGEST_NAME = 55
"""Bytes of a name that tael makes; PostgreSQL cuts names at 63, and a number may be added."""


@dataclass
class Cte:
    """A named part of the statement.

    Parameters
    ----------
    name : str
    comment : str
    body : list of str
        Lines, not indented.
    inlined : bool
        Whether PostgreSQL is asked not to store it, so that it can use the indexes of the table behind it.
    """

    name: str
    comment: str
    body: list[str]
    inlined: bool = False


@dataclass(frozen=True)
class Join:
    """Aggregates, joined to who asked for them.

    Parameters
    ----------
    alias, name : str
        The CTE.
    keys : tuple of str
        Columns that both sides have.
    """

    alias: str
    name: str
    keys: tuple[str, ...]

    def line(self, left: str, dialect: Dialect) -> str:
        """The join.

        >>> Join("a1", "visits_by_id", ("id", "cutoff")).line("o", Dialect.named("duckdb"))
        'LEFT JOIN visits_by_id AS a1 ON a1.id = o.id AND a1.cutoff = o.cutoff'
        """
        keys = [dialect.quote(key) for key in self.keys]
        on = " AND ".join(f"{self.alias}.{key} = {left}.{key}" for key in keys)
        return f"LEFT JOIN {self.name} AS {self.alias} ON {on}"


@dataclass
class Sources:
    """Collects which columns of which tables are read, and gives names that nothing else has.

    Parameters
    ----------
    schema : Schema
    dialect : Dialect
    taken : set of str
        Names that are in use, in lower case.
    """

    schema: Schema
    dialect: Dialect
    taken: set[str]
    _read: dict[str, dict[str, None]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def fresh(self, wish: str) -> str:
        """A name like the one wished for that is not taken.

        >>> from tael.tables.schema import Schema
        >>> sources = Sources(Schema(), Dialect.named("duckdb"), {"rows"})
        >>> sources.fresh("rows"), sources.fresh("rows")
        ('rows_2', 'rows_3')
        """
        return unlike(wish, self.taken)

    def table(self, table: str) -> str:
        """The name of the CTE that reads a table."""
        if table not in self._names:
            if self.promise(table).duplicates != "error":
                raise FormulaError(
                    f'"{table}" keeps one of several rows with the same key, by their order in a file.',
                    expected="a table whose keys are unique",
                    where=f'[{table}] duplicates = "{self.promise(table).duplicates}"',
                    fix="Make a view that holds each key once, and leave `duplicates` out.",
                )
            self._names[table] = self.fresh(f"read_{table}")
            self._read[table] = {}
        return self._names[table]

    def promise(self, table: str) -> TableSchema:
        """The schema of a table."""
        return self.schema.tables[table]

    def column(self, alias: str, table: str, column: str) -> str:
        """A column of a joined table, as it is stored there (keys) or as formulas read it (all else)."""
        self.table(table)
        self._read[table][column] = None
        return f"{alias}.{self.dialect.quote(column)}"

    def is_key(self, table: str, column: str) -> bool:
        """Whether a column names things: related by their stored values, compared in formulas as texts."""
        promise = self.promise(table)
        return column == promise.key or promise.column(column).to is not None

    def value(self, alias: str, table: str, column: str) -> str:
        """A column as a value in a formula."""
        sql = self.column(alias, table, column)
        return f"CAST({sql} AS {self.dialect.text})" if self.is_key(table, column) else sql

    def type(self, table: str, column: str) -> Type | None:
        """The type of a column."""
        return column_type(self.schema, table, column)

    def ctes(self) -> list[Cte]:
        """A CTE for each table that is read."""
        out = []
        for table, name in self._names.items():
            promise, items = self.promise(table), []
            for column in self._read[table]:
                quoted = self.dialect.quote(column)
                if self.is_key(table, column):
                    items.append(f"t.{quoted}")
                    continue
                kind = self._type(table, column)
                special = promise.column(column).special
                read = self.dialect.stored(f"t.{quoted}", kind, special, promise.time_zone)
                items.append(f"{self.dialect.tidy(read)} AS {quoted}")
            of = f"{self.dialect.quote(table)} AS t"
            comment = f"{table} as formulas read it: special codes and infinities are missing"
            out.append(Cte(name, comment, ["SELECT", *listed(items), f"FROM {of}"], inlined=True))
        return out

    def told(self) -> list[str]:
        """What the statement expects of the tables, a line for each."""
        lines = []
        for table in self._names:
            kinds: dict[str, list[str]] = {}
            for column in self._read[table]:
                kind = "key" if self.is_key(table, column) else str(self._type(table, column))
                kinds.setdefault(kind, []).append(column)
            columns = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
            lines.append(f"{table} ({columns})")
        return lines

    def _type(self, table: str, column: str) -> Type:
        promise = self.promise(table)
        # the times by which columns become known may be listed nowhere else
        if column in (promise.time, promise.known_at) or any(column == c.known_at for c in promise.columns.values()):
            return Type.TIME
        return self.type(table, column) or Type.TEXT


def unlike(wish: str, taken: set[str]) -> str:
    """A name like the one wished for, of a length that every database takes; adds it to those taken (in lower case).

    >>> taken = {"rows"}
    >>> unlike("rows", taken), unlike("condition_1", taken), unlike("condition_1", taken)
    ('rows_2', 'condition_1', 'condition_2')
    """
    wish = wish.encode()[:LONGEST_NAME].decode(errors="ignore")
    name, number = wish, 1
    while name.lower() in taken:
        number += 1
        name = f"{wish.removesuffix('_1')}_{number}"
    taken.add(name.lower())
    return name


def listed(items: list[str]) -> list[str]:
    """Items of a SELECT, a line each.

    >>> listed(["a", "b"])
    ['  a,', '  b']
    """
    return [f"  {item}{'' if place == len(items) - 1 else ','}" for place, item in enumerate(items)]
