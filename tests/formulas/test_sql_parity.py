"""Formulas as SQL give the engine's numbers: on DuckDB for random worlds and the simulated bank, and on PostgreSQL."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets import simulate_bank
from tael.engine import Engine
from tael.formulas import NAT, Values
from tael.formulas.operators import REGISTRY, is_aggregate
from tael.formulas.sql import to_sql
from tael.formulas.sql.dialects import Dialect
from tael.tables import Tables
from tael.tables.schema import Type

PIT = Path(__file__).resolve().parents[1] / "pit" / "worlds.py"
EPOCH = datetime(1970, 1, 1)
SEEDS = st.integers(0, 2**32 - 1)
WORLDS = 12
# What the issue asks for: parity within 1e-9 of the number, or of the scale of the numbers that it is the rest of.
TOLERANCE = 1e-9


@functools.cache
def worlds() -> ModuleType:
    """The random worlds of the tests of the law of time."""
    spec = importlib.util.spec_from_file_location("tael_tests_sql_worlds", PIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def keyed(number: int) -> Tables:
    """A world whose tables all have keys and stand in their order, so that a database knows the order of its rows."""
    made = worlds().world(number, clean=True)
    schema, frames = {}, {}
    for name, promise in worlds().SCHEMA.items():
        key = promise.get("key", "row_number")
        frame = made[name]
        frame = frame.sort(key) if key in frame.columns else frame.with_row_index("row_number").cast({"row_number": int})
        schema[name], frames[name] = {**promise, "key": key}, frame
    return Tables(frames, schema)


def unique(X: pl.DataFrame) -> pl.DataFrame:
    return X.unique(maintain_order=True)


@functools.cache
def world(number: int, entity: str) -> tuple[Engine, pl.DataFrame, duckdb.DuckDBPyConnection]:
    tables = keyed(number)
    X = unique(worlds().observations(number, entity))
    return Engine(tables, entity), X, in_duckdb({**tables, "observations": X})


def in_duckdb(frames: dict[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
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
    engine: Engine, formulas: Sequence[str], X: pl.DataFrame, rows: list[tuple[Any, ...]], own: Any = None
) -> int:
    """Whether the rows of a statement are what the engine says; gives how many values were compared."""
    told = {(row[0], row[1]): row[2:] for row in rows}
    assert len(rows) == len(X)
    assert len(told) == len(X)
    keys = list(zip(X[engine.key].to_list(), X[engine.cutoff].to_list(), strict=True))
    for place, formula in enumerate(formulas):
        want = plain(engine.evaluate([formula], X, own)[0])
        for at, value in zip(keys, want, strict=True):
            got = told[at][place]
            assert same(value, got, 1.0), f"{formula}\n{at}: engine {value!r}, SQL {got!r}"
    return len(formulas) * len(X)


def names(formulas: Sequence[str]) -> list[str]:
    return [f"f{number}" for number in range(len(formulas))]


def check(number: int, entity: str, formula: str) -> None:
    engine, X, connection = world(number, entity)
    sql = to_sql([formula], ["f"], engine.tables.schema, entity)
    try:
        compare(engine, [formula], X, connection.execute(sql).fetchall())
    except (AssertionError, duckdb.Error) as error:
        error.add_note(f"world {number}, {entity}\n{formula}\n{sql}")
        raise


@pytest.mark.parametrize("op", REGISTRY)
@settings(max_examples=8)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_every_operator_on_duckdb(op: str, number: int, seed: int) -> None:
    check(number, "applications", worlds().Writer(seed).one(op))


@pytest.mark.parametrize("op", [op for op in REGISTRY if is_aggregate(op)])
@settings(max_examples=6)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_entities_observed_themselves_on_duckdb(op: str, number: int, seed: int) -> None:
    check(number, "customers", worlds().Writer(seed, "customers").one(op))


# ------------------------------------------------------------------ the simulated bank
BANK = [
    'count(transactions, where=direction == "in", last="90d")',
    'sum(transactions.amount, last="30d") / sum(transactions.amount, last="180d")',
    'mean(transactions.amount, where=kind == "salary", last="6mo")',
    "min(transactions.amount)",
    'max(transactions.booked, where=night)',
    'std(transactions.amount, last="3mo")',
    'share(transactions, where=night, last="60d")',
    'first(transactions.kind, last="45d")',
    "last(transactions.amount, where=direction == \"out\")",
    'last(external_scores.score)',
    'days_since_first(transactions)',
    'days_since_last(app_events, where=event == "login")',
    'gap_mean(app_events, last="30d")',
    'gap_std(bureau_enquiries)',
    'trend(transactions.amount, last="6mo")',
    'n_unique(transactions.counterparty_id, last="90d")',
    'mode(transactions.channel, last="90d")',
    'mean(instalments.paid - instalments.due, where=not is_missing(paid))',
    'count(instalments, where=is_missing(paid))',
    'count(loans, where=status == "defaulted")',
    'share(instalments, where=amount_paid < amount_due, last="1y")',
    'count(applications, via="device_id", last="90d")',
    'n_unique(device_links.customer_id, via="device_id")',
    'max(delinquencies.days_past_due)',
    'amount / (customers.income * term_months)',
    "log(customers.income) * annual_rate",
    "days_since(customers.registered)",
    'customers.age >= 60 or customers.housing == "rent"',
    "month(applied) + hour(cutoff) / 24",
    "where(first_time, amount, -amount)",
    "coalesce(devices.price, 0) - round(customers.income / 1000)",
]


@functools.cache
def bank() -> tuple[Engine, pl.DataFrame]:
    made = simulate_bank(300, seed=3, events_per_customer=40)
    engine = Engine(Tables(made.frames, made.schema), "applications")
    X = engine.tables["applications"].select("application_id", cutoff="applied")
    return engine, X


def test_simulated_bank_on_duckdb() -> None:
    engine, X = bank()
    used = {cte for cte in engine.tables}
    connection = in_duckdb({**{name: engine.tables[name] for name in used}, "observations": X})
    sql = to_sql(BANK, names(BANK), engine.tables.schema, "applications")
    assert compare(engine, BANK, X, connection.execute(sql).fetchall()) == len(BANK) * 600


def test_the_bank_has_every_aggregate() -> None:
    assert {op for op in REGISTRY if is_aggregate(op)} == {
        op for op in REGISTRY if is_aggregate(op) and any(f"{op}(" in formula for formula in BANK)
    }
