"""The terms of alerts evaluated and refused, and what is told of them beside today's rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.decisions.alerts_measure import Came
from tael.engine import Engine
from tael.errors import DecisionError, FormulaError, ScenarioError
from tael.runs.deciding import deciding_of
from tael.runs.deciding.alerts import Alerts, worth_of
from tael.runs.deciding.alerts_beside import overlap, rules_told, typologies
from tael.runs.plan import Plan
from tael.tables import Tables

N = 80
DAY = datetime(2024, 6, 3)
DECISION: dict[str, Any] = {
    "kind": "alerts",
    "capacity": 5,
    "per": "week",
    "value": "amount",
    "review_cost": 20,
    "group": "branch",
    "today": "amount > 500",
    "typology": "scheme",
    "currency": "CNY",
    "rules": {"large": "amount > 800", "complained": "count(complaints) > 0"},
    "lines": {"amount": {"value": "amount", "line": 500, "below": [300], "above": [700], "where": 'branch == "a"'}},
}


@pytest.fixture(scope="module")
def tables() -> Tables:
    rng = np.random.default_rng(0)
    people = pl.DataFrame(
        {
            "person": np.arange(N), "since": [DAY - timedelta(days=400)] * N, "age": rng.integers(18, 90, N),
            "amount": rng.integers(1, 100, N) * 10.0, "branch": rng.choice(["a", "b", "c"], N),
            "scheme": rng.choice(["one", "two"], N), "family": np.arange(N) // 2,
            "maybe": [None if k % 7 == 0 else float(k) for k in range(N)],
        }
    )  # fmt: skip
    complaints = pl.DataFrame({"who": rng.integers(0, N, 60), "at": [DAY - timedelta(days=9)] * 60})
    schema = {
        "people": {
            "key": "person", "time": "since",
            "columns": {
                "branch": {"type": "category"}, "scheme": {"type": "category", "role": "label"},
                "family": {"to": "families"},
            },
        },
        "complaints": {"time": "at", "columns": {"who": {"to": "people"}}},
    }  # fmt: skip
    return Tables({"people": people, "complaints": complaints}, schema)


@pytest.fixture(scope="module")
def engine(tables: Tables) -> Engine:
    return Engine(tables, "people", cutoff="cutoff")


@pytest.fixture(scope="module")
def people(tables: Tables) -> pl.DataFrame:
    return tables["people"].select("person", pl.lit(DAY, pl.Datetime("us")).alias("cutoff"))


def deciding(**edits: Any) -> Alerts:
    found = deciding_of(
        Plan.from_dict(
            {
                "name": "x", "entity": "people", "at": [DAY.date()], "label": {"formula": "age > 50"},
                "decision": {**DECISION, **edits},
            }
        )
    )  # fmt: skip
    assert isinstance(found, Alerts)
    return found


def test_terms_are_those_of_the_rows(engine: Engine, tables: Tables, people: pl.DataFrame) -> None:
    own = deciding()
    own.check(engine, {})
    terms = own.terms(engine, people)
    amount = tables["people"]["amount"].to_numpy()
    assert np.array_equal(terms.value, amount)
    assert set(terms.cost) == {20.0}
    assert list(terms.group) == tables["people"]["branch"].to_list()
    assert np.array_equal(terms.today, amount > 500)
    assert np.array_equal(terms.rules["large"], amount > 800)
    assert list(terms.typology) == tables["people"]["scheme"].to_list()
    inside = (tables["people"]["branch"] == "a").to_numpy()
    assert np.array_equal(terms.lines["amount"], np.where(inside, amount, np.nan), equal_nan=True)
    some = terms.take(np.array([3, 1]))
    assert some.value.tolist() == [amount[3], amount[1]]
    p = np.full(N, 0.5)
    assert np.allclose(worth_of({"p": p}, terms), 0.5 * amount - 20)


def test_at_scoring_nothing_is_compared(engine: Engine, people: pl.DataFrame) -> None:
    terms = deciding().terms(engine, people, compare=False)
    assert terms.today is None
    assert terms.typology is None
    assert terms.rules == {}
    assert terms.lines == {}


def test_a_group_may_be_a_link_a_key_or_a_formula(engine: Engine, tables: Tables, people: pl.DataFrame) -> None:
    assert list(deciding(group="family").terms(engine, people).group) == [str(k // 2) for k in range(N)]
    assert list(deciding(group="person").terms(engine, people).group) == [str(k) for k in range(N)]
    formula = 'where(age > 60, "old", "young")'
    own = deciding(group=formula)
    own.check(engine, {})
    assert set(own.terms(engine, people).group) == {"old", "young"}
    assert formula in own.formulas()
    assert "branch" not in deciding().formulas()


@pytest.mark.parametrize(
    ("edits", "error", "said"),
    [
        ({"value": "amonut"}, FormulaError, "value = amonut"),
        ({"value": "branch"}, DecisionError, "wrong type"),
        ({"rules": {"x": "amount"}}, DecisionError, r"rules\.x"),
        ({"typology": "amount"}, DecisionError, "typology"),
        ({"lines": {"y": {"value": "branch", "line": 1, "below": [0]}}}, DecisionError, r"lines\.y\.value"),
    ],
)
def test_faults_name_their_place(engine: Engine, edits: Any, error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        deciding(**edits).check(engine, {})


def test_missing_values_and_negative_costs_are_refused(engine: Engine, people: pl.DataFrame) -> None:
    with pytest.raises(DecisionError, match="missing for some"):
        deciding(value="maybe").terms(engine, people)
    with pytest.raises(DecisionError, match="costs less"):
        deciding(review_cost=-1).terms(engine, people)


def test_a_plan_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ScenarioError, match="whole number"):
        deciding(capacity=2.5)
    with pytest.raises(ScenarioError):
        deciding(capacity=0)


def test_the_section_holds_together(engine: Engine, people: pl.DataFrame) -> None:
    own = deciding(capacity=2, group=None)
    terms, ids = own.terms(engine, people), people["person"].to_numpy()
    rng = np.random.default_rng(1)
    y = (rng.random(N) < 0.3).astype(float)
    outputs = {"p": np.clip(0.25 + 0.5 * y + 0.2 * rng.normal(size=N), 0.01, 0.99)}
    policy = own.fit(outputs, terms, y, ids)
    told = own.section(policy, outputs, terms, {"p": y}, ids, split="out_of_time", seed=0)
    queue = told["queue"]
    assert told["counts"] == {"none": N - 2, "alert": 2}
    assert queue["positives"] == y.sum()
    assert [row["capacity"] for row in queue["ranked"]["chosen"]] == [1, 2, 5, 10]
    assert queue["pr_auc"]["probability"] > 0.6
    assert sum(row["rows"] for row in queue["typologies"]) == y.sum()
    queue = own.taught(told, terms, np.where(terms.typology == "one", 0.0, y), ids)["queue"]
    known = {row["typology"]: row["taught"] for row in queue["typologies"]}
    assert known == {row["typology"]: 0 if row["typology"] == "one" else row["units"] for row in queue["typologies"]}
    assert queue["lines"][0]["reviewed"] <= queue["lines"][0]["cases"]
    assert queue["lines"][0]["later"][0]["threshold"] == 500
    assert "名额起约束作用" in told["binding"]["zh"]
    assert own.lines("zh")[0].startswith("预警")


def test_overlaps_by_hand() -> None:
    y = [1, 1, 0, 0]
    came = Came.of(y, np.ones(4), np.zeros(4), np.full(4, DAY, dtype="datetime64[us]"), ["a", "a", "b", "c"])
    one, other = np.array([1, 0, 1, 0], dtype=bool), np.array([1, 1, 0, 0], dtype=bool)
    shared = overlap(one, other, came)
    assert [(shared[k]["n"], shared[k]["hits"]) for k in ("both", "only_first", "only_second")] == [
        (1, 1), (1, 0), (1, 1),
    ]  # fmt: skip
    rules = rules_told({"r": one, "s": other}, other, came)
    assert [row["rule"] for row in rules] == ["r", "s", "*"]
    assert rules[2]["n"] == 3
    found = typologies(np.array(["t", None, "u", "u"], dtype=object), {"chosen": one}, came)
    assert {row["typology"]: row["found"]["chosen"] for row in found} == {"t": 1, "": 0}
    assert typologies(None, {}, came) == []
