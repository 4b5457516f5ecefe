"""The typologies of laundering that can be planted: each turns a gang's members into transfers and roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tael.datasets.laundering_base import DAY, HOUR, Floats, Ints, hours, rounded, split

ROLE = ("source", "mule", "collector", "hub")
SOURCE, MULE, COLLECTOR, HUB = range(len(ROLE))
MINUTE = 60


@dataclass
class Plot:
    """A gang at work: who belongs to it, when, how much a transfer moves, and the transfers so far.

    Attributes
    ----------
    members : int64 array
        Accounts, of which a typology gives each a role.
    strangers : int64 array
        Ordinary accounts that it may take money from or pay: no members.
    start, end : int
        Seconds since 1970.
    base : float
        The order of size of a transfer, CNY.
    """

    rng: np.random.Generator
    members: Ints
    strangers: Ints
    start: int
    end: int
    base: float
    roles: Ints = field(init=False)
    moves: list[tuple[Ints, Ints, Ints, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roles = np.full(len(self.members), MULE, dtype=np.int64)

    def begins(self, n: int, night: float = 0.06) -> Ints:
        """Draw the beginnings of `n` rounds, in order, early enough for a round to end in time."""
        last = max(1, (self.end - self.start) // DAY - 3)
        day = np.sort(self.rng.integers(0, last, n))
        return self.start + day * DAY + hours(self.rng, n, night)

    def rounds(self, least: int = 1, most: int = 5) -> int:
        """Draw a number of rounds, more where there is more time."""
        return int(min(most, least + self.rng.poisson((self.end - self.start) / (12 * DAY))))

    def piece(self, n: int) -> Floats:
        """Draw amounts around the gang's own order of size; some are round, as honest ones are."""
        return rounded(self.rng, self.base * np.exp(self.rng.normal(0.0, 0.5, n)), 0.45)

    def kept(self, amount: Floats) -> Floats:
        """Take a fee off, now and then nothing, and never the same share."""
        fee = self.rng.uniform(0.0, 0.05, len(amount)) * (self.rng.random(len(amount)) < 0.85)
        return np.asarray(amount * (1.0 - fee))

    def move(self, sender: Ints, receiver: Ints, at: Ints, amount: Floats) -> None:
        """Add transfers."""
        there = sender != receiver
        self.moves.append((sender[there], receiver[there], at[there], amount[there]))

    def later(self, at: Ints | Floats, low: float, high: float) -> Ints:
        """Return moments some seconds later."""
        return (at + self.rng.uniform(low, high, len(at))).astype(np.int64)

    def some(self, of: Ints, n: int) -> Ints:
        """Draw up to `n` different ones."""
        return self.rng.permutation(of)[: max(1, n)]

    def outsiders(self, n: int) -> Ints:
        """Draw strangers, perhaps the same one twice."""
        return self.strangers[self.rng.integers(0, len(self.strangers), n)]

    def part(self, *shares: float) -> list[Ints]:
        """Split the members into groups by shares, at least one in each."""
        n, left = len(self.members), self.rng.permutation(len(self.members))
        sizes = np.maximum(1, np.floor(np.array(shares) / sum(shares) * n).astype(int))
        sizes[int(np.argmax(sizes))] += n - sizes.sum()
        return list(np.split(left, np.cumsum(sizes)[:-1]))

    def cast(self, role: int, places: Ints) -> Ints:
        """Give members a role; return their accounts."""
        self.roles[places] = role
        return self.members[places]


def _layer(plot: Plot, senders: Ints, receivers: Ints, at: Ints, width: int, low: float, high: float) -> Ints:
    """Let each sender pay some of the receivers; return when each receiver had been paid by all."""
    paid = np.full(len(receivers), int(at.max()))
    for sender, when in zip(senders, np.broadcast_to(at, senders.shape), strict=True):
        places = plot.some(np.arange(len(receivers)), width)
        times = plot.later(np.full(len(places), when), low, high)
        plot.move(np.full(len(places), sender), receivers[places], times, plot.kept(plot.piece(len(places))))
        paid[places] = np.maximum(paid[places], times)
    return paid


def fan_out(plot: Plot) -> None:
    """One pays many within a day."""
    source, mules = plot.part(1e-9, 1.0)
    payer, paid = plot.cast(SOURCE, source), plot.cast(MULE, mules)
    for at in plot.begins(plot.rounds(2)):
        to = plot.some(paid, round(len(paid) * plot.rng.uniform(0.7, 1.0)))
        plot.move(np.repeat(payer, len(to)), to, plot.later(np.full(len(to), at), 0, 20 * HOUR), plot.piece(len(to)))


def fan_in(plot: Plot) -> None:
    """Many pay one within a day or two."""
    end, mules = plot.part(1e-9, 1.0)
    payers, to = plot.cast(MULE, mules), plot.cast(COLLECTOR, end)
    for at in plot.begins(plot.rounds(2)):
        who = plot.some(payers, round(len(payers) * plot.rng.uniform(0.7, 1.0)))
        times = plot.later(np.full(len(who), at), 0, 30 * HOUR)
        plot.move(who, np.repeat(to, len(who)), times, plot.piece(len(who)))


def cycle(plot: Plot) -> None:
    """Money comes back to where it started, through different members each time."""
    head = plot.cast(SOURCE, np.array([0]))
    others = plot.members[1:]
    for at in plot.begins(plot.rounds(3, 9)):
        way = np.concatenate([head, plot.some(others, int(plot.rng.integers(2, min(9, len(others)) + 1))), head])
        steps = len(way) - 1
        times = at + np.cumsum(plot.rng.exponential(5 * HOUR, steps) + 5 * MINUTE).astype(np.int64)
        amount = np.full(steps, plot.piece(1)[0]) * np.cumprod(1 - plot.rng.uniform(0, 0.03, steps))
        plot.move(way[:-1], way[1:], times, amount)


def scatter_gather(plot: Plot) -> None:
    """One pays many, all of them pay one other."""
    source, mules, end = plot.part(1e-9, 1.0, 1e-9)
    payer, via, to = plot.cast(SOURCE, source), plot.cast(MULE, mules), plot.cast(COLLECTOR, end)
    for at in plot.begins(plot.rounds(1, 4)):
        who = plot.some(via, round(len(via) * plot.rng.uniform(0.7, 1.0)))
        amount = plot.piece(len(who))
        first = plot.later(np.full(len(who), at), 0, 12 * HOUR)
        plot.move(np.repeat(payer, len(who)), who, first, amount)
        plot.move(who, np.repeat(to, len(who)), plot.later(first, 20 * MINUTE, 36 * HOUR), plot.kept(amount))


def gather_scatter(plot: Plot) -> None:
    """Many pay a hub, the hub pays many others."""
    sources, hub, ends = plot.part(0.5, 1e-9, 0.5)
    payers, via, to = plot.cast(SOURCE, sources), plot.cast(HUB, hub), plot.cast(COLLECTOR, ends)
    for at in plot.begins(plot.rounds(1, 5)):
        amount = plot.piece(len(payers))
        times = plot.later(np.full(len(payers), at), 0, 18 * HOUR)
        plot.move(payers, np.repeat(via, len(payers)), times, amount)
        total = float(plot.kept(amount).sum())
        out = plot.later(np.full(len(to), times.max()), 10 * MINUTE, 24 * HOUR)
        plot.move(np.repeat(via, len(to)), to, out, split(plot.rng, total, len(to)))


def bipartite(plot: Plot) -> None:
    """Each of one side pays several of the other."""
    left, right = plot.part(0.5, 0.5)
    payers, to = plot.cast(SOURCE, left), plot.cast(COLLECTOR, right)
    for at in plot.begins(plot.rounds(1, 4)):
        _layer(plot, payers, to, np.array([at]), min(4, len(to)), 0, 40 * HOUR)


def stack(plot: Plot) -> None:
    """Layer pays layer pays layer."""
    first, middle, last = plot.part(0.33, 0.34, 0.33)
    payers, via, to = plot.cast(SOURCE, first), plot.cast(MULE, middle), plot.cast(COLLECTOR, last)
    for at in plot.begins(plot.rounds(1, 4)):
        paid = _layer(plot, payers, via, np.array([at]), min(3, len(via)), 0, 20 * HOUR)
        _layer(plot, via, to, paid, min(3, len(to)), 10 * MINUTE, 20 * HOUR)


def random_chain(plot: Plot) -> None:
    """Money walks at random through the members."""
    plot.cast(SOURCE, np.array([0]))
    for at in plot.begins(plot.rounds(3, 12)):
        way = plot.some(plot.members[1:], int(plot.rng.integers(3, min(12, len(plot.members)) + 1)))
        way = np.concatenate([plot.members[:1], way])
        steps = len(way) - 1
        times = at + np.cumsum(plot.rng.exponential(6 * HOUR, steps) + 3 * MINUTE).astype(np.int64)
        plot.move(way[:-1], way[1:], times, plot.piece(1)[0] * np.cumprod(1 - plot.rng.uniform(0, 0.08, steps)))


def structuring(plot: Plot) -> None:
    """A sum above the threshold of 50,000 CNY goes in pieces just below it, three a day or three days running."""
    source, mules, end = plot.part(0.15, 0.8, 0.05)
    payers, via, to = plot.cast(SOURCE, source), plot.cast(MULE, mules), plot.cast(COLLECTOR, end)
    for at in plot.begins(plot.rounds(1, 2)):
        who = plot.some(via, round(len(via) * 0.6))
        for mule in who:
            n = int(plot.rng.integers(3, 6))
            amount = 50_000 * plot.rng.uniform(0.8, 0.999, n)
            gap = HOUR if plot.rng.random() < 0.5 else 20 * HOUR
            times = at + np.cumsum(plot.rng.uniform(0.1, 1.0, n) * gap).astype(np.int64)
            plot.move(payers[plot.rng.integers(0, len(payers), n)], np.full(n, mule), times, amount)
            ends = to[plot.rng.integers(0, len(to), n)]
            plot.move(np.full(n, mule), ends, plot.later(times, 30 * MINUTE, 30 * HOUR), plot.kept(amount))


def dormant(plot: Plot) -> None:
    """Accounts asleep for months wake, are used for some days, and fall silent."""
    mules, end = plot.part(1.0, 0.1)
    via, to = plot.cast(MULE, mules), plot.cast(COLLECTOR, end)
    for mule, at in zip(via, plot.begins(len(via)), strict=True):
        n = int(plot.rng.integers(2, 8))
        amount = plot.piece(n)
        times = at + np.cumsum(plot.rng.exponential(8 * HOUR, n)).astype(np.int64)
        plot.move(plot.outsiders(n), np.full(n, mule), times, amount)
        ends = to[plot.rng.integers(0, len(to), n)]
        plot.move(np.full(n, mule), ends, plot.later(times, 10 * MINUTE, 10 * HOUR), plot.kept(amount))


def pass_through(plot: Plot) -> None:
    """Mules take strangers' money on their codes, and pass it on within minutes (跑分)."""
    mules, end = plot.part(1.0, 0.12)
    via, to = plot.cast(MULE, mules), plot.cast(COLLECTOR, end)
    for mule in via:
        for at in plot.begins(int(plot.rng.integers(1, 4)), 0.15):
            n = int(plot.rng.integers(2, 6))
            amount = plot.piece(n)
            times = at + np.cumsum(plot.rng.exponential(25 * MINUTE, n)).astype(np.int64)
            plot.move(plot.outsiders(n), np.full(n, mule), times, amount)
            ends = to[plot.rng.integers(0, len(to), n)]
            plot.move(np.full(n, mule), ends, plot.later(times, MINUTE, 20 * MINUTE), plot.kept(amount))


def underground_bank(plot: Plot) -> None:
    """Who pays here is paid there: mirror flows of like sums between two pools that never meet."""
    here, there = plot.part(0.5, 0.5)
    ins, outs = plot.cast(COLLECTOR, here), plot.cast(SOURCE, there)
    n = int(plot.rng.integers(15, 50))
    at = plot.begins(n)
    amount = plot.piece(n)
    plot.move(plot.outsiders(n), ins[plot.rng.integers(0, len(ins), n)], at, amount)
    mirrored = plot.later(at, 15 * MINUTE, 8 * HOUR)
    plot.move(outs[plot.rng.integers(0, len(outs), n)], plot.outsiders(n), mirrored, plot.kept(amount))
    # Each pool settles within itself.
    for pool in (ins, outs):
        if len(pool) > 1:
            m = int(plot.rng.integers(2, 7))
            a, b = (pool[plot.rng.integers(0, len(pool), m)] for _ in range(2))
            plot.move(a, b, plot.begins(m), plot.piece(m))


def gambling(plot: Plot) -> None:
    """Many small round stakes come in, mostly at night; few large sums go out."""
    ends, hub, owners = plot.part(1.0, 1e-9, 0.2)
    ins, via, to = plot.cast(COLLECTOR, ends), plot.cast(HUB, hub), plot.cast(MULE, owners)
    gamblers = plot.outsiders(int(plot.rng.integers(20, 60)))
    for taker in ins:
        n = int(plot.rng.integers(6, 16))
        at = plot.begins(n, 0.55)
        stake = plot.rng.choice(np.array([50.0, 100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0]), n)
        plot.move(gamblers[plot.rng.integers(0, len(gamblers), n)], np.full(n, taker), at, stake)
        k = int(plot.rng.integers(1, 4))
        when = plot.later(np.quantile(at, np.linspace(0.5, 1.0, k)), 30 * MINUTE, DAY)
        plot.move(np.full(k, taker), np.repeat(via, k), when, split(plot.rng, float(stake.sum()) * 0.93, k))
        plot.move(np.repeat(via, k), to[plot.rng.integers(0, len(to), k)], plot.later(when, HOUR, DAY),
                  split(plot.rng, float(stake.sum()) * 0.9, k))  # fmt: skip


def telecom_fraud(plot: Plot) -> None:
    """A victim pays somebody never seen before; within minutes the money is split, and split again."""
    first, second, end = plot.part(0.25, 0.6, 0.15)
    hit, via, to = plot.cast(SOURCE, first), plot.cast(MULE, second), plot.cast(COLLECTOR, end)
    for at in plot.begins(plot.rounds(3, 8)):
        n = int(plot.rng.integers(1, 4))
        entry = hit[plot.rng.integers(0, len(hit))]
        amount = plot.piece(n) * plot.rng.uniform(1.0, 3.0)
        times = at + np.cumsum(plot.rng.exponential(20 * MINUTE, n)).astype(np.int64)
        plot.move(plot.outsiders(n), np.full(n, entry), times, amount)
        who = plot.some(via, int(plot.rng.integers(2, 6)))
        parts = split(plot.rng, float(amount.sum()) * 0.98, len(who))
        gone = plot.later(np.full(len(who), times.max()), MINUTE, 15 * MINUTE)
        plot.move(np.full(len(who), entry), who, gone, parts)
        ends = to[plot.rng.integers(0, len(to), len(who))]
        plot.move(who, ends, plot.later(gone, MINUTE, 25 * MINUTE), plot.kept(parts))


def company_person(plot: Plot) -> None:
    """Companies without a business take sums in and pay them out to persons as if they worked there."""
    shells, staff, end = plot.part(0.2, 0.7, 0.1)
    firms, via, to = plot.cast(HUB, shells), plot.cast(MULE, staff), plot.cast(COLLECTOR, end)
    for at in plot.begins(plot.rounds(2, 6)):
        firm = firms[plot.rng.integers(0, len(firms))]
        who = plot.some(via, int(plot.rng.integers(3, 13)))
        amount = plot.piece(len(who))
        k = int(plot.rng.integers(1, 4))
        paid = plot.later(np.full(k, at), 0, 6 * HOUR)
        plot.move(plot.outsiders(k), np.full(k, firm), paid, split(plot.rng, float(amount.sum()) * 1.03, k))
        out = plot.later(np.full(len(who), paid.max()), 10 * MINUTE, 10 * HOUR)
        plot.move(np.full(len(who), firm), who, out, amount)
        back = plot.rng.random(len(who)) < 0.7
        ends = to[plot.rng.integers(0, len(to), int(back.sum()))]
        plot.move(who[back], ends, plot.later(out[back], HOUR, 2 * DAY), plot.kept(amount[back]))


@dataclass(frozen=True)
class Typology:
    """A kind of laundering: how it moves money, how few members it needs, its name in words."""

    plant: Callable[[Plot], None]
    least: int
    en: str
    zh: str


TYPOLOGIES: dict[str, Typology] = {
    "fan_out": Typology(fan_out, 6, "one pays many within a day", "一人向多人分散转出"),
    "fan_in": Typology(fan_in, 6, "many pay one within two days", "多人向一人集中转入"),
    "cycle": Typology(cycle, 4, "money comes back to where it started", "资金循环回流"),
    "scatter_gather": Typology(scatter_gather, 6, "scattered to many, gathered by one", "先分散后集中"),
    "gather_scatter": Typology(gather_scatter, 7, "gathered by a hub, scattered to many", "先集中后分散"),
    "bipartite": Typology(bipartite, 6, "each of one side pays several of the other", "两层之间交叉转账"),
    "stack": Typology(stack, 7, "layer pays layer pays layer", "多层逐级转移"),
    "random_chain": Typology(random_chain, 5, "money walks through the members", "随机链式转移"),
    "structuring": Typology(structuring, 6, "pieces just below the threshold of a report", "化整为零, 规避大额报告"),
    "dormant": Typology(dormant, 5, "accounts asleep for months wake and pass money on", "休眠账户突然启用"),
    "pass_through": Typology(pass_through, 5, "strangers' money passed on within minutes", "跑分: 快进快出"),
    "underground_bank": Typology(underground_bank, 4, "mirror flows of two pools", "地下钱庄: 对敲"),
    "gambling": Typology(gambling, 5, "small round stakes at night, few large payouts", "网络赌博: 夜间小额整数"),
    "telecom_fraud": Typology(telecom_fraud, 6, "new counterparties' money split in minutes", "电信诈骗: 到账拆分"),
    "company_person": Typology(company_person, 7, "companies pay persons who pay on", "公转私异常"),
}  # fmt: skip
"""What can be planted."""
