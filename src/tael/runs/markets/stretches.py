"""How time is parted: training, validation, test; what labels reach into is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.errors import ScenarioError
from tael.formulas.parser import parse
from tael.formulas.syntax import Call, Literal, Node, children
from tael.runs.markets.plan import MarketPlan


@dataclass(frozen=True)
class Stretches:
    """The bars of each stretch.

    Attributes
    ----------
    start, validation, test, bars : int
        The first bar of each, and how many bars there are.
    ahead : int
        How many bars the label looks ahead.
    embargo : int
    """

    start: int
    validation: int
    test: int
    bars: int
    ahead: int
    embargo: int

    @property
    def purged(self) -> int:
        """Bars left out before the next stretch."""
        return self.ahead + self.embargo

    def labelled(self) -> dict[str, tuple[int, int]]:
        """First bar and end of each stretch, without the bars whose labels reach into the next."""
        return {
            "train": (self.start, self.validation - self.purged),
            "validation": (self.validation, self.test - self.purged),
            "out_of_time": (self.test, self.bars),
        }


def stretches(plan: MarketPlan, times: NDArray[np.datetime64]) -> Stretches:
    """Find the bars of the plan's dates or shares.

    Raises
    ------
    ScenarioError
        If a date cannot be read, or a stretch would have no bars.
    """
    count = len(times)
    start = 0 if plan.split.start is None else _bar(plan.split.start, times, "split.start")
    validation = _bar(plan.split.validation, times, "split.validation")
    test = _bar(plan.split.test, times, "split.test")
    made = Stretches(start, validation, test, count, ahead_of(plan.label.formula), plan.split.embargo)
    for name, (first, end) in made.labelled().items():
        if end - first < 2:
            raise ScenarioError(
                f"The stretch {name!r} has no bars.",
                expected=f"bars in training, validation and test, with {made.purged} left out between them",
                got=f"{count} bars from {times[0]} to {times[-1]}; validation from bar {validation}, test from {test}",
                where="[split]",
                fix="Move the dates, or bring more history.",
            )
    return made


def _bar(stated: str | float, times: NDArray[np.datetime64], where: str) -> int:
    if not isinstance(stated, str):
        if not 0 < stated < 1:
            raise ScenarioError(
                "A share of the bars lies between 0 and 1.", got=str(stated), where=where, fix="Write 0.6, or a date."
            )
        return round(stated * len(times))
    try:
        day = np.datetime64(stated)
    except ValueError:
        raise ScenarioError(
            "A date cannot be read.",
            expected='such as "2021-01-01"',
            got=stated,
            where=where,
            fix="Write it like that.",
        ) from None
    return int(np.searchsorted(times, day))


def ahead_of(formula: str) -> int:
    """How many bars a label's formula looks ahead at most.

    >>> ahead_of("close[+2] / close[+1] - 1"), ahead_of("ts_sum(returns[+1], 5)[+5]")
    (2, 6)
    """
    return _reach(parse(formula))


def _reach(node: Node) -> int:
    if not isinstance(node, Call):
        return 0
    within = max((_reach(child) for child in children(node)), default=0)
    far = node.args[1] if node.op == "ahead" else None
    return within + (int(far.value) if isinstance(far, Literal) else 0)
