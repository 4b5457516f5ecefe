"""What a row of forecasts says about a row of outcomes: one number for each row.

A cell counts if both values are there and ``members`` (T, N), if given, is true for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels.panel import _rows, _sorted
from tael.kernels.panel._series import as_panels, whole_number
from tael.kernels.panel._within import by_rows, flags_of, key_bits
from tael.kernels.panel.cross import rank

LEAST = 3
"""Cells that must count: two always correlate fully."""

Numbers = NDArray[np.float64]


def _numbers(task: Callable[[Numbers, int, int], None], n_rows: int, n_threads: int | None) -> Numbers:
    out = np.full(n_rows, np.nan)
    by_rows(lambda first, past: task(out, first, past), n_rows, 0, n_threads)
    return out


def ic(x: Any, y: Any, members: Any = None, *, n_threads: int | None = None) -> Numbers:
    """Information coefficient: the Pearson correlation of each row of x with that of y.

    Parameters
    ----------
    x, y : (T, N) arrays
        Forecasts, and what came of them.
    members : (T, N) bool or None
        Who counts.
    n_threads : int or None
        Threads.

    Returns
    -------
    (T,) float64
        From -1 to 1; missing with fewer than three cells, or where either is constant.

    Examples
    --------
    >>> ic(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 6.0]])).round(9)
    array([1.])
    """
    x, y = as_panels(x, y)
    mask, n = flags_of(members, x.shape), x.shape[1]
    flat = x.reshape(-1), y.reshape(-1)
    return _numbers(lambda out, a, b: _rows.correlations(*flat, mask, n, LEAST, 0, False, a, b, out), len(x), n_threads)


def rank_ic(x: Any, y: Any, members: Any = None, *, ranked: bool = False, n_threads: int | None = None) -> Numbers:
    """Rank information coefficient: the Spearman correlation of each row of x with that of y.

    Parameters
    ----------
    x, y : (T, N) arrays
        Forecasts, and what came of them.
    members : (T, N) bool or None
        Who counts.
    ranked : bool
        ``y`` is :func:`rank` of the outcomes already and is taken as it is: that saves more than half of the time
        where many forecasts are held against one outcome. It is the Spearman correlation itself where every member
        with an outcome has a forecast, and differs in the third decimal where a few have none.
    n_threads : int or None
        Threads.

    Returns
    -------
    (T,) float64
        From -1 to 1; missing with fewer than three cells, or where either is constant.

    Examples
    --------
    >>> rank_ic(np.array([[1.0, 2.0, 30.0]]), np.array([[2.0, 4.0, 5.0]])).round(9)
    array([1.])
    """
    x, y = as_panels(x, y)
    mask, n = flags_of(members, x.shape), x.shape[1]
    if not ranked and x.size:
        joint = np.isfinite(x) & np.isfinite(y)
        y = rank(y, joint & members if members is not None else joint, n_threads=n_threads)
    flat = x.reshape(-1), y.reshape(-1)
    return _numbers(lambda out, a, b: _sorted.against(*flat, mask, n, key_bits(n), LEAST, a, b, out), len(x), n_threads)


def rank_autocorrelation(x: Any, rows: int = 1, members: Any = None, *, n_threads: int | None = None) -> Numbers:
    """Correlation of each row's ranks with those of ``rows`` rows earlier: near 1 where little need be traded.

    Parameters
    ----------
    x : (T, N) array
        Forecasts.
    rows : int
        How much earlier, from 1.
    members : (T, N) bool or None
        Who counts; each row is ranked among its own members.
    n_threads : int or None
        Threads.

    Returns
    -------
    (T,) float64
        From -1 to 1; the first ``rows`` are missing.

    Examples
    --------
    >>> rank_autocorrelation(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).round(9)
    array([nan, -1.])
    """
    return _with_earlier(x, rows, members, False, n_threads)


def rank_turnover(x: Any, rows: int = 1, members: Any = None, *, n_threads: int | None = None) -> Numbers:
    """Mean distance that an entity's rank has moved since ``rows`` rows earlier.

    Parameters
    ----------
    x : (T, N) array
        Forecasts.
    rows : int
        How much earlier, from 1.
    members : (T, N) bool or None
        Who counts; each row is ranked among its own members.
    n_threads : int or None
        Threads.

    Returns
    -------
    (T,) float64
        Shares of the row, from 0 to 0.5 (1/3 for a random order); the first ``rows`` are missing.

    Examples
    --------
    >>> rank_turnover(np.array([[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]]))
    array([nan, 0.5])
    """
    return _with_earlier(x, rows, members, True, n_threads)


def _with_earlier(x: Any, rows: int, members: Any, moves: bool, n_threads: int | None) -> Numbers:
    ranks = rank(x, members, n_threads=n_threads)
    rows, n = whole_number(rows, "rows"), ranks.shape[1]
    mask = flags_of(None, ranks.shape)
    flat = ranks.reshape(-1)
    return _numbers(
        lambda out, a, b: _rows.correlations(flat, flat, mask, n, LEAST, rows, moves, a, b, out), len(ranks), n_threads
    )


def quantile_returns(
    x: Any, y: Any, n_quantiles: int = 5, members: Any = None, *, n_threads: int | None = None
) -> Numbers:
    """Mean outcome of the cells in each quantile of the forecasts, row by row.

    Parameters
    ----------
    x, y : (T, N) arrays
        Forecasts, and what came of them.
    n_quantiles : int
        How many, from 1; the first holds the lowest forecasts. Equal forecasts share a quantile.
    members : (T, N) bool or None
        Who counts.
    n_threads : int or None
        Threads.

    Returns
    -------
    (T, n_quantiles) float64
        In the unit of ``y``; missing where a quantile is empty.

    Examples
    --------
    >>> quantile_returns(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[0.0, 1.0, 2.0, 5.0]]), 2)
    array([[0.5, 3.5]])
    """
    x, y = as_panels(x, y)
    k = whole_number(n_quantiles, "n_quantiles")
    mask, n = flags_of(members, x.shape), x.shape[1]
    flat = x.reshape(-1), y.reshape(-1)
    out = np.full(len(x) * k, np.nan)
    by_rows(
        lambda a, b: _sorted.means_by_quantile(*flat, mask, n, key_bits(n), k, a, b, out), len(x), 0, n_threads
    )  # fmt: skip
    return out.reshape(len(x), k)
