"""What the search must not believe: noise, drift, and what only one half of time says."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.features import AutoFeatures
from tael.features.chance import SHUFFLES, Chance, _quantile_of_best, above_chance, time_blocks
from tael.features.halves import halves_of
from tael.features.screen import Screen
from tael.kernels.gain import between, between_shuffled


@pytest.mark.parametrize("seed", range(10))
def test_on_pure_noise_it_keeps_nothing(world: Any, quiet: dict, seed: int) -> None:
    tables, X, rng = world(seed)
    said: list[str] = []
    auto = AutoFeatures(tables, **quiet, progress=lambda text, share: said.append(text))
    auto.fit(X, rng.integers(0, 2, len(X)))
    assert auto.formulas_ == []
    assert not auto.null_.found
    assert auto.null_.trials > 300
    assert auto.null_.best < auto.null_.needed
    assert "nothing beats chance" in said[-1]
    assert set(auto.ledger_.summary()) <= {
        "no better than chance", "no gain", "redundant", "duplicate", "constant", "weaker than the pool",
        "the halves of time disagree",
    }  # fmt: skip
    for frame in (X, X.to_pandas()):
        assert auto.transform(frame).shape == (len(X), 0)
    assert auto.describe() == []
    assert auto.get_feature_names_out().shape == (0,)
    assert auto.gain_.shape == auto.stability_.shape == auto.coverage_.shape == auto.direction_.shape == (0,)


def test_own_columns_that_know_nothing_are_not_kept_either(world: Any) -> None:
    rng = np.random.default_rng(1)
    X = pl.DataFrame({f"x{i}": rng.normal(size=1500) for i in range(8)})
    assert AutoFeatures().fit(X, rng.integers(0, 2, 1500)).formulas_ == []
    assert AutoFeatures().fit(X, X["x3"].to_numpy() + rng.normal(size=1500)).formulas_[0] == "x3"


def test_drift_alone_is_no_signal() -> None:
    """A label that becomes more frequent, and a column that counts the days: nothing but time relates the two."""
    rng = np.random.default_rng(2)
    n = 4000
    cutoff = np.sort(rng.integers(0, 10**6, n))
    y = (rng.random(n) < 0.2 + 0.4 * cutoff / 10**6).astype(float)
    drifting = (cutoff / 10**6 + rng.normal(0, 0.1, n)).astype(np.float32)
    chance = Chance(cutoff)
    half = (np.arange(n) >= n // 2).astype(np.uint8)
    screen = Screen((y - y.mean())[:, None], np.full((n, 1), y.var()), half, chance)
    told = screen(np.stack([drifting]))[0]
    assert told.score > 8
    assert told.test < 3
    assert not chance.null().found


def test_what_one_half_of_time_denies_goes(world: Any, quiet: dict) -> None:
    tables, X, rng = world(3)
    late = (X["cutoff"] > X["cutoff"].median()).to_numpy()
    people = tables["people"]
    score, age = people["score"].to_numpy(), people["age"].to_numpy()
    # the age says the same all the time; the score says the contrary later on, and more at first
    y = 0.1 * (age - 45) + np.where(late, -0.6, 1.2) * score + rng.normal(size=len(X)) > 0
    auto = AutoFeatures(tables, **quiet).fit(X, y)
    fate = dict(auto.ledger_.frame().select("formula", "fate").iter_rows())
    assert fate["age"] == "kept"
    assert fate["score"] == "the halves of time disagree" or "score" in auto.formulas_
    assert auto.ledger_.frame().filter(pl.col("formula") == "score")["agreement"][0] < -2


@given(seed=st.integers(0, 10**6), bins=st.integers(1, 12), pad=st.sampled_from([0.0, 1.0]))
@settings(max_examples=40, deadline=None)
def test_shuffled_statistics_are_those_of_the_plain_kernel(seed: int, bins: int, pad: float) -> None:
    rng = np.random.default_rng(seed)
    n, p = 200, 5
    codes = rng.integers(0, bins, n).astype(np.uint8)
    residual, variance = rng.normal(size=(n, p)).astype(np.float32), rng.random((n, p)).astype(np.float32) + 0.1
    out, one = np.empty(p + 1), np.empty(9)
    between_shuffled(codes, bins, residual, variance, out, pad)
    for j in range(p):
        told, spread = residual[:, j].astype(float), variance[:, j].astype(float)
        between(codes, bins, told, spread, np.zeros(n, np.uint8), one, pad)
        slow = sum(
            residual[codes == c, j].astype(float).sum() ** 2 / (variance[codes == c, j].astype(float).sum() + pad)
            for c in np.unique(codes)
        )
        assert out[j] == pytest.approx(one[0]) == pytest.approx(slow)
        assert out[p] == one[1]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=400))
def test_shuffles_stay_within_their_block(times: list[int]) -> None:
    cutoff = np.sort(np.array(times, dtype=np.int64))
    chance = Chance(cutoff)
    orders = chance.orders()
    assert orders.shape == (len(cutoff), SHUFFLES)
    for j in range(SHUFFLES):
        assert sorted(orders[:, j]) == list(range(len(cutoff)))
        assert (chance.block[orders[:, j]] == chance.block).all()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=1000))
def test_equal_times_are_in_one_block(times: list[int]) -> None:
    cutoff = np.array(times, dtype=np.int64)
    blocks = time_blocks(cutoff)
    assert len(np.unique(blocks)) <= 20
    for time in np.unique(cutoff):
        assert len(np.unique(blocks[cutoff == time])) == 1


def test_the_null_is_passed_by_chance_about_as_seldom_as_it_says() -> None:
    """Independent candidates on noise: of 300 searches hardly one finds anything."""
    rng = np.random.default_rng(0)
    finds = 0
    for _ in range(300):
        chance = Chance(np.arange(50))
        for _ in range(60):
            chance.note(above_chance(rng.chisquare(7, 1), 7.0)[0], above_chance(rng.chisquare(7, SHUFFLES), 7.0))
        finds += chance.null().found
    assert finds <= 12


def test_some_among_much_noise_is_found_and_little_of_the_noise_with_it() -> None:
    rng = np.random.default_rng(0)
    chance = Chance(np.arange(50))
    scores = np.r_[rng.normal(7, 1, 30), rng.normal(size=1000)]
    for score in scores:
        chance.note(score, rng.normal(size=SHUFFLES))
    null = chance.null()
    assert null.found
    assert null.trials == 1030
    assert (scores[:30] >= null.threshold).all()
    assert (scores[30:] >= null.threshold).sum() <= 10


def test_what_chance_reaches_seldom_lies_above_what_it_reaches_on_average() -> None:
    # rare classes shuffle to scores far beyond any normal one: no division by nothing there
    means = [-3.0, 0.0, 2.0, 5.0, 8.2, 8.4, 12.0, 30.0, 36.9, 40.0, 1e6]
    seldom = [_quantile_of_best(mean) for mean in means]
    assert np.isfinite(seldom).all()
    assert seldom == sorted(seldom)
    assert all(there > mean for there, mean in zip(seldom, means, strict=True) if mean < 37)


def test_the_order_of_the_table_is_no_order_of_time() -> None:
    """Rows without a cutoff (or of one cutoff) sorted by their label: halves of the table would be the classes."""
    rng = np.random.default_rng(0)
    X = pl.DataFrame({f"x{i}": rng.normal(size=1500) for i in range(4)})
    y = (X["x3"].to_numpy() + rng.normal(size=1500) > 0).astype(int)
    for order in (np.argsort(y, kind="stable"), np.argsort(X["x0"].to_numpy())):
        auto = AutoFeatures().fit(X[order], y[order])
        assert auto.formulas_[0] == "x3"
        assert auto.stability_[0] == 1.0
        assert auto.direction_[0] == 1
        assert auto.null_ is not None
        assert auto.null_.across > 10.0


def test_rows_of_one_cutoff_are_split_by_lot() -> None:
    cutoff = np.repeat([1, 2, 3], [10, 80, 10])
    half = halves_of(cutoff)
    assert half.sum() == 50
    assert (half[:10] == 0).all()
    assert (half[90:] == 1).all()
    assert 5 < half[10:50].sum() < 35
    np.testing.assert_array_equal(half, halves_of(cutoff))
    assert (half != halves_of(cutoff, seed=1)).any()
