"""Runs that are stopped or killed in the middle, as processes of their own."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TAEL = [sys.executable, "-m", "tael.cli"]


def stopped(folder: Path, out: Path, number: int, stage: str) -> tuple[int, str]:
    """Start a run, wait until it tells a stage, send a signal."""
    process = subprocess.Popen(
        [*TAEL, "run", str(folder), "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if stage in line:
            break
    else:
        pytest.fail(f"the run ended before {stage}: {told}")
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)
    return process.returncode, told + rest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_nothing(small_project: Any, tmp_path: Path, number: int, code: int) -> None:
    small_project.swap("keep = 6", "keep = 60").swap('windows = ["90d"]', 'windows = ["30d", "90d", "1y", "all"]')
    returned, told = stopped(small_project.write(), tmp_path / "out" / "runs", number, "making observations")
    assert returned == code
    assert "Stopped. Nothing half-made was left." in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_killed_leaves_a_hidden_draft_which_the_next_run_clears(
    small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]
) -> None:
    out = tmp_path / "out"
    returned, _ = stopped(small_project.write(), out, signal.SIGKILL, "making observations")
    assert returned == -signal.SIGKILL
    assert [path.name[:15] for path in out.iterdir()] == [".tael-run-small"]
    said = tael_cli("run", small_project.folder, "--out", out)
    assert said.code == 0, said.err
    (made,) = out.iterdir()
    assert said.out.splitlines()[-1] == str(made / "report.html")


def test_a_disk_that_is_full(small_project: Any, tmp_path: Path) -> None:
    """A limit on the size of files does to the run what a full disk does: a write in the middle fails."""
    done = subprocess.run(
        [*TAEL, "run", str(small_project.write()), "--out", str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000)),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "The run cannot be written, and nothing of it was kept." in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


NOBODY = """
import os, sys
import tael.datasets, tael.runs.runner, tael.reports, tael.scenarios.project  # while they may still be read
from tael.cli import main
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.argv = ["tael", "run", "credit-approval", "--customers", "100", "--out", sys.argv[1]]
main()
"""


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    if os.geteuid() == 0:  # the way there must be open to nobody, so that only the folder itself is closed
        for folder in [tmp_path, *tmp_path.parents]:
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", NOBODY, str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "The run cannot be written" in done.stderr
    assert "Permission denied" in done.stderr
    assert "that you may write" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []
