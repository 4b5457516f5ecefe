"""The columns of X as binning sees them: numbers or categories, from arrays and frames of any library."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from tael.errors import ModelError, did_you_mean
from tael.tables.border import polars_of

NUMBER, CATEGORY = "number", "category"


@dataclass(frozen=True)
class Column:
    """One column of X.

    Parameters
    ----------
    name : str
        As in the frame; ``x0``, ``x1``, ... for arrays.
    kind : str
        ``"number"`` or ``"category"``.
    values : ndarray of shape (n,) or polars.Series of text
        Numbers as float64, where NaN and infinite values are missing; categories as text, where null is missing.
    """

    name: str
    kind: str
    values: Any

    def take(self, rows: NDArray[np.int64]) -> Column:
        """Some of the rows, in that order."""
        return Column(self.name, self.kind, self.values[rows])

    def __len__(self) -> int:
        return len(self.values)


def read_columns(
    estimator: Any, X: Any, *, categories: Collection[Any] = (), kinds: Sequence[str] = ()
) -> list[Column]:
    """Check X and take it apart.

    Parameters
    ----------
    estimator : estimator
        Remembers names and number of columns (in fit), or is held to them.
    X : array or frame (pandas, polars, pyarrow) of shape (n, p)
        True and false are numbers. Text, categoricals and enums are categories.
    categories : collection of str or int
        Columns (names, or positions) that are categories though they hold numbers.
    kinds : sequence of str
        What fit found, when it is over.

    Returns
    -------
    list of Column

    Raises
    ------
    ModelError
        Times, lists, mixed kinds, text where fit saw numbers, no rows.
    """
    reset = not kinds
    if hasattr(X, "iloc") and any(not isinstance(name, str) for name in X.columns):
        X = X.to_numpy()  # scikit-learn, too, takes a frame whose columns are numbered as an array
    if hasattr(X, "__dataframe__") or hasattr(X, "__narwhals_dataframe__") or isinstance(X, pl.DataFrame):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        frame = polars_of(X, "X")
        if frame.height == 0 or frame.width == 0:
            raise ModelError(
                f"X is empty: found array with {frame.height} sample(s) and {frame.width} feature(s).",
                expected="at least one row and one column",
            )
        names = frame.columns
        given: list[Any] = frame.get_columns()
    else:
        array = X if isinstance(X, np.ndarray) or hasattr(X, "__array__") else _from_lists(X)
        array = validate_data(estimator, array, reset=reset, dtype=None, ensure_all_finite=False)
        names = [f"x{j}" for j in range(array.shape[1])]
        if array.dtype.kind in "biuf":
            array = np.asfortranarray(array, dtype=np.float64)
        given = [array[:, j] for j in range(array.shape[1])]
    wanted = _positions(categories, names)
    out = []
    for j, (name, values) in enumerate(zip(names, given, strict=True)):
        kind = kinds[j] if kinds else (CATEGORY if j in wanted else "")
        out.append(_column(name, values, kind))
    return out


def _from_lists(X: Any) -> Any:
    """Lists, with numbers and text kept apart, where NumPy would write every number as text."""
    if isinstance(X, (list, tuple)) and any(
        isinstance(v, str) for row in X if isinstance(row, (list, tuple)) for v in row
    ):
        return np.array(X, dtype=object)
    return X


def _positions(categories: Collection[Any], names: Sequence[str]) -> set[int]:
    found = set()
    for one in categories:
        if isinstance(one, str):
            found.add(position_of(one, names, "categories"))
        elif 0 <= int(one) < len(names):
            found.add(int(one))
        else:
            raise ModelError(
                "There is no such column.", expected=f"0 to {len(names) - 1}", got=str(one), where="categories"
            )
    return found


def position_of(name: Any, names: Sequence[str], where: str) -> int:
    """Where a column stands, by name or position.

    Examples
    --------
    >>> position_of("age", ["income", "age"], "trend")
    1
    """
    if not isinstance(name, str) and isinstance(name, (int, np.integer)) and 0 <= int(name) < len(names):
        return int(name)
    if name not in names:
        raise ModelError(
            "There is no such column.",
            expected="a column of X",
            got=repr(name),
            where=where,
            fix=did_you_mean(str(name), names),
        )
    return list(names).index(name)


def by_column(given: Any, names: Sequence[str], where: str, default: Any) -> list[Any]:
    """A parameter for each column: a mapping by name or position, or one value for all.

    Examples
    --------
    >>> by_column({"age": "peak"}, ["age", "income"], "trend", "auto")
    ['peak', 'auto']
    """
    if not isinstance(given, Mapping):
        return [given] * len(names)
    out = [default] * len(names)
    for column, value in given.items():
        out[position_of(column, names, where)] = value
    return out


def _column(name: str, values: Any, kind: str) -> Column:
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "biuf":
            if kind != CATEGORY:
                return Column(name, NUMBER, np.ascontiguousarray(values, dtype=np.float64))
            values = pl.Series(name, values)
        elif values.dtype.kind in "US":
            values = pl.Series(name, values.astype(str).tolist(), dtype=pl.String)
        elif values.dtype.kind == "O":
            values = _from_objects(name, values)
        else:
            raise _refused(name, str(values.dtype))
    dtype = values.dtype
    if dtype == pl.Null or dtype.is_numeric() or dtype == pl.Boolean:
        if kind == CATEGORY:
            return Column(name, CATEGORY, _as_text(values))
        return Column(name, NUMBER, np.array(values.cast(pl.Float64).to_numpy(), dtype=np.float64))
    if dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum)):
        if kind == NUMBER:
            example = values.drop_nulls()
            raise ModelError(
                "A column held numbers in fit and holds text now.",
                expected="numbers",
                got=f"text such as {example[0]!r}" if len(example) else f"a column of {dtype}",
                where=name,
                fix="Convert it to numbers.",
            )
        return Column(name, CATEGORY, values.cast(pl.String))
    raise _refused(name, str(dtype))


def _refused(name: str, got: str) -> ModelError:
    return ModelError(
        "A column can be neither ordered nor grouped.",
        expected="numbers, true/false, text or categories",
        got=got,
        where=name,
        fix="Turn times into ages first (tael.AutoFeatures does), or drop the column.",
    )


def _from_objects(name: str, values: NDArray[Any]) -> pl.Series:
    """A column of Python objects: all numbers, or all text; None and NaN are missing."""
    here = [None if v is None or (isinstance(v, float) and math.isnan(v)) else v for v in values.tolist()]
    kinds = {type(v).__name__: v for v in here if v is not None}
    if all(isinstance(v, (Real, Decimal)) for v in here if v is not None):
        try:
            return pl.Series(name, [None if v is None else float(v) for v in here], dtype=pl.Float64)
        except OverflowError as error:
            raise ModelError(
                "A column holds a number beyond the range of floats.", got=str(error), where=name
            ) from error
    if all(isinstance(v, str) for v in here if v is not None):
        return pl.Series(name, here, dtype=pl.String)
    if len(kinds) == 1 and not hasattr(next(iter(kinds.values())), "__float__"):
        raise _refused(name, next(iter(kinds)))
    raise ModelError(
        "A column mixes values of several kinds.",
        expected="numbers alone or text alone",
        got=", ".join(f"{kind} such as {str(v)[:40]!r}" for kind, v in sorted(kinds.items())),
        where=name,
        fix="Convert the column to numbers, or all of it to text.",
    )


def _as_text(values: pl.Series) -> pl.Series:
    """Numbers as categories: 3.0 reads "3", so that a column with and without missing values reads the same."""
    if values.dtype == pl.Null:
        return values.cast(pl.String)
    if not values.dtype.is_float():
        return values.cast(pl.String)
    values = values.fill_nan(None)
    whole = (values == values.floor()) & (values.abs() < 2**53)
    return (
        pl.DataFrame({"v": values, "whole": whole})
        .select(
            pl.when(pl.col("whole"))
            .then(pl.when(pl.col("whole")).then(pl.col("v")).otherwise(None).cast(pl.Int64).cast(pl.String))
            .otherwise(pl.col("v").cast(pl.String))
        )
        .to_series()
        .alias(values.name)
    )
