"""Decisions and outcomes by group, read against a place's notes, and the features that speak of the attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.sections._told import limited, sentences
from tael.reports.sections.segments import group_name

SHOWN = 10


def _decisions(page: Page, found: Mapping[str, Any], attribute: str) -> list[Safe]:
    fmt, reference = page.fmt, str(found.get("reference") or "–")
    groups = [row for row in found.get("groups") or [] if isinstance(row, Mapping)]
    if not groups:
        return []
    heads = [page.t("fairness.group"), page.t("fairness.n"), page.t("fairness.selection")]
    heads += [page.t("fairness.ratio", reference=reference), page.t("fairness.smd", reference=reference)]
    cells, outcomes = [], []
    for row in groups:
        mark = None
        if row.get("group") == found.get("reference"):
            mark = badge(page, "note", page.t("fairness.reference"))
        elif row.get("small"):
            mark = badge(page, "warning", page.t("fairness.small"))
        name = join(group_name(page, row.get("group")), " ", mark)
        cells.append(
            [
                name,
                fmt.integer(row.get("n")),
                limited(page, row, "selection_rate", fmt.percent),
                limited(page, row, "impact_ratio", lambda v: fmt.number(v, 2)),
                limited(page, row, "smd", lambda v: fmt.number(v, 2)),
            ]
        )
        if row.get("labelled"):
            known = page.t("fairness.known", n=fmt.integer(row.get("labelled")))
            outcomes.append(
                [
                    join(group_name(page, row.get("group")), el("small", known, class_="meaning")),
                    limited(page, row, "bad_rate", fmt.percent),
                    limited(page, row, "tpr", fmt.percent),
                    limited(page, row, "fpr", fmt.percent),
                    limited(page, row, "calibration", lambda v: fmt.number(v, 2)),
                    limited(page, row, "roc_auc", fmt.number),
                ]
            )
    parts = [table(page.t("fairness.groups", attribute=attribute), heads, cells)]
    if outcomes:
        keys = ("group", "bad_rate", "tpr", "fpr", "calibration", "auc")
        title = page.t("fairness.outcomes", attribute=attribute)
        parts.append(table(title, [page.t(f"fairness.{key}") for key in keys], outcomes))
    return parts


def _proxies(page: Page, found: Mapping[str, Any], attribute: str) -> Safe:
    fmt, proxies = page.fmt, found.get("proxies")
    rows = [r for r in proxies.get("features") or [] if isinstance(r, Mapping)] if isinstance(proxies, Mapping) else []
    if not rows or not isinstance(proxies, Mapping):
        return page.missing("missing.proxies")
    heads = [page.t(f"proxies.{key}") for key in ("feature", "auc", "score", "gap", "reading")]
    cells = []
    for row in rows:
        auc = finite(row.get("attribute_auc"))
        words = page.say(row.get("words"))
        cells.append(
            [
                join(words, el("code", row.get("feature") or "–")) if words else str(row.get("feature")),
                join(
                    barred(fmt.number(auc), share_bar(max((auc or 0.5) - 0.5, 0.0), 0.5)),
                    el(
                        "small",
                        fmt.interval(row.get("attribute_auc_low"), row.get("attribute_auc_high")),
                        class_="interval",
                    ),
                ),
                fmt.percent(row.get("score_share")),
                fmt.percent(row.get("gap_share")),
                badge(page, "warning", page.t("proxies.both")) if row.get("carries_both") else "–",
            ]
        )
    title = page.t("proxies.title", attribute=attribute)
    rest = None
    if cells[SHOWN:]:
        more = page.t("features.rest", n=len(cells) - SHOWN)
        rest = details(more, table(more, heads, cells[SHOWN:], text=(0, 4)))
    return join(
        el("h3", title),
        sentences(page, proxies.get("sentences")),
        el("p", page.t("proxies.read", group=proxies.get("group") or "–"), class_="note"),
        table(title, heads, cells[:SHOWN], text=(0, 4), kind="quiet"),
        rest,
    )


def _place(page: Page, place: Any) -> Safe | None:
    if not isinstance(place, Mapping):
        return None

    def listed(key: str) -> Safe | None:
        texts = [page.say(text) for text in place.get(key) or []]
        return el("ul", *(el("li", text) for text in texts)) if texts else None

    protected = listed("protected")
    return details(
        page.t("fairness.read_against", place=page.say(place.get("title"))),
        el("p", page.t("fairness.protected")) if protected else None,
        protected,
        el("p", page.t("fairness.notes")),
        listed("notes"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    attributes = page.rows("fairness")
    if not attributes:
        return page.missing("missing.fairness")
    parts: list[Any] = [el("p", page.t("fairness.read")), _place(page, attributes[0].get("place"))]
    for found in attributes:
        attribute = page.say(found.get("title")) or str(found.get("attribute") or "–")
        parts += [el("h3", attribute), sentences(page, found.get("sentences"))]
        parts += [*_decisions(page, found, attribute), _proxies(page, found, attribute)]
    return join(parts)


SECTION = Section("fairness", "section.fairness", render)
