"""Searches for gangs: capacity, quiet time, settings chosen on validation, hard cases, no look ahead."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from tael.decisions import GangPolicy, decision_from_dict
from tael.decisions.gangs import Search, gang_told
from tael.decisions.gangs_moves import Moves
from tael.errors import DecisionError, TaelError
from tael.networks import GangSettings

DAY = 86_400_000_000
PLAIN = GangSettings(share=None, threshold=0.5, within="14d", rounds=0)


def moves(*rows: tuple[str, str, int, float], cutoff: int = 30) -> Moves:
    """Transfers (sender, receiver, day, amount), all seen by one search."""
    a, b, day, amount = (list(column) for column in zip(*rows, strict=True))
    return Moves.of(a, b, np.array(day) * DAY, amount, [cutoff * DAY] * len(a), np.arange(len(a)))


def joined(*parts: Moves) -> Moves:
    return Moves(*(np.concatenate([getattr(p, name) for p in parts])
                   for name in ("sender", "receiver", "at", "amount", "cutoff", "id")))  # fmt: skip


def fan(hub: str, payers: int = 4, day: int = 5, amount: float = 100.0, cutoff: int = 30) -> Moves:
    return moves(*((f"{hub}{k}", hub, day + k, amount) for k in range(payers)), cutoff=cutoff)


def names(found: list[Search]) -> list[tuple[str, list[str]]]:
    return [(one.name, [one.gang_name(place) for place, _ in one.reported()]) for one in found]


def test_the_first_by_score_times_money_up_to_the_capacity() -> None:
    batch = joined(fan("x", amount=10.0), fan("y", amount=1000.0), fan("z", amount=100.0))
    found = GangPolicy(2, PLAIN).decide(batch, np.full(12, 0.9))
    assert names(found) == [("1970-01-31", ["1970-01-31-001", "1970-01-31-002"])]
    assert [found[0].gangs[k].members[0] for k in range(3)] == ["y", "z", "x"]
    assert found[0].reason == ("gang", "gang", "capacity")
    assert found[0].rank.tolist() == [1, 2, 0]


def test_what_was_reported_is_left_alone_for_a_while() -> None:
    batch = joined(fan("x"), fan("x", day=8, cutoff=44), fan("x", day=60, cutoff=90))
    found = GangPolicy(5, PLAIN, quiet=20).decide(batch, np.full(12, 0.9))
    assert [one.reason for one in found] == [("gang",), ("again",), ("gang",)]
    assert [one.reason for one in GangPolicy(5, PLAIN).decide(batch, np.full(12, 0.9))] == [("gang",)] * 3


def test_later_searches_and_transfers_change_nothing_of_earlier_ones() -> None:
    first, later = joined(fan("x"), fan("y")), joined(fan("x", day=35, cutoff=60), fan("w", day=40, cutoff=60))
    alone = GangPolicy(5, PLAIN, quiet=50).decide(first, np.full(8, 0.9))
    both = GangPolicy(5, PLAIN, quiet=50).decide(joined(first, later), np.full(16, 0.9))
    assert names(both)[0] == names(alone)[0]
    assert [g.members for g in both[0].gangs] == [g.members for g in alone[0].gangs]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    batch = joined(fan("x", 5), fan("y", 3, amount=7.0), fan("z", 4, day=12))
    p = np.linspace(0.6, 0.9, len(batch))
    mixed = np.random.default_rng(seed).permutation(len(batch))
    one, two = (GangPolicy(5, PLAIN).decide(b, s)[0] for b, s in ((batch, p), (batch.take(mixed), p[mixed])))
    assert [set(g.members) for g in one.gangs] == [set(g.members) for g in two.gangs]
    assert [g.score for g in one.gangs] == pytest.approx([g.score for g in two.gangs])


def test_hard_cases() -> None:
    policy = GangPolicy(5, PLAIN)
    assert names(policy.decide(fan("x"), np.full(4, 0.1))) == [("1970-01-31", [])], "nothing suspicious"
    loops = moves(*(("x", "x", day, 5.0) for day in range(1, 6)))
    assert names(policy.decide(loops, np.full(5, 0.9))) == [("1970-01-31", [])], "transfers to oneself"
    one = moves(*(("x", f"r{k}", k, 5.0) for k in range(1, 9)))
    found = policy.decide(one, np.full(8, 0.9))[0]
    assert (found.gangs[0].typology, dict(zip(found.gangs[0].members, found.gangs[0].roles, strict=True))["x"]) == (
        "fan_out", "source")  # fmt: skip
    none = fan("x").take(np.zeros(0, dtype=np.int64))
    assert policy.decide(none, []) == [], "no transfers at all"
    quiet_period = joined(fan("x"), moves(("a", "b", 40, 1.0), cutoff=60))
    assert names(policy.decide(quiet_period, [0.9] * 4 + [0.0]))[1] == ("1970-03-02", [])


def test_settings_are_chosen_where_gangs_are_known() -> None:
    # scores of a gang's transfers lie at .3: only the lower threshold finds them
    batch = joined(fan("x", 6), fan("y", 6, day=6))
    p, case = np.full(12, 0.3), np.array(["g1"] * 6 + ["g2"] * 6, dtype=object)
    grid = {"thresholds": (0.2, 0.6), "withins": ("7d",), "split_overs": (15,), "rounds": (0,)}
    policy = GangPolicy(5, PLAIN).fit(batch, p, case, grid)
    assert (policy.settings.threshold, policy.settings.within) == (0.2, "7d")
    assert policy.trials_ is not None
    assert [row["threshold"] for row in policy.trials_] == [0.2, 0.6]
    assert policy.trials_[0]["recall"] == 1.0
    again = decision_from_dict(policy.to_dict())
    assert again == policy
    assert names(again.decide(batch, p)) == names(policy.decide(batch, p))


def test_without_a_known_gang_nothing_is_chosen() -> None:
    grid = {"thresholds": (0.2, 0.6)}
    for case in ([None] * 4, ["g1", None, None, None]):  # none; one of two accounts
        policy = GangPolicy(5, PLAIN).fit(fan("x"), np.full(4, 0.3), np.array(case, dtype=object), grid)
        assert policy.trials_ is None
        assert asdict(policy.settings) == asdict(PLAIN)


def test_a_gang_never_has_more_than_sixty_members() -> None:
    found = GangPolicy(50, PLAIN).decide(
        moves(*((f"p{k}", "hub", k % 9 + 1, 5.0) for k in range(150))), np.full(150, 0.9)
    )
    assert found[0].gangs
    assert max(len(gang) for gang in found[0].gangs) <= 60
    with pytest.raises(DecisionError, match="too large"):
        GangPolicy(5, GangSettings(share=None, threshold=0.5, cap=61))


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"sender": ["a", None]}, "sender is missing"),
        ({"receiver": [None, "c"]}, "receiver is missing"),
        ({"amount": [1.0, np.nan]}, "amount is missing"),
        ({"amount": [1.0, -2.0]}, "amount is missing or makes no sense"),
        ({"at": [1, 50]}, "time is missing"),
        ({"at": [1]}, "do not fit together"),
    ],
)
def test_what_is_missing_is_said(edits: dict[str, list[object]], said: str) -> None:
    columns = {"sender": ["a", "b"], "receiver": ["b", "c"], "at": [1, 2], "amount": [1.0, 2.0], "cutoff": [9, 9],
               "id": ["t1", "t2"]} | edits  # fmt: skip
    with pytest.raises(DecisionError, match=said):
        Moves.of(**columns)


@pytest.mark.parametrize(
    "make",
    [lambda: GangPolicy(0), lambda: GangPolicy(1.5), lambda: GangPolicy(1, quiet=-1.0)],  # type: ignore[arg-type]
)
def test_settings_that_make_no_sense(make: object) -> None:
    with pytest.raises(TaelError, match="makes no sense"):
        make()  # type: ignore[operator]


def test_a_gang_in_words() -> None:
    gang = GangPolicy(1, PLAIN).decide(fan("x"), np.full(4, 0.9))[0].gangs[0]
    said = gang_told(gang, "CNY")
    assert said.en == "fan-in, 5 accounts, 4 transfers with 400.00 CNY, 1970-01-06 to 1970-01-09"
    assert said.zh == "集中转入，5 个账户、4 笔转账，共 400.00 CNY，1970-01-06 至 1970-01-09"
