"""`tael document`: what it writes, where, in which language, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tael.cli.document import document
from tael.errors import RunError

RUN = {
    "format": 1,
    "simulated": True,
    "scenario": {"name": "credit-approval", "title": {"en": "Credit approval", "zh": "是否授信"}},
    "model": {"version": "3fb19c0d5e77"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    (made / "run.json").write_text(json.dumps(RUN), encoding="utf-8")
    return made


def call(*arguments: object) -> Any:
    app = typer.Typer()
    app.command()(document)
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_page_in_chinese(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.html"
    said = call(folder, "--out", out, "--lang", "zh")
    assert said.exit_code == 0
    assert said.output.strip() == "" or str(out) in said.output
    text = out.read_text(encoding="utf-8")
    assert "是否授信" in text
    assert "模拟数据" in text
    assert "3fb19c0d5e77" in text


def test_a_word_file(folder: Path, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    out = tmp_path / "model.docx"
    assert call(folder, "--out", out).exit_code == 0
    assert "Credit approval" in [p.text for p in docx.Document(str(out)).paragraphs]


def test_a_wrong_name_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"ends in .docx or .html"):
        call(tmp_path / "no-run", "--out", tmp_path / "model.pdf")
    taken = tmp_path / "model.docx"
    taken.write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="There is a file already"):
        call(tmp_path / "no-run", "--out", taken)
    assert taken.read_text(encoding="utf-8") == "mine"


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="This is no run folder"):
        call(tmp_path, "--out", tmp_path / "model.html")
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_is_not_spoken_is_a_usage_error(folder: Path, tmp_path: Path) -> None:
    assert call(folder, "--out", tmp_path / "model.html", "--lang", "fr").exit_code == 2
