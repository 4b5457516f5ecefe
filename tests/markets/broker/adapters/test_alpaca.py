"""Against a server in this process that speaks as Alpaca does; its messages are shaped after Alpaca's documentation."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tael.errors import MarketError
from tael.markets.broker import Broker, Order
from tael.markets.broker.adapters import AlpacaBroker, Journal

DAY = date(2024, 1, 2)


class Alpaca(ThreadingHTTPServer):
    """Its memory: orders by their own names, fills, and what goes wrong next."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.orders: dict[str, dict[str, Any]] = {}
        self.fills: list[dict[str, Any]] = []
        self.posts = 0
        self.trouble: list[str] = []

    def fill(self, name: str, quantity: int, price: str, at: str) -> None:
        order = self.orders[name]
        done = int(order["filled_qty"]) + quantity
        order.update(
            filled_qty=str(done),
            filled_avg_price=price,
            status="filled" if done == int(order["qty"]) else "partially_filled",
        )
        self.fills.append(
            {
                "id": f"2024::{len(self.fills):03d}",
                "order_id": order["id"],
                "symbol": order["symbol"],
                "side": order["side"],
                "qty": str(quantity),
                "price": price,
                "transaction_time": at,
            }
        )


class Handler(BaseHTTPRequestHandler):
    server: Alpaca

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, code: int, said: object = None) -> None:
        text = b"" if said is None else json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posts += 1
        trouble = self.server.trouble.pop(0) if self.server.trouble else ""
        if trouble == "lost on the way":
            return
        name = said["client_order_id"]
        if name in self.server.orders:
            self.answer(422, {"code": 40010001, "message": "client_order_id must be unique"})
            return
        if said["symbol"] == "POOR":
            self.answer(403, {"code": 40310000, "message": "insufficient buying power"})
            return
        order = {**said, "id": f"id-{len(self.server.orders)}", "status": "accepted", "filled_qty": "0"}
        self.server.orders[name] = {**order, "filled_avg_price": None}
        if trouble == "answer lost":
            return
        self.answer(500 if trouble == "error" else 200, self.server.orders[name])

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        params = dict(urllib.parse.parse_qsl(query))
        orders = self.server.orders
        if path == "/v2/orders:by_client_order_id":
            found = orders.get(params["client_order_id"])
            self.answer(200 if found else 404, found or {"message": "order not found"})
        elif path.startswith("/v2/orders/"):
            self.answer(200, next(order for order in orders.values() if order["id"] == path.rpartition("/")[2]))
        elif path == "/v2/account/activities/FILL":
            names = [fill["id"] for fill in self.server.fills]
            first = names.index(params["page_token"]) + 1 if "page_token" in params else 0
            self.answer(200, self.server.fills[first : first + int(params["page_size"])])
        elif path == "/v2/positions":
            said = {
                "symbol": "SPY",
                "qty": "7",
                "qty_available": "5",
                "current_price": "100.5",
                "market_value": "703.5",
            }
            self.answer(200, [said])
        elif path == "/v2/account":
            self.answer(200, {"cash": "1000.25", "equity": "1703.75", "currency": "USD"})
        else:
            self.answer(401, {"message": "forbidden"})

    def do_DELETE(self) -> None:
        order = next(order for order in self.server.orders.values() if order["id"] == self.path.rpartition("/")[2])
        if order["status"] == "filled":
            self.answer(422, {"message": "order is not cancelable"})
            return
        order["status"] = "canceled"
        self.answer(204)


@pytest.fixture
def alpaca() -> Iterator[Alpaca]:
    with Alpaca() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    made.close()


@pytest.fixture
def broker(alpaca: Alpaca, journal: Journal) -> AlpacaBroker:
    def request(
        method: str, path: str, *, params: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        address = f"http://127.0.0.1:{alpaca.server_port}{path}" + (
            f"?{urllib.parse.urlencode(params)}" if params else ""
        )
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(address, data, method=method), timeout=5) as said:
                text = said.read()
                return said.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    return AlpacaBroker(request, journal)


def order(quantity: int = 10, entity: str = "SPY", side: str = "buy", **more: Any) -> Order:
    return Order("demo", DAY, entity, side, quantity, **more)


def test_it_is_a_broker(broker: AlpacaBroker) -> None:
    assert isinstance(broker, Broker)


def test_an_order_is_sent_once(broker: AlpacaBroker, alpaca: Alpaca) -> None:
    state = broker.submit(order(limit_price=Decimal("99.50")))
    assert (state.status, state.broker_id) == ("open", "id-0")
    assert broker.submit(order(limit_price=Decimal("99.50"))) == state
    assert alpaca.posts == 1
    sent = alpaca.orders[state.order.client_order_id]
    assert (sent["type"], sent["limit_price"], sent["time_in_force"], sent["qty"]) == ("limit", "99.5", "opg", "10")
    with pytest.raises(MarketError, match="Another order of this name"):
        broker.submit(order(20))


@pytest.mark.parametrize("trouble", ["answer lost", "error"])
def test_an_order_whose_answer_is_lost_is_found_by_its_name(broker: AlpacaBroker, alpaca: Alpaca, trouble: str) -> None:
    alpaca.trouble = [trouble]
    assert broker.submit(order()).status == "open"
    assert broker.submit(order()).status == "open"
    assert len(alpaca.orders) == alpaca.posts == 1


def test_an_order_that_did_not_arrive_may_be_sent_again(broker: AlpacaBroker, alpaca: Alpaca) -> None:
    alpaca.trouble = ["lost on the way"]
    with pytest.raises(MarketError, match="does not say whether the order arrived"):
        broker.submit(order())
    assert broker.orders() == []
    assert broker.submit(order()).status == "open"
    assert len(alpaca.orders) == 1


def test_a_restart_with_an_empty_journal_does_not_double(broker: AlpacaBroker, alpaca: Alpaca, tmp_path: Path) -> None:
    broker.submit(order())
    empty = Journal(tmp_path / "other.sqlite")
    assert AlpacaBroker(broker._request, empty).submit(order()).broker_id == "id-0"
    assert len(alpaca.orders) == 1
    with pytest.raises(MarketError, match="Another order of this name is at Alpaca"):
        AlpacaBroker(broker._request, _fresh(tmp_path, "third")).submit(order(99))
    empty.close()


def _fresh(folder: Path, name: str) -> Journal:
    return Journal(folder / f"{name}.sqlite")


def test_a_refusal_is_a_rejected_order(broker: AlpacaBroker) -> None:
    state = broker.submit(order(entity="POOR"))
    assert (state.status, state.reason) == ("rejected", "insufficient buying power")
    assert broker.submit(order(entity="POOR")) == state


def test_fills_by_the_exchanges_day_over_pages(broker: AlpacaBroker, alpaca: Alpaca) -> None:
    name = broker.submit(order(250)).order.client_order_id
    alpaca.fill(name, 1, "99.5", "2024-01-03T02:00:00.123456789Z"[:26] + "Z")  # still the second in New York
    for _ in range(249):
        alpaca.fill(name, 1, "100.25", "2024-01-03T14:30:00Z")
    assert len(broker.fills()) == 250
    fills = broker.fills(date(2024, 1, 3))
    assert len(fills) == 249
    assert {fill.client_order_id for fill in fills} == {name}
    assert fills[0].price == Decimal("100.25")
    (state,) = broker.orders(DAY)
    assert (state.status, state.filled, state.average_price) == ("filled", 250, Decimal("100.25"))
    assert broker.orders(open_only=True) == []


def test_cancelling(broker: AlpacaBroker, alpaca: Alpaca) -> None:
    first, second = (broker.submit(order(sequence=number)).order.client_order_id for number in (0, 1))
    assert broker.cancel(first).status == "cancelled"
    alpaca.fill(second, 10, "100", "2024-01-03T14:30:00Z")
    assert broker.cancel(second).status == "filled"
    with pytest.raises(MarketError, match="No such order"):
        broker.cancel("tael-nothing")


def test_money_and_positions(broker: AlpacaBroker) -> None:
    account = broker.account()
    assert (account.cash, account.value, account.equity) == (Decimal("1000.25"), Decimal("703.5"), Decimal("1703.75"))
    assert broker.positions()["SPY"].quantity == 7
    assert broker.sellable(DAY) == {"SPY": 5}


def test_a_status_that_is_not_known_is_no_guess(broker: AlpacaBroker, alpaca: Alpaca) -> None:
    name = broker.submit(order()).order.client_order_id
    alpaca.orders[name]["status"] = "quantum"
    with pytest.raises(MarketError, match="status that is not known"):
        broker.orders()
