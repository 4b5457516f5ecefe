"""Which values there are: how many different ones, and the most frequent."""

from __future__ import annotations

from tael.formulas.operators.base import ANY, CLASSED, Operator, Types
from tael.tables.schema import Type


def _own_type(types: Types) -> Type:
    return types[0]


OPERATORS = (
    Operator(
        "n_unique",
        "aggregate",
        (ANY,),
        Type.NUMBER,
        {"en": "number of different {values} of {rows}", "zh": "{rows}的不同{value}数"},
        {"en": "How many different values there are.", "zh": "不同取值的个数。"},
        'n_unique(loans.purpose, last="7d")',
        empty=0.0,
    ),
    Operator(
        "mode",
        "aggregate",
        (CLASSED,),
        _own_type,
        {"en": "most frequent {of}", "zh": "{rows}最常见的{value}"},
        {"en": "The most frequent value.", "zh": "出现最多的取值。"},
        "mode(loans.purpose)",
    ),
)
