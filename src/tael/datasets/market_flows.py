"""Who was seen trading or visiting: top traders' lists, northbound holdings, visits; and what companies say ahead."""

from __future__ import annotations

import numpy as np
import polars as pl

from tael.datasets.market_calendar import Days, at_hour
from tael.datasets.market_companies import Companies
from tael.datasets.market_frames import codes, named
from tael.datasets.market_prices import Prices
from tael.datasets.market_rules import MAIN
from tael.datasets.market_stocks import Stocks

REASONS = ("rise", "fall", "range", "turnover")
PREVIEWS = ("turn to profit", "increase", "slight increase", "slight decrease", "decrease", "turn to loss")
VISITS = ("survey", "conference", "telephone")


def top_traders_frame(rng: np.random.Generator, stocks: Stocks, prices: Prices, days: Days) -> pl.DataFrame:
    """Lay out the table ``top_traders``: the lists that the exchanges publish in the evening of an unusual day.

    The reasons are near the exchanges': on the main board a rise or fall of 7 %, a range of 15 %, a turnover of 20 %;
    elsewhere 14 %, 30 % and 30 %. Of each the fifteen most extreme stocks.
    """
    traded = prices.listed & ~prices.suspended
    wide = np.where(stocks.board == MAIN, 1.0, 2.0)
    move = prices.close / prices.preclose - 1
    extremes = (move / 0.07, -move / 0.07, (prices.high - prices.low) / prices.preclose / 0.15)
    strength = [np.where(traded, value / wide, 0.0) for value in extremes]
    strength.append(np.where(traded, prices.volume / prices.shares / np.where(wide > 1, 0.3, 0.2), 0.0))
    rows, names, reasons = [], [], []
    for k, values in enumerate(strength):
        row, stock = np.nonzero(values >= 1)
        order = np.lexsort((-values[row, stock], row))
        row, stock = row[order], stock[order]
        first = np.searchsorted(row, row)
        keep = np.arange(len(row)) - first < 15
        rows.append(row[keep])
        names.append(stock[keep])
        reasons.append(np.full(int(keep.sum()), k))
    row, stock, reason = (np.concatenate(parts) for parts in (rows, names, reasons))
    order = np.lexsort((reason, stock, row))
    row, stock, reason = row[order], stock[order], reason[order]
    share = rng.beta(4, 12, (2, len(row)))
    tilt = np.clip(move[row, stock] * 2, -0.5, 0.5)
    amount = prices.amount[row, stock]
    institutions = rng.poisson(0.8, (2, len(row)))
    return pl.DataFrame(
        {
            "code": codes(stocks, stock),
            "date": days[row],
            "published": at_hour(days[row], 17.5),
            "reason": named(REASONS, reason),
            "buy_amount": np.round(amount * share[0] * (1 + tilt), 2),
            "sell_amount": np.round(amount * share[1] * (1 - tilt), 2),
            "institutions_buying": np.minimum(institutions[0], 5),
            "institutions_selling": np.minimum(institutions[1], 5),
        }
    )


def northbound_frame(rng: np.random.Generator, stocks: Stocks, prices: Prices, days: Days) -> pl.DataFrame:
    """Lay out the table ``northbound``: what foreigners hold of the larger stocks, published the evening of the day."""
    cap = stocks.price * stocks.shares
    eligible = np.flatnonzero(cap >= np.quantile(cap, 0.6))
    there = prices.listed[:, eligible]
    move = np.nan_to_num(prices.close[:, eligible] / prices.preclose[:, eligible] - 1)
    moving = there & ~prices.suspended[:, eligible]
    # They chase what rose, a little.
    step = np.where(moving, 0.012 * rng.standard_normal(move.shape) + 0.08 * move, 0.0)
    share = np.clip(rng.beta(1.2, 30, len(eligible)) * np.exp(np.cumsum(step - 0.0002, axis=0)), 0.0001, 0.3)
    row, at = np.nonzero(there)
    held = np.round(share[row, at] * prices.shares[row, eligible[at]] / 100) * 100
    return pl.DataFrame(
        {
            "code": codes(stocks, eligible[at]),
            "date": days[row],
            "published": at_hour(days[row], 20),
            "shares_held": held,
            "share": np.round(held / prices.shares[row, eligible[at]], 6),
        }
    )


def visits_frame(rng: np.random.Generator, stocks: Stocks, companies: Companies, days: Days) -> pl.DataFrame:
    """Lay out the table ``visits``: institutions that came to see a company, published one to four days later."""
    cap = stocks.price * stocks.shares
    rate = 0.012 * np.clip((cap / np.median(cap)) ** 0.25, 0.4, 2)
    bars = np.maximum(np.minimum(companies.last, len(days)) - stocks.first, 0)
    stock = np.repeat(np.arange(len(stocks)), rng.poisson(rate * bars))
    row = stocks.first[stock] + np.floor(rng.random(len(stock)) * bars[stock]).astype(np.int64)
    later = rng.integers(1, 5, len(stock)).astype("timedelta64[D]")
    return pl.DataFrame(
        {
            "code": codes(stocks, stock),
            "visited": days[row],
            "published": at_hour(days[row] + later, 16 + 5 * rng.random(len(stock))),
            "kind": named(VISITS, rng.choice(3, len(stock), p=(0.6, 0.15, 0.25)).astype(np.int64)),
            "institutions": 1 + rng.geometric(0.08, len(stock)),
        }
    ).sort("published", "code")


def previews_frame(rng: np.random.Generator, stocks: Stocks, companies: Companies, days: Days) -> pl.DataFrame:
    """Lay out the table ``previews``: what companies say of a half or a whole year before they publish its books.

    Net income is of the half year or year, compared with the same one a year before. Half of the companies speak, and
    all that must: those whose income turns, halves, or grows by half.
    """
    frames = []
    for q in range(7, len(companies.ends)):
        length = {1: 2, 3: 4}.get(q % 4)
        if length is None:
            continue
        now, before = (companies.income[last - length + 1 : last + 1].sum(axis=0) for last in (q, q - 4))
        growth = (now - before) / np.maximum(np.abs(before), 1.0)
        told = now + np.abs(now) * 0.08 * rng.standard_normal(len(now))
        width = 0.05 + 0.15 * rng.random(len(now))
        day = companies.ends[q] + rng.integers(5, 30, len(now)).astype("timedelta64[D]")
        published = at_hour(day, 17 + 5 * rng.random(len(now)))
        turned = np.sign(now) != np.sign(before)
        kind = np.where(
            turned,
            np.where(now > 0, 0, 5),
            np.select([growth > 0.5, growth > 0, growth > -0.5], [1, 2, 3], default=4),
        )
        speaks = turned | (np.abs(growth) > 0.5) | (rng.random(len(now)) < 0.5)
        speaks &= published < companies.announced[q] - np.timedelta64(1, "D")
        speaks &= (published >= days[0]) & (published < days[-1] + np.timedelta64(1, "D"))
        speaks &= _still_there(stocks, companies, days, published)
        stock = np.flatnonzero(speaks)
        frames.append(
            pl.DataFrame(
                {
                    "code": codes(stocks, stock),
                    "period_end": np.full(len(stock), companies.ends[q]),
                    "published": published[stock],
                    "kind": named(PREVIEWS, kind[stock].astype(np.int64)),
                    "income_low": np.round(told - width * np.abs(told))[stock],
                    "income_high": np.round(told + width * np.abs(told))[stock],
                }
            )
        )
    return pl.concat(frames).sort("published", "code")


def _still_there(stocks: Stocks, companies: Companies, days: Days, published: Days) -> np.ndarray:
    last = days[np.minimum(companies.last, len(days) - 1)] + np.timedelta64(1, "D")
    return (stocks.listed <= published) & ((companies.last >= len(days)) | (published < last))
