"""A run of gangs: what it leaves, figures that are those of its rows, and scoring that finds the same gangs."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from html import escape
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import DecisionError, FormulaError, TaelError
from tael.reports import build_report
from tael.runs import Run, load_bundle
from tael.runs.cases import as_of
from tael.runs.cases.as_of import observed_as_of
from tael.runs.deciding import deciding_of
from tael.runs.deciding.gangs_told import TITLES
from tael.runs.plan import Plan
from tael.runs.scoring import score
from tael.tables import Tables, read_tables

GANG = ["period", "gang", "rank", "gang_score", "gang_money", "sender_role", "receiver_role", "evidence"]


@pytest.fixture(scope="module")
def tables(gang_run: Any) -> Tables:
    return read_tables(gang_run.tables)


@pytest.fixture(scope="module")
def made(gang_run: Any) -> Run:
    return Run.read(gang_run.run)


@pytest.fixture(scope="module")
def last(made: Run) -> pl.DataFrame:
    return made.decisions.filter(pl.col("split") == "out_of_time")


def test_every_transfer_of_a_reported_gang_says_so(last: pl.DataFrame) -> None:
    assert last.columns[:5] == ["transfer_id", "cutoff", "split", "decision", "probability"]
    assert last.columns[5:13] == GANG
    assert set(last["decision"]) == {"gang", "none"}
    assert set(last["reason_code"]) <= {"gang", "clear", "capacity", "again"}
    assert (last["rank"].is_not_null() == (last["decision"] == "gang")).all()
    assert (last["gang"].is_null() == (last["reason_code"] == "clear")).all()
    assert last["period"].null_count() == 0
    for (_, _), part in last.drop_nulls("gang").group_by("period", "gang"):
        for name in ("rank", "gang_score", "gang_money", "reason_code", "decision"):
            assert part[name].n_unique() == 1
    for (_,), part in last.drop_nulls("rank").group_by("period"):
        ranks = sorted(part["rank"].unique().to_list())
        assert ranks == list(range(1, len(ranks) + 1))
        assert len(ranks) <= 3


def test_the_file_of_gangs_is_that_of_the_rows(gang_run: Any, last: pl.DataFrame, tables: Tables) -> None:
    held = json.loads((gang_run.run / "gangs.json").read_text(encoding="utf-8"))
    assert held["format"] == "tael.gangs/1"
    reported = last.filter(pl.col("decision") == "gang")
    assert {gang["gang"] for gang in held["gangs"]} == set(reported["gang"])
    money = dict(tables["transfers"].select("transfer_id", "amount").iter_rows())
    for gang in held["gangs"]:
        rows = reported.filter(pl.col("gang") == gang["gang"])
        assert {one["id"] for one in gang["transfers"]} == set(rows["transfer_id"])
        assert len(gang["members"]) <= 60
        assert gang["money"] == pytest.approx(sum(money[one["id"]] for one in gang["transfers"]))
        assert gang["money"] == pytest.approx(sum(one["sent"] for one in gang["members"]))
        assert {one["account"] for one in gang["members"]} == {
            end for one in gang["transfers"] for end in (one["sender"], one["receiver"])
        }
        assert sum(one["evidence"] for one in gang["transfers"]) == rows["evidence"].sum()
        assert gang["typology"]["zh"] != gang["typology"]["en"]


def test_figures_are_those_of_the_rows(made: Run, last: pl.DataFrame) -> None:
    content = made.content["decision"]
    found = content["values"][0]["found"]
    assert found["reports"] == last.filter(pl.col("decision") == "gang")["gang"].n_unique()
    assert content["counts"]["gang"] == (last["decision"] == "gang").sum()
    assert sum(row["gangs"] for row in content["gangs"]["typologies"]) == found["gangs"]
    assert content["gangs"]["by_rank"]["chosen"][-1]["right"] == found["right"]
    assert {row["code"] for row in content["values"]} == {"chosen", "today", "amount"}
    assert content["gangs"]["chosen_on"] in ("validation", "stated")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_says_it(made: Run, lang: str) -> None:
    page = build_report(made.content, lang)
    for name in ("chosen", "today", "amount", "lot"):
        assert escape(TITLES[name].text(lang)) in page
    assert 'id="gangs"' in page
    assert 'id="queue"' not in page
    assert ("Simulated data" if lang == "en" else "模拟数据") in page
    assert 'class="network"' in page
    accounts = [one["account"] for gang in [made.path / "gangs.json"] for one in _members(gang)]
    assert not any(f">{name}<" in page for name in accounts), "a report names nobody"


def _members(path: Any) -> list[dict[str, Any]]:
    return [one for gang in json.loads(path.read_text(encoding="utf-8"))["gangs"] for one in gang["members"]]


def test_the_bundle_finds_the_same_gangs(gang_run: Any, last: pl.DataFrame, tables: Tables) -> None:
    again = score(load_bundle(gang_run.run), tables, last.select("transfer_id", "cutoff"), n_jobs=1)
    assert again.columns == last.columns
    assert again.drop("split").equals(last.drop("split"), null_equal=True)


def test_a_gang_is_found_again_as_of_its_day(gang_run: Any, last: pl.DataFrame, tables: Tables) -> None:
    day = datetime(2025, 7, 15)
    bundle = load_bundle(gang_run.run)
    then = as_of(tables, day)
    assert then["transfers"].height < tables["transfers"].height
    mine = observed_as_of(bundle, then, day).filter(pl.col("cutoff") == day)
    again = score(bundle, then, mine, n_jobs=1).filter(pl.col("cutoff") == day).sort("transfer_id")
    before = last.filter(pl.col("cutoff") == day).sort("transfer_id")
    assert again.height == before.height
    for name in ("probability", "gang", "gang_score", "gang_money", "sender_role", "receiver_role", "evidence"):
        assert again[name].equals(before[name], null_equal=True), name


def content_of(gang_run: Any) -> dict[str, Any]:
    return tomllib.loads((gang_run.tables / "scenario.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"sender": "nobody"}, "nobody"),
        ({"amount": "sender"}, "of the wrong type"),
        ({"time": "amount"}, "of the wrong type"),
        ({"withins": ["1mo"]}, "fixed one"),
        ({"case": ["amount"]}, "of the wrong type"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(gang_run: Any, tables: Tables, edits: dict[str, Any], said: str) -> None:
    content = content_of(gang_run)
    content["decision"] |= edits
    plan = Plan.from_dict(content)
    with pytest.raises((FormulaError, DecisionError, TaelError), match=said):
        deciding_of(plan).check(Engine.shared(tables, "transfers", cutoff="cutoff"), {})


@pytest.mark.parametrize(
    ("place", "edits", "said"),
    [
        ("split", {"groups": "sender"}, "whole searches"),
        ("decision", {"cap": 61}, "cap"),
        ("decision", {"least": 9, "cap": 8}, "a cap of 9"),
        ("decision", {"thresholds": [0.0]}, "thresholds"),
        ("decision", {"case": []}, "case"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(gang_run: Any, place: str, edits: dict[str, Any], said: str) -> None:
    content = content_of(gang_run)
    content[place] |= edits
    with pytest.raises(TaelError, match=said):
        Plan.from_dict(content)


def test_missing_amounts_are_said(gang_run: Any, tables: Tables, last: pl.DataFrame) -> None:
    one = last["transfer_id"][3]
    holes = tables["transfers"].with_columns(
        amount=pl.when(pl.col("transfer_id") == one).then(None).otherwise(pl.col("amount"))
    )
    deciding = deciding_of(Plan.from_dict(content_of(gang_run)))
    engine = Engine.shared(tables.replace(transfers=holes), "transfers", cutoff="cutoff")
    with pytest.raises(DecisionError, match=rf"amount is missing(.|\n)*such as transfer {one}"):
        deciding.terms(engine, last.select("transfer_id", "cutoff"), compare=False)


def test_validation_without_gangs_chooses_nothing(gang_run: Any, tables: Tables, made: Run) -> None:
    deciding = deciding_of(Plan.from_dict(content_of(gang_run)))
    rows = made.decisions.filter(pl.col("split") == "validation")
    X = rows.select("transfer_id", "cutoff")
    terms = deciding.terms(Engine.shared(tables, "transfers", cutoff="cutoff"), X)
    nobody = type(terms)(terms.moves, np.full(len(rows), None, dtype=object), terms.typology, terms.today)
    outputs, ids = {"p": rows["probability"].to_numpy()}, X["transfer_id"].to_numpy()
    policy = deciding.fit(outputs, nobody, np.zeros(len(rows)), ids)
    assert policy.trials_ is None
    section = deciding.section(policy, outputs, nobody, None, ids, split="validation", seed=0)
    assert section["gangs"]["chosen_on"] == "stated"
    assert section["values"][0]["found"]["recall"]["value"] is None
    # and nothing suspicious at all
    quiet = deciding.section(policy, {"p": np.zeros(len(rows))}, terms, None, ids, split="validation", seed=0)
    assert quiet["message"]["en"].startswith("No gang in")
    assert deciding.files(policy, {"p": np.zeros(len(rows))}, terms)["gangs.json"]["gangs"] == []
