"""From rows to judged rules: choose out of fold, mine, weigh against chance, judge on later rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.rule_words import Descriptions
from tael.models.rules_cover import (
    Candidates,
    FoldFigures,
    Mining,
    by_chance,
    choose,
    cover,
    p_value,
    strength,
    try_out,
)
from tael.models.rules_grid import make_grid
from tael.models.rules_measure import by_period, measure, period_of
from tael.models.rules_paths import Sample
from tael.models.rules_terms import Flags, MinedRule
from tael.validation.calibration import wilson

_BLOCKS = 10  # of time, within which labels are shuffled
_SURE = 0.8  # a rule that is judged must beat the base rate with the lower end of this interval

Found = tuple[list[MinedRule], list[FoldFigures], FoldFigures | None, Floats, int]


def mine(
    X: Floats, y: Flags, weight: Floats, rows: NDArray[np.int64],
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], mining: Mining, *, time: NDArray[Any] | None,
    groups: NDArray[np.int64] | None, amount: Floats | None, least_recall: float | None, most_flagged: float | None,
    significance: float, permutations: int, periods: int,
) -> Found:  # fmt: skip
    """Rules, what the folds saw of each stop and of the chosen one, chance's strengths, and the number of candidates.

    Parameters
    ----------
    X : ndarray of shape (n, p)
    y : ndarray of bool, shape (n,)
    weight : ndarray of shape (n,)
    rows : ndarray of int
        Rows to mine; the others (where there are times) judge.
    folds : sequence of (train, test)
        Of those rows.
    mining : Mining
    time, groups, amount : ndarray of shape (n,) or None
    least_recall, most_flagged, significance, permutations, periods
        As in `RuleMiner`.
    """
    grid = make_grid(X[rows])
    sample = Sample(grid.codes(X[rows]), y[rows], weight[rows], None if groups is None else groups[rows])
    base = float(sample.weight[sample.y].sum() / sample.weight.sum())
    mean = float(sample.weight.mean())
    stated = least_recall is not None or most_flagged is not None
    tried = try_out(sample, grid, folds, mining, stated=stated)
    best = choose(tried, least_recall, most_flagged)
    candidates = mining.candidates(sample, grid)
    n_candidates = len(candidates.rules)
    chance = np.zeros(0)
    # Rows of one group are hardly more than one witness.
    witnesses = sample.weight.sum() / mean if groups is None else len(np.unique(groups[rows]))
    if best is None or not _beats(best.precision, best.recall * base * witnesses, base, 0.9):
        return [], tried, best, chance, n_candidates
    if permutations:
        blocks = None if time is None else period_of(time[rows], _BLOCKS)
        chance = by_chance(sample, grid, blocks, None if groups is None else groups[rows], mining, permutations)
        if stated:  # what falls short by itself is no candidate, so that the cover does not lack it later
            candidates = candidates.take(_alone(chance, candidates, mean, significance))
    chosen = cover(candidates, best.worth, mining)[: best.rules]
    p_values = np.zeros(len(chosen))
    if permutations and chosen:
        chosen, p_values = _against(chance, candidates, chosen, mean, significance, alone=stated)
    terms = [tuple(grid.term(key) for key in candidates.rules[i]) for i in chosen]
    fires = np.zeros((len(X), len(terms)), dtype=bool)
    for r, rule in enumerate(terms):
        fires[:, r] = MinedRule(rule, None, None, 0, 0, 0).fires(X)  # type: ignore[arg-type]
    later = np.setdiff1d(np.flatnonzero(weight > 0), rows)
    if time is not None:
        stays = _holds(fires[later], y[later], weight[later])
        fires, terms, p_values = fires[:, stays], [t for t, s in zip(terms, stays, strict=True) if s], p_values[stays]
    mined = measure(fires[rows], y[rows], weight[rows], None if amount is None else amount[rows])
    judged = (
        [None] * len(terms)
        if time is None
        else measure(fires[later], y[later], weight[later], None if amount is None else amount[later])
    )
    left = np.ones(len(rows), dtype=bool)
    out = []
    for r, rule in enumerate(terms):
        here = fires[rows, r] & left
        hits, misses = (float(sample.weight[here & side].sum()) / mean for side in (sample.y, ~sample.y))
        around = float(sample.weight[left & sample.y].sum() / sample.weight[left].sum())
        left &= ~here
        seen = judged[r]
        expected = mined[r].precision - best.fall if seen is None else seen.precision
        out.append(
            MinedRule(
                rule,
                mined[r],
                seen,
                expected=float(np.clip(expected, 1e-6, 1.0)),
                strength=float(strength(np.array(hits), np.array(misses), around)),
                p_value=float(p_values[r]),
                periods=() if time is None else by_period(fires[:, r], y, weight, time, periods),
            )
        )
    return out, tried, best, chance, n_candidates


def _beats(precision: float, hits: float, base: float, level: float) -> bool:
    low, _ = wilson(hits, hits / max(precision, 1e-12), level)
    return bool(precision > 0 and float(low) > base)


def _alone(chance: Floats, candidates: Candidates, mean: float, significance: float) -> list[int]:
    """Places of the candidates that are beyond chance by themselves."""
    if not candidates.rules:
        return []
    hits, misses = candidates.tally(candidates.bits)
    all_hits, all_misses = candidates.tally(np.packbits(np.ones(candidates.tally.n, dtype=bool)))
    strong = strength(hits / mean, misses / mean, float(all_hits / (all_hits + all_misses)))
    return [i for i, value in enumerate(strong.tolist()) if p_value(value, chance) <= significance]


def _against(
    chance: Floats, candidates: Candidates, chosen: list[int], mean: float, significance: float, *, alone: bool
) -> tuple[list[int], Floats]:
    """The rules whose new rows are stronger than chance; what a dropped rule flagged is new to those after it.

    The new rows are held against the base rate of all rows that the rules before it leave: a rule that takes one in
    three where one in twenty is left has found something. ``alone``: each rule is held against all rows by itself.
    Where a recall or a capacity is stated, a rule must be no chance, but what it adds to the others may be little.
    """
    left = np.packbits(np.ones(candidates.tally.n, dtype=bool))
    kept, values = [], []
    for i in chosen:
        hits, misses = candidates.tally(candidates.bits[i], left)
        all_hits, all_misses = candidates.tally(left)
        base = float(all_hits / (all_hits + all_misses))
        p = p_value(float(strength(hits / mean, misses / mean, base)), chance) if 0 < base < 1 else 1.0
        if p <= significance:
            kept.append(i)
            values.append(p)
            left = left if alone else left & ~candidates.bits[i]
    return kept, np.array(values)


def _holds(fires: Flags, y: Flags, weight: Floats) -> Flags:
    """Which rules beat the base rate on the later rows."""
    base = float(weight[y].sum() / weight.sum())
    figures = measure(fires, y, weight)
    return np.array([_beats(f.precision, f.hits / weight.mean(), base, _SURE) for f in figures], dtype=bool)


def ease_of(said: Descriptions, names: Any, plainness: float) -> Floats | None:
    """A factor a column: 1 up to eight words, or as many as the median has, and less for those that say more."""
    if not said or names is None or plainness == 0:
        return None
    length = np.array([len(said[name]["en"].split()) if name in said else 1 for name in names.tolist()], dtype=float)
    usual = max(8.0, float(np.median(length)))
    return np.asarray(np.minimum(1.0, usual / length) ** plainness)


def check_groups(groups: Any, n: int) -> NDArray[Any]:
    """Groups as an array, one for each row.

    Raises
    ------
    ModelError
        Not as many as rows.
    """
    values = groups.to_numpy() if hasattr(groups, "to_numpy") else np.asarray(groups)
    if values.shape != (n,):
        raise ModelError("The groups do not fit the rows.", expected=f"{n} groups", got=str(values.shape))
    return np.asarray(values)


def earlier_rows(time: NDArray[Any], hit: Flags, weight: Floats, judged: float) -> Flags:
    """Rows to mine: those before the time from which the last share of the rows lies."""
    order = np.sort(time)
    cut = order[min(int(np.floor(len(order) * (1 - judged))), len(order) - 1)]
    early = np.asarray(time < cut)
    for part, name in ((early, "earlier"), (~early, "later")):
        found = weight[part & hit].sum(), weight[part & ~hit].sum()
        if min(found) <= 0:
            raise ModelError(
                f"The {name} rows are of one class, so rules cannot be {'mined' if name == 'earlier' else 'judged'}.",
                expected="both classes before and after the cut in time",
                got=f"{int((part & hit).sum())} positive of {int(part.sum())} {name} rows",
                where="time",
                fix="Change judged, take a longer period, or leave time out.",
            )
    return early
