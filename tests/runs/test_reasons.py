"""Reasons: only what was scored, in the direction of the decision, the same each time, in both languages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tael.runs import Bundle, Run, load_bundle
from tael.runs.reasons import TOLD, Baseline, baseline_of, moved_by, push, reasons_of, sentences, shown, unremarkable
from tael.runs.scoring import score
from tael.tables import read_tables
from tael.validation.words import Words

numbers = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 2))


@given(arrays(float, (7, 5), elements=numbers), arrays(float, 5, elements=numbers), arrays(bool, 7), st.integers(1, 6))
def test_against_a_slow_plain_oracle(told: np.ndarray, baseline: np.ndarray, adverse: np.ndarray, most: int) -> None:
    found = reasons_of(told, baseline, adverse, told=most)
    for row in range(len(told)):
        sign = 1 if adverse[row] else -1
        difference = [float(told[row, j] - baseline[j]) for j in range(5)]
        ranked = sorted((j for j in range(5) if sign * difference[j] > 0), key=lambda j: (-sign * difference[j], j))
        kept = [int(j) for j in found.feature[row] if j >= 0]
        assert kept == ranked[:most]
        assert [float(d) for d, j in zip(found.difference[row], found.feature[row], strict=True) if j >= 0] == [
            difference[j] for j in kept
        ]


def test_numbers_as_a_person_writes_them() -> None:
    assert [shown(x) for x in (0.0, -0.5, 1e16, 123456.0, 99.96, float("nan"))] == [
        "0", "-0.5", "10,000,000,000,000,000.0", "123,456", "100", "missing",
    ]  # fmt: skip
    assert sentences(
        reasons_of(np.array([[1.0]]), np.zeros(1), np.array([True])),
        np.array([[np.nan]]),
        np.array([2.0]),
        ["年龄"],
        "zh",
    ) == [["年龄: 缺失 (获批者典型值 2)"]]


def test_values_are_told_with_their_unit_in_both_languages() -> None:
    found = reasons_of(np.array([[5.0, 4.0, 3.0, 2.0, 1.0]]), np.zeros(5), np.array([True]), told=5)
    values, typical = np.array([[52000.0, 1.0, 0.25, 1.0, 12.0]]), np.array([4000.0, 30.0, 0.5, 0.0, 3.0])
    units = ["CNY", "days", "part of one", "yes or no", None]
    (told,) = sentences(found, values, typical, list("abcde"), "en", Words("typical", "典型值"), units)
    assert told == [
        "a: 52,000 CNY (typical 4,000 CNY)", "b: 1 day (typical 30 days)", "c: 25% (typical 50%)",
        "d: yes (typical no)", "e: 12 (typical 3)",
    ]  # fmt: skip
    (told,) = sentences(found, values, typical, list("abcde"), "zh", Words("typical", "典型值"), units)
    assert told == [
        "a: 52,000 元 (典型值 4,000 元)", "b: 1 天 (典型值 30 天)", "c: 25% (典型值 50%)", "d: 是 (典型值 否)",
        "e: 12 (典型值 3)",
    ]  # fmt: skip


def test_who_is_as_the_approved_are_has_no_reason_in_it() -> None:
    values = np.array([[0.0, np.nan, 1234.51, 5.0, np.nan, 7.0]])
    typical = np.array([0.0, np.nan, 1234.54, 6.0, 1.0, np.nan])
    same = unremarkable(values, typical)
    assert same.tolist() == [[True, True, True, False, False, False]]
    found = reasons_of(np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]]), np.zeros(6), np.array([True]), same=same, told=6)
    assert [j for j in found.feature[0] if j >= 0] == [3, 4, 5]
    (told,) = sentences(found, values, typical, list("abcdef"), "en")
    assert told[0] == "d: 5 (typical of the approved 6)"
    assert push(0.42, "en") == "raises the risk (+0.42 log-odds)"
    assert push(-0.42, "zh") == "降低风险（对数几率 -0.42）"


@pytest.mark.parametrize(
    ("decision", "model", "en", "zh"),
    [
        ("approval", "portfolio", "raises the risk (+0.42 log-odds)", "提高风险（对数几率 +0.42）"),
        ("options", "recommender", "raises the probability (+0.42 log-odds)", "提高概率（对数几率 +0.42）"),
        ("options", "uplift", "raises the effect (+42.00 points)", "提高增量（+42.00 个百分点）"),
    ],
)
def test_what_a_reason_moves(decision: str, model: str, en: str, zh: str) -> None:
    moved = moved_by({"decision": {"kind": decision}, "model": {"kind": model}})
    assert (push(0.42, "en", moved), push(0.42, "zh", moved)) == (en, zh)


class _Fitted:
    scores = ("", "double")

    def contributions(self, features: pl.DataFrame, score: str = "") -> np.ndarray:
        return features.to_numpy() * (2.0 if score == "double" else 1.0)


def test_the_baseline_is_that_of_the_approved_or_of_all_where_nobody_is() -> None:
    features = pl.DataFrame({"a": [1.0, 3.0, 100.0], "b": [float("nan")] * 3})
    found = baseline_of(_Fitted(), features, np.array([True, True, False]))
    assert (found.scores[""][0], found.scores["double"][0], found.typical[0]) == (2.0, 4.0, 2.0)
    assert np.isnan(found.typical[1])
    assert baseline_of(_Fitted(), features, np.zeros(3, dtype=bool)).typical[0] == 3.0


def test_each_row_is_told_against_the_score_behind_its_decision() -> None:
    baseline = Baseline({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}, np.zeros(2))
    behind = np.array(["b", "a", "b"], dtype=object)
    assert baseline.of(behind).tolist() == [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]


@pytest.fixture(scope="module")
def run(made_run: Any) -> Run:
    return Run.read(made_run.path)


@pytest.fixture(scope="module")
def bundle(made_run: Any) -> Bundle:
    return load_bundle(made_run.path)


def test_reasons_of_a_run_are_factors_that_were_scored(run: Run, bundle: Bundle) -> None:
    names = set(bundle.formulas.names)
    rows = run.decisions
    assert {name for row in rows["reason_features"].to_list() for name in row} <= names
    assert 1 <= rows["reason_features"].list.len().max() <= TOLD
    for lang in ("en", "zh"):
        words = dict(zip(bundle.formulas.names, bundle.words[lang], strict=True))
        for row in rows.head(200).to_dicts():
            assert len(row[f"reasons_{lang}"]) == len(row["reason_features"])
            for name, text in zip(row["reason_features"], row[f"reasons_{lang}"], strict=True):
                assert text.startswith(words[name] + ": ")
    assert all(re.search("[一-鿿]", text) for row in rows["reasons_zh"].head(50).to_list() for text in row)


def test_reasons_point_the_way_of_the_decision(run: Run, bundle: Bundle, made_run: Any) -> None:
    """Recomputed from the model: what is told of the declined raised their risk against the approved."""
    tables = read_tables(made_run.data)
    some = run.decisions.filter(pl.col("split") == "out_of_time").group_by("decision", maintain_order=True).head(8)
    X = some.select(pl.col("application_id").cast(pl.String), "cutoff")
    features = bundle.features(tables, X)
    values = features.to_numpy()
    difference = bundle.fitted.contributions(features) - bundle.baseline.scores[""]
    at = {name: j for j, name in enumerate(bundle.formulas.names)}
    assert len(set(some["decision"])) > 1
    for k, row in enumerate(some.to_dicts()):
        sign = -1 if row["decision"] == "approve" else 1
        difference[k, unremarkable(values[k], bundle.baseline.typical)] = 0.0
        assert row["reason_pushes"] == pytest.approx([difference[k, at[name]] for name in row["reason_features"]])
        told = [sign * difference[k, at[name]] for name in row["reason_features"]]
        assert all(value > 0 for value in told)
        assert told == sorted(told, reverse=True)
        if told:
            assert told[0] == max(sign * difference[k])


def test_contributions_add_up_to_the_probability(run: Run, bundle: Bundle, made_run: Any) -> None:
    tables = read_tables(made_run.data)
    X = run.decisions.head(20).select(pl.col("application_id").cast(pl.String), "cutoff")
    features = bundle.features(tables, X)
    odds = bundle.fitted.model.contributions(features).sum(axis=1)
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(bundle.probability(features), abs=1e-9)


def test_reasons_are_the_same_each_time(run: Run, bundle: Bundle, made_run: Any) -> None:
    tables = read_tables(made_run.data)
    ids = run.decisions["application_id"].cast(pl.String).head(5).to_list()
    one, two = score(bundle, tables, ids=ids), score(bundle, tables, ids=ids[::-1])
    assert one.equals(two)


def test_either_way_tells_whatever_moved_most() -> None:
    found = reasons_of(np.array([[0.2, -0.9, 0.5]]), np.zeros(3), None, told=2)
    assert found.feature.tolist() == [[1, 2]]
    assert found.difference.tolist() == [[-0.9, 0.5]]
