"""The paper broker's book: one transaction an action, a cash ledger, and a chain of events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tael.errors import MarketError
from tael.markets.broker.money import from_micros, to_micros
from tael.markets.broker.orders import Fill, Order, OrderState
from tael.markets.broker.protocol import Instrument
from tael.markets.broker.schema import connect, create

NO_HASH = "0" * 64


def chained(previous: str, at: str, action: str, day: str, content: str) -> str:
    """The hash of an event: of the one before it and of everything that it says."""
    said = json.dumps([previous, at, action, day, content], ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


class Book:
    """An open book. Everything is read from the file, so a broker that starts again knows what the last one knew.

    Parameters
    ----------
    path : Path
    opening : Decimal or None
        Cash of a new book; None opens only one that is there.
    currency : str
    on_step : callable, optional
        Called with the name of each step of a transaction ("submit:begun", "submit:written", "submit:committed").
        Tests end the process there.
    now : callable, optional
        The clock of the events.

    Raises
    ------
    MarketError
        If there is no book and no opening cash, or a book with another opening cash or currency.
    """

    def __init__(
        self,
        path: Path,
        *,
        opening: Decimal | None,
        currency: str,
        on_step: Callable[[str], None] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        if opening is None and not path.exists():
            raise MarketError(
                "There is no book yet.", expected="a book", where=str(path), fix="Give the cash it opens with."
            )
        self.path, self._on_step = path, on_step or (lambda step: None)
        self._now = now or (lambda: datetime.now(UTC))
        self.sql = connect(path)
        settings = self._settings()
        if not settings:
            settings = self._begin(opening, currency)
        self.currency = settings["currency"]
        wanted = {"opening": None if opening is None else str(to_micros(opening)), "currency": currency or None}
        for name, value in wanted.items():
            if value is not None and value != settings[name]:
                self.sql.close()
                raise MarketError(
                    "The book was opened otherwise.", expected=settings[name], got=value, where=f"{name} of {path}"
                )

    def _settings(self) -> dict[str, str]:
        if not self.one("SELECT count(*) FROM sqlite_master WHERE name = 'settings'")[0]:
            return {}
        return dict(self.sql.execute("SELECT name, value FROM settings").fetchall())

    def _begin(self, opening: Decimal | None, currency: str) -> dict[str, str]:
        """Make the tables and put in the opening cash, whole or not at all."""
        if opening is None or opening < 0:
            self.sql.close()
            raise MarketError(
                "A new book opens with cash.", expected="0 or more", got=str(opening), where=str(self.path)
            )
        settings = {"opening": str(to_micros(opening)), "currency": currency}
        with self.action("open", None, {}, make=True) as said:
            if self.one("SELECT count(*) FROM sqlite_master")[0]:
                return self._settings()  # another process was faster
            create(self.sql)
            self.sql.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            self.post(None, "opening", "", to_micros(opening))
            said.update(settings)
        return settings

    @contextmanager
    def action(
        self, name: str, day: date | None, content: dict[str, Any], *, make: bool = False
    ) -> Iterator[dict[str, Any]]:
        """One action: all of it is in the book, with its event, or nothing of it.

        Parameters
        ----------
        name : str
        day : date or None
        content : dict
            What the event says; the block may add to it.

        Yields
        ------
        dict
            The event's content.
        """
        self.sql.execute("BEGIN IMMEDIATE")
        done = False
        try:
            self._on_step(f"{name}:begun")
            yield content
            if not make or content:
                self._event(name, day, content)
            self._on_step(f"{name}:written")
            self.sql.execute("COMMIT")
            done = True
        finally:
            if not done and self.sql.in_transaction:
                self.sql.execute("ROLLBACK")
        self._on_step(f"{name}:committed")

    def _event(self, name: str, day: date | None, content: dict[str, Any]) -> None:
        last = self.one("SELECT hash FROM events ORDER BY number DESC LIMIT 1")
        at, text = self._now().isoformat(timespec="seconds"), json.dumps(content, ensure_ascii=False, sort_keys=True)
        on = day.isoformat() if day else ""
        digest = chained(last[0] if last else NO_HASH, at, name, on, text)
        self.sql.execute(
            "INSERT INTO events (at, action, day, content, hash) VALUES (?, ?, ?, ?, ?)", (at, name, on, text, digest)
        )

    def one(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        """The first row, or None."""
        return self.sql.execute(statement, values).fetchone()

    def all(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """All rows."""
        return self.sql.execute(statement, values).fetchall()

    def balance(self) -> int:
        """Cash, in millionths."""
        row = self.one("SELECT balance FROM cash ORDER BY number DESC LIMIT 1")
        return int(row[0]) if row else 0

    def post(self, day: date | None, kind: str, entity: str, amount: int) -> None:
        """Write a line of the cash ledger; a line of nothing is left out."""
        if amount or kind == "opening":
            self.sql.execute(
                "INSERT INTO cash (day, kind, entity, amount, balance) VALUES (?, ?, ?, ?, ?)",
                (day.isoformat() if day else "", kind, entity, amount, self.balance() + amount),
            )

    def last_day(self) -> tuple[date, str] | None:
        """The latest day in the book and its stage ("acted", "filled", "closed")."""
        row = self.one("SELECT day, stage FROM days ORDER BY day DESC LIMIT 1")
        return (date.fromisoformat(row[0]), row[1]) if row else None

    def stage(self, day: date) -> str:
        """How far a day has come: "", "acted", "filled" or "closed"."""
        row = self.one("SELECT stage FROM days WHERE day = ?", (day.isoformat(),))
        return str(row[0]) if row else ""

    def order_states(self, where: str = "1", values: tuple[Any, ...] = ()) -> list[OrderState]:
        """Orders and what became of them, oldest first."""
        rows = self.all(
            "SELECT o.content, o.status, o.filled, o.reason, o.number, sum(f.quantity * f.price) FROM orders o "
            f"LEFT JOIN fills f USING (client_order_id) WHERE {where} GROUP BY o.client_order_id ORDER BY o.number",
            values,
        )
        return [
            OrderState(
                Order.from_dict(json.loads(content)),
                status,
                filled,
                from_micros(round(Decimal(paid) / filled)) if filled else None,
                reason,
                str(number),
            )
            for content, status, filled, reason, number, paid in rows
        ]

    def fills(self, where: str = "1", values: tuple[Any, ...] = ()) -> list[Fill]:
        """Executions, oldest first."""
        rows = self.all(
            "SELECT fill_id, client_order_id, entity, day, side, quantity, price, commission, tax, fees, multiplier "
            f"FROM fills WHERE {where} ORDER BY number",
            values,
        )
        return [
            Fill(
                fill_id,
                name,
                entity,
                date.fromisoformat(day),
                side,
                quantity,
                from_micros(price),
                from_micros(commission),
                from_micros(tax),
                from_micros(fees),
                multiplier,
            )
            for fill_id, name, entity, day, side, quantity, price, commission, tax, fees, multiplier in rows
        ]

    def held(self) -> dict[str, Holding]:
        """Holdings by entity, in alphabetical order; one that was closed today may still await its settlement."""
        rows = self.all("SELECT * FROM positions ORDER BY entity")
        return {
            entity: Holding(entity, quantity, bought, bought_on, basis, price, multiplier, Decimal(rate))
            for entity, quantity, bought, bought_on, basis, price, multiplier, rate in rows
        }

    def keep(self, holding: Holding) -> None:
        """Write a holding, or take it out when nothing is left of it."""
        if holding.quantity == 0 and holding.basis == 0:
            self.sql.execute("DELETE FROM positions WHERE entity = ?", (holding.entity,))
            return
        self.sql.execute(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*astuple(holding)[:-1], str(holding.margin_rate)),
        )

    def close(self) -> None:
        """Close the file."""
        self.sql.close()


@dataclass(slots=True)
class Holding:
    """A position as the book keeps it, in millionths: `basis` is the value that futures were last settled at."""

    entity: str
    quantity: int
    bought: int
    bought_on: str
    basis: int
    price: int
    multiplier: int
    margin_rate: Decimal

    @classmethod
    def empty(cls, entity: str, rules: Instrument) -> Holding:
        """Nothing of an entity yet."""
        return cls(entity, 0, 0, "", 0, 0, rules.multiplier, rules.margin_rate)

    @property
    def funded(self) -> bool:
        """Whether it was paid for in full."""
        return self.margin_rate == 0

    @property
    def worth(self) -> int:
        """Quantity times mark times multiplier, in millionths."""
        return self.quantity * self.price * self.multiplier

    @property
    def margin(self) -> int:
        """What it binds, in millionths."""
        return int(abs(self.worth) * self.margin_rate)

    def unlocked(self, day: date, t_plus_1: bool) -> int:
        """What may be sold on a day."""
        return self.quantity - (self.bought if t_plus_1 and self.bought_on >= day.isoformat() else 0)
