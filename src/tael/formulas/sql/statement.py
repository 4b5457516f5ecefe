"""Formulas to one SELECT statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tael.errors import FormulaError
from tael.formulas.bound import BoundAggregate, BoundGroup
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.resolve import resolve
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import Sql, Writer
from tael.formulas.sql.fitted import FittedValues, Statistic
from tael.formulas.sql.layers import Layers
from tael.formulas.sql.observed import Observed
from tael.formulas.sql.sources import Cte, Join, Sources
from tael.formulas.syntax import Node
from tael.formulas.words import bound_words
from tael.tables.schema import Schema, Type


def to_sql(
    formulas: Sequence[Node | str],
    names: Sequence[str],
    schema: Schema,
    entity: str,
    *,
    key: str | None = None,
    cutoff: str = "cutoff",
    own: Mapping[str, Type] | None = None,
    dialect: str = "duckdb",
    observations: str = "observations",
    fitted: Mapping[str, Statistic] | None = None,
) -> str:
    """Write features as one SELECT over the users' tables and a table of observations.

    It obeys the rules of time (``docs/architecture.md``, T1 to T8) and those of missing values, and gives the numbers
    of the engine. The result has a row for each row of ``observations``, in no order: the key, the cutoff, then the
    features. Numbers and flags (0 or 1) are doubles, counts integers, categories texts.

    Parameters
    ----------
    formulas : sequence of Node or str
    names : sequence of str
        A column name for each formula.
    schema : Schema
        Of tables that were read (``tables.schema``), or one that gives every column's type. Each table stands in the
        database under its name here, with columns of the types named in the statement's head.
    entity : str
        The table whose rows are observed.
    key : str, optional
        The observations' key column; left out: the entity table's key.
    cutoff : str
        The observations' cutoff column, a time without a zone in the tables' clock (UTC where they declare a zone).
    own : mapping of str to Type, optional
        Further columns of the observations that formulas may name; they win over the entity table's.
    dialect : {"duckdb", "postgres", "spark"}
        DuckDB and PostgreSQL are tested on the databases; Spark's text is parsed by sqlglot, never run.
    observations : str
        The table or view of observations; may name its database schema (``"risk.to_score"``).
    fitted : mapping of str to Population, optional
        Statistics of the training observations that formulas compare with (``x / mean(x, by=...)``), by their text, as
        ``FormulaSet.fitted`` holds them; they become tables of values.

    Returns
    -------
    str

    Raises
    ------
    FormulaError
        If a formula does not fit the schema or cannot be said in SQL (the error names it), if names are not unique, or
        if sqlglot is not installed.

    Notes
    -----
    Keys have one type on both sides of a relation and are unique, as the contract check asks. Rows of one entity that
    agree in time and known-at are taken in the order of their table's key; without a key their order is the
    database's. Numbers in columns are taken to lie between 1e-100 and 1e100 in size. PostgreSQL stops with an error
    where an aggregate overflows. Peers in training that share a computed number (``by=log(amount)``) are found where
    the database computes it to the same last bit. Peers in time are joined row by row: an observation's peers are all
    read for it.

    Examples
    --------
    >>> schema = Schema.from_dict({"people": {"key": "id"}, "visits": {"time": "day", "columns": {
    ...     "who": {"to": "people"}, "fee": {"type": "number"}}}})
    >>> sql = to_sql(['sum(visits.fee, last="90d")'], ["fees"], schema, "people")
    >>> print(sql.splitlines()[-1])
    LEFT JOIN visits_by_id AS a1 ON a1.id = o.id AND a1.cutoff = o.cutoff
    """
    promised = schema.tables.get(entity)
    key = key or (promised.key if promised else None) or entity
    _check(formulas, names, key, cutoff, dialect)
    statement = _Statement(schema, entity, key, cutoff, own or {}, Dialect.named(dialect), observations, fitted or {})
    for formula, name in zip(formulas, names, strict=True):
        statement.add(parse(formula) if isinstance(formula, str) else formula, name)
    return statement.text()


class _Statement:
    def __init__(
        self,
        schema: Schema,
        entity: str,
        key: str,
        cutoff: str,
        own: Mapping[str, Type],
        dialect: Dialect,
        observations: str,
        fitted: Mapping[str, Statistic],
    ) -> None:
        self.schema, self.entity, self.own, self.dialect = schema, entity, own, dialect
        self.key, self.cutoff, self.observations = key, cutoff, observations
        taken = {name.lower() for name in (*schema.tables, observations.split(".")[-1])}
        self.sources = Sources(schema, dialect, taken)
        self.observed = Observed(self.sources, dialect, entity, self.key, cutoff, own, observations)
        self.layers = Layers(self.sources, dialect, cutoff)
        self.fitted = FittedValues(self.sources, dialect, fitted)
        self.joins: dict[str, Join] = {}
        self.features: list[tuple[str, str, str]] = []
        moment = f"o.{dialect.quote(cutoff)}"
        self.writer = Writer(dialect, self.observed.column, self.aggregate, moment)

    def add(self, node: Node, name: str) -> None:
        text = to_text(node)
        try:
            bound = resolve(node, self.schema, self.entity, own=self.own)
            sql = self.dialect.tidy(self.writer.result(bound))
        except FormulaError as error:
            if error.where is not None and text in error.where:
                raise
            where = text if error.where is None else f"{text} ({error.where})"
            raise FormulaError(
                error.problem, expected=error.expected, got=error.got, where=where, fix=error.fix
            ) from None
        self.features.append((sql, name, f"{bound_words(bound, self.schema, self.entity)}: {text}"))

    def aggregate(self, one: BoundAggregate | BoundGroup) -> Sql:
        if isinstance(one, BoundGroup):
            return self.fitted.look_up(one, [self.writer.write(part) for part in one.by])
        found, join = self.layers.aggregate(self.observed, one)
        self.joins[join.alias] = join
        return found

    def text(self) -> str:
        quote = self.dialect.quote
        later = [*self.layers.ctes(), *self.fitted.ctes()]
        ctes = [*self.sources.ctes(), self.observed.cte(), *later]
        lines = [*self._head(), "WITH"]
        for place, cte in enumerate(ctes):
            lines += self._cte(cte, "" if place == len(ctes) - 1 else ",")
        lines += ["SELECT", f"  o.{quote(self.key)},", f"  o.{quote(self.cutoff)},"]
        for place, (sql, name, words) in enumerate(self.features):
            lines.append(f"  -- {_one_line(words)}")
            lines.append(f"  {sql} AS {quote(name)}{'' if place == len(self.features) - 1 else ','}")
        lines.append(f"FROM {self.observed.name} AS o")
        lines += [join.line("o", self.dialect) for join in self.joins.values()]
        lines += self.fitted.joins()
        return "\n".join(lines) + "\n"

    def _head(self) -> list[str]:
        own = "".join(f", {name} {kind}" for name, kind in self.own.items())
        lines = [
            f"{len(self.features)} features of {self.entity} at a cutoff, in the dialect of {self.dialect.name}.",
            f"Observations: {self.observations} ({self.key}, {self.cutoff} time{own}).",
            "Tables:",
            *(f"  {line}" for line in self.sources.told()),
        ]
        loose = self.layers.unordered()
        if loose:
            lines.append(f"Rows that agree in their times are in no order where there is no key: {', '.join(loose)}.")
        return [f"-- {_one_line(line)}" for line in lines]

    def _cte(self, cte: Cte, comma: str) -> list[str]:
        inlined = "NOT MATERIALIZED " if cte.inlined and self.dialect.name == "postgres" else ""
        name = self.dialect.quote(cte.name)
        body = [f"  {line}" for line in cte.body]
        return [f"-- {_one_line(cte.comment)}", f"{name} AS {inlined}(", *body, f"){comma}"]


def _one_line(text: str) -> str:
    """A comment ends with its line, whatever stands in a formula."""
    return " ".join(text.split())


def _check(formulas: Sequence[Node | str], names: Sequence[str], key: str, cutoff: str, dialect: str) -> None:
    if not formulas:
        raise FormulaError("There is no formula to write.", expected="at least one")
    if len(names) != len(formulas):
        raise FormulaError("Every formula needs a name.", expected=f"{len(formulas)} names", got=str(len(names)))
    seen: set[str] = {key.lower(), cutoff.lower()}
    for name in names:
        if not name or name.lower() in seen:
            raise FormulaError(
                "A column of the result is named twice, or not at all.",
                expected=f"names that differ from one another, from {key} and from {cutoff}, whatever their case",
                got=repr(name),
                fix="Take the names from `tael.formulas.short_names`.",
            )
        if dialect == "postgres" and len(name.encode()) > 63:
            raise FormulaError(
                "PostgreSQL would cut the name of a column.",
                expected="at most 63 bytes in UTF-8",
                got=f"{name} ({len(name.encode())} bytes)",
                fix="Give it a shorter name.",
            )
        seen.add(name.lower())
    try:
        import sqlglot  # noqa: F401
    except ModuleNotFoundError:
        raise FormulaError(
            "SQL is written through sqlglot, which is not installed.", fix='pip install "tael[sql]"'
        ) from None
