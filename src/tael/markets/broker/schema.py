"""The paper broker's book as SQLite sees it: tables, what may never be changed, and opening a file safely."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tael.errors import MarketError

APPLICATION_ID = 0x7461656C  # "tael"
VERSION = 1

TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE orders (
    client_order_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    day TEXT NOT NULL,
    entity TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    filled INTEGER NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND quantity),
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX orders_by_day ON orders (day, number);
CREATE TABLE fills (
    number INTEGER PRIMARY KEY,
    fill_id TEXT NOT NULL UNIQUE,
    client_order_id TEXT NOT NULL REFERENCES orders,
    day TEXT NOT NULL,
    entity TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price INTEGER NOT NULL,
    commission INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    fees INTEGER NOT NULL,
    multiplier INTEGER NOT NULL,
    funded INTEGER NOT NULL,
    UNIQUE (client_order_id, day)
) STRICT;
CREATE INDEX fills_by_day ON fills (day, number);
CREATE TABLE cash (
    number INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    amount INTEGER NOT NULL,
    balance INTEGER NOT NULL
) STRICT;
CREATE TABLE positions (
    entity TEXT PRIMARY KEY,
    quantity INTEGER NOT NULL,
    bought INTEGER NOT NULL DEFAULT 0,
    bought_on TEXT NOT NULL DEFAULT '',
    basis INTEGER NOT NULL DEFAULT 0,
    price INTEGER NOT NULL,
    multiplier INTEGER NOT NULL,
    margin_rate TEXT NOT NULL
) STRICT;
CREATE TABLE actions (
    day TEXT NOT NULL,
    entity TEXT NOT NULL,
    content TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    became INTEGER NOT NULL,
    PRIMARY KEY (day, entity)
) STRICT;
CREATE TABLE marks (
    day TEXT NOT NULL,
    entity TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,
    PRIMARY KEY (day, entity)
) STRICT;
CREATE TABLE days (
    day TEXT PRIMARY KEY,
    stage TEXT NOT NULL CHECK (stage IN ('acted', 'filled', 'closed')),
    cash INTEGER,
    value INTEGER,
    margin INTEGER
) STRICT;
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    day TEXT NOT NULL,
    content TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
"""

APPEND_ONLY = ("fills", "cash", "actions", "marks", "events")

TRIGGERS = "".join(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
    for table in APPEND_ONLY
    for verb in ("UPDATE", "DELETE")
)


def connect(path: Path) -> sqlite3.Connection:
    """Open a book's file: write-ahead log, every commit flushed to the disk, foreign keys held.

    Parameters
    ----------
    path : Path

    Raises
    ------
    MarketError
        If it cannot be opened, is no book of a paper broker, or was written by a later tael.
    """
    try:
        connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    except sqlite3.Error as error:
        raise MarketError("The paper broker's book cannot be opened.", got=str(error), where=str(path)) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    except sqlite3.Error as error:
        connection.close()
        raise MarketError("The file is no book of a paper broker.", got=str(error), where=str(path)) from error
    if not empty and owner != APPLICATION_ID:
        connection.close()
        raise MarketError("The file is no book of a paper broker.", got="another database", where=str(path))
    if not empty and version != VERSION:
        connection.close()
        raise MarketError(
            "The book has another layout.",
            expected=f"version {VERSION}",
            got=f"version {version}",
            where=str(path),
            fix="Open it with the tael that wrote it, or start a new book.",
        )
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of a new book; to be called inside a transaction."""
    for statement in (*TABLES.split(";"), *TRIGGERS.split("END;")):
        if statement.strip():
            connection.execute(statement if "TRIGGER" not in statement else statement + "END")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
