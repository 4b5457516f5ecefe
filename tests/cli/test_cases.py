"""`tael cases` on the run that all tests share: an approval has cases too, whom it refers or declines."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_files_queue_and_refusals(made_run: Any, tael_cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "cases"
    said = tael_cli("cases", made_run.path, "--tables", made_run.data, "--out", out, "--top", 3, "--lang", "zh")
    assert said.code == 0, said.err
    assert "案件档案 3 件" in said.out
    assert str(out / "queue.html") in said.out
    assert len(list((out / "cases").iterdir())) == 3
    again = tael_cli("cases", made_run.path, "--tables", made_run.data, "--out", out)
    assert again.code == 1
    assert "already" in again.err
