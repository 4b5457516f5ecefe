"""Three-valued logic: missing spreads, unless the other side already decides."""

from __future__ import annotations

import numpy as np

from tael.formulas.operators.base import FLAGS, Infix, Operator
from tael.formulas.values import Values
from tael.tables.schema import Type


def _and(left: Values, right: Values) -> Values:
    unsure = left.missing | right.missing
    decided = (left.data == 0) | (right.data == 0)
    return Values(Type.FLAG, np.where(decided, 0.0, np.where(unsure, np.nan, 1.0)))


def _or(left: Values, right: Values) -> Values:
    unsure = left.missing | right.missing
    decided = (left.data == 1) | (right.data == 1)
    return Values(Type.FLAG, np.where(decided, 1.0, np.where(unsure, np.nan, 0.0)))


def _not(value: Values) -> Values:
    return Values(Type.FLAG, 1.0 - value.data)


OPERATORS = (
    Operator(
        "and",
        "row",
        (FLAGS,),
        Type.FLAG,
        {"en": "{0} and {1}", "zh": "{0}且{1}"},
        {
            "en": "Both hold; false if either is false, even where the other is missing.",
            "zh": "两者皆成立；任一为假即为假，即使另一缺失。",
        },
        'amount > 1000 and purpose == "car"',
        _and,
        arity=(2, 2),
        infix=Infix("and", 2),
    ),
    Operator(
        "or",
        "row",
        (FLAGS,),
        Type.FLAG,
        {"en": "{0} or {1}", "zh": "{0}或{1}"},
        {
            "en": "At least one holds; true if either is true, even where the other is missing.",
            "zh": "至少一个成立；任一为真即为真，即使另一缺失。",
        },
        'amount > 1000 or purpose == "car"',
        _or,
        arity=(2, 2),
        infix=Infix("or", 1),
    ),
    Operator(
        "not",
        "row",
        (FLAGS,),
        Type.FLAG,
        {"en": "not {0}", "zh": "非{0}"},
        {"en": "Does not hold; missing stays missing.", "zh": "不成立；缺失仍为缺失。"},
        'not purpose == "car"',
        _not,
        infix=Infix("not", 3),
    ),
)
