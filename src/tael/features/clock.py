"""A search's budget of time and of candidates."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tael.features.ledger import Ledger
from tael.formulas.syntax import Node

RESERVED = 0.35  # of the time, for the weighing


@dataclass
class Clock:
    """Runs from the moment it is made.

    Parameters
    ----------
    seconds : float or None
        For everything, the weighing included.
    candidates : int or None
        How many may still be tried.

    Examples
    --------
    >>> Clock().over(), Clock(seconds=0.0).over()
    (False, True)
    """

    seconds: float | None = None
    candidates: int | None = None
    start: float = field(default_factory=time.monotonic)

    def left(self) -> float | None:
        """Seconds left; None if there is no limit."""
        return None if self.seconds is None else self.seconds - (time.monotonic() - self.start)

    def over(self) -> bool:
        """Whether all of the time is spent."""
        left = self.left()
        return left is not None and left <= 0.0

    def search_over(self) -> bool:
        """Whether what is left is reserved for the weighing."""
        left = self.left()
        return left is not None and self.seconds is not None and left <= RESERVED * self.seconds

    def afford(self, candidates: list[Node], ledger: Ledger) -> list[Node]:
        """Those of one layer that the budget of candidates allows, spread evenly; the ledger is told of the others."""
        if self.candidates is None or len(candidates) <= self.candidates:
            self.candidates = None if self.candidates is None else self.candidates - len(candidates)
            return candidates
        allowed, self.candidates = self.candidates, 0
        staying = {int(i * len(candidates) / allowed) for i in range(allowed)} if allowed else set()
        ledger.skipped([node for i, node in enumerate(candidates) if i not in staying], "beyond the budget")
        return [node for i, node in enumerate(candidates) if i in staying]

    def share_out(self, parts: list[list[Node]], ledger: Ledger, *, deeper: bool) -> list[list[Node]]:
        """What the budget of candidates allows of each part, in proportion; a tenth is left for a deeper layer."""
        total = sum(map(len, parts))
        if self.candidates is None:
            return parts
        whole = self.candidates
        allowed = whole - whole // 10 if deeper else whole
        if total > allowed:
            parts = [self._part(part, len(part) * allowed // total, ledger) for part in parts]
        self.candidates = whole - sum(map(len, parts))
        return parts

    @staticmethod
    def _part(part: list[Node], most: int, ledger: Ledger) -> list[Node]:
        one = Clock(candidates=most)
        return one.afford(part, ledger)
