"""Row operators on panels: the language's own meaning, computed array by array without a copy too many.

Numbers and flags are floats with NaN for missing, as everywhere; what has no finite value is missing. Inputs are free
of infinities (:func:`cleaned`), and so is every result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Cell = Any
"""An array, or a Python number that stands for one."""


def cleaned(values: Array) -> Array:
    """The array with its infinities made missing, in place where there are any.

    >>> cleaned(np.array([1.0, np.inf])).tolist()
    [1.0, nan]
    """
    odd = np.isinf(values)
    if odd.any():
        values[odd] = np.nan
    return values


def _numbers(function: Callable[..., Array]) -> Callable[..., Array]:
    def compute(out: Array, *args: Cell) -> Array:
        return cleaned(function(*args, out=out))

    return compute


def _exact(function: Callable[..., Array]) -> Callable[..., Array]:
    """Of finite numbers this gives finite ones."""

    def compute(out: Array, *args: Cell) -> Array:
        return function(*args, out=out)

    return compute


def _power(out: Array, base: Cell, exponent: Cell) -> Array:
    # NumPy takes another way, with other last bits, where one exponent serves many rows
    left, right = (
        np.ascontiguousarray(np.broadcast_to(np.asarray(side, out.dtype), out.shape)) for side in (base, exponent)
    )
    return cleaned(np.power(left, right, out=out))


def _clip(out: Array, value: Cell, low: Cell, high: Cell) -> Array:
    np.maximum(value, low, out=out)
    return np.minimum(out, high, out=out)


def _round(out: Array, value: Cell, digits: Cell = None) -> Array:
    if digits is None:
        return np.round(value, out=out)
    scale = 10.0 ** np.clip(np.round(digits), -300, 300)
    scaled = np.asarray(value, np.float64) * scale
    # a number too large to be scaled has no digits there to round away
    out[...] = np.where(np.isinf(scaled), value, np.round(scaled) / scale)
    return out


def _marked(out: Array, truth: Array, *sides: Cell) -> Array:
    """A flag from its truth, missing where a side is."""
    out[...] = truth
    for side in sides:
        if isinstance(side, np.ndarray) and side.dtype.kind == "f":
            out[np.isnan(side)] = np.nan
        elif isinstance(side, np.ndarray):
            out[side == -1] = np.nan  # codes of a group; -2 is a level that the other one does not have
    return out


def _comparison(test: Callable[[Cell, Cell], Array]) -> Callable[..., Array]:
    def compute(out: Array, left: Cell, right: Cell) -> Array:
        return _marked(out, test(left, right), left, right)

    return compute


def _is_in(out: Array, value: Cell, *choices: Cell) -> Array:
    found = np.zeros(out.shape, np.bool_)
    for choice in choices:
        found |= value == choice
    return _marked(out, found, value)


def _and(out: Array, left: Cell, right: Cell) -> Array:
    decided = (np.equal(left, 0)) | (np.equal(right, 0))
    np.add(left, right, out=out)  # missing where either is, two where both hold
    out *= 0.5
    out[decided] = 0.0
    return out


def _or(out: Array, left: Cell, right: Cell) -> Array:
    decided = (np.equal(left, 1)) | (np.equal(right, 1))
    np.add(left, right, out=out)  # neither is 1: zero, or missing
    out[decided] = 1.0
    return out


def _where(out: Array, condition: Cell, yes: Cell, no: Cell) -> Array:
    out[...] = np.where(np.equal(condition, 1), yes, no)
    if isinstance(condition, np.ndarray):
        out[np.isnan(condition)] = np.nan
    return out


def _coalesce(out: Array, *values: Cell) -> Array:
    out[...] = values[0]
    for value in values[1:]:
        np.copyto(out, value, where=np.isnan(out))
    return out


def _is_missing(out: Array, value: Cell) -> Array:
    if isinstance(value, np.ndarray) and value.dtype.kind != "f":
        out[...] = value < 0
    else:
        out[...] = np.isnan(value)
    return out


COMPUTE: dict[str, Callable[..., Array]] = {
    "add": _numbers(np.add),
    "sub": _numbers(np.subtract),
    "mul": _numbers(np.multiply),
    "div": _numbers(np.divide),
    "pow": _power,
    "neg": _exact(np.negative),
    "log": _numbers(np.log),
    "log1p": _numbers(np.log1p),
    "exp": _numbers(np.exp),
    "sqrt": _numbers(np.sqrt),
    "abs": _exact(np.abs),
    "sign": _exact(np.sign),
    "floor": _exact(np.floor),
    "round": _round,
    "clip": _clip,
    "minimum": _exact(np.minimum),
    "maximum": _exact(np.maximum),
    "eq": _comparison(np.equal),
    "ne": _comparison(np.not_equal),
    "lt": _comparison(np.less),
    "le": _comparison(np.less_equal),
    "gt": _comparison(np.greater),
    "ge": _comparison(np.greater_equal),
    "in": _is_in,
    "and": _and,
    "or": _or,
    "not": _exact(lambda value, out: np.subtract(1.0, value, out=out)),
    "where": _where,
    "coalesce": _coalesce,
    "is_missing": _is_missing,
}
"""``COMPUTE[op](out, *args)``: writes to ``out`` and returns it."""

IN_PLACE = frozenset({"add", "sub", "mul", "div", "neg", "log", "log1p", "exp", "sqrt", "abs", "sign", "floor", "not",
                      "minimum", "maximum"})  # fmt: skip
"""Operators of which an argument may be the array that is written to; of the others none may."""
