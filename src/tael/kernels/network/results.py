"""What a network kernel gives: columns, how often a hub was cut, and the edges that matched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError
from tael.kernels._memory import NAT, column
from tael.kernels._threads import cut, n_threads_or_default, share_out
from tael.kernels.network.graph import TemporalGraph

CAP = 100
"""At most so many edges of one node are looked at in one step: the latest ones."""

_FIRST_ROOM, _MOST_ROOM, _SMALL = 256, 1 << 22, 2_000


@dataclass(frozen=True)
class Matches:
    """The edges that matched, for each query.

    Attributes
    ----------
    offsets : (n + 1,) int64
        Query i has ``edges[offsets[i] : offsets[i + 1]]``.
    edges : (offsets[-1],) int32
        Edge ids, ascending, each once a query.
    """

    offsets: NDArray[np.int64]
    edges: NDArray[np.int32]

    def of(self, i: int) -> NDArray[np.int32]:
        """The edges of query i."""
        return self.edges[self.offsets[i] : self.offsets[i + 1]]


@dataclass(frozen=True)
class Found:
    """What a kernel found for n queries.

    Attributes
    ----------
    columns : dict of (n,) float64
        By name; NaN is missing.
    cuts : (n,) int32
        How many times a node with more than ``cap`` edges was cut to its latest ones, or a search ended early.
    evidence : Matches or None
        The edges that matched, where asked for.
    """

    columns: Mapping[str, NDArray[np.float64]]
    cuts: NDArray[np.int32]
    evidence: Matches | None = None

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]


@dataclass(frozen=True)
class Queries:
    """Nodes and cutoffs, checked: int32 and int64, nodes that the graph lacks are -1."""

    nodes: NDArray[np.int32]
    cutoffs: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.nodes)

    @classmethod
    def of(cls, graph: TemporalGraph, nodes: ArrayLike, cutoffs: ArrayLike) -> Queries:
        """Check them.

        Raises
        ------
        FeaturesError
            Of different lengths.
        """
        asked, when = np.asarray(nodes), column(cutoffs, (np.int64,))
        if asked.shape != when.shape or asked.ndim != 1:
            raise FeaturesError(
                "Nodes and cutoffs differ in length.", expected="one cutoff a node", got=f"{asked.shape}, {when.shape}"
            )
        inside = (asked >= 0) & (asked < graph.n_nodes) & (when != NAT)
        # kernels compile anew for arrays that may not be written to
        return cls(np.where(inside, asked, -1).astype(np.int32), np.require(when, requirements="W"))


def span(value: int | np.timedelta64 | None, name: str) -> int:
    """Microseconds of a window, positive; -1 stands for None: all that came before.

    >>> span(np.timedelta64(1, "s"), "within"), span(None, "last")
    (1000000, -1)
    """
    if value is None:
        return -1
    length = int(value / np.timedelta64(1, "us")) if isinstance(value, np.timedelta64) else int(value)
    if length <= 0:
        raise FeaturesError(f"`{name}` must be positive.", expected="microseconds, or a timedelta64", got=str(value))
    return length


def whole(value: int, name: str, low: int, high: int) -> int:
    """A whole number between two others.

    >>> whole(3, "length", 2, 5)
    3
    """
    if int(value) != value or not low <= value <= high:
        raise FeaturesError(
            f"`{name}` is out of range.", expected=f"a whole number from {low} to {high}", got=str(value)
        )
    return int(value)


def run(
    task: Callable[[int, int, NDArray[np.int32]], int],
    n: int,
    n_threads: int | None,
    evidence: bool,
    weights: NDArray[np.int64] | None = None,
) -> Matches | None:
    """Call a kernel on shares of the queries; with evidence on each query alone, until its edges have room.

    Parameters
    ----------
    task : callable of (first, past, buffer)
        Writes the edges that matched into the buffer while there is room, and returns how many there were.
    n : int
    n_threads : int or None
    evidence : bool
    weights : (n,) int64, optional
        The cost of each query.
    """
    none = np.empty(0, np.int32)
    if not evidence:
        threads = n_threads_or_default(n_threads)
        costs = np.ones(n, np.int64) if weights is None else weights
        bounds = cut(costs, 1 if n < _SMALL else 8 * threads)
        share_out(lambda first, past: _run(task, first, past, none), bounds, threads)
        return None
    buffer, found = np.empty(_FIRST_ROOM, np.int32), []
    for i in range(n):
        n_matched = task(i, i + 1, buffer)
        if n_matched > len(buffer):
            buffer = np.empty(min(n_matched, _MOST_ROOM), np.int32)
            n_matched = min(task(i, i + 1, buffer), len(buffer))
        found.append(np.unique(buffer[:n_matched]))
    offsets = np.cumsum([0, *(len(one) for one in found)], dtype=np.int64)
    return Matches(offsets, np.concatenate([none, *found]))


def _run(task: Callable[[int, int, NDArray[np.int32]], int], first: int, past: int, none: NDArray[np.int32]) -> None:
    task(first, past, none)
