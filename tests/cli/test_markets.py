"""A market's run on the terminal: its summary, its factors, two runs side by side, a day on paper."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from tael.cli import app
from tael.datasets import simulate_market, simulate_minutes
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


MINUTES = """
name = "by-minutes"
[market]
kind = "minutes"
bars = "bars"
entity = "contract"
time = "time"
exchange = "cn_futures"
bar = "1min"
universe = "age >= 5"
[label]
formula = "close[+2] / close[+1] - 1"
across = "time"
horizons = [1, 5]
[features.formulas]
move = "close / delay(close, 5) - 1"
place = "(close - low) / (high - low)"
[model]
kind = "linear"
"""


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project within the day, and a folder of two runs beside it."""
    home = tmp_path_factory.mktemp("minutes")
    simulate_minutes(2, 4, seed=1).write(home / "mine", format="csv")
    (home / "mine" / "scenario.toml").write_text(MINUTES, "utf-8")
    for _ in range(2):
        done = RUNNER.invoke(app, ["run", str(home / "mine"), "--out", str(home / "runs")])
        assert done.exit_code == 0, done.output
        assert "at other times" in done.output
    return home


@pytest.mark.parametrize(("lang", "said"), [("en", "assumed"), ("zh", "最小变动价位")])
def test_a_project_within_the_day_is_checked_and_told(minutes: Path, lang: str, said: str, tmp_path: Path) -> None:
    shown = RUNNER.invoke(app, ["check", str(minutes / "mine"), "--lang", lang])
    assert shown.exit_code == 0, shown.output
    assert "out_of_time" in shown.output
    assert said in shown.output
    runs = runs_of(minutes)
    assert RUNNER.invoke(app, ["features", runs[0], "--lang", lang]).exit_code == 0
    page = tmp_path / f"{lang}.html"
    assert RUNNER.invoke(app, ["report", runs[0], "--out", str(page), "--lang", lang]).exit_code == 0
    assert 'id="execution"' in page.read_text("utf-8")
    shown = RUNNER.invoke(app, ["compare", *runs, "--lang", lang])
    assert shown.exit_code == 0, shown.output
    assert ("净收益" if lang == "zh" else "spread and fees") in shown.output


def test_a_run_within_the_day_beside_one_of_days(minutes: Path, project: Path) -> None:
    shown = RUNNER.invoke(app, ["compare", runs_of(minutes)[0], runs_of(project)[0]])
    assert shown.exit_code == 0, shown.output
    assert "only in" in shown.output


def test_days_alone_are_traded_on_paper(minutes: Path) -> None:
    asked = ["trade", str(minutes / "mine"), "--paper", "--date", "2023-03-03", "--out", str(minutes / "runs")]
    done = RUNNER.invoke(app, asked)
    assert done.exit_code != 0
    assert "within the day" in str(done.exception)
