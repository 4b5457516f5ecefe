"""Combinatorial purged cross-validation: many paths of history out of one, so that a result has a distribution.

Source: Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation.arrays import same_length
from tael.validation.purged import Folds, PurgedSplitter, blocks_of


class CombinatorialPurgedCV(PurgedSplitter):
    """Every choice of `n_test_folds` of `n_folds` periods is tested once; the tests are joined to whole paths.

    There are ``C(N, k)`` splits, and each period is tested in ``C(N - 1, k - 1)`` of them: that many paths run through
    all periods (12.4.1: phi = k / N * C(N, k)), each made of predictions by models that never saw the period.

    Parameters
    ----------
    n_folds : int
        Periods N, at least 3.
    n_test_folds : int
        Periods tested together, k, from 1 to N - 1.
    times, ends, embargo
        See `PurgedSplitter`.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-13", dtype="datetime64[D]")
    >>> split = CombinatorialPurgedCV(4, 2, times=days, ends=1)
    >>> split.get_n_splits(), split.n_paths
    (6, 3)
    >>> split.paths()
    array([[0, 0, 1, 2],
           [1, 3, 3, 4],
           [2, 4, 5, 5]])
    """

    def __init__(self, n_folds: int = 6, n_test_folds: int = 2, *, times: Any, ends: Any, embargo: Any = None) -> None:
        super().__init__(times, ends, embargo)
        self.n_folds, self.n_test_folds = n_folds, n_test_folds

    def _tested(self) -> list[tuple[int, ...]]:
        """The periods that each split tests."""
        if self.n_folds < 3 or not 0 < self.n_test_folds < self.n_folds:
            raise ValidationError(
                "These numbers of folds make no sense.",
                expected="at least 3 folds, and of them from 1 to all but one tested",
                got=f"n_folds={self.n_folds}, n_test_folds={self.n_test_folds}",
            )
        return list(combinations(range(self.n_folds), self.n_test_folds))

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Folds:
        """Yield the indices of the training and test rows of each choice of periods, in lexicographic order.

        Raises
        ------
        ValidationError
            If there are too few distinct times, or purging leaves nothing to train on.
        """
        tested = self._tested()
        at = self.intervals(X)
        blocks = blocks_of(at, self.n_folds)
        for k, folds in enumerate(tested):
            chosen = [blocks[f] for f in folds]
            inside = np.zeros(len(at.bar), dtype=bool)
            for first, last in chosen:
                inside |= (at.bar >= first) & (at.bar <= last)
            yield self._training(at, chosen, f"split {k + 1}"), np.flatnonzero(inside)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of splits: C(n_folds, n_test_folds)."""
        return len(self._tested())

    @property
    def n_paths(self) -> int:
        """Number of paths: C(n_folds - 1, n_test_folds - 1)."""
        self._tested()
        return comb(self.n_folds - 1, self.n_test_folds - 1)

    def paths(self) -> NDArray[np.int64]:
        """Which split tests each period on each path.

        Returns
        -------
        ndarray of int64, shape (n_paths, n_folds)
            Each split's test of a period is used on exactly one path.
        """
        tested = self._tested()
        return np.array([[s for s, folds in enumerate(tested) if f in folds] for f in range(self.n_folds)]).T

    def assemble(self, predictions: Sequence[ArrayLike], X: Any = None) -> NDArray[np.float64]:
        """Join what each split foretold for its test rows to whole paths.

        Parameters
        ----------
        predictions : sequence of array-like
            One a split, in the order of `split`: the predictions for its test rows.
        X : frame or array, optional
            As given to `split`.

        Returns
        -------
        ndarray of float64, shape (n_paths, n)
            Row by row, each path's predictions.

        Raises
        ------
        ValidationError
            If the number of predictions does not match.

        Examples
        --------
        >>> days = np.arange("2024-01-01", "2024-01-07", dtype="datetime64[D]")
        >>> cv = CombinatorialPurgedCV(3, 2, times=days, ends=0)
        >>> cv.assemble([np.full(len(test), k) for k, (train, test) in enumerate(cv.split(days))])
        array([[0., 0., 0., 0., 1., 1.],
               [1., 1., 2., 2., 2., 2.]])
        """
        at = self.intervals(X)
        blocks = blocks_of(at, self.n_folds)
        fold = np.searchsorted([first for first, _ in blocks], at.bar, side="right") - 1
        tested = self._tested()
        if len(predictions) != len(tested):
            raise ValidationError(
                "There must be one set of predictions for each split.",
                expected=str(len(tested)),
                got=str(len(predictions)),
            )
        whole = np.full((len(tested), len(at.known)), np.nan)
        for k, (folds, foretold) in enumerate(zip(tested, predictions, strict=True)):
            rows = np.flatnonzero(np.isin(fold, folds))
            values = np.asarray(foretold, dtype=np.float64)
            same_length(len(rows), len(values), f"predictions of split {k + 1}")
            whole[k, rows] = values
        split_of: NDArray[np.int64] = self.paths()[:, fold]
        return np.take_along_axis(whole, split_of, axis=0)
