"""Rules that are planted are found first, noise gives none, and what is told of a rule is what its rows say."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.errors import ModelError
from tael.models import RuleMiner, load_model, save_model
from tael.models.rules_cover import FoldFigures, Mining, choose, cover, p_value, strength
from tael.models.rules_grid import make_grid
from tael.models.rules_measure import jaccard, measure
from tael.models.rules_paths import Candidates, Sample, Tally, grow, simplify

QUICK: dict[str, Any] = {"permutations": 12, "rounds": 25, "cv": 3}


@parametrize_with_checks([RuleMiner(permutations=12, rounds=15, cv=3)])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def _table(seed: int, n: int = 1200) -> tuple[np.ndarray, np.ndarray]:
    """Twelve columns, four of them flags, some values missing; in two corners three in four are positive."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    X[:, 8:] = rng.random((n, 4)) < 0.3
    X[rng.random(X.shape) < 0.03] = np.nan
    scheme = ((X[:, 3] > 0.9) & (X[:, 9] == 1)) | ((X[:, 5] < -0.9) & (X[:, 6] > 0.2))
    return X, (rng.random(n) < np.where(scheme, 0.75, 0.05)).astype(int)


@pytest.mark.parametrize("seed", range(10))
def test_planted_schemes_come_first(seed: int) -> None:
    X, y = _table(seed)
    time = np.arange(len(y)) if seed % 2 else None
    miner = RuleMiner(**QUICK, random_state=seed).fit(X, y, time=time)
    first = [{term.column for term in rule.terms} for rule in miner.rules_[:2]]
    assert sorted(map(sorted, first)) == [[3, 9], [5, 6]]
    assert all(rule.p_value < 0.01 and rule.expected > 3 * miner.base_rate_ for rule in miner.rules_[:2])


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_kept_of_noise(seed: int) -> None:
    X, y = _table(seed)
    y = np.random.default_rng([seed, 1]).permutation(y)
    miner = RuleMiner(**QUICK, random_state=seed).fit(X, y)
    assert miner.rules_ == []
    assert miner.predict(X).tolist() == [0] * len(y)
    assert miner.describe() == "No rule is stronger than chance."
    assert miner.describe("zh") == "没有规则强于随机。"
    assert miner.table().height == 0


def test_chance_alone_stops_what_the_folds_let_through() -> None:
    """The gate of shuffled labels by itself: without it a lucky fold would do."""
    X, y = _table(0)
    strong = RuleMiner(**QUICK).fit(X, y)
    assert strong.chance_.shape == (12,)
    assert strong.rules_[0].strength > strong.chance_.max() + 2


def test_later_rows_judge_and_a_scheme_that_has_ended_goes() -> None:
    X, y = _table(1)
    ended = np.arange(len(y)) >= 700
    rng = np.random.default_rng(5)
    y[ended] = rng.random(ended.sum()) < 0.05
    corner = ended & (X[:, 3] > 0.9) & (X[:, 9] == 1)
    y[corner] = rng.random(corner.sum()) < 0.8
    miner = RuleMiner(**QUICK, judged=0.4).fit(X, y, time=np.arange(len(y)))
    assert [{t.column for t in rule.terms} for rule in miner.rules_] == [{3, 9}]
    rule = miner.rules_[0]
    later = np.arange(len(y)) >= 720
    assert rule.judged is not None
    assert rule.judged.rows == rule.fires(X)[later].sum()
    assert rule.judged.hits == y[rule.fires(X) & later].sum()
    assert rule.expected == rule.judged.precision
    assert len(rule.periods) == 4
    assert sum(p.rows for p in rule.periods) == rule.fires(X).sum()
    assert rule.stable is True


def test_no_rule_is_mined_on_the_rows_that_judge() -> None:
    X, y = _table(2)
    time = np.arange(len(y))
    first = RuleMiner(**QUICK).fit(X, y, time=time)
    rng = np.random.default_rng(0)
    late = time >= 840
    X2 = X.copy()
    X2[late, 0] = rng.normal(size=late.sum()) * 100  # a column that no rule uses
    second = RuleMiner(**QUICK).fit(X2, y, time=time)
    assert [r.terms for r in first.rules_] == [r.terms for r in second.rules_]
    assert first.chance_.tolist() == second.chance_.tolist()


def test_figures_are_those_of_the_rows() -> None:
    X, y = _table(3)
    amount = np.random.default_rng(0).uniform(10, 1000, len(y))
    miner = RuleMiner(**QUICK).fit(X, y, amount=amount)
    fires = miner.fires(X)
    table = miner.evaluate(X, y, amount=amount)
    union = np.zeros(len(y), dtype=bool)
    for r, row in enumerate(table.to_dicts()):
        here = fires[:, r]
        new = here & ~union
        union |= here
        assert row["rows"] == here.sum()
        assert row["hits"] == y[here].sum()
        assert row["new_hits"] == y[new].sum()
        assert row["precision"] == pytest.approx(y[here].mean())
        assert row["low"] < row["precision"] < row["high"]
        assert row["lift"] == pytest.approx(y[here].mean() / y.mean())
        assert row["money"] == pytest.approx(amount[here & (y == 1)].sum())
        assert row["union_precision"] == pytest.approx(y[union].mean())
        assert row["union_recall"] == pytest.approx(y[union].sum() / y.sum())
    assert miner.rules_[0].mined.money_share == pytest.approx(table["money_share"][0])
    assert (miner.predict(X) == union).all()
    assert ((miner.decision_function(X) > 0) == union).all()
    both, either = fires[:, :2].all(axis=1).sum(), fires[:, :2].any(axis=1).sum()
    assert miner.overlap(X)[0, 1] == pytest.approx(both / either)


def test_a_missing_value_may_be_the_pattern() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 4))
    X[rng.random(900) < 0.2, 2] = np.nan
    y = rng.random(900) < np.where(np.isnan(X[:, 2]), 0.7, 0.05)
    miner = RuleMiner(**QUICK).fit(pl.DataFrame(X, schema=["a", "b", "licence", "d"]), y)
    assert miner.words() == ["licence is missing"]
    assert miner.words("zh") == ["licence 缺失"]
    assert miner.classes_.tolist() == [False, True]


def test_wanted_recall_is_reached_out_of_fold() -> None:
    X, y = _table(4)
    miner = RuleMiner(**QUICK, least_recall=0.6).fit(X, y)
    assert miner.out_of_fold_ is not None
    assert miner.out_of_fold_.recall >= 0.6


def test_a_capacity_is_kept_and_used() -> None:
    X, y = _table(4)
    few, many = (RuleMiner(**QUICK, most_flagged=share).fit(X, y) for share in (0.05, 0.25))
    assert few.out_of_fold_ is not None
    assert many.out_of_fold_ is not None
    assert few.out_of_fold_.flagged <= 0.05
    assert many.out_of_fold_.flagged <= 0.25
    assert few.out_of_fold_.recall < many.out_of_fold_.recall
    assert few.predict(X).mean() < 0.08


def test_the_tradeoff_is_what_the_folds_saw() -> None:
    X, y = _table(4)
    miner = RuleMiner(**QUICK, least_recall=0.6).fit(X, y)
    table = miner.tradeoff()
    assert table["recall"].is_sorted()
    assert table["precision"].is_sorted(descending=True)
    assert miner.out_of_fold_ in miner.tried_
    stop = table.filter(pl.col("recall") == miner.out_of_fold_.recall)
    assert stop["precision"].to_list() == [miner.out_of_fold_.precision]
    # what is flagged and how precisely gives the recall
    found = table["flagged"] * table["precision"] / (y == 1).mean()
    assert found.to_list() == pytest.approx(table["recall"].to_list())


def test_a_wanted_recall_has_a_margin_of_one_error() -> None:
    tight, safe = FoldFigures(1.0, 1, 0.6, 0.84, 0.0, 0.2, 84.0), FoldFigures(2.0, 1, 0.5, 0.9, 0.0, 0.3, 90.0)
    assert tight.sure_recall == pytest.approx(0.84 - np.sqrt(0.84 * 0.16 / 100))
    assert choose([tight, safe], 0.83) is safe
    assert choose([tight, safe], 0.80) is tight


def test_groups_shuffle_and_fold_as_wholes() -> None:
    """Rows copied ten times are no evidence; without groups they would be."""
    rng = np.random.default_rng(3)
    X = np.repeat(rng.normal(size=(80, 6)), 12, axis=0)
    y = np.repeat(rng.random(80) < 0.3, 12).astype(int)
    groups = np.repeat(np.arange(80), 12)
    assert RuleMiner(**QUICK).fit(X, y, groups=groups).rules_ == []
    assert len(RuleMiner(**QUICK).fit(X, y).rules_) > 0


def test_what_knows_one_group_again_is_no_pattern() -> None:
    """A column that tells two groups, in which most are positive, and one that tells positives of all groups."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(120), 10)
    X = rng.normal(size=(1200, 3))
    X[:, 0] = np.repeat(rng.normal(size=120), 10)
    X[groups < 2, 0] = 5.0
    y = (rng.random(1200) < np.where(groups < 2, 0.9, np.where(X[:, 1] > 1.3, 0.6, 0.03))).astype(int)
    miner = RuleMiner(**QUICK).fit(X, y, groups=groups)
    told = {term.column for rule in miner.rules_ for term in rule.terms}
    assert 1 in told
    assert all(len(np.unique(groups[rule.fires(X) & (y == 1)])) >= 3 for rule in miner.rules_)


def test_a_saved_miner_says_and_scores_the_same(tmp_path: Path) -> None:
    X, y = _table(5)
    frame = pl.DataFrame(X, schema=[f"f{j}" for j in range(12)])
    said = {"f3": {"en": "amount", "zh": "金额", "unit": "CNY"}}
    miner = RuleMiner(**QUICK, descriptions=said).fit(frame, y, time=np.arange(len(y)))
    save_model(miner, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.rules_ == miner.rules_
    assert again.describe("zh") == miner.describe("zh")
    assert (again.decision_function(frame) == miner.decision_function(frame)).all()
    assert again.out_of_fold_ == miner.out_of_fold_


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"time": ["a"] * 60}, "The times cannot be ordered"),
        ({"time": np.full(60, np.nan)}, "The times cannot be ordered"),
        ({"time": np.arange(5)}, "60 numbers or datetimes"),
        ({"amount": np.arange(5.0)}, "The amounts do not fit the rows"),
        ({"groups": [1, 2]}, "The groups do not fit the rows"),
        ({"time": np.zeros(60)}, "The earlier rows are of one class"),
    ],
)
def test_what_cannot_be_used_is_named(more: dict[str, Any], says: str) -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) % 2
    with pytest.raises(ModelError, match=says):
        RuleMiner(**QUICK).fit(X, y, **more)


def test_labels_that_do_not_fit_are_refused() -> None:
    X, y = _table(6, 300)
    miner = RuleMiner(**QUICK).fit(X, y)
    with pytest.raises(ModelError, match="labels do not fit"):
        miner.evaluate(X, y[:5])
    with pytest.raises(ModelError, match="description cannot be read"):
        RuleMiner(descriptions={"a": 3}).fit(X, y)


# ------------------------------------------------------------------ the parts, against slow and plain ones
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_codes_say_what_terms_say(seed: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.choice([rng.normal(size=(200, columns)), rng.integers(0, 5, (200, columns))])
    X = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    grid = make_grid(X)
    sample = Sample(grid.codes(X), np.ones(200, dtype=bool), np.ones(200))
    for j, edges in enumerate(grid.edges):
        assert (np.diff(edges) > 0).all()
        cuts = [-1, *range(len(edges) + 1)]
        for low, high in itertools.islice(itertools.combinations(cuts, 2), 60):
            for missing in (0, 1):
                key = (j, low, high, missing)
                assert (sample.one(key) == grid.term(key).holds(X)).all()
        key = (j, len(edges), len(edges), 1)
        assert (sample.one(key) == np.isnan(X[:, j])).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_packed_counts_are_plain_counts(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 90))
    y, masks = rng.random(n) < 0.4, rng.random((5, n)) < 0.5
    weight = rng.uniform(0, 3, n) if weighted else np.where(rng.random(n) < 0.2, 0.0, 1.0)
    hits, misses = Tally(y, weight)(np.packbits(masks, axis=1))
    assert hits == pytest.approx((masks * weight * y).sum(axis=1))
    assert misses == pytest.approx((masks * weight * ~y).sum(axis=1))


def test_dropping_never_costs_sure_precision() -> None:
    X, y = _table(7, 500)
    grid = make_grid(X)
    sample = Sample(grid.codes(X), y > 0, np.ones(len(y)))
    paths = grow(sample, grid, longest=3, rounds=10, min_rows=10, seed=0)
    found = simplify(paths, sample, grid, min_rows=10)
    assert 0 < len(found.rules) < len(paths)
    assert len({b.tobytes() for b in found.bits}) == len(found.rules)
    for rule, bits in zip(found.rules, found.bits, strict=True):
        assert (np.unpackbits(bits, count=len(y)) == sample.holds(rule)).all()
        assert sample.holds(rule).sum() >= 10


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_greedy_cover_takes_the_best_each_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, masks = rng.random(60) < 0.4, rng.random((8, 60)) < rng.uniform(0.1, 0.6)
    worth = float(rng.uniform(0.5, 4))
    rules = [((k, 0, 1, 0),) for k in range(8)]
    made = Candidates(rules, np.packbits(masks, axis=1), Tally(y, np.ones(60)))
    chosen = cover(made, worth, Mining(3, 4, 1, 1, 1.0, 0))
    left = np.ones(60, dtype=bool)
    for i in chosen:
        gains = [worth * (m & left & y).sum() - (m & left & ~y).sum() for m in masks]
        assert gains[i] == pytest.approx(max(gains))
        assert gains[i] > 0
        left &= ~masks[i]
    assert len(set(chosen)) == len(chosen) <= 4


def test_jaccard_and_strength_of_the_empty() -> None:
    assert jaccard(np.zeros((3, 2), dtype=bool)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert strength(np.zeros(1), np.zeros(1), 0.3).tolist() == [0.0]
    assert p_value(5.0, np.zeros(0)) == 1.0
    figures = measure(np.zeros((4, 1), dtype=bool), np.array([True, False, True, False]), np.ones(4))[0]
    assert figures.rows == 0
    assert np.isnan(figures.precision)
    assert np.isnan(figures.low)
