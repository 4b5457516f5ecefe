"""The tables, what is wrong with them, and what foretells the label too well."""

from __future__ import annotations

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def _tables(page: Page) -> Safe:
    fmt, rows = page.fmt, page.rows("data", "tables")
    if not rows:
        return page.missing("missing.tables")
    # A title that only repeats the name tells nothing.
    titles = [page.say(r.get("title")) for r in rows]
    told = any(
        title.replace("_", " ") != str(r.get("name")).replace("_", " ") for r, title in zip(rows, titles, strict=True)
    )
    keys = ("table", *(("title",) if told else ()), "rows", "columns", "first", "last", "missing_share")
    heads = [page.t(f"data.{k}") for k in keys]
    cells = [
        [
            el("code", r.get("name") or ""),
            *((title,) if told else ()),
            fmt.integer(r.get("rows")),
            fmt.integer(r.get("columns")),
            r.get("first") or page.t("data.timeless"),
            r.get("last") or page.t("data.timeless"),
            fmt.percent(r.get("missing_share")),
        ]
        for r, title in zip(rows, titles, strict=True)
    ]
    return table(page.t("data.tables"), heads, cells, text=(0, 1, 4, 5) if told else (0, 3, 4))


def _violations(page: Page) -> Safe:
    if page.at("data", "violations") is None:
        return page.missing("missing.violations")
    rows = page.rows("data", "violations")
    if not rows:
        return el("p", badge(page, "ok", page.t("severity.ok")), " ", page.t("data.no_violations"))
    heads = [page.t(f"data.{k}") for k in ("place", "severity", "problem", "count", "examples")]
    cells = []
    for r in rows:
        severity = str(r.get("severity"))
        place = f"{r.get('table') or ''}.{r['column']}" if r.get("column") else str(r.get("table") or "")
        examples = ", ".join(str(e) for e in (r.get("examples") or [])[:5])
        cells.append(
            [
                el("code", place),
                badge(page, severity, page.name("severity", severity)),
                join(page.say(r.get("message")), " ", el("code", r.get("code") or "")),
                page.fmt.integer(r.get("count")),
                el("code", examples) if examples else "",
            ]
        )
    return table(page.t("data.violations"), heads, cells, text=(0, 1, 2, 4), kind="quiet violations")


def _leaks(page: Page) -> Safe:
    if page.at("data", "leaks") is None:
        return page.missing("missing.leaks")
    rows = page.rows("data", "leaks")
    if not rows:
        return el("p", badge(page, "ok", page.t("severity.ok")), " ", page.t("data.no_leaks"))
    heads = [page.t(f"data.{k}") for k in ("column", "strength", "problem")]
    cells = [
        [
            el("code", r.get("column") or ""),
            barred(page.fmt.number(r.get("strength"), 2), share_bar(finite(r.get("strength")) or 0.0, 1.0, "s2")),
            join(page.say(r.get("message")), " ", el("code", r.get("code") or "")),
        ]
        for r in rows
    ]
    return table(page.t("data.leaks"), heads, cells, text=(0, 2), kind="quiet")


def render(page: Page) -> Safe:
    """Draw the section."""
    source = (
        el("p", el("strong", page.t("page.simulated")), " ", page.t("page.simulated_text"), class_="missing")
        if page.at("simulated")
        else None
    )
    return join(
        source,
        _tables(page),
        el("h3", page.t("data.violations")),
        _violations(page),
        # A market is not scanned column by column: its controls stand with the scores.
        None
        if page.panel
        else join(el("h3", page.t("data.leaks")), el("p", page.t("data.leaks_text"), class_="note"), _leaks(page)),
        details(
            page.t("data.fingerprint_title"),
            el("p", page.t("data.fingerprint_text")),
            el("pre", page.at("data", "fingerprint") or "–"),
        ),
    )


SECTION = Section("data", "section.data", render)
