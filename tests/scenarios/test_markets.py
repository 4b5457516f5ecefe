"""The market packs: pages that read, projects that can be written, and small runs from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tael.errors import ScenarioError
from tael.reports import build_report
from tael.runs.markets.plan import MarketPlan
from tael.scenarios import MARKETS, MarketScenario, scenario
from tael.scenarios.project import run_project, write_project
from tael.tables.frames import Tables


@pytest.fixture(scope="module")
def futures() -> tuple[MarketScenario, Tables]:
    """The pack on a few products."""
    chosen = scenario("futures-daily")
    example = chosen.plan.example.model_copy(update={"n_entities": 10, "n_bars": 500})
    small = MarketScenario(chosen.plan.model_copy(update={"example": example}), chosen.source)
    return small, small.example()


@pytest.mark.parametrize("name", sorted(MARKETS))
def test_a_pack_says_what_it_is(name: str) -> None:
    chosen = scenario(name)
    assert isinstance(chosen, MarketScenario)
    assert chosen.name == name
    for lang in ("en", "zh"):
        assert chosen.title(lang)
        assert chosen.question(lang)
    assert MarketPlan.from_dict(chosen.plan.to_dict()) == chosen.plan
    assert chosen.plan.example is not None


def test_futures_from_contracts_to_a_report(futures: tuple[MarketScenario, Tables], tmp_path: Path) -> None:
    small, tables = futures
    made = small.run(tables, tmp_path / "runs", n_jobs=1)
    content = made.content
    assert content["market"]["kind"] == "futures"
    assert content["simulated"]
    assert {row["code"]: row["passed"] for row in content["controls"]}["truncated"] is True
    gross = [value for value in content["backtest"]["curve"]["gross"] if value is not None]
    assert max(gross) <= 4.0 * 1.3  # the stated cap, and what prices moved since
    assert any(value < 0.9 * most for value, most in zip(content["backtest"]["curve"]["net"], gross, strict=False))
    for lang in ("en", "zh"):
        assert 'id="trust"' in build_report(content, lang)
    trades = made.path / "trades.parquet"
    assert trades.is_file()


def test_a_project_of_stocks_runs_as_edited(tmp_path: Path) -> None:
    folder = write_project("stock-daily", tmp_path / "mine", customers=30)
    text = (folder / "scenario.toml").read_text("utf-8")
    assert "[example]" not in text
    page = text.partition("[features]")[0] + (
        '[features.formulas]\nreversal = "-(close / delay(close, 5) - 1)"\nspread = "(high - low) / close"\n'
        '[model]\nkind = "linear"\n[portfolio]\n[portfolio.settings]\nk = 5\ndrop = 1\n'
    )
    (folder / "scenario.toml").write_text(page, "utf-8")
    made = run_project(str(folder), tmp_path / "runs", n_jobs=1)
    assert made.content["factors"]["n"] == 2
    assert made.content["portfolio"]["settings"] == {"k": 5, "drop": 1}
    assert (made.path / "scenario.toml").read_text("utf-8") == page
    assert (made.path / "tables.toml").is_file()


@pytest.mark.parametrize("name", ["stock-intraday", "futures-intraday"])
def test_a_pack_within_the_day_from_its_example_to_a_report(name: str, tmp_path: Path) -> None:
    """As delivered, at a reduced size: nothing is stated that the example or the exchange does not have."""
    chosen = scenario(name)
    assert isinstance(chosen, MarketScenario)
    example = chosen.plan.example
    assert example is not None
    changes = {"n_bars": 1500, "n_days": 3} if name == "stock-intraday" else {"n_entities": 2, "n_days": 4}
    plan = chosen.plan.model_copy(update={"example": example.model_copy(update=changes)})
    small = MarketScenario(plan, chosen.source)
    tables = small.example()
    assert "mid" in small.data(tables).panel.fields
    made = small.run(tables, tmp_path / "runs", n_jobs=1)
    assert {row["code"]: row["passed"] for row in made.content["controls"]}["truncated"] is True
    assert made.content["execution"]["t_plus_1"] == (name == "stock-intraday")
    assert made.content["simulated"]


def test_only_an_example_has_a_size(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="Only a simulated example has a size"):
        run_project("stock-daily", tmp_path, tables=tmp_path, customers=10)
