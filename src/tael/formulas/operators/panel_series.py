"""Panel operators along the bars of one entity. A bar that is missing counts for nothing in a window.

A value is missing where the newest value is, or where the window holds fewer values than ``min_periods`` (half of the
window, unless stated). ``span`` in words is "20-day" on daily bars and "20-bar" on others.
"""

from __future__ import annotations

from tael.formulas.operators.base import FLAGS, NUMERIC, Back, Operator
from tael.tables.schema import Type

MOST = 100_000


def _series(
    name: str,
    words: tuple[str, str],
    doc: tuple[str, str],
    *,
    arrays: int = 1,
    least: int = 1,
    back: Back = "window",
    example: str = "",
    flags: bool = False,
    parameters: tuple[tuple[float, float], ...] = (),
) -> Operator:
    """An operator of ``arrays`` fields, then the number of bars, then parameters."""
    constants = tuple(range(arrays, arrays + 1 + len(parameters)))
    return Operator(
        name,
        "series",
        (FLAGS if flags else NUMERIC,) * arrays + (NUMERIC,),
        Type.NUMBER,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        example or f"{name}({', '.join(('close', 'volume')[:arrays])}, 20)",
        arity=(arrays + 1 + len(parameters),) * 2,
        constants=constants,
        limits=((float(least), float(MOST)), *parameters),
        named=("min_periods",) if back in ("window", "ever") else (),
        window=arrays,
        back=back,
    )


OPERATORS = (
    _series(
        "delay",
        ("{value} {bars} before", "{bars}前的{value}"),
        ("The value so many bars before; also written `close[-5]`.", "若干根 K 线之前的值；也可写作 `close[-5]`。"),
        back="shift",
        example="delay(close, 5)",
    ),
    _series(
        "ahead",
        ("{value} {bars} later", "{bars}后的{value}"),
        (
            "In labels alone: the value so many bars later; written `close[+5]`.",
            "仅用于标签：若干根 K 线之后的值；写作 `close[+5]`。",
        ),
        back="ahead",
        example="close[+5]",
    ),
    _series(
        "delta",
        ("{span} change of {value}", "{value}的{bars}变动"),
        ("The value minus that so many bars before.", "当前值减去若干根 K 线之前的值。"),
        back="shift",
        example="delta(close, 5)",
    ),
    _series("ts_sum", ("{span} sum of {value}", "{value}的{span}总和"), ("The sum.", "总和。")),
    _series("ts_mean", ("{span} average of {value}", "{value}的{span}均值"), ("The arithmetic mean.", "算术平均值。")),
    _series(
        "ts_std",
        ("{span} standard deviation of {value}", "{value}的{span}标准差"),
        ("The sample standard deviation (n - 1).", "样本标准差（n - 1）。"),
        least=2,
    ),
    _series(
        "ts_var",
        ("{span} variance of {value}", "{value}的{span}方差"),
        ("The sample variance (n - 1).", "样本方差（n - 1）。"),
        least=2,
    ),
    _series(
        "ts_skew",
        ("{span} skewness of {value}", "{value}的{span}偏度"),
        ("The sample skewness, as in pandas.", "样本偏度（与 pandas 一致）。"),
        least=3,
    ),
    _series(
        "ts_kurt",
        ("{span} excess kurtosis of {value}", "{value}的{span}超额峰度"),
        ("The sample excess kurtosis, as in pandas.", "样本超额峰度（与 pandas 一致）。"),
        least=4,
    ),
    _series("ts_min", ("{span} low of {value}", "{value}的{span}最小值"), ("The least value.", "最小值。")),
    _series("ts_max", ("{span} high of {value}", "{value}的{span}最大值"), ("The greatest value.", "最大值。")),
    _series(
        "ts_argmin",
        ("place of the {span} low of {value}", "{value}的{span}最小值位置"),
        (
            "Where in the window the least value lies: 1 is the oldest bar; of equal ones the first.",
            "最小值在窗口中的位置：1 为最早；相同时取最早者。",
        ),
    ),
    _series(
        "ts_argmax",
        ("place of the {span} high of {value}", "{value}的{span}最大值位置"),
        (
            "Where in the window the greatest value lies: 1 is the oldest bar; of equal ones the first.",
            "最大值在窗口中的位置：1 为最早；相同时取最早者。",
        ),
    ),
    _series(
        "ts_rank",
        ("{span} rank of {value} among its own values", "{value}在自身{span}内的排名"),
        (
            "The rank of the newest value in its window, in (0, 1]; ties share their average.",
            "最新值在窗口内的排名，取值 (0, 1]；并列取平均。",
        ),
    ),
    _series(
        "ts_quantile",
        ("{parameter} quantile of {value} over {bars}", "{value}的{span} {parameter} 分位数"),
        ("A quantile, interpolated linearly.", "分位数（线性插值）。"),
        example="ts_quantile(close, 20, 0.8)",
        parameters=((0.0, 1.0),),
    ),
    _series("ts_median", ("{span} median of {value}", "{value}的{span}中位数"), ("The median.", "中位数。")),
    _series(
        "ts_mad",
        ("{span} mean deviation of {value}", "{value}的{span}平均绝对偏差"),
        ("The mean absolute deviation from the window's mean.", "相对窗口均值的平均绝对偏差。"),
    ),
    _series(
        "ts_corr",
        ("{span} correlation of {value} and {second}", "{value}与{second}的{span}相关系数"),
        (
            "Pearson's correlation over the bars that have both; missing where one of them does not vary.",
            "两者同时存在的 K 线上的皮尔逊相关系数；任一不变时缺失。",
        ),
        arrays=2,
        least=2,
    ),
    _series(
        "ts_cov",
        ("{span} covariance of {value} and {second}", "{value}与{second}的{span}协方差"),
        ("The sample covariance (n - 1) over the bars that have both.", "两者同时存在的 K 线上的样本协方差（n - 1）。"),
        arrays=2,
        least=2,
    ),
    _series(
        "ts_slope",
        ("{span} slope of {value}", "{value}的{span}斜率"),
        ("The slope of a line through the window, per bar.", "窗口内线性回归的斜率（每根 K 线）。"),
        least=2,
    ),
    _series(
        "ts_rsquare",
        ("R squared of the {span} line through {value}", "{value}的{span}线性回归 R²"),
        (
            "How much of the variance a line through the window explains, 0 to 1.",
            "窗口内线性回归解释的方差比例，0 到 1。",
        ),
        least=2,
    ),
    _series(
        "ts_resid",
        ("{value} above its {span} line", "{value}相对其{span}回归线的残差"),
        ("The newest value minus that of a line through the window.", "最新值减去窗口内线性回归的拟合值。"),
        least=2,
    ),
    _series(
        "ts_zscore",
        ("{value} in {span} standard deviations", "{value}的{span}标准分"),
        ("The newest value minus the mean, over the standard deviation.", "最新值减均值后除以标准差。"),
        least=2,
    ),
    _series(
        "ts_product",
        ("{span} product of {value}", "{value}的{span}乘积"),
        ("The product.", "乘积。"),
    ),
    _series(
        "ts_count",
        ("number of the last {bars} where {value}", "近{bars}中{value}的次数"),
        ("How many bars meet a condition.", "满足条件的 K 线数量。"),
        flags=True,
        example="ts_count(close > open, 20)",
    ),
    _series(
        "decay_linear",
        ("{span} average of {value}, the newest weighing most", "{value}的{span}线性加权均值"),
        (
            "The mean with weights falling evenly from the newest bar (the window's length) to the oldest (1).",
            "线性衰减加权均值：最新权重为窗口长度，最早为 1。",
        ),
    ),
    _series(
        "ewm",
        ("exponential average of {value} of span {bars}", "{value}的{span}指数加权均值"),
        (
            "The exponentially weighted mean of span n (weights fall by 1 - 2 / (n + 1)), as in pandas.",
            "跨度为 n 的指数加权均值（权重按 1 - 2 / (n + 1) 衰减），与 pandas 一致。",
        ),
        back="ever",
    ),
    Operator(
        "streak",
        "series",
        (FLAGS,),
        Type.NUMBER,
        {"en": "how long {value} has held", "zh": "{value}的连续期数"},
        {
            "en": "How many bars in a row, up to this one, a condition has held.",
            "zh": "条件截至当前连续成立的 K 线数量。",
        },
        "streak(close > open)",
        back="ever",
    ),
    Operator(
        "signed_power",
        "series",
        (NUMERIC,),
        Type.NUMBER,
        {
            "en": "{value} to the power of {parameter}, with its sign",
            "zh": "{value}的 {parameter} 次方（保留符号）",
        },
        {"en": "sign(x) * abs(x) ** a.", "zh": "sign(x) * abs(x) ** a。"},
        "signed_power(close - open, 0.5)",
        arity=(2, 2),
        constants=(1,),
        limits=((-100.0, 100.0),),
    ),
)
