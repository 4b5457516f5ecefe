"""What trading costs: commission and its minimum, stamp duty by date, transfer fee, half spread, impact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError

if TYPE_CHECKING:
    from tael.markets.exchanges.rules import Fees

Floats = NDArray[np.float64]
Rate = float | Mapping[Any, float]
"""A rate, or rates by the date from which on they hold: ``{"2008-09-19": 0.001, "2023-08-28": 0.0005}``."""


def rate_by_bar(rate: Rate, times: NDArray[np.datetime64], what: str) -> Floats:
    """The rate in force at each time; before the first date of a schedule it is 0.

    >>> days = np.array(["2023-08-25", "2023-08-28"], dtype="M8[D]")
    >>> rate_by_bar({"2008-09-19": 0.001, "2023-08-28": 0.0005}, days, "stamp duty")
    array([0.001 , 0.0005])
    """
    if not isinstance(rate, Mapping):
        return np.full(len(times), _rate(rate, what))
    days = np.array([_day(when, what) for when in rate], dtype="M8[D]")
    values = np.array([0.0, *(_rate(value, what) for value in rate.values())])
    order = np.argsort(days, kind="stable")
    place = np.searchsorted(days[order], times.astype("M8[D]"), side="right")
    return values[np.concatenate(([0], order + 1))][place]


def _day(when: Any, what: str) -> np.datetime64:
    problem = f"The {what} has a date that cannot be read."
    if not isinstance(when, str | date | datetime | np.datetime64):
        raise MarketError(problem, expected="YYYY-MM-DD", got=repr(when))
    given: Any = when
    try:
        return np.datetime64(given, "D")
    except ValueError as error:
        raise MarketError(problem, expected="YYYY-MM-DD", got=str(when)) from error


def _rate(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating) or not 0.0 <= value < np.inf:
        raise MarketError(f"The {what} is no cost.", expected="a number, at least 0", got=repr(value))
    return float(value)


class TradeCosts(NamedTuple):
    """What one trade costs, in currency."""

    commission: float
    tax: float
    transfer: float
    spread: float
    impact: float

    @property
    def total(self) -> float:
        """All of it."""
        return float(sum(self))


@dataclass(frozen=True)
class StockCosts:
    """Costs of trading shares.

    Parameters
    ----------
    commission : float
        Share of the value, on both sides.
    minimum : float
        Least commission of an order, in currency.
    stamp_duty : float or mapping of date to float
        Share of the value, on sells; by date, each rate holds from its date on. China's A shares:
        ``{"2008-09-19": 0.001, "2023-08-28": 0.0005}``, or all of an exchange's fees by `from_fees`.
    stamp_duty_buy : float or mapping of date to float
        The same on buys.
    transfer : float or mapping of date to float
        Share of the value, on both sides.
    half_spread_bp : float
        Half of the quoted spread in basis points of the value: what dealing at once costs beside the mid.
    impact : float
        Coefficient of the square-root law: coefficient x daily volatility x sqrt(quantity / mean volume), as a share of
        the value (Toth et al. 2011, who find a coefficient of the order of 1). Volatility and volume are those of the
        bars before.
    unknown_volatility : float
        Daily volatility where fewer than two returns are known.

    Examples
    --------
    >>> costs = StockCosts(minimum=5.0, stamp_duty=0.001)
    >>> costs.trade(-100, 10.0, "2024-01-02", volume=10_000, volatility=0.02)
    TradeCosts(commission=5.0, tax=1.0, transfer=0.0, spread=0.2, impact=1.0)
    """

    commission: float = 0.00025
    minimum: float = 0.0
    stamp_duty: Rate = 0.0
    stamp_duty_buy: Rate = 0.0
    transfer: Rate = 0.0
    half_spread_bp: float = 2.0
    impact: float = 0.5
    unknown_volatility: float = 0.03

    def __post_init__(self) -> None:
        for name in ("commission", "minimum", "half_spread_bp", "impact", "unknown_volatility"):
            _rate(getattr(self, name), name)
        for name in ("stamp_duty", "stamp_duty_buy", "transfer"):
            rate_by_bar(getattr(self, name), np.empty(0, "M8[D]"), name.replace("_", " "))

    @classmethod
    def from_fees(cls, fees: Fees, days: Any, **more: Any) -> StockCosts:
        """Costs of an exchange: ``StockCosts.from_fees(exchange.fees(bars.times), bars.times)``.

        Parameters
        ----------
        fees : tael.markets.exchanges.rules.Fees
        days : array of datetime64, shape (T,)
            Those that the fees were asked for.
        **more
            Other parameters of `StockCosts`: spread, impact, a broker's own commission.
        """
        given: dict[str, Any] = {
            "commission": fees.commission,
            "minimum": fees.minimum,
            "stamp_duty": _steps(fees.stamp_sell, days),
            "stamp_duty_buy": _steps(fees.stamp_buy, days),
            "transfer": _steps(fees.transfer, days),
        }
        return cls(**(given | more))

    def times(self, factor: float) -> StockCosts:
        """All costs multiplied (the minimum, too).

        >>> StockCosts(commission=0.001).times(2).commission
        0.002
        """
        return replace(
            self,
            commission=self.commission * factor,
            minimum=self.minimum * factor,
            stamp_duty=_scaled(self.stamp_duty, factor),
            stamp_duty_buy=_scaled(self.stamp_duty_buy, factor),
            transfer=_scaled(self.transfer, factor),
            half_spread_bp=self.half_spread_bp * factor,
            impact=self.impact * factor,
        )

    def trade(
        self, quantity: float, price: float, time: Any, *, volume: float = np.nan, volatility: float = np.nan
    ) -> TradeCosts:
        """Costs of one trade: of a paper broker, or to understand a backtest's.

        Parameters
        ----------
        quantity : float
            Shares, below 0 for a sell.
        price : float
        time : date
        volume, volatility : float, optional
            Trailing mean volume and daily volatility. An unknown volume counts as if the order were all of it.

        Returns
        -------
        TradeCosts
        """
        when = np.array([_day(time, "trade")], dtype="M8[D]")
        value = abs(quantity) * price
        sigma = volatility if np.isfinite(volatility) else self.unknown_volatility
        share = abs(quantity) / volume if volume > 0 else 1.0
        duty = float(rate_by_bar(self.stamp_duty if quantity < 0 else self.stamp_duty_buy, when, "stamp duty")[0])
        return TradeCosts(
            max(self.commission * value, self.minimum),
            duty * value,
            float(rate_by_bar(self.transfer, when, "transfer fee")[0]) * value,
            self.half_spread_bp * 1e-4 * value,
            self.impact * sigma * float(np.sqrt(share)) * value if self.impact else 0.0,
        )


def _steps(rates: Floats, days: Any) -> dict[str, float]:
    """The dates at which a rate changes, and to what."""
    when = np.asarray(days, dtype="M8[D]")
    changes = np.flatnonzero(np.concatenate(([True], rates[1:] != rates[:-1])))
    return {str(when[at]): float(rates[at]) for at in changes}


def _scaled(rate: Rate, factor: float) -> Rate:
    if isinstance(rate, Mapping):
        return {when: value * factor for when, value in rate.items()}
    return rate * factor


@dataclass(frozen=True)
class FuturesCosts:
    """Costs of trading contracts.

    Parameters
    ----------
    per_lot : float, sequence or mapping
        Fee in currency for one contract: one for all, one for each entity, or by product ({"p": 2.5}).
    rate : float, sequence or mapping
        Fee as a share of notional, likewise.
    half_spread_ticks : float
        Half of the spread, in ticks of the contract.
    half_spread_bp : float
        The same in basis points of notional (for contracts without a known tick); both are paid.
    impact, unknown_volatility : float
        As for `StockCosts`.

    Examples
    --------
    >>> FuturesCosts(per_lot={"p": 2.5}).times(2).per_lot
    {'p': 5.0}
    """

    per_lot: float | Sequence[float] | Mapping[str, float] = 0.0
    rate: float | Sequence[float] | Mapping[str, float] = 0.00005
    half_spread_ticks: float = 0.5
    half_spread_bp: float = 0.0
    impact: float = 0.5
    unknown_volatility: float = 0.02

    def __post_init__(self) -> None:
        for name in ("half_spread_ticks", "half_spread_bp", "impact", "unknown_volatility"):
            _rate(getattr(self, name), name)

    def times(self, factor: float) -> FuturesCosts:
        """All costs multiplied."""

        def more(fee: Any) -> Any:
            if isinstance(fee, Mapping):
                return {name: value * factor for name, value in fee.items()}
            return (np.asarray(fee, dtype=np.float64) * factor).tolist()

        return replace(
            self,
            per_lot=more(self.per_lot),
            rate=more(self.rate),
            half_spread_ticks=self.half_spread_ticks * factor,
            half_spread_bp=self.half_spread_bp * factor,
            impact=self.impact * factor,
        )

    def of_entities(self, fee: Any, products: NDArray[Any], what: str) -> Floats:
        """One fee for each contract, (N,)."""
        if isinstance(fee, Mapping):
            missing = sorted({str(p) for p in products} - set(fee))
            if missing:
                raise MarketError(
                    f"The {what} is not known for every product.",
                    expected="a fee for each product of the bars",
                    got=f"none for {', '.join(missing[:5])}",
                )
            fee = [fee[str(p)] for p in products]
        values = np.asarray(fee, dtype=np.float64)
        if values.ndim == 0:
            values = np.full(len(products), float(values))
        if values.shape != (len(products),):
            raise MarketError(f"The {what} does not fit.", expected=f"{len(products)} fees", got=f"{values.shape}")
        if not np.all((values >= 0) & np.isfinite(values)):
            raise MarketError(f"The {what} is no cost.", expected="numbers, at least 0", got=f"{values.min():g}")
        return values


Costs = StockCosts | FuturesCosts
