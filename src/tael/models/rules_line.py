"""Thresholds of typology rules, tuned above and below the line.

A rule of a bank's system flags what lies above a threshold, the line. Cases *above* it were reviewed as alerts, so
their worth is known; whether cases just *below* it should have been alerts is known only of those somebody reviews.
Both sides are cut into steps of the threshold, a sample of each is reviewed, and the hits of each step are estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.validation.words import Words

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LineSteps:
    """A rule's cases in steps of its threshold.

    Parameters
    ----------
    edges : ndarray of shape (k,)
        Rising; step i holds ``edges[i] < value <= edges[i + 1]``, the last all above.
    line : float
        Today's threshold, one of the edges.
    step : ndarray of int, shape (n,)
        Step of each case, -1 for those at or under the lowest edge (never to be reviewed) and missing values.
    cases : ndarray of int, shape (k,)
    """

    edges: Floats
    line: float
    step: Ints
    cases: Ints


def line_steps(value: ArrayLike, line: float, *, below: ArrayLike, above: ArrayLike = ()) -> LineSteps:
    """Cut a rule's cases into steps around its line.

    Parameters
    ----------
    value : array-like of shape (n,)
        What the rule compares with its threshold, for every case that fulfils the rule's other conditions.
    line : float
        Today's threshold: a case is an alert where its value is above.
    below, above : array-like of float
        Other thresholds to consider.

    Raises
    ------
    ModelError
        Thresholds on the wrong side of the line.

    Examples
    --------
    >>> line_steps([1, 4, 6, 9, 20], 5.0, below=[3.0], above=[8.0]).cases.tolist()
    [1, 1, 2]
    """
    x = np.asarray(value, dtype=np.float64)
    under, over = (np.unique(np.asarray(v, dtype=np.float64)) for v in (below, above))
    if (under >= line).any() or (over <= line).any() or not np.isfinite(np.concatenate([under, over, [line]])).all():
        raise ModelError(
            "A threshold lies on the wrong side of the line.",
            expected=f"below: under {line:g}, above: over {line:g}",
            got=f"below {under.tolist()}, above {over.tolist()}",
        )
    edges = np.concatenate([under, [line], over])
    step = np.searchsorted(edges, x, side="left") - 1
    step[np.isnan(x)] = -1
    return LineSteps(edges, float(line), step, np.bincount(step[step >= 0], minlength=len(edges)))


def review_size(cases: int, rate: float, confidence: float = 0.95) -> int:
    """Cases to review so that, if a share of at least ``rate`` are hits, at least one is seen (hypergeometric).

    Parameters
    ----------
    cases : int
        In the step.
    rate : float
        The smallest share of hits that must not be missed.
    confidence : float

    Examples
    --------
    >>> review_size(1000, 0.05), review_size(40, 0.05), review_size(0, 0.05)
    (57, 31, 0)
    """
    if not (0 < rate <= 1 and 0 < confidence < 1 and cases >= 0):
        raise ModelError(
            "The review cannot be sized.", expected="cases 0 or more, rate in (0, 1], confidence in (0, 1)",
            got=f"{cases}, {rate:g}, {confidence:g}",
        )  # fmt: skip
    if cases == 0:
        return 0
    hits = max(1, int(np.ceil(rate * cases - 1e-9)))
    none_seen = 1.0
    for n in range(1, cases + 1):
        # Of the cases that are left, one more draw misses all hits.
        none_seen *= max(cases - hits - (n - 1), 0) / (cases - (n - 1))
        if none_seen <= 1 - confidence:
            return n
    return cases


def draw_review(
    steps: LineSteps, *, rate: float = 0.05, confidence: float = 0.95, least: int = 20, seed: int = 0
) -> Ints:
    """A stratified sample of the steps to review: rows, in order; the same seed draws the same sample.

    Parameters
    ----------
    steps : LineSteps
    rate, confidence : float
        As in `review_size`, for each step.
    least : int
        Cases of a step to review at least, where it has as many.
    seed : int
        Kept with the audit.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for i, cases in enumerate(steps.cases.tolist()):
        size = min(cases, max(least, review_size(cases, rate, confidence)))
        rows.append(rng.choice(np.flatnonzero(steps.step == i), size=size, replace=False))
    return np.sort(np.concatenate(rows))


def tune_line(
    steps: LineSteps, reviewed: ArrayLike, found: ArrayLike, *, least_precision: float, level: float = 0.95,
    draws: int = 4000, seed: int = 0,
) -> LineVerdict:  # fmt: skip
    """Hits per threshold, estimated from the reviewed sample, and the threshold to recommend.

    Each step's unreviewed cases are judged by the reviewed ones of the same step (beta-binomial posterior, Jeffreys'
    prior), so that a fully reviewed step is exact and a small sample has a wide interval. The recommended line is the
    threshold above which hits, less ``least_precision`` for each alert, are most: a step joins where its own rate of
    hits is worth its reviews, and one unlucky step does not hide those below it. The same choice is made for each draw
    from the posterior, which gives the interval.

    Parameters
    ----------
    steps : LineSteps
    reviewed : array-like of int
        Rows that were reviewed.
    found : array-like of bool, of the same length
        Whether the review found each suspicious.
    least_precision : float
        Share of hits among a step's cases that makes reviewing the step worth while.
    level : float
    draws, seed : int
        Of the posterior.

    Returns
    -------
    LineVerdict

    Raises
    ------
    ModelError
        Rows that do not belong to a step, or that are named twice; a step with cases of which none was reviewed.
    """
    rows, hit = np.asarray(reviewed, dtype=np.int64), np.asarray(found).astype(bool)
    wrong = rows.shape != hit.shape or len(np.unique(rows)) != len(rows)
    if wrong or (len(rows) and (rows.min() < 0 or rows.max() >= len(steps.step) or (steps.step[rows] < 0).any())):
        raise ModelError(
            "The reviewed cases do not fit the steps.",
            expected="rows of the steps, each once, and a finding for each",
            got=f"{len(rows)} rows, {len(hit)} findings",
            fix="Review what draw_review drew.",
        )
    k = len(steps.edges)
    seen = np.bincount(steps.step[rows], minlength=k)
    hits = np.bincount(steps.step[rows], weights=hit, minlength=k).astype(np.int64)
    if ((seen == 0) & (steps.cases > 0)).any():
        i = int(np.argmax((seen == 0) & (steps.cases > 0)))
        raise ModelError(
            "Of a step nothing was reviewed, so nothing is known of it.",
            expected="a reviewed case in each step that has cases",
            got=f"none of {steps.cases[i]} cases above {steps.edges[i]:g}",
            fix="Review what draw_review drew.",
        )
    rng = np.random.default_rng(seed)
    rest = steps.cases - seen
    rate = rng.beta(hits + 0.5, seen - hits + 0.5, size=(draws, k))
    total = hits + rng.binomial(rest, rate)  # hits of each step, in each draw
    mean = hits + rest * (hits + 0.5) / (seen + 1.0)
    tail = (1 - level) / 2
    from_here = total[:, ::-1].cumsum(axis=1)[:, ::-1]
    alerts = steps.cases[::-1].cumsum()[::-1]
    estimate = mean[::-1].cumsum()[::-1]
    low, high = np.quantile(from_here, [tail, 1 - tail], axis=0)
    step_low, step_high = np.quantile(total, [tail, 1 - tail], axis=0)
    table = pl.DataFrame(
        {
            "threshold": steps.edges, "is_line": steps.edges == steps.line, "cases": steps.cases, "reviewed": seen,
            "found": hits, "step_hits": mean, "step_low": step_low, "step_high": step_high, "alerts": alerts,
            "hits": estimate, "hits_low": low, "hits_high": high,
            "precision": [e / a if a else None for e, a in zip(estimate.tolist(), alerts.tolist(), strict=True)],
        }
    )  # fmt: skip
    place = _best_step(np.asarray(mean)[None, :], steps.cases, least_precision)[0]
    places = _best_step(total, steps.cases, least_precision)
    low_place, high_place = np.quantile(places, [tail, 1 - tail], method="nearest").astype(int)
    best, lowest, highest = (float(steps.edges[int(p)]) for p in (place, low_place, high_place))
    return LineVerdict(
        table, steps.line, best, lowest, highest, least_precision=float(least_precision), level=float(level)
    )


def _best_step(hits: NDArray[Any], cases: Ints, least: float) -> Ints:
    """The step from which on hits less ``least`` for each case are most; of equals the highest, shape (draws,)."""
    worth = (hits - least * cases)[:, ::-1].cumsum(axis=1)
    return np.asarray(len(cases) - 1 - np.argmax(worth, axis=1), dtype=np.int64)


@dataclass(frozen=True)
class LineVerdict:
    """What the review says of a rule's threshold.

    Parameters
    ----------
    table : polars.DataFrame
        A row a threshold, lowest first: threshold, is_line, cases, reviewed, found, step_hits with step_low and
        step_high (of that step alone), alerts and hits with hits_low and hits_high (from that threshold on),
        precision.
    line, recommended, low, high : float
        Today's threshold, the recommended one, and its interval. Where not even the highest step is worth its reviews,
        the recommended one is the highest threshold.
    least_precision, level : float
    """

    table: pl.DataFrame
    line: float
    recommended: float
    low: float
    high: float
    least_precision: float
    level: float

    def words(self) -> Words:
        """The recommendation, in a sentence."""
        rows = {row["threshold"]: row for row in self.table.to_dicts()}
        now, then = rows[self.line], rows[self.recommended]
        alerts, hits = then["alerts"] - now["alerts"], then["hits"] - now["hits"]
        interval = f"{self.low:g} to {self.high:g}", f"{self.low:g} 至 {self.high:g}"
        if self.recommended == self.line:
            return Words(
                f"Leave the threshold at {self.line:g} ({self.level:.0%} interval {interval[0]}).",
                f"阈值维持 {self.line:g}（{self.level:.0%} 区间 {interval[1]}）。",
            )
        down = self.recommended < self.line
        more, gained = ("more", "gained") if down else ("fewer", "lost")
        return Words(
            f"{'Lower' if down else 'Raise'} the threshold from {self.line:g} to {self.recommended:g} "
            f"({self.level:.0%} interval {interval[0]}): {abs(alerts):,} {more} alerts, about {abs(hits):,.0f} hits "
            f"{gained}.",
            f"将阈值由 {self.line:g} {'下调' if down else '上调'}至 {self.recommended:g}（{self.level:.0%} 区间 "
            f"{interval[1]}）：预警{'增加' if down else '减少'} {abs(alerts):,} 件，命中约{'增加' if down else '减少'} "
            f"{abs(hits):,.0f} 件。",
        )
