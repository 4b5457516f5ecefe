"""How many and how much: counts, sums, means, extremes, spread, shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tael.formulas.operators.base import ANY, NUMERIC, ORDERED, Operator, Types
from tael.tables.schema import Type

Slots = Mapping[str, str]


def _extreme_type(types: Types) -> Type:
    return types[0] if types[0] is Type.TIME else Type.NUMBER


def _by_value(rows: str, value: str) -> Callable[[Slots, Sequence[Type]], str]:
    def say(slots: Slots, types: Sequence[Type]) -> str:
        return (value if types else rows).format_map(slots)

    return say


def _sum_zh(slots: Slots, types: Sequence[Type]) -> str:
    # "交易金额总和" is said "交易总额".
    money = "金额"
    return slots["of"].removesuffix(money) + "总额" if slots["of"].endswith(money) else slots["of"] + "总和"


def _extreme(number: str, time: str, *days: str) -> Callable[[Slots, Sequence[Type]], str]:
    """Of times the earliest or latest; of days the longest or shortest, or most or fewest of what is called days."""
    passing, called = days

    def say(slots: Slots, types: Sequence[Type]) -> str:
        of = slots["of"]
        if types[0] is Type.TIME:
            return time.format_map(slots)
        if of.startswith(("days from ", "days since ", "days after ")):
            return f"{passing} time in {of}"
        return f"{called} {of}" if of.startswith("days ") else number.format_map(slots)

    return say


def _extreme_zh(number: str, time: str, days: str) -> Callable[[Slots, Sequence[Type]], str]:
    end = "的天数"

    def say(slots: Slots, types: Sequence[Type]) -> str:
        of = slots["of"]
        if types[0] is not Type.TIME and of.endswith(end):
            return f"{of.removesuffix(end)}的{days}天数"
        return (time if types[0] is Type.TIME else number).format_map(slots)

    return say


OPERATORS = (
    Operator(
        "count",
        "aggregate",
        (ANY,),
        Type.NUMBER,
        {
            "en": _by_value("number of {rows}", "number of known values of {of}"),
            "zh": _by_value("{rows}数量", "{of}非缺失数量"),
        },
        {
            "en": "`count(loans)`: the rows; `count(loans.amount)`: the values that are there.",
            "zh": "`count(loans)` 计行数；`count(loans.amount)` 计非缺失值个数。",
        },
        'count(loans, last="90d")',
        empty=0.0,
        rows=True,
    ),
    Operator(
        "sum",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "total {of}", "zh": _sum_zh},
        {"en": "The sum; missing values are skipped.", "zh": "总和；跳过缺失值。"},
        'sum(loans.amount, last="90d")',
        empty=0.0,
    ),
    Operator(
        "mean",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "average {of}", "zh": "{of}均值"},
        {"en": "The arithmetic mean.", "zh": "算术平均值。"},
        "mean(loans.amount)",
    ),
    Operator(
        "min",
        "aggregate",
        (ORDERED,),
        _extreme_type,
        {
            "en": _extreme("lowest {of}", "earliest {of}", "shortest", "fewest"),
            "zh": _extreme_zh("{of}最小值", "{of}最早值", "最短"),
        },
        {"en": "The least value, or the earliest time.", "zh": "最小值，或最早时间。"},
        "min(loans.amount)",
    ),
    Operator(
        "max",
        "aggregate",
        (ORDERED,),
        _extreme_type,
        {
            "en": _extreme("highest {of}", "latest {of}", "longest", "most"),
            "zh": _extreme_zh("{of}最大值", "{of}最晚值", "最长"),
        },
        {"en": "The greatest value, or the latest time.", "zh": "最大值，或最晚时间。"},
        "max(loans.amount)",
    ),
    Operator(
        "std",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "spread (standard deviation) of {of}", "zh": "{of}离散程度（标准差）"},
        {
            "en": "The sample standard deviation (n - 1); needs two values.",
            "zh": "样本标准差（n - 1）；至少需要两个值。",
        },
        "std(loans.amount)",
    ),
    Operator(
        "share",
        "aggregate",
        (ANY,),
        Type.NUMBER,
        {"en": "share of {plain} where {condition}", "zh": "{plain}中{condition}的占比"},
        {
            "en": "The share of the window's rows where the condition holds.",
            "zh": "窗口内满足条件的行所占比例。",
        },
        'share(loans, where=purpose == "car")',
        rows=True,
        needs_where=True,
    ),
)
