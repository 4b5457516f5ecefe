"""How well a ranking finds those whom a treatment changes: Qini, AUUC, uplift at k, deciles, calibration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from tael.errors import ValidationError, did_you_mean
from tael.validation import arrays
from tael.validation._value import NAN, Metric
from tael.validation.arrays import Floats
from tael.validation.ranked import CHUNK, interval
from tael.validation.uplift_order import Order, measures, perfect_area, qini_values, read_trial
from tael.validation.words import Words

UPLIFT_METRICS: dict[str, tuple[Words, Words]] = {
    "qini": (
        Words("Qini coefficient", "Qini 系数"),
        Words(
            "Area between the Qini curve and the random line, as a share of a perfect ranking's; 0 is random.",
            "Qini 曲线与随机线之间的面积，占完美排序的比例；0 等于随机。",
        ),
    ),
    "qini_per_head": (
        Words("Qini area per customer", "每客户 Qini 面积"),
        Words(
            "The same area in units of the outcome per customer, averaged over all lengths of the list.",
            "同一面积，以每位客户的结果单位计，对名单各种长度取平均。",
        ),
    ),
    "qini_robust": (
        Words("Qini area per customer, doubly robust", "每客户 Qini 面积（双重稳健）"),
        Words(
            "The same from doubly robust effects of each customer: surer, and right where treatment was not at random.",
            "由每位客户的双重稳健效应计算：更稳定，非随机施策时也成立。",
        ),
    ),
    "auuc": (
        Words("AUUC per customer", "每客户 AUUC"),
        Words(
            "Gain per customer from treating the top of the list, averaged over its lengths; random: half the effect.",
            "对名单前段施策的每客户增益，对名单长度取平均；随机排序为平均效应的一半。",
        ),
    ),
    "uplift_at_10": (
        Words("Uplift, top 10 %", "前 10% 的增量"),
        Words("Treated less untreated outcome among the top tenth.", "前 10% 中施策组与对照组结果之差。"),
    ),
    "uplift_at_30": (
        Words("Uplift, top 30 %", "前 30% 的增量"),
        Words("Treated less untreated outcome among the top 30 %.", "前 30% 中施策组与对照组结果之差。"),
    ),
    "effect": (
        Words("Mean effect", "平均效应"),
        Words("Treated less untreated outcome among all.", "全体中施策组与对照组结果之差。"),
    ),
}

_ROBUST = "qini_robust"


def qini_curve(
    y: ArrayLike,
    uplift: ArrayLike,
    treatment: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    propensity: ArrayLike | None = None,
) -> pl.DataFrame:
    """Extra outcomes among the treated at each length of the list (Radcliffe 2007).

    .. math:: Q(i) = Y_T(i) - Y_C(i) \\, N_T(i) / N_C(i)

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome: 0 and 1, or an amount.
    uplift : array-like of shape (n,)
        Predicted; only its order counts, equal values are one step.
    treatment : array-like of shape (n,)
        1 treated, 0 not.
    weight : array-like of shape (n,), optional
    propensity : float or array-like of shape (n,), optional
        Probability of treatment, where it was not the same for all: rows are weighted by its inverse.

    Returns
    -------
    polars.DataFrame
        share (of rows), qini, random; starts at 0.

    Examples
    --------
    >>> qini_curve([1, 0, 0, 1], [4, 3, 2, 1], [1, 0, 1, 0])["qini"].to_list()
    [0.0, 1.0, 1.0, 1.0, 0.0]
    """
    trial = read_trial(y, uplift, treatment, weight, propensity)
    nt, nc, yt, yc = Order(trial.y, trial.t, trial.uplift).sums(trial.weight)
    q = qini_values(nt, nc, yt, yc)[0]
    share = (nt + nc)[0] / (nt + nc)[0, -1]
    return pl.DataFrame({"share": share, "qini": q, "random": share * q[-1]})


def qini_coefficient(
    y: ArrayLike,
    uplift: ArrayLike,
    treatment: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    propensity: ArrayLike | None = None,
) -> float:
    """Area between the Qini curve and the random line over the same area of a perfect ranking.

    The perfect ranking may find negative effects: treated with an outcome first, untreated with an outcome last. This
    is scikit-uplift's ``qini_auc_score(negative_effect=True)``. Parameters as in `qini_curve`.

    References
    ----------
    Radcliffe, N. (2007). Using control groups to target on predicted lift.
    Diemert et al. (2018). A large scale benchmark for uplift modeling.

    Examples
    --------
    >>> qini_coefficient([1, 0, 0, 1], [4, 3, 2, 1], [1, 0, 1, 0])
    1.0
    """
    found = uplift_draws(
        y, {"ours": uplift}, treatment, weight=weight, propensity=propensity, metrics=["qini"], n_boot=0
    )
    return found["ours"].values["qini"]


def _counts(t: Floats, n_boot: int, seed: int, groups: object) -> Iterable[Floats]:
    """Bootstrap counts: rows within each arm, or whole groups (people)."""
    from tael.validation.ranked import resample

    rng = np.random.default_rng(seed)
    if groups is None:
        yield from resample(len(t), n_boot, rng, strata=t)
    else:
        yield from resample(len(t), n_boot, rng, groups=groups)


def evaluate_uplift(
    y: ArrayLike,
    uplift: ArrayLike,
    treatment: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    propensity: ArrayLike | None = None,
    effects: ArrayLike | None = None,
    metrics: Iterable[str] | None = None,
    n_boot: int = 200,
    seed: int = 0,
    level: float = 0.95,
    groups: object = None,
) -> dict[str, Metric]:
    """Measure a ranking by uplift, with bootstrap intervals (rows drawn within each arm).

    Parameters
    ----------
    y, uplift, treatment, weight, propensity
        As in `qini_curve`.
    effects : array-like of shape (n,), optional
        Doubly robust effect of each row (`tael.models.Nuisances.effects`), for ``qini_robust``.
    metrics : iterable of str, optional
        Of `UPLIFT_METRICS` (default: all that can be had).
    n_boot : int
        Resamples; 0 for no intervals.
    seed : int
    level : float
        Coverage.
    groups : array-like of shape (n,), optional
        Person of each row: people are drawn, not rows.

    Returns
    -------
    dict of str to Metric

    Raises
    ------
    ValidationError
        One arm only, missing values, lengths that differ, unknown metrics.

    Examples
    --------
    >>> evaluate_uplift([1, 0, 0, 1], [4, 3, 2, 1], [1, 0, 1, 0], n_boot=0)["qini"].value
    1.0
    """
    found = uplift_draws(
        y,
        {"ours": uplift},
        treatment,
        weight=weight,
        propensity=propensity,
        effects=effects,
        metrics=metrics,
        n_boot=n_boot,
        seed=seed,
        groups=groups,
    )
    return found["ours"].told(level)


def uplift_difference(
    y: ArrayLike,
    uplift: ArrayLike,
    reference: ArrayLike,
    treatment: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    propensity: ArrayLike | None = None,
    effects: ArrayLike | None = None,
    metrics: Iterable[str] | None = ("qini",),
    n_boot: int = 200,
    seed: int = 0,
    level: float = 0.95,
    groups: object = None,
) -> dict[str, Metric]:
    """How much better one ranking is than another on the same rows and the same resamples. As `evaluate_uplift`."""
    found = uplift_draws(
        y,
        {"ours": uplift, "theirs": reference},
        treatment,
        weight=weight,
        propensity=propensity,
        effects=effects,
        metrics=metrics,
        n_boot=n_boot,
        seed=seed,
        groups=groups,
    )
    return found["ours"].less(found["theirs"]).told(level)


@dataclass(frozen=True)
class UpliftDraws:
    """Metrics of one ranking, and the same on each resample.

    Parameters
    ----------
    values : dict of str to float
    draws : dict of str to ndarray of shape (n_boot,)
    """

    values: dict[str, float]
    draws: dict[str, Floats]

    def less(self, other: UpliftDraws) -> UpliftDraws:
        """This ranking's metrics less another's, resample by resample."""
        return UpliftDraws(
            {name: value - other.values[name] for name, value in self.values.items()},
            {name: draw - other.draws[name] for name, draw in self.draws.items()},
        )

    def told(self, level: float = 0.95) -> dict[str, Metric]:
        """Each metric with its interval."""
        why = Words("It is not defined on these rows.", "在这些行上没有定义。")
        return {
            name: Metric(value, *interval(value, self.draws[name], level))
            if np.isfinite(value)
            else Metric(NAN, reason=why)
            for name, value in self.values.items()
        }


def uplift_draws(
    y: ArrayLike,
    rankings: Mapping[str, ArrayLike],
    treatment: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    propensity: ArrayLike | None = None,
    effects: ArrayLike | None = None,
    metrics: Iterable[str] | None = None,
    n_boot: int = 200,
    seed: int = 0,
    groups: object = None,
) -> dict[str, UpliftDraws]:
    """Metrics of many rankings of the same rows, on the same resamples. Parameters as in `evaluate_uplift`.

    References
    ----------
    Yadlowsky, Fleming, Shah, Brunskill, Wager (2021). Evaluating treatment prioritization rules via rank-weighted
    average treatment effects: the robust Qini area is their Qini weighting.

    Examples
    --------
    >>> found = uplift_draws([1, 0, 0, 1], {"a": [4, 3, 2, 1], "b": [1, 2, 3, 4]}, [1, 0, 1, 0], n_boot=0)
    >>> found["a"].less(found["b"]).values["qini"]
    1.5
    """
    names = [n for n in UPLIFT_METRICS if n != _ROBUST or effects is not None] if metrics is None else list(metrics)
    if _ROBUST in names and effects is None:
        raise ValidationError(
            "The doubly robust area needs the effects of the rows.",
            expected="effects=, for example fit_nuisances(...).effects()",
            got="None",
        )
    for name in names:
        if name not in UPLIFT_METRICS:
            raise ValidationError("No such metric of uplift.", got=name, fix=did_you_mean(name, UPLIFT_METRICS))
    trials = {key: read_trial(y, ranking, treatment, weight, propensity) for key, ranking in rankings.items()}
    if not trials:
        return {}
    first = next(iter(trials.values()))
    perfect = Order(first.y, first.t, first.y * (2.0 * first.t - 1.0))
    phi = None if effects is None else arrays.scores(effects, len(first.y), probability=False)
    own = arrays.weights(weight, len(first.y))  # no inverse propensities: they are in the effects
    orders = {key: Order(trial.y, trial.t, trial.uplift) for key, trial in trials.items()}
    parts: dict[str, dict[str, list[Floats]]] = {key: {name: [] for name in names} for key in orders}
    small = max(1, CHUNK // 4 // len(first.y))
    for block in _counts(first.t, n_boot, seed, groups):
        for start in range(0, len(block), small):
            counted = first.weight * block[start : start + small]
            best = perfect_area(perfect, counted)
            for key, order in orders.items():
                found = measures(order, best, counted)
                if phi is not None:
                    found[_ROBUST] = order.robust(own * block[start : start + small], phi)
                for name in names:
                    parts[key][name].append(found[name])
    best = perfect_area(perfect, first.weight)
    out = {}
    for key, order in orders.items():
        values = measures(order, best, first.weight)
        if phi is not None:
            values[_ROBUST] = order.robust(own, phi)
        draws = {name: np.concatenate(p) if p else np.empty(0) for name, p in parts[key].items()}
        out[key] = UpliftDraws({name: float(values[name][0]) for name in names}, draws)
    return out
