"""Many formulas on every k-th bar: what must see each bar is computed on all of them once, the rest on few."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.formulas import operators
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.kernels.panel import rank, rank_ic
from tael.panels import Panel, PanelPlan

Array = NDArray[Any]
Floats = NDArray[np.float64]
BATCH_BYTES = 128 << 20
"""Of the results of one batch on the whole panel."""
CACHE_BYTES = 192 << 20
"""Of series that several formulas share, on the bars of the stage."""


@dataclass(frozen=True)
class Batch:
    """Some formulas and their values.

    Attributes
    ----------
    nodes : list of Node
    values : list of array, shape (bars of the stage, N)
    ic : float64 array, shape (len(nodes), bars of the stage)
        Rank IC of each bar; NaN where too few entities have a value.
    """

    nodes: list[Node]
    values: list[Array]
    ic: Floats


class Stage:
    """A panel seen at some of its bars, with the outcome ranked once.

    A formula's outermost operators that look at one bar alone (quotients, ranks, neutralisation) are computed on the
    stage's bars; below them stand *series*, which need the bars between and are computed on all, once for all formulas
    that share them. Values are those of the whole computation.

    Parameters
    ----------
    panel : Panel
    outcome : array, shape (T, N)
    rows : array of int
        The bars of this stage, increasing.
    n_threads : int, optional
    dtype : {float32, float64}
        Of the values.

    Examples
    --------
    >>> from tael.formulas.parser import parse
    >>> rng = np.random.default_rng(0)
    >>> close = np.exp(rng.normal(0, 0.02, (50, 20)).cumsum(axis=0))
    >>> panel = Panel(np.datetime64("2024-01-01") + np.arange(50), tuple("abcdefghijklmnopqrst"), {"close": close})
    >>> stage = Stage(panel, close / np.roll(close, 1, 0), np.arange(1, 50, 7))
    >>> [batch.ic.round(9).tolist() for batch in stage.batches([parse("close / delay(close, 1) - 1")])]
    [[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]]
    """

    def __init__(
        self,
        panel: Panel,
        outcome: Array,
        rows: NDArray[np.int64],
        *,
        n_threads: int | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self.panel, self.rows, self.n_threads, self.dtype = panel, rows, n_threads, np.dtype(dtype)
        self._all = len(rows) == len(panel)
        self.members = self._taken(panel.members)
        self.outcome = rank(self._taken(outcome).astype(self.dtype), self.members, n_threads=n_threads)
        self._groups = {name: self._taken(codes) for name, codes in panel.groups.items()}
        self._listed, self._suspended = self._taken(panel.listed), self._taken(panel.suspended)
        self._cache: OrderedDict[Node, Array] = OrderedDict()
        self._cached = 0

    @property
    def array_bytes(self) -> int:
        """Of one formula's values on the stage's bars."""
        return int(self.members.size * self.dtype.itemsize)

    @property
    def batch(self) -> int:
        """How many formulas are computed at a time."""
        return int(np.clip(BATCH_BYTES // max(self.panel.members.size * self.dtype.itemsize, 1), 2, 64))

    def batches(self, nodes: Sequence[Node]) -> Iterator[Batch]:
        """Compute formulas, those that share series beside each other's.

        Yields
        ------
        Batch
        """
        for first in range(0, len(nodes), self.batch):
            some = list(nodes[first : first + self.batch])
            values = self.values(some)
            yield Batch(some, values, np.stack([self.ic(one) for one in values]))

    def ic(self, values: Array, against: Array | None = None) -> Floats:
        """Rank IC of each bar, against the ranked outcome unless something else is given."""
        outcome = self.outcome if against is None else against
        return rank_ic(values, outcome, self.members, ranked=True, n_threads=self.n_threads)

    def values(self, nodes: Sequence[Node]) -> list[Array]:
        """The values of formulas on the stage's bars, NaN where missing or no member.

        Returns
        -------
        list of array, shape (bars of the stage, N)
        """
        split = [self._split(node) for node in nodes]
        series = list(dict.fromkeys(core for _, cores in split for core in cores))
        held = self._series(series)
        plain = [i for i, (outer, _) in enumerate(split) if isinstance(outer, Name)]
        out: dict[int, Array] = {i: held[split[i][1][0]] for i in plain if split[i][1]}
        others = [i for i in range(len(split)) if i not in out]
        if others:
            names = {core: f"series_{number}" for number, core in enumerate(series)}
            panel = Panel(
                self.panel.times[self.rows], self.panel.entities, {names[core]: held[core] for core in series},
                self._groups, self.panel.levels, self._listed, self._suspended, self.members,
            )  # fmt: skip
            written = [_named(nodes[i], names) for i in others]
            for i, one in zip(others, PanelPlan(written, panel, n_threads=self.n_threads).compute(), strict=True):
                out[i] = one
        return [out[i] for i in range(len(split))]

    def _split(self, node: Node) -> tuple[Node, list[Node]]:
        """The formula, and the series and fields on which its outermost operators stand."""
        cores: list[Node] = []

        def gather(one: Node) -> None:
            if isinstance(one, Literal):
                return
            if isinstance(one, Name):
                if ".".join(one.parts) in self.panel.fields:
                    cores.append(one)
                return
            if operators.get(one.op).kind == "series":
                cores.append(one)
                return
            for arg in one.args:
                gather(arg)

        gather(node)
        whole = cores == [node]
        return (Name(("series",)) if whole else node), cores

    def _series(self, nodes: list[Node]) -> dict[Node, Array]:
        """Series on the stage's bars, from the cache where they are there."""
        held = {node: self._cache[node] for node in nodes if node in self._cache}
        for node in held:
            self._cache.move_to_end(node)
        fields = [node for node in nodes if isinstance(node, Name) and node not in held]
        for node in fields:
            values = self._taken(self.panel.fields[".".join(node.parts)]).astype(self.dtype)
            values[~np.isfinite(values)] = np.nan
            held[node] = values
        missing = [node for node in nodes if node not in held]
        if missing:
            plan = PanelPlan(missing, self.panel, dtype=self.dtype, n_threads=self.n_threads)
            for part, arrays in plan.batches(self.batch):
                for node, values in zip(missing[part], arrays, strict=True):
                    held[node] = self._taken(values)
        for node in [*fields, *missing]:
            self._keep(node, held[node])
        return held

    def _keep(self, node: Node, values: Array) -> None:
        if values.nbytes > CACHE_BYTES // 4:
            return
        self._cache[node] = values
        self._cached += values.nbytes
        while self._cached > CACHE_BYTES:
            self._cached -= self._cache.popitem(last=False)[1].nbytes

    def _taken(self, values: Array) -> Array:
        return values if self._all else np.ascontiguousarray(values[self.rows])


def _named(node: Node, names: dict[Node, str]) -> Node:
    """The formula with its series written as fields."""
    if node in names:
        return Name((names[node],))
    if isinstance(node, Call):
        return Call(node.op, tuple(_named(arg, names) for arg in node.args), node.options)
    return node
