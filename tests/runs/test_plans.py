"""The sections of the kinds: every fault names its place, templates become options, packs survive their dictionary."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tael.errors import ScenarioError
from tael.runs import Plan
from tael.runs.plans import OptionsPlan, TemplatePlan
from tael.scenarios import PACKS, scenario

HEAD: dict[str, Any] = {
    "name": "x", "entity": "loans", "cutoff": "day", "label": {"formula": 'count(bad, next="90d") > 0'},
}  # fmt: skip
OPTIONS: dict[str, Any] = {"kind": "options", "options": {"none": {}, "call": {"value": "p * 10", "cost": 2}}}
RISKS: dict[str, Any] = {"by": "90d", "events": {"early": 'min(ends.at, next="12mo")'}}
RECOMMEND: dict[str, Any] = {"holdings": {"a": "count(buys) > 0", "b": "count(buys) > 1"}}


def fault(**sections: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        Plan.from_dict({**HEAD, **sections}, where="page.toml")
    told = str(caught.value)
    assert "page.toml" in told
    assert "to do:" in told
    assert "pydantic" not in told
    return told


def options(**edits: Any) -> dict[str, Any]:
    return {"decision": {**deepcopy(OPTIONS), **edits}}


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        (options(holdut=0.1), ["does not know", "decision.holdut", 'Did you mean "holdout"?']),
        (options(holdout=1.0), ["decision.holdout = 1.0", "less than 1"]),
        (options(holdout=-0.1), ["decision.holdout = -0.1"]),
        (options(batch=0), ["decision.batch = 0", "greater than 0"]),
        (options(options={}), ["decision.options"]),
        (options(options={"none": {}}), ["two options or more", "decision = "]),
        (options(options={"none": {"where": "a > 0"}, "b": {}}), ["no `where` on none"]),
        (options(options={"none": {}, "b": {"valeu": 3}}), ["decision.options.b.valeu", 'Did you mean "value"?']),
        (options(options={"none": {}, "b": {"value": [1]}}), ["decision.options.b.value = [1]"]),
        (options(options={"none": {}, "b": {"uses": {"h": [1]}}}), ["decision.options.b.uses.h = [1]"]),
        (options(terms={"a b": 3}), ["decision.terms", "letters, digits and _, not 'a b'"]),
        (options(terms={"a": [3]}), ["decision.terms.a = [3]"]),
        (options(capacities={"cal": 3}), ["an option in capacities: one of none, call, not 'cal'"]),
        (options(capacities={"call": {"at_mots": 3}}), ["decision.capacities.call = ", "'at_least' or 'at_most'"]),
        (options(budgets={"hours": 3}), ["a resource in budgets: one of cost, not 'hours'"]),
        (options(groups={"old": {"member": "age > 60", "options": ["cal"]}}), ["groups.old", "not 'cal'"]),
        (options(groups={"old": {"options": ["call"]}}), ["lacks a field", "decision.groups.old.member"]),
        (options(groups={"o": {"member": "a", "options": ["call"], "measure": "sum"}}), ["decision.groups.o.measure"]),
        (options(template={"value": 3}), ["lacks a field", "decision.template.over"]),
        (options(template={"over": [1], "vale": 3}), ["decision.template.vale", 'Did you mean "value"?']),
        ({"decision": {"kind": "option"}}, ["decision.kind = 'option'", 'Did you mean "options"?']),
        ({"decision": {"options": {}}}, ["does not know", "decision.options"]),
        ({"model": {"kind": "upift"}}, ["model.kind = 'upift'"]),
        ({"model": {"challengers": ["forest"]}}, ["model.challengers", "one of portfolio, scorecard, additive"]),
        ({"model": {"challengers": ["a.Forest", "b.Forest"]}}, ["model.challengers", "each challenger once"]),
        ({"model": {"kind": "uplift"}, **options()}, ["a section [treatment] for a model of the kind 'uplift'"]),
        ({"model": {"kind": "risks"}, **options()}, ["a section [risks] for"]),
        ({"model": {"kind": "recommender"}, **options()}, ["a section [recommend] for"]),
        ({"treatment": {"column": "arm", "control": "none"}}, ["no [treatment] unless [model] says kind = 'uplift'"]),
        ({"risks": RISKS}, ["no [risks] unless [model] says kind = 'risks'"]),
        ({"recommend": RECOMMEND}, ["no [recommend] unless"]),
        ({"model": {"kind": "uplift"}, "treatment": {"column": "arm", "control": "none"}},
         ["[decision] kind = 'options' for a model of the kind 'uplift'"]),
        ({"model": {"kind": "recommender"}, "recommend": RECOMMEND}, ["kind = 'options' for a model of the kind"]),
        ({"model": {"kind": "uplift"}, "treatment": {"column": "arm"}, **options()}, ["treatment.control"]),
        ({"model": {"kind": "uplift"}, "treatment": {"column": "a", "control": "b", "propensty": 1}, **options()},
         ["treatment.propensty", 'Did you mean "propensity"?']),
        ({"model": {"kind": "risks"}, "risks": {**RISKS, "by": "90"}, **options()}, ["risks.by = '90'"]),
        ({"model": {"kind": "risks"}, "risks": {**RISKS, "horizon": "long"}, **options()}, ["risks.horizon = 'long'"]),
        ({"model": {"kind": "risks"}, "risks": {**RISKS, "times": ["x"]}, **options()}, ["risks.times"]),
        ({"model": {"kind": "risks"}, "risks": {**RISKS, "events": {}}, **options()}, ["risks.events = {}"]),
        ({"model": {"kind": "risks"}, "risks": {**RISKS, "method": "cox"}, **options()}, ["risks.method = 'cox'"]),
        ({"model": {"kind": "recommender"}, "recommend": {"holdings": {"a": "b"}}, **options()},
         ["holdings of two products or more", "recommend = "]),
        ({"model": {"kind": "recommender"}, "recommend": {**RECOMMEND, "method": "deep"}, **options()},
         ["recommend.method = 'deep'"]),
    ],
)  # fmt: skip
def test_faults_name_their_place(sections: dict[str, Any], told: list[str]) -> None:
    said = fault(**sections)
    for part in told:
        assert part in said, said


def test_several_faults_of_one_section_are_told_at_once() -> None:
    said = fault(**options(holdout=2, batch=-1, options={"none": {}, "b": {"costs": 1}}))
    for part in ("decision.holdout", "decision.batch", "decision.options.b.costs"):
        assert part in said


def test_risks_may_approve() -> None:
    plan = Plan.from_dict({**HEAD, "model": {"kind": "risks"}, "risks": RISKS})
    assert plan.decision.kind == "approval"
    assert plan.risks is not None
    assert (plan.risks.horizon, plan.risks.times) == ("12mo", ())


def test_a_template_of_numbers() -> None:
    template = TemplatePlan(
        over=(5000.0, 0.5), name="limit_{option}", value="{option} * p", cost=3, uses={"exposure": "0.6 * {option}"},
        where="amount >= {option}", title={"en": "limit {option}", "zh": "额度 {option}"},
    )  # fmt: skip
    made = template.options()
    assert list(made) == ["limit_5000", "limit_0.5"]
    first = made["limit_5000"]
    assert (first.value, first.cost, first.where) == ("5000 * p", 3, "amount >= 5000")
    assert first.uses == {"exposure": "0.6 * 5000"}
    assert (first.title.en, first.title.zh) == ("limit 5000", "额度 5000")
    assert made["limit_0.5"].value == "0.5 * p"


def test_a_template_of_names_with_values_of_their_own() -> None:
    over = {"fund": {"gain": 120, "name": "index fund"}, "gold": {"gain": 70.5, "name": "gold"}}
    made = TemplatePlan(over=over, value="p_{option} * {gain}", title={"en": "{name}"}).options()
    assert {name: one.value for name, one in made.items()} == {"fund": "p_fund * 120", "gold": "p_gold * 70.5"}
    assert made["fund"].title.en == "index fund"
    assert made["fund"].title.zh is None
    # numbers stay numbers, and what is no gap of the template stays as it is
    plain = TemplatePlan(over=("a",), value=7, where='name == "{other}"').options()["a"]
    assert (plain.value, plain.where) == (7, 'name == "{other}"')


def test_the_templates_options_come_last() -> None:
    plan = OptionsPlan(
        kind="options", options={"none": {}, "call": {}}, template={"over": ["a", "b"]}, capacities={"b": 3}
    )
    assert list(plan.every) == ["none", "call", "a", "b"]
    alone = OptionsPlan(kind="options", options={"none": {}}, template={"over": ["a"]})
    assert list(alone.every) == ["none", "a"]


def test_bounds_may_be_one_number_or_two() -> None:
    decision = options(capacities={"call": {"at_least": 3, "at_most": 9}}, budgets={"cost": 100})["decision"]
    plan = Plan.from_dict({**HEAD, "decision": decision}).decision
    assert isinstance(plan, OptionsPlan)
    assert plan.capacities == {"call": {"at_least": 3.0, "at_most": 9.0}}
    assert plan.budgets == {"cost": 100.0}


@pytest.mark.parametrize("name", list(PACKS))
def test_every_pack_survives_its_own_dictionary(name: str) -> None:
    plan = scenario(name).plan
    plain = json.loads(json.dumps(plan.to_dict()))
    again = Plan.from_dict(plain)
    assert again == plan
    assert again.to_dict() == plan.to_dict()
    if isinstance(plan.decision, OptionsPlan):
        assert isinstance(again.decision, OptionsPlan)
        # the order of options, terms and rules is part of what they mean
        for part in ("every", "terms", "rules", "budgets", "capacities"):
            assert list(getattr(again.decision, part)) == list(getattr(plan.decision, part))
