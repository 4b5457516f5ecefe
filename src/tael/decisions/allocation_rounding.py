"""From prices to whole choices: mix, diffuse, repair, improve, and a small exact program over the closest customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from tael.decisions._arrays import Floats
from tael.decisions.allocation_dual import Dual, Passes
from tael.decisions.allocation_problem import Choice, Problem
from tael.kernels import allocate as kernel
from tael.kernels.allocate import share_out

WHOLE = 300
"""Choices (customers x options) up to which a problem is solved as a whole by an exact program."""

CORE = 150
"""Choices of the exact program over the closest customers of a larger problem."""

NODES = 60
"""Branches of the exact program: a limit in time would make results depend on the machine."""


def mixed(problem: Problem, passes: Passes, dual: Dual) -> Choice:
    """Whole choices that keep the mixture's limits up to about one customer's use."""
    choice = np.zeros(problem.n, dtype=np.int16)
    rows: list[NDArray[np.int64]] = []
    options: list[Choice] = []
    shares: list[Floats] = []
    for g in range(len(problem.bounds) - 1):
        first, past = int(problem.bounds[g]), int(problem.bounds[g + 1])
        share = dual.shares[:, g] if len(dual.shares) else np.zeros(0)
        used = np.flatnonzero(share > 1e-7)
        if not used.size:
            problem.choose(g, dual.prices, 1.0, choice)
            continue
        found = np.empty((past - first, used.size), dtype=np.int16)
        for a, t in enumerate(used):
            problem.choose(g, passes.prices[t], passes.on_value[t], choice)
            found[:, a] = choice[first:past]
        torn = np.flatnonzero((found != found[:, :1]).any(axis=1))
        rows.append(torn + first)
        options.append(found[torn])
        shares.append(np.broadcast_to(share[used] / share[used].sum(), (torn.size, used.size)))
    if sum(r.size for r in rows):
        _diffuse(problem, rows, options, shares, choice)
    return choice


def _diffuse(
    problem: Problem, rows: list[NDArray[np.int64]], options: list[Choice], shares: list[Floats], choice: Choice
) -> None:
    width = max(o.shape[1] for o in options)
    row = np.concatenate(rows)
    candidates = np.concatenate([np.pad(o, ((0, 0), (0, width - o.shape[1]))) for o in options])
    share = np.concatenate([np.pad(s, ((0, 0), (0, width - s.shape[1]))) for s in shares])
    # the customers who change most come first: what is left at the end is then small
    size = np.zeros(row.size)
    cell = problem.cells[row] if problem.cells.size else np.zeros(row.size, dtype=np.int32)
    for r, limit in enumerate(problem.limits):
        change = limit.table[cell[:, None], candidates]
        if limit.source < len(problem.sources):
            change = change * problem.sources[limit.source][row[:, None], candidates]
        change = np.where(share > 0, change, change[:, :1])
        size += problem.inverse[r] * np.ptp(change, axis=1)
    order = np.argsort(-size, kind="stable")
    k, addresses, widths, _, cells = problem.data
    kernel.diffuse(
        row[order], candidates[order], share[order], k, addresses, widths, cells,
        problem.of, problem.tables, problem.inverse, choice,
    )  # fmt: skip


def repaired(problem: Problem, prices: Floats, choice: Choice) -> bool:
    """Move customers, at the least loss of score, until every limit holds; says whether it succeeded.

    Limits are checked on the exactly rounded use; where a running sum missed one by a rounding, the bound that moves
    aim at is drawn in.
    """
    lower, upper = problem.lower.copy(), problem.upper.copy()
    for _ in range(6):
        if not _repair(problem, prices, choice, lower, upper):
            return problem.holds(problem.exact(choice)[1])
        _, use = problem.exact(choice)
        over, under = use - problem.upper, problem.lower - use
        if np.all(over <= 0) and np.all(under <= 0):
            return True
        step = np.divide(1e-9, problem.inverse[:-1], out=np.zeros(len(use)), where=problem.inverse[:-1] > 0)
        upper = np.where(over > 0, upper - 2 * over - step, upper)
        lower = np.where(under > 0, lower + 2 * under + step, lower)
    return False


def _repair(problem: Problem, prices: Floats, choice: Choice, lower: Floats, upper: Floats) -> bool:
    n = problem.n
    k, addresses, widths, mask, cells = problem.data
    weights, inverse = problem.weights(prices), problem.inverse[:-1]
    cost, to = np.empty(n), np.empty(n, dtype=np.int16)
    most = 256
    for _ in range(60):
        _, use = problem.totals(choice)
        if np.all(use <= upper) and np.all(use >= lower):
            return True

        def task(first: int, past: int, use: Floats = use) -> None:
            kernel.repairs(
                first, past, k, addresses, widths, mask, cells, weights, problem.of, problem.tables,
                use, lower, upper, inverse, choice, cost, to,
            )  # fmt: skip

        share_out(task, problem.bounds, problem.n_threads)
        rows = _least(cost, most)
        rows = rows[np.isfinite(cost[rows])]
        if not rows.size:
            return False
        kernel.move(
            rows, to, True, k, addresses, widths, cells, problem.of, problem.tables,
            use, lower, upper, inverse, choice,
        )  # fmt: skip
        most = min(most * 2, 1_000_000)
    return False


def _least(key: Floats, most: int) -> NDArray[np.int64]:
    """Rows of the least keys, in order; equal keys in order of rows."""
    if len(key) > most:
        edge = np.partition(key, most - 1)[most - 1]
        below = np.flatnonzero(key < edge)
        rows = np.concatenate([below, np.flatnonzero(key == edge)[: most - len(below)]])
        rows.sort()
    else:
        rows = np.arange(len(key))
    return rows[np.argsort(key[rows], kind="stable")]


def improved(problem: Problem, choice: Choice, enough: float) -> None:
    """Use what room is left: moves of most additional value that every limit still allows, until the gain is slight."""
    n = problem.n
    k, addresses, widths, mask, cells = problem.data
    gain, to = np.empty(n), np.empty(n, dtype=np.int16)
    before = choice.copy()
    for _ in range(20):
        _, use = problem.exact(choice)

        def task(first: int, past: int, use: Floats = use) -> None:
            kernel.gains(
                first, past, k, addresses, widths, mask, cells, problem.of, problem.tables,
                use, problem.lower, problem.upper, choice, gain, to,
            )  # fmt: skip

        share_out(task, problem.bounds, problem.n_threads)
        rows = _least(-gain, 4096)
        rows = rows[gain[rows] > 0]
        if gain[rows].sum() <= enough:
            break
        kernel.move(
            rows, to, False, k, addresses, widths, cells, problem.of, problem.tables,
            use, problem.lower, problem.upper, problem.inverse[:-1], choice,
        )  # fmt: skip
        if not problem.holds(problem.exact(choice)[1]):
            choice[:] = before  # a running sum was off by a rounding: the last state that holds exactly
            break
        before = choice.copy()


def core(problem: Problem, prices: Floats, choice: Choice, gap: float) -> tuple[Choice | None, float, bool]:
    """Decide the customers who are closest to another option anew, exactly, with all others as they are.

    Returns
    -------
    choice : ndarray or None
        None where nothing that keeps every limit was found.
    bound : float
        On all of the problem, where the core is all of it; else infinite.
    impossible : bool
        Whether the core is all of the problem, and no whole choices keep the limits.
    """
    n, k = problem.n, problem.k
    rows = np.arange(n) if n * k <= WHOLE else _closest(problem, prices, choice, max(1, CORE // k))
    whole = rows.size == n
    sub = replace(
        problem,
        sources=tuple(np.ascontiguousarray(a[rows]) for a in problem.sources),
        mask=None if problem.mask is None else np.ascontiguousarray(problem.mask[rows]),
        cells=problem.cells[rows] if problem.cells.size else problem.cells,
    )
    at = np.zeros(sub.n, dtype=np.int16) if whole else choice[rows]
    value, use = problem.exact(choice)
    inside = sub.exact(at)[1]
    elsewhere = np.zeros(len(use)) if whole else use - inside
    legal = np.ones((sub.n, k), dtype=bool) if sub.mask is None else sub.mask
    i, j = np.nonzero(legal)
    m = i.size
    scale = 1.0 / problem.inverse[-1] if problem.inverse[-1] > 0 else 1.0
    worth = np.asarray(sub.sources[0][i, j], dtype=float)
    base = worth.min()
    bounding = [r for r, q in enumerate(problem.limits) if np.isfinite(q.lower) or np.isfinite(q.upper)]
    cell = sub.cells[i] if sub.cells.size else np.zeros(m, dtype=np.int32)
    lines, low, high = [], [], []
    for r in bounding:
        q = problem.limits[r]
        line = q.table[cell, j]
        if q.source < len(sub.sources):
            line = line * sub.sources[q.source][i, j]
        size = problem.inverse[r] if problem.inverse[r] > 0 else 1.0
        lines.append(line * size)
        low.append((q.lower - elsewhere[r]) * size)
        high.append((q.upper - elsewhere[r]) * size)
    one = LinearConstraint(coo_array((np.ones(m), (i, np.arange(m))), shape=(sub.n, m)).tocsr(), 1, 1)
    objective = -(worth - base) / scale
    allowed = gap * max(abs(value), abs(base) * sub.n * 1e-3) / scale
    for margin in (0.0, 1e-6):
        rules = [one]
        if bounding:
            rules.append(LinearConstraint(np.array(lines), np.array(low) + margin, np.array(high) - margin))
        mip_gap = float(np.clip(allowed / max(1e-12, _span(objective, i)), 0.0, 0.1))
        # without presolve: with it, HiGHS writes a line of debugging to the terminal now and then
        done = milp(
            objective, integrality=np.ones(m), bounds=Bounds(0, 1), constraints=rules,
            options={"node_limit": NODES, "presolve": False, "mip_rel_gap": mip_gap},
        )  # fmt: skip
        if done.x is None:
            return None, np.inf, whole and done.status == 2 and margin == 0.0
        bound = np.inf
        if whole and margin == 0.0 and done.mip_dual_bound is not None and np.isfinite(done.mip_dual_bound):
            bound = -float(done.mip_dual_bound) * scale + float(base) * sub.n
        grid = np.full((sub.n, k), -1.0)
        grid[i, j] = done.x
        made = choice.copy()
        made[rows] = grid.argmax(axis=1)
        if problem.holds(problem.exact(made)[1]):
            return made, bound, False
    return None, np.inf, False


def _span(objective: Floats, row: NDArray[np.int64]) -> float:
    least = np.zeros(int(row[-1]) + 1)
    np.minimum.at(least, row, objective)
    return float(-least.sum())


def _closest(problem: Problem, prices: Floats, choice: Choice, most: int) -> NDArray[np.int64]:
    """Rows whose present option is least ahead of another legal one under the prices, in order of rows."""
    n = problem.n
    least = np.empty(n)
    weights = problem.weights(prices)
    for first in range(0, n, 65_536):
        rows = slice(first, min(first + 65_536, n))
        cell = problem.cells[rows] if problem.cells.size else np.zeros(rows.stop - first, dtype=np.int32)
        score = weights[-1][cell]
        with np.errstate(invalid="ignore", over="ignore"):  # what is masked may hold anything
            for s, source in enumerate(problem.sources):
                score = score + weights[s][cell] * source[rows]
        if problem.mask is not None:
            score = np.where(problem.mask[rows], score, -np.inf)
        here = np.arange(rows.stop - first)
        now = score[here, choice[rows]]
        score[here, choice[rows]] = -np.inf
        least[rows] = now - score.max(axis=1)
    return np.sort(_least(least, min(most, n)))
