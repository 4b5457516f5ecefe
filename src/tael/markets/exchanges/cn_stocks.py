"""Stocks in Shanghai, Shenzhen and Beijing: boards by code, price limits by board and date, lots, taxes, T+1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars
from tael.markets.exchanges.rules import Exchange, Fees, Floats, Ints, by_date

Bools = NDArray[np.bool_]
TICK = 0.01

BOARDS = {
    "main": ("600", "601", "603", "605", "000", "001", "002", "003"),
    "star": ("688", "689"),
    "chinext": ("300", "301", "302"),
    "bse": ("43", "83", "87", "88", "92"),
}
LOTS = {"main": (100, 100), "star": (1, 200), "chinext": (100, 100), "bse": (1, 100)}
"""Step above the smallest order, and the smallest order, by board."""

CHINEXT_REFORM = np.datetime64("2020-08-24")
REGISTRATION = np.datetime64("2023-04-10")
FIRST_DAY_44 = np.datetime64("2013-12-13")
ST_AS_OTHERS = np.datetime64("2026-07-06")

STAMP_BUY = (("2005-01-24", 0.001), ("2007-05-30", 0.003), ("2008-04-24", 0.001), ("2008-09-19", 0.0))
STAMP_SELL = (("2005-01-24", 0.001), ("2007-05-30", 0.003), ("2008-04-24", 0.001), ("2023-08-28", 0.0005))
TRANSFER = (("2005-01-24", 0.00002), ("2022-04-29", 0.00001))

SOURCES = (
    "上海证券交易所交易规则（2023年修订，上证发〔2023〕32号；2026年修订，上证发〔2026〕41号）",
    "深圳证券交易所交易规则（2023年修订；2026年修订，深证上〔2026〕551号）",
    "深圳证券交易所创业板交易特别规定（2020年，自2020年8月24日起施行）",
    "上海证券交易所科创板股票交易特别规定（2019年）",
    "北京证券交易所交易规则（试行，2021年）",
    "财政部 税务总局公告2023年第39号（证券交易印花税减半）",
    "中国结算：2022年4月29日起股票交易过户费下调50%",
)


def board_of(code: str) -> str:
    """Tell a stock's board by its code: "main", "star", "chinext" or "bse".

    Codes may carry their exchange: "sh.600000", "600000.SH", "SZ300750".

    Raises
    ------
    MarketError
        A code of no A share: indices, funds, B shares.

    Examples
    --------
    >>> [board_of(code) for code in ("sh.600000", "688981", "300750.SZ", "bj920002")]
    ['main', 'star', 'chinext', 'bse']
    """
    digits = "".join(letter for letter in code if letter.isdigit())
    venue = "".join(letter for letter in code.lower() if letter.isalpha())
    homes = {"sh": ("60", "68"), "sz": ("00", "30"), "bj": ("43", "83", "87", "88", "92")}
    away = venue[:2] in homes and not digits.startswith(homes[venue[:2]])
    for board, starts in BOARDS.items():
        if len(digits) == 6 and digits.startswith(starts) and not away:
            return board
    raise MarketError(
        "A code belongs to no board of A shares.",
        expected="six digits such as 600000, 300750, 688981 or 920002",
        got=repr(code),
        fix="Leave out indices, funds and B shares.",
    )


def lots(boards: Any) -> tuple[Ints, Ints]:
    """Step and smallest order of each board: 100 and 100; 1 and 200 on STAR; 1 and 100 in Beijing.

    >>> lots(["main", "star"])
    (array([100,   1]), array([100, 200]))
    """
    pairs = np.array([LOTS[str(board)] for board in boards], dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def listing_age(bars: Bars, listed_on: Any = None) -> Ints:
    """Number of each trading day since listing, from 1; a large number where a stock was listed before the data.

    Parameters
    ----------
    bars : Bars
    listed_on : array of datetime64[D], shape (N,), optional
        Days of listing, NaT where not known. By default the first row at which a stock is listed, if that is not the
        first row of the data.

    Returns
    -------
    ndarray of int64, shape (T, N)
        0 before listing.
    """
    t = len(bars)
    days = bars.times.astype("datetime64[D]")
    # a table's `listed` may begin with its first bar: what was there on the first row may be old
    first = np.where(bars.listed.any(axis=0), np.argmax(bars.listed, axis=0), t)
    start = np.where(first == 0, -10_000, first)
    if listed_on is not None:
        known = np.asarray(listed_on, dtype="datetime64[D]")
        there = ~np.isnat(known)
        row = np.searchsorted(days, known)
        # before the data only weekdays can be counted, holidays or not
        ago = -np.busday_count(np.where(there, known, days[0]), days[0])
        start = np.where(there, np.where(row > 0, row, ago), start)
    return np.maximum(np.arange(t)[:, None] - start[None, :] + 1, 0)


def limit_rates(boards: Any, days: Any, st: Bools, age: Ints, listed_on: Any = None) -> tuple[Floats, Floats]:
    """How far a stock's price may rise and fall on each day, as shares of its reference price.

    ======== ==========================================================================================
    main     10 %; ST 5 % until 2026-07-03, as others from 2026-07-06. First day of a new share 44 % up, 36 %
             down from 2013-12-13, no limit before; listed from 2023-04-10 on: no limit for five days
    chinext  10 % until 2020-08-21, 20 % from 2020-08-24; listed from then on: no limit for five days
    star     20 %; no limit for five days
    bse      30 %; no limit on the first day
    ======== ==========================================================================================

    Not covered: the first days after a relisting and of the delisting period (`dress(free=...)`).

    Parameters
    ----------
    boards : sequence of str, shape (N,)
    days : array of datetime64, shape (T,)
    st : ndarray of bool, shape (T, N)
        Under risk warning on that day, as announced before.
    age : ndarray of int, shape (T, N)
        Of `listing_age`.
    listed_on : array of datetime64[D], shape (N,), optional
        By default the day at which `age` is 1.

    Returns
    -------
    up, down : ndarray of shape (T, N)
        +inf where there is no limit.

    Examples
    --------
    >>> up, down = limit_rates(["main"], ["2026-07-03", "2026-07-06"], np.ones((2, 1), bool), np.full((2, 1), 99))
    >>> up.ravel()
    array([0.05, 0.1 ])
    """
    day = np.asarray(days, dtype="datetime64[D]")[:, None]
    board = np.asarray(boards).astype(str)[None, :]
    began = np.where(age == 1, day, np.datetime64("1990-01-01")).max(axis=0)
    if listed_on is not None:
        known = np.asarray(listed_on, dtype="datetime64[D]")
        began = np.where(np.isnat(known), began, known)
    new = began[None, :]
    late = day >= ST_AS_OTHERS
    up = np.where(st & ~late, 0.05, 0.10)
    up = np.where(board == "chinext", np.where(day >= CHINEXT_REFORM, 0.20, 0.10), up)
    up = np.where(board == "star", 0.20, up)
    up = np.where(board == "bse", 0.30, up)
    down = up.copy()
    registered = (
        (board == "star")
        | ((board == "chinext") & (new >= CHINEXT_REFORM))
        | ((board == "main") & (new >= REGISTRATION))
    )
    first = (age == 1) & ~registered & (board != "bse")
    up = np.where(first & (day >= FIRST_DAY_44), 0.44, up)
    down = np.where(first & (day >= FIRST_DAY_44), 0.36, down)
    free = (registered & (age >= 1) & (age <= 5)) | ((board == "bse") & (age == 1)) | (first & (day < FIRST_DAY_44))
    return np.where(free, np.inf, up), np.where(free, np.inf, down)


def limit_prices(preclose: Floats, up: Floats, down: Floats, tick: float = TICK) -> tuple[Floats, Floats]:
    """Highest and lowest price, rounded half up to the tick, at least one tick from the reference price.

    Source: 交易规则 3.3.13 to 3.3.19 (limit price = reference price x (1 +- rate), rounded half up to the tick).

    Parameters
    ----------
    preclose : ndarray of shape (T, N)
        Reference price, already less what was detached that morning.
    up, down : ndarray of shape (T, N)
        Of `limit_rates`.

    Returns
    -------
    limit_up, limit_down : ndarray of shape (T, N)
        +inf and 0 where there is no limit or no reference price.

    Examples
    --------
    >>> limit_prices(np.array([10.05, 0.03]), np.array([0.1, 0.05]), np.array([0.1, 0.05]))
    (array([11.06,  0.04]), array([9.05, 0.02]))
    """
    known = np.isfinite(preclose)
    # whole numbers: neither 10.05 nor 1.1 is a binary fraction, and half a tick decides
    n = np.round(np.where(known, preclose, 0.0) / tick).astype(np.int64)
    bounded = [np.isfinite(rate) & known for rate in (up, down)]
    rise = np.round(np.where(bounded[0], up, 0.0) * 1000).astype(np.int64)
    fall = np.round(np.where(bounded[1], down, 0.0) * 1000).astype(np.int64)
    high = np.maximum((2 * n * (1000 + rise) + 1000) // 2000, n + 1)
    low = np.minimum((2 * n * (1000 - fall) + 1000) // 2000, np.maximum(n - 1, 1))
    decimals = max(0, round(-np.log10(tick)) + 1)
    return (
        np.where(bounded[0], np.round(high * tick, decimals), np.inf),
        np.where(bounded[1], np.round(low * tick, decimals), 0.0),
    )


def adjusted_limits(bars: Bars, up: Floats, down: Floats, tick: float = TICK) -> tuple[Floats, Floats]:
    """Limits of prices that were adjusted afterwards: by ratio to `preclose`, less what rounding may have cost.

    The true limit was rounded to a tick of the real price, so that the ratio may miss by half a tick. The real
    price is taken from the last bar's amount by volume, which nobody adjusts; it was known before. A price within that
    half tick counts as locked: who cannot tell does not deal.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        paid = np.where((bars.volume > 0) & (bars.amount > 0), bars.amount / bars.volume, np.nan)
    there = np.isfinite(paid)
    last = np.maximum.accumulate(np.where(there, np.arange(len(bars))[:, None], -1), axis=0)
    before = np.vstack([np.full((1, bars.shape[1]), -1), last[:-1]])
    real = np.where(before >= 0, np.take_along_axis(paid, np.maximum(before, 0), axis=0), bars.preclose)
    slack = np.where(np.isfinite(real), 0.6 * tick / real, 0.0) + 1e-6  # the last bar's average is not its close
    known = np.isfinite(bars.preclose)
    with np.errstate(invalid="ignore"):
        high = np.where(np.isfinite(up) & known, bars.preclose * (1 + up - slack), np.inf)
        low = np.where(np.isfinite(down) & known, bars.preclose * (1 - down + slack), 0.0)
    return high, low


def dress(
    bars: Bars,
    *,
    listed_on: Any = None,
    free: Bools | None = None,
    prices: Literal["real", "forward_adjusted"] = "real",
) -> Bars:
    """Fill in boards, lots, ticks and price limits, from what is known before each bar trades.

    Parameters
    ----------
    bars : Bars
        Their `preclose` is the exchange's own reference price; `st` says who is under risk warning.
    listed_on : array of datetime64[D], shape (N,), optional
        Days of listing; see `listing_age`.
    free : ndarray of bool, shape (T, N), optional
        Days without limits that dates do not tell (relisting, first day of a delisting period).
    prices : {"real", "forward_adjusted"}
        Of adjusted prices limits are ratios, with half a tick's tolerance.

    Returns
    -------
    Bars

    Examples
    --------
    >>> day = np.array(["2024-01-02", "2024-01-03"], dtype="M8[D]")
    >>> price = np.array([[10.0], [10.5]])
    >>> dressed = dress(Bars(day, ("600000",), price, price, price, price))
    >>> dressed.limit_up.ravel(), dressed.limit_down.ravel()
    (array([inf, 11.]), array([0., 9.]))
    """
    boards = np.array([board_of(code) for code in bars.entities])
    up, down = limit_rates(boards, bars.times, bars.st, listing_age(bars, listed_on), listed_on)
    if free is not None:
        up, down = np.where(free, np.inf, up), np.where(free, np.inf, down)
    if prices == "real":
        high, low = limit_prices(bars.preclose, up, down)
    else:
        high, low = adjusted_limits(bars, up, down)
    lot, least = lots(boards)
    tick = np.full(len(boards), TICK if prices == "real" else 0.0)
    return replace(bars, board=boards, lot=lot, min_lot=least, tick=tick, limit_up=high, limit_down=low)


def fees(days: Any) -> Fees:
    """Stamp duty and transfer fee on each day, and a usual commission of 0.025 %, at least 5 CNY an order.

    Stamp duty: both sides .1 % from 2005-01-24, .3 % from 2007-05-30, .1 % from 2008-04-24; sells alone from
    2008-09-19; .05 % from 2023-08-28. Transfer fee: .002 % of the amount on both sides from 2015-08-01,
    .001 % from 2022-04-29; before 2015-08-01 it was charged on par value in Shanghai alone, which this table takes as
    .002 % too. The fees of exchange and regulator are part of the commission.

    >>> fees(["2008-09-18", "2023-08-25", "2023-08-28"]).stamp_sell
    array([0.001 , 0.001 , 0.0005])
    """
    return Fees(
        stamp_buy=by_date(days, STAMP_BUY, "stamp duty"),
        stamp_sell=by_date(days, STAMP_SELL, "stamp duty"),
        transfer=by_date(days, TRANSFER, "transfer fees"),
        commission=0.00025,
        minimum=5.0,
    )


EXCHANGE = Exchange(
    name="cn_stocks",
    title="A shares",
    title_zh="A 股",
    currency="CNY",
    calendar="XSHG",
    sellable_after=1,
    short_selling=False,
    dress=dress,
    fees=fees,
    sources=SOURCES,
)
