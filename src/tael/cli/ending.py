"""An end that somebody asks for: `kill` and Ctrl-C unwind the program, so that half-written folders are taken away."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED, ENDED = 130, 143
"""Exit codes after Ctrl-C and after `kill`."""
_AGAIN = 0.05


def _ended(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


@contextmanager
def unwound() -> Iterator[None]:
    """Make `kill` raise `SystemExit`, and see to it that neither it nor Ctrl-C is lost.

    An exception that a signal raises inside a ``__del__`` (LightGBM frees its sets in one) goes no further: Python
    tells of it and forgets it. The signal is then sent again a moment later, when something else is being done.
    """
    before, told = signal.signal(signal.SIGTERM, _ended), sys.unraisablehook

    def again(lost: sys.UnraisableHookArgs) -> None:
        error = lost.exc_value
        if isinstance(error, SystemExit) and error.code == ENDED:
            number = signal.SIGTERM
        elif isinstance(error, KeyboardInterrupt):
            number = signal.SIGINT
        else:
            told(lost)
            return
        timer = threading.Timer(_AGAIN, os.kill, (os.getpid(), number))
        timer.daemon = True
        timer.start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = told
        signal.signal(signal.SIGTERM, before)
