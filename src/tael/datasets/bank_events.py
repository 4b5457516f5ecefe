"""What the simulated customers do: bank transactions, app events, enquiries and scores from outside, contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.bank_calendar import DAY, NEVER, Calendar, Floats, Ints
from tael.datasets.bank_people import Applications, Flags, People, choose

KIND = ("salary", "shopping", "dining", "utilities", "transfer", "atm", "game", "online shopping", "medical", "refund")
SALARY, TRANSFER, ATM, GAME, ONLINE, REFUND = 0, 4, 5, 6, 7, 9
USUAL = np.array([0, 0.24, 0.2, 0.08, 0.16, 0.1, 0, 0.16, 0.03, 0.03])
PROMOTED = np.array([0, 0.2, 0.16, 0.06, 0.14, 0.07, 0, 0.32, 0.02, 0.03])
TYPICAL = np.log([6000.0, 90, 45, 150, 600, 700, 80, 160, 260, 90])
CHANNELS = ("card", "mobile", "counter", "machine")
SCREEN = ("home", "loan", "calculator", "bills", "profile", "help", "offers")
EVENT = ("login", "view", "click", "upload", "contract", "logout")
LENDER = ("bank", "consumer finance", "online lender", "micro lender")
REASON = ("loan application", "card application", "review", "guarantee")
RELATION = ("family", "colleague", "friend", "emergency")


@dataclass(frozen=True)
class Transactions:
    """Bank transactions of a block of customers, ordered by customer and booking time."""

    customer: Ints
    booked: Ints
    posted: Ints
    amount: Floats
    kind: Ints
    channel: Ints
    counterparty: Ints
    incoming: Flags
    night: Flags


@dataclass(frozen=True)
class Habits:
    """What changes in each customer's life: game spending from a day on, a cut of the salary for a while."""

    game_share: Floats
    game_from: Ints
    cut_from: Ints
    cut_until: Ints
    cut_to: Floats
    payday: Ints


def make_habits(rng: np.random.Generator, people: People, applications: Applications, calendar: Calendar) -> Habits:
    """Draw who takes to games and whose salary falls, often shortly before an application."""
    n = len(people)
    pick = applications.offsets[:-1] + (rng.random(n) * people.n_applications).astype(np.int64)
    anchor = applications.time[pick]
    gamer = rng.random(n) < 0.28
    share = np.where(gamer, rng.beta(1.6, 3.2, n), rng.beta(1.0, 60.0, n))
    begin = np.where(rng.random(n) < 0.4, anchor - (rng.uniform(30, 150, n) * DAY).astype(np.int64), np.int64(0))
    cut = rng.random(n) < 0.36
    cut_from = np.where(cut, anchor - (rng.uniform(20, 110, n) * DAY).astype(np.int64), NEVER)
    # A shock to one kind of employer shows in its people's salaries too.
    for kind, month in zip(*np.nonzero(np.diff(calendar.employer_shock, prepend=0.0, axis=1) > 0), strict=True):
        hit = (people.employer == kind) & ~cut & (rng.random(n) < 0.4)
        day = calendar.months[month] + (rng.uniform(-30, 40, n) * DAY).astype(np.int64)
        cut_from = np.where(hit, day, cut_from)
    until = cut_from + (rng.uniform(80, 260, n) * DAY).astype(np.int64)
    to = np.where(rng.random(n) < 0.4, 0.0, rng.uniform(0.3, 0.8, n))
    return Habits(share, begin, cut_from, until, to, rng.choice([5, 10, 15, 25], n))


def _hours(rng: np.random.Generator, night: Flags) -> Ints:
    """Draw the second of the day: 23:00 to 05:00 at night, else mostly in the afternoon."""
    u = rng.random(len(night))
    late = (23 * 3600 + u * 6 * 3600) % DAY
    day = 5 * 3600 + 18 * 3600 * (u + rng.random(len(night)) + 0.3) / 2.3
    return np.where(night, late, day).astype(np.int64)


def make_transactions(
    rng: np.random.Generator,
    people: People,
    applications: Applications,
    habits: Habits,
    calendar: Calendar,
    block: slice,
    per_customer: float,
) -> Transactions:
    """Draw the bank transactions of the customers in `block`, about `per_customer` each, salaries included."""
    ids = np.arange(block.start, block.stop)
    low, high = applications.opened[ids], applications.closed[ids]
    # Salaries: one a month within the customer's window, a day early or late, now and then missing.
    due = calendar.paydays[None, :] + (habits.payday[ids, None] - 1) * DAY
    paid = (due >= low[:, None]) & (due < high[:, None]) & (people.salary[ids] > 0)[:, None]
    paid &= rng.random(paid.shape, dtype=np.float32) > 0.03
    row, column = np.nonzero(paid)
    s_customer = ids[row]
    s_time = due[row, column] + rng.integers(-1, 2, len(row)) * DAY
    factor = np.where(
        (s_time >= habits.cut_from[s_customer]) & (s_time < habits.cut_until[s_customer]), habits.cut_to[s_customer], 1
    )
    s_amount = people.salary[s_customer] * factor * np.exp(rng.normal(0, 0.05, len(row)))
    there = s_amount > 0
    s_customer, s_time, s_amount = s_customer[there], s_time[there], s_amount[there]

    length = (high - low) * people.activity[ids]
    mean_length = (applications.closed - applications.opened) @ people.activity / len(people)
    wanted = max(per_customer - len(s_customer) / len(ids), 0.4 * per_customer)
    o_customer = np.repeat(ids, rng.poisson(wanted * length / mean_length))
    m = len(o_customer)
    o_time = calendar.draw(
        rng.random(m), applications.opened[o_customer], applications.closed[o_customer], calendar.spending
    )
    u = rng.random(m)
    share = np.where(o_time >= habits.game_from[o_customer], habits.game_share[o_customer], 0.01)
    rest = np.clip((u - share) / (1 - share), 0, 1 - 1e-12)
    promoted = calendar.promotion[(o_time - calendar.history) // DAY % len(calendar.promotion)]
    o_kind = np.where(
        promoted,
        np.searchsorted(np.cumsum(PROMOTED) / PROMOTED.sum(), rest, side="right"),
        np.searchsorted(np.cumsum(USUAL) / USUAL.sum(), rest, side="right"),
    )
    o_kind = np.where(u < share, GAME, o_kind)
    means = np.exp(0.5 * (np.log(people.salary + 3000) - 9))
    o_amount = np.exp(TYPICAL[o_kind] + rng.normal(0, 0.7, m)) * means[o_customer]

    customer = np.concatenate([s_customer, o_customer])
    kind = np.concatenate([np.zeros(len(s_customer), dtype=np.int64), o_kind])
    total = len(customer)
    restless = np.clip(0.03 + 0.5 * np.where(np.isin(kind, (ATM, GAME)), habits.game_share[customer], 0), 0, 0.6)
    night = (rng.random(total) < restless) & (kind != SALARY)
    booked = np.concatenate([s_time, o_time]) // DAY * DAY + _hours(rng, night)
    order = np.argsort((customer - block.start) * 2**34 + booked, kind="stable")
    customer, kind, night, booked = customer[order], kind[order], night[order], booked[order]
    amount = np.round(np.concatenate([s_amount, o_amount])[order], 2)
    # Most arrive within minutes, some with the night's batch, a few days late.
    way = rng.random(total)
    delay = rng.exponential(1.0, total) * np.where(way < 0.85, 90, np.where(way < 0.97, 6 * 3600, 3 * DAY))
    posted = booked + np.minimum(delay, 25 * DAY).astype(np.int64) + 1
    incoming = (kind == SALARY) | (kind == REFUND) | ((kind == TRANSFER) & (rng.random(total) < 0.4))
    merchant = 10_000 + (rng.random(total) ** 3 * 50_000).astype(np.int64) * len(KIND) + kind
    counterparty = np.where(kind == SALARY, customer * 7919 % 9_000, merchant)
    channel = np.where(kind == ATM, 3, np.where(rng.random(total) < 0.75, 1, np.where(rng.random(total) < 0.9, 0, 2)))
    return Transactions(
        customer=customer,
        booked=booked,
        posted=posted,
        amount=np.maximum(amount, 0.01),
        kind=kind,
        channel=channel,
        counterparty=np.where(kind == ATM, -1, counterparty),
        incoming=incoming,
        night=night,
    )


@dataclass(frozen=True)
class AppEvents:
    """App events of a block of customers; `login` is the time of each session's first event."""

    customer: Ints
    time: Ints
    kind: Ints
    screen: Ints
    seconds: Floats
    login_customer: Ints
    login: Ints


def make_app_events(
    rng: np.random.Generator,
    people: People,
    applications: Applications,
    calendar: Calendar,
    block: slice,
    per_customer: float,
) -> AppEvents:
    """Draw sessions in the app, each a login followed by about three more events."""
    ids = np.arange(block.start, block.stop)
    weight = (applications.closed - applications.opened) * people.activity
    customer = np.repeat(ids, rng.poisson(per_customer / 4 * weight[ids] / weight.mean()))
    n = len(customer)
    start = calendar.draw(
        rng.random(n), applications.opened[customer], applications.closed[customer], calendar.spending
    )
    start = start // DAY * DAY + _hours(rng, rng.random(n) < 0.06)
    order = np.argsort((customer - block.start) * 2**34 + start, kind="stable")
    customer, start = customer[order], start[order]
    size = 1 + rng.poisson(3.0, n)
    session = np.repeat(np.arange(n), size)
    place = np.arange(len(session)) - np.repeat(np.cumsum(size) - size, size)
    pace = rng.integers(8, 90, n)
    kind = choose(rng, len(session), (0, 0.5, 0.3, 0.07, 0.06, 0.07))
    screen = choose(rng, len(session), (0.25, 0.25, 0.1, 0.15, 0.1, 0.05, 0.1))
    seconds = np.round(rng.exponential(pace[session]), 1)
    lost = rng.random(len(session)) < 0.04  # the app crashed: how long it showed is not known
    return AppEvents(
        customer=customer[session],
        time=start[session] + place * pace[session],
        kind=np.where(place == 0, 0, kind),
        screen=np.where((place == 0) | lost, -1, screen),
        seconds=np.where(lost, np.nan, seconds),
        login_customer=customer,
        login=start,
    )


@dataclass(frozen=True)
class Enquiries:
    """Enquiries of all lenders about each customer, ordered by customer and time."""

    customer: Ints
    enquired: Ints
    reported: Ints
    lender: Ints
    reason: Ints


def make_enquiries(
    rng: np.random.Generator, people: People, applications: Applications, calendar: Calendar
) -> Enquiries:
    """Draw the bureau's enquiries: a steady trickle, and a burst before some applications."""
    n = len(people)
    years = (applications.closed - applications.opened) / (365 * DAY)
    steady = np.repeat(np.arange(n), rng.poisson(rng.gamma(1.5, 4.0, n) * years))
    usual = calendar.draw(
        rng.random(len(steady)), applications.opened[steady], applications.closed[steady], calendar.applying
    )
    burst = np.repeat(
        np.arange(len(applications)),
        np.where(rng.random(len(applications)) < 0.33, rng.poisson(3.0, len(applications)), 0),
    )
    before = (rng.beta(1.0, 2.0, len(burst)) * 32 * DAY).astype(np.int64)
    customer = np.concatenate([steady, applications.customer[burst]])
    time = np.concatenate([usual, applications.time[burst] - before])
    time = time // DAY * DAY + _hours(rng, np.zeros(len(time), dtype=bool))
    order = np.argsort(customer * 2**34 + time, kind="stable")
    customer, time = customer[order], time[order]
    total = len(customer)
    delay = rng.exponential(1.0, total) * np.where(rng.random(total) < 0.85, 0.8 * DAY, 8 * DAY)
    return Enquiries(
        customer=customer,
        enquired=time,
        reported=time + np.minimum(delay, 60 * DAY).astype(np.int64) + 60,
        lender=choose(rng, total, (0.25, 0.25, 0.3, 0.2)),
        reason=np.where(rng.random(total) < 0.03, -1, choose(rng, total, (0.62, 0.2, 0.13, 0.05))),
    )
