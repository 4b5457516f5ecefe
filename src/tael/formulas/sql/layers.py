"""Who asks for which rows, and what is aggregated of them: layer upon layer, each said once."""

from __future__ import annotations

from typing import Protocol

from tael.formulas.bound import BoundAggregate, BoundGroup, Path, parts_of
from tael.formulas.sql.aggregates import Batch, Found
from tael.formulas.sql.dialects import Dialect
from tael.formulas.sql.rows import ChildRows, level_of
from tael.formulas.sql.sources import Cte, Sources


class Asker(Protocol):
    """The observations, or rows that an observation sees, each with its cutoff.

    Attributes
    ----------
    name : str
        The CTE.
    """

    @property
    def name(self) -> str:
        """The CTE."""

    def keys_of(self, path: Path) -> tuple[str, ...]:
        """The columns that hold what the rows of a path are related by."""


class Layers:
    """Collects the CTEs of rows and of their aggregates.

    Parameters
    ----------
    sources : Sources
    dialect : Dialect
    cutoff : str
        The cutoff's column.
    """

    def __init__(self, sources: Sources, dialect: Dialect, cutoff: str) -> None:
        self.sources, self.dialect, self.cutoff = sources, dialect, cutoff
        self._rows: dict[tuple[str, Path], ChildRows] = {}
        self._batches: dict[tuple[str, tuple[str, ...]], Batch] = {}

    def aggregate(self, asker: Asker, one: BoundAggregate) -> Found:
        """Compute an aggregate for whoever asks; gives its name there and the join that it needs."""
        at = (asker.name, one.path)
        if at not in self._rows:
            self._rows[at] = ChildRows(self, asker, one.path)
        rows = self._rows[at]
        return self._batch(rows, _level(one), ()).add(one)

    def siblings(self, rows: ChildRows, one: BoundGroup) -> Found:
        """Compute a statistic over the rows that one observation sees and that share some values."""
        by = tuple(dict.fromkeys(rows.value(part, number=False) for part in one.by))
        path = Path((), ((one.table, ""),))
        member = BoundAggregate(
            one.op, path, one.table, one.value, one.where, one.window, False, None, one.type, one.further
        )
        return self._batch(rows, _level(one), by).add(member)

    def ctes(self) -> list[Cte]:
        """All that was collected, each after what it reads."""
        owners = {name: batch for batch in self._batches.values() for name in batch.names}
        out: dict[str, Cte] = {}

        def rows_of(rows: ChildRows, level: int) -> None:
            name = rows.name_of(level)
            if name in out:
                return
            if level:
                rows_of(rows, level - 1)
                for join in rows.joined(level):
                    aggregates_of(owners[join.name])
            elif isinstance(rows.asker, ChildRows):
                rows_of(rows.asker, 0)
            out[name] = rows.cte(level)

        def aggregates_of(batch: Batch) -> None:
            if not out.keys() >= set(batch.names):
                rows_of(batch.rows, batch.level)
                out.update((cte.name, cte) for cte in batch.ctes())

        for batch in self._batches.values():
            aggregates_of(batch)
        return list(out.values())

    def unordered(self) -> list[str]:
        """Tables whose rows are ranked without a key to break ties."""
        return sorted({rows.base for rows in self._rows.values() if rows.ranked and not rows.promise.key})

    def _batch(self, rows: ChildRows, level: int, by: tuple[str, ...]) -> Batch:
        at = (rows.name_of(level), by)
        if at not in self._batches:
            self._batches[at] = Batch(self.sources, self.dialect, rows, level, by, f"a{len(self._batches) + 1}")
        return self._batches[at]


def _level(one: BoundAggregate | BoundGroup) -> int:
    return max((level_of(part) for part in parts_of(one)), default=0)
