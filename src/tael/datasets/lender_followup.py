"""What follows a collection case: messages, calls and visits, payments, and complaints in the customer's words."""

from __future__ import annotations

import numpy as np
import polars as pl

from tael.datasets.bank_calendar import DAY, Floats, Ints
from tael.datasets.bank_frames import category, moment
from tael.datasets.bank_people import choose
from tael.datasets.lender_collection import AGENCY, CASE_DAYS, CHANNELS, HANDLING, CaseRound
from tael.datasets.lender_life import COMPLAINT, Service
from tael.datasets.lender_texts import COLLECTION_TOPICS, SERVICE_TOPICS, complaint_text

ACTION = ("sms", "ai_voice", "call", "visit", "letter")
RESULT = ("no_answer", "promise", "refused", "paid")
# actions in 60 days, and their mix, for each of CHANNELS
_PER_CASE = np.array([1.2, 5.0, 6.5, 2.5])
_MIX = np.array([[0.8, 0.2, 0, 0, 0], [0.3, 0.3, 0.4, 0, 0], [0.12, 0.13, 0.5, 0.25, 0], [0.15, 0, 0.2, 0.05, 0.6]])


def joined(rounds: list[CaseRound], end: int) -> CaseRound:
    """All cases opened before the end, in the order of their opening."""
    values = {name: np.concatenate([vars(one)[name] for one in rounds]) for name in vars(rounds[0])}
    order = np.argsort(values["opened"], kind="stable")
    order = order[values["opened"][order] < end]
    return CaseRound(**{name: value[order] for name, value in values.items()})


def cases_frame(cases: CaseRound, loan_of: Ints) -> pl.DataFrame:
    """One row per case, ``case_id`` in the order of opening; `loan_of` gives the loan of each application."""
    return pl.DataFrame(
        {
            "case_id": np.arange(len(cases.opened)) + 1,
            "loan_id": loan_of[cases.application],
            "customer_id": cases.customer + 1,
            "opened": moment(cases.opened),
            "days_past_due": cases.days_past_due,
            "overdue_amount": cases.overdue,
            "balance": cases.balance,
            "channel": category(cases.channel, CHANNELS),
            "randomised": cases.randomised,
            "propensity": cases.propensity,
            "handling": category(cases.handling, HANDLING),
            "handling_propensity": cases.handling_propensity,
        }
    )


def actions_frame(rng: np.random.Generator, cases: CaseRound, end: int) -> pl.DataFrame:
    """What was done in each case before it was paid or its 60 days were over, and what came of it."""
    n = len(cases.opened)
    until = np.minimum(cases.paid_at, cases.opened + CASE_DAYS * DAY)
    pace = _PER_CASE[cases.channel] * (until - cases.opened) / (CASE_DAYS * DAY)
    case = np.repeat(np.arange(n), rng.poisson(pace))
    m = len(case)
    edges = np.cumsum(_MIX / _MIX.sum(axis=1, keepdims=True), axis=1)
    kind = np.minimum((rng.random(m)[:, None] > edges[cases.channel[case]]).sum(axis=1), 4)
    time = cases.opened[case] + (rng.random(m) * (until - cases.opened)[case]).astype(np.int64)
    time = np.minimum(time // DAY * DAY + (rng.uniform(9, 19, m) * 3600).astype(np.int64), until[case] - 60)
    answered = rng.random(m) < np.where(cases.reachable[case], 0.62, 0.22)
    pays = cases.repaid[case]
    spoken = np.where(rng.random(m) < np.where(pays, 0.75, 0.4), 1, 2)
    result = np.where(answered, spoken, 0)
    # Those whose payment follows within two days of the last call are noted as paid by it.
    night = np.flatnonzero(cases.night)
    late = cases.opened[night] + (rng.uniform(1, 8, len(night)).astype(np.int64)) * DAY
    late += (22 * 3600 + rng.uniform(0, 1.9, len(night)) * 3600).astype(np.int64)
    done = np.flatnonzero(cases.repaid & (cases.channel > 0) & (rng.random(n) < 0.5))
    last = cases.paid_at[done] - rng.integers(600, 6 * 3600, len(done))
    columns = {
        "case": np.concatenate([case, night, done]),
        "time": np.concatenate([time, late, np.maximum(last, cases.opened[done] + 60)]),
        "kind": np.concatenate([kind, np.full(len(night), 2), np.full(len(done), 2)]),
        "result": np.concatenate([result, choose(rng, len(night), (0.5, 0.2, 0.3)), np.full(len(done), 3)]),
    }
    keep = columns["time"] < np.minimum(until[columns["case"]], end)
    order = np.lexsort((columns["case"], columns["time"]))
    order = order[keep[order]]
    return pl.DataFrame(
        {
            "case_id": columns["case"][order] + 1,
            "acted": moment(columns["time"][order]),
            "kind": category(columns["kind"][order], ACTION),
            "result": category(columns["result"][order], RESULT),
        }
    )


def payments_frame(rng: np.random.Generator, cases: CaseRound, end: int) -> pl.DataFrame:
    """Payments: one to three that cover what is overdue, or a part of it from those who do not repay."""
    repaid = np.flatnonzero(cases.repaid)
    count = 1 + choose(rng, len(repaid), (0.6, 0.28, 0.12))
    case = [repaid]
    time, amount = [cases.paid_at[repaid]], [cases.overdue[repaid].copy()]
    for number in (1, 2):
        rows = np.flatnonzero(count > number)
        share = np.round(cases.overdue[repaid[rows]] * rng.uniform(0.1, 0.4, len(rows)), 2)
        amount[0][rows] -= share
        span = cases.paid_at[repaid[rows]] - cases.opened[repaid[rows]]
        case.append(repaid[rows])
        time.append(cases.opened[repaid[rows]] + (rng.uniform(0.1, 0.95, len(rows)) * span).astype(np.int64))
        amount.append(share)
    parts = np.flatnonzero(cases.part > 0)
    case.append(parts)
    time.append(cases.opened[parts] + (rng.uniform(3, 57, len(parts)) * DAY).astype(np.int64))
    amount.append(cases.part[parts])
    which, when, sums = np.concatenate(case), np.concatenate(time), np.round(np.concatenate(amount), 2)
    order = np.lexsort((which, when))
    order = order[when[order] < end]
    return pl.DataFrame({"case_id": which[order] + 1, "paid": moment(when[order]), "amount": sums[order]})


def complaints_frame(
    rng: np.random.Generator, cases: CaseRound, service: Service, closed: Ints, end: int
) -> pl.DataFrame:
    """Complaints about collection, and those about the service that were made in writing."""
    about = np.flatnonzero(cases.complained & (cases.complained_at < end))
    grumble = service.topic == COMPLAINT
    written = np.flatnonzero(grumble & (rng.random(len(grumble)) < np.where(service.resolved, 0.15, 0.45)))
    after = service.time[written] + (rng.exponential(1.0, len(written)) * DAY).astype(np.int64) + 600
    there = after < np.minimum(closed[service.customer[written]], end)
    written, after = written[there], after[there]
    customer = np.concatenate([cases.customer[about], service.customer[written]])
    time = np.concatenate([cases.complained_at[about], after])
    case = np.concatenate([about + 1, np.full(len(written), -1)])
    topic = np.concatenate(
        [
            _collection_topic(rng, cases, about),
            len(COLLECTION_TOPICS) + choose(rng, len(written), (0.3, 0.25, 0.25, 0.2)),
        ]
    )
    severity = 1 + choose(rng, len(time), (0.5, 0.35, 0.15))
    recorded = time + (rng.exponential(1.0, len(time)) * np.where(rng.random(len(time)) < 0.8, 0.3, 3) * DAY).astype(
        np.int64
    )
    recorded = np.minimum(recorded + 60, time + 12 * DAY)
    order = np.argsort(time, kind="stable")
    order = order[recorded[order] < end]
    texts = complaint_text(rng, topic[order], severity[order])
    return pl.DataFrame(
        {
            "complaint_id": np.arange(len(order)) + 1,
            "customer_id": customer[order] + 1,
            "case_id": pl.Series(case[order]).set(pl.Series(case[order] < 0), None),
            "complained": moment(time[order]),
            "recorded_at": moment(recorded[order]),
            "topic": category(topic[order], COLLECTION_TOPICS + SERVICE_TOPICS),
            "text": texts,
            "severity": severity[order],
        }
    )


def _collection_topic(rng: np.random.Generator, cases: CaseRound, about: Ints) -> Ints:
    """What a complaint about collection is about: night calls where there were any, relatives mostly with agencies."""
    usual = choose(rng, len(about), (0.0, 0.2, 0.2, 0.3, 0.3))
    agency = choose(rng, len(about), (0.0, 0.4, 0.35, 0.15, 0.1))
    topic = np.where(cases.channel[about] == AGENCY, agency, usual)
    return np.where(cases.night[about] & (rng.random(len(about)) < 0.7), 0, topic)


def collection_truth(cases: CaseRound) -> pl.DataFrame:
    """The chances that the outcomes of each case were drawn from."""
    columns: dict[str, Ints | Floats] = {"case_id": np.arange(len(cases.opened)) + 1}
    for at, channel in enumerate(CHANNELS):
        columns[f"repay_{channel}"] = cases.repay[:, at]
    for at, channel in enumerate(CHANNELS):
        for how, handling in enumerate(HANDLING):
            columns[f"complaint_{channel}_{handling}"] = cases.complain[:, at, how]
    return pl.DataFrame(columns)
