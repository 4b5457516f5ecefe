"""New tables are held against what the tables of the training promised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import FormulaError, RunError
from tael.runs import load_bundle
from tael.runs.promise import hold, promise_of
from tael.runs.scoring import score
from tael.scenarios import scenario
from tael.tables import read_tables

FORCED = 'keep = 6\nforce = [\'count(payments, where=kind == "bill", last="90d")\', "people.income"]'


def test_only_what_formulas_rest_on_is_kept(small_project: Any) -> None:
    engine = Engine(read_tables(small_project.write()), "applications", cutoff="cutoff")
    found = promise_of(engine, ["people.income / amount", 'sum(payments.amount, last="30d")'])
    assert list(found) == [
        "applications", "applications.amount", "applications.person_id", "payments", "payments.amount",
        "payments.person_id", "people", "people.income",
    ]  # fmt: skip
    assert found["payments"] == {"key": "payment_id", "time": "paid", "known_at": "paid"}
    assert found["people.income"] == {"type": "number", "to": None, "known_at": None, "special": []}
    hold(found, found)


@pytest.fixture
def trained(small_project: Any, tmp_path: Path) -> Any:
    small_project.swap("keep = 6", FORCED)
    folder = small_project.write()
    return scenario(folder).run(read_tables(folder), tmp_path / "runs")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'kind = { type = "category" }', 'kind = { type = "text" }',
            ["does not fit|payments.kind: type was category, is text"],
        ),
        ("[people.columns]", "[people.columns]\nincome = { special = [-9, 0] }",
         ["people.income: special was not stated, is -9, 0"]),
        ('time = "paid"', 'time = "paid"\nknown_at = "booked"', ["payments: known_at was paid, is booked"]),
    ],
)  # fmt: skip
def test_tables_that_promise_otherwise_are_refused(
    small_project: Any, trained: Any, old: str, new: str, told: list[str]
) -> None:
    small_project.frames["payments"] = small_project.frames["payments"].with_columns(booked=pl.col("paid"))
    tables = read_tables(small_project.swap(old, new).write())
    with pytest.raises((RunError, FormulaError)) as caught:
        score(load_bundle(trained.path), tables)
    for part in told:
        assert any(one in str(caught.value) for one in part.split("|")), str(caught.value)
    assert "to do:" in str(caught.value)


def test_one_row_whose_types_are_guessed_otherwise(
    small_project: Any, trained: Any, tael_cli: Callable[..., Any]
) -> None:
    """A single person without an income: the column of nothing is no number any more unless the file says so."""
    small_project.frames["people"] = small_project.frames["people"].with_columns(income=pl.lit(None, pl.Float64))
    tables = small_project.write()
    said = tael_cli("score", trained.path, "--tables", tables)
    assert said.code in (0, 1)
    if said.code == 1:
        assert "people.income" in said.err
        assert "to do:" in said.err
    small_project.swap("[people.columns]", '[people.columns]\nincome = { type = "number" }').write()
    assert tael_cli("score", trained.path, "--tables", tables).code == 0
