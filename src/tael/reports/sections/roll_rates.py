"""Where late accounts stand a month later, and what that says about the definition of bad."""

from __future__ import annotations

from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.sections._told import limited, sentences

LATE = (("1-30", "s1"), ("31-60", "s3"), ("61-90", "s2"))


def _titles(page: Page) -> dict[str, str]:
    return {str(b.get("code")): page.say(b.get("title")) for b in page.rows("roll_rates", "buckets")}


def _matrix(page: Page, titles: dict[str, str]) -> Safe:
    fmt = page.fmt
    cells = {(row.get("from"), row.get("to")): row for row in page.rows("roll_rates", "matrix")}
    sources = list(dict.fromkeys(source for source, _ in cells))
    targets = list(dict.fromkeys(target for _, target in cells))
    rows: list[list[Any]] = []
    for source in sources:
        line: list[Any] = [titles.get(str(source), str(source))]
        for target in targets:
            cell = cells.get((source, target), {})
            share = finite(cell.get("share"))
            n = el("small", fmt.integer(cell.get("n")), class_="interval")
            line.append(
                "–"
                if share is None
                else join(el("strong", fmt.percent(share)) if share >= 0.5 else fmt.percent(share), n)
            )
        rows.append(line)
    heads = [page.t("roll_rates.from"), *(titles.get(str(t), str(t)) for t in targets)]
    title = page.t("roll_rates.matrix")
    return join(table(title, heads, rows), el("p", page.t("roll_rates.matrix_read"), class_="note"))


def _rolled(page: Page, titles: dict[str, str]) -> Safe | None:
    fmt = page.fmt
    keys = ("from", "accounts", "better", "same", "worse")
    cells = [
        [
            titles.get(str(row.get("bucket")), str(row.get("bucket"))),
            fmt.integer(row.get("accounts")),
            limited(page, row, "better", fmt.percent),
            fmt.percent(row.get("same")),
            limited(page, row, "worse", fmt.percent),
        ]
        for row in page.rows("roll_rates", "rolled")
    ]
    return table(page.t("roll_rates.rolled"), [page.t(f"roll_rates.{k}") for k in keys], cells) if cells else None


def _flow(page: Page, titles: dict[str, str]) -> Safe | None:
    fmt = page.fmt
    flows = page.rows("roll_rates", "flows")
    months = sorted({str(row.get("month"))[:7] for row in flows})
    if len(months) < 3:
        return None
    at = {(str(row.get("month"))[:7], row.get("bucket")): row.get("worse") for row in flows}
    series = [(code, look, [at.get((month, code)) for month in months]) for code, look in LATE]
    xs = list(range(len(months)))
    chart = Chart(
        (0, len(months) - 1),
        extent(*(values for *_, values in series), zero=True),
        y_format=lambda v: fmt.percent(v, 0),
        x_label=page.t("roll_rates.month"),
        y_label=page.t("roll_rates.worse"),
        x_ticks=[(k, months[k]) for k in thin(len(months), 9)],
        width=880,
        height=300,
    )
    for _, look, values in series:
        chart.line(xs, values, look)
    chart.hover(
        xs,
        [
            "\n".join([month, *(f"{titles.get(code, code)} {fmt.percent(values[k])}" for code, _, values in series)])
            for k, month in enumerate(months)
        ],
    )
    title = page.t("roll_rates.flow")
    legend = [(look, titles.get(code, code)) for code, look, _ in series]
    return figure(title, chart.svg(title), legend, page.t("roll_rates.flow_read"))


def _definitions(page: Page) -> Safe:
    rows = page.rows("bad_definitions", "table")
    if not rows:
        return page.missing("missing.definitions")
    fmt, worst = page.fmt, page.fmt.integer(page.at("bad_definitions", "worst"))
    keys = ("definition", "rate", "followed", "rolled", "cured", "written_off")
    heads = [page.t(f"definitions.{k}", days=worst) if k == "rolled" else page.t(f"definitions.{k}") for k in keys]
    cells = [
        [
            page.t("definitions.is", days=fmt.integer(row.get("days_past_due")), within=fmt.integer(row.get("within"))),
            limited(page, row, "rate", fmt.percent),
            fmt.integer(row.get("followed")),
            limited(page, row, "rolled", fmt.percent),
            limited(page, row, "cured", fmt.percent),
            limited(page, row, "written_off", fmt.percent),
        ]
        for row in rows
    ]
    months = fmt.integer(page.at("bad_definitions", "follow"))
    return join(
        el("h3", page.t("definitions.title")),
        el("p", page.t("definitions.read", months=months)),
        sentences(page, page.at("bad_definitions", "sentences")),
        table(page.t("definitions.title"), heads, cells, kind="quiet"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.rows("roll_rates", "matrix"):
        return join(page.missing("missing.roll_rates"), _definitions(page))
    titles = _titles(page)
    return join(
        sentences(page, page.at("roll_rates", "sentences")),
        _matrix(page, titles),
        _rolled(page, titles),
        _flow(page, titles),
        _definitions(page),
    )


SECTION = Section("roll_rates", "section.roll_rates", render)
