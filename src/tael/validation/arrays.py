"""What every metric asks of its arrays: one length, finite numbers, labels of 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError

Floats = NDArray[np.float64]


def as_array(values: Any) -> NDArray[Any]:
    """One-dimensional numpy array of a list, an array or a Series of any library."""
    if isinstance(values, np.ndarray):
        array = values
    elif hasattr(values, "to_numpy"):
        array = np.asarray(values.to_numpy())
    else:
        array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValidationError("A single column was expected.", got=f"an array of shape {array.shape}")
    return array


def floats(values: Any, what: str) -> Floats:
    """Numbers as float64; what cannot be read as a number is an error that shows the value."""
    array = as_array(values)
    if array.dtype.kind in "mM":
        raise ValidationError(f"The {what} are times, not numbers.", expected="numbers", got=str(array.dtype))
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        shown = repr(array[0]) if len(array) else "nothing"
        raise ValidationError(f"The {what} are not numbers.", expected="numbers", got=f"{shown} ({error})") from error


def _refuse(values: Floats, bad: NDArray[np.bool_], what: str, problem: str, fix: str) -> None:
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValidationError(
            f"{int(bad.sum())} of {len(values)} {what} are {problem}.",
            got=f"{values[first]} at row {first}",
            fix=fix,
        )


def labels(y: ArrayLike) -> Floats:
    """Labels as 0.0 and 1.0."""
    array = floats(y, "labels")
    if not len(array):
        raise ValidationError("There are no rows to evaluate.", expected="at least one row", got="0 rows")
    _refuse(array, np.isnan(array), "labels", "missing", "Leave out the rows whose label is not known yet.")
    _refuse(array, (array != 0) & (array != 1), "labels", "neither 0 nor 1", "Code the event as 1, its absence as 0.")
    return array


def scores(p: ArrayLike, n: int, *, probability: bool) -> Floats:
    """Scores of `n` rows, finite, and in [0, 1] where they are said to be probabilities."""
    array = floats(p, "predictions")
    same_length(n, len(array), "predictions")
    _refuse(array, np.isnan(array), "predictions", "missing", "See why the model gave no prediction there.")
    _refuse(array, np.isinf(array), "predictions", "infinite", "Look for a division by zero or an overflow.")
    if probability:
        fix = "Pass predict_proba(X)[:, 1], or ask only for metrics of rank (roc_auc, ks)."
        _refuse(array, (array < 0) | (array > 1), "predictions", "outside [0, 1]", fix)
    return array


def weights(weight: ArrayLike | None, n: int) -> Floats:
    """Sample weights (default: ones), finite and not negative."""
    if weight is None:
        return np.ones(n)
    array = floats(weight, "weights")
    same_length(n, len(array), "weights")
    bad = ~np.isfinite(array) | (array < 0)
    _refuse(array, bad, "weights", "missing, infinite or negative", "Weights are numbers of 0 or more.")
    if not array.sum() > 0:
        raise ValidationError("All weights are zero.", expected="at least one weight above 0")
    return array


def same_length(expected: int, got: int, what: str) -> None:
    """Raise where a second array does not fit the first."""
    if expected != got:
        raise ValidationError(f"The {what} do not match the rows.", expected=f"{expected} rows", got=f"{got} rows")


def codes(values: Any) -> tuple[NDArray[np.int64], list[str]]:
    """Integer code of each value, and what each code stands for; missing values share the code -1.

    Values of different types are told apart by their text, so that an object column of mixed types sorts.
    """
    array = as_array(values)
    if array.dtype.kind == "f":
        missing = np.isnan(array)
    elif array.dtype.kind in "mM":
        missing = np.isnat(array)
    elif array.dtype.kind == "O":
        missing = np.fromiter((v is None or v != v or str(v) == "<NA>" for v in array), dtype=bool, count=len(array))
        array = np.array([str(v) for v in array], dtype=object) if len(array) else array
    else:
        missing = np.zeros(len(array), dtype=bool)
    result = np.full(len(array), -1, dtype=np.int64)
    levels, inverse = np.unique(array[~missing], return_inverse=True)
    result[~missing] = inverse
    return result, [str(level) for level in levels]


def frame(X: Any, where: str) -> nw.DataFrame[Any]:
    """A narwhals frame over pandas, polars or pyarrow, or columns by name; an array gets columns x0, x1, ..."""
    if isinstance(X, Mapping):
        import polars as pl

        X = pl.DataFrame(dict(X), strict=False)
    if isinstance(X, np.ndarray):
        import polars as pl

        if X.ndim != 2:
            raise ValidationError("A table was expected.", got=f"an array of shape {X.shape}", where=where)
        return nw.from_native(pl.DataFrame({f"x{j}": X[:, j] for j in range(X.shape[1])}), eager_only=True)
    try:
        return nw.from_native(X, eager_only=True)
    except TypeError as error:
        raise ValidationError(
            "This is not a table that tael can read.",
            expected="a pandas, polars or pyarrow frame, or a 2-D array",
            got=type(X).__name__,
            where=where,
        ) from error


def column(series: nw.Series[Any]) -> tuple[str, NDArray[Any]]:
    """A frame's column as ``("number", float64 with NaN)`` or ``("category", object with None)``."""
    dtype = series.dtype
    if series.is_null().all():
        return "number", np.full(len(series), np.nan)
    if dtype.is_numeric():
        return "number", np.asarray(series.cast(nw.Float64()).to_numpy(), dtype=np.float64)
    if dtype == nw.Datetime or dtype == nw.Date or dtype == nw.Duration:
        if dtype == nw.Date:
            series = series.cast(nw.Datetime("us"))
        if dtype == nw.Datetime and getattr(dtype, "time_zone", None) is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        stamps = np.asarray(series.to_numpy())
        unit = "timedelta64[us]" if stamps.dtype.kind == "m" else "datetime64[us]"
        whole = stamps.astype(unit)
        return "number", np.where(np.isnat(whole), np.nan, whole.astype(np.int64).astype(np.float64))
    return "category", np.array([None if v is None or v != v else str(v) for v in series.to_list()], dtype=object)


def numbers_or_none(keys: NDArray[Any]) -> Floats | None:
    """Keys as numbers, or None where they are not all numbers."""
    try:
        values = keys.astype(np.float64)
    except (TypeError, ValueError):
        return None
    return values if np.isfinite(values).all() else None
