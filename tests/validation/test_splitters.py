from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate

from tael.errors import ValidationError
from tael.validation import GroupedStratifiedKFold, OutOfTimeSplit, TimeOrderedKFold

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")

days = st.lists(st.integers(0, 60), min_size=12, max_size=80).map(lambda d: START + np.array(d) * DAY)


@settings(deadline=None, max_examples=60)
@given(days, st.integers(0, 10), st.integers(0, 5), st.integers(1, 4))
def test_walk_forward_never_looks_ahead(times, span, gap, folds):
    split = TimeOrderedKFold(folds, cutoffs=times, label_span=timedelta(days=span), gap=timedelta(days=gap))
    distinct = np.unique(times)
    if len(distinct) <= folds:
        with pytest.raises(ValidationError, match="too few distinct cutoffs"):
            list(split.split(times))
        return
    try:
        found = list(split.split(times))
    except ValidationError:  # only where the first period ends too near its beginning
        assert span + gap > 0
        return
    assert len(found) == split.get_n_splits() == folds
    tested = []
    for train, test in found:
        begin = times[test].min()
        assert (times[train] + (span + gap) * DAY <= begin).all()
        # nothing is purged that need not be
        could = np.flatnonzero((times < begin) & (times + (span + gap) * DAY <= begin))
        assert train.tolist() == could.tolist()
        tested.append(set(test.tolist()))
    assert sum(map(len, tested)) == len(set().union(*tested))
    for earlier, later in pairwise(tested):
        assert times[list(earlier)].max() < times[list(later)].min()


def test_folds_are_of_about_one_size():
    times = START + np.repeat(np.arange(100), 3) * DAY
    sizes = [len(test) for _, test in TimeOrderedKFold(4, cutoffs=times).split(times)]
    assert max(sizes) - min(sizes) <= 3


def test_a_window_that_ends_when_the_test_starts_is_kept():
    times = START + np.arange(10) * DAY
    train, test = next(OutOfTimeSplit(times, test_size=0.3, label_span=timedelta(days=2)).split())
    assert train.tolist() == [0, 1, 2, 3, 4, 5]  # day 5 + 2 days = day 7, the first test day
    assert test.tolist() == [7, 8, 9]
    spans = np.full(10, 2, dtype="timedelta64[D]")
    spans[0] = np.timedelta64(30, "D")
    train, _ = next(OutOfTimeSplit(times, test_size=0.3, label_span=spans).split())
    assert train.tolist() == [1, 2, 3, 4, 5]


def test_by_date_in_every_library():
    stamps = [datetime(2024, 1, 1 + i) for i in range(10)]
    frames = [
        pl.DataFrame({"at": stamps}),
        pl.DataFrame({"at": [s.date() for s in stamps]}),
        pl.DataFrame({"at": [s.replace(tzinfo=UTC) for s in stamps]}),
        pd.DataFrame({"at": stamps}),
        pd.DataFrame({"at": pd.to_datetime(stamps).tz_localize("UTC").tz_convert("Asia/Shanghai")}),
        pl.DataFrame({"at": stamps}).to_arrow(),
    ]
    for X in frames:
        for when in (date(2024, 1, 8), "2024-01-08", pd.Timestamp("2024-01-08")):
            _, test = next(OutOfTimeSplit("at", date=when).split(X))
            assert test.tolist() == [7, 8, 9]


def test_in_cross_validate():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    times = START + rng.integers(0, 90, 300) * DAY
    cv = TimeOrderedKFold(3, cutoffs=times, label_span=timedelta(days=5))
    assert len(cross_validate(LogisticRegression(), X, y, cv=cv, error_score="raise")["test_score"]) == 3
    assert GroupedStratifiedKFold(3).get_n_splits() == 3


@pytest.mark.parametrize(
    ("split", "X", "message"),
    [
        (OutOfTimeSplit("at"), pl.DataFrame({"att": [1]}), 'Did you mean "att"'),
        (OutOfTimeSplit("at"), np.zeros((2, 2)), "X has no column names"),
        (OutOfTimeSplit("at"), pl.DataFrame({"at": ["2024-01-01"]}), "are not times"),
        (OutOfTimeSplit("at"), pl.DataFrame({"at": [1, 2]}), "are not times"),
        (OutOfTimeSplit("at"), pl.DataFrame({"at": [date(2024, 1, 1), None]}), "1 of 2 cutoffs in column"),
        (OutOfTimeSplit(np.full(3, START)), None, "All cutoffs are one instant"),
        (OutOfTimeSplit(np.full(3, START)), [1], "cutoffs do not match"),
        (OutOfTimeSplit(START + np.arange(3) * DAY, date="2030-01-01"), None, "test period is empty"),
        (OutOfTimeSplit(START + np.arange(3) * DAY, date="soon"), None, "date cannot be read"),
        (OutOfTimeSplit(START + np.arange(3) * DAY, test_size=2), None, "test share makes no sense"),
        (OutOfTimeSplit(START + np.arange(9) * DAY, label_span="9d"), None, "not a duration"),
        (OutOfTimeSplit(START + np.arange(9) * DAY, label_span=timedelta(-1)), None, "missing or negative"),
        (OutOfTimeSplit(START + np.arange(9) * DAY, label_span=timedelta(99)), None, "training period is empty"),
        (OutOfTimeSplit(np.array([], dtype="datetime64[D]")), None, "no cutoffs"),
        (TimeOrderedKFold(5, cutoffs=START + np.arange(3) * DAY), None, "too few distinct cutoffs"),
        (TimeOrderedKFold(2, cutoffs=START + np.arange(9) * DAY, gap=timedelta(99)), None, "left to train fold 1"),
    ],
)
def test_bad_input(split, X, message):
    with pytest.raises(ValidationError, match=message):
        list(split.split(X))
