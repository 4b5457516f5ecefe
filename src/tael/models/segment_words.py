"""Segments in words: why there are so many, and what each is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tael.models.encoding import TableCode
from tael.models.segment_fit import Choice
from tael.models.segment_rules import Difference, Rule
from tael.validation.words import Lang, Words


@dataclass(frozen=True)
class SegmentProfile:
    """One segment, described on the training rows.

    Parameters
    ----------
    segment : int
        Number, 0 for the largest.
    rows : int
    share : float
        Of all rows.
    rule : Rule
    differences : tuple of Difference
        The most telling columns.
    label_rate, low, high : float or None
        Rate of the label with Wilson's 95 % interval, where fit got one.
    """

    segment: int
    rows: int
    share: float
    rule: Rule
    differences: tuple[Difference, ...]
    label_rate: float | None = None
    low: float | None = None
    high: float | None = None


def why(choices: Sequence[Choice], k: int, method: str, least_stability: float, smallest: float) -> Words:
    """Why there are k segments.

    >>> why([], 3, "kmeans", 0.7, 0.02).text("en")
    '3 segments, as asked for.'
    """
    kept = [c for c in choices if c.kept]
    if not kept:
        return Words(f"{k} segments, as asked for.", f"按要求分为 {k} 个客群。")
    one = kept[0]
    if one.stability < least_stability or one.smallest < smallest:
        return Words(
            f"{k} segments, the most stable, but no number was stable enough with segments large enough (adjusted Rand "
            f"{one.stability:.2f}, at least {least_stability:g} asked; smallest segment {one.smallest:.1%}, at least "
            f"{smallest:.1%} asked): read them as a summary, not as groups that exist.",
            f"分为 {k} 个客群（最稳定），但没有方案同时满足稳定性与规模要求（调整兰德指数 {one.stability:.2f}，"
            f"要求不低于 {least_stability:g}；最小客群占 {one.smallest:.1%}，要求不低于 {smallest:.1%}）："
            "可用于概括，不宜视为客观存在的群体。",
        )
    name, name_zh, best, best_zh = "BIC", "BIC", "has the best", "其 BIC 最优"
    if method == "kmeans":
        name, name_zh = "silhouette", "轮廓系数"
        best, best_zh = "is the largest number within a tenth of the best", "为轮廓系数与最优值相差一成以内的最多分群数"
    return Words(
        f"{k} segments: of those that come back on resampled rows (adjusted Rand {one.stability:.2f}, at least "
        f"{least_stability:g} asked), {k} {best} {name} (its own: {one.quality:.4g}).",
        f"分为 {k} 个客群：重抽样后仍能复现（调整兰德指数 {one.stability:.2f}，要求不低于 {least_stability:g}）"
        f"的方案中，{best_zh}（{name_zh} {one.quality:.4g}）。",
    )


def profile_table(profiles: Sequence[SegmentProfile], code: TableCode, lang: Lang) -> pl.DataFrame:
    """A row a segment."""
    Words("", "").text(lang)
    rows = [
        (
            p.segment, p.rows, p.share, p.rule.words(code, lang), p.rule.precision, p.rule.recall,
            [d.words(code, lang) for d in p.differences], p.label_rate, p.low, p.high,
        )
        for p in profiles
    ]  # fmt: skip
    schema: dict[str, Any] = {
        "segment": pl.Int64, "rows": pl.Int64, "share": pl.Float64, "rule": pl.String, "precision": pl.Float64,
        "recall": pl.Float64, "differences": pl.List(pl.String), "label_rate": pl.Float64, "low": pl.Float64,
        "high": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def profile_lines(table: pl.DataFrame, lang: Lang) -> list[str]:
    """The table as sentences."""
    out = []
    for r in table.to_dicts():
        rule, p, c = r["rule"], r["precision"], r["recall"]
        head = Words(
            f"Segment {r['segment']}: {r['rows']:,} rows ({r['share']:.0%})",
            f"客群 {r['segment']}：{r['rows']:,} 行（{r['share']:.0%}）",
        ).text(lang)
        if r["label_rate"] is not None:
            head += Words(
                f", label rate {r['label_rate']:.1%} ({r['low']:.1%} to {r['high']:.1%})",
                f"，标签率 {r['label_rate']:.1%}（{r['low']:.1%} 至 {r['high']:.1%}）",
            ).text(lang)
        told = Words(
            f"  rule: {rule} (precision {p:.0%}, recall {c:.0%})",
            f"  规则：{rule}（精确率 {p:.0%}，召回率 {c:.0%}）",
        ).text(lang)
        out += [head, told, *(f"  {words}" for words in r["differences"])]
    return out
