"""Trading days, and which of them a night's bar belongs to."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError

Times = NDArray[np.datetime64]
NIGHT_FROM, NIGHT_UNTIL = 18, 4
"""Hours: what trades from 18:00 on belongs to the next trading day, until 04:00 to that after the evening before."""


def sessions(calendar: str = "XSHG", start: Any = "1991-01-03", stop: Any = None) -> Times:
    """Trading days of an exchange.

    Parameters
    ----------
    calendar : str
        A name of `exchange_calendars`: "XSHG", "XNYS". China's futures exchanges keep the days of "XSHG".
    start, stop : date-like
        First and last day; by default all that the calendar knows.

    Returns
    -------
    ndarray of datetime64[D]

    Raises
    ------
    MarketError
        The extra `markets` is not installed; an unknown name; days that the calendar does not know.

    Examples
    --------
    >>> sessions("XSHG", "2024-02-08", "2024-02-19")
    array(['2024-02-08', '2024-02-19'], dtype='datetime64[D]')
    """
    known = _all(calendar)
    first, last = np.datetime64(start, "D"), known[-1] if stop is None else np.datetime64(stop, "D")
    if first < known[0].astype("datetime64[Y]") or last > known[-1].astype("datetime64[Y]") + 1:
        raise MarketError(
            f"The calendar {calendar!r} does not know these days.",
            expected=f"days from {known[0]} to {known[-1]}",
            got=f"{first} to {last}",
            fix="Upgrade exchange_calendars, or pass the trading days yourself.",
        )
    return known[np.searchsorted(known, first) : np.searchsorted(known, last, side="right")]


@cache
def _all(calendar: str) -> Times:
    try:
        import exchange_calendars
    except ImportError as error:
        raise MarketError(
            "Trading calendars need a package that is not installed.",
            expected="exchange_calendars",
            fix='pip install "tael[markets]", or pass the trading days yourself.',
        ) from error
    try:
        with warnings.catch_warnings():
            # pandas warns of what the package does within
            warnings.simplefilter("ignore", DeprecationWarning)
            found = exchange_calendars.get_calendar(calendar, start="1991-01-01")
    except exchange_calendars.errors.InvalidCalendarName as error:
        raise MarketError(f"There is no calendar {calendar!r}.", expected='such as "XSHG" or "XNYS"') from error
    days: Times = found.sessions.to_numpy().astype("datetime64[D]")
    return days


def next_session(day: Any, calendar: str = "XSHG") -> np.datetime64:
    """The first trading day after a day; the next weekday where the calendar ends.

    >>> next_session("2024-09-30")
    np.datetime64('2024-10-08')
    """
    known, after = _all(calendar), np.datetime64(day, "D")
    at = int(np.searchsorted(known, after, side="right"))
    if at < len(known):
        found: np.datetime64 = known[at]
        return found
    return np.busday_offset(after + np.timedelta64(1, "D"), 0, roll="forward")


def trading_day(times: Any, product: str | None = None, days: Any = None) -> Times:
    """The trading day that each moment belongs to: a night's session is the next trading day's.

    From 18:00 on a moment belongs to the first trading day after its date; until 04:00 to the first after the evening
    before (Friday's night, on Saturday at 01:00, is Monday's); any other to its own date.

    Parameters
    ----------
    times : datetime-like or array of datetime64
        On China's clock.
    product : str, optional
        A product without a night session may have no moment at night.
    days : array of datetime64[D], optional
        Trading days; by default the calendar "XSHG".

    Returns
    -------
    ndarray of datetime64[D]

    Raises
    ------
    MarketError
        A moment on no trading day, at night of a product without nights, or after the last known day.

    Examples
    --------
    >>> trading_day(["2024-03-01 14:59", "2024-03-01 21:30", "2024-03-02 01:30"], "ag")
    array(['2024-03-01', '2024-03-04', '2024-03-04'], dtype='datetime64[D]')
    """
    moments = np.atleast_1d(np.asarray(times, dtype="datetime64[s]"))
    date = moments.astype("datetime64[D]")
    hour = (moments - date).astype("timedelta64[h]").astype(np.int64)
    late, early = hour >= NIGHT_FROM, hour < NIGHT_UNTIL
    if product is not None and (late | early).any():
        from tael.markets.exchanges.products import product_of

        if not product_of(product).night:
            raise MarketError(f"{product!r} has no night session.", got=str(moments[late | early][0]).replace("T", " "))
    if len(moments) == 0:
        return date
    known = sessions("XSHG") if days is None else np.asarray(days, dtype="datetime64[D]")
    base = np.where(early, date - 1, date)
    at = np.where(late | early, np.searchsorted(known, base, side="right"), np.searchsorted(known, base))
    beyond = at >= len(known)
    if beyond.any():
        raise MarketError(
            "The trading day of a moment is not known.",
            expected=f"moments before the end of {known[-1]}",
            got=str(moments[beyond][0]).replace("T", " "),
            fix="Pass more trading days.",
        )
    found: Times = known[at]
    off = ~(late | early) & (found != date)
    if off.any():
        raise MarketError(
            "A moment is on no trading day.",
            got=str(moments[off][0]).replace("T", " "),
            fix="Check the clock of the data, or pass its trading days.",
        )
    return found
