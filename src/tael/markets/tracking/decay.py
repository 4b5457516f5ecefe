"""Has the signal decayed? A CUSUM on its IC (or return) against the backtest's distribution, and a probability."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance import block_length
from tael.markets.tracking.run_length import average_run_length, resampled, resampled_threshold, threshold_for

Floats = NDArray[np.float64]
LEAST, DRAWS = 60, 1000


@dataclass(frozen=True)
class Decay:
    """Where a watched signal stands.

    Attributes
    ----------
    observations : int
        Live ones so far.
    mean, expected : float
        Of the live observations, and of the backtest.
    cusum, threshold : float
        In the backtest's standard deviations.
    alarm : bool
        The CUSUM has crossed its threshold (and stays crossed until the alarm is fitted anew).
    since : int or None
        Observations before the decline seems to have begun (where the CUSUM was last at zero); None without alarm.
    probability : float
        That the mean of so many days of the backtest's distribution is this low or lower, the backtest's own
        uncertainty included.
    message : str
        The same in a sentence; with an alarm it proposes to train again.
    """

    observations: int
    mean: float
    expected: float
    cusum: float
    threshold: float
    alarm: bool
    since: int | None
    probability: float
    message: str


@dataclass
class DecayAlarm:
    """A sequential test that a signal still is what its backtest said.

    Page 1954's CUSUM, one-sided, downwards: ``S = max(0, S + (mean - x) / sd - allowance)``, an alarm when S crosses a
    threshold set so that a signal that is as good as its backtest rings a false one every `run_length` observations on
    average. Fit it on *out-of-sample* observations (walk-forward, or after the search): in-sample ICs are too good, and
    every live signal would seem to decay.

    Parameters
    ----------
    run_length : float
        Observations between false alarms, on average: 500 is about two years of days.
    allowance : float
        Half of the drop that is to be found, in standard deviations of one observation.
    calibrate : {"resampled", "normal"}
        The threshold by resampling blocks of the backtest (fat tails and autocorrelation count), or by the exact
        formula for independent normal observations.
    seed : int

    Attributes
    ----------
    mean_, std_ : float
        Of the backtest.
    threshold_ : float
    block_ : float
        Mean block length of the resampling.
    delay_ : float
        Observations until an alarm if the signal loses all of its mean, for independent normal observations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> alarm = DecayAlarm(run_length=250, allowance=0.25).fit(rng.normal(0.04, 0.1, 500))
    >>> alarm.update(rng.normal(0.04, 0.1, 100)).alarm
    False
    >>> print(alarm.update(rng.normal(-0.05, 0.1, 60)).message)  # doctest: +ELLIPSIS
    Decay: the mean of 160 observations is ...: train again and let the new model compete.
    """

    run_length: float = 500.0
    allowance: float = 0.25
    calibrate: str = "resampled"
    seed: int = 0
    _seen: list[float] = field(default_factory=list, repr=False)
    _reference: list[float] = field(default_factory=list, repr=False)

    def fit(self, backtest: Any) -> DecayAlarm:
        """Learn what the undisturbed signal looks like.

        Parameters
        ----------
        backtest : array-like of shape (n,)
            Daily ICs (or returns) out of sample, at least 60; missing days are left out.

        Returns
        -------
        DecayAlarm
            Itself, with no live observation.

        Raises
        ------
        MarketError
            If there are too few, they are constant, or a parameter makes no sense.
        """
        if self.calibrate not in ("resampled", "normal"):
            raise MarketError("No such calibration.", expected='"resampled" or "normal"', got=repr(self.calibrate))
        if not (self.run_length > 2 and self.allowance > 0):
            raise MarketError(
                "The alarm's parameters make no sense.", expected="run_length > 2, allowance > 0",
                got=f"{self.run_length}, {self.allowance}",
            )  # fmt: skip
        x = np.asarray(backtest, dtype=np.float64)
        x = _finite(x[~np.isnan(x)], "observations of the backtest")
        if len(x) < LEAST:
            raise MarketError(
                "There are too few observations of the backtest.", expected=f"at least {LEAST}", got=str(len(x))
            )
        self.mean_, self.std_ = float(x.mean()), float(x.std(ddof=1))
        if not self.std_ > 0:
            raise MarketError("The backtest's observations do not vary.", got=str(self.mean_))
        self._reference, self._seen = x.tolist(), []
        self.block_ = block_length(x)
        self._off = resampled(x, len(x), self.block_, DRAWS, self.seed + 1).mean(axis=1) - self.mean_
        if self.calibrate == "normal":
            self.threshold_ = threshold_for(self.run_length, self.allowance)
        else:
            z = (self.mean_ - x) / self.std_
            self.threshold_ = resampled_threshold(z, self.run_length, self.allowance, block=self.block_, seed=self.seed)
        self.delay_ = average_run_length(self.threshold_, self.allowance, max(self.mean_, 0.0) / self.std_)
        return self

    def update(self, live: Any) -> Decay:
        """Add live observations, oldest first, and say where the signal stands.

        Parameters
        ----------
        live : float or array-like of shape (m,)
            Missing ones are left out.

        Returns
        -------
        Decay

        Raises
        ------
        MarketError
            If it was not fitted, or nothing was observed yet.
        """
        if not self._reference:
            raise MarketError("The alarm has not learned yet.", fix="Call fit with the backtest's observations.")
        x = np.atleast_1d(np.asarray(live, dtype=np.float64))
        self._seen += _finite(x[~np.isnan(x)], "live observations").tolist()
        if not self._seen:
            raise MarketError("Nothing was observed yet.")
        return self._where()

    def _where(self) -> Decay:
        seen = np.array(self._seen)
        cusum, last_zero, alarm = 0.0, 0, False
        for t, value in enumerate((self.mean_ - seen) / self.std_):
            if alarm:
                break
            cusum = max(0.0, cusum + float(value) - self.allowance)
            if cusum == 0.0:
                last_zero = t + 1
            alarm = cusum > self.threshold_
        n, mean, probability = len(seen), float(seen.mean()), self._probability(seen)
        said = (
            f"the mean of {n} observations is {mean:.4g} where the backtest had {self.mean_:.4g} "
            f"(one in {1 / max(probability, 1e-4):.0f} by chance)"
        )
        message = (
            f"Decay: {said}, since observation {last_zero + 1}: train again and let the new model compete."
            if alarm
            else f"No alarm: {said}."
        )
        return Decay(
            n, mean, self.mean_, cusum, self.threshold_, alarm, last_zero if alarm else None, probability, message
        )

    def _probability(self, seen: Floats) -> float:
        """Share of resampled means that are as low as the live one, each less what the backtest's mean may be off."""
        means = resampled(np.array(self._reference), len(seen), self.block_, DRAWS, self.seed).mean(axis=1)
        return float((1 + np.sum(means - self._off <= seen.mean())) / (1 + DRAWS))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for a file between two days; `from_dict` goes on from there."""
        return {
            "run_length": self.run_length,
            "allowance": self.allowance,
            "calibrate": self.calibrate,
            "seed": self.seed,
            "backtest": self._reference,
            "live": self._seen,
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> DecayAlarm:
        """Read back what `to_dict` wrote."""
        made = cls(plain["run_length"], plain["allowance"], plain["calibrate"], plain["seed"]).fit(plain["backtest"])
        made._seen = [float(value) for value in plain["live"]]
        return made


def _finite(x: Floats, what: str) -> Floats:
    """The same, if it is a finite series."""
    if x.ndim != 1 or not np.isfinite(x).all():
        raise MarketError(f"The {what} are no series of numbers.", got=f"shape {x.shape}, or infinite")
    return x
