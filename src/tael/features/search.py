"""The search itself: candidates in batches through the screen, a pool of the best, chance, a last weighing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tael.features.chance import Chance, Null
from tael.features.clock import Clock
from tael.features.directions import Directions
from tael.features.forecast import Forecast
from tael.features.halves import Halves, halves_of
from tael.features.labels import Label
from tael.features.ledger import Ledger
from tael.features.pool import Pool
from tael.features.screen import Screen, Screening, chunks
from tael.features.select import foretold
from tael.features.weighing import ENOUGH_CASES, Given, Weighing
from tael.formulas.syntax import Call, Name, Node

Evaluate = Callable[[list[Node]], NDArray[np.float32]]
Tell = Callable[[str, float], None]
Deeper = Callable[[list[Node]], Iterable[Node]]

LEAST_SCORE = 1.0
FORETELLING = 40  # columns behind the prediction whose residual the next path is asked about
OPPOSITE = -2.0  # an agreement of the halves of time below it is no mere noise
POOL_VALUES = 25_000_000  # at most so many numbers are held beyond five times keep: 100 MB
SURVIVORS = 20  # that a deeper layer builds on
ROUNDS = 2  # of deeper layers: what was combined may be compared with peers


@dataclass(frozen=True)
class Found:
    """What a search kept, the most useful first.

    Attributes
    ----------
    nodes : list of Node
    gain, stability : ndarray, shape (n_kept,)
        NaN without a label, and where there was no time to weigh.
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
    cutoff : ndarray of int64, shape (n,)
        Of the observations, ascending.
    label : Label or None
        Without it candidates are kept in their order, without constants and twins.
    keep : int
    correlation : float
        Rank correlation from which two columns count as the same.
    clock : Clock
    directions : Directions, optional
        Stated directions that candidates must not contradict.
    person : ndarray of int64, shape (n,), optional
        From `people_apart`: whose observations are left out of a model together.
    """

    evaluate: Evaluate
    cutoff: NDArray[np.int64]
    label: Label | None
    keep: int
    correlation: float
    ledger: Ledger
    tell: Tell
    clock: Clock = field(default_factory=Clock)
    directions: Directions | None = None
    seed: int = 0
    n_threads: int = 1
    person: NDArray[np.int64] | None = None
    interrupted: bool = False
    null: Null | None = None

    def run(
        self, parts: list[list[Node]], plan: Forecast, titles: list[str] | None = None, deeper: Deeper | None = None
    ) -> Found:
        """Try all candidates.

        Parameters
        ----------
        parts : list of list of Node
            The first holds formulas of the observation's own row; each later one those along one path. Each is asked
            what it knows beyond the best of those before it, and may fill a part of the pool alone: else the variants
            of one strong signal would crowd out all others.
        plan : Forecast
            How many are computed at once.
        titles : list of str, optional
            What each part is about.
        deeper : callable, optional
            Survivors of the first weighing to formulas built on them.

        Notes
        -----
        Ctrl-C ends the search with what it has; a second one goes through.
        """
        self._given: list[Given] = []
        self._best: tuple[float, Node] | None = None
        self._done, self._total = 0, sum(map(len, parts))
        self._chance = None if self.label is None else Chance(self.cutoff, self.label.groups, self.seed)
        if self.label is not None and self._chance is not None:
            self._half = halves_of(self.cutoff, self.seed)
            self._plain = self.label.residuals()
            self._halves = Halves(self._half, self._chance.block)
        self._pool = Pool(pool_size(self.keep, len(self.cutoff)), self.correlation, self.ledger)
        self._cost: float | None = None
        try:
            self._all(parts, titles or [""] * len(parts), plan)
        except KeyboardInterrupt:
            self.interrupted = True
            tried = {node for node in self.ledger}
            self.ledger.skipped([node for part in parts for node in part if node not in tried], "interrupted")
        if self.label is None:
            nodes = self._pool.best(self.keep)[0]
            for node in nodes:
                self.ledger.keep(node)
            none = np.full(len(nodes), np.nan)
            return Found(nodes, none, none.copy())
        found = self._weighed()
        for _ in range(ROUNDS if deeper is not None else 0):
            before = set(found.nodes)
            if deeper is None or not before or self.interrupted or self.clock.search_over():
                break
            found = self._deeper(found, deeper, plan)
            if set(found.nodes) == before:
                break
        for node in found.nodes:
            self.ledger.keep(node)
        return found

    # ------------------------------------------------------------ trying
    def _all(self, parts: list[list[Node]], titles: list[str], plan: Forecast) -> None:
        size = self._pool.size
        known: NDArray[np.float64] | None = None
        asked: list[Node] = []
        for number, (part, title) in enumerate(zip(parts, titles, strict=True)):
            if not part:
                continue
            some = Pool(size if len(parts) < 3 else max(size // 3, 20), self.correlation, self.ledger)
            screen = None if self.label is None else self._screen(known)
            try:
                self._try(part, title, plan, some, screen, own=number == 0)
            finally:  # what was tried before a Ctrl-C counts
                self._pool.absorb(some)
            if self.label is not None and any(parts[number + 1 :]) and len(some) and not self.clock.search_over():
                best = self._pool.best(FORETELLING)
                if best[0] != asked:  # a path that added nothing to the best leaves the residual as it is
                    asked, known = best[0], self._foretold(best[1])

    def _deeper(self, found: Found, deeper: Deeper, plan: Forecast) -> Found:
        """A further layer, asked what it knows beyond what was found; all are then weighed together."""
        try:
            known = self._foretold(self.evaluate(found.nodes[:FORETELLING]))
            fresh = [node for node in deeper(found.nodes[:SURVIVORS]) if node not in self.ledger]
            fresh = self.clock.afford(fresh, self.ledger)
            self._total += len(fresh)
            some = Pool(max(self._pool.size // 3, 20), self.correlation, self.ledger)
            self._try(fresh, "what was found, combined", plan, some, self._screen(known), own=False)
        except KeyboardInterrupt:
            self.interrupted = True
            return found
        self._pool = Pool(self._pool.size, 1.0, self.ledger)
        columns = self.evaluate(found.nodes)
        for i, node in enumerate(found.nodes):
            self._pool.add(np.inf, i - len(found.nodes), node, columns[i])
        self._pool.absorb(some)
        return self._weighed()

    def _foretold(self, columns: NDArray[np.float32]) -> NDArray[np.float64] | None:
        assert self.label is not None
        start = time.monotonic()
        out = foretold(columns, self.label, seed=self.seed, n_threads=self.n_threads, person=self.person)
        self._cost = (time.monotonic() - start) / max(len(columns), 1)
        return out

    def _screen(self, known: NDArray[np.float64] | None) -> Screen:
        assert self.label is not None
        residual, variance = self.label.residuals(known)
        n_bins = bins_for(len(self.label))
        return Screen(
            residual, variance, self._half, self._chance, plain=self._plain, n_bins=n_bins, n_threads=self.n_threads
        )

    def _try(
        self, candidates: list[Node], title: str, plan: Forecast, pool: Pool, screen: Screen | None, *, own: bool
    ) -> None:
        tried = 0
        for batch in chunks(candidates, plan.batch):
            if self._done and self.clock.search_over():
                self.ledger.skipped(candidates[tried:], "out of time")
                break
            columns = self.evaluate(batch)
            for i, (node, one) in enumerate(zip(batch, _scores(screen, columns), strict=True)):
                self._consider(node, one, columns[i], self._done + i, pool, screen, own=own)
            tried += len(batch)
            self._done += len(batch)
            self._say(title)

    def _consider(
        self, node: Node, one: Screening, column: NDArray[np.float32], number: int, pool: Pool, screen: Screen | None,
        *, own: bool,
    ) -> None:  # fmt: skip
        self.ledger.enter(node, one.score, one.agreement, one.coverage, one.test)
        if one.constant:
            self.ledger.drop(node, "constant")
        elif self.directions is not None and self.directions.contradicts(node, column):
            self.ledger.drop(node, "contradicts its stated direction")
        elif screen is None:
            pool.add(-float(number), number, node, column)
        else:
            self._halves.note(node, one.halves)
            if own and is_plain(node):
                self._given.append(Given(one.score, node, column.copy()))
            if one.score < LEAST_SCORE:
                self.ledger.drop(node, "no gain")
            elif one.agreement < OPPOSITE:
                self.ledger.drop(node, "the halves of time disagree")
            else:
                pool.add(one.score, number, node, column)
                if self._best is None or one.score > self._best[0]:
                    self._best = (one.score, node)

    def _say(self, title: str) -> None:
        from tael.formulas.printer import to_text

        text = f"{self._done:,} of {self._total:,} formulas tried"
        text += f", now {title}" if title else ""
        if self._best is not None:
            text += f"; best so far {to_text(self._best[1])} ({self._best[0]:.1f} sd above chance)"
        self.tell(text, 0.8 * self._done / max(self._total, 1))

    # ------------------------------------------------------------ choosing
    def _weighed(self) -> Found:
        """What beats chance, weighed together."""
        assert self.label is not None
        assert self._chance is not None
        across = self._halves.proof(self.evaluate, self._plain[0])
        self.null = self._chance.null(across, few=self.label.cases < ENOUGH_CASES)
        nodes, columns = self._pool.best()
        staying = [i for i, node in enumerate(nodes) if self.ledger.test(node) >= self.null.threshold]
        for i in set(range(len(nodes))) - set(staying):
            self.ledger.drop(nodes[i], "no better than chance")
        if not staying:
            return Found([], np.empty(0), np.empty(0))
        weighing = Weighing(
            self.label,
            self.keep,
            self.ledger,
            self.clock,
            self._cost,
            self.seed,
            self.n_threads,
            quick=self.interrupted,
            correlation=self.correlation,
            person=self.person,
        )
        self.tell("weighing the best together", 0.85)
        try:
            chosen = weighing.choose([nodes[i] for i in staying], columns[staying], self._given)
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.interrupted = True
            chosen = weighing.unweighed([nodes[i] for i in staying])
        return Found(*chosen)


def is_plain(node: Node) -> bool:
    """Whether a formula is a column as it stands: a number, a flag, days since a time, or one value of a category.

    >>> from tael.formulas.parser import parse
    >>> [is_plain(parse(text)) for text in ("amount", 'city == "x"', "days_since(born)", "amount / income")]
    [True, True, True, False]
    """
    if isinstance(node, Call) and node.op in ("days_since", "eq", "is_missing") and len(node.args) <= 2:
        return isinstance(node.args[0], Name) and node.args[0].parts != ("cutoff",)
    return isinstance(node, Name)


def pool_size(keep: int, n: int) -> int:
    """How many candidates are held for the last weighing.

    What is weak alone may be strong beside others: where columns are cheap, more are held, though not more than rows.
    """
    return int(max(5 * keep, min(15 * keep, n, POOL_VALUES // max(n, 1)), 60))


def bins_for(n: int) -> int:
    """Bins of the screen: as many as leave a few hundred rows in each."""
    return int(np.clip(n // 300, 5, 16))


def _scores(screen: Screen | None, columns: NDArray[np.float32]) -> Iterator[Screening] | list[Screening]:
    if screen is not None:
        return screen(columns)
    out = []
    for column in columns:
        present = column[~np.isnan(column)]
        constant = len(present) == 0 or bool((present == present[0]).all())
        out.append(Screening(float("nan"), float("nan"), len(present) / max(len(column), 1), constant))
    return out
