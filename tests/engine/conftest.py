"""Two small linked tables, to be bent out of shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from tael.tables import Tables

SCHEMA: dict[str, Any] = {
    "people": {"key": "id", "time": "joined", "columns": {
        "age": {"type": "number", "special": [-9]}, "group": {"type": "category"}}},
    "visits": {"time": "day", "columns": {
        "who": {"to": "people"}, "fee": {"type": "number", "special": [-9]}, "kind": {"type": "category"},
        "paid": {"type": "flag"}, "note": {"type": "text"}, "left": {"type": "time"}}},
}  # fmt: skip
FORMULAS = [
    "age", 'group == "a"', "days_since(joined)", "count(visits)", 'count(visits, last="30d")', "sum(visits.fee)",
    "mean(visits.fee)", "min(visits.fee)", "max(visits.left)", "std(visits.fee)", "first(visits.kind)",
    "last(visits.fee)", "mode(visits.kind)", "mode(visits.fee)", "mode(visits.paid)", "mode(visits.left)",
    "n_unique(visits.kind)", "n_unique(visits.note)", "n_unique(visits.fee)", "n_unique(visits.left)",
    "share(visits, where=paid)",
    'share(visits, where=kind == "x")', "days_since_first(visits)", "days_since_last(visits.left)", "gap_mean(visits)",
    "gap_std(visits)", "trend(visits.fee)", "count(visits.kind)", "mean(visits.fee / people.age)",
    'count(visits, where=contains(note, "b"))',
]  # fmt: skip


@pytest.fixture
def frames() -> dict[str, pl.DataFrame]:
    day = [datetime(2024, 1, d) for d in (1, 5, 9, 20)]
    return {
        "people": pl.DataFrame(
            {
                "id": [1, 2, 3], "joined": [datetime(2023, 12, 1)] * 3, "age": [30.0, -9.0, None],
                "group": ["a", "b", None],
            }
        ),
        "visits": pl.DataFrame(
            {
                "who": [1, 1, 2, 1], "day": day, "fee": [10.0, 30.0, -9.0, 50.0], "kind": ["x", "y", "x", None],
                "paid": [True, False, None, True], "note": ["ab", "c", None, "b"], "left": [*day[1:], None],
            }
        ),
    }  # fmt: skip


@pytest.fixture
def schema() -> dict[str, Any]:
    return SCHEMA


@pytest.fixture
def formulas() -> list[str]:
    return FORMULAS


@pytest.fixture
def tables(frames: dict[str, pl.DataFrame]) -> Tables:
    return Tables(frames, SCHEMA)


@pytest.fixture(name="X")
def observations() -> pl.DataFrame:
    return pl.DataFrame({"id": [1, 2, 3, 99, 1], "cutoff": [datetime(2024, 2, 1)] * 4 + [datetime(2024, 1, 5)]})
