"""Reading y: what kind of label it is, as numbers or as class numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from tael.errors import FeaturesError
from tael.features.labels import guess

FEW = 20  # whole numbers of at most so many values are classes


@dataclass(frozen=True)
class Target:
    """A label as it came.

    Attributes
    ----------
    values : ndarray, shape (n,), or None
        Class numbers from 0, or numbers; None without a label, and for a label of one class.
    kind : str or None
    classes : ndarray or None
        The classes' own names, sorted.
    """

    values: NDArray | None = None
    kind: str | None = None
    classes: NDArray | None = None

    @property
    def n_classes(self) -> int:
        """0 unless it is classes."""
        return 0 if self.values is None or self.classes is None else len(self.classes)


def read_target(y: Any, n: int, asked: str) -> Target:
    """Read y.

    Parameters
    ----------
    y : array-like, shape (n,), or None
    n : int
        Observations.
    asked : str
        A kind of label, or ``"auto"``.

    Raises
    ------
    FeaturesError
        If a label is missing, or not of the kind that was asked for.

    Examples
    --------
    >>> read_target(["good", "bad", "good"], 3, "auto")
    Target(values=array([1, 0, 1]), kind='binary', classes=array(['bad', 'good'], dtype='<U4'))
    """
    if y is None:
        return Target()
    target = np.asarray(y.to_numpy() if isinstance(y, pl.Series) else y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if len(target) != n:
        check_consistent_length(np.empty(n), target)
    if target.dtype.kind == "f" and not np.isfinite(target).all():
        bad = np.flatnonzero(~np.isfinite(target))
        raise FeaturesError(
            f"Input y contains {'NaN' if np.isnan(target[bad]).any() else 'infinity'}.",
            expected="a label in every row",
            got=f"{len(bad)} of {n} are not known; the first in row {bad[0] + 1}",
            where="y",
            fix="Fit on the observations whose label is known (observations.labelled).",
        )
    many = target.ndim == 1 and target.dtype.kind in "iu" and len(np.unique(target)) > FEW
    # scikit-learn would warn of whole numbers that are nearly all different
    shape = "multiclass" if many else type_of_target(target, input_name="y")
    if shape not in ("binary", "multiclass", "continuous"):
        raise FeaturesError(
            "Unknown label type: features cannot be scored against it.",
            expected="one column of classes or of numbers",
            got=shape,
            where="y",
            fix="Pass one label at a time.",
        )
    kind = _kind(target, shape, asked)
    if kind not in ("binary", "multiclass"):
        return Target(target.astype(np.float64), kind)
    classes, codes = np.unique(target, return_inverse=True)
    if len(classes) < 2:
        return Target(classes=classes)
    return Target(codes.astype(np.int64), "binary" if len(classes) == 2 else "multiclass", classes)


def _kind(target: NDArray, shape: str, asked: str) -> str:
    numbers = target.dtype.kind in "fiu"
    if asked == "auto":
        if shape == "binary" or (shape == "multiclass" and (not numbers or len(np.unique(target)) <= FEW)):
            return shape
        return guess(target.astype(np.float64))
    if asked not in ("binary", "multiclass") and not numbers and target.dtype.kind != "b":
        raise FeaturesError(
            f'A label of the kind "{asked}" must be numbers.',
            expected="numbers",
            got=f"values such as {target[0]!r}",
            where="AutoFeatures(label_kind=...)",
            fix='Say label_kind="auto", or pass numbers.',
        )
    if asked == "binary" and shape != "binary":
        raise FeaturesError(
            "The label is not binary.",
            expected="two values",
            got=f"{len(np.unique(target))} values",
            where="AutoFeatures(label_kind=...)",
            fix='Say label_kind="multiclass", or one of the kinds of numbers.',
        )
    return asked
