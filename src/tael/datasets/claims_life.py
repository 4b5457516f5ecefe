"""Honest visits: the ill and the chronically ill, dialysis, families who come together, transfers between hospitals."""

from __future__ import annotations

import numpy as np

from tael.datasets import claims_base as b
from tael.datasets.claims_base import CODE, DAY, DIALYSIS, HOUR, INPATIENT, REFILL, STAY, WEIGHT, Ints, Visits, pick
from tael.datasets.claims_people import HOSPITAL, NEPHROLOGY, PHARMACY, People, Providers

LOOKALIKE = ("chronic", "dialysis", "family", "transfer")


def make_life(
    rng: np.random.Generator, people: People, providers: Providers, start: int, days: int, visits_per_person: float
) -> tuple[Visits, Ints]:
    """Simulate honest visits and say whose look like a scheme's: code of `LOOKALIKE` of each person, -1 for none."""
    look = np.where(people.dialysis, 1, np.where(people.chronic >= 0, 0, -1))
    n = round(0.62 * len(people) * visits_per_person * days / 365)
    acute = _acute(rng, people, providers, start, days, n)
    together, came = _families(rng, people, providers, start, days, round(0.05 * n))
    onward, moved = _transfers(rng, providers, acute)
    look[came] = np.where(look[came] < 0, 2, look[came])
    look[moved] = np.where(look[moved] < 0, 3, look[moved])
    rate = 0.9 * visits_per_person / 6
    parts = [acute, together, onward, _chronic(rng, people, providers, start, days, rate)]
    parts.append(_dialysis(rng, people, providers, start, days))
    joined = Visits.join(parts)
    # Some bills are dated a day or two after the death: clerks, relatives who fetch the last drugs.
    grace = np.where(rng.random(len(people)) < 0.25, 2 * DAY, 0)[joined.person]
    alive = joined.admitted + joined.days * DAY < people.died[joined.person] + grace
    inside = (joined.admitted >= start) & (joined.admitted < start + days * DAY)
    return joined.take(alive & inside), look


def stays(rng: np.random.Generator, disease: Ints) -> Ints:
    """Draw days in hospital for each disease."""
    return np.maximum(1, np.round(STAY[disease] * rng.gamma(6.0, 1 / 6.0, len(disease)))).astype(np.int64)


def _acute(rng: np.random.Generator, people: People, providers: Providers, start: int, days: int, n: int) -> Visits:
    """People fall ill more in winter, and go to whom they know, or to a large hospital."""
    person = pick(rng, n, people.need)
    day = rng.integers(0, days, n)
    disease = pick(rng, n, WEIGHT)
    # In summer some colds do not happen: another disease is drawn.
    summer = (np.cos(2 * np.pi * day / 365) < 0) & (rng.random(n) < 0.5)
    disease[summer] = pick(rng, int(summer.sum()), WEIGHT)
    young = (people.age[person] < 30) & np.isin(disease, [CODE.index(c) for c in ("I63", "C34", "I25", "H25", "J44")])
    disease[young] = 0
    inpatient = rng.random(n) < INPATIENT[disease]
    provider = _where(rng, people, providers, person, inpatient)
    stay = np.where(inpatient, stays(rng, disease), 0)
    at = start + day * DAY + b.surgery_hours(rng, n)
    return b.visits(person, provider, providers.doctor(rng, provider), at, disease, days=stay)


def _where(rng: np.random.Generator, people: People, providers: Providers, person: Ints, inpatient: b.Flags) -> Ints:
    """Choose providers: the usual one, one of the region, or a hospital of the third level that all go to."""
    n = len(person)
    provider = people.usual[person].copy()
    hospitals = np.flatnonzero(providers.kind == HOSPITAL)
    large = hospitals[providers.level[hospitals] == 3]
    away = rng.random(n) < 0.25
    provider[away] = rng.integers(0, len(providers), int(away.sum()))
    needs = inpatient & ((providers.kind[provider] != HOSPITAL) | (rng.random(n) < 0.3))
    provider[needs] = hospitals[rng.integers(0, len(hospitals), int(needs.sum()))]
    refer = (inpatient & (rng.random(n) < 0.35)) | (rng.random(n) < 0.12)
    provider[refer] = large[pick(rng, int(refer.sum()), 1.0 / np.arange(1, len(large) + 1))]
    return provider


def _chronic(
    rng: np.random.Generator, people: People, providers: Providers, start: int, days: int, rate: float
) -> Visits:
    """Every month or so a refill, at the usual provider or a pharmacy of the region."""
    who = np.flatnonzero(people.chronic >= 0)
    times = rng.poisson(rate * days / 30, len(who))
    person = np.repeat(who, times)
    step = np.concatenate([np.arange(k) for k in times]) if len(who) else np.zeros(0, dtype=np.int64)
    gap = days / np.maximum(np.repeat(times, times), 1)
    day = np.clip(step * gap + rng.normal(0, 4, len(person)) + rng.uniform(0, 28, len(person)), 0, days - 1)
    provider = people.usual[person].copy()
    shops = np.flatnonzero(providers.kind == PHARMACY)
    bought = rng.random(len(person)) < 0.35
    provider[bought] = shops[(person[bought] * 7 + people.region[person[bought]]) % len(shops)]
    at = start + day.astype(np.int64) * DAY + b.surgery_hours(rng, len(person))
    doctor = providers.first[provider] + person % providers.doctors[provider]
    return b.visits(person, provider, doctor, at, people.chronic[person], style=REFILL,
                    dose=rng.choice(np.array([1.0, 1.0, 1.0, 2.0, 3.0]), len(person)))  # fmt: skip


def _dialysis(rng: np.random.Generator, people: People, providers: Providers, start: int, days: int) -> Visits:
    """Three times a week at the same place, often on the same days as the same others."""
    who = np.flatnonzero(people.dialysis)
    units = np.flatnonzero((providers.speciality == NEPHROLOGY) & (providers.kind == HOSPITAL))
    unit = units[who % len(units)]
    shift = rng.integers(0, 2, len(who))
    day = np.arange(days)
    person, place, moment = [], [], []
    for turn in range(2):
        these = np.flatnonzero(shift == turn)
        on = day[np.isin(day % 7, (0, 2, 4) if turn == 0 else (1, 3, 5))]
        person.append(np.repeat(who[these], len(on)))
        place.append(np.repeat(unit[these], len(on)))
        moment.append(np.tile(start + on * DAY, len(these)))
    whose, where, at = (np.concatenate(x) for x in (person, place, moment))
    there = rng.random(len(whose)) < 0.96
    whose, where, at = whose[there], where[there], at[there] + rng.integers(7 * HOUR, 9 * HOUR, int(there.sum()))
    doctor = providers.first[where] + whose % 2
    return b.visits(whose, where, doctor, at, np.full(len(whose), CODE.index("N18")), style=DIALYSIS)


def _families(
    rng: np.random.Generator, people: People, providers: Providers, start: int, days: int, n: int
) -> tuple[Visits, Ints]:
    """Colds go through families: they come together, to one physician, within the hour."""
    first = np.flatnonzero(np.concatenate([[True], people.family[1:] != people.family[:-1]]))
    size = np.diff(np.concatenate([first, [len(people)]]))
    large = np.flatnonzero(size >= 2)
    family = large[rng.integers(0, len(large), max(1, n // 3))]
    count = size[family]
    person = np.repeat(first[family], count) + np.concatenate([np.arange(k) for k in count])
    at = start + rng.integers(0, days, len(family)) * DAY + b.surgery_hours(rng, len(family))
    moment = np.repeat(at, count) + rng.integers(0, HOUR, len(person))
    provider = np.repeat(people.usual[first[family]], count)
    doctor = np.repeat(providers.doctor(rng, people.usual[first[family]]), count)
    disease = np.repeat(
        np.array([CODE.index(c) for c in ("J06", "A09", "L20")])[rng.integers(0, 3, len(family))], count
    )
    return b.visits(person, provider, doctor, moment, disease), np.unique(person)


def _transfers(rng: np.random.Generator, providers: Providers, acute: Visits) -> tuple[Visits, Ints]:
    """Some who leave a small hospital are admitted to a large one on the same or the next day."""
    hospitals = np.flatnonzero((providers.kind == HOSPITAL) & (providers.level == 3))
    rows = np.flatnonzero((acute.days > 1) & (providers.level[acute.provider] < 3) & (rng.random(len(acute)) < 0.12))
    left = acute.take(rows)
    at = left.admitted + left.days * DAY + rng.integers(2 * HOUR, 30 * HOUR, len(left))
    to = hospitals[rng.integers(0, len(hospitals), len(left))]
    again = b.visits(left.person, to, providers.doctor(rng, to), at, left.disease, days=stays(rng, left.disease))
    return again, np.unique(left.person)
