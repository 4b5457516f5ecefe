"""A run on a terminal: a decision among options in its own words, within 80 columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import polars as pl
import pytest

from tael.cli.comparing import comparison
from tael.cli.summary import decision_titles, summary
from tael.decisions import ApprovalPolicy, OptionsPolicy
from tael.runs import Run
from tael.runs.explain import Comparison
from tael.validation.words import Words


def around(value: float, half: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def said(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def fits(text: str) -> None:
    wide = [
        line
        for line in text.splitlines()
        if sum(2 if east_asian_width(character) in "WF" else 1 for character in line.rstrip()) > 80
    ]
    assert not wide, wide


def content(**changed: Any) -> dict[str, Any]:
    metrics = {name: around(0.7, 0.01) for name in ("roc_auc", "ks", "log_loss")}
    options = [("none", "leave alone", "不触达", 600), ("sms", "message", "短信", 400), ("call", "call", "电话", 0)]
    rules = [
        ("chosen", "所选策略", 0.0),
        ("today's rule", "现行规则", 12345.0),
        ("call for as many, highest probability first", "同等人数按概率从高到低：电话", 99.0),
    ]
    return {
        "simulated": True,
        "model": {"kind": "uplift"},
        "split": {"parts": {"out_of_time": {"n": 1000}}},
        "metrics": {"out_of_time": metrics},
        "reference_metrics": {"out_of_time": metrics},
        "challengers": {"scorecard": {"out_of_time": metrics}},
        "metric_titles": {name: said(name, f"指标{name}") for name in metrics},
        "worries": [],
        "decision": {
            "kind": "options", "message": said("1,000 customers.", "共 1,000 户。"), "values_basis": "realised",
            "options": [
                {"option": name, "title": said(en, zh), "eligible": 1000, "n": n, "share": n / 1000, "value": 5.0 * n}
                for name, en, zh, n in options
            ],
            "values": [
                {
                    "policy": said(en, zh), "profit_expected": around(1234567.0, 9.0),
                    "profit_realised": around(1234000.0, 9.0), "behind": around(ahead, ahead / 3), "treated": 0.4,
                }
                for en, zh, ahead in rules
            ],
        }
        | changed,
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_who_gets_what_and_what_each_rule_is_worth(
    lang: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    summary(Run(Path("run"), content()), lang)
    told = capsys.readouterr().out
    fits(told)
    flat = re.sub(r"\s+", " ", told)
    if lang == "en":
        assert "about real customers" in told
        assert "message 1,000 400 40.0% 2,000" in flat
        assert "today's rule 1,234,567 1,234,000 12,345 [8,230, 16,460] 40.0%" in flat
        assert "scorecard" in told
        assert "logistic" in told
    else:
        assert "真实客户" in told
        assert "短信 1,000 400 40.0% 2,000" in flat
        assert "评分卡" in told
        assert not re.search("message|chosen|today", told)
    assert not re.search("approv|applicant|批准|申请人", told)


def test_where_nothing_came_only_what_is_expected_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    plain = content(values_basis="expected")
    for row in plain["decision"]["values"]:
        row["profit_realised"] = None
    plain["model"]["kind"] = "recommender"
    summary(Run(Path("run"), plain), "en")
    told = capsys.readouterr().out
    assert "came" not in told
    assert "popularity" in told


def test_an_options_title_stands_for_approve_and_decline() -> None:
    titles = decision_titles(
        OptionsPolicy(["none", "call"], titles=[Words("leave alone", "不触达"), Words("call", "电话")])
    )
    assert titles["none"] == ("leave alone", "不触达")
    assert decision_titles(ApprovalPolicy())["decline"] == ("decline", "拒绝")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_whose_option_changed(lang: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    decision = pl.DataFrame(
        {
            "measure": ["profit", "treated", "use:cost", "n:none", "n:call"], "first": [10.0, 0.5, 7.0, 3.0, None],
            "second": [12.0, 0.75, 8.0, 1.0, 2.0],
        }
    )  # fmt: skip
    moved = pl.DataFrame({"first": ["none", "none"], "second": ["none", "call"], "n": [3, 1]})
    metrics = pl.DataFrame(schema=["split", "metric", "first", "second", "difference"])
    titles = {"none": said("leave alone", "不触达"), "call": said("a call", "电话")}
    comparison(Comparison(metrics, True, [], decision, [], [], None, moved, titles), {}, "CNY", lang)
    told = capsys.readouterr().out
    fits(told)
    flat = re.sub(r"\s+", " ", told)
    if lang == "en":
        assert "worth (CNY) 10 12 +2" in flat
        assert "get more than nothing 50.00% 75.00% +25.00%" in flat
        assert "get: a call - 2 -" in flat
        assert "whose option changed: 1 of 4 (25.0%)" in flat
        assert "leave alone a call 1 25.0%" in flat
    else:
        assert "价值 (CNY) 10 12 +2" in flat
        assert "方案改变者：4 个中 1 个（25.0%）" in flat
        assert "不触达 电话 1 25.0%" in flat
