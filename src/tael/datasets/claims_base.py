"""What the parts of the simulated claims share: diseases, items, and batches of visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from tael.datasets.laundering_base import DAY, HOUR, Flags, Floats, Ints, pick

__all__ = ["DAY", "HOUR", "Flags", "Floats", "Ints", "pick"]

REGION = ("East", "West", "South", "North", "Harbour", "Hills", "Lake", "Old Town")
FAMILY = ("acute", "chronic", "surgical", "cancer", "renal", "pain")
ACUTE, CHRONIC, SURGICAL, CANCER, RENAL, PAIN = range(len(FAMILY))


class Disease(NamedTuple):
    """An ICD-10 code: its family, how common it is, the share treated in hospital, days there, cost of examinations."""

    code: str
    family: int
    weight: float
    inpatient: float
    days: float
    examination: float
    surgery: float


DISEASES = (
    Disease("J06", ACUTE, 22.0, 0.01, 3, 60, 0),
    Disease("J18", ACUTE, 3.0, 0.45, 8, 420, 0),
    Disease("K29", ACUTE, 8.0, 0.05, 5, 180, 0),
    Disease("A09", ACUTE, 6.0, 0.04, 4, 90, 0),
    Disease("L20", ACUTE, 5.0, 0.01, 3, 50, 0),
    Disease("N39", ACUTE, 4.0, 0.05, 5, 110, 0),
    Disease("I10", CHRONIC, 10.0, 0.03, 6, 110, 0),
    Disease("I25", CHRONIC, 4.0, 0.25, 8, 520, 0),
    Disease("E11", CHRONIC, 7.0, 0.06, 8, 160, 0),
    Disease("I63", CHRONIC, 2.0, 0.6, 12, 900, 0),
    Disease("J44", CHRONIC, 2.5, 0.3, 9, 380, 0),
    Disease("K80", SURGICAL, 1.5, 0.75, 6, 500, 6500),
    Disease("S72", SURGICAL, 0.8, 0.9, 14, 700, 14000),
    Disease("S52", SURGICAL, 1.4, 0.45, 6, 400, 5000),
    Disease("H25", SURGICAL, 1.2, 0.7, 2, 350, 4200),
    Disease("K35", SURGICAL, 1.0, 0.95, 6, 450, 5200),
    Disease("C34", CANCER, 0.5, 0.6, 12, 1500, 9000),
    Disease("C50", CANCER, 0.5, 0.5, 10, 1300, 8000),
    Disease("N18", RENAL, 0.6, 0.2, 9, 420, 0),
    Disease("M54", PAIN, 7.0, 0.06, 7, 150, 0),
    Disease("M17", PAIN, 3.0, 0.1, 8, 240, 0),
    Disease("G43", PAIN, 2.5, 0.02, 4, 130, 0),
)
CODE = tuple(d.code for d in DISEASES)
FAMILY_OF = np.array([d.family for d in DISEASES])
WEIGHT = np.array([d.weight for d in DISEASES])
INPATIENT = np.array([d.inpatient for d in DISEASES])
STAY = np.array([float(d.days) for d in DISEASES])
EXAMINATION = np.array([float(d.examination) for d in DISEASES])
SURGERY = np.array([float(d.surgery) for d in DISEASES])
UPCODED = {CODE.index(a): CODE.index(b) for a, b in (("J06", "J18"), ("I10", "I25"), ("M54", "M17"), ("K29", "K80"))}
"""Into what a mild disease is turned."""

KIND = ("western", "disposables", "proprietary", "herbal", "materials", "valuable", "blood")
WESTERN, DISPOSABLES, PROPRIETARY, HERBAL, MATERIALS, VALUABLE, BLOOD = range(len(KIND))


class Item(NamedTuple):
    """What is sold: its kind, price of a unit (a day's dose, a piece), weights in the families of diseases."""

    name: str
    kind: int
    price: float
    weights: tuple[float, float, float, float, float, float]


ITEMS = (
    Item("cefuroxime", WESTERN, 14.0, (6, 0.3, 2, 1, 1, 0.2)),
    Item("ibuprofen", WESTERN, 2.5, (4, 0.3, 2, 0.5, 0, 5)),
    Item("omeprazole", WESTERN, 4.0, (2, 1, 1, 1, 1, 1)),
    Item("amlodipine", WESTERN, 2.2, (0.2, 6, 0.4, 0.2, 2, 0.2)),
    Item("metformin", WESTERN, 1.8, (0.1, 4, 0.2, 0.1, 0.3, 0.1)),
    Item("atorvastatin", WESTERN, 5.5, (0.1, 4, 0.2, 0.1, 1, 0.1)),
    Item("insulin", WESTERN, 9.0, (0, 2, 0.3, 0.1, 0.8, 0)),
    Item("infusion set", DISPOSABLES, 9.0, (1.2, 0.5, 2, 2, 2, 0.3)),
    Item("syringe set", DISPOSABLES, 4.0, (0.8, 0.5, 1.5, 1.5, 1, 0.3)),
    Item("catheter", DISPOSABLES, 60.0, (0, 0.1, 0.8, 0.6, 1.5, 0)),
    Item("Banlangen granules", PROPRIETARY, 6.0, (3, 0.2, 0.1, 0.1, 0.1, 0.2)),
    Item("compound Danshen pills", PROPRIETARY, 7.5, (0.2, 2.5, 0.2, 0.3, 0.4, 0.8)),
    Item("Lianhua capsules", PROPRIETARY, 9.0, (2.5, 0.1, 0.1, 0.1, 0.1, 0.1)),
    Item("astragalus", HERBAL, 18.0, (0.3, 0.5, 0.1, 0.8, 0.3, 0.8)),
    Item("angelica", HERBAL, 22.0, (0.2, 0.4, 0.1, 0.5, 0.1, 1.0)),
    Item("notoginseng", HERBAL, 38.0, (0.1, 0.5, 0.2, 0.3, 0.1, 1.0)),
    Item("bone plate", MATERIALS, 900.0, (0, 0, 0.9, 0, 0, 0)),
    Item("dialyser", MATERIALS, 210.0, (0, 0, 0, 0, 8, 0)),
    Item("stent", MATERIALS, 2600.0, (0, 0.04, 0.1, 0, 0, 0)),
    Item("albumin", VALUABLE, 380.0, (0.02, 0.06, 0.3, 1.0, 0.4, 0.02)),
    Item("imatinib", VALUABLE, 260.0, (0, 0, 0, 2.0, 0, 0)),
    Item("donkey-hide gelatin", VALUABLE, 95.0, (0.08, 0.2, 0.1, 0.5, 0.2, 0.2)),
    Item("red cells", BLOOD, 240.0, (0, 0.02, 0.5, 0.7, 0.4, 0)),
    Item("plasma", BLOOD, 160.0, (0, 0.01, 0.3, 0.4, 0.2, 0)),
)
ITEM = tuple(i.name for i in ITEMS)
KIND_OF = np.array([i.kind for i in ITEMS])
PRICE = np.array([i.price for i in ITEMS])

# What a visit's bill looks like.
STYLE = ("ordinary", "refill", "dialysis", "no drugs", "herbal", "valuable")
ORDINARY, REFILL, DIALYSIS, NO_DRUGS, MANY_HERBS, MANY_VALUABLES = range(len(STYLE))


@dataclass(frozen=True)
class Visits:
    """Some visits; positions of people, providers and physicians.

    Attributes
    ----------
    admitted : int64 array
        Seconds since 1970.
    days : int64 array
        In hospital; 0 for an outpatient.
    disease, style : int64 arrays
    cost, dose : float64 arrays
        Factors on fees, and on the quantities of drugs.
    group : int64 array
        The scheme's group, -1 for an honest visit.
    """

    person: Ints
    provider: Ints
    physician: Ints
    admitted: Ints
    days: Ints
    disease: Ints
    style: Ints
    cost: Floats
    dose: Floats
    group: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Ints | Flags) -> Visits:
        """Keep some rows."""
        return Visits(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def join(parts: Sequence[Visits]) -> Visits:
        """Put batches one behind the other."""
        return Visits(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Visits)))


def visits(
    person: Ints,
    provider: Ints,
    physician: Ints,
    admitted: Ints,
    disease: Ints,
    *,
    days: Ints | int = 0,
    style: Ints | int = ORDINARY,
    cost: Floats | float = 1.0,
    dose: Floats | float = 1.0,
    group: Ints | int = -1,
) -> Visits:
    """Make a batch; what is the same for all rows may be one number."""
    n = len(person)
    whole = (person, provider, physician, admitted, days, disease, style)
    who, where, doctor, at, stay, code, bill = (np.broadcast_to(np.asarray(x, np.int64), n).copy() for x in whole)
    fees, drugs = (np.broadcast_to(np.asarray(x, np.float64), n).copy() for x in (cost, dose))
    whose = np.broadcast_to(np.asarray(group, np.int64), n).copy()
    return Visits(who, where, doctor, at, stay, code, bill, fees, drugs, whose)


def cents(amount: Floats) -> Floats:
    """Round to the cent."""
    return np.asarray(np.round(amount, 2), dtype=np.float64)


def surgery_hours(rng: np.random.Generator, n: int) -> Ints:
    """Draw seconds of the day between 07:30 and 20:00, mornings more often."""
    return ((7.5 + 12.5 * rng.beta(1.3, 2.2, n)) * HOUR).astype(np.int64)
