"""Texts: their length, and the words in them."""

from __future__ import annotations

import numpy as np

from tael.formulas.operators.base import TEXTS, Operator
from tael.formulas.values import Values
from tael.tables.schema import Type


def _length(text: Values) -> Values:
    return Values.number([np.nan if one is None else len(one) for one in text.strings()])


def _contains(text: Values, part: Values) -> Values:
    texts, parts = np.broadcast_arrays(text.strings(), part.strings())
    found = [
        np.nan if one is None or sought is None else float(sought in one)
        for one, sought in zip(texts, parts, strict=True)
    ]
    return Values.flag(found)


OPERATORS = (
    Operator(
        "length",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "length of {0}", "zh": "{0}的长度"},
        {"en": "The number of characters.", "zh": "字符数。"},
        "length(remark)",
        _length,
    ),
    Operator(
        "contains",
        "row",
        (TEXTS,),
        Type.FLAG,
        {"en": "{0} contains {1}", "zh": "{0}含有{1}"},
        {
            "en": "Whether a text holds another; upper and lower case differ.",
            "zh": "文本是否含有另一文本；区分大小写。",
        },
        'contains(remark, "refund")',
        _contains,
        arity=(2, 2),
    ),
)
