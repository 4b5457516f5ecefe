"""The benchmark of scenarios: its pages can be read, and one made-up set goes all the way to a row of the table."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tael.runs.plan import Plan
from tael.tables import read_tables

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROOMS = ("bench_scenarios", "scenarios", "tasks", "results", "contest", "hand_polars", "_bench")


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    """The script; its own modules are forgotten afterwards."""
    before, path = set(sys.modules), list(sys.path)
    sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "contenders")]
    yield importlib.import_module("bench_scenarios")
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ROOMS:
            del sys.modules[name]


def test_every_page_is_a_case_and_can_be_read(bench: ModuleType) -> None:
    pages = {page.stem for page in (BENCHMARKS / "scenarios").glob("*.toml")}
    assert pages == set(bench.CASES)
    for case in bench.CASES.values():
        plan = case.plan
        assert isinstance(plan, Plan)
        assert plan.name.startswith(case.scenario)
        assert plan.title.en
        assert plan.title.zh


class _Small:
    """A case on the small project of all tests."""

    name, scenario, hand = "small", "credit-approval", None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = Plan.from_toml(folder / "scenario.toml")

    def read(self, _: Path) -> Any:
        return read_tables(self.folder)

    def task(self, *_: object) -> None:
        return None


def test_a_set_goes_all_the_way_to_a_row(bench: ModuleType, small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    line = json.loads(json.dumps(bench.measured(_Small(folder), folder, tmp_path / "runs")))
    who = [row["who"] for row in line["auc"]]
    assert who == [
        "tael",
        "logistic, tael's features",
        "logistic, own columns",
        "LightGBM default, own columns",
    ]
    tael, own = line["auc"][0]["value"], line["auc"][2]["value"]
    assert min(tael, own) > 0.7, "wealth decides, and income tells of it"
    assert line["auc"][2]["lead"]["value"] == pytest.approx(tael - own)
    assert sum(line["rows"].values()) <= 600
    tables = bench.tables_of([line])
    assert tables["auc"].count("\n") == 5
    assert "approve all" in tables["decisions"]
    page = bench.placed("a\n<!-- table: auc -->\nas it was\n<!-- end -->\nb", tables)
    assert "as it was" not in page
    assert page.count("| tael |") == 1


def test_a_refusal_is_a_row(bench: ModuleType, small_project: Any, tmp_path: Path) -> None:
    """Where nothing tells the label tael stops; the others are measured all the same."""
    small_project.frames["people"] = small_project.frames["people"].drop("income")
    folder = small_project.write()
    line = bench.measured(_Small(folder), folder, tmp_path / "runs")
    assert "better than chance" in line["refused"]
    assert [row["who"] for row in line["auc"]] == ["logistic, own columns", "LightGBM default, own columns"]
    assert "refused" in bench.tables_of([line])["auc"]


def test_no_data_is_said_in_one_line(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_scenarios.py", "--data", str(tmp_path / "nowhere")])
    assert bench.main() == 1
    assert "--data" in capsys.readouterr().err
