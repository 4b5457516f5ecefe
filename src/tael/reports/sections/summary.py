"""Summary first: what was decided, how good, how sure, what to worry about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import split_bar
from tael.reports.context import Page, Section, badge, policy_part, tile, total
from tael.reports.cutoff import refers, strategy_of
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

OUTCOMES = (("approve", "s1"), ("refer", "grey"), ("decline", "s2"))


def decided(page: Page) -> list[Safe]:
    """What was decided, in sentences whose every figure is of the part that the bar and the tiles count."""
    fmt, strategy = page.fmt, strategy_of(page)
    row = strategy.row() if strategy else None
    message, binding = page.say(page.at("decision", "message")), page.say(page.at("decision", "binding"))
    if row is None or page.at("decision", "status") not in (None, "chosen") or not policy_part(page):
        lines = [el("p", message, class_="lead") if message else page.missing("missing.decision")]
        return [*lines, el("p", binding)] if binding else lines
    limit = finite(page.at("decision", "limits", "max_bad_rate"))
    observed, realised = finite(row["observed_bad_rate"]), finite(row["realised"])
    said = [
        page.t("decided.cutoff", cutoff=fmt.percent(row["threshold"])),
        page.t("decided.approval", part=policy_part(page).lower(), approval=fmt.percent(row["approval"])),
    ]
    if row["bad_rate"] is not None:
        key = "decided.bad_observed" if observed is not None else "decided.bad"
        said.append(page.t(key, rate=fmt.percent(row["bad_rate"]), observed=fmt.percent(observed)))
    key = "decided.profit_realised" if realised is not None else "decided.profit"
    said.append(page.t(key, profit=fmt.money(row["profit"]), realised=fmt.money(realised)))
    lines = [el("p", ("" if page.lang == "zh" else " ").join(said), class_="lead")]
    if binding:
        lines.append(el("p", binding))
    if limit is not None and observed is not None and observed > limit:
        broken = page.t("decided.broken", observed=fmt.percent(observed), limit=fmt.percent(limit))
        lines.append(el("p", badge(page, "warning", page.t("severity.warning")), " ", broken))
    return [*lines, *_referred(page, finite(row["approval"]) or 0.0)]


def _referred(page: Page, below: float) -> list[Safe]:
    """Why the bar approves fewer than lie below the cut-off."""
    counts = page.at("decision", "counts")
    if refers(page) is None or not isinstance(counts, Mapping) or not (everyone := total(counts.values())):
        return []
    refer, approve = (((finite(counts.get(name)) or 0.0) / everyone) for name in ("refer", "approve"))
    if not refer:
        return []
    inside = min(max(below - approve, 0.0), refer)
    # What is shown adds up: the last share is the difference of the other two as they are written.
    refer, inside = round(refer, 3), round(inside, 3)
    shares = {"refer": refer, "below": inside, "above": refer - inside}
    return [el("p", page.t("decided.refer", **{name: page.fmt.percent(v) for name, v in shares.items()}))]


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
    """The few figures that a committee asks for, each with its interval and, where known, with what came of it."""
    fmt, strategy, made = page.fmt, strategy_of(page), []
    row = strategy.row() if strategy else None
    if row is not None:
        at = page.t("figure.at_cutoff", cutoff=fmt.percent(row["threshold"]))
        made.append(tile(page.t("figure.approval"), fmt.percent(row["approval"]), at))
        observed, realised = finite(row["observed_bad_rate"]), finite(row["realised"])
        below: list[str] = [fmt.interval(row["bad_rate_low"], row["bad_rate_high"], fmt.percent)]
        if observed is not None:
            below.append(page.t("figure.observed", rate=fmt.percent(observed)))
        made.append(tile(page.t("figure.bad_rate"), fmt.percent(row["bad_rate"]), _lines(below)))
        below = [fmt.money_interval(row["profit_low"], row["profit_high"])]
        if realised is not None:
            below.append(page.t("figure.realised", profit=fmt.money(realised)))
        made.append(tile(page.t("figure.profit"), fmt.money(row["profit"]), _lines(below), "long"))
    split = _split(page)
    for metric in ("roc_auc", "ks"):
        cell = page.at("metrics", split, metric) if split else None
        if cell:
            title = page.say(page.at("metric_titles", metric)) or metric
            made.append(tile(title, fmt.number(cell.get("value")), fmt.interval(cell.get("low"), cell.get("high"))))
    if not made:
        return None
    part = policy_part(page) if row is not None else ""
    note = el("p", page.t("summary.counted_on", part=part), class_="note") if part else None
    return join(el("dl", made, class_="tiles"), note)


def _lines(texts: list[str]) -> list[Any]:
    """One under the other, those that are there."""
    return [el("span", text, class_="under") for text in texts if text]


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
    nobody = None
    if page.at("decision") and not finite(page.at("decision", "counts", "approve")):
        nobody = page.missing("missing.nobody")
    asked = [("summary.good", _good(page)), ("summary.sure", _sure(page)), ("summary.worry", _worry(page))]
    return join(
        el("h3", page.t("summary.decided")),
        decided(page),
        nobody,
        outcome_bar(page),
        tiles(page),
        el("div", *(el("div", el("h3", page.t(key)), body, class_="card") for key, body in asked), class_="three"),
        el("h3", page.t("summary.verdict")),
        verdicts(page),
    )


SECTION = Section("summary", "section.summary", render)
