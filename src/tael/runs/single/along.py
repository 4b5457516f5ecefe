"""What the label does along each column, on the training rows: by sixths of a number, by values of a category."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.runs.single.table import SingleTable

Floats = NDArray[np.float64]
BINS = 6
MOST = 6
FEWEST = 20
"""Rows that a bin needs to be shown."""


def along(table: SingleTable, train: tuple[pl.DataFrame, Floats], classes: list[Any]) -> list[dict[str, Any]]:
    """Means of the label by bins of each column, those that differ most first.

    Parameters
    ----------
    table : SingleTable
    train : (frame, labels)
        Labels of 0 and 1, or numbers; of more classes nothing is told.
    classes : list

    Returns
    -------
    list of dict
        ``name``; ``bins`` of ``text`` (None where values are missing), ``n``, ``mean``. At most `MOST` columns.
    """
    if len(classes) > 2:
        return []
    frame, y = train
    found: list[tuple[float, dict[str, Any]]] = []
    for name in table.numbers + table.categories:
        column = frame[name]
        parts = _sixths(column) if name in table.numbers else _values(column)
        gone = column.is_null().to_numpy()
        parts += [(None, gone)] if gone.sum() >= FEWEST else []
        bins: list[dict[str, Any]] = [
            {"text": text, "n": int(rows.sum()), "mean": float(y[rows].mean())}
            for text, rows in parts
            if rows.sum() >= FEWEST
        ]
        if len(bins) < 2:
            continue
        spread = sum(one["n"] * (one["mean"] - float(y.mean())) ** 2 for one in bins)
        found.append((spread, {"name": table.shown(name), "bins": bins}))
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])[:MOST]]


def _sixths(column: pl.Series) -> list[tuple[str | None, NDArray[np.bool_]]]:
    values = column.cast(pl.Float64, strict=False).to_numpy()
    there = values[np.isfinite(values)]
    different = np.unique(there)
    if len(different) <= BINS:
        return [(f"{one:g}", values == one) for one in different]
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    found: list[tuple[str | None, NDArray[np.bool_]]] = []
    for low, high in pairwise(ends.tolist()):
        rows = (values > low) & (values <= high)
        if rows.any():
            found.append((f"≤ {_plain(high)}" if np.isfinite(high) else f"> {_plain(low)}", rows))
    return found


def _plain(value: float) -> str:
    """Three digits that count, thousands and millions by their letters, so that six stand under a picture.

    >>> _plain(10342.0), _plain(0.18712), _plain(-3.0), _plain(2.5e6), _plain(3200.0)
    ('10.3k', '0.187', '-3', '2.5M', '3,200')
    """
    for least, letter in ((1e6, "M"), (1e4, "k")):
        if least <= abs(value) < 1e9:
            return f"{value / (1e6 if letter == 'M' else 1e3):.3g}{letter}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.10g}" if 1e-4 <= abs(rounded) < 1e9 or rounded == 0 else f"{rounded:.3g}"


def _values(column: pl.Series) -> list[tuple[str | None, NDArray[np.bool_]]]:
    texts = column.cast(pl.String)
    counts = texts.drop_nulls().value_counts(sort=True)
    often = sorted(counts[texts.name].head(BINS).to_list())
    return [(value, (texts == value).fill_null(False).to_numpy()) for value in often]
