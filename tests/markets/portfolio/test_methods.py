from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from tael.errors import MarketError
from tael.markets.portfolio import (
    METHODS,
    EqualWeight,
    FactorRisk,
    HierarchicalRiskParity,
    MarketState,
    Method,
    RiskParity,
    SkfolioPortfolio,
    TopKDrop,
    VolatilityTarget,
    method,
)


def risk_of(n, seed=0, k=3):
    rng = np.random.default_rng(seed)
    exposures = rng.normal(size=(n, k)) * 0.5
    exposures[:, 0] = 1.0
    return FactorRisk(exposures, np.diag([1e-4, 4e-5, 2e-5][:k]), rng.uniform(1e-4, 9e-4, n))


def sample(t=200, n=10, seed=0):
    rng = np.random.default_rng(seed)
    return 0.01 * rng.normal(size=(t, 1)) + rng.normal(size=(t, n)) * np.linspace(0.01, 0.03, n)


class Mean:
    """The least that has skfolio's interface."""

    def get_params(self, deep=True):
        return {}

    def set_params(self):
        return self

    def fit(self, returns):
        self.weights_ = np.full(returns.shape[1], 1 / returns.shape[1])
        return self


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_the_contract(name):
    made = method(name, **({"estimator": Mean()} if name == "skfolio" else {}))
    if "max_weight" in made.get_params() and name != "volatility_target":
        made.set_params(max_weight=0.5)
    assert isinstance(made, Method)
    assert type(clone(made)) is type(made)
    n = 12
    alpha = np.random.default_rng(0).normal(size=n)
    alpha[[2, 5]] = np.nan
    state = MarketState(returns=sample(n=n), volatility=np.full(n, 0.02))
    held = np.zeros(n)
    for _ in range(3):
        found = made.weights(alpha, risk_of(n), held, state)
        assert found.status == "solved"
        assert np.isfinite(found.weights).all()
        assert (found.weights[[2, 5]] == 0).all()
        assert alpha.shape == found.weights.shape
        if name != "volatility_target":
            assert found.weights.sum() == pytest.approx(1.0)
            assert (found.weights >= 0).all()
        held = found.weights
    # what cannot be traded stays
    can = np.ones(n, dtype=bool)
    can[[0, 1]] = False
    held = np.full(n, 0.05)
    held[[2, 5]] = 0
    shut = MarketState(can_buy=can, can_sell=can, returns=sample(n=n), volatility=np.full(n, 0.02))
    found = made.weights(alpha, risk_of(n), held, shut)
    np.testing.assert_allclose(found.weights[[0, 1]], 0.05)


def qlib(scores, held, k, drop, tradable):
    """Qlib's TopkDropoutStrategy with only_tradable, as its authors wrote it: names sold and bought.

    The one departure: no more is sold than other names can take the place of.
    """
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    last = [i for i in order if i in held]
    today = [i for i in order if i not in held and tradable[i]][: drop + k - len(last)]
    drop = min(drop, max(0, len(today) - max(0, k - len(last))))
    comb = [i for i in order if i in set(last) | set(today)]
    bottom = [i for i in reversed(comb) if tradable[i]][:drop]
    sell = [i for i in last if i in bottom]
    return set(sell), set(today[: len(sell) + k - len(last)])


@settings(max_examples=80)
@given(st.integers(2, 15), st.integers(1, 8), st.integers(0, 4), st.integers(0, 9999))
def test_top_k_drop_is_qlibs_rule(n, k, drop, seed):
    rng = np.random.default_rng(seed)
    held = np.zeros(n)
    for _ in range(4):
        scores = rng.permutation(n).astype(float)
        tradable = rng.random(n) < 0.8
        now = set(np.flatnonzero(held).tolist())
        sell, buy = qlib(scores, now, k, drop, tradable)
        state = MarketState(can_buy=tradable, can_sell=tradable)
        found = TopKDrop(k, drop).weights(scores, None, held, state).weights
        kept = sorted(now - sell)
        # what is kept may have grown to all there is
        paid = held[kept].sum() < 1 - 1e-9
        assert set(np.flatnonzero(found > 1e-9).tolist()) == (set(kept) | buy if paid else set(kept))
        assert len(np.flatnonzero(found > 1e-9)) <= k
        assert found[kept].tolist() == held[kept].tolist()
        if buy and paid:
            assert found.sum() == pytest.approx(1.0)
            assert len({round(w, 12) for w in found[sorted(buy)]}) == 1
        even = TopKDrop(k, drop, rebalance=True).weights(scores, None, held, state).weights
        assert set(np.flatnonzero(even).tolist()) <= set(kept) | buy
        assert even.sum() == pytest.approx(1.0) or not even.any()
        held = found


def test_top_k_sells_what_left_the_universe_last_ranked():
    held = np.array([0.5, 0.5, 0.0])
    found = TopKDrop(2, 1).weights(np.array([np.nan, 0.1, 0.0]), None, held).weights
    assert found.tolist() == [0.0, 0.5, 0.5]
    smaller = TopKDrop(1, 0).weights(np.array([0.3, 0.1, 0.0]), None, held).weights
    assert smaller.tolist() == [0.5, 0.0, 0.0]


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 999))
def test_shares_of_risk_are_as_stated(n, seed):
    risk = risk_of(n, seed)
    shares = np.random.default_rng(seed).uniform(0.05, 5.0, n)
    found = RiskParity(shares=shares).weights(np.zeros(n), risk)
    assert found.status == "solved"
    assert found.weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(risk.contributions(found.weights), shares / shares.sum(), atol=1e-7)


def test_risk_parity_settles_on_hard_cases():
    # nearly one factor, and deviations over three orders of magnitude
    rng = np.random.default_rng(0)
    deviation = 10.0 ** rng.uniform(-3, 0, 300)
    risk = FactorRisk(deviation[:, None] * rng.choice([-1.0, 1.0], (300, 1)), np.eye(1), 1e-4 * deviation**2)
    found = RiskParity().weights(np.zeros(300), risk)
    assert found.status == "solved"
    np.testing.assert_allclose(risk.contributions(found.weights), 1 / 300, atol=1e-6)


def test_agrees_with_skfolio():
    from skfolio.optimization import HierarchicalRiskParity as TheirHierarchy
    from skfolio.optimization import RiskBudgeting

    returns = sample()
    risk = FactorRisk.from_covariance(np.cov(returns, rowvar=False))
    tight = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}
    theirs = RiskBudgeting(solver_params=tight).fit(returns).weights_
    assert np.abs(RiskParity().weights(np.zeros(10), risk).weights - theirs).max() < 1e-5
    ours = HierarchicalRiskParity(linkage="ward", optimal_ordering=True).weights(np.zeros(10), risk).weights
    hierarchy = TheirHierarchy().fit(returns).weights_
    assert np.abs(ours - hierarchy).max() < 1e-9
    assert np.abs(RiskParity().weights(np.zeros(10), risk).weights - 0.1).max() > 0.01


def test_any_optimiser_of_skfolio_is_plugged_in():
    from skfolio.optimization import EqualWeighted, InverseVolatility, MeanRisk

    returns = sample()
    returns[:150, 3] = np.nan
    alpha = np.arange(10.0)
    state = MarketState(returns=returns)
    found = SkfolioPortfolio(InverseVolatility()).weights(alpha, None, None, state)
    assert found.weights[3] == 0  # 50 returns are too few
    known = np.delete(np.arange(10), 3)
    inverse = 1 / returns[:, known].std(axis=0)
    np.testing.assert_allclose(found.weights[known], inverse / inverse.sum(), rtol=1e-6)
    best = SkfolioPortfolio(EqualWeighted(), best=4).weights(alpha, None, None, state)
    assert np.flatnonzero(best.weights).tolist() == [6, 7, 8, 9]
    held = np.full(10, 0.1)
    steady = SkfolioPortfolio(MeanRisk(max_turnover=0.01), window=100, min_history=1)
    np.testing.assert_allclose(steady.weights(alpha, None, held, state).weights, held, atol=0.02)
    impossible = SkfolioPortfolio(MeanRisk(max_weights=0.01)).weights(alpha, None, held, state)
    assert (impossible.status, impossible.fallback) == ("failed", "hold")
    assert impossible.weights.tolist() == held.tolist()
    assert "stays as it is" in impossible.message.en


def test_volatility_target_is_the_same_risk_for_every_product():
    volatility = np.array([0.005, 0.01, 0.02, 0.04])
    alpha = np.array([0.3, -2.0, 0.0, 1.0])
    state = MarketState(volatility=volatility, margin_rate=np.full(4, 0.1))
    found = VolatilityTarget(0.2).weights(alpha, None, None, state).weights
    np.testing.assert_allclose(np.abs(found) * volatility * np.sqrt(252), [0.05, 0.05, 0, 0.05])
    assert np.sign(found).tolist() == [1, -1, 0, 1]
    scored = VolatilityTarget(0.2, signal="score").weights(alpha, None, None, state).weights
    np.testing.assert_allclose(scored, found * [0.3, 1, 0, 1])
    assert np.abs(VolatilityTarget(0.2, gross=0.5).weights(alpha, None, None, state).weights).sum() == pytest.approx(
        0.5
    )
    lean = VolatilityTarget(0.2, margin=0.04).weights(alpha, None, None, state).weights
    assert np.abs(lean).sum() * 0.1 == pytest.approx(0.04)
    assert np.abs(VolatilityTarget(0.2, max_weight=0.1).weights(alpha, None, None, state).weights).max() == 0.1
    risk = risk_of(4)
    whole = VolatilityTarget(0.2, book=0.12).weights(alpha, risk).weights
    assert risk.volatility(whole, 252) == pytest.approx(0.12)
    # a product that is stuck leaves the others what is left of the cap
    shut = MarketState(volatility=volatility, can_buy=np.arange(4) > 0, can_sell=np.arange(4) > 0)
    held = np.array([0.4, 0, 0, 0])
    stuck = VolatilityTarget(0.2, gross=0.5).weights(alpha, None, held, shut).weights
    assert stuck[0] == 0.4
    assert np.abs(stuck).sum() == pytest.approx(0.5)
    unknown = MarketState(volatility=np.array([np.nan, 0.01, 0.01, 0.0]))
    assert np.flatnonzero(VolatilityTarget().weights(alpha, None, None, unknown).weights).tolist() == [1]


def test_equal_weight_takes_the_best_that_can_be_bought():
    alpha = np.array([4.0, 3.0, 2.0, 1.0])
    can = np.array([True, False, True, True])
    state = MarketState(can_buy=can, can_sell=can)
    assert EqualWeight(2).weights(alpha, None, None, state).weights.tolist() == [0.5, 0, 0.5, 0]
    held = np.array([0, 0.4, 0, 0.6])
    assert EqualWeight(2).weights(alpha, None, held, state).weights.tolist() == [0.6, 0.4, 0, 0]
    assert EqualWeight().weights(alpha * np.nan).weights.sum() == 0


KNOWN = MarketState(volatility=np.ones(3), returns=np.ones((9, 2)))
FLAT = FactorRisk(np.zeros((3, 1)), np.zeros((1, 1)), np.array([0.0, 1.0, 1.0]))


@pytest.mark.parametrize(
    ("made", "call", "message"),
    [
        (EqualWeight(0), (np.ones(3),), "at least one name"),
        (TopKDrop(0), (np.ones(3),), "Top-k makes no sense"),
        (RiskParity(), (np.ones(3),), "needs a risk model"),
        (RiskParity(), (np.ones(3), risk_of(4)), "risk does not match"),
        (RiskParity(shares=[1.0, 0.0, 1.0]), (np.ones(3), risk_of(3)), "shares of risk make no sense"),
        (RiskParity(), (np.ones(3), FLAT), "without risk"),
        (HierarchicalRiskParity(), (np.ones(3),), "needs the risk of every name"),
        (HierarchicalRiskParity(linkage="x"), (np.ones(3), risk_of(3)), "No such linkage"),
        (HierarchicalRiskParity(), (np.ones(3), FLAT), "without risk"),
        (VolatilityTarget(), (np.ones(3),), "needs state.volatility"),
        (VolatilityTarget(signal="x"), (np.ones(3), risk_of(3)), "No such signal"),
        (VolatilityTarget(-1.0), (np.ones(3), risk_of(3)), "target of VolatilityTarget makes no sense"),
        (VolatilityTarget(margin=0.1), (np.ones(3), risk_of(3)), "needs state.margin_rate"),
        (
            VolatilityTarget(book=0.1),
            (np.ones(2), None, None, MarketState(volatility=np.ones(2))),
            "needs a risk model",
        ),
        (SkfolioPortfolio(Mean()), (np.ones(3),), "needs state.returns"),
        (
            SkfolioPortfolio(Mean()),
            (np.ones(3), None, None, MarketState(returns=np.ones((9, 2)))),
            "returns do not match",
        ),
    ],
)
def test_faults_say_what_to_do(made, call, message):
    with pytest.raises(MarketError, match=message):
        made.weights(*call)


def test_an_unknown_method_is_told():
    with pytest.raises(MarketError, match='Did you mean "risk_parity"'):
        method("risk_party")
