from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets import Bars

DAYS = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], dtype="M8[D]")


def small(**changes: object) -> Bars:
    close = np.array([[10.0, 20.0], [11.0, np.nan], [12.0, 22.0]])
    parts: dict = dict(times=DAYS, entities=("a", "b"), open=close, high=close, low=close, close=close)
    return Bars(**(parts | changes))


def long(n_days: int = 4, codes: tuple[str, ...] = ("a", "b"), seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    days = [date(2024, 1, 2) + timedelta(i) for i in range(n_days)]
    rows = [(day, code) for day in days for code in codes]
    close = np.round(rng.uniform(5, 10, len(rows)), 2)
    return pl.DataFrame(rows, schema={"date": pl.Date, "code": pl.String}, orient="row").with_columns(
        open=pl.Series(close), high=pl.Series(close + 1), low=pl.Series(close - 1), close=pl.Series(close),
        volume=pl.Series(rng.integers(0, 1000, len(rows)) * 100), sector=pl.col("code").str.to_uppercase(),
    )  # fmt: skip


def test_what_nobody_said():
    bars = small()
    assert bars.shape == (3, 2)
    np.testing.assert_array_equal(bars.preclose, [[np.nan, np.nan], [10, 20], [11, 20]])
    np.testing.assert_array_equal(bars.suspended, [[0, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(bars.tradable, [[1, 1], [1, 0], [1, 1]])
    assert np.isposinf(bars.limit_up).all()
    assert (bars.limit_down == 0).all()
    assert bars.lot.tolist() == [1, 1]
    assert bars.margin_rate.tolist() == [1, 1]
    np.testing.assert_allclose(bars.returns(), [[np.nan, np.nan], [0.1, np.nan], [1 / 11, 0.1]])


def test_listed_is_never_known_ahead():
    close = np.array([[np.nan, 1.0], [2.0, 1.0], [np.nan, np.nan]])
    bars = small(open=close, high=close, low=close, close=close)
    np.testing.assert_array_equal(bars.listed, [[0, 1], [1, 1], [1, 1]])


def test_factor_carries_the_preclose():
    bars = small(adjust=np.array([[1.0, 1.0], [1.1, 2.0], [1.1, 2.0]]))
    np.testing.assert_allclose(bars.preclose, [[np.nan, np.nan], [10 / 1.1, 10], [11, 10]])


def test_window_and_select():
    bars = small(margin_rate=np.full((3, 2), 0.1), fields={"turn": np.ones((3, 2))})
    part = bars.window("2024-01-03").select(["b"])
    assert part.entities == ("b",)
    assert part.margin_rate.shape == part.fields["turn"].shape == (2, 1)
    assert part.preclose[0, 0] == 20
    assert len(bars.window(0, 2)) == len(bars.window(stop="2024-01-04")) == 2
    with pytest.raises(MarketError, match="The window holds no bars"):
        bars.window("2025-01-01")
    with pytest.raises(MarketError, match="no entity 'c'"):
        bars.select(["c"])


def test_fingerprint_follows_the_content():
    assert small().fingerprint() == small().fingerprint()
    assert small().fingerprint() != small(notes=("x",)).fingerprint()
    assert small().fingerprint() != small(tick=0.01).fingerprint()


FAULTS: list[tuple[dict, str]] = [
    ({"times": DAYS[::-1]}, "must rise.*\n.*\n.*2024-01-03 after 2024-01-04"),
    ({"times": ["2024-01-02"]}, "are no times"),
    ({"entities": ("a", "a")}, "names of their own"),
    ({"open": np.ones((2, 2))}, r"'open' does not fit.\n.*\(3, 2\)"),
    ({"volume": np.full((3, 2), "x")}, "'volume' does not fit"),
    ({"low": np.array([[10.0, 20], [11, np.nan], [-1, 22]])}, r"'low' that is no price.\n(.*\n)*.*a at 2024-01-04"),
    ({"high": np.array([[9.0, 20], [11, np.nan], [12, 22]])}, "high below another price"),
    ({"low": np.array([[10.0, 21], [11, np.nan], [12, 22]])}, "low above another.*\n(.*\n)*.*b at 2024-01-02"),
    ({"volume": np.full((3, 2), -1.0)}, "impossible volume"),
    ({"adjust": np.zeros((3, 2))}, "no factor of adjustment"),
    ({"limit_up": np.full((3, 2), np.nan)}, "no limit, nor none"),
    ({"limit_up": np.ones((3, 2)), "limit_down": np.full((3, 2), 2.0)}, "the wrong way round"),
    ({"lot": np.array([100, 0])}, "lot must be above zero"),
    ({"lot": np.array([100, 0.5])}, "'lot' must be whole"),
    ({"lot": np.array([100])}, "'lot' does not fit"),
]


@pytest.mark.parametrize(("changes", "message"), FAULTS)
def test_faults(changes: dict, message: str):
    with pytest.raises(MarketError, match=message):
        small(**changes)


MAKERS: dict[str, Callable[[pl.DataFrame], object]] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: pd.DataFrame(frame.to_dict(as_series=False)),
    "pyarrow": lambda frame: pa.table(frame.to_dict(as_series=False)),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_from_frame_of_each_library(maker: str):
    frame = long()
    bars = Bars.from_frame(MAKERS[maker](frame.sample(fraction=1.0, shuffle=True, seed=1)), groups=["sector"], lot=100)
    assert bars.fingerprint() == Bars.from_frame(frame, groups=["sector"], lot=100).fingerprint()
    assert bars.levels["sector"] == ("A", "B")
    assert bars.lot.tolist() == [100, 100]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 100), st.data())
@settings(max_examples=30, deadline=None)
def test_from_frame_puts_each_value_where_it_belongs(t: int, n: int, seed: int, data: st.DataObject):
    frame = long(t, tuple("abcd"[:n]), seed)
    frame = frame.filter(pl.Series(data.draw(st.lists(st.booleans(), min_size=len(frame), max_size=len(frame)))))
    if frame.is_empty():
        with pytest.raises(MarketError, match="has no rows"):
            Bars.from_frame(frame)
        return
    bars = Bars.from_frame(frame)
    plain = {(row["date"], row["code"]): row["close"] for row in frame.iter_rows(named=True)}
    for i, day in enumerate(bars.times.astype("M8[D]").tolist()):
        for j, code in enumerate(bars.entities):
            expected = plain.get((day, code), np.nan)
            assert np.array_equal(bars.close[i, j], expected, equal_nan=True)


def test_from_frame_faults():
    frame = long()
    with pytest.raises(MarketError, match=r"1 rows of the table of bars come twice(.*\n)*.*a at 2024-01-02"):
        Bars.from_frame(pl.concat([frame, frame.head(1)]))
    with pytest.raises(MarketError, match="no column 'close'"):
        Bars.from_frame(frame.drop("close"))
    with pytest.raises(MarketError, match='Did you mean "close"'):
        Bars.from_frame(frame, columns={"closse": "close"})
    with pytest.raises(MarketError, match=r"1 rows of the table of bars have no 'date'(.*\n)*.*row 2"):
        Bars.from_frame(frame.with_columns(pl.when(pl.int_range(pl.len()) != 2).then("date").alias("date")))
    with pytest.raises(MarketError, match="cannot be read"):
        Bars.from_frame(frame.with_columns(date=pl.lit("yesterday")))
    with pytest.raises(MarketError, match="have a time zone"):
        Bars.from_frame(frame.with_columns(pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")))
    with pytest.raises(MarketError, match="'close' holds no numbers"):
        Bars.from_frame(frame.with_columns(close=pl.lit("x")))
    with pytest.raises(MarketError, match=r"'lot' changes within an entity(.*\n)*.*'a'"):
        Bars.from_frame(frame.with_columns(lot=pl.int_range(pl.len())))
    with pytest.raises(MarketError, match="not a frame"):
        Bars.from_frame([1, 2])


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S"])
def test_dates_as_text(form: str):
    frame = long()
    text = frame.with_columns(pl.col("date").cast(pl.Datetime("us")).dt.strftime(form))
    assert Bars.from_frame(text).fingerprint() == Bars.from_frame(frame).fingerprint()


def test_dates_the_american_way_where_only_one_reading_fits():
    text = pl.Series(["12/30/2012", "12/31/2012"])
    frame = pl.DataFrame({"date": text, "code": "a", "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0})
    assert str(Bars.from_frame(frame).times[1])[:10] == "2012-12-31"
    with pytest.raises(MarketError, match="cannot be read"):
        Bars.from_frame(frame.with_columns(date=pl.Series(["01/02/2012", "01/03/2012"])))


def test_huge_integers_as_names():
    frame = long().with_columns(code=pl.lit(2**62) + pl.int_range(pl.len()) % 2)
    assert Bars.from_frame(frame).entities == (str(2**62), str(2**62 + 1))
