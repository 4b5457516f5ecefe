"""What a model of the cross-section is trained on: a return beside those of the same bar, on a scale of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from tael.errors import ModelError, did_you_mean

LABELS = ("raw", "demean", "zscore", "rank", "rank_normal")
"""Ways to put a bar's labels on one scale."""

_FEWEST = 5
"""Entities that a bar needs so that its labels say anything about one another."""


def standardised(
    label: NDArray[Any], members: NDArray[np.bool_] | None = None, method: str = "zscore"
) -> NDArray[np.float64]:
    """Put the labels of each bar on one scale, over the members of that bar alone.

    A day on which everything falls teaches nothing about which stock falls less until the day's own mean is taken out;
    a day of great turmoil would otherwise count as much as a quiet month.

    Parameters
    ----------
    label : (T, N) array
        Missing where it is not known.
    members : (T, N) bool, optional
        Which entities are compared; left out: all with a label.
    method : {"raw", "demean", "zscore", "rank", "rank_normal"}
        ``rank``: from -.5 to .5, ties share. ``rank_normal``: the normal deviates of those ranks (van der Waerden).

    Returns
    -------
    (T, N) float64
        Missing outside the members, and on bars with fewer than five labels.

    Raises
    ------
    ModelError
        If there is no such method.

    Examples
    --------
    >>> standardised(np.array([[1.0, 2.0, 3.0, 4.0, 10.0]]), method="rank").round(3).tolist()
    [[-0.4, -0.2, 0.0, 0.2, 0.4]]
    """
    if method not in LABELS:
        raise ModelError(
            "There is no such scale of labels.",
            expected=", ".join(LABELS),
            got=method,
            fix=did_you_mean(method, LABELS),
        )
    there = np.isfinite(label) if members is None else np.isfinite(label) & members
    out = np.full(label.shape, np.nan)
    for t in range(label.shape[0]):
        at = there[t]
        count = int(at.sum())
        if count < _FEWEST:
            continue
        values = label[t, at].astype(np.float64)
        out[t, at] = _scaled(values, method, count)
    return out


def _scaled(values: NDArray[np.float64], method: str, count: int) -> NDArray[np.float64]:
    if method == "raw":
        return values
    if method in ("rank", "rank_normal"):
        share = (rankdata(values) - 0.5) / count
        return np.asarray(share - 0.5 if method == "rank" else ndtri(share), dtype=np.float64)
    centred = values - values.mean()
    if method == "demean":
        return np.asarray(centred, dtype=np.float64)
    spread = centred.std()
    return np.asarray(centred / spread if spread > 0 else np.zeros(count), dtype=np.float64)
