"""Each pack of alerts from end to end on small data: what a run leaves, and that its queue obeys the page."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_claims, simulate_laundering
from tael.engine import Engine
from tael.reports import build_report
from tael.runs import Bundle, Run, load_bundle
from tael.runs.deciding import deciding_of
from tael.runs.deciding.alerts_told import TITLES
from tael.runs.plan import Plan
from tael.runs.scoring import score
from tael.scenarios import PACKS, scenario
from tael.scenarios.pack import Scenario
from tael.tables import Tables

NAMES = [name for name in PACKS if scenario(name).plan.decision.kind == "alerts"]
FORCED = {
    "money-laundering": ["days_since(opened)", 'count(transfers, last="30d", via="receiver")'],
    "social-insurance-fraud": ["age", 'count(visits, last="90d")', 'coalesce(sum(drugs.amount, last="90d"), 0)'],
    "commercial-insurance-fraud": ["amount", "filed - policies.sold"],
}
REASONS = {"alert", "capacity", "floor", "group", "quiet", "line"}


@cache
def world(simulator: str) -> Tables:
    if simulator == "claims":
        return simulate_claims(2500, 600, 3, share=0.12, visits_per_person=4.0, missed=0.0).tables()
    return simulate_laundering(700, 170, 3, gangs=16, sizes=(4, 9), transfers_per_account=20, missed=0.0).tables()


class Made(NamedTuple):
    name: str
    plan: Plan
    tables: Tables
    run: Run
    bundle: Bundle

    @property
    def key(self) -> str:
        return str(self.tables.schema.tables[self.plan.entity].key)


@pytest.fixture(scope="module", params=NAMES)
def made(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Made:
    content = tomllib.loads(scenario(request.param).source)
    example = content.pop("example")
    content["features"] |= {"windows": ["90d"], "keep": 6, "force": FORCED[request.param], "budget": {"candidates": 40}}
    content["model"] = {"members": ["linear"]}
    content["patterns"] = {"max_rules": 3, "permutations": 3}
    plan, tables = Plan.from_dict(content), world(example["simulator"])
    run = Scenario(plan).run(tables, tmp_path_factory.mktemp("runs"), n_jobs=1)
    return Made(request.param, plan, tables, run, load_bundle(run.path))


def test_a_run_leaves_a_queue(made: Made) -> None:
    rows, stated = made.run.decisions, made.plan.decision
    assert rows.columns[:8] == [
        made.key, "cutoff", "split", "decision", "probability", "expected_value", "period", "rank",
    ]  # fmt: skip
    assert set(rows["decision"]) <= {"alert", "none"}
    assert set(rows["reason_code"]) <= REASONS
    assert (rows["rank"].is_not_null() == (rows["decision"] == "alert")).all()
    assert rows["period"].null_count() == 0
    assert (rows.filter(pl.col("decision") == "alert")["expected_value"] >= stated.floor).all()
    queued = rows.filter(pl.col("decision") == "alert")
    for (_, _), part in queued.group_by("split", "period"):
        assert sorted(part["rank"].to_list()) == list(range(1, part.height + 1))
        assert part.height <= stated.capacity
        assert part.sort("rank")["expected_value"].is_sorted(descending=True)
    counts = made.run.content["decision"]["counts"]
    last = rows.filter(pl.col("split") == "out_of_time")
    assert counts["alert"] == (last["decision"] == "alert").sum() > 0


def test_nobody_is_looked_into_twice_within_the_quiet_time(made: Made) -> None:
    quiet = made.plan.decision.quiet_days
    queued = made.run.decisions.filter(pl.col("decision") == "alert").sort(made.key, "cutoff")
    for (_, _), part in queued.group_by(made.key, "split"):
        gaps = part.sort("cutoff")["cutoff"].diff().drop_nulls().dt.total_days()
        assert (gaps >= quiet).all()


def test_the_bundle_queues_the_same_rows_alike(made: Made) -> None:
    last = made.run.decisions.filter(pl.col("split") == "out_of_time")
    again = score(made.bundle, made.tables, last.select(made.key, "cutoff"), n_jobs=2)
    assert again.columns == last.columns
    assert again.drop("split").equals(last.drop("split"), null_equal=True)


def test_figures_are_those_of_the_rows(made: Made) -> None:
    content = made.run.content["decision"]
    last = made.run.scores.filter(pl.col("split") == "out_of_time")["label"].to_numpy() == 1
    alert = (made.run.decisions.filter(pl.col("split") == "out_of_time")["decision"] == "alert").to_numpy()
    found = content["values"][0]["found"]
    assert (found["alerts"], found["hits"]) == (alert.sum(), (alert & last).sum())
    queue = content["queue"]
    assert queue["positives"] == last.sum()
    assert set(queue["ranked"]) == {row["code"] for row in content["values"]}
    assert sum(row["rows"] for row in queue["typologies"]) in (0, last.sum())
    assert {row["rule"] for row in queue["rules"]} >= set(made.plan.decision.rules)
    for row in queue["rules"]:
        assert row["both"]["n"] + row["only_second"]["n"] == row["n"]
        assert row["both"]["n"] + row["only_first"]["n"] == alert.sum()
    assert len(queue["lines"]) == len(made.plan.decision.lines)
    money = [row["alerts"] for row in queue["curve"]]
    assert money == sorted(money)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_says_it(made: Made, lang: str) -> None:
    page = build_report(made.run.content, lang)
    assert scenario(made.name).title(lang) in page
    for name in ("chosen", "amount", "lot"):
        assert TITLES[name].text(lang) in page
    assert 'id="queue"' in page
    assert 'id="patterns"' in page
    assert 'id="strategy"' not in page


def test_what_was_found_out_is_no_feature(made: Made) -> None:
    text = (made.run.path / "features.txt").read_text(encoding="utf-8")
    told = [line.partition(" = ")[2] for line in text.splitlines() if " = " in line and line[0] not in "# "]
    assert told
    for name in (*made.plan.features.forbid, "judged", "launders", "fraudulent", "defrauds"):
        assert not any(name in formula for formula in told), name


def test_a_smaller_capacity_is_obeyed(made: Made) -> None:
    plan = made.plan.model_copy(update={"decision": made.plan.decision.model_copy(update={"capacity": 1.0})})
    rows = made.run.decisions.filter(pl.col("split") == "out_of_time")
    engine = Engine.shared(made.tables, plan.entity, cutoff="cutoff")
    deciding, X = deciding_of(plan), rows.select(made.key, "cutoff")
    terms, outputs = deciding.terms(engine, X), {"p": rows["probability"].to_numpy()}
    ids = X[made.key].to_numpy()
    policy = deciding.fit(outputs, terms, np.zeros(len(X)), ids)
    batch = deciding.decide(policy, outputs, terms, ids)
    assert (batch.decision == "alert").sum() <= rows["period"].n_unique()


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_are_there(name: str) -> None:
    plan = scenario(name).plan
    assert plan.title.en
    assert plan.title.zh
    assert plan.question.zh
    assert plan.patterns is not None
