"""What can be read off a time. All of them take times as they are written: no zone is applied here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.formulas.operators.arithmetic import OPERATORS as ARITHMETIC
from tael.formulas.operators.base import TIMES, Operator
from tael.formulas.values import DAY_US, Values
from tael.tables.schema import Language, Type

_HOUR_US = DAY_US // 24
_MINUTE_US = _HOUR_US // 60
_SUBTRACT = next(operator.compute for operator in ARITHMETIC if operator.name == "sub")


def _part(
    function: Callable[[NDArray[np.int64]], NDArray[Any]], result: Type = Type.NUMBER
) -> Callable[[Values], Values]:
    def compute(time: Values) -> Values:
        read = function(np.where(time.missing, 0, time.data)).astype(np.float64)
        return Values(result, np.where(time.missing, np.nan, read))

    return compute


def _dates(times: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return (times // DAY_US).astype("datetime64[D]")


def _year(times: NDArray[np.int64]) -> NDArray[Any]:
    return _dates(times).astype("datetime64[Y]").astype(np.int64) + 1970


def _month(times: NDArray[np.int64]) -> NDArray[Any]:
    return _dates(times).astype("datetime64[M]").astype(np.int64) % 12 + 1


def _day(times: NDArray[np.int64]) -> NDArray[Any]:
    dates = _dates(times)
    return (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1


def _day_of_year(times: NDArray[np.int64]) -> NDArray[Any]:
    dates = _dates(times)
    return (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1


def _weekday(times: NDArray[np.int64]) -> NDArray[Any]:
    # 1970-01-01 was a Thursday, which is 3 when Monday is 0.
    return (times // DAY_US + 3) % 7


def _hour(times: NDArray[np.int64]) -> NDArray[Any]:
    return times // _HOUR_US % 24


def _minute(times: NDArray[np.int64]) -> NDArray[Any]:
    return times // _MINUTE_US % 60


def _quarter(times: NDArray[np.int64]) -> NDArray[Any]:
    return (_month(times) + 2) // 3


def _week(times: NDArray[np.int64]) -> NDArray[Any]:
    # ISO 8601: a week belongs to the year of its Thursday
    thursday = times // DAY_US - _weekday(times) + 3
    return (_day_of_year(thursday * DAY_US) + 6) // 7


def _days_in_month(times: NDArray[np.int64]) -> NDArray[Any]:
    months = _dates(times).astype("datetime64[M]")
    return ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)


def _months(earlier: NDArray[np.int64], later: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole calendar months from one time to a later one; the 31st has its month full on the last of a shorter one."""
    month = _dates(later).astype("datetime64[M]") - _dates(earlier).astype("datetime64[M]")
    begun = np.minimum(_day(earlier), _days_in_month(later)) * DAY_US + earlier % DAY_US
    short = _day(later) * DAY_US + later % DAY_US < begun
    return month.astype(np.int64) - short


def _between(size: int) -> Callable[[Values, Values], Values]:
    def compute(start: Values, end: Values) -> Values:
        missing = start.missing | end.missing
        a, b = np.where(missing, 0, start.data), np.where(missing, 0, end.data)
        whole = _months(np.minimum(a, b), np.maximum(a, b)) // size
        return Values(Type.NUMBER, np.where(missing, np.nan, np.where(b < a, -whole, whole).astype(np.float64)))

    return compute


def _is_night(times: NDArray[np.int64]) -> NDArray[Any]:
    hour = _hour(times)
    return (hour >= 22) | (hour < 6)


def _days_since(time: Values, cutoff: Values) -> Values:
    assert _SUBTRACT is not None
    return _SUBTRACT(cutoff, time)


def _between_operator(name: str, size: int, words: tuple[str, str], doc: tuple[str, str]) -> Operator:
    return Operator(
        name,
        "row",
        (TIMES,),
        Type.NUMBER,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        f"{name}(opened, cutoff)",
        _between(size),
        arity=(2, 2),
    )


_DENIAL: dict[Language, tuple[str, str]] = {"en": (" falls ", " does not fall "), "zh": ("在", "不在")}


def _operator(
    name: str,
    compute: Callable[..., Values],
    result: Type,
    words: tuple[str, str],
    doc: tuple[str, str],
    *,
    takes_cutoff: bool = False,
) -> Operator:
    return Operator(
        name,
        "row",
        (TIMES,),
        result,
        {"en": words[0], "zh": words[1]},
        {"en": doc[0], "zh": doc[1]},
        f"{name}(opened)",
        compute,
        takes_cutoff=takes_cutoff,
        denial=_DENIAL if result is Type.FLAG else None,
    )


OPERATORS = (
    _operator(
        "days_since",
        _days_since,
        Type.NUMBER,
        ("days since {0}", "距{0}的天数"),
        ("Days from a time to the cutoff, with fractions.", "从该时间到观测时点的天数（含小数）。"),
        takes_cutoff=True,
    ),
    _operator("year", _part(_year), Type.NUMBER, ("year of {0}", "{0}的年份"), ("The year.", "年份。")),
    _operator("month", _part(_month), Type.NUMBER, ("month of {0}", "{0}的月份"), ("1 to 12.", "1 到 12。")),
    _operator("day", _part(_day), Type.NUMBER, ("day of the month of {0}", "{0}的日"), ("1 to 31.", "1 到 31。")),
    _operator(
        "weekday",
        _part(_weekday),
        Type.NUMBER,
        ("weekday of {0}", "{0}的星期"),
        ("0 is Monday, 6 is Sunday.", "0 为星期一，6 为星期日。"),
    ),
    _operator("hour", _part(_hour), Type.NUMBER, ("hour of {0}", "{0}的钟点"), ("0 to 23.", "0 到 23。")),
    _operator("minute", _part(_minute), Type.NUMBER, ("minute of {0}", "{0}的分钟"), ("0 to 59.", "0 到 59。")),
    _operator("quarter", _part(_quarter), Type.NUMBER, ("quarter of {0}", "{0}的季度"), ("1 to 4.", "1 到 4。")),
    _operator(
        "week",
        _part(_week),
        Type.NUMBER,
        ("week of the year of {0}", "{0}在当年的第几周"),
        (
            "1 to 53, as in ISO 8601: weeks begin on Monday, week 1 holds the year's first Thursday.",
            "1 到 53（ISO 8601：周一为一周之始，含当年首个星期四的周为第 1 周）。",
        ),
    ),
    _operator(
        "day_of_year",
        _part(_day_of_year),
        Type.NUMBER,
        ("day of the year of {0}", "{0}在当年的第几天"),
        ("1 to 366.", "1 到 366。"),
    ),
    _operator(
        "days_to_month_end",
        _part(lambda times: _days_in_month(times) - _day(times)),
        Type.NUMBER,
        ("days from {0} to the end of its month", "{0}距月末的天数"),
        ("Calendar days to the last day of the month; 0 on it.", "距当月最后一天的天数；当天为 0。"),
    ),
    _between_operator(
        "months_between",
        1,
        ("whole months from {0} to {1}", "从{0}到{1}的整月数"),
        (
            "Whole calendar months from one time to another, negative if that is earlier; from the 31st a month is "
            "full on the last day of a shorter month.",
            "从一时间到另一时间的整月数，后者更早时为负；自 31 日起，到较短月份的最后一天即满一个月。",
        ),
    ),
    _between_operator(
        "years_between",
        12,
        ("whole years from {0} to {1}", "从{0}到{1}的整年数"),
        (
            "Whole calendar years from one time to another, such as an age; negative if that is earlier.",
            "从一时间到另一时间的整年数（如周岁）；后者更早时为负。",
        ),
    ),
    _operator(
        "is_month_start",
        _part(lambda times: _day(times) == 1, Type.FLAG),
        Type.FLAG,
        ("{0} falls on the first day of a month", "{0}在月初第一天"),
        ("The first day of a month.", "当月第一天。"),
    ),
    _operator(
        "is_month_end",
        _part(lambda times: _day(times) == _days_in_month(times), Type.FLAG),
        Type.FLAG,
        ("{0} falls on the last day of a month", "{0}在月末最后一天"),
        ("The last day of a month.", "当月最后一天。"),
    ),
    _operator(
        "is_weekend",
        _part(lambda times: _weekday(times) >= 5, Type.FLAG),
        Type.FLAG,
        ("{0} falls on a weekend", "{0}在周末"),
        ("Saturday or Sunday.", "星期六或星期日。"),
    ),
    _operator(
        "is_night",
        _part(_is_night, Type.FLAG),
        Type.FLAG,
        ("{0} falls in the night", "{0}在夜间"),
        ("From 22:00 to before 6:00.", "22 点至次日 6 点前。"),
    ),
)
