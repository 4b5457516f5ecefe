"""Campaigns to sleeping customers, drawn by lot with known chances, and who applies again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, NEVER, Floats, Ints
from tael.datasets.bank_frames import category, moment
from tael.datasets.bank_loans import Loans
from tael.datasets.bank_people import Flags
from tael.datasets.lender_collection import logistic
from tael.datasets.lender_events import Behaviour, Seen
from tael.datasets.lender_life import Service

ARMS = ("none", "sms", "call")
MONTHS_APART = 3
"""From the middle of the period on there is a campaign every three months; the last has its outcome in the data."""
DORMANT_DAYS, OUTCOME_DAYS = 180, 60

# chances of none, sms, call by band of stated income: low, middle or not stated, high
_LOTS = np.array([[0.42, 0.38, 0.2], [0.34, 0.33, 0.33], [0.25, 0.3, 0.45]])
# those left to the marketing's own choice: who is thought to respond, and the others
_CHOSEN, _LEFT = np.array([0.2, 0.2, 0.6]), np.array([0.6, 0.3, 0.1])


@dataclass(frozen=True)
class Campaign:
    """Contacts in the order of time, and applications made again.

    Attributes
    ----------
    chance : float64 array, shape (contacts, 3)
        Chance to apply within 60 days under each arm.
    """

    customer: Ints
    sent: Ints
    arm: Ints
    propensity: Floats
    randomised: Flags
    chance: Floats
    re_customer: Ints
    re_time: Ints


def make_campaign(
    rng: np.random.Generator, drawn: Drawn, behaviour: Behaviour, service: Service, loans: Loans, closed: Ints
) -> Campaign:
    """Run the campaigns, and let customers come back on their own between them.

    Dormant is who has applied before, has no open loan, and did not apply in the last 180 days. The few of the bank's
    applications that come after such a pause are left alone: their customers are not contacted before them. So an
    application within 60 days of a contact is drawn from the chance under its arm, and from nothing else.
    """
    applications, calendar, n = drawn.applications, drawn.calendar, len(drawn.people)
    months = len(calendar.months)
    waves = range(months // 2, months - MONTHS_APART, MONTHS_APART)
    applied = Seen(applications.customer, applications.time)
    last = applications.time[applications.offsets[1:] - 1]
    again, held, calls = np.full(n, -NEVER), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    contacts: list[tuple[np.ndarray, ...]] = []
    re_customer, re_time = [], []
    everyone = np.arange(n)
    for month, start in enumerate(calendar.months):
        now = np.full(n, start + 9 * 3600, dtype=np.int64)
        until = calendar.months[month + 1] if month + 1 < months else calendar.end
        bound = np.bincount(
            applications.customer[(loans.disbursed < until) & (loans.settled_on >= now[0])], minlength=n
        )
        open_loan = np.bincount(
            applications.customer[(loans.disbursed < now[0]) & (loans.settled_on >= now[0])], minlength=n
        )
        gap = np.minimum(applied.gap(everyone, now, 1e6), (now - again) / DAY)
        known = (applied.count(everyone, now * 0, now) > 0) & (closed > now)
        if month in waves:
            rows = everyone[known & (open_loan == 0) & (gap > DORMANT_DAYS) & (last < now)]
            view = _View(drawn, behaviour, service, loans, rows, now[rows], calls[rows])
            chance = view.chances()
            arm, propensity, randomised = _assign(rng, drawn, rows, chance)
            comes = rng.random(len(rows)) < chance[np.arange(len(rows)), arm]
            room = np.minimum(closed[rows] - now[rows], OUTCOME_DAYS * DAY)
            time = now[rows] + 60 + (rng.beta(0.9, 1.8, len(rows)) * np.maximum(room - 120, 1)).astype(np.int64)
            contacts.append((rows, now[rows], arm, propensity, randomised, chance))
            re_customer.append(rows[comes])
            re_time.append(time[comes])
            again[rows[comes]] = time[comes]
            held[rows] = now[rows] + OUTCOME_DAYS * DAY
            calls[rows] += arm == 2
        free = everyone[known & (bound == 0) & (gap > 45) & (held <= start)]
        view = _View(drawn, behaviour, service, loans, free, now[free], calls[free])
        comes = rng.random(len(free)) < 0.45 * view.chances()[:, 0]
        room = np.minimum(closed[free], until) - now[free]
        time = now[free] + 60 + (rng.random(len(free)) * np.maximum(room - 120, 1)).astype(np.int64)
        comes &= room > 600
        re_customer.append(free[comes])
        re_time.append(time[comes])
        again[free[comes]] = time[comes]
    who, sent, arms, share, lots, chances = (np.concatenate(part) for part in zip(*contacts, strict=True))
    customer, time = np.concatenate(re_customer), np.concatenate(re_time)
    order = np.argsort(time, kind="stable")
    order = order[time[order] < calendar.end]
    return Campaign(who, sent, arms, share, lots, chances, customer[order], time[order])


@dataclass(frozen=True)
class _View:
    """What the marketing can see of some customers at one moment."""

    drawn: Drawn
    behaviour: Behaviour
    service: Service
    loans: Loans
    customer: Ints
    now: Ints
    calls: Ints

    def chances(self) -> Floats:
        """Chance to apply within 60 days under none, sms and call.

        Who was in the app lately applies anyway: contact adds nothing to them. Calls bring back those who repaid
        well and have gone quiet; messages those half gone; whoever complained within the year is driven away.
        """
        people, c = self.drawn.people, self.customer
        gap = self.behaviour.logins.gap(c, self.now, 240)
        enquired = self.behaviour.enquired.recent(c, self.now, 90)
        complained = self.service.complaints.recent(c, self.now, 365) > 0
        good = self._repaid()
        age = people.age[c]
        base = (
            -4.2
            + 1.1 * (gap < 30)
            + 0.38 * np.minimum(enquired, 5)
            + 0.3 * np.minimum(good, 2)
            - 0.04 * (np.minimum(age, 55) - 33)
        )
        none = logistic(base)
        sms = 0.003 + 0.028 * ((gap >= 30) & (gap < 120)) + 0.01 * (age < 30) - 0.015 * (gap < 30) - 0.03 * complained
        call = (
            0.002
            + 0.06 * ((gap >= 75) & (good > 0))
            + 0.025 * (age >= 38)
            - 0.02 * (gap < 30)
            - 0.015 * (enquired >= 3)
            - 0.07 * complained
            - 0.01 * np.minimum(self.calls, 2)
        )
        return np.stack([none, *(np.clip(none + effect, 0.2 * none, 0.95) for effect in (sms, call))], axis=1)

    def _repaid(self) -> Ints:
        """How many loans each customer has repaid, not written off, before now."""
        loans, applications = self.loans, self.drawn.applications
        if not len(self.now):
            return np.zeros(0, dtype=np.int64)
        done = (loans.settled_on < self.now[0]) & (loans.status < 2) & (loans.disbursed < NEVER)
        return np.bincount(applications.customer[done], minlength=len(self.drawn.people))[self.customer]


def _assign(rng: np.random.Generator, drawn: Drawn, rows: Ints, chance: Floats) -> tuple[Ints, Floats, Flags]:
    """Draw the arm of each contact: four of five by lot within bands of income, the rest by who seems to respond."""
    income = drawn.people.income[rows]
    band = np.where(np.isnan(income), 1, np.where(income < 5000, 0, np.where(income < 9000, 1, 2)))
    randomised = rng.random(len(rows)) < 0.8
    likely = chance[:, 0] > np.quantile(chance[:, 0], 0.7) if len(rows) else np.zeros(0, dtype=bool)
    share = np.where(randomised[:, None], _LOTS[band], np.where(likely[:, None], _CHOSEN, _LEFT))
    arm = np.minimum((rng.random(len(rows))[:, None] > np.cumsum(share, axis=1)).sum(axis=1), 2)
    return arm, share[np.arange(len(rows)), arm], randomised


def contacts_frame(campaign: Campaign) -> pl.DataFrame:
    """One row per customer and campaign, those without contact too."""
    return pl.DataFrame(
        {
            "contact_id": np.arange(len(campaign.sent)) + 1,
            "customer_id": campaign.customer + 1,
            "sent": moment(campaign.sent),
            "arm": category(campaign.arm, ARMS),
            "propensity": campaign.propensity,
            "randomised": campaign.randomised,
        }
    )


def reapplications_frame(rng: np.random.Generator, campaign: Campaign, income: Floats) -> pl.DataFrame:
    """Applications made again: how much, and the margin (CNY) to be expected of it."""
    n = len(campaign.re_time)
    stated = np.where(np.isnan(income), 5000.0, income)[campaign.re_customer]
    amount = np.clip(np.round(stated * np.exp(rng.normal(0.75, 0.5, n)), -2), 1000, 200_000)
    return pl.DataFrame(
        {
            "reapplication_id": np.arange(n) + 1,
            "customer_id": campaign.re_customer + 1,
            "applied": moment(campaign.re_time),
            "amount": amount,
            "expected_margin": np.round(amount * rng.uniform(0.02, 0.06, n), 2),
        }
    )


def campaign_truth(campaign: Campaign) -> pl.DataFrame:
    """The chances of each arm that the outcomes were drawn from."""
    return pl.DataFrame(
        {
            "contact_id": np.arange(len(campaign.sent)) + 1,
            **{f"p_{name}": campaign.chance[:, at] for at, name in enumerate(ARMS)},
        }
    )
