"""Alpaca (United States): its REST interface, version 2, over a function that the caller gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from tael.errors import MarketError
from tael.markets.broker.adapters.journal import Journal
from tael.markets.broker.money import money
from tael.markets.broker.orders import Account, Fill, Order, OrderState, Position, Status

EXCHANGE_TIME = ZoneInfo("America/New_York")

# https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
STATUS: dict[str, Status] = {
    "new": "open",
    "accepted": "open",
    "pending_new": "open",
    "accepted_for_bidding": "open",
    "held": "open",
    "stopped": "open",
    "suspended": "open",
    "pending_cancel": "open",
    "pending_replace": "open",
    "partially_filled": "partially_filled",
    "filled": "filled",
    "done_for_day": "expired",
    "calculated": "expired",
    "expired": "expired",
    "canceled": "cancelled",
    "replaced": "cancelled",
    "rejected": "rejected",
}


class Transport(Protocol):
    """Sends one request to Alpaca, with its keys, and decodes the JSON that comes back."""

    def __call__(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Status code and decoded body.

        Raises
        ------
        OSError
            If no answer came (``TimeoutError``, ``ConnectionError``): the request may have arrived or not.
        """
        ...


class AlpacaBroker:
    """Stocks at Alpaca. The client order id makes sending again harmless: Alpaca refuses a second one of a name.

    Parameters
    ----------
    request : Transport
        For instance a session of an HTTP client with base address and keys; it must not repeat requests by itself.
    journal : Journal
    time_in_force : str
        "opg" deals in the opening auction of the next day, as the backtest does; "day" from the open on.

    Notes
    -----
    Regulatory fees are charged by Alpaca apart from the executions, so fills carry none.
    """

    def __init__(self, request: Transport, journal: Journal, *, time_in_force: str = "opg") -> None:
        self._request, self._journal, self._time_in_force = request, journal, time_in_force

    def submit(self, order: Order) -> OrderState:
        """Send an order, or learn what became of it.

        If the answer is lost, the order is looked up by its name.

        Returns
        -------
        OrderState
            "rejected" with Alpaca's words if it refuses.

        Raises
        ------
        MarketError
            If it is not known whether the order arrived (call `submit` again: that is harmless), or the name belongs
            to another order.
        """
        if not self._journal.intend(order) and (known := self._find(order)) is not None:
            return known
        body = {
            "symbol": order.entity,
            "qty": str(order.quantity),
            "side": order.side,
            "type": "market" if order.limit_price is None else "limit",
            "time_in_force": self._time_in_force,
            "client_order_id": order.client_order_id,
        }
        if order.limit_price is not None:
            body["limit_price"] = f"{order.limit_price.normalize():f}"
        try:
            code, said = self._request("POST", "/v2/orders", body=body)
        except OSError as error:
            return self._after_silence(order, str(error))
        if code in (200, 201):
            return self._state(order, said)
        if code == 429 or code >= 500 or code in (401, 408):
            return self._after_silence(order, f"{code} {_words(said)}")
        known = self._find(order)  # a second order of this name is refused: then the first one is there
        return known or self._journal.remember(OrderState(order, "rejected", reason=_words(said)))

    def _after_silence(self, order: Order, why: str) -> OrderState:
        """Look up an order whose answer was lost."""
        try:
            known = self._find(order)
        except OSError:
            known = None
        if known is not None:
            return known
        raise MarketError(
            "Alpaca does not say whether the order arrived.", got=why, where=f"{order.entity}, {order.day}",
            fix="Submit it again: an order that did arrive is not doubled.",
        )  # fmt: skip

    def _find(self, order: Order) -> OrderState | None:
        """The state of an order by its name; None if Alpaca does not know it."""
        last = self._journal.remembered(order)
        if last is not None and not last.is_open:
            return last
        code, said = self._request(
            "GET", "/v2/orders:by_client_order_id", params={"client_order_id": order.client_order_id}
        )
        if code == 404:
            return None
        return self._state(order, _answer(code, said))

    def _state(self, order: Order, said: Mapping[str, Any]) -> OrderState:
        """Alpaca's words in tael's; the broker's name goes into the journal."""
        there = (said["symbol"], said["side"].split("_")[0], Decimal(said["qty"]))
        if there != (order.entity, order.side, order.quantity):
            raise MarketError("Another order of this name is at Alpaca.", expected=repr(order), got=repr(there))
        if said["status"] not in STATUS:
            raise MarketError("Alpaca has a status that is not known.", got=said["status"], where=order.entity)
        self._journal.bind(order.client_order_id, said["id"])
        price = said.get("filled_avg_price")
        filled = int(Decimal(said.get("filled_qty") or 0))
        return self._journal.remember(
            OrderState(order, STATUS[said["status"]], filled, money(price) if price else None, "", said["id"])
        )

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
        if not state.is_open:
            return state
        code, said = self._request("DELETE", f"/v2/orders/{state.broker_id}")
        if code not in (200, 204, 422):  # 422: it is done meanwhile
            _answer(code, said)
        return self._find(order) or state

    def orders(self, day: date | None = None, *, open_only: bool = False) -> list[OrderState]:
        """Orders of the journal and what Alpaca says of them, oldest first; those that never arrived are left out."""
        states = [self._find(order) for order in self._journal.orders(day)]
        return [state for state in states if state is not None and (state.is_open or not open_only)]

    def fills(self, since: date | None = None) -> list[Fill]:
        """Executions from a day (of New York) on, oldest first."""
        params = {"direction": "asc", "page_size": "100"}
        if since is not None:
            params["after"] = (since - timedelta(days=1)).isoformat()  # in UTC; the day is cut below
        found: list[Fill] = []
        while True:
            code, page = self._request("GET", "/v2/account/activities/FILL", params=params)
            for said in _answer(code, page):
                fill = self._fill(said)
                if since is None or fill.day >= since:
                    found.append(fill)
            if len(page) < int(params["page_size"]):
                return found
            params = {**params, "page_token": page[-1]["id"]}

    def _fill(self, said: Mapping[str, Any]) -> Fill:
        name = self._journal.bound(said["order_id"])
        if name is None:  # the answer to the order was lost, or somebody else ordered
            code, there = self._request("GET", f"/v2/orders/{said['order_id']}")
            name = str(_answer(code, there)["client_order_id"])
        at = datetime.fromisoformat(said["transaction_time"].replace("Z", "+00:00")).astimezone(EXCHANGE_TIME)
        side, quantity = said["side"].split("_")[0], Decimal(said["qty"])
        if quantity != int(quantity):
            raise MarketError("A fraction of a share was filled.", got=str(quantity), where=said["symbol"])
        return Fill(said["id"], name, said["symbol"], at.date(), side, int(quantity), money(said["price"]))

    def positions(self) -> dict[str, Position]:
        """What is held, by symbol."""
        return {
            said["symbol"]: Position(
                said["symbol"],
                int(Decimal(said["qty"])),
                money(said["current_price"]),
                money(said["market_value"]),
            )
            for said in _answer(*self._request("GET", "/v2/positions"))
        }

    def sellable(self, day: date) -> dict[str, int]:
        """Shares that no open order claims; there is no T+1 lock."""
        return {
            said["symbol"]: int(Decimal(said["qty_available"]))
            for said in _answer(*self._request("GET", "/v2/positions"))
            if Decimal(said["qty"]) > 0
        }

    def account(self) -> Account:
        """Money as Alpaca knows it."""
        said = _answer(*self._request("GET", "/v2/account"))
        cash, equity = money(said["cash"]), money(said["equity"])
        return Account(cash, equity - cash, Decimal(0), equity, said.get("currency", "USD"))


def _words(said: Any) -> str:
    """Alpaca's message, short."""
    return str(said.get("message", said) if isinstance(said, Mapping) else said)[:200]


def _answer(code: int, said: Any) -> Any:
    """A good answer's body.

    Raises
    ------
    MarketError
        On any other.
    """
    if code not in (200, 201, 204, 207):
        raise MarketError("Alpaca refuses a request.", got=f"{code} {_words(said)}")
    return said
