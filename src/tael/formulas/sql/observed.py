"""The observations: what was known of their own rows and their parents at the cutoff (T1, T4, T6)."""

from __future__ import annotations

from collections.abc import Mapping

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundColumn, Path
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import Sql, Writer, no_aggregate
from tael.formulas.sql.sources import Cte, Sources, listed, unlike
from tael.tables.schema import Type


class Observed:
    """Collects the columns of the CTE of observations.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    entity, key, cutoff : str
    own : mapping of str to Type
        Further columns of the observations; they win over the entity table's.
    observations : str
        The table or view of observations.
    """

    def __init__(
        self,
        sources: Sources,
        dialect: Dialect,
        entity: str,
        key: str,
        cutoff: str,
        own: Mapping[str, Type],
        observations: str,
    ) -> None:
        self.sources, self.dialect, self.entity = sources, dialect, entity
        self.key, self.cutoff, self.own, self.observations = key, cutoff, own, observations
        self.name = sources.fresh("observed")
        moment = f"CAST(o.{dialect.quote(cutoff)} AS TIMESTAMP)"
        self._items = {f"o.{dialect.quote(key)}": key, moment: cutoff}
        self._joins: dict[tuple[str, ...], tuple[str, str, str]] = {}
        self._columns = {key.lower(), cutoff.lower()}

    @property
    def moment(self) -> str:
        """The cutoff inside the CTE."""
        return f"CAST(o.{self.dialect.quote(self.cutoff)} AS TIMESTAMP)"

    def column(self, bound: BoundColumn) -> Sql:
        """A column of the observation's row or of its parents, as the last SELECT names it."""
        return Sql(f"o.{self.dialect.quote(self._place(*self._value(bound)))}", bound.type)

    def keys_of(self, path: Path) -> tuple[str, ...]:
        """The columns that hold what the rows of a path are related by."""
        return self._group(path.by) if path.peers else (self._entity_of(path),)

    def _group(self, by: tuple[Bound, ...]) -> tuple[str, ...]:
        """The columns that hold what an observation and its peers share."""
        writer = Writer(self.dialect, lambda one: Sql(self._value(one)[0], one.type), no_aggregate, self.moment)
        return tuple(
            self._place(
                writer.write(part).text,
                "_".join((*part.hops, part.column)) if isinstance(part, BoundColumn) else "shared_1",
            )
            for part in by
        )

    def _entity_of(self, path: Path) -> str:
        if not path.up:
            return self.key
        *way, last = path.up
        if not way and last in self.own:
            return self._place(f"o.{self.dialect.quote(last)}", last)
        alias, table, known = self._climb(tuple(way))
        link = self.sources.promise(table).column(last).known_at
        known = [*known, *self._before(alias, table, link)]
        value = self.sources.column(alias, table, last)
        return self._place(_if(known, value), "_".join(path.up))

    def cte(self) -> Cte:
        """The CTE."""
        items = [f"{self.dialect.tidy(sql)} AS {self.dialect.quote(name)}" for sql, name in self._items.items()]
        table = ".".join(map(self.dialect.quote, self.observations.split(".")))
        lines = ["SELECT", *listed(items), f"FROM {table} AS o"]
        for alias, table, on in self._joins.values():
            lines.append(f"LEFT JOIN {self.sources.table(table)} AS {alias} ON {on}")
        return Cte(self.name, "What was known of each observation's row and its parents at the cutoff", lines)

    def _place(self, sql: str, wish: str) -> str:
        """The name of an item; the same for equal items."""
        if sql not in self._items:
            self._items[sql] = unlike(wish, self._columns)
        return self._items[sql]

    def _value(self, bound: BoundColumn) -> tuple[str, str]:
        if not bound.hops:
            return self._own(bound.column), bound.column
        alias, table, known = self._climb(bound.hops)
        known += self._before(alias, table, self.sources.promise(table).column(bound.column).known_at)
        value = self.sources.value(alias, table, bound.column)
        return _if(known, value), "_".join((*bound.hops, bound.column))

    def _own(self, column: str) -> str:
        promise = self.sources.promise(self.entity)
        known_at = promise.column(column).known_at
        if column not in self.own:
            alias, table, known = self._climb(())
            known += self._before(alias, table, known_at)
            return _if(known, self.sources.value(alias, table, column))
        value = self.dialect.stored(f"o.{self.dialect.quote(column)}", self.own[column], promise.column(column).special)
        if known_at is None:
            return value
        if known_at in self.own:
            return _if([f"CAST(o.{self.dialect.quote(known_at)} AS TIMESTAMP) < {self.moment}"], value)
        alias = self._entity()
        return _if(self._before(alias, self.entity, known_at), value)

    def _entity(self) -> str:
        """Join the entity's own row."""
        if () not in self._joins:
            key = self.sources.promise(self.entity).key
            if key is None:
                raise FormulaError(
                    f'"{self.entity}" has no key, so an observation cannot find its row.',
                    expected=f'[{self.entity}] key = "..."',
                    fix="Name its key in tables.toml, or give the observations this column of their own.",
                )
            on = f"{self.sources.column('own_row', self.entity, key)} = o.{self.dialect.quote(self.key)}"
            self._joins[()] = ("own_row", self.entity, on)
        return "own_row"

    def _climb(self, hops: tuple[str, ...]) -> tuple[str, str, list[str]]:
        """Join the rows on the way up: the alias and table at its end, and what must hold for the way to be known."""
        table, alias = self.entity, ""
        known: list[str] = []
        for step, hop in enumerate(hops):
            if step == 0 and hop in self.own:
                here = f"o.{self.dialect.quote(hop)}"
            else:
                if step == 0:
                    alias, table, known = self._climb(())
                link = self.sources.promise(table).column(hop).known_at
                known += self._before(alias, table, link)
                here = self.sources.column(alias, table, hop)
            table = str(self.sources.promise(table).column(hop).to)
            above = hops[: step + 1]
            alias = self.dialect.quote("_".join((*above, "row")))
            key = self.sources.promise(table).key
            on = "FALSE" if key is None else f"{self.sources.column(alias, table, key)} = {here}"
            self._joins.setdefault(above, (alias, table, on))
            promise = self.sources.promise(table)
            for name in dict.fromkeys((promise.time, promise.known)):
                known += self._before(alias, table, name)
        if not hops:
            alias = self._entity()
            name = self.sources.promise(table).known
            if name is not None:
                known = [f"{self.sources.column(alias, table, name)} <= {self.moment}"]
        return alias, table, known

    def _before(self, alias: str, table: str, column: str | None) -> list[str]:
        return [] if column is None else [f"{self.sources.column(alias, table, column)} < {self.moment}"]


def _if(conditions: list[str], value: str) -> str:
    """A value where all conditions hold, else NULL."""
    if not conditions:
        return value
    return f"CASE WHEN {' AND '.join(dict.fromkeys(conditions))} THEN {value} END"
