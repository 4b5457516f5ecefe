from __future__ import annotations

import pickle

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from tael.errors import MarketError
from tael.markets.portfolio import FactorRisk, MarketState, MeanVariance, MinimumVariance

TIGHT = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11}


def made(n=40, k=4, seed=0, groups=5):
    """Scores, risk, what is held, and the state."""
    rng = np.random.default_rng(seed)
    exposures = rng.normal(size=(n, k))
    exposures[:, 0] = 1.0
    root = rng.normal(size=(k, k))
    factors = (root @ root.T + np.eye(k)) * 1e-5
    risk = FactorRisk(exposures, factors, rng.uniform(1e-4, 6e-4, n))
    held = rng.dirichlet(np.ones(n))
    state = MarketState(
        groups=rng.integers(0, groups, n).astype(np.int32),
        group_names=tuple("abcdefghij"[:groups]),
        styles={"size": rng.normal(size=n), "momentum": rng.normal(size=n)},
        benchmark=rng.dirichlet(np.ones(n)),
        volume=rng.uniform(0.01, 2.0, n),
        volatility=np.sqrt(risk.variances),
        margin_rate=rng.uniform(0.05, 0.2, n),
    )
    return rng.normal(size=n) * 2e-3, risk, held, state


def by_cvxpy(alpha, risk, held, state, *, aversion, limits, cost=0.0, quadratic=None):
    """The same problem written down again, solved tightly."""
    w = cp.Variable(len(alpha))
    off = w - state.benchmark
    variance = cp.sum_squares(risk.loadings.T @ off) + cp.sum_squares(cp.multiply(np.sqrt(risk.specific), off))
    worth = alpha @ w - aversion / 2 * variance - cost * cp.norm1(w - held)
    if quadratic is not None:
        worth -= cp.sum_squares(cp.multiply(np.sqrt(quadratic), w - held))
    problem = cp.Problem(cp.Maximize(1e3 * worth), limits(w))
    problem.solve(solver=cp.CLARABEL, **TIGHT)
    assert problem.status == "optimal"
    return w.value


@pytest.mark.parametrize("seed", range(4))
def test_long_only_with_everything_agrees_with_cvxpy(seed):
    alpha, risk, held, state = made(seed=seed)
    method = MeanVariance(
        20.0, max_weight=0.15, turnover=0.9, cost_bp=10, impact=0.5, impact_size=0.01, groups=0.05, styles=0.2
    )
    found = method.weights(alpha, risk, held, state)
    assert found.status == "solved"
    quadratic = 0.5 * state.volatility / np.sqrt(state.volume * 0.01)

    def limits(w):
        off = w - state.benchmark
        rows = [cp.sum(w) == 1, w >= 0, w <= 0.15, cp.norm1(w - held) <= 0.9]
        rows += [cp.abs(cp.sum(off[np.flatnonzero(state.groups == g)])) <= 0.05 for g in range(5)]
        return rows + [cp.abs(style @ off) <= 0.2 for style in state.styles.values()]

    wanted = by_cvxpy(alpha, risk, held, state, aversion=20.0, limits=limits, cost=1e-3, quadratic=quadratic)
    assert np.abs(found.weights - wanted).max() < 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_long_short_agrees_with_cvxpy(seed):
    alpha, risk, held, state = made(seed=seed)
    held = held - held.mean()
    method = MeanVariance(
        5.0, long_only=False, net=0.1, gross=1.5, max_weight=0.2, margin=0.15, cost_bp=5, styles={"size": (-0.1, 0.3)}
    )
    found = method.weights(alpha, risk, held, state)

    def limits(w):
        rows = [cp.abs(cp.sum(w)) <= 0.1, cp.abs(w) <= 0.2, cp.norm1(w) <= 1.5, state.margin_rate @ cp.abs(w) <= 0.15]
        size = state.styles["size"] @ (w - state.benchmark)
        return [*rows, size >= -0.1, size <= 0.3]

    wanted = by_cvxpy(alpha, risk, held, state, aversion=5.0, limits=limits, cost=5e-4)
    assert np.abs(found.weights - wanted).max() < 1e-5
    assert found.multipliers["margin"] > 0


def test_minimum_variance_agrees_with_skfolio():
    from skfolio.optimization import MeanRisk
    from skfolio.prior import EmpiricalPrior

    rng = np.random.default_rng(0)
    returns = 0.01 * rng.normal(size=(120, 1)) + 0.02 * rng.normal(size=(120, 12))
    theirs = MeanRisk(prior_estimator=EmpiricalPrior(), max_weights=0.2, scale_objective=1e4).fit(returns)
    sigma = np.cov(returns, rowvar=False)
    ours = MinimumVariance(max_weight=0.2).weights(np.zeros(12), FactorRisk.from_covariance(sigma))
    assert np.abs(ours.weights - theirs.weights_).max() < 1e-5


@settings(max_examples=40)
@given(st.data())
def test_limits_hold_and_what_cannot_be_traded_stays(data):
    seed = data.draw(st.integers(0, 10_000))
    n = data.draw(st.integers(3, 30))
    alpha, risk, held, state = made(n=n, seed=seed)
    rng = np.random.default_rng(seed)
    alpha[rng.random(n) < data.draw(st.sampled_from([0.0, 0.3]))] = np.nan
    held[rng.random(n) < 0.4] = 0.0
    share = data.draw(st.sampled_from([0.0, 0.2, 0.5]))
    buy, sell = rng.random(n) >= share, rng.random(n) >= share
    turnover = data.draw(st.sampled_from([None, 0.1, 0.6, 2.0]))
    most = data.draw(st.sampled_from([0.1, 0.4, 1.0]))
    fallback = data.draw(st.sampled_from(["hold", "relax_turnover", "cash"]))
    state = MarketState(can_buy=buy, can_sell=sell, groups=state.groups, styles=state.styles, benchmark=state.benchmark)
    groups = data.draw(st.sampled_from([None, 0.3]))
    method = MeanVariance(10.0, max_weight=most, turnover=turnover, cost_bp=5, groups=groups, fallback=fallback)
    found = method.weights(alpha, risk, held, state)
    w = found.weights
    assert np.isfinite(w).all()
    assert (w[~buy] <= held[~buy] + 1e-9).all()
    assert (w[~sell] >= held[~sell] - 1e-9).all()
    assert (w >= -1e-12).all()
    bought = bool((held > 0).any())
    if found.status == "solved":
        free = (buy | (held <= most)) & (sell | (held <= most))
        assert (w[free] <= np.maximum(most, np.where(np.isnan(alpha), held, 0))[free] + 1e-9).all()
        assert abs(w.sum() - 1) < 1e-6 or "Nothing can be traded" in found.message.en
        if turnover is not None and bought:
            assert np.abs(w - held).sum() <= turnover + 1e-5
        assert found.fallback == ""
        assert found.conflict == ()
        return
    assert found.status == "infeasible"
    assert found.conflict
    assert all(name in found.message.en and name in found.message.zh for name in found.conflict)
    if found.fallback == "hold":
        assert w.tolist() == held.tolist()
    elif found.fallback == "cash":
        assert (w[sell] == 0).all()
    else:
        assert "turnover" in found.conflict
        assert abs(w.sum() - 1) < 1e-6


def test_a_contradiction_is_named_without_what_has_no_part_in_it():
    alpha, risk, held, state = made()
    state = MarketState(groups=state.groups, group_names=state.group_names, styles=state.styles)
    method = MeanVariance(max_weight=0.5, groups={"a": (0.6, 1.0), "b": (0.6, 1.0), "c": (0.0, 0.3)}, styles=1.0)
    found = method.weights(alpha, risk, held, state)
    assert found.status == "infeasible"
    assert set(found.conflict) == {"budget", "group a", "group b", "weight bounds"}
    assert found.weights.tolist() == held.tolist()
    assert found.message.en.endswith("The portfolio stays as it is.")
    # one unit of money cannot have so much of it, and none may have more than half
    narrow = MeanVariance(max_weight=0.5, styles={"size": (5.0, 6.0)}).weights(alpha, risk, held, state)
    assert set(narrow.conflict) == {"budget", "style size", "weight bounds"}


def test_turnover_is_relaxed_to_the_least_that_does():
    alpha, risk, _, state = made()
    held = np.zeros(40)
    held[:2] = 0.5
    method = MeanVariance(max_weight=0.2, turnover=0.5, fallback="relax_turnover")
    found = method.weights(alpha, risk, held, state)
    # from two halves to a fifth each: .6 sold, .6 bought
    assert found.conflict == ("weight bounds", "turnover")
    assert found.fallback == "relax_turnover"
    assert 1.2 - 1e-5 <= np.abs(found.weights - held).sum() <= 1.32 + 1e-5
    assert found.weights.max() <= 0.2 + 1e-9
    # out of cash, the first portfolio is not limited
    assert method.weights(alpha, risk, np.zeros(40), state).status == "solved"
    cash = MeanVariance(max_weight=0.2, turnover=0.5, fallback="cash").weights(alpha, risk, held, state)
    assert cash.weights.sum() == 0


def test_multipliers_are_what_one_unit_more_is_worth():
    alpha, risk, held, state = made()
    state = MarketState(groups=state.groups, benchmark=state.benchmark)

    def worth(turnover, group):
        method = MeanVariance(10.0, max_weight=0.2, turnover=turnover, groups={"0": group})
        found = method.weights(alpha, risk, held, state)
        return alpha @ found.weights - 5 * risk.variance(found.weights - state.benchmark), found.multipliers

    _, prices = worth(0.6, 0.02)
    by_turnover = (worth(0.6005, 0.02)[0] - worth(0.5995, 0.02)[0]) / 1e-3
    by_group = (worth(0.6, 0.0205)[0] - worth(0.6, 0.0195)[0]) / 1e-3
    assert by_turnover == pytest.approx(prices["turnover"], rel=0.02)
    assert by_group == pytest.approx(prices["group 0"], rel=0.02, abs=1e-7)


def test_the_structure_is_reused_and_does_not_travel():
    alpha, risk, held, state = made()
    method = MeanVariance(turnover=0.8, max_weight=0.3)
    first = method.weights(alpha, risk, held, state).weights
    other = method.weights(-alpha, risk, held, state).weights
    assert np.abs(method.weights(alpha, risk, held, state).weights - first).max() < 1e-6
    assert np.abs(other - first).max() > 0.01
    assert not hasattr(clone(method), "_reused")
    assert "_reused" not in pickle.loads(pickle.dumps(method)).__dict__  # noqa: S301


def test_nothing_to_trade_is_no_error():
    alpha, risk, held, _ = made()
    no = np.zeros(40, dtype=bool)
    found = MeanVariance().weights(alpha, risk, held, MarketState(can_buy=no, can_sell=no))
    assert found.weights.tolist() == held.tolist()
    assert found.message.en == "Nothing can be traded."


N = 40
ALPHA, RISK, HELD, STATE = made()


@pytest.mark.parametrize(
    ("method", "call", "message"),
    [
        (MeanVariance(), (ALPHA, None, HELD), "needs a risk model"),
        (MeanVariance(), (ALPHA[:3], RISK), "risk does not match"),
        (MeanVariance(), (ALPHA, RISK, HELD[:3]), "previous does not match"),
        (MeanVariance(), (ALPHA, RISK, HELD * np.nan), "What is held is not known"),
        (MeanVariance(), (ALPHA + np.inf, RISK), "A score is infinite"),
        (MeanVariance(), (np.zeros((2, 2)), RISK), "not one row"),
        (MeanVariance(fallback="pray"), (ALPHA, RISK), "does not know this fallback"),
        (MeanVariance(-1.0), (ALPHA, RISK), "risk_aversion of MeanVariance makes no sense"),
        (MeanVariance(turnover=-1.0), (ALPHA, RISK), "turnover of MeanVariance makes no sense"),
        (MeanVariance(min_weight=-0.1), (ALPHA, RISK), "no negative weights"),
        (MeanVariance(min_weight=0.1), (ALPHA, RISK), "min_weight is above max_weight"),
        (MeanVariance(budget=(1.0, 0.5)), (ALPHA, RISK), "bound of budget is empty"),
        (MeanVariance(budget="all"), (ALPHA, RISK), "could not convert"),
        (MeanVariance(groups=0.1), (ALPHA, RISK), "bounds groups, but there are none"),
        (MeanVariance(groups={"q": 0.1}), (ALPHA, RISK, HELD, STATE), "bounds something unknown"),
        (MeanVariance(styles=0.1), (ALPHA, RISK), "bounds styles, but there are none"),
        (MeanVariance(styles={"siz": 0.1}), (ALPHA, RISK, HELD, STATE), 'Did you mean "size"'),
        (MeanVariance(impact=1.0), (ALPHA, RISK), "needs state.volume"),
        (MeanVariance(long_only=False, margin=0.1), (ALPHA, RISK), "needs state.margin_rate"),
    ],
)
def test_faults_say_what_to_do(method, call, message):
    with pytest.raises((MarketError, ValueError), match=message):
        method.weights(*call)
