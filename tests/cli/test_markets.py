"""A market's run on the terminal: its summary, its factors, two runs side by side, a day on paper."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from tael.cli import app
from tael.datasets import simulate_market
from tael.scenarios import scenario

RUNNER = CliRunner()
PAGE = """
name = "small"
[market]
[features.formulas]
reversal = "-(close / delay(close, 5) - 1)"
[model]
kind = "formula"
score = "-(close / delay(close, 5) - 1)"
[portfolio.settings]
k = 5
drop = 1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with a small simulated market, and a folder of two runs beside it."""
    home = tmp_path_factory.mktemp("market")
    simulate_market(30, 200, seed=1).write(home / "mine", format="csv")
    (home / "mine" / "scenario.toml").write_text(PAGE, "utf-8")
    for _ in range(2):
        done = RUNNER.invoke(app, ["run", str(home / "mine"), "--out", str(home / "runs")])
        assert done.exit_code == 0, done.output
    return home


def runs_of(project: Path) -> list[str]:
    """The runs, oldest first."""
    return sorted(str(path) for path in (project / "runs").iterdir())


def test_the_list_names_the_markets() -> None:
    for lang in ("en", "zh"):
        shown = RUNNER.invoke(app, ["scenarios", "--lang", lang]).output
        assert "stock-daily" in shown
        assert "futures-daily" in shown


@pytest.mark.parametrize(("lang", "said"), [("en", "rank IC"), ("zh", "秩 IC")])
def test_factors_and_reports_in_both_languages(project: Path, lang: str, said: str, tmp_path: Path) -> None:
    run = runs_of(project)[0]
    shown = RUNNER.invoke(app, ["features", run, "--lang", lang])
    assert shown.exit_code == 0
    assert said in shown.output
    page = tmp_path / f"{lang}.html"
    assert RUNNER.invoke(app, ["report", run, "--out", str(page), "--lang", lang]).exit_code == 0
    assert said in page.read_text("utf-8") or said.capitalize() in page.read_text("utf-8")


def test_two_runs_side_by_side(project: Path) -> None:
    shown = RUNNER.invoke(app, ["compare", *runs_of(project)])
    assert shown.exit_code == 0, shown.output
    assert "rank IC out of time" in shown.output
    assert "only in" not in shown.output


def test_a_check_tells_the_stretches(project: Path) -> None:
    shown = RUNNER.invoke(app, ["check", str(project / "mine")])
    assert shown.exit_code == 0, shown.output
    assert "out_of_time" in shown.output


def test_a_day_on_paper_twice(project: Path) -> None:
    plan = scenario(project / "mine").plan
    days = pl.read_csv(project / "mine" / "bars.csv", try_parse_dates=True)[plan.market.time].unique().sort()
    day = days[-1]
    assert isinstance(day, date)
    asked = ["trade", str(project / "mine"), "--paper", "--date", day.isoformat(), "--out", str(project / "runs")]
    first, again = RUNNER.invoke(app, asked), RUNNER.invoke(app, asked)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "orders made" in first.output
    assert "done before" in again.output
    shutil.rmtree(project / "mine" / "trading")


@pytest.mark.parametrize(
    ("asked", "said"), [(["--date", "soon", "--paper"], "cannot be read"), (["--date", "2020-01-02"], "paper")]
)
def test_what_cannot_be_traded(project: Path, asked: list[str], said: str) -> None:
    done = RUNNER.invoke(app, ["trade", str(project / "mine"), "--out", str(project / "runs"), *asked])
    assert done.exit_code != 0
    assert said in str(done.exception)
