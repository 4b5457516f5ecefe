"""Segments: planted groups found again, and the bank's card holders in words.

    python benchmarks/bench_segments.py [--data DIR] [--lang en]

Planted: agreement (adjusted Rand) with the truth over ten draws of 3 to 6 groups with categories, long tails and
missing values, beside scikit-learn's k-means on standardised, imputed, one-hot columns that is told the right number.
Bank churners: chosen number, profiles with the churn rate, CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler


def planted(seed: int, n: int = 3000) -> tuple[pl.DataFrame, np.ndarray]:
    """Customers of 3 to 6 kinds."""
    rng = np.random.default_rng(seed)
    k = 3 + seed % 4
    group = rng.choice(k, n, p=rng.dirichlet(np.full(k, 8.0)))
    columns: dict[str, pl.Series] = {}
    for j in range(4):
        centre = rng.permutation(k) * 2.0
        x = centre[group] + rng.normal(0, 0.7, n)
        x = np.exp(x) if j % 2 else x
        columns[f"amount{j}"] = pl.Series(x)
    for j in range(2):
        columns[f"noise{j}"] = pl.Series(rng.normal(size=n))
    kinds = np.array(list("abcdef"))
    job = np.where(rng.random(n) < 0.75, kinds[group], kinds[rng.integers(0, k, n)])
    frame = pl.DataFrame(columns | {"job": pl.Series(job)})
    gone = pl.Series(rng.random(n) < 0.08)
    return frame.with_columns(pl.when(gone).then(None).otherwise(pl.col("amount0")).alias("amount0")), group


def plain(frame: pl.DataFrame, k: int) -> np.ndarray:
    """What a tutorial would do."""
    numbers = frame.select(pl.col(pl.Float64).fill_null(pl.col(pl.Float64).median()))
    flags = frame.select("job").to_dummies().to_numpy()
    Z = np.column_stack([StandardScaler().fit_transform(numbers.to_numpy()), flags])
    return KMeans(k, n_init=5, random_state=0).fit_predict(Z)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--lang", default="en", choices=["en", "zh"])
    args = parser.parse_args()
    from tael.models import Segments

    print(f"{'groups':>6}{'found':>7}{'tael':>8}{'plain, told the number':>25}{'CPU s':>8}")
    for seed in range(10):
        frame, group = planted(seed)
        k = int(group.max()) + 1
        start = time.process_time()
        model = Segments().fit(frame)
        cpu = time.process_time() - start
        ours, theirs = adjusted_rand_score(group, model.labels_), adjusted_rand_score(group, plain(frame, k))
        print(f"{k:>6}{model.n_segments_:>7}{ours:>8.3f}{theirs:>25.3f}{cpu:>8.1f}", flush=True)
    folder = args.data / "sales" / "bank_churners"
    if not folder.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    table = pl.read_csv(next(folder.glob("*.csv")))
    churn = (table["Attrition_Flag"] == "Attrited Customer").to_numpy()
    frame = table.drop([c for c in table.columns if c.startswith("Naive") or c in ("CLIENTNUM", "Attrition_Flag")])
    for method in ("kmeans", "mixture"):
        start = time.process_time()
        model = Segments(method=method).fit(frame, churn)
        print(f"\nbank churners, {method}: {time.process_time() - start:.1f} CPU s")
        print(model.choices())
        print(model.describe(args.lang))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
