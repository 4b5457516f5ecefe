"""Reading a folder of tables that a ``tables.toml`` describes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from tael.errors import TablesError
from tael.tables.frames import Tables, all_of
from tael.tables.places import Place
from tael.tables.schema import Absent, Schema
from tael.tables.sources import source_of

FILE = "tables.toml"


def read_tables(
    folder_or_toml: str | Path,
    *,
    absent: Absent = "error",
    progress: Callable[[str, int, int], None] | None = None,
) -> Tables:
    """Read linked tables.

    Parameters
    ----------
    folder_or_toml : str or Path
        A folder with a ``tables.toml``, or such a file under another name.
    absent : {"error", "label"}
        What to do when a column of the schema is not in its file. ``"label"``, for scoring: columns of role label and
        ignore may be absent and come without values, since no outcome is known yet.
    progress : callable, optional
        Called with a table's name, how many tables were read before it, and how many there are.

    Returns
    -------
    Tables

    Raises
    ------
    TablesError
        No description, a file that is missing or broken, columns that are missing, values that are not of their type.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "loans.csv").write_text("loan,amount\\n007,100\\n")
    ...     _ = Path(folder, "tables.toml").write_text("[loans]\\nfile = 'loans.csv'\\nkey = 'loan'\\n")
    ...     read_tables(folder)["loans"].row(0)
    ('007', 100.0)
    """
    path = Path(folder_or_toml)
    if not path.exists():
        raise TablesError(
            "There is no such folder.",
            expected=f"a folder with a {FILE}, or such a file",
            got=str(path),
            fix="Correct the path.",
        )
    try:
        schema = Schema.from_toml(path / FILE if path.is_dir() else path)
        folder = path if path.is_dir() else path.parent
        if not schema.tables:
            raise TablesError(
                "The description names no table.", where=str(path), fix=f"Draft one: `tael infer {folder}`."
            )
        frames: dict[str, pl.DataFrame] = {}
        places: dict[str, Place] = {}
        errors: list[TablesError] = []
        for done, (name, table) in enumerate(schema.tables.items()):
            if progress is not None:
                progress(name, done, len(schema.tables))
            try:
                source = source_of(table, name)
                frames[name] = source.read(table, name, folder)
                places[name] = source.place or Place(name)
            except TablesError as error:
                errors.append(error)
    except OSError as error:
        raise TablesError(
            "The folder cannot be read.",
            got=error.strerror or str(error),
            where=str(path),
            fix="Look at its permissions and at the disk.",
        ) from error
    if errors:
        raise all_of(errors, "tables")
    return Tables(frames, schema, absent=absent, places=places)
