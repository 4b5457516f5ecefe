"""What the tests of formulas as SQL share: random worlds in a database, and whether its numbers are the engine's."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psycopg
from hypothesis import assume

from tael.engine import Engine
from tael.errors import FormulaError
from tael.formulas import NAT, Values
from tael.formulas.sql import to_sql
from tael.formulas.sql.dialects import Dialect
from tael.tables import Tables
from tael.tables.schema import Type

PIT = Path(__file__).resolve().parents[1] / "pit"
EPOCH = datetime(1970, 1, 1)
WORLDS = 12
TOLERANCE = 1e-9


def beside(name: str) -> ModuleType:
    """A module of the tests of the law of time."""
    spec = importlib.util.spec_from_file_location(f"tael_tests_sql_{name}", PIT / f"{name}.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def worlds() -> ModuleType:
    """Their random worlds."""
    return beside("worlds")


@functools.cache
def layers() -> ModuleType:
    """Their random formulas in layers."""
    return beside("layers")


def keyed(number: int) -> Tables:
    """A world whose tables all have keys and stand in their order, so that a database knows the order of its rows."""
    made = worlds().world(number, clean=True)
    schema, frames = {}, {}
    for name, promise in worlds().SCHEMA.items():
        key = promise.get("key", "row_number")
        frame = made[name]
        frame = (
            frame.sort(key) if key in frame.columns else frame.with_row_index("row_number").cast({"row_number": int})
        )
        schema[name], frames[name] = {**promise, "key": key}, frame
    return Tables(frames, schema)


@functools.cache
def world(number: int, entity: str) -> tuple[Engine, pl.DataFrame, duckdb.DuckDBPyConnection]:
    tables, X = keyed(number), worlds().observations(number, entity).unique(maintain_order=True)
    return Engine(tables, entity), X, in_duckdb({**tables, "observations": X})


def in_duckdb(frames: dict[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for name, frame in frames.items():
        connection.register("arrow", frame.to_arrow())
        connection.execute(f"CREATE TABLE {Dialect.named('duckdb').quote(name)} AS SELECT * FROM arrow")
        connection.unregister("arrow")
    return connection


def plain(values: Values) -> list[Any]:
    """An engine's result as a database gives it."""
    if values.type == Type.TIME:
        return [None if t == NAT else EPOCH + timedelta(microseconds=int(t)) for t in values.data]
    if values.type in (Type.CATEGORY, Type.TEXT):
        return list(values.strings())
    return [None if not np.isfinite(x) else float(x) for x in values.data]


def same(a: Any, b: Any, scale: float) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= TOLERANCE * max(abs(a), scale)
    return a == b


def compare(
    engine: Engine,
    formulas: Sequence[str],
    X: pl.DataFrame,
    rows: list[tuple[Any, ...]],
    own: Any = None,
    *,
    scale: float = 1.0,
    fitted: Any = None,
) -> int:
    """Whether the rows of a statement are what the engine says; gives how many values were compared.

    The worlds' numbers cancel out, so that there the tolerance is never less than that of a number of size 1.
    """
    told = {(row[0], row[1]): row[2:] for row in rows}
    assert len(rows) == len(X)
    assert len(told) == len(X)
    keys = list(zip(X[engine.key].to_list(), X[engine.cutoff].to_list(), strict=True))
    for place, formula in enumerate(formulas):
        want = plain(engine.evaluate([formula], X, own, fitted=fitted)[0])
        for at, value in zip(keys, want, strict=True):
            got = told[at][place]
            assert same(value, got, scale), f"{formula}\n{at}: engine {value!r}, SQL {got!r}"
    return len(formulas) * len(X)


def names(formulas: Sequence[str]) -> list[str]:
    return [f"f{number}" for number in range(len(formulas))]


def check(number: int, entity: str, formula: str) -> None:
    engine, X, connection = world(number, entity)
    try:
        sql = to_sql([formula], ["f"], engine.tables.schema, entity)
    except FormulaError as error:
        # an operator inside may be one of those that tests/formulas/test_sql.py lists
        assume("not in SQL yet" not in error.problem)
        raise
    try:
        compare(engine, [formula], X, connection.execute(sql).fetchall())
    except (AssertionError, duckdb.Error) as error:
        error.add_note(f"world {number}, {entity}\n{formula}\n{sql}")
        raise


TYPES = {pl.Float64: "float8", pl.Int64: "int8", pl.Boolean: "boolean", pl.String: "text", pl.Datetime: "timestamp"}


def in_postgres(server: Path, frames: dict[str, pl.DataFrame]) -> psycopg.Connection[Any]:
    connection = psycopg.connect(host=str(server), user="tael", password="hunter2", dbname="postgres")
    quote = Dialect.named("postgres").quote
    for name, frame in frames.items():
        columns = ", ".join(f"{quote(c)} {TYPES[kind.base_type()]}" for c, kind in frame.schema.items())
        connection.execute(f"CREATE TEMPORARY TABLE {quote(name)} ({columns})".encode())
        with connection.cursor().copy(f"COPY {quote(name)} FROM STDIN".encode()) as copy:
            for row in frame.iter_rows():
                copy.write_row(row)
    return connection
