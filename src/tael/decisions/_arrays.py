"""What every decision asks of its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import DecisionError, ValidationError
from tael.validation.arrays import Floats, as_array, codes, floats

__all__ = ["Floats", "as_array", "codes", "money", "outcomes", "probabilities", "refuse", "same_length", "weights"]


def refuse(values: Floats, bad: NDArray[np.bool_], what: str, problem: str, fix: str) -> None:
    """Raise where any value is bad, with the first one."""
    if np.any(bad):
        first = int(np.flatnonzero(bad)[0])
        raise DecisionError(
            f"{int(np.sum(bad))} of {np.size(values)} {what} are {problem}.",
            got=f"{np.ravel(values)[first]} at row {first}",
            fix=fix,
        )


def _floats(values: Any, what: str) -> Floats:
    try:
        return floats(values, what)
    except ValidationError as error:
        raise DecisionError(error.problem, expected=error.expected, got=error.got) from error


def same_length(n: int, got: int, what: str) -> None:
    """Raise where a second array does not fit the first."""
    if n != got:
        raise DecisionError(f"The {what} do not match the applicants.", expected=f"{n} rows", got=f"{got} rows")


def probabilities(pd: Any, *, empty: bool = False) -> Floats:
    """Probabilities of default in [0, 1]; `empty` allows none."""
    array = _floats(pd, "probabilities of default")
    if not empty and not len(array):
        raise DecisionError("There are no applicants.", expected="at least one row", got="0 rows")
    fix = "An applicant without a probability cannot be decided: see why the model gave none."
    refuse(array, np.isnan(array), "probabilities of default", "missing", fix)
    bad = ~((array >= 0) & (array <= 1))
    refuse(array, bad, "probabilities of default", "outside [0, 1]", "Pass calibrated probabilities, not scores.")
    return array


def money(values: Any, n: int, what: str = "expected profits") -> Floats:
    """Finite amounts of `n` applicants."""
    array = _floats(values, what)
    same_length(n, len(array), what)
    refuse(array, ~np.isfinite(array), what, "missing or infinite", "Look at the amounts and margins they come from.")
    return array


def outcomes(y: Any, n: int) -> Floats:
    """Observed defaults, 0 or 1, of `n` applicants."""
    array = _floats(y, "outcomes")
    same_length(n, len(array), "outcomes")
    fix = "Code a default as 1; leave out applicants whose outcome is not known."
    refuse(array, ~((array == 0) | (array == 1)), "outcomes", "neither 0 nor 1", fix)
    return array


def weights(weight: Any, n: int) -> Floats:
    """Weights of `n` applicants (default: ones)."""
    if weight is None:
        return np.ones(n)
    array = _floats(weight, "weights")
    same_length(n, len(array), "weights")
    bad = ~(np.isfinite(array) & (array >= 0))
    refuse(array, bad, "weights", "missing, infinite or negative", "Weights are numbers of 0 or more.")
    if not array.sum() > 0:
        raise DecisionError("All weights are zero.", expected="at least one weight above 0")
    return array
