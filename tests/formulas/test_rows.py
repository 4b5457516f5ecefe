from __future__ import annotations

import math
import operator as py
from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import FormulaError
from tael.formulas.bound import BoundCall, BoundColumn, walk_bound
from tael.formulas.operators import REGISTRY
from tael.formulas.resolve import resolve
from tael.formulas.rows import evaluate_row
from tael.formulas.values import NAT, Values
from tael.tables.schema import Schema, Type

SCHEMA = Schema.from_dict(
    {
        "rows": {
            "columns": {
                **{name: {"type": "number"} for name in "xyz"},
                **{name: {"type": "flag"} for name in "pq"},
                **{name: {"type": "time"} for name in "st"},
                **{name: {"type": "category"} for name in "cd"},
                **{name: {"type": "text"} for name in "uv"},
            }
        },
        "children": {"time": "at", "columns": {"parent": {"to": "rows"}}},
    }
)
EPOCH = datetime(1970, 1, 1)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5).map(float)
FLAGS = st.sampled_from([None, False, True])
TIMES = st.none() | st.datetimes(datetime(1700, 1, 1), datetime(2300, 1, 1))
LEVELS = st.sampled_from([None, "a", "b", "other"])
TEXTS = st.none() | st.text("ab 中", max_size=4)
MAKE = {
    "number": lambda values: Values.number([math.nan if one is None else one for one in values]),
    "flag": lambda values: Values.flag([math.nan if one is None else float(one) for one in values]),
    "time": lambda values: Values.time([NAT if one is None else us(one) for one in values]),
    "category": Values.category,
    "text": Values.text,
}
STRATEGY: dict[str, st.SearchStrategy[Any]] = (
    dict.fromkeys("xyz", NUMBERS) | dict.fromkeys("pq", FLAGS) | dict.fromkeys("st", TIMES)
)
STRATEGY |= dict.fromkeys("cd", LEVELS) | dict.fromkeys("uv", TEXTS)


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def plain(values: Values) -> list[object]:
    """Values as Python objects, None where missing."""
    if values.type in (Type.CATEGORY, Type.TEXT):
        return list(values.strings())
    missing = values.missing
    return [None if gone else one for one, gone in zip(values.data.tolist(), missing, strict=True)]


def spread(function):  # type: ignore[no-untyped-def]
    """Missing in, missing out; so is what has no finite value."""

    def oracle(*args):  # type: ignore[no-untyped-def]
        if any(arg is None for arg in args):
            return None
        try:
            result = function(*args)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
        if isinstance(result, complex) or (isinstance(result, float) and not math.isfinite(result)):
            return None
        return result

    return oracle


def days(left: datetime, right: datetime) -> float:
    return (left - right) / timedelta(days=1)


def whole_months(start: datetime, end: datetime) -> int:
    """As birthdays are counted, where the last day of a short month stands for those it lacks."""
    if end < start:
        return -whole_months(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    day = min(start.day, monthrange(end.year, end.month)[1])
    return months - (end < start.replace(year=end.year, month=end.month, day=day))


def february(s: datetime) -> datetime:
    return max(min(s, datetime(2024, 2, 29)), datetime(2024, 2, 1))


CUTOFF = datetime(2024, 3, 1, 12)
ORACLES = {
    "x + y": spread(py.add),
    "x - y": spread(py.sub),
    "x * y": spread(py.mul),
    "x / y": spread(lambda x, y: x / y),
    "x ** 2": spread(lambda x: float(x) * float(x)),
    "-x": spread(py.neg),
    "log(x)": spread(math.log),
    "log1p(x)": spread(math.log1p),
    "exp(x)": spread(math.exp),
    "sqrt(x)": spread(math.sqrt),
    "abs(x)": spread(abs),
    "sign(x)": spread(lambda x: (x > 0) - (x < 0)),
    "floor(x)": spread(math.floor),
    "round(x)": spread(round),
    "clip(x, -2, 3)": spread(lambda x: min(max(x, -2), 3)),
    "minimum(x, y)": spread(min),
    "maximum(s, t)": spread(lambda s, t: us(max(s, t))),
    "coalesce(x, y, 0)": lambda x, y: x if x is not None else y if y is not None else 0,
    'coalesce(c, d, "z")': lambda c, d: c or d or "z",
    "coalesce(s, t)": lambda s, t: us(s) if s else us(t) if t else None,
    "coalesce(u, c)": lambda u, c: u if u is not None else c,
    "where(p, x, y)": lambda p, x, y: None if p is None else x if p else y,
    'where(p, c, "b")': lambda p, c: None if p is None else c if p else "b",
    "where(p, u, v)": lambda p, u, v: None if p is None else u if p else v,
    "where(p, s, t)": lambda p, s, t: None if p is None else (s if p else t) and us(s if p else t),
    "x == y": spread(py.eq),
    "x != y": spread(py.ne),
    "x < y": spread(py.lt),
    "x <= y": spread(py.le),
    "x > 1": spread(lambda x: x > 1),
    "x >= y": spread(py.ge),
    "s < t": spread(py.lt),
    "s >= t": spread(py.ge),
    's == "2024-03-01"': spread(lambda s: s == datetime(2024, 3, 1)),
    "c == d": spread(py.eq),
    "c != d": spread(py.ne),
    'c == "a"': spread(lambda c: c == "a"),
    'c == "never"': spread(lambda c: False),
    '"a" != c': spread(lambda c: c != "a"),
    "c == u": spread(py.eq),
    "u == v": spread(py.eq),
    'u != "ab"': spread(lambda u: u != "ab"),
    'c in ("a", "never", "b")': spread(lambda c: c in "ab"),
    "x in (1, -2)": spread(lambda x: x in (1, -2)),
    'u not in ("a",)': spread(lambda u: u != "a"),
    "p and q": lambda p, q: False if p is False or q is False else None if p is None or q is None else True,
    "p or q": lambda p, q: True if p is True or q is True else None if p is None or q is None else False,
    "not p": spread(py.not_),
    "is_missing(x)": lambda x: x is None,
    "is_missing(s)": lambda s: s is None,
    "is_missing(c)": lambda c: c is None,
    "is_missing(u)": lambda u: u is None,
    "s - t": spread(days),
    "days_since(s)": spread(lambda s: days(CUTOFF, s)),
    "cutoff - s": spread(lambda s: days(CUTOFF, s)),
    "year(s)": spread(lambda s: s.year),
    "month(s)": spread(lambda s: s.month),
    "day(s)": spread(lambda s: s.day),
    "weekday(s)": spread(lambda s: s.weekday()),
    "hour(s)": spread(lambda s: s.hour),
    "day_of_year(s)": spread(lambda s: s.timetuple().tm_yday),
    "is_weekend(s)": spread(lambda s: s.weekday() >= 5),
    "is_night(s)": spread(lambda s: s.hour >= 22 or s.hour < 6),
    "length(u)": spread(len),
    "length(c)": spread(len),
    'contains(u, "b")': spread(lambda u: "b" in u),
    "contains(u, v)": spread(lambda u, v: v in u),
    "p + q": spread(lambda p, q: float(p) + float(q)),
    "minute(s)": spread(lambda s: s.minute),
    "quarter(s)": spread(lambda s: math.ceil(s.month / 3)),
    "week(s)": spread(lambda s: s.isocalendar().week),
    "is_month_start(s)": spread(lambda s: s.day == 1),
    "is_month_end(s)": spread(lambda s: s.day == monthrange(s.year, s.month)[1]),
    "days_to_month_end(s)": spread(lambda s: monthrange(s.year, s.month)[1] - s.day),
    "months_between(s, t)": spread(lambda s, t: whole_months(s, t)),
    "years_between(s, t)": spread(lambda s, t: math.trunc(whole_months(s, t) / 12)),
    'is_holiday(maximum(minimum(s, "2024-02-29"), "2024-02-01"), "CN")': spread(lambda s: 10 <= february(s).day <= 17),
    'is_workday(maximum(minimum(s, "2024-02-29"), "2024-02-01"), "CN")': spread(
        lambda s: february(s).day in (1, 2, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29)
    ),
    'starts_with(u, "a")': spread(lambda u: u[:1] == "a"),
    "starts_with(u, v)": spread(lambda u, v: u[: len(v)] == v),
    'occurrences(u, "aa")': spread(lambda u: (len(u) - len(u.replace("aa", ""))) / 2),
    "occurrences(u, v)": spread(lambda u, v: u.count(v) if v else None),
    "digits(u)": spread(lambda u: 0),
    "n_words(u)": spread(lambda u: len(u.replace("中", " 中 ").split())),
    'keyword(u, "A", "b")': spread(lambda u: bool({"a", "b"} & set(u.replace("中", " ").split()))),
    'keyword(c, "A", "中")': spread(lambda c: c == "a"),
    'term_share(u, "ab")': spread(
        lambda u: u.replace("中", " ").split().count("ab") / len(u.replace("中", " 中 ").split())
    ),
    'term_share(u, "中中")': spread(lambda u: u.count("中中") / len(u.replace("中", " 中 ").split())),
}


def columns_of(text: str) -> list[str]:
    found: list[str] = []

    def column(bound: BoundColumn) -> Values:
        if bound.column not in found:
            found.append(bound.column)
        return MAKE[bound.type]([None])

    evaluate_row(resolve(text, SCHEMA, "rows"), column, np.array([0]))
    return found


@pytest.mark.parametrize("text", ORACLES)
@given(data=st.data())
@settings(max_examples=30)
def test_row_operators_against_plain_python(text: str, data: st.DataObject) -> None:
    names = columns_of(text)
    rows = data.draw(st.lists(st.tuples(*(STRATEGY[name] for name in names)), min_size=1, max_size=6))
    values = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    bound = resolve(text, SCHEMA, "rows")
    result = evaluate_row(
        bound, lambda column: MAKE[column.type](values[column.column]), np.full(len(rows), us(CUTOFF)), rows=len(rows)
    )
    assert result.type is bound.type
    assert len(result) == len(rows)
    if result.type in (Type.NUMBER, Type.FLAG):
        assert not np.isinf(result.data).any()
    for got, row in zip(plain(result), rows, strict=True):
        expected = ORACLES[text](*row)
        if isinstance(expected, float) and isinstance(got, float):
            assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)
        else:
            assert got == expected


def test_every_row_operator_has_an_oracle() -> None:
    tried = {
        one.op for text in ORACLES for one in walk_bound(resolve(text, SCHEMA, "rows")) if isinstance(one, BoundCall)
    }
    rows = {name for name, operator in REGISTRY.items() if operator.kind == "row"}
    assert tried == rows


@pytest.mark.parametrize("text", ["1 + 2", '"a" == "a"', "True", "-1", "where(True, 1, 2)"])
def test_constants_fill_the_rows(text: str) -> None:
    bound = resolve(text, SCHEMA, "rows")
    assert len(evaluate_row(bound, lambda _: Values.number([]), rows=4)) == 4


@pytest.mark.parametrize(
    "text", ["x / y", "c == d", "u == v", "s - t", "coalesce(c, d)", "where(p, u, v)", "length(u)"]
)
def test_no_rows(text: str) -> None:
    bound = resolve(text, SCHEMA, "rows")
    result = evaluate_row(bound, lambda column: MAKE[column.type]([]), np.array([], dtype=np.int64), rows=0)
    assert len(result) == 0


def test_rounding_to_decimals() -> None:
    bound = resolve("round(x, 2)", SCHEMA, "rows")
    values = Values.number([1.234, -1.236, 1e308, math.nan])
    assert plain(evaluate_row(bound, lambda _: values)) == [1.23, -1.24, 1e308, None]


def test_inputs_are_not_changed() -> None:
    values = Values.number([1.0, math.nan, -3.0])
    before = values.data.copy()
    for text in ("x + 1", "coalesce(x, 0)", "where(x > 0, x, 1)", "log(x)"):
        evaluate_row(resolve(text, SCHEMA, "rows"), lambda _: values)
    np.testing.assert_array_equal(values.data, before)


def test_what_is_not_given_is_asked_for() -> None:
    with pytest.raises(FormulaError, match="names the cutoff"):
        evaluate_row(resolve("days_since(s)", SCHEMA, "rows"), lambda _: Values.time([0]))
    with pytest.raises(FormulaError, match="aggregates"):
        evaluate_row(resolve("count(children) + 1", SCHEMA, "rows"), lambda _: Values.number([0.0]))


def test_aggregates_come_through_the_callback() -> None:
    bound = resolve("count(children) / x", SCHEMA, "rows")
    result = evaluate_row(
        bound, lambda _: Values.number([2.0, 0.0]), aggregate=lambda aggregate: Values.number([5.0, 1.0])
    )
    assert plain(result) == [2.5, None]


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(FormulaError, match="another type than the schema promises"):
        evaluate_row(resolve("c == d", SCHEMA, "rows"), lambda _: Values.number([1.0]))


def test_codes_without_levels_are_not_compared() -> None:
    codes = Values(Type.CATEGORY, np.zeros(2, dtype=np.int32))
    with pytest.raises(FormulaError, match="codes alone"):
        evaluate_row(resolve('c == "a"', SCHEMA, "rows"), lambda _: codes)
