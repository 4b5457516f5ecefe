from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets import Bars
from tael.markets.exchanges import buyable, exchange, sellable
from tael.markets.exchanges.cn_stocks import board_of, dress, fees, limit_prices, limit_rates


@pytest.mark.parametrize(
    ("code", "board"),
    [("sh.600519", "main"), ("000001", "main"), ("001979.XSHE", "main"), ("003816.SZ", "main"), ("688981", "star"),
     ("sh689009", "star"), ("sz.300750", "chinext"), ("301001", "chinext"), ("430047", "bse"), ("920002.BJ", "bse")],
)  # fmt: skip
def test_boards(code: str, board: str):
    assert board_of(code) == board


@pytest.mark.parametrize("code", ["sh.000300", "510300", "900901", "200002", "60000", "sz.399001", "AAPL"])
def test_codes_of_no_board(code: str):
    with pytest.raises(MarketError, match="belongs to no board"):
        board_of(code)


def rate(board: str, day: str, *, st_: bool = False, age: int = 999, listed: str | None = None) -> tuple[float, float]:
    began = None if listed is None else np.array([listed], dtype="M8[D]")
    up, down = limit_rates([board], [day], np.array([[st_]]), np.array([[age]]), began)
    return float(up[0, 0]), float(down[0, 0])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (dict(board="main", day="2020-01-02"), (0.10, 0.10)),
        (dict(board="main", day="2020-01-02", st_=True), (0.05, 0.05)),
        (dict(board="main", day="2026-07-03", st_=True), (0.05, 0.05)),
        (dict(board="main", day="2026-07-06", st_=True), (0.10, 0.10)),
        (dict(board="main", day="2020-01-02", age=1), (0.44, 0.36)),
        (dict(board="main", day="2020-01-02", age=2), (0.10, 0.10)),
        (dict(board="main", day="2012-01-04", age=1), (np.inf, np.inf)),
        (dict(board="main", day="2023-04-10", age=1), (np.inf, np.inf)),
        (dict(board="main", day="2023-04-14", age=5, listed="2023-04-10"), (np.inf, np.inf)),
        (dict(board="main", day="2023-04-17", age=6, listed="2023-04-10"), (0.10, 0.10)),
        (dict(board="main", day="2023-04-11", age=4, listed="2023-04-06"), (0.10, 0.10)),
        (dict(board="chinext", day="2020-08-21"), (0.10, 0.10)),
        (dict(board="chinext", day="2020-08-24"), (0.20, 0.20)),
        (dict(board="chinext", day="2020-08-24", st_=True), (0.20, 0.20)),
        (dict(board="chinext", day="2020-08-21", age=1), (0.44, 0.36)),
        (dict(board="chinext", day="2020-08-28", age=5, listed="2020-08-24"), (np.inf, np.inf)),
        (dict(board="star", day="2019-07-29", age=6, listed="2019-07-22"), (0.20, 0.20)),
        (dict(board="star", day="2019-07-22", age=1), (np.inf, np.inf)),
        (dict(board="star", day="2021-07-22", st_=True), (0.20, 0.20)),
        (dict(board="bse", day="2021-11-15", age=1), (np.inf, np.inf)),
        (dict(board="bse", day="2021-11-16", age=2), (0.30, 0.30)),
    ],
)
def test_limits_by_board_and_date(asked: dict, expected: tuple[float, float]):
    assert rate(**asked) == pytest.approx(expected)


@given(st.integers(1, 300_000), st.sampled_from([0.05, 0.1, 0.2, 0.3, 0.44]))
@settings(max_examples=300)
def test_limit_prices_are_decimal_arithmetic(cents: int, rate: float):
    price = Decimal(cents) / 100
    high = (price * (1 + Decimal(str(rate)))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    low = (price * (1 - Decimal(str(rate)))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    high, low = max(high, price + Decimal("0.01")), min(low, max(price - Decimal("0.01"), Decimal("0.01")))
    up, down = limit_prices(np.array([float(np.float32(float(price)))]), np.array([rate]), np.array([rate]))
    assert (up[0], down[0]) == (float(high), float(low))


@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from([(100, 100), (1, 200), (1, 100), (1, 1)]))
def test_orders_are_such_as_the_exchange_takes(wanted: int, held: int, lots: tuple[int, int]):
    lot, least = lots
    allowed = {0} | set(range(least, 5001, lot))
    assert buyable(wanted, lot, least) == max(order for order in allowed if order <= wanted)
    rest = {held} if held <= wanted else set()
    may = {order for order in allowed if order <= held} | rest
    assert sellable(wanted, held, lot, least) == max(order for order in may if order <= max(wanted, 0))


def bars(codes: tuple[str, ...], close: np.ndarray, **more: object) -> Bars:
    days = np.datetime64("2020-08-19") + np.array([0, 1, 2, 5, 6, 7, 8])[: len(close)]
    return Bars(days, codes, close, close, close, close, **more)


def test_dress():
    close = np.array([[10.0, 10.0, 10.0, np.nan]] * 3 + [[10.0, 10.0, 10.0, 10.0]] * 4)
    risk = np.zeros(close.shape, bool)
    risk[:, 1] = True
    dressed = dress(bars(("000001", "600000", "300750", "688981"), close, st=risk))
    assert dressed.board.tolist() == ["main", "main", "chinext", "star"]
    assert dressed.lot.tolist() == [100, 100, 100, 1]
    assert dressed.min_lot.tolist() == [100, 100, 100, 200]
    np.testing.assert_array_equal(dressed.limit_up[2], [11, 10.5, 11, np.inf])
    np.testing.assert_array_equal(dressed.limit_up[3], [11, 10.5, 12, np.inf])
    np.testing.assert_array_equal(dressed.limit_down[3], [9, 9.5, 8, 0])
    assert np.isinf(dressed.limit_up[4:, 3]).all()


def test_free_days():
    close = np.full((3, 1), 10.0)
    free = np.array([[False], [True], [False]])
    np.testing.assert_array_equal(dress(bars(("600000",), close), free=free).limit_up[:, 0], [np.inf, np.inf, 11.0])


def test_limits_do_not_know_the_bar_they_limit():
    rng = np.random.default_rng(0)
    close = np.round(rng.uniform(9, 11, (7, 2)), 2)
    spoiled = close.copy()
    spoiled[4:] = 99.0
    for prices in ("real", "forward_adjusted"):
        volume = np.full(close.shape, 1000.0)
        clean = dress(bars(("600000", "300750"), close, volume=volume, amount=volume * close), prices=prices)
        late = dress(bars(("600000", "300750"), spoiled, volume=volume, amount=volume * spoiled), prices=prices)
        np.testing.assert_array_equal(clean.limit_up[:5], late.limit_up[:5])
        np.testing.assert_array_equal(clean.limit_down[:5], late.limit_down[:5])


def test_adjusted_prices_meet_their_limit_in_spite_of_rounding():
    factor = 0.37
    real = np.array([[10.03], [11.03], [9.93]])  # 10.03 x 1.1 = 11.033, 11.03 x .9 = 9.927
    volume = np.full(real.shape, 100.0)
    dressed = dress(bars(("600000",), real * factor, volume=volume, amount=volume * real), prices="forward_adjusted")
    assert dressed.close[1, 0] >= dressed.limit_up[1, 0]
    assert dressed.close[2, 0] <= dressed.limit_down[2, 0]
    assert dressed.limit_up[1, 0] > 10.03 * 1.099 * factor


def test_fees():
    found = fees(["2008-04-23", "2008-09-19", "2022-04-29", "2023-08-28"])
    np.testing.assert_allclose(found.stamp_buy, [0.003, 0, 0, 0])
    np.testing.assert_allclose(found.stamp_sell, [0.003, 0.001, 0.001, 0.0005])
    np.testing.assert_allclose(found.transfer, [2e-5, 2e-5, 1e-5, 1e-5])
    assert found.minimum == 5
    with pytest.raises(MarketError, match="table of stamp duty begins later"):
        fees(["1999-01-04"])
    with pytest.raises(MarketError, match='Did you mean "cn_stocks"'):
        exchange("cn_stock")
