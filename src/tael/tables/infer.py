"""A draft of ``tables.toml`` for a folder, with the reason of each guess."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tael.errors import TablesError
from tael.tables.guess_columns import set_columns
from tael.tables.guess_files import look_at
from tael.tables.guess_keys import set_keys, set_relations
from tael.tables.guessed import Guessed
from tael.tables.odd import Odd
from tael.tables.plain import room, table, width_of
from tael.tables.reading import FILE
from tael.tables.schema import Schema

_FIRST = (
    "file",
    "key",
    "duplicates",
    "time",
    "known_at",
    "encoding",
    "separator",
    "skip_lines",
    "same_names",
    "missing",
    "totals",
)


@dataclass(frozen=True)
class Reason:
    """One guess.

    Attributes
    ----------
    table, column : str
        ``column`` is None for what holds for the table.
    guess : str
        As it stands in the file (``key = "loan_id"``).
    why : str
    """

    table: str
    column: str | None
    guess: str
    why: str


@dataclass(frozen=True)
class Draft:
    """A schema that was guessed.

    Attributes
    ----------
    schema : Schema
    reasons : tuple of Reason
        In the order of the file.
    skipped : tuple of str
        Files that are no tables.
    odd : tuple of Odd
        Columns with a few cells that are not of their kind, and what was done with them.
    """

    schema: Schema
    reasons: tuple[Reason, ...]
    skipped: tuple[str, ...] = ()
    odd: tuple[Odd, ...] = ()

    def to_toml(self) -> str:
        """The text of ``tables.toml``, each guess with its reason as a comment on its line."""
        lines = ["# Drafted by `tael infer`. Each guess says why; correct what is wrong.", ""]
        if self.skipped:
            lines += [f"# No tables: {', '.join(self.skipped)}", ""]
        for name in self.schema.tables:
            mine = [one for one in self.reasons if one.table == name]
            whole, columns = (
                [one for one in mine if one.column is None],
                [one for one in mine if one.column is not None],
            )
            lines += [f"[{_key(name)}]", *_aligned(whole), ""]
            if columns:
                lines += [f"[{_key(name)}.columns]", *_aligned(columns), ""]
        return "\n".join(lines)

    def text(self, width: int | None = None) -> str:
        """The guesses as a table of plain text, as wide as the terminal (100 cells at most)."""
        rows = [[one.table, one.guess, one.why] for one in self.reasons if one.guess]
        return table(("table", "guess", "why"), rows, room() if width is None else width)

    def write(self, folder: str | Path) -> Path:
        """Write ``tables.toml`` into a folder, over nothing.

        Raises
        ------
        TablesError
            If there is one already.
        """
        path = Path(folder) / FILE
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(self.to_toml())
        except FileExistsError:
            raise TablesError(
                f"There is a {FILE} already; nothing was written.",
                where=str(path),
                fix="Move it away, or look at the draft without --write, which says in what it differs from the file.",
            ) from None
        except OSError as error:
            raise TablesError(
                "The draft could not be written.",
                got=error.strerror or str(error),
                where=str(path),
                fix="Look at the folder's permissions and at the disk.",
            ) from error
        return path

    def differences(self, folder: str | Path) -> list[str]:
        """In what a ``tables.toml`` that stands in the folder differs from the draft, which was made without it.

        Returns
        -------
        list of str
            One line for each field; empty where they say the same, or there is none.

        Raises
        ------
        TablesError
            If the file cannot be read.
        """
        path = Path(folder) / FILE
        if not path.is_file():
            return []
        theirs, mine = (_flat(one.to_dict()) for one in (Schema.from_toml(path), self.schema))
        lines = []
        for where in dict.fromkeys([*theirs, *mine]):
            if theirs.get(where) != mine.get(where):
                here, drafted = (_value(one[where]) if where in one else "nothing" for one in (theirs, mine))
                lines.append(f"{where}: {here} in {FILE}, {drafted} in the draft")
        return lines


def _flat(content: dict[str, Any]) -> dict[str, object]:
    """Fields by their place: ``[loans] key``, ``[loans.columns] amount: type``."""
    found: dict[str, object] = {}
    for one, section in content.items():
        for name, value in section.items():
            if name != "columns":
                found[f"[{one}] {name}"] = value
        for column, fields in section.get("columns", {}).items():
            found |= {f"[{one}.columns] {column}: {name}": value for name, value in fields.items()}
    return found


def infer(folder: str | Path, *, totals: bool = True) -> Draft:
    """Guess what the tables of a folder promise.

    Parameters
    ----------
    folder : str or Path
        With CSV and Parquet files.
    totals : bool
        Whether rows of totals are sought and left out.

    Returns
    -------
    Draft

    Raises
    ------
    TablesError
        No folder, or no tables in it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "loans.csv").write_text("loan_id,amount\\n1,100\\n2,250\\n")
    ...     infer(folder).schema.tables["loans"].key
    'loan_id'
    """
    path = Path(folder)
    try:
        tables, skipped = look_at(path, totals=totals)
    except OSError as error:
        raise TablesError(
            "The folder cannot be read.",
            expected="a folder with CSV or Parquet files",
            got=error.strerror or str(error),
            where=str(path),
            fix="Correct the path, or its permissions.",
        ) from error
    if not tables:
        raise TablesError(
            "There are no tables in the folder.",
            expected="CSV or Parquet files",
            got=", ".join(skipped[:10]) or "an empty folder",
            where=str(path),
            fix="Save spreadsheets as CSV (Save as, CSV UTF-8), put the files there, or name another folder.",
        )
    set_keys(tables)
    set_relations(tables)
    for one in tables:
        set_columns(one)
    content = {one.name: {**one.section, "columns": one.columns} for one in tables}
    reasons = tuple(reason for one in tables for reason in _reasons(one))
    odd = tuple(odd for one in tables for odd in one.odd)
    return Draft(Schema.from_dict(content, where=str(path), folder=path), reasons, tuple(skipped), odd)


def _reasons(found: Guessed) -> list[Reason]:
    reasons = []
    for name in _FIRST:
        if name in found.section:
            guess = f"{name} = {_value(found.section[name])}"
            reasons.append(Reason(found.name, None, guess, found.reasons.get(name, "")))
        elif name in found.reasons:
            reasons.append(Reason(found.name, None, "", found.reasons[name]))
    for column, fields in found.columns.items():
        guess = f"{_key(column)} = {_value(fields)}"
        reasons.append(Reason(found.name, column, guess, "; ".join(found.column_reasons.get(column, []))))
    return reasons


def _aligned(reasons: list[Reason]) -> list[str]:
    width = min(max((width_of(one.guess) for one in reasons), default=0), 60)
    lines = []
    for one in reasons:
        gap = " " * (max(width - width_of(one.guess), 0) + 2) if one.guess else ""
        lines.append(f"{one.guess}{gap}# {one.why}" if one.why else one.guess)
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    """TOML for text, numbers, truth, lists and inline tables."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }" if value else "{}"
        )
    return json.dumps(value, ensure_ascii=False)
