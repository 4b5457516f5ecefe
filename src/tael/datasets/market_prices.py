"""The simulated market's days, one after another: moves, limits, spills, bars, and the alphas that are paid later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.datasets.market_alphas import Alpha, Past, standardised
from tael.datasets.market_calendar import Days, Flags, Floats
from tael.datasets.market_companies import Companies
from tael.datasets.market_factors import Factors, fat_tailed
from tael.datasets.market_rules import TICK, limit_prices, limit_rates
from tael.datasets.market_stocks import Stocks

LAG = 2
"""Bars from the close after which an alpha is known to the close at which it is paid: there is a day to trade in."""

_STYLE_EVERY = 20
_NEWS_IN_SUSPENSION = 0.25
_SPILL = 0.6
"""What is still wanted of a move on the morning after a limit has cut it off."""

_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Prices:
    """Daily bars in real prices, shape (T, N); NaN where a stock is not listed.

    Attributes
    ----------
    open, high, low, close, preclose : float64 arrays
        CNY. On suspended days all are the previous close.
    volume, amount : float64 arrays
        Shares and CNY; 0 on suspended days.
    adjust : float64 array
        Factor that accumulates from the first bar; close x adjust is continuous over ex-dates.
    shares : float64 array
        Shares outstanding.
    limit_up, limit_down : float64 arrays
        Infinite and one tick where there is no limit.
    listed, suspended : bool arrays
    scores : list of float32 arrays
        Each alpha, standardised among the members of the day, as known after the close; 0 where missing.
    expected : float32 array or None
        What the alphas add to the return from the next close to the one after.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    preclose: Floats
    volume: Floats
    amount: Floats
    adjust: Floats
    shares: Floats
    limit_up: Floats
    limit_down: Floats
    listed: Flags
    suspended: Flags
    scores: list[NDArray[np.float32]]
    expected: NDArray[np.float32]


def make_prices(
    rng: np.random.Generator,
    stocks: Stocks,
    companies: Companies,
    factors: Factors,
    days: Days,
    alphas: Sequence[tuple[Alpha, float]],
    events: dict[str, Floats],
) -> Prices:
    """Live through the days.

    Each stock has a latent price, which moves by ``beta * market + sector + styles + own + planted``, freely. The close
    is the latent price as far as the day's limits and the tick let it: of what a limit cuts off, the larger part waits
    for the next day and the rest is not wanted any more.

    Parameters
    ----------
    rng : numpy.random.Generator
    stocks, companies, factors
    days : datetime64[D] array, shape (T,)
    alphas : sequence of (Alpha, IC)
    events : dict of float64 arrays, shape (T, N)
        Running totals of published events, for the alphas.

    Returns
    -------
    Prices
    """
    t_all, n = len(days), len(stocks)
    listed, suspended = _presence(rng, stocks, companies, t_all)
    named = ("open", "high", "low", "close", "preclose", "volume", "amount", "adjust", "shares")
    raw = {name: np.full((t_all, n), np.nan) for name in (*named, "limit_up", "limit_down")}
    seen = {name: np.full((t_all, n), np.nan) for name in _FIELDS}
    seen |= {name: np.where(listed & ~suspended, total, np.nan) for name, total in events.items()}
    scores = [np.zeros((t_all, n), dtype=np.float32) for _ in alphas]
    expected = np.zeros((t_all, n), dtype=np.float32)
    groups = {"sector": stocks.sector, "board": stocks.board}

    latent, close, shares, adjust = stocks.price.copy(), stocks.price.copy(), stocks.shares.copy(), np.ones(n)
    latent *= _fair_at_listing(rng, stocks)
    heat, activity, exposure, waiting = np.zeros(n), np.zeros(n), np.zeros((n, 4)), np.zeros(n, dtype=bool)
    for t in range(t_all):
        here, trading = listed[t], listed[t] & ~suspended[t]
        preclose, close_before = close.copy(), close
        _go_ex(companies, t, here, preclose, latent, shares)
        adjust *= np.where(here, close_before / preclose, 1.0)
        if t % _STYLE_EVERY == 0:
            exposure = _exposures(stocks, companies, seen["close"][:t], days[t], preclose * shares, heat, here)
        heat = 0.98 * heat + 0.09 * rng.standard_normal(n)
        sigma = stocks.volatility * np.exp(heat - 0.1) * (1.35 if factors.regime[t] == 2 else 1.0)
        own = fat_tailed(rng, n, 5)
        move = stocks.beta * factors.market[t] + factors.sectors[t, stocks.sector] + exposure @ factors.styles[t]
        move += sigma * own
        if t >= LAG and alphas:
            dispersion = move[trading].std() if trading.sum() > 1 else 0.0
            planted = sum((ic * score[t - LAG] for (_, ic), score in zip(alphas, scores, strict=True)), np.zeros(n))
            expected[t - LAG] = dispersion * planted
            move += dispersion * planted
        move = np.where(trading, np.maximum(move, -0.6), _NEWS_IN_SUSPENSION * move)
        gap = np.clip(0.3 * move + 0.25 * sigma * rng.standard_normal(n), -0.5, 0.5)
        wanted_open = latent * (1 + gap)
        latent = np.where(here, np.maximum(latent * (1 + move), 0.1), latent)

        age = np.where(stocks.listed < days[0], 10_000, t - stocks.first)
        up, down = limit_prices(preclose, *limit_rates(days[t], stocks.board, companies.warned[t], age))
        opening = np.clip(_ticked(wanted_open), down, up)
        closing = np.clip(_ticked(latent), down, up)
        reach = np.abs(rng.standard_normal((2, n))) * 0.45 * sigma
        # What is still wanted beyond a limit leaves the price no room to come back.
        stuck = (opening == closing) & (np.abs(latent / closing - 1) > 0.01)
        reach[:, stuck] = 0
        high = np.clip(_ticked(np.maximum(opening, closing) * (1 + reach[0])), np.maximum(opening, closing), up)
        low = np.clip(_ticked(np.minimum(opening, closing) * (1 - reach[1])), down, np.minimum(opening, closing))

        activity = 0.92 * activity + 0.18 * rng.standard_normal(n) + 0.05 * (np.abs(own) - 0.7)
        excitement = np.minimum(np.abs(closing / preclose - 1) / stocks.volatility, 6)
        rate = stocks.turnover * np.exp(activity + 0.3 * (excitement - 0.8) + 0.25 * rng.standard_normal(n) - 0.2)
        rate = np.minimum(np.where(stuck, 0.15 * rate, rate), 0.6)
        volume = np.maximum(np.round(shares * rate / 100), 1) * 100
        weights = rng.dirichlet((3, 2, 2, 3), n)
        average = weights[:, 0] * opening + weights[:, 1] * high + weights[:, 2] * low + weights[:, 3] * closing

        close = np.where(trading, closing, preclose)
        rest = latent / closing - 1
        cut = trading & (np.abs(rest) > 0.01)
        # It waits for one day alone: returns of the day after next are foretold by what is planted, and nothing else.
        latent = np.where(cut, closing * (1 + np.where(waiting, 0, _SPILL) * rest), latent)
        waiting = np.where(trading, cut, waiting)
        today = {"open": opening, "high": high, "low": low, "close": closing, "volume": volume}
        for name, values in today.items():
            raw[name][t, here] = np.where(trading, values, 0.0 if name == "volume" else preclose)[here]
            seen[name][t, trading] = (values if name == "volume" else values * adjust)[trading]
        raw["amount"][t, here] = np.where(trading, np.round(volume * average, 2), 0.0)[here]
        further = {"preclose": preclose, "adjust": adjust, "shares": shares, "limit_up": up, "limit_down": down}
        for name, values in further.items():
            raw[name][t, here] = values[here]
        past = Past({name: values[: t + 1] for name, values in seen.items()}, groups, trading)
        for (alpha, _), score in zip(alphas, scores, strict=True):
            score[t] = standardised(alpha.values(past), trading)
    return Prices(**raw, listed=listed, suspended=suspended, scores=scores, expected=expected)


def _ticked(price: Floats) -> Floats:
    return np.maximum(np.round(np.round(price / TICK) * TICK, 2), TICK)


def _presence(rng: np.random.Generator, stocks: Stocks, companies: Companies, n_days: int) -> tuple[Flags, Flags]:
    """Say when each stock is listed, and when its trading is suspended: mostly for a week, now and then for months."""
    row = np.arange(n_days)[:, None]
    listed = (row >= stocks.first) & (row <= companies.last)
    suspended = np.zeros_like(listed)
    begins = np.argwhere(rng.random(listed.shape) < 0.0007)
    long = rng.random(len(begins)) < 0.1
    lengths = np.where(long, rng.integers(20, 80, len(begins)), rng.geometric(0.2, len(begins)))
    for (t, i), length in zip(begins, lengths, strict=True):
        # Nobody is suspended on the day of the listing or on the last day.
        if t > stocks.first[i] + 5:
            suspended[t : min(t + length, companies.last[i] if companies.last[i] < n_days else n_days), i] = True
    return listed, suspended & listed


def _fair_at_listing(rng: np.random.Generator, stocks: Stocks) -> Floats:
    """Say how far above its offering the market values a new share; the first day's limit lets it through."""
    return np.where(stocks.first > 0, 1 + 0.38 * rng.random(len(stocks)), 1.0)


def _go_ex(companies: Companies, t: int, here: Flags, preclose: Floats, latent: Floats, shares: Floats) -> None:
    """Take dividends and new shares out of the previous close, in place."""
    cash, bonus = companies.dividend[t], companies.bonus[t]
    ex = np.flatnonzero(here & ((cash > 0) | (bonus > 0)))
    if len(ex) == 0:
        return
    paid = np.round(cash[ex] * preclose[ex], 2)
    after = np.maximum(np.round((preclose[ex] - paid) / (1 + bonus[ex]), 2), TICK)
    latent[ex] *= after / preclose[ex]
    shares[ex] *= 1 + bonus[ex].astype(np.float64)
    preclose[ex] = after


def _exposures(
    stocks: Stocks, companies: Companies, closes: Floats, today: np.datetime64, cap: Floats, heat: Floats, here: Flags
) -> Floats:
    """Standardise size, value, momentum and volatility as they are known this morning, cut at 3."""
    known = companies.announced < today.astype("datetime64[us]")
    q = np.where(known.any(axis=0), len(known) - 1 - known[::-1].argmax(axis=0), 0)
    book = companies.equity[q, np.arange(len(stocks))]
    momentum = np.full(len(stocks), np.nan)
    if len(closes) > 60:
        then = closes[max(len(closes) - 240, 0)]
        momentum = closes[-20] / then - 1
    raw: list[Floats] = [np.log(cap), book / cap, momentum, np.log(stocks.volatility) + heat]
    return np.clip(np.column_stack([standardised(values, here) for values in raw]), -3, 3)
