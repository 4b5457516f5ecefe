"""Selection: of the candidates that passed the screen, those that help a model beyond the others, all along time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.features.labels import Label
from tael.kernels.forest import explain, read_forest

ROUNDS = 120
QUICK = 60
HELD_OUT = 2000
AGAIN = 2.0
"""Observations of a person, on average, from which they are kept apart."""


@dataclass(frozen=True)
class Choice:
    """What boosted models said of each candidate.

    Attributes
    ----------
    gain : ndarray, shape (m,)
        Mean share of the models' total gain.
    help : ndarray, shape (m,)
        How much worse rows that a model has not seen would be foretold without the column: mean loss, natural units.
    stability : ndarray, shape (m,)
        Share of the models whose unseen rows the column helped to foretell.
    """

    gain: NDArray[np.float64]
    help: NDArray[np.float64]
    stability: NDArray[np.float64]


def weigh(
    columns: NDArray[np.float32],
    label: Label,
    *,
    rounds: int = ROUNDS,
    folds: int = 4,
    seed: int = 0,
    n_threads: int = 1,
    person: NDArray[np.int64] | None = None,
) -> Choice:
    """What each column does for boosted models, on blocks of time, or on people, that they have not seen.

    Each model leaves one block out. There, each column's contributions (Shapley values; Lundberg and Lee, NeurIPS 2017)
    are taken from the model's scores: a column whose absence makes the loss no worse is noise, however much gain the
    model thought to have from it. Gain alone would favour noise with many values, and thins out among copies.

    Parameters
    ----------
    columns : ndarray of float32, shape (m, n)
        Rows in the order of time.
    label : Label
    person : ndarray of int64, shape (n,), optional
        From `people_apart`: each model leaves out people instead of a block of time.
    """
    import lightgbm

    m, n = columns.shape
    y, n_classes = label.y, label.n_classes
    table = np.ascontiguousarray(columns.T)
    # one set of parameters for the data and all models: LightGBM warns of any difference
    parameters = _parameters(label, n, seed)
    data = lightgbm.Dataset(table, label=y, params=parameters, free_raw_data=False).construct()

    def one(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        inside = (np.arange(n) * folds // max(n, 1) if person is None else person % folds) == number
        rows, out = np.flatnonzero(~inside), np.flatnonzero(inside)
        if len(out) == 0 or (n_classes and len(np.unique(y[rows])) < 2):
            return None
        booster = lightgbm.train(parameters, data.subset(rows.tolist(), params=parameters), rounds)
        out = out[:: max(1, len(out) // HELD_OUT)]
        return booster.feature_importance("gain"), _help(booster, table[out], label, out)

    told = [found for found in side_by_side(one, folds, n_threads) if found is not None]
    gains, helped = [gain for gain, _ in told], [helps for _, helps in told]
    if not gains:
        return Choice(np.zeros(m), np.zeros(m), np.zeros(m))
    shares = np.array(gains)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    losses = np.array(helped)
    return Choice(gain=shares.mean(axis=0), help=losses.mean(axis=0), stability=(losses > 0.0).mean(axis=0))


def people_apart(ids: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64] | None:
    """A number for each observation, the same for all of one person: folds by it never part a person.

    Who comes again each week is known again by age or street: a model that has seen the other weeks then foretells the
    left-out ones by what says nothing of anybody else.

    Parameters
    ----------
    ids : ndarray of int64, shape (n,)
    seed : int

    Returns
    -------
    ndarray of int64, shape (n,), or None
        None where hardly anybody comes again.

    Examples
    --------
    >>> people_apart(np.array([3, 3, 9, 9, 9, 3])).tolist() in ([0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 0, 1])
    True
    >>> people_apart(np.arange(5)) is None
    True
    """
    people, whose = np.unique(ids, return_inverse=True)
    if len(ids) < AGAIN * len(people):
        return None
    return np.asarray(np.random.default_rng(seed).permutation(len(people))[whose], dtype=np.int64)


def side_by_side(task: Callable[[int], Any], n: int, n_threads: int) -> list[Any]:
    """Do ``task(0)`` to ``task(n - 1)``, some at a time.

    Small models are fitted on one thread each: LightGBM's own threads would wait for one another at every leaf, and
    burn the processor of whoever runs beside them.
    """
    if n_threads == 1:
        return [task(i) for i in range(n)]
    with ThreadPoolExecutor(min(n_threads, n), thread_name_prefix="tael-weigh") as pool:
        return list(pool.map(task, range(n)))


def _help(booster: Any, table: NDArray[np.float32], label: Label, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much worse a model would foretell rows it has not seen without each column's contributions."""
    m = table.shape[1]
    forest = None if label.kind == "multiclass" else read_forest(booster.model_to_string())
    if forest is not None:
        parts = explain(forest, np.ascontiguousarray(table, dtype=np.float64), 1)
    else:
        parts = booster.predict(table, pred_contrib=True, num_threads=1)
    parts = parts.reshape(len(table), -1, m + 1)
    whole = parts.sum(axis=2)
    base = label.loss(whole, rows)
    return np.array([label.loss(whole - parts[:, :, j], rows) - base for j in range(m)])


def foretold(
    columns: NDArray[np.float32],
    label: Label,
    *,
    folds: int = 4,
    seed: int = 0,
    n_threads: int = 1,
    person: NDArray[np.int64] | None = None,
) -> NDArray[np.float64] | None:
    """What a quick boosted model foretells of each row, by models that have not seen the row.

    Parameters
    ----------
    columns : ndarray of float32, shape (m, n)
    label : Label
    person : ndarray of int64, shape (n,), optional
        From `people_apart`: whose rows are left out together.

    Returns
    -------
    ndarray, shape (n, n_classes) or (n,), or None
        None where there is nothing to learn from, or a fold lacks a class.
    """
    import lightgbm

    m, n = columns.shape
    y, n_classes = label.y, label.n_classes
    if m == 0 or n < 20 * folds:
        return None
    table = np.ascontiguousarray(columns.T)
    out = np.empty((n, n_classes) if n_classes else n)
    turn = (np.arange(n) if person is None else person) % folds
    parameters = _parameters(label, n, seed) | {"num_leaves": 7, "lambda_l2": 20.0}
    data = lightgbm.Dataset(table, label=y, params=parameters, free_raw_data=False).construct()
    if n_classes and any(len(np.unique(y[turn != fold])) < n_classes for fold in range(folds)):
        return None

    def one(fold: int) -> None:
        train = turn != fold
        booster = lightgbm.train(parameters, data.subset(np.flatnonzero(train).tolist(), params=parameters), QUICK)
        told = np.asarray(booster.predict(table[~train], num_threads=1))
        out[~train] = np.stack([1 - told, told], axis=1) if n_classes == 2 else told

    side_by_side(one, folds, n_threads)
    return out


def _parameters(label: Label, n: int, seed: int) -> dict[str, Any]:
    return label.parameters() | {
        "learning_rate": 0.06,
        "num_leaves": 15,
        "min_data_in_leaf": max(5, min(50, n // 100)),
        "feature_fraction": 0.3,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "seed": seed,
        "deterministic": True,
        "num_threads": 1,
        "max_bin": 63,
        "force_col_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def ranks(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """A column as centred ranks of length 1, missing values at the mean: products of two are their rank correlation."""
    order = np.argsort(column)
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
