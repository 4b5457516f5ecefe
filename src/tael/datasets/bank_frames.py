"""The simulated arrays as Polars frames: codes become categories, seconds times, the future missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from tael.datasets import bank_people as p
from tael.datasets.bank_calendar import DAY, NEVER, Calendar, Floats, Ints
from tael.datasets.bank_events import (
    CHANNELS,
    EVENT,
    KIND,
    LENDER,
    REASON,
    RELATION,
    SCREEN,
    AppEvents,
    Enquiries,
    Transactions,
)
from tael.datasets.bank_loans import STATUS, Loans
from tael.datasets.bank_people import Applications, Flags, People, choose


def category(codes: Ints, names: Sequence[str]) -> pl.Series:
    """Turn codes into an Enum series; -1 is missing."""
    series = pl.Series(np.where(codes < 0, len(names), codes).astype(np.uint32))
    return pl.Series([*names, None], dtype=pl.Enum(names)).gather(series)


def moment(time: Ints, end: int | None = None) -> pl.Series:
    """Turn seconds into times; from `end` on they are missing."""
    series = (pl.Series(np.where(time >= NEVER, 0, time)) * 1_000_000).cast(pl.Datetime("us"))
    hidden = time >= (NEVER if end is None else end)
    return series.set(pl.Series(hidden), None) if hidden.any() else series


def number(values: Floats) -> pl.Series:
    """Turn floats into a series; NaN is missing."""
    return pl.Series(values, nan_to_null=True)


def identity(codes: Ints) -> pl.Series:
    """Turn ids into a series; -1 is missing."""
    series = pl.Series(codes)
    return series.set(pl.Series(codes < 0), None) if (codes < 0).any() else series


def customers_frame(people: People, applications: Applications) -> pl.DataFrame:
    """One row per customer."""
    return pl.DataFrame(
        {
            "customer_id": np.arange(len(people)) + 1,
            "registered": moment(applications.registered),
            "age": people.age,
            "sex": category(people.sex, p.SEX),
            "education": category(people.education, p.EDUCATION),
            "occupation": category(people.occupation, p.OCCUPATION),
            "employer_type": category(people.employer, p.EMPLOYER),
            "income": number(people.income),
            "housing": category(people.housing, p.HOUSING),
            "marital_status": category(people.marital, p.MARITAL),
            "province": category(people.province, p.PROVINCE),
            "city": category(people.city, p.CITY),
            "dependants": number(people.dependants),
        }
    )


def applications_frame(applications: Applications, ids: Ints) -> pl.DataFrame:
    """One row per application, in the order of time."""
    a = applications
    return pl.DataFrame(
        {
            "application_id": ids,
            "customer_id": a.customer + 1,
            "device_id": a.device + 1,
            "phone_id": a.phone + 1,
            "bank_card_id": a.card + 1,
            "applied": moment(a.time),
            "amount": a.amount,
            "term_months": a.term,
            "purpose": category(a.purpose, p.PURPOSE),
            "channel": category(a.channel, p.CHANNEL),
            "product": category(a.product, p.PRODUCT),
            "annual_rate": a.rate,
            "first_time": a.number == 0,
        }
    ).sort("application_id")


def loan_frames(applications: Applications, loans: Loans, ids: Ints, calendar: Calendar) -> dict[str, pl.DataFrame]:
    """Loans, their instalments that fell due before the end, and the days on which instalments became late."""
    rows = np.flatnonzero(loans.disbursed < calendar.end)
    rows = rows[np.argsort(loans.disbursed[rows], kind="stable")]
    loan_id = np.arange(len(rows)) + 1
    settled = loans.settled_on[rows]
    frames = {
        "loans": pl.DataFrame(
            {
                "loan_id": loan_id,
                "application_id": ids[rows],
                "customer_id": applications.customer[rows] + 1,
                "disbursed": moment(loans.disbursed[rows]),
                "amount": applications.amount[rows],
                "term_months": applications.term[rows],
                "annual_rate": applications.rate[rows],
                "settled_on": moment(settled, calendar.end),
                "status": category(np.where(settled < calendar.end, loans.status[rows], -1), STATUS),
            }
        )
    }
    due, paid = loans.due[rows], loans.paid[rows]
    row, place = np.nonzero(due < calendar.end)
    unpaid = paid[row, place] >= calendar.end
    frames["instalments"] = pl.DataFrame(
        {
            "instalment_id": np.arange(len(row)) + 1,
            "loan_id": loan_id[row],
            "number": place + 1,
            "due": moment(due[row, place]),
            "paid": moment(paid[row, place], calendar.end),
            "amount_due": loans.amount_due[rows][row, place],
            "amount_paid": number(np.where(unpaid, np.nan, loans.amount_paid[rows][row, place])),
        }
    )
    marks = []
    for days in (30, 60, 90):
        reached = due + days * DAY
        row, place = np.nonzero((paid > reached) & (reached < calendar.end) & (due < NEVER))
        marks.append(
            pl.DataFrame(
                {
                    "loan_id": loan_id[row],
                    "number": place + 1,
                    "reached": moment(reached[row, place]),
                    "days_past_due": np.full(len(row), days),
                }
            )
        )
    frames["delinquencies"] = pl.concat(marks).sort("reached", "loan_id", "number")
    return frames


def transactions_frame(t: Transactions, end: int) -> pl.DataFrame:
    """The transactions that had arrived before the end."""
    columns = {
        "customer_id": t.customer + 1,
        "booked": moment(t.booked),
        "posted_at": moment(t.posted),
        "amount": t.amount,
        "direction": category(t.incoming.astype(np.int64), ("out", "in")),
        "kind": category(t.kind, KIND),
        "channel": category(t.channel, CHANNELS),
        "counterparty_id": identity(t.counterparty),
        "night": t.night,
    }
    return pl.DataFrame(columns).filter(pl.Series(t.posted < end))


def app_events_frame(e: AppEvents, end: int) -> pl.DataFrame:
    """The app events before the end."""
    columns = {
        "customer_id": e.customer + 1,
        "time": moment(e.time),
        "event": category(e.kind, EVENT),
        "screen": category(e.screen, SCREEN),
        "seconds": number(e.seconds),
    }
    return pl.DataFrame(columns).filter(pl.Series(e.time < end))


def enquiries_frame(e: Enquiries, end: int) -> pl.DataFrame:
    """The enquiries reported before the end."""
    columns = {
        "customer_id": e.customer + 1,
        "enquired": moment(e.enquired),
        "reported_at": moment(e.reported),
        "lender": category(e.lender, LENDER),
        "reason": category(e.reason, REASON),
    }
    return pl.DataFrame(columns).filter(pl.Series(e.reported < end))


def scores_frame(
    rng: np.random.Generator, people: People, applications: Applications, static: Floats, calendar: Calendar
) -> pl.DataFrame:
    """Scores bought from outside: a weak view of the person, drifting upwards, with special codes."""
    n = len(people)
    person = np.bincount(applications.customer, static, n) / people.n_applications
    window = applications.closed - applications.opened
    customer = np.repeat(np.arange(n), 1 + rng.poisson(window / (110 * DAY)))
    m = len(customer)
    as_of = (applications.opened[customer] + rng.random(m) * window[customer]).astype(np.int64) // DAY * DAY
    inflation = 12 * (as_of - calendar.history) / (calendar.end - calendar.history)
    points = 620 - 45 * person[customer] + 15 * rng.normal(0, 1, n)[customer] + rng.normal(0, 25, m) + inflation
    nothing = choose(rng, m, (0.86, 0.04, 0.04, 0.03, 0.03))
    value = np.array([0.0, -9, -8, -7, np.nan])[nothing]
    order = np.argsort(customer * 2**34 + as_of, kind="stable")
    delivered = as_of + (rng.uniform(1, 20, m) * DAY).astype(np.int64)
    return pl.DataFrame(
        {
            "customer_id": customer[order] + 1,
            "as_of": moment(as_of[order]),
            "delivered_at": moment(delivered[order]),
            "score": number(np.where(nothing == 0, np.clip(np.round(points), 300, 900), value)[order]),
        }
    ).filter(pl.Series(delivered[order] < calendar.end))


def link_frames(
    rng: np.random.Generator, people: People, applications: Applications, calendar: Calendar
) -> dict[str, pl.DataFrame]:
    """Devices, who was seen on which, and whom each customer knows: rings have their contacts in common."""
    a, n = applications, len(people)
    seen = np.maximum(a.time - (rng.exponential(40, len(a)) * DAY).astype(np.int64), calendar.history)
    links = (
        pl.DataFrame({"customer_id": a.customer + 1, "device_id": a.device + 1, "seen": moment(seen)})
        .group_by("customer_id", "device_id")
        .agg(pl.col("seen").min())
        .sort("seen", "customer_id", "device_id")
    )
    devices = links.group_by("device_id").agg(first_seen=pl.col("seen").min()).sort("device_id")
    count = len(devices)
    devices = devices.with_columns(
        category(choose(rng, count, (0.7, 0.22, 0.08)), ("Android", "iOS", "HarmonyOS")).alias("system"),
        pl.Series("price", np.round(np.exp(rng.normal(7.6, 0.5, count)), -2)),
        pl.Series("rooted", rng.random(count) < 0.03),
    )

    customer = np.repeat(np.arange(n), 3 + rng.poisson(4.0, n))
    m = len(customer)
    place = np.arange(m) - np.searchsorted(customer, customer, side="left")
    stranger = 3 * n + rng.integers(0, 6 * n, m)
    phone = np.where(rng.random(m) < 0.08, rng.integers(0, n, m), stranger)
    ringed: Flags = (people.ring[customer] >= 0) & (place < 3)
    phone = np.where(ringed, 9 * n + 3 * people.ring[customer] + place, phone)
    first = a.time[a.offsets[:-1]][customer]
    added = first - (rng.exponential(60, m) * DAY).astype(np.int64)
    changed = rng.random(m) < 0.15  # some are added since
    added = np.where(changed & ~ringed, first + (rng.exponential(120, m) * DAY).astype(np.int64), added)
    contacts: dict[str, Any] = {
        "customer_id": customer + 1,
        "phone_id": phone + 1,
        "added": moment(added),
        "relation": category(choose(rng, m, (0.35, 0.25, 0.3, 0.1)), RELATION),
    }
    there = pl.Series(added < calendar.end)
    return {
        "devices": devices,
        "device_links": links,
        "contacts": pl.DataFrame(contacts).filter(there).sort("customer_id", "added"),
    }
