"""What ``run.json`` says of a queue of alerts: what it found, at which capacity, beside other rankings and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions.alerts import AlertPolicy
from tael.decisions.alerts_measure import Came, behind, by_lot, figures, queued, ranked
from tael.runs.deciding.alerts_beside import lines_told, overlap, rules_told, typologies
from tael.runs.deciding.alerts_terms import AlertTerms
from tael.runs.tasks.base import Outputs
from tael.validation.words import Words

if TYPE_CHECKING:
    from tael.runs.deciding.alerts import Alerts

Floats = NDArray[np.float64]
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
TITLES = {
    "chosen": Words("by expected value (chosen)", "按预期价值（所选）"),
    "probability": Words("by probability", "按概率"),
    "today": Words("today's rule", "现行规则"),
    "amount": Words("by amount", "按金额"),
    "lot": Words("by lot", "随机"),
}
OPTIONS = {"none": Words("no alert", "不预警"), "alert": Words("alert", "预警")}


def alerts_section(
    deciding: Alerts, policy: AlertPolicy, outputs: Outputs, terms: AlertTerms, truths: Outputs | None,
    ids: NDArray[Any], *, split: str, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """The part of ``run.json`` on alerts; see `Deciding.section`.

    ``values`` holds a row a ranking at the same capacity, as for a decision among options; what only alerts have
    stands under ``queue``.
    """
    from tael.runs.deciding.alerts import grouped, worth_of

    plan, groups = deciding.stated, grouped(terms, ids)
    worth = worth_of(outputs, terms)
    made = policy.decide(worth, terms.cutoff, groups)
    y = outputs["p"] if truths is None else truths["p"]
    came = Came.of(y, terms.value, terms.cost, terms.cutoff, groups)
    scores = {"chosen": worth, "probability": outputs["p"]}
    if terms.today is not None:
        scores["today"] = terms.today
    scores["amount"] = terms.value if terms.amount is None else terms.amount
    alerts = {name: queued(policy, score, came) for name, score in scores.items()}
    alerts["chosen"] = made.alert
    values = [_value(name, alert, alerts["chosen"], worth, came, seed) for name, alert in alerts.items()]
    lot = by_lot(policy, came, seed)
    depths = _depths(policy, came)
    found = values[0]["found"]
    return {
        "kind": "alerts",
        "currency": plan.currency,
        "message": _message(policy, made.alert, values[0], lot, plan.currency).to_dict(),
        "binding": _binding(policy, made.reason).to_dict(),
        "status": "chosen",
        "batch": None,
        "holdout": 0.0,
        "counts": {"none": int((~made.alert).sum()), "alert": int(made.alert.sum())},
        "counts_split": split,
        "reasons": {code: int((made.reason == code).sum()) for code in dict.fromkeys(made.reason.tolist())},
        "options": [_option(name, made.alert == (name == "alert"), outputs, worth) for name in OPTIONS],
        "limits": [],
        "gap": None,
        "curves": [],
        "values_basis": "realised",
        "values_note": None,
        "values": values,
        "economics": _economics(deciding),
        "queue": {
            "capacity": policy.capacity,
            "per": policy.per,
            "floor": policy.floor,
            "line": policy.line_,
            "quiet_days": policy.quiet,
            "periods": len(made.rooms),
            "rows": len(made),
            "positives": int(came.y.sum()),
            "base_rate": float(came.y.mean()) if len(made) else None,
            "units": len(np.unique(came.unit)),
            "units_positive": found["units_positive"],
            "pr_auc": {name: _pr_auc(came.y, score) for name, score in scores.items()},
            "ranked": {name: ranked(policy, score, came, depths, seed) for name, score in scores.items()},
            "lot": lot,
            "curve": _curve(policy, worth, came, seed),
            "titles": {name: TITLES[name].to_dict() for name in [*scores, "lot"]},
            "typologies": typologies(terms.typology, alerts, came),
            "rules": rules_told(terms.rules, made.alert, came),
            "overlap": None if "today" not in alerts else overlap(alerts["chosen"], alerts["today"], came),
            "lines": lines_told(deciding, terms, came, seed),
        },
    }


def _value(
    name: str, alert: NDArray[np.bool_], chosen: NDArray[np.bool_], worth: Floats, came: Came, seed: int
) -> dict[str, Any]:
    """What a ranking finds at the stated capacity, in the form of a rule among options."""
    found = figures(alert, came, seed)
    expected = float(worth[alert].sum())
    return {
        "policy": TITLES[name].to_dict(),
        "code": name,
        "profit": found["worth"],
        "profit_expected": {"value": expected, "low": None, "high": None},
        "profit_realised": found["worth"],
        "behind": behind(chosen, alert, came, seed),
        "treated": float(alert.mean()) if len(alert) else 0.0,
        "uses": {},
        "uses_realised": None,
        "found": found,
    }


def _option(name: str, mine: NDArray[np.bool_], outputs: Outputs, worth: Floats) -> dict[str, Any]:
    value = float(worth[mine].sum()) if name == "alert" else 0.0
    return {
        "option": name,
        "title": OPTIONS[name].to_dict(),
        "eligible": len(mine),
        "n": int(mine.sum()),
        "share": float(mine.mean()) if len(mine) else 0.0,
        "probability": float(outputs["p"][mine].mean()) if mine.any() else None,
        "value": value,
        "value_each": value / int(mine.sum()) if mine.any() else None,
        "uses": {},
    }


def _depths(policy: AlertPolicy, came: Came) -> list[float]:
    """Capacities at which rankings are compared: halves and doubles of the stated one among round numbers."""
    if policy.capacity < 1:
        return [share for share in (policy.capacity * f for f in (0.25, 0.5, 1.0, 2.0, 4.0)) if share < 1]
    round_ones = {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0}
    near = {k for k in round_ones if policy.capacity / 5 <= k <= policy.capacity * 5}
    return sorted(k for k in near | {policy.capacity} if k <= max(policy.capacity, len(came.y)))


def _curve(policy: AlertPolicy, worth: Floats, came: Came, seed: int) -> list[dict[str, Any]]:
    """What other capacities would find, above the floor: the queue's own rule at each."""
    rows: list[dict[str, Any]] = []
    for factor in FACTORS:
        capacity = policy.capacity * factor
        if policy.capacity >= 1:
            capacity = max(1.0, float(np.floor(capacity)))
        if capacity in [row["capacity"] for row in rows] or (policy.capacity < 1 <= capacity):
            continue
        at = AlertPolicy(capacity, per=policy.per, floor=policy.floor, quiet=policy.quiet)
        alert = at.decide(worth, came.cutoff, came.groups).alert
        found = figures(alert, came, seed)
        rows.append(
            {
                "capacity": capacity,
                **{name: found[name] for name in ("alerts", "hits", "precision", "recall", "worth", "money_share")},
                "expected": float(worth[alert].sum()),
            }
        )
    return rows


def _pr_auc(y: NDArray[np.bool_], score: Floats) -> float | None:
    from scipy.stats import rankdata

    from tael.validation import evaluate

    if not y.any() or y.all():
        return None
    # a metric of ranks: worths are brought into (0, 1] first
    told = evaluate(y.astype(np.float64), rankdata(score) / len(score), metrics=["pr_auc"], n_boot=0)["pr_auc"]
    return float(told.value)


def _economics(deciding: Alerts) -> dict[str, Any]:
    plan = deciding.stated
    rows = (("value", plan.value), ("review_cost", plan.review_cost), ("floor", plan.floor))
    titles = {
        "value": Words("saved where it is true", "属实时挽回的金额"),
        "review_cost": Words("one review", "单次核查成本"),
        "floor": Words("floor of the queue", "入列下限"),
    }
    return {
        "text": Words(
            "Expected value of an alert: the probability times what is saved where it is true, less one review.",
            "预警的预期价值：概率乘以属实时挽回的金额，减去一次核查的成本。",
        ).to_dict(),
        "formula": f"p * ({plan.value}) - ({plan.review_cost})",
        "parameters": [
            {"name": name, "value": value, "unit": plan.currency, "title": titles[name].to_dict(), "assumed": False}
            for name, value in rows
        ],
    }


def _room(policy: AlertPolicy) -> Words:
    from tael.runs.deciding.alerts import PER

    room = f"{policy.capacity:,.0f}" if policy.capacity >= 1 else f"{policy.capacity:.2%}"
    return Words(
        f"{room} {PER[policy.per][0]}", f"{PER[policy.per][1]} {room}" + ("" if policy.capacity < 1 else " 件")
    )


def _message(
    policy: AlertPolicy, alert: NDArray[np.bool_], value: dict[str, Any], lot: dict[str, Any], currency: str
) -> Words:
    """How many alerts, how many were right, what that is worth, and what chance would have found."""
    found, room = value["found"], _room(policy)
    unit = f" {currency}" if currency else ""
    n, share = found["alerts"], found["precision"]
    if not n:
        return Words(
            f"No alert at a capacity of {room.en}: nothing is worth its review.",
            f"{room.zh}的名额下没有预警：没有观测值得核查。",
        )
    told = f"{share['value']:.1%} [{share['low']:.1%}, {share['high']:.1%}]"
    by_chance = "" if lot["precision"] is None else f" (by lot {lot['precision']:.1%})"
    zh_chance = "" if lot["precision"] is None else f"（随机为 {lot['precision']:.1%}）"
    worth = found["worth"]
    money = f"{worth['value']:,.0f}{unit} [{worth['low']:,.0f}, {worth['high']:,.0f}]"
    en = f"Out of time, {n:,} alerts at {room.en}: {found['hits']:,} were right, {told}{by_chance}"
    zh = f"跨期测试集按{room.zh}产生预警 {n:,} 件：属实 {found['hits']:,} 件，{told}{zh_chance}"
    en += f"; {found['units_hit']:,} of {found['units_positive']:,} that were true are found"
    zh += f"；{found['units_positive']:,} 个属实对象中查获 {found['units_hit']:,} 个"
    return Words(f"{en}. Worth {money} after reviews.", f"{zh}。扣除核查成本后价值 {money}。")


def _binding(policy: AlertPolicy, reason: NDArray[Any]) -> Words:
    """What keeps the queue short."""
    full = int((reason == "capacity").sum())
    if full:
        return Words(
            f"The capacity binds: {full:,} further observations are worth more than the floor.",
            f"名额起约束作用：另有 {full:,} 个观测的价值高于下限。",
        )
    return Words("The floor binds: all that is worth its review is queued.", "下限起约束作用：值得核查者均已入列。")
