from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.decisions import ApprovalEconomics, expected_profit, profit_parts
from tael.errors import DecisionError

share = st.floats(0, 1)
amount = st.floats(0, 1e6)


@given(share, share, amount, share, share, share, share)
def test_formula_by_hand(pd, lgd, a, margin, ead, kept, funding):
    terms = ApprovalEconomics(
        amount=a,
        margin_rate=margin,
        lgd=lgd,
        exposure_at_default=ead,
        income_before_default=kept,
        funding_rate=funding,
        capital_ratio=0.1,
        capital_cost=0.12,
        term_years=2,
        average_balance=0.5,
        acquisition_cost=30,
        servicing_cost=20,
    )
    income = (1 - pd) * margin * a + pd * kept * margin * a
    by_hand = income - pd * lgd * ead * a - (funding + 0.1 * 0.12) * 0.5 * 2 * a - 50
    assert expected_profit([pd], terms)[0] == pytest.approx(by_hand, abs=1e-6)


@given(st.lists(share, min_size=2, max_size=20), share, share)
def test_riskier_is_never_worth_more(pd, lgd, margin):
    profit = expected_profit(np.sort(pd), ApprovalEconomics(amount=1000, margin_rate=margin, lgd=lgd))
    assert (np.diff(profit) <= 1e-9).all()


def test_one_number_or_one_for_each():
    terms = ApprovalEconomics(amount=pl.Series([1000, 2000]), margin=[100.0, 300.0], lgd=0.5)
    assert expected_profit([0.1, 0.2], terms).tolist() == pytest.approx([40, 40])
    assert expected_profit([0.2], terms.take([1])).tolist() == pytest.approx([40])
    parts = profit_parts([0.1, 0.2], terms)
    assert (parts["income"] - parts["loss"]).tolist() == pytest.approx([40, 40])
    assert expected_profit([], ApprovalEconomics(amount=1)).shape == (0,)


def test_outcomes_give_the_profit_realised():
    terms = ApprovalEconomics(amount=1000, margin_rate=0.2, lgd=0.6)
    assert expected_profit([0, 1], terms).tolist() == [200, -600]


def test_plain_and_back():
    terms = ApprovalEconomics(amount=np.array([1000.1, 2000]), margin_rate=0.1, currency="EUR")
    plain = json.loads(json.dumps(terms.to_dict()))
    assert ApprovalEconomics.from_dict(plain).to_dict() == terms.to_dict()
    with pytest.raises(DecisionError, match="got:      lgb"):
        ApprovalEconomics.from_dict({"amount": 1, "lgb": 0.5})


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"amount": 1000, "lgd": 60}, '"lgd" are outside'),
        ({"amount": -1}, '"amount" are negative'),
        ({"amount": [1, np.nan]}, '1 of 2 values of "amount" are missing'),
        ({"amount": np.inf}, "missing or infinite"),
        ({"amount": "much"}, "not a number"),
        ({"amount": None}, "is absent"),
        ({"amount": [[1]]}, "one number, or one for each"),
    ],
)
def test_bad_terms(terms, message):
    with pytest.raises(DecisionError, match=message):
        ApprovalEconomics(**terms)


@pytest.mark.parametrize(
    ("pd", "message"),
    [
        ([np.nan, np.nan], "2 of 2 probabilities of default are missing"),
        ([0.1, 1.5], "outside"),
        ([0.1, -np.inf], "outside"),
        (["high"], "not numbers"),
        ([0.1], 'values of "amount" do not match the applicants'),
    ],
)
def test_bad_probabilities(pd, message):
    with pytest.raises(DecisionError, match=message):
        expected_profit(pd, ApprovalEconomics(amount=[1, 2]))
