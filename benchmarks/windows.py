"""The same window features for several contenders: what they are, as formulas, in Polars, and for featuretools' names.

A grid is statistics of number columns of one history, under conditions, in trailing windows. Each contender fills the
same columns in the same order, so that the numbers can be compared as well as the cost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Cell = tuple[str, str | None, tuple[str, Any] | None, int | None]


@dataclass(frozen=True)
class Grid:
    """Statistics x columns x conditions x windows of one history.

    Attributes
    ----------
    history, owner, time : str
        Table, the column that links it to the observation, and its time.
    known : str or None
        When a row became known; None: at its time.
    numbers, stats : tuple of str
    conditions : tuple of (column, value); value True: a flag
    windows : tuple of int or None
        Days; None is everything.
    """

    history: str
    owner: str
    time: str
    numbers: tuple[str, ...]
    conditions: tuple[tuple[str, Any], ...] = ()
    windows: tuple[int | None, ...] = (30, 90, 180, None)
    stats: tuple[str, ...] = ("sum", "mean", "min", "max", "std")
    known: str | None = None

    def cells(self) -> list[Cell]:
        """(statistic, column, condition, window) of every feature, in order; a count has no column."""
        return [
            (stat, column, condition, window)
            for window in self.windows
            for condition in (None, *self.conditions)
            for stat, column in [("count", None), *((s, c) for c in self.numbers for s in self.stats)]
        ]

    def formulas(self) -> list[str]:
        """The features in tael's language."""
        return [self._formula(*cell) for cell in self.cells()]

    def _formula(self, stat: str, column: str | None, condition: tuple[str, Any] | None, window: int | None) -> str:
        parts = [self.history if column is None else f"{self.history}.{column}"]
        if condition is not None:
            name, value = condition
            parts.append(f"where={name}" if value is True else f'where={name} == "{value}"')
        if window is not None:
            parts.append(f'last="{window}d"')
        return f"{stat}({', '.join(parts)})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for another Python."""
        return asdict(self)


def by_polars(grid: Grid, rows: pl.DataFrame, history: pl.DataFrame, chunk: int = 50_000) -> NDArray[np.float64]:
    """The grid as an analyst writes it in Polars: join, then one group-by for each window.

    Parameters
    ----------
    rows : polars.DataFrame
        ``owner`` and ``cutoff``.
    history : polars.DataFrame
        With ``owner`` for its owner column.
    chunk : int
        Observations joined at a time, so that memory stays bounded.
    """
    out = np.empty((len(rows), len(grid.cells())))
    used = ["owner", grid.time, grid.known, *grid.numbers, *(name for name, _ in grid.conditions)]
    history = history.select([name for name in dict.fromkeys(used) if name])
    for begin in range(0, len(rows), chunk):
        part = rows.slice(begin, chunk).with_row_index("place")
        joined = part.join(history, on="owner").filter(pl.col(grid.known or grid.time) < pl.col("cutoff"))
        joined = joined.filter(pl.col(grid.time) < pl.col("cutoff"))
        wide = part.select("place")
        for window in grid.windows:
            seen = joined
            if window is not None:
                seen = joined.filter(pl.col(grid.time) >= pl.col("cutoff") - pl.duration(days=window))
            asked = [
                _polars(stat, column, condition).alias(str(i))
                for i, (stat, column, condition, w) in enumerate(grid.cells())
                if w == window
            ]
            made = seen.group_by("place").agg(asked)
            wide = wide.join(made, on="place", how="left", maintain_order="left")
        for i, (stat, *_) in enumerate(grid.cells()):
            column = wide[str(i)].cast(pl.Float64)
            filled = column.fill_null(0.0) if stat in ("count", "sum") else column
            out[begin : begin + len(part), i] = filled.to_numpy()
    return out


def _polars(stat: str, column: str | None, condition: tuple[str, Any] | None) -> pl.Expr:
    mask = None
    if condition is not None:
        name, value = condition
        mask = pl.col(name) if value is True else pl.col(name) == value
    if column is None:
        return pl.len() if mask is None else mask.sum()
    value = pl.col(column) if mask is None else pl.col(column).filter(mask)
    return getattr(value, stat)()


def by_tael(grid: Grid, task_tables: Any, entity: str, X: pl.DataFrame, n_threads: int = 1) -> NDArray[np.float64]:
    """The grid by tael's engine, made anew, so that ordering the history counts."""
    from tael.engine import Engine

    engine = Engine(task_tables, entity, n_threads=n_threads)
    return np.stack([value.data for value in engine.evaluate(grid.formulas(), X)], axis=1)


def agreement(ours: NDArray[np.float64], theirs: NDArray[np.float64], tolerance: float = 1e-9) -> float:
    """Share of numbers that are the same: both missing, or within a relative tolerance."""
    both = np.isnan(ours) & np.isnan(theirs)
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - theirs) <= tolerance * np.maximum(1.0, np.maximum(np.abs(ours), np.abs(theirs)))
    return float((both | near).mean())
