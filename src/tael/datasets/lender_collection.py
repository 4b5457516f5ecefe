"""Collection cases: who works them, whether they repay, whether they complain; drawn from stated probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, NEVER, Floats, Ints
from tael.datasets.bank_people import Flags
from tael.datasets.lender_events import Behaviour
from tael.datasets.lender_life import Accounts, Service

CHANNELS = ("wait", "in_house", "agency", "legal")
WAIT, IN_HOUSE, AGENCY, LEGAL = range(4)
HANDLING = ("standard", "gentle")
ROUNDS = 3
OPENED_AFTER = (30, 90, 150)
"""Days past due of the oldest instalment when a case is opened, and opened again."""
CASE_DAYS = 60


@dataclass(frozen=True)
class CaseInput:
    """All that the collection can see."""

    drawn: Drawn
    behaviour: Behaviour
    accounts: Accounts
    service: Service


@dataclass(frozen=True)
class Situation:
    """One row per loan in trouble.

    Attributes
    ----------
    application, customer, due : int64 arrays
        `due` is the date of the first instalment missed.
    each : float64 array
        The instalment, CNY.
    instalments : int64 array
        How many there are from the first missed on.
    late : float64 array
        Mean days late before; NaN if nothing was paid before.
    early : bool array
        One of the first three: a default, so that nothing is settled before the 61st day past due.
    principal, rate : float64 arrays
    """

    application: Ints
    customer: Ints
    due: Ints
    each: Floats
    instalments: Ints
    late: Floats
    early: Flags
    principal: Floats
    rate: Floats

    def of(self, rows: Ints) -> Situation:
        """The situation of some of the loans."""
        return Situation(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class CaseRound:
    """Cases opened in one round, with the truth they were drawn from.

    Attributes
    ----------
    repay : float64 array, shape (cases, 4)
        Chance to repay within 60 days under each channel.
    complain : float64 array, shape (cases, 4, 2)
        Chance to complain within 60 days under each channel and handling.
    part : float64 array
        CNY paid without covering what is overdue.
    paid_at : int64 array
        When the last payment of those that repaid came.
    complained : bool array
    complained_at : int64 array
    night : bool array
        Whether somebody called at night.
    """

    application: Ints
    customer: Ints
    opened: Ints
    days_past_due: Ints
    overdue: Floats
    balance: Floats
    reachable: Flags
    channel: Ints
    randomised: Flags
    propensity: Floats
    handling: Ints
    handling_propensity: Floats
    repay: Floats
    complain: Floats
    repaid: Flags
    paid_at: Ints
    part: Floats
    complained: Flags
    complained_at: Ints
    night: Flags


def logistic(odds: Floats) -> Floats:
    """Log odds to probabilities.

    >>> float(logistic(np.array([0.0]))[0])
    0.5
    """
    return np.asarray(1 / (1 + np.exp(-odds)))


def draw_round(
    rng: np.random.Generator,
    see: CaseInput,
    at: Situation,
    number: int,
    partly: Floats,
    upset: Ints,
    nights: Ints,
) -> CaseRound:
    """Open the cases of one round, assign them, and draw what becomes of them.

    Parameters
    ----------
    rng : numpy.random.Generator
    see : CaseInput
    at : Situation
        Of the loans still unpaid.
    number : int
        0, 1 or 2.
    partly : float64 array
        CNY paid in earlier rounds.
    upset, nights : int64 arrays
        Complaints about, and rounds with night calls in, earlier rounds of the same trouble.
    """
    n, people = len(at.customer), see.drawn.people
    opened = at.due + OPENED_AFTER[number] * DAY
    count = np.minimum(at.instalments, 1 + 2 * number)
    overdue = np.round(1.05 * at.each * count - partly, 2)
    balance = np.round(at.principal * (1 + at.rate / 12 * count) + 0.05 * at.each * count - partly, 2)
    balance = np.maximum(balance, overdue)
    reachable = (see.behaviour.logins.recent(at.customer, opened, 60) > 0) | (rng.random(n) < 0.15)
    earlier = see.service.complaints.recent(at.customer, opened, 365) + upset
    repay = _repay_chances(see, at, number, opened, overdue, balance, reachable)
    touchy = (earlier > 0) | (people.age[at.customer] < 27)
    complain = _complaint_chances(earlier, nights, people.age[at.customer], touchy)

    randomised = rng.random(n) < 0.3
    share = np.where(randomised[:, None], 0.25, _todays_rule(number, balance))
    channel = np.minimum((rng.random(n)[:, None] > np.cumsum(share, axis=1)).sum(axis=1), 3)
    even = see.drawn.calendar.month(opened) % 2 == 0
    gentle = np.where(even, 0.5, 0.2)
    handling = (rng.random(n) < gentle).astype(np.int64)
    rows = np.arange(n)
    repaid = rng.random(n) < repay[rows, channel]
    complained = rng.random(n) < complain[rows, channel, handling]
    # A defaulter is more than 60 days late by the bank's definition, so nothing covers the rest before that.
    soonest = np.where(at.early & (number == 0), 32.1, 0.5)
    paid_at = opened + ((soonest + (59.4 - soonest) * rng.beta(1.1, 1.5, n)) * DAY).astype(np.int64)
    part = np.where(~repaid & (rng.random(n) < 0.3), np.round(overdue * rng.uniform(0.08, 0.5, n), 2), 0.0)
    night_share = np.array([0.0, 0.06, 0.3, 0.0])[channel] * np.where(handling == 1, 0.3, 1.0)
    night = rng.random(n) < np.where(complained, np.minimum(2.5 * night_share, 0.9), night_share)
    lasting = np.where(repaid, paid_at - opened, CASE_DAYS * DAY)
    complained_at = opened + (rng.uniform(0.05, 0.98, n) * lasting).astype(np.int64)
    return CaseRound(
        application=at.application,
        customer=at.customer,
        opened=opened,
        days_past_due=np.full(n, OPENED_AFTER[number]),
        overdue=overdue,
        balance=balance,
        reachable=reachable,
        channel=channel,
        randomised=randomised,
        propensity=share[rows, channel],
        handling=handling,
        handling_propensity=np.where(handling == 1, gentle, 1 - gentle),
        repay=repay,
        complain=complain,
        repaid=repaid,
        paid_at=np.where(repaid, paid_at, NEVER),
        part=part,
        complained=complained,
        complained_at=np.where(complained, complained_at, NEVER),
        night=night,
    )


def _repay_chances(
    see: CaseInput, at: Situation, number: int, opened: Ints, overdue: Floats, balance: Floats, reachable: Flags
) -> Floats:
    """Chance to repay under each channel: how easy the case is, and what each channel adds to it."""
    people = see.drawn.people
    income = np.where(np.isnan(people.income), 5000.0, people.income)[at.customer]
    salary = see.behaviour.salaries.recent(at.customer, opened, 60) > 0
    enquired = see.behaviour.enquired.recent(at.customer, opened, 90)
    money, _ = see.accounts.last(at.customer, opened)
    ease = (
        0.55
        + 1.1 * salary
        + 0.7 * reachable
        - 0.11 * np.clip(np.nan_to_num(at.late, nan=1.5), -2, 14)
        - 0.14 * np.minimum(enquired, 8)
        - 0.45 * np.clip(np.log(overdue / income) + 1.2, -2, 2)
        + 0.35 * np.clip(np.log(np.nan_to_num(money, nan=5000.0) / 8000.0), -2, 2)
        - 0.75 * number
    )
    hard = logistic(-1.6 * (ease - 0.2))
    large = np.clip(np.log(balance / 7000.0), -1.0, 1.5)
    adds = np.stack([np.full(len(ease), -0.75), 0.35 - 0.5 * hard, -0.35 + 1.55 * hard, -0.45 + 0.85 * large], axis=1)
    return logistic(ease[:, None] - 0.1 + adds)


def _complaint_chances(earlier: Ints, nights: Ints, age: Ints, touchy: Flags) -> Floats:
    """Chance to complain under each channel and handling: earlier complaints, the young, agencies, night calls."""
    person = -3.6 + 0.85 * np.minimum(earlier, 3) + 0.6 * (age < 27) + 0.5 * (age > 45) + 0.7 * np.minimum(nights, 2)
    by_channel = np.array([-1.2, 0.0, 0.95, 0.4])
    by_handling = np.stack([np.zeros(len(age)), np.where(touchy, -1.1, -0.15)], axis=1)
    return logistic(person[:, None, None] + by_channel[None, :, None] + by_handling[:, None, :])


def _todays_rule(number: int, balance: Floats) -> Floats:
    """Shares of the channels under today's rule: small balances in house, large old ones to agencies."""
    small, large = np.array([0.15, 0.65, 0.12, 0.08]), np.array([0.06, 0.17, 0.59, 0.18])
    between = np.array([0.1, 0.45, 0.33, 0.12])
    if number == 0:
        return np.where((balance < 9000)[:, None], small, between)
    return np.where((balance < 4000)[:, None], small, np.where((balance < 9000)[:, None], between, large))
