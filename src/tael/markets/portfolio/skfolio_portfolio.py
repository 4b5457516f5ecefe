"""Any optimiser of skfolio's (or of its interface) as a method of tael's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights, required
from tael.validation.words import Words


class SkfolioPortfolio(BaseEstimator):
    """Fit an optimiser on the trailing returns of the scored names, and take its weights.

    Parameters
    ----------
    estimator : object
        Has ``fit(returns)`` and then ``weights_``, as all of ``skfolio.optimization`` have. It is cloned, not changed;
        where it has a parameter ``previous_weights``, that is set to what is held.
    window : int
        Trailing bars.
    min_history : int
        Names with fewer returns in the window take no part; those that take part need all of the returns, so a missing
        one counts as 0 (nothing was dealt).
    best : int, optional
        Only the names of the highest scores take part.

    Notes
    -----
    The optimiser forms its own views of mean and risk: scores only say who takes part. Where it fails (an exception of
    skfolio's, or no weights), the portfolio stays as it is and the status is "failed".
    """

    def __init__(self, estimator: Any, *, window: int = 252, min_history: int = 60, best: int | None = None) -> None:
        self.estimator, self.window, self.min_history, self.best = estimator, window, min_history, best

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The optimiser's portfolio; names that cannot be traded keep theirs, and the others are scaled to the rest.

        Raises
        ------
        MarketError
            If there are no returns to fit on.
        """
        inputs = Inputs.of(alpha, previous, state)
        fix = "Pass returns to the history."
        past = required(inputs.state.returns, "state.returns", "SkfolioPortfolio", fix)[-self.window :]
        if past.ndim != 2 or past.shape[1] != len(inputs.alpha):
            raise MarketError(
                "The returns do not match the scores.", expected=f"(L, {len(inputs.alpha)})", got=str(past.shape)
            )
        known = np.isfinite(past).sum(axis=0) >= self.min_history
        free = inputs.can_buy & inputs.can_sell
        chosen = np.flatnonzero(inputs.scored & known & free)
        if self.best is not None:
            chosen = np.sort(chosen[np.argsort(-inputs.alpha[chosen], kind="stable")[: self.best]])
        stays = np.where(inputs.previous > 0, ~inputs.can_sell, ~inputs.can_buy)
        found = np.where(stays, inputs.previous, 0.0)
        left = 1.0 - float(found.sum())
        if len(chosen) < 2:
            found[chosen] = left
            return Weights("solved", found)
        fitted: Any = clone(self.estimator)
        if "previous_weights" in fitted.get_params():
            fitted.set_params(previous_weights=inputs.previous[chosen])
        try:
            fitted.fit(np.nan_to_num(past[:, chosen], nan=0.0))
        except _failures() as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            message = Words(
                f"The optimiser failed; the portfolio stays as it is. {said}",
                f"优化器求解失败，投资组合保持不变。{said}",
            )
            return Weights("failed", inputs.previous.copy(), message=message, fallback="hold")
        weights = getattr(fitted, "weights_", None)
        if weights is None or not np.isfinite(weights).all():
            message = Words(
                "The optimiser found no weights; the portfolio stays as it is.", "优化器未给出权重，投资组合保持不变。"
            )
            return Weights("failed", inputs.previous.copy(), message=message, fallback="hold")
        found[chosen] = left * np.asarray(weights, dtype=np.float64)
        return Weights("solved", found)


def _failures() -> tuple[type[Exception], ...]:
    """What an optimiser of skfolio's raises where it finds no portfolio; nothing else is caught."""
    found: list[type[Exception]] = [MarketError]
    try:
        from skfolio.exceptions import SkfolioError
    except ImportError:
        return tuple(found)
    return (*found, SkfolioError)
