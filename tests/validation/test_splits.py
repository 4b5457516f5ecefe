from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import three_way

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15), st.booleans()), min_size=30, max_size=120),
    st.integers(0, 30),
    st.integers(0, 5),
)
def test_nobody_twice_and_no_future(rows, span, seed):
    day, person, y = (np.array(column) for column in zip(*rows, strict=True))
    times = START + day * DAY
    if len(np.unique(person)) < 10:
        return  # so few people that a part may be empty, which is an error and tested below
    split = three_way(times, y=y, groups=person, label_span=timedelta(days=span), seed=seed)
    parts = [split.train, split.validation, split.out_of_time, split.purged]
    assert np.sort(np.concatenate(parts)).tolist() == list(range(len(rows)))
    assert not set(person[split.train]) & set(person[split.validation])
    if split.kind == "out_of_time":
        begin = times[split.out_of_time].min()
        learnt = np.concatenate([split.train, split.validation])
        assert (times[learnt] + span * DAY <= begin).all()
        assert (times[split.purged] + span * DAY > begin).all()
    else:
        assert split.reasons
        assert "random, because" in split.reasons[0].en
        assert not set(person[split.train]) & set(person[split.out_of_time])
        assert not set(person[split.validation]) & set(person[split.out_of_time])
        assert not len(split.purged)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    times = START + rng.integers(0, 365, 4000) * DAY
    return times, (rng.random(4000) < 0.1).astype(int), rng.integers(0, 1500, 4000)


def test_shares_and_strata(rows):
    times, y, person = rows
    split = three_way(times, y=y, groups=person)
    assert len(split.out_of_time) / 4000 == pytest.approx(0.2, abs=0.01)
    early = len(split.train) + len(split.validation)
    assert len(split.validation) / early == pytest.approx(0.2, abs=0.02)
    assert y[split.validation].mean() == pytest.approx(y[split.train].mean(), abs=0.03)
    assert "people seen in training" in split.reasons[0].en
    assert split.periods["train"][1] < split.periods["out_of_time"][0]
    assert split.to_dict()["rows"]["purged"] == 0


def test_same_seed_same_split(rows):
    times, y, person = rows
    one, two, three = (three_way(times, y=y, groups=person, seed=s).validation.tolist() for s in (1, 1, 2))
    assert one == two != three


def test_by_date(rows):
    times, y, _ = rows
    split = three_way(times, y=y, out_of_time=date(2024, 11, 1))
    assert times[split.out_of_time].min() >= np.datetime64("2024-11-01")
    with pytest.raises(ValidationError, match="leaves one side empty"):
        three_way(times, out_of_time="2031-01-01")


@pytest.mark.parametrize(
    ("times", "y", "span", "word", "zh"),
    [
        (np.full(100, START), None, 0, "same cutoff", "截止时间相同"),
        (START + np.repeat([0, 1], [10, 90]) * DAY, None, 0, "latest cutoff alone holds 90%", "占 90%"),
        (START + np.arange(100) * DAY, None, 75, "look so far forward", "标签窗口过长"),
        (START + np.arange(100) * DAY, np.arange(100) < 30, 0, "later period holds only one class", "较晚时期"),
    ],
)
def test_falling_back_is_said(times, y, span, word, zh):
    split = three_way(times, y=y, label_span=timedelta(days=span))
    assert split.kind == "random"
    assert word in split.reasons[0].text("en")
    assert zh in split.reasons[0].text("zh")
    assert len(split.out_of_time) == pytest.approx(20, abs=2)


def test_bad_input(rows):
    times, y, person = rows
    with pytest.raises(ValidationError, match="too few rows"):
        three_way(times[:2])
    with pytest.raises(ValidationError, match=r"validation=1\.5"):
        three_way(times, validation=1.5)
    with pytest.raises(ValidationError, match="labels do not match"):
        three_way(times, y=y[:5])
    with pytest.raises(ValidationError, match="groups do not match"):
        three_way(times, groups=person[:5])
    with pytest.raises(ValidationError, match="part train would be empty"):
        three_way(times, groups=np.zeros(4000))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=30, max_size=90), st.sampled_from((0.1, 0.25, 0.5)))
def test_validation_may_be_the_latest_of_the_earlier_rows(day, share):
    times = START + np.array(day) * DAY
    if len(np.unique(times)) < 5:
        return
    try:
        split = three_way(times, out_of_time=0.3, validation=share, latest=True)
    except ValidationError:
        return  # one instant holds nearly everything
    if split.kind != "out_of_time":
        return
    assert times[split.train].max() < times[split.validation].min()
    assert times[split.validation].max() < times[split.out_of_time].min()
    early = len(split.train) + len(split.validation)
    last = (times[np.r_[split.train, split.validation]] == times[split.validation].max()).sum()
    assert len(split.validation) <= max(share * early, last)
