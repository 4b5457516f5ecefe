"""Which learners say what one arm changes, and how far their differences between people are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.models.logistic import Floats
from tael.models.uplift_nuisance import Nuisances
from tael.validation import Metric
from tael.validation.uplift_metrics import UpliftDraws, uplift_draws
from tael.validation.uplift_observed import uplift_calibration

BASELINE = "response"
# Surer than the plain Qini coefficient, because what the columns say of the outcome anyway is taken out.
CRITERION = "qini_robust"
# Out-of-fold AUC of the propensity from which the arms count as chosen by the columns, not by lot.
BY_LOT = 0.55
# Of "nobody differs": as sure as the lower end of a 95 % interval.
_SURE = 0.975
ORDER = 1e-3
"""What is left of a learner's differences where nothing was decided: enough to say who comes first, too little to
change anybody's best arm."""


@dataclass(frozen=True)
class LearnerReport:
    """One learner on one arm, out of fold.

    Parameters
    ----------
    name : str
    metrics : dict of str to Metric
        `tael.validation.UPLIFT_METRICS`, with bootstrap intervals, on the rows that got the arm or the control.
    slope : Metric
        Of the actual on the predicted effects; 1 is calibrated. NaN for the response model, and for a learner that
        says the same of everybody.
    behind : Metric
        Doubly robust Qini area of the best learner less this one's, on the same resamples.
    error : float
        Standard error of that difference.
    chosen : bool
        Whether the prediction averages it.
    arm : object
        The treatment it is about.
    """

    name: str
    metrics: dict[str, Metric]
    slope: Metric
    behind: Metric
    error: float
    chosen: bool
    arm: Any = None


@dataclass(frozen=True)
class ArmChoice:
    """What was decided about one arm.

    Parameters
    ----------
    report : list of LearnerReport
        The best first, the response model last.
    decided : bool
        Whether the best ranks better than the best of so many rankings would by chance.
    slopes : dict of str to float
        Of each learner that is averaged, between 0 and 1; `ORDER` where nothing was decided.
    """

    report: list[LearnerReport]
    decided: bool
    slopes: dict[str, float]


def arm_draws(
    k: int, rankings: Mapping[str, Floats], y: Floats, found: Nuisances, weight: Floats | None, *, known: bool,
    n_boot: int, seed: int,
) -> dict[str, UpliftDraws]:  # fmt: skip
    """Metrics of rankings by the effect of one arm, with resamples.

    What is counted is counted on the rows that got the arm or the control, made like all rows by their propensities.
    The doubly robust area is that of *all* rows: its scores are right in the mean over all of them, and of two arms
    alone they would count too often what the outcome models missed.

    Parameters
    ----------
    k : int
        Code of the arm.
    rankings : mapping of str to ndarray of shape (n,)
    y : ndarray of shape (n,)
    found : Nuisances
        Of the same rows.
    weight : ndarray of shape (n,), optional
    known : bool
        Whether the propensities were given.
    n_boot, seed : int

    Returns
    -------
    dict of str to UpliftDraws
    """
    treated = (found.arm == k).astype(np.int64)

    def drawn(rows: np.ndarray, **more: Any) -> dict[str, UpliftDraws]:
        mine = {name: values[rows] for name, values in rankings.items()}
        own = None if weight is None else weight[rows]
        return uplift_draws(y[rows], mine, treated[rows], weight=own, n_boot=n_boot, seed=seed, **more)

    pair = found.kept & np.isin(found.arm, (0, k))
    by_lot = not known and found.overlap.auc <= BY_LOT
    counted = drawn(pair, propensity=None if by_lot else found.share(k)[pair])
    robust = drawn(found.kept, effects=found.effects(k)[found.kept], metrics=[CRITERION])
    return {
        name: UpliftDraws(one.values | robust[name].values, one.draws | robust[name].draws)
        for name, one in counted.items()
    }


def choose_learners(
    k: int, y: Floats, held: dict[str, Floats], found: Nuisances, weight: Floats, *, known: bool, n_boot: int, seed: int
) -> ArmChoice:  # fmt: skip
    """Compare learners on one arm against the control.

    Parameters
    ----------
    k : int
        Code of the arm.
    y, weight : ndarray of shape (n,)
    held : dict of str to ndarray of shape (n,)
        Predicted effects of arm k out of fold, the response model's among them.
    found : Nuisances
        Of the same rows.
    known : bool
        Whether the propensities were given.
    n_boot, seed : int

    Returns
    -------
    ArmChoice
    """
    draws = arm_draws(k, held, y, found, weight, known=known, n_boot=n_boot, seed=seed)
    metrics = {name: draw.told() for name, draw in draws.items()}
    rivals = [name for name in held if name != BASELINE]
    best = max(rivals, key=lambda name: draws[name].values[CRITERION])
    decided = _stands_out([draws[name] for name in rivals])
    # Undecided, the plain learners give the order: where nothing can be told, what varies least errs least.
    plain = [name for name in rivals if name.endswith("_linear")] or rivals
    effects, everybody = found.effects(k)[found.kept], weight[found.kept]
    reports = []
    for name in held:
        behind = draws[best].less(draws[name])
        error = float(np.std(behind.draws[CRITERION]))
        chosen = name in (rivals if decided else plain) and behind.values[CRITERION] <= error
        slope = Metric(float("nan"))
        if name != BASELINE:
            slope = uplift_calibration(held[name][found.kept], effects, weight=everybody)["slope"]
        told = behind.told()[CRITERION]
        reports.append(LearnerReport(name, metrics[name], slope, told, error, chosen, found.arms.tolist()[k]))
    reports.sort(key=lambda r: (r.name == BASELINE, -r.metrics[CRITERION].value))
    # Shrunk, never stretched: a learner whose differences are noise must not shout the others down.
    believed = {r.name: float(np.clip(np.nan_to_num(r.slope.value), 0.0, 1.0)) for r in reports if r.chosen}
    return ArmChoice(reports, decided, believed if decided else dict.fromkeys(believed, ORDER))


def _stands_out(rivals: Sequence[UpliftDraws]) -> bool:
    """Whether the best learner's area stands out from what the best of all of them reaches by chance.

    The greatest of several areas, each over its standard error, is held against the same greatest over the resamples,
    each about its own value: learners that say nearly the same count as nearly one.

    References
    ----------
    Romano, Wolf (2005). Stepwise multiple testing as formalized data snooping. Econometrica 73(4).
    """
    best, by_chance = 0.0, np.zeros(0)
    for rival in rivals:
        value, found = rival.values[CRITERION], rival.draws[CRITERION]
        error = float(np.std(found))
        if not np.isfinite(value) or error <= 0:
            continue
        best = max(best, value / error)
        lead = (found - found.mean()) / error
        by_chance = lead if not len(by_chance) else np.maximum(by_chance, lead)
    return bool(len(by_chance) and best > np.quantile(by_chance, _SURE))
