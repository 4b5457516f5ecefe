"""`Scorecard`: points, reasons, selection, and the unrounded model under them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tael.errors import ModelError
from tael.models import OptimalBinning, Scorecard, load_model, save_model

Data = tuple[pl.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def loans() -> Data:
    """2,000 loans: income and job tell, `echo` repeats income, `noise` tells nothing, `flat` is constant."""
    rng = np.random.default_rng(11)
    n = 2000
    income, debt = rng.normal(size=n), rng.normal(size=n)
    job = rng.choice(["a", "b", "c"], n)
    z = -1.0 * income + 0.7 * debt + 0.8 * (job == "c") - 1.5
    y = np.where(rng.random(n) < expit(z), "yes", "no")
    frame = pl.DataFrame({"income": income, "debt": debt, "job": job, "echo": income + 1e-6, "noise": rng.random(n)})
    frame = frame.with_columns(flat=pl.lit(1.0), income=pl.when(pl.int_range(n) % 10 > 0).then("income"))
    return frame, y


@pytest.fixture(scope="module")
def card(loans: Data) -> Scorecard:
    return Scorecard(min_iv=0.1, max_correlation=0.8).fit(*loans)


def test_points_are_the_log_odds_on_another_scale(card: Scorecard, loans: Data) -> None:
    X, _ = loans
    z = card.decision_function(X)
    exact = 600 - 20 / np.log(2) * np.log(50) - 20 / np.log(2) * z
    points = card.score_points(X)
    assert points.dtype == np.int64
    error = np.abs(points - exact)
    assert error.max() == pytest.approx(card.rounding_.largest)
    assert error.max() <= card.rounding_.worst
    assert error.mean() == pytest.approx(card.rounding_.mean)
    assert card.rounding_.worst <= 0.5 * len(card.points_.columns)
    np.testing.assert_allclose(card.predict_proba(X)[:, 1], expit(z))
    moved = np.abs(card.probability_of_points(points) - card.predict_proba(X)[:, 1])
    assert moved.max() == pytest.approx(card.rounding_.largest_probability)


def test_pdo_doubles_the_odds(loans: Data) -> None:
    card = Scorecard(pdo=15, base_score=500, base_odds=10).fit(*loans)
    p = card.probability_of_points([500, 515])
    assert ((1 - p) / p).tolist() == pytest.approx([10, 20])


def test_regression_is_scikit_learns(card: Scorecard, loans: Data) -> None:
    X, y = loans
    kept = [rule.name for rule, c in zip(card.binning_.columns_, card.coef_, strict=True) if c]
    W = card.binning_.transform(X)[:, [X.columns.index(name) for name in kept]]
    plain = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(W, y)
    np.testing.assert_allclose(card.coef_[card.coef_ != 0], plain.coef_[0], atol=1e-4)
    np.testing.assert_allclose(card.predict_proba(X), plain.predict_proba(W), atol=1e-4)


@pytest.mark.parametrize("spread_base", [True, False])
@pytest.mark.parametrize("round_points", [True, False])
def test_table_adds_up_to_the_score(loans: Data, spread_base: bool, round_points: bool) -> None:
    X, y = loans
    card = Scorecard(spread_base=spread_base, round_points=round_points).fit(X, y)
    table = card.points_table()
    assert table.columns == ["column", "bin", "count", "bad_rate", "woe", "coefficient", "points_exact", "points"]
    assert (table["points"].dtype == pl.Int64) == round_points
    labels = OptimalBinning(output="label").fit(X, y).transform(X)
    points = {(row["column"], row["bin"]): row["points"] for row in table.to_dicts()}
    columns = [c for c in table["column"].unique() if c]
    for i in range(0, len(y), 97):
        total = sum(points[name, labels[i, X.columns.index(name)]] for name in columns)
        if not spread_base:
            total += points["", "everybody"]
        assert card.score_points(X[i : i + 1])[0] == pytest.approx(total)
    assert ("", "everybody") in points or spread_base


def test_contributions_add_up_and_rows_stand_alone(card: Scorecard, loans: Data) -> None:
    X, _ = loans
    parts = card.contributions(X)
    assert parts.shape == (len(X), X.width + 1)
    np.testing.assert_allclose(parts.sum(axis=1), card.decision_function(X))
    alone = np.concatenate([card.decision_function(X[i : i + 1]) for i in range(20)])
    np.testing.assert_array_equal(alone, card.decision_function(X[:20]))


def test_log_says_why_a_column_went(card: Scorecard) -> None:
    log = {row["column"]: row for row in card.selection_log().filter(pl.col("dropped")).to_dicts()}
    assert set(log) == {"echo", "noise", "flat"}
    assert "with income" in log["echo"]["why"]
    assert "below 0.1" in log["noise"]["why"]
    assert log["flat"]["step"] == "constant"
    assert "低于" in card.selection_log("zh").filter(pl.col("column") == "noise")["why"][0]


def test_sign_check() -> None:
    rng = np.random.default_rng(0)
    n = 4000
    a = rng.normal(size=n)
    b = a + 0.5 * rng.normal(size=n)  # alone b says the same as a; beside it, the opposite
    y = (rng.random(n) < expit(2.0 * a - 0.8 * b - 1)).astype(int)
    X = np.column_stack([a, b])
    kept = Scorecard(max_correlation=1).fit(X, y)
    assert [(s.column, s.reason) for s in kept.log_] == [("x1", "sign"), ("x0", "kept")]
    assert (kept.coef_ <= 0).all()
    assert "one below 0" in kept.selection_log()["why"][0]
    free = Scorecard(max_correlation=1, sign_check=False).fit(X, y)
    assert free.coef_[1] > 0


@pytest.mark.parametrize("selection", ["forward", "backward", "stepwise"])
@pytest.mark.parametrize("criterion", ["aic", "lr"])
def test_stepwise(loans: Data, selection: str, criterion: str) -> None:
    X, y = loans
    X = X.drop("echo", "flat")
    card = Scorecard(
        OptimalBinning(max_bins=4), selection=selection, criterion=criterion, p_enter=0.001, p_remove=0.002
    )
    card.fit(X, y)
    kept = {rule.name for rule, c in zip(card.binning_.columns_, card.coef_, strict=True) if c}
    assert {"income", "debt", "job"} <= kept
    few = clone(card).set_params(max_columns=2).fit(X, y)
    assert np.count_nonzero(few.coef_) == 2
    if selection != "backward":
        entered = [s.column for s in few.log_ if s.reason == "enters"]
        assert entered == ["income", "debt"]


def test_reasons(card: Scorecard, loans: Data) -> None:
    X, _ = loans
    told = card.explain(X[:50], top=None)
    assert told.columns == ["row", "rank", "column", "bin", "points", "reference", "lost"]
    best = card.points_table().group_by("column").agg(pl.col("points").max())["points"].sum()
    for row, total in enumerate(card.score_points(X[:50])):
        mine = told.filter(pl.col("row") == row)
        assert mine["lost"].sum() == best - total
        assert mine["lost"].is_sorted(descending=True)
        assert mine["rank"].to_list() == list(range(1, len(mine) + 1))
    assert (told["lost"] > 0).all()
    assert told.equals(card.explain(X[:50], top=None))
    assert card.explain(X[:50], top=1)["rank"].to_list() == [1] * card.explain(X[:50], top=1)["row"].n_unique()
    neutral = card.explain(X[:50], "neutral", lang="zh")
    assert neutral["lost"].sum() < told["lost"].sum()
    gap = card.explain(X, "average", top=None)
    assert (gap["reference"] - gap["points"] - gap["lost"]).abs().max() < 1e-9
    with pytest.raises(ModelError, match="best, neutral or average"):
        card.explain(X, "worst")


def test_frozen_binning_keeps_its_edits(loans: Data, tmp_path: Path) -> None:
    X, y = loans
    edited = OptimalBinning().fit(X, y).edit("debt", [-1, 0, 1], who="Li Wei", why="round numbers")
    card = Scorecard(FrozenEstimator(edited)).fit(X, y)
    assert card.binning_.edits_ == edited.edits_
    table = card.points_table().filter(pl.col("column") == "debt")
    assert table["bin"].to_list() == ["(-inf, -1)", "[-1, 0)", "[0, 1)", "[1, inf)", "missing"]
    save_model(card, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.binning_.edits_ == edited.edits_
    assert isinstance(loaded.binning, FrozenEstimator)
    np.testing.assert_array_equal(loaded.predict_proba(X), card.predict_proba(X))
    with pytest.raises(ModelError, match="other classes"):
        Scorecard(FrozenEstimator(edited)).fit(X, (y == "yes").astype(int))


@pytest.mark.parametrize("binning", [None, OptimalBinning(trend={"debt": "ascending"}, special=[-9])])
def test_saved_to_the_last_bit(loans: Data, tmp_path: Path, binning: Any) -> None:
    X, y = loans
    card = Scorecard(binning, selection="forward").fit(X, y)
    save_model(card, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    np.testing.assert_array_equal(loaded.predict_proba(X), card.predict_proba(X))
    np.testing.assert_array_equal(loaded.score_points(X), card.score_points(X))
    assert loaded.points_table().equals(card.points_table())
    assert loaded.explain(X[:9]).equals(card.explain(X[:9]))
    assert loaded.selection_log("zh").equals(card.selection_log("zh"))
    assert loaded.rounding_ == card.rounding_
    assert loaded.classes_.tolist() == ["no", "yes"]
    save_model(loaded, tmp_path / "b")
    assert (tmp_path / "a" / "model.json").read_bytes() == (tmp_path / "b" / "model.json").read_bytes()
    assert clone(loaded).fit(X, y).points_table().equals(card.points_table())


def test_scikit_learns_tools(loans: Data) -> None:
    X, y = loans
    pipeline = make_pipeline(FunctionTransformer(), Scorecard(OptimalBinning()))
    scores = cross_validate(pipeline, X, y, cv=3, scoring="roc_auc", error_score="raise")
    assert scores["test_score"].min() > 0.7
    search = GridSearchCV(Scorecard(OptimalBinning()), {"binning__max_bins": [2, 6]}, cv=3, scoring="neg_log_loss")
    assert search.fit(X, y).best_params_ == {"binning__max_bins": 6}


def test_nothing_to_go_by() -> None:
    X, y = np.ones((40, 2)), np.arange(40) % 4 == 0
    card = Scorecard().fit(X, y)
    np.testing.assert_allclose(card.predict_proba(X)[:, 1], 0.25)
    assert card.points_table()["bin"].to_list() == ["everybody"]
    assert len(card.explain(X)) == 0
    assert set(card.score_points(X)) == {int(np.rint(600 - 20 / np.log(2) * np.log(50) + 20 / np.log(2) * np.log(3)))}


def test_one_class() -> None:
    with pytest.raises(ModelError, match="one class only"):
        Scorecard().fit([[1.0], [2.0]], [0, 0])
