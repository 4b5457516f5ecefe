"""Project folders: made whole, checked before any model, run with tables in any usual writing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, ScenarioError
from tael.runs import Run, load_bundle
from tael.runs.scoring import score
from tael.scenarios import scenario
from tael.scenarios.project import check_project, run_project, write_project
from tael.tables import read_tables


def test_a_new_project_holds_all_that_it_needs(tmp_path: Path) -> None:
    folder = write_project("credit-approval", tmp_path / "deep" / "mine", customers=100)
    plan = scenario(folder).plan
    assert plan.example is None  # its tables are its own now
    assert plan.decision == scenario("credit-approval").plan.decision
    assert set(read_tables(folder)) == {path.stem for path in folder.glob("*.csv")}
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]
    with pytest.raises(ScenarioError, match="nothing is written over"):
        write_project("credit-approval", folder)


def test_a_project_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        write_project("credit-approval", tmp_path / "file" / "mine", customers=100)


def test_a_sound_project_passes(small_project: Any) -> None:
    checked = check_project(small_project.write())
    assert not checked.failed
    assert "No violations." in checked.text
    assert "No leak found." in checked.text
    assert "600 observations" in checked.text
    chinese = check_project(small_project.folder, lang="zh")
    assert "未发现泄漏" in chinese.text
    assert "数据契约" in chinese.text


def outcome(project: Any) -> pl.Series:
    return project.frames["applications"]["application_id"].is_in(
        project.frames["defaults"]["application_id"].implode()
    )


def copied(project: Any) -> str:
    project.frames["applications"] = project.frames["applications"].with_columns(status=outcome(project).cast(pl.Int8))
    return "TAEL-L01  status"


def noted_afterwards(project: Any) -> str:
    bad = outcome(project)
    note = pl.Series([7.0 if one else None for one in bad])
    project.frames["applications"] = project.frames["applications"].with_columns(collected=note)
    return "TAEL-L03  collected"


def on_the_person(project: Any) -> str:
    # one application a person, so that the person's flag is the application's outcome
    once = project.frames["applications"].unique("person_id", keep="first", maintain_order=True)
    project.frames["applications"] = once
    project.frames["defaults"] = project.frames["defaults"].join(once.select("application_id"), on="application_id")
    late = once.with_columns(bad=outcome(project)).group_by("person_id").agg(pl.col("bad").max())
    people = project.frames["people"].join(late, on="person_id", how="left", maintain_order="left")
    project.frames["people"] = people.with_columns(blacklisted=pl.col("bad").fill_null(False).cast(pl.Int8)).drop("bad")
    return "people.blacklisted"


@pytest.mark.parametrize("plant", [copied, noted_afterwards, on_the_person])
def test_a_planted_leak_is_named(small_project: Any, plant: Callable[[Any], str], tael_cli: Callable[..., Any]) -> None:
    name = plant(small_project)
    said = tael_cli("check", small_project.write())
    assert said.code == 1
    assert name in said.out
    assert "known_at" in said.out
    chinese = tael_cli("check", small_project.folder, "--lang", "zh")
    assert chinese.code == 1
    assert name.split()[-1] in chinese.out
    assert "标签" in chinese.out


def test_a_leak_is_the_first_worry_of_the_run(small_project: Any, tmp_path: Path) -> None:
    copied(small_project)
    folder = small_project.write()
    with pytest.raises(RunError, match="TAEL-L01 status"):
        run_project(str(folder), tmp_path / "runs")
    with pytest.raises(RunError, match="泄漏"):
        scenario(folder).run(read_tables(folder), tmp_path / "runs", lang="zh")
    assert not (tmp_path / "runs").exists()
    run = run_project(str(folder), tmp_path / "runs", despite_leaks=True)
    assert run.content["despite_leaks"] is True
    assert run.content["worries"][0]["en"].startswith("The run was made despite leaks: status.")
    assert run.content["worries"][0]["zh"].startswith("本次运行不顾数据泄漏（status）")
    assert run.content["reproduce"]["command"] == f"tael run {folder} --despite-leaks"
    assert run.content["data"]["leaks"][0]["column"] == "status"
    assert "status" in run.report.path.read_text(encoding="utf-8")


def test_what_no_feature_may_name_gives_nothing_away(small_project: Any, tmp_path: Path) -> None:
    copied(small_project)
    small_project.swap("keep = 6", 'keep = 6\nforbid = ["status"]')
    assert not check_project(small_project.write()).failed
    run = run_project(str(small_project.folder), tmp_path / "runs", despite_leaks=True)
    assert run.content["despite_leaks"] is False
    assert not any("status" in one["formula"] for one in run.content["features"])


def test_the_tables_description_goes_with_the_run(small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    run = run_project(str(folder), tmp_path / "runs")
    for name in ("tables.toml", "scenario.toml"):
        assert (run.path / name).read_text("utf-8") == (folder / name).read_text("utf-8")


def test_the_check_tells_the_terms_and_which_are_assumed(small_project: Any) -> None:
    folder = small_project.write()
    told = check_project(folder).text
    assert re.search(r"^    margin +amount \* 0\.3$", told, re.MULTILINE)
    assert re.search(r"^    lgd +0\.5$", told, re.MULTILINE)
    assert re.search(r"^  \* amount +amount$", told, re.MULTILINE)
    assert re.search(r"^  \* term_years +1\.0$", told, re.MULTILINE)
    chinese = check_project(folder, lang="zh").text
    assert "* 为默认假设" in chinese
    assert re.search(r"^  \* term_years +1\.0 +期限$", chinese, re.MULTILINE)


def test_errors_of_the_contract_fail_the_check_and_hold_back_the_scan(small_project: Any) -> None:
    small_project.frames["people"] = pl.concat([small_project.frames["people"], small_project.frames["people"].head(1)])
    checked = check_project(small_project.write())
    assert checked.failed
    assert "TAEL-T02" in checked.text
    assert "once the errors are mended" in checked.text


def test_a_scan_that_cannot_be_made_still_shows_the_contract(small_project: Any) -> None:
    small_project.frames["defaults"] = small_project.frames["defaults"].head(0)
    checked = check_project(small_project.write())
    assert checked.failed
    assert "TAEL-T13" in checked.text
    assert "All labels are the same" in checked.text


def test_tables_without_a_scenario_are_checked_alone(small_project: Any) -> None:
    (small_project.write() / "scenario.toml").unlink()
    checked = check_project(small_project.folder)
    assert not checked.failed
    assert "leaks were not scanned" in checked.text


def test_a_named_scenario_that_is_not_there(small_project: Any, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such scenario"):
        check_project(small_project.write(), tmp_path / "none.toml")


def test_a_size_is_for_examples_alone(small_project: Any, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="Leave --customers out"):
        run_project(str(small_project.write()), tmp_path / "runs", customers=500)


def test_scenario_and_tables_in_two_places(small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    own = tmp_path / "own"
    own.mkdir()
    (folder / "scenario.toml").rename(own / "scenario.toml")
    run = run_project(str(own), tmp_path / "runs", tables=folder, seed=3)
    assert run.content["seed"] == 3
    assert run.content["reproduce"]["command"] == f"tael run {own} --seed 3 --tables {folder}"


def test_chinese_values_in_gb18030(small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]) -> None:
    """The tables of a Chinese bank: names of cities and kinds in Chinese, files in GB18030, dates as text."""
    chinese = {"North": "北京", "South": "广州", "West": "成都", "bill": "缴费", "shop": "购物", "rent": "房租"}
    for table, name in (("people", "city"), ("payments", "kind")):
        small_project.frames[table] = small_project.frames[table].with_columns(pl.col(name).replace(chinese))
    small_project.frames["payments"] = small_project.frames["payments"].with_columns(
        paid=pl.col("paid").dt.strftime("%Y年%m月%d日 %H:%M")
    )
    small_project.tables = small_project.tables.replace("key =", 'encoding = "gb18030"\nkey =').replace(
        "kind = {", 'paid = { format = "%Y年%m月%d日 %H:%M" }\nkind = {'
    )
    small_project.swap("lgd = 0.5", 'lgd = 0.5\nsegment = "people.city"\nsegment_caps = { "北京" = 0.2 }')
    small_project.swap("keep = 6", 'keep = 6\nforce = [\'count(payments, where=kind == "购物", last="90d")\']')
    folder = small_project.write("gb18030")
    said = tael_cli("run", folder, "--out", tmp_path / "runs", "--lang", "zh")
    assert said.code == 0, said.err
    run = Run.read(Path(said.out.splitlines()[-1]).parent)
    assert "购物" in (run.path / "features.txt").read_text(encoding="utf-8")
    assert "购物" in run.report.path.read_text(encoding="utf-8")
    assert any("北京" in text for text in run.decisions["reason_zh"])
    again = score(load_bundle(run.path), read_tables(folder))
    both = run.decisions.join(again, on=["application_id", "cutoff"])
    assert np.array_equal(both["probability"], both["probability_right"])
    assert len(both) == len(run.decisions)
