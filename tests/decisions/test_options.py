"""Who gets which option: the policy against brute force, its share of limits, its holdout, and what it says."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.decisions import OptionsPolicy, decision_from_dict
from tael.errors import DecisionError, TaelError
from tael.validation.words import Words

OPTIONS = ("none", "sms", "call")
TITLES = (Words("leave alone", "不干预"), Words("message", "短信"), Words("phone call", "电话"))
SMALL = st.tuples(st.integers(1, 4), st.integers(0, 2**31 - 1))


def case(seed: int, n: int) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Worth, cost and mask of three options; nothing is worth nothing, and open to everybody."""
    rng = np.random.default_rng(seed)
    worth = np.round(rng.normal(1, 5, (n, 3)), 2)
    cost = np.round(rng.uniform(0.1, 3, (n, 3)), 2)
    worth[:, 0] = cost[:, 0] = 0.0
    mask = rng.random((n, 3)) < 0.8
    mask[:, 0] = True
    return worth, {"cost": cost}, mask


def best_of_all(
    worth: np.ndarray, cost: np.ndarray, mask: np.ndarray, most: float, calls: tuple[float, float]
) -> float | None:
    """The plainest oracle: every way to give out the options."""
    found = None
    rows = np.arange(len(worth))
    for choice in itertools.product(range(3), repeat=len(worth)):
        if not mask[rows, choice].all() or math.fsum(cost[rows, choice]) > most:
            continue
        if not calls[0] <= choice.count(2) <= calls[1]:
            continue
        value = math.fsum(worth[rows, choice])
        found = value if found is None else max(found, value)
    return found


@settings(max_examples=30)
@given(SMALL, st.integers(0, 2), st.booleans())
def test_small_batches_against_brute_force(drawn: tuple[int, int], least: int, ruled: bool) -> None:
    n, seed = drawn
    worth, uses, mask = case(seed, n)
    rng = np.random.default_rng([seed, 1])
    most, calls = float(np.round(rng.uniform(0, 2 * n), 2)), (float(least), float(least + rng.integers(0, n + 1)))
    hit = rng.random(n) < 0.3 if ruled else np.zeros(n, dtype=bool)
    policy = OptionsPolicy(OPTIONS, TITLES, budgets={"cost": (None, most)}, capacities={"call": calls})
    made = policy.decide(worth, uses, mask, ids=range(n), rules={"asked us not to": hit})
    legal = mask.copy()
    legal[hit, 1:] = False
    best = best_of_all(worth, uses["cost"], legal, most, calls)
    rows = np.arange(n)
    assert legal[rows, made.choice].all()
    assert (made.choice[hit] == 0).all()
    assert set(made.reason[hit]) <= {"rule"}
    assert made.worth.tolist() == worth[rows, made.choice].tolist()
    assert made.ahead.tolist() == (worth[rows, made.choice] - worth[:, 0]).tolist()
    assert sum(made.counts().values()) == n
    if best is None:
        assert made.counts()["none"] == n
        assert set(made.reason) <= {"infeasible", "rule", "not_eligible"}
        return
    assert math.fsum(made.worth) == pytest.approx(best, abs=1e-6 * max(1.0, np.abs(worth).sum()))
    assert math.fsum(uses["cost"][rows, made.choice]) <= most + 1e-9
    assert calls[0] <= made.counts()["call"] <= calls[1]


@settings(max_examples=15)
@given(st.integers(0, 2**31 - 1), st.integers(1, 20))
def test_every_reason_is_true(seed: int, n: int) -> None:
    worth, uses, mask = case(seed, n)
    rng = np.random.default_rng([seed, 2])
    policy = OptionsPolicy(OPTIONS, TITLES, budgets={"cost": (None, 0.4 * n)}, holdout=0.2)
    rules = {"first": rng.random(n) < 0.2, "second": rng.random(n) < 0.2}
    made = policy.decide(worth, uses, mask, ids=range(n), rules=rules)
    held = policy.held_out(range(n))
    best = np.where(mask, worth, -np.inf).argmax(axis=1)
    for i in range(n):
        if rules["first"][i] or rules["second"][i]:
            expected, detail = "rule", "first" if rules["first"][i] else "second"
        elif held[i]:
            expected, detail = "holdout", ""
        elif not mask[i, 1:].any():
            expected, detail = "not_eligible", ""
        elif worth[i, best[i]] > worth[i, made.choice[i]]:
            expected, detail = "limit", OPTIONS[best[i]]
        else:
            expected, detail = "nothing" if made.choice[i] == 0 else "best", ""
        assert (made.reason[i], made.detail[i]) == (expected, detail)
        if expected in ("rule", "holdout", "not_eligible", "nothing"):
            assert made.choice[i] == 0


@settings(max_examples=8)
@given(st.integers(0, 2**31 - 1), st.integers(1, 40), st.integers(30, 100))
def test_limits_are_for_a_stated_number_and_count_in_proportion(seed: int, n: int, batch: int) -> None:
    worth, uses, mask = case(seed, n)
    scaled = OptionsPolicy(OPTIONS, budgets={"cost": (None, 60.0)}, capacities={"call": (None, 25.0)}, batch=batch)
    own = OptionsPolicy(
        OPTIONS, budgets={"cost": (None, 60.0 * n / batch)}, capacities={"call": (None, 25 * n // batch)}
    )
    made, plain = (one.decide(worth, uses, mask, ids=range(n), solve=True) for one in (scaled, own))
    assert made.choice.tolist() == plain.choice.tolist()
    assert made.counts()["call"] * batch <= 25 * n
    assert math.fsum(uses["cost"][np.arange(n), made.choice]) * batch <= 60.0 * n * (1 + 1e-9)


def test_without_a_batch_the_limits_are_for_any_batch() -> None:
    worth = np.tile([0.0, 1.0, 5.0], (300, 1))
    policy = OptionsPolicy(OPTIONS, capacities={"call": (None, 7.0)})
    for n in (10, 300):
        assert policy.decide(worth[:n], {}, ids=range(n), solve=True).counts()["call"] == 7


def test_the_holdout_is_the_same_in_every_batch_and_near_its_share() -> None:
    policy = OptionsPolicy(OPTIONS, holdout=0.1)
    ids = [f"c{i}" for i in range(20_000)]
    held = policy.held_out(ids)
    # four standard deviations of a share of 0.1 among 20,000
    assert abs(held.mean() - 0.1) < 4 * math.sqrt(0.1 * 0.9 / 20_000)
    order = np.random.default_rng(0).permutation(len(ids))
    assert policy.held_out([ids[i] for i in order]).tolist() == held[order].tolist()
    assert policy.held_out(ids[37:40]).tolist() == held[37:40].tolist()
    # a larger share holds out the same customers, and more
    more = OptionsPolicy(OPTIONS, holdout=0.3).held_out(ids)
    assert (more >= held).all()
    assert more.sum() > held.sum()
    assert not OptionsPolicy(OPTIONS).held_out(ids).any()
    # a key is the same customer as a number and as its text
    numbers = np.arange(500)
    assert policy.held_out(numbers).tolist() == policy.held_out([str(i) for i in numbers]).tolist()


def test_who_is_held_out_gets_nothing_and_costs_the_others_nothing() -> None:
    n = 400
    worth = np.tile([0.0, 1.0, 5.0], (n, 1))
    policy = OptionsPolicy(OPTIONS, TITLES, capacities={"call": (None, 50.0)}, holdout=0.25)
    made = policy.decide(worth, {}, ids=range(n))
    held = policy.held_out(range(n))
    assert set(made.names[held]) == {"none"}
    assert set(made.reason[held]) == {"holdout"}
    assert made.counts()["call"] == 50
    assert (made.choice[~held] > 0).all()


@settings(max_examples=12)
@given(st.integers(0, 2**31 - 1), st.integers(0, 20), st.integers(0, 20))
def test_prices_decide_as_the_solution_does_where_it_is_unique(seed: int, calls: int, least: int) -> None:
    # capacities alone have whole solutions, and worths drawn at random have one; then prices and solution agree, but
    # for the customers at whom a limit cuts
    n = 150
    worth, uses, mask = case(seed, n)
    worth[:, 1:] += np.random.default_rng([seed, 3]).uniform(0, 1e-3, (n, 2))
    policy = OptionsPolicy(OPTIONS, capacities={"call": (None, float(calls)), "sms": (float(least), None)})
    policy.fit(worth, uses, mask)
    solved = policy.decide(worth, uses, mask, ids=range(n))
    priced = policy.decide(worth, uses, mask, ids=range(n), solve=False)
    assert solved.allocation is not None
    assert priced.allocation is None
    assert (solved.choice != priced.choice).sum() <= 2
    # what a choice is worth after paying the prices, by hand
    net = worth.copy()
    for name, price in (policy.prices_ or {}).items():
        net[:, OPTIONS.index(name.removeprefix("capacity:"))] -= price
    net = np.where(mask, net, -np.inf)
    assert priced.choice.tolist() == net.argmax(axis=1).tolist()
    # nobody loses by what the solution gives them, at these prices
    assert net[np.arange(n), solved.choice] == pytest.approx(net.max(axis=1), abs=1e-6 * np.abs(worth).max() + 1e-3)


@settings(max_examples=5)
@given(st.integers(0, 2**31 - 1))
def test_the_price_of_a_budget_bounds_what_any_solution_is_worth(seed: int) -> None:
    worth, uses, mask = case(seed, 120)
    policy = OptionsPolicy(OPTIONS, budgets={"cost": (None, 40.0)}).fit(worth, uses, mask)
    solved = policy.decide(worth, uses, mask, ids=range(120))
    price = (policy.prices_ or {}).get("budget:cost", 0.0)
    assert price >= 0
    bound = np.where(mask, worth - price * uses["cost"], -np.inf).max(axis=1).sum() + price * 40.0
    assert solved.worth.sum() <= bound * (1 + 1e-9)
    # what one customer is worth at most lies between a whole solution and the prices
    assert bound - solved.worth.sum() <= np.abs(worth).max()


def test_small_batches_pay_the_prices_of_the_validation() -> None:
    worth, uses, mask = case(1, 500)
    policy = OptionsPolicy(OPTIONS, budgets={"cost": (None, 100.0)}, batch=500)
    before = policy.decide(worth[:99], {"cost": uses["cost"][:99]}, mask[:99], ids=range(99))
    assert before.allocation is not None  # no prices yet: there is nothing to decide by but the batch itself
    policy.fit(worth, uses, mask)
    few = policy.decide(worth[:99], {"cost": uses["cost"][:99]}, mask[:99], ids=range(99))
    many = policy.decide(worth[:100], {"cost": uses["cost"][:100]}, mask[:100], ids=range(100))
    assert few.allocation is None
    assert many.allocation is not None
    # a customer alone is decided as among 98 others
    for i in range(0, 99, 7):
        one = policy.decide(worth[i : i + 1], {"cost": uses["cost"][i : i + 1]}, mask[i : i + 1], ids=[i])
        assert one.names[0] == few.names[i]


def test_prices_of_a_minimum_raise_what_they_ask_for() -> None:
    worth = np.tile([0.0, 2.0, 1.0], (120, 1)) + np.arange(120)[:, None] * np.array([0.0, 0.0, 0.005])
    policy = OptionsPolicy(OPTIONS, TITLES, capacities={"call": (30.0, None)}).fit(worth, {})
    assert policy.prices_ is not None
    assert policy.prices_["capacity:call"] < 0
    made = policy.decide(worth, {}, ids=range(120), solve=False)
    # the dearest thirty by hand: those to whom a call is worth most
    assert made.names[-29:].tolist() == ["call"] * 29
    assert set(made.names[:89]) == {"sms"}


def test_contradicting_limits_are_a_result() -> None:
    worth, uses, mask = case(3, 200)
    policy = OptionsPolicy(
        OPTIONS, TITLES, budgets={"cost": (None, 0.0)}, capacities={"call": (50.0, None)}, holdout=0.1
    )
    policy.fit(worth, uses, mask)
    assert policy.status_ == "infeasible"
    assert policy.prices_ == {}
    rule = np.arange(200) < 5
    made = policy.decide(worth, uses, mask, ids=range(200), rules={"r": rule})
    assert made.counts() == {"none": 200, "sms": 0, "call": 0}
    assert set(made.reason[rule]) == {"rule"}
    assert "infeasible" in made.reason
    assert set(made.reason) <= {"infeasible", "rule", "holdout", "not_eligible"}
    assert made.allocation is not None
    assert made.allocation.conflict is not None
    at = list(made.reason).index("infeasible")
    assert made.texts("en")[at] == "leave alone: the limits contradict each other."
    assert made.texts("zh")[at] == "不干预：各项限制相互矛盾。"


def test_groups_get_what_their_rule_asks() -> None:
    rng = np.random.default_rng(5)
    n = 200
    old = rng.random(n) < 0.3
    worth = np.column_stack([np.zeros(n), np.full(n, -1.0), rng.uniform(1, 5, n) - 3 * old])
    rule = {"name": "elderly", "options": ("call",), "at_least": 0.25, "measure": "share"}
    free = OptionsPolicy(OPTIONS, capacities={"call": (None, 60.0)}).decide(worth, {}, ids=range(n))
    fair = OptionsPolicy(OPTIONS, capacities={"call": (None, 60.0)}, groups=[rule])
    made = fair.decide(worth, {}, ids=range(n), members={"elderly": old})
    assert (free.names[old] == "call").mean() < 0.25
    assert (made.names[old] == "call").mean() >= 0.25
    assert made.counts()["call"] == 60
    assert made.worth.sum() < free.worth.sum()


def test_a_policy_survives_its_own_dictionary() -> None:
    worth, uses, mask = case(7, 300)
    old = np.arange(300) % 3 == 0
    policy = OptionsPolicy(
        OPTIONS, TITLES, budgets={"cost": (1.0, 90.0)}, capacities={"call": (None, 40.0), "sms": (5.0, None)},
        groups=[{"name": "old", "options": ["call"], "at_least": 0.05, "at_most": None, "measure": "share"}],
        batch=250, holdout=0.05, currency="CNY", units={"cost": "CNY"},
    ).fit(worth, uses, mask, {"old": old})  # fmt: skip
    plain = json.loads(json.dumps(policy.to_dict()))
    again: Any = decision_from_dict(plain)
    assert isinstance(again, OptionsPolicy)
    assert again.to_dict() == policy.to_dict()
    for solve in (True, False):
        one, two = (
            p.decide(worth, uses, mask, ids=range(300), members={"old": old}, solve=solve) for p in (policy, again)
        )
        assert one.choice.tolist() == two.choice.tolist()
        assert one.reason.tolist() == two.reason.tolist()
        assert one.texts("zh") == two.texts("zh")


def test_words_in_both_languages() -> None:
    worth = np.array([[0.0, 1.0, 5.0], [0.0, 1.0, 9.0], [0.0, -1.0, -2.0], [0.0, 1.0, 2.0], [0.0, 3.0, -1.0]])
    mask = np.ones((5, 3), dtype=bool)
    mask[3, 1:] = False
    policy = OptionsPolicy(OPTIONS, TITLES, capacities={"call": (None, 1.0)}, currency="CNY")
    made = policy.decide(worth, {}, mask, ids=range(5), rules={"a rule": np.arange(5) == 4})
    assert made.texts("en") == [
        "message: worth 1.00 CNY more than nothing; “phone call” would be worth more, but is limited.",
        "phone call: worth 9.00 CNY more than nothing, the most of all options.",
        "leave alone: no option is worth its cost here.",
        "leave alone: no other option is open to this customer.",
        "leave alone: the rule “a rule” allows nothing else.",
    ]
    assert made.texts("zh") == [
        "短信：比不采取行动多 1.00 CNY；“电话”价值更高，但受限额约束。",
        "电话：比不采取行动多 9.00 CNY，为各方案中最高。",
        "不干预：没有方案的价值超过成本。",
        "不干预：该客户不符合其他方案的条件。",
        "不干预：规则“a rule”限制。",
    ]
    none_left = OptionsPolicy(OPTIONS, TITLES, capacities={"call": (None, 0.0), "sms": (None, 0.0)})
    alone = none_left.decide(worth[:1], {}, ids=[0])
    assert alone.texts("en") == [
        "leave alone: “phone call” would pay, but the limits give it to customers where it is worth more."
    ]
    assert alone.texts("zh") == ["不干预：“电话”有价值，但限额优先给了价值更高的客户。"]
    forced = OptionsPolicy(OPTIONS, TITLES, capacities={"call": (1.0, None)}).decide(worth[2:3], {}, ids=[0])
    assert forced.texts("en") == ["phone call: a minimum asks for it, though “leave alone” would be worth more."]
    assert forced.texts("zh") == ["电话：下限要求如此，尽管“不干预”价值更高。"]
    held = OptionsPolicy(OPTIONS, TITLES, holdout=0.999999).decide(worth[:1], {}, ids=[0])
    assert held.texts("en") == ["leave alone: held out at random to measure the effect."]
    assert held.texts("zh") == ["不干预：随机留作对照，用于衡量效果。"]


def test_an_empty_batch_and_one_row() -> None:
    worth, uses, mask = case(9, 200)
    policy = OptionsPolicy(OPTIONS, TITLES, budgets={"cost": (None, 40.0)}, batch=200, holdout=0.1)
    for fitted in (policy, OptionsPolicy(OPTIONS, TITLES, budgets={"cost": (None, 40.0)}).fit(worth, uses, mask)):
        for solve in (None, True, False):
            none = fitted.decide(worth[:0], {"cost": uses["cost"][:0]}, mask[:0], ids=[], solve=solve)
            assert len(none) == 0
            assert none.texts("en") == none.texts("zh") == []
            assert none.counts() == {"none": 0, "sms": 0, "call": 0}
    one = policy.decide([[0.0, 1.0, 5.0]], {"cost": [[0.0, 0.1, 0.1]]}, ids=["x"], solve=True)
    assert one.names.tolist() == ["call"]
    assert OptionsPolicy(("none", "sms")).decide([[0.0, 0.0]], {}, ids=["x"]).names.tolist() == ["none"]


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0, float("nan")])
def test_a_holdout_that_makes_no_sense(share: float) -> None:
    with pytest.raises(DecisionError, match="a share below 1"):
        OptionsPolicy(OPTIONS, holdout=share)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("solve", [True, False])
def test_worth_that_is_no_number_is_refused(bad: float, solve: bool) -> None:
    worth, uses, mask = case(11, 150)
    policy = OptionsPolicy(OPTIONS, budgets={"cost": (None, 40.0)}).fit(worth, uses, mask)
    worth[3, 1], mask[3, 1] = bad, True
    with pytest.raises(TaelError):
        policy.decide(worth, uses, mask, ids=range(150), solve=solve)
    # what is masked is not read
    mask[3, 1] = False
    assert policy.decide(worth, uses, mask, ids=range(150), solve=solve).choice[3] != 1
