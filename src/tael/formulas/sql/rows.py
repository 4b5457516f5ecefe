"""The rows along a path, one for each observation that may see them, with the values and conditions on them (T4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundColumn, Path, walk_bound
from tael.formulas.durations import Duration
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.expressions import Sql, Writer
from tael.formulas.sql.sources import Cte, Sources, listed, unlike

ASKED, BASE = "asked", "b"


class ChildRows:
    """Collects the columns of the CTE that joins observations and the rows of a path.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    path : Path
    entity : str
        The column of the observations that the rows are related by.
    cutoff, observed : str
        The cutoff's column, and the CTE of observations.
    """

    def __init__(self, sources: Sources, dialect: Dialect, path: Path, entity: str, cutoff: str, observed: str) -> None:
        self.sources, self.dialect, self.path = sources, dialect, path
        self.entity, self.cutoff, self.observed = entity, cutoff, observed
        self.base = path.base
        self.promise = sources.promise(self.base)
        self.name = sources.fresh(f"{self.base}_of_{entity}")
        self._taken = {entity.lower(), cutoff.lower()}
        self._items: dict[str, str] = {}
        self._joins: dict[tuple[str, ...], tuple[str, str, str]] = {}
        self.ranked = False
        self._windows: dict[Duration | None, None] = {}
        self._moment = f"{ASKED}.{dialect.quote(cutoff)}"
        self._down = self._way_down()

    # -- columns
    def value(self, bound: Bound, *, number: bool) -> str:
        """A value on the rows, as a column; flags as numbers where they are counted with."""
        writer = Writer(self.dialect, self._columns(bound), _no_aggregate, self._moment)
        one = writer.write(bound)
        one = writer.number(one) if number else one
        if one.bare:
            one = replace(one, text=self.dialect.number(one.bare))
        wish = "_".join((*bound.hops, bound.column)) if isinstance(bound, BoundColumn) else "value_1"
        return self._place(one.text, wish)

    def condition(self, bound: Bound) -> str:
        """A condition on the rows, as a column."""
        one = Writer(self.dialect, self._columns(bound), _no_aggregate, self._moment).write(bound)
        return self._place(one.text, "condition_1")

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
        by = f"{ASKED}.{self.dialect.quote(self.entity)}, {self._moment}"
        return self._place(f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {', '.join(keys)})", "place_in_time")

    def moment(self) -> str:
        """The time of a row, as a column."""
        return self._place(self.time, str(self.promise.time))

    @property
    def time(self) -> str:
        """The time of a row, inside the CTE."""
        assert self.promise.time is not None, self.base
        return self.sources.column(BASE, self.base, self.promise.time)

    def cte(self) -> Cte:
        """The CTE."""
        quote, entity = self.dialect.quote, self.dialect.quote(self.entity)
        items = [f"{ASKED}.{entity}", self._moment]
        items += [f"{self.dialect.tidy(sql)} AS {quote(name)}" for sql, name in self._items.items()]
        owner, known = self._down
        lines = ["SELECT", *listed(items)]
        lines.append(f"FROM (SELECT DISTINCT {entity}, {quote(self.cutoff)} FROM {self.observed}) AS {ASKED}")
        first, *more = self._down_joins
        lines.append(f"JOIN {first[1]} AS {first[0]} ON {first[2] or f'{owner} = {ASKED}.{entity}'}")
        lines += [f"JOIN {table} AS {alias} ON {on or f'{owner} = {ASKED}.{entity}'}" for alias, table, on in more]
        lines += [f"LEFT JOIN {self.sources.table(t)} AS {alias} ON {on}" for alias, t, on in self._joins.values()]
        known = [*known, *self._earliest()]
        if known:
            lines.append("WHERE")
            lines += [f"  {'AND ' if place else ''}{self.dialect.tidy(one)}" for place, one in enumerate(known)]
        comment = f"The rows of {self.base} that each observation may see: happened and known before the cutoff"
        return Cte(self.name, comment, lines)

    # -- joins
    def _way_down(self) -> tuple[str, list[str]]:
        """What the rows are related by, and when row and way are known; sets the joins from the top downwards."""
        down = self.path.down
        tables = [table for table, _ in down]
        aliases = [
            f"way_{table}" + (f"_{number}" if tables.count(table) > 1 else "") for number, table in enumerate(tables)
        ]
        aliases = [*map(self.dialect.quote, aliases[:-1]), BASE]
        joins, known = [], []
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
            joins.append((alias, self.sources.table(table), on))
        self._down_joins = joins
        return self.sources.column(aliases[0], *down[0]), list(dict.fromkeys(known))

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
        found = {one: self._found(one) for one in walk_bound(bound) if isinstance(one, BoundColumn)}
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

    def _place(self, sql: str, wish: str) -> str:
        if sql not in self._items:
            self._items[sql] = unlike(wish, self._taken)
        return self._items[sql]


def _holds(time: tuple[str, str], bound: str) -> str:
    moment, absent = time
    return f"({moment} {bound} OR {absent})" if absent else f"{moment} {bound}"


def _no_aggregate(one: BoundAggregate) -> Sql:
    raise FormulaError("Aggregates inside aggregates are not in SQL yet.", got=f"{one.op}({one.table})")
