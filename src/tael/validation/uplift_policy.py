"""What a rule of treatment is worth in money, doubly robust, beside treating all, none, or the likeliest to buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation._value import NAN, Metric
from tael.validation.arrays import Floats
from tael.validation.ranked import interval, resample
from tael.validation.uplift_observed import mean_error, normal_reach


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The value of one rule per customer, in money.

    Parameters
    ----------
    name : str
    treated : float
        Share of the customers treated.
    value : Metric
        Mean value per customer, costs taken off; interval from the influence function's standard error.
    error : float
        That standard error.
    bootstrap : Metric
        The same with a bootstrap interval; no interval where none was asked for.
    over_none : Metric
        Less the value of treating nobody.
    over : dict of str to Metric
        Less the value of each other rule: paired, so much surer than the values side by side.
    """

    name: str
    treated: float
    value: Metric
    error: float
    bootstrap: Metric
    over_none: Metric
    over: dict[str, Metric]

    def to_dict(self) -> dict[str, object]:
        """A plain dict for JSON."""
        return {
            "name": self.name,
            "treated": self.treated,
            "value": self.value.to_dict(),
            "error": self.error,
            "bootstrap": self.bootstrap.to_dict(),
            "over_none": self.over_none.to_dict(),
            "over": {name: gap.to_dict() for name, gap in self.over.items()},
        }


def treat_where(uplift: ArrayLike, *, value: ArrayLike = 1.0, cost: ArrayLike = 0.0) -> Floats:
    """The rule "treat where uplift x value > cost": the arm of each row, 0 for none, the best where there are several.

    Parameters
    ----------
    uplift : array-like of shape (n,) or (n, arms - 1)
        Predicted.
    value : float or array-like of shape (n,)
        Money for one unit of the outcome.
    cost : float, or array-like that fits `uplift`
        Money for treating.

    Returns
    -------
    ndarray of shape (n,)
        Arm codes; 0 is the control.

    Examples
    --------
    >>> treat_where([0.02, 0.001], value=100, cost=0.5).tolist()
    [1, 0]
    """
    given = np.asarray(uplift, dtype=np.float64)
    effect = given[:, None] if given.ndim == 1 else given
    money = np.asarray(value, dtype=np.float64)
    price = np.asarray(cost, dtype=np.float64)
    if price.ndim == 1 and given.ndim == 1 and len(price) == len(effect):
        price = price[:, None]
    gain = effect * (money[:, None] if money.ndim == 1 else money) - price
    best = gain.argmax(axis=1)
    return np.where(gain[np.arange(len(gain)), best] > 0, best + 1, 0)


def policy_values(
    scores: ArrayLike,
    policies: Mapping[str, ArrayLike],
    *,
    value: ArrayLike = 1.0,
    cost: ArrayLike = 0.0,
    weight: ArrayLike | None = None,
    groups: object = None,
    level: float = 0.95,
    n_boot: int = 0,
    seed: int = 0,
) -> dict[str, PolicyValue]:
    r"""Doubly robust value of rules, beside ``treat none`` and ``treat all`` (one rule an arm where there are several).

    .. math:: V(\pi) = \frac1n \sum_i \left( v_i \Gamma_{i,\pi(i)} - c_{i,\pi(i)} \right)

    Parameters
    ----------
    scores : array-like of shape (n, arms)
        Doubly robust scores, the control first: ``fit_nuisances(...).scores``, of the rows that were kept.
    policies : mapping of str to array-like of shape (n,)
        The arm that each rule gives each row: codes, or flags where there is one treatment. A rule must not have been
        learned from the rows it is valued on: use held-out or out-of-fold predictions.
    value : float or array-like of shape (n,)
        Money for one unit of the outcome.
    cost : float or array-like of shape (arms - 1,), (n,) or (n, arms - 1)
        Money for treating.
    weight : array-like of shape (n,), optional
    groups : array-like of shape (n,), optional
        Person of each row; standard errors and resamples are then by person.
    level : float
        Coverage.
    n_boot : int
        Resamples for the bootstrap interval.
    seed : int

    Returns
    -------
    dict of str to PolicyValue
        In the order given, then ``treat none`` and ``treat all``.

    Raises
    ------
    ValidationError
        Scores that are missing, rules that name unknown arms, lengths that differ.

    References
    ----------
    Athey, Wager (2021). Policy learning with observational data. Econometrica 89(1).

    Examples
    --------
    >>> found = policy_values([[0.0, 1.0], [0.0, -1.0]], {"first": [1, 0]})
    >>> found["first"].value.value, found["treat all"].value.value
    (0.5, 0.0)
    """
    gamma = np.asarray(scores, dtype=np.float64)
    if gamma.ndim != 2 or gamma.shape[1] < 2 or not len(gamma) or not np.isfinite(gamma).all():
        raise ValidationError(
            "The scores are not a full table.",
            expected="finite numbers of shape (n, arms), the control first",
            got=f"shape {gamma.shape}",
        )
    n, size = gamma.shape
    w = arrays.weights(weight, n)
    money = np.broadcast_to(np.asarray(value, dtype=np.float64), (n,))
    net = gamma * money[:, None]
    net[:, 1:] -= _costs(cost, n, size)
    every = {"treat all": 1} if size == 2 else {f"treat all with arm {k}": k for k in range(1, size)}
    rules = {name: _rule(name, rule, n, size) for name, rule in policies.items()}
    rules |= {"treat none": np.zeros(n, dtype=np.int64)}
    rules |= {name: np.full(n, k) for name, k in every.items()}
    per_row = {name: net[np.arange(n), rule] for name, rule in rules.items()}
    z = normal_reach(level)
    member = None if groups is None else _members(groups, n)

    def told(rows: Floats) -> tuple[Metric, float]:
        mean, error = mean_error(rows, w) if member is None else _clustered(rows, w, member)
        return Metric(mean, mean - z * error, mean + z * error), error

    drawn = _draws(per_row, w, n_boot, seed, groups)
    found = {}
    for name, rows in per_row.items():
        metric, error = told(rows)
        ends = interval(metric.value, drawn[name], level) if n_boot else (NAN, NAN)
        found[name] = PolicyValue(
            name=name,
            treated=float(np.average(rules[name] > 0, weights=w)),
            value=metric,
            error=error,
            bootstrap=Metric(metric.value, *ends),
            over_none=told(rows - per_row["treat none"])[0],
            over={other: told(rows - theirs)[0] for other, theirs in per_row.items() if other != name},
        )
    return found


def _costs(cost: ArrayLike, n: int, size: int) -> Floats:
    price = np.asarray(cost, dtype=np.float64)
    if price.ndim == 1 and price.shape == (n,) and (size == 2 or n != size - 1):
        price = price[:, None]
    try:
        return np.broadcast_to(price, (n, size - 1))
    except ValueError as error:
        raise ValidationError(
            "The costs do not match the rows and arms.",
            expected=f"a number, one a row ({n}) or one an arm ({size - 1})",
            got=f"shape {price.shape}",
        ) from error


def _rule(name: str, rule: ArrayLike, n: int, size: int) -> np.ndarray:
    arm = arrays.floats(rule, "arms of a rule")
    arrays.same_length(n, len(arm), f"arms of the rule {name!r}")
    if not np.isin(arm, np.arange(size)).all():
        raise ValidationError(
            "A rule gives an arm that there is not.",
            expected=f"codes 0 to {size - 1}",
            got=repr(float(arm[~np.isin(arm, np.arange(size))][0])),
            where=name,
            fix="Pass arms or flags, not predictions: treat_where(uplift, value=, cost=) or top_share(uplift, 0.3).",
        )
    return arm.astype(np.int64)


def _members(groups: object, n: int) -> np.ndarray:
    member, _ = arrays.codes(groups)
    arrays.same_length(n, len(member), "groups")
    alone = np.flatnonzero(member < 0)
    member = member.copy()
    member[alone] = member.max(initial=-1) + 1 + np.arange(len(alone))
    return member


def _clustered(rows: Floats, w: Floats, member: np.ndarray) -> tuple[float, float]:
    mean = float(np.average(rows, weights=w))
    sums = np.bincount(member, weights=w / w.sum() * (rows - mean))
    g = len(sums)
    return mean, float(np.sqrt((sums**2).sum() * g / (g - 1))) if g > 1 else NAN


def _draws(per_row: Mapping[str, Floats], w: Floats, n_boot: int, seed: int, groups: object) -> dict[str, Floats]:
    blocks: dict[str, list[Floats]] = {name: [] for name in per_row}
    if n_boot:
        for counts in resample(len(w), n_boot, np.random.default_rng(seed), groups=groups):
            weighted = counts * w
            total = weighted.sum(axis=1)
            for name, rows in per_row.items():
                blocks[name].append((weighted * rows).sum(axis=1) / total)
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in blocks.items()}
