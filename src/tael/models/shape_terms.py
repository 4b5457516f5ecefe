"""What boosted shapes are made of: columns in fine bins, pairs of columns in coarse ones, and their fitted values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.kernels import shape_pairs as pair_kernel
from tael.kernels import shapes as kernel
from tael.models.binning_columns import NUMBER, Column
from tael.models.binning_rule import BinnedColumn
from tael.models.blending import Calibration
from tael.models.logistic import Floats

Codes = NDArray[np.uint8]
Indices = NDArray[np.int64]

MOST_BINS = 256
"""Bins of a column, special codes and missing among them: their numbers are bytes."""


@dataclass(frozen=True)
class Interaction:
    """What two columns say together beyond what each says alone.

    Parameters
    ----------
    columns : tuple of two int
        Positions in X.
    names : tuple of two str
    values : ndarray of shape (ka, kb)
        Log-odds by coarse bin of the first and of the second column. Averaged over either column (by its own training
        shares) it is 0: what an average would say belongs to the shapes of the columns.
    strength : float
        Mean absolute log-odds over the training rows.
    """

    columns: tuple[int, int]
    names: tuple[str, str]
    values: Floats
    strength: float


@dataclass(frozen=True)
class Layout:
    """Where the bins of each column lie in the kernel's arrays.

    Parameters
    ----------
    sizes, n_ordinary : ndarray of shape (p,)
        Bins of each column (ordinary, special codes, missing), and the ordered ones that come first.
    coarse : tuple of p ndarrays
        Coarse bin of each fine one, for pairs.
    coarse_sizes : ndarray of shape (p,)
    """

    sizes: Indices
    n_ordinary: Indices
    coarse: tuple[Indices, ...]
    coarse_sizes: Indices

    def coarsen(self, codes: Codes) -> Codes:
        """Coarse bins of rows that are given by fine ones, shape (p, n)."""
        out = np.empty_like(codes)
        for j, groups in enumerate(self.coarse):
            out[j] = groups.astype(np.uint8)[codes[j]]
        return out


def lay_out(rules: Sequence[BinnedColumn], most_coarse: int) -> Layout:
    """Number the bins, and put neighbouring fine bins together for pairs: groups of about equal weight.

    Parameters
    ----------
    rules : sequence of p BinnedColumn
    most_coarse : int
        Coarse ordinary bins at most; special codes and missing keep their own.

    Raises
    ------
    ModelError
        A column with more than 256 bins.
    """
    sizes = np.array([len(rule.goods) for rule in rules], dtype=np.int64)
    if sizes.max() > MOST_BINS:
        worst = int(np.argmax(sizes))
        raise ModelError(
            "A column has too many bins.",
            expected=f"{MOST_BINS} at most, special codes and missing among them",
            got=str(int(sizes[worst])),
            where=f"column {rules[worst].name}",
            fix="Give fewer special codes, or lower max_bins.",
        )
    n_ordinary = np.array([rule.n_ordinary for rule in rules], dtype=np.int64)
    coarse = []
    for rule, size, k in zip(rules, sizes, n_ordinary, strict=True):
        groups = np.arange(k)
        if k > most_coarse:
            weight = (rule.goods + rule.bads)[:k]
            middle = np.cumsum(weight) - weight / 2.0
            groups = np.unique((middle / weight.sum() * most_coarse).astype(np.int64), return_inverse=True)[1]
        coarse.append(np.concatenate([groups, groups[-1] + 1 + np.arange(size - k)]).astype(np.int64))
    return Layout(sizes, n_ordinary, tuple(coarse), np.array([groups[-1] + 1 for groups in coarse], dtype=np.int64))


def codes_of(rules: Sequence[BinnedColumn], columns: Sequence[Column]) -> Codes:
    """Fine bin of each row by column, shape (p, n)."""
    out = np.empty((len(rules), len(columns[0])), dtype=np.uint8)
    for j, (rule, column) in enumerate(zip(rules, columns, strict=True)):
        out[j] = rule.codes(column)
    return out


@dataclass(frozen=True)
class Shapes:
    """Tables of log-odds for columns and pairs, and the base.

    Parameters
    ----------
    base : float
    columns : ndarray of shape (p, k)
        Row j holds the bins of column j, then nothing.
    pairs : ndarray of shape (q, 2)
    cells : ndarray of shape (q, m, m)
    """

    base: float
    columns: Floats
    pairs: Indices
    cells: Floats

    def score(self, codes: Codes, layout: Layout) -> Floats:
        """Log-odds, shape (n,): summed in one order, so one row alone gives the bits it gives among others."""
        z = np.full(codes.shape[1], self.base)
        kernel.add_columns(codes, self.columns, z)
        if len(self.pairs):
            pair_kernel.add_pairs(layout.coarsen(codes), self.pairs, self.cells, z)
        return z

    def contributions(self, codes: Codes, layout: Layout) -> Floats:
        """Log-odds by column, a pair's shared out in halves to its two columns, the base last: shape (n, p + 1)."""
        p, n = codes.shape
        out = np.empty((n, p + 1))
        for j in range(p):
            out[:, j] = self.columns[j][codes[j]]
        if len(self.pairs):
            coarse = layout.coarsen(codes)
            for (a, b), cells in zip(self.pairs, self.cells, strict=True):
                half = 0.5 * cells[coarse[a], coarse[b]]
                out[:, a] += half
                out[:, b] += half
        out[:, -1] = self.base
        return out

    def purified(self, layout: Layout, weights: Sequence[Floats]) -> Shapes:
        """The same log-odds with pairs that say only what columns cannot, and shapes that average 0.

        A pair's mean over one column, by that column's training shares, moves into the shape of the other. That is
        the functional decomposition under independent columns; unlike the one under their joint distribution it keeps
        the direction of a monotone shape. What training never saw (a bin without rows) is worth 0.

        Parameters
        ----------
        layout : Layout
        weights : sequence of p ndarrays
            Training weight of each fine bin.
        """
        columns, cells, base = self.columns.copy(), self.cells.copy(), self.base
        shares = [w / w.sum() for w in weights]
        coarse = [
            np.bincount(groups, weights=share, minlength=int(k))
            for groups, share, k in zip(layout.coarse, shares, layout.coarse_sizes, strict=True)
        ]
        for q, (a, b) in enumerate(self.pairs):
            wa, wb = coarse[a], coarse[b]
            table = cells[q, : len(wa), : len(wb)]
            over_b, over_a = table @ wb, wa @ table
            mean = float(wa @ over_b)
            table -= over_b[:, None] + over_a[None, :] - mean
            table[wa == 0.0] = 0.0
            table[:, wb == 0.0] = 0.0
            columns[a, : layout.sizes[a]] += (over_b - mean)[layout.coarse[a]]
            columns[b, : layout.sizes[b]] += (over_a - mean)[layout.coarse[b]]
            base += mean
        for j, share in enumerate(shares):
            shape = columns[j, : layout.sizes[j]]
            mean = float(share @ shape)
            shape -= mean
            shape[share == 0.0] = 0.0
            base += mean
        return Shapes(base, columns, self.pairs, cells)

    def interactions(
        self, rules: Sequence[BinnedColumn], layout: Layout, codes: Codes, weight: Floats
    ) -> list[Interaction]:
        """The pairs' tables as a person reads them, strongest over the training rows first."""
        coarse = layout.coarsen(codes)
        found = []
        for (a, b), cells in zip(self.pairs.tolist(), self.cells, strict=True):
            strength = float(np.average(np.abs(cells[coarse[a], coarse[b]]), weights=weight))
            table = cells[: layout.coarse_sizes[a], : layout.coarse_sizes[b]].copy()
            found.append(Interaction((a, b), (rules[a].name, rules[b].name), table, strength))
        return sorted(found, key=lambda one: -one.strength)

    def scaled(self, calibration: Calibration) -> Shapes:
        """The same shapes after the calibration line."""
        slope = calibration.slope
        base = calibration.intercept + slope * self.base
        return Shapes(base, slope * self.columns, self.pairs, slope * self.cells)


def mean_of(parts: Sequence[Shapes]) -> Shapes:
    """The mean of shapes over the same pairs: the mean of their log-odds, by linearity."""
    return Shapes(
        float(np.mean([one.base for one in parts])),
        np.mean([one.columns for one in parts], axis=0),
        parts[0].pairs,
        np.mean([one.cells for one in parts], axis=0),
    )


def packed(base: float, columns: Sequence[Floats], interactions: Sequence[Interaction], layout: Layout) -> Shapes:
    """Shapes from tables of their own sizes.

    Parameters
    ----------
    base : float
    columns : sequence of p ndarrays
    interactions : sequence of Interaction
    layout : Layout
    """
    m = int(layout.coarse_sizes.max())
    tables = np.zeros((len(columns), int(layout.sizes.max())))
    for j, values in enumerate(columns):
        tables[j, : len(values)] = values
    cells = np.zeros((len(interactions), m, m))
    for q, one in enumerate(interactions):
        cells[q, : one.values.shape[0], : one.values.shape[1]] = one.values
    pairs = np.array([one.columns for one in interactions], dtype=np.int64).reshape(-1, 2)
    return Shapes(base, tables, pairs, cells)


def held_rows(held_out: Floats, label: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows that some fold held out: their log-odds as one column, label and weight, as `blend` wants them."""
    held = ~np.isnan(held_out)
    return held_out[held][:, None], label[held], weight[held]


def shape_table(rule: BinnedColumn, values: Floats, spread: Floats, lang: str) -> pl.DataFrame:
    """One column's shape: bin, from, to, count, share, bad_rate, log_odds, spread.

    Parameters
    ----------
    rule : BinnedColumn
    values, spread : ndarray of shape (k,)
    lang : {"en", "zh"}
    """
    return (
        rule.table(lang)
        .select("bin", "from", "to", "count", "share", "bad_rate")
        .with_columns(pl.Series("log_odds", values), pl.Series("spread", spread))
    )


def coarse_labels(rule: BinnedColumn, groups: Indices, lang: str) -> list[str]:
    """How the coarse bins of a column read, those of numbers from their outer edges.

    Parameters
    ----------
    rule : BinnedColumn
    groups : ndarray of shape (k,)
        Coarse bin of each fine one.
    lang : {"en", "zh"}
    """
    labels = rule.labels(lang)
    out = []
    for g in range(int(groups[-1]) + 1):
        fine = np.flatnonzero(groups == g)
        first, last = labels[fine[0]], labels[fine[-1]]
        if len(fine) == 1:
            out.append(first)
        elif rule.kind == NUMBER:
            out.append(f"{first.split(',')[0]},{last.split(',')[1]}")
        else:
            out.append(", ".join(labels[f] for f in fine))
    return out


def interaction_table(one: Interaction, rules: Sequence[BinnedColumn], layout: Layout, lang: str) -> pl.DataFrame:
    """A pair's table, one row for two bins: the bins, under the columns' names, and log_odds.

    Parameters
    ----------
    one : Interaction
    rules : sequence of p BinnedColumn
    layout : Layout
    lang : {"en", "zh"}
    """
    first, second = (coarse_labels(rules[j], layout.coarse[j], lang) for j in one.columns)
    return pl.DataFrame(
        {
            one.names[0]: np.repeat(first, len(second)),
            one.names[1]: np.tile(second, len(first)),
            "log_odds": one.values.ravel(),
        }
    )
