"""Batches decided one by one: the limits hold for each, and together they are told as one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tael.decisions import OptionsPolicy
from tael.decisions.campaigns import Campaigns, decide_each

N = 240
LIMITS: list[dict[str, Any]] = [
    {"budgets": {"cost": (None, 30.0)}},
    {"budgets": {"cost": (None, 60.0)}, "batch": 100.0},
    {"capacities": {"call": (None, 7)}},
]


def made_of(seed: int = 0) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    worth = np.column_stack([np.zeros(N), rng.uniform(0, 9, N)])
    campaign = np.where(np.arange(N) % 3 == 0, "2024-01-01", "2024-04-01")
    worth[campaign == "2024-01-01", 1] *= 10  # pooled, this date would take all
    return worth, {"cost": np.column_stack([np.zeros(N), np.full(N, 3.0)])}, np.ones((N, 2), dtype=bool), campaign


@pytest.mark.parametrize("limits", LIMITS)
def test_each_batch_is_decided_as_if_alone(limits: dict[str, Any]) -> None:
    worth, uses, mask, campaign = made_of()
    policy = OptionsPolicy(["none", "call"], **limits)
    given: dict[str, Any] = {"rules": {}, "members": {}, "solve": True}
    every = decide_each(policy, campaign, worth, uses, mask, ids=np.arange(N), **given)
    pooled = policy.decide(worth, uses, mask, ids=np.arange(N), solve=True)
    assert isinstance(every.allocation, Campaigns)
    values = {}
    for name in np.unique(campaign):
        rows = np.flatnonzero(campaign == name)
        alone = policy.decide(worth[rows], {"cost": uses["cost"][rows]}, mask[rows], ids=rows, solve=True)
        assert every.choice[rows].tolist() == alone.choice.tolist()
        assert every.reason[rows].tolist() == alone.reason.tolist()
        assert every.choice[rows].sum() > 0
        values[name] = alone.worth.sum()
    assert every.choice.tolist() != pooled.choice.tolist()
    assert every.worth.sum() == pytest.approx(sum(values.values()))


def test_told_together_amounts_are_sums_and_prices_means() -> None:
    worth, uses, mask, campaign = made_of()
    policy = OptionsPolicy(["none", "call"], budgets={"cost": (None, 30.0)})
    made = decide_each(policy, campaign, worth, uses, mask, ids=np.arange(N), rules={}, members={}, solve=True)
    together = made.allocation
    assert isinstance(together, Campaigns)
    by_name = [row for row in together.by_name.to_dicts() if row["constraint"] == "cost"]
    assert [row["batch"] for row in by_name] == ["2024-01-01", "2024-04-01"]
    assert [row["use"] for row in by_name] == [30.0, 30.0]
    assert [row["upper"] for row in by_name] == [30.0, 30.0]
    (row,) = [row for row in together.limits.to_dicts() if row["constraint"] == "cost"]
    assert (row["use"], row["upper"], row["lower"], row["slack"]) == (60.0, 60.0, None, 0.0)
    assert row["shadow_price"] == pytest.approx(np.mean([row["shadow_price"] for row in by_name]))
    curve = together.sensitivity((1.0, 2.0)).filter(constraint="cost").to_dicts()
    assert [one["limit"] for one in curve] == [60.0, 120.0]
    assert curve[0]["value"] == pytest.approx(made.worth.sum())
    assert curve[1]["value"] > curve[0]["value"]
    assert together.status == "solved"
    assert 0 <= together.gap < 1e-3
    assert together.words("en").startswith("2024-01-01: 80 customers")


def test_one_batch_that_cannot_be_solved_is_named() -> None:
    worth, uses, mask, campaign = made_of()
    mask[campaign == "2024-04-01", 1] = False  # nobody may be called, but somebody must
    policy = OptionsPolicy(["none", "call"], capacities={"call": (3, None)})
    made = decide_each(policy, campaign, worth, uses, mask, ids=np.arange(N), rules={}, members={}, solve=True)
    assert isinstance(made.allocation, Campaigns)
    assert made.allocation.status == "infeasible"
    assert made.allocation.words("en").startswith("2024-04-01: ")
    assert set(made.reason[campaign == "2024-04-01"]) == {"not_eligible"}
    assert made.choice[campaign == "2024-01-01"].sum() >= 3


def test_one_batch_is_the_policy_itself() -> None:
    worth, uses, mask, _ = made_of()
    policy = OptionsPolicy(["none", "call"], budgets={"cost": (None, 30.0)})
    for campaign in (None, np.full(N, "2024-01-01")):
        made = decide_each(policy, campaign, worth, uses, mask, ids=np.arange(N), rules={}, members={})
        assert made.choice.tolist() == policy.decide(worth, uses, mask, ids=np.arange(N)).choice.tolist()
        assert not isinstance(made.allocation, Campaigns)
