"""One rebalance of 500 names: tael's mean-variance beside cvxpy with Clarabel, and skfolio.

    python benchmarks/bench_portfolio.py                       # 500 names, 10 factors, 10 rebalances
    python benchmarks/bench_portfolio.py --names 1000 --rebalances 5

Two problems, the same numbers for everybody: `plain` is the least variance of a long-only portfolio with at most 5 % a
name; `full` trades score against risk and cost with a turnover limit, bounds of 30 industries and 2 styles about a
benchmark. cvxpy stands there twice: with the N x N covariance, as one writes it first, and in factor form. skfolio
estimates a covariance from returns drawn from the same model, which is part of its time; in `full` it has the turnover
limit and the industries' bounds, and no styles.

CPU seconds of the process, one thread: median over the rebalances. `worse` is how much of the objective is missing to
the best of all (skfolio's, of another covariance, is not compared).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402

from tael.markets.portfolio import (  # noqa: E402
    FactorRisk,
    MarketState,
    MeanVariance,
    MinimumVariance,
)

MOST, TURNOVER, COST, GROUP, STYLE, AVERSION = 0.05, 0.3, 5e-4, 0.03, 0.1, 10.0
INDUSTRIES = 30


@dataclass
class Day:
    """What a rebalance knows."""

    alpha: Any
    risk: FactorRisk
    held: Any
    state: MarketState
    returns: Any


def days(n: int, k: int, count: int) -> list[Day]:
    """Rebalances of one market: exposures and scores wander, industries stay."""
    rng = np.random.default_rng(0)
    exposures = rng.normal(size=(n, k))
    exposures[:, 0] = 1.0
    industries = rng.integers(0, INDUSTRIES, n).astype(np.int32)
    own = rng.uniform(1e-4, 6e-4, n)
    held = np.zeros(n)
    held[rng.choice(n, 80, replace=False)] = 1 / 80
    found = []
    for _ in range(count):
        exposures[:, 1:] += 0.05 * rng.normal(size=(n, k - 1))
        strength = rng.uniform(5e-6, 2e-5, k)
        strength[0] = 1e-4
        risk = FactorRisk(exposures.copy(), np.diag(strength), own)
        styles = {"size": exposures[:, 1].copy(), "momentum": exposures[:, 2].copy()}
        state = MarketState(groups=industries, styles=styles, benchmark=np.full(n, 1 / n))
        returns = rng.normal(size=(252, k)) * np.sqrt(strength) @ exposures.T + rng.normal(size=(252, n)) * np.sqrt(own)
        found.append(Day(1e-3 * rng.normal(size=n), risk, held, state, returns))
    return found


def utility(day: Day, w: Any, kind: str) -> float:
    """What everybody maximises."""
    if kind == "plain":
        return -day.risk.variance(w)
    off = w - day.state.benchmark
    return float(day.alpha @ w - AVERSION / 2 * day.risk.variance(off) - COST * np.abs(w - day.held).sum())


def tael(kind: str, warm: bool) -> Callable[[Day], Any]:
    """tael's methods; cold: a new solver for each rebalance."""

    def make() -> MeanVariance:
        if kind == "plain":
            return MinimumVariance(max_weight=MOST)
        return MeanVariance(
            AVERSION, max_weight=MOST, turnover=TURNOVER, cost_bp=COST * 1e4, groups=GROUP, styles=STYLE
        )

    kept = make()

    def solve(day: Day) -> Any:
        method, state = kept if warm else make(), day.state if kind == "full" else None
        found = method.weights(day.alpha, day.risk, day.held if kind == "full" else None, state)
        assert found.status == "solved", found.message.en
        return found.weights

    return solve


def by_cvxpy(kind: str, factor: bool) -> Callable[[Day], Any]:
    """cvxpy with Clarabel, written as a user would."""
    import cvxpy as cp

    def solve(day: Day) -> Any:
        w = cp.Variable(day.risk.n)
        off = w if kind == "plain" else w - day.state.benchmark
        if factor:
            own = cp.multiply(np.sqrt(day.risk.specific), off)
            variance = cp.sum_squares(day.risk.loadings.T @ off) + cp.sum_squares(own)
        else:
            variance = cp.quad_form(off, cp.psd_wrap(day.risk.covariance()))
        rows = [cp.sum(w) == 1, w >= 0, w <= MOST]
        if kind == "plain":
            worth = -variance
        else:
            worth = day.alpha @ w - AVERSION / 2 * variance - COST * cp.norm1(w - day.held)
            member = np.eye(INDUSTRIES)[day.state.groups].T
            rows += [cp.norm1(w - day.held) <= TURNOVER, cp.abs(member @ off) <= GROUP]
            rows += [cp.abs(style @ off) <= STYLE for style in day.state.styles.values()]
        cp.Problem(cp.Maximize(1e3 * worth), rows).solve(solver=cp.CLARABEL, max_threads=1)
        return w.value

    return solve


def by_skfolio(kind: str) -> Callable[[Day], Any]:
    """skfolio's MeanRisk on returns of the same model."""
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    def solve(day: Day) -> Any:
        if kind == "plain":
            model = MeanRisk(max_weights=MOST)
        else:
            n = day.risk.n
            names = np.array([[f"g{g}" for g in day.state.groups]])
            share = np.bincount(day.state.groups, minlength=INDUSTRIES) / n
            bounds = [f"g{g} <= {share[g] + GROUP}" for g in range(INDUSTRIES)]
            bounds += [f"g{g} >= {max(0.0, share[g] - GROUP)}" for g in range(INDUSTRIES)]
            model = MeanRisk(
                objective_function=ObjectiveFunction.MAXIMIZE_UTILITY, risk_aversion=AVERSION / 2, max_weights=MOST,
                max_turnover=TURNOVER, transaction_costs=COST, previous_weights=day.held, groups=names,
                linear_constraints=bounds,
            )  # fmt: skip
        return model.fit(day.returns).weights_

    return solve


def main() -> None:
    """Run all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=500)
    parser.add_argument("--factors", type=int, default=10)
    parser.add_argument("--rebalances", type=int, default=10)
    parser.add_argument("--without", nargs="*", default=[], help="contenders to leave out, by the first word")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    known = days(asked.names, asked.factors, asked.rebalances + 1)
    print(f"{asked.names} names, {asked.factors} factors, median of {asked.rebalances} rebalances, one thread\n")
    print(f"{'problem':<9}{'who':<24}{'CPU ms':>9}{'slowest':>9}{'worse':>11}")
    for kind in ("plain", "full"):
        contenders: dict[str, Callable[[Day], Any]] = {
            "tael, warm": tael(kind, True),
            "tael, cold": tael(kind, False),
            "cvxpy, factor form": by_cvxpy(kind, True),
            "cvxpy, dense": by_cvxpy(kind, False),
            "skfolio": by_skfolio(kind),
        }
        rows = []
        for name, solve in contenders.items():
            if name.split(",")[0] in asked.without:
                continue
            solve(known[0])  # imports, compiled parts, and the structure that is kept
            spent, worth = [], []
            for day in known[1:]:
                start = time.process_time()
                w = solve(day)
                spent.append(1e3 * (time.process_time() - start))
                worth.append(utility(day, np.asarray(w), kind))
            rows.append((name, spent, np.array(worth)))
        best = np.max([worth for name, _, worth in rows if name != "skfolio"], axis=0)
        for name, spent, worth in rows:
            short = "" if name == "skfolio" else f"{np.max((best - worth) / np.abs(best)):.1e}"
            print(f"{kind:<9}{name:<24}{np.median(spent):>9.1f}{np.max(spent):>9.1f}{short:>11}")


if __name__ == "__main__":
    main()
