"""Which column of a table is which: the names that data vendors give."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tael.errors import MarketError, did_you_mean

ALIASES: Mapping[str, tuple[str, ...]] = {
    "time": ("date", "time", "datetime", "trade_date", "trading_date", "日期", "交易日期", "时间"),
    "entity": ("code", "ts_code", "symbol", "ticker", "contract", "合约", "合约代码", "股票代码", "代码"),
    "open": ("open", "开盘价", "开盘"),
    "high": ("high", "最高价", "最高"),
    "low": ("low", "最低价", "最低"),
    "close": ("close", "收盘价", "收盘"),
    "preclose": ("preclose", "pre_close", "prev_close", "前收盘价", "昨收"),
    "volume": ("volume", "vol", "成交量"),
    "amount": ("amount", "turnover", "成交额"),
    "settle": ("settle", "settlement", "结算价"),
    "presettle": ("presettle", "pre_settle", "前结算价"),
    "open_interest": ("open_interest", "oi", "持仓量", "空盘量"),
    "product": ("product", "variety", "品种"),
    "exchange": ("exchange", "exchg", "交易所"),
    "adjust": ("adjust", "adj_factor", "factor", "复权因子"),
    "trading": ("tradestatus", "trading"),
    "st": ("isst", "is_st", "st"),
    "pct": ("pctchg", "pct_chg", "change_percent", "涨跌幅"),
    "listed_on": ("listed_on", "list_date", "ipodate", "上市日期"),
    "delisted_on": ("delisted_on", "delist_date", "outdate", "退市日期"),
}


def find_columns(
    frame: pl.DataFrame, wanted: tuple[str, ...], given: Mapping[str, str] | None, needed: tuple[str, ...]
) -> dict[str, str]:
    """Find the columns of a table by what vendors call them, in any case; a name that was given goes first.

    Parameters
    ----------
    frame : polars.DataFrame
    wanted : tuple of str
        Keys of `ALIASES`.
    given : mapping of str to str, optional
        Which column stands for what.
    needed : tuple of str
        Those that must be there.

    Returns
    -------
    dict of str to str

    Raises
    ------
    MarketError

    Examples
    --------
    >>> find_columns(pl.DataFrame({"Date": [], "收盘价": []}), ("time", "close", "open"), None, ("close",))
    {'time': 'Date', 'close': '收盘价'}
    """
    lower = {name.lower(): name for name in reversed(frame.columns)}
    named = dict(given or {})
    for key, column in named.items():
        if key not in wanted:
            raise MarketError(f"A table of bars has no {key!r}.", fix=did_you_mean(key, wanted))
        if column not in frame.columns:
            raise MarketError(
                f"The table has no column {column!r}.",
                expected=f"the column of {key!r}",
                got=", ".join(frame.columns[:20]),
                fix=did_you_mean(column, frame.columns),
            )
    found = {}
    for key in wanted:
        known = [named[key]] if key in named else [lower[alias] for alias in ALIASES[key] if alias in lower]
        if known:
            found[key] = known[0]
    lacking = [key for key in needed if key not in found]
    if lacking:
        raise MarketError(
            f"The table has no column for {lacking[0]!r}.",
            expected=f"one of {', '.join(ALIASES[lacking[0]])}",
            got=", ".join(frame.columns[:20]),
            fix=f'Name it: columns={{"{lacking[0]}": "..."}}.',
        )
    return found
