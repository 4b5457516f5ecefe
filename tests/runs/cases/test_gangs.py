"""Case files of gangs: found again from the tables, masked, with trail, graph, roles and a draft."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.errors import RunError
from tael.reports.cases import case_page, queue_page
from tael.runs.cases import GangMaker, Made, case_maker, dispose, dispositions_table, write_cases
from tael.tables import Tables, read_tables

LATEST = datetime(2025, 7, 15)


@pytest.fixture(scope="module")
def tables(gang_run: Any) -> Tables:
    return read_tables(gang_run.tables)


@pytest.fixture(scope="module")
def held(gang_run: Any) -> dict[str, dict[str, Any]]:
    """The gangs of the run's own file."""
    gangs = json.loads((gang_run.run / "gangs.json").read_text(encoding="utf-8"))["gangs"]
    return {gang["gang"]: gang for gang in gangs}


@pytest.fixture(scope="module")
def made(gang_run: Any, tables: Tables) -> Made:
    maker = case_maker(gang_run.run, tables, n_jobs=1)
    assert isinstance(maker, GangMaker)
    return maker.make(50)


def test_every_gang_has_a_file_by_score_times_money(made: Made, held: dict[str, dict[str, Any]]) -> None:
    assert len(made.cases) == made.queue.total == len(held)
    by_value = sorted(held.values(), key=lambda gang: -gang["score"] * gang["money"])
    assert [case.title["en"] for case in made.cases] == [f"Gang {gang['gang']}" for gang in by_value]
    assert [case.money for case in made.cases] == pytest.approx([gang["money"] for gang in by_value])
    assert [line.id for line in made.queue.lines] == [case.id for case in made.cases]
    assert made.queue.worries == ()


def test_all_parts_are_there(made: Made, held: dict[str, dict[str, Any]]) -> None:
    for case in made.cases:
        gang = held[case.title["en"].removeprefix("Gang ")]
        assert case.graph is not None
        assert len(case.graph["nodes"]) == len(gang["members"]) <= 60
        assert all(0 <= node["x"] <= 1 and 0 <= node["y"] <= 1 for node in case.graph["nodes"])
        accounts, trail = case.trail
        assert len(accounts.rows) == len(gang["members"])
        assert len(trail.rows) == min(len(gang["transfers"]), 120)
        assert [row[4] for row in trail.rows] == [f"{one['amount']:,.2f}" for one in gang["transfers"]][:120]
        assert {answer.question for answer in case.draft} == {"who", "what", "when", "where", "why", "how"}
        assert any(answer.blank for answer in case.draft)
        assert len(case.checks) == 3
        assert case.reasons
        assert case.worries == ()


def test_nobody_is_named_unless_asked(
    gang_run: Any, tables: Tables, made: Made, held: dict[str, dict[str, Any]]
) -> None:
    accounts = {one["account"] for gang in held.values() for one in gang["members"]}
    for lang in ("en", "zh"):
        pages = [case_page(case, lang) for case in made.cases] + [queue_page(made.queue, lang)]
        for page in pages:
            assert not any(re.search(rf"\b{account}\b", page) for account in accounts)
            assert "<script" not in page
            assert ("Simulated data" if lang == "en" else "模拟数据") in page
    open_ = case_maker(gang_run.run, tables, unmask=True, n_jobs=1).make(1).cases[0]
    gang = held[open_.title["en"].removeprefix("Gang ")]
    assert all(one["account"] in case_page(open_, "en") for one in gang["members"])


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ("Money moved", "The money trail", "The accounts and their roles", "collector", "no probability")),
    ("zh", ("涉及金额", "资金链", "账户与角色", "归集账户", "非概率")),
])  # fmt: skip
def test_both_languages(made: Made, lang: str, words: tuple[str, ...]) -> None:
    pages = "".join(case_page(case, lang) for case in made.cases)
    for word in words:
        assert word in pages
    assert "Effect on the score" not in pages


def test_what_came_later_changes_no_page(gang_run: Any, tables: Tables) -> None:
    one = case_maker(gang_run.run, tables, period="2025-07-15", n_jobs=1).make(2)
    transfers, reports = tables["transfers"], tables["reports"]
    later = transfers.sample(500, seed=1).with_columns(
        pl.col("transfer_id") + 5_000_000, at=pl.col("at") + timedelta(days=300),
        known_at=pl.col("known_at") + timedelta(days=300), amount=pl.col("amount") * 7,
    )  # fmt: skip
    late = transfers.filter(pl.col("at") < LATEST).sample(500, seed=2).with_columns(
        pl.col("transfer_id") + 7_000_000, known_at=pl.lit(LATEST) + pl.duration(hours=pl.int_range(pl.len()) % 40),
    )  # fmt: skip
    turned = reports.filter(pl.col("filed") < LATEST)
    grown = tables.replace(transfers=pl.concat([late, transfers, later]), reports=turned)
    two = case_maker(gang_run.run, grown, period="2025-07-15", n_jobs=1).make(2)
    assert [case_page(case, "en") for case in two.cases] == [case_page(case, "en") for case in one.cases]


def test_other_tables_are_noticed(gang_run: Any, tables: Tables) -> None:
    chosen = pl.read_parquet(gang_run.run / "decisions.parquet").filter(
        (pl.col("split") == "out_of_time") & (pl.col("decision") == "gang")
    )
    one = chosen["transfer_id"][0]
    changed = tables["transfers"].with_columns(
        at=pl.when(pl.col("transfer_id") == one).then(pl.col("at") - timedelta(days=25)).otherwise(pl.col("at"))
    )
    with pytest.raises(RunError, match=r"cannot be found again|not before"):
        case_maker(gang_run.run, tables.replace(transfers=changed), n_jobs=1).make(50)
    with pytest.raises(RunError, match="no peers by a category"):
        case_maker(gang_run.run, tables, peers="kind")


def test_a_gang_is_disposed_of_by_two(gang_run: Any, made: Made, tmp_path: Path) -> None:
    run = Path(shutil.copytree(gang_run.run, tmp_path / "run"))
    case = made.cases[0]
    assert dispose(run, case.id, "confirmed", "round trip", "A. Lee")[1] == "pending"
    assert dispose(run, case.title["en"].removeprefix("Gang "), "confirmed", "seen", "B. Wu")[1] == "confirmed"
    table = dispositions_table(run)
    assert table["gang"].to_list() == [case.title["en"].removeprefix("Gang ")]
    queue = case_maker(run, read_tables(gang_run.tables), n_jobs=1).make(1)
    assert queue.queue.lines[0].state == "confirmed"
    assert queue.cases[0].history


def test_the_files_are_written(made: Made, tmp_path: Path) -> None:
    write_cases(made, tmp_path / "cases", "zh")
    assert {path.stem for path in (tmp_path / "cases" / "cases").iterdir()} == {case.id for case in made.cases}
