from __future__ import annotations

import sys

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets import Bars
from tael.markets.exchanges import EXCHANGES, exchange, sessions, trading_day
from tael.markets.exchanges import calendars as module
from tael.markets.exchanges.cn_futures import dress, limit_prices
from tael.markets.exchanges.products import PRODUCTS, VENUES, product_of


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_exchange(name: str):
    rules = exchange(name)
    assert rules.name == name
    assert rules.sources
    days = np.array(["2024-01-02", "2024-01-03"], dtype="M8[D]")
    price = np.array([[10.0], [10.0]])
    code = {"cn_stocks": "600000", "us_stocks": "AAPL", "cn_futures": "rb2405"}[name]
    dressed = rules.dress(Bars(days, (code,), price, price, price, price))
    assert (dressed.limit_up >= dressed.close).all()
    assert (dressed.limit_down <= dressed.close).all()
    charges = rules.fees(days)
    assert charges.stamp_sell.shape == charges.stamp_buy.shape == charges.transfer.shape == (2,)
    assert len(sessions(rules.calendar, "2024-01-01", "2024-01-31")) in (21, 22)


@pytest.mark.parametrize("code", PRODUCTS)
def test_every_product(code: str):
    product = PRODUCTS[code]
    assert product.exchange in VENUES
    assert 0 < product.margin < 0.2
    assert product.night in ("", "23:00", "01:00", "02:30")
    assert product.tick > 0
    assert product.multiplier >= 1


def test_product_names():
    assert product_of("SHFE.au2406").code == product_of("AU").code == product_of("au2406.SHFE").code == "au"
    assert product_of("TC501").code == "zc"
    with pytest.raises(MarketError, match="no futures product 'xx2401'"):
        product_of("xx2401")


def test_futures_limits_stay_inside():
    high, low = limit_prices(np.array([3333.0, np.nan]), np.array([0.04, 0.04]), np.array([5.0, 5.0]))
    np.testing.assert_array_equal(high, [3465, np.inf])
    np.testing.assert_array_equal(low, [3200, 0])


def test_futures_limits_come_from_the_last_settlement():
    days = np.array(["2014-01-02", "2014-01-03"], dtype="M8[D]")
    price = np.array([[5840.0], [5780.0]])
    settle = np.array([[5800.0], [5700.0]])
    plain = dress(Bars(days, ("p1405",), price, price, price, price, settle=settle))
    assert plain.limit_up[1, 0] == 6032
    wider = dress(Bars(days, ("p1405",), price, price, price, price, settle=settle), limit={"p": 0.07}, margin=0.12)
    assert wider.limit_up[1, 0] == 6206
    assert wider.margin_rate.tolist() == [0.12]
    given = dress(Bars(days, ("p1405",), price, price, price, price, fields={"presettle": settle}))
    assert given.limit_up[0, 0] == 6032


def test_night_belongs_to_the_next_trading_day():
    asked = ["2019-09-12 21:00", "2019-09-27 22:00", "2019-09-28 00:59", "2019-06-25 10:00", "2019-06-25 02:30"]
    # the 13th of September 2019 was mid-autumn; the 29th of September a Sunday without trading
    expected = ["2019-09-16", "2019-09-30", "2019-09-30", "2019-06-25", "2019-06-25"]
    np.testing.assert_array_equal(trading_day(asked, "ag"), np.array(expected, dtype="M8[D]"))


def test_moments_that_belong_nowhere():
    with pytest.raises(MarketError, match="on no trading day"):
        trading_day("2024-03-02 10:00")
    with pytest.raises(MarketError, match="has no night session"):
        trading_day("2024-03-01 21:00", "jd")
    with pytest.raises(MarketError, match="not known"):
        trading_day("2024-03-01 21:00", days=["2024-03-01"])
    assert len(trading_day(np.array([], dtype="M8[s]"))) == 0


def test_calendar_faults(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(MarketError, match="no calendar 'XXXX'"):
        sessions("XXXX")
    with pytest.raises(MarketError, match="does not know these days"):
        sessions("XSHG", "1980-01-01")
    with pytest.raises(MarketError, match="does not know these days"):
        sessions("XSHG", "2024-01-01", "2099-01-01")
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    module._all.cache_clear()
    with pytest.raises(MarketError, match=r'pip install "tael\[markets\]"'):
        sessions("XSHG")
    module._all.cache_clear()


def test_observed_limits_are_those_of_moves_before():
    days = np.datetime64("2014-01-02") + np.arange(8)
    settle = np.full((8, 2), 1000.0)
    high = np.array([[1010.0, 1010]] * 3 + [[1049.0, 1010]] + [[1010, 1010]] * 4)
    bars = Bars(days, ("p1405", "p1409"), settle, high, settle, settle, settle=settle)
    wide = dress(bars, limit="observed")
    np.testing.assert_array_equal(wide.limit_up[1:, 0], [1040, 1040, 1040, 1050, 1050, 1050, 1050])
    np.testing.assert_array_equal(wide.limit_up[1:, 1], wide.limit_up[1:, 0])
    spoiled = high.copy()
    spoiled[5:] = 1190.0
    late = dress(Bars(days, ("p1405", "p1409"), settle, spoiled, settle, settle, settle=settle), limit="observed")
    np.testing.assert_array_equal(late.limit_up[:6], wide.limit_up[:6])
    assert late.limit_up[6, 0] == 1190
