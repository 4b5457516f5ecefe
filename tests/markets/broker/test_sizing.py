from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.broker import Instrument, OrderPlan, orders_for

DAY = date(2024, 1, 2)
STAR = Instrument(lot=1, min_lot=200)
FUTURE = Instrument(lot=1, min_lot=1, multiplier=10, margin_rate=Decimal("0.1"), t_plus_1=False, short=True)


def size(
    targets: dict[str, float],
    positions: dict[str, int],
    prices: dict[str, float],
    equity: float = 100_000,
    **more: object,
) -> OrderPlan:
    return orders_for(targets, equity=equity, positions=positions, prices=prices, strategy="s", day=DAY, **more)


def signed(plan: OrderPlan) -> dict[str, int]:
    return {order.entity: order.signed for order in plan}


names = st.sampled_from(["A", "B", "C", "D"])
weights = st.dictionaries(names, st.floats(0, 0.25), max_size=4)
holdings = st.dictionaries(names, st.integers(0, 5000), max_size=4)
quotes = st.fixed_dictionaries({name: st.integers(1, 50_000).map(lambda cents: cents / 100) for name in "ABCD"})


@given(weights, holdings, quotes, st.sampled_from([Instrument(), STAR, Instrument(lot=1, min_lot=1)]))
def test_lots_sales_first_and_never_more_than_the_weight(
    targets: dict[str, float], positions: dict[str, int], prices: dict[str, float], rules: Instrument
) -> None:
    plan = size(targets, positions, prices, instruments=rules)
    sides = [order.side for order in plan]
    assert sides == sorted(sides, reverse=True)
    for order in plan:
        held, desired = positions.get(order.entity, 0), targets.get(order.entity, 0.0) * 1e5 / prices[order.entity]
        after = held + order.signed
        assert after >= 0
        if order.side == "buy":
            assert order.quantity % rules.lot == 0
            assert order.quantity >= rules.min_lot
            assert after <= desired + 1e-6
        else:
            assert after >= desired - 1e-6
            assert after == 0 or (order.quantity % rules.lot == 0 and order.quantity >= rules.min_lot)
    for entity in set(targets) | set(positions):
        after = positions.get(entity, 0) + signed(plan).get(entity, 0)
        desired = targets.get(entity, 0.0) * 1e5 / prices[entity]
        assert abs(after - desired) < max(rules.lot, rules.min_lot) + 1e-6
    assert signed(size(dict(reversed(targets.items())), positions, prices, instruments=rules)) == signed(plan)


@given(weights, holdings, st.dictionaries(names, st.integers(0, 5000), max_size=4), quotes)
def test_never_more_is_sold_than_is_sellable(
    targets: dict[str, float], positions: dict[str, int], free: dict[str, int], prices: dict[str, float]
) -> None:
    sellable = {name: min(free.get(name, 0), held) for name, held in positions.items()}
    plan = size(targets, positions, prices, sellable=sellable)
    for order in plan:
        if order.side == "sell":
            assert order.quantity <= sellable[order.entity]
            assert order.quantity % 100 == 0 or order.quantity == positions[order.entity]


def test_what_is_not_named_is_sold_what_is_nan_stays_what_has_no_price_stays() -> None:
    plan = size({"B": math.nan, "C": 0.5}, {"A": 130, "B": 100, "C": 100}, {"A": 10.0, "B": 10.0})
    assert signed(plan) == {"A": -130}
    assert [(skip.entity, skip.reason) for skip in plan.skipped] == [("C", "no_price")]


def test_dust_is_left_out_unless_it_closes_a_position() -> None:
    plan = size({"A": 0.012}, {"B": 100}, {"A": 1.0, "B": 5.0}, min_value=2000)
    assert signed(plan) == {"B": -100}
    assert plan.skipped[0].reason == "dust"


def test_the_sale_that_is_locked_is_named() -> None:
    plan = size({}, {"A": 1000}, {"A": 10.0}, sellable={"A": 250})
    assert signed(plan) == {"A": -200}
    assert (plan.skipped[0].quantity, plan.skipped[0].reason) == (-750, "t_plus_1")


def test_futures_go_short_and_turn() -> None:
    assert signed(size({"rb": -0.5}, {}, {"rb": 1000.0}, instruments=FUTURE)) == {"rb": -5}
    assert signed(size({"rb": 0.3}, {"rb": -5}, {"rb": 1000.0}, instruments=FUTURE)) == {"rb": 8}
    assert signed(size({"rb": -0.3}, {"rb": -5}, {"rb": 1000.0}, instruments=FUTURE)) == {"rb": 2}


@pytest.mark.parametrize(
    ("targets", "equity", "said"),
    [
        ({"A": -0.1}, 1e5, "cannot be held"),
        ({"A": math.inf}, 1e5, "cannot be held"),
        ({"A": 0.1}, 0.0, "Weights need equity"),
        ({"A": 0.1}, math.nan, "missing or infinite"),
    ],
)
def test_what_cannot_be_sized(targets: dict[str, float], equity: float, said: str) -> None:
    with pytest.raises(MarketError, match=said):
        size(targets, {}, {"A": 10.0}, equity)


def test_an_entity_without_rules_is_named() -> None:
    with pytest.raises(MarketError, match="No trading rules") as error:
        size({"rb2405": 0.1}, {}, {"rb2405": 10.0}, instruments={"rb2410": FUTURE})
    assert "rb2410" in str(error.value)
