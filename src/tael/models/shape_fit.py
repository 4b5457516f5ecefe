"""Fitting shapes: boosting on every fold at once, stopped by what the folds hold out; then pairs, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tael.kernels import shape_pairs as pair_kernel
from tael.kernels import shapes as kernel
from tael.models.folds import Fold, out_of_fold, run_side_by_side
from tael.models.logistic import Floats
from tael.models.shape_terms import Codes, Indices, Layout, Shapes

_SWEEPS_AT_ONCE = 5  # between two looks at the held-out rows
_PATIENCE = 8  # looks without a new best
_PAIRS_AT_ONCE = 10  # the next are chosen on what these have left
_WORTH = 1e-3  # share of the held-out loss that a batch of pairs must take away
_SHUFFLES = 8  # of the residuals, to see what pairs gain by chance
_CHANCE = 0.3  # share of the pairs let in that may be chance
_PAIR_COLUMNS = 60  # strongest columns among which pairs are sought


@dataclass(frozen=True)
class Rule:
    """How shapes are boosted; the names are those of `AdditiveBooster`'s parameters."""

    learning_rate: float
    max_leaves: int
    min_rows: float
    l2: float
    max_sweeps: int

    def limits(self) -> Floats:
        """As the kernel wants them: least rows, least curvature, ridge."""
        return np.array([self.min_rows, 1e-3, self.l2])


class FoldBoost:
    """One fold: its training rows, what they have taught so far, and the rows held out.

    Parameters
    ----------
    codes, coarse : ndarray of shape (p, n), uint8
    label, weight : ndarray of shape (n,)
    fold : pair of ndarrays
        Training rows and held-out rows.
    layout : Layout
    sign : ndarray of shape (p,)
    rule : Rule
    """

    def __init__(
        self, codes: Codes, coarse: Codes, label: Floats, weight: Floats, fold: Fold, layout: Layout, sign: Indices,
        rule: Rule,
    ) -> None:  # fmt: skip
        train, self.held = fold
        self._codes, self._coarse = (np.ascontiguousarray(one[:, train]) for one in (codes, coarse))
        self._held_codes = np.ascontiguousarray(codes[:, self.held])
        self._label, self._weight = label[train], weight[train]
        self._layout, self._sign, self._rule = layout, sign, rule
        p, width = len(layout.sizes), int(layout.sizes.max())
        self._counts = np.zeros((p, width))
        for j in range(p):
            self._counts[j] = np.bincount(self._codes[j], minlength=width)
        share = float(np.average(self._label, weights=self._weight))
        m = int(layout.coarse_sizes.max())
        self.shapes = Shapes(
            float(np.log(share / (1.0 - share))), np.zeros((p, width)), np.zeros((0, 2), np.int64), np.zeros((0, m, m))
        )
        self._pair_counts = np.zeros((0, m + 1, m + 1))
        self._z = np.full(len(train), self.shapes.base)
        self._gradient, self._curvature = np.empty(len(train)), np.empty(len(train))

    def put(self, shapes: Shapes) -> None:
        """Go on from these shapes."""
        if len(shapes.pairs) != len(self.shapes.pairs):
            m = self._pair_counts.shape[1]
            self._pair_counts = np.zeros((len(shapes.pairs), m, m))
            pair_kernel.pair_counts(self._coarse, self._layout.coarse_sizes, shapes.pairs, self._pair_counts)
        self.shapes = shapes
        self._z = shapes.score(self._codes, self._layout)

    def with_pairs(self, pairs: Indices) -> Shapes:
        """These shapes, and some more pairs about which nothing is known yet."""
        here = self.shapes
        m = here.cells.shape[1]
        return replace(
            here, pairs=np.vstack([here.pairs, pairs]), cells=np.concatenate([here.cells, np.zeros((len(pairs), m, m))])
        )

    def advance(self, sweeps: int, pairs: bool) -> Floats:
        """Boost the columns' shapes or the pairs'; the held-out rows' log-odds afterwards."""
        layout, rule, limits = self._layout, self._rule, self._rule.limits()
        order = np.arange(len(layout.sizes))
        self.shapes = replace(self.shapes, columns=self.shapes.columns.copy(), cells=self.shapes.cells.copy())
        for _ in range(sweeps):
            kernel.gradients(self._z, self._label, self._weight, self._gradient, self._curvature)
            if pairs:
                pair_kernel.sweep_pairs(
                    self._coarse, layout.coarse_sizes, self.shapes.pairs, self._pair_counts, self._sign, limits,
                    rule.learning_rate, self._gradient, self._curvature, self._z, self.shapes.cells,
                )  # fmt: skip
            else:
                kernel.sweep_columns(
                    self._codes, layout.sizes, layout.n_ordinary, self._counts, order, self._sign, limits,
                    rule.max_leaves, rule.learning_rate, self._gradient, self._curvature, self._z, self.shapes.columns,
                )  # fmt: skip
        return self.held_out()

    def held_out(self) -> Floats:
        """Log-odds of the held-out rows."""
        return self.shapes.score(self._held_codes, self._layout)


class Boosting:
    """The folds together.

    Parameters
    ----------
    codes : ndarray of shape (p, n), uint8
        Fine bins.
    label, weight : ndarray of shape (n,)
    folds : list of Fold
    layout : Layout
    sign : ndarray of shape (p,)
        Wanted directions.
    rule : Rule
    n_jobs : int or None
        Threads; the result does not depend on it.
    """

    def __init__(
        self, codes: Codes, label: Floats, weight: Floats, folds: list[Fold], layout: Layout, sign: Indices,
        rule: Rule, n_jobs: int | None,
    ) -> None:  # fmt: skip
        self._label, self._weight, self._layout, self._rule, self._n_jobs = label, weight, layout, rule, n_jobs
        self._coarse = layout.coarsen(codes)
        self.folds = [FoldBoost(codes, self._coarse, label, weight, fold, layout, sign, rule) for fold in folds]
        self._total = sum(float(weight[fold.held].sum()) for fold in self.folds)

    def fit(self, pairs: int | Indices, seed: int) -> list[int]:
        """Boost the columns, then the pairs: so many at most as the data asks for, or those that are named.

        Returns
        -------
        list of int
            Sweeps over the columns, then over the pairs for each batch that stayed.
        """
        loss, sweeps = self._run(pairs=False)
        done = [sweeps]
        if isinstance(pairs, int):
            if pairs:
                done += self._add_pairs(pairs, loss, seed)
        elif len(pairs):
            self._put([fold.with_pairs(pairs) for fold in self.folds])
            done.append(self._run(pairs=True)[1])
        return done

    def _loss(self, held_out: Sequence[Floats]) -> float:
        """Mean log loss of the held-out rows."""
        parts = 0.0
        for fold, z in zip(self.folds, held_out, strict=True):
            y, w = self._label[fold.held], self._weight[fold.held]
            parts += float((w * (np.logaddexp(0.0, z) - y * z)).sum())
        return parts / self._total

    def held_out(self) -> Floats:
        """Out-of-fold log-odds, shape (n,); NaN for rows that no fold holds out."""
        return out_of_fold([(fold.held, fold.held_out()) for fold in self.folds], len(self._label))

    def _run(self, pairs: bool) -> tuple[float, int]:
        """Boost until the held-out rows gain nothing more, and go back to where they stood best.

        All folds stop at the same sweep, the one that is best for them together: a fold that chose its own would
        flatter its held-out rows.

        Returns
        -------
        loss : float
        sweeps : int
        """
        best, at = self._loss([fold.held_out() for fold in self.folds]), 0
        kept = [fold.shapes for fold in self.folds]
        done = 0
        while done < self._rule.max_sweeps and done - at < _PATIENCE * _SWEEPS_AT_ONCE:
            sweeps = min(_SWEEPS_AT_ONCE, self._rule.max_sweeps - done)
            z = run_side_by_side([partial(fold.advance, sweeps, pairs) for fold in self.folds], self._n_jobs)
            done += sweeps
            loss = self._loss(z)
            if loss < best - 1e-7:
                best, at = loss, done
                kept = [fold.shapes for fold in self.folds]
        self._put(kept)
        return best, at

    def _put(self, shapes: Sequence[Shapes]) -> None:
        for fold, one in zip(self.folds, shapes, strict=True):
            fold.put(one)

    def _add_pairs(self, most: int, loss: float, seed: int) -> list[int]:
        """Add pairs a few at a time, while they tell the held-out rows what the model and chance do not."""
        rng = np.random.default_rng(seed)
        candidates = pair_candidates(self._strength(), self._layout.coarse_sizes)
        sweeps: list[int] = []
        while (room := most - len(self.folds[0].shapes.pairs)) > 0:
            found = self._telling(candidates, rng)[: min(_PAIRS_AT_ONCE, room)]
            if len(found) == 0:
                break
            before = [fold.shapes for fold in self.folds]
            self._put([fold.with_pairs(candidates[found]) for fold in self.folds])
            after, done = self._run(pairs=True)
            if after > loss * (1.0 - _WORTH):
                self._put(before)
                break
            loss = after
            sweeps.append(done)
            candidates = np.delete(candidates, found, axis=0)
        return sweeps

    def _strength(self) -> Floats:
        """How far each column moves the log-odds over all rows: the spread of its values."""
        columns = np.mean([fold.shapes.columns for fold in self.folds], axis=0)
        out = np.empty(len(columns))
        for j, groups in enumerate(self._layout.coarse):
            share = np.bincount(self._coarse[j], weights=self._weight, minlength=int(self._layout.coarse_sizes[j]))
            means = np.bincount(groups, weights=columns[j, : len(groups)]) / np.bincount(groups)
            out[j] = float(np.sqrt(np.cov(means, aweights=share, ddof=0))) if len(means) > 1 else 0.0
        return out

    def _telling(self, candidates: Indices, rng: np.random.Generator) -> Indices:
        """Candidates that gain more on held-out residuals than they do on shuffled ones, best first.

        The best of the first batch must gain more than any pair on any shuffle. Of those let in, at most three in ten
        are expected to be chance (Benjamini and Hochberg's rule, with the shuffled gains for the null).
        """
        if len(candidates) == 0:
            return np.empty(0, dtype=np.int64)
        z = self.held_out()
        rows = np.flatnonzero(~np.isnan(z))
        gradient, curvature = np.empty(len(rows)), np.empty(len(rows))
        kernel.gradients(z[rows], self._label[rows], self._weight[rows], gradient, curvature)
        seen = np.ascontiguousarray(self._coarse[:, rows])
        orders = [np.arange(len(rows)), *(rng.permutation(len(rows)) for _ in range(_SHUFFLES))]
        gains = run_side_by_side(
            [partial(self._gains, seen, candidates, gradient[o], curvature[o]) for o in orders], self._n_jobs
        )
        # Each pair beside its own null: many cells gain more by chance than few do.
        null = np.array(gains[1:])
        centre = null.mean(axis=0)
        beyond = gains[0] - centre
        by_chance = np.sort(((null - centre) * np.sqrt(_SHUFFLES / (_SHUFFLES - 1.0))).ravel())
        if len(self.folds[0].shapes.pairs) == 0 and beyond.max() <= by_chance[-1]:
            return np.empty(0, dtype=np.int64)  # nothing says that there are interactions at all
        order = np.argsort(-beyond, kind="stable")
        expected = (len(by_chance) - np.searchsorted(by_chance, beyond[order], side="left")) / _SHUFFLES
        kept = np.flatnonzero(expected <= _CHANCE * np.arange(1, len(order) + 1))
        return order[: kept[-1] + 1] if len(kept) else order[:0]

    def _gains(self, coarse: Codes, candidates: Indices, gradient: Floats, curvature: Floats) -> Floats:
        out = np.empty(len(candidates))
        pair_kernel.pair_gains(
            coarse, self._layout.coarse_sizes, candidates, self._rule.limits(), gradient, curvature, out
        )
        return out


def pair_candidates(strength: Floats, sizes: Indices) -> Indices:
    """Pairs among the strongest columns, shape (c, 2), in the columns' order.

    Parameters
    ----------
    strength : ndarray of shape (p,)
        How much each column's shape moves the log-odds.
    sizes : ndarray of shape (p,)
        Coarse bins; a column with one has nothing to say.
    """
    able = np.flatnonzero(sizes > 1)
    chosen = np.sort(able[np.argsort(-strength[able], kind="stable")[:_PAIR_COLUMNS]])
    return np.array([(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :]], dtype=np.int64).reshape(-1, 2)
