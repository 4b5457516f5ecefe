"""Fitting many settings on the same rows: screened, out of fold, on all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tael.models.blending import blend, log_loss, prune
from tael.models.folds import Fold, out_of_fold, run_side_by_side
from tael.models.logistic import Floats, Scorer
from tael.models.members import Setting

# Counted in rows and cells, never by the clock: the same data must choose the same members on a slow and on a busy
# machine.
SCREEN_ROWS = 8_000  # rows to learn on while settings are screened
SMALLEST = 0.05  # weight under which a member is not worth its cost in scoring and explaining


@dataclass(frozen=True)
class Member:
    """A setting that was chosen.

    Parameters
    ----------
    name : str
    weight : float
        Its share; the shares sum to one.
    auc, log_loss : float
        Out of fold, before calibration.
    scorers : tuple of Scorer
        The fitted models: one, or one a fold.
    """

    name: str
    weight: float
    auc: float
    log_loss: float
    scorers: tuple[Scorer, ...]

    def average(self, method: str, X: Floats) -> Floats:
        """Mean over the scorers of what `method` gives."""
        out = getattr(self.scorers[0], method)(X)
        for scorer in self.scorers[1:]:
            out = out + getattr(scorer, method)(X)
        return out / len(self.scorers)


@dataclass(frozen=True)
class Candidate:
    """A setting that was tried: its out-of-fold figures, where it was measured, and whether it was kept."""

    name: str
    auc: float
    log_loss: float
    stage: str
    kept: bool


HeldOut = tuple[Scorer, Floats]  # a fold's model and its log-odds of the rows held out


@dataclass(frozen=True)
class Screened:
    """What a screening found: which settings go on, how all did, and the fold's results of those that go on.

    `done` is empty where the screening saw a part of the fold only.
    """

    kept: list[int]
    tried: list[Candidate]
    done: dict[int, list[HeldOut]]


@dataclass(frozen=True)
class CrossFit:
    """The training rows, and the three things that are done with them."""

    X: Floats
    y: Floats
    weight: Floats
    sign: NDArray[np.int64]
    seed: int
    n_jobs: int | None

    def one(self, setting: Setting, train: NDArray[np.int64], number: int) -> Scorer:
        """One setting on some rows."""
        # LightGBM takes seeds below 2**31; each fold draws its own columns.
        return setting.fit(
            self.X[train], self.y[train], self.weight[train], self.sign, (self.seed + 7919 * number) % (2**31 - 1)
        )

    def cross_fit(
        self, settings: list[Setting], folds: list[Fold], known: Mapping[int, list[HeldOut]] | None = None
    ) -> tuple[Floats, list[list[Scorer]]]:
        """Out-of-fold log-odds, shape (n, K), and the folds' models of each setting.

        `known` holds folds that were done before, by number: a result for each setting.
        """
        known = known or {}
        open_folds = [(number, fold) for number, fold in enumerate(folds) if number not in known]
        jobs = [
            partial(self._fit_and_score, setting, train, test, number)
            for setting in settings
            for number, (train, test) in open_folds
        ]
        done = iter(run_side_by_side(jobs, self.n_jobs))
        Z = np.empty((len(self.y), len(settings)))
        scorers: list[list[Scorer]] = []
        for k in range(len(settings)):
            part = [known[number][k] if number in known else next(done) for number in range(len(folds))]
            scorers.append([scorer for scorer, _ in part])
            Z[:, k] = out_of_fold([(test, z) for (_, test), (_, z) in zip(folds, part, strict=True)], len(self.y))
        return Z, scorers

    def _fit_and_score(
        self, setting: Setting, train: NDArray[np.int64], test: NDArray[np.int64], number: int
    ) -> HeldOut:
        scorer = self.one(setting, train, number)
        return scorer, scorer.score(self.X[test])

    def screen(self, settings: list[Setting], folds: list[Fold], number: int, at_most: int) -> Screened:
        """Fit each setting on one fold, or on a part of its rows where it has very many; which to take further.

        Those that do best alone, and in the last place the one that adds most to them in a blend: a blend chosen on
        few rows likes variety so much that it may leave out what is best on all rows.
        """
        rng = np.random.default_rng(self.seed)
        fold = folds[number]
        train, test = (self._sample(rng, rows) for rows in fold)
        jobs = [partial(self._fit_and_score, s, train, test, number) for s in settings]
        done = run_side_by_side(jobs, self.n_jobs)
        Z = np.column_stack([z for _, z in done])
        y, weight = self.y[test], self.weight[test]
        kept = _promising(Z, y, weight, at_most)
        tried = [
            Candidate(s.name, roc_auc(y, Z[:, k], weight), log_loss(y, Z[:, k], weight), "screening", k in kept)
            for k, s in enumerate(settings)
        ]
        whole = len(train) == len(fold[0]) and len(test) == len(fold[1])
        return Screened(kept, tried, {number: [done[k] for k in kept]} if whole else {})

    def _sample(self, rng: np.random.Generator, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """At most `SCREEN_ROWS` of these rows, each class at its share but with 200 rows where it has them."""
        if len(rows) <= SCREEN_ROWS:
            return rows
        second = rows[self.y[rows] > 0.5]
        first = rows[self.y[rows] <= 0.5]
        share = round(SCREEN_ROWS * len(second) / len(rows))
        share = min(max(share, min(200, len(second))), SCREEN_ROWS - min(200, len(first)))
        picked = [
            rng.choice(part, min(size, len(part)), replace=False)
            for part, size in ((second, share), (first, SCREEN_ROWS - share))
        ]
        return np.sort(np.concatenate(picked))

    def on_all(self, settings: list[Setting]) -> list[tuple[Scorer, ...]]:
        """Each setting fitted once on all rows."""
        everything = np.arange(len(self.y))
        jobs = [partial(self.one, s, everything, 0) for s in settings]
        return [(scorer,) for scorer in run_side_by_side(jobs, self.n_jobs)]


def _promising(Z: Floats, y: Floats, weight: Floats, at_most: int) -> list[int]:
    """Columns of Z: all but the last place go to the least loss after calibration, the last to the blend's heaviest."""
    loss = []
    for k in range(Z.shape[1]):
        _, line = blend(Z[:, [k]], y, weight)
        loss.append(log_loss(y, line.apply(Z[:, k]), weight))
    alone = np.argsort(loss, kind="stable")[: max(at_most - 1, 1)].tolist()
    blended = prune(Z, y, weight, smallest=SMALLEST, at_most=at_most)
    weights, _ = blend(Z[:, blended], y, weight)
    others = [k for k, _ in sorted(zip(blended, weights, strict=True), key=lambda one: -one[1]) if k not in alone]
    return sorted(alone + others[: at_most - len(alone)])


def roc_auc(y: Floats, z: Floats, weight: Floats) -> float:
    """Weighted area under the ROC curve: the chance that a row of the second class stands above one of the first.

    >>> import numpy as np
    >>> roc_auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 2.0, 3.0]), np.ones(4))
    0.625
    """
    _, place = np.unique(z, return_inverse=True)
    bad = np.bincount(place, weights=weight * y)
    good = np.bincount(place, weights=weight * (1.0 - y))
    below = np.cumsum(good) - 0.5 * good  # a tie is half a win
    return float(bad @ below / (bad.sum() * good.sum()))
