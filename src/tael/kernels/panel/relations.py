"""Two panels together, and a panel against the passing of rows. See ``windows.py`` for what all kernels share."""

from __future__ import annotations

from typing import Any, Unpack

from tael.kernels.panel import _pairs, _trends
from tael.kernels.panel._series import Floats, Window, run


def ts_corr(x: Any, y: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Pearson correlation over the rows where both are there; missing where either is constant.

    Parameters
    ----------
    x, y : (T, N) arrays
        In any units.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        From -1 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> ts_corr(np.array([[1.0], [2.0], [4.0]]), np.array([[3.0], [2.0], [0.0]]), 3).ravel()
    array([nan, -1., -1.])
    """
    return run(_pairs.together, (x, y), window, _pairs.CORR, need=2, state=6, **how)


def ts_cov(x: Any, y: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Sample covariance (n - 1) over the rows where both are there.

    Parameters
    ----------
    x, y : (T, N) arrays
        In any units.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        In the product of the units.

    Examples
    --------
    >>> import numpy as np
    >>> ts_cov(np.array([[1.0], [2.0], [4.0]]), np.array([[3.0], [2.0], [0.0]]), 2).ravel()
    array([ nan, -0.5, -2. ])
    """
    return run(_pairs.together, (x, y), window, _pairs.COV, need=2, state=6, **how)


def ts_slope(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Slope of the least-squares line on the places 0 to window - 1 of the rows that are there (Qlib's ``Slope``).

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
        Units of ``x`` a row.

    Examples
    --------
    >>> import numpy as np
    >>> ts_slope(np.array([[1.0], [3.0], [np.nan], [7.0]]), 4).ravel()
    array([nan,  2., nan,  2.])
    """
    return run(_trends.line, (x,), window, _trends.SLOPE, need=2, state=6, **how)


def ts_rsquare(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """R squared of the line of :func:`ts_slope`; missing where ``x`` is constant.

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
        From 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> ts_rsquare(np.array([[1.0], [3.0], [2.0]]), 3).ravel()
    array([ nan, 1.  , 0.25])
    """
    return run(_trends.line, (x,), window, _trends.RSQUARE, need=2, state=6, **how)


def ts_resid(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """How far the newest value is above the line of :func:`ts_slope`.

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
    >>> ts_resid(np.array([[1.0], [3.0], [2.0]]), 3).ravel()
    array([ nan,  0. , -0.5])
    """
    return run(_trends.line, (x,), window, _trends.RESID, need=2, state=6, **how)


def decay_linear(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Mean with the weights window, window - 1, ..., 1 from the newest row backwards (Alpha101's ``decay_linear``).

    Weights of rows without a value are left out of the total of the weights.

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
    >>> decay_linear(np.array([[1.0], [4.0], [4.0]]), 2).ravel()
    array([1., 3., 4.])
    """
    return run(_trends.decay, (x,), window, state=4, **how)
