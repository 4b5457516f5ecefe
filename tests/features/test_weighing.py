"""The last weighing: with few cases variety comes before near copies."""

from __future__ import annotations

import numpy as np
import pytest

from tael.features.labels import Label
from tael.features.ledger import Ledger
from tael.features.select import foretold, people_apart, weigh
from tael.features.weighing import STABLE, Weighing, alike_from
from tael.formulas.parser import parse
from tael.formulas.syntax import Node


def _weighed(cases: int, correlation: float = 0.98) -> tuple[Ledger, list[Node], list[Node]]:
    """Three columns: one, its near copy (rank correlation about .95), and another of its own."""
    rng = np.random.default_rng(0)
    n = 400
    y = np.zeros(n, dtype=np.int64)
    y[rng.permutation(n)[:cases]] = 1
    first = y + rng.normal(size=n)
    columns = np.stack([first, first + rng.normal(0, 0.3, n), y + rng.normal(size=n)]).astype(np.float32)
    nodes = [parse(text) for text in ("first", "copy", "other")]
    ledger = Ledger()
    for node in nodes:
        ledger.enter(node, 5.0, 1.0, 1.0, 5.0)
    weighing = Weighing(Label.of("binary", y, 2), 10, ledger, correlation=correlation)
    return ledger, nodes, weighing.choose(nodes, columns, [])[0]


def test_with_few_cases_a_near_copy_goes_and_the_ledger_says_for_which() -> None:
    ledger, (first, _, other), kept = _weighed(30)
    assert set(kept) == {first, other}
    assert ledger.summary()["redundant"] == 1
    frame = ledger.frame()
    assert frame.filter(frame["formula"] == "copy")["because_of"].to_list() == ["first"]


def test_with_enough_cases_it_is_weighed_like_any_other() -> None:
    ledger, _, _ = _weighed(150)
    assert "redundant" not in ledger.summary()


def test_a_stricter_bound_of_the_users_own_stands() -> None:
    """Whoever asks for less correlation than that has had the twins parted before."""
    ledger, _, _ = _weighed(30, correlation=0.5)
    assert "redundant" not in ledger.summary()


@pytest.mark.parametrize(("cases", "limit"), [(0, 0.5), (1, 0.5), (20, 0.5), (50, 0.8), (99, 1 - 10 / 99)])
def test_the_bound_rises_with_the_cases(cases: int, limit: float) -> None:
    assert alike_from(cases) == pytest.approx(limit)


def _weeks() -> tuple[np.ndarray, np.ndarray, Label]:
    """People in twelve weeks: what somebody does tells the label, and so does who it is, though of nobody else."""
    rng = np.random.default_rng(1)
    whose = np.tile(np.arange(199), 12)
    bad = rng.random(199) < 0.25
    age = rng.normal(size=199)[whose]
    deed = bad[whose] + rng.normal(size=len(whose))
    columns = np.stack([age, deed, rng.normal(size=len(whose))]).astype(np.float32)
    return whose, columns, Label.of("binary", bad[whose].astype(np.int64), 2)


def test_who_somebody_is_helps_no_model_that_has_not_seen_them() -> None:
    whose, columns, label = _weeks()
    known = weigh(columns, label)
    assert known.stability[0] == 1.0
    assert known.help[0] > 0.05
    apart = weigh(columns, label, person=people_apart(whose))
    assert apart.help[0] < 0.0 < apart.help[1]
    assert apart.stability[0] < STABLE < apart.stability[1]


def test_nobody_is_foretold_by_a_model_that_has_seen_them() -> None:
    whose, columns, label = _weeks()

    def right(person: np.ndarray | None) -> float:
        told = foretold(columns[:1], label, person=person)
        assert told is not None
        return float(np.corrcoef(told[:, 1], label.y)[0, 1])

    assert right(None) > 0.3
    assert right(people_apart(whose)) < 0.15


def test_people_are_kept_apart_only_where_they_come_again() -> None:
    person = people_apart(np.repeat([7, 5, 9], 4), seed=3)
    assert person is not None
    assert sorted(set(person.tolist())) == [0, 1, 2]
    assert all(len(set(person[k : k + 4].tolist())) == 1 for k in (0, 4, 8))
    assert people_apart(np.array([1, 1, 2, 3, 4])) is None
