"""How much a column says about a residual: the between-bins sum of squares, against what chance alone would give."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tael.kernels._memory import JIT

MAX_BINS = 64


@njit(**JIT)
def bin_codes(column: NDArray[np.float32], edges: NDArray[np.float32], codes: NDArray[np.uint8]) -> None:
    """Bin of each value: how many edges lie below it; missing values have the bin after the last.

    Parameters
    ----------
    column : (n,) float32
    edges : (k,) float32, increasing, k < 64
    codes : (n,) uint8
        Receives the bins, 0 to k; k + 1 for missing.
    """
    k = edges.size
    for i in range(column.size):
        x = column[i]
        if x != x:
            codes[i] = k + 1
            continue
        low, high = 0, k
        while low < high:
            middle = (low + high) >> 1
            if edges[middle] < x:
                low = middle + 1
            else:
                high = middle
        codes[i] = low


@njit(**JIT)
def between(
    codes: NDArray[np.uint8], n_bins: int, residual: NDArray[np.float64], scale: NDArray[np.float64],
    half: NDArray[np.uint8], out: NDArray[np.float64], pad: float,
) -> None:  # fmt: skip
    """Sum over bins of (sum of residuals)² / (sum of their variances), for all rows and for each half.

    With residuals that are independent of the column this is about chi-squared with one degree of freedom a bin.

    Parameters
    ----------
    codes : (n,) uint8
    n_bins : int
    residual : (n,) float64
        y - p, or the residual of a regression.
    scale : (n,) float64
        The variance of each residual.
    half : (n,) uint8
        0 for the earlier, 1 for the later half of the rows.
    out : (9,) float64
        Receives the statistic and its occupied bins for all rows, the same for the agreement of the halves
        (the statistic with each bin's sign taken from the other half), the coverage (share not in the last bin), and
        the statistic and its occupied bins for each half alone.
    pad : float
        Added to each bin's variance. Where a class is rare, two rows of it in a bin of three would count as a miracle:
        the sum of so few is not normal. 1 is as if a bin held one row of the class more.
    """
    g = np.zeros((2, MAX_BINS + 2))
    h = np.zeros((2, MAX_BINS + 2))
    last = n_bins - 1
    present = 0
    for i in range(codes.size):
        c = codes[i]
        g[half[i], c] += residual[i]
        h[half[i], c] += scale[i]
        present += c != last
    total, bins, agree, both = 0.0, 0.0, 0.0, 0.0
    out[5:9] = 0.0
    for c in range(n_bins):
        for side in range(2):
            if h[side, c] > 0.0:
                out[5 + 2 * side] += g[side, c] * g[side, c] / (h[side, c] + pad)
                out[6 + 2 * side] += 1.0
        hc = h[0, c] + h[1, c]
        if hc <= 0.0:
            continue
        gc = g[0, c] + g[1, c]
        total += gc * gc / (hc + pad)
        bins += 1.0
        if h[0, c] > 0.0 and h[1, c] > 0.0:
            agree += g[0, c] * g[1, c] / np.sqrt((h[0, c] + pad) * (h[1, c] + pad))
            both += 1.0
    out[0], out[1], out[2], out[3] = total, bins, agree, both
    out[4] = present / max(codes.size, 1)


@njit(**JIT)
def between_shuffled(
    codes: NDArray[np.uint8], n_bins: int, residual: NDArray[np.float32], scale: NDArray[np.float32],
    out: NDArray[np.float64], pad: float,
) -> None:  # fmt: skip
    """The statistic of :func:`between` for many orders of the residuals at once.

    Parameters
    ----------
    codes : (n,) uint8
    n_bins : int
    residual, scale : (n, p) float32
        Each column holds the residuals, and their variances, in another order.
    out : (p + 1,) float64
        Receives the statistics, then the number of occupied bins.
    pad : float
        As in :func:`between`.
    """
    p = residual.shape[1]
    g = np.zeros((MAX_BINS + 2, p))
    h = np.zeros((MAX_BINS + 2, p))
    for i in range(codes.size):
        c = codes[i]
        for j in range(p):
            g[c, j] += residual[i, j]
            h[c, j] += scale[i, j]
    out[:] = 0.0
    for c in range(n_bins):
        if h[c, 0] > 0.0:
            out[p] += 1.0
            for j in range(p):
                out[j] += g[c, j] * g[c, j] / (h[c, j] + pad)
