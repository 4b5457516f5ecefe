"""A quadratic program with named limits, solved by Clarabel; its structure is kept from one rebalance to the next.

    minimise  1/2 x'Px + q'x   such that   A x = b  or  A x <= b,  row by row

Every row belongs to a named limit, so that a contradiction can be told in the user's words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tael.errors import MarketError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SOLVED = ("Solved", "AlmostSolved")
INFEASIBLE = ("PrimalInfeasible", "AlmostPrimalInfeasible")


def clarabel() -> Any:
    """The solver.

    Raises
    ------
    MarketError
        If it is not installed.
    """
    try:
        import clarabel as found
    except ImportError as error:
        raise MarketError(
            "The portfolio optimisers need the solver Clarabel.",
            expected="the package clarabel",
            got=str(error),
            fix='pip install "tael[markets]"',
        ) from error
    return found


@dataclass
class Rows:
    """Rows of a program as they are collected, by the name of their limit.

    Parameters
    ----------
    n : int
        Number of variables.
    """

    n: int
    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    bound: list[Floats] = field(default_factory=list)
    names: list[tuple[str, int, int]] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, column: Any, value: Any, bound: Any) -> None:
        """One row a bound: `column` and `value` of shape (m, k) or (k,) say what it adds up."""
        limit = np.atleast_1d(np.asarray(bound, dtype=np.float64))
        m = len(limit)
        where = np.broadcast_to(np.asarray(column, dtype=np.int64), np.broadcast_shapes(np.shape(column), (m, 1)))
        row = np.repeat(np.arange(m), where.shape[1])
        self.put([(name, m)], row, where.ravel(), np.broadcast_to(value, where.shape).ravel(), limit)

    def put(self, names: list[tuple[str, int]], row: Ints, column: Ints, value: Floats, bound: Floats) -> None:
        """Rows entry by entry: names with how many rows each has, and rows counted from 0."""
        self.row.append(row + self.size)
        self.column.append(column)
        self.value.append(value)
        self.bound.append(bound)
        for name, count in names:
            self.names.append((name, self.size, self.size + count))
            self.size += count


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver found.

    Parameters
    ----------
    status : str
        "solved", "infeasible" or "failed".
    x : ndarray of float
        The variables.
    dual : dict of str to float
        Fall of the minimum when the bounds of a limit are loosened by one unit (of an equality: raised).
    conflict : tuple of str
        Limits that contradict each other.
    rough : bool
        Solved to reduced accuracy.
    said : str
        The solver's own word.
    """

    status: str
    x: Floats
    dual: dict[str, float] = field(default_factory=dict)
    conflict: tuple[str, ...] = ()
    rough: bool = False
    said: str = ""


@dataclass(frozen=True, eq=False)
class Entries:
    """Row, column and value of every entry of A, the bounds, and how many rows are equalities."""

    row: Ints
    column: Ints
    value: Floats
    bound: Floats
    equal: int

    def same_places(self, other: Entries) -> bool:
        """Whether the two differ in numbers alone."""
        return (
            self.equal == other.equal
            and len(self.bound) == len(other.bound)
            and np.array_equal(self.row, other.row)
            and np.array_equal(self.column, other.column)
        )


@dataclass(frozen=True, eq=False)
class Program:
    """A diagonal quadratic objective and named rows: equalities first.

    Parameters
    ----------
    quadratic, linear : ndarray of float, shape (n,)
        Diagonal of P, and q.
    equal, below : Rows
        Rows that are equalities, and rows that are upper bounds.
    fixed : tuple of str
        Names of rows that are definitions, not limits: never part of a contradiction.
    """

    quadratic: Floats
    linear: Floats
    equal: Rows
    below: Rows
    fixed: tuple[str, ...] = ()

    @property
    def names(self) -> list[tuple[str, int, int]]:
        """Name, first and past-last row of each limit."""
        shift = self.equal.size
        return [*self.equal.names, *((name, a + shift, b + shift) for name, a, b in self.below.names)]

    def entries(self) -> Entries:
        """All rows, equalities first."""
        shift = self.equal.size
        return Entries(
            np.concatenate([*self.equal.row, *(r + shift for r in self.below.row)]),
            np.concatenate([*self.equal.column, *self.below.column]),
            np.concatenate([*self.equal.value, *self.below.value]),
            np.concatenate([*self.equal.bound, *self.below.bound]),
            shift,
        )


class Solver:
    """Solves programs one after the other; those of the same structure reuse the solver's ordering and memory."""

    def __init__(self) -> None:
        self._kept: tuple[Entries, Ints, int, Any] | None = None

    def solve(self, program: Program) -> Solution:
        """The minimum, or the limits that contradict each other.

        The objective is brought to a size near 1 first: variances of daily returns are so small that the solver would
        take anything for an optimum.
        """
        size = max(float(program.quadratic.max(initial=0.0)), float(np.abs(program.linear).max(initial=0.0)), 1e-300)
        p, q, entries = program.quadratic / size, program.linear / size, program.entries()
        found = self._quick(p, q, entries)
        if str(found.status) not in ("Solved", *INFEASIBLE):
            self._kept = None
            found = _cold(p, q, entries, refine=True)[0].solve()
        said = str(found.status)
        x, z = np.array(found.x), np.array(found.z)
        if said in INFEASIBLE:
            return Solution("infeasible", x, conflict=self._conflict(program, z), said=said)
        if said not in SOLVED:
            return Solution("failed", x, said=said)
        dual: dict[str, float] = {}
        for name, first, last in program.names:
            dual[name] = dual.get(name, 0.0) + float(z[first:last].sum()) * size
        return Solution("solved", x, dual, rough=said != "Solved", said=said)

    def _quick(self, p: Floats, q: Floats, entries: Entries) -> Any:
        """Without iterative refinement, which takes half of the time and is hardly ever needed."""
        if self._kept is not None and self._kept[2] == len(p) and entries.same_places(self._kept[0]):
            _, order, _, solver = self._kept
            solver.update(P=p, q=q, A=entries.value[order], b=entries.bound)
        else:
            solver, order = _cold(p, q, entries, refine=False)
            self._kept = (entries, order, len(p), solver)
        return solver.solve()

    def _conflict(self, program: Program, z: Floats) -> tuple[str, ...]:
        """Limits of a contradiction, none of which can be left out (deletion filter, Chinneck 2008, section 6.1.2).

        The solver's certificate says which rows take part; from these, limits are left out one by one for as long as
        the rest still contradict each other.
        """
        weight = np.abs(z) / max(float(np.abs(z).max()), 1e-300)
        part = {name for name, a, b in program.names if weight[a:b].max(initial=0.0) > 1e-5}
        part -= set(program.fixed)
        if self._feasible(program, part):
            part = {name for name, _, _ in program.names} - set(program.fixed)
        for name in sorted(part):
            if not self._feasible(program, part - {name}):
                part -= {name}
        return tuple(name for name in dict.fromkeys(name for name, _, _ in program.names) if name in part)

    @staticmethod
    def _feasible(program: Program, names: set[str]) -> bool:
        every = program.entries()
        kept = np.zeros(len(every.bound), dtype=bool)
        for name, first, last in program.names:
            kept[first:last] = name in names or name in program.fixed
        here, number = kept[every.row], np.cumsum(kept) - 1
        some = Entries(
            number[every.row[here]], every.column[here], every.value[here], every.bound[kept],
            int(kept[: every.equal].sum()),
        )  # fmt: skip
        nothing = np.zeros(len(program.linear))
        return str(_cold(nothing, nothing, some, refine=True)[0].solve().status) not in INFEASIBLE


def _cold(p: Floats, q: Floats, entries: Entries, refine: bool) -> tuple[Any, Ints]:
    """A new solver, and in which order it wants the values of the entries."""
    package = clarabel()
    m, n = len(entries.bound), len(p)
    places = sp.csc_matrix((np.arange(1.0, len(entries.row) + 1), (entries.row, entries.column)), shape=(m, n))
    if places.nnz != len(entries.row):
        raise MarketError("A row of the program names a variable twice.", got=f"{len(entries.row) - places.nnz} times")
    places.sort_indices()
    order = places.data.astype(np.int64) - 1
    matrix = sp.csc_matrix((entries.value[order], places.indices, places.indptr), shape=(m, n))
    square = sp.csc_matrix((p, np.arange(n), np.arange(n + 1)), shape=(n, n))
    settings = package.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.presolve_enable = False  # or the data could not be exchanged
    settings.iterative_refinement_enable = refine
    cones = [package.ZeroConeT(entries.equal)] if entries.equal else []
    if m > entries.equal:
        cones.append(package.NonnegativeConeT(m - entries.equal))
    return package.DefaultSolver(square, q, matrix, entries.bound, cones, settings), order
