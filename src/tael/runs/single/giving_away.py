"""Which columns of a single table give a yes or no away by themselves."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.validation import evaluate
from tael.validation.verdict import TOO_GOOD
from tael.validation.verdict_table import Finding, naming

Floats = NDArray[np.float64]
Rows = tuple[pl.DataFrame, Floats]


def telling(numbers: tuple[str, ...], categories: tuple[str, ...], train: Rows, held: Rows) -> list[str]:
    """Columns that rank a yes or no as no honest column does: by value, by being filled in, or by category.

    A sum collected is there for defaulters alone, so that being filled in tells all; the values of a status share the
    cases among them, so that each tells little and the column everything.

    Parameters
    ----------
    numbers, categories : tuple of str
    train, held : (frame, labels of 0 or 1)
        A category's rates are read from train; every column is judged on held.

    Returns
    -------
    list of str

    Examples
    --------
    >>> y = np.array([0.0, 1.0] * 20)
    >>> rows = pl.DataFrame({"age": list(range(40)), "paid": [None, 5.0] * 20, "end": ["closed", "court"] * 20}), y
    >>> telling(("age", "paid"), ("end",), rows, rows)
    ['paid', 'end']
    """
    (frame, y), found = held, []
    for name in numbers:
        column = frame[name].cast(pl.Float64, strict=False).to_numpy()
        there = np.isfinite(column)
        mostly = there.mean() > 0.5 and _tells(column[there], y[there])
        if mostly or _tells(there.astype(np.float64), y):
            found.append(name)
    for name in categories:
        seen = train[0].select(pl.col(name).cast(pl.String).fill_null("")).with_columns(pl.Series("y", train[1]))
        rates = dict(seen.group_by(name).agg(pl.col("y").mean()).iter_rows())
        mean = float(train[1].mean())
        told = [rates.get(value, mean) for value in frame[name].cast(pl.String).fill_null("").to_list()]
        if _tells(np.array(told), y):
            found.append(name)
    return found


def _tells(values: Floats, y: Floats) -> bool:
    """Whether the order of the values is nearly that of the labels, one way or the other."""
    if not 0 < y.sum() < len(y):
        return False
    different, ranks = np.unique(values, return_inverse=True)
    if len(different) < 2:
        return False
    area = evaluate(y, (ranks + 0.5) / len(different), metrics=["roc_auc"], n_boot=0)["roc_auc"].value
    return max(area, 1 - area) > TOO_GOOD


def named(
    found: list[Finding], numbers: tuple[str, ...], categories: tuple[str, ...], train: Rows, held: Rows, area: float
) -> list[Finding]:
    """Verdicts of a yes or no with the columns behind a leak, whose model has this AUC."""
    if not any(one.code == "TAEL-V03" for one in found):
        return found
    return naming(found, telling(numbers, categories, train, held), area)
