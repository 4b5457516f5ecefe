"""The money of rules: by hand, against each other, and how often the intervals hold the truth."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tael.errors import ValidationError
from tael.validation import policy_values, treat_where

BENCH = Path(__file__).parents[2] / "benchmarks" / "bench_uplift.py"


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The benchmark's simulated campaigns, whose truth is known."""
    spec = importlib.util.spec_from_file_location("bench_uplift_for_tests", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_by_hand() -> None:
    scores = [[1.0, 3.0], [2.0, 2.0], [0.0, 4.0], [1.0, 1.0]]
    found = policy_values(scores, {"two": [True, False, True, False]}, value=10, cost=5)
    two = found["two"]
    assert two.value.value == pytest.approx((25 + 20 + 35 + 10) / 4)
    assert two.treated == 0.5
    assert two.over_none.value == pytest.approx((15 + 35) / 4)
    assert two.over["treat all"].value == pytest.approx((5 + 5) / 4)
    assert found["treat none"].over_none.value == 0.0
    assert found["treat none"].over_none.low == 0.0
    rows = np.array([25.0, 20, 35, 10])
    assert two.error == pytest.approx(rows.std(ddof=1) / 2)


def test_several_arms_with_a_cost_each() -> None:
    scores = [[0.0, 2.0, 3.0], [0.0, 0.0, 1.0]]
    rule = treat_where([[2.0, 3.0], [0.0, 1.0]], cost=[0.5, 2.0])
    assert rule.tolist() == [1, 0]
    found = policy_values(scores, {"best": rule}, cost=[0.5, 2.0])
    assert found["best"].value.value == pytest.approx(0.75)
    assert found["treat all with arm 2"].value.value == pytest.approx(0.0)


def test_weights_are_copies() -> None:
    rng = np.random.default_rng(0)
    scores, rule, w = rng.normal(size=(50, 2)), rng.integers(0, 2, 50), rng.integers(1, 4, 50)
    weighted = policy_values(scores, {"r": rule}, weight=w)["r"].value.value
    copied = policy_values(np.repeat(scores, w, axis=0), {"r": np.repeat(rule, w)})["r"].value.value
    assert weighted == pytest.approx(copied)


def test_bootstrap_agrees_with_the_influence_function() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2000, 2))
    told = policy_values(scores, {"r": scores[:, 0] > 0}, n_boot=300)["r"]
    wide, boot = told.value.high - told.value.low, told.bootstrap.high - told.bootstrap.low
    assert boot == pytest.approx(wide, rel=0.2)
    assert np.isnan(policy_values(scores, {})["treat all"].bootstrap.low)


def test_people_are_counted_once() -> None:
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(100), 5)
    scores = rng.normal(size=(100, 2))[person]
    by_row = policy_values(scores, {})["treat all"].error
    by_person = policy_values(scores, {}, groups=person)["treat all"].error
    assert by_person == pytest.approx(by_row * np.sqrt(5), rel=0.05)


def test_value_and_cost_by_row() -> None:
    assert treat_where([0.1, 0.1], value=[100.0, 10.0], cost=[5.0, 5.0]).tolist() == [1, 0]
    found = policy_values([[0.0, 1.0], [0.0, 1.0]], {}, value=[10.0, 20.0], cost=[1.0, 2.0])
    assert found["treat all"].value.value == pytest.approx((9 + 18) / 2)


@pytest.mark.parametrize(
    ("scores", "rule", "more", "says"),
    [
        ([[0.0, np.nan]], [1], {}, "full table"),
        ([0.0, 1.0], [1, 0], {}, "full table"),
        ([[0.0, 1.0]], [0.3], {}, "an arm that there is not"),
        ([[0.0, 1.0]], [1, 0], {}, "do not match"),
        ([[0.0, 1.0]], [1], {"cost": [1.0, 2.0, 3.0]}, "costs do not match"),
        ([[0.0, 1.0]], [1], {"level": 1.0}, "coverage"),
    ],
)
def test_what_cannot_be_valued_is_told(scores: list, rule: list, more: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        policy_values(scores, {"r": rule}, **more)


@pytest.mark.parametrize("confounded", [False, True])
def test_intervals_cover_the_truth(bench: Any, confounded: bool) -> None:
    people = bench.campaign(20_000, np.random.default_rng(10**6), confounded=confounded)
    held = [bench.covered(seed, confounded=confounded, people=people) for seed in range(30)]
    for name in held[0]:
        # Nominal is 95 %: 25 or fewer of 30 has a chance of under one in a hundred.
        assert sum(h[name] for h in held) >= 25, name


def test_a_naive_value_would_not(bench: Any) -> None:
    """The confounding is real: without doubly robust scores the same check fails."""
    people = bench.campaign(200_000, np.random.default_rng(0), confounded=True)
    plain = people.y[people.t == 1].mean() - people.y[people.t == 0].mean()
    truth = (people.mu[:, 1] - people.mu[:, 0]).mean()
    assert abs(plain - truth) > 0.03
