"""Signals: what is half-written is taken away, also where the signal falls into a ``__del__``."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, time
from tael.cli.ending import unwound

class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})
        for _ in range(1000):
            pass  # the handler runs here, and what it raises goes no further

try:
    with unwound():
        held = Held()
        del held
        for _ in range(2000):
            time.sleep(0.01)
        print("never told to end")
finally:
    print("taken away")
"""


@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 143), ("SIGINT", -2)])
def test_a_signal_that_falls_into_a_del_is_not_lost(number: str, code: int) -> None:
    script = SCRIPT.replace("{number}", number)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "taken away\n", done
    assert done.returncode == code
    assert "Exception ignored" not in done.stderr


def test_other_faults_in_a_del_are_told_as_ever() -> None:
    script = SCRIPT.replace("os.kill(os.getpid(), signal.{number})", "raise ValueError('a fault')")
    script = script.replace("range(2000)", "range(2)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "ValueError: a fault" in done.stderr
    assert done.stdout.startswith("never told to end")
