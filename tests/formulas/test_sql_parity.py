"""Formulas as SQL give the engine's numbers: on DuckDB for random worlds and the simulated bank, and on PostgreSQL."""

from __future__ import annotations

import functools
import importlib.util
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets import simulate_bank
from tael.engine import Engine
from tael.formulas.operators import is_aggregate
from tael.formulas.sql import operators_in_sql, to_sql
from tael.tables import Tables
from tael.tables.schema import Type


def _beside() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tael_tests_formulas_parity", Path(__file__).with_name("parity.py"))
    assert spec is not None and spec.loader is not None  # noqa: PT018
    if spec.name not in sys.modules:
        sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[spec.name]


parity = _beside()
check, compare, names, world, worlds = parity.check, parity.compare, parity.names, parity.world, parity.worlds
in_duckdb, in_postgres = parity.in_duckdb, parity.in_postgres
SEEDS = st.integers(0, 2**32 - 1)
WORLDS = parity.WORLDS
OPERATORS = sorted(operators_in_sql())


@pytest.mark.parametrize("op", OPERATORS)
@settings(max_examples=5)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_every_operator_on_duckdb(op: str, number: int, seed: int) -> None:
    check(number, "applications", worlds().Writer(seed).one(op))


@pytest.mark.parametrize("op", [op for op in OPERATORS if is_aggregate(op)])
@settings(max_examples=3)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_entities_observed_themselves_on_duckdb(op: str, number: int, seed: int) -> None:
    check(number, "customers", worlds().Writer(seed, "customers").one(op))


# ------------------------------------------------------------------ the simulated bank
BANK = [
    'count(transactions, where=direction == "in", last="90d")',
    'sum(transactions.amount, last="30d") / sum(transactions.amount, last="180d")',
    'mean(transactions.amount, where=kind == "salary", last="6mo")',
    "min(transactions.amount)",
    "max(transactions.booked, where=night)",
    'std(transactions.amount, last="3mo")',
    'share(transactions, where=night, last="60d")',
    'first(transactions.kind, last="45d")',
    'last(transactions.amount, where=direction == "out")',
    "last(external_scores.score)",
    "days_since_first(transactions)",
    'days_since_last(app_events, where=event == "login")',
    'gap_mean(app_events, last="30d")',
    "gap_std(bureau_enquiries)",
    'trend(transactions.amount, last="6mo")',
    'n_unique(transactions.counterparty_id, last="90d")',
    'mode(transactions.channel, last="90d")',
    "mean(instalments.paid - instalments.due, where=not is_missing(paid))",
    "count(instalments, where=is_missing(paid))",
    'count(loans, where=status == "defaulted")',
    'share(instalments, where=amount_paid < amount_due, last="1y")',
    'count(applications, via="device_id", last="90d")',
    'n_unique(device_links.customer_id, via="device_id")',
    "max(delinquencies.days_past_due)",
    "amount / (customers.income * term_months)",
    "log(customers.income) * annual_rate",
    "days_since(customers.registered)",
    'customers.age >= 60 or customers.housing == "rent"',
    "month(applied) + hour(cutoff) / 24",
    "where(first_time, amount, -amount)",
    "coalesce(devices.price, 0) - round(customers.income / 1000)",
    'median(transactions.amount, last="90d")',
    "quantile(transactions.amount, 0.9)",
    "entropy(transactions.kind)",
    'top_share(transactions.counterparty_id, last="180d")',
    'longest_streak(transactions, where=direction == "out")',
    'burst(transactions, within="7d", last="180d")',
    'periodicity(transactions, where=kind == "salary")',
    'balance_after(where(transactions.direction == "in", transactions.amount, -transactions.amount))',
    "slope(transactions.amount, hour(booked))",
    'share_of(transactions.amount, where=night, last="1y")',
    'next_event(transactions, after=kind == "salary", where=direction == "out")',
    'matched(transactions.amount, 0.1, after=direction == "in", where=direction == "out", within="2d")',
    "mean(count(instalments, where=is_missing(paid)), over=loans)",
    'max(transactions.amount / mean(transactions.amount, by=kind), last="90d")',
    "count(instalments, where=due > cutoff)",
    "mean(days_since(transactions.booked))",
    'amount / mean(amount, by=customers.housing, among="as_of")',
]


@functools.cache
def bank() -> tuple[Engine, pl.DataFrame]:
    made = simulate_bank(300, seed=3, events_per_customer=40)
    engine = Engine(Tables(made.frames, made.schema), "applications")
    X = engine.tables["applications"].select("application_id", cutoff="applied")
    return engine, X


def test_simulated_bank_on_duckdb() -> None:
    engine, X = bank()
    connection = in_duckdb({**engine.tables, "observations": X})
    sql = to_sql(BANK, names(BANK), engine.tables.schema, "applications")
    assert compare(engine, BANK, X, connection.execute(sql).fetchall(), scale=0) == len(BANK) * 600


def test_the_bank_has_every_aggregate() -> None:
    there = {op for op in OPERATORS if any(f"{op}(" in formula for formula in BANK)}
    assert there >= {op for op in OPERATORS if is_aggregate(op)}


def test_six_months_are_not_180_days_on_duckdb() -> None:
    # DuckDB 2.0 computes `t - INTERVAL 6 MONTH` and `t - INTERVAL 180 DAY` once, since it holds them to be equal
    formulas = [f'count(transactions, last="{window}")' for window in ("6mo", "180d", "1mo", "30d", "1y", "360d")]
    engine, X = bank()
    connection = in_duckdb({**engine.tables, "observations": X})
    sql = to_sql(formulas, names(formulas), engine.tables.schema, "applications")
    compare(engine, formulas, X, connection.execute(sql).fetchall())


# ------------------------------------------------------------------ the observations' own columns, zones, ties
OWN = {"asked": Type.NUMBER, "customer_id": Type.CATEGORY, "fee": Type.NUMBER, "decided": Type.TIME, "new": Type.FLAG}
OF_OWN = [
    "asked * 2", "fee", "decided", "new", "customers.income / asked", "where(new, fee, asked)", "customer_id",
    'count(loans, last="35d")', "sum(loans.amount)", "customers.regions.wealth", 'customer_id == "2"', "online",
    'count(applications, via="customer_id")', 'mean(fee, by=customer_id, among="as_of")',
    'count(applications, by=(decided, asked), among="as_of")',
    'max(count(transfers, via="customer_id.receiver"), over=loans)',
]  # fmt: skip


@pytest.mark.parametrize("carried", [tuple(OWN), ("fee", "customer_id"), ("decided",)])
@pytest.mark.parametrize("number", range(3))
def test_own_columns_win_over_the_entitys(number: int, carried: tuple[str, ...]) -> None:
    engine, X, _ = world(number, "applications")
    rng = np.random.default_rng(number)
    n = len(X)
    X = X.with_columns(
        asked=pl.Series([[1.5, -9.0, None, float("inf"), 0.0][i] for i in rng.integers(0, 5, n)]),
        customer_id=pl.Series([[1, 2, 3, None, 99][i] for i in rng.integers(0, 5, n)]),
        fee=pl.Series(rng.normal(size=n)),
        decided=pl.Series([worlds().START + int(i) * timedelta(days=1) for i in rng.integers(0, 50, n)]),
        new=pl.Series([[True, False, None][i] for i in rng.integers(0, 3, n)]),
    )
    # a further name for the key, and for the cutoff
    X = X.select(pl.col("application_id").alias("number"), pl.col("cutoff").alias("when"), *carried)
    engine = Engine(engine.tables, "applications", key="number", cutoff="when")
    own = {name: OWN[name] for name in carried}
    formulas = [one for one in OF_OWN if "new" not in one or "new" in own]
    connection = in_duckdb({**engine.tables, "observations": X})
    sql = to_sql(formulas, names(formulas), engine.tables.schema, "applications", own=own, key="number", cutoff="when")
    compare(engine, formulas, X, connection.execute(sql).fetchall(), own)


def test_rows_of_one_time_follow_their_known_at_then_their_key() -> None:
    day, later = datetime(2024, 1, 1), datetime(2024, 1, 3)
    known = [later, day, datetime(2024, 1, 2), later]
    visits = pl.DataFrame(
        {"row": [1, 2, 3, 4], "who": [1] * 4, "day": [day] * 4, "known": known, "fee": [1.0, 2, 3, 4]}
    )
    schema = {"people": {"key": "id"}, "visits": {
        "key": "row", "time": "day", "known_at": "known", "columns": {"who": {"to": "people"}}}}  # fmt: skip
    tables = Tables({"people": pl.DataFrame({"id": [1]}), "visits": visits}, schema)
    X = pl.DataFrame({"id": [1, 1, 1], "cutoff": [datetime(2024, 1, d) for d in (2, 3, 4)]})
    formulas = ["first(visits.fee)", "last(visits.fee)", "mode(visits.fee)", "trend(visits.fee)", "gap_std(visits)"]
    sql = to_sql(formulas, names(formulas), tables.schema, "people")
    rows = in_duckdb({**tables, "observations": X}).execute(sql).fetchall()
    compare(Engine(tables, "people"), formulas, X, rows)
    assert sorted(row[1:6] for row in rows) == [
        (datetime(2024, 1, 2), 2.0, 2.0, 2.0, None),
        (datetime(2024, 1, 3), 2.0, 3.0, 3.0, None),
        (datetime(2024, 1, 4), 2.0, 4.0, 4.0, None),
    ]


def test_times_of_a_zone_are_read_as_utc() -> None:
    raw = {
        "people": pl.DataFrame({"id": [1, 2]}),
        "visits": pl.DataFrame(
            {"row": [1, 2, 3], "who": [1, 1, 2], "day": [datetime(2024, 1, 1, hour) for hour in (1, 9, 20)]}
        ),
    }
    visits = {"key": "row", "time": "day", "time_zone": "Asia/Shanghai", "columns": {"who": {"to": "people"}}}
    tables = Tables(raw, {"people": {"key": "id"}, "visits": visits})
    X = pl.DataFrame({"id": [1, 1, 2], "cutoff": [datetime(2024, 1, 1, hour) for hour in (0, 2, 13)]})
    formulas = ["count(visits)", "hour(last(visits.day))", "days_since_first(visits)"]
    engine = Engine(tables, "people")
    sql = to_sql(formulas, names(formulas), tables.schema, "people")
    rows = in_duckdb({**raw, "observations": X}).execute(sql).fetchall()
    assert compare(engine, formulas, X, rows) == 9
    assert sorted(row[2] for row in rows) == [1, 1, 2]


# ------------------------------------------------------------------ PostgreSQL
@pytest.mark.postgres
def test_simulated_bank_on_postgres(postgres_server: Path) -> None:
    engine, X = bank()
    with in_postgres(postgres_server, {**engine.tables, "observations": X}) as connection:
        sql = to_sql(BANK, names(BANK), engine.tables.schema, "applications", dialect="postgres")
        rows = connection.execute(sql.encode()).fetchall()
    assert compare(engine, BANK, X, rows, scale=0) == len(BANK) * 600


@pytest.mark.postgres
@pytest.mark.parametrize("entity", ["applications", "customers"])
@pytest.mark.parametrize("number", [0, 3])
def test_every_operator_on_postgres(postgres_server: Path, number: int, entity: str) -> None:
    engine, X, _ = world(number, entity)
    formulas = [worlds().Writer(1000 * number + seed, entity).one(op) for seed in range(2) for op in OPERATORS]
    with in_postgres(postgres_server, {**engine.tables, "observations": X}) as connection:
        for formula in formulas:
            sql = to_sql([formula], ["f"], engine.tables.schema, entity, dialect="postgres")
            try:
                compare(engine, [formula], X, connection.execute(sql.encode()).fetchall())
            except (AssertionError, psycopg.Error) as error:
                error.add_note(f"{formula}\n{sql}")
                raise
