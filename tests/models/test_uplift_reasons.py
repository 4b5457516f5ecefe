"""What uplift learners say beside the effect: parts that add up, by the column of X, and outcomes under each arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from tael.errors import ModelError
from tael.models import DRLearner, ResponseModel, SLearner, TLearner, UpliftChooser, XLearner, load_model, save_model
from tael.models.uplift import UpliftEstimator
from tael.models.uplift_base import LineModel, fit_design
from tael.models.uplift_learners import LEFT
from tael.models.uplift_reasons import outcome_parts, product_parts, total

LEARNERS = [TLearner, SLearner, XLearner, DRLearner, ResponseModel]
Campaign = tuple[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    """Text, flags, missing values, a constant, an empty column; amounts and flags as outcomes; weights with zeros."""
    rng = np.random.default_rng(11)
    n = 400
    town, x = rng.choice(["a", "b", "c"], n), rng.normal(size=n)
    t = rng.integers(0, 2, n)
    y = x + t * (1.5 * (town == "a") - 0.5) + 0.5 * rng.normal(size=n)
    frame = pl.DataFrame(
        {
            "town": [None if k % 13 == 0 else v for k, v in enumerate(town)],
            "x": [None if k % 7 == 0 else v for k, v in enumerate(x)],
            "flag": rng.random(n) < 0.5,
            "one": np.ones(n),
            "same": ["all"] * n,
            "empty": pl.Series([None] * n, dtype=pl.Float64),
        }
    )
    return frame, y, t, rng.integers(0, 3, n).astype(float)


def quick(cls: type[UpliftEstimator], base: str, **more: Any) -> UpliftEstimator:
    """Two folds where a learner folds."""
    return cls(base, **({"cv": 2} if cls is DRLearner else {}), **more)


Fitted = Callable[[type[UpliftEstimator], str, bool], UpliftEstimator]


@pytest.fixture(scope="module")
def fitted(campaign: Campaign) -> Fitted:
    """Each learner of amounts or of flags, fitted once."""
    frame, y, t, w = campaign

    @cache
    def fit(cls: type[UpliftEstimator], base: str, binary: bool) -> UpliftEstimator:
        return quick(cls, base).fit(frame, (y > 0.3).astype(int) if binary else y, treatment=t, sample_weight=w)

    return fit


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", LEARNERS)
def test_parts_add_up(
    cls: type[UpliftEstimator], base: str, binary: bool, fitted: Fitted, campaign: Campaign, tmp_path: Path
) -> None:
    model, frame = fitted(cls, base, binary), campaign[0]
    strange = frame.head(40).with_columns(pl.lit("mars").alias("town"), pl.lit(None, dtype=pl.Float64).alias("x"))
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    by_arm = cls in (TLearner, SLearner, ResponseModel)
    assert model.effect_scale == ("log_odds" if binary and by_arm else "outcome")
    for rows in (frame, strange):
        for scale in ("natural", "outcome"):
            parts, score = model.contributions(rows, scale=scale), model.effect_score(rows, scale=scale)
            assert parts.shape == (rows.height, 7)
            np.testing.assert_allclose(parts.sum(axis=1), score, atol=1e-9)
            assert (parts[:, -1] == parts[0, -1]).all()
            assert (parts[:, 3:6] == 0).all()  # constant, constant, empty: exactly nothing
            np.testing.assert_array_equal(loaded.contributions(rows, scale=scale), parts)
            np.testing.assert_array_equal(loaded.effect_score(rows, scale=scale), score)
            np.testing.assert_array_equal(model.contributions(rows.to_pandas(), scale=scale), parts)
            np.testing.assert_array_equal(model.contributions(rows[3:4], scale=scale)[0], parts[3])
        np.testing.assert_array_equal(model.effect_score(rows, scale="outcome"), model.predict(rows))
        np.testing.assert_array_equal(loaded.predict_outcomes(rows), model.predict_outcomes(rows))
    assert np.abs(model.contributions(frame)[:, :2]).max(axis=0).min() > 0.01  # town and x do tell


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", LEARNERS)
def test_outcomes_under_each_arm(
    cls: type[UpliftEstimator], base: str, binary: bool, fitted: Fitted, campaign: Campaign
) -> None:
    model, frame = fitted(cls, base, binary), campaign[0]
    outcome, effect = model.predict_outcomes(frame), model.predict(frame)
    assert outcome.shape == (frame.height, 2)
    if binary:
        assert (outcome >= 0).all()
        assert (outcome <= 1).all()
    y, t, w = campaign[1:]
    y = (y > 0.3).astype(float) if binary else y
    if cls is ResponseModel:
        np.testing.assert_array_equal(outcome, np.column_stack([effect, effect]))
        return
    for k in (0, 1):
        mine = np.average(outcome[:, k], weights=w)
        assert mine == pytest.approx(np.average(y[t == k], weights=w[t == k]), abs=0.1)
        assert np.corrcoef(outcome[t == k, k], y[t == k])[0, 1] > 0.4
    inside = np.ones(frame.height, dtype=bool)
    if binary:
        summed = outcome[:, 0] + effect
        inside = (summed > LEFT * outcome[:, 0]) & (summed < 1 - LEFT * (1 - outcome[:, 0]))
    assert inside.mean() > 0.4
    if cls in (TLearner, SLearner):
        np.testing.assert_array_equal(outcome[:, 1] - outcome[:, 0], effect)
        if binary and cls is TLearner:
            np.testing.assert_allclose(model.effect_score(frame), logit(outcome[:, 1]) - logit(outcome[:, 0]))
    else:
        np.testing.assert_allclose((outcome[:, 1] - outcome[:, 0])[inside], effect[inside], atol=1e-12)


@pytest.mark.parametrize("cls", LEARNERS)
def test_moved_columns_move_their_parts(cls: type[UpliftEstimator], campaign: Campaign) -> None:
    frame, y, t, _ = campaign
    order = [4, 1, 5, 0, 3, 2]
    moved = frame.select([frame.columns[j] for j in order])
    first = cls().fit(frame, y, treatment=t, propensity=0.5).contributions(frame)
    second = cls().fit(moved, y, treatment=t, propensity=0.5).contributions(moved)
    np.testing.assert_allclose(second, first[:, [*order, 6]], atol=1e-6)


@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", LEARNERS)
def test_several_arms(cls: type[UpliftEstimator], base: str) -> None:
    rng = np.random.default_rng(0)
    X, arm = rng.normal(size=(450, 3)), rng.choice(["none", "call", "mail"], 450)
    y = X[:, 0] + np.where(arm == "mail", 2.0 * X[:, 1], 0.0) + 0.3 * rng.normal(size=450)
    model = quick(cls, base, control="none").fit(X, y, treatment=arm)
    outcome = model.predict_outcomes(X)
    assert outcome.shape == (450, 3)
    for k, name in enumerate(("call", "mail")):
        parts = model.contributions(X, name)
        np.testing.assert_allclose(parts.sum(axis=1), model.effect_score(X, name), atol=1e-9)
        if cls is not ResponseModel:
            np.testing.assert_allclose(parts.sum(axis=1), model.predict(X)[:, k], atol=1e-9)
            np.testing.assert_allclose(outcome[:, k + 1] - outcome[:, 0], model.predict(X)[:, k], atol=1e-12)
    if cls is not ResponseModel:
        swing = np.abs(model.contributions(X, "mail")[:, :3]).mean(axis=0)
        assert swing[1] > 4 * swing[[0, 2]].max()
    for wrong, says in ((None, "which arm"), ("maul", 'Did you mean "mail"'), ("none", "the control"), (7, "got:")):
        with pytest.raises(ModelError, match=says):
            model.contributions(X, wrong)


def test_the_truth_is_found_back() -> None:
    rng = np.random.default_rng(2)
    X, t = rng.normal(size=(4000, 3)), rng.integers(0, 2, 4000)
    y = X[:, 0] + t * (0.5 + 2.0 * X[:, 1]) + 0.5 * rng.normal(size=4000)
    for cls in (TLearner, SLearner, XLearner, DRLearner):
        parts = cls().fit(X, y, treatment=t, propensity=0.5).contributions(X)
        usual = np.abs(X[:, 1]) < 2.5  # beyond, the lines clip
        np.testing.assert_allclose(parts[usual, 1], 2.0 * (X[usual, 1] - X[:, 1].mean()), atol=0.25)
        assert np.abs(parts[:, [0, 2]]).max() < 0.4
        assert parts[0, -1] == pytest.approx(0.5 + 2.0 * X[:, 1].mean(), abs=0.1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10**6))
def test_products_are_shared_as_shapley_would(columns: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, 1, columns + 1))

    def worth(team: tuple[int, ...]) -> float:
        each = [p[0, -1] + sum(p[0, j] for j in team) for p in (a, b)]
        return float(each[0] * each[1])

    found = product_parts(a, b)[0]
    for j in range(columns):
        rest = [i for i in range(columns) if i != j]
        fair = 0.0
        for size in range(columns):
            share = factorial(size) * factorial(columns - size - 1) / factorial(columns)
            fair += share * sum(worth((*team, j)) - worth(team) for team in combinations(rest, size))
        assert found[j] == pytest.approx(fair, abs=1e-9)
    assert found[-1] == worth(())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([-40.0, -1.0, -1e-9, 0.0, 1e-9, 2.0, 40.0]), min_size=3, max_size=3))
def test_probabilities_share_their_log_odds(x: list[float]) -> None:
    design = fit_design(np.array([[-1.0] * 3, [1.0] * 3] * 9), np.ones(18))
    model = LineModel(
        replace(design, low=design.low - 99, high=design.high + 99), np.array([1.0, -0.5, 2.0]), 0.3, True
    )
    parts = outcome_parts(model, np.array([x]))
    assert total(parts)[0] == pytest.approx(model.predict(np.array([x]))[0], abs=1e-9)
    assert parts[0, -1] == expit(0.3)
    assert (np.sign(parts[0, :3]) == np.sign(model.contributions(np.array([x]))[0, :3])).all()


@pytest.mark.parametrize("cls", [TLearner, SLearner, XLearner, DRLearner])
def test_an_arm_in_which_nobody_bought(cls: type[UpliftEstimator]) -> None:
    rng = np.random.default_rng(4)
    X, t = rng.normal(size=(400, 2)), rng.integers(0, 2, 400)
    y = ((X[:, 0] > 0.5) & (t == 1)).astype(int)
    for base in ("linear", "boosted"):
        model = cls(base).fit(X, y, treatment=t, propensity=0.5)
        parts = model.contributions(X)
        assert np.isfinite(parts).all()
        np.testing.assert_allclose(parts.sum(axis=1), model.effect_score(X), atol=1e-9)
        assert np.abs(parts[:, 0]).mean() > 3 * np.abs(parts[:, 1]).mean()
        outcome = model.predict_outcomes(X).mean(axis=0)
        assert outcome[0] < 0.05 < 0.2 < outcome[1]


@pytest.mark.parametrize("binary", [False, True])
def test_the_chooser_adds_up_to_its_prediction(
    binary: bool, fitted: Fitted, campaign: Campaign, tmp_path: Path
) -> None:
    frame, y, t, w = campaign
    wanted = (y > 0.3).astype(int) if binary else y
    model = UpliftChooser(["t_linear", "x_linear", "dr_linear", "s_boosted"], cv=2, n_boot=20).fit(
        frame, wanted, treatment=t, sample_weight=w
    )
    assert model.effect_scale == "outcome"
    assert len(model.chosen_) > 1
    parts = model.contributions(frame)
    np.testing.assert_allclose(parts.sum(axis=1), model.predict(frame), atol=1e-9)
    np.testing.assert_array_equal(model.effect_score(frame), model.predict(frame))
    assert (parts[:, -1] == parts[0, -1]).all()
    assert (parts[:, 3:6] == 0).all()
    outcome = model.predict_outcomes(frame)
    if binary:
        assert (outcome >= 0).all()
        assert (outcome <= 1).all()
    else:
        np.testing.assert_allclose(outcome[:, 1] - outcome[:, 0], model.predict(frame), atol=1e-12)
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    for say in ("contributions", "effect_score", "predict_outcomes", "predict"):
        np.testing.assert_array_equal(getattr(loaded, say)(frame), getattr(model, say)(frame))


def test_odd_requests_are_told(fitted: Fitted, campaign: Campaign) -> None:
    model, frame = fitted(TLearner, "linear", True), campaign[0]
    with pytest.raises(ModelError, match="no such scale"):
        model.contributions(frame, scale="odds")
    with pytest.raises(ModelError, match="the control"):
        model.effect_score(frame, 0)
    with pytest.raises(ValueError, match="feature names"):
        model.predict_outcomes(frame.rename({"x": "z"}))
    np.testing.assert_array_equal(model.contributions(frame, 1), model.contributions(frame))
    unfitted: Any = TLearner()
    for say in ("contributions", "effect_score", "predict_outcomes"):
        with pytest.raises(ValueError, match="not fitted"):
            getattr(unfitted, say)(frame)
