"""Formula files on the command line: `tael features`, `tael diff`, and a scenario that forces a file in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest

from tael.cli.differences import FATES
from tael.errors import FeaturesError, ScenarioError
from tael.features.formula_file import read_formulas
from tael.features.formula_set import FormulaSet
from tael.runs import Run
from tael.runs.bundle import load_bundle
from tael.runs.plan import Plan

Cli = Callable[..., Any]


def fits(text: str) -> None:
    for line in text.splitlines():
        assert sum(2 if east_asian_width(c) in "WF" else 1 for c in line.rstrip()) <= 80, line


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_features_tell_cost_and_ledger(tael_cli: Cli, made_run: Any, lang: str) -> None:
    content = Run.read(made_run.path).content
    assert all(one["cost"] >= 0 and one["direction"] in (-1, 0, 1) for one in content["features"])
    plain = tael_cli("features", made_run.path, "--lang", lang)
    said = tael_cli("features", made_run.path, "--ledger", "--lang", lang)
    assert said.code == 0, said.err
    assert said.out.startswith(plain.out)
    fits(said.out)
    assert ("耗时" if lang == "zh" else "CPU ms per 1,000") in said.out
    for fate, count in content["search"]["dropped"].items():
        assert fate in FATES
        assert re.search(rf"{re.escape(FATES[fate][lang == 'zh'])} +{count:,}\b", said.out)
        assert fate not in plain.out
    assert f"{content['search']['chance']['threshold']:.1f}" in said.out
    assert (re.search("[一-鿿]", said.out) is not None) == (lang == "zh")


def test_features_write_a_file_that_is_the_run(tael_cli: Cli, made_run: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    said = tael_cli("features", made_run.path, "--out", path)
    assert said.code == 0, said.err
    assert said.out.strip().endswith("mine.txt")
    assert path.read_text("utf-8") == (made_run.path / "features.txt").read_text("utf-8")
    kept = load_bundle(made_run.path).formulas
    loaded = FormulaSet.load(path)
    assert dict(zip(loaded.names, loaded.formulas, strict=True)) == dict(zip(kept.names, kept.formulas, strict=True))
    assert (loaded.entity, loaded.key, loaded.cutoff, loaded.own) == (kept.entity, kept.key, kept.cutoff, kept.own)
    again = tael_cli("features", made_run.path, "--out", path)
    assert again.code == 1
    assert "nothing is written over" in again.err
    same = tael_cli("diff", made_run.path, path)
    assert (same.code, same.out.strip()) == (0, "The formulas are the same.")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_diff_tells_what_became_of_each(tael_cli: Cli, made_run: Any, tmp_path: Path, lang: str) -> None:
    zh = lang == "zh"
    features = Run.read(made_run.path).content["features"]
    renamed, changed, removed = features[0], features[1], features[2]
    text = (made_run.path / "features.txt").read_text("utf-8")
    text = text.replace(f"\n{renamed['name']} = ", "\nmy_name = ")
    text = text.replace(f"\n{changed['name']} = ", f"\n{changed['name']} = 1 + ")
    text = text.replace(f"\n{removed['name']} = ", f"\n# {removed['name']} : ")
    path = tmp_path / "edited.txt"
    path.write_text(text + "\nfresh = amount * 3\n", "utf-8")
    said = tael_cli("diff", made_run.path, path, "--lang", lang)
    assert said.code == 1, said.err
    fits(said.out)
    joined = re.sub(r"\s+", "", said.out)
    for one in (removed, renamed, changed):
        assert re.sub(r"\s+", "", one["formula"]) in joined
        assert re.sub(r"\s+", "", one["words"][lang]) in joined
    assert "+ fresh = amount * 3" in said.out
    assert "->my_name" in joined
    assert ("文字说明未更新" if zh else "its words were not renewed") in said.out
    for title in (
        ("仅第二个有", "仅第一个有", "名称相同", "公式相同") if zh else ("only in the", "same name", "same form")
    ):
        assert title in said.out
    back = tael_cli("diff", path, made_run.path, "--lang", lang)
    assert "- fresh = amount * 3" in back.out


def test_diff_has_a_code_of_its_own_for_trouble(tael_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x = lgo(a)", "utf-8")
    for first in (tmp_path / "a.txt", tmp_path / "none.txt", tmp_path):
        said = tael_cli("diff", first, first)
        assert (said.code, said.out) == (2, "")
        assert "to do:" in said.err
        assert "Traceback" not in said.err


def test_a_scenario_takes_its_formulas_from_a_file(tael_cli: Cli, small_project: Any, tmp_path: Path) -> None:
    small_project.swap("keep = 6", 'keep = 6\nfile = "mine.txt"\nsearch = false\nforce = ["amount / people.income"]')
    folder = small_project.write()
    (folder / "mine.txt").write_text('paid = sum(\n payments.amount, last="90d")\npeople.income\n', "utf-8")
    said = tael_cli("run", folder, "--out", tmp_path / "runs")
    assert said.code == 0, said.err
    run = Run.read(Path(said.out.splitlines()[-1]).parent)
    wanted = {
        "paid": 'sum(payments.amount, last="90d")',
        "people_income": "people.income",
        "amount_per_people_income": "amount / people.income",
    }
    assert {one["name"]: one["formula"] for one in run.content["features"]} == wanted
    assert all(one["forced"] and 0 < one["coverage"] <= 1 for one in run.content["features"])
    assert run.content["search"]["candidates"] == 3
    assert dict(read_formulas(run.path / "features.txt")) == wanted
    told = tael_cli("features", run.path, "--ledger")
    assert told.code == 0
    assert "forced" in told.out
    assert "Nothing was compared with chance" in told.out
    assert tael_cli("diff", run.path, folder / "mine.txt").code == 1


BASE: dict[str, Any] = {"name": "x", "entity": "loans", "cutoff": "t", "label": {"formula": "bad"}}


def test_the_file_of_a_plan_becomes_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("x = a\n", "utf-8")
    plan = Plan.from_dict({**BASE, "features": {"file": "f.txt", "force": {"y": "(a)", "z": "b"}}}, folder=tmp_path)
    assert plan.features.force == {"x": "a", "z": "b"}
    assert plan.features.forced == ("a", "b")
    assert Plan.from_dict(plan.to_dict()) == plan
    with pytest.raises(ScenarioError, match="same name"):
        Plan.from_dict({**BASE, "features": {"file": "f.txt", "force": {"x": "b"}}}, folder=tmp_path)
    with pytest.raises(FeaturesError, match="no such formula file"):
        Plan.from_dict({**BASE, "features": {"file": "g.txt"}}, folder=tmp_path)
    with pytest.raises(ScenarioError, match="search = false"):
        Plan.from_dict({**BASE, "features": {"search": False}})
    with pytest.raises(ScenarioError, match=r"features\.file"):
        Plan.from_dict({**BASE, "features": {"file": 3}})
