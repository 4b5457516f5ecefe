"""The simulated scheme's people, families, providers and physicians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.claims_base import DAY, REGION, Flags, Floats, Ints, pick

SEX = ("female", "male")
COVER = ("employee", "resident")
PROVIDER = ("hospital", "clinic", "pharmacy")
HOSPITAL, CLINIC, PHARMACY = range(len(PROVIDER))
SPECIALITY = ("general", "traditional", "orthopaedics", "cardiology", "oncology", "nephrology")
GENERAL, TRADITIONAL, ORTHOPAEDICS, CARDIOLOGY, ONCOLOGY, NEPHROLOGY = range(len(SPECIALITY))
TITLE = ("resident", "attending", "associate chief", "chief")
NEVER_DIED = 2**40


@dataclass(frozen=True)
class People:
    """One row per insured person; relatives stand beside each other.

    Attributes
    ----------
    family : int64 array
        The number of the family.
    need : float64 array
        How often somebody falls ill, around 1.
    chronic : int64 array
        The chronic disease (position in `DISEASES`), -1 for none.
    dialysis : bool array
    died : int64 array
        Seconds since 1970; `NEVER_DIED` for who lives.
    usual : int64 array
        The provider that somebody goes to first.
    """

    age: Ints
    sex: Ints
    region: Ints
    cover: Ints
    civil_servant: Flags
    low_income: Flags
    joined: Ints
    family: Ints
    need: Floats
    chronic: Ints
    dialysis: Flags
    died: Ints
    usual: Ints

    def __len__(self) -> int:
        return len(self.age)


@dataclass(frozen=True)
class Providers:
    """One row per provider; physicians are numbered provider by provider.

    Attributes
    ----------
    first, doctors : int64 arrays
        A provider's first physician and how many it has.
    """

    kind: Ints
    speciality: Ints
    region: Ints
    level: Ints
    first: Ints
    doctors: Ints
    title: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def doctor(self, rng: np.random.Generator, provider: Ints) -> Ints:
        """Draw a physician of each provider; the first ones see more."""
        u = rng.random(len(provider)) ** 1.5
        return self.first[provider] + (u * self.doctors[provider]).astype(np.int64)

    @property
    def provider_of(self) -> Ints:
        """The provider of each physician."""
        return np.repeat(np.arange(len(self)), self.doctors)


def make_providers(rng: np.random.Generator, n: int) -> Providers:
    """Draw `n` providers, each kind in each region; every third region has a large hospital."""
    kind = np.arange(n) % 5
    kind = np.array([HOSPITAL, CLINIC, PHARMACY, CLINIC, HOSPITAL])[kind]
    speciality = np.where(kind == PHARMACY, GENERAL, pick(rng, n, (5, 2, 1, 1, 0.7, 0.8)))
    # However few they are, somebody treats every kind of patient.
    hospitals = np.flatnonzero(kind == HOSPITAL)
    speciality[hospitals[: len(SPECIALITY)]] = np.arange(len(SPECIALITY))[: len(hospitals)]
    level = np.where(kind == HOSPITAL, 1 + pick(rng, n, (3, 4, 2)), 1)
    level[hospitals[:3]] = 3
    doctors = np.where(kind == HOSPITAL, 4 + level * 4, np.where(kind == CLINIC, 3, 1))
    first = np.cumsum(doctors) - doctors
    region = rng.permutation(np.arange(n) % len(REGION))
    return Providers(kind, speciality, region, level, first, doctors, pick(rng, int(doctors.sum()), (3, 4, 2, 1)))


def make_people(rng: np.random.Generator, n: int, providers: Providers, start: int, end: int) -> People:
    """Draw `n` people in families of one to four."""
    sizes = 1 + pick(rng, n, (3, 3, 3, 1.5))
    family = np.repeat(np.arange(n), sizes)[:n]
    region = rng.integers(0, len(REGION), n)[family]
    age = np.clip(rng.normal(42, 21, n), 1, 96).astype(np.int64)
    cover = ((age < 22) | (rng.random(n) < 0.4)).astype(np.int64)
    ill = rng.random(n) < np.clip((age - 25) / 110, 0.01, 0.5)
    chronic = np.where(ill, np.array([6, 7, 8, 9, 10])[pick(rng, n, (5, 2, 4, 0.7, 1))], -1)
    dialysis = (rng.random(n) < 0.004) & (age > 25)
    yearly = 0.002 + 0.025 * (age > 60) + 0.06 * (age > 78)
    dies = rng.random(n) < 1 - (1 - yearly) ** ((end - start) / (365 * DAY))
    died = np.where(dies, start + (rng.random(n) * (end - start)).astype(np.int64), NEVER_DIED)
    # A usual provider near home: by region, each of its own.
    usual = rng.integers(0, len(providers), n)
    near = [np.flatnonzero(providers.region == r) for r in range(len(REGION))]
    for r, here in enumerate(near):
        rows = np.flatnonzero(region == r)
        if len(here):
            usual[rows] = here[rng.integers(0, len(here), len(rows))]
    return People(
        age=age,
        sex=rng.integers(0, 2, n),
        region=region,
        cover=cover,
        civil_servant=(cover == 0) & (rng.random(n) < 0.08),
        low_income=rng.random(n) < 0.06,
        joined=start - (rng.gamma(2.0, 900.0, n) * DAY).astype(np.int64),
        family=family,
        need=rng.gamma(1.6, 1 / 1.6, n) * (0.7 + age / 100),
        chronic=chronic,
        dialysis=dialysis,
        died=died,
        usual=usual,
    )
