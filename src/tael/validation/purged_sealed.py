"""A holdout that no search can reach: sealed when it is made, opened once, each opening on record.

A factor that was chosen among ten thousand looks good on whatever it was chosen on. Only bars that took no part in any
choice say what it is worth, and only the first time one looks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from tael.errors import ValidationError, did_you_mean
from tael.validation.arrays import same_length
from tael.validation.purged import Intervals
from tael.validation.splitters import instant, instants


@dataclass(frozen=True)
class Opening:
    """One look at the holdout.

    Parameters
    ----------
    number : int
        1 for the first look; every later one is worth less.
    at : str
        When, ISO 8601 in UTC.
    reason : str
        What for.
    holdout : str
        Fingerprint of the sealed bars.
    """

    number: int
    at: str
    reason: str
    holdout: str


class Sealed:
    """Bars or rows, of which the part from `start` on is out of reach.

    No attribute holds the sealed part: it lies in a closure that writes the look down before it gives anything away.
    (Python cannot keep a determined author out, and this does not try to: the holdout cannot be used by mistake, nor
    without a line in the record.) Do not keep the whole table under another name.

    Parameters
    ----------
    rows : Panel, frame, or array
        A panel (something with ``times`` and ``window(start, stop)``), a frame of pandas, polars or pyarrow, or an
        array whose first axis are the rows.
    start : date, datetime or str
        The first sealed instant.
    times : str or array-like of shape (n,), optional
        When each row is known: a column of the frame, or the times themselves. A panel brings its own.
    ends : str, array-like, timedelta or int, optional
        When each row's label closes (see `PurgedSplitter`). Rows before `start` whose label closes after it are in
        neither part. A panel's labels are made from its own bars, so there it is not needed.
    path : str or Path, optional
        A file of one JSON line an opening. It outlives the process: the count goes on when the same bars are sealed
        again, and openings of other bars in the same file do not count.

    Attributes
    ----------
    search : same type as `rows`
        Everything that a search may see.
    n_sealed : int
        Bars (of a panel) or rows that are sealed.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
    >>> sealed = Sealed(np.arange(10), start="2024-01-08", times=days, ends=2)
    >>> sealed.search, sealed.n_sealed
    (array([0, 1, 2, 3, 4, 5]), 3)
    >>> sealed.open("final figures of the report")
    array([7, 8, 9])
    >>> sealed.n_openings
    1
    """

    def __init__(self, rows: Any, *, start: Any, times: Any = None, ends: Any = None, path: str | Path | None = None):
        since = instant(start, "start of the holdout")
        self.start = since
        self.path = None if path is None else Path(path)
        if times is None and hasattr(rows, "times") and hasattr(rows, "window"):
            known = instants(rows.times, "times of the panel")
            late = known >= since
            self._both_sides(late, known)
            cut = rows.times[int(np.argmax(late))]
            self.search: Any = rows.window(None, cut)
            sealed = rows.window(cut, None)
            self._not_overlapping(self.search, sealed, cut)
            print_ = _fingerprint(sealed)
        else:
            known = instants(_column(rows, times), "times of the rows")
            same_length(len(rows), len(known), "times")
            late = known >= since
            self._both_sides(late, known)
            early = ~late
            if ends is not None:
                named = _column(rows, ends) if isinstance(ends, str) else ends
                early &= Intervals.of(known, named).end <= since
            self.search, sealed = _take(rows, early), _take(rows, late)
            print_ = _fingerprint(sealed, known[late])
        self.n_sealed = int(late.sum())
        self._holdout = print_
        self._log: list[Opening] = []

        def unseal(opening: Opening) -> Any:
            self._write(opening)
            self._log.append(opening)
            return sealed

        self._unseal: Callable[[Opening], Any] = unseal

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Every look so far at these bars, in this process and those before that wrote to the same file."""
        return tuple(self._log) if self.path is None else tuple(self._read())

    @property
    def n_openings(self) -> int:
        """How often these bars have been looked at."""
        return len(self.openings)

    def open(self, reason: str, *, again: bool = False) -> Any:
        """The sealed part; the look is written down first.

        Parameters
        ----------
        reason : str
            What the look is for; goes on record.
        again : bool
            Look once more. What was changed since the first look was chosen with knowledge of the holdout, so later
            figures are no out-of-sample figures; the record says so for ever.

        Raises
        ------
        ValidationError
            If no reason is given, or the holdout was opened before and `again` is not set.
        """
        if not isinstance(reason, str) or not reason.strip():
            raise ValidationError("A look at the holdout needs a reason.", expected="a sentence", got=repr(reason))
        before = self.openings
        if before and not again:
            raise ValidationError(
                f"The holdout was opened before ({len(before)}x).",
                expected="one look, at the very end",
                got=f"{before[-1].at}: {before[-1].reason}",
                where=str(self.path) if self.path else None,
                fix="Seal later bars for a fresh judgement; again=True looks once more, and the record will show it.",
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self._unseal(Opening(len(before) + 1, now, reason.strip(), self._holdout))

    def __repr__(self) -> str:
        return f"Sealed(start={self.start}, n_sealed={self.n_sealed}, n_openings={self.n_openings})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A sealed holdout is not copied or sent to other processes: send its .search part.")

    def _both_sides(self, late: NDArray[np.bool_], known: Any) -> None:
        if late.all() or not late.any():
            raise ValidationError(
                "The start of the holdout leaves one side empty.",
                expected=f"a time after {known.min()} and not after {known.max()}",
                got=str(self.start),
            )

    @staticmethod
    def _not_overlapping(search: Any, sealed: Any, cut: Any) -> None:
        if not (search.times[-1] < cut and sealed.times[0] == cut):
            raise ValidationError(
                "The panel's window does not cut where it is asked to.",
                expected=f"bars before {cut}, and bars from {cut} on",
                got=f"up to {search.times[-1]}, and from {sealed.times[0]} on",
            )

    def _write(self, opening: Opening) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(opening), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> list[Opening]:
        if self.path is None or not self.path.exists():
            return []
        found = []
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), 1):
            try:
                opening = Opening(**json.loads(line))
            except (TypeError, ValueError) as error:
                raise ValidationError(
                    "The record of openings cannot be read.",
                    expected="one JSON object a line: number, at, reason, holdout",
                    got=line[:80],
                    where=f"{self.path}, line {number}",
                    fix="Restore the file: without it nobody knows whether the holdout is fresh.",
                ) from error
            if opening.holdout == self._holdout:
                found.append(opening)
        return found


def _column(rows: Any, name: Any) -> Any:
    if not isinstance(name, str):
        if name is None:
            raise ValidationError(
                "The rows' times are not given.", expected="times= a column's name, or the times themselves"
            )
        return name
    if isinstance(rows, np.ndarray | list):
        raise ValidationError(
            "A column is named, but the rows have no column names.", got=name, fix="Pass the times as an array."
        )
    table = nw.from_native(rows, eager_only=True)
    if name not in table.columns:
        raise ValidationError("A column is absent.", expected=name, fix=did_you_mean(name, table.columns))
    return table[name].to_native()


def _take(rows: Any, mask: NDArray[np.bool_]) -> Any:
    if isinstance(rows, np.ndarray):
        return rows[mask]
    if isinstance(rows, list):
        return [row for row, kept in zip(rows, mask, strict=True) if kept]
    return nw.from_native(rows, eager_only=True).filter(mask.tolist()).to_native()


def _fingerprint(sealed: Any, known: Any = None) -> str:
    """What tells these bars from others: a panel's own fingerprint, or the times and the shape of the rows."""
    if hasattr(sealed, "fingerprint"):
        return str(sealed.fingerprint())
    times = np.asarray(sealed.times if known is None else known, dtype="datetime64[us]")
    names = [str(name) for name in sealed.columns] if hasattr(sealed, "columns") else []
    return sha256(times.tobytes() + "\0".join(names).encode()).hexdigest()[:16]
