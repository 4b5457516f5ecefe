"""The typology of a gang: which shape explains most of its transfers, and which transfers those are.

Each shape marks the transfers that it explains; its fit is their share. Shapes are tried from the most particular
to the most general: the first whose fit reaches `CLEAR` names the gang, else the best above `FAINT`, else ``mixed``.
Counterparties count once, however many transfers they made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tael.networks.edges import Ints

Flags = NDArray[np.bool_]
CLEAR, FAINT = 0.75, 0.5


@dataclass(frozen=True, eq=False)
class Shape:
    """A gang's shape.

    Attributes
    ----------
    name : str
        One of `TYPOLOGIES`.
    fit : float
        Share of the gang's transfers that it explains, 0 to 1.
    explained : (E,) bool
        Which.
    """

    name: str
    fit: float
    explained: Flags


def name_shape(source: Ints, target: Ints, time: Ints) -> Shape:
    """Name the shape of some transfers.

    Parameters
    ----------
    source, target : (E,) int64
        Ends of the transfers, any codes.
    time : (E,) int64

    Returns
    -------
    Shape

    Examples
    --------
    >>> name_shape(np.array([0, 1, 2, 3]), np.array([9, 9, 9, 9]), np.arange(4)).name
    'fan_in'
    >>> name_shape(np.array([0, 1, 2]), np.array([1, 2, 0]), np.arange(3)).name
    'cycle'
    """
    nodes, codes = np.unique(np.concatenate([source, target]), return_inverse=True)
    a, b = codes[: len(source)].astype(np.int64), codes[len(source) :].astype(np.int64)
    graph = _Graph(len(nodes), a, b, np.asarray(time))
    best = Shape("mixed", 0.0, np.zeros(len(a), dtype=bool))
    for name, explain in _SHAPES.items():
        explained = explain(graph)
        fit = float(explained.mean()) if len(explained) else 0.0
        if fit >= CLEAR:
            return Shape(name, fit, explained)
        if fit > best.fit:
            best = Shape(name, fit, explained)
    return best if best.fit >= FAINT else Shape("mixed", 0.0, np.zeros(len(a), dtype=bool))


class _Graph:
    """Transfers, with each pair of accounts once."""

    def __init__(self, n: int, a: Ints, b: Ints, time: Ints) -> None:
        self.n, self.a, self.b, self.time = n, a, b, time
        self.pairs = np.unique(np.stack([a, b], axis=1)[a != b], axis=0)
        self.out = np.bincount(self.pairs[:, 0], minlength=n)
        self.into = np.bincount(self.pairs[:, 1], minlength=n)

    def none(self) -> Flags:
        return np.zeros(len(self.a), dtype=bool)


def _cycle(graph: _Graph) -> Flags:
    """Transfers on closed ways of three accounts or more, in which nobody has many counterparties."""
    matrix = sparse.coo_array((np.ones(len(graph.pairs)), tuple(graph.pairs.T)), shape=(graph.n, graph.n))
    labels = connected_components(matrix, connection="strong")[1]
    size = np.bincount(labels)
    inside = (labels[graph.a] == labels[graph.b]) & (size[labels[graph.a]] >= 3)
    within = labels[graph.pairs[:, 0]] == labels[graph.pairs[:, 1]]
    # a ring has about as many pairs as members; a clique of friends has many more
    sparse_ring = np.bincount(labels[graph.pairs[within, 0]], minlength=len(size)) <= 1.5 * size
    return np.asarray(inside & sparse_ring[labels[graph.a]])


def _scatter_gather(graph: _Graph) -> Flags:
    """From one account through several, who have little else, to one account."""
    best = graph.none()
    starts = np.flatnonzero(graph.out >= 2)
    ends = np.flatnonzero(graph.into >= 2)
    if not len(starts) or not len(ends):
        return best
    matrix = np.zeros((graph.n, graph.n), dtype=np.int32)
    matrix[graph.pairs[:, 0], graph.pairs[:, 1]] = 1
    through = matrix @ matrix
    np.fill_diagonal(through, 0)
    for s, t in np.argwhere(through >= 2)[np.argsort(-through[through >= 2], kind="stable")][:5]:
        middle = (matrix[s] > 0) & (matrix[:, t] > 0)
        middle[[s, t]] = False
        explained = ((graph.a == s) & middle[graph.b]) | (middle[graph.a] & (graph.b == t))
        if middle.sum() >= 2 and explained.sum() > best.sum():
            best = explained
    return best


def _gather_scatter(graph: _Graph) -> Flags:
    """Several pay one account, which pays several others."""
    both = np.minimum(graph.into, graph.out)
    if both.max(initial=0) < 2:
        return graph.none()
    hub = int(np.argmax(np.where(both >= 2, graph.into + graph.out, 0)))
    payers, paid = graph.pairs[graph.pairs[:, 1] == hub, 0], graph.pairs[graph.pairs[:, 0] == hub, 1]
    if min(len(np.setdiff1d(payers, paid)), len(np.setdiff1d(paid, payers))) < 2:
        return graph.none()  # the same people to and fro are no flow
    return (graph.a == hub) | (graph.b == hub)


def _fan_in(graph: _Graph) -> Flags:
    """Several pay one account."""
    return graph.b == int(np.argmax(graph.into)) if graph.into.max(initial=0) >= 3 else graph.none()


def _fan_out(graph: _Graph) -> Flags:
    """One account pays several."""
    return graph.a == int(np.argmax(graph.out)) if graph.out.max(initial=0) >= 3 else graph.none()


def _bipartite(graph: _Graph) -> Flags:
    """Several accounts that only pay, several that only receive, each of which has more than one counterparty."""
    giver, taker = (graph.into == 0) & (graph.out > 0), (graph.out == 0) & (graph.into > 0)
    explained = giver[graph.a] & taker[graph.b]
    if (giver & (graph.out >= 2)).sum() < 2 or (taker & (graph.into >= 2)).sum() < 2:
        return graph.none()
    return np.asarray(explained)


def _stack(graph: _Graph) -> Flags:
    """Layers of accounts, two wide or more, each paying the next: at least three layers."""
    level = _levels(graph)
    if level is None:
        return graph.none()
    wide = np.bincount(level, minlength=int(level.max()) + 2) >= 2
    step = (level[graph.b] == level[graph.a] + 1) & wide[level[graph.a]] & wide[level[graph.b]]
    return step if len(np.unique(level[graph.a[step]])) >= 2 else graph.none()


def _chain(graph: _Graph) -> Flags:
    """One way that passes through three accounts or more, one after another."""
    level = _levels(graph)
    if level is None or level.max(initial=0) < 2:
        return graph.none()
    at = int(np.argmax(level))
    on_way: set[tuple[int, int]] = set()
    while level[at] > 0:
        before = graph.pairs[graph.pairs[:, 1] == at, 0]
        previous = int(before[level[before] == level[at] - 1][0])
        on_way.add((previous, at))
        at = previous
    return np.array([(int(x), int(y)) in on_way for x, y in zip(graph.a, graph.b, strict=True)], dtype=bool)


def _levels(graph: _Graph) -> Ints | None:
    """Longest way to each account; None where there are cycles."""
    level, open_pairs = np.zeros(graph.n, dtype=np.int64), graph.pairs
    for _ in range(graph.n):
        higher = level.copy()
        np.maximum.at(higher, open_pairs[:, 1], level[open_pairs[:, 0]] + 1)
        if np.array_equal(higher, level):
            return level
        level = higher
    return None


_SHAPES: dict[str, Callable[[_Graph], Flags]] = {
    "cycle": _cycle,
    "scatter_gather": _scatter_gather,
    "fan_in": _fan_in,
    "fan_out": _fan_out,
    "gather_scatter": _gather_scatter,
    "bipartite": _bipartite,
    "stack": _stack,
    "chain": _chain,
}

TYPOLOGIES = (*_SHAPES, "mixed")
"""Names of the shapes, in the order in which they are tried."""
