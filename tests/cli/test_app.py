"""The command line as a person meets it: words, exit codes, the width of a terminal, where messages go."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import polars as pl
import pytest

from tael.runs import Run

Cli = Callable[..., Any]


def width(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


def fits(text: str) -> None:
    wide = [line for line in text.splitlines() if width(line.rstrip()) > 80]
    assert not wide, wide


def chinese(text: str) -> bool:
    return re.search("[一-鿿]", text) is not None


def refused(said: Any, *parts: str) -> None:
    assert said.code == 1
    assert said.out == ""
    for part in (*parts, "to do:"):
        assert part in said.err, said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_scenarios(tael_cli: Cli, lang: str) -> None:
    said = tael_cli("scenarios", "--lang", lang)
    assert said.code == 0
    assert "credit-approval" in said.out
    assert chinese(said.out) == (lang == "zh")
    fits(said.out)


def test_help_names_every_command(tael_cli: Cli) -> None:
    said = tael_cli("--help")
    assert said.code == 0
    for name in ("scenarios", "new", "infer", "check", "run", "score", "explain", "compare", "features", "report"):
        assert re.search(rf"^  {name} ", said.out, re.MULTILINE), name


def test_a_wrong_option_is_a_usage_error(tael_cli: Cli) -> None:
    said = tael_cli("run", "credit-approval", "--sed", "3")
    assert said.code == 2
    assert "--sed" in said.err


def test_new_refuses_to_write_over(tael_cli: Cli, tmp_path: Path) -> None:
    said = tael_cli("new", "credit-approval", tmp_path / "mine", "--customers", "100", "--lang", "zh")
    assert said.code == 0
    assert "模拟" in said.out
    before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "mine").iterdir())
    refused(tael_cli("new", "credit-approval", tmp_path / "mine"), "nothing is written over")
    assert sorted((path.name, path.read_bytes()) for path in (tmp_path / "mine").iterdir()) == before
    refused(tael_cli("new", "credit-aproval", tmp_path / "other"), 'Did you mean "credit-approval"')


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_explain(tael_cli: Cli, made_run: Any, lang: str) -> None:
    row = Run.read(made_run.path).decisions.row(0, named=True)
    said = tael_cli("explain", made_run.path, "--id", row["application_id"], "--lang", lang)
    assert said.code == 0
    assert row[f"reason_{lang}"] in said.out
    for reason in row[f"reasons_{lang}"]:
        assert reason in said.out
    refused(tael_cli("explain", made_run.path, "--id", "nobody"), "got:      nobody", "application_id")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_features(tael_cli: Cli, made_run: Any, lang: str) -> None:
    said = tael_cli("features", made_run.path, "--lang", lang)
    assert said.code == 0
    first = Run.read(made_run.path).content["features"][0]
    joined = re.sub(r"\s+", "", said.out)
    assert re.sub(r"\s+", "", first["words"][lang])[:20] in joined
    fits(said.out)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_compare_a_run_with_itself(tael_cli: Cli, made_run: Any, lang: str) -> None:
    said = tael_cli("compare", made_run.path, made_run.path, "--lang", lang)
    assert said.code == 0
    assert "+0.0000" in said.out
    assert ("数据相同，设置相同" if lang == "zh" else "Same data, same settings") in said.out
    assert ("分数线" if lang == "zh" else "cut-off") in said.out
    assert "(CNY)" in said.out
    assert chinese(said.out) == (lang == "zh")
    fits(said.out)


def test_report_in_the_other_language(tael_cli: Cli, made_run: Any, tmp_path: Path) -> None:
    page = tmp_path / "zh.html"
    said = tael_cli("report", made_run.path, "--out", page, "--lang", "zh")
    assert said.code == 0
    assert said.out.strip() == str(page)
    assert '<html lang="zh' in page.read_text(encoding="utf-8")
    again = tael_cli("report", made_run.path, "--out", page)
    refused(again, "There is a file already.", "nothing is written over")
    assert "overwrite" not in again.err
    refused(tael_cli("report", made_run.path, "--out", tmp_path / "r"), "ends in .html", f"{tmp_path / 'r'}.html")
    assert not (tmp_path / "r").exists()


def test_score_shows_some_and_writes_all(tael_cli: Cli, made_run: Any, tmp_path: Path) -> None:
    said = tael_cli("score", made_run.path, "--tables", made_run.data, "--id", "1", "--id", "2")
    assert said.code == 0, said.err
    fits(said.out)
    assert "scoring" in said.err
    some = tael_cli("score", made_run.path, "--tables", made_run.data, "--lang", "zh")
    assert "--out scores.csv" in some.out
    assert re.search("批准|拒绝|转人工", some.out)
    assert not re.search("approve|decline|refer", some.out)
    fits(some.out)
    for name in ("scores.csv", "scores.parquet"):
        assert tael_cli("score", made_run.path, "--tables", made_run.data, "--out", tmp_path / name).code == 0
    one, two = pl.read_csv(tmp_path / "scores.csv"), pl.read_parquet(tmp_path / "scores.parquet")
    assert one["probability"].to_list() == two["probability"].to_list()
    # refused before anything is read
    for name, told in (("scores.csv", "nothing is written over"), ("scores.xlsx", ".parquet or .csv")):
        said = tael_cli("score", made_run.path, "--tables", made_run.data, "--out", tmp_path / name)
        refused(said, told)
        assert "reading" not in said.err
    refused(tael_cli("score", made_run.path, "--tables", tmp_path / "none"), "There is no such folder")


def test_what_is_no_run_is_refused_by_each_command(tael_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        for command in (
            ["explain", folder, "--id", "1"], ["features", folder], ["compare", folder, folder],
            ["report", folder, "--out", tmp_path / "x.html"], ["score", folder, "--tables", tmp_path],
        ):  # fmt: skip
            refused(tael_cli(*command), "This is no run folder")


def test_infer_drafts_and_writes_only_when_told(tael_cli: Cli, small_project: Any) -> None:
    folder = small_project.write()
    (folder / "tables.toml").unlink()
    said = tael_cli("infer", folder)
    assert said.code == 0
    assert "Nothing was written" in said.out
    assert not (folder / "tables.toml").exists()
    assert "[applications]" in said.out
    written = tael_cli("infer", folder, "--write")
    assert written.code == 0
    assert (folder / "tables.toml").is_file()
    refused(tael_cli("infer", folder / "none"), "cannot be read")
    again = tael_cli("infer", folder, "--write")
    assert again.code == 1
    assert "Traceback" not in again.err


def test_the_run_of_a_project_in_chinese(tael_cli: Cli, small_project: Any, tmp_path: Path) -> None:
    said = tael_cli("run", small_project.write(), "--out", tmp_path / "runs", "--lang", "zh")
    assert said.code == 0, said.err
    *summary, path = said.out.splitlines()
    assert Path(path).is_file()
    assert "跨期" in said.out
    assert "搜索特征" in said.err
    table = [line for line in summary if line.startswith(("样本", "训练", "验证", "跨期", "  逻辑回归"))]
    assert len(table) == 5
    fits("\n".join(table))


def test_a_contract_in_chinese(tael_cli: Cli, small_project: Any, tmp_path: Path) -> None:
    small_project.frames["people"] = pl.concat([small_project.frames["people"]] * 2)
    said = tael_cli("run", small_project.write(), "--out", tmp_path / "runs", "--lang", "zh")
    assert said.code == 1
    assert "主键重复" in said.err


def test_a_reader_that_leaves_early_is_no_error(made_run: Any) -> None:
    command = f"{sys.executable} -m tael.cli features {made_run.path} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_progress_without_a_terminal_is_a_line_every_few_seconds(
    lang: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tael.cli import show

    now = [100.0]
    monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
    with show.Stages(lang) as stages:
        for second in range(21):
            now[0] = 100.0 + second
            stages.tell("features", f"{second} tried", second / 20)
    lines = capsys.readouterr().err.splitlines()
    title = show.STAGES["features"][lang == "zh"]
    assert [re.sub(r" +", " ", line).strip() for line in lines] == [
        *(f"{title} {5 * k * 5}%" + ("" if lang == "zh" else f" {5 * k} tried") for k in (1, 2, 3)),
        f"20.0 s {title}",
    ]


def test_a_folder_without_a_scenario(tael_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    refused(tael_cli("run", tmp_path / "e", "--out", tmp_path / "runs"), "no scenario.toml in", "an empty folder")


def test_many_are_told_to_be_many(capsys: pytest.CaptureFixture[str]) -> None:
    from tael.cli.comparing import comparison
    from tael.runs.explain import Comparison

    none = pl.DataFrame(schema={"measure": pl.String, "first": pl.Float64, "second": pl.Float64})
    found = Comparison(
        pl.DataFrame(schema=["split", "metric", "first", "second", "difference"]), True, [("seed", "0", "1")], none,
        [f"f{i}" for i in range(40)], [], None,
    )  # fmt: skip
    comparison(found, {}, "", "en")
    told = capsys.readouterr().out
    assert "Same data, different settings" in told
    assert "and 20 more, not shown" in told
    comparison(found, {}, "", "zh")
    assert "另有 20 项未列出" in capsys.readouterr().out
