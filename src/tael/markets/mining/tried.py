"""What was tried: a record for each formula, and the ledger that says what became of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.formulas.printer import to_text
from tael.formulas.syntax import Node

Array = NDArray[Any]
NAN = float("nan")


@dataclass(eq=False)
class Tried:
    """One formula and what is known of it.

    Attributes
    ----------
    node : Node
        Canonical.
    generation : int
        0: of the first formulas; else how many times it was bred.
    screened : float32 array
        Rank IC on the bars of the screen.
    score : float
        |t| on the bars that may guide breeding, less a little for its length.
    t : float
        On the bars that judge it: all of the screen's at first, all of the panel's later; of a bred formula those that
        its breeding did not see.
    rank_ic : float
        Mean.
    coverage : float
        Share of the members that have a value.
    marks : float32 array or None
        Its ranks on a few bars, standardised: the product of two formulas' marks is their mean rank correlation.
    turnover : float
        Mean distance that a rank moves from bar to bar, over that of a random order: 0 to about 1.
    steady : int
        Of five blocks of time, how many have the sign of the whole.
    novelty : float
        1 less the largest rank correlation with what is kept or held.
    gain_t : float
        t of its rank IC with what the factors kept before it leave unexplained.
    why : str
        What became of it.
    because_of : str
        The formula that did better, if one did.
    """

    node: Node
    generation: int
    screened: Array = field(repr=False)
    score: float
    t: float
    rank_ic: float
    coverage: float = NAN
    marks: Array | None = field(default=None, repr=False)
    turnover: float = NAN
    steady: int = 0
    novelty: float = NAN
    gain_t: float = NAN
    why: str = "beyond keep"
    because_of: str = ""

    @property
    def text(self) -> str:
        """The formula."""
        return to_text(self.node)

    @property
    def open(self) -> bool:
        """Whether nothing has spoken against it so far."""
        return self.why == "beyond keep"

    def drop(self, why: str, because_of: str = "") -> None:
        """Say why it is not kept."""
        self.why, self.because_of = why, because_of


class Ledger:
    """Every formula tried, in the order in which it was.

    Examples
    --------
    >>> from tael.formulas.parser import parse
    >>> ledger = Ledger()
    >>> ledger.enter(Tried(parse("close"), 0, np.zeros(1), 0.1, 0.1, 0.001))
    >>> ledger.tried[0].drop("weak")
    >>> ledger.summary(), parse("close") in ledger
    ({'weak': 1}, True)
    """

    def __init__(self) -> None:
        self.tried: list[Tried] = []
        self._nodes: set[Node] = set()

    def __len__(self) -> int:
        return len(self.tried)

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def enter(self, one: Tried) -> None:
        """Record a formula."""
        self.tried.append(one)
        self._nodes.add(one.node)

    def standing(self) -> list[Tried]:
        """Those that nothing has spoken against."""
        return [one for one in self.tried if one.open]

    def summary(self) -> dict[str, int]:
        """How many formulas met which fate."""
        return dict(Counter(one.why for one in self.tried).most_common())

    def frame(self) -> pl.DataFrame:
        """A row for each formula: formula, generation, rank_ic, t, turnover, novelty, coverage, why, because_of."""
        names = ("rank_ic", "t", "gain_t", "turnover", "novelty", "coverage")
        columns: dict[str, Any] = {
            "formula": [one.text for one in self.tried],
            "generation": [one.generation for one in self.tried],
            **{name: np.array([getattr(one, name) for one in self.tried], dtype=np.float64) for name in names},
            "why": [one.why for one in self.tried],
            "because_of": [one.because_of for one in self.tried],
        }
        strings = dict.fromkeys(("formula", "why", "because_of"), pl.String)
        return pl.DataFrame(columns, schema_overrides={**strings, "generation": pl.Int64})
