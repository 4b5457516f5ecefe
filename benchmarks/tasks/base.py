"""What a task is, and what all tasks share: folds, and the table of parents' columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from tael.tables import Tables


@dataclass(frozen=True)
class Task:
    """Observations of one entity, with labels and linked tables.

    Attributes
    ----------
    name : str
    tables : Tables
    entity : str
        The table that the observations are rows of.
    X : polars.DataFrame
        The entity's key and ``cutoff``.
    y : ndarray of int, shape (n,)
    history : str
        The table whose rows are the entity's past; for opponents that must be told.
    through : str
        The column, of the entity's table and of the history, that links the two.
    """

    name: str
    tables: Tables
    entity: str
    X: pl.DataFrame
    y: NDArray[np.int64]
    history: str
    through: str

    def folds(self, repeats: int = 1) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Stratified folds; repetition r is shuffled with seed r."""
        for seed in range(repeats):
            yield from StratifiedKFold(5, shuffle=True, random_state=seed).split(self.y, self.y)

    def parents(self) -> pl.DataFrame:
        """Own columns and those of parents that are known from the start; times as days before the cutoff."""
        schema = self.tables.schema
        key = schema.tables[self.entity].key
        wide = self.X.join(self.tables[self.entity], on=key, how="left", maintain_order="left")
        keep = self._features(self.entity)
        waiting = [(self.entity, "")]
        while waiting:
            table, _ = waiting.pop(0)
            for column, detail in schema.tables[table].columns.items():
                above = schema.tables.get(detail.to or "")
                if detail.to is None or above is None or above.time is not None or column not in wide.columns:
                    continue
                wide = wide.join(
                    self.tables[detail.to], left_on=column, right_on=above.key, how="left", maintain_order="left"
                )
                keep += [name for name in self._features(detail.to) if name not in keep]
                waiting.append((detail.to, column))
        return wide.select(_number(wide, name) for name in keep)

    def _features(self, table: str) -> list[str]:
        promise = self.tables.schema.tables[table]
        return [
            name
            for name, detail in promise.columns.items()
            if detail.role == "feature" and detail.to is None and name not in (promise.key, promise.time)
        ]


def _number(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column as numbers: times as days before the cutoff, text as the rank of its value."""
    column = frame[name]
    if column.dtype.is_temporal():
        return ((frame["cutoff"] - column).dt.total_seconds() / 86_400).alias(name)
    if column.dtype == pl.String:
        return (column.rank("dense").cast(pl.Float64) - 1).alias(name)
    return column.cast(pl.Float64)
