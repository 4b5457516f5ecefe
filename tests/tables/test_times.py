from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import TablesError
from tael.tables.places import Place
from tael.tables.times import looks_like_time, to_time

HERE = Place("loans", "approved")


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31 10:30:00",
        "2024-01-31T10:30:00",
        "2024-01-31 10:30:00.000000",
        "2024-01-31 10:30",
        "2024/1/31 10:30",
        "2024.01.31 10:30:00",
        "2024年1月31日 10:30",
        "20240131 10:30:00",
        "20240131103000",
        "31/01/2024 10:30",
        "01/31/2024 10:30",
        "31.01.2024 10:30",
        "31-Jan-2024 10:30:00",
        "31 January 2024 10:30",
        "January 31, 2024 10:30",
        "1/31/2024 10:30 AM",
        "2024-01-31T02:30:00Z",
        "2024-01-31 02:30:00 UTC",
        "2024-01-31T10:30:00+08:00",
        "2024-01-31T10:30:00+0800",
        "2024-01-31 10:30:00.5+08",
    ],
)
def test_ways_to_write_a_time(text: str) -> None:
    read = to_time(pl.Series([text, None]), HERE)
    hour = 2 if read.zoned else 10
    assert read.values[0].replace(microsecond=0) == datetime(2024, 1, 31, hour, 30)
    assert read.values[1] is None
    assert read.values.dtype == pl.Datetime("us")
    assert read.zoned == (text[-1] in "ZC" or "+08" in text)


@pytest.mark.parametrize(
    ("values", "format", "expected"),
    [
        ([930101, 131], "%y%m%d", [datetime(1993, 1, 1), datetime(2000, 1, 31)]),
        (["930101"], "%y%m%d", [datetime(1993, 1, 1)]),
        (["931107 00:00:00"], "%y%m%d %H:%M:%S", [datetime(1993, 11, 7)]),
        ([20240131, None], None, [datetime(2024, 1, 31), None]),
        ([20240131.0, float("nan")], None, [datetime(2024, 1, 31), None]),
        ([20240131235959], None, [datetime(2024, 1, 31, 23, 59, 59)]),
        ([86400], "epoch s", [datetime(1970, 1, 2)]),
        ([86400000], "epoch ms", [datetime(1970, 1, 2)]),
        (["2024-01-31", "2024-02-01 10:30"], None, [datetime(2024, 1, 31), datetime(2024, 2, 1, 10, 30)]),
        ([" 2024-01-31 ", ""], None, [datetime(2024, 1, 31), None]),
        ([date(2024, 1, 31)], None, [datetime(2024, 1, 31)]),
        (
            ["2024-01-31T10:00:00+08:00", "2024-01-31T10:00:00Z"],
            None,
            [datetime(2024, 1, 31, 2), datetime(2024, 1, 31, 10)],
        ),
        (["31/01/2024", "02/03/2024"], None, [datetime(2024, 1, 31), datetime(2024, 3, 2)]),
        ([None, None], None, [None, None]),
    ],
)
def test_values(values: list, format: str | None, expected: list) -> None:
    assert to_time(pl.Series(values), HERE, format=format).values.to_list() == expected


@pytest.mark.parametrize(
    ("values", "format", "words"),
    [
        (["2024-01-31", "soon", "never"], None, ["2 values: row 2 'soon', row 3 'never'", "or a `format`"]),
        (["2024-13-45"], None, ["1 value: row 1 '2024-13-45'"]),
        (["2024-01-31T10:00:00Z", "2024-01-31T10:00:00"], None, ["Some times have a time zone", "row 1", "row 2"]),
        (["01/02/2024", "03/04/2024"], None, ["day or the month", 'format = "%d/%m/%Y"']),
        (["930101", "x"], "%y%m%d", ['format = "%y%m%d"', "row 2 'x'"]),
        ([5.0, 20240131.0], None, ["no times in the format", "row 1 '5'"]),
        ([12345], None, ["row 1 12345", "epoch s"]),
        ([20241345], None, ["row 1"]),
        ([True], None, ["holds something else", "Boolean"]),
    ],
)
def test_faults_name_rows_values_and_the_fix(values: list, format: str | None, words: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        to_time(pl.Series(values), HERE, format=format)
    for word in [*words, "table loans, column approved"]:
        assert word in str(error.value)


def test_unknown_zone() -> None:
    with pytest.raises(TablesError, match="time zone is not known"):
        to_time(pl.Series([datetime(2024, 1, 1)]), HERE, time_zone="Asia/Shangai")


def test_a_declared_zone_moves_to_utc_and_skipped_hours_are_read_on() -> None:
    summer = pl.Series([datetime(2024, 3, 10, 1, 59), datetime(2024, 3, 10, 2, 30), datetime(2024, 3, 10, 3, 0)])
    read = to_time(summer, HERE, time_zone="America/New_York")
    assert read.zoned
    assert read.values.to_list() == [
        datetime(2024, 3, 10, 6, 59),
        datetime(2024, 3, 10, 7, 30),
        datetime(2024, 3, 10, 7, 0),
    ]


def test_looks_like_time_sees_every_value() -> None:
    values = ["2024-01-31"] * 2000
    assert looks_like_time(pl.Series(values))
    assert not looks_like_time(pl.Series([*values, "x"]))
    assert not looks_like_time(pl.Series([None, None], dtype=pl.String))


@given(
    st.lists(st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1)) | st.none(), min_size=1, max_size=20),
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S.%f", "%Y年%m月%d日 %H:%M:%S.%f"]
    ),
)
def test_written_times_come_back(times: list[datetime | None], format: str) -> None:
    text = pl.Series([None if one is None else one.strftime(format) for one in times], dtype=pl.String)
    assert to_time(text, HERE).values.to_list() == times


@given(
    st.lists(st.tuples(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-840, 840)), min_size=1)
)
def test_offsets_agree_with_python(times: list[tuple[datetime, int]]) -> None:
    aware = [one.replace(tzinfo=timezone(timedelta(minutes=minutes))) for one, minutes in times]
    text = pl.Series([one.strftime("%Y-%m-%d %H:%M:%S.%f%z") for one in aware])
    expected = [one.astimezone(UTC).replace(tzinfo=None) for one in aware]
    assert to_time(text, HERE).values.to_list() == expected


def test_a_month_may_stand_for_its_end() -> None:
    text = pl.Series(["2023年11月", "2024-02", None])
    assert to_time(text, HERE).values.to_list() == [datetime(2023, 11, 1), datetime(2024, 2, 1), None]
    ends = [datetime(2023, 11, 30, 23, 59, 59, 999999), datetime(2024, 2, 29, 23, 59, 59, 999999), None]
    assert to_time(text, HERE, month="end").values.to_list() == ends
    assert to_time(pl.Series(["2023-11", "2023-11-05"]), HERE, month="end").values.to_list()[1] == datetime(2023, 11, 5)
    assert to_time(pl.Series(["2023-11"]), HERE, month="end", time_zone="Asia/Shanghai").values.to_list() == [
        datetime(2023, 11, 30, 15, 59, 59, 999999)
    ]
