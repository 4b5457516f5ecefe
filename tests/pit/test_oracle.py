"""The engine says what the oracle says, for every operator."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.engine import Engine
from tael.formulas.operators import ON_TABLES
from tael.formulas.values import NAT, Values
from tael.tables.schema import Type

WORLDS = 40
SEEDS = st.integers(0, 2**32 - 1)


@functools.cache
def _world(worlds: ModuleType, oracle: ModuleType, number: int, entity: str = "applications") -> tuple[Any, ...]:
    tables = worlds.world(number)
    return Engine(tables, entity), oracle.Oracle(tables, entity), worlds.observations(number, entity)


def plain(values: Values) -> list[Any]:
    """An engine's result as the oracle writes it."""
    if values.type == Type.TIME:
        return [None if t == NAT else int(t) for t in values.data]
    if values.type in (Type.CATEGORY, Type.TEXT):
        return list(values.strings())
    return [None if np.isnan(x) else float(x) for x in values.data]


def same(got: Any, told: Any) -> bool:
    if isinstance(told, float) and isinstance(got, float):
        return abs(got - told) <= 1e-7 * max(1.0, abs(told))
    return got == told


def check(engine: Engine, slow: Any, X: Any, formula: str, *, label: bool = False) -> None:
    bound = engine.bind(formula, label=label)
    got = plain(engine.evaluate([bound], X, label=label)[0])
    for i, (key, cutoff) in enumerate(X.iter_rows()):
        told = slow.formula(bound, key, slow_time(cutoff), label=label)
        assert same(got[i], told), f"{formula}\nrow {i}: key {key}, cutoff {cutoff}: engine {got[i]}, oracle {told}"


def slow_time(cutoff: Any) -> int:
    return int(np.datetime64(cutoff, "us").astype(np.int64))


def test_every_operator_has_a_case(worlds: ModuleType) -> None:
    assert {*worlds.ROW_CASES, *worlds.AGGREGATE_CASES} == set(ON_TABLES)


@pytest.mark.parametrize("op", ON_TABLES)
@settings(max_examples=12)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_engine_equals_oracle(worlds: ModuleType, oracle: ModuleType, op: str, number: int, seed: int) -> None:
    engine, slow, X = _world(worlds, oracle, number)
    check(engine, slow, X, worlds.Writer(seed).one(op))


@pytest.mark.parametrize("op", [op for op, operator in ON_TABLES.items() if operator.kind == "aggregate"])
@settings(max_examples=6)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_labels_look_forward(worlds: ModuleType, oracle: ModuleType, op: str, number: int, seed: int) -> None:
    engine, slow, X = _world(worlds, oracle, number)
    check(engine, slow, X, worlds.Writer(seed).aggregate(op, forward=True), label=True)


@pytest.mark.parametrize("op", ON_TABLES)
@settings(max_examples=4)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_entities_observed_themselves(worlds: ModuleType, oracle: ModuleType, op: str, number: int, seed: int) -> None:
    engine, slow, X = _world(worlds, oracle, number, "customers")
    check(engine, slow, X, worlds.Writer(seed, "customers").one(op))


@pytest.mark.parametrize("entity", ["applications", "customers"])
@settings(max_examples=120)
@given(number=st.integers(0, WORLDS - 1), seed=SEEDS)
def test_layers(worlds: ModuleType, oracle: ModuleType, entity: str, number: int, seed: int) -> None:
    engine, slow, X = _world(worlds, oracle, number, entity)
    check(engine, slow, X, worlds.layers.layered(worlds.Writer(seed, entity), entity))
