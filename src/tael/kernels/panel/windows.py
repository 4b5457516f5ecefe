"""Statistics of the last ``window`` rows of each entity.

``x`` is a panel (T, N): rows are times, oldest first, columns entities. Results have its shape and type; sums are kept
in float64. All take the options of :class:`Window`; what counts as missing is told in ``_series.py``.
"""

from __future__ import annotations

from typing import Any, Unpack

from tael.kernels.panel import _extremes, _moments, _sums
from tael.kernels.panel._series import Floats, Window, run


def ts_sum(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Sum of the values that are there.

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
    >>> ts_sum(np.array([[1.0], [2.0], [np.nan], [4.0]]), 2).ravel()
    array([ 1.,  3., nan,  4.])
    """
    return run(_sums.total, (x,), window, state=2, **how)


def ts_mean(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Mean of the values that are there; of a constant, exactly that constant.

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
    >>> ts_mean(np.array([[1.0], [2.0], [6.0]]), 2).ravel()
    array([1. , 1.5, 4. ])
    """
    return run(_sums.mean, (x,), window, state=2, **how)


def ts_var(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Sample variance (n - 1); at least two values.

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
        In the unit of ``x``, squared; exactly 0 for constants.

    Examples
    --------
    >>> import numpy as np
    >>> ts_var(np.array([[1.0], [2.0], [6.0]]), 2).ravel()
    array([nan, 0.5, 8. ])
    """
    return run(_sums.spread_of, (x,), window, _sums.VAR, need=2, state=3, **how)


def ts_std(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Sample standard deviation (n - 1); at least two values.

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
    >>> ts_std(np.array([[1.0], [3.0], [3.0]]), 2).ravel().round(3)
    array([  nan, 1.414, 0.   ])
    """
    return run(_sums.spread_of, (x,), window, _sums.STD, need=2, state=3, **how)


def ts_zscore(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """How many standard deviations (n - 1) the newest value is above the window's mean; missing where nothing varies.

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
        No unit.

    Examples
    --------
    >>> import numpy as np
    >>> ts_zscore(np.array([[1.0], [2.0], [3.0]]), 3).ravel().round(3)
    array([  nan, 0.707, 1.   ])
    """
    return run(_sums.spread_of, (x,), window, _sums.ZSCORE, need=2, state=3, **how)


def ts_skew(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Adjusted Fisher-Pearson skewness (as pandas); at least three values, missing where nothing varies.

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
        No unit.

    Examples
    --------
    >>> import numpy as np
    >>> ts_skew(np.array([[1.0], [2.0], [6.0]]), 3).ravel().round(3)
    array([  nan,   nan, 1.458])
    """
    return run(_moments.shape_of, (x,), window, _moments.SKEW, need=3, state=5, **how)


def ts_kurt(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Unbiased excess kurtosis (as pandas; 0 for a normal distribution); at least four values that vary.

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
        No unit.

    Examples
    --------
    >>> import numpy as np
    >>> ts_kurt(np.array([[1.0], [2.0], [3.0], [6.0]]), 4).ravel().round(3)
    array([nan, nan, nan, 1.5])
    """
    return run(_moments.shape_of, (x,), window, _moments.KURT, need=4, state=5, **how)


def ts_max(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Largest value.

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
    >>> ts_max(np.array([[3.0], [1.0], [2.0]]), 2).ravel()
    array([3., 3., 2.])
    """
    return run(_extremes.extreme, (x,), window, 1.0, state=2, **how)


def ts_min(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Smallest value.

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
    >>> ts_min(np.array([[3.0], [1.0], [2.0]]), 2).ravel()
    array([3., 1., 1.])
    """
    return run(_extremes.extreme, (x,), window, -1.0, state=2, **how)


def ts_argmax(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Where in the window its largest value stands: 1 is the oldest row, ``window`` the newest.

    Of equal values the earliest counts. Where the panel is shorter than the window, the panel's first row is 1: this
    is Qlib's ``IdxMax``, and ``Ts_ArgMax`` of "101 Formulaic Alphas" (Kakushadze 2016) as it is commonly written. Bars
    since the extreme are ``window - ts_argmax(x, window)`` once the panel is as long as the window.

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
        Rows, from 1 to ``window``; rows without a value count too.

    Examples
    --------
    >>> import numpy as np
    >>> ts_argmax(np.array([[3.0], [1.0], [2.0], [2.0]]), 3).ravel()
    array([nan,  1.,  1.,  2.])
    """
    return run(_extremes.place, (x,), window, 1.0, state=3, **how)


def ts_argmin(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Where in the window its smallest value stands: 1 is the oldest row. See :func:`ts_argmax`.

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
        Rows, from 1 to ``window``.

    Examples
    --------
    >>> import numpy as np
    >>> ts_argmin(np.array([[3.0], [1.0], [2.0], [2.0]]), 3).ravel()
    array([nan,  2.,  2.,  1.])
    """
    return run(_extremes.place, (x,), window, -1.0, state=3, **how)


def product(x: Any, window: int, **how: Unpack[Window]) -> Floats:
    """Product of the values that are there.

    Parameters
    ----------
    x : (T, N) array
        As growth factors.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array

    Examples
    --------
    >>> import numpy as np
    >>> product(np.array([[2.0], [0.0], [3.0], [4.0]]), 2).ravel()
    array([ 2.,  0.,  0., 12.])
    """
    return run(_sums.product, (x,), window, state=2, **how)


def count_if(flag: Any, window: int, **how: Unpack[Window]) -> Floats:
    """How many flags of the window are true.

    Parameters
    ----------
    flag : (T, N) array
        1 or True, 0 or False; NaN where it is not known.
    window : int
        Rows.
    **how
        See :class:`Window`.

    Returns
    -------
    (T, N) array
        Rows, from 0 to ``window``.

    Examples
    --------
    >>> import numpy as np
    >>> count_if(np.array([[True], [True], [False], [True]]), 3).ravel()
    array([nan,  2.,  2.,  2.])
    """
    return run(_sums.total, (flag,), window, state=2, **how)
