"""The few cells that keep a column from being numbers or dates: read as missing, or without their unit, and told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tael.errors import TablesError
from tael.tables.guess_files import Guessed
from tael.tables.numbers import PLAIN, NumberForm, form_of, two_ways
from tael.tables.schema import Language
from tael.tables.sources.text import numeric
from tael.tables.times import looks_like_time, no_times, spells_day

TIME_NAME = re.compile(r"date|time|day$|_at$|_on$|issued|opened|created|日期|时间|日$", re.IGNORECASE)
"""How columns of dates are called."""
_NAME = re.compile(
    r"(^|_)(code|ticker|symbol|zip|postcode|branch|store|id|no|number|account|phone|mobile)$|代码|编码|编号|号码|邮编|网点|账号|卡号|手机",
    re.IGNORECASE,
)
_NEARLY = 0.99
_MOSTLY = 0.75
_ROWS = 5
_LEAST = 0.9
_WORDS = 20
_CODES = 20
_SAMPLE = 2000
_UNIT = re.compile(r"^\s*[+-]?\d[\d.,' ]*\s*([^\W\d_]{1,6})\.?\s*$")
_WIDTH = 30

Kind = Literal["missing", "unit", "larger", "two ways", "order", "dates", "numbers"]


@dataclass(frozen=True)
class Odd:
    """Cells of a column that are not of its kind.

    Attributes
    ----------
    column : str
        Name in the schema.
    header : str
        Name in the file.
    kind : {"missing", "unit", "larger", "two ways", "order", "dates", "numbers"}
        Read as missing; read without their unit; multiplied by it (万); or why the column stays text: numbers in two
        ways of writing, dates whose day and month cannot be told apart, mostly dates, mostly numbers.
    words : tuple of (str, int)
        What stands there, and in how many rows; of a unit the unit, then an example; of one that multiplies what the
        example is read as, before the example; of two ways one of each.
    """

    column: str
    header: str
    kind: Kind
    words: tuple[tuple[str, int], ...]

    @property
    def read(self) -> bool:
        """Whether the column is read all the same."""
        return self.kind in ("missing", "unit", "larger")

    def text(self, lang: Language = "en") -> str:
        """What was done with them, or why the column is left out.

        >>> Odd("x", "Amount", "missing", (("see file", 1),)).text()
        "Read as missing: 'see file' (1 row of Amount)"
        """
        first, last = repr(self.words[0][0][:_WIDTH]), repr(self.words[-1][0][:_WIDTH])
        rows = self.words[0][1] if self.kind in ("unit", "larger") else sum(count for _, count in self.words)
        shown = ", ".join(repr(word[:_WIDTH]) for word, _ in self.words[:4]) + (", ..." if len(self.words) > 4 else "")
        middle = self.words[len(self.words) // 2][0]
        if lang == "zh":
            kind = "日期" if self.kind == "dates" else "数字"
            return {
                "missing": f"视为缺失：{shown}（{self.header} {rows:,} 行）",
                "unit": f"去掉单位读取：{first}（{self.header} {rows:,} 行，如 {last}）",
                "larger": f"按单位换算：{first}（{self.header} {rows:,} 行，如 {last} 读作 {middle}）",
                "order": f"日期中日与月的先后无法确定，如 {first}：改为 2024-01-31 的写法后即可使用",
                "two ways": f"数字有两种写法，如 {first} 与 {last}：统一写法后即可使用",
            }.get(self.kind, f"多为{kind}，但有 {rows:,} 行不是，如 {first}：改为空白或修正后即可使用")
        some, are = ("1 row", "is") if rows == 1 else (f"{rows:,} rows", "are")
        return {
            "missing": f"Read as missing: {shown} ({some} of {self.header})",
            "unit": f"Read without its unit: {first} ({some} of {self.header}, such as {last})",
            "larger": f"Multiplied by its unit: {first} ({some} of {self.header}, such as {last}, read as {middle})",
            "order": f"days of which it is not clear whether the day or the month comes first, such as {first}: "
            "write them as 2024-01-31, and they are used",
            "two ways": f"numbers written in two ways, such as {first} and {last}: write them in one, and it is used",
        }.get(
            self.kind,
            f"most are {self.kind}, but {some} {are} not, such as {first}: empty or mend them, and it is used",
        )


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
        one = _dates(table, column, header, there) or _numbers(table, column, header, there)
        if one is not None:
            found.append(one)
    return found


def _few(rows: int, of: int) -> bool:
    return rows <= (1 - _NEARLY) * of or (rows <= _ROWS and rows <= (1 - _LEAST) * of)


def _counts(there: pl.Series, mask: pl.Series) -> tuple[tuple[str, int], ...]:
    return tuple((str(word), int(count)) for word, count in there.filter(mask).value_counts(sort=True).rows())


def _dates(table: Guessed, column: str, header: str, there: pl.Series) -> Odd | None:
    head = there.head(_SAMPLE)
    if not TIME_NAME.search(column) and not bool((spells_day(head).mean() or 0) >= _LEAST):  # type: ignore[operator]
        return None
    if looks_like_time(there) or float(head.str.contains(r"\d\D+\d|\d{6}").mean() or 0) < _MOSTLY:  # type: ignore[arg-type]
        return None
    try:
        words = no_times(there, most=_WORDS)
    except TablesError:
        example = str(there.filter(there.str.contains(r"^\s*\d{1,2}[/-]\d{1,2}[/-]\d{2}"))[0])
        table.say(column, f"not clear whether the day or the month comes first, such as {example}: set `format`")
        return Odd(column, header, "order", ((example, 1),))
    if not words:
        return _many_no_dates(column, header, there) if words is None else None
    odd = there.is_in(words)
    counts = _counts(there, odd)
    if not _few(int(odd.sum()), len(there)):
        return Odd(column, header, "dates", counts) if odd.mean() <= 1 - _MOSTLY else None  # type: ignore[operator]
    _blank(table, column, words)
    table.say(column, f"{_share(odd)} are dates; read as missing: {_shown(counts)}", missing=words)
    return Odd(column, header, "missing", counts)


def _many_no_dates(column: str, header: str, there: pl.Series) -> Odd | None:
    """Why a column that is called like dates, and holds them for the most part, is none."""
    shaped = there.str.contains(r"^\s*(\d{1,4}[-./年]\d{1,2}[-./月]\d{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4})")
    if shaped.all() or float(shaped.mean() or 0) < _MOSTLY:  # type: ignore[arg-type]
        return None
    return Odd(column, header, "dates", _counts(there, ~shaped))


def _numbers(table: Guessed, column: str, header: str, there: pl.Series) -> Odd | None:
    ways = two_ways(there)
    if ways is not None:
        table.say(column, f"text: numbers written in two ways, such as {ways[0]!r} and {ways[1]!r}; write them in one")
        return Odd(column, header, "two ways", ((ways[0], 1), (ways[1], 1)))
    form, units = form_of(there)
    form = form or PLAIN
    head = there.head(_SAMPLE)
    if units or bool(form.read(head).is_not_null().mean() < _MOSTLY):  # type: ignore[operator]
        return None
    numbers = form.read(there)
    bad = numbers.is_null()
    # Zeros in front and such headers belong to names of things: A12 among numbers is one of them.
    if not bad.any() or there.str.contains(r"^0\d").any() or _NAME.search(column):
        return None
    with_unit = _unit(form, there, numbers)
    if with_unit is not None:
        unit, wider = with_unit
        example = str(there.filter(bad)[0])
        table.say(column, f"read without its unit {unit!r}, such as {example}", type="number", **wider.fields())
        return Odd(column, header, "unit", ((unit, int(bad.sum())), (example, 1)))
    # Few distinct numbers beside words are the codes of categories.
    if numbers.n_unique() <= _CODES:
        return None
    counts = _counts(there, bad)
    if len(counts) > _WORDS or not _few(int(bad.sum()), len(there)):
        return Odd(column, header, "numbers", counts) if bad.mean() <= 1 - _MOSTLY else None  # type: ignore[operator]
    words = [word for word, _ in counts]
    _blank(table, column, words)
    table.say(column, f"{_share(bad)} are numbers; read as missing: {_shown(counts)}", missing=words)
    if form is PLAIN:
        table.frame = table.frame.with_columns(numeric(table.frame[column]))
        if table.frame[column].dtype == pl.String:
            table.say(column, "numbers", type="number")
    return Odd(column, header, "missing", counts)


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


def _blank(table: Guessed, column: str, words: list[str]) -> None:
    text = pl.col(column)
    table.frame = table.frame.with_columns(pl.when(~text.is_in(words)).then(text).alias(column))


def _share(odd: pl.Series) -> str:
    return f"{1 - odd.sum() / len(odd):.1%}"


def _shown(counts: tuple[tuple[str, int], ...]) -> str:
    words = ", ".join(f"{word[:_WIDTH]!r} ({count:,})" for word, count in counts[:3])
    return words + (", ..." if len(counts) > 3 else "")
