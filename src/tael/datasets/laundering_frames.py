"""The simulated transfers as Polars frames: positions become shuffled ids, codes categories, the future missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.datasets import laundering_people as p
from tael.datasets.bank_calendar import NEVER
from tael.datasets.bank_frames import category, identity, moment, number
from tael.datasets.laundering_base import CHANNEL, DAY, REMARK, Flows, Ints
from tael.datasets.laundering_gangs import Gangs
from tael.datasets.laundering_life import LOOKALIKE, Life, Span
from tael.datasets.laundering_people import People
from tael.datasets.laundering_result import LaunderingTruth
from tael.datasets.laundering_traces import COUNTRY, Logins, Traces
from tael.datasets.laundering_typologies import ROLE, TYPOLOGIES
from tael.datasets.laundering_watch import REASON, REVIEW_DAYS, RULE, Watch

NAMES = tuple(TYPOLOGIES)


@dataclass(frozen=True)
class Ids:
    """The id of each customer, account and transfer: shuffled, so that they say nothing."""

    customer: Ints
    account: Ints
    transfer: Ints


def shuffled(rng: np.random.Generator, people: People, transfers: int) -> Ids:
    """Draw the ids."""
    return Ids(
        rng.permutation(people.n_customers) + 1,
        rng.permutation(people.n_accounts) + 100_001,
        rng.permutation(transfers) + 1_000_001,
    )


def _whole(values: NDArray[np.int32] | Ints) -> pl.Series:
    """Turn whole numbers into a series; -1 is missing."""
    return identity(values.astype(np.int64))


def customers_frame(people: People, ids: Ids) -> pl.DataFrame:
    """One row per customer."""
    return pl.DataFrame(
        {
            "customer_id": ids.customer,
            "registered": moment(people.registered),
            "kind": category((np.arange(people.n_customers) < people.n_companies).astype(np.int64), p.KIND),
            "age": _whole(people.age),
            "sex": category(people.sex, p.SEX),
            "origin": category(people.origin, p.ORIGIN),
            "occupation": category(people.occupation, p.OCCUPATION),
            "fingerprint": people.fingerprint,
            "portrait": people.portrait,
            "income": number(people.income),
        }
    ).sort("customer_id")


def accounts_frame(people: People, gangs: Gangs, watch: Watch, span: Span, ids: Ids) -> pl.DataFrame:
    """One row per account, with what was found out about it; an account on which nothing was is judged at the end."""
    typology = np.full(people.n_accounts, -1, dtype=np.int64)
    typology[gangs.member] = _typology(gangs)[gangs.gang]
    launders = (watch.reported < NEVER) & (typology >= 0)
    judged = np.where(launders, watch.reported, span.end + REVIEW_DAYS * DAY)
    company = (np.arange(people.n_accounts) < people.n_companies).astype(np.int64)
    return pl.DataFrame(
        {
            "account_id": ids.account,
            "customer_id": ids.customer[people.owner],
            "opened": moment(people.opened),
            "kind": category(company, p.KIND),
            "branch": pl.Series(people.branch + 1).cast(pl.String),
            "launders": launders,
            "typology": category(np.where(launders, typology, -1), NAMES),
            "judged": moment(judged),
        }
    ).sort("account_id")


def transfers_frame(moved: Flows, traces: Traces, gang: Ints, gangs: Gangs, watch: Watch, ids: Ids) -> pl.DataFrame:
    """One row per transfer, in order of time."""
    rows = np.flatnonzero(gang >= 0)
    # A transfer is found out with the first of its members to be reported.
    first = np.full(len(gangs) + 1, NEVER, dtype=np.int64)
    np.minimum.at(first, gangs.gang, watch.reported[gangs.member])
    found = first[gang[rows]] < NEVER
    judged = moved.at + REVIEW_DAYS * DAY
    judged[rows[found]] = np.maximum(first[gang[rows[found]]], traces.known_at[rows[found]] + DAY)
    laundering = np.zeros(len(moved), dtype=bool)
    laundering[rows[found]] = True
    return pl.DataFrame(
        {
            "transfer_id": ids.transfer,
            "at": moment(moved.at),
            "sender": ids.account[moved.sender],
            "receiver": ids.account[moved.receiver],
            "amount": moved.amount,
            "channel": category(moved.channel.astype(np.int64), CHANNEL),
            "ip": _whole(traces.ip),
            "device": _whole(traces.device),
            "phone": _whole(traces.phone),
            "remark": category(moved.remark.astype(np.int64), REMARK),
            "country": category(traces.country.astype(np.int64), COUNTRY),
            "known_at": moment(traces.known_at),
            "laundering": laundering,
            "judged": moment(judged),
        }
    )


def logins_frame(logins: Logins, ids: Ids) -> pl.DataFrame:
    """One row per login."""
    return pl.DataFrame(
        {
            "account_id": ids.account[logins.account],
            "at": moment(logins.at),
            "ip": logins.ip.astype(np.int64),
            "device": logins.device.astype(np.int64),
        }
    )


def alert_frames(watch: Watch, span: Span, ids: Ids) -> dict[str, pl.DataFrame]:
    """Alerts, what had been decided on them by the end, reports that had been filed."""
    open_ = watch.decided >= span.end
    alerts = pl.DataFrame(
        {
            "alert_id": np.arange(1, len(watch.at) + 1),
            "account_id": ids.account[watch.account],
            "at": moment(watch.at),
            "rule": category(watch.rule, RULE),
            "confirmed": pl.Series(watch.confirmed).set(pl.Series(open_), None),
            "decided": moment(watch.decided, span.end),
        }
    )
    rows = np.flatnonzero(~open_)
    rows = rows[np.argsort(watch.decided[rows], kind="stable")]
    dispositions = pl.DataFrame(
        {
            "disposition_id": np.arange(1, len(rows) + 1),
            "alert_id": rows + 1,
            "account_id": ids.account[watch.account[rows]],
            "decided": moment(watch.decided[rows]),
            "confirmed": watch.confirmed[rows],
            "reason": category(watch.reason[rows], REASON),
        }
    )
    filed = np.flatnonzero(watch.reported < span.end)
    filed = filed[np.argsort(watch.reported[filed], kind="stable")]
    reports = pl.DataFrame(
        {
            "report_id": np.arange(1, len(filed) + 1),
            "account_id": ids.account[filed],
            "filed": moment(watch.reported[filed]),
            "case": _cases(watch.case[filed]),
        }
    )
    return {"alerts": alerts, "dispositions": dispositions, "reports": reports}


def _cases(case: Ints) -> pl.Series:
    """Name the case files in the order of their first report, so that the name says nothing more."""
    values, first, place = np.unique(case, return_index=True, return_inverse=True)
    number = np.empty(len(values), dtype=np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(1, len(values) + 1)
    return pl.Series([f"case-{k:05d}" for k in number[place].tolist()], dtype=pl.String)


def truth_of(gangs: Gangs, life: Life, watch: Watch, moved: Flows, gang: Ints, ids: Ids) -> LaunderingTruth:
    """Tell who belonged to what."""
    typology = _typology(gangs)
    reported = watch.reported[gangs.member]
    members = pl.DataFrame(
        {
            "account_id": ids.account[gangs.member],
            "gang_id": gangs.gang + 1,
            "typology": category(typology[gangs.gang], NAMES),
            "role": category(gangs.role, ROLE),
            "reported": moment(reported),
        }
    )
    rows = np.flatnonzero(gang >= 0)
    n = len(gangs)
    found = np.zeros(n, dtype=bool)
    found[gangs.gang[reported < NEVER]] = True
    table = pl.DataFrame(
        {
            "gang_id": np.arange(1, n + 1),
            "typology": category(typology, NAMES),
            "members": np.bincount(gangs.gang, minlength=n),
            "transfers": np.bincount(gang[rows], minlength=n),
            "amount": np.round(np.bincount(gang[rows], weights=moved.amount[rows], minlength=n), 2),
            "start": moment(gangs.start),
            "end": moment(gangs.end),
            "found": found,
        }
    )
    alike = np.flatnonzero(life.lookalike >= 0)
    return LaunderingTruth(
        frame=members,
        words={name: {"en": kind.en, "zh": kind.zh} for name, kind in TYPOLOGIES.items()},
        gangs=table,
        transfers=pl.DataFrame({"transfer_id": ids.transfer[rows], "gang_id": gang[rows] + 1}),
        lookalikes=pl.DataFrame(
            {"account_id": ids.account[alike], "kind": category(life.lookalike[alike], LOOKALIKE)}
        ).sort("account_id"),
    )


def _typology(gangs: Gangs) -> Ints:
    return np.array([NAMES.index(name) for name in gangs.typology], dtype=np.int64)
