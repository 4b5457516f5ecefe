"""The split every run makes: train, validation, out of time. Where time allows no such split, it says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation.splitters import Instants, Span, instant, instants, latest_share, span_of
from tael.validation.words import Words

Rows = NDArray[np.int64]

MIN_KEPT = 0.3
"""If less of the earlier period survives the purge, an out-of-time test would cost more than it tells."""

MAX_OUT = 0.6
"""If rows of one instant cannot be parted and make up more than this, what is left to learn from is too little."""


@dataclass(frozen=True)
class Split:
    """Who is trained on, who is validated on, and who is kept as the future.

    Parameters
    ----------
    train, validation, out_of_time, purged : ndarray of int
        Row indices, ascending, disjoint; together all rows. `purged` rows are used nowhere.
    kind : {"out_of_time", "random"}
        "random": the rows of `out_of_time` are a random holdout, and `reasons` say why.
    reasons : tuple of Words
        What to know about this split; shown in the report.
    periods : dict
        First and last cutoff of each part, as ISO text.
    """

    train: Rows
    validation: Rows
    out_of_time: Rows
    purged: Rows
    kind: str
    reasons: tuple[Words, ...] = ()
    periods: dict[str, tuple[str, str]] = field(default_factory=dict)

    def parts(self) -> dict[str, Rows]:
        """The three parts by the names used in `run.json`."""
        return {"train": self.train, "validation": self.validation, "out_of_time": self.out_of_time}

    def to_dict(self) -> dict[str, object]:
        """Sizes, periods and reasons as a plain dict (no row indices)."""
        sizes = {name: len(rows) for name, rows in self.parts().items()} | {"purged": len(self.purged)}
        periods = {name: list(ends) for name, ends in self.periods.items()}
        return {"kind": self.kind, "rows": sizes, "periods": periods, "reasons": [r.to_dict() for r in self.reasons]}


def three_way(
    cutoffs: Any,
    *,
    y: ArrayLike | None = None,
    out_of_time: Any = 0.2,
    validation: float = 0.2,
    groups: Any = None,
    label_span: Span = None,
    gap: Span = None,
    latest: bool = False,
    seed: int = 0,
) -> Split:
    """Split observations into train, validation and out-of-time.

    The latest cutoffs are out-of-time. Of the earlier rows, those whose label reaches into the out-of-time period
    are purged, and a random share is validation: whole people, stratified by label. Where there is no later period
    (one cutoff), where one instant holds most rows, or where the purge would leave less than 30 % of the earlier
    rows or only one class, the holdout is random instead, and `kind` and `reasons` say so.

    Parameters
    ----------
    cutoffs : array-like of shape (n,)
        Time of each observation.
    y : array-like of shape (n,), optional
        Labels, to stratify by.
    out_of_time : float, or date, datetime or str
        Share of the rows, or the day on which the out-of-time period starts.
    validation : float
        Share of the earlier rows.
    groups : array-like of shape (n,), optional
        Person of each row: never on both sides of train and validation (in a random split: on one side only of all
        three).
    label_span : timedelta or array of timedelta64, optional
        How far the label looks forward.
    gap : timedelta, optional
        Time to leave out before the out-of-time period.
    latest : bool
        Validation is not drawn: it is the latest of the earlier rows, whole instants.
    seed : int
        Seed of the random part.

    Returns
    -------
    Split

    Raises
    ------
    ValidationError
        If there are too few rows, shares make no sense, or a given date leaves one side empty.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
    >>> split = three_way(days, out_of_time=0.3)
    >>> split.kind, split.out_of_time.tolist()
    ('out_of_time', [7, 8, 9])
    >>> three_way(np.full(10, days[0])).kind
    'random'
    """
    times = instants(cutoffs)
    n = len(times)
    if n < 3:
        raise ValidationError("There are too few rows to split in three.", expected="at least 3", got=str(n))
    labels = None if y is None else arrays.labels(y)
    if labels is not None:
        arrays.same_length(n, len(labels), "labels")
    share = out_of_time if isinstance(out_of_time, int | float) else None
    for name, value in (("validation", validation), ("out_of_time", share)):
        if value is not None and not 0 < value < 1:
            raise ValidationError("A share makes no sense.", expected="between 0 and 1", got=f"{name}={value}")
    units = _units(groups, n)
    rng = np.random.default_rng(seed)
    start, reason = _start(times, share, out_of_time)
    late = np.zeros(n, dtype=bool)
    purged = np.zeros(n, dtype=bool)
    if reason is None:
        late = times >= start
        known = times + span_of(label_span, n) + span_of(gap, n)
        purged = ~late & (known > start)
        reason = _too_little(late, purged, labels, label_span)
    reasons: list[Words] = []
    kind = "out_of_time"
    if reason is not None:
        kind, purged = "random", np.zeros(n, dtype=bool)
        late = _draw(np.arange(n), units, labels, 0.2 if share is None else share, rng)
        reasons.append(Words(f"The holdout is random, because {reason.en}", f"留出样本为随机抽取，因为{reason.zh}"))
    elif purged.any():
        reasons.append(
            Words(
                f"{int(purged.sum())} earlier rows are left out: their outcome was not known when the test "
                "period began.",
                f"剔除了 {int(purged.sum())} 行较早的样本：测试期开始时其结果尚不可知。",
            )
        )
    early = np.flatnonzero(~late & ~purged)
    valid = _latest(early, times, validation) if latest else _draw(early, units, labels, validation, rng)
    train = np.setdiff1d(early, np.flatnonzero(valid))
    parts = {"train": train, "validation": np.flatnonzero(valid), "out_of_time": np.flatnonzero(late)}
    for name, rows in parts.items():
        if not len(rows):
            raise ValidationError(
                f"The part {name} would be empty.",
                expected="rows of at least three people",
                got=f"{n} rows of {len(np.unique(units))} people",
                fix="Bring more rows, or another split.",
            )
    if kind == "out_of_time" and groups is not None:
        again = np.isin(units[late], units[train]).mean()
        if again > 0:
            reasons.append(
                Words(
                    f"{again:.0%} of the out-of-time rows are of people seen in training, as they will be in use.",
                    f"跨期样本中有 {again:.0%} 的行属于训练中出现过的人，与实际使用时相同。",
                )
            )
    periods = {name: (str(times[rows].min()), str(times[rows].max())) for name, rows in parts.items()}
    return Split(
        train=parts["train"],
        validation=parts["validation"],
        out_of_time=parts["out_of_time"],
        purged=np.flatnonzero(purged),
        kind=kind,
        reasons=tuple(reasons),
        periods=periods,
    )


def _units(groups: Any, n: int) -> Rows:
    """Code of each row's person; a row without one is a person of its own."""
    if groups is None:
        return np.arange(n)
    unit, _ = arrays.codes(groups)
    arrays.same_length(n, len(unit), "groups")
    alone = unit < 0
    unit[alone] = unit.max(initial=-1) + 1 + np.arange(alone.sum())
    return unit


def _start(times: Instants, share: float | None, date: Any) -> tuple[np.datetime64, Words | None]:
    """When the out-of-time period starts, or why there is none."""
    if share is None:
        start = instant(date, "start of the out-of-time period")
        if not (times >= start).any() or not (times < start).any():
            raise ValidationError(
                "The out-of-time date leaves one side empty.",
                expected=f"a day after {times.min()} and not after {times.max()}",
                got=str(date),
            )
        return start, None
    if np.all(times == times[0]):
        return times[0], Words("all observations have the same cutoff.", "所有观测的截止时间相同。")
    start = latest_share(times, share)
    late = float((times >= start).mean())
    if late > MAX_OUT:
        return start, Words(
            f"the latest cutoff alone holds {late:.0%} of the rows.", f"仅最后一个截止时间就占 {late:.0%} 的行。"
        )
    return start, None


def _too_little(
    late: NDArray[np.bool_], purged: NDArray[np.bool_], labels: NDArray[np.float64] | None, span: Span
) -> Words | None:
    left = ~late & ~purged
    kept = float(left.sum() / max(1, (~late).sum()))
    if kept < MIN_KEPT:
        return Words(
            f"labels look so far forward that only {kept:.0%} of the earlier rows were known when the later "
            "period began.",
            f"标签窗口过长：较晚时期开始时，较早的行中只有 {kept:.0%} 的结果已知。",
        )
    if labels is not None and len(np.unique(labels)) == 2:
        for rows, en, zh in ((left, "earlier", "较早"), (late, "later", "较晚")):
            if len(np.unique(labels[rows])) < 2:
                return Words(f"the {en} period holds only one class.", f"{zh}时期只有一个类别。")
    return None


def _latest(rows: Rows, times: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """The latest instants of some rows, up to a share of them and one at least; shape of `times`."""
    chosen = np.zeros(len(times), dtype=bool)
    instants_, count = np.unique(times[rows], return_counts=True)
    behind = np.cumsum(count[::-1])[::-1]  # rows from each instant on
    late = instants_[behind <= share * len(rows)]
    if len(rows):
        chosen[rows] = times[rows] >= (late[0] if len(late) else instants_[-1])
    return chosen


def _draw(
    rows: Rows, units: Rows, labels: NDArray[np.float64] | None, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark about `share` of `rows`, whole people at a time, with the share of events kept."""
    people, member, size = np.unique(units[rows], return_inverse=True, return_counts=True)
    events = np.bincount(member, labels[rows]) > 0 if labels is not None else np.zeros(len(people), dtype=bool)
    taken = np.zeros(len(people), dtype=bool)
    for stratum in (False, True):
        some = rng.permutation(np.flatnonzero(events == stratum))
        if len(some):
            filled = np.cumsum(size[some])
            # to the nearest whole person, and at least one on each side where there are two
            last = int(np.argmin(np.abs(filled - share * filled[-1]))) + 1
            taken[some[: min(last, max(1, len(some) - 1))]] = True
    if taken.all() and len(people) > 1:
        taken[rng.integers(len(people))] = False
    marked = np.zeros(len(units), dtype=bool)
    marked[rows[taken[member]]] = True
    return marked
