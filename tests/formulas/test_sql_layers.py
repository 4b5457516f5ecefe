"""Formulas in layers and peers as SQL give the engine's numbers, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import importlib.util
import json
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

from tael.engine import Engine
from tael.engine.peers import Population
from tael.formulas.sql import to_sql
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
layers = parity.layers


@pytest.mark.parametrize("entity", ["applications", "customers"])
@settings(max_examples=40)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_layers_on_duckdb(entity: str, number: int, seed: int) -> None:
    check(number, entity, layers().layered(worlds().Writer(seed, entity), entity))


# Layers upon layers, and each operator of a window's rows side by side in a further layer; of applications.
DEEP = [
    'mean(max(sum(instalments.paid, via="loan_id") - mean(instalments.paid, by=channel), over=instalments), '
    "over=loans)",
    'max(mean(sum(instalments.paid) - mean(sum(instalments.paid), by=purpose), over=loans, via="customer_id"), '
    'over=applications, via="device")',
    "sum(loans.amount, where=count(instalments) > 2)",
    'mean(loans.amount / mean(loans.amount, by="all") - count(instalments) / count(loans, by=(purpose, insured)))',
    "max(mean(loans.amount, by=count(instalments)), over=loans)",
    "max(count(loans, by=mode(instalments.channel)), over=loans)",
    'sum(loans.amount - mean(loans.amount, by=insured, last="1mo"), last="2w")',
    'sum(loans.amount - mean(loans.amount, by=insured), last="2w")',
    # the way up to the inner rows may be known later than the row itself
    'sum(count(customers, via="customer_id.region_id"), over=applications, via="device")',
    'max(matched(loans.amount, 0.5, after=insured, where=amount > 0, within="10d"), over=applications, via="device")',
    'last(count(instalments), over=loans) / last(count(loans, via="customer_id"), over=loans)',
    'mean(count(loans, where=days_since(settled) < 10), over=applications, via="customer_id")',
    'mean(count(transfers, by=(receiver, currency)), over=transfers, via="customer_id.sender")',
    "mode(mode(instalments.channel), over=loans)",
    "max(max(instalments.paid_on), over=loans)",
    'mean(asked - mean(asked, by=goal), by=online, among="as_of")',
    'count(applications, by=(goal, customers.grade), among="as_of", last="1mo")',
    'count(applications, by=(customers.region_id, is_missing(fee)), among="as_of")',
    'std(count(loans), by=goal, among="as_of")',
    'median(asked, by=goal, among="as_of")',
    'longest_streak(applications, where=online, by=goal, among="as_of")',
    'burst(transfers, within="3d", where=count(transfers, via="receiver.receiver") > 1, via="customer_id.receiver")',
    "next_event(loans, after=count(instalments) > 1, where=sum(instalments.paid) > 3)",
    "median(sum(instalments.paid), over=loans, where=insured)",
    "mean(slope(loans.amount, sum(instalments.paid), by=insured), over=loans)",
    "sum(periodicity(loans, by=insured), over=loans)",
    "sum(balance_after(loans.amount, by=insured), over=loans)",
    "sum(entropy(loans.purpose, by=insured), over=loans)",
    "max(top_share(loans.purpose, by=insured), over=loans)",
    "max(longest_streak(loans, where=insured, by=purpose), over=loans)",
    "mean(quantile(loans.amount, 0.3, by=insured), over=loans)",
    'mean(share_of(loans.amount, where=insured, by="all"), over=loans)',
]


@pytest.mark.parametrize("formula", DEEP)
def test_layers_upon_layers_on_duckdb(formula: str) -> None:
    for number in range(3):
        check(number, "applications", formula)


def test_an_equal_rest_of_a_statement_is_said_once() -> None:
    engine, X, connection = world(1, "applications")
    sql = to_sql(DEEP, names(DEEP), engine.tables.schema, "applications")
    compare(engine, DEEP, X, connection.execute(sql).fetchall())
    assert sql.count("AS place_in_time") <= 8
    assert sql.count("FROM (SELECT DISTINCT customer_id, cutoff FROM observed) AS asked\n  JOIN read_loans") == 1


def test_sums_that_cancel_and_numbers_that_differ_by_rounding() -> None:
    fees = [0.1, 0.2, -0.3, 7.0, 7.0 + 1e-13]
    days = [datetime(2024, 1, day) for day in (1, 2, 3, 4, 5)]
    visits = pl.DataFrame({"row": range(5), "who": [1, 1, 1, 2, 2], "day": days, "fee": fees})
    schema = {"people": {"key": "id"}, "visits": {"key": "row", "time": "day", "columns": {"who": {"to": "people"}}}}
    tables = Tables({"people": pl.DataFrame({"id": [1, 2]}), "visits": visits}, schema)
    X = pl.DataFrame({"id": [1, 2], "cutoff": [datetime(2024, 2, 1)] * 2})
    formulas = ["share_of(visits.fee, where=fee > 0.15)", "slope(day(visits.day), visits.fee)"]
    sql = to_sql(formulas, names(formulas), tables.schema, "people")
    rows = sorted(in_duckdb({**tables, "observations": X}).execute(sql).fetchall())
    compare(Engine(tables, "people"), formulas, X, rows)
    assert rows[0][2] is None
    assert rows[1][3] is None


PASSED_ON = [
    f'matched(moves.amount, {ratio}, after=paid_in, where=not paid_in, within="{span}"{last})'
    for ratio, span, last in [(0, "1d", ""), (0.1, "2d", ""), (0.5, "10d", ', last="20d"'), (1, "36h", "")]
]


def moves() -> tuple[Tables, pl.DataFrame]:
    """Many amounts of a few sizes that come in and go out, so that rows compete for one another."""
    rng, n = np.random.default_rng(5), 400
    frame = pl.DataFrame(
        {
            "row": range(n),
            "who": rng.integers(1, 5, n),
            "at": [worlds().START + int(step) * worlds().HALF_DAY for step in rng.integers(0, 80, n)],
            "amount": [[1.0, 1.1, 1.05, 2.0, 2.2, -1.0, 0.0, None][i] for i in rng.integers(0, 8, n)],
            "paid_in": [[True, True, False, None][i] for i in rng.integers(0, 4, n)],
        }
    )
    columns = {"who": {"to": "people"}, "amount": {"type": "number"}, "paid_in": {"type": "flag"}}
    schema = {"people": {"key": "id"}, "moves": {"key": "row", "time": "at", "columns": columns}}
    keys = [1, 2, 3, 4] * 4
    cutoffs = [worlds().START + timedelta(days=10 * (1 + place // 4)) for place in range(16)]
    X = pl.DataFrame({"id": keys, "cutoff": pl.Series(cutoffs, dtype=pl.Datetime("us"))})
    return Tables({"people": pl.DataFrame({"id": [1, 2, 3, 4]}), "moves": frame}, schema), X


def test_amounts_that_are_passed_on() -> None:
    tables, X = moves()
    sql = to_sql(PASSED_ON, names(PASSED_ON), tables.schema, "people")
    rows = in_duckdb({**tables, "observations": X}).execute(sql).fetchall()
    compare(Engine(tables, "people"), PASSED_ON, X, rows)
    for place in range(len(PASSED_ON)):
        assert len({row[2 + place] for row in rows} - {None, 0.0, 1.0}) > 8


def test_columns_may_bear_the_names_that_a_statement_makes() -> None:
    made = ["value", "best", "mode", "gap", "part", "run", "n", "number", "met", "length", "balance", "r"]
    rng = np.random.default_rng(0)
    day = [worlds().START + int(step) * worlds().HALF_DAY for step in rng.integers(0, 40, 40)]
    visits = pl.DataFrame({"row": range(40), "who": rng.integers(1, 4, 40), "day": day, "fee": rng.normal(size=40)})
    visits = visits.with_columns(
        pl.Series(name, [["x", "y", None][i] for i in rng.integers(0, 3, 40)], dtype=pl.String) for name in made
    )
    columns = {"who": {"to": "people"}, "fee": {"type": "number"}, **{name: {"type": "category"} for name in made}}
    schema = {"people": {"key": "id"}, "visits": {"key": "row", "time": "day", "columns": columns}}
    tables = Tables({"people": pl.DataFrame({"id": [1, 2, 3]}), "visits": visits}, schema)
    X = pl.DataFrame({"id": [1, 2, 3], "cutoff": [worlds().START + timedelta(days=18)] * 3})
    siblings = [
        "n_unique(mode(best, by={}), over=visits)",
        "sum(gap_std(visits, by={}), over=visits)",
        "sum(entropy(part, by={}), over=visits)",
        "sum(balance_after(fee, by={}), over=visits)",
        "sum(longest_streak(visits, where=fee > 0, by={}), over=visits)",
        "sum(periodicity(visits, by={}), over=visits)",
    ]
    formulas = [one.format(name) for one in siblings for name in made]
    sql = to_sql(formulas, names(formulas), tables.schema, "people")
    compare(Engine(tables, "people"), formulas, X, in_duckdb({**tables, "observations": X}).execute(sql).fetchall())


# ------------------------------------------------------------------ peers in training
FITTED = [
    "asked / mean(asked, by=goal)",
    "mean(asked, by=(goal, online))",
    "count(applications, by=customers.grade)",
    "mode(goal, by=online)",
    "max(applied, by=goal)",
    "max(online, by=goal)",
    "asked - mean(asked, by=customers.region_id)",
    "mean(count(loans), by=goal)",
    "mean(asked, by=count(loans))",
    'mean(asked - mean(asked, by=goal), by="all")',
    'asked > median(asked, by="all")',
    "mean(asked, by=asked)",
    "mean(asked, by=applied)",
    "count(applications, by=mean(asked, by=goal))",
    "days_since(max(applied, by=mode(loans.purpose)))",
]


def learned(engine: Engine, X: pl.DataFrame, n: int) -> dict[str, Population]:
    """The statistics of the first observations, as a bundle brings them back."""
    fitted = engine.fit(FITTED, X.head(n))
    return {text: Population.from_dict(json.loads(json.dumps(one.to_dict()))) for text, one in fitted.items()}


@pytest.mark.parametrize("n", [0, 1, 10])
@pytest.mark.parametrize("number", range(3))
def test_peers_in_training_on_duckdb(number: int, n: int) -> None:
    engine, X, connection = world(number, "applications")
    fitted = learned(engine, X, n)
    sql = to_sql(FITTED, names(FITTED), engine.tables.schema, "applications", fitted=fitted)
    compare(engine, FITTED, X, connection.execute(sql).fetchall(), fitted=fitted)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20, unique=True))
def test_fitted_numbers_are_read_back_to_the_last_bit(numbers: list[float]) -> None:
    tables = Tables({"people": pl.DataFrame({"id": [0]})}, {"people": {"key": "id"}})
    groups = [str(number) for number in range(len(numbers))]
    fitted = {"mean(score, by=branch)": Population([groups], [Type.CATEGORY], numbers, Type.NUMBER)}
    own = {"branch": Type.CATEGORY, "score": Type.NUMBER}
    sql = to_sql(["mean(score, by=branch)"], ["f"], tables.schema, "people", own=own, fitted=fitted)
    day = datetime(2024, 1, 1)
    X = pl.DataFrame({"id": range(len(groups)), "cutoff": [day] * len(groups), "branch": groups, "score": numbers})
    rows = in_duckdb({**tables, "observations": X}).execute(sql).fetchall()
    assert {row[0]: row[2].hex() for row in rows} == {i: float(x).hex() for i, x in enumerate(numbers)}


@pytest.mark.postgres
@pytest.mark.parametrize("number", [1, 4])
def test_layers_on_postgres(postgres_server: Path, number: int) -> None:
    engine, X, _ = world(number, "applications")
    writers = [worlds().Writer(5000 * number + seed) for seed in range(30)]
    formulas = [*DEEP, *(layers().layered(writer) for writer in writers)]
    with in_postgres(postgres_server, {**engine.tables, "observations": X}) as connection:
        for formula in formulas:
            sql = to_sql([formula], ["f"], engine.tables.schema, "applications", dialect="postgres")
            try:
                compare(engine, [formula], X, connection.execute(sql.encode()).fetchall())
            except (AssertionError, psycopg.Error) as error:
                error.add_note(f"{formula}\n{sql}")
                raise
        fitted = learned(engine, X, 10)
        sql = to_sql(FITTED, names(FITTED), engine.tables.schema, "applications", fitted=fitted, dialect="postgres")
        compare(engine, FITTED, X, connection.execute(sql.encode()).fetchall(), fitted=fitted)


@pytest.mark.postgres
def test_amounts_that_are_passed_on_postgres(postgres_server: Path) -> None:
    tables, X = moves()
    sql = to_sql(PASSED_ON, names(PASSED_ON), tables.schema, "people", dialect="postgres")
    with in_postgres(postgres_server, {**tables, "observations": X}) as connection:
        compare(Engine(tables, "people"), PASSED_ON, X, connection.execute(sql.encode()).fetchall())
