"""Links between edges: which transfers meet at an account, close in time; and what they tell of one another.

Two edges that share an account stand in one of four ways to each other: one *before* the other (it brings what the
other carries on), *after*, from the same *source*, to the same *target*. Groups are sought among edges, not accounts,
so that an account may belong to two gangs (Evans and Lambiotte 2009, "Line graphs, link partitions and overlapping
communities").
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from tael.networks.edges import Edges, Floats, Ints, scores_of, span_of

# Pairs of edges at hubs that are laid out at once.
_BATCH = 4_000_000
WAYS = ("before", "after", "source", "target")


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of edges.

    Attributes
    ----------
    first, second : (L,) int64
        Places of the edges; `first` is not the later one.
    kind : (L,) int8
        0: `first` flows into `second`; 1: both leave one account; 2: both reach one account.
    gap : (L,) int64
        Microseconds between the two.
    capped : int
        Edges that met more than `most` others at one account, so that only the nearest in time count.
    """

    first: Ints
    second: Ints
    kind: NDArray[np.int8]
    gap: Ints
    capped: int


def link_edges(edges: Edges, within: str = "7d", most: int = 30) -> Links:
    """Pairs of edges that meet at an account within a length of time.

    Parameters
    ----------
    edges : Edges
    within : str
        Longest time between the two.
    most : int
        Links of each kind from one edge to later ones at one account, the nearest in time; so hubs stay linear.

    Returns
    -------
    Links

    Examples
    --------
    >>> hour = 3_600_000_000
    >>> edges = Edges(np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([0, 1, 2]) * hour, np.ones(3), tuple("abcd"),
    ...               np.arange(3))
    >>> links = link_edges(edges, "1h")
    >>> list(zip(links.first.tolist(), links.second.tolist(), links.kind.tolist(), strict=True))
    [(0, 1, 0), (1, 2, 1)]
    """
    span = span_of(within)
    parts = [
        _later(edges.target, edges.source, edges.time, span, most, True),
        _later(edges.source, edges.source, edges.time, span, most, False),
        _later(edges.target, edges.target, edges.time, span, most, False),
    ]
    if not edges.directed:  # all four meetings count; then the kind says nothing
        parts.append(_later(edges.source, edges.target, edges.time, span, most, True))
    first = np.concatenate([part[0] for part in parts])
    second = np.concatenate([part[1] for part in parts])
    kind = np.repeat(np.array([0, 1, 2, 0][: len(parts)], dtype=np.int8), [len(part[0]) for part in parts])
    return Links(first, second, kind, edges.time[second] - edges.time[first], sum(part[2] for part in parts))


def _later(left: Ints, right: Ints, time: Ints, span: int, most: int, flow: bool) -> tuple[Ints, Ints, int]:
    """Pairs (i, j) with left[i] == right[j], j not earlier and within `span`, and how many i met too many."""
    n = len(left)
    order = np.lexsort((np.arange(n), time, right))
    keys = right[order]
    start, stop = np.searchsorted(keys, left), np.searchsorted(keys, left, side="right")
    # The edges of one account are a run; ranks of times make one searchable key of (account, time).
    ranks = np.unique(time, return_inverse=True)[1]
    values = np.unique(time)
    width = len(values) + 1
    joint = keys * width + ranks[order]
    begin = np.searchsorted(joint, left * width + ranks)
    last = np.searchsorted(values, time + span, side="right") - 1
    end = np.searchsorted(joint, left * width + last, side="right")
    begin, end = np.clip(begin, start, stop), np.clip(end, start, stop)
    counts = np.minimum(end - begin, most + 1)  # one more, for the edge itself
    found: list[tuple[Ints, Ints]] = []
    cuts = np.searchsorted(np.cumsum(counts), np.arange(_BATCH, counts.sum(), _BATCH))
    for low, high in pairwise([0, *np.unique(cuts).tolist(), n]):
        some = counts[low:high]
        i = np.repeat(np.arange(low, high), some)
        j = order[np.repeat(begin[low:high] - (np.cumsum(some) - some), some) + np.arange(some.sum())]
        # at one moment money may flow either way; edges side by side are one pair, not two
        good = (i != j) & ((time[j] > time[i]) | (j > i) | flow)
        found.append((i[good], j[good]))
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    return first, second, int((end - begin > most + 1).sum())


def suspicion_around(edges: Edges, score: ArrayLike, *, within: str = "7d", most: int = 30) -> dict[str, Floats]:
    """What the edges around each edge score: carried forward from those before it, backward from those after it.

    Everything in `edges` counts as known, so the frame must end at the cutoff.

    Parameters
    ----------
    edges : Edges
    score : (E,) array
        From 0 to 1; out of fold where a model that is fitted on the result was fitted on the same edges.
    within, most
        As for :func:`link_edges`.

    Returns
    -------
    dict of str to (E,) float64
        For each way (``before``, ``after``, ``source``, ``target``) ``<way>_max`` and ``<way>_sum``; 0 without any.
    """
    values = scores_of(score, edges, "score")
    links = link_edges(edges, within, most)
    flows, leave, reach = (links.kind == kind for kind in range(3))
    both = [(links.first, links.second), (links.second, links.first)]
    sides = {
        "before": [(links.first[flows], links.second[flows])],
        "after": [(links.second[flows], links.first[flows])],
        "source": [(a[leave], b[leave]) for a, b in both],
        "target": [(a[reach], b[reach]) for a, b in both],
    }
    columns: dict[str, Floats] = {}
    for way in WAYS:
        highest, total = np.zeros(len(edges)), np.zeros(len(edges))
        for giver, taker in sides[way]:
            np.maximum.at(highest, taker, values[giver])
            total += np.bincount(taker, weights=values[giver], minlength=len(edges))
        columns[f"{way}_max"], columns[f"{way}_sum"] = highest, total
    return columns


def carry(
    edges: Edges, score: ArrayLike, *, within: str = "7d", most: int = 30, decay: float = 0.5, rounds: int = 2
) -> Floats:
    """Scores with what is carried forward and backward along paths that respect time.

    In each round an edge becomes at least as suspicious as ``decay`` times the geometric mean of itself and the
    strongest edge before or after it: money that comes from and goes to suspicion is suspect; an edge that is itself
    clear stays clear.

    Parameters
    ----------
    edges, score, within, most
        As for :func:`suspicion_around`.
    decay : float
        0 to 1. At 0 nothing is carried.
    rounds : int
        Transfers that suspicion may pass through.

    Returns
    -------
    (E,) float64
        From 0 to 1, nowhere below `score`.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([0, day]), np.ones(2), tuple("abc"), np.arange(2))
    >>> carry(edges, [0.9, 0.1], decay=0.5, rounds=1).round(2).tolist()
    [0.9, 0.15]
    """
    values = scores_of(score, edges, "score").copy()
    links = link_edges(edges, within, most)
    flows = links.kind == 0
    first, second = links.first[flows], links.second[flows]
    own = values.copy()
    for _ in range(rounds):
        strongest = np.zeros(len(edges))
        np.maximum.at(strongest, second, values[first])
        np.maximum.at(strongest, first, values[second])
        values = np.maximum(values, decay * np.sqrt(own * strongest))
    return values


def weigh(links: Links, score: Floats, n: int, span: int) -> sparse.csr_array:
    """The links as a symmetric matrix: stronger between suspicious edges that are close in time, weaker at hubs.

    The weight of a link is ``sqrt(s_i s_j) (1 - gap / (2 span))``, divided by the mean of the two edges' numbers of
    links, so that an account with many edges does not bind them all (Evans and Lambiotte 2009, equation 8).
    """
    degree = np.bincount(links.first, minlength=n) + np.bincount(links.second, minlength=n)
    near = 1.0 - links.gap / (2.0 * max(span, 1))
    crowd = 0.5 * (degree[links.first] + degree[links.second])
    # a score of nought must not unlink what was kept
    weight = np.sqrt(np.maximum(score[links.first] * score[links.second], 1e-6)) * near / np.maximum(crowd, 1.0)
    upper = sparse.coo_array((weight, (links.first, links.second)), shape=(n, n)).tocsr()
    return (upper + upper.T).tocsr()
