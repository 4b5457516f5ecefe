"""A small bank: applications whose outcome follows the customer's earlier payments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tael.features import AutoFeatures
from tael.tables import Tables

SCHEMA: dict[str, Any] = {
    "customers": {"key": "customer", "columns": {"age": {"type": "number"}, "city": {"type": "category"}}},
    "applications": {"key": "application", "time": "applied", "columns": {
        "customer": {"to": "customers"}, "amount": {"type": "number"}, "bad": {"type": "flag", "role": "label"}}},
    "payments": {"time": "paid", "columns": {
        "customer": {"to": "customers"}, "sum": {"type": "number"}, "late": {"type": "number"},
        "kind": {"type": "category"}}},
}  # fmt: skip
START = datetime(2024, 1, 1)


class Bank(NamedTuple):
    tables: Tables
    X: pl.DataFrame
    y: NDArray


@pytest.fixture(scope="session")
def bank() -> Bank:
    rng = np.random.default_rng(8)
    people, asks, paid = 60, 240, 1500
    lateness = rng.gamma(1.0, 4.0, people)
    who = rng.integers(0, people, paid)
    payments = pl.DataFrame(
        {
            "customer": who,
            "paid": [START + timedelta(hours=int(h)) for h in rng.integers(0, 24 * 300, paid)],
            "sum": rng.gamma(2.0, 50.0, paid).round(2),
            "late": rng.poisson(lateness[who]).astype(float),
            "kind": rng.choice(["cash", "card", "transfer"], paid),
        }
    )
    asker = rng.integers(0, people, asks)
    risk = lateness[asker] - 4.0 + rng.normal(0, 1, asks)
    applications = pl.DataFrame(
        {
            "application": np.arange(asks),
            "customer": asker,
            "applied": [START + timedelta(hours=int(h)) for h in rng.integers(24 * 60, 24 * 300, asks)],
            "amount": rng.gamma(2.0, 1000.0, asks).round(),
            "bad": risk > 0,
        }
    )
    customers = pl.DataFrame(
        {
            "customer": np.arange(people),
            "age": rng.integers(20, 70, people),
            "city": rng.choice(["a", "b", "c"], people),
        }
    )
    tables = Tables({"customers": customers, "applications": applications, "payments": payments}, SCHEMA)
    frame = applications.sort("applied")
    X = frame.select("application", pl.col("applied").alias("cutoff"))
    return Bank(tables, X, frame["bad"].to_numpy().astype(int))


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """A small search."""
    return {"entity": "applications", "windows": ("60d",), "keep": 6, "max_up": 1}


@pytest.fixture(scope="session")
def fitted(bank: Bank, settings: dict[str, Any]) -> AutoFeatures:
    return AutoFeatures(bank.tables, **settings).fit(bank.X, bank.y)


def random_world(seed: int, n: int = 2000) -> tuple[Tables, pl.DataFrame, np.random.Generator]:
    """Observations with 20 to 60 events each, of numbers and categories that know of nothing."""
    rng = np.random.default_rng(seed)
    events = rng.integers(20, 61, n)
    who = np.repeat(np.arange(n), events)
    m = len(who)
    moment = pl.lit(START, pl.Datetime("us")) + pl.duration(hours=pl.col("hour"))
    rows = pl.DataFrame(
        {
            "person": who,
            "hour": rng.integers(0, 24 * 200, m),
            "value": rng.gamma(2.0, 50.0, m),
            "size": rng.normal(size=m),
            "kind": rng.choice(["a", "b", "c", "d"], m),
            "way": rng.choice(["in", "out"], m),
        }
    ).with_columns(at=moment)
    people = pl.DataFrame(
        {
            "person": np.arange(n),
            "age": rng.integers(20, 70, n).astype(float),
            "score": rng.normal(size=n),
            "city": rng.choice(["x", "y", "z"], n),
        }
    )
    schema: dict[str, Any] = {
        "people": {"key": "person", "columns": {
            "age": {"type": "number"}, "score": {"type": "number"}, "city": {"type": "category"}}},
        "events": {"time": "at", "columns": {
            "person": {"to": "people"}, "value": {"type": "number", "unit": "EUR"}, "size": {"type": "number"},
            "kind": {"type": "category"}, "way": {"type": "category"}}},
    }  # fmt: skip
    X = pl.DataFrame({"person": np.arange(n), "hour": rng.integers(24 * 150, 24 * 210, n)})
    X = X.select("person", cutoff=moment)
    return Tables({"people": people, "events": rows.drop("hour")}, schema), X, rng


@pytest.fixture(scope="session")
def world() -> Any:
    """A function of seed and size."""
    return random_world


@pytest.fixture(scope="session")
def quiet() -> dict[str, Any]:
    return {"entity": "people", "windows": ("60d", "all"), "keep": 20}
