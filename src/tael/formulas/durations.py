"""Lengths of time as a formula writes them: ``"90d"``, ``"12mo"``. Months and years follow the calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError
from tael.formulas.values import DAY_US, NAT
from tael.tables.schema import Language

LATEST = int(np.iinfo(np.int64).max)
EARLIEST = NAT + 1

_FIXED = {
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": DAY_US,
    "w": 7 * DAY_US,
}
_MONTHS = {"mo": 1, "y": 12}
_MEAN_DAYS = {unit: us / DAY_US for unit, us in _FIXED.items()} | {"mo": 365.2425 / 12, "y": 365.2425}
_WORDS = {
    "s": ("second", "秒"),
    "min": ("minute", "分钟"),
    "h": ("hour", "小时"),
    "d": ("day", "天"),
    "w": ("week", "周"),
    "mo": ("month", "个月"),
    "y": ("year", "年"),
}
_PATTERN = re.compile(r"([0-9]{1,9})(s|min|h|d|w|mo|y)", re.ASCII)
# Beyond this many months every time that 64 bits can hold is already past the end of the range.
_MOST_MONTHS = 12 * 700_000


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time.

    Parameters
    ----------
    count : int
        At least 1.
    unit : {"s", "min", "h", "d", "w", "mo", "y"}
        ``mo`` and ``y`` are calendar months and years: 31 March less one month is the last day of February.

    Examples
    --------
    >>> Duration.parse("90d"), str(Duration(12, "mo"))
    (Duration(count=90, unit='d'), '12mo')
    >>> march = np.array(["2024-03-31T12:00"], dtype="datetime64[us]").astype(np.int64)
    >>> Duration(1, "mo").before(march).astype("datetime64[us]").astype(str).tolist()
    ['2024-02-29T12:00:00.000000']
    """

    count: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in _WORDS or self.count < 1:
            raise FormulaError(
                "A length of time is a count and a unit.",
                expected="a whole number from 1 on, then one of s, min, h, d, w, mo, y",
                got=f"{self.count}{self.unit}",
                fix='Write it like "90d" or "12mo".',
            )

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``"90d"``, ``"12mo"``, ``"30min"``.

        Raises
        ------
        FormulaError
            If the text is no length of time.
        """
        match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            everything = " For everything so far, leave `last` out." if text == "all" else ""
            raise FormulaError(
                "This is no length of time.",
                expected="a whole number from 1 on, then one of s, min, h, d, w, mo, y",
                got=repr(text),
                fix='Write it like "90d" or "12mo".' + everything,
            )
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def days(self) -> float:
        """The length in days; months and years at their mean in the Gregorian calendar. For sorting, not for windows.

        >>> Duration(2, "w").days
        14.0
        """
        return self.count * _MEAN_DAYS[self.unit]

    @property
    def microseconds(self) -> int:
        """Its length; months and years have none.

        >>> Duration(2, "h").microseconds
        7200000000
        """
        return self.count * _FIXED[self.unit]

    def before(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The times so much earlier.

        Parameters
        ----------
        times : ndarray of int64, microseconds since 1970-01-01
            A missing time stays missing.

        Returns
        -------
        ndarray of int64
            Held at the ends of the range instead of wrapping round.
        """
        return self._moved(np.asarray(times, dtype=np.int64), -1)

    def after(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The times so much later; as :meth:`before`.

        >>> Duration(1, "h").after(np.array([0, NAT, LATEST])).tolist() == [3_600_000_000, NAT, LATEST]
        True
        """
        return self._moved(np.asarray(times, dtype=np.int64), 1)

    def words(self, lang: Language = "en") -> str:
        """The length in words.

        >>> Duration(90, "d").words(), Duration(1, "y").words(), Duration(3, "mo").words("zh")
        ('90 days', '1 year', '3 个月')
        """
        english, chinese = _WORDS[self.unit]
        if lang == "zh":
            return f"{self.count} {chinese}"
        return f"{self.count} {english}{'' if self.count == 1 else 's'}"

    def _moved(self, times: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
        moved = self._months_moved(times, sign) if self.unit in _MONTHS else self._steps_moved(times, sign)
        return np.where(times == NAT, NAT, moved)

    def _steps_moved(self, times: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
        step = min(self.count * _FIXED[self.unit], LATEST)
        # The bound is moved, not the time, so that nothing wraps; Python integers have no end.
        if sign < 0:
            return np.maximum(times, EARLIEST + step) - step
        return np.minimum(times, LATEST - step) + step

    def _months_moved(self, times: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
        days, clock = np.divmod(times, DAY_US)
        dates = days.astype("datetime64[D]")
        month = dates.astype("datetime64[M]")
        day_of_month = (dates - month.astype("datetime64[D]")).astype(np.int64)
        months = min(self.count * _MONTHS[self.unit], _MOST_MONTHS)
        target = month + np.timedelta64(sign * months, "M")
        first = target.astype("datetime64[D]").astype(np.int64)
        length = (target + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - first
        moved_days = first + np.minimum(day_of_month, length - 1)
        lowest, highest = EARLIEST // DAY_US + 1, LATEST // DAY_US - 1
        moved = np.clip(moved_days, lowest, highest) * DAY_US + clock
        moved = np.where(moved_days < lowest, EARLIEST, moved)
        return np.where(moved_days > highest, LATEST, moved)
