"""Who is looked into: a queue of alerts, ranked by what an investigation is expected to bring, as long as it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.decisions._arrays import Floats
from tael.errors import DecisionError
from tael.validation.words import Lang, Words

Ints = NDArray[np.int64]
PER = ("day", "week", "month", "batch")
PARTIAL = 0.25
"""A period with fewer rows than this share of the usual is no whole one: a share of its capacity would be a whim."""
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Queue:
    """The alerts of a batch.

    Parameters
    ----------
    rank : ndarray of int, shape (n,)
        1 and up within the period; 0 where there is no alert.
    reason : ndarray of str, shape (n,)
        "alert"; or why there is none: "floor" (worth too little), "group" (another observation of the same group ranks
        higher in the period), "quiet" (the group had an alert a short while ago), "capacity" (larger ones came first),
        "line" (below the line of whole periods, where only a part of one is decided).
    period : ndarray of str, shape (n,)
    worth : ndarray of shape (n,)
        Expected value, in currency.
    rooms : dict of str to int
        Period -> alerts that it may have.
    floor : float
    line : float or None
    currency : str
    """

    rank: Ints
    reason: NDArray[Any]
    period: NDArray[Any]
    worth: Floats
    rooms: dict[str, int]
    floor: float
    line: float | None
    currency: str = ""

    def __len__(self) -> int:
        return len(self.rank)

    @property
    def alert(self) -> NDArray[np.bool_]:
        """Which rows are alerts, shape (n,)."""
        return np.asarray(self.rank > 0)

    def texts(self, lang: Lang = "en") -> list[str]:
        """Why each row is an alert or none, in a sentence."""
        return [self._words(i).text(lang) for i in range(len(self))]

    def _words(self, i: int) -> Words:
        unit = f" {self.currency}" if self.currency else ""
        worth, room = f"{self.worth[i]:,.2f}{unit}", self.rooms[self.period[i]]
        where = "" if self.period[i] == "batch" else f" ({self.period[i]})"
        why = self.reason[i]
        if why == "alert":
            return Words(
                f"Alert: number {self.rank[i]} of at most {room:,}{where}; expected value {worth}.",
                f"预警：第 {self.rank[i]} 位，至多 {room:,} 件{where}；预期价值 {worth}。",
            )
        if why == "floor":
            return Words(
                f"No alert: the expected value {worth} is below the floor of {self.floor:,.2f}{unit}.",
                f"不预警：预期价值 {worth} 低于下限 {self.floor:,.2f}{unit}。",
            )
        if why == "group":
            return Words(
                f"No alert of its own: another observation of the same group ranks higher{where}.",
                f"不单独预警：同组另一观测排位更高{where}。",
            )
        if why == "quiet":
            return Words(
                "No alert: the same group had one a short while ago.", "不预警：同组不久前已有预警，处于静默期。"
            )
        if why == "line":
            return Words(
                f"No alert: the expected value {worth} is below the usual line of {self.line or 0:,.2f}{unit}.",
                f"不预警：预期价值 {worth} 低于通常时段的入列线 {self.line or 0:,.2f}{unit}。",
            )
        return Words(
            f"No alert: the {room:,} places{where} went to larger ones; expected value {worth}.",
            f"不预警：{room:,} 个名额{where}已由价值更高者占用；预期价值 {worth}。",
        )


@dataclass
class AlertPolicy:
    """Queue what is worth most, up to a capacity for each period, and never below a floor.

    `fit` learns from a sample what the last alert of a full queue is worth (the line) and how many rows a period
    has, so that a part of a period, or one row, can be decided alone.

    Parameters
    ----------
    capacity : float
        Alerts for each period: 1 or more a number, below 1 a share of the period's rows.
    per : {"day", "week", "month", "batch"}
        The period, by cutoff; "batch": all rows that are decided together.
    floor : float
        Expected value below which nothing is queued, in currency.
    quiet : float
        Days after an alert in which its group gets no further one.
    currency : str

    Attributes
    ----------
    line_ : float or None
        Median over full queues of what their last alert is worth; None: no queue was full.
    rows_ : float or None
        Median rows of a period.

    Examples
    --------
    >>> days = [np.datetime64("2025-01-01"), np.datetime64("2025-01-01"), np.datetime64("2025-01-02")]
    >>> made = AlertPolicy(1, per="day").decide([5.0, 9.0, -1.0], days)
    >>> made.rank.tolist(), made.reason.tolist(), made.period.tolist()
    ([0, 1, 0], ['capacity', 'alert', 'floor'], ['2025-01-01', '2025-01-01', '2025-01-02'])
    """

    kind: ClassVar[str] = "alerts"

    capacity: float
    per: str = "day"
    floor: float = 0.0
    quiet: float = 0.0
    currency: str = ""
    line_: float | None = field(default=None, repr=False)
    rows_: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.per not in PER:
            raise DecisionError("No such period.", expected=", ".join(PER), got=repr(self.per), where="per")
        if not (np.isfinite(self.capacity) and self.capacity > 0):
            raise DecisionError(
                "The capacity makes no sense.",
                expected="a number of alerts, 1 or more, or a share of the rows below 1",
                got=f"{self.capacity:g}",
                where="capacity",
            )
        if not (np.isfinite(self.quiet) and self.quiet >= 0):
            raise DecisionError("The quiet time makes no sense.", expected="days, 0 or more", got=f"{self.quiet:g}")

    def room(self, rows: int) -> int:
        """Alerts that a period of so many rows may have; a share gives one at least.

        >>> AlertPolicy(20).room(1000), AlertPolicy(0.01).room(1000), AlertPolicy(0.01).room(20)
        (20, 10, 1)
        """
        if self.capacity >= 1:
            return int(self.capacity)
        return max(1, int(np.floor(self.capacity * rows + 1e-9))) if rows else 0

    def fit(self, worth: ArrayLike, cutoff: Any, groups: Any = None) -> AlertPolicy:
        """Learn the line and the usual size of a period.

        Parameters
        ----------
        worth : array-like of shape (n,)
            Expected value of an investigation, its cost taken off, in currency.
        cutoff : array-like of datetimes, shape (n,)
        groups : array-like of shape (n,), optional
            One alert a period for each; missing: a group of its own.
        """
        self.line_, self.rows_ = None, None
        made = self.decide(worth, cutoff, groups)
        _, inverse, count = np.unique(made.period.astype(str), return_inverse=True, return_counts=True)
        if not len(count):
            return self
        self.rows_ = float(np.median(count))
        last = [
            float(made.worth[here].min())
            for k, n in enumerate(count.tolist())
            if (here := made.alert & (inverse == k)).sum() == self.room(n)
        ]
        self.line_ = float(np.median(last)) if last else None
        return self

    def decide(self, worth: ArrayLike, cutoff: Any, groups: Any = None, *, score: ArrayLike | None = None) -> Queue:
        """Queue a batch.

        Parameters
        ----------
        worth, cutoff, groups
            As in `fit`.
        score : array-like of shape (n,), optional
            Rank by this, and without a floor: how another rule would use the same capacity.

        Returns
        -------
        Queue

        Raises
        ------
        DecisionError
            Arrays that do not fit one another, a worth or a cutoff that is missing.
        """
        value = np.asarray(worth, dtype=np.float64)
        order_by = value if score is None else np.asarray(score, dtype=np.float64)
        at = _times(cutoff)
        n = len(value)
        code = _codes(groups, n)
        if at.shape != (n,) or code.shape != (n,) or order_by.shape != (n,):
            raise DecisionError("Worths, cutoffs and groups do not fit.", expected=f"{n} of each", got=str(at.shape))
        if np.isnan(value).any() or np.isnan(order_by).any():
            raise DecisionError("A worth is missing.", expected="a number for each row", got="NaN")
        period = _periods(at, self.per)
        rank, reason = np.zeros(n, dtype=np.int64), np.full(n, "capacity", dtype=object)
        free = np.full(int(code.max(initial=-1)) + 1, np.iinfo(np.int64).min)
        quiet, rooms = int(self.quiet * _DAY), {}
        names, inverse = np.unique(period, return_inverse=True)
        place = np.lexsort((np.arange(n), -order_by, inverse))
        ends = np.searchsorted(inverse[place], np.arange(len(names) + 1))
        for k, name in enumerate(names.tolist()):
            rows = place[ends[k] : ends[k + 1]]
            rooms[name] = self.room(len(rows))
            left = self._gated(rows, value, reason, score is None)
            first = np.zeros(len(left), dtype=bool)
            first[np.unique(code[left], return_index=True)[1]] = True
            reason[left[~first]] = "group"
            left = left[first]
            still = free[code[left]] > at[left]
            reason[left[still]] = "quiet"
            taken = left[~still][: rooms[name]]
            rank[taken], reason[taken] = np.arange(1, len(taken) + 1), "alert"
            free[code[taken]] = at[taken] + quiet
        return Queue(rank, reason, period.astype(object), value, rooms, self.floor, self.line_, self.currency)

    def _gated(self, rows: Ints, value: Floats, reason: NDArray[Any], gated: bool) -> Ints:
        """The rows of a period, best first, that are worth enough; why the others are not."""
        if not gated:
            return rows
        low = value[rows] < self.floor
        reason[rows[low]] = "floor"
        if self.line_ is not None and self.rows_ is not None and len(rows) < PARTIAL * self.rows_:
            under = ~low & (value[rows] < self.line_)
            reason[rows[under]] = "line"
            low |= under
        return rows[~low]

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain data."""
        return {
            "kind": self.kind, "capacity": self.capacity, "per": self.per, "floor": self.floor, "quiet": self.quiet,
            "currency": self.currency, "line": self.line_, "rows": self.rows_,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> AlertPolicy:
        """The policy that `to_dict` described."""
        return cls(
            capacity=plain["capacity"], per=plain["per"], floor=plain["floor"], quiet=plain["quiet"],
            currency=plain["currency"], line_=plain["line"], rows_=plain["rows"],
        )  # fmt: skip


def _times(cutoff: Any) -> Ints:
    """Microseconds since 1970."""
    if isinstance(cutoff, pl.Series):
        values = cutoff.cast(pl.Datetime("us")).to_numpy()
    else:
        values = np.asarray(cutoff, dtype="datetime64[us]")
    if np.isnat(values).any():
        raise DecisionError("A cutoff is missing.", expected="a time for each row", got="NaT")
    return np.asarray(values.astype("datetime64[us]").astype(np.int64))


def _periods(at: Ints, per: str) -> NDArray[Any]:
    """The name of each row's period: its day, the Monday of its week, its month."""
    if per == "batch":
        return np.full(len(at), "batch", dtype="U10")
    days = at // _DAY
    if per == "week":
        days = days - (days + 3) % 7  # 1970-01-01 was a Thursday
    named = days.astype("datetime64[D]")
    return np.asarray(named.astype("datetime64[M]" if per == "month" else "datetime64[D]").astype("U10"))


def _codes(groups: Any, n: int) -> Ints:
    """A number for each group; a missing one is a group of its own."""
    if groups is None:
        return np.arange(n)
    values = pl.Series("group", list(groups) if not isinstance(groups, pl.Series) else groups, strict=False)
    codes = values.rank("dense").cast(pl.Int64).to_numpy() if values.null_count() == 0 else None
    if codes is not None:
        return np.asarray(codes, dtype=np.int64) - 1
    known = values.is_not_null().to_numpy()
    out = np.empty(n, dtype=np.int64)
    some = values.drop_nulls().rank("dense").cast(pl.Int64).to_numpy() - 1
    out[known] = some
    out[~known] = int(some.max(initial=-1)) + 1 + np.arange(int((~known).sum()))
    return out
