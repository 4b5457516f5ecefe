"""A row beside an earlier one, and what remembers all earlier rows. See ``windows.py`` for what all kernels share."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from tael.kernels._threads import cut, n_threads_or_default, share_out
from tael.kernels.panel import _history
from tael.kernels.panel._lanes import LANES
from tael.kernels.panel._series import Floats, Window, as_panel, least_of, result_for, whole_number
from tael.kernels.panel._within import Rows


def _widened(x: Floats) -> Floats:
    """The panel with columns of NaN up to a multiple of eight."""
    extra = -x.shape[1] % LANES
    return np.pad(x, ((0, 0), (0, extra)), constant_values=np.nan) if extra else x


def _lagged(x: Any, rows: int, minus: bool, start: int = 0, out: Any = None, n_threads: int | None = None) -> Floats:
    x = as_panel(x)
    start = whole_number(start, "start", 0)
    result = result_for(x, out, start)
    if x.size == 0 or start >= len(x):
        return result
    wide = x if x.shape[1] >= LANES else _widened(x)
    target = result if wide is x else np.empty_like(wide)
    threads = n_threads_or_default(n_threads)

    def task(first: int, past: int) -> None:
        _history.lag(wide.reshape(-1), target.reshape(-1), len(x), wide.shape[1], rows, first, past, minus)

    share_out(task, start + cut(np.ones(len(x) - start, np.int64), threads), threads)
    if target is not result:
        result[start:] = target[start:, : x.shape[1]]
    return result


def _remembered(kernel: Any, x: Any, *options: Any, start: int = 0, out: Any = None, n_threads: Any = None) -> Floats:
    """Kernels that walk from row 0 whatever ``start`` is; threads take columns."""
    x = as_panel(x)
    start = whole_number(start, "start", 0)
    result = result_for(x, out, start)
    if x.size == 0 or start >= len(x):
        return result
    wide = _widened(x)
    target = result if wide is x else np.empty_like(wide)
    threads = n_threads_or_default(n_threads)

    def task(first: int, past: int) -> None:
        columns = first * LANES, past * LANES
        kernel(wide.reshape(-1), target.reshape(-1), len(x), wide.shape[1], *options, start, *columns)

    share_out(task, cut(np.ones(wide.shape[1] // LANES, np.int64), threads), threads)
    if target is not result:
        result[start:] = target[start:, : x.shape[1]]
    return result


def delay(x: Any, rows: int, **how: Unpack[Rows]) -> Floats:
    """The value ``rows`` rows earlier.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    rows : int
        How many, from 0.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> delay(np.array([[1.0], [2.0], [4.0]]), 1).ravel()
    array([nan,  1.,  2.])
    """
    return _lagged(x, whole_number(rows, "rows", 0), False, **how)


def delta(x: Any, rows: int, **how: Unpack[Rows]) -> Floats:
    """What the value is above the one ``rows`` rows earlier.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    rows : int
        How many, from 0.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> delta(np.array([[1.0], [2.0], [4.0]]), 1).ravel()
    array([nan,  1.,  2.])
    """
    return _lagged(x, whole_number(rows, "rows", 0), True, **how)


def lead(x: Any, rows: int, **how: Unpack[Rows]) -> Floats:
    """The value ``rows`` rows later: for labels alone, never for a feature.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    rows : int
        How many, from 0.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> lead(np.array([[1.0], [2.0], [4.0]]), 1).ravel()
    array([ 2.,  4., nan])
    """
    return _lagged(x, -whole_number(rows, "rows", 0), False, **how)


def ewm(x: Any, span: int, **how: Unpack[Window]) -> Floats:
    """Exponentially weighted mean of all rows so far: each row weighs ``1 - 2 / (span + 1)`` of the next.

    The weights are divided by their total over the rows that are there, and age with every row, whether it has a value
    or not: pandas' ``ewm(span=span, adjust=True, ignore_na=False)``, as Qlib's ``EMA``. ``min_periods`` counts all
    values so far; ``start`` saves the writing, not the reading of earlier rows.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    span : int
        Rows, from 1.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> ewm(np.array([[1.0], [2.0], [np.nan], [4.0]]), 3, min_periods=1).ravel().round(3)
    array([1.   , 1.667,   nan, 3.364])
    """
    least = least_of(how.get("min_periods"), whole_number(span, "span"), 1)
    rest: Rows = {"start": how.get("start", 0), "out": how.get("out"), "n_threads": how.get("n_threads")}
    return _remembered(_history.decaying, x, 2.0 / (span + 1.0), least, **rest)


def streak(flag: Any, **how: Unpack[Rows]) -> Floats:
    """How many rows in a row, up to this one, the flag has been true.

    Parameters
    ----------
    flag : (T, N) array
        True or not 0, False or 0; NaN where it is not known, which ends a streak.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        Rows, from 0.

    Examples
    --------
    >>> streak(np.array([[1.0], [1.0], [0.0], [1.0], [np.nan], [1.0]])).ravel()
    array([ 1.,  2.,  0.,  1., nan,  1.])
    """
    return _remembered(_history.run_length, flag, **how)
