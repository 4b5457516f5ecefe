"""Years and months in all the ways in which people write them."""

from __future__ import annotations

import polars as pl
import pytest

from tael.tables.durations import in_months, months_of, ways_of, written_so


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("3年", 36), ("18个月", 18), ("1年3个月", 15), ("２年", 24), ("半年", 6), ("一年半", 18), ("两年", 24),
        ("十二个月", 12), ("二十五年", 300), ("2 yrs", 24), ("1 year 3 months", 15), ("18 Months", 18),
        ("1.5 years", 18), ("10+ years", 120), ("10年以上", 120), ("约3年", 36), ("< 1 year", 6),
        ("不足1年", 6), ("不满半年", 3), ("3个半月", 3.5), ("1年零2个月", 14), ("less than 1 year", 6),
        ("over 5 years", 60),
    ],
)  # fmt: skip
def test_what_is_a_duration(text: str, months: float) -> None:
    assert months_of(text) == pytest.approx(months)
    assert ways_of(text)


@pytest.mark.parametrize("text", ["", "3", "soon", "3天", "2023年11月", "2 weeks", "年", "months", "-3年"])
def test_what_is_none(text: str) -> None:
    assert months_of(text) is None
    assert ways_of(text) == frozenset()


def test_columns() -> None:
    text = pl.Series("tenure", ["1年", None, "?", "2 months"])
    assert in_months(text).to_list() == [12.0, None, None, 2.0]
    assert in_months(pl.Series(["?", None], dtype=pl.String)).to_list() == [None, None]
    assert written_so(text)
    assert not written_so(pl.Series(["12", "x"]))
