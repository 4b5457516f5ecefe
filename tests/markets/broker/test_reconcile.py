from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from tael.errors import MarketError
from tael.markets.broker import CN_STOCK_FEES, Bar, NextOpen, Order, PaperBroker

DAYS = [date(2024, 1, day) for day in (2, 3, 4)]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book with a buy that filled, a sale that filled, and one that is open."""
    path = tmp_path / "book.sqlite"
    with PaperBroker(path, cash=100_000, model=NextOpen(CN_STOCK_FEES)) as broker:
        broker.submit(Order("test", DAYS[0], "A", "buy", 1000))
        for day, price in zip(DAYS[1:], (10.0, 11.0), strict=True):
            bars = {"A": Bar(price, price, price, price)}
            broker.fill(day, bars)
            broker.end_of_day(day, bars)
            broker.submit(Order("test", day, "A", "sell", 300))
        assert broker.reconcile().balanced
    return path


@pytest.mark.parametrize("table", ["fills", "cash", "actions", "marks", "events"])
def test_what_is_appended_stays(book: Path, table: str) -> None:
    connection = sqlite3.connect(book)
    column = "amount" if table == "cash" else "day"
    if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE positions SET quantity = 800", "position of A: 700 by the executions, 800 in the book"),
        ("DELETE FROM positions", "position of A: 700 by the executions, 0 in the book"),
        ("UPDATE orders SET filled = 200 WHERE filled = 300", "300 filled by the executions, 200 in the book"),
        ("UPDATE orders SET status = 'open' WHERE side = 'buy'", "open with 1000 of 1000 filled"),
        ("UPDATE days SET cash = cash + 1", "cash at the close of 2024-01-03"),
        ("INSERT INTO cash VALUES (99, '', 'gift', '', 5, 5)", "line 99 of the cash ledger"),
        ("INSERT INTO cash SELECT 99, '', '', '', 5, balance + 5 FROM cash ORDER BY number DESC LIMIT 1", "cash: "),
        ("DROP TRIGGER fills_no_update; UPDATE fills SET price = price + 1 WHERE side = 'buy'", "cash: "),
        ("DROP TRIGGER fills_no_delete; DELETE FROM fills WHERE side = 'sell'", "0 filled by the executions, 300"),
        ("DROP TRIGGER fills_no_update; UPDATE fills SET day = '2024-01-02' WHERE side = 'buy'", "not after the day"),
        ("DROP TRIGGER marks_no_update; UPDATE marks SET quantity = 1", "position of A at the close of 2024-01-03"),
        ("DROP TRIGGER events_no_update; UPDATE events SET content = '{}' WHERE number = 3", "event 3 (fill"),
        ("DROP TRIGGER events_no_delete; DELETE FROM events WHERE number = 2", "event 2 is missing"),
        ("DELETE FROM orders WHERE status = 'open'", "an event tells of it, and it is not in the book"),
    ],
)
def test_a_difference_is_reported_and_not_mended(book: Path, tampering: str, said: str) -> None:
    connection = sqlite3.connect(book)
    connection.executescript(tampering)
    connection.close()
    with PaperBroker(book) as broker:
        for _ in range(2):
            found = broker.reconcile()
            assert not found.balanced
            assert any(said in difference for difference in found.differences), found.differences
        with pytest.raises(MarketError, match="does not balance"):
            found.demand()
