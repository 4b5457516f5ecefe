"""Examples of each decision and why: each reason in words, pushing the score behind the decision up or down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import option_title

SEVERITY = {"approve": "ok", "refer": "warning", "decline": "error"}


def _push(page: Page, contribution: float | None) -> str:
    if contribution is None:
        return "–"
    if contribution == 0:
        return page.t("reasons.none")
    if page.at("model", "kind") == "uplift":
        # An effect is a difference of probabilities, and so are its parts.
        factor = page.fmt.number(100 * abs(contribution), 2)
    else:
        # Log-odds add up, so odds multiply: a contribution of 0.69 doubles the odds.
        factor = page.fmt.number(math.exp(min(abs(contribution), 20.0)), 2)
    return page.t("reasons.up" if contribution > 0 else "reasons.down", factor=factor)


def _value(page: Page, value: Any) -> str:
    """A value in words, with its unit in the page's language; of earlier runs, a bare number or "missing"."""
    if finite(value) is not None:
        return page.fmt.value(value)
    text = "–" if value is None else page.say(value)
    if text in ("missing", "缺失"):
        return page.t("features.missing_bin")
    try:
        return page.fmt.value(float(text.replace(",", "")))
    except ValueError:
        return text


def _decision(page: Page, decision: str) -> Safe:
    """What was decided; an option is neither good nor bad news."""
    title = option_title(page, decision)
    if page.approval:
        return badge(page, SEVERITY.get(decision, "warning"), title)
    return el("span", title, class_="badge note")


def _applicant(page: Page, sample: Mapping[str, Any], most: float) -> Safe:
    decision = str(sample.get("decision") or "")
    head = el(
        "h3",
        page.t("reasons.applicant", id=sample.get("id") or "–"),
        " ",
        _decision(page, decision),
    )
    facts = el(
        "p",
        page.t(
            "reasons.facts", probability=page.fmt.percent(sample.get("probability")), cutoff=sample.get("cutoff") or "–"
        ),
    )
    if because := page.say(sample.get("because")):
        facts = join(facts, el("p", because))
    told = [r for r in sample.get("reasons") or [] if isinstance(r, Mapping)]
    # Where the applicant is as the typical one is, there is nothing to explain by it.
    reasons = [r for r in told if r.get("value") is None or str(r.get("value")) != str(r.get("typical"))]
    if not reasons:
        absent = page.missing("reasons.alike" if told else "missing.reasons")
        return el("article", head, facts, absent, class_="card")
    heads = [page.t(f"reasons.{k}") for k in ("reason", "value", "typical", "push")]
    cells = []
    for r in sorted(reasons, key=lambda r: -abs(finite(r.get("contribution")) or 0.0)):
        value = finite(r.get("contribution"))
        bar = share_bar(value or 0.0, most, "s2" if (value or 0.0) > 0 else "s1", signed=True)
        cells.append(
            [
                page.say(r.get("words")) or str(r.get("feature") or "–"),
                _value(page, r.get("value")),
                _value(page, r.get("typical")),
                barred(_push(page, value), bar),
            ]
        )
    title = page.t("reasons.table", id=sample.get("id") or "–")
    return el("article", head, facts, table(title, heads, cells, text=(0, 3), kind="reasons quiet"), class_="card")


def render(page: Page) -> Safe:
    """Draw the section."""
    samples = page.rows("samples")
    if not samples:
        return page.missing("missing.samples")
    told = [r for s in samples for r in s.get("reasons") or [] if isinstance(r, Mapping)]
    sizes = [abs(finite(r.get("contribution")) or 0.0) for r in told]
    return join(el("p", page.t("reasons.read")), *(_applicant(page, s, max(sizes, default=0.0)) for s in samples))


SECTION = Section("reasons", "section.reasons", render)
