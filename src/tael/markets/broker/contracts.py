"""Dated contracts on paper: what a day's weights mean in contracts, what must be closed, what expires, what fills cost.

The rules are those of the backtest (`tael.kernels.backtest_futures`), so that a book and a backtest that begin on one
day hold the same: weights become whole contracts counted down towards 0, at the last settlement; what was not filled
is ordered again; a contract is left before its last trading day; a margin call scales positions down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tael.markets.broker.actions import CorporateAction
from tael.markets.broker.filling import NextOpen
from tael.markets.broker.money import cents, money
from tael.markets.broker.orders import Order, OrderState
from tael.markets.broker.protocol import Bar, Charges, Execution, Instrument

if TYPE_CHECKING:
    from tael.markets.backtest.costs import FuturesCosts
    from tael.markets.backtest.rules import FuturesRules
    from tael.markets.bars import Bars

Floats = NDArray[np.float64]


def marks_of(bars: Bars, t: int) -> Floats:
    """The last settlement of each contract as of row t, (N,): the close where none was told, NaN before the first."""
    told = np.where(np.isfinite(bars.settle[: t + 1]), bars.settle[: t + 1], bars.close[: t + 1])
    row = np.where(np.isfinite(told), np.arange(t + 1)[:, None], -1).max(axis=0)
    found: Floats = np.where(row >= 0, told[np.maximum(row, 0), np.arange(told.shape[1])], np.nan)
    return found


def to_go(states: list[OrderState]) -> dict[str, int]:
    """What orders asked for and did not get, signed, by entity; what was refused is not asked for again."""
    left: dict[str, int] = {}
    for state in states:
        if state.status != "rejected" and state.order.quantity > state.filled:
            rest = state.order.quantity - state.filled
            left[state.order.entity] = rest if state.order.side == "buy" else -rest
    return left


def contract_targets(
    weights: Floats, bars: Bars, t: int, following: date, rules: FuturesRules, *, equity: Decimal,
    held: Mapping[str, int], left: Mapping[str, int],
) -> dict[str, float] | None:  # fmt: skip
    """What is to be held after row t, as weights that are whole contracts.

    Parameters
    ----------
    weights : (N,) array
        Of equity, by notional, signed; NaN where nothing is decided.
    bars : Bars
        Of contracts.
    t : int
        The row that has closed.
    following : date
        The next trading day, on which orders fill: contracts that have to be left by then are closed.
    rules : FuturesRules
    equity : Decimal
        The balance after the day's settlement.
    held, left : mapping of str to int
        Positions, and what yesterday's orders did not get (`to_go`): ordered again unless ``unfilled`` is "drop".

    Returns
    -------
    dict of str to float, or None
        By contract; NaN for what is held as it is. None: nothing is to be done.
    """
    marks, unit, total = marks_of(bars, t), np.asarray(bars.multiplier, dtype=np.float64), float(equity)
    keep = _margin_call(bars, t, rules, total, held, marks)
    last = _leaving(bars, rules.leave, following)
    out: dict[str, float] = {}
    decided = bool(np.isfinite(weights).any())
    for e, name in enumerate(bars.entities):
        now, weight = held.get(name, 0), float(weights[e])
        aim = now
        if math.isfinite(weight):
            if weight == 0.0 or last[e]:
                aim = 0
            elif marks[e] > 0:
                aim = towards_zero(weight * total / (marks[e] * unit[e]))
        elif rules.unfilled == "carry":
            aim = now + left.get(name, 0)
        if now == 0 and last[e]:
            continue
        if now and keep < 1.0:
            most = abs(towards_zero(now * keep))
            aim = min(max(aim, -most), most)
        if now and last[e]:
            aim = 0
        if aim != now:
            out[name] = aim * marks[e] * unit[e] / total
        elif now:
            out[name] = math.nan
    return out if decided or any(value == value for value in out.values()) else None


def _leaving(bars: Bars, leave: int, day: date) -> NDArray[np.bool_]:
    """Which contracts are to be closed on a day: so many weekdays before their last, and after."""
    found, dated = np.zeros(len(bars.entities), dtype=np.bool_), ~np.isnat(bars.expiry)
    away = np.busday_offset(bars.expiry[dated].astype("M8[D]"), -leave, roll="backward")
    found[dated] = np.datetime64(day, "D") >= away
    return found


def towards_zero(contracts: float) -> int:
    """Whole contracts, never more than asked for.

    >>> towards_zero(2.9), towards_zero(-2.9), towards_zero(3 - 1e-12)
    (2, -2, 3)
    """
    size = math.floor(abs(contracts) * (1.0 + 1e-12) + 1e-9)
    return size if contracts > 0 else -size


def _margin_call(
    bars: Bars, t: int, rules: FuturesRules, equity: float, held: Mapping[str, int], marks: Floats
) -> float:
    """The share of each position that the balance carries: 1 unless the maintenance margin is broken."""
    rates = np.atleast_2d(bars.margin_rate)
    rate = rates[min(t, len(rates) - 1)]
    size = np.array([abs(held.get(name, 0)) for name in bars.entities], dtype=np.float64)
    bound = float(np.where(size > 0, size * marks * bars.multiplier * rate, 0.0).sum())
    return max(0.0, equity / (bound * rules.initial)) if bound * rules.maintenance > equity else 1.0


def expiries_of(bars: Bars, t: int, held: Mapping[str, int]) -> list[CorporateAction]:
    """What is held and no longer trades on row t: gone at its last settlement, which has been paid."""
    day = bars.times[t].astype("M8[D]")
    gone = ~bars.listed[t] | (~np.isnat(bars.expiry) & (bars.expiry.astype("M8[D]") < day))
    return [CorporateAction(name, ratio=0.0) for e, name in enumerate(bars.entities) if gone[e] and held.get(name)]


@dataclass(frozen=True)
class ContractFills:
    """Fills of contracts at the next open with the charges of a backtest's `FuturesCosts`.

    Parameters
    ----------
    costs : FuturesCosts
    per_lot, rate : dict of str to float
        Of each contract.
    participation : float or None
        As in the backtest's `FuturesRules`; None: no cap.
    """

    costs: FuturesCosts
    per_lot: Mapping[str, float]
    rate: Mapping[str, float]
    participation: float | None = 0.1

    @classmethod
    def of(cls, costs: FuturesCosts, bars: Bars, participation: float | None) -> ContractFills:
        """The fills of these contracts.

        Raises
        ------
        MarketError
            If a fee is not known for every product.
        """
        lots = costs.of_entities(costs.per_lot, bars.product, "fee per contract")
        rates = costs.of_entities(costs.rate, bars.product, "fee rate")
        per_lot = dict(zip(bars.entities, map(float, lots), strict=True))
        return cls(costs, per_lot, dict(zip(bars.entities, map(float, rates), strict=True)), participation)

    def execute(self, order: Order, bar: Bar | None, quantity: int, rules: Instrument) -> Execution:
        """What of `quantity` fills at the open: see `NextOpen`."""
        if self.participation is None and bar is not None:
            bar = replace(bar, typical_volume=math.nan)
        return NextOpen(participation=self.participation or 1.0).execute(order, bar, quantity, rules)

    def charges(
        self, order: Order, quantity: int, price: Decimal, day: date, rules: Instrument, bar: Bar | None
    ) -> Charges:
        """Commission; half the spread and the impact as fees; each rounded to the hundredth."""
        if quantity == 0:
            return Charges()
        costs, unit = self.costs, rules.multiplier
        value = quantity * float(price) * unit
        volume, volatility = (bar.typical_volume, bar.volatility) if bar is not None else (math.nan, math.nan)
        sigma = volatility if math.isfinite(volatility) else costs.unknown_volatility
        share = quantity / volume if volume > 0 else 1.0
        commission = quantity * self.per_lot[order.entity] + value * self.rate[order.entity]
        spread = quantity * costs.half_spread_ticks * float(rules.tick) * unit + costs.half_spread_bp * 1e-4 * value
        impact = costs.impact * sigma * math.sqrt(share) * value if costs.impact else 0.0
        return Charges(cents(money(commission)), Decimal(0), cents(money(spread + impact)))
