"""How good predicted incidences are at a time, when not all lives have been seen to their end."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from tael.errors import ModelError
from tael.models.incidence import curve_of
from tael.models.logistic import Floats
from tael.models.outcomes import Outcome


def censoring_weights(outcome: Outcome, times: ArrayLike) -> tuple[Floats, Floats]:
    r"""Inverse-probability-of-censoring weights, shape (n, T) each: of rows with an event by t, of rows beyond t.

    With G the Kaplan-Meier curve of being still under observation, an event at T counts :math:`1 / G(T-)` from then on
    and a row that was seen to get as far as t without one counts :math:`1 / G(t-)`.

    Raises
    ------
    ModelError
        Rows that entered late, or a time after which nobody was followed.

    References
    ----------
    Gerds, T. A., Schumacher, M. (2006). Consistent estimation of the expected Brier score in general survival models
    with right-censored event times. Biometrical Journal 48(6).
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if (outcome.entry > 0).any():
        raise ModelError(
            "Rows that entered late cannot be weighted.",
            expected="rows seen from the origin on",
            got=f"{int((outcome.entry > 0).sum())} rows with an entry after 0",
            fix="Evaluate on rows whose entry is 0.",
        )
    censored = np.sort(outcome.time[outcome.cause == 0])
    drop, counts = np.unique(censored, return_counts=True)
    order = np.sort(outcome.time)
    # An event at t comes before a censoring at t, so it is no longer at risk of being censored.
    at_risk = len(order) - np.searchsorted(order, drop, side="left")
    at_risk = at_risk - np.array([int(((outcome.time == d) & (outcome.cause > 0)).sum()) for d in drop], dtype=np.int64)
    G = np.concatenate([[1.0], np.cumprod(1.0 - counts / np.maximum(at_risk, 1))])
    before = G[np.searchsorted(drop, outcome.time, side="left")]
    now = G[np.searchsorted(drop, t, side="left")]
    # Seen until t without an event is seen to have survived t: months end at the same t for all.
    beyond = (outcome.time[:, None] > t) | ((outcome.time[:, None] == t) & (outcome.cause == 0)[:, None])
    if (now <= 0).any():
        raise ModelError(
            "Nobody was followed up to a time that is asked for.",
            expected=f"times up to {outcome.time.max():g}",
            got=f"{t[now <= 0][0]:g}",
            fix="Ask for an earlier time.",
        )
    happened = (outcome.cause > 0)[:, None] & ~beyond
    return (
        np.where(happened, 1.0 / np.maximum(before, 1e-12)[:, None], 0.0),
        np.where(beyond, 1.0 / now, 0.0),
    )


def _curves(outcome: Outcome, predicted: ArrayLike, times: ArrayLike, cause: int) -> tuple[Floats, Floats]:
    p = np.asarray(predicted, dtype=np.float64)
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if p.ndim == 1 and len(t) == 1:
        p = p[:, None]
    if p.shape != (len(outcome), len(t)) or not 0 <= cause < len(outcome.causes):
        raise ModelError(
            "Predictions, outcomes, times and cause do not match.",
            expected=f"shape ({len(outcome)}, {len(t)}) and a cause from 0 to {len(outcome.causes) - 1}",
            got=f"shape {p.shape}, cause {cause}",
        )
    return p, t


def brier_score(outcome: Outcome, predicted: ArrayLike, times: ArrayLike, cause: int = 0) -> Floats:
    r"""Weighted squared error of the incidence of one cause at each time, shape (T,).

    .. math:: \frac1n \sum_i w_i(t) \bigl(1\{T_i \le t, c_i = c\} - \hat F_c(t \mid x_i)\bigr)^2

    Parameters
    ----------
    outcome : Outcome
        From `tael.models.outcomes.read_outcome`.
    predicted : array of shape (n, T)
        Cumulative incidence of the cause.
    times : array of shape (T,)
    cause : int
        Position in ``outcome.causes``.

    Examples
    --------
    >>> from tael.models.outcomes import read_outcome
    >>> seen = read_outcome([1, 2, 3, 4], [1, 0, 1, 0])
    >>> brier_score(seen, [[0.5]] * 4, [2.5]).round(3).tolist()
    [0.25]
    """
    p, t = _curves(outcome, predicted, times, cause)
    w_event, w_beyond = censoring_weights(outcome, t)
    hit = ((outcome.cause == cause + 1)[:, None] & (outcome.time[:, None] <= t)).astype(np.float64)
    return ((w_event + w_beyond) * (hit - p) ** 2).sum(axis=0) / len(p)


def integrated_brier(outcome: Outcome, predicted: ArrayLike, times: ArrayLike, cause: int = 0) -> float:
    """The Brier score's mean over time (trapezoid), from the first of the times to the last.

    Parameters
    ----------
    outcome, predicted, times, cause
        As in `brier_score`; two times at least.
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if len(t) < 2 or (np.diff(t) <= 0).any():
        raise ModelError(
            "There is nothing to integrate over.", expected="two or more rising times", got=f"{t.tolist()}"
        )
    return float(np.trapezoid(brier_score(outcome, predicted, t, cause), t) / (t[-1] - t[0]))


def dynamic_auc(outcome: Outcome, predicted: ArrayLike, times: ArrayLike, cause: int = 0) -> Floats:
    r"""Cumulative/dynamic AUC of one cause at each time, shape (T,): cases by t against all others at t.

    Cases had the event of the cause by t; controls are still there at t or left through another door. NaN where there
    are no cases or no controls.

    Parameters
    ----------
    outcome, predicted, times, cause
        As in `brier_score`.

    References
    ----------
    Blanche, P., Dartigues, J.-F., Jacqmin-Gadda, H. (2013). Estimating and comparing time-dependent areas under
    receiver operating characteristic curves for censored event times with competing risks. Statistics in Medicine
    32(30), definition 2.

    Examples
    --------
    >>> from tael.models.outcomes import read_outcome
    >>> seen = read_outcome([1, 2, 3, 4], [1, 2, 1, 0])
    >>> dynamic_auc(seen, [[0.9], [0.2], [0.6], [0.1]], [3.0]).tolist()
    [1.0]
    """
    p, t = _curves(outcome, predicted, times, cause)
    w_event, w_beyond = censoring_weights(outcome, t)
    out = np.full(len(t), np.nan)
    mine = outcome.cause == cause + 1
    for j in range(len(t)):
        case = np.where(mine, w_event[:, j], 0.0)
        control = np.where(mine, 0.0, w_event[:, j]) + w_beyond[:, j]
        if case.sum() > 0 and control.sum() > 0:
            out[j] = _pairs(p[:, j], case, control) / (case.sum() * control.sum())
    return out


def _pairs(score: Floats, case: Floats, control: Floats) -> float:
    """Weight of the pairs in which the case scores higher; ties count half."""
    values, place = np.unique(score, return_inverse=True)
    cases = np.bincount(place, weights=case, minlength=len(values))
    controls = np.bincount(place, weights=control, minlength=len(values))
    return float((cases * (np.cumsum(controls) - 0.5 * controls)).sum())


def calibration_at(
    outcome: Outcome, predicted: ArrayLike, time: float, cause: int = 0, *, groups: int = 10, level: float = 0.95
) -> pl.DataFrame:
    """Predicted against observed incidence at one time, by tenths of the prediction.

    What was observed is Aalen and Johansen's curve within each group, so rows that were not followed to the end count
    for as long as they were.

    Parameters
    ----------
    outcome : Outcome
    predicted : array of shape (n,)
        Cumulative incidence of the cause at `time`.
    time : float
    cause : int
    groups : int
        Groups of about equal size.
    level : float

    Returns
    -------
    polars.DataFrame
        group, rows, predicted, observed, low, high: a row a group, lowest prediction first, then one for all.
    """
    p, _ = _curves(outcome, predicted, [time], cause)
    p = p[:, 0]
    cuts = np.unique(np.quantile(p, np.arange(1, groups) / groups))
    group = np.searchsorted(cuts, p, side="left")
    names, rows = [str(g + 1) for g in np.unique(group)], [np.flatnonzero(group == g) for g in np.unique(group)]
    table: list[tuple[Any, ...]] = []
    for name, some in zip([*names, "all"], [*rows, np.arange(len(p))], strict=True):
        part = outcome.take(some)
        if (part.cause > 0).any():
            curve = curve_of(part, level)
            seen = [float(curve.at([time], what)[cause, 0]) for what in ("incidence", "low", "high")]
        else:
            seen = [0.0, 0.0, float("nan")]
        table.append((name, len(some), float(p[some].mean()), *seen))
    return pl.DataFrame(table, schema=["group", "rows", "predicted", "observed", "low", "high"], orient="row")
