"""Links and what is carried along them, against plain loops over all pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.networks import Edges, carry, link_edges, suspicion_around

DAY = 86_400_000_000
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 12)), min_size=1, max_size=25)


def plain(edges: Edges, days: int) -> set[tuple[int, int, int]]:
    found = set()
    for i in range(len(edges)):
        for j in range(len(edges)):
            gap = edges.time[j] - edges.time[i]
            if i == j or not 0 <= gap <= days * DAY:
                continue
            if edges.target[i] == edges.source[j]:
                found.add((i, j, 0))
            if edges.source[i] == edges.source[j] and (gap > 0 or j > i):
                found.add((i, j, 1))
            if edges.target[i] == edges.target[j] and (gap > 0 or j > i):
                found.add((i, j, 2))
    return found


@given(rows=ROWS, days=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_links_equal_all_pairs(made: Callable[..., Edges], rows: list[tuple[int, int, int]], days: int) -> None:
    edges = made(rows)
    links = link_edges(edges, f"{days}d", most=1_000)
    triples = list(zip(links.first.tolist(), links.second.tolist(), links.kind.tolist(), strict=True))
    assert set(triples) == plain(edges, days)
    assert len(triples) == len(set(triples))
    assert links.capped == 0


@given(rows=ROWS, data=st.data())
@settings(max_examples=40, deadline=None)
def test_suspicion_equals_all_pairs(
    made: Callable[..., Edges], rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    edges = made(rows)
    score = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(rows), max_size=len(rows))))
    columns = suspicion_around(edges, score, within="3d", most=1_000)
    want = {name: np.zeros(len(rows)) for name in columns}
    for i, j, kind in plain(edges, 3):
        ways = [("after", i, j), ("before", j, i)] if kind == 0 else [(("source", "target")[kind - 1], *p) for p in
                                                                      ((i, j), (j, i))]  # fmt: skip
        for way, taker, giver in ways:
            want[f"{way}_max"][taker] = max(want[f"{way}_max"][taker], score[giver])
            want[f"{way}_sum"][taker] += score[giver]
    for name in columns:
        assert columns[name] == pytest.approx(want[name])


def test_hubs_are_capped_and_told(made: Callable[..., Edges]) -> None:
    edges = made([(0, k + 1, k / 100) for k in range(50)])
    links = link_edges(edges, "7d", most=5)
    assert links.capped > 0
    assert np.bincount(links.first).max() == 5
    assert len(links.first) <= 5 * 50


def test_suspicion_is_carried_both_ways_and_decays(made: Callable[..., Edges]) -> None:
    edges = made([(0, 1, 0), (1, 2, 1), (2, 3, 2), (3, 4, 3), (8, 9, 1)])
    score = np.array([0.0, 0.2, 0.9, 0.2, 0.2])
    once = carry(edges, score, within="2d", rounds=1)
    assert once[1] == once[3] > 0.2
    assert once[4] == 0.2
    assert once[0] == 0.0  # what is clear stays clear
    assert (carry(edges, score, rounds=3) >= once).all()


def test_money_does_not_flow_back_in_time(made: Callable[..., Edges]) -> None:
    edges = made([(0, 1, 5), (1, 2, 1)])
    assert carry(edges, [0.9, 0.3], rounds=3).tolist() == [0.9, 0.3]


def test_without_direction_all_meetings_count(made: Callable[..., Edges]) -> None:
    edges = made([(0, 1, 0), (2, 0, 1)], directed=False)
    assert len(link_edges(edges, "7d").first) == 1
