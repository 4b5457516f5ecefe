"""Interactive Brokers: over a connected ``ib_async.IB``, orders named by their ``orderRef``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from tael.errors import MarketError
from tael.markets.broker.adapters.journal import Journal
from tael.markets.broker.money import money
from tael.markets.broker.orders import Account, Fill, Order, OrderState, Position, Side, Status

# https://interactivebrokers.github.io/tws-api/order_submission.html#order_status
STATUS: dict[str, Status] = {
    "PendingSubmit": "open",
    "ApiPending": "open",
    "PreSubmitted": "open",
    "Submitted": "open",
    "PendingCancel": "open",
    "Filled": "filled",
    "Cancelled": "cancelled",
    "ApiCancelled": "cancelled",
    "Inactive": "rejected",
    "ValidationError": "rejected",
}


class IbBroker:
    """Whatever Interactive Brokers deals in.

    Its interface accepts any number of orders with one ``orderRef``, so before an order that may have been sent is sent
    again, open orders, the day's completed orders and executions are searched for its name.

    Parameters
    ----------
    ib : ib_async.IB
        Connected by the caller, to a gateway that sees all orders of the account.
    journal : Journal
    contract_for : callable
        Makes the contract of an entity: ``lambda name: Stock(name, "SMART", "USD")``.
    entity_of : callable, optional
        The entity of a contract; its symbol.
    account : str
        Where the login has several.
    time_in_force : str
        "OPG" deals in the next opening auction, as the backtest does.
    zone : str
        The exchange's time zone, for the day of an execution.

    Notes
    -----
    Executions of earlier days are not told by the interface: call `fills` on each day.
    """

    def __init__(
        self,
        ib: Any,
        journal: Journal,
        *,
        contract_for: Callable[[str], Any],
        entity_of: Callable[[Any], str] = lambda contract: str(contract.symbol),
        account: str = "",
        time_in_force: str = "OPG",
        zone: str = "America/New_York",
    ) -> None:
        self._ib, self._journal, self._contract_for, self._entity_of = ib, journal, contract_for, entity_of
        self._account, self._time_in_force, self._zone = account, time_in_force, ZoneInfo(zone)

    def submit(self, order: Order) -> OrderState:
        """Send an order, or learn what became of it.

        Raises
        ------
        MarketError
            If it was sent once and Interactive Brokers no longer tells of it, or the name belongs to another order.
        """
        name = order.client_order_id
        if not self._journal.intend(order):
            known = self._find(order)
            if known is not None:
                return known
            if self._journal.legs(name)[0][2] is not None:
                raise MarketError(
                    "An order was sent, and Interactive Brokers no longer tells of it.", got=name,
                    where=f"{order.entity}, {order.day}", fix="Look it up in the trading application; nothing is sent.",
                )  # fmt: skip
        trade = self._ib.placeOrder(self._contract_for(order.entity), self._ib_order(order))
        self._journal.bind(name, name)
        return self._state(order, trade)

    def _ib_order(self, order: Order) -> Any:
        """The order in ib_async's words.

        Raises
        ------
        MarketError
            If ib_async is not installed.
        """
        try:
            from ib_async import LimitOrder, MarketOrder
        except ImportError as error:
            raise MarketError("Interactive Brokers needs ib_async.", fix="pip install ib_async") from error
        more = {"orderRef": order.client_order_id, "tif": self._time_in_force, "account": self._account}
        action = order.side.upper()
        if order.limit_price is None:
            return MarketOrder(action, order.quantity, **more)
        return LimitOrder(action, order.quantity, float(order.limit_price), **more)

    def _trade(self, name: str) -> Any:
        """The trade of a name among all that Interactive Brokers still tells of; None if there is none.

        Raises
        ------
        MarketError
            If there are two.
        """
        told = chain(self._ib.trades(), self._ib.reqAllOpenOrders(), self._ib.reqCompletedOrders(True))
        found = {_identity(trade): trade for trade in told if trade.order.orderRef == name}
        if len(found) > 1:
            raise MarketError("Two orders of one name are at Interactive Brokers.", got=name)
        return next(iter(found.values()), None)

    def _find(self, order: Order) -> OrderState | None:
        """The state of an order by its name."""
        last = self._journal.remembered(order)
        if last is not None and not last.is_open:
            return last
        trade = self._trade(order.client_order_id)
        if trade is not None:
            return self._state(order, trade)
        return self._from_executions(order)

    def _from_executions(self, order: Order) -> OrderState | None:
        """The state of an order that only its executions tell of."""
        fills = [fill for fill in self.fills() if fill.client_order_id == order.client_order_id]
        filled = sum(fill.quantity for fill in fills)
        if not filled:
            return None
        price = sum((fill.value for fill in fills), Decimal(0)) / sum(fill.quantity * fill.multiplier for fill in fills)
        status: Status = "filled" if filled == order.quantity else "partially_filled"
        return self._journal.remember(OrderState(order, status, filled, money(price)))

    def _state(self, order: Order, trade: Any) -> OrderState:
        """A trade in tael's words."""
        there = (self._entity_of(trade.contract), trade.order.action.lower(), int(trade.order.totalQuantity))
        # an order that is done is told with a quantity of 0
        if there[:2] != (order.entity, order.side) or there[2] not in (0, order.quantity):
            raise MarketError(
                "Another order of this name is at Interactive Brokers.", expected=repr(order), got=repr(there)
            )
        said = trade.orderStatus
        if said.status not in STATUS:
            raise MarketError("Interactive Brokers has a status that is not known.", got=said.status)
        filled = int(said.filled or sum(fill.execution.shares for fill in trade.fills))
        status = STATUS[said.status]
        if status == "open" and filled:
            status = "partially_filled"
        price = money(said.avgFillPrice) if filled and said.avgFillPrice else None
        reason = next((entry.message for entry in reversed(trade.log) if entry.message), "")
        number = str(trade.order.permId or trade.order.orderId)
        return self._journal.remember(OrderState(order, status, filled, price, reason, number))

    def cancel(self, client_order_id: str) -> OrderState:
        """Ask to take back what is open of an order.

        Raises
        ------
        MarketError
            If it was never sent.
        """
        order = self._journal.order(client_order_id)
        state = None if order is None else self._find(order)
        if order is None or state is None:
            raise MarketError("No such order.", got=client_order_id)
        trade = self._trade(client_order_id)
        if not state.is_open or trade is None:
            return state
        self._ib.cancelOrder(trade.order)
        return self._state(order, trade)

    def orders(self, day: date | None = None, *, open_only: bool = False) -> list[OrderState]:
        """Orders of the journal and what became of them, oldest first."""
        states = [self._find(order) or self._journal.remembered(order) for order in self._journal.orders(day)]
        return [state for state in states if state is not None and (state.is_open or not open_only)]

    def fills(self, since: date | None = None) -> list[Fill]:
        """The executions that Interactive Brokers still tells of (today's), oldest first, corrections applied."""
        found: dict[str, Fill] = {}
        for said in sorted(self._ib.reqExecutions(), key=lambda said: (said.execution.time, said.execution.execId)):
            one, report = said.execution, said.commissionReport
            side: Side = "buy" if one.side == "BOT" else "sell"
            # a correction has the same number but for the last part, and takes the first one's place
            found[one.execId.rpartition(".")[0] or one.execId] = Fill(
                one.execId,
                one.orderRef,
                self._entity_of(said.contract),
                one.time.astimezone(self._zone).date(),
                side,
                int(one.shares),
                money(one.price),
                money(report.commission) if report is not None else Decimal(0),
                multiplier=int(said.contract.multiplier or 1),
            )
        return [fill for fill in found.values() if since is None or fill.day >= since]

    def positions(self) -> dict[str, Position]:
        """What is held, by entity."""
        held = (item for item in self._ib.portfolio(self._account) if item.position)
        return {
            (entity := self._entity_of(item.contract)): Position(
                entity, int(item.position), money(item.marketPrice), money(item.marketValue)
            )
            for item in held
        }

    def sellable(self, day: date) -> dict[str, int]:
        """Long positions less what open sales claim."""
        free = {entity: position.quantity for entity, position in self.positions().items() if position.quantity > 0}
        for state in self.orders(open_only=True):
            if state.order.side == "sell" and state.order.entity in free:
                left = state.order.quantity - state.filled
                free[state.order.entity] = max(0, free[state.order.entity] - left)
        return free

    def account(self) -> Account:
        """Money as Interactive Brokers knows it."""
        said = {value.tag: value for value in self._ib.accountSummary(self._account)}
        for tag in ("NetLiquidation", "TotalCashValue", "InitMarginReq"):
            if tag not in said:
                raise MarketError("The account's summary lacks a value.", expected=tag, got=", ".join(said))
        cash, equity = money(said["TotalCashValue"].value), money(said["NetLiquidation"].value)
        margin = money(said["InitMarginReq"].value)
        return Account(cash, equity - cash, margin, equity, said["NetLiquidation"].currency)


def _identity(trade: Any) -> object:
    """What makes two reports one order: its permanent number, or before it has one, client and number."""
    return trade.order.permId or (trade.order.clientId, trade.order.orderId)
