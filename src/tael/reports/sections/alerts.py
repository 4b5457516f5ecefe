"""The queue of alerts: what it finds beside other rankings and rules, at which capacity, of which typology."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import Chart, extent, share_bar
from tael.reports.context import Page, Section, barred, figure, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.outcome_options import outcome_bar
from tael.reports.sections.alerts_beside import beside
from tael.reports.typologies import typology_name


def _title(page: Page, name: str) -> str:
    return page.say(page.at("decision", "queue", "titles", name)) or name


def _percent(page: Page, value: Any) -> str:
    return page.fmt.percent(value) if finite(value) is not None else "–"


def _size(page: Page) -> Safe:
    queue, fmt = page.at("decision", "queue"), page.fmt
    counts = {k: fmt.integer(queue.get(k)) for k in ("rows", "units", "periods", "positives", "units_positive")}
    quiet = finite(queue.get("quiet_days"))
    return join(
        el("p", page.t("queue.size", rate=_percent(page, queue.get("base_rate")), **counts)),
        el("p", page.t("queue.quiet", days=fmt.number(quiet, 0)), class_="note") if quiet else None,
    )


def _rankings(page: Page) -> Safe:
    """A row a ranking, all with the same places."""
    fmt, queue = page.fmt, page.at("decision", "queue")
    names = ["ranking", "right", "precision", "recall", "units", "lift", "money", "worth", "behind"]
    cells = []
    rows = [(row, row["found"]) for row in page.rows("decision", "values") if isinstance(row.get("found"), Mapping)]
    unit, write, between = fmt.money_column(found.get("money") for _, found in rows)
    for row, found in rows:
        ahead = row.get("behind") if row.get("code") != "chosen" else None
        cells.append(
            [
                page.say(row.get("policy")),
                page.t("queue.of", n=fmt.integer(found.get("hits")), all=fmt.integer(found.get("alerts"))),
                page.with_interval(found.get("precision"), fmt.percent),
                page.with_interval(found.get("recall"), fmt.percent),
                page.t("queue.of", n=fmt.integer(found.get("units_hit")), all=fmt.integer(found.get("units_positive"))),
                fmt.number(found.get("lift"), 1),
                write(found.get("money")),
                page.with_interval(found.get("worth"), write, between),
                page.with_interval(ahead, write, between) if ahead else "–",
            ]
        )
    lot = queue.get("lot")
    if isinstance(lot, Mapping):
        cells.append(
            [
                _title(page, "lot"),
                page.t("queue.of", n=fmt.integer(lot.get("hits")), all=fmt.integer(lot.get("alerts"))),
                _percent(page, lot.get("precision")), _percent(page, lot.get("recall")), "–", fmt.number(1.0, 1),
                write(lot.get("money")), write(lot.get("worth")), "–",
            ]
        )  # fmt: skip
    heads = [page.t(f"queue.{name}") for name in names]
    heads[6:] = [page.t("queue.in_unit", what=head, unit=unit) for head in heads[6:]]
    return table(page.t("queue.rankings"), heads, cells, kind="places")


def _depths(page: Page) -> Safe | None:
    """Precision, recall and lift of every ranking in the first k of each period."""
    ranked = page.at("decision", "queue", "ranked")
    if not isinstance(ranked, Mapping) or not ranked:
        return None
    fmt = page.fmt
    first: list[Any] = next(iter(ranked.values()))

    def places(k: Any) -> str:
        return fmt.integer(k) if (finite(k) or 0.0) >= 1 else fmt.percent(k)

    cells = []
    for name, rows in ranked.items():
        line: list[Any] = [_title(page, str(name))]
        for row in rows:
            precision, recall = row.get("precision") or {}, row.get("recall") or {}
            under = f"{_percent(page, recall.get('value'))} · × {fmt.number(row.get('lift'), 1)}"
            line.append(join(_percent(page, precision.get("value")), el("small", under, class_="interval")))
        cells.append([*line, fmt.number(page.at("decision", "queue", "pr_auc", str(name)))])
    base = fmt.number(page.at("decision", "queue", "base_rate"))
    heads = [page.t("queue.ranking"), *(page.t("queue.first", k=places(row.get("capacity"))) for row in first)]
    heads.append(page.t("queue.pr_auc", base=base))
    return join(table(page.t("queue.depths"), heads, cells), el("p", page.t("queue.depths_read"), class_="note"))


def _curves(page: Page) -> Safe | None:
    """Worth, share true and share found by capacity."""
    rows = page.rows("decision", "queue", "curve")
    if len(rows) < 2:
        return None
    fmt, per = page.fmt, page.at("decision", "queue", "per")
    xs = [finite(row.get("capacity")) for row in rows]
    now = [x for x in xs if x is not None and x == finite(page.at("decision", "queue", "capacity"))]
    whole = max(x or 0.0 for x in xs) >= 1
    write = (lambda v: fmt.short(v)) if whole else (lambda v: fmt.percent(v, 1))

    def cell(name: str, end: str) -> list[float | None]:
        return [finite((row.get(name) or {}).get(end)) for row in rows]

    worth, low, high = (cell("worth", end) for end in ("value", "low", "high"))
    divisor, unit = fmt.scale([*worth, *low, *high])
    money = Chart(
        extent(xs, zero=True), extent(worth, low, high, zero=True), x_format=write,
        y_format=lambda v: fmt.short(v / divisor), x_label=page.name("per", per),
        y_label=page.t("queue.worth_in", unit=unit) if unit else page.t("queue.worth"),
    )  # fmt: skip
    money.band(xs, low, high, "s1")
    money.line(xs, worth, "s1")
    shares = Chart(
        extent(xs, zero=True), (0, 1), x_format=write, y_format=lambda v: fmt.percent(v, 0),
        x_label=page.name("per", per), y_label=page.t("queue.share"),
    )  # fmt: skip
    for name, kind in (("precision", "s1"), ("recall", "s2")):
        shares.band(xs, cell(name, "low"), cell(name, "high"), kind)
        shares.line(xs, cell(name, "value"), kind)
    for chart in (money, shares):
        for x in now[:1]:
            chart.mark(x, page.t("strategy.chosen"))
        chart.hover(
            xs,
            [
                f"{page.name('per', per)} {write(x)}\n{page.t('queue.alerts')} {fmt.integer(row.get('alerts'))}, "
                f"{page.t('queue.hits')} {fmt.integer(row.get('hits'))}\n{page.t('queue.worth')} {fmt.money(w)}"
                for x, row, w in zip(xs, rows, worth, strict=True)
                if x is not None
            ],
        )
    found, paid = page.t("queue.curve"), page.t("queue.curve_worth")
    legend = [("s1", page.t("queue.precision")), ("s2", page.t("queue.recall"))]
    read = page.t("queue.curve_read")
    return el(
        "div", figure(paid, money.svg(paid), note=read), figure(found, shares.svg(found), legend, note=read),
        class_="grid",
    )  # fmt: skip


def _typologies(page: Page) -> Safe | None:
    rows, fmt = page.rows("decision", "queue", "typologies"), page.fmt
    if not rows:
        return None
    who = list(rows[0].get("units_found") or {})
    told = "taught" in rows[0]
    heads = [page.t("queue.typology"), page.t("queue.true_units"), *([page.t("queue.taught")] if told else [])]
    heads += [_title(page, name) for name in who]

    def cell(row: Mapping[str, Any], name: str) -> Safe:
        n, all_ = finite((row.get("units_found") or {}).get(name)) or 0.0, finite(row.get("units")) or 0.0
        kind = "s1" if name == "chosen" else "grey"
        return barred(f"{fmt.integer(n)} ({_percent(page, n / all_ if all_ else None)})", share_bar(n, all_, kind))

    cells = [
        [
            typology_name(str(row.get("typology") or ""), page.lang) or page.t("queue.unnamed"),
            fmt.integer(row.get("units")),
            *([fmt.integer(row.get("taught"))] if told else []),
            *(cell(row, name) for name in who),
        ]
        for row in rows
    ]
    # names hold commas of their own; what has no name may be of any
    unknown = [
        str(line[0])
        for line, row in zip(cells, rows, strict=True)
        if told and row.get("typology") and not row.get("taught")
    ]
    comma = "；" if page.lang == "zh" else "; "
    return join(
        table(page.t("queue.typologies"), heads, cells, kind="kinds"),
        el("p", page.t("queue.untaught", names=comma.join(unknown)), class_="note") if unknown else None,
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not isinstance(page.at("decision", "queue"), Mapping):
        return page.missing("missing.queue")
    return join(
        el("p", page.t("queue.read")),
        el("p", said) if (said := page.say(page.at("decision", "binding"))) else None,
        _size(page),
        outcome_bar(page),
        _rankings(page),
        _depths(page),
        _curves(page),
        _typologies(page),
        *beside(page),
    )


def applies(page: Page) -> bool:
    """Where the decision is a queue of alerts."""
    return page.at("decision", "kind") == "alerts"


SECTION = Section("queue", "section.queue", render, applies)
