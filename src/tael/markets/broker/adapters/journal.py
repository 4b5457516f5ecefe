"""What was meant for a live broker, written down before it is sent: after a crash nothing is sent twice unknowingly."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

from tael.errors import MarketError
from tael.markets.broker.orders import Order, OrderState

TABLES = """
CREATE TABLE IF NOT EXISTS sent (
    client_order_id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS legs (
    client_order_id TEXT NOT NULL REFERENCES sent,
    leg INTEGER NOT NULL,
    content TEXT NOT NULL,
    broker_id TEXT UNIQUE,
    PRIMARY KEY (client_order_id, leg)
) STRICT;
"""


class Journal:
    """Orders, their legs at the broker, and their last known state, in one SQLite file.

    A broker tells of its orders in its own words, and forgets them after a day or a reconnection. The journal keeps
    what tael meant: the `Order`, the broker's name for it (`bind`), and how it ended (`remember`).

    Parameters
    ----------
    path : path
        Made if absent.

    Raises
    ------
    MarketError
        If the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._sql = sqlite3.connect(Path(path), timeout=30.0, isolation_level=None)
            self._sql.execute("PRAGMA journal_mode = WAL")
            self._sql.execute("PRAGMA synchronous = FULL")
            self._sql.executescript(TABLES)
        except sqlite3.Error as error:
            raise MarketError("The journal cannot be opened.", got=str(error), where=str(path)) from error

    def intend(self, order: Order, legs: list[str] | None = None) -> bool:
        """Write down an order (and its legs) before it is sent.

        Parameters
        ----------
        order : Order
        legs : list of str, optional
            What is sent for it, where that is more than one thing, in the adapter's words.

        Returns
        -------
        bool
            Whether it is new. False: it may have been sent before.

        Raises
        ------
        MarketError
            If another order of this name was written down.
        """
        known = self.order(order.client_order_id)
        if known is not None:
            if known != order:
                raise MarketError(
                    "Another order of this name was sent.", expected=repr(known), got=repr(order),
                    fix="Give an additional order another sequence number.",
                )  # fmt: skip
            return False
        text = json.dumps(order.to_dict(), ensure_ascii=False)
        self._sql.execute("BEGIN IMMEDIATE")
        self._sql.execute(
            "INSERT INTO sent (client_order_id, day, content) VALUES (?, ?, ?)",
            (order.client_order_id, order.day.isoformat(), text),
        )
        self._sql.executemany(
            "INSERT INTO legs (client_order_id, leg, content) VALUES (?, ?, ?)",
            [(order.client_order_id, number, leg) for number, leg in enumerate(legs or [""])],
        )
        self._sql.execute("COMMIT")
        return True

    def order(self, client_order_id: str) -> Order | None:
        """The order of a name, if it was written down."""
        row = self._sql.execute("SELECT content FROM sent WHERE client_order_id = ?", (client_order_id,)).fetchone()
        return Order.from_dict(json.loads(row[0])) if row else None

    def orders(self, day: date | None = None) -> list[Order]:
        """Orders decided on a day (or on any), oldest first."""
        where, values = ("", ()) if day is None else (" WHERE day = ?", (day.isoformat(),))
        rows = self._sql.execute(f"SELECT content FROM sent{where} ORDER BY rowid", values).fetchall()
        return [Order.from_dict(json.loads(row[0])) for row in rows]

    def legs(self, client_order_id: str) -> list[tuple[int, str, str | None]]:
        """Number, content and the broker's name (None: not known to be sent) of each leg."""
        return self._sql.execute(
            "SELECT leg, content, broker_id FROM legs WHERE client_order_id = ? ORDER BY leg", (client_order_id,)
        ).fetchall()

    def bind(self, client_order_id: str, broker_id: str, leg: int = 0) -> None:
        """Write down the broker's name of a leg."""
        self._sql.execute(
            "UPDATE legs SET broker_id = ? WHERE client_order_id = ? AND leg = ?", (broker_id, client_order_id, leg)
        )

    def bound(self, broker_id: str) -> str | None:
        """The client order id that a broker's name belongs to."""
        row = self._sql.execute("SELECT client_order_id FROM legs WHERE broker_id = ?", (broker_id,)).fetchone()
        return str(row[0]) if row else None

    def remember(self, state: OrderState) -> OrderState:
        """Keep the last known state of an order; returns it."""
        said = [state.status, state.filled, state.reason, state.broker_id]
        price = None if state.average_price is None else str(state.average_price)
        self._sql.execute(
            "UPDATE sent SET state = ? WHERE client_order_id = ?",
            (json.dumps([*said, price], ensure_ascii=False), state.order.client_order_id),
        )
        return state

    def remembered(self, order: Order) -> OrderState | None:
        """The last known state of an order."""
        row = self._sql.execute("SELECT state FROM sent WHERE client_order_id = ?", (order.client_order_id,)).fetchone()
        if not row or not row[0]:
            return None
        status, filled, reason, broker_id, price = json.loads(row[0])
        return OrderState(order, status, filled, None if price is None else Decimal(price), reason, broker_id)

    def close(self) -> None:
        """Close the file."""
        self._sql.close()
