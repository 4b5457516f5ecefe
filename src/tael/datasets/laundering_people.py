"""The simulated bank's customers and accounts: who they are, whom they work for, to whom they pay rent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.laundering_base import DAY, Flags, Floats, Ints, pick

SEX = ("female", "male")
ORIGIN = (
    "Guangdong", "Fujian", "Zhejiang", "Jiangsu", "Sichuan", "Hubei", "Henan", "Shandong", "Hunan", "Guangxi",
    "Yunnan", "Liaoning",
)  # fmt: skip
OCCUPATION = ("office", "factory", "services", "trade", "professional", "freelance", "student", "retired", "none")
STUDENT, RETIRED, NONE = 6, 7, 8
KIND = ("person", "company")


@dataclass(frozen=True)
class People:
    """Customers (companies first, then persons) and accounts (one each in the same order, then second accounts).

    Attributes
    ----------
    n_companies, n_customers, n_accounts : int
    age, sex, occupation : int64 arrays, shape (customers,)
        -1 for companies.
    origin : int64 array, shape (customers,)
    income : float64 array, shape (customers,)
        CNY a month; NaN where not stated; a company's is its turnover.
    fingerprint, portrait : bool arrays, shape (customers,)
        Taken when the customer was registered.
    registered : int64 array, shape (customers,)
    owner : int64 array, shape (accounts,)
        The customer.
    opened : int64 array, shape (accounts,)
    branch : int64 array, shape (accounts,)
    wage : float64 array, shape (accounts,)
        What the month brings in, whether stated or not.
    employer, landlord : int64 arrays, shape (accounts,)
        Accounts; -1 for none.
    """

    n_companies: int
    n_customers: int
    n_accounts: int
    age: Ints
    sex: Ints
    occupation: Ints
    origin: Ints
    income: Floats
    fingerprint: Flags
    portrait: Flags
    registered: Ints
    owner: Ints
    opened: Ints
    branch: Ints
    wage: Floats
    employer: Ints
    landlord: Ints

    @property
    def persons(self) -> Ints:
        """The first accounts of persons."""
        return np.arange(self.n_companies, self.n_customers)


def make_people(rng: np.random.Generator, n_accounts: int, start: int, end: int) -> People:
    """Draw customers and accounts; one in ten is a company, one in ten a second account."""
    n_companies = max(12, round(0.1 * n_accounts))
    n_second = round(0.1 * n_accounts)
    n = n_accounts - n_second
    person = np.arange(n) >= n_companies
    age = np.clip(18 + rng.gamma(2.4, 9.0, n), 18, 84).astype(np.int64)
    occupation = pick(rng, n, (0.24, 0.16, 0.18, 0.1, 0.1, 0.1, 0.02, 0.02, 0.08))
    occupation = np.where((age < 24) & (rng.random(n) < 0.55), STUDENT, occupation)
    occupation = np.where((age > 60) & (rng.random(n) < 0.75), RETIRED, occupation)
    scale = np.array([9.1, 8.8, 8.6, 8.9, 9.4, 8.6, 7.4, 8.2, 7.6])[occupation]
    wage = np.exp(scale + rng.normal(0.0, 0.45, n))
    wage[~person] = np.exp(rng.normal(11.6, 1.1, n_companies))
    income = np.where(rng.random(n) < 0.12, np.nan, np.round(wage * np.exp(rng.normal(0.0, 0.15, n)), -2))
    # Some customers and some accounts are new: an account's youth is no proof of anything.
    registered = start - (rng.gamma(1.3, 900.0, n) * DAY).astype(np.int64)
    new = rng.random(n) < 0.08
    registered[new] = start + (rng.random(int(new.sum())) * 0.85 * (end - start)).astype(np.int64)
    owner = np.concatenate([np.arange(n), rng.integers(n_companies, n, n_second)])
    second = np.maximum(registered[owner[n:]], start - (rng.gamma(1.0, 500.0, n_second) * DAY).astype(np.int64))
    opened = np.concatenate([registered, second])
    origin = pick(rng, n, np.linspace(2.0, 1.0, len(ORIGIN)))
    n_branches = max(3, n_accounts // 800)
    branch = (origin[owner] * 7 + rng.integers(0, 7, n_accounts)) % n_branches

    weight = (1.0 / np.arange(1, n_companies + 1)) ** 0.8
    works = person & (occupation < STUDENT) & (rng.random(n) < 0.85)
    employer = np.where(works, pick(rng, n, weight), -1)
    landlords = rng.permutation(np.arange(n_companies, n))[: max(2, (n - n_companies) // 20)]
    rents = person & (rng.random(n) < 0.3)
    landlord = np.where(rents, landlords[rng.integers(0, len(landlords), n)], -1)
    landlord[landlord == np.arange(n)] = -1
    none = np.full(n_second, -1, dtype=np.int64)
    return People(
        n_companies=n_companies,
        n_customers=n,
        n_accounts=n_accounts,
        age=np.where(person, age, -1),
        sex=np.where(person, rng.integers(0, 2, n), -1),
        occupation=np.where(person, occupation, -1),
        origin=origin,
        income=income,
        fingerprint=rng.random(n) < 0.72,
        portrait=rng.random(n) < 0.83,
        registered=registered,
        owner=owner,
        opened=opened,
        branch=branch,
        wage=np.concatenate([wage, wage[owner[n:]]]),
        employer=np.concatenate([employer, none]),
        landlord=np.concatenate([landlord, none]),
    )
