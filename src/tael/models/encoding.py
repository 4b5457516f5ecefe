"""Numbers and categories as one matrix of floats whose columns a person can name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tael.models.binning_columns import CATEGORY, NUMBER, Column
from tael.models.logistic import Floats

MISSING = {"en": "missing", "zh": "缺失"}


@dataclass(frozen=True)
class TableCode:
    """How a table becomes a matrix: a number stays one column, a category becomes a flag for each frequent level.

    A level that fit did not see, or saw too rarely, has no flag set. A missing category has a flag of its own where
    fit saw one; a missing or infinite number is NaN.

    Parameters
    ----------
    names, kinds : tuple of str
        Columns of X, and ``"number"`` or ``"category"`` for each.
    levels : tuple of tuples of str or None
        Levels with a flag, by column; None is the flag of a missing value; empty for numbers.

    Examples
    --------
    >>> code = TableCode(("age", "job"), ("number", "category"), ((), ("clerk", None)))
    >>> code.labels("en")
    ['age', 'job = clerk', 'job is missing']
    >>> code.source.tolist()
    [0, 1, 1]
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    levels: tuple[tuple[str | None, ...], ...]

    @property
    def width(self) -> int:
        """Number of matrix columns."""
        return sum(1 if kind == NUMBER else len(levels) for kind, levels in zip(self.kinds, self.levels, strict=True))

    @property
    def source(self) -> Any:
        """Which column of X each matrix column comes from, shape (width,)."""
        sizes = [1 if kind == NUMBER else len(levels) for kind, levels in zip(self.kinds, self.levels, strict=True)]
        return np.repeat(np.arange(len(self.names)), sizes)

    def by_column(self, parts: Floats) -> Floats:
        """Parts of matrix columns, and of anything after them, added up to the columns of X; the rest as it comes.

        >>> TableCode(("job", "age"), ("category", "number"), (("a", "b"), ())).by_column(np.array([[1.0, 2, 4, 8]]))
        array([[3., 4., 8.]])
        """
        w, p = self.width, len(self.names)
        out = np.zeros((len(parts), p + parts.shape[1] - w))
        for j, column in enumerate(self.source.tolist()):
            out[:, column] += parts[:, j]
        out[:, p:] = parts[:, w:]
        return out

    def labels(self, lang: str = "en") -> list[str]:
        """A name for each matrix column."""
        out: list[str] = []
        for name, kind, levels in zip(self.names, self.kinds, self.levels, strict=True):
            if kind == NUMBER:
                out.append(name)
            for level in levels:
                absent = f"{name} is missing" if lang == "en" else f"{name} 缺失"
                out.append(absent if level is None else f"{name} = {level}")
        return out

    def matrix(self, columns: Sequence[Column]) -> Floats:
        """The matrix, shape (n, width), Fortran order: each column lies together."""
        out = np.zeros((len(columns[0]), self.width), order="F")
        at = 0
        for column, kind, levels in zip(columns, self.kinds, self.levels, strict=True):
            if kind == NUMBER:
                out[:, at] = np.where(np.isfinite(column.values), column.values, np.nan)
                at += 1
                continue
            for level in levels:
                flag = column.values.is_null() if level is None else (column.values == level).fill_null(False)
                out[:, at] = flag.to_numpy()
                at += 1
        return out


def code_table(columns: Sequence[Column], *, max_levels: int = 20, min_count: int = 20) -> TableCode:
    """Choose the levels that get a flag: the most frequent, seen at least `min_count` times.

    Parameters
    ----------
    columns : sequence of Column
        Training rows, from `tael.models.binning_columns.read_columns`.
    max_levels : int
        Most flags for one column.
    min_count : int
        Rows that a level needs; no more than a twentieth of the rows is asked for.

    Examples
    --------
    >>> import polars as pl
    >>> job = Column("job", "category", pl.Series(["a", "b", "a", None]))
    >>> code_table([job]).levels
    (('a', 'b', None),)
    """
    least = max(1, min(min_count, len(columns[0]) // 20))
    levels: list[tuple[str | None, ...]] = []
    for column in columns:
        if column.kind != CATEGORY:
            levels.append(())
            continue
        counts = pl.DataFrame({"level": column.values}).group_by("level").agg(pl.len().alias("n"))
        here = counts.drop_nulls("level").filter(pl.col("n") >= least).sort(["n", "level"], descending=[True, False])
        found: tuple[str | None, ...] = tuple(here["level"].head(max_levels).to_list())
        levels.append((*found, None) if counts["level"].null_count() else found)
    return TableCode(tuple(c.name for c in columns), tuple(c.kind for c in columns), tuple(levels))


def code_state(code: TableCode) -> dict[str, Any]:
    """As data."""
    return {"names": code.names, "kinds": code.kinds, "levels": code.levels}


def code_from_state(state: dict[str, Any]) -> TableCode:
    """The way back."""
    return TableCode(tuple(state["names"]), tuple(state["kinds"]), tuple(tuple(one) for one in state["levels"]))
