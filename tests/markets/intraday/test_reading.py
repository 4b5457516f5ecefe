"""Vendors' order books: LOBSTER, level 2, futures ticks; their traps and faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.errors import MarketError
from tael.markets.intraday import book_factors, book_panel, futures_ticks, later_move, level2_snapshots, lobster
from tael.panels import compute


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    """Three events and a book of one level: prices x 10,000, nobody on the ask at the end."""
    messages, book = tmp_path / "message.csv", tmp_path / "orderbook.csv"
    messages.write_text("34200.5,1,1,18,5853300,1\n34201.25,4,2,10,5859400,-1\n34201.25,3,3,5,5853300,1\n")
    book.write_text("5859400,200,5853300,18\n5859400,190,5853300,18\n9999999999,0,5853300,13\n")
    return messages, book


def test_lobster_is_brought_to_dollars_and_times(two_files: tuple[Path, Path]) -> None:
    found = lobster(*two_files, "2012-06-21", "AAPL", levels=1)
    assert str(found["time"][0]) == "2012-06-21 09:30:00.500000"
    assert found["ask_price1"].fill_null(0).to_list()[:2] == [585.94, 585.94]
    assert np.isnan(found["ask_price1"][2])
    assert found["volume"].to_list() == [0, 10, 10]
    assert found["last"].to_list() == [None, 585.94, 585.94]
    assert found["kind"].to_list() == ["submission", "execution", "deletion"]
    panel = book_panel(found, 1)  # two events at one time: the last counts
    assert panel.shape == (2, 1)
    assert panel.members.ravel().tolist() == [True, False]


def test_other_files_than_lobsters_are_refused(two_files: tuple[Path, Path]) -> None:
    messages, book = two_files
    with pytest.raises(MarketError, match="not the two files of one LOBSTER day"):
        lobster(messages, book, "2012-06-21", "AAPL", levels=10)
    messages.write_text("34200.5,9,1,18,5853300,1\n34201.25,4,2,10,5859400,-1\n34201.25,3,3,5,5853300,1\n")
    with pytest.raises(MarketError, match="The messages are not LOBSTER's"):
        lobster(messages, book, "2012-06-21", "AAPL", levels=1)


def snapshot(**changed: object) -> dict[str, object]:
    """A row of Shanghai's level 2 with one level."""
    plain = {
        "UpdateTime": "09:30:03.000", "SecurityID": 519, "LastPrice": 10.0, "TradVolume": 100, "Turnover": 1000.0,
        "InstruStatus": "TRADE", "BidPrice1": 9.99, "BidVolume1": 100, "AskPrice1": 10.01, "AskVolume1": 200,
    }  # fmt: skip
    return plain | changed


def test_a_book_at_noon_or_after_the_close_is_no_book() -> None:
    rows = [
        snapshot(UpdateTime="09:20:00.000", InstruStatus="OCALL", BidPrice1=None, BidVolume1=None),
        snapshot(),
        snapshot(UpdateTime="11:45:00.000"),
        snapshot(UpdateTime="13:00:00.000", AskPrice1=0.0),
        snapshot(UpdateTime="15:05:00.000", InstruStatus="CLOSE"),
    ]
    found = level2_snapshots(pl.DataFrame(rows), "2023-02-01", levels=1)
    assert found["code"].unique().to_list() == ["000519"]
    assert found["bid_price1"].to_list() == [None, 9.99, None, 9.99, None]
    assert book_panel(found, 1).members.ravel().tolist() == [False, True, False, False, False]


def test_a_time_that_cannot_be_read_is_named() -> None:
    with pytest.raises(MarketError, match=r"'9h30' on '2023-02-01'"):
        level2_snapshots(pl.DataFrame([snapshot(UpdateTime="9h30")]), "2023-02-01", levels=1)


def test_real_snapshots_and_what_flows_foretell(data_dir: Path) -> None:
    """600519 on two days: four sessions; order flow foretells the next minute (Cont, Kukanov and Stoikov 2014)."""
    folder = data_dir / "market/ashare_level2"
    days = {"20230201": "2023-02-01", "20230202": "2023-02-02"}
    read = [
        level2_snapshots(pl.read_parquet(folder / f"600519_{k}_MarketData.parquet"), day) for k, day in days.items()
    ]
    panel = book_panel(pl.concat(read), 5)
    assert sorted(set(panel.groups["session"].ravel().tolist())) == [0, 1, 2, 3]
    hour = panel.times[panel.members[:, 0]]
    assert not (
        (hour.astype("M8[m]") > np.datetime64("2023-02-01T11:30")) & (hour < np.datetime64("2023-02-01T13:00"))
    ).any()
    move = later_move(panel, "60s")[:, 0]
    known = np.isfinite(move) & panel.members[:, 0] & (panel.fields["age"][:, 0] >= 60)
    flow, trades = compute(panel, [dict(book_factors())[name] for name in ("order_flow_10", "trade_flow_10")])
    for signal in (flow[:, 0], trades[:, 0]):
        assert 0.05 < np.corrcoef(signal[known], move[known])[0, 1] < 0.2


def test_real_lobster_and_real_ticks(data_dir: Path) -> None:
    folder = data_dir / "market/lobster"
    messages, orders = (folder / f"AAPL_2012-06-21_{kind}_10_first_rows.csv" for kind in ("message", "orderbook"))
    book = lobster(messages, orders, "2012-06-21", "AAPL")
    assert 580 < book["bid_price1"].mean() < 590  # type: ignore[operator]
    assert (book["ask_price1"] > book["bid_price1"]).all()
    ticks = futures_ticks(pl.read_parquet(data_dir / "market/futures/IF2101_ticks_2021-01-04_05.parquet"))
    panel = book_panel(ticks, 1, multiplier=300)
    dealt = np.isfinite(panel.fields["vwap"]) & panel.members
    apart = np.abs(panel.fields["vwap"][dealt] / panel.fields["mid"][dealt] - 1)
    assert np.median(apart) < 1e-4  # the multiplier is right
    assert len(book_factors(panel)) < len(book_factors())
