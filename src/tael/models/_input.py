"""What every classifier of this room checks before it fits or scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, validate_data

from tael.errors import ModelError, did_you_mean
from tael.models.logistic import Floats

_REFUSED_FIX = "Turn categories into flags and times into ages first (tael.AutoFeatures does), or drop the column."


def refuse_text(X: Any) -> None:
    """Refuse text, categories and times by name, where scikit-learn would read "1.5" as a number without a word.

    Examples
    --------
    >>> import polars as pl
    >>> refuse_text(pl.DataFrame({"a": [1.0], "job": ["clerk"]}))
    Traceback (most recent call last):
    tael.errors.ModelError: The model takes numbers only.
      expected: numeric or true/false columns
      got:      job (String)
      to do:    Turn categories into flags and times into ages first (tael.AutoFeatures does), or drop the column.
    """
    import narwhals as nw

    bad: list[str] = []
    if isinstance(X, np.ndarray):
        if X.dtype.kind in "USMm":
            bad.append(f"an array of {X.dtype}")
        elif X.dtype == object and X.ndim == 2:
            bad += [f"column {j} (text)" for j in range(X.shape[1]) if any(isinstance(v, str) for v in X[:, j])]
    else:
        frame = nw.from_native(X, eager_only=True, pass_through=True)
        if isinstance(frame, nw.DataFrame):
            for name, dtype in frame.schema.items():
                is_text = dtype == nw.Object and any(isinstance(v, str) for v in frame[name].to_list())
                if is_text or not (dtype.is_numeric() or dtype in (nw.Boolean, nw.Object, nw.Unknown)):
                    bad.append(f"{name} ({dtype})")
    if bad:
        shown = ", ".join(bad[:8]) + (f" and {len(bad) - 8} more" if len(bad) > 8 else "")
        raise ModelError(
            "The model takes numbers only.", expected="numeric or true/false columns", got=shown, fix=_REFUSED_FIX
        )


def check_matrix(estimator: Any, X: Any) -> Floats:
    """X for scoring: the columns of fit, in their order, as floats with NaN for missing."""
    refuse_text(X)
    return validate_data(estimator, X, reset=False, dtype=np.float64, order="C", ensure_all_finite="allow-nan")


def check_two_classes(labels: NDArray[Any], weight: Floats) -> tuple[Floats, NDArray[Any]]:
    """Labels as 0.0 for the first class and 1.0 for the second, and the two classes.

    Parameters
    ----------
    labels : ndarray of shape (n,)
    weight : ndarray of shape (n,)
        Rows of weight 0 do not count.

    Raises
    ------
    ModelError
        One class, or more than two.
    """
    classes = np.unique(labels[weight > 0])
    if len(classes) == 1:
        raise ModelError(
            "The labels hold one class only, so there is nothing to tell apart.",
            expected="rows of two classes",
            got=f"{int((weight > 0).sum())} rows, all {classes[0]!r}",
            fix="Look at the label's definition and its window, or take a longer period.",
        )
    kind = type_of_target(labels, input_name="y")
    if len(classes) > 2 or kind != "binary":
        # The first sentence is scikit-learn's, word for word: its own checks read it.
        raise ModelError(
            f"Only binary classification is supported. The type of the target is {kind}.",
            expected="two classes",
            got=f"{len(classes)} classes: {', '.join(repr(c) for c in classes[:5].tolist())}",
            fix="Wrap the model in sklearn.multiclass.OneVsRestClassifier.",
        )
    return (labels == classes[1]).astype(np.float64), classes


def check_training(
    estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, class_weight: Any
) -> tuple[Floats, NDArray[np.float64], NDArray[Any], Floats]:
    """Check what `fit` got.

    Returns
    -------
    X : ndarray of shape (n, p)
    y : ndarray of shape (n,)
        0.0 for the first class, 1.0 for the second.
    classes : ndarray of shape (2,)
    weight : ndarray of shape (n,)
        Sample weight times class weight; 0 leaves a row out.

    Raises
    ------
    ModelError
        Text columns, one class, more than two classes, weights that are negative.
    """
    refuse_text(X)
    X, y = validate_data(
        estimator, X, y, dtype=np.float64, order="C", ensure_all_finite="allow-nan", ensure_min_samples=2
    )
    labels = column_or_1d(y, warn=True)
    check_classification_targets(labels)
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64).copy()
    if np.any(weight < 0):
        raise ModelError(
            "A sample weight is negative.",
            expected="0 or more",
            got=f"{weight.min()} in row {int(np.argmin(weight))}",
            fix="Leave a row out with weight 0.",
        )
    if not np.any(weight > 0):
        raise ModelError("All sample weights are zero.", expected="some row with a positive weight", got="none")
    label, classes = check_two_classes(labels, weight)
    if class_weight is not None:
        weight *= compute_sample_weight(class_weight, labels)
    return X, label, classes, weight


def check_monotone(monotone: Any, n_columns: int, names: list[str] | None) -> NDArray[np.int64]:
    """Wanted directions as one sign a column.

    Parameters
    ----------
    monotone : None, mapping of column (name or position) to +1, 0 or -1, or array of shape (p,)
    n_columns : int
    names : list of str or None
        Column names where X had some.

    Examples
    --------
    >>> check_monotone({"income": -1}, 2, ["age", "income"])
    array([ 0, -1])
    """
    signs = np.zeros(n_columns, dtype=np.int64)
    if monotone is None:
        return signs
    wrong: str | None = None
    if isinstance(monotone, Mapping):
        for column, sign in monotone.items():
            if isinstance(column, str):
                if names is None or column not in names:
                    raise ModelError(
                        "A direction is given for a column that is not there.",
                        expected="a column of X" if names else "positions, since X has no column names",
                        got=repr(column),
                        where="monotone",
                        fix=did_you_mean(column, names or []),
                    )
                column = names.index(column)
            if not 0 <= int(column) < n_columns:
                raise ModelError(
                    "A direction is given for a column that is not there.",
                    expected=f"a position from 0 to {n_columns - 1}",
                    got=str(column),
                    where="monotone",
                )
            if sign not in (-1, 0, 1):
                wrong = repr(sign)
            else:
                signs[int(column)] = sign
    else:
        given = np.asarray(monotone)
        if given.shape != (n_columns,):
            raise ModelError(
                "The directions do not match the columns.",
                expected=f"{n_columns} signs",
                got=f"an array of shape {given.shape}",
                where="monotone",
            )
        if not np.isin(given, (-1, 0, 1)).all():
            wrong = repr(given[~np.isin(given, (-1, 0, 1))][0])
        else:
            signs[:] = given
    if wrong:
        raise ModelError("A direction is not a sign.", expected="+1, 0 or -1", got=wrong, where="monotone")
    return signs
