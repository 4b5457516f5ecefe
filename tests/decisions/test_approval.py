from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.decisions import ApprovalPolicy, Decision, decision, decision_from_dict
from tael.errors import DecisionError

twentieths = st.sampled_from((np.arange(21) / 20).tolist())
applicants = st.lists(
    st.tuples(
        st.sampled_from((np.arange(21) / 20).tolist()), st.integers(-50, 50), st.integers(0, 1), st.sampled_from("ab")
    ),
    min_size=1,
    max_size=40,
)
limit = st.none() | st.floats(0, 1)


def brute_force(pd, profit, y, max_bad_rate, min_approval):
    """Best profit over every cut-off that keeps the limits; None where there is none."""
    best = None
    for cutoff in set(pd.tolist()):
        some = pd <= cutoff
        worst = max(pd[some].mean(), 0 if y is None else y[some].mean())
        if max_bad_rate is not None and worst > max_bad_rate + 1e-12:
            continue
        if min_approval is not None and some.mean() < min_approval - 1e-12:
            continue
        best = max(profit[some].sum(), -np.inf if best is None else best)
    return best


@settings(deadline=None, max_examples=200)
@given(applicants, limit, limit, st.booleans())
def test_best_profit_under_the_limits(rows, max_bad_rate, min_approval, outcomes):
    pd, profit, y = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    seen = y if outcomes else None
    policy = ApprovalPolicy(max_bad_rate, min_approval).fit(pd, profit, y=seen)
    best = brute_force(pd, profit, seen, max_bad_rate, min_approval)
    approved = policy.decide(pd).decision == "approve"
    assert approved.mean() == pytest.approx(policy.fit_.approval)
    if policy.fit_.status == "chosen":
        assert profit[approved].sum() == pytest.approx(best)
        assert policy.fit_.profit == pytest.approx(best)
    elif policy.fit_.status == "unprofitable":
        assert best <= 0
        assert not approved.any()
    elif policy.fit_.status == "nobody":
        assert brute_force(pd, profit, seen, max_bad_rate, None) is None
        assert not approved.any()
    else:
        assert best is None
        assert approved.mean() < min_approval
    if max_bad_rate is not None and approved.any():
        assert pd[approved].mean() <= max_bad_rate + 1e-9


@settings(deadline=None, max_examples=100)
@given(applicants, st.floats(0, 1), st.integers(0, 10), st.floats(0, 0.6), st.randoms(use_true_random=False))
def test_caps_hold_and_the_order_of_rows_is_nothing(rows, cap_a, cap_b, band, random):
    pd, profit = (np.array([row[i] for row in rows], dtype=float) for i in range(2))
    segment = np.array([row[3] for row in rows])
    policy = ApprovalPolicy(refer_band=band, segment_caps={"a": cap_a, "b": cap_b}).fit(pd, profit, segment)
    ids = np.array([f"id{i:03d}" for i in range(len(pd))])
    found = policy.decide(pd, segment, order=ids)
    approved = found.decision == "approve"
    assert (approved & (segment == "a")).sum() <= cap_a * (segment == "a").sum() + 1e-9
    assert (approved & (segment == "b")).sum() <= cap_b
    for s in "ab":  # best first
        turned_away = (found.reason == "cap") & (segment == s)
        if turned_away.any() and (approved & (segment == s)).any():
            assert pd[approved & (segment == s)].max() <= pd[turned_away].min()
    shuffled = np.array(random.sample(range(len(pd)), len(pd)))
    again = policy.decide(pd[shuffled], segment[shuffled], order=ids[shuffled])
    assert again.decision.tolist() == found.decision[shuffled].tolist()
    assert again.reason.tolist() == found.reason[shuffled].tolist()


@settings(deadline=None, max_examples=100)
@given(applicants, limit, st.none() | st.floats(0, 1) | st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_stored_and_read_back_it_decides_the_same(rows, max_bad_rate, band):
    pd, profit = (np.array([row[i] for row in rows], dtype=float) for i in range(2))
    policy = ApprovalPolicy(max_bad_rate, refer_band=band, segment_caps={"a": 1.0, "b": 1})
    policy.fit(pd, profit, [row[3] for row in rows])
    plain = policy.to_dict()
    again = decision_from_dict(json.loads(json.dumps(plain, allow_nan=False)))
    assert again.to_dict() == plain
    assert again == policy
    new = np.random.default_rng(0).random(50)
    segments = np.resize(["a", "b", "c"], 50)
    assert again.decide(new, segments).decision.tolist() == policy.decide(new, segments).decision.tolist()


@settings(deadline=None, max_examples=100)
@given(applicants, st.floats(0.01, 1) | st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_band_lies_about_the_cutoff(rows, band):
    pd, profit = (np.array([row[i] for row in rows], dtype=float) for i in range(2))
    policy = ApprovalPolicy(refer_band=band).fit(pd, profit)
    found = policy.decide(pd)
    if policy.fit_.cutoff is None:
        assert set(found.decision) == {"decline"}
        return
    rank = {"approve": 0, "refer": 1, "decline": 2}
    by_risk = [rank[d] for d in found.decision[np.argsort(pd, kind="stable")]]
    assert by_risk == sorted(by_risk)
    assert (policy.fit_.approve_up_to or -1) <= policy.fit_.cutoff <= policy.fit_.refer_up_to


def test_a_share_is_referred():
    pd = np.arange(1000) / 1000
    policy = ApprovalPolicy(refer_band=0.1).fit(pd, np.where(pd < 0.4, 1.0, -1.0))
    assert policy.fit_.cutoff == pytest.approx(0.399)
    assert policy.decide(pd).counts() == {"approve": 350, "refer": 100, "decline": 550}


def test_a_width_is_referred():
    policy = ApprovalPolicy(refer_band=(0.05, 0.1)).fit([0.1, 0.2, 0.6], [1, 1, -9])
    decided = policy.decide([0.15, 0.16, 0.3, 0.31]).decision.tolist()
    assert decided == ["approve", "refer", "refer", "decline"]


def test_nobody_qualifies_is_a_result():
    policy = ApprovalPolicy(max_bad_rate=0.05).fit([0.3, 0.4], [10, 10])
    assert policy.fit_.status == "nobody"
    assert policy.message() == (
        "Nobody qualifies: even the strictest cut-off has a bad rate of 30.00%, above the limit of 5.00%. "
        "Everyone is declined."
    )
    assert "30.00%" in policy.message("zh")
    found = policy.decide([0.01, 0.3])
    assert found.decision.tolist() == ["decline", "decline"]
    assert found.texts()[0] == "Declined: no cut-off meets the limits."


def test_other_results_have_words():
    poor = ApprovalPolicy().fit([0.1, 0.2], [-1, -2])
    assert poor.fit_.status == "unprofitable"
    assert "No cut-off is expected to earn money" in poor.message()
    tight = ApprovalPolicy(max_bad_rate=0.1, min_approval=0.9).fit([0.1, 0.5], [5, 5])
    assert tight.fit_.status == "min_approval_missed"
    assert "The wanted approval of 90.0% cannot be reached: the bad-rate limit allows 50.0%." in tight.message()
    capped = ApprovalPolicy(segment_caps={"a": 0.0}).fit([0.1], [5], ["a"])
    assert "caps let nobody in" in capped.message()
    for policy in (poor, tight, capped):
        assert policy.message("zh")
    chosen = ApprovalPolicy(max_bad_rate=0.1).fit([0.05, 0.5], [5, -5]).message()
    assert chosen == (
        "Approve up to a probability of default of 5.00%: 50.0% approved, expected bad rate 5.00% (limit 10.00%), "
        "expected profit 2.50 per applicant."
    )


def test_loss_may_be_accepted_for_volume():
    policy = ApprovalPolicy(min_approval=0.5).fit([0.1, 0.2], [-1, -2])
    assert (policy.fit_.status, policy.fit_.approval) == ("chosen", 0.5)
    assert ApprovalPolicy(max_bad_rate=0.15, objective="approvals").fit([0.1, 0.2, 0.9], [5, -3, 1]).fit_.approval == (
        pytest.approx(2 / 3)
    )


def test_reasons():
    policy = ApprovalPolicy(refer_band=(0.0, 0.1), segment_caps={"new": 1}).fit(
        [0.1, 0.2, 0.6], [1, 1, -9], ["old", "old", "new"]
    )
    found = policy.decide(
        [0.1, 0.1, 0.25, 0.9, 0.01],
        ["new", "new", "old", "old", "old"],
        rules={"under 18": np.array([False, False, False, False, True])},
    )
    frame = found.frame()
    assert frame["decision"].to_list() == ["approve", "decline", "refer", "decline", "decline"]
    assert frame["reason"].to_list() == ["cutoff", "cap", "band", "cutoff", "rule"]
    assert frame["reason_text"].to_list() == [
        "Approved: probability of default 10.00% is within 20.00%, the lower edge of the referral band.",
        "Declined because segment new is full; applicants of lower risk came first.",
        "Referred: probability of default 25.00% is too near the cut-off to be decided without a person.",
        "Declined: probability of default 90.00% is above 30.00%, the upper edge of the referral band.",
        "Declined by the rule: under 18.",
    ]
    assert all(text for text in found.texts("zh"))


def test_who_is_ruled_out_takes_no_place_under_a_cap():
    policy = ApprovalPolicy(segment_caps={"a": 1}).fit([0.1], [1], ["a"])
    found = policy.decide([0.01, 0.05], ["a", "a"], rules={"bankrupt": np.array([True, False])})
    assert found.decision.tolist() == ["decline", "approve"]


def test_empty_batch():
    found = ApprovalPolicy().fit([0.1], [1]).decide([])
    assert len(found) == 0
    assert found.frame().shape == (0, 3)


@pytest.mark.parametrize(
    ("policy", "y", "code", "told"),
    [
        (ApprovalPolicy(), None, "profit", "Profit stopped the cut-off"),
        (ApprovalPolicy(max_bad_rate=0.9), None, "profit", "The bad-rate limit was not reached"),
        (ApprovalPolicy(max_bad_rate=0.06), None, "bad_rate", "limit of 6.00% on the expected bad rate"),
        (
            ApprovalPolicy(max_bad_rate=0.2),
            [0, 1, 0, 0],
            "observed_bad_rate",
            "on the observed bad rate stopped the cut-off",
        ),
        (ApprovalPolicy(min_approval=1.0), None, "min_approval", "alone would have stopped at 30.00%"),
        (ApprovalPolicy(max_bad_rate=0.01), None, "", "Nobody qualifies"),
        (ApprovalPolicy(max_bad_rate=0.06, min_approval=0.9), None, "bad_rate", "before the wanted approval"),
    ],
)
def test_what_stopped_the_cutoff(policy, y, code, told):
    policy.fit([0.05, 0.1, 0.3, 0.6], [50, 40, 10, -80], y=y)
    assert policy.fit_.binding == code
    assert told in policy.binding().en
    assert re.search("[一-鿿]", policy.binding().zh)
    if code:
        assert policy.fit_.profit_cutoff == 0.3
    assert ApprovalPolicy.from_dict(policy.to_dict()).binding() == policy.binding()


def test_nothing_stops_where_all_earn():
    policy = ApprovalPolicy().fit([0.05, 0.1], [5, 5])
    assert policy.fit_.binding == "everyone"
    assert "lets all" in policy.binding().en


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ApprovalPolicy(max_bad_rate=8), "where:    max_bad_rate"),
        (lambda: ApprovalPolicy(min_approval=float("nan")), "share makes no sense"),
        (lambda: ApprovalPolicy(refer_band=(0.1, 0.2, 0.3)), "two sides"),
        (lambda: ApprovalPolicy(segment_caps={"a": 1.5}), "segment cap makes no sense"),
        (lambda: ApprovalPolicy(segment_caps={"a": True}), "segment cap makes no sense"),
        (lambda: ApprovalPolicy(objective="glory"), "No such objective"),
        (lambda: ApprovalPolicy().decide([0.1]), "no cut-off yet"),
        (lambda: ApprovalPolicy().message(), "no cut-off yet"),
        (lambda: ApprovalPolicy().fit([], []), "no applicants"),
        (lambda: ApprovalPolicy().fit([np.nan], [1]), "1 of 1 probabilities of default are missing"),
        (lambda: ApprovalPolicy().fit([0.1], [np.nan]), "expected profits are missing"),
        (lambda: ApprovalPolicy(segment_caps={"a": 1}).fit([0.1], [1]), "segment caps, but no segments"),
        (lambda: ApprovalPolicy().fit([0.1], [1]).decide([0.1], rules={"r": [1]}), "true and false"),
        (lambda: ApprovalPolicy().fit([0.1], [1]).decide([0.1], order=[1, 2]), "order do not match"),
        (lambda: ApprovalPolicy.from_dict({"kind": "alerts"}), "another kind"),
        (lambda: ApprovalPolicy.from_dict({"kind": "approval", "speed": 1}), "cannot be read"),
        (lambda: decision("aproval"), 'Did you mean "approval"'),
        (lambda: decision_from_dict({}), "does not say its kind"),
    ],
)
def test_bad_input(build, message):
    with pytest.raises(DecisionError, match=message):
        build()


def test_registry():
    assert decision("approval") is ApprovalPolicy
    assert isinstance(ApprovalPolicy(), Decision)
