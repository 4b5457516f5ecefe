"""A file brought to where it can be read: whitespace made tabs, a second header taken off, equal names parted."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tael.errors import RunError, TablesError
from tael.tables.sources.csv import decoded, told_apart, unpacked
from tael.tables.sources.encodings import encoding_of
from tael.tables.sources.files import PACKED, kind_of
from tael.tables.sources.spreadsheets import refuse_spreadsheet

STEM = "table"
_TITLES = 20
_WIDTH = 40


@dataclass(frozen=True)
class Placed:
    """A file where it can be read.

    Parameters
    ----------
    path : Path
    title : str
        The first line above the header, where there is one.
    renamed : tuple of (str, str)
        Names that occur twice in the header, and what the later ones are called.
    above : tuple of (str, str)
        Names in a line above the header that is left out, and what their columns are called in the header.
    """

    path: Path
    title: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    above: tuple[tuple[str, str], ...] = ()

    def told(self, encoding: str, above: object = None) -> tuple[tuple[str, str], ...]:
        """What had to be decided, in English and Chinese; ``above`` is how many lines stand above the header."""
        said = [] if encoding == "utf-8" else [(f"Encoding: {encoding}", f"编码：{encoding}")]
        if above:
            first = f" ({self.title[:_WIDTH]!r})" if self.title else ""
            said.append((f"Lines above the header left out: {above}{first}", f"表头上方的 {above} 行未读取{first}"))
        if self.renamed:
            pairs = [", ".join(f"{old!r} {word} {new!r}" for old, new in self.renamed) for word in ("is", "→")]
            said.append((f"Names that occur twice in the header: {pairs[0]}", f"表头中重复的列名已改名：{pairs[1]}"))
        return tuple(said)


def encoding_in(path: Path, told: str | None = None) -> str:
    """The encoding of a file: what was told, or what its bytes tell.

    Raises
    ------
    TablesError
        If the bytes leave it in doubt.
    """
    if path.stat().st_size and kind_of(path) != "parquet":
        refuse_spreadsheet(path, f"file {path}")
    if told is not None or kind_of(path) == "parquet" or not path.stat().st_size:
        return told or "utf-8"
    where = f"file {path}"
    content = unpacked(path, where)
    return "utf-8" if _no_text(path, content) else encoding_of(content, where)


def _no_text(path: Path, content: bytes) -> bool:
    """Whether it is neither called like a table nor holds text."""
    return kind_of(path) is None and b"\0" in content[:4096]


def place(path: Path, folder: Path, encoding: str = "utf-8") -> Placed:
    """Bring a file there under the name ``table``, as `tael.tables` reads it: text in UTF-8, lines where they were.

    Parameters
    ----------
    path : Path
        CSV, TSV, text whose columns stand apart by spaces, Parquet; compressed as ``.gz`` or ``.zst``.
    folder : Path
    encoding : str
        Of the file.

    Returns
    -------
    Placed
        The file there: a link where nothing had to be mended.

    Raises
    ------
    RunError
        If there are no rows, or it is no table.
    TablesError
        If it is not in the encoding.
    """
    if path.suffix.lower() == ".zip":
        raise RunError(
            "A zip is a packed folder, and no table.", expected=".csv, .tsv, .txt or .parquet, packed as .gz or .zst",
            got=path.name, fix="Unpack it, and name the file inside.",
        )  # fmt: skip
    named = path.with_suffix("") if encoding != "utf-8" and path.suffix.lower() in PACKED else path
    kind = named.name.lower()
    if not kind.endswith((".parquet", ".gz", ".zst")):
        read = path.read_bytes() if named is path else unpacked(path, f"file {path}")
        if _no_text(named, read):
            raise _no_table(path)
        raw = decoded(read, encoding, f"file {path}") if read else read
        content, titles = _under_titles(raw)
        # Empty lines in place of what is taken off, so that messages name the lines of the file.
        above = b"\n" * titles
        first, _, rest = content.partition(b"\n")
        if not rest.strip():
            raise RunError("The table has no rows.", expected="a header and rows under it", got=path.name)
        if first.startswith(b",") and kind.endswith(".csv") and not _numbers(rest.split(b"\n", 1)[0]):
            # numbers of the columns above their names, as spreadsheets are sometimes saved
            pairs = zip(_names(first), _names(rest.split(b"\n", 1)[0]), strict=False)
            named_above = tuple((one, other) for one, other in pairs if one and one != other)
            return Placed(_made(folder, ".csv", above + b"\n" + rest), above=named_above)
        title = raw.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip(' ,;|"\t\r\ufeff') if titles else ""
        if not re.search(rb"[,;\t|]", first) and len(first.split()) >= 3:
            rows = [b"\t".join(line.split()) for line in content.splitlines() if line.strip()]
            return Placed(_made(folder, ".tsv", b"\n".join(rows) + b"\n"), title)
        if not kind.endswith((".csv", ".tsv", ".txt")):
            raise _no_table(path)
        header = _parted(first)
        if header is not None or raw is not read or titles:
            whole = above + (content if header is None else header + b"\n" + rest)
            made = _made(folder, ".csv" if kind.endswith(".txt") else named.suffix.lower(), whole)
            return Placed(made, title, _renames(first, header))
    suffix = "".join(path.suffixes[-2:]) if kind.endswith((".gz", ".zst")) else path.suffix.lower()
    made = folder / f"{STEM}{'.csv' if suffix == '.txt' else suffix}"
    made.symlink_to(path.resolve())
    return Placed(made)


def _no_table(path: Path) -> RunError:
    return RunError("This is no table that tael reads.", expected=".csv, .tsv, .txt or .parquet", got=path.name)


def _made(folder: Path, suffix: str, content: bytes) -> Path:
    made = folder / f"{STEM}{suffix}"
    made.write_bytes(content)
    return made


def _under_titles(content: bytes) -> tuple[bytes, int]:
    """A file without the titles that a spreadsheet wrote above its header, and how many: lines of one cell, or none.

    >>> _under_titles(b"Loans of May;;\\n;;\\nid;sum;age\\n1;2;3\\n"), _under_titles(b"a;b\\n1;2\\n")
    ((b'id;sum;age\\n1;2;3\\n', 2), (b'a;b\\n1;2\\n', 0))
    """
    lines = content.splitlines(keepends=True)
    head = lines[:_TITLES]
    separator = max((b",", b";", b"\t", b"|"), key=lambda one: sum(line.count(one) for line in head))
    filled = [sum(1 for cell in line.split(separator) if cell.strip(b' "\r\n\xef\xbb\xbf')) for line in head]
    if not filled or max(filled) < 3 or filled[0] > 1:
        return content, 0
    titles = next(k for k, count in enumerate(filled) if count >= 3)
    return b"".join(lines[titles:]), titles


def _numbers(line: bytes) -> bool:
    return re.search(rb"(^|,)[\d.]*(,|\r?$)", line) is not None


def _parted(line: bytes) -> bytes | None:
    """A header whose equal names are told apart by a number; None where all differ.

    >>> _parted(b"age,sum,age"), _parted(b"age,sum")
    (b'age,sum,age_2', None)
    """
    text = line.rstrip(b"\r").decode("utf-8", errors="replace")
    separator = max(",;\t|", key=text.count)
    names = _names(line)
    apart = told_apart(names)
    if apart == names:
        return None
    quoted = ['"' + name.replace('"', '""') + '"' if separator in name or '"' in name else name for name in apart]
    return separator.join(quoted).encode()


def _renames(old: bytes, new: bytes | None) -> tuple[tuple[str, str], ...]:
    """Names of a header that were changed, and to what.

    >>> _renames(b"age,sum,age", b"age,sum,age_2")
    (('age', 'age_2'),)
    """
    if new is None:
        return ()
    before, after = _names(old), _names(new)
    return tuple((one, other) for one, other in zip(before, after, strict=True) if one != other)


def _names(line: bytes) -> list[str]:
    text = line.rstrip(b"\r").decode("utf-8", errors="replace")
    return [name.strip() for name in next(csv.reader([text], delimiter=max(",;\t|", key=text.count)), [])]


@contextmanager
def named_as(source: object, folder: Path) -> Iterator[None]:
    """What is wrong with the file is told of the file that the user named, not of where it was brought."""
    try:
        yield
    except TablesError as error:
        shown = str(source) if isinstance(source, str | Path) else "the frame"

        def own(text: str | None) -> str | None:
            if text is None:
                return None
            # A separator cannot be told here; the encoding can, and whoever has one file has no tables.toml.
            text = text.replace(", or set `separator`", "").replace(', or encoding = "..." in tables.toml', "")
            text = re.sub(r'Set encoding = "([\w-]+)" in the table\'s section', r"Say --encoding \1", text)
            return re.sub(rf"(table {STEM}, file )?{re.escape(str(folder))}[^\s,]*", lambda _: shown, text)

        raise TablesError(
            str(own(error.problem)), expected=own(error.expected), got=own(error.got), where=own(error.where),
            fix=own(error.fix),
        ) from error  # fmt: skip
