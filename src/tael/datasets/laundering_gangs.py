"""The gangs of the simulated bank: who belongs to which, when it works, and everything that it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tael.datasets import laundering_base as b
from tael.datasets.laundering_base import DAY, HOUR, Floats, Flows, Ints, flows
from tael.datasets.laundering_life import Life, Span
from tael.datasets.laundering_people import NONE, STUDENT, People
from tael.datasets.laundering_typologies import TYPOLOGIES, Plot

SLEEP_DAYS = 75
"""How long the accounts of the typology ``dormant`` have slept at least, where the data reach back so far."""


@dataclass(frozen=True)
class Gangs:
    """What was planted: one row a gang, one row a member, one row a transfer.

    Attributes
    ----------
    typology : list of str
    start, end : int64 arrays, shape (gangs,)
        The first and the last transfer, seconds since 1970.
    member, gang, role : int64 arrays, shape (members,)
        Account, its gang, its role.
    flows : Flows
    of : int64 array, shape (transfers,)
        The gang of each transfer.
    awake : dict of int to (int, int)
        Dormant members: when they wake and fall silent again.
    """

    typology: list[str]
    start: Ints
    end: Ints
    member: Ints
    gang: Ints
    role: Ints
    flows: Flows
    of: Ints
    awake: dict[int, tuple[int, int]]

    def __len__(self) -> int:
        return len(self.typology)


def plant_gangs(
    rng: np.random.Generator, people: People, life: Life, span: Span, typologies: Sequence[str], sizes: Ints
) -> Gangs:
    """Plant a gang for each typology named, of the size given; no account belongs to two."""
    typical = _typical_amounts(rng, life)
    persons, firms = _recruits(rng, people, life, span.start)
    # Victims and customers of gangs are never members.
    strangers = persons[len(persons) // 2 :]
    strangers = strangers[people.opened[strangers] <= span.start]
    persons = persons[: len(persons) // 2]
    free = np.ones(len(persons), dtype=bool)
    member, gang, role, of, batches, starts, ends = [], [], [], [], [], [], []
    awake: dict[int, tuple[int, int]] = {}
    used = 0
    when = _spread(rng, typologies)
    for number, (name, size) in enumerate(zip(typologies, sizes, strict=True)):
        length = int(np.clip(rng.gamma(2.2, 9.0), 6, min(60, 0.8 * span.days)))
        earliest = min(SLEEP_DAYS + 5, span.days - length) if name == "dormant" else 2
        earliest = min(earliest, span.days - length)
        begin = span.start + int(earliest + when[number] * (span.days - length - earliest)) * DAY
        # Who has slept for months was there when they began.
        before = span.start if name == "dormant" else begin
        places = np.flatnonzero(free & (people.opened[persons] <= before))[:size]
        free[places] = False
        chosen = persons[places]
        n_firms = _companies(rng, name, int(size))
        if n_firms and used + n_firms <= len(firms):
            chosen[:n_firms] = firms[used : used + n_firms]
            used += n_firms
        plot = Plot(rng, chosen, strangers, begin, begin + length * DAY, float(typical[number % len(typical)]))
        TYPOLOGIES[name].plant(plot)
        _swap_firms(plot, chosen[:n_firms], people.n_companies)
        sender, receiver, at, amount = (np.concatenate(column) for column in zip(*plot.moves, strict=True))
        if name != "gambling" and rng.random() < 0.95:
            at = _by_day(at)
        inside = (at >= span.start) & (at < span.end)
        batches.append(flows(rng, at[inside], sender[inside], receiver[inside], amount[inside]))
        of.append(np.full(int(inside.sum()), number))
        active = np.isin(chosen, np.concatenate([sender[inside], receiver[inside]]))
        member.append(chosen[active])
        role.append(plot.roles[active])
        gang.append(np.full(int(active.sum()), number))
        starts.append(at[inside].min())
        ends.append(at[inside].max())
        if name == "dormant":
            awake |= {int(a): (int(starts[-1]), int(ends[-1])) for a in chosen[active]}
    empty = np.zeros(0, dtype=np.int64)
    joined = Flows.join(batches) if batches else flows(rng, empty, empty, empty, np.zeros(0))
    return Gangs(
        typology=list(typologies),
        start=np.array(starts, dtype=np.int64),
        end=np.array(ends, dtype=np.int64),
        member=np.concatenate([empty, *member]),
        gang=np.concatenate([empty, *gang]),
        role=np.concatenate([empty, *role]),
        flows=_disguised(rng, joined, life, people.n_companies),
        of=np.concatenate([empty, *of]),
        awake=awake,
    )


def draw_sizes(rng: np.random.Generator, typologies: Sequence[str], least: int, most: int) -> Ints:
    """Draw the sizes of gangs: small ones are common, large ones are not rare; no smaller than the typology needs."""
    drawn = np.exp(rng.uniform(np.log(least), np.log(most + 1), len(typologies)) ** 0.95)
    need = np.array([TYPOLOGIES[name].least for name in typologies], dtype=np.int64)
    return np.maximum(np.clip(drawn.astype(np.int64), least, most), need)


def _spread(rng: np.random.Generator, typologies: Sequence[str]) -> Floats:
    """Spread the gangs of each typology over the time, 0 to 1: no weeks are full of laundering."""
    names = np.array(typologies, dtype=np.str_)
    out = np.zeros(len(names))
    for shift, name in enumerate(dict.fromkeys(typologies)):
        rows = np.flatnonzero(names == name)
        # Each typology begins elsewhere, or few gangs would all be early.
        out[rows] = (rng.permutation((np.arange(len(rows)) + rng.random(len(rows))) / len(rows)) + 0.382 * shift) % 1.0
    return out


def _typical_amounts(rng: np.random.Generator, life: Life) -> Floats:
    """Draw orders of size from what honest accounts move, the smallest left out: amounts must not tell."""
    amount = life.flows.amount
    amount = amount[(amount >= np.quantile(amount, 0.35)) & (amount <= np.quantile(amount, 0.99))]
    return amount[rng.integers(0, len(amount), 4096)]


def _recruits(rng: np.random.Generator, people: People, life: Life, start: int) -> tuple[Ints, Ints]:
    """Put persons (with their second accounts) and companies in the order in which gangs recruit them.

    The young, students, those without work and new customers are recruited more often, but not often enough to tell.
    """
    accounts = np.arange(people.n_companies, people.n_accounts)
    owner = people.owner[accounts]
    odds = np.ones(len(accounts))
    odds *= np.where(people.age[owner] < 28, 1.6, 1.0)
    odds *= np.where(np.isin(people.occupation[owner], (STUDENT, NONE)), 1.8, 1.0)
    odds *= np.where(people.opened[accounts] > np.quantile(people.opened[accounts], 0.8), 1.5, 1.0)
    # Who looks alike by nature stays honest.
    odds *= life.lookalike[accounts] < 0
    late = np.where(odds > 0, rng.exponential(1.0, len(odds)) / np.maximum(odds, 1e-12), np.inf)
    persons = accounts[np.argsort(late, kind="stable")][: int((odds > 0).sum())]
    firms = np.arange(people.n_companies // 3, people.n_companies)
    firms = firms[people.opened[firms] <= start]
    return persons, rng.permutation(firms)


def _companies(rng: np.random.Generator, name: str, size: int) -> int:
    """Say how many members are companies."""
    if name == "company_person":
        return max(1, round(0.2 * size))
    return int(rng.binomial(max(1, size // 8), 0.4))


def _swap_firms(plot: Plot, firms: Ints, n_companies: int) -> None:
    """Give the companies of a gang the hub's places (of `company_person`): a person is no shell company."""
    hubs = np.flatnonzero((plot.roles == 3) & (plot.members >= n_companies))
    others = np.flatnonzero((plot.roles != 3) & (plot.members < n_companies))
    n = min(len(hubs), len(others))
    if not n or not len(firms):
        return
    a, c = hubs[:n], others[:n]
    names = {int(x): int(y) for x, y in zip(plot.members[a], plot.members[c], strict=True)}
    names |= {y: x for x, y in names.items()}
    plot.members[a], plot.members[c] = plot.members[c].copy(), plot.members[a].copy()
    old = np.array(sorted(names))
    new = np.array([names[int(x)] for x in old])
    for i, (sender, receiver, at, amount) in enumerate(plot.moves):
        moved = []
        for side in (sender, receiver):
            place = np.minimum(np.searchsorted(old, side), len(old) - 1)
            moved.append(np.where(old[place] == side, new[place], side))
        plot.moves[i] = (moved[0], moved[1], at, amount)


def _disguised(rng: np.random.Generator, moves: Flows, life: Life, n_companies: int) -> Flows:
    """Give a gang's transfers the channel and remark of honest ones of like amount, hour and kinds of account.

    A person who is paid for "utilities" would stand out at once.
    """
    honest = life.flows
    channel, remark = moves.channel.copy(), moves.remark.copy()
    pool = np.flatnonzero(honest.channel <= b.COUNTER)
    alike, wanted = _kind_of(honest.take(pool), n_companies), _kind_of(moves, n_companies)
    for part in np.unique(wanted).tolist():
        rows = pool[alike == part] if (alike == part).any() else pool
        rows = rows[np.argsort(honest.amount[rows], kind="stable")]
        mine = np.flatnonzero(wanted == part)
        place = np.searchsorted(honest.amount[rows], moves.amount[mine]) + rng.integers(-20, 21, len(mine))
        twin = rows[np.clip(place, 0, len(rows) - 1)]
        channel[mine], remark[mine] = honest.channel[twin], honest.remark[twin]
    return replace(moves, channel=channel, remark=remark)


def _kind_of(moves: Flows, n_companies: int) -> Ints:
    """Number what must be alike in a disguise: the part of the day, and whether each end is a person."""
    persons = 2 * (moves.sender >= n_companies) + (moves.receiver >= n_companies)
    return np.asarray(4 * _part_of_day(moves.at) + persons, dtype=np.int64)


def _by_day(at: Ints) -> Ints:
    """Press each day into its hours from 06:30 to 23:00, order kept: most gangs sleep as others do."""
    return at // DAY * DAY + (6.5 * HOUR + (at % DAY) * (16.5 / 24.0)).astype(np.int64)


def _part_of_day(at: Ints) -> Ints:
    """Return 0 at night, 1 in office hours, 2 around them."""
    hour = at % DAY // HOUR
    return np.where((hour >= 23) | (hour < 5), 0, np.where((hour >= 9) & (hour < 18), 1, 2))
