"""Points: log-odds on a scale that people add up by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.models.binning_rule import BinnedColumn
from tael.models.logistic import Floats


@dataclass(frozen=True)
class Scale:
    """``score = offset + factor * ln(odds of good)``.

    Parameters
    ----------
    pdo : float
        Points that double the odds.
    base_score : float
        The score at `base_odds`.
    base_odds : float
        Goods for one bad.

    Examples
    --------
    >>> scale = Scale(pdo=20, base_score=600, base_odds=50)
    >>> round(float(scale.score(-np.log(100.0))), 6)
    620.0
    """

    pdo: float
    base_score: float
    base_odds: float

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return float(self.pdo / np.log(2.0))

    @property
    def offset(self) -> float:
        """The score at even odds."""
        return float(self.base_score - self.factor * np.log(self.base_odds))

    def score(self, log_odds: Floats | float) -> Floats | float:
        """The exact score of log-odds of bad."""
        return self.offset - self.factor * log_odds

    def log_odds(self, score: Floats | float) -> Floats | float:
        """Log-odds of bad at a score."""
        return (self.offset - score) / self.factor


@dataclass(frozen=True)
class Rounding:
    """What whole points cost.

    Parameters
    ----------
    worst : float
        No applicant's rounded score lies farther from the exact one: the sum over columns of the largest error.
    largest, mean : float
        Of the training rows, in points.
    largest_probability : float
        The largest change of a training row's probability.
    """

    worst: float
    largest: float
    mean: float
    largest_probability: float


@dataclass(frozen=True)
class Points:
    """Points of each bin of each column of the card.

    Parameters
    ----------
    columns : tuple of int
        Positions in X.
    exact : tuple of ndarray
        Points by bin, unrounded.
    whole : tuple of ndarray
        The points that count: rounded half to even, or as `exact` if nothing is rounded.
    base_exact, base : float
        What everybody gets; 0 where it is spread over the columns.
    neutral : tuple of float
        Points of each column for a weight of evidence of 0.
    average : tuple of float
        Mean points of each column in training.
    """

    columns: tuple[int, ...]
    exact: tuple[Floats, ...]
    whole: tuple[Floats, ...]
    base_exact: float
    base: float
    neutral: tuple[float, ...]
    average: tuple[float, ...]

    @property
    def worst_error(self) -> float:
        """How far a rounded score can lie from the exact one."""
        parts = [float(np.abs(a - b).max()) for a, b in zip(self.exact, self.whole, strict=True)]
        return sum(parts) + abs(self.base_exact - self.base)

    def total(self, codes: Sequence[NDArray[np.int32]], exact: bool = False) -> Floats:
        """Scores of rows whose bins are given, shape (n,)."""
        parts = self.exact if exact else self.whole
        out = np.full(len(codes[0]), self.base_exact if exact else self.base)
        for j, values in zip(self.columns, parts, strict=True):
            out += values[codes[j]]
        return out


def make_points(
    rules: Sequence[BinnedColumn], coef: Floats, intercept: float, kept: Sequence[int], scale: Scale,
    whole: bool, spread_base: bool,
) -> Points:  # fmt: skip
    """Points out of the regression.

    Parameters
    ----------
    rules : sequence of p BinnedColumn
    coef : ndarray of shape (p,)
        Of the log-odds of bad.
    intercept : float
    kept : sequence of int
    scale : Scale
    whole : bool
        Round to integers.
    spread_base : bool
        Give each column an equal part of the base, as is the custom, so that a card is one list of points.
    """
    base = float(scale.score(intercept))
    each = base / len(kept) if spread_base and len(kept) else 0.0
    left = 0.0 if spread_base and len(kept) else base
    turn = np.rint if whole else np.asarray
    exact = tuple(-scale.factor * coef[j] * rules[j].woe + each for j in kept)
    points = tuple(turn(values) for values in exact)
    average = tuple(
        float(np.average(values, weights=rules[j].goods + rules[j].bads))
        for values, j in zip(points, kept, strict=True)
    )
    return Points(
        tuple(int(j) for j in kept), exact, points, left, float(turn(left)),
        tuple(float(turn(each)) for _ in kept), average,
    )  # fmt: skip


def points_table(rules: Sequence[BinnedColumn], coef: Floats, points: Points, lang: str = "en") -> pl.DataFrame:
    """The card: column, bin, count, bad_rate, woe, coefficient, points_exact, points.

    Parameters
    ----------
    rules : sequence of p BinnedColumn
    coef : ndarray of shape (p,)
    points : Points
    lang : {"en", "zh"}
    """
    parts = []
    for j, exact, whole in zip(points.columns, points.exact, points.whole, strict=True):
        table = rules[j].table(lang).select("bin", "count", "bad_rate", "woe")
        parts.append(
            table.with_columns(
                pl.lit(rules[j].name).alias("column"),
                pl.lit(float(coef[j])).alias("coefficient"),
                pl.Series("points_exact", exact),
                pl.Series("points", whole),
            )
        )
    order = ["column", "bin", "count", "bad_rate", "woe", "coefficient", "points_exact", "points"]
    kinds = {name: pl.String if name in ("column", "bin") else pl.Float64 for name in order}
    frame = pl.concat([part.select(order) for part in parts]) if parts else pl.DataFrame(schema=kinds)
    if points.base_exact != 0.0:
        everybody = {"en": "everybody", "zh": "所有人"}[lang]
        base = pl.DataFrame(
            [("", everybody, None, None, None, None, points.base_exact, points.base)], kinds, orient="row"
        )
        frame = pl.concat([base, frame])
    whole_numbers = all(bool((values == np.rint(values)).all()) for values in points.whole) and points.base % 1 == 0
    return frame.with_columns(pl.col("points").cast(pl.Int64)) if whole_numbers else frame


def reasons(
    rules: Sequence[BinnedColumn], points: Points, codes: Sequence[NDArray[np.int32]], against: str, top: int | None,
    lang: str,
) -> pl.DataFrame:  # fmt: skip
    """Points lost by column, most first; of equals, the column that stands first in X.

    Parameters
    ----------
    rules, points
    codes : sequence of p arrays of shape (n,)
        Bins of the rows.
    against : {"best", "neutral", "average"}
        The column's best bin; the points for a weight of evidence of 0; the mean in training.
    top : int or None
        Reasons a row at most.
    lang : {"en", "zh"}

    Returns
    -------
    polars.DataFrame
        row (from 0), rank (from 1), column, bin, points, reference, lost; rows that lost nothing are not there.
    """
    if against not in ("best", "neutral", "average"):
        raise ModelError("Unknown reference.", expected="best, neutral or average", got=repr(against), where="against")
    reference = {
        "best": [float(values.max()) for values in points.whole],
        "neutral": list(points.neutral),
        "average": list(points.average),
    }[against]
    n = len(codes[0])
    got = np.column_stack(
        [values[codes[j]] for j, values in zip(points.columns, points.whole, strict=True)] or [np.empty((n, 0))]
    )
    lost = np.asarray(reference)[None, :] - got
    order = np.argsort(-lost, axis=1, kind="stable")[:, : top if top is not None else None]
    row, rank = np.nonzero(np.take_along_axis(lost, order, axis=1) > 0)
    place = order[row, rank]
    labels = [rules[j].labels(lang) for j in points.columns]
    return pl.DataFrame(
        {
            "row": row,
            "rank": rank + 1,
            "column": pl.Series([rules[points.columns[k]].name for k in place], dtype=pl.String),
            "bin": pl.Series(
                [labels[k][codes[points.columns[k]][i]] for i, k in zip(row, place, strict=True)], dtype=pl.String
            ),
            "points": got[row, place],
            "reference": np.asarray(reference, dtype=np.float64)[place],
            "lost": lost[row, place],
        }
    )
