from __future__ import annotations

import numpy as np
import pytest

from tael.decisions import ApprovalPolicy, swap_set
from tael.errors import DecisionError


def test_two_by_two():
    new = ["approve", "approve", "decline", "refer", "decline"]
    old = np.array([True, False, True, False, False])
    table = swap_set(new, old, pd=[0.1, 0.2, 0.3, 0.4, 0.6], y=[0, 0, 1, 0, 1], profit=[5, 4, -3, 1, -9])
    assert table["cell"].to_list() == ["both approve", "swap in", "swap out", "both decline"]
    assert table["n"].to_list() == [1, 1, 1, 2]
    assert table["expected_bad_rate"].to_list() == pytest.approx([0.1, 0.2, 0.3, 0.5])
    assert table["observed_bad_rate"].to_list() == [0, 0, 1, 0.5]
    assert table["profit"].to_list() == [5, 4, -3, -8]
    assert table["share"].sum() == pytest.approx(1)


def test_takes_decisions_as_they_come():
    policy = ApprovalPolicy().fit([0.1, 0.9], [1, -9])
    found = policy.decide([0.05, 0.95])
    assert swap_set(found, found)["n"].to_list() == [1, 0, 0, 1]
    assert swap_set([], [])["n"].to_list() == [0, 0, 0, 0]


def test_bad_input():
    with pytest.raises(DecisionError, match="Unknown decisions in the new policy"):
        swap_set(["yes"], ["approve"])
    with pytest.raises(DecisionError, match="old decisions do not match"):
        swap_set(["approve"], [])
    with pytest.raises(DecisionError, match="do not match"):
        swap_set(["approve"], ["approve"], pd=[0.1, 0.2])
