"""Boosted trees that learn the order within each bar alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.markets.modelling.booster import PanelBooster

_MOST = 10_000
"""The most rows that LightGBM takes as one query."""


class PanelRanker(PanelBooster):
    """LambdaMART on the cross-section: labels are graded by their place within the bar.

    What it tells is an order, not a return: use it where the portfolio takes the best, not where it weighs returns.

    Parameters
    ----------
    n_seeds : int
    grades : int
        Grades of equal size into which the labels of a bar are cut.
    **options
        As of `PanelBooster`.

    References
    ----------
    Burges (2010), "From RankNet to LambdaRank to LambdaMART: an overview", Microsoft Research MSR-TR-2010-82.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)); y = X[:, 0] + rng.normal(size=400)
    >>> model = PanelRanker(n_seeds=1, n_estimators=20, learning_rate=0.1, min_child_samples=5)
    >>> model = model.fit(X, y, np.repeat(np.arange(20), 20))
    >>> bool(np.corrcoef(model.predict(X), y)[0, 1] > 0.4)
    True
    """

    def __init__(
        self, n_seeds: int = 3, *, grades: int = 10, learning_rate: float = 0.05, num_leaves: int = 64,
        max_depth: int = 8, min_child_samples: int = 50, reg_alpha: float = 0.0, reg_lambda: float = 1.0,
        subsample: float = 0.8, colsample_bytree: float = 0.5, n_estimators: int = 500, patience: int = 50,
        random_state: int = 0, n_jobs: int = 1,
    ) -> None:  # fmt: skip
        super().__init__(
            n_seeds, learning_rate=learning_rate, num_leaves=num_leaves, max_depth=max_depth,
            min_child_samples=min_child_samples, reg_alpha=reg_alpha, reg_lambda=reg_lambda, subsample=subsample,
            colsample_bytree=colsample_bytree, n_estimators=n_estimators, patience=patience,
            random_state=random_state, n_jobs=n_jobs,
        )  # fmt: skip
        self.grades = grades

    objective = "lambdarank"

    def _more(self) -> dict[str, Any]:
        # Grades are gains as they are: the exponential gains of web search would look at the very best rows alone.
        return {
            "label_gain": list(range(self.grades)),
            "lambdarank_truncation_level": _MOST,
        }

    def _target(self, y: NDArray[np.float64], count: NDArray[np.int64]) -> tuple[NDArray[np.float64], Any]:
        place = np.empty(len(y))
        start = 0
        for n in count:
            order = np.argsort(np.argsort(y[start : start + n], kind="stable"), kind="stable")
            place[start : start + n] = np.minimum(order * self.grades // max(n, 1), self.grades - 1)
            start += int(n)
        groups = [part for n in count for part in _parts(int(n))]
        return place, groups

    def fit(self, X: Any, y: Any, days: Any = None, valid: tuple[Any, Any, Any] | None = None) -> PanelRanker:
        """Fit; `days` says which rows are ranked among one another, see `PanelBooster.fit`."""
        super().fit(X, y, days, valid)
        return self


def _parts(n: int) -> list[int]:
    pieces = -(-n // _MOST)
    return [n // pieces + (k < n % pieces) for k in range(pieces)] if n else []
