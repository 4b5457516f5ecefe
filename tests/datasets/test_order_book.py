"""The simulated order book: never crossed, trades within the quotes, foretold as much as was planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets import SimulatedOrderBook, simulate_order_book
from tael.datasets.order_book_events import REACH, Book
from tael.errors import TablesError
from tael.tables import read_tables


@pytest.fixture(scope="module")
def market() -> SimulatedOrderBook:
    return simulate_order_book(3_600, 2, seed=1, orders=True)


def test_the_book_is_never_crossed(market: SimulatedOrderBook) -> None:
    shots = market.frames["snapshots"]
    assert (shots["bid_price1"] < shots["ask_price1"]).all()
    for k in range(1, 10):
        assert shots.filter(pl.col(f"bid_price{k}") <= pl.col(f"bid_price{k + 1}")).is_empty()
        assert shots.filter(pl.col(f"ask_price{k}") >= pl.col(f"ask_price{k + 1}")).is_empty()
    for k in range(1, 11):
        assert shots[f"bid_volume{k}"].min() >= 100
        assert (shots[f"ask_volume{k}"] % 100 == 0).all()
    assert (shots["ask_price1"] - shots["bid_price1"]).mean() < 0.03


def test_volume_and_amount_are_those_of_the_trades(market: SimulatedOrderBook) -> None:
    shots, trades = market.frames["snapshots"], market.frames["trades"]
    dealt = trades.with_columns(amount=pl.col("price") * pl.col("volume"))
    dealt = dealt.group_by(pl.col("time").dt.date().alias("day")).agg(pl.col("volume", "amount").sum()).sort("day")
    last = shots.group_by(pl.col("time").dt.date().alias("day")).agg(pl.col("volume", "amount").last()).sort("day")
    assert last["volume"].to_list() == dealt["volume"].to_list()
    assert np.allclose(last["amount"], dealt["amount"])
    assert (shots.sort("time")["time"] == shots["time"]).all()
    assert shots["volume"].diff().drop_nulls().min() <= 0  # a new day begins at nothing


def test_trades_are_dealt_at_the_other_sides_prices(market: SimulatedOrderBook) -> None:
    quotes = market.frames["snapshots"].select("time", "bid_price1", "ask_price1")
    trades = market.frames["trades"].join_asof(quotes, on="time").drop_nulls()
    near = trades.filter(pl.col("side") == "buy")
    assert (near["price"] - near["ask_price1"]).mean() == pytest.approx(0, abs=0.005)
    assert (trades["price"] > 0).all()
    orders = market.frames["orders"]
    market_orders = orders.filter(pl.col("kind").is_in(["buy", "sell"]))
    assert len(market_orders) == len(market.frames["trades"])
    assert (market_orders["volume"].to_numpy() == market.frames["trades"]["volume"].to_numpy()).all()


def test_hours_are_those_of_the_exchange(market: SimulatedOrderBook) -> None:
    whole = simulate_order_book(14_400, 1, seed=0, every=60.0)
    clock = whole.frames["snapshots"]["time"].dt.time()
    assert str(clock.min()) == "09:31:00"
    assert str(clock.max()) == "15:00:00"
    assert not any(11 * 60 + 30 < t.hour * 60 + t.minute <= 13 * 60 for t in clock)
    assert len(market.frames["snapshots"]) == 2 * 1_200


def test_pressure_makes_the_flow_foretell_the_price() -> None:
    def told(strength: float, seed: int) -> dict[str, float]:
        frame = simulate_order_book(3_600, 1, seed=seed, strength=strength).truth.frame
        return dict(frame.select("signal", "correlation").iter_rows())

    strong, none = ([told(strength, seed) for seed in range(2)] for strength in (0.5, 0.0))
    for signal in ("pressure", "order_flow_imbalance", "trade_imbalance"):
        assert np.mean([row[signal] for row in strong]) > 0.12
        assert abs(np.mean([row[signal] for row in none])) < 0.12
    # A short queue is used up first, whoever comes.
    assert np.mean([row["queue_imbalance"] for row in none]) > 0.1


def test_the_queue_imbalance_is_its_formula(market: SimulatedOrderBook) -> None:
    shots = market.frames["snapshots"]
    bids, asks = shots["bid_volume1"].to_numpy(), shots["ask_volume1"].to_numpy()
    middle = ((shots["bid_price1"] + shots["ask_price1"]) / 2).to_numpy()
    day = shots["time"].dt.date().to_numpy()
    same = day[20:] == day[:-20]
    found = np.corrcoef(((bids - asks) / (bids + asks))[:-20][same], (middle[20:] - middle[:-20])[same])[0, 1]
    frame = market.truth.frame.filter(pl.col("signal") == "queue_imbalance")
    assert frame["correlation"][0] == pytest.approx(found)
    assert set(market.truth.words) == set(market.truth.frame["signal"]) - {"pressure"}


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(1, 400)), max_size=60)
)
def test_the_book_keeps_its_sums(seed: int, events: list[tuple[int, bool, int]]) -> None:
    rng = np.random.default_rng(seed)
    book = Book(rng, 2_000, 10)
    for kind, buys, lots in events:
        side = 1 if buys else -1
        if kind == 0:
            before = book.volume
            assert sum(part for _, part in book.take(side, lots)) == book.volume - before <= lots
        elif kind == 1:
            book.rest(side, 1 + lots % REACH, lots)
        else:
            book.cancel(side, float(rng.random()), lots)
        assert book.on_bid == sum(book.bids) > 0
        assert book.on_ask == sum(book.asks) > 0
        assert book.bid == max(at for at, lots in enumerate(book.bids) if lots)
        assert book.ask == min(at for at, lots in enumerate(book.asks) if lots)
        assert book.bid < book.ask


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_written_and_read(tmp_path: Path, format: str) -> None:
    small = simulate_order_book(120, 1, levels=5, seed=2, orders=True)
    tables = read_tables(small.write(tmp_path / "book", format))
    assert tables.simulated
    for name, frame in small.frames.items():
        assert len(tables[name]) == len(frame)
        columns = small.schema[name]["columns"]
        assert list(columns) == frame.columns
        assert all(column["title"]["en"] and column["title"]["zh"] for column in columns.values())


def test_a_price_that_never_moved_tells_nothing() -> None:
    short = simulate_order_book(60, 1, seed=0)
    assert len(short.truth.frame) == 0
    still = simulate_order_book(80, 1, seed=3, every=0.5, price=5_000.0)
    assert still.truth.frame.columns == short.truth.frame.columns


def test_the_same_seed_gives_the_same_book() -> None:
    one, two, other = (simulate_order_book(120, 1, seed=seed).frames["snapshots"] for seed in (3, 3, 4))
    assert one.equals(two)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_seconds": 10}, "60 to 14,400"),
        ({"n_days": 0}, "1 to 250"),
        ({"levels": 11}, "1 to 10"),
        ({"seed": -1}, "0 or more"),
        ({"strength": 2.0}, "0 to 1"),
        ({"every": 0.0}, "0.1 to 60"),
        ({"price": 0.5}, "2 to 10,000"),
        ({"start": "soon"}, "YYYY-MM-DD"),
        ({"start": "2001-01-01"}, "2005 or later"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(TablesError, match=said):
        simulate_order_book(**{"n_seconds": 60, "n_days": 1, **arguments})  # type: ignore[arg-type]
