"""What ``infer`` sees in a file: its encoding, separator, lines before the header, rows of totals."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from tael.errors import TablesError
from tael.tables.frames import all_of
from tael.tables.guess_nothing import aside, markers_of
from tael.tables.guessed import Guessed, identifier
from tael.tables.odd import Odd
from tael.tables.places import Place
from tael.tables.schema import TableSchema, named
from tael.tables.sources.csv import numbered, read_csv, sniffed, unpacked
from tael.tables.sources.encodings import encoding_of
from tael.tables.sources.files import Files, kind_of
from tael.tables.sources.spreadsheets import spreadsheet_of
from tael.tables.sources.text import numeric, typed
from tael.tables.totals import totals_of

_HEAD = 1 << 20
_BEFORE = 20


def look_at(folder: Path, *, totals: bool = True) -> tuple[list[Guessed], list[str]]:
    """Read every table of a folder, and list the files that are no tables; a folder of Parquet files is one table.

    With ``totals`` rows of totals are sought and left out.

    Raises
    ------
    TablesError
        With the faults of all files.
    """
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    found: list[Guessed] = []
    errors: list[TablesError] = []

    def look(name: str, at: Callable[[], Guessed]) -> None:
        try:
            found.append(at())
        except TablesError as error:
            errors.append(error)
            found.append(Guessed(name, pl.DataFrame(), {}, {}))  # so that the name is taken

    for path in paths:
        kind = kind_of(path)
        if kind is None:
            continue
        stem = path.name.split(".", 1)[0]
        name = identifier(stem, {one.name for one in found})
        look(
            name,
            partial(_csv, path, name, totals) if kind == "csv" else partial(_parquet, folder, name, path.name, totals),
        )
    for inside in sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.parquet"))):
        name = identifier(inside.name, {one.name for one in found})
        look(name, partial(_parquet, folder, name, f"{inside.name}/*.parquet", totals))
    if errors:
        raise all_of(errors, "files")
    skipped = [_skipped(path) for path in paths if kind_of(path) is None and path.suffix != ".toml"]
    return found, skipped


def _skipped(path: Path) -> str:
    kind = spreadsheet_of(path)
    return path.name if kind is None else f"{path.name} ({kind}: save it as CSV UTF-8)"


def _parquet(folder: Path, name: str, file: str, totals: bool) -> Guessed:
    found = Guessed(name, Files().read(TableSchema(file=file), name, folder), {"file": file}, {})
    if totals:
        _without_totals(found, TableSchema())
    markers, own = markers_of(found)
    if markers:
        found.set("missing", list(markers), "; ".join(f"{word!r}: {why}" for word, why in markers.items()))
        text = pl.col(pl.String)
        found.frame = found.frame.with_columns(pl.when(~text.is_in(list(markers))).then(text))
    return _with_own(found, own)


def _csv(path: Path, name: str, totals: bool) -> Guessed:
    where = f"{Place(name)}, file {path}"
    found = Guessed(name, pl.DataFrame(), {"file": path.name}, {})
    content = unpacked(path, where)
    encoding = encoding_of(content, where)
    if encoding != "utf-8":
        found.set("encoding", encoding, "the bytes are no UTF-8, and look like this")
    lines = content[:_HEAD].decode(encoding, errors="ignore").lstrip("\ufeff").splitlines()[:200]
    skip = _lines_before(lines)
    if skip:
        found.set("skip_lines", skip, "the lines before have fewer fields")
    separator = sniffed(lines[skip : skip + _BEFORE])
    if separator != ",":
        found.set("separator", separator, f"parts the first lines into {_fields(lines[skip], separator)} fields")
    twice = _twice(lines[skip] if skip < len(lines) else "", separator)
    if twice:
        found.set("same_names", "number", f"{', '.join(twice)} stands more than once in the header")
    schema = TableSchema.model_validate({"separator": separator, **found.section})
    found.frame, found.first_line = numbered(path, schema, where)
    if totals:
        _without_totals(found, schema)
    markers, own = markers_of(found)
    if markers:
        found.set("missing", list(markers), "; ".join(f"{word!r}: {why}" for word, why in markers.items()))
        schema = schema.model_copy(update={"missing": tuple(markers)})
        again = read_csv(path, schema, where)
        found.frame = again if found.rows is None else typed(again[found.rows.to_list()], schema)
    if found.frame.width == 1:
        found.reasons["file"] = "only one column was found: if there are more, name the `separator`"
    return _with_own(found, own)


def _without_totals(found: Guessed, schema: TableSchema) -> None:
    """Leave rows of totals out, and say which."""
    totals = totals_of(found.frame)
    if totals is None:
        return
    mask, words = totals
    said = {word: int(mask.sum()) for word in words[:1]} if len(words) == 1 else {}
    found.odd.append(Odd("", "", "total", tuple(said.items()) or tuple((word, 1) for word in words), found.lines(mask)))
    found.set("totals", words, f"rows of totals: {found.odd[-1].lines.text()}")
    found.rows = (~mask).arg_true()
    found.frame = typed(found.frame.filter(~mask), schema)


def _with_own(found: Guessed, own: dict[str, dict[str, str]]) -> Guessed:
    """Blank the words that mean missing in one column alone, and say so."""
    for header, words in own.items():
        text = found.frame[header]
        aside(found, header, [(word, int((text == word).sum())) for word in words])
        blank = pl.select(pl.when(~text.is_in(list(words))).then(text)).to_series().rename(header)
        found.frame = found.frame.with_columns(numeric(blank))
    found = _renamed(found)
    for name in found.frame.columns:
        words = own.get(str(found.columns[name].get("header", name)), {})
        for word, why in words.items():
            found.say(name, f"{word!r}: {why}, while another column answers with it", missing=[word])
    return found


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _fields(line: str, separator: str) -> int:
    return len(_cells(line, separator))


def _twice(line: str, separator: str) -> list[str]:
    """Names that stand more than once in a header; numbers are no names, and such a line is none."""
    found = [name for name, count in Counter(_cells(line, separator)).items() if name and count > 1]
    return [] if any(re.fullmatch(r"[-+\d.eE]+", name) for name in found) else found


def _lines_before(lines: list[str]) -> int:
    """How many lines have fewer fields than nearly all that follow: a title, an empty line."""
    body = lines[_BEFORE:] if len(lines) > 2 * _BEFORE else lines[len(lines) // 2 :]
    if not body:
        return 0
    separator = sniffed(body)
    usual = Counter(_fields(line, separator) for line in body).most_common(1)[0][0]
    if usual < 2:
        return 0
    cells = [_cells(line, separator) for line in lines[:_BEFORE]]
    # A spreadsheet fills the line of its title up with separators.
    named = [len(row) >= usual and (usual < 3 or sum(map(bool, row)) > 1) for row in cells]
    return named.index(True) if True in named else 0


def _renamed(found: Guessed) -> Guessed:
    names: dict[str, str] = {}
    for header in found.frame.columns:
        others = set(found.frame.columns) - {header}
        names[header] = header if named(header) else identifier(header, others | set(names.values()))
    found.frame = found.frame.rename(names)
    found.columns = {name: ({} if name == header else {"header": header}) for header, name in names.items()}
    found.odd = [replace(one, column=names.get(one.header, one.column)) for one in found.odd]
    for header, name in names.items():
        if name != header:
            found.say(name, "renamed, since a formula cannot hold the header")
    return found
