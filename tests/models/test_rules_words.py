"""Sentences of rules, rules as formulas that the engine computes alike, and the table of score beside rules."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ModelError, ValidationError
from tael.features.formula_set import FormulaSet
from tael.formulas import words
from tael.models import RuleMiner, beside, rule_formula
from tael.models.rule_words import condition_words, rule_words, term_words
from tael.models.rules_terms import RuleTerm
from tael.tables import Tables

SAID = {"en": "claimed amount", "zh": "申报金额", "unit": "CNY"}
TERMS = {
    "above": RuleTerm(0, low=2.5),
    "at_most": RuleTerm(0, high=12000.0),
    "between": RuleTerm(0, low=1.0, high=3.0, missing=True),
    "missing": RuleTerm(0, np.inf, np.inf, True),
    "known": RuleTerm(0),
}


def test_terms_in_words() -> None:
    assert {kind: term.kind for kind, term in TERMS.items()} == {kind: kind for kind in TERMS}
    assert [term_words(t, SAID, False, "en") for t in TERMS.values()] == [
        "claimed amount is above 2.5 CNY",
        "claimed amount is at most 12,000 CNY",
        "claimed amount is above 1 CNY and at most 3 CNY or missing",
        "claimed amount is missing",
        "claimed amount is known",
    ]
    assert [term_words(t, SAID, False, "zh") for t in TERMS.values()] == [
        "申报金额大于 2.5 元",
        "申报金额不大于 12,000 元",
        "申报金额大于 1 元且不大于 3 元或缺失",
        "申报金额缺失",
        "申报金额不缺失",
    ]


def test_flags_in_words_and_joined() -> None:
    night = {"en": "channel is night desk", "zh": "渠道为夜间窗口"}
    terms = [RuleTerm(0, low=5.0), RuleTerm(1, high=0.0)]
    told = {"amount": SAID, "night": night}
    names, flags = ["amount", "night"], [False, True]
    assert rule_words(terms, names, told, flags) == "claimed amount is above 5 CNY, and channel is not night desk"
    assert condition_words(terms, names, told, flags) == ["claimed amount is above 5 CNY", "channel is not night desk"]
    either = {"night": {"en": "channel is night desk or agent", "zh": "渠道 为 a 或 b"}}
    assert condition_words(terms[1:], names, either, flags) == ["not (channel is night desk or agent)"]
    assert condition_words(terms[1:], names, either, flags, "zh") == ["非（渠道 为 a 或 b）"]
    assert rule_words(terms, names, told, flags, "zh") == "申报金额大于 5 元，且非（渠道为夜间窗口）"
    with pytest.raises(ValidationError, match="no words in this language"):
        rule_words(terms, names, told, flags, "fr")  # type: ignore[arg-type]


def test_sentences_tell_figures_money_and_weak_periods() -> None:
    rng = np.random.default_rng(0)
    n = 900
    X = pl.DataFrame({"amount": rng.uniform(0, 1000, n), "visits": rng.integers(0, 9, n)})
    amount = X["amount"].to_numpy()
    y = rng.random(n) < np.where(amount > 800, 0.9, 0.03)
    y[:225] = rng.random(225) < 0.15  # the scheme starts in the second quarter
    miner = RuleMiner(permutations=12, rounds=15, cv=3, descriptions={"amount": SAID})
    miner.fit(X, y, time=np.arange(n), amount=amount)
    english, chinese = miner.describe().splitlines(), miner.describe("zh").splitlines()
    assert english[0].startswith("Rule 1: claimed amount is above 8")
    assert "cases flagged of later rows are positive (" in english[0]
    assert "times the base rate; it finds " in english[0]
    assert " of their amount (" in english[0]
    assert chinese[0].startswith("规则 1：申报金额大于 8")
    assert "在其后的数据中，命中 " in chinese[0]
    assert "，涉及金额 " in chinese[0]
    rule = miner.rules_[0]
    assert rule.stable == all(p.lift > 1 for p in rule.periods)
    assert ("Not stable: no better than the base rate from 0 to 224." in english[0]) == (rule.periods[0].lift <= 1)


def test_several_conditions_are_listed() -> None:
    rng = np.random.default_rng(0)
    X = pl.DataFrame({"amount": rng.uniform(0, 1000, 900), "visits": rng.integers(0, 9, 900)})
    y = (X["amount"] > 700).to_numpy() & (X["visits"] > 5).to_numpy()
    said = {"amount": {**SAID, "en": "claimed amount where visits are late"}}
    miner = RuleMiner(permutations=12, rounds=15, cv=3, descriptions=said).fit(X, y)
    first = miner.describe().splitlines()
    assert first[0] == "Rule 1: all of these hold"
    assert {line.split(". ")[1].split(" is above")[0] for line in first[1:3]} == {
        "claimed amount (only those where visits are late)", "visits",
    }  # fmt: skip
    assert "cases flagged are positive (" in first[3]
    assert miner.words()[0] == ", and ".join(miner.conditions()[0])
    assert miner.describe("zh").startswith("规则 1：同时满足\n  1. ")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_rule_as_a_formula_is_the_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    amount = [None if v > 8 else float(v) for v in rng.integers(0, 11, n)]
    frame = pl.DataFrame(
        {
            "id": range(n), "at": [datetime(2024, 1, 2)] * n, "amount": pl.Series(amount, dtype=pl.Float64),
            "kind": rng.choice(["a", "b"], n).tolist(),
        }
    )  # fmt: skip
    schema = {
        "claims": {"key": "id", "time": "at", "columns": {"amount": {"type": "number"}, "kind": {"type": "category"}}}
    }
    tables = Tables({"claims": frame}, schema)
    X = frame.select("id", cutoff="at")
    formulas = {"amount": "amount", "is_a": 'kind == "a"'}
    matrix = np.column_stack([np.array(amount, dtype=float), frame["kind"].to_numpy() == "a"])
    for term in [*TERMS.values(), RuleTerm(1, low=0.0), RuleTerm(1, high=0.0)]:
        for more in ([], [RuleTerm(1, low=0.0)]):
            if more and term.column == 1:
                continue
            text = rule_formula([term, *more], ["amount", "is_a"], formulas, [False, True])
            made = FormulaSet([text], ["rule"], "claims", "id", "cutoff", {}).compute(tables, X)
            expected = np.all([t.holds(matrix) for t in [term, *more]], axis=0)
            got = np.nan_to_num(made[:, 0]) > 0
            assert (got == expected).all(), text
    assert words("amount > 3 and kind == 'a'", tables.schema, "claims", "en") == "amount is above 3 and kind is a"


def test_a_formula_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="has no formula"):
        rule_formula([RuleTerm(0, low=1.0)], ["a"], {}, [False])


def test_score_beside_rules() -> None:
    rng = np.random.default_rng(0)
    score, y = rng.random(200), rng.integers(0, 2, 200)
    flagged = rng.random(200) < 0.2
    amount = rng.uniform(0, 10, 200)
    table = beside(score, flagged, y, capacity=50, amount=amount)
    parts = {row["part"]: row for row in table.to_dicts()}
    top = score >= np.sort(score)[-50]
    assert parts["both"]["rows"] == (top & flagged).sum()
    assert parts["only_rules"]["hits"] == y[flagged & ~top].sum()
    assert parts["score"]["rows"] == 50
    assert sum(parts[p]["rows"] for p in ("both", "only_score", "only_rules", "neither")) == 200
    assert parts["either"]["recall"] == pytest.approx(y[top | flagged].sum() / y.sum())
    assert parts["rules"]["money"] == pytest.approx(amount[flagged & (y == 1)].sum())
    assert beside(score, flagged, y).filter(pl.col("part") == "score")["rows"].item() == flagged.sum()
    assert beside(score, flagged, y, lang="zh")["words"][0] == "评分与规则均命中"
    for wrong in ({"score": score[:5]}, {"y": y + 1}, {"score": np.full(200, np.nan)}):
        with pytest.raises(ModelError, match="cannot be laid side by side"):
            beside(**{"score": score, "flagged": flagged, "y": y, **wrong})  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="capacity does not fit"):
        beside(score, flagged, y, capacity=500)
