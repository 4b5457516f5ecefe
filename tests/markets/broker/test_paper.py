from __future__ import annotations

import math
import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.broker import (
    CN_STOCK_FEES,
    Bar,
    Broker,
    CorporateAction,
    Fees,
    Instrument,
    NextOpen,
    Order,
    PaperBroker,
)
from tael.markets.broker.day import Settles

DAY = date(2024, 1, 2)
MEMORY = Path(":memory:")


def later(number: int = 1) -> date:
    return DAY + timedelta(days=number)


def bar(price: float, **more: float | bool) -> Bar:
    return Bar(price, price * 1.02, price * 0.98, price, **more)


def buy(entity: str, quantity: int, day: date = DAY, **more: object) -> Order:
    return Order("test", day, entity, "buy", quantity, **more)


def sell(entity: str, quantity: int, day: date = DAY, **more: object) -> Order:
    return Order("test", day, entity, "sell", quantity, **more)


def holding(quantity: int, cash: float = 100_000) -> PaperBroker:
    """A broker that holds so many shares of A since `later(1)`, marked at 10."""
    broker = PaperBroker(MEMORY, cash=cash)
    broker.submit(buy("A", quantity))
    broker.fill(later(), {"A": bar(10.0)})
    broker.end_of_day(later(), {"A": bar(10.0)})
    return broker


def test_it_is_a_broker_that_settles() -> None:
    with PaperBroker(MEMORY, cash=1) as broker:
        assert isinstance(broker, Broker)
        assert isinstance(broker, Settles)


def test_the_same_order_twice_is_one_order_and_another_of_its_name_is_refused() -> None:
    with PaperBroker(MEMORY, cash=100_000) as broker:
        first = broker.submit(buy("A", 100))
        assert broker.submit(buy("A", 100)) == first
        assert len(broker.orders()) == 1
        with pytest.raises(MarketError, match="Another order of this name"):
            broker.submit(buy("A", 200))
        assert broker.submit(buy("A", 200, sequence=1)).status == "open"


def test_what_is_bought_today_is_sold_tomorrow() -> None:
    with PaperBroker(MEMORY, cash=100_000) as broker:
        broker.submit(buy("A", 1000))
        broker.fill(later(), {"A": bar(10.0)})
        assert broker.sellable(later()) == {"A": 0}
        assert broker.sellable(later(2)) == {"A": 1000}
        broker.end_of_day(later(), {"A": bar(10.0)})
        broker.submit(sell("A", 600, later()))
        assert broker.sellable(later(2)) == {"A": 400}, "an open sale claims its shares"
        assert broker.submit(sell("A", 500, later(), sequence=1)).reason == "position"
        (fill,) = broker.fill(later(2), {"A": bar(11.0)})
        assert (fill.quantity, fill.price) == (600, Decimal(11))


def test_a_second_call_of_each_step_changes_nothing() -> None:
    with PaperBroker(MEMORY, cash=100_000) as broker:
        broker.submit(buy("A", 1000))
        fills = broker.fill(later(), {"A": bar(10.0)})
        assert broker.fill(later(), {"A": bar(99.0)}) == fills
        account = broker.end_of_day(later(), {"A": bar(10.5)})
        assert broker.end_of_day(later(), {"A": bar(99.0)}) == account
        assert broker.fill(later(), {"A": bar(99.0)}) == fills
        assert broker.reconcile().balanced


@pytest.mark.parametrize(
    ("day", "bars", "reason"),
    [
        ("buy", {}, "not_listed"),
        ("buy", {"A": bar(10.0, suspended=True)}, "suspended"),
        ("buy", {"A": bar(math.nan)}, "suspended"),
        ("buy", {"A": bar(11.0, limit_up=11.0)}, "limit_up"),
        ("sell", {"A": bar(9.0, limit_down=9.0)}, "limit_down"),
        ("buy", {"A": bar(10.0, typical_volume=50)}, "participation"),
    ],
)
def test_what_does_not_fill_says_why_and_expires(day: str, bars: dict[str, Bar], reason: str) -> None:
    with holding(1000) as broker:
        state = broker.submit((buy if day == "buy" else sell)("A", 500, later()))
        assert state.status == "open"
        assert broker.fill(later(2), bars) == []
        assert broker.orders(open_only=True)[0].reason == reason
        broker.end_of_day(later(2), bars)
        assert [(state.status, state.reason) for state in broker.orders(later())] == [("expired", reason)]
        assert broker.positions()["A"].quantity == 1000
        assert broker.reconcile().balanced


def test_a_part_fills_under_the_cap_and_the_rest_expires() -> None:
    with PaperBroker(MEMORY, cash=100_000, model=NextOpen(participation=0.1)) as broker:
        broker.submit(buy("A", 1000))
        broker.fill(later(), {"A": bar(10.0, typical_volume=3456)})
        broker.end_of_day(later(), {"A": bar(10.0)})
        (state,) = broker.orders()
        assert (state.status, state.filled, state.reason) == ("expired", 300, "participation")


def test_cash_that_does_not_reach_is_shared_and_never_negative() -> None:
    with PaperBroker(MEMORY, cash=10_000, model=NextOpen(CN_STOCK_FEES)) as broker:
        for entity in "AB":
            broker.submit(buy(entity, 1000))
        fills = broker.fill(later(), {"A": bar(10.0), "B": bar(10.0)})
        assert [fill.quantity for fill in fills] == [400, 400]
        assert broker.account().cash >= 0
        assert {state.reason for state in broker.orders()} == {"cash"}


def test_sales_pay_for_buys_of_the_same_day() -> None:
    with holding(10_000) as broker:
        broker.submit(buy("B", 900, later()))
        broker.submit(sell("A", 1000, later()))
        broker.fill(later(2), {"A": bar(10.0), "B": bar(10.0)})
        assert {entity: held.quantity for entity, held in broker.positions().items()} == {"A": 9000, "B": 900}


@pytest.mark.parametrize(("quantity", "status"), [(150, "open"), (100, "open"), (50, "rejected"), (120, "rejected")])
def test_an_odd_lot_is_sold_whole_only(quantity: int, status: str) -> None:
    with holding(100) as broker:
        broker.apply_actions(later(2), [CorporateAction("A", ratio=1.5)])
        broker.fill(later(2), {})
        broker.end_of_day(later(2), {})
        assert broker.submit(sell("A", quantity, later(2))).status == status


def test_a_corporate_action_moves_shares_and_pays_fractions_and_dividends() -> None:
    with holding(100) as broker:
        broker.apply_actions(later(2), [CorporateAction("A", ratio=1.305, cash=0.1, price=7.7), CorporateAction("Z")])
        assert broker.positions()["A"].quantity == 130
        assert broker.account().cash == Decimal(99_000) + Decimal("10") + Decimal("0.5") * Decimal("7.7")
        broker.fill(later(2), {})
        assert broker.sellable(later(2)) == {"A": 130}
        broker.end_of_day(later(2), {"A": bar(7.8)})
        assert broker.reconcile().balanced


def test_a_delisting_leaves_what_it_recovers() -> None:
    with holding(100) as broker:
        broker.apply_actions(later(2), [CorporateAction("A", ratio=0, cash=0.5)])
        broker.fill(later(2), {})
        assert broker.end_of_day(later(2), {}).equity == Decimal(99_050)
        assert broker.positions() == {}
        assert broker.reconcile().balanced


def test_a_fraction_without_a_price_leaves_nothing_half_done() -> None:
    with holding(100) as broker:
        with pytest.raises(MarketError, match="fraction of a share has no price"):
            broker.apply_actions(later(2), [CorporateAction("A", ratio=1.305)])
        assert broker.positions()["A"].quantity == 100
        assert broker.fill(later(2), {}) == []
        with pytest.raises(MarketError, match="before the day's fills"):
            broker.apply_actions(later(2), [CorporateAction("A", ratio=2)])


def test_days_go_forward_and_are_closed() -> None:
    with holding(100) as broker:
        with pytest.raises(MarketError, match="Days go forward"):
            broker.fill(DAY, {})
        broker.fill(later(2), {})
        with pytest.raises(MarketError, match="day before is not closed"):
            broker.fill(later(3), {})
        with pytest.raises(MarketError, match="filled before it is closed"):
            broker.end_of_day(later(3), {})
        assert broker.submit(buy("A", 100, later(2))).reason == "stale", "the day has begun and is not closed"
        assert broker.submit(buy("A", 100, DAY, sequence=5)).reason == "stale"


def test_orders_never_fill_on_the_day_of_their_decision() -> None:
    with PaperBroker(MEMORY, cash=100_000) as broker:
        broker.submit(buy("A", 100))
        assert broker.fill(DAY, {"A": bar(10.0)}) == []
        broker.end_of_day(DAY, {"A": bar(10.0)})
        assert broker.orders()[0].status == "open"


def test_an_order_is_cancelled_once() -> None:
    with PaperBroker(MEMORY, cash=100_000) as broker:
        state = broker.submit(buy("A", 100))
        assert broker.cancel(state.order.client_order_id).status == "cancelled"
        assert broker.cancel(state.order.client_order_id).status == "cancelled"
        assert broker.fill(later(), {"A": bar(10.0)}) == []
        with pytest.raises(MarketError, match="No such order"):
            broker.cancel("tael-nothing")


def test_a_suspended_position_keeps_its_mark() -> None:
    with holding(100) as broker:
        broker.fill(later(2), {})
        assert broker.end_of_day(later(2), {}).equity == Decimal(100_000)


def test_futures_are_settled_in_cash_and_bind_margin() -> None:
    rules = Instrument(lot=1, min_lot=1, multiplier=10, margin_rate=Decimal("0.1"), t_plus_1=False, short=True)
    model = NextOpen(Fees(per_lot=Decimal("2.5")))
    with PaperBroker(MEMORY, cash=10_000, instruments=rules, model=model) as broker:
        broker.submit(sell("rb", 4))
        broker.fill(later(), {"rb": bar(1000.0)})
        account = broker.end_of_day(later(), {"rb": Bar(1000.0, 1000.0, 900.0, 900.0, settle=910.0)})
        assert account.cash == Decimal(10_000) + 4 * 10 * 90 - 10
        assert account.margin == 4 * 10 * 91
        assert account.equity == account.cash
        broker.submit(buy("rb", 9, later()))  # turns short into long
        broker.fill(later(2), {"rb": bar(900.0)})
        assert broker.positions()["rb"].quantity == 5
        account = broker.end_of_day(later(2), {"rb": bar(905.0)})
        assert account.cash == Decimal(13_590) + 4 * 10 * 10 + 5 * 10 * 5 - Decimal("22.5")
        assert broker.reconcile().balanced
        broker.submit(buy("rb", 100, later(2)))
        broker.fill(later(3), {"rb": bar(905.0)})
        assert broker.positions()["rb"].quantity == 5 + (14217 - 4525) // 908, "margin binds"
        assert broker.orders(later(2))[0].reason == "margin"


def test_a_book_is_opened_again_and_strangers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    with pytest.raises(MarketError, match="no book yet"):
        PaperBroker(path)
    with PaperBroker(path, cash=5000, currency="CNY") as broker:
        broker.submit(buy("A", 100))
    with PaperBroker(path) as broker:
        assert broker.account().currency == "CNY"
        assert len(broker.orders(open_only=True)) == 1
    with pytest.raises(MarketError, match="opened otherwise"):
        PaperBroker(path, cash=6000)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(MarketError, match="another layout"):
        PaperBroker(path)
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at" * 20)
    with pytest.raises(MarketError, match="no book of a paper broker"):
        PaperBroker(tmp_path / "text", cash=1)


# a market of three entities and four days against a plain oracle

prices = st.integers(500, 1500).map(lambda cents: cents / 100)
asks = st.tuples(st.sampled_from("ABC"), st.sampled_from(["buy", "sell"]), st.integers(1, 30))
days = st.lists(
    st.tuples(
        st.lists(asks, max_size=4, unique_by=lambda ask: ask[:2]), st.tuples(prices, prices, prices), st.integers(0, 3)
    ),
    min_size=1,
    max_size=4,
)


class Oracle:
    """The same rules, written as plainly as possible: lots of 100, T+1, charges, cash shared alike."""

    def __init__(self, cash: int) -> None:
        self.cash, self.held = Decimal(cash), dict.fromkeys("ABC", 0)

    def day(self, wanted: list[Order], quotes: dict[str, Decimal], day: date) -> None:
        for order in wanted:
            if order.side == "sell" and order.entity in quotes:
                amount = order.quantity * quotes[order.entity]
                self.cash += amount - CN_STOCK_FEES.charges("sell", order.quantity, quotes[order.entity], day).total
                self.held[order.entity] -= order.quantity
        buys = [order for order in wanted if order.side == "buy" and order.entity in quotes]
        lots = [order.quantity // 100 for order in buys]
        total = sum(self.cost(order, lot, quotes, day) for order, lot in zip(buys, lots, strict=True))
        if total > self.cash:
            lots = [int(lot * 100 * self.cash / total) // 100 for lot in lots]
            while sum(self.cost(order, lot, quotes, day) for order, lot in zip(buys, lots, strict=True)) > self.cash:
                last = max(index for index, lot in enumerate(lots) if lot)
                lots[last] -= 1
        for order, lot in zip(buys, lots, strict=True):
            self.cash -= self.cost(order, lot, quotes, day)
            self.held[order.entity] += 100 * lot

    def cost(self, order: Order, lot: int, quotes: dict[str, Decimal], day: date) -> Decimal:
        price = quotes[order.entity]
        return price * 100 * lot + CN_STOCK_FEES.charges("buy", 100 * lot, price, day).total


@settings(max_examples=60)
@given(days)
def test_random_markets_agree_with_a_plain_oracle(market: list[tuple[list, tuple, int]]) -> None:
    oracle = Oracle(30_000)
    with PaperBroker(MEMORY, cash=30_000, model=NextOpen(CN_STOCK_FEES)) as broker:
        for number, (wanted, quotes, missing) in enumerate(market):
            accepted = []
            for entity, side, lots in wanted:
                order = Order("test", later(number), entity, side, 100 * lots)
                state = broker.submit(order)
                if side == "sell" and oracle.held[entity] < 100 * lots:
                    assert state.reason == "position"
                else:
                    assert state.status == "open"
                    accepted.append(order)
            bars = {entity: bar(price) for entity, price in zip("ABC", quotes, strict=True)}
            if missing < 3:
                del bars["ABC"[missing]]
            oracle.day(accepted, {name: Decimal(str(one.open)) for name, one in bars.items()}, later(number + 1))
            broker.fill(later(number + 1), bars)
            broker.end_of_day(later(number + 1), bars)
            assert broker.account().cash == oracle.cash
            assert {name: held.quantity for name, held in broker.positions().items()} == {
                name: held for name, held in oracle.held.items() if held
            }
            assert broker.reconcile().differences == ()
