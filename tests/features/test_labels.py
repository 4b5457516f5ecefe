"""Kinds of labels: each finds what was planted, where a plain squared error would look elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FeaturesError
from tael.features import AutoFeatures
from tael.features.labels import KINDS, Label, guess, ranked_within
from tael.features.screen import Screen

N = 1500


@pytest.fixture(scope="module")
def columns() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame({f"x{i}": rng.normal(size=N) for i in range(6)})


def labels(columns: pl.DataFrame, kind: str) -> np.ndarray:
    """A label that x2 moves, in the way of its kind, with what fools a squared error."""
    rng = np.random.default_rng(1)
    x = columns["x2"].to_numpy()
    match kind:
        case "binary":
            return rng.random(N) < 1 / (1 + np.exp(-x))
        case "multiclass":
            return np.array(["low", "middle", "high"])[np.digitize(x + rng.normal(size=N), [-0.5, 0.5])]
        case "number":
            return x + rng.standard_t(1.1, N) * 0.7  # a mean that does not settle
        case "amount":
            return np.where(rng.random(N) < 0.4, 0.0, np.exp(0.8 * x + 2.0 * rng.normal(size=N)))
        case "count":
            return np.where(rng.random(N) < 0.002, 100_000, rng.poisson(np.exp(0.4 * x)))
    # ranked within ten days; from day to day the level jumps about
    day = np.arange(N) // 150
    return x + rng.normal(size=N) + 100.0 * rng.normal(size=10)[day]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_finds_what_was_planted(columns: pl.DataFrame, kind: str) -> None:
    y = labels(columns, kind)
    groups = np.arange(N) // 150 if kind == "ranking" else None
    auto = AutoFeatures(label_kind=kind, layers=1).fit(columns, y, groups=groups)
    assert auto.label_kind_ == kind
    assert auto.formulas_[0] == "x2"
    assert auto.null_.found
    score = auto.ledger_.frame().sort("score", descending=True)
    assert score["formula"][0] == "x2"
    assert auto.direction_[0] == (0 if kind == "multiclass" else 1)


@pytest.mark.parametrize("kind", ["number", "count", "ranking"])
def test_a_squared_error_would_be_fooled(columns: pl.DataFrame, kind: str) -> None:
    y = labels(columns, kind).astype(float)
    table = columns.to_numpy().T.astype(np.float32)
    half = (np.arange(N) >= N // 2).astype(np.uint8)
    plain = (y - y.mean())[:, None]
    fooled = Screen(plain, np.full((N, 1), plain.var()), half)(table)[2].score
    groups = np.arange(N) // 150 if kind == "ranking" else None
    told = Screen(*Label.of(kind, y, 0, groups).residuals(), half)(table)[2].score
    assert told > 8
    assert fooled < 0.6 * told


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(100) % 2, "binary"),
        (np.array(["a", "b", "c", "d"] * 25), "multiclass"),
        (np.arange(100) % 5, "multiclass"),
        (np.arange(100) % 30, "count"),
        (np.random.default_rng(0).lognormal(5, 3, 100), "amount"),
        (np.random.default_rng(0).normal(size=100), "number"),
        (np.random.default_rng(0).normal(100, 5, 100), "number"),
    ],
)
def test_what_auto_decides(y: np.ndarray, kind: str) -> None:
    X = pl.DataFrame({"x": np.random.default_rng(0).normal(size=100)})
    assert AutoFeatures().fit(X, y).label_kind_ == kind


@pytest.mark.parametrize(
    ("kind", "y", "words"),
    [
        ("amount", np.linspace(-1, 5, 50), "cannot be negative"),
        ("count", np.linspace(-1, 5, 50), "cannot be negative"),
        ("count", np.array(["a", "b"] * 25), "must be numbers"),
        ("binary", np.arange(50) % 3, "not binary"),
        ("money", np.arange(50), "label_kind"),
    ],
)
def test_labels_that_do_not_fit(kind: str, y: np.ndarray, words: str) -> None:
    X = pl.DataFrame({"x": np.arange(50.0)})
    with pytest.raises(FeaturesError, match=words):
        AutoFeatures(label_kind=kind).fit(X, y)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), max_size=60))
def test_ranks_within_groups(pairs: list[tuple[int, int]]) -> None:
    groups = np.array([g for g, _ in pairs], dtype=np.int64)
    y = np.array([v for _, v in pairs], dtype=float)
    told = ranked_within(y, groups)
    for i in range(len(pairs)):
        own = y[groups == groups[i]]
        slow = ((own < y[i]).sum() - (own > y[i]).sum()) / 2 / len(own)
        assert told[i] == pytest.approx(slow)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50))
def test_every_label_has_finite_residuals(values: list[float]) -> None:
    y = np.array(values)
    assert guess(y) in KINDS
    for kind in ("number", "amount", "count", "ranking"):
        residual, variance = Label.of(kind, np.floor(y) if kind == "count" else y, 0).residuals()
        assert np.isfinite(residual).all()
        assert (variance > 0).all()


def test_far_multiples_of_a_ranking_do_not_matter() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0])
    groups = np.zeros(4, dtype=np.int64)
    assert (Label.of("ranking", y, 0, groups).y == Label.of("ranking", np.exp(9 * y), 0, groups).y).all()


def test_cutoffs_are_the_groups_of_a_ranking(world: Any, quiet: dict) -> None:
    tables, X, rng = world(4, 600)
    X = X.with_columns(pl.col("cutoff").dt.truncate("30d"))
    level = 50.0 * X["cutoff"].rank("dense").to_numpy()
    y = tables["people"]["age"].to_numpy() / 10 + rng.normal(size=len(X)) + level
    auto = AutoFeatures(tables, **quiet, label_kind="ranking").fit(X, y)
    assert auto.formulas_[0] == "age"
