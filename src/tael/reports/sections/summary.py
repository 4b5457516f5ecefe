"""Summary first: what was decided, how good, how sure, what to worry about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import split_bar
from tael.reports.context import Page, Section, badge, curve, tile, total
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

OUTCOMES = (("approve", "s1"), ("refer", "grey"), ("decline", "s2"))


def at_cutoff(page: Page) -> Mapping[str, Any] | None:
    """The strategy curve's row nearest to the chosen cut-off, or None when there is no cut-off or no curve."""
    cutoff, data = finite(page.at("decision", "cutoff")), page.at("decision", "curve")
    columns = curve(data, "threshold")
    if cutoff is None or columns is None:
        return None
    nearest = min(range(len(columns[0])), key=lambda k: abs((finite(columns[0][k]) or 0.0) - cutoff))
    return {
        name: values[nearest] for name, values in data.items() if isinstance(values, list) and len(values) > nearest
    }


def outcome_bar(page: Page) -> Safe | None:
    """Approve, refer, decline: one bar and the counts in words."""
    counts = page.at("decision", "counts")
    if not isinstance(counts, Mapping) or not total(counts.values()):
        return None
    everyone = total(counts.values())
    words = [
        el(
            "span",
            el(
                "svg",
                el("rect", width=10, height=10, class_=f"bar {kind}"),
                viewBox="0 0 10 10",
                class_="key square",
                aria_hidden="true",
            ),
            f"{page.t('decision.' + name)} {page.fmt.integer(counts.get(name))} "
            f"({page.fmt.percent((finite(counts.get(name)) or 0.0) / everyone)})",
        )
        for name, kind in OUTCOMES
    ]
    label = ", ".join(f"{page.t('decision.' + n)} {page.fmt.integer(counts.get(n))}" for n, _ in OUTCOMES)
    where = page.at("decision", "counts_split")
    note = el("small", page.t("summary.counted_on", part=page.name("split", where))) if where else None
    bar = split_bar([(finite(counts.get(name)) or 0.0, kind) for name, kind in OUTCOMES], label)
    return el("div", bar, el("p", words, note, class_="legend"), class_="outcomes")


def tiles(page: Page) -> Safe | None:
    """The few figures that a committee asks for, each with its interval."""
    fmt, row, split, made = page.fmt, at_cutoff(page), page.judged(), []
    if row is not None:
        made.append(
            tile(
                page.t("figure.approval"),
                fmt.percent(row.get("approval")),
                page.t("figure.at_cutoff", cutoff=fmt.percent(page.at("decision", "cutoff"))),
            )
        )
        low, high = row.get("bad_rate_low"), row.get("bad_rate_high")
        made.append(
            tile(page.t("figure.bad_rate"), fmt.percent(row.get("bad_rate")), fmt.interval(low, high, fmt.percent))
        )
        low, high = row.get("profit_low"), row.get("profit_high")
        made.append(tile(page.t("figure.profit"), fmt.money(row.get("profit")), fmt.money_interval(low, high), "long"))
    for metric in ("roc_auc", "ks"):
        cell = page.at("metrics", split, metric) if split else None
        if cell:
            title = page.say(page.at("metric_titles", metric)) or metric
            made.append(tile(title, fmt.number(cell.get("value")), fmt.interval(cell.get("low"), cell.get("high"))))
    return el("dl", made, class_="tiles") if made else None


def _good(page: Page) -> list[Safe]:
    split, lines = page.judged(), []
    auc = page.at("metrics", split, "roc_auc", "value") if split else None
    if split and auc is not None:
        lines.append(el("p", page.t("summary.separates", auc=page.fmt.number(auc), part=page.name("split", split))))
        plain = page.at("reference_metrics", split, "roc_auc", "value")
        key = "summary.reference" if plain is not None else "summary.no_reference"
        lines.append(el("p", page.t(key, auc=page.fmt.number(plain))))
    return lines or [page.missing("missing.metrics")]


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
    message = page.say(page.at("decision", "message"))
    decided = el("p", message, class_="lead") if message else page.missing("missing.decision")
    nobody = None
    if page.at("decision") and not finite(page.at("decision", "counts", "approve")):
        nobody = page.missing("missing.nobody")
    asked = [("summary.good", _good(page)), ("summary.sure", _sure(page)), ("summary.worry", _worry(page))]
    return join(
        el("h3", page.t("summary.decided")),
        decided,
        nobody,
        outcome_bar(page),
        tiles(page),
        el("div", *(el("div", el("h3", page.t(key)), body, class_="card") for key, body in asked), class_="three"),
        el("h3", page.t("summary.verdict")),
        verdicts(page),
    )


SECTION = Section("summary", "section.summary", render)
