"""Dates are read however they are written, and nothing else is taken for one."""

from __future__ import annotations

from datetime import date, datetime

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest

from tael.validation.written_dates import days_of


def read(values: list[object]) -> list[float] | None:
    days = days_of(nw.from_native(pl.Series("x", values, strict=False), series_only=True))
    return None if days is None else days.tolist()


MARCH = float((date(2016, 3, 1) - date(1970, 1, 1)).days)


@pytest.mark.parametrize(
    "written",
    [
        ["2016-03-01", "2016-03-02", "2016-03-03"],
        ["2016/3/1", "2016/3/2", "2016/3/3"],
        ["20160301", "20160302", "20160303"],
        ["2016-03-01 12:00:00", "2016-03-02T01:00", "2016-03-03 00:00:00"],
        ["01.03.2016", "02.03.2016", "03.03.2016"],
        ["03/01/2016", "03/02/2016", "03/03/2016", "03/31/2016"],
        ["2016年3月1日", "2016年3月2日", "2016年3月3日"],
        ["1 Mar 2016", "2 March 2016", "3-mar-2016"],
        ["Mar 1, 2016", "Mar 2, 2016", "March 3, 2016"],
        [datetime(2016, 3, 1), datetime(2016, 3, 2), datetime(2016, 3, 3)],
        [date(2016, 3, 1), date(2016, 3, 2), date(2016, 3, 3)],
        [20160301, 20160302, 20160303],
    ],
)
def test_days(written: list[object]) -> None:
    days = read(written)
    assert days is not None
    assert np.floor(days)[:3].tolist() == [MARCH, MARCH + 1, MARCH + 2]


@pytest.mark.parametrize(
    "written",
    [
        ["Mar-2016", "Apr-2016", "Jan-2017"],
        ["16-Mar", "16-Apr", "17-Jan"],
        ["2016年3月", "2016年4月", "2017年1月"],
        ["2016-03", "2016-04", "2017-01"],
    ],
)
def test_months_are_their_first_day(written: list[object]) -> None:
    assert read(written) == [MARCH, MARCH + 31, MARCH + 306]


def test_a_spreadsheet_may_have_mixed_both_ways() -> None:
    """ "Aug-03" became "3-Aug", "Dec-99" could not."""
    days = read(["3-Aug", "Dec-99", "15-Dec"])
    assert days is not None
    assert [date.fromordinal(719163 + int(day)).year for day in days] == [2003, 1999, 2015]


@pytest.mark.parametrize(
    "written",
    [
        ["car", "home", "4 May"],
        ["112xx", "300xx", "750xx"],
        ["10+ years", "2 years", "3 years"],
        [" 36 months", " 60 months", " 12 months"],
        [20001, 20002, 20003],
        [20160301, 20169901, 20160303],
        [19990101.5, 20000101.0, 20010101.0],
        [1.0, 2.0, 3.0],
        [None, None, None],
        ["2016-03-01", "2016-03-01", "2016-03-01"],
    ],
)
def test_what_is_no_date(written: list[object]) -> None:
    assert read(written) is None


def test_gaps_stay_gaps() -> None:
    days = read(["2016-03-01", None, "2016-03-02", "2016-03-03"])
    assert days is not None
    assert np.isnan(days[1])
