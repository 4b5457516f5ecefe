"""The simulated claims as Polars frames: positions become shuffled ids, codes categories, the future missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tael.datasets import claims_base as b
from tael.datasets import claims_people as p
from tael.datasets.bank_calendar import NEVER
from tael.datasets.bank_frames import category, moment
from tael.datasets.claims_base import DAY, Flags, Ints, Visits
from tael.datasets.claims_bills import Bills
from tael.datasets.claims_life import LOOKALIKE
from tael.datasets.claims_people import People, Providers
from tael.datasets.claims_policies import PRODUCT, Commercial
from tael.datasets.claims_result import ClaimsTruth
from tael.datasets.claims_schemes import SCHEMES, Frauds

NAMES = tuple(SCHEMES)
CLEAN_DAYS = 180
"""A visit on which nothing has been found for so long counts as honest."""


@dataclass(frozen=True)
class Ids:
    """The ids of people, families, providers and physicians: shuffled, so that they say nothing."""

    person: Ints
    family: Ints
    provider: Ints
    physician: Ints


@dataclass(frozen=True)
class Judged:
    """What audits found: when each person, provider and visit was found out; `NEVER` for who was not."""

    person: Ints
    provider: Ints
    visit: Ints
    scheme: Ints
    noise: bool


def shuffled(rng: np.random.Generator, people: People, providers: Providers) -> Ids:
    """Draw the ids."""
    sizes = (len(people), len(people), len(providers), int(providers.doctors.sum()))
    return Ids(*(rng.permutation(n) + 1 for n in sizes))


def judge(
    rng: np.random.Generator, people: People, providers: Providers, visits: Visits, bills: Bills, frauds: Frauds,
    missed: float, share: float, end: int,
) -> Judged:  # fmt: skip
    """Find groups out one to five months after their last visit; without schemes, draw labels that mean nothing."""
    person = np.full(len(people), NEVER, dtype=np.int64)
    provider = np.full(len(providers), NEVER, dtype=np.int64)
    visit = np.full(len(visits), NEVER, dtype=np.int64)
    scheme = np.full(len(people), -1, dtype=np.int64)
    if not len(frauds):
        for times, rate in ((person, share), (provider, 0.1), (visit, share)):
            drawn = np.flatnonzero(rng.random(len(times)) < rate)
            times[drawn] = end - (rng.uniform(-150, 100, len(drawn)) * DAY).astype(np.int64)
        visit = np.where(visit < NEVER, np.maximum(visit, bills.settled + DAY), NEVER)
        return Judged(person, provider, visit, scheme, True)
    hidden = rng.random(len(frauds)) < missed
    found = frauds.end + (rng.uniform(30, 150, len(frauds)) * DAY).astype(np.int64)
    found[hidden] = NEVER
    lag = (rng.uniform(0, 12, len(frauds.member)) * DAY).astype(np.int64)
    person[frauds.member] = np.where(found[frauds.group] < NEVER, found[frauds.group] + lag, NEVER)
    scheme[frauds.member] = np.array([NAMES.index(name) for name in frauds.scheme])[frauds.group]
    # Who sells drugs on buys them where nobody knows; whom the dead "visit" knows well.
    guilty = np.array([name not in ("drug_resale", "early_claims") for name in frauds.scheme])
    np.minimum.at(provider, frauds.provider[guilty], found[guilty])
    rows = np.flatnonzero(visits.group >= 0)
    visit[rows] = found[visits.group[rows]]
    visit = np.where(visit < NEVER, np.maximum(visit, bills.settled + DAY), NEVER)
    return Judged(person, provider, visit, scheme, False)


def _verdict(known: Ints, otherwise: Ints | int) -> tuple[Flags, pl.Series]:
    """Say whether it was fraud, and when that was known."""
    return known < NEVER, moment(np.where(known < NEVER, known, otherwise))


def people_frames(people: People, judged: Judged, end: int, ids: Ids) -> dict[str, pl.DataFrame]:
    """People, deaths that had been registered, findings that had been made."""
    fraud, judged_at = _verdict(judged.person, end + CLEAN_DAYS * DAY)
    chronic = np.unique(people.chronic[people.chronic >= 0])
    registered = people.chronic.copy()
    registered[registered >= 0] = np.searchsorted(chronic, registered[registered >= 0])
    frame = pl.DataFrame(
        {
            "person_id": ids.person,
            "joined": moment(people.joined),
            "age": people.age,
            "sex": category(people.sex, p.SEX),
            "region": category(people.region, b.REGION),
            "cover": category(people.cover, p.COVER),
            "civil_servant": people.civil_servant,
            "low_income": people.low_income,
            "family_id": ids.family[people.family],
            "chronic": category(registered, [b.CODE[int(c)] for c in chronic]),
            "defrauds": fraud,
            "scheme": category(np.where(fraud, judged.scheme, -1), NAMES),
            "judged": judged_at,
        }
    ).sort("person_id")
    registration = people.died + (20 + (ids.person * 7919) % 71) * DAY
    dead = np.flatnonzero(registration < end)
    dead = dead[np.argsort(people.died[dead], kind="stable")]
    found = np.flatnonzero(judged.person < end)
    found = found[np.argsort(judged.person[found], kind="stable")]
    deaths = {
        "person_id": ids.person[dead],
        "died": moment(people.died[dead]),
        "registered": moment(registration[dead]),
    }
    findings = {
        "finding_id": np.arange(1, len(found) + 1),
        "person_id": ids.person[found],
        "found": moment(judged.person[found]),
    }
    return {"people": frame, "deaths": pl.DataFrame(deaths), "findings": pl.DataFrame(findings)}


def provider_frames(providers: Providers, judged: Judged, end: int, ids: Ids) -> dict[str, pl.DataFrame]:
    """Providers and physicians."""
    fraud, judged_at = _verdict(judged.provider, end + CLEAN_DAYS * DAY)
    frame = pl.DataFrame(
        {
            "provider_id": ids.provider,
            "kind": category(providers.kind, p.PROVIDER),
            "speciality": category(providers.speciality, p.SPECIALITY),
            "region": category(providers.region, b.REGION),
            "level": providers.level,
            "defrauds": fraud,
            "judged": judged_at,
        }
    ).sort("provider_id")
    physicians = pl.DataFrame(
        {
            "physician_id": ids.physician,
            "provider_id": ids.provider[providers.provider_of],
            "title": category(providers.title, p.TITLE),
        }
    ).sort("physician_id")
    return {"providers": frame, "physicians": physicians}


def visit_frames(visits: Visits, bills: Bills, judged: Judged, end: int, ids: Ids) -> dict[str, pl.DataFrame]:
    """Visits whose bill had been settled, their drugs, their settlement by account; `visits` are in order of time."""
    there = bills.settled < end
    number = np.cumsum(there)
    rows = np.flatnonzero(there)
    fraud, judged_at = _verdict(judged.visit[rows], (visits.admitted + CLEAN_DAYS * DAY)[rows])
    person = ids.person[visits.person]
    public = bills.pooled + bills.resident + bills.civil + bills.assistance
    frame = pl.DataFrame(
        {
            "visit_id": number[rows],
            "person_id": person[rows],
            "provider_id": ids.provider[visits.provider[rows]],
            "physician_id": ids.physician[visits.physician[rows]],
            "admitted": moment(visits.admitted[rows]),
            "discharged": moment((visits.admitted + visits.days * DAY)[rows]),
            "settled": moment(bills.settled[rows]),
            "inpatient": visits.days[rows] > 0,
            "days": visits.days[rows],
            "disease": category(visits.disease[rows], b.CODE),
            "bed_fee": bills.bed[rows],
            "surgery_fee": bills.surgery[rows],
            "examination_fee": bills.examination[rows],
            "incurred": bills.incurred[rows],
            "declared": bills.declared[rows],
            "self_paid": np.round((bills.incurred - public)[rows], 2).clip(0),
            "fraudulent": fraud,
            "judged": judged_at,
        }
    )
    d = bills.drugs
    sold = np.flatnonzero(there[d.visit])
    drugs = pl.DataFrame(
        {
            "visit_id": number[d.visit[sold]],
            "person_id": person[d.visit[sold]],
            "at": moment(d.at[sold]),
            "settled": moment(bills.settled[d.visit[sold]]),
            "item": category(d.item[sold], b.ITEM),
            "kind": category(b.KIND_OF[d.item[sold]], b.KIND),
            "quantity": d.quantity[sold],
            "amount": d.amount[sold],
            "declared": d.declared[sold],
            "self_paid": np.round((d.amount - d.declared)[sold], 2),
        }
    )
    accounts = pl.DataFrame(
        {
            "visit_id": number[rows],
            "person_id": person[rows],
            "settled": moment(bills.settled[rows]),
            "civil_servant_allowance": bills.civil[rows],
            "medical_assistance": bills.assistance[rows],
            "resident_benefit": bills.resident[rows],
            "personal_account": bills.personal[rows],
            "pooled_fund": bills.pooled[rows],
            "deductible": bills.deductible[rows],
            "deductible_self_paid": bills.deductible_paid[rows],
            "non_account": bills.rest[rows],
        }
    )
    return {"visits": frame, "drugs": drugs, "accounts": accounts}


def commercial_frames(
    commercial: Commercial, visits: Visits, bills: Bills, judged: Judged, end: int, ids: Ids
) -> dict[str, pl.DataFrame]:
    """Policies that had been sold, claims that had been filed."""
    c = commercial
    number = np.cumsum(bills.settled < end)
    policies = pl.DataFrame(
        {
            "policy_id": np.arange(1, len(c.holder) + 1),
            "person_id": ids.person[c.holder],
            "sold": moment(c.sold),
            "product": category(c.product, PRODUCT),
            "agent_id": c.agent + 1,
            "sum_insured": c.insured,
            "premium": c.premium,
        }
    )
    known = judged.visit[c.visit]
    known = np.where(known < NEVER, np.maximum(known, c.filed + 20 * DAY), NEVER)
    fraud, judged_at = _verdict(known, c.filed + CLEAN_DAYS * DAY)
    open_ = c.decided >= end
    claims = pl.DataFrame(
        {
            "claim_id": np.arange(1, len(c.visit) + 1),
            "policy_id": c.policy + 1,
            "person_id": ids.person[visits.person[c.visit]],
            "provider_id": ids.provider[visits.provider[c.visit]],
            "visit_id": number[c.visit],
            "filed": moment(c.filed),
            "amount": c.amount,
            "paid": pl.Series(np.round(0.95 * c.amount, 2)).set(pl.Series(open_), None),
            "paid_at": moment(c.decided, end),
            "fraudulent": fraud,
            "judged": judged_at,
        }
    )
    return {"policies": policies, "claims": claims}


def truth_of(frauds: Frauds, look: Ints, judged: Judged, visits: Visits, bills: Bills, there: Flags, ids: Ids) -> (
    ClaimsTruth
):  # fmt: skip
    """Tell who belonged to what."""
    scheme = np.array([NAMES.index(name) for name in frauds.scheme], dtype=np.int64)
    n = len(frauds)
    rows = np.flatnonzero((visits.group >= 0) & there)
    group, number = visits.group[rows], np.cumsum(there)
    found = np.zeros(n, dtype=bool)
    found[frauds.group[judged.person[frauds.member] < NEVER]] = True
    alike = np.flatnonzero(look >= 0)
    alike = alike[~np.isin(alike, frauds.member)]
    return ClaimsTruth(
        frame=pl.DataFrame(
            {
                "person_id": ids.person[frauds.member],
                "group_id": frauds.group + 1,
                "scheme": category(scheme[frauds.group], NAMES),
            }
        ),
        words={name: {"en": kind.en, "zh": kind.zh} for name, kind in SCHEMES.items()},
        groups=pl.DataFrame(
            {
                "group_id": np.arange(1, n + 1),
                "scheme": category(scheme, NAMES),
                "provider_id": ids.provider[frauds.provider],
                "members": np.bincount(frauds.group, minlength=n),
                "visits": np.bincount(group, minlength=n),
                "amount": np.round(np.bincount(group, weights=bills.incurred[rows], minlength=n), 2),
                "end": moment(frauds.end),
                "found": found,
            }
        ),
        visits=pl.DataFrame({"visit_id": number[rows], "group_id": group + 1}),
        lookalikes=pl.DataFrame({"person_id": ids.person[alike], "kind": category(look[alike], LOOKALIKE)}).sort(
            "person_id"
        ),
    )
