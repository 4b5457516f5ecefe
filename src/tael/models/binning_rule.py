"""A fitted column: its bins, what fell into them in training, and what each is worth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.kernels import binning as kernel
from tael.models.binning_columns import NUMBER, Column
from tael.models.logistic import Floats

_WORDS = {
    "missing": {"en": "missing", "zh": "缺失"},
    "other": {"en": "other", "zh": "其他"},
    "special": {"en": "special", "zh": "特殊值"},
}


@dataclass(frozen=True)
class BinnedColumn:
    """Bins of one column.

    Bins are numbered: first the ordinary ones in their order, then one for each special code, missing last.

    Parameters
    ----------
    name, kind : str
    trend : str
        ``"ascending"``, ``"descending"``, ``"peak"``, ``"valley"``, ``"free"``: of the bad rate; ``"rate"`` for
        categories (ordered by it); ``"user"`` where the splits were given; ``"none"`` for a single bin.
    splits : ndarray of shape (k - 1,)
        Numbers: bin i holds ``splits[i - 1] <= x < splits[i]``.
    groups : tuple of k tuples of str
        Categories: what each bin holds.
    other : int
        Categories: the bin that rare ones share, -1 if there were none.
    rare : tuple of str
        Categories in the bin `other`; empty where what is unseen goes there too, so that they need no list.
    unseen : int
        Categories: the bin of what training did not see; -1: it is an error.
    special : tuple of float or str
    goods, bads : ndarray of shape (k + s + 1,)
        Rows (weights) of training.
    total : ndarray of shape (2,)
        All goods, all bads.
    smoothing : float
        Rows at the average rate that are added to a bin for its weight of evidence.
    cells : ndarray of shape (m - 1,) or tuple of str
        Edges of the pre-bins, or the categories that were told apart, in order: an edit between them needs no rows.
    cell_counts : ndarray of shape (2, m)
        Goods and bads of the cells.
    """

    name: str
    kind: str
    trend: str
    splits: Floats
    groups: tuple[tuple[str, ...], ...]
    other: int
    rare: tuple[str, ...]
    unseen: int
    special: tuple[Any, ...]
    goods: Floats
    bads: Floats
    total: Floats
    smoothing: float
    cells: Any
    cell_counts: Floats

    @property
    def n_ordinary(self) -> int:
        """k."""
        return len(self.splits) + 1 if self.kind == NUMBER else len(self.groups)

    @property
    def woe(self) -> Floats:
        """Weight of evidence of each bin, shape (k + s + 1,): above 0 is better than the average, 0 where empty."""
        goods, bads = self.total
        return np.array(
            [
                kernel.weight_of_evidence(g, b, goods, bads, self.smoothing)
                for g, b in zip(self.goods, self.bads, strict=True)
            ]
        )

    @property
    def parts(self) -> Floats:
        """What each bin adds to the information value."""
        return (self.goods / self.total[0] - self.bads / self.total[1]) * self.woe

    @property
    def iv(self) -> float:
        """Information value: special codes and missing are bins as others are."""
        return float(self.parts.sum())

    def codes(self, column: Column) -> NDArray[np.int32]:
        """Bin of each row.

        Raises
        ------
        ModelError
            An unseen category where that is an error.
        """
        out = np.empty(len(column), dtype=np.int32)
        if self.kind == NUMBER:
            kernel.assign(column.values, self.splits, np.array(self.special, dtype=np.float64), out)
            return out
        k, missing = self.n_ordinary, self.n_ordinary + len(self.special)
        bin_of = {name: i for i, group in enumerate(self.groups) for name in group}
        bin_of |= dict.fromkeys(self.rare, self.other)
        bin_of |= {str(code): k + s for s, code in enumerate(self.special)}
        there = column.values.is_not_null().to_numpy()
        out[:] = self.unseen
        if bin_of:
            old, new = pl.Series(list(bin_of), dtype=pl.String), pl.Series(list(bin_of.values()), dtype=pl.Int32)
            found = column.values.replace_strict(old, new, default=self.unseen, return_dtype=pl.Int32)
            out[there] = found.to_numpy()[there]
        out[~there] = missing
        if self.unseen < 0 and (out < 0).any():
            row = int(np.flatnonzero(out < 0)[0])
            raise ModelError(
                "A category was not there in fit.",
                expected=", ".join(list(bin_of)[:8]) or "missing",
                got=repr(column.values[row]),
                where=f"column {self.name}, row {row + 1}",
                fix='Let it be read as rare ones are: OptimalBinning(unseen="other").',
            )
        return out

    def labels(self, lang: str = "en") -> list[str]:
        """How each bin reads, shape (k + s + 1,).

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        if self.kind == NUMBER:
            ends = ["-inf", *[_number(v) for v in self.splits], "inf"]
            names = [f"[{a}, {b})" if i else f"({a}, {b})" for i, (a, b) in enumerate(pairwise(ends))]
        else:
            names = [
                ", ".join([*group, *([_WORDS["other"][lang]] if i == self.other else [])])
                for i, group in enumerate(self.groups)
            ]
        special = [f"{_WORDS['special'][lang]} {_number(code)}" for code in self.special]
        return [*names, *special, _WORDS["missing"][lang]]

    def table(self, lang: str = "en") -> pl.DataFrame:
        """One row a bin: bin, from, to, count, share, bads, bad_rate, woe, iv."""
        count = self.goods + self.bads
        k, rest = self.n_ordinary, len(self.special) + 1
        if self.kind == NUMBER:
            low = [-np.inf, *self.splits.tolist()] + [None] * rest
            high = [*self.splits.tolist(), np.inf] + [None] * rest
        else:
            low = high = [None] * (k + rest)
        rate = [float(b / n) if n > 0 else None for b, n in zip(self.bads, count, strict=True)]
        return pl.DataFrame(
            {
                "bin": self.labels(lang),
                "from": pl.Series(low, dtype=pl.Float64),
                "to": pl.Series(high, dtype=pl.Float64),
                "count": count,
                "share": count / self.total.sum(),
                "bads": self.bads,
                "bad_rate": pl.Series(rate, dtype=pl.Float64),
                "woe": self.woe,
                "iv": self.parts,
            }
        )


def _number(value: Any) -> str:
    """A number as briefly as it can be told, text as it is.

    >>> _number(25.0), _number(0.125), _number("A")
    ('25', '0.125', 'A')
    """
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
