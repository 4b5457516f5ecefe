"""The metrics agree with scikit-learn's, and their intervals cover what they should."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

import tael.validation.metrics as m
from tael.errors import ValidationError
from tael.validation import METRICS, Metric, MetricSpec, Words, evaluate, evaluate_difference, metric, register_metric


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(1)
    p = np.round(rng.beta(1, 6, 3000), 2)  # rounded: many ties
    y = (rng.random(3000) < p).astype(int)
    return y, p, rng.gamma(2, 1, 3000)


@pytest.mark.parametrize("weighted", [False, True])
def test_same_as_scikit_learn(sample, weighted):
    y, p, w = sample
    w = w if weighted else None
    found = evaluate(y, p, weight=w, n_boot=0)
    assert found["roc_auc"].value == pytest.approx(sk.roc_auc_score(y, p, sample_weight=w), abs=1e-12)
    assert found["gini"].value == pytest.approx(2 * sk.roc_auc_score(y, p, sample_weight=w) - 1, abs=1e-12)
    assert found["pr_auc"].value == pytest.approx(sk.average_precision_score(y, p, sample_weight=w), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(y, p, sample_weight=w), abs=1e-12)
    assert found["brier"].value == pytest.approx(sk.brier_score_loss(y, p, sample_weight=w), abs=1e-12)
    assert found["base_rate"].value == pytest.approx(np.average(y, weights=w))
    assert found["mean_predicted"].value == pytest.approx(np.average(p, weights=w))
    fpr, tpr, _ = sk.roc_curve(y, p, sample_weight=w)
    assert found["ks"].value == pytest.approx(np.max(np.abs(tpr - fpr)), abs=1e-12)


eighths = st.sampled_from(np.arange(9) / 8)
labels_scores = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        arrays(np.int64, n, elements=st.integers(0, 1)),
        arrays(np.float64, n, elements=eighths),
    )
)


@settings(deadline=None, max_examples=60)
@given(labels_scores)
def test_auc_ks_lift_by_hand(case):
    y, p = case
    if y.min() == y.max():
        assert np.isnan(metric("roc_auc")(y, p))
        return
    bad, good = p[y == 1], p[y == 0]
    pairs = [(b > g) + 0.5 * (b == g) for b in bad for g in good]
    assert metric("roc_auc")(y, p) == pytest.approx(np.mean(pairs))
    assert metric("ks")(y, p) == pytest.approx(max(abs((bad > t).mean() - (good > t).mean()) for t in [-1, *p]))
    # lift: the mean over all orders of ties is what a proportional share gives
    need, caught = 0.1 * len(y), 0.0
    for score in sorted(set(p), reverse=True):
        tied = y[p == score]
        take = min(need, len(tied))
        caught, need = caught + take * tied.mean(), need - take
    assert metric("lift_top_decile")(y, p) == pytest.approx(caught / y.sum() / 0.1)


@settings(deadline=None, max_examples=40)
@given(labels_scores, st.randoms(use_true_random=False))
def test_whole_weights_are_repeated_rows_and_order_is_nothing(case, random):
    y, p = case
    w = np.array([random.randint(1, 3) for _ in y])
    shuffled = np.array(random.sample(range(len(y)), len(y)))
    one = evaluate(y, p, weight=w, n_boot=0)
    two = evaluate(np.repeat(y, w), np.repeat(p, w), n_boot=0)
    three = evaluate(y[shuffled], p[shuffled], weight=w[shuffled], n_boot=0)
    for name in METRICS:
        assert one[name].value == pytest.approx(two[name].value, nan_ok=True), name
        assert one[name].value == pytest.approx(three[name].value, nan_ok=True), name


def test_bootstrap_is_the_plain_bootstrap(sample):
    """The fast resamples are those of the slow loop with the same draws."""
    y, p, _ = (a[:200] for a in sample)
    rng = np.random.default_rng(7)
    slow = []
    for _ in range(50):
        rows = rng.integers(0, 200, 200)
        slow.append(sk.roc_auc_score(y[rows], p[rows]))
    low, high = m.interval(sk.roc_auc_score(y, p), np.array(slow), 0.95)
    found = evaluate(y, p, n_boot=50, seed=7, metrics=["roc_auc"])["roc_auc"]
    assert (found.low, found.high) == pytest.approx((low, high))


def test_intervals_cover(sample):
    """Base rate and AUC: 95 % intervals hold the truth about 95 times in a hundred."""
    rng = np.random.default_rng(0)
    n, runs, truth = 300, 120, 0.7602499389  # P(N(1, 1) > N(0, 1))
    hits = dict.fromkeys(("base_rate", "roc_auc"), 0)
    for run in range(runs):
        y = rng.random(n) < 0.3
        p = rng.normal(size=n) + y
        found = evaluate(y, p, metrics=list(hits), n_boot=200, seed=run)
        hits["base_rate"] += found["base_rate"].low <= 0.3 <= found["base_rate"].high
        hits["roc_auc"] += found["roc_auc"].low <= truth <= found["roc_auc"].high
    for name, hit in hits.items():
        assert 0.88 <= hit / runs <= 1.0, name


def test_groups_widen_the_interval():
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(100), 20)
    y = np.repeat(rng.random(100) < 0.3, 20)  # every row of a person has the same label: 100 observations, not 2000
    p = np.clip(rng.random(2000) * 0.5 + 0.2 * y, 0, 1)
    plain = evaluate(y, p, metrics=["base_rate"])["base_rate"]
    clustered = evaluate(y, p, metrics=["base_rate"], groups=person)["base_rate"]
    assert clustered.high - clustered.low > 3 * (plain.high - plain.low)


def test_stratified_holds_the_number_of_events(sample):
    y, p, _ = sample
    found = evaluate(y, p, metrics=["base_rate"], stratify=True)["base_rate"]
    assert found.low == found.high == found.value


def test_difference_is_narrower_than_two_intervals(sample):
    y, p, _ = sample
    near = np.clip(p + np.random.default_rng(0).normal(0, 0.01, len(p)), 0, 1)
    found = evaluate_difference(y, p, near, metrics=["roc_auc"])["roc_auc"]
    alone = evaluate(y, p, metrics=["roc_auc"])["roc_auc"]
    assert found.high - found.low < 0.5 * (alone.high - alone.low)
    assert evaluate_difference(y, p, p)["roc_auc"].to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_twenty_thousand_rows_are_quick():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = rng.random(20_000) < p
    began = time.process_time()
    evaluate(y, p)
    assert time.process_time() - began < 15  # about 1 s on a quiet machine


def test_reproducible_and_seeded(sample):
    y, p, _ = sample
    assert evaluate(y, p, seed=3) == evaluate(y, p, seed=3)
    assert evaluate(y, p, seed=3) != evaluate(y, p, seed=4)


@pytest.mark.parametrize(("label", "word"), [(0, "no event"), (1, "All 5 rows")])
def test_one_class_has_a_reason(label, word):
    found = evaluate([label] * 5, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert np.isnan(found["roc_auc"].value)
    assert word in found["roc_auc"].reason.text("en")
    assert "5" in found["roc_auc"].reason.text("zh")
    assert found["base_rate"].value == label
    plain = json.loads(json.dumps(found["roc_auc"].to_dict(), allow_nan=False))
    assert plain["value"] is None
    assert Metric.from_dict(plain).reason == found["roc_auc"].reason


def test_one_row_and_constants():
    assert evaluate([1], [0.4])["brier"].value == pytest.approx(0.36)
    found = evaluate([0, 1, 0, 1], [0.5] * 4)
    assert found["roc_auc"].value == 0.5
    assert found["ks"].value == 0
    assert found["lift_top_decile"].value == pytest.approx(1)


def test_certain_and_wrong_is_finite():
    assert np.isfinite(metric("log_loss")([1, 0], [0.0, 1.0]))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([], [], "no rows to evaluate"),
        ([0, 1], [0.1], "predictions do not match the rows"),
        ([0, 1], [np.nan, np.nan], "2 of 2 predictions are missing"),
        ([0, 1], [0.1, np.inf], "1 of 2 predictions are infinite"),
        ([0, 1], [0.1, 1.2], "outside \\[0, 1\\]"),
        ([0, 2], [0.1, 0.2], "neither 0 nor 1"),
        ([0, np.nan], [0.1, 0.2], "Leave out the rows whose label is not known yet"),
        (["good", "bad"], [0.1, 0.2], "labels are not numbers"),
        ([[0, 1], [1, 0]], [0.1, 0.2], "single column"),
    ],
)
def test_bad_input(y, p, message):
    with pytest.raises(ValidationError, match=message):
        evaluate(y, p)


def test_bad_settings(sample):
    y, p, w = sample
    with pytest.raises(ValidationError, match='Did you mean "roc_auc"'):
        evaluate(y, p, metrics=["roc_auk"])
    with pytest.raises(ValidationError, match="missing, infinite or negative"):
        evaluate(y, p, weight=-w)
    with pytest.raises(ValidationError, match="All weights are zero"):
        evaluate(y, p, weight=0 * w)
    with pytest.raises(ValidationError, match="groups do not match"):
        evaluate(y, p, groups=[1, 2])
    with pytest.raises(ValidationError, match="bootstrap settings"):
        evaluate(y, p, level=95)


def test_scores_outside_the_unit_interval_can_be_ranked():
    assert evaluate([0, 1], [-3.0, 600.0], metrics=["roc_auc"])["roc_auc"].value == 1


def test_a_metric_of_ones_own(monkeypatch, sample):
    monkeypatch.setattr(m, "METRICS", dict(METRICS))
    words = Words("hits", "命中")
    register_metric(MetricSpec("hits", lambda y, p, w: float(np.sum(w * y * (p > 0.5))), True, words, words))
    y, p, _ = sample
    found = evaluate(y, p, metrics=["hits"], n_boot=20)["hits"]
    assert found.value == np.sum(y * (p > 0.5))
    assert found.low < found.value < found.high
    with pytest.raises(ValidationError, match="same name"):
        register_metric(m.METRICS["hits"])


def test_every_metric_has_words():
    for spec in METRICS.values():
        for words in (spec.title, spec.meaning):
            assert words.text("en")
            assert words.text("zh")
    with pytest.raises(ValidationError, match="no words in this language"):
        METRICS["ks"].title.text("fr")
