"""How much a model loses when its inputs are a little wrong: numbers jittered, cells gone missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from tael.errors import ValidationError, did_you_mean
from tael.validation import arrays
from tael.validation._compare import auc_variance
from tael.validation.arrays import Floats
from tael.validation.words import Words


@dataclass(frozen=True)
class Robustness:
    """AUC under noise.

    Parameters
    ----------
    roc_auc : float
        On the rows as they are.
    table : polars.DataFrame
        One row for a kind of noise and its size: noise ("jitter" or "missing"), size (share), roc_auc (mean of the
        repeats), loss (in points of AUC), worst (the largest loss of a repeat).
    repeats : int
    """

    roc_auc: float
    table: pl.DataFrame
    repeats: int

    def sentences(self) -> list[Words]:
        """What the strongest noise of each kind costs."""
        kinds = {
            "jitter": ("numbers jittered by {size:.0%} of their spread", "数值扰动幅度为其离散度的 {size:.0%} 时"),
            "missing": ("{size:.0%} of the cells gone missing", "{size:.0%} 的单元格缺失时"),
        }
        said = []
        for kind, (en, zh) in kinds.items():
            rows = self.table.filter(pl.col("noise") == kind).sort("size")
            if rows.height:
                row = rows.row(-1, named=True)
                said.append(
                    Words(
                        f"With {en.format(**row)}, the AUC is {row['roc_auc']:.3f} instead of {self.roc_auc:.3f}.",
                        f"{zh.format(**row)}，AUC 由 {self.roc_auc:.3f} 变为 {row['roc_auc']:.3f}。",
                    )
                )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "roc_auc": self.roc_auc,
            "repeats": self.repeats,
            "table": self.table.to_dicts(),
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def noise_robustness(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    jitter: Sequence[float] = (0.05, 0.1, 0.2),
    missing: Sequence[float] = (0.05, 0.1, 0.2),
    columns: Iterable[str] | None = None,
    repeats: int = 5,
    most_rows: int = 20_000,
    seed: int = 0,
) -> Robustness:
    """Score the same rows with noisy inputs, and see what the AUC loses.

    Parameters
    ----------
    model : fitted estimator or callable
        With ``predict_proba``; or ``model(X)`` that gives one score a row.
    X : frame or array of shape (n, p)
        Rows that the model has not learned from.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    weight : array-like of shape (n,), optional
    jitter : sequence of float
        Normal noise of so many interquartile ranges (standard deviations where that range is 0) is added to every
        number; 0 is no noise. Missing numbers, flags and categories stay.
    missing : sequence of float
        This share of the cells, chosen at random, goes missing. Leave it empty for a model that takes no missing
        values.
    columns : iterable of str, optional
        Which columns are disturbed (default: all).
    repeats : int
        How often each noise is drawn. The model scores the rows for each repeat of each noise and once as they are.
    most_rows : int
        More rows are sampled down to so many.
    seed : int

    Returns
    -------
    Robustness

    Raises
    ------
    ValidationError
        If X and y do not match, y has one class, a size is out of range, or the model gives something else than one
        number a row.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(400, 1))
    >>> found = noise_robustness(lambda X: X[:, 0], X, X[:, 0] > 0, jitter=(0.5,), missing=())
    >>> bool(found.roc_auc == 1.0 and 0 < found.table["loss"][0] < 0.2)
    True
    """
    labels = arrays.labels(y)
    w = arrays.weights(weight, len(labels))
    table = arrays.frame(X, "X")
    arrays.same_length(len(labels), len(table), "rows of X")
    for sizes, most, what in ((jitter, np.inf, "jitter"), (missing, 1.0, "missing")):
        if any(not 0 <= size <= most for size in sizes):
            raise ValidationError(
                f"A size of {what} is out of range.", expected=f"0 to {most:g}", got=str(tuple(sizes))
            )
    if repeats < 1 or most_rows < 1:
        raise ValidationError("There must be a repeat and a row.", got=f"repeats={repeats}, most_rows={most_rows}")
    names = list(table.columns if columns is None else columns)
    for name in names:
        if name not in table.columns:
            raise ValidationError(
                "A column is absent.", expected=name, where="X", fix=did_you_mean(name, table.columns)
            )
    rng = np.random.default_rng(seed)
    if len(labels) > most_rows:
        kept = np.sort(rng.choice(len(labels), most_rows, replace=False))
        table, labels, w = table[kept.tolist()], labels[kept], w[kept]
        X = X[kept] if isinstance(X, np.ndarray) else table if isinstance(X, nw.DataFrame) else table.to_native()
    back = _way_back(X, table)
    base = _auc(model, X, labels, w)
    if np.isnan(base):
        raise ValidationError("The labels are all of one class, so there is no AUC to lose.", got=f"{len(labels)} rows")
    rows = []
    for noise, sizes in (("jitter", jitter), ("missing", missing)):
        disturb = _jitter if noise == "jitter" else _lose
        for size in sizes:
            aucs = [_auc(model, back(disturb(table, names, size, rng)), labels, w) for _ in range(repeats)]
            mean = float(np.mean(aucs))
            rows.append(
                {"noise": noise, "size": float(size), "roc_auc": mean, "loss": base - mean, "worst": base - min(aucs)}
            )
    floats = dict.fromkeys(("size", "roc_auc", "loss", "worst"), pl.Float64)
    return Robustness(base, pl.DataFrame(rows, schema={"noise": pl.String, **floats}), repeats)


def _way_back(X: Any, table: nw.DataFrame[Any]) -> Callable[[nw.DataFrame[Any]], Any]:
    """Hand the disturbed table to the model as what it was: an array, or a frame of the same library."""
    if isinstance(X, np.ndarray):
        kind = np.float64 if X.dtype.kind in "fiub" else X.dtype
        return lambda noisy: noisy.to_numpy().astype(kind)
    return lambda noisy: noisy if isinstance(X, nw.DataFrame) else noisy.to_native()


def _auc(model: Any, X: Any, y: Floats, w: Floats) -> float:
    out = np.asarray(model.predict_proba(X) if hasattr(model, "predict_proba") else model(X), dtype=np.float64)
    if out.ndim == 2 and out.shape[1] == 2:
        out = out[:, 1]
    if out.shape != (len(y),):
        raise ValidationError(
            "The model did not give one score a row.", expected=f"({len(y)},) or ({len(y)}, 2)", got=str(out.shape)
        )
    return auc_variance(y, arrays.scores(out, len(y), probability=False), w)[0]


def _jitter(table: nw.DataFrame[Any], names: list[str], size: float, rng: np.random.Generator) -> nw.DataFrame[Any]:
    noisy = []
    for name in names:
        series = table[name]
        if not series.dtype.is_numeric():
            continue
        values = arrays.column(series)[1]
        known = values[np.isfinite(values)]
        if not len(known) or size == 0:
            continue
        quartiles = np.quantile(known, [0.25, 0.75])
        spread = float(quartiles[1] - quartiles[0]) or float(known.std())
        moved = values + size * spread * rng.standard_normal(len(values))
        noisy.append(_column(name, moved, series))
    return table.with_columns(*noisy) if noisy else table


def _lose(table: nw.DataFrame[Any], names: list[str], size: float, rng: np.random.Generator) -> nw.DataFrame[Any]:
    noisy = []
    for name in names:
        series = table[name]
        gone = rng.random(len(series)) < size
        if series.dtype.is_numeric():
            values = arrays.column(series)[1].copy()
            values[gone] = np.nan
            noisy.append(_column(name, values, series))
        else:
            keep = nw.new_series("keep", (~gone).tolist(), nw.Boolean(), backend=series.implementation)
            noisy.append(
                series.zip_with(
                    keep, nw.new_series(name, [None] * len(series), series.dtype, backend=series.implementation)
                )
            )
    return table.with_columns(*noisy) if noisy else table


def _column(name: str, values: Floats, like: nw.Series[Any]) -> nw.Series[Any]:
    return nw.new_series(name, values, nw.Float64(), backend=like.implementation)
