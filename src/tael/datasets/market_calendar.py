"""Trading days of a simulated Chinese exchange, and the days on which companies close and publish their books."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]

CLOSE_HOUR = 15
"""The hour of the close: what is published before it is known at the day's bar."""

# Where no notice of the State Council is known: New Year, Labour Day, the National Day's week.
_FIXED = ((1, 1), (5, 1), *((10, day) for day in range(1, 8)))


def trading_days(start: date, n_days: int) -> Days:
    """List the days on which a Chinese exchange is open.

    Weekdays that are no public holiday; exchanges stay closed on the weekends that are worked in exchange for longer
    holidays. Years without a notice of the State Council (after the present one) keep the fixed holidays alone.

    Parameters
    ----------
    start : datetime.date
        The first day looked at.
    n_days : int

    Returns
    -------
    datetime64[D] array, shape (n_days,)

    Examples
    --------
    >>> [str(day) for day in trading_days(date(2021, 9, 30), 2)]
    ['2021-09-30', '2021-10-08']
    """
    from chinese_calendar.constants import holidays

    first, last = min(holidays).year, max(holidays).year
    days: list[date] = []
    day = start
    while len(days) < n_days:
        noted = first <= day.year <= last
        if day.weekday() < 5 and not (day in holidays if noted else (day.month, day.day) in _FIXED):
            days.append(day)
        day += timedelta(days=1)
    return np.array(days, dtype="datetime64[D]")


def quarter_ends(first_year: int, last: date) -> Days:
    """List the ends of the quarters from `first_year` on that are not after `last`.

    >>> [str(day) for day in quarter_ends(2020, date(2020, 9, 1))]
    ['2020-03-31', '2020-06-30']
    """
    ends = [
        date(year, month, day)
        for year in range(first_year, last.year + 1)
        for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    ]
    return np.array([end for end in ends if end <= last], dtype="datetime64[D]")


def at_hour(days: Days, hour: float | Floats) -> Days:
    """Return the time of day `hour` (in hours) on `days`, in microseconds.

    >>> str(at_hour(np.array(["2021-01-04"], dtype="datetime64[D]"), 15)[0])
    '2021-01-04T15:00:00.000000'
    """
    minutes = np.rint(np.asarray(hour) * 60).astype(np.int64)
    return days.astype("datetime64[us]") + minutes * np.timedelta64(60_000_000, "us")


def bar_that_knows(days: Days, times: Days) -> Ints:
    """Return the row of the first bar whose close is after each time; ``len(days)`` where there is none.

    A time at the very close is known at the next bar, as everywhere in tael.

    >>> days = np.array(["2021-01-04", "2021-01-05"], dtype="datetime64[D]")
    >>> bar_that_knows(days, at_hour(days, np.array([14.5, 15.0]))).tolist()
    [0, 2]
    """
    return np.searchsorted(at_hour(days, CLOSE_HOUR), times, side="right").astype(np.int64)
