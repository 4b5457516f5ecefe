"""Statistics of a row of forecasts against scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tael.errors import PanelError
from tael.kernels import panel as kernels


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (25, int(rng.integers(3, 60)))
    x = rng.normal(size=shape) if seed % 2 else rng.integers(0, 5, shape).astype(float)
    y = 0.2 * x + rng.normal(size=shape)
    x[rng.random(shape) < 0.1], y[rng.random(shape) < 0.1] = np.nan, np.inf
    x[3], y[4], x[5, 2:] = np.nan, 7.0, np.nan
    return x, y, rng.random(shape) < 0.9


@pytest.mark.parametrize("seed", range(8))
def test_correlations_are_those_of_scipy(seed: int) -> None:
    x, y, members = draw(seed)
    plain, ranked, by_rank = kernels.ic(x, y, members), kernels.rank_ic(x, y, members), np.full(len(x), np.nan)
    for t in range(len(x)):
        there = np.isfinite(x[t]) & np.isfinite(y[t]) & members[t]
        a, b = x[t][there], y[t][there]
        if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
            assert np.isnan(plain[t])
            assert np.isnan(ranked[t])
            continue
        np.testing.assert_allclose(plain[t], stats.pearsonr(a, b).statistic, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ranked[t], stats.spearmanr(a, b).statistic, rtol=1e-9, atol=1e-12)
        by_rank[t] = stats.pearsonr(stats.rankdata(a), kernels.rank(y, members)[t][there]).statistic
    got = kernels.rank_ic(x, kernels.rank(y, members), members, ranked=True, n_threads=2)
    np.testing.assert_allclose(got, by_rank, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_ranks_against_earlier_ranks(seed: int) -> None:
    x, _, members = draw(seed)
    ranks = kernels.rank(x, members)
    same, moved = kernels.rank_autocorrelation(x, 2, members), kernels.rank_turnover(x, 2, members)
    np.testing.assert_allclose(same[2:], kernels.ic(ranks[2:], ranks[:-2]))
    assert np.isnan(same[:2]).all()
    assert np.isnan(moved[:2]).all()
    for t in range(2, len(x)):
        there = np.isfinite(ranks[t]) & np.isfinite(ranks[t - 2])
        expected = np.abs(ranks[t] - ranks[t - 2])[there].mean() if there.sum() >= 3 else np.nan
        np.testing.assert_allclose(moved[t], expected)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_quantiles", [1, 2, 5, 10])
def test_outcomes_of_quantiles(seed: int, n_quantiles: int) -> None:
    x, y, members = draw(seed)
    got = kernels.quantile_returns(x, y, n_quantiles, members)
    for t in range(len(x)):
        there = np.isfinite(x[t]) & np.isfinite(y[t]) & members[t]
        place = stats.rankdata(x[t][there]) - 0.5
        group = np.minimum((place * n_quantiles / max(there.sum(), 1)).astype(int), n_quantiles - 1)
        for g in range(n_quantiles):
            outcomes = y[t][there][group == g]
            expected = outcomes.mean() if outcomes.size else np.nan
            np.testing.assert_allclose(got[t, g], expected)


def test_quantiles_hold_the_same_number_of_cells() -> None:
    x = np.random.default_rng(0).permutation(100).astype(float)[None]
    np.testing.assert_allclose(kernels.quantile_returns(x, x, 10), [np.arange(10) * 10 + 4.5])


def test_empty_panels_have_no_correlation() -> None:
    for shape in ((0, 0), (0, 3), (4, 0)):
        x = np.ones(shape)
        for got in (kernels.ic(x, x), kernels.rank_ic(x, x), kernels.rank_turnover(x)):
            assert got.shape == (shape[0],)
            assert np.isnan(got).all()
        assert kernels.quantile_returns(x, x, 3).shape == (shape[0], 3)


def test_errors_say_what_is_expected() -> None:
    with pytest.raises(PanelError, match="one shape"):
        kernels.ic(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(PanelError, match="n_quantiles >= 1"):
        kernels.quantile_returns(np.ones((2, 3)), np.ones((2, 3)), 0)
