"""What a queue of alerts found: precision, recall, money, each with an interval over whole groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.alerts import AlertPolicy, _codes
from tael.validation.ranked import interval, resample

DRAWS = 400
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Came:
    """What came of n observations, for measuring queues of them.

    Attributes
    ----------
    y : ndarray of bool, shape (n,)
    value, cost : ndarray, shape (n,)
        Recovered where `y` holds, and the cost of a review, in currency.
    cutoff : ndarray of datetime64, shape (n,)
    unit : ndarray of int, shape (n,)
        Observations of one unit (a customer) come again and again: intervals draw whole units.
    groups : ndarray or None
        As the policy takes them.
    """

    y: Flags
    value: Floats
    cost: Floats
    cutoff: NDArray[Any]
    unit: NDArray[np.int64]
    groups: Any

    @classmethod
    def of(cls, y: Any, value: Any, cost: Any, cutoff: Any, groups: Any) -> Came:
        """From what a run has."""
        flags = np.asarray(y, dtype=np.float64) == 1.0
        return cls(flags, np.asarray(value), np.asarray(cost), cutoff, _codes(groups, len(flags)), groups)


def figures(alert: Flags, came: Came, seed: int = 0) -> dict[str, Any]:
    """What a set of alerts found.

    Parameters
    ----------
    alert : ndarray of bool, shape (n,)
    came : Came
    seed : int
        Of the bootstrap over units.

    Returns
    -------
    dict
        alerts, hits; precision, recall, worth (recovered less reviews, in currency) as {value, low, high}; lift over
        the base rate; units, units_hit, units_positive (distinct); money (recovered) and money_share.
    """
    y, hit = came.y, alert & came.y
    k = int(came.unit.max(initial=-1)) + 1

    def by_unit(values: Any) -> Floats:
        return np.asarray(np.bincount(came.unit, weights=values, minlength=k), dtype=np.float64)

    gain = np.where(hit, came.value, 0.0) - np.where(alert, came.cost, 0.0)
    sums = np.column_stack([by_unit(v) for v in (alert, hit, y, gain)])
    drawn = np.concatenate([counts @ sums for counts in resample(k, DRAWS, np.random.default_rng(seed))])
    n, hits, positive, base = int(alert.sum()), int(hit.sum()), int(y.sum()), float(y.mean()) if len(y) else np.nan
    money, whole = float(came.value[hit].sum()), float(came.value[y].sum())
    return {
        "alerts": n,
        "hits": hits,
        "precision": _ratio(hits, n, drawn[:, 1], drawn[:, 0]),
        "recall": _ratio(hits, positive, drawn[:, 1], drawn[:, 2]),
        "lift": hits / n / base if n and base else None,
        "units": int((sums[:, 0] > 0).sum()),
        "units_hit": int((sums[:, 1] > 0).sum()),
        "units_positive": int((sums[:, 2] > 0).sum()),
        "money": money,
        "money_share": money / whole if whole else None,
        "worth": _between(float(gain.sum()), drawn[:, 3]),
    }


def behind(alert: Flags, other: Flags, came: Came, seed: int = 0) -> dict[str, float]:
    """How much more one set of alerts is worth than another on the same rows, with its interval."""
    net = np.where(came.y, came.value, 0.0) - came.cost
    more = net * (alert.astype(float) - other.astype(float))
    sums = np.bincount(came.unit, weights=more, minlength=int(came.unit.max(initial=-1)) + 1)
    drawn = np.concatenate([counts @ sums for counts in resample(len(sums), DRAWS, np.random.default_rng(seed))])
    return _between(float(more.sum()), drawn)


def ranked(policy: AlertPolicy, score: Floats, came: Came, depths: list[float], seed: int = 0) -> list[dict[str, Any]]:
    """Figures of a ranking at other capacities a period, its floor aside.

    Parameters
    ----------
    policy : AlertPolicy
        Its period and quiet time hold.
    score : ndarray, shape (n,)
    depths : list of float
        Capacities.
    """
    return [{"capacity": k, **figures(queued(policy, score, came, k), came, seed)} for k in depths]


def queued(policy: AlertPolicy, score: Floats, came: Came, capacity: float | None = None) -> Flags:
    """The alerts of a ranking, its floor aside, at the policy's or another capacity."""
    at = policy if capacity is None else replace(policy, capacity=capacity)
    return at.decide(score, came.cutoff, came.groups, score=score).alert


def by_lot(policy: AlertPolicy, came: Came, seed: int = 0, times: int = 20) -> dict[str, Any]:
    """The mean figures of queues in random order."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(times):
        alert = queued(policy, rng.random(len(came.y)), came)
        hit = alert & came.y
        found.append((alert.sum(), hit.sum(), came.value[hit].sum(), came.cost[alert].sum()))
    n, hits, money, spent = (float(v) for v in np.mean(np.array(found, dtype=np.float64), axis=0))
    positive, whole = int(came.y.sum()), float(came.value[came.y].sum())
    return {
        "alerts": n,
        "hits": hits,
        "precision": hits / n if n else None,
        "recall": hits / positive if positive else None,
        "money": money,
        "money_share": money / whole if whole else None,
        "worth": money - spent,
    }


def _ratio(over: float, under: float, overs: Floats, unders: Floats) -> dict[str, float | None]:
    if not under:
        return {"value": None, "low": None, "high": None}
    drawn = overs[unders > 0] / unders[unders > 0]
    told = _between(over / under, drawn)
    return {"value": told["value"], "low": max(0.0, told["low"]), "high": min(1.0, told["high"])}


def _between(value: float, drawn: Floats) -> dict[str, float]:
    if len(drawn) < 2 or float(np.ptp(drawn)) == 0.0:
        return {"value": value, "low": value, "high": value}
    low, high = interval(value, drawn, 0.95)
    return {"value": value, "low": float(low), "high": float(high)}
