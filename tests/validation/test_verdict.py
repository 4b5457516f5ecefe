from __future__ import annotations

import json
import re
from datetime import date, datetime

import numpy as np
import pytest

from tael.errors import ValidationError
from tael.validation import Metric, evaluate, judge
from tael.validation.verdict_table import advised, calmer


def splits(train, validation, out_of_time, half=0.02):
    named = {"train": train, "validation": validation, "out_of_time": out_of_time}
    return {s: {"roc_auc": Metric(v, v - half, v + half)} for s, v in named.items() if v is not None}


@pytest.mark.parametrize(
    ("auc", "more", "expected"),
    [
        ((0.75, 0.74, 0.73), {}, ["TAEL-V01"]),
        ((0.80, 0.74, 0.73), {}, ["TAEL-V02"]),  # memory that costs nothing is a note, not a fault; nor is it sound
        ((0.99, 0.74, 0.73), {}, ["TAEL-V02"]),
        ((0.99, 0.985, 0.98), {}, ["TAEL-V03"]),
        ((0.75, 0.74, 0.68), {}, ["TAEL-V04"]),
        ((0.75, 0.74, 0.72), {}, ["TAEL-V01"]),  # within the intervals
        ((0.75, 0.74, 0.68), {"kind": "random"}, ["TAEL-V01", "TAEL-V08"]),
        ((0.52, 0.51, 0.51), {}, ["TAEL-V05"]),
        ((0.75, 0.74, 0.73), {"reference": Metric(-0.05, -0.07, -0.03)}, ["TAEL-V05"]),
        ((0.75, 0.74, 0.73), {"reference": Metric(0.01, -0.01, 0.03)}, ["TAEL-V01", "TAEL-V05"]),
        ((0.75, 0.74, 0.73), {"reference": Metric(0.03, 0.01, 0.05)}, ["TAEL-V01"]),
        ((0.75, 0.74, 0.73), {"n_events": {"train": 500, "validation": 60}}, ["TAEL-V06"]),
        ((0.75, 0.74, None), {}, ["TAEL-V01"]),
    ],
)
def test_codes(auc, more, expected):
    found = judge(splits(*auc), **more)
    assert [v.code for v in found] == expected
    for verdict in found:
        for lang in ("en", "zh"):
            assert verdict.text(lang)
            assert verdict.what_to_do(lang)
        json.dumps(verdict.to_dict())


def test_a_fall_within_reason_is_a_note():
    assert [v.severity for v in judge(splits(0.80, 0.74, 0.73))] == ["note"]


@pytest.mark.parametrize(
    ("period", "days"),
    [
        (("2024-01-01", "2024-01-06"), "6 days"),
        ((date(2024, 1, 1), datetime(2024, 1, 1, 23)), "1 day "),
        (("2024-01-01 08:30:00", "2024-01-28 01:00:00"), None),
        (("2024-01-01", "2024-06-30"), None),
    ],
)
def test_a_short_test_is_not_sound(period, days):
    found = judge(splits(0.75, 0.74, 0.73), periods={"out_of_time": period})
    assert [v.code for v in found] == (["TAEL-V09"] if days else ["TAEL-V01"])
    assert days is None or days in found[0].text()
    assert [v.code for v in judge(splits(0.75, 0.74, 0.73), periods={"out_of_time": period}, kind="random")] == [
        "TAEL-V01",
        "TAEL-V08",
    ]


def test_a_period_holds_days():
    with pytest.raises(ValidationError, match="begins and ends with a day"):
        judge(splits(0.75, 0.74, 0.73), periods={"out_of_time": ("spring", "2024-01-01")})


def test_what_to_do_names_keys_that_a_plan_has():
    """An advice that names no setting is none; one that names a setting that is not there is worse."""
    from tael.runs.plan import Plan

    few = {"validation": 60}
    found = judge(splits(0.99, 0.98, 0.80), n_events=few, periods={"out_of_time": ("2024-01-01", "2024-01-02")})
    found += judge(splits(0.75, 0.74, 0.73), reference=Metric(-0.05, -0.07, -0.03), kind="random")
    found += judge(splits(0.80, 0.74, 0.73))
    assert {v.code for v in found} >= {f"TAEL-V0{k}" for k in (2, 3, 4, 5, 6, 8, 9)}
    for verdict in found:
        for lang in ("en", "zh"):
            keys = re.findall(r"\b(features|model|split)\.(\w+)", verdict.what_to_do(lang))
            assert keys, verdict.code
            for section, key in keys:
                assert key in type(Plan.model_fields[section].default).model_fields, (section, key)


def test_most_serious_first():
    found = judge(splits(0.99, 0.80, 0.60), n_events={"validation": 60}, kind="out_of_time")
    assert [v.name for v in found] == ["drifting", "too-few-events", "over-fitted"]
    assert "0.200" in found[0].text()


def test_wrong_level_of_the_predictions():
    metrics = splits(0.75, 0.74, 0.73)
    metrics["out_of_time"] |= {"base_rate": Metric(0.10, 0.09, 0.11), "mean_predicted": Metric(0.05)}
    found = judge(metrics)
    assert [v.code for v in found] == ["TAEL-V07"]
    assert "5.00% predicted, 10.00% observed" in found[0].text()


@pytest.mark.parametrize(("told", "amounts", "severity"), [(0.085, False, "note"), (0.085, True, "warning")])
def test_money_suffers_from_a_level_that_is_only_somewhat_wrong(told, amounts, severity):
    metrics = splits(0.75, 0.74, 0.73)
    metrics["out_of_time"] |= {"base_rate": Metric(0.10, 0.09, 0.11), "mean_predicted": Metric(told)}
    found = judge(metrics, amounts=amounts)
    assert next(v.severity for v in found if v.code == "TAEL-V07") == severity


def test_reads_what_run_json_holds():
    rng = np.random.default_rng(0)
    p = rng.random(2000)
    y = rng.random(2000) < p
    plain = {s: {k: m.to_dict() for k, m in evaluate(y, p, n_boot=50).items()} for s in ("train", "validation")}
    assert judge(json.loads(json.dumps(plain)))[0].code == "TAEL-V01"


def test_one_class_is_too_few_events():
    found = judge({"train": evaluate([0, 1], [0.1, 0.9], n_boot=0), "validation": evaluate([0, 0], [0.1, 0.9])})
    assert found[0].code == "TAEL-V06"
    assert "0 in validation" in found[0].text("en")


def test_nothing_to_judge():
    with pytest.raises(ValidationError, match="nothing to judge"):
        judge({})


@pytest.mark.parametrize(("plain", "said"), [(0.70, "try it"), (0.60, "no better")])
def test_over_fitting_of_a_model_that_nobody_chose_is_seen_beside_a_plain_one(plain: float, said: str) -> None:
    auc = {
        "train": Metric(0.99, 0.98, 1.0),
        "validation": Metric(0.65, 0.61, 0.69),
        "out_of_time": Metric(0.66, 0.62, 0.7),
    }
    found = [advised(one) for one in judge({split: {"roc_auc": value} for split, value in auc.items()})]
    (told,) = (one for one in calmer(found, 0.65, plain) if one.code == "TAEL-V02")
    assert said in told.what_to_do()
    assert ("--model sklearn.linear_model.LogisticRegression" in told.what_to_do("zh")) == (said == "try it")
