"""Segments: planted groups come back, are told in words, and odd tables are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.errors import ModelError
from tael.models import Segments, load_model, save_model
from tael.models.binning_columns import Column
from tael.models.encoding import code_table
from tael.models.segment_rules import candidates, short_rule


@pytest.fixture(scope="module")
def planted() -> tuple[pl.DataFrame, np.ndarray]:
    """Students, workers and the retired: amounts with long tails, a category, missing values, noise."""
    rng = np.random.default_rng(0)
    group = rng.choice(3, 900, p=[0.5, 0.3, 0.2])
    age = np.array([40.0, 22.0, 68.0])[group] + rng.normal(0, 4, 900)
    income = np.exp(np.array([9.5, 7.0, 8.5])[group] + rng.normal(0, 0.3, 900))
    income[::50] *= 100
    job = np.array(["worker", "student", "retired"], dtype=object)[group]
    job[::31] = None
    tenure = np.where(group == 1, np.nan, rng.uniform(1, 20, 900))
    jobs = pl.Series(job.tolist(), dtype=pl.String)
    frame = pl.DataFrame({"age": age, "income": income, "job": jobs, "tenure": tenure, "noise": rng.normal(size=900)})
    return frame.with_columns(pl.col("tenure").fill_nan(None)), group


@pytest.mark.parametrize("method", ["kmeans", "mixture"])
def test_planted_groups_come_back(method: str, planted: tuple[pl.DataFrame, np.ndarray]) -> None:
    frame, group = planted
    model = Segments(method=method, sizes=(2, 5), smallest=0.05).fit(frame)  # 3 % have no job
    assert model.n_segments_ == 3
    assert adjusted_rand_score(group, model.labels_) > 0.95
    assert [p.rows for p in model.profiles_] == sorted((p.rows for p in model.profiles_), reverse=True)
    assert sum(p.share for p in model.profiles_) == pytest.approx(1.0)
    assert (model.predict(frame) == model.labels_).all()
    assert (model.predict(frame.to_pandas()) == model.labels_).all()
    assert model.choices().filter(pl.col("kept"))["k"].to_list() == [3]
    assert all(p.rule.precision > 0.9 and p.rule.recall > 0.9 for p in model.profiles_)


def test_profiles_are_true_and_in_words(planted: tuple[pl.DataFrame, np.ndarray]) -> None:
    frame, group = planted
    y = (np.random.default_rng(1).random(900) < np.where(group == 1, 0.6, 0.1)).astype(int)
    model = Segments(3).fit(frame, y)
    columns = [
        Column(s.name, kind, s if kind == "category" else s.cast(pl.Float64).to_numpy())
        for s, kind in zip(frame.get_columns(), model.space_.code.kinds, strict=True)
    ]
    M = model.space_.code.matrix(columns)
    for p in model.profiles_:
        inside = model.labels_ == p.segment
        hit = np.logical_and.reduce([c.holds(M) for c in p.rule.conditions])
        assert p.rule.precision == pytest.approx(inside[hit].mean())
        assert p.rule.recall == pytest.approx(hit[inside].mean())
        assert p.label_rate == pytest.approx(y[inside].mean())
        assert p.low < p.label_rate < p.high
    students = np.bincount(model.predict(frame)[group == 1]).argmax()
    told = model.table().filter(segment=int(students))["differences"][0].to_list()
    assert any("age low: median 2" in words for words in told)
    assert any(words.startswith("tenure is missing more often: 100%") for words in told)
    assert not any("noise" in words for words in model.table()["rule"])
    assert model.describe().startswith("3 segments, as asked for.")
    zh = model.describe("zh")
    assert "客群 0" in zh
    assert "规则" in zh
    assert "标签率" in zh
    rates = model.label_rates(frame, y)
    assert rates["rate"].to_list() == [p.label_rate for p in model.profiles_]


def test_no_groups_are_told_as_such() -> None:
    X = np.random.default_rng(0).normal(size=(400, 6))
    model = Segments(sizes=(3, 6), least_stability=0.95).fit(X)
    assert "no number was stable enough" in model.why()
    assert "不宜" in model.why("zh")


def test_one_millionaire_is_no_segment() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (150, 2)), rng.normal(6, 1, (150, 2))])
    X[0] = 1e9
    model = Segments().fit(X)
    assert model.n_segments_ == 2
    assert min(p.rows for p in model.profiles_) > 140


def test_saved_and_loaded_to_the_last_bit(planted: tuple[pl.DataFrame, np.ndarray], tmp_path: Path) -> None:
    frame, group = planted
    for method in ("kmeans", "mixture"):
        model = Segments(method=method, sizes=(2, 4), boots=2).fit(frame, group == 1)
        save_model(model, tmp_path / method)
        loaded = load_model(tmp_path / method)
        np.testing.assert_array_equal(loaded.distances(frame), model.distances(frame))
        np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))
        assert loaded.describe() == model.describe()
        assert loaded.profiles_ == model.profiles_
        assert loaded.get_params() == model.get_params()


def test_text_flags_and_categoricals_are_told_and_saved(tmp_path: Path) -> None:
    """No number at all, or flags: shares are told, in both languages, and the same after loading."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 400)
    frame = pl.DataFrame(
        {
            "job": np.array(["clerk", "nurse"])[group],
            "town": pl.Series([None if k % 9 == 0 else "ab"[k % 2] for k in range(400)], dtype=pl.Categorical),
            "saver": group == 1,
        }
    )
    for name, table in (("all", frame), ("text", frame.drop("saver"))):
        model = Segments(2).fit(table)
        save_model(model, tmp_path / name)
        loaded = load_model(tmp_path / name)
        for rows in (table, table.to_pandas(), table.with_columns(pl.lit("pilot").alias("job"))):
            np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
        for lang in ("en", "zh"):
            assert loaded.describe(lang) == model.describe(lang)
            assert loaded.table(lang).equals(model.table(lang))
            assert "job = nurse" in model.describe(lang)
        assert ("saver more often: 100%, all" in model.describe("en")) == (name == "all")
        assert ("saver 较多：100%" in model.describe("zh")) == (name == "all")


def test_new_rows_unseen_levels_and_rows_alone(planted: tuple[pl.DataFrame, np.ndarray]) -> None:
    frame, _ = planted
    model = Segments(3).fit(frame)
    new = frame.head(50).with_columns(pl.lit("pilot").alias("job"))
    assert set(model.predict(new)) <= {0, 1, 2}
    np.testing.assert_array_equal(model.distances(frame[9:10])[0], model.distances(frame)[9])
    nothing = frame.head(1).with_columns(pl.lit(None).cast(t).alias(c) for c, t in frame.schema.items())
    assert model.predict(nothing).shape == (1,)


def test_constant_and_missing_columns_move_nothing(planted: tuple[pl.DataFrame, np.ndarray]) -> None:
    frame, _ = planted
    more = frame.with_columns(pl.lit(1.0).alias("one"), pl.lit(None, dtype=pl.Float64).alias("none"))
    assert (Segments(3).fit(more).labels_ == Segments(3).fit(frame).labels_).all()


@pytest.mark.parametrize(
    ("X", "settings_", "words"),
    [
        (np.ones((20, 2)), {}, "too much alike"),
        (np.full((20, 2), np.nan), {}, "too much alike"),
        (np.ones((20, 2)), {"n_segments": 3}, "fewer different rows"),
        (np.array([[1.0, 2.0]]), {}, "too few"),
        (np.arange(20.0)[:, None], {"sizes": (5, 2)}, "no range"),
    ],
)
def test_odd_tables_are_told(X: np.ndarray, settings_: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        Segments(**settings_).fit(X)


def test_one_segment_is_everybody() -> None:
    model = Segments(1).fit(np.arange(9.0)[:, None])
    assert model.labels_.tolist() == [0] * 9
    assert model.table("zh")["rule"].to_list() == ["所有人"]
    with pytest.raises(ModelError, match="no rate"):
        model.label_rates(np.arange(9.0)[:, None], np.zeros(9))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_rule_is_never_worse_than_any_single_condition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [
        Column("a", "number", np.where(rng.random(60) < 0.1, np.nan, rng.integers(0, 9, 60).astype(float))),
        Column("b", "category", pl.Series(rng.choice(["x", "y"], 60).tolist())),
    ]
    code = code_table(columns)
    M = code.matrix(columns)
    inside = rng.random(60) < 0.4
    tests, holds = candidates(M, code)
    rule = short_rule(inside, tests, holds)

    def f1(flags: np.ndarray) -> float:
        return 2 * (flags & inside).sum() / max(flags.sum() + inside.sum(), 1)

    mine = np.logical_and.reduce([np.ones(60, dtype=bool), *(c.holds(M) for c in rule.conditions)])
    assert f1(mine) >= max(f1(h) for h in holds) - 0.01 - 1e-9
    assert rule.recall == pytest.approx((mine & inside).sum() / max(inside.sum(), 1))
    for test, h in zip(tests, holds, strict=True):
        np.testing.assert_array_equal(test.holds(M), h)


@parametrize_with_checks([Segments(2)])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
