"""The simulated market laid out as tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from tael.datasets.market_calendar import CLOSE_HOUR, Days, Ints, at_hour
from tael.datasets.market_companies import Companies
from tael.datasets.market_events import ACTIONS, BROKERS, RATINGS, Reports
from tael.datasets.market_indices import INDICES, Indices
from tael.datasets.market_prices import Prices
from tael.datasets.market_rules import BOARDS
from tael.datasets.market_stocks import SECTORS, Stocks

_PROSPECTUS = 2 * 365
"""Days before the listing that a prospectus looks back."""


def named(words: tuple[str, ...], codes: Ints) -> pl.Series:
    """Spell out codes (-1: missing)."""
    return pl.Series((None, *words), dtype=pl.String).gather(codes + 1)


def codes(stocks: Stocks, at: Ints) -> pl.Series:
    """Spell out stocks by their number."""
    return pl.Series(stocks.code, dtype=pl.String).gather(at)


def stocks_frame(stocks: Stocks, companies: Companies, days: Days) -> pl.DataFrame:
    """Lay out the table ``stocks``."""
    gone = companies.last < len(days)
    last = days[np.minimum(companies.last, len(days) - 1)]
    return pl.DataFrame(
        {
            "code": stocks.code,
            "name": stocks.name,
            "sector": named(SECTORS, stocks.sector),
            "board": named(BOARDS, stocks.board),
            "listed": stocks.listed,
            "delisted": pl.Series(np.where(gone, last, np.datetime64("NaT"))),
        }
    )


def bars_frame(stocks: Stocks, companies: Companies, prices: Prices, days: Days) -> pl.DataFrame:
    """Lay out the table ``bars``, day by day; a stock has a row on each day from its listing to its last."""
    row, stock = np.nonzero(prices.listed)
    at = (row, stock)
    close, preclose, volume = prices.close[at], prices.preclose[at], prices.volume[at]
    return pl.DataFrame(
        {
            "code": codes(stocks, stock),
            "date": days[row],
            "closed_at": at_hour(days, CLOSE_HOUR)[row],
            "open": prices.open[at],
            "high": prices.high[at],
            "low": prices.low[at],
            "close": close,
            "preclose": preclose,
            "volume": volume,
            "amount": prices.amount[at],
            "turn": np.round(volume / prices.shares[at] * 100, 4),
            "tradestatus": (~prices.suspended[at]).astype(np.int8),
            "pctChg": np.round((close / preclose - 1) * 100, 4),
            "isST": companies.warned[at].astype(np.int8),
            "adjust": prices.adjust[at],
        }
    )


def index_frames(stocks: Stocks, indices: Indices, days: Days) -> dict[str, pl.DataFrame]:
    """Lay out the tables ``index_quotes`` and ``index_members``."""
    k, t = (grid.ravel() for grid in np.meshgrid(np.arange(len(INDICES)), np.arange(len(days)), indexing="ij"))
    closes = at_hour(days, CLOSE_HOUR)
    quotes = pl.DataFrame(
        {
            "index": named(INDICES, k),
            "date": days[t],
            "closed_at": closes[t],
            **{
                name: indices.levels[name].ravel()
                for name in ("open", "high", "low", "close", "preclose", "volume", "amount")
            },
        }
    )
    out = indices.stop >= len(days)
    stop = np.where(out, np.datetime64("NaT"), days[np.minimum(indices.stop, len(days) - 1)])
    # Memberships with which the data begin were announced before them.
    announced = np.where(
        indices.start == 0, closes[0] - np.timedelta64(14, "D"), closes[indices.announced] + np.timedelta64(2, "h")
    )
    members = pl.DataFrame(
        {
            "code": codes(stocks, indices.stock),
            "index": named(INDICES, indices.index),
            "announced": announced,
            "since": days[indices.start],
            "until": pl.Series(stop),
        }
    )
    return {"index_quotes": quotes, "index_members": members}


def statements_frame(stocks: Stocks, companies: Companies, prices: Prices, days: Days) -> pl.DataFrame:
    """Lay out the table ``statements``: what was announced by the end of the data, for stocks not yet delisted."""
    end = days[-1].astype("datetime64[us]") + np.timedelta64(1, "D")
    last_day = days[np.minimum(companies.last, len(days) - 1)].astype("datetime64[us]") + np.timedelta64(1, "D")
    until = np.where(companies.last < len(days), last_day, end)
    told = companies.ends[:, None] > stocks.listed - np.timedelta64(_PROSPECTUS, "D")
    q, stock = np.nonzero((companies.announced < until) & told)
    row = np.clip(np.searchsorted(days, companies.ends[q], side="right") - 1, stocks.first[stock], None)
    row = np.minimum(row, companies.last[stock])
    at = (q, stock)
    return pl.DataFrame(
        {
            "code": codes(stocks, stock),
            "period_end": companies.ends[q],
            "announced": companies.announced[at],
            "revenue": np.round(companies.revenue[at]),
            "net_income": np.round(companies.income[at]),
            "equity": np.round(companies.equity[at]),
            "assets": np.round(companies.assets[at]),
            "shares": np.round(prices.shares[np.minimum(row, len(days) - 1), stock]),
            "consensus": np.round(companies.consensus[at]),
            "surprise": companies.surprise[at],
        }
    ).sort("announced", "code", "period_end")


def dividends_frame(stocks: Stocks, companies: Companies, prices: Prices, days: Days) -> pl.DataFrame:
    """Lay out the table ``dividends``; announced three weeks before the ex-date."""
    row, stock = np.nonzero(((companies.dividend > 0) | (companies.bonus > 0)) & prices.listed)
    at, before = (row, stock), (row - 1, stock)
    cash = np.round(companies.dividend[at] * prices.close[before], 2)
    return pl.DataFrame(
        {
            "code": codes(stocks, stock),
            "announced": at_hour(days[row] - np.timedelta64(21, "D"), 18),
            "ex_date": days[row],
            "cash": cash,
            "new_shares": np.round(companies.bonus[at].astype(np.float64), 2),
        }
    )


def analysts_frame(stocks: Stocks, reports: Reports) -> pl.DataFrame:
    """Lay out the table ``analysts``."""
    return pl.DataFrame(
        {
            "code": codes(stocks, reports.stock),
            "published": reports.published,
            "broker": named(BROKERS, reports.broker),
            "rating": named(RATINGS, reports.rating),
            "action": named(ACTIONS, reports.action),
            "estimate_change": pl.Series(reports.estimate_change, nan_to_null=True),
        }
    )
