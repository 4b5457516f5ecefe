"""The scenarios on real data: each runs from tables to decision and report, with others beside it on the same split.

    python benchmarks/bench_scenarios.py [--data DIR] [--sets german berka ...] [--runs DIR]
    python benchmarks/bench_scenarios.py --into docs/benchmarks-scenarios.md        # the tables, put on the page

A run is ``tael.runs.runner.run`` of the page ``scenarios/SET.toml``. Others are fitted on the run's training rows and
judged on its holdout (the latest rows, or drawn at random where a set has no time); a difference is tael's AUC less
theirs on the same resamples. A run that tael refuses is a row too, with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from results import circumstances  # noqa: E402
from scenarios import CASES, Case  # noqa: E402
from scenarios.telling import placed, tables_of  # noqa: E402

FILE = HERE / "results" / "scenarios.jsonl"
WORTH = ("profit_expected", "profit_realised", "behind", "approval", "bad_rate")
Line = dict[str, Any]


def measured(case: Case, data: Path, runs: Path) -> Line:
    """Run one case, and all who stand beside it."""
    from tael.errors import RunError
    from tael.runs.runner import run

    tables = case.read(data)
    start, wall = time.process_time(), time.monotonic()
    line: Line = {"set": case.name, "scenario": case.scenario}
    try:
        done = run(case.plan, tables, runs, n_jobs=1, command=f"bench_scenarios.py --sets {case.name}")
    except RunError as error:
        return line | {"refused": str(error), "cpu_s": round(time.process_time() - start, 1)} | alone(case, tables)
    content = done.content
    line |= {
        "cpu_s": round(time.process_time() - start, 1),
        "wall_s": round(time.monotonic() - wall, 1),
        "split": content["split"]["kind"],
        "candidates": content["search"]["candidates"],
        "features": content["model"]["n_features"],
        "decision": decided(content),
        "run": str(done.path),
    }
    scores = done.scores.filter(pl.col("split").is_in(["train", "validation", "out_of_time"]))
    line["rows"] = {name: int((scores["split"] == name).sum()) for name in ("train", "validation", "out_of_time")}
    if case.plan.model.kind == "uplift":
        return line | {"uplift": uplift(content)}
    if case.plan.model.kind == "recommender":
        return line | {"ranking": content["ranking"]["models"]}
    return line | compared(case, tables, scores, content)


def alone(case: Case, tables: Any) -> Line:
    """Where tael refuses: what the others reach, on a split of the same making."""
    from tael.engine import Engine
    from tael.observations import observe
    from tael.runs.sample import labelled_sample

    plan = case.plan
    if plan.model.kind in ("uplift", "recommender"):
        return {}
    engine = Engine(tables, plan.entity, cutoff="cutoff", n_threads=1)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    sample = labelled_sample(engine, seen, plan, lambda *_: None)
    part = np.full(len(sample.y), "purged", dtype=object)
    for name, rows in sample.split.parts().items():
        part[rows] = name
    scores = sample.X.with_columns(split=pl.Series(part.tolist()), label=pl.Series(sample.y))
    scores = scores.filter(pl.col("split") != "purged")
    told = compared(case, tables, scores, None)
    counted = {name: int((scores["split"] == name).sum()) for name in ("train", "validation", "out_of_time")}
    return told | {"rows": counted, "split": sample.split.kind}


def compared(case: Case, tables: Any, scores: pl.DataFrame, content: Line | None) -> Line:
    """AUC of the run and of all others on the holdout, and tael's lead over each."""
    from scenarios.rivals import rivals
    from tael.validation import evaluate, evaluate_difference

    last = np.flatnonzero((scores["split"] == "out_of_time").to_numpy())
    y = scores["label"].cast(pl.Float64).to_numpy()[last]
    rows: list[Line] = []
    ours = None
    if content is not None:
        ours = scores["probability"].to_numpy()[last]
        rows.append({"who": "tael", **evaluate(y, ours, metrics=["roc_auc"])["roc_auc"].to_dict()})
        plain = content["reference_metrics"]["out_of_time"].get("roc_auc")
        rows.append({"who": "logistic, tael's features", **(plain or {})})
    for who, make in rivals(case, tables, scores):
        start = time.process_time()
        p = make()[last]
        row = {"who": who, **evaluate(y, p, metrics=["roc_auc"])["roc_auc"].to_dict()}
        row["cpu_s"] = round(time.process_time() - start, 1)
        if ours is not None:
            row["lead"] = evaluate_difference(y, ours, p, metrics=["roc_auc"])["roc_auc"].to_dict()
        rows.append(row)
    return {"auc": rows, "events": int(y.sum())}


def decided(content: Line) -> Line:
    """The decision in a sentence, and the worth of each rule."""
    decision = content["decision"]
    rules = [{"rule": rule["policy"]["en"], **{name: rule.get(name) for name in WORTH}} for rule in decision["values"]]
    return {
        "message": decision["message"]["en"],
        "basis": decision.get("values_basis"),
        "note": (decision.get("values_note") or {}).get("en"),
        "currency": decision.get("currency", ""),
        "counts": decision["counts"],
        "rules": rules,
    }


def uplift(content: Line) -> list[Line]:
    """Metrics of each arm: the model's and the response model's."""
    told = content["uplift"]
    return [{"arm": one["arm"], "rows": one["rows"], **one["metrics"]} for one in told["effects"]] + [
        {"rates": told["rates"], "learners": content["model"].get("decided_arms")}
    ]


def latest(file: Path) -> list[Line]:
    """The last line of each set, in the order of `CASES`."""
    found: dict[str, Line] = {}
    if file.is_file():
        for text in file.read_text("utf-8").splitlines():
            line = json.loads(text)
            found[line["set"]] = line
    return [found[name] for name in CASES if name in found]


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--runs", type=Path, help="where run folders stay; default: nowhere")
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--into", type=Path, help="a page whose tables are brought up to date; nothing is run")
    args = parser.parse_args()
    if args.into:
        args.into.write_text(placed(args.into.read_text("utf-8"), tables_of(latest(args.file))), "utf-8")
        return 0
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    args.file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as nowhere:
        for name in args.sets:
            line = circumstances() | measured(CASES[name], args.data, args.runs or Path(nowhere))
            with args.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
            told = tables_of([line])
            print("\n\n".join(f"{title}\n\n{table}" for title, table in told.items() if table), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
