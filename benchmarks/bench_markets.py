"""The market scenarios on real data: each runs from tables to factors, positions, backtest and report.
Each page of the folder `markets` says which data it takes.

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
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from markets import CASES  # noqa: E402
from tael.runs.markets.runner import run_market  # noqa: E402

DAILY = ("annual_return", "excess", "sharpe", "max_drawdown", "turnover", "cost_drag")
WITHIN_DAY = ("paper_bp", "cost_bp", "net_bp", "turnover_day", "trades", "holding_seconds")


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
        line = {"set": name, "cpu": time.process_time() - start, **told(done.content)}
        print(f"{line['cpu']:.0f} CPU s; {done.report.path}", flush=True)
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def told(content: dict[str, Any]) -> dict[str, Any]:
    """Print a run's figures out of time; what of them is kept."""
    print(f"\n{content['scenario']['name']}: {content['message']['en']}")
    for part, found in content["ic"].items():
        cell = found["rank_ic"]
        print(f"  {part:12} rank IC {cell['value']:.4f} [{cell['low']:.4f}, {cell['high']:.4f}]")
    for control in content.get("controls", []):
        cell = control.get("rank_ic", {"value": control.get("differing"), "low": None})
        within = "" if cell["low"] is None else f" [{cell['low']:.4f}, {cell['high']:.4f}]"
        print(f"  {control['code']:12} {cell['value']:.4f}{within}; passed: {control['passed']}")
    kept: dict[str, Any] = {"ic": content["ic"], "controls": content.get("controls")}
    if "execution" in content:
        dealt = content["execution"]
        for figure in WITHIN_DAY:
            print(f"  {figure:14} {dealt['figures'][figure]:+.3f}; at other times {dealt['random'][figure]:+.3f}")
        kept |= {key: dealt[key] for key in ("figures", "random", "variants")}
    else:
        test = content["backtest"]
        for figure in DAILY:
            beside = [
                f"{key} {test[key][figure]['value']:+.3f}" for key in ("metrics", "random") if test[key].get(figure)
            ]
            print(f"  {figure:14} {'; '.join(beside)}")
        print(f"  deflated Sharpe ratio {content['trust']['deflated_sharpe']}")
        kept |= {"trust": content["trust"]} | {key: test.get(key) for key in ("metrics", "random", "benchmark_metrics")}
    for finding in content["verdict"]["findings"]:
        print(f"  {finding['code']} {finding['message']['en']}")
    return kept


if __name__ == "__main__":
    main()
