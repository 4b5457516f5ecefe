"""The queue beside today's rules: what both flag, which typologies are found, where a rule's threshold should lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions.alerts_measure import Came
from tael.models.rules_line import draw_review, line_steps, tune_line
from tael.validation.calibration import wilson
from tael.validation.words import Words

if TYPE_CHECKING:
    from tael.runs.deciding.alerts import Alerts
    from tael.runs.deciding.alerts_terms import AlertTerms

Flags = NDArray[np.bool_]


def taught(typology: NDArray[Any] | None, hit: Flags, units: NDArray[Any]) -> dict[str, int]:
    """How many true units of each typology there were to learn from.

    >>> named = np.array(["ring", "ring", None, "ring"], dtype=object)
    >>> taught(named, np.array([1, 1, 1, 0]) > 0, np.array([5, 5, 6, 7]))
    {'': 1, 'ring': 1}
    """
    named = _named(typology, len(hit))
    return {name: len(np.unique(units[hit & (named == name)])) for name in sorted(set(named[hit].tolist()))}


def _named(typology: NDArray[Any] | None, n: int) -> NDArray[Any]:
    """Typologies as texts, empty where there is none."""
    told = [None] * n if typology is None else typology.tolist()
    return np.array(["" if t is None else str(t) for t in told], dtype=object)


def typologies(typology: NDArray[Any] | None, alerts: Mapping[str, Flags], came: Came) -> list[dict[str, Any]]:
    """How much of each typology every ranking finds, the most frequent first.

    Parameters
    ----------
    typology : ndarray of str or None, shape (n,), or None
    alerts : dict of str to ndarray of bool, shape (n,)
        Ranking -> its alerts.
    came : Came
    """
    if typology is None:
        return []
    named = _named(typology, len(came.y))
    rows = []
    for name in sorted(set(named[came.y].tolist())):
        mine = came.y & (named == name)
        units = np.unique(came.unit[mine])
        rows.append(
            {
                "typology": name,
                "rows": int(mine.sum()),
                "units": len(units),
                "money": float(came.value[mine].sum()),
                "found": {who: int((mine & alert).sum()) for who, alert in alerts.items()},
                "units_found": {who: len(np.unique(came.unit[mine & alert])) for who, alert in alerts.items()},
            }
        )
    return sorted(rows, key=lambda row: (-int(row["units"]), str(row["typology"])))


def overlap(one: Flags, other: Flags, came: Came) -> dict[str, dict[str, Any]]:
    """What two sets of alerts share: rows, hits and precision of both, only the first, only the second."""
    parts = {"both": one & other, "only_first": one & ~other, "only_second": other & ~one}
    return {name: _hits(part, came) for name, part in parts.items()}


def rules_told(rules: Mapping[str, Flags], alert: Flags, came: Came) -> list[dict[str, Any]]:
    """Each of today's rules alone, then all together, with what it shares with the queue."""
    every = dict(rules)
    if len(rules) > 1:
        every["*"] = np.logical_or.reduce(list(rules.values()))
    return [{"rule": name, **_hits(flags, came), **overlap(alert, flags, came)} for name, flags in every.items()]


def _hits(part: Flags, came: Came) -> dict[str, Any]:
    n, hits = int(part.sum()), int((part & came.y).sum())
    low, high = (float(v) for v in wilson(float(hits), float(n))) if n else (float("nan"), float("nan"))
    precision = {"value": hits / n, "low": low, "high": high} if n else {"value": None, "low": None, "high": None}
    positive = int(came.y.sum())
    return {"n": n, "hits": hits, "precision": precision, "recall": hits / positive if positive else None}


def lines_told(deciding: Alerts, terms: AlertTerms, came: Came, seed: int) -> list[dict[str, Any]]:
    """Each threshold, tuned above and below the line on a reviewed sample of the validation part, and tried later.

    Only the sampled rows' labels are looked at, as if investigators had reviewed them and no others.
    """
    if deciding.earlier is None:
        return []
    earlier, y = deciding.earlier
    rows = []
    for name, plan in deciding.stated.lines.items():
        steps = line_steps(earlier.lines[name], plan.line, below=plan.below, above=plan.above)
        told: dict[str, Any] = {
            "line": name, "value": plan.value, "where": plan.where, "now": plan.line, "cases": int(steps.cases.sum()),
            "least_precision": plan.least_precision,
        }  # fmt: skip
        if not steps.cases.sum():
            none = Words("No case lies near the line in the validation part.", "验证样本中阈值附近没有案例。")
            rows.append({**told, "text": none.to_dict(), "steps": [], "later": []})
            continue
        drawn = draw_review(steps, rate=plan.rate, seed=seed)
        verdict = tune_line(steps, drawn, y[drawn] == 1.0, least_precision=plan.least_precision, seed=seed)
        later = [
            {"threshold": at, **_hits(np.asarray(terms.lines[name] > at), came)}
            for at in dict.fromkeys([verdict.line, verdict.recommended])
        ]
        rows.append(
            {
                **told,
                "reviewed": len(drawn),
                "recommended": verdict.recommended,
                "low": verdict.low,
                "high": verdict.high,
                "text": verdict.words().to_dict(),
                "steps": verdict.table.to_dicts(),
                "later": later,
            }
        )
    return rows
