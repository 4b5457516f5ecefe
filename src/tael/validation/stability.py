"""Whether a population moved: the population stability index of a score (PSI) and of each characteristic (CSI)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ValidationError, did_you_mean
from tael.validation.arrays import Floats, as_array, column, frame
from tael.validation.words import Words

WATCH, SHIFTED = 0.10, 0.25
"""The trade's fixed thresholds (Siddiqi 2006)."""

Level = Literal["stable", "watch", "shifted"]

LEVEL_WORDS: dict[str, Words] = {
    "stable": Words("stable", "稳定"),
    "watch": Words("moved somewhat", "有所变化"),
    "shifted": Words("shifted", "明显偏移"),
}


@dataclass(frozen=True)
class Stability:
    """How far one column moved.

    Parameters
    ----------
    psi : float
        Sum over bins of (actual - expected) * ln(actual / expected), in shares.
    critical : float
        What PSI exceeds by chance in one of twenty samples of these sizes though nothing moved.
    n_expected, n_actual, n_bins : int
        Sizes of the samples, and bins that hold anything.
    table : polars.DataFrame
        One row a bin: bin, expected, actual (shares), part (of the PSI).
    """

    psi: float
    critical: float
    n_expected: int
    n_actual: int
    n_bins: int
    table: pl.DataFrame

    @property
    def level(self) -> Level:
        """Verdict by the fixed thresholds 0.10 and 0.25."""
        return "shifted" if self.psi >= SHIFTED else "watch" if self.psi >= WATCH else "stable"

    @property
    def significant(self) -> bool:
        """Whether the movement is more than samples of these sizes show by chance."""
        return self.psi > self.critical


def critical_psi(n_expected: int, n_actual: int, n_bins: int, level: float = 0.95) -> float:
    """Sample-size-adjusted threshold: the quantile of (1/n + 1/m) * chi-square with B - 1 degrees of freedom.

    Parameters
    ----------
    n_expected, n_actual : int
        Sizes n and m of the two samples.
    n_bins : int
        Number B of bins.
    level : float
        1 - the share of false alarms.

    References
    ----------
    Yurdakul, B. (2018). Statistical properties of population stability index. Western Michigan University.

    Examples
    --------
    >>> round(critical_psi(1000, 1000, 10), 4)
    0.0338
    """
    if n_bins < 2:
        return 0.0
    from scipy.special import chdtri

    return float((1 / n_expected + 1 / n_actual) * chdtri(n_bins - 1, 1 - level))


def psi(expected: Any, actual: Any, bins: int = 10, *, level: float = 0.95, max_categories: int = 50) -> Stability:
    """Population stability index between two samples of a score, a numeric column or a category.

    Parameters
    ----------
    expected, actual : array-like of shape (n,) and (m,)
        The sample that the model was built on, and the one it is used on.
    bins : int
        Quantile bins of `expected` for numbers (infinite ends). Missing values are a bin of their own.
    level : float
        Coverage of `critical`.
    max_categories : int
        Rarer categories of `expected` are counted as one; those that `expected` never saw are another.

    Returns
    -------
    Stability
        An empty bin counts as half a row, so that the index stays finite.

    Raises
    ------
    ValidationError
        If a sample is empty, or one is numeric and the other is not.

    Examples
    --------
    >>> psi(["a", "a", "b", "b"], ["b", "b", "a", "a"]).psi
    0.0
    """
    one, two = _series(expected), _series(actual)
    return _psi(one, two, bins, level, max_categories, "")


def _series(values: Any) -> tuple[str, NDArray[Any]]:
    if isinstance(values, nw.Series):
        return column(values)
    if isinstance(values, np.ndarray):
        values = as_array(values)
        values = values.tolist() if values.dtype.kind in "OUS" else values
    try:
        return column(nw.from_native(values, series_only=True))
    except TypeError:  # a list or an array
        return column(nw.from_native(pl.Series("x", values, strict=False), series_only=True))


def csi(
    expected: Any, actual: Any, *, columns: Iterable[str] | None = None, bins: int = 10, level: float = 0.95
) -> pl.DataFrame:
    """Stability of each column between two frames (the characteristic stability index).

    Parameters
    ----------
    expected, actual : pandas, polars or pyarrow frame, or 2-D array
        The two samples.
    columns : iterable of str, optional
        Which columns (default: those of `expected`).
    bins, level
        As in `psi`.

    Returns
    -------
    polars.DataFrame
        column, psi, critical, level, significant, missing_expected, missing_actual; the most moved first.

    Raises
    ------
    ValidationError
        If a column is absent from a frame, or changed its type.
    """
    one, two = frame(expected, "expected"), frame(actual, "actual")
    rows = []
    for name in one.columns if columns is None else columns:
        for table, which in ((one, "expected"), (two, "actual")):
            if name not in table.columns:
                raise ValidationError(
                    "A column is absent.", expected=name, where=which, fix=did_you_mean(name, table.columns)
                )
        before, after = column(one[name]), column(two[name])
        found = _psi(before, after, bins, level, 50, name)
        rows.append(
            {
                "column": name,
                "psi": found.psi,
                "critical": found.critical,
                "level": found.level,
                "significant": found.significant,
                "missing_expected": float(_missing(before[1]).mean()),
                "missing_actual": float(_missing(after[1]).mean()),
            }
        )
    schema = {
        "column": pl.String,
        "psi": pl.Float64,
        "critical": pl.Float64,
        "level": pl.String,
        "significant": pl.Boolean,
        "missing_expected": pl.Float64,
        "missing_actual": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema).sort("psi", descending=True, maintain_order=True)


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    return np.fromiter((v is None for v in values), dtype=bool, count=len(values))


def _psi(
    one: tuple[str, NDArray[Any]], two: tuple[str, NDArray[Any]], bins: int, level: float, most: int, name: str
) -> Stability:
    if bins < 1:
        raise ValidationError("There must be at least one bin.", expected="bins of 1 or more", got=str(bins))
    for (_, values), which in ((one, "expected"), (two, "actual")):
        if not len(values):
            raise ValidationError(
                "There are no rows to compare.", got=f"0 rows in the {which} sample", where=name or None
            )
    if one[0] != two[0] and not (_missing(one[1]).all() or _missing(two[1]).all()):
        raise ValidationError(
            "A column changed its type between the two samples.",
            expected=one[0],
            got=two[0],
            where=name or None,
            fix="Read both samples with the same schema.",
        )
    as_text = any(kind == "category" and not _missing(values).all() for kind, values in (one, two))
    names, before, after = _categories(one[1], two[1], most) if as_text else _numbers(one[1], two[1], bins)
    there = (before + after) > 0
    names, before, after = [n for n, t in zip(names, there, strict=True) if t], before[there], after[there]
    n, m = int(before.sum()), int(after.sum())
    e, a = np.maximum(before, 0.5) / n, np.maximum(after, 0.5) / m
    part = np.where(before / n == after / m, 0.0, (a - e) * np.log(a / e))
    table = pl.DataFrame({"bin": names, "expected": before / n, "actual": after / m, "part": part})
    return Stability(float(part.sum()), critical_psi(n, m, len(names), level), n, m, len(names), table)


def _numbers(before: Floats, after: Floats, bins: int) -> tuple[list[str], Floats, Floats]:
    before, after = before.astype(np.float64), after.astype(np.float64)
    known = before[~np.isnan(before)]
    edges = np.empty(0)
    if len(known):
        edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf"))
        if len(edges) < bins - 1:
            # few distinct values: close the last bin at the largest, so that a larger one is a bin of its own
            edges = np.unique(np.append(edges, known.max()))

    def count(values: Floats) -> Floats:
        gone = np.isnan(values)
        inside = np.bincount(np.searchsorted(edges, values[~gone], side="left"), minlength=len(edges) + 1)
        return np.append(inside, gone.sum()).astype(np.float64)

    shown = ["-inf", *(f"{edge:.6g}" for edge in edges), "inf"]
    names = [f"({a}, {b}]" for a, b in pairwise(shown)]
    return [*names, "missing"], count(before), count(after)


def _categories(before: NDArray[Any], after: NDArray[Any], most: int) -> tuple[list[str], Floats, Floats]:
    gone, fled = _missing(before), _missing(after)
    seen, size = np.unique([str(v) for v in before[~gone]], return_counts=True)
    kept = sorted(str(level) for level in seen[np.argsort(-size, kind="stable")[:most]])
    place = {level: i for i, level in enumerate(kept)}
    rare = {str(level): len(kept) for level in seen if str(level) not in place}
    place |= rare

    def count(values: NDArray[Any], missing: NDArray[np.bool_]) -> Floats:
        where = [place.get(str(v), len(kept) + 1) for v in values[~missing]]
        inside = np.bincount(np.array(where, dtype=np.int64), minlength=len(kept) + 2)
        return np.append(inside, missing.sum()).astype(np.float64)

    return [*kept, "(rare)", "(new)", "missing"], count(before, gone), count(after, fled)
