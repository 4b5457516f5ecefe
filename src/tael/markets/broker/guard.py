"""What stands between a signal and the market: stale data, closed days, missed days, limits, the kill switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tael.errors import MarketError
from tael.markets.broker.money import money
from tael.markets.broker.orders import Order, check_plain
from tael.markets.broker.protocol import Instruments, instrument

LONGEST_HOLIDAY = 30  # days; no exchange closes longer in peace


@dataclass(frozen=True)
class Limits:
    """What one day's orders may not exceed. None: no limit.

    Attributes
    ----------
    max_order_value : float
        Of each order, in currency.
    max_turnover : float
        Value of all orders, bought and sold, as a share of equity. Exchanging everything is 2.
    max_orders : int
    max_weight : float
        Of each target, in absolute value.
    max_gross : float
        Sum of the targets' absolute values.
    kill_switch : Path
        As long as this file is there, no order is sent.

    Raises
    ------
    MarketError
        If a limit is not positive.
    """

    max_order_value: float | None = None
    max_turnover: float | None = 2.0
    max_orders: int | None = None
    max_weight: float | None = None
    max_gross: float | None = None
    kill_switch: Path | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not value > 0:
                raise MarketError("A limit is positive.", got=str(value), where=field.name)

    def check_switch(self) -> None:
        """Do nothing unless the kill switch is thrown.

        Raises
        ------
        MarketError
        """
        if self.kill_switch is not None and Path(self.kill_switch).exists():
            raise MarketError(
                "The kill switch is thrown: no order is sent.",
                where=str(self.kill_switch),
                fix="Find out who threw it and why; take the file away to go on.",
            )

    def check_targets(self, targets: Mapping[str, float]) -> None:
        """Do nothing if the weights are within the limits.

        Raises
        ------
        MarketError
            With the first weight beyond its limit, or the sum.
        """
        if self.max_weight is not None:
            for entity, weight in sorted(targets.items()):
                if abs(weight) > self.max_weight + 1e-9:
                    raise _beyond("A weight", f"{self.max_weight:g}", f"{weight:g}", entity)
        gross = sum(abs(weight) for weight in targets.values() if weight == weight)
        if self.max_gross is not None and gross > self.max_gross + 1e-9:
            raise _beyond("The sum of the weights", f"{self.max_gross:g}", f"{gross:g}", "all targets")

    def check_orders(self, orders: tuple[Order, ...], equity: Decimal, instruments: Instruments) -> Decimal:
        """The value of all orders, if they are within the limits.

        Raises
        ------
        MarketError
            With the first order beyond its limit, or the sum. None of the orders is then to be sent.
        """
        total = Decimal(0)
        for order in orders:
            price = order.limit_price if order.decision_price is None else order.decision_price
            if price is None:
                raise MarketError("An order without any price cannot be held to a limit.", got=order.entity)
            value = price * order.quantity * instrument(instruments, order.entity).multiplier
            total += value
            if self.max_order_value is not None and value > money(self.max_order_value):
                raise _beyond("An order", f"{self.max_order_value:,.2f}", f"{value:,.2f}", order.entity)
        if self.max_orders is not None and len(orders) > self.max_orders:
            raise _beyond("The number of orders", str(self.max_orders), str(len(orders)), "all orders")
        if self.max_turnover is not None and total > money(self.max_turnover) * equity:
            raise _beyond("The day's turnover", f"{self.max_turnover:g}", f"{total / equity:.4g}", "all orders")
        return total


def _beyond(what: str, most: str, got: str, where: str) -> MarketError:
    return MarketError(
        f"{what} is beyond its limit; no order is sent.",
        expected=f"at most {most}",
        got=got,
        where=where,
        fix="Look at the targets first, then at the limit.",
    )


def check_day(day: date, last_bar: date, is_trading_day: Callable[[date], bool]) -> None:
    """Do nothing if the day is a trading day and the data end on it.

    Raises
    ------
    MarketError
        If a day is a moment, on a day without trading, or if the last bar is older (stale) or newer (the future).
    """
    check_plain(day, "the day to trade")
    check_plain(last_bar, "the last bar")
    if not is_trading_day(day):
        raise MarketError("No trading on this day.", got=str(day), fix="Run it for a trading day, after its close.")
    if last_bar != day:
        word = "stale" if last_bar < day else "of a later day"
        raise MarketError(
            f"The data are {word}: nothing is decided on them.",
            expected=f"last bar {day}",
            got=f"last bar {last_bar}",
            fix="Update the data." if last_bar < day else "Cut the data at the day, or run it for the last day.",
        )


def check_no_day_missing(day: date, closed: date | None, is_trading_day: Callable[[date], bool]) -> None:
    """Do nothing if the book was closed on the trading day before this one (or has not begun).

    Orders are good for one day: after a day that nobody ran, they would fill a day late.

    Raises
    ------
    MarketError
        If a trading day between the last close and this day was left out.
    """
    if closed is None or closed >= day:
        return
    before = day - timedelta(days=1)
    while before > closed and (day - before).days <= LONGEST_HOLIDAY and not is_trading_day(before):
        before -= timedelta(days=1)
    if before > closed:
        raise MarketError(
            "A trading day was left out.", expected=f"the close of {before}", got=f"the close of {closed}",
            fix=f"Run {before} first, with the data as they were then.",
        )  # fmt: skip
