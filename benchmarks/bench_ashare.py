"""Daily A shares beside Qlib's own pipeline: Alpha158 and LightGBM on the same bars, stretches and label, in one run.

    python benchmarks/bench_ashare.py [--data DIR] [--only qlib,tael,...] [--seeds 3]

The bars are those of ``market/ashare_daily`` (745 stocks of the indices of 2021: survivors, so portfolios are to be
read against random scores). Train 2016-2019, validate 2020, test 2021; the label is the return from the next close to
the one after. Qlib runs in an environment of its own (``tools/bench.sh`` makes it); where it is missing tael is
measured alone. Every line: mean IC and rank IC over the test's bars with Newey-West errors, CPU seconds.

The vendor's prices were adjusted forward afterwards, so amount by volume (in prices of the day) over an adjusted price
would tell of splits to come: both sides get the mean of high, low and close for it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.kernels.panel import ic, rank, rank_ic
from tael.markets.modelling import PanelBooster, PanelRidge, folds_of, rows_of, standardised, walk_forward
from tael.markets.performance import deflated_sharpe, mean_test
from tael.panels import Panel, PanelPlan, compute
from tael.panels.factors import library

HERE = Path(__file__).resolve().parent
LABEL = "close[+2] / close[+1] - 1"
VALID, TEST = "2020-01-01", "2021-01-01"
# As Qlib's benchmark of Alpha158 with LightGBM has it.
QLIB = {
    "learning_rate": 0.2, "num_leaves": 210, "max_depth": 8, "reg_alpha": 205.6999, "reg_lambda": 580.9768,
    "subsample": 0.8789, "colsample_bytree": 0.8879, "n_estimators": 1000, "patience": 50, "min_child_samples": 20,
}  # fmt: skip
SLOW = QLIB | {"learning_rate": 0.05, "n_estimators": 300, "patience": 40}
BEST, MANY = 50, 50
SEASONED = 60
"""Bars of history from which on a stock counts in the second figures: a new listing rises by its daily limit for
weeks and cannot be bought, so that whoever tells it apart gains IC that nobody can trade."""


def bars_of(data: Path) -> pl.DataFrame:
    """The long table, prices missing where suspended."""
    frame = pl.read_parquet(data / "market" / "ashare_daily" / "csi800_2016_2021.parquet")
    there = pl.col("tradestatus") == 1
    prices = ("open", "high", "low", "close", "volume", "amount")
    frame = frame.with_columns(*(pl.when(there).then(pl.col(name)).alias(name) for name in prices))
    typical = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
    return frame.select(
        pl.col("date").cast(pl.Datetime("us")), "code", *(pl.col(name).cast(pl.Float64) for name in prices),
        typical.cast(pl.Float64).alias("vwap"),
    )  # fmt: skip


def told(
    name: str, scores: np.ndarray, outcome: np.ndarray, seen: np.ndarray, start: int, cpu: float, **more: Any
) -> dict[str, Any]:
    """One line of figures, printed and returned."""
    row: dict[str, Any] = {"name": name, "cpu": cpu, **more}
    text = f"{name:32}"
    for who, members in (("", np.isfinite(scores)), ("seasoned ", seen >= SEASONED)):
        each = ic(scores, outcome, members)[start:]
        plain, ranked = mean_test(each), mean_test(rank_ic(scores, outcome, members)[start:])
        icir = float(np.nanmean(each) / np.nanstd(each, ddof=1))
        row |= {
            f"{who}ic": plain.mean, f"{who}ic_error": plain.error, f"{who}icir": icir, f"{who}rank_ic": ranked.mean,
            f"{who}rank_ic_error": ranked.error,
        }  # fmt: skip
        text += (
            f" | {who}IC {plain.mean:.4f} ±{plain.error:.4f} ICIR {icir:.2f} rank IC {ranked.mean:.4f} "
            f"±{ranked.error:.4f}"
        )
    print(f"{text} | CPU {cpu:.0f} s", flush=True)
    row["series"] = daily_series(scores, outcome, seen >= SEASONED, start)
    return row


def daily_series(scores: np.ndarray, outcome: np.ndarray, members: np.ndarray, start: int) -> dict[str, list[float]]:
    """IC, rank IC and return of the best fifty beside all, bar by bar of the test; bars without any are left out."""
    x, y, there = scores[start:], outcome[start:], members[start:]
    both = there & np.isfinite(x) & np.isfinite(y)
    place = np.argsort(np.argsort(np.where(both, -x, np.inf), axis=1, kind="stable"), axis=1)
    best, some = both & (place < BEST), both.any(axis=1)
    returns = np.where(both, y, 0.0)
    excess = returns.sum(axis=1, where=best)[some] / best.sum(axis=1)[some] - returns[some].sum(axis=1) / both[
        some
    ].sum(axis=1)
    each = {
        "ic": ic(scores, outcome, members)[start:][some],
        "rank_ic": rank_ic(scores, outcome, members)[start:][some],
    }
    return {name: values[np.isfinite(values)].tolist() for name, values in (each | {"excess": excess}).items()}


def deflated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the best line is worth after the lines it was chosen from (Bailey and Lopez de Prado 2014).

    Of the mean over its standard deviation of a line's daily IC, rank IC, and excess of the best fifty before costs:
    the probability that it lies above what the best of so many worthless lines reaches; also as if `MANY` had been
    tried, because not every trial of a project stands in a table.
    """
    made = []
    for name in ("ic", "rank_ic", "excess"):
        ratios = [float(np.mean(row["series"][name]) / np.std(row["series"][name], ddof=1)) for row in rows]
        best = int(np.argmax(ratios))
        line: dict[str, Any] = {"figure": name, "best": rows[best]["name"], "ratio": ratios[best]}
        for trials in (len(rows), MANY):
            found = deflated_sharpe(rows[best]["series"][name], trials, periods=1)
            line[f"after {trials}"] = {"probability": found.probability, "hurdle": found.hurdle}
        made.append(line)
        told_ = "; ".join(
            f"after {trials} trials the hurdle is {line[f'after {trials}']['hurdle']:.3f}, "
            f"P(above) {line[f'after {trials}']['probability']:.3f}"
            for trials in (len(rows), MANY)
        )
        print(f"deflated {name:8} best: {line['best']}, daily ratio {line['ratio']:.3f}; {told_}", flush=True)
    return made


def qlib_scores(python: Path, bars: pl.DataFrame, panel: Panel, *options: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Qlib's scores laid out on the panel."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "bars.parquet", Path(folder) / "scores.parquet"
        bars.write_parquet(source)
        done = subprocess.run(
            [str(python), str(HERE / "market_peers" / "qlib_peer.py"), str(source), str(out), *options],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        table = pl.read_parquet(out).with_columns(pl.col("date").cast(pl.Datetime("us")))
    grid = np.full(panel.shape, np.nan)
    row = np.searchsorted(panel.times.astype("M8[us]"), table["date"].to_numpy().astype("M8[us]"))
    place = {name: k for k, name in enumerate(panel.entities)}
    column = np.array([place[str(code).lower()] for code in table["code"]])
    grid[row, column] = table["score"].to_numpy()
    return grid, json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--only", default="qlib,same,slow,ensemble,mined")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    bars = bars_of(arguments.data)
    panel = Panel.from_frame(
        bars, time="date", entity="code", fields=["open", "high", "low", "close", "volume", "amount", "vwap"]
    )
    outcome = compute(panel, [LABEL], label=True)[0]
    seen = np.cumsum(np.isfinite(panel.fields["close"]), axis=0)
    valid, test = (int(np.searchsorted(panel.times, np.datetime64(day))) for day in (VALID, TEST))
    rows: list[dict[str, Any]] = []
    if "qlib" in wanted:
        home = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench")) / "qlib" / "bin" / "python"
        if home.is_file():
            for name, options in (
                ("as published", ()),
                ("slow rate", ("--rate", "0.05", "--rounds", "300", "--patience", "40")),
            ):
                scores, cost = qlib_scores(home, bars, panel, *options)
                rows.append(told(f"Qlib, {name}", scores, outcome, seen, test, cost["cpu"], peak_gb=cost["peak_gb"]))
        else:
            print("Qlib is not installed here: tael alone")
    rows += ours(panel, outcome, valid, test, wanted, arguments)
    out = HERE / "results" / "ashare.json"
    out.parent.mkdir(exist_ok=True)
    own = [row for row in rows if not row["name"].startswith("Qlib")]
    found = deflated(own) if own else []
    plain = [{key: value for key, value in row.items() if key != "series"} for row in rows]
    out.write_text(json.dumps([*plain, *found], indent=1))


def ours(
    panel: Panel, outcome: np.ndarray, valid: int, test: int, wanted: list[str], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """tael's lines."""
    start = time.process_time()
    factors = library("alpha158")
    plan = PanelPlan([formula for _, formula in factors], panel, n_threads=arguments.jobs)
    members = np.isfinite(panel.fields["close"])
    seen = np.cumsum(members, axis=0)
    rows = rows_of((one for _, batch in plan.batches(16) for one in batch), members, len(factors))
    features = time.process_time() - start
    print(f"{'tael, Alpha158 computed':42} {features:.1f} CPU s", flush=True)
    folds = folds_of(len(panel), valid=valid, test=test, ahead=2)
    label = standardised(outcome, members, "zscore")
    told_rows: list[dict[str, Any]] = []
    found: dict[str, np.ndarray] = {}

    def line(name: str, key: str, made: Callable[[], np.ndarray]) -> None:
        begin = time.process_time()
        found[key] = made()
        cost = time.process_time() - begin + features
        told_rows.append(told(name, found[key], outcome, seen, test, cost, features_cpu=features))

    def fitted(model: Any, scale: str = "zscore", held: Any = rows) -> np.ndarray:
        target = label if scale == "zscore" else standardised(outcome, members, scale)
        return walk_forward(model, held, target, folds).scores

    one = {"n_seeds": 1, "n_jobs": arguments.jobs}
    if "same" in wanted:
        line("tael, Qlib's settings", "same", lambda: fitted(PanelBooster(**one, **QLIB)))
    if "slow" in wanted:
        line("tael, slow rate", "slow", lambda: fitted(PanelBooster(**one, **SLOW)))
    many = {"n_seeds": arguments.seeds, "n_jobs": arguments.jobs}
    if "ensemble" in wanted or "mined" in wanted:
        line("tael, seeds averaged", "seeds", lambda: fitted(PanelBooster(**many, **SLOW)))
        line("tael, label by rank", "ranked", lambda: fitted(PanelBooster(**many, **SLOW), "rank_normal"))
        line("tael, ridge", "ridge", lambda: fitted(PanelRidge()))
        blend = ("seeds", "ranked", "ridge")
        line("tael, the three blended", "blend", lambda: blended([found[k] for k in blend], members))
    if "mined" in wanted:
        more = mined_rows(panel, outcome, valid, factors, rows, members, arguments)
        line("tael, with mined factors", "mined", lambda: fitted(PanelBooster(**many, **SLOW), held=more))
        parts = ("seeds", "ranked", "ridge", "mined")
        line("tael, all blended", "all", lambda: blended([found[k] for k in parts], members))
    return told_rows


def blended(scores: list[np.ndarray], members: np.ndarray) -> np.ndarray:
    """The mean of the scores' ranks, bar by bar."""
    return np.asarray(np.mean([rank(one, members) for one in scores], axis=0))


def mined_rows(
    panel: Panel, outcome: np.ndarray, valid: int, factors: list[tuple[str, str]], rows: Any, members: np.ndarray,
    arguments: argparse.Namespace,
) -> Any:  # fmt: skip
    """Rows with the factors that the search finds on the training stretch."""
    from dataclasses import replace

    from tael.markets.mining import mine

    stop = valid - 2
    made = mine(
        panel.window(None, stop), outcome[:stop], candidates=1500, keep=20, seed=0, n_threads=arguments.jobs,
        held=[formula for _, formula in factors],
    )  # fmt: skip
    print(f"mined: {made.to_dict()['tried']} tried, {len(made.factors)} kept", flush=True)
    for name, formula in made.factors:
        print(f"  {name} = {formula}")
    if not made.factors:
        return rows
    values = PanelPlan([formula for _, formula in made.factors], panel, n_threads=arguments.jobs).compute()
    extra = rows_of(values, members, len(made.factors))
    return replace(rows, X=np.hstack([rows.X, extra.X]))


if __name__ == "__main__":
    sys.exit(main())
