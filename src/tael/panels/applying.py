"""One step on arrays: row operators by NumPy, series and cross-sections by the panel kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tael.kernels import panel as kernels
from tael.panels.cells import COMPUTE, Array, cleaned
from tael.panels.graph import Step

_KERNELS = {"ts_product": "product", "ts_count": "count_if", "ahead": "lead"}
_WITHOUT = ("delay", "delta", "ahead", "streak")
_GROUPED = {"rank": "group_rank", "zscore": "group_zscore", "demean": "group_demean", "cs_mean": "group_mean"}


def row(step: Step, args: Sequence[Any], out: Array) -> Array:
    """A row operator; ``args`` are arrays of the shape of ``out``, or numbers."""
    return COMPUTE[step.op](out, *args)


def series(step: Step, args: Sequence[Array], out: Array, start: int, origin: int = 0) -> Array:
    """A series operator over whole columns; rows of ``out`` before ``start`` are left as they are.

    ``origin`` is the row of the panel that the arrays begin with. Kernels add up windows from rows that are multiples
    of the window, so arrays that begin elsewhere are entered at the first such row: then the last bits are the same.
    """
    if step.op == "signed_power":
        value = args[0][start:]
        power = np.power(np.abs(value), np.full(value.shape, step.constants[0], value.dtype))
        np.multiply(np.sign(value), power, out=out[start:])
        cleaned(out[start:])
        return out
    function = getattr(kernels, _KERNELS.get(step.op, step.op))
    constants: list[float] = [*step.constants]
    if constants:
        constants[0] = int(constants[0])
    if origin and constants:
        skipped = -origin % int(constants[0])
        args, out, start = [arg[skipped:] for arg in args], out[skipped:], start - skipped
    how: dict[str, Any] = {} if step.op in _WITHOUT else {"min_periods": step.min_periods}
    return np.asarray(function(*args, *constants, start=start, out=out, n_threads=1, **how))


def cross(step: Step, args: Sequence[Array], members: Array, groups: Mapping[tuple[str, ...], Array]) -> Array:
    """A cross-section; all arrays hold the same rows."""
    value = args[0]
    codes = groups[step.by] if step.by else None
    if step.op == "neutralize":
        return np.asarray(kernels.neutralize(value, codes, list(args[1:]), members, n_threads=1))
    if step.op == "winsorize":
        return np.asarray(kernels.winsorize(value, step.constants[0], members, n_threads=1))
    if codes is not None:
        return np.asarray(getattr(kernels, _GROUPED[step.op])(value, codes, members, n_threads=1))
    if step.op == "cs_mean":
        return np.asarray(kernels.group_mean(value, np.zeros(value.shape, np.int32), members, n_threads=1))
    return np.asarray(getattr(kernels, step.op)(value, members, n_threads=1))
