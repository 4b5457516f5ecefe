"""What all series kernels share: their arguments checked, their rows cut into blocks, their blocks given to threads.

**How a window is added up.** Rows are cut into blocks of ``window`` rows that are aligned on row 0. A window that ends
in block k covers the first rows of block k (a running sum from the block's start, the *prefix*) and the last rows of
block k - 1 (sums from its end backwards, the *suffix*, kept for every row). Nothing is ever subtracted, so a large
value leaves no trace when it has left the window, and a row's result depends on the rows of its two blocks alone: it is
the same to the last bit wherever a computation starts, whatever rows come later, and on any number of threads.

**Missing values.** A result is computed over the values that are there among the last ``window`` rows, the newest
included. It is missing where the newest value is missing, or where fewer than ``min_periods`` values are there:
``None`` is half of the window, rounded up, and never less than the statistic needs (2 for a spread or a slope, 3 for a
skewness, 4 for a kurtosis); 1 is what Qlib's expressions use. Infinities are missing values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.errors import PanelError
from tael.kernels._memory import JIT
from tael.kernels._threads import cut, n_threads_or_default, share_out
from tael.kernels.panel._lanes import LANES

Floats = NDArray[Any]

CACHE = 256 * 1024
"""Bytes of state that a block of columns may take: half of a core's second-level cache on most machines."""


class Window(TypedDict, total=False):
    """What every kernel over windows also takes.

    Attributes
    ----------
    min_periods : int or None
        Values that must be there; None: half of the window, rounded up.
    start : int
        The first row to compute: later rows are, to the last bit, what they are in the whole computation.
    out : (T, N) array
        Where to write, of the inputs' type; its rows before ``start`` stay as they are. A new array has NaN there.
    n_threads : int or None
        Threads; None: what this process may take.
    """

    min_periods: int | None
    start: int
    out: Floats | None
    n_threads: int | None


@njit(**JIT)
def n_strips(n_cols: int, wide: int) -> int:
    """Strips of ``wide`` columns, the last one narrower; columns past the last eight are one more strip."""
    whole = n_cols // LANES * LANES
    return (whole + wide - 1) // wide + (1 if n_cols > whole else 0)


@njit(**JIT)
def strip(number: int, n_cols: int, wide: int) -> tuple[int, int]:
    """First column of a strip, and its width, a multiple of eight: the last strip goes over some columns again."""
    whole = n_cols // LANES * LANES
    first = number * wide
    if first >= whole:
        return n_cols - LANES, LANES
    return first, min(wide, whole - first)


def as_panel(x: Any, name: str = "x") -> Floats:
    """The array as the kernels want it: (T, N), float32 or float64, rows contiguous.

    Parameters
    ----------
    x : (T, N) array
        Flags and whole numbers become float64.
    name : str
        What an error calls it.

    Raises
    ------
    PanelError
        If it is not a table of numbers.

    Examples
    --------
    >>> as_panel(np.array([[True, False]]))
    array([[1., 0.]])
    """
    array = np.asarray(x)
    if array.ndim != 2 or array.dtype.kind not in "fbiu":
        raise PanelError(
            "A panel kernel computes on tables of numbers.",
            expected=f"{name}: an array of shape (T, N), float32 or float64",
            got=f"shape {array.shape}, type {array.dtype}",
        )
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return np.ascontiguousarray(array)


def as_panels(*arrays: Any) -> tuple[Floats, ...]:
    """Several panels of one shape, brought to one type.

    Raises
    ------
    PanelError
        If their shapes differ.

    Examples
    --------
    >>> [a.dtype.name for a in as_panels(np.ones((2, 3), np.float32), np.ones((2, 3)))]
    ['float64', 'float64']
    """
    panels = [as_panel(a, f"argument {k + 1}") for k, a in enumerate(arrays)]
    if len({p.shape for p in panels}) != 1:
        raise PanelError(
            "Panels that are computed together have one shape.", got=", ".join(str(p.shape) for p in panels)
        )
    dtype = np.result_type(*panels)
    return tuple(p.astype(dtype, copy=False) for p in panels)


def whole_number(value: Any, name: str, least: int = 1) -> int:
    """A window, a lag: a whole number.

    Raises
    ------
    PanelError
        If it is anything else, or below ``least``.

    Examples
    --------
    >>> whole_number(np.int32(5), "window")
    5
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise PanelError("A number of rows is a whole number.", expected=f"{name} >= {least}", got=f"{name}={value!r}")
    return int(value)


def least_of(min_periods: int | None, window: int, need: int) -> int:
    """How many values must be there.

    Examples
    --------
    >>> least_of(None, 5, 1), least_of(None, 2, 2), least_of(1, 20, 2)
    (3, 2, 2)
    """
    return max((window + 1) // 2 if min_periods is None else whole_number(min_periods, "min_periods"), need)


def result_for(x: Floats, out: Floats | None, start: int) -> Floats:
    """The array to write to: ``out`` if it fits, else a new one whose rows before ``start`` are missing."""
    if out is None:
        fresh = np.empty_like(x)
        fresh[:start] = np.nan
        return fresh
    if out.shape != x.shape or out.dtype != x.dtype or not out.flags.c_contiguous or not out.flags.writeable:
        raise PanelError(
            "The array for the result does not fit.",
            expected=f"shape {x.shape}, type {x.dtype}, contiguous rows, writeable",
            got=f"shape {out.shape}, type {out.dtype}",
        )
    if np.may_share_memory(out, x):
        raise PanelError("A series kernel cannot write over what it reads.", fix="Give it another array as out=.")
    return out


def run(
    kernel: Callable[..., None],
    inputs: tuple[Any, ...],
    window: Any,
    *options: Any,
    need: int = 1,
    state: int = 1,
    rows: int = 0,
    min_periods: int | None = None,
    start: int = 0,
    out: Floats | None = None,
    n_threads: int | None = None,
) -> Floats:
    """Call a series kernel on every block of rows.

    Parameters
    ----------
    kernel : callable
        ``kernel(*flat inputs, flat out, n_rows, n_cols, window, block, least, start, wide, first, past, *options)``:
        fills rows of the blocks ``first`` to ``past - 1``, ``block`` rows each, in strips of ``wide`` columns.
    inputs : tuple of (T, N) arrays
        Of one shape.
    window : int
        Rows.
    need : int
        The fewest values that the statistic makes sense of.
    state : int
        float64 numbers that the kernel keeps for each row of a block and column.
    rows : int
        Rows of a block, for kernels that need no blocks of ``window`` rows; 0: ``window``.
    min_periods, start, out, n_threads
        As for the kernels.

    Returns
    -------
    (T, N) array
    """
    window = whole_number(window, "window")
    start = whole_number(start, "start", 0)
    panels = as_panels(*inputs)
    least = least_of(min_periods, window, need)
    result = result_for(panels[0], out, start)
    n_rows, n_cols = panels[0].shape
    if n_rows == 0 or n_cols == 0 or start >= n_rows:
        return result
    target = result
    if n_cols < LANES:
        wider = []
        for panel in panels:
            padded = np.full((n_rows, LANES), np.nan, panel.dtype)
            padded[:, :n_cols] = panel
            wider.append(padded)
        panels, target = tuple(wider), np.empty((n_rows, LANES), result.dtype)
    block = min(rows or window, n_rows)
    window = min(window, n_rows) if rows else window
    wide = max(LANES, min(CACHE // (8 * state * (block + 1)), target.shape[1]) // LANES * LANES)
    first_block, n_blocks = start // block, -(-n_rows // block)
    threads = n_threads_or_default(n_threads)
    bounds = first_block + cut(np.ones(n_blocks - first_block, np.int64), threads)
    flat = [p.reshape(-1) for p in panels]

    def task(first: int, past: int) -> None:
        kernel(
            *flat, target.reshape(-1), n_rows, target.shape[1], window, block, least, start, wide, first, past, *options
        )  # fmt: skip

    share_out(task, bounds, threads)
    if target is not result:
        result[start:] = target[start:, :n_cols]
    return result
