"""The lender's truth against a slow plain computation from the rows that could be seen at the moment, no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from math import exp, log, log1p
from typing import Any

import polars as pl
import pytest

from tael.datasets import SimulatedLender

Row = dict[str, Any]
Rows = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def rows(lender: SimulatedLender) -> Rows:
    """All rows of one customer (or of one loan) in a table."""

    @cache
    def of(table: str, customer: int, column: str = "customer_id") -> list[Row]:
        return lender.frames[table].filter(pl.col(column) == customer).to_dicts()

    return of


def p(odds: float) -> float:
    return 1 / (1 + exp(-odds))


def count(found: list[Row], time: str, now: datetime, days: float) -> int:
    return sum(now - timedelta(days=days) <= row[time] < now for row in found)


def login_gap(rows: Rows, customer: int, now: datetime) -> float:
    seen = [row["time"] for row in rows("app_events", customer) if row["event"] == "login" and row["time"] < now]
    return min((now - max(seen)) / timedelta(days=1), 240.0) if seen else 240.0


def complaints(rows: Rows, customer: int) -> list[Row]:
    return [row for row in rows("service_contacts", customer) if row["topic"] == "complaint"]


def test_the_campaigns_chances_can_be_seen_before_it(lender: SimulatedLender, rows: Rows) -> None:
    contacts = lender.frames["campaign_contacts"].join(lender.truth.campaign, on="contact_id")
    people = {row["customer_id"]: row for row in lender.frames["customers"].to_dicts()}
    for one in contacts.sample(150, seed=1).to_dicts():
        c, now = one["customer_id"], one["sent"]
        gap, age = login_gap(rows, c, now), people[c]["age"]
        enquired = count(rows("bureau_enquiries", c), "reported_at", now, 90)
        complained = count(complaints(rows, c), "contacted", now, 365) > 0
        done = [row for row in rows("loans", c) if row["settled_on"] is not None and row["settled_on"] < now]
        good = sum(row["status"] != "written off" for row in done)
        calls = sum(row["arm"] == "call" and row["sent"] < now for row in rows("campaign_contacts", c))
        base = p(-4.2 + 1.1 * (gap < 30) + 0.38 * min(enquired, 5) + 0.3 * min(good, 2) - 0.04 * (min(age, 55) - 33))
        sms = 0.003 + 0.028 * (30 <= gap < 120) + 0.01 * (age < 30) - 0.015 * (gap < 30) - 0.03 * complained
        call = 0.002 + 0.06 * (gap >= 75 and good > 0) + 0.025 * (age >= 38) - 0.02 * (gap < 30)
        call += -0.015 * (enquired >= 3) - 0.07 * complained - 0.01 * min(calls, 2)
        assert one["p_none"] == pytest.approx(base), one
        assert one["p_sms"] == pytest.approx(max(base + sms, 0.2 * base)), one
        assert one["p_call"] == pytest.approx(max(base + call, 0.2 * base)), one


def test_the_chance_of_leaving_can_be_seen_at_the_snapshot(lender: SimulatedLender, rows: Rows) -> None:
    people = {row["customer_id"]: row for row in lender.frames["customers"].to_dicts()}
    at_risk = lender.truth.churn.filter(lender.truth.churn["probability"] > 0)
    for one in at_risk.sample(150, seed=2).to_dicts():
        c, now = one["customer_id"], one["month"]
        seen = sorted((row["as_of"], row["balance"]) for row in rows("balances", c) if row["as_of"] <= now)
        assert seen[-1][0] == now
        before = [balance for _, balance in seen[-4:-1]] or [seen[-1][1]]
        change = log(max(seen[-1][1], 1) / max(sum(before) / len(before), 1))
        unresolved = [row for row in complaints(rows, c) if not row["resolved"]]
        odds = (
            -5.25
            + 3.0 * min(max(-change, -0.5), 2.0)
            + 1.5 * min(count(unresolved, "contacted", now, 90), 2)
            + 0.75 * log1p(login_gap(rows, c, now) / 30)
            - 0.02 * (people[c]["age"] - 33)
        )
        assert one["probability"] == pytest.approx(p(odds)), one


def test_the_chance_to_settle_early_can_be_seen_before_the_instalment(lender: SimulatedLender, rows: Rows) -> None:
    loans = {row["loan_id"]: row for row in lender.frames["loans"].to_dicts()}
    for one in lender.truth.settlement.sample(150, seed=3).to_dicts():
        loan, now = loans[one["loan_id"]], one["decided"]
        c = loan["customer_id"]
        due = now + timedelta(days=5)
        seen = sorted((row["as_of"], row["balance"]) for row in rows("balances", c) if row["as_of"] < now)
        jump = 0.0
        if len(seen) > 1:
            before = [balance for _, balance in seen[-4:-1]]
            jump = log(max(seen[-1][1], 1) / max(sum(before) / len(before), 1))
        late = []
        for other in rows("loans", c):
            if other["disbursed"] <= loan["disbursed"]:
                for row in rows("instalments", other["loan_id"], "loan_id"):
                    if row["due"] < due and row["paid"] is not None and row["paid"] < due:
                        late.append((row["paid"] - row["due"]) / timedelta(days=1))
        own = [row["due"] for row in rows("instalments", one["loan_id"], "loan_id") if row["number"] == one["number"]]
        assert own in ([due], []), "due after the end"
        odds = (
            -4.85
            + 0.58 * min(count(rows("bureau_enquiries", c), "reported_at", now, 60), 6)
            + 2.0 * min(max(jump, -0.5), 1.8)
            + 14.0 * (loan["annual_rate"] - 0.19)
            - 0.05 * min(max(sum(late) / len(late) if late else 0.0, -2), 10)
        )
        assert one["probability"] == pytest.approx(p(odds)), one


def test_the_chances_of_a_case_can_be_seen_when_it_is_opened(lender: SimulatedLender, rows: Rows) -> None:
    """But for whether somebody can be reached, which the app shows for most, not for all."""
    f = lender.frames
    cases = f["collection_cases"].join(lender.truth.collection, on="case_id")
    people = {row["customer_id"]: row for row in f["customers"].to_dicts()}
    complained = set(f["complaints"]["case_id"].drop_nulls())
    night = set(f["collection_actions"].filter(f["collection_actions"]["acted"].dt.hour() >= 22)["case_id"])
    other_reach = 0
    for one in cases.sample(200, seed=4).to_dicts():
        c, now = one["customer_id"], one["opened"]
        number, age = (30, 90, 150).index(one["days_past_due"]), people[c]["age"]
        earlier = [
            row["case_id"]
            for row in rows("collection_cases", c)
            if row["loan_id"] == one["loan_id"]
            and row["opened"] in [now - timedelta(days=60 * n) for n in range(1, number + 1)]
        ]
        assert len(earlier) == number
        upset = count(complaints(rows, c), "contacted", now, 365) + sum(case in complained for case in earlier)
        nights = sum(case in night for case in earlier)
        person = -3.6 + 0.85 * min(upset, 3) + 0.6 * (age < 27) + 0.5 * (age > 45) + 0.7 * min(nights, 2)
        gentle = -1.1 if upset or age < 27 else -0.15
        assert one["complaint_in_house_standard"] == pytest.approx(p(person)), one
        assert one["complaint_agency_gentle"] == pytest.approx(p(person + 0.95 + gentle)), one

        first = now - timedelta(days=one["days_past_due"])
        begun = next(row["disbursed"] for row in rows("loans", c) if row["loan_id"] == one["loan_id"])
        late = []
        for other in rows("loans", c):
            if other["disbursed"] > begun:
                continue
            for row in rows("instalments", other["loan_id"], "loan_id"):
                if row["due"] < first and row["paid"] is not None and row["paid"] < first:
                    late.append((row["paid"] - row["due"]) / timedelta(days=1))
        money = [row for row in rows("balances", c) if row["as_of"] < now]
        paid = [row for row in rows("transactions", c) if row["kind"] == "salary"]
        ease = (
            0.55
            + 1.1 * (count(paid, "posted_at", now, 60) > 0)
            - 0.11 * min(max(sum(late) / len(late) if late else 1.5, -2), 14)
            - 0.14 * min(count(rows("bureau_enquiries", c), "reported_at", now, 90), 8)
            - 0.45 * min(max(log(one["overdue_amount"] / (people[c]["income"] or 5000)) + 1.2, -2), 2)
            + 0.35 * min(max(log((money[-1]["balance"] if money else 5000) / 8000), -2), 2)
            - 0.75 * number
        )
        reached = 0.7 * (login_gap(rows, c, now + timedelta(microseconds=1)) <= 60)
        if one["repay_wait"] != pytest.approx(p(ease + reached - 0.85)):
            assert reached == 0
            assert one["repay_wait"] == pytest.approx(p(ease + 0.7 - 0.85)), one
            other_reach += 1
    assert 0 < other_reach < 40
