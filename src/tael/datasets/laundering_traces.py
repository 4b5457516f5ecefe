"""What the simulated bank sees besides the money: devices, addresses, phones, countries, logins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.datasets.laundering_base import API, ATM, CARD, COUNTER, DAY, WEB, Flags, Flows, Ints, hours, pick
from tael.datasets.laundering_life import Span
from tael.datasets.laundering_people import People

COUNTRY = ("CN", "HK", "TH", "US", "SG", "KH", "MM", "PH")
ABROAD = (4.0, 2.0, 2.0, 1.5, 0.6, 0.6, 0.6)
CIRCLE = 4
"""Neighbours whom somebody helps: a child who pays for the old, a shop with a counter phone, a bookkeeper of firms."""
HELPED, SECOND_PHONE, SECOND_DEVICE = 0.5, 0.25, 0.45
Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Traces:
    """One row a transfer: ids of device, address and phone (-1 for none), country, and when it was known."""

    device: Ids
    ip: Ids
    phone: Ids
    country: NDArray[np.int8]
    known_at: Ints


@dataclass(frozen=True)
class Logins:
    """One row a login, in order of time: account, seconds since 1970, address, device."""

    account: Ints
    at: Ints
    ip: Ids
    device: Ids


@dataclass(frozen=True)
class Equipment:
    """What each customer uses, and what a gang has between its members; numbers, not yet ids.

    Attributes
    ----------
    device, later_device, home_ip, work_ip, phone : int32 arrays, shape (customers,)
    changed : int64 array, shape (customers,)
        When a customer takes to the later device.
    carriers : int
        How many addresses carriers share out among everybody; they come first.
    gang_device, gang_ip, gang_phone : int32 arrays, shape (gangs,)
        The first of those of each gang.
    each : int64 array, shape (gangs,)
        How many devices (phones) a gang has; it has three addresses.
    circle : int32 array, shape (customers,)
        Honest people who share a helper's device, address and phone for some weeks; -1 for those who do not.
    second_phone, second_device : int32 arrays, shape (customers,)
        A second number, a tablet or the office's computer; -1 for none.
    since, until : int64 arrays, shape (customers,)
        When somebody's circle helps.
    own_since : int64 array, shape (customers,)
        From when on the second phone and device are used: new things are nothing that gangs alone have.
    circle_device, circle_ip, circle_phone : int
        The first of those of all circles.
    device_id, ip_id, phone_id : int32 arrays
        The id of each number: shuffled, so that ids say nothing.
    """

    device: Ids
    later_device: Ids
    home_ip: Ids
    work_ip: Ids
    phone: Ids
    changed: Ints
    carriers: int
    gang_device: Ids
    gang_ip: Ids
    gang_phone: Ids
    each: Ints
    circle: Ids
    second_phone: Ids
    second_device: Ids
    since: Ints
    until: Ints
    own_since: Ints
    circle_device: int
    circle_ip: int
    circle_phone: int
    device_id: Ids
    ip_id: Ids
    phone_id: Ids


def make_equipment(rng: np.random.Generator, people: People, sizes: Ints, span: Span) -> Equipment:
    """Give every customer a device, addresses and a phone, and every gang some to share."""
    n, number = people.n_customers, np.arange(people.n_customers)
    # Relatives stand beside each other in the order of customers: some share a tablet, many an address.
    person = number > people.n_companies
    device = np.where((rng.random(n) < 0.08) & person, number - 1, number)
    later = np.where(rng.random(n) < 0.12, n + number, device)
    changed = span.start + (rng.random(n) * (span.end - span.start)).astype(np.int64)
    carriers = 20 + n // 40
    home = carriers + np.where(person, people.n_companies + number // 2, number)
    work = np.where(people.employer[:n] >= 0, carriers + people.employer[:n], home)
    phone = np.where((rng.random(n) < 0.04) & person, number - 1, number)
    each = np.maximum(1, sizes // 3)
    first = np.cumsum(each) - each
    n_ips = carriers + people.n_companies + n // 2 + 2
    side = rng.spawn(1)[0]  # of its own, so that nothing else is drawn otherwise
    circles = n // CIRCLE + 1
    circle = np.where((side.random(circles) < HELPED)[number // CIRCLE], number // CIRCLE, -1)
    circle_device, circle_ip = 2 * n + int(each.sum()), n_ips + 3 * len(sizes)
    circle_phone = n + int(each.sum())
    second = np.where(side.random(n) < SECOND_PHONE, circle_phone + circles + number, -1)
    long = span.end - span.start
    begins = (span.start + side.uniform(-0.4, 1.0, circles) * long).astype(np.int64)
    lasts = (side.uniform(15, 150, circles) * DAY).astype(np.int64)
    own_since = (span.start + side.uniform(-0.7, 1.0, n) * long).astype(np.int64)
    tablet = np.where(side.random(n) < SECOND_DEVICE, circle_device + circles + number, -1)

    def ids(count: int) -> Ids:
        return (rng.permutation(count) + 1).astype(np.int32)

    return Equipment(
        device=device.astype(np.int32),
        later_device=later.astype(np.int32),
        home_ip=home.astype(np.int32),
        work_ip=work.astype(np.int32),
        phone=phone.astype(np.int32),
        changed=changed,
        carriers=carriers,
        gang_device=(2 * n + first).astype(np.int32),
        gang_ip=(n_ips + 3 * np.arange(len(sizes))).astype(np.int32),
        gang_phone=(n + first).astype(np.int32),
        each=each,
        circle=circle.astype(np.int32),
        second_phone=second.astype(np.int32),
        second_device=tablet.astype(np.int32),
        since=begins[number // CIRCLE],
        until=(begins + lasts)[number // CIRCLE],
        own_since=own_since,
        circle_device=circle_device,
        circle_ip=circle_ip,
        circle_phone=circle_phone,
        device_id=ids(circle_device + circles + n),
        ip_id=ids(circle_ip + circles),
        phone_id=ids(circle_phone + circles + n),
    )


def make_traces(
    rng: np.random.Generator, people: People, kit: Equipment, moved: Flows, gang: Ints, member: Flags
) -> Traces:
    """Say from where each transfer was made; `gang` is -1 for honest ones, `member` says that the sender belongs."""
    n = len(moved)
    owner = people.owner[moved.sender]
    ip = _own_ip(rng, kit, owner)
    device = np.where(moved.at >= kit.changed[owner], kit.later_device[owner], kit.device[owner])
    phone = kit.phone[owner].copy()
    country = np.where(rng.random(n) < 0.012, 1 + pick(rng, n, ABROAD), 0).astype(np.int8)
    device, ip, phone = _as_the_honest_share(rng.spawn(1)[0], kit, owner, moved.at, device, ip, phone)

    rows = np.flatnonzero((gang >= 0) & member)
    whose, who = gang[rows], owner[rows]
    lent = rng.random(len(rows)) < 0.5
    device[rows] = np.where(lent, kit.gang_device[whose] + who % kit.each[whose], device[rows])
    at_home = rng.random(len(rows)) < 0.55
    ip[rows] = np.where(at_home, ip[rows], kit.gang_ip[whose] + rng.integers(0, 3, len(rows)))
    called = rng.random(len(rows)) < 0.25
    phone[rows] = np.where(called, kit.gang_phone[whose] + who % kit.each[whose], phone[rows])
    away = rng.random(len(rows)) < 0.03
    country[rows] = np.where(away, 1 + pick(rng, len(rows), ABROAD), country[rows])

    unseen = np.isin(moved.channel, (COUNTER, ATM, CARD, API))
    known = moved.at + rng.integers(1, 180, n)
    # Some arrive with the night's batch.
    batch = rng.random(n) < 0.02
    known = np.where(batch, (moved.at // DAY + 1) * DAY + 5 * 3600 + rng.integers(0, 1800, n), known)
    device_id = np.where(unseen | (moved.channel == WEB) & (rng.random(n) < 0.3), -1, kit.device_id[device])
    return Traces(
        device_id.astype(np.int32),
        np.where(unseen, -1, kit.ip_id[ip]).astype(np.int32),
        np.where(unseen & (moved.channel != COUNTER), -1, kit.phone_id[phone]).astype(np.int32),
        country,
        known,
    )


def _as_the_honest_share(
    rng: np.random.Generator, kit: Equipment, owner: Ints, at: Ints, device: Ids, ip: Ids, phone: Ids
) -> tuple[Ids, Ids, Ids]:
    """Let helpers act for their circles, as often as a gang's devices are lent, and second phones be used."""
    circle, second, tablet, n = kit.circle[owner], kit.second_phone[owner], kit.second_device[owner], len(owner)
    helped = (circle >= 0) & (at >= kit.since[owner]) & (at < kit.until[owner])
    own = at >= kit.own_since[owner]
    device = np.where((tablet >= 0) & own & (rng.random(n) < 0.35), tablet, device)
    device = np.where(helped & (rng.random(n) < 0.5), kit.circle_device + circle, device)
    ip = np.where(helped & (rng.random(n) < 0.45), kit.circle_ip + circle, ip)
    phone = np.where((second >= 0) & own & (rng.random(n) < 0.3), second, phone)
    phone = np.where(helped & (rng.random(n) < 0.25), kit.circle_phone + circle, phone)
    return device, ip, phone


def _own_ip(rng: np.random.Generator, kit: Equipment, owner: Ints) -> Ids:
    """Draw an address of one's own: at home, at work, a carrier's."""
    place = rng.random(len(owner))
    carrier = rng.integers(0, kit.carriers, len(owner), dtype=np.int32)
    return np.where(place < 0.5, kit.home_ip[owner], np.where(place < 0.65, kit.work_ip[owner], carrier))


def make_logins(
    rng: np.random.Generator, people: People, kit: Equipment, moved: Flows, traces: Traces, span: Span, n: int
) -> Logins:
    """Simulate about `n` logins: half just before a transfer on the same device, half to look at the balance."""
    seen = np.flatnonzero((traces.device >= 0) & (traces.ip >= 0))
    rows = np.sort(seen[rng.integers(0, len(seen), n // 2)]) if len(seen) else np.zeros(0, dtype=np.int64)
    before = moved.at[rows] - rng.integers(20, 900, len(rows))
    who = rng.integers(0, people.n_accounts, n - n // 2)
    at = span.start + rng.integers(0, span.days, len(who)) * DAY + hours(rng, len(who), 0.06)
    who, at = who[at >= people.opened[who]], at[at >= people.opened[who]]
    owner = people.owner[who]
    device = np.where(at >= kit.changed[owner], kit.later_device[owner], kit.device[owner])
    account = np.concatenate([moved.sender[rows], who])
    time = np.concatenate([before, at])
    ip = np.concatenate([traces.ip[rows], kit.ip_id[_own_ip(rng, kit, owner)]])
    devices = np.concatenate([traces.device[rows], kit.device_id[device]])
    order = np.argsort(time, kind="stable")
    order = order[time[order] >= span.start]
    return Logins(account[order], time[order], ip[order], devices[order])
