"""A single table as it comes: a file or a frame in; typed columns and a promise out, by which others are read alike."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import RunError
from tael.runs.single.placing import STEM as NAME
from tael.runs.single.placing import encoding_in, named_as, place
from tael.tables import Tables
from tael.tables.border import polars_of
from tael.tables.infer import infer
from tael.tables.odd import Odd
from tael.tables.places import Lines
from tael.tables.reading import FILE
from tael.tables.schema import Role, Schema, TableSchema, Type
from tael.tables.sources import source_of

_TRUE_FALSE = {"true", "false"}
_BESIDE = ("Read as the tables.toml beside the file says", "按同目录的 tables.toml 读取")


@dataclass(frozen=True)
class Source:
    """A table as read.

    Parameters
    ----------
    frame : polars.DataFrame
        Numbers, texts, times, flags; names that a formula can hold.
    promise : TableSchema
        What its columns are, stated or guessed.
    headers : dict of str to str
        Name of a column here, and its header in the table.
    stated : bool
        Whether a ``tables.toml`` beside the file said so.
    repeated : int
        Rows left out because they repeat another one's key.
    odd : tuple of Odd
        Columns with a few cells that are not of their kind; rows of totals.
    noted : tuple of (str, str)
        What else reading had to decide, in English and Chinese: the encoding, titles, names that occur twice.
    keep_totals : bool
        Whether rows of totals were asked for.
    above : dict of str to str
        Names in a line above the header that is left out, and their columns' headers.
    """

    frame: pl.DataFrame
    promise: TableSchema
    headers: dict[str, str]
    stated: bool = False
    repeated: int = 0
    odd: tuple[Odd, ...] = ()
    noted: tuple[tuple[str, str], ...] = ()
    keep_totals: bool = False
    above: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """What reading had to decide, in English and Chinese: the encoding, cells that are missing or lost a unit."""
        return self.told_of(self.headers)

    def told_of(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """The same, of columns that are looked at alone."""
        said = [one for one in self.odd if one.read and (one.kind == "total" or one.column in set(names))]
        return (*self.noted, *((one.text("en"), one.text("zh")) for one in said))

    @property
    def blank_words(self) -> tuple[str, ...]:
        """Words for nothing anywhere in the table, without those that are told of a column."""
        told = {word for one in self.odd if one.kind in ("missing", "none") for word, _ in one.words}
        return tuple(word for word in self.promise.missing if word not in told)

    @property
    def unread(self) -> dict[str, tuple[str, str]]:
        """Columns that hold numbers or dates which could not be read, and why, in English and Chinese."""
        return {one.column: (one.text("en"), one.text("zh")) for one in self.odd if not one.read}


def read_source(source: Any, encoding: str | None = None, *, keep_totals: bool = False) -> Source:
    """Read a file or a frame whose columns are not described, or described by a ``tables.toml`` beside the file.

    Words such as 是 and 否 stay words: what is foretold then comes back in the user's own.

    Parameters
    ----------
    source : str, Path or frame
    encoding : str, optional
        Of the file, where its bytes leave that in doubt.
    keep_totals : bool
        Whether rows of totals are rows like others.

    Returns
    -------
    Source

    Raises
    ------
    RunError
        If there is no such file, or it holds no rows.
    TablesError
        If it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="tael-fit-") as made:
        folder = Path(made)
        if isinstance(source, str | Path):
            path = file_of(Path(source))
            beside = _beside(path)
            if beside is not None:
                changed = {"encoding": encoding} if encoding is not None else {}
                beside = beside.model_copy(update={**changed, **({"totals": ()} if keep_totals else {})})
                read = _typed(path.parent, beside, stated=True)
                return replace(read, noted=(_BESIDE, *read.noted), keep_totals=keep_totals)
            with named_as(path, folder):
                found = encoding_in(path, encoding)
                placed = place(path, folder, found)
                read = _drafted(folder, keep_totals)
                noted = placed.told(found, read.promise.skip_lines)
                return replace(read, noted=noted, above=dict(placed.above))
        else:
            given = polars_of(source, NAME)
            if given.height == 0:
                raise RunError("The table has no rows.", expected="rows under the header", got="a header alone")
            given.write_parquet(folder / f"{NAME}.parquet")
        return _drafted(folder, keep_totals)


def _drafted(folder: Path, keep_totals: bool) -> Source:
    draft = infer(folder, totals=not keep_totals)
    (name,) = draft.schema.tables
    read = _typed(folder, draft.schema.tables[name], stated=False)
    return replace(read, odd=draft.odd, noted=(), keep_totals=keep_totals)


def file_of(path: Path) -> Path:
    """The file of a path.

    Raises
    ------
    RunError
        If there is none.
    """
    if not path.is_file():
        raise RunError(
            "There is no such file.", expected="a CSV or Parquet file", got=str(path),
            fix="Look at the path; from Python, a frame may be given too.",
        )  # fmt: skip
    return path


def _beside(path: Path) -> TableSchema | None:
    """The section of a ``tables.toml`` in the file's folder that names the file."""
    page = path.parent / FILE
    if not page.is_file():
        return None
    found = [one for one in Schema.from_toml(page).tables.values() if one.file == path.name]
    return found[0] if found else None


def _tables(folder: Path, promise: TableSchema) -> Tables:
    """The one table that a promise describes; columns that point to other tables name things all the same."""
    source = source_of(promise, NAME)
    read = source.read(promise, NAME, folder)
    places = {} if source.place is None else {NAME: source.place}
    return Tables({NAME: read}, Schema(tables={NAME: promise}), absent="label", places=places)


def _typed(folder: Path, promise: TableSchema, *, stated: bool) -> Source:
    """Flags are read as words first, and stay words unless they spell true and false."""
    words = [name for name, column in promise.columns.items() if column.type == Type.FLAG and not column.true]
    as_words = {name: column.model_copy(update={"type": Type.CATEGORY}) for name, column in promise.columns.items()}
    columns = {name: as_words[name] if name in words else column for name, column in promise.columns.items()}
    promise = promise.model_copy(update={"columns": columns})
    tables = _tables(folder, promise)
    frame, whole = tables[NAME], tables.schema.tables[NAME]
    for name in words:
        said = {str(one).lower() for one in frame[name].drop_nulls().unique()}
        if frame[name].dtype == pl.Boolean or said <= _TRUE_FALSE:
            flags = frame[name].cast(pl.String).str.to_lowercase() == "true"
            frame = frame.with_columns(flags.alias(name))
            whole = _with_type(whole, name, Type.FLAG)
    if frame.height == 0:
        raise RunError("The table has no rows.", expected="rows under the header", got="a header alone")
    headers = {name: column.header or name for name, column in whole.columns.items() if name in frame.columns}
    repeated = sum(note.count for note in tables.notes if note.kind == "duplicates")
    return Source(frame, whole, headers, stated, repeated, noted=totals_told(tables))


def totals_told(tables: Tables) -> tuple[tuple[str, str], ...]:
    """Rows of totals that a table's promise left out, in English and Chinese."""
    found = []
    for note in tables.notes:
        if note.kind == "totals":
            lines = tuple(one.row if one.line is None else one.line for one in note.examples)
            where = Lines(lines, note.count > len(lines), all(one.line is not None for one in note.examples))
            first, *rest = note.detail.split(", ")
            odd = Odd("", "", "total", ((first, note.count), *((word, 0) for word in rest)), where)
            found.append((odd.text("en"), odd.text("zh")))
    return tuple(found)


def _with_type(promise: TableSchema, name: str, kind: Type) -> TableSchema:
    column = promise.columns[name].model_copy(update={"type": kind})
    return promise.model_copy(update={"columns": {**promise.columns, name: column}})


def left_out(promise: TableSchema, *, stated: bool) -> dict[str, tuple[str, str]]:
    """Columns that no model may look at by their role, and why, in English and Chinese."""
    found: dict[str, tuple[str, str]] = {}
    for name, column in promise.columns.items():
        if stated and column.role in (Role.LABEL, Role.IGNORE):
            found[name] = (f"role {column.role} in tables.toml", f"tables.toml 中角色为 {column.role}")
        elif column.role == Role.LABEL:
            found[name] = (
                "called like an outcome, known only later; if it is known before: keep",
                "名称像事后结果，晚于标签才可知；若事前可知：keep",
            )
    return found


def set_aside(promise: TableSchema) -> dict[str, tuple[str, str]]:
    """Columns that `tael.tables.infer` takes for no features: remarks, row numbers, values that no formula can use."""
    words = (
        "set aside by its name or kind: a remark, a row number, nested values",
        "按名称或类型不作为特征：备注、行号、嵌套值",
    )
    return {name: words for name, column in promise.columns.items() if column.role == Role.IGNORE}
