"""From arrays of time x entity to rows of a table, and back: what models read and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError


@dataclass(frozen=True)
class PanelRows:
    """The members of a panel as rows, bar after bar.

    Attributes
    ----------
    X : (n, p) float32
        A column for each feature.
    day : (n,) int64
        The bar of each row, ascending.
    entity : (n,) int64
        Its column in the panel.
    shape : (int, int)
        Of the panel.
    """

    X: NDArray[np.float32]
    day: NDArray[np.int64]
    entity: NDArray[np.int64]
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.day)

    def between(self, start: int, stop: int) -> slice:
        """The rows of the bars from `start` to before `stop`."""
        first, last = np.searchsorted(self.day, [start, stop])
        return slice(int(first), int(last))

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """The values of a (T, N) array at the rows, shape (n,)."""
        return array[self.day, self.entity]

    def spread(self, values: NDArray[Any], rows: slice = slice(None)) -> NDArray[np.float64]:
        """Values of (some) rows as a (T, N) array, missing elsewhere."""
        out = np.full(self.shape, np.nan)
        out[self.day[rows], self.entity[rows]] = values
        return out


def rows_of(features: Iterable[NDArray[Any]], members: NDArray[np.bool_], count: int) -> PanelRows:
    """Lay the members' features out as rows.

    Parameters
    ----------
    features : iterable of (T, N) arrays
        Taken one after another, so that no more than one need be held beside the rows.
    members : (T, N) bool
        Which cells become rows.
    count : int
        How many features there are.

    Raises
    ------
    ModelError
        If there are no members, or not so many features, or one has another shape.

    Examples
    --------
    >>> rows = rows_of([np.array([[1.0, 2.0], [3.0, 4.0]])], np.array([[True, True], [False, True]]), 1)
    >>> rows.X.ravel().tolist(), rows.day.tolist(), rows.entity.tolist()
    ([1.0, 2.0, 4.0], [0, 0, 1], [0, 1, 1])
    """
    day, entity = np.nonzero(members)
    if not len(day):
        raise ModelError(
            "The universe is empty: there is nothing to learn from.",
            expected="at least one entity on one bar",
            got=f"{members.shape[0]} bars, {members.shape[1]} entities, no member",
            fix="Look at the universe and at which bars are suspended or not listed.",
        )
    flat = np.flatnonzero(members)
    X = np.empty((len(day), count), dtype=np.float32)
    k = -1
    for k, feature in enumerate(features):
        if feature.shape != members.shape or k >= count:
            raise ModelError(
                "The features do not fit the panel.",
                expected=f"{count} arrays of shape {members.shape}",
                got=f"number {k + 1} of shape {feature.shape}",
                fix="Compute them on the panel that says who is a member.",
            )
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and then missing
            X[:, k] = feature.ravel()[flat]
    if k + 1 != count:
        raise ModelError("Some features are absent.", expected=f"{count} arrays", got=str(k + 1), fix="Hand all over.")
    X[~np.isfinite(X)] = np.nan
    return PanelRows(X, day.astype(np.int64), entity.astype(np.int64), (members.shape[0], members.shape[1]))
