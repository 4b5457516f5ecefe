"""What every model of the cross-section checks and measures: rows of one bar stand and are judged together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError


def checked_days(days: Any, n: int) -> NDArray[np.int64]:
    """The bar of each row as integers; all rows are of one bar where none is given.

    Raises
    ------
    ModelError
        If there are not as many as rows, or rows of one bar do not stand together in time's order.
    """
    if days is None:
        return np.zeros(n, dtype=np.int64)
    given = np.asarray(days).astype(np.int64)
    if given.shape != (n,) or np.any(np.diff(given) < 0):
        raise ModelError(
            "The bars of the rows cannot be used.",
            expected=f"{n} whole numbers that do not fall",
            got=f"shape {given.shape}" + ("" if given.shape != (n,) else ", not in order"),
            fix="Sort the rows by time.",
        )
    return given


def sizes(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many rows each bar has, in order.

    >>> sizes(np.array([3, 3, 5])).tolist()
    [2, 1]
    """
    if not len(days):
        return np.zeros(0, dtype=np.int64)
    bounds = np.flatnonzero(np.diff(days)) + 1
    return np.diff(np.concatenate([[0], bounds, [len(days)]])).astype(np.int64)


def mean_ic(score: NDArray[Any], y: NDArray[Any], count: NDArray[np.int64]) -> float:
    """The mean over bars of the correlation of scores with labels.

    Parameters
    ----------
    score, y : (n,)
        Rows in the order of the bars, no value missing.
    count : (k,) int
        Rows of each bar.

    Examples
    --------
    >>> round(mean_ic(np.array([1.0, 2.0, 3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0, 2.0, 1.0]), np.array([3, 2])), 3)
    0.0
    """
    if not len(count):
        return float("nan")
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])

    def centred(values: NDArray[Any]) -> NDArray[np.float64]:
        values = values.astype(np.float64)
        return np.asarray(values - np.repeat(np.add.reduceat(values, starts) / count, count), dtype=np.float64)

    a, b = centred(score), centred(y)
    together = np.add.reduceat(a * b, starts)
    scale = np.sqrt(np.add.reduceat(a * a, starts) * np.add.reduceat(b * b, starts))
    known = scale > 0
    return float((together[known] / scale[known]).mean()) if known.any() else float("nan")
