"""The paper broker is killed a hundred times: no order is doubled or lost, and the book balances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).with_name("killing.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_hundred_kills(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(KILLING), str(tmp_path), "100", "7"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["kills"] == 100
    assert said["faults"] == []
    assert said["same"], "orders, fills, equity or cash differ from those of a run that nobody disturbed"
    assert said["doubled"] == 0
    assert said["orders"] > 50
    assert said["fills"] > 30
    died = {step.split(":")[0] for step in said["steps"]}
    assert {"submit", "fill", "end_of_day", "SIGKILL"} <= died, said["steps"]
