"""Times in a column however they are written: as times, as text ("Mar-2016", "2016年3月"), or as numbers (20160301)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats

DAY_US = 86_400_000_000.0
ENOUGH, FEWEST, LOOK = 0.95, 3, 40
"""A column is one of dates if so many of its rows read as such; of long columns a few values are tried first."""
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: k for k, name in enumerate(_NAMES, 1)}
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年 ](\d{1,2})(?:[-/.月 ](\d{1,2})日?|月)?(?:[t ]\d{1,2}:\d{2}.*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: \d{1,2}:\d{2}.*)?")
_NAMED = re.compile(r"(?:(\d{1,2})[-/ ])?([a-z]{3})[a-z]*\.?[-/ ]+(?:(\d{1,2}),? +)?(\d{4}|\d{2})")
_NAMED_LAST = re.compile(r"(\d{4}|\d{1,2})[-/ ]([a-z]{3})[a-z]*")


def days_of(series: Any) -> Floats | None:
    """Days since 1970-01-01 of a column of times, or None where it is no such column.

    Parameters
    ----------
    series : narwhals Series
        Times, text, or whole numbers of the form 20160301. Months without a day are read as their first day; years of
        two digits as 1969 to 2068, also where a spreadsheet turned "Mar-16" into "16-Mar".

    Returns
    -------
    ndarray of shape (n,) or None
        NaN where nothing is written, or nothing that reads as a time.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw, polars as pl
    >>> days_of(nw.from_native(pl.Series(["Jan-1970", "1970-01-31", "2 Feb 1970", None]), series_only=True)).tolist()
    [0.0, 30.0, 32.0, nan]
    >>> days_of(nw.from_native(pl.Series(["car", "home", "4 May"]), series_only=True)) is None
    True
    """
    dtype = series.dtype
    kind, values = arrays.column(series)
    if kind == "number":
        if "Date" in str(dtype):
            return np.asarray(values / DAY_US)
        return _of_numbers(values) if dtype.is_integer() or dtype.is_float() else None
    codes, levels = arrays.codes(values)
    if not levels or _share(levels[:: max(1, len(levels) // LOOK)]) < ENOUGH / 2:
        return None
    day_first = _day_first(levels)
    each = np.array([_read(level, day_first=day_first) for level in levels] + [np.nan])
    days = each[codes]
    there = codes >= 0
    enough = np.isfinite(days[there]).mean() >= ENOUGH and len(np.unique(days[np.isfinite(days)])) >= FEWEST
    return days if enough else None


def _of_numbers(values: Floats) -> Floats | None:
    """Whole numbers that are all of the form 20160301."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() < 19000101 or known.max() > 22001231 or np.any(known != np.floor(known)):
        return None
    different, place = np.unique(known, return_inverse=True)
    each = np.array([_read(f"{int(value):08d}", day_first=True) for value in different])
    if np.isnan(each).any() or len(each) < FEWEST:
        return None
    days = np.full(len(values), np.nan)
    days[np.isfinite(values)] = each[place]
    return days


def _share(levels: list[str]) -> float:
    return float(np.mean([np.isfinite(_read(level, day_first=True)) for level in levels]))


def _day_first(levels: list[str]) -> bool:
    """Whether 03/04/2016 is in April: unless some value can only have the month first."""
    seen = [found for level in levels if (found := _YEAR_LAST.fullmatch(level.strip()))]
    return not any(int(found[2]) > 12 for found in seen)


def _read(text: str, *, day_first: bool) -> float:
    """Days since 1970 of one value; NaN where it is no time."""
    text = text.strip().lower()
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _days(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _YEAR_LAST.fullmatch(text):
        one, two = int(found[1]), int(found[2])
        return _days(int(found[3]), two if day_first else one, one if day_first else two)
    if found := _NAMED.fullmatch(text):
        return _days(_century(found[4]), _MONTHS.get(found[2], 0), int(found[1] or found[3] or 1))
    if found := _NAMED_LAST.fullmatch(text):
        return _days(_century(found[1]), _MONTHS.get(found[2], 0), 1)
    return float("nan")


def _century(year: str) -> int:
    """As in POSIX: 69 to 99 are of the last century."""
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)


def _days(year: int, month: int, day: int) -> float:
    if not (1800 <= year <= 2300 and 1 <= month <= 12 and 1 <= day <= 31):
        return float("nan")
    month_start: NDArray[np.datetime64] = np.array(f"{year:04d}-{month:02d}", dtype="datetime64[M]")
    return float(month_start.astype("datetime64[D]").astype(np.int64) + day - 1)
