"""Approve, refer or decline: what the summary says, each figure of the same part and off the same curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page, badge, counted_bar, policy_part, tile, total, under
from tael.reports.cutoff import refers, strategy_of
from tael.reports.formats import finite
from tael.reports.html import Safe, el

OUTCOMES = (("approve", "s1"), ("refer", "grey"), ("decline", "s2"))


def _chosen(page: Page) -> tuple[dict[str, Any] | None, bool]:
    """The figures of the policy that was applied to each row, and whether they were counted so.

    The run's own comparison holds them; of a run without it they are read off the curve at the cut-off, which refers
    nobody.
    """
    strategy = strategy_of(page)
    row = strategy.row() if strategy else None
    first = next(iter(page.rows("decision", "values")), None)
    expected = first.get("profit_expected") if first else None
    if row is None or first is None or not isinstance(expected, Mapping):
        return row, False
    came, around = first.get("profit_realised"), first.get("bad_rate_interval") or (None, None)
    counted = {
        "approval": first.get("approval"),
        "bad_rate": first.get("bad_rate_expected"),
        "bad_rate_low": around[0],
        "bad_rate_high": around[1],
        "observed_bad_rate": None if came is None else first.get("bad_rate"),
        "profit": expected.get("value"),
        "profit_low": expected.get("low"),
        "profit_high": expected.get("high"),
        "realised": came.get("value") if isinstance(came, Mapping) else came,
    }
    return {**row, **counted}, True


def decided(page: Page) -> list[Safe]:
    """What was decided, in sentences whose every figure is of the part that the bar and the tiles count."""
    fmt, strategy = page.fmt, strategy_of(page)
    row, counted = _chosen(page)
    message, binding = page.say(page.at("decision", "message")), page.say(page.at("decision", "binding"))
    if row is None or page.at("decision", "status") not in (None, "chosen") or not policy_part(page):
        lines = [el("p", message, class_="lead") if message else page.missing("missing.decision")]
        return [*lines, el("p", binding)] if binding else lines
    limit = finite(page.at("decision", "limits", "max_bad_rate"))
    observed, realised = finite(row["observed_bad_rate"]), finite(row["realised"])
    band = refers(page) if counted else None
    cutoff, part = fmt.percent(row["threshold"]), policy_part(page).lower()
    said = [
        page.t("decided.band", low=fmt.percent(band[0]), high=fmt.percent(band[1]), cutoff=cutoff)
        if band
        else page.t("decided.cutoff", cutoff=cutoff),
        page.t("decided.approved" if counted else "decided.approval", part=part, approval=fmt.percent(row["approval"])),
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
    below = finite(strategy.columns["approval"][strategy.start]) if strategy else None
    return [*lines, *_referred(page, below or 0.0)]


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
    return counted_bar(page, [(page.t(f"decision.{name}"), counts.get(name), kind) for name, kind in OUTCOMES])


def tiles(page: Page) -> list[Safe]:
    """Approval, bad rate and profit at the cut-off, each with its interval and, where known, with what came of it."""
    fmt, made = page.fmt, []
    row, counted = _chosen(page)
    if row is None:
        return []
    band = refers(page) if counted else None
    at = page.t("figure.at_cutoff", cutoff=fmt.percent(row["threshold"]))
    at = page.t("figure.up_to", low=fmt.percent(band[0])) if band else at
    title = page.t("figure.approved" if band else "figure.approval")
    made.append(tile(title, fmt.percent(row["approval"]), at))
    observed, realised = finite(row["observed_bad_rate"]), finite(row["realised"])
    below: list[str] = [fmt.interval(row["bad_rate_low"], row["bad_rate_high"], fmt.percent)]
    if observed is not None:
        below.append(page.t("figure.observed", rate=fmt.percent(observed)))
    made.append(tile(page.t("figure.bad_rate"), fmt.percent(row["bad_rate"]), under(below)))
    below = [fmt.money_interval(row["profit_low"], row["profit_high"])]
    if realised is not None:
        below.append(page.t("figure.realised", profit=fmt.money(realised)))
    made.append(tile(page.t("figure.profit"), fmt.money(row["profit"]), under(below), "long"))
    return made


def nobody(page: Page) -> Safe | None:
    """A statement, where nobody is approved."""
    if page.at("decision") and not finite(page.at("decision", "counts", "approve")):
        return page.missing("missing.nobody")
    return None
