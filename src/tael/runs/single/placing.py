"""A file brought to where it can be read: whitespace made tabs, a second header taken off, equal names parted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tael.errors import RunError, TablesError

STEM = "table"
_TITLES = 20


def place(path: Path, folder: Path) -> Path:
    """Bring a file there under the name ``table``, as `tael.tables` reads it.

    Parameters
    ----------
    path : Path
        CSV, TSV, text whose columns stand apart by spaces, Parquet; compressed as ``.gz``, ``.zst``, ``.zip``.
    folder : Path

    Returns
    -------
    Path
        The file there: a link where nothing had to be mended.

    Raises
    ------
    RunError
        If there are no rows, or it is no table.
    """
    kind = path.name.lower()
    if not kind.endswith((".parquet", ".gz", ".zst", ".zip")):
        raw = path.read_bytes()
        content = _under_titles(raw)
        first, _, rest = content.partition(b"\n")
        if not rest.strip():
            raise RunError("The table has no rows.", expected="a header and rows under it", got=path.name)
        if first.startswith(b",") and kind.endswith(".csv") and not _numbers(rest.split(b"\n", 1)[0]):
            # numbers of the columns above their names, as spreadsheets are sometimes saved
            return _made(folder, ".csv", rest)
        if not re.search(rb"[,;\t|]", first) and len(first.split()) >= 3:
            rows = [b"\t".join(line.split()) for line in content.splitlines() if line.strip()]
            return _made(folder, ".tsv", b"\n".join(rows) + b"\n")
        if not kind.endswith((".csv", ".tsv", ".txt")):
            raise RunError("This is no table that tael reads.", expected=".csv, .tsv, .txt or .parquet", got=path.name)
        header = _parted(first)
        if header is not None or content is not raw:
            whole = content if header is None else header + b"\n" + rest
            return _made(folder, ".csv" if kind.endswith(".txt") else path.suffix.lower(), whole)
    suffix = "".join(path.suffixes[-2:]) if kind.endswith((".gz", ".zst", ".zip")) else path.suffix.lower()
    made = folder / f"{STEM}{'.csv' if suffix == '.txt' else suffix}"
    made.symlink_to(path.resolve())
    return made


def _made(folder: Path, suffix: str, content: bytes) -> Path:
    made = folder / f"{STEM}{suffix}"
    made.write_bytes(content)
    return made


def _under_titles(content: bytes) -> bytes:
    """A file without the titles that a spreadsheet wrote above its header: lines of one cell, or of none.

    >>> _under_titles(b"Loans of May;;\\n;;\\nid;sum;age\\n1;2;3\\n"), _under_titles(b"a;b\\n1;2\\n")
    (b'id;sum;age\\n1;2;3\\n', b'a;b\\n1;2\\n')
    """
    lines = content.splitlines(keepends=True)
    head = lines[:_TITLES]
    separator = max((b",", b";", b"\t", b"|"), key=lambda one: sum(line.count(one) for line in head))
    filled = [sum(1 for cell in line.split(separator) if cell.strip(b' "\r\n\xef\xbb\xbf')) for line in head]
    if not filled or max(filled) < 3 or filled[0] > 1:
        return content
    return b"".join(lines[next(k for k, count in enumerate(filled) if count >= 3) :])


def _numbers(line: bytes) -> bool:
    return re.search(rb"(^|,)[\d.]*(,|\r?$)", line) is not None


def _parted(line: bytes) -> bytes | None:
    """A header whose equal names are told apart by a number; None where all differ.

    >>> _parted(b"age,sum,age"), _parted(b"age,sum")
    (b'age,sum,age_2', None)
    """
    text, encoding = _decoded(line.rstrip(b"\r"))
    separator = max(",;\t|", key=text.count)
    names = [name.strip() for name in next(csv.reader([text], delimiter=separator), [])]
    told = Counter(name for name in names if name)
    if not told or max(told.values()) == 1:
        return None
    seen: Counter[str] = Counter()
    apart = []
    for name in names:
        seen[name] += 1
        free = f"{name}_{seen[name]}" if name and seen[name] > 1 else name
        apart.append(f"{free}_" if free != name and free in told else free)
    quoted = ['"' + name.replace('"', '""') + '"' if separator in name or '"' in name else name for name in apart]
    return separator.join(quoted).encode(encoding)


def _decoded(line: bytes) -> tuple[str, str]:
    try:
        return line.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return line.decode("gb18030", errors="replace"), "gb18030"


@contextmanager
def named_as(source: object, folder: Path) -> Iterator[None]:
    """What is wrong with the file is told of the file that the user named, not of where it was brought."""
    try:
        yield
    except TablesError as error:
        shown = str(source) if isinstance(source, str | Path) else "the frame"

        def own(text: str | None) -> str | None:
            return (
                None
                if text is None
                else re.sub(rf"(table {STEM}, file )?{re.escape(str(folder))}\S*/?[\w.]*", shown, text)
            )

        raise TablesError(
            str(own(error.problem)), expected=own(error.expected), got=own(error.got), where=own(error.where),
            fix=own(error.fix),
        ) from error  # fmt: skip
