"""Arithmetic on numbers. No infinity leaves: what has no finite value is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError
from tael.formulas.operators.base import NUMERIC, ORDERED, Infix, Operator, Types, Wording
from tael.formulas.values import DAY_US, NAT, Values
from tael.tables.schema import Type

Array = NDArray[Any]


def _numbers(function: Callable[..., Array]) -> Callable[..., Values]:
    def compute(*args: Values) -> Values:
        with np.errstate(all="ignore"):
            return Values.number(function(*(arg.data for arg in args)))

    return compute


def _subtract(left: Values, right: Values) -> Values:
    if left.type is not Type.TIME:
        return _numbers(np.subtract)(left, right)
    # As floats: the difference of two distant times does not fit into 64 bits.
    days = (left.data.astype(np.float64) - right.data.astype(np.float64)) / DAY_US
    # Near times are subtracted exactly, so that a second stays a second.
    near = np.abs(days) < 100_000
    exact = np.where(near, left.data - right.data, 0) / DAY_US
    return Values.number(np.where(left.missing | right.missing, np.nan, np.where(near, exact, days)))


def _subtraction(types: Types) -> Type:
    if (types[0] is Type.TIME) != (types[1] is Type.TIME):
        raise FormulaError(
            "A time and a number cannot be subtracted.",
            expected="two times (the result is in days), or two numbers",
            got=f"{types[0]} - {types[1]}",
            fix="Name a second time, such as `cutoff`.",
        )
    return Type.NUMBER


def _power(base: Array, exponent: Array) -> Array:
    # NumPy takes another way, with other last bits, where one exponent serves many rows
    return np.power(*(np.ascontiguousarray(side) for side in np.broadcast_arrays(base, exponent)))


def _extreme(function: Callable[[Array, Array], Array]) -> Callable[[Values, Values], Values]:
    def compute(left: Values, right: Values) -> Values:
        if left.type is Type.TIME:
            return Values(Type.TIME, np.where(left.missing | right.missing, NAT, function(left.data, right.data)))
        return Values.number(function(left.data, right.data))

    return compute


def _extreme_type(types: Types) -> Type:
    if (types[0] is Type.TIME) != (types[1] is Type.TIME):
        raise FormulaError(
            "A time and a number have no common order.",
            expected="two times or two numbers",
            got=f"{types[0]} and {types[1]}",
        )
    return types[0] if types[0] is Type.TIME else Type.NUMBER


def _round(value: Values, digits: Values | None = None) -> Values:
    if digits is None:
        return Values.number(np.round(value.data))
    with np.errstate(all="ignore"):
        scale = 10.0 ** np.clip(np.round(digits.data), -300, 300)
        scaled = value.data * scale
        # A number too large to be scaled has no digits there to round away.
        return Values.number(np.where(np.isinf(scaled), value.data, np.round(scaled) / scale))


def _minus_en(texts: Sequence[str], types: Sequence[Type]) -> str:
    return f"days from {texts[1]} to {texts[0]}" if types[0] is Type.TIME else f"{texts[0]} minus {texts[1]}"


def _minus_zh(texts: Sequence[str], types: Sequence[Type]) -> str:
    return f"从{texts[1]}到{texts[0]}的天数" if types[0] is Type.TIME else f"{texts[0]}减{texts[1]}"


def _ratio_en(texts: Sequence[str], types: Sequence[Type]) -> str:
    # "ratio of days from A to B to C" has one "to" too many.
    first, second = (f"({text})" if " to " in text and not text.startswith("(") else text for text in texts)
    return f"ratio of {first} to {second}"


def _round_en(texts: Sequence[str], types: Sequence[Type]) -> str:
    return f"{texts[0]} rounded" + (f" to {texts[1]} decimals" if len(texts) > 1 else "")


def _round_zh(texts: Sequence[str], types: Sequence[Type]) -> str:
    return f"{texts[0]}取整" if len(texts) == 1 else f"{texts[0]}保留 {texts[1]} 位小数"


def _unary(name: str, function: Callable[..., Array], words: tuple[str, str], doc: tuple[str, str]) -> Operator:
    return Operator(
        name,
        "row",
        (NUMERIC,),
        Type.NUMBER,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        f"{name}(amount)",
        _numbers(function),
    )


def _binary(
    name: str, infix: Infix, function: Callable[..., Array], words: tuple[Wording, Wording], doc: tuple[str, str]
) -> Operator:
    return Operator(
        name,
        "row",
        (NUMERIC,),
        Type.NUMBER,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        f"amount {infix.symbol} 2",
        _numbers(function),
        arity=(2, 2),
        infix=infix,
    )


OPERATORS = (
    _binary("add", Infix("+", 5), np.add, ("{0} plus {1}", "{0}加{1}"), ("Sum of two numbers.", "两数之和。")),
    Operator(
        "sub",
        "row",
        (ORDERED,),
        _subtraction,
        {"en": _minus_en, "zh": _minus_zh},
        {
            "en": "Difference of two numbers; of two times: the days between them, with fractions.",
            "zh": "两数之差；两个时间之差为相隔天数（含小数）。",
        },
        "amount - 2",
        _subtract,
        arity=(2, 2),
        infix=Infix("-", 5),
    ),
    _binary("mul", Infix("*", 6), np.multiply, ("{0} times {1}", "{0}乘以{1}"), ("Product.", "乘积。")),
    _binary(
        "div",
        Infix("/", 6),
        np.divide,
        (_ratio_en, "{0}与{1}之比"),
        ("Quotient; missing where the divisor is 0.", "商；除数为 0 时缺失。"),
    ),
    _binary(
        "pow",
        Infix("**", 8),
        _power,
        ("{0} to the power of {1}", "{0}的{1}次方"),
        ("Power; missing where there is no real, finite value.", "乘方；无有限实数值时缺失。"),
    ),
    Operator(
        "neg",
        "row",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "minus {0}", "zh": "负{0}"},
        {"en": "The number with the other sign.", "zh": "相反数。"},
        "-amount",
        _numbers(np.negative),
        infix=Infix("-", 7),
    ),
    _unary(
        "log",
        np.log,
        ("logarithm of {0}", "{0}的对数"),
        ("Natural logarithm; missing at 0 and below.", "自然对数；不大于 0 时缺失。"),
    ),
    _unary(
        "log1p",
        np.log1p,
        ("logarithm of 1 plus {0}", "{0}加 1 的对数"),
        ("Logarithm of 1 + x; missing at -1 and below.", "1 + x 的自然对数；不大于 -1 时缺失。"),
    ),
    _unary(
        "exp",
        np.exp,
        ("exponential of {0}", "{0}的指数"),
        ("e to the power of x; missing where it overflows.", "e 的 x 次方；溢出时缺失。"),
    ),
    _unary(
        "sqrt",
        np.sqrt,
        ("square root of {0}", "{0}的平方根"),
        ("Square root; missing below 0.", "平方根；小于 0 时缺失。"),
    ),
    _unary("abs", np.abs, ("absolute value of {0}", "{0}的绝对值"), ("The number without its sign.", "绝对值。")),
    _unary("sign", np.sign, ("sign of {0}", "{0}的符号"), ("-1, 0 or 1.", "-1、0 或 1。")),
    _unary(
        "floor",
        np.floor,
        ("{0} rounded down", "{0}向下取整"),
        ("The whole number at or below.", "不大于它的最大整数。"),
    ),
    Operator(
        "round",
        "row",
        (NUMERIC,),
        Type.NUMBER,
        {"en": _round_en, "zh": _round_zh},
        {
            "en": "Rounded to whole numbers or to so many decimals; halves go to the even neighbour.",
            "zh": "四舍六入五取偶，可指定小数位数。",
        },
        "round(amount, 2)",
        _round,
        arity=(1, 2),
    ),
    Operator(
        "clip",
        "row",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "{0} held between {1} and {2}", "zh": "限制在{1}与{2}之间的{0}"},
        {"en": "Held between a lower and an upper bound.", "zh": "限制在下限与上限之间。"},
        "clip(amount, 0, 1000)",
        _numbers(lambda value, low, high: np.minimum(np.maximum(value, low), high)),
        arity=(3, 3),
    ),
    Operator(
        "minimum",
        "row",
        (ORDERED,),
        _extreme_type,
        {"en": "the lesser of {0} and {1}", "zh": "{0}与{1}中的较小者"},
        {"en": "The lesser (or earlier) of two values of one row.", "zh": "同一行两值中较小（较早）者。"},
        "minimum(amount, 1000)",
        _extreme(np.minimum),
        arity=(2, 2),
    ),
    Operator(
        "maximum",
        "row",
        (ORDERED,),
        _extreme_type,
        {"en": "the greater of {0} and {1}", "zh": "{0}与{1}中的较大者"},
        {"en": "The greater (or later) of two values of one row.", "zh": "同一行两值中较大（较晚）者。"},
        "maximum(amount, 0)",
        _extreme(np.maximum),
        arity=(2, 2),
    ),
)
