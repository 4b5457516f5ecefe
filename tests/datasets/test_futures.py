"""Simulated futures: contracts obey the exchange, curves converge, and the premia are those that were planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.datasets import SimulatedFutures, simulate_futures
from tael.datasets.futures_curves import LAG
from tael.errors import TablesError
from tael.markets.futures import expiries
from tael.tables import read_tables


@pytest.fixture(scope="module")
def futures() -> SimulatedFutures:
    return simulate_futures(10, 600, seed=4)


@pytest.fixture(scope="module")
def bars(futures: SimulatedFutures) -> pl.DataFrame:
    tables = futures.frames
    return (
        tables["bars"]
        .join(tables["products"].drop("title", "title_zh"), on="product")
        .join(tables["contracts"].drop("product"), on="contract")
    )


def test_bars_are_consistent_and_within_the_limits(bars: pl.DataFrame) -> None:
    dealt = bars.drop_nulls("close")
    assert len(dealt) > 0.85 * len(bars)
    for price in ("open", "close", "settle"):
        assert dealt.filter((pl.col("low") > pl.col(price)) | (pl.col("high") < pl.col(price))).is_empty()
    assert dealt.filter((pl.col("high") > pl.col("limit_up")) | (pl.col("low") < pl.col("limit_down"))).is_empty()
    for price in ("open", "high", "low", "close", "settle"):
        steps = dealt[price] / dealt["tick"]
        assert (steps - steps.round()).abs().max() < 1e-6
    assert (bars.filter(pl.col("volume") == 0)["close"].null_count()) == len(bars.filter(pl.col("volume") == 0))
    wide = (bars["limit_up"] / bars["presettle"] - 1) / bars["limit"]
    assert wide.max() <= 1.5 + 1e-9
    assert wide.median() == pytest.approx(1, abs=0.02)


def test_the_settlement_price_goes_into_the_next_day(futures: SimulatedFutures) -> None:
    bars = futures.frames["bars"].sort("contract", "date")
    shifted = bars.with_columns(before=pl.col("settle").shift(1).over("contract")).drop_nulls("before")
    assert (shifted["before"] - shifted["presettle"]).abs().max() == 0


def test_contracts_end_when_the_exchanges_say(futures: SimulatedFutures, bars: pl.DataFrame) -> None:
    contracts = futures.frames["contracts"]
    assert (contracts["expiry"].to_numpy() == expiries(contracts["contract"].to_list())).all()
    assert (bars["date"] <= bars["expiry"]).all()
    assert (bars["date"] >= bars["listed"]).all()
    ends = bars.group_by("contract").agg(pl.col("date").max(), pl.col("expiry").first())
    over = ends.filter(pl.col("expiry") <= futures.days[-1].item())
    assert (over["date"] == over["expiry"]).all()


def test_open_interest_moves_on_before_the_expiry(futures: SimulatedFutures, bars: pl.DataFrame) -> None:
    held = bars.sort("open_interest").group_by("product", "date").last()
    left = (held["expiry"] - held["date"]).dt.total_days()
    assert left.min() > 15
    order = held.sort("product", "date").with_columns(next=pl.col("expiry").shift(-1).over("product")).drop_nulls()
    assert (order["next"] >= order["expiry"]).all()
    assert order.filter(pl.col("next") > pl.col("expiry")).height > 10
    total = bars.group_by("product", "date").agg(pl.col("open_interest").sum())
    assert total["open_interest"].min() > 0


def test_contracts_converge_to_spot(futures: SimulatedFutures, bars: pl.DataFrame) -> None:
    spot = futures.frames["spot"].select("product", "date", spot="price")
    joined = bars.join(spot, on=["product", "date"]).with_columns(
        gap=(pl.col("settle") / pl.col("spot")).log().abs(),
        left=(pl.col("expiry") - pl.col("date")).dt.total_days(),
    )
    near = joined.filter(pl.col("left") <= 5)["gap"].mean()
    far = joined.filter(pl.col("left") > 200)["gap"].mean()
    assert near < 0.02
    assert far > 2 * near


def test_stores_are_low_where_the_yield_is_high(futures: SimulatedFutures) -> None:
    curves = futures.truth.curves
    receipts = futures.frames["receipts"]["receipts"].to_numpy().reshape(curves.spot.shape)
    for p in range(receipts.shape[1]):
        assert np.corrcoef(np.log(receipts[:, p] + 1), curves.convenience[:, p])[0, 1] < -0.3
    weekly = futures.frames["inventories"]
    assert (weekly["published"] > weekly["date"]).all()
    assert set(weekly["date"].dt.weekday()) == {5}


def test_members_hold_no_more_than_there_is(futures: SimulatedFutures) -> None:
    members = futures.frames["member_positions"]
    bars = futures.frames["bars"].select("contract", "date", "open_interest")
    sums = members.group_by("contract", "date", "side").agg(pl.col("position").sum(), pl.len())
    assert (sums["len"] == 20).all()
    joined = sums.join(bars, on=["contract", "date"])
    assert len(joined) == len(sums)
    assert (joined["position"] <= joined["open_interest"]).all()
    falling = members.sort("date", "product", "side", "rank").with_columns(
        before=pl.col("position").shift(1).over("date", "product", "side")
    )
    assert falling.filter(pl.col("position") > pl.col("before")).is_empty()


def test_returns_look_like_returns(futures: SimulatedFutures) -> None:
    returns = futures.truth.curves.returns
    scaled = returns / returns.std(axis=0)
    assert (scaled**4).mean() > 4
    lagged = [np.corrcoef(returns[1:, p], returns[:-1, p])[0, 1] for p in range(returns.shape[1])]
    assert abs(np.mean(lagged)) < 0.05
    sizes = [np.corrcoef(np.abs(returns[1:, p]), np.abs(returns[:-1, p]))[0, 1] for p in range(returns.shape[1])]
    assert np.mean(sizes) > 0.03


@pytest.mark.parametrize(("carry", "momentum"), [(3.0, 0.0), (0.0, 3.0), (0.0, 0.0)])
def test_the_premia_are_those_that_were_planted(carry: float, momentum: float) -> None:
    rows = pl.concat([simulate_futures(12, 320, seed, carry=carry, momentum=momentum).truth.frame for seed in range(3)])
    for name, planted in (("carry", carry), ("momentum", momentum)):
        of = rows.filter(pl.col("premium") == name)
        error = float(np.sqrt((of["standard_error"] ** 2).sum())) / len(of)
        if planted or not (carry or momentum):
            assert abs(of["realised_sharpe"].mean() - planted) < 3 * error


def test_what_is_expected_is_paid_two_days_later() -> None:
    curves = simulate_futures(20, 500, seed=2, carry=10.0, momentum=0.0).truth.curves
    paid = curves.returns / curves.volatility
    slopes = {}
    for lag in (0, LAG):
        x, y = curves.premium[: len(paid) - lag].ravel(), paid[lag:].ravel()
        slopes[lag] = np.cov(x, y)[0, 1] / x.var()
    assert slopes[LAG] == pytest.approx(1, abs=0.2)


def test_the_carry_is_seen_in_the_bars(futures: SimulatedFutures) -> None:
    curves, contracts = futures.truth.curves, futures.frames["contracts"]
    close = futures.frames["bars"].pivot("contract", index="date", values="close").sort("date")
    t = 300
    near = [contracts["contract"][int(at)] for at in curves.main[t]]
    far = [contracts["contract"][int(at)] for at in curves.following[t]]
    expiry = dict(contracts.select("contract", "expiry").iter_rows())
    slope = np.array(
        [
            np.log(close[a][t] / close[b][t]) / ((expiry[b] - expiry[a]).days / 365)
            for a, b in zip(near, far, strict=True)
        ]
    )
    assert np.allclose((slope - slope.mean()) / slope.std(), curves.carry[t])


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_written_and_read(tmp_path: Path, format: str) -> None:
    small = simulate_futures(3, 140, seed=2)
    tables = read_tables(small.write(tmp_path / "futures", format))
    assert tables.simulated
    assert {name: len(frame) for name, frame in tables.items()} == {n: len(f) for n, f in small.frames.items()}
    for name, frame in small.frames.items():
        columns = small.schema[name]["columns"]
        assert list(columns) == frame.columns
        assert all(column["title"]["en"] and column["title"]["zh"] for column in columns.values())


def test_the_same_seed_gives_the_same_market() -> None:
    one, two, other = (simulate_futures(3, 140, seed=seed) for seed in (3, 3, 4))
    assert all(one.frames[name].equals(two.frames[name]) for name in one.frames)
    assert not one.frames["bars"].equals(other.frames["bars"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_products": 1}, "2 to 30"),
        ({"n_days": 10}, "130 to 6,000"),
        ({"seed": -1}, "0 or more"),
        ({"carry": 11.0}, "between -10 and 10"),
        ({"momentum": float("nan")}, "between -10 and 10"),
        ({"start": "1.2.2020"}, "YYYY-MM-DD"),
        ({"start": "2001-01-01"}, "2005 or later"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(TablesError, match=said):
        simulate_futures(**{"n_products": 2, "n_days": 130, **arguments})  # type: ignore[arg-type]
