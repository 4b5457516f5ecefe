"""Scores that were never seen in training: fitted, stopped and applied in the order of time, purged in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from tael.errors import ModelError
from tael.markets.modelling.rows import PanelRows

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Fold:
    """One fit and what it foretells; all bounds are bars, the ends are not within.

    Attributes
    ----------
    train, valid, test : (int, int)
        ``train`` and ``valid`` end early enough that no label of theirs reaches into what follows.
    """

    train: tuple[int, int]
    valid: tuple[int, int]
    test: tuple[int, int]


def folds_of(
    bars: int, *, valid: int, test: int, ahead: int, start: int = 0, embargo: int = 0, every: int | None = None,
    window: int | None = None,
) -> list[Fold]:  # fmt: skip
    """Plan the fits.

    Parameters
    ----------
    bars : int
        How many there are.
    valid, test : int
        The first bar of the validation and of the test stretch.
    ahead : int
        How many bars ahead the label looks: labels of the last `ahead` bars of a stretch reach into the next.
    start : int
        The first bar of the training.
    embargo : int
        Bars left out besides.
    every : int, optional
        Fit again after so many bars of the test stretch; validation moves along. Left out: one fit.
    window : int, optional
        Train on no more than the last so many bars (left out: on all).

    Returns
    -------
    list of Fold

    Raises
    ------
    ModelError
        If a stretch has no bars.

    Examples
    --------
    >>> for fold in folds_of(100, valid=60, test=80, ahead=2, every=10):
    ...     print(fold.train, fold.valid, fold.test)
    (0, 58) (60, 78) (80, 90)
    (0, 68) (70, 88) (90, 100)
    """
    gap = ahead + embargo
    if not (start + gap < valid and valid + gap < test < bars):
        raise ModelError(
            "The stretches of time leave no bars to learn from or to judge by.",
            expected=f"bars for training, validation and test, with {gap} between them",
            got=f"training from bar {start}, validation from {valid}, test from {test}, {bars} bars in all",
            fix="Move the dates in [split], or bring more history.",
        )
    step = every or (bars - test)
    folds = []
    for first in range(test, bars, step):
        moved = first - test
        begin = start if window is None else max(start, valid + moved - gap - window)
        folds.append(Fold((begin, valid + moved - gap), (valid + moved, first - gap), (first, min(first + step, bars))))
    return folds


@dataclass(frozen=True)
class WalkForwardScores:
    """What came of a walk.

    Attributes
    ----------
    scores : (T, N) float64
        Of the validation and test stretches; missing elsewhere. The first fold's validation bars are scored by the
        fit that was stopped on them, so they flatter; each test bar is scored by a fit that saw nothing of it.
    models : list of estimators
        One a fold; the last scores what comes next.
    train_scores : (T, N) float64
        The first fold's own training bars, to hold beside the others.
    """

    scores: NDArray[np.float64]
    models: list[Any]
    train_scores: NDArray[np.float64]


def walk_forward(
    estimator: Any, rows: PanelRows, label: NDArray[Any], folds: Sequence[Fold], tell: Tell | None = None,
    blocks: NDArray[Any] | None = None,
) -> WalkForwardScores:  # fmt: skip
    """Fit and apply an estimator fold by fold.

    Parameters
    ----------
    estimator : estimator
        As in ``MODELS``; cloned for each fold.
    rows : PanelRows
    label : (T, N) array
        On one scale bar by bar; missing where not known: such rows teach nothing but are scored.
    folds : list of Fold
    tell : callable, optional
        Told what is done, and the share of it.
    blocks : (T,) int array, optional
        Rows among which scores are judged in training, ascending; left out: those of one bar. Where the entities are
        few and the bars many, bars of one session belong together.

    Raises
    ------
    ModelError
        If a fold has no labelled rows to train on or to stop by.
    """
    y = rows.of(label)
    block = rows.day if blocks is None else np.asarray(blocks, dtype=np.int64)[rows.day]
    known = np.isfinite(y)
    scores, train_scores = np.full(rows.shape, np.nan), np.full(rows.shape, np.nan)
    models = []
    for k, fold in enumerate(folds):
        if tell is not None:
            tell(f"fit {k + 1} of {len(folds)}", k / len(folds))
        train, valid = _labelled(rows, known, fold.train), _labelled(rows, known, fold.valid)
        if not (train.any() and valid.any()):
            raise ModelError(
                "There are no labelled rows to learn from or to stop by.",
                expected="labels in training and validation",
                got=f"{int(train.sum())} and {int(valid.sum())}, bars {fold.train} and {fold.valid}",
                fix="Move the dates in [split], or look at why the label is missing.",
            )
        model = clone(estimator).fit(rows.X[train], y[train], block[train], (rows.X[valid], y[valid], block[valid]))
        models.append(model)
        if k == 0:
            _score(model, rows, fold.train, train_scores)
            _score(model, rows, (fold.valid[0], fold.test[0]), scores)
        _score(model, rows, fold.test, scores)
    return WalkForwardScores(scores, models, train_scores)


def _labelled(rows: PanelRows, known: NDArray[np.bool_], bars: tuple[int, int]) -> NDArray[np.bool_]:
    chosen = np.zeros(len(rows), dtype=np.bool_)
    part = rows.between(*bars)
    chosen[part] = known[part]
    return chosen


def _score(model: Any, rows: PanelRows, bars: tuple[int, int], out: NDArray[np.float64]) -> None:
    part = rows.between(*bars)
    if part.stop > part.start:
        out[rows.day[part], rows.entity[part]] = model.predict(rows.X[part])
