"""Who the simulated customers are, when and for what they apply, which devices, phones and cards they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.datasets.bank_calendar import DAY, HISTORY_DAYS, Calendar, Floats, Ints

Flags = NDArray[np.bool_]

CITIES = {
    "Guangdong": ("Guangzhou", "Foshan", "Maoming"), "Zhejiang": ("Hangzhou", "Shaoxing", "Quzhou"),
    "Jiangsu": ("Nanjing", "Wuxi", "Suqian"), "Sichuan": ("Chengdu", "Mianyang", "Bazhong"),
    "Hubei": ("Wuhan", "Yichang", "Suizhou"), "Henan": ("Zhengzhou", "Luoyang", "Zhoukou"),
    "Shandong": ("Jinan", "Yantai", "Heze"), "Hunan": ("Changsha", "Zhuzhou", "Huaihua"),
    "Fujian": ("Fuzhou", "Quanzhou", "Nanping"), "Shaanxi": ("Xi'an", "Baoji", "Shangluo"),
    "Liaoning": ("Shenyang", "Anshan", "Fuxin"), "Yunnan": ("Kunming", "Qujing", "Lincang"),
}  # fmt: skip
PROVINCE = tuple(CITIES)
CITY = tuple(city for cities in CITIES.values() for city in cities)
SEX = ("female", "male")
EDUCATION = ("secondary", "vocational", "bachelor", "postgraduate")
OCCUPATION = ("office", "factory", "services", "transport", "professional", "trade", "student")
EMPLOYER = ("state", "private", "foreign", "construction", "self-employed", "gig", "none")
HOUSING = ("owned", "mortgaged", "rented", "family")
MARITAL = ("single", "married", "divorced")
PURPOSE = ("consumption", "renovation", "education", "medical", "debt consolidation", "business")
CHANNEL = ("web", "branch", "partner", "phone")
PRODUCT = ("cash loan", "instalment loan", "revolving")
TERMS = np.array([3, 6, 9, 12])
BURST_DAYS = 12
AGENT_DAYS = 60


@dataclass(frozen=True)
class People:
    """One row per customer; codes point into the tuples above, -1 is missing; `income` is NaN where not stated."""

    age: Ints
    sex: Ints
    education: Ints
    occupation: Ints
    employer: Ints
    income: Floats
    housing: Ints
    marital: Ints
    city: Ints
    dependants: Floats
    salary: Floats
    discipline: Floats
    activity: Floats
    n_applications: Ints
    ring: Ints

    def __len__(self) -> int:
        return len(self.age)

    @property
    def province(self) -> Ints:
        """The province of each customer's city."""
        return self.city // 3


@dataclass(frozen=True)
class Applications:
    """One row per application, ordered by customer and time; `offsets` bounds each customer's rows."""

    customer: Ints
    number: Ints
    time: Ints
    amount: Floats
    term: Ints
    purpose: Ints
    channel: Ints
    product: Ints
    rate: Floats
    device: Ints
    phone: Ints
    card: Ints
    offsets: Ints
    registered: Ints
    opened: Ints
    closed: Ints

    def __len__(self) -> int:
        return len(self.customer)


def choose(rng: np.random.Generator, n: int, weights: tuple[float, ...]) -> Ints:
    """Draw `n` codes with the given weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(n), side="right"), len(weights) - 1).astype(np.int64)


def make_people(rng: np.random.Generator, n: int) -> People:
    """Draw `n` customers: what they state, and what only their behaviour shows."""
    age = np.clip(20 + rng.gamma(2.2, 6.5, n), 20, 65).astype(np.int64)
    education = choose(rng, n, (0.3, 0.33, 0.31, 0.06))
    employer = choose(rng, n, (0.16, 0.38, 0.06, 0.1, 0.12, 0.14, 0.04))
    city = choose(rng, n, (3, 2, 1.5) * len(PROVINCE))
    wealth = 8.55 + 0.16 * education + 0.2 * (city % 3 == 0) + 0.008 * (age - 35) - 0.25 * (employer == 6)
    income = np.round(np.exp(wealth + rng.normal(0, 0.42, n)), -2)
    informal = employer >= 4
    salary = np.where(informal & (rng.random(n) < 0.6), 0.0, income * rng.uniform(0.85, 1.0, n))
    hidden = rng.random(n) < np.where(informal, 0.35, 0.05)
    married = rng.random(n) < np.clip((age - 21) / 16, 0.02, 0.8)
    # One, three, two, two: exactly twice as many applications as customers.
    pattern = np.tile([1, 3, 2, 2], n // 4 + 1)[:n]
    if n % 4 == 1:
        pattern[-1] = 2
    n_applications = rng.permutation(pattern).astype(np.int64)
    ring = np.full(n, -1, dtype=np.int64)
    members = rng.permutation(n)[: int(0.05 * n)]
    sizes = rng.integers(4, 12, max(1, len(members) // 4))
    rings = np.repeat(np.arange(len(sizes)), sizes)[: len(members)]  # few members may not fill theirs
    ring[members[: len(rings)]] = rings
    return People(
        age=age,
        sex=choose(rng, n, (0.42, 0.58)),
        education=np.where(rng.random(n) < 0.04, -1, education),
        occupation=np.where((age < 23) & (rng.random(n) < 0.5), 6, choose(rng, n, (0.3, 0.2, 0.22, 0.1, 0.1, 0.08))),
        employer=np.where(rng.random(n) < 0.03, -1, employer),
        income=np.where(hidden, np.nan, income),
        housing=np.where(rng.random(n) < 0.06, -1, choose(rng, n, (0.2, 0.25, 0.35, 0.2))),
        marital=np.where(married, 1, np.where(rng.random(n) < 0.12, 2, 0)),
        city=city,
        dependants=np.where(rng.random(n) < 0.05, np.nan, rng.poisson(np.where(married, 1.1, 0.15))),
        salary=np.round(salary, 2).astype(np.float64),
        discipline=rng.normal(0, 1, n),
        activity=rng.gamma(1.5, 1 / 1.5, n) + 0.1,
        n_applications=n_applications,
        ring=ring,
    )


def make_applications(rng: np.random.Generator, people: People, calendar: Calendar) -> Applications:
    """Draw when each customer applies and for what, and on which device, phone and card.

    One customer's applications are at least 35 days apart, so that applications on one device within 30 days are always
    those of *other* customers.
    """
    n, period = len(people), calendar.end - calendar.start
    count = people.n_applications
    spread = np.minimum((count - 1) * rng.uniform(40, 200, n), 0.5 * period / DAY) * DAY
    first_gap = np.where(count == 3, 35 * DAY + (spread - 70 * DAY) * rng.random(n), spread)
    first = calendar.draw(
        rng.random(n), np.full(n, calendar.start), (calendar.end - spread).astype(np.int64), calendar.applying
    )
    # A ring applies in one burst: each member's first or last application falls next to the ring's time.
    ring_time = rng.uniform(0.02, 0.98, people.ring.max() + 1) * period
    member = np.flatnonzero(people.ring >= 0)
    at = np.clip(ring_time[people.ring[member]] + rng.uniform(-1, 1, len(member)) * BURST_DAYS * DAY, 0, period - DAY)
    use_first = at <= period - spread[member]
    first[member] = calendar.start + np.where(use_first, at, at - spread[member]).astype(np.int64)

    customer = np.repeat(np.arange(n), count)
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    m = len(customer)
    number = np.arange(m) - offsets[customer]
    step = np.where(number == 1, first_gap[customer], np.where(number == 2, spread[customer], 0.0))
    time = np.clip(first[customer] + step.astype(np.int64), calendar.start, calendar.end - 1)
    in_burst = people.ring[customer] >= 0
    burst_number = np.zeros(n, dtype=np.int64)
    burst_number[member] = np.where(use_first, 0, count[member] - 1)
    in_burst &= number == burst_number[customer]

    month_share = (time - calendar.start) / period
    stated = np.where(np.isnan(people.income), 5000.0, people.income)[customer]
    term = TERMS[choose(rng, m, (0.2, 0.3, 0.15, 0.35))]
    channel = choose(rng, m, (0.5, 0.22, 0.1, 0.18))
    channel = np.where(rng.random(m) < 0.35 * month_share, 2, channel)  # partners bring ever more of the applicants
    purpose = choose(rng, m, (0.4, 0.14, 0.1, 0.1, 0.12, 0.14))
    product = choose(rng, m, (0.5, 0.35, 0.15))
    amount = stated * np.exp(rng.normal(0.75, 0.55, m)) * (term / 8) ** 0.4
    rate = (
        0.14 + 0.03 * (product == 0) + 0.02 * (channel == 2) + 0.02 * (number == 0) + rng.choice([0.0, 0.02, 0.04], m)
    )
    opened = np.maximum(first - rng.integers(20, HISTORY_DAYS, n) * DAY, calendar.history)
    long_known = rng.random(n) < 0.7  # the bank holds the full history of most
    opened = np.where(long_known, np.maximum(first - HISTORY_DAYS * DAY, calendar.history), opened)
    older = (rng.exponential(500, n) * DAY).astype(np.int64)
    last = time[offsets[1:] - 1]
    return Applications(
        customer=customer,
        number=number,
        time=time,
        amount=np.clip(np.round(amount, -2), 1000, 200_000),
        term=term,
        purpose=purpose,
        channel=channel,
        product=product,
        rate=np.round(rate, 3),
        device=_devices(rng, people, customer, time - calendar.start, in_burst, period),
        phone=np.where(rng.random(m) < 0.05, 2 * n + customer, customer),  # a few gave a second number
        card=np.where(rng.random(m) < 0.15, n + customer, customer),
        offsets=offsets,
        registered=opened - DAY - np.where(long_known, older, 0),
        opened=opened,
        closed=np.minimum(last + rng.integers(20, 120, n) * DAY, calendar.end),
    )


def _devices(
    rng: np.random.Generator, people: People, customer: Ints, since: Ints, in_burst: Flags, period: int
) -> Ints:
    """Number the device of each application: one's own, a partner's, a loan agent's, or the ring's."""
    n, m = len(people), len(customer)
    own = np.arange(n)
    shared = rng.permutation(n)[: 2 * int(0.06 * n)]  # couples on one device
    own[shared[0::2]] = own[shared[1::2]]
    device = own[customer]
    agent = rng.random(m) < 0.10
    # Loan agents come and go: each device serves about eight applicants in its 60 days, whatever the bank's size.
    at_once = max(1, round(agent.sum() * AGENT_DAYS * DAY / (8 * period)))
    device = np.where(agent, n + (since // (AGENT_DAYS * DAY)) * at_once + rng.integers(0, at_once, m), device)
    agents_end = n + (period // (AGENT_DAYS * DAY) + 1) * at_once
    device = np.where(in_burst, agents_end + people.ring[customer], device)
    names = rng.permutation(int(device.max()) + 1)  # a device's number says nothing about its user
    return names[device].astype(np.int64)
