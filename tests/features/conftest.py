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
