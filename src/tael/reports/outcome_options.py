"""A decision among options: what the summary says of who gets what, what it is worth, and what limits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page, counted_bar, tile, total, under
from tael.reports.formats import finite
from tael.reports.html import Safe, el
from tael.reports.limits_told import amount, binding, limit_title, limits, option_title

COLOURS = ("s1", "s3", "s2", "s4", "s5", "s6")
SHOWN = 6
"""Options that are told apart in the bar; the smallest further ones stand together."""
MANY = 3
"""Treatments of which the summary tells how well they are ranked."""


def decided(page: Page) -> list[Safe]:
    """The run's own sentence, and which limits bind."""
    message = page.say(page.at("decision", "message"))
    lines = [el("p", message, class_="lead") if message else page.missing("missing.decision")]
    if page.at("decision", "status") in (None, "chosen") and (said := binding(page)):
        lines.append(el("p", said))
    if now := page.say(page.at("decision", "now")):
        lines.append(el("p", now))
    return lines


def nobody(page: Page) -> Safe | None:
    """Nothing: that all get the first option is told by the bar."""
    return None


def outcome_bar(page: Page) -> Safe | None:
    """Options by how many get each: nothing done is grey and stands last."""
    counts = page.at("decision", "counts")
    if not isinstance(counts, Mapping) or not total(counts.values()):
        return None
    first, *others = counts
    others = [name for name in others if finite(counts[name])]
    shown = sorted(others, key=lambda name: -(finite(counts[name]) or 0.0))[:SHOWN]
    parts = [
        (option_title(page, name), counts[name], f"{COLOURS[shown.index(name)]}") for name in others if name in shown
    ]
    if rest := [name for name in others if name not in shown]:
        parts.append((page.t("features.rest", n=len(rest)), total(counts[name] for name in rest), "s7"))
    return counted_bar(page, [*parts, (option_title(page, first), counts[first], "grey")])


def tiles(page: Page) -> list[Safe]:
    """Worth, the lead over today's rule, how many get more than nothing, and how far the first limit is used."""
    fmt, rows, made = page.fmt, page.rows("decision", "values"), []
    if page.at("decision", "status") not in (None, "chosen") or not rows:
        return []
    chosen = rows[0]
    expected, came = chosen.get("profit_expected"), chosen.get("profit_realised")
    if isinstance(expected, Mapping):
        below = [fmt.money_interval(expected.get("low"), expected.get("high"))]
        if isinstance(came, Mapping):
            below.append(page.t("figure.came", worth=fmt.money(came.get("value"))))
        made.append(tile(page.t("figure.worth"), fmt.money(expected.get("value")), under(below), "long"))
    for row in rows[1:2]:
        if isinstance(ahead := row.get("behind"), Mapping):
            title = page.t("figure.ahead", rule=page.say(row.get("policy")))
            below = [fmt.money_interval(ahead.get("low"), ahead.get("high"))]
            below += [page.t("figure.by_what_came")] if page.at("decision", "values_basis") == "realised" else []
            made.append(tile(title, fmt.money(ahead.get("value")), under(below), "long"))
    made.append(tile(page.t("figure.treated"), fmt.percent(chosen.get("treated"))))
    for row in sorted(limits(page), key=lambda row: not finite(row.get("shadow_price")))[:1]:
        bound = row.get("upper") if finite(row.get("upper")) is not None else row.get("lower")
        used = limit_title(page, row)
        used = used[:1].upper() + used[1:]
        made.append(
            tile(used, amount(page, row, row.get("use")), page.t("figure.of_limit", limit=amount(page, row, bound)))
        )
    return made


def beyond(page: Page) -> list[str]:
    """How good a model is that foretells more than a yes or no."""
    fmt, said = page.fmt, []

    def told(cell: Any) -> str:
        cell = cell if isinstance(cell, Mapping) else {}
        between = fmt.interval(cell.get("low"), cell.get("high"))
        return f"{fmt.number(cell.get('value'))}{f' ({between})' if between else ''}"

    for effect in page.rows("uplift", "effects")[:MANY]:
        metrics = effect.get("metrics")
        if isinstance(metrics, Mapping):
            model, response = ((metrics.get(who) or {}).get("qini") for who in ("model", "response"))
            arm = option_title(page, effect.get("arm"))
            said.append(page.t("summary.qini", arm=arm, model=told(model), response=told(response)))
    found = {
        who: next(
            (row for row in page.rows("ranking", "models", who) if row.get("product") == "mean of products"), None
        )
        for who in ("model", "popularity")
    }
    if all(found.values()):
        said.append(page.t("summary.mrr", **{who: told(row) for who, row in found.items()}))
    return said
