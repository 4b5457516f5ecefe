"""What the database sources share: URLs, environment variables, queries, secrets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

from tael.errors import TablesError
from tael.tables.places import Place
from tael.tables.schema import TableSchema

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def filled(url: str, name: str) -> tuple[str, list[str]]:
    """Put environment variables into a URL, and list what was put in, so that it can be kept out of messages.

    >>> os.environ["TAEL_DOC_SECRET"] = "s3cret"
    >>> filled("postgresql://me:${TAEL_DOC_SECRET}@host/db", "loans")
    ('postgresql://me:s3cret@host/db', ['s3cret', 's3cret'])
    """
    secrets: list[str] = []

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise TablesError(
                "The address of a database names an environment variable that is not set.",
                expected=f"the variable {match[1]}",
                where=str(Place(name)),
                fix=f"Set it: export {match[1]}=...",
            )
        secrets.append(found)
        if url[: match.start()].endswith(":") and url[match.end() :].startswith("@"):
            # A password stands in an address with its special signs written as %40 and so on.
            found = quote(found, safe="")
            secrets.append(found)
        return found

    return _VARIABLE.sub(value, url), secrets


def hidden(text: object, secrets: list[str]) -> str:
    """A message without its secrets.

    >>> hidden("no entry for me:s3cret@host", ["s3cret"])
    'no entry for me:***@host'
    """
    shown = str(text).strip()
    for secret in [*secrets, os.environ.get("PGPASSWORD", "")]:
        if secret:
            shown = shown.replace(secret, "***")
    return shown


def database_file(table: TableSchema, name: str, folder: Path) -> Path:
    """The path in ``duckdb:///relative.duckdb`` or ``sqlite:////absolute.db``; the file must be there."""
    url, _ = filled(table.source or "", name)
    tail = url.split(":", 1)[1]
    path = folder / (tail[3:] if tail.startswith("///") else tail.lstrip("/"))
    if not path.is_file():
        raise TablesError(
            "There is no such database file.",
            got=str(path),
            where=str(Place(name)),
            fix='Correct `source`; a path relative to tables.toml has three slashes before it: "sqlite:///bank.db".',
        )
    return path


def query_of(table: TableSchema, name: str) -> str:
    """The SQL to run: the query, or all of the table that it names (left out: the name of the section).

    >>> query_of(TableSchema(query="public.loans"), "loans")
    'SELECT * FROM "public"."loans"'
    """
    text = (table.query or name).strip().rstrip(";")
    if _NAME.fullmatch(text):
        return "SELECT * FROM " + ".".join(f'"{part}"' for part in text.split("."))
    if not re.match(r"(select|with)\b", text, re.IGNORECASE):
        raise TablesError(
            "A query must be a table's name or begin with SELECT or WITH.",
            got=text[:80],
            where=str(Place(name)),
            fix="Write a SELECT: tael only reads and changes no database.",
        )
    return text


def failed(error: Exception, table: TableSchema, name: str, secrets: list[str]) -> TablesError:
    """The database's own words, without secrets."""
    return TablesError(
        "The database could not be read.",
        got=hidden(error, secrets),
        where=f"{Place(name)}, query {query_of(table, name)!r}"[:200],
        fix="Try the query in the database's own client; look at `source` and `query`.",
    )


def distinct_names(columns: list[str], name: str) -> None:
    """A query may give two columns one name; a table may not."""
    again = sorted({column for column in columns if columns.count(column) > 1})
    if again:
        raise TablesError(
            "Some columns have the same name.",
            got=", ".join(again),
            where=str(Place(name)),
            fix="Name them apart in the query: SELECT a.id AS a_id, b.id AS b_id ...",
        )
