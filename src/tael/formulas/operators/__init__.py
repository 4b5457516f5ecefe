"""All operators of the language. A new one is one file with ``OPERATORS`` and one entry in ``_FAMILIES``."""

from __future__ import annotations

from types import MappingProxyType

from tael.errors import FormulaError, did_you_mean
from tael.formulas.operators import (
    arithmetic,
    calendars,
    comparison,
    distinct,
    logic,
    missing,
    moments,
    network,
    order,
    panel_cross,
    panel_series,
    sequences,
    text,
    times,
)
from tael.formulas.operators.base import Infix, Kind, Operator
from tael.tables.schema import Language

__all__ = [
    "ALIASES", "ON_NETWORKS", "ON_PANELS", "ON_TABLES", "REGISTRY", "Infix", "Operator", "aggregates", "get",
    "is_aggregate", "is_panel", "reference",
]  # fmt: skip

_TABLES = (moments, order, distinct, sequences, arithmetic, comparison, logic, times, calendars, text, missing)
_PANELS = (panel_series, panel_cross)
_NETWORKS = (network,)
_ELEMENTWISE = (arithmetic, comparison, logic, missing)
_FAMILIES = (*_TABLES, *_NETWORKS, *_PANELS)

REGISTRY = MappingProxyType({operator.name: operator for family in _FAMILIES for operator in family.OPERATORS})
"""Every operator by its name, families in their order."""

ON_TABLES = MappingProxyType({operator.name: operator for family in _TABLES for operator in family.OPERATORS})
"""What formulas on linked tables may use: aggregates and row operators."""

ON_NETWORKS = MappingProxyType({operator.name: operator for operator in network.OPERATORS})
"""What formulas may ask of a table whose rows join entities."""

ON_PANELS = MappingProxyType(
    {operator.name: operator for family in (*_ELEMENTWISE, *_PANELS) for operator in family.OPERATORS}
)
"""What formulas on market panels may use: row operators on numbers, groups and flags, series and cross-sections."""

ALIASES = MappingProxyType(
    {
        "fill": "coalesce",
        # the names of Kakushadze (2016), "101 Formulaic Alphas"
        "correlation": "ts_corr",
        "covariance": "ts_cov",
        "stddev": "ts_std",
        "product": "ts_product",
        "signedpower": "signed_power",
        "indneutralize": "neutralize",
    }
)
"""Other names that the parser takes."""

_HEADINGS: dict[Language, dict[Kind, str]] = {
    "en": {
        "aggregate": "Aggregates over child tables",
        "row": "Row operators",
        "network": "Networks: tables whose rows join entities",
        "series": "Market panels: along the bars of one entity",
        "cross": "Market panels: across the entities of one bar",
    },
    "zh": {
        "aggregate": "子表聚合",
        "network": "网络：行连接实体的表",
        "row": "行运算",
        "series": "行情面板：时间序列",
        "cross": "行情面板：截面",
    },
}
_COLUMNS: dict[Language, tuple[str, str, str]] = {
    "en": ("operator", "example", "what it gives"),
    "zh": ("算子", "示例", "含义"),
}
_EMPTY: dict[Language, tuple[str, str]] = {
    "en": (" Over no rows: 0.", " Over no rows: missing."),
    "zh": ("无行时为 0。", "无行时缺失。"),
}


def get(name: str) -> Operator:
    """The operator of that name.

    Raises
    ------
    FormulaError
        If there is none; names the nearest.

    Examples
    --------
    >>> get("sum").kind
    'aggregate'
    """
    operator = REGISTRY.get(ALIASES.get(name, name))
    if operator is None:
        raise FormulaError(f'There is no operator "{name}".', got=name, fix=did_you_mean(name, callable_names()))
    return operator


def is_aggregate(name: str) -> bool:
    """Whether an operator of that name aggregates the rows of a child table.

    >>> is_aggregate("mean"), is_aggregate("log")
    (True, False)
    """
    return name in REGISTRY and REGISTRY[name].kind == "aggregate"


def is_panel(name: str) -> bool:
    """Whether an operator of that name stands on market panels alone.

    >>> is_panel("ts_mean"), is_panel("log")
    (True, False)
    """
    return name in REGISTRY and REGISTRY[name].kind in ("series", "cross")


def aggregates() -> tuple[Operator, ...]:
    """All aggregates, in the order of the reference page."""
    return tuple(operator for operator in REGISTRY.values() if operator.kind == "aggregate")


def callable_names() -> list[str]:
    """The operators that are written as a function (``log(x)``), not between their arguments."""
    return [name for name, operator in REGISTRY.items() if operator.infix is None] + list(ALIASES)


def reference(lang: Language = "en") -> str:
    """The reference page of the language, in Markdown, made from the registry.

    >>> print(reference().splitlines()[0])
    ## Aggregates over child tables
    """
    lines: list[str] = []
    kinds: tuple[Kind, ...] = ("aggregate", "network", "row", "series", "cross")
    for kind in kinds:
        lines += [f"## {_HEADINGS[lang][kind]}", "", f"| {' | '.join(_COLUMNS[lang])} |", "|---|---|---|"]
        for operator in REGISTRY.values():
            if operator.kind == kind:
                empty = _EMPTY[lang][0 if operator.empty == 0 else 1] if kind in ("aggregate", "network") else ""
                lines.append(f"| `{operator.name}` | `{operator.example}` | {operator.doc[lang]}{empty} |")
        lines.append("")
    return "\n".join(lines)
