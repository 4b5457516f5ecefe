"""Dates that lie after the cutoff: what had not happened yet was not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.leaks import Finding, Level
from tael.validation.words import Words
from tael.validation.written_dates import DAY_US, days_of

LEAST, LEAST_SHARE, SLACK_DAYS = 10, 0.05, 1.0
"""From so many rows and such a share of the filled ones on; clocks of two systems may differ by a day."""
TERMS, PLANNED, MOST_LEVELS = 6, 0.95, 100
"""A plan sets few distances from the cutoff (3, 6, 12, ... months), or another column says them."""
BEYOND = 0.05
"""What is planned reaches past the end of the data; what happened does not."""
SPAN_DAYS, CUT_OFF = 60.0, 0.3
"""Where cutoffs spread so far, the last dates of early and late rows show whether one day ended them all."""
MAX_ROWS = 20_000


def dates_after_cutoff(
    X: Any,
    cutoff: ArrayLike,
    *,
    end: object = None,
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Which columns of dates hold times after the row's cutoff that nobody could have planned?

    A date after the cutoff is either planned (a due date, the end of a term) or something that happened later. Plans
    are told apart by what they are like, never by a column's name: their distance from the cutoff takes a few values or
    is a function of another column, or they run on past the end of the data, where nothing that happened can lie.

    Where the end is not known, it is looked for: the dates of what happens stop on one day for old rows and new ones.
    Where none does, nobody can tell a plan of free dates from what happened, so that it is asked.

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff; dates as times, text or numbers (`written_dates.days_of`).
    cutoff : array-like of shape (n,)
        Times from which each row is looked at.
    end : datetime, optional
        Until when the data is complete.
    names : mapping, optional
        What to call a column in the report.
    seed : int
        Seed of the sample of rows.

    Returns
    -------
    list of Finding
        ``TAEL-L09``, the strongest first; the strength is the share of its filled rows that lie after the cutoff. Level
        ``"ask"`` where it may be a plan.

    Raises
    ------
    ValidationError
        If X is no table, or its length is not that of the cutoffs.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> asked = np.datetime64("2024-01-01") + rng.integers(0, 300, 500)
    >>> table = {"due": asked + 30, "paid": asked + rng.integers(5, 90, 500)}
    >>> [(f.code, f.column, f.level) for f in dates_after_cutoff(table, asked, end="2025-02-01")]
    [('TAEL-L09', 'paid', 'leak')]
    """
    table = arrays.frame(X, "leak scan")
    start = _days(arrays.as_array(cutoff))
    arrays.same_length(len(start), len(table), "rows of the table")
    if len(table) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(table), MAX_ROWS, replace=False))
        table, start = table[rows.tolist()], start[rows]
    dates = {name: days for name in table.columns if (days := days_of(table[name])) is not None}
    others = [name for name in table.columns if name not in dates]
    later: dict[str, NDArray[np.bool_]] = {}
    for name, days in dates.items():
        after = days - start
        late = np.isfinite(after) & (after > SLACK_DAYS)
        if late.sum() < LEAST or late.sum() < LEAST_SHARE * np.isfinite(days).sum():
            continue
        if _few_terms(after[late]) or _said_by_another(after[late], [table[other] for other in others], late):
            continue
        later[name] = late
    last = float(_days(np.array([np.datetime64(str(end))]))[0]) if end is not None else _end(dates, later, start)
    found = []
    for name, late in later.items():
        days = dates[name]
        level: Level = "ask"
        if last is not None:
            if float((days[late] > last + SLACK_DAYS).mean()) > BEYOND:
                continue
            level = "leak"
        found.append(_finding((names or {}).get(name, name), int(late.sum()), int(np.isfinite(days).sum()), level))
    return sorted(found, key=lambda f: (-f.strength, f.column))


def _end(dates: Mapping[str, Floats], later: Mapping[str, NDArray[np.bool_]], start: Floats) -> float | None:
    """The day on which the dates of some column stop, for the oldest rows as for the newest; None without one."""
    first, third = np.nanquantile(start, (0.25, 0.75))
    if not third - first >= SPAN_DAYS:
        return None
    ends = []
    for name, late in later.items():
        days = dates[name]
        old, new = days[late & (start <= first)], days[late & (start >= third)]
        if min(len(old), len(new)) < 2 * LEAST:
            continue
        grown = float(np.quantile(new, 0.95) - np.quantile(old, 0.95))
        if grown < CUT_OFF * (third - first):
            ends.append(float(days[late].max()))
    return max(ends, default=None)


def _finding(name: str, late: int, filled: int, level: Level) -> Finding:
    share = late / filled
    en = f"{name} lies after the cutoff in {late:,} of its {filled:,} filled rows ({share:.1%})"
    zh = f"{name} 在 {filled:,} 个有值的行中有 {late:,} 行（{share:.1%}）晚于截止时刻"
    if level == "leak":
        words = Words(
            f"{en}, as what happens later does and a plan does not: it was filled in afterwards. Declare its known_at, "
            "or give it the role ignore.",
            f"{zh}，且不像事先约定的日期：它是事后填写的。请声明 known_at，或将其角色设为 ignore。",
        )
    else:
        words = Words(
            f"{en}. Is it a plan that was known then? If not, declare its known_at, or give it the role ignore.",
            f"{zh}。它是当时已知的约定日期吗？若否，请声明 known_at，或将其角色设为 ignore。",
        )
    return Finding("TAEL-L09", name, share, words, level)


def _days(times: NDArray[Any]) -> Floats:
    if times.dtype.kind == "M":
        whole = times.astype("datetime64[us]")
    else:
        whole = np.array([None if t is None else np.datetime64(str(t)) for t in times], dtype="datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / DAY_US)


def _few_terms(after: Floats) -> bool:
    """Whether a few distances that stand apart cover nearly all, in days or months: what happens fills all of them."""
    for unit in (1.0, 30.4375):
        distance, n = np.unique(np.round(after / unit), return_counts=True)
        main = np.argsort(-n, kind="stable")[:TERMS]
        while len(main) > 1 and n[main[:-1]].sum() >= PLANNED * len(after):
            main = main[:-1]
        apart = len(main) == 1 or np.ptp(distance[main]) + 1 > 2 * len(main)
        if apart and n[main].sum() >= PLANNED * len(after):
            return True
    return False


def _said_by_another(y: Floats, others: list[Any], late: NDArray[np.bool_]) -> bool:
    """Whether the distance is a function of another column: a term in days, months or years, or a kind of contract."""
    spread = float(y.var())
    for series in others:
        kind, values = arrays.column(series)
        codes, levels = arrays.codes(values[late])
        if not 2 <= len(levels) <= min(MOST_LEVELS, len(y) // 3):
            continue
        n, total = np.bincount(codes + 1), np.bincount(codes + 1, y)
        means = total / np.maximum(n, 1)
        within = float(((y - means[codes + 1]) ** 2).mean())
        if within < (1 - PLANNED) ** 2 * spread or (kind == "number" and within < 4.0):
            return True
    return False
