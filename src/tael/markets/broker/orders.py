"""What a strategy says to a broker and what comes back: orders, their state, fills, positions, the account."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from tael.errors import MarketError
from tael.markets.broker.money import money

Side = Literal["buy", "sell"]
Status = Literal["open", "partially_filled", "filled", "cancelled", "expired", "rejected"]

OPEN: tuple[Status, ...] = ("open", "partially_filled")


def check_plain(day: date, where: str) -> None:
    """Do nothing if a day is a day.

    Raises
    ------
    MarketError
        If it is a moment (a ``datetime`` is a ``date`` to Python, and another key in the book), or something else.
    """
    if type(day) is not date:
        raise MarketError("A day is a date.", expected="datetime.date", got=repr(day)[:60], where=where)


def client_order_id(strategy: str, day: date, entity: str, side: str, sequence: int = 0) -> str:
    """The name of an order: the same order has the same name, however often it is computed or sent.

    Parameters
    ----------
    strategy : str
        Who orders.
    day : date
        The day whose close the order was decided on.
    entity : str
        What is traded.
    side : {"buy", "sell"}
    sequence : int
        Tells apart several orders of one day, entity and side.

    Returns
    -------
    str
        29 characters: ``tael-`` and 96 bits of SHA-256, short enough for every broker's field.

    Examples
    --------
    >>> client_order_id("stock-daily", date(2024, 1, 2), "600519", "buy")
    'tael-eee2e177aa1b3971794a31f1'
    """
    said = json.dumps([strategy, day.isoformat(), entity, side, sequence], ensure_ascii=False)
    return "tael-" + hashlib.sha256(said.encode("utf-8")).hexdigest()[:24]


@dataclass(frozen=True)
class Order:
    """One order, decided after the close of `day` and good for the next trading day.

    Attributes
    ----------
    strategy : str
    day : date
        The decision's day. It fills on a later day only.
    entity : str
    side : {"buy", "sell"}
    quantity : int
        Shares or contracts, positive.
    sequence : int
        Tells apart several orders of one day, entity and side.
    limit_price : Decimal or None
        In currency; None deals at the market.
    decision_price : Decimal or None
        The price that the decision was made on (the close of `day`): slippage is measured from it.
    reason : str
        Why: "rebalance", "roll", ...

    Raises
    ------
    MarketError
        If side, quantity or a price make no sense.
    """

    strategy: str
    day: date
    entity: str
    side: Side
    quantity: int
    sequence: int = 0
    limit_price: Decimal | None = None
    decision_price: Decimal | None = None
    reason: str = "rebalance"

    def __post_init__(self) -> None:
        check_plain(self.day, f"the order of {self.entity}")
        where = f"{self.entity}, {self.day}"
        if self.side not in get_args(Side):
            raise MarketError("An order buys or sells.", expected='"buy" or "sell"', got=repr(self.side), where=where)
        if isinstance(self.quantity, bool) or not isinstance(self.quantity, int) or self.quantity <= 0:
            raise MarketError(
                "An order's quantity is a positive whole number.", got=repr(self.quantity)[:40], where=where
            )
        for name in ("limit_price", "decision_price"):
            if (price := getattr(self, name)) is not None:
                price = money(price, f"the {name.replace('_', ' ')} of {where}")
                if price <= 0:
                    raise MarketError("A price is positive.", got=str(price), where=f"{name} of {where}")
                object.__setattr__(self, name, price)

    @property
    def client_order_id(self) -> str:
        """Its name at the broker: `client_order_id` of strategy, day, entity, side and sequence."""
        return client_order_id(self.strategy, self.day, self.entity, self.side, self.sequence)

    @property
    def signed(self) -> int:
        """The quantity, negative for a sale."""
        return self.quantity if self.side == "buy" else -self.quantity

    def to_dict(self) -> dict[str, Any]:
        """Plain data, prices as text; `from_dict` reads it back."""
        return {
            "client_order_id": self.client_order_id,
            "strategy": self.strategy,
            "day": self.day.isoformat(),
            "entity": self.entity,
            "side": self.side,
            "quantity": self.quantity,
            "sequence": self.sequence,
            "limit_price": None if self.limit_price is None else str(self.limit_price),
            "decision_price": None if self.decision_price is None else str(self.decision_price),
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Order:
        """Read back what `to_dict` wrote.

        Raises
        ------
        MarketError
            If a field is absent, or the content does not give the name that stands beside it.
        """
        try:
            order = cls(
                plain["strategy"],
                date.fromisoformat(plain["day"]),
                plain["entity"],
                plain["side"],
                plain["quantity"],
                plain["sequence"],
                None if plain["limit_price"] is None else Decimal(plain["limit_price"]),
                None if plain["decision_price"] is None else Decimal(plain["decision_price"]),
                plain["reason"],
            )
        except KeyError as error:
            raise MarketError("An order lacks a field.", expected=str(error.args[0]), got=", ".join(plain)) from error
        if plain.get("client_order_id", order.client_order_id) != order.client_order_id:
            raise MarketError(
                "An order was changed after it was named.",
                expected=plain["client_order_id"],
                got=order.client_order_id,
                where=f"{order.entity}, {order.day}",
            )
        return order


@dataclass(frozen=True)
class OrderState:
    """What became of an order so far.

    Attributes
    ----------
    order : Order
    status : str
        "open", "partially_filled", "filled", "cancelled", "expired" or "rejected".
    filled : int
        Shares or contracts.
    average_price : Decimal or None
        Of what is filled.
    reason : str
        Why it did not fill, or not wholly.
    broker_id : str
        The broker's own name for it.
    """

    order: Order
    status: Status
    filled: int = 0
    average_price: Decimal | None = None
    reason: str = ""
    broker_id: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN

    def with_status(self, status: Status, reason: str = "") -> OrderState:
        """The same state under another status."""
        return replace(self, status=status, reason=reason)


@dataclass(frozen=True)
class Fill:
    """One execution.

    Attributes
    ----------
    fill_id : str
        The broker's name for it, unique.
    client_order_id, entity : str
    day : date
    side : {"buy", "sell"}
    quantity : int
    price : Decimal
        Per share, or per unit of a contract.
    commission, tax, fees : Decimal
        In currency, positive: what it cost.
    multiplier : int
        Units of one contract; 1 for shares.
    """

    fill_id: str
    client_order_id: str
    entity: str
    day: date
    side: Side
    quantity: int
    price: Decimal
    commission: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    multiplier: int = 1

    @property
    def signed(self) -> int:
        """The quantity, negative for a sale."""
        return self.quantity if self.side == "buy" else -self.quantity

    @property
    def value(self) -> Decimal:
        """Price times quantity times multiplier, in currency."""
        return self.price * self.quantity * self.multiplier

    @property
    def costs(self) -> Decimal:
        """Commission, tax and fees together, in currency."""
        return self.commission + self.tax + self.fees


@dataclass(frozen=True)
class Position:
    """What is held of one entity.

    Attributes
    ----------
    entity : str
    quantity : int
        Shares or contracts, negative when short.
    price : Decimal
        The last mark.
    value : Decimal
        Quantity times mark times multiplier, in currency.
    """

    entity: str
    quantity: int
    price: Decimal
    value: Decimal


@dataclass(frozen=True)
class Account:
    """Money at a moment, in one currency.

    Attributes
    ----------
    cash : Decimal
    value : Decimal
        Of what was paid for in full (shares); futures are settled into `cash` daily.
    margin : Decimal
        Bound by futures.
    equity : Decimal
        ``cash + value``.
    currency : str
    day : date or None
        The last day that was marked.
    """

    cash: Decimal
    value: Decimal
    margin: Decimal
    equity: Decimal
    currency: str = ""
    day: date | None = None

    @property
    def free(self) -> Decimal:
        """Cash that no margin binds."""
        return self.cash - self.margin
