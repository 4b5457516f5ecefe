"""Candidate rules: what the paths of small boosted trees say, with every condition dropped that says nothing."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats
from tael.models.rules_grid import Codes, Grid, Key
from tael.models.rules_terms import Flags

Conjunction = tuple[Key, ...]
Bits = NDArray[np.uint8]
_AT_ONCE = 1 << 25  # bytes of packed rows in hand


@dataclass(frozen=True)
class Sample:
    """Rows to mine, as codes.

    Parameters
    ----------
    codes : ndarray of int16, shape (n, p)
    y : ndarray of bool, shape (n,)
    weight : ndarray of float64, shape (n,)
    group : ndarray of int64, shape (n,), optional
        Whose row it is, where several are one witness.
    """

    codes: Codes
    y: Flags
    weight: Floats
    group: NDArray[np.int64] | None = None

    def take(self, rows: NDArray[np.int64]) -> Sample:
        """Some rows."""
        group = None if self.group is None else self.group[rows]
        return Sample(np.asfortranarray(self.codes[rows]), self.y[rows], self.weight[rows], group)

    def holds(self, rule: Conjunction) -> Flags:
        """Rows that fulfil all conditions."""
        out = np.ones(len(self.y), dtype=bool)
        for key in rule:
            out &= self.one(key)
        return out

    def one(self, key: Key) -> Flags:
        """Rows that fulfil one condition."""
        j, low, high, missing = key
        code = self.codes[:, j]
        inside = (code > max(low, -1)) & (code <= high)
        return np.asarray(inside | (code == -1) if missing else inside)


class Tally:
    """Weighted positives and negatives among packed rows.

    Weights that are one number for each class are counted as bits, which is many times quicker.
    """

    def __init__(self, y: Flags, weight: Floats) -> None:
        self.n = len(y)
        self.sides: list[tuple[Bits, Floats]] = []
        for side in (y, ~y):
            self.sides.append((np.packbits(side & (weight > 0)), weight * side))
        levels = [np.unique(w[w > 0]) for _, w in self.sides]
        self.level = [float(v[0]) if len(v) else 0.0 for v in levels] if all(len(v) <= 1 for v in levels) else None

    def __call__(self, bits: Bits, among: Bits | None = None) -> tuple[Floats, Floats]:
        """Positives and negatives of each of (..., n / 8) packed sets of rows."""
        if among is not None:
            bits = bits & among
        if self.level is not None:
            counts = [np.bitwise_count(bits & side).sum(axis=-1, dtype=np.int64) for side, _ in self.sides]
            return np.asarray(counts[0] * self.level[0]), np.asarray(counts[1] * self.level[1])
        flat = bits.reshape(-1, bits.shape[-1])
        out = np.empty((2, len(flat)))
        for start in range(0, len(flat), 64):
            rows = np.unpackbits(flat[start : start + 64], axis=1, count=self.n).astype(np.float64)
            for side in (0, 1):
                out[side, start : start + 64] = rows @ self.sides[side][1]
        return out[0].reshape(bits.shape[:-1]), out[1].reshape(bits.shape[:-1])


@dataclass(frozen=True)
class Candidates:
    """Rules to choose among, with the rows that each flags.

    Parameters
    ----------
    rules : list of tuple of Key
    bits : ndarray of uint8, shape (m, ceil(n / 8))
    tally : Tally
    """

    rules: list[Conjunction]
    bits: Bits
    tally: Tally

    def take(self, places: list[int]) -> Candidates:
        """Some of them."""
        return Candidates([self.rules[i] for i in places], self.bits[np.array(places, dtype=np.int64)], self.tally)

    def witnessed(self, sample: Sample, least: int) -> Candidates:
        """Those whose hits belong to so many groups at least: what knows one group again is no pattern."""
        if sample.group is None:
            return self
        hits = np.flatnonzero(sample.y)
        of = np.unique(sample.group[hits], return_inverse=True)[1]
        kept = []
        for i, bits in enumerate(self.bits):
            found = np.unpackbits(bits, count=len(sample.y))[hits] == 1
            if len(np.unique(of[found])) >= least:
                kept.append(i)
        return self.take(kept)


def grow(
    sample: Sample, grid: Grid, *, longest: int, rounds: int, min_rows: float, seed: int, ease: Floats | None = None
) -> list[Conjunction]:
    """Every path from a root to a node of boosted trees on the codes, without repetitions."""
    import lightgbm as lgb

    table = sample.codes.astype(np.float64)
    table[table < 0] = np.nan
    # Each tree sees some of the columns, that not all say the same; enough of them to find what holds together.
    share = min(1.0, max(0.4, 3.0 * longest / table.shape[1]))
    names = [f"c{j}" for j in range(table.shape[1])]
    found: dict[Conjunction, None] = {}
    # Deep trees find what holds together, shallow ones what a person would say first.
    for depth in sorted({longest, max(1, longest - 1)}, reverse=True):
        told = lgb.Dataset(
            table, sample.y.astype(np.float64), weight=sample.weight, feature_name=names, free_raw_data=False,
            params={"min_data_in_bin": 1, "max_bin": 255, "verbose": -1, "feature_pre_filter": False},
        )  # fmt: skip
        settings = {
            "objective": "binary", "num_leaves": 2**depth, "max_depth": depth, "learning_rate": 0.1,
            "feature_fraction": share, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 1.0,
            "min_data_in_leaf": max(1, round(min_rows)), "min_sum_hessian_in_leaf": 1e-3, "max_bin": 255,
            "seed": seed + depth, "num_threads": 1, "deterministic": True, "force_col_wise": True, "verbose": -1,
        }  # fmt: skip
        if ease is not None:
            settings["feature_contri"] = ease.tolist()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "no further splits": a fact about the rows, not a fault
            booster = lgb.train(settings, told, num_boost_round=rounds)
        for tree in booster.dump_model()["tree_info"]:
            for path in _paths(tree["tree_structure"], {}, grid):
                found.setdefault(path)
    return list(found)


def _paths(node: dict[str, Any], above: dict[int, Key], grid: Grid) -> Iterator[Conjunction]:
    if above:
        yield tuple(above[j] for j in sorted(above))
    if "split_feature" not in node:
        return
    j, cut = int(node["split_feature"]), int(np.floor(float(node["threshold"]) + 1e-9))
    top = len(grid.edges[j])
    cut = min(cut, top)
    _, low, high, missing = above.get(j, (j, -1, top, int(grid.gaps[j])))
    goes_left = bool(node["default_left"])
    ways = (("left_child", low, min(high, cut), goes_left), ("right_child", max(low, cut), high, not goes_left))
    for side, new_low, new_high, with_missing in ways:
        key = (j, new_low, new_high, int(bool(missing) and with_missing))
        if key[1] >= key[2]:
            if not key[3]:
                continue
            key = (j, top, top, 1)
        yield from _paths(node[side], above | {j: key}, grid)


def simplify(
    paths: list[Conjunction], sample: Sample, grid: Grid, *, min_rows: float, doubt: float = 2.5
) -> Candidates:
    """Drop conditions and bounds that say nothing; keep one rule for each set of rows.

    A condition goes if the sure precision (the lower end of Wilson's interval) does not fall without it: a shorter rule
    that flags more rows as precisely wins. It also goes if the rows that it shuts out are not clearly worse than those
    that stay, for a threshold that was chosen among many always seems to be good for a little.

    Parameters
    ----------
    paths : list of tuple of Key
    sample : Sample
    grid : Grid
    min_rows : float
        Rows (of mean weight one) that a rule must flag.
    doubt : float
        Standard deviations (signed root of the likelihood ratio) by which the rows shut out must be worse.
    """
    counter = _Counter(sample)
    now = counter(paths)
    active = list(range(len(paths)))
    rules = list(paths)
    while active:
        shorter = [(k, other) for k in active for other in _relaxed(rules[k], grid)]
        of = np.array([k for k, _ in shorter], dtype=np.int64)
        then = counter([other for _, other in shorter])
        sure = _sure(*then)
        idle = (sure >= _sure(*now)[of]) | (_worse(now[:, of], then) < doubt)
        best: dict[int, int] = {}
        for place in np.flatnonzero(idle)[np.argsort(sure[idle], kind="stable")].tolist():
            best[int(of[place])] = place
        for k, place in best.items():
            rules[k], now[:, k] = shorter[place][1], then[:, place]
        active = sorted(k for k in best if rules[k])
    kept: dict[bytes, tuple[Conjunction, Bits]] = {}
    distinct = [rule for rule in dict.fromkeys(rules) if rule]
    rows = counter(distinct).sum(axis=0)
    distinct = [rule for rule, n in zip(distinct, rows, strict=True) if n >= min_rows]
    for rule, bits in zip(distinct, counter.bits(distinct), strict=True):
        found = kept.get(bits.tobytes())
        if found is None or _length(rule, grid) < _length(found[0], grid):
            kept[bits.tobytes()] = (rule, bits)
    chosen = list(kept.values())
    empty = np.empty((0, (len(sample.y) + 7) // 8), dtype=np.uint8)
    return Candidates([r for r, _ in chosen], np.stack([b for _, b in chosen]) if chosen else empty, counter.tally)


class _Counter:
    """Hits and misses of many rules at once, in rows of mean weight one; a rule that was asked for is remembered."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.tally = Tally(sample.y, sample.weight)
        self.mean = float(sample.weight[sample.weight > 0].mean())
        self.known: dict[Conjunction, int] = {}
        self.counts: list[Floats] = []
        self.place: dict[Key, int] = {}
        self.table = np.packbits(np.ones((1, len(sample.y)), dtype=bool), axis=1)  # of conditions; the first is none

    def bits(self, rules: list[Conjunction]) -> Bits:
        """Packed rows of each rule."""
        new = [key for key in dict.fromkeys(key for rule in rules for key in rule) if key not in self.place]
        if new:
            self.place.update((key, len(self.table) + k) for k, key in enumerate(new))
            self.table = np.vstack([self.table, *(np.packbits(self.sample.one(key))[None] for key in new)])
        longest = max((len(rule) for rule in rules), default=0)
        out = np.repeat(self.table[:1], len(rules), axis=0)
        for k in range(longest):
            out &= self.table[[self.place[rule[k]] if k < len(rule) else 0 for rule in rules]]
        return out

    def __call__(self, rules: list[Conjunction]) -> Floats:
        """Hits and misses, shape (2, rules)."""
        new = [rule for rule in dict.fromkeys(rules) if rule not in self.known]
        step = max(1, _AT_ONCE // self.table.shape[1])
        for start in range(0, len(new), step):
            part = new[start : start + step]
            counts = np.stack(self.tally(self.bits(part))) / self.mean
            self.known.update((rule, len(self.counts) + k) for k, rule in enumerate(part))
            self.counts.extend(counts.T)
        if not rules:
            return np.zeros((2, 0))
        return np.stack([self.counts[self.known[rule]] for rule in rules], axis=1)


def _worse(kept: Floats, wider: Floats) -> Floats:
    """By how many standard deviations the rows that a condition shuts out are worse than those it lets through."""
    out = np.maximum(wider - kept, 0.0)
    ratio = 2 * (_log_likelihood(*kept) + _log_likelihood(*out) - _log_likelihood(*wider))
    better = kept[0] * out.sum(axis=0) > out[0] * kept.sum(axis=0)
    return np.where(better, 1.0, -1.0) * np.sqrt(ratio.clip(0))


def _log_likelihood(hits: Floats, misses: Floats) -> Floats:
    from scipy.special import xlogy

    n = np.maximum(hits + misses, 1e-12)
    return np.asarray(xlogy(hits, hits / n) + xlogy(misses, misses / n))


def _sure(hits: Floats, misses: Floats) -> Floats:
    """Lower end of Wilson's interval, written out: it is asked for a hundred thousand times."""
    z2 = 1.96**2
    safe = np.maximum(hits + misses, 1e-12)
    p = hits / safe
    low = (p + z2 / (2 * safe) - np.sqrt(z2 * (p * (1 - p) / safe + z2 / (4 * safe**2)).clip(0))) / (1 + z2 / safe)
    return np.where(hits + misses > 0, low, 0.0)


def _relaxed(rule: Conjunction, grid: Grid) -> Iterator[Conjunction]:
    """The rule without a condition, without a bound, or without its "or missing"."""
    for k, (j, low, high, missing) in enumerate(rule):
        rest, after, top = rule[:k], rule[k + 1 :], len(grid.edges[j])
        yield rest + after
        if low >= top:
            continue
        if low >= 0 and high < top:
            yield (*rest, (j, -1, high, missing), *after)
            yield (*rest, (j, low, top, missing), *after)
        if missing:
            yield (*rest, (j, low, high, 0), *after)


def _length(rule: Conjunction, grid: Grid) -> tuple[int, int]:
    parts = sum((low >= 0) + (high < len(grid.edges[j])) + missing for j, low, high, missing in rule)
    return len(rule), parts
