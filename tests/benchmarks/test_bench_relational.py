"""The benchmarks' own code on made-up tables: folds, features by hand, processes, tables; no opponent, no real data."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import StratifiedKFold

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


MODULES = ("bench_relational", "contest", "results", "tasks", "windows", "hand_polars", "tael_peer", "_bench")


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """The benchmark's modules, by name; they live outside the package."""
    folders = [str(BENCHMARKS), str(BENCHMARKS / "contenders")]
    sys.path[:0] = folders
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path[:] = [path for path in sys.path if path not in folders]


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


@pytest.fixture
def task(bench: SimpleNamespace, frames: dict[str, pl.DataFrame]) -> Any:
    tables = Tables(frames, SCHEMA)
    return bench.tasks.Task(
        name="superlender",
        tables=tables,
        entity="loans",
        X=tables["loans"].select("loan_id", pl.col("approved").alias("cutoff")),
        y=(frames["loans"]["outcome"] == "bad").cast(pl.Int64).to_numpy(),
        history="bills",
        through="customer_id",
    )


def a_contender(folder: Path, body: str) -> list[str]:
    """A process as the opponents are, without their libraries."""
    script = folder / "contender.py"
    head = f"import sys\nsys.path[:0] = [{str(BENCHMARKS / 'contenders')!r}]\n"
    script.write_text(head + "from _bench import *\nfolder = Folder(sys.argv[1])\n" + body)
    return [sys.executable, str(script), str(folder)]


def test_parents_are_numbers_without_the_label(task: Any) -> None:
    parents = task.parents()
    assert parents.columns == ["amount", "purpose", "born"]
    assert parents["born"][0] == 9300.0
    assert set(parents["purpose"]) == {0.0, 1.0}


def test_folds_are_those_of_scikit_learn_with_the_repetition_as_seed(bench: SimpleNamespace, task: Any) -> None:
    folds = list(task.folds(bench.bench_relational.repeats("5x3")))
    assert len(folds) == 15
    for number, (train, test) in enumerate(folds):
        seed, place = divmod(number, 5)
        expected = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(task.y, task.y))[place]
        assert np.array_equal(train, expected[0])
        assert np.array_equal(test, expected[1])
    other = [*folds[1:], folds[0]]
    assert bench.contest.fold_hash(task.y, folds) != bench.contest.fold_hash(task.y, other)
    with pytest.raises(argparse.ArgumentTypeError):
        bench.bench_relational.repeats("10x3")


def test_a_table_of_noise_scores_worse_than_one_that_knows(bench: SimpleNamespace, task: Any) -> None:
    folds = list(task.folds())
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(400, 3))
    knows = np.column_stack([noise, task.y + rng.normal(0, 0.5, 400)])
    blind = bench.contest.scored(task.y, folds, iter([noise] * 5))
    seeing = bench.contest.scored(task.y, folds, iter([knows] * 5))
    nothing = bench.contest.scored(task.y, folds, iter([np.empty((400, 0))] * 5))
    assert blind["auc"] < 0.6 < 0.9 < seeing["auc"]
    assert seeing["log_loss"] < blind["log_loss"]
    assert nothing["auc"] == 0.5
    assert (nothing["features"], seeing["features"]) == (0, 4)


def test_columns_of_one_value_are_left_out(bench: SimpleNamespace) -> None:
    table = np.array([[1.0, np.nan, 2.0, np.nan, np.inf], [1.0, np.nan, 3.0, 1.0, np.nan]])
    assert bench.contest.varied(table).shape == (2, 2)


def test_the_analyst_computes_lateness_from_earlier_rows_alone(
    bench: SimpleNamespace, task: Any, frames: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(rows: pl.DataFrame, past: pl.DataFrame, _: object) -> tuple[pl.DataFrame, ...]:
        return rows, past.with_columns(late=bench.hand_polars.days("paid", "due")).drop("bill_id")

    monkeypatch.setitem(bench.hand_polars.DERIVE, "superlender", late)
    made = bench.hand_polars.by_hand(task)
    assert len(made) == 400
    assert "own_outcome" not in made.columns
    delay = (frames["bills"]["paid"] - frames["bills"]["due"]).dt.total_days().to_numpy()
    assert np.allclose(made["late_mean_all"], delay.reshape(400, 5).mean(axis=1))
    folds = list(task.folds())[:1]
    assert bench.contest.scored(task.y, folds, iter([made.to_numpy()]))["auc"] > 0.7


def test_a_window_begins_with_its_first_moment_and_ends_before_the_cutoff(bench: SimpleNamespace) -> None:
    grid = bench.windows.Grid("bills", "customer_id", "issued", ("size",), windows=(30, None), stats=("sum", "max"))
    start = datetime(2024, 1, 1)
    rows = pl.DataFrame({"owner": ["a", "b"], "cutoff": [start, start]})
    history = pl.DataFrame(
        {
            "owner": ["a", "a", "a", "a"],
            "issued": [start - timedelta(days=d) for d in (0, 1, 30, 31)],
            "size": [8.0, 1.0, 2.0, 4.0],
        }
    )
    made = bench.windows.by_polars(grid, rows, history)
    assert made[0].tolist() == [2.0, 3.0, 2.0, 3.0, 7.0, 4.0]
    assert made[1, [0, 1, 3, 4]].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert np.isnan(made[1, [2, 5]]).all()


def test_tael_and_polars_agree_on_every_window_feature(bench: SimpleNamespace, task: Any) -> None:
    grid = bench.windows.Grid(
        "purchases", "customer_id", "time", ("amount",), conditions=(("night", True), ("kind", "in")), known="known"
    )
    rng = np.random.default_rng(1)
    start = datetime(2024, 1, 1)
    day = rng.integers(0, 300, 500)
    history = pl.DataFrame(
        {
            "customer_id": rng.integers(0, 40, 500),
            "time": [start + timedelta(days=int(d)) for d in day],
            "known": [
                start + timedelta(days=int(d + late)) for d, late in zip(day, rng.integers(0, 9, 500), strict=True)
            ],
            "amount": rng.normal(10, 3, 500),
            "night": rng.random(500) < 0.3,
            "kind": rng.choice(["in", "out"], 500),
        }
    )
    schema = {
        "customers": {"key": "customer_id"},
        "purchases": {
            "time": "time",
            "known_at": "known",
            "columns": {
                "customer_id": {"to": "customers"},
                "known": {"type": "time"},
                "amount": {"type": "number"},
                "night": {"type": "flag"},
                "kind": {"type": "category"},
            },
        },
    }
    customers = pl.DataFrame({"customer_id": np.arange(40)})
    X = customers.with_columns(cutoff=pl.lit(start + timedelta(days=200)))
    ours = bench.windows.by_tael(grid, Tables({"customers": customers, "purchases": history}, schema), "customers", X)
    rows = X.rename({"customer_id": "owner"})
    theirs = bench.windows.by_polars(grid, rows, history.rename({"customer_id": "owner"}), chunk=7)
    assert ours.shape == (40, 72)
    assert bench.windows.agreement(ours, theirs) == 1.0
    assert bench.windows.agreement(ours, theirs + 1.0) < 1.0


def test_a_contender_in_a_process_of_its_own_is_measured(bench: SimpleNamespace, task: Any, tmp_path: Path) -> None:
    folds = list(task.folds())[:2]
    bench.contest.write_task(task, folds, tmp_path, tmp_path)
    body = "in_folds(folder, lambda train: np.column_stack([numbers(folder.frame('plain')), folder.y]))"
    figures = bench.contest.work(a_contender(tmp_path, body), tmp_path, 60.0)
    assert figures["process_cpu_s"] > 0
    assert figures["peak_mb"] > 10
    made = [np.load(path) for path in sorted(tmp_path.glob("fold_*.npy"))]
    assert [table.shape[0] for table in made] == [400, 400]
    told = bench.contest.scored(task.y, folds, iter(made))
    assert told["auc"] == 1.0


def test_who_does_not_finish_or_fails_is_a_result(bench: SimpleNamespace, task: Any, tmp_path: Path) -> None:
    bench.contest.write_task(task, list(task.folds())[:1], tmp_path, tmp_path)
    with pytest.raises(bench.contest.Unfinished, match="did not finish a fold in 0 CPU s"):
        bench.contest.work(a_contender(tmp_path, "while True: pass"), tmp_path, 0.2)
    with pytest.raises(bench.contest.Unfinished, match="failed: ValueError: no such thing"):
        bench.contest.work(a_contender(tmp_path, "raise ValueError('no such thing')"), tmp_path, 60.0)
    absent = bench.contest.compete(task, "getml", list(task.folds())[:1], tmp_path, tmp_path, 60.0)
    assert next(absent)["status"] == "not installed"


def test_the_table_shows_the_latest_line_and_says_what_is_missing(bench: SimpleNamespace, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "results.jsonl"
    common = {"table": "relational", "set": "berka", "folds": 15}
    for auc in (0.9, 0.95):
        bench.results.write(common | {"of": "tael", "auc": auc, "cpu_s": 2.04, "peak_mb": 1234.0}, file)
    bench.results.write(common | {"of": "openfe", "folds": 1, "status": "did not finish a fold in 120 CPU s"}, file)
    lines = bench.results.read(file)
    assert [line["of"] for line in lines] == ["tael", "openfe"]
    assert {"date", "state", "processors", "versions"} <= set(lines[0])
    shown = bench.results.table(lines, "relational").splitlines()
    assert shown[3] == "| berka | tael | .950 |  |  |  | 2.0 |  | 1,234 |"
    assert shown[2].startswith("| berka | openfe (1 of 15 folds) | did not finish a fold in 120 CPU s |")


def test_a_page_gets_its_tables_and_keeps_the_rest(bench: SimpleNamespace) -> None:
    formulas = {"kept": [["mean(previous.closeddate - previous.approveddate)"], ["loanamount"]]}
    line = {"table": "relational", "set": "superlender", "of": "tael", "auc": 0.7, "formulas": formulas}
    page = "a\n<!-- table: relational -->\nstale\n<!-- end -->\nb\n<!-- derived -->\n<!-- end -->\n"
    page += "<!-- table: speed -->\nkept\n<!-- end -->\n"
    made = bench.results.placed(page, [line])
    assert "stale" not in made
    assert "| superlender | tael | .700 |" in made
    assert "days held: 1 of 2 folds, as in `mean(previous.closeddate - previous.approveddate)`" in made
    assert "days late: 0 of 2 folds" in made
    assert "\nkept\n" in made
    assert bench.results.placed(made, [line]) == made


def test_tael_finds_the_lateness_that_parents_do_not_show(bench: SimpleNamespace, task: Any) -> None:
    from tael.features import AutoFeatures

    folds = list(task.folds())[:1]
    train, _ = folds[0]
    auto = AutoFeatures(task.tables, entity="loans").fit(task.X[train], task.y[train])
    own = bench.contest.scored(task.y, folds, iter([bench.contest.own_columns(task)]))
    made = bench.contest.scored(task.y, folds, iter([auto.transform(task.X).to_numpy()]))
    assert own["auc"] < 0.65 < 0.7 < made["auc"]


def test_as_a_peer_it_refuses_other_rows(bench: SimpleNamespace, task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.tael_peer, "read_here", lambda name, folder: task)
    bench.tael_peer.build(SimpleNamespace(name="T1", y=task.y))
    with pytest.raises(SystemExit, match="differ"):
        bench.tael_peer.build(SimpleNamespace(name="T1", y=1 - task.y))


def test_no_data_is_said_in_one_line(
    bench: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_relational.py", "--data", str(tmp_path / "nowhere")])
    assert bench.bench_relational.main() == 1
    assert "--data" in capsys.readouterr().err
