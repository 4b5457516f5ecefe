"""The search itself: candidates in batches through the screen, a pool of the best, a last weighing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.features.forecast import Forecast
from tael.features.ledger import Ledger
from tael.features.pool import Pool
from tael.features.screen import Screen, Screening, chunks, residuals
from tael.features.select import Choice, foretold, weigh
from tael.formulas.syntax import Name, Node

Evaluate = Callable[[list[Node]], NDArray[np.float32]]
Tell = Callable[[str, float], None]

LEAST_SCORE = 1.0
FORETELLING = 40  # columns behind the prediction whose residual the next path is asked about
STABLE = 0.75
GIVEN_SHARE = 4  # the observation's own plain columns may take a quarter of the places untested


@dataclass(frozen=True)
class Found:
    """What a search kept, the most useful first.

    Attributes
    ----------
    nodes : list of Node
    gain, stability : ndarray, shape (n_kept,)
        NaN without a label.
    """

    nodes: list[Node]
    gain: NDArray[np.float64]
    stability: NDArray[np.float64]


@dataclass
class Search:
    """Screens candidates, holds the best, weighs them together.

    Parameters
    ----------
    evaluate : callable
        Computes formulas for the search's observations, which stand in the order of time: (m, n) float32.
    n : int
        Observations.
    target : ndarray, shape (n,), or None
        Class numbers, or numbers; without it candidates are kept in their order, without constants and twins.
    n_classes : int
        0 for a regression.
    keep : int
    correlation : float
        Rank correlation from which two columns count as the same.
    seconds : float or None
        When they are over, what is left is not tried.
    """

    evaluate: Evaluate
    n: int
    target: NDArray | None
    n_classes: int
    keep: int
    correlation: float
    ledger: Ledger
    tell: Tell
    seconds: float | None = None
    seed: int = 0
    n_threads: int = 1

    def run(self, parts: list[list[Node]], plan: Forecast) -> Found:
        """Try all candidates.

        Parameters
        ----------
        parts : list of list of Node
            The first holds formulas of the observation's own row; each later one those along one path. Each is asked
            what it knows beyond the best of those before it, and may fill a part of the pool alone: else the variants
            of one strong signal would crowd out all others.
        plan : Forecast
            How many are computed at once.
        """
        clock = time.monotonic()
        self._given: list[tuple[float, Node, NDArray[np.float32]]] = []
        size, total, done = pool_size(self.keep), sum(map(len, parts)), 0
        pool = Pool(size, self.correlation, self.ledger)
        known: NDArray[np.float64] | None = None
        asked: list[Node] = []
        for number, part in enumerate(parts):
            if not part:
                continue
            some = Pool(size if len(parts) < 3 else max(size // 3, 20), self.correlation, self.ledger)
            screen = None if self.target is None else self._screen(known)
            self._try(part, plan, some, screen, clock, done, total)
            done += len(part)
            pool.absorb(some)
            if self.target is not None and any(parts[number + 1 :]) and len(some):
                best = pool.best(FORETELLING)
                if best[0] != asked:  # a path that added nothing to the best leaves the residual as it is
                    asked, known = best[0], self._foretold(best[1])
        nodes, columns = pool.best()
        if self.target is None:
            none = np.full(min(len(nodes), self.keep), np.nan)
            for node in nodes[: self.keep]:
                self.ledger.keep(node)
            return Found(nodes[: self.keep], none, none.copy())
        return self._weigh(nodes, columns)

    def _foretold(self, columns: NDArray[np.float32]) -> NDArray[np.float64] | None:
        assert self.target is not None
        return foretold(columns, self.target, n_classes=self.n_classes, seed=self.seed, n_threads=self.n_threads)

    def _screen(self, known: NDArray[np.float64] | None) -> Screen:
        assert self.target is not None
        residual, variance = residuals(self.target, known, classification=self.n_classes > 0)
        half = (np.arange(self.n) >= self.n // 2).astype(np.uint8)
        return Screen(residual, variance, half, n_bins=bins_for(self.n), n_threads=self.n_threads)

    def _try(
        self,
        candidates: list[Node],
        plan: Forecast,
        pool: Pool,
        screen: Screen | None,
        clock: float,
        done: int,
        total: int,
    ) -> None:
        tried = 0
        for batch in chunks(candidates, plan.batch):
            if self.seconds is not None and done + tried and time.monotonic() - clock > self.seconds:
                self.ledger.skipped(candidates[tried:])
                break
            columns = self.evaluate(batch)
            for i, (node, one) in enumerate(zip(batch, _scores(screen, columns), strict=True)):
                if screen is not None and not one.constant and not done and isinstance(node, Name):
                    self._given.append((one.score, node, columns[i].copy()))
                self.ledger.enter(node, one.score, one.agreement, one.coverage)
                if one.constant:
                    self.ledger.drop(node, "constant")
                elif screen is not None and one.score < LEAST_SCORE:
                    self.ledger.drop(node, "no gain")
                else:
                    number = done + tried + i
                    pool.add(-float(number) if screen is None else one.score, number, node, columns[i])
            tried += len(batch)
            self.tell(f"{done + tried:,} of {total:,} formulas tried", 0.8 * (done + tried) / max(total, 1))

    def _weigh(self, nodes: list[Node], columns: NDArray[np.float32]) -> Found:
        """Boosted models on all that is left; the weaker half goes, until gains are not thinned out among copies."""
        assert self.target is not None
        if not nodes:
            return Found([], np.empty(0), np.empty(0))
        self.tell("weighing the best together", 0.85)
        left = np.arange(len(nodes))
        choice, order = self._ask(columns)
        while len(left) > 1.5 * self.keep:
            staying = np.sort(order[: max(len(left) // 2, int(1.5 * self.keep))])
            self._drop(nodes, left, staying, "weaker together")
            left = left[staying]
            choice, order = self._ask(columns[left])
        staying = np.flatnonzero(choice.stability >= STABLE)
        if len(staying) == 0:
            # with too few rows for any formula to prove itself, the best of them are still better than nothing
            staying = np.sort(order[: min(self.keep, 5)])
        self._drop(nodes, left, staying, "no better than noise")
        return self._with_given([nodes[i] for i in left[staying]], columns[left[staying]])

    def _with_given(self, nodes: list[Node], columns: NDArray[np.float32]) -> Found:
        """The chosen, and the observation's own columns whether chosen or not: nobody would leave them out."""
        self._given.sort(key=lambda item: -item[0])
        given = [item for item in self._given[: self.keep // GIVEN_SHARE] if item[1] not in nodes]
        everything = [*nodes, *(node for _, node, _ in given)]
        choice, order = self._ask(np.stack([*columns, *(column for _, _, column in given)]))
        chosen = [i for i in order if i < len(nodes)][: self.keep - len(given)]
        self._drop(nodes, np.arange(len(nodes)), np.array(chosen, dtype=np.int64), "beyond keep")
        best = np.array([i for i in order if i in chosen or i >= len(nodes)], dtype=np.int64)
        for i in best:
            self.ledger.keep(everything[i])
        return Found([everything[i] for i in best], choice.gain[best], choice.stability[best])

    def _ask(self, columns: NDArray[np.float32]) -> tuple[Choice, NDArray[np.int64]]:
        assert self.target is not None
        choice = weigh(columns, self.target, n_classes=self.n_classes, seed=self.seed, n_threads=self.n_threads)
        return choice, np.argsort(-choice.help, kind="stable")

    def _drop(self, nodes: list[Node], left: NDArray, staying: NDArray, reason: str) -> None:
        for i in np.setdiff1d(np.arange(len(left)), staying):
            self.ledger.drop(nodes[left[i]], reason)


def pool_size(keep: int) -> int:
    """How many candidates are held for the last weighing."""
    return max(5 * keep, 60)


def bins_for(n: int) -> int:
    """Bins of the screen: as many as leave a few hundred rows in each."""
    return int(np.clip(n // 300, 5, 16))


def _scores(screen: Screen | None, columns: NDArray[np.float32]) -> list[Screening]:
    if screen is not None:
        return screen(columns)
    out = []
    for column in columns:
        present = column[~np.isnan(column)]
        constant = len(present) == 0 or bool((present == present[0]).all())
        out.append(Screening(float("nan"), float("nan"), len(present) / max(len(column), 1), constant))
    return out
