"""The paper broker on the backtest's own inputs: a day of `Bars`, an exchange's instruments, the backtest's costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.broker.actions import CorporateAction
from tael.markets.broker.filling import NextOpen
from tael.markets.broker.money import MICRO, cents, money
from tael.markets.broker.orders import Order
from tael.markets.broker.protocol import Bar, Charges, Execution, Instrument

if TYPE_CHECKING:
    from tael.markets.backtest.costs import StockCosts
    from tael.markets.bars import Bars

Floats = NDArray[np.float64]


def day_bars(bars: Bars, t: int, *, window: int = 20) -> dict[str, Bar]:
    """Row t of the bars, by entity; what is not listed is left out.

    Parameters
    ----------
    bars : Bars
    t : int
        Row.
    window : int
        Bars *before* t over which `typical_volume` and `volatility` are measured, as the backtest measures them.

    Returns
    -------
    dict
        Of entity to `Bar`.
    """
    t = range(len(bars))[t]
    before = slice(max(0, t - window), t)
    volume = np.where(bars.suspended[before], np.nan, bars.volume[before])
    there = np.isfinite(volume)
    typical = np.where(there.any(axis=0), np.where(there, volume, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1), 0)
    unknown = not np.isfinite(bars.volume[: t + 1]).any()
    volatility = _volatility(bars.close[:t] * bars.adjust[:t], window)
    found = {}
    for e in np.flatnonzero(bars.listed[t]):
        found[bars.entities[e]] = Bar(
            open=float(bars.open[t, e]),
            high=float(bars.high[t, e]),
            low=float(bars.low[t, e]),
            close=float(bars.close[t, e]),
            preclose=float(bars.preclose[t, e]),
            volume=float(bars.volume[t, e]),
            limit_up=float(bars.limit_up[t, e]),
            limit_down=float(bars.limit_down[t, e]),
            suspended=bool(bars.suspended[t, e]),
            settle=float(bars.settle[t, e]),
            typical_volume=math.nan if unknown else float(typical[e]),
            volatility=float(volatility[e]),
        )
    return found


def _volatility(close: Floats, window: int) -> Floats:
    """Standard deviation of the last rows' returns, each from the last close known before it; NaN of fewer than two."""
    there = np.isfinite(close)
    row = np.where(there, np.arange(len(close))[:, None], -1)
    last = np.maximum.accumulate(row, axis=0)
    before = np.vstack([np.full((1, close.shape[1]), -1), last[:-1]])[-window:]
    now = close[-window:]
    then = np.where(before >= 0, np.take_along_axis(close, np.maximum(before, 0), axis=0), np.nan) if len(now) else now
    returns = now / then - 1.0
    known = np.isfinite(returns)
    count = known.sum(axis=0)
    mean = np.where(known, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, (returns - mean) ** 2, 0.0).sum(axis=0)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def instruments_of(bars: Bars, *, t_plus_1: bool = True, short: bool = False) -> dict[str, Instrument]:
    """How each entity of the bars trades: lots, ticks, multipliers, margins (of the last row).

    Parameters
    ----------
    bars : Bars
    t_plus_1, short : bool
        For what is paid in full; contracts on margin know no lock and may be short.

    Raises
    ------
    MarketError
        If a multiplier is no whole number.
    """
    rates = np.atleast_2d(bars.margin_rate)[-1]
    found = {}
    for e, entity in enumerate(bars.entities):
        multiplier = float(bars.multiplier[e])
        if multiplier != int(multiplier):
            raise MarketError("A multiplier is a whole number.", got=str(multiplier), where=entity)
        funded = not rates[e] < 1
        found[entity] = Instrument(
            lot=int(bars.lot[e]),
            min_lot=int(bars.min_lot[e]),
            multiplier=int(multiplier),
            tick=money(float(bars.tick[e])) if bars.tick[e] > 0 else MICRO,
            margin_rate=Decimal(0) if funded else money(float(rates[e])),
            t_plus_1=t_plus_1 and funded,
            short=short or not funded,
        )
    return found


def actions_of(bars: Bars, t: int, *, recovery: float = 0.7) -> list[CorporateAction]:
    """What happens to shares before the open of row t: ex-rights from `adjust`, delistings from `listed`.

    Parameters
    ----------
    bars : Bars
    t : int
        Row.
    recovery : float
        Share of the last price that a holder gets for what is delisted, as in the backtest's `StockRules`.

    Returns
    -------
    list of CorporateAction
    """
    t = range(len(bars))[t]
    if t == 0:
        return []
    found = []
    for e, entity in enumerate(bars.entities):
        if not bars.listed[t - 1, e]:
            continue
        known = bars.close[:t, e][np.isfinite(bars.close[:t, e])]
        last = float(known[-1]) if len(known) else math.nan
        if not bars.listed[t, e]:
            found.append(CorporateAction(entity, ratio=0.0, cash=0.0 if math.isnan(last) else last * recovery))
            continue
        now, then = float(bars.adjust[t, e]), float(bars.adjust[t - 1, e])
        if now != then and math.isfinite(now) and math.isfinite(then):
            found.append(CorporateAction(entity, ratio=now / then, price=last / (now / then)))
    return found


@dataclass(frozen=True)
class BacktestFills:
    """Fills at the next open with the charges of a backtest's `StockCosts`: half the spread and the impact are fees.

    Parameters
    ----------
    costs : StockCosts
    participation : float or None
        As in the backtest's `StockRules`; None: no cap.
    """

    costs: StockCosts
    participation: float | None = 0.1

    def execute(self, order: Order, bar: Bar | None, quantity: int, rules: Instrument) -> Execution:
        """What of `quantity` fills at the open: see `NextOpen`."""
        if self.participation is None and bar is not None:
            bar = replace(bar, typical_volume=math.nan)
        return NextOpen(participation=self.participation or 1.0).execute(order, bar, quantity, rules)

    def charges(
        self, order: Order, quantity: int, price: Decimal, day: date, rules: Instrument, bar: Bar | None
    ) -> Charges:
        """The backtest's costs, each rounded to the hundredth."""
        if quantity == 0:
            return Charges()
        signed = quantity if order.side == "buy" else -quantity
        volume, volatility = (bar.typical_volume, bar.volatility) if bar is not None else (math.nan, math.nan)
        cost = self.costs.trade(signed, float(price), day, volume=volume, volatility=volatility)
        fees = cost.transfer + cost.spread + cost.impact
        return Charges(cents(money(cost.commission)), cents(money(cost.tax)), cents(money(fees)))
