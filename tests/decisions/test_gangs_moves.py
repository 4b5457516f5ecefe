"""Scored transfers of searches: held if they are whole, told apart by cutoff, with their truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tael.decisions.gangs_moves import Moves, truth_of
from tael.errors import DecisionError

DAY = 86_400_000_000
GOOD: dict[str, Any] = {
    "sender": ["a", "b", "c", "a"], "receiver": ["b", "c", "a", "d"], "at": [1, 2, 3, 4],
    "amount": [1.0, 2.0, 0.0, 4.0], "cutoff": [5 * DAY, 5 * DAY, 5 * DAY, 9 * DAY], "id": [10, 11, 12, 13],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"receiver": ["b", "c"]}, "do not fit together"),
        ({"sender": ["a", None, "c", "a"]}, "sender is missing"),
        ({"receiver": [None, "c", "a", "d"]}, "receiver is missing"),
        ({"amount": [1.0, np.nan, 0.0, 4.0]}, "amount is missing"),
        ({"amount": [1.0, -2.0, 0.0, 4.0]}, "amount is missing"),
        ({"amount": [1.0, np.inf, 0.0, 4.0]}, "amount is missing"),
        ({"at": [1, 5 * DAY, 3, 4]}, "time is missing"),
    ],
)
def test_transfers_that_are_not_whole_are_refused_by_name(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DecisionError, match=said) as caught:
        Moves.of(**(GOOD | changed))
    if "together" not in said:
        assert "such as transfer 1" in str(caught.value)


def test_each_cutoff_is_a_search_of_its_own() -> None:
    moves = Moves.of(**GOOD)
    assert [(name, rows.tolist()) for name, rows in moves.searches()] == [
        ("1970-01-06", [0, 1, 2]),
        ("1970-01-10", [3]),
    ]
    edges = moves.edges(np.array([0, 1, 2]))
    assert edges.nodes == ("a", "b", "c")
    assert [(edges.nodes[a], edges.nodes[b]) for a, b in zip(edges.source, edges.target, strict=True)] == [
        ("a", "b"), ("b", "c"), ("c", "a"),
    ]  # fmt: skip
    assert moves.take(np.array([3])).id.tolist() == [13]
    assert list(Moves.of([], [], [], [], [], []).searches()) == []


def test_a_gang_is_asked_for_as_far_as_a_search_can_see_it() -> None:
    moves = Moves.of(**GOOD)
    case = np.array(["x", "x", None, "x"], dtype=object)
    assert truth_of(moves, np.array([0, 1, 2]), case) == {"x": {"a", "b", "c"}}
    assert truth_of(moves, np.array([3]), case) == {}, "two accounts are no group"
    assert truth_of(moves, np.array([3]), case, least=2) == {"x": {"a", "d"}}
