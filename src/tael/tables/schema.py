"""What a folder of tables promises: keys, times, known-at times, roles, relations, units, bounds.

The same content is a ``tables.toml`` file, a dict, or these classes.
"""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tael.errors import TablesError, did_you_mean

Language = Literal["en", "zh"]
Absent = Literal["error", "label"]
RESERVED = "tael"
# In user:password@host or password=...; a variable such as ${BANK_PASSWORD} is no password.
_PASSWORD = re.compile(r"://[^/@]*:(?!\$\{\w+\}@)[^/]*@|password=(?!\$\{)[^&\s]", re.IGNORECASE)


class Type(StrEnum):
    """The type of a column and of a formula."""

    NUMBER = "number"
    FLAG = "flag"
    CATEGORY = "category"
    TIME = "time"
    TEXT = "text"


class Role(StrEnum):
    """What a column is for. Keys and times are named by the table, not by a role."""

    FEATURE = "feature"
    LABEL = "label"
    IGNORE = "ignore"


def named(name: str) -> bool:
    """Whether a formula can hold this name: letters, digits and _, not beginning with a digit, no word of Python.

    >>> named("金额"), named("loan amount"), named("class")
    (True, False, False)
    """
    return name.isidentifier() and not keyword.iskeyword(name)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Strict):
    """How a table or column is called in words.

    >>> Title(en="amount", zh="金额").zh
    '金额'
    """

    en: str | None = None
    zh: str | None = None


class ColumnSchema(_Strict):
    """The promise of one column.

    Parameters
    ----------
    type : {"number", "flag", "category", "time", "text"}, optional
        Left out: taken from the data (text with few distinct values is a category). Keys and columns with ``to`` are
        categories whatever is said here, since they name things.
    role : {"feature", "label", "ignore"}
        ``label`` columns may be named in label formulas alone; ``ignore`` columns nowhere.
    to : str, optional
        The table whose key this column holds. The target may be a name without a table (``devices``):
        rows that share the value are then related all the same.
    known_at : str, optional
        The time column of the same table that says when this value became known (a loan's ``status`` is known
        at ``settled_on``). Until then the value reads as missing.
    unit : str, optional
        Such as ``CNY``, ``days``.
    min, max : float, optional
        Bounds, both allowed; tested by the contract check.
    special : tuple of float
        Codes that are no numbers (-9 "not asked"): missing in formulas, bins of their own in scorecards.
    missing : tuple of str
        Text that means missing in this column alone (无 among amounts, where another column answers 有 or 无).
    zero : tuple of str
        Text that means 0 in this column alone (无 among counts), whatever it means in others.
    required : bool
        Whether a missing value breaks the contract.
    values : tuple of str, optional
        The categories allowed.
    format : str, optional
        How a time is written in text (``%y%m%d``).
    month : {"end"}, optional
        Text that names a month alone (``2023年11月``) stands for its end, when what happened in it is known. Left out:
        for its first day.
    true : tuple of str
        What reads as true in a flag column of text; all else that is there is false.
    thousands, decimal : str
        How numbers are written in text: ``1.234,50`` is ``thousands = "."``, ``decimal = ","``.
    strip : tuple of str
        Signs and words beside the digits that mean nothing (``¥``, ``元``), of any width and case.
    percent : bool
        Whether text values carry a % and are divided by 100. Brackets are read as a minus in every number column.
    bare : {"share", "percent", "size"}, optional
        What a value without % is beside ``percent``: a share as it stands (missing beyond 1), a percentage, or by its
        size a share up to 1 and a percentage beyond. Left out: a fault, unless it is 0.
    duration : {"months"}, optional
        Text such as 1年3个月, 18 months, ``< 1 year``, ``10+ years`` is read as months (`tael.tables.durations`).
    multiply : tuple of str
        Words after the digits that multiply the number: with ``multiply = ["万", "亿"]``, 8.99万 is 89900. Also 百, 千,
        十万, 百万, 千万, 十亿. A value without such a word is read as it stands.
    pad : int, optional
        The width to which a key is filled with zeros on the left, where a spreadsheet took them (123 for 000123).
    header : str, optional
        How the column is called in the file, where that is no name that a formula can hold (``Loan Amount``).
    title : Title
    """

    type: Type | None = None
    role: Role = Role.FEATURE
    to: str | None = None
    known_at: str | None = None
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    special: tuple[float, ...] = ()
    missing: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    required: bool = False
    values: tuple[str, ...] | None = None
    format: str | None = None
    month: Literal["end"] | None = None
    true: tuple[str, ...] = ()
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: str = Field(default=".", min_length=1, max_length=1)
    strip: tuple[str, ...] = ()
    percent: bool = False
    bare: Literal["share", "percent", "size"] | None = None
    duration: Literal["months"] | None = None
    multiply: tuple[str, ...] = ()
    pad: int | None = Field(default=None, ge=1, le=64)
    header: str | None = None
    title: Title = Title()

    @property
    def spelled(self) -> bool:
        """Whether it says how numbers are written in text."""
        plain = self.thousands is None and self.decimal == "." and not self.strip and not self.multiply
        return self.percent or self.duration is not None or not plain


class TableSchema(_Strict):
    """The promise of one table.

    Parameters
    ----------
    file : str, optional
        Relative to the folder of ``tables.toml``: ``.csv``, ``.csv.gz``, ``.csv.zst``, ``.tsv``, ``.parquet``.
    source, query : str, optional
        A database (``duckdb:///x.duckdb``, ``sqlite:///x.db``, ``postgresql://host/db``) and the SQL or table name.
    key : str, optional
        The column that names each row; unique.
    duplicates : {"error", "first", "last"}
        What to do with rows that share a key: break the contract, or keep the first or the last row as they stand in
        the table. The contract check says how many went.
    time, known_at : str, optional
        When it happened, when it became known (left out: the same).
    time_zone : str, optional
        IANA name in which naive times are written (``Asia/Shanghai``); left out: times are taken as they are.
    encoding : str
        ``utf-8``, ``gb18030``, ``windows-1252``, ``utf-16``; whatever Python calls an encoding.
    separator : str, optional
        Of the CSV; left out: found from the first line.
    skip_lines : int
        Lines before the header.
    same_names : {"number"}, optional
        Equal names in the header of a CSV are told apart by a number (金额, 金额_2); left out: they are an error.
    missing : tuple of str
        Text that means missing, besides the empty string.
    totals : tuple of str
        Words (合计, Total) that make a row one of totals where they stand in its key or among its first columns: it is
        left out, and the contract check says so.
    columns : dict of ColumnSchema
    title : Title
    """

    file: str | None = None
    source: str | None = Field(default=None, repr=False)
    query: str | None = None
    key: str | None = None
    duplicates: Literal["error", "first", "last"] = "error"
    time: str | None = None
    known_at: str | None = None
    time_zone: str | None = None
    encoding: str = "utf-8"
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    skip_lines: int = 0
    same_names: Literal["number"] | None = None
    missing: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    columns: dict[str, ColumnSchema] = Field(default_factory=dict)
    title: Title = Title()

    @property
    def known(self) -> str | None:
        """The column that says when a row became known: ``known_at``, or ``time`` where there is none."""
        return self.known_at or self.time

    def column(self, name: str) -> ColumnSchema:
        """The promise of a column; an empty one for a column that the schema does not list."""
        return self.columns.get(name, ColumnSchema())


class Schema(_Strict):
    """The promise of all tables.

    Examples
    --------
    >>> schema = Schema.from_dict({"customers": {"key": "customer_id"},
    ...                            "loans": {"key": "loan_id", "time": "approved",
    ...                                      "columns": {"customer_id": {"to": "customers"}}}})
    >>> schema.tables["loans"].column("customer_id").to
    'customers'
    """

    tables: dict[str, TableSchema] = Field(default_factory=dict)
    simulated: bool = False
    title: Title = Title()
    folder: Path | None = None

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], *, where: str = "schema", folder: Path | None = None) -> Schema:
        """Read the flat form of ``tables.toml``: one section a table, and ``[tael]`` for what holds for all."""
        head = content.get(RESERVED, {})
        body = {name: section for name, section in content.items() if name != RESERVED}
        try:
            schema = cls(tables=body, folder=folder, **head)
        except (ValidationError, TypeError) as error:
            raise _unreadable(error, where) from None
        schema._check(where)
        return schema

    @classmethod
    def from_toml(cls, path: str | Path) -> Schema:
        """Read a ``tables.toml`` file."""
        path = Path(path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise TablesError(
                "There is no description of the tables.",
                expected=f"a file {path.name}",
                where=str(path.parent),
                fix=f"Draft one with `tael infer {path.parent}`.",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TablesError(
                "The description of the tables is no valid TOML.",
                got=str(error),
                where=str(path),
                fix="Mend the line named above.",
            ) from None
        return cls.from_dict(content, where=str(path), folder=path.parent)

    @classmethod
    def of(cls, schema: Schema | Mapping[str, Any] | str | Path | None) -> Schema:
        """Take a schema in any of its forms."""
        if schema is None:
            return cls()
        if isinstance(schema, Schema):
            return schema
        if isinstance(schema, Mapping):
            return cls.from_dict(schema)
        return cls.from_toml(schema)

    def to_dict(self) -> dict[str, Any]:
        """Write the flat form again, without what was left at its default."""
        head = self.model_dump(mode="json", include={"simulated", "title"}, exclude_defaults=True)
        body = {
            name: table.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
            for name, table in self.tables.items()
        }
        return ({RESERVED: head} if head else {}) | body

    def title_of(self, table: str, column: str | None = None, lang: Language = "en") -> str:
        """How a table or column is called in words; its name where the schema gives no title."""
        known = self.tables.get(table, TableSchema())
        title = known.title if column is None else known.column(column).title
        name = table if column is None else column
        return getattr(title, lang) or (name.replace("_", " ") if lang == "en" else name)

    def _check(self, where: str) -> None:
        for name, table in self.tables.items():
            if not named(name):
                raise TablesError(
                    "A table's name must be usable in a formula.",
                    expected="letters, digits and _, not beginning with a digit",
                    got=repr(name),
                    where=where,
                    fix="Rename the section.",
                )
            if table.source is not None and _PASSWORD.search(table.source):
                raise TablesError(
                    "A password stands in the description of the tables.",
                    expected="a variable of the environment",
                    where=f"{where}, [{name}] source",
                    fix='Set PGPASSWORD, or write source = "postgresql://user:${BANK_PASSWORD}@host/database".',
                )
            for column, promise in table.columns.items():
                if promise.special and promise.type not in (None, Type.NUMBER):
                    raise TablesError(
                        "Special codes belong to number columns.",
                        got=f"type {promise.type}",
                        where=f"{where}, [{name}.columns] {column}",
                        fix='Set type = "number" or remove `special`.',
                    )
                if promise.spelled and promise.type not in (None, Type.NUMBER):
                    raise TablesError(
                        "How numbers are written is said of a column that is no number.",
                        got=f"type {promise.type}",
                        where=f"{where}, [{name}.columns] {column}",
                        fix='Set type = "number", or remove `thousands`, `decimal`, `strip` and `percent`.',
                    )
                if promise.bare is not None and not promise.percent:
                    raise TablesError(
                        "What a value without % means is said of a column without any.",
                        got=f'bare = "{promise.bare}"',
                        where=f"{where}, [{name}.columns] {column}",
                        fix="Set percent = true, or remove `bare`.",
                    )
                if promise.thousands == promise.decimal:
                    raise TablesError(
                        "One sign cannot part thousands and begin the fraction.",
                        expected='such as thousands = ".", decimal = ","',
                        got=f'thousands = "{promise.thousands}", decimal = "{promise.decimal}"',
                        where=f"{where}, [{name}.columns] {column}",
                        fix="Set the other one too.",
                    )
                if promise.min is not None and promise.max is not None and promise.min > promise.max:
                    raise TablesError(
                        "The lower bound lies above the upper.",
                        expected="min <= max",
                        got=f"min = {promise.min:g}, max = {promise.max:g}",
                        where=f"{where}, [{name}.columns] {column}",
                        fix="Swap them.",
                    )


def _unreadable(error: ValidationError | TypeError, where: str) -> TablesError:
    if isinstance(error, TypeError):
        return TablesError(
            "The description of the tables is not in the right form.",
            got=str(error),
            where=where,
            fix="Write a section for each table, and below [tael] only `simulated` and `title`.",
        )
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        fields = ColumnSchema.model_fields if "columns" in place else TableSchema.model_fields
        fix = f"Correct the name of the field. {did_you_mean(place[-1], fields)}"
        problem = "The description of the tables has a field that tael does not know."
    else:
        fix, problem = f"Correct the value. {first['msg']}.", "The description of the tables is not in the right form."
    others = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return TablesError(problem, got=f"{'.'.join(place)} = {first['input']!r}"[:200], where=where + others, fix=fix)
