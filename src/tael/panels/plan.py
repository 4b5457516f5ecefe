"""``PanelPlan``: many formulas on one panel, computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tael.errors import FormulaError, PanelError
from tael.formulas.panel import PanelNode, resolve_panel
from tael.formulas.syntax import Node
from tael.panels.graph import Graph
from tael.panels.panel import Array, Panel
from tael.panels.running import Runner

Formula = str | Node


class PanelPlan:
    """Formulas on a panel: read, checked, and made one graph in which what they share is computed once.

    Series and row operators are computed on a few entities at a time, so that what lies between the formulas stays in
    the processor's cache and never becomes an array of the panel's size; cross-sections are computed on whole bars.

    Parameters
    ----------
    formulas : sequence of str or Node
    panel : Panel
    label : bool
        Whether the formulas are labels: only then may they look forward (``close[+5]``).
    dtype : {float64, float32}, optional
        Left out: that of the panel's fields. Window sums are float64 in any case.
    n_threads : int, optional
    block : int, optional
        Entities at a time; left out: as the cache allows.
    max_bytes : int, optional
        Memory that :meth:`compute` may take, results included: formulas are computed in as many runs as that needs,
        and what they share between runs is computed again. Left out: all in one run.

    Attributes
    ----------
    lookback : float
        How many bars before the newest the formulas need; infinity where all count.

    Raises
    ------
    FormulaError
        The first formula that does not fit the panel, with its number.

    Examples
    --------
    >>> import numpy as np
    >>> panel = Panel(np.arange("2024-01-01", "2024-01-05", dtype="M8[D]"), ("A", "B"),
    ...               {"close": np.array([[1.0, 8.0], [2.0, 4.0], [4.0, 2.0], [8.0, 1.0]])})
    >>> plan = PanelPlan(["close / delay(close, 1)", "log(close / delay(close, 1))"], panel)
    >>> plan
    PanelPlan(2 formulas, 4 steps, lookback 1)
    >>> plan.compute()[0][-1].tolist(), plan.compute_last(1)[0].tolist()
    ([2.0, 0.5], [[2.0, 0.5]])
    """

    def __init__(
        self,
        formulas: Sequence[Formula],
        panel: Panel,
        *,
        label: bool = False,
        dtype: Any = None,
        n_threads: int | None = None,
        block: int | None = None,
        max_bytes: int | None = None,
    ) -> None:
        if isinstance(formulas, str):
            raise FormulaError("Formulas come as a list.", got=repr(formulas), fix="Write [formula].")
        self.panel, self.label, self.dtype, self.n_threads, self.block = panel, label, dtype, n_threads, block
        self.formulas = tuple(formulas)
        schema = panel.schema
        self.bound: list[PanelNode] = []
        for number, formula in enumerate(self.formulas):
            try:
                self.bound.append(resolve_panel(formula, schema, label=label))
            except FormulaError as error:
                raise FormulaError(
                    error.problem, expected=error.expected, got=error.got, fix=error.fix,
                    where=f"formula {number + 1}: {error.where}" if len(self.formulas) > 1 else error.where,
                ) from None  # fmt: skip
        self.max_bytes = max_bytes
        self._runner = self._runner_of(self.bound)
        self.graph = self._runner.graph

    def __repr__(self) -> str:
        return (
            f"PanelPlan({len(self.formulas):,} formulas, {len(self.graph.steps):,} steps, lookback {self.lookback:g})"
        )

    @property
    def lookback(self) -> float:
        """Bars before the newest that the formulas need."""
        return self.graph.lookback

    @property
    def memory(self) -> int:
        """Bytes that :meth:`compute` takes at most beside the panel, the results included."""
        return self._runner.memory()

    def compute(self) -> list[Array]:
        """All bars of all formulas.

        Returns
        -------
        list of array, shape (T, N)
            One for each formula, in their order; formulas that say the same share an array.
        """
        if self.max_bytes is None or self.memory <= self.max_bytes:
            return self._runner.run(0)
        results = len(set(self.graph.outputs)) * self._runner.array_bytes
        return self._within(self.bound, self.max_bytes - results)

    def _within(self, formulas: list[PanelNode], spare: int) -> list[Array]:
        """Formulas in runs that take at most ``spare`` bytes beside their results."""
        runner = self._runner_of(formulas)
        beside = runner.memory() - len(set(runner.graph.outputs)) * runner.array_bytes
        if beside <= spare:
            return runner.run(0)
        if len(formulas) == 1:
            raise PanelError(
                "A formula does not fit into the memory that it may take.",
                expected=f"{spare / 1e6:,.0f} MB beside the results",
                got=f"{beside / 1e6:,.0f} MB",
                fix="Allow more, cut the panel (panel.window), use dtype=float32, or take plan.batches(size).",
            )
        middle = len(formulas) // 2
        return [*self._within(formulas[:middle], spare), *self._within(formulas[middle:], spare)]

    def _runner_of(self, formulas: list[PanelNode]) -> Runner:
        return Runner(Graph(formulas), self.panel, dtype=self.dtype, n_threads=self.n_threads, block=self.block)

    def compute_last(self, bars: int = 1) -> list[Array]:
        """The newest bars alone: to the last bit the last rows of :meth:`compute`, without computing the others.

        Parameters
        ----------
        bars : int
            How many, at least 1.

        Returns
        -------
        list of array, shape (bars, N)
        """
        if not 1 <= bars <= len(self.panel):
            raise PanelError("So many bars cannot be computed.", expected=f"1 to {len(self.panel)}", got=str(bars))
        first = len(self.panel) - bars
        origin = self.graph.origin(first)
        recent = self.panel.window(origin)
        runner = Runner(self.graph, recent, dtype=self.dtype, n_threads=self.n_threads, block=self.block, origin=origin)
        return [values[first - origin :].copy() for values in runner.run(first - origin)]

    def batches(self, size: int) -> Iterator[tuple[slice, list[Array]]]:
        """The formulas some at a time, so that only a batch's results are in memory.

        Parameters
        ----------
        size : int
            Formulas in a batch.

        Yields
        ------
        slice, list of array of shape (T, N)
            Which formulas, and their values.

        Examples
        --------
        >>> import numpy as np
        >>> panel = Panel(np.array(["2024-01-01"], "M8[D]"), ("A",), {"close": [[2.0]]})
        >>> plan = PanelPlan(["close", "-close", "close + 1"], panel)
        >>> [(which.start, len(values)) for which, values in plan.batches(2)]
        [(0, 2), (2, 1)]
        """
        if size < 1:
            raise PanelError("A batch holds at least one formula.", got=str(size))
        for first in range(0, len(self.bound), size):
            part = slice(first, min(first + size, len(self.bound)))
            yield part, self._runner_of(self.bound[part]).run(0)


def compute(
    panel: Panel, formulas: Sequence[Formula], *, label: bool = False, dtype: Any = None, n_threads: int | None = None
) -> list[Array]:
    """Compute formulas on a panel.

    Parameters
    ----------
    panel : Panel
    formulas : sequence of str or Node
    label, dtype, n_threads
        See :class:`PanelPlan`.

    Returns
    -------
    list of array, shape (T, N)

    Raises
    ------
    FormulaError
        The first formula that does not fit the panel.

    Examples
    --------
    >>> import numpy as np
    >>> panel = Panel(np.array(["2024-01-01", "2024-01-02"], "M8[D]"), ("A", "B"), {"close": [[1.0, 2.0], [3.0, 1.0]]})
    >>> compute(panel, ["rank(close)", "close[+1] / close - 1"], label=True)[0].tolist()
    [[0.5, 1.0], [1.0, 0.5]]
    """
    return PanelPlan(formulas, panel, label=label, dtype=dtype, n_threads=n_threads).compute()
