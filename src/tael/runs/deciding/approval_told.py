"""The decision of a run: economics from the plan's formulas, the cut-off from validation, its worth out of time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions import ApprovalPolicy, Decisions, expected_profit, strategy_curve, swap_set
from tael.runs.deciding.approval_terms import FORMULA, Terms, parameters
from tael.runs.plans import ApprovalPlan
from tael.validation import wilson
from tael.validation.ranked import interval, resample
from tael.validation.words import Words


def policy_of(plan: ApprovalPlan) -> ApprovalPolicy:
    """The policy that a plan states, before its cut-off is chosen."""
    return ApprovalPolicy(
        max_bad_rate=plan.limit.bad_rate,
        min_approval=plan.limit.approval,
        refer_band=plan.refer_band,
        segment_caps=plan.segment_caps,
    )


def decide(policy: ApprovalPolicy, p: NDArray[np.float64], terms: Terms, ids: Any) -> Decisions:
    """Apply a policy."""
    return policy.decide(p, terms.segments, order=ids, rules=terms.rules or None)


def decision_section(
    policy: ApprovalPolicy, plan: ApprovalPlan, p: NDArray[np.float64], terms: Terms, y: NDArray[np.float64] | None,
    ids: Any, *, split: str, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """The part of ``run.json`` on the decision, measured on one split.

    Parameters
    ----------
    p : ndarray, shape (n,)
    terms : Terms
        Of the same rows.
    y : ndarray, shape (n,), optional
        Their outcomes.
    """
    profit = expected_profit(p, terms.economics)
    realised = None if y is None else expected_profit(y, terms.economics)
    decided = decide(policy, p, terms, ids)
    fit = policy.fit_
    assert fit is not None
    at = [bound for bound in (fit.approve_up_to, fit.refer_up_to, fit.cutoff) if bound is not None]
    curve = strategy_curve(p, profit, y, realised=realised, at=at, n_points=101, n_boot=100, seed=seed)
    worth = realised if realised is not None else profit
    approved = decided.decision == "approve"
    values = [
        _value(title, chosen, p, y, profit, realised, seed)
        for title, chosen in _policies(decided, approved, terms, fit.cutoff)
    ]
    observed = None if y is None else _observed(y[approved])
    counts = decided.counts()
    return {
        "kind": policy.kind,
        "currency": plan.currency,
        "message": _message(policy, counts, values[0], split).to_dict(),
        "binding": policy.binding().to_dict(),
        "status": fit.status,
        "cutoff": fit.cutoff,
        "refer": [fit.approve_up_to, fit.refer_up_to],
        "limits": {
            "max_bad_rate": plan.limit.bad_rate,
            "min_approval": plan.limit.approval,
            "segment_caps": dict(plan.segment_caps),
        },
        "chosen_on": "validation",
        "counts": counts,
        "counts_split": split,
        "observed": observed,
        "curve": _curve(curve),
        "values_basis": "realised" if realised is not None else "expected",
        "values": values,
        "swap_set": None if terms.today is None else _swap(approved, terms.today, p, y, worth),
        "economics": {
            "text": _economics_words().to_dict(),
            "formula": FORMULA,
            "parameters": parameters(plan),
        },
    }


def _policies(
    decided: Decisions, approved: NDArray[np.bool_], terms: Terms, cutoff: float | None
) -> list[tuple[Words, NDArray]]:
    """The policies to compare: the chosen one, as it was decided for each row, first."""
    decision, n = decided.decision, len(decided)
    refer = decision == "refer"
    found: list[tuple[Words, NDArray]] = [
        (Words("chosen cut-off (referred not yet granted)", "所选分数线（转人工者暂未放款）"), approved),
        (Words("chosen cut-off, referred granted too", "所选分数线，转人工者亦放款"), approved | refer),
        (Words("approve all", "全部批准"), np.ones(n, dtype=bool)),
        (Words("decline all", "全部拒绝"), np.zeros(n, dtype=bool)),
    ]
    if terms.today is not None:
        found.insert(2, (Words("today's rule", "现行规则"), terms.today))
    if cutoff is not None and refer.any():
        alone = approved | (refer & (decided.pd <= cutoff))
        found.insert(2, (Words("cut-off alone, nobody referred", "仅按分数线，不转人工"), alone))
    return found


def _value(
    title: Words, chosen: NDArray[np.bool_], p: NDArray[np.float64], y: NDArray[np.float64] | None,
    profit: NDArray[np.float64], realised: NDArray[np.float64] | None, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """What a policy is worth: as expected from the probabilities, and as it came out."""
    expected = _total(profit * chosen, seed)
    came = None if realised is None else _total(realised * chosen, seed)
    bad = p if y is None else y
    return {
        "policy": title.to_dict(),
        "profit": expected if came is None else came,
        "profit_expected": expected,
        "profit_realised": came,
        "approval": float(chosen.mean()),
        "bad_rate": float(bad[chosen].mean()) if chosen.any() else None,
        "bad_rate_expected": float(p[chosen].mean()) if chosen.any() else None,
        "bad_rate_interval": _mean_of(p, chosen, seed) if chosen.any() else None,
    }


def _mean_of(p: NDArray[np.float64], chosen: NDArray[np.bool_], seed: int) -> list[float]:
    """Interval of the mean probability of those chosen: the rule is held, the people are drawn anew."""
    drawn = []
    for counts in resample(len(p), 200, np.random.default_rng(seed)):
        size = counts @ chosen
        drawn.append((counts @ (p * chosen))[size > 0] / size[size > 0])
    return [float(end) for end in interval(float(p[chosen].mean()), np.concatenate(drawn), 0.95)]


def _observed(bad: NDArray[np.float64]) -> dict[str, Any] | None:
    """How many of the approved went bad, with Wilson's interval."""
    if len(bad) == 0:
        return None
    low, high = wilson([bad.sum()], [len(bad)])
    return {
        "n": len(bad), "bad": int(bad.sum()), "rate": float(bad.mean()), "low": float(low[0]), "high": float(high[0]),
    }  # fmt: skip


def _message(policy: ApprovalPolicy, counts: dict[str, int], value: dict[str, Any], split: str) -> Words:
    """What was chosen, on which part, and what the same cut-off did on the part that all other figures speak of."""
    en = f"Chosen on validation. {policy.message('en')}"
    zh = f"分数线在验证集上选定。{policy.message('zh')}"
    n = sum(counts.values())
    if policy.fit_ is None or policy.fit_.cutoff is None or not n:
        return Words(en, zh)
    part = {"out_of_time": ("Out of time", "跨期测试集")}.get(split, (split, split))
    share = {name: count / n for name, count in counts.items()}
    en += f" {part[0]}: {share['approve']:.1%} approved, {share['refer']:.1%} referred, {share['decline']:.1%} declined"
    zh += f"{part[1]}：批准 {share['approve']:.1%}，转人工 {share['refer']:.1%}，拒绝 {share['decline']:.1%}"
    if value["bad_rate"] is not None:
        expected = value["bad_rate_expected"]
        known = value["profit_realised"] is not None
        en += f"; bad rate of the approved {expected:.2%} expected" + (
            f", {value['bad_rate']:.2%} observed" if known else ""
        )
        zh += f"；获批者坏样本率预期 {expected:.2%}" + (f"，实际 {value['bad_rate']:.2%}" if known else "")
        each = value["profit_expected"]["value"] / n
        en += f"; profit per applicant {each:,.2f} expected"
        zh += f"；每位申请人利润预期 {each:,.2f}"
        if known:
            each = value["profit_realised"]["value"] / n
            en, zh = f"{en}, {each:,.2f} realised", f"{zh}，实际 {each:,.2f}"
    return Words(en + ".", zh + "。")


def _economics_words() -> Words:
    return Words(
        "Expected profit of lending to an applicant over the loan's life; declining earns 0.",
        "向申请人放款在整个贷款期内的预期利润；拒绝的利润为 0。",
    )


def _curve(curve: Any) -> dict[str, list[Any]]:
    names = {
        "threshold": "cutoff", "approval": "approval", "bad_rate": "expected_bad_rate",
        "bad_rate_low": "expected_bad_rate_low", "bad_rate_high": "expected_bad_rate_high",
        "observed_bad_rate": "observed_bad_rate", "marginal_bad_rate": "expected_marginal_bad_rate",
        "profit": "profit_total", "realised": "realised_total",
    }  # fmt: skip
    out = {name: curve[column].to_list() for name, column in names.items() if column in curve.columns}
    n = len(curve)
    people = (curve["profit_total"] / curve["profit_per_applicant"]).drop_nulls().drop_nans()
    size = float(people[-1]) if len(people) else 0.0
    if n and "profit_per_applicant_low" in curve.columns:
        out["profit_low"] = (curve["profit_per_applicant_low"] * size).to_list()
        out["profit_high"] = (curve["profit_per_applicant_high"] * size).to_list()
    return out


def _total(gains: NDArray[np.float64], seed: int) -> dict[str, float]:
    value = float(gains.sum())
    draws = np.concatenate([counts @ gains for counts in resample(len(gains), 200, np.random.default_rng(seed))])
    low, high = interval(value, draws, 0.95)
    return {"value": value, "low": float(low), "high": float(high)}


def _swap(
    new: NDArray[np.bool_],
    old: NDArray[np.bool_],
    p: NDArray[np.float64],
    y: NDArray[np.float64] | None,
    worth: NDArray,
) -> dict[str, Any]:
    table = swap_set(new, old, pd=p, y=y, profit=worth)
    rate = "observed_bad_rate" if y is not None else "expected_bad_rate"
    return {
        row["cell"].replace(" ", "_"): {"n": row["n"], "bad_rate": row[rate], "profit": row["profit"]}
        for row in table.to_dicts()
    }
