"""Where tables come from: files, DuckDB, SQLite, PostgreSQL.

A new source is one file with a class that has ``read``, and one line in ``SOURCES``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

import polars as pl

from tael.errors import TablesError, did_you_mean
from tael.tables.places import Place
from tael.tables.schema import TableSchema


class Source(Protocol):
    """Reads one table.

    Attributes
    ----------
    place : Place or None
        After reading: the file, and the line of its first row where rows and lines run side by side.
    """

    place: Place | None

    def read(self, table: TableSchema, name: str, folder: Path) -> pl.DataFrame:
        """Read a table as it stands; ``Tables`` brings it to its types."""
        ...


# The scheme of the URL in `source`, and the module and class that reads it; "file" is for tables without `source`.
SOURCES = {
    "file": "tael.tables.sources.files:Files",
    "duckdb": "tael.tables.sources.duckdb:DuckDB",
    "sqlite": "tael.tables.sources.sqlite:SQLite",
    "postgresql": "tael.tables.sources.postgres:PostgreSQL",
    "postgres": "tael.tables.sources.postgres:PostgreSQL",
}


def source_of(table: TableSchema, name: str) -> Source:
    """Find the source of a table.

    >>> type(source_of(TableSchema(file="loans.csv"), "loans")).__name__
    'Files'
    """
    scheme = "file" if table.source is None else table.source.split(":", 1)[0]
    if scheme not in SOURCES:
        raise TablesError(
            "The source of a table is of a kind that tael does not know.",
            expected="duckdb:///x.duckdb, sqlite:///x.db or postgresql://host/database",
            got=f"{scheme}:",
            where=str(Place(name)),
            fix=f"Write another `source`. {did_you_mean(scheme, SOURCES)}",
        )
    module, cls = SOURCES[scheme].split(":")
    source: Source = getattr(import_module(module), cls)()
    return source
