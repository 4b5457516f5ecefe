"""SQLite files, with Python's own module."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from tael.errors import TablesError
from tael.tables.places import Place, clipped
from tael.tables.schema import TableSchema
from tael.tables.sources.urls import database_file, distinct_names, failed, query_of


class SQLite:
    """Reads ``source = "sqlite:///bank.db"``, without ever writing to it."""

    place: Place | None = None

    def read(self, table: TableSchema, name: str, folder: Path) -> pl.DataFrame:
        """Run the query; SQLite checks no types, so a column that mixes text and numbers is an error here."""
        path, query = database_file(table, name, folder), query_of(table, name)
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
                cursor = connection.execute(query)
                columns = [column[0] for column in cursor.description]
                distinct_names(columns, name)
                rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise failed(error, table, name, []) from error
        values = zip(*rows, strict=True) if rows else [()] * len(columns)
        return pl.DataFrame([_series(column, one, name) for column, one in zip(columns, values, strict=True)])


def _series(column: str, values: tuple[Any, ...], name: str) -> pl.Series:
    kinds = Counter(type(value) for value in values if value is not None)
    if not kinds:
        return pl.Series(column, values, dtype=pl.Null)
    if kinds.keys() == {int}:
        return pl.Series(column, values, dtype=pl.Int64)
    if kinds.keys() <= {int, float}:
        return pl.Series(column, values, dtype=pl.Float64, strict=False)
    if kinds.keys() == {str}:
        return pl.Series(column, values, dtype=pl.String)
    rare = min(kinds, key=lambda kind: kinds[kind])
    shown = [f"row {row + 1} {clipped(value)}" for row, value in enumerate(values) if type(value) is rare][:5]
    raise TablesError(
        "A column mixes values of several kinds, or holds bytes.",
        expected="numbers, or text",
        got=", ".join(f"{count} {kind.__name__}" for kind, count in kinds.items()) + "; " + ", ".join(shown),
        where=str(Place(name, column)),
        fix=f"Bring it to one kind in the query: SELECT CAST({column} AS TEXT) ...",
    )
