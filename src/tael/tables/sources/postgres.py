"""PostgreSQL, through psycopg."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import TablesError
from tael.tables.places import Place
from tael.tables.schema import TableSchema
from tael.tables.sources.urls import distinct_names, failed, filled, query_of

# Object ids of the types, from PostgreSQL's catalogue pg_type; everything else is read as text.
_TYPES: dict[int, Any] = {
    16: pl.Boolean,
    20: pl.Int64,
    21: pl.Int64,
    23: pl.Int64,
    700: pl.Float64,
    701: pl.Float64,
    1082: pl.Date,
    1114: pl.Datetime("us"),
    1184: pl.Datetime("us", "UTC"),
}
_NUMERIC = 1700


class PostgreSQL:
    """Reads ``source = "postgresql://user@host/database"`` in a transaction that cannot write.

    The password comes from ``PGPASSWORD``, a password file, or a variable in the address
    (``postgresql://me:${BANK_PASSWORD}@host/bank``); it is shown in no message.
    """

    place: Place | None = None

    def read(self, table: TableSchema, name: str, folder: Path) -> pl.DataFrame:
        """Run the query and build the columns from the types that the server states."""
        try:
            import psycopg
        except ImportError as error:
            raise TablesError(
                "psycopg is not installed.", where=f"table {name}", fix='Install it: pip install "tael[postgres]"'
            ) from error
        url, secrets = filled(table.source or "", name)
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                connection.read_only = True
                cursor = connection.execute(query_of(table, name).encode())
                described = cursor.description or []
                distinct_names([column.name for column in described], name)
                rows = cursor.fetchall()
        except psycopg.Error as error:
            # No chain: a traceback would show the error of psycopg, which may hold the address.
            raise failed(error, table, name, secrets) from None
        values = zip(*rows, strict=True) if rows else [()] * len(described)
        return pl.DataFrame(
            [
                _series(column.name, column.type_code, column.scale, one)
                for column, one in zip(described, values, strict=True)
            ]
        )


def _series(column: str, code: int, scale: int | None, values: tuple[Any, ...]) -> pl.Series:
    if code == _NUMERIC:
        return _numeric(column, scale, values)
    if code in _TYPES:
        return pl.Series(column, values, dtype=_TYPES[code])
    return pl.Series(column, [None if value is None else str(value) for value in values], dtype=pl.String)


def _numeric(column: str, scale: int | None, values: tuple[Decimal | None, ...]) -> pl.Series:
    """NUMERIC without digits after the point may be a key of any length: whole numbers stay exact."""
    there = [value for value in values if value is not None]
    whole = scale == 0 or all(value.is_finite() and value == value.to_integral_value() for value in there)
    if not whole:
        return pl.Series(column, [None if value is None else float(value) for value in values], dtype=pl.Float64)
    if all(abs(value) < 2**63 for value in there):
        return pl.Series(column, [None if value is None else int(value) for value in values], dtype=pl.Int64)
    return pl.Series(column, [None if value is None else str(int(value)) for value in values], dtype=pl.String)
