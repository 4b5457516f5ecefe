"""Layers: what each adds, and that a planted pattern of the third is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import FeaturesError
from tael.features import AutoFeatures
from tael.features.deeper import Deeper
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.tables import Tables
from tael.tables.schema import Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    frames = {
        "people": pl.DataFrame({"person": [1], "born": [None], "income": [1.0], "city": ["x"]}),
        "events": pl.DataFrame({"person": [1], "at": [None], "value": [1.0], "kind": ["a"], "size": [1.0]}),
    }
    time = {"type": "time"}
    return Tables(
        frames,
        {
            "people": {"key": "person", "columns": {
                "born": time, "income": {"type": "number", "unit": "EUR"}, "city": {"type": "category"}}},
            "events": {"time": "at", "columns": {
                "at": time, "person": {"to": "people"}, "value": {"type": "number", "unit": "EUR"},
                "kind": {"type": "category"}, "size": {"type": "number"}}},
        },
    ).schema  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("income", "EUR"),
        ("mean(events.value, last='30d')", "EUR"),
        ("max(events.value) - income", "EUR"),
        ("income / mean(events.value)", None),
        ("count(events)", "rows"),
        ("share(events, where=kind == 'a')", "share"),
        ("days_since_last(events)", "days"),
        ("mean(events.at - people.born)", "days"),
        ("mean(events.size)", None),
        ("city == 'x'", "share"),
        ("income + count(events)", None),
    ],
)
def test_units(schema: Schema, formula: str, unit: str | None) -> None:
    assert Deeper(schema, "people", {}).unit(parse(formula)) == unit


def test_combinations(schema: Schema) -> None:
    survivors = [
        parse(text)
        for text in (
            "income", "mean(events.value, last='30d')", "city == 'x'", "is_missing(income)", "mean(events.size)",
        )
    ]  # fmt: skip
    deeper = Deeper(schema, "people", {("events", None): [parse("kind == 'a'")]}, [parse("city")])
    told = [to_text(node) for node in deeper(survivors)]
    assert len(told) == len(set(told))
    assert 'income - mean(events.value, last="30d")' in told
    assert 'income / mean(events.value, last="30d")' in told
    assert 'mean(events.value, where=kind == "a", last="30d")' in told
    assert "mean(events.size) - mean(mean(events.size), by=city)" in told
    assert 'city == "x" and is_missing(income)' in told
    assert not any("size" in text and "value" in text for text in told)


def test_layers_grow(world: Any, quiet: dict) -> None:
    tables, X, rng = world(5, 500)
    y = tables["people"]["age"].to_numpy() + rng.normal(0, 5, len(X))
    tried = []
    for layers in (1, 2, 3):
        auto = AutoFeatures(tables, **quiet, layers=layers).fit(X, y)
        assert "age" in auto.formulas_
        tried.append(set(auto.ledger_.frame()["formula"]))
    assert tried[0] < tried[1] < tried[2]
    # a row's own quotient may be aggregated; aggregates are not yet combined
    assert not any(parse(text).op in ("div", "sub") for text in tried[0] if not text.isidentifier())
    assert "age - mean(age, by=city)" in tried[2]
    with pytest.raises(FeaturesError, match="layers"):
        AutoFeatures(tables, layers=4).fit(X, y)


@pytest.mark.parametrize("seed", range(10))
def test_a_planted_pattern_of_three_layers_is_found(world: Any, quiet: dict, seed: int) -> None:
    """Who has a larger share of one kind of event than is usual where he lives."""
    tables, X, rng = world(seed, 1500)
    people, events = tables["people"], tables["events"]
    city = people["city"].to_numpy()
    # what is usual differs from city to city
    usual = {"x": 0.15, "y": 0.4, "z": 0.65}
    own = np.clip(np.array([usual[c] for c in city]) * rng.lognormal(0, 0.35, len(city)), 0.02, 0.9)
    is_a = rng.random(events.height) < own[events["person"].to_numpy()]
    events = events.with_columns(kind=pl.Series(np.where(is_a, "a", rng.choice(["b", "c", "d"], len(is_a)))))
    joined = X.with_row_index("i").join(events, on="person").filter(pl.col("at") < pl.col("cutoff"))
    share = joined.group_by("i").agg((pl.col("kind") == "a").mean()).sort("i")["kind"].to_numpy()
    relative = share / np.array([share[city == c].mean() for c in city])
    y = rng.random(len(X)) < 1 / (1 + np.exp(-6 * (relative - 1.3)))
    auto = AutoFeatures(tables.replace(events=events), **quiet, layers=3).fit(X, y)
    made = auto.transform(X).to_numpy()[:, :10]
    like = [abs(np.corrcoef(np.nan_to_num(column, nan=1.0), relative)[0, 1]) for column in made.T]
    assert max(like) > 0.98, auto.formulas_[:10]
