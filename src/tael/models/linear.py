"""Additive members: a straight line for each column, or a step function for each column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats, minimise_logistic, sign_bounds


@dataclass(frozen=True)
class LinearScorer:
    """Logistic regression on columns that are clipped, imputed by their mean, flagged where missing, and standardised.

    All arrays have shape (p,), one value a column, in the column's own units.

    Parameters
    ----------
    low, high : ndarray
        Values beyond are read as these (infinite: no clipping).
    mean : ndarray
        The reference, and what a missing value is read as.
    slope : ndarray
        Log-odds for one unit.
    flag : ndarray
        Log-odds of a missing value, beside reading it as the mean.
    flag_mean : ndarray
        Share of missing values in training.
    base : float
        Log-odds at the reference.
    """

    low: Floats
    high: Floats
    mean: Floats
    slope: Floats
    flag: Floats
    flag_mean: Floats
    base: float

    def _column(self, x: Floats, j: int) -> Floats:
        missing = np.isnan(x)
        distance = np.where(missing, 0.0, np.clip(x, self.low[j], self.high[j]) - self.mean[j])
        return self.slope[j] * distance + self.flag[j] * (missing - self.flag_mean[j])

    def score(self, X: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        out = np.full(X.shape[0], self.base)
        for j in range(X.shape[1]):
            if self.slope[j] != 0.0 or self.flag[j] != 0.0:
                out += self._column(X[:, j], j)
        return out

    def contributions(self, X: Floats) -> Floats:
        """``slope * (x - mean)`` by column, the base last, shape (n, p + 1)."""
        out = np.empty((X.shape[0], X.shape[1] + 1))
        for j in range(X.shape[1]):
            out[:, j] = self._column(X[:, j], j)
        out[:, -1] = self.base
        return out


def fit_linear(
    X: Floats, y: Floats, weight: Floats, sign: NDArray[np.int64], *, l2: float = 1.0, clip: float = 0.0
) -> LinearScorer:
    """Fit a `LinearScorer`.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        NaN is missing.
    y, weight : ndarray of shape (n,)
    sign : ndarray of shape (p,)
        Wanted directions; a bound on the slope keeps them. The flag of a missing value stays free.
    l2 : float
        Ridge on the standardised coefficients, in rows.
    clip : float
        Share of values clipped at each end (quantiles of the training rows), so that one extreme amount cannot turn
        the line.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [np.nan]])
    >>> m = fit_linear(X, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4), np.array([0]))
    >>> bool(np.allclose(m.contributions(X).sum(axis=1), m.score(X)))
    True
    """
    n, p = X.shape
    missing = np.isnan(X)
    low, high, mean, flag_mean = np.full(p, -np.inf), np.full(p, np.inf), np.zeros(p), np.zeros(p)
    columns: list[Floats] = []
    scale: list[float] = []
    where: list[tuple[int, bool]] = []  # (column, is it the flag)
    for j in range(p):
        here = ~missing[:, j]
        if here.any() and weight[here].sum() > 0:
            if clip > 0:
                low[j], high[j] = np.quantile(X[here, j], [clip, 1.0 - clip])
                if low[j] == high[j]:  # a rare flag: nearly all values are one value, and the rest is the signal
                    low[j], high[j] = -np.inf, np.inf
            z = np.clip(X[:, j], low[j], high[j])
            mean[j] = np.average(z[here], weights=weight[here])
            z = np.where(here, z - mean[j], 0.0)
            spread = float(np.sqrt(np.average(z * z, weights=weight)))
            # Rounding alone gives a constant column a tiny spread; dividing by it would make noise a feature.
            if spread > 1e-12 * max(1.0, abs(mean[j])):
                columns.append(z / spread)
                scale.append(spread)
                where.append((j, False))
        share = float(np.average(missing[:, j], weights=weight))
        if 0.0 < share < 1.0:
            flag_mean[j] = share
            spread = float(np.sqrt(share * (1.0 - share)))
            columns.append((missing[:, j] - share) / spread)
            scale.append(spread)
            where.append((j, True))
    slope, flag = np.zeros(p), np.zeros(p)
    Z = np.column_stack(columns) if columns else np.zeros((n, 0))
    wanted = np.array([0 if is_flag else sign[j] for j, is_flag in where], dtype=np.int64)
    lower, upper = sign_bounds(wanted)
    theta, base = minimise_logistic(lambda t: Z @ t, lambda r: r @ Z, Z.shape[1], y, weight, l2, lower, upper)
    for (j, is_flag), t, s in zip(where, theta, scale, strict=True):
        (flag if is_flag else slope)[j] = t / s
    return LinearScorer(low, high, mean, slope, flag, flag_mean, base)


@dataclass(frozen=True)
class BinnedScorer:
    """A step function for each column: its value depends on the bin, missing is a bin of its own.

    Parameters
    ----------
    edges : tuple of p ndarrays
        Bin k holds ``edges[k - 1] < x <= edges[k]``.
    values : tuple of p ndarrays
        Log-odds of each bin, one more than edges, centred on the training rows.
    missing : ndarray of shape (p,)
        Log-odds of a missing value; 0, the average, where training had none.
    base : float
        Log-odds of the average.
    """

    edges: tuple[Floats, ...]
    values: tuple[Floats, ...]
    missing: Floats
    base: float

    def _column(self, x: Floats, j: int) -> Floats:
        return np.where(
            np.isnan(x), self.missing[j], self.values[j][np.searchsorted(self.edges[j], x).clip(0, len(self.edges[j]))]
        )

    def score(self, X: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        out = np.full(X.shape[0], self.base)
        for j in range(X.shape[1]):
            out += self._column(X[:, j], j)
        return out

    def contributions(self, X: Floats) -> Floats:
        """The value of each column's bin, the base last, shape (n, p + 1)."""
        out = np.empty((X.shape[0], X.shape[1] + 1))
        for j in range(X.shape[1]):
            out[:, j] = self._column(X[:, j], j)
        out[:, -1] = self.base
        return out


def quantile_edges(x: Floats, bins: int) -> Floats:
    """Edges of at most `bins` bins of about equal size, each distinct value in a bin of its own where there are few.

    >>> import numpy as np
    >>> quantile_edges(np.array([1.0, 1.0, 2.0, 3.0]), 8)
    array([1., 2.])
    """
    distinct = np.unique(x)
    if len(distinct) <= bins:
        return distinct[:-1]
    edges = np.unique(np.quantile(x, np.arange(1, bins) / bins, method="inverted_cdf"))
    return edges[edges < distinct[-1]]


def fit_binned(
    X: Floats, y: Floats, weight: Floats, sign: NDArray[np.int64], *, bins: int = 16, l2: float = 10.0
) -> BinnedScorer:
    """Fit a `BinnedScorer`: quantile bins, and a ridge on the *steps* between neighbours.

    A ridge on the steps draws neighbouring bins together (a smooth curve, as an analyst would merge bins by hand),
    and a wanted direction is a bound on the steps. Bin edges use the rows as they are, without weights.

    Parameters
    ----------
    X, y, weight, sign
        As in `fit_linear`.
    bins : int
        At most as many a column, missing not counted.
    l2 : float
        Ridge on the steps, in rows.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [np.nan]])
    >>> m = fit_binned(X, np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4), np.array([1]))
    >>> bool(np.all(np.diff(m.values[0]) >= 0))
    True
    """
    from scipy import sparse

    n, p = X.shape
    edges: list[Floats] = []
    codes = np.empty((n, p), dtype=np.int64)
    offset = 0
    sizes: list[int] = []
    has_missing: list[int] = []  # 0 or 1
    for j in range(p):
        x = X[:, j]
        here = ~np.isnan(x)
        cut = quantile_edges(x[here], bins) if here.any() else np.empty(0)
        edges.append(cut)
        sizes.append(len(cut) + 1)
        has_missing.append(int(here.any() and not here.all()))
        # Missing is the slot after the last bin; a column that is missing throughout has one bin, and says nothing.
        code = np.where(here, np.searchsorted(cut, x).clip(0, len(cut)), sizes[j] if has_missing[j] else 0)
        codes[:, j] = code + offset
        offset += sizes[j] + has_missing[j]
    one_hot = sparse.csr_array(
        (np.ones(n * p), codes.ravel(), np.arange(0, n * p + 1, p)),
        shape=(n, offset),
    )
    blocks: list[Floats] = []
    directions: list[NDArray[np.int64]] = []
    for j in range(p):
        steps = sizes[j] - 1
        block = np.zeros((sizes[j] + has_missing[j], steps + has_missing[j]))
        block[1 : sizes[j], :steps] = np.tril(np.ones((steps, steps)))
        if has_missing[j]:
            block[-1, -1] = 1.0
            block[-1, :steps] = np.arange(steps, 0, -1) / (steps + 1)  # start from the middle of the curve
        blocks.append(block)
        directions.append(np.append(np.full(steps, sign[j]), np.zeros(has_missing[j])).astype(np.int64))
    spread = sparse.csr_array(sparse.block_diag(blocks)) if offset else sparse.csr_array((0, 0))
    one_hot_t, spread_t = one_hot.T.tocsr(), spread.T.tocsr()
    lower, upper = sign_bounds(np.concatenate(directions))
    theta, base = minimise_logistic(
        lambda t: one_hot @ (spread @ t),
        lambda r: spread_t @ (one_hot_t @ r),
        spread.shape[1],
        y,
        weight,
        l2,
        lower,
        upper,
        tolerance=1e-8,  # steps below a thousandth of the noise of any held-out loss
    )
    level = spread @ theta
    share = one_hot_t @ weight / weight.sum()
    values: list[Floats] = []
    missing_value = np.zeros(p)
    start = 0
    for j in range(p):
        stop = start + sizes[j] + has_missing[j]
        centre = float(level[start:stop] @ share[start:stop])
        base += centre
        values.append(level[start : start + sizes[j]] - centre)
        if has_missing[j]:
            missing_value[j] = level[stop - 1] - centre
        start = stop
    return BinnedScorer(tuple(edges), tuple(values), missing_value, base)
