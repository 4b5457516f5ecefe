"""The allocator against an oracle: what it finds, what it promises, and what it says."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tael.decisions.allocation import Allocation, Allocator, GroupRule, allocate, cap_mask
from tael.errors import DecisionError


def brute_force(
    value: np.ndarray, limits: list[tuple[np.ndarray, float, float]], mask: np.ndarray | None = None
) -> float | None:
    """The best value of all choices, or None: the plainest oracle there is."""
    n, k = value.shape
    best = None
    for choice in itertools.product(range(k), repeat=n):
        rows = np.arange(n)
        if mask is not None and not mask[rows, choice].all():
            continue
        if all(low <= math.fsum(use[rows, choice]) <= high for use, low, high in limits):
            worth = math.fsum(value[rows, choice])
            best = worth if best is None else max(best, worth)
    return best


def highs(value: np.ndarray, limits: list[tuple[np.ndarray, float, float]], seconds: float) -> tuple[float, float]:
    """Value and bound of HiGHS."""
    n, k = value.shape
    rows = [LinearConstraint(np.kron(np.eye(n), np.ones(k)), 1, 1)]
    rows += [LinearConstraint(use.reshape(1, -1), low, high) for use, low, high in limits]
    options = {"time_limit": seconds, "mip_rel_gap": 1e-9}
    done = milp(-value.ravel(), integrality=np.ones(n * k), bounds=Bounds(0, 1), constraints=rows, options=options)
    return -float(done.fun), -float(done.mip_dual_bound)


def uses(found: Allocation, use: np.ndarray) -> float:
    return math.fsum(use[np.arange(len(found.choice)), found.choice])


def sums_to(found: Allocation, value: np.ndarray) -> None:
    """Its value is what its choice is worth, and its bound and gap are about that."""
    assert found.status == "solved"
    assert found.value == pytest.approx(uses(found, value), abs=1e-9 * max(1.0, np.abs(value).sum()))
    assert found.bound >= found.value
    assert found.gap >= 0


small = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**31 - 1), st.booleans())


@settings(max_examples=60, deadline=None)
@given(small)
def test_small_problems_against_brute_force(drawn: tuple[int, int, int, bool]) -> None:
    n, k, seed, whole = drawn
    rng = np.random.default_rng(seed)
    value = rng.integers(-4, 9, (n, k)).astype(float) if whole else rng.normal(0, 5, (n, k))
    a = rng.integers(0, 5, (n, k)).astype(float)
    b = rng.random((n, k))
    mask = rng.random((n, k)) < 0.8
    mask[np.arange(n), rng.integers(0, k, n)] = True
    budgets = {"a": (float(rng.integers(0, 2 * n)), float(rng.integers(2 * n, 4 * n))), "b": float(rng.random() * n)}
    option = int(rng.integers(0, k))
    most = int(rng.integers(1, n + 1))
    found = allocate(value, {"a": a, "b": b}, budgets, mask, capacities={option: (0, most)})
    taken = np.zeros((n, k))
    taken[:, option] = 1.0
    limits = [(a, *budgets["a"]), (b, 0.0, budgets["b"]), (taken, 0.0, float(most))]
    best = brute_force(value, limits, mask)
    if best is None:
        assert found.status == "infeasible"
        assert (found.choice == -1).all()
        assert found.words() != found.words("zh")
        return
    sums_to(found, value)
    assert all(low <= uses(found, use) <= high for use, low, high in limits)
    assert mask[np.arange(n), found.choice].all()
    assert found.bound >= best - 1e-6 * max(1.0, abs(best))
    assert found.value == pytest.approx(best, abs=1e-6 * max(1.0, np.abs(value).sum()))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("correlated", [False, True])
def test_hundreds_of_customers_against_highs(seed: int, correlated: bool) -> None:
    rng = np.random.default_rng(seed)
    n, k = 150, 4
    a = rng.integers(1, 50, (n, k)).astype(float)
    b = rng.integers(1, 50, (n, k)).astype(float)
    value = a + b + 10 if correlated else rng.lognormal(3, 1, (n, k))
    for array in (a, b, value):
        array[:, 0] = 0
    budgets = {"a": 0.4 * a.mean() * n, "b": 0.4 * b.mean() * n}
    taken = np.zeros((n, k))
    taken[:, 2] = 1
    found = allocate(value, {"a": a, "b": b}, budgets, capacities={2: (n // 10, n // 5)})
    limits = [(a, 0.0, budgets["a"]), (b, 0.0, budgets["b"]), (taken, n // 10, n // 5)]
    sums_to(found, value)
    assert all(low <= uses(found, use) <= high for use, low, high in limits)
    best, ceiling = highs(value, limits, 1.0)
    assert found.bound >= best * (1 - 1e-7)
    assert found.value >= best * (1 - 1e-3)
    assert found.value <= ceiling * (1 + 1e-7)


def big(seed: int, n: int = 20_000, k: int = 6) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, float]]:
    rng = np.random.default_rng(seed)
    value, loss = rng.lognormal(3, 1, (n, k)), rng.lognormal(2, 1, (n, k))
    value[:, 0] = loss[:, 0] = 0
    return value, {"loss": loss, "calls": np.arange(k) / k}, {"loss": 0.5 * n, "calls": 0.2 * n}


def test_gap_and_budgets_of_many_customers() -> None:
    value, resources, budgets = big(0)
    found = allocate(value, resources, budgets)
    sums_to(found, value)
    assert found.gap < 1e-4
    assert uses(found, resources["loss"]) <= budgets["loss"]
    assert math.fsum(resources["calls"][found.choice]) <= budgets["calls"]


def test_threads_change_nothing() -> None:
    value, resources, budgets = big(1)
    one = allocate(value, resources, budgets, n_threads=1)
    two = allocate(value, resources, budgets, n_threads=3)
    assert (one.choice == two.choice).all()
    assert one.bound == two.bound
    assert one.limits.equals(two.limits)


def test_order_of_customers_changes_no_value() -> None:
    value, resources, budgets = big(2)
    order = np.random.default_rng(0).permutation(len(value))
    one = allocate(value, resources, budgets)
    two = allocate(value[order], {**resources, "loss": resources["loss"][order]}, budgets)
    assert two.value == pytest.approx(one.value, rel=1e-4)
    assert two.bound == pytest.approx(one.bound, rel=1e-5)
    few = slice(0, 12)
    tight = {"loss": 30.0, "calls": 2.0}
    one = allocate(value[few], {**resources, "loss": resources["loss"][few]}, tight)
    back = slice(11, None, -1)
    two = allocate(value[back], {**resources, "loss": resources["loss"][back]}, tight)
    assert two.value == pytest.approx(one.value, rel=1e-12)


def test_float32_is_read_as_it_is() -> None:
    value, resources, budgets = big(3)
    narrow = {"loss": resources["loss"].astype(np.float32), "calls": resources["calls"]}
    found = allocate(value.astype(np.float32), narrow, budgets)
    wide = allocate(value.astype(np.float32).astype(float), {**narrow, "loss": narrow["loss"].astype(float)}, budgets)
    assert (found.choice == wide.choice).all()
    assert found.problem.sources[0].dtype == np.float32


def test_shadow_price_is_what_one_more_unit_brings() -> None:
    value, resources, budgets = big(4)
    found = allocate(value, resources, budgets, units={"loss": "CNY"}, currency="CNY")
    price = found.shadow_prices["loss"]
    more = allocate(value, resources, {**budgets, "loss": budgets["loss"] * 1.01})
    assert more.bound - found.bound == pytest.approx(price * budgets["loss"] * 0.01, rel=0.05)
    assert f"one more CNY is worth {price:,.4g} CNY" in found.words()
    assert "每增加 1 CNY" in found.words("zh")
    assert "loss" in found.table()
    assert "影子价格" in found.table("zh")


def test_sensitivity_rises_with_the_budget_and_agrees_with_a_fresh_start() -> None:
    value, resources, budgets = big(5, 3000)
    found = allocate(value, resources, budgets)
    near = found.sensitivity()
    assert near["constraint"].to_list() == ["loss"] * 3 + ["calls"] * 3
    for name in budgets:
        own = near.filter(near["constraint"] == name)
        assert own["value"].is_sorted()
        assert own["shadow_price"].is_sorted(descending=True)
        fresh = allocate(value, resources, {**budgets, name: budgets[name] * 1.1})
        assert own["bound"][2] == pytest.approx(fresh.bound, rel=1e-5)
    assert found.curve("loss", [0.0])["value"][0] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(DecisionError, match="Did you mean"):
        found.curve("los", [1.0])


def test_nothing_binds() -> None:
    value = np.array([[0.0, 3.0], [0.0, -1.0]])
    found = allocate(value, {"cost": [0.0, 1.0]}, {"cost": 10.0})
    assert found.choice.tolist() == [1, 0]
    assert found.gap == 0
    assert found.shadow_prices == {"cost": 0.0}
    assert "No limit binds." in found.words()
    assert allocate(value).value == 3.0


def test_zero_budget_leaves_everybody_with_nothing() -> None:
    value, resources, _ = big(6, 500)
    found = allocate(value, resources, {"loss": 0.0})
    assert found.status == "solved"
    assert (found.choice == 0).all()
    assert found.value == 0 == found.gap


def test_one_customer_one_option_and_all_masked_but_one() -> None:
    assert allocate([[5.0]]).choice.tolist() == [0]
    assert allocate([[5.0]], {"a": [[2.0]]}, {"a": 1.0}).status == "infeasible"
    assert allocate([[1.0, 9.0, 4.0]], {"a": [[0, 3, 1]]}, {"a": 2}).choice.tolist() == [2]
    mask = np.zeros((50, 3), dtype=bool)
    mask[:, 1] = True
    value = np.where(mask, -1.0, np.nan)  # what is masked is not read
    assert (allocate(value, {"a": [0, 1, 2]}, {"a": 50}, mask).choice == 1).all()


def test_equal_values_and_equal_customers() -> None:
    value = np.tile([0.0, 5.0], (1000, 1))
    found = allocate(value, {"cost": [0.0, 1.0]}, {"cost": 333})
    assert found.value == 333 * 5
    assert found.shadow_prices["cost"] == pytest.approx(5.0)
    found = allocate(np.ones((100, 3)), {"cost": [1, 2, 0]}, {"cost": (20, 50)}, capacities={2: (10, 90)})
    assert found.value == 100
    assert 20 <= found.limits["use"][0] <= 50
    assert 10 <= found.taken["option 2"] <= 90


@pytest.mark.parametrize("of_value", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("of_use", [1e-6, 1e9])
def test_scales_change_no_choice_that_matters(of_value: float, of_use: float) -> None:
    value, resources, budgets = big(7, 2000)
    plain = allocate(value, resources, budgets)
    found = allocate(
        value * of_value,
        {**resources, "loss": resources["loss"] * of_use},
        {**budgets, "loss": budgets["loss"] * of_use},
    )
    assert found.gap < 1e-3
    assert found.value == pytest.approx(plain.value * of_value, rel=1e-3)
    assert uses(found, resources["loss"] * of_use) <= budgets["loss"] * of_use
    price = plain.shadow_prices["loss"] * of_value / of_use
    assert found.shadow_prices["loss"] == pytest.approx(price, rel=1e-2)


def test_minimum_volume_is_met_and_its_price_is_a_cost() -> None:
    rng = np.random.default_rng(8)
    value = rng.normal(-5, 2, (400, 3))
    value[:, 0] = 0
    found = allocate(value, capacities={"mail": (100, None)}, options=["none", "mail", "call"])
    assert found.taken["mail"] == 100
    assert found.shadow_prices["mail"] < 0
    best = value[:, 1] - np.maximum(value[:, 0], value[:, 2])
    free = np.maximum(value[:, 0], value[:, 2]).sum()
    assert found.value == pytest.approx(free + np.sort(best)[-100:].sum(), rel=1e-9)
    assert "minimum" in found.words()


@pytest.mark.parametrize(
    ("measure", "low", "high"), [("volume", 50, 60), ("share", 0.3, 0.35), ("part", 0.5, 0.6), ("ratio", 0.8, 1.25)]
)
def test_group_rules_hold(measure: str, low: float, high: float) -> None:
    rng = np.random.default_rng(9)
    n = 600
    member = rng.random(n) < 0.3
    value = rng.normal(5, 2, (n, 3))
    value[:, 0] = 0
    value[member] -= 4.0
    rule = GroupRule("rural", member, ["card", "loan"], at_least=low, at_most=high, measure=measure)
    found = allocate(value, {"cost": [0, 1, 2]}, {"cost": 300}, groups=[rule], options=["none", "card", "loan"])
    sums_to(found, value)
    inside, outside = (found.choice[member] > 0).sum(), (found.choice[~member] > 0).sum()
    size, rest = member.sum(), (~member).sum()
    got = {
        "volume": inside, "share": inside / size, "part": inside / (inside + outside),
        "ratio": (inside / size) / (outside / rest),
    }[measure]  # fmt: skip
    assert low - 1e-12 <= got <= high + 1e-12
    row = found.limits.filter(found.limits["constraint"] == "rural")
    assert row["use"][0] == pytest.approx(got)
    free = allocate(value, {"cost": [0, 1, 2]}, {"cost": 300})
    assert found.value <= free.value + 1e-9
    assert found.gap < 1e-3


def test_group_rule_on_a_resource() -> None:
    rng = np.random.default_rng(10)
    value, money = rng.random((300, 3)), rng.random((300, 3)) * 10
    value[:, 0] = money[:, 0] = 0
    member = np.arange(300) % 3 == 0
    value[member] /= 4
    rule = GroupRule("small towns", member, [1, 2], at_least=0.3, measure="part", of="money")
    found = allocate(value, {"money": money}, {"money": 300.0}, groups=[rule])
    used = money[np.arange(300), found.choice]
    assert used[member].sum() >= 0.3 * used.sum() - 1e-9
    assert used.sum() <= 300


def test_infeasible_says_which_limits_and_what_they_would_need() -> None:
    value = np.zeros((100, 3))
    mask = np.ones((100, 3), dtype=bool)
    mask[40:, 1] = False
    found = allocate(value, mask=mask, capacities={"mail": (50, None)}, options=["none", "mail", "call"])
    assert found.status == "infeasible"
    assert found.conflict is not None
    assert (found.conflict.kind, found.conflict.needed) == ("alone", (40.0,))
    assert "at least 50" in found.words()
    assert "40 customers are eligible" in found.words()
    found = allocate(
        value, {"cost": [0, 1, 5], "time": [0, 1, 1]}, {"cost": 100, "time": 60}, capacities={"call": (30, None)},
        options=["none", "mail", "call"],
    )  # fmt: skip
    assert found.conflict is not None
    assert [q.name for q in found.conflict.limits] == ["cost", "call"]
    assert found.conflict.needed == pytest.approx((150.0, 20.0))
    assert "无法同时满足" in found.words("zh")
    assert math.isnan(found.value)
    assert found.curve("cost", [1.5])["status"].to_list() == ["solved"]


def test_whole_customers_may_be_impossible_where_shares_are_not() -> None:
    found = allocate(np.zeros((3, 2)), {"a": [0.0, 2.0]}, {"a": (3.0, 3.0)})
    assert found.conflict is not None
    assert found.conflict.kind == "whole"
    assert "whole customers" in found.words()


def test_masks_of_customers_leave_nothing_and_are_counted() -> None:
    value = np.tile([0.0, 1.0, 2.0], (4, 1))
    found = allocate(value, mask={"contact": np.array([True, False, True, True]), "product": [True, True, False]})
    assert found.choice.tolist() == [1, 0, 1, 1]
    assert found.masked == {"contact": 1, "product": 0}


def test_cap_mask() -> None:
    legal = cap_mask([0, 50_000, 200_000], 200_000, already=[0, 150_000, 250_000])
    assert legal.tolist() == [[True, True, True], [True, True, False], [True, False, False]]
    with pytest.raises(DecisionError, match="missing or negative"):
        cap_mask([0, np.nan], 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": [[0.0, np.nan]]}, r"missing or infinite[\s\S]*nan[\s\S]*row 0, option \"b\"[\s\S]*Mask"),
        ({"resources": {"x": [[0.0, -1.0]]}}, r"negative[\s\S]*resource \"x\", first at row 0"),
        ({"resources": {"x": [1.0, 2.0, 3.0]}}, r"does not fit[\s\S]*\(1, 2\)[\s\S]*\(3,\)"),
        ({"mask": np.zeros((1, 2), bool)}, r"1 of 1 customers have no legal option[\s\S]*row 0[\s\S]*unmasked"),
        ({"mask": [[1, 1]]}, "A mask is true"),
        ({"budgets": {"y": 1.0}}, "no resource"),
        ({"budgets": {"x": (3, 2)}}, "lower <= upper"),
        ({"budgets": {"x": float("nan")}}, "make no sense"),
        ({"budgets": {"x": "much"}}, "A bound makes no sense"),
        ({"capacities": {"c": 1}}, "No such option"),
        ({"capacities": {7: 1}}, "0 to 1"),
        ({"value": [1.0, 2.0]}, "customers by options"),
        ({"value": np.empty((0, 2))}, "nothing to allocate"),
        ({"value": [["a", "b"]]}, "not numbers"),
        ({"options": ["a", "a"]}, "different names"),
        ({"groups": [GroupRule("g", [True, False], "a", at_least=0.1)]}, r"1 rows[\s\S]*2 rows"),
        ({"groups": [GroupRule("g", [False], "a", at_least=0.1)]}, "A group is empty"),
        ({"gap": -1.0}, "gap makes no sense"),
    ],
)
def test_bad_input_is_told(change: dict[str, Any], words: str) -> None:
    plain: dict[str, Any] = {
        "value": [[0.0, 1.0]],
        "resources": {"x": [0.0, 1.0]},
        "budgets": {},
        "options": ["a", "b"],
    }
    with pytest.raises(DecisionError, match=words):
        allocate(**{**plain, **change})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at_least": None}, "bounds nothing"),
        ({"at_least": 1.5}, "0 to 1"),
        ({"measure": "most"}, "No such measure"),
        ({"member": [1, 0]}, "true and false"),
        ({"at_most": 0.1}, "more than the most"),
        ({"of": "x"}, "counts customers"),
    ],
)
def test_bad_rules_are_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DecisionError, match=words):
        GroupRule(**{"name": "g", "member": [True, False], "options": 1, "at_least": 0.5, **change})


def test_an_allocator_is_applied_to_any_batch() -> None:
    rule = Allocator({"cost": 2.0}, options=["none", "offer"])
    for n in (1, 5):
        found = rule.allocate(np.tile([0.0, 1.0], (n, 1)), {"cost": [0.0, 1.0]})
        assert found.taken["offer"] == min(n, 2)
