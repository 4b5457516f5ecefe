"""Shapley values of LightGBM models against LightGBM's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels.forest import explain, read_forest
from tael.models import PortfolioClassifier, load_model, save_model
from tael.models.boosted import BoostedScorer
from tael.models.members import SETTINGS

Data = tuple[np.ndarray, np.ndarray]
BOOSTED = ["boosted", "slow", "deep", "deep_random", "shallow", "cautious"]


def trained(X: np.ndarray, y: np.ndarray, rounds: int = 5, weight: Any = None, **params: Any) -> lightgbm.Booster:
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "deterministic": True, **params}
    categorical = params.pop("categorical_feature", "auto")
    data = lightgbm.Dataset(X, y, weight=weight, categorical_feature=categorical, params=params)
    return lightgbm.train(params, data, rounds)


def agree(booster: lightgbm.Booster, X: np.ndarray) -> None:
    forest = read_forest(booster.model_to_string())
    assert forest is not None
    wanted = booster.predict(X, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(explain(forest, X), wanted, rtol=0, atol=1e-9 * max(np.abs(wanted).max(), 1e-300))


CELLS = st.sampled_from([float("nan"), 0.0, 0.0, -1.0, 1.0, 1.0, 2.5, -3.0, 0.1, 1e-36, 7.0])
STRANGE = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e-36, -1e-36, 1e-30, 0.55, 1e300]


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n, p = draw(st.integers(8, 60)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = np.array(draw(st.lists(CELLS, min_size=2, max_size=12)))
    X = rng.choice(pool, size=(n, p))
    if draw(st.booleans()):
        X[:, 0] = rng.normal(size=n)  # one column to be split on again and again
    return X, (rng.random(n) < 0.4).astype(float)


@settings(deadline=None, max_examples=80)
@given(
    data=problems(),
    params=st.fixed_dictionaries(
        {
            "objective": st.sampled_from(["binary", "regression"]),
            "num_leaves": st.sampled_from([2, 4, 31]),
            "min_data_in_leaf": st.sampled_from([1, 1, 5]),
            "min_sum_hessian_in_leaf": st.sampled_from([0.0, 1e-3]),
            "min_data_in_bin": st.just(1),
            "zero_as_missing": st.booleans(),
            "use_missing": st.booleans(),
            "extra_trees": st.booleans(),
            "boost_from_average": st.booleans(),
            "bagging_freq": st.sampled_from([0, 1]),
            "bagging_fraction": st.just(0.7),
            "seed": st.integers(0, 99),
        }
    ),
)
def test_equals_lightgbm_on_small_tables(data: Data, params: dict[str, Any]) -> None:
    X, y = data
    booster = trained(X, y, **params)
    strange = np.random.default_rng(0).choice(np.array(STRANGE), size=(20, X.shape[1]))
    agree(booster, np.vstack([X, strange]))


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting(name: str, credit: Data) -> None:
    X, y = credit
    sign = np.array([1, 0, 0, 0, 0, 0])
    weight = np.random.default_rng(1).uniform(0.2, 2.0, len(y))
    scorer = SETTINGS[name].fit(X, y.astype(float), weight, sign, 3)
    assert isinstance(scorer, BoostedScorer) == (name in BOOSTED)
    told = scorer.contributions(X)
    np.testing.assert_allclose(told.sum(axis=1), scorer.score(X), atol=1e-11)
    if isinstance(scorer, BoostedScorer):
        assert read_forest(scorer.text) is not None
        wanted = scorer.booster().predict(X, pred_contrib=True, num_threads=1)
        np.testing.assert_allclose(told, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())


def test_deep_paths(credit: Data) -> None:
    """More features on a path than any table over their patterns could hold."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 40))
    y = rng.random(800) < 0.5
    booster = trained(X, y, 10, num_leaves=255, min_data_in_leaf=1, extra_trees=True)
    forest = read_forest(booster.model_to_string())
    assert forest is not None
    assert forest.trees.n_points.max() > 8
    agree(booster, X[:100])


def test_trees_without_a_split() -> None:
    X, y = np.ones((40, 2)), np.repeat([0.0, 1.0, 1.0, 1.0], 10)
    agree(trained(X, y), X[:3])
    agree(trained(np.random.default_rng(0).normal(size=(40, 2)), y, min_gain_to_split=1e9), X[:3])


def test_chunks_threads_and_single_rows_change_no_bit(credit: Data) -> None:
    X, y = credit
    X = np.vstack([X, X, X])
    forest = read_forest(trained(X, np.tile(y, 3), 20).model_to_string())
    assert forest is not None
    told = explain(forest, X)
    assert explain(forest, X, n_threads=3).tobytes() == told.tobytes()
    assert explain(forest, np.asfortranarray(X)).tobytes() == told.tobytes()
    rows = range(0, len(X), 97)
    assert np.vstack([explain(forest, X[i : i + 1]) for i in rows]).tobytes() == told[rows].tobytes()
    assert explain(forest, X[:0]).shape == (0, X.shape[1] + 1)


@pytest.mark.parametrize(
    "params",
    [
        {"categorical_feature": [0], "min_data_per_group": 1, "cat_smooth": 1.0},
        {"linear_tree": True},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "multiclass", "num_class": 3},
    ],
    ids=["categories", "linear", "averaged", "classes"],
)
def test_what_only_lightgbm_explains_it_explains(params: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 6, 300), rng.normal(size=300)]).astype(float)
    y = np.isin(X[:, 0], [1, 4]) + 0.0 + (X[:, 1] > 1 if "num_class" in params else 0)
    booster = trained(X, y, **params)
    text = booster.model_to_string()
    assert read_forest(text) is None
    if "linear_tree" not in params:  # LightGBM explains no linear trees either, and says so
        told = BoostedScorer(text).contributions(X)
        assert told.tobytes() == np.asarray(booster.predict(X, pred_contrib=True, num_threads=1)).tobytes()


def test_what_lightgbm_takes_for_zero() -> None:
    X = np.random.default_rng(0).normal(size=(100, 1))
    text = trained(X, X[:, 0] > 0, 1, num_leaves=2).model_to_string()
    threshold = next(line for line in text.splitlines() if line.startswith("threshold="))
    for at in ("0", "-1.0000000180025095e-35", "1.0000000180025095e-35", "-1e-37"):
        near = np.array([[s * v] for s in (-1, 1) for v in (0.0, 1e-37, 1e-35, 1.0000000180025095e-35, 1.1e-35, 1)])
        agree(lightgbm.Booster(model_str=text.replace(threshold, f"threshold={at}")), near)


def test_a_way_that_no_row_went_is_left_to_lightgbm() -> None:
    X = np.random.default_rng(0).normal(size=(100, 2))
    text = trained(X, X[:, 0] > 0, 1, num_leaves=2).model_to_string()
    count = next(line for line in text.splitlines() if line.startswith("leaf_count="))
    assert read_forest(text) is not None
    assert read_forest(text.replace(count, "leaf_count=100 0")) is None


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("left_child=1 -1", "left_child=1 -2"),
        ("left_child=1 -1", "left_child=0 -1"),
        ("left_child=1 -1", "left_child=1 -9"),
        ("left_child=1 -1", "left_child=1"),
        ("split_feature=0 1", "split_feature=0 2"),
        ("split_feature=0 1", "split_feature=0 -1"),
        ("threshold=0 0", "threshold=0"),
        ("leaf_count=25 50 25", "leaf_count=25 50"),
    ],
)
def test_the_kernel_gets_no_forged_tree(line: str, other: str) -> None:
    text = """tree\nmax_feature_idx=1\n\nTree=0\nsplit_feature=0 1\nthreshold=0 0\ndecision_type=2 2
left_child=1 -1\nright_child=-2 -3\nleaf_value=1 2 3\nleaf_count=25 50 25\ninternal_count=100 50\n"""
    assert read_forest(text) is not None
    assert line in text
    assert read_forest(text.replace(line, other)) is None


def test_a_wrong_number_of_columns_is_refused(credit: Data) -> None:
    X, y = credit
    scorer = BoostedScorer(trained(X, y).model_to_string())
    scorer.contributions(X)
    with pytest.raises(lightgbm.basic.LightGBMError, match="number of features"):
        scorer.contributions(X[:, :4])


def test_what_is_kept_of_a_model_is_its_text_alone(credit: Data, tmp_path: Path) -> None:
    X, y = credit
    model = PortfolioClassifier(members=["shallow", "cautious"], cv=2).fit(X, y)
    save_model(model, tmp_path / "before")
    told = model.contributions(X)
    save_model(model, tmp_path / "after")
    for file in sorted((tmp_path / "before").iterdir()):
        assert file.read_bytes() == (tmp_path / "after" / file.name).read_bytes()
    assert load_model(tmp_path / "after").contributions(X).tobytes() == told.tobytes()
    scorer = next(m for m in model.members_).scorers[0]
    assert isinstance(scorer, BoostedScorer)
    assert scorer.__getstate__() == {"_text": scorer.text, "_booster": None, "_forest": []}


@pytest.mark.parametrize("name", BOOSTED)
def test_a_model_scores_the_same_before_and_after_it_is_written(name: str, credit: Data) -> None:
    X, y = credit
    scorer = SETTINGS[name].fit(X, y.astype(float), np.ones(len(y)), np.zeros(X.shape[1], dtype=np.int64), 0)
    assert isinstance(scorer, BoostedScorer)
    fresh, booster = scorer.score(X), scorer.booster()
    text = scorer.text
    assert scorer.booster() is not booster, "what was trained is let go"
    assert scorer.score(X).tobytes() == BoostedScorer(text).score(X).tobytes() == fresh.tobytes()
    assert BoostedScorer(text).booster().model_to_string() == text
