"""The decision of a run: economics from the plan's formulas, the cut-off from validation, its worth out of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import ApprovalEconomics, ApprovalPolicy, Decisions, expected_profit, strategy_curve, swap_set
from tael.engine import Engine
from tael.engine.observed import to_polars
from tael.errors import DecisionError, FormulaError
from tael.formulas.parser import parse
from tael.runs.plan import DecisionPlan
from tael.tables.schema import Type
from tael.validation.ranked import interval, resample
from tael.validation.words import Words

TERMS: dict[str, tuple[Words, str]] = {
    "amount": (Words("amount lent", "放款金额"), "currency"),
    "margin": (Words("margin over the loan's life", "贷款期内总毛利"), "currency"),
    "margin_rate": (Words("margin over the loan's life, share of the amount", "贷款期内毛利率"), "share"),
    "lgd": (Words("loss given default", "违约损失率"), "share"),
    "exposure_at_default": (Words("exposure at default, share of the amount", "违约时敞口占比"), "share"),
    "income_before_default": (Words("margin earned before default", "违约前已得毛利占比"), "share"),
    "funding_rate": (Words("cost of funding a year", "资金成本（年）"), "share"),
    "capital_ratio": (Words("capital held", "资本占用比例"), "share"),
    "capital_cost": (Words("cost of capital a year", "资本成本（年）"), "share"),
    "term_years": (Words("term", "期限"), "years"),
    "average_balance": (Words("average balance, share of the amount", "平均余额占比"), "share"),
    "acquisition_cost": (Words("cost of acquisition", "获客成本"), "currency"),
    "servicing_cost": (Words("cost of servicing", "服务成本"), "currency"),
}
FORMULA = (
    "(1 - pd) * margin + pd * income_before_default * margin - pd * lgd * exposure_at_default * amount"
    " - (funding_rate + capital_ratio * capital_cost) * average_balance * term_years * amount"
    " - acquisition_cost - servicing_cost"
)


@dataclass(frozen=True)
class Terms:
    """What the decision needs of each observation, besides its probability."""

    economics: ApprovalEconomics
    segments: NDArray[Any] | None
    rules: dict[str, NDArray[np.bool_]]
    today: NDArray[np.bool_] | None

    def take(self, rows: NDArray[np.int64]) -> Terms:
        """The terms of some observations, by index."""
        return Terms(
            self.economics.take(rows),
            None if self.segments is None else self.segments[rows],
            {name: flag[rows] for name, flag in self.rules.items()},
            None if self.today is None else self.today[rows],
        )


def bind_all(engine: Engine, plan: DecisionPlan) -> None:
    """Hold every formula of a decision plan against the tables, without computing any.

    Raises
    ------
    FormulaError
        Names its place in the plan.
    """
    stated = {name: getattr(plan, name) for name in (*TERMS, "segment", "today")}
    stated |= {f"rules.{name}": text for name, text in plan.rules.items()}
    for name, text in stated.items():
        if isinstance(text, str):
            _bound(engine, text, name)


def _bound(engine: Engine, text: str, place: str) -> None:
    try:
        engine.bind(text)
    except FormulaError as error:
        raise FormulaError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where=f"decision.{place} = {text}",
            fix=error.fix,
        ) from None


def terms_of(engine: Engine, plan: DecisionPlan, X: Any) -> Terms:
    """Evaluate the formulas of a decision plan for observations.

    Raises
    ------
    DecisionError
        If a term is missing for an applicant or is no number.
    """
    bind_all(engine, plan)
    keys = to_polars(X, engine.key, engine.cutoff)[engine.key]
    numbers = {name: _term(engine, name, getattr(plan, name), X, keys) for name in TERMS}
    economics = ApprovalEconomics(**numbers, currency=plan.currency)
    segments = None
    if plan.segment is not None:
        values = engine.evaluate([plan.segment], X)[0]
        segments = values.strings() if values.type in (Type.CATEGORY, Type.TEXT) else values.data.astype(str)
        segments = np.array([str(s) for s in segments], dtype=object)
    rules = {name: _flags(engine, text, X, f"rules.{name}") for name, text in plan.rules.items()}
    today = None if plan.today is None else _flags(engine, plan.today, X, "today")
    return Terms(economics, segments, rules, today)


def _term(engine: Engine, name: str, stated: float | str | None, X: Any, keys: pl.Series) -> Any:
    if stated is None or not isinstance(stated, str):
        return stated
    values = engine.evaluate([parse(stated)], X)[0]
    if values.type not in (Type.NUMBER, Type.FLAG):
        raise DecisionError(
            "A term of the loan must be a number.",
            expected="a number, or a formula of numbers",
            got=f"a {values.type}",
            where=f"decision.{name} = {stated}",
            fix="Mend the formula.",
        )
    absent = np.flatnonzero(np.isnan(values.data))
    if len(absent):
        raise DecisionError(
            "A term of the loan is missing for some applicants.",
            expected="a number for each",
            got=f"{len(absent):,} of {len(keys):,} missing, such as for {keys.name} {keys[int(absent[0])]}",
            where=f"decision.{name} = {stated}",
            fix=f"Say what holds then, such as coalesce({stated}, 0), or leave them out by where or exclude.",
        )
    return values.data


def _flags(engine: Engine, text: str, X: Any, where: str) -> NDArray[np.bool_]:
    values = engine.evaluate([text], X)[0]
    if values.type != Type.FLAG:
        raise DecisionError(
            "A rule must be a flag.",
            expected="such as age < 18",
            got=f"a {values.type}",
            where=f"decision.{where} = {text}",
            fix="Compare it with a value.",
        )
    return values.data == 1.0


def policy_of(plan: DecisionPlan) -> ApprovalPolicy:
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
    policy: ApprovalPolicy, plan: DecisionPlan, p: NDArray[np.float64], terms: Terms, y: NDArray[np.float64] | None,
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
    curve = strategy_curve(p, profit, y, realised=realised, n_points=101, n_boot=100, seed=seed)
    n = len(p)
    best = "realised" if realised is not None else "expected"
    worth = realised if realised is not None else profit
    approved = decided.decision == "approve"
    policies: list[tuple[Words, NDArray[np.bool_]]] = [
        (Words("chosen cut-off (referred not yet granted)", "所选分数线（转人工者暂未放款）"), approved),
        (
            Words("chosen cut-off, referred granted too", "所选分数线，转人工者亦放款"),
            approved | (decided.decision == "refer"),
        ),
        (Words("approve all", "全部批准"), np.ones(n, dtype=bool)),
        (Words("decline all", "全部拒绝"), np.zeros(n, dtype=bool)),
    ]
    if terms.today is not None:
        policies.insert(2, (Words("today's rule", "现行规则"), terms.today))
    fit = policy.fit_
    assert fit is not None
    return {
        "kind": policy.kind,
        "currency": plan.currency,
        "message": {"en": policy.message("en"), "zh": policy.message("zh")},
        "status": fit.status,
        "cutoff": fit.cutoff,
        "refer": [fit.approve_up_to, fit.refer_up_to],
        "limits": {
            "max_bad_rate": plan.limit.bad_rate,
            "min_approval": plan.limit.approval,
            "segment_caps": dict(plan.segment_caps),
        },
        "counts": decided.counts(),
        "counts_split": split,
        "curve": _curve(curve),
        "values_basis": best,
        "values": [
            {
                "policy": title.to_dict(),
                "profit": _total(worth * chosen, seed),
                "approval": float(chosen.mean()),
                "bad_rate": float((p if y is None else y)[chosen].mean()) if chosen.any() else None,
            }
            for title, chosen in policies
        ],
        "swap_set": None if terms.today is None else _swap(approved, terms.today, p, y, worth),
        "economics": {
            "text": _economics_words().to_dict(),
            "formula": FORMULA,
            "parameters": _parameters(plan),
        },
    }


def _economics_words() -> Words:
    return Words(
        "Expected profit of lending to an applicant over the loan's life; declining earns 0.",
        "向申请人放款在整个贷款期内的预期利润；拒绝的利润为 0。",
    )


def _parameters(economics: DecisionPlan) -> list[dict[str, Any]]:
    out = []
    for name, (title, unit) in TERMS.items():
        value = getattr(economics, name)
        if value is not None and not (name == "margin_rate" and economics.margin is not None):
            shown = economics.currency if unit == "currency" else unit
            out.append({"name": name, "value": value, "unit": shown, "title": title.to_dict()})
    return out


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
