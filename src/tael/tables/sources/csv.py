"""CSV as text: encodings, separators, packing, and where a broken file breaks."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from tael.errors import TablesError
from tael.tables.personal import outlined
from tael.tables.schema import TableSchema
from tael.tables.sources.encodings import LATIN, encoding_of
from tael.tables.sources.spreadsheets import refuse_spreadsheet
from tael.tables.sources.text import typed

SEPARATORS = (",", ";", "\t", "|")
_BLOCK = 1 << 24


def read_csv(path: Path, table: TableSchema, where: str) -> pl.DataFrame:
    """Read a CSV file; columns whose type the schema leaves open become numbers where all values are.

    Keys, columns that point to keys, times and declared columns stay text, so that leading zeros survive.

    Raises
    ------
    TablesError
        Bytes that are not of the encoding, rows with too few or too many fields, duplicated names; with the line.
    """
    return numbered(path, table, where)[0]


def numbered(path: Path, table: TableSchema, where: str) -> tuple[pl.DataFrame, int | None]:
    """Read a CSV file, and tell which line holds its first row; None if a row spans lines or lines are empty."""
    content = unpacked(path, where)
    data = decoded(content, table.encoding, where)
    header, separator, lines = header_of(data, table, where)
    frame = typed(_frame(data, header, separator, lines, table, where), table)
    in_all = data.count(b"\n") + (not data.endswith(b"\n"))
    return frame, lines + 1 if in_all - lines == frame.height else None


def unpacked(path: Path, where: str) -> bytes:
    """The bytes of a file, unpacked."""
    if path.stat().st_size == 0:
        raise TablesError("A file is empty.", expected="a header at least", where=where, fix="Export it again.")
    refuse_spreadsheet(path, where)
    packing = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower())
    if packing is None:
        return path.read_bytes()
    try:
        with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, packing) as stream:
            return bytes(stream.read())
    except OSError as error:
        raise TablesError(
            "A packed file cannot be unpacked.",
            got=str(error).splitlines()[0][:200],
            where=where,
            fix="Copy or export it again: it is cut off or not packed that way.",
        ) from error


def decoded(content: bytes, encoding: str, where: str) -> bytes:
    """The same content in UTF-8 without a byte-order mark."""
    try:
        codec = codecs.lookup(encoding)
    except LookupError:
        raise TablesError(
            "The encoding is not known.",
            expected="utf-8, utf-16, gb18030 or windows-1252",
            got=encoding,
            where=where,
            fix="Correct it.",
        ) from None
    wide = codec.name.startswith("utf-16")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not wide:
        raise TablesError(
            "A file is in UTF-16.",
            expected=encoding,
            where=where,
            fix='Set encoding = "utf-16" in the table\'s section, or save it as UTF-8 (Excel: CSV UTF-8).',
        )
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
    if not wide and b"\n" not in content:
        # Lines that end as on the Macintosh of old, or a single line.
        content = content.replace(b"\r", b"\n")
    plain = codec.name == "utf-8"
    decoder = codec.incrementaldecoder("strict")
    parts: list[bytes] = []
    view = memoryview(content)
    for start in range(0, max(len(content), 1), _BLOCK):
        try:
            text = decoder.decode(bytes(view[start : start + _BLOCK]), start + _BLOCK >= len(content))
        except UnicodeDecodeError:
            raise _undecodable(content, codec.name, where) from None
        if not plain:
            parts.append(text.encode("utf-8"))
    whole = content if plain else b"".join(parts)
    return whole.replace(b"\r", b"\n") if b"\n" not in whole else whole


def _undecodable(content: bytes, encoding: str, where: str) -> TablesError:
    if encoding.startswith("utf-16"):
        return TablesError(
            "A file is not in the encoding declared.",
            expected=encoding,
            got="bytes that are none, or an end in the middle of a letter",
            where=where,
            fix="Find out the encoding, or export it again.",
        )
    number, line = next((n, line) for n, line in enumerate(_lines(content), 1) if not _decodes(line, encoding))
    other = "utf-8" if encoding != "utf-8" else _likely(content, where)
    fits = _decodes(line, other) and _decodes(content[:_BLOCK].rpartition(b"\n")[0] or content, other)
    shown = line.decode(other if fits else encoding, errors="replace").strip()[:80]
    fix = (
        f'Set encoding = "{other}" in the table\'s section.' if fits else "Find out the encoding, or save it as UTF-8."
    )
    return TablesError(
        "A file is not in the encoding declared.",
        expected=encoding,
        got=f"line {number}" + (f", which reads in {other}: {shown}" if fits else f": {shown}"),
        where=where,
        fix=fix,
    )


def _likely(content: bytes, where: str) -> str:
    """What a file that is no UTF-8 may be in; where that is in doubt, what most such files are in."""
    try:
        found = encoding_of(content, where)
    except TablesError:
        return "gb18030"
    return found if found == LATIN else "gb18030"


def _lines(content: bytes) -> Iterator[bytes]:
    return iter(io.BytesIO(content))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def sniffed(lines: list[str]) -> str:
    """Find the separator: the sign that parts the first lines into the same number of fields, the most of them.

    >>> sniffed(['a;b', '1,5;2']), sniffed(["a"])
    (';', ',')
    """
    best, most = ",", 0
    for sign in SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        agree = len(set(counts)) == 1
        score = (counts[0] - 1) * (2 if agree else 1) if counts else 0
        if score > most:
            best, most = sign, score
    return best


def header_of(data: bytes, table: TableSchema, where: str) -> tuple[list[str], str, int]:
    """The names of the columns, the separator, and how many lines come before the first row."""
    text = io.StringIO(data[: 1 << 20].decode("utf-8", errors="ignore"), newline="")
    head = list(text)[table.skip_lines :]
    if not head or not head[0].strip():
        raise _no_header(where)
    separator = table.separator or sniffed(head[:20])
    rows = csv.reader(head, delimiter=separator)
    header = [name.strip() for name in next(rows)]
    header = header if table.same_names is None else told_apart(header)
    again = sorted({name for name in header if header.count(name) > 1})
    if again:
        # One column without a name is what pandas writes for its index: it is read, and no formula can name it.
        raise TablesError(
            "Some columns have no name." if "" in again else "Some columns have the same name.",
            expected="one name for each column",
            got=", ".join(map(repr, again)),
            where=f"{where}, line {table.skip_lines + 1}",
            fix="Name them apart in the file's header."
            + (" If the file has no header, write one." if "" not in header else ""),
        )
    return header, separator, table.skip_lines + rows.line_num


def told_apart(names: list[str]) -> list[str]:
    """Equal names of a header with a number after the first.

    >>> told_apart(["age", "sum", "age", "", ""])
    ['age', 'sum', 'age_2', '', '']
    """
    seen: Counter[str] = Counter()
    apart: list[str] = []
    for name in names:
        seen[name] += 1
        free = f"{name}_{seen[name]}" if name and seen[name] > 1 else name
        apart.append(f"{free}_" if free != name and free in names else free)
    return apart


def _no_header(where: str) -> TablesError:
    return TablesError(
        "A file has no header.",
        expected="the names of the columns",
        got="an empty line or nothing",
        where=where,
        fix="Write a header, or correct `skip_lines`.",
    )


def _frame(data: bytes, header: list[str], separator: str, lines: int, table: TableSchema, where: str) -> pl.DataFrame:
    if not _after(data, lines).strip():
        return pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in header})
    # What means 0 in one column is told apart from what means missing in the others once the columns are known.
    zero = {word for column in table.columns.values() for word in column.zero}
    try:
        arrow = pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(column_names=header, skip_rows=lines, block_size=_BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in data),
            convert_options=pa_csv.ConvertOptions(
                check_utf8=False,
                column_types={name: pa.large_string() for name in header},
                null_values=["", *(word for word in table.missing if word not in zero)],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _broken(data, header, separator, lines, where, error) from error
    if data.count(b'"') % 2:
        _closed(data, separator, where)
    frame = pl.from_arrow(arrow)
    assert isinstance(frame, pl.DataFrame)
    frame.columns = header
    return frame


def _closed(data: bytes, separator: str, where: str) -> None:
    """An opening quote without its closing one would swallow the rest of the file."""
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=separator, strict=False)
    start = last = 0
    for _ in rows:
        start, last = last + 1, rows.line_num
    strict = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=separator, strict=True)
    try:
        for _ in strict:
            pass
    except csv.Error as error:
        if "end of data" in str(error):
            raise TablesError(
                "A file ends inside quotes.",
                expected='a closing "',
                where=f"{where}, line {start}",
                fix="Close the quote on that line, or export the file again if it is cut off.",
            ) from None


def _after(data: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return b""
    return data[at : at + 4096]


def _broken(
    data: bytes, header: list[str], separator: str, lines: int, where: str, error: pa.ArrowInvalid
) -> TablesError:
    """Find the line at which a file breaks: slowly, since it is only done once."""
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=separator)
    before = 0
    bad: list[tuple[int, list[str]]] = []
    for row in rows:
        start, before = before + 1, rows.line_num
        if before > lines and row and len(row) != len(header):
            bad.append((start, row))
    if bad:
        start, row = bad[0]
        cut = len(bad) == 1 and before == start and len(row) < len(header)
        others = ", ".join(str(line) for line, _ in bad[1:11]) + (", ..." if len(bad) > 11 else "")
        return TablesError(
            "A file ends in the middle of a row." if cut else "A row has too many fields or too few.",
            expected=f"{len(header)} fields ({', '.join(header[:5])}{', ...' if len(header) > 5 else ''})",
            got=f"{len(row)}: {outlined(row, separator)[:80]!r}"
            + (f"; and {len(bad) - 1} more such lines: {others}" if others else ""),
            where=f"{where}, line {start}",
            fix="Copy or export the file again: it is cut off."
            if cut
            else 'Mend the line (a separator inside a value needs "quotes"), or set `separator`.',
        )
    return TablesError("A CSV file cannot be read.", got=str(error)[:200], where=where, fix="Export it again.")
