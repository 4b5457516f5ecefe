"""Reports held against what came out: right and found, ranks, typologies, money paid once."""

from __future__ import annotations

import numpy as np
import pytest

from tael.decisions import GangPolicy
from tael.decisions.gangs_measure import by_rank, by_shape, by_typology, drawn_worth, gang_figures, held_against
from tael.decisions.gangs_moves import Moves, truth_of
from tael.networks import GangSettings

DAY = 86_400_000_000


@pytest.fixture
def seen() -> tuple[Moves, np.ndarray, np.ndarray]:
    """Two searches: gang g1 in both, g2 in the second alone, and a fan of honest accounts that is scored high."""
    rows = [(f"x{k}", "x", 3 + k, 100.0, 30, "g1") for k in range(4)]
    rows += [(f"h{k}", "h", 3 + k, 10.0, 30, None) for k in range(4)]
    rows += [(f"x{k}", "x", 33 + k, 50.0, 60, "g1") for k in range(4)]
    rows += [(f"y{k}", "y", 33 + k, 500.0, 60, "g2") for k in range(3)]
    a, b, day, amount, cutoff, case = (list(column) for column in zip(*rows, strict=True))
    moves = Moves.of(a, b, np.array(day) * DAY, amount, np.array(cutoff) * DAY, np.arange(len(a)))
    kind = np.array([{"g1": "fan_in", "g2": "cycle", None: None}[c] for c in case], dtype=object)
    return moves, np.array(case, dtype=object), kind


def test_figures_by_hand(seen: tuple[Moves, np.ndarray, np.ndarray]) -> None:
    moves, case, kind = seen
    p = np.full(15, 0.9)
    p[12:] = 0.1  # g2 is missed
    policy = GangPolicy(2, GangSettings(share=None, threshold=0.5, rounds=0))
    held = held_against(moves, policy.decide(moves, p), case, kind)
    assert held.reports.select("search", "rank", "right", "case", "first").rows() == [
        ("1970-01-31", 1, True, "g1", True), ("1970-01-31", 2, False, None, False),
        ("1970-03-02", 1, True, "g1", False),
    ]  # fmt: skip
    told = gang_figures(held, value=0.5, fine=10.0, cost=4.0)
    assert (told["reports"], told["right"], told["gangs"], told["found"], told["close"]) == (3, 2, 2, 1, 1)
    assert told["precision"]["value"] == pytest.approx(2 / 3)
    assert told["recall"]["value"] == 0.5
    # a gang pays once: its first report, 400 CNY
    assert told["worth"]["value"] == pytest.approx(10 + 0.5 * 400 - 3 * 4)
    assert told["worth"]["low"] <= told["worth"]["value"] <= told["worth"]["high"]
    assert told["money"] == 400.0
    assert told["money_share"] == pytest.approx(400 / 1900)
    assert len(drawn_worth(held, value=0.5, fine=10.0, cost=4.0)) == 400
    assert [(row["k"], row["right"], row["reports"], row["gangs"]) for row in by_rank(held, 2)] == [
        (1, 2, 2, 1), (2, 2, 3, 1)]  # fmt: skip
    assert [(row["typology"], row["gangs"], row["found"]) for row in by_typology(held)] == [
        ("cycle", 1, 0), ("fan_in", 1, 1)]  # fmt: skip
    assert [(row["shape"], row["reports"], row["right"]) for row in by_shape(held)] == [("fan_in", 3, 2)]


def test_nothing_reported_and_nothing_known(seen: tuple[Moves, np.ndarray, np.ndarray]) -> None:
    moves, case, _ = seen
    policy = GangPolicy(2, GangSettings(share=None, threshold=0.5, rounds=0))
    for held in (
        held_against(moves, policy.decide(moves, np.zeros(15)), np.full(15, None)),
        held_against(moves, policy.decide(moves, np.zeros(15)), case),
        held_against(moves, policy.decide(moves, np.full(15, 0.9)), np.full(15, None)),
    ):
        told = gang_figures(held, value=0.5, fine=0.0, cost=1.0)
        assert told["right"] == told["found"] == 0
        assert told["worth"]["value"] == -float(held.reports.height)
        by_rank(held, 2), by_typology(held), by_shape(held)


def test_a_true_gang_is_what_the_search_can_see(seen: tuple[Moves, np.ndarray, np.ndarray]) -> None:
    moves, case, _ = seen
    (_, first), (_, second) = moves.searches()
    assert truth_of(moves, first, case) == {"g1": {"x", "x0", "x1", "x2", "x3"}}
    assert truth_of(moves, second, case, least=5) == {"g1": {"x", "x0", "x1", "x2", "x3"}}
