"""LAW 1 bit for bit, for every operator: what nobody could know at the cutoff moves no feature."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.engine import Engine
from tael.formulas.operators import ON_TABLES
from tael.formulas.values import Values
from tael.tables import Tables

SEEDS = st.integers(0, 2**32 - 1)
BY_OPERATOR = 2


LAYERED = 40


def formulas(worlds: ModuleType, seed: int, entity: str = "applications") -> list[str]:
    """Formulas for every operator, and some in layers."""
    writer = worlds.Writer(seed, entity)
    flat = [writer.one(op) for op in ON_TABLES for _ in range(BY_OPERATOR)]
    return flat + [worlds.layers.layered(writer, entity) for _ in range(LAYERED)]


def bits(values: Values) -> Any:
    """What may be compared to the last bit: category codes depend on the levels, the words they stand for do not."""
    if values.levels is not None or values.data.dtype == object:
        return list(values.strings())
    return (
        np.where(values.missing, np.nan, values.data).tobytes()
        if values.data.dtype.kind == "f"
        else values.data.tobytes()
    )


def moved(tables: Tables, other: Tables, told: list[str], X: pl.DataFrame, entity: str = "applications") -> list[str]:
    """The formulas whose values differ by a bit."""
    before = Engine(tables, entity).evaluate(told, X)
    after = Engine(other, entity).evaluate(told, X)
    return [text for text, a, b in zip(told, before, after, strict=True) if bits(a) != bits(b)]


def scene(worlds: ModuleType, seed: int, entity: str = "applications") -> tuple[Tables, list[str], pl.DataFrame, Any]:
    """A world, formulas for every operator, and the observations of one cutoff."""
    X = worlds.observations(seed % 1000, entity)
    cutoff = X["cutoff"][seed % X.height]
    X = X.with_columns(pl.lit(cutoff, pl.Datetime("us")).alias("cutoff"))
    return worlds.world(seed % 1000, clean=True), formulas(worlds, seed, entity), X, cutoff


@settings(max_examples=8)
@given(seed=SEEDS)
@pytest.mark.parametrize("entity", ["applications", "customers"])
@pytest.mark.parametrize("how", ["truncated", "poisoned"])
def test_later_rows_and_values_do_not_matter(
    worlds: ModuleType, falsify: ModuleType, how: str, entity: str, seed: int
) -> None:
    tables, told, X, cutoff = scene(worlds, seed, entity)
    other = getattr(falsify, how)(tables, cutoff, X.to_series(0).drop_nulls().to_list(), entity)
    assert moved(tables, other, told, X, entity) == []


@settings(max_examples=6)
@given(seed=SEEDS)
def test_the_outcome_does_not_matter(worlds: ModuleType, falsify: ModuleType, seed: int) -> None:
    tables, told, X, _ = scene(worlds, seed)
    assert moved(tables, falsify.other_outcomes(tables), told, X) == []


@settings(max_examples=8)
@given(seed=SEEDS)
@pytest.mark.parametrize("how", ["arrived_late", "at_the_cutoff"])
def test_late_rows_are_no_rows(worlds: ModuleType, falsify: ModuleType, how: str, seed: int) -> None:
    tables, told, X, cutoff = scene(worlds, seed)
    late, without = getattr(falsify, how)(tables, cutoff, seed)
    assert moved(late, without, told, X) == []


@pytest.mark.parametrize("how", ["truncated", "poisoned", "arrived_late"])
def test_the_falsifications_do_change_the_tables(worlds: ModuleType, falsify: ModuleType, how: str) -> None:
    tables = worlds.world(1, clean=True)
    X = worlds.observations(1)
    cutoff, keys = X["cutoff"][0], X["application_id"].drop_nulls().to_list()
    if how == "arrived_late":
        made = falsify.arrived_late(tables, cutoff, 1)[0]
    else:
        made = getattr(falsify, how)(tables, cutoff, keys)
    changed = [name for name in tables if not made[name].equals(tables[name])]
    assert {"loans", "logins"} <= set(changed)


@settings(max_examples=6)
@given(seed=SEEDS)
def test_bulk_equals_row_by_row(worlds: ModuleType, seed: int) -> None:
    tables = worlds.world(seed % 1000)
    X, told = worlds.observations(seed % 1000), formulas(worlds, seed)
    engine = Engine(tables, "applications")
    bulk = engine.evaluate(told, X)
    for row in range(0, X.height, 3):
        alone = engine.evaluate(told, X[row : row + 1])
        for text, all_rows, one in zip(told, bulk, alone, strict=True):
            kept = Values(all_rows.type, all_rows.data[row : row + 1], all_rows.levels)
            assert bits(kept) == bits(one), text


@settings(max_examples=6)
@given(seed=SEEDS)
def test_the_order_of_observations_and_threads_do_not_matter(worlds: ModuleType, seed: int) -> None:
    tables = worlds.world(seed % 1000)
    X, told = worlds.observations(seed % 1000), formulas(worlds, seed)
    order = np.random.default_rng(seed).permutation(X.height)
    straight = Engine(tables, "applications").evaluate(told, X)
    shuffled = Engine(tables, "applications", n_threads=3).evaluate(told, X[order])
    for text, a, b in zip(told, straight, shuffled, strict=True):
        assert bits(Values(a.type, a.data[order], a.levels)) == bits(b), text


@settings(max_examples=6)
@given(seed=SEEDS)
def test_a_formula_does_not_depend_on_its_company(worlds: ModuleType, seed: int) -> None:
    engine = Engine(worlds.world(seed % 1000), "applications")
    X, told = worlds.observations(seed % 1000), formulas(worlds, seed)
    together = engine.evaluate(told, X)
    for text, values in list(zip(told, together, strict=True))[:: BY_OPERATOR + 1]:
        assert bits(engine.evaluate([text], X)[0]) == bits(values), text
