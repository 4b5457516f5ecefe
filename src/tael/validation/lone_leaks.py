"""A column as if written from the outcome: once that is known, the column goes with nothing else.

What was known before belongs to a person, and goes with the person's other columns among good and bad alike: who was
late once earns less, asks more often, owes more. What was filled in afterwards, looking at the outcome, goes with the
others only through it: it is noise among the good, and noise among the bad. No threshold on how much it tells is
needed, so that an outcome copied with a quarter of its cells wrong (AUC .75) is seen.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.leaks import PRIOR, _sample
from tael.validation.metrics import one_class

MAX_ROWS, DRAWS, LEVELS = 4_000, 200, 15
BINS = 10
APART = 6.0
"""Standard deviations of chance by which a column must go with the others, outcomes mixed: else nothing is missed."""
NOTHING, LITTLE = 0.09, 0.3
"""Of what goes together with outcomes mixed, so much may be left within them, two standard deviations added: with
`LITTLE` only where what is left is nothing unlikely. Of some 80 honest columns of six real tables the least has .29,
debt to income of hmeq aside (.12 to .16 in twelve samples), which is missing for most of the bad. A copy of the label
with a quarter of its cells wrong has .01 to .08 there."""
BY_CHANCE = 0.15
"""What is left is nothing unlikely if chance gives as much so often, in sum and at its largest."""
MANY = 1 / 3
"""Where more of the columns that tell are like this, it is how the table is: signs of a state that was there before."""


def lone_columns(X: Any, y: ArrayLike, columns: Collection[str], *, seed: int = 0) -> dict[str, float]:
    """Find columns that go with the others through the label alone.

    Each column is first put in terms of the label: the rate of its level or tenth. The squares of its correlations with
    all other columns (ranks of numbers, whether they are there, levels) are then summed twice: over all rows, and
    within the rows of either label. Rows drawn into another order, within the labels the second time, tell what chance
    gives.

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        All columns that a model may look at.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    columns : collection of str
        Those to look at: columns that tell something by themselves.
    seed : int
        Seed of the sample and of the draws.

    Returns
    -------
    dict of str to float
        Of each column that is found, what is left of its going together within the labels: about 0. Empty where more
        than a third of `columns` are like this, or the others tell nothing of the label.

    Raises
    ------
    ValidationError
        If X is no table, or its length is not that of y.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> late = rng.normal(size=(3000, 1)) + 0.8 * rng.normal(size=(3000, 3))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(1 - 1.5 * late[:, 0]))
    >>> table = {"late": late[:, 0], "owed": late[:, 1], "asked": late[:, 2]}
    >>> table["noted"] = np.where(rng.random(3000) < 0.25, ~y, y)
    >>> list(lone_columns(table, y, list(table)))
    ['noted']
    """
    table = arrays.frame(X, "leak scan")
    labels = arrays.labels(y)
    arrays.same_length(len(labels), len(table), "rows of the table")
    asked = [name for name in table.columns if name in set(columns)]
    if one_class(labels) is not None or not asked or len(table.columns) < 2:
        return {}
    rng = np.random.default_rng(seed)
    rows = _sample(labels, MAX_ROWS, rng)
    if len(rows) < len(labels):
        table, labels = table[rows.tolist()], labels[rows]
    read = {name: arrays.column(table[name]) for name in table.columns}
    shapes = [(name, shape) for name, (kind, values) in read.items() for shape in _shapes(kind, values)]
    if not shapes:
        return {}
    owner, stacked = np.array([name for name, _ in shapes]), np.array([shape for _, shape in shapes])
    parts = [np.arange(len(labels)), *(np.flatnonzero(labels == value) for value in (0.0, 1.0))]
    drawn = [np.array([rng.permutation(len(part)) for _ in range(DRAWS)]).T for part in parts]
    others = [_standard(stacked[:, part]) for part in parts]
    found = {}
    for name in asked:
        told, beside = _told(*read[name], labels), owner != name
        squares = [
            _squares(other[beside], _standard(told[None, part])[0], order)
            for other, part, order in zip(others, parts, drawn, strict=True)
        ]
        left = _left(squares[0], squares[1] + squares[2])
        if left is not None:
            found[name] = left
    return found if len(found) <= max(1.0, MANY * len(asked)) else {}


def _shapes(kind: str, values: NDArray[Any]) -> list[Floats]:
    """A column as numbers beside which another may go: ranks and whether it is there, or its most frequent levels."""
    if kind == "number":
        there = np.isfinite(values)
        ranks = np.zeros(len(values))
        if there.any():
            _, place, count = np.unique(values[there], return_inverse=True, return_counts=True)
            ranks[there] = ((np.cumsum(count) - count / 2) / there.sum())[place] - 0.5
        return [ranks, *([there.astype(np.float64)] if 0.01 < there.mean() < 0.99 else [])]
    codes, _ = arrays.codes(values)
    count = np.bincount(codes + 1)
    frequent = np.argsort(-count, kind="stable")[:LEVELS]
    flags = [(codes + 1 == level).astype(np.float64) for level in frequent]
    return [flag for flag in flags if 0.005 < flag.mean() < 0.995]


def _told(kind: str, values: NDArray[Any], y: Floats) -> Floats:
    """What a column says of the label: the rate of its level, or of its tenth of the values; missing is a level."""
    if kind == "number":
        there = np.isfinite(values)
        cut = np.unique(np.quantile(values[there], np.arange(1, BINS) / BINS)) if there.any() else np.zeros(0)
        codes = np.where(there, np.searchsorted(cut, np.where(there, values, 0.0)), len(cut) + 1)
    else:
        codes = arrays.codes(values)[0] + 1
    n, events = np.bincount(codes), np.bincount(codes, y)
    return np.asarray(((events + PRIOR * y.mean()) / (n + PRIOR))[codes])


def _standard(rows: Floats) -> Floats:
    """Each row with mean 0 and deviation 1; a row that says one thing is all 0."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9)


def _squares(others: Floats, told: Floats, order: NDArray[np.int64]) -> Floats:
    """n times the squared correlation with each of the others, as it is and as drawn: shape (others, 1 + draws)."""
    return np.asarray((others @ np.column_stack([told, told[order]])) ** 2 / max(len(told), 1))


def _left(mixed: Floats, within: Floats) -> float | None:
    """What is left within the labels of what goes together; None where that is honest, or cannot be told."""
    total, inner = mixed.sum(axis=0), within.sum(axis=0)
    more, chance = total[0] - total[1:].mean(), total[1:].std()
    if more <= APART * chance:
        return None
    rest = (inner[0] - inner[1:].mean()) / more
    usual = all(float(np.mean(of[1:] >= of[0])) >= BY_CHANCE for of in (inner, within.max(axis=0)))
    surely = rest + 2 * inner[1:].std() / more
    return float(rest) if surely <= (LITTLE if usual else NOTHING) else None
