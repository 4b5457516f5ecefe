"""What the scores of transfers say further: beside their neighbours' scores, and of accounts. See bench_gangs.py."""

from __future__ import annotations

import numpy as np
import polars as pl
from lightgbm import LGBMClassifier
from sklearn.metrics import average_precision_score

from tael.networks import Edges, suspicion_around


def with_neighbours(X: np.ndarray, score: np.ndarray, edges: Edges) -> np.ndarray:
    """The columns, the score, and the scores around among the 60,000 highest."""
    top = np.argsort(-score, kind="stable")[:60_000]
    part, found = edges.take(top), np.zeros((len(score), 16), dtype=np.float32)
    wide = [column for days in ("5d", "15d") for column in suspicion_around(part, score[top], within=days).values()]
    found[top] = np.column_stack(wide)
    return np.column_stack([X, score, found])


def of_accounts(frame: pl.DataFrame, score: np.ndarray, wider: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """What the scores of an account's transfers come to (wider: and those around); and whether it is in a gang."""
    ends = np.concatenate([frame[name].cast(pl.Int64).to_numpy() for name in ("source", "target")])
    s, sure = np.tile(score, 2), np.clip(np.tile(score, 2), 1e-6, 1 - 1e-6)
    told = pl.DataFrame(
        {
            "account": ends, "s": s, "odds": np.log(sure / (1 - sure)), "in": np.repeat([False, True], len(score)),
            "day": np.tile(frame["day"].to_numpy(), 2), "gang": np.tile(frame["gang"].to_numpy(), 2),
        }
    )  # fmt: skip
    more = []
    if wider:
        edges = Edges.from_frame(frame, source="source", target="target", time="date", id="tran_id")
        beside = with_neighbours(np.empty((len(score), 0)), score, edges)[:, 1:]
        names = [f"around_{j}" for j in range(beside.shape[1])]
        told = told.with_columns(pl.Series(name, np.tile(beside[:, j], 2)) for j, name in enumerate(names))
        more = [pl.col(names).max().name.suffix("_most"), pl.col(names).first()]
    told = told.sort("s", descending=True)
    s, into = pl.col("s"), pl.col("in")
    kept = told.group_by("account", maintain_order=True).agg(
        *more, highest=s.first(), second=s.slice(1, 1).first(), third=s.slice(2, 1).first(), sum=s.sum(),
        mean=pl.col("odds").mean(), n=pl.len(), n_out=(~into).sum(), many=(s > 0.1).sum(),
        highest_out=s.filter(~into).first(), highest_in=s.filter(into).first(),
        sum_out=s.filter(~into).sum(), sum_in=s.filter(into).sum(), none=(1 - s.clip(0, 0.999999)).log().sum(),
        wait=pl.col("day").filter(~into).first() - pl.col("day").filter(into).first(), gang=pl.col("gang").max(),
    )  # fmt: skip
    return kept.drop("account", "gang").to_numpy().astype(float), kept["gang"].to_numpy() >= 0


def accounts(frames: list[pl.DataFrame], scores: list[np.ndarray], wider: bool = False) -> float:
    """PR AUC of accounts by a model of their transfers' scores, fitted on scores out of fold."""
    (X, y), (Z, z) = (of_accounts(frame, score, wider) for frame, score in zip(frames, scores, strict=True))
    p = np.zeros(len(z))
    for seed in range(3):
        model = LGBMClassifier(
            n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=30, subsample=0.8, subsample_freq=1,
            colsample_bytree=0.5, reg_lambda=5.0, n_jobs=1, verbose=-1, random_state=seed,
        )  # fmt: skip
        p += model.fit(X, y).predict_proba(Z)[:, 1]
    return float(average_precision_score(z, p))
