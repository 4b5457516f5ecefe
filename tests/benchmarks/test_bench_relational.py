"""The relational benchmark on made-up tables: it measures what it says, and fits nothing outside the training fold."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from tael.tables import Tables

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SCHEMA = {
    "loans": {
        "key": "loan_id",
        "time": "approved",
        "columns": {
            "customer_id": {"to": "customers"},
            "amount": {"type": "number"},
            "purpose": {"type": "category"},
            "outcome": {"type": "category", "role": "label"},
        },
    },
    "customers": {"key": "customer_id", "columns": {"born": {"type": "time"}}},
    "bills": {
        "key": "bill_id",
        "time": "issued",
        "columns": {
            "customer_id": {"to": "customers"},
            "due": {"type": "time"},
            "paid": {"type": "time", "known_at": "paid"},
        },
    },
}


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import bench_relational
    finally:
        sys.path.remove(str(BENCHMARKS))
    return bench_relational


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    """Customers who pay late go bad; nothing else says so."""
    rng = np.random.default_rng(0)
    n, bills = 400, 5
    start = datetime(2024, 1, 1)
    late = rng.random(n) < 0.5
    bad = rng.random(n) < np.where(late, 0.8, 0.2)
    owner = np.repeat(np.arange(n), bills)
    issued = [start + timedelta(days=int(d)) for d in rng.integers(0, 200, n * bills)]
    delay = rng.integers(-8, 4, n * bills) + 8 * np.repeat(late, bills)
    due = [day + timedelta(days=30) for day in issued]
    return {
        "loans": pl.DataFrame(
            {
                "loan_id": np.arange(n),
                "customer_id": np.arange(n),
                "approved": [start + timedelta(days=300 + i % 50) for i in range(n)],
                "amount": rng.normal(100, 10, n),
                "purpose": rng.choice(["car", "home"], n),
                "outcome": np.where(bad, "bad", "good"),
            }
        ),
        "customers": pl.DataFrame(
            {"customer_id": np.arange(n), "born": [start - timedelta(days=9000 + i) for i in range(n)]}
        ),
        "bills": pl.DataFrame(
            {
                "bill_id": np.arange(n * bills),
                "customer_id": owner,
                "issued": issued,
                "due": due,
                "paid": [day + timedelta(days=int(d)) for day, d in zip(due, delay, strict=True)],
            }
        ),
    }


def task_of(bench: ModuleType, frames: dict[str, pl.DataFrame]) -> object:
    tables = Tables(frames, SCHEMA)
    return bench.Task(
        name="superlender",
        tables=tables,
        entity="loans",
        X=tables["loans"].select("loan_id", pl.col("approved").alias("cutoff")),
        y=(frames["loans"]["outcome"] == "bad").cast(pl.Int64).to_numpy(),
        history="bills",
        through="customer_id",
    )


def test_parents_are_numbers_without_the_label(bench: ModuleType, frames: dict[str, pl.DataFrame]) -> None:
    parents = task_of(bench, frames).parents()
    assert parents.columns == ["amount", "purpose", "born"]
    assert parents["born"][0] == 9300.0
    assert set(parents["purpose"]) == {0.0, 1.0}


def test_tael_finds_the_lateness_that_parents_do_not_show(bench: ModuleType, frames: dict[str, pl.DataFrame]) -> None:
    task = task_of(bench, frames)
    own = task.parents().to_numpy()
    rows = {row["features_of"]: row for row in bench.measure(task, [("parents", own)], repeats=1, folds=2)}
    assert rows["parents"]["auc"] < 0.65
    assert rows["tael"]["auc"] > 0.7
    assert rows["tael"]["log_loss"] < rows["parents"]["log_loss"]
    assert len(rows["tael"]["formulas"]) == 2
    assert any("bills.paid" in text or "paid - due" in text for text in rows["tael"]["formulas"][0])


def test_labels_of_the_test_fold_do_not_reach_the_features(bench: ModuleType, frames: dict[str, pl.DataFrame]) -> None:
    task = task_of(bench, frames)
    train, test = next(task.folds())
    before = bench.measure(task, [("parents", np.empty((400, 0)))], repeats=1, folds=1)
    flipped = task.y.copy()
    flipped[test] = 1 - flipped[test]
    from tael.features import AutoFeatures

    after = AutoFeatures(task.tables, entity="loans").fit(task.X[train], flipped[train])
    assert list(after.formulas_) == before[1]["formulas"][0]


def test_no_data_is_said_in_one_line(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_relational.py", "--data", str(tmp_path / "nowhere")])
    assert bench.main() == 1
    assert "--data" in capsys.readouterr().err
