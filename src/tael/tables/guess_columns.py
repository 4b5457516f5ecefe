"""How ``infer`` finds times, types, roles and special codes."""

from __future__ import annotations

import re

import polars as pl

from tael.errors import TablesError
from tael.tables.checks import suspicious_codes
from tael.tables.columns import FALSE, TRUE, guess, to_number
from tael.tables.guess_files import Guessed
from tael.tables.guess_keys import numbers_rows
from tael.tables.places import Place
from tael.tables.schema import ColumnSchema, Type, named
from tael.tables.times import looks_like_time, to_time

_I = re.IGNORECASE
_TIME_NAME = re.compile(r"date|time|day$|_at$|_on$|issued|opened|created|日期|时间|日$", _I)
_BIRTH = re.compile(r"birth|dob|born|出生|生日", _I)
_LATER = re.compile(
    r"report|record|posted|booked|known|announce|publish|received|load(ed)?_|入账|公告|披露|上报|登记", _I
)
_PLAN = re.compile(r"due|matur|expir|schedul|plan|valid_?(to|until)|到期|应还", _I)
_OUTCOME = re.compile(
    r"clos|repa[iy]|(^|_)paid|settle|payoff|paid_?off|finish|ended|end_?(date|time)|charged?_?off|default|resolv|cancel|terminat"
    r"|结清|还款|结案|核销|关闭",
    _I,
)
_SIBLING = re.compile(
    r"status|outcome|result|days?_late|overdue|dpd|repaid|recover|loss|charge_?off|逾期|状态|结果", _I
)
_LABEL = re.compile(
    r"^(label|target|y|outcome|bad|good|default(ed)?|is_?default|churn(ed)?|is_?churn|fraud|is_?fraud|is_?bad|is_?laundering"
    r"|good_?bad\w*|bad_?(flag|good)\w*|\w+_(label|target)|default_?flag|loan_?status|status|标签|违约|是否(违约|逾期|流失|欺诈))$",
    _I,
)
_NAME_OF = re.compile(r"account|phone|mobile|zip|postcode|post_?code|code$|passport|card|账号|卡号|手机|邮编", _I)
_FORMATS = ("%y%m%d", "%y%m%d %H:%M:%S", "%d%m%Y", "%d-%m-%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y")
_MOSTLY = 0.9


def set_columns(table: Guessed) -> None:
    """Guess all that is left to guess about the columns of one table."""
    times = _times(table)
    _set_times(table, times)
    for column in table.frame.columns:
        if column not in times:
            _set_type(table, column)
    _set_outcomes(table, times)
    _set_labels(table)


def _times(table: Guessed) -> dict[str, pl.Series]:
    """The columns that hold times, read."""
    found: dict[str, pl.Series] = {}
    for column in table.frame.columns:
        series = table.frame[column]
        if "to" in table.columns[column] or table.section.get("key") == column or series.null_count() == len(series):
            continue
        place = Place(table.name, column)
        if series.dtype.is_temporal() and series.dtype not in (pl.Time, pl.Duration):
            found[column] = to_time(series, place).values
            table.say(column, "dates or times", type="time")
        elif series.dtype == pl.String and looks_like_time(series):
            found[column] = to_time(series, place).values
            table.say(column, "all values are ISO dates or times", type="time")
        elif _TIME_NAME.search(column) and (series.dtype.is_integer() or series.dtype == pl.String):
            _odd_time(table, column, series, place, found)
    return found


def _odd_time(table: Guessed, column: str, series: pl.Series, place: Place, found: dict[str, pl.Series]) -> None:
    for format in (None, *_FORMATS):
        # 30 and 31 spell no date, but 1 and 12 might: numbers must look long enough.
        if format is not None and series.dtype.is_integer() and (series.max() or 0) < 10_101:  # type: ignore[operator]
            return
        try:
            read = to_time(series, place, format=format).values
        except TablesError:
            continue
        found[column] = read
        example = as_shown(series.drop_nulls()[0])
        if format is None:
            table.say(column, f"spells dates, such as {example}", type="time")
        else:
            table.say(column, f"spells dates such as {example}", type="time", format=format)
        return


def as_shown(value: object) -> str:
    """A value for a comment."""
    return str(value)[:30]


def _set_times(table: Guessed, times: dict[str, pl.Series]) -> None:
    events = [
        column
        for column in times
        if not _BIRTH.search(column) and times[column].null_count() <= 0.05 * len(times[column])
    ]
    first = (
        sorted(
            (column for column in events if not _PLAN.search(column)),
            key=lambda column: bool(_LATER.search(column)) + bool(_OUTCOME.search(column)),
        )
        or events
    )
    if not first:
        table.reasons["time"] = (
            "no time: no column says when the row happened" if times else "no time: no column of dates"
        )
        return
    time = first[0]
    others = [column for column in events if column != time]
    why = (
        "the only column of dates that is not a birth date and never missing"
        if not others
        else (f"never missing; the first of {len(events)} such columns ({', '.join(others[:3])} might do too)")
    )
    table.set("time", time, why)
    for column in others:
        later = (times[column] >= times[time]).fill_null(True)
        if _LATER.search(column) and bool(later.all()):
            table.set("known_at", column, f"never before {time}, and called like the time of a report")
            return


def _set_outcomes(table: Guessed, times: dict[str, pl.Series]) -> None:
    time = table.section.get("time")
    if time is None:
        return
    start = times[str(time)]
    outcomes: list[str] = []
    for column, values in times.items():
        if column in (time, table.section.get("known_at")) or _BIRTH.search(column):
            continue
        both = values.is_not_null() & start.is_not_null()
        later = float((values > start).filter(both).mean() or 0)  # type: ignore[arg-type]
        if later < _MOSTLY:
            continue
        if _PLAN.search(column):
            table.say(column, f"after {time}, but called like a plan, which is known from the start")
            continue
        reason = f"{later:.0%} of its values are after {time}: not known until then"
        if not _OUTCOME.search(column):
            reason += "; if it is a plan that is known from the start, take known_at away"
        table.say(column, reason, known_at=column)
        outcomes.append(column)
    if not outcomes:
        return
    last = max(outcomes, key=lambda column: times[column].drop_nulls().max())  # type: ignore[arg-type,return-value]
    for column in table.frame.columns:
        told = table.columns[column]
        if column in times or "to" in told or table.section.get("key") == column or told.get("role"):
            continue
        gaps = table.frame[column].is_null()
        twin = next((one for one in outcomes if gaps.any() and bool((gaps == times[one].is_null()).all())), None)
        if twin is not None:
            table.say(column, f"missing exactly where {twin} is missing: filled with it", known_at=twin)
        elif _SIBLING.search(column) and not _LABEL.fullmatch(column):
            table.say(column, f"called like an outcome: known with {last}", known_at=last)


def _set_type(table: Guessed, column: str) -> None:
    series, told = table.frame[column], table.columns[column]
    if "to" in told:
        return
    if table.section.get("key") == column:
        table.say(column, "the key", type="category")
        return
    if series.null_count() == len(series) and len(series):
        table.say(column, "no value in any row", role="ignore")
        return
    if len(series) > 1 and not series.null_count() and series.n_unique() == 1:
        table.say(column, f"the same value in all rows: {as_shown(series[0])}", role="ignore")
        return
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object, pl.Duration):
        table.say(column, f"holds {series.dtype}, which no formula can use", role="ignore")
        return
    if numbers_rows(series) and not named(str(told.get("header", column))):
        table.say(column, "numbers the rows", role="ignore")
        return
    type = guess(series, ColumnSchema(), Place(table.name, column))
    distinct = series.drop_nulls().n_unique()
    if type == Type.NUMBER and _names(series, column, distinct):
        table.say(column, "digits that name something, not a quantity", type="text")
        return
    if type == Type.CATEGORY and series.dtype == pl.String and 0 < distinct <= 2:
        words = {str(value).strip().lower() for value in series.drop_nulls().unique()}
        if words <= TRUE | FALSE:
            table.say(column, f"only {' and '.join(sorted(words))}", type="flag")
            return
    reason = {
        Type.NUMBER: "all values are numbers",
        Type.FLAG: "true or false",
        Type.CATEGORY: f"text with {distinct} distinct values",
        Type.TEXT: f"text with {distinct} distinct values in {len(series)} rows",
        Type.TIME: "times",
    }[type]
    table.say(column, reason, type=str(type))
    if type == Type.NUMBER:
        codes = suspicious_codes(to_number(series, Place(table.name, column)).drop_nulls())
        if codes:
            table.say(column, "looks like codes for missing", special=codes)


def _names(series: pl.Series, column: str, distinct: int) -> bool:
    if not series.dtype.is_integer() or not _NAME_OF.search(column):
        return False
    return float(series.drop_nulls().median() or 0) >= 10_000 and distinct > 50  # type: ignore[arg-type]


def _set_labels(table: Guessed) -> None:
    for column in table.frame.columns:
        told = table.columns[column]
        if not _LABEL.fullmatch(column) or "to" in told or told.get("role") or told.get("type") == "time":
            continue
        distinct = table.frame[column].drop_nulls().n_unique()
        if not 1 < distinct <= 10:
            continue
        status = bool(re.search(r"status", column, _I))
        if column.lower() == "status" and table.section.get("time") is None:
            continue
        why = "a status is written after the event and would foretell the label" if status else "called like a label"
        told.pop("known_at", None)
        table.say(column, f"{why}; take role away if it is known at the time of the row", role="label")
