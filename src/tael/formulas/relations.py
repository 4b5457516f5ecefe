"""How tables hang together: foreign keys, ways up to parents, ways down to children."""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass

from tael.errors import FormulaError, did_you_mean
from tael.formulas.bound import Bound, Path
from tael.formulas.syntax import Node
from tael.tables.schema import Role, Schema, Type

MAX_UP, MAX_DOWN = 4, 4
"""The longest ways that a formula may mean without naming every step."""


@dataclass(frozen=True, slots=True)
class _Way:
    """Foreign keys followed upwards: (table, column) each, and the table they lead to."""

    steps: tuple[tuple[str, str], ...]
    end: str


class Relations:
    """The graph of tables, read once from a schema.

    Parameters
    ----------
    schema : Schema

    Attributes
    ----------
    bound : dict
        What resolved parts of formulas on child rows mean, by table, whether labels may be named, and node.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.foreign_keys: dict[str, dict[str, str]] = {
            name: {column: promise.to for column, promise in table.columns.items() if promise.to is not None}
            for name, table in schema.tables.items()
        }
        self.bound: dict[tuple[str, bool, Node], Bound] = {}
        self._ways: dict[str, list[_Way]] = {}
        self._paths: dict[tuple[str, str], list[Path]] = {}

    def ways_up(self, table: str) -> list[_Way]:
        """Every way up from a table, itself first, shorter ones before longer ones."""
        if table not in self._ways:
            found, waiting = [], deque([_Way((), table)])
            while waiting:
                way = waiting.popleft()
                found.append(way)
                if len(way.steps) < max(MAX_UP, MAX_DOWN):
                    for column, target in self.foreign_keys.get(way.end, {}).items():
                        step = (way.end, column)
                        # A table that points to itself is climbed once, not without end.
                        if step not in way.steps:
                            waiting.append(_Way((*way.steps, step), target))
            self._ways[table] = found
        return self._ways[table]

    def hops(self, table: str, target: str) -> list[tuple[str, ...]]:
        """The shortest ways up from a table to another, as foreign-key columns; several if they tie."""
        found = [way.steps for way in self.ways_up(table) if way.end == target]
        shortest = min((len(steps) for steps in found), default=0)
        return [tuple(column for _, column in steps) for steps in found if len(steps) == shortest]

    def paths(self, entity: str, base: str) -> list[Path]:
        """Every way from an entity to a base table, up and then down, shorter ones first."""
        if (entity, base) not in self._paths:
            below: dict[str, list[_Way]] = {}
            for way in self.ways_up(base):
                if 0 < len(way.steps) <= MAX_DOWN:
                    below.setdefault(way.end, []).append(way)
            found = [
                Path(tuple(column for _, column in up.steps), tuple(reversed(down.steps)))
                for up in self.ways_up(entity)
                if len(up.steps) <= MAX_UP
                for down in below.get(up.end, ())
            ]
            self._paths[entity, base] = sorted(found, key=lambda path: (len(path), path.up, path.down))
        return self._paths[entity, base]

    def path(self, entity: str, base: str, via: str | None = None) -> Path:
        """The one way that a formula means.

        Parameters
        ----------
        entity, base : str
        via : str, optional
            Foreign-key columns upwards (``"customer_id.household_id"``); then, if that leaves a choice, the column of
            ``base`` that points back (``"receiver"``), or every step down (``"customer_id.loans.customer_id"``).

        Raises
        ------
        FormulaError
            If there is no such way, or several of the same length.
        """
        every = self.paths(entity, base)
        if not every:
            raise self._unrelated(entity, base)
        tokens = () if via is None else tuple(via.split("."))
        found = every if via is None else _matching(every, tokens)
        best = [path for path in found if len(path) == len(found[0])] if found else []
        if len(best) == 1:
            return best[0]
        if not found:
            raise FormulaError(
                f'`via="{via}"` leads from "{entity}" to no rows of "{base}".',
                expected=_choices(self, every[:8], entity),
                got=f'via="{via}"',
                fix=did_you_mean(str(via), self.foreign_keys.get(entity, {})),
            )
        raise FormulaError(
            f'There are {len(best)} ways from "{entity}" to "{base}".',
            expected=_choices(self, best, entity),
            got="no `via=`" if via is None else f'via="{via}"',
            fix="Say which one with `via=`.",
        )

    def via(self, path: Path, entity: str) -> str | None:
        """The shortest ``via`` that means this path; None if it is the default."""
        if self._means(path, entity, None):
            return None
        up = ".".join(path.up)
        every_step = ".".join((*path.up, *(name for step in path.down for name in step)))
        for text in (up, ".".join((*path.up, path.down[-1][1])), every_step):
            if text and self._means(path, entity, text):
                return text
        return every_step

    def _means(self, path: Path, entity: str, via: str | None) -> bool:
        every = self.paths(entity, path.base)
        found = every if via is None else _matching(every, tuple(via.split(".")))
        best = [one for one in found if len(one) == len(found[0])] if found else []
        return best == [path]

    def _unrelated(self, entity: str, base: str) -> FormulaError:
        if self.hops(entity, base):
            return FormulaError(
                f'"{base}" lies above "{entity}": one row each, nothing to aggregate.',
                expected=f'a table below "{entity}" or below one of its parents',
                got=base,
                fix=f"Name the column itself: `{base}.column`.",
            )
        return FormulaError(
            f'"{entity}" and "{base}" are not related.',
            expected="foreign keys that lead from the one to the other",
            got=f'"{entity}" points to {_listed(self.foreign_keys.get(entity, {}))}; '
            f'"{base}" points to {_listed(self.foreign_keys.get(base, {}))}',
            fix=f'Declare the relation in tables.toml: [{base}.columns] ..._id = {{ to = "{entity}" }}.',
        )


def _listed(keys: dict[str, str]) -> str:
    return ", ".join(f'"{target}"' for target in dict.fromkeys(keys.values())) or "nothing"


def _matching(paths: list[Path], tokens: tuple[str, ...]) -> list[Path]:
    """The paths that a ``via`` may mean: those that go up just so; else those whose way down it names as well."""
    upwards = [path for path in paths if path.up == tokens]
    if upwards:
        return upwards
    last = [path for path in paths if (*path.up, path.down[-1][1]) == tokens and len(path.down) == 1]
    if last:
        return last
    return [path for path in paths if (*path.up, *(name for step in path.down for name in step)) == tokens]


def _choices(relations: Relations, paths: list[Path], entity: str) -> str:
    return " or ".join(f'via="{relations.via(path, entity) or ".".join(path.up)}"' for path in paths)


_CACHE: dict[int, tuple[weakref.ref[Schema], Relations]] = {}


def relations_of(schema: Schema) -> Relations:
    """The relations of a schema, kept as long as the schema lives."""
    kept = _CACHE.get(id(schema))
    if kept is not None and kept[0]() is schema:
        return kept[1]
    number = id(schema)
    relations = Relations(schema.model_copy())
    _CACHE[number] = (weakref.ref(schema, lambda _: _CACHE.pop(number, None)), relations)
    return relations


def column_names(schema: Schema, table: str) -> list[str]:
    """The columns of a table that the schema knows: those it lists, the key and the times."""
    promise = schema.tables[table]
    named = (promise.key, promise.time, promise.known_at)
    return list(dict.fromkeys([*promise.columns, *(name for name in named if name is not None)]))


def column_type(schema: Schema, table: str, column: str) -> Type | None:
    """The type a column has in formulas.

    Keys and the columns that point to them are categories, whatever digits they are written with; the times of the
    table are times. None if the schema does not say.
    """
    promise = schema.tables[table]
    if column == promise.key or promise.column(column).to is not None:
        return Type.CATEGORY
    if column in (promise.time, promise.known_at):
        return Type.TIME
    return promise.column(column).type


def paths(schema: Schema, entity: str, max_up: int = 2, max_down: int = 2) -> list[Path]:
    """Every way from an entity to a child table that has a time, for enumeration.

    Parameters
    ----------
    schema : Schema
    entity : str
    max_up, max_down : int
        The most foreign keys followed upwards and downwards.

    Returns
    -------
    list of Path
        Shorter ones first; the order depends on nothing but the schema.

    Examples
    --------
    >>> schema = Schema.from_dict({"customers": {"key": "customer_id"}, "loans": {
    ...     "key": "loan_id", "time": "approved", "columns": {"customer_id": {"to": "customers"}}}})
    >>> paths(schema, "customers")
    [Path(up=(), down=(('loans', 'customer_id'),), by=())]
    """
    known_entity(schema, entity)
    relations = relations_of(schema)
    found = [
        path
        for base, table in schema.tables.items()
        if table.time is not None
        for path in relations.paths(entity, base)
        if len(path.up) <= max_up and len(path.down) <= max_down
    ]
    return sorted(found, key=lambda path: (len(path), path.up, path.down))


def path_text(path: Path, schema: Schema, entity: str) -> str | None:
    """The ``via`` that a formula needs to mean this path; None if it is the one taken by default."""
    return relations_of(schema).via(path, entity)


def known_entity(schema: Schema, entity: str) -> None:
    """Refuse an entity that is no table of the schema."""
    if entity not in schema.tables:
        raise FormulaError(
            f'There is no table "{entity}".',
            expected="the table whose rows are observed",
            got=entity,
            fix=did_you_mean(entity, schema.tables),
        )


def is_hidden(schema: Schema, table: str, column: str, *, label: bool) -> bool:
    """Whether a formula must not name the column: ``ignore`` never, ``label`` in labels alone."""
    role = schema.tables[table].column(column).role
    return role is Role.IGNORE or (role is Role.LABEL and not label)
