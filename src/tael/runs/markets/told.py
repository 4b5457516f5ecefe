"""A backtest's figures as ``run.json`` holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.runs.markets.data import MarketData
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.trading import Traded, traded

if TYPE_CHECKING:
    from tael.markets.backtest import Backtest
    from tael.markets.performance import Performance
    from tael.markets.portfolio import MarketHistory

Floats = NDArray[np.float64]
RANDOM = 5
TIMES = (1.0, 2.0, 3.0)
CASH = (0.1, 1.0, 10.0, 100.0)


def _cell(value: float, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def figures(found: Performance) -> dict[str, Any]:
    """The figures of one line of returns."""
    made = {
        "annual_return": _cell(found.annual_return),
        "volatility": _cell(found.volatility),
        "sharpe": _cell(found.sharpe, found.sharpe_interval.low, found.sharpe_interval.high),
        "sortino": _cell(found.sortino),
        "calmar": _cell(found.calmar),
        "max_drawdown": _cell(found.drawdown.depth),
        "hit_rate": _cell(found.hit_rate),
    }
    if found.relative is not None:
        made |= {
            "excess": _cell(found.relative.excess),
            "tracking_error": _cell(found.relative.tracking_error),
            "information_ratio": _cell(found.relative.information_ratio),
            "beta": _cell(found.relative.beta),
        }
    return made


def measured(test: Backtest, benchmark: Floats | None, trials: int, seed: int) -> tuple[Performance, dict[str, Any]]:
    """An account's performance, and its figures with turnover and costs."""
    from tael.markets.performance import performance

    found = performance(test.returns, times=test.times, benchmark=benchmark, trials=trials, seed=seed)
    parts, mean = test.attribution(), float(np.mean(np.maximum(test.equity, 1e-9)))
    years = len(test.times) / found.periods
    return found, figures(found) | {
        "turnover": _cell(float(test.turnover.sum()) / years),
        "cost_drag": _cell((parts.costs + parts.slippage) / mean / years),
    }


def random_section(
    plan: MarketPlan, data: MarketData, scores: Floats, first: int, history: MarketHistory, benchmark: Floats | None
) -> dict[str, Any]:
    """The same rules fed with random scores, the mean over some seeds: what the universe and the costs alone give."""
    rng = np.random.default_rng(plan.seed)
    found = []
    for _ in range(RANDOM):
        noise = np.where(np.isfinite(scores), rng.normal(size=scores.shape), np.nan)
        found.append(measured(traded(plan, data, noise, first, history).test, benchmark, 1, plan.seed)[1])
    told = {}
    for name in found[0]:
        values = [one[name]["value"] for one in found]
        told[name] = _cell(float(np.mean(values)), float(min(values)), float(max(values)))
    return told


def backtest_section(
    plan: MarketPlan, data: MarketData, made: Traded, scores: Floats, first: int, history: MarketHistory, trials: int
) -> tuple[dict[str, Any], Floats, Performance]:
    """The part of ``run.json`` on the backtest; the benchmark's returns; the performance."""
    from tael.markets.performance import drawdowns, performance
    from tael.runs.markets.trading import benchmark_of

    test, against = made.test, plan.trading.benchmark != "none"
    benchmark = benchmark_of(plan, data, first)
    found, metrics = measured(test, benchmark if against else None, trials, plan.seed)
    exposure = test.exposure()
    curve = {
        "dates": [str(day) for day in test.times.astype("M8[D]")],
        "equity": (test.equity / test.cash_at_start).tolist(),
        "drawdown": drawdowns(test.returns).tolist(),
        "gross": exposure["gross"].to_list(),
        "net": exposure["net"].to_list(),
    }
    section = {
        "fill": plan.trading.fill,
        "cash": plan.trading.cash,
        "first": curve["dates"][0],
        "last": curve["dates"][-1],
        "benchmark": {"en": "the universe, equally weighted", "zh": "股票池等权"} if against else None,
        "metrics": metrics,
        "random": random_section(plan, data, scores, first, history, benchmark if against else None),
        "curve": curve | ({"benchmark": np.cumprod(1 + benchmark).tolist()} if against else {}),
        "attribution": _attribution(test),
        "unfilled": _unfilled(test),
        "trades": test.trades.height,
    }
    if against:
        section["benchmark_metrics"] = figures(performance(benchmark, times=test.times, seed=plan.seed))
    return section, benchmark, found


VARIANTS = {"every": (1, 5, 10), "smooth": (1, 5)}
"""Bars between rebalances and bars over which scores are averaged, of the variants held beside one another."""


def variants_of(
    plan: MarketPlan, data: MarketData, scores: Floats, first: int, history: MarketHistory
) -> dict[str, Floats]:
    """Returns of the same scores traded less often, or smoothed: does the choice among them hold in other times?"""
    from tael.kernels.panel import ts_mean

    made = {}
    for bars in VARIANTS["smooth"]:
        smooth = scores if bars == 1 else ts_mean(scores, bars, min_periods=1)
        smooth = np.where(np.isfinite(scores), smooth, np.nan)
        for every in VARIANTS["every"]:
            portfolio = plan.portfolio.model_copy(update={"every": every})
            other = plan.model_copy(update={"portfolio": portfolio})
            made[f"every {every}, mean of {bars}"] = traded(other, data, smooth, first, history).test.returns
    return made


def _attribution(test: Backtest) -> list[dict[str, Any]]:
    parts, cash = test.attribution(), test.cash_at_start
    amounts = {
        "paper": parts.paper, "slippage": -parts.slippage, "commission": -parts.commission, "tax": -parts.tax,
        "transfer": -parts.transfer, "spread": -parts.spread, "impact": -parts.impact, "delisting": -parts.delisting,
        "interest": parts.interest, "borrow": -parts.borrow, "net": parts.net,
    }  # fmt: skip
    return [
        {"item": item, "amount": amount, "share": amount / cash}
        for item, amount in amounts.items()
        if amount != 0 or item in ("paper", "net")
    ]


def _unfilled(test: Backtest) -> list[dict[str, Any]]:
    import polars as pl

    missed = test.unfilled
    if not missed.height:
        return []
    counted = missed.group_by("reason").agg(pl.len().alias("orders")).sort("orders", descending=True)
    return [{"reason": row["reason"], "orders": row["orders"]} for row in counted.to_dicts()]


def robustness_section(
    plan: MarketPlan, data: MarketData, made: Traded, found: Performance, benchmark: Floats, first: int,
    variants: dict[str, Floats],
) -> dict[str, Any]:  # fmt: skip
    """Luck after the trials, higher costs, more money, known premia."""
    from tael.markets.performance import overfitting_probability

    stress = []
    for times in TIMES:
        other = made.test.stress(times)
        stress.append({"times": times, "annual_return": other.annual_return[1], "sharpe": other.sharpe[1]})
    section: dict[str, Any] = {
        "deflated_sharpe": {
            "value": found.deflated.probability, "trials": found.deflated.trials, "hurdle": found.deflated.hurdle
        },
        "stress": stress,
        "regression": premia(data, made.test, benchmark, first),
    }  # fmt: skip
    if made.test.rules.participation is not None or made.test.costs.impact:
        section["capacity"] = made.test.capacity([plan.trading.cash * part for part in CASH]).curve.to_dicts()
    if len(variants) >= 4 and len(made.test.times) >= 64:
        over = overfitting_probability(np.column_stack(list(variants.values())), 8)
        section["pbo"] = {"value": over.probability, "variants": len(variants), "names": list(variants)}
    return section


PREMIA = {
    "momentum": "delay(close, 20) / delay(close, 120) - 1",
    "reversal": "-(close / delay(close, 20) - 1)",
    "low volatility": "-ts_std(close / delay(close, 1) - 1, 60)",
    "illiquidity": "-ts_mean(amount, 20)",
}
"""Known premia, as a fifth long and a fifth short of the universe itself."""


def premia(data: MarketData, test: Backtest, benchmark: Floats, first: int) -> dict[str, Any] | None:
    """Regression of the account's returns on the market and on known premia of the same universe."""
    from tael.kernels.panel import quantile_returns
    from tael.markets.performance import factor_regression
    from tael.panels import compute

    panel = data.panel
    usable = {name: text for name, text in PREMIA.items() if "amount" not in text or "amount" in panel.fields}
    returns = data.bars.returns() if data.roll is None else np.asarray(panel.fields["returns"], dtype=np.float64)
    factors: dict[str, Floats] = {"market": benchmark} if benchmark.any() else {}
    for name, values in zip(usable, compute(panel, list(usable.values())), strict=True):
        before = np.vstack([np.full((1, values.shape[1]), np.nan), values[:-1]]).astype(np.float64)
        fifths = quantile_returns(before, returns, 5, panel.listed)
        line = (fifths[:, -1] - fifths[:, 0])[first:]
        if np.isfinite(line).mean() > 0.9:
            factors[name] = np.nan_to_num(line, nan=0.0)
    if not factors:
        return None
    fitted = factor_regression(test.returns, factors)
    return {
        "factors": [
            {"factor": name, "beta": float(beta), "t": float(t)}
            for name, beta, t in zip(fitted.names, fitted.betas, fitted.t, strict=True)
        ],
        "alpha": fitted.annual_alpha,
        "alpha_t": fitted.alpha_t,
        "r2": fitted.r2,
    }
