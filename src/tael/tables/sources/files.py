"""CSV and Parquet files, one or many to a table."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tael.errors import TablesError
from tael.tables.places import Place
from tael.tables.schema import TableSchema
from tael.tables.sources.csv import numbered
from tael.tables.sources.spreadsheets import refuse_spreadsheet

CSV = (".csv", ".tsv", ".txt", ".asc", ".dat", ".data")
PACKED = (".gz", ".zst")
PARQUET = (".parquet", ".pq")


def kind_of(path: Path) -> str | None:
    """``csv``, ``parquet``, or None for a file that tael cannot read.

    >>> kind_of(Path("loans.csv.gz")), kind_of(Path("a.parquet")), kind_of(Path("a.xlsx"))
    ('csv', 'parquet', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    if not suffixes:
        return None
    return "csv" if suffixes[-1] in CSV else "parquet" if suffixes[-1] in PARQUET else None


class Files:
    """Reads ``file = "loans.csv"``; ``file = "transactions/*.parquet"`` is many files of one table."""

    place: Place | None = None

    def read(self, table: TableSchema, name: str, folder: Path) -> pl.DataFrame:
        """Read all files of a table, in the order of their names."""
        paths = _paths(table, name, folder)
        lines: dict[Path, int | None] = {}
        frames = [_read(path, table, name, lines) for path in paths]
        self.place = Place(name, None, table.file or paths[0].name, lines[paths[0]] if len(paths) == 1 else None)
        first = frames[0]
        for frame in frames[1:]:
            if frame.columns != first.columns:
                raise TablesError(
                    "The files of one table have different columns.",
                    expected=", ".join(first.columns),
                    got=", ".join(frame.columns),
                    where=str(Place(name)),
                    fix="Bring them to the same header, or make them two tables.",
                )
        try:
            return first if len(frames) == 1 else pl.concat(frames, how="vertical_relaxed")
        except pl.exceptions.PolarsError as error:
            raise TablesError(
                "The files of one table hold a column in different types.",
                got=str(error),
                where=str(Place(name)),
                fix="Write the files with the same types.",
            ) from error


def _paths(table: TableSchema, name: str, folder: Path) -> list[Path]:
    if table.file is None:
        found = sorted(path for path in folder.glob(f"{name}.*") if kind_of(path) is not None)
        if len(found) != 1:
            raise TablesError(
                "The description does not say where a table is.",
                expected=f"file = ..., or one file {name}.csv or {name}.parquet",
                got=", ".join(path.name for path in found) or "no such file",
                where=str(Place(name)),
                fix=f'Write [{name}] file = "...".',
            )
        return found
    if any(sign in table.file for sign in "*?["):
        pattern = Path(table.file)
        base = Path(pattern.anchor) if pattern.is_absolute() else folder
        paths = sorted(base.glob(str(pattern.relative_to(pattern.anchor)) if pattern.is_absolute() else table.file))
    else:
        paths = [folder / table.file]
    if not paths or not paths[0].exists():
        near = sorted(path.name for path in folder.iterdir() if kind_of(path) is not None) if folder.is_dir() else []
        raise TablesError(
            "A file is not there.",
            expected=str(folder / table.file),
            got=f"in the folder: {', '.join(near[:10]) or 'no table'}",
            where=str(Place(name)),
            fix="Correct `file`, which is relative to the folder of tables.toml.",
        )
    return paths


def _read(path: Path, table: TableSchema, name: str, lines: dict[Path, int | None]) -> pl.DataFrame:
    where = f"{Place(name)}, file {path}"
    kind = kind_of(path)
    if kind != "csv":
        refuse_spreadsheet(path, where)
    if kind is None:
        raise TablesError(
            "The kind of a file is not known.",
            expected=", ".join((*CSV, *PARQUET)) + ", each also with .gz or .zst",
            got=path.name,
            where=where,
            fix="Save it as CSV or Parquet (Excel: Save as, CSV UTF-8).",
        )
    try:
        if kind == "parquet":
            lines[path] = None
            return pl.read_parquet(path, glob=False)
        frame, lines[path] = numbered(path, table, where)
        return frame
    except pl.exceptions.PolarsError as error:
        raise TablesError(
            "A Parquet file cannot be read.",
            got=str(error).splitlines()[0][:200],
            where=where,
            fix="Copy or export it again: it is cut off or no Parquet file.",
        ) from error
    except OSError as error:
        raise TablesError(
            "A file cannot be read.",
            got=error.strerror or str(error),
            where=where,
            fix="Look at its permissions and at the disk.",
        ) from error
