"""Simulated minutes: sessions of the exchanges, consistent bars, and the order flow that was planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.datasets import SimulatedMinutes, simulate_minutes
from tael.errors import TablesError
from tael.tables import read_tables


@pytest.fixture(scope="module")
def minutes() -> SimulatedMinutes:
    return simulate_minutes(5, 12, seed=1, start="2023-04-24")


def test_bars_are_consistent(minutes: SimulatedMinutes) -> None:
    bars = minutes.frames["bars"]
    for price in ("open", "close"):
        assert bars.filter((pl.col("low") > pl.col(price)) | (pl.col("high") < pl.col(price))).is_empty()
    assert (bars["buy_volume"] + bars["sell_volume"] == bars["volume"]).all()
    assert bars.select(["buy_volume", "sell_volume"]).min_horizontal().min() >= 0
    assert not bars.select("product", "time").is_duplicated().any()


def test_the_night_belongs_to_the_next_trading_day(minutes: SimulatedMinutes) -> None:
    bars = minutes.frames["bars"].with_columns(hour=pl.col("time").dt.hour())
    night = bars.filter((pl.col("hour") >= 21) | (pl.col("hour") <= 2))
    assert (night["time"].dt.date() <= night["trading_day"]).all()
    assert night.filter(pl.col("hour") >= 21).select((pl.col("time").dt.date() < pl.col("trading_day")).all()).item()
    ends = night.group_by("product").agg(pl.col("time").dt.time().filter(pl.col("hour") < 21).max())
    by_product = dict(ends.iter_rows())
    assert by_product["rb"] is None or by_product["rb"].hour == 23
    assert str(by_product["au"]) == "02:30:00"
    # Nobody trades in the night before a holiday's end: 4 May 2023 was the first day after Labour Day.
    assert night.filter(pl.col("trading_day") == pl.date(2023, 5, 4)).is_empty()
    day = bars.filter(pl.col("hour").is_between(9, 15))["time"].dt.time()
    assert str(day.max()) == "15:00:00"
    assert str(day.min()) == "09:01:00"


@pytest.mark.parametrize("ic", [0.0, 0.08])
def test_the_flow_foretells_as_much_as_was_said(ic: float) -> None:
    (row,) = simulate_minutes(6, 20, seed=3, ic=ic).truth.frame.to_dicts()
    assert abs(row["realised_ic"] - ic) < 3.5 * row["standard_error"]


def test_the_formula_is_what_was_planted() -> None:
    market = simulate_minutes(3, 20, seed=2, ic=0.2)
    found = []
    for _, bars in market.frames["bars"].group_by("product", maintain_order=True):
        flow = ((bars["buy_volume"] - bars["sell_volume"]) / bars["volume"]).to_numpy()
        change = np.diff(np.log(bars["close"].to_numpy()))
        found.append(np.corrcoef(flow[:-2], change[1:])[0, 1])
    assert np.mean(found) == pytest.approx(market.truth.frame["realised_ic"][0])
    assert np.mean(found) > 0.15


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_written_and_read(minutes: SimulatedMinutes, tmp_path: Path, format: str) -> None:
    tables = read_tables(minutes.write(tmp_path / "minutes", format))
    assert tables.simulated
    assert len(tables["bars"]) == len(minutes.frames["bars"])
    assert list(minutes.schema["bars"]["columns"]) == minutes.frames["bars"].columns


def test_the_same_seed_gives_the_same_minutes() -> None:
    one, two, other = (simulate_minutes(2, 2, seed=seed).frames["bars"] for seed in (3, 3, 4))
    assert one.equals(two)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_products": 0}, "1 to 30"),
        ({"n_days": 0}, "1 to 250"),
        ({"seed": -1}, "0 or more"),
        ({"ic": 0.5}, "between -0.3 and 0.3"),
        ({"start": "soon"}, "YYYY-MM-DD"),
        ({"start": "2001-01-01"}, "2005 or later"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(TablesError, match=said):
        simulate_minutes(**{"n_products": 1, "n_days": 1, **arguments})  # type: ignore[arg-type]
