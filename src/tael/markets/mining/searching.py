"""The search: first formulas, breeding from the best, chance, choice; within a budget of formulas and of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.formulas.syntax import Node
from tael.kernels.panel import rank_turnover
from tael.markets.mining.breeding import Breeder
from tael.markets.mining.canonical import size
from tael.markets.mining.choosing import FOR_LENGTH, SAME, Choice, Held, centred, marks_of
from tael.markets.mining.proof import LEAST_T, LEVEL, Times, agreement, lags_of, largest_by_chance, mean_tests
from tael.markets.mining.staging import Batch, Stage
from tael.markets.mining.tried import Ledger, Tried

Tell = Callable[[str, float], None]
Floats = NDArray[np.float64]
FIRST = 0.6
"""Share of the budget for the first formulas; the rest is bred."""
GENERATIONS = 6
PARENTS = 30
WEAK = 1.5
"""|t| on the screen below which a formula is not looked at again."""
COVERED = 0.2
RESERVED = 0.3
"""Of the time, for the choice."""
CELLS = 16_000
"""On which factors are compared with each other."""
STEADY = 4
"""Of five blocks of time, so many must have the sign of the whole."""


@dataclass
class Search:
    """One search on one stretch of time.

    Parameters
    ----------
    thin, whole : Stage
        The bars of the screen and all bars; one and the same where all are few.
    overlap : int
        Bars over which outcomes overlap.
    breeder : Breeder
    held : sequence of str
    budget : int
        Formulas.
    keep, seed : int
    seconds : float or None
    tell : callable
    """

    thin: Stage
    whole: Stage
    overlap: int
    breeder: Breeder
    held: Sequence[str]
    budget: int
    keep: int
    seed: int
    seconds: float | None
    tell: Tell
    ledger: Ledger = field(default_factory=Ledger)
    interrupted: bool = False
    chance: float = float("nan")
    threshold: float = LEAST_T

    def __post_init__(self) -> None:
        self._start = monotonic()
        bars = len(self.whole.panel)
        self.times = Times(self.thin.rows, bars, self.overlap)
        self._times_whole = Times(self.whole.rows, bars, self.overlap)
        every = max(1, round(bars / max(len(self.thin.rows), 1)))
        self.lags = lags_of(len(self.thin.rows), self.overlap, every)
        self._lags_whole = lags_of(bars, self.overlap)
        few = int(np.clip(CELLS // max(self.thin.members.shape[1], 1), 20, 100))
        self._at = np.unique(np.linspace(0, len(self.thin.rows) - 1, few).astype(np.int64))
        self._same: dict[bytes, Tried] = {}
        self._rng = np.random.default_rng(self.seed)

    # ------------------------------------------------------------ in order
    def run(self, first: list[Node]) -> list[Tried]:
        """Search, and keep what beats chance.

        Parameters
        ----------
        first : list of Node
            The first formulas, canonical.

        Returns
        -------
        list of Tried
            The strongest first.
        """
        try:
            self._screen(first, 0)
            self._breed()
        except KeyboardInterrupt:
            self.interrupted = True
        try:
            return self._choose()
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.interrupted = True
            return [one for one in self.ledger.tried if one.why == "kept"]

    # ------------------------------------------------------------ trying
    def _screen(self, nodes: Sequence[Node], generation: int) -> None:
        for first in range(0, len(nodes), self.thin.batch):
            if len(self.ledger) and self._late():
                return
            for batch in self.thin.batches(nodes[first : first + self.thin.batch]):
                self._enter(batch, generation)
            best = max(self.ledger.tried, key=lambda one: abs(one.t), default=None)
            text = f"{len(self.ledger):,} of {self.budget:,} formulas tried"
            text += f"; best so far {best.text} (t {best.t:.1f})" if best is not None else ""
            self.tell(text, 0.8 * len(self.ledger) / max(self.budget, 1))

    def _late(self) -> bool:
        return self.seconds is not None and monotonic() - self._start > (1.0 - RESERVED) * self.seconds

    def _enter(self, batch: Batch, generation: int) -> None:
        judging = np.full(len(self.thin.rows), True) if generation == 0 else self.times.proving
        judged = mean_tests(np.where(judging, batch.ic, np.nan), self.lags)
        guide = mean_tests(np.where(self.times.breeding, batch.ic, np.nan), self.lags)
        over_all = mean_tests(batch.ic, self.lags)
        usable = np.isfinite(self.thin.outcome).any(axis=1)
        members = np.maximum((self.thin.members[self._at]).sum(), 1)
        for i, node in enumerate(batch.nodes):
            one = Tried(
                node, generation, batch.ic[i].astype(np.float32),
                abs(float(guide.t[i])) * (1 - FOR_LENGTH * size(node)), float(judged.t[i]), float(over_all.mean[i]),
            )  # fmt: skip
            self.ledger.enter(one)
            some = batch.values[i][self._at]
            one.coverage = float(np.isfinite(some[self.thin.members[self._at]]).sum() / members)
            if one.coverage < COVERED or over_all.n[i] < 0.5 * usable.sum():
                one.drop("too few values")
                one.screened = np.full_like(one.screened, np.nan)
                continue
            twin = self._same.setdefault(_seen_from(batch.ic[i]), one)
            if twin is not one:
                one.drop("the same factor", twin.text)
            elif max(abs(one.t), one.score, abs(float(over_all.t[i]))) < WEAK:
                one.drop("weak")
            else:
                one.marks = marks_of(centred(self.thin, batch.values[i], self._at))

    def _breed(self) -> None:
        left = self.budget - len(self.ledger)
        for generation in range(1, GENERATIONS + 1):
            if left <= 0 or self._late():
                return
            parents = self._parents()
            children = self._children(parents, -(-left // (GENERATIONS + 1 - generation)))
            if not children:
                return
            self._screen(children, generation)
            left = self.budget - len(self.ledger)

    def _parents(self) -> list[Tried]:
        """The best on the bars that may guide breeding, none much like a better one."""
        some = [one for one in self.ledger.standing() if one.marks is not None and one.score >= WEAK]
        found = _Unlike(0.9)
        for one in sorted(some, key=lambda each: -each.score):
            if len(found.those) == PARENTS:
                break
            if found.like(one) is None:
                found.add(one)
        return found.those

    def _children(self, parents: list[Tried], most: int) -> list[Node]:
        """Neighbours of the parents in turn, the better parents' first, and crosses of them."""
        lines: list[Iterator[Node]] = []
        for number, one in enumerate(parents):
            made = list(self.breeder.neighbours(one.node))
            head, tail = made[:8], made[8:]
            if number + 1 < len(parents):
                other = parents[int(self._rng.integers(number + 1, len(parents)))]
                head += self.breeder.crossed(one.node, other.node, self._rng)
            lines.append(iter([*head, *(tail[i] for i in self._rng.permutation(len(tail)))]))
        fresh: dict[Node, None] = {}
        while lines and len(fresh) < most:
            lines = [line for line in lines if self._next(line, fresh)]
        return list(fresh)[:most]

    def _next(self, line: Iterator[Node], fresh: dict[Node, None]) -> bool:
        """Take the next of a parent's children that was not tried yet; False where there is none."""
        for made in line:
            child = self.breeder.fit(made)
            if child is not None and child not in self.ledger and child not in fresh:
                fresh[child] = None
                return True
        return False

    # ------------------------------------------------------------ choosing
    def _choose(self) -> list[Tried]:
        self.tell("what the best reach by chance", 0.82)
        self._measure_chance()
        finalists = self._finalists()
        held = Held.of(self.held, self.thin, self._at, self.lags)
        pool = self._judged([one for one in finalists if self._new(one, held)])
        choice = Choice(self.whole, self.thin, self._judge, self.threshold, self.lags)
        kept = choice(pool, self.keep, held, lambda text, share: self.tell(text, 0.9 + 0.1 * share))
        for one in kept:
            one.why = "kept"
        return kept

    def _measure_chance(self) -> None:
        """The threshold: what the best of all that was tried reaches by chance one time in a hundred, at least 3."""
        of_first = [one.screened for one in self.ledger.tried if one.generation == 0]
        bred = [one.screened for one in self.ledger.tried if one.generation > 0]
        every = np.full(len(self.thin.rows), True)
        families = [
            (np.array(some, np.float64), on)
            for some, on in ((of_first, every), (bred, self.times.proving))
            if some
        ]  # fmt: skip
        if families:
            largest = largest_by_chance(families, self.times, self.lags, seed=self.seed)
            self.chance = float(np.median(largest))
            self.threshold = max(LEAST_T, float(np.quantile(largest, 1.0 - LEVEL)))

    def _finalists(self) -> list[Tried]:
        """The strongest on the screen, none nearly the same as a stronger one: first formulas and bred ones apart."""
        limit = min(5 * self.keep, max(20, (512 << 20) // max(self.thin.array_bytes, 1)))
        # what an effect that just passes on all bars shows on the screen, in the mean
        least = max(WEAK, self.threshold * float(np.sqrt(self.thin.members.size / self.whole.members.size)))
        found: list[Tried] = []
        for bred in (False, True):
            mine = _Unlike(0.9)
            some = [one for one in self.ledger.standing() if (one.generation > 0) is bred]
            for one in sorted(some, key=lambda each: -abs(each.t) * (1 - FOR_LENGTH * size(each.node))):
                if abs(one.t) < least:
                    one.drop("no better than chance")
                elif (better := mine.like(one)) is not None:
                    one.drop("nearly the same as a better one", better.text)
                elif len(mine.those) < limit:
                    mine.add(one)
                else:
                    one.drop("beyond the finalists")
            found += mine.those
        return found

    def _new(self, one: Tried, held: Held) -> bool:
        if not held.formulas:
            return True
        alike = np.abs(held.marks @ one.marks)  # type: ignore[operator]
        nearest = int(np.argmax(alike))
        one.novelty = 1.0 - float(alike[nearest])
        if alike[nearest] >= SAME:
            one.drop("says the same as one held", held.formulas[nearest])
        return one.open

    def _judged(self, some: list[Tried]) -> list[Tried]:
        """Those that beat chance on all bars, steadily."""
        by_node, judged = {one.node: one for one in some}, list[Tried]()
        for batch in self.whole.batches(list(by_node)):
            if self._out_of_time():
                break
            for node, values, ic in zip(batch.nodes, batch.values, batch.ic, strict=True):
                one = by_node[node]
                one.rank_ic, one.t = float(np.nanmean(ic)), self._judge(one, ic)
                halves, one.steady = agreement(ic, self._times_whole)
                one.turnover = self._turnover(values)
                if abs(one.t) < self.threshold:
                    one.drop("no better than chance")
                elif not halves or one.steady < STEADY:
                    one.drop("unsteady in time")
                judged.append(one)
        for one in some:
            if one.open and one not in judged:
                one.drop("out of time")
        return [one for one in judged if one.open]

    def _out_of_time(self) -> bool:
        return self.seconds is not None and monotonic() - self._start > self.seconds

    def _judge(self, one: Tried, ic: Floats) -> float:
        on = np.full(len(ic), True) if one.generation == 0 else self._times_whole.proving
        return float(mean_tests(np.where(on, ic, np.nan), self._lags_whole).t[0])

    def _turnover(self, values: NDArray[Any]) -> float:
        """Over that of a random order, on some pairs of bars."""
        later = np.unique(np.linspace(1, len(values) - 1, min(100, len(values) - 1)).astype(np.int64))
        pairs = np.stack([later - 1, later], axis=1).reshape(-1)
        moved = rank_turnover(
            values[pairs], 1, self.whole.members[pairs], n_threads=self.whole.n_threads
        )[1::2]  # fmt: skip
        return float(3.0 * np.nanmean(moved)) if np.isfinite(moved).any() else float("nan")


class _Unlike:
    """Formulas none of which is much like another."""

    def __init__(self, most: float) -> None:
        self.most, self.those = most, list[Tried]()
        self._marks: NDArray[np.float32] = np.empty((0, 0), np.float32)

    def like(self, one: Tried) -> Tried | None:
        """The first that it is like, if any."""
        if not self.those:
            return None
        alike = np.abs(self._marks[: len(self.those)] @ one.marks) >= self.most  # type: ignore[operator]
        return self.those[int(np.argmax(alike))] if alike.any() else None

    def add(self, one: Tried) -> None:
        """Take one in."""
        assert one.marks is not None
        if len(self.those) == len(self._marks):
            larger = np.empty((max(16, 2 * len(self._marks)), len(one.marks)), np.float32)
            if self.those:
                larger[: len(self.those)] = self._marks
            self._marks = larger
        self._marks[len(self.those)] = one.marks
        self.those.append(one)


def _seen_from(ic: Floats) -> bytes:
    """Equal for formulas that order the entities alike or in reverse."""
    rounded = np.round(np.nan_to_num(ic, nan=9.0), 4)
    told = np.flatnonzero((rounded != 0) & (rounded != 9.0))
    if len(told) and rounded[told[0]] < 0:
        rounded = np.where(rounded == 9.0, 9.0, -rounded)
    return (rounded + 0.0).tobytes()
