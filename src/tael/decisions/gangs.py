"""Which gangs are looked into: groups found in the scored transfers of each search, ranked, up to a capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.decisions.gangs_moves import Ints, Moves, search_name, truth_of
from tael.decisions.gangs_words import TYPOLOGY_WORDS
from tael.errors import DecisionError
from tael.networks.gang import Gang, Gangs, GangSettings
from tael.networks.gangs import find_gangs
from tael.networks.tuning import choose_settings
from tael.validation.words import Words

_DAY = 86_400_000_000
MOST = 60
"""Members of a gang at most: a page that shows more shows nothing."""
TRIED = ("share", "threshold", "within", "split_over", "rounds")


@dataclass(frozen=True, eq=False)
class Search:
    """What one search found.

    Attributes
    ----------
    cutoff : int
        Microseconds since 1970.
    rows : ndarray of int64
        Its transfers, in the batch.
    gangs : Gangs
        All groups, ranked by score x money; rows of their edges count from the search's own first.
    rank : ndarray of int64, shape (gangs,)
        Place in the queue, from 1 on; 0 for those not looked into.
    reason : tuple of str
        "gang"; or "again" (half of it was reported a short while ago), "capacity" (larger ones came first).
    """

    cutoff: int
    rows: Ints
    gangs: Gangs
    rank: Ints
    reason: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its day."""
        return search_name(self.cutoff)

    def gang_name(self, place: int) -> str:
        """How the gang at a place is called, the same whenever it is found again."""
        return f"{self.name}-{place + 1:03d}"

    def reported(self) -> list[tuple[int, Gang]]:
        """Place and gang of those looked into, in the order of the queue."""
        chosen = [(int(self.rank[k]), k) for k in np.flatnonzero(self.rank).tolist()]
        return [(k, self.gangs[k]) for _, k in sorted(chosen)]


@dataclass
class GangPolicy:
    """Look for gangs in each search, and queue the first of them.

    Parameters
    ----------
    capacity : int
        Gangs that can be looked into after each search.
    settings : GangSettings
        How gangs are looked for, or where the choice begins.
    quiet : float
        Days after its report in which a gang with half of the same members is not reported again.
    currency : str

    Attributes
    ----------
    trials_ : list of dict or None
        The settings that were tried on validation, the best first; None: nothing could be chosen.

    Examples
    --------
    >>> day, names = 86_400_000_000, ["a", "b", "c", "e"]
    >>> moves = Moves.of(names, ["d", "d", "d", "f"], np.array([1, 2, 3, 4]) * day, [50.0] * 4, [30 * day] * 4, names)
    >>> policy = GangPolicy(5, GangSettings(share=None, threshold=0.5))
    >>> found = policy.decide(moves, [0.9, 0.8, 0.9, 0.1])[0]
    >>> found.gang_name(0), found.gangs[0].typology, len(found.gangs[0]), found.rank.tolist()
    ('1970-01-31-001', 'fan_in', 4, [1])
    """

    kind: ClassVar[str] = "gangs"

    capacity: int
    settings: GangSettings = field(default_factory=lambda: GangSettings(share=None, threshold=0.2, cap=MOST))
    quiet: float = 0.0
    currency: str = ""
    trials_: list[dict[str, Any]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.capacity < 1 or self.capacity != int(self.capacity):
            raise DecisionError(
                "The capacity makes no sense.", expected="a number of gangs, 1 or more", got=f"{self.capacity:g}"
            )
        if not (np.isfinite(self.quiet) and self.quiet >= 0):
            raise DecisionError("The quiet time makes no sense.", expected="days, 0 or more", got=f"{self.quiet:g}")
        if self.settings.cap > MOST:
            raise DecisionError("A gang is too large to be looked at.", expected=f"at most {MOST} members",
                                got=str(self.settings.cap), where="cap")  # fmt: skip

    def fit(self, moves: Moves, score: ArrayLike, case: NDArray[Any], grid: Mapping[str, Sequence[Any]]) -> GangPolicy:
        """Choose the settings with which known gangs are found best.

        Parameters
        ----------
        moves : Moves
            Of searches that ended before those that are decided later.
        score : array-like of shape (n,)
            Probability that a transfer belongs to a gang.
        case : ndarray of str or None, shape (n,)
            The gang that it turned out to belong to.
        grid : mapping
            ``thresholds, withins, split_overs, rounds`` to try; see :func:`tael.networks.choose_settings`.

        Returns
        -------
        GangPolicy
            Itself. Without a known gang the settings stay as they are, and `trials_` is None.
        """
        self.trials_ = None
        p = np.asarray(score, dtype=np.float64)
        tables = []
        for _, rows in moves.searches():
            truth = truth_of(moves, rows, case)
            if truth:
                tried: dict[str, Any] = dict(grid)
                trials = choose_settings(
                    moves.edges(rows), p[rows], truth, capacity=self.capacity, base=self.settings, **tried
                ).trials
                tables.append(trials.with_columns(known=pl.lit(len(truth))))
        if not tables:
            return self
        means = [
            ((pl.col(name) * pl.col("known")).sum() / pl.col("known").sum()).alias(name)
            for name in ("recall", "recall_close", "precision", "value")
        ]
        together = (
            pl.concat(tables)
            .group_by(TRIED, maintain_order=True)
            .agg(*means, pl.col("gangs").sum(), pl.col("known").sum())
            .sort(["value", *TRIED[1:]], descending=[True, True, False, False, False])
        )
        self.trials_ = together.to_dicts()
        best = {name: self.trials_[0][name] for name in TRIED}
        self.settings = GangSettings(**{**asdict(self.settings), **best})
        return self

    def decide(self, moves: Moves, score: ArrayLike) -> list[Search]:
        """Look for gangs in every search of a batch.

        Parameters
        ----------
        moves : Moves
        score : array-like of shape (n,)
            0 to 1.

        Returns
        -------
        list of Search
            In the order of time. Only what is reported within the batch keeps a later report quiet.
        """
        p = np.asarray(score, dtype=np.float64)
        out: list[Search] = []
        before: list[tuple[int, frozenset[str]]] = []
        for _, rows in moves.searches():
            cutoff = int(moves.cutoff[rows[0]])
            gangs = find_gangs(moves.edges(rows), p[rows], settings=self.settings)
            recent = [members for when, members in before if cutoff - when < self.quiet * _DAY]
            rank, reason = np.zeros(len(gangs), dtype=np.int64), []
            for place, gang in enumerate(gangs):
                members = frozenset(gang.members)
                if any(2 * len(members & earlier) >= len(members) for earlier in recent):
                    reason.append("again")
                elif rank.max(initial=0) >= self.capacity:
                    reason.append("capacity")
                else:
                    rank[place] = rank.max(initial=0) + 1
                    reason.append("gang")
                    before.append((cutoff, members))
            out.append(Search(cutoff, rows, gangs, rank, tuple(reason)))
        return out

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain data."""
        return {
            "kind": self.kind, "capacity": self.capacity, "settings": asdict(self.settings), "quiet": self.quiet,
            "currency": self.currency, "trials": self.trials_,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> GangPolicy:
        """The policy that `to_dict` described."""
        return cls(
            capacity=plain["capacity"], settings=GangSettings(**plain["settings"]), quiet=plain["quiet"],
            currency=plain["currency"], trials_=plain["trials"],
        )  # fmt: skip


def gang_told(gang: Gang, currency: str = "") -> Words:
    """What a gang is, in a sentence without its end: shape, accounts, transfers, money, days."""
    shape, _ = TYPOLOGY_WORDS[gang.typology]
    unit = f" {currency}" if currency else ""
    first, last = (str(np.datetime64(at, "us").astype("datetime64[D]")) for at in (gang.start, gang.end))
    n, k, money = len(gang), len(gang.edges), f"{gang.money:,.2f}{unit}"
    return Words(
        f"{shape.en}, {n} accounts, {k} {'transfer' if k == 1 else 'transfers'} with {money}, {first} to {last}",
        f"{shape.zh}，{n} 个账户、{k} 笔转账，共 {money}，{first} 至 {last}",
    )
