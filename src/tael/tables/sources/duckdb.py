"""DuckDB files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tael.errors import TablesError
from tael.tables.places import Place
from tael.tables.schema import TableSchema
from tael.tables.sources.urls import database_file, distinct_names, failed, query_of


class DuckDB:
    """Reads ``source = "duckdb:///bank.duckdb"``, without ever writing to it."""

    place: Place | None = None

    def read(self, table: TableSchema, name: str, folder: Path) -> pl.DataFrame:
        """Run the query and take its result over through Arrow."""
        try:
            import duckdb
        except ImportError as error:
            raise TablesError(
                "DuckDB is not installed.", where=f"table {name}", fix='Install it: pip install "tael[duckdb]"'
            ) from error
        path, query = database_file(table, name, folder), query_of(table, name)
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                result = connection.sql(query)
                distinct_names(result.columns, name)
                frame = pl.from_arrow(result.to_arrow_table())
        except duckdb.Error as error:
            raise failed(error, table, name, []) from error
        assert isinstance(frame, pl.DataFrame)
        return frame
