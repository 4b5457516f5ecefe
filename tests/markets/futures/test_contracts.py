from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.errors import MarketError
from tael.markets.exchanges.products import PRODUCTS
from tael.markets.futures import continuous, contract_bars, delivery_month, expiries, roll
from tael.markets.futures.expiry import RULES


@pytest.mark.parametrize(
    ("code", "seen", "month"),
    [("p1401", None, "2014-01"), ("SHFE.rb2410", None, "2024-10"), ("IF2101.CFFEX", None, "2021-01"),
     ("cu9912", None, "1999-12"), ("SR501", "2014-02-01", "2015-01"), ("SR501", "2024-02-01", "2025-01"),
     ("TA909", "2019-09-01", "2019-09"), ("CF001", "2019-03-01", "2020-01")],
)  # fmt: skip
def test_delivery_month(code: str, seen: str | None, month: str):
    assert delivery_month(code, seen) == np.datetime64(month, "M")


def test_codes_without_a_month():
    with pytest.raises(MarketError, match="names no delivery month"):
        delivery_month("p1413")
    with pytest.raises(MarketError, match="names no delivery month"):
        delivery_month("RB888")
    with pytest.raises(MarketError, match="one digit of its year"):
        delivery_month("SR501")


@pytest.mark.parametrize(
    ("code", "day"),
    [("p1401", "2014-01-15"), ("rb1005", "2010-05-17"), ("fu0903", "2009-02-27"), ("IF2101", "2021-01-15"),
     ("IF2002", "2020-02-21"), ("jd1612", "2016-12-14"), ("jd1805", "2018-05-28"), ("sc2105", "2021-04-30"),
     ("T2106", "2021-06-11"), ("zc2105", "2021-05-12"), ("ec2408", "2024-08-26")],
)  # fmt: skip
def test_expiries(code: str, day: str):
    assert expiries([code])[0] == np.datetime64(day)


def test_expiries_beyond_the_calendar_are_weekdays():
    days = np.arange("2024-01-01", "2024-02-01", dtype="M8[D]")
    days = days[np.is_busday(days)]
    assert expiries(["p2503"], days=days)[0] == np.datetime64("2025-03-14")
    with pytest.raises(MarketError, match="around the delivery month of 'p2401' are not known"):
        expiries(["p2401"], days=days)


def test_every_product_has_a_rule():
    assert {product.expiry for product in PRODUCTS.values()} <= set(RULES)


def table(**changes: object) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "日期": ["2009-01-05", "2009-01-06", "2009-01-05", "2009-01-06"],
            "合约": ["cu0905", "cu0905", "ru0905", "ru0905"],
            "开盘价": [100.0, 0.0, 50.0, 50.0],
            "最高价": [100.0, 0.0, 50.0, 50.0],
            "最低价": [100.0, 0.0, 50.0, 50.0],
            "收盘价": [100.0, 100.0, 50.0, 50.0],
            "结算价": [100.0, 101.0, 50.0, 50.0],
            "前结算价": [99.0, 100.0, 49.0, 50.0],
            "成交量": [20.0, 0.0, 20.0, 40.0],
            "成交额": [1.0, 0.0, 0.5, 1.0],
            "持仓量": [10.0, 10.0, 8.0, 8.0],
        }
    )
    return frame.with_columns(**{name: pl.Series(values) for name, values in changes.items()})


def test_traps_of_a_vendors_table():
    bars = contract_bars(table(), halve_before="2020-01-01")
    np.testing.assert_array_equal(bars.close, [[100, 50], [np.nan, 50]])
    np.testing.assert_array_equal(bars.settle, [[100, 50], [101, 50]])
    np.testing.assert_array_equal(bars.volume, [[10, 10], [0, 20]])
    np.testing.assert_array_equal(bars.fields["open_interest"], [[5, 4], [5, 4]])
    # ten thousands of currency, and ru of 5 tonnes where today's has 10
    np.testing.assert_array_equal(bars.amount[0], [5000, 2500])
    np.testing.assert_array_equal(bars.multiplier, [5, 5])
    assert bars.product.tolist() == ["cu", "ru"]
    assert [str(day) for day in bars.expiry] == ["2009-05-15", "2009-05-15"]
    np.testing.assert_array_equal(bars.limit_up[:, 1], [50, 50])
    assert any("ru: multiplier 5 by the data" in note for note in bars.notes)
    assert any("SHFE: amounts are in 10,000" in note for note in bars.notes)
    assert bars.suspended[1].tolist() == [True, False]


def test_faults():
    late = table(日期=["2009-01-05", "2009-05-18", "2009-01-05", "2009-01-06"])
    with pytest.raises(MarketError, match=r"1 bars come after their contract's expiry(.*\n)*.*cu0905"):
        contract_bars(late)
    with pytest.raises(MarketError, match="no futures product 'xx0905'"):
        contract_bars(table(合约=["xx0905"] * 2 + ["ru0905"] * 2))
    with pytest.raises(MarketError, match="no column for 'close'"):
        contract_bars(table().drop("收盘价"))


def test_real_contracts(data_dir: Path):
    frame = pl.read_parquet(data_dir / "market/futures/contracts_daily.parquet")
    bars = contract_bars(frame, halve_before="2020-01-01")
    assert bars.shape == (1219, 879)
    told = "\n".join(bars.notes)
    assert "52 bars with volume lack a price" in told
    assert "SHFE: amounts are in 10,000" in told
    # expiries by rule are the last days in the data, but for Shanghai's February of 2010
    last = frame.group_by("合约").agg(pl.col("日期").max().alias("last"), pl.col("交易所").first().alias("venue"))
    ended = last.filter(pl.col("last") < pl.when(pl.col("venue") == "DCE").then(pl.date(2016, 12, 30))
                        .otherwise(pl.date(2010, 12, 31)))  # fmt: skip
    place = {name: at for at, name in enumerate(bars.entities)}
    wrong = {row["合约"] for row in ended.iter_rows(named=True)
             if bars.expiry[place[row["合约"]]] != np.datetime64(row["last"])}  # fmt: skip
    assert len(ended) == 623
    assert wrong == {"al1002", "au1002", "cu1002", "rb1002", "wr1002", "zn1002"}
    # exchanges widened limits at times; what moves before showed is hardly ever passed
    dealt = bars.tradable & np.isfinite(bars.high)
    assert (dealt & (bars.high > bars.limit_up + 1e-6)).sum() / dealt.sum() < 0.004
    found = roll(bars)
    assert found.rolled.sum() == len(found.trades(bars)) == 262
    series = continuous(bars, found)
    moves = series.fields["close"][1:] / series.fields["close"][:-1] - 1
    both = np.isfinite(moves) & np.isfinite(series.fields["returns"][1:])
    assert both.sum() > 14_000
    assert (np.abs(moves - series.fields["returns"][1:])[both] > 1e-9).sum() <= 1


def test_continuous_series_of_a_vendor(data_dir: Path):
    """Series that a vendor joined have no expiries: they are bars of products, for signals."""
    from tael.markets import Bars

    frame = pl.read_parquet(data_dir / "market/futures/continuous_daily_2000_2014.parquet")
    bars = Bars.from_frame(frame, entity="symbol")
    assert bars.shape[1] == 46
    assert np.isnat(bars.expiry).all()
    panel = bars.panel(["close", "returns"])
    assert np.isfinite(panel.fields["close"]).mean() > 0.2
