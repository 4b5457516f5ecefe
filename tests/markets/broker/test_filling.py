from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.broker import CN_STOCK_FEES, STOCK, Bar, Fees, Instrument, NextOpen, Order

DAY = date(2024, 1, 2)
BAR = Bar(open=10.0, high=10.8, low=9.7, close=10.5, limit_up=11.0, limit_down=9.0)


def order(side: str, limit: str | None = None) -> Order:
    return Order("s", DAY, "A", side, 1000, limit_price=None if limit is None else Decimal(limit))


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [
        ("buy", None, "10"),
        ("sell", None, "10"),
        ("buy", "10", "10"),
        ("buy", "10.5", "10"),
        ("buy", "9.8", "9.8"),
        ("buy", "9.7", None),
        ("sell", "10.5", "10.5"),
        ("sell", "10.8", None),
        ("sell", "9.5", "10"),
    ],
)
def test_a_limit_order_deals_at_the_open_or_rests_and_must_be_traded_through(
    side: str, limit: str | None, price: str | None
) -> None:
    given_ = NextOpen().execute(order(side, limit), BAR, 1000, STOCK)
    assert given_.price == (None if price is None else Decimal(price))
    assert given_.reason == ("" if price else "limit_price")


def test_at_the_upper_limit_nobody_sells_to_us_but_a_resting_order_may_fill_when_it_opens_up() -> None:
    opened = Bar(open=11.0, high=11.0, low=10.0, close=10.2, limit_up=11.0, limit_down=9.0)
    assert NextOpen().execute(order("buy"), opened, 100, STOCK).reason == "limit_up"
    assert NextOpen().execute(order("sell"), opened, 100, STOCK).price == Decimal(11)
    assert NextOpen().execute(order("buy", "10.5"), opened, 100, STOCK).price == Decimal("10.5")


@given(
    st.sampled_from(["buy", "sell"]),
    st.integers(901, 1099),
    st.floats(0, 500),
)
def test_the_spread_costs_never_gains_stays_on_the_tick_and_within_the_limits(
    side: str, opened: int, spread: float
) -> None:
    bar = Bar(opened / 100, 11.0, 9.0, 10.0, limit_up=11.0, limit_down=9.0)
    price = NextOpen(half_spread_bp=spread).execute(order(side), bar, 100, STOCK).price
    assert price is not None
    assert price % STOCK.tick == 0
    assert Decimal(9) <= price <= Decimal(11)
    assert price >= Decimal(opened) / 100 if side == "buy" else price <= Decimal(opened) / 100


def test_the_stamp_duty_follows_the_day_and_falls_on_sales() -> None:
    def tax(side: str, day: date) -> Decimal:
        return CN_STOCK_FEES.charges(side, 1000, Decimal(10), day).tax

    assert tax("buy", DAY) == 0
    assert tax("sell", date(2023, 8, 27)) == 10
    assert tax("sell", date(2023, 8, 28)) == 5
    assert CN_STOCK_FEES.charges("sell", 0, Decimal(10), DAY).total == 0


def test_the_cap_leaves_whole_lots() -> None:
    bar = Bar(10.0, 10.0, 10.0, 10.0, typical_volume=1990)
    assert NextOpen(participation=0.5).execute(order("buy"), bar, 1000, STOCK).quantity == 900
    assert NextOpen(participation=0.5).execute(order("buy"), bar, 900, STOCK).reason == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda: NextOpen(half_spread_bp=-1),
        lambda: NextOpen(half_spread_bp=math.nan),
        lambda: NextOpen(participation=0),
        lambda: Fees(per_lot=Decimal(-1)),
        lambda: Fees(stamp_duty=((DAY, Decimal(0)), (DAY, Decimal(1)))),
        lambda: Instrument(lot=0),
        lambda: Instrument(margin_rate=Decimal(2)),
        lambda: Bar.from_dict({"open": 1, "high": 1, "low": 1}),
        lambda: Bar.from_dict({"open": 1, "high": 1, "low": 1, "close": 1, "vol": 1}),
    ],
)
def test_settings_that_make_no_sense(make: object) -> None:
    with pytest.raises(MarketError):
        make()


def test_a_bar_from_plain_data() -> None:
    bar = Bar.from_dict({"open": None, "high": None, "low": None, "close": 3, "suspended": 1})
    assert math.isnan(bar.open)
    assert bar.suspended
    assert bar.mark == 3
