"""From a name in a formula to a column of a table."""

from __future__ import annotations

from collections.abc import Mapping

from tael.errors import FormulaError, did_you_mean
from tael.formulas.bound import Bound, BoundColumn, BoundCutoff
from tael.formulas.relations import column_names, column_type, is_hidden, relations_of
from tael.tables.schema import Role, Schema, Type

CUTOFF = "cutoff"


class Lookup:
    """Looks names up for one formula.

    Parameters
    ----------
    schema : Schema
    entity : str
    own : dict of Type
        Further columns of the frame of observations.
    label : bool
        Whether columns of role ``label`` may be named.
    """

    def __init__(self, schema: Schema, entity: str, own: Mapping[str, Type], label: bool) -> None:
        self.schema, self.entity, self.own, self.label = schema, entity, own, label
        self.relations = relations_of(schema)

    def name(self, parts: tuple[str, ...], grain: str | None) -> Bound:
        """A column or the cutoff; ``grain`` is the base table inside an aggregate, None outside."""
        if grain is None and len(parts) == 1:
            if parts[0] == CUTOFF:
                return BoundCutoff()
            if parts[0] in self.own:
                return BoundColumn(self.entity, (), self.entity, parts[0], self.own[parts[0]])
        start = self.entity if grain is None else grain
        if parts == (CUTOFF,) and CUTOFF not in column_names(self.schema, start):
            return BoundCutoff()
        hops, table = self.climb(start, parts[:-1], inside=grain is not None)
        return self.column(start, hops, table, parts[-1], single=len(parts) == 1)

    def climb(self, start: str, parts: tuple[str, ...], *, inside: bool) -> tuple[tuple[str, ...], str]:
        """Follow foreign keys and table names upwards from the grain."""
        hops: tuple[str, ...] = ()
        table = start
        for place, part in enumerate(parts):
            keys = self.relations.foreign_keys.get(table, {})
            if inside and place == 0 and part == start:
                # the base table's own name means its rows, even where a column of theirs is called the same
                continue
            if part in keys:
                hops, table = (*hops, part), keys[part]
            elif part in self.schema.tables:
                ways = self.relations.hops(table, part)
                if not ways:
                    raise self.not_above(table, part, inside=inside)
                if len(ways) > 1:
                    raise FormulaError(
                        f'There are {len(ways)} ways from "{table}" up to "{part}".',
                        expected=" or ".join(f"`{'.'.join(way)}.column`" for way in ways),
                        got=f"{part}.column",
                        fix="Name the column that points there instead of the table.",
                    )
                hops, table = (*hops, *ways[0]), part
            else:
                raise FormulaError(
                    f'"{part}" is neither a table nor a column of "{table}" that points to one.',
                    got=part,
                    fix=did_you_mean(part, [*keys, *self.schema.tables]),
                )
            if table not in self.schema.tables:
                raise FormulaError(
                    f'"{table}" is a shared value without a table, so it has no columns.',
                    got=".".join(parts),
                    fix=f'Rows that share it can be aggregated with `via="{part}"`.',
                )
        return hops, table

    def not_above(self, table: str, part: str, *, inside: bool) -> FormulaError:
        """The error for a table that cannot be reached upwards."""
        if inside:
            return FormulaError(
                f'"{part}" does not lie above "{table}".',
                expected=f'inside an aggregate over "{table}": its own columns and those of its parents',
                got=part,
                fix="Aggregate each table in an aggregate of its own.",
            )
        below = bool(self.relations.paths(table, part))
        return FormulaError(
            f'"{part}" has no single row for a row of "{table}".',
            expected=f'a table above "{table}", or an aggregate',
            got=part,
            fix=f"Aggregate it: `sum({part}.column)`, `count({part})`."
            if below
            else f'Declare in tables.toml which column of "{table}" points to "{part}" (`to = "{part}"`).',
        )

    def column(self, grain: str, hops: tuple[str, ...], table: str, column: str, *, single: bool) -> BoundColumn:
        """A column of the table that was reached, if the formula may name it."""
        known = column_names(self.schema, table)
        if column not in known:
            if single and column in self.schema.tables:
                raise FormulaError(
                    f'"{column}" is a table, not a value.', got=column, fix=f"Write `count({column})` or name a column."
                )
            further = [*self.own] if table == self.entity and single else []
            raise FormulaError(
                f'There is no column "{column}" in "{table}".',
                got=column,
                fix=did_you_mean(column, [*known, *further]),
            )
        if is_hidden(self.schema, table, column, label=self.label):
            role = self.schema.tables[table].column(column).role
            allowed = "in no formula" if role is Role.IGNORE else "in label formulas alone"
            raise FormulaError(
                f'"{table}.{column}" has the role "{role}": it may be named {allowed}.',
                got=column,
                fix="Use another column, or change its role in tables.toml.",
            )
        kind = column_type(self.schema, table, column)
        if kind is None:
            raise FormulaError(
                f'The type of "{table}.{column}" is not known.',
                expected=", ".join(Type),
                fix=f'Set it in tables.toml: [{table}.columns] {column} = {{ type = "number" }}.',
            )
        return BoundColumn(grain, hops, table, column, kind)
