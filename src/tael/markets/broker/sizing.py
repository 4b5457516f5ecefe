"""From weights to orders: what must be traded to hold them, in whole lots, sales first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tael.errors import MarketError
from tael.markets.broker.money import money
from tael.markets.broker.orders import Order, Side
from tael.markets.broker.protocol import STOCK, Instrument, Instruments, instrument


@dataclass(frozen=True)
class Skipped:
    """A trade that the weights ask for and that is not ordered, or not wholly.

    Attributes
    ----------
    entity : str
    quantity : int
        What is left out, negative for a sale.
    reason : str
        "lot" (less than may be dealt), "dust" (below the least value worth an order), "t_plus_1" (not sellable yet),
        "no_price".
    """

    entity: str
    quantity: int
    reason: str


@dataclass(frozen=True)
class OrderPlan:
    """Orders, sales first, and what was left out. Iterating goes through the orders."""

    orders: tuple[Order, ...]
    skipped: tuple[Skipped, ...] = ()

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders)

    def __len__(self) -> int:
        return len(self.orders)


def orders_for(
    targets: Mapping[str, float],
    *,
    equity: Decimal | float,
    positions: Mapping[str, int],
    prices: Mapping[str, float],
    strategy: str,
    day: date,
    sellable: Mapping[str, int] | None = None,
    instruments: Instruments = STOCK,
    min_value: float = 0.0,
    sequence: int = 0,
) -> OrderPlan:
    """Orders that bring the positions to the targets.

    Quantities are rounded towards what is held: never more is bought than the weight pays for. A sale leaves whole
    lots, or sells everything (an odd lot goes whole only). Contracts on margin are counted down towards 0. The same
    inputs give the same orders, with the same names.

    Parameters
    ----------
    targets : mapping of entity to float
        Weights of equity, negative for a short. An entity that is held and not named is sold; NaN leaves it as it is.
    equity : Decimal or float
        In currency, at the prices that the decision was made on.
    positions : mapping of entity to int
        What is held.
    prices : mapping of entity to float
        The decision's prices (the close of `day`). An entity without one is left as it is.
    strategy : str
    day : date
        The decision's day.
    sellable : mapping of entity to int, optional
        What may be sold on the day of the fill. None: all of it.
    instruments : Instrument or mapping
        Lots, multipliers, whether shorts are allowed.
    min_value : float
        Trades of less than this much currency are dust, unless they close a position.
    sequence : int
        Of the orders' names: a second set of orders on one day takes another.

    Returns
    -------
    OrderPlan
        Sales in the order of their names, then buys, largest value first.

    Raises
    ------
    MarketError
        If equity is not positive, a weight is infinite, or a short is asked of what may not be short.

    Examples
    --------
    >>> plan = orders_for({"A": 0.5, "B": 0.25}, equity=100_000, positions={"C": 150}, day=date(2024, 1, 2),
    ...                   prices={"A": 9.7, "B": 300.0, "C": 20.0}, strategy="demo")
    >>> [(order.entity, order.side, order.quantity) for order in plan]
    [('C', 'sell', 150), ('A', 'buy', 5100)]
    >>> plan.skipped
    (Skipped(entity='B', quantity=83, reason='lot'),)
    """
    total = money(equity, "equity")
    if total <= 0:
        raise MarketError("Weights need equity.", expected="more than 0", got=str(total), where=str(day))
    sales: list[Order] = []
    buys: list[tuple[Decimal, Order]] = []
    skipped: list[Skipped] = []
    for entity in sorted(set(targets) | {entity for entity, held in positions.items() if held}):
        weight, held = float(targets.get(entity, 0.0)), int(positions.get(entity, 0))
        rules = instrument(instruments, entity)
        if math.isnan(weight):
            continue
        if math.isinf(weight) or (weight < 0 and not rules.short):
            raise MarketError(
                "A weight that cannot be held.", expected="0 or more" if not rules.short else "finite",
                got=str(weight), where=f"{entity}, {day}",
            )  # fmt: skip
        price = float(prices.get(entity, math.nan))
        if not (math.isfinite(price) and price > 0):
            if weight or held:
                skipped.append(Skipped(entity, 0, "no_price"))
            continue
        desired = weight * float(total) / (price * rules.multiplier)
        quantity, left_out = _trade(desired, held, rules)
        if left_out:
            skipped.append(Skipped(entity, left_out, "lot"))
        if quantity < 0 and not rules.short and sellable is not None:
            free = int(sellable.get(entity, 0))
            if -quantity > free:
                skipped.append(Skipped(entity, quantity + free, "t_plus_1"))
                quantity = -free if free == held else -(free // rules.lot * rules.lot)
        value = money(price) * abs(quantity) * rules.multiplier
        if quantity == 0:
            continue
        if value < money(min_value) and held + quantity != 0:
            skipped.append(Skipped(entity, quantity, "dust"))
            continue
        side: Side = "buy" if quantity > 0 else "sell"
        order = Order(strategy, day, entity, side, abs(quantity), sequence, decision_price=money(price))
        if side == "sell":
            sales.append(order)
        else:
            buys.append((value, order))
    buys.sort(key=lambda pair: (-pair[0], pair[1].entity))
    return OrderPlan((*sales, *(order for _, order in buys)), tuple(skipped))


def _trade(desired: float, held: int, rules: Instrument) -> tuple[int, int]:
    """The signed quantity to trade, rounded towards what is held, and what rounding left out of it."""
    if desired == 0:
        return -held, 0
    if not rules.funded:
        # contracts are counted down towards 0, whatever is held: as the backtest does
        aim = math.floor(abs(desired) * (1 + 1e-12) + 1e-9) // rules.lot * rules.lot
        change = (aim if desired > 0 else -aim) - held
        return change, (1 if desired > 0 else -1) if aim == 0 and held == 0 else 0
    wanted = desired - held
    nearly = math.floor(abs(wanted) + 1e-9)
    crosses = held * desired < 0
    steps = math.floor(abs(wanted) / rules.lot + 1e-9) * rules.lot
    whole = steps if steps >= rules.min_lot else 0
    sign = 1 if wanted > 0 else -1
    if crosses and whole < abs(held):
        whole = abs(held)  # at least out of the wrong side
    return sign * whole, sign * nearly if whole == 0 else 0
