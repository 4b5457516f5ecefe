"""Positions of the same risk in every product: time-series signals on futures."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.limits import box
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights, required


class VolatilityTarget(BaseEstimator):
    """Each product gets ``signal * target / volatility / products``, scaled down to the caps on the book.

    The weighing of Moskowitz, Ooi and Pedersen (2012), Time series momentum, Journal of Financial Economics 104(2),
    equation 5 (their target is .40 a product): the book is the mean over products of positions that each have the
    target's risk.

    Parameters
    ----------
    target : float
        Volatility of a product's position at full signal, a year.
    signal : {"sign", "score"}
        Take the sign of the score, or the score itself, held within -1 and 1.
    book : float, optional
        Volatility of the whole book, a year, by the risk model: positions are scaled to it, up or down.
    gross : float, optional
        Most that absolute notionals may add up to, as a multiple of equity.
    margin : float, optional
        Most that margins may add up to, as a share of equity; needs ``state.margin_rate``.
    max_weight : float, optional
        Most of one product's notional.
    periods : float
        Bars a year.

    Notes
    -----
    Volatilities are those of the risk model, or ``state.volatility`` where there is none. A product that cannot be
    traded stays as it is; the caps then bind the others only as far as they can. A product without a volatility gets
    no position.

    Examples
    --------
    >>> state = MarketState(volatility=np.array([0.01, 0.02]))
    >>> VolatilityTarget(0.1).weights(np.array([1.0, -3.0]), state=state).weights.round(3)
    array([ 0.315, -0.157])
    """

    def __init__(
        self,
        target: float = 0.10,
        *,
        signal: str = "sign",
        book: float | None = None,
        gross: float | None = None,
        margin: float | None = None,
        max_weight: float | None = None,
        periods: float = 252.0,
    ) -> None:
        self.target, self.signal, self.book = target, signal, book
        self.gross, self.margin, self.max_weight, self.periods = gross, margin, max_weight, periods

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """Signed weights of notional.

        Returns
        -------
        Weights
            Multipliers are 0; the message is empty.

        Raises
        ------
        MarketError
            If volatilities, a risk model or margin rates are needed and not given.
        """
        inputs = Inputs.of(alpha, previous, state)
        if self.signal not in ("sign", "score"):
            raise MarketError("No such signal.", expected='"sign" or "score"', got=repr(self.signal))
        for name in ("target", "book", "gross", "margin", "max_weight"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise MarketError(f"{name} of VolatilityTarget makes no sense.", expected="0 or more", got=repr(value))
        if risk is not None:
            if risk.n != len(inputs.alpha):
                raise MarketError(
                    "The risk does not match the scores.", expected=str(len(inputs.alpha)), got=str(risk.n)
                )
            volatility = np.sqrt(risk.variances)
        else:
            fix = "Pass a risk model, or returns to the history."
            volatility = required(inputs.state.volatility, "state.volatility", "VolatilityTarget", fix)
        quiet = ~(np.isfinite(volatility) & (volatility > 0))
        scores = np.where(inputs.scored & ~quiet, inputs.alpha, 0.0)
        signal = np.sign(scores) if self.signal == "sign" else np.clip(scores, -1.0, 1.0)
        products = max(1, int((inputs.scored & ~quiet).sum()))
        yearly = np.where(quiet, 1.0, volatility) * np.sqrt(self.periods)
        found = signal * self.target / yearly / products
        if self.book is not None:
            if risk is None:
                raise MarketError("A target for the book needs a risk model.", expected="risk=", got="nothing")
            now = float(risk.volatility(found, self.periods))
            found = found * (self.book / now) if now > 0 else found
        cap = np.inf if self.max_weight is None else self.max_weight
        found = np.clip(found, -cap, cap)
        low, high = box(inputs, -np.inf, np.inf)
        found = np.clip(found, low, high)
        # what may be scaled is what can be traded in both directions
        free = inputs.can_buy & inputs.can_sell
        if self.gross is not None:
            found = _within(found, np.ones(len(found)), free, self.gross)
        if self.margin is not None:
            fix = "Pass margin rates to the history, or leave `margin` out."
            rate = required(inputs.state.margin_rate, "state.margin_rate", "VolatilityTarget(margin=)", fix)
            found = _within(found, np.nan_to_num(rate, nan=1.0), free, self.margin)
        return Weights("solved", found)


def _within(weights: Any, rate: Any, free: Any, most: float) -> Any:
    """Scale the free positions so that what all of them use is at most `most`, if that can be."""
    used = np.abs(weights) * rate
    stuck, moving = float(used[~free].sum()), float(used[free].sum())
    if stuck + moving <= most or not moving:
        return weights
    return np.where(free, weights * max(0.0, most - stuck) / moving, weights)
