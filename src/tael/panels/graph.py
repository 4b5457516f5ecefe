"""Many formulas as one graph: what they share is one node, and every node knows how many bars it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tael.formulas import operators
from tael.formulas.panel import PanelCall, PanelConstant, PanelField, PanelNode, own_lookback
from tael.tables.schema import Type

_COMMUTE = frozenset({"add", "mul", "minimum", "maximum", "eq", "ne", "and", "or", "ts_corr", "ts_cov"})
_TURNED = {"gt": "lt", "ge": "le"}


@dataclass(frozen=True, slots=True)
class Step:
    """One node of the graph.

    Attributes
    ----------
    op : str
        An operator; ``"field"`` and ``"constant"`` are leaves.
    args : tuple of int
        Steps before this one.
    constants, by, min_periods
        See :class:`tael.formulas.panel.PanelCall`.
    name, value
        Of leaves.
    type : Type
    back : float
        Bars that the operator looks back by itself.
    level : int
        How many cross-sections lie below it and in it, one above another.
    """

    op: str
    args: tuple[int, ...]
    constants: tuple[float, ...]
    by: tuple[str, ...]
    min_periods: int | None
    name: str
    value: float | bool | str | None
    type: Type
    back: float
    level: int

    @property
    def kind(self) -> str:
        """``field``, ``constant``, ``row``, ``series`` or ``cross``."""
        return operators.get(self.op).kind if self.args else self.op

    @property
    def leaf(self) -> bool:
        """Whether it is a field or a constant."""
        return not self.args


class Graph:
    """The steps of some formulas, arguments before what uses them.

    Parameters
    ----------
    formulas : sequence of PanelNode

    Attributes
    ----------
    steps : list of Step
    outputs : list of int
        The step of each formula.

    Examples
    --------
    >>> from tael.formulas.panel import PanelSchema, resolve_panel
    >>> texts = ["close / delay(close, 1) - 1", "delay(close, 1)", "1 < close", "close > 1"]
    >>> graph = Graph([resolve_panel(text, PanelSchema.of("close")) for text in texts])
    >>> len(graph.steps), graph.outputs
    (6, [4, 1, 5, 5])
    """

    def __init__(self, formulas: Sequence[PanelNode]) -> None:
        self.steps: list[Step] = []
        self._known: dict[object, int] = {}
        self.outputs = [self._add(formula) for formula in formulas]

    def _add(self, node: PanelNode) -> int:
        match node:
            case PanelField():
                return self._keep(Step("field", (), (), (), None, node.name, None, node.type, 0.0, 0))
            case PanelConstant():
                return self._keep(Step("constant", (), (), (), None, "", node.value, node.type, 0.0, 0))
            case PanelCall():
                args = tuple(self._add(arg) for arg in node.args)
                op = node.op
                if op in _TURNED:
                    op, args = _TURNED[op], args[::-1]
                if op in _COMMUTE:
                    args = tuple(sorted(args))
                below = max(self.steps[arg].level for arg in args)
                level = below + (operators.get(op).kind == "cross")
                return self._keep(
                    Step(op, args, node.constants, node.by, node.min_periods, "", None, node.type,
                         own_lookback(node), level)
                )  # fmt: skip

    def _keep(self, step: Step) -> int:
        # True and 1 are different constants, although Python holds them to be equal
        key = (step, type(step.value))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.steps)
            self.steps.append(step)
        return found

    @property
    def lookback(self) -> float:
        """How many bars before the newest all formulas together need."""
        reach: list[float] = []
        for step in self.steps:
            reach.append(max(0.0, step.back + max((reach[arg] for arg in step.args), default=0.0)))
        return max((reach[output] for output in self.outputs), default=0.0)

    def starts(self, first: int) -> list[int]:
        """From which bar each step is needed, if the outputs are wanted from bar ``first`` on.

        >>> from tael.formulas.panel import PanelSchema, resolve_panel
        >>> Graph([resolve_panel("ts_mean(delay(close, 3), 5)", PanelSchema.of("close"))]).starts(100)
        [93, 96, 100]
        """
        needed = [math.inf] * len(self.steps)
        for output in self.outputs:
            needed[output] = first
        for number in range(len(self.steps) - 1, -1, -1):
            step = self.steps[number]
            for arg in step.args:
                needed[arg] = min(needed[arg], needed[number] - max(step.back, 0.0))
        return [max(0, int(start)) if start > -math.inf else 0 for start in needed]

    def origin(self, first: int) -> int:
        """The first bar that must be read, if the outputs are wanted from bar ``first`` on.

        Somewhat more than :meth:`starts` asks for: a kernel may be entered at multiples of its window alone.
        """
        starts = self.starts(first)
        early = 0.0
        for step, start in zip(self.steps, starts, strict=True):
            early = max(early, first - start + 2 * max(step.back, 0.0) + 2)
        return max(0, first - int(early)) if early < math.inf else 0
