"""How sure a Sharpe ratio is: published examples, formulas by hand, simulations."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kurtosis, skew

from tael.errors import MarketError
from tael.markets.performance import (
    autocorrelated_sharpe,
    block_length,
    bootstrap,
    deflated_sharpe,
    expected_best_sharpe,
    minimum_track_record,
    overfitting_probability,
    probabilistic_sharpe,
    sharpe_error,
    sharpe_ratio,
)
from tael.markets.performance.resampling import stationary_indices
from tael.markets.performance.sharpe import sharpe_probability


def test_the_example_of_the_deflated_sharpe_ratio() -> None:
    # Bailey and Lopez de Prado 2014, "A numerical example": 100 trials with variance 1/2, yearly ratio 2.5 over five
    # years of 250 days, skewness -3, kurtosis 10: a hurdle of .1132 a day, and a probability of .9004.
    hurdle = expected_best_sharpe(100, 0.5 / 250)
    assert hurdle == pytest.approx(0.1132, abs=5e-5)
    assert sharpe_probability(2.5 / np.sqrt(250), hurdle, 1250, -3.0, 10.0) == pytest.approx(0.9004, abs=5e-5)


def test_the_best_of_worthless_trials() -> None:
    draws = np.random.default_rng(0).normal(size=(4000, 50)).max(axis=1).mean()
    assert expected_best_sharpe(50, 1.0) == pytest.approx(draws, rel=0.02)
    assert expected_best_sharpe(1, 1.0) == 0.0


def test_the_error_is_mertens() -> None:
    r = np.random.default_rng(1).standard_t(5, 800) * 0.01 + 0.001
    s = r.mean() / r.std()
    formula = np.sqrt((1 - skew(r) * s + (kurtosis(r, fisher=False) - 1) / 4 * s**2) / len(r))
    assert sharpe_error(r, periods=1) == pytest.approx(formula, rel=1e-9)
    assert sharpe_error(r, periods=252) == pytest.approx(formula * np.sqrt(252), rel=1e-9)


def test_the_error_is_what_draws_of_the_ratio_spread() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.01, (1500, 504))
    slow = 0.001 + noise[:, 4:] + 0.6 * noise[:, 3:-1]  # a moving average: positive autocorrelation
    ratios = [sharpe_ratio(r, periods=1) for r in slow]
    errors = [sharpe_error(r, periods=1, lags=None) for r in slow[:200]]
    assert np.mean(errors) == pytest.approx(np.std(ratios), rel=0.08)
    assert np.mean([sharpe_error(r, periods=1) for r in slow[:200]]) < 0.85 * np.std(ratios)


def test_autocorrelation_of_lo() -> None:
    r = np.random.default_rng(3).normal(0.001, 0.01, 300)
    d = r - r.mean()
    rho = [float(d[k:] @ d[:-k]) / float(d @ d) for k in (1, 2)]
    eta = 12 / np.sqrt(12 + 2 * (11 * rho[0] + 10 * rho[1]))
    assert autocorrelated_sharpe(r, periods=12, lags=2) == pytest.approx(sharpe_ratio(r, periods=1) * eta)
    assert autocorrelated_sharpe(r, periods=12, lags=0) == pytest.approx(sharpe_ratio(r, periods=12))


def test_probability_and_track_record_agree() -> None:
    r = np.random.default_rng(4).normal(0.0007, 0.01, 1000)
    need = minimum_track_record(r, level=0.95)
    s = sharpe_ratio(r, periods=1)
    at_need = sharpe_probability(s, 0.0, round(need), float(skew(r)), float(kurtosis(r) + 3))
    assert at_need == pytest.approx(0.95, abs=0.001)
    assert minimum_track_record(-r) == np.inf
    assert probabilistic_sharpe(r, benchmark=sharpe_ratio(r)) == pytest.approx(0.5)


def test_more_trials_deflate_more() -> None:
    r = np.random.default_rng(5).normal(0.0015, 0.01, 1000)
    found = [deflated_sharpe(r, trials) for trials in (1, 10, 1000)]
    assert [f.probability for f in found] == sorted((f.probability for f in found), reverse=True)
    assert found[0].probability == pytest.approx(probabilistic_sharpe(r))
    assert found[1].hurdle == pytest.approx(expected_best_sharpe(10, 1 / 1000) * np.sqrt(252))
    assert deflated_sharpe(r, 10, variance=4.0).hurdle == pytest.approx(expected_best_sharpe(10, 4.0))


def test_overfitting_is_the_plain_count() -> None:
    r = np.random.default_rng(6).normal(size=(45, 6))
    blocks = np.array_split(np.arange(45), 4)
    logits = []
    for half in combinations(range(4), 2):
        inside = np.concatenate([blocks[i] for i in half])
        outside = np.setdiff1d(np.arange(45), inside)
        a, b = (r[rows].mean(axis=0) / r[rows].std(axis=0, ddof=1) for rows in (inside, outside))
        rank = (b <= b[a.argmax()]).sum() / 7
        logits.append(np.log(rank / (1 - rank)))
    found = overfitting_probability(r, blocks=4)
    assert found.logits == pytest.approx(np.array(logits))
    assert found.probability == np.mean(np.array(logits) <= 0)


def test_noise_overfits_and_skill_does_not() -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(size=(600, 40))
    by_chance = [overfitting_probability(rng.normal(size=(300, 20)), 8).probability for _ in range(20)]
    assert 0.25 < np.mean(by_chance) < 0.75
    skilled = noise.copy()
    skilled[:, 5] += 0.3
    assert overfitting_probability(skilled).probability < 0.05


def test_blocks_wrap_and_have_their_length() -> None:
    rows = stationary_indices(200, 10.0, 300, seed=0)
    assert rows.min() >= 0
    assert rows.max() <= 199
    goes_on = (np.diff(rows, axis=1) % 200) == 1
    assert 1 / (1 - goes_on.mean()) == pytest.approx(10.0, rel=0.1)
    assert np.bincount(rows.ravel(), minlength=200).std() / 300 < 0.15


def test_intervals_cover() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(100):
        x = np.convolve(rng.normal(size=303), [1, 0.7, 0.5, 0.3], mode="valid") + 1.0
        found = bootstrap(x, np.mean, draws=200, seed=int(rng.integers(1 << 30)))
        covered += found.low <= 1.0 <= found.high
    assert 82 <= covered <= 100
    assert block_length(np.ones(50)) == 1.0


def test_a_benchmark_is_drawn_with_its_strategy() -> None:
    x = np.random.default_rng(9).normal(size=(100, 1)) @ np.array([[1.0, 1.0]])
    found = bootstrap(x, lambda z: float((z[:, 0] - z[:, 1]).mean()), draws=20)
    assert (found.low, found.high) == (0.0, 0.0)


def test_faults() -> None:
    r = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(MarketError, match="cannot be cut so"):
        overfitting_probability(r, blocks=5)
    with pytest.raises(MarketError, match="0 is flat"):
        overfitting_probability(np.full((40, 3), np.nan), blocks=4)
    with pytest.raises(MarketError, match="at most 20 blocks"):
        overfitting_probability(np.tile(r, (3, 1)), blocks=24)
    with pytest.raises(MarketError, match="counted from 1"):
        expected_best_sharpe(0, 1.0)
    with pytest.raises(MarketError, match="length of at least 1"):
        bootstrap(r[:, 0], np.mean, block=0.5)
