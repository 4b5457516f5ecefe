"""The allocator beside HiGHS, and a million customers.

    python benchmarks/bench_allocation.py                     # 10 thousand customers, 3 seeds, then a million
    python benchmarks/bench_allocation.py --seeds 5 --seconds 60
    python benchmarks/bench_allocation.py --million-only --threads 2

Problems: `plain` (log-normal value and use), `correlated` (value = sum of the uses + 10, whole numbers: a hard case of
the knapsack literature, Kellerer, Pferschy and Pisinger 2004), `limits` (a grid of credit limits: concave income, loss
and exposure budgets), `tied` (customers of three kinds only). Constraints: `budgets` two budgets; `volumes` also a
capacity and a minimum volume; `groups` also a four-fifths rule and a minimum share.

HiGHS runs through scipy.optimize.milp in a process of its own and is stopped at --seconds, since its heuristics look at
the clock rarely. Short: (best value of HiGHS - value) / value, negative where the allocator found more. Gap: to the
bound of HiGHS (its linear relaxation, until its search has a better one), in brackets where only the allocator's own is
known. Wall seconds; the memory is the peak of the process with Python and the inputs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions.allocation import GroupRule, allocate

Floats = NDArray[np.float64]
KINDS = ("plain", "correlated", "limits", "tied")
RULES = ("budgets", "volumes", "groups")


def problem(kind: str, rules: str, n: int, k: int, seed: int) -> dict[str, Any]:
    """What `allocate` takes."""
    rng = np.random.default_rng(seed)
    if kind == "plain":
        value, a, b = (rng.lognormal(m, 1, (n, k)) for m in (3, 2, 1))
    elif kind == "correlated":
        a, b = (rng.integers(1, 100, (n, k)).astype(float) for _ in range(2))
        value = a + b + 10
    elif kind == "limits":
        amount = np.linspace(0, 1, k) ** 1.5 * 200_000
        pd = rng.beta(1, 20, (n, 1))
        wanted = rng.uniform(20_000, 300_000, (n, 1))
        a = 0.6 * pd * amount
        b = np.broadcast_to(amount, (n, k)).copy()
        value = 0.12 * wanted * (1 - np.exp(-amount / wanted)) * (1 - pd) - a
    else:
        of = rng.integers(0, 3, n)
        value, a, b = (rng.integers(0, 9, (3, k)).astype(float)[of] for _ in range(3))
    for array in (value, a, b):
        array[:, 0] = 0
    member = rng.random(n) < 0.3
    mask = rng.random((n, k)) < 0.9
    mask[:, 0] = True
    made: dict[str, Any] = {
        "value": value,
        "resources": {"a": a, "b": b},
        "budgets": {"a": 0.4 * n * float(a.mean()), "b": 0.5 * n * float(b.mean())},
        "mask": mask,
    }
    if rules != "budgets":
        made["capacities"] = {1: (n // 20, n // 6), 2: n // 8}
    if rules == "groups":
        made["groups"] = [
            GroupRule("four fifths", member, [1, 2], at_least=0.8, measure="ratio"),
            GroupRule("minimum share", member, k - 1, at_least=0.05),
        ]
    return made


def _highs(made: dict[str, Any], seconds: float, pipe: Any) -> None:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, csr_array

    value, mask = made["value"], made["mask"]
    n = len(value)
    i, j = np.nonzero(mask)
    lines = [(use[i, j], -np.inf, made["budgets"][name]) for name, use in made["resources"].items()]
    for option, bounds in made.get("capacities", {}).items():
        low, high = bounds if isinstance(bounds, tuple) else (-np.inf, bounds)
        lines.append(((j == option).astype(float), low, high))
    for rule in made.get("groups", ()):
        counted = np.isin(j, rule.options)
        inside = rule.member[i]
        if rule.measure == "ratio":
            share = counted * np.where(inside, 1 / rule.member.sum(), -rule.at_least / (~rule.member).sum())
            lines.append((share * n, 0.0, np.inf))
        else:
            lines.append((counted * inside * 1.0, rule.at_least * rule.member.sum(), np.inf))
    one = coo_array((np.ones(i.size), (i, np.arange(i.size))), shape=(n, i.size)).tocsr()
    rules = [LinearConstraint(one, 1, 1)]
    rules += [LinearConstraint(csr_array(line[None] / np.abs(line).max()), low / np.abs(line).max(),
                               high / np.abs(line).max()) for line, low, high in lines]  # fmt: skip
    relaxed = milp(-value[i, j], bounds=Bounds(0, 1), constraints=rules)
    pipe.send((None, relaxed.fun))
    options = {"time_limit": seconds, "mip_rel_gap": 1e-5}
    done = milp(-value[i, j], integrality=np.ones(i.size), bounds=Bounds(0, 1), constraints=rules, options=options)
    pipe.send((None if done.x is None else -float(done.fun), done.mip_dual_bound))


def highs(made: dict[str, Any], seconds: float) -> tuple[float | None, float | None, float]:
    """Value and bound of HiGHS, None where it had none in time, and its seconds."""
    here, there = multiprocessing.Pipe()
    start = time.perf_counter()
    child = multiprocessing.Process(target=_highs, args=(made, 0.8 * seconds, there))
    child.start()
    value, bound = None, None
    for _ in range(2):
        if here.poll(max(0.0, seconds - (time.perf_counter() - start))):
            value, bound = here.recv()
    child.terminate()
    child.join()
    return value, None if bound is None else -float(bound), time.perf_counter() - start


def compare(n: int, seeds: int, seconds: float) -> None:
    """Print the table against HiGHS."""
    print(f"{n:,} customers x 5 to 10 options\n")
    print(f"{'problem':<12}{'rules':<10}{'seed':>4}{'k':>4}{'value':>16}{'gap %':>11}{'s':>7}"
          f"{'HiGHS value':>18}{'short %':>10}{'s':>7}")  # fmt: skip
    for kind in KINDS:
        for rules in RULES:
            for seed in range(seeds):
                k = 5 + (seed * 3) % 6
                made = problem(kind, rules, n, k, seed)
                start = time.perf_counter()
                found = allocate(**made)
                taken = time.perf_counter() - start
                value, bound, needed = highs(made, seconds) if seconds > 0 else (None, None, 0.0)
                gap = found.gap if bound is None else (bound - found.value) / abs(bound)
                gap_shown = f"{100 * gap:.5f}" if bound is not None else f"[{100 * gap:.5f}]"
                shown = "-" if value is None else f"{value:,.2f}"
                short = "-" if value is None else f"{100 * (value - found.value) / abs(found.value):.5f}"
                print(f"{kind:<12}{rules:<10}{seed:>4}{k:>4}{found.value:>16,.2f}{gap_shown:>11}{taken:>7.2f}"
                      f"{shown:>18}{short:>10}{needed:>7.1f}", flush=True)  # fmt: skip


def million(n: int, threads: int | None) -> None:
    """A million customers x 10 options under three budgets, in float32, with and without rules."""
    rng = np.random.default_rng(0)
    k = 10
    value, loss = (np.exp(rng.standard_normal((n, k), np.float32)) for _ in range(2))
    capital = rng.random((n, k), np.float32)
    for array in (value, loss, capital):
        array[:, 0] = 0
    resources = {"loss": loss, "capital": capital, "calls": np.arange(k) / k}
    budgets = {"loss": 0.5 * n, "capital": 0.2 * n, "calls": 0.3 * n}
    member = np.arange(n) % 3 == 0
    rules = {
        "3 budgets": {},
        "3 budgets, 2 volumes, 2 group rules": {
            "capacities": {3: (n // 10, n // 8), 4: n // 20},
            "groups": [
                GroupRule("four fifths", member, [1, 2], at_least=0.8, measure="ratio"),
                GroupRule("minimum share", member, 9, at_least=0.15),
            ],
        },
    }
    inputs = (value.nbytes + loss.nbytes + capital.nbytes) / 2**20
    allocate(value[:1000], {q: u[:1000] if u.ndim == 2 else u for q, u in resources.items()}, {"loss": 500.0})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{n:,} customers x {k} options, float32, inputs {inputs:,.0f} MiB, process before {before:,.0f} MiB\n")
    for name, more in rules.items():
        start = time.perf_counter()
        found = allocate(value, resources, budgets, n_threads=threads, **more)
        taken = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:<38} gap {100 * found.gap:.6f} %  {taken:.1f} s  {len(found.solved.passes.value)} passes  "
              f"peak {peak:,.0f} MiB", flush=True)  # fmt: skip


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0, help="for HiGHS, a problem; 0: without it")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--million-only", action="store_true")
    given = parser.parse_args()
    if not given.million_only:
        compare(given.customers, given.seeds, given.seconds)
    million(1_000_000, given.threads)


if __name__ == "__main__":
    main()
