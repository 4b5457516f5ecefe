"""The market scenarios on real data: each runs from tables to factors, positions, backtest and report.

    python benchmarks/bench_markets.py [--data DIR] [--sets ashare_daily ...] [--runs DIR] [--jobs 2]

Prints the run's own figures (out of time, after costs, beside random scores by the same rules) and where its report is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from markets import CASES  # noqa: E402
from tael.runs.markets.runner import run_market  # noqa: E402

FIGURES = ("annual_return", "excess", "sharpe", "max_drawdown", "turnover", "cost_drag")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="*", default=list(CASES))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    out = HERE / "results" / "markets.jsonl"
    out.parent.mkdir(exist_ok=True)
    for name in arguments.sets:
        case, start = CASES[name], time.process_time()
        tables = case.read(arguments.data)
        done = run_market(
            case.plan, tables, arguments.runs, n_jobs=arguments.jobs, command=f"bench_markets.py --sets {name}",
            extra={"scenario.toml": case.text},
        )  # fmt: skip
        content, cpu = done.content, time.process_time() - start
        print(f"\n{name}: {content['message']['en']}\n{cpu:.0f} CPU s; {done.report.path}", flush=True)
        for part, told in content["ic"].items():
            cell = told["rank_ic"]
            print(f"  {part:12} rank IC {cell['value']:.4f} [{cell['low']:.4f}, {cell['high']:.4f}]")
        test = content["backtest"]
        for figure in FIGURES:
            beside = [
                f"{key} {test[key][figure]['value']:+.3f}" for key in ("metrics", "random") if test[key].get(figure)
            ]
            print(f"  {figure:14} {'; '.join(beside)}")
        for finding in content["verdict"]["findings"]:
            print(f"  {finding['code']} {finding['message']['en']}")
        line = {
            "set": name, "cpu": cpu, "ic": content["ic"], "trust": content["trust"],
            **{key: test.get(key) for key in ("metrics", "random", "benchmark_metrics")},
        }  # fmt: skip
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
