"""The schemes of fraud that can be planted in simulated claims: each adds visits of a group of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tael.datasets import claims_base as b
from tael.datasets.claims_base import CODE, DAY, HOUR, MANY_HERBS, MANY_VALUABLES, NO_DRUGS, REFILL, Ints, Visits, pick
from tael.datasets.claims_life import stays
from tael.datasets.claims_people import CLINIC, HOSPITAL, NEVER_DIED, PHARMACY, TRADITIONAL, People, Providers


@dataclass
class Scene:
    """A group about to defraud: its people, the provider and physician in it, the time that it has."""

    rng: np.random.Generator
    people: People
    providers: Providers
    members: Ints
    provider: int
    physician: int
    start: int
    end: int

    def moments(self, n: int) -> Ints:
        """Draw `n` midnights in order."""
        return self.start + np.sort(self.rng.integers(0, max(1, (self.end - self.start) // DAY), n)) * DAY

    def here(self, person: Ints, at: Ints, disease: Ints, **more: object) -> Visits:
        """Make visits to the group's provider and physician."""
        place, doctor = np.full(len(person), self.provider), np.full(len(person), self.physician)
        return b.visits(person, place, doctor, at, disease, **more)  # type: ignore[arg-type]


def card_collection(s: Scene) -> list[Visits]:
    """Cards are collected and swiped one after the other: the same days, minutes apart, for goods of value."""
    out = []
    for day in s.moments(int(s.rng.integers(5, 11))):
        there = s.members[s.rng.random(len(s.members)) < 0.8]
        at = day + int(s.rng.integers(9 * HOUR, 18 * HOUR)) + np.cumsum(s.rng.integers(40, 400, len(there)))
        disease = pick(s.rng, len(there), b.WEIGHT * (b.FAMILY_OF <= b.CHRONIC))
        out.append(s.here(there, at, disease, style=MANY_VALUABLES, dose=0.6))
    return out


def split_stays(s: Scene) -> list[Visits]:
    """One long stay is billed as several: discharged, and admitted again within a day with the same disease."""
    out = []
    for person in s.members:
        pieces = int(s.rng.integers(3, 6))
        disease = int(pick(s.rng, 1, b.WEIGHT * ((b.INPATIENT > 0.2) & (b.SURGERY == 0)))[0])
        length = s.rng.integers(4, 11, pieces)
        gap = s.rng.integers(2 * HOUR, 26 * HOUR, pieces)
        begin = int(s.moments(1)[0]) + int(s.rng.integers(8 * HOUR, 12 * HOUR))
        at = begin + np.cumsum(np.concatenate([[0], length[:-1] * DAY + gap[:-1]]))
        out.append(s.here(np.full(pieces, person), at, np.full(pieces, disease), days=length))
    return out


def phantom_billing(s: Scene) -> list[Visits]:
    """Visits that never were: examinations, no drugs, often at the weekend, of people who did not come."""
    n = s.rng.integers(4, 10, len(s.members))
    person = np.repeat(s.members, n)
    at = s.start + s.rng.integers(0, max(1, (s.end - s.start) // DAY), len(person)) * DAY
    weekend = s.rng.random(len(person)) < 0.5
    # 1970 began on a Thursday: two days on it is Saturday.
    at[weekend] += ((2 - at[weekend] // DAY) % 7) * DAY
    disease = pick(s.rng, len(person), b.WEIGHT * (b.EXAMINATION > 100) * (b.SURGERY == 0))
    at = at + b.surgery_hours(s.rng, len(person))
    return [s.here(person, at, disease, style=NO_DRUGS, cost=s.rng.uniform(1.0, 1.8, len(person)))]


def upcoding(s: Scene) -> list[Visits]:
    """What is mild is coded as severe: a severe disease with the stay and the drugs of a mild one."""
    n = s.rng.integers(2, 5, len(s.members))
    person = np.repeat(s.members, n)
    severe = np.array(list(b.UPCODED.values()))[s.rng.integers(0, len(b.UPCODED), len(person))]
    at = s.start + s.rng.integers(0, max(1, (s.end - s.start) // DAY), len(person)) * DAY
    at = at + b.surgery_hours(s.rng, len(person))
    stay = s.rng.integers(1, 3, len(person))
    return [s.here(person, at, severe, days=stay, cost=s.rng.uniform(1.2, 1.8, len(person)), dose=0.35)]


def co_visits(s: Scene) -> list[Visits]:
    """A group is admitted together, again and again: the same hospital, the same days, the same physician."""
    out = []
    for day in s.moments(int(s.rng.integers(3, 6))):
        there = s.members[s.rng.random(len(s.members)) < 0.85]
        at = day + s.rng.integers(8 * HOUR, 17 * HOUR, len(there)) + s.rng.integers(0, 2, len(there)) * DAY
        disease = pick(s.rng, len(there), b.WEIGHT * (b.FAMILY_OF != b.CANCER) * (b.SURGERY == 0))
        out.append(s.here(there, at, disease, days=np.minimum(stays(s.rng, disease), 9)))
    return out


def after_death(s: Scene) -> list[Visits]:
    """Services are billed for people who have died."""
    n = s.rng.integers(2, 7, len(s.members))
    person = np.repeat(s.members, n)
    at = s.people.died[person] + (s.rng.uniform(3.0, 100.0, len(person)) * DAY).astype(np.int64)
    at = at // DAY * DAY + b.surgery_hours(s.rng, len(person))
    disease = pick(s.rng, len(person), b.WEIGHT * (b.FAMILY_OF <= b.CHRONIC))
    return [s.here(person, at, disease, style=REFILL, dose=s.rng.uniform(1.0, 3.0, len(person)))]


def drug_resale(s: Scene) -> list[Visits]:
    """Drugs far beyond what one needs, a little at each of several providers."""
    n = s.rng.integers(12, 30, len(s.members))
    person = np.repeat(s.members, n)
    shops = s.rng.permutation(np.flatnonzero(s.providers.kind != HOSPITAL))[:8]
    place = shops[s.rng.integers(0, len(shops), len(person))]
    place[s.rng.random(len(person)) < 0.3] = s.provider
    at = s.start + s.rng.integers(0, max(1, (s.end - s.start) // DAY), len(person)) * DAY
    at = at + b.surgery_hours(s.rng, len(person))
    usual = np.array([CODE.index(c) for c in ("I10", "E11", "I25")])
    disease = usual[person % len(usual)]
    dose = s.rng.uniform(1.5, 3.5, len(person))
    return [b.visits(person, place, s.providers.doctor(s.rng, place), at, disease, style=REFILL, dose=dose)]


def herbal_pieces(s: Scene) -> list[Visits]:
    """Herbs by the kilogram, the same again and again, whatever the complaint."""
    n = s.rng.integers(5, 12, len(s.members))
    person = np.repeat(s.members, n)
    at = s.start + s.rng.integers(0, max(1, (s.end - s.start) // DAY), len(person)) * DAY
    at = at + b.surgery_hours(s.rng, len(person))
    disease = pick(s.rng, len(person), b.WEIGHT * (b.FAMILY_OF <= b.CHRONIC))
    return [s.here(person, at, disease, style=MANY_HERBS, dose=s.rng.uniform(1.2, 2.2, len(person)))]


def early_claims(s: Scene) -> list[Visits]:
    """A policy is bought, and within weeks there is a broken arm at the same hospital as the others'."""
    at = s.moments(len(s.members)) + b.surgery_hours(s.rng, len(s.members))
    code = np.array([CODE.index(c) for c in ("S52", "S72", "M54")])
    disease = code[pick(s.rng, len(s.members), (5, 1, 4))]
    return [s.here(s.members, at, disease, days=np.maximum(2, stays(s.rng, disease) // 2))]


@dataclass(frozen=True)
class Scheme:
    """A kind of fraud: what it does, how many people a group has, at which kinds of provider, its name in words."""

    plant: Callable[[Scene], list[Visits]]
    size: tuple[int, int]
    at: tuple[int, ...]
    en: str
    zh: str


SCHEMES: dict[str, Scheme] = {
    "card_collection": Scheme(card_collection, (12, 30), (CLINIC, PHARMACY), "cards collected by one provider",
                              "收卡套刷: 同店同日多卡"),
    "split_stays": Scheme(split_stays, (5, 12), (HOSPITAL,), "one stay billed as several", "分解住院"),
    "phantom_billing": Scheme(phantom_billing, (8, 20), (HOSPITAL, CLINIC), "visits that never were", "虚假就诊"),
    "upcoding": Scheme(upcoding, (8, 20), (HOSPITAL,), "mild diseases coded as severe", "高套病种"),
    "co_visits": Scheme(co_visits, (6, 15), (HOSPITAL,), "a group admitted together again and again", "团伙同日住院"),
    "after_death": Scheme(after_death, (1, 6), (CLINIC, PHARMACY), "services after death", "死亡后报销"),
    "drug_resale": Scheme(drug_resale, (3, 9), (CLINIC, PHARMACY), "drugs beyond any need, resold", "超量购药倒卖"),
    "herbal_pieces": Scheme(herbal_pieces, (8, 20), (CLINIC,), "herbal pieces again and again", "中药饮片超量"),
    "early_claims": Scheme(early_claims, (6, 14), (HOSPITAL,), "accidents soon after the policy", "投保后短期出险"),
}  # fmt: skip
"""What can be planted."""


@dataclass(frozen=True)
class Frauds:
    """What was planted: one row a group, one row a member.

    Attributes
    ----------
    scheme : list of str
    provider : int64 array, shape (groups,)
    end : int64 array, shape (groups,)
        The last visit.
    member, group : int64 arrays, shape (members,)
    visits : Visits
    """

    scheme: list[str]
    provider: Ints
    end: Ints
    member: Ints
    group: Ints
    visits: Visits

    def __len__(self) -> int:
        return len(self.scheme)


def plant_frauds(
    rng: np.random.Generator, people: People, providers: Providers, start: int, end: int, schemes: Sequence[str],
    share: float,
) -> Frauds:  # fmt: skip
    """Plant groups of each scheme until together they have about the share of all people; nobody is in two."""
    living = rng.permutation(np.flatnonzero((people.died == NEVER_DIED) & ~people.dialysis & (people.age >= 16)))
    dead = rng.permutation(np.flatnonzero((people.died < end - 30 * DAY) & (people.died > start)))
    dead = dead[: max(6, len(dead) // 3)]
    places = {kind: rng.permutation(np.flatnonzero(providers.kind == kind)) for kind in (HOSPITAL, CLINIC, PHARMACY)}
    # Most providers are honest: schemes gather at some.
    places = {kind: there[: max(2, round(0.35 * len(there)))] for kind, there in places.items()}
    wanted = share * len(people) / max(len(schemes), 1)
    names: list[str] = []
    where: list[int] = []
    ends: list[int] = []
    member: list[Ints] = []
    group: list[Ints] = []
    parts: list[Visits] = []
    for name in schemes:
        scheme = SCHEMES[name]
        have = 0
        while have < wanted:
            size = int(rng.integers(scheme.size[0], scheme.size[1] + 1))
            source = dead if name == "after_death" else living
            chosen, rest = source[:size], source[size:]
            if len(chosen) < scheme.size[0]:
                break
            if name == "after_death":
                dead = rest
            else:
                living = rest
            kind = scheme.at[int(rng.integers(0, len(scheme.at)))]
            options = places[kind]
            if name == "herbal_pieces":
                fitting = options[providers.speciality[options] == TRADITIONAL]
                options = fitting if len(fitting) else options
            provider = int(options[rng.integers(0, len(options))])
            physician = int(providers.first[provider] + rng.integers(0, providers.doctors[provider]))
            length = int(rng.integers(60, 151)) * DAY
            begin = start + 7 * DAY + int(rng.integers(0, max(1, (end - start - length) // DAY - 14))) * DAY
            scene = Scene(
                rng, people, providers, chosen, provider, physician, begin, min(begin + length, end - 7 * DAY)
            )
            made = Visits.join(scheme.plant(scene))
            made = made.take((made.admitted >= start) & (made.admitted < end))
            if not len(made):
                continue
            made.group[:] = len(names)
            took = np.unique(made.person)
            names.append(name)
            where.append(provider)
            ends.append(int(made.admitted.max()))
            member.append(took)
            group.append(np.full(len(took), len(names) - 1))
            parts.append(made)
            have += len(took)
    none = np.zeros(0, dtype=np.int64)
    return Frauds(
        scheme=names,
        provider=np.array(where, dtype=np.int64),
        end=np.array(ends, dtype=np.int64),
        member=np.concatenate([none, *member]),
        group=np.concatenate([none, *group]),
        visits=Visits.join(parts) if parts else b.visits(none, none, none, none, none),
    )
