"""What ``infer`` sees in a file: its encoding, separator, lines before the header, words for missing."""

from __future__ import annotations

import csv
import keyword
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import polars as pl

from tael.errors import TablesError
from tael.tables.frames import all_of
from tael.tables.numbers import PLAIN, form_of
from tael.tables.odd import Odd
from tael.tables.places import Lines, Place
from tael.tables.schema import RESERVED, TableSchema, named
from tael.tables.sources.csv import numbered, read_csv, sniffed, unpacked
from tael.tables.sources.encodings import encoding_of
from tael.tables.sources.files import Files, kind_of
from tael.tables.sources.spreadsheets import spreadsheet_of
from tael.tables.sources.text import numeric, typed
from tael.tables.times import looks_like_time, spells_day
from tael.tables.totals import totals_of

MARKERS = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "nil", "\\n", "#n/a", "?", "-", ".", "--", "–", "—", "——", "/", "\\"}
    | {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
    | {"无", "没有", "空", "未知", "不详", "缺失", "未填", "暂无"}
)
"""Words that people write for nothing, in lower case: missing where all else is numbers or times."""
_ALWAYS = ("NULL", "\\N", "#N/A", "NaN", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
# Where the others are a few words, these are an answer: 有 or 无, yes or none.
_ANSWERS = ("无", "没有", "none", "nil")
_FEW_WORDS = 5
_SHORT = 12
_LONGEST = 32
_HEAD = 1 << 20
_BEFORE = 20
_SAMPLE = 2000
_NEARLY = 0.9
_ODD = 3
_CODES = 20
_ZERO_DATE = re.compile(r"0{4}[-/]?00?[-/]?00?( .*)?|[-/. ]+")
# A word that holds other digits than zeros may be a value that was mistyped: it is not to be blanked.
_RARE = re.compile(r"[1-9]")


@dataclass
class Guessed:
    """One file, and what was guessed about it.

    Attributes
    ----------
    name : str
        Of the table.
    frame : DataFrame
        As read, columns under the names that the schema gives them.
    section : dict
        Fields of the table's section (``file``, ``encoding``, ...).
    columns : dict of dict
        Fields of each column.
    reasons : dict
        By field of the section, or by column.
    odd : list of Odd
        Columns with cells that are not of their kind.
    first_line : int or None
        The line of the file that holds its first row; None where rows and lines do not run side by side.
    rows : Series or None
        Which rows of the file the frame holds, where some were left out.
    """

    name: str
    frame: pl.DataFrame
    section: dict[str, object]
    columns: dict[str, dict[str, object]]
    reasons: dict[str, str] = field(default_factory=dict)
    column_reasons: dict[str, list[str]] = field(default_factory=dict)
    odd: list[Odd] = field(default_factory=list)
    first_line: int | None = None
    rows: pl.Series | None = None

    def lines(self, mask: pl.Series) -> Lines:
        """Where the rows stand that a mask marks."""
        return Lines.of(mask, self.first_line, self.rows)

    def aside(self, header: str, words: list[tuple[str, int]]) -> None:
        """Note words of a column that are read as missing for its sake."""
        if words:
            # 无 among counts may mean none of them: it is missing until somebody says so.
            kind: Literal["none", "missing"] = "none" if _plain(words[0][0]) in _ANSWERS else "missing"
            there = self.lines(self.frame[header].is_in([word for word, _ in words]))
            self.odd.append(Odd(header, header, kind, tuple(words), there))

    def say(self, column: str, reason: str, **fields: object) -> None:
        """Set fields of a column, and why."""
        words = [*self.columns[column].get("missing", ()), *fields.pop("missing", ())]  # type: ignore[misc]
        self.columns[column].update({**fields, "missing": words} if words else fields)
        self.column_reasons.setdefault(column, []).append(reason)

    def set(self, name: str, value: object, reason: str) -> None:
        """Set a field of the section, and why."""
        self.section[name] = value
        self.reasons[name] = reason


def identifier(text: str, taken: set[str]) -> str:
    """A name that a formula can hold, near to ``text``, that is not taken.

    >>> identifier("Loan Amount (CNY)", set()), identifier("class", set()), identifier("2024", set())
    ('Loan_Amount_CNY', 'class_', 'c_2024')
    """
    name = re.sub(r"\W+", "_", text).strip("_") or "column"
    name = f"c_{name}" if not (name[0].isalpha() or name[0] == "_") else name
    name = f"{name}_" if keyword.iskeyword(name) or name == RESERVED else name
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


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
    markers, own = _markers(found)
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
    markers, own = _markers(found)
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
        found.aside(header, [(word, int((text == word).sum())) for word in words])
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
    return [name for name, count in Counter(_cells(line, separator)).items() if name and count > 1]


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


def _markers(table: Guessed) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Words that stand where all else is numbers or times: of the table, and of columns alone.

    A word is a column's own where another column answers with it.
    """
    frame = table.frame
    found: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {}
    answers = _answers(frame)
    for series in frame.select(pl.col(pl.String)).get_columns():
        there = series.drop_nulls()
        inside = _nothings(there)
        if not inside:
            continue
        rest = there.filter(~there.is_in(inside))
        if len(rest) and (numeric(rest).dtype.is_numeric() or looks_like_time(rest) or _all_read(rest)):
            for word in inside:
                count = int((there == word).sum())
                place = own.setdefault(series.name, {}) if answers.get(word, set()) - {series.name} else found
                place.setdefault(word, f"{_values(count)} of {series.name}, which are else numbers or times")
                if place is found and _plain(word) in _ANSWERS:
                    table.aside(series.name, [(word, count)])
        for word in inside:
            if word in _ALWAYS:
                found.setdefault(word, f"in {series.name}")
    return found | _odd_words(table, {**found, **{word: "" for words in own.values() for word in words}}), own


def _nothings(there: pl.Series) -> list[str]:
    """The words of a column that people write for nothing, as they stand there."""
    # No marker is long, and what is short is seldom of many kinds: only these are looked at closely.
    words = there.filter(there.str.len_bytes() <= _LONGEST).unique(maintain_order=True)
    plain = words.str.normalize("NFKC").str.strip_chars().str.to_lowercase()
    return words.filter(plain.is_in(list(MARKERS))).to_list()


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _plain(word: str) -> str:
    return normalize("NFKC", word).strip().lower()


def _answers(frame: pl.DataFrame) -> dict[str, set[str]]:
    """By word for nothing, the columns in which it is one of a few answers (有 or 无)."""
    found: dict[str, set[str]] = {}
    for series in frame.select(pl.col(pl.String)).get_columns():
        there = series.drop_nulls()
        words = there.unique() if there.n_unique() <= 2 * _FEW_WORDS else there.clear()
        nothing = _nothings(words)
        rest = words.filter(~words.is_in(nothing))
        # Among several words for nothing 无 is one of them, unless all else is a single word.
        few = len(rest) == 1 or (1 < len(rest) <= _FEW_WORDS and len(nothing) == 1)
        few &= not rest.str.contains(r"\d").any()
        if few and bool((rest.str.len_chars() <= _SHORT).all()):
            for word in nothing:
                if word.strip().lower() in _ANSWERS:
                    found.setdefault(word, set()).add(series.name)
    return found


def _all_read(there: pl.Series) -> bool:
    """Whether a column is all amounts of money, percentages or dates, as people write them."""
    fits, _ = _mostly(there)
    return fits is not None and bool(fits.all())


def _odd_words(table: Guessed, known: dict[str, str]) -> dict[str, str]:
    """The few words that keep a column from being dates, or amounts of money, and stand in no other column."""
    found: dict[str, str] = {}
    columns = table.frame.select(pl.col(pl.String)).get_columns()
    for series in columns:
        there = series.drop_nulls()
        there = there.filter(~there.is_in(list(known)))
        fits, kind = _mostly(there)
        if fits is None or fits.all():
            continue
        rest = there.filter(~fits).value_counts(sort=True).rows()
        others = [one for one in columns if one.name != series.name]
        if len(rest) > _ODD or any(_RARE.search(word) for word, _ in rest):
            continue
        if any(bool((other == word).any()) for other in others for word, _ in rest if not _ZERO_DATE.fullmatch(word)):
            continue
        table.aside(series.name, [(word, count) for word, count in rest if word.strip()])
        for word, count in rest:
            found.setdefault(word, f"{_values(count)} of {series.name}; {fits.sum() / len(fits):.1%} are {kind}")
    return found


def _mostly(there: pl.Series) -> tuple[pl.Series | None, str]:
    """Mark the dates or the quantities of a column that holds little else."""
    head = there.head(_SAMPLE)
    if len(there) == 0:
        return None, ""
    if spells_day(head).mean() >= _NEARLY:  # type: ignore[operator]
        fits = spells_day(there)
        return (fits, "dates") if fits.mean() >= _NEARLY else (None, "")  # type: ignore[operator]
    form, _ = form_of(head)
    if (form or PLAIN).read(head).is_not_null().mean() < _NEARLY:  # type: ignore[operator]
        return None, ""
    numbers = (form or PLAIN).read(there)
    # Few distinct numbers beside a word are the codes of categories, 3次 is none; zeros in front are names.
    counted = form is not None and bool(form.multiply or form.beside)
    quantity = (counted or numbers.n_unique() > _CODES) and not there.str.contains(r"^0\d").any()
    fits = numbers.is_not_null()
    return (fits, "numbers") if quantity and fits.mean() >= _NEARLY else (None, "")  # type: ignore[operator]


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
