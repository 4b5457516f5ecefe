"""The simulated market: the exchange's rules hold, prices look like prices, tables keep their promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.datasets import SimulatedMarket, simulate_market
from tael.datasets.market_rules import BOARDS, limit_prices, limit_rates
from tael.errors import TablesError
from tael.tables import read_tables


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return simulate_market(300, 700, seed=5, start="2019-01-02")


@pytest.fixture(scope="module")
def bars(market: SimulatedMarket) -> pl.DataFrame:
    return market.frames["bars"].join(market.frames["stocks"], on="code")


@pytest.fixture(scope="module")
def returns(market: SimulatedMarket) -> np.ndarray:
    return grid(market, "return")


def grid(market: SimulatedMarket, field: str) -> np.ndarray:
    """A field as (T, N), missing where nothing was traded."""
    bars = market.frames["bars"].filter(pl.col("tradestatus") == 1)
    bars = bars.with_columns((pl.col("close") / pl.col("preclose") - 1).alias("return"))
    out = np.full((len(market.days), len(market.codes)), np.nan)
    row = np.searchsorted(market.days, bars["date"].to_numpy())
    number = {code: i for i, code in enumerate(market.codes)}
    out[row, np.array([number[code] for code in bars["code"]])] = bars[field].to_numpy()
    return out


def autocorrelation(values: np.ndarray, lag: int) -> float:
    centred = values - np.nanmean(values, axis=0)
    return float(np.nanmean(centred[:-lag] * centred[lag:]) / np.nanmean(centred**2))


def test_bars_are_consistent(bars: pl.DataFrame) -> None:
    low = pl.min_horizontal("open", "close", "high")
    high = pl.max_horizontal("open", "close", "low")
    assert bars.filter((pl.col("low") > low) | (pl.col("high") < high) | (pl.col("low") <= 0)).is_empty()
    change = pl.col("preclose") * (1 + pl.col("pctChg") / 100) - pl.col("close")
    assert bars.select((change.abs() / pl.col("close")).max()).item() < 1e-6
    for price in ("open", "high", "low", "close", "preclose"):
        assert bars.select((pl.col(price) * 100 - (pl.col(price) * 100).round()).abs().max()).item() < 1e-6
    traded = bars.filter(pl.col("tradestatus") == 1)
    average = traded["amount"] / traded["volume"]
    assert ((average >= traded["low"] - 1e-6) & (average <= traded["high"] + 1e-6)).all()
    assert (traded["volume"] % 100 == 0).all()
    assert (traded["volume"] > 0).all()


def test_limits_are_never_exceeded(market: SimulatedMarket, bars: pl.DataFrame) -> None:
    board = bars["board"].replace_strict({name: code for code, name in enumerate(BOARDS)}).to_numpy()
    row = np.searchsorted(market.days, bars["date"].to_numpy())
    begins = np.searchsorted(market.days, bars["listed"].to_numpy())
    age = np.where(bars["listed"].to_numpy() < market.days[0], 10_000, row - begins)
    warned, preclose = bars["isST"].to_numpy() == 1, bars["preclose"].to_numpy()
    touched = 0
    for t in range(len(market.days)):
        at = row == t
        up, down = limit_prices(preclose[at], *limit_rates(market.days[t], board[at], warned[at], age[at]))
        assert (bars["high"].to_numpy()[at] <= up + 1e-9).all()
        assert (bars["low"].to_numpy()[at] >= down - 1e-9).all()
        touched += int((bars["close"].to_numpy()[at] == up).sum())
    assert touched > 0.002 * len(bars)


def test_what_a_limit_cuts_off_comes_the_next_day(market: SimulatedMarket, returns: np.ndarray) -> None:
    main = np.array([code.startswith(("sh.60", "sz.00")) for code in market.codes])
    held = (returns[:-1, main] > 0.0985) & (returns[:-1, main] < 0.1015)
    assert held.sum() > 50
    assert np.nanmean(returns[1:, main][held]) > 0.005


def test_suspended_days_have_no_trade_and_no_move(bars: pl.DataFrame) -> None:
    suspended = bars.filter(pl.col("tradestatus") == 0)
    assert 0.001 < len(suspended) / len(bars) < 0.03
    assert (suspended["volume"] == 0).all()
    assert (suspended["close"] == suspended["preclose"]).all()


def test_ex_dates_keep_adjusted_closes_continuous(market: SimulatedMarket) -> None:
    bars = market.frames["bars"].sort("code", "date")
    before = pl.col("close").shift(1).over("code")
    factor = pl.col("adjust") / pl.col("adjust").shift(1).over("code")
    checked = bars.with_columns(factor=factor, expected=before / pl.col("preclose"), before=before).drop_nulls("before")
    assert (checked["factor"] - checked["expected"]).abs().max() < 1e-9
    ex = checked.filter((pl.col("preclose") - pl.col("before")).abs() > 1e-9)
    dividends = market.frames["dividends"].rename({"ex_date": "date"})
    assert ex.join(dividends, on=["code", "date"], how="anti").is_empty()
    both = ex.join(dividends, on=["code", "date"])
    owed = (both["before"] - both["cash"]) / (1 + both["new_shares"])
    assert (owed - both["preclose"]).abs().max() < 0.0051
    assert len(both) > 50


def test_listings_and_delistings(market: SimulatedMarket) -> None:
    stocks = market.frames["stocks"]
    days = market.frames["bars"].group_by("code").agg(first=pl.col("date").min(), last=pl.col("date").max())
    joined = stocks.join(days, on="code")
    new = joined.filter(pl.col("listed") >= market.days[0].item())
    assert (new["first"] == new["listed"]).all()
    gone = joined.drop_nulls("delisted")
    assert len(gone) > 0
    assert (gone["last"] == gone["delisted"]).all()
    assert (joined.filter(pl.col("delisted").is_null())["last"] == market.days[-1].item()).all()
    later = market.frames["statements"].join(gone.select("code", "delisted"), on="code")
    assert later.filter(pl.col("announced").dt.date() > pl.col("delisted")).is_empty()


def test_returns_look_like_returns(market: SimulatedMarket, returns: np.ndarray) -> None:
    pooled = returns[~np.isnan(returns)]
    kurtosis = np.mean((pooled - pooled.mean()) ** 4) / pooled.var() ** 2
    assert 0.015 < pooled.std() < 0.04
    assert kurtosis > 4.5
    assert abs(autocorrelation(returns, 1)) < 0.04
    assert abs(autocorrelation(returns, 2)) < 0.025
    assert autocorrelation(np.abs(returns), 1) > 0.05
    assert autocorrelation(np.abs(returns), 20) > 0.02
    volume = np.log(grid(market, "volume"))
    for i in range(0, returns.shape[1], 40):
        there = ~np.isnan(returns[1:, i]) & ~np.isnan(np.diff(volume[:, i]))
        if there.sum() > 100:
            assert np.corrcoef(np.abs(returns[1:, i][there]), np.diff(volume[:, i])[there])[0, 1] > 0.2


def test_everything_is_known_after_it_happened(market: SimulatedMarket) -> None:
    frames = market.frames
    statements = frames["statements"]
    lag = (statements["announced"].dt.date() - statements["period_end"]).dt.total_days()
    assert lag.min() > 10
    on_time = statements.join(frames["stocks"], on="code").filter(
        pl.col("announced").dt.date() > pl.col("listed") + pl.duration(days=130)
    )
    assert (on_time["announced"].dt.date() - on_time["period_end"]).dt.total_days().max() <= 120
    both = frames["previews"].join(statements, on=["code", "period_end"])
    assert (both["published"] < both["announced"]).all()
    for table, happened in (("visits", "visited"), ("top_traders", "date"), ("northbound", "date")):
        assert (frames[table]["published"] > frames[table][happened]).all()
    members = frames["index_members"]
    assert (members["announced"].dt.date() < members["since"]).mean() > 0.9
    assert (members["until"].drop_nulls() > members.drop_nulls("until")["since"]).all()


def test_warned_after_two_losing_years(market: SimulatedMarket, bars: pl.DataFrame) -> None:
    begins = bars.filter(pl.col("isST") == 1).group_by("code").agg(pl.col("date").min())
    begins = begins.filter(pl.col("date") > market.days[0].item())
    assert len(begins) > 0
    yearly = market.frames["statements"].filter(pl.col("period_end").dt.month() == 12).select("code", "announced")
    close = yearly.join(begins, on="code").with_columns(gap=pl.col("date") - pl.col("announced").dt.date())
    nearest = close.filter(pl.col("gap").dt.total_days() > 0).group_by("code").agg(pl.col("gap").min())
    assert len(nearest) == len(begins)
    assert nearest["gap"].dt.total_days().max() <= 15


def test_indices_hold_the_largest_and_their_level_is_their_members(market: SimulatedMarket) -> None:
    members = market.frames["index_members"]
    quotes = market.frames["index_quotes"].filter(pl.col("index") == "SIMALL")
    assert set(members["index"]) == {"SIM300", "SIM500"}
    change = (quotes["close"] / quotes["preclose"] - 1).to_numpy()
    plain = np.nanmean(grid(market, "return"), axis=1)
    assert np.corrcoef(change, plain)[0, 1] > 0.85
    assert (quotes["high"] >= quotes["close"]).all()


def test_news_says_what_happened(market: SimulatedMarket) -> None:
    news = market.frames["news"].with_columns(date=pl.col("published").dt.date())
    told = news.join(market.frames["bars"], on=["code", "date"])
    good = told.filter(pl.col("text").str.contains("大涨|上调|超预期|创纪录"))["pctChg"].mean()
    bad = told.filter(pl.col("text").str.contains("大跌|下调|预警|不及预期"))["pctChg"].mean()
    assert good > 1
    assert bad < -1
    english = simulate_market(20, 60, seed=1, language="en").frames["news"]["text"]
    assert english.str.contains("annual meeting|board|schedule").any()


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_written_and_read(market: SimulatedMarket, tmp_path: Path, format: str) -> None:
    small = simulate_market(40, 90, seed=2)
    tables = read_tables(small.write(tmp_path / "market", format))
    assert tables.simulated
    assert {name: len(frame) for name, frame in tables.items()} == {n: len(f) for n, f in small.frames.items()}
    assert small.schema["bars"]["known_at"] == "closed_at"
    assert all(
        column["title"]["zh"] for name, s in small.schema.items() if name != "tael" for column in s["columns"].values()
    )
    for name, frame in small.frames.items():
        assert list(small.schema[name]["columns"]) == frame.columns


def test_the_same_seed_gives_the_same_market() -> None:
    one, two, other = (simulate_market(40, 80, seed=seed) for seed in (3, 3, 4))
    assert all(one.frames[name].equals(two.frames[name]) for name in one.frames)
    assert not one.frames["bars"].equals(other.frames["bars"])
    assert one.truth.frame.equals(two.truth.frame)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_stocks": 5}, "20 to 10,000"),
        ({"n_days": 10}, "60 to 6,000"),
        ({"seed": -1}, "0 or more"),
        ({"start": "tomorrow"}, "YYYY-MM-DD"),
        ({"start": "1999-01-04"}, "2005 or later"),
        ({"language": "fr"}, "zh or en"),
        ({"alphas": [("rank(close)", 0.03)]}, "cannot be planted by its formula alone"),
        ({"alphas": [("delta(upgrades, 5)", 0.9)]}, "between -0.3 and 0.3"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(TablesError, match=said):
        simulate_market(**{"n_stocks": 20, "n_days": 60, **arguments})  # type: ignore[arg-type]
