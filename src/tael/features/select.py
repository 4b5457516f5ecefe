"""Selection: of the candidates that passed the screen, those that help a model beyond the others, in every fold of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 120
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
    gains = []
    edges = np.linspace(0, n, folds + 1).astype(int)
    data = lightgbm.Dataset(table, label=y, params=_dataset_parameters(seed), free_raw_data=False).construct()
    for fold in range(folds):
        rows = np.r_[0 : edges[fold], edges[fold + 1] : n]
        if n_classes and len(np.unique(y[rows])) < 2:
            continue
        booster = lightgbm.train(_parameters(n_classes, len(rows), seed + fold, n_threads), data.subset(rows), ROUNDS)
        gains.append(booster.feature_importance("gain"))
    if not gains:
        return Choice(np.zeros(m), np.zeros(m), 0.0)
    told = np.array(gains)
    shares = told / np.maximum(told.sum(axis=1, keepdims=True), 1e-300)
    noise = np.quantile(shares[:, m:], 0.9, axis=1)
    return Choice(
        gain=shares[:, :m].mean(axis=0),
        stability=(shares[:, :m] > noise[:, None]).mean(axis=0),
        noise=float(noise.mean()),
    )


def _dataset_parameters(seed: int) -> dict[str, Any]:
    return {"max_bin": 63, "verbosity": -1, "data_random_seed": seed, "force_col_wise": True, "feature_pre_filter": False}


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
    }
    out |= _dataset_parameters(seed)
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


class Distinct:
    """Remembers columns by their ranks and tells which newcomer says the same as one already held.

    Parameters
    ----------
    limit : float
        Rank correlation from which two columns count as the same.
    n_rows : int
    sample : int
        Rows looked at.
    """

    def __init__(self, limit: float, n_rows: int, sample: int = 4000) -> None:
        self.limit = limit
        self._rows = np.arange(0, n_rows, max(1, n_rows // sample))
        self._held = np.zeros((64, len(self._rows)), dtype=np.float32)
        self.count = 0

    def twin(self, column: NDArray[np.float32]) -> int | None:
        """The number of the held column that says the same, or None; then the newcomer is held."""
        one = ranks(column[self._rows])
        if self.count:
            alike = np.abs(self._held[: self.count] @ one)
            nearest = int(alike.argmax())
            if alike[nearest] > self.limit:
                return nearest
        if self.count == len(self._held):
            self._held = np.concatenate([self._held, np.zeros_like(self._held)])
        self._held[self.count] = one
        self.count += 1
        return None
