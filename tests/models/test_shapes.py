"""`AdditiveBooster`: what it reads off a table, that it adds up, keeps directions, and finds what is there alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit

from tael.errors import ModelError
from tael.models import AdditiveBooster, Scorecard, load_model, save_model

Data = tuple[pl.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def loans() -> Data:
    """1,500 loans: a bend in age, a job, an interaction of income and debt, telling gaps, a code, noise, a constant."""
    rng = np.random.default_rng(5)
    n = 1500
    age, income, debt = rng.normal(size=(3, n))
    job = rng.choice(["clerk", "driver", "nurse"], n)
    gone, coded = rng.random(n) < 0.15, rng.random(n) < 0.1
    z = np.abs(age) + 1.6 * np.sign(income * debt) + 0.9 * (job == "driver") + 1.2 * gone - 1.5 * coded - 1.5
    y = np.where(rng.random(n) < expit(z), "bad", "fine")
    frame = pl.DataFrame({"age": age, "income": income, "debt": debt, "job": job, "noise": rng.random(n)})
    frame = frame.with_columns(
        gap=pl.when(pl.Series(~gone)).then(pl.Series(rng.normal(size=n))),
        code=pl.when(pl.Series(coded)).then(-9.0).otherwise(pl.Series(rng.normal(size=n))),
        flat=pl.lit(1.0),
    )
    return frame, (y == "bad").astype(int)


@pytest.fixture(scope="module")
def model(loans: Data) -> AdditiveBooster:
    return AdditiveBooster(special={"code": [-9]}, learning_rate=0.1).fit(*loans)


def test_tables_are_the_model(model: AdditiveBooster, loans: Data) -> None:
    """The log-odds of a row, read off the tables that a person sees."""
    X, _ = loans
    z = model.decision_function(X)
    names = X.columns
    shapes = {name: model.shape_table(name)["log_odds"] for name in names}
    tables = [model.interaction_table(*one.names)["log_odds"] for one in model.interactions_]
    for i in range(0, len(X), 173):
        total, bins = model.base_, []
        for j, name in enumerate(names):
            code = int(model.columns_[j].codes(_column(X, name, i))[0])
            bins.append(code)
            total += shapes[name][code]
        for one, table in zip(model.interactions_, tables, strict=True):
            a, b = (model._layout.coarse[j][bins[j]] for j in one.columns)
            total += table[int(a) * one.values.shape[1] + int(b)]
        assert total == pytest.approx(z[i], abs=1e-12)


def _column(X: pl.DataFrame, name: str, i: int) -> Any:
    from tael.models.binning_columns import CATEGORY, NUMBER, Column

    values = X[name][i : i + 1]
    if values.dtype == pl.String:
        return Column(name, CATEGORY, values)
    return Column(name, NUMBER, values.cast(pl.Float64).fill_null(float("nan")).to_numpy())


def test_contributions_add_up_and_rows_stand_alone(model: AdditiveBooster, loans: Data) -> None:
    X, _ = loans
    parts = model.contributions(X)
    assert parts.shape == (len(X), X.width + 1)
    np.testing.assert_allclose(parts.sum(axis=1), model.decision_function(X), atol=1e-12)
    assert (parts[:, -1] == model.base_).all()
    alone = np.concatenate([model.decision_function(X[i : i + 1]) for i in range(30)])
    np.testing.assert_array_equal(alone, model.decision_function(X[:30]))
    np.testing.assert_allclose(model.importances_, np.abs(parts[:, :-1]).mean(axis=0))
    assert model.importances_[X.columns.index("flat")] == 0.0


def test_shapes_and_pairs_are_pure(model: AdditiveBooster) -> None:
    shares = [(rule.goods + rule.bads) / rule.total.sum() for rule in model.columns_]
    for share, shape in zip(shares, model.shapes_, strict=True):
        assert share @ shape == pytest.approx(0.0, abs=1e-12)
    for one in model.interactions_:
        wa, wb = (np.bincount(model._layout.coarse[j], weights=shares[j]) for j in one.columns)
        np.testing.assert_allclose(one.values @ wb, 0.0, atol=1e-12)
        np.testing.assert_allclose(wa @ one.values, 0.0, atol=1e-12)


def test_what_was_planted_is_found(model: AdditiveBooster, loans: Data) -> None:
    assert model.interactions_[0].names == ("income", "debt")
    age = model.shape_table("age").filter(pl.col("count") > 0)
    ends, middle = age["log_odds"][[0, -1]], age.filter(pl.col("from").is_between(-0.4, 0.2))["log_odds"]
    assert ends.min() > middle.max()
    gap = model.shape_table("gap")
    assert gap["bin"][-1] == "missing"
    assert gap["log_odds"][-1] > 0.6
    assert gap["log_odds"][-1] > 3 * (gap["log_odds"].abs() * gap["share"])[:-1].sum()
    code = model.shape_table("code", "zh")
    assert code["bin"].to_list()[-2:] == ["特殊值 -9", "缺失"]
    assert code["log_odds"][-2] < -0.6
    assert code["log_odds"][-1] == 0.0  # no value was missing in training: neither better nor worse
    job = dict(model.shape_table("job").select("bin", "log_odds").iter_rows())
    assert job["driver"] > 0.3
    assert max(job["clerk"], job["nurse"]) < 0


def test_better_than_columns_alone(loans: Data) -> None:
    X, y = loans
    train, test = slice(0, 1000), slice(1000, None)
    losses = [
        log_loss(y[test], one.fit(X[train], y[train]).predict_proba(X[test])[:, 1])
        for one in (
            AdditiveBooster(special={"code": [-9]}, learning_rate=0.15),
            AdditiveBooster(0, special={"code": [-9]}, learning_rate=0.15),
            Scorecard(),
        )
    ]
    assert losses[0] < losses[1] - 0.05
    assert losses[1] < losses[2] + 0.01


def test_noise_has_no_interactions() -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(4):
        X = rng.normal(size=(500, 6))
        y = (rng.random(500) < expit(X[:, 0])).astype(int)
        found += len(AdditiveBooster(learning_rate=0.2).fit(X, y).interactions_)
    assert found <= 2


@pytest.mark.parametrize("sign", [1, -1])
def test_a_direction_is_kept_whatever_the_others_are(sign: int) -> None:
    rng = np.random.default_rng(2)
    n = 1200
    X = np.round(rng.normal(size=(n, 3)), 1)
    X[rng.random(n) < 0.1, 0] = np.nan
    wave = np.sin(3 * X[:, 0]) + X[:, 0] * X[:, 1]
    y = (rng.random(n) < expit(sign * 1.5 * np.nan_to_num(wave) + X[:, 2])).astype(int)
    names = ["x", "other", "third"]
    model = AdditiveBooster([("x", "other"), ("x", "third")], monotone={"x": sign}, max_leaves=5, learning_rate=0.2)
    model.fit(pl.DataFrame(dict(zip(names, X.T, strict=True))), y)
    grid = np.arange(-4, 4, 0.05)
    for other in (-2.0, 0.0, 1.5, np.nan):
        for third in (-1.0, 1.0):
            path = pl.DataFrame({"x": grid, "other": np.full(len(grid), other), "third": np.full(len(grid), third)})
            assert (sign * np.diff(model.decision_function(path))).min() >= -1e-12
    assert np.ptp(model.shapes_[0][:-1]) > 0.3
    shape = sign * np.diff(model.shapes_[0][: model.columns_[0].n_ordinary])
    assert shape.min() >= -1e-12  # the curve itself, purified, keeps it too
    free = AdditiveBooster([("x", "other"), ("x", "third")], learning_rate=0.2).fit(model_frame(X, names), y)
    assert (sign * np.diff(free.shapes_[0][: free.columns_[0].n_ordinary])).min() < -0.1


def model_frame(X: np.ndarray, names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(dict(zip(names, X.T, strict=True)))


def test_weights(loans: Data) -> None:
    X, y = loans
    X, y = X[:600], y[:600]
    weight = np.where(np.arange(600) % 3 == 0, 0.0, 1.0)
    some = AdditiveBooster(3, learning_rate=0.2, max_bins=32).fit(X, y, sample_weight=weight)
    left = AdditiveBooster(3, learning_rate=0.2, max_bins=32).fit(X.filter(pl.Series(weight > 0)), y[weight > 0])
    np.testing.assert_array_equal(some.decision_function(X), left.decision_function(X))
    assert np.isnan(some.oof_log_odds_[weight == 0]).all()
    scaled = AdditiveBooster(3, learning_rate=0.2, max_bins=32).fit(X, y, sample_weight=1000.0 * weight)
    np.testing.assert_allclose(scaled.decision_function(X), some.decision_function(X), atol=1e-6)
    heavy = AdditiveBooster(3, learning_rate=0.2, max_bins=32).fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    assert heavy.predict_proba(X)[:, 1].mean() > y.mean() + 0.1


def test_out_of_fold_is_honest_and_calibrated(model: AdditiveBooster, loans: Data) -> None:
    X, y = loans
    assert expit(model.oof_log_odds_).mean() == pytest.approx(y.mean(), abs=0.005)
    assert roc_auc_score(y, model.oof_log_odds_) < roc_auc_score(y, model.decision_function(X))
    timed = AdditiveBooster(0, cv=TimeSeriesSplit(3)).fit(X, y)
    assert np.isnan(timed.oof_log_odds_[: len(y) // 4]).all()


def test_same_bits_with_more_threads_and_again(model: AdditiveBooster, loans: Data) -> None:
    X, y = loans
    again = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(again.decision_function(X), model.decision_function(X))
    assert again.n_sweeps_ == model.n_sweeps_


def test_saved_to_the_last_bit(model: AdditiveBooster, loans: Data, tmp_path: Path) -> None:
    X, _ = loans
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.contributions(X), model.contributions(X))
    assert loaded.shape_table("job", "zh").equals(model.shape_table("job", "zh"))
    assert loaded.interactions_[0].names == model.interactions_[0].names
    assert loaded.get_params() == model.get_params()
    save_model(loaded, tmp_path / "b")
    assert (tmp_path / "a" / "model.json").read_bytes() == (tmp_path / "b" / "model.json").read_bytes()


def test_what_training_did_not_see(model: AdditiveBooster, loans: Data) -> None:
    X, _ = loans
    row = X[:1].with_columns(job=pl.lit("astronaut"), age=pl.lit(float("inf")))
    z = model.contributions(row)[0]
    assert np.isfinite(z).all()
    assert z[X.columns.index("job")] == 0.0
    with pytest.raises(ModelError, match="holds text now"):
        model.predict_proba(X.with_columns(age=pl.lit("old")))


def test_little_to_go_by() -> None:
    X = np.column_stack([np.ones(40), np.full(40, np.nan)])
    y = np.arange(40) % 4 == 0
    model = AdditiveBooster().fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.25, atol=0.01)
    assert model.interactions_ == []
    few = AdditiveBooster().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    assert np.isfinite(few.predict_proba([[1.5]])).all()
    extreme = AdditiveBooster().fit(np.array([1e308, -1e308, np.inf, 0.0, 5e-324] * 20)[:, None], np.arange(100) % 2)
    assert np.isfinite(extreme.predict_proba([[np.inf], [-np.inf], [1e308]])).all()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"monotone": {"job": 1}}, "no order of their own"),
        ({"monotone": {"agee": 1}}, "age"),
        ({"interactions": [("age", "age")]}, "one column twice"),
        ({"interactions": [("age", "debt"), ("debt", "age")]}, "one column twice"),
        ({"interactions": [("age", "dept")]}, "debt"),
        ({"interactions": ["age"]}, "not a pair"),
        ({"max_bins": 250, "special": list(range(2000, 2300))}, "too many bins"),
        ({"special": {"code": ["x"]}}, "not a number"),
    ],
)
def test_what_cannot_be_done_is_said(loans: Data, params: dict[str, Any], words: str) -> None:
    X, y = loans
    with pytest.raises(ModelError, match=words):
        AdditiveBooster(**params).fit(X, y)


def test_a_table_that_is_not_there(model: AdditiveBooster) -> None:
    with pytest.raises(ModelError, match="no such interaction"):
        model.interaction_table("flat", "noise")
    with pytest.raises(ModelError, match="no such column"):
        model.shape_table("agee")
    with pytest.raises(ModelError, match="one class only"):
        AdditiveBooster().fit([[1.0], [2.0]], [0, 0])
