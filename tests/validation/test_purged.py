from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import comb

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from tael.errors import ValidationError
from tael.validation import CombinatorialPurgedCV, PurgedKFold, WalkForward
from tael.validation.purged_walk import periods

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")


@st.composite
def rows(draw):
    """Rows in any order, several on a day, each with a label of its own length."""
    n = draw(st.integers(20, 90))
    day = np.array(draw(st.lists(st.integers(0, 60), min_size=n, max_size=n)))
    span = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    return START + day * DAY, START + (day + span) * DAY


embargoes = st.one_of(st.none(), st.integers(0, 5), st.integers(0, 8).map(lambda d: timedelta(days=d)))


def overlap(known, ends, a, b):
    """The slow plain oracle: does the interval of row a meet that of row b, or span b's own time."""
    shared = known[a] < ends[b] and known[b] < ends[a]
    return shared or known[a] == known[b] or (known[a] < known[b] < ends[a]) or (known[b] < known[a] < ends[b])


def whole(cv, known):
    """All folds, or None where there are too few rows for them."""
    try:
        return list(cv.split(known))
    except ValidationError as error:
        if error.problem.startswith(("Nothing is left to train", "The first refit comes after the last bar")):
            return None
        raise


def check(known, ends, folds):
    for train, test in folds:
        assert len(train)
        assert len(test)
        assert not set(train) & set(test)
        for a in train:
            assert not any(overlap(known, ends, a, b) for b in test)


@settings(max_examples=60)
@given(rows(), st.integers(2, 5), embargoes)
def test_no_training_label_meets_a_test_label(made, folds, embargo):
    known, ends = made
    assume(len(np.unique(known)) >= folds)
    cv = PurgedKFold(folds, times=known, ends=ends, embargo=embargo)
    found = whole(cv, known)
    if found is None:
        return
    check(known, ends, found)
    tested = np.concatenate([test for _, test in found])
    assert sorted(tested) == list(range(len(known)))
    # nothing is left out that need not be
    bars = np.unique(known)
    for train, test in found:
        closed = ends[test].max()
        for row in set(range(len(known))) - set(train) - set(test):
            if any(overlap(known, ends, row, b) for b in test):
                continue
            assert known[row] > known[test].max()
            if isinstance(embargo, timedelta):
                assert known[row] < closed + np.timedelta64(embargo)
            else:
                assert ((bars >= closed) & (bars < known[row])).sum() < (embargo or 0)


@settings(max_examples=40)
@given(rows(), st.integers(3, 5), st.data(), embargoes)
def test_combinatorial_splits_are_purged_and_make_paths(made, folds, data, embargo):
    known, ends = made
    assume(len(np.unique(known)) >= folds)
    k = data.draw(st.integers(1, folds - 1))
    cv = CombinatorialPurgedCV(folds, k, times=known, ends=ends, embargo=embargo)
    found = whole(cv, known)
    if found is None:
        return
    check(known, ends, found)
    assert len(found) == cv.get_n_splits() == comb(folds, k)
    paths = cv.paths()
    assert paths.shape == (cv.n_paths, folds) == (comb(folds, k) * k // folds, folds)
    # each test of each split is on one path
    assert sorted(np.bincount(paths.ravel())) == [k] * comb(folds, k)
    joined = cv.assemble([np.full(len(test), s) for s, (_, test) in enumerate(found)])
    assert joined.shape == (cv.n_paths, len(known))
    for path in joined:
        for row, split in enumerate(path):
            assert row in found[int(split)][1]


@settings(max_examples=60)
@given(rows(), st.integers(1, 20), st.integers(1, 20), st.one_of(st.none(), st.integers(1, 15)), embargoes)
def test_walk_forward_knows_the_past_alone(made, every, start, window, embargo):
    known, ends = made
    cv = WalkForward(every, start=start, window=window, times=known, ends=ends, embargo=embargo)
    bars = np.unique(known)
    found = whole(cv, known)
    if found is None:
        return
    assert len(found) == cv.get_n_splits(known)
    check(known, ends, found)
    for train, test in found:
        refit = np.searchsorted(bars, known[test].min())
        assert (ends[train] <= bars[refit]).all()
        if window is not None:
            assert (known[train] >= bars[max(0, refit - window)]).all()
        if isinstance(embargo, timedelta):
            assert (ends[train] <= bars[refit] - np.timedelta64(embargo)).all()
    assert len(found[0][1]) >= 1
    for (_, earlier), (_, later) in pairwise(found):
        assert known[earlier].max() < known[later].min()
    assert sorted(np.concatenate([test for _, test in found])) == np.flatnonzero(known >= bars[start]).tolist()


def test_refits_by_the_calendar():
    days = np.arange("2023-11-15", "2024-03-10", dtype="datetime64[D]")
    cv = WalkForward("1mo", start="2023-12-15", window="1mo", times=days, ends=timedelta(days=2))
    found = list(cv.split(days))
    assert [str(days[test[0]]) for _, test in found] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert [(str(days[train[0]]), str(days[train[-1]])) for train, _ in found] == [
        ("2023-12-01", "2023-12-30"),
        ("2024-01-01", "2024-01-30"),
        ("2024-02-01", "2024-02-28"),
    ]
    mondays = np.array(["2024-01-07", "2024-01-08", "2024-01-14", "2024-01-15"], dtype="datetime64[D]")
    assert np.diff(periods(mondays, "1w")).tolist() == [1, 0, 1]


def noise(n=600, horizon=20, seed=0):
    """Features that wander and a label of overlapping sums of noise: nothing to learn."""
    rng = np.random.default_rng(seed)
    days = START + np.arange(n) * DAY
    returns = rng.normal(size=n + horizon + 1)
    label = np.array([returns[t + 1 : t + 1 + horizon].sum() for t in range(n)])
    wander = np.cumsum(rng.normal(size=(n, 2)), axis=0)
    return days, wander, label


def test_overlapping_labels_leak_unless_purged():
    model = KNeighborsRegressor(5)
    skill: dict[str, list[float]] = {"shuffled": [], "blocks": [], "purged": [], "walked": []}
    for seed in range(6):
        days, X, y = noise(seed=seed)
        for name, cv in (
            ("shuffled", KFold(5, shuffle=True, random_state=seed)),
            ("blocks", KFold(60)),
            ("purged", PurgedKFold(60, times=days, ends=20, embargo=20)),
        ):
            skill[name].append(np.corrcoef(cross_val_predict(model, X, y, cv=cv), y)[0, 1])
        walk = WalkForward(20, start=200, times=days, ends=20)
        foretold = np.concatenate([model.fit(X[a], y[a]).predict(X[b]) for a, b in walk.split(X)])
        skill["walked"].append(np.corrcoef(foretold, y[200:])[0, 1])
    mean = {name: np.mean(values) for name, values in skill.items()}
    # there is nothing to learn: what the first two find, they remember
    assert mean["shuffled"] > 0.5
    assert mean["blocks"] > 0.2
    assert mean["purged"] < 0.05
    assert mean["walked"] < 0.05


@pytest.mark.parametrize("library", ["polars", "pandas"])
@pytest.mark.parametrize("kind", ["folds", "walk", "paths"])
def test_in_a_nested_search(library, kind):
    rng = np.random.default_rng(0)
    n = 240
    days = START + np.arange(n) * DAY
    columns = {"day": days, "closes": days + 3 * DAY, "a": rng.normal(size=n), "b": rng.normal(size=n)}
    X = pl.DataFrame(columns) if library == "polars" else pd.DataFrame(columns)
    y = rng.integers(0, 2, n)
    named = {"times": "day", "ends": "closes", "embargo": timedelta(days=2)}
    cv = {
        "folds": PurgedKFold(2, **named),
        "walk": WalkForward(90, start=60, **named),
        "paths": CombinatorialPurgedCV(3, 1, **named),
    }[kind]
    model = make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    search = GridSearchCV(model, grid, cv=cv, error_score="raise").fit(X, y)
    assert search.n_splits_ == cv.get_n_splits(X)
    inner = GridSearchCV(model, grid, cv=PurgedKFold(2, **named), error_score="raise")
    scores = cross_validate(inner, X, y, cv=cv, error_score="raise")["test_score"]
    assert len(scores) == cv.get_n_splits(X)
    assert np.isfinite(scores).all()


def test_bars_and_times_agree():
    days = START + np.repeat(np.arange(40), 3) * DAY
    by_bars = PurgedKFold(4, times=days, ends=2, embargo=3)
    by_time = PurgedKFold(4, times=days, ends=timedelta(days=2), embargo=timedelta(days=3))
    for (a, b), (c, d) in zip(by_bars.split(days), by_time.split(days), strict=True):
        assert a.tolist() == c.tolist()
        assert b.tolist() == d.tolist()
    Ridge().fit(np.zeros((120, 1)), np.zeros(120))


DAYS = START + np.arange(12) * DAY
GONE = np.where(np.arange(12) > 9, np.datetime64("NaT"), DAYS)


@pytest.mark.parametrize(
    ("cv", "X", "message"),
    [
        (PurgedKFold(times="at", ends=1), pl.DataFrame({"att": DAYS}), 'Did you mean "att"'),
        (PurgedKFold(times="at", ends=1), np.zeros((12, 2)), "X has no column names"),
        (PurgedKFold(times=DAYS, ends="end"), pl.DataFrame({"at": DAYS}), "column of ends is absent"),
        (PurgedKFold(times=DAYS, ends=1), np.zeros((3, 2)), "times do not match"),
        (PurgedKFold(times=DAYS, ends=GONE), None, "2 of 12 labels have no end"),
        (PurgedKFold(times="at", ends="end"), pl.DataFrame({"at": DAYS, "end": GONE}), "2 of 12 labels have no end"),
        (PurgedKFold(times=DAYS, ends=DAYS - DAY), None, "12 of 12 labels end before"),
        (PurgedKFold(times=DAYS, ends=-1), None, "cannot end before it begins"),
        (PurgedKFold(times=DAYS, ends=True), None, "no ends of labels"),
        (PurgedKFold(times=DAYS, ends=1, embargo=-1), None, "This is no embargo"),
        (PurgedKFold(times=DAYS, ends=1, embargo=0.01), None, "This is no embargo"),
        (PurgedKFold(1, times=DAYS, ends=1), None, "at least two folds"),
        (PurgedKFold(13, times=DAYS, ends=1), None, "too few distinct times"),
        (PurgedKFold(2, times=DAYS, ends=12), None, "Nothing is left to train fold 1"),
        (CombinatorialPurgedCV(2, 1, times=DAYS, ends=1), None, "numbers of folds make no sense"),
        (CombinatorialPurgedCV(4, 4, times=DAYS, ends=1), None, "numbers of folds make no sense"),
        (WalkForward(0, start=3, times=DAYS, ends=1), None, "schedule of refits makes no sense"),
        (WalkForward(2, start=0, times=DAYS, ends=1), None, "first refit needs a past"),
        (WalkForward(2, start=1.5, times=DAYS, ends=1), None, "first refit makes no sense"),
        (WalkForward(2, start=12, times=DAYS, ends=1), None, "after the last bar"),
        (WalkForward(2, start="2030-01-01", times=DAYS, ends=1), None, "after the last bar"),
        (WalkForward(2, start=3, window=0, times=DAYS, ends=1), None, "training window makes no sense"),
        (WalkForward(2, start=3, times=DAYS, ends=4), None, "Nothing is left to train refit 1"),
        (WalkForward(2, start=3, times=DAYS, ends=1, embargo=4), None, "Nothing is left to train refit 1"),
    ],
)
def test_faults_say_what_to_do(cv, X, message):
    with pytest.raises(ValidationError, match=message):
        list(cv.split(X))


def test_predictions_have_to_match():
    cv = CombinatorialPurgedCV(4, 2, times=DAYS, ends=1)
    with pytest.raises(ValidationError, match="one set of predictions for each split"):
        cv.assemble([np.zeros(6)])
    with pytest.raises(ValidationError, match="predictions of split 1 do not match"):
        cv.assemble([np.zeros(5)] * 6)
