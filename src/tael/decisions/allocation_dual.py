"""The Lagrangian dual: one price for each limit, found by cutting planes within a moving box.

With prices p the customers part, and each takes the option of most value less charges. What they then add up to, plus
the limits at these prices, is above the worth of every allocation: L(p) = sum of max(v - p a) + p b. L is convex and
piecewise linear. Each pass over the customers gives one cut for each block of rows; a linear program over the cuts
(Kelley 1960, with the trust region of Marsten, Hogan and Blankenship 1975) gives the next prices, and its own dual the
mixture of passes (Dantzig and Wolfe 1960) that keeps the limits on average.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tael.decisions._arrays import Floats
from tael.decisions.allocation_problem import Problem

SAMPLE_FROM = 100_000
SAMPLE_TO = 20_000
TOLERANCE = 1e-6
"""How near, as a share of the bound, the model must come to the bound; a hundredth of the gap asked for by default."""

BEYOND = 1e6
"""Prices so many times their natural size are not searched."""


@dataclass
class Passes:
    """What the passes so far found: one row a pass.

    Parameters
    ----------
    prices : list of arrays of shape (R,)
        Prices of each pass.
    on_value : list of float
        Weight of the value: 1, or 0 in the search for conflicts.
    value : list of arrays of shape (G,)
        Value of the best options, by block.
    use : list of arrays of shape (G, R)
        Their use of each limit.
    """

    prices: list[Floats] = field(default_factory=list)
    on_value: list[float] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    use: list[Floats] = field(default_factory=list)

    def add(self, problem: Problem, prices: Floats, on_value: float) -> tuple[Floats, Floats]:
        """Make a pass and keep it."""
        value, use = problem.evaluate(prices, on_value)
        self.prices.append(prices)
        self.on_value.append(on_value)
        self.value.append(value)
        self.use.append(use)
        return value, use


@dataclass(frozen=True)
class Dual:
    """Where the prices came to rest.

    Parameters
    ----------
    prices : ndarray of shape (R,)
        The best prices found: positive where an upper bound, negative where a lower bound binds.
    bound : float
        The Lagrangian at these prices.
    model : float
        What the cuts promise at most could still be gained: the least of L over the box is not below it.
    shares : ndarray of shape (T, G)
        Mixture of the passes, by block.
    n_passes : int
        Passes made.
    """

    prices: Floats
    bound: float
    model: float
    shares: Floats
    n_passes: int


def free_prices(problem: Problem) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which prices may be positive (there is an upper bound that can bind), and which negative."""
    spread = problem.ranges[:-1]
    up = np.isfinite(problem.upper) & (spread[:, 1] > problem.upper)
    down = np.isfinite(problem.lower) & (spread[:, 0] < problem.lower)
    return up & (spread[:, 2] > 0), down & (spread[:, 2] > 0)


def natural_prices(problem: Problem, on_value: float = 1.0) -> tuple[Floats, float]:
    """Size of each price at which it begins to matter, and the size of the value per customer."""
    worth = problem.inverse[-1]
    unit = 1.0 if on_value == 0.0 or worth == 0.0 else 1.0 / float(worth)
    return unit * problem.inverse[:-1], unit


def solve_dual(
    problem: Problem,
    passes: Passes,
    *,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    max_passes: int = 400,
) -> Dual:
    """Prices of the least bound.

    Parameters
    ----------
    problem : Problem
        Must be feasible on average: `allocation_conflict.conflict` found nothing.
    passes : Passes
        Earlier passes over the same customers, whose cuts are used; receives the new ones.
    start : ndarray of shape (R,), optional
        Prices to start from, such as those of a neighbouring problem.
    tolerance : float
        Relative to the bound.
    max_passes : int
        The search ends with what it has; the bound is valid all the same.
    """
    radius = 1.0
    if start is None and problem.n >= SAMPLE_FROM:
        small = problem.sample(problem.n // SAMPLE_TO)
        start = solve_dual(small, Passes(), tolerance=1e-4, max_passes=100).prices
        radius = 0.1
    elif start is not None:
        radius = 0.1
    return _descend(problem, passes, start, radius, tolerance, max_passes, 1.0, None)


def _descend(
    problem: Problem,
    passes: Passes,
    start: Floats | None,
    radius: float,
    tolerance: float,
    max_passes: int,
    on_value: float,
    stop_below: float | None,
) -> Dual:
    """Kelley's method in a box around the best prices; with ``stop_below`` the box is fixed around zero."""
    natural, unit = natural_prices(problem, on_value)
    up, down = free_prices(problem)
    centre = np.zeros(len(natural)) if start is None else np.where(start > 0, start * up, start * down)
    value, use = passes.add(problem, centre, on_value)
    found, best = centre, problem.bound(centre, value * on_value, use)
    model, shares = -np.inf, np.zeros((len(passes.value), value.size))
    master = _Master(problem, passes, natural, unit, on_value, up, down)
    box = np.full(len(natural), radius)
    floor = 1e-3 * float(problem.ranges[-1, 1] - problem.ranges[-1, 0])
    for _ in range(max_passes):
        # prices beyond all measure, or one that HiGHS cannot solve: the limits contradict each other, or nearly.
        # The bound so far is valid, and whether whole choices keep the limits is seen when they are made
        step = master.solve(centre, box) if box.max(initial=0.0) < BEYOND else None
        if step is None:
            break
        trial, model, shares, pressed = step
        missing = best - model
        near = tolerance if stop_below is not None else tolerance * max(abs(best), floor)
        if missing <= near:
            if stop_below is not None or not pressed.any():
                break
            box[pressed] *= 10.0
            continue
        value, use = passes.add(problem, trial, on_value)
        reached = problem.bound(trial, value * on_value, use)
        if reached < best:
            if stop_below is None and best - reached > 0.3 * missing:
                box[pressed] *= 2.5
            found, best = trial, reached
            if stop_below is None:
                centre = trial
            elif reached < stop_below:
                break
        elif stop_below is None and reached - best > missing:
            box *= 0.6
    return Dual(found, best, model, shares, len(passes.value))


def solve_phase_one(problem: Problem, passes: Passes, stop_below: float) -> Dual:
    """Prices at which the limits alone, without any value, contradict each other: the bound is then below zero.

    By Farkas' lemma there are such prices if and only if no mixture of choices keeps the limits. The search ends once
    the bound is below ``stop_below``, or cannot be below -1e-7 per customer.
    """
    return _descend(problem, passes, None, 1.0, 1e-7 * problem.n, 300, 0.0, stop_below)


class _Master:
    """The linear program over the cuts, in units in which prices and customers are about 1."""

    def __init__(
        self,
        problem: Problem,
        passes: Passes,
        natural: Floats,
        unit: float,
        on_value: float,
        up: NDArray[np.bool_],
        down: NDArray[np.bool_],
    ) -> None:
        self.problem, self.passes, self.natural, self.on_value = problem, passes, natural, on_value
        self.free = np.flatnonzero(up | down)
        self.up, self.down = up[self.free], down[self.free]
        self.size = unit * max(float(problem.ranges[-1, 2]) if on_value else float(problem.n), 1.0)
        # differences to one pass: large numbers that all passes share would drown what they differ in
        self.value0 = passes.value[0] * on_value
        self.use0 = passes.use[0]
        self.idle = np.zeros((0, self.value0.size), dtype=int)

    def solve(self, centre: Floats, box: Floats) -> tuple[Floats, float, Floats, NDArray[np.bool_]] | None:
        """Prices of the least model within the box, the model there, the mixture, and which prices press at an end."""
        n_passes, n_blocks = len(self.passes.value), self.value0.size
        value = np.array(self.passes.value) * self.on_value - self.value0
        use = (np.array(self.passes.use) - self.use0)[:, :, self.free]
        if len(self.idle) < n_passes:
            new = np.zeros((n_passes - len(self.idle), n_blocks), dtype=int)
            self.idle = np.concatenate([self.idle, new])
        keep_t, keep_g = np.nonzero(self.idle < 25)
        natural, free = self.natural[self.free], self.free
        coefficient = use[keep_t, keep_g] * natural / self.size
        n_free, n_cuts = len(free), len(keep_t)
        # variables: one a block, then prices above zero, then prices below zero
        matrix = np.zeros((n_cuts, n_blocks + 2 * n_free))
        matrix[np.arange(n_cuts), keep_g] = -1.0
        matrix[:, n_blocks : n_blocks + n_free] = -coefficient
        matrix[:, n_blocks + n_free :] = coefficient
        first_use = self.use0.sum(axis=0)[free]
        upper = np.where(self.up, self.problem.upper[free] - first_use, 0.0) * natural / self.size
        lower = np.where(self.down, self.problem.lower[free] - first_use, 0.0) * natural / self.size
        middle = centre[free] / natural
        reach = box[free]
        low, high = middle - reach, middle + reach
        # an end of the box can be moved, unless the price may not change its sign there
        soft_low, soft_high = self.down | (low > 0), self.up | (high < 0)
        low, high = np.where(soft_low, low, 0.0), np.where(soft_high, high, 0.0)
        bounds = [(None, None)] * n_blocks
        bounds += [(max(0.0, a), max(0.0, b)) for a, b in zip(low, high, strict=True)]
        bounds += [(max(0.0, -b), max(0.0, -a)) for a, b in zip(low, high, strict=True)]
        goal = np.concatenate([np.ones(n_blocks), upper, -lower])
        done = linprog(goal, matrix, -value[keep_t, keep_g] / self.size, bounds=bounds, method="highs-ds")
        if done.status != 0:
            return None
        scaled = done.x[n_blocks : n_blocks + n_free] - done.x[n_blocks + n_free :]
        prices = np.zeros(len(self.natural))
        prices[free] = scaled * natural
        pressed = np.zeros(len(self.natural), dtype=bool)
        slack = 1e-9 * np.maximum(1.0, np.abs(scaled))
        pressed[free] = ((scaled <= low + slack) & soft_low) | ((scaled >= high - slack) & soft_high)
        shares = np.zeros((n_passes, n_blocks))
        shares[keep_t, keep_g] = np.maximum(-done.ineqlin.marginals, 0.0)
        self.idle += 1
        self.idle[shares > 1e-9] = 0
        return prices, float(done.fun) * self.size + float(self.value0.sum()), shares, pressed
