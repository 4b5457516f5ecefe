"""What the lender sells: a catalogue of eight products, and who buys which next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, Floats, Ints
from tael.datasets.bank_events import SCREEN
from tael.datasets.bank_frames import category, moment
from tael.datasets.bank_people import choose
from tael.datasets.lender_events import Behaviour, Seen, seconds_of
from tael.datasets.lender_life import Accounts

MOST_PURCHASES = 6
BUYING_CHANNEL = ("app", "branch", "phone")
SCREEN_DAYS, SPENDING_DAYS = 45, 90

CATALOGUE = pl.DataFrame(
    {
        "product": ["deposit", "fund", "wealth", "health_insurance", "accident_insurance", "credit_card",
                    "consumer_loan", "gold"],
        "name": ["Fixed deposit 定期存款", "Index fund 指数基金", "Wealth plan 理财产品", "Health insurance 健康险",
                 "Accident insurance 意外险", "Credit card 信用卡", "Consumer loan 消费贷", "Gold savings 积存金"],
        "kind": ["deposit", "investment", "investment", "insurance", "insurance", "credit", "credit", "investment"],
        "margin": [40.0, 90.0, 260.0, 180.0, 60.0, 150.0, 320.0, 70.0],
        "min_age": [18, 18, 25, 18, 18, 20, 20, 18],
        "min_balance": [1000.0, 500.0, 10000.0, 0.0, 0.0, 0.0, 0.0, 2000.0],
    }
)  # fmt: skip
"""The catalogue; `margin` is in CNY per sale and year, `min_balance` in CNY at the last month's end."""

PRODUCTS = tuple(CATALOGUE["product"])
DEPOSIT, FUND, WEALTH, HEALTH, ACCIDENT, CARD, LOAN, GOLD = range(8)


@dataclass(frozen=True)
class Purchases:
    """Purchases in the order of time, with the chances of each product that they were drawn from."""

    customer: Ints
    product: Ints
    time: Ints
    reported: Ints
    amount: Floats
    channel: Ints
    chance: Floats


def make_purchases(
    rng: np.random.Generator, drawn: Drawn, accounts: Accounts, behaviour: Behaviour, closed: Ints
) -> Purchases:
    """Draw when customers buy, soon after they were in the app, and which product that is.

    The product depends on age, income and balance, on what is held, on the screens seen in the last 45 days and on what
    money was spent on in the last 90 days.
    """
    customer, time, number = _moments(rng, drawn, behaviour, closed, accounts)
    base, eligible = _utilities(drawn, accounts, behaviour, customer, time)
    m = len(customer)
    product, chance = np.zeros(m, dtype=np.int64), np.zeros((m, len(PRODUCTS)))
    held = np.zeros((len(drawn.people), len(PRODUCTS)))
    for step in range(MOST_PURCHASES):
        rows = np.flatnonzero(number == step)
        if not len(rows):
            break
        own = held[customer[rows]]
        utility = base[rows] - np.array([0.7, 0.9, 1.0, 3.0, 3.0, 4.0, 1.2, 0.7]) * np.minimum(own, 2)
        utility[:, FUND] += 1.1 * (own[:, DEPOSIT] > 0)
        utility[:, WEALTH] += 1.4 * (own[:, FUND] > 0)
        utility[:, HEALTH] += 0.9 * (own[:, ACCIDENT] > 0)
        utility[:, LOAN] += 0.9 * (own[:, CARD] > 0)
        utility[:, GOLD] += 0.7 * (own[:, WEALTH] > 0)
        weight = np.where(eligible[rows], np.exp(utility), 0.0)
        p = weight / weight.sum(axis=1, keepdims=True)
        chosen = np.minimum((rng.random(len(rows))[:, None] > np.cumsum(p, axis=1)).sum(axis=1), len(PRODUCTS) - 1)
        chosen = np.where(p[np.arange(len(rows)), chosen] > 0, chosen, p.argmax(axis=1))
        product[rows], chance[rows] = chosen, p
        held[customer[rows], chosen] += 1
    typical = np.array([20_000.0, 5_000, 50_000, 900, 260, 1, 15_000, 3_000])[product]
    amount = np.where(product == CARD, 0.0, np.round(typical * np.exp(rng.normal(0, 0.6, m)), -1))
    return Purchases(
        customer=customer,
        product=product,
        time=time,
        reported=time + (rng.uniform(1, 3, m) * DAY).astype(np.int64),
        amount=amount,
        channel=choose(rng, m, (0.7, 0.18, 0.12)),
        chance=chance,
    )


def _moments(
    rng: np.random.Generator, drawn: Drawn, behaviour: Behaviour, closed: Ints, accounts: Accounts
) -> tuple[Ints, Ints, Ints]:
    """Pick, for each customer, up to six views of a screen that a purchase follows; in the order of time, numbered."""
    views = behaviour.app_events.filter(pl.col("screen").is_not_null())
    who, when = views["customer_id"].to_numpy() - 1, seconds_of(views["time"])
    first = np.searchsorted(who, np.arange(len(drawn.people)))
    size = np.searchsorted(who, np.arange(len(drawn.people)), side="right") - first
    wanted = np.minimum(rng.poisson(rng.gamma(2.0, 1.4, len(size))), MOST_PURCHASES)
    customer = np.repeat(np.arange(len(size)), np.where(size > 0, wanted, 0))
    pick = first[customer] + (rng.random(len(customer)) * size[customer]).astype(np.int64)
    time = when[pick] + (rng.exponential(2.0, len(customer)) * DAY).astype(np.int64) + 300
    there = (time > accounts.opened[customer]) & (time < np.minimum(closed[customer], drawn.calendar.end) - 4 * DAY)
    customer, time = customer[there], time[there]
    order = np.lexsort((time, customer))
    customer, time = customer[order], time[order]
    number = np.arange(len(customer)) - np.searchsorted(customer, customer)
    order = np.argsort(time, kind="stable")
    return customer[order], time[order], number[order]


def _utilities(
    drawn: Drawn, accounts: Accounts, behaviour: Behaviour, customer: Ints, time: Ints
) -> tuple[Floats, np.ndarray]:
    """What age, income, balance, screens and spending say for each product, and which may be sold at all."""
    people = drawn.people
    age = people.age[customer].astype(np.float64)
    income = np.log(np.where(np.isnan(people.income), 5000.0, people.income)[customer]) - 8.7
    balance, _ = accounts.last(customer, time)
    money = np.where(np.isnan(balance), 0.0, balance)
    seen = _counts(behaviour.app_events, "screen", "time", SCREEN, customer, time, SCREEN_DAYS)
    kinds = ("medical", "online shopping", "atm", "transfer")
    spent = _counts(behaviour.transactions, "kind", "posted_at", kinds, customer, time, SPENDING_DAYS)
    young, old = np.clip((32 - age) / 8, -1, 1.5), np.clip((age - 38) / 8, -1, 2)
    rich = np.clip(np.log1p(money / 8000.0), 0, 2.5)
    u = np.zeros((len(customer), len(PRODUCTS)))
    u[:, DEPOSIT] = 0.1 + 0.8 * old + 0.3 * rich
    u[:, FUND] = 0.3 + 0.5 * young + 0.6 * income + 0.35 * seen["offers"]
    u[:, WEALTH] = -1.0 + 1.1 * rich + 0.8 * income + 0.35 * seen["offers"]
    u[:, HEALTH] = -0.5 + 0.7 * old + 0.8 * np.minimum(spent["medical"], 3)
    u[:, ACCIDENT] = 0.0 + 0.4 * young + 0.25 * np.minimum(spent["atm"], 4)
    u[:, CARD] = 0.1 + 0.6 * young + 0.3 * np.minimum(spent["online shopping"], 5) + 0.3 * seen["bills"]
    u[:, LOAN] = -0.9 - 0.5 * income + 0.65 * seen["loan"] + 0.75 * seen["calculator"]
    u[:, GOLD] = -0.7 + 0.5 * old + 0.5 * rich
    age_ok = age[:, None] >= CATALOGUE["min_age"].to_numpy()[None, :]
    return 1.25 * u, age_ok & (money[:, None] >= CATALOGUE["min_balance"].to_numpy()[None, :])


def _counts(
    frame: pl.DataFrame, column: str, known: str, names: tuple[str, ...], customer: Ints, time: Ints, days: int
) -> dict[str, Floats]:
    """Count each customer's rows of each name in the days before, by the time they were known; at most five."""
    out = {}
    for name in names:
        rows = frame.filter(pl.col(column) == name)
        seen = Seen(rows["customer_id"].to_numpy() - 1, seconds_of(rows[known]))
        out[name] = np.minimum(seen.recent(customer, time, days), 5).astype(np.float64)
    return out


def purchases_frame(bought: Purchases, end: int) -> pl.DataFrame:
    """The purchases reported before the end."""
    return pl.DataFrame(
        {
            "purchase_id": np.arange(len(bought.time)) + 1,
            "customer_id": bought.customer + 1,
            "product": pl.Series(PRODUCTS).gather(pl.Series(bought.product)),
            "bought": moment(bought.time),
            "reported_at": moment(bought.reported),
            "amount": bought.amount,
            "channel": category(bought.channel, BUYING_CHANNEL),
        }
    ).filter(pl.Series(bought.reported < end))


def purchase_truth(bought: Purchases) -> pl.DataFrame:
    """The chance of each product at each purchase, given that something is bought."""
    return pl.DataFrame(
        {
            "purchase_id": np.arange(len(bought.time)) + 1,
            **{f"p_{name}": bought.chance[:, at] for at, name in enumerate(PRODUCTS)},
        }
    )
