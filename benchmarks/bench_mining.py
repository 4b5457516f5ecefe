"""The search for factors: does it find what was planted, does it keep nothing in noise, how many formulas a second.

    python benchmarks/bench_mining.py                     # all three: about ten minutes of CPU
    python benchmarks/bench_mining.py speed               # 2,500 bars of 1,000 entities on one thread
    python benchmarks/bench_mining.py planted noise --seeds 3

*planted*: simulated markets with three alphas of IC .03, .025 and .025. One is found if the ranks of a factor that was
kept correlate at least .8 with it, on the average of the bars. *noise*: the same markets with nothing planted; kept is
what should not be. *speed* counts all formulas tried over the CPU seconds of the whole search, the judgement on all
bars included; beside it stands what one rank IC of all cells costs on this machine at this time, since formulas are
mostly ranks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

for _name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from results import FILE, write  # noqa: E402
from tael.datasets import simulate_market  # noqa: E402
from tael.kernels.panel import ic, rank, rank_ic  # noqa: E402
from tael.markets.mining import mine  # noqa: E402
from tael.markets.reading import stock_bars  # noqa: E402
from tael.panels import Panel, compute  # noqa: E402

SAME = 0.8


def market(seed: int, stocks: int, days: int, *, planted: bool) -> tuple[Panel, np.ndarray, dict[str, np.ndarray]]:
    """A simulated market as a panel, what is to be foretold, and the planted alphas' ranks."""
    made = simulate_market(stocks, days, seed=seed, alphas=None if planted else [])
    frame = made.frames["bars"].join(made.frames["stocks"].select("code", "sector"), on="code", how="left")
    panel = stock_bars(frame, columns={}, fields=["turn"], groups=["sector"]).panel()
    order = [made.codes.index(entity) for entity in panel.entities]
    panel = panel.with_fields(**{name: total[:, order] for name, total in made.event_totals.items()})
    outcome = compute(panel, ["close[+2] / close[+1] - 1"], label=True)[0]
    truth = {
        formula: rank(np.where(score[:, order] != 0, score[:, order], np.nan).astype(np.float64), panel.members)
        for formula, score in made.truth.scores.items()
    }
    return panel, outcome, truth


def found(panel: Panel, formulas: list[str], truth: dict[str, np.ndarray]) -> dict[str, float]:
    """Of each planted alpha the best mean rank correlation with a factor."""
    ranks = [rank(values, panel.members) for values in compute(panel, formulas)] if formulas else []
    return {
        formula: max((abs(float(np.nanmean(ic(one, its, panel.members)))) for one in ranks), default=0.0)
        for formula, its in truth.items()
    }


def large(rows: int, entities: int) -> tuple[Panel, np.ndarray]:
    """Prices and volumes without any pattern."""
    rng, shape = np.random.default_rng(11), (rows, entities)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    first = close * np.exp(rng.normal(0, 0.01, shape))
    high = np.maximum(first, close) * np.exp(np.abs(rng.normal(0, 0.005, shape)))
    low = np.minimum(first, close) * np.exp(-np.abs(rng.normal(0, 0.005, shape)))
    fields = {"open": first, "high": high, "low": low, "close": close, "vwap": (high + low + close) / 3}
    fields["volume"] = rng.lognormal(14, 1, shape).round()
    gone = rng.random(shape) < 0.03
    for values in fields.values():
        values[gone] = np.nan
    days = np.datetime64("2010-01-01") + np.arange(rows)
    names = tuple(f"{number:05d}" for number in range(entities))
    sector = np.tile(rng.integers(0, 20, entities).astype(np.int32), (rows, 1))
    return Panel(days, names, fields, {"sector": sector}), rng.normal(size=shape)


def speed(args: argparse.Namespace) -> dict[str, Any]:
    """Formulas a second on one thread."""
    panel, outcome = large(args.rows, args.entities)
    mine(panel.window(0, 200), outcome[:200], candidates=args.candidates, n_threads=1)
    ranked = rank(outcome)
    rank_ic(panel.fields["volume"], ranked, ranked=True, n_threads=1)
    begun = time.process_time()
    rank_ic(panel.fields["volume"], ranked, ranked=True, n_threads=1)
    yard = (time.process_time() - begun) / outcome.size * 1e9
    cpu, wall = time.process_time(), time.perf_counter()
    got = mine(panel, outcome, candidates=args.candidates, n_threads=1)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"speed: {got.tried:,} formulas, {cpu:.1f} CPU s, {got.tried / cpu:.1f} a second of CPU ({wall:.1f} s wall); "
        f"one rank IC {yard:.1f} ns per cell, {1e9 / yard / outcome.size:.1f} a second"
    )
    return {"set": "speed", "tried": got.tried, "cpu_s": cpu, "wall_s": wall, "rank_ic_ns": yard}


def searches(args: argparse.Namespace, *, planted: bool) -> list[dict[str, Any]]:
    """One search a seed."""
    lines = []
    for seed in range(args.seeds):
        panel, outcome, truth = market(seed, args.stocks, args.days, planted=planted)
        begun = time.process_time()
        got = mine(panel, outcome, candidates=args.candidates, seed=seed, n_threads=1)
        cpu = time.process_time() - begun
        best = found(panel, [formula for _, formula in got.factors], truth)
        told = {"set": "planted" if planted else "noise", "seed": seed, "tried": got.tried, "kept": got.kept}
        told |= {"cpu_s": cpu, "chance": got.chance, "threshold": got.threshold, "best": best}
        told["largest_t"] = float(np.abs(got.ledger["t"].to_numpy()).max())
        lines.append(told)
        print(
            f"{told['set']} {seed}: kept {got.kept} of {got.tried:,} in {cpu:.1f} CPU s; "
            f"threshold {got.threshold:.2f}, largest t {told['largest_t']:.2f}  "
            + "  ".join(f"{name}: {value:.3f}" for name, value in best.items()),
            flush=True,
        )
    return lines


def main() -> int:
    """Run, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["planted", "noise", "speed"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--stocks", type=int, default=250)
    parser.add_argument("--days", type=int, default=700)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--entities", type=int, default=1000)
    parser.add_argument("--candidates", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    lines: list[dict[str, Any]] = []
    if "planted" in args.parts:
        lines += searches(args, planted=True)
        for formula in lines[0]["best"]:
            hits = sum(line["best"][formula] >= SAME for line in lines)
            print(f"found {formula}: {hits} of {len(lines)}")
    if "noise" in args.parts:
        noise = searches(args, planted=False)
        print(f"kept nothing: {sum(line['kept'] == 0 for line in noise)} of {len(noise)}")
        lines += noise
    if "speed" in args.parts:
        lines.append(speed(args))
    for line in lines:
        write({"table": "mining", "of": "tael", **line}, args.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
