"""Wall seconds of each stage of a run, told as the stages begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str, str, float], None]


class Clock:
    """Wall seconds of each stage, told as they begin.

    Attributes
    ----------
    wall : dict of str to float
        Stage -> seconds.
    cpu : float
        CPU seconds of the process when the clock was made.
    """

    def __init__(self, tell: Tell | None) -> None:
        self.tell, self.wall = tell, dict[str, float]()
        self.cpu = time.process_time()

    @contextmanager
    def stage(self, name: str, text: str) -> Iterator[None]:
        """Time what is done inside."""
        self.say(name, text, 0.0)
        start = time.monotonic()
        yield
        self.wall[name] = round(time.monotonic() - start, 3)
        self.say(name, text, 1.0)

    def say(self, name: str, text: str, share: float) -> None:
        """Tell progress within a stage."""
        if self.tell is not None:
            self.tell(name, text, share)
