"""Points of the pictures every scorecard report shows: ROC, precision-recall, KS, gains."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.calibration import quantile_bins
from tael.validation.metrics import one_class
from tael.validation.ranked import Ranked, Sorter


def _ranked(y: ArrayLike, p: ArrayLike, weight: ArrayLike | None) -> Ranked:
    labels = arrays.labels(y)
    p_, w = arrays.scores(p, len(labels), probability=False), arrays.weights(weight, len(labels))
    there = w > 0
    why = one_class(labels[there])
    if why is not None:
        raise ValidationError(
            "A curve needs events and non-events.", got=why.en, fix="Leave the picture out for this sample."
        )
    return Sorter(labels[there], p_[there]).ranked(w[there])


def _thin(position: Floats, n_points: int, always: list[int]) -> NDArray[np.int64]:
    """Indices of about `n_points` steps, evenly spread along `position`, with the ends and `always` among them."""
    if len(position) <= n_points:
        return np.arange(len(position))
    wanted = np.linspace(position[0], position[-1], n_points)
    near = np.minimum(np.searchsorted(position, wanted), len(position) - 1)
    return np.unique(np.concatenate([near, [0, len(position) - 1], always]).astype(np.int64))


def roc_curve(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, n_points: int = 201) -> pl.DataFrame:
    """Receiver operating characteristic, thinned for a picture.

    Parameters
    ----------
    y, p, weight : array-like of shape (n,)
        Labels, scores and weights.
    n_points : int
        About how many points to keep.

    Returns
    -------
    polars.DataFrame
        threshold, false_positive_rate, true_positive_rate; starts at (0, 0), ends at (1, 1).

    Raises
    ------
    ValidationError
        If one class is absent.

    Examples
    --------
    >>> roc_curve([0, 1], [0.2, 0.8])["true_positive_rate"].to_list()
    [0.0, 1.0, 1.0]
    """
    r = _ranked(y, p, weight)
    tpr = np.append(0.0, r.true[0] / r.events[0])
    fpr = np.append(0.0, r.false[0] / r.others[0])
    keep = _thin(tpr + fpr, n_points, [])
    threshold = np.append(np.inf, r.p[r.ends])
    return pl.DataFrame(
        {"threshold": threshold[keep], "false_positive_rate": fpr[keep], "true_positive_rate": tpr[keep]}
    )


def pr_curve(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, n_points: int = 201) -> pl.DataFrame:
    """Precision and recall, thinned for a picture: threshold, recall, precision. Parameters as in `roc_curve`."""
    r = _ranked(y, p, weight)
    recall = r.true[0] / r.events[0]
    above = r.true[0] + r.false[0]
    keep = _thin(above / above[-1], n_points, [])
    return pl.DataFrame(
        {"threshold": r.p[r.ends][keep], "recall": recall[keep], "precision": (r.true[0] / above)[keep]}
    )


def ks_curve(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, n_points: int = 201) -> pl.DataFrame:
    """Shares of events and non-events at or above each score, and their gap; the widest gap is always among the points.

    Parameters as in `roc_curve`. Columns: share (of all rows above), threshold, events, others, gap.
    """
    r = _ranked(y, p, weight)
    events, others = r.true[0] / r.events[0], r.false[0] / r.others[0]
    share = (r.true[0] + r.false[0]) / (r.events[0] + r.others[0])
    gap = np.abs(events - others)
    keep = _thin(share, n_points, [int(np.argmax(gap))])
    columns = {"share": share, "threshold": r.p[r.ends], "events": events, "others": others, "gap": gap}
    return pl.DataFrame({name: values[keep] for name, values in columns.items()})


def gains_table(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, bins: int = 10) -> pl.DataFrame:
    """Lift and gains by quantile of the score, riskiest first.

    Parameters
    ----------
    y, p, weight : array-like of shape (n,)
        Labels, scores and weights.
    bins : int
        Number of bins (fewer where many rows share a score).

    Returns
    -------
    polars.DataFrame
        bin, n, weight, events, event_rate, lift, cumulative_share, cumulative_events (share of all events caught),
        cumulative_lift, ks (gap at the lower end of the bin).

    Raises
    ------
    ValidationError
        If one class is absent.

    Examples
    --------
    >>> gains_table([1, 0, 0, 0], [0.9, 0.8, 0.2, 0.1], bins=2)["cumulative_events"].to_list()
    [1.0, 1.0]
    """
    r = _ranked(y, p, weight)
    w = r.weight[0]
    where = quantile_bins(-r.p, w, bins)
    total, events, n = np.bincount(where, w), np.bincount(where, w * r.y), np.bincount(where)
    share, caught = np.cumsum(total) / total.sum(), np.cumsum(events) / events.sum()
    others = np.cumsum(total - events) / (total - events).sum()
    base = events.sum() / total.sum()
    return pl.DataFrame(
        {
            "bin": np.arange(1, len(total) + 1),
            "n": n,
            "weight": total,
            "events": events,
            "event_rate": events / total,
            "lift": events / total / base,
            "cumulative_share": share,
            "cumulative_events": caught,
            "cumulative_lift": caught / share,
            "ks": np.abs(caught - others),
        }
    )
