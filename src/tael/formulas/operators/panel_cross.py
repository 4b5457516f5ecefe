"""Panel operators across the entities of one bar: over the universe as known then, within a group if stated."""

from __future__ import annotations

from tael.formulas.operators.base import NUMERIC, Operator
from tael.tables.schema import Type


def _cross(
    name: str,
    words: tuple[str, str],
    doc: tuple[str, str],
    *,
    example: str = "",
    arity: tuple[int, int | None] = (1, 1),
    constants: tuple[int, ...] = (),
    limits: tuple[tuple[float, float], ...] = (),
    by: bool = True,
) -> Operator:
    return Operator(
        name,
        "cross",
        (NUMERIC,),
        Type.NUMBER,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        example or f"{name}(close)",
        arity=arity,
        constants=constants,
        limits=limits,
        named=("by",) if by else (),
    )


OPERATORS = (
    _cross(
        "rank",
        ("cross-sectional rank of {value}{within}", "{value}的{within}截面排名"),
        ("The rank among the members, in (0, 1]; ties share their average.", "成分内的排名，取值 (0, 1]；并列取平均。"),
    ),
    _cross(
        "zscore",
        ("cross-sectional z-score of {value}{within}", "{value}的{within}截面标准分"),
        (
            "The value minus the members' mean, over their standard deviation.",
            "减去成分均值后除以其标准差。",
        ),
    ),
    _cross(
        "demean",
        ("{value} above its cross-sectional mean{within}", "{value}减{within}截面均值"),
        ("The value minus the members' mean.", "减去成分均值。"),
    ),
    _cross(
        "cs_mean",
        ("cross-sectional mean of {value}{within}", "{value}的{within}截面均值"),
        ("The members' mean, the same for all of them.", "成分均值，对所有成分相同。"),
        example="cs_mean(close, by=sector)",
    ),
    _cross(
        "scale",
        ("{value} scaled to a gross sum of 1", "按绝对值之和为 1 缩放的{value}"),
        ("Scaled so that the members' absolute values sum to 1.", "缩放使成分绝对值之和为 1。"),
        by=False,
    ),
    _cross(
        "winsorize",
        ("{value} held within its cross-sectional {parameter} quantiles", "按截面 {parameter} 分位缩尾的{value}"),
        (
            "Held between the members' quantiles p and 1 - p.",
            "限制在成分的 p 与 1 - p 分位数之间。",
        ),
        example="winsorize(close, 0.01)",
        arity=(2, 2),
        constants=(1,),
        limits=((0.0, 0.49),),
        by=False,
    ),
    _cross(
        "neutralize",
        ("{value} neutral to {against}", "对{against}中性化的{value}"),
        (
            "What is left of a regression on other values across the members, or on groups (`by=`), or on both.",
            "在成分截面上对其他变量、分组（`by=`）或两者回归后的残差。",
        ),
        example="neutralize(close, by=sector)",
        arity=(1, None),
    ),
)
