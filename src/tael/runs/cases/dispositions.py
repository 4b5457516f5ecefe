"""What was decided on cases: four eyes for a confirmation, corrections as new entries, a table for the next model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import RunError
from tael.runs.cases.audit import Entry, append, person, read_log
from tael.runs.cases.queue import Alert, Alerts

STATES = ("open", "pending", "confirmed", "dismissed")


@dataclass(frozen=True)
class Settled:
    """A decision that counts: a dismissal, or a confirmation by two.

    Attributes
    ----------
    entry : Entry
        The one from which on it counts.
    by : tuple of str
        Who decided: one of a dismissal, two of a confirmation.
    confirmed : bool
    """

    entry: Entry
    by: tuple[str, ...]
    confirmed: bool


@dataclass
class Course:
    """How a case stands after its entries.

    Attributes
    ----------
    state : {"open", "pending", "confirmed", "dismissed"}
        Pending: confirmed by one person, who is `first`.
    first : Entry or None
    """

    state: str = "open"
    first: Entry | None = None


def courses(entries: Iterable[Entry]) -> tuple[dict[str, Course], list[Settled]]:
    """Walk through a log.

    Returns
    -------
    dict of case to Course
        How each case stands at the end.
    list of Settled
        Every decision that counted when it was made, in order. A correction adds to it and takes nothing away: what
        was thought at the time stays what was known at the time.
    """
    found: dict[str, Course] = {}
    settled: list[Settled] = []
    for entry in entries:
        now = found.setdefault(entry.case, Course())
        if entry.verdict == "dismissed":
            now.state, now.first = "dismissed", None
            settled.append(Settled(entry, (entry.by,), False))
        elif now.first is None:
            now.state, now.first = "pending", entry
        elif person(now.first.by) != person(entry.by):
            settled.append(Settled(entry, (now.first.by, entry.by), True))
            now.state = "confirmed"
    return found, settled


def dispose(
    run: Path, case: str, verdict: str, why: str, by: str, *, scored: Path | None = None, now: datetime | None = None
) -> tuple[Entry, str]:  # fmt: skip
    """Write down what came of a case.

    Parameters
    ----------
    run : Path
        Run folder.
    case : str
        The case's id, or the key of whom it concerns where that has one alert.
    verdict : {"confirmed", "dismissed"}
        A confirmation counts once a second person wrote it down too; a dismissal counts at once.
    why, by : str
    scored : Path, optional
        Where the alert is from a later scoring: the file that it wrote.
    now : datetime, optional

    Returns
    -------
    (Entry, str)
        The new entry, and how the case stands.

    Raises
    ------
    RunError
        No such case, no reason, no name, the second person is the first one, or the log is broken.
    """
    for name, text in (("--why", why), ("--by", by)):
        if not text.strip():
            raise RunError(
                "A disposition needs a reason and a name.", expected=f"{name} with some text", got=repr(text)
            )
    alerts = Alerts.read(run, scored)
    alert = alerts.find(case)

    def stated(entries: list[Entry]) -> dict[str, str]:
        course = courses(entries)[0].get(alert.case, Course())
        if verdict == "confirmed":
            _second(course, by, alert)
        return {
            "case": alert.case, "key": alert.key, "cutoff": alert.cutoff.isoformat(), "verdict": verdict,
            "why": why.strip(), "by": " ".join(by.split()),
        }  # fmt: skip

    entry = append(run, alerts.model, stated, now=now)
    return entry, courses(read_log(run, alerts.model))[0][alert.case].state


def _second(course: Course, by: str, alert: Alert) -> None:
    if course.first is not None and course.state == "pending" and person(course.first.by) == person(by):
        raise RunError(
            "Four eyes: a second person must confirm what the first has confirmed.",
            expected=f"--by somebody other than {course.first.by}",
            got=by,
            where=f"case {alert.case}",
            fix="Let a colleague look at the case file and dispose of it, or dismiss it.",
        )
    if course.state == "confirmed":
        raise RunError(
            "Two people have confirmed this case already.",
            expected="a dismissal, if it was a mistake",
            got="--confirmed",
            where=f"case {alert.case}",
        )


def states(run: Path, model: str) -> dict[str, str]:
    """How each case of a run stands that somebody has decided on."""
    return {case: course.state for case, course in courses(read_log(run, model))[0].items()}


def dispositions_table(run: Path) -> pl.DataFrame:
    """Every decision that counts, as a table that the next run's schema can name.

    A confirmation is there from the moment of its second entry on; one that awaits a second person is not. A
    correction is a row of its own: ``last(dispositions.confirmed)`` is what was thought last, at any cutoff.

    Returns
    -------
    polars.DataFrame
        disposition_id, case, the entity's key under its own name, cutoff (of the alert), decided_at, by, confirmed,
        why. Times are UTC without a zone.

    Examples
    --------
    A ``tables.toml`` of the next run (`known_at` is the time itself)::

        [dispositions]
        file = "dispositions.csv"
        key = "disposition_id"
        time = "decided_at"
        [dispositions.columns]
        account_id = { to = "accounts" }
        cutoff = { type = "time" }
        confirmed = { type = "flag" }
    """
    alerts = Alerts.read(run)
    settled = courses(read_log(run, alerts.model))[1]
    kind: Any = alerts.frame.schema[alerts.key]
    keys = pl.Series(alerts.key, [one.entry.key for one in settled], dtype=pl.String)
    return pl.DataFrame(
        {
            "disposition_id": pl.Series([one.entry.n for one in settled], dtype=pl.Int64),
            "case": pl.Series([one.entry.case for one in settled], dtype=pl.String),
            alerts.key: keys.cast(kind),
            "cutoff": pl.Series([datetime.fromisoformat(one.entry.cutoff) for one in settled], dtype=pl.Datetime("us")),
            "decided_at": pl.Series([_utc(one.entry.at) for one in settled], dtype=pl.Datetime("us")),
            "by": pl.Series(["; ".join(one.by) for one in settled], dtype=pl.String),
            "confirmed": pl.Series([one.confirmed for one in settled], dtype=pl.Boolean),
            "why": pl.Series([one.entry.why for one in settled], dtype=pl.String),
        }
    )


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
