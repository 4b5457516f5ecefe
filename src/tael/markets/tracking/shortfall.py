"""Where the money went between decision and fill: implementation shortfall, order by order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from tael.errors import MarketError
from tael.markets.broker.orders import Fill, OrderState
from tael.markets.broker.protocol import STOCK, Bar, Instruments, instrument

PARTS = ("delay", "execution", "fees", "missed")


@dataclass(frozen=True, eq=False)
class Slippage:
    """Implementation shortfall of orders.

    Attributes
    ----------
    orders : polars.DataFrame
        One row an order: ``day, entity, side, quantity, filled, decision, arrival, price, close, status, reason``, then
        in currency (a cost is positive) ``delay, execution, fees, missed, total``. The parts add up to the total.
    """

    orders: pl.DataFrame

    def totals(self) -> dict[str, float]:
        """Sums over the orders, in currency, and each in basis points of the value decided on."""
        value = float((self.orders["decision"] * self.orders["quantity"] * self.orders["multiplier"]).sum())
        sums = {name: float(self.orders[name].sum()) for name in (*PARTS, "total")}
        rates = {f"{name}_bp": 1e4 * amount / value if value else 0.0 for name, amount in sums.items()}
        return {"value": value, **sums, **rates}

    def by(self, column: str) -> pl.DataFrame:
        """The parts summed by a column ("day", "entity", "side", "reason")."""
        return self.orders.group_by(column).agg(pl.col((*PARTS, "total")).sum(), pl.len().alias("orders")).sort(column)


def slippage(
    states: Iterable[OrderState],
    fills: Iterable[Fill],
    bars: Mapping[date, Mapping[str, Bar]],
    *,
    instruments: Instruments = STOCK,
) -> Slippage:
    r"""Split what orders cost against the prices they were decided on.

    Perold 1988, "The implementation shortfall: paper versus reality"; Wagner and Edwards 1993 name the parts. With
    side s = 1 for a buy and -1 for a sale, Q ordered, q filled, decision price D, arrival price A (the open of the day
    of the fill), mean fill price F and the close C of that day:

    .. math::
        \underbrace{s\,q\,(A - D)}_{delay} + \underbrace{s\,q\,(F - A)}_{execution} + fees
        + \underbrace{s\,(Q - q)\,(C - D)}_{missed}

    Parameters
    ----------
    states : iterable of OrderState
        Each with a decision price. Rejected ones count as missed.
    fills : iterable of Fill
    bars : mapping of date to mapping of entity to Bar
        From the day after the first decision on. An order's day is the first of its fills, or the first with bars after
        its decision.
    instruments : Instrument or mapping

    Returns
    -------
    Slippage

    Raises
    ------
    MarketError
        If an order has no decision price, or there are no bars after it.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from tael.markets.broker.orders import Order
    >>> order = Order("demo", date(2024, 1, 2), "A", "buy", 300, decision_price=Decimal(10))
    >>> fill = Fill("1", order.client_order_id, "A", date(2024, 1, 3), "buy", 200, Decimal("10.3"), Decimal(5))
    >>> day = {"A": Bar(open=10.2, high=11.0, low=10.0, close=10.9)}
    >>> found = slippage([OrderState(order, "expired", 200)], [fill], {date(2024, 1, 3): day}).totals()
    >>> [round(found[name], 6) for name in ("delay", "execution", "fees", "missed", "total")]
    [40.0, 20.0, 5.0, 90.0, 155.0]
    """
    by_order: dict[str, list[Fill]] = {}
    for fill in fills:
        by_order.setdefault(fill.client_order_id, []).append(fill)
    days = sorted(bars)
    rows = [_row(state, by_order.get(state.order.client_order_id, []), bars, days, instruments) for state in states]
    return Slippage(pl.DataFrame(rows, schema=SCHEMA))


SCHEMA: dict[str, Any] = {
    "day": pl.Date,
    "entity": pl.String,
    "side": pl.String,
    "quantity": pl.Int64,
    "filled": pl.Int64,
    "decision": pl.Float64,
    "arrival": pl.Float64,
    "price": pl.Float64,
    "close": pl.Float64,
    "status": pl.String,
    "reason": pl.String,
    "multiplier": pl.Int64,
    "delay": pl.Float64,
    "execution": pl.Float64,
    "fees": pl.Float64,
    "missed": pl.Float64,
    "total": pl.Float64,
}


def _row(
    state: OrderState,
    fills: list[Fill],
    bars: Mapping[date, Mapping[str, Bar]],
    days: list[date],
    instruments: Instruments,
) -> dict[str, Any]:
    order = state.order
    where = f"{order.entity}, {order.day}"
    if order.decision_price is None:
        raise MarketError("An order has no decision price: slippage has no start.", where=where)
    after = fills[0].day if fills else next((day for day in days if day > order.day), None)
    if after is None or after not in bars:
        raise MarketError("There are no bars of the day that an order was good for.", where=where)
    bar = bars[after].get(order.entity)
    size = instrument(instruments, order.entity).multiplier
    sign, decision = (1 if order.side == "buy" else -1) * size, float(order.decision_price)
    filled = sum(fill.quantity for fill in fills)
    if filled > order.quantity:
        raise MarketError(
            "An order has filled more than it asked for.", got=f"{filled} of {order.quantity}", where=where
        )
    # what did not trade at all that day has moved nowhere that one could have dealt at
    close = bar.last if bar is not None and not math.isnan(bar.last) else decision
    paid = float(sum(fill.price * fill.quantity for fill in fills))
    price = paid / filled if filled else math.nan
    arrival = bar.open if bar is not None and not math.isnan(bar.open) else price if filled else decision
    parts = {
        "delay": sign * filled * (arrival - decision),
        "execution": sign * (paid - filled * arrival),
        "fees": float(sum(fill.costs for fill in fills)),
        "missed": sign * (order.quantity - filled) * (close - decision),
    }
    return {
        "day": order.day,
        "entity": order.entity,
        "side": order.side,
        "quantity": order.quantity,
        "filled": filled,
        "decision": decision,
        "arrival": arrival,
        "price": price,
        "close": close,
        "status": state.status,
        "reason": state.reason,
        "multiplier": size,
        **parts,
        "total": sum(parts.values()),
    }
