"""How ``infer`` finds times, types, roles and special codes."""

from __future__ import annotations

import re

import polars as pl

from tael.errors import TablesError
from tael.tables.checks import suspicious_codes
from tael.tables.columns import FALSE, TRUE, guess, to_number
from tael.tables.guess_codes import maybe_codes, set_answer
from tael.tables.guess_keys import numbers_rows
from tael.tables.guess_odd import TIME_NAME, set_odd
from tael.tables.guessed import Guessed
from tael.tables.months import months_alone
from tael.tables.numbers import ABOUT, PLAIN, form_of
from tael.tables.odd import Kind, Odd
from tael.tables.personal import names_people, personal
from tael.tables.places import Lines, Place, toml
from tael.tables.schema import ColumnSchema, Type, named
from tael.tables.times import looks_like_time, spells_day, to_time

_I = re.IGNORECASE
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
_ALMOST = 0.9
_FEW_CODES = 20
_MONTHS = 3
_SAMPLE = 2000
_REMARK = re.compile(r"(^|_)(remarks?|comments?|notes?|memo)(_|$)|备注|附言|说明", _I)
_AFTER = re.compile(
    r"(^|_)(collection|collector|litigation|foreclos\w*|repossess\w*|legal_action|bad_?debt|outcome|disposition)(_|$)"
    r"|writ(e|ten)_?off|charged?_?off|final_?(status|state|result|outcome)|recover(y|ed)|loan_?result"
    r"|催收|委外|最终(状态|结果)|核销|坏账|诉讼|起诉|处置|贷后|清收|代偿|呆账|最终.*逾期|当前.*逾期|是否(坏|逾期|违约)",
    _I,
)
_PAST = re.compile(r"hist|prev|past|prior|last_|ever|count|cnt|num|历史|过去|以往|近\w*(天|月|年)|次数|累计", _I)


def set_columns(table: Guessed) -> None:
    """Guess all that is left to guess about the columns of one table."""
    table.odd += set_odd(table)
    times = _times(table)
    _set_times(table, times)
    for column in table.frame.columns:
        if column not in times:
            _set_type(table, column)
    _set_outcomes(table, times)
    _set_labels(table)
    _set_suspects(table)
    set_answer(table)


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
            example = as_shown(series.drop_nulls()[0])
            table.say(column, f"all values spell dates or times, such as {example}", type="time")
        elif TIME_NAME.search(column) and (series.dtype.is_integer() or series.dtype == pl.String):
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
    if months_alone(table.frame[time].cast(pl.String)):
        why += _of_months(table, time)
    table.set("time", time, why)
    for column in others:
        later = (times[column] >= times[time]).fill_null(True)
        if _LATER.search(column) and bool(later.all()):
            table.set("known_at", column, f"never before {time}, and called like the time of a report")
            return


def _of_months(table: Guessed, time: str) -> str:
    """What is to be said of months that are the table's time; rows that sum up months are known at their ends."""
    frame, words = table.frame, "; months stand for their first day"
    for column in [name for name in frame.columns if "to" in table.columns[name]]:
        each = frame.select(column, time)
        if not each.is_duplicated().any() and frame.height >= _MONTHS * max(frame[column].n_unique(), 1):
            table.say(time, "a row for each month: known when the month is over", month="end")
            return "; each row sums up a month, and is known at its end"
    header = str(table.columns[time].get("header", time))
    table.odd.append(Odd(time, header, "month", ((str(frame[time].drop_nulls()[0]), 1),)))
    return f"{words}: if a row sums up its month, it is known at its end, which month = 'end' says"


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
        elif _SIBLING.search(column) and not _LABEL.fullmatch(column) and not _PAST.search(column):
            table.say(column, f"called like an outcome: known with {last}", known_at=last)


def _set_type(table: Guessed, column: str) -> None:
    series, told = table.frame[column], table.columns[column]
    if "to" in told or "type" in told:
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
    if type == Type.CATEGORY and series.dtype == pl.String and distinct == 3:
        odd = [word for word in series.drop_nulls().unique().sort() if word.strip().lower() not in TRUE | FALSE]
        if len(odd) == 1:
            table.say(column, f'as a flag: type = "flag", and in [{table.name}] missing = {toml(odd)}', type="category")
            return
    if series.dtype == pl.String and type in (Type.CATEGORY, Type.TEXT):
        fields, why = _written(series)
        if fields is not None:
            table.say(column, why, type="number", **fields)
            table.odd += _units(table, column, str(told.get("header", column)))
            return
        if why:
            table.say(column, why, type=str(type))
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
        elif maybe_codes(series, str(told.get("header", column))):
            table.say(column, 'few whole numbers: if these are codes, write type = "category"')


def _written(series: pl.Series) -> tuple[dict[str, object] | None, str]:
    """How numbers are written in a text column, or why it stays text although it nearly holds numbers or dates."""
    there = series.drop_nulls()
    if there.is_empty() or personal(series.name) or names_people(there):
        return None, ""
    head = there.head(_SAMPLE)
    days = spells_day(there) if spells_day(head).mean() else spells_day(head)
    if bool(days.mean() >= _ALMOST):  # type: ignore[operator]
        return (
            None,
            f"{days.sum() / len(days):.1%} are dates; {_rest(there, ~days)}: mend them or name them in `missing`",
        )
    form, units = form_of(there)
    telling = int(there.str.len_chars().arg_max() or 0)
    example = as_shown(there[telling])
    if units:
        return None, f"text: numbers with {' or '.join(units[:3])}, such as {example}; write plain numbers in one unit"
    if not (form or PLAIN).read(head).is_not_null().mean():
        return None, ""
    numbers = (form or PLAIN).read(there)
    bad = numbers.is_null()
    # Few distinct numbers beside words are codes of categories, and zeros in front belong to names.
    codes = form is None and (numbers.n_unique() <= _FEW_CODES or there.str.contains(r"^0\d").any())
    if codes or bool(bad.mean() > 1 - _ALMOST):  # type: ignore[operator]
        return None, ""
    if bad.any():
        return None, (
            f"{1 - bad.sum() / len(bad):.1%} are numbers, such as {example}; {_rest(there, bad)}: "
            "mend them or name them in `missing`, and set type number"
        )
    if form is None:
        return None, ""
    kind = [
        "percent" if form.percent else "money" if form.money else "numbers",
        f"with separators of thousands ({form.thousands})" if form.thousands else "",
        f"with {form.decimal} before the fraction" if form.decimal != "." else "",
        f"with {', '.join(form.multiply)} for what is larger" if form.multiply else "",
        f"with {' or '.join(form.beside)} beside some or all" if form.beside else "",
        "with brackets for what is negative" if there.str.contains(r"^\s*[(（]").any() else "",
    ]
    read = f"{example} is read as {numbers[telling]:.10g}"
    return form.fields(), f"looks like {' '.join(word for word in kind if word)}: {read}"


def _units(table: Guessed, column: str, header: str) -> list[Odd]:
    """Words beside the digits that are no currency, in how many rows they stand, and an example of what was read."""
    series = table.frame[column]
    form, _ = form_of(series.drop_nulls())
    found: list[Odd] = []
    if form is None or not (form.multiply or form.beside):
        return found
    plain = series.str.normalize("NFKC").str.to_lowercase()
    for word in (*form.multiply, *form.beside):
        rows = plain.str.contains(word.lower(), literal=True).fill_null(False)
        if rows.any():
            example = series.filter(rows).head(1)
            read = form.read(example)[0]
            words = ((word, int(rows.sum())), (f"{read:.10g}", 1), (str(example[0]), 1))
            kind: Kind = "larger" if word in form.multiply else "about" if word in ABOUT else "unit"
            found.append(Odd(column, header, kind, words, table.lines(rows) if kind == "about" else Lines()))
    return found


def _rest(there: pl.Series, bad: pl.Series) -> str:
    rest = there.filter(bad).value_counts(sort=True).rows()
    shown = ", ".join(f"{as_shown(word)!r}" for word, _ in rest[:3]) + (", ..." if len(rest) > 3 else "")
    count = int(bad.sum())
    return f"{count:,} {'is' if count == 1 else 'are'} {shown}"


def _set_suspects(table: Guessed) -> None:
    """Columns called like something written after the event would tell the outcome: they are not features."""
    for column in table.frame.columns:
        told = table.columns[column]
        if {"to", "role", "known_at"} & set(told) or told.get("type") == "time" or table.section.get("key") == column:
            continue
        header = str(told.get("header", column))
        # What lies behind the borrower is known: counts of the past are lawful features.
        if _PAST.search(header):
            continue
        if _REMARK.search(header):
            why = "called like a remark, often written after the event: ignored"
            table.say(column, f"{why}; take role away if it is known at the time of the row", role="ignore")
        elif _AFTER.search(header):
            why = "called like an outcome, written after the event: it would foretell the label"
            table.say(column, f"{why}; take role away if it is known then, or give it a `known_at` time", role="label")


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
