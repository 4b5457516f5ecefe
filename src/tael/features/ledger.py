"""The ledger of a search: everything that was tried, what it scored, and why it was dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from tael.formulas.printer import to_text
from tael.formulas.syntax import Node


@dataclass
class _Entry:
    score: float
    agreement: float
    coverage: float
    test: float = float("nan")
    fate: str = "beyond keep"
    because_of: Node | None = None


class Ledger:
    """What became of each candidate. Formulas are written as text when somebody looks, not before.

    Examples
    --------
    >>> from tael.formulas.syntax import Name
    >>> amount = Name(("amount",))
    >>> ledger = Ledger()
    >>> ledger.enter(amount, 3.0, 1.0, 1.0)
    >>> ledger.drop(amount, "no gain")
    >>> ledger.summary()
    {'no gain': 1}
    """

    def __init__(self) -> None:
        self._entries: dict[Node, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._entries)

    def __contains__(self, formula: object) -> bool:
        return formula in self._entries

    def enter(self, formula: Node, score: float, agreement: float, coverage: float, test: float = float("nan")) -> None:
        """Record a candidate's score (standard deviations above chance), its agreement in time and its coverage.

        ``test`` is the score without drift in time, which is compared with chance.
        """
        self._entries[formula] = _Entry(score, agreement, coverage, test)

    def test(self, formula: Node) -> float:
        """What is compared with chance."""
        return self._entries[formula].test

    def drop(self, formula: Node, reason: str, with_: Node | None = None) -> None:
        """Record why a candidate was dropped, and for which other one."""
        entry = self._entries[formula]
        entry.fate, entry.because_of = reason, with_

    def keep(self, formula: Node) -> None:
        """Record that a formula was kept; one that was forced in enters here."""
        self._entries.setdefault(formula, _Entry(float("nan"), float("nan"), float("nan"))).fate = "kept"

    def skipped(self, formulas: Iterable[Node], reason: str) -> None:
        """Record candidates that were never tried: ``"out of time"``, ``"interrupted"``, ``"beyond the budget"``."""
        for formula in formulas:
            self._entries[formula] = _Entry(float("nan"), float("nan"), float("nan"), fate=reason)

    def coverage(self, formula: Node) -> float:
        """Share of observations for which a formula had a value; NaN if it was not tried."""
        entry = self._entries.get(formula)
        return float("nan") if entry is None else entry.coverage

    def summary(self) -> dict[str, int]:
        """How many candidates met which fate."""
        return dict(Counter(entry.fate for entry in self._entries.values()).most_common())

    def frame(self) -> pl.DataFrame:
        """The whole ledger as a frame: formula, score, agreement, coverage, test, fate, because_of."""
        return pl.DataFrame(
            {
                "formula": [to_text(formula) for formula in self._entries],
                "score": [e.score for e in self._entries.values()],
                "agreement": [e.agreement for e in self._entries.values()],
                "coverage": [e.coverage for e in self._entries.values()],
                "test": [e.test for e in self._entries.values()],
                "fate": [e.fate for e in self._entries.values()],
                "because_of": [None if e.because_of is None else to_text(e.because_of) for e in self._entries.values()],
            },
            schema_overrides={"because_of": pl.String},
        )
