"""Months without a day: what counts as one, and when it is over."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from tael.tables.months import at_their_ends, first_days, months_alone


@pytest.mark.parametrize("text", ["2023年11月", "2023-11", "2023/1", "11/2023", "01/1999"])
def test_a_month(text: str) -> None:
    assert months_alone(pl.Series([text, None]))


@pytest.mark.parametrize("text", ["2023-13", "2023-11-05", "202311", "1823-11", "11", ""])
def test_no_month(text: str) -> None:
    assert not months_alone(pl.Series([text]))
    assert first_days(pl.Series([text])).to_list() == [text]


def test_nothing_there_is_no_month() -> None:
    assert not months_alone(pl.Series([None, None], dtype=pl.String))


def test_a_month_is_over_at_its_last_microsecond() -> None:
    days = pl.Series([datetime(2023, 2, 1), datetime(2024, 12, 1), datetime(2024, 12, 1), None])
    found = at_their_ends(days, pl.Series(["2023-02", "12/2024", "2024-12-01", None]))
    assert found.to_list() == [
        datetime(2023, 2, 28, 23, 59, 59, 999999), datetime(2024, 12, 31, 23, 59, 59, 999999),
        datetime(2024, 12, 1), None,
    ]  # fmt: skip
