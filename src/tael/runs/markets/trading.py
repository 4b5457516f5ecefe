"""From scores to an account: weights, fills by the exchange's rules, and what stands beside the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ScenarioError, did_you_mean
from tael.runs.markets.data import MarketData
from tael.runs.markets.plan import MarketPlan

if TYPE_CHECKING:
    from tael.markets.backtest import Backtest
    from tael.markets.portfolio import MarketHistory, Walk

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Traded:
    """An account and the decisions behind it.

    Attributes
    ----------
    walk : Walk
        Weights of what has scores (stocks, products), all bars.
    test : Backtest
        From the first bar of the test on.
    """

    walk: Walk
    test: Backtest


def history_of(plan: MarketPlan, data: MarketData) -> MarketHistory:
    """The market as a portfolio method is shown it."""
    from tael.markets.portfolio import MarketHistory

    panel = data.panel
    more: dict[str, Any] = {"equity": plan.trading.cash}
    for group in plan.market.groups[:1]:
        if group in panel.groups:
            more |= {"groups": panel.groups[group], "group_names": panel.levels[group]}
    if data.roll is None:
        tradable = panel.members & np.asarray(data.bars.tradable)
        weight = panel.members / np.maximum(panel.members.sum(axis=1, keepdims=True), 1)
        more |= {"can_buy": tradable, "can_sell": np.asarray(data.bars.tradable), "benchmark": weight}
        return MarketHistory.from_bars(data.bars, **more)
    there = panel.listed & ~panel.suspended
    rate = data.bars.margin_rate
    at = data.roll.contract
    margin = np.where(at >= 0, rate[at] if rate.ndim == 1 else np.take_along_axis(rate, np.maximum(at, 0), 1), np.nan)
    return MarketHistory(
        panel.times, np.asarray(panel.fields["returns"], dtype=np.float64), can_buy=there & panel.members,
        can_sell=there, margin_rate=margin, **more,
    )  # fmt: skip


def method_of(plan: MarketPlan) -> tuple[Any, Any]:
    """The portfolio's method and its risk model, by the names and settings of the plan.

    Raises
    ------
    ScenarioError
        If a setting is not known.
    """
    from tael.markets.portfolio import method, risk_model

    chosen = plan.portfolio
    made = _made(method, chosen.method, chosen.settings, "portfolio.settings")
    risk = None if chosen.risk is None else _made(risk_model, chosen.risk, chosen.risk_settings, "risk_settings")
    return made, risk


def _made(factory: Any, name: str, settings: dict[str, Any], where: str) -> Any:
    plain = factory(name)
    known = plain.get_params()
    for setting in settings:
        if setting not in known:
            raise ScenarioError(
                f"{name} has no such setting.",
                expected=", ".join(sorted(known)),
                got=setting,
                where=where,
                fix=did_you_mean(setting, known),
            )
    return plain.set_params(**settings)


def account_of(plan: MarketPlan, data: MarketData) -> tuple[Any, Any]:
    """Costs and rules of the account: the exchange's own, but for what the plan states."""
    from tael.markets.backtest import FuturesCosts, FuturesRules, StockCosts, StockRules
    from tael.markets.exchanges import exchange

    trading = plan.trading
    try:
        if data.roll is not None:
            return FuturesCosts(**trading.costs), FuturesRules(fill=trading.fill, **trading.rules)
        rules = exchange(plan.market.exchange)
        # An order lives for one bar, as with a broker: what was not filled is decided upon again.
        given = {
            "short": rules.short_selling, "t_plus_1": rules.sellable_after > 0, "unfilled": "drop", **trading.rules
        }  # fmt: skip
        costs = StockCosts.from_fees(rules.fees(data.bars.times), data.bars.times, **trading.costs)
        return costs, StockRules(fill=trading.fill, **given)
    except TypeError as error:
        raise ScenarioError(
            "The account has a cost or a rule that tael does not know.",
            expected="the parameters of StockCosts and StockRules (FuturesCosts and FuturesRules)",
            got=str(error).split("__init__() ")[-1],
            where="trading.costs, trading.rules",
            fix="See `help(tael.markets.backtest.StockCosts)`.",
        ) from None


def traded(plan: MarketPlan, data: MarketData, scores: Floats, first: int, history: MarketHistory) -> Traded:
    """Decide on every rebalance from bar `first` on, and trade it."""
    from tael.markets.backtest import backtest
    from tael.markets.futures import targets_on_contracts
    from tael.markets.portfolio import walk

    weigh, risk = method_of(plan)
    costs, rules = account_of(plan, data)
    later = np.where(np.arange(len(scores))[:, None] >= first, scores, np.nan)
    walked = walk(later, weigh, history, risk=risk, every=plan.portfolio.every, start=first)
    targets = walked.targets if data.roll is None else targets_on_contracts(walked.targets, data.roll)
    test = backtest(data.bars, targets, costs=costs, rules=rules, cash=plan.trading.cash, start=first)
    return Traded(walked, test)


def benchmark_of(plan: MarketPlan, data: MarketData, first: int) -> Floats:
    """Returns of the benchmark from bar `first` on: of all members of the bar before, equally weighted; or of cash."""
    count = len(data.panel) - first
    if plan.trading.benchmark == "none":
        return np.zeros(count)
    returns = data.bars.returns() if data.roll is None else np.asarray(data.panel.fields["returns"], dtype=np.float64)
    held = np.vstack([np.zeros((1, returns.shape[1]), np.bool_), data.panel.members[:-1]])[first:]
    now = np.nan_to_num(returns[first:], nan=0.0)
    size = held.sum(axis=1)
    total: Floats = np.where(held, now, 0.0).sum(axis=1)
    made = np.divide(total, size, out=np.zeros(count), where=size > 0)
    made[0] = 0.0  # an account begins with its first decision, after this bar
    return made
