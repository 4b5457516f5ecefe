from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.reading import adjust_factor, statement_fields, stock_bars


def table(n: int = 4, **columns: object) -> pl.DataFrame:
    close = [10.0, 11.0, 11.0, 12.0][:n]
    frame = pl.DataFrame(
        {
            "date": [date(2024, 1, 2) + timedelta(i) for i in range(n)],
            "code": ["sh.600000"] * n,
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "preclose": [9.5, 10.0, 11.0, 11.0][:n],
            "volume": [100.0, 200.0, 0.0, 300.0][:n],
            "amount": [1000.0, 2200.0, 0.0, 3600.0][:n],
            "tradestatus": [1, 1, 0, 1][:n],
            "isST": [0, 0, 0, 1][:n],
        }
    )
    return frame.with_columns(**{name: pl.Series(values) for name, values in columns.items()})


def test_a_day_without_a_deal_has_no_bar():
    bars = stock_bars(table())
    np.testing.assert_array_equal(bars.close[:, 0], [10, 11, np.nan, 12])
    assert bars.suspended[:, 0].tolist() == [False, False, True, False]
    assert bars.listed.all()
    assert bars.st[:, 0].tolist() == [False, False, False, True]
    np.testing.assert_array_equal(bars.limit_up[:, 0], [10.45, 11, 12.1, 11.55])
    assert bars.notes == ()


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_frames_of_other_libraries(library: str):
    raw = table().to_dict(as_series=False)
    frame = pd.DataFrame(raw) if library == "pandas" else pa.table(raw)
    assert stock_bars(frame).fingerprint() == stock_bars(table()).fingerprint()


def test_vendors_names_and_units():
    frame = table().rename({"date": "trade_date", "code": "ts_code", "volume": "vol", "preclose": "pre_close"})
    frame = frame.with_columns(pl.col("vol") / 100, pl.col("amount") / 1000, pl.col("trade_date").dt.strftime("%Y%m%d"))
    bars = stock_bars(frame, volume_unit=100, amount_unit=1000)
    assert bars.fingerprint() == stock_bars(table()).fingerprint()
    with pytest.raises(MarketError, match=r"Amount by volume is not the price(.*\n)*.*volume_unit"):
        stock_bars(frame)


def test_an_ex_date_multiplies_the_factor():
    bars = stock_bars(table(open=[10.0, 5.5, 5.5, 6.0], high=[10.0, 5.5, 5.5, 6.0], low=[10.0, 5.5, 5.5, 6.0],
                            close=[10.0, 5.5, 5.5, 6.0], preclose=[9.5, 5.0, 5.5, 5.5],
                            amount=[1000.0, 1100.0, 0.0, 1800.0]))  # fmt: skip
    np.testing.assert_allclose(bars.adjust[:, 0], [1, 2, 2, 2])
    np.testing.assert_allclose(bars.panel().fields["close"][:, 0], [10, 11, np.nan, 12])
    np.testing.assert_allclose(bars.panel().fields["volume"][:, 0], [100, 100, np.nan, 150])


def test_notes_tell_what_is_odd():
    pct = [5.2632, 99.0, 0.0, 9.0909]
    bars = stock_bars(table(pctChg=pct, tradestatus=[1, 1, 1, 0]), survivors=True, prices="forward_adjusted")
    told = "\n".join(bars.notes)
    assert "1 bars have a change in per cent" in told
    assert "first sh.600000 at 2024-01-03" in told
    assert "1 bars are flagged as not traded and have volume: first sh.600000 at 2024-01-05" in told
    assert "1 bars are flagged as traded and have no volume" in told
    assert "survivorship" in told
    assert "adjusted by the vendor" in told


def test_listing_and_delisting():
    frame = table(listed_on=["2024-01-03"] * 4, outDate=["2024-01-05"] * 4)
    assert stock_bars(frame).listed[:, 0].tolist() == [False, True, True, False]


def test_faults():
    with pytest.raises(MarketError, match=r"no column for 'close'(.*\n)*.*收盘价"):
        stock_bars(table().drop("close"))
    with pytest.raises(MarketError, match="no column 'Close'"):
        stock_bars(table(), columns={"close": "Close"})
    with pytest.raises(MarketError, match="has no 'closing'"):
        stock_bars(table(), columns={"closing": "close"})
    with pytest.raises(MarketError, match="belongs to no board"):
        stock_bars(table().with_columns(code=pl.lit("AAPL")))
    with pytest.raises(MarketError, match="more than yes and no"):
        stock_bars(table(tradestatus=[1, 2, 1, 1]))
    assert stock_bars(table().with_columns(code=pl.lit("aapl")), exchange=None, upper=True).entities == ("AAPL",)


@given(st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(0.3, 2.0), st.booleans()), min_size=2, max_size=12))
@settings(max_examples=100, deadline=None)
def test_factor_makes_returns_those_of_the_reference_price(steps: list[tuple[float, float, bool]]):
    """Against a plain walk: a deal moves the price, an ex date scales it, through suspensions too."""
    close, preclose, last = [], [], 10.0
    for change, scale, deals in steps:
        reference = last * scale
        last = reference * (1 + change) if deals else reference
        preclose.append(reference)
        close.append(last if deals else np.nan)
    close_, pre = np.array(close)[:, None], np.array(preclose)[:, None]
    factor = adjust_factor(close_, pre, tolerance=0.0)
    smooth = (close_ * factor)[:, 0]
    dealt = np.flatnonzero(np.isfinite(smooth))
    for one, two in pairwise(dealt):
        assert smooth[two] / smooth[one] - 1 == pytest.approx(close[two] / preclose[two] - 1, abs=1e-9)
    half = len(steps) // 2
    np.testing.assert_array_equal(factor[:half], adjust_factor(close_[:half], pre[:half], tolerance=0.0))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30), st.integers(0, 99)), max_size=12), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_statements_against_a_plain_walk(rows: list[tuple[int, int, int]], n: int):
    """Known strictly before; the latest period of those known; of one period the statement known last."""
    start = date(2020, 1, 1)
    frame = pl.DataFrame(
        {
            "who": [("a", "b", "c")[at % 3] for at in range(len(rows))],
            "end": [start + timedelta(end) for end, _, _ in rows],
            "told": [start + timedelta(end + lag) for end, lag, _ in rows],
            "value": [float(value) for _, _, value in rows],
        },
        schema={"who": pl.String, "end": pl.Date, "told": pl.Date, "value": pl.Float64},
    )
    days = np.datetime64("2020-01-01") + np.arange(75)
    who = ("a", "b", "c")[n]
    found = statement_fields(frame, days, [who], entity="who", period_end="end", fields=["value"], known_at="told")
    for t, day in enumerate(days.tolist()):
        known = [(row["end"], row["told"], at) for at, row in enumerate(frame.iter_rows(named=True))
                 if row["who"] == who and row["told"] < day]  # fmt: skip
        expected = frame["value"][max(known)[2]] if known else np.nan
        np.testing.assert_equal(found["value"][t, 0], expected)


def test_statement_faults():
    frame = pl.DataFrame({"who": ["a"], "end": ["2020-03-31"], "told": ["2020-03-01"], "value": [1.0]})
    days = np.array(["2020-04-01"], dtype="M8[D]")
    ask = dict(entity="who", period_end="end", fields=["value"])
    with pytest.raises(MarketError, match="known before its period ends"):
        statement_fields(frame, days, ["a"], known_at="told", **ask)
    with pytest.raises(MarketError, match="not known before its period ends"):
        statement_fields(frame, days, ["a"], lag_days=-1, **ask)
    with pytest.raises(MarketError, match="no column 'value'"):
        statement_fields(frame.drop("value"), days, ["a"], **ask)


def test_a_shares(data_dir: Path):
    frame = pl.read_parquet(data_dir / "market/ashare_daily/csi800_2016_2021.parquet")
    bars = stock_bars(frame, prices="forward_adjusted", survivors=True, groups=["index"], fields=["turn"])
    assert bars.shape == (1463, 745)
    told = "\n".join(bars.notes)
    assert "3 bars have a change in per cent" in told
    assert "4 reference prices of the adjusted series" in told
    wide = frame.filter((pl.col("tradestatus") == 1) & pl.col("pctChg").is_not_null())
    assert bars.tradable.sum() == len(wide)
    # every move beyond a limit is the first day of a relisting: no table of daily bars tells those
    high = np.argwhere(bars.tradable & (bars.close > bars.limit_up * 1.01))
    low = np.argwhere(bars.tradable & (bars.close < bars.limit_down * 0.99))
    relisted = {(bars.entities[n], str(bars.times[t])[:10]) for t, n in (*high, *low)}
    assert relisted == {("sz.000629", "2018-08-24"), ("sh.601399", "2020-06-08"), ("sz.000792", "2021-08-10"),
                        ("sz.000155", "2017-12-18")}  # fmt: skip
    # many days end at their limit, and hardly any ends just below where rounding alone could tell
    up = np.isfinite(bars.limit_up) & bars.tradable
    assert 9000 < (up & (bars.close >= bars.limit_up)).sum() < 10500
    # the panel's returns are the vendor's changes in per cent
    close = bars.panel(["close"]).fields["close"]
    change = close[1:] / close[:-1] - 1
    pct = np.full(bars.shape, np.nan)
    day = np.searchsorted(bars.times, frame["date"].cast(pl.Datetime("us")).to_numpy())
    place = {name: at for at, name in enumerate(bars.entities)}
    pct[day, [place[code] for code in frame["code"]]] = frame["pctChg"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    both = np.isfinite(change) & np.isfinite(pct[1:])
    assert (np.abs(change - pct[1:] / 100)[both] > 2e-4).sum() <= 1


def test_us_stocks_and_statements(data_dir: Path):
    frame = pl.read_parquet(data_dir / "market/us_daily/sp500_2010_2015.parquet")
    frame = frame.filter(pl.col("Symbol").is_in(["aapl", "msft", "aal", "xom"]))
    bars = stock_bars(frame, exchange="us_stocks", survivors=True, upper=True, prices="backward_adjusted")
    assert bars.entities == ("AAL", "AAPL", "MSFT", "XOM")
    assert np.isinf(bars.limit_up).all()
    statements = pl.read_csv(data_dir / "market/us_daily/fundamentals.csv", infer_schema_length=None)
    found = statement_fields(
        statements, bars.times, bars.entities, entity="Ticker Symbol", period_end="Period Ending",
        fields=["Total Revenue"],
    )["Total Revenue"]  # fmt: skip
    # American's year 2012 ended on 31 December: 90 days later is 31 March 2013, a Sunday; used after it
    at = np.searchsorted(bars.times, np.datetime64("2013-04-01"))
    assert found[at, 0] != found[at - 1, 0] or np.isnan(found[at - 1, 0])
    told = statements.filter((pl.col("Ticker Symbol") == "AAL") & (pl.col("Period Ending") == "12/31/2012"))
    assert found[at, 0] == told["Total Revenue"][0]


def test_unadjusted_prices_of_a_simulated_market():
    """Reference prices alone give back the factor that the market was made with, and limits that nobody passed."""
    from tael.datasets.market import simulate_market

    made = simulate_market(n_stocks=60, n_days=200, seed=1).frames
    dates = made["stocks"].select("code", listed_on="listed", delisted_on="delisted")
    frame = made["bars"].join(dates, on="code")
    known = stock_bars(frame, columns={"time": "closed_at"})
    assert str(known.times[0])[11:16] == "15:00"
    derived = stock_bars(frame.drop("adjust"), columns={"time": "closed_at"})
    assert known.notes == derived.notes == ()
    dealt = known.tradable
    assert (known.adjust[1:] != known.adjust[:-1]).any()
    # reference prices are rounded to a cent, factors are not
    ratio = (derived.adjust / known.adjust)[-1]
    assert (
        np.nanmax(np.abs(ratio / (derived.adjust / known.adjust)[np.argmax(dealt, axis=0), np.arange(60)] - 1)) < 0.01
    )
    smooth = derived.panel(["close"]).fields["close"]
    pct = np.full(known.shape, np.nan)
    row = np.searchsorted(known.times, frame["closed_at"].to_numpy())
    place = {name: at for at, name in enumerate(known.entities)}
    pct[row, [place[code] for code in frame["code"]]] = frame["pctChg"].to_numpy()
    both = np.isfinite(smooth[1:]) & np.isfinite(smooth[:-1])
    np.testing.assert_allclose((smooth[1:] / smooth[:-1] - 1)[both], pct[1:][both] / 100, atol=2e-4)
    assert not (dealt & ((known.high > known.limit_up + 1e-9) | (known.low < known.limit_down - 1e-9))).any()
    assert (dealt & (known.close == known.limit_up)).any()
    # a table that ends earlier says the same of what it holds
    short = stock_bars(
        frame.filter(pl.col("closed_at") < known.times[120]).drop("adjust"), columns={"time": "closed_at"}
    )
    whole = derived.select(short.entities).window(0, 120)
    for name in ("close", "preclose", "adjust", "listed", "suspended", "limit_up", "limit_down", "st"):
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name), err_msg=name)


def test_adjusted_prices_and_volumes_tell_nothing_of_splits_to_come(data_dir: Path) -> None:
    """Amount by volume as traded, over a price adjusted afterwards, is the factor of all later splits: none is left."""
    frame = pl.read_parquet(data_dir / "market" / "ashare_daily" / "csi800_2016_2021.parquet")
    bars = stock_bars(frame.filter(pl.col("code") < "sh.600100"), prices="forward_adjusted", survivors=True)
    panel = bars.panel()
    ratio = panel.fields["vwap"] / ((panel.fields["high"] + panel.fields["low"] + panel.fields["close"]) / 3)
    known = ratio[np.isfinite(ratio)]
    assert len(known) > 10_000
    np.testing.assert_allclose(known, 1.0, rtol=1e-6)
