"""What simulated visits cost: fees, drugs and supplies, and who pays which part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets import claims_base as b
from tael.datasets.claims_base import DAY, HOUR, KIND_OF, PRICE, Floats, Ints, Visits, cents, pick
from tael.datasets.claims_people import PHARMACY, People, Providers


@dataclass(frozen=True)
class Drugs:
    """One row an item on a bill, ordered by visit: position of visit and item, quantity, amounts in CNY."""

    visit: Ints
    item: Ints
    at: Ints
    quantity: Ints
    amount: Floats
    declared: Floats


@dataclass(frozen=True)
class Bills:
    """One row per visit, CNY; the parts of who pays add up to what was incurred.

    Attributes
    ----------
    settled : int64 array
        Seconds since 1970 when the bill was settled, and the visit known.
    """

    drugs: Drugs
    bed: Floats
    surgery: Floats
    examination: Floats
    incurred: Floats
    declared: Floats
    pooled: Floats
    resident: Floats
    civil: Floats
    assistance: Floats
    personal: Floats
    rest: Floats
    deductible: Floats
    deductible_paid: Floats
    settled: Ints


def make_bills(rng: np.random.Generator, visits: Visits, people: People, providers: Providers) -> Bills:
    """Draw the bill of each visit, and split it as the rules of the cover say."""
    n = len(visits)
    level, kind = providers.level[visits.provider], providers.kind[visits.provider]
    inpatient = visits.days > 0
    bed = cents(visits.days * np.array([0.0, 25.0, 45.0, 80.0])[level] * visits.cost)
    operated = inpatient & (b.SURGERY[visits.disease] > 0) & (visits.days > 1)
    surgery = np.where(operated, b.SURGERY[visits.disease] * np.exp(rng.normal(0, 0.3, n)) * visits.cost, 0.0)
    base = b.EXAMINATION[visits.disease] * np.where(inpatient, 1.0 + 0.12 * visits.days, 0.45)
    base = base * np.where(visits.style == b.REFILL, 0.15, 1.0) * (0.7 + 0.15 * level)
    examination = np.where(kind == PHARMACY, 0.0, base * visits.cost * np.exp(rng.normal(0, 0.55, n)))
    surgery, examination = cents(surgery), cents(examination)
    drugs = _drugs(rng, visits)
    spent = np.bincount(drugs.visit, weights=drugs.amount, minlength=n)
    claimed = np.bincount(drugs.visit, weights=drugs.declared, minlength=n)
    incurred = bed + surgery + examination + spent
    declared = cents((bed + surgery + examination) * rng.uniform(0.9, 1.0, n) + claimed)

    who = visits.person
    deductible = np.where(inpatient, np.array([0.0, 200.0, 500.0, 800.0])[level], 0.0)
    deductible_paid = np.minimum(deductible, declared)
    covered = declared - deductible_paid
    employee = people.cover[who] == 0
    rate = np.where(inpatient, np.where(employee, 0.86, 0.7), np.where(employee, 0.55, 0.4)) - 0.03 * (level - 1)
    pool = cents(covered * rate)
    pooled, resident = np.where(employee, pool, 0.0), np.where(employee, 0.0, pool)
    left = declared - pool
    civil = cents(np.where(people.civil_servant[who], 0.5 * left, 0.0))
    assistance = cents(np.where(people.low_income[who], 0.6 * (left - civil), 0.0))
    open_ = incurred - pool - civil - assistance
    personal = cents(np.where(employee, np.minimum(open_, rng.uniform(0, 400, n)), 0.0))
    # The hospital reports some days after the patient has left, a counter on the same day.
    late = np.where(inpatient, rng.gamma(2.0, 2.0, n) * DAY + 4 * HOUR, rng.uniform(0.2, 3.0, n) * HOUR)
    settled = visits.admitted + visits.days * DAY + late.astype(np.int64)
    return Bills(
        drugs=drugs,
        bed=bed,
        surgery=surgery,
        examination=examination,
        incurred=cents(incurred),
        declared=declared,
        pooled=pooled,
        resident=resident,
        civil=civil,
        assistance=assistance,
        personal=personal,
        rest=cents(open_ - personal),
        deductible=deductible,
        deductible_paid=cents(deductible_paid),
        settled=settled,
    )


def _weights() -> Floats:
    """Return what items are drawn in each mode: the families of diseases, then refills, herbs, valuables."""
    families = np.array([item.weights for item in b.ITEMS]).T
    refill = families[b.CHRONIC] * np.isin(KIND_OF, (b.WESTERN, b.PROPRIETARY))
    herbs = (KIND_OF == b.HERBAL) + 0.05 * families[b.ACUTE]
    valuables = 1.0 * (KIND_OF == b.VALUABLE) + 0.5 * (KIND_OF == b.PROPRIETARY) + 0.05 * families[b.ACUTE]
    return np.vstack([families, refill, herbs, valuables])


def _drugs(rng: np.random.Generator, visits: Visits) -> Drugs:
    """Draw the items of each visit's bill."""
    n, style, inpatient = len(visits), visits.style, visits.days > 0
    mode = np.where(style == b.DIALYSIS, b.RENAL, b.FAMILY_OF[visits.disease])
    for one, code in ((b.REFILL, 6), (b.MANY_HERBS, 7), (b.MANY_VALUABLES, 8)):
        mode[style == one] = code
    scale = np.minimum(visits.dose, 1.0)
    mean = np.where(inpatient, 1.5 + 0.4 * visits.days * scale, np.where(style == b.MANY_HERBS, 2.2, 1.1))
    count = np.minimum(1 + rng.poisson(mean), 24)
    count[style == b.NO_DRUGS] = rng.random(int((style == b.NO_DRUGS).sum())) < 0.15
    count[rng.random(n) < 0.04] = 0
    visit = np.repeat(np.arange(n), count)
    item = np.zeros(len(visit), dtype=np.int64)
    for code, weight in enumerate(_weights()):
        rows = np.flatnonzero(mode[visit] == code)
        item[rows] = pick(rng, len(rows), weight)
    kind, m = KIND_OF[item], len(visit)
    taken = np.isin(kind, (b.WESTERN, b.PROPRIETARY, b.HERBAL))
    supply = np.where(style == b.REFILL, 28.0, 6.0)[visit] * np.exp(rng.normal(0, 0.25, m))
    few = np.where(kind == b.DISPOSABLES, 2.5, 0.4)
    quantity = np.where(taken, np.round(supply * visits.dose[visit]), 1 + rng.poisson(few))
    quantity = np.maximum(quantity, 1).astype(np.int64)
    amount = cents(quantity * PRICE[item] * np.exp(rng.normal(0, 0.08, m)))
    allowed = np.array([0.98, 0.9, 0.85, 0.8, 0.75, 0.6, 0.8])[kind]
    stay = np.maximum(visits.days[visit], 0) * DAY
    at = visits.admitted[visit] + (rng.random(m) * stay).astype(np.int64)
    return Drugs(visit, item, at, quantity, amount, cents(amount * allowed))
