"""Which applications the simulated bank accepted, and how those borrowers paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tael.datasets.bank_calendar import DAY, NEVER, Calendar, Floats, Ints
from tael.datasets.bank_people import Applications, Flags, People
from tael.datasets.bank_truth import INTERCEPT, driver_log_odds

MOST_TERMS = 12
LABEL_DAYS = 180
LATE_DAYS = 60
WRITE_OFF_DAYS = 180
STATUS = ("settled", "settled early", "written off")


@dataclass(frozen=True)
class Loans:
    """One row per application; matrices have a column per instalment, `NEVER` where there is none or unpaid."""

    disbursed: Ints
    probability: Floats
    defaulted: Flags
    due: Ints
    paid: Ints
    amount_due: Floats
    amount_paid: Floats
    settled_on: Ints
    status: Ints
    days_late: Floats


Repay = Callable[[Loans, Ints], None]


def make_loans(
    rng: np.random.Generator,
    people: People,
    applications: Applications,
    calendar: Calendar,
    log_odds: Floats,
    drivers: dict[str, Floats],
    enquiries_180: Floats,
    repay: Repay | None = None,
) -> Loans:
    """Decide, disburse and collect, first every customer's first application, then the second, then the third.

    Only so can how earlier instalments were paid drive what happens to a later loan. Fills ``drivers["days_late"]``.
    `repay` may stand for how instalments are paid: it is given the loans and the rows of those just accepted.
    """
    m = len(applications)
    loans = Loans(
        disbursed=np.full(m, NEVER),
        probability=np.zeros(m),
        defaulted=np.zeros(m, dtype=bool),
        due=np.full((m, MOST_TERMS), NEVER),
        paid=np.full((m, MOST_TERMS), NEVER),
        amount_due=np.zeros((m, MOST_TERMS)),
        amount_paid=np.zeros((m, MOST_TERMS)),
        settled_on=np.full(m, NEVER),
        status=np.full(m, -1, dtype=np.int64),
        days_late=drivers["days_late"],
    )
    for number in range(int(applications.number.max()) + 1):
        rows = np.flatnonzero(applications.number == number)
        now = applications.time[rows]
        late_sum, late_count, arrears = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        for back in range(1, number + 1):
            due, paid = loans.due[rows - back], loans.paid[rows - back]
            seen = (due < now[:, None]) & (paid < now[:, None])
            late_sum += np.where(seen, paid - due, 0).sum(axis=1) / DAY
            late_count += seen.sum(axis=1)
            arrears |= ((due < now[:, None] - 30 * DAY) & (paid >= now[:, None])).any(axis=1)
        drivers["days_late"][rows] = np.divide(
            late_sum, late_count, out=np.full(len(rows), np.nan), where=late_count > 0
        )
        odds = INTERCEPT + log_odds[rows] + driver_log_odds(drivers, rows)
        loans.probability[rows] = 1 / (1 + np.exp(-odds))
        accepted = _crude_rule(rng, people, applications, rows, enquiries_180[rows]) & ~arrears
        taken = rows[accepted & (rng.random(len(rows)) > 0.03)]
        if repay is None:
            _repay(rng, people, applications, calendar, loans, taken)
        else:
            repay(loans, taken)
    return loans


def _crude_rule(
    rng: np.random.Generator, people: People, applications: Applications, rows: Ints, enquiries_180: Floats
) -> Flags:
    """Accept as the bank did in the past: by amount against income, age and enquiries, with some chance."""
    c = applications.customer[rows]
    stated = np.where(np.isnan(people.income), 3500.0, people.income)[c]
    refused = (applications.amount[rows] > 5.5 * stated) | (people.age[c] < 21) | (enquiries_180 > 9)
    chance = rng.random(len(rows))
    return np.where(refused, chance < 0.15, chance < 0.9)


def _repay(
    rng: np.random.Generator,
    people: People,
    applications: Applications,
    calendar: Calendar,
    loans: Loans,
    taken: Ints,
) -> None:
    """Disburse the loans `taken` and write how each instalment was paid."""
    n, term = len(taken), applications.term[taken]
    disbursed = applications.time[taken] + (rng.uniform(0.1, 3.0, n) * DAY).astype(np.int64)
    taken, term = taken[disbursed < calendar.end], term[disbursed < calendar.end]
    disbursed, n = disbursed[disbursed < calendar.end], len(taken)
    number = np.arange(MOST_TERMS)[None, :]
    exists = number < term[:, None]
    # Due at midnight, every 30 days: the third is the last that can be 60 days late within 180 of the application.
    due = (disbursed[:, None] // DAY + 1 + 30 * (number + 1)) * DAY
    default = rng.random(n) < loans.probability[taken]
    fails_at = np.where(default, rng.integers(0, 3, n), MOST_TERMS)
    later = ~default & (rng.random(n) < 0.04)
    fails_at = np.where(later, rng.integers(4, 9, n), fails_at)

    discipline = people.discipline[applications.customer[taken]]
    tardy = 1 / (1 + np.exp(1.6 - 1.2 * discipline))
    late = rng.random((n, MOST_TERMS)) < tardy[:, None]
    days = rng.uniform(-3, 0.9, (n, MOST_TERMS))
    days = np.where(late, 1 + np.minimum(rng.exponential(1, (n, MOST_TERMS)) * (3 + 9 * tardy)[:, None], 50), days)
    failed = number >= fails_at[:, None]
    cured = (rng.random(n) < 0.35)[:, None]
    recovery = 62 + rng.uniform(0, 80, n)[:, None] + rng.uniform(0, 5, (n, MOST_TERMS))
    paid = due + (np.where(failed, recovery, days) * DAY).astype(np.int64)
    paid = np.where(failed & ~cured, NEVER, paid)

    rate = applications.rate[taken] / 12
    each = np.round(applications.amount[taken] * rate / (1 - (1 + rate) ** -term.astype(np.float64)), 2)
    amount_due = np.where(exists, each[:, None], 0.0)
    amount_paid = np.where(failed, np.round(amount_due * 1.05, 2), amount_due)
    # Some pay the whole rest on the day of an instalment: the instalments after it never come.
    early = (rng.random(n) < 0.14) & (term >= 6) & (fails_at >= MOST_TERMS)
    at = np.where(early, 1 + (rng.random(n) * (term - 3)).astype(np.int64), MOST_TERMS)
    settles = early[:, None] & (number == at[:, None])
    amount_paid = np.where(settles, np.round(each * (term - at) * 0.97, 2)[:, None], amount_paid)
    write_off = np.where(
        (fails_at < term) & ~cured[:, 0],
        np.take_along_axis(due, np.minimum(fails_at, term - 1)[:, None], axis=1)[:, 0] + WRITE_OFF_DAYS * DAY,
        NEVER,
    )
    exists &= (number <= at[:, None]) & (due < write_off[:, None])

    loans.disbursed[taken] = disbursed
    loans.defaulted[taken] = default
    loans.due[taken] = np.where(exists, due, NEVER)
    loans.paid[taken] = np.where(exists, paid, NEVER)
    loans.amount_due[taken], loans.amount_paid[taken] = amount_due, amount_paid
    last = np.where(exists, paid, 0).max(axis=1)
    loans.settled_on[taken] = np.where(write_off < NEVER, write_off, last)
    loans.status[taken] = np.where(write_off < NEVER, 2, np.where(early, 1, 0))
