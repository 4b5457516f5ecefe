"""What a queue found, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tael.decisions.alerts import AlertPolicy
from tael.decisions.alerts_measure import Came, behind, by_lot, figures, queued, ranked

DAY = np.array(["2025-01-01"] * 4 + ["2025-01-02"] * 4, dtype="datetime64[us]")


def came(groups: list[str] | None = None) -> Came:
    y = [1, 0, 0, 1, 0, 1, 0, 0]
    return Came.of(y, np.full(8, 100.0), np.full(8, 10.0), DAY, groups or list("abcdefgh"))


def test_figures_by_hand() -> None:
    alert = np.array([1, 1, 0, 0, 0, 1, 0, 0], dtype=bool)
    found = figures(alert, came())
    assert (found["alerts"], found["hits"]) == (3, 2)
    assert found["precision"]["value"] == pytest.approx(2 / 3)
    assert found["recall"]["value"] == pytest.approx(2 / 3)
    assert found["lift"] == pytest.approx(2 / 3 / (3 / 8))
    assert found["money"] == 200.0
    assert found["worth"]["value"] == 170.0
    assert 0 <= found["precision"]["low"] <= found["precision"]["value"] <= found["precision"]["high"] <= 1


def test_units_are_counted_once() -> None:
    found = figures(np.ones(8, dtype=bool), came(list("aabbccdd")))
    assert (found["units"], found["units_hit"], found["units_positive"]) == (4, 3, 3)


def test_nothing_alerted() -> None:
    found = figures(np.zeros(8, dtype=bool), came())
    assert found["precision"]["value"] is None
    assert found["worth"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_difference_is_of_the_same_rows() -> None:
    one, other = np.zeros((2, 8), dtype=bool)
    one[0], other[1] = True, True
    assert behind(one, other, came())["value"] == 100.0
    assert behind(one, one, came()) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_rankings_at_depths() -> None:
    policy, score = AlertPolicy(1, floor=1e9), np.array([9, 1, 1, 8, 1, 9, 1, 1.0])
    assert queued(policy, score, came()).sum() == 2, "the floor stands aside"
    first, second = ranked(policy, score, came(), [1, 2])
    assert (first["hits"], first["precision"]["value"]) == (2, 1.0)
    assert (second["alerts"], second["hits"]) == (4, 3)


def test_chance_finds_the_base_rate() -> None:
    told = by_lot(AlertPolicy(2), came(), times=300)
    assert told["precision"] == pytest.approx(3 / 8, abs=0.05)
    assert told["alerts"] == 4
