"""Whatever a command says, it says in the language that it was asked for: errors, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer.main

from tael.cli.app import app
from tael.cli.lang import Lang, language, spoken


def test_every_command_can_be_asked_for_chinese() -> None:
    commands: Any = typer.main.get_command(app)
    mute = [name for name, one in commands.commands.items() if "lang" not in {option.name for option in one.params}]
    assert not mute


@pytest.mark.parametrize("command", [["check"], ["run"], ["infer"], ["explain", "--id", "1"]])
def test_an_error_is_told_in_chinese(tael_cli: Any, tmp_path: Path, command: list[str]) -> None:
    said = tael_cli(*command, tmp_path / "none", "--lang", "zh")
    assert said.code == 1
    assert said.out == ""
    lines = said.err.rstrip().split("\n")
    assert lines[0].endswith("。")
    assert lines[-1].startswith("  建议：")
    assert not [line for line in lines if "expected:" in line or "to do:" in line]


def test_the_next_command_is_asked_anew(tael_cli: Any, tmp_path: Path) -> None:
    assert "建议：" in tael_cli("check", tmp_path / "none", "--lang", "zh").err
    assert spoken() == language(Lang.ZH)
    assert "to do:" in tael_cli("check", tmp_path / "none").err
    assert spoken() == language(Lang.EN)


def test_what_cannot_be_scanned_is_told_in_chinese(tael_cli: Any, small_project: Any) -> None:
    folder = small_project.write()
    page = folder / "scenario.toml"
    page.write_text(page.read_text("utf-8") + "\n[nosuch]\n", "utf-8")
    said = tael_cli("check", folder, "--lang", "zh")
    assert said.code == 1
    assert "场景中有 tael 不认识的字段。\n  应为：" in said.out


def test_a_draft_is_told_in_chinese(tael_cli: Any, small_project: Any) -> None:
    folder = small_project.write()
    assert "# 未写入任何内容。文件夹中已有 tables.toml" in tael_cli("infer", folder, "--lang", "zh").out
    (folder / "tables.toml").unlink()
    assert "# 未写入任何内容。如需写入：tael infer" in tael_cli("infer", folder, "--lang", "zh").out
    assert "\n已写入 " in tael_cli("infer", folder, "--write", "--lang", "zh").out
