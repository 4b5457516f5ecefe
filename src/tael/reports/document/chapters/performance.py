"""Chapter 5: how good the model is, on every part of the sample, and how sure that is."""

from __future__ import annotations

from tael.reports.charts import thin
from tael.reports.context import curve
from tael.reports.document.chapters.governance import fairness, segments
from tael.reports.document.chapters.kinds import kinds_blocks
from tael.reports.document.told import Told, column, known
from tael.reports.document.tree import Axis, Block, Cell, Paragraph, Picture, Series, Subhead, Table
from tael.reports.formats import finite

ID = "performance"
TITLE = ("Performance", "模型表现")

COLOURS = {"train": "grey", "validation": "s3", "out_of_time": "s1"}
SHOWN = 15
POINTS = 60
"""Points of a line in a picture: more cannot be seen at the width of a page."""


def _metrics(told: Told) -> list[Block]:
    splits = told.splits("metrics")
    if not splits:
        return [told.absent("Metrics", "评价指标")]
    names = list(dict.fromkeys(name for split in splits for name in told.pairs("metrics", split)))
    cells = []
    for name in names:
        title = told.say(told.at("metric_titles", name)) or name
        meaning = str(told.at("metric_titles", name, f"meaning_{told.lang}") or "")
        cells.append((Cell(title, meaning), *(told.interval(told.at("metrics", s, name)) for s in splits)))
    heads = (told.t("performance.metric"), *(told.name("split", s) for s in splits))
    wide = (2.6, *(1.2 for _ in splits))
    absent = Paragraph(told.t("missing.out_of_time"), "absent") if "out_of_time" not in splits else None
    numbers = tuple(range(1, len(heads)))
    return known(
        Paragraph(told.t("performance.read")),
        absent,
        Table(told.t("performance.metrics"), heads, tuple(cells), numbers=numbers, widths=wide),
    )


def _roc(told: Told) -> list[Block]:
    series = []
    for split in told.splits("curves", "roc"):
        found = curve(told.at("curves", "roc", split), "x", "y")
        if found is None:
            continue
        keep = thin(len(found[0]), POINTS)
        xs, ys = (tuple(finite(values[k]) for k in keep) for values in found)
        series.append(Series(told.name("split", split), xs, ys, colour=COLOURS[split]))
    if not series:
        return []
    series.append(Series(told("chance", "随机水平"), (0.0, 1.0), (0.0, 1.0), "dashed", "grey"))
    x, y = (Axis(told.t(f"performance.{k}"), 0.0, 1.0) for k in ("fpr", "tpr"))
    return [Picture(told.t("performance.roc"), x, y, tuple(series), told.t("performance.roc_read"))]


def _calibration(told: Told) -> list[Block]:
    splits = [s for s in told.splits("curves", "calibration") if told.rows("curves", "calibration", s)]
    if not splits:
        return [told.absent("Calibration by band", "分组校准")]
    every = [row for s in splits for row in told.rows("curves", "calibration", s)]
    tops = [v for name in ("predicted", "observed", "high") for v in column(every, name) if v is not None]
    top = max(tops, default=0.0) * 1.05 or 1.0
    series = [Series(told("forecast = outcome", "预测 = 实际"), (0.0, top), (0.0, top), "dashed", "grey")]
    for split in splits[-2:]:
        rows = told.rows("curves", "calibration", split)
        xs, ys, lows, highs = (column(rows, k) for k in ("predicted", "observed", "low", "high"))
        series.append(Series(told.name("split", split), xs, ys, "dots", COLOURS[split], lows, highs))
    x, y = (Axis(told.t(f"calibration.{k}"), 0.0, top) for k in ("predicted", "observed"))
    last, fmt = splits[-1], told.fmt
    cells = []
    for k, row in enumerate(told.rows("curves", "calibration", last), 1):
        low, high, said = (finite(row.get(name)) for name in ("low", "high", "predicted"))
        fits = ""
        if low is not None and high is not None and said is not None:
            fits = told.t("calibration.inside" if low <= said <= high else "calibration.outside")
        cells.append(
            (
                str(k),
                fmt.integer(row.get("n")),
                fmt.percent(said),
                Cell(fmt.percent(row.get("observed")), fmt.interval(low, high, fmt.percent)),
                fits,
            )
        )
    heads = tuple(told.t(f"calibration.{k}") for k in ("decile", "n", "predicted", "observed", "fits"))
    caption = told.t("calibration.by_decile", part=told.name("split", last))
    return [
        Picture(told.t("calibration.title"), x, y, tuple(series), told.t("calibration.read")),
        Table(caption, heads, tuple(cells), numbers=(0, 1, 2, 3), widths=(0.7, 0.9, 1.0, 1.6, 1.3)),
    ]


def _stability(told: Told) -> list[Block]:
    fmt, psi = told.fmt, told.at("stability", "score", "psi")
    rows = told.rows("stability", "features")
    if psi is None and not rows:
        return [told.absent("Stability over time", "跨期稳定性")]
    blocks: list[Block] = [Paragraph(told.t("stability.read"))]
    if psi is not None:
        moved, chance = (told.at("stability", "score", k) for k in ("threshold", "adjusted_threshold"))
        limits = told.t("stability.limits", moved=fmt.number(moved), chance=fmt.number(chance))
        blocks.append(Paragraph(told.t("stability.score", psi=fmt.number(psi)) + told(". ", "。") + limits))
    rows = sorted(rows, key=lambda row: -(finite(row.get("psi")) or 0.0))
    cells = tuple(
        (
            Cell(told.say(row.get("words")) or str(row.get("name") or ""), str(row.get("name") or ""), code=True),
            fmt.number(row.get("psi")),
            fmt.number(row.get("adjusted_threshold")),
        )
        for row in rows[:SHOWN]
    )
    if cells:
        heads = tuple(told.t(f"stability.{k}") for k in ("feature", "psi", "chance"))
        caption = told("The {n} features that moved most", "变动最大的 {n} 个特征", n=len(cells))
        blocks.append(Table(caption, heads, cells, numbers=(1, 2), widths=(4.0, 0.8, 1.0)))
    return blocks


def _verdicts(told: Told) -> list[Block]:
    rows = told.rows("verdict")
    if not rows:
        return [told.absent("A verdict", "检查结论")]
    cells = tuple(
        (
            told.name("severity", row.get("severity")),
            Cell(told.say(row.get("text")), told.say(row.get("todo"))),
            str(row.get("code") or ""),
        )
        for row in rows
    )
    heads = (told("Result", "结论"), told("What was seen, and what to do", "发现与建议"), told("Code", "代码"))
    return [Table(told.t("summary.verdict"), heads, cells, widths=(0.9, 4.2, 0.9))]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    return [
        Subhead(told.t("performance.metrics")),
        *_metrics(told),
        *_roc(told),
        *kinds_blocks(told),
        Subhead(told.t("section.calibration")),
        *_calibration(told),
        Subhead(told.t("section.stability")),
        *_stability(told),
        Subhead(told("Segments", "分群")),
        *segments(told),
        *fairness(told),
        Subhead(told.t("summary.verdict")),
        *_verdicts(told),
        told.gap(
            "validator",
            "The validator's own outcomes analysis: what was recomputed, on which data, and whether it agrees; tests "
            "under stress and on segments that matter to the business.",
            "验证人员的独立结果分析：重算的内容、所用数据与是否一致；压力情景与重点业务分群的检验。",
        ),
    ]
