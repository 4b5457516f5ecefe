"""What kind of label is foretold: its residuals for the screen, the objective and the loss of the boosted models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tael.errors import FeaturesError

LabelKind = Literal["binary", "multiclass", "number", "amount", "count", "ranking"]
KINDS: tuple[str, ...] = ("binary", "multiclass", "number", "amount", "count", "ranking")

FAR = 5.0  # robust standard deviations beyond which a number says no more than that it is far out
SKEW = 3.0  # a mean so many times the median of the positive ones: a heavy tail
OBJECTIVES = {"binary": "binary", "multiclass": "multiclass", "count": "poisson"}


@dataclass(frozen=True)
class Label:
    """A label as the search works with it.

    Attributes
    ----------
    kind : {"binary", "multiclass", "number", "amount", "count", "ranking"}
    y : ndarray, shape (n,)
        Class numbers from 0; or numbers on the scale that models are fitted on: amounts as the logarithm of one plus
        their multiple of the median, ranks within their group centred at 0, far outliers drawn in.
    n_classes : int
        0 unless it is classes.
    groups : ndarray of int, shape (n,), or None
        Of a ranking: what is ranked together.
    """

    kind: str
    y: NDArray
    n_classes: int = 0
    groups: NDArray[np.int64] | None = None

    @property
    def cases(self) -> int:
        """How many cases there are to learn from: of classes the rarest's, of numbers all rows.

        >>> Label("binary", np.array([0, 0, 0, 1]), 2).cases
        1
        """
        if self.n_classes == 0 or len(self.y) == 0:
            return len(self.y)
        return int(np.bincount(self.y.astype(np.int64), minlength=self.n_classes).min())

    @classmethod
    def of(cls, kind: str, y: NDArray, n_classes: int, groups: NDArray[np.int64] | None = None) -> Label:
        """Bring a label onto the scale that it is worked with.

        Raises
        ------
        FeaturesError
            If amounts or counts are negative.

        Examples
        --------
        >>> Label.of("amount", np.array([0.0, 1.0, 10.0, 1e9]), 0).y.round(1).tolist()
        [0.0, 0.1, 0.7, 18.4]
        >>> Label.of("ranking", np.array([5.0, 1.0, 9.0, 2.0]), 0, np.array([0, 0, 1, 1])).y.tolist()
        [0.25, -0.25, 0.25, -0.25]
        """
        if kind in ("amount", "count") and len(y) and y.min() < 0:
            raise FeaturesError(
                f'A label of the kind "{kind}" cannot be negative.',
                expected="numbers from 0 on",
                got=f"{int((y < 0).sum())} of {len(y)} below 0; the least is {y.min():g}",
                where="AutoFeatures(label_kind=...)",
                fix='Say label_kind="number".',
            )
        if kind == "amount":
            positive = y[y > 0]
            # a floor under the median: 1e300 of them would be no number
            y = np.log1p(y / max(float(np.median(positive)), 1e-12 * float(y.max()))) if len(positive) else y
        elif kind == "number":
            y = drawn_in(y.astype(np.float64))
        elif kind == "count":
            y = np.minimum(y, max(3.0 * float(np.quantile(y, 0.99)), 10.0)) if len(y) else y
        elif kind == "ranking":
            groups = np.zeros(len(y), dtype=np.int64) if groups is None else groups
            y = ranked_within(y, groups)
        return cls(kind, y, n_classes, groups if kind == "ranking" else None)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def width(self) -> int:
        """Residuals of an observation: one for each class but the first."""
        return max(self.n_classes - 1, 1)

    @property
    def ordered(self) -> bool:
        """Whether more of it means something."""
        return self.kind != "multiclass"

    def parameters(self) -> dict[str, Any]:
        """What LightGBM is told."""
        told: dict[str, Any] = {"objective": OBJECTIVES.get(self.kind, "regression")}
        if self.kind == "multiclass":
            told["num_class"] = self.n_classes
        return told

    def loss(self, score: NDArray[np.float64], rows: NDArray[np.int64]) -> float:
        """Mean loss of raw scores, shape (m, k), on some rows."""
        y = self.y[rows]
        if self.kind == "binary":
            return float(np.mean(np.logaddexp(0.0, score[:, 0]) - y * score[:, 0]))
        if self.kind == "multiclass":
            return float(np.mean(np.logaddexp.reduce(score, axis=1) - score[np.arange(len(y)), y.astype(np.int64)]))
        if self.kind == "count":
            return float(np.mean(np.exp(np.minimum(score[:, 0], 50.0)) - y * score[:, 0]))
        return float(np.mean((y - score[:, 0]) ** 2))

    def residuals(self, foretold: NDArray[np.float64] | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Residuals and their variances, both of shape (n, width).

        Parameters
        ----------
        foretold : ndarray, shape (n, n_classes) or (n,), optional
            Left out: the base rate or the mean.
        """
        n = len(self.y)
        if self.n_classes:
            if foretold is None:
                often = np.bincount(self.y.astype(np.int64), minlength=self.n_classes) / max(n, 1)
                foretold = np.tile(often, (n, 1))
            told = (self.y[:, None] == np.arange(1, self.n_classes)[None, :]).astype(np.float64)
            p = np.clip(np.asarray(foretold, dtype=np.float64)[:, 1:], 1e-6, 1 - 1e-6)
            return told - p, p * (1 - p)
        centre = np.full(n, float(np.mean(self.y)) if n else 0.0) if foretold is None else foretold
        rest = _deviance(self.y, np.maximum(centre, 1e-9)) if self.kind == "count" else drawn_in(self.y - centre)
        rest = rest - rest.mean() if n else rest
        return rest[:, None], np.full((n, 1), max(float(rest.var()) if n else 0.0, 1e-300))


def guess(y: NDArray) -> str:
    """The kind of a label that is numbers and not classes.

    Whole numbers from 0 on are counts; numbers from 0 on with zeros or a heavy tail are amounts; all others numbers.

    >>> guess(np.array([0.0, 3.0, 1.0, 7.0])), guess(np.array([0.0, 3.5, 120.0])), guess(np.array([-1.0, 2.5]))
    ('count', 'amount', 'number')
    """
    if len(y) == 0 or y.min() < 0:
        return "number"
    if (y == np.floor(y)).all() and y.max() <= 1000 * max(float(np.median(y)), 1.0):
        return "count" if float(np.median(y)) <= 100 else "number"
    positive = y[y > 0]
    heavy = len(positive) > 0 and float(positive.mean()) > SKEW * float(np.median(positive))
    return "amount" if heavy or float((y == 0).mean()) > 0.02 else "number"


def drawn_in(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers farther from the median than five robust standard deviations, drawn in to there."""
    if len(x) == 0:
        return x
    middle = float(np.median(x))
    spread = 1.4826 * float(np.median(np.abs(x - middle)))
    return np.clip(x, middle - FAR * spread, middle + FAR * spread) if spread > 0 else x


def ranked_within(y: NDArray, groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ranks within groups (ties: their mean), centred at 0 and divided by the size of the group."""
    out = np.empty(len(y))
    order = np.lexsort((y, groups))
    ordered, own = y[order], groups[order]
    fresh = np.r_[True, own[1:] != own[:-1]] if len(y) else np.empty(0, dtype=bool)
    starts = np.flatnonzero(fresh)
    sizes = np.diff(np.r_[starts, len(y)])
    place = np.arange(len(y)) - np.repeat(starts, sizes)
    ties = np.flatnonzero(fresh | np.r_[True, ordered[1:] != ordered[:-1]]) if len(y) else starts
    width = np.diff(np.r_[ties, len(y)])
    mean = np.repeat(place[ties] + (width - 1) / 2.0, width)
    n = np.repeat(sizes, sizes)
    out[order] = (mean - (n - 1) / 2.0) / n
    return out


def _deviance(y: NDArray, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviance residuals of a Poisson law (McCullagh and Nelder, Generalized Linear Models, section 2.4.3)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(y > 0, y * np.log(y / mu), 0.0)
    return np.sign(y - mu) * np.sqrt(np.maximum(2.0 * (part - (y - mu)), 0.0))
