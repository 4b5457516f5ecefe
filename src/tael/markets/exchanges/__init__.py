"""Exchanges: boards, lots, price limits, fees by date, calendars and night sessions. One file and one line each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tael.errors import MarketError, did_you_mean

if TYPE_CHECKING:
    from tael.markets.exchanges.calendars import next_session, sessions, trading_day
    from tael.markets.exchanges.rules import Exchange, Fees, buyable, sellable

EXCHANGES = {
    "cn_stocks": "tael.markets.exchanges.cn_stocks",
    "us_stocks": "tael.markets.exchanges.us_stocks",
    "cn_futures": "tael.markets.exchanges.cn_futures",
}
"""Each module holds its rules as ``EXCHANGE``."""

_WHERE = {
    "Exchange": "tael.markets.exchanges.rules",
    "Fees": "tael.markets.exchanges.rules",
    "buyable": "tael.markets.exchanges.rules",
    "sellable": "tael.markets.exchanges.rules",
    "next_session": "tael.markets.exchanges.calendars",
    "sessions": "tael.markets.exchanges.calendars",
    "trading_day": "tael.markets.exchanges.calendars",
}

__all__ = [
    "EXCHANGES",
    "Exchange",
    "Fees",
    "buyable",
    "exchange",
    "next_session",
    "sellable",
    "sessions",
    "trading_day",
]


def exchange(name: str) -> Exchange:
    """Take the rules of an exchange family by name.

    >>> exchange("cn_stocks").sellable_after
    1

    Raises
    ------
    MarketError
    """
    if name not in EXCHANGES:
        raise MarketError(f"There are no rules for {name!r}.", fix=did_you_mean(name, EXCHANGES))
    found: Exchange = import_module(EXCHANGES[name]).EXCHANGE
    return found


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
