from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.sources.urls import filled, hidden

DDL = 'CREATE TABLE loans (loan BIGINT, customer VARCHAR(9), amount NUMERIC(12, 2), "at" TIMESTAMP, good BOOLEAN)'
ROWS = "INSERT INTO loans VALUES (1, '007', 1.50, '2024-01-31 10:00:00', true), (2, NULL, NULL, NULL, NULL)"
EXPECTED = [(1, "007", 1.5, datetime(2024, 1, 31, 10), True), (2, None, None, None, None)]
TOML = "[loans]\nsource = '{source}'\n{more}\nkey = 'loan'\ntime = 'at'\n[loans.columns]\ngood = {{ type = 'flag' }}\n"


@pytest.fixture
def duckdb_folder(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "bank.duckdb")) as connection:
        connection.execute(DDL)
        connection.execute(ROWS)
    return tmp_path


@pytest.fixture
def sqlite_folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "bank.db")) as connection:
        connection.execute(DDL)
        connection.execute(ROWS)
        connection.execute("CREATE TABLE mixed (x)")
        connection.execute("INSERT INTO mixed VALUES (1), (2), ('three')")
        connection.commit()
    return tmp_path


@pytest.mark.parametrize("query", ["", "query = 'loans'", "query = 'SELECT * FROM loans ORDER BY loan;'"])
def test_duckdb(duckdb_folder: Path, query: str) -> None:
    (duckdb_folder / "tables.toml").write_text(TOML.format(source="duckdb:///bank.duckdb", more=query))
    assert read_tables(duckdb_folder)["loans"].rows() == EXPECTED


@pytest.mark.parametrize("query", ["", "query = 'loans'", "query = 'SELECT * FROM loans ORDER BY loan'"])
def test_sqlite(sqlite_folder: Path, query: str) -> None:
    (sqlite_folder / "tables.toml").write_text(TOML.format(source="sqlite:///bank.db", more=query))
    assert read_tables(sqlite_folder)["loans"].rows() == EXPECTED


def test_absolute_path(sqlite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "tables.toml").write_text(TOML.format(source=f"sqlite:///{sqlite_folder / 'bank.db'}", more=""))
    assert read_tables(other)["loans"].height == 2


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[a]\nsource='sqlite:///nowhere.db'", ["no such database file", "nowhere.db"]),
        ("[a]\nsource='sqlite:///bank.db'", ["database could not be read", "no such table: a"]),
        ("[a]\nsource='sqlite:///bank.db'\nquery='SELEC 1'", ["begin with SELECT", "SELEC 1"]),
        ("[a]\nsource='sqlite:///bank.db'\nquery='DROP TABLE loans'", ["begin with SELECT", "only reads"]),
        ("[a]\nsource='sqlite:///bank.db'\nquery='WITH x AS (SELECT 1) DELETE FROM loans'", ["readonly"]),
        ("[a]\nsource='sqlite:///bank.db'\nquery='SELECT loan, amount AS loan FROM loans'", ["same name", "loan"]),
        ("[a]\nsource='sqlite:///bank.db'\nquery='mixed'", ["mixes values", "2 int, 1 str", "row 3 'three'", "CAST"]),
        ("[a]\nsource='duckdb:///nowhere.duckdb'", ["no such database file"]),
    ],
)
def test_faults(sqlite_folder: Path, toml: str, words: list[str]) -> None:
    (sqlite_folder / "tables.toml").write_text(toml)
    with pytest.raises(TablesError) as error:
        read_tables(sqlite_folder)
    for word in words:
        assert word in str(error.value)


def test_an_empty_result_has_its_columns(sqlite_folder: Path) -> None:
    (sqlite_folder / "tables.toml").write_text("[a]\nsource='sqlite:///bank.db'\nquery='SELECT * FROM loans WHERE 0'")
    assert read_tables(sqlite_folder)["a"].shape == (0, 5)


def test_duckdb_faults_and_no_writing(duckdb_folder: Path) -> None:
    toml = duckdb_folder / "tables.toml"
    toml.write_text("[a]\nsource='duckdb:///bank.duckdb'\nquery='SELECT nothing FROM loans'")
    with pytest.raises(TablesError, match="nothing"):
        read_tables(duckdb_folder)
    toml.write_text("[a]\nsource='duckdb:///bank.duckdb'\nquery='SELECT loan, amount AS loan FROM loans'")
    with pytest.raises(TablesError, match="same name"):
        read_tables(duckdb_folder)


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [("duckdb", "duckdb:///a", "duckdb"), ("psycopg", "postgresql://h/d", "postgres")],
)
def test_extras_that_are_not_installed(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, module: str, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TablesError) as error:
        read_tables(folder({}, f"[a]\nsource = '{url}'\n"))
    assert f'pip install "tael[{extra}]"' in str(error.value)


@pytest.fixture(scope="module")
def postgres(postgres_server: Path) -> Path:
    """The server with a bank's tables in it."""
    with psycopg.connect(host=str(postgres_server), user="tael", password="hunter2", dbname="postgres") as connection:
        connection.execute(DDL)
        connection.execute(ROWS)
        connection.execute("CREATE SCHEMA other")
        connection.execute(
            "CREATE TABLE other.kinds AS SELECT 12345678901234567890::numeric(20,0) AS id,"
            " '6ecd8c99-4036-403d-bf84-cf8400f67836'::uuid AS token, timestamptz '2024-01-31 10:00:00+08' AS at,"
            " date '2024-01-31' AS day, 7::numeric AS n, 'NaN'::float8 AS x"
        )
    return postgres_server


def test_postgres(postgres: Path, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"postgresql://tael:${{BANK_PASSWORD}}@/postgres?host={postgres}"
    where = folder({}, TOML.format(source=source, more=""))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(TablesError, match="the variable BANK_PASSWORD"):
        read_tables(where)
    monkeypatch.setenv("BANK_PASSWORD", "hunter2")
    assert read_tables(where)["loans"].rows() == EXPECTED


def test_a_password_may_hold_any_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_PASSWORD", "a@b/c:d")
    monkeypatch.setenv("BANK_HOST", "host:5432")
    url, secrets = filled("postgresql://me:${BANK_PASSWORD}@${BANK_HOST}/db", "loans")
    assert psycopg.conninfo.conninfo_to_dict(url)["password"] == "a@b/c:d"
    assert hidden(f"failed: {url} (a@b/c:d)", secrets) == "failed: postgresql://me:***@***/db (***)"


def test_postgres_password_from_pgpassword(
    postgres: Path, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    toml = f"[kinds]\nsource = 'postgresql://tael@/postgres?host={postgres}'\nquery = 'other.kinds'\nkey = 'id'\n"
    frame = read_tables(folder({}, toml))["kinds"]
    assert frame.row(0) == (
        "12345678901234567890",
        "6ecd8c99-4036-403d-bf84-cf8400f67836",
        datetime(2024, 1, 31, 2),
        datetime(2024, 1, 31),
        7.0,
        None,
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nothing", ["database could not be read", 'relation "nothing" does not exist']),
        ("SELECT 1 AS a, 2 AS a", ["same name", "a"]),
        ("WITH x AS (DELETE FROM loans RETURNING *) SELECT * FROM x", ["read-only transaction"]),
    ],
)
def test_postgres_faults(
    postgres: Path, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, query: str, words: list[str]
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    toml = f"[a]\nsource = 'postgresql://tael@/postgres?host={postgres}'\nquery = '{query}'\n"
    with pytest.raises(TablesError) as error:
        read_tables(folder({}, toml))
    for word in words:
        assert word in str(error.value)


def test_postgres_wrong_password_is_not_shown(
    postgres: Path, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_PASSWORD", "secret-and-wrong")
    source = f"postgresql://tael:${{BANK_PASSWORD}}@/postgres?host={postgres}"
    with pytest.raises(TablesError, match="password authentication failed") as error:
        read_tables(folder({}, f"[loans]\nsource = '{source}'\n"))
    assert "secret-and-wrong" not in str(error.value)
    assert error.value.__cause__ is None
