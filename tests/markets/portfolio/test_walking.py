from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets import Bars
from tael.markets.portfolio import (
    EqualWeight,
    FactorRisk,
    MarketHistory,
    MeanVariance,
    StatisticalRisk,
    TopKDrop,
    VolatilityTarget,
    Weights,
    targets,
    to_lots,
    walk,
)

T, N = 160, 12
DAYS = np.arange("2023-01-02", "2024-01-02", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)][:T]


def history(seed=0, **more):
    rng = np.random.default_rng(seed)
    returns = 0.01 * rng.normal(size=(T, 1)) + 0.02 * rng.normal(size=(T, N))
    tradable = rng.random((T, N)) < 0.95
    known = {
        "can_buy": tradable,
        "can_sell": tradable,
        "groups": np.tile(np.arange(N) % 3, (T, 1)).astype(np.int32),
        "benchmark": np.full((T, N), 1 / N),
        "amount": rng.uniform(1e6, 1e7, (T, N)),
        "equity": 1e7,
        "margin_rate": np.full(N, 0.1),
    }
    return MarketHistory(DAYS, returns, **(known | more)), rng.normal(size=(T, N))


METHODS = {
    "top": (TopKDrop(4, 1), None),
    "mean": (
        MeanVariance(5.0, max_weight=0.4, turnover=0.5, cost_bp=5, impact=0.1, groups=0.2, fallback="relax_turnover"),
        StatisticalRisk(3, window=80, min_history=40),
    ),
    "trend": (VolatilityTarget(0.1, gross=2.0, margin=0.15), None),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("cut", [70, 111])
def test_a_truncated_future_changes_nothing(name, cut):
    method, risk = METHODS[name]
    market, scores = history()
    whole = walk(scores, method, market, risk=risk, every=5, start=60)
    short = walk(scores[: cut + 1], method, market.until(cut), risk=risk, every=5, start=60)
    np.testing.assert_allclose(short.targets, whole.targets[: cut + 1], atol=1e-6)
    spoilt = scores.copy()
    spoilt[cut + 1 :] *= -3
    np.testing.assert_array_equal(
        walk(spoilt, TopKDrop(4, 1), market, every=5).targets[: cut + 1],
        walk(scores, TopKDrop(4, 1), market, every=5).targets[: cut + 1],
    )


def test_only_rebalances_have_rows():
    market, scores = history()
    scores[:20] = np.nan
    found = walk(scores, "equal_weight", market, every="1w")
    rows = np.flatnonzero(np.isfinite(found.targets).all(axis=1))
    assert rows.tolist() == list(found.bars)
    assert rows[0] == 20
    weeks = (DAYS[rows[1:]].astype("datetime64[D]").astype(int) + 3) // 7
    assert len(set(weeks.tolist())) == len(weeks)
    assert found.statuses == {"solved": len(rows)}
    assert found.turnover[0] == pytest.approx(1.0)
    assert np.isnan(found.targets[rows[0] + 1]).all()


def test_what_is_held_drifts_between_decisions():
    seen = []

    class Spy:
        def weights(self, alpha, risk=None, previous=None, state=None):
            seen.append((previous.copy(), state))
            return Weights("solved", np.array([0.5, 0.25]))

    returns = np.array([[0.0, 0.0], [0.1, np.nan], [0.1, -0.2], [5.0, 5.0]])
    market = MarketHistory(DAYS[:4], returns, amount=returns + 7)
    walk(np.ones((4, 2)), Spy(), market, every=2)
    np.testing.assert_array_equal(seen[0][0], [0, 0])
    value = np.array([0.5 * 1.1 * 1.1, 0.25 * 0.8])
    np.testing.assert_allclose(seen[1][0], value / (value.sum() + 0.25))
    assert len(seen[1][1].returns) == 3
    assert seen[1][1].time == DAYS[2]
    np.testing.assert_allclose(seen[0][1].volume, [7, 7])


def test_infeasible_days_are_counted_not_hidden():
    market, scores = history(can_buy=None, can_sell=None)
    method = MeanVariance(5.0, max_weight=0.3, groups={"0": (0.5, 0.6), "1": (0.5, 0.6)})
    found = walk(scores, method, market, risk=StatisticalRisk(3, min_history=40), every="1mo", start=60)
    assert found.statuses == {"infeasible": len(found.bars)}
    ((conflict, days),) = found.conflicts.items()
    assert days == len(found.bars)
    assert {"group 0", "group 1"} <= set(conflict)


def test_bars_say_what_can_be_traded():
    price = np.cumprod(1 + history()[0].returns, axis=0)
    listed, suspended = np.ones((T, N), dtype=bool), np.zeros((T, N), dtype=bool)
    listed[:, 0] = False
    suspended[:, 1] = True
    names = tuple(f"{i:06d}" for i in range(N))
    shown = np.where(listed & ~suspended, price, np.nan)
    bars = Bars(
        DAYS, names, shown, shown, shown, shown, amount=1e6 * shown, listed=listed, suspended=suspended,
        groups={"sector": np.zeros((T, N), dtype=np.int32)}, levels={"sector": ("all",)},
    )  # fmt: skip
    found = targets(np.ones((T, N)), EqualWeight(), bars, every=20)
    np.testing.assert_allclose(found[0], [0, 0, *[0.1] * 10])
    assert MarketHistory.from_bars(bars).at(3).name_of(0) == "all"


@settings(max_examples=80)
@given(st.integers(0, 9999), st.integers(1, 12), st.sampled_from([None, 200]), st.booleans())
def test_lots_spend_no_more_and_round_to_the_lot(seed, n, least, short):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(n)) * (rng.random(n) < 0.8)
    if short:
        weights *= rng.choice([-1, 1], n)
    price = np.exp(rng.uniform(0, 5, n))
    lot = rng.choice([1, 100], n)
    equity = float(rng.choice([1e4, 1e5, 1e7]))
    made = to_lots(weights, equity, price, lot, least)
    assert (made.shares % lot == 0).all()
    assert made.spent <= np.abs(weights).sum() * equity + 1e-6
    smallest = lot if least is None else np.maximum(lot, least)
    ideal = np.abs(weights) * equity / price
    held = np.abs(made.shares)
    assert ((held == 0) | (held >= smallest)).all()
    assert (made.shares * weights >= 0).all()
    assert (np.abs(held - ideal) <= np.maximum(smallest, lot) + 1e-6).all()
    # nothing that was still wanted could have been paid for
    left = np.abs(weights).sum() * equity - made.spent
    for i in range(n):
        if held[i] + 1e-6 < ideal[i]:
            step = lot[i] if held[i] else -(-smallest[i] // lot[i]) * lot[i]
            assert step * price[i] > left - 1e-6
    assert made.missed == pytest.approx(np.abs(made.shares * price / equity - weights).sum())


def test_lots_tell_what_they_cost():
    risk = FactorRisk(np.ones((2, 1)), np.array([[1e-4]]), np.array([1e-4, 1e-4]))
    made = to_lots([0.5, 0.5], 10_000, [24.0, 13.0], risk=risk)
    assert made.tracking_error == pytest.approx(np.sqrt(2e-4 * 0.0004))
    rich = to_lots([0.5, 0.5], 1e9, [24.0, 13.0], risk=risk)
    assert rich.tracking_error < made.tracking_error / 100
    contracts = to_lots([0.6, -0.6], 1e6, [4000.0, 500.0], 1, multiplier=[10.0, 1000.0])
    assert contracts.shares.tolist() == [15, -1]
    # 150 shares of a STAR name are too few; what they would have cost buys the other one
    star = to_lots([0.3, 0.7], 10_000, [20.0, 7.0], [1, 100], [200, 100])
    assert star.shares.tolist() == [0, 1000]


MARKET, SCORES = history()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: targets(SCORES[:, :3], "equal_weight", MARKET), "scores do not match the market"),
        (lambda: targets(SCORES, "equal_weigh", MARKET), 'Did you mean "equal_weight"'),
        (lambda: targets(SCORES, "equal_weight", MARKET, every=0), "schedule of rebalances makes no sense"),
        (lambda: targets(SCORES * np.nan, "equal_weight", MARKET), "no score at all"),
        (lambda: targets(SCORES, "equal_weight", MARKET, start=T), "start is outside the market"),
        (lambda: targets(SCORES, "equal_weight", MARKET, start="soon"), "start cannot be read"),
        (lambda: targets(SCORES, MeanVariance(), MARKET, risk=StatisticalRisk()), "too little history"),
        (lambda: MarketHistory(DAYS[:3], np.zeros((2, 2))), "returns do not match the times"),
        (lambda: MarketHistory(DAYS[:2], np.zeros((2, 2)), groups=np.zeros(2)), "groups does not match"),
        (lambda: MarketHistory(DAYS[:2], np.zeros((2, 2)), equity=0), "equity makes no sense"),
        (lambda: to_lots([0.5], 0.0, [1.0]), "equity makes no sense"),
        (lambda: to_lots([0.5], 1.0, [np.nan]), "have no price"),
        (lambda: to_lots([0.5], 1.0, [1.0], 0), "lot makes no sense"),
    ],
)
def test_faults_say_what_to_do(make, message):
    with pytest.raises(MarketError, match=message):
        make()
