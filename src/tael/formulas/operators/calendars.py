"""Public holidays and working days of a country.

China's come from ``chinese_calendar`` (MIT), which holds the State Council's yearly notices with the weekends that are
worked in exchange for longer holidays. The notice for a year comes out in the autumn before it. A year that is not
known is missing: a guess would be silently wrong, and an error would let a row of next year stop what is asked today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError, did_you_mean
from tael.formulas.operators.base import TEXTS, TIMES, Operator, Wording
from tael.formulas.operators.text import constant_text
from tael.formulas.values import DAY_US, Values
from tael.tables.schema import Language, Type

COUNTRIES: dict[str, dict[Language, str]] = {"CN": {"en": "China", "zh": "中国"}}
"""The countries whose calendars are known, by their ISO 3166 codes."""


@dataclass(frozen=True)
class Calendar:
    """The days off and the worked weekends of one country.

    Parameters
    ----------
    country : str
    first, last : int
        The years that are known.
    holidays : ndarray of int64
        Days since 1970-01-01 on which a public holiday is kept, sorted; with the weekends inside it.
    worked : ndarray of int64
        Saturdays and Sundays that are worked in exchange, sorted.
    """

    country: str
    first: int
    last: int
    holidays: NDArray[np.int64]
    worked: NDArray[np.int64]


@cache
def calendar(country: str) -> Calendar:
    """The calendar of a country.

    Raises
    ------
    FormulaError
        If it is not known.

    Examples
    --------
    >>> calendar("CN").first
    2004
    """
    if country not in COUNTRIES:
        raise FormulaError(
            "The holidays of this country are not known.",
            expected=", ".join(COUNTRIES),
            got=repr(country),
            fix=did_you_mean(country.strip().upper(), COUNTRIES),
        )
    # a third of a megabyte that only these two operators need
    from chinese_calendar import constants

    holidays, worked = _numbers(constants.holidays), _numbers(constants.workdays)
    years = sorted(day.year for day in constants.holidays)
    return Calendar(country, years[0], years[-1], holidays, worked)


def _numbers(days: Iterable[date]) -> NDArray[np.int64]:
    return np.array(sorted(days), dtype="datetime64[D]").astype(np.int64)


def _days(time: Values, country: Values, operator: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], Calendar]:
    """The days of some times, and which of them lie in years that the calendar knows."""
    known = calendar(constant_text(country, operator, "a country's code"))
    days = np.where(time.missing, 0, time.data) // DAY_US
    first, past = np.array([f"{known.first}-01-01", f"{known.last + 1}-01-01"], dtype="datetime64[D]").astype(np.int64)
    return days, ~time.missing & (days >= first) & (days < past), known


def _flag(truth: NDArray[np.bool_], known: NDArray[np.bool_]) -> Values:
    return Values.flag(np.where(known, truth.astype(np.float64), np.nan))


def _is_holiday(time: Values, country: Values) -> Values:
    days, inside, known = _days(time, country, "is_holiday")
    return _flag(np.isin(days, known.holidays), inside)


def _is_workday(time: Values, country: Values) -> Values:
    days, inside, known = _days(time, country, "is_workday")
    # 1970-01-01 was a Thursday, which is 3 when Monday is 0
    plain = ((days + 3) % 7 < 5) & ~np.isin(days, known.holidays)
    return _flag(plain | np.isin(days, known.worked), inside)


def _of_country(template: str, lang: Language) -> Wording:
    def say(texts: Sequence[str], types: Sequence[Type]) -> str:
        code = texts[1].strip("“”\"'")
        return template.format(texts[0], COUNTRIES.get(code, {}).get(lang, texts[1]))

    return say


def _operator(name: str, compute: Callable[..., Values], words: tuple[str, str], doc: tuple[str, str]) -> Operator:
    return Operator(
        name,
        "row",
        (TIMES, TEXTS),
        Type.FLAG,
        {"en": _of_country(words[0], "en"), "zh": _of_country(words[1], "zh")},
        {"en": doc[0], "zh": doc[1]},
        f'{name}(opened, "CN")',
        compute,
        arity=(2, 2),
        denial={"en": (" is a ", " is no "), "zh": ("是", "不是")},
    )


OPERATORS = (
    _operator(
        "is_holiday",
        _is_holiday,
        ("{0} is a public holiday in {1}", "{0}是{1}法定节假日"),
        (
            'A day of a public holiday, with the weekends inside it and days off in exchange; "CN" is China, '
            "missing in years that are not known (now 2004 to 2026).",
            "是否为法定节假日（含假期内的周末和调休）；“CN”为中国；未知年份（目前已知 2004 至 2026 年）缺失。",
        ),
    ),
    _operator(
        "is_workday",
        _is_workday,
        ("{0} is a working day in {1}", "{0}是{1}工作日"),
        (
            'Monday to Friday without public holidays, and the weekends worked in exchange; "CN" is China, '
            "missing in years that are not known (now 2004 to 2026).",
            "是否为工作日：周一至周五（除去法定节假日）及调休上班的周末；“CN”为中国；"
            "未知年份（目前已知 2004 至 2026 年）缺失。",
        ),
    ),
)
