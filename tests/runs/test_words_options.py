"""Worries, limits and next steps of a decision among options."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tael.runs.words import limits_words, next_steps, worries

Content = dict[str, Any]


def around(value: float, half: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def rule(en: str, zh: str, worth: float, ahead: float, half: float) -> Content:
    return {
        "policy": {"en": en, "zh": zh}, "profit_expected": around(worth, 10), "profit_realised": around(worth, half),
        "behind": around(ahead, half), "uses_realised": {"cost": 900.0}, "treated": 0.4,
    }  # fmt: skip


@pytest.fixture
def content() -> Content:
    return {
        "data": {"leaks": [], "violations": []},
        "despite_leaks": False,
        "verdict": [],
        "stability": {"score": {"psi": 0.0, "threshold": 0.1, "adjusted_threshold": 0.1}},
        "simulated": False,
        "observations": {"excluded": [], "label_settles_days": 90.0},
        "split": {"kind": "out_of_time"},
        "model": {"kind": "portfolio"},
        "decision": {
            "kind": "options", "status": "chosen", "message": {"en": "Cannot be kept.", "zh": "无法满足。"},
            "currency": "CNY", "holdout": 0.05, "values_basis": "realised", "values_note": None,
            "counts": {"none": 60, "call": 40},
            "options": [
                {"option": "none", "title": {"en": "leave alone", "zh": "不触达"}},
                {"option": "call", "title": {"en": "a call", "zh": "电话"}},
            ],
            "limits": [
                {"constraint": "cost", "kind": "budget", "upper": 1000.0, "lower": None, "shadow_price": 0.0},
                {"constraint": "call", "kind": "capacity", "upper": 40.0, "lower": None, "shadow_price": 12.34},
            ],
            "values": [rule("chosen", "所选策略", 5000, 0, 0), rule("today's rule", "现行规则", 3000, 2000, 500)],
        },
    }  # fmt: skip


def uplift(content: Content, qini: float = 0.2, **overlap: Any) -> Content:
    content["model"]["kind"] = "uplift"
    content["uplift"] = {
        "rows": {"none": 50, "call": 50},
        "overlap": {"lowest": 0.2, "highest": 0.5, "trimmed": 0, "estimated": False, "auc": None} | overlap,
        "effects": [{"arm": "call", "metrics": {"model": {"qini": around(qini, 0.1)}}}],
    }
    return content


def said(found: list[dict[str, str]]) -> str:
    assert all(re.search("[\u4e00-\u9fff]", one["zh"]) for one in found)
    assert not any(re.search("[\u4e00-\u9fff]", one["en"]) for one in found)
    return " ".join(one["en"] for one in found)


def test_all_is_well(content: Content) -> None:
    assert worries(content) == []
    assert worries(uplift(content)) == []


def test_nothing_is_said_of_applicants_and_bad_rates(content: Content) -> None:
    content["simulated"], content["observations"]["excluded"] = True, [{"n": 7}]
    for found in (worries(content), limits_words(content), next_steps(content)):
        assert not re.search(r"applicant|approv|default|bad rate", said(found))
        assert not re.search("申请|批准|违约|坏样本", "".join(one["zh"] for one in found))
    assert "real customers" in said(limits_words(content))
    assert "7 observations were left out" in said(limits_words(content))


def test_limits_that_contradict_each_other(content: Content) -> None:
    content["decision"]["status"] = "infeasible"
    assert worries(content) == [{"en": "Cannot be kept.", "zh": "无法满足。"}]
    assert "Loosen one of the limits" in said(next_steps(content))


@pytest.mark.parametrize(
    ("ahead", "half", "told"),
    [(100.0, 500.0, "not surely worth more"), (-900.0, 500.0, "surely worth less"), (0.0, 0.0, "worth the same as")],
)
def test_a_worth_that_is_not_surely_more(content: Content, ahead: float, half: float, told: str) -> None:
    content["decision"]["values"][1]["behind"] = around(ahead, half)
    assert told in said(worries(content))


def test_nothing_done_is_always_compared_with(content: Content) -> None:
    nothing = rule("leave alone for all", "全部：不触达", 4900, 100, 500) | {"treated": 0.0}
    nobody = rule("what nobody may get", "无人符合", 4900, 100, 500) | {"treated": 0.0}
    content["decision"]["values"] += [rule("a call for all", "全部：电话", 4900, 100, 500), nothing, nobody]
    told = said(worries(content))
    assert 'not surely worth more than "leave alone for all": the difference is 100 [-400, 600]' in told
    assert "a call for all" not in told
    assert "what nobody may get" not in told


def test_a_worth_that_was_expected_and_did_not_come(content: Content) -> None:
    content["decision"]["values"][0].update(profit_realised=around(3000, 400))
    assert "expected a worth of 5,000; by what came it is 3,000 [2,600, 3,400]" in said(worries(content))


def test_a_budget_that_outcomes_broke(content: Content) -> None:
    content["decision"]["values"][0]["uses_realised"] = {"cost": 1100.0}
    assert 'used 1,100 of "cost", above its limit of 1,000' in said(worries(content))
    content["decision"]["values"][0]["uses_realised"] = {"cost": 1000.0}
    assert worries(content) == []


def test_an_effect_that_nobody_can_be_told_apart_by(content: Content) -> None:
    assert 'Ranking by the effect of "a call" is not surely better' in said(worries(uplift(content, qini=0.05)))
    assert "For 20 of 100 rows" in said(worries(uplift(content, trimmed=20)))


def test_effects_measured_or_assumed(content: Content) -> None:
    assert "is an assumption until a group that was left alone" in said(limits_words(content))
    measured = copy.deepcopy(content)
    assert "Effects were measured where the chance of each treatment was known" in said(limits_words(uplift(measured)))
    assert "doubly robust" in said(limits_words(measured))
    assert "rest on the assumption" in said(limits_words(uplift(content, estimated=True, auc=0.7)))


def test_who_is_held_out(content: Content) -> None:
    assert "Keep to the 5% held out" in said(next_steps(content))
    assert "Nobody is held out" not in said(limits_words(content))
    content["decision"]["holdout"] = 0.0
    assert "Nobody is held out" in said(limits_words(content))
    assert "holdout = 0.05" in said(next_steps(content))


def test_where_more_room_pays(content: Content) -> None:
    assert 'more of "a call" would cost: one more is worth 12.3 CNY' in said(next_steps(content))
    content["decision"]["limits"][1]["shadow_price"] = None
    assert "would cost" not in said(next_steps(content))


def test_events_and_products(content: Content) -> None:
    event = {"event": "early", "predicted": [0.0, 0.3], "observed": [0.0, 0.2], "low": [0.0, 0.18], "high": [0.0, 0.22]}
    content["incidence"] = {"events": [event, event | {"event": "late", "predicted": [0.0, 0.21]}]}
    found = said(worries(content))
    assert '"early" was foretold for 30.0% and came to 20.0% [18.0%, 22.0%]' in found
    assert "late" not in found
    row = {"product": "mean of products", "metric": "mrr"}
    content["ranking"] = {"models": {"model": [row | around(0.5, 0.1)], "popularity": [row | around(0.45, 0.01)]}}
    assert "0.500 [0.400, 0.600], is not surely above that of popularity, 0.450" in said(worries(content))
    content["ranking"]["models"]["popularity"] = [row | around(0.3, 0.01)]
    assert "popularity" not in said(worries(content))
    content["model"]["kind"] = "recommender"
    assert "without this offer" in said(limits_words(content))
