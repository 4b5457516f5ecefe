from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets.tracking import Log, PromotionRule, Verdict, evaluate, register

FIRST = date(2024, 1, 1)
RULE = PromotionRule("old", "new", "rank_ic", FIRST, FIRST + timedelta(days=99), least_days=60)
DAYS = [FIRST + timedelta(days=number) for number in range(-50, 150)]
AFTER = RULE.ends + timedelta(days=1)


def trial(folder: Path, rule: PromotionRule = RULE, gain: float = 0.05, today: date = AFTER) -> Verdict:
    """Register if need be, then judge a challenger that is better by so much within the trial, worse outside."""
    if not (folder / "rule.json").exists():
        register(rule, folder, today=rule.starts - timedelta(days=1))
    random = np.random.default_rng(0)
    old = random.normal(0.03, 0.1, len(DAYS))
    inside = np.array([rule.starts <= day <= rule.ends for day in DAYS])
    new = old + np.where(inside, gain, -1.0) + random.normal(0, 0.05, len(DAYS))
    return evaluate(folder, DAYS, old, new, today=today)


def test_a_better_challenger_is_promoted_by_the_days_of_the_trial(tmp_path: Path) -> None:
    found = trial(tmp_path)
    assert found.promoted
    assert found.days == 100
    assert found.gain == pytest.approx(0.05, abs=0.02)
    assert found.p_value < 0.01


@pytest.mark.parametrize(
    ("rule", "gain", "reason"),
    [
        (RULE, -0.01, "a gain of"),
        (RULE, 0.002, "a p-value of"),
        (replace(RULE, least_gain=0.2), 0.05, "where more than 0.2 is needed"),
        (replace(RULE, least_days=120), 0.05, "100 days where 120 are needed"),
        (replace(RULE, metric="return", most_drawdown=0.01), 0.05, "a drawdown of"),
    ],
)
def test_why_not(tmp_path: Path, rule: PromotionRule, gain: float, reason: str) -> None:
    found = trial(tmp_path, rule, gain)
    assert not found.promoted
    assert any(reason in text for text in found.reasons)


def test_chance_promotes_as_rarely_as_stated(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    promoted = 0
    for number in range(100):
        folder = tmp_path / str(number)
        register(RULE, folder, today=FIRST - timedelta(days=1))
        old, new = random.normal(0, 1, (2, len(DAYS)))
        promoted += evaluate(folder, DAYS, old, new, today=AFTER).promoted
    assert promoted <= 14


def test_the_first_judgement_stands(tmp_path: Path) -> None:
    first = trial(tmp_path, gain=-0.01)
    assert trial(tmp_path, gain=9.0) == first
    assert [line["event"] for line in Log(tmp_path / "trial.jsonl").read()] == ["registered", "evaluated"]


def test_no_look_before_the_end(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match="a second chance"):
        trial(tmp_path, today=RULE.ends)
    assert trial(tmp_path).promoted


def change_rule(folder: Path) -> None:
    path = folder / "rule.json"
    path.write_text(path.read_text().replace('"least_days": 60', '"least_days": 20'))


def change_log(folder: Path) -> None:
    path = folder / "trial.jsonl"
    path.write_text(path.read_text().replace(RULE.fingerprint, replace(RULE, least_days=20).fingerprint))


def drop_log(folder: Path) -> None:
    (folder / "trial.jsonl").unlink()


def spoil_log(folder: Path) -> None:
    (folder / "trial.jsonl").write_text("not a line\n")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (change_rule, "The rule was changed after the trial began"),
        (change_log, "The log was changed"),
        (drop_log, "No rule was registered"),
        (spoil_log, "cannot be read"),
    ],
)
def test_a_rule_that_was_changed_judges_nothing(tmp_path: Path, tamper: Callable[[Path], None], said: str) -> None:
    register(RULE, tmp_path, today=FIRST - timedelta(days=1))
    tamper(tmp_path)
    with pytest.raises(MarketError, match=said):
        trial(tmp_path)


def test_a_rule_comes_before_its_trial_and_only_once(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match="written down before its trial"):
        register(RULE, tmp_path, today=FIRST)
    register(RULE, tmp_path, today=FIRST - timedelta(days=1))
    with pytest.raises(MarketError, match="There is a trial already"):
        register(replace(RULE, least_days=20), tmp_path, today=FIRST - timedelta(days=1))


@pytest.mark.parametrize(
    "change",
    [
        {"challenger": "old"},
        {"ends": FIRST},
        {"least_days": 5},
        {"level": 0.7},
        {"most_drawdown": 2.0},
    ],
)
def test_rules_that_make_no_sense(change: dict[str, Any]) -> None:
    with pytest.raises(MarketError):
        replace(RULE, **change)


def test_a_rule_survives_writing() -> None:
    assert PromotionRule.from_text(RULE.to_text()) == RULE
    with pytest.raises(MarketError, match="no promotion rule"):
        PromotionRule.from_text("{}")


def test_values_and_days_belong_together(tmp_path: Path) -> None:
    register(RULE, tmp_path, today=FIRST - timedelta(days=1))
    with pytest.raises(MarketError, match="One value of each model"):
        evaluate(tmp_path, DAYS, np.zeros(3), np.zeros(3), today=AFTER)
    with pytest.raises(MarketError, match="Days rise"):
        evaluate(tmp_path, DAYS[::-1], np.zeros(200), np.zeros(200), today=AFTER)
    found = evaluate(tmp_path, DAYS, np.full(200, np.nan), np.zeros(200), today=AFTER)
    assert (found.promoted, found.days) == (False, 0)
    assert evaluate(tmp_path, DAYS, np.zeros(200), np.zeros(200), today=AFTER).days == 0


def test_each_line_of_the_log_holds_the_ones_before(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    for number in range(3):
        log.add(number=number)
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [line["number"] for line in log.read()] == [0, 1, 2]
    (tmp_path / "log.jsonl").write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(MarketError, match="The log was changed"):
        log.add(number=4)
    assert json.loads(lines[2])["number"] == 2
