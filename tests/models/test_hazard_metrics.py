"""Metrics of competing risks against plain oracles, with and without censoring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from tael.errors import ModelError
from tael.models.hazard_metrics import (
    brier_score,
    calibration_at,
    censoring_weights,
    dynamic_auc,
    integrated_brier,
)
from tael.models.outcomes import Outcome, read_outcome


def _simulated(n: int, seed: int, censored: bool) -> tuple[Outcome, np.ndarray, np.ndarray]:
    """Outcome, risk of cause 0 at t = 8, and whether it truly happened by then."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    rate = 0.05 * np.exp(x)
    t1, t2 = rng.exponential(1 / rate), rng.exponential(10, n)
    c = rng.exponential(12, n) if censored else np.full(n, 1e9)
    time = np.minimum(np.minimum(t1, t2), c)
    event = np.where(time == c, 0, np.where(t1 < t2, 1, 2))
    risk = rate / (rate + 0.1) * (1 - np.exp(-(rate + 0.1) * 8))
    return read_outcome(time, event), risk, (t1 < t2) & (t1 <= 8)


def test_without_censoring_they_are_the_plain_metrics() -> None:
    outcome, risk, hit = _simulated(400, 0, censored=False)
    assert dynamic_auc(outcome, risk, [8.0])[0] == pytest.approx(roc_auc_score(hit, risk))
    assert brier_score(outcome, risk, [8.0])[0] == pytest.approx(brier_score_loss(hit, risk))


def test_censoring_leaves_no_bias() -> None:
    auc, brier = [], []
    for seed in range(12):
        outcome, risk, hit = _simulated(1500, seed, censored=True)
        auc.append(dynamic_auc(outcome, risk, [8.0])[0] - roc_auc_score(hit, risk))
        brier.append(brier_score(outcome, risk, [8.0])[0] - brier_score_loss(hit, risk))
    assert abs(np.mean(auc)) < 0.01
    assert abs(np.mean(brier)) < 0.004


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(0, 4)), min_size=3, max_size=25),
    st.integers(1, 5),
)
def test_against_slow_oracles(rows: list[tuple[int, int, int]], t: int) -> None:
    rows = [*rows, (7, 1, 2), (7, 2, 3)]
    time, event, score = (np.array(v) for v in zip(*rows, strict=True))
    outcome = read_outcome(time, event, causes=(1, 2))
    p = score / 4

    def g(at: int, left: bool) -> float:
        value = 1.0
        for u in sorted(set(time[event == 0])):
            if u < at or (u == at and not left):
                at_risk = ((time > u) | ((time == u) & (event == 0))).sum()
                value *= 1 - ((time == u) & (event == 0)).sum() / at_risk
        return value

    w = [
        1 / g(t, True) if ti > t or (ti == t and not e) else (1 / g(ti, True) if e else 0.0)
        for ti, e in zip(time, event, strict=True)
    ]
    hit = (time <= t) & (event == 1)
    assert brier_score(outcome, p, [t])[0] == pytest.approx(np.sum(w * (hit - p) ** 2) / len(p))
    pairs = total = 0.0
    for i in np.flatnonzero(hit):
        for j in np.flatnonzero(~hit):
            total += w[i] * w[j]
            pairs += w[i] * w[j] * ((p[i] > p[j]) + 0.5 * (p[i] == p[j]))
    got = dynamic_auc(outcome, p, [t])[0]
    assert np.isnan(got) if total == 0 else got == pytest.approx(pairs / total)


def test_weights_make_up_for_the_censored() -> None:
    outcome, _, _ = _simulated(3000, 5, censored=True)
    event, beyond = censoring_weights(outcome, [4.0, 8.0])
    np.testing.assert_allclose((event + beyond).mean(axis=0), 1.0, atol=0.03)


def test_integrated_and_calibration() -> None:
    outcome, risk, _ = _simulated(2000, 1, censored=True)
    flat = np.full((2000, 3), 0.3)
    times = [2.0, 4.0, 8.0]
    b = brier_score(outcome, flat, times)
    assert integrated_brier(outcome, flat, times) == pytest.approx(((b[0] + b[1]) + 2 * (b[1] + b[2])) / 6)
    table = calibration_at(outcome, risk, 8.0, groups=5)
    assert table["rows"].to_list() == [400] * 5 + [2000]
    assert ((table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])).sum() >= 5
    assert not (lambda t: (t["low"] <= t["predicted"]) & (t["predicted"] <= t["high"]))(
        calibration_at(outcome, risk * 2, 8.0, groups=5)
    )[-1]


def test_what_cannot_be_measured_is_told() -> None:
    outcome = read_outcome([1, 2, 3], [1, 0, 0])
    with pytest.raises(ModelError, match="up to a time"):
        brier_score(outcome, [0.1] * 3, [5.0])
    with pytest.raises(ModelError, match="do not match"):
        dynamic_auc(outcome, [0.1] * 2, [1.0])
    with pytest.raises(ModelError, match="nothing to integrate"):
        integrated_brier(outcome, [0.1] * 3, [1.0])
    with pytest.raises(ModelError, match="entered late"):
        brier_score(read_outcome([3, 4], [1, 0], [1, 0]), [0.1] * 2, [2.0])
    assert np.isnan(dynamic_auc(outcome, [0.1] * 3, [0.5])[0])
