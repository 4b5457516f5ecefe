"""Which rows a model learns from, is tuned on and is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import RunError

TRAIN, VALIDATION, TEST = 0, 1, 2
UNDATED = 0.3
"""Share of rows without a time up to which the others order the table."""
NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
FEWEST = 30
"""Labelled rows below which three parts say nothing."""


@dataclass(frozen=True)
class Parts:
    """The rows' parts.

    Parameters
    ----------
    code : ndarray of int, shape (n,)
        0 train, 1 validation, 2 test.
    kind : {"out_of_time", "random"}
        Of the test: the latest rows, or rows drawn by lot.
    """

    code: NDArray[np.int64]
    kind: str

    def rows(self, part: int) -> NDArray[np.int64]:
        """Row numbers of a part."""
        return np.flatnonzero(self.code == part)


def divide(y: Any, times: pl.Series | None, *, classes: bool, seed: int) -> Parts:
    """Divide labelled rows: by time where there is one (the latest quarter tests, the quarter before it validates).

    Rows without their time train, where few lack it. Without a time by lot, 60, 20 and 20 of a hundred, classes in
    proportion.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels, or codes of classes.
    times : polars.Series or None
        Sortable; rows of one moment stay together.
    classes : bool
        Whether the label is a class.
    seed : int

    Returns
    -------
    Parts

    Raises
    ------
    RunError
        Where there are too few rows.
    """
    n = len(y)
    if n < FEWEST:
        raise RunError(
            "There are too few labelled rows to learn from and to judge by.", expected=f"at least {FEWEST}",
            got=str(n), fix="Bring more rows whose label is known.",
        )  # fmt: skip
    code = np.zeros(n, dtype=np.int64)
    if times is not None and orders(times):
        # a row without its time may be of any: it can teach, but not judge
        dated = times.is_not_null().to_numpy()
        moment = times.drop_nulls().rank("dense").to_numpy()
        share = np.zeros(n)
        share[dated] = np.searchsorted(np.sort(moment), moment, side="right") / len(moment)
        code[share > 0.5], code[share > 0.75] = VALIDATION, TEST
        if min(np.bincount(code, minlength=3)) >= FEWEST // 5:
            return Parts(code, "out_of_time")
        code[:] = TRAIN
    rng = np.random.default_rng(seed)
    groups = np.unique(y, return_inverse=True)[1] if classes else np.zeros(n, dtype=np.int64)
    for group in np.unique(groups):
        rows = rng.permutation(np.flatnonzero(groups == group))
        fifth = max(1, round(len(rows) / 5)) if len(rows) >= 3 else 0
        code[rows[:fifth]], code[rows[fifth : 2 * fifth]] = TEST, VALIDATION
    return Parts(code, "random")


def orders(times: pl.Series) -> bool:
    """Whether a column can order rows: most have it, and it has moments enough for three parts.

    >>> orders(pl.Series([1, 2, 3, None, 5])), orders(pl.Series([1, None, None, 4]))
    (True, False)
    """
    return times.null_count() <= UNDATED * times.len() and times.drop_nulls().n_unique() >= 4
