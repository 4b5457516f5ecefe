from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.broker import Bar, Fill, Instrument, Order, OrderState
from tael.markets.tracking import slippage

DAY, NEXT = date(2024, 1, 2), date(2024, 1, 3)
prices = st.integers(100, 9999).map(lambda cents: Decimal(cents) / 100)


@settings(max_examples=50)
@given(
    st.sampled_from(["buy", "sell"]), st.integers(1, 50), st.integers(0, 50), prices, prices, prices, prices,
    st.integers(1, 10),
)  # fmt: skip
def test_the_parts_add_up_to_paper_against_reality(
    side: str, ordered: int, filled: int, decision: Decimal, opened: Decimal, paid: Decimal, close: Decimal, size: int
) -> None:
    filled = min(ordered, filled)
    order = Order("s", DAY, "A", side, ordered, decision_price=decision)
    fills = [Fill("1", order.client_order_id, "A", NEXT, side, filled, paid, Decimal("1.5"))] if filled else []
    low, high = min(opened, paid, close), max(opened, paid, close)
    bars = {NEXT: {"A": Bar(*map(float, (opened, high, low, close)))}}
    state = OrderState(order, "filled" if filled == ordered else "expired", filled)
    (row,) = slippage([state], fills, bars, instruments=Instrument(multiplier=size)).orders.rows(named=True)
    sign = 1 if side == "buy" else -1
    # a paper account deals all of it at the decision price, the real one deals what it got: both marked at the close
    paper = sign * size * ordered * (close - decision)
    real = sign * size * filled * (close - paid) - (Decimal("1.5") if filled else 0)
    assert row["total"] == pytest.approx(float(paper - real), abs=1e-6)
    assert row["total"] == pytest.approx(row["delay"] + row["execution"] + row["fees"] + row["missed"])


def test_sums_by_reason_and_in_basis_points() -> None:
    orders = [Order("s", DAY, name, "buy", 100, decision_price=Decimal(10)) for name in "AB"]
    fill = Fill("1", orders[0].client_order_id, "A", NEXT, "buy", 100, Decimal("10.1"))
    states = [OrderState(orders[0], "filled", 100), OrderState(orders[1], "expired", 0, reason="limit_up")]
    bars = {NEXT: {"A": Bar(10.1, 10.5, 10.0, 10.2), "B": Bar(11.0, 11.0, 11.0, 11.0)}}
    found = slippage(states, [fill], bars)
    totals = found.totals()
    assert totals["missed"] == pytest.approx(100.0)
    assert totals["total_bp"] == pytest.approx(1e4 * (10.0 + 100.0) / 2000.0)
    assert found.by("reason").select("reason", "missed").rows() == [("", 0.0), ("limit_up", pytest.approx(100.0))]


def test_what_was_suspended_is_marked_where_it_stood() -> None:
    order = Order("s", DAY, "A", "buy", 100, decision_price=Decimal(10))
    nan = math.nan
    bars = {NEXT: {"A": Bar(nan, nan, nan, nan, preclose=10.0, suspended=True)}}
    assert slippage([OrderState(order, "expired")], [], bars).totals()["total"] == 0
    assert slippage([OrderState(order, "expired")], [], {NEXT: {}}).totals()["total"] == 0


def test_no_orders_cost_nothing() -> None:
    assert slippage([], [], {}).totals()["total_bp"] == 0


def test_faults() -> None:
    plain = Order("s", DAY, "A", "buy", 100)
    order = Order("s", DAY, "A", "buy", 100, decision_price=Decimal(10))
    with pytest.raises(MarketError, match="no decision price"):
        slippage([OrderState(plain, "open")], [], {})
    with pytest.raises(MarketError, match="no bars of the day"):
        slippage([OrderState(order, "open")], [], {DAY: {"A": Bar(1.0, 1.0, 1.0, 1.0)}})
    fill = Fill("1", order.client_order_id, "A", NEXT, "buy", 200, Decimal(10))
    with pytest.raises(MarketError, match="more than it asked for"):
        slippage([OrderState(order, "filled", 100)], [fill], {NEXT: {"A": Bar(1.0, 1.0, 1.0, 1.0)}})
