"""A simulated bank: linked tables of any size, with planted truth that only the linked tables show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tael.datasets import bank_frames as frames_of
from tael.datasets.bank_calendar import DAY, Calendar, Floats, Ints, make_calendar
from tael.datasets.bank_events import (
    ATM,
    GAME,
    SALARY,
    Enquiries,
    Habits,
    make_app_events,
    make_enquiries,
    make_habits,
    make_transactions,
)
from tael.datasets.bank_loans import LABEL_DAYS, Loans, make_loans
from tael.datasets.bank_people import EMPLOYER, PROVINCE, Applications, People, make_applications, make_people
from tael.datasets.bank_schema import bank_schema
from tael.datasets.bank_truth import (
    DRIVERS,
    WORDS,
    bounds,
    device_others,
    last_login,
    ratio,
    shock_log_odds,
    static_log_odds,
    window_sum,
)
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.errors import TablesError

BLOCK_EVENTS = 1_000_000
"""Events generated at a time: bounds the memory of what is thrown away."""


def simulate_bank(
    n_customers: int = 10_000,
    seed: int = 0,
    *,
    events_per_customer: int = 100,
    start: str = "2022-01-01",
    months: int = 24,
    progress: bool = False,
) -> SimulatedBank:
    """Simulate a lender's linked tables: applicants, loans, payments, behaviour, and data from outside.

    There are exactly twice as many applications as customers (one to three each) and about
    ``n_customers * events_per_customer`` events (transactions, app events and bureau enquiries together). So
    ``simulate_bank(10_000, events_per_customer=200)`` gives 20,000 applications with 2 million events, and
    ``simulate_bank(100_000)`` 200,000 applications with 10 million.

    Default is driven by six things that only the history before the application shows (see ``truth.words``), a little
    by what the form says, and by shocks that hit a month, a region or a kind of employer together. Applications of the
    last six months have no complete outcome: they are rows to predict. Past approval followed a crude rule, so about a
    quarter of the applications have no loan.

    Parameters
    ----------
    n_customers : int
        100 to 2,000,000.
    seed : int
        The same seed (and arguments) gives equal frames.
    events_per_customer : int
        20 to 1,000. Below about 60, histories are too thin for the planted drivers to show well; below about 30,
        salaries and enquiries alone come to more than was asked for.
    start : str
        First day of the applications, as ``YYYY-MM-DD``, the first of a month, from 2018 on.
    months : int
        Length of the period of applications, 12 or more; it ends (and the data with it) before 2033.
    progress : bool
        Show a progress bar.

    Returns
    -------
    SimulatedBank

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> bank = simulate_bank(200, seed=1, months=12)
    >>> len(bank.frames["applications"]), bank.schema["tael"]["simulated"]
    (400, True)
    """
    drawn = draw_bank(n_customers, seed, events_per_customer, start, months, progress)
    loans = make_loans(
        drawn.streams[6],
        drawn.people,
        drawn.applications,
        drawn.calendar,
        drawn.static + drawn.shock,
        drawn.drivers,
        drawn.half_year,
    )
    return assemble(drawn, loans)


@dataclass(frozen=True)
class Drawn:
    """A bank up to the day on which it decides: everything that does not depend on what becomes of the loans.

    Attributes
    ----------
    streams : list of numpy.random.Generator
        One for each part of the simulation, so that a change in one part leaves the others as they are.
    drivers : dict of float64 arrays, shape (applications,)
        The planted drivers; ``days_late`` is filled while the loans are made.
    enquiries : Enquiries
    half_year : float64 array, shape (applications,)
        Enquiries of the 180 days before each application.
    transactions, app_events : polars.DataFrame
    static, shock : float64 arrays, shape (applications,)
        Log odds of default that the form and the times bring.
    """

    streams: list[np.random.Generator]
    calendar: Calendar
    people: People
    applications: Applications
    habits: Habits
    drivers: dict[str, Floats]
    enquiries: Enquiries
    half_year: Floats
    transactions: pl.DataFrame
    app_events: pl.DataFrame
    static: Floats
    shock: Floats

    @property
    def ids(self) -> Ints:
        """The number of each application, in the order of time from 1."""
        ids = np.empty(len(self.applications), dtype=np.int64)
        ids[np.argsort(self.applications.time, kind="stable")] = np.arange(len(self.applications)) + 1
        return ids


def draw_bank(
    n_customers: int, seed: int, events_per_customer: int, start: str, months: int, progress: bool = False
) -> Drawn:
    """Draw the people, their applications and what they do; the arguments are those of :func:`simulate_bank`."""
    first = _check(n_customers, seed, events_per_customer, start, months)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    calendar = make_calendar(streams[0], first, months, len(PROVINCE), len(EMPLOYER))
    people = make_people(streams[1], n_customers)
    applications = make_applications(streams[2], people, calendar)
    habits = make_habits(streams[3], people, applications, calendar)
    drivers = {name: np.full(len(applications), np.nan) for name in DRIVERS}
    drivers["device_others"] = device_others(applications.device, applications.time)

    enquiries = make_enquiries(streams[4], people, applications, calendar)
    low, high = bounds(enquiries.customer, applications.customer)
    ones = np.ones(len(enquiries.customer))
    month, half_year = (
        window_sum(low, high, enquiries.enquired, enquiries.reported, ones, applications.time, days * DAY)
        for days in (30, 180)
    )
    drivers["enquiry_share"] = ratio(month, half_year)
    left = max(events_per_customer - len(ones) / n_customers, 0.6 * events_per_customer)
    transactions, app_events = _events(streams[5], people, applications, habits, calendar, drivers, left, progress)
    return Drawn(
        streams=streams,
        calendar=calendar,
        people=people,
        applications=applications,
        habits=habits,
        drivers=drivers,
        enquiries=enquiries,
        half_year=half_year,
        transactions=transactions,
        app_events=app_events,
        static=static_log_odds(people, applications),
        shock=shock_log_odds(people, applications, calendar),
    )


def assemble(drawn: Drawn, loans: Loans) -> SimulatedBank:
    """Lay a drawn bank and its loans out as frames, with their truth."""
    applications, people, calendar, ids = drawn.applications, drawn.people, drawn.calendar, drawn.ids
    frames = {
        "applications": frames_of.applications_frame(applications, ids),
        "customers": frames_of.customers_frame(people, applications),
        **frames_of.loan_frames(applications, loans, ids, calendar),
        "transactions": drawn.transactions,
        "app_events": drawn.app_events,
        "bureau_enquiries": frames_of.enquiries_frame(drawn.enquiries, calendar.end),
        "external_scores": frames_of.scores_frame(drawn.streams[7], people, applications, drawn.static, calendar),
        **frames_of.link_frames(drawn.streams[7], people, applications, calendar),
    }
    truth = _truth(ids, drawn.drivers, drawn.static, drawn.shock, loans, applications, calendar)
    return SimulatedBank(frames, bank_schema(), PlantedTruth(truth, {name: dict(WORDS[name]) for name in DRIVERS}))


def _check(n_customers: int, seed: int, events_per_customer: int, start: str, months: int) -> date:
    def refuse(name: str, expected: str, got: object) -> TablesError:
        return TablesError(
            "The bank cannot be simulated with this argument.",
            expected=expected,
            got=repr(got),
            where=f"simulate_bank({name}=)",
        )

    if not 100 <= n_customers <= 2_000_000:
        raise refuse("n_customers", "100 to 2,000,000", n_customers)
    if seed < 0:
        raise refuse("seed", "0 or more", seed)
    if not 20 <= events_per_customer <= 1_000:
        raise refuse("events_per_customer", "20 to 1,000", events_per_customer)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse("start", "a day as YYYY-MM-DD", start) from error
    if first.day != 1 or first.year < 2018:
        raise refuse("start", "the first of a month, from 2018 on", start)
    if months < 12 or first.year * 12 + first.month - 1 + months > 2033 * 12:
        raise refuse("months", "12 or more, ending before 2033", months)
    return first


def _events(
    rng: np.random.Generator,
    people: People,
    applications: Applications,
    habits: Habits,
    calendar: Calendar,
    drivers: dict[str, Floats],
    per_customer: float,
    progress: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw transactions and app events block by block, and read the drivers off each block while it is at hand."""
    size = max(100, int(BLOCK_EVENTS / per_customer))
    blocks = [slice(at, min(at + size, len(people))) for at in range(0, len(people), size)]
    transactions, app_events = [], []
    for block, seed in zip(_shown(blocks, progress), rng.spawn(len(blocks)), strict=True):
        rows = slice(int(applications.offsets[block.start]), int(applications.offsets[block.stop]))
        customer, cutoff = applications.customer[rows], applications.time[rows]
        t = make_transactions(seed, people, applications, habits, calendar, block, 0.6 * per_customer)
        low, high = bounds(t.customer, customer)
        risky = (~t.incoming & ((t.kind == GAME) | ((t.kind == ATM) & t.night))).astype(np.float64)
        salary = np.where(t.kind == SALARY, t.amount, 0.0)
        sums = [
            window_sum(low, high, t.booked, t.posted, value, cutoff, days * DAY)
            for value, days in ((risky, 90), ((~t.incoming).astype(np.float64), 90), (salary, 90), (salary, 180))
        ]
        drivers["risky_share"][rows] = ratio(sums[0], sums[1])
        drivers["salary_share"][rows] = ratio(sums[2], sums[3])
        e = make_app_events(seed, people, applications, calendar, block, 0.4 * per_customer)
        drivers["login_gap"][rows] = last_login(e.login_customer, e.login, customer, cutoff, block.start)
        transactions.append(frames_of.transactions_frame(t, calendar.end))
        app_events.append(frames_of.app_events_frame(e, calendar.end))
    return pl.concat(transactions, rechunk=True), pl.concat(app_events, rechunk=True)


def _shown(blocks: list[slice], progress: bool) -> Iterable[slice]:
    """Iterate with a progress bar on standard error, or without."""
    if not progress:
        return blocks
    from rich.console import Console
    from rich.progress import track

    return track(blocks, "Simulating events", console=Console(stderr=True))


def _truth(
    ids: np.ndarray,
    drivers: dict[str, Floats],
    static: Floats,
    shock: Floats,
    loans: Loans,
    applications: Applications,
    calendar: Calendar,
) -> pl.DataFrame:
    disbursed = loans.disbursed < calendar.end
    mature = applications.time + LABEL_DAYS * DAY <= calendar.end
    return (
        pl.DataFrame(
            {
                "application_id": ids,
                **{name: frames_of.number(values) for name, values in drivers.items()},
                "static_log_odds": static,
                "shock_log_odds": shock,
                "default_probability": loans.probability,
                "disbursed": disbursed,
                "defaulted": loans.defaulted,
            }
        )
        .with_columns(defaulted=pl.when(pl.Series(disbursed & mature)).then("defaulted"))
        .sort("application_id")
    )
