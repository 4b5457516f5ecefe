"""Which formulas that beat chance are kept: one after another, each for what those before it leave unexplained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.formulas.parser import parse
from tael.formulas.syntax import Node
from tael.kernels.panel import neutralize, rank
from tael.markets.mining.canonical import size
from tael.markets.mining.proof import mean_tests
from tael.markets.mining.staging import Stage
from tael.markets.mining.tried import Tried

Array = NDArray[Any]
SAME = 0.7
"""Rank correlation from which two factors say the same."""
FOR_TURNOVER = 0.25
"""What a factor that reorders all entities at every bar loses of its t when factors are compared."""
FOR_LENGTH = 0.02
"""What each operator and field costs of a t: less would choose among neighbours by noise alone."""
PATIENCE = 12
"""Formulas in a row that add nothing: then the others, which promise less, are let go."""


@dataclass
class Known:
    """What is known before a factor is chosen: those held already, and those kept, on one stage.

    Parameters
    ----------
    stage : Stage
    exposures : list of array, shape (bars, N)
        Ranks less their middle, 0 where missing.
    """

    stage: Stage
    exposures: list[Array] = field(default_factory=list)
    residual: Array = field(init=False)

    def __post_init__(self) -> None:
        self.residual = self.left()

    def learn(self, exposure: Array) -> None:
        """Take one more exposure into account."""
        self.exposures.append(exposure)
        self.residual = self.left()

    def left(self) -> Array:
        """The ranked outcome less what the exposures explain of it, bar by bar."""
        if not self.exposures:
            return self.stage.outcome
        return neutralize(
            self.stage.outcome,
            exposures=self.exposures,
            members=self.stage.members,
            n_threads=self.stage.n_threads,
        )


def centred(stage: Stage, values: Array, at: Any = slice(None)) -> Array:
    """Ranks between -1/2 and 1/2, 0 where there is no value; of some of the stage's bars."""
    ranks = rank(values[at], stage.members[at], n_threads=stage.n_threads)
    there = np.isfinite(ranks)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    # the mean of n ranks over n is (n + 1) / 2n
    return np.where(there, ranks - ((count + 1) / (2 * count)).astype(ranks.dtype), 0).astype(ranks.dtype)


def marks_of(ranks: Array) -> NDArray[np.float32]:
    """Centred ranks of some bars as one vector of length 1 a bar, so that a product is a mean rank correlation.

    >>> marks = marks_of(np.array([[-0.5, 0.0, 0.5], [0.5, 0.0, -0.5]]))
    >>> float((marks @ marks).round(6))
    1.0
    """
    scale = np.sqrt((ranks.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    unit = np.divide(ranks, scale, out=np.zeros(ranks.shape), where=scale > 0)
    bars = max(int((scale > 0).sum()), 1)
    return (unit / np.sqrt(bars)).astype(np.float32).reshape(-1)


@dataclass
class Held:
    """Factors that the model has already.

    Attributes
    ----------
    formulas : list of str
    marks : float32 array, shape (formulas, cells)
    said : list of (Node, float)
        Those that foretell something by themselves, with their mean rank IC: their weighted sum is one exposure.
    """

    formulas: list[str]
    marks: NDArray[np.float32]
    said: list[tuple[Node, float]]

    @staticmethod
    def of(formulas: Sequence[str], stage: Stage, at: NDArray[np.int64], lags: int) -> Held:
        """Measure the factors on a stage.

        Parameters
        ----------
        formulas : sequence of str
        stage : Stage
        at : array of int
            The stage's bars on which factors are compared.
        lags : int
        """
        texts = list(dict.fromkeys(formulas))
        marks, said = [], []
        for batch in stage.batches([parse(text) for text in texts]):
            found = mean_tests(batch.ic, lags)
            for node, values, mean, t in zip(batch.nodes, batch.values, found.mean, found.t, strict=True):
                marks.append(marks_of(centred(stage, values, at)))
                if abs(t) >= 2.0:
                    said.append((node, float(mean)))
        cells = len(at) * stage.members.shape[1]
        return Held(texts, np.array(marks, np.float32).reshape(-1, cells), said)

    def exposure(self, stage: Stage) -> Array | None:
        """What they say together: their ranks, each weighted by its rank IC; None where they say nothing."""
        if not self.said:
            return None
        total = np.zeros(stage.members.shape, stage.dtype)
        weight = {node: mean for node, mean in self.said}
        for batch in stage.batches(list(weight)):
            for node, values in zip(batch.nodes, batch.values, strict=True):
                total += np.asarray(weight[node] * centred(stage, values), stage.dtype)
        return total


@dataclass
class Choice:
    """The greedy forward choice.

    Parameters
    ----------
    whole, thin : Stage
        All bars, by which a factor is judged; those of the screen, by which the next to be judged is picked.
    judge : callable
        t of a bred or unbred formula's rank ICs on all bars.
    threshold : float
    lags : int
        Of the screen's errors.
    """

    whole: Stage
    thin: Stage
    judge: Callable[[Tried, NDArray[np.float64]], float]
    threshold: float
    lags: int

    def __call__(self, pool: list[Tried], keep: int, held: Held, tell: Callable[[str, float], None]) -> list[Tried]:
        """Keep at most ``keep`` of a pool, the strongest first; of the others it is said why not."""
        ranks = {id(one): centred(self.thin, self.thin.values([one.node])[0]) for one in pool}
        before = [] if not pool else [held.exposure(self.whole), held.exposure(self.thin)]
        given = [[one] if one is not None else [] for one in before]
        if not pool:
            return []
        all_bars, few_bars = Known(self.whole, given[0]), Known(self.thin, given[1])
        pool, kept, failed = list(pool), list[Tried](), 0
        while pool and len(kept) < keep:
            promise = self._promise(pool, ranks, few_bars.residual)
            one = pool.pop(int(np.argmax(promise)))
            values = self.whole.values([one.node])[0]
            one.gain_t = self.judge(one, self.whole.ic(values, all_bars.residual))
            if abs(one.gain_t) < self.threshold or one.gain_t * one.rank_ic < 0:
                one.drop("adds nothing to those kept" if kept or held.said else "no better than chance")
                failed += 1
                if failed >= PATIENCE:
                    break
                continue
            failed = 0
            kept.append(one)
            tell(f"{len(kept)} kept", len(kept) / keep)
            all_bars.learn(centred(self.whole, values))
            few_bars.learn(ranks[id(one)])
            pool = self._without(pool, one)
        for other in pool:
            if len(kept) < keep:
                other.drop("adds nothing to those kept")
        return kept

    def _promise(self, pool: list[Tried], ranks: dict[int, Array], residual: Array) -> NDArray[np.float64]:
        there = np.isfinite(residual)
        count = np.maximum(there.sum(axis=1, keepdims=True), 1)
        flat = np.where(there, residual, 0.0)
        flat = np.where(there, flat - flat.sum(axis=1, keepdims=True) / count, 0.0)
        length = np.sqrt((flat * flat).sum(axis=1))
        series = np.empty((len(pool), len(flat)))
        for number, one in enumerate(pool):
            mine = ranks[id(one)]
            scale = length * np.sqrt(np.einsum("tn,tn->t", mine, mine))
            product = np.einsum("tn,tn->t", mine, flat)
            series[number] = np.divide(product, scale, out=np.full(len(flat), np.nan), where=scale > 0)
        t = np.abs(mean_tests(series, self.lags).t)
        turnover = np.nan_to_num(np.array([one.turnover for one in pool]), nan=1.0)
        length_of = np.array([size(one.node) for one in pool])
        found: NDArray[np.float64] = t * (1 - FOR_TURNOVER * np.minimum(turnover, 1.0)) * (1 - FOR_LENGTH * length_of)
        return found

    @staticmethod
    def _without(pool: list[Tried], kept: Tried) -> list[Tried]:
        """Those that do not say the same as the one kept."""
        staying = []
        for one in pool:
            assert one.marks is not None
            assert kept.marks is not None
            alike = abs(float(one.marks @ kept.marks))
            one.novelty = float(np.nanmin([one.novelty, 1.0 - alike]))
            if alike >= SAME:
                one.drop("says the same", kept.text)
            else:
                staying.append(one)
        return staying
