"""Which kernel answers which network operator; what needs the same walk shares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tael.engine.observed import Seen
from tael.formulas.bound import BoundAggregate
from tael.formulas.durations import Duration
from tael.kernels.network import (
    Activity,
    Found,
    Matches,
    TemporalGraph,
    gather_scatter,
    meetings,
    pass_through,
    snapshot,
    traits,
    ways,
)
from tael.kernels.network import chains as chains_of
from tael.kernels.network import cycles as cycles_of

_DAY = 86_400_000_000.0
_COUNTS = {
    "fan_in": "fan_in",
    "fan_out": "fan_out",
    "in_degree": "n_in",
    "out_degree": "n_out",
    "new_counterparties": "new",
    "reciprocity": "back",
}
_TRAITS = {
    "structuring": "small",
    "round_share": "round",
    "repeated_amounts": "repeats",
    "night_share": "night",
    "dormancy": "silence",
    "surge": "burst",
}
_MET = {"met": "others", "met_again": "again", "most_met": "most"}
_STRUCTURE = {"component": "component", "pagerank": "pagerank", "coreness": "core"}
Columns = dict[str, NDArray[np.float64]]


class Asked:
    """Operators on one graph for some observations; each walk is done once."""

    def __init__(self, graph: TemporalGraph, seen: Seen, n_threads: int, members: Sequence[BoundAggregate]) -> None:
        self.graph, self.seen, self.n_threads = graph, seen, n_threads
        self._windows = list(dict.fromkeys(one.window for one in members if one.op in _COUNTS))
        self._counts: dict[tuple[str, ...], Mapping[str, NDArray[np.float64]]] = {}
        self._found: dict[tuple[object, ...], Found] = {}

    def nodes(self, one: BoundAggregate) -> NDArray[np.int64]:
        """Who is asked about."""
        return self.seen.entities(one.path)

    def values(self, one: BoundAggregate) -> NDArray[np.float64]:
        """An operator's column."""
        last = _micro(one.window)
        if one.op in _STRUCTURE:
            return snapshot(self.graph, self.nodes(one), self.seen.cutoff, _STRUCTURE[one.op], last=last)  # type: ignore[arg-type]
        if one.op in _COUNTS:
            told, place = self._counted(one), self._windows.index(one.window)
            values = told[_COUNTS[one.op]][:, place]
            if one.op != "reciprocity":
                return values
            return _share(values, told["n_in"][:, place] + told["n_out"][:, place])
        found = self.found(one)
        if one.op == "residence":
            return found["stay"] / _DAY
        if one.op == "pass_through":
            return found["share"]
        if one.op == "cycles":
            assert one.network is not None
            return found[f"cycles_{one.network.length}"]
        if one.op in ("scatter_gather", "bipartite"):
            return np.maximum(found["most"], self.found(one, second=True)["most"])
        if one.op in ("round_share", "night_share"):
            return _share(found[_TRAITS[one.op]], found["n"])
        if one.op == "dormancy":
            return found["silence"] / _DAY
        if one.op in _MET:
            return found[_MET[one.op]]
        column = {"chain": "hands", "gather_scatter": "width", "stack": "wide", "shared": "far"}.get(one.op)
        return found[column or _TRAITS[one.op]]

    def found(self, one: BoundAggregate, *, second: bool = False, evidence: bool = False) -> Found:
        """What a kernel says."""
        at = (self._walk(one), one.path, one.window, one.within, one.network, second, evidence and one.op)
        if at not in self._found:
            self._found[at] = self._run(one, second, evidence)
        return self._found[at]

    def evidence(self, one: BoundAggregate) -> Matches:
        """The edges behind an operator's column; of everybody's structure, none."""
        if one.op in _COUNTS or one.op in _STRUCTURE:
            return _of_counts(self.graph, one, self)
        found = self.found(one, evidence=True)
        assert found.evidence is not None
        if one.op not in ("scatter_gather", "bipartite"):
            return found.evidence
        # seen from either end: what reaches the greater number, or both
        other = self.found(one, second=True, evidence=True)
        assert other.evidence is not None
        most = np.maximum(found["most"], other["most"])
        rows = [
            np.unique(
                np.concatenate(
                    [told.evidence.of(i) for told in (found, other) if told.evidence and told["most"][i] == most[i]]
                )
            )
            for i in range(len(most))
        ]
        return _matches(rows)

    def _walk(self, one: BoundAggregate) -> str:
        if one.op in ("residence", "pass_through"):
            return "flow"
        if one.op in _TRAITS:
            return "traits"
        if one.op in _MET:
            return "meetings"
        return {"stack": "scatter_gather"}.get(one.op, one.op)

    def _counted(self, one: BoundAggregate) -> Mapping[str, NDArray[np.float64]]:
        if one.path.up not in self._counts:
            counter = Activity(self.graph, n_threads=self.n_threads)
            windows = [_micro(window) for window in self._windows]
            self._counts[one.path.up] = counter.columns(self.nodes(one), self.seen.cutoff, windows)
        return self._counts[one.path.up]

    def _run(self, one: BoundAggregate, second: bool, evidence: bool) -> Found:
        assert one.network is not None
        last, within = _micro(one.window), _micro(one.within) or 1
        where = (self.graph, self.nodes(one), self.seen.cutoff)
        threads = self.n_threads
        if one.op in ("residence", "pass_through"):
            return pass_through(*where, within=within, last=last, n_threads=threads, evidence=evidence)
        if one.op == "cycles":
            length = one.network.length
            return cycles_of(
                *where, within=within, last=last, longest=length, length=length, n_threads=threads, evidence=evidence
            )
        if one.op == "chain":
            return chains_of(
                *where, within=within, last=last, longest=one.network.length, n_threads=threads, evidence=evidence
            )
        if one.op in _MET:
            shown_met = _MET[one.op]
            return meetings(*where, within=within, last=last, n_threads=threads, evidence=evidence, shown=shown_met)  # type: ignore[arg-type]
        if one.op == "gather_scatter":
            return gather_scatter(*where, last=last, n_threads=threads, evidence=evidence)
        if one.op in ("scatter_gather", "bipartite", "stack", "shared"):
            way = {"scatter_gather": ("gathers", "scatters"), "bipartite": ("payees", "payers"),
                   "stack": ("gathers", ""), "shared": ("payers", "")}[one.op][second]  # fmt: skip
            shown = {"stack": "wide", "shared": "far"}.get(one.op, "most")
            return ways(*where, way, last=last, n_threads=threads, evidence=evidence, shown=shown)  # type: ignore[arg-type]
        return traits(
            *where, last=last, below=one.network.below or np.inf, within=within, n_threads=threads,
            evidence=_TRAITS[one.op] if evidence else None,  # type: ignore[arg-type]
        )  # fmt: skip


def _of_counts(graph: TemporalGraph, one: BoundAggregate, asked: Asked) -> Matches:
    """The edges that were counted; of everybody's structure, none."""
    last, found = _micro(one.window), []
    for node, cutoff in zip(asked.nodes(one), asked.seen.cutoff, strict=True):
        rows = [] if node < 0 or one.op in _STRUCTURE else _history(graph, int(node), int(cutoff))
        counted = {
            "fan_in": [edge for _, edge, leaves, _, _ in rows if not leaves],
            "fan_out": [edge for _, edge, leaves, _, _ in rows if leaves],
            "new_counterparties": [edge for _, edge, _, new, _ in rows if new],
            "reciprocity": [edge for _, edge, _, _, answers in rows if answers],
        }
        of = {"in_degree": "fan_in", "out_degree": "fan_out"}.get(one.op, one.op)
        inside = {edge for time, edge, *_ in rows if last is None or time >= cutoff - last}
        found.append(np.array(sorted(inside.intersection(counted.get(of, ()))), np.int32))
    return _matches(found)


def _matches(found: Sequence[NDArray[np.int32]]) -> Matches:
    offsets = np.cumsum([0, *(len(rows) for rows in found)], dtype=np.int64)
    return Matches(offsets, np.concatenate([np.empty(0, np.int32), *found]))


def _history(graph: TemporalGraph, node: int, cutoff: int) -> list[tuple[int, int, bool, bool, bool]]:
    """A node's edges before a cutoff: time, id, whether it leaves, whether it is the first contact, or an answer."""
    edges = []
    for leaves, side in ((True, graph.outgoing), (False, graph.incoming)):
        for s in range(side.start[node], side.start[node + 1]):
            if side.time[s] < cutoff and not (side.known.size and side.known[s] >= cutoff):
                edges.append((int(side.time[s]), int(side.edge[s]), not leaves, int(side.other[s])))
    met: dict[bool, set[int]] = {True: set(), False: set()}
    out = []
    for time, edge, enters, other in sorted(edges):
        answers = other in met[not enters]
        out.append((time, edge, not enters, not answers and other not in met[enters], answers))
        met[enters].add(other)
    return out


def _micro(span: Duration | None) -> int | None:
    return None if span is None else int(span.microseconds)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0.0)
