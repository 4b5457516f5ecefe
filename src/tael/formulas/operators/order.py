"""The rows in their order of time: first and last, how long ago, how far apart, which way they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tael.formulas.operators.base import CLASSED, NUMERIC, TIMES, Operator, Types
from tael.tables.schema import Type


def _own_type(types: Types) -> Type:
    return types[0]


def _by_time(default: str, other: str) -> Callable[[Mapping[str, str], Sequence[Type]], str]:
    def say(slots: Mapping[str, str], types: Sequence[Type]) -> str:
        return (other if slots["value"] else default).format_map(slots)

    return say


def _ranked_zh(first: str) -> Callable[[Mapping[str, str], Sequence[Type]], str]:
    def say(slots: Mapping[str, str], types: Sequence[Type]) -> str:
        # "从 A 到 B 的天数" follows its noun without a 的 of its own.
        between = "" if slots["value"].startswith("从") else "的"
        return f"{slots['window']}{first}{slots['noun']}{between}{slots['value']}"

    return say


def _of_times(
    name: str,
    en: tuple[str, str],
    zh: tuple[str, str],
    doc: tuple[str, str],
) -> Operator:
    return Operator(
        name,
        "aggregate",
        (TIMES,),
        Type.NUMBER,
        {"en": _by_time(*en), "zh": _by_time(*zh)},
        {"en": doc[0], "zh": doc[1]},
        f"{name}(loans)",
        rows=True,
        timed=True,
        of_times=True,
    )


OPERATORS = (
    Operator(
        "first",
        "aggregate",
        (CLASSED,),
        _own_type,
        {"en": "{value} of the first {one}", "zh": _ranked_zh("首次")},
        {
            "en": "The first value in the order of time that is not missing.",
            "zh": "按时间顺序第一个非缺失值。",
        },
        "first(loans.amount)",
        timed=True,
    ),
    Operator(
        "last",
        "aggregate",
        (CLASSED,),
        _own_type,
        {"en": "{value} of the last {one}", "zh": _ranked_zh("最近一次")},
        {
            "en": "The last value in the order of time that is not missing.",
            "zh": "按时间顺序最后一个非缺失值。",
        },
        "last(loans.amount)",
        timed=True,
    ),
    _of_times(
        "days_since_first",
        ("days since the first {one}", "days since the earliest {of}"),
        ("{window}距首次{noun}的天数", "距{of}最早值的天数"),
        (
            "Days from the first such row (or the earliest of the times named) to the cutoff.",
            "从最早一条（或所列时间的最早值）到观测时点的天数。",
        ),
    ),
    _of_times(
        "days_since_last",
        ("days since the last {one}", "days since the latest {of}"),
        ("{window}距最近一次{noun}的天数", "距{of}最晚值的天数"),
        (
            "Days from the last such row (or the latest of the times named) to the cutoff.",
            "从最近一条（或所列时间的最晚值）到观测时点的天数。",
        ),
    ),
    _of_times(
        "gap_mean",
        ("average days between {rows}", "average days between successive {of}"),
        ("{rows}平均间隔天数", "{of}平均间隔天数"),
        ("The mean of the days between one row and the next.", "相邻两条之间天数的均值。"),
    ),
    _of_times(
        "gap_std",
        (
            "spread (standard deviation) of days between {rows}",
            "spread (standard deviation) of days between successive {of}",
        ),
        ("{rows}间隔天数离散程度（标准差）", "{of}间隔天数离散程度（标准差）"),
        (
            "The sample standard deviation of the days between one row and the next; needs three rows.",
            "相邻两条之间天数的样本标准差；至少需要三条。",
        ),
    ),
    Operator(
        "trend",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "daily trend in {of}", "zh": "{of}的日均变化趋势"},
        {
            "en": "Change per day by least squares of the value on its time; needs two values.",
            "zh": "取值对时间的最小二乘斜率（每天变化量）；至少需要两个值。",
        },
        "trend(loans.amount)",
        timed=True,
    ),
)
