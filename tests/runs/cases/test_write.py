"""A folder of case files comes whole or not at all, and nobody's files are written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tael.errors import RunError
from tael.reports.cases import Case, Queue, Queued
from tael.runs.cases import Made, write_cases


def made(case: Any = None) -> Made:
    line = Queued("a1", "Account", "cases/a1.html", "2025-03-22", 1, 0.5, 10.0, "many payers")
    return Made(Queue("Watch", (line,)), [case or Case("a1", "Account")])


def test_a_page_for_each_case_and_the_queue(tmp_path: Path) -> None:
    queue = write_cases(made(), tmp_path / "deep" / "out", "zh")
    assert queue == tmp_path / "deep" / "out" / "queue.html"
    assert sorted(path.name for path in (tmp_path / "deep" / "out").rglob("*.html")) == ["a1.html", "queue.html"]
    assert "预警队列" in queue.read_text(encoding="utf-8")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link", "."):
        with pytest.raises(RunError, match="already"):
            write_cases(made(), tmp_path / name)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_half_written_is_taken_away(tmp_path: Path) -> None:
    broken = Case("a1", "Account", graph={"nodes": [{"id": "n0"}]})  # has no place
    with pytest.raises(KeyError):
        write_cases(made(broken), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be written"):
        write_cases(made(), tmp_path / "file" / "out")
