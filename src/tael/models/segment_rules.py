"""A segment in words: the short rule that tells it apart, and how its columns differ from all others'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.models.binning_columns import NUMBER
from tael.models.encoding import TableCode
from tael.models.logistic import Floats

_SMALL = 0.2  # standard deviations under which a difference is not worth a sentence (Cohen, 1988)

Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Condition:
    """One test of one matrix column.

    Parameters
    ----------
    column : int
        Of `TableCode`'s matrix.
    kind : {"at_most", "above", "is", "is_not", "missing"}
    value : float
        Threshold of a number.
    """

    column: int
    kind: str
    value: float = 0.0

    def holds(self, M: Floats) -> Flags:
        """For each row; a missing number is neither at most nor above."""
        x = M[:, self.column]
        if self.kind == "at_most":
            return np.asarray(x <= self.value)
        if self.kind == "above":
            return np.asarray(x > self.value)
        if self.kind == "missing":
            return np.isnan(x)
        return np.asarray((x > 0) == (self.kind == "is"))

    def words(self, code: TableCode, lang: str) -> str:
        """As a person reads it."""
        label = code.labels(lang)[self.column]
        if self.kind in ("at_most", "above"):
            return f"{label} {'≤' if self.kind == 'at_most' else '>'} {self.value:.6g}"
        if self.kind == "missing":
            return f"{label} is missing" if lang == "en" else f"{label} 缺失"
        if self.kind == "is":
            return label
        return f"not ({label})" if lang == "en" else f"非（{label}）"


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold, and how well they tell the segment.

    Parameters
    ----------
    conditions : tuple of Condition
    precision, recall : float
        Of the rows that fulfil them, the share in the segment; of the segment, the share that fulfils them.
    """

    conditions: tuple[Condition, ...]
    precision: float
    recall: float

    def words(self, code: TableCode, lang: str) -> str:
        """As a person reads it."""
        if not self.conditions:
            return "everybody" if lang == "en" else "所有人"
        return (" and " if lang == "en" else " 且 ").join(c.words(code, lang) for c in self.conditions)


def candidates(M: Floats, code: TableCode, cuts: int = 15) -> tuple[list[Condition], Flags]:
    """Conditions that a rule may use, and where each holds, shape (m, n)."""
    out: list[Condition] = []
    source = code.source
    for j in range(M.shape[1]):
        if code.kinds[source[j]] != NUMBER:
            out += [Condition(j, "is"), Condition(j, "is_not")]
            continue
        x = M[:, j]
        here = x[~np.isnan(x)]
        if len(here) < len(x):
            out.append(Condition(j, "missing"))
        values = np.unique(here)
        if len(values) < 2:
            continue
        # Between two neighbouring values, and round where there is room: a person will read it.
        at = (
            np.unique(np.quantile(here, np.arange(1, cuts + 1) / (cuts + 1), method="lower"))
            if len(values) > cuts
            else values
        )
        for low in at[at < values[-1]]:
            high = values[np.searchsorted(values, low, side="right")]
            cut = _roundest(float(low), float(high))
            out += [Condition(j, "at_most", cut), Condition(j, "above", cut)]
    out.sort(key=lambda c: c.kind == "is_not")  # of two that tell as much, "is" reads better
    return out, np.array([c.holds(M) for c in out]).reshape(len(out), len(M))


def _roundest(low: float, high: float) -> float:
    """The shortest number v with low <= v < high.

    >>> _roundest(1234.0, 1310.0), _roundest(3.0, 4.0)
    (1300.0, 3.0)
    """
    for digits in range(1, 17):
        for value in (float(f"{high:.{digits}g}"), float(f"{low:.{digits}g}")):
            if low <= value < high:
                return value
    return low


def short_rule(inside: Flags, conditions: list[Condition], holds: Flags, longest: int = 3) -> Rule:
    """Grow one path of a decision tree towards the segment: the condition that raises F1 most, then the next.

    Of a tree that is grown to tell one segment, a person reads only the path that leads to it; so only that is grown.

    Parameters
    ----------
    inside : ndarray of bool, shape (n,)
        Rows of the segment.
    conditions, holds
        From `candidates`.
    longest : int
        Conditions at most; each must add 0.01 to F1.

    References
    ----------
    Cohen, W. (1995). Fast effective rule induction (RIPPER). ICML.
    """
    rows = np.ones(len(inside), dtype=bool)
    size = int(inside.sum())
    chosen: list[int] = []
    f1 = 2 * size / (len(inside) + size)
    for _ in range(longest if len(conditions) else 0):
        both = holds[:, rows & inside].sum(axis=1)
        all_ = holds[:, rows].sum(axis=1)
        score = 2 * both / (all_ + size)
        best = int(np.argmax(score))
        if score[best] < f1 + 0.01:
            break
        chosen.append(best)
        f1 = float(score[best])
        rows = rows & holds[best]
    kept = _without_idle(chosen, conditions)
    hit = int((rows & inside).sum())
    return Rule(tuple(conditions[i] for i in kept), hit / max(int(rows.sum()), 1), hit / max(size, 1))


def _without_idle(chosen: list[int], conditions: list[Condition]) -> list[int]:
    """Of two cuts on one side of a column, the tighter says it all."""
    kept: list[int] = []
    for i in chosen:
        one = conditions[i]
        idle = [
            other
            for other in kept
            if conditions[other].column == one.column and conditions[other].kind == one.kind in ("at_most", "above")
        ]
        kept = [k for k in kept if k not in idle]
        kept.append(i)
    return kept


@dataclass(frozen=True)
class Difference:
    """How a column of a segment differs from the same column of all rows.

    Parameters
    ----------
    column : int
        Of the matrix.
    kind : {"median", "mean", "share", "missing"}
    here, all : float
        The segment's value, and everybody's.
    strength : float
        Difference in robust standard deviations, or of shares in units of their standard deviation.
    """

    column: int
    kind: str
    here: float
    all: float
    strength: float

    def words(self, code: TableCode, lang: str) -> str:
        """One sentence."""
        label = code.labels(lang)[self.column]
        more = self.here > self.all
        if self.kind == "median":
            if lang == "en":
                return f"{label} {'high' if more else 'low'}: median {self.here:.4g}, all {self.all:.4g}"
            return f"{label} 偏{'高' if more else '低'}：中位数 {self.here:.4g}，全体 {self.all:.4g}"
        if self.kind == "mean":
            if lang == "en":
                return f"{label} {'high' if more else 'low'}: mean {self.here:.4g}, all {self.all:.4g}"
            return f"{label} 偏{'高' if more else '低'}：均值 {self.here:.4g}，全体 {self.all:.4g}"
        if self.kind == "missing":
            label = f"{label} is missing" if lang == "en" else f"{label} 缺失"
        if lang == "en":
            return f"{label} {'more' if more else 'less'} often: {self.here:.0%}, all {self.all:.0%}"
        return f"{label} {'较多' if more else '较少'}：{self.here:.0%}，全体 {self.all:.0%}"


def differences(M: Floats, inside: Flags, code: TableCode, scale: Floats) -> list[Difference]:
    """How the segment differs, the most telling column of X first; of a category's levels, the most telling."""
    out: list[Difference] = []
    source = code.source
    for j in range(M.shape[1]):
        x = M[:, j]
        missing = np.isnan(x)
        if code.kinds[source[j]] != NUMBER:
            here, everyone = float(x[inside].mean()), float(x.mean())
            out.append(Difference(j, "share", here, everyone, _share_strength(here, everyone)))
            continue
        if missing.any():
            here, everyone = float(missing[inside].mean()), float(missing.mean())
            out.append(Difference(j, "missing", here, everyone, _share_strength(here, everyone)))
        known, all_known = x[inside & ~missing], x[~missing]
        if len(known) and len(all_known) and all_known.min() < all_known.max():
            if np.isin(all_known, (0.0, 1.0)).all():  # a flag: a median of 0 or 1 is no way to say how many
                here, everyone = float(known.mean()), float(all_known.mean())
                out.append(Difference(j, "share", here, everyone, _share_strength(here, everyone)))
                continue
            here, everyone = float(np.median(known)), float(np.median(all_known))
            kind, spread = "median", float(scale[j])
            low, high = np.quantile(all_known, [0.25, 0.75])
            if high > low:
                spread = float(high - low) / 1.349
            if high == low or here == everyone:  # counts that are 0 for most: medians say nothing
                kind, here, everyone, spread = (
                    "mean",
                    float(known.mean()),
                    float(all_known.mean()),
                    float(all_known.std()),
                )
            if spread > 0:
                out.append(Difference(j, kind, here, everyone, abs(here - everyone) / spread))
    ranked = sorted((d for d in out if d.strength >= _SMALL), key=lambda d: (-round(d.strength, 9), d.here < d.all))
    seen: set[tuple[int, bool]] = set()
    told = []
    for d in ranked:
        key = (int(source[d.column]), d.kind == "missing")
        if key not in seen:
            seen.add(key)
            told.append(d)
    return told


def _share_strength(here: float, everyone: float) -> float:
    spread = np.sqrt(everyone * (1.0 - everyone))
    return float(abs(here - everyone) / spread) if spread > 0 else 0.0
