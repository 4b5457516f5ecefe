"""Worries and limits: what a run must say against itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.observations import Observations
from tael.runs.account import observations_section
from tael.runs.words import held_out, limits_words, worries
from tael.tables import Tables


def content(**changed: Any) -> dict[str, Any]:
    return {
        "data": {"leaks": [], "violations": []},
        "despite_leaks": False,
        "verdict": [],
        "stability": {"score": {"psi": 0.0, "threshold": 0.1, "adjusted_threshold": 0.1}},
        "decision": {
            "limits": {"max_bad_rate": 0.15},
            "observed": {"n": 1000, "bad": 120, "rate": 0.12, "low": 0.1, "high": 0.14},
            "status": "chosen",
        },
        "simulated": False,
        "observations": {"excluded": [], "label_settles_days": 90.0},
        "split": {"kind": "out_of_time"},
    } | changed


def seen(rate: float, low: float, high: float, limit: float | None = 0.15) -> dict[str, Any]:
    observed = {"n": 1000, "bad": round(1000 * rate), "rate": rate, "low": low, "high": high}
    return {"limits": {"max_bad_rate": limit}, "observed": observed, "status": "chosen"}


def test_all_is_well() -> None:
    assert worries(content()) == []


def test_the_limit_that_is_broken_out_of_time() -> None:
    (told,) = worries(content(decision=seen(0.154, 0.133, 0.178)))
    assert "15.4% [13.3%, 17.8%]" in told["en"]
    assert "limit of 15.0% (within what chance can do)" in told["en"]
    assert "随机波动范围内" in told["zh"]
    (told,) = worries(content(decision=seen(0.2, 0.18, 0.22)))
    assert "more than chance can explain" in told["en"]
    assert worries(content(decision=seen(0.15, 0.13, 0.17))) == []
    assert worries(content(decision=seen(0.9, 0.8, 0.95, limit=None))) == []
    assert worries(content(decision=seen(0.9, 0.8, 0.95) | {"observed": None})) == []


def test_notes_that_are_faults_worry_and_others_do_not() -> None:
    codes = ("TAEL-V01", "TAEL-V02", "TAEL-V05", "TAEL-V07", "TAEL-V08")
    notes = [{"code": code, "severity": "note", "text": {"en": code, "zh": code}} for code in codes]
    assert [one["en"] for one in worries(content(verdict=notes))] == ["TAEL-V02", "TAEL-V05", "TAEL-V07"]


def test_a_profit_that_did_not_come_worries() -> None:
    values = [{"profit_expected": {"value": 900.0}, "profit_realised": {"value": 20.0, "low": -30.0, "high": 70.0}}]
    (told,) = worries(content(decision=seen(0.1, 0.1, 0.1) | {"values": values}))
    assert "expected a profit of 900 of those approved; by what came it is 20 [-30, 70]" in told["en"]
    values[0]["profit_realised"]["high"] = 1000.0
    assert worries(content(decision=seen(0.1, 0.1, 0.1) | {"values": values})) == []


def test_bands_worry_where_most_are_off() -> None:
    inside, outside = ({"low": 0.1, "high": 0.2, "predicted": p} for p in (0.15, 0.3))
    assert worries(content(curves={"calibration": {"out_of_time": [inside, outside]}})) == []
    (told,) = worries(content(curves={"calibration": {"out_of_time": [inside, outside, outside]}}))
    assert "In 2 of 3 score bands" in told["en"]


def test_a_test_drawn_by_lot_is_held_out_and_nothing_more() -> None:
    said = {"en": "Out of time, AUC on out-of-time data is broken out of time.", "zh": "跨期测试集突破上限。"}
    told = held_out(said)
    assert told == {"en": "Held out, AUC on held-out data is broken on the part held out.", "zh": "留出样本突破上限。"}


def test_leaks_come_first() -> None:
    leaks = {"leaks": [{"column": "status"}, {"column": "status"}], "violations": []}
    found = worries(content(data=leaks, despite_leaks=True, decision=seen(0.2, 0.18, 0.22)))
    assert "despite leaks: status." in found[0]["en"]
    assert len(found) == 2
    assert worries(content(data=leaks))[0]["en"] == "The leak scan names status."
    asked = {"leaks": [{"column": "last_score", "level": "ask"}], "violations": []}
    assert [one["en"] for one in worries(content(data=asked))[:1]] == [
        "The leak scan asks whether these were known at the cutoff: last_score."
    ]


def test_a_label_without_a_time_is_a_stated_limit() -> None:
    told = limits_words(content(observations={"excluded": [], "label_settles_days": 0.0}))
    assert any("label.maturity" in one["en"] and "label.maturity" in one["zh"] for one in told)
    assert not any("label.maturity" in one["en"] for one in limits_words(content()))


@pytest.mark.parametrize(("days", "first"), [(119, "2017-06-26"), (121, "2017-07")])
def test_short_spans_are_counted_by_week(days: int, first: str) -> None:
    start = datetime(2017, 7, 1, 10)  # a Saturday
    when = pl.Series("cutoff", [start + timedelta(days=d) for d in range(days + 1)], dtype=pl.Datetime("us"))
    frame = pl.DataFrame({"id": range(len(when)), "cutoff": when})
    tables = Tables({"loans": frame.rename({"cutoff": "day"})}, {"loans": {"key": "id", "time": "day"}})
    label = np.arange(len(when)) % 2 * 1.0
    made = observations_section(
        tables, Observations(frame, label, None, "id", when[-1]), "loans", "day", timedelta(days=90)
    )
    assert made["by_period"][0]["period"] == first
    assert sum(one["n"] for one in made["by_period"]) == len(when)
    if made["period"] == "week":
        assert all(one["n"] == 7 for one in made["by_period"][1:-1])
        assert {datetime.fromisoformat(one["period"]).weekday() for one in made["by_period"]} == {0}
