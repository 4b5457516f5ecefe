"""What decides whether an arm's effect differs between people: areas, resamples, and the best of many by chance."""

from __future__ import annotations

import numpy as np
import pytest

from tael.models import fit_nuisances
from tael.models.uplift_arm import BASELINE, CRITERION, ORDER, _stands_out, arm_draws, choose_learners
from tael.validation import evaluate_uplift
from tael.validation.uplift_metrics import UpliftDraws


def rivals(values: np.ndarray, rng: np.random.Generator, *, alike: bool = False) -> list[UpliftDraws]:
    """Areas with a standard error of 1, each with 100 resamples about itself."""
    noise = rng.normal(size=(1 if alike else len(values), 100))
    return [
        UpliftDraws({CRITERION: float(value)}, {CRITERION: value + noise[0 if alike else j]})
        for j, value in enumerate(values)
    ]


def test_the_best_of_eight_is_held_against_the_best_of_eight() -> None:
    rng = np.random.default_rng(0)
    trials = 300
    nobody = [_stands_out(rivals(rng.normal(size=8), rng)) for _ in range(trials)]
    assert np.mean(nobody) < 0.06  # one in forty; each by itself would be at one in six
    assert np.mean([_stands_out(rivals(rng.normal(size=8) + 4.0, rng)) for _ in range(trials)]) > 0.95


def test_learners_that_say_the_same_count_as_one() -> None:
    rng = np.random.default_rng(1)
    same = [_stands_out(rivals(np.full(8, 2.4), rng, alike=True)) for _ in range(200)]
    others = [_stands_out(rivals(np.full(8, 2.4), rng)) for _ in range(200)]
    assert np.mean(same) > 0.8
    assert np.mean(others) < np.mean(same) - 0.2


def test_who_says_the_same_of_everybody_decides_nothing() -> None:
    flat = UpliftDraws({CRITERION: 0.0}, {CRITERION: np.zeros(100)})
    missing = UpliftDraws({CRITERION: float("nan")}, {CRITERION: np.full(100, np.nan)})
    assert not _stands_out([flat, missing])
    assert not _stands_out([])


def trial(n: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, outcome and one of three arms by lot; arm 2 acts on those with X > 0."""
    rng = np.random.default_rng(seed)
    X, arm = rng.normal(size=(n, 1)), rng.integers(0, 3, n)
    return X, (rng.random(n) < 0.2 + 0.4 * (arm == 2) * (X[:, 0] > 0)).astype(float), arm


def test_one_treatment_is_measured_as_evaluate_uplift_measures_it() -> None:
    X, y, arm = trial()
    t = (arm > 0).astype(int)
    found = fit_nuisances(X, y, t, propensity=2 / 3)
    drawn = arm_draws(1, {"x": X[:, 0]}, y, found, None, known=True, n_boot=50, seed=3)["x"].told()
    plain = evaluate_uplift(y, X[:, 0], t, propensity=2 / 3, effects=found.effects(), n_boot=50, seed=3)
    assert drawn == plain


def test_each_arm_is_judged_on_its_own_effect() -> None:
    X, y, arm = trial()
    found = fit_nuisances(X, y, arm, propensity={1: 1 / 3, 2: 1 / 3})
    held = {"right": X[:, 0], "wrong": -X[:, 0], BASELINE: X[:, 0]}
    weight = np.ones(len(y))
    one, two = (choose_learners(k, y, held, found, weight, known=True, n_boot=60, seed=0) for k in (1, 2))
    assert not one.decided
    assert set(one.slopes.values()) <= {ORDER}  # an order, and next to no difference
    assert two.decided
    assert list(two.slopes) == ["right"]
    assert 0 < two.slopes["right"] <= 1
    assert [report.name for report in two.report] == ["right", "wrong", BASELINE]
    assert {report.arm for report in two.report} == {2}
    assert [report.name for report in one.report if report.chosen] == list(one.slopes)


def test_what_is_counted_is_of_the_pair_and_the_robust_area_of_all() -> None:
    X, y, arm = trial()
    found = fit_nuisances(X, y, arm, propensity={1: 1 / 3, 2: 1 / 3})
    weight = np.ones(len(y))
    weight[::2] = 2.0
    drawn = arm_draws(2, {"x": X[:, 0]}, y, found, weight, known=True, n_boot=20, seed=0)["x"]
    shuffled = X[:, 0].copy()
    shuffled[arm == 1] = 0.0
    other = arm_draws(2, {"x": shuffled}, y, found, weight, known=True, n_boot=20, seed=0)["x"]
    # what is counted is counted on the pair; the doubly robust area ranks the third arm's people too
    assert other.values["qini"] == pytest.approx(drawn.values["qini"])
    assert other.values[CRITERION] != pytest.approx(drawn.values[CRITERION])
