"""Planted alphas: they foretell as much as was said, noise foretells nothing, and the formula says what was planted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from tael.datasets import Alpha, SimulatedMarket, simulate_market
from tael.datasets.market_alphas import ALPHAS, Past, correlated, ranked, standardised
from tael.engine import Engine
from tael.panels import Panel, compute


def panel_of(market: SimulatedMarket) -> Panel:
    """What a user makes of the tables: adjusted prices, missing where nothing was traded."""
    prices = [(pl.col(name) * pl.col("adjust")).alias(name) for name in ("open", "high", "low", "close")]
    bars = market.frames["bars"].join(market.frames["stocks"].select("code", "sector"), on="code")
    bars = bars.filter(pl.col("tradestatus") == 1).with_columns(*prices)
    panel = Panel.from_frame(
        bars, time="date", entity="code", fields=["open", "high", "low", "close", "volume"], groups=["sector"]
    )
    assert np.array_equal(panel.times.astype("datetime64[D]"), market.days)
    order = [market.codes.index(entity) for entity in panel.entities]
    return panel.with_fields(**{name: values[:, order] for name, values in market.event_totals.items()})


@pytest.fixture(scope="module")
def unpaid() -> SimulatedMarket:
    return simulate_market(200, 300, seed=11, alphas=[(formula, 0.0) for formula in ALPHAS])


@pytest.mark.parametrize("formula", ALPHAS)
def test_the_formula_is_what_was_planted(unpaid: SimulatedMarket, formula: str) -> None:
    panel = panel_of(unpaid)
    (values,) = compute(panel, [formula])
    order = [unpaid.codes.index(entity) for entity in panel.entities]
    planted = unpaid.truth.scores[formula][:, order]
    for t in range(len(unpaid.days)):
        again = standardised(np.asarray(values[t], dtype=np.float64), panel.members[t])
        assert np.allclose(again, planted[t], atol=1e-4), f"day {t}"
    assert (planted != 0).mean() > 0.3


@pytest.mark.parametrize("formula", ALPHAS)
def test_an_alpha_foretells_as_much_as_was_said(formula: str) -> None:
    (row,) = simulate_market(150, 280, seed=21, alphas=[(formula, 0.05)]).truth.frame.to_dicts()
    assert abs(row["realised_ic"] - 0.05) < 3.5 * row["standard_error"] + 0.003
    assert row["realised_ic"] > 4 * row["standard_error"]
    assert row["realised_rank_ic"] == pytest.approx(row["realised_ic"], rel=0.5)


def test_what_is_not_paid_foretells_nothing(unpaid: SimulatedMarket) -> None:
    truth = unpaid.truth.frame
    assert truth.filter(pl.col("realised_ic").abs() > 3.5 * pl.col("standard_error")).is_empty()
    assert not unpaid.truth.expected.any()


def test_pure_noise_has_no_truth() -> None:
    noise = simulate_market(30, 60, seed=1, alphas=[])
    assert len(noise.truth.frame) == 0
    assert noise.truth.words == {}
    assert not noise.truth.expected.any()


def test_expected_returns_are_paid_two_days_later() -> None:
    market = simulate_market(200, 320, seed=3, alphas=[("rank(-ts_corr(open, volume, 10))", 0.2)])
    bars = market.frames["bars"].filter(pl.col("tradestatus") == 1)
    paid = np.full((len(market.days), len(market.codes)), np.nan)
    number = {code: i for i, code in enumerate(market.codes)}
    at = (np.searchsorted(market.days, bars["date"].to_numpy()), np.array([number[c] for c in bars["code"]]))
    paid[at] = (bars["close"] / bars["preclose"] - 1).to_numpy()
    own = paid - np.nanmean(paid, axis=1, keepdims=True)
    slopes = []
    for lag in (0, 1, 2):
        x, y = market.truth.expected[: len(own) - lag].ravel(), own[lag:].ravel()
        there = ~np.isnan(y) & (x != 0)
        slopes.append(np.cov(x[there], y[there])[0, 1] / x[there].var())
    assert slopes[2] == pytest.approx(1, abs=0.1)
    assert slopes[0] < 0.9


def test_event_totals_are_what_the_tables_say(unpaid: SimulatedMarket) -> None:
    closes = unpaid.frames["bars"].filter((pl.col("tradestatus") == 1) & (pl.col("date").dt.day() < 4))
    at = closes.select("code", cutoff="closed_at")
    formulas = ['count(analysts, where=action == "upgrade")', "sum(statements.surprise)"]
    upgrades, surprises = Engine(unpaid.tables(), "stocks").evaluate(formulas, at)
    row = np.searchsorted(unpaid.days, closes["date"].to_numpy())
    stock = np.array([unpaid.codes.index(code) for code in closes["code"]])
    assert (upgrades.data == unpaid.event_totals["upgrades"][row, stock]).all()
    gap = pl.DataFrame({"code": closes["code"], "gap": surprises.data - unpaid.event_totals["surprises"][row, stock]})
    spread = gap.group_by("code").agg(pl.col("gap").max() - pl.col("gap").min())["gap"]
    assert spread.max() < 1e-9


def test_an_alpha_of_ones_own() -> None:
    def cheap(past: Past) -> np.ndarray:
        return -past.back("close", 0)

    own = Alpha("-close", cheap, en="a low price", zh="低价")
    market = simulate_market(100, 150, seed=1, alphas=[(own, 0.1)])
    assert market.truth.frame["realised_ic"][0] > 0.05
    assert market.truth.words["-close"]["zh"] == "低价"


values = st.lists(st.one_of(st.integers(-3, 3).map(float), st.just(float("nan"))), min_size=1, max_size=30)


@given(values, st.integers(1, 4))
def test_ranks_within_groups_are_ranks_of_each_group(numbers: list[float], n_groups: int) -> None:
    x = np.array(numbers)
    rng = np.random.default_rng(len(numbers) + n_groups)
    groups, members = rng.integers(0, n_groups, len(x)), rng.random(len(x)) < 0.8
    got = ranked(x, members, groups)
    for group in range(n_groups):
        there = (groups == group) & members & ~np.isnan(x)
        if there.any():
            assert np.allclose(got[there], rankdata(x[there]) / there.sum())
    assert np.isnan(got[~members | np.isnan(x)]).all()


def test_correlation_skips_what_is_missing() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 10, 4))
    x[3, 0] = y[7, 0] = np.nan
    x[-1, 1] = np.nan
    x[:, 2] = 5.0
    got = correlated(x, y, enough=5)
    keep = [0, 1, 2, 4, 5, 6, 8, 9]
    assert got[0] == pytest.approx(np.corrcoef(x[keep, 0], y[keep, 0])[0, 1])
    assert np.isnan(got[1:3]).all()
    assert np.isnan(correlated(x[-4:], y[-4:], enough=5)).all()
