"""How the simulated bank watches: simple rules on each day, alerts most of which are false, what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.bank_calendar import NEVER
from tael.datasets.laundering_base import DAY, HOUR, Flags, Flows, Ints
from tael.datasets.laundering_gangs import Gangs
from tael.datasets.laundering_life import Life, Span
from tael.datasets.laundering_people import People

RULE = ("large", "many_in", "many_out", "fast_through", "night", "below_threshold", "awakened")
EXPLAINED = (
    "explained by the customer", "payroll", "sales", "group order", "rent", "house purchase", "games", "inheritance",
    "savings club",
)  # fmt: skip
# Why an alert was confirmed, as the reviewer writes it: coarser than the typology.
FOUND = {
    "structuring": "structuring",
    "gambling": "gambling",
    "telecom_fraud": "fraud proceeds",
    "pass_through": "pass-through",
    "underground_bank": "underground bank",
    "dormant": "dormant account",
    "company_person": "shell company",
}
LAYERING = "layering"
REASON = (*EXPLAINED, *FOUND.values(), LAYERING)
PAUSE = 14
"""Days in which the same rule does not speak of the same account again: ten working days."""
REVIEW_DAYS = 90
"""A transfer that nobody has reported for so long counts as clean."""


@dataclass(frozen=True)
class Watch:
    """Alerts in order of time, what was decided, and when each account was reported.

    Attributes
    ----------
    account, at, rule : int64 arrays, shape (alerts,)
    decided, reason : int64 arrays, shape (alerts,)
    confirmed : bool array, shape (alerts,)
    reported : int64 array, shape (accounts,)
        Seconds since 1970 at which a report was filed on the account; `NEVER` for none.
    case : int64 array, shape (accounts,)
        The case file of that report: one for each gang that is found, one for each account that is reported alone.
    """

    account: Ints
    at: Ints
    rule: Ints
    decided: Ints
    confirmed: Flags
    reason: Ints
    reported: Ints
    case: Ints


def make_watch(
    rng: np.random.Generator, people: People, life: Life, gangs: Gangs, moved: Flows, span: Span, missed: float
) -> Watch:
    """Raise alerts on transfers sorted by time, decide them days later, and report what was found.

    Whatever the share `missed`, a gang is found as a whole or not at all: by its first confirmed alert, or by a tip
    after it has ended.
    """
    account, day, rule = _alerts(people, life, gangs, moved, span)
    n = len(account)
    at = span.start + (day + 1) * DAY + rng.integers(6 * HOUR, 9 * HOUR, n)
    order = np.argsort(at, kind="stable")
    order = order[at[order] < span.end]
    account, rule, at = account[order], rule[order], at[order]
    n = len(account)
    decided = at + (rng.gamma(2.5, 3.0, n) * DAY).astype(np.int64) + rng.integers(3 * HOUR, 11 * HOUR, n)

    gang_of = np.full(people.n_accounts, -1, dtype=np.int64)
    gang_of[gangs.member] = gangs.gang
    hidden = rng.random(len(gangs)) < missed
    whose = gang_of[account]
    real = whose >= 0
    real[real] = ~hidden[whose[real]] & (at[real] >= gangs.start[whose[real]])
    real[real] = at[real] <= gangs.end[whose[real]] + 30 * DAY
    confirmed = np.where(real, rng.random(n) < 0.9, rng.random(n) < 0.004)
    names = [REASON.index(FOUND.get(name, LAYERING)) for name in gangs.typology] or [0]
    found = np.where(whose >= 0, np.array(names)[whose], REASON.index(LAYERING))
    said = np.where(rng.random(n) < 0.6, life.lookalike[account] + 1, 0)
    reason = np.where(confirmed, found, said)

    # The first report on a gang leads to the others within weeks; without one, a tip comes after its end.
    tip = gangs.end + (rng.uniform(15, 75, len(gangs)) * DAY).astype(np.int64)
    first = np.where(hidden, NEVER, tip)
    hits = np.flatnonzero(confirmed & real)
    np.minimum.at(first, whose[hits], decided[hits] + (rng.uniform(10, 35, len(hits)) * DAY).astype(np.int64))
    reported = np.full(people.n_accounts, NEVER, dtype=np.int64)
    lag = (rng.uniform(0, 10, len(gangs.member)) * DAY).astype(np.int64)
    reported[gangs.member] = np.where(first[gangs.gang] < NEVER, first[gangs.gang] + lag, NEVER)
    by_alert = np.flatnonzero(confirmed)
    filed = decided[by_alert] + (rng.uniform(1, 10, len(by_alert)) * DAY).astype(np.int64)
    np.minimum.at(reported, account[by_alert], filed)
    together = whose_case(gang_of, first)
    return Watch(account, at, rule, decided, confirmed, reason, reported, together)


def whose_case(gang_of: Ints, first: Ints) -> Ints:
    """Number the case of each account: its gang's where that is found at all, else its own.

    >>> whose_case(np.array([-1, 0, 0, 1]), np.array([5, NEVER])).tolist()
    [2, 0, 0, 5]
    """
    found = np.append(first < NEVER, False)[gang_of]
    return np.where(found, gang_of, len(first) + np.arange(len(gang_of)))


def _alerts(people: People, life: Life, gangs: Gangs, moved: Flows, span: Span) -> tuple[Ints, Ints, Ints]:
    """Apply the rules to each day; return account, day and rule of each alert."""
    n = people.n_accounts
    person = np.arange(n) >= people.n_companies
    spoke = np.full((len(RULE), n), -PAUSE - 1, dtype=np.int64)
    # Who slept when the data begin has slept before.
    last = np.full(n, -20, dtype=np.int64)
    asleep = life.quiet_until > span.start
    asleep[np.fromiter(gangs.awake, dtype=np.int64, count=len(gangs.awake))] = True
    last[asleep] = -100
    bounds = np.searchsorted(moved.at, span.start + np.arange(span.days + 1) * DAY)
    found: list[tuple[Ints, Ints, Ints]] = []
    for day in range(span.days):
        rows = slice(bounds[day], bounds[day + 1])
        sender, receiver = moved.sender[rows].astype(np.int64), moved.receiver[rows].astype(np.int64)
        amount, hour = moved.amount[rows], (moved.at[rows] % DAY) // HOUR
        gone = np.bincount(sender, weights=amount, minlength=n)
        came = np.bincount(receiver, weights=amount, minlength=n)
        pairs = np.unique(sender * n + receiver)
        night = ((hour >= 23) | (hour < 5)) & (amount % 50 == 0)
        below = (amount >= 40_000) & (amount < 50_000)

        def both(which: Flags, sender: Ints = sender, receiver: Ints = receiver) -> Ints:
            return np.bincount(sender[which], minlength=n) + np.bincount(receiver[which], minlength=n)

        fires = (
            person & (gone + came >= 200_000),
            person & (np.bincount(pairs % n, minlength=n) >= 8),
            person & (np.bincount(pairs // n, minlength=n) >= 6),
            person & (came >= 10_000) & (gone >= 0.88 * came) & (gone <= 1.02 * came),
            person & (both(night) >= 3),
            person & (both(below) >= 3),
            (day - last > 60) & (gone + came >= 5_000),
        )
        for rule, fired in enumerate(fires):
            who = np.flatnonzero(fired & (day - spoke[rule] > PAUSE))
            spoke[rule, who] = day
            found.append((who, np.full(len(who), day), np.full(len(who), rule)))
        last[(gone > 0) | (came > 0)] = day
    account, days, rules = (np.concatenate(column) for column in zip(*found, strict=True))
    return account, days, rules
