"""Ordinary life at the simulated bank: wages, rent, shops, families; and much that looks like laundering and is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets import laundering_base as b
from tael.datasets.laundering_base import DAY, HOUR, Flows, Ints, flows, hours, office_hours, pick, rounded
from tael.datasets.laundering_people import People

# Kinds of honest account that look like one of a gang, and what they look like.
LOOKALIKE = ("payroll", "seller", "group buyer", "rent cycle", "house buyer", "gamer", "awakened", "club")
PAYROLL, SELLER, GROUP_BUYER, RENT_CYCLE, HOUSE_BUYER, GAMER, AWAKENED, CLUB = range(len(LOOKALIKE))


@dataclass(frozen=True)
class Span:
    """The time simulated: seconds since 1970, and the first of each month."""

    start: int
    end: int

    @property
    def days(self) -> int:
        """Its length in days."""
        return (self.end - self.start) // DAY

    @property
    def months(self) -> Ints:
        """The beginnings of the months that touch it."""
        first, last = (np.datetime64(t, "s").astype("datetime64[M]") for t in (self.start, self.end - 1))
        return np.arange(first, last + 1).astype("datetime64[s]").astype(np.int64)

    @property
    def new_year(self) -> Ints:
        """The 25ths of the Januaries in it: about when the spring festival brings bonuses and gifts."""
        months = self.months
        return months[months.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12 == 0] + 24 * DAY


@dataclass(frozen=True)
class Life:
    """Ordinary transfers, in no order; which accounts look like something; until when an account slept."""

    flows: Flows
    lookalike: Ints
    quiet_until: Ints


def make_life(rng: np.random.Generator, people: People, span: Span, total: int) -> Life:
    """Simulate about `total` ordinary transfers."""
    look = np.full(people.n_accounts, -1, dtype=np.int64)
    persons = rng.permutation(people.persons)
    shares = {SELLER: 0.02, GROUP_BUYER: 0.008, HOUSE_BUYER: 0.012, GAMER: 0.05, AWAKENED: 0.01, CLUB: 0.012}
    taken = 0
    for kind, share in shares.items():
        n = max(2, round(share * len(persons)))
        look[persons[taken : taken + n]] = kind
        taken += n
    employers = np.unique(people.employer[people.employer >= 0])
    look[employers] = PAYROLL
    quiet = np.full(people.n_accounts, 0, dtype=np.int64)
    asleep = np.flatnonzero(look == AWAKENED)
    quiet[asleep] = span.start + (rng.uniform(0.35, 0.95, len(asleep)) * (span.end - span.start)).astype(np.int64)

    # The routines of a month come to about seven transfers a person; where fewer are asked for, fewer take part.
    routine = min(1.0, 0.75 * total / (7.0 * len(persons) * len(span.months)))
    parts = [*_monthly(rng, people, span, routine), *_families(rng, people, span, routine)]
    parts += _lookalikes(rng, people, span, look, quiet)
    parts.append(_invoices(rng, people, span, total))
    left = total - sum(map(len, parts))
    parts.append(_purchases(rng, people, span, max(left, total // 8)))
    joined = Flows.join(parts)
    awake = np.maximum(people.opened, quiet)
    keep = (joined.at >= span.start) & (joined.at < span.end) & (joined.sender != joined.receiver)
    keep &= (joined.at >= awake[joined.sender]) & (joined.at >= awake[joined.receiver])
    return Life(joined.take(keep), look, quiet)


def _due(rng: np.random.Generator, span: Span, day: Ints, jitter: float = 0.0) -> Ints:
    """Return midnights of a day of each month, shape (months, accounts), moved by some days."""
    moved = np.floor(rng.exponential(jitter, (len(span.months), len(day)))) if jitter else 0.0
    return (span.months[:, None] + (np.minimum(day - 1, 27)[None, :] + moved) * DAY).astype(np.int64)


def _monthly(rng: np.random.Generator, people: People, span: Span, share: float) -> list[Flows]:
    """Wages on the employer's day, bonuses before the festival, rent, card bills, utilities, savings and back."""
    n_months = len(span.months)
    persons = people.persons
    takes = rng.random(len(persons)) < share
    workers = persons[takes & (people.employer[persons] >= 0)]
    payday = rng.choice(np.array([5, 8, 10, 15, 20, 25]), people.n_companies)
    minute = office_hours(rng, people.n_companies)
    boss = people.employer[workers]
    at = _due(rng, span, payday[boss]) + minute[boss] + rng.integers(0, 900, (n_months, len(workers)))
    wage = people.wage[workers] * rng.normal(1.0, 0.03, (n_months, len(workers)))
    everyone = np.broadcast_to(workers, at.shape).ravel()
    paid = np.broadcast_to(boss, at.shape).ravel()
    payroll = (0.0, 0.25, 0.0, 0.0, 0.0, 0.75)
    out = [flows(rng, at.ravel(), paid, everyone, wage.ravel(), channels=payroll, remark=b.SALARY, said=0.85)]
    spent = np.exp(rng.normal(6.4, 1.0, at.shape))
    claims = rng.random(at.shape) < 0.12
    when = (at + rng.integers(2, 20, at.shape) * DAY)[claims]
    boss_of, worker = (np.broadcast_to(x, at.shape)[claims] for x in (boss, workers))
    out.append(flows(rng, when, boss_of, worker, spent[claims], channels=payroll, remark=b.REIMBURSEMENT))
    for festival in span.new_year:
        amount = rounded(rng, people.wage[workers] * rng.gamma(2.0, 0.7, len(workers)), 0.8)
        when = festival - 10 * DAY + minute[boss] + (boss % 9) * DAY + rng.integers(0, 900, len(workers))
        out.append(flows(rng, when, boss, workers, amount, channels=payroll, remark=b.BONUS))

    def standing(who: Ints, to: Ints, amount: b.Floats, remark: int, jitter: float, change: float) -> Flows:
        day = rng.integers(1, 28, len(who))
        when = _due(rng, span, day, jitter) + hours(rng, n_months * len(who)).reshape(n_months, -1)
        sums = amount * np.exp(rng.normal(0.0, change, when.shape)) if change else np.broadcast_to(amount, when.shape)
        senders, receivers = (np.broadcast_to(x, when.shape).ravel() for x in (who, to))
        return flows(rng, when.ravel(), senders, receivers, sums.ravel(), remark=remark)

    tenants = persons[takes & (people.landlord[persons] >= 0)]
    rent: b.Floats = np.round(np.clip(0.28 * people.wage[tenants], 400, 9000), -2).astype(np.float64)
    out.append(standing(tenants, people.landlord[tenants], rent, b.RENT, 0.5, 0.0))
    hubs = max(3, people.n_companies // 60)
    holders = persons[takes & (rng.random(len(persons)) < 0.55)]
    out.append(standing(holders, holders % hubs, 0.35 * people.wage[holders], b.REPAYMENT, 1.5, 0.6))
    payers = persons[takes & (rng.random(len(persons)) < 0.9)]
    out.append(standing(payers, hubs + payers % hubs, rng.gamma(3.0, 60.0, len(payers)), b.UTILITIES, 1.0, 0.4))
    second = np.arange(people.n_customers, people.n_accounts)
    main = people.owner[second]
    saved = rounded(rng, 0.3 * people.wage[second], 0.9)
    out.append(standing(main, second, saved, b.SAVINGS, 1.0, 0.0))
    back = second[rng.random(len(second)) < 0.5]
    out.append(standing(back, people.owner[back], 0.4 * people.wage[back], b.SAVINGS, 3.0, 0.9))
    return out


def _families(rng: np.random.Generator, people: People, span: Span, share: float) -> list[Flows]:
    """Transfers among a few friends and relatives, both ways, and gifts around the festival."""
    persons = people.persons
    contacts = persons[rng.integers(0, len(persons), (len(persons), 4))]
    # Circles are mutual: the first two contacts stand close in the order of the persons.
    contacts[:, 0], contacts[:, 1] = np.roll(persons, 1), np.roll(persons, -1)
    # A second household's worth of relatives makes triangles.
    contacts[:, 2] = np.roll(persons, 2)
    n = round(2.2 * share * len(persons) * span.days / 30)
    active = rng.gamma(1.2, 1.0, len(persons))
    who = pick(rng, n, active)
    friend = contacts[who, pick(rng, n, (0.35, 0.25, 0.2, 0.2))]
    at = span.start + rng.integers(0, span.days, n) * DAY + hours(rng, n, 0.07)
    amount = rounded(rng, np.exp(rng.normal(6.6, 1.35, n)), 0.6)
    out = [flows(rng, at, persons[who], friend, amount, remark=b.FAMILY, said=0.3)]
    for festival in span.new_year:
        m = round(1.5 * share * len(persons))
        who = pick(rng, m, active)
        lucky = rng.choice(np.array([66.0, 88.0, 100.0, 166.0, 200.0, 600.0, 666.0, 888.0, 1000.0, 2000.0]), m)
        friend = contacts[who, rng.integers(0, 4, m)]
        when = festival + rng.integers(0, 9, m) * DAY + hours(rng, m, 0.12)
        out.append(flows(rng, when, persons[who], friend, lucky, remark=b.FAMILY, said=0.5))
    return out


def _purchases(rng: np.random.Generator, people: People, span: Span, n: int) -> Flows:
    """Shops, from the corner to the platform that half the town buys from."""
    persons = people.persons
    low = 2 * max(3, people.n_companies // 60)
    merchants = np.arange(low, people.n_companies)
    popular = rng.permutation((1.0 / np.arange(1, len(merchants) + 1)) ** 0.85)
    who = persons[pick(rng, n, rng.gamma(1.3, 1.0, len(persons)))]
    shop = merchants[pick(rng, n, popular)]
    at = span.start + rng.integers(0, span.days, n) * DAY + hours(rng, n, 0.06)
    dear = np.log(140.0) + 0.6 * rng.standard_normal(people.n_companies)
    amount = rounded(rng, np.exp(dear[shop] + rng.normal(0.0, 1.2, n)), 0.35)
    return flows(rng, at, who, shop, amount, channels=(0.6, 0.08, 0.0, 0.32, 0.0, 0.0), remark=b.PURCHASE, said=0.4)


def _invoices(rng: np.random.Generator, people: People, span: Span, total: int) -> Flows:
    """Companies pay their suppliers, some of them the same each month, in sums that may lie below a threshold."""
    n = total // 18
    suppliers = rng.integers(0, people.n_companies, (people.n_companies, 6))
    who = pick(rng, n, (1.0 / np.arange(1, people.n_companies + 1)) ** 0.5)
    at = span.start + rng.integers(0, span.days, n) * DAY + office_hours(rng, n)
    amount = rounded(rng, np.exp(rng.normal(9.6, 1.25, n)), 0.4)
    # A dear one goes in pieces: the web bank takes less than 50,000 at a time.
    pieces = rng.random(n) < 0.1
    at[pieces] = at[pieces] // DAY * DAY + hours(rng, int(pieces.sum()), 0.02)
    amount[pieces] = 50_000 * rng.uniform(0.8, 0.9999, int(pieces.sum()))
    to = suppliers[who, rng.integers(0, 6, n)]
    return flows(rng, at, who, to, amount, channels=(0.05, 0.6, 0.1, 0.0, 0.0, 0.25), remark=b.INVOICE, said=0.7)


def _lookalikes(rng: np.random.Generator, people: People, span: Span, look: Ints, quiet: Ints) -> list[Flows]:
    """Honest accounts whose transfers have the shape of a scheme: see `LOOKALIKE`."""
    persons, companies = people.persons, people.n_companies
    weeks = max(1, span.days // 7)
    out = []

    def strangers(n: int) -> Ints:
        return persons[rng.integers(0, len(persons), n)]

    # Sellers: many strangers pay in, also at night; once or twice a week most of it goes to suppliers.
    sellers = np.flatnonzero(look == SELLER)
    orders = rng.gamma(2.0, 4.0, len(sellers)) * weeks
    who = np.repeat(sellers, orders.astype(np.int64))
    price = rounded(rng, np.exp(4.9 + 0.6 * (who % 7 - 3) / 3 + rng.normal(0.0, 0.6, len(who))), 0.6)
    at = span.start + rng.integers(0, span.days, len(who)) * DAY + hours(rng, len(who), 0.14)
    out.append(flows(rng, at, strangers(len(who)), who, price, remark=b.GOODS, said=0.5))
    payer = np.repeat(sellers, weeks)
    week = np.tile(np.arange(weeks), len(sellers))
    sums = np.bincount(np.searchsorted(sellers, who) * weeks + np.minimum((at - span.start) // (7 * DAY), weeks - 1),
                       weights=price, minlength=len(payer))  # fmt: skip
    when = span.start + (week * 7 + 7) * DAY + hours(rng, len(payer), 0.1)
    bought = np.maximum(sums, 20.0) * rng.uniform(0.6, 0.98, len(payer))
    out.append(flows(rng, when, payer, rng.integers(0, companies, len(payer)), bought, remark=b.GOODS))

    # Group buyers: a dozen neighbours pay within hours, the whole sum goes on to a shop or a farmer the same evening.
    buyers = np.repeat(np.flatnonzero(look == GROUP_BUYER), max(2, weeks))
    size = rng.integers(5, 22, len(buyers))
    base = span.start + rng.integers(0, span.days, len(buyers)) * DAY
    each = rounded(rng, np.exp(rng.normal(5.0, 0.9, len(buyers))), 0.8)
    payer = (np.repeat(buyers, size) + rng.integers(1, 40, size.sum()) - companies) % len(persons) + companies
    at = np.repeat(base, size) + (rng.uniform(9.0, 19.0, size.sum()) * HOUR).astype(np.int64)
    out.append(flows(rng, at, payer, np.repeat(buyers, size), np.repeat(each, size), remark=b.GROUP_ORDER))
    when = base + (rng.uniform(19.2, 22.5, len(buyers)) * HOUR).astype(np.int64)
    shop = np.where(rng.random(len(buyers)) < 0.5, rng.integers(0, companies, len(buyers)), strangers(len(buyers)))
    out.append(flows(rng, when, buyers, shop, each * size * rng.uniform(0.9, 1.0, len(buyers)), remark=b.GROUP_ORDER))

    # Rent cycles: the landlord's company employs the tenant: wage, rent, and the owner's loan to the company.
    owners = np.unique(people.landlord[people.landlord >= 0])
    owners = owners[rng.random(len(owners)) < 0.35]
    look[owners] = np.where(look[owners] < 0, RENT_CYCLE, look[owners])
    for tenant in (rng.integers(0, len(persons), len(owners)) for _ in range(2)):
        firm = owners % companies
        wage = people.wage[persons[tenant]]
        for month in span.months:
            day = month + rng.integers(3, 12, len(owners)) * DAY
            out.append(flows(rng, day + office_hours(rng, len(day)), firm, persons[tenant], wage, remark=b.SALARY))
            day = day + rng.integers(1, 5, len(owners)) * DAY
            rent = np.round(0.3 * wage, -2) + 100
            out.append(flows(rng, day + hours(rng, len(day)), persons[tenant], owners, rent, remark=b.RENT))
            day = day + rng.integers(1, 6, len(owners)) * DAY
            loan = rent * rng.uniform(0.8, 1.0, len(owners))
            out.append(flows(rng, day + hours(rng, len(day)), owners, firm, loan, remark=b.LOAN))

    # House buyers: a deposit in pieces just under the limit of one transfer, within the hour, after relatives paid in.
    buyers = np.flatnonzero(look == HOUSE_BUYER)
    day = span.start + rng.integers(5, max(6, span.days - 1), len(buyers)) * DAY
    pieces = rng.integers(3, 9, len(buyers))
    at = np.repeat(day + hours(rng, len(buyers)), pieces) + rng.integers(0, 3 * HOUR, pieces.sum())
    amount = 50_000 * np.where(rng.random(pieces.sum()) < 0.5, rng.uniform(0.8, 1.0, pieces.sum()), 0.9998)
    out.append(flows(rng, at, np.repeat(buyers, pieces), np.repeat(buyers % companies, pieces), amount,
                     remark=b.DEPOSIT))  # fmt: skip
    helpers = rng.integers(1, 6, len(buyers))
    at = np.repeat(day, helpers) - (rng.uniform(0.1, 4.0, helpers.sum()) * DAY).astype(np.int64)
    amount = rounded(rng, np.exp(rng.normal(10.3, 0.7, helpers.sum())), 0.8)
    out.append(flows(rng, at, strangers(len(at)), np.repeat(buyers, helpers), amount, remark=b.LOAN, said=0.3))

    # Gamers: round sums at night to an entertainment company, now and then a large one back.
    gamers = np.repeat(np.flatnonzero(look == GAMER), np.maximum(1, rng.poisson(2.5 * weeks, (look == GAMER).sum())))
    at = span.start + rng.integers(0, span.days, len(gamers)) * DAY + hours(rng, len(gamers), 0.7)
    amount = rng.choice(np.array([50.0, 100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0]), len(gamers))
    firm = companies - 1 - rng.integers(0, max(2, companies // 100), len(gamers))
    out.append(flows(rng, at, gamers, firm, amount, remark=b.GAME, said=0.4))
    won = rng.random(len(gamers)) < 0.04
    when = at[won] + rng.integers(HOUR, 2 * DAY, won.sum())
    out.append(flows(rng, when, firm[won], gamers[won], rounded(rng, amount[won] * rng.gamma(2.0, 8.0, won.sum()), 0.5),
                     remark=b.GAME, said=0.4))  # fmt: skip

    # Awakened accounts: an inheritance or a house sold comes in, and goes out within days.
    awake = np.flatnonzero(look == AWAKENED)
    times = rng.integers(2, 6, len(awake))
    at = np.repeat(quiet[awake], times) + rng.integers(0, DAY, times.sum())
    amount = np.exp(rng.normal(9.6, 1.1, times.sum()))
    out.append(flows(rng, at, strangers(len(at)), np.repeat(awake, times), rounded(rng, amount, 0.5)))
    later = at + (rng.uniform(0.05, 3.0, len(at)) * DAY).astype(np.int64)
    out.append(flows(rng, later, np.repeat(awake, times), strangers(len(at)), amount * rng.uniform(0.85, 1.0, len(at))))

    # Savings clubs: everyone pays the month's taker, a ring of friends; so that money goes round.
    members = np.flatnonzero(look == CLUB)
    ring = members[: len(members) // 6 * 6].reshape(-1, 6)
    for turn, month in enumerate(span.months):
        taker = ring[:, turn % 6]
        due = month + rng.integers(0, 20, len(ring)) * DAY
        stake = np.repeat(rounded(rng, np.exp(rng.normal(7.3, 0.6, len(ring))), 1.0), 6)
        at = np.repeat(due, 6) + rng.integers(8 * HOUR, 40 * HOUR, ring.size)
        out.append(flows(rng, at, ring.ravel(), np.repeat(taker, 6), stake, remark=b.FAMILY, said=0.2))
    return out
