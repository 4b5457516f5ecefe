"""The allocation problem as arrays: sources, limits, and the passes over customers that all of the solver shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.allocation_rules import GroupRule
from tael.kernels import allocate as kernel
from tael.kernels.allocate import address, share_out

Choice = NDArray[np.int16]
MAX_BLOCKS = 16
BLOCK_ROWS = 64


@dataclass(frozen=True)
class Limit:
    """One linear constraint: lower <= sum over customers of table[cell, option] * source[customer, option] <= upper.

    Parameters
    ----------
    name : str
        What the user calls it.
    kind : str
        "budget", "capacity" or "group".
    source : int
        Index of the source; that past the last is the number 1.
    table : ndarray of shape (n_cells, k)
        Coefficients.
    lower, upper : float
        Bounds; infinite where there is none.
    unit : str
        Unit of the use; empty for customers.
    rule : GroupRule, optional
        The rule it came from, of a group.
    side : str
        "lower" or "upper": which bound of the rule it is; empty: both.
    sizes : tuple of int
        Customers in the group and outside.
    counted : ndarray of shape (k,), optional
        What each option counts, of a rule.
    """

    name: str
    kind: str
    source: int
    table: Floats
    lower: float
    upper: float
    unit: str = ""
    rule: GroupRule | None = None
    side: str = ""
    sizes: tuple[int, int] = (0, 0)
    counted: Floats | None = None


@dataclass(frozen=True)
class Problem:
    """Everything the solver reads.

    Parameters
    ----------
    sources : tuple of arrays of shape (n, k)
        C-contiguous float32 or float64; the first is the value.
    mask : ndarray of shape (n, k) or None
        Legal options, as bool.
    cells : ndarray of shape (n,) or (0,)
        Cell of each customer.
    limits : tuple of Limit
        Constraints.
    options : tuple of str
        Names of the options.
    n_cells : int
        How many cells there are.
    n_threads : int
        Threads; no result depends on it.
    currency : str
        Unit of the value.
    """

    sources: tuple[NDArray[Any], ...]
    mask: NDArray[np.bool_] | None
    cells: NDArray[np.int32]
    limits: tuple[Limit, ...]
    options: tuple[str, ...]
    n_cells: int = 1
    n_threads: int = 1
    currency: str = ""

    @property
    def n(self) -> int:
        """Customers."""
        return int(self.sources[0].shape[0])

    @property
    def k(self) -> int:
        """Options."""
        return int(self.sources[0].shape[1])

    @cached_property
    def addresses(self) -> NDArray[np.int64]:
        """Where the sources lie; the problem keeps them alive."""
        return np.array([address(a) for a in self.sources], dtype=np.int64)

    @cached_property
    def widths(self) -> NDArray[np.int64]:
        """Bytes of a number of each source."""
        return np.array([a.dtype.itemsize for a in self.sources], dtype=np.int64)

    @cached_property
    def of(self) -> NDArray[np.int64]:
        """Source of each limit."""
        return np.array([limit.source for limit in self.limits], dtype=np.int64)

    @cached_property
    def tables(self) -> Floats:
        """Coefficients of all limits, of shape (R, n_cells, k)."""
        return np.array([limit.table for limit in self.limits]).reshape(len(self.limits), self.n_cells, self.k)

    @cached_property
    def lower(self) -> Floats:
        """Lower bounds."""
        return np.array([limit.lower for limit in self.limits], dtype=float)

    @cached_property
    def upper(self) -> Floats:
        """Upper bounds."""
        return np.array([limit.upper for limit in self.limits], dtype=float)

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """Rows of the blocks, fixed by the number of customers alone."""
        n_blocks = max(1, min(MAX_BLOCKS, self.n // BLOCK_ROWS))
        return np.arange(n_blocks + 1, dtype=np.int64) * self.n // n_blocks

    @property
    def mask_address(self) -> int:
        """Where the mask lies."""
        return address(self.mask)

    @property
    def data(self) -> tuple[Any, ...]:
        """What most passes take first: k, addresses, widths, mask, cells."""
        return self.k, self.addresses, self.widths, self.mask_address, self.cells

    def weights(self, prices: Floats, on_value: float = 1.0) -> Floats:
        """Weights of the scores under prices: those of the value less what each limit charges."""
        made = np.zeros((len(self.sources) + 1, self.n_cells, self.k))
        made[0] = on_value
        for limit, price in zip(self.limits, prices, strict=True):
            made[limit.source] -= price * limit.table
        return made

    def evaluate(self, prices: Floats, on_value: float = 1.0, choice: Choice | None = None) -> tuple[Floats, Floats]:
        """Value and use, of each block, of the best options under prices: shapes (G,) and (G, R)."""
        weights = self.weights(prices, on_value)
        kept = np.empty(0, dtype=np.int16) if choice is None else choice
        n_blocks = len(self.bounds) - 1
        sums = np.empty((n_blocks, *weights.shape))
        block = {int(first): g for g, first in enumerate(self.bounds[:-1])}

        def task(first: int, past: int) -> None:
            kernel.best_options(first, past, *self.data, weights, sums[block[first]], kept)

        share_out(task, self.bounds, self.n_threads)
        return self._add_up(sums)

    def choose(self, g: int, prices: Floats, on_value: float, choice: Choice) -> None:
        """Best options of one block under prices, into ``choice``."""
        weights = self.weights(prices, on_value)
        first, past = int(self.bounds[g]), int(self.bounds[g + 1])
        kernel.best_options(first, past, *self.data, weights, np.empty_like(weights), choice)

    def totals(self, choice: Choice) -> tuple[float, Floats]:
        """Value and use of given options; rounded as float64 sums are."""
        n_blocks = len(self.bounds) - 1
        sums = np.empty((n_blocks, len(self.sources) + 1, self.n_cells, self.k))
        block = {int(first): g for g, first in enumerate(self.bounds[:-1])}

        def task(first: int, past: int) -> None:
            k, addresses, widths, _, cells = self.data
            kernel.total_of(first, past, k, addresses, widths, cells, choice, sums[block[first]])

        share_out(task, self.bounds, self.n_threads)
        value, use = self._add_up(sums)
        return float(value.sum()), use.sum(axis=0)

    def _add_up(self, sums: Floats) -> tuple[Floats, Floats]:
        use = np.empty((len(sums), len(self.limits)))
        for r, limit in enumerate(self.limits):
            use[:, r] = (sums[:, limit.source] * limit.table).sum(axis=(1, 2))
        return sums[:, 0].sum(axis=(1, 2)), use

    def exact(self, choice: Choice) -> tuple[float, Floats]:
        """Value and use of given options, each the exactly rounded sum, so that no order of rows changes them."""
        rows = np.arange(self.n)
        cell = self.cells if self.cells.size else np.zeros(self.n, dtype=np.int32)
        picked = {s: np.asarray(a[rows, choice], dtype=float) for s, a in enumerate(self.sources)}
        counts: Floats | None = None
        use = np.empty(len(self.limits))
        for r, limit in enumerate(self.limits):
            if limit.source < len(self.sources):
                use[r] = math.fsum((limit.table[cell, choice] * picked[limit.source]).tolist())
            else:
                if counts is None:
                    flat = np.bincount(cell.astype(np.int64) * self.k + choice, minlength=self.n_cells * self.k)
                    counts = flat.reshape(self.n_cells, self.k).astype(float)
                use[r] = math.fsum((limit.table * counts).ravel().tolist())
        return math.fsum(picked[0].tolist()), use

    def holds(self, use: Floats) -> bool:
        """Whether use lies within all bounds."""
        return bool(np.all(use <= self.upper) and np.all(use >= self.lower))

    @cached_property
    def ranges(self) -> Floats:
        """Of each limit and, last, the value: least and most use, customers for whom these differ, and who can use it.

        Shape (R + 1, 4).
        """
        n_blocks = len(self.bounds) - 1
        found = np.empty((n_blocks, len(self.limits) + 1, 4))
        block = {int(first): g for g, first in enumerate(self.bounds[:-1])}
        source = np.append(self.of, 0)
        tables = np.concatenate([self.tables, np.ones((1, self.n_cells, self.k))])

        def task(first: int, past: int) -> None:
            kernel.extremes(first, past, *self.data, source, tables, found[block[first]])

        share_out(task, self.bounds, self.n_threads)
        summed: Floats = found.sum(axis=0)
        return summed

    @cached_property
    def inverse(self) -> Floats:
        """One over what one customer's choice changes, on average, of each limit and, last, of the value."""
        spread = self.ranges[:, 1] - self.ranges[:, 0]
        return np.divide(self.ranges[:, 2], spread, out=np.zeros(len(spread)), where=spread > 0)

    def bound(self, prices: Floats, value: Floats, use: Floats) -> float:
        """The Lagrangian at prices whose best options have this value and use: no allocation is worth more."""
        charged = np.where(prices > 0, self.upper, self.lower)
        charge = sum(float(p) * float(b) for p, b in zip(prices, charged, strict=True) if p != 0)
        return float(value.sum() - (use @ prices).sum() + charge)

    def sample(self, step: int) -> Problem:
        """Every ``step``-th customer, with bounds in proportion."""
        share = len(range(0, self.n, step)) / self.n
        return replace(
            self,
            sources=tuple(np.ascontiguousarray(a[::step]) for a in self.sources),
            mask=None if self.mask is None else np.ascontiguousarray(self.mask[::step]),
            cells=self.cells[::step].copy(),
            limits=tuple(replace(q, lower=q.lower * share, upper=q.upper * share) for q in self.limits),
            n_threads=1,
        )

    def with_bounds(self, r: int, lower: float, upper: float) -> Problem:
        """The same customers under other bounds of limit r; nothing is copied."""
        limits = list(self.limits)
        limits[r] = replace(limits[r], lower=lower, upper=upper)
        return replace(self, limits=tuple(limits))

    def part(self, kept: list[int]) -> Problem:
        """The same customers under some of the limits."""
        return replace(self, limits=tuple(self.limits[r] for r in kept))
