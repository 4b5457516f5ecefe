from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.reading import bars_from_ticks, daily_from_minutes, minute_bars

START = datetime(2021, 1, 4, 9, 30)


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 99), st.integers(0, 9)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_ticks_against_a_plain_walk(rows: list[tuple[int, int, int]]):
    rows = sorted(rows, key=lambda row: row[0])
    frame = pl.DataFrame(
        {
            "time": [START + timedelta(seconds=second) for second, _, _ in rows],
            "code": ["x"] * len(rows),
            "price": [float(price) for _, price, _ in rows],
            "volume": [volume for _, _, volume in rows],
        }
    )
    found = {row["time"]: row for row in bars_from_ticks(frame, every="1min").iter_rows(named=True)}
    minutes = sorted({second // 60 for second, _, _ in rows})
    assert list(found) == [START + timedelta(minutes=minute + 1) for minute in minutes]
    for minute in minutes:
        part = [row for row in rows if row[0] // 60 == minute]
        bar = found[START + timedelta(minutes=minute + 1)]
        prices = [price for _, price, _ in part]
        assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (
            prices[0], max(prices), min(prices), prices[-1],
        )  # fmt: skip
        assert bar["volume"] == sum(volume for _, _, volume in part)
        assert bar["ticks"] == len(part)


def test_tick_faults():
    ticks = pl.DataFrame({"time": [START], "code": ["x"], "price": [1.0], "volume": [-1]})
    with pytest.raises(MarketError, match=r"volume below zero(.*\n)*.*running total"):
        bars_from_ticks(ticks)
    with pytest.raises(MarketError, match="No such length"):
        bars_from_ticks(ticks.with_columns(volume=1), every="often")
    with pytest.raises(MarketError, match="no column 'price'"):
        bars_from_ticks(ticks.drop("price"))


def minutes() -> pl.DataFrame:
    times = ["2024-03-01 14:59", "2024-03-01 21:01", "2024-03-02 01:00", "2024-03-04 09:01"]
    rows = [(time, "AG", 10.0 + at, 5.0) for at, time in enumerate(times)]
    frame = pl.DataFrame(rows, schema=["time", "symbol", "close", "volume"], orient="row")
    return frame.with_columns(open=pl.col("close"), high=pl.col("close") + 1, low=pl.col("close") - 1)


def test_nights_join_the_next_day():
    bars, day = minute_bars(minutes())
    assert [str(one) for one in day] == ["2024-03-01", "2024-03-04", "2024-03-04", "2024-03-04"]
    assert bars.multiplier.tolist() == [15]
    daily = daily_from_minutes(bars, day)
    np.testing.assert_array_equal(daily.open[:, 0], [10, 11])
    np.testing.assert_array_equal(daily.close[:, 0], [10, 13])
    np.testing.assert_array_equal(daily.high[:, 0], [11, 14])
    np.testing.assert_array_equal(daily.low[:, 0], [9, 10])
    np.testing.assert_array_equal(daily.volume[:, 0], [5, 15])
    assert str(daily.times[1])[:16] == "2024-03-04T09:01"
    with pytest.raises(MarketError, match="'JD' has no night session"):
        minute_bars(minutes().with_columns(symbol=pl.lit("JD")))


def test_minutes_of_37_products(data_dir: Path):
    frame = pl.read_parquet(data_dir / "market/futures/minute_37_commodities.parquet")
    bars, day = minute_bars(frame)
    assert bars.shape[1] == 37
    # nine evenings, 24 June to 4 July 2019; the last one belongs to the 5th of July
    assert [str(one) for one in np.unique(day)][:1] == ["2019-06-25"]
    assert len(np.unique(day)) == 9
    assert (np.diff(day.astype(np.int64)) >= 0).all()
    friday = bars.times.astype("datetime64[D]") == np.datetime64("2019-06-29")
    assert friday.any()
    assert (day[friday] == np.datetime64("2019-07-01")).all()
    daily = daily_from_minutes(bars, day)
    assert np.nansum(daily.volume) == pytest.approx(np.nansum(bars.volume[np.isfinite(bars.close).any(axis=1)]))


def test_ticks_of_the_index_future(data_dir: Path):
    ticks = pl.read_parquet(data_dir / "market/futures/IF2101_ticks_2021-01-04_05.parquet")
    text = pl.col("action_date").cast(pl.String) + pl.col("action_time").cast(pl.String).str.zfill(9)
    ticks = ticks.with_columns(at=text.str.to_datetime("%Y%m%d%H%M%S%3f"))
    bars = bars_from_ticks(ticks, time="at", price="price", volume="volume", amount="turn_over")
    assert bars["volume"].sum() == ticks["volume"].sum()
    assert bars["high"].max() == ticks["price"].max()
    # 240 minutes a day, the auction's tick before the open, and stragglers after each session's end
    assert 480 <= len(bars) <= 492
