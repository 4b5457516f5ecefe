"""Other rows of a fitted table's columns: read as the first were, and what reading had to decide, told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import TablesError
from tael.runs.single.placing import STEM as NAME
from tael.runs.single.placing import encoding_in, named_as, place
from tael.runs.single.reading import file_of, totals_told
from tael.runs.single.table import SingleTable
from tael.tables import Tables
from tael.tables.border import polars_of
from tael.tables.guess_files import look_at
from tael.tables.odd import Odd
from tael.tables.personal import shown
from tael.tables.places import Place
from tael.tables.schema import Schema, TableSchema
from tael.tables.sources import source_of
from tael.tables.unread import without_odd

Told = tuple[tuple[str, str], ...]
_SHOWN = 5
_WIDTH = 30


@dataclass(frozen=True)
class Again:
    """Other rows.

    Parameters
    ----------
    frame : polars.DataFrame
        The columns of the promise.
    told : tuple of (str, str)
        In English and Chinese: the encoding, titles and rows of totals left out, cells read as missing.
    """

    frame: pl.DataFrame
    told: Told = ()


def read_again(
    source: Any,
    promise: TableSchema,
    encoding: str | None = None,
    *,
    strict: bool = False,
    keep_totals: bool = False,
) -> Again:
    """Read another file or frame as the first was read; columns that the promise does not name are left out.

    Columns of the role "label" may be absent. A few cells that are not of their column's kind are read as missing, as
    in the first file; rows of totals are left out of files, and stay in frames.

    Parameters
    ----------
    source : str, Path or frame
    promise : TableSchema
    encoding : str, optional
        Of the file, where its bytes leave that in doubt.
    strict : bool
        Whether the promise was written by hand: then cells that break it are errors, and only the rows of totals that
        it names are left out.
    keep_totals : bool
        Whether rows of totals are rows like others.

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
            return _typed(given, promise.model_copy(update={"totals": ()}), None, strict, ())
    with tempfile.TemporaryDirectory(prefix="tael-fit-") as made:
        folder = Path(made)
        with named_as(source, folder):
            path = file_of(Path(source))
            found = encoding_in(path, encoding)
            placed = place(path, folder, found)
            ((guessed,), _) = look_at(folder, totals=not (strict or keep_totals))
            ways = ("encoding", "separator", "skip_lines", "totals")
            how = TableSchema.model_validate({name: guessed.section[name] for name in ways if name in guessed.section})
            totals = () if keep_totals else how.totals or promise.totals
            also = {name: getattr(how, name) for name in ways} | {"totals": totals, "file": placed.path.name}
            both = promise.model_copy(update=also)
            reader = source_of(both, NAME)
            with _own_words(Path(source).name):
                raw = reader.read(both, NAME, folder)
                line = None if reader.place is None else reader.place.first_line
                again = _typed(raw, both, line, strict, placed.told(found, how.skip_lines))
            return again


def _typed(raw: pl.DataFrame, promise: TableSchema, line: int | None, strict: bool, told: Told) -> Again:
    odd: list[Odd] = []
    if not strict:
        raw, odd = without_odd(raw, promise, line)
    places = {NAME: Place(NAME, None, promise.file, line)}
    tables = Tables({NAME: raw}, Schema(tables={NAME: promise}), absent="label", places=places)
    found = tables[NAME]
    said = (*told, *totals_told(tables), *((one.text("en"), one.text("zh")) for one in odd))
    return Again(found.select([name for name in promise.columns if name in found.columns]), said)


def unseen(table: SingleTable, rows: pl.DataFrame) -> Told:
    """Values of categories that the file of the fit does not hold: they count as none of those that it does.

    Parameters
    ----------
    table : SingleTable
    rows : polars.DataFrame
        Prepared, so that spellings are those of the fit.
    """
    told = []
    for name in table.categories:
        known = set(table.words.get(name, {}).values())
        if not known or name not in rows.columns:
            continue
        column = rows[name].cast(pl.String)
        new = column.drop_nulls().filter(~column.drop_nulls().is_in(list(known)))
        if new.is_empty():
            continue
        ranked = sorted(new.value_counts().iter_rows(), key=lambda row: (-row[1], row[0]))
        header = table.shown(name)
        words = ", ".join(repr(shown(word, header)[:_WIDTH]) for word, _ in ranked[:_SHOWN])
        words += ", ..." if len(ranked) > _SHOWN else ""
        rows_of = "1 row holds a value" if len(new) == 1 else f"{len(new):,} rows hold values"
        told.append(
            (
                f"{header}: {rows_of} that the fit never saw ({words}): scored as none of those that it knows",
                f"{header}：{len(new):,} 行的取值在建模数据中从未出现（{words}），按不属于任何已知取值评分",
            )
        )
    return tuple(told)


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
