"""The uplift learners on campaigns whose truth is known, and on everything that can be wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from tael.errors import ModelError
from tael.models import (
    DRLearner,
    ResponseModel,
    SLearner,
    TLearner,
    XLearner,
    fit_nuisances,
    load_model,
    save_model,
)
from tael.models.uplift import UpliftEstimator

LEARNERS = [TLearner, SLearner, XLearner, DRLearner]
Campaign = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def simulate(n: int = 4000, seed: int = 0, *, confounded: bool = False, effect: str = "varies") -> Campaign:
    """X, outcome, treatment, true effect of an amount."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    e = 1 / (1 + np.exp(-X[:, 0])) if confounded else np.full(n, 0.5)
    t = (rng.random(n) < e).astype(int)
    tau = {"varies": 1.0 + X[:, 1], "constant": np.full(n, 1.0), "none": np.zeros(n)}[effect]
    return X, 2.0 * X[:, 0] + tau * t + rng.normal(size=n), t, tau


@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", LEARNERS)
@pytest.mark.parametrize("confounded", [False, True])
def test_learners_find_who_changes(cls: type[UpliftEstimator], base: str, confounded: bool) -> None:
    X, y, t, tau = simulate(confounded=confounded)
    fresh = simulate(1000, 1)
    found = cls(base).fit(X, y, treatment=t).predict(fresh[0])
    assert np.corrcoef(found, fresh[3])[0, 1] > (0.97 if base == "linear" else 0.8)
    assert found.mean() == pytest.approx(tau.mean(), abs=0.15 if base == "linear" else 0.35)


@pytest.mark.parametrize("cls", LEARNERS)
def test_binary_outcome_gives_differences_of_probabilities(cls: type[UpliftEstimator]) -> None:
    rng = np.random.default_rng(3)
    X, t = rng.normal(size=(8000, 2)), rng.integers(0, 2, 8000)
    y = (rng.random(8000) < 0.3 + 0.1 * t * (1 + np.tanh(X[:, 1]))).astype(int)
    found = cls().fit(X, y, treatment=t, propensity=0.5).predict(X)
    assert found.mean() == pytest.approx(0.1, abs=0.025)
    assert np.corrcoef(found, np.tanh(X[:, 1]))[0, 1] > 0.9


@pytest.mark.parametrize("cls", LEARNERS)
@pytest.mark.parametrize(("effect", "mean"), [("constant", 1.0), ("none", 0.0)])
def test_without_differences_all_get_the_mean(cls: type[UpliftEstimator], effect: str, mean: float) -> None:
    X, y, t, _ = simulate(effect=effect)
    found = cls().fit(X, y, treatment=t, propensity=0.5).predict(X)
    assert found.mean() == pytest.approx(mean, abs=0.1)
    assert found.std() < 0.1


def test_the_response_model_ranks_buyers_not_the_changed() -> None:
    X, y, t, _ = simulate()
    response = ResponseModel().fit(X, y, treatment=t)
    assert np.corrcoef(response.predict(X), X[:, 0])[0, 1] > 0.9
    assert TLearner().fit(X, y, treatment=t).score(X, y, treatment=t) > 2 * response.score(X, y, treatment=t)


def test_confounding_is_undone() -> None:
    X, y, t, tau = simulate(8000, confounded=True)
    naive = y[t == 1].mean() - y[t == 0].mean()
    assert naive > tau.mean() + 0.5
    found = fit_nuisances(X, y, t)
    error = found.effects().std() / np.sqrt(len(y))
    assert abs(found.effects().mean() - tau.mean()) < 3 * error
    assert found.overlap.estimated
    assert 0.65 < found.overlap.auc < 0.8
    assert "trimmed" in str(found.overlap)


@pytest.mark.parametrize("coded", ["text", "flags", "floats", "object", "polars"])
def test_treatments_in_any_writing(coded: str) -> None:
    X, y, t, _ = simulate(400)
    writings: dict[str, tuple[Any, Any]] = {
        "text": (np.where(t == 1, "mail", "none"), "none"),
        "flags": (t == 1, None),
        "floats": (t.astype(float), None),
        "object": (np.array([bool(v) for v in t], dtype=object), None),
        "polars": (pl.Series(t), None),
    }
    given, control = writings[coded]
    wanted = TLearner().fit(X, y, treatment=t).predict(X)
    model = TLearner(control=control).fit(X, y, treatment=given)
    np.testing.assert_array_equal(model.predict(X), wanted)
    assert len(model.arms_) == 2
    assert model.score(X, y, treatment=given) == TLearner().fit(X, y, treatment=t).score(X, y, treatment=t)


@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", LEARNERS)
def test_several_arms(cls: type[UpliftEstimator], base: str) -> None:
    rng = np.random.default_rng(0)
    X, arm = rng.normal(size=(6000, 2)), rng.choice(["none", "call", "mail"], 6000)
    y = X[:, 0] + np.where(arm == "call", 2.0, 0.0) + np.where(arm == "mail", X[:, 1], 0.0) + rng.normal(size=6000)
    model = cls(base, control="none").fit(X, y, treatment=arm)
    assert model.arms_.tolist() == ["none", "call", "mail"]
    found = model.predict(X)
    assert found.shape == (6000, 2)
    assert found[:, 0].mean() == pytest.approx(2.0, abs=0.3)
    assert np.corrcoef(found[:, 1], X[:, 1])[0, 1] > 0.8
    with pytest.raises(ModelError, match="one treatment"):
        model.score(X, y, treatment=arm)
    known = cls(base, control="none").fit(X, y, treatment=arm, propensity={"call": 1 / 3, "mail": 1 / 3})
    assert known.predict(X[:5]).shape == (5, 2)


@pytest.fixture
def mixed() -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    n = 3000
    town, x = rng.choice(["a", "b", "c"], n), rng.normal(size=n)
    t = rng.integers(0, 2, n)
    y = x + t * (2.0 * (town == "a") - 1.0) + 0.3 * rng.normal(size=n)
    frame = pl.DataFrame({"town": town, "x": x, "flag": rng.random(n) < 0.5, "empty": [None] * n})
    gone = rng.random(n) < 0.2
    return (
        frame.with_columns(
            x=pl.when(pl.Series(gone)).then(None).otherwise(pl.col("x")), empty=pl.col("empty").cast(pl.Float64)
        ),
        y,
        t,
    )


@pytest.mark.parametrize("base", ["linear", "boosted"])
def test_text_flags_missing_and_unseen(mixed: tuple[pl.DataFrame, np.ndarray, np.ndarray], base: str) -> None:
    frame, y, t = mixed
    model = TLearner(base).fit(frame, y, treatment=t)
    new = pl.DataFrame(
        {"town": ["a", "b", "mars", None], "x": [0.0, 0.0, 0.0, None], "flag": [True] * 4, "empty": [None] * 4},
        schema_overrides={"empty": pl.Float64},
    )
    found = model.predict(new)
    assert found[0] > 0.5
    assert found[1] < -0.5
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(model.predict(new.to_pandas()), found)
    np.testing.assert_array_equal(model.predict(new[1:2]), found[1:2])  # one row alone: the same bits
    pandas = TLearner(base).fit(frame.to_pandas(), y, treatment=pd.Series(t))
    np.testing.assert_array_equal(pandas.predict(new), found)
    with pytest.raises(ModelError, match="numbers"):
        model.predict(new.with_columns(x=pl.lit("much")))


def test_text_in_an_array() -> None:
    X, y, t, _ = simulate(600)
    table = np.empty((600, 2), dtype=object)
    table[:, 0], table[:, 1] = X[:, 1], np.where(X[:, 0] > 0, "up", "down")
    table[0, 1] = None
    assert np.isfinite(TLearner().fit(table, y, treatment=t).predict(table)).all()


def test_times_are_refused() -> None:
    frame = pl.DataFrame({"when": pl.Series([0, 1, 2, 3]).cast(pl.Datetime)})
    with pytest.raises(ModelError, match="times"):
        TLearner().fit(frame, [0, 1, 0, 1], treatment=[0, 0, 1, 1])


def _wrong() -> list[Any]:
    X, y, t, _ = simulate(60)
    sure = np.where(X[:, 0] > 0, 1, 0)
    return [
        pytest.param(X, y, None, {}, "without the treatment", id="no treatment"),
        pytest.param(X, y, np.ones(60), {}, "same treatment", id="no control"),
        pytest.param(X, y, np.where(t == 1, "mail", "none"), {}, "which arm is the control", id="unnamed control"),
        pytest.param(X, y, np.where(t == 1, np.nan, 0.0), {}, "no treatment", id="missing treatment"),
        pytest.param(X, y, t[:-1], {}, "59 rows", id="short treatment"),
        pytest.param(X, y, np.arange(60), {}, "too many", id="not arms"),
        pytest.param(X, np.zeros(60), t, {}, "same in all rows", id="constant outcome"),
        pytest.param(X, np.where(t == 1, np.nan, y), t, {}, "missing", id="missing outcome"),
        pytest.param(X, y, t, {"propensity": 1.0}, "strictly between", id="certain propensity"),
        pytest.param(X, y, t, {"propensity": np.full(59, 0.5)}, "do not match", id="short propensity"),
        pytest.param(X, y, t, {"sample_weight": -np.ones(60)}, "negative", id="negative weight"),
        pytest.param(X, y, t, {"sample_weight": t.astype(float)}, "weight 0", id="an arm without weight"),
        pytest.param(X[:, :1], y, sure, {}, "determine the treatment", id="no overlap"),
        pytest.param(X, y, np.r_[1, np.zeros(59)], {}, "too few rows", id="one treated"),
    ]


@pytest.mark.parametrize(("X", "y", "t", "more", "says"), _wrong())
def test_what_cannot_be_learned_is_told(X: Any, y: Any, t: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        DRLearner().fit(X, y, treatment=t, **more)


def test_rows_without_overlap_are_trimmed_and_counted() -> None:
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(3000, 1)), rng.normal(8.0, 1.0, size=(60, 1))]
    t = np.r_[rng.integers(0, 2, 3000), np.ones(60, dtype=int)]  # the last are always treated
    y = X[:, 0] + t + rng.normal(size=3060)
    e = np.r_[np.full(3000, 0.5), np.full(60, 0.999)]
    model = DRLearner().fit(X, y, treatment=t, propensity=e)
    assert (model.overlap_.trimmed, model.overlap_.rows, model.overlap_.estimated) == (60, 3060, False)
    assert model.predict(X[:3000]).mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("cls", [TLearner, SLearner, XLearner, ResponseModel])
def test_order_of_rows_is_no_matter(cls: type[UpliftEstimator]) -> None:
    X, y, t, _ = simulate(500)
    order = np.random.default_rng(1).permutation(500)
    first = cls().fit(X, y, treatment=t, propensity=0.5).predict(X)
    moved = cls().fit(X[order], y[order], treatment=t[order], propensity=0.5).predict(X)
    np.testing.assert_allclose(moved, first, atol=1e-8)


@pytest.mark.parametrize("cls", LEARNERS)
@pytest.mark.parametrize("base", ["linear", "boosted"])
def test_threads_are_no_matter(cls: type[UpliftEstimator], base: str) -> None:
    from threadpoolctl import threadpool_limits

    X, y, t, _ = simulate(500)
    with threadpool_limits(limits=1):
        one = cls(base).fit(X, y, treatment=t).predict(X)
    with threadpool_limits(limits=4):
        four = cls(base).fit(X, y, treatment=t).predict(X)
    np.testing.assert_array_equal(one, four)


@pytest.mark.parametrize("cls", [TLearner, SLearner, XLearner])
def test_weights_are_copies(cls: type[UpliftEstimator]) -> None:
    X, y, t, _ = simulate(300)
    w = np.random.default_rng(2).integers(0, 4, 300)
    weighted = cls().fit(X, y, treatment=t, propensity=0.5, sample_weight=w).predict(X)
    copied = cls().fit(X.repeat(w, 0), y.repeat(w), treatment=t.repeat(w), propensity=0.5).predict(X)
    np.testing.assert_allclose(weighted, copied, atol=1e-7)


@pytest.fixture
def routing() -> Any:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_the_treatment_travels_through_cross_validation() -> None:
    X, y, t, _ = simulate(900)
    model = TLearner().set_fit_request(treatment=True).set_score_request(treatment=True)
    scores = cross_validate(model, X, y, cv=3, params={"treatment": t}, error_score="raise")["test_score"]
    for score, (train, test) in zip(scores, KFold(3).split(X), strict=True):
        assert score == TLearner().fit(X[train], y[train], treatment=t[train]).score(
            X[test], y[test], treatment=t[test]
        )
    search = GridSearchCV(clone(model), {"l2": [0.1, 10.0], "base": ["linear", "boosted"]}, cv=2, error_score="raise")
    assert search.fit(X, y, treatment=t).best_params_["base"] == "linear"


def test_without_routing_the_score_says_what_to_do() -> None:
    X, y, t, _ = simulate(200)
    with pytest.raises(ModelError, match="enable_metadata_routing"):
        TLearner().fit(X, y, treatment=t).score(X, y)


@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("cls", [*LEARNERS, ResponseModel])
def test_saved_and_loaded_to_the_last_bit(
    cls: type[UpliftEstimator], base: str, mixed: tuple[pl.DataFrame, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    frame, y, t = mixed
    for name, outcome in (("amount", y), ("flag", (y > 0).astype(int))):
        model = cls(base, control="no").fit(frame, outcome, treatment=np.where(t == 1, "yes", "no"))
        save_model(model, tmp_path / name)
        loaded = load_model(tmp_path / name)
        np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))
        assert loaded.get_params() == model.get_params()
        assert loaded.arms_.tolist() == ["no", "yes"]
        assert loaded.feature_names_in_.tolist() == frame.columns
        if cls is DRLearner:
            assert loaded.overlap_ == model.overlap_


def test_a_forged_objective_is_refused(tmp_path: Path) -> None:
    X, y, t, _ = simulate(300)
    save_model(XLearner("boosted").fit(X, y, treatment=t, propensity=0.5), tmp_path)
    part = tmp_path / "booster_00.txt"
    part.write_text(part.read_text().replace("objective=regression", "objective=poisson"))
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path)


def test_an_unfitted_learner_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not fitted"):
        save_model(TLearner(), tmp_path)


def test_unknown_arm_at_scoring() -> None:
    X, y, t, _ = simulate(200)
    with pytest.raises(ModelError, match="not there in training"):
        TLearner().fit(X, y, treatment=t).score(X, y, treatment=t + 1)
