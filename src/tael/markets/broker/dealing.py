"""A day's fills of the paper broker: what reduces a position first, then what increases one, with the cash there is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tael.markets.broker.book import Book, Holding
from tael.markets.broker.money import money, to_micros
from tael.markets.broker.orders import OrderState
from tael.markets.broker.protocol import Bar, Charges, Execution, FillModel, Instrument, Instruments, instrument


@dataclass
class _Wanted:
    """An order, and what the market gives of it."""

    state: OrderState
    rules: Instrument
    bar: Bar | None
    given: Execution
    reduces: int
    increases: int
    reason: str

    def need(self, model: FillModel, day: date, increases: int) -> int:
        """Cash (or margin) that so much of it binds, and its charges, in millionths."""
        quantity = self.reduces + increases
        if increases == 0 or self.given.price is None:
            return 0
        share = Decimal(1) if self.rules.funded else self.rules.margin_rate
        bound = self.given.price * increases * self.rules.multiplier * share
        if not self.rules.funded:
            return to_micros(bound)  # costs are paid out of the balance, margin only stands aside
        cost = model.charges(self.state.order, quantity, self.given.price, day, self.rules, self.bar)
        return to_micros(bound + cost.total)

    def closing(self, model: FillModel, day: date) -> int:
        """What the closing part of an order that turns a position on margin costs, in millionths."""
        if self.rules.funded or not self.reduces or self.given.price is None:
            return 0
        cost = model.charges(self.state.order, self.reduces, self.given.price, day, self.rules, self.bar)
        return to_micros(cost.total)


def deal(book: Book, model: FillModel, instruments: Instruments, day: date, bars: Mapping[str, Bar]) -> int:
    """Fill the open orders of earlier days; to be called inside an action.

    Sales of shares (and whatever makes a position smaller) go first, in the order in which they were sent. What makes
    positions larger then shares the free cash: where it does not reach, every quantity is scaled down alike and
    rounded to whole lots, as the backtest does.

    Parameters
    ----------
    book : Book
    model : FillModel
    instruments : Instrument or mapping
    day : date
    bars : mapping of entity to Bar

    Returns
    -------
    int
        How many orders filled, at least partly.
    """
    held = book.held()
    waiting: list[_Wanted] = []
    count = 0
    for state in book.order_states("o.status IN ('open', 'partially_filled') AND o.day < ?", (day.isoformat(),)):
        order = state.order
        rules = instrument(instruments, order.entity)
        holding = held.get(order.entity) or Holding.empty(order.entity, rules)
        wanted = _ask(state, rules, holding, model, day, bars.get(order.entity))
        if wanted.increases:
            waiting.append(wanted)
        else:
            count += _fill(book, model, day, held, wanted, wanted.reduces)
    free = book.balance() - sum(_bound(holding, bars.get(entity), waiting) for entity, holding in held.items())
    free -= sum(wanted.closing(model, day) for wanted in waiting)
    for wanted, increases in zip(waiting, _afford(waiting, model, day, free), strict=True):
        if increases < wanted.increases:
            wanted.reason = "cash" if wanted.rules.funded else "margin"
        count += _fill(book, model, day, held, wanted, wanted.reduces + increases)
    return count


def _bound(holding: Holding, bar: Bar | None, waiting: list[_Wanted]) -> int:
    """Margin that a position binds at the price of the fill, less what it has gained until then; in millionths.

    What an order closes before it opens the other side binds nothing any more.
    """
    if holding.funded or holding.quantity == 0:
        return 0
    known = bar is not None and not math.isnan(bar.open)
    price = to_micros(money(bar.open)) if bar is not None and known else holding.price
    worth = holding.quantity * price * holding.multiplier
    closed = sum(wanted.reduces for wanted in waiting if wanted.state.order.entity == holding.entity)
    stays = max(0, abs(holding.quantity) - closed) * price * holding.multiplier
    return int(stays * holding.margin_rate) - (worth - holding.basis)


def _ask(
    state: OrderState, rules: Instrument, holding: Holding, model: FillModel, day: date, bar: Bar | None
) -> _Wanted:
    """What the market gives of an order's remainder, and how much of that reduces the position."""
    order = state.order
    left = order.quantity - state.filled
    reason = ""
    if order.side == "sell" and not rules.short:
        free = max(0, holding.unlocked(day, rules.t_plus_1))
        if free < left:
            left, reason = free, "t_plus_1" if holding.quantity > free else "position"
    given = model.execute(order, bar, left, rules) if left else Execution(0, reason=reason)
    opposite = holding.quantity if order.side == "sell" else -holding.quantity
    reduces = min(given.quantity, max(0, opposite))
    increases = rules.whole(given.quantity - reduces)
    return _Wanted(state, rules, bar, given, reduces, increases, given.reason or reason)


def _afford(waiting: list[_Wanted], model: FillModel, day: date, free: int) -> list[int]:
    """How much of each increase the free cash pays for."""
    granted = [wanted.increases for wanted in waiting]
    needs = [wanted.need(model, day, quantity) for wanted, quantity in zip(waiting, granted, strict=True)]
    if (total := sum(needs)) <= max(free, 0):
        return granted
    share = Decimal(max(free, 0)) / total
    granted = [w.rules.whole(float(quantity * share)) for w, quantity in zip(waiting, granted, strict=True)]
    needs = [wanted.need(model, day, quantity) for wanted, quantity in zip(waiting, granted, strict=True)]
    last = len(granted) - 1
    while last >= 0 and sum(needs) > free:  # minimum commissions do not scale: lots go, from the last order on
        if granted[last] == 0:
            last -= 1
            continue
        granted[last] = waiting[last].rules.whole(granted[last] - waiting[last].rules.lot)
        needs[last] = waiting[last].need(model, day, granted[last])
    return granted


def _fill(book: Book, model: FillModel, day: date, held: dict[str, Holding], wanted: _Wanted, quantity: int) -> int:
    """Write one fill: the execution, its cash, the position, the order's state. 1 if anything filled."""
    order, rules, price = wanted.state.order, wanted.rules, wanted.given.price
    if quantity == 0 or price is None:
        book.sql.execute(
            "UPDATE orders SET reason = ? WHERE client_order_id = ?", (wanted.reason or "lot", order.client_order_id)
        )
        return 0
    cost = model.charges(order, quantity, price, day, rules, wanted.bar)
    if not rules.funded and 0 < wanted.reduces < quantity:  # one order that closes and opens is two deals
        parts = (wanted.reduces, quantity - wanted.reduces)
        one, two = (model.charges(order, part, price, day, rules, wanted.bar) for part in parts)
        cost = Charges(one.commission + two.commission, one.tax + two.tax, one.fees + two.fees)
    costs = {"commission": to_micros(cost.commission), "tax": to_micros(cost.tax), "fees": to_micros(cost.fees)}
    name, paid = order.client_order_id, to_micros(price)
    book.sql.execute(
        "INSERT INTO fills (fill_id, client_order_id, day, entity, side, quantity, price, commission, tax, fees, "
        "multiplier, funded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            f"{name}/{day.isoformat()}",
            name,
            day.isoformat(),
            order.entity,
            order.side,
            quantity,
            paid,
            *costs.values(),
            rules.multiplier,
            int(rules.funded),
        ),
    )
    filled = wanted.state.filled + quantity
    status = "filled" if filled == order.quantity else "partially_filled"
    reason = "" if status == "filled" else wanted.reason or "lot"
    book.sql.execute(
        "UPDATE orders SET filled = ?, status = ?, reason = ? WHERE client_order_id = ?", (filled, status, reason, name)
    )
    signed = quantity if order.side == "buy" else -quantity
    holding = held.setdefault(order.entity, Holding.empty(order.entity, rules))
    value = signed * paid * rules.multiplier
    if rules.funded:
        book.post(day, order.side, order.entity, -value)
    else:
        holding.basis += value
    for kind, amount in costs.items():
        book.post(day, kind, order.entity, -amount)
    if order.side == "buy":
        holding.bought = quantity + (holding.bought if holding.bought_on == day.isoformat() else 0)
        holding.bought_on = day.isoformat()
    holding.quantity += signed
    holding.price = paid
    if holding.quantity == 0 and holding.basis:
        book.post(day, "variation", order.entity, -holding.basis)
        holding.basis = 0
    book.keep(holding)
    return 1
