"""Where a batch of aggregates takes its rows from: the sorted rows of a path, or rows laid out for the purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tael.engine.observed import Seen
from tael.engine.rows import ChildRows, Dated
from tael.engine.shapes import BEGINNING
from tael.engine.store import NEVER
from tael.formulas.bound import Bound, Path
from tael.formulas.durations import Duration
from tael.kernels.grouping import window_bounds

Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]


class Source(Protocol):
    """Rows in the order of (observation or entity, time).

    Attributes
    ----------
    cutoff : ndarray of int64, shape (n,)
        Of each observation.
    time : ndarray of int64, shape (n_rows,)
    known : ndarray of int64, shape (n_rows,), or None
        When each row became known; None: with its time.
    forward : bool
        Whether windows begin at the cutoff.
    """

    cutoff: NDArray[np.int64]
    time: NDArray[np.int64]
    known: NDArray[np.int64] | None
    forward: bool

    def bounds(self, windows: Sequence[Duration | None]) -> Bounds:
        """First row of each window (n_windows, n) and the row after the last (n,); forward the other way round."""

    def dated(self, bound: Bound) -> Dated:
        """An expression on the rows, and when it became known."""


class PathRows:
    """The sorted rows of a path's base table, straight from the table.

    Parameters
    ----------
    children : ChildRows
    seen : Seen
    path : Path
    forward : bool
    gap : Duration or None
    """

    def __init__(self, children: ChildRows, seen: Seen, path: Path, *, forward: bool, gap: Duration | None) -> None:
        self.children, self.seen, self.path = children, seen, path
        self.forward, self.gap = forward, gap
        self.cutoff, self.time, self.known = seen.cutoff, children.shape.time, children.shape.known

    def dated(self, bound: Bound) -> Dated:
        """An expression on the rows, and when it became known."""
        return self.children.dated(bound)

    def bounds(self, windows: Sequence[Duration | None]) -> Bounds:
        """Where windows begin and end."""
        shape, cutoff = self.children.shape, self.seen.cutoff
        entity = self.seen.entities(self.path)
        if not self.forward:
            lower = np.stack([np.full_like(cutoff, BEGINNING) if w is None else w.before(cutoff) for w in windows])
            return window_bounds(shape.offsets, shape.time, entity, cutoff, lower)
        start = cutoff if self.gap is None else self.gap.after(cutoff)
        end = np.stack([np.full_like(start, NEVER) if w is None else w.after(start) for w in windows])
        # a row before time x is a row from 0 to x: the same search gives where each window ends
        ends = np.stack([window_bounds(shape.offsets, shape.time, entity, x, start[None])[1] for x in end])
        begin = window_bounds(shape.offsets, shape.time, entity, start, start[None])[1]
        return begin, np.maximum(ends, begin)
