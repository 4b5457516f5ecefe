"""The queue beside today's rules, and the thresholds that were tuned above and below the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def beside(page: Page) -> list[Safe | None]:
    """Rules, their overlap with the queue, and lines; those that a run holds."""
    return [_rules(page), *(_line(page, row) for row in page.rows("decision", "queue", "lines"))]


def _overlap(page: Page) -> Safe | None:
    shared = page.at("decision", "queue", "overlap")
    if not isinstance(shared, Mapping):
        return None
    told = {}
    for name, key in (("both", "both"), ("first", "only_first"), ("second", "only_second")):
        part = shared.get(key) or {}
        told[name], told[f"{name}_hits"] = page.fmt.integer(part.get("n")), page.fmt.integer(part.get("hits"))
    return el("p", page.t("queue.overlap", **told))


def _rules(page: Page) -> Safe | None:
    rows, fmt = page.rows("decision", "queue", "rules"), page.fmt
    shared = _overlap(page)
    if not rows:
        return shared
    names = ("rule", "flagged", "hits", "precision", "recall", "both", "both_hits", "rule_only", "score_only")

    def part(row: Mapping[str, Any], name: str, what: str) -> str:
        return fmt.integer((row.get(name) or {}).get(what))

    cells = [
        [
            page.t("queue.every_rule") if row.get("rule") == "*" else str(row.get("rule")),
            fmt.integer(row.get("n")),
            fmt.integer(row.get("hits")),
            page.with_interval(row.get("precision"), fmt.percent),
            fmt.percent(row.get("recall")),
            part(row, "both", "n"),
            part(row, "both", "hits"),
            part(row, "only_second", "hits"),
            part(row, "only_first", "hits"),
        ]
        for row in rows
    ]
    return join(
        el("h3", page.t("queue.rules")),
        shared,
        table(page.t("queue.rules"), [page.t(f"queue.{name}") for name in names], cells, kind="quiet"),
        el("p", page.t("queue.rules_read"), class_="note"),
    )


def _line(page: Page, told: Mapping[str, Any]) -> Safe:
    """One threshold: the steps, what was looked at, what is recommended, and how it did later."""
    fmt, rows = page.fmt, told.get("steps") or []
    names = ("threshold", "cases", "reviewed", "found", "step_hits", "cumulated", "estimated")
    cells = []
    for row in rows:
        marks = [page.t("queue.today")] if row.get("is_line") else []
        marks += [page.t("queue.recommended")] if row.get("threshold") == told.get("recommended") else []
        mark = el("small", ", ".join(marks), class_="interval") if marks else None
        cells.append(
            [
                join(fmt.value(row.get("threshold")), mark),
                fmt.integer(row.get("cases")),
                fmt.integer(row.get("reviewed")),
                fmt.integer(row.get("found")),
                join(
                    fmt.number(row.get("step_hits"), 1),
                    el(
                        "small", fmt.interval(row.get("step_low"), row.get("step_high"), fmt.integer), class_="interval"
                    ),
                ),
                fmt.integer(row.get("alerts")),
                fmt.percent(row.get("precision")) if finite(row.get("precision")) is not None else "–",
            ]
        )
    later = [
        page.t(
            "queue.later", threshold=fmt.value(row.get("threshold")), n=fmt.integer(row.get("n")),
            hits=fmt.integer(row.get("hits")), precision=fmt.percent((row.get("precision") or {}).get("value")),
        )
        for row in told.get("later") or []
    ]  # fmt: skip
    title = f"{page.t('queue.lines')}: {str(told.get('line') or '').replace('_', ' ')}"
    return join(
        el("h3", title),
        el("p", page.say(told.get("text"))),
        el("p", el("code", str(told.get("value") or ""))),
        table(title, [page.t(f"queue.{name}") for name in names], cells, kind="quiet") if cells else None,
        el("p", page.t("queue.lines_read", n=fmt.integer(told.get("reviewed"))), class_="note") if cells else None,
        *(el("p", text) for text in later),
    )
