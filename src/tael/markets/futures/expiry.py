"""When a contract of China's futures expires, from its code and the calendar alone: never from its last bar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.exchanges.calendars import sessions
from tael.markets.exchanges.products import product_of

Days = NDArray[np.datetime64]


def delivery_month(code: str, seen: Any = None) -> np.datetime64:
    """Read the delivery month off a contract's code.

    Parameters
    ----------
    code : str
        "p1401", "SHFE.rb2405", "SR501" (Zhengzhou: one digit of the year).
    seen : date-like, optional
        A day on which the contract traded: tells the decade of a one-digit year, and the century.

    Returns
    -------
    datetime64[M]

    Raises
    ------
    MarketError

    Examples
    --------
    >>> delivery_month("p1401"), delivery_month("SR501", "2014-06-03"), delivery_month("SR501", "2024-06-03")
    (np.datetime64('2014-01'), np.datetime64('2015-01'), np.datetime64('2025-01'))
    """
    found = re.search(r"[A-Za-z]+(\d{3,4})(?:\.[A-Za-z]+)?$", code.strip())
    month = int(found[1][-2:]) if found else 0
    if found is None or not 1 <= month <= 12:
        raise MarketError(
            "A code names no delivery month.", expected='such as "p1401", "rb2405" or "SR501"', got=repr(code)
        )
    year = found[1][:-2]
    if len(year) == 2:
        return np.datetime64(f"{1900 + int(year) if int(year) > 90 else 2000 + int(year)}-{month:02d}", "M")
    if seen is None:
        raise MarketError(
            f"The code {code!r} has one digit of its year.",
            expected="a day on which it traded, to tell the decade",
            fix="Pass seen=...",
        )
    # contracts are listed at most about three years ahead, and never trade after their month
    day = np.datetime64(seen, "M")
    first = int(str(day)[:4])
    years = (first + ahead for ahead in range(10) if (first + ahead) % 10 == int(year))
    for one in years:
        here = np.datetime64(f"{one}-{month:02d}", "M")
        if here >= day:
            return here
    return np.datetime64(f"{first + 10}-{month:02d}", "M")


JD_REFORM = np.datetime64("2017-03", "M")
"""Eggs ended on the 10th trading day of the month before about this delivery month."""


def _weekday(month: np.datetime64, weekday: int, nth: int) -> np.datetime64:
    """The nth of a weekday (0 is Monday) in a month, from its end where nth is negative."""
    first = month.astype("datetime64[D]")
    days = np.arange(first, (month + 1).astype("datetime64[D]"))
    # 1970-01-01 was a Thursday
    found = days[(days.astype(np.int64) + 3) % 7 == weekday]
    return np.datetime64(found[nth - 1 if nth > 0 else nth])


def _of_month(known: Days, month: np.datetime64) -> Days:
    return known[(known >= month.astype("datetime64[D]")) & (known < (month + 1).astype("datetime64[D]"))]


def _next(known: Days, day: np.datetime64) -> np.datetime64:
    return np.datetime64(known[np.searchsorted(known, day)])


RULES: dict[str, Callable[[Days, np.datetime64], np.datetime64]] = {
    # DCE, CZCE, GFEX: the 10th trading day of the delivery month
    "day_10": lambda known, month: _of_month(known, month)[9],
    # CZCE's thermal coal: the 5th trading day
    "day_5": lambda known, month: _of_month(known, month)[4],
    # SHFE: the 15th, or the first trading day after it
    "day_15": lambda known, month: _next(known, month.astype("datetime64[D]") + 14),
    # fuel oil, crude oil: the last trading day of the month before delivery
    "month_before": lambda known, month: _of_month(known, month - 1)[-1],
    # DCE's eggs, hogs, glycol, styrene, gas: the 4th trading day from the end
    "fourth_last": lambda known, month: _of_month(known, month)[-4],
    "last_monday": lambda known, month: _next(known, _weekday(month, 0, -1)),
    # CFFEX: third Friday (indices), second Friday (bonds), or the first trading day after it
    "third_friday": lambda known, month: _next(known, _weekday(month, 4, 3)),
    "second_friday": lambda known, month: _next(known, _weekday(month, 4, 2)),
}
"""Last trading day by rule: from the trading days known and the delivery month."""


def expiries(codes: Iterable[str], *, seen: Any = None, days: Any = None) -> Days:
    """Last trading days of contracts by their products' rules.

    The rule is known when a contract is listed; the day of its last bar is known only afterwards. Two things may differ
    from what comes to pass: exchanges may move the day at spring festival (Shanghai's contracts of February 2010 ended
    on the 9th, not the 22nd), and holidays after the calendar's end are not announced yet and are taken as weekdays.

    Parameters
    ----------
    codes : iterable of str
    seen : array of date-like, optional
        A day on which each traded, for one-digit years.
    days : array of datetime64[D], optional
        Trading days; by default the calendar "XSHG".

    Returns
    -------
    ndarray of datetime64[D], shape (N,)

    Examples
    --------
    >>> expiries(["p1401", "rb1005", "IF2101", "fu0903"])
    array(['2014-01-15', '2010-05-17', '2021-01-15', '2009-02-27'],
          dtype='datetime64[D]')
    """
    names = list(codes)
    known = sessions("XSHG") if days is None else np.asarray(days, dtype="datetime64[D]")
    late = np.arange(known[-1] + 1, known[-1] + 366 * 4)
    known = np.concatenate([known, late[np.is_busday(late)]])
    first = [None] * len(names) if seen is None else list(np.asarray(seen, dtype="datetime64[D]"))
    out = np.empty(len(names), dtype="datetime64[D]")
    for n, (name, day) in enumerate(zip(names, first, strict=True)):
        month = delivery_month(name, day)
        span = _of_month(known, month)
        if len(span) < 5 or known[0] > (month - 1).astype("datetime64[D]"):
            raise MarketError(
                f"The trading days around the delivery month of {name!r} are not known.",
                expected=f"trading days from {month - 1} on",
                got=f"{known[0]} to {known[-1]}",
                fix="Pass more trading days.",
            )
        product = product_of(name)
        old = product.code == "jd" and month < JD_REFORM
        out[n] = RULES["day_10" if old else product.expiry](known, month)
    return out
