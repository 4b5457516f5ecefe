"""The small parts that the lender is made of, against plain loops."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets.lender_events import Seen
from tael.datasets.lender_life import Accounts
from tael.datasets.lender_lines import expected_use
from tael.datasets.lender_loans import principal_left
from tael.datasets.lender_texts import COLLECTION_TOPICS, SERVICE_TOPICS, complaint_text

DAY = 86_400
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 400 * DAY)), max_size=30)
ASKED = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400 * DAY), st.integers(0, 90)), min_size=1, max_size=10)


@settings(max_examples=150, deadline=None)
@given(EVENTS, ASKED, st.booleans())
def test_seen_counts_what_was_strictly_before(
    events: list[tuple[int, int]], asked: list[tuple[int, int, int]], at_an_event: bool
) -> None:
    if at_an_event and events:  # at the very moment of an event is where a mistake would be
        asked = [(*events[i % len(events)], days) for i, (_, _, days) in enumerate(asked)]
    seen = Seen(*(np.array([event[i] for event in events], dtype=np.int64) for i in (0, 1)))
    who, now = (np.array([one[i] for one in asked], dtype=np.int64) for i in (0, 1))
    for days in (1, 30, 365):
        plain = [sum(c == w and max(t - days * DAY, 0) <= e < t for c, e in events) for w, t, _ in asked]
        assert seen.recent(who, now, days).tolist() == plain
    low = now - np.array([one[2] * DAY for one in asked])
    plain = [sum(c == w and max(t - d * DAY, 0) <= e < t for c, e in events) for w, t, d in asked]
    assert seen.count(who, low, now).tolist() == plain
    gaps = []
    for w, t, _ in asked:
        before = [e for c, e in events if c == w and e < t]
        gaps.append(min((t - max(before)) / DAY, 100.0) if before else 100.0)
    assert seen.gap(who, now, 100).tolist() == pytest.approx(gaps)


@settings(max_examples=60, deadline=None)
@given(st.floats(1_000, 200_000), st.floats(0.05, 0.36), st.integers(1, 12))
def test_principal_left_is_what_an_annuity_leaves(amount: float, rate: float, term: int) -> None:
    each = amount * rate / 12 / (1 - (1 + rate / 12) ** -term)
    left, plain = amount, []
    for _ in range(term + 1):
        plain.append(left)
        left = left * (1 + rate / 12) - each
    got = principal_left(
        np.full(term + 1, amount), np.full(term + 1, rate), np.full(term + 1, term), np.arange(term + 1)
    )
    assert got.tolist() == pytest.approx(plain, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.floats(100, 1e6), st.lists(st.floats(100, 1e6), min_size=2, max_size=20))
def test_a_larger_line_is_drawn_more_and_used_less(need: float, limits: list[float]) -> None:
    limit = np.sort(np.array(limits))
    share = expected_use(np.full(len(limit), need), limit)
    drawn = share * limit
    assert (share > 0).all()
    assert (share <= 1).all()
    assert (np.diff(share) <= 1e-12).all()
    assert (np.diff(drawn) >= -1e-6).all()
    assert (drawn <= need * (1 + 1e-9)).all()


def test_the_last_balance_is_one_before_the_moment() -> None:
    as_of = np.array([10, 20, 30, 40, 50])
    balance = np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])
    accounts = Accounts(as_of, np.array([12]), balance, balance, np.zeros((1, 6), dtype=bool))
    now, change = accounts.last(np.zeros(6, dtype=np.int64), np.array([15, 20, 21, 31, 51, 99]))
    assert np.isnan(now[:2]).all()
    assert now[2:].tolist() == [2.0, 4.0, 16.0, 16.0]
    expected = [0.0, np.log(4 / 2), np.log(16 / np.mean([2, 4, 8])), np.log(16 / np.mean([2, 4, 8]))]
    assert change[2:].tolist() == pytest.approx(expected)


def test_every_topic_has_words_in_both_languages() -> None:
    topics = np.repeat(np.arange(len(COLLECTION_TOPICS + SERVICE_TOPICS)), 60)
    texts = pl.Series(complaint_text(np.random.default_rng(0), topics, 1 + np.arange(len(topics)) % 3))
    chinese = texts.str.contains("[\u4e00-\u9fff]")
    by_topic = pl.DataFrame({"topic": topics, "text": texts, "chinese": chinese}).group_by("topic", "chinese")
    assert len(by_topic.len()) == 2 * len(COLLECTION_TOPICS + SERVICE_TOPICS)
    for _, part in by_topic:
        assert part["text"].n_unique() > 4
