"""A simulated lender: the simulated bank's customers through their whole life, from purchase to collection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from tael.datasets import bank_frames as frames_of
from tael.datasets.bank import Drawn, assemble, draw_bank
from tael.datasets.bank_calendar import NEVER, Ints
from tael.datasets.bank_loans import Loans, make_loans
from tael.datasets.lender_campaign import campaign_truth, contacts_frame, make_campaign, reapplications_frame
from tael.datasets.lender_events import make_behaviour, seconds_of
from tael.datasets.lender_followup import (
    actions_frame,
    cases_frame,
    collection_truth,
    complaints_frame,
    joined,
    payments_frame,
)
from tael.datasets.lender_life import (
    REASON,
    SERVICE_CHANNEL,
    TOPIC,
    Accounts,
    Leaving,
    Service,
    make_accounts,
    make_leaving,
    make_service,
)
from tael.datasets.lender_lines import lines_frame, lines_truth, make_lines
from tael.datasets.lender_loans import Repayment, principal_left
from tael.datasets.lender_result import LenderTruth, SimulatedLender
from tael.datasets.lender_sales import CATALOGUE, make_purchases, purchase_truth, purchases_frame
from tael.datasets.lender_schema import lender_schema

SETTLED = ("scheduled", "early", "written_off")


def simulate_lender(
    n_customers: int = 10_000,
    seed: int = 0,
    *,
    events_per_customer: int = 60,
    months: int = 36,
    start: str = "2022-01-01",
    progress: bool = False,
) -> SimulatedLender:
    """Simulate a lender's customers through their whole life: what they buy, how they pay, why they leave.

    The customers, their applications and what they do are those of :func:`~tael.datasets.simulate_bank` with the same
    arguments; after the bank's window they go on at the same pace until they leave or the data end. Which loans
    default is drawn from the bank's own probabilities. Drawn anew, so that something visible drives it: which loans are
    settled early, who gets into trouble from the fourth instalment on, and how trouble ends. Applications made again
    (``reapplications``) are noted, but what becomes of them is not simulated.

    Further tables: ``products``, ``purchases``, ``service_contacts``, ``balances``, ``closures``, ``settlements``,
    ``campaign_contacts``, ``reapplications``, ``credit_lines``, ``collection_cases``, ``collection_actions``,
    ``collection_payments``, ``complaints``. Every outcome is drawn from a probability that ``truth`` holds, under
    each choice that could have been made, so that the true value of a policy can be computed.

    Parameters
    ----------
    n_customers : int
        100 to 2,000,000.
    seed : int
        The same seed (and arguments) gives equal frames.
    events_per_customer : int
        Events of the bank's window, 20 to 1,000; those after it come on top.
    months : int
        Length of the period, 12 or more. Campaigns are held after a half, two thirds and five sixths of it.
    start : str
        First day of the applications, as ``YYYY-MM-DD``, the first of a month, from 2018 on.
    progress : bool
        Show a progress bar.

    Returns
    -------
    SimulatedLender

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> lender = simulate_lender(200, seed=1, months=12)
    >>> "collection_cases" in lender.frames, lender.schema["tael"]["simulated"]
    (True, True)
    """
    drawn = draw_bank(n_customers, seed, events_per_customer, start, months, progress)
    # Streams of its own, so that a change here leaves the bank as it is and one part leaves the others.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 1]).spawn(12)]
    service = make_service(streams[0], drawn)
    accounts = make_accounts(streams[1], drawn, service)
    behaviour = make_behaviour(streams[2], drawn, events_per_customer, accounts.decline)
    repayment = Repayment(streams[3], drawn, behaviour, accounts, service)
    loans = make_loans(
        drawn.streams[6],
        drawn.people,
        drawn.applications,
        drawn.calendar,
        drawn.static + drawn.shock,
        drawn.drivers,
        drawn.half_year,
        repayment,
    )
    leaving = make_leaving(streams[4], drawn, accounts, behaviour, service, loans.disbursed, loans.settled_on)
    bank = assemble(
        replace(
            drawn,
            enquiries=behaviour.enquiries,
            transactions=behaviour.transactions,
            app_events=behaviour.app_events,
        ),
        loans,
    )
    for name in ("transactions", "app_events", "bureau_enquiries", "external_scores", "contacts"):
        bank.frames[name] = _until(bank.frames[name], bank.schema[name]["time"], leaving.closed)
    end, income = drawn.calendar.end, drawn.people.income
    bought = make_purchases(streams[5], drawn, accounts, behaviour, leaving.closed)
    campaign = make_campaign(streams[6], drawn, behaviour, service, loans, leaving.closed)
    lines = make_lines(streams[7], drawn, behaviour, loans)
    cases = joined(repayment.rounds, end)
    loan_of = _loan_numbers(loans, end)
    frames = {
        **bank.frames,
        "products": CATALOGUE,
        "purchases": purchases_frame(bought, end),
        "service_contacts": _service_frame(service, leaving.closed),
        "balances": _balances_frame(accounts, leaving.closed),
        "closures": _closures_frame(leaving),
        "settlements": _settlements_frame(drawn, loans, loan_of),
        "campaign_contacts": contacts_frame(campaign),
        "reapplications": reapplications_frame(streams[8], campaign, income),
        "credit_lines": lines_frame(lines, drawn),
        "collection_cases": cases_frame(cases, loan_of),
        "collection_actions": actions_frame(streams[9], cases, end),
        "collection_payments": payments_frame(streams[10], cases, end),
        "complaints": complaints_frame(streams[11], cases, service, leaving.closed, end),
    }
    truth = LenderTruth(
        bank.truth.frame,
        bank.truth.words,
        campaign=campaign_truth(campaign),
        collection=collection_truth(cases),
        churn=_churn_truth(accounts, leaving),
        purchase=purchase_truth(bought).filter(
            pl.col("purchase_id").is_in(frames["purchases"]["purchase_id"].implode())
        ),
        settlement=_settlement_truth(repayment, loan_of, end),
        lines=lines_truth(lines),
    )
    return SimulatedLender(frames, lender_schema(), truth)


def _until(frame: pl.DataFrame, time: str, closed: Ints) -> pl.DataFrame:
    """The rows of each customer before the day of leaving."""
    return frame.filter(pl.Series(seconds_of(frame[time]) < closed[frame["customer_id"].to_numpy() - 1]))


def _loan_numbers(loans: Loans, end: int) -> Ints:
    """The number of each application's loan, as the bank counts them; 0 where there is none."""
    rows = np.flatnonzero(loans.disbursed < end)
    numbers = np.zeros(len(loans.disbursed), dtype=np.int64)
    numbers[rows[np.argsort(loans.disbursed[rows], kind="stable")]] = np.arange(len(rows)) + 1
    return numbers


def _service_frame(service: Service, closed: Ints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": service.customer + 1,
            "contacted": frames_of.moment(service.time),
            "topic": frames_of.category(service.topic, TOPIC),
            "channel": frames_of.category(service.channel, SERVICE_CHANNEL),
            "minutes": service.minutes,
            "resolved": service.resolved,
        }
    ).filter(pl.Series(service.time < closed[service.customer]))


def _open_accounts(accounts: Accounts, closed: Ints) -> tuple[Ints, Ints]:
    """Customer and snapshot of each account while it is open."""
    there = (accounts.as_of[None, :] > accounts.opened[:, None]) & (accounts.as_of[None, :] < closed[:, None])
    customer, month = np.nonzero(there)
    return customer.astype(np.int64), month.astype(np.int64)


def _balances_frame(accounts: Accounts, closed: Ints) -> pl.DataFrame:
    customer, month = _open_accounts(accounts, closed)
    return pl.DataFrame(
        {
            "customer_id": customer + 1,
            "as_of": frames_of.moment(accounts.as_of[month]),
            "balance": accounts.balance[customer, month],
            "card_spend": accounts.spend[customer, month],
        }
    )


def _closures_frame(leaving: Leaving) -> pl.DataFrame:
    rows = np.flatnonzero(leaving.reason >= 0)
    rows = rows[np.argsort(leaving.closed[rows], kind="stable")]
    return pl.DataFrame(
        {
            "closure_id": np.arange(len(rows)) + 1,
            "customer_id": rows + 1,
            "closed": frames_of.moment(leaving.closed[rows]),
            "reason": frames_of.category(leaving.reason[rows], REASON),
        }
    )


def _settlements_frame(drawn: Drawn, loans: Loans, loan_of: Ints) -> pl.DataFrame:
    """One row per loan that came to an end: after its last instalment, before it, or written off."""
    a, end = drawn.applications, drawn.calendar.end
    rows = np.flatnonzero((loan_of > 0) & (loans.settled_on < end))
    rows = rows[np.lexsort((loan_of[rows], loans.settled_on[rows]))]
    status = loans.status[rows]
    number = np.arange(loans.due.shape[1])
    due_there = loans.due[rows] < NEVER
    last = (due_there * number).max(axis=1)
    unpaid = due_there & (loans.paid[rows] >= NEVER)
    first_unpaid = np.where(unpaid.any(axis=1), unpaid.argmax(axis=1), last)
    at = np.where(status == 2, first_unpaid, last)
    left = np.round(principal_left(a.amount[rows], a.rate[rows], a.term[rows], at), 2)
    each = loans.amount_due[rows, 0]
    lost = np.round(each * (a.term[rows] - at) - left * (1 + a.rate[rows] / 12), 2) + 0.0
    return pl.DataFrame(
        {
            "settlement_id": np.arange(len(rows)) + 1,
            "loan_id": loan_of[rows],
            "customer_id": a.customer[rows] + 1,
            "settled": frames_of.moment(loans.settled_on[rows]),
            "kind": frames_of.category(status, SETTLED),
            "principal_left": np.where(status == 0, 0.0, left),
            "interest_lost": np.where(status == 1, np.maximum(lost, 0.0), 0.0),
        }
    )


def _churn_truth(accounts: Accounts, leaving: Leaving) -> pl.DataFrame:
    customer, month = np.nonzero(~np.isnan(leaving.chance))
    return pl.DataFrame(
        {
            "customer_id": customer + 1,
            "month": frames_of.moment(accounts.as_of[month]),
            "probability": leaving.chance[customer, month],
        }
    )


def _settlement_truth(repayment: Repayment, loan_of: Ints, end: int) -> pl.DataFrame:
    rows, number, decided, p = (np.concatenate(part) for part in zip(*repayment.settlements, strict=True))
    frame = pl.DataFrame(
        {
            "loan_id": loan_of[rows],
            "number": number + 1,
            "decided": frames_of.moment(decided),
            "probability": p,
        }
    )
    return frame.filter(pl.Series(decided < end)).sort("loan_id", "number")
