"""Comparisons. Their result is a flag, missing where either side is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError
from tael.formulas.operators.base import ANY, ORDERED, Infix, Operator, Types, same_kind
from tael.formulas.values import Values
from tael.tables.schema import Type

Array = NDArray[Any]


def levels_of(values: Values) -> tuple[str, ...]:
    """The levels of a category; refused where the codes stand for nothing that can be read."""
    if values.levels is None:
        raise FormulaError(
            "An identifier without listed values cannot be compared by value.",
            expected="a category whose levels are known",
            got="codes alone",
            fix='Declare the column with type = "category" in tables.toml.',
        )
    return values.levels


def recode(values: Values, levels: tuple[str, ...]) -> NDArray[np.int64]:
    """The codes of a category in other levels: -1 missing, -2 not among them."""
    own = levels_of(values)
    if own == levels:
        return values.data.astype(np.int64)
    place = {level: code for code, level in enumerate(levels)}
    table = np.array([*(place.get(level, -2) for level in own), -1], dtype=np.int64)
    return table[values.data]


def equal(left: Values, right: Values) -> NDArray[np.bool_]:
    """Where two values are the same; says nothing where one is missing."""
    if left.type is Type.CATEGORY and right.type is Type.CATEGORY:
        # Recoding the side with fewer levels keeps a comparison with a constant cheap.
        if len(levels_of(left)) < len(levels_of(right)):
            left, right = right, left
        return np.asarray(left.data == recode(right, levels_of(left)))
    if Type.TEXT in (left.type, right.type):
        return np.asarray(left.strings() == right.strings(), dtype=np.bool_)
    return np.asarray(left.data == right.data)


def flag_where(truth: Array, missing: Array) -> Values:
    """A flag from its truth and from where it is missing."""
    return Values(Type.FLAG, np.where(missing, np.nan, truth.astype(np.float64)))


def _comparison(test: Callable[[Values, Values], Array]) -> Callable[[Values, Values], Values]:
    def compute(left: Values, right: Values) -> Values:
        return flag_where(test(left, right), left.missing | right.missing)

    return compute


def _is_in(value: Values, *choices: Values) -> Values:
    found = np.zeros(len(value), dtype=np.bool_)
    for choice in choices:
        found = found | equal(value, choice)
    return flag_where(found, value.missing)


def _flag_of_same(types: Types) -> Type:
    same_kind(types)
    return Type.FLAG


def _flag_of_ordered(types: Types) -> Type:
    if (types[0] is Type.TIME) != (types[1] is Type.TIME):
        raise FormulaError(
            "A time and a number have no common order.",
            expected="two times or two numbers",
            got=f"{types[0]} and {types[1]}",
            fix="Compare days: `days_since(opened) > 30`.",
        )
    return Type.FLAG


def _flag_of_choices(types: Types) -> Type:
    for choice in types[1:]:
        same_kind((types[0], choice))
    return Type.FLAG


def _by_type(other: str, times: str) -> Callable[[Sequence[str], Sequence[Type]], str]:
    def say(texts: Sequence[str], types: Sequence[Type]) -> str:
        return (times if types[0] is Type.TIME else other).format(*texts)

    return say


def _in_en(texts: Sequence[str], types: Sequence[Type]) -> str:
    *most, last = texts[1:]
    return f"{texts[0]} is {', '.join(most)} or {last}" if most else f"{texts[0]} is {last}"


def _in_zh(texts: Sequence[str], types: Sequence[Type]) -> str:
    *most, last = texts[1:]
    return f"{texts[0]}为{'、'.join(most)}或{last}" if most else f"{texts[0]}为{last}"


def _order(
    name: str,
    symbol: str,
    function: Callable[[Array, Array], Array],
    en: tuple[str, str],
    zh: tuple[str, str],
    doc: tuple[str, str],
) -> Operator:
    return Operator(
        name,
        "row",
        (ORDERED,),
        _flag_of_ordered,
        {
            "en": _by_type(*(f"{{0}} is {word} {{1}}" for word in en)),
            "zh": _by_type(*(f"{{0}}{word}{{1}}" for word in zh)),
        },
        {"en": doc[0], "zh": doc[1]},
        f"amount {symbol} 1000",
        _comparison(lambda left, right: function(left.data, right.data)),
        arity=(2, 2),
        infix=Infix(symbol, 4),
    )


OPERATORS = (
    Operator(
        "eq",
        "row",
        (ANY,),
        _flag_of_same,
        {"en": "{0} is {1}", "zh": "{0}为{1}"},
        {
            "en": "The same; false for a category that never occurs.",
            "zh": "相等；从未出现的类别为假。",
        },
        'purpose == "car"',
        _comparison(equal),
        arity=(2, 2),
        infix=Infix("==", 4),
    ),
    Operator(
        "ne",
        "row",
        (ANY,),
        _flag_of_same,
        {"en": "{0} is not {1}", "zh": "{0}不为{1}"},
        {"en": "Not the same.", "zh": "不相等。"},
        'purpose != "car"',
        _comparison(lambda left, right: ~equal(left, right)),
        arity=(2, 2),
        infix=Infix("!=", 4),
    ),
    _order("lt", "<", np.less, ("below", "before"), ("小于", "早于"), ("Less, or earlier.", "小于，或早于。")),
    _order(
        "le",
        "<=",
        np.less_equal,
        ("at most", "no later than"),
        ("不超过", "不晚于"),
        ("At most, or no later.", "不大于，或不晚于。"),
    ),
    _order("gt", ">", np.greater, ("above", "after"), ("大于", "晚于"), ("Greater, or later.", "大于，或晚于。")),
    _order(
        "ge",
        ">=",
        np.greater_equal,
        ("at least", "no earlier than"),
        ("不小于", "不早于"),
        ("At least, or no earlier.", "不小于，或不早于。"),
    ),
    Operator(
        "in",
        "row",
        (ANY,),
        _flag_of_choices,
        {"en": _in_en, "zh": _in_zh},
        {"en": "One of several constants.", "zh": "属于所列常量之一。"},
        'purpose in ("car", "home")',
        _is_in,
        arity=(2, None),
        infix=Infix("in", 4),
    ),
)
