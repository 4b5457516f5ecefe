"""The whole chain on a small market: every section is there, the controls hold, trials are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.errors import ScenarioError
from tael.reports import build_report
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.runner import run_market
from tael.runs.result import Run
from tael.tables.frames import Tables

SECTIONS = ("summary", "data", "market", "factors", "scores", "backtest", "trust", "orders", "limits", "reproduce")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_has_every_section(market_run: Run, lang: str) -> None:
    page = build_report(market_run.content, lang)
    found = re.findall(r'<section id="(\w+)"', page)
    assert tuple(found) == SECTIONS
    assert 'class="missing"' not in page.replace('<p class="missing"><strong>', "")
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()


def test_every_figure_is_there(market_run: Run) -> None:
    content = market_run.content
    assert set(content["ic"]) == {"train", "validation", "out_of_time"}
    assert [row["horizon"] for row in content["decay"]] == [1, 2, 5, 10, 20]
    assert len(content["quantiles"]) == 5
    for key in ("annual_return", "excess", "sharpe", "max_drawdown", "turnover", "cost_drag"):
        assert content["backtest"]["metrics"][key]["value"] is not None
        assert content["backtest"]["random"][key]["value"] is not None
    trust = content["trust"]
    assert 0 <= trust["deflated_sharpe"]["value"] <= 1
    assert trust["pbo"]["variants"] == 6
    assert [row["times"] for row in trust["stress"]] == [1, 2, 3]
    returns = [row["annual_return"] for row in trust["stress"]]
    assert returns == sorted(returns, reverse=True)
    assert len(trust["capacity"]) == 4
    assert content["next"]["orders"]
    assert content["simulated"]


def test_the_account_adds_up(market_run: Run) -> None:
    items = {row["item"]: row["amount"] for row in market_run.content["backtest"]["attribution"]}
    net = items.pop("net")
    assert net == pytest.approx(sum(items.values()), abs=1e-3)
    curve = market_run.content["backtest"]["curve"]
    assert curve["equity"][-1] * 1e7 - 1e7 == pytest.approx(net, abs=1e-2)


def test_the_controls_hold(market_run: Run) -> None:
    controls = {row["code"]: row for row in market_run.content["controls"]}
    assert controls["truncated"]["passed"] is True
    assert controls["truncated"]["differing"] == 0
    assert controls["shuffled"]["passed"] is True


def test_a_label_that_is_known_already_is_found_out(
    market_tables: Tables, plan_of: Callable[..., MarketPlan], runs: Path
) -> None:
    """A label shifted by one day into what is known: the scores foretell it perfectly, and the verdict says so."""
    plan = plan_of(
        label={"formula": "close / delay(close, 1) - 1"},
        features={"formulas": {"today": "close / delay(close, 1) - 1", "spread": "(high - low) / close"}},
        model={"kind": "linear"},
    )
    content = run_market(plan, market_tables, runs, n_jobs=1).content
    assert content["ic"]["out_of_time"]["rank_ic"]["value"] > 0.9
    assert "TAEL-M02" in [one["code"] for one in content["verdict"]["findings"]]


def test_a_score_may_be_a_formula(market_tables: Tables, plan_of: Callable[..., MarketPlan], runs: Path) -> None:
    plan = plan_of(model={"kind": "formula", "score": "-(close / delay(close, 5) - 1)"})
    made = run_market(plan, market_tables, runs, n_jobs=1)
    assert made.content["model"]["fits"] == 0
    assert "controls" not in made.content
    assert "reversal" in (made.path / "features.txt").read_text()
    assert 'id="backtest"' in (made.path / "report.html").read_text()


def test_every_run_on_the_same_data_is_a_trial(
    market_tables: Tables, plan_of: Callable[..., MarketPlan], runs: Path
) -> None:
    plan = plan_of(model={"kind": "formula", "score": "-(close / delay(close, 5) - 1)"})
    trials = [
        run_market(plan, market_tables, runs, n_jobs=1).content["trust"]["deflated_sharpe"]["trials"] for _ in range(2)
    ]
    assert trials == [1, 2]


def test_what_is_written(market_run: Run) -> None:
    scores, decisions = market_run.scores, market_run.decisions
    assert set(scores["split"].unique()) == {"train", "validation", "purged", "out_of_time"}
    assert scores["score"].is_finite().all()
    first = market_run.content["split"]["parts"]["out_of_time"]["first"]
    assert str(decisions["time"].min())[:10] == first
    weight = decisions.group_by("time").agg(pl.col("weight").sum())["weight"]
    assert weight.is_between(0, 1 + 1e-9).all()
    assert (market_run.path / "trades.parquet").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"market": {"bars": "quotes"}}, "names a table that is not there"),
        ({"market": {"entity": "ticker"}}, "bars lack a column"),
        ({"market": {"groups": ["industry"], "securities": "stocks"}}, "neither of the bars nor of the securities"),
        ({"market": {"groups": ["sector"]}}, "A group is no column of the bars"),
        ({"split": {"validation": 0.5, "test": 0.505}}, "has no bars"),
        ({"split": {"validation": "soon"}}, "A date cannot be read"),
        ({"portfolio": {"settings": {"top": 3}}}, "has no such setting"),
        ({"trading": {"costs": {"commision": 0.1}}}, "a cost or a rule that tael does not know"),
        ({"model": {"settings": {"leaves": 3}}}, "has no such setting"),
    ],
)
def test_faults_are_told(
    market_tables: Tables, plan_of: Callable[..., MarketPlan], runs: Path, changes: dict[str, object], message: str
) -> None:
    few = {"features": {"formulas": {"spread": "(high - low) / close"}}}
    with pytest.raises(ScenarioError, match=message):
        run_market(plan_of(**(few | changes)), market_tables, runs, n_jobs=1)
    assert not runs.exists()
