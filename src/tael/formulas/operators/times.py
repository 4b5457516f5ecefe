"""What can be read off a time. All of them take times as they are written: no zone is applied here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.formulas.operators.arithmetic import OPERATORS as ARITHMETIC
from tael.formulas.operators.base import TIMES, Operator
from tael.formulas.values import DAY_US, Values
from tael.tables.schema import Type

_HOUR_US = DAY_US // 24
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


def _is_night(times: NDArray[np.int64]) -> NDArray[Any]:
    hour = _hour(times)
    return (hour >= 22) | (hour < 6)


def _days_since(time: Values, cutoff: Values) -> Values:
    assert _SUBTRACT is not None
    return _SUBTRACT(cutoff, time)


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
    _operator(
        "day_of_year",
        _part(_day_of_year),
        Type.NUMBER,
        ("day of the year of {0}", "{0}在当年的第几天"),
        ("1 to 366.", "1 到 366。"),
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
