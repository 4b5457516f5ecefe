"""The last weighing: with few cases variety comes before near copies."""

from __future__ import annotations

import numpy as np
import pytest

from tael.features.labels import Label
from tael.features.ledger import Ledger
from tael.features.weighing import Weighing, alike_from
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
