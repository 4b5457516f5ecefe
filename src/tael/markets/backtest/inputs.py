"""From bars, rules and costs to what the kernels read; targets are checked here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.kernels.backtest_contracts import Contracts, Fees, MarginTerms
from tael.kernels.backtest_orders import Market, Terms, impossible
from tael.kernels.backtest_rules import Charges
from tael.markets.backtest.costs import FuturesCosts, StockCosts, rate_by_bar
from tael.markets.backtest.rules import FuturesRules, Rules, StockRules
from tael.markets.bars import Bars

Floats = NDArray[np.float64]
YEAR = 365.0 * 86_400 * 1e6
"""Microseconds; interest is by the day of the calendar."""
APART = 0.005
"""By how much amount / volume may miss the day's prices: amounts are rounded, and some deals are off the book."""


def checked_targets(targets: Any, bars: Bars, *, short: bool) -> Floats:
    """Weights as (T, N) float64 in C order; refuses other shapes, infinities, and negative weights without `short`."""
    array = np.asarray(targets)
    if array.shape != bars.shape or array.dtype.kind not in "fiu":
        raise MarketError(
            "The targets do not fit the bars.",
            expected=f"weights of shape {bars.shape}: times by entities",
            got=f"{array.dtype} of shape {array.shape}",
        )
    array = np.ascontiguousarray(array, dtype=np.float64)
    if not impossible(array, -np.inf if short else 0.0):
        return array
    bad = np.isinf(array) | (array < (-np.inf if short else 0.0))
    t, e = (int(at) for at in np.argwhere(bad)[0])
    told = {"got": f"{array[t, e]:g}", "where": f"{bars.entities[e]} at {bars.times[t]}"}
    if np.isinf(array[t, e]):
        raise MarketError("A target is infinite.", **told)
    raise MarketError(
        "A target is negative, and the rules do not allow short positions.",
        expected="weights of at least 0",
        **told,
        fix="Pass rules=StockRules(short=True), or clip the weights.",
    )


def years_between(times: NDArray[np.datetime64]) -> Floats:
    """Time since the bar before, in years of 365 days; 0 for the first."""
    steps = np.diff(times.astype("M8[us]")).astype(np.float64) / YEAR
    return np.concatenate(([0.0], steps))


def _somewhere(grid: Floats) -> bool:
    """Whether any value is there; most often the first row tells."""
    return any(bool(np.isfinite(row).any()) for row in grid)


def prices_of_fill(bars: Bars, fill: str) -> tuple[Floats, Floats, Floats]:
    """Price dealt at, and the prices held against the upper and the lower limit."""
    if fill == "open":
        return bars.open, bars.open, bars.open
    if fill == "close":
        return bars.close, bars.close, bars.close
    with np.errstate(invalid="ignore", divide="ignore"):
        price = bars.amount / (bars.volume * bars.multiplier)
    price = np.where(bars.volume > 0, price, np.nan)
    if not _somewhere(bars.volume + bars.amount) and _somewhere(bars.close):
        raise MarketError(
            'Dealing at "vwap" needs the turnover.',
            expected="amount and volume",
            got="bars without",
            fix='Read them with the bars, or pass rules with fill="open" or "close".',
        )
    with np.errstate(invalid="ignore"):
        away = (price < bars.low * (1 - APART)) | (price > bars.high * (1 + APART))
    if away.sum() > 0.01 * np.isfinite(price).sum():
        t, e = (int(at) for at in np.argwhere(away)[0])
        raise MarketError(
            f"Amount by volume lies outside the day's low and high on {int(away.sum())} bars.",
            expected="amount = volume x multiplier x a price of the bar",
            got=f"{price[t, e]:g} beside {bars.low[t, e]:g} to {bars.high[t, e]:g}",
            where=f"{bars.entities[e]} at {bars.times[t]}",
            fix="Prices that a vendor has adjusted do not fit the turnover, nor do other units of volume or amount: "
            'use real prices, or fill="open" or "close".',
        )
    return price, bars.low, bars.high


def _needs_volume(bars: Bars, participation: float | None, impact: float) -> None:
    asked = participation is not None or impact > 0
    if asked and not _somewhere(bars.volume) and _somewhere(bars.close):
        raise MarketError(
            "The bars have no volume, which the participation cap and the market impact need.",
            expected="volume in shares or contracts",
            got="none",
            fix="Read the volume, or pass rules with participation=None and costs with impact=0.",
        )


def stock_inputs(bars: Bars, rules: StockRules, costs: StockCosts) -> tuple[Market, Terms, Charges]:
    """What `tael.kernels.backtest.run_stocks` reads."""
    _needs_volume(bars, rules.participation, costs.impact)
    fill, gate_buy, gate_sell = prices_of_fill(bars, rules.fill)
    market = Market(
        fill, gate_buy, gate_sell, bars.close, bars.volume, bars.listed, bars.suspended, bars.limit_up,
        bars.limit_down, bars.adjust, bars.lot, bars.min_lot, bars.tick,
        bars.times.astype("M8[D]").astype(np.int64), years_between(bars.times),
    )  # fmt: skip
    terms = Terms(
        rules.delay, rules.unfilled == "carry", bool(rules.t_plus_1), float(rules.participation or 0.0), rules.window,
        float(rules.recovery), float(rules.leverage) - 1.0, float(rules.cash_rate), float(rules.debt_rate),
        float(rules.borrow_rate),
    )  # fmt: skip
    tax = [rate_by_bar(rate, bars.times, "stamp duty") for rate in (costs.stamp_duty_buy, costs.stamp_duty)]
    charges = Charges(
        float(costs.commission), float(costs.minimum), np.array(tax), rate_by_bar(costs.transfer, bars.times, "fee"),
        costs.half_spread_bp * 1e-4, float(costs.impact), float(costs.unknown_volatility),
    )  # fmt: skip
    return market, terms, charges


def last_bars(bars: Bars, leave: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First bar from which each contract is closed, and first bar after its last trading day (T: not in these bars).

    Both follow from dates that are known when a contract is listed; what bars come later does not change them.
    """
    days = bars.times.astype("M8[D]")
    never = len(days)
    first, dead = np.full(len(bars.entities), never), np.full(len(bars.entities), never)
    dated = ~np.isnat(bars.expiry)
    if dated.any():
        expiry = bars.expiry[dated].astype("M8[D]")
        away = np.busday_offset(expiry, -leave, roll="backward")
        first[dated] = np.searchsorted(days, away, side="left")
        dead[dated] = np.searchsorted(days, expiry, side="right")
    return first.astype(np.int64), dead.astype(np.int64)


def futures_inputs(bars: Bars, rules: FuturesRules, costs: FuturesCosts) -> tuple[Contracts, MarginTerms, Fees]:
    """What `tael.kernels.backtest_futures.run_futures` reads."""
    _needs_volume(bars, rules.participation, costs.impact)
    fill, gate_buy, gate_sell = prices_of_fill(bars, rules.fill)
    leave, dead = last_bars(bars, rules.leave)
    margin = np.atleast_2d(bars.margin_rate)
    if not np.all(margin[np.isfinite(margin)] > 0) or np.isnan(margin).all():
        raise MarketError("The margin rate must be above zero.", expected="such as 0.1", got=f"{np.nanmin(margin):g}")
    market = Contracts(
        fill, gate_buy, gate_sell, bars.close, bars.settle, bars.volume, bars.listed, bars.suspended, bars.limit_up,
        bars.limit_down, bars.adjust, bars.tick, bars.multiplier, np.ascontiguousarray(margin), leave, dead,
        years_between(bars.times),
    )  # fmt: skip
    terms = MarginTerms(
        rules.delay, rules.unfilled == "carry", float(rules.participation or 0.0), rules.window, float(rules.initial),
        float(rules.maintenance), float(rules.cash_rate), float(rules.debt_rate),
    )  # fmt: skip
    fees = Fees(
        costs.of_entities(costs.per_lot, bars.product, "fee per contract"),
        costs.of_entities(costs.rate, bars.product, "fee rate"),
        float(costs.half_spread_ticks), costs.half_spread_bp * 1e-4, float(costs.impact),
        float(costs.unknown_volatility),
    )  # fmt: skip
    return market, terms, fees


def is_futures(bars: Bars) -> bool:
    """Whether bars are of contracts: any has an expiry, a multiplier, or a margin below its full value."""
    return bool(
        (~np.isnat(bars.expiry)).any() or (bars.multiplier != 1).any() or np.nanmin(bars.margin_rate, initial=1.0) < 1
    )


def fitting(bars: Bars, rules: Rules | None, costs: Any) -> tuple[Rules, Any]:
    """Rules and costs of one kind: as given, the others by default."""
    futures = isinstance(rules, FuturesRules) or isinstance(costs, FuturesCosts) or (
        rules is None and costs is None and is_futures(bars)
    )  # fmt: skip
    rules = rules if rules is not None else (FuturesRules() if futures else StockRules())
    costs = costs if costs is not None else (FuturesCosts() if futures else StockCosts())
    if isinstance(rules, FuturesRules) != isinstance(costs, FuturesCosts):
        raise MarketError(
            "Rules and costs are of different kinds of account.",
            expected="StockRules with StockCosts, or FuturesRules with FuturesCosts",
            got=f"{type(rules).__name__} with {type(costs).__name__}",
        )
    return rules, costs
