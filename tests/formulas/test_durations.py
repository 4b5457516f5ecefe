from __future__ import annotations

import calendar
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FormulaError
from tael.formulas.durations import EARLIEST, LATEST, Duration
from tael.formulas.values import NAT

EPOCH = datetime(1970, 1, 1)
STEPS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def oracle(moment: datetime, count: int, unit: str) -> datetime:
    """By Python's calendar, one time at once."""
    if unit in STEPS:
        return moment + count * STEPS[unit]
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.integers(1, 600),
    st.sampled_from([*STEPS, "mo", "y"]),
)
def test_moves_by_the_calendar(moment: datetime, count: int, unit: str) -> None:
    duration = Duration(min(count, 90) if unit == "y" else count, unit)
    times = np.array([us(moment), NAT])
    assert duration.before(times).tolist() == [us(oracle(moment, -duration.count, unit)), NAT]
    assert duration.after(times).tolist() == [us(oracle(moment, duration.count, unit)), NAT]


@given(st.integers(EARLIEST, LATEST), st.integers(1, 999_999_999), st.sampled_from([*STEPS, "mo", "y"]))
def test_never_wraps_round(time: int, count: int, unit: str) -> None:
    times, duration = np.array([time]), Duration(count, unit)
    assert EARLIEST <= duration.before(times)[0] <= time
    assert time <= duration.after(times)[0] <= LATEST


def test_month_ends_are_clipped() -> None:
    march = np.array([us(datetime(2023, 3, 31)), us(datetime(2024, 3, 31))])
    february = [us(datetime(2023, 2, 28)), us(datetime(2024, 2, 29))]
    assert Duration.parse("1mo").before(march).tolist() == february
    leap = np.array([us(datetime(2024, 2, 29, 13))])
    assert Duration.parse("1y").before(leap).tolist() == [us(datetime(2023, 2, 28, 13))]


@given(st.integers(1, 999), st.sampled_from([*STEPS, "mo", "y"]))
def test_text_comes_back(count: int, unit: str) -> None:
    duration = Duration(count, unit)
    assert Duration.parse(str(duration)) == duration
    assert duration.words("zh").startswith(str(count))
    assert duration.words().endswith("s") == (count > 1)


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "-3d", "1.5d", "90 d", "90days", "1M", "٣d", "9999999999d", "all"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(FormulaError, match=r'"90d" or "12mo"'):
        Duration.parse(text)


def test_order_by_mean_length() -> None:
    units = ["y", "mo", "w", "d", "h", "min", "s"]
    lengths = [Duration(1, unit).days for unit in units]
    assert lengths == sorted(lengths, reverse=True)
