from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.broker import Order, client_order_id
from tael.markets.broker.money import cents, from_micros, money, to_micros

DAY = date(2024, 1, 2)

orders = st.builds(
    Order,
    st.text(min_size=1, max_size=5),
    st.dates(),
    st.text(min_size=1, max_size=6),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 10**9),
    st.integers(0, 9),
    st.none() | st.decimals("0.000001", "1e9", places=6),
    st.none() | st.decimals("0.000001", "1e9", places=6),
)


@given(orders)
def test_an_order_survives_writing_and_has_a_short_name(order: Order) -> None:
    assert Order.from_dict(order.to_dict()) == order
    assert len(order.client_order_id) == 29


@given(orders, orders)
def test_orders_share_a_name_only_where_they_share_what_it_says(one: Order, two: Order) -> None:
    def said(order: Order) -> tuple[object, ...]:
        return order.strategy, order.day, order.entity, order.side, order.sequence

    assert (one.client_order_id == two.client_order_id) == (said(one) == said(two))


def test_the_name_is_the_same_everywhere_and_always() -> None:
    assert client_order_id("stock-daily", DAY, "600519", "buy") == "tael-eee2e177aa1b3971794a31f1"


def test_an_order_that_was_changed_is_refused() -> None:
    said = Order("s", DAY, "A", "buy", 100).to_dict()
    with pytest.raises(MarketError, match="changed after it was named"):
        Order.from_dict({**said, "entity": "B"})
    with pytest.raises(MarketError, match="lacks a field"):
        Order.from_dict({name: value for name, value in said.items() if name != "side"})


@pytest.mark.parametrize(
    ("side", "quantity", "price", "said"),
    [
        ("hold", 1, None, "buys or sells"),
        ("buy", 0, None, "positive whole number"),
        ("buy", -5, None, "positive whole number"),
        ("buy", 1.5, None, "positive whole number"),
        ("buy", True, None, "positive whole number"),
        ("buy", 1, Decimal(0), "A price is positive"),
        ("buy", 1, Decimal("NaN"), "missing or infinite"),
    ],
)
def test_orders_that_make_no_sense(side: str, quantity: object, price: object, said: str) -> None:
    with pytest.raises(MarketError, match=said):
        Order("s", DAY, "A", side, quantity, limit_price=price)


def test_a_moment_is_no_day() -> None:
    with pytest.raises(MarketError, match="A day is a date"):
        Order("s", datetime(2024, 1, 2), "A", "buy", 100)


@given(st.decimals("-1e11", "1e11", places=6))
def test_money_goes_through_whole_millionths(amount: Decimal) -> None:
    assert from_micros(to_micros(amount)) == amount


@given(st.integers(-(10**11), 10**11))
def test_a_float_is_the_decimal_that_it_is_written_as(number: int) -> None:
    assert money(number / 100) == Decimal(number) / 100


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "much", None, 1e13])
def test_what_is_no_money(value: object) -> None:
    with pytest.raises(MarketError):
        money(value)


def test_fees_round_halves_up() -> None:
    assert [str(cents(Decimal(text))) for text in ("0.005", "0.015", "2.675")] == ["0.01", "0.02", "2.68"]
