"""What every figure of performance asks of its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError, ValidationError
from tael.validation.arrays import floats

Floats = NDArray[np.float64]


def series(returns: Any, what: str = "returns", *, least: int = 2) -> Floats:
    """Returns of periods, (T,), finite, at least so many.

    Raises
    ------
    MarketError
    """
    try:
        array = floats(returns, what)
    except ValidationError as error:
        raise MarketError(error.problem, expected=error.expected, got=error.got) from error
    if len(array) < least:
        raise MarketError(f"There are too few {what}.", expected=f"at least {least} periods", got=str(len(array)))
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise MarketError(
            f"{int(bad.sum())} of {len(array)} {what} are missing or infinite.",
            got=f"{array[first]} at period {first}",
            fix="Leave those periods out, of a benchmark at the same dates.",
        )
    return array


def panel(values: Any, what: str, shape: tuple[int, ...] | None = None) -> Floats:
    """An array of time by entity, (T, N) float64; NaN is missing."""
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiub" or (shape is not None and array.shape != shape):
        wanted = f"numbers of shape {shape}" if shape is not None else "numbers, times by entities"
        raise MarketError(f"The {what} do not fit.", expected=wanted, got=f"{array.dtype} of shape {array.shape}")
    return array.astype(np.float64)


def above_zero(value: float, what: str) -> float:
    """A number above 0."""
    if isinstance(value, bool) or not np.isfinite(value) or not value > 0:
        raise MarketError(f"The {what} must be above 0.", got=repr(value))
    return float(value)
