"""A simulated stock market under Chinese exchange rules, with alphas of known strength planted in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from tael.datasets import market_frames as frames_of
from tael.datasets.market_alphas import Alpha, choose_alphas
from tael.datasets.market_calendar import trading_days
from tael.datasets.market_companies import make_companies
from tael.datasets.market_events import make_reports, running_totals
from tael.datasets.market_factors import REGIMES, make_factors
from tael.datasets.market_flows import northbound_frame, previews_frame, top_traders_frame, visits_frame
from tael.datasets.market_indices import make_indices
from tael.datasets.market_news import Language, news_frame
from tael.datasets.market_prices import make_prices
from tael.datasets.market_result import MarketTruth, SimulatedMarket, alpha_table
from tael.datasets.market_schema import market_schema
from tael.datasets.market_stocks import make_stocks
from tael.errors import TablesError


def simulate_market(
    n_stocks: int = 500,
    n_days: int = 1250,
    seed: int = 0,
    *,
    alphas: Sequence[tuple[str | Alpha, float]] | None = None,
    start: str = "2019-01-02",
    language: Language = "zh",
) -> SimulatedMarket:
    """Simulate a stock market: bars, companies, analysts, indices, and what foretells returns.

    Returns have a market factor with regimes and clustered volatility, sectors, styles (size, value, momentum,
    volatility; none is paid on average), and fat-tailed moves of each stock's own. Prices obey the exchange's rules:
    ticks of 0.01 CNY, limits by board and date (what a limit cuts off spills over to the next day), suspensions, risk
    warnings (ST) and delistings after years of losses, new listings, and ex-dates on which the previous close is not
    the close before.

    Each alpha is computed after the close of day t from what is known then, standardised among the stocks that traded,
    and paid between the closes of days t + 1 and t + 2: there is a day to trade in. Its strength is its information
    coefficient, the expected correlation with that return among the stocks of a day.

    Parameters
    ----------
    n_stocks : int
        20 to 10,000.
    n_days : int
        60 to 6,000 trading days.
    seed : int
        The same seed (and arguments) gives equal frames.
    alphas : sequence of (formula or Alpha, IC), optional
        What is planted; formulas of ``tael.datasets.market_alphas.ALPHAS``. Left out: reversal with volume (.03),
        momentum within the sector (.025), analysts' upgrades (.025). Empty: nothing; returns cannot be foretold, but
        for what a limit cut off on the day before.
    start : str
        The data begin on the first trading day from here on, as ``YYYY-MM-DD``, from 2005 on.
    language : {"zh", "en"}
        Of the news.

    Returns
    -------
    SimulatedMarket

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> market = simulate_market(50, 120, seed=1)
    >>> market.truth.frame["formula"].to_list()[2], market.schema["tael"]["simulated"]
    ('delta(upgrades, 5)', True)
    """
    first = _check(n_stocks, n_days, seed, start, language)
    planted = choose_alphas(alphas)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    days = trading_days(first, n_days)
    stocks = make_stocks(streams[0], n_stocks, days)
    companies = make_companies(streams[1], stocks, days)
    factors = make_factors(streams[2], n_days)
    reports = make_reports(streams[3], stocks, companies, days)
    totals = running_totals(reports, companies, days)
    prices = make_prices(streams[4], stocks, companies, factors, days, planted, totals)
    indices = make_indices(prices, days)
    frames = {
        "stocks": frames_of.stocks_frame(stocks, companies, days),
        "bars": frames_of.bars_frame(stocks, companies, prices, days),
        **frames_of.index_frames(stocks, indices, days),
        "statements": frames_of.statements_frame(stocks, companies, prices, days),
        "dividends": frames_of.dividends_frame(stocks, companies, prices, days),
        "analysts": frames_of.analysts_frame(stocks, reports),
        "previews": previews_frame(streams[5], stocks, companies, days),
        "top_traders": top_traders_frame(streams[5], stocks, prices, days),
        "northbound": northbound_frame(streams[5], stocks, prices, days),
        "visits": visits_frame(streams[6], stocks, companies, days),
        "news": news_frame(streams[7], stocks, prices, days, language),
    }
    truth = MarketTruth(
        frame=alpha_table(planted, prices),
        words={a.formula: {"en": a.en, "zh": a.zh, "formula": a.formula} for a, _ in planted},
        regime=tuple(REGIMES[code] for code in factors.regime),
        beta=stocks.beta,
        scores={a.formula: score for (a, _), score in zip(planted, prices.scores, strict=True)},
        expected=prices.expected,
    )
    trading = prices.listed & ~prices.suspended
    seen = {name: np.where(trading, total, np.nan) for name, total in totals.items()}
    return SimulatedMarket(frames, market_schema(frames), truth, days, stocks.code, seen)


def _check(n_stocks: int, n_days: int, seed: int, start: str, language: str) -> date:
    def refuse(name: str, expected: str, got: object) -> TablesError:
        return TablesError(
            "The market cannot be simulated with this argument.",
            expected=expected,
            got=repr(got),
            where=f"simulate_market({name}=)",
        )

    if not 20 <= n_stocks <= 10_000:
        raise refuse("n_stocks", "20 to 10,000", n_stocks)
    if not 60 <= n_days <= 6_000:
        raise refuse("n_days", "60 to 6,000 trading days", n_days)
    if seed < 0:
        raise refuse("seed", "0 or more", seed)
    if language not in ("zh", "en"):
        raise refuse("language", "zh or en", language)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse("start", "a day as YYYY-MM-DD", start) from error
    if first.year < 2005:
        raise refuse("start", "2005 or later", start)
    return first
