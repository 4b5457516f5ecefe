"""Qlib's own pipeline (Alpha158, CSZScoreNorm, LightGBM) on a long table of bars: run by an environment of its own.

    python qlib_peer.py BARS.parquet OUT.parquet [--rate 0.2] [--rounds 1000] [--patience 50]

The bars have the columns date, code, open, high, low, close, vwap, volume, amount (missing where suspended). Writes
the test period's scores and labels, and prints one line of JSON with CPU seconds and memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FIELDS = ("open", "high", "low", "close", "vwap", "volume", "amount")
TRAIN, VALID, TEST = ("2016-01-01", "2019-12-31"), ("2020-01-01", "2020-12-31"), ("2021-01-01", "2021-12-31")


def cpu() -> float:
    """CPU seconds of this process and those it has waited for."""
    return sum(
        part.ru_utime + part.ru_stime
        for part in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def store(bars: pd.DataFrame, folder: Path) -> None:
    """Write Qlib's binary store: a calendar, a list of instruments, one float32 file for each field."""
    days = sorted(bars["date"].unique())
    place = {day: k for k, day in enumerate(days)}
    (folder / "calendars").mkdir(parents=True)
    (folder / "calendars" / "day.txt").write_text("\n".join(str(d)[:10] for d in days) + "\n")
    (folder / "instruments").mkdir()
    lines = []
    for code, one in bars.groupby("code"):
        one = one.sort_values("date")
        first, last = place[one["date"].iloc[0]], place[one["date"].iloc[-1]]
        lines.append(f"{code.upper()}\t{str(days[first])[:10]}\t{str(days[last])[:10]}")
        home = folder / "features" / code.lower()
        home.mkdir(parents=True)
        at = one["date"].map(place).to_numpy() - first
        for name in FIELDS:
            grid = np.full(last - first + 1, np.nan, dtype="<f4")
            grid[at] = one[name].to_numpy()
            np.hstack([[first], grid]).astype("<f4").tofile(home / f"{name}.day.bin")
    (folder / "instruments" / "all.txt").write_text("\n".join(lines) + "\n")


def fitted(folder: Path, arguments: argparse.Namespace) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Scores and labels of the test period."""
    import qlib
    from qlib.contrib.data.handler import Alpha158
    from qlib.contrib.model.gbdt import LGBModel
    from qlib.data.dataset import DatasetH
    from qlib.data.dataset.handler import DataHandlerLP

    qlib.init(provider_uri=str(folder), kernels=2)
    start = cpu()
    handler = Alpha158(
        instruments="all", start_time=TRAIN[0], end_time=TEST[1], fit_start_time=TRAIN[0], fit_end_time=TRAIN[1],
        infer_processors=[],
        learn_processors=[
            {"class": "DropnaLabel"}, {"class": "CSZScoreNorm", "kwargs": {"fields_group": "label"}},
        ],
    )  # fmt: skip
    dataset = DatasetH(handler, {"train": TRAIN, "valid": VALID, "test": TEST})
    features = cpu() - start
    model = LGBModel(
        loss="mse", colsample_bytree=0.8879, learning_rate=arguments.rate, subsample=0.8789, lambda_l1=205.6999,
        lambda_l2=580.9768, max_depth=8, num_leaves=210, num_threads=2, num_boost_round=arguments.rounds,
        early_stopping_rounds=arguments.patience or None,
    )  # fmt: skip
    model.fit(dataset)
    score = model.predict(dataset, segment="test")
    label = dataset.prepare("test", col_set="label", data_key=DataHandlerLP.DK_R).iloc[:, 0]
    table = pd.DataFrame({"score": score, "label": label}).reset_index()
    table.columns = ["date", "code", "score", "label"]
    return table, {"features_cpu": features, "cpu": cpu() - start}


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bars", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--patience", type=int, default=50)
    arguments = parser.parse_args()
    arguments.bars, arguments.out = arguments.bars.absolute(), arguments.out.absolute()
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # its recorder writes to the working folder
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        store(pd.read_parquet(arguments.bars), Path(folder) / "store")
        table, told = fitted(Path(folder) / "store", arguments)
    table.to_parquet(arguments.out)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({**told, "peak_gb": peak / 1e6, "rows": len(table)}))


if __name__ == "__main__":
    main()
