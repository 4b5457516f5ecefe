"""The folds that every member is fitted on, and the out-of-fold log-odds that come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv

from tael.errors import ModelError
from tael.models.logistic import Floats

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


def make_folds(cv: Any, X: Floats, y: Floats, groups: NDArray[Any] | None, seed: int) -> list[Fold]:
    """Train and held-out rows of each fold.

    Parameters
    ----------
    cv : int, splitter or iterable
        A number gives shuffled stratified folds (stratified *grouped* folds where groups are given), and no more
        folds than the rarer class has rows.
    X, y : ndarray
    groups : ndarray of shape (n,) or None
    seed : int

    Raises
    ------
    ModelError
        Too few rows of a class or too few groups for two folds, or a fold that trains on one class.
    """
    if isinstance(cv, (int, np.integer)):
        rare = int(min(y.sum(), len(y) - y.sum()))
        units, noun = rare, "rows of the rarer class"
        if groups is not None:
            # A class that lives in one group cannot be both trained on and held out.
            by_class = [len(np.unique(groups[y == label])) for label in (0.0, 1.0)]
            if min(by_class) < rare:
                units, noun = min(by_class), "groups that hold the rarer class"
        if units < 2:
            raise ModelError(
                f"Too few {noun} to hold any out: one class cannot be learned and tested.",
                expected=f"at least 2 {noun}",
                got=f"{units} (of {len(y)} samples)",
                fix="Take a longer period or a wider definition of the label.",
            )
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        splitter = kind(n_splits=min(int(cv), units), shuffle=True, random_state=seed)
    else:
        splitter = check_cv(cv, y, classifier=True)
    folds = [(np.asarray(a), np.asarray(b)) for a, b in splitter.split(X, y, groups)]
    for number, (train, _) in enumerate(folds):
        if len(np.unique(y[train])) < 2:
            raise ModelError(
                f"Fold {number + 1} of {len(folds)} trains on one class only.",
                expected="both classes in each fold's training rows",
                got=f"{len(train)} rows of one class",
                fix="Use fewer folds, or a splitter that keeps both classes in training.",
            )
    return folds


def run_side_by_side(jobs: Sequence[Callable[[], Any]], n_jobs: int | None) -> list[Any]:
    """Do the jobs on n_jobs threads (LightGBM and NumPy free the interpreter); the results keep the jobs' order."""
    from joblib import Parallel, delayed

    return Parallel(n_jobs=n_jobs, prefer="threads")(delayed(job)() for job in jobs)


def out_of_fold(held_out: list[tuple[NDArray[np.int64], Floats]], n_rows: int) -> Floats:
    """Put the held-out log-odds together: the mean where a row was held out several times, NaN where it never was.

    >>> import numpy as np
    >>> out_of_fold([(np.array([0, 1]), np.array([1.0, 2.0])), (np.array([1]), np.array([4.0]))], 3)
    array([ 1.,  3., nan])
    """
    total, times = np.zeros(n_rows), np.zeros(n_rows)
    for rows, z in held_out:
        total[rows] += z
        times[rows] += 1
    return np.divide(total, times, out=np.full(n_rows, np.nan), where=times > 0)
