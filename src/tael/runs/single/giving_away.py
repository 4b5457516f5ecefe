"""Which columns of a single table give a yes or no away by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.validation import evaluate
from tael.validation.verdict import TOO_GOOD
from tael.validation.verdict_table import Finding, asking, asking_alone, naming

Floats = NDArray[np.float64]
Rows = tuple[pl.DataFrame, Floats]


HINT = 0.85
"""AUC of one column by itself above which it is asked about; scores that are built for the purpose reach .8."""
SOME = 0.6
"""AUC of one column by itself from which it may harm, if it was written from the label."""


def alone(numbers: tuple[str, ...], categories: tuple[str, ...], train: Rows, held: Rows) -> dict[str, float]:
    """How well each column by itself ranks a yes or no: by value, by being filled in, or by category.

    A sum collected is there for defaulters alone, so that being filled in tells all; the values of a status share the
    cases among them, so that each tells little and the column everything.

    Parameters
    ----------
    numbers, categories : tuple of str
    train, held : (frame, labels of 0 or 1)
        A category's rates are read from train; every column is judged on held.

    Returns
    -------
    dict of str to float
        AUC, one way or the other; .5 of a column that says the same of every row.

    Examples
    --------
    >>> y = np.array([0.0, 1.0] * 20)
    >>> rows = pl.DataFrame({"age": list(range(40)), "paid": [None, 5.0] * 20, "end": ["closed", "court"] * 20}), y
    >>> {name: round(area, 2) for name, area in alone(("age", "paid"), ("end",), rows, rows).items()}
    {'age': 0.53, 'paid': 1.0, 'end': 1.0}
    """
    (frame, y), found = held, {}
    for name in numbers:
        column = frame[name].cast(pl.Float64, strict=False).to_numpy()
        there = np.isfinite(column)
        mostly = _area(column[there], y[there]) if there.mean() > 0.5 else 0.5
        found[name] = max(mostly, _area(there.astype(np.float64), y))
    for name in categories:
        seen = train[0].select(pl.col(name).cast(pl.String).fill_null("")).with_columns(pl.Series("y", train[1]))
        rates = dict(seen.group_by(name).agg(pl.col("y").mean()).iter_rows())
        mean = float(train[1].mean())
        told = [rates.get(value, mean) for value in frame[name].cast(pl.String).fill_null("").to_list()]
        found[name] = _area(np.array(told), y)
    return found


def _area(values: Floats, y: Floats) -> float:
    """AUC of the order of the values, one way or the other."""
    if not 0 < y.sum() < len(y):
        return 0.5
    different, ranks = np.unique(values, return_inverse=True)
    if len(different) < 2:
        return 0.5
    area = evaluate(y, (ranks + 0.5) / len(different), metrics=["roc_auc"], n_boot=0)["roc_auc"].value
    return max(area, 1 - area)


def noted(frame: pl.DataFrame, y: Floats, areas: Mapping[str, float], seed: int) -> list[str]:
    """Columns that tell something, and go with the others through the label alone.

    Parameters
    ----------
    frame : polars.DataFrame
        All columns that the model looks at.
    y : ndarray of 0 and 1
    areas : mapping of str to float
        From `alone`.
    seed : int
    """
    from tael.validation.lone_leaks import lone_columns

    return list(lone_columns(frame, y, [name for name, one in areas.items() if SOME < one <= HINT], seed=seed))


def named(
    found: list[Finding], areas: Mapping[str, float], shown: Callable[[str], str], area: float,
    lone: Collection[str] = (),
) -> list[Finding]:  # fmt: skip
    """Verdicts of a yes or no with the columns behind a leak, and questions about those that may be one.

    Parameters
    ----------
    found : list of Finding
    areas : mapping of str to float
        From `alone`.
    shown : callable
        What a column is called in the user's table.
    area : float
        AUC of the model.
    lone : collection of str
        From `noted`.
    """
    telling = [shown(name) for name, one in areas.items() if one > TOO_GOOD]
    hinting = {shown(name): one for name, one in areas.items() if HINT < one <= TOO_GOOD}
    if any(one.code == "TAEL-V03" for one in found):
        found = naming(found, telling, area)
    if lone:
        found = asking_alone(found, {shown(name): areas[name] for name in lone})
    return asking(found, hinting) if hinting else found
