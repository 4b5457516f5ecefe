from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets.portfolio import FactorRisk, LedoitWolfRisk, RiskModel, StatisticalRisk, StyleRisk, risk_model
from tael.markets.portfolio.risk import half_life_weights


def market(t=300, n=60, seed=0, factors=3, gaps=0.0):
    """Returns of a few factors and much noise, and the true covariance."""
    rng = np.random.default_rng(seed)
    exposures = rng.normal(size=(n, factors)) * 0.5
    exposures[:, 0] = 1 + 0.2 * rng.normal(size=n)
    strength = np.array([0.012, 0.006, 0.004, 0.003, 0.002])[:factors]
    own = rng.uniform(0.01, 0.03, n)
    returns = (rng.normal(size=(t, factors)) * strength) @ exposures.T + rng.normal(size=(t, n)) * own
    returns[rng.random((t, n)) < gaps] = np.nan
    return returns, (exposures * strength**2) @ exposures.T + np.diag(own**2)


@given(st.integers(1, 12), st.integers(0, 6), st.integers(0, 1000))
def test_factor_form_is_the_full_matrix(n, k, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(k, k))
    risk = FactorRisk(rng.normal(size=(n, k)), root @ root.T, rng.random(n))
    sigma = risk.exposures @ risk.factors @ risk.exposures.T + np.diag(risk.specific)
    w = rng.normal(size=n)
    np.testing.assert_allclose(risk.covariance(), sigma, atol=1e-9)
    np.testing.assert_allclose(risk.variances, np.diag(sigma), atol=1e-9)
    np.testing.assert_allclose(risk.marginal(w), sigma @ w, atol=1e-8)
    assert risk.variance(w) == pytest.approx(w @ sigma @ w, abs=1e-8)
    assert risk.volatility(w, 4) == pytest.approx(2 * np.sqrt(w @ sigma @ w), abs=1e-6)
    np.testing.assert_allclose(risk.scaled(3).covariance(), 3 * sigma, atol=1e-8)
    some = np.flatnonzero(rng.random(n) < 0.5)
    np.testing.assert_allclose(risk.take(some).covariance(), sigma[np.ix_(some, some)], atol=1e-9)
    np.testing.assert_allclose(FactorRisk.from_covariance(sigma).covariance(), sigma, atol=1e-8)
    assert risk.contributions(w).sum() == pytest.approx(1.0)


MODELS = {
    "statistical": lambda r: StatisticalRisk(5, window=200, half_life=90),
    "styles": lambda r: StyleRisk(
        {"size": np.cumsum(np.nan_to_num(r), axis=0)}, np.tile(np.arange(r.shape[1]) % 4, (len(r), 1)), window=200
    ),
    "ledoit_wolf": lambda r: LedoitWolfRisk(window=200),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_future_changes_nothing(name):
    returns, _ = market(gaps=0.1)
    changed = returns.copy()
    changed[201:] = 9.0
    a, b = MODELS[name](returns), MODELS[name](changed)
    assert isinstance(a, RiskModel)
    b.at(299, changed)  # what was computed with the future at hand must not come back
    np.testing.assert_array_equal(a.at(200, returns).covariance(), b.at(200, changed).covariance())
    np.testing.assert_array_equal(a.at(200, returns).covariance(), a.at(200, returns[:201]).covariance())
    assert not np.allclose(a.at(299, returns).covariance(), b.at(299, changed).covariance())


@pytest.mark.parametrize("name", MODELS)
def test_names_without_history_are_neither_quiet_nor_impossible(name):
    returns, _ = market()
    returns[:280, 7] = np.nan
    returns[:, 8] = np.nan
    risk = MODELS[name](returns).at(299, returns)
    known = np.delete(np.arange(60), [7, 8])
    assert (risk.variances > 0).all()
    for i in (7, 8):
        # what is its own (or all of it) is the upper quartile of what is known of the others
        own = risk.specific if name != "ledoit_wolf" else risk.variances
        assert own[i] == pytest.approx(np.quantile(own[known], 0.75))


def test_shrinking_beats_the_sample():
    wins = []
    for seed in range(6):
        returns, truth = market(t=120, n=100, seed=seed)
        rng = np.random.default_rng(seed)
        model = StatisticalRisk(10, window=120, volatility_half_life=None).at(119, returns)
        sample = np.cov(returns, rowvar=False)
        errors = []
        for sigma in (model.covariance(), sample):
            # the risk that is forecast for portfolios that the estimate itself finds quiet
            best = np.linalg.solve(sigma + 1e-7 * np.eye(100), np.ones(100))
            best /= best.sum()
            errors.append(abs(np.log((best @ sigma @ best) / (best @ truth @ best))))
        wins.append(errors[0] < errors[1])
        w = rng.dirichlet(np.ones(100))
        assert model.variance(w) == pytest.approx(w @ truth @ w, rel=0.4)
        assert 1 <= model.exposures.shape[1] <= 4  # three are there, ten were allowed
    assert all(wins)


def test_styles_find_the_factors_that_are_there():
    rng = np.random.default_rng(0)
    t, n = 400, 120
    size = rng.normal(size=(t, n)).cumsum(axis=0) * 0.05 + rng.normal(size=n)
    industry = np.tile(rng.integers(0, 3, n), (t, 1))
    style = (size - size.mean(axis=1, keepdims=True)) / size.std(axis=1, keepdims=True)
    factor = rng.normal(size=(t, 4)) * [0.012, 0.01, 0.008, 0.005]
    returns = 0.01 * rng.normal(size=(t, n))
    for s in range(1, t):
        returns[s] += factor[s, industry[s - 1]] + factor[s, 3] * style[s - 1]
    model = StyleRisk({"size": size}, industry, group_names=("a", "b", "c"), window=390, half_life=None)
    risk = model.at(t - 1, returns)
    assert risk.names == ("a", "b", "c", "size")
    np.testing.assert_allclose(np.sqrt(np.diag(risk.factors)), [0.012, 0.01, 0.008, 0.005], rtol=0.15)
    np.testing.assert_allclose(np.sqrt(risk.specific), 0.01, rtol=0.25)
    weighted = StyleRisk({"size": size}, industry, size=np.exp(size)).at(t - 1, returns)
    assert weighted.factors.shape == (4, 4)
    assert np.sqrt(weighted.specific).mean() == pytest.approx(0.01, rel=0.1)


def test_forecasts_hold_on_real_stocks(data_dir):
    path = data_dir / "market" / "ashare_daily" / "csi800_2016_2021.parquet"
    frame = pl.read_parquet(path, columns=["date", "code", "pctChg", "tradestatus"])
    some = frame.filter((pl.col("tradestatus") == 1) & (pl.col("code").str.ends_with("8")))
    wide = some.pivot(index="date", on="code", values="pctChg").sort("date")
    returns = wide.drop("date").to_numpy().astype(float) / 100
    model, rng = StatisticalRisk(10), np.random.default_rng(0)
    ratio = []
    for t in range(300, len(returns) - 60, 120):
        risk = model.at(t, returns)
        for _ in range(5):
            w = rng.dirichlet(np.ones(returns.shape[1])) * np.isfinite(returns[t])
            ratio.extend(np.nan_to_num(returns[t + 1 : t + 61]) @ w / risk.volatility(w))
    assert 0.85 < np.std(ratio) < 1.2


def test_half_lives():
    weight = half_life_weights(100, 10)
    assert weight.sum() == pytest.approx(1)
    assert weight[-11] / weight[-1] == pytest.approx(0.5)
    calm, wild = np.full((100, 3), 0.01), np.full((30, 3), 0.05)
    signs = np.where(np.arange(130) % 2, 1.0, -1.0)[:, None]
    returns = np.vstack([calm, wild]) * signs
    quick = LedoitWolfRisk(volatility_half_life=5).at(129, returns).variances
    slow = LedoitWolfRisk(volatility_half_life=None).at(129, returns).variances
    assert (np.sqrt(quick) > 0.045).all()
    assert (np.sqrt(slow) < 0.03).all()


R = market()[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FactorRisk(np.ones((3, 2)), np.eye(3), np.ones(3)), "do not fit together"),
        (lambda: FactorRisk(np.full((3, 2), np.nan), np.eye(2), np.ones(3)), "exposures have missing"),
        (lambda: FactorRisk(np.ones((3, 2)), np.eye(2), -np.ones(3)), "specific variance is negative"),
        (lambda: FactorRisk(np.ones((3, 2)), np.diag([1.0, -1.0]), np.ones(3)), "is no covariance"),
        (lambda: StatisticalRisk().at(30, R), "too little history"),
        (lambda: LedoitWolfRisk().at(30, R), "too little history"),
        (lambda: StyleRisk({"a": R}).at(0, R), "too little history"),
        (lambda: StatisticalRisk(0).at(200, R), "parameter of the risk model"),
        (lambda: StatisticalRisk().at(200, R * np.nan), "No name has enough history"),
        (lambda: LedoitWolfRisk().at(200, R * np.nan), "No name has enough history"),
        (lambda: StyleRisk({"a": R}).at(200, R * np.nan), "No name has enough history"),
        (lambda: StyleRisk({"a": R[:, :3]}).at(200, R), "exposures a do not match"),
        (lambda: StyleRisk({}).at(200, R), "There are no factors"),
        (lambda: StatisticalRisk(half_life=-1).at(200, R), "half-life makes no sense"),
        (lambda: risk_model("statistic"), 'Did you mean "statistical"'),
    ],
)
def test_faults_say_what_to_do(make, message):
    with pytest.raises(MarketError, match=message):
        make()
