"""Figures of returns against values computed by hand, and against plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tael.errors import MarketError
from tael.markets.performance import (
    annual_return,
    calmar_ratio,
    drawdowns,
    expected_shortfall,
    hit_rate,
    max_drawdown,
    performance,
    periods_per_year,
    relative,
    sharpe_ratio,
    sortino_ratio,
    value_at_risk,
    volatility,
)

small = arrays(np.float64, st.integers(2, 30), elements=st.floats(-0.5, 0.5).map(lambda x: round(x, 3)))


def test_by_hand() -> None:
    r = np.array([0.10, -0.20, 0.05, 0.10])
    assert annual_return(r, 4) == pytest.approx(1.1 * 0.8 * 1.05 * 1.1 - 1)
    assert annual_return(r, 12) == pytest.approx((1.1 * 0.8 * 1.05 * 1.1) ** 3 - 1)
    deviations = np.array([0.0875, -0.2125, 0.0375, 0.0875])
    assert volatility(r, 4) == pytest.approx(2 * np.sqrt((deviations**2).sum() / 3))
    assert sharpe_ratio(r, periods=4) == pytest.approx(0.05 / volatility(r, 4))
    assert sharpe_ratio(r, 0.0125, periods=4) == pytest.approx(0.0, abs=1e-12)
    assert sortino_ratio(r, periods=1) == pytest.approx(0.0125 / np.sqrt(0.04 / 4))
    assert hit_rate(r) == 0.75
    fall = max_drawdown(r)
    assert (fall.depth, fall.peak, fall.trough, fall.recovered, fall.length) == (-0.2, 0, 1, None, 3)
    assert calmar_ratio(r, 4) == pytest.approx(annual_return(r, 4) / 0.2)


def test_tails() -> None:
    r = np.arange(-10.0, 10.0) / 100
    assert expected_shortfall(r, 0.9) == pytest.approx(0.095)  # the worst two of twenty
    assert expected_shortfall(r, 0.925) == pytest.approx((0.10 + 0.5 * 0.09) / 1.5)
    assert value_at_risk(r, 0.9) == pytest.approx(-np.quantile(r, 0.1))


@given(small)
def test_shortfall_is_beyond_value_at_risk(r: Any) -> None:
    assert expected_shortfall(r, 0.8) >= value_at_risk(r, 0.8) - 1e-12 or len(r) < 5


@given(small)
def test_drawdowns_are_those_of_the_curve(r: Any) -> None:
    curve, top, below = 1.0, 1.0, []
    for x in r:
        curve *= 1 + x
        top = max(top, curve)
        below.append(curve / top - 1)
    assert drawdowns(r) == pytest.approx(np.array(below), abs=1e-12)
    assert max_drawdown(r).depth == pytest.approx(min(below), abs=1e-9)


def test_a_drawdown_from_the_start_has_its_dates() -> None:
    days = np.datetime64("2024-01-01") + np.arange(4)
    fall = max_drawdown([-0.1, -0.1, 0.3, 0.0], days)
    assert fall.peak == -1
    assert (str(fall.trough), str(fall.recovered), fall.length) == ("2024-01-02", "2024-01-03", 3)
    none = max_drawdown([0.1, 0.1])
    assert (none.depth, none.length) == (0.0, 0)


def test_constant_returns_have_no_sharpe_ratio() -> None:
    assert np.isnan(sharpe_ratio(np.full(10, 0.1)))
    assert np.isnan(sortino_ratio([0.1, 0.2]))
    assert np.isnan(calmar_ratio([0.1, 0.2]))


@pytest.mark.parametrize(
    ("times", "periods"),
    [
        (np.arange("2024-01-01", "2024-03-01", dtype="M8[D]"), 252),
        (np.arange("2020-01-01", "2024-03-01", 7, dtype="M8[D]"), 52),
        (np.arange("2020-01", "2024-03", dtype="M8[M]").astype("M8[D]"), 12),
        (np.arange("2024-01-01T00", "2024-01-11T00", 6, dtype="M8[h]"), 252 * 4),
    ],
)
def test_periods_of_a_year(times: Any, periods: float) -> None:
    assert periods_per_year(times) == periods


def test_against_a_benchmark() -> None:
    rng = np.random.default_rng(0)
    b = rng.normal(0.0005, 0.01, 500)
    r = 0.0002 + 1.2 * b + rng.normal(0, 0.002, 500)
    found = relative(r, b)
    slope, level = np.polyfit(b, r, 1)
    assert (found.beta, found.alpha) == pytest.approx((slope, level * 252))
    assert found.tracking_error == pytest.approx(np.std(r - b, ddof=1) * np.sqrt(252))
    assert found.information_ratio == pytest.approx((r - b).mean() / np.std(r - b, ddof=1) * np.sqrt(252))
    assert found.up_capture == pytest.approx(r[b > 0].mean() / b[b > 0].mean())


def test_everything_at_once() -> None:
    rng = np.random.default_rng(0)
    days = np.arange("2020-01-01", "2022-01-01", dtype="M8[D]")
    r, b = rng.normal(0.001, 0.01, len(days)), rng.normal(0, 0.01, len(days))
    found = performance(r, times=days, benchmark=b, trials=50, draws=50)
    assert found.sharpe == pytest.approx(sharpe_ratio(r))
    assert found.deflated.trials == 50
    assert found.deflated.probability < found.probability
    plain = found.to_dict()
    assert plain["drawdown"]["trough"][:2] == "20"
    assert "draws" not in plain["sharpe_interval"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sharpe_ratio([0.1]), "at least 2 periods"),
        (lambda: sharpe_ratio([0.1, np.nan]), "nan at period 1"),
        (lambda: sharpe_ratio(["a", "b"]), "not numbers"),
        (lambda: sharpe_ratio([0.1, 0.2], [0.1]), "2 periods"),
        (lambda: relative([0.1, 0.2], [0.1, 0.2, 0.3]), "benchmark does not match"),
        (lambda: value_at_risk([0.1, 0.2], 1.0), "between 0 and 1"),
        (lambda: annual_return([0.1], 0), "above 0"),
        (lambda: periods_per_year(np.arange(3)), "two times"),
        (lambda: max_drawdown([0.1], np.array(["2024", "2025"], "M8[D]")), "1 times"),
    ],
)
def test_a_fault_says_what_was_expected(make: Any, words: str) -> None:
    with pytest.raises(MarketError) as fault:
        make()
    assert words in str(fault.value)
