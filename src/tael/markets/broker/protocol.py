"""What every broker offers, paper or live, and what decides a paper fill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from tael.errors import MarketError, did_you_mean
from tael.markets.broker.orders import Account, Fill, Order, OrderState, Position


@runtime_checkable
class Broker(Protocol):
    """One account at one broker. Sending the same order again is harmless: its name is its content."""

    def account(self) -> Account:
        """Money as the broker knows it now."""
        ...

    def positions(self) -> dict[str, Position]:
        """What is held, by entity; nothing that is zero."""
        ...

    def sellable(self, day: date) -> dict[str, int]:
        """What may be sold on a day, by entity: holdings less what is locked (T+1) and what open sales have claimed."""
        ...

    def submit(self, order: Order) -> OrderState:
        """Send an order, or learn what became of it if it was sent before."""
        ...

    def cancel(self, client_order_id: str) -> OrderState:
        """Take back what is still open of an order."""
        ...

    def orders(self, day: date | None = None, *, open_only: bool = False) -> list[OrderState]:
        """Orders decided on a day (or on any), oldest first."""
        ...

    def fills(self, since: date | None = None) -> list[Fill]:
        """Executions from a day on, oldest first."""
        ...


@dataclass(frozen=True)
class Instrument:
    """How an entity trades.

    Attributes
    ----------
    lot, min_lot : int
        Quantities move in steps of `lot`, from `min_lot` up: 100 and 100 on China's main boards, 1 and 200 on STAR,
        1 and 1 for futures and in the United States. What is left below that may be sold whole.
    multiplier : int
        Units of one contract; 1 for shares.
    tick : Decimal
        The smallest step of its price.
    margin_rate : Decimal
        Share of a contract's value that is deposited; 0 means paid in full.
    t_plus_1 : bool
        What is bought on a day is sold on a later day only.
    short : bool
        Whether the position may be negative.
    """

    lot: int = 100
    min_lot: int = 100
    multiplier: int = 1
    tick: Decimal = Decimal("0.01")
    margin_rate: Decimal = Decimal(0)
    t_plus_1: bool = True
    short: bool = False

    def __post_init__(self) -> None:
        for name in ("lot", "min_lot", "multiplier"):
            if getattr(self, name) < 1:
                raise MarketError(f"{name} is at least 1.", got=str(getattr(self, name)))
        if not 0 <= self.margin_rate <= 1:
            raise MarketError("A margin rate is a share.", expected="0 to 1", got=str(self.margin_rate))

    @property
    def funded(self) -> bool:
        """Whether it is paid for in full (shares), rather than on margin with daily settlement (futures)."""
        return self.margin_rate == 0

    def whole(self, quantity: float) -> int:
        """The largest quantity up to this one that may be bought; 0 below `min_lot`.

        >>> star = Instrument(lot=1, min_lot=200)
        >>> Instrument().whole(250), star.whole(250), star.whole(150)
        (200, 250, 0)
        """
        # a weight times an equity is a float: what is a hair under a whole lot is a whole lot
        whole = math.floor(quantity / self.lot + 1e-9) * self.lot
        return whole if whole >= self.min_lot else 0


STOCK = Instrument()
US_STOCK = Instrument(lot=1, min_lot=1, t_plus_1=False)

Instruments = Mapping[str, Instrument] | Instrument


def instrument(instruments: Instruments, entity: str) -> Instrument:
    """How one entity trades: the one for all, or its own.

    Raises
    ------
    MarketError
        If it is not among them.
    """
    if isinstance(instruments, Instrument):
        return instruments
    if entity not in instruments:
        raise MarketError("No trading rules for an entity.", got=entity, fix=did_you_mean(entity, instruments))
    return instruments[entity]


@dataclass(frozen=True)
class Bar:
    """One day of one entity, in real prices. A price that is not there is NaN.

    Attributes
    ----------
    open, high, low, close, preclose : float
        In currency. `preclose` is adjusted for ex-rights that morning.
    volume : float
        Shares or contracts.
    limit_up, limit_down : float
        Infinite and 0 where there is none.
    suspended : bool
    settle : float
        Futures: what positions are marked at; NaN takes the close.
    typical_volume : float
        Mean volume of the days *before* this one: caps a fill's size. NaN: no cap.
    volatility : float
        Of the daily returns before this day, for models of market impact.
    """

    open: float
    high: float
    low: float
    close: float
    preclose: float = math.nan
    volume: float = math.nan
    limit_up: float = math.inf
    limit_down: float = 0.0
    suspended: bool = False
    settle: float = math.nan
    typical_volume: float = math.nan
    volatility: float = math.nan

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Bar:
        """A bar from names and numbers; None is missing.

        Raises
        ------
        MarketError
            If a name is unknown, or a price is absent.
        """
        known = cls.__dataclass_fields__
        for name in plain:
            if name not in known:
                raise MarketError("A bar has an unknown field.", got=name, fix=did_you_mean(name, known))
        for name in ("open", "high", "low", "close"):
            if name not in plain:
                raise MarketError("A bar lacks a price.", expected=name, got=", ".join(plain))
        numbers = {
            name: math.nan if value is None else float(value) for name, value in plain.items() if name != "suspended"
        }
        return cls(**numbers, suspended=bool(plain.get("suspended", False)))

    @property
    def last(self) -> float:
        """The last price known after the close: the close, or the previous one where nothing was dealt."""
        return self.preclose if math.isnan(self.close) else self.close

    @property
    def mark(self) -> float:
        """What a position is valued at after the close: the settlement price, or the close."""
        return self.close if math.isnan(self.settle) else self.settle


@dataclass(frozen=True)
class Execution:
    """What a market gave of an order.

    Attributes
    ----------
    quantity : int
        0 if nothing.
    price : Decimal or None
        Per share or unit; None if nothing.
    reason : str
        Why not all: "suspended", "limit_up", "limit_down", "not_listed", "participation", "limit_price"; else empty.
    """

    quantity: int
    price: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True)
class Charges:
    """What a fill costs, in currency, positive."""

    commission: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.commission + self.tax + self.fees


class FillModel(Protocol):
    """Decides, for a paper broker, what the market of a day gives and what it costs."""

    def execute(self, order: Order, bar: Bar | None, quantity: int, rules: Instrument) -> Execution:
        """What of `quantity` fills, and at what price, from what is known at the fill's time."""
        ...

    def charges(
        self, order: Order, quantity: int, price: Decimal, day: date, rules: Instrument, bar: Bar | None
    ) -> Charges:
        """Commission, tax and fees of a fill of `quantity` on a day."""
        ...
