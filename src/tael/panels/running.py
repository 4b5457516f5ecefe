"""A graph of steps on a panel: cross-sections on whole bars, everything else on a few entities at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from tael.kernels.allocate import n_threads_or_default
from tael.panels import applying
from tael.panels.cells import IN_PLACE, cleaned
from tael.panels.graph import Graph, Step
from tael.panels.panel import Array, Panel
from tael.tables.schema import Type

_BYTES = 5 << 18
"""Of one array of a block of entities: several of them fit into the second and third level of a core's cache."""
_LANES = 8


class Runner:
    """Computes a graph.

    Parameters
    ----------
    graph : Graph
    panel : Panel
    dtype : {float64, float32}, optional
    n_threads : int, optional
    block : int, optional
        Entities at a time; left out: as the cache allows.
    origin : int
        The row of the whole panel that this one begins with.
    """

    def __init__(
        self,
        graph: Graph,
        panel: Panel,
        *,
        dtype: Any = None,
        n_threads: int | None = None,
        block: int | None = None,
        origin: int = 0,
    ) -> None:
        self.graph, self.panel, self.n_threads, self.origin = graph, panel, n_threads, origin
        names = [step.name for step in graph.steps if step.op == "field" and step.name in panel.fields]
        kinds = [panel.fields[name].dtype for name in names]
        self.dtype = np.dtype(dtype) if dtype is not None else np.result_type(*kinds) if kinds else np.dtype(np.float64)
        rows, columns = panel.shape
        fits = max(_LANES, _BYTES // max(1, rows * self.dtype.itemsize) // _LANES * _LANES)
        self.block = max(1, min(columns, block or fits))
        self.levels = max((step.level for step in graph.steps), default=0)
        self.kept = self._kept()
        self.recoded = {number: self._codes(step) for number, step in enumerate(graph.steps) if _of_groups(graph, step)}

    def _kept(self) -> list[bool]:
        """Which steps become whole arrays: results, and what another level reads."""
        kept = [False] * len(self.graph.steps)
        for step in self.graph.steps:
            for arg in step.args:
                below = self.graph.steps[arg]
                kept[arg] |= not below.leaf and (step.kind == "cross" or below.level < step.level)
        for output in self.graph.outputs:
            kept[output] = True
        return [one or step.kind == "cross" for one, step in zip(kept, self.graph.steps, strict=True)]

    # ---------------------------------------------------------------- running
    def run(self, first: int) -> list[Array]:
        """Whole arrays of the outputs, filled from row ``first`` on."""
        graph, shape = self.graph, self.panel.shape
        starts = graph.starts(first)
        whole: dict[int, Array] = {}
        waiting = self._waiting()
        for level in range(self.levels + 1):
            mine = [number for number, step in enumerate(graph.steps) if step.level == level and not step.leaf]
            for number in mine:
                if graph.steps[number].kind == "cross":
                    whole[number] = np.empty(shape, self.dtype)
                    self._cross(number, whole, starts[number])
                    self._release(number, waiting, whole)
            inner = [number for number in mine if graph.steps[number].kind != "cross"]
            if not inner:
                continue
            for number in inner:
                if self.kept[number]:
                    whole[number] = np.empty(shape, self.dtype)
            self._blocks(inner, whole, starts)
            for number in inner:
                self._release(number, waiting, whole)
        for output in set(graph.outputs):
            if graph.steps[output].leaf:
                whole[output] = self._leaf(graph.steps[output])
        return [whole[output] for output in graph.outputs]

    def _waiting(self) -> Counter[int]:
        """How many steps have still to read each whole array; results are never let go."""
        waiting: Counter[int] = Counter(arg for step in self.graph.steps for arg in step.args)
        waiting.update(self.graph.outputs)
        return waiting

    def _release(self, number: int, waiting: Counter[int], whole: dict[int, Array]) -> None:
        for arg in self.graph.steps[number].args:
            waiting[arg] -= 1
            if not waiting[arg]:
                whole.pop(arg, None)

    def _leaf(self, step: Step) -> Array:
        """A leaf as a whole array of its own."""
        if step.op == "constant":
            return np.full(self.panel.shape, float(step.value or 0.0), self.dtype)
        return self._taken(step, slice(None), slice(None))

    def _taken(self, step: Step, rows: slice, columns: slice, out: Array | None = None) -> Array:
        """Some of a field's cells as a new array of this run's type, infinities made missing; groups as codes."""
        source = self._source(step.name)[rows, columns]
        if step.type is Type.CATEGORY:
            return np.ascontiguousarray(source)
        if out is None:
            out = np.empty(source.shape, self.dtype)
        np.copyto(out, source, casting="same_kind")
        return cleaned(out)

    def _source(self, name: str) -> Array:
        panel = self.panel
        if name in panel.fields:
            return panel.fields[name]
        if name in panel.groups:
            return panel.groups[name]
        mask: Array = getattr(panel, name)
        return mask

    # ---------------------------------------------------------------- cross-sections
    def _cross(self, number: int, whole: dict[int, Array], start: int) -> None:
        step, panel = self.graph.steps[number], self.panel
        threads = n_threads_or_default(self.n_threads)
        bounds = np.unique(np.linspace(start, self.panel.shape[0], threads + 1).astype(int)).tolist()

        def task(first: int, past: int) -> None:
            rows = slice(first, past)
            args = []
            for arg in step.args:
                below = self.graph.steps[arg]
                args.append(self._taken(below, rows, slice(None)) if below.leaf else whole[arg][rows])
            groups = {step.by: self._together(step.by, rows)} if step.by else {}
            with np.errstate(all="ignore"):
                whole[number][rows] = applying.cross(step, args, panel.members[rows], groups)

        _shared(task, bounds, threads)

    def _together(self, by: tuple[str, ...], rows: slice) -> Array:
        """Codes of the groups that several groups make together; none where one of them is none."""
        first, *others = by
        codes = self.panel.groups[first][rows]
        for name in others:
            more = self.panel.groups[name][rows]
            both = codes.astype(np.int64) * max(len(self.panel.levels[name]), 1) + more
            both[(codes < 0) | (more < 0)] = -1
            _, codes = np.unique(both, return_inverse=True)
            codes = codes.reshape(both.shape).astype(np.int32)
            codes[both < 0] = -1
        return np.ascontiguousarray(codes)

    # ---------------------------------------------------------------- blocks of entities
    def _blocks(self, steps: list[int], whole: dict[int, Array], starts: list[int]) -> None:
        columns = self.panel.shape[1]
        threads = n_threads_or_default(self.n_threads)
        edges = [*range(0, columns, self.block), columns]
        inside = set(steps)
        uses: Counter[int] = Counter(arg for number in steps for arg in self.graph.steps[number].args)

        def task(first: int, past: int) -> None:
            with np.errstate(all="ignore"):
                self._block(steps, inside, uses.copy(), slice(first, past), whole, starts)

        _shared(task, edges, threads)

    def _block(
        self,
        steps: list[int],
        inside: set[int],
        uses: Counter[int],
        columns: slice,
        whole: dict[int, Array],
        starts: list[int],
    ) -> None:
        shape = self.panel.shape[0], columns.stop - columns.start
        local: dict[int, Any] = {}
        spare: list[Array] = []

        def fresh() -> Array:
            return spare.pop() if spare else np.empty(shape, self.dtype)

        for number in steps:
            step = self.graph.steps[number]
            for arg in step.args:
                if arg not in local and arg not in inside:
                    local[arg] = self._gathered(arg, columns, whole, starts[arg], fresh)
            start = starts[number]
            if step.kind == "series":
                out = fresh()
                applying.series(step, [local[arg] for arg in step.args], out, start, self.origin)
            else:
                last = [arg for arg in step.args if uses[arg] == step.args.count(arg) and self._ours(local[arg])]
                # written over what nobody reads any more: it is in the cache, and no other array need be
                out = local[last[0]] if last and step.op in IN_PLACE else fresh()
                args = [_rows(local[arg], start) for arg in step.args]
                applying.row(step, self._recode(number, args), out[start:])
                if last and out is local[last[0]]:
                    del local[last[0]]
            if self.kept[number]:
                whole[number][start:, columns] = out[start:]
            local[number] = out
            for one in (*step.args, number):
                uses[one] -= one != number
                if not uses[one] and one in local:
                    gone = local.pop(one)
                    if self._ours(gone):
                        spare.append(gone)

    def _ours(self, value: Any) -> bool:
        """Whether it is one of a block's arrays of numbers."""
        return isinstance(value, np.ndarray) and value.dtype == self.dtype

    def _gathered(self, number: int, columns: slice, whole: dict[int, Array], start: int, fresh: Any) -> Any:
        """A constant as a number; a field or an earlier level's array as this block's own copy."""
        step = self.graph.steps[number]
        if step.op == "constant":
            return step.value if isinstance(step.value, str) else float(step.value or 0.0)
        if step.type is Type.CATEGORY:
            return self._taken(step, slice(None), columns)
        out: Array = fresh()
        if step.leaf:
            self._taken(step, slice(start, None), columns, out[start:])
        else:
            out[start:] = whole[number][start:, columns]
        return out

    # ---------------------------------------------------------------- groups compared
    def _codes(self, step: Step) -> list[Any]:
        """For each argument of a comparison of groups: a code, or a table from its own codes to the first group's."""
        below = [self.graph.steps[arg] for arg in step.args]
        named = [one.name for one in below if one.op == "field"]
        levels = list(self.panel.levels[named[0]]) if named else [str(one.value) for one in below]
        place = {level: code for code, level in enumerate(levels)}
        out: list[Any] = []
        for one in below:
            if one.op == "constant":
                out.append(place.get(str(one.value), -2))
            else:
                out.append(np.array([*(place.get(level, -2) for level in self.panel.levels[one.name]), -1], np.int32))
        return out

    def _recode(self, number: int, args: list[Any]) -> list[Any]:
        tables = self.recoded.get(number)
        if tables is None:
            return args
        return [table[arg] if isinstance(arg, np.ndarray) else table for arg, table in zip(args, tables, strict=True)]

    # ---------------------------------------------------------------- memory
    @property
    def array_bytes(self) -> int:
        """Bytes of one whole array."""
        return self.dtype.itemsize * self.panel.shape[0] * self.panel.shape[1]

    def memory(self) -> int:
        """Bytes at most: whole arrays that are alive together, and the blocks of all threads."""
        cell = self.dtype.itemsize
        rows, columns = self.panel.shape
        waiting, alive, most, inner = self._waiting(), set(), 0, 0
        for level in range(self.levels + 1):
            mine = [number for number, step in enumerate(self.graph.steps) if step.level == level and not step.leaf]
            alive |= {number for number in mine if self.kept[number]}
            most = max(most, len(alive))
            inner = max(inner, self._local(mine))
            for number in mine:
                for arg in self.graph.steps[number].args:
                    waiting[arg] -= 1
                    if not waiting[arg]:
                        alive.discard(arg)
        leaves = sum(self.graph.steps[output].leaf for output in set(self.graph.outputs))
        threads = min(n_threads_or_default(self.n_threads), -(-columns // max(self.block, 1)))
        return cell * rows * ((most + leaves) * columns + inner * threads * self.block)

    def _local(self, steps: list[int]) -> int:
        """How many arrays of a block are alive at once."""
        uses: Counter[int] = Counter(arg for number in steps for arg in self.graph.steps[number].args)
        local: set[int] = set()
        most = 0
        for number in steps:
            step = self.graph.steps[number]
            local |= {number, *step.args}
            most = max(most, len(local))
            for one in (*step.args, number):
                uses[one] -= one != number
                if not uses[one]:
                    local.discard(one)
        return most


def _shared(task: Callable[[int, int], None], bounds: Sequence[int], threads: int) -> None:
    """Call ``task(first, past)`` for each run between bounds; threads that are quicker take more of them."""
    pairs = list(pairwise(bounds))
    if threads == 1 or len(pairs) < 2:
        for first, past in pairs:
            task(first, past)
        return
    with ThreadPoolExecutor(min(threads, len(pairs)), thread_name_prefix="tael-panel") as pool:
        for future in [pool.submit(task, first, past) for first, past in pairs]:
            future.result()


def _of_groups(graph: Graph, step: Step) -> bool:
    return step.op in ("eq", "ne", "in") and any(graph.steps[arg].type is Type.CATEGORY for arg in step.args)


def _rows(value: Any, start: int) -> Any:
    return value[start:] if isinstance(value, np.ndarray) else value
