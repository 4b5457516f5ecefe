"""Money that passes through, chains of hands, and what a node's transfers look like."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import FeaturesError, did_you_mean
from tael.kernels.network import _flows
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.results import CAP, Found, Queries, run, span, whole

Window = int | np.timedelta64 | None
Trait = Literal["small", "round", "night", "silence", "burst", "repeats"]

WIDE_CAP = 2_000
"""The cap of kernels whose work grows with a window's edges, not with their square."""

_TRAITS = ("small", "small_amount", "round", "night", "silence", "burst", "repeats", "n")
_DIRECTIONS = {"both": (True, True), "out": (True, False), "in": (False, True)}


def pass_through(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    within: int | np.timedelta64,
    last: Window = None,
    cap: int = WIDE_CAP,
    n_threads: int | None = None,
    evidence: bool = False,
) -> Found:
    """Money that comes in and leaves again soon, as known at a cutoff.

    First in, first out: an amount that leaves takes from the oldest money that came at most ``within`` before and is
    still there. Edges from a node to itself, and amounts that are unknown or not above 0, stay out.

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
    within : int or timedelta64
        Microseconds that money may stay.
    last : int or timedelta64, optional
        Microseconds back from the cutoff in which both edges must lie; None: everything.
    cap : int
        Of a node's edges, in each direction, the latest so many are looked at.
    n_threads : int, optional
    evidence : bool

    Returns
    -------
    Found
        ``came``: money that came in. ``passed``: the part of it that left in time. ``share``: their ratio, missing
        where nothing came. ``stay``: the mean microseconds that what passed had stayed, missing where nothing did.

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1], [1, 2], [10, 30], [100.0, 80.0])
    >>> found = pass_through(graph, [1], [99], within=25)
    >>> found["share"], found["stay"]
    (array([0.8]), array([20.]))
    """
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 1 << 24)
    reach, window = span(within, "within"), span(last, "last")
    result, cuts = np.empty((3, len(asked))), np.empty(len(asked), np.int32)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _flows.passed(
                graph.outgoing,
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                window,
                reach,
                cap,
                first,
                past,
                result,
                cuts,
                buffer,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    came, passed, stay = result
    missing = np.full(len(asked), np.nan)
    columns = {
        "came": came,
        "passed": passed,
        "share": np.divide(passed, came, out=missing.copy(), where=came > 0.0),
        "stay": np.divide(stay, passed, out=missing, where=passed > 0.0),
    }
    return Found(columns, cuts, matches)


def chains(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    within: int | np.timedelta64,
    last: Window = None,
    longest: int = 5,
    keeps: tuple[float, float] = (0.8, 1.0),
    cap: int = CAP,
    steps: int = 10_000,
    n_threads: int | None = None,
    evidence: bool = False,
) -> Found:
    """Chains of hands that end at a node, as known at a cutoff: a cycle before it closes, layers before they end.

    Each edge of a chain comes after the one before it (by time, then by id), starts where that one ended, and hands on
    a share of its amount; all nodes differ.

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
    within : int or timedelta64
        Microseconds from a chain's first edge to its last.
    last : int or timedelta64, optional
        Microseconds back from the cutoff in which the last edge must lie.
    longest : int
        1 to 8: no longer chain is looked for.
    keeps : (float, float)
        Least and greatest share of an amount that is handed on; ``(0, inf)``: any.
    cap : int
        Of a node's edges, the latest so many are followed.
    steps : int
        A search that has looked at so many edges ends; the cut is counted.
    n_threads : int, optional
    evidence : bool

    Returns
    -------
    Found
        ``hands``: edges of the longest chain, 0 to ``longest``; ``ways``: how many of that length there are.

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 1, 2], [1, 2, 3], [10, 20, 30], [100.0, 95.0, 50.0])
    >>> chains(graph, [2, 3], [99, 99], within=50)["hands"]
    array([2., 1.])
    """
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 1 << 24)
    longest, steps = whole(longest, "longest", 1, 8), whole(steps, "steps", 1, 1 << 40)
    reach, window = span(within, "within"), span(last, "last")
    result, cuts = np.empty((2, len(asked))), np.empty(len(asked), np.int32)

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _flows.chains(
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                window,
                reach,
                float(keeps[0]),
                float(keeps[1]),
                longest,
                cap,
                steps,
                first,
                past,
                result,
                cuts,
                buffer,
            )
        )

    matches = run(task, len(asked), n_threads, evidence)
    return Found({"hands": result[0], "ways": result[1]}, cuts, matches)


def traits(
    graph: TemporalGraph,
    nodes: ArrayLike,
    cutoffs: ArrayLike,
    *,
    last: Window = None,
    direction: Literal["both", "out", "in"] = "both",
    below: float = np.inf,
    low: float | None = None,
    unit: float = 1_000.0,
    night: tuple[int, int] = (22, 6),
    within: int | np.timedelta64 = 3_600_000_000,
    cap: int = WIDE_CAP,
    n_threads: int | None = None,
    evidence: Trait | None = None,
) -> Found:
    """What a node's edges look like, as known at a cutoff.

    ==================  ============================================================================================
    ``small``           edges whose amount lies in [low, below): kept under a threshold; ``small_amount``: their sum
    ``round``           edges whose amount is a multiple of ``unit``
    ``repeats``         how often the most frequent round amount occurs
    ``night``           edges from the first hour of ``night`` on, until before the second
    ``silence``         microseconds of the longest silence that an edge of the window ended; missing: none ended one
    ``burst``           most edges in any span shorter than ``within``
    ``n``               edges
    ==================  ============================================================================================

    Parameters
    ----------
    graph : TemporalGraph
    nodes, cutoffs : (n,)
    last : int or timedelta64, optional
        Microseconds back from the cutoff; None: everything.
    direction : {"both", "out", "in"}
        Which edges; one from a node to itself counts once.
    below, low : float
        A threshold, and from where on amounts are near it; ``low`` left out: 0.8 times ``below``.
    unit : float
        Positive.
    night : (int, int)
        Hours from 0 to 24.
    within : int or timedelta64
        Microseconds.
    cap : int
        Of a node's edges, in each direction, the latest so many are looked at.
    n_threads : int, optional
    evidence : {"small", "round", "repeats", "night", "silence", "burst"}, optional
        Of which column the edges are wanted.

    Returns
    -------
    Found

    Examples
    --------
    >>> graph = TemporalGraph.build([0, 0, 0], [1, 2, 3], [10, 20, 90], [4_900.0, 4_500.0, 6_000.0])
    >>> found = traits(graph, [0], [99], below=5_000.0, evidence="small")
    >>> found["small"], found["silence"], found.evidence.of(0)
    (array([2.]), array([70.]), array([0, 1], dtype=int32))
    """
    if direction not in _DIRECTIONS:
        raise FeaturesError("`direction` is unknown.", got=str(direction), fix=did_you_mean(direction, _DIRECTIONS))
    if evidence is not None and evidence not in _TRAITS:
        raise FeaturesError("`evidence` is unknown.", got=str(evidence), fix=did_you_mean(evidence, _TRAITS))
    if not (below > 0.0 and unit > 0.0):
        raise FeaturesError("`below` and `unit` must be positive.", got=f"below={below}, unit={unit}")
    asked, cap = Queries.of(graph, nodes, cutoffs), whole(cap, "cap", 1, 1 << 24)
    window, near = span(last, "last"), span(within, "within")
    result, cuts = np.empty((_flows.TRAITS, len(asked))), np.empty(len(asked), np.int32)
    start = 0.8 * below if low is None else float(low)
    wanted = -1 if evidence is None else _TRAITS.index(evidence)
    hours = (whole(night[0], "night", 0, 24), whole(night[1], "night", 0, 24))

    def task(first: int, past: int, buffer: NDArray[np.int32]) -> int:
        return int(
            _flows.traits(
                graph.outgoing,
                graph.incoming,
                asked.nodes,
                asked.cutoffs,
                window,
                cap,
                _DIRECTIONS[direction],
                start,
                float(below),
                float(unit),
                hours,
                near,
                first,
                past,
                result,
                cuts,
                buffer,
                wanted,
            )
        )

    matches = run(task, len(asked), n_threads, evidence is not None)
    return Found({name: result[k] for k, name in enumerate(_TRAITS)}, cuts, matches)
