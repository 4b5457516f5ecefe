"""What the lender's customers do after the bank's window closes, and what of it can be seen at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tael.datasets import bank_frames as frames_of
from tael.datasets.bank import BLOCK_EVENTS, Drawn
from tael.datasets.bank_calendar import DAY, Floats, Ints
from tael.datasets.bank_events import Enquiries, make_app_events, make_transactions
from tael.datasets.bank_people import Flags, choose

_WIDTH = 2**34


class Seen:
    """Events of all customers by the time at which they were known: how many in a window, how long ago the last.

    Windows are half open, ``low <= time < high``, so that nothing at the moment of asking counts.

    Parameters
    ----------
    customer, time : int64 arrays, shape (events,)
        In any order; seconds since 1970.

    Examples
    --------
    >>> seen = Seen(np.array([1, 0, 1]), np.array([50, 10, 90]))
    >>> seen.count(np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([10, 91, 90])).tolist()
    [0, 2, 1]
    """

    def __init__(self, customer: Ints, time: Ints) -> None:
        self.key = np.sort(customer * _WIDTH + time)

    def count(self, customer: Ints, low: Ints, high: Ints) -> Ints:
        """Count each customer's events with ``low <= time < high``."""
        first = np.searchsorted(self.key, customer * _WIDTH + np.maximum(low, 0))
        return (np.searchsorted(self.key, customer * _WIDTH + high) - first).astype(np.int64)

    def recent(self, customer: Ints, moment: Ints, days: float) -> Ints:
        """Count each customer's events of the `days` before the moment."""
        return self.count(customer, moment - int(days * DAY), moment)

    def gap(self, customer: Ints, moment: Ints, most: float) -> Floats:
        """Days since each customer's last event before the moment; `most` where there was none so recently."""
        if not len(self.key):
            return np.full(len(customer), float(most))
        at = np.searchsorted(self.key, customer * _WIDTH + moment) - 1
        key = self.key[np.maximum(at, 0)]
        found = (at >= 0) & (key // _WIDTH == customer)
        return np.where(found, np.minimum((moment - key % _WIDTH) / DAY, most), float(most))


@dataclass(frozen=True)
class Behaviour:
    """The bank's events and those after them, up to the end of the data, as frames and as they can be seen.

    Attributes
    ----------
    enquiries : Enquiries
        All, the late reported too.
    transactions, app_events : polars.DataFrame
    enquired, salaries, logins : Seen
        Enquiries by the time of their report, salaries by the time of their arrival, logins.
    """

    enquiries: Enquiries
    transactions: pl.DataFrame
    app_events: pl.DataFrame
    enquired: Seen
    salaries: Seen
    logins: Seen


def seconds_of(times: pl.Series) -> Ints:
    """Turn times back into seconds since 1970.

    >>> from datetime import datetime
    >>> seconds_of(pl.Series([datetime(1970, 1, 2)])).tolist()
    [86400]
    """
    return (times.cast(pl.Int64) // 1_000_000).to_numpy().astype(np.int64)


def make_behaviour(rng: np.random.Generator, drawn: Drawn, per_customer: float, decline: Flags) -> Behaviour:
    """Let the bank's customers go on as they were after their window, at the same pace.

    Parameters
    ----------
    rng : numpy.random.Generator
    drawn : Drawn
    per_customer : float
        The bank's events per customer.
    decline : bool array, shape (customers, months)
        Months in which a customer turns away: three of four sessions in the app do not happen.
    """
    applications, people, calendar = drawn.applications, drawn.people, drawn.calendar
    n, end = len(people), calendar.end
    later = replace(applications, opened=applications.closed, closed=np.full(n, end, dtype=np.int64))
    before = (applications.closed - applications.opened) @ people.activity
    ratio = float((later.closed - later.opened) @ people.activity / before)
    left = max(per_customer - len(drawn.enquiries.customer) / n, 0.6 * per_customer) * ratio
    transactions, app_events = [drawn.transactions], [drawn.app_events]
    size = max(100, int(BLOCK_EVENTS / max(left, 1.0)))
    blocks = [slice(at, min(at + size, n)) for at in range(0, n, size)]
    for block, stream in zip(blocks, rng.spawn(len(blocks)), strict=True):
        if not (later.opened[block] < end).any():
            continue
        t = make_transactions(stream, people, later, drawn.habits, calendar, block, 0.6 * left)
        transactions.append(frames_of.transactions_frame(t, end))
        e = make_app_events(stream, people, later, calendar, block, 0.4 * left)
        away = decline[e.login_customer, calendar.month(e.login)] & (stream.random(len(e.login)) < 0.75)
        kept = ~away[np.cumsum(e.kind == 0) - 1]
        app_events.append(frames_of.app_events_frame(e, end).filter(pl.Series(kept[e.time < end])))
    enquiries = _all_enquiries(rng, drawn)
    moved = pl.concat(transactions).sort("customer_id", "booked", maintain_order=True)
    used = pl.concat(app_events).sort("customer_id", "time", maintain_order=True)
    salaries = moved.filter(pl.col("kind") == "salary")
    logins = used.filter(pl.col("event") == "login")
    return Behaviour(
        enquiries=enquiries,
        transactions=moved,
        app_events=used,
        enquired=Seen(enquiries.customer, enquiries.reported),
        salaries=Seen(salaries["customer_id"].to_numpy() - 1, seconds_of(salaries["posted_at"])),
        logins=Seen(logins["customer_id"].to_numpy() - 1, seconds_of(logins["time"])),
    )


def _all_enquiries(rng: np.random.Generator, drawn: Drawn) -> Enquiries:
    """The bank's enquiries and those after them: each customer's own pace, and now and then a search for credit."""
    applications, calendar, known = drawn.applications, drawn.calendar, drawn.enquiries
    n = len(drawn.people)
    before = (applications.closed - applications.opened) / (365 * DAY)
    years = (calendar.end - applications.closed) / (365 * DAY)
    pace = rng.gamma(1.5 + np.bincount(known.customer, minlength=n), 1 / (0.25 + before))
    steady = np.repeat(np.arange(n), rng.poisson(0.7 * pace * years))
    searches = np.repeat(np.arange(n), rng.poisson(0.6 * years))
    begun = calendar.end - (rng.random(len(searches)) * years[searches] * 365 * DAY).astype(np.int64)
    which = np.repeat(np.arange(len(searches)), 1 + rng.poisson(3.0, len(searches)))
    customer = np.concatenate([steady, searches[which]])
    usual = calendar.draw(
        rng.random(len(steady)), applications.closed[steady], np.full(len(steady), calendar.end), calendar.applying
    )
    time = np.concatenate([usual, begun[which] + (rng.beta(1, 2, len(which)) * 40 * DAY).astype(np.int64)])
    time = time // DAY * DAY + (rng.uniform(7, 22, len(time)) * 3600).astype(np.int64)
    total = len(customer)
    delay = rng.exponential(1.0, total) * np.where(rng.random(total) < 0.85, 0.8 * DAY, 8 * DAY)
    customer = np.concatenate([known.customer, customer])
    time = np.concatenate([known.enquired, time])
    reported = np.concatenate([known.reported, time[-total:] + np.minimum(delay, 60 * DAY).astype(np.int64) + 60])
    reason = np.where(rng.random(total) < 0.03, -1, choose(rng, total, (0.62, 0.2, 0.13, 0.05)))
    order = np.argsort(customer * _WIDTH + time, kind="stable")
    return Enquiries(
        customer=customer[order],
        enquired=time[order],
        reported=reported[order],
        lender=np.concatenate([known.lender, choose(rng, total, (0.25, 0.25, 0.3, 0.2))])[order],
        reason=np.concatenate([known.reason, reason])[order],
    )
