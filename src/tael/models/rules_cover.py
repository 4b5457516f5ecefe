"""A few rules out of many: greedy cover by weighted gain, price and length chosen out of fold, and chance's best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.models.logistic import Floats
from tael.models.rules_grid import Grid
from tael.models.rules_paths import Candidates, Sample, grow, simplify

_EULER = 0.5772156649015329
_WITNESSES = 3  # groups among whose rows a rule must have hits


@dataclass(frozen=True)
class Mining:
    """What a mining is asked for.

    Parameters
    ----------
    longest : int
        Conditions in a rule at most.
    most : int
        Rules at most.
    min_rows : float
        Rows that a rule must flag.
    rounds : int
        Boosted trees of each depth.
    overlap : float
        Jaccard index with a rule before it that a rule may not exceed.
    seed : int
    """

    longest: int
    most: int
    min_rows: float
    rounds: int
    overlap: float
    seed: int
    ease: Floats | None = None

    def candidates(self, sample: Sample, grid: Grid) -> Candidates:
        """Simplified paths of trees grown on the sample."""
        paths = grow(
            sample,
            grid,
            longest=self.longest,
            rounds=self.rounds,
            min_rows=self.min_rows,
            seed=self.seed,
            ease=self.ease,
        )
        found = simplify(paths, sample, grid, min_rows=self.min_rows)
        return found.witnessed(sample, _WITNESSES)


def cover(candidates: Candidates, worth: float, mining: Mining) -> list[int]:
    """Choose rules one by one, each for what it adds: worth x new hits - new false alarms.

    Parameters
    ----------
    candidates : Candidates
    worth : float
        False alarms that a hit outweighs: a rule pays where its new rows are precise beyond ``1 / (1 + worth)``.
    mining : Mining

    Returns
    -------
    list of int
        Places among the candidates.
    """
    bits, tally = candidates.bits, candidates.tally
    if not len(bits):
        return []
    left = np.packbits(np.ones(tally.n, dtype=bool))
    open_ = np.ones(len(bits), dtype=bool)
    size = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    chosen: list[int] = []
    while len(chosen) < mining.most and open_.any():
        places = np.flatnonzero(open_)
        hits, misses = tally(bits[places], left)
        gain = worth * hits - misses
        best = int(np.argmax(gain))
        if gain[best] <= 0 or hits[best] + misses[best] <= 0:
            break
        one = int(places[best])
        chosen.append(one)
        left = left & ~bits[one]
        both = np.bitwise_count(bits & bits[one]).sum(axis=1, dtype=np.int64)
        open_ &= both <= mining.overlap * (size + size[one] - both)
        open_[one] = False
    return chosen


@dataclass(frozen=True)
class FoldFigures:
    """A price and a number of rules, as all folds together saw it.

    Parameters
    ----------
    worth : float
        As in `cover`.
    rules : int
    precision, recall : float
        Of what the first ``rules`` rules flag in rows that they were not mined on.
    fall : float
        Mined precision less that, of the same rules.
    flagged : float
        Share of those rows that is flagged.
    hits : float
        Positive rows found, by count.
    """

    worth: float
    rules: int
    precision: float
    recall: float
    fall: float
    flagged: float = float("nan")
    hits: float = float("inf")

    @property
    def sure_recall(self) -> float:
        """Recall less one standard error: what is asked for is to be reached on the rows to come, not on these.

        The price is the best of many, so its recall looks better than it is.
        """
        share = min(max(self.recall, 0.0), 1.0)
        error = np.sqrt(share * (1.0 - share) * share / self.hits) if self.hits > 0 else 0.0
        return float(share - error)


def try_out(
    sample: Sample,
    grid: Grid,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    mining: Mining,
    *,
    stated: bool = False,
) -> list[FoldFigures]:
    """Mine in each fold at several prices, and see what the rules find in the rows left out."""
    worths = prices(sample, stated=stated)
    most = mining.most
    out = np.zeros((len(worths), most, 4))  # hits and rows left out, hits and rows mined on
    total, whole = 0.0, 0.0
    mean = float(sample.weight.mean())
    for train, test in folds:
        part, rest = sample.take(train), sample.take(test)
        total += float(rest.weight[rest.y].sum())
        whole += float(rest.weight.sum())
        candidates = mining.candidates(part, grid)
        for k, worth in enumerate(worths):
            chosen = cover(candidates, worth, mining)
            rules = [candidates.rules[i] for i in chosen]
            for piece, held in ((rest, 0), (part, 2)):
                flagged = np.zeros(len(piece.y), dtype=bool)
                for r in range(most):
                    if r < len(rules):
                        flagged |= piece.holds(rules[r])
                    out[k, r, held] += piece.weight[flagged & piece.y].sum()
                    out[k, r, held + 1] += piece.weight[flagged].sum()
    figures = []
    for k, worth in enumerate(worths):
        for r in range(most):
            hits, rows, mined_hits, mined_rows = out[k, r]
            if rows > 0:
                precision = hits / rows
                fall = mined_hits / mined_rows - precision if mined_rows > 0 else 0.0
                recall, share = float(hits / max(total, 1e-12)), float(rows / whole)
                figures.append(
                    FoldFigures(float(worth), r + 1, float(precision), recall, float(fall), share, float(hits / mean))
                )
    return figures


def prices(sample: Sample, *, stated: bool = False) -> Floats:
    """Prices worth trying: breaking even from a little above the base rate to where nine in ten are hits.

    Where a recall or a capacity is stated, from far below the base rate: a hit may be wanted at almost any price.
    """
    base = float(sample.weight[sample.y].sum() / sample.weight.sum())
    odds = base / (1 - base)
    tried = np.geomspace(1.2 * odds, max(9.0, 2.4 * odds), 9)
    return np.asarray(1.0 / (np.concatenate([np.geomspace(0.25, 1.05, 8) * odds, tried]) if stated else tried))


def choose(
    figures: Sequence[FoldFigures], least_recall: float | None, most_flagged: float | None = None
) -> FoldFigures | None:
    """Where to stop on the way from precision to recall.

    Parameters
    ----------
    figures : sequence of FoldFigures
    least_recall : float or None
        Of those that reach it (less one standard error) the most precise; where none does, the highest recall.
    most_flagged : float or None
        Only those that flag at most this share of the rows; where none does, those that flag the fewest. With it and
        without a recall the one that finds the most; without either the best F1.

    >>> a, b = FoldFigures(1.0, 2, 0.5, 0.9, 0.0, 0.18), FoldFigures(1.0, 1, 0.8, 0.6, 0.0, 0.08)
    >>> choose([a, b], None).rules, choose([a, b], 0.8).rules, choose([a, b], 0.95).rules
    (1, 2, 2)
    >>> choose([a, b], None, 0.2).rules, choose([a, b], None, 0.1).rules, choose([a, b], 0.8, 0.1).rules
    (2, 1, 1)
    """
    if not figures:
        return None
    if most_flagged is not None:
        fewest = min(f.flagged for f in figures)
        figures = [f for f in figures if f.flagged <= max(most_flagged, fewest)]
        if least_recall is None:
            return max(figures, key=lambda f: (f.recall, f.precision, -f.rules))
    if least_recall is None:
        return max(figures, key=lambda f: (2 * f.precision * f.recall / max(f.precision + f.recall, 1e-12), -f.rules))
    enough = [f for f in figures if f.sure_recall >= least_recall]
    if enough:
        return max(enough, key=lambda f: (f.precision, -f.rules))
    return max(figures, key=lambda f: (f.recall, f.precision))


def tradeoff_table(figures: Sequence[FoldFigures]) -> pl.DataFrame:
    """The stops that no other beats in precision and recall, rising in recall.

    >>> tradeoff_table([FoldFigures(1.0, 2, 0.5, 0.9, 0.0, 0.18), FoldFigures(1.0, 1, 0.4, 0.6, 0.0, 0.2)]).rows()
    [(2, 0.9, 0.5, 0.18)]
    """
    best: list[FoldFigures] = []
    for one in sorted(figures, key=lambda f: (-f.recall, -f.precision, f.rules)):
        if not best or one.precision > best[-1].precision:
            best.append(one)
    rows = [(f.rules, f.recall, f.precision, f.flagged) for f in reversed(best)]
    kinds = {"rules": pl.Int64, "recall": pl.Float64, "precision": pl.Float64, "flagged": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def strength(hits: Floats, misses: Floats, base: float) -> Floats:
    """Signed root of the likelihood ratio of hits among rows against the base rate, in standard deviations.

    >>> strength(np.array([5.0, 9.0]), np.array([5.0, 1.0]), 0.5).round(2)
    array([0.  , 2.71])
    """
    n = hits + misses
    p = np.divide(hits, n, out=np.full(np.shape(n), base), where=n > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(hits > 0, hits * np.log(p / base), 0.0)
        ratio += np.where(misses > 0, misses * np.log((1 - p) / (1 - base)), 0.0)
    return np.asarray(np.sign(p - base) * np.sqrt(2 * ratio.clip(0)))


def by_chance(
    sample: Sample, grid: Grid, blocks: NDArray[np.int64] | None, groups: NDArray[np.int64] | None, mining: Mining,
    times: int,
) -> Floats:  # fmt: skip
    """The strongest candidate of whole minings on shuffled labels, shape (times,).

    Labels are shuffled within blocks of time, or by whole groups where there are groups, so that neither a drift of the
    base rate nor rows of one owner pass for a pattern.
    """
    rng = np.random.default_rng([mining.seed, 977])
    base = float(sample.weight[sample.y].sum() / sample.weight.sum())
    mean = float(sample.weight.mean())
    best = np.zeros(times)
    for k in range(times):
        y = sample.y[_shuffled(len(sample.y), blocks, groups, rng)]
        found = mining.candidates(Sample(sample.codes, y, sample.weight, sample.group), grid)
        if len(found.bits):
            hits, misses = found.tally(found.bits)
            best[k] = float(strength(hits / mean, misses / mean, base).max())
    return best


def _shuffled(
    n: int, blocks: NDArray[np.int64] | None, groups: NDArray[np.int64] | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Whose label each row gets."""
    out = np.empty(n, dtype=np.int64)
    if groups is not None:
        # Groups keep their labels together: two orders of the groups, one laid on the other.
        anew = rng.permutation(int(groups.max()) + 1)
        out[np.argsort(groups, kind="stable")] = np.argsort(anew[groups], kind="stable")
        return out
    within = np.zeros(n, dtype=np.int64) if blocks is None else blocks
    order = np.argsort(within, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(within[order])) + 1):
        out[rows] = rng.permutation(rows)
    return out


def p_value(strength_: float, chance: Floats) -> float:
    """How often chance is as strong: a Gumbel law through the mean and spread of the shuffles' strongest candidates.

    The largest of many deviates follows a Gumbel law, so that twenty draws tell chances that they could not count. A
    spread seen in few draws may be too small by luck: the upper end of its 90 % interval is taken.

    >>> round(p_value(3.0, np.array([2.0, 3.0, 4.0])), 2), p_value(16.0, np.array([2.0, 3.0, 4.0])) < 0.01
    (0.43, True)
    """
    from scipy.special import chdtri

    if len(chance) < 2:
        return 1.0
    free = len(chance) - 1
    spread = float(chance.std(ddof=1)) * np.sqrt(free / float(chdtri(free, 0.9)))
    scale = max(spread, 0.05) * np.sqrt(6) / np.pi
    place = float(chance.mean()) - _EULER * scale
    return float(-np.expm1(-np.exp(-(strength_ - place) / scale)))
