"""The simulated bank's calendar: seasons of spending and applying, the economy by month, correlated shocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY = 86_400
"""Seconds in a day; the simulator counts time in whole seconds since 1970, local time."""

NEVER = np.int64(2**60)
"""A time that does not come: later than any cutoff, written as missing."""

HISTORY_DAYS = 240
"""How many days before a customer's first application the bank holds transactions for."""

SPRING_FESTIVAL = {
    2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12), 2022: (2, 1),
    2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26),
    2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11),
}  # fmt: skip
"""The first day of the Chinese year, for the years that can be simulated."""


def add_months(day: date, months: int) -> date:
    """Return the first of the month `months` after that of `day`.

    >>> add_months(date(2022, 11, 1), 3)
    datetime.date(2023, 2, 1)
    """
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def seconds(day: date) -> int:
    """Return midnight of `day` in seconds since 1970.

    >>> seconds(date(1970, 1, 2))
    86400
    """
    return (day - date(1970, 1, 1)).days * DAY


@dataclass(frozen=True)
class Calendar:
    """When things happen in the simulated bank.

    Attributes
    ----------
    start, end : int
        First second of the period of applications, and the second after its last (the date of the extract).
    history : int
        First second of any event.
    paydays, months : int64 arrays
        Midnight of the first of every month, from `history` on and from `start` on.
    spending, applying : float64 arrays of (days + 1,)
        Cumulative weight of the days since `history`; drawing from it gives weekly and yearly seasons.
    promotion : bool array of (days,)
        Days around double 11 and the Spring Festival, when shopping peaks.
    economy : float64 array of (months,)
        Log odds added to every default in each month of application.
    region_shock, employer_shock : float64 arrays of (groups, months)
        Log odds added to all of one region or kind of employer at a time: correlated defaults.
    """

    start: int
    end: int
    history: int
    paydays: Ints
    months: Ints
    spending: Floats
    applying: Floats
    promotion: NDArray[np.bool_]
    economy: Floats
    region_shock: Floats
    employer_shock: Floats

    def draw(self, u: Floats, low: Ints, high: Ints, cumulative: Floats) -> Ints:
        """Turn uniform numbers into times between `low` and `high`, dense where the season is dense."""
        days = np.arange(len(cumulative), dtype=np.float64)
        bottom = np.interp((low - self.history) / DAY, days, cumulative)
        top = np.interp((high - self.history) / DAY, days, cumulative)
        day = np.interp(bottom + u * (top - bottom), cumulative, days)
        return self.history + (day * DAY).astype(np.int64)

    def month(self, time: Ints) -> Ints:
        """Return the month of application (0, 1, ...) that each time falls in."""
        return np.clip(np.searchsorted(self.months, time, side="right") - 1, 0, len(self.economy) - 1)


def make_calendar(rng: np.random.Generator, start: date, months: int, regions: int, employers: int) -> Calendar:
    """Lay out the seasons, the economy and the shocks of one simulation."""
    first, last = start - timedelta(days=HISTORY_DAYS), add_months(start, months)
    days = [first + timedelta(days=i) for i in range((last - first).days)]
    spending, applying = np.ones(len(days)), np.ones(len(days))
    promotion = np.zeros(len(days), dtype=bool)
    for i, day in enumerate(days):
        festival = date(day.year, *SPRING_FESTIVAL[day.year])
        to_festival = (festival - day).days
        spending[i] *= 1.25 if day.weekday() >= 5 else 1.0
        applying[i] *= 0.6 if day.weekday() >= 5 else 1.0
        if 1 <= to_festival <= 14:
            spending[i] *= 1.6
            applying[i] *= 1.4
        elif -6 <= to_festival <= 0:
            spending[i] *= 0.7
            applying[i] *= 0.25
        if day.month == 11 and 8 <= day.day <= 12:
            spending[i] *= 2.5
        promotion[i] = (day.month == 11 and 8 <= day.day <= 12) or 1 <= to_festival <= 14
    applying *= np.linspace(0.8, 1.2, len(days))  # the book grows

    month = np.arange(months)
    economy = 0.2 * np.sin(2 * np.pi * month / 18 + 1.0) + 0.25 * month / months + rng.normal(0, 0.05, months)
    region_shock, employer_shock = np.zeros((regions, months)), np.zeros((employers, months))
    for _ in range(max(2, months // 8)):
        at = int(rng.integers(0, months))
        region_shock[rng.integers(0, regions), at : at + 4] += rng.uniform(0.4, 0.8)
    for _ in range(max(1, months // 12)):
        at = int(rng.integers(0, months))
        employer_shock[rng.integers(0, employers), at : at + 5] += rng.uniform(0.3, 0.6)

    steps = (last.year - first.year) * 12 + last.month - first.month
    return Calendar(
        start=seconds(start),
        end=seconds(last),
        history=seconds(first),
        paydays=np.array([seconds(add_months(first, i)) for i in range(steps)], dtype=np.int64),
        months=np.array([seconds(add_months(start, i)) for i in range(months)], dtype=np.int64),
        spending=np.concatenate([[0.0], np.cumsum(spending)]),
        applying=np.concatenate([[0.0], np.cumsum(applying)]),
        promotion=promotion,
        economy=economy,
        region_shock=region_shock,
        employer_shock=employer_shock,
    )
