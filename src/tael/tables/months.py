"""Text that names a month and no day: 2023年11月, 2023-11, 11/2023."""

from __future__ import annotations

import polars as pl

MONTH = r"(?:19|20)\d{2}(?:-|/|年)(?:0?[1-9]|1[0-2])月?|(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}"
"""How a month is written, as a regular expression."""


def months_alone(series: pl.Series) -> bool:
    """Whether all text values name a month and no day.

    >>> months_alone(pl.Series(["2023年11月", "2023-1"])), months_alone(pl.Series(["2023-11", "2023-11-05"]))
    (True, False)
    """
    there = series.drop_nulls().str.strip_chars()
    return len(there) > 0 and bool(there.str.contains(f"^(?:{MONTH})$").all())


def first_days(text: pl.Series) -> pl.Series:
    """Months as their first days; all else stays.

    >>> first_days(pl.Series(["2023年11月", "2023-1", "07/2022", "2022/07/31"])).to_list()
    ['2023-11-01', '2023-1-01', '2022-07-01', '2022/07/31']
    """
    month = text.str.contains(f"^(?:{MONTH})$")
    if not month.any():
        return text
    day = text.str.replace(r"^(\d{4})\D(\d{1,2})月?$", "${1}-${2}-01")
    day = day.str.replace(r"^(\d{1,2})/(\d{4})$", "${2}-${1}-01")
    return pl.select(pl.when(month).then(day).otherwise(text)).to_series().rename(text.name)


def at_their_ends(days: pl.Series, text: pl.Series) -> pl.Series:
    """The first days of months as the last microsecond of them: then what happened in them is known.

    Parameters
    ----------
    days : Series of Datetime
    text : Series of String
        What they were read from; days that were written as such stay.

    >>> from datetime import datetime
    >>> at_their_ends(pl.Series([datetime(2024, 2, 1)]), pl.Series(["2024-02"])).to_list()
    [datetime.datetime(2024, 2, 29, 23, 59, 59, 999999)]
    """
    last = pl.select(days.dt.offset_by("1mo") - pl.duration(microseconds=1)).to_series()
    return last.zip_with(text.str.contains(f"^(?:{MONTH})$").fill_null(False), days)
