"""Proof of a paper broker's book: cash, positions and orders, computed once more from the executions alone."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tael.errors import MarketError
from tael.markets.broker.book import NO_HASH, Book, chained
from tael.markets.broker.money import from_micros, money, to_micros


@dataclass(frozen=True)
class Reconciliation:
    """What a proof found.

    Attributes
    ----------
    differences : tuple of str
        Each in words; empty if the book balances.
    cash : Decimal
        As proved from the executions.
    positions : dict
        Quantities by entity, as proved.
    orders, fills : int
        How many were looked at.
    """

    differences: tuple[str, ...]
    cash: Decimal
    positions: dict[str, int]
    orders: int
    fills: int

    @property
    def balanced(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def demand(self) -> None:
        """Do nothing if the book balances.

        Raises
        ------
        MarketError
            If it does not, with the first differences.
        """
        if self.differences:
            raise MarketError(
                "The book does not balance.",
                expected="cash, positions and orders as the executions give them",
                got="; ".join(self.differences[:5]),
                fix="Look at the book; tael mends nothing by itself.",
            )


def reconcile(book: Book) -> Reconciliation:
    """Replay the opening cash, corporate actions, fills and marks, and compare with what the book says.

    The replay shares no code with the broker. It looks at: the cash ledger line by line and day by day, positions and
    the basis of futures, quantities at each mark and corporate action, what each order has filled, fills without an
    order or before their decision, and the chain of events.

    Parameters
    ----------
    book : Book

    Returns
    -------
    Reconciliation
        Differences in words. Nothing in the book is changed.
    """
    book.sql.execute("BEGIN")  # one state of the book, whoever writes meanwhile
    try:
        replay = _Replay(book)
        replay.run()
        differences = [*replay.differences, *_orders(book), *_ledger(book), *_events(book)]
        held = {entity: quantity for entity, quantity in replay.quantity.items() if quantity}
        counts = [int(book.one(f"SELECT count(*) FROM {table}")[0]) for table in ("orders", "fills")]
    finally:
        book.sql.execute("COMMIT")
    return Reconciliation(tuple(differences), from_micros(replay.cash), held, counts[0], counts[1])


class _Replay:
    """Cash and positions from what can only be appended to."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.cash = int(book.one("SELECT value FROM settings WHERE name = 'opening'")[0])
        self.quantity: dict[str, int] = defaultdict(int)
        self.basis: dict[str, int] = defaultdict(int)
        self.funded: dict[str, bool] = {}
        self.multiplier: dict[str, int] = {}
        self.differences: list[str] = []

    def differ(self, what: str, proved: Any, found: Any) -> None:
        """Note a difference, if it is one."""
        if proved != found:
            self.differences.append(f"{what}: {proved} by the executions, {found} in the book")

    def run(self) -> None:
        """Go through the days, then compare with the positions and the balance."""
        by_day: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        fractions = {
            (day, entity): amount
            for day, entity, amount in self.book.all("SELECT day, entity, amount FROM cash WHERE kind = 'fraction'")
        }
        for table, step in (("actions", 0), ("fills", 1), ("marks", 2)):
            for row in self.book.all(f"SELECT * FROM {table} ORDER BY rowid"):
                by_day[row[3] if table == "fills" else row[0]].append((step, row))
        closed = {row[0]: row[1] for row in self.book.all("SELECT day, cash FROM days WHERE stage = 'closed'")}
        for day in sorted(by_day.keys() | closed.keys()):
            for step, row in sorted(by_day[day], key=lambda pair: pair[0]):
                (self._action, self._fill, self._mark)[step](row, fractions)
            if day in closed:
                self.differ(f"cash at the close of {day}", from_micros(self.cash), from_micros(closed[day]))
        self.differ("cash", from_micros(self.cash), from_micros(self.book.balance()))
        held = self.book.held()
        for entity in sorted(self.quantity.keys() | held.keys()):
            quantity, basis = (held[entity].quantity, held[entity].basis) if entity in held else (0, 0)
            self.differ(f"position of {entity}", self.quantity[entity], quantity)
            self.differ(f"settled value of {entity}", self.basis[entity], basis)

    def _action(self, row: Any, fractions: dict[tuple[str, str], int]) -> None:
        day, entity, content, quantity, became = row
        said = json.loads(content)
        self.differ(f"shares of {entity} before its action on {day}", self.quantity[entity], quantity)
        exact = money(round(self.quantity[entity] * said["ratio"], 6))
        self.differ(f"shares of {entity} after its action on {day}", int(exact), became)
        if exact == int(exact) and fractions.get((day, entity)):
            self.differences.append(f"a fraction of {entity} was paid on {day}, and there was none")
        self.cash += to_micros(money(self.quantity[entity] * Decimal(repr(float(said["cash"])))))
        self.cash += fractions.get((day, entity), 0)
        self.quantity[entity] = int(exact)
        if not self.funded.get(entity, True) and not self.quantity[entity]:
            self.basis[entity] = 0  # expired: its settlements have been paid

    def _fill(self, row: Any, _: dict[tuple[str, str], int]) -> None:
        entity, side, quantity, price, commission, tax, fees, multiplier, funded = row[4:13]
        signed = quantity if side == "buy" else -quantity
        value = signed * price * multiplier
        self.funded[entity], self.multiplier[entity] = bool(funded), multiplier
        self.cash -= commission + tax + fees
        self.quantity[entity] += signed
        if funded:
            self.cash -= value
        else:
            self.basis[entity] += value
            if self.quantity[entity] == 0:
                self.cash -= self.basis[entity]
                self.basis[entity] = 0

    def _mark(self, row: Any, _: dict[tuple[str, str], int]) -> None:
        day, entity, quantity, price = row
        self.differ(f"position of {entity} at the close of {day}", self.quantity[entity], quantity)
        if not self.funded.get(entity, True):
            worth = self.quantity[entity] * price * self.multiplier[entity]
            self.cash += worth - self.basis[entity]
            self.basis[entity] = worth


def _orders(book: Book) -> list[str]:
    """Orders whose filled quantity or status is not what their fills say."""
    found = []
    rows = book.all(
        "SELECT o.client_order_id, o.day, o.entity, o.side, o.quantity, o.filled, o.status, "
        "coalesce(sum(f.quantity), 0), min(f.day), sum(f.entity <> o.entity OR f.side <> o.side) "
        "FROM orders o LEFT JOIN fills f USING (client_order_id) GROUP BY o.client_order_id"
    )
    for name, day, entity, _, quantity, filled, status, proved, first, strange in rows:
        what = f"order {name} ({entity}, {day})"
        if proved != filled:
            found.append(f"{what}: {proved} filled by the executions, {filled} in the book")
        if (status == "filled") != (filled == quantity):
            found.append(f"{what}: {status} with {filled} of {quantity} filled")
        if first is not None and first <= day:
            found.append(f"{what}: filled on {first}, not after the day of its decision")
        if strange:
            found.append(f"{what}: filled in another entity or on the other side")
    orphans = book.one("SELECT count(*) FROM fills WHERE client_order_id NOT IN (SELECT client_order_id FROM orders)")
    if orphans[0]:
        found.append(f"{orphans[0]} fills without an order")
    return found


def _ledger(book: Book) -> list[str]:
    """Lines of the cash ledger whose balance is not the one before plus the amount."""
    found, balance = [], 0
    for number, amount, after in book.all("SELECT number, amount, balance FROM cash ORDER BY number"):
        balance += amount
        if balance != after:
            found.append(f"line {number} of the cash ledger: {from_micros(balance)} by sum, {from_micros(after)} there")
            balance = after
    return found


def _events(book: Book) -> list[str]:
    """Events that are missing or were changed, and orders that no event tells of."""
    found, previous, told = [], NO_HASH, set()
    rows = book.all("SELECT number, at, action, day, content, hash FROM events ORDER BY number")
    for expected, (number, at, action, day, content, digest) in enumerate(rows, 1):
        if number != expected:
            found.append(f"event {expected} is missing")
            break
        if chained(previous, at, action, day, content) != digest:
            found.append(f"event {number} ({action}, {day}) was changed")
            break
        previous = digest
        if action == "submit":
            told.add(json.loads(content)["client_order_id"])
    orders = {row[0] for row in book.all("SELECT client_order_id FROM orders")}
    found += [f"order {name}: in the book, and no event tells of it" for name in sorted(orders - told)]
    found += [f"order {name}: an event tells of it, and it is not in the book" for name in sorted(told - orders)]
    return found
