"""Summary first: what was decided, how good, how sure, what to worry about."""

from __future__ import annotations

from collections.abc import Mapping

from tael.reports import outcome_approval, outcome_options
from tael.reports.context import Page, Section, badge, policy_part, tile
from tael.reports.html import Safe, el, join
from tael.reports.outcome_options import beyond


def _tiles(page: Page, made: list[Safe]) -> Safe | None:
    """The few figures that a committee asks for: those of the decision, then those of the model."""
    fmt, part = page.fmt, policy_part(page) if made else ""
    split, made = _split(page), list(made)
    for metric in ("roc_auc", "ks"):
        cell = page.at("metrics", split, metric) if split else None
        if cell:
            title = page.say(page.at("metric_titles", metric)) or metric
            made.append(tile(title, fmt.number(cell.get("value")), fmt.interval(cell.get("low"), cell.get("high"))))
    if not made:
        return None
    note = el("p", page.t("summary.counted_on", part=part), class_="note") if part else None
    return join(el("dl", made, class_="tiles"), note)


def _split(page: Page) -> str | None:
    """The part on which the decision is counted, if it has metrics; else the latest that has."""
    where = page.at("decision", "counts_split")
    return str(where) if where in page.splits("metrics") else page.judged()


def _good(page: Page) -> list[Safe]:
    split, lines = page.judged(), []
    auc = page.at("metrics", split, "roc_auc", "value") if split else None
    if split and auc is not None:
        lines.append(el("p", page.t("summary.separates", auc=page.fmt.number(auc), part=page.name("split", split))))
        plain = page.at("reference_metrics", split, "roc_auc", "value")
        key = "summary.reference" if plain is not None else "summary.no_reference"
        lines.append(el("p", page.t(key, auc=page.fmt.number(plain))))
    return [*lines, *(el("p", said) for said in beyond(page))] or [page.missing("missing.metrics")]


def _sure(page: Page) -> list[Safe]:
    split = page.judged()
    part = page.at("split", "parts", split) if split else None
    lines = []
    if isinstance(part, Mapping):
        lines.append(
            el(
                "p",
                page.t(
                    "summary.measured" if split == "out_of_time" else "summary.measured_before",
                    n=page.fmt.integer(part.get("n")),
                    bad=page.fmt.integer(part.get("bad")),
                    first=part.get("first") or "?",
                    last=part.get("last") or "?",
                ),
            )
        )
    bins = [
        b
        for b in page.rows("curves", "calibration", split or "")
        if None not in (b.get("low"), b.get("high"), b.get("predicted"))
    ]
    if bins:
        inside = sum(b["low"] <= b["predicted"] <= b["high"] for b in bins)
        lines.append(el("p", page.t("summary.calibrated", inside=inside, all=len(bins))))
    psi = page.at("stability", "score", "psi")
    if psi is not None:
        lines.append(el("p", page.t("summary.psi", psi=page.fmt.number(psi))))
    return lines or [page.missing("missing.split")]


def _worry(page: Page) -> Safe:
    worries = [page.say(w) for w in page.at("worries") or []]
    return el("ul", *(el("li", w) for w in worries)) if worries else page.missing("missing.worries")


def verdicts(page: Page) -> Safe:
    """Each verdict with its mark, its sentence and what to do."""
    found = page.rows("verdict")
    if not found:
        return page.missing("missing.verdict")
    items = []
    for row in found:
        severity = str(row.get("severity"))
        todo = page.say(row.get("todo"))
        items.append(
            el(
                "li",
                badge(page, severity, page.name("severity", severity)),
                el("div", el("p", page.say(row.get("text"))), el("p", todo, class_="todo") if todo else None),
                el("code", row.get("code") or ""),
            )
        )
    return el("ul", items, class_="verdicts")


def render(page: Page) -> Safe:
    """Draw the section."""
    outcome = outcome_approval if page.approval else outcome_options
    asked = [("summary.good", _good(page)), ("summary.sure", _sure(page)), ("summary.worry", _worry(page))]
    return join(
        el("h3", page.t("summary.decided")),
        outcome.decided(page),
        outcome.nobody(page),
        outcome.outcome_bar(page),
        _tiles(page, outcome.tiles(page)),
        el("div", *(el("div", el("h3", page.t(key)), body, class_="card") for key, body in asked), class_="three"),
        el("h3", page.t("summary.verdict")),
        verdicts(page),
    )


SECTION = Section("summary", "section.summary", render)
