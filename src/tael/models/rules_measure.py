"""What rules find on given rows: precision and lift with intervals, money, periods, what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.rules_terms import Flags, RuleFigures, RulePeriod
from tael.validation.calibration import wilson


def measure(fires: Flags, y: Flags, weight: Floats, amount: Floats | None = None) -> list[RuleFigures]:
    """Figures of each rule; what the rules before it flag is not new.

    Parameters
    ----------
    fires : ndarray of bool, shape (n, r)
    y : ndarray of bool, shape (n,)
    weight : ndarray of shape (n,)
    amount : ndarray of shape (n,), optional
        NaN counts as nothing.
    """
    total, positive = float(weight.sum()), float(weight[y].sum())
    base = positive / total if total > 0 else np.nan
    money = None if amount is None else np.nan_to_num(amount) * weight
    # Intervals want rows, not weights: Kish's effective size.
    shrink = total / float((weight**2).sum()) if total > 0 else 1.0
    flagged = np.zeros(len(y), dtype=bool)
    out = []
    for r in range(fires.shape[1]):
        here = fires[:, r]
        rows, hits = float(weight[here].sum()), float(weight[here & y].sum())
        low, high = (float(v) for v in wilson(hits * shrink, rows * shrink))
        new = here & ~flagged
        flagged |= here
        precision = hits / rows if rows > 0 else np.nan
        caught = None if money is None else float(money[here & y].sum())
        whole = None if money is None else float(money[y].sum())
        out.append(
            RuleFigures(
                rows=rows,
                hits=hits,
                support=rows / total if total > 0 else np.nan,
                precision=precision,
                low=low,
                high=high,
                recall=hits / positive if positive > 0 else np.nan,
                lift=_over(precision, base),
                lift_low=_over(low, base),
                lift_high=_over(high, base),
                new_rows=float(weight[new].sum()),
                new_hits=float(weight[new & y].sum()),
                money=caught,
                money_share=None if caught is None or not whole else caught / whole,
            )
        )
    return out


def _over(value: float, base: float) -> float:
    return value / base if base > 0 else float("nan")


def by_period(here: Flags, y: Flags, weight: Floats, time: NDArray[Any], periods: int) -> tuple[RulePeriod, ...]:
    """A rule in periods of about as many rows each; rows of one time are never torn apart."""
    part = period_of(time, periods)
    out = []
    for k in np.unique(part):
        rows = part == k
        n, hits = float(weight[rows & here].sum()), float(weight[rows & here & y].sum())
        base = float(weight[rows & y].sum()) / float(weight[rows].sum()) if weight[rows].sum() > 0 else np.nan
        precision = hits / n if n > 0 else float("nan")
        first, last = time[rows].min(), time[rows].max()
        out.append(RulePeriod(_told(first), _told(last), n, hits, precision, _over(precision, base)))
    return tuple(out)


def period_of(time: NDArray[Any], periods: int) -> NDArray[np.int64]:
    """Number of the period of each row, oldest first.

    >>> period_of(np.array([1, 1, 1, 2, 3, 4]), 2).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    values, inverse, count = np.unique(time, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / len(time)
    del values
    return np.minimum((middle * periods).astype(np.int64), periods - 1)[inverse]


def _told(time: Any) -> str:
    return str(time.astype("M8[D]")) if isinstance(time, np.datetime64) else f"{time:g}"


def check_time(time: Any, n: int) -> NDArray[Any]:
    """Times as an array of numbers or datetime64 without gaps.

    Raises
    ------
    ModelError
        Text, missing times, another length.
    """
    values = time.to_numpy() if hasattr(time, "to_numpy") else np.asarray(time)
    gone = values.dtype.kind not in "iufM" or (values.dtype.kind in "fM" and bool((values != values).any()))
    if values.shape != (n,) or gone:
        raise ModelError(
            "The times cannot be ordered.",
            expected=f"{n} numbers or datetimes, none missing",
            got=f"shape {values.shape}, {values.dtype}",
            where="time",
        )
    return np.asarray(values)


def check_amount(amount: Any, n: int) -> Floats:
    """Amounts as floats.

    Raises
    ------
    ModelError
        Not as many numbers as rows.
    """
    values = amount.to_numpy() if hasattr(amount, "to_numpy") else np.asarray(amount)
    if values.shape != (n,) or values.dtype.kind not in "iuf":
        raise ModelError(
            "The amounts do not fit the rows.", expected=f"{n} numbers", got=f"shape {values.shape}, {values.dtype}",
            where="amount",
        )  # fmt: skip
    return values.astype(np.float64)


def jaccard(fires: Flags) -> Floats:
    """Rows that two rules both flag, over rows that either flags, shape (r, r).

    >>> jaccard(np.array([[True, True], [True, False], [False, False]]))
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    f = fires.astype(np.float64)
    both = f.T @ f
    size = np.diag(both)
    either = size[:, None] + size[None, :] - both
    return np.asarray(np.divide(both, either, out=np.zeros_like(both), where=either > 0))


def figures_table(figures: Sequence[RuleFigures]) -> pl.DataFrame:
    """Figures as columns, a row a rule, with what the rules up to it find together."""
    names = list(RuleFigures.__dataclass_fields__)
    schema: dict[str, Any] = {"rule": pl.Int64} | dict.fromkeys(names, pl.Float64)
    rows = [(k + 1, *(getattr(f, name) for name in names)) for k, f in enumerate(figures)]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    hits, flagged = pl.col("new_hits").cum_sum(), pl.col("new_rows").cum_sum()
    positive = pl.col("hits") / pl.col("recall")
    return table.with_columns(union_rows=flagged, union_precision=hits / flagged, union_recall=hits / positive.max())
