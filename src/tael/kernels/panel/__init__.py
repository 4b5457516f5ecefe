"""Kernels of the panel shape: dense arrays of time x entity.

A panel is ``(T, N)``, float32 or float64, contiguous rows, oldest first; NaN is missing. Series kernels look back along
a column, cross-section kernels compute within a row.
"""

from tael.kernels.panel._series import Window
from tael.kernels.panel._within import Rows
from tael.kernels.panel.cross import (
    demean,
    group_demean,
    group_mean,
    group_rank,
    group_zscore,
    neutralize,
    rank,
    scale,
    winsorize,
    zscore,
)
from tael.kernels.panel.history import delay, delta, ewm, lead, streak
from tael.kernels.panel.order import ts_mad, ts_median, ts_quantile, ts_rank
from tael.kernels.panel.relations import decay_linear, ts_corr, ts_cov, ts_resid, ts_rsquare, ts_slope
from tael.kernels.panel.scores import ic, quantile_returns, rank_autocorrelation, rank_ic, rank_turnover
from tael.kernels.panel.windows import (
    count_if,
    product,
    ts_argmax,
    ts_argmin,
    ts_kurt,
    ts_max,
    ts_mean,
    ts_min,
    ts_skew,
    ts_std,
    ts_sum,
    ts_var,
    ts_zscore,
)

__all__ = [
    "Rows",
    "Window",
    "count_if",
    "decay_linear",
    "delay",
    "delta",
    "demean",
    "ewm",
    "group_demean",
    "group_mean",
    "group_rank",
    "group_zscore",
    "ic",
    "lead",
    "neutralize",
    "product",
    "quantile_returns",
    "rank",
    "rank_autocorrelation",
    "rank_ic",
    "rank_turnover",
    "scale",
    "streak",
    "ts_argmax",
    "ts_argmin",
    "ts_corr",
    "ts_cov",
    "ts_kurt",
    "ts_mad",
    "ts_max",
    "ts_mean",
    "ts_median",
    "ts_min",
    "ts_quantile",
    "ts_rank",
    "ts_resid",
    "ts_rsquare",
    "ts_skew",
    "ts_slope",
    "ts_std",
    "ts_sum",
    "ts_var",
    "ts_zscore",
    "winsorize",
    "zscore",
]
