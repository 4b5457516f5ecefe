"""Cross-section kernels: each row by itself, over the cells that count.

``x`` is a panel (T, N). A cell counts if its value is there (NaN and infinities are missing) and ``members``, a mask
(T, N), is true for it; where ``members`` is None all entities are members. All other cells of the result are missing.
Kernels of groups also take ``codes``, (T, N) int32, -1 for an entity that belongs to none, which does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from tael.errors import PanelError
from tael.kernels.panel import _rows, _sorted
from tael.kernels.panel._series import Floats, as_panel, result_for
from tael.kernels.panel._within import NO_CODES, Rows, by_rows, codes_of, flags_of, key_bits


def _ranked(x: Any, members: Any, codes: Any, start: int = 0, out: Any = None, n_threads: int | None = None) -> Floats:
    x = as_panel(x)
    mask, (groups, n_groups) = flags_of(members, x.shape), codes_of(codes, x.shape)
    result = result_for(x, out, start)
    n = x.shape[1]

    def task(first: int, past: int) -> None:
        _sorted.ranks(x.reshape(-1), mask, groups, result.reshape(-1), n, n_groups, key_bits(n), first, past)

    by_rows(task, len(x) if n else 0, start, n_threads)
    return result


def _standardised(stat: int, x: Any, members: Any, start: int = 0, out: Any = None, n_threads: Any = None) -> Floats:
    x = as_panel(x)
    mask = flags_of(members, x.shape)
    result = result_for(x, out, start)

    def task(first: int, past: int) -> None:
        _rows.standardised(x.reshape(-1), mask, result.reshape(-1), x.shape[1], stat, first, past)

    by_rows(task, len(x) if x.shape[1] else 0, start, n_threads)
    return result


def _by_group(
    stat: int, x: Any, codes: Any, members: Any, start: int = 0, out: Any = None, n_threads: Any = None
) -> Floats:
    x = as_panel(x)
    mask, (groups, n_groups) = flags_of(members, x.shape), codes_of(codes, x.shape)
    result = result_for(x, out, start)

    def task(first: int, past: int) -> None:
        _rows.by_group(x.reshape(-1), mask, groups, result.reshape(-1), x.shape[1], n_groups, stat, first, past)

    by_rows(task, len(x) if x.shape[1] else 0, start, n_threads)
    return result


def rank(x: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Rank of each cell in its row, ties in the middle, over how many count.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        Above 0, up to 1 (pandas' ``rank(axis=1, pct=True)``).

    Examples
    --------
    >>> rank(np.array([[10.0, 30.0, np.nan, 10.0, 20.0]]))
    array([[0.375, 1.   ,   nan, 0.375, 0.75 ]])
    """
    return _ranked(x, members, None, **how)


def group_rank(x: Any, codes: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Rank of each cell among those of its group in its row, over how many those are.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    codes : (T, N) int32
        Groups.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        Above 0, up to 1.

    Examples
    --------
    >>> group_rank(np.array([[10.0, 30.0, 5.0, 20.0]]), np.array([[0, 1, 0, 1]], np.int32))
    array([[1. , 1. , 0.5, 0.5]])
    """
    return _ranked(x, members, codes, **how)


def demean(x: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell less its row's mean.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> demean(np.array([[1.0, 2.0, 6.0]]))
    array([[-2., -1.,  3.]])
    """
    return _standardised(_rows.DEMEAN, x, members, **how)


def zscore(x: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell less its row's mean, over the row's standard deviation (n, not n - 1); missing where nothing varies.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        No unit.

    Examples
    --------
    >>> zscore(np.array([[1.0, 3.0, np.nan]]))
    array([[-1.,  1., nan]])
    """
    return _standardised(_rows.ZSCORE, x, members, **how)


def scale(x: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell over the sum of the sizes of its row's cells (Alpha101's ``scale``); missing where all are 0.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        Shares: the sizes of a row add up to 1.

    Examples
    --------
    >>> scale(np.array([[1.0, -3.0]]))
    array([[ 0.25, -0.75]])
    """
    return _standardised(_rows.SCALE, x, members, **how)


def winsorize(x: Any, p: float, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell, none below its row's p-quantile or above its (1 - p)-quantile, linear between neighbours.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    p : float
        From 0 to 0.5.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Raises
    ------
    PanelError
        If ``p`` is not a share up to one half.

    Examples
    --------
    >>> winsorize(np.array([[1.0, 2.0, 3.0, 100.0, -50.0]]), 0.25)
    array([[1., 2., 3., 3., 1.]])
    """
    if not 0.0 <= p <= 0.5:
        raise PanelError("What is cut off on each side is at most one half.", expected="0 <= p <= 0.5", got=f"p={p!r}")
    x = as_panel(x)
    mask, start = flags_of(members, x.shape), how.get("start", 0)
    result = result_for(x, how.get("out"), start)
    n = x.shape[1]

    def task(first: int, past: int) -> None:
        _sorted.clipped(x.reshape(-1), mask, result.reshape(-1), n, float(p), key_bits(n), first, past)

    by_rows(task, len(x) if n else 0, start, how.get("n_threads"))
    return result


def group_mean(x: Any, codes: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Mean of each cell's group in its row, where the cell itself counts.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    codes : (T, N) int32
        Groups.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> group_mean(np.array([[1.0, 3.0, 5.0]]), np.array([[0, 0, 1]], np.int32))
    array([[2., 2., 5.]])
    """
    return _by_group(_rows.MEAN, x, codes, members, **how)


def group_demean(x: Any, codes: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell less the mean of its group in its row.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    codes : (T, N) int32
        Groups.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> group_demean(np.array([[1.0, 3.0, 5.0]]), np.array([[0, 0, 1]], np.int32))
    array([[-1.,  1.,  0.]])
    """
    return _by_group(_rows.DEMEAN, x, codes, members, **how)


def group_zscore(x: Any, codes: Any, members: Any = None, **how: Unpack[Rows]) -> Floats:
    """Each cell less its group's mean, over the group's standard deviation (n); missing where the group is constant.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    codes : (T, N) int32
        Groups.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        No unit.

    Examples
    --------
    >>> group_zscore(np.array([[1.0, 3.0, 5.0]]), np.array([[0, 0, 1]], np.int32))
    array([[-1.,  1., nan]])
    """
    return _by_group(_rows.ZSCORE, x, codes, members, **how)


def neutralize(
    x: Any, codes: Any = None, exposures: Sequence[Any] = (), members: Any = None, **how: Unpack[Rows]
) -> Floats:
    """What is left of each row after a least-squares fit on its groups and exposures.

    Without groups the fit has a constant. A cell counts if all its exposures are there; an exposure that the others
    and the groups already tell adds nothing.

    Parameters
    ----------
    x : (T, N) array
        In any unit.
    codes : (T, N) int32 or None
        Groups, each with a constant of its own.
    exposures : sequence of (T, N) arrays
        As size, beta.
    members : (T, N) bool or None
        Who counts.
    **how
        See :class:`Rows`.

    Returns
    -------
    (T, N) array
        In the unit of ``x``.

    Examples
    --------
    >>> size = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> neutralize(2 * size + np.array([[1.0, -1.0, -1.0, 1.0]]), exposures=[size]).round(9)
    array([[ 1., -1., -1.,  1.]])
    """
    x = as_panel(x)
    others = [as_panel(e, f"exposure {k + 1}") for k, e in enumerate(exposures)]
    for k, other in enumerate(others):
        if other.shape != x.shape:
            raise PanelError(
                "An exposure does not fit its panel.",
                expected=f"shape {x.shape}",
                got=f"shape {other.shape}",
                where=f"exposure {k + 1}",
            )
    if not others:
        return demean(x, members, **how) if codes is None else group_demean(x, codes, members, **how)
    mask, (groups, n_groups) = flags_of(members, x.shape), codes_of(codes, x.shape)
    start = how.get("start", 0)
    result = result_for(x, how.get("out"), start)
    flat = np.concatenate([e.reshape(-1) for e in others]).astype(np.float64, copy=False)

    def task(first: int, past: int) -> None:
        _rows.residuals(
            x.reshape(-1), flat, mask, groups if groups.size else NO_CODES, result.reshape(-1), x.shape[1], n_groups,
            x.size, first, past,
        )  # fmt: skip

    by_rows(task, len(x) if x.shape[1] else 0, start, how.get("n_threads"))
    return result
