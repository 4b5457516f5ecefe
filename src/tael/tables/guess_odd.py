"""The few cells that keep a column from being numbers or dates: read as missing, or without their unit, and told."""

from __future__ import annotations

import re

import polars as pl

from tael.errors import TablesError
from tael.tables.guess_ways import MOSTLY, WORDS, blank, counts, few, in_short, several_ways
from tael.tables.guessed import Guessed
from tael.tables.numbers import PLAIN, NumberForm, form_of, two_ways
from tael.tables.odd import Odd
from tael.tables.personal import names_people, personal
from tael.tables.sources.text import numeric
from tael.tables.times import looks_like_time, no_times, spells_day

TIME_NAME = re.compile(r"date|time|day$|_at$|_on$|issued|opened|created|日期|时间|日$", re.IGNORECASE)
"""How columns of dates are called."""
_NAME = re.compile(
    r"(^|_)(code|ticker|symbol|zip|postcode|branch|store|id|no|number|account|phone|mobile)$|代码|编码|编号|号码|邮编|网点|账号|卡号|手机",
    re.IGNORECASE,
)
_LEAST = 0.9
_CODES = 20
_SAMPLE = 2000
_UNIT = re.compile(r"^\s*[+-]?\d[\d.,' ]*\s*([^\W\d_]{1,6})\.?\s*$")


def set_odd(table: Guessed) -> list[Odd]:
    """Read what few cells keep from being read, and list the columns in which they are.

    A column that the schema names as a key, or that points to one, is let alone.
    """
    found: list[Odd] = []
    for column in table.frame.columns:
        series, told = table.frame[column], table.columns[column]
        if series.dtype != pl.String or {"to", "pad", "type"} & set(told) or table.section.get("key") == column:
            continue
        there = series.drop_nulls()
        if there.is_empty():
            continue
        header = str(told.get("header", column))
        ways = several_ways(table, column, header, there)
        if ways:
            found += ways
            continue
        one = _dates(table, column, header, there) or _numbers(table, column, header, there)
        if one is not None:
            found.append(one)
    return found


def _dates(table: Guessed, column: str, header: str, there: pl.Series) -> Odd | None:
    head = there.head(_SAMPLE)
    if not TIME_NAME.search(column) and not bool((spells_day(head).mean() or 0) >= _LEAST):  # type: ignore[operator]
        return None
    if looks_like_time(there) or float(head.str.contains(r"\d\D+\d|\d{6}").mean() or 0) < MOSTLY:  # type: ignore[arg-type]
        return None
    try:
        words = no_times(there, most=WORDS)
    except TablesError:
        example = str(there.filter(there.str.contains(r"^\s*\d{1,2}[/-]\d{1,2}[/-]\d{2}"))[0])
        table.say(column, f"not clear whether the day or the month comes first, such as {example}: set `format`")
        return Odd(column, header, "order", ((example, 1),))
    if not words:
        return _many_no_dates(column, header, there) if words is None else None
    odd = there.is_in(words)
    found = counts(there, odd)
    if not few(int(odd.sum()), len(there)):
        if odd.mean() > 1 - MOSTLY:  # type: ignore[operator]
            return None
        return Odd(column, header, "dates", found, table.lines(table.frame[column].is_in(words)))
    lines = blank(table, column, words)
    table.say(column, f"{_share(odd)} are dates; read as missing: {in_short(found)}", missing=words)
    return Odd(column, header, "missing", found, lines)


def _many_no_dates(column: str, header: str, there: pl.Series) -> Odd | None:
    """Why a column that is called like dates, and holds them for the most part, is none."""
    shaped = there.str.contains(r"^\s*(\d{1,4}[-./年]\d{1,2}[-./月]\d{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4})")
    if shaped.all() or float(shaped.mean() or 0) < MOSTLY:  # type: ignore[arg-type]
        return None
    return Odd(column, header, "dates", counts(there, ~shaped))


def _numbers(table: Guessed, column: str, header: str, there: pl.Series) -> Odd | None:
    ways = two_ways(there)
    if ways is not None:
        table.say(column, f"text: numbers written in two ways, such as {ways[0]!r} and {ways[1]!r}; write them in one")
        return Odd(column, header, "two ways", ((ways[0], 1), (ways[1], 1)))
    form, units = form_of(there)
    form = form or PLAIN
    head = there.head(_SAMPLE)
    if units or bool(form.read(head).is_not_null().mean() < MOSTLY):  # type: ignore[operator]
        return None
    numbers = form.read(there)
    bad = numbers.is_null()
    # Zeros in front and such headers belong to names of things: A12 among numbers is one of them.
    named = _NAME.search(column) or personal(header) or names_people(head)
    if not bad.any() or there.str.contains(r"^0\d").any() or named:
        return None
    with_unit = _unit(form, there, numbers)
    if with_unit is not None:
        unit, wider = with_unit
        example = str(there.filter(bad)[0])
        table.say(column, f"read without its unit {unit!r}, such as {example}", type="number", **wider.fields())
        where = table.lines(table.frame[column].is_in(there.filter(bad).unique().implode()))
        return Odd(column, header, "unit", ((unit, int(bad.sum())), (example, 1)), where)
    # Few distinct numbers beside words are the codes of categories.
    if numbers.n_unique() <= _CODES:
        return None
    found = counts(there, bad)
    words = [word for word, _ in found]
    if len(found) > WORDS or not few(int(bad.sum()), len(there)):
        if bad.mean() > 1 - MOSTLY:  # type: ignore[operator]
            return None
        return Odd(column, header, "numbers", found, table.lines(table.frame[column].is_in(words)))
    lines = blank(table, column, words)
    table.say(column, f"{_share(bad)} are numbers; read as missing: {in_short(found)}", missing=words)
    if form is PLAIN:
        table.frame = table.frame.with_columns(numeric(table.frame[column]))
        if table.frame[column].dtype == pl.String:
            table.say(column, "numbers", type="number")
    return Odd(column, header, "missing", found, lines)


def _unit(form: NumberForm, there: pl.Series, numbers: pl.Series) -> tuple[str, NumberForm] | None:
    """The one word that stands behind all numbers that are not plain, where it changes nothing.

    A number with a word may be one of thousands or millions: it is the same quantity where it lies among the others.
    """
    bad = there.filter(numbers.is_null())
    found = [_UNIT.match(word) for word in bad.unique().to_list()]
    units = {one.group(1) for one in found if one is not None}
    if None in found or len(units) != 1 or len(bad) > 0.2 * len(there):
        return None
    wider = NumberForm(form.thousands, form.decimal, (*form.strip, *units), form.percent, form.multiply)
    read = wider.read(bad)
    plain = numbers.drop_nulls()
    within = read.is_between(plain.min(), plain.max())
    return (units.pop(), wider) if read.null_count() == 0 and within.all() else None


def _share(odd: pl.Series) -> str:
    return f"{1 - odd.sum() / len(odd):.1%}"
