"""A single table as it comes: a file or a frame in; typed columns and a promise out, by which others are read alike."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import RunError, TablesError
from tael.runs.single.placing import STEM as NAME
from tael.runs.single.placing import encoding_in, named_as, place
from tael.tables import Tables
from tael.tables.border import polars_of
from tael.tables.guess_odd import Odd
from tael.tables.infer import infer
from tael.tables.reading import FILE
from tael.tables.schema import Role, Schema, TableSchema, Type
from tael.tables.sources import source_of

_TRUE_FALSE = {"true", "false"}


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
    encoding : str
        Of the file.
    odd : tuple of Odd
        Columns with a few cells that are not of their kind.
    """

    frame: pl.DataFrame
    promise: TableSchema
    headers: dict[str, str]
    stated: bool = False
    repeated: int = 0
    encoding: str = "utf-8"
    odd: tuple[Odd, ...] = ()

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """What reading had to decide, in English and Chinese: the encoding, cells that are missing or lost a unit."""
        said = [] if self.encoding == "utf-8" else [(f"Encoding: {self.encoding}", f"编码：{self.encoding}")]
        return (*said, *((one.text("en"), one.text("zh")) for one in self.odd if one.read))

    @property
    def unread(self) -> dict[str, tuple[str, str]]:
        """Columns that hold numbers or dates which could not be read, and why, in English and Chinese."""
        return {one.column: (one.text("en"), one.text("zh")) for one in self.odd if not one.read}


def read_source(source: Any, encoding: str | None = None) -> Source:
    """Read a file or a frame whose columns are not described, or described by a ``tables.toml`` beside the file.

    Words such as 是 and 否 stay words: what is foretold then comes back in the user's own.

    Parameters
    ----------
    source : str, Path or frame
    encoding : str, optional
        Of the file, where its bytes leave that in doubt.

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
            path = _file(Path(source))
            beside = _beside(path)
            if beside is not None and encoding is not None:
                beside = beside.model_copy(update={"encoding": encoding})
            if beside is not None:
                return _typed(path.parent, beside, stated=True)
            with named_as(path, folder):
                found = encoding_in(path, encoding)
                place(path, folder, found)
                read = _drafted(folder)
                return replace(read, encoding=found) if found != "utf-8" else read
        else:
            given = polars_of(source, NAME)
            if given.height == 0:
                raise RunError("The table has no rows.", expected="rows under the header", got="a header alone")
            given.write_parquet(folder / f"{NAME}.parquet")
        return _drafted(folder)


def _drafted(folder: Path) -> Source:
    draft = infer(folder)
    (name,) = draft.schema.tables
    promise = draft.schema.tables[name]
    return replace(_typed(folder, promise, stated=False), odd=draft.odd, encoding=promise.encoding)


def read_again(source: Any, promise: TableSchema) -> pl.DataFrame:
    """Read another file or frame as the first was read; columns that the promise does not name are left out.

    Columns of the role "label" may be absent.

    Raises
    ------
    TablesError
        If a column is missing, or its values are of another kind.
    """
    if not isinstance(source, str | Path):
        given = polars_of(source, NAME)
        wanted = {column.header or name for name, column in promise.columns.items()} | set(promise.columns)
        given = given.select([c for c in given.columns if c in wanted])
        with _own_words("the frame"):
            found = Tables({NAME: given}, Schema(tables={NAME: promise}), absent="label")[NAME]
        return found.select([name for name in promise.columns if name in found.columns])
    with tempfile.TemporaryDirectory(prefix="tael-fit-") as made:
        folder = Path(made)
        with named_as(source, folder):
            path = _file(Path(source))
            placed = place(path, folder, encoding_in(path))
            (guessed,) = infer(folder).schema.tables.values()
            how = {name: getattr(guessed, name) for name in ("encoding", "separator", "skip_lines")}
            both = promise.model_copy(update={**how, "file": placed.name})
            with _own_words(Path(source).name):
                found = _tables(folder, both)[NAME]
            return found.select([name for name in promise.columns if name in found.columns])


@contextmanager
def _own_words(file: str) -> Iterator[None]:
    """Whoever scores one file has no tables.toml: what is wrong is said of the file, and mended there."""
    try:
        yield
    except TablesError as error:
        where = _said_of(error.where or "", file) or file
        fix = None if error.fix is None else _said_of(error.fix, file)
        raise TablesError(
            _said_of(error.problem, file), expected=error.expected, got=error.got, where=where, fix=fix
        ) from error


_ALIKE = "Write them as in the file that the model was fitted to, or leave them empty: an empty cell is missing."
_SAID = {
    rf"table {NAME}, column (\S+?), file {NAME}\.\w+": r"column \1, {file}",
    rf"table {NAME}, column (\S+)": r"column \1, {file}",
    rf"(table {NAME}, )?file {NAME}\.\w+|table {NAME}\b": "{file}",
    r"Say how they are written, in \[.*": _ALIKE,
    r"Mend them in the file, or, if they mean missing, write in \[.*": _ALIKE,
    r"Put .* tables\.toml.*": "Bring the column under the name that it had in the file that the model was fitted to.",
}


def _said_of(text: str, file: str) -> str:
    for old, new in _SAID.items():
        text = re.sub(old, new.replace("{file}", file.replace("\\", r"\\")), text)
    return text


def _file(path: Path) -> Path:
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
    return Source(frame, whole, headers, stated, repeated)


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
