"""The queue of alerts: capacity, floor, groups, quiet time, parts of periods; and that it holds a plain oracle."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.decisions import AlertPolicy, decision_from_dict
from tael.errors import DecisionError


def days(*numbers: int) -> np.ndarray:
    return np.datetime64("2025-01-06", "us") + np.array(numbers) * np.timedelta64(1, "D")  # a Monday


def test_largest_first_up_to_the_capacity() -> None:
    made = AlertPolicy(2, per="week").decide([1.0, 5.0, 3.0, 9.0], days(0, 3, 6, 7))
    assert made.rank.tolist() == [0, 1, 2, 1]
    assert made.reason.tolist() == ["capacity", "alert", "alert", "alert"]
    assert made.period.tolist() == ["2025-01-06"] * 3 + ["2025-01-13"]
    assert "number 2 of at most 2" in made.texts("en")[2]
    assert "第 1 位" in made.texts("zh")[1]


def test_nothing_below_the_floor() -> None:
    made = AlertPolicy(5, per="batch", floor=2.0).decide([1.99, 2.0, 7.0], days(0, 9, 40))
    assert made.reason.tolist() == ["floor", "alert", "alert"]
    assert set(made.period) == {"batch"}


def test_one_alert_a_group_and_then_quiet() -> None:
    groups = ["a", "a", "b", "a", None, None]
    made = AlertPolicy(9, per="day", quiet=7).decide([4.0, 5.0, 3.0, 8.0, 1.0, 1.0], days(0, 0, 0, 6, 0, 0), groups)
    assert made.reason.tolist() == ["group", "alert", "alert", "quiet", "alert", "alert"]
    later = AlertPolicy(9, per="day", quiet=7).decide([5.0, 8.0], days(0, 7), ["a", "a"])
    assert later.alert.all()


def test_a_share_is_of_the_periods_rows() -> None:
    made = AlertPolicy(0.1, per="month").decide(np.arange(40.0), days(*range(0, 20), *range(40, 60)))
    assert made.alert.sum() == sum(made.rooms.values())
    assert AlertPolicy(0.1).room(4) == 1
    assert AlertPolicy(0.1).room(0) == 0


def test_a_part_of_a_period_is_decided_by_the_line() -> None:
    rng = np.random.default_rng(0)
    worth, at = rng.normal(size=400), days(*np.repeat(range(4), 100))
    policy = AlertPolicy(5).fit(worth, at)
    assert policy.rows_ == 100
    assert policy.line_ is not None
    alone = policy.decide([policy.line_ + 0.1, policy.line_ - 0.1], days(9, 9))
    assert alone.reason.tolist() == ["alert", "line"]
    # a whole period fills its places whatever the line
    assert policy.decide(worth[:100] - 1, at[:100]).alert.sum() == min(5, int((worth[:100] - 1 >= 0).sum()))


def test_a_bundle_holds_it() -> None:
    policy = AlertPolicy(3, per="week", floor=1.0, quiet=2.5, currency="CNY").fit([3.0, 2.0, 5.0], days(0, 1, 2))
    again = decision_from_dict(policy.to_dict())
    assert again == policy
    assert again.decide([4.0], days(0)).texts() == policy.decide([4.0], days(0)).texts()


def test_faults_are_named() -> None:
    with pytest.raises(DecisionError, match="capacity makes no sense"):
        AlertPolicy(0)
    with pytest.raises(DecisionError, match="No such period"):
        AlertPolicy(1, per="year")
    with pytest.raises(DecisionError, match="quiet"):
        AlertPolicy(1, quiet=-1)
    with pytest.raises(DecisionError, match="worth is missing"):
        AlertPolicy(1).decide([np.nan], days(0))
    with pytest.raises(DecisionError, match="cutoff is missing"):
        AlertPolicy(1).decide([1.0], [np.datetime64("NaT")])
    with pytest.raises(DecisionError, match="do not fit"):
        AlertPolicy(1).decide([1.0, 2.0], days(0))


rows = st.tuples(st.integers(-5, 20), st.integers(0, 12), st.integers(0, 3))


@settings(deadline=None, max_examples=60)
@given(st.lists(rows, max_size=30), st.integers(1, 4), st.integers(0, 5))
def test_a_plain_walk_through_time_agrees(drawn: list[tuple[int, int, int]], room: int, quiet: int) -> None:
    worth, day, group = (np.array([row[k] for row in drawn], dtype=np.int64) for k in range(3))
    made = AlertPolicy(room, per="day", quiet=quiet).decide(worth.astype(float), days(*day), group)
    expected, last = np.zeros(len(drawn), dtype=int), dict[int, int]()
    for today in sorted(set(day.tolist())):
        here = sorted((k for k in range(len(drawn)) if day[k] == today and worth[k] >= 0), key=lambda k: (-worth[k], k))
        seen, rank = set[int](), 0
        for k in here:
            g = int(group[k])
            if g in seen:
                continue
            seen.add(g)
            if rank < room and (g not in last or today - last[g] >= quiet):
                rank += 1
                expected[k], last[g] = rank, today
    assert made.rank.tolist() == expected.tolist()


def test_series_are_welcome() -> None:
    at = pl.Series("cutoff", days(0, 0))
    assert AlertPolicy(1).decide([1.0, 2.0], at, pl.Series(["a", "b"])).rank.tolist() == [0, 1]
