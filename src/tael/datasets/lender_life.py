"""The lender's view of a customer's life: money on the account, talks with the service, and the day of leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, NEVER, Floats, Ints
from tael.datasets.bank_people import Flags, choose
from tael.datasets.lender_events import Behaviour, Seen

TOPIC = ("enquiry", "complaint", "card", "loan", "other")
SERVICE_CHANNEL = ("phone", "app chat", "branch")
REASON = ("fees", "service", "moved", "another bank", "other")
COMPLAINT = 1


@dataclass(frozen=True)
class Service:
    """Talks with the service, ordered by customer and time, and the complaints among them as they can be seen."""

    customer: Ints
    time: Ints
    topic: Ints
    channel: Ints
    minutes: Floats
    resolved: Flags
    complaints: Seen
    unresolved: Seen


@dataclass(frozen=True)
class Accounts:
    """Accounts at the end of each month, whatever becomes of the customer later.

    Attributes
    ----------
    as_of : int64 array, shape (snapshots,)
        The first of each month after the start.
    opened : int64 array, shape (customers,)
        The account is opened with the first application.
    balance, spend : float64 arrays, shape (customers, snapshots)
        CNY; `spend` is that of the month.
    decline : bool array, shape (customers, months)
        Months in which the customer turns away.
    """

    as_of: Ints
    opened: Ints
    balance: Floats
    spend: Floats
    decline: Flags

    def last(self, customer: Ints, moment: Ints) -> tuple[Floats, Floats]:
        """The balance at the last snapshot before each moment, and that over the mean of the three before it, in logs.

        NaN before the first snapshot; 0 for the second where there is nothing to compare with.
        """
        at = np.searchsorted(self.as_of, moment) - 1
        there = (at >= 0) & (self.as_of[np.maximum(at, 0)] > self.opened[customer])
        now = np.where(there, self.balance[customer, np.maximum(at, 0)], np.nan)
        total, count = np.zeros(len(at)), np.zeros(len(at))
        for back in (1, 2, 3):
            place = np.maximum(at - back, 0)
            seen = (at >= back) & (self.as_of[place] > self.opened[customer])
            total += np.where(seen, self.balance[customer, place], 0.0)
            count += seen
        before = np.where(count > 0, total / np.maximum(count, 1), now)
        return now, np.log(np.maximum(now, 1.0) / np.maximum(before, 1.0))


def make_service(rng: np.random.Generator, drawn: Drawn) -> Service:
    """Draw who turns to the service when and about what; some complain more than others."""
    n, end = len(drawn.people), drawn.calendar.end
    opened = drawn.applications.opened
    months = (end - opened) / (30.4 * DAY)
    customer = np.repeat(np.arange(n), rng.poisson(rng.gamma(1.6, 0.075, n) * months))
    m = len(customer)
    time = opened[customer] + (rng.random(m) * (end - opened[customer])).astype(np.int64)
    time = time // DAY * DAY + (rng.uniform(8, 21, m) * 3600).astype(np.int64)
    time = np.clip(time, opened[customer] + 60, end - 60)
    cross = rng.beta(0.9, 4.0, n)[customer]
    other = choose(rng, m, (0.5, 0.0, 0.2, 0.2, 0.1))
    topic = np.where(rng.random(m) < cross, COMPLAINT, other)
    order = np.argsort(customer * 2**34 + time, kind="stable")
    customer, time, topic = customer[order], time[order], topic[order]
    resolved = rng.random(m) < np.where(topic == COMPLAINT, 0.5, 0.88)
    minutes = np.round(rng.gamma(2.0, np.where(topic == COMPLAINT, 5.0, 2.5)) + 0.5, 1)
    grumble = topic == COMPLAINT
    return Service(
        customer=customer,
        time=time,
        topic=topic,
        channel=choose(rng, m, (0.5, 0.4, 0.1)),
        minutes=minutes,
        resolved=resolved,
        complaints=Seen(customer[grumble], time[grumble]),
        unresolved=Seen(customer[grumble & ~resolved], time[grumble & ~resolved]),
    )


def make_accounts(rng: np.random.Generator, drawn: Drawn, service: Service) -> Accounts:
    """Walk balances from month to month: back to each customer's own level, up by windfalls, down while turning away.

    A complaint left unresolved makes it likelier that a customer turns away; of those who do, four in ten come back.
    """
    people, calendar, n = drawn.people, drawn.calendar, len(drawn.people)
    months = len(calendar.months)
    income = np.where(np.isnan(people.income), 5000.0, people.income)
    level = np.log(income) + rng.normal(0.5, 0.75, n)
    money = level + rng.normal(0, 0.3, n)
    left, returns = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
    balance, spend = np.zeros((n, months - 1)), np.zeros((n, months - 1))
    decline = np.zeros((n, months), dtype=bool)
    bounds = (np.append(calendar.months, calendar.end) - calendar.history) / DAY
    season = np.diff(np.interp(bounds, np.arange(len(calendar.spending)), calendar.spending)) / np.diff(bounds)
    season /= season.mean()
    habit = np.log(income) - 1.1 + 0.35 * np.log(people.activity) + rng.normal(0, 0.4, n)
    everyone = np.arange(n)
    for month in range(months):
        now = np.full(n, calendar.months[month], dtype=np.int64)
        upset = service.unresolved.recent(everyone, now, 60) > 0
        begins = (left == 0) & (rng.random(n) < np.where(upset, 0.11, 0.03))
        left = np.where(begins, rng.integers(2, 7, n), left)
        returns = np.where(begins, rng.random(n) < 0.4, returns)
        decline[:, month] = left > 0
        if month == months - 1:
            break
        level = level - np.where((left == 1) & ~returns, 1.0, 0.0)
        windfall = rng.random(n) < 0.03
        money = money + 0.2 * (level - money) + rng.normal(0, 0.16, n)
        money = money - np.where(left > 0, 0.42, 0.0) + np.where(windfall, rng.uniform(0.7, 1.6, n), 0.0)
        balance[:, month] = np.round(np.exp(money), 2)
        pace = np.exp(habit + rng.normal(0, 0.3, n)) * season[month]
        spend[:, month] = np.round(pace * np.where(left > 0, rng.uniform(0.2, 0.7, n), 1.0), 2)
        left = np.maximum(left - 1, 0)
    return Accounts(
        as_of=calendar.months[1:],
        opened=drawn.applications.time[drawn.applications.offsets[:-1]],
        balance=balance,
        spend=spend,
        decline=decline,
    )


@dataclass(frozen=True)
class Leaving:
    """Who left when (`NEVER` if not) and why; the chance of it in the month after each snapshot (NaN: no account)."""

    closed: Ints
    reason: Ints
    chance: Floats


def make_leaving(
    rng: np.random.Generator,
    drawn: Drawn,
    accounts: Accounts,
    behaviour: Behaviour,
    service: Service,
    begun: Ints,
    settled: Ints,
) -> Leaving:
    """Let customers leave, month by month, by what their accounts, complaints and logins show.

    Nobody leaves with a loan open or before the month after the last application; the loans of each application run
    from `begun` to `settled` (`NEVER` where there is none, or no end).
    """
    applications, calendar, n = drawn.applications, drawn.calendar, len(drawn.people)
    last = applications.time[applications.offsets[1:] - 1]
    closed, chance = np.full(n, NEVER), np.full((n, len(accounts.as_of)), np.nan)
    reason = np.full(n, -1, dtype=np.int64)
    until = np.append(accounts.as_of[1:], calendar.end)
    everyone = np.arange(n)
    for month, (now, then) in enumerate(zip(accounts.as_of, until, strict=True)):
        bound = np.bincount(applications.customer[(begun < then) & (settled >= now)], minlength=n) > 0
        here = (accounts.opened < now) & (closed >= NEVER)
        rows = everyone[here]
        moment = np.full(len(rows), now, dtype=np.int64)
        _, change = accounts.last(rows, moment + 1)
        unresolved = service.unresolved.recent(rows, moment, 90)
        gap = behaviour.logins.gap(rows, moment, 240)
        odds = (
            -5.25
            + 3.0 * np.clip(-change, -0.5, 2.0)
            + 1.5 * np.minimum(unresolved, 2)
            + 0.75 * np.log1p(gap / 30)
            - 0.02 * (drawn.people.age[rows] - 33)
        )
        p = np.where(bound[rows] | (last[rows] + 30 * DAY > now), 0.0, 1 / (1 + np.exp(-odds)))
        chance[rows, month] = p
        leaves = rng.random(len(rows)) < p
        when = now + (rng.uniform(0.02, 0.98, len(rows)) * (then - now)).astype(np.int64)
        closed[rows[leaves]] = when[leaves]
        why = choose(rng, len(rows), (0.2, 0.1, 0.15, 0.4, 0.15))
        why = np.where((unresolved > 0) & (rng.random(len(rows)) < 0.6), 1, why)
        reason[rows[leaves]] = why[leaves]
    return Leaving(closed, reason, chance)
