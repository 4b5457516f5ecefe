"""Why no model may look at a column of a single table: keys, names, people, what is known only later."""

from __future__ import annotations

import re

import polars as pl

from tael.runs.single.reading import Source
from tael.tables.personal import names_people, personal, shown

LEVELS = 60
"""Different values from which a text column is a name, not a category."""
KEY = ("a key: it names the row", "主键：只标识行")
"""Why a key is left out, in English and Chinese."""
_PERSON = re.compile(r"^(full|first|last|customer|client|given|family)?[ _]?(sur)?name$|姓名$", re.I)
_CODE = re.compile(
    r"(^|[_\s])(code|ticker|symbol|zip|postcode|branch|store|id)$|代码|证券|股票|编码|编号|邮编|网点", re.I
)


def left_out_for(name: str, column: pl.Series, read: Source, to_come: pl.Series | None) -> tuple[str, str] | None:
    """Why no model may look at a column; None where it may."""
    there = column.drop_nulls()
    header = read.headers.get(name, name)
    if there.n_unique() == 0:
        return "no value in any row", "没有任何取值"
    if to_come is not None and _comes_with(column, to_come):
        return "empty wherever the label is: known only with it", "标签为空时此列也为空：随标签才可知"
    # Where the table has a key, identity numbers need not stand beside what is foretold.
    if name == read.promise.key or (is_key(header, column) and not (read.promise.key and _a_person(header, column))):
        return KEY
    if column.dtype == pl.String and _PERSON.search(header):
        return "a person's name", "个人姓名"
    if there.n_unique() > LEVELS and _a_person(header, column):
        return "names a person: an identity, phone or account number", "标识个人：证件、电话或账号"
    if there.n_unique() == 1:
        return "says the same of every row", "所有行取值相同"
    if there.n_unique() > LEVELS and name in read.unread:
        return read.unread[name]
    if there.n_unique() > LEVELS and (column.dtype == pl.String or names_things(header, column)):
        many = there.n_unique()
        if column.dtype == pl.String and (odd := _odd_one(there)) is not None:
            text, n = odd
            return (
                f"most are numbers, but {n:,} rows are not, such as {text!r}: empty or mend them, and it is used",
                f"多为数字，但有 {n:,} 行不是，如 {text!r}：改为空白或修正后即可使用",
            )
        kind = ("texts", "文本取值") if column.dtype == pl.String else ("numbers that are names", "编号取值")
        return f"{many:,} different {kind[0]}", f"{kind[1]}多达 {many:,} 个"
    return None


def _a_person(header: str, column: pl.Series) -> bool:
    """Whether a column names people by their numbers, some of which may be spoiled: days of birth do not."""
    if column.dtype != pl.String:
        return _whole(column) and names_people(column.drop_nulls().head(1000).cast(pl.Int64).cast(pl.String))
    called = personal(header) and re.search(r"birth|dob|born|出生|生日", header, re.I) is None
    return names_people(column) or bool(called and column.str.contains(r"\d{6}").mean() > 0.5)  # type: ignore[operator]


def _odd_one(texts: pl.Series) -> tuple[str, int] | None:
    """The first value that is no number in a column of which three in four are, and how many are none."""
    spelled = texts.str.contains(r"^\s*\D{0,3}\s*\d[\d,. ]*\s*\D{0,3}$")
    if spelled.all() or float(spelled.mean() or 0.0) < 0.75:  # type: ignore[arg-type]
        return None
    odd = texts.filter(~spelled)
    return shown(str(odd[0]), texts.name)[:30], odd.len()


def _comes_with(column: pl.Series, to_come: pl.Series) -> bool:
    """A column that is empty on all rows to predict, as chance would leave it one time in a hundred."""
    waiting = int(to_come.sum())
    if waiting in (0, len(to_come)) or column.filter(to_come).null_count() < waiting:
        return False
    known = column.filter(~to_come)
    return bool((known.null_count() / known.len()) ** waiting < 0.01)


def is_key(name: str, column: pl.Series) -> bool:
    """A column that names its row: all values differ, and they are whole numbers called an id, or texts."""
    if column.null_count() or column.n_unique() < max(2, column.len()) or column.len() < 20:
        return False
    if column.dtype == pl.String:
        return True
    named = re.search(r"(^|_)(id|no|key|code|num|number|index)$|^id|编号|序号|代码", name.lower()) is not None
    return _whole(column) and named


def names_things(name: str, column: pl.Series) -> bool:
    """Whether whole numbers are names, as stock codes and branches are: adding them up would mean nothing."""
    return _CODE.search(name) is not None and _whole(column)


def _whole(column: pl.Series) -> bool:
    there = column.drop_nulls()
    return column.dtype.is_integer() or (column.dtype.is_float() and bool((there == there.round()).all()))
