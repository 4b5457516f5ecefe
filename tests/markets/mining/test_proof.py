"""What rank ICs prove: against plain oracles, and on noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.kernels.panel import rank
from tael.markets.mining.proof import Times, agreement, lags_of, largest_by_chance, mean_tests, overlap_of
from tael.markets.mining.staging import Stage
from tael.markets.performance.regression import mean_test
from tael.panels import compute


@given(st.integers(0, 10_000), st.integers(0, 6), st.floats(-0.9, 0.9))
def test_a_robust_t_is_that_of_the_oracle_but_never_above_the_plain_one(seed: int, lags: int, memory: float) -> None:
    rng = np.random.default_rng(seed)
    series = rng.normal(0.1, 1, 60)
    for k in range(1, 60):
        series[k] += memory * series[k - 1]
    robust, plain = mean_test(series, lags), mean_test(series, 0)
    found = mean_tests(series, lags)
    assert found.mean[0] == pytest.approx(robust.mean)
    oracle = [one.t for one in (robust, plain) if np.isfinite(one.t)]
    assert abs(found.t[0]) == pytest.approx(min(map(abs, oracle)), rel=0.05)


def test_missing_bars_are_left_out_and_nothing_at_all_is_no_proof() -> None:
    series = np.random.default_rng(0).normal(0.1, 1, 50)
    gaps = np.concatenate([series[:20], np.full(10, np.nan), series[20:]])
    assert mean_tests(gaps, 0).t[0] == pytest.approx(mean_tests(series, 0).t[0])
    assert mean_tests(np.full((1, 5), np.nan), 2).t.tolist() == [0.0]
    assert mean_tests(np.full((1, 5), 0.1), 2).t.tolist() == [0.0]


@given(st.integers(50, 400), st.integers(1, 8), st.integers(1, 5))
def test_bars_that_prove_share_no_outcome_with_bars_that_breed(bars: int, overlap: int, every: int) -> None:
    times = Times(np.arange(0, bars, every), bars, overlap)
    breeding, proving = times.rows[times.breeding], times.rows[times.proving]
    assert len(breeding) > 0
    if len(proving):
        assert np.abs(np.subtract.outer(breeding, proving)).min() >= overlap


@pytest.mark.parametrize("horizon", [1, 3, 10])
def test_the_overlap_of_outcomes_is_read_from_them(horizon: int) -> None:
    moves = np.random.default_rng(1).normal(size=(400, 60))
    sums = np.array([moves[t : t + horizon].sum(axis=0) for t in range(400 - horizon)])
    found = overlap_of(sums, np.ones(sums.shape, bool))
    assert horizon - 1 <= found <= horizon
    assert lags_of(400, found) >= found


def test_the_best_by_chance_is_passed_as_often_as_it_says() -> None:
    rng, passed = np.random.default_rng(5), 0
    for _ in range(200):
        # formulas that resemble each other, on bars with memory
        common = rng.normal(size=(12, 300))
        noise = 0.05 * (rng.normal(size=(40, 12)) @ common + rng.normal(size=(40, 300)))
        noise[:, 1:] += 0.3 * noise[:, :-1]
        times = Times(np.arange(300), 300, 1)
        largest = largest_by_chance([(noise, np.full(300, True))], times, 5, draws=300)
        passed += bool(np.abs(mean_tests(noise, 5).t).max() > np.quantile(largest, 0.9))
    assert 8 <= passed <= 36  # of 200, one in ten


def test_a_series_turned_round_has_the_t_that_it_would_have() -> None:
    from tael.markets.mining.proof import _turned

    rng = np.random.default_rng(3)
    series = rng.normal(0.2, 1, (5, 60))
    series[:, 1:] += 0.5 * series[:, :-1]
    signs = rng.choice(np.array([-1, 1], np.float32), (6, 40))
    found = _turned(series, signs, 10, 5)
    for draw in range(40):
        turned = series * np.repeat(signs[:, draw], 10)
        assert found[:, draw] == pytest.approx(np.abs(mean_tests(turned, 5).t), rel=0.1, abs=0.05)


def test_more_formulas_reach_more_by_chance() -> None:
    rng = np.random.default_rng(2)
    times, every = Times(np.arange(300), 300, 1), np.full(300, True)
    few, many = (np.median(largest_by_chance([(rng.normal(size=(n, 300)), every)], times, 4)) for n in (5, 1000))
    assert few < 2.6 < 3.0 < many


def test_halves_and_blocks_agree_or_do_not() -> None:
    times = Times(np.arange(100), 100, 1)
    steady, once = np.full(100, 0.1), np.where(np.arange(100) < 30, 1.0, -0.1)
    assert agreement(steady, times) == (True, 5)
    assert agreement(once, times)[0] is False


@pytest.mark.parametrize("every", [1, 3])
def test_a_stage_computes_what_the_whole_panel_has(market: Any, every: int) -> None:
    panel, outcome = market(4, 80, 15)
    rows = np.arange(2, 80, every)
    stage = Stage(panel, outcome, rows, dtype=np.float64)
    from tael.formulas.parser import parse

    texts = (
        "close", "ts_corr(open, volume, 10)", "close / delay(close, 5) - 1", "rank(close / open, by=sector)",
        "neutralize(ts_mean(close, 5) / close, by=sector)", "ts_mean(rank(volume), 3) - 1",
        "where(close > ts_mean(close, 5), zscore(volume), 0)", 'where(sector == "1", close, open)', "close > open",
        "zscore(ts_std(close, 5)) * zscore(neutralize(rank(volume), rank(close)))",
    )  # fmt: skip
    got = stage.values([parse(text) for text in texts])
    for text, values, whole in zip(texts, got, compute(panel, list(texts)), strict=True):
        np.testing.assert_allclose(values, whole[rows], rtol=1e-9, atol=1e-12, err_msg=text)
    batch = next(iter(stage.batches([parse(texts[1])])))
    x, y = rank(got[1], panel.members[rows]), rank(outcome[rows], panel.members[rows])
    for t in range(len(rows)):
        both = np.isfinite(x[t]) & np.isfinite(y[t])
        if both.sum() > 5:
            again = rank(x[t][None, both])[0]
            assert batch.ic[0, t] == pytest.approx(np.corrcoef(again, y[t, both])[0, 1], abs=1e-9)


def test_series_are_computed_once_for_all_that_share_them(market: Any) -> None:
    from tael.formulas.parser import parse

    panel, outcome = market(4, 80, 15)
    stage = Stage(panel, outcome, np.arange(0, 80, 2))
    stage.values([parse("ts_mean(close, 5) / close")])
    held = dict(stage._cache)
    stage.values([parse("ts_mean(close, 5) / open")])
    assert all(stage._cache[node] is values for node, values in held.items())
