"""Simulated health-insurance claims, public and commercial, with schemes of fraud planted among look-alikes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from tael.datasets import claims_frames as frames_of
from tael.datasets.claims_base import DAY, Visits
from tael.datasets.claims_bills import make_bills
from tael.datasets.claims_life import make_life
from tael.datasets.claims_people import make_people, make_providers
from tael.datasets.claims_policies import make_commercial
from tael.datasets.claims_result import SimulatedClaims
from tael.datasets.claims_schema import claims_schema
from tael.datasets.claims_schemes import SCHEMES, plant_frauds
from tael.errors import TablesError, did_you_mean


def simulate_claims(
    n_people: int = 10_000,
    days: int = 540,
    seed: int = 0,
    *,
    schemes: Sequence[str] | None = None,
    share: float = 0.04,
    visits_per_person: float = 6.0,
    missed: float = 0.1,
    start: str = "2024-01-01",
) -> SimulatedClaims:
    """Simulate a health insurer's linked tables: people, providers, visits, drugs, who paid what, commercial claims.

    Honest people look like fraudsters too: the chronically ill buy drugs each month, dialysis patients meet three
    times a week, families come together, small hospitals transfer patients to large ones, and the dead are registered
    weeks late. Groups are found out months after their last visit, so labels are known late (columns ``judged``).

    Parameters
    ----------
    n_people : int
        500 to 2,000,000.
    days : int
        180 to 2,000.
    seed : int
        The same seed (and arguments) gives equal frames.
    schemes : sequence of str, optional
        Of ``tael.datasets.claims_schemes.SCHEMES``; each has an equal share of the fraudsters, as far as there are
        people for it (few have died). Left out: all nine. Empty: nothing is planted, and labels are drawn by lot: no
        feature can tell.
    share : float
        0.005 to 0.2: about this share of the people defrauds.
    visits_per_person : float
        1 to 50 a year, the chronically ill apart.
    missed : float
        0 to 1: share of groups that are never found, and labelled honest.
    start : str
        First day, as ``YYYY-MM-DD``, from 2000 on.

    Returns
    -------
    SimulatedClaims

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> insurer = simulate_claims(800, 200, seed=1, schemes=["split_stays"])
    >>> insurer.truth.groups["scheme"].unique().to_list(), insurer.schema["tael"]["simulated"]
    (['split_stays'], True)
    """
    names = list(SCHEMES) if schemes is None else list(dict.fromkeys(schemes))
    first = _check(n_people, days, seed, names, share, visits_per_person, missed, start)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    begin = int(np.datetime64(first, "s").astype(np.int64))
    end = begin + days * DAY
    providers = make_providers(streams[0], max(30, n_people // 100))
    people = make_people(streams[1], n_people, providers, begin, end)
    honest, look = make_life(streams[2], people, providers, begin, days, visits_per_person)
    frauds = plant_frauds(streams[3], people, providers, begin, end, names, share)
    visits = Visits.join([honest, frauds.visits])
    visits = visits.take(np.argsort(visits.admitted, kind="stable"))
    bills = make_bills(streams[4], visits, people, providers)
    commercial = make_commercial(streams[5], people, visits, bills, frauds, begin, end)
    judged = frames_of.judge(streams[6], people, providers, visits, bills, frauds, missed, share, end)
    ids = frames_of.shuffled(streams[7], people, providers)
    made = {
        **frames_of.people_frames(people, judged, end, ids),
        **frames_of.provider_frames(providers, judged, end, ids),
        **frames_of.visit_frames(visits, bills, judged, end, ids),
        **frames_of.commercial_frames(commercial, visits, bills, judged, end, ids),
    }
    schema = claims_schema()
    frames = {name: made[name] for name in schema if name != "tael"}
    truth = frames_of.truth_of(frauds, look, judged, visits, bills, bills.settled < end, ids)
    return SimulatedClaims(frames, schema, truth)


def _refuse(name: str, expected: str, got: object, fix: str | None = None) -> TablesError:
    return TablesError(
        "Claims cannot be simulated with this argument.",
        expected=expected,
        got=str(got),
        where=f"simulate_claims({name}=)",
        fix=fix,
    )


def _check(
    n_people: int, days: int, seed: int, names: list[str], share: float, each: float, missed: float, start: str
) -> date:
    for name, low, value, high in (
        ("n_people", 500, n_people, 2_000_000),
        ("days", 180, days, 2_000),
        ("share", 0.005, share, 0.2),
        ("visits_per_person", 1, each, 50),
        ("missed", 0, missed, 1),
    ):
        if not low <= value <= high:
            raise _refuse(name, f"{low:,} to {high:,}", value)
    if seed < 0:
        raise _refuse("seed", "0 or more", seed)
    for known in names:
        if known not in SCHEMES:
            raise _refuse("schemes", ", ".join(SCHEMES), repr(known), did_you_mean(known, SCHEMES))
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise _refuse("start", "a day as YYYY-MM-DD", repr(start)) from error
    if first.year < 2000:
        raise _refuse("start", "2000 or later", repr(start))
    return first
