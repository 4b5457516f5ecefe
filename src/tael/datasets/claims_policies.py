"""Commercial cover beside the public scheme: policies, and claims on what visits left to be paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.claims_base import DAY, Floats, Ints, Visits, pick
from tael.datasets.claims_bills import Bills
from tael.datasets.claims_people import People
from tael.datasets.claims_schemes import Frauds

PRODUCT = ("medical", "hospital allowance", "accident")


@dataclass(frozen=True)
class Commercial:
    """Policies and claims, each in order of time; positions of person, policy and visit."""

    holder: Ints
    product: Ints
    sold: Ints
    agent: Ints
    insured: Floats
    premium: Floats
    policy: Ints
    visit: Ints
    filed: Ints
    amount: Floats
    decided: Ints


def make_commercial(
    rng: np.random.Generator, people: People, visits: Visits, bills: Bills, frauds: Frauds, start: int, end: int
) -> Commercial:
    """Sell policies to a quarter of the people and let them claim; who plans an accident buys shortly before."""
    n = len(people)
    agents = max(4, n // 400)
    alive = people.died > end
    holder = np.flatnonzero((rng.random(n) < 0.25) & (people.age >= 1) & alive)
    sold = start - 500 * DAY + (rng.random(len(holder)) * (end - start + 480 * DAY)).astype(np.int64)
    agent, product = rng.integers(0, agents, len(holder)), pick(rng, len(holder), (3, 2, 2))
    for number, name in enumerate(frauds.scheme):
        if name != "early_claims":
            continue
        rows = np.flatnonzero(visits.group == number)
        keep = ~np.isin(holder, visits.person[rows])
        before = visits.admitted[rows] - (rng.uniform(4, 55, len(rows)) * DAY).astype(np.int64)
        its_agent = np.where(rng.random(len(rows)) < 0.8, number % agents, rng.integers(0, agents, len(rows)))
        holder, sold = np.append(holder[keep], visits.person[rows]), np.append(sold[keep], before)
        agent, product = np.append(agent[keep], its_agent), np.append(product[keep], np.full(len(rows), 2))
    order = np.argsort(sold, kind="stable")
    holder, sold, agent, product = holder[order], sold[order], agent[order], product[order]
    insured = rng.choice(np.array([50_000.0, 100_000.0, 200_000.0, 500_000.0]), len(holder))
    premium = np.round(insured * 0.004 * (0.5 + people.age[holder] / 50) * rng.uniform(0.8, 1.2, len(holder)), 2)

    of = np.full(n, -1, dtype=np.int64)
    of[holder] = np.arange(len(holder))
    policy = of[visits.person]
    left = np.flatnonzero((policy >= 0) & (visits.days > 0))
    left = left[visits.admitted[left] >= sold[policy[left]]]
    own = np.isin(visits.group[left], [i for i, name in enumerate(frauds.scheme) if name == "early_claims"])
    left = left[own | (rng.random(len(left)) < 0.75)]
    filed = bills.settled[left] + (rng.gamma(2.0, 7.0, len(left)) * DAY).astype(np.int64)
    daily = np.array([0.0, 150.0, 100.0])[product[policy[left]]] * visits.days[left]
    due = daily + np.where(product[policy[left]] == 1, 0.0, bills.rest[left] + 0.5 * bills.personal[left])
    amount = np.round(np.minimum(np.maximum(due, 50.0), insured[policy[left]]), 2)
    decided = filed + (rng.gamma(2.0, 5.0, len(left)) * DAY).astype(np.int64)
    order = np.argsort(filed, kind="stable")
    order = order[filed[order] < end]
    return Commercial(holder, product, sold, agent, insured, premium, policy[left][order], left[order], filed[order],
                      amount[order], decided[order])  # fmt: skip
