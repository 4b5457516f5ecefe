"""Ranks and quantiles within the window, deviations from its mean. See ``windows.py`` for what all kernels share."""

from __future__ import annotations

from typing import Any, Unpack

from tael.errors import PanelError
from tael.kernels.panel import _order
from tael.kernels.panel._series import Floats, Window, run

ROWS = 1024
"""Rows of a chunk: enough that what is read before the chunk's first row does not matter."""


def ts_rank(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Rank of the newest value among the window's, ties in the middle, over how many there are.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        Above 0, up to 1 (pandas' ``rank(pct=True)``).

    Examples
    --------
    >>> import numpy as np
    >>> ts_rank(np.array([[1.0], [3.0], [2.0], [2.0]]), 4).ravel()
    array([       nan, 1.        , 0.66666667, 0.625     ])
    """
    return run(_order.rank_newest, (x,), window, rows=ROWS, **how)


def ts_quantile(x: Any, window: int, q: float, **how: Unpack[Window]) -> Floats:
    """Quantile of the window's values, linear between neighbours.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    window : int
        Rows.
    q : float
        From 0 to 1.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Raises
    ------
    PanelError
        If ``q`` is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> ts_quantile(np.array([[1.0], [3.0], [2.0], [9.0]]), 3, 0.8).ravel()
    array([nan, 2.6, 2.6, 6.6])
    """
    if not 0.0 <= q <= 1.0:
        raise PanelError("A quantile is a share.", expected="0 <= q <= 1", got=f"q={q!r}")
    return run(_order.quantile, (x,), window, float(q), rows=ROWS, **how)


def ts_median(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Median of the window's values.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> ts_median(np.array([[1.0], [3.0], [2.0], [9.0]]), 3).ravel()
    array([nan,  2.,  2.,  3.])
    """
    return run(_order.quantile, (x,), window, 0.5, rows=ROWS, **how)


def ts_mad(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Mean absolute deviation of the window's values from their mean (Qlib's ``Mad``).

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``; exactly 0 for constants.

    Examples
    --------
    >>> import numpy as np
    >>> ts_mad(np.array([[1.0], [3.0], [np.nan], [9.0]]), 4, min_periods=2).ravel()
    array([       nan, 1.        ,        nan, 3.11111111])
    """
    return run(_order.mean_deviation, (x,), window, rows=ROWS, **how)
