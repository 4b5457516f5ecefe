"""A campaign ranked by predicted uplift: sorted once, weighted many times. The arithmetic under the uplift metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation._value import NAN
from tael.validation.arrays import Floats


@dataclass(frozen=True)
class Trial:
    """Checked rows: outcome, 0/1 treatment, predicted uplift, weights (inverse propensities inside)."""

    y: Floats
    t: Floats
    uplift: Floats
    weight: Floats


def read_trial(
    y: ArrayLike, uplift: ArrayLike, treatment: ArrayLike, weight: ArrayLike | None, propensity: ArrayLike | None
) -> Trial:
    """Check the rows of a campaign, and put inverse propensities into their weights.

    Parameters
    ----------
    y, uplift, treatment, weight, propensity
        As in `tael.validation.qini_curve`.

    Raises
    ------
    ValidationError
        One arm only, missing values, lengths that differ, propensities of 0 or 1.
    """
    outcome = arrays.floats(y, "outcomes")
    n = len(outcome)
    if not n or not np.isfinite(outcome).all():
        raise ValidationError("Outcomes are missing, or there are none.", expected="a number a row", got=f"{n} rows")
    t = arrays.labels(treatment)
    arrays.same_length(n, len(t), "treatment")
    score = arrays.scores(uplift, n, probability=False)
    w = arrays.weights(weight, n)
    if propensity is not None:
        e = np.broadcast_to(np.asarray(propensity, dtype=np.float64), (n,))
        if not ((e > 0) & (e < 1)).all():
            raise ValidationError(
                "A propensity is not strictly between 0 and 1.",
                got=f"{e.min()} to {e.max()}",
                fix="Leave out the rows that could not have got both arms.",
            )
        # Each arm keeps its total, so that a constant propensity changes nothing.
        inverse = w / np.where(t == 1, e, 1.0 - e)
        for arm in (0.0, 1.0):
            own = t == arm
            if inverse[own].sum() > 0:
                inverse[own] *= w[own].sum() / inverse[own].sum()
        w = inverse
    for arm, name in ((1.0, "treated"), (0.0, "untreated")):
        if not (w[t == arm] > 0).any():
            raise ValidationError(
                f"There are no {name} rows, so no effect can be seen.",
                expected="treated (1) and untreated (0) rows",
                got=f"{n} rows of one arm",
            )
    return Trial(outcome, t, score, w)


class Order:
    """Rows in descending order of a key, sorted once; many weightings are then cumulative sums."""

    def __init__(self, y: Floats, t: Floats, key: Floats) -> None:
        self.order = np.argsort(-key, kind="stable")
        self.ends = np.flatnonzero(np.append(np.diff(key[self.order]) != 0, True))
        self.y, self.t = y[self.order], t[self.order]

    def sums(self, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Weight and outcome of the treated and of the others at or above each step, shape (samples, steps + 1)."""
        w = np.atleast_2d(weight)[:, self.order]
        treated, other = w * self.t, w * (1.0 - self.t)
        return self._up(treated), self._up(other), self._up(treated * self.y), self._up(other * self.y)

    def robust(self, weight: Floats, effects: Floats) -> Floats:
        """Area between the curve of summed effects and the random line, per head: shape (samples,)."""
        w = np.atleast_2d(weight)[:, self.order]
        n, gain = self._up(w), self._up(w * effects[self.order])
        return _above(n, gain) / n[:, -1] ** 2

    def _up(self, values: Floats) -> Floats:
        total = np.cumsum(values, axis=1)[:, self.ends]
        return np.concatenate([np.zeros((len(total), 1)), total], axis=1)


def _divide(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _above(x: Floats, f: Floats) -> Floats:
    """Area between a curve and the straight line to its end."""
    area = (np.diff(x, axis=1) * (f[:, 1:] + f[:, :-1])).sum(axis=1) / 2.0
    return area - x[:, -1] * f[:, -1] / 2.0


def qini_values(nt: Floats, nc: Floats, yt: Floats, yc: Floats) -> Floats:
    """The Qini curve from its four sums; without untreated rows their part is none."""
    return yt - yc * _divide(nt, nc)


def perfect_area(perfect: Order, weight: Floats) -> Floats:
    """Area between the Qini curve of a perfect ranking and the random line, shape (samples,)."""
    nt, nc, yt, yc = perfect.sums(weight)
    return _above(nt + nc, qini_values(nt, nc, yt, yc))


def measures(ours: Order, best: Floats, weight: Floats) -> dict[str, Floats]:
    """All metrics but the doubly robust one under each weighting, each of shape (samples,).

    Parameters
    ----------
    ours : Order
        Rows by predicted uplift.
    best : ndarray of shape (samples,)
        `perfect_area` under the same weightings.
    weight : ndarray of shape (n,) or (samples, n)
    """
    nt, nc, yt, yc = ours.sums(weight)
    n, q = nt + nc, qini_values(nt, nc, yt, yc)
    area = _above(n, q)
    whole = n[:, -1]
    share = n / whole[:, None]
    gain = (_divide(yt, nt) - _divide(yc, nc)) * share
    end = gain[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "qini": np.where(best > 0, area / best, NAN),
            # The curve counts the treated's extra outcomes; over the treated it is per head of the whole list.
            "qini_per_head": _divide(area, whole * nt[:, -1]),
            "auuc": _above(share, gain) + end / 2.0,
            "effect": end,
        }
    for name, k in (("uplift_at_10", 0.1), ("uplift_at_30", 0.3)):
        found[name] = np.array([_at(k, *row) for row in zip(share, nt, nc, yt, yc, strict=True)])
    return found


def _at(k: float, share: Floats, nt: Floats, nc: Floats, yt: Floats, yc: Floats) -> float:
    """Difference of means in the top k; where the cut falls among equal scores, they count in part."""
    a, b, c, d = (float(np.interp(k, share, v)) for v in (nt, nc, yt, yc))
    return c / a - d / b if a > 0 and b > 0 else NAN
