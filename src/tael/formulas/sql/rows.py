"""The rows along a path, one for each observation that may see them, with the values and conditions on them (T4).

What is aggregated further from each row (aggregates of aggregates, siblings) is joined in levels: level 0 holds the
rows, each further one the rows of the one before with the values that need what was aggregated there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundColumn, BoundGroup, Path, in_row, parts_of
from tael.formulas.durations import Duration
from tael.formulas.sql.expressions import Sql, Writer, no_aggregate
from tael.formulas.sql.sources import Cte, Join, listed, unlike

if TYPE_CHECKING:
    from tael.formulas.sql.layers import Asker, Layers

ASKED, BASE, ROW = "asked", "b", "r"


def level_of(bound: Bound) -> int:
    """After how many rounds of aggregating an expression on rows can be written; 0: from the row alone."""
    found = 0
    for node in in_row(bound):
        if isinstance(node, BoundAggregate):
            found = max(found, 1)
        elif isinstance(node, BoundGroup):
            found = max(found, 1 + max((level_of(part) for part in parts_of(node)), default=0))
    return found


@dataclass
class _Level:
    """Values that need aggregates, and the joins that bring those."""

    name: str
    items: dict[str, str] = field(default_factory=dict)
    joins: dict[str, Join] = field(default_factory=dict)


class ChildRows:
    """Collects the columns of the CTEs that join who asks and the rows of a path.

    Parameters
    ----------
    layers : Layers
        Computes what is aggregated from the rows.
    asker : Asker
        The observations, or the rows inside of whose aggregate this one stands.
    path : Path
    """

    def __init__(self, layers: Layers, asker: Asker, path: Path) -> None:
        self.layers, self.asker, self.path = layers, asker, path
        self.sources, self.dialect, self.cutoff = layers.sources, layers.dialect, layers.cutoff
        self.base = path.base
        self.promise = self.sources.promise(self.base)
        self._shared = asker.keys_of(path)
        self.keys = (*dict.fromkeys(self._shared), self.cutoff)
        self.label = "_".join(self.keys[:-1]) or "all"
        self.name = self.sources.fresh(f"{self.base}_of_{self.label}")
        self._taken = {key.lower() for key in self.keys}
        self._items: dict[str, str] = {}
        self._joins: dict[tuple[str, ...], tuple[str, str, str]] = {}
        self._levels: list[_Level] = []
        self.ranked = False
        self._windows: dict[Duration | None, None] = {}
        self._moment = f"{ASKED}.{self.dialect.quote(self.cutoff)}"
        self._down_joins: list[tuple[str, str, str]] = []
        self._related, self._known = self._peers() if path.peers else self._way_down()

    # -- columns
    def value(self, bound: Bound, *, number: bool) -> str:
        """A value on the rows, as a column; counts as doubles, and flags too where they are counted with."""
        writer, level = self._writer(bound)
        one = writer.write(bound)
        one = writer.number(one) if number or one.whole else one
        if one.bare:
            one = replace(one, text=self.dialect.number(one.bare))
        return self._place(one.text, _wish(bound), level)

    def condition(self, bound: Bound) -> str:
        """A condition on the rows, as a column."""
        writer, level = self._writer(bound)
        return self._place(writer.write(bound).text, "condition_1", level)

    def keys_of(self, path: Path) -> tuple[str, ...]:
        """The columns that hold what further rows are related to these by."""
        if path.up:
            *way, last = path.up
            alias, table, known = self._climb(tuple(way))
            times = [time for time, _ in known]
            link = self.sources.promise(table).column(last).known_at
            if link is not None:
                times.append(self.sources.column(alias, table, link))
            value = self.sources.column(alias, table, last)
        else:
            key, times = self.promise.key, []
            if key is None:
                raise FormulaError(
                    f'"{self.base}" has no key, so that nothing can be aggregated for each of its rows.',
                    expected=f'[{self.base}] key = "..."',
                    fix="Name its key in tables.toml.",
                )
            value = self.sources.column(BASE, self.base, key)
        if times:
            known_then = " AND ".join(f"{time} < {self._moment}" for time in dict.fromkeys(times))
            value = f"CASE WHEN {known_then} THEN {value} END"
        return (self._place(value, "_".join(path.up) or str(self.promise.key)),)

    def _writer(self, bound: Bound) -> tuple[Writer, int]:
        """Who writes an expression on the rows, and at which level it stands."""
        level, column = level_of(bound), self._columns(bound)
        if not level:
            return Writer(self.dialect, column, no_aggregate, self._moment), 0
        joins = self._level(level).joins

        def placed(one: BoundColumn) -> Sql:
            return Sql(f"{ROW}.{self.dialect.quote(self._place(column(one).text, _wish(one)))}", one.type)

        def aggregate(one: BoundAggregate | BoundGroup) -> Sql:
            if isinstance(one, BoundGroup):
                found, join = self.layers.siblings(self, one)
            else:
                found, join = self.layers.aggregate(self, one)
            joins[join.alias] = join
            return found

        return Writer(self.dialect, placed, aggregate, f"{ROW}.{self.dialect.quote(self.cutoff)}"), level

    def window(self, window: Duration | None) -> str | None:
        """Whether a row lies in a window, as a column; None: all rows do."""
        self._windows[window] = None
        begin = None if window is None else self.dialect.before(self._moment, window)
        return None if begin is None else self._place(f"{self.time} >= {begin}", f"in_last_{window}")

    def rank(self) -> str:
        """The place of a row in the order of time (T7), as a column."""
        order = [name for name in dict.fromkeys((self.promise.time, self.promise.known_at)) if name is not None]
        keys = [self.sources.column(BASE, self.base, name) for name in order]
        if self.promise.key is not None:
            keys.append(self.sources.column(BASE, self.base, self.promise.key))
        if not keys:
            raise FormulaError(
                f'The rows of "{self.base}" have no order: no time and no key.',
                expected=f'[{self.base}] with time = "..." or key = "..."',
                fix="Name an ordering column as its key in tables.toml.",
            )
        self.ranked = True
        by = ", ".join(f"{ASKED}.{self.dialect.quote(key)}" for key in self.keys)
        return self._place(f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {', '.join(keys)})", "place_in_time")

    def moment(self) -> str:
        """The time of a row, as a column."""
        return self._place(self.time, str(self.promise.time))

    @property
    def time(self) -> str:
        """The time of a row, inside the CTE."""
        assert self.promise.time is not None, self.base
        return self.sources.column(BASE, self.base, self.promise.time)

    # -- the statement's parts
    def name_of(self, level: int) -> str:
        """The CTE of a level."""
        return self._level(level).name if level else self.name

    def joined(self, level: int) -> list[Join]:
        """What a level after the first joins to the rows."""
        return list(self._level(level).joins.values())

    def cte(self, level: int) -> Cte:
        """The CTE of a level."""
        return self._further(level) if level else self._first()

    def _level(self, number: int) -> _Level:
        while len(self._levels) < number:
            self._levels.append(_Level(self.sources.fresh(f"{self.name}_{len(self._levels) + 2}")))
        return self._levels[number - 1]

    def _listed(self, items: dict[str, str]) -> list[str]:
        return [f"{self.dialect.tidy(sql)} AS {self.dialect.quote(name)}" for sql, name in items.items()]

    def _further(self, level: int) -> Cte:
        one = self._level(level)
        lines = ["SELECT", *listed([f"{ROW}.*", *self._listed(one.items)])]
        lines.append(f"FROM {self.name_of(level - 1)} AS {ROW}")
        lines += [join.line(ROW, self.dialect) for join in one.joins.values()]
        return Cte(one.name, f"The same rows of {self.base}, with what was aggregated for each of them", lines)

    def _first(self) -> Cte:
        quote = self.dialect.quote
        keys = [quote(key) for key in self.keys]
        lines = ["SELECT", *listed([*(f"{ASKED}.{key}" for key in keys), *self._listed(self._items)])]
        asked = f"(SELECT DISTINCT {', '.join(keys)} FROM {self.asker.name}) AS {ASKED}"
        parents = [f"LEFT JOIN {self.sources.table(t)} AS {alias} ON {on}" for alias, t, on in self._joins.values()]
        if self.path.peers:
            # what the peers share may lie with their parents
            lines += [f"FROM {self.sources.table(self.base)} AS {BASE}", *parents, f"JOIN {asked} ON {self._related}"]
        else:
            lines.append(f"FROM {asked}")
            lines += [f"JOIN {table} AS {alias} ON {on or self._related}" for alias, table, on in self._down_joins]
            lines += parents
        known = [*self._known, *self._earliest()]
        if known:
            lines.append("WHERE")
            lines += [f"  {'AND ' if place else ''}{self.dialect.tidy(one)}" for place, one in enumerate(known)]
        comment = f"The rows of {self.base} that each observation may see: happened and known before the cutoff"
        if isinstance(self.asker, ChildRows):
            comment = f"The rows of {self.base} that belong to each row of {self.asker.base}, seen from its observation"
        if self.path.peers:
            comment = f"The peers of each observation in {self.base}: happened and known before the cutoff"
        return Cte(self.name, comment, lines)

    # -- joins
    def _peers(self) -> tuple[str, list[str]]:
        """What peers share, and when a row and what makes it a peer are known."""
        known = [
            f"{self.sources.column(BASE, self.base, name)} < {self._moment}"
            for name in dict.fromkeys((self.promise.time, self.promise.known))
            if name is not None
        ]
        shared = []
        for part, key in zip(self.path.by, self._shared, strict=True):
            found = {one: self._found(one) for one in in_row(part) if isinstance(one, BoundColumn)}
            known += [_holds(time, f"< {self._moment}") for _, times in found.values() for time in times]
            values = {one: Sql(value, one.type) for one, (value, _) in found.items()}
            written = Writer(self.dialect, values.__getitem__, no_aggregate, self._moment).write(part)
            shared.append(f"{written.held} = {ASKED}.{self.dialect.quote(key)}")
        return " AND ".join(shared) or "TRUE", list(dict.fromkeys(known))

    def _way_down(self) -> tuple[str, list[str]]:
        """What the rows are related by, and when row and way are known; sets the joins from the top downwards."""
        down = self.path.down
        tables = [table for table, _ in down]
        aliases = [
            f"way_{table}" + (f"_{number}" if tables.count(table) > 1 else "") for number, table in enumerate(tables)
        ]
        aliases = [*map(self.dialect.quote, aliases[:-1]), BASE]
        known = []
        for number, (table, link) in enumerate(down):
            alias, promise = aliases[number], self.sources.promise(table)
            for name in dict.fromkeys((promise.time, promise.known, promise.column(link).known_at)):
                if name is not None:
                    known.append(f"{self.sources.column(alias, table, name)} < {self._moment}")
            on = ""
            if number:
                above = down[number - 1][0]
                key = self.sources.promise(above).key
                here = self.sources.column(alias, table, link)
                on = "FALSE" if key is None else f"{here} = {self.sources.column(aliases[number - 1], above, key)}"
            self._down_joins.append((alias, self.sources.table(table), on))
        related = f"{self.sources.column(aliases[0], *down[0])} = {ASKED}.{self.dialect.quote(self.keys[0])}"
        return related, list(dict.fromkeys(known))

    def _earliest(self) -> list[str]:
        """No row before the longest window need be read."""
        begins = [None if w is None else self.dialect.before(self._moment, w) for w in self._windows]
        if not begins or None in begins:
            return []
        # months are longer or shorter than days: the longest of each
        longest: dict[bool, Duration] = {}
        for window in self._windows:
            assert window is not None
            kind = window.unit in ("mo", "y")
            if kind not in longest or window.days > longest[kind].days:
                longest[kind] = window
        texts = [str(self.dialect.before(self._moment, window)) for window in longest.values()]
        begin = texts[0] if len(texts) == 1 else f"LEAST({', '.join(texts)})"
        return [f"{self.time} >= {begin}"]

    def _climb(self, hops: tuple[str, ...]) -> tuple[str, str, list[tuple[str, str]]]:
        """Join parents of a row: alias and table at the end, and the times (with a way out) that make the way known."""
        alias, table = BASE, self.base
        known: list[tuple[str, str]] = []
        for step, hop in enumerate(hops):
            link = self.sources.promise(table).column(hop).known_at
            if link is not None:
                known.append((self.sources.column(alias, table, link), self._absent(alias, table)))
            here = self.sources.column(alias, table, hop)
            table = str(self.sources.promise(table).column(hop).to)
            promise = self.sources.promise(table)
            alias = self.dialect.quote("_".join((*hops[: step + 1], "row")))
            key = promise.key
            on = "FALSE" if key is None else f"{self.sources.column(alias, table, key)} = {here}"
            self._joins.setdefault(hops[: step + 1], (alias, table, on))
            # a parent that is not there may be still to come
            known += [
                (self.sources.column(alias, table, name), "")
                for name in dict.fromkeys((promise.time, promise.known))
                if name is not None
            ]
        return alias, table, known

    def _absent(self, alias: str, table: str) -> str:
        """What holds where a parent without times is not there: then its columns are known to be missing."""
        key = self.sources.promise(table).key
        if alias == BASE or self.sources.promise(table).known is not None or key is None:
            return ""
        return f"{self.sources.column(alias, table, key)} IS NULL"

    # -- late columns
    def _columns(self, bound: Bound) -> Callable[[BoundColumn], Sql]:
        """How columns read inside one expression: until the last late one is known, all late ones are missing."""
        found = {one: self._found(one) for one in in_row(bound) if isinstance(one, BoundColumn)}
        late = {tuple(times): None for _, times in found.values() if times}
        every = list(dict.fromkeys(time for times in late for time in times))

        def column(one: BoundColumn) -> Sql:
            value, times = found[one]
            if not times:
                return Sql(value, one.type)
            now = " AND ".join(_holds(time, f"< {self._moment}") for time in every)
            if len(late) > 1:
                since = self._since()
                if since is not None:
                    soon = " AND ".join(_holds(time, f"<= {since}") for time in times)
                    now = f"({now}) OR ({soon})"
            return Sql(f"CASE WHEN {now} THEN {value} END", one.type)

        return column

    def _found(self, one: BoundColumn) -> tuple[str, list[tuple[str, str]]]:
        """A column's stored value, and the times that make it known where they may come after the row's own."""
        alias, table, known = self._climb(one.hops)
        own = self.sources.promise(table).column(one.column).known_at
        if own is not None:
            known.append((self.sources.column(alias, table, own), self._absent(alias, table)))
        row = [self.sources.column(BASE, self.base, n) for n in (self.promise.time, self.promise.known) if n]
        return self.sources.value(alias, table, one.column), [time for time in known if time[0] not in row]

    def _since(self) -> str | None:
        """From when on other rows may use a row; None: always."""
        names = [name for name in dict.fromkeys((self.promise.time, self.promise.known)) if name is not None]
        times = [self.sources.column(BASE, self.base, name) for name in names]
        return None if not times else times[0] if len(times) == 1 else f"GREATEST({', '.join(times)})"

    def _place(self, sql: str, wish: str, level: int = 0) -> str:
        items = self._level(level).items if level else self._items
        if sql not in items:
            items[sql] = unlike(wish, self._taken)
        return items[sql]


def _wish(bound: Bound) -> str:
    return "_".join((*bound.hops, bound.column)) if isinstance(bound, BoundColumn) else "value_1"


def _holds(time: tuple[str, str], bound: str) -> str:
    moment, absent = time
    return f"({moment} {bound} OR {absent})" if absent else f"{moment} {bound}"
