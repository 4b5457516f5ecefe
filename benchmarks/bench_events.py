"""The event kernel beside Polars: 864 conditional window features, and twelve cutoffs an entity beside one.

    python benchmarks/bench_events.py                         # 20 million rows, 100 thousand entities
    python benchmarks/bench_events.py --rows 2000000 --entities 10000
    python benchmarks/bench_events.py --cutoffs               # what twelve cutoffs per entity cost in memory

Rows are a simulated bank's: a category of eight values, four flags, three numbers, in the order of time as a log is.
Features: 6 statistics x 3 numbers x 12 conditions x 4 windows. Every contender runs in a process of its own and starts
from its own columns in memory. Polars runs in two styles, each with the in-memory and the streaming engine; the best of
them, by CPU, is the one compared. tael's figure includes sorting the rows. CPU is user and system time of all threads.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DAY = 86_400_000_000
CUTOFF = 19_900 * DAY
WINDOWS = (30, 90, 180, 730)
NUMBERS = ("amount", "balance", "fee")
FLAGS = ("night", "mobile", "abroad", "large")
STATS = ("count", "sum", "mean", "min", "max", "std")
N_CATEGORIES = 8
SHARES = (0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.04)  # the last: none of the eight
CONTENDERS = ("tael", "tael-1-thread", "tael-float32", "grouped", "grouped-streaming", "filtered", "filtered-streaming")


def simulate(folder: Path, rows: int, entities: int) -> None:
    """Write the bank's rows: one .npy a column for tael, one Parquet file for Polars."""
    import polars as pl

    rng = np.random.default_rng(7)
    when = np.sort(rng.integers(CUTOFF - 730 * DAY, CUTOFF + 30 * DAY, rows))
    columns: dict[str, Any] = {
        "entity": rng.integers(0, entities, rows, dtype=np.int32),
        "time": when,
        "category": rng.choice(N_CATEGORIES + 1, rows, p=SHARES).astype(np.int8),
    }
    columns["category"][columns["category"] == N_CATEGORIES] = -1
    for name, rate in zip(FLAGS, (0.5, 0.3, 0.05, 0.1), strict=True):
        columns[name] = (rng.random(rows, np.float32) < rate).astype(np.int8) - np.int8(1)
    for name, missing in zip(NUMBERS, (0.0, 0.02, 0.1), strict=True):
        column = rng.lognormal(4, 1, rows)
        column[rng.random(rows, np.float32) < missing] = np.nan
        columns[name] = column
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)
    frame = pl.DataFrame(columns).with_columns(
        *(pl.col(n).fill_nan(None) for n in NUMBERS),
        *((pl.col(n) == 0) for n in FLAGS),
        pl.col("time").cast(pl.Datetime("us")),
    )
    frame.write_parquet(folder / "rows.parquet")


def rss(kind: str = "VmHWM", status: Path = Path("/proc/self/status")) -> float:
    """Resident memory of a process in GB, highest so far or now (VmRSS); 0 when it has just ended. Linux only."""
    for line in status.read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) * 1024 / 1e9
    return 0.0


class Clock:
    """CPU and wall seconds of named stages."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self.loaded_gb = 0.0

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        self.stages[name] = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
        return result


def conditions() -> list[tuple[str, int]]:
    """(partition, slot) of the twelve conditions."""
    return [("category", c) for c in range(N_CATEGORIES)] + [(flag, 0) for flag in FLAGS]


def run_tael(
    folder: Path, entities: int, clock: Clock, n_threads: int | None, dtype: Any = np.float64, n_cutoffs: int = 1
) -> np.ndarray:
    from tael.kernels import events, grouping

    def warm() -> None:
        events.warm()
        grouping.warm()

    clock("compile or load kernels", warm)
    names = ["time", "category", *FLAGS, *NUMBERS]
    load = {name: np.load(folder / f"{name}.npy") for name in ["entity", *names]}
    clock.loaded_gb = rss("VmRSS")

    def prepare() -> np.ndarray:
        ranks = grouping.row_ranks(load["entity"], load["time"], n_threads=n_threads)
        offsets = np.concatenate(([0], np.cumsum(np.bincount(load.pop("entity"), minlength=entities))))
        for name in load:
            load[name] = grouping.place(load[name], ranks)
        return offsets

    offsets = clock("sort", prepare)
    partitions = [events.Partition(load["category"], N_CATEGORIES), *(events.Partition(load[f]) for f in FLAGS)]
    where = {"category": 0, **{flag: i + 1 for i, flag in enumerate(FLAGS)}}
    requests = [
        events.Request(stat, v, where[name], slot, w)
        for name, slot in conditions()
        for w in range(len(WINDOWS))
        for v in range(len(NUMBERS))
        for stat in STATS
    ]

    def compute() -> np.ndarray:
        who = np.repeat(np.arange(entities), n_cutoffs)
        cutoff = np.tile(CUTOFF - 30 * DAY * np.arange(n_cutoffs), entities)
        lower = cutoff - np.array(WINDOWS)[:, None] * DAY
        # None of the 864 features looks at a row's time beyond the window it is in.
        begins, stop = grouping.window_bounds(offsets, load.pop("time"), who, cutoff, lower)
        # Twelve cutoffs: in slices of the first cutoff's size, into the same output, which is thus left aside.
        out = np.empty((len(requests), entities), dtype)
        for i in range(0, who.size, entities):
            part = slice(i, i + entities)
            events.aggregate(
                begins=begins[:, part], stop=stop[part], cutoff=cutoff[part], requests=requests,
                values=[events.Value(load[n]) for n in NUMBERS], partitions=partitions, out=out, n_threads=n_threads,
            )  # fmt: skip
        return out

    return clock("features", compute)


def run_polars(folder: Path, entities: int, clock: Clock, style: str) -> np.ndarray:
    import polars as pl

    style, _, streaming = style.partition("-")
    engine: Any = "streaming" if streaming else "in-memory"
    frame = pl.read_parquet(folder / "rows.parquet")
    clock.loaded_gb = rss("VmRSS")
    ago = (pl.lit(CUTOFF).cast(pl.Datetime("us")) - pl.col("time")).dt.total_microseconds()
    past = frame.lazy().filter(ago > 0)
    how: dict[str, Callable[[pl.Expr], pl.Expr]] = {
        "count": lambda c: c.count(), "sum": lambda c: c.sum(), "mean": lambda c: c.mean(), "min": lambda c: c.min(),
        "max": lambda c: c.max(), "std": lambda c: c.std(),
    }  # fmt: skip

    everyone = pl.DataFrame({"entity": np.arange(entities, dtype=np.int32)})

    def holds(name: str, slot: int) -> pl.Expr:
        return pl.col(name) == slot if name == "category" else pl.col(name)

    def filtered() -> pl.DataFrame:
        """One group-by with 864 filtered expressions; the 48 masks are computed once."""
        masks = [
            (holds(name, slot) & (ago <= days * DAY)).alias(f"{name}{slot}|{days}")
            for name, slot in conditions()
            for days in WINDOWS
        ]
        features = [
            how[stat](pl.col(v).filter(pl.col(f"{name}{slot}|{days}"))).alias(f"{name}{slot}|{days}|{v}|{stat}")
            for name, slot in conditions()
            for days in WINDOWS
            for v in NUMBERS
            for stat in STATS
        ]
        return past.with_columns(masks).group_by("entity").agg(features).collect(engine=engine)

    def grouped() -> pl.DataFrame:
        """Rows filtered once for each window and flag, categories as a second key: 20 plain group-bys, then joined."""
        frames = []
        for days in WINDOWS:
            window = past.filter(ago <= days * DAY)
            plain = [how[s](pl.col(v)).alias(f"{v}|{s}") for v in NUMBERS for s in STATS]
            by_category = (
                window.filter(pl.col("category") >= 0).group_by("entity", "category").agg(plain).collect(engine=engine)
            )
            for c in range(N_CATEGORIES):
                part = by_category.filter(pl.col("category") == c).drop("category")
                frames.append(part.rename({n: f"category{c}|{days}|{n}" for n in part.columns if n != "entity"}))
            for flag in FLAGS:
                part = window.filter(pl.col(flag)).group_by("entity").agg(plain).collect(engine=engine)
                frames.append(part.rename({n: f"{flag}0|{days}|{n}" for n in part.columns if n != "entity"}))
        # Joined one by one against the full list, each part freed at once.
        columns = [everyone]
        while frames:
            columns.append(everyone.join(frames.pop(0), on="entity", how="left", maintain_order="left").drop("entity"))
        return pl.concat(columns, how="horizontal")

    result = clock("features", filtered if style == "filtered" else grouped)
    peak_after = rss()
    result = everyone.join(result, on="entity", how="left", maintain_order="left")
    out = np.empty((len(conditions()) * len(WINDOWS) * len(NUMBERS) * len(STATS), entities))
    r = 0
    for name, slot in conditions():
        for days in WINDOWS:
            for v in NUMBERS:
                for stat in STATS:
                    series = result.get_column(f"{name}{slot}|{days}|{v}|{stat}").cast(pl.Float64)
                    out[r] = series.fill_null(0.0 if stat in ("count", "sum") else np.nan).to_numpy()
                    r += 1
    clock.stages["features"]["peak_gb"] = peak_after
    return out


def child(arguments: argparse.Namespace) -> None:
    """Run one contender, write its numbers, print its figures as JSON."""
    folder, clock = Path(arguments.folder), Clock()
    if arguments.child == "simulate":
        simulate(folder, arguments.rows, arguments.entities)
        return
    if arguments.child.startswith("tael"):
        threads = 1 if arguments.child == "tael-1-thread" else None
        cutoffs = int(arguments.child.rpartition("-cutoffs-")[2]) if "cutoffs" in arguments.child else 1
        dtype = np.float32 if arguments.child == "tael-float32" else np.float64
        result = run_tael(folder, arguments.entities, clock, threads, dtype, cutoffs)
        clock.stages["features"]["peak_gb"] = rss()
    else:
        result = run_polars(folder, arguments.entities, clock, arguments.child)
    if "cutoffs" not in arguments.child:
        np.save(folder / f"{arguments.child}.out.npy", result)
    clock.stages["features"]["loaded_gb"] = clock.loaded_gb
    print(json.dumps(clock.stages))


def start(name: str, folder: str, arguments: argparse.Namespace) -> dict[str, Any] | None:
    command = [sys.executable, __file__, "--child", name, "--folder", folder]
    command += ["--rows", str(arguments.rows), "--entities", str(arguments.entities)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            if rss(status=status) > arguments.memory:
                process.kill()
                print(f"{name}: stopped, it needs more than {arguments.memory} GB")
                return None
            time.sleep(0.05)
        answer = process.stdout.read() if process.stdout else ""
    if process.returncode:
        print(f"{name}: did not finish (exit status {process.returncode})")
        return None
    return json.loads(answer) if answer.strip() else {}


def totals(stages: dict[str, Any]) -> tuple[float, float, float, float]:
    """CPU s and wall s of sorting and features, peak GB, and how much of it came on top of the loaded rows."""
    counted = [stages[name] for name in ("sort", "features") if name in stages]
    peak = stages["features"]["peak_gb"]
    return (
        sum(s["cpu_s"] for s in counted),
        sum(s["wall_s"] for s in counted),
        peak,
        peak - stages["features"]["loaded_gb"],
    )


def max_relative_difference(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """Largest |a - b| / max(|a|, |b|), and how many numbers are missing on one side alone."""
    largest, lonely = 0.0, 0
    for x, y in zip(a, b, strict=True):
        lonely += int((np.isnan(x) != np.isnan(y)).sum())
        scale = np.maximum(np.abs(x), np.abs(y))
        with np.errstate(invalid="ignore", divide="ignore"):
            difference = np.where(x == y, 0.0, np.abs(x - y) / scale)
        largest = max(largest, float(np.nanmax(difference, initial=0.0)))
    return largest, lonely


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, default=CONTENDERS, help="contenders to run")
    parser.add_argument(
        "--cutoffs", action="store_true", help="measure the memory of twelve cutoffs per entity instead"
    )
    parser.add_argument("--memory", type=float, default=8.0, help="stop a contender that needs more GB")
    parser.add_argument("--tmp", default=None, help="folder for the simulated rows (about 4 GB at full size)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    with tempfile.TemporaryDirectory(dir=arguments.tmp) as folder:
        if start("simulate", folder, arguments) is None:
            sys.exit(1)
        print(f"{arguments.rows:,} rows, {arguments.entities:,} entities, 864 features")
        names = ["tael-cutoffs-1", "tael-cutoffs-12"] if arguments.cutoffs else list(arguments.only)
        figures = {}
        print(f"{'contender':<20} {'CPU s':>8} {'wall s':>8} {'peak GB':>8} {'added GB':>8}")
        for name in names:
            stages = start(name, folder, arguments)
            if stages is None:
                continue
            figures[name] = totals(stages)
            print(f"{name:<20}" + "".join(f" {figure:8.2f}" for figure in figures[name]))
            if name.startswith("tael"):
                for stage, s in stages.items():
                    print(f"    {stage:<24} {s['cpu_s']:6.2f} CPU s, {s['wall_s']:6.2f} wall s")
        if arguments.cutoffs:
            if len(figures) == 2:
                ratio = figures["tael-cutoffs-12"][2] / figures["tael-cutoffs-1"][2]
                print(f"twelve cutoffs take {ratio:.2f} times the memory of one (mark: below 2)")
            return
        others = {n: f for n, f in figures.items() if not n.startswith("tael")}
        mine = next((n for n in ("tael", "tael-1-thread") if n in figures), None)
        if not others or mine is None:
            return
        best = min(others, key=lambda n: others[n][0])
        leanest = min(others, key=lambda n: others[n][2])
        print(f"CPU: {others[best][0] / figures[mine][0]:.1f} times less than {best}, Polars at its fastest (mark: 4)")
        for name, figure in ((n, f) for n, f in figures.items() if n.startswith("tael")):
            for other in dict.fromkeys((best, leanest)):
                peak, added = figure[2] / others[other][2], figure[3] / others[other][3]
                print(f"memory: {name} takes {peak:.2f} of {other}'s peak (mark: 0.5), {added:.2f} of what that added")
        for ours_name in (n for n in figures if n.startswith("tael")):
            ours = np.load(f"{folder}/{ours_name}.out.npy", mmap_mode="r")
            for name in others:
                theirs = np.load(f"{folder}/{name}.out.npy", mmap_mode="r")
                largest, lonely = max_relative_difference(ours, theirs)
                print(f"numbers, {ours_name} against {name}: largest relative difference {largest:.1e}, ", end="")
                print(f"missing on one side {lonely}")


if __name__ == "__main__":
    main()
