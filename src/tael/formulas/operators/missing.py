"""Missing values, and the choice between alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tael.errors import FormulaError
from tael.formulas.operators.base import ANY, Operator, Types, join_types
from tael.formulas.operators.comparison import levels_of, recode
from tael.formulas.values import NAT, Values
from tael.tables.schema import Type


def alike(values: Sequence[Values]) -> tuple[Type, tuple[str, ...] | None, list[np.ndarray]]:
    """Bring alternatives to one type and, for categories, to one list of levels."""
    kind = join_types(tuple(value.type for value in values))
    if kind is Type.CATEGORY:
        levels = tuple(dict.fromkeys(level for value in values for level in levels_of(value)))
        return kind, levels, [recode(value, levels).astype(np.int32) for value in values]
    if kind is Type.TEXT:
        return kind, None, [value.strings() for value in values]
    return kind, None, [value.data for value in values]


def _missing_mark(kind: Type) -> Any:
    return {Type.TIME: NAT, Type.CATEGORY: np.int32(-1), Type.TEXT: None}.get(kind, np.nan)


def _where(condition: Values, yes: Values, no: Values) -> Values:
    kind, levels, (first, second) = alike((yes, no))
    chosen = np.where(condition.data == 1, first, second)
    return Values(kind, np.where(condition.missing, _missing_mark(kind), chosen).astype(first.dtype), levels)


def _coalesce(*values: Values) -> Values:
    kind, levels, arrays = alike(values)
    result = arrays[0]
    for array in arrays[1:]:
        result = np.where(Values(kind, result, levels).missing, array, result)
    return Values(kind, result, levels)


def _is_missing(value: Values) -> Values:
    return Values.flag(value.missing)


def _where_type(types: Types) -> Type:
    if types[0] is not Type.FLAG:
        raise FormulaError(
            "`where` chooses by a condition.",
            expected="a flag first, such as `amount > 0`",
            got=str(types[0]),
        )
    return join_types(types[1:])


def _coalesce_en(texts: Sequence[str], types: Sequence[Type]) -> str:
    return " or else ".join(texts)


def _coalesce_zh(texts: Sequence[str], types: Sequence[Type]) -> str:
    return texts[0] + "".join(f"（缺失则取{text}" for text in texts[1:]) + "）" * (len(texts) - 1)


OPERATORS = (
    Operator(
        "where",
        "row",
        (ANY,),
        _where_type,
        {"en": "{1} if {0}, otherwise {2}", "zh": "若{0}则{1}，否则{2}"},
        {
            "en": "One of two values by a condition (also written `a if condition else b`); missing where it is.",
            "zh": "按条件取两值之一（也可写作 `a if 条件 else b`）；条件缺失则缺失。",
        },
        "where(amount > 1000, 1000, amount)",
        _where,
        arity=(3, 3),
    ),
    Operator(
        "coalesce",
        "row",
        (ANY,),
        join_types,
        {"en": _coalesce_en, "zh": _coalesce_zh},
        {
            "en": "The first value that is not missing (also written `fill`).",
            "zh": "第一个不缺失的值（也可写作 `fill`）。",
        },
        "coalesce(amount, 0)",
        _coalesce,
        arity=(2, None),
    ),
    Operator(
        "is_missing",
        "row",
        (ANY,),
        Type.FLAG,
        {"en": "{0} is missing", "zh": "{0}缺失"},
        {"en": "Whether there is no value; never missing itself.", "zh": "是否缺失；本身从不缺失。"},
        "is_missing(amount)",
        _is_missing,
    ),
)
