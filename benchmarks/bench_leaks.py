"""The leak scan on Lending Club's file as it comes: which columns it names, and by which check.

    python benchmarks/bench_leaks.py [--data DIR]
    python benchmarks/bench_leaks.py --into docs/benchmarks-scenarios.md      # the table, put on the page

Three scenarios' labels under their own plans, with nothing declared but the outcome itself; then the file alone, all
5,000 loans with those that still run, one table and no end of the data. Then the same on the other real sets,
where nothing is to be found. What was filled in later is listed in ``scenarios/lenders.py``, which the scan does
not see.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from scenarios import CASES, lenders  # noqa: E402

BEGIN, END = "<!-- leaks -->", "<!-- /leaks -->"
HEADS = {
    "lending_club_limit": "written off",
    "lending_club_early": "settled early",
    "lending_club_recovery": "recovered",
}


def scanned(case: Any, tables: Any) -> tuple[dict[str, Any], float]:
    """Column -> finding under a page's plan, and CPU seconds."""
    from tael.engine import Engine
    from tael.observations import observe
    from tael.observations.observe import CUTOFF
    from tael.runs.governance import governed
    from tael.runs.sample import labelled_sample
    from tael.runs.scanned import leaks_of
    from tael.runs.tasks import task_of

    plan = case.plan
    engine = Engine(tables, plan.observations.entity, cutoff=CUTOFF, n_threads=1)
    task = task_of(plan)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
    start = time.process_time()
    found = leaks_of(engine, sample, governed(plan, engine), hidden=task.hidden())
    return {leak.column: leak for leak in found}, time.process_time() - start


def alone(data: Path) -> tuple[dict[str, Any], set[str]]:
    """The file as one table: column -> finding, and the columns that vary."""
    from tael.validation import scan_table

    raw = pl.read_parquet(data / "credit" / "lending_club_2015" / "loans.parquet")
    raw = raw.drop("", "Unnamed: 0", "id", "url", "desc")
    y = (raw["loan_status"] == "Charged Off").to_numpy()
    raw = raw.drop("loan_status")
    found = scan_table(raw, y, cutoff=np.full(len(y), np.datetime64("2015-12-01")))
    return {leak.column: leak for leak in found}, {name for name in raw.columns if raw[name].n_unique() > 1}


def table(data: Path) -> list[str]:
    """The lines of the page."""
    named: dict[str, dict[str, Any]] = {}
    vary: dict[str, set[str]] = {}
    for case in CASES.values():
        if case.name not in HEADS:
            continue
        population = "written off" if case.name == "lending_club_recovery" else "36 months"
        tables = lenders.lending_club(data, declared=False, population=population)
        named[HEADS[case.name]], _ = scanned(case, tables)
        loans = tables["loans"]
        vary[HEADS[case.name]] = {name for name in loans.columns if loans[name].n_unique() > 1}
    named["the file alone"], vary["the file alone"] = alone(data)
    heads = list(named)
    lines = [f"| column | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in lenders.OUTCOMES:
        cells = []
        for head in heads:
            leak = named[head].get(name)
            missed = "**not named**" if name in vary[head] else "never varies"
            cells.append(missed if leak is None else leak.code[-3:] + (", asked" if leak.level == "ask" else ""))
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    for head in heads:
        honest = vary[head] - set(lenders.OUTCOMES) - {"id", "loan_status", "recovered"}
        accused = sorted(set(named[head]) - set(lenders.OUTCOMES))
        told = f"{len(accused)} of {len(honest)} columns known at the grant are named"
        lines += ["", f"*{head}*: {told}{': ' + ', '.join(accused) if accused else ''}."]
    return lines


def others(data: Path) -> list[str]:
    """What is named on the other sets, as their pages declare them."""
    lines = []
    for case in CASES.values():
        found, cpu = scanned(case, case.read(data))
        told = ", ".join(f"{leak.code} {name}" for name, leak in found.items()) or "nothing"
        lines.append(f"  {case.name:<24}{told}  ({cpu:.1f} CPU s)")
    return lines


PLANTED = ("paid_back", "closed_on", "visited_on", "visit_cost", "later_score")


def planted(data: Path) -> list[str]:
    """Five columns of later are put into each honest set: which are named, and is an honest column named with them?"""
    from tael.engine import Engine
    from tael.observations import observe
    from tael.observations.observe import CUTOFF
    from tael.runs.sample import labelled_sample
    from tael.runs.scanned import scanned_columns
    from tael.runs.tasks import task_of
    from tael.validation import scan_table

    lines = []
    for name in ("german", "hmeq", "taiwan", "superlender", "berka", "bank_churners", "vehicle", "lending_club_limit"):
        case = CASES[name]
        tables, plan = case.read(data), case.plan
        engine = Engine(tables, plan.observations.entity, cutoff=CUTOFF, n_threads=1)
        task = task_of(plan)
        seen = observe(tables, plan.observations, plan.label, engine=engine)
        sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
        honest, y, rng = scanned_columns(engine, plan, sample.X), sample.flag == 1, np.random.default_rng(0)
        n = len(y)
        cutoff = sample.X[CUTOFF].to_numpy().astype("datetime64[us]")
        after = cutoff + rng.integers(5, 900, n) * np.timedelta64(1, "D")
        visited = rng.random(n) < 0.1
        X = honest.with_columns(
            paid_back=pl.Series(np.where(y & (rng.random(n) < 0.6), rng.uniform(1, 99, n), 0.0)),
            closed_on=pl.Series(after),
            visited_on=pl.Series(np.where(visited, after, np.datetime64("NaT"))),
            visit_cost=pl.Series(np.where(visited, rng.uniform(1, 9, n), np.nan)),
            later_score=pl.Series(rng.normal(size=n) - 4.0 * y),
        )
        found = {leak.column for leak in scan_table(X, y.astype(float), cutoff=cutoff, end=after.max())}
        wrong = sorted(found - set(PLANTED))
        told = f"{len(found & set(PLANTED))} of {len(PLANTED)} named; of {honest.width} others {wrong or 'none'}"
        lines.append(f"  {name:<24}{told}")
    return lines


def main() -> int:
    """Print, or put the table on a page; exit 1 without data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--into", type=Path)
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    lines = table(args.data)
    print("\n".join(lines))
    if args.into:
        before, _, rest = args.into.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        args.into.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")
    else:
        print("\nOther sets:", *others(args.data), sep="\n")
        print("\nColumns of later put into them:", *planted(args.data), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
