"""When and how each life ended, or that it had not: the label of a competing-risks model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats

FIELDS = ("entry", "time", "event")


@dataclass(frozen=True)
class Outcome:
    """Checked outcomes.

    Parameters
    ----------
    entry, time : ndarray of shape (n,)
        Observed from `entry` (not included) to `time`, in one unit, from the origin of each life.
    cause : ndarray of shape (n,)
        0 where the life was still going at `time`, else 1 + the position in `causes`.
    causes : tuple
        Codes of the events.
    """

    entry: Floats
    time: Floats
    cause: NDArray[np.int64]
    causes: tuple[Any, ...]

    def take(self, rows: Any) -> Outcome:
        """Some of the rows."""
        return Outcome(self.entry[rows], self.time[rows], self.cause[rows], self.causes)

    def __len__(self) -> int:
        return len(self.time)


def survival_outcome(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> NDArray[Any]:
    """Time, event and entry as one array that scikit-learn's splitters can cut.

    ``cross_val_score(CompetingRisks(), X, survival_outcome(months, status))`` works: `CompetingRisks.fit` and `.score`
    take the result as their `y`.

    Parameters
    ----------
    time : array of shape (n,)
        Time of the event, or until when the row was seen without one.
    event : array of shape (n,)
        Code of what happened.
    entry : array of shape (n,), optional
        Since when the row was seen (left truncation); default 0.

    Returns
    -------
    structured ndarray of shape (n,)
        Fields entry, time, event.

    Raises
    ------
    ModelError
        Lengths that differ.

    Examples
    --------
    >>> survival_outcome([3, 5], ["default", "running"])["time"].tolist()
    [3.0, 5.0]
    """
    t, e = np.asarray(time, dtype=np.float64), np.asarray(event)
    start = np.zeros(t.shape) if entry is None else np.asarray(entry, dtype=np.float64)
    if t.ndim != 1 or e.shape != t.shape or start.shape != t.shape:
        raise ModelError(
            "Times and events do not match.",
            expected="one time, one event and, if given, one entry for each row",
            got=f"shapes {t.shape}, {e.shape} and {start.shape}",
        )
    out = np.empty(len(t), dtype=[("entry", "f8"), ("time", "f8"), ("event", e.dtype)])
    out["entry"], out["time"], out["event"] = start, t, e
    return out


def read_outcome(
    y: Any,
    event: Any = None,
    entry: Any = None,
    *,
    censored: Any = 0,
    causes: tuple[Any, ...] | None = None,
    where: str = "fit",
) -> Outcome:
    """Check what `fit` or a metric got.

    Parameters
    ----------
    y : array of shape (n,)
        Times, or what `survival_outcome` made.
    event, entry : array of shape (n,), optional
        Where y holds times.
    censored : int or str
        Code of "nothing happened yet".
    causes : tuple, optional
        The codes that are known; others are refused.

    Raises
    ------
    ModelError
        No events, an unknown code, times that are not positive, an entry at or after the end.
    """
    names = getattr(getattr(y, "dtype", None), "names", None)
    if names is None and event is None:
        raise ModelError(
            "Only times are given, so nobody can tell an event from an end of observation.",
            expected="fit(X, time, event), or y = survival_outcome(time, event)",
            got=f"y of type {type(y).__name__} and no event",
            where=where,
        )
    if names is None:
        y = survival_outcome(y, event, entry)
    elif not set(FIELDS) <= set(names):
        raise ModelError("The outcome lacks a field.", expected=", ".join(FIELDS), got=", ".join(names), where=where)
    start, time, codes = (np.asarray(y[field]) for field in FIELDS)
    for what, values in (("time", time), ("entry", start)):
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise ModelError(
                "A time is missing or infinite.", expected="a number", got=str(values[row]), where=f"{what}, row {row}"
            )
    for bad, problem, wanted in (
        (time <= 0, "A time is not positive.", "a time after the origin; drop rows that end as they begin"),
        (start < 0, "An entry lies before the origin.", "0 or later"),
        (start >= time, "A row enters at or after its end.", "entry before time"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise ModelError(
                problem, expected=wanted, got=f"entry {start[row]:g}, time {time[row]:g}", where=f"row {row}"
            )
    _refuse_missing(codes)
    running = codes == censored
    seen = sorted({_plain(code) for code in codes[~running].tolist()}, key=lambda v: (str(type(v)), v))
    if causes is None:
        causes = tuple(seen)
    unknown = [code for code in seen if code not in causes]
    if unknown:
        raise ModelError(
            "An event code is not known.",
            expected=f"{', '.join(map(repr, causes))}, or {censored!r} for none yet",
            got=repr(unknown[0]),
            where=where,
            fix="Name all causes, or the code of a life that goes on with `censored`.",
        )
    cause = np.zeros(len(time), dtype=np.int64)
    for number, code in enumerate(causes, start=1):
        cause[(codes == code) & ~running] = number
    return Outcome(start.astype(np.float64), time.astype(np.float64), cause, tuple(causes))


def _plain(code: Any) -> Any:
    return int(code) if isinstance(code, float) and code.is_integer() else code


def _refuse_missing(codes: NDArray[Any]) -> None:
    missing = [v is None or v != v for v in codes.tolist()]
    if any(missing):
        raise ModelError(
            "An event code is missing.",
            expected="a code for each row; the code of `censored` where nothing happened yet",
            got="nothing",
            where=f"row {missing.index(True)}",
        )
