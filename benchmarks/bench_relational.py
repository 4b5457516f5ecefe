"""Features from linked tables: tael beside its opponents on four real sets, all followed by the same model.

    python benchmarks/bench_relational.py                                    # all sets, all contenders, 5 x 3 folds
    python benchmarks/bench_relational.py --tasks superlender --contenders tael    # tael alone, measured again
    python benchmarks/bench_relational.py --folds 5x1 --tasks berka
    python benchmarks/results.py relational                                  # the table, latest line of each

Folds: stratified, repetition r shuffled with seed r. Contenders: parents (their columns alone), featuretools (depth 2),
getml (FastProp), openfe and autofeat (single-table: the parents' columns and plain aggregates of the history), hand (an
analyst's Polars), tael (AutoFeatures with its defaults). Each runs in a process of its own, one thread. Those that look
at labels (getml, openfe, autofeat, tael) are fitted again in every training fold; their CPU is the mean of a fold (fit,
and features for all rows). The others make their features once. CPU is user and system time for making features; peak
is the process's resident memory with Python and the tables in it. openfe and autofeat are slow: they run on the first
fold alone (--limited-folds) and "did not finish" when they hand nothing back for --limit CPU seconds. A contender whose
environment is absent is left out, and that is said (``make bench`` makes the environments).

The data is not part of the project: --data names its folder (default: $TAEL_DATA, else ../shared/data beside the
repository). Every measurement is a line of benchmarks/results/results.jsonl.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from contest import CONTENDERS, compete, python_of  # noqa: E402
from results import FILE, write  # noqa: E402
from tasks import TASKS, load  # noqa: E402

PATIENT_S = 900.0  # what a contender without a limit of its own may take for a fold
LIMITED = ("openfe", "autofeat")


def repeats(text: str) -> int:
    """3 of 5x3."""
    found = re.fullmatch(r"5x([1-9])", text)
    if not found:
        raise argparse.ArgumentTypeError("folds are written 5x1, 5x3: five folds, so many times")
    return int(found[1])


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("TAEL_DATA", HERE.parents[1] / "shared" / "data"))
    environments = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench"))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "all"], default=["all"])
    parser.add_argument("--contenders", nargs="+", choices=[*CONTENDERS, "all"], default=["all"])
    parser.add_argument("--folds", type=repeats, default=3, metavar="5xN", help="five folds, N times (default: 5x3)")
    parser.add_argument("--first", type=int, help="only so many folds, to try things out")
    parser.add_argument("--environments", type=Path, default=environments, help="folder of the opponents' environments")
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds a fold for openfe and autofeat")
    parser.add_argument("--limited-folds", type=int, default=1, help="folds for openfe and autofeat, which are slow")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    chosen = list(CONTENDERS) if "all" in args.contenders else args.contenders
    absent = [name for name in chosen if python_of(CONTENDERS[name], args.environments) is None]
    if absent:
        print(f"Not installed, so left out: {', '.join(absent)} (`make bench` makes their environments).\n")
    print(f"{'set':<15}{'features of':<15}{'AUC':>7}{'sd':>6}{'log loss':>10}{'count':>7}{'CPU s':>7}{'peak MB':>9}")
    for task_name in TASKS if "all" in args.tasks else args.tasks:
        task = load(task_name, args.data)
        folds = list(task.folds(args.folds))[: args.first]
        for name in chosen:
            if name in absent:
                continue
            limit = args.limit if name in LIMITED else PATIENT_S
            part = folds[: args.limited_folds] if name in LIMITED else folds
            for line in compete(task, name, part, args.data.resolve(), args.environments.resolve(), limit):
                write(line, args.out)
                print(shown(line), flush=True)
    return 0


def shown(line: dict) -> str:
    """A measurement as a line on the screen."""
    head = f"{line['set']:<15}{line['of']:<15}"
    if "auc" not in line:
        return head + line["status"]
    scores = f"{line['auc']:>7.4f}{line['auc_sd']:>6.3f}{line['log_loss']:>10.4f}{line['features']:>7.0f}"
    cost = f"{line['cpu_s']:>7.1f}{line['peak_mb']:>9.0f}" if "cpu_s" in line else ""
    return head + scores + cost


if __name__ == "__main__":
    raise SystemExit(main())
