"""The pattern in words: mined rules, each a sentence, with what it finds on rows that had no part in its choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def _table(page: Page, rows: list[Mapping[str, Any]]) -> Safe:
    fmt = page.fmt
    names = ["rule", "support", "precision", "lift", "recall", "together", "overlap"]
    with_money = any(finite(row.get("money")) is not None for row in rows)
    names += ["money"] if with_money else []
    cells = []
    for row in rows:
        found = {"value": row.get("precision"), "low": row.get("low"), "high": row.get("high")}
        lift = {"value": row.get("lift"), "low": row.get("lift_low"), "high": row.get("lift_high")}
        line: list[Any] = [
            _conditions(page, row),
            join(fmt.integer(row.get("rows")), el("small", fmt.percent(row.get("support")), class_="interval")),
            page.with_interval(found, fmt.percent),
            page.with_interval(lift, lambda v: fmt.number(v, 1)),
            fmt.percent(row.get("recall")),
            fmt.percent(row.get("union_recall")),
            fmt.percent(row.get("overlap")),
        ]
        if with_money:
            line.append(join(fmt.money(row.get("money")), el("small", fmt.percent(row.get("money_share")),
                                                             class_="interval")))  # fmt: skip
        cells.append(line)
    return table(page.t("patterns.table"), [page.t(f"patterns.{name}") for name in names], cells, kind="mined")


def _conditions(page: Page, row: Mapping[str, Any]) -> Safe | str:
    """A rule in words: a line for each condition where there are several."""
    number = page.fmt.integer(row.get("rule"))
    parts = [page.say(part) for part in row.get("conditions") or []]
    if len(parts) < 2:
        return f"{number}. {page.say(row.get('words'))}"
    return join(f"{number}. ", page.t("patterns.all_of"), el("ul", *(el("li", part) for part in parts)))


def _periods(page: Page, rows: list[Mapping[str, Any]]) -> Safe | None:
    """Precision of each rule in each period."""
    periods = [p for p in rows[0].get("periods") or [] if isinstance(p, Mapping)]
    if len(periods) < 2:
        return None
    fmt = page.fmt
    heads = [page.t("patterns.rule")]
    heads += [page.t("patterns.when", first=str(p.get("start")), last=str(p.get("end"))) for p in periods]
    cells = []
    for row in rows:
        line: list[Any] = [fmt.integer(row.get("rule"))]
        for p in row.get("periods") or []:
            share = finite(p.get("precision"))
            told = f"{fmt.integer(p.get('hits'))} / {fmt.integer(p.get('rows'))}"
            line.append("–" if share is None else barred(f"{fmt.percent(share)} ({told})", share_bar(share, 1.0)))
        cells.append(line)
    title = page.t("patterns.periods")
    return details(title, table(title, heads, cells, kind="quiet"))


def render(page: Page) -> Safe:
    """Draw the section."""
    rows, fmt = page.rows("patterns", "rules"), page.fmt
    text = el("p", page.say(page.at("patterns", "text")), class_="lead")
    if not rows:
        return join(text, page.missing("missing.patterns"))
    read = page.t(
        "patterns.read", n=fmt.integer(page.at("patterns", "n")),
        positives=fmt.integer(page.at("patterns", "positives")),
        rate=fmt.percent(page.at("patterns", "base_rate")),
    )  # fmt: skip
    return join(text, el("p", read), _table(page, rows), _periods(page, rows))


SECTION = Section("patterns", "section.patterns", render)
