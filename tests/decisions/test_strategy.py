from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.decisions import ApprovalEconomics, expected_profit, strategy_curve
from tael.errors import DecisionError

applicants = st.lists(
    st.tuples(st.sampled_from(np.round(np.arange(11) / 10, 1).tolist()), st.integers(-50, 50), st.integers(0, 1)),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(applicants)
def test_every_point_by_hand(rows):
    pd, profit, y = (np.array(c, dtype=float) for c in zip(*rows, strict=True))
    curve = strategy_curve(pd, profit, y, realised=profit + 1, n_boot=0)
    assert curve["cutoff"][0] is None
    assert curve["cutoff"].to_list()[1:] == sorted(set(pd.tolist()))
    for point in curve.iter_rows(named=True):
        cutoff = -1.0 if point["cutoff"] is None else point["cutoff"]
        approved = pd <= cutoff
        assert point["n_approved"] == approved.sum()
        assert point["approval"] == pytest.approx(approved.mean())
        assert point["profit_total"] == pytest.approx(profit[approved].sum())
        assert point["profit_per_applicant"] == pytest.approx(profit[approved].sum() / len(pd))
        assert point["realised_total"] == pytest.approx((profit + 1)[approved].sum())
        if approved.any():
            assert point["expected_bad_rate"] == pytest.approx(pd[approved].mean())
            assert point["observed_bad_rate"] == pytest.approx(y[approved].mean())
            assert point["expected_marginal_bad_rate"] >= point["expected_bad_rate"] - 1e-9
        else:
            assert point["expected_bad_rate"] is None


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    pd = rng.beta(1, 9, 20_000)
    return pd, (rng.random(20_000) < pd).astype(int)


def test_big_sample_with_intervals(sample):
    pd, y = sample
    terms = ApprovalEconomics(amount=10_000, margin_rate=0.15, lgd=0.7)
    began = time.process_time()
    curve = strategy_curve(pd, expected_profit(pd, terms), y, realised=expected_profit(y, terms))
    assert time.process_time() - began < 15  # about 1 s on a quiet machine
    assert len(curve) == 201
    for name in ("expected_bad_rate", "observed_bad_rate", "profit_per_applicant", "realised_per_applicant"):
        some = curve.drop_nulls(name)
        assert (some[f"{name}_low"] <= some[name]).all()
        assert (some[name] <= some[f"{name}_high"]).all()
    best = curve["cutoff"][curve["profit_total"].arg_max()]
    assert best == pytest.approx(0.15 / 0.85, abs=0.01)  # (1 - pd) * 0.15 = pd * 0.7
    # outcomes were drawn from the probabilities: what was realised lies about what was expected
    inside = (curve["realised_per_applicant_low"] <= curve["profit_per_applicant"]) & (
        curve["profit_per_applicant"] <= curve["realised_per_applicant_high"]
    )
    assert inside.mean() > 0.8


def test_marginal_rate_is_that_of_the_last_twentieth(sample):
    pd, _ = sample
    curve = strategy_curve(pd, pd, n_boot=0)
    in_order = np.sort(pd)
    assert curve["expected_marginal_bad_rate"][100] == pytest.approx(in_order[9000:10_000].mean(), rel=1e-6)


def test_weights_are_repeated_rows():
    pd, profit, w = np.array([0.1, 0.2, 0.2, 0.7]), np.array([5.0, 3, 1, -9]), np.array([1, 2, 3, 1])
    one = strategy_curve(pd, profit, weight=w, n_boot=0)
    two = strategy_curve(np.repeat(pd, w), np.repeat(profit, w), n_boot=0)
    assert one["approval"].to_list() == pytest.approx(two["approval"].to_list())
    assert one["profit_total"].to_list() == pytest.approx(two["profit_total"].to_list())


@pytest.mark.parametrize(
    ("pd", "profit", "more", "message"),
    [
        ([], [], {}, "no applicants"),
        ([0.1], [np.inf], {}, "expected profits are missing or infinite"),
        ([0.1], [1, 2], {}, "do not match the applicants"),
        ([0.1], [1], {"y": [2]}, "neither 0 nor 1"),
        ([0.1], [1], {"weight": [0]}, "All weights are zero"),
        ([0.1], [1], {"n_points": 1}, "settings of the strategy curve"),
    ],
)
def test_bad_input(pd, profit, more, message):
    with pytest.raises(DecisionError, match=message):
        strategy_curve(pd, profit, **more)


def test_one_applicant_and_constants():
    assert strategy_curve([0.3], [5.0])["profit_total"].to_list() == [0, 5]
    assert strategy_curve([0.3] * 9, [5.0] * 9, [0] * 9)["approval"].to_list() == [0, 1]


def test_a_stated_cutoff_is_a_point_of_its_own():
    rng = np.random.default_rng(1)
    p, profit = rng.random(5000), rng.normal(size=5000)
    curve = strategy_curve(p, profit, at=[0.33333, -1.0], n_points=11, n_boot=0)
    (point,) = curve.filter(curve["cutoff"] == 0.33333).iter_rows(named=True)
    approved = p <= 0.33333
    assert point["n_approved"] == approved.sum()
    assert point["profit_total"] == pytest.approx(profit[approved].sum())
    assert curve["approval"].is_sorted()
    assert len(curve) == 12
