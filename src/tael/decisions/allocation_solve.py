"""From a checked problem to an allocation with its certificate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.allocation_conflict import Conflict, conflict
from tael.decisions.allocation_dual import Passes, solve_dual
from tael.decisions.allocation_problem import Problem
from tael.decisions.allocation_rounding import WHOLE, core, improved, mixed, repaired


@dataclass(frozen=True)
class Solved:
    """What the solver found.

    Parameters
    ----------
    status : str
        "solved"; "infeasible" (proven); "not_found" (no choice within all limits was found, nor proven absent).
    choice : ndarray of shape (n,)
        Index of each customer's option; -1 everywhere where there is no allocation.
    value, bound : float
        Worth of the allocation, and what no allocation can exceed. NaN where there is none.
    use : ndarray of shape (R,)
        Use of each limit, exactly rounded.
    prices : ndarray of shape (R,)
        Multiplier of each limit: change of the bound per unit that its binding bound is raised.
    passes : Passes
        Passes made, for a neighbouring problem to start from.
    conflict : Conflict or None
        Why it is infeasible.
    """

    status: str
    choice: NDArray[np.int64]
    value: float
    bound: float
    use: Floats
    prices: Floats
    passes: Passes = field(repr=False)
    conflict: Conflict | None = None

    @property
    def gap(self) -> float:
        """(bound - value) / the larger of them in size."""
        size = max(abs(self.bound), abs(self.value))
        return (self.bound - self.value) / size if size > 0 else 0.0


def solve(problem: Problem, gap: float, *, start: Floats | None = None, passes: Passes | None = None) -> Solved:
    """Prices, whole choices, repair, improvement, certificate.

    Parameters
    ----------
    problem : Problem
        Checked input.
    gap : float
        Relative gap that is good enough to stop at.
    start : ndarray of shape (R,), optional
        Prices to start from.
    passes : Passes, optional
        Passes over the same customers under the same limits with other bounds.
    """
    kept = Passes() if passes is None else passes
    none = np.full(problem.n, -1, dtype=np.int64)
    unknown = np.full(len(problem.limits), np.nan)
    found = conflict(problem, kept)
    if found is not None:
        return Solved("infeasible", none, np.nan, np.nan, unknown, unknown, kept, found)
    dual = solve_dual(problem, kept, start=start, tolerance=min(1e-4, 0.01 * gap))
    choice = mixed(problem, kept, dual)
    ok = repaired(problem, dual.prices, choice)
    bound = dual.bound
    enough = gap * abs(bound)
    if ok:
        improved(problem, choice, 0.01 * enough)
    value = problem.exact(choice)[0]
    if not ok or bound - value > enough or problem.n * problem.k <= WHOLE:
        better, ceiling, impossible = core(problem, dual.prices, choice, gap)
        if impossible and not ok:
            why = Conflict("whole", problem.limits, (np.nan,) * len(problem.limits))
            return Solved("infeasible", none, np.nan, np.nan, unknown, dual.prices, kept, why)
        bound = min(bound, ceiling)
        if better is not None and (not ok or problem.exact(better)[0] > value):
            choice, ok = better, True
    if not ok:
        return Solved("not_found", none, np.nan, bound, unknown, dual.prices, kept)
    value, use = problem.exact(choice)
    return Solved("solved", choice.astype(np.int64), value, max(bound, value), use, dual.prices, kept)
