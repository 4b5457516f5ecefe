"""Simulated money laundering: a bank's customers, accounts and transfers, with gangs planted among look-alikes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from tael.datasets import laundering_frames as frames_of
from tael.datasets.laundering_base import DAY, Flows
from tael.datasets.laundering_gangs import draw_sizes, plant_gangs
from tael.datasets.laundering_life import Span, make_life
from tael.datasets.laundering_people import make_people
from tael.datasets.laundering_result import SimulatedLaundering
from tael.datasets.laundering_schema import laundering_schema
from tael.datasets.laundering_traces import make_equipment, make_logins, make_traces
from tael.datasets.laundering_typologies import TYPOLOGIES
from tael.datasets.laundering_watch import make_watch
from tael.errors import TablesError, did_you_mean


def simulate_laundering(
    n_accounts: int = 20_000,
    days: int = 180,
    seed: int = 0,
    *,
    gangs: int = 60,
    typologies: Sequence[str] | None = None,
    sizes: tuple[int, int] = (4, 60),
    transfers_per_account: int = 50,
    missed: float = 0.1,
    start: str = "2025-01-01",
) -> SimulatedLaundering:
    """Simulate a bank's transfers with gangs that launder through it.

    Ordinary life has wages, rent, shops, families, card bills, savings, invoices; and honest accounts that look like
    a gang's: payrolls, sellers, group buyers, savings clubs, rent cycles, buyers of houses who pay in pieces, gamers,
    accounts that wake up. Gangs move amounts as ordinary people do, at their hours, with their words: what tells is who
    pays whom and when. Members are shuffled among the accounts; ids say nothing.

    A simple rule system raises alerts, most of them false; they are decided days later. A gang is reported some weeks
    after its first confirmed alert or, on a tip, after its end; so labels are known late (column ``judged``).

    Parameters
    ----------
    n_accounts : int
        500 to 2,000,000; one in ten belongs to a company, one in ten is a person's second.
    days : int
        60 to 1,000.
    seed : int
        The same seed (and arguments) gives equal frames.
    gangs : int
        0 or more. The members of all must be less than a third of the accounts.
    typologies : sequence of str, optional
        Of ``tael.datasets.laundering_typologies.TYPOLOGIES``; planted in turn. Left out: all fifteen.
    sizes : (int, int)
        Fewest and most members of a gang, from 4 to 500; a typology that needs more than the fewest gets them.
    transfers_per_account : int
        20 to 1,000: about ``n_accounts * transfers_per_account`` transfers in all.
    missed : float
        0 to 1: share of gangs that are never found, and labelled clean.
    start : str
        First day, as ``YYYY-MM-DD``, from 2000 on.

    Returns
    -------
    SimulatedLaundering

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> bank = simulate_laundering(1_000, 90, seed=1, gangs=5, sizes=(4, 12))
    >>> len(bank.truth.gangs), bank.schema["tael"]["simulated"]
    (5, True)
    """
    names = list(TYPOLOGIES) if typologies is None else list(typologies)
    first = _check(n_accounts, days, seed, gangs, names, sizes, transfers_per_account, missed, start)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    begin = int(np.datetime64(first, "s").astype(np.int64))
    span = Span(begin, begin + days * DAY)
    chosen = [names[i % len(names)] for i in range(gangs)]
    members = draw_sizes(streams[0], chosen, *sizes)
    if members.sum() > n_accounts // 3:
        raise _refuse("gangs", f"fewer than {n_accounts // 3:,} members", f"{gangs} gangs with {members.sum():,}")
    people = make_people(streams[1], n_accounts, span.start, span.end)
    life = make_life(streams[2], people, span, n_accounts * transfers_per_account)
    planted = plant_gangs(streams[3], people, life, span, chosen, members)

    sleepers = np.zeros(n_accounts, dtype=bool)
    sleepers[list(planted.awake)] = True
    ordinary = life.flows.take(~sleepers[life.flows.sender] & ~sleepers[life.flows.receiver])
    moved = Flows.join([ordinary, planted.flows])
    gang = np.concatenate([np.full(len(ordinary), -1), planted.of])
    order = np.argsort(moved.at, kind="stable")
    moved, gang = moved.take(order), gang[order]
    member = np.zeros(n_accounts, dtype=bool)
    member[planted.member] = True

    kit = make_equipment(streams[4], people, members, span)
    traces = make_traces(streams[4], people, kit, moved, gang, member[moved.sender])
    logins = make_logins(streams[5], people, kit, moved, traces, span, n_accounts * min(20, transfers_per_account // 2))
    watch = make_watch(streams[6], people, life, planted, moved, span, missed)
    ids = frames_of.shuffled(streams[7], people, len(moved))
    frames = {
        "customers": frames_of.customers_frame(people, ids),
        "accounts": frames_of.accounts_frame(people, planted, watch, span, ids),
        "transfers": frames_of.transfers_frame(moved, traces, gang, planted, watch, ids),
        "logins": frames_of.logins_frame(logins, ids),
        **frames_of.alert_frames(watch, span, ids),
    }
    truth = frames_of.truth_of(planted, life, watch, moved, gang, ids)
    return SimulatedLaundering(frames, laundering_schema(), truth)


def _refuse(name: str, expected: str, got: object, fix: str | None = None) -> TablesError:
    return TablesError(
        "Laundering cannot be simulated with this argument.",
        expected=expected,
        got=str(got),
        where=f"simulate_laundering({name}=)",
        fix=fix,
    )


def _check(
    n_accounts: int, days: int, seed: int, gangs: int, names: list[str], sizes: tuple[int, int], each: int,
    missed: float, start: str,
) -> date:  # fmt: skip
    for name, low, value, high in (
        ("n_accounts", 500, n_accounts, 2_000_000),
        ("days", 60, days, 1_000),
        ("transfers_per_account", 20, each, 1_000),
        ("missed", 0, missed, 1),
    ):
        if not low <= value <= high:
            raise _refuse(name, f"{low:,} to {high:,}", value)
    for name, value in (("seed", seed), ("gangs", gangs)):
        if value < 0:
            raise _refuse(name, "0 or more", value)
    if not names:
        raise _refuse("typologies", "at least one", "none", "For no gangs at all say gangs=0.")
    for known in names:
        if known not in TYPOLOGIES:
            raise _refuse("typologies", ", ".join(TYPOLOGIES), repr(known), did_you_mean(known, TYPOLOGIES))
    if not 4 <= sizes[0] <= sizes[1] <= 500:
        raise _refuse("sizes", "fewest and most, from 4 to 500", sizes)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise _refuse("start", "a day as YYYY-MM-DD", repr(start)) from error
    if first.year < 2000:
        raise _refuse("start", "2000 or later", repr(start))
    return first
