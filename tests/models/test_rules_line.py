"""Above and below the line: steps, sizes of reviews, estimates and the recommended threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from tael.errors import ModelError
from tael.models import draw_review, line_steps, review_size, tune_line


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.floats(0.01, 1.0), st.floats(0.5, 0.99))
def test_review_size_is_the_least_that_sees_a_hit(cases: int, rate: float, confidence: float) -> None:
    size = review_size(cases, rate, confidence)
    hits = max(1, int(np.ceil(rate * cases - 1e-9)))

    def none_seen(n: int) -> float:
        return float(hypergeom(cases, hits, n).pmf(0))

    assert none_seen(size) <= 1 - confidence + 1e-9
    assert size == 1 or none_seen(size - 1) > 1 - confidence - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_steps_are_what_a_threshold_adds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = rng.integers(0, 12, 80).astype(float)
    value[rng.random(80) < 0.1] = np.nan
    steps = line_steps(value, 5.0, below=[2.0, 4.0], above=[7.0])
    for i, edge in enumerate(steps.edges):
        assert steps.cases[i:].sum() == (value > edge).sum()


def _cases(seed: int, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """The higher the value, the more often a hit: 10 % of the cases between 30 and 40 thousand, 2 % of those lower."""
    rng = np.random.default_rng(seed)
    value = rng.uniform(0, 100, n)
    rate = np.select([value < 20, value < 30, value < 40, value < 60], [0.005, 0.02, 0.15, 0.25], 0.5)
    return value, rng.random(n) < rate


def test_the_line_moves_to_where_reviews_are_still_worth_it() -> None:
    recommended = []
    for seed in range(10):
        value, hit = _cases(seed)
        steps = line_steps(value, 50.0, below=[20.0, 30.0, 40.0], above=[60.0, 80.0])
        rows = draw_review(steps, rate=0.02, seed=seed)
        verdict = tune_line(steps, rows, hit[rows], least_precision=0.08)
        recommended.append(verdict.recommended)
        assert verdict.low <= verdict.recommended <= verdict.high
        assert verdict.words().en.startswith("Lower the threshold from 50 to")
        assert verdict.words().zh.startswith("将阈值由 50 下调至")
    assert recommended.count(30.0) >= 9


def test_a_step_that_was_reviewed_whole_is_exact() -> None:
    value, hit = _cases(1, 600)
    steps = line_steps(value, 50.0, below=[20.0, 30.0], above=[80.0])
    rows = np.flatnonzero(steps.step >= 0)
    table = tune_line(steps, rows, hit[rows], least_precision=0.1).table
    for row in table.to_dicts():
        exact = (hit & (value > row["threshold"])).sum()
        assert row["hits"] == row["hits_low"] == row["hits_high"] == exact
        assert row["alerts"] == (value > row["threshold"]).sum()


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    covered = []
    for seed in range(60):
        value, hit = _cases(seed, 1500)
        steps = line_steps(value, 50.0, below=[20.0, 40.0], above=[80.0])
        rows = draw_review(steps, least=60, seed=seed)
        table = tune_line(steps, rows, hit[rows], least_precision=0.1, level=0.9, draws=800).table
        truth = [(hit & (value > t)).sum() for t in table["threshold"]]
        covered += [a <= t <= b for a, t, b in zip(table["hits_low"], truth, table["hits_high"], strict=True)]
    assert 0.84 <= np.mean(covered) <= 0.98


def test_raising_leaving_and_nothing_worth_it() -> None:
    value, hit = _cases(2)
    steps = line_steps(value, 30.0, below=[20.0], above=[40.0, 60.0])
    rows = draw_review(steps, least=300)
    assert tune_line(steps, rows, hit[rows], least_precision=0.4).recommended == 60.0
    assert tune_line(steps, rows, hit[rows], least_precision=0.4).words().en.startswith("Raise the threshold from 30")
    same = tune_line(steps, rows, hit[rows], least_precision=0.08)
    assert same.words().en.startswith("Leave the threshold at 30")
    assert tune_line(steps, rows, np.zeros(len(rows)), least_precision=0.2).recommended == 60.0


def test_the_same_seed_draws_the_same_review() -> None:
    value, _ = _cases(3)
    steps = line_steps(value, 50.0, below=[40.0])
    assert draw_review(steps, seed=4).tolist() == draw_review(steps, seed=4).tolist()
    assert draw_review(steps, seed=4).tolist() != draw_review(steps, seed=5).tolist()
    assert (steps.step[draw_review(steps)] >= 0).all()


def test_what_does_not_fit_is_refused() -> None:
    value, hit = _cases(4, 300)
    with pytest.raises(ModelError, match="wrong side of the line"):
        line_steps(value, 50.0, below=[60.0])
    steps = line_steps(value, 50.0, below=[40.0])
    rows = draw_review(steps)
    with pytest.raises(ModelError, match="do not fit the steps"):
        tune_line(steps, rows, hit[rows][:-1], least_precision=0.1)
    with pytest.raises(ModelError, match="do not fit the steps"):
        tune_line(steps, [int(np.argmin(value))], [True], least_precision=0.1)
    with pytest.raises(ModelError, match="nothing was reviewed"):
        tune_line(steps, rows[steps.step[rows] == 1], hit[rows[steps.step[rows] == 1]], least_precision=0.1)
    with pytest.raises(ModelError, match="cannot be sized"):
        review_size(10, 0.0)
