"""The metrics as functions of rows sorted once, over many weightings at a time: `Ranked` in, one value a "
"weighting out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tael.validation.arrays import Floats
from tael.validation.ranked import Ranked


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Quotient, NaN where the divisor is 0."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)


def roc_auc(r: Ranked) -> Floats:
    """Chance that an event scores above a non-event, ties counting one half."""
    step = np.diff(r.false, axis=1, prepend=0.0)
    # a non-event beats every event above it; against events with the same score it counts one half
    area = np.sum(step * (r.true - 0.5 * np.diff(r.true, axis=1, prepend=0.0)), axis=1)
    return ratio(area, r.events * r.others)


def gini(r: Ranked) -> Floats:
    """Twice the AUC less 1."""
    return 2.0 * roc_auc(r) - 1.0


def ks(r: Ranked) -> Floats:
    """Widest gap between the shares of events and of non-events above a score."""
    gap = ratio(r.true, np.broadcast_to(r.events[:, None], r.true.shape))
    gap -= ratio(r.false, np.broadcast_to(r.others[:, None], r.false.shape))
    return np.max(np.abs(gap), axis=1)


def pr_auc(r: Ranked) -> Floats:
    """Average precision, steps of equal scores taken whole."""
    above = r.true + r.false
    precision = np.divide(r.true, above, out=np.zeros_like(above), where=above > 0)
    return ratio(np.sum(np.diff(r.true, axis=1, prepend=0.0) * precision, axis=1), r.events)


def log_loss(r: Ranked) -> Floats:
    """Mean negative log likelihood; probabilities held one float step off 0 and 1, as scikit-learn does."""
    eps = np.finfo(np.float64).eps
    p = np.clip(r.p, eps, 1 - eps)
    return ratio(r.weight @ -np.where(r.y == 1, np.log(p), np.log1p(-p)), r.weight.sum(axis=1))


def brier(r: Ranked) -> Floats:
    """Mean squared distance of probability and outcome."""
    return ratio(r.weight @ np.square(r.p - r.y), r.weight.sum(axis=1))


def lift(share: float) -> Callable[[Ranked], Floats]:
    """Events among the top `share` of rows, over those a random choice would hold."""

    def lifted(r: Ranked) -> Floats:
        above = r.true + r.false
        total = above[:, -1]
        result = np.full(len(total), np.nan)
        for i in np.flatnonzero((total > 0) & (r.events > 0)):
            # rows with the score at the border enter in proportion, so that the order of ties does not matter
            caught = np.interp(share * total[i], np.append(0.0, above[i]), np.append(0.0, r.true[i]))
            result[i] = caught / r.events[i] / share
        return result

    return lifted


def base_rate(r: Ranked) -> Floats:
    """Share of events."""
    return ratio(r.events, r.events + r.others)


def mean_predicted(r: Ranked) -> Floats:
    """Mean prediction."""
    return ratio(r.weight @ r.p, r.weight.sum(axis=1))
