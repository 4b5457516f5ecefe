"""A run folder is there whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tael.errors import RunError
from tael.runs.folder import Draft, new_folder, plain, read_json, write_json

NOON = datetime(2024, 5, 1, 12, 0, 0)


def left(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def test_the_draft_becomes_the_folder(tmp_path: Path) -> None:
    with new_folder(tmp_path, "x", now=NOON) as draft:
        (draft.path / "a.txt").write_text("a")
        assert left(tmp_path) == [draft.path.name]
        assert draft.path.name.startswith(".tael-run-x-")
    assert draft.final == tmp_path / "x-20240501-120000"
    assert left(tmp_path) == ["x-20240501-120000"]
    assert left(draft.final) == ["a.txt"]


def test_runs_of_one_second_get_names_of_their_own_even_side_by_side(tmp_path: Path) -> None:
    with new_folder(tmp_path, "x", now=NOON) as one, new_folder(tmp_path, "x", now=NOON) as two:
        (one.path / "1").touch()
        (two.path / "2").touch()
    with new_folder(tmp_path, "x", now=NOON) as three:
        pass
    assert [two.final.name, one.final.name, three.final.name] == [
        "x-20240501-120000", "x-20240501-120000-2", "x-20240501-120000-3",
    ]  # fmt: skip
    assert left(one.final) == ["1"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(143)])
def test_nothing_is_left_after_an_error(tmp_path: Path, error: BaseException) -> None:
    def fail(draft: Draft) -> None:
        (draft.path / "deep").mkdir()
        (draft.path / "deep" / "a").write_text("a")
        raise error

    with pytest.raises(type(error)), new_folder(tmp_path / "new" / "out", "x") as draft:
        fail(draft)
    assert left(tmp_path) == []


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="x"), new_folder(tmp_path, "x"):
        raise ValueError("x")
    assert left(tmp_path) == ["mine.txt"]


@pytest.mark.parametrize(
    ("number", "fix"),
    [(errno.ENOSPC, "Free some space"), (errno.EDQUOT, "quota"), (errno.EACCES, "that you may write")],
)
def test_the_system_s_refusal_is_told(tmp_path: Path, number: int, fix: str) -> None:
    with pytest.raises(RunError) as caught, new_folder(tmp_path / "out", "x"):
        raise OSError(number, os.strerror(number), "scores.parquet")
    assert os.strerror(number) in str(caught.value)
    assert "scores.parquet" in str(caught.value)
    assert fix in str(caught.value)
    assert "nothing of it was kept" in str(caught.value)
    assert left(tmp_path) == []


@pytest.mark.parametrize("inside", ["file", "file/out"])
def test_a_file_in_place_of_the_folder(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match=r"name a folder with --out"), new_folder(tmp_path / inside, "x"):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_as_the_file_system_says_it(tmp_path: Path) -> None:
    """/dev/full refuses every byte, as a full disk does."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")

    def fill(draft: Draft) -> None:
        (draft.path / "run.json").symlink_to("/dev/full")
        write_json(draft.path / "run.json", {"a": 1})

    with pytest.raises(RunError, match="No space left"), new_folder(tmp_path / "out", "x") as draft:
        fill(draft)
    assert left(tmp_path) == []


KILLED = """
import os, signal, sys
from tael.runs.folder import new_folder
with new_folder(sys.argv[1], "x") as draft:
    (draft.path / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_draft_of_a_killed_process_goes_with_the_next_run_and_a_living_one_stays(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert [name[:12] for name in left(tmp_path)] == [".tael-run-x-"]
    (stale,) = tmp_path.iterdir()
    with new_folder(tmp_path, "y", now=NOON) as living:
        assert not stale.exists()
        (living.path / "mine").write_text("mine")
        with new_folder(tmp_path, "z", now=NOON):
            assert living.path.exists()
        assert living.path.exists()
    assert left(tmp_path) == ["y-20240501-120000", "z-20240501-120000"]


def test_other_hidden_folders_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / ".tael-0123-project").mkdir()
    (tmp_path / ".git").mkdir()
    with new_folder(tmp_path, "x", now=NOON):
        pass
    assert left(tmp_path) == [".git", ".tael-0123-project", "x-20240501-120000"]


def test_json_has_no_nan(tmp_path: Path) -> None:
    import numpy as np

    write_json(tmp_path / "a.json", {"a": float("nan"), "b": np.array([1.0, np.inf]), 3: NOON, "d": np.int64(2)})
    assert read_json(tmp_path / "a.json") == {"a": None, "b": [1.0, None], "3": "2024-05-01T12:00:00", "d": 2}
    assert plain({"x": {1: (True, None)}}) == {"x": {"1": [True, None]}}


def test_reading_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a folder with run\.json"):
        read_json(tmp_path / "run.json")
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be read"):
        read_json(tmp_path / "run.json")
    (tmp_path / "run.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match="cannot be read"):
        read_json(tmp_path / "run.json")
