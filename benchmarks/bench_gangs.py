"""Gangs on AMLSim, in time's order: fitted on what was known after 60 days, judged on days 60 to 90.

    python benchmarks/bench_gangs.py [--data DIR] [--draws 3] [--nightly]

An observation is a transfer of the last 30 days before a cutoff (day 60 for fitting, day 90 for judging); its columns
look at the 60 days before that cutoff, so both cutoffs see equally much. Columns: who pays whom how often, fresh pairs
(seen once in those 60 days) around the two accounts within some days, short ways back and meetings of ways. No key, no
amount, no truth. A second model also sees the first one's scores of the edges around (`suspicion_around`). Scores that
the second model and the settings are fitted on are out of fold, a gang in one fold.

Recall is of gangs whose first transfer lies in days 60 to 90: at least half of the members with transfers in those days
stand in one report. A report is right if at least half of its members, and two, belong to one true gang; older gangs
that go on count as right. Beside it, with the same scores: the hundredth of the edges with the highest scores and its
connected parts, as the field's prototype did (recall .842, precision of the first 50 .56 with its own scores).
PR AUC of transfers, and of accounts by their highest score; with ``--nightly`` also of accounts by a second model of
their transfers' scores (highest ones, sums, both directions), fitted on scores out of fold, and with the scores of the
transfers around (`suspicion_around`, known at the cutoff) beside them.

``--nightly`` judges columns as of the end of each transfer's own day, by the same model on the same rows: the
transfer's own columns (weekday, amount), those and IBM's GFP (snapml, in an environment of its own at
``.venv-bench/snapml``), those and tael's kernels
with how often this pair dealt before. Then the same as of the cutoff: GFP in one batch, tael's columns from above;
also by the second model, that sees the first one's scores around, fitted on the same rows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from lightgbm import LGBMClassifier
from scipy import sparse
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from gang_scores import accounts, with_neighbours
from tael.networks import (
    Edges,
    GangMetrics,
    Gangs,
    GangSettings,
    choose_settings,
    find_gangs,
    gang_metrics,
    name_shape,
)

DAY = 86_400_000_000
LOOK, HISTORY = 30, 60  # days
Arrays = dict[str, np.ndarray]


def transfers(data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Transfers with their truth (``gang`` -1 for none), and the members of each gang."""
    folder = data / "aml" / "amlsim"
    truth = pl.read_parquet(folder / "truth_transactions.parquet").filter(pl.col("is_laundering") == 1)
    table = pl.read_parquet(folder / "transactions.parquet").join(truth, on="tran_id", how="left")
    day = (pl.col("date") - pl.date(2023, 1, 1)).dt.total_days().cast(pl.Int64)
    # rows of one day are shuffled: their order in the file might tell who was simulated first
    table = table.with_columns(day=day, gang=pl.col("alert_id").fill_null(-1)).sample(
        fraction=1.0, shuffle=True, seed=0
    )
    table = table.sort("day", maintain_order=True).drop("is_laundering", "alert_id")
    members = pl.read_parquet(folder / "truth_alert_members.parquet").filter(pl.col("isSAR"))
    return table, members.select(gang="alertID", typology="reason").unique()


def around(node: np.ndarray, at: np.ndarray, keys: np.ndarray, times: np.ndarray, back: int, ahead: int) -> np.ndarray:
    """How many events of the same node lie from `back` days before to `ahead` days after."""
    wide = 1_000
    sorted_ = np.sort(keys * wide + times + 100)
    low = np.searchsorted(sorted_, node * wide + at + 100 - back)
    return np.searchsorted(sorted_, node * wide + at + 100 + ahead, side="right") - low


def nearest(node: np.ndarray, at: np.ndarray, keys: np.ndarray, times: np.ndarray, ahead: bool) -> np.ndarray:
    """Days to the next (or last) event of the same node; 99 without one."""
    wide = 1_000
    sorted_ = np.unique(keys * wide + times + 100)
    here = node * wide + at + 100
    place = np.searchsorted(sorted_, here) if ahead else np.searchsorted(sorted_, here, side="right") - 1
    found = sorted_[np.clip(place, 0, len(sorted_) - 1)]
    same = (found // wide == node) & (place >= 0) & (place < len(sorted_))
    return np.where(same, np.minimum(np.abs(found - here), 99), 99)


def columns(table: pl.DataFrame, cutoff: int) -> tuple[pl.DataFrame, Arrays]:
    """The transfers of the last days before a cutoff, and what is known about them then."""
    frame = table.filter(pl.col("day").is_between(cutoff - HISTORY, cutoff - 1))
    frame = frame.with_columns(
        pair=pl.len().over("source", "target"),
        earlier=pl.int_range(pl.len()).over("source", "target"),
        out=pl.len().over("source"),
        into=pl.len().over("target"),
    )
    back = frame.group_by(pl.col("source").alias("target"), pl.col("target").alias("source")).agg(back=pl.len())
    frame = frame.join(back, on=["source", "target"], how="left", maintain_order="left").with_columns(
        pl.col("back").fill_null(0)
    )
    u, v, day = (frame[name].cast(pl.Int64).to_numpy() for name in ("source", "target", "day"))
    fresh = frame["pair"].to_numpy() == 1
    a, b, when = u[fresh], v[fresh], day[fresh]
    rows = day >= cutoff - LOOK
    X: Arrays = {name: frame[name].to_numpy()[rows] for name in ("pair", "earlier", "out", "into", "back")}
    s, t, d = u[rows], v[rows], day[rows]
    X["left"] = cutoff - d
    n = int(max(u.max(), v.max())) + 1
    for name, node in (("u", s), ("v", t)):
        X[f"{name}_pays"], X[f"{name}_paid"] = np.bincount(u, minlength=n)[node], np.bincount(v, minlength=n)[node]
        for days in (2, 7, 15, 30):
            X[f"{name}_out_before_{days}"] = around(node, d, a, when, days, 0)
            X[f"{name}_out_after_{days}"] = around(node, d, a, when, 0, days)
            X[f"{name}_in_before_{days}"] = around(node, d, b, when, days, 0)
            X[f"{name}_in_after_{days}"] = around(node, d, b, when, 0, days)
        X[f"{name}_last_in"], X[f"{name}_next_out"] = nearest(node, d, b, when, False), nearest(node, d, a, when, True)
        X[f"{name}_out"], X[f"{name}_in"] = np.bincount(a, minlength=n)[node], np.bincount(b, minlength=n)[node]
    recent = when >= cutoff - LOOK - 15
    A = sparse.csr_array((np.ones(recent.sum()), (a[recent], b[recent])), shape=(n, n))
    ways = [A]
    for _ in range(7):
        ways.append((ways[-1] @ A).tocsr())
    for k, way in enumerate(ways[1:], start=2):
        X[f"ring_{k + 1}"] = np.asarray(way[t, s]).ravel()  # ways back of k steps
    two, behind, there = ways[1], A.tocsc(), A.tocsr()
    X["meet_after"], X["meet_before"] = np.zeros(len(s)), np.zeros(len(s))
    for i in np.flatnonzero(X["pair"] == 1):
        ahead = there.indices[there.indptr[t[i]] : there.indptr[t[i] + 1]]
        if len(ahead):
            X["meet_after"][i] = two[[s[i]] * len(ahead), ahead].max()
        come = behind.indices[behind.indptr[s[i]] : behind.indptr[s[i] + 1]]
        if len(come):
            X["meet_before"][i] = two[come, [t[i]] * len(come)].max()
    return frame.filter(pl.Series(rows)), X


class Model:
    """A boosted model that sees every fresh pair and gang, and some of the others, weighted."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> LGBMClassifier:
        """Fit, with all rows of `kept` or `y` and 15 % of the others."""
        rng = np.random.default_rng(self.seed)
        sure = y | kept
        rows = sure | (rng.random(len(y)) < 0.15)
        model = LGBMClassifier(
            n_estimators=300, learning_rate=0.05, num_leaves=31, min_child_samples=30, subsample=0.8, subsample_freq=1,
            colsample_bytree=0.5, reg_lambda=5.0, n_jobs=1, verbose=-1, random_state=self.seed,
        )  # fmt: skip
        return model.fit(X[rows], y[rows], sample_weight=np.where(sure, 1.0, 1 / 0.15)[rows])

    def out_of_fold(self, X: np.ndarray, y: np.ndarray, kept: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Scores of the training rows by models that have not seen their group."""
        score = np.zeros(len(y))
        for train, test in GroupKFold(4).split(X, y, groups):
            score[test] = self.fit(X[train], y[train], kept[train]).predict_proba(X[test])[:, 1]
        return score


def truth_of(frame: pl.DataFrame, first: dict[int, int], cutoff: int) -> tuple[dict, dict]:
    """Members of the gangs that began in the period, and of those that go on in it."""
    held: dict[int, set[int]] = {}
    for gang, *ends in frame.filter(pl.col("gang") >= 0).select("gang", "source", "target").iter_rows():
        held.setdefault(gang, set()).update(ends)
    began = {gang: members for gang, members in held.items() if first[gang] >= cutoff - LOOK}
    return began, {gang: members for gang, members in held.items() if gang not in began}


def detection(frame: pl.DataFrame, y: np.ndarray, score: np.ndarray) -> str:
    """PR AUC of transfers and accounts, and the precision of as many as there are."""
    ends = np.concatenate([frame["source"].to_numpy(), frame["target"].to_numpy()]).astype(np.int64)
    highest, guilty = np.zeros(ends.max() + 1), np.zeros(ends.max() + 1, dtype=bool)
    np.maximum.at(highest, ends, np.tile(score, 2))
    guilty[ends[np.tile(y, 2)]] = True
    seen = np.unique(ends)
    told = []
    for name, truth, values in (("transfers", y, score), ("accounts", guilty[seen], highest[seen])):
        top = np.argsort(-values, kind="stable")
        at = " ".join(f"P@{k} {truth[top[:k]].mean():.3f}" for k in (100, 500))
        told.append(f"{name} PR AUC {average_precision_score(truth, values):.3f} {at}")
    return "; ".join(told)


def both_models(
    X: tuple[np.ndarray, np.ndarray], y: np.ndarray, kept: np.ndarray, groups: np.ndarray, edges: list[Edges], seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Scores of the earlier slice (out of fold) and the later one, by the first and by the second model."""
    model, told = Model(seed), []
    for second in (False, True):
        old, new = (with_neighbours(*one) for one in zip(X, told[0], edges, strict=True)) if second else X
        told.append((model.out_of_fold(old, y, kept, groups), model.fit(old, y, kept).predict_proba(new)[:, 1]))
    return told


def judge(table: pl.DataFrame, gangs: pl.DataFrame, parts: list, seed: int) -> None:
    """Fit on the first part, judge on the second, print."""
    (old, X_old), (new, X_new) = parts
    M, N = (np.column_stack([X[name] for name in X_old]).astype(np.float32) for X in (X_old, X_new))
    y, z = (frame["gang"].to_numpy() >= 0 for frame in (old, new))
    fresh = X_old["pair"] == 1
    groups = np.where(y, 10_000_000 + old["gang"].to_numpy(), old["source"].cast(pl.Int64).to_numpy())
    edges = [
        Edges.from_frame(frame, source="source", target="target", time="date", id="tran_id") for frame in (old, new)
    ]
    (_, s_new), (t_old, t_new) = both_models((M, N), y, fresh, groups, edges, seed)
    for name, score in (("first", s_new), ("second", t_new)):
        print(f"seed {seed}, {name} model, days 60 to 90: {detection(new, z, score)}")
    first = dict(table.filter(pl.col("gang") >= 0).group_by("gang").agg(pl.col("day").min()).iter_rows())
    asked, others = truth_of(old, first, 60)
    choice = choose_settings(edges[0], t_old, asked, also_right=others, thresholds=(0.05, 0.1, 0.2, 0.3),
                             withins=("10d", "15d", "25d"), split_overs=(15, 25), rounds=(0, 1))  # fmt: skip
    print(f"settings of the earlier slice: {choice.settings}")
    asked, others = truth_of(new, first, 90)
    one = GangSettings(share=0.01, within="90d", split_over=10**6, cap=10**6, rounds=0, money=0.0)
    rng = np.random.default_rng(seed)
    ways = {
        "tael": (t_new, choice.settings),
        "top 1 %, connected": (t_new, one),
        "tael, first model": (s_new, choice.settings),
        "chance among fresh pairs": (np.where(X_new["pair"] == 1, rng.permutation(t_new), 0.0), choice.settings),
    }
    for name, (score, how) in ways.items():
        found = find_gangs(edges[1], score, settings=how)
        m = gang_metrics(found, asked, typology=dict(gangs.iter_rows()), also_right=others)
        told = " ".join(f"P@{k} {value:.3f}" for k, value in m.precision.items())
        print(f"{name}: {len(asked)} gangs, {len(found)} reports, recall {m.recall:.3f}, Jaccard >= .5 "
              f"{m.recall_close:.3f}, {told}")  # fmt: skip
        if name == "tael":
            print(m.by_typology())
            say_names(found, m, new)


def say_names(found: Gangs, metrics: GangMetrics, frame: pl.DataFrame) -> None:
    """How often a report that comes close to a gang is named as planted, and as the gang's own transfers would be.

    Half of the rings are not closed within the period, so their own transfers are a chain.
    """
    close = metrics.truth.filter((pl.col("jaccard") >= 0.5) & (pl.col("typology") != "random")).drop_nulls("report")
    planted = own = 0
    for gang, typology, rank in close.select("gang", "typology", "report").iter_rows():
        true = frame.filter(pl.col("gang") == int(gang))
        ends = (true[name].cast(pl.Int64).to_numpy() for name in ("source", "target", "day"))
        named = found[rank - 1].typology
        planted, own = planted + (named == typology), own + (named == name_shape(*ends).name)
    print(f"of {close.height} gangs found closely, named as planted: {planted}, as their own transfers: {own}")


def kernel_columns(frame: pl.DataFrame, rows: np.ndarray) -> np.ndarray:
    """tael's kernels of both accounts as of the end of each transfer's day, and the cycles that it closes."""
    from tael.kernels.network import Activity, TemporalGraph, chains, closing_cycles, gather_scatter, pass_through, ways

    a, b, day = (frame[name].cast(pl.Int64).to_numpy() for name in ("source", "target", "day"))
    graph = TemporalGraph.build(a, b, day * DAY, frame["amount"].cast(pl.Float64).to_numpy(), n_threads=1)
    night = (day[rows] + 1) * DAY
    found: list[np.ndarray] = []
    activity = Activity(graph, n_threads=1)
    for node in (a[rows], b[rows]):
        found += activity.columns(node, night, [2 * DAY, 7 * DAY, 15 * DAY, 30 * DAY, None]).values()
        for way in ("gathers", "scatters", "payees", "payers"):
            found += ways(graph, node, night, way, last=15 * DAY, n_threads=1).columns.values()
        found += pass_through(graph, node, night, within=7 * DAY, last=15 * DAY, n_threads=1).columns.values()
        found += chains(graph, node, night, within=7 * DAY, last=15 * DAY, n_threads=1).columns.values()
        found += gather_scatter(graph, node, night, last=30 * DAY, n_threads=1).columns.values()
    found += closing_cycles(graph, np.flatnonzero(rows), within=15 * DAY, longest=5, n_threads=1).columns.values()
    earlier, before = (frame[name].to_numpy()[rows] for name in ("earlier", "before"))
    found += [earlier, before]
    met = frame["earlier"].to_numpy() == 0
    for node, keys in ((a, a), (a, b), (b, a), (b, b)):
        found += [around(node[rows], day[rows], keys[met], day[met], back, 0) for back in (2, 7, 15, 30)]
    return np.column_stack(found).astype(np.float32)


def nightly(table: pl.DataFrame, draws: int, known: list[str]) -> None:
    """Columns as of the end of each transfer's day: raw, with GFP, with tael's kernels."""
    python = Path(".venv-bench/snapml/bin/python")
    names = ("raw", "raw + GFP", "raw + tael", "at the cutoff, raw + GFP in one batch", "at the cutoff, raw + tael")
    sets: dict[str, list[np.ndarray]] = {name: [] for name in names}
    frames, fresh = [], np.zeros(0, dtype=bool)
    for cutoff in (60, 90):
        frame = table.filter(pl.col("day").is_between(cutoff - HISTORY, cutoff - 1))
        pair = pl.col("day").rank("ordinal").over("source", "target").cast(pl.Int64) - 1
        frame = frame.with_columns(earlier=pair, before=pl.col("day").diff().over("source", "target").fill_null(99))
        rows = (frame["day"] >= cutoff - LOOK).to_numpy()
        frames.append(frame.filter(pl.Series(rows)))
        raw = np.column_stack([frames[-1]["date"].dt.weekday().to_numpy(), frames[-1]["amount"].to_numpy()])
        if "day" in known:
            begun = time.process_time()
            kernels = kernel_columns(frame, rows)
            print(f"tael: {time.process_time() - begun:.1f} CPU s for {rows.sum():,} edges, {kernels.shape[1]} columns")
            sets["raw"].append(raw)
            sets["raw + tael"].append(np.column_stack([raw, kernels]))
        if "cutoff" in known:
            own = columns(table, cutoff)[1]
            fresh = own["pair"] == 1 if cutoff == 60 else fresh
            sets[names[4]].append(np.column_stack([raw, *own.values()]))
        if python.exists():
            with tempfile.TemporaryDirectory() as folder:
                here, there = Path(folder) / "edges.npz", Path(folder) / "columns.npy"
                edges = {name: frame[name].cast(pl.Float64).to_numpy() for name in ("source", "target", "amount")}
                np.savez(here, day=frame["day"].to_numpy(), first=int(np.argmax(rows)), **edges)
                script = Path(__file__).parent / "network_peers" / "gfp_columns.py"
                ways = {"day": ("raw + GFP", []), "cutoff": (names[3], ["whole"])}
                for name, more in (ways[one] for one in known):
                    subprocess.run([str(python), str(script), str(here), str(there), *more], check=True)
                    sets[name].append(np.column_stack([raw, np.load(there)]))
    y, z = (frame["gang"].to_numpy() >= 0 for frame in frames)
    payer, gang = (frames[0][name].cast(pl.Int64).to_numpy() for name in ("source", "gang"))
    groups = np.where(y, 10_000_000 + gang, payer)
    none = np.zeros(len(y), dtype=bool)
    for name, X in sets.items():
        for seed in range(draws if X and name.startswith("at the cutoff") else 0):
            edges = [Edges.from_frame(f, source="source", target="target", time="date", id="tran_id") for f in frames]
            _, (_, score) = both_models((X[0], X[1]), y, fresh, groups, edges, seed)
            print(f"{name}, second model, seed {seed}: {detection(frames[1], z, score)}", flush=True)
        for seed in range(draws if X else 0):
            model = Model(seed)
            score = model.fit(X[0], y, none).predict_proba(X[1])[:, 1]
            told = detection(frames[1], z, score)
            scores = [model.out_of_fold(X[0], y, none, groups), score]
            by_scores, wider = accounts(frames, scores), accounts(frames, scores, wider=True)
            print(f"{name}, {X[0].shape[1]} columns, seed {seed}: {told}; accounts by their transfers' scores "
                  f"{by_scores:.3f}, with the scores around {wider:.3f}", flush=True)  # fmt: skip


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--draws", type=int, default=3, help="seeds of the models")
    parser.add_argument("--nightly", action="store_true", help="columns as of each day's end, beside IBM's GFP")
    parser.add_argument(
        "--known", nargs="+", choices=["day", "cutoff"], default=["day", "cutoff"], help="as of which moment"
    )
    args = parser.parse_args()
    if not (args.data / "aml" / "amlsim").is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    begun = time.process_time()
    table, gangs = transfers(args.data)
    if args.nightly:
        nightly(table, args.draws, args.known)
        return 0
    parts = [columns(table, cutoff) for cutoff in (60, 90)]
    print(f"columns: {time.process_time() - begun:.1f} CPU s")
    for seed in range(args.draws):
        judge(table, gangs, parts, seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
