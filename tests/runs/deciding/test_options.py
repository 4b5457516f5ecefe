"""The options of a plan, evaluated as a plain loop would, refused where they make no sense, and valued by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import DecisionError, FormulaError, ScenarioError, TaelError
from tael.runs.deciding import deciding_of
from tael.runs.deciding.options import Options, names_of
from tael.runs.deciding.options_terms import option_terms, valued
from tael.runs.plan import Plan
from tael.tables import Tables
from tael.validation.words import Words

N = 120
DAY = datetime(2024, 6, 1)
DECISION: dict[str, Any] = {
    "kind": "options",
    "currency": "CNY",
    "terms": {"rate": 0.1, "worth": "amount * rate", "old": "age >= 60", "kind": "channel"},
    "rules": {"complained": 'count(complaints, last="30d") > 0'},
    "groups": {"elderly": {"member": "old", "options": ["call"], "at_least": 0.0}},
    "options": {
        "none": {},
        "sms": {"value": "0.1 * p * worth", "cost": 0.5},
        "call": {
            "value": "0.3 * p * worth", "cost": "2 + 0.001 * amount", "uses": {"hours": 0.25, "risk": "p * amount"},
            "where": 'kind == "app" and p > 0.2',
        },
    },
}  # fmt: skip
OUTPUTS = {"p": Words("probability", "概率")}


@pytest.fixture(scope="module")
def tables() -> Tables:
    rng = np.random.default_rng(0)
    people = pl.DataFrame(
        {
            "person": np.arange(N), "since": [DAY - timedelta(days=400)] * N, "age": rng.integers(18, 90, N),
            "amount": rng.integers(1, 100, N) * 100.0, "channel": rng.choice(["app", "branch"], N),
            "done": rng.choice(["none", "sms", "call"], N),
        }
    )  # fmt: skip
    complaints = pl.DataFrame(
        {"who": rng.integers(0, N, 60), "at": [DAY - timedelta(days=int(d)) for d in rng.integers(-20, 90, 60)]}
    )
    schema = {
        "people": {
            "key": "person", "time": "since",
            "columns": {"channel": {"type": "category"}, "done": {"type": "category"}},
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


@pytest.fixture(scope="module")
def p() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 1, N)


def deciding(**edits: Any) -> Options:
    plan = Plan.from_dict(
        {
            "name": "x", "entity": "people", "at": ["2024-06-01"],
            "label": {"formula": 'count(complaints, next="30d") > 0'}, "decision": {**DECISION, **edits},
        }
    )  # fmt: skip
    found = deciding_of(plan)
    assert isinstance(found, Options)
    return found


def option(**edits: Any) -> Options:
    """With another first treatment."""
    return deciding(groups={}, options={"none": {}, "call": {"value": "p", **edits}})


def test_terms_values_uses_and_masks_against_a_plain_loop(tables: Tables, engine: Engine, people: Any, p: Any) -> None:
    one = deciding()
    one.check(engine, OUTPUTS)
    terms = one.terms(engine, people)
    told = valued(one.stated, terms, {"p": p})
    late = (
        tables["complaints"].filter((pl.col("at") < DAY) & (pl.col("at") >= DAY - timedelta(days=30)))["who"].to_list()
    )
    assert 0 < len(set(late)) < N
    for i, row in enumerate(tables["people"].to_dicts()):
        worth = row["amount"] * 0.1
        assert terms.frame["worth"][i] == pytest.approx(worth)
        assert terms.frame["rate"][i] == 0.1
        assert terms.frame["kind"][i] == row["channel"]
        assert terms.rules["complained"][i] == (row["person"] in late)
        assert terms.members["elderly"][i] == (row["age"] >= 60)
        calls = row["channel"] == "app" and p[i] > 0.2
        assert told.mask[i].tolist() == [True, True, calls]
        cost = 2 + 0.001 * row["amount"]
        assert told.value[i] == pytest.approx([0.0, 0.1 * p[i] * worth - 0.5, calls * (0.3 * p[i] * worth - cost)])
        assert told.uses["cost"][i] == pytest.approx([0.0, 0.5, calls * cost])
        assert told.uses["hours"][i] == pytest.approx([0.0, 0.0, calls * 0.25])
        assert told.uses["risk"][i] == pytest.approx([0.0, 0.0, calls * p[i] * row["amount"]])


def test_some_rows_are_valued_as_among_all(engine: Engine, people: Any, p: Any) -> None:
    one, rows = deciding(), np.array([7, 3, 99])
    terms = one.terms(engine, people)
    every, some = valued(one.stated, terms, {"p": p}), valued(one.stated, terms.take(rows), {"p": p[rows]})
    assert some.value.tolist() == every.value[rows].tolist()
    assert some.mask.tolist() == every.mask[rows].tolist()
    none = valued(one.stated, terms.take(np.zeros(0, dtype=np.int64)), {"p": p[:0]})
    assert none.value.shape == (0, 3)


def test_a_batch_says_what_was_decided(engine: Engine, people: Any, p: Any) -> None:
    one = deciding(capacities={"call": 10}, holdout=0.1)
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    policy = one.fit({"p": p}, terms, np.zeros(N), ids)
    batch = one.decide(policy, {"p": p, "p_other": 1 - p}, terms, ids)
    assert set(batch.decision) == {"none", "sms", "call"}
    assert (batch.decision == "call").sum() == 10
    assert (batch.decision[terms.rules["complained"]] == "none").all()
    assert (batch.code[terms.rules["complained"]] == "rule").all()
    assert batch.adverse is None  # reasons tell whatever moved the probability most, either way
    assert list(batch.columns) == ["expected_value", "ahead_of_nothing", "cost", "p_other"]
    told = valued(one.stated, terms, {"p": p})
    at = [["none", "sms", "call"].index(name) for name in batch.decision]
    assert batch.columns["expected_value"].tolist() == told.value[np.arange(N), at].tolist()
    assert one.favoured(batch).all()


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"p": 3}, r"name that is taken[\s\S]*p, an output of the model[\s\S]*decision\.terms\.p"),
        ({"amount": 3}, r"amount, a column of the entity[\s\S]*decision\.terms\.amount"),
    ],
)
def test_a_term_with_a_name_that_is_taken(engine: Engine, terms: Any, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        deciding(terms=terms, groups={}, options={"none": {}, "b": {"value": "p"}}).check(engine, OUTPUTS)


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({"value": "q * 3"}, r"options\.call\.value = q \* 3[\s\S]*it may name: rate, worth, old, kind, p"),
        ({"cost": "amonut"}, r"options\.call\.cost = amonut[\s\S]*amount"),
        ({"where": "worth"}, r"must be a flag[\s\S]*a number[\s\S]*options\.call\.where"),
        ({"value": "kind"}, r"must be a number[\s\S]*a category[\s\S]*options\.call\.value"),
        ({"uses": {"hours": "kind"}}, r"must be a number[\s\S]*options\.call\.uses\.hours"),
        ({"value": 'count(complaints, next="30d")'}, r"options\.call\.value"),
    ],
)
def test_formulas_that_do_not_fit_name_their_place(engine: Engine, edits: dict[str, Any], told: str) -> None:
    with pytest.raises(TaelError, match=told):
        option(**edits).check(engine, OUTPUTS)


def test_rules_and_groups_know_no_outputs(engine: Engine) -> None:
    with pytest.raises(FormulaError, match=r"rules\.rich = p > 0\.5"):
        deciding(rules={"rich": "p > 0.5"}).check(engine, OUTPUTS)
    with pytest.raises(DecisionError, match=r"must be a flag[\s\S]*rules\.rich = amount"):
        deciding(rules={"rich": "amount"}).check(engine, OUTPUTS)
    with pytest.raises(DecisionError, match=r"must be a flag[\s\S]*groups\.g = amount"):
        deciding(groups={"g": {"member": "amount", "options": ["call"]}}).check(engine, OUTPUTS)


def test_a_term_that_is_missing_is_named(engine: Engine, people: Any) -> None:
    one = deciding(terms={**DECISION["terms"], "lag": "days_since_last(complaints)"})
    with pytest.raises(
        DecisionError, match=r"missing for some[\s\S]*for person \d+[\s\S]*terms\.lag = [\s\S]*coalesce\("
    ):
        one.terms(engine, people)


def test_a_value_that_is_missing_matters_only_where_it_may_be_given(engine: Engine, people: Any, p: Any) -> None:
    lag = "days_since_last(complaints)"
    broken = option(value=f"p * {lag}")
    with pytest.raises(
        DecisionError, match=r"has no value[\s\S]*for person \d+[\s\S]*options\.call\.value[\s\S]*coalesce"
    ):
        valued(broken.stated, broken.terms(engine, people), {"p": p})
    kept = option(value=f"p * {lag}", where="count(complaints) > 0")
    told = valued(kept.stated, kept.terms(engine, people), {"p": p})
    assert np.isfinite(told.value).all()
    assert not told.mask[:, 1].all()


def test_todays_rule(engine: Engine, people: Any, tables: Tables) -> None:
    assert set(deciding(today="sms").terms(engine, people).today) == {"sms"}
    assert deciding(today="done").terms(engine, people).today.tolist() == tables["people"]["done"].to_list()
    formula = 'where(amount > 5000, "call", "none")'
    wanted = ["call" if a > 5000 else "none" for a in tables["people"]["amount"]]
    assert deciding(today=formula).terms(engine, people).today.tolist() == wanted
    # scoring needs no rule to compare with
    assert deciding(today="done").terms(engine, people, compare=False).today is None
    with pytest.raises(DecisionError, match=r"names no option for some[\s\S]*got: +app, branch"):
        deciding(today="channel").terms(engine, people)
    with pytest.raises(ScenarioError, match=r"names no option[\s\S]*a number[\s\S]*decision\.today = amount"):
        deciding(today="amount").check(engine, OUTPUTS)


def test_what_came_stands_in_for_probabilities_but_not_for_who_may_get_it(engine: Engine, people: Any, p: Any) -> None:
    one = deciding(terms={"worth": "amount * 0.1"}, groups={}, rules={}, options={
        "none": {}, "call": {"value": "p * worth", "cost": 1, "where": "p > 0.5"},
    })  # fmt: skip
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    came = (np.random.default_rng(2).random(N) < p).astype(float)
    policy = one.fit({"p": p}, terms, came, ids)
    told = one.section(policy, {"p": p}, terms, {"p": came}, ids, split="out_of_time", seed=0)
    amount = terms.frame["worth"].to_numpy()
    assert told["values_basis"] == "realised"
    assert told["values_note"] is None
    chosen = (p > 0.5) & (p * amount > 1)
    first = told["values"][0]
    assert told["counts"] == {"none": int(N - chosen.sum()), "call": int(chosen.sum())}
    assert first["profit_expected"]["value"] == pytest.approx((p * amount - 1)[chosen].sum())
    assert first["profit_realised"]["value"] == pytest.approx((came * amount - 1)[chosen].sum())
    assert first["profit"] == first["profit_realised"]
    assert first["behind"]["value"] == 0.0
    values = {one["policy"]["en"]: one for one in told["values"]}
    everybody = next(one for name, one in values.items() if name.endswith("for all who may get it"))
    assert everybody["profit_realised"]["value"] == pytest.approx((came * amount - 1)[p > 0.5].sum())
    assert everybody["treated"] == pytest.approx((p > 0.5).mean())
    assert everybody["uses"] == {"cost": float((p > 0.5).sum())}
    nothing = next(one for name, one in values.items() if name.endswith("for all"))
    assert nothing["profit"]["value"] == nothing["treated"] == 0.0
    assert nothing["behind"]["value"] == pytest.approx(first["profit"]["value"])
    # as many by the probability alone: the likeliest of those who may get it
    size = int(chosen.sum())
    top = np.argsort(-np.where(p > 0.5, p, -1), kind="stable")[:size]
    blind = next(one for name, one in values.items() if "highest probability first" in name)
    assert blind["profit_realised"]["value"] == pytest.approx((came * amount - 1)[top].sum())


@pytest.mark.parametrize(
    ("value", "outputs", "basis", "note"),
    [
        ("p * worth", ["p"], "realised", None),
        ("(1 - p) * worth + 3", ["p"], "realised", None),
        ("p * (1 - p) * worth", ["p"], "expected", "not straight lines"),
        ("where(p > 0.5, worth, 0)", ["p"], "expected", "not straight lines"),
        ("p * worth * months", ["p", "months"], "expected", "What came of months is not observed"),
        ("worth", ["p", "months"], "realised", None),
    ],
)
def test_outcomes_stand_in_only_where_they_may(
    engine: Engine, people: Any, p: Any, value: str, outputs: list[str], basis: str, note: str | None
) -> None:
    one = deciding(terms={"worth": "amount * 0.1"}, groups={}, rules={}, options={"none": {}, "call": {"value": value}})
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    told = {name: p if name == "p" else 12 * p for name in outputs}
    came = {"p": (p > 0.4).astype(float)}
    policy = one.fit(told, terms, came["p"], ids)
    section = one.section(policy, told, terms, came, ids, split="out_of_time", seed=0)
    assert section["values_basis"] == basis
    if note is None:
        assert section["values_note"] is None
        assert section["values"][0]["profit_realised"] is not None
    else:
        assert note in section["values_note"]["en"]
        assert section["values_note"]["zh"]
        assert section["values"][0]["profit_realised"] is None
        assert section["values"][0]["profit"] == section["values"][0]["profit_expected"]
    alone = one.section(policy, told, terms, None, ids, split="out_of_time", seed=0)
    assert (alone["values_basis"], alone["values_note"]) == ("expected", None)


def test_todays_rule_is_valued_beside_the_chosen_one(engine: Engine, people: Any, p: Any, tables: Tables) -> None:
    one = deciding(today="done", rules={}, groups={})
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    told = one.section(one.fit({"p": p}, terms, p, ids), {"p": p}, terms, None, ids, split="out_of_time", seed=0)
    values = valued(one.stated, terms, {"p": p}).value
    at = [["none", "sms", "call"].index(name) for name in tables["people"]["done"]]
    today = next(one for one in told["values"] if one["policy"]["en"] == "today's rule")
    assert today["profit"]["value"] == pytest.approx(values[np.arange(N), at].sum())
    assert today["behind"]["value"] == pytest.approx(told["values"][0]["profit"]["value"] - today["profit"]["value"])


def test_names_in_formulas() -> None:
    assert names_of("p * worth + count(complaints, where=topic.kind == other)") >= {"p", "worth", "complaints"}
    one = deciding()
    assert "0.3 * p * worth" in one.formulas()
    assert "amount * rate" in one.formulas()
    assert len(one.formulas()) == len(set(one.formulas()))


def test_the_check_lists_options_and_limits() -> None:
    one = deciding(capacities={"call": {"at_least": 2, "at_most": 9}}, budgets={"hours": 40})
    en, zh = one.lines("en"), one.lines("zh")
    assert any("sms" in line and "0.1 * p * worth  cost 0.5" in line for line in en)
    assert "  limit hours: ≤ 40" in en
    assert "  limit call: ≥ 2, ≤ 9" in en
    assert "  限额 call: ≥ 2, ≤ 9" in zh


def test_terms_may_be_reached_by_option_terms_alone(engine: Engine, people: Any) -> None:
    stated = deciding().stated
    assert option_terms(engine, stated, people).frame.columns == ["person", "cutoff", *DECISION["terms"]]


def on_two_dates(tables: Tables) -> pl.DataFrame:
    one = tables["people"].select("person", pl.lit(DAY, pl.Datetime("us")).alias("cutoff"))
    return pl.concat([one, one.with_columns(pl.col("cutoff") + timedelta(days=30))])


def test_limits_hold_for_each_date_of_a_calendar(engine: Engine, tables: Tables) -> None:
    simple: dict[str, Any] = {
        "terms": {"worth": "amount * 0.1"}, "groups": {}, "rules": {}, "budgets": {"cost": 20, "hours": 30},
        "options": {"none": {}, "call": {"value": "p * worth", "cost": 2, "uses": {"hours": 0.25}}},
    }  # fmt: skip
    one, people = deciding(**simple), on_two_dates(tables)
    p = np.concatenate([np.full(N, 0.9), np.full(N, 0.2)])  # pooled, the first date would take all of the budget
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    policy = one.fit({"p": p}, terms, p, ids)
    batch = one.decide(policy, {"p": p}, terms, ids)
    called = batch.decision == "call"
    assert [int(called[:N].sum()), int(called[N:].sum())] == [10, 10]
    assert batch.columns["used_hours"].sum() == pytest.approx(5.0)
    for rows in (np.arange(N), np.arange(N, 2 * N)):  # as if the date had been decided alone
        alone = one.decide(policy, {"p": p[rows]}, terms.take(rows), ids[rows])
        assert alone.decision.tolist() == batch.decision[rows].tolist()
    told = one.section(policy, {"p": p}, terms, {"p": p}, ids, split="out_of_time", seed=0)
    assert told["counts"]["call"] == 20
    assert [(row["batch"], row["use"]) for row in told["limits_by_date"] if row["constraint"] == "cost"] == [
        ("2024-06-01", 20.0), ("2024-07-01", 20.0),
    ]  # fmt: skip
    cost = next(row for row in told["limits"] if row["constraint"] == "cost")
    assert (cost["use"], cost["upper"]) == (40.0, 40.0)
    assert "on 2 dates, limits held for each" in told["message"]["en"]
    assert "2 个日期，限额按日期分别执行" in told["message"]["zh"]
    assert "Of all 2 dates" in told["binding"]["en"]
    # the rule beside it: as many on each date
    blind = next(v for v in told["values"] if "highest probability first" in v["policy"]["en"])
    assert blind["uses"]["cost"] == 40.0
    assert blind["profit_expected"]["value"] <= told["values"][0]["profit_expected"]["value"]


def test_cutoffs_of_their_own_are_one_batch(engine: Engine, tables: Tables) -> None:
    plan = Plan.from_dict(
        {
            "name": "x", "entity": "people", "cutoff": "since",
            "label": {"formula": 'count(complaints, next="30d") > 0'},
            "decision": {
                "kind": "options", "budgets": {"cost": 20},
                "options": {"none": {}, "call": {"value": "p * amount", "cost": 2}},
            },
        }
    )  # fmt: skip
    one, people = deciding_of(plan), on_two_dates(tables)
    assert isinstance(one, Options)
    p = np.full(2 * N, 0.5)
    terms, ids = one.terms(engine, people), people["person"].to_numpy()
    batch = one.decide(one.fit({"p": p}, terms, p, ids), {"p": p}, terms, ids)
    assert (batch.decision == "call").sum() == 10
    part = np.array(["train", "pending"], dtype=object)
    assert one.together(part).tolist() == ["train", "pending"]
    assert one.campaigns(terms) is None


def test_a_date_is_decided_whole_but_for_what_is_measured() -> None:
    part = np.array(["train", "validation", "out_of_time", "pending", "scored"], dtype=object)
    assert deciding().together(part).tolist() == ["others", "others", "out_of_time", "others", "others"]
