"""LAW 1 for AutoFeatures from end to end: what is still to come moves neither what it keeps nor what it computes."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tael.engine import Engine
from tael.features import AutoFeatures
from tael.tables import Tables

CUTOFF = datetime(2024, 2, 12)
"""Training observations lie before it, or at it."""


class Scene(NamedTuple):
    tables: Tables
    X: pl.DataFrame
    y: NDArray
    auto: AutoFeatures
    keys: list[int]


def grow(tables: Tables, X: pl.DataFrame, y: NDArray) -> AutoFeatures:
    return AutoFeatures(tables, entity="applications", windows=("20d",), keep=6, max_up=1).fit(X, y)


@pytest.fixture(scope="module")
def scene(worlds: ModuleType) -> Scene:
    tables = worlds.world(3, clean=True, scale=16)
    X = tables["applications"].select("application_id", pl.col("applied").alias("cutoff")).drop_nulls().sort("cutoff")
    X = X.filter(pl.col("cutoff") <= CUTOFF)
    told = Engine(tables, "applications").evaluate(["mean(loans.insured)", "count(instalments)", "asked"], X)
    noise = np.random.default_rng(5).normal(size=X.height)
    score = np.nan_to_num(told[0].data) * 2 + np.log1p(told[1].data) + (np.nan_to_num(told[2].data) > 2) + 0.3 * noise
    y = (score > np.median(score)).astype(int)
    return Scene(tables, X, y, grow(tables, X, y), X["application_id"].to_list())


def test_it_found_histories(scene: Scene) -> None:
    assert len(scene.auto.formulas_) >= 3
    assert any("loans" in text or "instalments" in text for text in scene.auto.formulas_)


@pytest.mark.parametrize("how", ["truncated", "poisoned"])
def test_fit_does_not_see_what_comes_after_the_last_cutoff(scene: Scene, falsify: ModuleType, how: str) -> None:
    other = getattr(falsify, how)(scene.tables, CUTOFF, scene.keys)
    again = grow(other, scene.X, scene.y)
    assert again.formulas_ == scene.auto.formulas_
    assert again.gain_.tobytes() == scene.auto.gain_.tobytes()
    assert again.ledger_.frame().equals(scene.auto.ledger_.frame())


def test_fit_does_not_see_outcomes(scene: Scene, falsify: ModuleType) -> None:
    again = grow(falsify.other_outcomes(scene.tables), scene.X, scene.y)
    assert again.formulas_ == scene.auto.formulas_


@pytest.mark.parametrize("how", ["truncated", "poisoned", "arrived_late", "at_the_cutoff"])
@pytest.mark.parametrize("days", [-9, 0, 11])
def test_transform_uses_what_is_known(scene: Scene, falsify: ModuleType, how: str, days: int) -> None:
    cutoff = CUTOFF + timedelta(days=days)
    X = scene.X.with_columns(pl.lit(cutoff, pl.Datetime("us")).alias("cutoff"))
    one, other = scene.tables, scene.tables
    if how in ("arrived_late", "at_the_cutoff"):
        one, other = getattr(falsify, how)(scene.tables, cutoff, days + 20)
    else:
        other = getattr(falsify, how)(scene.tables, cutoff, scene.keys)
    assert compute(scene, one, X).tobytes() == compute(scene, other, X).tobytes()


def test_transform_does_not_see_outcomes(scene: Scene, falsify: ModuleType) -> None:
    other = falsify.other_outcomes(scene.tables)
    assert compute(scene, other, scene.X).tobytes() == compute(scene, scene.tables, scene.X).tobytes()


def test_the_formulas_alone_compute_what_transform_does(scene: Scene) -> None:
    assert scene.auto.transform(scene.X).to_numpy().tobytes("C") == compute(scene, scene.tables, scene.X).tobytes("C")


def compute(scene: Scene, tables: Tables, X: Any) -> NDArray:
    return np.ascontiguousarray(scene.auto.formula_set_.compute(tables, X))
