"""Who stands beside a run: plain models on the observation's own columns, and on features that an analyst wrote.

They get the run's own training rows and are judged on its holdout. None of them is tuned, as in tael's run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.tables import Tables

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contenders"))

Matrix = NDArray[np.float64]
MOST, LEAST = 40, 10
"""Values of a text column that become flags, and training rows that each must have."""
LIGHTGBM = {"verbosity": -1, "deterministic": True, "force_col_wise": True, "random_state": 0, "n_jobs": 1}


def own_columns(tables: Tables, entity: str, scores: pl.DataFrame) -> pl.DataFrame:
    """The feature columns of the observations' own rows and of timeless parents; times as days before the cutoff."""
    schema = tables.schema
    promise = schema.tables[entity]
    wide = scores.select(promise.key, "cutoff").join(tables[entity], on=promise.key, how="left", maintain_order="left")
    names = []
    for table in dict.fromkeys([entity, *(c.to for c in promise.columns.values() if c.to in schema.tables)]):
        one = schema.tables[table]
        if table != entity:
            if one.time is not None:
                continue
            link = next(name for name, c in promise.columns.items() if c.to == table)
            wide = wide.join(tables[table], left_on=link, right_on=one.key, how="left", maintain_order="left")
        names += [
            name
            for name, c in one.columns.items()
            if c.role == "feature" and name not in (one.key, one.time) and (c.to is None or c.to not in schema.tables)
        ]
    return wide.select(
        (
            ((pl.col("cutoff") - pl.col(name)).dt.total_seconds() / 86_400).alias(name)
            if wide[name].dtype.is_temporal()
            else pl.col(name)
        )
        for name in dict.fromkeys(names)
    )


def flags(frame: pl.DataFrame, train: NDArray[np.int64]) -> Matrix:
    """Numbers as they are, text as one flag for each value that is common in training."""
    columns: list[Matrix] = []
    for series in frame.get_columns():
        if series.dtype != pl.String:
            columns.append(series.cast(pl.Float64).to_numpy())
            continue
        counted = series[train.tolist()].drop_nulls().value_counts(sort=True)
        common = counted.filter(pl.col("count") >= LEAST)[series.name].head(MOST).to_list()
        columns += [(series == value).fill_null(False).cast(pl.Float64).to_numpy() for value in common]
    return np.column_stack(columns) if columns else np.zeros((frame.height, 0))


def ranks(frame: pl.DataFrame) -> Matrix:
    """Numbers as they are, text as the place of its value in the alphabet."""
    return frame.select(
        pl.col(name).rank("dense").cast(pl.Float64) if kind == pl.String else pl.col(name).cast(pl.Float64)
        for name, kind in frame.schema.items()
    ).to_numpy()


def logistic(X: Matrix, y: Matrix, train: NDArray[np.int64]) -> Matrix:
    """tael's plain reference: standardised, ridge, a flag beside what is missing."""
    from tael.models import LogisticReference

    model = LogisticReference().fit(X[train], y[train].astype(int))
    return np.asarray(model.predict_proba(X)[:, 1])


def lightgbm(X: Matrix, y: Matrix, train: NDArray[np.int64], **settings: Any) -> Matrix:
    """LightGBM as it comes, or with the settings of the contests of features."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(**{**LIGHTGBM, **settings}).fit(X[train], y[train])
    return np.asarray(model.booster_.predict(X))


def words(texts: pl.Series, y: Matrix, train: NDArray[np.int64]) -> Matrix:
    """Tf-idf of all words and logistic regression: what is usual for text."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    said = texts.fill_null("").to_list()
    vectors = TfidfVectorizer(sublinear_tf=True, min_df=3, max_features=20_000).fit([said[k] for k in train])
    X = vectors.transform(said)
    return np.asarray(LogisticRegression(C=4.0, max_iter=300).fit(X[train], y[train]).predict_proba(X)[:, 1])


def rivals(case: Any, tables: Tables, scores: pl.DataFrame) -> Iterator[tuple[str, Callable[[], Matrix]]]:
    """Name and probabilities of each who can take part, for the rows of `scores`."""
    from contest import MODEL, varied

    entity = case.plan.entity
    y = scores["label"].cast(pl.Float64).to_numpy()
    train = np.flatnonzero((scores["split"] == "train").to_numpy())
    own = own_columns(tables, entity, scores)
    promise = tables.schema.tables[entity].columns
    long = [name for name in own.columns if name in promise and str(promise[name].type) == "text"]
    plain = own.drop(long)
    if plain.width:
        yield "logistic, own columns", lambda: logistic(flags(plain, train), y, train)
        yield "LightGBM default, own columns", lambda: lightgbm(ranks(plain), y, train)
    for name in long:
        yield f"tf-idf + logistic, {name}", lambda name=name: words(own[name], y, train)
    task = case.task(tables, scores)
    if task is not None:
        from hand_polars import by_hand

        made: list[Matrix] = []

        def features() -> Matrix:
            if not made:
                made.append(varied(by_hand(task).to_numpy()))
            return made[0]

        yield "logistic, features by hand", lambda: logistic(features(), y, train)
        yield "LightGBM, features by hand", lambda: lightgbm(features(), y, train, **MODEL)
