"""Credit lines granted with the loans: how much was asked for, how much was granted, how much of it is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, NEVER, Floats, Ints
from tael.datasets.bank_frames import moment, number
from tael.datasets.bank_loans import Loans
from tael.datasets.lender_events import Behaviour

MEASURED_AFTER = 90
"""Days after granting at which the use of a line is measured."""


@dataclass(frozen=True)
class Lines:
    """Lines in the order of granting; `need` is what would be drawn if there were no limit (CNY)."""

    application: Ints
    granted: Ints
    requested: Floats
    limit: Floats
    need: Floats
    used: Floats


def expected_use(need: Floats, limit: Floats) -> Floats:
    """Share of a line in use: all of a small one, and of a large one what is needed.

    >>> expected_use(np.array([5000.0, 5000.0]), np.array([1000.0, 20_000.0])).round(2).tolist()
    [0.91, 0.25]
    """
    return np.asarray(need / limit * (1 - np.exp(-limit / need)))


def make_lines(rng: np.random.Generator, drawn: Drawn, behaviour: Behaviour, loans: Loans) -> Lines:
    """Grant a line with each loan: by income and enquiries, moved by lot so that its effect on use can be told.

    A line is never below the loan, which is drawn under it. What is needed grows with what was asked for, with
    enquiries at other lenders, and with the risk of default, so that those who use their line most are not the safest.
    """
    a, people = drawn.applications, drawn.people
    rows = np.flatnonzero(loans.disbursed < drawn.calendar.end)
    rows = rows[np.argsort(loans.disbursed[rows], kind="stable")]
    n, c = len(rows), a.customer[rows]
    granted = a.time[rows] + ((loans.disbursed[rows] - a.time[rows]) * rng.uniform(0.2, 0.9, n)).astype(np.int64)
    income = np.where(np.isnan(people.income), 5000.0, people.income)[c]
    enquired = np.minimum(behaviour.enquired.recent(c, a.time[rows], 180), 12)
    requested = np.round(a.amount[rows] * np.exp(np.abs(rng.normal(0.35, 0.3, n))), -2)
    rule = np.exp(0.12 * (np.log(income) - 8.7) - 0.03 * enquired + rng.choice([-0.35, -0.12, 0.12, 0.35], n))
    limit = np.maximum(np.round(requested * rule, -2), a.amount[rows])
    risk = np.log(loans.probability[rows] / (1 - loans.probability[rows]))
    need = requested * np.exp(
        -0.35
        + 0.09 * (enquired - 4)
        - 0.25 * (np.log(income) - 8.7)
        + 0.16 * (risk + 2.3)
        + 0.25 * (a.purpose[rows] >= 4)
        - 0.15 * (a.number[rows] > 0)
    )
    mean = expected_use(need, limit)
    used = np.clip(rng.beta(9 * mean, 9 * (1 - mean)), 0.0, 1.0)
    return Lines(rows, granted, requested, limit, need, np.round(used, 4))


def lines_frame(lines: Lines, drawn: Drawn) -> pl.DataFrame:
    """One row per line; how much is used is missing until it has been measured."""
    measured = lines.granted + MEASURED_AFTER * DAY
    measured = np.where(measured < drawn.calendar.end, measured, NEVER)
    return pl.DataFrame(
        {
            "line_id": np.arange(len(lines.granted)) + 1,
            "application_id": drawn.ids[lines.application],
            "customer_id": drawn.applications.customer[lines.application] + 1,
            "granted": moment(lines.granted),
            "limit": lines.limit,
            "requested": lines.requested,
            "measured_at": moment(measured),
            "utilisation": number(np.where(measured < NEVER, lines.used, np.nan)),
        }
    )


def lines_truth(lines: Lines) -> pl.DataFrame:
    """What would be drawn without a limit: with :func:`expected_use` the mean use of a line of any size."""
    return pl.DataFrame(
        {
            "line_id": np.arange(len(lines.granted)) + 1,
            "need": lines.need,
            "expected_utilisation": expected_use(lines.need, lines.limit),
        }
    )
