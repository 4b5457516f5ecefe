"""Random multigraphs, and what the network kernels should find on them, said as plainly as Python can."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import strategies as st

from tael.kernels.network import TemporalGraph


@dataclass(frozen=True)
class Edge:
    id: int
    source: int
    target: int
    time: int
    amount: float
    known: int

    @property
    def order(self):
        return self.time, self.id


@dataclass(frozen=True)
class World:
    """A graph both ways, and queries."""

    edges: list[Edge]
    n_nodes: int
    late: bool
    queries: list[tuple[int, int]]

    @property
    def graph(self):
        columns = {
            name: np.array([getattr(e, name) for e in self.edges], np.int64) for name in ("source", "target", "time")
        }
        return TemporalGraph.build(
            **columns,
            amount=np.array([e.amount for e in self.edges], float),
            known=np.array([e.known for e in self.edges], np.int64) if self.late else None,
            n_nodes=self.n_nodes,
        )

    @property
    def nodes(self):
        return np.array([v for v, _ in self.queries], np.int64)

    @property
    def cutoffs(self):
        return np.array([t for _, t in self.queries], np.int64)

    def visible(self, cutoff, last=None):
        """What was known at a cutoff, in order; edges without both ends are in no row."""
        begin = -(10**9) if last is None else cutoff - last
        return sorted(
            (
                e
                for e in self.edges
                if min(e.source, e.target) >= 0 and begin <= e.time < cutoff and max(e.known, e.time) < cutoff
            ),
            key=lambda e: e.order,
        )


@st.composite
def worlds(draw):
    n_nodes = draw(st.integers(2, 7))
    late = draw(st.booleans())
    ends = st.integers(-1, n_nodes - 1)
    amounts = st.sampled_from([10.0, 50.0, 90.0, 95.0, 100.0, 1_000.0, 3_000.0, 3_000.0, float("nan"), -5.0])
    rows = draw(
        st.lists(
            st.tuples(
                ends,
                ends,
                st.integers(0, 25),
                amounts,
                st.integers(0, 9),
            ),
            max_size=35,
        )
    )
    edges = [Edge(i, a, b, t, x, t + wait if late else t) for i, (a, b, t, x, wait) in enumerate(rows)]
    queries = draw(st.lists(st.tuples(st.integers(-1, n_nodes), st.integers(0, 40)), min_size=1, max_size=8))
    return World(edges, n_nodes, late, queries)


def activity(world, v, cutoff, window):
    """The eight statistics, from scratch."""
    past, begin = world.visible(cutoff), -(10**9) if window is None else cutoff - window
    out, into, met_out, met_in = [], [], set(), set()
    new = back = 0
    for e in past:
        for leaves, mine, other in ((True, e.source, e.target), (False, e.target, e.source)):
            if mine != v:
                continue
            answers = other in (met_in if leaves else met_out)
            first = not answers and other not in (met_out if leaves else met_in)
            (met_out if leaves else met_in).add(other)
            if e.time >= begin:
                (out if leaves else into).append(e)
                new += first
                back += answers
    sums = [sum(e.amount for e in side if e.amount == e.amount) for side in (out, into)]
    return [len(out), len(into), *sums, len({e.target for e in out}), len({e.source for e in into}), new, back]


def cycles(past, last_edge, longest, within):
    """Sequences of edges that a last edge closes, by their number."""
    found = {k: [] for k in range(2, longest + 1)}
    if last_edge.source == last_edge.target:
        return found

    def grow(path):
        head = path[-1]
        if head.target == last_edge.source:
            found[len(path) + 1].append([*path, last_edge])
            return
        if len(path) + 1 == longest:
            return
        for e in past:
            nodes = {p.source for p in path} | {head.target}
            if e.source == head.target and e.order > head.order and e.target not in nodes:
                grow([*path, e])

    for e in past:
        if e.source == last_edge.target and e.target != e.source and e.time >= last_edge.time - within:
            grow([e])
    return found


def chains(past, v, begin, within, longest, low, high):
    """All chains of hands that end at a node."""
    found = []

    def grow(path):
        found.append(path)
        if len(path) == longest:
            return
        tail = path[-1]
        nodes = {v} | {p.source for p in path}
        for e in past:
            fits = e.target == tail.source and e.order < tail.order and e.time >= path[0].time - within
            if fits and e.source not in nodes and e.amount > 0 and low * e.amount <= tail.amount <= high * e.amount:
                grow([*path, e])

    for e in past:
        if e.target == v and e.source != v and e.time >= begin:
            grow([e])
    return found


def ways(past, v, way):
    """Middles between a node and each other, with the edges."""
    first = {"gathers": "in", "payees": "in", "scatters": "out", "payers": "out"}[way]
    second = {"gathers": "in", "payees": "out", "scatters": "out", "payers": "in"}[way]
    middles: dict[int, set[int]] = {}
    for a in past:
        if v not in (a.source, a.target) or a.source == a.target or (a.target if first == "in" else a.source) != v:
            continue
        m = a.source if first == "in" else a.target
        for b in past:
            if (b.target if second == "in" else b.source) != m:
                continue
            w = b.source if second == "in" else b.target
            ordered = {"gathers": b.order < a.order, "scatters": b.order > a.order}.get(way, True)
            if w not in (v, m) and ordered:
                middles.setdefault(w, set()).add(m)
    return middles


def meetings(past, v, begin, within):
    """Moments at which each other was where the node was, those that follow close upon each other being one."""
    met: dict[int, list[int]] = {}
    edges: dict[int, set[int]] = {}
    for a in past:
        if a.source != v or a.time < begin:
            continue
        for b in past:
            if b.target == a.target and b.source != v and abs(a.time - b.time) <= within:
                edges.setdefault(b.source, set()).update((a.id, b.id))
                times = met.setdefault(b.source, [])
                if not times or a.time - times[-1] > within:
                    times.append(a.time)
    return {w: len(times) for w, times in met.items()}, edges


def gather_scatter(past, v):
    """Over all moments, the lesser of senders so far and receivers after."""
    best = 0
    for moment in past:
        senders = {e.source for e in past if e.target == v != e.source and e.order <= moment.order}
        receivers = {e.target for e in past if e.source == v != e.target and e.order > moment.order}
        best = max(best, min(len(senders), len(receivers)))
    return best


def pass_through(past, v, within):
    """First in, first out: came, passed, stay, and the edges."""
    came = passed = stay = 0.0
    queue, edges = [], set()
    for e in past:
        if e.source == e.target or not e.amount > 0:
            continue
        if e.target == v:
            came += e.amount
            queue.append([e, e.amount])
        elif e.source == v:
            need = e.amount
            for item in queue:
                part = min(need, item[1])
                if part > 0 and e.time - item[0].time <= within:
                    item[1] -= part
                    need -= part
                    passed += part
                    stay += part * (e.time - item[0].time)
                    edges |= {e.id, item[0].id}
    return came, passed, stay, sorted(edges)


def traits(world, v, cutoff, last, direction, below, unit, within):
    """What the edges of a window look like."""
    everything = [
        e
        for e in world.visible(cutoff)
        if (e.source == v and direction != "in") or (e.target == v and direction != "out")
    ]
    begin = -(10**9) if last is None else cutoff - last
    here = [e for e in everything if e.time >= begin]
    gaps = [(b.time - a.time) for a, b in pairwise(everything) if b.time >= begin]
    rounds = Counter(e.amount for e in here if e.amount > 0 and e.amount % unit == 0)
    return {
        "small": sum(0.8 * below <= e.amount < below for e in here),
        "small_amount": sum(e.amount for e in here if 0.8 * below <= e.amount < below),
        "round": sum(rounds.values()),
        "repeats": max(rounds.values(), default=0),
        "silence": max(gaps, default=float("nan")),
        "burst": max((sum(a.time <= b.time < a.time + within for b in here) for a in here), default=0),
        "n": len(here),
    }


class Plain:
    """The plain oracle, for tests in this folder."""

    World, Edge, worlds = World, Edge, staticmethod(worlds)
    activity, cycles, chains, ways = map(staticmethod, (activity, cycles, chains, ways))
    gather_scatter, pass_through, traits = map(staticmethod, (gather_scatter, pass_through, traits))
    meetings = staticmethod(meetings)


@pytest.fixture(scope="session")
def plain():
    return Plain
