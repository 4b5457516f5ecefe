"""Patterns inside a run: a planted one is found and told in both languages, noise gives none, keys are mined once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.runs.patterns import patterns_section
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.validation.splits import three_way

N = 1800
WORDS = {"en": ["amount of transfers", "number of payers"], "zh": ["转账金额", "付款人数"]}


def made(y: Any, features: pl.DataFrame, keys: Any, **patterns: Any) -> dict[str, Any]:
    plan = Plan.from_dict(
        {
            "name": "x", "entity": "people", "every": "1mo", "label": {"formula": "bad"},
            "decision": {"kind": "alerts", "capacity": 5, "value": 1}, "patterns": {"permutations": 5, **patterns},
        }
    )  # fmt: skip
    at = pl.Series("cutoff", np.datetime64("2024-01-01", "us") + np.arange(N) * np.timedelta64(3, "h"))
    split = three_way(at, y=y, out_of_time=0.25, validation=0.25, seed=0)
    X = pl.DataFrame({"person": keys, "cutoff": at})
    sample = Sample(X, y, None, None, split, timedelta(0))
    return patterns_section(plan, sample, features, WORDS, np.full(N, 100.0), "person", ["CNY", None])


@pytest.fixture(scope="module")
def features() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame({"amount": rng.uniform(0, 100, N), "payers": rng.integers(0, 20, N).astype(float)})


def test_a_planted_pattern_is_told(features: pl.DataFrame) -> None:
    hit = ((features["amount"] > 80) & (features["payers"] > 12)).to_numpy()
    told = made(hit.astype(float), features, np.arange(N))["patterns"]
    first = told["rules"][0]
    assert first["precision"] > 0.9
    assert first["recall"] > 0.9
    assert "amount of transfers is above" in first["words"]["en"]
    assert "转账金额大于" in first["words"]["zh"]
    assert first["words"]["en"] == ", and ".join(part["en"] for part in first["conditions"])
    assert any(part["zh"].endswith(" 元") for part in first["conditions"])
    assert first["money"] == 100.0 * first["hits"]
    assert sum(p["rows"] for p in first["periods"]) == first["rows"]
    assert told["n"] == round(0.25 * N)


def test_noise_gives_none(features: pl.DataFrame) -> None:
    y = (np.random.default_rng(5).random(N) < 0.1).astype(float)
    told = made(y, features, np.arange(N), permutations=20)["patterns"]
    assert told["rules"] == []
    assert "chance" in told["text"]["en"]


def test_what_comes_again_is_mined_once(features: pl.DataFrame) -> None:
    hit = (features["amount"] > 80).to_numpy()
    told = made(hit.astype(float), features, np.arange(N) % 400)["patterns"]
    assert told["mined"] <= 400


def test_too_few_cases_are_a_result(features: pl.DataFrame) -> None:
    y = np.zeros(N)
    y[[10, N - 5]] = 1.0
    told = made(y, features, np.arange(N))["patterns"]
    assert told["rules"] == []
    assert told["text"]["zh"]


def test_nothing_is_mined_unless_asked(features: pl.DataFrame) -> None:
    plan = Plan.from_dict({"name": "x", "entity": "people", "every": "1mo", "label": {"formula": "bad"}})
    assert patterns_section(plan, None, features, WORDS, None, "person") == {}  # type: ignore[arg-type]
