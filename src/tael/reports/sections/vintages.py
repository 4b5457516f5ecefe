"""Share of each vintage that had gone bad by each age, and which vintage stands out."""

from __future__ import annotations

from typing import Any

from tael.reports.charts import Chart, extent
from tael.reports.context import Page, Section, badge, figure, table
from tael.reports.html import Safe, el, join
from tael.reports.sections._told import limited, sentences

NEWEST = ("s1", "s3", "s2")
"""Looks of the newest vintages that have three points or more, newest first."""
SEVERITY = {"higher": "warning", "lower": "ok"}


def _chart(page: Page) -> Safe | None:
    fmt, by_name = page.fmt, dict[str, list[Any]]()
    for row in page.rows("vintages", "curves"):
        by_name.setdefault(str(row.get("vintage")), []).append(row)
    if not by_name:
        return None
    names = sorted(by_name, key=lambda name: by_name[name][0].get("vintage") or "")
    seen = [name for name in reversed(names) if len(by_name[name]) >= 3][: len(NEWEST)]
    newest = by_name[seen[0]] if seen else []
    rows = [row for part in by_name.values() for row in part]
    top = extent([row.get("rate") for row in rows], [row.get("high") for row in newest], zero=True)[1]
    chart = Chart(
        (0, max(float(row.get("age") or 1) for row in rows)),
        (0.0, top),
        x_format=lambda v: fmt.integer(v),
        y_format=lambda v: fmt.percent(v, 0 if top >= 0.1 else 1),
        x_label=page.t("vintages.age"),
        y_label=page.t("vintages.rate"),
        width=880,
        height=300,
    )
    for name in names:
        if name not in seen:
            chart.line(
                [0, *(r.get("age") for r in by_name[name])], [0, *(r.get("rate") for r in by_name[name])], "grey faint"
            )
    chart.band([r.get("age") for r in newest], [r.get("low") for r in newest], [r.get("high") for r in newest], "s1")
    for name, look in reversed(list(zip(seen, NEWEST, strict=False))):
        chart.line([0, *(r.get("age") for r in by_name[name])], [0, *(r.get("rate") for r in by_name[name])], look)
    ages = sorted({row.get("age") for row in rows if row.get("age")})
    at = {(name, row.get("age")): row for name in seen for row in by_name[name]}
    chart.hover(
        ages,
        [
            "\n".join(
                [f"{page.t('vintages.age')} {age}"]
                + [f"{name} {fmt.percent(at[name, age].get('rate'))}" for name in seen if (name, age) in at]
            )
            for age in ages
        ],
    )
    legend = [(look, name) for name, look in zip(seen, NEWEST, strict=False)]
    title = page.t("vintages.curve")
    return figure(title, chart.svg(title), legend, page.t("vintages.curve_read"))


def _table(page: Page) -> Safe | None:
    fmt = page.fmt
    compared = {row.get("vintage"): row for row in page.rows("vintages", "compared")}
    keys = ("vintage", "n", "observed", "compared_at", "rate", "others", "reading")
    cells = []
    for cohort in page.rows("vintages", "cohorts"):
        row = compared.get(cohort.get("vintage"))
        if row is None:
            reading: Any = badge(page, "note", page.t("vintages.young"))
        else:
            code = str(row.get("differs") or "alike")
            reading = badge(
                page, SEVERITY.get(code, "note"), page.t(f"vintages.{code}" if code in SEVERITY else "vintages.alike")
            )
        row = row or {}
        cells.append(
            [
                cohort.get("vintage") or "–",
                fmt.integer(cohort.get("n")),
                fmt.integer(cohort.get("observed")),
                fmt.integer(row.get("age")),
                limited(page, row, "rate", fmt.percent, ""),
                fmt.percent(row.get("others")),
                reading,
            ]
        )
    heads = [page.t(f"vintages.{key}") for key in keys]
    return table(page.t("vintages.table"), heads, cells, text=(0, 6)) if cells else None


def render(page: Page) -> Safe:
    """Draw the section."""
    found = page.at("vintages")
    if not found:
        return page.missing("missing.vintages")
    means = page.t("vintages.bad_means", days=page.fmt.integer(page.at("vintages", "days_past_due")))
    by_amount = page.t("vintages.by_amount") if page.at("vintages", "by_amount") else None
    return join(
        sentences(page, page.at("vintages", "sentences")),
        el("p", means, " ", by_amount),
        _chart(page) or page.missing("missing.vintage_age"),
        _table(page),
        el("p", page.t("vintages.table_read"), class_="note"),
    )


SECTION = Section("vintages", "section.vintages", render)
