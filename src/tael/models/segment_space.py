"""The space in which customers are near or far: robustly scaled numbers, flags of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.models.binning_columns import NUMBER, Column
from tael.models.encoding import TableCode, code_table
from tael.models.logistic import Floats

_LONG_TAIL = 6.0  # 99th percentile above the median, in steps from median to upper quartile (normal: 3.4)
_WIDEST = 3.0  # scaled values are clipped here, so that one millionaire is no segment


@dataclass(frozen=True)
class Space:
    """How rows become points.

    Parameters
    ----------
    code : TableCode
    signed_log : ndarray of bool, shape (width,)
        Read as sign(x) log(1 + |x| / unit).
    unit, middle, spread : ndarray of shape (width,)
        Median of the absolute values, median, and robust standard deviation; a spread of 0 leaves the column out.
    gap : ndarray of shape (width,)
        Weight of the flag of a missing number; 0 for none.
    """

    code: TableCode
    signed_log: Any
    unit: Floats
    middle: Floats
    spread: Floats
    gap: Floats

    def points(self, M: Floats) -> Floats:
        """Shape (n, d); a missing number lies at the median, and its flag tells it."""
        out = []
        for j in range(M.shape[1]):
            x = M[:, j]
            missing = np.isnan(x)
            if self.spread[j] > 0:
                v = _stretch(x, self.unit[j]) if self.signed_log[j] else x
                z = np.where(missing, 0.0, (v - self.middle[j]) / self.spread[j])
                out.append(np.clip(z, -_WIDEST, _WIDEST))
            if self.gap[j] > 0:
                out.append(self.gap[j] * missing)
        return np.column_stack(out) if out else np.zeros((len(M), 0))


def _stretch(x: Floats, unit: float) -> Floats:
    return np.sign(x) * np.log1p(np.abs(x) / unit)


def make_space(columns: Sequence[Column]) -> tuple[Space, Floats]:
    """Choose the scales from training rows; the space, and the matrix of the rows.

    Numbers: median and interquartile range (the standard deviation where that is 0), amounts with a long tail on a log
    scale. A category counts as much as one number, however many levels it has: its flags are divided by their common
    spread.
    """
    code = code_table(columns, max_levels=12)
    M = code.matrix(columns)
    width = M.shape[1]
    source = code.source
    signed_log = np.zeros(width, dtype=bool)
    unit, middle, spread, gap = np.ones(width), np.zeros(width), np.zeros(width), np.zeros(width)
    for j in range(width):
        x = M[:, j]
        here = x[~np.isnan(x)]
        if code.kinds[source[j]] != NUMBER:
            flags = M[:, source == source[j]]
            spread[j] = np.sqrt(flags.var(axis=0).sum())
            middle[j] = 0.0
            continue
        share = 1.0 - len(here) / len(x)
        if 0.02 < share < 0.98:
            gap[j] = 1.0
        if not len(here) or here.min() == here.max():
            continue
        if len(np.unique(here[:5000])) > 10 and _long_tailed(here):
            signed_log[j] = True
            # Near the smallest amounts that occur: a larger unit would press all amounts below it together. Where signs
            # are mixed, small ones either side of 0 are near each other.
            size = np.abs(here[here != 0])
            unit[j] = np.quantile(size, 0.1 if here.min() >= 0 else 0.5)
            here = _stretch(here, unit[j])
        low, middle[j], high = np.quantile(here, [0.25, 0.5, 0.75])
        spread[j] = (high - low) / 1.349 if high > low else here.std()
        # Spread of a count that is 0 for nearly all may be tiny beside its values; the clip above holds those.
    return Space(code, signed_log, unit, middle, spread, gap), M


def _long_tailed(x: Floats) -> bool:
    """Some values lie much farther out than the quartiles tell; a single one does not count.

    >>> _long_tailed(np.exp(np.linspace(-6, 6, 200))), _long_tailed(np.append(np.linspace(-3, 3, 200), 1e9))
    (True, False)
    """
    low, q1, middle, q3, high = np.quantile(x, [0.01, 0.25, 0.5, 0.75, 0.99])
    return bool(high - middle > _LONG_TAIL * (q3 - middle) or middle - low > _LONG_TAIL * (middle - q1))
