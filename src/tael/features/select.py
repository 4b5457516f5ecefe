"""Selection: of the candidates that passed the screen, those that help a model beyond the others, in every fold of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 120
QUICK = 60
HELD_OUT = 4000
SHADOWS = 24


@dataclass(frozen=True)
class Choice:
    """What the boosted models said of each candidate.

    Attributes
    ----------
    gain : ndarray, shape (m,)
        Mean share of the models' total gain.
    stability : ndarray, shape (m,)
        Share of the models in which it beat the shadows.
    noise : float
        The gain that a permuted column reached.
    """

    gain: NDArray[np.float64]
    help: NDArray[np.float64]
    sure: NDArray[np.float64]
    stability: NDArray[np.float64]
    noise: float


def boosted_gain(
    columns: NDArray[np.float32], y: NDArray, *, n_classes: int, folds: int = 4, seed: int = 0, n_threads: int = 1
) -> Choice:
    """Gain of each column in boosted models on blocks of time, beside permuted copies of columns (shadows).

    Each model leaves one block of rows out; shadows are permuted copies of random columns. A column that does not beat
    the shadows is noise to the model, whatever its gain (Kursa and Rudnicki, Journal of Statistical Software 36(11),
    2010, do the same with forests).

    Parameters
    ----------
    columns : ndarray of float32, shape (m, n)
        Rows in the order of time.
    y : ndarray, shape (n,)
    n_classes : int
        0 for a regression.
    """
    import lightgbm

    m, n = columns.shape
    rng = np.random.default_rng(seed)
    shadows = min(SHADOWS, m)
    chosen = rng.choice(m, shadows, replace=False)
    table = np.empty((n, m + shadows), dtype=np.float32)
    table[:, :m] = columns.T
    for i, source in enumerate(chosen):
        table[:, m + i] = columns[source][rng.permutation(n)]
    gains, helped = [], []
    edges = np.linspace(0, n, folds + 1).astype(int)
    # one set of parameters for the data and all models: LightGBM warns of any difference
    parameters = _parameters(n_classes, n, seed, n_threads)
    data = lightgbm.Dataset(table, label=y, params=parameters, free_raw_data=False).construct()
    for fold in range(folds):
        rows = np.r_[0 : edges[fold], edges[fold + 1] : n]
        if n_classes and len(np.unique(y[rows])) < 2:
            continue
        booster = lightgbm.train(parameters, data.subset(rows, params=parameters), ROUNDS)
        gains.append(booster.feature_importance("gain"))
        out = np.arange(edges[fold], edges[fold + 1])
        out = out[:: max(1, len(out) // HELD_OUT)]
        helped.append(_help(booster, table[out], y[out], n_classes))
    if not gains:
        return Choice(np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m), 0.0)
    shares = np.array(gains)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    every = np.concatenate(helped)
    error = every.std(axis=0) / np.sqrt(len(every))
    sure = every.mean(axis=0) / np.maximum(error, 1e-300)
    return Choice(
        gain=shares[:, :m].mean(axis=0),
        help=every[:, :m].mean(axis=0),
        sure=sure[:m],
        stability=np.mean([one[:, :m].mean(axis=0) > 0 for one in helped], axis=0),
        noise=float(np.quantile(sure[m:], 0.9)),
    )


def _help(booster: Any, table: NDArray[np.float32], y: NDArray, n_classes: int) -> NDArray[np.float32]:
    """How much worse a model would foretell each row it has not seen without each column's contributions: (n, m)."""
    m = table.shape[1]
    parts = booster.predict(table, pred_contrib=True, num_threads=booster.params["num_threads"])
    parts = parts.reshape(len(table), -1, m + 1)
    whole = parts.sum(axis=2)
    base = _loss(whole, y, n_classes)
    return np.stack([_loss(whole - parts[:, :, j], y, n_classes) - base for j in range(m)], axis=1).astype(np.float32)


def _loss(score: NDArray[np.float64], y: NDArray, n_classes: int) -> NDArray[np.float64]:
    if n_classes == 0:
        return (y - score[:, 0]) ** 2
    if n_classes == 2:
        return np.logaddexp(0.0, score[:, 0]) - y * score[:, 0]
    return np.logaddexp.reduce(score, axis=1) - score[np.arange(len(y)), y.astype(np.int64)]


def foretold(
    columns: NDArray[np.float32], y: NDArray, *, n_classes: int, folds: int = 4, seed: int = 0, n_threads: int = 1
) -> NDArray[np.float64] | None:
    """What a quick boosted model foretells of each row, by models that have not seen the row.

    Parameters
    ----------
    columns : ndarray of float32, shape (m, n)
    y : ndarray, shape (n,)
    n_classes : int
        0 for a regression.

    Returns
    -------
    ndarray, shape (n, n_classes) or (n,), or None
        None where there is nothing to learn from, or a fold lacks a class.
    """
    import lightgbm

    m, n = columns.shape
    if m == 0 or n < 20 * folds:
        return None
    table = np.ascontiguousarray(columns.T)
    out = np.empty((n, n_classes) if n_classes else n)
    turn = np.arange(n) % folds
    parameters = _parameters(n_classes, n, seed, n_threads) | {"num_leaves": 7, "lambda_l2": 20.0}
    for fold in range(folds):
        train = turn != fold
        if n_classes and len(np.unique(y[train])) < n_classes:
            return None
        booster = lightgbm.train(parameters, lightgbm.Dataset(table[train], label=y[train], params=parameters), QUICK)
        told = np.asarray(booster.predict(table[~train], num_threads=n_threads))
        out[~train] = np.stack([1 - told, told], axis=1) if n_classes == 2 else told
    return out


def _parameters(n_classes: int, n: int, seed: int, n_threads: int) -> dict[str, Any]:
    objective = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
    out = {
        "objective": objective,
        "learning_rate": 0.06,
        "num_leaves": 15,
        "min_data_in_leaf": max(5, min(50, n // 100)),
        "feature_fraction": 0.3,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "seed": seed,
        "deterministic": True,
        "num_threads": n_threads,
        "max_bin": 63,
        "force_col_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }
    if objective == "multiclass":
        out["num_class"] = n_classes
    return out


def ranks(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """A column as centred ranks of length 1, missing values at the mean: two columns' product is their rank correlation."""
    order = np.argsort(column, kind="stable")
    present = int(np.count_nonzero(~np.isnan(column)))
    out = np.zeros(len(column), dtype=np.float32)
    if present == 0:
        return out
    ordered = column[order[:present]]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    size = np.diff(np.r_[first, present])
    out[order[:present]] = np.repeat(first + (size - 1) / 2.0, size) - (present - 1) / 2.0
    length = float(np.sqrt(np.square(out, dtype=np.float64).sum()))
    return out / np.float32(length) if length > 0 else out
