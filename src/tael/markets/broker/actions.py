"""Corporate actions on the morning of their ex date: shares multiplied, fractions and dividends paid in cash."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tael.errors import MarketError
from tael.markets.broker.book import Book
from tael.markets.broker.money import money, to_micros


@dataclass(frozen=True)
class CorporateAction:
    """What happens to one entity's shares before the open of its ex date.

    Attributes
    ----------
    entity : str
    ratio : float
        New shares for each old one: 1.3 for three bonus shares on ten, 2 for a split, 0 for a delisting.
    cash : float
        Paid for each old share, after tax, in currency: a dividend, or what a delisting recovers.
    price : float
        At which a fraction of a share is paid out: the adjusted previous close. NaN if no fraction can arise.

    Raises
    ------
    MarketError
        If a number is negative or missing.
    """

    entity: str
    ratio: float = 1.0
    cash: float = 0.0
    price: float = math.nan

    def __post_init__(self) -> None:
        for name in ("ratio", "cash"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise MarketError(
                    "A corporate action's numbers are 0 or more.", got=str(value), where=f"{name}, {self.entity}"
                )

    def become(self, quantity: int) -> tuple[int, Decimal]:
        """Whole shares that a holding becomes, and the fraction left over.

        >>> CorporateAction("600519", ratio=1.3).become(105)
        (136, Decimal('0.500000'))
        """
        # a ratio that is a quotient of two adjustment factors is off by a few units in its last place
        exact = money(round(quantity * self.ratio, 6), f"the shares of {self.entity}")
        whole = int(exact.to_integral_value(rounding="ROUND_FLOOR"))
        return whole, exact - whole


def act(book: Book, day: date, actions: Iterable[CorporateAction]) -> list[str]:
    """Apply a day's actions to what is held; to be called inside an action of the book.

    Returns
    -------
    list of str
        The entities that were held.

    Raises
    ------
    MarketError
        If an action is on a future (but its expiry) or a short position, two are on one entity, or a fraction has no
        price.
    """
    held, touched = book.held(), []
    for action in sorted(actions, key=lambda action: action.entity):
        holding = held.get(action.entity)
        if holding is None:
            continue
        where = f"{action.entity}, {day}"
        if action.entity in touched:
            raise MarketError("Two corporate actions on one entity and day: make one of them.", where=where)
        expired = not holding.funded and action.ratio == 0 and action.cash == 0  # its settlements have been paid
        if not expired and (not holding.funded or holding.quantity < 0):
            raise MarketError("Corporate actions are for shares that are held.", where=where)
        old = holding.quantity
        holding.quantity, fraction = action.become(old)
        if expired:
            holding.basis = 0
        if fraction and math.isnan(action.price):
            raise MarketError("A fraction of a share has no price.", expected="price=", got=str(fraction), where=where)
        book.sql.execute(
            "INSERT INTO actions VALUES (?, ?, ?, ?, ?)",
            (
                day.isoformat(),
                action.entity,
                json.dumps({"ratio": action.ratio, "cash": action.cash}),
                old,
                holding.quantity,
            ),
        )
        kind = "recovered" if action.ratio == 0 else "dividend"
        if not expired:
            book.post(day, kind, action.entity, to_micros(money(old * Decimal(repr(float(action.cash))))))
        if fraction:
            book.post(day, "fraction", action.entity, to_micros(fraction * money(action.price)))
        if action.ratio:
            holding.price = round(holding.price / action.ratio)
        book.keep(holding)
        touched.append(action.entity)
    return touched
