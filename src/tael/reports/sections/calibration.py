"""Whether a probability of ten per cent goes bad one time in ten."""

from __future__ import annotations

from collections.abc import Mapping

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, Section, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

KINDS = {"train": "grey", "validation": "s3", "out_of_time": "s1"}


def _chart(page: Page, splits: list[str]) -> Safe:
    fmt, rows = page.fmt, {s: page.rows("curves", "calibration", s) for s in splits}
    every = [b for bins in rows.values() for b in bins]
    _, top = extent(
        [b.get("predicted") for b in every],
        [b.get("high") for b in every],
        [b.get("observed") for b in every],
        zero=True,
    )
    chart = Chart(
        (0, top),
        (0, top),
        x_format=lambda v: fmt.percent(v, 0),
        y_format=lambda v: fmt.percent(v, 0),
        x_label=page.t("calibration.predicted"),
        y_label=page.t("calibration.observed"),
    )
    chart.line([0, top], [0, top], "rule")
    for split in reversed(splits):
        bins = rows[split]
        xs, ys = [b.get("predicted") for b in bins], [b.get("observed") for b in bins]
        chart.line(xs, ys, KINDS[split] + " faint")
        chart.dots(xs, ys, KINDS[split], [b.get("low") for b in bins], [b.get("high") for b in bins])
        chart.hover(
            xs,
            [
                f"{page.name('split', split)}\n{page.t('calibration.predicted')} {fmt.percent(b.get('predicted'))}\n"
                f"{page.t('calibration.observed')} {fmt.percent(b.get('observed'))} "
                f"({fmt.interval(b.get('low'), b.get('high'), fmt.percent)})\n"
                f"{page.t('calibration.n')} {fmt.integer(b.get('n'))}"
                for b in bins
            ],
        )
    legend = [(KINDS[s], page.name("split", s)) for s in splits]
    return figure(
        page.t("calibration.title"), chart.svg(page.t("calibration.title")), legend, page.t("calibration.read")
    )


def _table(page: Page, split: str) -> Safe:
    fmt = page.fmt
    heads = [page.t(f"calibration.{k}") for k in ("decile", "n", "predicted", "observed", "interval", "fits")]
    cells = []
    for k, b in enumerate(page.rows("curves", "calibration", split), 1):
        low, high, said = finite(b.get("low")), finite(b.get("high")), finite(b.get("predicted"))
        fits = "–"
        if low is not None and high is not None and said is not None:
            fits = page.t("calibration.inside" if low <= said <= high else "calibration.outside")
        cells.append(
            [
                k,
                fmt.integer(b.get("n")),
                fmt.percent(said),
                fmt.percent(b.get("observed")),
                fmt.interval(low, high, fmt.percent),
                fits,
            ]
        )
    return table(page.t("calibration.by_decile", part=page.name("split", split)), heads, cells, text=(0, 5))


def lines(page: Page, split: str) -> list[str]:
    """Intercept and slope on the rows that the table is of, and those that the model was corrected by in training."""
    said = []
    fitted = {
        "calibration.line": page.at("curves", "calibration_line", split),
        "calibration.fitted": page.at("model", "calibration"),
    }
    for key, line in fitted.items():
        line = line if isinstance(line, Mapping) else {}
        intercept, slope = finite(line.get("intercept")), finite(line.get("slope"))
        if intercept is not None and slope is not None:
            number = page.fmt.number
            part = {"part": page.name("split", split)} if key == "calibration.line" else {}
            said.append(page.t(key, intercept=number(intercept), slope=number(slope), **part))
    return said


def render(page: Page) -> Safe:
    """Draw the section."""
    splits = [s for s in page.splits("curves", "calibration") if page.rows("curves", "calibration", s)]
    if not splits:
        return page.missing("missing.calibration")
    text = [el("p", said) for said in lines(page, splits[-1])]
    absent = page.missing("missing.out_of_time") if "out_of_time" not in splits else None
    return join(text, absent, el("div", _chart(page, splits[-2:]), _table(page, splits[-1]), class_="grid"))


SECTION = Section("calibration", "section.calibration", render)
