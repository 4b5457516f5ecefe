"""Aalen and Johansen's curve: how many have left through each door by each time, with nothing assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.outcomes import Outcome, read_outcome


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence of each cause, with its limits.

    Parameters
    ----------
    causes : tuple
        Codes of the events.
    times : ndarray of shape (T,)
        Times at which something happened; each value holds from there on.
    incidence, variance, low, high : ndarray of shape (C, T)
        Share that has left through each cause, its variance, and pointwise confidence limits.
    survival : ndarray of shape (T,)
        Share that is still there: one minus all incidences.
    at_risk : ndarray of shape (T,)
        Rows under observation just before.
    """

    causes: tuple[Any, ...]
    times: Floats
    incidence: Floats
    variance: Floats
    low: Floats
    high: Floats
    survival: Floats
    at_risk: NDArray[np.int64]

    def at(self, times: ArrayLike, what: str = "incidence") -> Floats:
        """Values at any times, shape (C, len(times)); 0 before the first event."""
        where = np.searchsorted(self.times, np.asarray(times, dtype=np.float64), side="right")
        values = np.column_stack([np.zeros(len(self.causes)), getattr(self, what)])
        return values[:, where]

    def table(self) -> pl.DataFrame:
        """Columns cause, time, incidence, low, high, at_risk: one row for each cause and time."""
        n = len(self.times)
        return pl.DataFrame(
            {
                "cause": [str(c) for c in self.causes for _ in range(n)],
                "time": np.tile(self.times, len(self.causes)),
                "incidence": self.incidence.ravel(),
                "low": self.low.ravel(),
                "high": self.high.ravel(),
                "at_risk": np.tile(self.at_risk, len(self.causes)),
            }
        )


def aalen_johansen(
    time: ArrayLike, event: Any = None, entry: Any = None, *, censored: Any = 0, level: float = 0.95
) -> Incidence:
    r"""Cumulative incidence by cause under right censoring and left truncation.

    .. math::
        \hat F_c(t) = \sum_{t_j \le t} \hat S(t_{j-1}) \frac{d_{cj}}{n_j},
        \qquad \hat S(t) = \prod_{t_j \le t} \Bigl(1 - \frac{d_j}{n_j}\Bigr)

    Limits are of the complementary log-log, which stay within 0 and 1. A row that ends at t without an event is at risk
    at t; a row that enters at t is not.

    Parameters
    ----------
    time : array of shape (n,)
        Or what `survival_outcome` made.
    event, entry : array of shape (n,), optional
    censored : int or str
        Code of "nothing happened yet".
    level : float
        Coverage of the limits.

    Returns
    -------
    Incidence

    Raises
    ------
    ModelError
        No event at all.

    References
    ----------
    Aalen, O., Johansen, S. (1978). Scandinavian Journal of Statistics 5. Variance by the delta method:
    Marubini, E., Valsecchi, M. G. (1995). Analysing Survival Data from Clinical Trials, equation 10.12.

    Examples
    --------
    >>> curve = aalen_johansen([1, 2, 3, 4], ["paid", "bad", "paid", "open"], censored="open")
    >>> curve.causes, curve.incidence[:, -1].tolist(), curve.survival[-1].item()
    (('bad', 'paid'), [0.25, 0.5], 0.25)
    """
    return curve_of(read_outcome(time, event, entry, censored=censored, where="aalen_johansen"), level)


def curve_of(outcome: Outcome, level: float = 0.95) -> Incidence:
    """The curve of checked outcomes."""
    from scipy.special import ndtri

    happened = outcome.cause > 0
    if not happened.any():
        raise ModelError(
            "Nobody had an event, so there is no curve to draw.",
            expected="at least one event",
            got=f"{len(outcome)} rows, all censored",
            fix="Look at the codes of the events, or follow the rows for longer.",
        )
    times, position = np.unique(outcome.time[happened], return_inverse=True)
    C, T = len(outcome.causes), len(times)
    deaths = np.bincount((outcome.cause[happened] - 1) * T + position, minlength=C * T).reshape(C, T).astype(float)
    d = deaths.sum(axis=0)
    gone = np.searchsorted(np.sort(outcome.time), times, side="left")
    entered = np.searchsorted(np.sort(outcome.entry), times, side="left")
    n = (entered - gone).astype(np.float64)
    before, F = np.empty(T), np.zeros((C, T))
    done = np.zeros(C)
    for j in range(T):  # one running sum, so that the shares always add up to one
        before[j] = 1.0 - done.sum()
        step = done + before[j] * deaths[:, j] / n[j]
        done = step if step.sum() <= 1.0 else done
        F[:, j] = done
    # Sum over j of (F(t) - F_j)^2 a_j, with the square multiplied out, so that running sums do.
    left = n - d
    a = np.divide(d, n * left, out=np.zeros(T), where=left > 0)
    b = before**2 * (n - deaths) * deaths / n**3
    c = before * deaths / n**2
    variance = (
        F**2 * np.cumsum(a) - 2.0 * F * np.cumsum(F * a, axis=1) + np.cumsum(F**2 * a, axis=1)
        + np.cumsum(b, axis=1) - 2.0 * (F * np.cumsum(c, axis=1) - np.cumsum(F * c, axis=1))
    )  # fmt: skip
    variance = np.maximum(variance, 0.0)
    inside = (F > 0) & (F < 1)
    safe = np.where(inside, F, 0.5)
    swing = float(ndtri(0.5 + level / 2)) * np.sqrt(variance) / np.abs(safe * np.log(safe))
    with np.errstate(over="ignore"):  # a swing without end is the limit 0 or 1
        low, high = safe ** np.exp(swing), safe ** np.exp(-swing)
    low, high = (np.where(inside, limit, F) for limit in (low, high))
    return Incidence(outcome.causes, times, F, variance, low, high, 1.0 - F.sum(axis=0), n.astype(np.int64))
