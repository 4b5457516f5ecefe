"""Mean-variance with limits as a program: which variables there are, and which rows.

Variables: w (weights of the names that can move), y (their factor returns, one a factor, scaled to about 1), t
(absolute trades, where turnover is limited or costs), v (absolute weights, where gross or margin is limited), e (the
exposures that are bounded).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.portfolio import limits
from tael.markets.portfolio.program import Program, Rows, Solver
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, required

Floats = NDArray[np.float64]
DUST = 1e-7


@dataclass(frozen=True, eq=False)
class Policy:
    """The parameters of a method, checked against what is known.

    Parameters
    ----------
    aversion : float
        Of the variance over the horizon.
    total : (float, float)
        Bounds of the sum of weights; `total_name` is "budget" or "net".
    low, high : ndarray, shape (N,)
        Bounds of each name.
    linear, quadratic : ndarray, shape (N,)
        Cost of |trade| and of trade^2.
    """

    aversion: float
    total: tuple[float, float]
    total_name: str
    gross: float | None
    margin: float | None
    turnover: float | None
    low: Floats
    high: Floats
    linear: Floats
    quadratic: Floats
    groups: list[tuple[str, NDArray[np.int64], tuple[float, float]]]
    styles: list[tuple[str, Floats, tuple[float, float]]]
    margin_rate: Floats | None
    benchmark: Floats

    @classmethod
    def of(cls, method: Any, inputs: Inputs) -> Policy:
        """Read a method's parameters.

        Raises
        ------
        MarketError
            If one makes no sense, or needs what is not given.
        """
        state, n, name = inputs.state, len(inputs.alpha), type(method).__name__
        for what in ("risk_aversion", "horizon", "max_weight", "cost_bp", "impact", "impact_size"):
            value = getattr(method, what)
            if not (np.isfinite(value) and value >= 0):
                raise MarketError(f"{what} of {name} makes no sense.", expected="0 or more", got=repr(value))
        for what in ("turnover", "gross", "margin"):
            value = getattr(method, what)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise MarketError(f"{what} of {name} makes no sense.", expected="0 or more, or None", got=repr(value))
        given = method.budget if method.long_only else method.net
        if method.long_only and np.ndim(given) == 0:
            total = (float(given), float(given))
        else:
            total = limits.pair(given, "budget" if method.long_only else "net")
        floor = 0.0 if method.long_only else -method.max_weight
        if method.min_weight is not None:
            floor = float(method.min_weight)
            if method.long_only and floor < 0:
                raise MarketError("A long-only portfolio has no negative weights.", got=f"min_weight={floor}")
        if floor > method.max_weight:
            raise MarketError("min_weight is above max_weight.", got=f"{floor} > {method.max_weight}")
        low, high = limits.box(inputs, floor, method.max_weight)
        linear = np.full(n, method.cost_bp * 1e-4) if state.cost is None else np.asarray(state.cost, dtype=float)
        quadratic = np.zeros(n)
        if method.impact > 0:
            fix = "Pass volumes and returns to the history, or leave `impact` at 0."
            volume = required(state.volume, "state.volume", f"{name}(impact=)", fix)
            volatility = required(state.volatility, "state.volatility", f"{name}(impact=)", fix)
            thin = ~(volume > 0)
            # what has never traded is as dear as the thinnest that has
            volume = np.where(thin, volume[~thin].min() if (~thin).any() else 1.0, volume)
            restless = np.nanmax(volatility) if np.isfinite(volatility).any() else 0.0
            volatility = np.where(np.isfinite(volatility), volatility, restless)
            quadratic = method.impact * volatility / np.sqrt(volume * method.impact_size)
        styles = limits.bounds_of(method.styles, list(state.styles), "styles")
        if method.styles is not None and not state.styles:
            raise MarketError(f"{name} bounds styles, but there are none.", expected="state.styles", got="nothing")
        rate = None
        if method.margin is not None:
            fix = "Pass margin rates to the history, or leave `margin` out."
            rate = required(state.margin_rate, "state.margin_rate", f"{name}(margin=)", fix)
        bought = bool(np.any(inputs.previous != 0))
        return cls(
            aversion=float(method.risk_aversion * method.horizon),
            total=total,
            total_name="budget" if method.long_only else "net",
            gross=None if method.long_only else method.gross,
            margin=method.margin,
            turnover=method.turnover if bought else None,
            low=low,
            high=high,
            linear=linear,
            quadratic=quadratic,
            groups=limits.group_rows(state, method.groups, name),
            styles=[(f"style {key}", np.asarray(state.styles[key]), bound) for key, bound in styles.items()],
            margin_rate=rate,
            benchmark=np.zeros(n) if state.benchmark is None else np.asarray(state.benchmark, dtype=float),
        )

    def with_turnover(self, turnover: float | None) -> Policy:
        """The same with another limit of turnover."""
        return replace(self, turnover=turnover)


@dataclass(frozen=True, eq=False)
class Layout:
    """A program and how to read portfolios off it.

    Parameters
    ----------
    free : ndarray of int
        Names that can move; w is the first part of the variables.
    base : ndarray of float, shape (N,)
        Weights of those that cannot.
    low, high, held : ndarray of float
        Of the free names.
    """

    program: Program
    free: NDArray[np.int64]
    base: Floats
    low: Floats
    high: Floats
    held: Floats
    total: tuple[float, float]


def lay_out(policy: Policy, inputs: Inputs, risk: FactorRisk, *, trades_only: bool = False) -> Layout:
    """Write the program.

    Parameters
    ----------
    policy, inputs, risk : Policy, Inputs, FactorRisk
        What is asked.
    trades_only : bool
        Minimise turnover instead, within all limits but that of turnover.
    """
    moves = policy.high > policy.low
    free = np.flatnonzero(moves)
    base = np.where(moves, 0.0, policy.low)
    n, k = len(free), risk.exposures.shape[1]
    low, high, held = policy.low[free], policy.high[free], inputs.previous[free]
    linear, quadratic = policy.linear[free], policy.quadratic[free]
    trades = trades_only or policy.turnover is not None or bool(linear.any())
    sizes = policy.gross is not None or policy.margin is not None
    t0 = n + k
    v0 = t0 + (n if trades else 0)
    e0 = v0 + (n if sizes else 0)
    exposed = _exposures(policy, moves, base)
    variables = e0 + len(exposed)
    i = np.arange(n)
    equal, below = Rows(variables), Rows(variables)

    # y_j = scale_j * (G w)_j, so that every variable is of about the same size
    loadings = risk.loadings[free]
    scale = 1.0 / np.maximum(np.abs(loadings).max(axis=0, initial=0.0), 1e-12)
    columns = np.hstack([np.tile(i, (k, 1)), n + np.arange(k)[:, None]])
    values = np.hstack([-(loadings * scale).T, np.ones((k, 1))])
    equal.add(".risk", columns, values, np.zeros(k))

    _sum(policy, equal, below, i, base)
    below.add("weight bounds", i[:, None], 1.0, high)
    below.add("weight bounds", i[:, None], -1.0, -low)
    if trades:
        pairs = np.column_stack([i, t0 + i])
        below.add(".trades", pairs, [1.0, -1.0], held)
        below.add(".trades", pairs, [-1.0, -1.0], -held)
        if policy.turnover is not None and not trades_only:
            forced = float(np.abs(base - inputs.previous)[~moves].sum())
            below.add("turnover", t0 + i, 1.0, policy.turnover - forced)
    if sizes:
        pairs = np.column_stack([i, v0 + i])
        below.add(".sizes", pairs, [1.0, -1.0], np.zeros(n))
        below.add(".sizes", pairs, [-1.0, -1.0], np.zeros(n))
        if policy.gross is not None:
            below.add("gross", v0 + i, 1.0, policy.gross - np.abs(base).sum())
        if policy.margin is not None and policy.margin_rate is not None:
            rate = np.nan_to_num(policy.margin_rate, nan=1.0)
            below.add("margin", v0 + i, rate[free], policy.margin - float(rate @ np.abs(base)))
    if exposed:
        _bound_exposures(equal, below, exposed, e0)

    p, q = np.zeros(variables), np.zeros(variables)
    if trades_only:
        q[t0:v0] = 1.0
    else:
        off = base - policy.benchmark
        aversion = policy.aversion
        p[:n] = aversion * risk.specific[free] + 2.0 * quadratic
        q[:n] = -limits.values_of(inputs)[free] - 2.0 * quadratic * held
        q[:n] += aversion * risk.specific[free] * off[free]
        p[n:t0] = aversion / scale**2
        q[n:t0] = aversion / scale * (risk.loadings.T @ off)
        if trades:
            q[t0:v0] = linear
    program = Program(p, q, equal, below, fixed=(".risk", ".exposures", ".trades", ".sizes"))
    return Layout(program, free, base, low, high, held, policy.total)


def _sum(policy: Policy, equal: Rows, below: Rows, i: NDArray[np.int64], base: Floats) -> None:
    low, high = (bound - float(base.sum()) for bound in policy.total)
    if policy.total[0] == policy.total[1]:
        equal.add(policy.total_name, i, 1.0, low)
        return
    if np.isfinite(high):
        below.add(policy.total_name, i, 1.0, high)
    if np.isfinite(low):
        below.add(policy.total_name, i, -1.0, -low)


@dataclass(frozen=True, eq=False)
class Exposed:
    """A bounded exposure: which free names add up to it, and its bounds."""

    name: str
    column: NDArray[np.int64]
    value: Floats
    low: float
    high: float


def _exposures(policy: Policy, moves: NDArray[np.bool_], base: Floats) -> list[Exposed]:
    """Each bounded group and style, less the benchmark's exposure and that of what cannot move."""
    place = np.cumsum(moves) - 1
    off = base - policy.benchmark
    found = []
    for name, members, (low, high) in policy.groups:
        inside = place[members[moves[members]]]
        there = float(off[members].sum())
        if len(inside):
            found.append(Exposed(name, inside, np.ones(len(inside)), low - there, high - there))
    for name, exposure, (low, high) in policy.styles:
        known = np.nan_to_num(exposure, nan=0.0)
        there = float(known @ off)
        found.append(Exposed(name, place[moves], known[moves], low - there, high - there))
    return found


def _bound_exposures(equal: Rows, below: Rows, exposed: list[Exposed], e0: int) -> None:
    """e = the exposure of what can move: its many entries stand there once, and each bound has one."""
    m = len(exposed)
    count = np.array([len(one.column) for one in exposed])
    row = np.concatenate([np.repeat(np.arange(m), count), np.arange(m)])
    column = np.concatenate([*(one.column for one in exposed), np.arange(e0, e0 + m)])
    value = np.concatenate([*(-one.value for one in exposed), np.ones(m)])
    equal.put([(".exposures", m)], row, column, value, np.zeros(m))
    sides = [(at, sign, one) for at, one in enumerate(exposed, e0) for sign in (1.0, -1.0)]
    kept = [(at, sign, one) for at, sign, one in sides if np.isfinite(one.high if sign > 0 else one.low)]
    below.put(
        [(one.name, 1) for _, _, one in kept],
        np.arange(len(kept)),
        np.array([at for at, _, _ in kept], dtype=np.int64),
        np.array([sign for _, sign, _ in kept]),
        np.array([one.high if sign > 0 else -one.low for _, sign, one in kept]),
    )


def least_turnover(policy: Policy, inputs: Inputs, risk: FactorRisk) -> float | None:
    """The least that has to be traded to keep all limits but that of turnover; None where they cannot be kept."""
    layout = lay_out(policy, inputs, risk, trades_only=True)
    solution = Solver().solve(layout.program)
    if solution.status != "solved":
        return None
    return float(np.abs(read(layout, solution.x) - inputs.previous).sum())


def read(layout: Layout, x: Floats) -> Floats:
    """Weights out of the variables: within their bounds, without dust, and with the sum that was asked for."""
    w = np.clip(x[: len(layout.free)], layout.low, layout.high)
    w[(np.abs(w) < DUST) & (layout.low <= 0) & (layout.high >= 0)] = 0.0
    still = np.abs(w - layout.held) < DUST
    w[still] = np.clip(layout.held, layout.low, layout.high)[still]
    missing = min(max(w.sum() + layout.base.sum(), layout.total[0]), layout.total[1]) - w.sum() - layout.base.sum()
    room = (layout.high - w) if missing > 0 else (w - layout.low)
    inner = (room > 10 * DUST) & (np.abs(w - layout.held) >= DUST) & (w != 0)
    if missing and inner.any():
        w[inner] += missing * room[inner] / room[inner].sum()
    found = layout.base.copy()
    found[layout.free] = w
    return found
