"""The probability that a strategy chosen among many is overfitted, by combinatorially symmetric cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from scipy.stats import rankdata

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, panel


@dataclass(frozen=True)
class Overfitting:
    """What becomes, out of sample, of the trial that is best in sample.

    Parameters
    ----------
    probability : float
        Share of the splits in which the best of the one half is at most the median of the other (PBO).
    loss : float
        Share of the splits in which it loses money there.
    slope : float
        Of its ratio out of sample on that in sample, over splits: below 0, the better it looked the worse it was.
    logits : ndarray of shape (splits,)
        Logit of its relative rank out of sample.
    in_sample, out_of_sample : ndarray of shape (splits,)
        Its Sharpe ratio of a period in both halves.
    """

    probability: float
    loss: float
    slope: float
    logits: Floats
    in_sample: Floats
    out_of_sample: Floats


def _ratios(counts: Floats, sums: Floats, squares: Floats) -> Floats:
    mean = sums / counts
    variance = np.maximum(squares / counts - mean**2, 0.0) * counts / (counts - 1.0)
    # A spread that is only rounding is none.
    spread = np.where(variance > 1e-18 + 1e-14 * mean**2, np.sqrt(variance), np.nan)
    return np.nan_to_num(mean / spread)


def overfitting_probability(trials: Any, blocks: int = 16) -> Overfitting:
    """Probability of backtest overfitting by CSCV (Bailey, Borwein, Lopez de Prado and Zhu 2017).

    The periods are cut into an even number of blocks. For every choice of half of them, the trial with the best Sharpe
    ratio there is ranked among all trials in the other half.

    Parameters
    ----------
    trials : (T, N)
        Returns of N trials at the same periods: all that were tried, not the good ones.
    blocks : int
        Even; 16 make 12,870 splits.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(400, 20))
    >>> skilled = noise + np.where(np.arange(20) == 3, 0.5, 0.0)
    >>> overfitting_probability(skilled, blocks=8).probability
    0.0
    """
    returns = panel(trials, "trials")
    n_periods, n_trials = returns.shape
    if blocks < 2 or blocks % 2 or n_periods < 2 * blocks or n_trials < 2:
        raise MarketError(
            "The trials cannot be cut so.",
            expected="an even number of blocks of at least two periods, and two trials or more",
            got=f"{blocks} blocks of {n_periods} periods, {n_trials} trials",
        )
    if not np.isfinite(returns).all():
        raise MarketError(
            "Some trials' returns are missing.", fix="Give each trial a return in every period; 0 is flat."
        )
    if comb(blocks, blocks // 2) > 200_000:
        raise MarketError("So many blocks make too many splits.", expected="at most 20 blocks", got=str(blocks))
    parts = np.array_split(returns, blocks)
    counts = np.array([float(len(part)) for part in parts])
    sums, squares = np.array([part.sum(axis=0) for part in parts]), np.array([(part**2).sum(axis=0) for part in parts])
    chosen = np.zeros((comb(blocks, blocks // 2), blocks))
    for row, half in enumerate(combinations(range(blocks), blocks // 2)):
        chosen[row, list(half)] = 1.0
    logits, inside, outside = [], [], []
    step = max(1, 4_000_000 // n_trials)
    for first in range(0, len(chosen), step):
        mine = chosen[first : first + step]
        other = 1.0 - mine
        seen = _ratios((mine @ counts)[:, None], mine @ sums, mine @ squares)
        unseen = _ratios((other @ counts)[:, None], other @ sums, other @ squares)
        best = np.argmax(seen, axis=1)
        rows = np.arange(len(mine))
        rank = rankdata(unseen, axis=1)[rows, best] / (n_trials + 1.0)
        logits.append(np.log(rank / (1.0 - rank)))
        inside.append(seen[rows, best])
        outside.append(unseen[rows, best])
    logit, left, right = np.concatenate(logits), np.concatenate(inside), np.concatenate(outside)
    spread = float(np.var(left))
    slope = float(np.cov(left, right, ddof=0)[0, 1]) / spread if spread > 0 else float("nan")
    return Overfitting(float(np.mean(logit <= 0.0)), float(np.mean(right < 0.0)), slope, logit, left, right)
